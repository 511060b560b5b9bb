"""Harvests learning resources from a SPARQL endpoint: subjects listed in order, described some at a time.

A listing that breaks off is gone on with by the next visit, which then reads what stands before as well. Options
of a feed: ``graph``, ``class``, ``where`` (a pattern for ?s), ``query`` (a CONSTRUCT with {values}), ``page_size``,
``depth``, ``max_records``, ``order``. Sources: SPARQL 1.1 Query and Protocol; docs/protocols/sparql.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from harvesters import rdf_records
from harvesters.base import FeedFailed, Visit
from harvesters.rdf_graph import Graph
from harvesters.sparql_endpoint import Endpoint, Refused, Row
from harvesters.sparql_queries import CLASSES, RUNS, Options, Queries, alone, options
from registry.model import Document, Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.terms import Iri, is_iri

LISTING, SMALLEST = 1_000, 125  # subjects in one answer of a listing
PART, MAX_PARTS = 10_000, 3  # subjects in one unordered answer; digits that tell parts apart
MAX_FAILURES = 5  # descriptions in a row that cannot be had
MAX_UNREAD = 500  # descriptions of a visit that cannot be had
CALM = 4  # answers after which more is asked for at a time
SURELY_WHOLE = 100  # no endpoint cuts answers of so few statements
DOUBTED = 1_000  # an answer of so many statements may have been cut

Deletions = Literal["proved", "signalled", "unknown"]


@dataclass(slots=True)
class _Harvest:
    """What is known so far of one visit. ``count``: how many subjects the endpoint says it has."""

    visit: Visit
    options: Options
    endpoint: Endpoint
    queries: Queries
    size: int
    count: int | None = None
    whole: bool = True
    ordered: bool = True
    full: bool = False
    listed: set[str] = field(default_factory=set)
    last: str = ""
    calm: int = 0
    counts_differ: bool = False
    failures: int = 0
    unread: int = 0
    answered: int = 0  # batches that were described
    left_out: list[str] = field(default_factory=list)
    records: int = 0
    kinds: set[str] = field(default_factory=set)


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All descriptions of an endpoint. Raises FeedFailed when it lists nothing at all."""
    chosen = options(visit.feed)
    state = _Harvest(visit, chosen, Endpoint(visit), Queries(chosen), chosen.page_size)
    _counted(state)
    before = visit.bookmark.get("after", "") if visit.bookmark.get("recipe") == chosen.recipe else ""
    state.last = before if is_iri(before) else ""
    try:
        for subjects in _subjects(state):
            yield from _described(state, subjects)
    except Refused as refused:
        if not state.answered:
            raise FeedFailed(refused.issue) from refused
        state.whole = False
        params = (("listed", str(len(state.listed))), ("why", refused.issue.value or refused.issue.code))
        yield FeedIssue(Issue("sparql-broken-off", visit.feed.address, state.last[:300], params))
    yield from _ending(state)


def _ending(state: _Harvest) -> Iterator[HarvestEvent]:
    """What is to be said of the listing as a whole, and what it proves."""
    address = state.visit.feed.address
    if state.left_out:
        params = (("count", str(len(state.left_out))),)
        yield FeedIssue(Issue("sparql-left-out", address, state.left_out[0][:300], params))
    if state.full:
        state.whole = False
        yield FeedIssue(Issue("sparql-max-records", address, str(state.options.max_records)))
    if not state.whole:
        after = {"after": state.last, "recipe": state.options.recipe} if state.last else {}
        yield Done(complete=False, bookmark=after)
        return
    if state.count != len(state.listed):
        _counted(state, again=True)  # it may have grown meanwhile
    listed, count = len(state.listed), state.count
    if count is not None and listed < count:
        state.whole = False
        yield FeedIssue(Issue("sparql-short", address, "", (("counted", str(count)), ("listed", str(listed)))))
    if not listed or not state.records:
        found = ", ".join(sorted(state.kinds)[:10]) or ", ".join(state.options.classes) or "-"
        yield FeedIssue(Issue("sparql-nothing", address, found[:300], (("listed", str(listed)),)))
    try:
        nameless = state.endpoint.number(state.queries.count("isBlank")) if listed else 0
    except Refused:
        nameless = 0  # only a hint
    if nameless:
        yield FeedIssue(Issue("sparql-nameless", address, str(nameless)))
    proved: Deletions = "proved" if count == listed else "unknown"
    yield Done(complete=state.whole, deletions=proved)


def _counted(state: _Harvest, again: bool = False) -> None:
    """Ask how many subjects there are; where the default graph has none, in the named graphs. Raises FeedFailed."""
    state.count = None
    try:
        state.count = state.endpoint.number(state.queries.count())
        if state.count == 0 and not state.options.graphs and not again:
            named = replace(state.queries, named=True)
            if found := state.endpoint.number(named.count()):
                state.queries, state.count = named, found
    except Refused as refused:
        # What cannot be counted may be listed still, if the endpoint answers at all.
        if refused.final and not again:
            raise FeedFailed(refused.issue) from refused


# --- listing -----------------------------------------------------------------------------------------------


def _subjects(state: _Harvest) -> Iterator[list[str]]:
    """Subjects that were not listed yet, page by page."""
    if state.options.ordered:
        yield from _in_order(state, state.last)
        if state.ordered and not state.listed and state.count is None and not state.options.graphs:
            state.queries = replace(state.queries, named=True)
            yield from _in_order(state, state.last)
    else:
        state.ordered = False
    if not state.ordered or (state.count is not None and len(state.listed) < state.count and not state.full):
        # It cannot sort so many, or sorts otherwise than it compares.
        state.ordered = False
        yield from _in_parts(state, "")


def _in_order(state: _Harvest, after: str) -> Iterator[list[str]]:
    """From a subject on to the end, then those before it."""
    limit, start, turned = LISTING, after, not after
    while not state.full:
        try:
            rows = state.endpoint.rows(state.queries.listing(start, limit))
        except Refused as refused:
            if refused.final:
                raise
            if limit == SMALLEST:
                state.ordered = False
                return
            limit = max(limit // 2, SMALLEST)
            state.endpoint.max_rows = limit  # it may not give more of anything
            continue
        if fresh := _fresh(state, rows):
            if len(rows) < limit and state.count is not None and len(state.listed) < state.count and not after:
                state.endpoint.max_rows = len(rows)
            yield fresh
            start = next(row["s"]["value"] for row in reversed(rows) if row.get("s", {}).get("value"))
        elif turned:
            return
        else:
            start, turned = "", True


def _in_parts(state: _Harvest, digits: str) -> Iterator[list[str]]:
    """Without sorting: all at once, or, where an answer may have been cut, by the digest of their addresses."""
    try:
        rows = state.endpoint.rows(state.queries.part(digits, PART))
    except Refused as refused:
        if refused.final or len(digits) >= MAX_PARTS:
            raise
        rows, cut = [], True
    else:
        cut = len(rows) >= PART or (len(rows) > 0 and len(rows) % 500 == 0)
        if fresh := sorted(_fresh(state, rows)):
            yield fresh
    if state.count is not None and len(state.listed) >= state.count:
        return
    for digit in "0123456789abcdef" if cut and len(digits) < MAX_PARTS else "":
        if not state.full:
            yield from _in_parts(state, digits + digit)


def _fresh(state: _Harvest, rows: list[Row]) -> list[str]:
    """The subjects of an answer that were not met before, as far as there is room."""
    found = dict.fromkeys(row.get("s", {}).get("value", "") for row in rows)
    fresh = [one for one in found if one not in state.listed and is_iri(one)]
    room = state.options.max_records - len(state.listed)
    state.full = state.full or len(fresh) > room
    fresh = fresh[:room]
    state.listed.update(fresh)
    return fresh


# --- descriptions ------------------------------------------------------------------------------------------


def _described(state: _Harvest, subjects: list[str]) -> Iterator[HarvestEvent]:
    """The records of some subjects, as many at a time as the endpoint bears."""
    at = 0
    while at < len(subjects):
        batch = subjects[at : at + state.size]
        at += len(batch)
        records, issues = _records(state, batch)
        yield from _page(state, batch[0], records, issues)
        state.last = batch[-1] if state.ordered else ""


def _page(state: _Harvest, first: str, records: list[RawRecord], issues: list[Issue]) -> Iterator[HarvestEvent]:
    state.records += len(records)
    total = hashlib.sha256()
    for one in records:
        total.update(repr((one.key, one.format, one.source, one.broken, one.issues)).encode("utf-8", "replace"))
        total.update(one.payload)
    total.update(repr(issues).encode("utf-8", "replace"))
    digest, address = f"sha256:{total.hexdigest()}+{state.options.recipe}", f"{state.visit.feed.address}#{first}"
    if records and state.visit.seen(digest):
        yield Unchanged(address, digest)
    elif records or issues:
        yield Document(address, digest)
        yield from records
        yield from (FeedIssue(issue, lasting=True) for issue in issues)


def _records(state: _Harvest, batch: list[str]) -> tuple[list[RawRecord], list[Issue]]:
    """The records of a batch, halved where it is too much; one that cannot be had is broken. Raises Refused."""
    try:
        graph, cut = _answer(state, batch)
    except Refused as refused:
        if refused.final:
            raise
        if len(batch) > 1:
            half = (len(batch) + 1) // 2
            state.size, state.calm = half, 0
            one, two = _records(state, batch[:half]), _records(state, batch[half:])
            return one[0] + two[0], one[1] + two[1]
        state.failures += 1
        state.unread += 1
        if state.failures >= MAX_FAILURES:
            _still_there(state, refused)
        return [_unread(state, batch[0], refused)], []
    state.failures = 0
    state.answered += 1
    state.calm += 1
    if state.calm >= CALM and state.size < state.options.page_size:
        state.size, state.calm = min(state.size * 2, state.options.page_size), 0
    found = [record for one in batch if (record := _record(state, graph, one, batch, cut)) is not None]
    lost = [issue for name in sorted(graph.lost) if name not in batch for issue in graph.lost[name]]
    return found, [replace(one, place=f"<{batch[0]}> {one.place}".strip()[:300]) for one in [*graph.issues, *lost]]


def _still_there(state: _Harvest, refused: Refused) -> None:
    """Whether the endpoint answers anything at all after so many failures. Raises Refused."""
    if state.count is None or state.unread >= MAX_UNREAD or not state.answered:
        raise refused
    state.endpoint.number(state.queries.count())
    state.failures = 0


def _answer(state: _Harvest, batch: list[str]) -> tuple[Graph, bool]:
    """What the endpoint says of a batch, and whether it was cut (only where it is one subject). Raises Refused."""
    query = state.queries.describe(batch)
    graph = state.endpoint.statements(query)
    size = _size(graph)
    if graph.lost or any(issue.code == "rdf-broken" for issue in graph.issues):
        # A fault in the data comes again; an answer that broke off, breaks off elsewhere.
        again = state.endpoint.statements(query)
        if _size(again) != size:
            raise _refusal(state, "sparql-half", f"{size} / {_size(again)}")
    missing = [one for one in batch if Iri(one) not in graph.nodes]
    if missing and state.options.query:
        state.left_out += missing
    elif missing:
        raise _refusal(state, "sparql-empty", missing[0])
    untyped = bool(_untyped(state, graph, batch))
    cut = _is_cut(state, batch, size, untyped)
    if cut and (len(batch) > 1 or untyped):
        raise _refusal(state, "sparql-half", str(size))
    return graph, cut


def _untyped(state: _Harvest, graph: Graph, batch: list[str]) -> list[str]:
    """Subjects whose answer lacks the very kind by which they were listed: it was inferred, or the answer was cut."""
    if state.options.where or state.options.query:
        return []
    kinds = frozenset(state.options.classes or (*CLASSES, *RUNS))
    return [one for one in batch if not graph.types(Iri(one)) & kinds]


def _is_cut(state: _Harvest, batch: list[str], size: int, doubted: bool) -> bool:
    """Whether an answer has fewer statements than there are: some endpoints leave out the rest and say nothing."""
    known = state.endpoint.max_rows
    if not doubted and size < DOUBTED and size % 100 and not (known and size >= known // 2):
        return False
    question = state.queries.size(batch)
    try:
        said = state.endpoint.number(question) if question else None
    except Refused:
        said = None
    if said is None:
        return doubted or size % 500 == 0
    if len(batch) == 1 and size < SURELY_WHOLE and said > size:
        state.counts_differ = True  # it counts otherwise than it tells
    return said - size > (max(2, size // 50) if state.counts_differ else 0)


def _record(state: _Harvest, graph: Graph, subject: str, batch: list[str], cut: bool) -> RawRecord | None:
    """One subject as a record; None for what is no learning resource, where the feed does not say which are."""
    node, chosen = Iri(subject), state.options
    if node not in graph.nodes:
        return None
    part = alone(graph, node, chosen, frozenset(map(Iri, batch)))
    format = dict(rdf_records.subjects(part, chosen.classes)).get(node)
    if format is None and not (chosen.classes or chosen.where or chosen.query):
        state.kinds |= graph.types(node)
        return None
    part.records |= {node}
    record = rdf_records.record(part, node, format or "rdf", subject, state.visit.feed.address)
    issues = (Issue("sparql-cut", f"<{subject}>", str(_size(graph))),) if cut else ()
    return replace(record, issues=record.issues + issues)


def _unread(state: _Harvest, subject: str, refused: Refused) -> RawRecord:
    """A subject that is listed and cannot be had: held back, so that what was published before stays."""
    format = "dcat" if state.options.classes and all("/dcat#" in one for one in state.options.classes) else "rdf"
    issue = Issue("sparql-unread", f"<{subject}>"[:300], refused.issue.value or refused.issue.code)
    return RawRecord(
        subject[: rdf_records.MAX_KEY], b"", rdf_records.MEDIA_TYPE, format, subject, state.visit.feed.address,
        broken=True, issues=(issue,),
    )  # fmt: skip


def _refusal(state: _Harvest, code: str, value: str) -> Refused:
    return Refused(Issue(code, state.visit.feed.address[:300], value[:300]))


def _size(graph: Graph) -> int:
    return sum(1 for _ in graph.statements())
