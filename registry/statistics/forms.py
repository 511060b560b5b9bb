"""Whole courses that several academies teach: in which languages, and by how many in each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from registry.iris import Iris
from registry.statistics.reuse import title
from registry.terms import Iri

WHOLE = ("course", "lesson")
"""Types that are a whole course."""


def count(connection: sqlite3.Connection, iris: Iris, *, carried: bool) -> None:
    """Count anew the works of ``temp.touched`` (``reuse.touch``), or all; after works."""
    works = "SELECT id FROM work WHERE level = 'work' AND academies > 1"
    if carried:
        connection.execute("DELETE FROM form WHERE work IN (SELECT id FROM touched)")
        connection.execute("DELETE FROM form WHERE work NOT IN (SELECT id FROM work)")
        works += " AND id IN (SELECT id FROM touched)"
    types = [iris.concept("resource-type", name) for name in WHOLE]
    connection.executemany("INSERT INTO form VALUES (?,?,?,?,?,?,?)", _rows(connection, works, types))


def _rows(connection: sqlite3.Connection, works: str, types: list[Iri]) -> Iterator[tuple[object, ...]]:
    found = connection.execute(
        "SELECT w.id, w.academies, g.value, count(DISTINCT r.academy), count(*), group_concat(r.name, char(10))"
        f" FROM ({works}) AS chosen CROSS JOIN work w USING (id) CROSS JOIN member m ON m.work = w.id"
        " CROSS JOIN resource r USING (iri) CROSS JOIN carries g ON g.iri = m.iri AND g.kind = 'language'"
        " WHERE EXISTS (SELECT 1 FROM carries t WHERE t.iri = m.iri AND t.kind = 'type' AND t.value IN (?, ?))"
        " GROUP BY w.id, g.value",
        types,
    ).fetchall()
    for work, academies, language, here, forms, names in found:
        titles = (text for name in names.split("\n") for text in json.loads(name).values())
        yield work, language, academies, title(connection, work), min(titles, default=""), here, forms
