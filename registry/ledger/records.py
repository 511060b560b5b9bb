"""Records and payloads: what waits to be prepared, what the gate weighs, what is gone."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from registry.ledger.staging import issues_from
from registry.model import RawRecord


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record to be prepared. ``same_payload``: its last good payload is this one (the recipe changed)."""

    id: int
    record: RawRecord
    digest: str
    same_payload: bool


def raw(row: tuple[object, ...]) -> RawRecord:
    """A RawRecord from (key, body, media_type, format, source, locator, datestamp, broken, issues)."""
    key, body, media_type, format_, source, locator, datestamp, broken, issues = row
    return RawRecord(
        key, zlib.decompress(body), media_type, format_, source, locator, datestamp,  # type: ignore[arg-type]
        broken=bool(broken), issues=issues_from(issues),  # type: ignore[arg-type]
    )  # fmt: skip


_RAW = "r.key, p.body, p.media_type, p.format, r.source, r.locator, r.datestamp, p.broken, p.issues"


def waiting_count(connection: sqlite3.Connection, feed: str, recipe: str) -> int:
    """How many records of a feed were not prepared with this recipe."""
    count: int = connection.execute(
        "SELECT count(*) FROM record WHERE feed=? AND status<>'gone' AND deleted=0 AND prepared IS NOT ?",
        (feed, recipe),
    ).fetchone()[0]
    return count


def waiting(connection: sqlite3.Connection, feed: str, recipe: str, batch: int) -> Iterator[list[Waiting]]:
    """Records not prepared with this recipe, in batches by id; marked by the caller as it goes."""
    last = 0
    while True:
        rows = connection.execute(
            f"SELECT r.id, p.digest, r.good = r.latest, {_RAW} FROM record r JOIN payload p ON p.id = r.latest"
            " WHERE r.feed=? AND r.status<>'gone' AND r.deleted=0 AND r.prepared IS NOT ? AND r.id > ?"
            " ORDER BY r.id LIMIT ?",
            (feed, recipe, last, batch),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield [Waiting(row[0], raw(row[3:]), row[1], bool(row[2])) for row in rows]


def payload(connection: sqlite3.Connection, feed: str, key: str) -> RawRecord | None:
    """The latest payload of a record."""
    row = connection.execute(
        f"SELECT {_RAW} FROM record r JOIN payload p ON p.id = r.latest WHERE r.feed=? AND r.key=?", (feed, key)
    ).fetchone()
    return raw(row) if row else None


def locator(connection: sqlite3.Connection, feed: str, key: str) -> str:
    """Where in the feed a record was last met ("sheet 2024, row 17"), "" if unknown."""
    row = connection.execute("SELECT locator FROM record WHERE feed=? AND key=?", (feed, key)).fetchone()
    return row[0] if row else ""


def statuses(connection: sqlite3.Connection, feed: str) -> dict[str, int]:
    """Records of a feed by status (new, active, held, gone)."""
    return dict(connection.execute("SELECT status, count(*) FROM record WHERE feed=? GROUP BY status", (feed,)))


def absent(connection: sqlite3.Connection, feed: str, run: int) -> list[tuple[int, str]]:
    """(id, key) of published or held records that a complete listing of this run did not show."""
    rows = connection.execute(
        "SELECT r.id, r.key FROM record r LEFT JOIN document d ON d.id = r.document"
        " WHERE r.feed=? AND r.status IN ('active','held','new') AND r.deleted=0"
        " AND r.seen_run < ? AND coalesce(d.run, 0) < ?",
        (feed, run, run),
    )
    return list(rows)


def published(connection: sqlite3.Connection, feed: str, some: Iterable[tuple[int, str]]) -> int:
    """How many of some (id, key) stand in the log; a record that was always held back does not."""
    rows = connection.execute("SELECT id FROM record WHERE feed=? AND good IS NOT NULL AND status <> 'gone'", (feed,))
    standing = {row[0] for row in rows}
    return sum(one in standing for one, _ in some)


def signalled(connection: sqlite3.Connection, feed: str) -> list[tuple[int, str]]:
    """(id, key) of records that the source says are deleted and that are not gone yet."""
    rows = connection.execute("SELECT id, key FROM record WHERE feed=? AND deleted=1 AND status <> 'gone'", (feed,))
    return list(rows)
