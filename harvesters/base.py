"""What a harvester is: a function that takes a Visit and yields HarvestEvents.

Found through the entry point group ``meta_academy.harvesters`` (name = the feed's ``protocol``), so that
another package can add one. It raises FeedFailed when the feed cannot be read at all; anything else that
it raises is a bug. It ends with ``Done``; a harvest without it counts as broken off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Protocol

from registry.model import Document, Feed, HarvestEvent, Issue
from registry.net import Fetcher

GROUP = "meta_academy.harvesters"


class FeedFailed(Exception):
    """The feed as a whole could not be read; yesterday's data stay. Carries what to tell the academy."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(f"{issue.code} {issue.place} {issue.value}".strip())
        self.issue = issue


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to one feed.

    ``bookmark``: what the last completed visit left ({} on a full one). ``document(address)`` gives the
    Document last read from an address if all its records still stand, else None: use its validators for a
    conditional GET, and yield ``Unchanged`` on 304 or on an equal digest. ``seen(digest)`` tells the same
    by digest alone, whatever the address (an OAI page behind a new token). ``token`` is the feed's secret
    ("" without one): it may go into a request to the feed's own host, never into an event or a message.
    """

    feed: Feed
    http: Fetcher
    bookmark: Mapping[str, str] = field(default_factory=dict)
    document: Callable[[str], Document | None] = lambda address: None
    seen: Callable[[str], bool] = lambda digest: False
    token: str = field(default="", repr=False)


class Harvester(Protocol):
    """A harvester is any callable of this form."""

    def __call__(self, visit: Visit) -> Iterator[HarvestEvent]:
        """Yield the feed's records, in the order of the feed, and Done at the end."""
        ...


def names() -> list[str]:
    """The protocols that are installed, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def load(protocol: str) -> Harvester:
    """The harvester of a protocol. Raises LookupError, naming those that exist."""
    for point in entry_points(group=GROUP):
        if point.name == protocol:
            harvester: Harvester = point.load()
            return harvester
    raise LookupError(f"no harvester for the protocol {protocol!r}; there are: {', '.join(names())}")
