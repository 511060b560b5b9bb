"""A course, material or event as its academy describes it, and what it consists of."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

Texts = dict[str, str]
"""{language tag: text}; "und" where the language is not known."""


class Concept(TypedDict):
    """A term of a vocabulary; ``id`` null: the academy's own words; ``inferred``: concluded by the registry."""

    id: str | None
    prefLabel: Texts
    inferred: NotRequired[bool]


class Agent(TypedDict):
    """A person or organisation."""

    id: str | None
    name: Texts


class Place(TypedDict):
    """Where a session takes place; ``country`` is a code of the EU's country table."""

    iri: str
    name: Texts
    url: str | None
    locality: str | None
    country: str | None


class Offer(TypedDict):
    """What a session costs, and when one may enrol."""

    iri: str
    price: str | None
    priceCurrency: str | None
    validFrom: str | None
    validThrough: str | None
    url: str | None


class Session(TypedDict):
    """One run of a course."""

    iri: str
    startDate: str | None
    endDate: str | None
    location: list[Place]
    offers: list[Offer]
    name: Texts
    url: str | None
    description: Texts
    inLanguage: list[str]
    courseMode: list[Concept]
    eventAttendanceMode: list[Concept]
    eventStatus: list[Concept]
    instructor: list[Agent]
    organizer: list[Agent]
    courseWorkload: str | None
    maximumAttendeeCapacity: str | None


class File(TypedDict):
    """A file of a resource."""

    iri: str
    contentUrl: str | None
    encodingFormat: str | None
    contentSize: str | None


class Correction(TypedDict):
    """What a person put right in an entry."""

    id: str
    property: str
    sourceValue: list[Concept]
    by: str
    why: str
    when: str


class WorkLink(TypedDict):
    """Where a work is told of."""

    id: str
    iri: str
    page: str


class Resource(TypedDict):
    """A course, material or event as its academy describes it."""

    id: str
    iri: str
    record: str
    academy: str
    feed: str
    type: list[str]
    url: str | None
    page: str
    name: Texts
    description: Texts
    alternateName: Texts
    abstract: Texts
    inLanguage: list[str]
    keywords: list[str]
    isAccessibleForFree: bool | None
    learningResourceType: list[Concept]
    license: list[Concept]
    about: list[Concept]
    educationalLevel: list[Concept]
    audience: list[Concept]
    conditionsOfAccess: list[Concept]
    courseMode: list[Concept]
    eventAttendanceMode: list[Concept]
    eventStatus: list[Concept]
    creativeWorkStatus: list[Concept]
    teaches: list[Concept]
    competencyRequired: list[Concept]
    coursePrerequisites: list[Concept]
    educationalCredentialAwarded: Texts
    provider: list[Agent]
    author: list[Agent]
    publisher: list[Agent]
    contributor: list[Agent]
    translator: list[Agent]
    organizer: list[Agent]
    instructor: list[Agent]
    dateModified: str | None
    datePublished: str | None
    dateCreated: str | None
    startDate: str | None
    endDate: str | None
    timeRequired: str | None
    version: str | None
    courseCode: str | None
    courseWorkload: str | None
    numberOfCredits: str | None
    maximumAttendeeCapacity: str | None
    location: list[Place]
    offers: list[Offer]
    hasCourseInstance: list[Session]
    syllabusSections: list[Texts]
    encoding: list[File]
    isPartOf: list[str]
    hasPart: list[str]
    isBasedOn: list[str]
    translationOfWork: list[str]
    previousVersion: list[str]
    sameAs: list[str]
    relation: list[str]
    codeRepository: list[str]
    recordedAt: list[str]
    identifier: list[str]
    source: str | None
    linkOnly: bool
    generatedBy: list[str]
    corrections: list[Correction]
    added: str
    changed: str
    matches: int
    work: WorkLink | None
    cluster: WorkLink | None
