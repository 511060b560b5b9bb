"""Reads the figures of one release: academies, pairs by keyset, overlap, tallies.

A connection is opened per request and closed by the caller; the file never changes once it is written.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from registry.statistics.build import DATABASE, cells
from registry.statistics.facts import COUNTED

_CHUNK = 400


class BadCursor(ValueError):
    """A cursor that this registry did not give for this question."""


@dataclass(frozen=True, slots=True)
class MatchQuery:
    """Which pairs: ``academies`` one or two ids (one: either side), ``resource`` an IRI, ``statuses`` any of.

    Without ``statuses`` rejected pairs are left out. ``within`` True or False asks for pairs inside one
    academy or between two; two equal academies mean inside that one.
    """

    academies: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    min_confidence: float = 0.0
    resource: str = ""
    within: bool | None = None
    limit: int = 20
    cursor: str | None = None

    @property
    def digest(self) -> str:
        """What a cursor is bound to."""
        told = json.dumps(
            [self.academies, sorted(self.relations), sorted(self.statuses), self.min_confidence, self.resource,
             self.within]
        )  # fmt: skip
        return hashlib.sha256(told.encode()).hexdigest()[:12]


@contextmanager
def open_figures(folder: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection to the figures of a release."""
    address = f"file:{quote(str(folder / DATABASE))}?mode=ro&immutable=1"
    connection = sqlite3.connect(address, uri=True, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        yield connection
    finally:
        connection.close()


def totals(connection: sqlite3.Connection) -> dict[str, float]:
    """The numbers of the whole release, as ``build`` returned them, with its sequence."""
    rows = connection.execute("SELECT name, value FROM meta")
    return {name: float(value) if "." in value else int(value) for name, value in map(tuple, rows)}


def _academy(row: sqlite3.Row) -> dict[str, Any]:
    return {**dict(row), "name": json.loads(row["name"]), "show_score": bool(row["show_score"])}


def academies(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """All academies, those with most resources first."""
    return [_academy(row) for row in connection.execute("SELECT * FROM academy ORDER BY resources DESC, id")]


def academy(connection: sqlite3.Connection, identifier: str) -> dict[str, Any] | None:
    """One academy with its lists ("feeds") and tallies, or None."""
    row = connection.execute("SELECT * FROM academy WHERE id=?", (identifier,)).fetchone()
    if row is None:
        return None
    feeds = connection.execute(
        "SELECT id, protocol, address, moved, permission, metadata_licence, resources, last_visit, outcome, message,"
        " held, by_rule, missing FROM feed WHERE academy=? ORDER BY id",
        (identifier,),
    )
    tallies: dict[str, dict[str, int]] = {}
    counted = connection.execute(
        "SELECT kind, value, resources FROM tally WHERE academy=? ORDER BY kind, resources DESC, value", (identifier,)
    )
    for kind, value, resources in counted:
        tallies.setdefault(kind, {})[value] = resources
    return {**_academy(row), "feeds": [dict(feed) for feed in feeds], "tallies": tallies}


def known(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Academies that exist and have no lists here, by name."""
    rows = connection.execute("SELECT * FROM known").fetchall()
    return [
        {"id": row["id"], "name": {"en": row["name"]}}
        | {key: row[key] or None for key in ("homepage", "country", "note")}
        for row in sorted(rows, key=lambda row: (unicodedata.normalize("NFKD", row["name"]).casefold(), row["id"]))
    ]


def resources(connection: sqlite3.Connection, iris: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Short descriptions of resources: {IRI: {iri, id, academy, feed, name, url}}."""
    found: dict[str, dict[str, Any]] = {}
    wanted = sorted(set(iris))
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        rows = connection.execute(f"SELECT * FROM resource WHERE iri IN ({','.join('?' * len(part))})", part)
        found.update((row["iri"], {**dict(row), "name": json.loads(row["name"])}) for row in rows)
    return found


def entries(connection: sqlite3.Connection, addresses: Iterable[str], academy: str) -> dict[str, dict[str, Any]]:
    """Short descriptions by an address of theirs, identifier or page; of several the one of this academy."""
    wanted = sorted(set(addresses))
    found = resources(connection, wanted)
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        rows = connection.execute(
            f"SELECT * FROM resource WHERE url IN ({','.join('?' * len(part))}) ORDER BY academy <> ?, id",
            [*part, academy],
        )
        for row in rows:
            found.setdefault(row["url"], {**dict(row), "name": json.loads(row["name"])})
    return found


def resource_iri(connection: sqlite3.Connection, identifier: str) -> str | None:
    """The IRI of a resource by its id ("feed/key")."""
    row = connection.execute("SELECT iri FROM resource WHERE id=?", (identifier,)).fetchone()
    return str(row[0]) if row else None


def _where(query: MatchQuery) -> tuple[str, list[object]]:
    clauses, values = ["confidence >= ?"], [query.min_confidence]  # type: list[str], list[Any]
    if len(query.academies) == 2:
        clauses.append("left_academy IN (?, ?) AND right_academy IN (?, ?)")
        values += [*query.academies, *query.academies]
        same = query.academies[0] == query.academies[1]
        clauses.append(f"within = {int(same)}")
    elif query.academies:
        clauses.append("(left_academy = ? OR right_academy = ?)")
        values += [query.academies[0]] * 2
    for name, wanted in (("relation", query.relations), ("status", query.statuses)):
        if wanted:
            clauses.append(f"{name} IN ({','.join('?' * len(wanted))})")
            values += wanted
    if not query.statuses:
        clauses.append("status <> 'rejected'")
    if query.resource:
        clauses.append("(left_iri = ? OR right_iri = ?)")
        values += [query.resource] * 2
    if query.within is not None:
        clauses.append(f"within = {int(query.within)}")
    return " AND ".join(clauses), values


def _decode(cursor: str, query: MatchQuery) -> tuple[float, str]:
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        digest, confidence, identifier = json.loads(raw)
    except (UnicodeError, ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadCursor("this cursor cannot be read") from error
    if digest != query.digest:
        raise BadCursor("this cursor belongs to another question")
    if not isinstance(confidence, float | int) or not re.fullmatch(r"[0-9a-f]{20}", str(identifier)):
        raise BadCursor("this cursor cannot be read")
    return float(confidence), str(identifier)


REASONS = "(SELECT reasons FROM weighed WHERE number = match.weighed) AS reasons"


def match_row(row: sqlite3.Row) -> dict[str, Any]:
    """A pair as it is handed on, its lists read."""
    lists = {name: json.loads(row[name]) for name in ("evidence", "generators", "answers")}
    reasons = [dict(zip(("comparison", "level", "weight"), one, strict=True)) for one in json.loads(row["reasons"])]
    return {**dict(row), "within": bool(row["within"]), **lists, "reasons": reasons}


def matches(connection: sqlite3.Connection, query: MatchQuery) -> tuple[list[dict[str, Any]], int, str | None]:
    """Pairs by falling confidence, how many there are in all, and the next cursor. Raises BadCursor."""
    where, values = _where(query)
    if query.academies or query.resource or query.within is not None or query.min_confidence > 0:
        counted = f"SELECT count(*) FROM match WHERE {where}"
    else:  # of hundreds of thousands, what is kept up by relation and state
        counted = f"SELECT coalesce(sum(pairs), 0) FROM (SELECT *, 0 AS confidence FROM ruled) WHERE {where}"
    total: int = connection.execute(counted, values).fetchone()[0]
    if query.cursor:
        confidence, identifier = _decode(query.cursor, query)
        where += " AND (confidence < ? OR (confidence = ? AND id > ?))"
        values += [confidence, confidence, identifier]
    rows = connection.execute(
        # Sorted by what an index holds; whole rows are read of the page alone.
        f"SELECT *, {REASONS} FROM match WHERE id IN"
        f" (SELECT id FROM match WHERE {where} ORDER BY confidence DESC, id LIMIT ?) ORDER BY confidence DESC, id",
        [*values, query.limit + 1],
    ).fetchall()
    found = [match_row(row) for row in rows[: query.limit]]
    cursor = None
    if len(rows) > query.limit:
        told = json.dumps([query.digest, found[-1]["confidence"], found[-1]["id"]])
        cursor = base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")
    return found, total, cursor


def match(connection: sqlite3.Connection, identifier: str) -> dict[str, Any] | None:
    """One pair with its evidence, or None."""
    row = connection.execute(f"SELECT *, {REASONS} FROM match WHERE id=?", (identifier,)).fetchone()
    return match_row(row) if row else None


def relations_of(connection: sqlite3.Connection, iri: str) -> list[str]:
    """The relations of the counted pairs that a resource has, sorted; "different" is one of them."""
    rows = connection.execute(
        f"SELECT relation FROM match WHERE left_iri = ? AND {COUNTED}"
        f" UNION SELECT relation FROM match WHERE right_iri = ? AND {COUNTED}",
        (iri, iri),
    )
    return sorted(row[0] for row in rows)


def recounted(connection: sqlite3.Connection) -> Iterator[str]:
    """Ids of the resources that were counted anew where figures were carried forward."""
    return (row[0] for row in connection.execute("SELECT resource.id FROM recounted JOIN resource USING (iri)"))


def match_counts(connection: sqlite3.Connection, iris: Iterable[str]) -> Mapping[str, int]:
    """How many counted pairs each of some resources has (a page of a list, not thousands)."""
    counts: dict[str, int] = {}
    for iri in iris:
        counts[iri] = connection.execute(
            "SELECT count(*) FROM match WHERE (left_iri = ? OR right_iri = ?)"
            f" AND {COUNTED} AND relation <> 'different'",
            (iri, iri),
        ).fetchone()[0]
    return counts


def rules(connection: sqlite3.Connection, codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """What rules say in words: {code: {language: text}}, of those that have words."""
    found = {}
    for code in set(codes):
        row = connection.execute("SELECT text FROM rule WHERE code=?", (code,)).fetchone()
        if row is not None:
            found[code] = json.loads(row[0])
    return found


def labels(connection: sqlite3.Connection, concepts: Iterable[str]) -> dict[str, dict[str, str]]:
    """The labels of some concepts that resources carry: {IRI: {language: label}}."""
    found: dict[str, dict[str, str]] = {}
    wanted = sorted(set(concepts))
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        rows = connection.execute(f"SELECT * FROM label WHERE concept IN ({','.join('?' * len(part))})", part)
        found.update((row["concept"], json.loads(row["text"])) for row in rows)
    return found


def overlap(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The overlap matrix as ``build.cells`` describes it."""
    return cells(connection)


def pairs(connection: sqlite3.Connection, identifiers: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Which of some pairs are in the release: {id: {id, left_academy, right_academy}}."""
    found: dict[str, dict[str, Any]] = {}
    wanted = sorted(set(identifiers))
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        rows = connection.execute(
            f"SELECT id, left_academy, right_academy FROM match WHERE id IN ({','.join('?' * len(part))})", part
        )
        found.update((row["id"], dict(row)) for row in rows)
    return found


def academies_of_feeds(connection: sqlite3.Connection) -> dict[str, str]:
    """{feed: academy} of the lists in the release."""
    return {row[0]: row[1] for row in connection.execute("SELECT id, academy FROM feed ORDER BY id")}


def feeds(connection: sqlite3.Connection, academies: Iterable[str] = (), named: Iterable[str] = ()) -> list[str]:
    """The lists in the release: of some academies, among some names; () for all."""
    of, among = set(academies), set(named)
    known = academies_of_feeds(connection).items()
    return [feed for feed, academy in known if (not of or academy in of) and (not among or feed in among)]
