"""Which pairs that a rule ties become matches: bounds per record, and one best partner."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from registry.matching.outcome import Rule

SIBLINGS = 10
"""Runs, editions and copies by one rule that are kept for a record."""


class Pair(NamedTuple):
    """A pair that a rule ties, left < right; repositories are "" where a record names none or several."""

    left: str
    right: str
    academy: str
    other_academy: str
    rule: str
    source: str
    score: float
    strong: bool
    repository: str
    other_repository: str


def _bound(pairs: Sequence[Pair]) -> set[Pair]:
    """The pairs that are among the best few of both sides, so that a weekly course is no web of runs."""
    best: dict[str, list[Pair]] = defaultdict(list)
    for pair in sorted(pairs, key=lambda p: (-p.score, p.left, p.right)):
        best[pair.left].append(pair)
        best[pair.right].append(pair)
    near = Counter(pair for own in best.values() for pair in own[:SIBLINGS])
    return {pair for pair, sides in near.items() if sides == 2}


def _best_partner(pairs: Sequence[Pair]) -> set[Pair]:
    """Translations and adaptations by the rules: one partner for each resource and academy.

    Of several descriptions of one repository the best is kept, and the best of one of its older editions: what
    translates a page translates its editions. A tie of weak evidence is no evidence: the modules of a course agree in
    authors and duration with every module of its translation.
    """
    groups: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        for one, other, academy, repository in (
            (pair.left, pair.right, pair.other_academy, pair.other_repository),
            (pair.right, pair.left, pair.academy, pair.repository),
        ):
            groups[one, "academy", "" if pair.strong else academy].append(pair)
            groups[one, "repository", f"{repository} {_of_edition(pair)}" if repository else other].append(pair)
    dropped: set[Pair] = set()
    for (_, kind, _), own in groups.items():
        top = max(pair.score for pair in own)
        best = [pair for pair in own if pair.score == top]
        if kind == "repository":
            dropped.update(set(own) - {min(best)})
        elif not all(pair.strong for pair in own):
            dropped.update(own if len(best) > 1 else set(own) - set(best))
    return set(pairs) - dropped


def _own_whole(pairs: Sequence[Pair]) -> set[Pair]:
    """A part belongs to the whole that its own academy offers; that another academy lists the same whole is
    told by the pair of the wholes, not by every part of it."""
    at_home = {_target(pair) for pair in pairs if pair.source and pair.academy == pair.other_academy}
    return {
        pair for pair in pairs if not pair.source or pair.academy == pair.other_academy or _target(pair) not in at_home
    }


def _target(pair: Pair) -> str:
    return pair.right if pair.source == "left" else pair.left


def _place(pair: Pair) -> str:
    """The repository of the original, or the original itself."""
    original, place = (pair.left, pair.repository) if pair.source == "left" else (pair.right, pair.other_repository)
    return place or original


def _of_edition(pair: Pair) -> bool:
    """Whether one side is a fixed revision of a repository, by the deduction of ``outcome.pinned``."""
    return pair.rule == "TR.ADDRESS" and pair.score % 1 > 0.5


def _best_original(pairs: Sequence[Pair], declared: Sequence[Pair]) -> list[Pair]:
    """Of translations told by the address: for each translation the originals that score best, with the other editions
    of their repositories; none beside one that the source states, and no pair of two translations of one original."""
    best: dict[str, float] = {_target(pair): 99.0 for pair in declared if pair.source}
    for pair in pairs:
        if pair.source:
            best[_target(pair)] = max(best.get(_target(pair), 0.0), pair.score)
    places = {(_target(pair), _place(pair)) for pair in pairs if pair.source and pair.score == best[_target(pair)]}
    kept = [pair for pair in pairs if pair.source and (_target(pair), _place(pair)) in places]
    originals: dict[str, set[str]] = defaultdict(set)
    for pair in (*kept, *declared):
        if pair.source:
            originals[_target(pair)].add(pair.left if pair.source == "left" else pair.right)
    kept += [pair for pair in pairs if not pair.source and not originals[pair.left] & originals[pair.right]]
    return sorted(kept)


def select(pairs: Sequence[Pair], rules: Mapping[str, Rule]) -> set[Pair]:
    """Which pairs of closer relations than overlap become matches.

    What is chosen of a record's pairs depends only on the pairs of its own component: to choose again in a
    component gives what choosing among everything gives.
    """
    by_kind: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        rule = rules[pair.rule]
        is_stated = rule.justification == "source-stated"
        by_kind[pair.rule if pair.rule == "TR.ADDRESS" else rule.relation + " stated" * is_stated].append(pair)
    stated = [pair for kind, own in by_kind.items() if kind.endswith(" stated") for pair in own]
    parts = [*by_kind["part"], *by_kind["part stated"]]
    kept = (set(stated) - set(parts)) | _own_whole(parts)
    for kind in ("copy", "near-copy", "version", "run"):
        kept |= _bound(by_kind[kind])
    kept |= _best_partner(by_kind["translation"])
    kept |= _best_partner(by_kind["derivative"])
    kept |= _best_partner(_best_original(by_kind["TR.ADDRESS"], by_kind["translation stated"]))
    return kept
