"""Probabilities that can be shown: isotonic calibration of match weights on people's decisions.

Raw Fellegi-Sunter probabilities are badly over-confident (design notes, "Review and learning"); without enough labels
nothing is shown as a probability. Pool adjacent violators: Ayer et al. (1955); thirty lines instead of scikit-learn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ENOUGH = 100
"""Labels below which no calibration is made."""
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone line through (weight, probability) points; ``labels`` is how many decisions it rests on."""

    weights: tuple[float, ...]
    probabilities: tuple[float, ...]
    labels: int

    def probability(self, weight: float) -> float:
        """The share of matches among pairs of this weight, 0 to 1."""
        return float(np.interp(weight, self.weights, self.probabilities))

    def to_json(self) -> str:
        """As the ledger keeps it."""
        body = {"weights": self.weights, "probabilities": self.probabilities, "labels": self.labels}
        return json.dumps(body, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Calibration:
        """Read what ``to_json`` wrote."""
        body = json.loads(text)
        return Calibration(tuple(body["weights"]), tuple(body["probabilities"]), int(body["labels"]))


def calibrate(
    weights: Sequence[float],
    matches: Sequence[bool],
    counts: Sequence[float] | None = None,
    *,
    enough: int = ENOUGH,
    certain: bool = True,
) -> Calibration | None:
    """Fit to labelled pairs; None for fewer than ``enough``. ``counts`` weigh the labels of a stratified sample.

    Unless ``certain``, no share is 0 or 1: n labels that all agree leave room for one in n + 2 that does not.
    """
    if len(weights) < enough:
        return None
    # Equal weights are one point, whatever the order of their labels.
    x, place = np.unique(np.asarray(weights, float), return_inverse=True)
    each = np.ones(len(weights)) if counts is None else np.asarray(counts, float)
    mass = np.bincount(place, each)
    hits = np.bincount(place, each * np.asarray(matches, float))
    seen = np.bincount(place)
    blocks: list[list[float]] = []  # sum of weight·label, sum of weight, labels, first x, last x
    for value, hit, total, number in zip(x.tolist(), hits.tolist(), mass.tolist(), seen.tolist(), strict=True):
        blocks.append([hit, total, number, value, value])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            last = blocks.pop()
            blocks[-1] = [*(a + b for a, b in zip(blocks[-1][:3], last[:3], strict=True)), blocks[-1][3], last[4]]
    shares = np.array([block[0] / block[1] for block in blocks])
    if not certain:
        room = 1 / (np.array([block[2] for block in blocks]) + 2)
        shares = np.maximum.accumulate(np.minimum(shares, 1 - room))
        shares = np.minimum.accumulate(np.maximum(shares, room)[::-1])[::-1]
    points = [
        (edge, share)
        for block, share in zip(blocks, shares.tolist(), strict=True)
        for edge in sorted({block[3], block[4]})
    ]
    return Calibration(tuple(p[0] for p in points), tuple(p[1] for p in points), len(weights))


def ece(
    probabilities: Sequence[float], matches: Sequence[bool], bins: int = 10, counts: Sequence[float] | None = None
) -> float:
    """Expected calibration error over bins of equally many labels; ``counts`` weigh them."""
    order = np.argsort(np.asarray(probabilities, float), kind="stable")
    p, y = np.asarray(probabilities, float)[order], np.asarray(matches, float)[order]
    w = np.ones(len(p)) if counts is None else np.asarray(counts, float)[order]
    parts = zip(*(np.array_split(column, bins) for column in (w * (p - y), w)), strict=True)
    gaps = [abs(float(gap.sum())) for gap, own in parts if own.sum()]
    return sum(gaps) / float(w.sum()) if len(p) else 0.0


def brier(probabilities: Sequence[float], matches: Sequence[bool], counts: Sequence[float] | None = None) -> float:
    """Mean squared error of the probabilities; ``counts`` weigh them."""
    p, y = np.asarray(probabilities, float), np.asarray(matches, float)
    return (
        float(np.average((p - y) ** 2, weights=None if counts is None else np.asarray(counts, float)))
        if len(p)
        else 0.0
    )
