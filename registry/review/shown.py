"""A pair in words, for a terminal and for a workbook: both sides, what the registry says and why, what to answer."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from registry.ledger.reviews import Given
from registry.model import Evidence, Match
from registry.review.answers import ANSWERS, answer_for
from registry.review.cards import best
from registry.review.model import Card
from registry.review.texts import say

Reason = Callable[[str, str], str]
"""(feature of an evidence line, language) as words."""
SHORT = 700
VALUE = 160
LINES = 8
WIDTH = 100


@dataclass(frozen=True, slots=True)
class Side:
    """One record of a pair as it is shown."""

    title: str
    academy: str
    languages: str
    url: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair as it is shown: its number ("3", "4b"), both sides, the registry's word and its reasons."""

    number: str
    given: Given
    sides: tuple[Side, Side]
    proposed: str
    evidence: tuple[str, ...]


def number(given: Given) -> str:
    """ "3" for a pair of its own, "3a", "3b" … "3aa" for the pairs of a family."""
    letters, part = "", given.part
    while part:
        part, last = divmod(part - 1, 26)
        letters = chr(ord("a") + last) + letters
    return f"{given.position}{letters}"


def side(card: Card, language: str, languages: Sequence[str]) -> Side:
    """A record in words; its title and description in a language that the reader knows, if it has them."""
    known = tuple(dict.fromkeys((*(tag for tag in languages if tag in card.languages), language, *languages)))
    return Side(
        _line(best(card.titles, known)) or say("no-title", language),
        best(card.academy_names, (language,)) or card.academy,
        ", ".join(card.languages) or say("no-language", language),
        card.url,
        textwrap.shorten(best(card.texts, known), SHORT, placeholder=" …"),
        card.place,
    )


def shown(
    given: Given, match: Match | None, cards: tuple[Card, Card], language: str, languages: Sequence[str],
    reason: Reason,
) -> Shown:  # fmt: skip
    """A pair of a batch in words. ``match`` is what the machine says now, None if it no longer names the pair.

    A second reader is not told what the first one said: then only what was proposed to that one is shown.
    """
    fresh = match is not None and not match.reviewer and not given.second
    sureness = _sureness(match, language) if fresh and match is not None else ""
    word = _proposed(given, language)
    text = say("proposed", language, relation=word, sure=sureness) if sureness else word
    lines = match.evidence if match is not None else ()
    first, second = (side(card, language, languages) for card in cards)
    return Shown(number(given), given, (first, second), text, tuple(evidence(lines, language, reason)))


def evidence(lines: Sequence[Evidence], language: str, reason: Reason) -> list[str]:
    """Evidence lines in words, the weightiest first, at most eight."""
    told = []
    for one in sorted(lines, key=lambda line: -abs(line.weight))[:LINES]:
        name = reason(one.feature, language)
        left, right = (textwrap.shorten(value, VALUE, placeholder=" …") for value in (one.left_value, one.right_value))
        text = say("evidence-line", language, reason=name, left=left, right=right) if left or right else name
        if one.weight:
            text += f" ({say('evidence-for' if one.weight > 0 else 'evidence-against', language)})"
        told.append(text)
    return told


def plain(one: Shown, language: str) -> list[str]:
    """A pair as lines for a terminal."""
    told = [f"{one.number}. {one.proposed}"]
    for at, about in enumerate(one.sides, start=1):
        told.append(f"   {at}) {about.title}")
        told.append(f"      {about.academy} · {about.languages} · {about.place}")
        if about.url:
            told.append(f"      {about.url}")
        told += textwrap.wrap(about.text, WIDTH, initial_indent="      ", subsequent_indent="      ")
    return [*told, *(f"   - {line}" for line in one.evidence)]


def answers(language: str) -> str:
    """The possible answers with their words, as one line."""
    return ", ".join(f"{answer} ({say(f'answer-{answer}', language)})" for answer in ANSWERS)


def _proposed(given: Given, language: str) -> str:
    word = say(f"answer-{answer_for('confirm', given.relation)}", language)
    if not given.source:
        return word
    later, earlier = ("2", "1") if given.source == given.left else ("1", "2")
    return say("proposed-from", language, relation=word, later=later, earlier=earlier)


def _sureness(match: Match, language: str) -> str:
    """How sure the machine is, in words; never a number."""
    if match.justification == "source-stated":
        return say("sure-source", language)
    if match.status == "accepted":
        return say("sure-rule", language)
    return say(
        "sure-high" if match.confidence >= 0.9 else "sure-good" if match.confidence >= 0.7 else "sure-low", language
    )


def _line(text: str) -> str:
    return " ".join(text.split())
