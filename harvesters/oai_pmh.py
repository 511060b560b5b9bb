"""Harvests a repository over OAI-PMH 2.0: complete listings, incremental ones, sets, deletions, bad tokens.

Options of a feed: ``prefix`` (the metadataPrefix to ask for, else the richest that can be read), ``set``
(one setSpec or a list), ``incremental`` (true: ask for changes only even where the repository does not
signal deletions). Source: OAI-PMH 2.0, https://www.openarchives.org/OAI/openarchivesprotocol.html.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from harvesters import oai_formats, oai_pages
from harvesters.base import FeedFailed, Visit
from harvesters.oai_pages import Page
from harvesters.oai_repository import (
    Repository,
    bad_page,
    bookmark,
    fetch,
    oai_error,
    open_repository,
    sets_of,
    since_of,
    stamp_of,
    time_of,
)  # fmt: skip
from harvesters.xml_safe import BadXml
from registry.model import Document, Done, FeedIssue, HarvestEvent, Issue, Unchanged
from registry.net import NetError

MAX_RESTARTS = 5
MAX_STALE = 5  # pages in a row that bring nothing new
MAX_PAGES = 100_000
MAX_SECOND_TRIES = 200  # records that are asked for alone because they could not be read in their page

Ending = Literal["whole", "stopped", "token-lost", "refused"]


@dataclass(slots=True)
class _State:
    """What a visit has met so far, over all sets and restarts. ``refused``: why another prefix must do."""

    date: str = ""
    yielded: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    pages: int = 0
    count: int = 0
    second_tries: int = 0
    refused: Issue | None = None
    told: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Pass:
    """One walk along the tokens from a first request."""

    set_spec: str
    since: str
    keys: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    count: int = 0
    size: int | None = None
    stale: int = 0
    fresh: int = 0
    last: str = ""
    ascending: bool = True
    provable: bool = True


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All records of a repository, or those changed since the bookmark. Raises FeedFailed."""
    sets = sets_of(visit.feed)
    repository, notes = open_repository(visit)
    yield from notes
    while True:
        since = since_of(visit, repository, sets)
        state, complete = _State(), not since
        for set_spec in sets:
            complete &= yield from _listing(visit, repository, set_spec, since, state)
            if state.refused is not None:
                break
        if state.refused is None and _is_empty_format(visit, repository, since, state):
            state.refused = Issue("oai-format-empty", repository.address, repository.prefix)
        if state.refused is None:
            break
        repository = repository.fallen_back()
        params = (("next", repository.prefix), *state.refused.params)
        yield FeedIssue(replace(state.refused, params=params))
    if not since and "stopped" not in state.told:
        yield from _compared(visit, repository, sets, state)
    mark = dict(visit.bookmark)
    if "stopped" not in state.told:
        signalled = repository.policy != "no" or visit.feed.options.get("incremental") is True
        # An empty list is asked for whole again, and told again.
        mark = bookmark(repository, sets, state.date) if signalled and "empty" not in state.told else {}
    deletions: Literal["proved", "signalled", "unknown"] = "proved"
    if since:
        deletions = "unknown" if repository.policy == "no" else "signalled"
    yield Done(complete, deletions, mark)


def _is_empty_format(visit: Visit, repository: Repository, since: str, state: _State) -> bool:
    """Whether a format that we chose, and did not read before, holds nothing: some are offered and never filled."""
    unread = "empty" in state.told and not state.yielded and not state.digests
    return bool(unread and not since and repository.others and visit.bookmark.get("prefix") != repository.prefix)


def _compared(visit: Visit, repository: Repository, sets: list[str], state: _State) -> Iterator[FeedIssue]:
    """Tell when a format that we chose lists fewer records than oai_dc, which every record must have."""
    if not repository.offers_dublin_core or len(sets) != 1:
        return
    arguments = {"metadataPrefix": "oai_dc", **({"set": sets[0]} if sets[0] else {})}
    url = repository.url("ListIdentifiers", **arguments)
    fetched = fetch(visit, url)
    size = None if isinstance(fetched, NetError) else oai_pages.size_of(fetched.body)
    if size is not None and size > state.count:
        params = (("prefix", repository.prefix), ("all", str(size)))
        yield FeedIssue(Issue("oai-format-lists-fewer", url[:300], str(state.count), params))


def _listing(
    visit: Visit, repository: Repository, set_spec: str, since: str, state: _State
) -> Generator[HarvestEvent, None, bool]:
    """One set (or all): walks until the end, and anew when a token is lost. Returns whether it is whole."""
    restarts, provable, start = 0, True, since
    while True:
        walk = _Pass(set_spec, start)
        before = len(state.yielded) + len(state.digests)
        ending = yield from _walk(visit, repository, walk, state)
        provable &= walk.provable
        if ending == "refused":
            return False
        if ending == "whole":
            state.count += walk.count
            if walk.size is not None and walk.count < walk.size and not restarts:
                params = (("listed", str(walk.count)), ("set", set_spec or "–"), ("announced", str(walk.size)))
                yield FeedIssue(Issue("oai-short", repository.address, str(walk.count), params))
                provable = False
            if not walk.count and not since and not restarts:
                state.told.add("empty")
                if not repository.others:
                    yield FeedIssue(Issue("oai-empty", repository.address, set_spec))
                provable = False
            return provable
        if ending == "token-lost":
            restarts += 1
            gained = len(state.yielded) + len(state.digests) > before
            last = time_of(walk.last) if walk.ascending and not gained else None
            if last is not None and stamp_of(last, repository.granularity) > start:
                # The token dies at the same place again: go on from the last datestamp. That the list is in
                # the order of its datestamps is only a guess, so that nothing is proved by it.
                start, provable = stamp_of(last, repository.granularity), False
                state.told.add("stopped")
            elif not gained:
                restarts = MAX_RESTARTS + 1
            if restarts <= MAX_RESTARTS:
                if "oai-token-expired" not in state.told:
                    state.told.add("oai-token-expired")
                    yield FeedIssue(Issue("oai-token-expired", repository.address, set_spec))
                continue
            yield FeedIssue(Issue("oai-token-lost", repository.address, set_spec))
        state.told.add("stopped")
        return False


def _walk(visit: Visit, repository: Repository, walk: _Pass, state: _State) -> Generator[HarvestEvent, None, Ending]:
    """Page after page from a first request to the last token."""
    arguments = {"metadataPrefix": repository.prefix}
    if walk.since:
        arguments["from"] = walk.since
    if walk.set_spec:
        arguments["set"] = walk.set_spec
    url, number, first = repository.url("ListRecords", **arguments), 0, True
    while True:
        number += 1
        page, digest, seen = _turn(visit, repository, url, number)
        if isinstance(page, Issue):
            if not state.pages:
                raise FeedFailed(page)
            yield FeedIssue(page)
            return "stopped"
        state.date = state.date or page.date
        if isinstance(page, Page) and page.error is not None:
            code, text = page.error
            if code == "noRecordsMatch" and first:
                state.pages += 1
                return "whole"
            if code == "badResumptionToken" and not first:
                return "token-lost"
            if code == "cannotDisseminateFormat" and repository.others and not state.pages:
                state.refused = Issue("oai-format-refused", url[:300], repository.prefix)
                return "refused"
            if code == "badArgument" and first and walk.since and not state.pages:
                # A repository may refuse a date that it said itself; what it holds is then listed whole.
                yield FeedIssue(Issue("oai-window-refused", url[:300], text[:300]))
                walk.provable, walk.since = False, ""
                arguments.pop("from")
                url = repository.url("ListRecords", **arguments)
                continue
            issue = oai_error(url, code, text)
            if not state.pages:
                raise FeedFailed(issue)
            yield FeedIssue(issue)
            return "stopped"
        if isinstance(page, Page) and not state.pages and repository.others and _is_foreign(repository, page):
            state.refused = Issue("oai-format-foreign", url[:300], repository.prefix)
            return "refused"
        state.pages += 1
        if isinstance(page, Page):
            if not seen and not _second_tries(visit, repository, page, state):
                digest = f"{digest}-partly"  # read again next time, when they may be answered
            yield from _emit(page, digest, url, walk, state, seen)
        else:
            yield from _emit_unread(page, url, walk, state)
        token = page.token
        if isinstance(page, Page) and page.cut:
            yield FeedIssue(Issue("oai-cut", url[:300], str(len(page.records))))
            return "stopped"
        if not token:
            return "whole"
        if token in walk.tokens or walk.stale >= MAX_STALE:
            yield FeedIssue(Issue("oai-loop", url[:300], token[:300]))
            return "stopped"
        if state.pages >= MAX_PAGES:
            yield FeedIssue(Issue("oai-endless", url[:300], str(state.pages)))
            return "stopped"
        walk.tokens.add(token)
        url, first = repository.url("ListRecords", resumptionToken=token), False


def _is_foreign(repository: Repository, page: Page) -> bool:
    """Whether a format that may hold anything holds nothing that is read here."""
    return repository.form == "rdf" and not oai_formats.holds_learning(page.records)


def _turn(
    visit: Visit, repository: Repository, url: str, number: int, again: bool = True
) -> tuple[Page | oai_pages.Peek | Issue, str, bool]:
    """Read one page: (the page, its digest, whether it was split before). Read again if it is cut off."""
    fetched = fetch(visit, url)
    if isinstance(fetched, NetError):
        return fetched.issue, "", False
    glance = oai_pages.peek(fetched.body)
    if glance is not None and visit.seen(glance.digest):
        return glance, glance.digest, True
    kind = fetched.headers.get("content-type", "")
    try:
        page = oai_pages.read(fetched.body, kind, repository.record_url, repository.form_of, number)
    except BadXml as error:
        if again and error.code == "oai-broken-page":
            return _turn(visit, repository, url, number, again=False)
        return bad_page(url, error), "", False
    if page.cut and again:
        return _turn(visit, repository, url, number, again=False)
    digest = glance.digest if glance is not None else oai_pages.digest_of(page)
    return page, digest, glance is None and visit.seen(digest)


def _second_tries(visit: Visit, repository: Repository, page: Page, state: _State) -> bool:
    """Ask for the records alone that could not be read in their page; whether all requests were answered."""
    answered = True
    for at, record in enumerate(page.records):
        if not oai_pages.is_unreadable(record) or state.second_tries >= MAX_SECOND_TRIES:
            continue
        state.second_tries += 1
        fetched = fetch(visit, record.source)
        if isinstance(fetched, NetError):
            answered = False
            continue
        one = oai_pages.read_one(fetched.body, record.source, repository.form_of, record.locator)
        if one is not None and one.key == record.key:
            page.records[at] = one
    return answered


def _emit_unread(page: oai_pages.Peek, url: str, walk: _Pass, state: _State) -> Generator[HarvestEvent, None, None]:
    """A page whose records all stand already."""
    repeated = page.digest in walk.digests
    walk.stale = walk.stale + 1 if repeated else 0
    walk.count += 0 if repeated else page.count
    walk.size = page.size or walk.size
    walk.ascending = False  # its datestamps were not read
    walk.digests.add(page.digest)
    if page.digest not in state.digests:
        state.digests.add(page.digest)
        yield Unchanged(url, page.digest)


def _emit(
    page: Page, digest: str, url: str, walk: _Pass, state: _State, seen: bool
) -> Generator[HarvestEvent, None, None]:
    """The records of a page that this visit has not met yet."""
    walk.provable &= not page.unidentified
    fresh, twice, before = [], "", walk.count
    for record in page.records:
        if record.key in walk.keys:
            twice = twice or record.key
            continue
        walk.keys.add(record.key)
        walk.ascending &= bool(record.datestamp) and walk.last <= (record.datestamp or "")
        walk.last = record.datestamp or walk.last
        walk.count += 1
        if record.key not in state.yielded:
            fresh.append(record)
    walk.stale = 0 if walk.count > before else walk.stale + 1
    walk.size = page.size or walk.size
    if twice and "oai-duplicate" not in state.told:
        state.told.add("oai-duplicate")
        yield FeedIssue(Issue("oai-duplicate", url[:300], twice[:300]))
    if not fresh:
        return
    state.digests.add(digest)
    state.yielded.update(record.key for record in fresh)
    if seen:
        yield Unchanged(url, digest)
        return
    if len(fresh) < len(page.records) and not digest.endswith("-partly"):
        # Not all of the page's records stand under this document: it must be read again next time.
        digest = f"{digest}-partly"
    yield Document(url, digest)
    yield from fresh
