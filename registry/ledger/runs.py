"""Runs, bookmarks and what the ledger itself remembers (base address)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from registry.iris import Iris
from registry.ledger.connection import transaction
from registry.model import Feed, Run


def utc_now() -> str:
    """Now, in whole seconds UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def base_address(connection: sqlite3.Connection, wanted: str) -> str:
    """The base of all IRIs: chosen once, kept in the ledger from then on."""
    with transaction(connection):
        connection.execute("INSERT OR IGNORE INTO meta (name, value) VALUES ('base', ?)", (wanted,))
    base: str = connection.execute("SELECT value FROM meta WHERE name='base'").fetchone()[0]
    return base


def start(connection: sqlite3.Connection, iris: Iris, feed: Feed, now: str) -> tuple[int, Run]:
    """Open a run; earlier runs of the feed that never ended are marked as broken off."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    run = Run(str(iris.run(feed.id, stamp)), feed.id, feed.academy, now)
    with transaction(connection):
        connection.execute(
            "UPDATE run SET outcome='broken-off', ended=? WHERE feed=? AND outcome='running'", (now, feed.id)
        )
        connection.execute("INSERT OR IGNORE INTO feed (id, academy) VALUES (?,?)", (feed.id, feed.academy))
        number = connection.execute(
            "INSERT INTO run (iri, feed, academy, started) VALUES (?,?,?,?)", (run.iri, feed.id, feed.academy, now)
        ).lastrowid
    assert number is not None
    return number, run


def end(
    connection: sqlite3.Connection, number: int, outcome: str, message: str, counts: Mapping[str, int], now: str
) -> None:
    """Close a run."""
    with transaction(connection):
        connection.execute(
            "UPDATE run SET ended=?, outcome=?, message=?, counts=? WHERE id=?",
            (now, outcome, message, json.dumps(dict(counts)), number),
        )


def close(connection: sqlite3.Connection, feed: str, outcome: str, message: str, now: str) -> None:
    """Close a feed's run that met a bug or was interrupted, if one is open."""
    with transaction(connection):
        connection.execute(
            "UPDATE run SET ended=?, outcome=?, message=? WHERE feed=? AND outcome='running'",
            (now, outcome, message, feed),
        )


def durations(connection: sqlite3.Connection) -> dict[str, float]:
    """{feed: seconds that its last visit took}, of those that came to an end."""
    rows = connection.execute(
        "SELECT feed, (julianday(ended) - julianday(started)) * 86400, max(id) FROM run"
        " WHERE outcome IN ('done','refused','failed') GROUP BY feed"
    )
    return {feed: seconds or 0.0 for feed, seconds, _ in rows}


def seconds(run: Run) -> int | None:
    """How long a run took, None while it is open."""
    if not run.ended:
        return None
    return int((datetime.fromisoformat(run.ended) - datetime.fromisoformat(run.started)).total_seconds())


def listed(
    connection: sqlite3.Connection, feed: str | None = None, limit: int = 50, *, feeds: Sequence[str] | None = None
) -> list[Run]:
    """Runs, newest first: of one feed, of some, or of all."""
    of = feeds if feeds is not None else [] if feed is None else [feed]
    where, values = f"WHERE feed IN ({','.join('?' * len(of))})" if of or feeds is not None else "", list(of)
    rows = connection.execute(
        f"SELECT iri, feed, academy, started, ended, outcome, message, counts FROM run {where}"
        " ORDER BY id DESC LIMIT ?",
        (*values, limit),
    )
    return [Run(r[0], r[1], r[2], r[3], r[4], r[5], r[6], json.loads(r[7])) for r in rows]


def bookmark(connection: sqlite3.Connection, feed: str) -> dict[str, str]:
    """What the last completed visit left, {} before the first."""
    row = connection.execute("SELECT bookmark FROM feed WHERE id=?", (feed,)).fetchone()
    return dict(json.loads(row[0])) if row else {}


def set_bookmark(connection: sqlite3.Connection, feed: str, value: Mapping[str, str], now: str) -> None:
    """Keep what the next visit starts from."""
    with transaction(connection):
        connection.execute("UPDATE feed SET bookmark=?, completed=? WHERE id=?", (json.dumps(dict(value)), now, feed))


def with_changes(connection: sqlite3.Connection, after: int = 0) -> list[Run]:
    """The runs that changed something, oldest first: those that the log names after a sequence."""
    rows = connection.execute(
        "SELECT iri, feed, academy, started, ended, outcome, message, counts FROM run"
        " WHERE iri IN (SELECT DISTINCT run FROM change WHERE sequence > ?) ORDER BY id",
        (after,),
    )
    return [Run(r[0], r[1], r[2], r[3], r[4], r[5], r[6], json.loads(r[7])) for r in rows]


def ended_since(connection: sqlite3.Connection, time: str) -> list[Run]:
    """The runs that ended at a time or later, oldest first."""
    rows = connection.execute(
        "SELECT iri, feed, academy, started, ended, outcome, message, counts FROM run WHERE ended >= ? ORDER BY id",
        (time,),
    )
    return [Run(r[0], r[1], r[2], r[3], r[4], r[5], r[6], json.loads(r[7])) for r in rows]


def academies_of_feeds(connection: sqlite3.Connection) -> dict[str, str]:
    """{feed: academy} of all feeds ever visited, also those that are no longer harvested."""
    return dict(connection.execute("SELECT id, academy FROM feed ORDER BY id"))


def remember(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a fact about this data folder."""
    with transaction(connection):
        connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?,?)", (name, value))


def remembered(connection: sqlite3.Connection, name: str) -> str:
    """A fact about this data folder, "" if it was never kept."""
    row = connection.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
    return row[0] if row else ""


def page(
    connection: sqlite3.Connection, feeds: Sequence[str], outcomes: Sequence[str], before: int, limit: int
) -> tuple[list[tuple[int, Run]], int]:
    """(number, run) of some feeds, newest first, those below a number, and how many there are in all; ``outcomes``
    () for any."""
    where, values = f"feed IN ({','.join('?' * len(feeds))})", list[object](feeds)
    if outcomes:
        where += f" AND outcome IN ({','.join('?' * len(outcomes))})"
        values += outcomes
    total: int = connection.execute(f"SELECT count(*) FROM run WHERE {where}", values).fetchone()[0]
    rows = connection.execute(
        "SELECT id, iri, feed, academy, started, ended, outcome, message, counts FROM run"
        f" WHERE {where} AND id < ? ORDER BY id DESC LIMIT ?",
        [*values, before, limit],
    )
    found = [(r[0], Run(r[1], r[2], r[3], r[4], r[5], r[6], r[7], json.loads(r[8]))) for r in rows]
    return found, total
