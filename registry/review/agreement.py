"""How far two people agree who read the same pair: raw agreement and Cohen's kappa (Cohen 1960), by relation.

Compared are the newest words of the two reviewers who spoke first on a pair; who said "unsure" agrees with nobody
but another who did. What was taken back does not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry.model import Decision
from registry.review.answers import answer_for


@dataclass(frozen=True, slots=True)
class Agreement:
    """Over ``pairs`` pairs: on how many both said the same, kappa (None where it is not defined: no pair, or both
    never said anything else)."""

    pairs: int
    agreed: int
    kappa: float | None

    @property
    def raw(self) -> float | None:
        """The share on which both agree."""
        return self.agreed / self.pairs if self.pairs else None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A pair on which two people differ."""

    left: str
    right: str
    first: Decision
    second: Decision


@dataclass(frozen=True, slots=True)
class Report:
    """Agreement over all, for each answer (that answer against all others), and where people differ."""

    overall: Agreement
    by_answer: dict[str, Agreement]
    disagreements: tuple[Disagreement, ...]


def readings(history: Iterable[Decision]) -> list[tuple[Decision, Decision]]:
    """(first, second) for each pair that two reviewers decided on, in the order of the pairs."""
    spoken: dict[tuple[str, str], dict[str, Decision]] = {}
    for one in sorted(history, key=lambda decision: (decision.time, decision.id)):
        if one.voice == "reviewer" and not one.undone:
            # A later word takes the place of the earlier one, which keeps its turn.
            spoken.setdefault((one.left, one.right), {})[one.reviewer] = one
    found = (list(spoken[pair].values())[:2] for pair in sorted(spoken))
    return [(both[0], both[1]) for both in found if len(both) == 2]


def report(history: Iterable[Decision]) -> Report:
    """Agreement of all pairs that were read twice."""
    both = readings(history)
    said = [(_answer(first), _answer(second)) for first, second in both]
    answers = sorted({answer for pair in said for answer in pair})
    by_answer = {}
    for answer in answers:
        sides = [(str(a == answer), str(b == answer)) for a, b in said]
        told = [pair for pair in said if answer in pair]
        agreed = sum(a == b for a, b in told)
        by_answer[answer] = Agreement(len(told), agreed, kappa(sides))
    overall = Agreement(len(said), sum(a == b for a, b in said), kappa(said))
    differ = tuple(
        Disagreement(a.left, a.right, a, b) for (a, b), (x, y) in zip(both, said, strict=True) if x != y
    )  # fmt: skip
    return Report(overall, by_answer, differ)


def kappa(said: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa of two readers' answers; None where chance alone would always agree."""
    if not said:
        return None
    total = len(said)
    first, second = Counter(a for a, _ in said), Counter(b for _, b in said)
    observed = sum(a == b for a, b in said) / total
    expected = sum(first[answer] * second[answer] for answer in first) / total**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def _answer(one: Decision) -> str:
    return answer_for(one.verdict, one.relation)
