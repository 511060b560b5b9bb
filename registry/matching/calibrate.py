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
    weights: Sequence[float], matches: Sequence[bool], counts: Sequence[float] | None = None
) -> Calibration | None:
    """Fit to labelled pairs; None for fewer than ENOUGH. ``counts`` weigh the labels of a stratified sample."""
    if len(weights) < ENOUGH:
        return None
    # Equal weights are one point, whatever the order of their labels.
    x, place = np.unique(np.asarray(weights, float), return_inverse=True)
    each = np.ones(len(weights)) if counts is None else np.asarray(counts, float)
    mass = np.bincount(place, each)
    hits = np.bincount(place, each * np.asarray(matches, float))
    blocks: list[list[float]] = []  # sum of weight·label, sum of weight, first x, last x
    for value, hit, total in zip(x.tolist(), hits.tolist(), mass.tolist(), strict=True):
        blocks.append([hit, total, value, value])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + last[0], blocks[-1][1] + last[1], blocks[-1][2], last[3]]
    points = [(edge, block[0] / block[1]) for block in blocks for edge in sorted({block[2], block[3]})]
    return Calibration(tuple(p[0] for p in points), tuple(p[1] for p in points), len(weights))


def ece(probabilities: Sequence[float], matches: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error over bins of equal frequency."""
    order = np.argsort(np.asarray(probabilities, float), kind="stable")
    p, y = np.asarray(probabilities, float)[order], np.asarray(matches, float)[order]
    parts = zip(np.array_split(p, bins), np.array_split(y, bins), strict=True)
    gaps = [abs(float(a.mean() - b.mean())) * len(a) for a, b in parts if len(a)]
    return sum(gaps) / len(p) if len(p) else 0.0


def brier(probabilities: Sequence[float], matches: Sequence[bool]) -> float:
    """Mean squared error of the probabilities."""
    p, y = np.asarray(probabilities, float), np.asarray(matches, float)
    return float(((p - y) ** 2).mean()) if len(p) else 0.0
