"""The ordered change log: appending accepted graphs, reading changes, the standing state."""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from collections.abc import Iterator

from registry.ledger import content
from registry.ledger.staging import digest
from registry.model import Cause, Change, ChangeKind

APPEND_BATCH = 500
PAGE = 500
"""Changes that are read at once; SQLite before 3.32 takes at most 999 values in a statement."""


def _pack(text: str) -> bytes:
    return zlib.compress(text.encode(), 1)


def _unpack(data: bytes | None) -> str:
    return zlib.decompress(data).decode() if data else ""


def graph_digest(stated: str, inferred: str) -> str:
    """The digest of an accepted graph: stated and inferred apart."""
    return digest(stated.encode() + b"\x00" + inferred.encode())


def append(
    connection: sqlite3.Connection,
    *,
    time: str,
    kind: ChangeKind,
    subject: str,
    cause: Cause,
    feed: str = "",
    key: str = "",
    run: str = "",
    stated: bytes = b"",
    inferred: bytes = b"",
    digest_: str = "",
) -> int | None:
    """Append one change inside the caller's transaction; None if the subject already stands like that.

    ``stated`` and ``inferred`` are zlib-compressed N-Triples. A tombstone of what is not there is nothing. What a
    record says is kept in the table ``content`` too; its tombstone leaves it there.
    """
    row = connection.execute("SELECT kind, digest, first FROM standing WHERE subject=?", (subject,)).fetchone()
    if row is not None and (row[0], row[1]) == (kind, digest_) and kind != "decision":
        return None
    if kind == "tombstone" and row is None:
        return None
    graph = None
    if stated:
        graph = connection.execute("INSERT INTO graph (stated, inferred) VALUES (?,?)", (stated, inferred)).lastrowid
    first = row[2] if row is not None else time
    sequence = connection.execute(
        "INSERT INTO change (time, kind, subject, cause, feed, key, run, first, graph, digest)"
        " VALUES (?,?,?,?,?,?,?,?,?,?)",
        (time, kind, subject, cause, feed, key, run, first, graph, digest_),
    ).lastrowid
    connection.execute(
        "INSERT OR REPLACE INTO standing (subject, sequence, kind, feed, key, first, digest) VALUES (?,?,?,?,?,?,?)",
        (subject, sequence, kind, feed, key, first, digest_),
    )
    if kind == "record" and stated:
        content.keep(connection, subject, feed, stated)
    return sequence


def stands(connection: sqlite3.Connection, subject: str) -> tuple[str, str] | None:
    """(kind, digest) of what stands of a subject, None if it was never heard of."""
    row = connection.execute("SELECT kind, digest FROM standing WHERE subject=?", (subject,)).fetchone()
    return (row[0], row[1]) if row else None


def last_sequence(connection: sqlite3.Connection) -> int:
    """The sequence of the newest change, 0 in an empty log."""
    row = connection.execute("SELECT max(sequence) FROM change").fetchone()
    return row[0] or 0


_COLUMNS = (
    "c.sequence, c.time, c.kind, c.subject, c.cause, c.feed, c.key, c.run, c.first, g.stated, g.inferred, c.digest"
)


def _change(row: tuple[object, ...]) -> Change:
    values = list(row)
    values[9], values[10] = _unpack(row[9]), _unpack(row[10])  # type: ignore[arg-type]
    return Change(*values)  # type: ignore[arg-type]


def changes(connection: sqlite3.Connection, after: int = 0, limit: int = 1000) -> list[Change]:
    """The next changes after a sequence, at most ``limit``."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM change c LEFT JOIN graph g ON g.id = c.graph"
        " WHERE c.sequence > ? ORDER BY c.sequence LIMIT ?",
        (after, limit),
    )
    return [_change(row) for row in rows]


def standing(connection: sqlite3.Connection, until: int | None = None) -> Iterator[Change]:
    """The last change of every record that stands (kind "record"), in the order of the log.

    Enough to build a projection from nothing, without walking through history; tombstones included.
    """
    last = 0
    while True:
        rows = connection.execute(
            # Led by the log: what stands has no order of its own, and sorting it for each thousand took a million four
            # minutes.
            f"SELECT {_COLUMNS} FROM change c"
            " CROSS JOIN standing s ON s.subject = c.subject AND s.sequence = c.sequence"
            " LEFT JOIN graph g ON g.id = c.graph WHERE c.sequence > ? AND c.sequence <= ?"
            " AND s.kind IN ('record', 'tombstone') ORDER BY c.sequence LIMIT ?",
            (last, until if until is not None else 1 << 62, PAGE),
        ).fetchall()
        yield from (_change(row) for row in rows)
        if not rows:
            return
        last = rows[-1][0]


def tombstones(connection: sqlite3.Connection, until: int) -> Iterator[Change]:
    """The last change of every record that is gone, without its graphs."""
    rows = connection.execute(
        "SELECT c.sequence, c.time, c.kind, c.subject, c.cause, c.feed, c.key, c.run, c.first FROM standing s"
        " JOIN change c ON c.sequence = s.sequence WHERE s.kind = 'tombstone' AND s.sequence <= ? ORDER BY s.sequence",
        (until,),
    )
    return (Change(*row) for row in rows)


def renewed(connection: sqlite3.Connection, until: int) -> Iterator[Change]:
    """The first change of each feed, and the last change of every record that came by a later run; without graphs."""
    rows = connection.execute(
        "WITH begun AS (SELECT min(sequence) AS sequence FROM change WHERE run <> '' AND sequence <= ? GROUP BY feed),"
        " later AS (SELECT s.sequence FROM standing s JOIN change c ON c.sequence = s.sequence"
        " WHERE s.kind = 'record' AND s.sequence <= ?"
        " AND c.run NOT IN (SELECT run FROM change WHERE sequence IN (SELECT sequence FROM begun)))"
        " SELECT sequence, time, kind, subject, cause, feed, key, run, first FROM change"
        " WHERE sequence IN (SELECT sequence FROM begun UNION SELECT sequence FROM later) ORDER BY sequence",
        (until, until),
    )
    return (Change(*row) for row in rows)


def history(connection: sqlite3.Connection, subject: str) -> list[Change]:
    """All changes of one subject, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM change c LEFT JOIN graph g ON g.id = c.graph WHERE c.subject = ? ORDER BY c.sequence",
        (subject,),
    )
    return [_change(row) for row in rows]


_STANDING = (
    f"SELECT {_COLUMNS} FROM standing s JOIN change c ON c.sequence = s.sequence LEFT JOIN graph g ON g.id = c.graph"
)


def sample(connection: sqlite3.Connection, feed: str, limit: int, *, spread: bool = False) -> list[Change]:
    """Records of a feed that stand published: the first ones, or (``spread``) some from all over it."""
    order = "s.digest, s.sequence" if spread else "s.sequence"
    sql = f"{_STANDING} WHERE s.feed=? AND s.kind='record' ORDER BY {order} LIMIT ?"
    return [_change(row) for row in connection.execute(sql, (feed, limit))]


def published(connection: sqlite3.Connection, subject: str) -> Change | None:
    """The change by which a record stands published, None if it does not."""
    row = connection.execute(f"{_STANDING} WHERE s.subject=? AND s.kind='record'", (subject,)).fetchone()
    return _change(row) if row else None


def key_of(connection: sqlite3.Connection, subject: str) -> str:
    """The key of a published record within its feed, "" if it is not published; its graph is not read."""
    row = connection.execute("SELECT key FROM standing WHERE subject=? AND kind='record'", (subject,)).fetchone()
    return str(row[0]) if row else ""


def published_of(connection: sqlite3.Connection, feed: str) -> Iterator[Change]:
    """All records of a feed that stand published, in the order of the log."""
    last, listed = 0, "SELECT sequence FROM standing WHERE feed=? AND kind='record' AND sequence > ? ORDER BY sequence"
    # Sorted once, not for each thousand; what changed meanwhile comes after the rest.
    while numbers := array("q", (number for (number,) in connection.execute(listed, (feed, last)))):
        for start in range(0, len(numbers), PAGE):
            some = numbers[start : start + PAGE]
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM change c"
                " CROSS JOIN standing s ON s.subject = c.subject AND s.sequence = c.sequence"
                f" LEFT JOIN graph g ON g.id = c.graph WHERE c.sequence IN ({','.join('?' * len(some))})"
                " ORDER BY c.sequence",
                some.tolist(),
            ).fetchall()
            yield from map(_change, rows)
        last = numbers[-1]


def standing_count(connection: sqlite3.Connection, feed: str | None = None) -> int:
    """How many records stand published, of one feed or of all."""
    where, values = ("", ()) if feed is None else (" AND feed=?", (feed,))
    sql = f"SELECT count(*) FROM standing WHERE kind='record'{where}"
    count: int = connection.execute(sql, values).fetchone()[0]
    return count


PUBLIC: tuple[ChangeKind, ...] = ("record", "tombstone", "erased", "decision")
"""Kinds of changes that may be told; of decisions only those on pairs that are public, which the caller asks."""
_BARE = "sequence, time, kind, subject, cause, feed, key, run, first"


def told(connection: sqlite3.Connection, after: int, until: int, limit: int) -> list[Change]:
    """The next changes of public kinds after a sequence and up to another, without their graphs."""
    rows = connection.execute(
        f"SELECT {_BARE} FROM change WHERE sequence > ? AND sequence <= ? AND kind IN ({','.join('?' * len(PUBLIC))})"
        " ORDER BY sequence LIMIT ?",
        (after, until, *PUBLIC, limit),
    )
    return [Change(*row) for row in rows]


def states(connection: sqlite3.Connection, subject: str, until: int) -> list[Change]:
    """The changes of one subject up to a sequence, oldest first, without their graphs."""
    rows = connection.execute(
        f"SELECT {_BARE} FROM change WHERE subject=? AND sequence <= ? ORDER BY sequence", (subject, until)
    )
    return [Change(*row) for row in rows]


def at(connection: sqlite3.Connection, sequence: int) -> Change | None:
    """One change with its graph, None where there is none."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM change c LEFT JOIN graph g ON g.id = c.graph WHERE c.sequence=?", (sequence,)
    ).fetchone()
    return _change(row) if row else None
