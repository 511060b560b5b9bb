"""Reads the works of one release: lists by keyset, members, pairs inside, what is beside, former ids."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.model import Level
from registry.statistics.facts import COUNTED
from registry.statistics.reader import REASONS, BadCursor, match_row

_HOPS = 50
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class WorkQuery:
    """Which works: with a form at each of ``academies``, with one in any of ``languages`` (primary tags); ``level``
    "cluster": what is listed several times."""

    academies: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    limit: int = 20
    cursor: str | None = None
    level: Level = "work"

    @property
    def digest(self) -> str:
        """What a cursor is bound to."""
        told = json.dumps([sorted(self.academies), sorted(self.languages), self.level])
        return hashlib.sha256(told.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Former:
    """An id that stood for a work: what took it in ("": nothing), and where nothing did its last members."""

    successor: str
    level: str = ""
    members: tuple[str, ...] = ()


def _decode(cursor: str, query: WorkQuery) -> tuple[int, int, str]:
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        digest, academies, members, identifier = json.loads(raw)
    except (UnicodeError, ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadCursor("this cursor cannot be read") from error
    if digest != query.digest:
        raise BadCursor("this cursor belongs to another question")
    whole = all(type(number) is int and 0 <= number < 1 << 40 for number in (academies, members))
    if not whole or not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise BadCursor("this cursor cannot be read")
    return academies, members, identifier


def _work(row: sqlite3.Row) -> dict[str, Any]:
    return {**dict(row), "relations": json.loads(row["relations"]), "beside": json.loads(row["beside"])}


def works(connection: sqlite3.Connection, query: WorkQuery) -> tuple[list[dict[str, Any]], int, str | None]:
    """Works, those of most academies first, how many there are in all, and the next cursor. Raises BadCursor."""
    where, values = "level = ?", list[object]([query.level])
    for academy in query.academies:
        where += (
            " AND EXISTS (SELECT 1 FROM member JOIN resource USING (iri) WHERE member.work = work.id AND academy = ?)"
        )
        values.append(academy)
    if query.languages:
        where += (
            " AND EXISTS (SELECT 1 FROM member JOIN carries USING (iri) WHERE member.work = work.id"
            f" AND kind = 'language' AND value IN ({','.join('?' * len(query.languages))}))"
        )
        values += query.languages
    total: int = connection.execute(f"SELECT count(*) FROM work WHERE {where}", values).fetchone()[0]
    if query.cursor:
        academies, members, identifier = _decode(query.cursor, query)
        where += " AND (academies < ? OR (academies = ? AND (members < ? OR (members = ? AND id > ?))))"
        values += [academies, academies, members, members, identifier]
    rows = connection.execute(
        f"SELECT * FROM work WHERE {where} ORDER BY academies DESC, members DESC, id LIMIT ?",
        [*values, query.limit + 1],
    ).fetchall()
    found = [_work(row) for row in rows[: query.limit]]
    cursor = None
    if len(rows) > query.limit:
        last = found[-1]
        told = json.dumps([query.digest, last["academies"], last["members"], last["id"]])
        cursor = base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")
    return found, total, cursor


def work(connection: sqlite3.Connection, identifier: str) -> dict[str, Any] | None:
    """One work or what is listed several times, or None."""
    row = connection.execute("SELECT * FROM work WHERE id=?", (identifier,)).fetchone()
    return _work(row) if row else None


def former(connection: sqlite3.Connection, identifier: str) -> Former | None:
    """What became of an id that stood for a work, None for one that never did; redirects are followed to their end."""
    seen: set[str] = set()
    while identifier not in seen and len(seen) < _HOPS:
        seen.add(identifier)
        row = connection.execute("SELECT * FROM former WHERE id=?", (identifier,)).fetchone()
        if row is None:
            return None
        if not row["successor"]:
            return Former("", row["level"], tuple(json.loads(row["members"])))
        if work(connection, row["successor"]) is not None:
            return Former(row["successor"])
        identifier = row["successor"]
    return None


def spread(connection: sqlite3.Connection, identifier: str) -> tuple[list[str], list[str]]:
    """(academies, primary language tags) of a work, those with most of its members first."""
    of_academy = connection.execute(
        "SELECT academy FROM member JOIN resource USING (iri) WHERE work=? GROUP BY academy ORDER BY count(*) DESC, 1",
        (identifier,),
    )
    of_language = connection.execute(
        "SELECT value FROM member JOIN carries USING (iri) WHERE work=? AND kind='language'"
        " GROUP BY value ORDER BY count(*) DESC, 1",
        (identifier,),
    )
    return [row[0] for row in of_academy], [row[0] for row in of_language]


def members(connection: sqlite3.Connection, identifier: str, limit: int) -> list[tuple[str, str]]:
    """(resource IRI, id of what it is listed in several times or "") of a work, the original first."""
    rows = connection.execute(
        "SELECT m.iri, coalesce(c.work, '') FROM member m LEFT JOIN member c ON c.iri = m.iri AND c.level = 'cluster'"
        " WHERE m.work = ? ORDER BY m.iri <> (SELECT head FROM work WHERE id = m.work), m.iri LIMIT ?",
        (identifier, limit),
    )
    return [(row[0], row[1]) for row in rows]


def pairs(connection: sqlite3.Connection, identifier: str, limit: int) -> list[dict[str, Any]]:
    """Pairs between members of a work that were not rejected, surest first."""
    rows = connection.execute(
        f"SELECT match.*, {REASONS} FROM member l JOIN match ON left_iri = l.iri JOIN member r ON r.iri = right_iri"
        " WHERE l.work = ? AND r.work = ? AND status <> 'rejected' ORDER BY confidence DESC, match.id LIMIT ?",
        (identifier, identifier, limit),
    )
    return [match_row(row) for row in rows]


def beside(connection: sqlite3.Connection, identifier: str, limit: int) -> list[dict[str, Any]]:
    """Counted pairs that lead out of a work, parts last, else surest first: each with ``here`` (a member), ``there``
    and ``there_work`` (the work of the other, or ""). Of the pairs with one other work or resource and of one relation
    only the surest.
    """
    sides = " UNION ALL ".join(
        f"SELECT match.*, {REASONS}, {here} AS here, {there} AS there, coalesce(o.work, '') AS there_work"
        f" FROM member m JOIN match ON {here} = m.iri LEFT JOIN member o ON o.iri = {there} AND o.level = 'work'"
        f" WHERE m.work = :id AND NOT EXISTS (SELECT 1 FROM member x WHERE x.iri = {there} AND x.work = :id)"
        f" AND {COUNTED} AND relation <> 'different'"
        for here, there in (("left_iri", "right_iri"), ("right_iri", "left_iri"))
    )
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in connection.execute(
        f"SELECT * FROM ({sides}) ORDER BY relation = 'part', confidence DESC, id", {"id": identifier}
    ):
        found.setdefault((row["relation"], row["there_work"] or row["there"]), match_row(row))
        if len(found) >= limit:
            break
    return list(found.values())


def works_of(connection: sqlite3.Connection, iris: Iterable[str]) -> Mapping[str, dict[str, str]]:
    """The ids of the work and of the cluster of some resources: {IRI: {"work": id, "cluster": id}}."""
    found: dict[str, dict[str, str]] = {}
    for iri in iris:
        for row in connection.execute("SELECT level, work FROM member WHERE iri=?", (iri,)):
            found.setdefault(iri, {})[row[0]] = row[1]
    return found


def member_ids(connection: sqlite3.Connection, identifier: str) -> frozenset[str]:
    """Ids of the resources that a work, or what is listed several times, consists of."""
    rows = connection.execute("SELECT id FROM member JOIN resource USING (iri) WHERE work=?", (identifier,))
    return frozenset(row[0] for row in rows)
