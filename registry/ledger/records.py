"""Records and payloads: what waits to be prepared, what the gate weighs, what is gone."""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from registry.ledger.connection import transaction
from registry.ledger.staging import issues_from
from registry.model import RawRecord


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record to be prepared. ``same_payload``: its last good payload is this one (the recipe changed).

    ``prepared`` is what it was prepared with before, None for a payload that never was; ``status`` as kept.
    """

    id: int
    record: RawRecord
    digest: str
    same_payload: bool
    prepared: str | None = None
    status: str = "new"
    published: bool = False


def raw(row: tuple[object, ...]) -> RawRecord:
    """A RawRecord from (key, body, media_type, format, source, locator, datestamp, broken, issues)."""
    key, body, media_type, format_, source, locator, datestamp, broken, issues = row
    return RawRecord(
        key, zlib.decompress(body), media_type, format_, source, locator, datestamp,  # type: ignore[arg-type]
        broken=bool(broken), issues=issues_from(issues),  # type: ignore[arg-type]
    )  # fmt: skip


RAW = "r.key, p.body, p.media_type, p.format, r.source, r.locator, r.datestamp, p.broken, p.issues"


_WAITS = "r.feed=? AND r.status<>'gone' AND r.deleted=0 AND r.prepared IS NOT (? || r.corrected)"
# Not what the gate refused, or a visit that broke off left: that is weighed by the next visit.
_AGAIN = " AND r.prepared IS NOT NULL"


def waiting_count(connection: sqlite3.Connection, feed: str, recipe: str, *, again: bool = False) -> int:
    """How many records of a feed were not prepared with this recipe and their corrections.

    ``again``: only those that were before, with another recipe or other corrections.
    """
    count: int = connection.execute(
        f"SELECT count(*) FROM record r WHERE {_WAITS}{_AGAIN if again else ''}", (feed, recipe)
    ).fetchone()[0]
    return count


def waiting(
    connection: sqlite3.Connection, feed: str, recipe: str, batch: int, *, again: bool = False, key: str | None = None
) -> Iterator[list[Waiting]]:
    """Records not prepared with this recipe, in batches by id; marked by the caller as it goes.

    ``key``: that record alone.
    """
    waits = f"{_WAITS}{_AGAIN if again else ''} AND (? IS NULL OR r.key = ?)"
    values = (feed, recipe, key, key)
    # Sorted once, not for each batch: a large source has thousands of them.
    listed = connection.execute(f"SELECT r.id FROM record r WHERE {waits} ORDER BY r.id", values)
    numbers = array("q", (number for (number,) in listed))
    for start in range(0, len(numbers), batch):
        some = numbers[start : start + batch].tolist()
        rows = connection.execute(
            f"SELECT r.id, p.digest, r.good = r.latest, r.prepared, r.status, r.good IS NOT NULL, {RAW}"
            " FROM record r NOT INDEXED JOIN payload p ON p.id = r.latest"
            f" WHERE r.id IN ({','.join('?' * len(some))}) AND {waits} ORDER BY r.id",
            (*some, *values),
        ).fetchall()
        if rows:
            yield [Waiting(row[0], raw(row[6:]), row[1], bool(row[2]), row[3], row[4], bool(row[5])) for row in rows]


def payload(connection: sqlite3.Connection, feed: str, key: str) -> RawRecord | None:
    """The latest payload of a record."""
    row = connection.execute(
        f"SELECT {RAW} FROM record r JOIN payload p ON p.id = r.latest WHERE r.feed=? AND r.key=?", (feed, key)
    ).fetchone()
    return raw(row) if row else None


def format_of(connection: sqlite3.Connection, feed: str, key: str) -> str:
    """The format of a record's latest payload, "" if there is none; the payload is not read."""
    row = connection.execute(
        "SELECT p.format FROM record r JOIN payload p ON p.id = r.latest WHERE r.feed=? AND r.key=?", (feed, key)
    ).fetchone()
    return str(row[0]) if row else ""


def locator(connection: sqlite3.Connection, feed: str, key: str) -> str:
    """Where in the feed a record was last met ("sheet 2024, row 17"), "" if unknown."""
    row = connection.execute("SELECT locator FROM record WHERE feed=? AND key=?", (feed, key)).fetchone()
    return row[0] if row else ""


def held(connection: sqlite3.Connection, feed: str, limit: int = 10_000) -> list[tuple[str, str, bool]]:
    """(key, place in the list, whether an earlier version stands) of entries whose newest version is held back."""
    rows = connection.execute(
        "SELECT key, locator, good IS NOT NULL FROM record WHERE feed=? AND status='held' AND deleted=0"
        " ORDER BY id LIMIT ?",
        (feed, limit),
    )
    return [(key, locator, bool(published)) for key, locator, published in rows]


def statuses(connection: sqlite3.Connection, feed: str) -> dict[str, int]:
    """Records of a feed by status (new, active, held, gone)."""
    return dict(connection.execute("SELECT status, count(*) FROM record WHERE feed=? GROUP BY status", (feed,)))


BATCH = 500
_ABSENT = (
    "r.feed=:feed AND r.status IN ('active','held','new') AND r.deleted=0 AND r.seen_run < :run"
    " AND coalesce((SELECT d.run FROM document d WHERE d.id = r.document), 0) < :run"
)


@dataclass(frozen=True, slots=True)
class Missing:
    """A record that a complete listing did not show for the first time: where it was last met, since when."""

    id: int
    key: str
    place: str
    since: str


def find_absent(connection: sqlite3.Connection, feed: str, run: int) -> int:
    """Collect what a complete listing of this run did not show, for the calls below; how many."""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS absent (record INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM absent")
    given = {"feed": feed, "run": run}
    return connection.execute(f"INSERT INTO absent SELECT r.id FROM record r WHERE {_ABSENT}", given).rowcount


def found_again(connection: sqlite3.Connection, feed: str, run: int) -> list[str]:
    """End the absence of records that this run saw; their keys. Cheap where nothing was missing."""
    rows = connection.execute(
        f"SELECT r.id, r.key FROM record r WHERE r.feed=:feed AND r.missing_visits > 0 AND NOT ({_ABSENT})",
        {"feed": feed, "run": run},
    ).fetchall()
    for start in range(0, len(rows), BATCH):
        with transaction(connection):
            connection.executemany(
                "UPDATE record SET missing_visits=0, missing_since='' WHERE id=?",
                [(row[0],) for row in rows[start : start + BATCH]],
            )
    return [row[1] for row in rows]


def count_missing(connection: sqlite3.Connection, now: str) -> Iterator[list[Missing]]:
    """One more complete listing without what ``find_absent`` collected; yields those that are missing newly,
    inside the transaction that counts them. A kill leaves some uncounted: the next listing counts on."""
    last = 0
    while True:
        rows = connection.execute(
            "SELECT r.id, r.key, r.locator, r.source, r.missing_visits FROM absent a JOIN record r ON r.id = a.record"
            " WHERE a.record > ? ORDER BY a.record LIMIT ?",
            (last, BATCH),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        with transaction(connection):
            connection.executemany(
                "UPDATE record SET missing_visits=missing_visits+1,"
                " missing_since=CASE missing_visits WHEN 0 THEN ? ELSE missing_since END WHERE id=?",
                [(now, row[0]) for row in rows],
            )
            yield [Missing(row[0], row[1], row[2] or row[3], now) for row in rows if not row[4]]


def missing_count(connection: sqlite3.Connection, feed: str) -> int:
    """How many records of a feed are missing from its listings and wait for the end of their grace."""
    sql = "SELECT count(*) FROM record WHERE feed=? AND missing_visits > 0"
    count: int = connection.execute(sql, (feed,)).fetchone()[0]
    return count


def find_going(
    connection: sqlite3.Connection, feed: str, *, absent: bool, visits: int = 0, before: str = ""
) -> tuple[int, int]:
    """Collect what is to be withdrawn: (how many, how many of them stand published).

    What the source says is deleted; with ``absent`` all that ``find_absent`` collected; with ``visits`` what
    was missing from so many complete listings, the first of them not after ``before``.
    """
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS going (record INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM going")
    insert = "INSERT OR IGNORE INTO going SELECT id FROM record WHERE feed=? AND status <> 'gone' AND "
    connection.execute(insert + "deleted=1", (feed,))
    if absent:
        connection.execute("INSERT OR IGNORE INTO going SELECT record FROM absent")
    if visits:
        connection.execute(insert + "missing_visits >= ? AND missing_since <= ?", (feed, visits, before))
    row: tuple[int, int] = connection.execute(
        "SELECT count(*), count(r.good) FROM going g JOIN record r ON r.id = g.record"
    ).fetchone()
    return row


def going(connection: sqlite3.Connection) -> Iterator[list[tuple[int, str]]]:
    """(id, key) of what ``find_going`` collected, in batches."""
    last = 0
    while True:
        rows = connection.execute(
            "SELECT r.id, r.key FROM going g JOIN record r ON r.id = g.record WHERE g.record > ?"
            " ORDER BY g.record LIMIT ?",
            (last, BATCH),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield rows


def mark(connection: sqlite3.Connection, feed: str, record: int, marks: tuple[int, ...]) -> None:
    """Keep by what a record can be found to be the same as another. Inside the caller's transaction."""
    connection.execute("DELETE FROM likeness WHERE record=?", (record,))
    connection.executemany(
        "INSERT OR IGNORE INTO likeness (feed, mark, record) VALUES (?,?,?)", [(feed, one, record) for one in marks]
    )


def alike(connection: sqlite3.Connection, feed: str, limit: int) -> list[tuple[tuple[str, str], tuple[str, str], int]]:
    """Entries of one list with an equal mark: (key, place) of the first and the last, how many; told once."""
    groups = connection.execute(
        "SELECT min(record), max(record), count(*) FROM likeness WHERE feed=? GROUP BY mark HAVING count(*) > 1",
        (feed,),
    )
    told: dict[tuple[int, int], int] = {}
    for first, last, count in groups:
        if len(told) >= limit:
            break
        told[(first, last)] = max(count, told.get((first, last), 0))

    def place(record: int) -> tuple[str, str]:
        key, locator, source = connection.execute(
            "SELECT key, locator, source FROM record WHERE id=?", (record,)
        ).fetchone()
        return key, locator or source

    return [(place(first), place(last), count) for (first, last), count in sorted(told.items())]
