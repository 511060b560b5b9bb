"""What each update changed in the public graph, kept until a mirror has it too.

One SQLite file beside the embedded store. Rows are numbered within an *epoch*, which begins when the graph is
built anew. The store holds, in the same update as the data, the epoch and the number of its last row: a row
that was written for an update which never came is cut off, so that rows and data are always in step. Doing
the rows again from any number on ends at the same graph, since each says which quads go and which come.
"""

from __future__ import annotations

import secrets
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from registry.graph.layout import is_public
from registry.graph.plan import Plan
from registry.iris import Iris

MOST_BYTES = 1 << 30
"""Beyond that, compressed, a mirror is sooner written anew than led through the rows."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
  epoch TEXT NOT NULL, number INTEGER NOT NULL, gone BLOB NOT NULL, come BLOB NOT NULL, PRIMARY KEY (epoch, number)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What one update changed: quads that went, quads that came."""

    number: int
    gone: tuple[ox.Quad, ...]
    come: tuple[ox.Quad, ...]


def _packed(quads: Iterable[ox.Quad]) -> bytes:
    text = "".join(f"{quad.triple} {quad.graph_name} .\n" for quad in sorted(quads, key=str))
    return zlib.compress(text.encode(), 1)


def _unpacked(data: bytes) -> tuple[ox.Quad, ...]:
    return tuple(ox.parse(zlib.decompress(data), ox.RdfFormat.N_QUADS))


class Journal:
    """The rows of one registry. Raises sqlite3.Error where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        # FULL: a row must not be lost where the update it tells of is kept.
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def begin(self) -> str:
        """A new epoch; what was noted before is of no use any more."""
        self._connection.execute("DELETE FROM journal")
        return secrets.token_hex(8)

    def last(self, epoch: str) -> int:
        """The last number of an epoch, 0 before the first."""
        (found,) = self._connection.execute(
            "SELECT coalesce(max(number), 0) FROM journal WHERE epoch = ?", (epoch,)
        ).fetchone()
        return int(found)

    def too_long(self) -> bool:
        """Whether so much is noted that a mirror is better written anew."""
        (size,) = self._connection.execute(
            "SELECT coalesce(sum(length(gone) + length(come)), 0) FROM journal"
        ).fetchone()
        return int(size) > MOST_BYTES

    def write(self, epoch: str, number: int, gone: Iterable[ox.Quad], come: Iterable[ox.Quad]) -> None:
        """Note what the update that follows changes; a row of that number was for an update that never came."""
        self._connection.execute("DELETE FROM journal WHERE epoch = ? AND number >= ?", (epoch, number))
        self._connection.execute(
            "INSERT INTO journal (epoch, number, gone, come) VALUES (?, ?, ?, ?)",
            (epoch, number, _packed(gone), _packed(come)),
        )

    def rows(self, epoch: str, after: int, until: int) -> Iterator[Row]:
        """What was changed after a number and up to another. Raises LookupError where a row is missing."""
        for number in range(after + 1, until + 1):
            found = self._connection.execute(
                "SELECT gone, come FROM journal WHERE epoch = ? AND number = ?", (epoch, number)
            ).fetchone()
            if found is None:
                raise LookupError(f"row {number} is not in the journal")
            yield Row(number, _unpacked(found[0]), _unpacked(found[1]))

    def forget(self, epoch: str, until: int) -> None:
        """Rows that the mirror has, but the last one, which tells how far the journal goes."""
        self._connection.execute("DELETE FROM journal WHERE epoch = ? AND number < ?", (epoch, until))


def graph_of(iris: Iris) -> str:
    """The graph of the store that says how far the journal goes."""
    return iris.graph("projection/journal")


def told(store: ox.Store, iris: Iris) -> tuple[str, int] | None:
    """Epoch and number of the last row that is in the store; None where no journal is kept."""
    graph = graph_of(iris)
    return _read(store.quads_for_pattern(None, None, None, ox.NamedNode(graph)))


def _read(quads: Iterable[ox.Quad]) -> tuple[str, int] | None:
    for quad in quads:
        assert isinstance(quad.object, ox.Literal)
        epoch, _, number = quad.object.value.partition(" ")
        return epoch, int(number)
    return None


def carry(plan: Plan, journal: Journal | None, iris: Iris) -> None:
    """Note what a plan changes in the public graph, and plan the number of the row in the same update.

    Without a journal what the store says of one goes: rows would be missing.
    """
    gone, come = ([q for q in some if is_public(iris, str(q.graph_name)[1:-1])] for some in plan.difference())
    graph = graph_of(iris)
    standing = _read(plan.look(None, None, None, graph))
    if journal is None:
        return
    epoch, number = standing or ("", 0)
    if standing is None or journal.last(epoch) < number or journal.too_long():
        epoch, number = journal.begin(), 0  # a mirror begins with a copy of the release that is made now
    elif gone or come:
        number += 1
        journal.write(epoch, number, gone, come)
    node = ox.NamedNode(graph)
    plan.new.add(ox.Quad(node, node, ox.Literal(f"{epoch} {number}"), node))
