"""What each part of the matcher is worth: candidates by generator, ablation, calibration.

``Explore`` is what ``registry.matching.explore`` offers; tests hand in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.evaluate_scores import judged, sides_of, wanted
from benchmarks.evaluate_tables import hits, share, table
from benchmarks.labelled import SAME_WORK, Labelled
from benchmarks.metrics import (
    Counts,
    Pair,
    average_precision,
    brier,
    calibration_bins,
    calibration_error,
    count,
    macro_f1,
    pair,
    recall_of,
    typed,
)
from registry.model import Change, Work

LABELS, SEED = 200, 20
DRAWS = 20
"""Times that 200 labels are drawn: one draw would be luck."""


class ScoredPair(Protocol):
    """A candidate pair as the matcher scores it, before any is chosen among its rivals."""

    @property
    def left(self) -> str: ...
    @property
    def right(self) -> str: ...
    @property
    def weight(self) -> float: ...
    @property
    def relation(self) -> str: ...


class Explore(Protocol):
    """The matcher opened up."""

    GENERATORS: Sequence[str]
    COMPARISONS: Sequence[str]

    def candidates(
        self, records: Iterable[Change], academy_of: Mapping[str, str], without: frozenset[str] = frozenset()
    ) -> Mapping[Pair, tuple[str, ...]]: ...

    def scored(
        self,
        records: Iterable[Change],
        academy_of: Mapping[str, str],
        without_generators: frozenset[str] = frozenset(),
        without_comparisons: frozenset[str] = frozenset(),
    ) -> Sequence[ScoredPair]: ...

    def one_to_one(
        self, left_records: Iterable[Change], right_records: Iterable[Change]
    ) -> Sequence[tuple[str, str, float]]: ...

    def works(self, records: Iterable[Change], academy_of: Mapping[str, str]) -> Sequence[Work]: ...


@dataclass(frozen=True, slots=True)
class Recall:
    """Candidate recall: wanted pairs that are among the candidates, in all and by generator (found, by no other)."""

    pairs: int
    records: int
    within: tuple[int, int]
    translations: tuple[int, int]
    generators: dict[str, tuple[int, int]]
    missed: tuple[Pair, ...]


def recall(labelled: Labelled, candidates: Mapping[Pair, Sequence[str]]) -> Recall:
    """Candidate recall on the labelled pairs that are related."""
    found = {pair(*which): names for which, names in candidates.items()}
    within, across = wanted(labelled)
    inside, outside = recall_of(found, within)[0], recall_of(found, across)[0]
    missed = tuple(which for which in (*within, *across) if not found.get(which))
    generators = recall_of(found, [*within, *across])[1]
    of = len(within), len(across)
    return Recall(len(found), len(labelled.records), (inside, of[0]), (outside, of[1]), generators, missed)


def recall_text(labelled: Labelled, found: Recall) -> str:
    """Candidate recall as printed."""
    total = found.within[1] + found.translations[1]
    lines = [
        f"  candidates: {found.pairs} pairs, {found.pairs / max(1, found.records):.1f} per record; of the related pairs "
        f"within a language {hits(*found.within)}, of translations {hits(*found.translations)}",
        table(
            ("generator", "finds", "only it"),
            ((name, hits(n, total), str(alone)) for name, (n, alone) in found.generators.items()),
        ),
    ]
    if not labelled.hidden and found.missed:
        names = {label.pair: label.name for label in labelled.labels}
        lines += [f"    not a candidate: {names[which]}" for which in found.missed]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Ablation:
    """What is left when one part is left out ("" = nothing): related pairs that are scored, F1, typed F1, and the average
    precision of the weights over labelled pairs. Rules decide the relation, so leaving out a comparison moves weights."""

    without: str
    kind: str
    candidates: tuple[int, int] | None
    same: Counts
    macro: float | None
    ranking: float | None


def _ablated(labelled: Labelled, scored: Sequence[ScoredPair], without: str, kind: str) -> Ablation:
    known = labelled.by_pair()
    said = {pair(one.left, one.right): one.relation for one in scored if one.relation}
    scores = judged(labelled, said)
    same = count(
        {which for which, relation in scores.items() if relation in SAME_WORK},
        {which for which, relation in known.items() if relation in SAME_WORK},
    )
    held, of = {pair(one.left, one.right) for one in scored}, [*wanted(labelled)[0], *wanted(labelled)[1]]
    macro = macro_f1(typed(scores, known, labelled.apart), known.values()) if labelled.typed else None
    ranking = average_precision(*weights_of(labelled, scored))
    return Ablation(without, kind, (len(held & set(of)), len(of)), same, macro, ranking)


def ablate(labelled: Labelled, explore: Explore) -> list[Ablation]:
    """The scores with everything, then without each generator and each comparison."""

    def run(kind: str, name: str) -> Ablation:
        left_out = frozenset({name} - {""})
        generators, comparisons = (left_out, frozenset()) if kind == "generator" else (frozenset(), left_out)
        scored = explore.scored(labelled.records, labelled.academy_of, generators, comparisons)  # type: ignore[arg-type]
        return _ablated(labelled, scored, name, kind)

    rows = [run("generator", "")]
    rows += [run("generator", name) for name in explore.GENERATORS]
    return rows + [run("comparison", name) for name in explore.COMPARISONS]


def ablation_text(rows: Sequence[Ablation]) -> str:
    """Ablation as printed: what each part adds."""
    whole = rows[0]

    def change(now: float | None, then: float | None) -> str:
        return "–" if now is None or then is None else f"{share(now)} ({now - then:+.3f})"

    return table(
        ("left out", "kind", "pairs scored of the related", "F1 one work", "typed F1", "ranking by weight"),
        (
            (
                row.without or "nothing", row.kind if row.without else "", hits(*row.candidates) if row.candidates else "–",
                change(row.same.f1, whole.same.f1), change(row.macro, whole.macro),
                change(row.ranking, whole.ranking),
            )
            for row in rows
        ),
    )  # fmt: skip


Fit = Callable[[Sequence[float], Sequence[bool]], Callable[[Sequence[float]], Sequence[float]]]
"""From match weights with labels to a function from weights to probabilities."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far probabilities are from shares: before, and with ``LABELS`` labels (mean over draws, worst draw).

    ``uncertain``: how many pairs have a probability of 0.01 to 0.99 in the first draw, and the error on these alone.
    """

    pairs: int
    labels: int
    error: float
    worst: float
    brier: float
    raw_error: float
    uncertain: tuple[int, float]
    bins: tuple[tuple[int, float, float], ...]


def stratified(weights: np.ndarray, labels: int, draw: np.random.Generator) -> np.ndarray:
    """Indices to label: as many from each tenth of the weights."""
    parts = np.array_split(np.argsort(weights, kind="stable"), 10)
    chosen = [draw.choice(part, min(len(part), labels // 10), replace=False) for part in parts]
    return np.sort(np.concatenate(chosen))


def calibrate(weights: Sequence[float], outcomes: Sequence[bool], fit: Fit, labels: int = LABELS) -> Calibration:
    """Draw labels by tenths of the weight, fit, and measure on the pairs that were not drawn."""
    w, y = np.asarray(weights, dtype=float), np.asarray(outcomes, dtype=bool)
    draw = np.random.default_rng(SEED)
    errors, squares, bins = [], [], []
    unsure: list[tuple[float, bool]] = []
    for _ in range(DRAWS):
        chosen = stratified(w, labels, draw)
        rest = np.setdiff1d(np.arange(len(w)), chosen)
        model = fit(w[chosen].tolist(), y[chosen].tolist())
        told = model(w[rest].tolist())
        errors.append(calibration_error(told, y[rest].tolist()) or 0.0)
        squares.append(brier(told, y[rest].tolist()) or 0.0)
        if not bins:
            bins = calibration_bins(told, y[rest].tolist())
            unsure = [(p, bool(t)) for p, t in zip(told, y[rest], strict=True) if 0.01 <= p <= 0.99]
    doubt = len(unsure), calibration_error([p for p, _ in unsure], [t for _, t in unsure]) or 0.0
    raw = calibration_error((1 / (1 + np.exp2(-np.clip(w, -60, 60)))).tolist(), y.tolist()) or 0.0
    return Calibration(
        len(w), labels, float(np.mean(errors)), max(errors), float(np.mean(squares)), raw, doubt, tuple(bins)
    )


def weights_of(labelled: Labelled, scored: Sequence[ScoredPair]) -> tuple[list[float], list[bool]]:
    """Weights and truth of the scored pairs that are judged: whether both are one work."""
    known, side = labelled.by_pair(), sides_of(labelled)
    weights, outcomes = [], []
    for one in sorted(scored, key=lambda item: pair(item.left, item.right)):
        which = pair(one.left, one.right)
        if labelled.complete and (not side or side[which[0]] != side[which[1]]) or which in known:
            weights.append(one.weight)
            outcomes.append(known.get(which, "") in SAME_WORK)
    return weights, outcomes


def calibration_text(name: str, found: Calibration) -> str:
    """Calibration as printed, with the reliability rows of the first draw."""
    rows = ((str(n), f"{p:.3f}", f"{y:.3f}") for n, p, y in found.bins)
    return (
        f"  {name}: {found.pairs} scored pairs; weights read as odds: error {found.raw_error:.3f}; with {found.labels} "
        f"labels: error {found.error:.4f} (mean of {DRAWS} draws; worst {found.worst:.4f}), Brier {found.brier:.4f}; "
        f"on the {found.uncertain[0]} pairs of probability 0.01 to 0.99 alone "
        f"{found.uncertain[1]:.4f}\n" + table(("pairs", "probability", "true"), rows)
    )
