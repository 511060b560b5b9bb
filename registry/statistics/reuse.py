"""What other academies made of a work: translations, editions and adaptations, counted by where they come from.

A pair counts for what it comes from: its work, or the resource itself where it is in none. Where it is not known which
of the two came first it counts only if both are of one work. Carried forward, only what a change concerns is counted.
"""

from __future__ import annotations

import json
import sqlite3

from registry.iris import Iris
from registry.statistics.facts import COUNTED

_COLUMNS = {"translation": "translations", "version": "editions", "derivative": "adaptations"}
_KINDS = ",".join(f"'{name}'" for name in _COLUMNS)


def count(connection: sqlite3.Connection, iris: Iris, *, carried: bool) -> None:
    """Count anew what stands in ``temp.touched``, or all; after resources, pairs and works."""
    if carried:
        connection.execute("DELETE FROM reused WHERE id IN (SELECT id FROM touched)")
        connection.execute(
            "DELETE FROM reused WHERE id NOT IN (SELECT id FROM work) AND id NOT IN (SELECT iri FROM resource)"
        )
        ends = (
            "SELECT iri FROM touched JOIN resource ON iri = touched.id"
            " UNION SELECT iri FROM touched JOIN member ON work = touched.id AND level = 'work'"
        )
    else:
        ends = " UNION ".join(
            f"SELECT {side}_iri AS iri FROM match WHERE relation IN ({_KINDS})" for side in ("left", "right")
        )
    connection.execute(f"CREATE TEMP TABLE ends AS {ends}")
    only = " WHERE original IN (SELECT id FROM touched)" if carried else ""
    sums = ", ".join(f"sum(relation = '{name}')" for name in _COLUMNS)
    found = connection.execute(
        f"SELECT original, count(DISTINCT academy), {sums} FROM ({_pairs()}){only} GROUP BY original"
    ).fetchall()
    rows = (
        (original, original if ":" in original else iris.work(original), title(connection, original), *numbers)
        for original, *numbers in found
    )
    connection.executemany("INSERT INTO reused VALUES (?,?,?,?,?,?,?)", rows)
    connection.execute("DROP TABLE ends")


def touch(connection: sqlite3.Connection) -> None:
    """Note in ``temp.touched`` what the resources concerned may count for: they, what they are paired with, and the
    works of both."""
    connection.execute("CREATE TEMP TABLE touched (id TEXT PRIMARY KEY) WITHOUT ROWID")
    connection.execute("INSERT INTO touched SELECT iri FROM concerned")
    for here, there in (("left_iri", "right_iri"), ("right_iri", "left_iri")):
        connection.execute(
            f"INSERT OR IGNORE INTO touched SELECT {there} FROM concerned CROSS JOIN match ON {here} = concerned.iri"
            f" WHERE relation IN ({_KINDS})"
        )
    connection.execute(
        "INSERT OR IGNORE INTO touched SELECT work FROM touched CROSS JOIN member ON iri = touched.id"
        " WHERE level = 'work'"
    )


def _pairs() -> str:
    """Each pair as (original, relation, academy that made something of it)."""
    sides = []
    for origin, other in (("left", "right"), ("right", "left")):
        of = f"SELECT work FROM member WHERE level = 'work' AND iri = {origin}_iri"
        of_other = of.replace(f"{origin}_iri", f"{other}_iri")
        # Without a known direction both ends are of one work, and the pair is counted from its left end alone.
        loose = f"(source = '' AND ({of}) = ({of_other}))" if origin == "right" else "0"
        academy = f"{other}_academy"
        sides.append(
            f"SELECT coalesce(({of}), {origin}_iri) AS original, relation, {academy} AS academy"
            f" FROM ends CROSS JOIN match ON {origin}_iri = ends.iri WHERE within = 0 AND {COUNTED}"
            f" AND relation IN ({_KINDS}) AND (source = {origin}_iri OR {loose})"
        )
    return " UNION ALL ".join(sides)


def title(connection: sqlite3.Connection, original: str) -> str:
    """The title of a work, or of a resource by its IRI: of all its titles the first by code points."""
    rows = connection.execute(
        "SELECT name FROM member JOIN resource USING (iri) WHERE work = ? AND level = 'work'"
        " UNION ALL SELECT name FROM resource WHERE iri = ?",
        (original, original),
    )
    return min((text for (name,) in rows for text in json.loads(name).values()), default="")
