"""Accepted graphs that wait for the gate, and their way into the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from registry.ledger import findings, log, records
from registry.ledger.connection import transaction
from registry.ledger.runs import utc_now
from registry.model import Cause

Subject = Callable[[str], str]
"""The IRI of a record by its key."""
Kind = Literal["record", "tombstone", "hold"]
RECIPE: tuple[Cause, ...] = ("crosswalk", "shapes", "rules")
"""The causes of a change that the source and no person made: our own recipe."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits for the gate: published records that would alter, be taken back by a rule or be held, and
    records that would be published for the first time."""

    altered: int = 0
    withdrawn: int = 0
    held: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class Applied:
    """What passed the gate: graphs appended, tombstones, records held."""

    appended: int = 0
    withdrawn: int = 0
    held: int = 0


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


def wait(connection: sqlite3.Connection, record: int, feed: str, recipe: str, kind: Kind, cause: Cause) -> None:
    """What would be taken back (``tombstone``) or held (``hold``) once the gate lets it pass. Inside a transaction."""
    connection.execute("UPDATE record SET prepared=? WHERE id=?", (recipe, record))
    connection.execute("DELETE FROM draft WHERE record=?", (record,))
    connection.execute(
        "INSERT INTO draft (record, feed, digest, stated, inferred, cause, kind) VALUES (?,?,'',x'',x'',?,?)",
        (record, feed, cause, kind),
    )


def pending(connection: sqlite3.Connection, feed: str, causes: Sequence[Cause]) -> Pending:
    """What waits for the gate, by these causes."""
    marks = ",".join("?" * len(causes))
    rows = connection.execute(
        "SELECT d.kind, r.good IS NOT NULL, count(*) FROM draft d JOIN record r ON r.id = d.record"
        f" WHERE d.feed=? AND d.cause IN ({marks}) GROUP BY 1, 2",
        (feed, *causes),
    )
    count = {(kind, bool(published)): number for kind, published, number in rows}
    return Pending(
        count.get(("record", True), 0), count.get(("tombstone", True), 0), count.get(("hold", True), 0),
        count.get(("record", False), 0),
    )  # fmt: skip


def listed(
    connection: sqlite3.Connection, feed: str, recipe: str
) -> Iterator[tuple[str, Kind, bool, Cause, bytes, bytes]]:
    """(key, kind, published, cause, stated, inferred) of what this recipe, or a person, made and the gate holds."""
    last, causes = 0, ("person", *RECIPE)
    while True:
        rows = connection.execute(
            "SELECT d.record, r.key, d.kind, r.good IS NOT NULL, d.cause, d.stated, d.inferred FROM draft d"
            " JOIN record r ON r.id = d.record WHERE d.feed=? AND d.record > ? AND r.prepared IS (? || r.corrected)"
            f" AND d.cause IN ({','.join('?' * len(causes))}) ORDER BY d.record LIMIT ?",
            (feed, last, recipe, *causes, log.APPEND_BATCH),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield from ((row[1], row[2], bool(row[3]), *row[4:]) for row in rows)


def _accept(connection: sqlite3.Connection, record: int) -> None:
    """The latest payload is now the last good one; the one before is let go."""
    good, latest = connection.execute("SELECT good, latest FROM record WHERE id=?", (record,)).fetchone()
    connection.execute("UPDATE record SET status='active', good=latest WHERE id=?", (record,))
    if good is not None and good != latest:
        connection.execute("DELETE FROM payload WHERE id=?", (good,))


def discard(connection: sqlite3.Connection, feed: str) -> None:
    """The gate refused a visit: forget what it brought, to be prepared again. What our own recipe or a person
    made of what was there before goes on waiting."""
    with transaction(connection):
        connection.execute(
            "UPDATE record SET prepared=NULL WHERE id IN (SELECT record FROM draft WHERE feed=? AND cause='source')",
            (feed,),
        )
        connection.execute("DELETE FROM draft WHERE feed=? AND cause='source'", (feed,))


def append(
    connection: sqlite3.Connection,
    feed: str,
    run: str,
    subject: Subject,
    progress: Callable[[int], None],
    causes: Sequence[Cause] = ("source", "person", *RECIPE),
) -> Applied:
    """Move a feed's drafts of these causes into the log, some hundred to a transaction; a crash leaves the rest.

    Without a ``run`` (no visit: a recipe or a correction changed) a graph keeps the run that brought it.
    """
    appended = withdrawn = held = 0
    marks = ",".join("?" * len(causes))
    while True:
        rows = connection.execute(
            "SELECT d.record, r.key, d.digest, d.stated, d.inferred, d.cause, d.kind FROM draft d"
            f" JOIN record r ON r.id = d.record WHERE d.feed=? AND d.cause IN ({marks}) ORDER BY d.record LIMIT ?",
            (feed, *causes, log.APPEND_BATCH),
        ).fetchall()
        if not rows:
            return Applied(appended, withdrawn, held)
        now = utc_now()
        with transaction(connection):
            for record, key, digest, stated, inferred, cause, kind in rows:
                connection.execute("DELETE FROM draft WHERE record=?", (record,))
                if kind == "hold":
                    connection.execute("UPDATE record SET status='held' WHERE id=?", (record,))
                    held += 1
                    continue
                sequence = log.append(
                    connection, time=now, kind=kind, subject=subject(key), cause=cause, feed=feed, key=key,
                    run=run or _run_of(connection, feed, subject(key)), stated=stated, inferred=inferred,
                    digest_=digest,
                )  # fmt: skip
                if kind == "record":
                    appended += sequence is not None
                    _accept(connection, record)
                else:
                    withdrawn += sequence is not None
                    _let_go(connection, record)
        progress(appended)


def _run_of(connection: sqlite3.Connection, feed: str, subject: str) -> str:
    """The visit that brought what stands, else the feed's last."""
    row = (
        connection.execute(
            "SELECT c.run FROM standing s JOIN change c ON c.sequence = s.sequence WHERE s.subject=? AND c.run <> ''",
            (subject,),
        ).fetchone()
        or connection.execute("SELECT iri FROM run WHERE feed=? ORDER BY id DESC LIMIT 1", (feed,)).fetchone()
    )
    return str(row[0]) if row else ""


def _let_go(connection: sqlite3.Connection, record: int) -> None:
    """A rule took the record back: it is held, and no earlier version is kept as good."""
    good, latest = connection.execute("SELECT good, latest FROM record WHERE id=?", (record,)).fetchone()
    connection.execute("UPDATE record SET status='held', good=NULL WHERE id=?", (record,))
    if good is not None and good != latest:
        connection.execute("DELETE FROM payload WHERE id=?", (good,))


def withdraw(
    connection: sqlite3.Connection, feed: str, run: str, subject: Subject, gone: Iterable[list[tuple[int, str]]]
) -> int:
    """Tombstones for records that are gone from their source, batch by batch; how many had been published."""
    withdrawn = 0
    for rows in gone:
        now = utc_now()
        with transaction(connection):
            for record, key in rows:
                sequence = log.append(
                    connection, time=now, kind="tombstone", subject=subject(key), cause="source", feed=feed, key=key,
                    run=run,
                )  # fmt: skip
                withdrawn += sequence is not None
                for stage in ("prepare", "missing"):
                    findings.replace(connection, feed, key, stage, [])
                records.mark(connection, feed, record, ())
                connection.execute("DELETE FROM draft WHERE record=?", (record,))
                connection.execute(
                    "UPDATE record SET status='gone', prepared=NULL, missing_visits=0, missing_since='' WHERE id=?",
                    (record,),
                )
    return withdrawn
