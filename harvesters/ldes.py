"""Harvests an event stream (LDES, DCAT-AP Feeds): pages in their order, the newest word on each thing, deletions.

What a page that never changes said is not asked for again: the bookmark holds those pages, the others with
their validators, and the newest time. Options: ``types``, ``max_pages``, ``follow``. Sources: LDES; TREE; RFC 8246.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import IO

from harvesters import ldes_member, ldes_page
from harvesters.base import FeedFailed, Visit
from harvesters.ldes_bookmark import Bookmark, Known, Options, mark, options, short
from harvesters.ldes_member import Told
from harvesters.ldes_page import Page, Relation, Terms
from harvesters.rdf_graph import Blank, Graph, Node
from harvesters.rdf_paging import next_pages, plain, same_host
from harvesters.rdf_read import ACCEPT, read
from registry.model import Document, Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import Fetched, NetError
from registry.terms import Iri

MAX_FAILURES = 5  # pages in a row that cannot be read
IN_MEMORY = 32 << 20  # bytes of descriptions; more is kept in a file until the end
_BEGINNING = datetime.min.replace(tzinfo=UTC)
# What a faulty page may have lost a member by.
_LOSING = frozenset({"rdf-broken", "rdf-too-deep", "rdf-remote-context"})

Place = tuple[datetime, tuple[float, str], int]  # when it was said, its number there, in which order it was met


class _Anew(Exception):
    """The stream has to be read from its beginning: what the bookmark says of it does not hold."""


@dataclass(slots=True)
class _Latest:
    """The newest word on a thing: when it was said, on which page, and where its record is kept."""

    place: Place
    page: int
    record: RawRecord  # without its payload
    start: int
    length: int


@dataclass(slots=True)
class _Read:
    """A page that was read, as far as its Document needs it."""

    address: str
    etag: str | None
    last_modified: str | None
    issues: list[Issue]


@dataclass(slots=True)
class _Harvest:
    """One walk along the pages. ``bookmark``: what is known from before, None when all is read anew."""

    visit: Visit
    options: Options
    bookmark: Bookmark | None
    kept: IO[bytes]
    whole: bool = True
    terms: Terms = field(default_factory=Terms)
    waiting: list[tuple[datetime, int, Relation]] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    hosts: dict[str, list[str]] = field(default_factory=dict)
    pages: list[_Read] = field(default_factory=list)
    latest: dict[str, _Latest] = field(default_factory=dict)
    newest: datetime | None = None
    newest_version: datetime | None = None
    done: set[str] = field(default_factory=set)
    open: dict[str, Known] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)  # of pages that may still change
    met: set[str] = field(default_factory=set)
    same: list[str] = field(default_factory=list)
    bodies: set[bytes] = field(default_factory=set)  # digests of the pages read
    requests: int = 0
    failures: int = 0
    kinds: set[str] = field(default_factory=set)
    issues: dict[str, list[str]] = field(default_factory=dict)
    home: str = ""
    latest_believed: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(days=1))

    def tell(self, code: str, value: str) -> None:
        """An issue of the stream, told once with how often it was met."""
        self.issues.setdefault(code, []).append(value)


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """The newest word on each thing of a stream, or what was said since the last visit. Raises FeedFailed."""
    chosen = options(visit.feed)
    before = Bookmark.read(visit.bookmark, chosen, visit.feed.address)
    with SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
        state = _Harvest(visit, chosen, before, kept)
        if before is not None:
            state.terms, state.done = before.terms, set(before.done)
        try:
            _walk(state)
        except _Anew:
            kept.seek(0)
            kept.truncate()
            state = _Harvest(visit, chosen, None, kept)
            _walk(state)
        yield from _told(state)
    yield from _notes(state)
    yield Done(complete=state.whole, deletions="signalled", bookmark=_bookmark(state))


def _bookmark(state: _Harvest) -> dict[str, str]:
    """What the next visit starts from. A visit that missed a page leaves that of the visit before it."""
    before = state.bookmark
    if not state.whole:
        return dict(state.visit.bookmark) if before is not None else {}
    newest = _later(state.newest, before.newest if before else None)
    versions = _later(state.newest_version, before.newest_version if before else None)
    held = {name: known for name, known in state.open.items() if not known.is_before(newest)}
    gone = {short(name) for name in state.open} - {short(name) for name in held}
    members: set[str] | None = state.members
    if before is not None and state.same:  # what pages hold that did not change is not read again
        members = state.members | before.members if before.members_known else None
    address = state.visit.feed.address
    return mark(state.options, address, (newest, versions), held, state.done | gone, members, state.terms)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)


# --- walking -----------------------------------------------------------------------------------------------


def _walk(state: _Harvest) -> None:
    """All pages that may hold something new, those of earlier members first. Raises _Anew, FeedFailed."""
    first = plain(state.visit.feed.address)
    _ask(state, Relation(first))
    for address in state.bookmark.open if state.bookmark else ():
        known = state.bookmark.open[address] if state.bookmark else Known()
        _ask(state, Relation(address, None, known.upper, known.open_end))
    while state.waiting:
        _, _, relation = heapq.heappop(state.waiting)
        if state.requests >= state.options.max_pages or state.failures >= MAX_FAILURES:
            state.whole = False
            code = "ldes-max-pages" if state.requests >= state.options.max_pages else "ldes-gave-up"
            state.tell(code, relation.address)
            return
        _page(state, relation)


def _ask(state: _Harvest, relation: Relation) -> None:
    """Read a page later, once, unless nothing new can be there."""
    address, feed = relation.address, state.visit.feed
    if address in state.asked:
        return
    if not (same_host(address, feed.address, feed.allow_hosts) or (state.home and same_host(address, state.home))):
        state.hosts.setdefault(address.split("/")[2] if "//" in address else "", []).append(address)
        state.asked.add(address)
        state.whole = False
        return
    state.asked.add(address)
    if state.bookmark is not None and (short(address) in state.done or relation.is_before(state.bookmark.newest)):
        return
    heapq.heappush(state.waiting, (relation.lower or _BEGINNING, len(state.asked), relation))


def _page(state: _Harvest, relation: Relation) -> None:
    address = relation.address
    known = state.bookmark.open.get(address) if state.bookmark else None
    state.requests += 1
    try:
        fetched = state.visit.http.get(
            address, accept=ACCEPT, etag=(known.etag or None) if known else None,
            last_modified=(known.last_modified or None) if known else None,
        )  # fmt: skip
        if fetched.not_modified and known is not None:
            state.open[address] = known
            state.same.append(address)
            state.failures = 0
            return
        page, lossless = _taken(state, fetched)
    except NetError as error:
        if state.bookmark is not None and error.status in (404, 410):
            raise _Anew from error  # the stream was put together otherwise
        _missed(state, address, FeedFailed(error.issue))
    except FeedFailed as failed:
        _missed(state, address, failed)
    else:
        state.failures = 0
        _followed(state, page, fetched)
        fixed = lossless and (page.immutable or "immutable" in fetched.headers.get("cache-control", "").lower())
        if fixed:
            state.done.add(short(address))
        else:
            headers = fetched.headers
            state.open[address] = Known(
                headers.get("etag", ""), headers.get("last-modified", ""), relation.upper, relation.open_end
            )
        _members(state, page, fetched, address, fixed)


def _missed(state: _Harvest, address: str, failed: FeedFailed) -> None:
    """A page that cannot be read: nothing is known of it. Raises FeedFailed where it is the first."""
    state.whole = False
    state.failures += 1
    if not state.pages and not state.same and state.bookmark is None:
        raise failed
    state.tell("ldes-page-unread", f"{address} {failed}")


def _taken(state: _Harvest, fetched: Fetched) -> tuple[Page, bool]:
    """A page as read, and whether nothing of it was lost."""
    graph = read(fetched.body, fetched.headers.get("content-type", ""), plain(fetched.url), state.visit.http.limit)
    page = ldes_page.read(graph, plain(fetched.url), state.terms)
    state.terms = page.terms
    state.home = state.home or fetched.url
    if not (page.is_stream or state.pages or state.same):
        raise FeedFailed(Issue("ldes-no-stream", page.address))
    return page, not (graph.lost or any(issue.code in _LOSING for issue in graph.issues))


def _followed(state: _Harvest, page: Page, fetched: Fetched) -> None:
    """The pages that a page leads to; where it is only about the stream, its best view."""
    here, body = page.address, hashlib.sha256(fetched.body).digest()
    state.asked.add(here)
    repeated = body in state.bodies
    state.bodies.add(body)
    if repeated and (page.relations or page.views or next_pages(page.graph, fetched.headers, here)):
        # A server that answers every address with one page: relative addresses would lead on without end.
        state.tell("ldes-repeated", here)
        state.whole = False
        return
    for relation in page.relations:
        _ask(state, relation)
    views = [view for view in page.views if plain(view) != here]
    if not page.relations and not page.members and views and here not in map(plain, page.views):
        _ask(state, Relation(plain(ldes_page.source_first(page.graph, views)[0])))
    if not page.relations:
        for address in next_pages(page.graph, fetched.headers, here):
            _ask(state, Relation(address))


# --- members -----------------------------------------------------------------------------------------------


def _members(state: _Harvest, page: Page, fetched: Fetched, address: str, fixed: bool) -> None:
    """Keep what the members of a page tell, where it is the newest word. Raises _Anew."""
    lost = [issue for name in sorted(page.graph.lost) for issue in page.graph.lost[name]]
    issues = [replace(one, place=f"{address} {one.place}".strip()[:300]) for one in [*page.graph.issues, *lost]]
    state.pages.append(_Read(address, fetched.headers.get("etag"), fetched.headers.get("last-modified"), issues))
    shared = ldes_member.beside(page)
    things: set[Node] = set()
    times = {member: ldes_page.time_of(page, member, page.terms.time) for member in page.members}
    for number, member in enumerate(sorted(page.members, key=lambda one: times[one] or _BEGINNING)):
        time, about = times[member], ldes_page.object_of(page, member)
        name = short(f"{member} {time.isoformat() if time else ''}")
        if time is not None and time <= state.latest_believed:
            state.newest = _later(state.newest, time)
        if not fixed and not isinstance(member, Blank):  # a nameless one is known by no name the next time
            state.members.add(name)
        if about is not None:  # a member that is the thing itself is told again on each page that has it
            if name in state.met or _was_told(state, name, time):
                continue
            state.met.add(name)
            if ldes_member.is_beside(page, member):
                if about in things:
                    state.tell("ldes-mixed", str(about))
                things.add(about)
        _member(state, page, shared, member, about, (time, len(state.pages) * 1_000_000 + number))


def _was_told(state: _Harvest, name: str, time: datetime | None) -> bool:
    """Whether an earlier visit brought a member. Raises _Anew for one that comes later than its time says."""
    before = state.bookmark
    if before is None:
        return False
    if name in before.members:
        return True
    if time is None or before.newest is None or time >= before.newest:
        return False
    if before.members_known:
        raise _Anew  # whether it is the newest word on its thing only the whole stream tells
    return True


def _member(
    state: _Harvest, page: Page, shared: Graph, member: Node, about: Node | None, met: tuple[datetime | None, int]
) -> None:
    """One member, if no newer word on its thing is known."""
    terms = page.terms
    time, sequence = met[0], ldes_page.sequence_of(page, member, terms.sequence)
    if about is not None and (terms.version_time or terms.version_sequence):
        time = ldes_page.time_of(page, member, terms.version_time) or time
        sequence = ldes_page.sequence_of(page, member, terms.version_sequence)
        before = state.bookmark.newest_version if state.bookmark else None
        if before is not None and time is not None and time < before:
            raise _Anew  # whether a newer version is known only the whole stream tells
        if time is not None and time <= state.latest_believed:
            state.newest_version = _later(state.newest_version, time)
    thing, place = about if about is not None else member, (time or _BEGINNING, sequence, met[1])
    if (known := state.latest.get(str(thing))) is not None and known.place > place:
        return
    if ldes_page.is_deletion(page, member):
        _keep(state, place, thing, ldes_member.deleted(page, thing))
    elif not ldes_page.is_change(page, member):
        state.tell("ldes-activity", " ".join(sorted(page.graph.types(member))))
    else:
        told = ldes_member.record(page, shared, member, about, state.options.types)
        if told.empty and isinstance(thing, Iri):
            told = _looked_up(state, thing, page.address)
            if told.empty:
                state.tell("ldes-not-described", thing)
        state.kinds |= told.kinds if told.record is None else set()
        if told.record is not None:
            stamp = time.isoformat().replace("+00:00", "Z") if time is not None and about is not None else ""
            _keep(state, place, thing, replace(told.record, datestamp=stamp or told.record.datestamp))


def _keep(state: _Harvest, place: Place, thing: Node, record: RawRecord) -> None:
    start = state.kept.seek(0, SEEK_END)
    state.kept.write(record.payload)
    state.latest[str(thing)] = _Latest(
        place, len(state.pages) - 1, replace(record, payload=b""), start, len(record.payload)
    )


def _looked_up(state: _Harvest, thing: Iri, address: str) -> Told:
    """A thing that a member only names, from its own address."""
    feed = state.visit.feed
    near = same_host(thing, feed.address, feed.allow_hosts) or same_host(thing, state.home)
    if not (state.options.follow and near and thing.startswith(("http://", "https://"))):
        state.tell("ldes-not-described", thing)
        return Told(None)
    state.requests += 1
    if state.requests > state.options.max_pages:
        return Told(ldes_member.unread(thing, address, "max_pages"))
    try:
        fetched = state.visit.http.get(plain(thing), accept=ACCEPT)
        graph = read(fetched.body, fetched.headers.get("content-type", ""), plain(fetched.url), state.visit.http.limit)
    except (NetError, FeedFailed) as failed:
        return Told(ldes_member.unread(thing, address, str(failed)))
    return ldes_member.described(graph, thing, state.options.types, plain(fetched.url))


# --- telling -----------------------------------------------------------------------------------------------


def _told(state: _Harvest) -> Iterator[HarvestEvent]:
    """What each page said that still counts, as its records; a page that says the same as before is unchanged."""
    for address in state.same:
        if (known := state.visit.document(address)) is not None:
            yield Unchanged(address, known.digest)
    by_page: dict[int, list[_Latest]] = {}
    for one in state.latest.values():
        by_page.setdefault(one.page, []).append(one)
    recipe = state.options.recipe(state.visit.feed.address)
    for number, page in enumerate(state.pages):
        latest = sorted(by_page.pop(number, []), key=lambda one: (one.place, one.record.key))
        told = {(issue.code, issue.value) for one in latest for issue in one.record.issues}
        issues = [issue for issue in page.issues if (issue.code, issue.value) not in told]
        if not latest and not issues:
            continue
        total = hashlib.sha256(repr(issues).encode("utf-8", "replace"))
        for one in latest:
            said = one.record
            about = (said.key, said.format, said.source, said.broken, said.deleted, said.issues)
            total.update(repr(about).encode("utf-8", "replace"))
            total.update(_payload(state, one))
        digest = f"sha256:{total.hexdigest()}+{recipe}"
        before = state.visit.document(page.address)
        if (before is not None and before.digest == digest) or (latest and state.visit.seen(digest)):
            yield Unchanged(page.address, digest)
            continue
        yield Document(page.address, digest, page.etag, page.last_modified)
        for one in latest:
            yield replace(one.record, payload=_payload(state, one))
        yield from (FeedIssue(issue, lasting=True) for issue in issues)


def _payload(state: _Harvest, one: _Latest) -> bytes:
    state.kept.seek(one.start)
    return state.kept.read(one.length)


def _notes(state: _Harvest) -> Iterator[FeedIssue]:
    """What is to be said of the stream as a whole."""
    address = state.visit.feed.address
    for host, addresses in sorted(state.hosts.items()):
        params = (("count", str(len(addresses))), ("host", host))
        yield FeedIssue(Issue("ldes-other-host", address, addresses[0][:300], params))
    for code, values in sorted(state.issues.items()):
        yield FeedIssue(Issue(code, address, values[0][:300], (("count", str(len(values))),)))
    if state.bookmark is None and not any(not one.record.deleted for one in state.latest.values()):
        found = ", ".join(sorted(state.kinds)[:10])
        yield FeedIssue(Issue("ldes-no-resource", address, found[:300] or "-"))
