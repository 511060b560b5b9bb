"""The answers that people choose from, and the decisions that they become.

An answer is a word of ``ANSWERS`` ("other-edition"); its labels in three languages stand in ``texts.tsv``. Whether it
confirms the machine or tells another relation is found out by comparing, never asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from registry.messages import LANGUAGES
from registry.model import Decision, Relation, Verdict, Voice
from registry.review.texts import say

ANSWERS: Mapping[str, Relation | None] = {
    "same": "copy",
    "hardly-changed": "near-copy",
    "other-edition": "version",
    "another-date": "run",
    "translation": "translation",
    "adapted-from": "derivative",
    "part-of": "part",
    "same-ground": "overlap",
    "not-related": "different",
    "unsure": None,
}
DIRECTED: frozenset[Relation] = frozenset(("version", "translation", "derivative", "part"))
MAX_NOTE = 2000


class BadAnswer(ValueError):
    """An answer that cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the machine says of a pair; relation "" where it says nothing."""

    relation: str = ""
    source: str = ""


def answer_of(text: str) -> str:
    """The answer that a text means: its word, or its label in one of three languages. Raises BadAnswer."""
    wanted = _plain(text)
    for answer in ANSWERS:
        if wanted in (answer, *(_plain(say(f"answer-{answer}", language)) for language in LANGUAGES)):
            return answer
    raise BadAnswer(f"{text[:100]!r} is none of the answers: {', '.join(ANSWERS)}")


def answer_for(verdict: Verdict, relation: Relation) -> str:
    """The answer that a decision was."""
    if verdict == "unsure":
        return "unsure"
    return next(answer for answer, known in ANSWERS.items() if known == relation)


def source_for(answer: str, stated: str | None, proposal: Proposal) -> str:
    """The resource that the other comes from: what was stated ("": not known), else what the machine says of the
    same relation. ``stated`` None: nothing was said. Raises BadAnswer where that leaves it open."""
    relation = ANSWERS[answer]
    if relation is None or relation not in DIRECTED:
        return ""
    if stated is not None:
        return stated
    if relation == proposal.relation and proposal.source:
        return proposal.source
    raise BadAnswer(f"say which of the two the other comes from, for {answer}; or that it is not known")


def decision(
    pair: tuple[str, str],
    answer: str,
    *,
    proposal: Proposal,
    source: str,
    reviewer: str,
    time: str,
    note: str = "",
    batch: str = "",
    voice: Voice = "reviewer",
    academy: str = "",
) -> Decision:
    """The decision that an answer on a pair (in code-point order) is. Raises BadAnswer for a note that is too long."""
    if len(note) > MAX_NOTE:
        raise BadAnswer(f"the note has more than {MAX_NOTE} characters")
    # SSSOM/TSV knows one kind of line end; a NUL is no text.
    note = note.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd").strip()
    relation = ANSWERS[answer]
    if relation is None:
        verdict: Verdict = "unsure"
        relation = _relation(proposal.relation)
    elif relation == "different":
        verdict = "reject"
    else:
        same = relation == proposal.relation and (relation not in DIRECTED or source == proposal.source)
        verdict = "confirm" if same or not proposal.relation else "retype"
    return Decision(
        *pair, verdict, relation, reviewer, time, note, source, voice, academy, batch=batch,
    )  # fmt: skip


def _relation(name: str) -> Relation:
    return next((relation for relation in ANSWERS.values() if relation is not None and relation == name), "overlap")


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").casefold().split())
