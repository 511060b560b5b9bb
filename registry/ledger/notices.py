"""Notice of inferred matches: for some days only the academies concerned see them, then everybody does.

When a notice ends is a change in the log (kind "notice-ended", cause "clock"), so that projections follow the log
alone and a rebuild gives the same. The clock is the caller's. Rows go in thousands: a first build begins 100,000.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from registry.ledger import log
from registry.ledger.connection import transaction

Pair = tuple[str, str]
"""Two resource IRIs in code-point order."""
BATCH = 5000
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def begin(connection: sqlite3.Connection, pairs: Iterable[Pair], time: str) -> int:
    """Begin the notice of pairs that have none; those under notice, or of which it ended, stay. How many began."""
    begun = 0
    for some in _batches(pairs):
        with transaction(connection):
            begun += connection.executemany(
                "INSERT OR IGNORE INTO notice (left_resource, right_resource, since) VALUES (?,?,?)",
                [(*pair, time) for pair in some],
            ).rowcount
    return begun


def due(connection: sqlite3.Connection, now: str, days: float) -> list[Pair]:
    """The pairs under notice for at least so many days, in code-point order (0: all that began by now)."""
    cut = (datetime.strptime(now, _TIME).replace(tzinfo=UTC) - timedelta(days=days)).strftime(_TIME)
    rows = connection.execute(
        "SELECT left_resource, right_resource FROM notice WHERE ended_sequence=0 AND since <= ?", (cut,)
    )
    return sorted(rows)


def end(connection: sqlite3.Connection, pairs: Iterable[Pair], time: str) -> int | None:
    """End the notice of pairs, by one change for all: its sequence, None where none of them was under notice."""
    wanted = sorted({_ordered(pair) for pair in pairs})
    with transaction(connection):
        sequence = log.last_sequence(connection) + 1
        ended = connection.executemany(
            "UPDATE notice SET ended_sequence=? WHERE left_resource=? AND right_resource=? AND ended_sequence=0",
            [(sequence, *pair) for pair in wanted],
        ).rowcount
        if not ended:
            return None
        rows = connection.execute(
            "SELECT left_resource, right_resource FROM notice WHERE ended_sequence=?"
            " ORDER BY left_resource, right_resource",
            (sequence,),
        )
        state = hashlib.sha256()
        for pair in rows:
            state.update("\n".join((*pair, "")).encode())
        told = log.append(
            connection, time=time, kind="notice-ended", subject=f"notice {sequence}", cause="clock",
            digest_=f"sha256:{state.hexdigest()}",
        )  # fmt: skip
        # Rows that name a change other than the one appended would be lost to the projections.
        if told != sequence:
            raise AssertionError(f"the change of ended notices has sequence {told}, not {sequence}")
    return sequence


def forget(connection: sqlite3.Connection, pairs: Iterable[Pair]) -> int:
    """Forget pairs that are matches no more: should they come back, a new notice begins. How many were known."""
    gone = 0
    for some in _batches(pairs):
        with transaction(connection):
            gone += connection.executemany(
                "DELETE FROM notice WHERE left_resource=? AND right_resource=?", some
            ).rowcount  # fmt: skip
    return gone


def running(connection: sqlite3.Connection) -> Iterator[tuple[Pair, str]]:
    """(pair, since when) of what is under notice, in code-point order."""
    return (((left, right), since) for left, right, since, _ in _rows(connection, "ended_sequence = 0"))


def ended(connection: sqlite3.Connection) -> Iterator[Pair]:
    """The pairs of which the notice ended, in code-point order."""
    return ((left, right) for left, right, _, _ in _rows(connection, "ended_sequence > 0"))


def ended_after(connection: sqlite3.Connection, sequence: int) -> list[Pair]:
    """The pairs of which the notice ended by a change after this sequence, in code-point order."""
    rows = connection.execute(
        "SELECT left_resource, right_resource FROM notice WHERE ended_sequence > 0 AND ended_sequence > ?", (sequence,)
    )
    return sorted(rows)


def _ordered(pair: Pair) -> Pair:
    return pair if pair[0] < pair[1] else (pair[1], pair[0])


def _batches(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    wanted = sorted({_ordered(pair) for pair in pairs})
    return (wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH))


def _rows(connection: sqlite3.Connection, where: str) -> Iterator[tuple[str, str, str, int]]:
    """Page by page, so that whoever reads may write meanwhile."""
    last = ("", "")
    while True:
        rows = connection.execute(
            "SELECT left_resource, right_resource, since, ended_sequence FROM notice"
            f" WHERE (left_resource, right_resource) > (?,?) AND {where}"
            " ORDER BY left_resource, right_resource LIMIT ?",
            (*last, BATCH),
        ).fetchall()
        if not rows:
            return
        yield from rows
        last = rows[-1][:2]
