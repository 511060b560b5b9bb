"""The whole way of a list without a network, from answers to accepted graphs, and what must hold of all of it."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pyoxigraph as ox
import rdflib

from harvesters import base
from harvesters.base import FeedFailed, Visit
from registry.crosswalk import clean, values
from registry.crosswalk.base import MapContext
from registry.iris import Iris, owns
from registry.messages import Message, fill
from registry.model import Academy, Document, Done, Feed, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import Fetched, NetError
from registry.prepare.record import Prepared, Preparer
from registry.terms import Iri, from_ntriples
from registry.terms import Literal as Text
from tests.fuzz.feeds import ANY, SITE, Pages, Row

IRIS = Iris("https://registry.example")
REQUESTS = 400
SECONDS = 20.0
Spoil = Callable[[int, bytes], bytes]
"""From the number of a request and its right answer to a broken one."""


class Hung(BaseException):
    """More processor time than any small list may take; no ``except`` of ours catches it."""


@contextmanager
def bounded(seconds: float = SECONDS) -> Iterator[None]:
    """Ends what takes longer, by the processor's clock: a busy machine does not matter."""

    def stop(*_: object) -> None:
        raise Hung(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@dataclass
class Answers:
    """Stands where a Fetcher stands. ``echo``: any other address of the site gives the list again, without end."""

    pages: Pages
    start: str
    echo: bool = False
    asked: list[str] = field(default_factory=list)
    live: Any = None
    spoil: Spoil = lambda number, body: body
    limit: int = 4 << 20
    moved: str = ""

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, **_: Any) -> Fetched:
        return self._spoiled(self.live.get(url), url) if self.live else self._answer(url)

    def post(self, url: str, body: bytes, *, content_type: str, **_: Any) -> Fetched:
        if self.live:
            return self._spoiled(self.live.post(url, body, content_type=content_type), url)
        return self._answer(url)

    def _spoiled(self, found: Fetched, url: str) -> Fetched:
        self.asked.append(url)
        assert len(self.asked) <= REQUESTS, f"asks without end: {self.asked[-3:]}"
        return replace(found, body=self.spoil(len(self.asked), found.body))

    def crawl_delay(self, host: str, seconds: float) -> None:
        assert seconds == seconds, "no number"

    def _answer(self, url: str) -> Fetched:
        self.asked.append(url)
        assert len(self.asked) <= REQUESTS, f"asks without end: {self.asked[-3:]}"
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise NetError(_no(url)) from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise NetError(_no(url))
        path = parsed.raw_path.decode("ascii")
        found = self.pages.get(path) or self.pages.get(self._verb(path)) or self.pages.get(ANY)
        if found is None and self.echo and url.startswith(SITE):
            found = self.pages.get(self.start)
        if found is None or not url.startswith(SITE):
            raise NetError(_no(url, "net-status", "404"), 404)
        return Fetched(200, url, {"content-type": found[0]}, found[1])

    @staticmethod
    def _verb(path: str) -> str:
        """A request of OAI-PMH by its verb, and whether it carries on."""
        verb = re.search(r"verb=\w+", path)
        more = "&resumptionToken" if "resumptionToken=" in path else ""
        return f"{path.partition('?')[0]}?{verb[0]}{more}" if verb else ""


def _no(url: str, code: str = "net-bad-address", value: str = "") -> Issue:
    return Issue(code, url[:300], value, (("status", value), ("url", url[:300])))


def feed_of(row: Row, folder: Path | None = None) -> Feed:
    address = folder.as_uri() if folder else SITE + row.start
    return Feed("list", "office", row.protocol, address, options=dict(row.options), **row.feed)


def academy_of(feed: Feed) -> Academy:
    return Academy("office", {"en": "Invented Office"}, "https://office.example/", feeds=(feed,))


def harvest(
    row: Row, pages: Pages, echo: bool, folder: Path | None = None, spoil: Spoil = lambda number, body: body
) -> list[HarvestEvent | Issue]:
    """The events of one visit; a failure of the feed is its issue, at the end."""
    filled = {path: (media, body.replace(b"{base}", SITE.encode())) for path, (media, body) in pages.items()}
    http = Answers(filled, row.start, echo, live=row.live() if row.live else None, spoil=spoil)
    events: list[HarvestEvent | Issue] = []
    try:
        for event in base.load(row.protocol)(Visit(feed_of(row, folder), http, token=row.token)):  # type: ignore[arg-type]
            events.append(event)
            assert len(events) < 50_000, "events without end"
    except (FeedFailed, NetError) as error:
        events.append(error.issue)
    return events


def prepare(like: Preparer, row: Row, events: list[HarvestEvent | Issue]) -> list[Prepared]:
    """What becomes of the records."""
    feed = feed_of(row)
    context = MapContext(academy_of(feed), feed, IRIS, values.Values(IRIS, {}, like.context.values.schemes))
    fresh = replace(like, context=context)
    return fresh.prepare([one for one in events if isinstance(one, RawRecord) and not one.deleted])


# What must hold.

_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,99}(?:\.[\w-]{1,99}){0,9}\.[^\W\d_]{2,}")
_LINK = re.compile(r"https?://[^\s<>\"'|]+", re.IGNORECASE)
_SHARE = re.compile(r"file:/|(?<!\w)\\\\\w", re.IGNORECASE)
_OWN = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?![\w.-])", re.IGNORECASE)
_TAG = re.compile(r"[a-z]{1,8}(-[a-z0-9]{1,8})*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


def check_events(events: list[HarvestEvent | Issue], messages: Mapping[str, Message]) -> None:
    """A visit tells things in order, in words that exist, and in text that can be kept."""
    assert events, "neither a record nor a finding"
    last = events[-1]
    assert isinstance(last, Done | Issue), f"ends with {type(last).__name__}"
    for event in events[:-1]:
        assert isinstance(event, RawRecord | Document | Unchanged | FeedIssue), event
    for event in events:
        if isinstance(event, Issue):
            check_issue(event, messages)
        elif isinstance(event, FeedIssue):
            check_issue(event.issue, messages)
        elif isinstance(event, RawRecord):
            assert event.key.strip(), "a record without a key"
            for text in (
                event.key,
                event.locator,
                event.source,
                event.datestamp or "",
                event.format,
                event.media_type,
            ):
                text.encode("utf-8")
            assert not event.broken or event.issues, "broken, and nothing says why"
            assert len(event.key) <= 4000, "a key without end"
            for issue in event.issues:
                check_issue(issue, messages)
        elif isinstance(event, Document):
            assert event.digest.startswith("sha256:")
            (event.address + (event.etag or "") + (event.last_modified or "")).encode("utf-8")
        elif isinstance(event, Done):
            repr(sorted(event.bookmark.items())).encode("utf-8")


def check_issue(issue: Issue, messages: Mapping[str, Message]) -> None:
    """A finding has its texts, can be kept, and is short."""
    message = messages[issue.code]
    assert len(issue.value) <= 300 and all(len(text) <= 1_000 for _, text in issue.params), issue
    for part in (issue.place, issue.value, *(text for pair in issue.params for text in pair)):
        part.encode("utf-8")
    filled = fill(message.text["en"] + message.mend["en"], replace(issue, value="", place=""))
    names = set(re.findall(r"\{(\w+)\}", message.text["en"] + message.mend["en"])) - {"value", "place"}
    assert names <= {name for name, _ in issue.params}, f"{issue.code} lacks {names}: {filled}"


def check_prepared(prepared: Prepared, messages: Mapping[str, Message]) -> None:
    """An accepted graph is sound and tells nothing that must stay; what is held back says why."""
    assert prepared.stated or prepared.findings, "neither a graph nor a finding"
    for finding in prepared.findings:
        check_issue(finding.issue, messages)
        quoted = " ".join([finding.issue.value, *(text for _, text in finding.issue.params)])
        assert not _EMAIL.search(_LINK.sub(" ", quoted)), f"{finding.issue.code} quotes {quoted}"
        whole = _LINK.findall(quoted) if len(finding.issue.value) < 300 else []
        assert not [one for one in whole if _private(one)], f"{finding.issue.code} quotes {quoted}"
    if not prepared.stated:
        return
    resource, node = IRIS.resource("list", prepared.key), IRIS.record("list", prepared.key)
    graph = rdflib.Graph().parse(data=prepared.stated + prepared.inferred, format="nt")
    triples = list(from_ntriples(prepared.stated + prepared.inferred))
    # The store of a release is strict: one faulty line would stop its load.
    assert sum(1 for _ in ox.parse((prepared.stated + prepared.inferred).encode(), ox.RdfFormat.N_TRIPLES)) == len(
        triples
    )
    assert len(graph) == len(set(triples)), "read otherwise by rdflib"
    assert not [term for row in graph for term in row if isinstance(term, rdflib.BNode)], "a blank node"
    for s, p, o in triples:
        assert owns(resource, s) or owns(node, s), f"a foreign subject: {s}"
        for iri in (s, p, o):
            if isinstance(iri, Iri):
                check_iri(iri)
            else:
                check_literal(iri)


def check_iri(iri: str) -> None:
    """Absolute, one word, no address of a person or of a house."""
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]+", iri), f"no IRI: {iri!r}"
    assert re.match(r"https?:|urn:|oai:|info:|doi:|hdl:|ftp:|geo:|isbn:", iri, re.IGNORECASE), (
        f"an odd scheme: {iri!r}"
    )
    if owns(IRIS.base, iri):
        return
    open_ = unquote(unquote(iri))
    assert not _EMAIL.search(_without_link(open_)), f"an e-mail address in {iri!r}"
    if iri[:4].lower() == "http" or "://" in iri:
        assert not clean.private_host(urlsplit(iri).hostname or "x"), f"a private host: {iri!r}"
    for inner in _LINK.findall(open_[8:]):
        assert not _private(inner), f"a private address inside {iri!r}"


def check_literal(literal: Text) -> None:
    """Text that every reader can take, without addresses of persons or houses."""
    text = literal.value
    assert not _CONTROL.search(text), f"control characters: {text[:100]!r}"
    assert len(text) <= 1_000_100
    assert not literal.language or _TAG.fullmatch(literal.language), f"no language: {literal.language!r}"
    found = _EMAIL.search(_LINK.sub(" ", text))
    assert not found, f"an e-mail address: {text[:300]!r}"
    for link in _LINK.findall(text):
        assert not _private(link), f"a private address: {text[:300]!r}"
    assert not _SHARE.search(text), f"a shared drive: {text[:300]!r}"


def _without_link(iri: str) -> str:
    """An address without user names of pages ("/@name/…"), which are no addresses to write to."""
    return re.sub(r"(?<=/)@", "", iri)


def _private(link: str) -> bool:
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        return False
    return bool(host) and clean.private_host(host) and not _OWN.match(link)


def shacl(accepted: list[tuple[str, str]], shapes: rdflib.Graph) -> str:
    """pySHACL on all accepted graphs at once, each under names of its own; its violations as text, "" if none."""
    import pyshacl

    data = rdflib.Graph()
    for number, (stated, inferred) in enumerate(accepted):
        text = stated + inferred
        for kind in ("resource", "record"):
            text = text.replace(f"{IRIS.base}/id/{kind}/list/", f"{IRIS.base}/id/{kind}/list{number}/")
        data.parse(data=text, format="nt")
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=False, inference="none")
    assert isinstance(report, rdflib.Graph)
    results = []
    for result in report.subjects(rdflib.SH.resultSeverity, rdflib.SH.Violation):
        parts = (report.value(result, name) for name in (rdflib.SH.focusNode, rdflib.SH.sourceShape, rdflib.SH.value))
        results.append(" ".join(map(str, parts)))
    return "\n".join(sorted(results))
