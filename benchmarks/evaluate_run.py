"""One labelled set through the product and all baselines, and what the figures asked of matching came to."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks import evaluate_figures as figures
from benchmarks.baseline_splink import NotTrained, best_partners, confident, scored
from benchmarks.baselines import BASELINES, plain
from benchmarks.evaluate_learning import Worth
from benchmarks.evaluate_parts import (
    Ablation,
    Calibration,
    Explore,
    Recall,
    ablate,
    ablation_text,
    calibrate,
    calibration_text,
    recall,
    recall_text,
    weights_of,
)
from benchmarks.evaluate_scores import Detail, Row, clusters_of, detail, judged, pooled, row
from benchmarks.evaluate_tables import details, systems
from benchmarks.labelled import Labelled
from benchmarks.metrics import Pair, macro_f1, pair
from registry.model import Change, Match, Work

Matching = Callable[..., Sequence[Match]]
OURS, ACCEPTED = figures.OURS, "ours, accepted unread"


@dataclass
class Result:
    """What was measured on one set."""

    labelled: Labelled
    rows: list[Row] = field(default_factory=list)
    detail: Detail | None = None
    recall: Recall | None = None
    ablation: list[Ablation] = field(default_factory=list)
    calibration: Calibration | None = None
    learning: list[Worth] = field(default_factory=list)
    said: dict[Pair, str] = field(default_factory=dict)


def timed(run: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and its seconds."""
    began = time.monotonic()
    given = run()
    return given, time.monotonic() - began


@dataclass(frozen=True, slots=True)
class Answers:
    """What every system says of some records, whoever labelled them: name → (relation by pair, seconds)."""

    records: tuple[Change, ...]
    matches: tuple[Match, ...]
    works: tuple[Work, ...]
    candidates: Mapping[Pair, tuple[str, ...]]
    said: Mapping[str, tuple[Mapping[Pair, str], float]]
    left_out: str


def ask(labelled: Labelled, matching: Matching, explore: Explore) -> Answers:
    """Run the product and all baselines on the records of a set."""
    matches, seconds = timed(lambda: list(matching(labelled.records, labelled.academy_of)))
    standing = {pair(m.left, m.right): m.relation for m in matches if m.status != "rejected"}
    accepted = {pair(m.left, m.right): m.relation for m in matches if m.status == "accepted"}
    said: dict[str, tuple[Mapping[Pair, str], float]] = {OURS: (standing, seconds), ACCEPTED: (accepted, seconds)}
    if labelled.sides is not None:
        left, right = ([c for c in labelled.records if c.feed == feed] for feed in labelled.sides)
        partners, seconds = timed(lambda: explore.one_to_one(left, right))
        said[figures.ONE_TO_ONE] = {pair(a, b): "copy" for a, b, _ in partners}, seconds
    others, left_out = baselines(labelled)
    # Works are for sets with relations: without them what is said to be one work is chained.
    works = explore.works(labelled.records, labelled.academy_of) if labelled.typed else ()
    candidates = explore.candidates(labelled.records, labelled.academy_of)
    return Answers(labelled.records, tuple(matches), tuple(works), candidates, {**said, **others}, left_out)


def baselines(labelled: Labelled) -> tuple[dict[str, tuple[Mapping[Pair, str], float]], str]:
    """What the baselines say of the same records, and which of them could not be run, in words."""
    rows, across = plain(labelled.records, dict(labelled.academy_of)), labelled.sides is not None
    said: dict[str, tuple[Mapping[Pair, str], float]] = {}
    for name, baseline in BASELINES:
        found, seconds = timed(lambda baseline=baseline: baseline(rows, across))
        said[name] = dict.fromkeys(found, "copy"), seconds
    try:
        scores, seconds = timed(lambda: scored(rows, across))
    except NotTrained as told:
        return said, f"Splink: not trained here, {told}"
    said["Splink, one model"] = dict.fromkeys(confident(scores), "copy"), seconds
    said["Splink, best partner"] = dict.fromkeys(best_partners(scores), "copy"), seconds
    return said, ""


def measure(labelled: Labelled, answers: Answers, explore: Explore, ablation: bool) -> Result:
    """Score the answers on one set, printed as it comes."""
    print(f"\n=== {labelled.name}\n  {labelled.summary()}", flush=True)
    if labelled.note:
        print(f"  {labelled.note}")
    result = Result(labelled, said=dict(answers.said[OURS][0]))
    clusters = clusters_of(answers.works, "work") if labelled.typed else None
    for name, (said, seconds) in answers.said.items():
        result.rows.append(row(name, labelled, said, seconds, clusters if name == OURS else None))
    print(systems(result.rows) + (f"\n  {answers.left_out}" if answers.left_out else ""), flush=True)
    if labelled.typed:
        result.detail = detail(labelled, answers.matches, answers.works)
        print(details(result.detail, labelled.hidden))
    result.recall = recall(labelled, answers.candidates)
    print("\n" + recall_text(labelled, result.recall), flush=True)
    if ablation:
        result.ablation = ablate(labelled, explore)
        print("\n" + ablation_text(result.ablation), flush=True)
    return result


def calibrated(result: Result, explore: Explore, fit: Any) -> None:
    """Calibration on a set of which every pair is known."""
    found = explore.scored(result.labelled.records, result.labelled.academy_of)
    result.calibration = calibrate(*weights_of(result.labelled, found), fit)
    print("\n" + calibration_text(result.labelled.name, result.calibration), flush=True)


def asked(results: Mapping[str, Result]) -> list[figures.Figure]:
    """The figures asked, of the sets that were run."""
    found: list[figures.Figure] = []
    for name, floor in (("DBLP-ACM", figures.DBLP_F1), ("Abt-Buy", None)):
        if name in results:
            found += figures.engine(name, results[name].rows, floor)
    truth = [results[name] for name in ("Truth: Git lessons", "Truth: catalogue") if name in results]
    if len(truth) == 2:
        counts = pooled([(r.labelled, judged(r.labelled, r.said)) for r in truth])
        labelled = {label.relation for r in truth for label in r.labelled.labels}
        found += figures.truth([r.recall for r in truth if r.recall], macro_f1(counts, labelled))
    typed = [(name, r.detail) for name, r in results.items() if r.detail]
    if typed:
        found += [figures.copies(typed), figures.unread(typed), *figures.apart(typed)]
    return found + [figures.calibration(name, r.calibration) for name, r in results.items() if r.calibration]


def as_json(results: Mapping[str, Result], found: Sequence[figures.Figure], seconds: float) -> dict[str, Any]:
    """All figures for a program; pairs of hidden sets are left out."""

    def one(result: Result) -> dict[str, Any]:
        told = result.detail
        kept = asdict(told) if told else {}
        if told:
            kept["confusion"] = [[label, answer, n] for (label, answer), n in sorted(told.confusion.items())]
            if result.labelled.hidden:
                kept |= {
                    "misses": len(told.misses),
                    "together": {level: len(names) for level, names in told.together.items()},
                }
        candidates = asdict(result.recall) if result.recall else {}
        if result.labelled.hidden:
            candidates.pop("missed", None)
        return {
            "records": len(result.labelled.records),
            "labels": len(result.labelled.labels),
            "systems": [asdict(r) for r in result.rows],
            "detail": kept,
            "candidates": candidates,
            "ablation": [asdict(r) for r in result.ablation],
            "calibration": asdict(result.calibration) if result.calibration else None,
            "learning": [asdict(r) for r in result.learning],
        }

    return {
        "sets": {name: one(result) for name, result in results.items()},
        "figures": [asdict(figure) for figure in found],
        "seconds": round(seconds, 1),
    }
