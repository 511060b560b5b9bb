"""Which pairs an entry is found by: the search index is told what is known before, and put right by the figures.

An entry is written once for both reasons wherever that is possible: writing it again costs as much as a change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from registry.matching import Matcher
from registry.release import Release
from registry.search import index as search
from registry.search.index import Above, Relations
from registry.statistics.reader import open_figures, recounted, relations_of


@contextmanager
def known(matcher: Matcher, standing: Release | None, *, fresh: bool) -> Iterator[Relations]:
    """The relations of the pairs of each resource before figures are made: those of the standing release, or of the
    matcher where an index is begun anew."""
    if not fresh and standing is not None:
        with open_figures(standing.figures) as connection:
            yield partial(relations_of, connection)
        return
    connection = sqlite3.connect("")  # a file of its own when it outgrows memory
    try:
        connection.execute(
            "CREATE TABLE match (left_iri TEXT NOT NULL, right_iri TEXT NOT NULL, relation TEXT, status TEXT)"
        )
        rows = ((one.left, one.right, one.relation, one.status) for one in matcher.all())
        connection.executemany("INSERT INTO match VALUES (?,?,?,?)", rows)
        for side in ("left", "right"):
            connection.execute(f"CREATE INDEX match_{side} ON match ({side}_iri)")
        yield partial(relations_of, connection)
    finally:
        connection.close()


def settle(index: Any, figures: Path, state: str, since: str, above: Above) -> int:
    """Write the entries again whose pairs the index does not know as the new figures have them; how many.

    ``state`` names the matches in the figures; ``since`` those of the release that they were carried forward from,
    "" where they were made from nothing. An index that knows others (after a crash) is compared as a whole.
    """
    standing = search.marker(index)
    carried = bool(since) and standing is not None and standing.pairs == since
    with open_figures(figures) as connection:
        changed = recounted(connection) if carried else None
        return search.mark(index, partial(relations_of, connection), state, changed, above)
