"""What learning is worth: a model from some of a set's labels, tried on the others, beside what is shipped.

Labels stand for people's decisions. Groups of pairs that share records are kept together (cross-validation by group),
so that no pair is judged by its neighbours. Test labels of the gold set have no part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from benchmarks.evaluate_parts import ScoredPair
from benchmarks.evaluate_tables import share, table
from benchmarks.labelled import SAME_WORK, Labelled
from benchmarks.metrics import Pair, average_precision, brier, calibration_error, components
from registry.model import Change

FOLDS, REPEATS, SEED = 5, 2, 31
SHIPPED, ALONE, DECIDED = "shipped weights, bands", "weights from records alone", "learnt from decisions"


class Learner(Protocol):
    """``registry.matching.explore.Trial``."""

    def learn(self, answers: Mapping[Pair, str], *, unlabelled: bool = False) -> Any: ...
    def scored(self, model: Any = None) -> Sequence[ScoredPair]: ...
    def chance(self, one: Any, model: Any = None) -> tuple[float, bool]: ...


Trial = Callable[[Iterable[Change], Mapping[str, str]], AbstractContextManager[Learner]]


@dataclass(frozen=True, slots=True)
class Worth:
    """One model on pairs that had no part in it, over all folds and repeats: the average precision of its weights (one
    work or not), the share of the pairs that a rule ties whose relation is right, Brier score and calibration error of
    how sure it is of them, and the share of these with a measured chance. ``labels``: how many it learnt from."""

    system: str
    labels: float
    ranking: float | None
    right: float | None
    brier: float | None
    error: float | None
    measured: float


def folds(pairs: Sequence[Pair], draw: np.random.Generator) -> list[list[Pair]]:
    """The pairs in FOLDS parts, those that share records together."""
    home = components(sorted(pairs))
    groups: dict[str, list[Pair]] = {}
    for one in sorted(pairs):
        groups.setdefault(home[one[0]], []).append(one)
    parts: list[list[Pair]] = [[] for _ in range(FOLDS)]
    for name in draw.permutation(sorted(groups)):
        min(parts, key=len).extend(groups[name])
    return parts


def learning(labelled: Labelled, trial: Trial) -> list[Worth]:
    """Try what is shipped, what records alone teach, and what decisions teach, on pairs left out in turn."""
    known = labelled.by_pair()
    found: dict[str, list[tuple[ScoredPair, float, bool, str]]] = {SHIPPED: [], ALONE: [], DECIDED: []}
    ranking: dict[str, list[float]] = {SHIPPED: [], ALONE: [], DECIDED: []}
    labels: dict[str, list[int]] = {SHIPPED: [0], ALONE: [0], DECIDED: []}
    draw = np.random.default_rng(SEED)
    with trial(labelled.records, labelled.academy_of) as learner:
        alone = learner.learn({}, unlabelled=True)
        fixed = {name: _of(learner.scored(model), known) for name, model in ((SHIPPED, None), (ALONE, alone))}
        compared = sorted(fixed[SHIPPED])
        for _ in range(REPEATS):
            for part in folds(compared, draw):
                taught = {one: known[one] for one in compared if one not in set(part)}
                model = learner.learn(taught)
                labels[DECIDED].append(len(taught))
                models = ((SHIPPED, None), (ALONE, alone), (DECIDED, model))
                seen = {**fixed, DECIDED: _of(learner.scored(model), known)}
                for name, one in models:
                    tried = [seen[name][which] for which in part]
                    truth = [known[which] in SAME_WORK for which in part]
                    if 0 < sum(truth) < len(truth):
                        ranking[name].append(average_precision([t.weight for t in tried], truth) or 0.0)
                    for which, pair in zip(part, tried, strict=True):
                        if pair.relation:
                            found[name].append((pair, *learner.chance(pair, one), known[which]))
    return [_worth(name, labels[name], ranking[name], found[name]) for name in found]


def _of(scored: Iterable[ScoredPair], known: Mapping[Pair, str]) -> dict[Pair, ScoredPair]:
    return {(one.left, one.right): one for one in scored if (one.left, one.right) in known}


def _worth(
    name: str, labels: Sequence[int], ranking: Sequence[float], found: Sequence[tuple[ScoredPair, float, bool, str]]
) -> Worth:
    right = [_alike(pair.relation) == _alike(truth) for pair, _, _, truth in found]
    sure = [chance for _, chance, _, _ in found]
    return Worth(
        name, float(np.mean(labels)), float(np.mean(ranking)) if ranking else None, float(np.mean(right)) if right else None,
        brier(sure, right), calibration_error(sure, right), float(np.mean([m for _, _, m, _ in found] or [0.0])),
    )  # fmt: skip


def _alike(relation: str) -> str:
    return "copy" if relation == "near-copy" else relation


def learning_text(rows: Sequence[Worth]) -> str:
    """As printed."""
    head = (
        "learning, on pairs left out",
        "labels",
        "ranking by weight",
        "right relation",
        "Brier",
        "error",
        "measured",
    )
    return table(
        head,
        (
            (row.system, f"{row.labels:.0f}", share(row.ranking), share(row.right), share(row.brier), share(row.error),
             share(row.measured, 2))
            for row in rows
        ),
    ) + f"\n  {FOLDS} parts by groups of pairs, {REPEATS} times: each pair is counted {REPEATS} times"  # fmt: skip
