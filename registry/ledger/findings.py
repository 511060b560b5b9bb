"""Findings: kept per record and stage, read in the order of gravity, grouped by cause for people."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry.model import Finding, Issue, Severity

_ORDER = "CASE severity WHEN 'violation' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END"


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """All findings of one cause: how many, in how many records, and up to five examples."""

    code: str
    severity: Severity
    count: int
    records: int
    examples: tuple[Finding, ...]


def replace(connection: sqlite3.Connection, feed: str, record: str, stage: str, findings: Iterable[Finding]) -> None:
    """Put a record's findings of one stage in place of the old ones, inside the caller's transaction.

    ``record`` "" stands for the feed as a whole.
    """
    connection.execute("DELETE FROM finding WHERE feed=? AND record=? AND stage=?", (feed, record, stage))
    _insert(connection, feed, record, stage, findings)


def replace_stage(connection: sqlite3.Connection, feed: str, stage: str, findings: Iterable[Finding]) -> None:
    """Put a feed's findings of one stage in place of the old ones, for all records at once, in a transaction."""
    connection.execute("DELETE FROM finding WHERE feed=? AND stage=?", (feed, stage))
    for finding in findings:
        _insert(connection, feed, finding.record, stage, [finding])


def _insert(connection: sqlite3.Connection, feed: str, record: str, stage: str, findings: Iterable[Finding]) -> None:
    connection.executemany(
        "INSERT INTO finding (feed, record, stage, severity, code, place, value, params) VALUES (?,?,?,?,?,?,?,?)",
        [
            (feed, record, stage, f.severity, f.issue.code, f.issue.place, f.issue.value,
             json.dumps(dict(f.issue.params), ensure_ascii=False))
            for f in findings
        ],
    )  # fmt: skip


def _finding(row: Sequence[str]) -> Finding:
    params = tuple(sorted(json.loads(row[6]).items()))
    return Finding(row[0], row[1], row[2], Issue(row[3], row[4], row[5], params))  # type: ignore[arg-type]


_COLUMNS = "feed, record, severity, code, place, value, params"


def _feeds(feeds: Sequence[str]) -> str:
    return ",".join("?" * len(feeds))


def listed(
    connection: sqlite3.Connection,
    feeds: Sequence[str],
    *,
    limit: int = 100,
    after: int = 0,
    code: str | None = None,
) -> tuple[list[Finding], int | None]:
    """Findings of some feeds in the order they were found, and the id to go on after (None at the end)."""
    where, values = ("", []) if code is None else (" AND code=?", [code])
    rows = connection.execute(
        f"SELECT {_COLUMNS}, id FROM finding WHERE feed IN ({_feeds(feeds)}) AND id > ?{where} ORDER BY id LIMIT ?",
        (*feeds, after, *values, limit + 1),
    ).fetchall()
    more = rows[limit - 1][7] if len(rows) > limit else None
    return [_finding(row) for row in rows[:limit]], more


def total(connection: sqlite3.Connection, feeds: Sequence[str], code: str | None = None) -> int:
    """How many findings some feeds have."""
    where, values = ("", []) if code is None else (" AND code=?", [code])
    sql = f"SELECT count(*) FROM finding WHERE feed IN ({_feeds(feeds)}){where}"
    count: int = connection.execute(sql, (*feeds, *values)).fetchone()[0]
    return count


def of_record(connection: sqlite3.Connection, feed: str, key: str) -> list[Finding]:
    """The findings of one record, gravest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM finding WHERE feed=? AND record=? ORDER BY {_ORDER}, id", (feed, key)
    )
    return [_finding(row) for row in rows]


# Of all findings of a feed only those of one table of messages, by the index on codes.
_ROOM = "feed=? AND severity IN ('violation', 'warning', 'info') AND code >= ? AND code < ?"


def _room(feed: str, room: str) -> tuple[str, str, str]:
    return feed, f"{room}-", f"{room}."


def of_room(connection: sqlite3.Connection, feed: str, room: str) -> list[Finding]:
    """A feed's findings whose codes begin with the name of a table of messages, in the order they were found."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM finding WHERE {_ROOM} ORDER BY id", _room(feed, room))
    return [_finding(row) for row in rows]


def replace_room(connection: sqlite3.Connection, feed: str, room: str, findings: Iterable[Finding]) -> None:
    """Put findings of one table of messages in the place of a feed's old ones, in the caller's transaction."""
    connection.execute(f"DELETE FROM finding WHERE {_ROOM}", _room(feed, room))
    for finding in findings:
        _insert(connection, feed, finding.record, room, [finding])


def groups(connection: sqlite3.Connection, feeds: Sequence[str]) -> list[FindingGroup]:
    """Findings grouped by cause: gravest first, then most frequent."""
    found = connection.execute(
        f"SELECT code, severity, count(*), count(DISTINCT feed || ' ' || record) FROM finding"
        f" WHERE feed IN ({_feeds(feeds)}) GROUP BY code, severity ORDER BY {_ORDER}, 3 DESC, code",
        tuple(feeds),
    ).fetchall()
    result = []
    for code, severity, count, records in found:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM finding WHERE feed IN ({_feeds(feeds)}) AND code=? AND severity=?"
            " ORDER BY id LIMIT 5",
            (*feeds, code, severity),
        )
        result.append(FindingGroup(code, severity, count, records, tuple(_finding(row) for row in rows)))
    return result


def counts(connection: sqlite3.Connection, feed: str) -> dict[str, int]:
    """Findings of a feed by severity."""
    rows = connection.execute("SELECT severity, count(*) FROM finding WHERE feed=? GROUP BY severity", (feed,))
    return dict(rows)


def records_with(connection: sqlite3.Connection, feed: str, codes: Sequence[str]) -> int:
    """How many records of a feed have a finding of one of these causes."""
    sql = f"SELECT count(DISTINCT record) FROM finding WHERE feed=? AND record <> '' AND code IN ({_feeds(codes)})"
    count: int = connection.execute(sql, (feed, *codes)).fetchone()[0]
    return count
