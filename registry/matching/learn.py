"""A new model from what people answered: weights, rules, chances, each only where there are answers enough.

It starts from the shipped weights each time, so that the same records and answers give the same model, in whatever
order they came and whatever model is in use. Weights can also be estimated without labels (``unlabelled``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb
import pyarrow as pa

from registry.matching import chances, measures, modelled, proven, scoring, training
from registry.matching.calibrate import ENOUGH
from registry.matching.chances import Answered
from registry.matching.cluster import FORMS, SAME
from registry.matching.modelled import MatchModel
from registry.matching.outcome import Rule
from registry.matching.proven import Proven
from registry.model import Relation

SAMPLE = 2_000_000
"""Candidate pairs that weights are estimated from without labels, chosen by their numbers."""
_MIX = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class Said:
    """What people agree on for a pair of resources ("different": not related). ``worth``: the share of an answer that
    it is; ``drawn``: for how many pairs it stands in the random sample, 0 where it is not of it."""

    left: str
    right: str
    relation: Relation
    worth: float = 1.0
    drawn: float = 0.0


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model, and what was learnt or not, as JSON (docs/matching.md, "Learning")."""

    model: MatchModel
    report: dict[str, Any]


def _compared(table: str) -> str:
    """Those of a table that are candidates, with the generators that found them."""
    return f"(SELECT l, r, kinds FROM {table} JOIN pair USING (l, r))"


def learn(
    db: duckdb.DuckDBPyConnection,
    rules: Mapping[str, Rule],
    said: Sequence[Said],
    *,
    unlabelled: bool = False,
    workers: int = 1,
) -> Learnt:
    """Learn from the records and candidates of the working file and from ``said``, at most one a pair.

    ``rules`` are the shipped ones. The working file stays as it is, but for what it keeps of levels' weights.
    """
    lexicon = modelled.count(db)
    _teach(db, said)
    measures.fill(db, _compared("taught"), "taught_measure", lexicon, workers)
    notes: list[str] = []
    weights = scoring.default_model()
    if unlabelled:
        _sample(db)
        measures.fill(db, _compared("sampled"), "sampled_measure", lexicon, workers)
        found = training.train(db, "sampled_measure", start=weights)
        weights, notes = found.model, [*found.report]
        db.execute("DROP TABLE sampled_measure")
    rows = db.execute(
        "SELECT l, r, relation, worth FROM taught SEMI JOIN taught_measure USING (l, r) ORDER BY l, r"
    ).fetchall()
    labels = {(left, right): relation in (*SAME, *FORMS) for left, right, relation, _ in rows}
    worth = {(left, right): share for left, right, _, share in rows}
    taught = training.refit(db, "taught_measure", labels, start=weights, weights=worth)
    weights, notes = taught.model, [*notes, *taught.report]
    scoring.weigh(db, "taught_measure", "taught_weight", weights, workers)
    answered = _answered(db)
    known = Proven(*(proven.counted(some) for some in (
        [(one.rule, one.relation, one.worth) for one in answered],
        [(one.rule, one.relation, one.worth) for one in answered if one.drawn],
    )))  # fmt: skip
    known = Proven(*({code: n for code, n in counts.items() if code in rules and proven.learns(rules[code])}
                     for counts in (known.answers, known.drawn)))  # fmt: skip
    now = proven.applied(rules, known)
    fitted = chances.fit(answered, proven.bands(rules, now))
    model = modelled.named(
        MatchModel(lexicon, weights, known if known.answers else None, fitted.chances if fitted else None)
    )
    usable = chances.usable(answered, rules)
    report = {
        "records": lexicon.records,
        "answers": {
            "pairs": len(said), "not compared": len(said) - len(rows), "without rule": len(answered) - len(usable),
            "usable": chances.answers(usable), "random": chances.answers([one for one in usable if one.drawn]),
        },
        "weights": {"unlabelled": unlabelled, "counts": dict(weights.trained), "kept": notes},
        "rules": _rules(rules, now, known),
        "chances": _chances(fitted),
    }  # fmt: skip
    return Learnt(model, report)


def _teach(db: duckdb.DuckDBPyConnection, said: Sequence[Said]) -> None:
    """``taught``: the pairs that people answered, by number."""
    rows = sorted(said, key=lambda one: (one.left, one.right))
    columns = {
        name: pa.array([getattr(one, name) for one in rows], pa.string() if name in ("left", "right", "relation") else
                       pa.float64()) for name in ("left", "right", "relation", "worth", "drawn")
    }  # fmt: skip
    db.register("said_", pa.table(columns))
    db.execute(
        "CREATE OR REPLACE TEMP TABLE taught AS SELECT least(x.n, y.n) AS l, greatest(x.n, y.n) AS r, relation, worth,"
        ' drawn FROM said_ s JOIN record x ON x.resource = s."left" JOIN record y ON y.resource = s."right"'
    )
    db.unregister("said_")


def _sample(db: duckdb.DuckDBPyConnection) -> None:
    """``sampled``: all candidate pairs, or as many as SAMPLE by a number of their own."""
    (pairs,) = db.execute("SELECT count(*) FROM pair").fetchall()[0]
    every = -(-pairs // SAMPLE)
    mixed = f"((l::HUGEINT * {_MIX} + r) % 1000003) % {every} = 0" if every > 1 else "true"
    db.execute(f"CREATE OR REPLACE TEMP TABLE sampled AS SELECT l, r FROM pair WHERE {mixed}")


def _answered(db: duckdb.DuckDBPyConnection) -> list[Answered]:
    """The decided pairs that a rule ties, with their weight under the new model."""
    rows = db.execute(
        "SELECT l, r, rule, t.relation, weight, worth, drawn FROM taught t JOIN taught_weight USING (l, r)"
        " JOIN outcome USING (l, r) ORDER BY l, r"
    ).fetchall()
    return [Answered((left, right), *rest) for left, right, *rest in rows]


def _rules(rules: Mapping[str, Rule], now: Mapping[str, Rule], known: Proven) -> list[dict[str, Any]]:
    """What people answered to each rule, and what became of it."""
    told = []
    for code, counts in known.answers.items():
        answers, relation = sum(counts.values()), proven.alike(now[code].relation)
        right = counts.get(relation, 0.0)
        drawn = known.drawn.get(code, {})
        low, high = proven.wilson(right, answers)
        before, after = rules[code], now[code]
        told.append({
            "rule": code, "answers": round(answers, 2), "right": round(right, 2), "low": round(low, 4),
            "high": round(high, 4), "random": round(sum(drawn.values()), 2), "random right": drawn.get(relation, 0.0),
            "relation": [before.relation, after.relation], "confidence": [before.confidence, after.confidence],
            "status": [before.status, after.status],
        })  # fmt: skip
    return told


def _chances(fitted: chances.Fitted | None) -> dict[str, Any]:
    if fitted is None:
        return {"needed": ENOUGH}
    measured = {name: value for name, value in asdict(fitted).items() if name != "chances"}
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in measured.items()}
    return {"needed": ENOUGH, "rules": sorted(fitted.chances.starts), "labels": fitted.chances.line.labels, **rounded}
