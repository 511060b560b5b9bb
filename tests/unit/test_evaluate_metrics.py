"""Measures of the evaluation against values worked out by hand."""

from __future__ import annotations

import random

import pytest

from benchmarks.metrics import (
    Counts,
    average_precision,
    bcubed,
    brier,
    calibration_bins,
    calibration_error,
    components,
    count,
    f1_interval,
    macro_f1,
    pair,
    recall_of,
    together,
    typed,
    units_of,
    wilson,
)

AB, AC, BC, CD, XY = ("a", "b"), ("a", "c"), ("b", "c"), ("c", "d"), ("x", "y")


def test_a_pair_has_one_order() -> None:
    assert pair("b", "a") == pair("a", "b") == AB


def test_counts_divide_only_what_is_there() -> None:
    counts = Counts(right=6, wrong=2, missed=4)
    assert (counts.precision, counts.recall, counts.f1) == (0.75, 0.6, pytest.approx(2 / 3))
    nothing = Counts()
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)
    assert Counts(missed=3).precision is None
    assert Counts(missed=3).f1 == 0.0


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Newcombe 1998, table I, and the closed form at the ends: n / (n + z²).
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (10, 10, 10 / 13.8415, 1.0),
        (0, 10, 0.0, 3.8415 / 13.8415),
    ],
)
def test_wilson(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_wilson_of_nothing_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_pairs_without_a_label_count_only_where_all_are_known() -> None:
    found, true = {AB, AC, XY}, {AB, CD}
    assert count(found, true) == Counts(right=1, wrong=2, missed=1)
    assert count(found, true, judged={AB, AC, CD}) == Counts(right=1, wrong=1, missed=1)


def test_relations_are_counted_apart() -> None:
    labels = {AB: "copy", AC: "version", BC: "version", CD: "different", XY: "different"}
    said = {AB: "copy", AC: "copy", CD: "overlap", XY: "version"}
    counts = typed(said, labels, apart={"nothing", "different", "overlap"})
    assert counts["copy"] == Counts(right=1, wrong=1)
    assert counts["version"] == Counts(right=0, wrong=1, missed=2)  # one said copy, one nothing; one said of XY
    assert counts["different"] == Counts(right=1, wrong=1, missed=1)  # silence on BC is the answer "different"
    assert macro_f1(counts, labels.values()) == pytest.approx((2 / 3 + 0 + 0.5) / 3)


def test_an_overlap_is_wrong_where_it_is_told_apart() -> None:
    counts = typed({CD: "overlap"}, {CD: "different"})
    assert counts == {"different": Counts(missed=1), "overlap": Counts(wrong=1)}


def test_silence_everywhere_scores_nothing_on_relations() -> None:
    labels = {AB: "copy", AC: "version"}
    assert macro_f1(typed({}, labels), labels.values()) == 0.0


def test_a_macro_score_counts_a_relation_never_answered() -> None:
    assert macro_f1({"copy": Counts(right=2)}, ["copy", "run"]) == 0.5
    assert macro_f1({}, []) is None


def test_components() -> None:
    assert components([AB, BC, XY]) == {"a": "a", "b": "a", "c": "a", "x": "x", "y": "x"}


def test_units_are_what_belongs_together() -> None:
    units = units_of(found={AB, XY}, true={AB, AC}, all_pairs={AB, AC, BC})
    assert sorted(units, key=repr) == sorted([Counts(1, 0, 1), Counts(0, 1, 0)], key=repr)
    assert sum(units, Counts()) == count({AB, XY}, {AB, AC})


def test_interval_of_f1() -> None:
    assert f1_interval([Counts(right=3)] * 5) == (1.0, 1.0)
    assert f1_interval([]) == f1_interval([Counts()]) == (0.0, 1.0)
    assert f1_interval([Counts(right=1), Counts(), Counts()]) == (1.0, 1.0)
    mixed = [Counts(right=1)] * 80 + [Counts(missed=1)] * 20
    low, high = f1_interval(mixed)
    assert low < 160 / 180 < high
    # One unit of a hundred pairs tells less than a hundred units of one.
    lumped = [Counts(right=80), Counts(missed=20)]
    wide = f1_interval(lumped)
    assert wide[1] - wide[0] > high - low
    assert f1_interval(mixed) == (low, high)
    # Two equal units, one right: both right in a quarter of the samples, none in a quarter.
    assert f1_interval([Counts(right=1), Counts(missed=1)]) == (0.0, 1.0)


def test_bcubed_of_the_text_book() -> None:
    """Two clusters of three with one exchanged: each of the two keeps 2 of 3, the stray 1 of 3."""
    true = {"a": "1", "b": "1", "c": "1", "d": "2", "e": "2", "f": "2"}
    said = {"a": "p", "b": "p", "d": "p", "c": "q", "e": "q", "f": "q"}
    per = (2 / 3 + 2 / 3 + 1 / 3) * 2 / 6
    assert bcubed(said, true, list(true)) == (pytest.approx(per), pytest.approx(per), pytest.approx(per))


def test_bcubed_of_all_alone_and_all_together() -> None:
    true = {"a": "1", "b": "1"}
    assert bcubed({}, true, ["a", "b", "c"]) == (1.0, pytest.approx(2 / 3), pytest.approx(0.8))
    precision, recall, _ = bcubed(dict.fromkeys("abc", "p"), true, ["a", "b", "c"])
    assert (precision, recall) == (pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3), 1.0)
    assert bcubed({}, {}, []) == (0.0, 0.0, 0.0)


def test_different_pairs_in_one_cluster_are_told() -> None:
    clusters = {"a": "1", "b": "1", "c": "2"}
    assert together(clusters, [AB, AC, ("b", "z")]) == [AB]


def test_calibration() -> None:
    probabilities = [0.1] * 10 + [0.9] * 10
    outcomes = [True] + [False] * 9 + [True] * 9 + [False]
    assert calibration_error(probabilities, outcomes, bins=2) == pytest.approx(0.0)
    assert calibration_error([0.9] * 10, [True] * 5 + [False] * 5, bins=1) == pytest.approx(0.4)
    assert calibration_error([0.2, 0.8], [True, False], bins=2) == pytest.approx(0.8)
    assert brier([0.2, 0.8], [True, False]) == pytest.approx(0.64)
    assert brier([1.0, 0.0], [True, False]) == 0.0
    assert calibration_error([], []) is None
    assert brier([], []) is None


def test_bins_hold_as_many_pairs_each() -> None:
    drawn = random.Random(5)
    probabilities = [drawn.random() ** 4 for _ in range(1003)]
    bins = calibration_bins(probabilities, [p > 0.5 for p in probabilities])
    assert len(bins) == 10
    assert {n for n, _, _ in bins} <= {100, 101}
    assert [p for _, p, _ in bins] == sorted(p for _, p, _ in bins)


def test_candidate_recall_by_generator() -> None:
    candidates = {AB: ("keys", "words"), AC: ("words",), BC: (), XY: ("keys",)}
    hits, by = recall_of(candidates, [AB, AC, BC, CD])
    assert hits == 2
    assert by == {"keys": (1, 0), "words": (2, 1)}


def test_average_precision() -> None:
    # True at ranks 1 and 3: (1/1 + 2/3) / 2.
    assert average_precision([9.0, 5.0, 4.0, 1.0], [True, False, True, False]) == pytest.approx(5 / 6)
    assert average_precision([1.0, 1.0], [True, False]) == average_precision([1.0, 1.0], [False, True]) == 0.5
    assert average_precision([1.0], [False]) is None
