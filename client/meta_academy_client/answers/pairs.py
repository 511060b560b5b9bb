"""Pairs of resources with their evidence, and works: all forms of one course."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from meta_academy_client.answers.resources import Resource, Texts, WorkLink

Relation = Literal[
    "copy", "near-copy", "version", "translation", "derivative", "part", "run", "overlap", "different"
]  # fmt: skip
Status = Literal["candidate", "accepted", "rejected", "discussed"]


class Side(TypedDict):
    """A resource in short."""

    id: str
    iri: str
    academy: str
    feed: str
    name: Texts
    url: str | None
    page: str


class Evidence(TypedDict):
    """One reason for a pair: what was compared, how alike it is, what that weighs."""

    feature: str
    measure: str
    score: float
    left_value: str
    right_value: str
    left_field: str
    right_field: str
    weight: float
    speaks: str | None
    words: Texts


class Reason(TypedDict):
    """What one comparison of the model says of a pair, in bits."""

    comparison: str
    level: str
    weight: float
    speaks: str | None
    words: Texts


class Answer(TypedDict):
    """What an academy itself says of a pair."""

    academy: str
    name: Texts
    relation: Relation
    origin: Literal["feed", "publisher"]
    words: Texts


class Match(TypedDict):
    """Two resources that belong together, how, how sure that is, and why."""

    id: str
    iri: str
    page: str
    relation: Relation
    words: Texts
    status: Status
    sure: Texts
    confidence: float
    band: Literal["almost-certain", "likely", "possible"]
    probability: float | None
    weight: float | None
    within: bool
    left: Side
    right: Side
    source: str | None
    rule: str
    why: Texts
    justification: str
    reviewer: str | None
    reviewed: str | None
    model: str | None
    generators: list[str]
    answers: list[Answer]
    evidence: list[Evidence]
    reasons: list[Reason]


class ResourceAlone(Resource):
    """A resource with the pairs that it belongs to."""

    alike: list[Match]


class Member(Side):
    """A form of a work, with what tells forms apart."""

    inLanguage: list[str]
    version: str | None
    startDate: str | None
    datePublished: str | None
    dateCreated: str | None
    dateModified: str | None


class Form(TypedDict):
    """One form of a work: its listings, and what it is to the original."""

    role: Literal["original", "edition", "translation", "date", "other"]
    cluster: WorkLink | None
    date: str | None
    languages: list[str]
    members: list[Member]


class Beside(TypedDict):
    """What a work is related to and does not contain."""

    match: str
    relation: Relation
    status: Status
    direction: bool
    here: str
    resource: Side
    work: WorkLink | None


class Work(TypedDict):
    """A course in several forms, or (level cluster) what is listed several times, in short."""

    id: str
    iri: str
    page: str
    level: Literal["work", "cluster"]
    name: Texts
    original: Side
    members: int
    academies: list[str]
    languages: list[str]
    relations: dict[str, int]
    beside: dict[str, int]
    work: WorkLink | None


class WholeWork(Work):
    """A work with all its forms, what is beside it, and the pairs that hold it together."""

    forms: list[Form]
    not_listed: int
    adapted: list[Beside]
    adapted_from: list[Beside]
    overlaps: list[Beside]
    parts: list[Beside]
    part_of: list[Beside]
    matches: list[Match]
