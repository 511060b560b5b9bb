"""What happened: visits, decisions, changes, the states of an entry; the release; errors."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from registry.web.answers.pairs import Relation
from registry.web.answers.resources import Texts


class Run(TypedDict):
    """One visit to a list."""

    iri: str
    feed: str
    academy: str
    started: str
    ended: str | None
    seconds: int | None
    outcome: str
    counts: dict[str, int]


class Decision(TypedDict):
    """What a person decided on a pair."""

    id: int
    match: str
    left: str
    right: str
    verdict: Literal["confirm", "reject", "retype", "unsure"]
    relation: Relation
    source: str | None
    role: Literal["reviewer", "publisher"]
    academy: str | None
    by: str
    time: str
    taken_back: str | None


class Change(TypedDict):
    """One change of what is public: a resource came, changed or went, or a decision was given on a pair."""

    sequence: int
    time: str
    kind: Literal["record", "tombstone", "erased", "decision"]
    cause: str
    subject: str
    resource: str | None
    match: str | None
    academy: str | None
    feed: str | None


class State(TypedDict):
    """One state that a record had here; ``diff`` tells what changed then, null for the first."""

    sequence: int
    time: str
    kind: Literal["record", "tombstone", "erased"]
    cause: str
    run: str | None
    diff: str | None


class Value(TypedDict):
    """A value of a property: an IRI with its labels, or a text with its language or datatype."""

    iri: str | None
    text: str | None
    language: str | None
    datatype: str | None
    label: Texts


class Triple(TypedDict):
    """One statement; ``property`` is its name in the profile, ``of`` whose it is; ``inferred``: by the registry."""

    of: str
    property: str
    predicate: str
    value: Value
    inferred: bool


class Diff(TypedDict):
    """What one state of a record says that another does not; ``left_out`` counts what is not shown (addresses of
    persons or houses that stood in an older state)."""

    resource: str
    before: int
    after: int
    added: list[Triple]
    removed: list[Triple]
    left_out: int


class Release(TypedDict):
    """The edition that answers come from."""

    number: str
    sequence: int
    time: str
    counts: dict[str, float]


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
