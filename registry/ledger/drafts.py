"""Accepted graphs that wait for the gate, and their way into the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

from registry.ledger import findings, log
from registry.ledger.connection import transaction
from registry.ledger.runs import utc_now
from registry.model import Cause

Subject = Callable[[str], str]
"""The IRI of a record by its key."""


def hold(connection: sqlite3.Connection, record: int, recipe: str) -> None:
    """A record that may not be published; its last good version stays. Inside the caller's transaction."""
    connection.execute("DELETE FROM draft WHERE record=?", (record,))
    connection.execute("UPDATE record SET prepared=?, status='held' WHERE id=?", (recipe, record))


def keep(
    connection: sqlite3.Connection,
    record: int,
    feed: str,
    recipe: str,
    subject: str,
    *,
    digest: str,
    stated: bytes,
    inferred: bytes,
    cause: Cause,
) -> None:
    """An accepted graph: a draft if it differs from what stands, else nothing to do. Inside a transaction."""
    connection.execute("DELETE FROM draft WHERE record=?", (record,))
    row = connection.execute("SELECT digest FROM standing WHERE subject=? AND kind='record'", (subject,)).fetchone()
    if row is not None and row[0] == digest:
        connection.execute("UPDATE record SET prepared=? WHERE id=?", (recipe, record))
        _accept(connection, record)
        return
    connection.execute("UPDATE record SET prepared=? WHERE id=?", (recipe, record))
    connection.execute(
        "INSERT INTO draft (record, feed, digest, stated, inferred, cause) VALUES (?,?,?,?,?,?)",
        (record, feed, digest, stated, inferred, cause),
    )


def _accept(connection: sqlite3.Connection, record: int) -> None:
    """The latest payload is now the last good one; the one before is let go."""
    good, latest = connection.execute("SELECT good, latest FROM record WHERE id=?", (record,)).fetchone()
    connection.execute("UPDATE record SET status='active', good=latest WHERE id=?", (record,))
    if good is not None and good != latest:
        connection.execute("DELETE FROM payload WHERE id=?", (good,))


def discard(connection: sqlite3.Connection, feed: str) -> None:
    """The gate refused: forget the drafts; their records will be prepared again."""
    with transaction(connection):
        connection.execute(
            "UPDATE record SET prepared=NULL WHERE id IN (SELECT record FROM draft WHERE feed=?)", (feed,)
        )
        connection.execute("DELETE FROM draft WHERE feed=?", (feed,))


def append(
    connection: sqlite3.Connection, feed: str, run: str, subject: Subject, progress: Callable[[int], None]
) -> int:
    """Move a feed's drafts into the log, some hundred to a transaction; a crash leaves the rest as drafts."""
    appended = 0
    while True:
        rows = connection.execute(
            "SELECT d.record, r.key, d.digest, d.stated, d.inferred, d.cause FROM draft d"
            " JOIN record r ON r.id = d.record WHERE d.feed=? ORDER BY d.record LIMIT ?",
            (feed, log.APPEND_BATCH),
        ).fetchall()
        if not rows:
            return appended
        now = utc_now()
        with transaction(connection):
            for record, key, digest, stated, inferred, cause in rows:
                sequence = log.append(
                    connection, time=now, kind="record", subject=subject(key), cause=cause, feed=feed, key=key,
                    run=run, stated=stated, inferred=inferred, digest_=digest,
                )  # fmt: skip
                appended += sequence is not None
                _accept(connection, record)
                connection.execute("DELETE FROM draft WHERE record=?", (record,))
        progress(appended)


def withdraw(
    connection: sqlite3.Connection, feed: str, run: str, subject: Subject, gone: Iterable[tuple[int, str]]
) -> int:
    """Tombstones for records that are gone from their source; how many had been published."""
    rows = list(gone)
    withdrawn = 0
    for start in range(0, len(rows), log.APPEND_BATCH):
        now = utc_now()
        with transaction(connection):
            for record, key in rows[start : start + log.APPEND_BATCH]:
                sequence = log.append(
                    connection, time=now, kind="tombstone", subject=subject(key), cause="source", feed=feed, key=key,
                    run=run,
                )  # fmt: skip
                withdrawn += sequence is not None
                findings.replace(connection, feed, key, "prepare", [])
                connection.execute("DELETE FROM draft WHERE record=?", (record,))
                connection.execute("UPDATE record SET status='gone', prepared=NULL WHERE id=?", (record,))
    return withdrawn
