"""Everything that measures matching against known pairs, and topics against labelled records: ``make evaluate``.

For each labelled set one table with all systems side by side, then the product in detail, its candidates and what each
part adds; at the end the figures asked, as measured in this run. Exit code 1 if one is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import bench_annotation, labelled_engine, labelled_truth
from benchmarks import evaluate_figures as figures
from benchmarks.evaluate_learning import learning, learning_text
from benchmarks.evaluate_run import Answers, Result, as_json, ask, asked, calibrated, measure
from benchmarks.evaluate_tables import by_rule
from benchmarks.labelled import Labelled
from benchmarks.regression import catalogues, regression, unseen
from registry.matching import explore as matcher
from registry.matching import match

LEARNT = ("Truth: Git lessons", "Truth: catalogue", "Gold: development")
"""The sets that learning is tried on, pairs left out in turn; never on test labels."""


def sets(show_test: bool) -> list[tuple[Callable[[], Labelled], bool]]:
    """All labelled sets, and whether each part of the matcher is tried on them one by one."""
    return [
        (labelled_engine.dblp_acm, False),
        (labelled_engine.abt_buy, False),
        (labelled_truth.lessons, True),
        (lambda: labelled_truth.lessons(texts=True), False),
        (labelled_truth.catalogue, False),
        (labelled_truth.git_training, False),
        (lambda: labelled_truth.git_training(stated=True), False),
        (lambda: labelled_truth.gold("development"), True),
        (lambda: labelled_truth.gold("test", show_test), False),
        (regression, False),
        (unseen, False),
        (catalogues, False),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked; 1 if a figure is missed."""
    parser = argparse.ArgumentParser(prog="make evaluate", description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE too")
    parser.add_argument("--show-test", action="store_true", help="show pairs of the gold set's test part by name")
    parser.add_argument("--only", nargs="+", metavar="SET", default=[], help="only sets whose name starts so")
    parser.add_argument("--no-ablation", action="store_true", help="do not try the parts one by one")
    parser.add_argument("--no-learning", action="store_true", help="do not try learning on pairs left out")
    parser.add_argument("--no-topics", action="store_true", help="only matching")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    results: dict[str, Result] = {}
    answers: Answers | None = None
    for load, ablation in sets(given.show_test):
        labelled = load()
        if given.only and not labelled.name.startswith(tuple(given.only)):
            continue
        if answers is None or answers.records != labelled.records:  # both parts of the gold set have one answer
            answers = ask(labelled, match, matcher)
        result = measure(labelled, answers, matcher, ablation and not given.no_ablation)
        if labelled.complete:
            calibrated(result, matcher, matcher.fit)
        if labelled.name in LEARNT and not given.no_learning:
            result.learning = learning(labelled, matcher.trial)
            print("\n" + learning_text(result.learning), flush=True)
        results[labelled.name] = result
    typed = {name: result.detail for name, result in results.items() if result.detail}
    hidden = [name for name in typed if results[name].labelled.hidden]
    print("\n=== rules, over all labelled sets\n" + by_rule(typed, hidden), flush=True)
    if not given.no_topics and not given.only:
        print("\n=== topics\n" + json.dumps(bench_annotation.measure(), indent=2), flush=True)
    found, seconds = asked(results), time.monotonic() - began
    print(f"\n=== figures, {seconds:.0f} s (speed and size: make bench)\n{figures.text(found)}")
    if given.json:
        made = as_json(results, found, seconds)
        given.json.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return int(any(not figure.reached for figure in found))


if __name__ == "__main__":
    sys.exit(main())
