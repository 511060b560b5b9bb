"""What detection finds: candidates with their reasons, and what was tried on the way.

Reasons are Issues of ``registry/messages/detect.tsv``, so that they can be told in any of its languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any

from harvesters.base import GROUP
from registry.model import Issue

SURE, LIKELY, MAYBE, FAINT = 0.95, 0.8, 0.5, 0.25
# How much a list of each kind is worth, if it is one: structured, complete and able to prove deletions first.
WORTH: Mapping[str, int] = {
    "oai_pmh": 100, "ldes": 98, "moochub": 96, "openedx": 95, "amb": 94, "rdf": 90, "zenodo": 86, "moodle": 84,
    "sparql": 80, "table": 76, "git": 72, "web_pages": 70, "calendar": 45, "feed": 40, "links": 30,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """One list that was found: how it is read and why we think so.

    ``format`` is what was seen in it ("" where it does not matter); ``confidence`` is from 0 to 1. ``source`` says
    how its address was come by (None: it is the given one). ``lone``: a single description that can be checked but
    is no list to visit.
    """

    protocol: str
    format: str
    address: str
    why: Issue
    confidence: float
    options: Mapping[str, Any] = field(default_factory=dict)
    source: Issue | None = None
    lone: bool = False

    @property
    def score(self) -> float:
        """For ranking: how sure, times how much such a list is worth."""
        return self.confidence * WORTH.get(self.protocol, 50)


@dataclass(frozen=True, slots=True)
class Tried:
    """One request: what was asked, why there, and what came."""

    address: str
    why: Issue
    came: Issue


@dataclass(frozen=True, slots=True)
class Detection:
    """All lists of an address, the best first; what was tried; what the site says of itself.

    ``site`` may hold name, language, licence and homepage, as the site or the list states them.
    """

    address: str
    candidates: tuple[Candidate, ...] = ()
    tried: tuple[Tried, ...] = ()
    site: Mapping[str, str] = field(default_factory=dict)

    @property
    def best(self) -> Candidate | None:
        """The first that this registry can read."""
        return next((one for one in self.candidates if can_read(one.protocol)), None)

    def others(self, chosen: Candidate) -> list[Candidate]:
        """What was found besides, without pages that say nothing."""
        return [one for one in self.candidates if one != chosen and one.why.code != "detect-page-plain"]

    @property
    def unread(self) -> tuple[str, ...]:
        """Protocols that were found and have no harvester here."""
        return tuple(dict.fromkeys(one.protocol for one in self.candidates if not can_read(one.protocol)))


@cache
def can_read(protocol: str) -> bool:
    """Whether a harvester of this name is installed and its module is there (asked once: all packages are read)."""
    for point in entry_points(group=GROUP):
        if point.name == protocol:
            try:
                return find_spec(point.module) is not None
            except ModuleNotFoundError:  # the package around it is not there
                return False
    return False


def is_itself(one: Candidate) -> bool:
    """Whether the address that was given is this list, and not only a page of a site that has lists."""
    return one.source is None and one.confidence >= MAYBE and not one.why.code.endswith(("-page", "-page-works"))


def best_first(candidates: Iterable[Candidate], given: str = "") -> tuple[Candidate, ...]:
    """Each list once, the best first. One that is the ``given`` address itself, no web page, comes before all."""
    kept: dict[tuple[str, str], Candidate] = {}
    for one in candidates:
        key = (one.protocol, one.address.rstrip("/"))
        known = kept.get(key)
        if known is None or (is_itself(known), known.confidence) < (is_itself(one), one.confidence):
            kept[key] = one
    return tuple(
        sorted(
            kept.values(),
            key=lambda one: (
                not (given and is_itself(one)),
                -one.score,
            ),
        )
    )
