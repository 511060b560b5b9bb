"""What another model would change: two working files of the same records, pair by pair and work by work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from registry.matching.columns import sql
from registry.matching.matcher import FILE

Kind = Literal["gained", "lost", "retyped", "turned", "standing"]
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two files says of a pair, "" for nothing; ``source`` is where the other comes from."""

    relation: str = ""
    status: str = ""
    rule: str = ""
    source: str = ""
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Moved:
    """A pair of which the two files say different things: another relation ("retyped"), direction ("turned") or
    standing, or only one of them says something."""

    left: str
    right: str
    kind: Kind
    before: Side
    after: Side


@dataclass(frozen=True, slots=True)
class Works:
    """Works of one level: how many before and after; ``merged``: those that hold members of two or more that were,
    ``split``: those that were and whose members are in several, ``made`` of what stood alone, ``gone``."""

    before: int
    after: int
    merged: int
    split: int
    made: int
    gone: int


class Difference:
    """Two working files opened side by side."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db

    def totals(self) -> dict[str, int]:
        """How many pairs each file relates, and of how many only the confidence differs."""
        names = ("before", "after", "confidence")
        return dict(zip(names, self._db.execute("SELECT * FROM totals").fetchall()[0], strict=True))

    def counts(self) -> dict[str, dict[str, int]]:
        """{kind of change: {relation: pairs}}, of retyped pairs "version > run"."""
        found: dict[str, dict[str, int]] = {}
        rows = self._db.execute(
            "SELECT kind, CASE WHEN kind = 'retyped' THEN relation || ' > ' || relation_2"
            " WHEN relation_2 = '' THEN relation ELSE relation_2 END AS what, count(*) FROM moved"
            " GROUP BY ALL ORDER BY ALL"
        )
        for kind, what, number in rows.fetchall():
            found.setdefault(kind, {})[what] = number
        return found

    def pairs(self, most: int) -> Iterator[Moved]:
        """The first pairs that moved, by kind, relation and both IRIs; where they are too many, the first of each."""
        rows = self._db.execute(
            f"SELECT * EXCLUDE nth FROM (FROM moved ORDER BY nth, kind, relation, relation_2 LIMIT {int(most)})"
            " ORDER BY kind, relation, relation_2, a, b"
        )
        while batch := rows.fetchmany(PAGE):
            for left, right, kind, *sides in batch:
                yield Moved(left, right, kind, Side(*sides[:5]), Side(*sides[5:]))

    def works(self, level: Literal["work", "cluster"]) -> Works:
        """How works or clusters moved."""
        return Works(*self._db.execute(sql("moved_works").format(level=level)).fetchall()[0])

    def merged(self, level: Literal["work", "cluster"], most: int) -> list[tuple[str, ...]]:
        """The members of the first works that are merged, a few of each."""
        return self._members(level, "after", "before", "count(DISTINCT part) FILTER (shared) > 1", most)

    def split(self, level: Literal["work", "cluster"], most: int) -> list[tuple[str, ...]]:
        """The members of the first works that are split, a few of each."""
        return self._members(level, "before", "after", "count(DISTINCT part) > 1 AND bool_or(shared)", most)

    def _members(self, level: str, whole: str, part: str, having: str, most: int) -> list[tuple[str, ...]]:
        text = sql("moved_members").format(level=level, whole=whole, part=part, having=having, most=int(most))
        return [tuple(members) for (members,) in self._db.execute(text).fetchall()]


@contextmanager
def between(before: Path, after: Path) -> Iterator[Difference]:
    """Compare the working files in two folders; nobody else may have them open."""
    with duckdb.connect() as db:
        for name, folder in (("one", before), ("two", after)):
            place = str(folder / FILE).replace("'", "''")
            db.execute(f"ATTACH '{place}' AS {name} (READ_ONLY)")
        db.execute(sql("moved"))
        yield Difference(db)
