"""From outcomes to matches, families and works: only the components that something touched are settled again.

What is chosen, joined or split in a component depends on its own pairs alone (docs/matching.md, "State"), so settling
what was touched gives what settling everything gives; overlaps between two families follow in ranks that are kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from sys import intern

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from registry.matching.cluster import RELATIONS, Edges, Partition, cannot_links, partition
from registry.matching.lexicon import Longs, hashed
from registry.matching.outcome import Rule
from registry.matching.select import Pair, select
from registry.matching.voices import Machine, Said, heard
from registry.model import Answer, Decision

OVERLAPS = 5
"""Overlaps kept for a family: those that are among the best five of both sides."""
JOINS = 0.7
"""Confidence from which a pair that nobody accepted yet joins its two sides to one work."""
_APART = ("part", "overlap", "different")
_SAID = "l, r, relation, confidence, status, rule, justification, source, reviewer, time, verdict, note, answers"


def know(db: duckdb.DuckDBPyConnection, rules: Mapping[str, Rule]) -> None:
    """Lay the rules beside the tables."""
    rows = [(one.code, one.relation, one.confidence, one.status, one.justification) for one in rules.values()]
    db.execute(
        "CREATE OR REPLACE TEMP TABLE rule (code VARCHAR, relation VARCHAR, confidence DOUBLE, status VARCHAR,"
        " justification VARCHAR)"
    )
    db.executemany("INSERT INTO rule VALUES (?,?,?,?,?)", rows)


def _longs(db: duckdb.DuckDBPyConnection, sql: str) -> list[Longs]:
    found = db.execute(sql).fetchnumpy()
    return [np.asarray(column, dtype=np.int64) for column in found.values()]


def close(db: duckdb.DuckDBPyConnection, *, whole: bool) -> None:
    """Fill ``closure`` with all records that closer relations than overlap tie to those in ``seed``."""
    tie = "SELECT l, r FROM outcome WHERE relation <> 'overlap' UNION SELECT l, r FROM decided"
    if whole:
        db.execute(f"CREATE OR REPLACE TEMP TABLE closure AS SELECT DISTINCT unnest([l, r]) AS n FROM ({tie})")
        return
    db.execute(
        "CREATE OR REPLACE TEMP TABLE closure AS SELECT DISTINCT n FROM seed;"
        "CREATE OR REPLACE TEMP TABLE front AS SELECT n FROM closure"
    )
    while db.execute("SELECT count(*) FROM front").fetchall()[0][0]:
        db.execute(
            "CREATE OR REPLACE TEMP TABLE next AS SELECT DISTINCT n FROM ("
            f" SELECT r AS n FROM ({tie}) t SEMI JOIN front f ON f.n = t.l"
            f" UNION ALL SELECT l FROM ({tie}) t SEMI JOIN front f ON f.n = t.r) ANTI JOIN closure USING (n);"
            "INSERT INTO closure SELECT n FROM next;"
            "CREATE OR REPLACE TEMP TABLE front AS SELECT n FROM next"
        )


def _tied(db: duckdb.DuckDBPyConnection) -> dict[tuple[int, int], Pair]:
    """The pairs of the closure by their numbers."""
    rows = db.execute(
        "SELECT o.l, o.r, x.resource, y.resource, x.academy, y.academy, x.repository, y.repository,"
        " rule, source, score,"
        " strong FROM outcome o JOIN record x ON x.n = o.l JOIN record y ON y.n = o.r"
        " SEMI JOIN closure c ON c.n = o.l WHERE relation <> 'overlap' ORDER BY o.l, o.r"
    )
    found: dict[tuple[int, int], Pair] = {}
    while batch := rows.fetchmany(20_000):
        for l, r, one, other, academy, second, place, elsewhere, rule, source, score, strong in batch:
            if other < one:
                one, other, academy, second, place, elsewhere = other, one, second, academy, elsewhere, place
            side = "left" if source == one else "right" if source == other else ""
            found[l, r] = Pair(
                intern(one), intern(other), intern(academy), intern(second), intern(rule), side, score, strong,
                intern(place), intern(elsewhere),
            )  # fmt: skip
    return found


def speak(db: duckdb.DuckDBPyConnection, rules: Mapping[str, Rule], *, whole: bool) -> None:
    """Fill ``said`` for the decided and answered pairs of the closure."""
    scope = "" if whole else "SEMI JOIN closure c ON c.n = t.l"
    db.execute(
        f"DELETE FROM said {'' if whole else 'WHERE l IN (SELECT n FROM closure) OR r IN (SELECT n FROM closure)'}"
    )
    rows = db.execute(
        "SELECT t.l, t.r, o.rule, o.source, o.answers, d.* FROM ("
        "  SELECT l, r FROM decided UNION SELECT l, r FROM outcome WHERE answers <> '') t"
        " LEFT JOIN outcome o ON o.l = t.l AND o.r = t.r JOIN record x ON x.n = t.l JOIN record y ON y.n = t.r"
        " LEFT JOIN decision d ON d.a = least(x.resource, y.resource) AND d.b = greatest(x.resource, y.resource)"
        f" {scope} ORDER BY t.l, t.r"
    ).fetchall()
    grouped: dict[tuple[int, int], tuple[Machine, list[Decision]]] = {}
    for l, r, rule, source, answers, *given in rows:
        if (l, r) not in grouped:
            spoken = tuple(Answer(**one) for one in json.loads(answers or "[]"))
            grouped[l, r] = Machine(rules[rule] if rule else None, source or "", spoken), []
        if given[0] is not None:
            a, b, voice, academy, verdict, relation, origin, reviewer, time, note, number = given
            grouped[l, r][1].append(
                Decision(a, b, verdict, relation, reviewer, time, note, origin, voice, academy, id=number)
            )
    found: list[tuple[object, ...]] = []
    for (l, r), (machine, decisions) in grouped.items():
        word: Said | None = heard(machine, decisions, rules)
        if word is not None:
            found.append((l, r, *word))
    if found:
        columns = dict(zip(_SAID.split(", "), zip(*found, strict=True), strict=True))
        db.register("said_", pa.table({name: list(column) for name, column in columns.items()}))
        db.execute(f"INSERT INTO said ({_SAID}) SELECT {_SAID} FROM said_")
        db.unregister("said_")


def choose(db: duckdb.DuckDBPyConnection, rules: Mapping[str, Rule], *, whole: bool) -> None:
    """Bring ``kept`` up to date for the closer relations of the closure."""
    tied = _tied(db)
    numbers = {(pair.left, pair.right): key for key, pair in tied.items()}
    chosen = sorted(numbers[pair.left, pair.right] for pair in select(list(tied.values()), rules))
    db.execute("DELETE FROM kept" + ("" if whole else " USING closure c WHERE kept.l = c.n"))
    pairs = np.array(chosen, np.int64).reshape(-1, 2)
    db.register("chosen_", pa.table({"l": pairs[:, 0], "r": pairs[:, 1]}))
    where = "" if whole else "SEMI JOIN closure c ON c.n = s.l"
    db.execute(
        f"INSERT INTO kept SELECT l, r FROM chosen_ ANTI JOIN said USING (l, r) UNION SELECT l, r FROM said s {where}"
    )
    db.unregister("chosen_")


def matches(db: duckdb.DuckDBPyConnection, pairs: str, *, notice: bool, add: bool = False) -> None:
    """Make ``fresh_match``, or ``add`` to it, for the pairs (l, r) of a table or a query in brackets."""
    sql = files("registry.matching").joinpath("sql/settle.sql").read_text("utf-8")
    start = "INSERT INTO fresh_match " if add else "CREATE OR REPLACE TEMP TABLE fresh_match AS "
    db.execute(start + sql.format(pairs=pairs, notice="true" if notice else "false"))


def join(db: duckdb.DuckDBPyConnection, *, whole: bool) -> Partition:
    """Bring ``member`` up to date for the closure: families, works and duplicates, from ``fresh_match``."""
    rows = db.execute(
        "SELECT l, r, relation, confidence, status, private, rule LIKE 'DEC.%' AS decided, source FROM fresh_match"
        " ORDER BY l, r"
    ).to_arrow_table()
    l, r = rows.column("l").to_numpy(), rows.column("r").to_numpy()
    relation = np.array([RELATIONS.index(name) for name in rows.column("relation").to_pylist()], np.int8)
    status = np.array(rows.column("status").to_pylist(), dtype=object)
    relation[status == "rejected"] = RELATIONS.index("different")
    confidence = np.clip(rows.column("confidence").to_numpy().astype(np.float64), 0.01, 1.0)
    private = rows.column("private").to_numpy(zero_copy_only=False).astype(bool)
    decided = rows.column("decided").to_numpy(zero_copy_only=False).astype(bool) & (status != "discussed")
    stands = (status == "accepted") | ((status == "candidate") & (confidence >= JOINS))
    edges = Edges(l, r, relation, confidence, stands & ~private & (status != "rejected"), decided)
    (nodes,) = _longs(db, "SELECT n FROM closure SEMI JOIN record USING (n) ORDER BY n")
    found = partition(edges, cannot_links(edges), nodes)
    apart = [RELATIONS.index(name) for name in _APART]
    tied = ~np.isin(relation, apart) & (status != "rejected")
    family = _labels(nodes, l[tied], r[tied])
    numbers = [hashed(source) for source in rows.column("source").to_pylist() if source]
    sources, times = np.unique(np.array(numbers, np.int64), return_counts=True)
    place = np.minimum(np.searchsorted(sources, nodes), max(len(sources) - 1, 0))
    count = np.where(sources[place] == nodes, times[place], 0) if len(sources) else np.zeros(len(nodes))
    at = np.searchsorted(found.nodes, nodes)
    members = {"n": nodes, "family": family, "work": found.work[at], "cluster": found.cluster[at],
               "originals": count.astype(np.int32)}  # fmt: skip
    db.execute("DELETE FROM member" + ("" if whole else " USING closure c WHERE member.n = c.n"))
    db.register("member_", pa.table(members))
    # A record that stands alone needs no row.
    db.execute(
        "INSERT INTO member SELECT n, family, work, cluster, originals FROM member_"
        " WHERE originals > 0 OR family IN (SELECT family FROM member_ GROUP BY family HAVING count(*) > 1)"
    )
    db.unregister("member_")
    return found


def overlaps(db: duckdb.DuckDBPyConnection, *, whole: bool) -> None:
    """Bring ``ranked`` up to date; pairs that are kept now and were not, or were and are not, are in ``swapped``.

    None within a family, the best between two, and for each family the best few of both sides. Of equal pairs the
    one goes first whose sides are most often the original of others.
    """
    family = "coalesce((SELECT family FROM member m WHERE m.n = {0}), {0})"
    kept = f"rank_l <= {OVERLAPS} AND rank_r <= {OVERLAPS}"
    if whole:
        db.execute("CREATE OR REPLACE TEMP TABLE old_ranked AS SELECT * FROM ranked")
        db.execute("DELETE FROM ranked")
        source, ours = "outcome", "true"
    else:
        # Families that changed, and those beside them: only their ranks can move.
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE moving AS SELECT DISTINCT {family.format('c.n')} AS f FROM closure c"
            " UNION SELECT fl FROM ranked SEMI JOIN closure c ON c.n = l UNION SELECT fr FROM ranked"
            " SEMI JOIN closure c ON c.n = r;"
            "CREATE OR REPLACE TEMP TABLE inside AS SELECT n FROM member WHERE family IN (SELECT f FROM moving)"
            " UNION SELECT f FROM moving;"
            "CREATE OR REPLACE TEMP TABLE beside AS SELECT f FROM moving"
            " UNION SELECT fr FROM ranked WHERE fl IN (SELECT f FROM moving)"
            " UNION SELECT fl FROM ranked WHERE fr IN (SELECT f FROM moving);"
            f"INSERT INTO beside SELECT DISTINCT {family.format('t.n')} FROM ("
            "  SELECT r AS n FROM outcome SEMI JOIN inside i ON i.n = l WHERE relation = 'overlap'"
            "  UNION SELECT l FROM outcome SEMI JOIN inside i ON i.n = r WHERE relation = 'overlap') t;"
            "CREATE OR REPLACE TEMP TABLE near AS SELECT n FROM member WHERE family IN (SELECT f FROM beside)"
            " UNION SELECT f FROM beside;"
            "CREATE OR REPLACE TEMP TABLE old_ranked AS SELECT * FROM ranked"
            " WHERE fl IN (SELECT f FROM beside) OR fr IN (SELECT f FROM beside);"
            "DELETE FROM ranked WHERE fl IN (SELECT f FROM beside) OR fr IN (SELECT f FROM beside);"
            "CREATE OR REPLACE TEMP TABLE around AS SELECT * FROM outcome"
            " WHERE relation = 'overlap' AND (l IN (SELECT n FROM near) OR r IN (SELECT n FROM near))"
        )
        source, ours = "around", "f IN (SELECT f FROM beside)"
    db.execute(
        "CREATE OR REPLACE TEMP TABLE between AS SELECT l, r, fl, fr, score, originals FROM ("
        " SELECT *, row_number() OVER (PARTITION BY least(fl, fr), greatest(fl, fr) ORDER BY score"
        " DESC, originals DESC, l, r)"
        "  AS nth FROM (SELECT o.l, o.r, coalesce(x.family, o.l) AS fl, coalesce(y.family, o.r) AS fr, score,"
        "   coalesce(x.originals, 0) + coalesce(y.originals, 0) AS originals"
        f"   FROM {source} o ANTI JOIN said USING (l, r) LEFT JOIN member x ON x.n = o.l LEFT JOIN"
        f" member y ON y.n = o.r"
        "   WHERE relation = 'overlap') WHERE fl <> fr) WHERE nth = 1;"
        "CREATE OR REPLACE TEMP TABLE standing AS SELECT l, r, f, row_number() OVER ("
        "  PARTITION BY f ORDER BY score DESC, originals DESC, l, r) AS place FROM ("
        "  SELECT l, r, fl AS f, score, originals FROM between UNION ALL SELECT l, r, fr, score,"
        " originals FROM between)"
        f" WHERE {ours};"
        "INSERT INTO ranked SELECT b.l, b.r, b.fl, b.fr, coalesce(x.place, w.rank_l), coalesce(y.place, w.rank_r)"
        " FROM between b LEFT JOIN standing x ON x.l = b.l AND x.r = b.r AND x.f = b.fl"
        " LEFT JOIN standing y ON y.l = b.l AND y.r = b.r AND y.f = b.fr"
        " LEFT JOIN old_ranked w ON w.l = b.l AND w.r = b.r;"
        "CREATE OR REPLACE TEMP TABLE now_kept AS SELECT l, r FROM ranked SEMI JOIN between USING (l, r)"
        f" WHERE {kept};"
        f"CREATE OR REPLACE TEMP TABLE was_kept AS SELECT l, r FROM old_ranked WHERE {kept};"
        "CREATE OR REPLACE TEMP TABLE swapped AS (SELECT * FROM now_kept EXCEPT SELECT * FROM was_kept)"
        " UNION ALL (SELECT * FROM was_kept EXCEPT SELECT * FROM now_kept)"
    )


_KEYS = (
    "a, b, l, r, relation, confidence, status, rule, justification, source, reviewer, reviewed, verdict, note, weight,"
    " kinds, evidence, answers, private"
)


def settle(
    db: duckdb.DuckDBPyConnection, rules: Mapping[str, Rule], turn: int, *, whole: bool, notice: bool
) -> list[tuple[str, str]]:
    """Settle the components of the records in ``seed`` (of all if ``whole``); the pairs that are public no more."""
    close(db, whole=whole)
    speak(db, rules, whole=whole)
    choose(db, rules, whole=whole)
    closer = "kept" if whole else "(SELECT l, r FROM kept SEMI JOIN closure c ON c.n = l)"
    matches(db, closer, notice=notice)
    join(db, whole=whole)
    overlaps(db, whole=whole)
    best = f"SELECT l, r FROM ranked WHERE rank_l <= {OVERLAPS} AND rank_r <= {OVERLAPS}"
    if whole:
        matches(db, f"({best})", notice=notice, add=True)
        db.execute("CREATE OR REPLACE TEMP TABLE look AS SELECT l, r FROM match UNION SELECT l, r FROM fresh_match")
    else:
        db.execute(
            "CREATE OR REPLACE TEMP TABLE other_look AS SELECT l, r FROM swapped UNION SELECT l, r FROM altered"
            " UNION SELECT l, r FROM todo"
            " UNION SELECT l, r FROM match m JOIN ended e ON e.a = m.a AND e.b = m.b WHERE private"
        )
        looked = "SEMI JOIN other_look USING (l, r) ANTI JOIN fresh_match USING (l, r)"
        matches(db, f"(SELECT * FROM ({best}) {looked})", notice=notice, add=True)
        db.execute(
            "CREATE OR REPLACE TEMP TABLE look AS SELECT l, r FROM other_look UNION SELECT l, r FROM fresh_match"
            " UNION SELECT l, r FROM match SEMI JOIN closure c ON c.n = l WHERE relation <>"
            " 'overlap' OR rule LIKE 'DEC.%'"
        )
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE old_match AS SELECT {_KEYS} FROM match SEMI JOIN look USING (l, r);"
        f"CREATE OR REPLACE TEMP TABLE upsert AS SELECT {_KEYS} FROM fresh_match EXCEPT SELECT {_KEYS} FROM old_match;"
        "CREATE OR REPLACE TEMP TABLE ending AS SELECT a, b, l, r, private FROM old_match ANTI JOIN"
        " fresh_match USING (l, r);"
        "CREATE OR REPLACE TEMP TABLE leaves AS SELECT a, b FROM ending WHERE NOT private UNION"
        " SELECT o.a, o.b FROM old_match o JOIN upsert u USING (l, r) WHERE NOT o.private AND u.private;"
        "DELETE FROM match USING upsert u WHERE match.l = u.l AND match.r = u.r;"
        "DELETE FROM match USING ending u WHERE match.l = u.l AND match.r = u.r;"
        "DELETE FROM gone USING upsert u WHERE gone.a = u.a AND gone.b = u.b;"
        f"INSERT INTO gone SELECT a, b, {turn} FROM leaves;"
        f"INSERT INTO match ({_KEYS}, turn) SELECT {_KEYS}, {turn} FROM upsert"
    )
    return [(a, b) for a, b in db.execute("SELECT a, b FROM leaves ORDER BY a, b").fetchall()]


def _labels(nodes: Longs, l: Longs, r: Longs) -> Longs:
    """The least member of each node's connected component."""
    if not len(nodes):
        return nodes
    one, other = np.searchsorted(nodes, l), np.searchsorted(nodes, r)
    graph = coo_array((np.ones(len(l), np.int8), (one, other)), shape=(len(nodes), len(nodes)))
    _, label = connected_components(graph, directed=False)
    least = np.full(label.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, label, nodes)
    return np.asarray(least[label])
