"""Calibration: monotone, between 0 and 1, exact where labels are plain, and near the truth after 200 labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.matching.calibrate import ENOUGH, Calibration, brier, calibrate, ece

LABELS = st.lists(st.tuples(st.floats(-40, 40), st.booleans()), min_size=ENOUGH, max_size=2 * ENOUGH)


def fitted(labels: list[tuple[float, bool]]) -> Calibration:
    found = calibrate([weight for weight, _ in labels], [match for _, match in labels])
    assert found is not None
    return found


@given(LABELS, st.lists(st.floats(-100, 100), min_size=2, max_size=20))
def test_more_weight_is_never_less_probable(labels: list[tuple[float, bool]], asked: list[float]) -> None:
    found = fitted(labels)
    told = [found.probability(weight) for weight in sorted(asked)]
    assert told == sorted(told)
    assert all(0 <= probability <= 1 for probability in told)


@given(LABELS)
def test_the_order_of_labels_changes_nothing(labels: list[tuple[float, bool]]) -> None:
    one, other = fitted(labels), fitted(labels[::-1])
    assert np.allclose(one.weights, other.weights)
    assert np.allclose(one.probabilities, other.probabilities)


@given(LABELS)
def test_it_is_read_as_it_was_saved(labels: list[tuple[float, bool]]) -> None:
    found = fitted(labels)
    assert Calibration.from_json(found.to_json()) == found


def test_too_few_labels_give_no_probability() -> None:
    assert calibrate([0.0] * (ENOUGH - 1), [True] * (ENOUGH - 1)) is None


def test_equal_weights_get_the_share_of_matches_among_them() -> None:
    found = calibrate([1.0] * 50 + [3.0] * 50, [True] * 10 + [False] * 40 + [True] * 45 + [False] * 5)
    assert found is not None
    assert found.probability(1.0) == pytest.approx(0.2)
    assert found.probability(3.0) == pytest.approx(0.9)
    assert found.probability(2.0) == pytest.approx(0.55)
    assert found.probability(-9.0) == pytest.approx(0.2)


def test_labels_that_stand_for_more_pairs_count_for_more() -> None:
    weights, matches = [1.0] * 100, [True] * 50 + [False] * 50
    found = calibrate(weights, matches, [1.0] * 50 + [9.0] * 50)
    assert found is not None
    assert found.probability(1.0) == pytest.approx(0.1)


def test_error_by_hand() -> None:
    assert ece([0.5] * 10, [True] * 8 + [False] * 2, bins=1) == pytest.approx(0.3)
    assert ece([0.0, 0.0, 1.0, 1.0], [False, False, True, True], bins=2) == 0
    assert brier([1.0, 0.5], [True, False]) == pytest.approx(0.125)


def test_two_hundred_labels_bring_over_confident_weights_near_the_truth() -> None:
    """Candidate pairs as they are: few matches, weights twice as sure as they should be; labels by tenths of weight."""
    rng = np.random.default_rng(5)
    match = rng.random(20_000) < 0.08
    weight = np.where(match, rng.normal(14, 8, 20_000), rng.normal(-18, 8, 20_000))
    tenths = np.array_split(np.argsort(weight), 10)
    errors, raw = [], 1 / (1 + 2.0 ** -np.clip(weight, -60, 60))
    for _ in range(10):
        chosen = np.concatenate([rng.choice(part, 20, replace=False) for part in tenths])
        rest = np.setdiff1d(np.arange(20_000), chosen)
        found = calibrate(weight[chosen].tolist(), match[chosen].tolist())
        assert found is not None
        errors.append(ece([found.probability(w) for w in weight[rest]], match[rest].tolist()))
    assert np.mean(errors) <= 0.02
    assert np.mean(errors) < ece(raw.tolist(), match.tolist()) + 0.02
