"""Dated observations of whether the addresses of entries open; never part of an entry's graph or digest."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from registry.ledger.connection import transaction

KEPT = 20
"""Observations of one address that are kept; older ones go."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What an address answered: the HTTP status, or 0 with the reason. ``time`` is UTC, ISO 8601."""

    feed: str
    key: str
    address: str
    time: str
    status: int
    reason: str = ""


_COLUMNS = "feed, key, address, time, status, reason"


def keep(connection: sqlite3.Connection, found: Iterable[Observation]) -> None:
    """Keep observations; of each address the last ``KEPT``."""
    listed = list(found)
    with transaction(connection):
        connection.executemany(
            f"INSERT INTO observation ({_COLUMNS}) VALUES (?,?,?,?,?,?)",
            [(one.feed, one.key, one.address, one.time, one.status, one.reason) for one in listed],
        )
        for one in {(one.feed, one.key, one.address) for one in listed}:
            connection.execute(
                "DELETE FROM observation WHERE feed=? AND key=? AND address=? AND id NOT IN"
                " (SELECT id FROM observation WHERE feed=? AND key=? AND address=? ORDER BY time DESC, id DESC"
                " LIMIT ?)",
                (*one, *one, KEPT),
            )


def history(connection: sqlite3.Connection, feed: str) -> Iterator[tuple[str, str, list[Observation]]]:
    """(key, address, observations, newest first) of each address of a list that was ever asked."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM observation WHERE feed=? ORDER BY key, address, time DESC, id DESC", (feed,)
    )
    found = (Observation(*row) for row in rows)
    for (key, address), group in groupby(found, key=lambda one: (one.key, one.address)):
        yield key, address, list(group)


def last_asked(connection: sqlite3.Connection, feed: str) -> dict[tuple[str, str], str]:
    """{(key, address): time of the last observation}."""
    rows = connection.execute(
        "SELECT key, address, max(time) FROM observation WHERE feed=? GROUP BY key, address", (feed,)
    )
    return {(key, address): time for key, address, time in rows}


def forget(connection: sqlite3.Connection, feed: str, gone: Sequence[tuple[str, str]]) -> None:
    """Drop the observations of addresses (key, address) that no published entry has any more."""
    with transaction(connection):
        connection.executemany(
            "DELETE FROM observation WHERE feed=? AND key=? AND address=?", [(feed, *one) for one in gone]
        )
