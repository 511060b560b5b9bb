"""Models and calibrations of the matching: saved as drafts, taken into use by a change in the log, never deleted.

Which model is in use is what was last taken into use; the way back is to take an earlier one into use again.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from registry.ledger import log
from registry.ledger.connection import transaction

State = Literal["draft", "in use", "earlier"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A model as listed: ``version`` ("m1", "m2" …), when and by whom it was saved, what its training reported
    (JSON), and whether it is a draft (never used), in use, or was in use earlier. ``used`` is when it was last
    taken into use ("": never)."""

    version: str
    time: str
    by: str
    report: Mapping[str, Any]
    state: State
    used: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model with its parts as they were saved: {name: bytes}."""

    version: str
    parts: Mapping[str, bytes]


def save(
    connection: sqlite3.Connection, parts: Mapping[str, bytes], report: Mapping[str, Any], *, time: str, by: str
) -> str:
    """Save a model as a draft; its version. ``report`` must be JSON. Raises ValueError for a model of no parts."""
    if not parts:
        raise ValueError("a model has at least one part")
    told = json.dumps(dict(report), sort_keys=True, ensure_ascii=False)
    packed = [(name, zlib.compress(body, 6)) for name, body in sorted(parts.items())]
    with transaction(connection):
        number = connection.execute(
            "INSERT INTO model (time, author, report) VALUES (?,?,?)", (time, by, told)
        ).lastrowid  # fmt: skip
        connection.executemany(
            "INSERT INTO model_part (model, name, body) VALUES (?,?,?)", [(number, *part) for part in packed]
        )
    return f"m{number}"


def use(connection: sqlite3.Connection, version: str, *, time: str, by: str) -> int | None:
    """Take a model into use, a draft or an earlier one: the sequence of the change (kind "model", cause "person"),
    None where it is in use. Raises LookupError for a version that there is not."""
    with transaction(connection):
        number = _number(connection, version)
        if _current(connection) == number:
            return None
        sequence = log.append(connection, time=time, kind="model", subject="model", cause="person", digest_=version)
        connection.execute(
            "INSERT INTO model_use (sequence, model, time, author) VALUES (?,?,?,?)", (sequence, number, time, by)
        )
    return sequence


def load(connection: sqlite3.Connection, version: str | None = None) -> Model | None:
    """A model with its parts: of this version, or the one in use (None while there is none).

    Raises LookupError for a version that there is not.
    """
    number = _current(connection) if version is None else _number(connection, version)
    if number is None:
        return None
    rows = connection.execute("SELECT name, body FROM model_part WHERE model=? ORDER BY name", (number,))
    return Model(f"m{number}", {name: zlib.decompress(body) for name, body in rows})


def current(connection: sqlite3.Connection) -> str | None:
    """The version in use, None while there is none."""
    number = _current(connection)
    return None if number is None else f"m{number}"


def listed(connection: sqlite3.Connection) -> list[Listed]:
    """All models, oldest first."""
    now = _current(connection)
    rows = connection.execute(
        "SELECT m.number, m.time, m.author, m.report,"
        " coalesce((SELECT u.time FROM model_use u WHERE u.model = m.number ORDER BY u.sequence DESC LIMIT 1), '')"
        " FROM model m ORDER BY m.number"
    )
    return [
        Listed(f"m{number}", time, by, json.loads(report), _state(number, now, used), used)
        for number, time, by, report, used in rows
    ]


def _state(number: int, now: int | None, used: str) -> State:
    if number == now:
        return "in use"
    return "earlier" if used else "draft"


def _current(connection: sqlite3.Connection) -> int | None:
    row = connection.execute("SELECT model FROM model_use ORDER BY sequence DESC LIMIT 1").fetchone()
    return row[0] if row else None


def _number(connection: sqlite3.Connection, version: str) -> int:
    digits = version[1:]
    if version.startswith("m") and digits.isascii() and digits.isdigit() and len(digits) < 10:
        row = connection.execute("SELECT number FROM model WHERE number=?", (int(digits),)).fetchone()
        if row is not None and version == f"m{row[0]}":
            return int(row[0])
    raise LookupError(f"there is no model {version}")
