"""Which pairs that a rule ties become matches: bounds per record, and one best partner."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from registry.matching.outcome import Rule
from registry.matching.translations import NAMED, ROOT, WHOLE

PARTS = 2
"""Pairs of pages that show a parallel structure."""
PLACES = 4
"""Pairs of pages that show it by their places alone, or twice as many by their names."""
_STRUCTURE = ("TR.ADDRESS", "TR.SIGNALS", "TR.DECLARED", "TR.SAID", "OK.NOT_TRANSLATED", "NEAR.NOT_TRANSLATED")
SIBLINGS = 10
"""Runs, editions and copies by one rule that are kept for a record."""


class Pair(NamedTuple):
    """A pair that a rule ties, left < right; repositories and sites (a repository, or a host) are "" where a record
    names none or several, ``spoken`` are its languages."""

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
    site: str = ""
    other_site: str = ""
    spoken: str = ""
    other_spoken: str = ""


def _bound(pairs: Sequence[Pair]) -> set[Pair]:
    """The pairs that are among the best few of both sides, so that a weekly course is no web of runs."""
    best: dict[str, list[Pair]] = defaultdict(list)
    for pair in sorted(pairs, key=lambda p: (-p.score, p.left, p.right)):
        best[pair.left].append(pair)
        best[pair.right].append(pair)
    near = Counter(pair for own in best.values() for pair in own[:SIBLINGS])
    return {pair for pair, sides in near.items() if sides == 2}


def _heads(pairs: Sequence[Pair]) -> dict[str, str]:
    """For each resource the least of those that copies, editions and runs tie it to."""
    head: dict[str, str] = {}

    def find(one: str) -> str:
        while (up := head.setdefault(one, one)) != one:
            head[one] = one = head[up]
        return one

    for pair in pairs:
        least, other = sorted((find(pair.left), find(pair.right)))
        head[other] = least
    return {one: find(one) for one in head}


Side = tuple[str, str]
"""A resource, and the language of what it is paired with."""


def _sides(pair: Pair) -> tuple[tuple[Side, str, str], tuple[Side, str, str]]:
    """Both sides of a pair, each with the other resource and its site."""
    return (
        ((pair.left, pair.other_spoken), pair.right, pair.other_site),
        ((pair.right, pair.spoken), pair.left, pair.site),
    )


def _partners(pairs: Iterable[Pair], heads: Mapping[str, str]) -> dict[Side, set[str]]:
    """What each resource is paired with in each language: the heads of its editions, and its site."""
    found: dict[Side, set[str]] = defaultdict(set)
    for pair in pairs:
        for side, other, site in _sides(pair):
            found[side].update((heads.get(other, other), site))
    return found


def _fits(pair: Pair, known: Mapping[Side, set[str]], heads: Mapping[str, str], *, by_site: bool = False) -> bool:
    """Whether a pair is with what both sides are paired with already, an edition of it, or ``by_site`` something in
    its site; where nothing is known, any is."""
    return all(
        side not in known or heads.get(other, other) in known[side] or (by_site and site in known[side])
        for side, other, site in _sides(pair)
    )


def _best_partner(pairs: Sequence[Pair], heads: Mapping[str, str], sure: Sequence[Pair] = ()) -> set[Pair]:
    """Translations and adaptations by the rules: of weak evidence one partner for each resource, academy and language,
    with its own editions: what translates a text translates its editions; none where a pair that is ``sure`` has
    another in that language. Otherwise a tie of weak evidence is no evidence: the modules of a course agree in authors
    and duration with every module of its translation.
    """
    known = _partners(sure, heads)
    weak = [pair for pair in pairs if not pair.strong]
    dropped = {pair for pair in weak if not _fits(pair, known, heads)}
    groups: dict[tuple[str, str, str], list[tuple[str, Pair]]] = defaultdict(list)
    for pair in weak:
        if pair not in dropped:
            (left, right, _), (right_, left_, _) = _sides(pair)
            groups[*left, pair.other_academy].append((heads.get(right, right), pair))
            groups[*right_, pair.academy].append((heads.get(left_, left_), pair))
    for own in groups.values():
        top = max(pair.score for _, pair in own)
        best = {head for head, pair in own if pair.score == top}
        dropped.update(pair for head, pair in own if len(best) > 1 or head not in best)
    return _bound([pair for pair in pairs if pair not in dropped])


def _paired_parts(
    pairs: Sequence[Pair], alone: Sequence[Pair], heads: Mapping[str, str], sure: Sequence[Pair]
) -> set[Pair]:
    """Of what only its place tells to be a translation (a repository, or a page of a site), that of whose sites PARTS
    pages or more pair by more, translated or still to be, or PLACES by place: parallel structure is the second signal.
    Of the former only what hangs together counts; the latter are always chosen together (``settle.close``). Nothing
    beside a translation that is ``sure``, and of several places the one where most pages pair: a fork of the original
    has its pages too."""
    component = _heads(pairs)

    def sites(pair: Pair) -> frozenset[str]:
        return frozenset((pair.site, pair.other_site))

    alone = [pair for pair in alone if pair.site and pair.other_site and pair.site != pair.other_site]
    # A name at two places tells nothing where sites agree in places.
    agree = {sites(pair) for pair in alone if pair.score > NAMED}
    alone = [pair for pair in alone if pair.score > NAMED or sites(pair) not in agree]
    # A page that several of a site fit equally well is told by none of them, however many they are.
    fitting: dict[tuple[str, frozenset[str]], set[str]] = defaultdict(set)
    for pair in alone:
        for (one, _), other, _ in _sides(pair):
            fitting[one, sites(pair)].add(heads.get(other, other))
    alone = [
        pair
        for pair in alone
        if pair.score > WHOLE or all(len(fitting[one, sites(pair)]) == 1 for (one, _), _, _ in _sides(pair))
    ]
    placed: dict[frozenset[str], float] = defaultdict(float)
    for pair in alone:
        placed[sites(pair)] += 1 if pair.score > ROOT else 0.5  # one name may be the same by chance
    found = Counter((component[pair.left], sites(pair)) for pair in pairs if pair.rule in _STRUCTURE)
    told: dict[Pair, float] = {}
    most: dict[Side, float] = defaultdict(float)
    for pair in alone:
        by_more = found[component[pair.left], sites(pair)]
        if by_more >= PARTS or placed[sites(pair)] >= PLACES:
            told[pair] = by_more + placed[sites(pair)]
            for side, _, _ in _sides(pair):
                most[side] = max(most[side], told[pair])
    best = [pair for pair, pages in told.items() if all(pages == most[side] for side, _, _ in _sides(pair))]
    known = {**_partners(best, heads), **_partners(sure, heads)}
    return {pair for pair in told if _fits(pair, known, heads, by_site=True)}


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
        by_kind[
            pair.rule if pair.rule in ("TR.ADDRESS", "TR.STRUCTURE") else rule.relation + " stated" * is_stated
        ].append(pair)
    stated = [pair for kind, own in by_kind.items() if kind.endswith(" stated") for pair in own]
    parts = [*by_kind["part"], *by_kind["part stated"]]
    kept = (set(stated) - set(parts)) | _own_whole(parts)
    for kind in ("copy", "near-copy", "version", "run"):
        kept |= _bound(by_kind[kind])
    same = [
        pair
        for kind in ("copy", "near-copy", "version", "run")
        for pair in (*by_kind[kind], *by_kind[kind + " stated"])
    ]
    heads = _heads(same)
    sure = by_kind["TR.ADDRESS"] + by_kind["translation stated"]
    kept |= _best_partner(by_kind["translation"], heads, sure)
    kept |= _best_partner(by_kind["derivative"], heads)
    kept |= _bound(sorted(_paired_parts(pairs, by_kind["TR.STRUCTURE"], heads, sure)))
    kept |= _bound(_best_original(by_kind["TR.ADDRESS"], by_kind["translation stated"]))
    return kept
