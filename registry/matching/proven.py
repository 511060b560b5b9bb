"""How often people agree with each rule: its confidence, what it concludes, and whether it may accept unread.

The rules stay as they are, and as the explanation; what people answered moves only how much they are trusted. One
table of counts and Wilson's interval (1927) say why, to anybody who looks; docs/matching.md, "Learning".
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

import duckdb

from registry.matching.outcome import Rule
from registry.matching.voices import ALIKE
from registry.model import Relation

BAND = 5.0
"""Answers that a rule's band counts for, when what people answered is set against it."""
RETYPE = 20
"""Answers below which a rule concludes what it always did, and accepts unread if it did."""
UNREAD = 0.99
"""Precision that a rule must have to accept without a person."""
LEAST, MOST = 0.01, 0.99
Z = 1.959964
"""Standard deviations of a two-sided interval of 95 %."""

DIRECTED: tuple[Relation, ...] = ("version", "translation", "derivative", "part")
FIXED = frozenset({"OV.SAME_TOPIC"})
"""Rules that never conclude something else: there are too many such pairs for a closer relation."""

Counts = Mapping[str, Mapping[str, float]]
"""{rule: {relation that people named: answers}}; a family of parts decided at once is one answer."""


def wilson(right: float, answers: float) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) of nothing. Source: Wilson (1927), without correction."""
    if not answers:
        return 0.0, 1.0
    share, spread = right / answers, Z * Z / answers
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / answers + spread / (4 * answers))
    return max(0.0, middle - half), min(1.0, middle + half)


def unread_needs() -> int:
    """How many answers, all of them right, show that a rule may accept unread."""
    return math.ceil(Z * Z * UNREAD / (1 - UNREAD))


def alike(relation: str) -> str:
    """A relation, or the one that it does not contradict."""
    return ALIKE.get(relation, relation)


def learns(rule: Rule) -> bool:
    """Whether answers move a rule: not what academies state, nor guards, nor what people decided."""
    return rule.justification != "source-stated" and not rule.code.startswith(("NO.", "DEC."))


@dataclass(frozen=True, slots=True)
class Proven:
    """What people named for pairs of each rule: ``answers`` in all, ``drawn`` those of the random sample."""

    answers: Counts
    drawn: Counts

    def to_json(self) -> str:
        """As the ledger keeps it."""
        return json.dumps({"answers": self.answers, "drawn": self.drawn}, sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Proven:
        """Read what ``to_json`` wrote."""
        body = json.loads(text)
        return Proven(body["answers"], body["drawn"])


def counted(said: Iterable[tuple[str, str, float]]) -> Counts:
    """Counts of (rule, relation that people named, worth), the same in any order."""
    found: dict[str, dict[str, float]] = {}
    for rule, relation, worth in sorted(said):
        own, name = found.setdefault(rule, {}), alike(relation)
        own[name] = own.get(name, 0.0) + worth
    return {rule: {name: round(n, 6) for name, n in sorted(found[rule].items())} for rule in sorted(found)}


def applied(rules: Mapping[str, Rule], proven: Proven | None) -> dict[str, Rule]:
    """The rules as they count after what people answered."""
    if proven is None:
        return dict(rules)
    return {code: _learnt(rule, proven) if learns(rule) else rule for code, rule in rules.items()}


def know(db: duckdb.DuckDBPyConnection, rules: Mapping[str, Rule], now: Mapping[str, Rule]) -> None:
    """Lay beside the tables which rules conclude now what has no direction (``turned``)."""
    codes = sorted(code for code, rule in rules.items() if now[code].relation not in (rule.relation, *DIRECTED))
    db.execute("CREATE OR REPLACE TEMP TABLE turned (code VARCHAR)")
    if codes:
        db.executemany("INSERT INTO turned VALUES (?)", [(code,) for code in codes])


def bands(rules: Mapping[str, Rule], now: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules with the relation that they conclude now and the band that they are shipped with; one that concludes
    something else has none for it yet: even odds."""
    return {
        code: rule if now[code].relation == rule.relation else replace(now[code], confidence=0.5)
        for code, rule in rules.items()
    }


def _learnt(rule: Rule, proven: Proven) -> Rule:
    counts, drawn = proven.answers.get(rule.code, {}), proven.drawn.get(rule.code, {})
    answers = sum(counts.values(), 0.0)
    if not answers:
        return rule
    relation = _concludes(rule, counts, answers)
    right = counts.get(alike(relation), 0.0)
    before = rule.confidence if relation == rule.relation else 0.5
    confidence = (right + BAND * before) / (answers + BAND)
    status = rule.status
    if wilson(drawn.get(alike(relation), 0.0), sum(drawn.values()))[0] >= UNREAD:
        status = "accepted"
    elif answers >= RETYPE and wilson(right, answers)[1] < UNREAD:
        status = "candidate"
    return replace(rule, relation=relation, confidence=round(min(MOST, max(LEAST, confidence)), 4), status=status)


def _concludes(rule: Rule, counts: Mapping[str, float], answers: float) -> Relation:
    """The rule's relation, or the one that more than half of its pairs surely have."""
    if answers >= RETYPE and rule.code not in FIXED:
        for relation, number in counts.items():
            if relation not in ("different", alike(rule.relation)) and wilson(number, answers)[0] > 0.5:
                return cast(Relation, relation)
    return rule.relation
