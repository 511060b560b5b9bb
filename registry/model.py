"""The things that stages hand to one another: frozen dataclasses, importing nothing of ours.

A learning resource itself is *not* here: it is an RDF graph (see ``docs/profile.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["violation", "warning", "info"]
ChangeKind = Literal["record", "tombstone", "decision", "correction", "notice-ended", "identity", "model", "erased"]
Cause = Literal["source", "crosswalk", "shapes", "rules", "person", "clock"]
Relation = Literal["copy", "near-copy", "version", "translation", "derivative", "part", "run", "overlap", "different"]
MatchStatus = Literal["candidate", "accepted", "rejected", "discussed"]
Verdict = Literal["confirm", "reject", "retype", "unsure"]
Voice = Literal["reviewer", "publisher"]
Level = Literal["cluster", "work"]
IdentityKind = Literal["created", "grown", "absorbed", "split", "retired", "revived"]
Permission = Literal["agreed", "published", "asked", "none"]


@dataclass(frozen=True, slots=True)
class Expect:
    """What a sane harvest of a feed looks like; outside it yesterday's data stay.

    ``max_drop`` is a share of the published records (0.2 = a fifth); ``min_records`` a count. Where a protocol
    proves no deletions, an entry goes when ``grace_visits`` complete listings in a row, over at least
    ``grace_days`` days, did not show it.
    """

    min_records: int = 1
    max_drop: float = 0.2
    grace_visits: int = 3
    grace_days: int = 30


@dataclass(frozen=True, slots=True)
class Feed:
    """One list of an academy: where it is, which protocol brings it, what its words mean.

    ``format`` None lets the harvester choose. ``columns`` maps a column heading of a table to a field of
    the table template, ``values`` a field to {source value: our notation}. ``allow_hosts`` are the hosts
    (with or without ``:port``) for which private and loopback addresses are allowed, and, behind a proxy,
    the only hosts that are asked. ``options`` holds what only one protocol knows (``set``, ``sheet`` …).
    ``publish`` names what stays back: {"categories" | "access" | "columns": [words]}. ``metadata_licence``
    is the licence of the descriptions themselves, ``permission`` how we may pass them on: without "agreed" or
    "published" (published for reuse) texts are shown here and not exported.
    """

    id: str
    academy: str
    protocol: str
    address: str
    format: str | None = None
    language: str | None = None
    licence: str | None = None
    expect: Expect = field(default_factory=Expect)
    allow_hosts: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    publish: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    metadata_licence: str | None = None
    permission: Permission = "none"


@dataclass(frozen=True, slots=True)
class Academy:
    """An organisation that teaches, and its feeds. ``name`` is by language tag ("en", "fr" …).

    ``show_score``: it agrees that its score is public.
    """

    id: str
    name: Mapping[str, str]
    homepage: str
    country: str | None = None
    acronym: str | None = None
    ror: str | None = None
    contact: str | None = None
    feeds: tuple[Feed, ...] = ()
    show_score: bool = False


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing to mend, in the academy's own payload.

    ``code`` is a row of ``registry/messages/*.tsv`` or the local name of a shape ("LR-license").
    ``place`` is an XPath, JSON pointer or sheet/row/column; for something missing, where it would stand.
    ``value`` is what was found there, at most 300 characters. ``params`` fill the message's {names}.
    """

    code: str
    place: str = ""
    value: str = ""
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RawRecord:
    """The smallest unit of a feed that stands alone, as bytes.

    ``payload``: exclusive C14N of an XML record, canonical JSON (sorted keys, UTF-8) of a JSON value or of
    a table row with its header; it holds nothing that moves with a visit. ``key`` is the source's own
    stable id within the feed. ``locator`` says where it was met ("page 3", "sheet 2024, row 17"),
    ``source`` is the IRI of the source record (OAI GetRecord URL, page address, file address).
    ``datestamp`` as the source gives it. ``deleted`` means that the source itself says so.
    A record with ``broken`` True could not be read: it is held back, and ``issues`` say why.
    """

    key: str
    payload: bytes
    media_type: str
    format: str
    source: str
    locator: str = ""
    datestamp: str | None = None
    deleted: bool = False
    broken: bool = False
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A fetched document: the records that follow, up to the next Document, were split from it.

    ``digest`` ("sha256:…") covers what decides the records, not what moves with a visit (an OAI page
    without its responseDate and token). ``address`` is the requested URL.
    """

    address: str
    digest: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A document that was split before and whose records still stand in the ledger: nothing to split."""

    address: str
    digest: str


@dataclass(frozen=True, slots=True)
class FeedIssue:
    """An issue of the feed as a whole, or of a part of it that gave no record.

    ``lasting``: it is about the Document before it, and is told again as long as that is Unchanged.
    """

    issue: Issue
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of a harvest; without it a run counts as broken off and proves nothing.

    ``complete``: every record of the feed was listed. ``bookmark`` is handed to the next visit.
    ``deletions`` says what absence means:

    - "proved" and complete: what was not listed is deleted, and goes at once;
    - "unknown" and complete: a full listing by a protocol that does not promise to list everything that
      exists; what was not listed goes after a grace period (``Expect.grace_visits``, ``grace_days``);
    - "signalled", or not complete (a news feed, an incremental visit): absence says nothing; only records
      with ``deleted`` go. These go at once in every case.
    """

    complete: bool
    deletions: Literal["proved", "signalled", "unknown"] = "proved"
    bookmark: Mapping[str, str] = field(default_factory=dict)


HarvestEvent = RawRecord | Document | Unchanged | FeedIssue | Done


@dataclass(frozen=True, slots=True)
class Finding:
    """An issue as kept: of which feed and record, how grave.

    ``record`` is the key within the feed, or "" for a finding of the feed as a whole.
    """

    feed: str
    record: str
    severity: Severity
    issue: Issue


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the ordered change log (``docs/ledger.md``).

    ``subject`` is the IRI of the record, match or person's act concerned; ``stated`` and ``inferred`` are
    canonical N-Triples (sorted, no blank nodes); ``digest`` covers both. ``first`` is the commit time of the
    subject's first change. Times are UTC, ISO 8601, whole seconds with "Z".
    """

    sequence: int
    time: str
    kind: ChangeKind
    subject: str
    cause: Cause
    feed: str = ""
    key: str = ""
    run: str = ""
    first: str = ""
    stated: str = ""
    inferred: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word on a pair of resources; append-only, the newest of a pair and voice counts.

    ``verdict``: "confirm" (the relation holds), "retype" (another relation than the machine's holds),
    "reject" (not related: ``relation`` is "different"), "unsure" (a label that decides nothing). ``source`` is
    the resource that the other comes from, "" where unknown or symmetric. ``voice``: a reviewer, or the
    publisher ``academy`` on its own record. ``left_digest``, ``right_digest`` are the content digests of both
    records when it was given: by them it finds its records again when a feed rewrites its ids. ``undone`` is
    the time when it was taken back ("" while it stands), ``batch`` the batch that it came with.
    """

    left: str
    right: str
    verdict: Verdict
    relation: Relation
    reviewer: str
    time: str
    note: str = ""
    source: str = ""
    voice: Voice = "reviewer"
    academy: str = ""
    left_digest: str = ""
    right_digest: str = ""
    batch: str = ""
    undone: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's fix of one property of a harvested record, as long as it is not ended.

    ``instead``, ``old`` and ``new`` are terms as lines of canonical N-Triples: the one value replaced ("": all
    of the property, or of the language of ``new``), what the source said then, what is published in its place
    ("": nothing). ``property`` is an IRI, ``author`` a name or an IRI, both public.
    """

    id: int
    feed: str
    key: str
    property: str
    old: str
    new: str
    reason: str
    author: str
    time: str
    instead: str = ""
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a match: which feature, what both sides say, how alike (0 to 1), by which measure.

    ``weight`` is what it counts, in bits (log2 of how many times more likely it is among matches than among
    other pairs; Fellegi and Sunter 1969): above 0 for, below 0 against, 0 where the model does not weigh it.
    """

    feature: str
    measure: str
    score: float
    left_value: str = ""
    right_value: str = ""
    left_field: str = ""
    right_field: str = ""
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Reason:
    """What one comparison of the model says of a pair: the level that it reached, and its weight in bits (as in
    ``Evidence``). The reasons of a pair add up to its weight; what could not be compared gives none."""

    comparison: str
    level: str
    weight: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What an academy itself says of its record and another: in its feed, or through its publisher."""

    academy: str
    relation: Relation
    origin: Literal["feed", "publisher"] = "feed"


@dataclass(frozen=True, slots=True)
class Match:
    """An assertion on the unordered pair {left, right} (resource IRIs, left < right in code-point order).

    ``relation`` is a property of the pair. ``source`` is the resource that the other comes from (the
    original, the older edition, the whole), "" where unknown or symmetric. ``confidence`` 0 to 1: the
    calibrated ``probability`` where there is one, else the band of the rule. ``rule`` is the reason code of the
    rule that decided, ``justification`` a semapv local name or "source-stated". ``weight`` is the match weight
    in bits, ``generators`` name what found the pair, ``answers`` what academies say of it themselves; the status
    is "discussed" where two of them disagree. ``model`` names the model that scored it, ``reasons`` say what made
    the weight.
    """

    left: str
    right: str
    relation: Relation
    confidence: float
    status: MatchStatus
    rule: str
    justification: str
    evidence: tuple[Evidence, ...]
    source: str = ""
    reviewer: str = ""
    reviewed: str = ""
    weight: float = 0.0
    probability: float | None = None
    generators: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    model: str = ""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """Resources that are one: at level "cluster" the same thing listed several times, at level "work" all
    forms of one course (copies, editions, translations, runs). ``members`` are resource IRIs, sorted, two or
    more. ``id`` is the last part of its IRI, ours for ever."""

    id: str
    level: Level
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentityEvent:
    """A row of the ledger on the identity of works: replayed in order, they give every id and every redirect.

    "created", "grown" (members changed; the id stays), "absorbed" (``other`` took it in: a redirect for ever),
    "split" (a new id whose members left ``other``), "retired" (fewer than two members are left), "revived".
    ``members`` are what the id holds after the event.
    """

    level: Level
    kind: IdentityKind
    id: str
    other: str = ""
    members: tuple[str, ...] = ()
    time: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One harvest of one feed, as kept in the ledger.

    ``iri`` is its prov:Activity; times UTC ISO 8601; ``outcome``: "done", "refused" (the gate), "failed",
    "running", "broken-off". ``counts``: records, new, changed, unchanged, deleted, held, violations,
    warnings, infos … ``message`` says in words what went wrong.
    """

    iri: str
    feed: str
    academy: str
    started: str
    ended: str = ""
    outcome: str = "running"
    message: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
