"""A ledger that is thrown away and knows one list as it stands in another: there a visit can be tried."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from registry.ledger.connection import transaction

_RECORDS = "SELECT id FROM kept.record WHERE feed=:feed"
_STANDING = "SELECT sequence FROM kept.standing WHERE feed=:feed"
_WHERE = {
    "feed": "id=:feed",
    "run": "feed=:feed",
    "document": "feed=:feed",
    "payload": "id IN (SELECT latest FROM kept.record WHERE feed=:feed)"
    " OR id IN (SELECT good FROM kept.record WHERE feed=:feed)",
    "record": "feed=:feed",
    "graph": f"id IN (SELECT graph FROM kept.change WHERE sequence IN ({_STANDING}))",
    "change": f"sequence IN ({_STANDING})",
    "standing": "feed=:feed",
    "draft": "feed=:feed",
    "finding": "feed=:feed",
    "correction": "feed=:feed",
    "likeness": "feed=:feed",
    "origin": f"record IN ({_RECORDS})",
    "content": "feed=:feed",
}


def copy_list(connection: sqlite3.Connection, source: Path, feed: str) -> None:
    """Bring what another ledger (same schema) knows of a list into this empty one; the other is only read."""
    connection.execute("ATTACH DATABASE ? AS kept", (str(source),))
    try:
        with transaction(connection):
            for table, where in _WHERE.items():
                connection.execute(
                    f"INSERT INTO main.{table} SELECT * FROM kept.{table} WHERE {where}", {"feed": feed}
                )
    finally:
        connection.execute("DETACH DATABASE kept")
