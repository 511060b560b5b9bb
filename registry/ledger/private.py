"""What of an academy's lists is shown to it alone: entries held back, what waits for the gate, pairs under notice."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

MAX_TEXT = 20_000
"""Of an entry so many characters are shown."""


@dataclass(frozen=True, slots=True)
class Held:
    """An entry whose newest version is not public: as its list gave it, and whether an earlier version is."""

    id: int
    feed: str
    key: str
    where: str
    published: bool
    format: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What waits for the gate: ``kind`` record, tombstone or hold; ``cause`` as in the log."""

    feed: str
    key: str
    where: str
    kind: str
    cause: str
    published: bool


def _marks(feeds: Sequence[str]) -> str:
    return ",".join("?" * len(feeds))


def held(connection: sqlite3.Connection, feeds: Sequence[str], limit: int = 100, after: int = 0) -> list[Held]:
    """Entries that are held back, in the order they were first met."""
    rows = connection.execute(
        "SELECT r.id, r.feed, r.key, r.locator, r.good IS NOT NULL, p.format, p.body FROM record r"
        f" JOIN payload p ON p.id = r.latest WHERE r.feed IN ({_marks(feeds)}) AND r.status='held' AND r.deleted=0"
        " AND r.id > ? ORDER BY r.id LIMIT ?",
        (*feeds, after, limit),
    )
    return [
        Held(number, feed, key, where, bool(published), form, _text(body))
        for number, feed, key, where, published, form, body in rows
    ]


def _text(body: bytes) -> str:
    # A character has at most four bytes: no more than that is unpacked.
    return zlib.decompressobj().decompress(body, 4 * MAX_TEXT).decode("utf-8", "replace")[:MAX_TEXT]


def drafts(connection: sqlite3.Connection, feeds: Sequence[str], limit: int = 100) -> list[Draft]:
    """What waits for the gate."""
    rows = connection.execute(
        "SELECT d.feed, r.key, r.locator, d.kind, d.cause, r.good IS NOT NULL FROM draft d"
        f" JOIN record r ON r.id = d.record WHERE d.feed IN ({_marks(feeds)}) ORDER BY d.record LIMIT ?",
        (*feeds, limit),
    )
    return [Draft(feed, key, where, kind, cause, bool(published)) for feed, key, where, kind, cause, published in rows]


def notices(connection: sqlite3.Connection, resources: Sequence[str], limit: int = 200) -> list[tuple[str, str, str]]:
    """(left, right, since when) of pairs that only the academies concerned see; ``resources`` are the beginnings of
    the academy's addresses, each with a slash at its end."""
    found: dict[tuple[str, str], str] = {}
    for start in resources:
        for side in ("left_resource", "right_resource"):
            rows = connection.execute(
                "SELECT left_resource, right_resource, since FROM notice WHERE ended_sequence=0"
                f" AND {side} >= ? AND {side} < ? ORDER BY left_resource, right_resource LIMIT ?",
                (start, start[:-1] + "0", limit),
            )
            found.update({(left, right): since for left, right, since in rows})
    return [(*pair, since) for pair, since in sorted(found.items())][:limit]
