"""Corrections: what a person changed in a harvested record.

A correction is applied whenever its record is prepared, so it survives every visit. It is never changed: one
that is ended, or that a later one of the same values replaces, keeps its row. Adding and ending one changes
``record.corrected``, by which that record alone waits to be prepared again.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable

from registry.ledger import log
from registry.ledger.connection import transaction
from registry.model import Correction

_LANGUAGE = re.compile(r'"@([A-Za-z0-9-]+)$')
_COLUMNS = "id, feed, key, property, old, new, reason, author, time, instead, ended"


def digest(corrections: Iterable[Correction]) -> str:
    """The digest of a record's corrections in force, "" when there is none: part of what it was prepared with."""
    ids = sorted(one.id for one in corrections)
    return "+" + hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()[:12] if ids else ""


def in_force(connection: sqlite3.Connection, feed: str) -> dict[str, tuple[Correction, ...]]:
    """The corrections of a feed's records that have not ended, by key, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM correction WHERE feed=? AND ended='' ORDER BY id", (feed,))
    found: dict[str, tuple[Correction, ...]] = {}
    for row in rows:
        one = Correction(*row)
        found[one.key] = (*found.get(one.key, ()), one)
    return found


def listed(connection: sqlite3.Connection, *, ended: bool = True, feed: str | None = None) -> list[Correction]:
    """Corrections, oldest first; those that ended too unless said."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM correction WHERE (? OR ended='') AND (? IS NULL OR feed=?) ORDER BY id",
        (ended, feed, feed),
    )
    return [Correction(*row) for row in rows]


def add(connection: sqlite3.Connection, correction: Correction, subject: str) -> int:
    """Put a correction in force; its id. One of the same record, property and values ends with it.

    ``subject`` begins the IRI of the change that tells of it: {subject}{id}. Raises LookupError when there is
    no such record.
    """
    with transaction(connection):
        replaced = [one.id for one in in_force(connection, correction.feed).get(correction.key, ())
                    if same_values(one, correction)]  # fmt: skip
        number = connection.execute(
            "INSERT INTO correction (feed, key, property, instead, old, new, reason, author, time)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            (correction.feed, correction.key, correction.property, correction.instead, correction.old, correction.new,
             correction.reason, correction.author, correction.time),
        ).lastrowid  # fmt: skip
        assert number is not None
        for one in replaced:
            _end(connection, one, correction.author, correction.time, subject)
        _mark(connection, correction.feed, correction.key)
        log.append(
            connection, time=correction.time, kind="correction", subject=f"{subject}{number}", cause="person",
            digest_="in force",
        )  # fmt: skip
    return number


def end(connection: sqlite3.Connection, number: int, author: str, time: str, subject: str) -> Correction:
    """End a correction; as it was. Raises LookupError when there is none of that number in force."""
    with transaction(connection):
        row = connection.execute(f"SELECT {_COLUMNS} FROM correction WHERE id=? AND ended=''", (number,)).fetchone()
        if row is None:
            raise LookupError(f"there is no correction {number} in force")
        found = Correction(*row)
        _end(connection, number, author, time, subject)
        _mark(connection, found.feed, found.key)
    return found


def same_values(one: Correction, other: Correction) -> bool:
    """Whether two corrections of one record speak for the same values: then the later one counts."""
    return (one.property, one.instead) == (other.property, other.instead) and (
        not one.new or not other.new or _languages(one.new) == _languages(other.new)
    )


def _languages(new: str) -> set[str]:
    found = (_LANGUAGE.search(term) for term in new.split("\n"))
    return {one[1] if one else "" for one in found}


def _end(connection: sqlite3.Connection, number: int, author: str, time: str, subject: str) -> None:
    connection.execute("UPDATE correction SET ended=?, ended_by=? WHERE id=?", (time, author, number))
    log.append(connection, time=time, kind="correction", subject=f"{subject}{number}", cause="person", digest_="ended")


def _mark(connection: sqlite3.Connection, feed: str, key: str) -> None:
    state = digest(in_force(connection, feed).get(key, ()))
    changed = connection.execute("UPDATE record SET corrected=? WHERE feed=? AND key=?", (state, feed, key)).rowcount
    if not changed:
        raise LookupError(f"there is no entry {feed}/{key}")
