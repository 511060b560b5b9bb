"""Which scored pairs become matches: bounds per record, one best partner, people's decisions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from registry.matching.rules import Rule
from registry.model import Decision, Evidence, MatchStatus, Relation

OVERLAPS = 5
"""Overlaps kept for a record: those that are among the best five of both."""


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


def _bound_overlaps(pairs: Sequence[Pair]) -> set[Pair]:
    best: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        best[pair.left].append(pair)
        best[pair.right].append(pair)
    kept: dict[Pair, int] = defaultdict(int)
    for own in best.values():
        for pair in sorted(own, key=lambda p: (-p.score, p.left, p.right))[:OVERLAPS]:
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


def _best_original(pairs: Sequence[Pair]) -> set[Pair]:
    """Of translations told by the address: for each translation only the originals that score best."""
    best: dict[str, float] = {}
    for pair in pairs:
        if pair.source:
            target = pair.right if pair.source == "left" else pair.left
            best[target] = max(best.get(target, 0.0), pair.score)
    return {
        pair
        for pair in pairs
        if not pair.source or pair.score == best[pair.right if pair.source == "left" else pair.left]
    }


def select(
    pairs: Sequence[Pair],
    decided: Mapping[tuple[str, str], Decision],
    rules: Mapping[str, Rule],
    repositories: Mapping[str, str],
) -> list[Chosen]:
    """The matches, by left and right. A decision wins over every rule and stands without one."""
    by_kind: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        family = rules[pair.rule].relation
        bounded = family in ("translation", "derivative") and rules[pair.rule].justification != "source-stated"
        kind = pair.rule if pair.rule == "TR.ADDRESS" else family if bounded or family == "overlap" else "other"
        by_kind[kind].append(pair)
    kept = set(by_kind["other"])
    kept |= _bound_overlaps(by_kind["overlap"])
    kept |= _best_partner(by_kind["translation"], repositories)
    kept |= _best_partner(by_kind["derivative"], repositories)
    kept |= _best_partner(sorted(_best_original(by_kind["TR.ADDRESS"])), repositories)
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
                "accepted" if decision.verdict == "accept" else "rejected", person.code, person.justification,
                source, decision.reviewer, decision.time, (decision.verdict, decision.note),
                machine.pair if machine else "",
            )
        )  # fmt: skip
    return sorted(chosen, key=lambda item: (item.left, item.right))
