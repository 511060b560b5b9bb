"""Visits to recorded pages of an event stream, and what stands after each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from harvesters.base import Visit
from harvesters.ldes import harvest
from registry.model import Document, Done, Feed, FeedIssue, HarvestEvent, RawRecord
from registry.net import Fetcher
from tests.support.rdf_feeds import Answer, Recorded

FEED = "http://academy.example/feed"
TRIG = "application/trig"


def visit(
    pages: Mapping[str, Answer], bookmark: Mapping[str, str] | None = None, *, before: list[HarvestEvent] | None = None,
    http: Recorded | None = None, address: str = FEED, hosts: tuple[str, ...] = (), **options: Any,
) -> list[HarvestEvent]:  # fmt: skip
    """The events of one visit; ``before`` are those of earlier visits."""
    known = {one.address: one for one in before or [] if isinstance(one, Document)}
    digests = {one.digest for one in known.values()}
    feed = Feed("f", "eso", "ldes", address, options=options, allow_hosts=hosts)
    made = Visit(feed, cast(Fetcher, http or Recorded(pages)), bookmark or {}, known.get, digests.__contains__)
    return list(harvest(made))


def done(events: list[HarvestEvent]) -> Done:
    """How the visit ended."""
    assert isinstance(events[-1], Done) and sum(isinstance(one, Done) for one in events) == 1
    return events[-1]


def told(events: list[HarvestEvent]) -> list[str]:
    """The keys of all records, shortened; "-" before those that are gone, "!" after those that are broken."""
    records = [one for one in events if isinstance(one, RawRecord)]
    return [("-" if one.deleted else "") + one.key.rpartition("/")[2] + ("!" if one.broken else "") for one in records]


def codes(events: list[HarvestEvent]) -> list[str]:
    """The codes of the issues of the stream."""
    return [one.issue.code for one in events if isinstance(one, FeedIssue)]


def standing(*visits: list[HarvestEvent]) -> dict[str, RawRecord]:
    """What stands after some visits, as the ledger keeps it: the last word on each key, deletions taken out."""
    found: dict[str, RawRecord] = {}
    for events in visits:
        for one in events:
            if isinstance(one, RawRecord):
                found.pop(one.key, None)
                if not one.deleted:
                    found[one.key] = one
    return dict(sorted(found.items()))
