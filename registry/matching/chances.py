"""The chance that a pair is what its rule says, from the rule and the match weight: shown only where it was measured.

A logistic regression that starts from the rules' bands (a ridge holds it there until answers say otherwise), then
isotonic calibration of its cross-fitted scores. Weight alone tells little of it: a rule has read more of the two
records than the weights have (docs/matching.md, "Learning", has the comparison).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from registry.matching.calibrate import ENOUGH, Calibration, brier, calibrate, ece
from registry.matching.outcome import Rule
from registry.matching.proven import alike, learns

MEASURED = 10
"""Answers on a rule below which its pairs have a band and no chance."""
TOLD = 0.1
"""The chance below which a pair is not told to anybody."""
FOLDS = 5
RIDGE_RULE, RIDGE_SLOPE, RIDGE_KIND = 1.0, 1.0, 0.1
"""How firmly a rule's effect, the slope of the weight (in tens of bits), and the level of a kind are held at 0."""
ROUND = 6
KINDS = ("same", "translation", "apart")
_KIND = {"translation": "translation", "derivative": "apart", "part": "apart", "overlap": "apart"}
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answered:
    """A decided pair that a rule ties: what people named, its weight in bits under the model, the share of an answer
    that it is (``worth``), for how many pairs it stands in the random sample (0: it is not of it)."""

    pair: tuple[int, int]
    rule: str
    relation: str
    weight: float
    worth: float
    drawn: float


@dataclass(frozen=True, slots=True)
class Chances:
    """Log-odds by rule at weight 0 (``starts``) and by bit (``slopes``), and the line that makes them chances."""

    starts: Mapping[str, float]
    slopes: Mapping[str, float]
    line: Calibration

    def chance(self, rule: str, weight: float) -> float | None:
        """The chance that such a pair is what the rule says, None where that was not measured."""
        if rule not in self.starts:
            return None
        return round(self.line.probability(self.starts[rule] + self.slopes[rule] * weight), 4)

    def to_json(self) -> str:
        """As the ledger keeps it."""
        body = {"starts": dict(self.starts), "slopes": dict(self.slopes), "line": json.loads(self.line.to_json())}
        return json.dumps(body, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Chances:
        """Read what ``to_json`` wrote."""
        body = json.loads(text)
        return Chances(body["starts"], body["slopes"], Calibration.from_json(json.dumps(body["line"])))


@dataclass(frozen=True, slots=True)
class Fitted:
    """Chances with what was measured on pairs that had no part in them: calibration error and Brier score, both also
    of the bands; ``random`` says whether the line rests on the random sample alone."""

    chances: Chances
    random: bool
    error: float
    brier: float
    error_of_bands: float
    brier_of_bands: float


def kind(relation: str) -> str:
    """Which slope of the weight a relation has."""
    return _KIND.get(relation, "same")


def usable(answered: Sequence[Answered], rules: Mapping[str, Rule]) -> list[Answered]:
    """The answers that a chance can be learnt from, in an order of their own."""
    return sorted((one for one in answered if one.rule in rules and learns(rules[one.rule])), key=lambda one: one.pair)


def answers(some: Sequence[Answered]) -> float:
    """How many answers these pairs are: a family decided at once is one."""
    return round(sum(one.worth for one in some), 6)


def fit(answered: Sequence[Answered], rules: Mapping[str, Rule]) -> Fitted | None:
    """Chances from what people answered, None for fewer than ENOUGH answers.

    ``rules`` have the relation that they conclude now and the band that they are shipped with: a band that was moved
    by these very answers would count them twice.
    """
    rows = usable(answered, rules)
    if answers(rows) < ENOUGH:
        return None
    random = answers([one for one in rows if one.drawn]) >= ENOUGH
    right = np.array([alike(one.relation) == alike(rules[one.rule].relation) for one in rows])
    fold = _folds(rows)
    scores = np.zeros(len(rows))
    for number in range(FOLDS):
        inside = np.flatnonzero(fold == number)
        if len(inside):
            start, slope = _fit([one for one, f in zip(rows, fold, strict=True) if f != number], rules)
            scores[inside] = [start[rows[i].rule] + slope[rows[i].rule] * rows[i].weight for i in inside]
    stands = np.array([one.drawn if random else one.worth for one in rows])
    told = np.zeros(len(rows))
    for number in range(FOLDS):
        others = (fold != number) & (stands > 0)
        line = _line(scores[others], right[others], stands[others])
        told[fold == number] = [line.probability(score) for score in scores[fold == number]]
    measured = stands > 0
    bands = np.array([rules[one.rule].confidence for one in rows])
    start, slope = _fit(rows, rules)
    by_rule: dict[str, list[Answered]] = defaultdict(list)
    for one in rows:
        by_rule[one.rule].append(one)
    shown = sorted(code for code, some in by_rule.items() if answers(some) >= MEASURED)
    chances = Chances(
        {code: start[code] for code in shown},
        {code: slope[code] for code in shown},
        _line(scores[measured], right[measured], stands[measured]),
    )
    truth, mass = right[measured].tolist(), stands[measured].tolist()
    found, plain = told[measured].tolist(), bands[measured].tolist()
    return Fitted(
        chances, random, ece(found, truth, counts=mass), brier(found, truth, mass), ece(plain, truth, counts=mass),
        brier(plain, truth, mass),
    )  # fmt: skip


def _folds(rows: Sequence[Answered]) -> npt.NDArray[np.int64]:
    """Which part each pair is tried in: pairs of one first record together, as they are much alike; one after the
    other where most pairs are of one record."""
    fold = np.array([one.pair[0] % FOLDS for one in rows])
    return np.arange(len(rows)) % FOLDS if np.bincount(fold).max() > len(rows) / 2 else fold


def _line(scores: Reals, right: npt.NDArray[np.bool_], stands: Reals) -> Calibration:
    found = calibrate(scores.tolist(), right.tolist(), stands.tolist(), enough=1, certain=False)
    assert found is not None
    shares = tuple(round(p, ROUND) for p in found.probabilities)
    return Calibration(tuple(round(x, ROUND) for x in found.weights), shares, found.labels)


def _fit(rows: Sequence[Answered], rules: Mapping[str, Rule]) -> tuple[dict[str, float], dict[str, float]]:
    """Log-odds at weight 0 and slope by bit, for every rule."""
    seen = sorted({one.rule for one in rows})
    place = {code: number for number, code in enumerate(seen)}
    rule = np.array([place[one.rule] for one in rows])
    sort = np.array([KINDS.index(kind(rules[one.rule].relation)) for one in rows])
    weight = np.array([one.weight for one in rows]) / 10
    worth = np.array([one.worth for one in rows])
    right = np.array([alike(one.relation) == alike(rules[one.rule].relation) for one in rows], float)
    mass = np.bincount(sort, worth, len(KINDS))
    middle = np.bincount(sort, worth * weight, len(KINDS)) / np.maximum(mass, 1e-9)
    bands = np.array([_odds(rules[one.rule].confidence) for one in rows])
    away, n, k = weight - middle[sort], len(seen), len(KINDS)
    hold = np.concatenate([np.full(n, RIDGE_RULE), np.full(k, RIDGE_SLOPE), np.full(k, RIDGE_KIND)])

    def loss(at: Reals) -> tuple[float, Reals]:
        odds = bands + at[rule] + at[n + sort] * away + at[n + k + sort]
        wrong = worth * (1 / (1 + np.exp(-odds)) - right)
        slope = np.concatenate(
            [np.bincount(rule, wrong, n), np.bincount(sort, wrong * away, k), np.bincount(sort, wrong, k)]
        )
        value = (worth * (np.logaddexp(0, odds) - right * odds)).sum() + (hold * at * at).sum() / 2
        return float(value), slope + hold * at

    # More agreement never makes it less likely that two are one; of an overlap it may.
    bounds = (
        [(None, None)] * n + [(None, None) if name == "apart" else (0, None) for name in KINDS] + [(None, None)] * k
    )
    at = minimize(loss, np.zeros(n + 2 * k), jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12}).x
    starts, slopes = {}, {}
    for code, one in rules.items():
        sorted_as = KINDS.index(kind(one.relation))
        steep = at[n + sorted_as]
        effect = at[place[code]] if code in place else 0.0
        starts[code] = round(
            float(_odds(one.confidence) + effect + at[n + k + sorted_as] - steep * middle[sorted_as]), ROUND
        )
        slopes[code] = round(float(steep / 10), ROUND)
    return starts, slopes


def _odds(share: float) -> float:
    """Log-odds of a band, held off 0 and 1."""
    held = min(0.98, max(0.02, share))
    return float(np.log(held / (1 - held)))


def know(db: duckdb.DuckDBPyConnection, found: Chances | None) -> None:
    """Lay chances beside the tables: ``chance`` has log-odds by rule, ``chance_of`` makes a score a chance."""
    db.execute("CREATE OR REPLACE TEMP TABLE chance (code VARCHAR, start DOUBLE, slope DOUBLE)")
    if found is None:
        db.execute("CREATE OR REPLACE TEMP MACRO chance_of(score) AS NULL::DOUBLE")
        return
    rows = [(code, start, found.slopes[code]) for code, start in sorted(found.starts.items())]
    db.executemany("INSERT INTO chance VALUES (?, ?, ?)", rows)
    db.execute(f"CREATE OR REPLACE TEMP MACRO chance_of(score) AS {expression(found.line, 'score')}")


def expression(line: Calibration, score: str) -> str:
    """The line as SQL on a column of scores."""
    points = list(zip(line.weights, line.probabilities, strict=True))
    parts = [f"WHEN {score} IS NULL THEN NULL WHEN {score} <= {points[0][0]!r}::DOUBLE THEN {points[0][1]!r}::DOUBLE"]
    for (x, p), (y, q) in zip(points, points[1:], strict=False):
        rise = f"{p!r}::DOUBLE + {q - p!r}::DOUBLE * ({score} - {x!r}::DOUBLE) / {y - x!r}::DOUBLE"
        if y > x:
            parts.append(f"WHEN {score} <= {y!r}::DOUBLE THEN {rise}")
    return f"round(CASE {' '.join(parts)} ELSE {points[-1][1]!r}::DOUBLE END, 4)"
