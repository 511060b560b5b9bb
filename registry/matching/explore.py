"""Matching opened up for whoever measures it: its candidates, its scores, one partner each, what a part is worth.

Nothing here is used by the registry itself; it runs the same code on records that are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

from registry.matching.calibrate import calibrate
from registry.matching.keys import KINDS, names_of
from registry.matching.learn import Said
from registry.matching.matcher import Matcher
from registry.matching.modelled import MatchModel
from registry.matching.outcome import load_rules
from registry.matching.proven import applied
from registry.matching.scoring import COMPARISONS
from registry.model import Change, Relation, Work

GENERATORS = tuple(name for name in KINDS if name != "decided")
__all__ = [
    "COMPARISONS", "GENERATORS", "Scored", "Trial", "candidates", "fit", "one_to_one", "scored", "trial", "works",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate pair, left < right: its weight in bits, and what the rules say ("" for nothing)."""

    left: str
    right: str
    weight: float
    relation: str = ""
    rule: str = ""


@contextmanager
def _matched(
    records: Iterable[Change],
    academy_of: Mapping[str, str],
    without: frozenset[str] = frozenset(),
    model: MatchModel | None = None,
) -> Iterator[Matcher]:
    with Matcher(None, academy_of, model=model, without=without) as matcher:
        matcher.rebuild(records, tell=False)
        matcher.weigh_all()
        yield matcher


def candidates(
    records: Iterable[Change], academy_of: Mapping[str, str], without: frozenset[str] = frozenset()
) -> dict[tuple[str, str], tuple[str, ...]]:
    """All pairs that are compared, with the generators that found them."""
    with _matched(records, academy_of, without) as matcher:
        rows = matcher.query(
            "SELECT least(x.resource, y.resource), greatest(x.resource, y.resource), kinds FROM pair"
            " JOIN record x ON x.n = l JOIN record y ON y.n = r ORDER BY 1, 2"
        )
        return {(left, right): names_of(kinds) for left, right, kinds in rows}


def scored(
    records: Iterable[Change],
    academy_of: Mapping[str, str],
    without_generators: frozenset[str] = frozenset(),
    without_comparisons: frozenset[str] = frozenset(),
) -> list[Scored]:
    """All pairs that are compared, with weight and rule; ``without_comparisons`` weigh nothing."""
    less = "".join(f" - coalesce(w_{name}, 0)" for name in sorted(without_comparisons & set(COMPARISONS)))
    with _matched(records, academy_of, without_generators) as matcher:
        return _scores(matcher, less)


def _scores(matcher: Matcher, less: str = "") -> list[Scored]:
    rows = matcher.query(
        "SELECT least(x.resource, y.resource), greatest(x.resource, y.resource),"
        f" w.weight{less}, coalesce(relation, ''), coalesce(rule, '') FROM weighed w"
        " JOIN record x ON x.n = w.l JOIN record y ON y.n = w.r"
        " LEFT JOIN outcome o ON o.l = w.l AND o.r = w.r ORDER BY 1, 2"
    )
    return [Scored(*row) for row in rows]


class Trial:
    """Learning tried on records that were matched once: a model from some answers, and what it says of all pairs."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher

    def learn(self, answers: Mapping[tuple[str, str], str], *, unlabelled: bool = False) -> MatchModel:
        """The model that ``match train`` makes of {pair: relation that people named}."""
        said = [Said(*pair, cast(Relation, relation)) for pair, relation in answers.items()]
        return self._matcher.learn(said, unlabelled=unlabelled).model

    def scored(self, model: MatchModel | None = None) -> list[Scored]:
        """All pairs that are compared, with their weight under a model (unless said: the shipped weights) and the
        rule; the relation is what the rule concludes after what was learnt."""
        self._matcher.weigh_all(model)
        rules = applied(load_rules(), model.proven if model else None)
        return [replace(one, relation=rules[one.rule].relation if one.rule else "") for one in _scores(self._matcher)]

    def chance(self, one: Scored, model: MatchModel | None = None) -> tuple[float, bool]:
        """How sure the registry would be of a pair that a rule ties, and whether that is a measured chance."""
        chance = model.chances.chance(one.rule, one.weight) if model and model.chances else None
        rules = applied(load_rules(), model.proven if model else None)
        return (rules[one.rule].confidence, False) if chance is None else (chance, True)


@contextmanager
def trial(records: Iterable[Change], academy_of: Mapping[str, str]) -> Iterator[Trial]:
    """Match records once, to try learning on them."""
    with _matched(records, academy_of) as matcher:
        yield Trial(matcher)


def one_to_one(
    left: Iterable[Change], right: Iterable[Change], *, model: MatchModel | None = None
) -> list[tuple[str, str, float]]:
    """Pairs of two lists in which each is the other's best partner, with their weight in bits (``partners``).

    No weight is too little: that a record has one partner at most decides. A registry's own lists are not so.
    """
    ours, theirs = list(left), list(right)
    sides = {change.feed: "left" for change in ours} | {change.feed: "right" for change in theirs}
    with _matched([*ours, *theirs], sides, model=model) as matcher:
        found = matcher.partners()
        sided = {n: (side, name) for n, side, name in matcher.query("SELECT n, academy, resource FROM record")}
    pairs = []
    for one, other, weight in found:
        (_, a), (_, b) = sorted((sided[one], sided[other]))
        pairs.append((a, b, weight))
    return sorted(pairs)


def fit(weights: Sequence[float], matches: Sequence[bool]) -> Callable[[Sequence[float]], list[float]]:
    """From labelled weights to a function that gives probabilities. Raises ValueError for too few labels."""
    found = calibrate(weights, matches)
    if found is None:
        raise ValueError(f"{len(weights)} labels are too few to calibrate")
    return lambda asked: [found.probability(weight) for weight in asked]


def works(records: Iterable[Change], academy_of: Mapping[str, str]) -> list[Work]:
    """All works and groups of duplicates."""
    with _matched(records, academy_of) as matcher:
        return list(matcher.works())
