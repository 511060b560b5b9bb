"""Pairs compared: measured, weighed, judged; what changed says which components are settled again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import duckdb
import numpy as np

from registry.matching import measures, scoring
from registry.matching.columns import insert
from registry.matching.judge import Chunk, judged
from registry.matching.keys import KINDS
from registry.matching.modelled import MatchModel
from registry.matching.normalise import Tables
from registry.matching.outcome import Rule
from registry.matching.traits import number

CHUNK = 20_000
HARD = KINDS["identifier"] | KINDS["stated"] | KINDS["decided"] | KINDS["place"] | KINDS["codes"]
"""What brings two records before the rules whatever their weight."""
FLOOR = -14.0
"""Bits of match weight below which nothing ties two records."""
_OUTCOME = "l, r, rule, relation, source, score, strong, evidence, answers"


def compare(
    db: duckdb.DuckDBPyConnection,
    model: MatchModel,
    tables: Tables,
    rules: Mapping[str, Rule],
    workers: int,
    told: Callable[[str], None],
    *,
    whole: bool,
    weigh: scoring.Weigher = scoring.weigh,
) -> None:
    """Bring ``outcome`` up to date for the pairs in ``todo`` and ``dropped``; ``seed``: the ends of what changed."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE old_outcome AS SELECT * FROM outcome SEMI JOIN ("
        " SELECT l, r FROM todo UNION ALL SELECT l, r FROM dropped) t USING (l, r)"
    )
    if whole:
        db.execute("DELETE FROM outcome")
    else:
        db.execute("DELETE FROM outcome USING old_outcome o WHERE outcome.l = o.l AND outcome.r = o.r")
    aside = np.array(sorted({number(key) for (key,) in db.execute("SELECT key FROM aside").fetchall()}), np.uint32)
    measures.fill(db, "todo", model.lexicon, aside)
    told("measure")
    weigh(db, "measure", "weighed", model.scoring, workers)
    db.execute("UPDATE pair SET weight = w.weight FROM weighed w WHERE pair.l = w.l AND pair.r = w.r")
    told("weigh")
    db.execute(
        "CREATE OR REPLACE TEMP TABLE judging AS SELECT row_number() OVER (ORDER BY p.l, p.r) AS"
        " nth, p.l, p.r, w.* EXCLUDE (l, r) FROM todo JOIN pair p USING (l, r)"
        f" JOIN weighed w USING (l, r) WHERE w.weight >= {FLOOR} OR p.kinds & {HARD} <> 0"
    )
    relations = {code: rule.relation for code, rule in rules.items()}
    for rows in judged(_chunks(db), tables, model.lexicon, relations, workers):
        insert(db, "outcome", _OUTCOME, rows)
    told("judge")
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE new_outcome AS SELECT {_OUTCOME} FROM outcome SEMI JOIN todo USING (l, r);"
        "CREATE OR REPLACE TEMP TABLE altered AS SELECT DISTINCT l, r FROM ("
        " (SELECT * FROM old_outcome EXCEPT SELECT * FROM new_outcome)"
        " UNION ALL (SELECT * FROM new_outcome EXCEPT SELECT * FROM old_outcome));"
        # What a match shows besides its outcome (weight, generators) may have changed as well.
        "CREATE OR REPLACE TEMP TABLE seed AS SELECT DISTINCT unnest([l, r]) AS n FROM ("
        " SELECT l, r FROM altered UNION ALL SELECT l, r FROM kept SEMI JOIN todo USING (l, r))"
    )


def _chunks(db: duckdb.DuckDBPyConnection) -> Iterator[Chunk]:
    """The pairs to judge, with their records, some at a time."""
    (total,) = db.execute("SELECT count(*) FROM judging").fetchall()[0]
    names = [row[0] for row in db.execute("DESCRIBE judging").fetchall()]
    weights = [name for name in names if name.startswith("w_")]
    columns = ", ".join(["l", "r", *weights])
    for at in range(1, total + 1, CHUNK):
        part = f"(SELECT {columns} FROM judging WHERE nth BETWEEN {at} AND {at + CHUNK - 1})"
        rows = db.execute(f"SELECT * FROM {part} ORDER BY l, r").fetchall()
        db.execute(f"CREATE OR REPLACE TEMP TABLE named AS SELECT DISTINCT unnest([l, r]) AS n FROM {part}")
        records = db.execute("SELECT n, data, academy FROM record SEMI JOIN named USING (n)").fetchall()
        aside = db.execute(
            "SELECT DISTINCT key FROM own SEMI JOIN named USING (n) SEMI JOIN aside USING (key)"
        ).fetchall()
        shorts = [name.removeprefix("w_") for name in weights]
        pairs = [
            (row[0], row[1], {name: value for name, value in zip(shorts, row[2:], strict=True) if value})
            for row in rows
        ]
        yield Chunk({n: (data, academy) for n, data, academy in records}, pairs, frozenset(key for (key,) in aside))
