"""What this room works with: the card of a record as a reviewer sees it, a pair in the queue, an item of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from registry.model import MatchStatus, Relation


@dataclass(frozen=True, slots=True)
class Card:
    """A record as reviewers see it. ``titles`` and ``texts`` by language tag ("und" unknown), HTML-free;
    ``languages`` are primary subtags ("fr"), empty when none is stated; ``place`` is list/key."""

    resource: str
    place: str
    academy: str
    academy_names: Mapping[str, str]
    titles: Mapping[str, str]
    texts: Mapping[str, str]
    languages: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A pair that may be asked about: what the machine says of it, without its evidence.

    ``chance`` is the calibrated probability where ``calibrated``, else the confidence of the rule.
    """

    left: str
    right: str
    relation: Relation
    source: str
    chance: float
    calibrated: bool
    status: MatchStatus
    left_academy: str
    right_academy: str

    @property
    def pair(self) -> tuple[str, str]:
        """The pair, in code-point order."""
        return self.left, self.right

    @property
    def cross(self) -> bool:
        """Whether two academies are concerned."""
        return self.left_academy != self.right_academy


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to answer: a pair, or a family of parts that pair one to one (then more than one entry).

    ``stream`` is "queue" or "random"; ``second`` means that somebody else read it before.
    """

    entries: tuple[Entry, ...]
    stream: str
    stratum: str
    score: float
    second: bool = False

    @property
    def family(self) -> bool:
        """Whether one answer is asked for several pairs."""
        return len(self.entries) > 1
