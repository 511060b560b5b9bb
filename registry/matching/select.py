"""Which scored pairs become matches: bounds per record, one best partner, people's decisions."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from registry.matching.outcome import Rule
from registry.model import Decision, Evidence, MatchStatus, Relation

OVERLAPS = 5
"""Overlaps kept for a family: those that are among the best five of both sides."""


SIBLINGS = 10
"""Runs, editions and copies by one rule that are kept for a record."""


class Pair(NamedTuple):
    """A scored pair, left < right; ``pair`` names its evidence."""

    left: str
    right: str
    academy: str
    other_academy: str
    rule: str
    source: str
    score: float
    strong: bool
    pair: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """A match without its evidence, which ``body`` puts in."""

    left: str
    right: str
    relation: Relation
    confidence: float
    status: MatchStatus
    rule: str
    justification: str
    source: str = ""
    reviewer: str = ""
    reviewed: str = ""
    note: tuple[str, str] | None = None
    pair: str = ""

    def body(self, evidence: str) -> str:
        """The match as the working file keeps it."""
        values = asdict(self)
        del values["pair"], values["note"]
        lines = json.loads(evidence)
        if self.note is not None:
            verdict, words = self.note
            lines.insert(0, asdict(Evidence("reviewed", verdict, 1.0, words, words)))
        return json.dumps({**values, "evidence": lines}, ensure_ascii=False, sort_keys=True)


def _bound(pairs: Sequence[Pair]) -> set[Pair]:
    """The pairs that are among the best few of both sides, so that a weekly course is no web of runs."""
    best: dict[str, list[Pair]] = defaultdict(list)
    for pair in sorted(pairs, key=lambda p: (-p.score, p.left, p.right)):
        best[pair.left].append(pair)
        best[pair.right].append(pair)
    near = Counter(pair for own in best.values() for pair in own[:SIBLINGS])
    return {pair for pair, sides in near.items() if sides == 2}


def _families(pairs: Sequence[Pair]) -> dict[str, str]:
    """Resources by the least IRI of their family: all that copies, editions, translations, runs and
    adaptations tie together. Only overlaps use it; it is no statement of identity."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for pair in pairs:
        one, other = sorted((root(pair.left), root(pair.right)))
        parent[other] = one
    return {node: root(node) for node in list(parent)}


def _bound_overlaps(pairs: Sequence[Pair], tied: Sequence[Pair]) -> set[Pair]:
    """None within a family, the best between two families, and for each family the best few. Of equal
    pairs the one goes first whose sides are most often the original of others."""
    families = _families(tied)
    sources = Counter(pair.left if pair.source == "left" else pair.right for pair in tied if pair.source)
    between: dict[tuple[str, str], Pair] = {}
    best: dict[str, list[Pair]] = defaultdict(list)
    for pair in sorted(pairs, key=lambda p: (-p.score, -sources[p.left] - sources[p.right], p.left, p.right)):
        one, other = sorted((families.get(pair.left, pair.left), families.get(pair.right, pair.right)))
        if one != other and (one, other) not in between:
            between[one, other] = pair
            best[one].append(pair)
            best[other].append(pair)
    kept: dict[Pair, int] = defaultdict(int)
    for own in best.values():
        for pair in own[:OVERLAPS]:
            kept[pair] += 1
    return {pair for pair, sides in kept.items() if sides == 2}


def _best_partner(pairs: Sequence[Pair], repositories: Mapping[str, str]) -> set[Pair]:
    """Translations and adaptations by the rules: one partner for each resource and academy.

    Of several descriptions of one repository the best is kept. A tie of weak evidence is no evidence:
    the modules of a course agree in authors and duration with every module of its translation.
    """
    groups: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        for one, other, academy in (
            (pair.left, pair.right, pair.other_academy), (pair.right, pair.left, pair.academy),
        ):  # fmt: skip
            groups[one, "academy", "" if pair.strong else academy].append(pair)
            groups[one, "repository", repositories.get(other, other)].append(pair)
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


def _best_original(pairs: Sequence[Pair], declared: Sequence[Pair]) -> list[Pair]:
    """Of translations told by the address: for each translation the originals that score best, none
    beside one that the source states, and no pair of two translations of one original."""
    best: dict[str, float] = {_target(pair): 99.0 for pair in declared if pair.source}
    for pair in pairs:
        if pair.source:
            best[_target(pair)] = max(best.get(_target(pair), 0.0), pair.score)
    kept = [pair for pair in pairs if pair.source and pair.score == best[_target(pair)]]
    originals: dict[str, set[str]] = defaultdict(set)
    for pair in (*kept, *declared):
        if pair.source:
            originals[_target(pair)].add(pair.left if pair.source == "left" else pair.right)
    kept += [pair for pair in pairs if not pair.source and not originals[pair.left] & originals[pair.right]]
    return sorted(kept)


def select(
    pairs: Sequence[Pair],
    decided: Mapping[tuple[str, str], Decision],
    rules: Mapping[str, Rule],
    repositories: Mapping[str, str],
) -> list[Chosen]:
    """The matches, by left and right. A decision wins over every rule and stands without one."""
    by_kind: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        rule = rules[pair.rule]
        is_stated = rule.justification == "source-stated"
        by_kind[pair.rule if pair.rule == "TR.ADDRESS" else rule.relation + " stated" * is_stated].append(pair)
    stated = [pair for kind, own in by_kind.items() if kind.endswith(" stated") for pair in own]
    parts = [*by_kind["part"], *by_kind["part stated"]]
    kept = (set(stated) - set(parts)) | _own_whole(parts)
    for kind in ("copy", "version", "run"):
        kept |= _bound(by_kind[kind])
    kept |= _best_partner(by_kind["translation"], repositories)
    kept |= _best_partner(by_kind["derivative"], repositories)
    kept |= _best_partner(_best_original(by_kind["TR.ADDRESS"], by_kind["translation stated"]), repositories)
    family = [pair for pair in kept if rules[pair.rule].relation not in ("part", "overlap")]
    kept |= _bound_overlaps(by_kind["overlap"], sorted(family))
    seen = {(pair.left, pair.right): pair for pair in pairs}
    chosen = []
    for pair in kept:
        if (pair.left, pair.right) not in decided:
            rule = rules[pair.rule]
            source = {"left": pair.left, "right": pair.right}.get(pair.source, "")
            chosen.append(
                Chosen(
                    pair.left, pair.right, rule.relation, rule.confidence, rule.status, rule.code,
                    rule.justification, source, pair=pair.pair,
                )
            )  # fmt: skip
    person = rules["DEC.PERSON"]
    for (left, right), decision in decided.items():
        machine = seen.get((left, right))
        agrees = machine is not None and rules[machine.rule].relation == decision.relation
        source = {"left": left, "right": right}.get(machine.source, "") if machine and agrees else ""
        chosen.append(
            Chosen(
                left, right, decision.relation, person.confidence,
                "rejected" if decision.verdict == "reject" else "accepted", person.code, person.justification,
                source, decision.reviewer, decision.time, (decision.verdict, decision.note),
                machine.pair if machine else "",
            )
        )  # fmt: skip
    return sorted(chosen, key=lambda item: (item.left, item.right))
