"""Which pairs are worth a comparison: each record's best partners by what they share, kept exactly up to date.

A key that more than CAP records have brings nobody together, so the cost grows with the number of records, not of
pairs. A record keeps its TOP best; ties go to the smaller number. ``carry`` touches only what changed and gives the
same as ``build`` on everything: a list is made anew unless it is proved that nothing unseen could enter it.
Source of the caps: OpenAIRE (200); of top-k: Sparkly (PVLDB 16(6), 2023).
"""

from __future__ import annotations

import math
from importlib.resources import files

import duckdb

from registry.matching.keys import KINDS
from registry.matching.lexicon import Lexicon

CAP = 200
TOP = 30
RAREST = 4
FEW = 2
OWNERS = 5
"""A declared relation to a key that more resources claim is not resolved."""
SHARED_IN_FEED = 5
"""A key of identity that more records of one feed share is no evidence."""
AT_ONCE = 12_000_000
"""Meetings of two records in one statement."""

_MEET = (
    "SELECT n, other, weight, kinds FROM (SELECT x.n, y.n AS other, sum(x.weight)::INTEGER AS weight,"
    " bit_or(x.kind) AS kinds, row_number() OVER (PARTITION BY x.n ORDER BY sum(x.weight) DESC, y.n) AS nth"
    " FROM {mine} x JOIN {others} y ON x.k = y.k AND x.n <> y.n {where} GROUP BY x.n, y.n) WHERE nth <= {top}"
)


def know(db: duckdb.DuckDBPyConnection, lexicon: Lexicon) -> None:
    """Lay the model's frequencies beside the tables, for as long as the connection lives."""
    db.register("frequency_", {"k": lexicon.keys, "df": lexicon.counts})
    db.execute("CREATE OR REPLACE TEMP TABLE frequency AS SELECT k, df FROM frequency_")
    db.unregister("frequency_")


def words(db: duckdb.DuckDBPyConnection, lexicon: Lexicon) -> None:
    """Add the keys of rare words of the records in the table ``fresh``."""
    sql = files("registry.matching").joinpath("sql/words.sql").read_text("utf-8")
    db.execute(sql.format(records=lexicon.records, few=FEW, rarest=RAREST, words=KINDS["words"]))


def _one(db: duckdb.DuckDBPyConnection, sql: str) -> int:
    value = db.execute(sql).fetchall()[0][0]
    return int(value or 0)


def build(db: duckdb.DuckDBPyConnection) -> None:
    """Fill ``best`` from nothing."""
    db.execute("DELETE FROM best")
    db.execute(
        "CREATE OR REPLACE TEMP TABLE shared AS SELECT k, row_number() OVER () AS b, count(*) AS members"
        f" FROM key ANTI JOIN aside USING (k) GROUP BY k HAVING count(*) BETWEEN 2 AND {CAP}"
    )
    db.execute(
        "CREATE OR REPLACE TEMP TABLE good AS SELECT n, b::INTEGER AS k, kind, weight FROM key JOIN shared USING (k)"
    )
    meetings = _one(db, "SELECT sum(members * members) FROM shared")
    parts = max(1, math.ceil(meetings / AT_ONCE))
    for part in range(parts):
        sql = _MEET.format(mine="good", others="good", where=f"WHERE x.n % {parts} = {part}", top=TOP)
        db.execute("INSERT INTO best " + sql)
    db.execute("DROP TABLE good")
    db.execute("DROP TABLE shared")


def remember(db: duckdb.DuckDBPyConnection) -> None:
    """Note the keys of the records in ``leaving`` before they are deleted; ``old_key`` grows over a run."""
    db.execute("INSERT INTO old_key SELECT k FROM key SEMI JOIN leaving USING (n)")


def carry(db: duckdb.DuckDBPyConnection) -> None:
    """Bring ``best`` up to date after the records in ``dirty`` changed; lists that changed are in ``moved``."""
    # How many had and have each key that a changed record had or has.
    db.execute(
        "CREATE OR REPLACE TEMP TABLE mine AS SELECT n, k, kind, weight FROM key SEMI JOIN dirty USING (n);"
        "CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT k FROM (SELECT k FROM mine UNION"
        " ALL SELECT k FROM old_key);"
        "CREATE OR REPLACE TEMP TABLE theirs AS SELECT n, k, kind, weight FROM key SEMI JOIN touched USING (k);"
        "CREATE OR REPLACE TEMP TABLE size AS SELECT k,"
        f" CASE WHEN k IN (SELECT k FROM aside) THEN {CAP + 1} ELSE now END AS now,"
        f" CASE WHEN k IN (SELECT k FROM old_aside) THEN {CAP + 1}"
        "  ELSE now - coalesce(added, 0) + coalesce(was, 0) END AS before FROM"
        " (SELECT k, count(*) AS now FROM theirs GROUP BY k)"
        " LEFT JOIN (SELECT k, count(*) AS added FROM mine GROUP BY k) USING (k)"
        " LEFT JOIN (SELECT k, count(*) AS was FROM old_key GROUP BY k) USING (k)"
    )
    # Keys that passed the cap one way or the other: the lists of all who have them are made anew.
    db.execute(
        "CREATE OR REPLACE TEMP TABLE anew AS SELECT DISTINCT n FROM theirs JOIN size USING (k)"
        f" WHERE (now > {CAP}) <> (before > {CAP}) AND n NOT IN (SELECT n FROM dirty)"
    )
    db.execute(
        "CREATE OR REPLACE TEMP TABLE good AS SELECT n, k, kind, weight FROM theirs JOIN size USING (k)"
        f" WHERE now BETWEEN 2 AND {CAP};"
        "CREATE OR REPLACE TEMP TABLE good_mine AS SELECT * FROM good SEMI JOIN dirty USING (n);"
        "CREATE OR REPLACE TEMP TABLE meeting AS SELECT x.n, y.n AS other, sum(x.weight)::INTEGER AS weight,"
        " bit_or(x.kind) AS kinds FROM good_mine x JOIN good y ON x.k = y.k AND x.n <> y.n GROUP BY x.n, y.n"
    )
    # Others' lists: what they held of the changed records goes, what these weigh now comes.
    db.execute(
        "CREATE OR REPLACE TEMP TABLE concerned AS SELECT DISTINCT n FROM ("
        " SELECT other AS n FROM meeting UNION ALL SELECT n FROM best SEMI JOIN dirty ON best.other = dirty.n)"
        " WHERE n NOT IN (SELECT n FROM dirty) AND n NOT IN (SELECT n FROM anew);"
        "CREATE OR REPLACE TEMP TABLE had AS SELECT * FROM best SEMI JOIN concerned USING (n);"
        "CREATE OR REPLACE TEMP TABLE merged AS SELECT n, other, weight, kinds FROM ("
        " SELECT *, row_number() OVER (PARTITION BY n ORDER BY weight DESC, other) AS nth FROM ("
        "  SELECT * FROM had ANTI JOIN dirty ON had.other = dirty.n"
        "  UNION ALL SELECT m.other AS n, m.n AS other, weight, kinds FROM meeting m SEMI JOIN"
        " concerned c ON c.n = m.other)"
        f") WHERE nth <= {TOP}"
    )
    # A full list hides what stood behind its last: unless as many as before still stand before it, look again.
    db.execute(
        "CREATE OR REPLACE TEMP TABLE full_list AS SELECT n, min(weight) AS low, count(*) AS held FROM had GROUP BY n"
        f" HAVING count(*) >= {TOP};"
        "CREATE OR REPLACE TEMP TABLE last AS SELECT n, low, max(other) AS other FROM had JOIN full_list USING (n)"
        " WHERE weight = low GROUP BY n, low;"
        "INSERT INTO anew SELECT n FROM last LEFT JOIN ("
        " SELECT m.n, count(*) AS safe FROM merged m JOIN last ON m.n = last.n"
        " WHERE m.weight > low OR (m.weight = low AND m.other <= last.other) GROUP BY m.n) USING (n)"
        f" WHERE coalesce(safe, 0) < {TOP}"
    )
    db.execute(
        "CREATE OR REPLACE TEMP TABLE fresh_best AS"
        " SELECT n, other, weight, kinds FROM merged WHERE n NOT IN (SELECT n FROM anew)"
        " UNION ALL SELECT n, other, weight, kinds FROM ("
        "  SELECT *, row_number() OVER (PARTITION BY n ORDER BY weight DESC, other) AS nth FROM meeting)"
        f" WHERE nth <= {TOP}"
    )
    if _one(db, "SELECT count(*) FROM anew"):
        _look_again(db)
    db.execute(
        "CREATE OR REPLACE TEMP TABLE stale AS SELECT * FROM best SEMI JOIN ("
        " SELECT n FROM concerned UNION SELECT n FROM anew UNION SELECT n FROM dirty) s USING (n);"
        "CREATE OR REPLACE TEMP TABLE moved AS SELECT DISTINCT n FROM ("
        " (SELECT * FROM stale EXCEPT ALL SELECT * FROM fresh_best) UNION ALL"
        " (SELECT * FROM fresh_best EXCEPT ALL SELECT * FROM stale));"
        "DELETE FROM best WHERE n IN (SELECT n FROM moved);"
        "INSERT INTO best SELECT * FROM fresh_best SEMI JOIN moved USING (n)"
    )


def _look_again(db: duckdb.DuckDBPyConnection) -> None:
    """Make the lists of the records in ``anew`` from nothing."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE mine AS SELECT n, k, kind, weight FROM key SEMI JOIN anew USING (n);"
        "CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT k FROM mine;"
        "CREATE OR REPLACE TEMP TABLE theirs AS SELECT n, k, kind, weight FROM key SEMI JOIN touched USING (k);"
        "CREATE OR REPLACE TEMP TABLE good AS SELECT * FROM theirs SEMI JOIN ("
        " SELECT k FROM theirs ANTI JOIN aside USING (k) GROUP BY k"
        f" HAVING count(*) BETWEEN 2 AND {CAP}) s USING (k);"
        "CREATE OR REPLACE TEMP TABLE good_mine AS SELECT * FROM good SEMI JOIN anew USING (n)"
    )
    db.execute("INSERT INTO fresh_best " + _MEET.format(mine="good_mine", others="good", where="", top=TOP))
