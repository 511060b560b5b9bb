"""Where an aggregator's records were read before, and which of them yield to one that we read there ourselves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from registry.ledger.connection import transaction

NO_RECIPE = "0" * 16
"""What stands in place of a recipe's digest where a record is to be prepared again."""
Origin = tuple[str, str]
"""The address of a repository, and the identifier of a record there."""


def first_hand(
    connection: sqlite3.Connection, feeds: Mapping[str, str], origins: Iterable[Origin]
) -> tuple[str, str, Origin] | None:
    """(feed, key, origin) of a record that our own feed reads at one of the origins; None if there is none.

    ``feeds`` is {address: feed id}. A record counts as long as its source lists it, also when it is held back.
    """
    for address, key in origins:
        feed = feeds.get(address)
        sql = "SELECT 1 FROM record WHERE feed=? AND key=? AND status <> 'gone' AND deleted=0"
        if feed is not None and connection.execute(sql, (feed, key)).fetchone():
            return feed, key, (address, key)
    return None


def keep(connection: sqlite3.Connection, record: int, origins: Iterable[Origin], held: bool) -> None:
    """Keep a record's origins, and whether it stays back for one of them. Inside the caller's transaction."""
    connection.execute("DELETE FROM origin WHERE record=?", (record,))
    connection.executemany(
        "INSERT OR IGNORE INTO origin VALUES (?,?,?,?)", [(record, *origin, int(held)) for origin in origins]
    )


def renew(connection: sqlite3.Connection, feed: str, feeds: Mapping[str, str]) -> int:
    """Records of a feed whose entry at the origin came or went since are to be prepared again; how many."""
    found: dict[int, tuple[bool, list[Origin]]] = {}
    rows = connection.execute(
        "SELECT o.record, o.address, o.key, o.held FROM origin o JOIN record r ON r.id = o.record"
        " WHERE r.feed=? AND r.prepared IS NOT NULL AND r.status <> 'gone'",
        (feed,),
    )
    for record, address, key, held in rows:
        found.setdefault(record, (bool(held), []))[1].append((address, key))
    changed = [
        record for record, (held, some) in found.items() if (first_hand(connection, feeds, some) is not None) != held
    ]
    if changed:
        with transaction(connection):
            connection.executemany(
                "UPDATE record SET prepared=? || corrected WHERE id=?", [(NO_RECIPE, one) for one in changed]
            )
    return len(changed)
