"""Who may be asked about a pair, and who may decide on it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from registry.ledger.reviews import Reviewer
from registry.model import Relation
from registry.review.model import Card

_TAG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
MAX_NAME = 100
MAX_LANGUAGES = 50


class NotAllowed(Exception):
    """This person may not decide on this pair; the message says why."""


def languages(text: str) -> tuple[str, ...]:
    """Language tags as people write them ("en, fr-CA") as primary subtags, each once. Raises ValueError."""
    tags = [part.strip().lower() for part in re.split(r"[,;\s]+", text) if part.strip()]
    wrong = next((tag for tag in tags if not _TAG.fullmatch(tag)), "")
    if wrong or not tags or len(tags) > MAX_LANGUAGES:
        raise ValueError(f"{wrong or text!r}: name languages by their codes, such as en,fr")
    return tuple(dict.fromkeys(tag.partition("-")[0] for tag in tags))


def own(reviewer: Reviewer, academies: Iterable[str]) -> bool:
    """Whether one of these academies is the reviewer's own office."""
    return bool(reviewer.academy) and reviewer.academy in academies


def refuse_own(reviewer: Reviewer, academies: Iterable[str]) -> None:
    """Raise NotAllowed where the pair touches an entry of the reviewer's own office."""
    if own(reviewer, academies):
        raise NotAllowed(
            f"{reviewer.name} works for {reviewer.academy}: nobody decides on entries of their own office;"
            f" the office itself answers with “review answer {reviewer.academy} …”"
        )


def reads(reviewer: Reviewer, relation: Relation, left: Card, right: Card) -> bool:
    """Whether the reviewer reads a pair: a language of each record, for a translation all of both.

    A record that states no language is taken as readable: nobody can tell.
    """
    known = set(reviewer.languages)
    if relation == "translation":
        return known.issuperset((*left.languages, *right.languages))
    return all(not card.languages or known.intersection(card.languages) for card in (left, right))
