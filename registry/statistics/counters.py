"""Counts by academy and by two academies: of everything, or carried forward by what changed.

Carried forward, what the resources concerned counted in the figures before goes and what they count now comes, so that
the cost is that of the change. Both are asked with the same statements, and so are all resources where nothing stands.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from registry.relations import load as load_relations
from registry.statistics import facts, taught
from registry.statistics.facts import COUNTED

RESOURCES, LINKED, TWIN = "resources", "linked", "twin"
_OLD = "before"
_SIDES = (("left", "right"), ("right", "left"))


def count(connection: sqlite3.Connection, before: Path | None) -> None:
    """Fill ``tally``, ``overlap``, ``ruled``, ``shared``, ``counter``, what ``facts`` counts, or carry them forward.

    ``before`` is the database of the figures carried forward; then ``temp.concerned`` names every resource that
    changed, came or went, or of which a pair did.
    """
    if before is None:
        for table, sql in _statements("main", "main.resource"):
            add(connection, table, _counted(connection, sql))
        return
    connection.commit()  # no database is attached within a transaction
    connection.execute(f"ATTACH ? AS {_OLD}", (str(before),))
    now, then = (_statements(name, "temp.concerned") for name in ("main", _OLD))
    for (table, sql), (_, earlier) in zip(now, then, strict=True):
        counts = _counted(connection, sql)
        counts.subtract(_counted(connection, earlier))
        add(connection, table, counts)
    connection.commit()
    connection.execute(f"DETACH {_OLD}")


def _counted(connection: sqlite3.Connection, sql: str) -> Counter[tuple[str, ...]]:
    counts: Counter[tuple[str, ...]] = Counter()
    for *key, value in connection.execute(sql):
        counts[tuple(key)] += value
    return counts


def add(connection: sqlite3.Connection, table: str, counts: Counter[tuple[str, ...]]) -> None:
    """Add to the numbers of a table (the last column, the others are the key); a row of nothing goes."""
    *key, value = (row[1] for row in connection.execute(f"PRAGMA table_info({table})"))
    changed = [(*of, number) for of, number in counts.items() if number]
    connection.executemany(
        f"INSERT INTO {table} VALUES ({','.join('?' * (len(key) + 1))})"
        f" ON CONFLICT ({','.join(key)}) DO UPDATE SET {value} = {value} + excluded.{value}",
        changed,
    )
    here = " AND ".join(f"{name} = ?" for name in key)
    connection.executemany(f"DELETE FROM {table} WHERE {here} AND {value} = 0", [row[:-1] for row in changed])


def _statements(base: str, scope: str) -> Iterator[tuple[str, str]]:
    """(table, what the resources of ``scope`` count in the database ``base``)."""
    yield (
        "counter",
        f"SELECT '{RESOURCES}', r.academy, r.feed, count(*) FROM {scope} AS c CROSS JOIN {base}.resource r USING (iri)"
        " GROUP BY r.academy, r.feed",
    )
    yield (
        "tally",
        f"SELECT r.academy, kind, value, count(*) FROM {scope} AS c CROSS JOIN {base}.resource r USING (iri)"
        f" CROSS JOIN {base}.carries USING (iri) GROUP BY r.academy, kind, value",
    )
    # A pair counts once, with its left resource; one that changed has both resources in the scope.
    yield (
        "overlap",
        "SELECT min(left_academy, right_academy), max(left_academy, right_academy), relation, status, count(*)"
        f" FROM {scope} AS c CROSS JOIN {base}.match ON left_iri = c.iri WHERE {COUNTED} GROUP BY 1, 2, 3, 4",
    )
    yield (
        "ruled",
        "SELECT relation, rule, status, CAST(confidence * 100 + 0.5 AS INTEGER), count(*)"
        f" FROM {scope} AS c CROSS JOIN {base}.match ON left_iri = c.iri GROUP BY 1, 2, 3, 4",
    )
    kinds = load_relations()
    counted = f"{COUNTED} AND relation <> 'different'"
    # A pair within one academy gives two rows of that academy: its distinct resources are counted once.
    yield "shared", f"SELECT a, b, count(DISTINCT iri) FROM ({_both(base, scope, counted)}) GROUP BY a, b"
    same = ",".join(f"'{name}'" for name, kind in kinds.items() if kind.same_work)
    for name, wanted in ((LINKED, counted), (TWIN, f"{COUNTED} AND relation IN ({same})")):
        sides = _both(base, scope, f"{wanted} AND within = 0")
        yield "counter", f"SELECT '{name}', a, '', count(DISTINCT iri) FROM ({sides}) GROUP BY a"
    yield from facts.statements(base, scope)
    yield from taught.statements(base, scope)


def _both(base: str, scope: str, wanted: str) -> str:
    """Each pair of the scope's resources as (resource, its academy a, the other's academy b)."""
    return " UNION ALL ".join(
        f"SELECT {here}_academy AS a, {there}_academy AS b, {here}_iri AS iri"
        f" FROM {scope} AS c CROSS JOIN {base}.match ON {here}_iri = c.iri WHERE {wanted}"
        for here, there in _SIDES
    )


def per_academy(connection: sqlite3.Connection, name: str) -> dict[str, int]:
    """{academy: number} of one counter."""
    rows = connection.execute("SELECT academy, sum(number) FROM counter WHERE name=? GROUP BY academy", (name,))
    return dict(rows)


def per_feed(connection: sqlite3.Connection) -> dict[str, int]:
    """{feed: its resources}."""
    return dict(connection.execute("SELECT feed, number FROM counter WHERE name=?", (RESOURCES,)))
