"""Harvests a repository over OAI-PMH 2.0: complete listings, incremental ones, sets, deletions, bad tokens.

Options of a feed: ``prefix`` (the metadataPrefix to ask for, else the richest that can be read), ``set``
(one setSpec or a list), ``incremental`` (true: ask for changes only even where the repository does not
signal deletions). Source: OAI-PMH 2.0, https://www.openarchives.org/OAI/openarchivesprotocol.html.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, cast
from urllib.parse import urlencode

from lxml import etree

from harvesters import oai_pages
from harvesters.base import FeedFailed, Visit
from harvesters.oai_pages import Page, child, text_of
from harvesters.xml_safe import BadXml
from registry.model import Document, Done, Feed, FeedIssue, HarvestEvent, Issue, Unchanged
from registry.net import Fetched, NetError

# The formats that a crosswalk reads, the richest first.
PREFERRED = ("oai_dc",)
ACCEPT = "text/xml, application/xml;q=0.9, */*;q=0.1"
MAX_RESTARTS = 5
MAX_STALE = 5  # pages in a row that bring nothing new
MAX_PAGES = 100_000
# Records are often listed some time after the datestamp that they get; asking twice costs little.
OVERLAP = {"seconds": timedelta(hours=1), "days": timedelta(days=1)}
_ARGUMENTS = frozenset({"verb", "metadataPrefix", "from", "until", "set", "identifier", "resumptionToken"})

Granularity = Literal["seconds", "days"]
Policy = Literal["no", "transient", "persistent"]
Ending = Literal["whole", "stopped", "token-lost"]


@dataclass(frozen=True, slots=True)
class Repository:
    """What Identify and ListMetadataFormats tell, as far as a harvest needs it."""

    address: str
    prefix: str
    form: str
    granularity: Granularity
    policy: Policy

    def url(self, verb: str, **arguments: str) -> str:
        """The address of a request; the base address may have a query of its own."""
        query = urlencode({"verb": verb, **arguments})
        return f"{self.address}{'&' if '?' in self.address else '?'}{query}"

    def record_url(self, key: str) -> str:
        """Where one record can be read alone."""
        return self.url("GetRecord", identifier=key, metadataPrefix=self.prefix)


@dataclass(slots=True)
class _State:
    """What a visit has met so far, over all sets and restarts."""

    date: str = ""
    yielded: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    pages: int = 0
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
    sets = _sets(visit.feed)
    repository, notes = _open(visit)
    yield from notes
    since = _since(visit, repository, sets)
    state, complete = _State(), not since
    for set_spec in sets:
        complete &= yield from _listing(visit, repository, set_spec, since, state)
    bookmark = dict(visit.bookmark)
    if "stopped" not in state.told:
        signalled = repository.policy != "no" or visit.feed.options.get("incremental") is True
        # An empty list is asked for whole again, and told again.
        bookmark = _bookmark(repository, sets, state.date) if signalled and "empty" not in state.told else {}
    deletions: Literal["proved", "signalled", "unknown"] = "proved"
    if since:
        deletions = "unknown" if repository.policy == "no" else "signalled"
    yield Done(complete, deletions, bookmark)


def _sets(feed: Feed) -> list[str]:
    given = feed.options.get("set", "")
    sets = [given] if isinstance(given, str) else given
    if not isinstance(sets, list | tuple) or not sets or not all(isinstance(one, str) for one in sets):
        raise FeedFailed(Issue("oai-bad-option", "options.set", str(given)[:300]))
    return list(dict.fromkeys(sets))


def base_address(address: str) -> str:
    """The base URL of an address that a person may have copied together with a request."""
    plain, _, query = address.partition("#")[0].partition("?")
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] not in _ARGUMENTS]
    return f"{plain}?{'&'.join(kept)}" if kept else plain


def _open(visit: Visit) -> tuple[Repository, list[FeedIssue]]:
    """Ask the repository what it is and which formats it has."""
    feed, notes = visit.feed, list[FeedIssue]()
    asked = str(feed.options.get("prefix") or "")
    repository = Repository(base_address(feed.address), asked, feed.format or asked, "seconds", "no")
    root = _ask(visit, repository.url("Identify"))
    identify = child(root, "Identify")
    if identify is None:
        code, text = oai_pages.error_of(root) or ("", "no Identify in the answer")
        raise FeedFailed(_oai_error(repository.url("Identify"), code, text))
    stamp = text_of(child(identify, "granularity")) or text_of(child(identify, "earliestDatestamp"))
    policy = text_of(child(identify, "deletedRecord"))
    granularity: Granularity = "seconds" if "T" in stamp else "days"
    known = policy if policy in ("transient", "persistent") else "no"
    prefix = asked
    if not prefix:
        prefix, note = _prefix(visit, repository)
        notes.extend([note] if note else [])
    form = feed.format or prefix
    return Repository(repository.address, prefix, form, granularity, cast(Policy, known)), notes


def _prefix(visit: Visit, repository: Repository) -> tuple[str, FeedIssue | None]:
    """The richest of the repository's formats that we read."""
    url = repository.url("ListMetadataFormats")
    try:
        listing = child(_ask(visit, url), "ListMetadataFormats")
    except FeedFailed as failed:
        # Every repository must have oai_dc; whether this one has shows in its first page.
        return PREFERRED[-1], FeedIssue(Issue("oai-formats-unlisted", url, failed.issue.value))
    offered = [text_of(child(one, "metadataPrefix")) for one in listing] if listing is not None else []
    if listing is None:
        return PREFERRED[-1], FeedIssue(Issue("oai-formats-unlisted", url))
    wanted = (visit.feed.format,) if visit.feed.format else PREFERRED
    for prefix in wanted:
        if prefix in offered:
            return prefix, None
    params = (("readable", ", ".join(wanted)),)
    raise FeedFailed(Issue("oai-no-format", url, ", ".join(offered)[:300], params))


def _ask(visit: Visit, url: str) -> etree._Element:
    fetched = _fetch(visit, url)
    if isinstance(fetched, NetError):
        raise FeedFailed(fetched.issue)
    try:
        return oai_pages.root_of(fetched.body, fetched.headers.get("content-type", ""))
    except BadXml as error:
        raise FeedFailed(_bad(url, error)) from error


def _fetch(visit: Visit, url: str) -> Fetched | NetError:
    """An answer; some repositories send their OAI errors with an HTTP error status, which is one too."""
    try:
        return visit.http.get(url, accept=ACCEPT)
    except NetError as error:
        if error.status is not None and b"OAI-PMH" in error.body and b"error" in error.body:
            return Fetched(error.status, url, {}, error.body)
        return error


def _bad(url: str, error: BadXml) -> Issue:
    return Issue(error.code, url[:300], error.why, (("line", str(error.line)),))


def _oai_error(url: str, code: str, text: str) -> Issue:
    return Issue("oai-error", url[:300], text[:300], (("error", code[:60] or "?"),))


def _since(visit: Visit, repository: Repository, sets: list[str]) -> str:
    """The ``from`` of an incremental visit, "" for a full one."""
    mark = visit.bookmark
    if not mark.get("date") or dict(mark) != _bookmark(repository, sets, mark["date"]):
        return ""
    date = _time(mark["date"])
    return _stamp(date - OVERLAP[repository.granularity], repository.granularity) if date else ""


def _bookmark(repository: Repository, sets: list[str], date: str) -> dict[str, str]:
    """What the next visit needs: when this one began by the repository's own clock, and what it asked for."""
    if _time(date) is None:
        return {}
    return {"date": date, "address": repository.address, "prefix": repository.prefix, "sets": "\n".join(sets)}


def _time(stamp: str) -> datetime | None:
    """A UTCdatetime of either granularity (OAI-PMH 2.0 §3.3), also with fractions or an offset."""
    try:
        time = datetime.fromisoformat(stamp.strip())
    except ValueError:
        return None
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError:
        return None


def _stamp(time: datetime, granularity: Granularity) -> str:
    return time.strftime("%Y-%m-%d" if granularity == "days" else "%Y-%m-%dT%H:%M:%SZ")


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
        if ending == "whole":
            if walk.size is not None and walk.count < walk.size and not restarts:
                params = (("listed", str(walk.count)), ("set", set_spec or "–"), ("announced", str(walk.size)))
                yield FeedIssue(Issue("oai-short", repository.address, str(walk.count), params))
                provable = False
            if not walk.count and not since and not restarts:
                yield FeedIssue(Issue("oai-empty", repository.address, set_spec))
                state.told.add("empty")
                provable = False
            return provable
        if ending == "token-lost":
            restarts += 1
            gained = len(state.yielded) + len(state.digests) > before
            last = _time(walk.last) if walk.ascending and not gained else None
            if last is not None and _stamp(last, repository.granularity) > start:
                # The token dies at the same place again: go on from the last datestamp. That the list is in
                # the order of its datestamps is only a guess, so that nothing is proved by it.
                start, provable = _stamp(last, repository.granularity), False
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
            if code == "badArgument" and first and walk.since and not state.pages:
                # A repository may refuse a date that it said itself; what it holds is then listed whole.
                yield FeedIssue(Issue("oai-window-refused", url[:300], text[:300]))
                walk.provable, walk.since = False, ""
                arguments.pop("from")
                url = repository.url("ListRecords", **arguments)
                continue
            issue = _oai_error(url, code, text)
            if not state.pages:
                raise FeedFailed(issue)
            yield FeedIssue(issue)
            return "stopped"
        state.pages += 1
        if isinstance(page, Page):
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


def _turn(
    visit: Visit, repository: Repository, url: str, number: int, again: bool = True
) -> tuple[Page | oai_pages.Peek | Issue, str, bool]:
    """Read one page: (the page, its digest, whether it was split before). Read again if it is cut off."""
    fetched = _fetch(visit, url)
    if isinstance(fetched, NetError):
        return fetched.issue, "", False
    glance = oai_pages.peek(fetched.body)
    if glance is not None and visit.seen(glance.digest):
        return glance, glance.digest, True
    kind = fetched.headers.get("content-type", "")
    try:
        page = oai_pages.read(fetched.body, kind, repository.record_url, repository.form, number)
    except BadXml as error:
        if again and error.code == "oai-broken-page":
            return _turn(visit, repository, url, number, again=False)
        return _bad(url, error), "", False
    if page.cut and again:
        return _turn(visit, repository, url, number, again=False)
    digest = glance.digest if glance is not None else oai_pages.digest_of(page)
    return page, digest, glance is None and visit.seen(digest)


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
    if len(fresh) < len(page.records):
        # Not all of the page's records stand under this document: it must be read again next time.
        digest = f"{digest}-partly"
    yield Document(url, digest)
    yield from fresh
