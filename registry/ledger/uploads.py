"""Lists that academies send in: kept as they came, with what they would change, until they are published or dropped.

A published one stands as the list's source until it is taken back or another is published. What the list held
before is kept beside it, as payloads, for as long as it can be taken back.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry.ledger.records import RAW, raw
from registry.ledger.staging import issues_from, issues_json
from registry.model import RawRecord


@dataclass(frozen=True, slots=True)
class Upload:
    """A list as sent, without its bytes. ``state``: checking, unreadable, previewed, publishing, published, refused,
    withdrawing, withdrawn, dropped. ``preview`` as the pipeline made it, ``basis`` what it was made against."""

    id: int
    academy: str
    feed: str
    name: str
    digest: str
    size: int
    made: str
    made_by: str
    state: str
    preview: Mapping[str, Any]
    basis: str
    message: str
    run: str
    published: str
    withdrawn: str


_COLUMNS = (
    "id, academy, feed, name, digest, size, made, made_by, state, preview, basis, message, run, published, withdrawn"
)
_IN_FORCE = "('published', 'withdrawing')"


def _upload(row: tuple[Any, ...]) -> Upload:
    values = list(row)
    values[9] = json.loads(row[9] or "{}")
    return Upload(*values)


def pack(body: bytes) -> bytes:
    """A file as it is kept; made before the transaction, so that others write meanwhile."""
    return zlib.compress(body, 1)


def keep(
    connection: sqlite3.Connection,
    *,
    academy: str,
    feed: str,
    name: str,
    digest: str,
    size: int,
    packed: bytes,
    now: str,
    by: str,
) -> int:
    """Keep a list that was sent in, inside the caller's transaction; its number. Earlier ones of the same list that
    were never published are dropped: the newest is the one that is looked at. ``packed`` as ``pack`` makes it."""
    connection.execute(
        "UPDATE upload SET state='dropped', body=x'', preview='' WHERE feed=?"
        " AND state IN ('checking', 'previewed', 'unreadable', 'refused')",
        (feed,),
    )
    number = connection.execute(
        "INSERT INTO upload (academy, feed, name, digest, size, body, made, made_by, state)"
        " VALUES (?,?,?,?,?,?,?,?,'checking')",
        (academy, feed, name, digest, size, packed, now, by),
    ).lastrowid
    assert number is not None
    return number


def get(connection: sqlite3.Connection, number: int) -> Upload | None:
    """One list that was sent in."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM upload WHERE id=?", (number,)).fetchone()
    return _upload(row) if row else None


def listed(connection: sqlite3.Connection, academy: str, limit: int = 20) -> list[Upload]:
    """What an academy sent in, newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM upload WHERE academy=? ORDER BY id DESC LIMIT ?", (academy, limit)
    )
    return [_upload(row) for row in rows]


def body(connection: sqlite3.Connection, number: int) -> bytes:
    """The file as it was sent; empty where it is kept no more."""
    row = connection.execute("SELECT body FROM upload WHERE id=?", (number,)).fetchone()
    return zlib.decompress(row[0]) if row and row[0] else b""


def in_force(connection: sqlite3.Connection, feed: str) -> Upload | None:
    """The list sent in that stands as this one's source, None where its address is read."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM upload WHERE feed=? AND state IN {_IN_FORCE} ORDER BY id DESC LIMIT 1",
        (feed,),
    ).fetchone()
    return _upload(row) if row else None


def move(connection: sqlite3.Connection, number: int, states: Iterable[str], to: str, message: str = "") -> bool:
    """Bring one from one of these states into another, inside the caller's transaction; whether it was in one."""
    wanted = list(states)
    marks = ",".join("?" * len(wanted))
    return bool(
        connection.execute(
            f"UPDATE upload SET state=?, message=? WHERE id=? AND state IN ({marks})", (to, message, number, *wanted)
        ).rowcount
    )


def previewed(
    connection: sqlite3.Connection, number: int, preview: Mapping[str, Any], basis: str, states: Iterable[str]
) -> None:
    """Keep what a list would change, of one in one of these states, inside the caller's transaction."""
    if move(connection, number, states, "previewed"):
        told = json.dumps(preview, ensure_ascii=False)
        connection.execute("UPDATE upload SET preview=?, basis=? WHERE id=?", (told, basis, number))


def unreadable(
    connection: sqlite3.Connection, number: int, problems: Mapping[str, Any], message: str, states: Iterable[str]
) -> None:
    """One in one of these states cannot become the list, inside the caller's transaction; why."""
    if move(connection, number, states, "unreadable", message):
        told = json.dumps(problems, ensure_ascii=False)
        connection.execute("UPDATE upload SET preview=? WHERE id=?", (told, number))


def begin(connection: sqlite3.Connection, number: int, before: Iterable[RawRecord]) -> None:
    """Keep what the list holds before this one is published, once, inside the caller's transaction."""
    connection.execute("UPDATE upload SET before=? WHERE id=? AND length(before)=0", (_packed(before), number))


def publish(connection: sqlite3.Connection, number: int, run: str, now: str) -> None:
    """It is published, inside the caller's transaction."""
    connection.execute(
        "UPDATE upload SET state='published', run=?, published=?, message='' WHERE id=?", (run, now, number)
    )


def withdraw(connection: sqlite3.Connection, number: int, now: str) -> None:
    """It is taken back, and with it those of the same list that were published after it; in a transaction."""
    connection.execute(
        "UPDATE upload SET state='withdrawn', withdrawn=?, body=x'', before=x'' WHERE id >= ? AND state IN"
        f" {_IN_FORCE} AND feed = (SELECT feed FROM upload WHERE id=?)",
        (now, number, number),
    )


def let_go(connection: sqlite3.Connection, published_before: str, made_before: str) -> None:
    """Forget, inside the caller's transaction, what nobody can take back any more, and files never published."""
    connection.execute(
        "UPDATE upload SET before=x'' WHERE state='published' AND published < ? AND length(before) > 0",
        (published_before,),
    )
    # Only the one that stands, or could stand again, is read again.
    connection.execute(
        "UPDATE upload SET body=x'' WHERE state='published' AND length(body) > 0 AND EXISTS (SELECT 1 FROM upload u"
        " WHERE u.feed = upload.feed AND u.state='published' AND u.id > upload.id AND u.published < ?)",
        (published_before,),
    )
    connection.execute(
        "UPDATE upload SET state='dropped', body=x'', preview='' WHERE made < ?"
        " AND state IN ('previewed', 'unreadable', 'refused')",
        (made_before,),
    )


def before(connection: sqlite3.Connection, number: int) -> Iterator[RawRecord]:
    """What the list held before this one was published."""
    row = connection.execute("SELECT before FROM upload WHERE id=?", (number,)).fetchone()
    for one in json.loads(zlib.decompress(row[0])) if row and row[0] else ():
        payload = base64.b64decode(one.pop("payload"))
        yield RawRecord(payload=payload, issues=issues_from(one.pop("issues")), **one)


def holds(connection: sqlite3.Connection, feed: str) -> Iterator[RawRecord]:
    """What a list holds now: the newest payload of every entry that is not gone."""
    rows = connection.execute(
        f"SELECT {RAW} FROM record r JOIN payload p ON p.id = r.latest WHERE r.feed=? AND r.status <> 'gone'"
        " AND r.deleted=0 ORDER BY r.id",
        (feed,),
    )
    return (raw(row) for row in rows)


def keys(connection: sqlite3.Connection, feed: str) -> list[str]:
    """The keys of all entries of a list that are not gone."""
    return [row[0] for row in connection.execute(
        "SELECT key FROM record WHERE feed=? AND status <> 'gone' AND deleted=0 ORDER BY id", (feed,)
    )]  # fmt: skip


def basis(connection: sqlite3.Connection, feed: str) -> str:
    """Names what stands of a list now: a preview that was made against another says nothing any more."""
    row = connection.execute("SELECT max(sequence), count(*) FROM standing WHERE feed=?", (feed,)).fetchone()
    return f"{row[0] or 0}.{row[1]}"


def _packed(records: Iterable[RawRecord]) -> bytes:
    found = [
        {"key": one.key, "payload": base64.b64encode(one.payload).decode(), "media_type": one.media_type,
         "format": one.format, "source": one.source, "locator": one.locator, "datestamp": one.datestamp,
         "broken": one.broken, "issues": issues_json(one.issues)}
        for one in records
    ]  # fmt: skip
    return zlib.compress(json.dumps(found).encode(), 1)
