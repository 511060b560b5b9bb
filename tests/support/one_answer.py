"""A fetcher that gives prepared answers, and what a harvest of them becomes: for tests of small protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from harvesters.base import Visit
from registry.crosswalk import load, values
from registry.crosswalk.base import MapContext
from registry.iris import Iris
from registry.model import Academy, Feed, FeedIssue, HarvestEvent, Issue, RawRecord
from registry.net import Fetched, NetError
from registry.terms import to_ntriples

IRIS = Iris("https://registry.example")
ACADEMY = Academy("office", {"en": "Invented Office"}, "https://office.example.org")


@dataclass
class Answers:
    """Answers by address; what has none is a NetError. ``asked`` holds addresses and conditions."""

    pages: Mapping[str, bytes]
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    limit: int = 10_000_000

    def get(self, url, *, headers=None, etag=None, last_modified=None, accept=None) -> Fetched:
        self.asked.append((url, etag))
        if url not in self.pages:
            raise NetError(Issue("net-status", url, "404"), 404)
        if etag is not None and etag == self.headers.get("etag"):
            return Fetched(304, url, dict(self.headers), b"", not_modified=True)
        return Fetched(200, url, dict(self.headers), self.pages[url])


def feed(protocol: str, address: str, **more) -> Feed:
    return Feed("list", "office", protocol, address, **more)


def context(one: Feed) -> MapContext:
    return MapContext(ACADEMY, one, IRIS, values.load(IRIS, one, None))


def harvested(harvest: Callable, one: Feed, body: bytes | Mapping[str, bytes], **more) -> list[HarvestEvent]:
    pages = body if isinstance(body, Mapping) else {one.address: body}
    return list(harvest(Visit(one, Answers(pages, **more))))


def records(events: Iterable[HarvestEvent]) -> list[RawRecord]:
    return [event for event in events if isinstance(event, RawRecord)]


def codes(events: Iterable[HarvestEvent]) -> list[str]:
    return [event.issue.code for event in events if isinstance(event, FeedIssue)]


def whole(one: Feed, events: Iterable[HarvestEvent]) -> tuple[str, str]:
    """The graph of all records as N-Triples, and all issues as lines."""
    triples, issues = [], []
    for event in events:
        if isinstance(event, FeedIssue):
            issues.append(("", event.issue))
        if isinstance(event, RawRecord):
            issues += [(event.key, issue) for issue in event.issues]
            if not event.broken and not event.deleted:
                mapped = load(event.format)(event, context(one))
                triples += [triple[:3] for triple in mapped.triples]
                issues += [(event.key, issue) for issue in mapped.issues]
    lines = ("\t".join((key, issue.code, issue.place, " ".join(issue.value.split()))) for key, issue in issues)
    return to_ntriples(triples), "".join(f"{line}\n" for line in lines)
