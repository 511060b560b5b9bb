"""What people and academies say of a pair, against what the rules say: who outranks whom.

An academy's own answer (in its feed, or through its publisher) outranks the machine; a reviewer's decision outranks
the machine; where two of them disagree the pair is under discussion and leaves the figures. A reviewer who is unsure
decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

from registry.matching.outcome import Rule
from registry.model import Answer, Decision, MatchStatus, Relation

ALIKE = {"near-copy": "copy"}
"""Relations that do not contradict another one."""


class Said(NamedTuple):
    """A row of the table ``said``, without the pair."""

    relation: Relation
    confidence: float
    status: MatchStatus
    rule: str
    justification: str
    source: str
    reviewer: str
    time: str
    verdict: str
    note: str
    answers: str


@dataclass(frozen=True, slots=True)
class Machine:
    """What the rules say of a pair: nothing if ``rule`` is None."""

    rule: Rule | None
    source: str = ""
    answers: tuple[Answer, ...] = ()


def _agree(relations: Iterable[str]) -> bool:
    return len({ALIKE.get(relation, relation) for relation in relations}) <= 1


def _answers(machine: Machine, publishers: Sequence[Decision]) -> list[Answer]:
    """One answer an academy: its publisher's, else its feed's."""
    spoken = {one.academy: Answer(one.academy, _meant(one), "publisher") for one in publishers}
    return [*spoken.values(), *(one for one in machine.answers if one.academy not in spoken)]


def heard(machine: Machine, decisions: Sequence[Decision], rules: Mapping[str, Rule]) -> Said | None:
    """What overrides the rules for a pair, None if nothing does.

    ``decisions`` are those that stand: at most one of a reviewer's and one of each academy's publisher.
    """
    reviewers = [one for one in decisions if one.voice == "reviewer" and one.verdict != "unsure"]
    publishers = sorted((d for d in decisions if d.voice == "publisher" and d.verdict != "unsure"), key=order)
    answers = _answers(machine, publishers)
    if not reviewers and not publishers and len({one.academy for one in answers}) < 2:
        return None
    shown = json.dumps([asdict(one) for one in answers], ensure_ascii=False) if answers else "[]"
    newest = max(reviewers, key=order, default=None)
    voices = [one.relation for one in answers] + ([_meant(newest)] if newest else [])
    speaker = newest or (publishers[-1] if publishers else None)
    if not _agree(voices):
        relation = newest.relation if newest else answers[0].relation
        rule = rules["DEC.DISCUSSED"]
        reviewer = (newest.reviewer, newest.time, newest.verdict, newest.note) if newest else ("", "", "", "")
        return Said(relation, rule.confidence, "discussed", rule.code, rule.justification, "", *reviewer, shown)
    if speaker is None:
        return None  # the academies agree, and their statements are the rules' own evidence
    agrees = machine.rule is not None and machine.rule.relation == speaker.relation
    source = speaker.source or (machine.source if agrees else "")
    rule = rules["DEC.PERSON" if newest else "DEC.ACADEMY"]
    relation, status = _told(speaker, machine)
    return Said(
        relation, rule.confidence, status, rule.code, rule.justification, source,
        speaker.reviewer, speaker.time, speaker.verdict, speaker.note, shown,
    )  # fmt: skip


def _meant(one: Decision) -> Relation:
    """What a decision says of the pair."""
    return "different" if one.verdict == "reject" else one.relation


def _told(speaker: Decision, machine: Machine) -> tuple[Relation, MatchStatus]:
    """A rejection is of what was claimed, by the rules or in the decision; without one it says that they differ."""
    if _meant(speaker) != "different":
        return speaker.relation, "accepted"
    claimed = speaker.relation if speaker.relation != "different" else machine.rule and machine.rule.relation
    if not claimed or claimed == "different":
        return "different", "accepted"
    return claimed, "rejected"


def order(one: Decision) -> tuple[str, int, str, str, str, str]:
    """The newest counts; at one time the other fields tell, so that the order of input never does."""
    return one.time, one.id, one.verdict, one.relation, one.reviewer, one.note
