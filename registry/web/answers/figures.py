"""Academies, what they have to mend, their overlap, and the vocabularies with what is covered."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from registry.web.answers.resources import Texts


class Academy(TypedDict):
    """An academy with its numbers."""

    id: str
    name: Texts
    homepage: str
    country: str | None
    acronym: str | None
    ror: str | None
    contact: str | None
    resources: int
    linked: int
    twin: int
    only_here: int
    to_mend: int
    last_visit: str
    show_score: bool


class KnownAcademy(TypedDict):
    """An academy that exists and is not read yet."""

    id: str
    name: Texts
    homepage: str | None
    country: str | None
    note: str | None


class Feed(TypedDict):
    """A list of an academy: how it is read, how its last visit went."""

    id: str
    protocol: str
    address: str
    moved: str
    permission: str
    metadata_licence: str | None
    resources: int
    last_visit: str
    outcome: str
    message: str
    held: int
    by_rule: int
    missing: int


class WholeAcademy(Academy):
    """An academy with its lists, and its resources by language, licence, level, type and subject."""

    feeds: list[Feed]
    tallies: dict[str, dict[str, int]]


class Mend(TypedDict):
    """What to write instead."""

    after: list[str]
    sure: bool
    example: bool


class Issue(TypedDict):
    """One thing that an academy has to mend."""

    feed: str
    entry: str | None
    name: Texts | None
    resource: str | None
    page: str | None
    code: str
    severity: Literal["violation", "warning", "info"]
    message: str
    mend: str
    field: str
    why: str
    change: Mend | None
    place: str | None
    value: str | None
    where: str | None


class IssueGroup(TypedDict):
    """All things to mend of one cause, with examples."""

    code: str
    severity: Literal["violation", "warning", "info"]
    message: str
    mend: str
    field: str
    why: str
    count: int
    records: int
    examples: list[Issue]


class CellRelation(TypedDict):
    """Pairs of one relation."""

    pairs: int
    accepted: int


class Cell(TypedDict):
    """How many pairs two academies have."""

    left: str
    right: str
    within: bool
    pairs: int
    left_resources: int
    right_resources: int
    left_total: int
    right_total: int
    relations: dict[str, CellRelation]


class Scheme(TypedDict):
    """A list of subjects by which entries are counted."""

    id: str
    iri: str
    title: Texts
    steps: int
    resources: int
    known: int
    stated: int
    not_known: int
    coverage: str


class Term(TypedDict):
    """A concept of a scheme in its tree; ``resources`` counts what is below it too, null where it is not counted."""

    id: str
    notation: str
    prefLabel: Texts
    broader: list[str]
    narrower: list[str]
    depth: int
    resources: int | None
    concept: str
    list: str | None


class Step(TypedDict):
    """How far one term of a list is covered."""

    id: str
    notation: str
    broader: str | None
    depth: int
    prefLabel: Texts
    state: Literal["found", "none", "unknown"]
    resources: int
    stated: int
    academies: int
    pairs: int
    here: NotRequired[int]
    here_state: NotRequired[Literal["found", "none", "unknown"]]
    gap: NotRequired[bool]


class Coverage(TypedDict):
    """How far one list of subjects is covered."""

    scheme: str
    title: Texts
    resources: int
    known: int
    not_known: int
    pairs_not_known: int
    found: int
    none: int
    academy: NotRequired[str]
    here_known: NotRequired[int]
    here_not_known: NotRequired[int]
    items: list[Step]
    total: int
    next: str | None
