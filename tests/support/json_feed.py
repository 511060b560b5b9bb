"""JSON lists on loopback: serves recorded answers by path, harvests them, and maps what comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from harvesters.base import Harvester, Visit
from registry.crosswalk import load, values
from registry.crosswalk.base import MapContext, Mapped
from registry.iris import Iris
from registry.model import Academy, Document, Done, Feed, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import Fetcher
from registry.settings import Settings
from registry.terms import to_ntriples
from tests.support.oai_server import Reply, serving

PLACE = "https://list.example"
ACADEMY = Academy("eso", {"en": "Example Statistical Office"}, "https://eso.example", acronym="ESO")


def context(feed: Feed, academy: Academy = ACADEMY) -> MapContext:
    """What a crosswalk may know."""
    iris = Iris("https://registry.example")
    return MapContext(academy, feed, iris, values.load(iris, feed, None))


def mapped(form: str, data: Any, **feed: Any) -> Mapped:
    """One payload, mapped."""
    payload = data if isinstance(data, bytes) else json.dumps(data).encode()
    record = RawRecord("key", payload, "application/json", form, f"{PLACE}/feed.json")
    return load(form)(record, context(Feed("f", "eso", form, f"{PLACE}/feed.json", **feed)))


def codes(issues: Iterable[Issue]) -> list[tuple[str, str]]:
    """(code, place) of issues."""
    return [(issue.code, issue.place) for issue in issues]


class Server:
    """Answers by path with query: bytes, a JSON value, or a function of the request's headers.

    In bodies ``{base}`` stands for the server's address. ``asked`` holds (path, headers).
    """

    def __init__(self, pages: Mapping[str, Any], kind: str = "application/json") -> None:
        self.pages, self.kind, self.asked = dict(pages), kind, list[tuple[str, dict[str, str]]]()
        self.base = ""

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        """The answer to a request; 404 for what is not there."""
        self.asked.append((path, headers))
        page = self.pages.get(path, (404, {}, b"none"))
        if callable(page):
            page = page(headers)
        status, more, body = page if isinstance(page, tuple) else (200, {}, page)
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        body = body.replace(b"{base}", self.base.encode())
        return (
            status,
            {"Content-Type": self.kind, **{k: v.replace("{base}", self.base) for k, v in more.items()}},
            body,
        )


def harvest(
    harvester: Harvester, server: Server, path: str = "/feed.json", before: Iterable[HarvestEvent] = (), **more: Any
) -> list[HarvestEvent]:
    """One visit; ``before`` are the events of the last one, whose documents stand."""
    known = {event.address.replace(PLACE, "{base}"): event for event in before if isinstance(event, Document)}
    for event in before:
        if isinstance(event, Unchanged):
            known.setdefault(event.address.replace(PLACE, "{base}"), Document(event.address, event.digest))
    bookmark = next((event.bookmark for event in before if isinstance(event, Done)), {})
    digests = {document.digest for document in known.values()}
    with serving(server.reply) as base:
        server.base = base
        feed = Feed("f", "eso", "amb", base + path, **{"allow_hosts": ("127.0.0.1",), **more})
        find: Callable[[str], Document | None] = lambda address: known.get(address.replace(base, "{base}"))  # noqa: E731
        with Fetcher(Settings(http_retries=0), feed) as http:
            visit = Visit(feed, http, bookmark=bookmark, document=find, seen=digests.__contains__)
            return [_placed(event, base) for event in harvester(visit)]


def _placed(event: HarvestEvent, base: str) -> HarvestEvent:
    """An event with a fixed address in place of the server's."""
    if isinstance(event, Document):
        return Document(event.address.replace(base, PLACE), event.digest, event.etag, event.last_modified)
    if isinstance(event, Unchanged):
        return Unchanged(event.address.replace(base, PLACE), event.digest)
    return event


def records(events: Iterable[HarvestEvent]) -> list[RawRecord]:
    """The records among events."""
    return [event for event in events if isinstance(event, RawRecord)]


def issues(events: Iterable[HarvestEvent]) -> list[str]:
    """The codes of a feed's issues."""
    return [event.issue.code for event in events if isinstance(event, FeedIssue)]


def done(events: list[HarvestEvent]) -> Done:
    """The last event."""
    last = events[-1]
    assert isinstance(last, Done)
    return last


def golden(
    harvester: Harvester, form: str, server: Server, path: str, language: str, **more: Any
) -> tuple[list[Any], str, str]:
    """(events, graph as N-Triples, issues as TSV) of a recorded feed, the server's address replaced."""
    events = harvest(harvester, server, path, language=language, **more)
    around = context(Feed("feed", "eso", form, f"{PLACE}{path}", language=language))
    triples, found = [], []
    for event in events:
        if isinstance(event, FeedIssue):
            found.append(("", event.issue))
        if isinstance(event, RawRecord):
            found += [(event.key, issue) for issue in event.issues]
            if not event.broken and not event.deleted:
                result = load(form)(event, around)
                triples += [triple[:3] for triple in result.triples]
                found += [(event.key, issue) for issue in result.issues]
    lines = ["\t".join((key, one.code, one.place, " ".join(one.value.split()))) for key, one in found]
    text = "".join(f"{row}\n" for row in lines)
    return events, to_ntriples(triples).replace(server.base, PLACE), text.replace(server.base, PLACE)


def compare(folder: Path, graph: str, text: str) -> None:
    """The expected files of a recorded feed."""
    assert graph == (folder / "expected.nt").read_text("utf-8")
    assert text == (folder / "issues.tsv").read_text("utf-8")


def write(folder: Path, graph: str, text: str) -> None:
    """New expected files; read the difference before committing them."""
    (folder / "expected.nt").write_text(graph, "utf-8")
    (folder / "issues.tsv").write_text(text, "utf-8")
