"""Work that somebody asked for through the web: a visit, a list to look at, to publish or to take back.

The web process only writes that it is wanted; the process beside it does it, one after the other. What a kill left
"running" waits again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["visit", "preview", "publish", "withdraw"]


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work. ``state``: waiting, running, done, failed; ``upload`` 0: none; times "" for not yet."""

    id: int
    kind: str
    academy: str
    feed: str
    upload: int
    options: Mapping[str, Any]
    made: str
    made_by: str
    state: str
    started: str
    ended: str
    outcome: Mapping[str, Any]


_COLUMNS = "id, kind, academy, feed, coalesce(upload, 0), options, made, made_by, state, started, ended, outcome"


def _task(row: tuple[Any, ...]) -> Task:
    values = list(row)
    values[5], values[11] = json.loads(row[5]), json.loads(row[11])
    return Task(*values)


def ask(
    connection: sqlite3.Connection,
    kind: Kind,
    academy: str,
    feed: str,
    *,
    now: str,
    by: str,
    upload: int = 0,
    options: Mapping[str, Any] | None = None,
) -> int:
    """Ask for work inside the caller's transaction; its number. What waits already is not asked for twice."""
    row = connection.execute(
        "SELECT id FROM task WHERE state='waiting' AND kind=? AND feed=? AND coalesce(upload, 0)=?",
        (kind, feed, upload),
    ).fetchone()
    if row is not None:
        return int(row[0])
    number = connection.execute(
        "INSERT INTO task (kind, academy, feed, upload, options, made, made_by) VALUES (?,?,?,?,?,?,?)",
        (kind, academy, feed, upload or None, json.dumps(dict(options or {})), now, by),
    ).lastrowid
    assert number is not None
    return number


def resume(connection: sqlite3.Connection) -> None:
    """What was begun and not ended waits again. By the one process that does the work, when it starts."""
    connection.execute("UPDATE task SET state='waiting', started='' WHERE state='running'")


def take(connection: sqlite3.Connection, now: str) -> Task | None:
    """The oldest work that waits, which is now running; None where there is none."""
    row = connection.execute("SELECT id FROM task WHERE state='waiting' ORDER BY id LIMIT 1").fetchone()
    if row is None:
        return None
    connection.execute("UPDATE task SET state='running', started=? WHERE id=?", (now, row[0]))
    return get(connection, row[0])


def waiting(connection: sqlite3.Connection) -> bool:
    """Whether anything waits."""
    return connection.execute("SELECT 1 FROM task WHERE state='waiting' LIMIT 1").fetchone() is not None


def waiting_since(connection: sqlite3.Connection) -> str:
    """Since when the oldest work waits, "" where none does."""
    row = connection.execute("SELECT made FROM task WHERE state='waiting' ORDER BY id LIMIT 1").fetchone()
    return row[0] if row else ""


def note(connection: sqlite3.Connection, number: int, options: Mapping[str, Any]) -> None:
    """Keep how far work has come, inside the caller's transaction."""
    connection.execute("UPDATE task SET options=? WHERE id=?", (json.dumps(dict(options)), number))


def end(connection: sqlite3.Connection, number: int, state: str, outcome: Mapping[str, Any], now: str) -> None:
    """Work is done, or failed."""
    connection.execute(
        "UPDATE task SET state=?, ended=?, outcome=? WHERE id=?", (state, now, json.dumps(dict(outcome)), number)
    )


def get(connection: sqlite3.Connection, number: int) -> Task | None:
    """One piece of work."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM task WHERE id=?", (number,)).fetchone()
    return _task(row) if row else None


def newest(connection: sqlite3.Connection, upload: int) -> int:
    """The newest work for a list that was sent in, 0 where there is none."""
    row = connection.execute("SELECT max(id) FROM task WHERE upload=?", (upload,)).fetchone()
    return int(row[0] or 0)


def listed(connection: sqlite3.Connection, academy: str, limit: int = 20) -> list[Task]:
    """The newest work for an academy."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM task WHERE academy=? ORDER BY id DESC LIMIT ?", (academy, limit)
    )
    return [_task(row) for row in rows]
