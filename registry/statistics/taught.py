"""How often each subject is stated, and how many pairs between academies are about it on both sides.

The statements are those of ``registry.statistics.counters``: what changed counts, before and now. A page of coverage
reads a few hundred numbers instead of all that each resource is about.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from registry.statistics.facts import COUNTED

STATED, STATED_ON, PAIRS, PAIRS_ON = "stated", "stated-on", "pairs", "pairs-on"
"""Resources whose source states a concept, or any of an axis; pairs of which both sides have it, or any of it."""


def statements(base: str, scope: str) -> Iterator[tuple[str, str]]:
    """(table, what the resources of ``scope`` count in the database ``base``), as ``counters`` asks it."""
    stated = f"{scope} AS c CROSS JOIN {base}.covers v USING (iri) WHERE v.stated = 1"
    yield "taught", f"SELECT '{STATED}', v.concept, count(*) FROM {stated} GROUP BY 2"
    yield "taught", f"SELECT '{STATED_ON}', v.axis, count(DISTINCT c.iri) FROM {stated} GROUP BY 2"
    # A pair counts by what both of its resources are about: it is concerned when either of them is.
    counted = f"within = 0 AND {COUNTED} AND relation <> 'different'"
    pairs = " UNION ALL ".join(
        f"SELECT left_iri, right_iri FROM {scope} AS c CROSS JOIN {base}.match ON {side}_iri = c.iri"
        f" WHERE {counted}{more}"
        for side, more in (("left", ""), ("right", f" AND left_iri NOT IN (SELECT iri FROM {scope})"))
    )
    yield (
        "taught",
        f"SELECT '{PAIRS}', l.concept, count(*) FROM ({pairs}) CROSS JOIN {base}.covers l ON l.iri = left_iri"
        f" CROSS JOIN {base}.covers r ON r.iri = right_iri AND r.concept = l.concept GROUP BY 2",
    )
    # The plus keeps the axis from being looked up first: a resource has few concepts, an axis has most resources.
    both = " AND ".join(
        f"EXISTS (SELECT 1 FROM {base}.covers v WHERE v.iri = {side}_iri AND +v.axis = a.id)"
        for side in ("left", "right")
    )
    yield (
        "taught",
        f"SELECT '{PAIRS_ON}', a.id, count(*) FROM ({pairs}) CROSS JOIN {base}.axis a WHERE {both} GROUP BY 2",
    )


def numbers(connection: sqlite3.Connection, name: str) -> dict[str, int]:
    """{concept or axis: number} of one of the above."""
    return dict(connection.execute("SELECT of, number FROM taught WHERE name = ?", (name,)))
