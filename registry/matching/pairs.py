"""The table of pairs to compare, kept up to date: best candidates, what sources state, what people decided."""

from __future__ import annotations

import duckdb

from registry.matching.candidates import OWNERS, SHARED_IN_FEED
from registry.matching.columns import sql
from registry.matching.keys import KINDS

_ASIDE = (
    "SELECT DISTINCT key, k FROM (SELECT key, k, feed FROM own {where} GROUP BY key, k, feed"
    f" HAVING count(*) > {SHARED_IN_FEED})"
)
_STATED = (
    "SELECT DISTINCT least(d.n, o.n) AS l, greatest(d.n, o.n) AS r, key FROM (SELECT n, key FROM declared {where}) d"
    " JOIN own o USING (key) WHERE d.n <> o.n AND key NOT IN (SELECT key FROM aside) AND key IN ("
    f" SELECT key FROM own SEMI JOIN (SELECT key FROM declared {{where}}) s USING (key) GROUP BY key"
    f" HAVING count(*) <= {OWNERS})"
)
_BUILT = (
    "SELECT l, r, CAST(bit_or(kinds) AS SMALLINT), coalesce(bit_or(kinds) FILTER (side = 1), 0),"
    " coalesce(bit_or(kinds) FILTER (side = 2), 0) FROM ("
    " SELECT least(n, other) AS l, greatest(n, other) AS r, kinds, CASE WHEN n < other THEN 1 ELSE 2 END AS side"
    "  FROM best WHERE shown"
    f" UNION ALL SELECT l, r, {KINDS['stated']}, 0 FROM stated"
    f" UNION ALL SELECT l, r, {KINDS['decided']}, 0 FROM decided) {{where}} GROUP BY l, r"
)
AT_ONCE = 10_000_000
"""Rows of lists of which the pairs are put together at once: what is grouped stands in memory as a whole."""


def find_aside(db: duckdb.DuckDBPyConnection, *, whole: bool) -> None:
    """Bring ``aside`` up to date; ``old_aside`` is what it was, ``flipped`` what changed.

    Unless ``whole``, only the keys in ``old_own`` (keys of changed records, before and after) are looked at.
    """
    db.execute("CREATE OR REPLACE TEMP TABLE old_aside AS SELECT * FROM aside")
    if whole:
        db.execute("DELETE FROM aside")
        db.execute("INSERT INTO aside " + _ASIDE.format(where=""))
    else:
        db.execute("DELETE FROM aside WHERE key IN (SELECT key FROM old_own)")
        db.execute("INSERT INTO aside " + _ASIDE.format(where="WHERE key IN (SELECT key FROM old_own)"))
    db.execute(
        "CREATE OR REPLACE TEMP TABLE flipped AS (SELECT key FROM old_aside EXCEPT SELECT key FROM aside)"
        " UNION ALL (SELECT key FROM aside EXCEPT SELECT key FROM old_aside)"
    )


def find_stated(db: duckdb.DuckDBPyConnection, *, whole: bool) -> None:
    """Bring ``stated`` up to date; unless ``whole``, what is or was stated of a changed key is added to
    ``changed_pair``."""
    if whole:
        db.execute("DELETE FROM stated")
        db.execute("INSERT INTO stated " + _STATED.format(where=""))
        return
    keys = "WHERE key IN (SELECT key FROM old_own)"
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE was_stated AS SELECT * FROM stated {keys};"
        f"DELETE FROM stated {keys};"
        f"INSERT INTO stated {_STATED.format(where=keys)};"
        f"INSERT INTO changed_pair SELECT l, r FROM was_stated UNION SELECT l, r FROM stated {keys}"
    )


def find_decided(db: duckdb.DuckDBPyConnection) -> None:
    """The pairs that people decided, as numbers, where both ends stand; ``redecided`` are those that are new or no
    more."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE was_decided AS SELECT * FROM decided;"
        "DELETE FROM decided;"
        "INSERT INTO decided SELECT DISTINCT least(x.n, y.n) AS l, greatest(x.n, y.n) AS r"
        " FROM decision JOIN record x ON x.resource = a JOIN record y ON y.resource = b WHERE x.n <> y.n;"
        "CREATE OR REPLACE TEMP TABLE redecided AS"
        " (SELECT * FROM was_decided EXCEPT SELECT * FROM decided)"
        " UNION ALL (SELECT * FROM decided EXCEPT SELECT * FROM was_decided)"
    )


def build(db: duckdb.DuckDBPyConnection) -> None:
    """Fill ``pair`` from nothing; all of it is ``todo``."""
    (rows,) = db.execute("DELETE FROM pair; SELECT count(*) FROM best WHERE shown").fetchall()[0]
    parts = -(-rows // AT_ONCE) or 1
    for part in range(parts):
        where = f"WHERE l % {parts} = {part}"
        db.execute(f"INSERT INTO pair (l, r, kinds, ours, theirs) {_BUILT.format(where=where)}")
    db.execute("CREATE OR REPLACE TEMP TABLE todo AS SELECT l, r, kinds FROM pair")
    db.execute("CREATE OR REPLACE TEMP TABLE dropped AS SELECT l, r FROM pair LIMIT 0")


def carry(db: duckdb.DuckDBPyConnection) -> None:
    """Bring the pairs in ``changed_pair`` up to date: ``todo`` are to be compared (anew), ``dropped`` are no more."""
    db.execute(sql("pairs").format(stated=KINDS["stated"], decided=KINDS["decided"]))
