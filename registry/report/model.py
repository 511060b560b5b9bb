"""A report as it is shown in every form: frozen dataclasses without words of any one language.

Texts by language are {language: text}, as the messages and the concepts' labels have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry.messages import Message
from registry.model import Issue, Severity

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Card:
    """An entry as the catalogue will show it. Kinds, levels and topics are labels by language; dates ISO 8601."""

    entry: str
    title: Texts
    description: Texts
    kinds: tuple[Texts, ...] = ()
    levels: tuple[Texts, ...] = ()
    licences: tuple[Texts, ...] = ()
    topics: tuple[Texts, ...] = ()
    languages: tuple[str, ...] = ()
    address: str = ""
    start: str = ""
    end: str = ""
    places: tuple[Texts, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What to write: ``before`` becomes one of ``after``; ``before`` "" where something is missing.

    ``sure``: only one meaning is possible; else it is what the value probably means, or an example.
    """

    before: str
    after: tuple[str, ...]
    sure: bool = False
    example: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """One finding: which entry, where in the list it was met, where in the entry, what stands there."""

    entry: str
    title: Texts
    where: str
    issue: Issue
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """All findings of one code. ``common`` is what they share, with "…" for what differs."""

    code: str
    severity: Severity
    field: str
    count: int
    records: int
    message: Message
    common: Issue
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A measured value at the end of a visit (UTC, ISO 8601)."""

    time: str
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """One measure with its history, oldest first. ``metric`` is the notation of a quality metric."""

    metric: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in some lists, how it will look, what to mend.

    ``counts``: read, published, held, and ``by_rule``, those of the held that the academy's own rules keep back.
    ``score_public``: the academy agreed that everybody sees its score.
    ``found`` says in words by language how the list was recognised; ``complete``: it was read to its end.
    """

    what: str
    address: str
    protocols: tuple[str, ...]
    time: str
    counts: Mapping[str, int]
    cards: tuple[Card, ...]
    causes: tuple[Cause, ...]
    complete: bool = True
    found: tuple[Texts, ...] = ()
    score: tuple[Series, ...] = field(default=())
    score_public: bool = False

    @property
    def violations(self) -> int:
        """How many findings keep something from being published."""
        return sum(cause.count for cause in self.causes if cause.severity == "violation")
