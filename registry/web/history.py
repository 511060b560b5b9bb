"""What a record said here at different times, and what changed between two states: as triples, in the profile's words.

An old state may hold what is no longer meant for everybody: an academy's rules keep a property back since, or a
crosswalk learnt to leave an address out. So nothing is told from before a withdrawal or an erasure; from before the
last change of rules or crosswalks only properties that were told since then; and never a value with an e-mail address
or a house's own host. What is left out is counted.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.iris import SCHEMA, compact, tells_private
from registry.ledger import log
from registry.model import Change
from registry.statistics import axes
from registry.statistics import reader as figures
from registry.terms import Iri, Term, from_ntriples

RECIPE = ("crosswalk", "shapes", "rules")
_NUMBER = re.compile(r"/[^/]*[0-9][^/]*")
Row = tuple[str, str, Term, bool]
"""(whose it is, predicate, value, inferred); whose: "resource", "record", or what stands below one of them."""


@dataclass(frozen=True, slots=True)
class Past:
    """What may be told of a record: ``states`` oldest first, ``recipe`` the sequence of the newest change of rules,
    crosswalks or shapes among them (0: none)."""

    states: tuple[Change, ...]
    recipe: int

    def has(self, sequence: int) -> bool:
        """Whether there is a state of this sequence."""
        return any(one.sequence == sequence for one in self.states)

    def before(self, sequence: int) -> int | None:
        """The state before another, None for the first."""
        earlier = [one.sequence for one in self.states if one.sequence < sequence]
        return earlier[-1] if earlier else None


def past(connection: sqlite3.Connection, subject: str, until: int) -> Past | None:
    """The states of a record up to a sequence; None where it does not stand published now."""
    standing = log.stands(connection, subject)
    if standing is None or standing[0] != "record":
        return None
    found = log.states(connection, subject, until)
    gone = [place for place, one in enumerate(found) if one.kind != "record"]
    states = tuple(found[gone[-1] + 1 :] if gone else found)
    # The first state is not a change of what was told before.
    return Past(states, max((one.sequence for one in states[1:] if one.cause in RECIPE), default=0))


def _rows(change: Change, resource: str) -> set[Row]:
    found = set()
    for text, inferred in ((change.stated, False), (change.inferred, True)):
        for subject, predicate, value in from_ntriples(text):
            found.add((_whose(subject, change.subject, resource), str(predicate), value, inferred))
    return found


def _whose(subject: str, record: str, resource: str) -> str:
    for name, iri in (("resource", resource), ("record", record)):
        if subject == iri:
            return name
        if subject.startswith(iri + "/"):
            return subject[len(iri) + 1 :]
    return subject


def _kind(row: Row) -> tuple[str, str]:
    """A property of a kind of thing: of whichever offer, say."""
    return _NUMBER.sub("/", "/" + row[0]), row[1]


def _public(rows: Iterable[Row], told: set[tuple[str, str]] | None) -> set[Row]:
    return {
        row
        for row in rows
        if (told is None or _kind(row) in told)
        and not tells_private(str(row[2]) if isinstance(row[2], Iri) else row[2].value)
    }


def between(
    connection: sqlite3.Connection, record: Past, resource: str, before: int, after: int
) -> tuple[list[Row], list[Row], int]:
    """What was added and removed from one state to another (each in order), and how much of it is not shown."""
    graphs = {}
    since = [one.sequence for one in record.states if one.sequence >= record.recipe]
    asked = {before, after} | (set(since) if min(before, after) < record.recipe else set())
    for sequence in asked:
        change = log.at(connection, sequence)
        graphs[sequence] = _rows(change, resource) if change is not None else set()
    told = {_kind(row) for sequence in since if sequence in graphs for row in graphs[sequence]}
    shown, left_out = [], 0
    for one, other in ((after, before), (before, after)):
        changed = graphs[one] - graphs[other]
        public = _public(changed, told if one < record.recipe else None)
        left_out += len(changed) - len(public)
        shown.append(sorted(public, key=lambda row: (row[0] != "resource", row[0], row[1], str(row[2]), row[3])))
    return shown[0], shown[1], left_out


def described(connection: sqlite3.Connection, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Triples in the words of the profile; ``connection`` is to the figures, which know the labels of concepts."""
    iris = {str(value) for _, _, value, _ in rows if isinstance(value, Iri)}
    labels = {**figures.labels(connection, iris), **axes.labels(connection, iris)}
    return [
        {
            "of": whose,
            "property": predicate.removeprefix(SCHEMA) if predicate.startswith(SCHEMA) else compact(predicate),
            "predicate": predicate,
            "value": _value(value, labels),
            "inferred": inferred,
        }
        for whose, predicate, value, inferred in rows
    ]


def _value(value: Term, labels: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    if isinstance(value, Iri):
        told = {"iri": str(value), "text": None, "language": None, "datatype": None}
        return {**told, "label": dict(labels.get(value, {}))}
    datatype = None if value.language else value.datatype
    return {"iri": None, "text": value.value, "language": value.language or None, "datatype": datatype, "label": {}}
