"""What each resource counts in the tables for dashboards: coverage, licences, growth, what stands alone.

The statements are those of ``registry.statistics.counters``: what changed counts, before and now.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

COUNTED = "status NOT IN ('rejected', 'discussed')"
"""Which pairs count: not those that were rejected or that two academies see differently."""
ALL = "*"
"""Stands for all languages; "" for none stated."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An entry that is gone: its id ("feed/key"), its academy, when it was first published and when withdrawn
    (UTC, ISO 8601), and its key as its source has it, where that may be shown."""

    id: str
    academy: str
    added: str
    time: str
    key: str


@dataclass(frozen=True, slots=True)
class Brought:
    """An entry as a visit brought it: its id ("feed/key"), its list, the run ("": it came by none, or is gone) and
    the time of the visit (UTC, ISO 8601), and its key as its source has it, where that may be shown."""

    id: str
    feed: str
    run: str
    time: str
    key: str


def write(connection: sqlite3.Connection, resource: Mapping[str, Any], licences: Mapping[str, bool]) -> None:
    """Write what is told of one resource; ``licences`` {IRI of a licence: whether it is open}."""
    named = [concept["id"] for concept in resource["license"]]
    connection.execute(
        "INSERT OR REPLACE INTO fact VALUES (?,?,?,?)",
        (resource["iri"], _terms(named, licences), resource["added"][:7], int(bool(resource["isPartOf"]))),
    )


def _terms(named: list[str | None], licences: Mapping[str, bool]) -> str:
    """The most that any of the licences allows."""
    if not named:
        return "unstated"
    known = [licences[one] for one in named if one and one in licences]
    return "open" if any(known) else "closed" if known else "unrecognised"


def withdraw(connection: sqlite3.Connection, gone: Iterable[Withdrawn], *, carried: bool) -> Counter[tuple[str, ...]]:
    """Note entries that are gone, and forget those that are back; what that adds to ``growth``."""
    counts: Counter[tuple[str, ...]] = Counter()
    if carried:
        back = "SELECT w.id FROM concerned JOIN resource USING (iri) JOIN withdrawn w ON w.id = resource.id"
        for (identifier,) in connection.execute(back).fetchall():
            _forget(connection, identifier, counts)
    for one in gone:
        _forget(connection, one.id, counts)
        row = (one.academy, one.added[:7], one.time[:7])
        connection.execute("INSERT INTO withdrawn VALUES (?,?,?,?,?)", (one.id, *row, one.key))
        _grow(counts, row, 1)
    return counts


def renew(connection: sqlite3.Connection, brought: Iterable[Brought]) -> None:
    """Note the entries that a later visit than the first of their list brought; they come in the order of the log.

    Those of a first visit need not be told of, but for one, so that it is known.
    """
    first = dict(connection.execute("SELECT feed, first FROM begun").fetchall())
    for one in brought:
        if not one.run:
            connection.execute("DELETE FROM renewed WHERE id=?", (one.id,))
        elif first.setdefault(one.feed, one.run) != one.run:
            connection.execute("INSERT OR REPLACE INTO renewed VALUES (?,?,?)", (one.id, one.time, one.key))
    connection.executemany("INSERT OR REPLACE INTO begun VALUES (?,?)", first.items())


def _forget(connection: sqlite3.Connection, identifier: str, counts: Counter[tuple[str, ...]]) -> None:
    row = connection.execute("SELECT academy, added, month FROM withdrawn WHERE id=?", (identifier,)).fetchone()
    if row is not None:
        connection.execute("DELETE FROM withdrawn WHERE id=?", (identifier,))
        _grow(counts, row, -1)


def _grow(counts: Counter[tuple[str, ...]], row: tuple[str, str, str], number: int) -> None:
    academy, added, month = row
    counts[academy, added, "added"] += number
    counts[academy, month, "withdrawn"] += number


def statements(base: str, scope: str) -> Iterator[tuple[str, str]]:
    """(table, what the resources of ``scope`` count in the database ``base``), as ``counters`` asks it."""
    resource = f"{scope} AS c CROSS JOIN {base}.resource r USING (iri)"
    fact = f"{resource} CROSS JOIN {base}.fact f USING (iri)"
    yield "licensed", f"SELECT r.academy, f.terms, count(*) FROM {fact} GROUP BY 1, 2"
    yield "growth", f"SELECT r.academy, f.month, 'added', count(*) FROM {fact} GROUP BY 1, 2"
    yield "kind", _kinds(base, resource)
    # As the graph says it: a pair leads from what is a part to the whole, from the left one where that is not known.
    ends = " OR ".join(
        f"EXISTS (SELECT 1 FROM {base}.match WHERE {here} AND relation = 'part' AND status = 'accepted')"
        for here in ("left_iri = c.iri AND source <> left_iri", "right_iri = c.iri AND source = left_iri")
    )
    yield "part", f"SELECT r.academy, count(*) FROM {fact} WHERE f.part = 1 OR {ends} GROUP BY 1"
    sides = " OR ".join(
        f"EXISTS (SELECT 1 FROM {base}.match WHERE {side}_iri = c.iri AND within = 0 AND {COUNTED}"
        " AND relation <> 'different')"
        for side in ("left", "right")
    )
    for language, join, where in _languages(base):
        yield (
            "described",
            f"SELECT '', {language}, r.academy, count(*) FROM {resource} {join} WHERE {where} GROUP BY 1, 2, 3",
        )
        yield (
            "described",
            f"SELECT v.axis, {language}, r.academy, count(DISTINCT c.iri) FROM {resource}"
            f" CROSS JOIN {base}.covers v USING (iri) {join} WHERE {where} GROUP BY 1, 2, 3",
        )
        yield (
            "cell",
            f"SELECT v.concept, {language}, r.academy, f.terms = 'open', count(*) FROM {fact}"
            f" CROSS JOIN {base}.covers v USING (iri) {join} WHERE {where} GROUP BY 1, 2, 3, 4",
        )
        yield (
            "alike",
            f"SELECT r.academy, {language}, count(*) FROM {resource} {join} WHERE {where} AND ({sides}) GROUP BY 1, 2",
        )


def _languages(base: str) -> Iterator[tuple[str, str, str]]:
    """(expression, join, condition) of each language of a resource: those it states, none, and all."""
    stated = f"{base}.carries g ON g.iri = c.iri AND g.kind = 'language'"
    yield "g.value", f"CROSS JOIN {stated}", "1"
    yield "''", "", f"NOT EXISTS (SELECT 1 FROM {stated.replace(' ON ', ' WHERE ')})"
    yield f"'{ALL}'", "", "1"


def _kinds(base: str, resource: str) -> str:
    joins = "".join(
        f" LEFT JOIN {base}.carries {name} ON {name}.iri = c.iri AND {name}.kind = '{name}'"
        f" AND EXISTS (SELECT 1 FROM {base}.label WHERE concept = {name}.value)"
        for name in ("type", "level")
    )
    return f"SELECT coalesce(type.value, ''), coalesce(level.value, ''), count(*) FROM {resource}{joins} GROUP BY 1, 2"
