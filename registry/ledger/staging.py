"""Taking a harvest in: events become documents, payloads and records, in transactions of bounded size.

A batch is written when it has BATCH events or BATCH_BYTES, or when a document ends and FLUSH seconds passed, so
that a kill costs little of what a slow source gave. Digests and compressed bodies are made outside the
transaction: others write meanwhile. What was staged before a crash stays staged; the next visit finds those
documents unchanged and carries on.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from registry.ledger.connection import transaction
from registry.model import Document, Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged

BATCH = 500
BATCH_BYTES = 4 << 20
FLUSH = 5.0
RETURNED = 5


def digest(body: bytes) -> str:
    """The digest of a payload or graph."""
    return "sha256:" + hashlib.sha256(body).hexdigest()


@dataclass(slots=True)
class Staged:
    """What a harvest brought: counts, the feed's own issues, and how it ended (None: broken off).

    ``returned`` records had been withdrawn; some of their keys are in ``back``.
    """

    records: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    returned: int = 0
    documents: int = 0
    done: Done | None = None
    issues: list[Issue] = field(default_factory=list)
    back: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Body:
    """A record's payload as it is kept: digest and compressed bytes, made before the transaction."""

    digest: str
    packed: bytes


def issues_json(issues: Iterable[Issue]) -> str:
    """Issues as kept beside a payload."""
    return json.dumps([[i.code, i.place, i.value, dict(i.params)] for i in issues], ensure_ascii=False)


def issues_from(data: str) -> tuple[Issue, ...]:
    """What ``issues_json`` wrote."""
    return tuple(Issue(c, p, v, tuple(sorted(params.items()))) for c, p, v, params in json.loads(data))


def known_document(connection: sqlite3.Connection, feed: str, address: str) -> Document | None:
    """The document last read from an address, if all its records still stand."""
    row = connection.execute(
        "SELECT id, digest, etag, last_modified, records FROM document WHERE feed=? AND address=?"
        " ORDER BY run DESC, id DESC LIMIT 1",
        (feed, address),
    ).fetchone()
    if row is None or not _stands(connection, row[0], row[4]):
        return None
    return Document(address, row[1], row[2], row[3])


def seen_digest(connection: sqlite3.Connection, feed: str, digest_: str) -> bool:
    """Whether a document of this digest was split before and all its records still stand."""
    rows = connection.execute("SELECT id, records FROM document WHERE feed=? AND digest=?", (feed, digest_)).fetchall()
    return any(_stands(connection, row[0], row[1]) for row in rows)


def _stands(connection: sqlite3.Connection, document: int, records: int) -> bool:
    """Whether all records that a document gave still point to it. One that was withdrawn for its absence does
    not stand: when its document is listed again, it has to come back."""
    count: int = connection.execute(
        "SELECT count(*) FROM record WHERE document=? AND NOT (status='gone' AND deleted=0)", (document,)
    ).fetchone()[0]
    return count == records


class _Stage:
    """The open documents and buffers of one harvest being staged."""

    def __init__(self, connection: sqlite3.Connection, feed: str, run: int, now: str, result: Staged) -> None:
        self.connection, self.feed, self.run, self.now = connection, feed, run, now
        self.result = result
        self.document: int | None = None
        self.keys: set[str] = set()
        self.told: list[Issue] = []

    def open(self, event: Document) -> None:
        self.close()
        execute = self.connection.execute
        execute(
            "INSERT OR IGNORE INTO document (feed, address, digest, run) VALUES (?,?,?,?)",
            (self.feed, event.address, event.digest, self.run),
        )
        self.document = execute(
            "SELECT id FROM document WHERE feed=? AND digest=? AND address=?",
            (self.feed, event.digest, event.address),
        ).fetchone()[0]
        execute(
            "UPDATE document SET etag=?, last_modified=?, records=-1, run=? WHERE id=?",
            (event.etag, event.last_modified, self.run, self.document),
        )
        self.result.documents += 1

    def close(self) -> None:
        """A document counts as split only from here on: a crash before leaves records = -1."""
        if self.document is not None:
            self.connection.execute(
                "UPDATE document SET records=?, issues=? WHERE id=?",
                (len(self.keys), issues_json(self.told), self.document),
            )
        self.document = None
        self.keys = set()
        self.told = []

    def unchanged(self, event: Unchanged) -> None:
        self.close()
        rows = self.connection.execute(
            "SELECT id, records, issues FROM document WHERE feed=? AND digest=?", (self.feed, event.digest)
        ).fetchall()
        for document, records, issues in rows:
            if _stands(self.connection, document, records):
                self.connection.execute("UPDATE document SET run=? WHERE id=?", (self.run, document))
                self.result.records += records
                self.result.unchanged += records
                self.result.issues += issues_from(issues)
        self.result.documents += 1

    def issue(self, event: FeedIssue) -> None:
        self.result.issues.append(event.issue)
        if event.lasting:
            self.told.append(event.issue)

    def record(self, event: RawRecord, body: Body | None) -> None:
        execute = self.connection.execute
        self.result.records += 1
        row = execute(
            "SELECT r.id, p.digest, r.deleted, r.status, p.issues, p.broken FROM record r"
            " LEFT JOIN payload p ON p.id = r.latest WHERE r.feed=? AND r.key=?",
            (self.feed, event.key),
        ).fetchone()
        place = (self.document, event.source, event.locator, event.datestamp, self.run)
        if body is None:
            self.result.deleted += 1
            if row is None:  # what never stood here is no entry that was read
                self.result.records -= 1
                return
            self.keys.add(event.key)
            execute(
                "UPDATE record SET document=?, source=?, locator=?, datestamp=?, seen_run=?, deleted=1 WHERE id=?",
                (*place, row[0]),
            )
            return
        self.keys.add(event.key)
        if row is not None and row[3] == "gone":
            self.result.returned += 1
            self.result.back += [event.key] if len(self.result.back) < RETURNED else []
        issues = issues_json(event.issues)
        if (
            row is not None
            and row[1] == body.digest
            and not row[2]
            and (row[4], row[5]) == (issues, int(event.broken))
        ):
            self.result.unchanged += 1
            again = ", prepared=NULL, status='new'" if row[3] == "gone" else ""
            execute(
                f"UPDATE record SET document=?, source=?, locator=?, datestamp=?, seen_run=?{again} WHERE id=?",
                (*place, row[0]),
            )
            return
        payload = execute(
            "INSERT INTO payload (digest, media_type, format, body, broken, issues, first_seen)"
            " VALUES (?,?,?,?,?,?,?)",
            (body.digest, event.media_type, event.format, body.packed, int(event.broken), issues, self.now),
        ).lastrowid  # fmt: skip
        if row is None:
            self.result.new += 1
            execute(
                "INSERT INTO record (feed, key, latest, document, source, locator, datestamp, seen_run, first_seen)"
                " VALUES (?,?,?,?,?,?,?,?,?)",
                (self.feed, event.key, payload, *place, self.now),
            )
            return
        self.result.changed += 1
        old = execute("SELECT latest, good FROM record WHERE id=?", (row[0],)).fetchone()
        execute(
            "UPDATE record SET document=?, source=?, locator=?, datestamp=?, seen_run=?, latest=?, deleted=0,"
            " prepared=NULL, status=CASE status WHEN 'gone' THEN 'new' ELSE status END WHERE id=?",
            (*place, payload, row[0]),
        )
        if old[0] is not None and old[0] != old[1]:
            execute("DELETE FROM payload WHERE id=?", (old[0],))


def stage(
    connection: sqlite3.Connection,
    feed: str,
    run: int,
    now: str,
    events: Iterable[HarvestEvent],
    result: Staged,
    progress: Callable[[int], None] = lambda records: None,
) -> None:
    """Write a harvest into the ledger, batch by batch; what the harvester raises passes through.

    ``result`` is filled as it goes, so that a harvest that breaks off still tells what it brought; what was
    written stays. A record that stands twice in one harvest: the later one counts.
    """
    stage_ = _Stage(connection, feed, run, now, result)
    batch: list[_Event] = []
    size, since = 0, time.monotonic()
    try:
        for event in events:
            body = _body(event)
            size += len(body.packed) if body is not None else 0
            # A document of which nothing is written yet ends the batch: it closes the one before.
            slow = isinstance(event, Document) and time.monotonic() - since > FLUSH
            batch.append((event, body))
            if slow or len(batch) >= BATCH or size >= BATCH_BYTES:
                full, batch = batch, []
                _write(stage_, full)
                size, since = 0, time.monotonic()
                progress(stage_.result.records)
    finally:
        _write(stage_, batch)
        progress(stage_.result.records)
    with transaction(connection):
        stage_.close()


_Event = tuple[HarvestEvent, Body | None]


def _body(event: HarvestEvent) -> Body | None:
    if not isinstance(event, RawRecord) or event.deleted:
        return None
    return Body(digest(event.payload), zlib.compress(event.payload, 1))


def _write(stage_: _Stage, batch: list[_Event]) -> None:
    with transaction(stage_.connection):
        for event, body in batch:
            if isinstance(event, RawRecord):
                stage_.record(event, body)
            elif isinstance(event, Document):
                stage_.open(event)
            elif isinstance(event, Unchanged):
                stage_.unchanged(event)
            elif isinstance(event, FeedIssue):
                stage_.issue(event)
            else:
                stage_.result.done = event
