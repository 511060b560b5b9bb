"""Changes taken into the working file: rows of what changed, and what is remembered of how it was.

Afterwards ``dirty`` holds the numbers of the resources that changed, ``old_key`` and ``old_own`` their former keys
(``old_own`` also those that they have now).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import duckdb
import pyarrow as pa

from registry.matching import aside, candidates
from registry.matching.columns import insert
from registry.matching.normalise import Tables
from registry.matching.reading import Rows, living, read
from registry.model import Change

TOGETHER = 20_000
"""Changes that are stored at once."""
READ_TABLES = ("own", "declared", "trait", "token", "key", "untitled")


def take(
    db: duckdb.DuckDBPyConnection, changes: Iterable[Change], sequence: int, tables: Tables, workers: int
) -> tuple[int, int]:
    """Take changes into the tables of records and keys; the last sequence, and how many records changed."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE dirty (n BIGINT); CREATE OR REPLACE TEMP TABLE old_key (k BIGINT);"
        "CREATE OR REPLACE TEMP TABLE old_own (key VARCHAR)"
    )
    for some, rows in _gathered(read(changes, tables, workers)):
        sequence = max(sequence, *(change.sequence for change in some))
        touched = [one.subject for one in some if one.kind in ("record", "tombstone", "erased")]
        if touched:
            _store(db, touched, rows, tables)
            aside.measure(db, some)
    db.execute("INSERT INTO old_own SELECT key FROM own SEMI JOIN dirty USING (n)")
    db.execute("INSERT INTO old_own SELECT key FROM declared SEMI JOIN dirty USING (n)")
    return sequence, int(db.execute("SELECT count(*) FROM dirty").fetchall()[0][0])


def _gathered(read: Iterable[tuple[list[Change], Rows]]) -> Iterator[tuple[list[Change], Rows]]:
    """Batches put together, each subject once: every statement looks through all records that are there."""
    changes: list[Change] = []
    parts: list[Rows] = []
    seen: set[str] = set()

    def together() -> tuple[list[Change], Rows]:
        return changes, {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}

    for batch, rows in read:
        subjects = {change.subject for change in batch}
        if parts and (seen & subjects or len(changes) + len(batch) > TOGETHER):
            yield together()
            changes, parts, seen = [], [], set()
        changes += batch
        parts.append(rows)
        seen |= subjects
    if parts:
        yield together()


def _store(db: duckdb.DuckDBPyConnection, subjects: list[str], rows: Rows, tables: Tables) -> None:
    db.register("subjects_", pa.table({"subject": subjects}))
    for name, table in rows.items():
        db.register(f"new_{name}", table)
    db.execute(
        "CREATE OR REPLACE TEMP TABLE there AS SELECT n FROM record SEMI JOIN subjects_ USING (subject)"
        " UNION SELECT n FROM spare SEMI JOIN subjects_ USING (subject) UNION SELECT n FROM new_record;"
        "CREATE OR REPLACE TEMP TABLE leaving AS SELECT n FROM there ANTI JOIN dirty USING (n)"
    )
    (known,) = db.execute(
        "SELECT (SELECT count(*) FROM record SEMI JOIN there USING (n))"
        " + (SELECT count(*) FROM spare SEMI JOIN there USING (n))"
    ).fetchall()[0]
    db.execute("INSERT INTO dirty SELECT n FROM leaving")
    if known:
        candidates.remember(db)
        for table in ("own", "declared"):
            db.execute(f"INSERT INTO old_own SELECT key FROM {table} SEMI JOIN leaving USING (n)")
        # Of records that were dirty before in this run only the rows go; their old keys are noted already.
        for table in READ_TABLES:
            db.execute(f"DELETE FROM {table} WHERE n IN (SELECT n FROM there)")
        db.execute("INSERT INTO record SELECT * FROM spare SEMI JOIN there USING (n)")
        db.execute("DELETE FROM spare WHERE n IN (SELECT n FROM there)")
        db.execute("DELETE FROM record WHERE subject IN (SELECT subject FROM subjects_)")
    doubled = db.execute(
        "SELECT DISTINCT n FROM record SEMI JOIN there USING (n) UNION"
        " SELECT n FROM new_record GROUP BY n HAVING count(*) > 1"
    ).fetchall()
    db.execute("INSERT INTO record SELECT * FROM new_record")
    if doubled:
        _one_of_several(db, [n for (n,) in doubled], tables)
    else:
        for table in READ_TABLES:
            db.execute(f"INSERT INTO {table} SELECT * FROM new_{table}")
    for name in rows:
        db.unregister(f"new_{name}")
    db.unregister("subjects_")


def place(db: duckdb.DuckDBPyConnection, academy_of: Mapping[str, str]) -> bool:
    """Write each record's academy, of a feed that is not known the feed itself; whether one that was written before
    changed."""
    known = db.execute("SELECT DISTINCT feed, academy FROM record").fetchall()
    others = [(feed, was, academy_of.get(feed, feed)) for feed, was in known]
    others = [(feed, was, now) for feed, was, now in others if was != now]
    if others:
        db.execute("CREATE OR REPLACE TEMP TABLE elsewhere (feed VARCHAR, was VARCHAR, now VARCHAR)")
        insert(db, "elsewhere", "feed, was, now", others)
        db.execute(
            "UPDATE record SET academy = now FROM elsewhere e WHERE record.feed = e.feed AND record.academy = e.was"
        )
    return any(was for _, was, _ in others)


def _one_of_several(db: duckdb.DuckDBPyConnection, numbers: list[int], tables: Tables) -> None:
    """Several records about one resource: that of the least subject lives, whatever the order they came in."""
    db.register("doubled_", pa.table({"n": pa.array(numbers, pa.int64())}))
    for table in READ_TABLES:
        db.execute(f"INSERT INTO {table} SELECT * FROM new_{table} ANTI JOIN doubled_ USING (n)")
    db.execute(
        "INSERT INTO spare SELECT * FROM record r SEMI JOIN doubled_ USING (n)"
        " WHERE subject > (SELECT min(subject) FROM record s WHERE s.n = r.n);"
        "DELETE FROM record WHERE subject IN (SELECT subject FROM spare)"
    )
    data = db.execute("SELECT data FROM record SEMI JOIN doubled_ USING (n) ORDER BY n").fetchall()
    for name, table in living([text for (text,) in data], tables).items():
        if name in READ_TABLES:
            db.register("living_", table)
            db.execute(f"INSERT INTO {name} SELECT * FROM living_")
            db.unregister("living_")
    db.unregister("doubled_")
