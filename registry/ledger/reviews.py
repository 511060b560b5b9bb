"""Who reviews pairs, the batches that were given out, and the random sample among them.

The decisions themselves are in ``decisions``; a decision names its batch ("b12").
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from registry.ledger import runs
from registry.ledger.connection import transaction
from registry.model import Relation

_SEED = "review-seed"
_PAIR = "batch, position, part, left_resource, right_resource, relation, source, stream, stratum, second"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person who decides on pairs: the languages they read, and the academy that they work for ("" none)."""

    name: str
    languages: tuple[str, ...]
    academy: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A pair as it was given out: ``position`` from 1, ``part`` from 1 within a family (0: a pair of its own).

    ``relation`` and ``source`` are the machine's then, ``stream`` "queue" or "random".
    """

    position: int
    part: int
    left: str
    right: str
    relation: Relation
    source: str
    stream: str
    stratum: str
    second: bool
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch: its id ("b12"), whose it is, when it was given out, how many minutes it takes, its pairs in order."""

    id: str
    reviewer: str
    time: str
    minutes: int
    pairs: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A pair of the random sample, of ``population`` pairs in its stratum when it was drawn."""

    left: str
    right: str
    stratum: str
    population: int


def seed(connection: sqlite3.Connection) -> str:
    """The seed of this ledger's random stream; made when it is first asked for."""
    found = runs.remembered(connection, _SEED)
    if not found:
        found = secrets.token_hex(8)
        runs.remember(connection, _SEED, found)
    return found


def add_reviewer(
    connection: sqlite3.Connection, reviewer: Reviewer, beside: Callable[[sqlite3.Connection], None] | None = None
) -> None:
    """Add a reviewer, or give one of that name other languages or another academy; ``beside`` writes with it."""
    with transaction(connection):
        connection.execute(
            "INSERT OR REPLACE INTO reviewer (name, languages, academy, time) VALUES (?,?,?,?)",
            (reviewer.name, ",".join(reviewer.languages), reviewer.academy, reviewer.time),
        )
        if beside is not None:
            beside(connection)


def reviewers(connection: sqlite3.Connection) -> dict[str, Reviewer]:
    """All reviewers by name."""
    rows = connection.execute("SELECT name, languages, academy, time FROM reviewer ORDER BY name")
    return {row[0]: Reviewer(row[0], tuple(filter(None, row[1].split(","))), row[2], row[3]) for row in rows}


def give(
    connection: sqlite3.Connection,
    reviewer: str,
    time: str,
    minutes: int,
    pairs: Sequence[Given],
    drawn: Iterable[Drawn],
) -> str:
    """Keep a batch that is given out, and what it draws at random; its id."""
    with transaction(connection):
        number = connection.execute(
            "INSERT INTO review_batch (reviewer, time, minutes) VALUES (?,?,?)", (reviewer, time, minutes)
        ).lastrowid
        connection.executemany(
            f"INSERT INTO review_pair ({_PAIR}) VALUES (?,?,?,?,?,?,?,?,?,?)",
            [(number, one.position, one.part, one.left, one.right, one.relation, one.source, one.stream, one.stratum,
              one.second) for one in pairs],
        )  # fmt: skip
        connection.executemany(
            "INSERT OR IGNORE INTO review_drawn (left_resource, right_resource, stratum, population, time)"
            " VALUES (?,?,?,?,?)",
            [(one.left, one.right, one.stratum, one.population, time) for one in drawn],
        )
    return f"b{number}"


def batch(connection: sqlite3.Connection, name: str) -> Batch | None:
    """A batch by its id, None where there is none."""
    number = name.removeprefix("b")
    if not name.startswith("b") or not number.isascii() or not number.isdecimal() or len(number) > 12:
        return None
    row = connection.execute(
        "SELECT reviewer, time, minutes FROM review_batch WHERE number=?", (int(number),)
    ).fetchone()
    if row is None:
        return None
    rows = connection.execute(f"SELECT {_PAIR} FROM review_pair WHERE batch=? ORDER BY position, part", (int(number),))
    return Batch(name, row[0], row[1], row[2], tuple(_given(found) for found in rows))


def batches(connection: sqlite3.Connection, reviewer: str | None = None, since: str = "") -> list[Batch]:
    """The batches given out, of one reviewer or of all, at or after a time; oldest first."""
    rows = connection.execute(
        "SELECT number FROM review_batch WHERE (? IS NULL OR reviewer=?) AND time >= ? ORDER BY number",
        (reviewer, reviewer, since),
    ).fetchall()
    found = (batch(connection, f"b{number}") for (number,) in rows)
    return [one for one in found if one is not None]


def drawn(connection: sqlite3.Connection) -> dict[tuple[str, str], Drawn]:
    """The random sample so far, by pair."""
    rows = connection.execute("SELECT left_resource, right_resource, stratum, population FROM review_drawn")
    return {(row[0], row[1]): Drawn(*row) for row in rows}


def _given(row: tuple[Any, ...]) -> Given:
    number, position, part, left, right, relation, source, stream, stratum, second = row
    return Given(position, part, left, right, relation, source, stream, stratum, bool(second), f"b{number}")
