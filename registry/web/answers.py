"""What the JSON API answers with, as types: what OpenAPI tells of, and what the Python client hands on.

The client (``client/``) has a copy of this file, which a test keeps equal. Texts are {language tag: text}, "und" where
the language is not known. Times are UTC, ISO 8601. Keys of a resource follow AMB and schema.org.
"""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict

Texts = dict[str, str]
Relation = Literal["copy", "near-copy", "version", "translation", "derivative", "part", "run", "overlap", "different"]
Status = Literal["candidate", "accepted", "rejected", "discussed"]


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


class ResourceList(TypedDict):
    """A page of resources."""

    items: list[Resource]
    total: int
    next: str | None


class MatchList(TypedDict):
    """A page of pairs."""

    items: list[Match]
    total: int
    next: str | None


class WorkList(TypedDict):
    """A page of works."""

    items: list[Work]
    total: int
    next: str | None


class AcademyList(TypedDict):
    """All academies."""

    items: list[Academy] | list[KnownAcademy]
    total: int
    next: str | None


class IssueList(TypedDict):
    """A page of things to mend, or all of them by cause."""

    items: list[Issue] | list[IssueGroup]
    total: int
    next: str | None


class CellList(TypedDict):
    """The overlap of all academies."""

    items: list[Cell]
    total: int
    next: str | None


class SchemeList(TypedDict):
    """The lists of subjects."""

    items: list[Scheme]
    total: int
    next: str | None


class TermList(TypedDict):
    """The concepts of a scheme, parents before their children."""

    items: list[Term]
    total: int
    next: str | None


class RunList(TypedDict):
    """A page of visits, newest first."""

    items: list[Run]
    total: int
    next: str | None


class DecisionList(TypedDict):
    """A page of decisions, newest first; ``total`` is not counted."""

    items: list[Decision]
    total: None
    next: str | None


class ChangeList(TypedDict):
    """A page of changes, oldest first; ``until`` is the last that was looked at: ask from there next time."""

    items: list[Change]
    total: None
    next: str | None
    until: int


class StateList(TypedDict):
    """The states of a record, newest first."""

    items: list[State]
    total: int
    next: str | None


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
