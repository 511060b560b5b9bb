"""The table of pairs to compare, kept up to date: best candidates, what sources state, what people decided."""

from __future__ import annotations

import duckdb

from registry.matching.candidates import OWNERS, SHARED_IN_FEED, top
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
_WANTED = (
    "SELECT l, r, CAST(bit_or(kinds) AS SMALLINT) AS kinds FROM ("
    " SELECT least(n, other) AS l, greatest(n, other) AS r, kinds FROM best WHERE nth <= {top} AND {best}"
    f" UNION ALL SELECT l, r, {KINDS['stated']} FROM stated {{stated}}"
    f" UNION ALL SELECT l, r, {KINDS['decided']} FROM decided {{stated}}) GROUP BY l, r"
)


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
    """Bring ``stated`` up to date; the ends of what came or went are added to ``moved`` unless ``whole``."""
    if whole:
        db.execute("DELETE FROM stated")
        db.execute("INSERT INTO stated " + _STATED.format(where=""))
        return
    keys = "WHERE key IN (SELECT key FROM old_own)"
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE was_stated AS SELECT * FROM stated {keys};"
        f"DELETE FROM stated {keys};"
        f"INSERT INTO stated {_STATED.format(where=keys)};"
        f"CREATE OR REPLACE TEMP TABLE now_stated AS SELECT * FROM stated {keys};"
        "INSERT INTO moved SELECT DISTINCT unnest([l, r]) FROM ((SELECT * FROM was_stated EXCEPT"
        " SELECT * FROM now_stated)"
        " UNION ALL (SELECT * FROM now_stated EXCEPT SELECT * FROM was_stated))"
    )


def find_decided(db: duckdb.DuckDBPyConnection) -> None:
    """The pairs that people decided, as numbers, where both ends stand; ``redecided`` are the ends of those that are
    new or no more."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE was_decided AS SELECT * FROM decided;"
        "DELETE FROM decided;"
        "INSERT INTO decided SELECT DISTINCT least(x.n, y.n) AS l, greatest(x.n, y.n) AS r"
        " FROM decision JOIN record x ON x.resource = a JOIN record y ON y.resource = b WHERE x.n <> y.n;"
        "CREATE OR REPLACE TEMP TABLE redecided AS SELECT DISTINCT unnest([l, r]) AS n FROM ("
        " (SELECT * FROM was_decided EXCEPT SELECT * FROM decided)"
        " UNION ALL (SELECT * FROM decided EXCEPT SELECT * FROM was_decided))"
    )


def build(db: duckdb.DuckDBPyConnection) -> None:
    """Fill ``pair`` from nothing; all of it is ``todo``."""
    db.execute("DELETE FROM pair")
    db.execute("INSERT INTO pair (l, r, kinds) " + _WANTED.format(top=top(), best="true", stated=""))
    db.execute("CREATE OR REPLACE TEMP TABLE todo AS SELECT l, r FROM pair")
    db.execute("CREATE OR REPLACE TEMP TABLE dropped AS SELECT l, r FROM pair LIMIT 0")


def carry(db: duckdb.DuckDBPyConnection) -> None:
    """Bring the pairs of the records in ``moved`` and ``dirty`` up to date: ``todo`` are to be compared (anew),
    ``dropped`` are no more."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE scope AS SELECT n FROM moved UNION SELECT n FROM dirty;"
        "CREATE OR REPLACE TEMP TABLE was AS SELECT l, r, kinds FROM pair"
        " WHERE l IN (SELECT n FROM scope) OR r IN (SELECT n FROM scope)"
    )
    ends = "({0} IN (SELECT n FROM scope) OR {1} IN (SELECT n FROM scope))"
    wanted = _WANTED.format(top=top(), best=ends.format("n", "other"), stated="WHERE " + ends.format("l", "r"))
    db.execute(f"CREATE OR REPLACE TEMP TABLE wanted AS {wanted}")
    db.execute(
        "CREATE OR REPLACE TEMP TABLE dropped AS SELECT l, r FROM was ANTI JOIN wanted USING (l, r);"
        # Whoever has or names a key that was set aside, or no longer is, is compared again.
        "CREATE OR REPLACE TEMP TABLE again AS SELECT n FROM own SEMI JOIN flipped USING (key)"
        " UNION SELECT n FROM declared SEMI JOIN flipped USING (key);"
        "CREATE OR REPLACE TEMP TABLE todo AS SELECT l, r FROM wanted ANTI JOIN was USING (l, r, kinds)"
        " UNION SELECT l, r FROM wanted WHERE l IN (SELECT n FROM dirty) OR r IN (SELECT n FROM dirty)"
        " UNION SELECT l, r FROM pair SEMI JOIN again a ON a.n = l SEMI JOIN again b ON b.n = r"
        "  ANTI JOIN dropped USING (l, r);"
        "CREATE OR REPLACE TEMP TABLE kept_kinds AS SELECT l, r, kinds FROM pair SEMI JOIN todo USING (l, r);"
        "DELETE FROM pair USING dropped d WHERE pair.l = d.l AND pair.r = d.r;"
        "DELETE FROM pair USING todo d WHERE pair.l = d.l AND pair.r = d.r;"
        "INSERT INTO pair (l, r, kinds) SELECT l, r, coalesce(w.kinds, k.kinds) FROM todo"
        " LEFT JOIN wanted w USING (l, r) LEFT JOIN kept_kinds k USING (l, r)"
    )
