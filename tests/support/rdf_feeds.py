"""Recorded RDF answers by address, harvested and mapped as one feed: for golden and harvest tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from harvesters.base import Visit
from harvesters.rdf import harvest
from registry.crosswalk import load, values
from registry.crosswalk.base import MapContext
from registry.iris import Iris
from registry.model import Academy, Document, Feed, FeedIssue, HarvestEvent, Issue, RawRecord
from registry.net import Fetched, Fetcher, NetError
from registry.terms import to_ntriples

SITE = "http://catalogue.example/training/"


@dataclass(frozen=True)
class Answer:
    """One recorded answer: its body, media type, further headers, final address where it redirects."""

    body: bytes
    media_type: str = "text/turtle"
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass
class Recorded:
    """A fetcher that knows only recorded answers; ``asked`` are the addresses, with what was sent."""

    answers: Mapping[str, Answer]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    limit: int = 1 << 20

    def get(self, url: str, **sent: Any) -> Fetched:
        """The recorded answer, 304 where its etag is sent, or a NetError."""
        self.asked.append((url, sent))
        answer = self.answers.get(url)
        if answer is None:
            raise NetError(Issue("net-status", url, "404"), 404)
        if sent.get("etag") and sent["etag"] == answer.headers.get("etag"):
            return Fetched(304, url, answer.headers, b"", not_modified=True)
        return Fetched(200, answer.url or url, {"content-type": answer.media_type, **answer.headers}, answer.body)


def visit(
    answers: Mapping[str, Answer], address: str = SITE, *, before: list[HarvestEvent] | None = None,
    bookmark: Mapping[str, str] | None = None, http: Recorded | None = None, hosts: tuple[str, ...] = (), **options: Any,
) -> list[HarvestEvent]:  # fmt: skip
    """The events of one visit; ``before`` are those of the visit before it."""
    known = {one.address: one for one in before or [] if isinstance(one, Document)}
    feed = Feed("f", "eso", "rdf", address, options=options, allow_hosts=hosts)
    fetcher = cast(Fetcher, http or Recorded(answers))
    return list(harvest(Visit(feed, fetcher, bookmark or {}, known.get)))


def context(language: str | None = None) -> MapContext:
    """What a crosswalk knows of the feed."""
    iris, feed = Iris("https://registry.example"), Feed("f", "eso", "rdf", SITE, language=language)
    academy = Academy("eso", {"en": "Example Office"}, "https://eso.example")
    return MapContext(academy, feed, iris, values.load(iris, feed, None))


def mapped(events: list[HarvestEvent]) -> tuple[str, str]:
    """(graph, issues as lines) of all records and of the feed."""
    triples, issues = [], []
    for event in events:
        if isinstance(event, FeedIssue):
            issues.append(("", event.issue))
        if isinstance(event, RawRecord):
            issues += [(event.key, one) for one in event.issues]
            if not event.broken:
                result = load(event.format)(event, context())
                triples += [triple[:3] for triple in result.triples]
                issues += [(event.key, one) for one in result.issues]
    rows = ["\t".join((key, one.code, one.place, " ".join(one.value.split()))) for key, one in issues]
    return to_ntriples(triples), "".join(f"{row}\n" for row in rows)
