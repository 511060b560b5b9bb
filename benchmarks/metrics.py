"""Measures of matching: pairwise and by cluster, with intervals; calibration. Pure functions, no data of their own.

A pair is two resource IRIs in code-point order. Sources: Wilson 1927 (interval of a share), Bagga and Baldwin 1998
(B-cubed), Guo et al. 2017 (expected calibration error; here over bins of equal frequency), Brier 1950.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Pair = tuple[str, str]
Item = TypeVar("Item", bound=Hashable)
Z95 = 1.959964
RESAMPLES = 1000
NOTHING = "nothing"
"""What a system says of a pair that it does not relate."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Right answers, wrong answers and misses; ``precision`` and the others are None where nothing is to divide."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float | None:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        return self.right / (self.right + self.missed) if self.right + self.missed else None

    @property
    def f1(self) -> float | None:
        of = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / of if of else None

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)


def pair(left: str, right: str) -> Pair:
    """Two resources in the order in which every table has them."""
    return (left, right) if left < right else (right, left)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) where nothing was counted."""
    if not of:
        return 0.0, 1.0
    share, z = hits / of, Z95
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def count(found: Collection[Pair], true: Collection[Pair], judged: Collection[Pair] | None = None) -> Counts:
    """Pairs found against pairs that are true; with ``judged``, what nobody labelled is left out."""
    found, true = set(found), set(true)
    if judged is not None:
        found &= set(judged)
    return Counts(len(found & true), len(found - true), len(true - found))


def typed(
    said: Mapping[Pair, str], labels: Mapping[Pair, str], apart: Collection[str] = (NOTHING, "different")
) -> dict[str, Counts]:
    """Counts by relation over the labelled pairs.

    For a pair labelled "different", each answer in ``apart`` is right. Silence on a related pair counts as the answer
    "different": a system that is silent everywhere does not score on it.
    """
    counts: dict[str, Counts] = defaultdict(Counts)
    for which, label in labels.items():
        answer = said.get(which, NOTHING)
        if label == "different" and answer in apart or answer == NOTHING:
            answer = "different"
        if answer == label:
            counts[label] += Counts(right=1)
        else:
            counts[label] += Counts(missed=1)
            counts[answer] += Counts(wrong=1)
    return dict(counts)


def macro_f1(counts: Mapping[str, Counts], relations: Collection[str]) -> float | None:
    """The mean F1 of the relations that were labelled."""
    scores = [counts.get(relation, Counts()).f1 or 0.0 for relation in sorted(set(relations))]
    return sum(scores) / len(scores) if scores else None


def components(pairs: Iterable[tuple[Item, Item]]) -> dict[Item, Item]:
    """Each item of the pairs with the least item of its connected component."""
    parent: dict[Item, Item] = {}

    def root(item: Item) -> Item:
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for left, right in pairs:
        a, b = root(left), root(right)
        if a != b:
            parent[max(a, b)] = min(a, b)  # type: ignore[type-var]
    return {item: root(item) for item in parent}


def _resampled(units: Sequence[Counts], seed: int) -> np.ndarray:
    """Sums of (right, wrong, missed) of RESAMPLES samples of the units, drawn with replacement."""
    table = np.array([(unit.right, unit.wrong, unit.missed) for unit in units], dtype=float)
    kinds, often = np.unique(table, axis=0, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(len(table), often / len(table), size=RESAMPLES)
    return draws @ kinds


def units_of(found: Collection[Pair], true: Collection[Pair], all_pairs: Collection[Pair]) -> list[Counts]:
    """Counts by connected component of what was found, is true or was judged: what belongs together is drawn together."""
    home = components(sorted(set(all_pairs) | set(found) | set(true)))
    units: dict[str, Counts] = defaultdict(Counts)
    found, true = set(found), set(true)
    for which in set(all_pairs) | found | true:
        units[home[which[0]]] += Counts(which in found & true, which in found - true, which in true - found)
    return [units[name] for name in sorted(units)]


def f1_interval(units: Sequence[Counts], seed: int = 1) -> tuple[float, float]:
    """The 95 % interval of F1 by resampling components (percentiles); (0, 1) without anything to count.

    A sample in which nothing is to divide has no F1 and is left out.
    """
    if not units:
        return 0.0, 1.0
    sums = _resampled(units, seed)
    below = 2 * sums[:, 0] + sums[:, 1] + sums[:, 2]
    scores = (2 * sums[below > 0, 0]) / below[below > 0]
    if not len(scores):
        return 0.0, 1.0
    low, high = np.percentile(scores, [2.5, 97.5])
    return float(low), float(high)


def bcubed(said: Mapping[str, str], true: Mapping[str, str], members: Collection[str]) -> tuple[float, float, float]:
    """B-cubed precision, recall and F1 over ``members``; who is in no cluster stands alone. (0, 0, 0) for nobody."""
    if not members:
        return 0.0, 0.0, 0.0

    def groups(of: Mapping[str, str]) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for member in members:
            found[of.get(member, member)].add(member)
        return {member: together for group in found.values() for together in [frozenset(group)] for member in group}

    ours, theirs = groups(said), groups(true)
    precision = recall = 0.0
    for member in members:
        shared = len(ours[member] & theirs[member])
        precision += shared / len(ours[member])
        recall += shared / len(theirs[member])
    precision, recall = precision / len(members), recall / len(members)
    return precision, recall, 2 * precision * recall / (precision + recall)


def together(cluster_of: Mapping[str, str], apart: Iterable[Pair]) -> list[Pair]:
    """The pairs known to differ that stand in one cluster: there must be none."""
    return [
        (left, right)
        for left, right in apart
        if left in cluster_of and right in cluster_of and cluster_of[left] == cluster_of[right]
    ]


def calibration_bins(
    probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = 10
) -> list[tuple[int, float, float]]:
    """Reliability rows (pairs, mean probability, share that is true), over bins of equal frequency."""
    order = np.argsort(np.asarray(probabilities, dtype=float), kind="stable")
    p, y = np.asarray(probabilities, dtype=float)[order], np.asarray(outcomes, dtype=float)[order]
    parts = [part for part in np.array_split(np.arange(len(p)), bins) if len(part)]
    return [(len(part), float(p[part].mean()), float(y[part].mean())) for part in parts]


def calibration_error(probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = 10) -> float | None:
    """The mean distance of probability and share over the bins, weighted by their pairs."""
    rows = calibration_bins(probabilities, outcomes, bins)
    total = sum(n for n, _, _ in rows)
    return sum(n * abs(p - y) for n, p, y in rows) / total if total else None


def brier(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """The mean squared distance of probability and outcome."""
    if not len(probabilities):
        return None
    p, y = np.asarray(probabilities, dtype=float), np.asarray(outcomes, dtype=float)
    return float(((p - y) ** 2).mean())


def average_precision(weights: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """How well weights rank: the mean over true pairs of the precision down to each; None without a true pair.

    Pairs of equal weight count as one step, so that their order does not matter.
    """
    w, y = np.asarray(weights, dtype=float), np.asarray(outcomes, dtype=bool)
    if not y.any():
        return None
    steps = np.unique(w)[::-1]
    true = np.array([(y & (w >= step)).sum() for step in steps])
    seen = np.array([(w >= step).sum() for step in steps])
    return float((np.diff(true, prepend=0) * true / seen).sum() / y.sum())


def recall_of(
    candidates: Mapping[Pair, Sequence[str]], wanted: Collection[Pair]
) -> tuple[int, dict[str, tuple[int, int]]]:
    """How many wanted pairs are among the candidates, and by generator (found, found by no other)."""
    hits, by = 0, defaultdict(lambda: [0, 0])
    for which in wanted:
        names = set(candidates.get(which, ()))
        hits += bool(names)
        for name in names:
            by[name][0] += 1
            by[name][1] += len(names) == 1
    return hits, {name: (both[0], both[1]) for name, both in sorted(by.items())}
