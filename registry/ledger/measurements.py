"""What was measured of each list at the end of its visits; append-only, read back as a history."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry.ledger.connection import transaction


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value: of which list and run (IRI), which measure (notation), when (UTC, ISO 8601)."""

    feed: str
    run: str
    metric: str
    value: float
    time: str


def keep(connection: sqlite3.Connection, feed: str, run: str, values: Mapping[str, float], time: str) -> None:
    """Keep what was measured of a list after a run; a second time for the same run replaces the first."""
    with transaction(connection):
        connection.executemany(
            "INSERT OR REPLACE INTO measurement (feed, run, metric, value, time) VALUES (?,?,?,?,?)",
            [(feed, run, metric, value, time) for metric, value in sorted(values.items())],
        )


def listed(connection: sqlite3.Connection, feeds: Sequence[str], limit: int = 2000) -> list[Measurement]:
    """Measurements of some lists, newest first."""
    rows = connection.execute(
        "SELECT feed, run, metric, value, time FROM measurement"
        f" WHERE feed IN ({','.join('?' * len(feeds))}) ORDER BY time DESC, id DESC LIMIT ?",
        (*feeds, limit),
    )
    return [Measurement(*row) for row in rows]


def monthly(connection: sqlite3.Connection, feeds: Sequence[str]) -> list[Measurement]:
    """The last measurement of each month, list and measure, oldest first."""
    rows = connection.execute(
        "SELECT feed, run, metric, value, time FROM measurement"
        f" WHERE feed IN ({','.join('?' * len(feeds))}) ORDER BY time, id",
        list(feeds),
    )
    newest: dict[tuple[str, str, str], Measurement] = {}
    for one in (Measurement(*row) for row in rows):
        newest[one.feed, one.metric, one.time[:7]] = one
    return sorted(newest.values(), key=lambda one: (one.time, one.feed, one.metric))
