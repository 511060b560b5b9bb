"""Who may write: tokens for programs. A token is shown once; the ledger keeps the SHA-256 of it, and finds it by its
number. 256 random bits need no slow hash: there is nothing to guess (NIST SP 800-63B, section 5.1.2.2).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, get_args

from registry.ledger import audit
from registry.ledger.connection import transaction

Role = Literal["publisher", "reviewer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
SCOPES: dict[str, tuple[str, ...]] = {
    "publisher": ("lists", "visits", "private", "answers"),
    "reviewer": ("decisions",),
    "admin": ("lists", "visits", "private", "audit"),
}
"""What each role may do; a token may be given less."""
MAX_NAME = 100
MAX_DAYS = 366
USED_EVERY = 60
"""Seconds after which a token's last use is written again: not every read is a write."""
_TOKEN = re.compile(r"ma_([1-9][0-9]{0,8})_[A-Za-z0-9_-]{43}")
_NOTHING = "0" * 64


class BadGrant(ValueError):
    """Rights that cannot be given; the message says why."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``credential`` names by what they are known ("token 3", "session 4", "command line"); ``academy`` is
    a publisher's own, or a reviewer's office ("": none)."""

    name: str
    role: str
    academy: str
    scopes: frozenset[str]
    credential: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is listed: never its secret. Times are UTC, "" for never."""

    id: int
    name: str
    role: str
    academy: str
    scopes: tuple[str, ...]
    made: str
    made_by: str
    expires: str
    used: str
    revoked: str


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(kept: str | None, secret: str) -> bool:
    """Whether a secret is the one of which this digest was kept, in a time that tells nothing."""
    return hmac.compare_digest(kept or _NOTHING, digest(secret)) and kept is not None


def grant(name: str, role: str, academy: str, scopes: Collection[str] = ()) -> tuple[str, ...]:
    """The scopes of rights that are asked for (all of the role's where none is named). Raises BadGrant."""
    if role not in SCOPES:
        raise BadGrant(f"{role!r} is no role; there are: {', '.join(ROLES)}")
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise BadGrant(f"give a name of at most {MAX_NAME} characters: the audit trail tells who did what")
    if role == "publisher" and not academy:
        raise BadGrant("a publisher acts for one academy: name it")
    if role == "admin" and academy:
        raise BadGrant("an admin is of no academy")
    wrong = sorted(set(scopes) - set(SCOPES[role]))
    if wrong:
        raise BadGrant(f"{wrong[0]!r} is no scope of a {role}; there are: {', '.join(SCOPES[role])}")
    return tuple(one for one in SCOPES[role] if one in scopes or not scopes)


def make(
    connection: sqlite3.Connection,
    *,
    name: str,
    role: str,
    academy: str,
    scopes: Collection[str],
    expires: str,
    now: str,
    by: Actor,
) -> tuple[int, str]:
    """Make a token: (number, the token itself, which nothing shows again). Raises BadGrant."""
    granted = grant(name, role, academy, scopes)
    if expires <= now:
        raise BadGrant("a token that has expired is of no use")
    with transaction(connection):
        number = connection.execute(
            "INSERT INTO token (digest, name, role, academy, scopes, made, made_by, expires) VALUES (?,?,?,?,?,?,?,?)",
            (_NOTHING, name, role, academy, " ".join(granted), now, by.name, expires),
        ).lastrowid
        assert number is not None
        text = f"ma_{number}_{secrets.token_urlsafe(32)}"
        connection.execute("UPDATE token SET digest=? WHERE id=?", (digest(text), number))
        what = " ".join(filter(None, [name, role, academy]))
        audit.append(connection, by, "token made", f"token {number}", "done", now, f"{what}; until {expires}")
    return number, text


_COLUMNS = "id, name, role, academy, scopes, made, made_by, expires, used, revoked"


def _token(row: tuple[Any, ...]) -> Token:
    number, name, role, academy, scopes, made, made_by, expires, used, revoked = row
    return Token(number, name, role, academy, tuple(scopes.split()), made, made_by, expires, used, revoked)


def find(connection: sqlite3.Connection, text: str, now: str) -> Actor | None:
    """Who a token is of; None for one that is unknown, was revoked or has expired: they are not told apart."""
    read = _TOKEN.fullmatch(text)
    row = connection.execute(
        f"SELECT {_COLUMNS}, digest FROM token WHERE id=?", (int(read[1]) if read else 0,)
    ).fetchone()
    known = same(row[-1] if row else None, text)
    if row is None or not known:
        return None
    one = _token(row[:-1])
    if one.revoked or one.expires <= now:
        return None
    return Actor(one.name, one.role, one.academy, frozenset(one.scopes), f"token {one.id}")


def use(connection: sqlite3.Connection, credential: str, now: str, before: str) -> None:
    """Keep that a token or session was used, unless that was kept at ``before`` or later."""
    table, _, number = credential.partition(" ")
    if table not in ("token", "session"):
        return
    row = connection.execute(f"SELECT used FROM {table} WHERE id=?", (int(number),)).fetchone()
    if row is not None and row[0] < before:
        with transaction(connection):
            connection.execute(f"UPDATE {table} SET used=? WHERE id=?", (now, int(number)))


def revoke(connection: sqlite3.Connection, number: int, now: str, by: Actor) -> bool:
    """Take a token back; whether there was one that counted."""
    with transaction(connection):
        done = connection.execute("UPDATE token SET revoked=? WHERE id=? AND revoked=''", (now, number)).rowcount
        audit.append(connection, by, "token revoked", f"token {number}", "done" if done else "refused", now)
    return bool(done)


def listed(connection: sqlite3.Connection) -> list[Token]:
    """All tokens, those that count no more too, oldest first."""
    return [_token(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM token ORDER BY id")]
