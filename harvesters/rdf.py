"""Catalogues and dumps in RDF: DCAT, schema.org, Bioschemas, Dublin Core, in any syntax, on one page or many.

Options of the feed: ``types`` (which types count as records), ``max_pages``, ``follow`` (false: only the list
itself, not the documents that it names), ``accept``. A record is ``rdf_records.record``. Sources: DCAT 3;
Hydra Core; LDP Paging 1.0; RFC 9110 §12 (content negotiation).
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from harvesters import rdf_paging, rdf_records
from harvesters.base import FeedFailed, Visit
from harvesters.rdf_graph import Graph, Node
from harvesters.rdf_paging import plain
from harvesters.rdf_read import ACCEPT, read
from registry.model import Document, Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import Fetched, NetError

READER = "2"  # another number reads unchanged documents anew
MAX_PAGES = 2_000
MAX_FAILURES = 5  # documents in a row that cannot be read
# What a faulty document may have lost a record by; other issues lose nothing.
_LOSING = frozenset({"rdf-broken", "rdf-too-deep", "rdf-remote-context"})


@dataclass(frozen=True, slots=True)
class Options:
    """The feed's own options, checked."""

    types: tuple[str, ...] = ()
    max_pages: int = MAX_PAGES
    follow: bool = True
    accept: str = ACCEPT


@dataclass(slots=True)
class _Harvest:
    """What is known so far of one visit. ``whole``: nothing was missed."""

    visit: Visit
    options: Options
    whole: bool = True
    listed: int = 0
    total: int | None = None
    pages: int = 0
    failures: int = 0
    keys: dict[str, bytes] = field(default_factory=dict)
    described: set[str] = field(default_factory=set)  # the documents that the records' addresses name
    asked: set[str] = field(default_factory=set)
    waiting: deque[tuple[str, bool]] = field(default_factory=deque)  # address, whether it is a next page
    hosts: dict[str, list[str]] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    def ask(self, address: str, page: bool = True) -> None:
        """Read an address later, once; of another host none is read."""
        feed = self.visit.feed
        if not rdf_paging.same_host(address, feed.address, feed.allow_hosts):
            self.hosts.setdefault(address.split("/")[2] if "//" in address else "", []).append(address)
            self.whole = self.whole and not page
        elif plain(address) not in self.asked:
            self.asked.add(plain(address))
            # The list itself first, then what it names.
            (self.waiting.appendleft if page else self.waiting.append)((plain(address), page))


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All descriptions of a catalogue or dump, page by page."""
    state = _Harvest(visit, _options(visit))
    first = visit.feed.address
    known = visit.document(first) if visit.bookmark.get("pages") == "1" else None
    known = known if known and known.digest.endswith(_recipe(state)) else None
    try:
        fetched = visit.http.get(
            first, accept=state.options.accept, etag=known.etag if known else None,
            last_modified=known.last_modified if known else None,
        )  # fmt: skip
    except NetError as error:
        raise FeedFailed(error.issue) from error
    if fetched.not_modified and known is not None:
        yield Unchanged(first, known.digest)
        yield Done(complete=True, bookmark={"pages": "1"})
        return
    state.asked.add(plain(first))
    yield from _first(state, first, fetched)
    while state.waiting:
        address, page = state.waiting.popleft()
        if not page and address in state.described:
            continue  # a later page of the list described it
        if state.pages >= state.options.max_pages or state.failures >= MAX_FAILURES:
            state.whole = False
            left = str(len(state.waiting) + 1)
            code = "rdf-max-pages" if state.pages >= state.options.max_pages else "rdf-gave-up"
            yield FeedIssue(Issue(code, address, str(state.pages), (("left", left),)))
            break
        yield from _next(state, address, page)
    yield from _notes(state)
    yield Done(complete=state.whole, bookmark={"pages": str(state.pages)} if state.whole else {})


def _options(visit: Visit) -> Options:
    given = dict(visit.feed.options)
    types, pages = given.get("types", []), given.get("max_pages", MAX_PAGES)
    follow, accept = given.get("follow", True), given.get("accept", ACCEPT)
    checks = {
        "types": isinstance(types, list | tuple) and all(isinstance(one, str) for one in types),
        "max_pages": isinstance(pages, int) and not isinstance(pages, bool) and 1 <= pages <= 100_000,
        "follow": isinstance(follow, bool),
        "accept": isinstance(accept, str) and accept.isprintable(),
    }
    for name, fine in checks.items():
        if not fine:
            raise FeedFailed(Issue("rdf-option", name, str(given[name])[:300], (("option", name),)))
    return Options(tuple(types), pages, follow, accept)


def _recipe(state: _Harvest) -> str:
    """What besides the statements decides the records."""
    parts = json.dumps([READER, sorted(state.options.types)])
    return "+" + hashlib.sha256(parts.encode()).hexdigest()[:12]


def _first(state: _Harvest, address: str, fetched: Fetched) -> Iterator[HarvestEvent]:
    """The first document; a web page may name the RDF beside it."""
    try:
        yield from _document(state, address, fetched, page=True)
    except FeedFailed as failed:
        beside = rdf_paging.alternates(fetched.headers, fetched.body, fetched.url)
        if failed.issue.code != "rdf-web-page" or not beside:
            raise
        state.ask(beside[0])


def _next(state: _Harvest, address: str, page: bool) -> Iterator[HarvestEvent]:
    """A further document; what cannot be read proves nothing."""
    try:
        fetched = state.visit.http.get(address, accept=state.options.accept)
        yield from _document(state, address, fetched, page)
    except (NetError, FeedFailed) as failed:
        state.whole = False
        state.failures += 1
        state.pages += 1
        if state.pages == 1:
            raise failed if isinstance(failed, FeedFailed) else FeedFailed(failed.issue) from failed
        yield FeedIssue(Issue("rdf-page-unread", address, str(failed)[:300]))
    else:
        state.failures = 0


def _document(state: _Harvest, address: str, fetched: Fetched, page: bool) -> Iterator[HarvestEvent]:
    """The records of one document, and what is to be read after it."""
    media_type = fetched.headers.get("content-type", "")
    graph = read(fetched.body, media_type, plain(fetched.url), state.visit.http.limit)
    state.pages += 1
    chosen = rdf_records.subjects(graph, state.options.types)
    said = rdf_paging.total(graph)
    state.total = said if said is not None else state.total
    _go_on(state, graph, fetched, page, bool(chosen))
    records = [rdf_records.record(graph, subject, format, plain(fetched.url)) for subject, format in chosen]
    records = _distinct(state, [*records, *_broken(graph, {subject for subject, _ in chosen})])
    issues = [
        *graph.issues,
        *(one for name in sorted(graph.lost) if name not in state.keys for one in graph.lost[name]),
    ]
    if any(issue.code in _LOSING for issue in issues):
        state.whole = False
    if not chosen:
        state.kinds |= {name for node in graph.nodes for name in graph.types(node)}
    total = hashlib.sha256()
    for one in records:
        total.update(repr((one.key, one.format, one.source, one.broken, one.issues)).encode("utf-8", "replace"))
        total.update(one.payload)
    total.update(repr(issues).encode("utf-8", "replace"))
    digest = f"sha256:{total.hexdigest()}{_recipe(state)}"
    before = state.visit.document(address)
    if (before is not None and before.digest == digest) or (records and state.visit.seen(digest)):
        yield Unchanged(address, digest)
        return
    yield Document(address, digest, fetched.headers.get("etag"), fetched.headers.get("last-modified"))
    yield from records
    for issue in issues:
        yield FeedIssue(replace(issue, place=f"{address} {issue.place}".strip()), lasting=True)


def _go_on(state: _Harvest, graph: Graph, fetched: Fetched, page: bool, any_record: bool) -> None:
    here = plain(fetched.url)
    state.asked.add(here)
    following = rdf_paging.next_pages(graph, fetched.headers, here) if page else []
    for address in following:
        if plain(address) in state.asked or address == here:
            state.whole = False
            state.loops.append(address)
        state.ask(address)
    if not any_record and not following and page:
        for address in [*rdf_paging.first_pages(graph, here), *rdf_paging.dumps(graph, here)]:
            state.ask(address)
    if state.options.follow:
        for address in rdf_paging.members(graph, here):
            state.ask(address, page=False)


def _broken(graph: Graph, chosen: set[Node]) -> list[RawRecord]:
    """Descriptions that are listed here and of which nothing could be read."""
    names = [name for name in sorted(graph.lost) if name not in chosen]
    return [rdf_records.broken(graph, name, "dcat") for name in names if rdf_records.is_listed(graph, name)]


def _distinct(state: _Harvest, records: list[RawRecord]) -> list[RawRecord]:
    """Each key once: what a later page says again is the same, or is told."""
    out: list[RawRecord] = []
    for one in records:
        digest = hashlib.sha256(one.payload).digest()
        state.listed += 1
        if one.key not in state.keys:
            state.keys[one.key] = digest
            state.described.add(plain(one.key))
            out.append(one)
        elif state.keys[one.key] != digest:
            state.repeated.append(one.key)
    return out


def _notes(state: _Harvest) -> Iterator[FeedIssue]:
    """What is to be said of the list as a whole."""
    for host, addresses in sorted(state.hosts.items()):
        params = (("count", str(len(addresses))), ("host", host))
        yield FeedIssue(Issue("rdf-other-host", state.visit.feed.address, addresses[0][:300], params))
    if state.loops:
        yield FeedIssue(Issue("rdf-loop", state.loops[0]))
    if state.repeated:
        count = (("count", str(len(state.repeated))),)
        yield FeedIssue(Issue("rdf-described-twice", state.visit.feed.address, state.repeated[0][:300], count))
    if state.total is not None and state.listed < state.total and not state.options.types:
        state.whole = False
        counts = (("announced", str(state.total)), ("listed", str(state.listed)))
        yield FeedIssue(Issue("rdf-short", state.visit.feed.address, "", counts))
    if not state.keys:
        found = ", ".join(sorted(state.kinds)[:10])
        yield FeedIssue(Issue("rdf-no-resource", state.visit.feed.address, found[:300] or "-"))
