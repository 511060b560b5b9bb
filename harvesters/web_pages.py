"""Harvests the learning resources that web pages describe in schema.org terms.

The feed's address is a sitemap (index, gzip), a site's root, or one page; ``options``: ``pages`` (a list of
addresses), ``include`` and ``exclude`` (patterns of URL paths, ``*`` for anything), ``max_pages``, ``types``
(further schema.org types that count as learning resources here). robots.txt is obeyed (RFC 9309).

A page that can no longer be read as before (broken JSON-LD, a server fault) leaves its records as they are.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from protego import Protego

from harvesters.base import FeedFailed, Visit
from harvesters.web_extract import Found, Page, extract
from harvesters.web_sitemap import GZIP, Listing, Walk, kind
from registry.model import Document, Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import Fetched, NetError

AGENT = "MetaAcademyRegistry"
MAX_PAGES = 5000
EXAMPLES = 3
MAX_SILENT = 20  # a server that fails so many pages in a row is left in peace until the next visit
MAX_ROBOTS = 500 << 10
_ACCEPT = "text/html, application/xhtml+xml, application/ld+json;q=0.9, */*;q=0.1"
_GONE = (404, 410)


@dataclass(slots=True)
class _Tally:
    """Issues that many pages share: told once, with a count and the first examples."""

    groups: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def add(self, code: str, address: str, note: str = "") -> None:
        self.groups.setdefault(code, []).append(address)
        self.notes.setdefault(code, note)

    def issues(self) -> Iterator[FeedIssue]:
        for code, addresses in self.groups.items():
            params = (("count", str(len(addresses))), ("note", self.notes[code]))
            yield FeedIssue(Issue(code, addresses[0][:300], " ".join(addresses[:EXAMPLES])[:300], params))


@dataclass(slots=True)
class _Site:
    """The hosts of a feed and what their robots.txt say."""

    visit: Visit
    robots: dict[str, Protego] = field(default_factory=dict)

    def home(self, address: str) -> bool:
        """Whether an address is on the feed's host or one that its entry allows."""
        feed = self.visit.feed
        own = {_host(feed.address), *(_host(page) for page in _addresses(self.visit, "pages"))}
        host = _host(address)
        return host in own or host in feed.allow_hosts or host.partition(":")[0] in feed.allow_hosts

    def allowed(self, address: str) -> bool:
        return self.rules(address).can_fetch(address, AGENT)

    def rules(self, address: str) -> Protego:
        """A host's robots.txt; without one everything is allowed. Raises NetError if it cannot be told."""
        root = urljoin(address, "/")
        if root not in self.robots:
            try:
                body = self.visit.http.get(urljoin(root, "robots.txt")).body[:MAX_ROBOTS]
            except NetError as error:
                if error.status is None or not 400 <= error.status < 500 or error.status == 429:
                    raise
                body = b""
            rules = Protego.parse(body.decode("utf-8-sig", "replace"))
            if (delay := rules.crawl_delay(AGENT)) is not None:
                self.visit.http.crawl_delay(urlsplit(address).hostname or "", float(delay))
            self.robots[root] = rules
        return self.robots[root]


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    host = (parts.hostname or "").lower()
    return host if port in (None, standard) else f"{host}:{port}"


def _addresses(visit: Visit, option: str) -> list[str]:
    value = visit.feed.options.get(option, [])
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise FeedFailed(Issue("web-option", visit.feed.id, str(value)[:300], (("option", option),)))
    return list(value)


def _matches(address: str, patterns: list[str]) -> bool:
    parts = urlsplit(address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return any(
        re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), path) is not None
        or ("*" not in pattern and path.startswith(pattern))
        for pattern in patterns
    )


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """Yield the resources of all listed pages. Raises FeedFailed where there is nothing to begin with."""
    site, tally = _Site(visit), _Tally()
    limit = visit.feed.options.get("max_pages", MAX_PAGES)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise FeedFailed(Issue("web-option", visit.feed.id, str(limit)[:300], (("option", "max_pages"),)))
    include, exclude = _addresses(visit, "include"), _addresses(visit, "exclude")
    try:
        listing = _listing(visit, site)
    except NetError as error:
        raise FeedFailed(error.issue) from error
    yield from (FeedIssue(issue) for issue in listing.issues)
    pages: list[str] = []
    for address in listing.pages:
        if (include and not _matches(address, include)) or _matches(address, exclude):
            continue
        if not site.home(address):
            tally.add("web-other-host", address, _host(address))
        else:
            pages.append(address)
    complete = listing.complete
    if len(pages) > limit:
        complete = False
        yield FeedIssue(Issue("web-max-pages", visit.feed.address, str(len(pages)), (("limit", str(limit)),)))
    if not pages and complete and not listing.issues and not tally.groups:
        yield FeedIssue(Issue("web-empty", visit.feed.address, str(len(listing.pages))))
    reading = _Reading(visit, site, tally)
    yield from reading.read(pages[:limit])
    yield from (FeedIssue(issue) for issue in reading.failures.values())
    yield from tally.issues()
    yield Done(complete=complete and reading.complete, deletions="proved")


def _listing(visit: Visit, site: _Site) -> Listing:
    """The pages of the feed, by what its address turns out to be."""
    named = _addresses(visit, "pages")
    address = visit.feed.address
    if named:
        return Listing(pages=dict.fromkeys(urljoin(address, page).split("#")[0] for page in named))
    walk = Walk(visit.http.get, site.allowed, visit.http.limit)
    parts = urlsplit(address)
    if parts.path in ("", "/") and not parts.query:
        maps = [urljoin(address, line) for line in site.rules(address).sitemaps]
        for sitemap in dict.fromkeys(maps):
            if site.home(sitemap):
                _try(walk, sitemap)
            else:
                walk.listing.fault(Issue("web-sitemap-host", sitemap, _host(sitemap)))
        if maps:
            return walk.listing
        try:
            walk.read(urljoin(address, "/sitemap.xml"))
        except NetError as error:
            if error.status not in _GONE:
                raise
            page = Listing(pages={urljoin(address, "/"): None})
            page.issues.append(Issue("web-no-sitemap", address, urljoin(address, "/sitemap.xml")))
            return page
        return walk.listing
    if not site.allowed(address):
        raise FeedFailed(Issue("web-robots", address))
    if visit.document(address) is not None:  # read as a page before: asked for again as a page
        return Listing(pages={address.split("#")[0]: None})
    fetched = visit.http.get(address)
    packed = fetched.body.startswith(GZIP)
    listed = packed or kind(fetched.body) in ("sitemap", "text")
    if listed and "json" not in fetched.headers.get("content-type", ""):
        walk.read(address, fetched)
        return walk.listing
    return Listing(pages={address.split("#")[0]: None})


def _try(walk: Walk, address: str) -> None:
    """A sitemap that robots.txt names: one of several, so its failure is not the feed's."""
    try:
        walk.read(address)
    except NetError as error:
        walk.listing.fault(error.issue)


@dataclass(slots=True)
class _Reading:
    """Reads the pages one by one.

    A description that names another page of the listing as its home waits until all pages were read, and
    gives way to what that page says itself; so a list of courses never hides the courses' own pages.
    """

    visit: Visit
    site: _Site
    tally: _Tally
    complete: bool = True
    told: dict[str, str] = field(default_factory=dict)
    speaking: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    failures: dict[str, Issue] = field(default_factory=dict)
    silent: int = 0  # pages in a row for which the server had no answer

    def read(self, addresses: list[str]) -> Iterator[HarvestEvent]:
        listed = {_bare(address) for address in addresses}
        waiting: list[tuple[str, Fetched, Page]] = []
        for number, address in enumerate(addresses):
            if self.silent >= MAX_SILENT:
                self.tally.add("web-gave-up", address, str(len(addresses) - number))
                break
            fetched = self._fetch(address)
            if fetched is None:
                continue
            if fetched.not_modified:
                before = self.visit.document(address)
                assert before is not None  # only then a validator was sent
                self.speaking.add(_bare(address))
                yield Unchanged(address, before.digest)
                continue
            if not self.site.home(fetched.url):
                self.tally.add("web-other-host", address, _host(fetched.url))
                self.complete = False
                continue
            if _bare(fetched.url) in self.reached:
                continue  # two addresses of the listing lead to one page
            self.reached.add(_bare(fetched.url))
            types = _addresses(self.visit, "types")
            page = extract(fetched.body, fetched.url, fetched.headers.get("content-type", ""), types)
            own = {_bare(address), _bare(fetched.url)}
            if any(_bare(found.home) in listed - own for found in page.found):
                waiting.append((address, fetched, page))
            else:
                yield from self._page(address, fetched, page)
        for address, fetched, page in waiting:
            own = {_bare(address), _bare(fetched.url)}
            page.found = [
                found for found in page.found if _bare(found.home) in own or _bare(found.home) not in self.speaking
            ]
            yield from self._page(address, fetched, page, listed_elsewhere=True)

    def _fetch(self, address: str) -> Fetched | None:
        """A page, or None if there is none (told in the tally)."""
        before = self.visit.document(address)
        try:
            if not self.site.allowed(address):
                self.tally.add("web-robots", address)
                # A page that was never read is not ours to miss; one that was may describe the same still.
                self.complete &= before is None
                return None
            fetched = self.visit.http.get(
                address,
                etag=before.etag if before else None,
                last_modified=before.last_modified if before else None,
                accept=_ACCEPT,
            )
        except NetError as error:
            if error.status in _GONE:
                self.tally.add("web-gone", address, str(error.status))
                return None
            self.failures.setdefault(error.issue.code, error.issue)
            self.tally.add("web-page-unread", address)
            self.complete = False
            if error.status is None or error.status >= 500 or error.status == 429:
                self.silent += 1
            return None
        self.silent = 0
        return fetched

    def _page(
        self, address: str, fetched: Fetched, page: Page, listed_elsewhere: bool = False
    ) -> Iterator[HarvestEvent]:
        before = self.visit.document(address)
        yield from (FeedIssue(_placed(issue, page.url)) for issue in page.unreadable if before is not None)
        if page.unreadable and before is not None:
            self.speaking.add(_bare(address))
            yield Unchanged(address, before.digest)
            return
        described = listed_elsewhere or bool(page.found)
        records = list(self._records(page))
        if not records:
            if not described:
                self._nothing(page)
            return
        self.speaking.update((_bare(address), _bare(fetched.url)))
        digest = _digest(records)
        if before is not None and before.digest == digest:
            yield Unchanged(address, digest)
            return
        # Validators are kept only of a page that was read whole, so that the next visit tells the rest again.
        whole = not page.unreadable
        yield Document(
            address,
            digest,
            fetched.headers.get("etag") if whole else None,
            fetched.headers.get("last-modified") if whole else None,
        )
        yield from records

    def _records(self, page: Page) -> Iterator[RawRecord]:
        issues = tuple(page.issues)
        for found in page.found:
            first = self.told.setdefault(found.key, page.url)
            if first != page.url:
                self.tally.add("web-repeated-key", page.url, f"{found.key} {first}"[:200])
                continue
            yield _record(found, page.url, issues)
            issues = ()
        if page.unreadable:
            # Told apart by the page: nothing else of such a block can be trusted.
            key = page.claimed or page.url
            if key not in self.told:
                self.told[key] = page.url
                payload = json.dumps({"page": page.url}, ensure_ascii=False).encode()
                yield RawRecord(
                    key, payload, "application/ld+json", "schemaorg", page.url,
                    broken=True, issues=(*issues, *page.unreadable),
                )  # fmt: skip

    def _nothing(self, page: Page) -> None:
        """A page of the listing that describes no learning resource."""
        for issue in page.issues:
            if issue.code in ("web-unknown-context", "web-too-large"):
                self.failures.setdefault(f"{issue.code} {issue.value}", _placed(issue, page.url))
        if page.other_types:
            known = sorted(name for name in page.other_types if ":" not in name)
            self.tally.add("web-no-resource", page.url, ", ".join(known)[:200])
        else:
            self.tally.add("web-no-metadata", page.url)


def _record(found: Found, url: str, issues: tuple[Issue, ...]) -> RawRecord:
    return RawRecord(
        found.key, found.payload, "application/ld+json", "schemaorg", url,
        locator=json.loads(found.payload)["node"]["@place"], issues=(*issues, *found.issues),
    )  # fmt: skip


def _digest(records: list[RawRecord]) -> str:
    """What decides the records of a page: not the bytes around them, which move with every visit."""
    total = hashlib.sha256()
    for record in records:
        parts = (record.key.encode("utf-8", "replace"), record.payload, repr(record.issues).encode("utf-8", "replace"))
        for part in parts:
            total.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{total.hexdigest()}"


def _placed(issue: Issue, url: str) -> Issue:
    return Issue(issue.code, f"{url} {issue.place}".strip()[:300], issue.value, issue.params)


def _bare(address: str) -> str:
    """An address for comparison within a site: without scheme, fragment and slash at the end; "" stays ""."""
    return re.sub(r"^https?://", "", address.split("#")[0]).rstrip("/")
