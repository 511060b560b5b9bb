"""Pairs compared: measured, weighed, judged; what changed says which components are settled again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import duckdb

from registry.matching import measures, scoring, screen
from registry.matching.columns import insert
from registry.matching.judge import Chunk, Row, judged
from registry.matching.levels import Levels
from registry.matching.modelled import MatchModel
from registry.matching.normalise import Tables
from registry.matching.outcome import Rule

CHUNK = 20_000
FLOOR = -14.0
"""Bits of match weight below which nothing ties two records."""
TOLD = {screen.OVERLAP: "OV.SAME_TOPIC", screen.SAME_TITLE: "OV.SAME_TITLE"}
"""The rules of which numbers alone tell that they fire."""
_OUTCOME = "l, r, rule, relation, source, score, strong, evidence, answers, sites"


@dataclass(frozen=True, slots=True)
class Means:
    """What pairs are compared with: the model, word lists and rules, how many processes, what weighs."""

    model: MatchModel
    tables: Tables
    rules: Mapping[str, Rule]
    workers: int = 1
    weigh: scoring.Weigher = scoring.weigh


def compare(db: duckdb.DuckDBPyConnection, means: Means, told: Callable[[str], None], *, whole: bool) -> None:
    """Bring ``outcome`` up to date for the pairs in ``todo`` and ``dropped``; ``seed``: the ends of what changed."""
    gone = "(SELECT l, r FROM todo UNION ALL SELECT l, r FROM dropped)"
    db.execute(f"CREATE OR REPLACE TEMP TABLE old_outcome AS SELECT * FROM outcome SEMI JOIN {gone} t USING (l, r)")
    for table in ("outcome", "shown"):
        using = "" if whole else f" USING {gone} o WHERE {table}.l = o.l AND {table}.r = o.r"
        db.execute(f"DELETE FROM {table}{using}")
    measures.fill(db, "todo", "measure", means.model.lexicon, means.workers, tied=True)
    told("measure")
    means.weigh(db, "measure", "weighed", means.model.scoring, means.workers)
    told("weigh")
    for verdict, rule in TOLD.items():
        db.execute(
            f"INSERT INTO outcome SELECT l, r, '{rule}', '{means.rules[rule].relation}', '', near, true, NULL, '', ''"
            f" FROM measure JOIN weighed USING (l, r) WHERE tie = {verdict} AND weight >= {FLOOR}"
        )
    db.execute(
        "CREATE OR REPLACE TEMP TABLE judging AS SELECT row_number() OVER (ORDER BY l, r) AS nth, l, r,"
        f" {Levels(means.model.scoring).code('m')} AS code FROM measure m JOIN weighed w USING (l, r)"
        f" JOIN todo p USING (l, r) WHERE tie = {screen.JUDGE}"
        f" AND (w.weight >= {FLOOR} OR p.kinds & {screen.HARD} <> 0)"
    )
    for rows in _judged(db, "judging", means):
        insert(db, "outcome", _OUTCOME, rows)
    told("judge")
    if whole:
        return  # all of it is settled
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE new_outcome AS SELECT {_OUTCOME} FROM outcome SEMI JOIN todo USING (l, r);"
        "CREATE OR REPLACE TEMP TABLE altered AS SELECT DISTINCT l, r FROM ("
        " (SELECT * FROM old_outcome EXCEPT SELECT * FROM new_outcome)"
        " UNION ALL (SELECT * FROM new_outcome EXCEPT SELECT * FROM old_outcome));"
        # What a match shows besides its outcome (weight, generators) may have changed as well.
        "CREATE OR REPLACE TEMP TABLE seed AS SELECT DISTINCT unnest([l, r]) AS n FROM ("
        " SELECT l, r FROM altered UNION ALL SELECT l, r FROM kept SEMI JOIN todo USING (l, r));"
        # What its place tells follows from all such pairs of its two sites.
        "INSERT INTO seed SELECT l FROM outcome WHERE sites <> '' AND sites IN ("
        " SELECT sites FROM old_outcome SEMI JOIN altered USING (l, r)"
        " UNION ALL SELECT sites FROM new_outcome SEMI JOIN altered USING (l, r))"
    )


def weigh_all(db: duckdb.DuckDBPyConnection, means: Means) -> None:
    """Measure and weigh all pairs of the last call, those that nothing ties as well."""
    measures.fill(db, "todo", "measure", means.model.lexicon, means.workers)
    means.weigh(db, "measure", "weighed", means.model.scoring, means.workers)


def explain(db: duckdb.DuckDBPyConnection, means: Means, pairs: str) -> None:
    """Bring ``shown`` up to date: the evidence of those overlaps among ``pairs`` that numbers alone told."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE explaining AS SELECT row_number() OVER (ORDER BY l, r) AS nth, l, r, code"
        f" FROM {pairs} p SEMI JOIN (SELECT l, r FROM outcome WHERE evidence IS NULL) o USING (l, r)"
        " ANTI JOIN shown USING (l, r) JOIN reached USING (l, r)"
    )
    for rows in _judged(db, "explaining", means):
        # Two words may have one number, about once in a thousand million pairs: then there is no line to show.
        insert(db, "shown", "l, r, evidence", [(row[0], row[1], row[7]) for row in rows if row[2] in TOLD.values()])


def _judged(db: duckdb.DuckDBPyConnection, table: str, means: Means) -> Iterator[list[Row]]:
    relations = {code: rule.relation for code, rule in means.rules.items()}
    model = means.model
    return judged(_chunks(db, table), means.tables, model.lexicon, model.scoring, relations, means.workers)


def _chunks(db: duckdb.DuckDBPyConnection, table: str) -> Iterator[Chunk]:
    """The pairs to judge (l, r, code, numbered by ``nth``), with their records, some at a time."""
    (total,) = db.execute(f"SELECT count(*) FROM {table}").fetchall()[0]
    for at in range(1, total + 1, CHUNK):
        part = f"(SELECT l, r, code FROM {table} WHERE nth BETWEEN {at} AND {at + CHUNK - 1})"
        pairs = db.execute(f"SELECT * FROM {part} ORDER BY l, r").fetchall()
        db.execute(f"CREATE OR REPLACE TEMP TABLE named AS SELECT DISTINCT unnest([l, r]) AS n FROM {part}")
        records = db.execute("SELECT n, data, academy FROM record SEMI JOIN named USING (n)").fetchall()
        aside = db.execute(
            "SELECT DISTINCT key FROM own SEMI JOIN named USING (n) SEMI JOIN aside USING (key)"
        ).fetchall()
        yield Chunk({n: (data, academy) for n, data, academy in records}, pairs, frozenset(key for (key,) in aside))
