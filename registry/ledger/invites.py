"""Invitations that are used once, and the sessions that they begin: sign-in without any password.

Of links and cookies the ledger keeps the SHA-256 (as of tokens). A session may do all that its role may.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from dataclasses import dataclass

from registry.ledger import audit
from registry.ledger.connection import transaction
from registry.ledger.tokens import SCOPES, Actor, BadGrant, digest, grant, same

MAX_SESSION_DAYS = 90
_SECRET = re.compile(r"([1-9][0-9]{0,8})-[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation as it is listed: never its link. Times are UTC, "" for never."""

    id: int
    name: str
    role: str
    academy: str
    made: str
    made_by: str
    expires: str
    session_days: int
    redeemed: str
    revoked: str


def make(
    connection: sqlite3.Connection,
    *,
    name: str,
    role: str,
    academy: str,
    expires: str,
    session_days: int,
    now: str,
    by: Actor,
) -> tuple[int, str]:
    """Make an invitation: (number, the secret end of its link, which nothing shows again). Raises BadGrant."""
    grant(name, role, academy)
    if expires <= now or not 1 <= session_days <= MAX_SESSION_DAYS:
        raise BadGrant(f"an invitation ends in the future, and signs in for 1 to {MAX_SESSION_DAYS} days")
    with transaction(connection):
        number = connection.execute(
            "INSERT INTO invite (digest, name, role, academy, made, made_by, expires, session_days)"
            " VALUES ('',?,?,?,?,?,?,?)",
            (name, role, academy, now, by.name, expires, session_days),
        ).lastrowid
        text = f"{number}-{secrets.token_urlsafe(32)}"
        connection.execute("UPDATE invite SET digest=? WHERE id=?", (digest(text), number))
        what = " ".join(filter(None, [name, role, academy]))
        audit.append(
            connection, by, "invitation made", f"invitation {number}", "done", now, f"{what}; until {expires}"
        )
    assert number is not None
    return number, text


_COLUMNS = "id, name, role, academy, made, made_by, expires, session_days, redeemed, revoked"


def find(connection: sqlite3.Connection, text: str, now: str) -> Invite | None:
    """The invitation of a link that can still be used; None for any other: they are not told apart."""
    read = _SECRET.fullmatch(text)
    row = connection.execute(
        f"SELECT {_COLUMNS}, digest FROM invite WHERE id=?", (int(read[1]) if read else 0,)
    ).fetchone()
    known = same(row[-1] if row else None, text)
    if row is None or not known:
        return None
    one = Invite(*row[:-1])
    return None if one.redeemed or one.revoked or one.expires <= now else one


def redeem(connection: sqlite3.Connection, text: str, now: str, ends: str) -> tuple[Actor, str] | None:
    """Use a link, once: who it signs in, and the secret of the new session (until ``ends``). None as ``find``."""
    with transaction(connection):
        one = find(connection, text, now)
        if one is None:
            audit.append(connection, None, "signed in", "an invitation", "refused", now, "not valid, or not any more")
            return None
        connection.execute("UPDATE invite SET redeemed=? WHERE id=?", (now, one.id))
        number = connection.execute(
            "INSERT INTO session (digest, invite, name, role, academy, made, expires, used) VALUES ('',?,?,?,?,?,?,?)",
            (one.id, one.name, one.role, one.academy, now, ends, now),
        ).lastrowid
        secret = f"{number}-{secrets.token_urlsafe(32)}"
        connection.execute("UPDATE session SET digest=? WHERE id=?", (digest(secret), number))
        actor = Actor(one.name, one.role, one.academy, frozenset(SCOPES[one.role]), f"session {number}")
        audit.append(connection, actor, "signed in", f"invitation {one.id}", "done", now)
    return actor, secret


def session(connection: sqlite3.Connection, secret: str, now: str) -> Actor | None:
    """Who a session is of; None for one that is unknown, ended or has expired: they are not told apart."""
    read = _SECRET.fullmatch(secret)
    row = connection.execute(
        "SELECT digest, name, role, academy, expires, ended, id FROM session WHERE id=?",
        (int(read[1]) if read else 0,),
    ).fetchone()
    known = same(row[0] if row else None, secret)
    if row is None or not known or row[5] or row[4] <= now:
        return None
    return Actor(row[1], row[2], row[3], frozenset(SCOPES[row[2]]), f"session {row[6]}")


def sign_out(connection: sqlite3.Connection, actor: Actor, now: str) -> None:
    """End a session."""
    with transaction(connection):
        number = int(actor.credential.partition(" ")[2])
        connection.execute("UPDATE session SET ended=? WHERE id=? AND ended=''", (now, number))
        audit.append(connection, actor, "signed out", actor.credential, "done", now)


def revoke(connection: sqlite3.Connection, number: int, now: str, by: Actor) -> bool:
    """Take an invitation back and end the session that it began; whether there was one that counted."""
    with transaction(connection):
        done = connection.execute("UPDATE invite SET revoked=? WHERE id=? AND revoked=''", (now, number)).rowcount
        connection.execute("UPDATE session SET ended=? WHERE invite=? AND ended=''", (now, number))
        audit.append(connection, by, "invitation revoked", f"invitation {number}", "done" if done else "refused", now)
    return bool(done)


def listed(connection: sqlite3.Connection) -> list[Invite]:
    """All invitations, oldest first."""
    return [Invite(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM invite ORDER BY id")]
