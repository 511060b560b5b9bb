"""From outcomes to matches, families and works: only the components that something touched are settled again.

What is chosen, joined or split in a component depends on its own pairs alone (docs/matching.md, "State"), so settling
what was touched gives what settling everything gives; overlaps between two families follow in ranks that are kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from sys import intern

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from registry.matching import aside
from registry.matching.chances import TOLD
from registry.matching.cluster import RELATIONS, Edges, cannot_links, partition
from registry.matching.columns import insert, sql
from registry.matching.lexicon import Longs, numbered
from registry.matching.outcome import Rule
from registry.matching.select import Pair, select
from registry.matching.voices import Machine, Said, heard
from registry.model import Answer, Decision

OVERLAPS = 5
"""Overlaps kept for a family: those that are among the best five of both sides."""
JOINS = 0.7
"""Confidence from which a pair that nobody accepted yet joins its two sides to one work."""
AT_ONCE = 200_000
"""Overlaps of which the matches are made at once: beside each stands its evidence."""
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


def close(db: duckdb.DuckDBPyConnection, *, whole: bool) -> None:
    """Fill ``closure`` with all records that closer relations than overlap tie to those in ``seed``."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE tie AS"
        " SELECT l, r FROM outcome WHERE relation <> 'overlap' UNION ALL SELECT l, r FROM decided"
        # Pages that are told by their places on two sites alone are chosen together.
        " UNION ALL SELECT l, min(l) OVER (PARTITION BY sites) FROM outcome WHERE sites <> ''"
    )
    if whole:
        db.execute("CREATE OR REPLACE TEMP TABLE closure AS SELECT DISTINCT unnest([l, r]) AS n FROM tie")
        return
    db.execute(
        "CREATE OR REPLACE TEMP TABLE closure AS SELECT DISTINCT n FROM seed;"
        "CREATE OR REPLACE TEMP TABLE front AS SELECT n FROM closure"
    )
    while db.execute("SELECT count(*) FROM front").fetchall()[0][0]:
        db.execute(
            "CREATE OR REPLACE TEMP TABLE next AS SELECT DISTINCT n FROM ("
            " SELECT r AS n FROM tie SEMI JOIN front f ON f.n = l"
            " UNION ALL SELECT l FROM tie SEMI JOIN front f ON f.n = r) ANTI JOIN closure USING (n);"
            "INSERT INTO closure SELECT n FROM next;"
            "CREATE OR REPLACE TEMP TABLE front AS SELECT n FROM next"
        )


def _tied(db: duckdb.DuckDBPyConnection) -> dict[tuple[int, int], Pair]:
    """The pairs of the closure by their numbers."""
    rows = db.execute(
        "SELECT o.l, o.r, x.resource, y.resource, x.academy, y.academy, x.repository, y.repository,"
        " x.site, y.site, x.spoken, y.spoken, rule, source, score, strong"
        " FROM outcome o JOIN record x ON x.n = o.l JOIN record y ON y.n = o.r"
        " SEMI JOIN closure c ON c.n = o.l WHERE relation <> 'overlap' ORDER BY o.l, o.r"
    )
    found: dict[tuple[int, int], Pair] = {}
    while batch := rows.fetchmany(20_000):
        for left, right, *sides, rule, source, score, strong in batch:
            if sides[1] < sides[0]:
                sides = [side for two in zip(sides[1::2], sides[::2], strict=True) for side in two]
            one, other, academy, second, *places = map(intern, sides)
            side = "left" if source == one else "right" if source == other else ""
            found[left, right] = Pair(one, other, academy, second, intern(rule), side, score, strong, *places)
    return found


def speak(db: duckdb.DuckDBPyConnection, rules: Mapping[str, Rule], *, whole: bool) -> None:
    """Fill ``said`` for the decided and answered pairs of the closure."""
    # What goes and what comes back are the same pairs: else a word on a pair with one end in the closure were lost.
    scope = "" if whole else "WHERE (t.l IN (SELECT n FROM closure) OR t.r IN (SELECT n FROM closure))"
    db.execute(
        f"DELETE FROM said {'' if whole else 'WHERE l IN (SELECT n FROM closure) OR r IN (SELECT n FROM closure)'}"
    )
    rows = db.execute(
        "SELECT t.l, t.r, o.rule, o.source, o.answers, d.* FROM ("
        f"  SELECT l, r FROM decided t {scope}"
        f"  UNION SELECT l, r FROM outcome t {scope or 'WHERE true'} AND answers <> '') t"
        " LEFT JOIN outcome o ON o.l = t.l AND o.r = t.r JOIN record x ON x.n = t.l JOIN record y ON y.n = t.r"
        " LEFT JOIN decision d ON d.a = least(x.resource, y.resource) AND d.b = greatest(x.resource, y.resource)"
        " ORDER BY t.l, t.r"
    ).fetchall()
    grouped: dict[tuple[int, int], tuple[Machine, list[Decision]]] = {}
    for left, right, rule, source, answers, *given in rows:
        if (left, right) not in grouped:
            spoken = tuple(Answer(**one) for one in json.loads(answers or "[]"))
            grouped[left, right] = Machine(rules[rule] if rule else None, source or "", spoken), []
        if given[0] is not None:
            a, b, voice, academy, verdict, relation, origin, reviewer, time, note, number = given
            grouped[left, right][1].append(
                Decision(a, b, verdict, relation, reviewer, time, note, origin, voice, academy, id=number)
            )
    found: list[tuple[object, ...]] = []
    for pair, (machine, decisions) in grouped.items():
        word: Said | None = heard(machine, decisions, rules)
        if word is not None:
            found.append((*pair, *word))
    insert(db, "said", _SAID, found)


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
    start = "INSERT INTO fresh_match " if add else "CREATE OR REPLACE TEMP TABLE fresh_match AS "
    db.execute(start + sql("matches").format(pairs=pairs, notice="true" if notice else "false", least=TOLD))


def join(db: duckdb.DuckDBPyConnection, *, whole: bool) -> None:
    """Bring ``member`` up to date for the closure: families, works and duplicates, from ``fresh_match``."""
    rows = db.execute(
        "SELECT l, r, relation, confidence, status, private, source,"
        # What an academy denies keeps apart as what a person does.
        " rule LIKE 'DEC.%' OR rule = 'NO.DECLARED' AS decided FROM fresh_match ORDER BY l, r"
    ).to_arrow_table()
    left, right = rows.column("l").to_numpy(), rows.column("r").to_numpy()
    relation = np.array([RELATIONS.index(name) for name in rows.column("relation").to_pylist()], np.int8)
    status = np.array(rows.column("status").to_pylist(), dtype=object)
    relation[status == "rejected"] = RELATIONS.index("different")
    confidence = np.clip(rows.column("confidence").to_numpy().astype(np.float64), 0.01, 1.0)
    private = rows.column("private").to_numpy(zero_copy_only=False).astype(bool)
    decided = rows.column("decided").to_numpy(zero_copy_only=False).astype(bool) & (status != "discussed")
    stands = (status == "accepted") | ((status == "candidate") & (confidence >= JOINS))
    edges = Edges(left, right, relation, confidence, stands & ~private & (status != "rejected"), decided)
    standing = db.execute("SELECT n FROM closure SEMI JOIN record USING (n) ORDER BY n").fetchnumpy()
    nodes = np.asarray(standing["n"], dtype=np.int64)
    found = partition(edges, cannot_links(edges), nodes)
    aside.note_parts(db, found, whole=whole)
    apart = [RELATIONS.index(name) for name in _APART]
    tied = ~np.isin(relation, apart) & (status != "rejected")
    family = _labels(nodes, left[tied], right[tied])
    numbers = [numbered(source) for source in rows.column("source").to_pylist() if source]
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


def _best() -> str:
    return f"rank_l <= {OVERLAPS} AND rank_r <= {OVERLAPS}"


def overlaps(db: duckdb.DuckDBPyConnection, *, whole: bool) -> None:
    """Bring ``ranked`` up to date; pairs that are kept now and were not, or were and are not, are in ``swapped``.

    None within a family, the best between two, and for each family the best few of both sides. Of equal pairs the
    one goes first whose sides are most often the original of others.
    """
    if whole:
        db.execute(sql("between").format(source="(SELECT l, r, score FROM outcome WHERE relation = 'overlap')"))
        db.execute("CREATE OR REPLACE TEMP TABLE old_ranked AS SELECT * FROM ranked")
    else:
        db.execute(sql("moving") + sql("between").format(source="around") + sql("beside"))
    db.execute(sql("ranks").format(kept=_best(), ours="true" if whole else "f IN (SELECT f FROM beside)"))


_KEYS = (
    "a, b, l, r, relation, confidence, status, rule, justification, source, reviewer, reviewed, verdict, note, weight,"
    " kinds, evidence, answers, private, probability, levels"
)


def settle(
    db: duckdb.DuckDBPyConnection, rules: Mapping[str, Rule], turn: int, explain: Callable[[str], None], *,
    whole: bool, notice: bool,
) -> list[tuple[str, str]]:  # fmt: skip
    """Settle the components of the records in ``seed`` (of all if ``whole``); the pairs that are public no more.
    ``explain`` gives the overlaps among some pairs their evidence."""
    close(db, whole=whole)
    speak(db, rules, whole=whole)
    choose(db, rules, whole=whole)
    closer = "kept" if whole else "(SELECT l, r FROM kept SEMI JOIN closure c ON c.n = l)"
    matches(db, closer, notice=notice)
    join(db, whole=whole)
    overlaps(db, whole=whole)
    best = f"SELECT l, r FROM ranked WHERE {_best()}"
    if whole:
        explain(f"({best})")
        (total,) = db.execute(f"SELECT count(*) FROM ({best})").fetchall()[0]
        parts = -(-total // AT_ONCE)
        for part in range(parts):
            matches(db, f"({best} AND l % {parts} = {part})", notice=notice, add=True)
        db.execute("CREATE OR REPLACE TEMP TABLE look AS SELECT l, r FROM match UNION SELECT l, r FROM fresh_match")
    else:
        db.execute(
            "CREATE OR REPLACE TEMP TABLE other_look AS SELECT l, r FROM swapped UNION SELECT l, r FROM altered"
            " UNION SELECT l, r FROM todo"
            " UNION SELECT l, r FROM match m JOIN ended e ON e.a = m.a AND e.b = m.b WHERE private"
        )
        looked = "SEMI JOIN other_look USING (l, r) ANTI JOIN fresh_match USING (l, r)"
        explain(f"(SELECT * FROM ({best}) {looked})")
        matches(db, f"(SELECT * FROM ({best}) {looked})", notice=notice, add=True)
        db.execute(
            "CREATE OR REPLACE TEMP TABLE look AS SELECT l, r FROM other_look UNION SELECT l, r FROM fresh_match"
            " UNION SELECT l, r FROM match SEMI JOIN closure c ON c.n = l WHERE relation <>"
            " 'overlap' OR rule LIKE 'DEC.%'"
        )
    db.execute(sql("write").format(columns=_KEYS, turn=turn))
    return [(a, b) for a, b in db.execute("SELECT a, b FROM leaves ORDER BY a, b").fetchall()]


def _labels(nodes: Longs, left: Longs, right: Longs) -> Longs:
    """The least member of each node's connected component."""
    if not len(nodes):
        return nodes
    one, other = np.searchsorted(nodes, left), np.searchsorted(nodes, right)
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(len(nodes), len(nodes)))
    _, label = connected_components(graph, directed=False)
    least = np.full(label.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, label, nodes)
    return np.asarray(least[label])
