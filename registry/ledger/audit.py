"""The audit trail: every write that was asked for, who asked, what became of it; append-only (the schema refuses
anything else). Refused ones stand in it too.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry.ledger.connection import transaction

if TYPE_CHECKING:
    from registry.ledger.tokens import Actor

MAX_DETAIL = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. ``outcome``: "done", "refused", "failed". Nobody is known: who, credential and role are ""."""

    id: int
    time: str
    who: str
    credential: str
    role: str
    academy: str
    action: str
    target: str
    outcome: str
    detail: str


def append(
    connection: sqlite3.Connection,
    actor: Actor | None,
    action: str,
    target: str,
    outcome: str,
    time: str,
    detail: str = "",
) -> None:
    """Add a row inside the caller's transaction: with what it tells of, or not at all."""
    known = (actor.name, actor.credential, actor.role, actor.academy) if actor else ("", "", "", "")
    connection.execute(
        "INSERT INTO audit (time, who, credential, role, academy, action, target, outcome, detail)"
        " VALUES (?,?,?,?,?,?,?,?,?)",
        (time, *known, action, target[:MAX_DETAIL], outcome, detail[:MAX_DETAIL]),
    )


def tell(
    connection: sqlite3.Connection,
    actor: Actor | None,
    action: str,
    target: str,
    outcome: str,
    time: str,
    detail: str = "",
) -> None:
    """Add a row in a transaction of its own: of what was refused, or done elsewhere."""
    with transaction(connection):
        append(connection, actor, action, target, outcome, time, detail)


def listed(
    connection: sqlite3.Connection, *, limit: int = 100, before: int = 0, academy: str = "", who: str = ""
) -> list[Entry]:
    """Rows, newest first; ``before`` a number, of one academy, of one person."""
    where, values = ["1"], []
    for column, value in (("academy", academy), ("who", who)):
        if value:
            where.append(f"{column}=?")
            values.append(value)
    if before:
        where.append("id < ?")
        values.append(str(before))
    rows = connection.execute(
        "SELECT id, time, who, credential, role, academy, action, target, outcome, detail FROM audit"
        f" WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?",
        (*values, limit),
    )
    return [Entry(*row) for row in rows]
