"""Walks along the pages of a JSON list: next links, loops, foreign hosts, lost pages, totals that contradict.

A ``Walk`` asks for one page after another and remembers why a listing is not whole; its ``notes`` are told at
the end. The harvester decides what the items are. Sources: JSON:API 1.1 §pagination, RFC 8288 (Link), HAL,
Hydra, and what search APIs send (``hits.total``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from harvesters.base import FeedFailed, Visit
from harvesters.json_safe import BadJson, Read, at, canonical, digest, parse
from registry.model import Document, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import Fetched, NetError

MAX_PAGES = 20_000
MAX_STALE = 5  # pages in a row without anything new
ACCEPT = "application/ld+json, application/json, application/*+json;q=0.9, */*;q=0.1"
_NEXT = (
    ("links", "next"), ("_links", "next"), ("next",), ("nextPage",), ("next_page_url",), ("paging", "next"),
    ("pagination", "next"), ("hydra:view", "hydra:next"), ("view", "next"), ("@odata.nextLink",), ("meta", "next"),
)  # fmt: skip
_TOTALS = (
    ("hits", "total", "value"), ("hits", "total"), ("meta", "count"), ("meta", "total"), ("meta", "totalCount"),
    ("meta", "total_count"), ("meta", "total-count"), ("meta", "pagination", "total"), ("meta", "page", "total"),
    ("total",), ("totalCount",), ("total_count",), ("totalElements",), ("page", "totalElements"),
    ("hydra:totalItems",), ("totalItems",), ("count",), ("pagination", "count"), ("pagination", "total"),
)  # fmt: skip
_LINK = re.compile(r"<([^<>]{1,2000})>([^<]{0,500})")

Reading = Callable[[bytes, str, str], Read]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: where it was asked for, which one it is (from 1), what it holds, how it was sent."""

    address: str
    number: int
    read: Read
    headers: Mapping[str, str]
    text: bytes = field(repr=False, default=b"")


@dataclass(slots=True)
class Walk:
    """One walk along the pages of a list. ``whole`` stays True as long as nothing was missed."""

    visit: Visit
    accept: str = ACCEPT
    mark: str = ""  # what the digests of this reader end with: others were made by an older one
    reading: Reading = parse
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # for the feed's own host alone: a token
    whole: bool = True
    notes: list[FeedIssue] = field(default_factory=list)
    number: int = 0
    listed: int = 0
    total: int | None = None
    _asked: set[str] = field(default_factory=set)
    _stale: int = 0

    def first(self, address: str) -> Page | Unchanged:
        """The first page, or Unchanged where it is the only one and the server says so. Raises FeedFailed."""
        known = self.visit.document(address) if self.visit.bookmark.get("pages") == "1" else None
        known = known if known and known.digest.endswith(self.mark) else None
        try:
            return self._page(address, known)
        except NetError as error:
            raise FeedFailed(error.issue) from error
        except BadJson as error:
            raise FeedFailed(error.issue) from error

    def then(self, address: str) -> Page | None:
        """A further page; None, with a note, where it cannot be read."""
        try:
            page = self._page(address, None)
        except NetError as error:
            self.stop("jsontext-page-lost", address, str(error))
            return None
        except BadJson as error:
            self.whole = False
            self.notes.append(FeedIssue(error.issue))
            return None
        return page if isinstance(page, Page) else None

    def _page(self, address: str, known: Document | None) -> Page | Unchanged:
        self._asked.add(address)
        self.number += 1
        fetched = self._fetch(address, known)
        if fetched.not_modified and known:
            return Unchanged(address, known.digest)
        read = self.reading(fetched.body, fetched.headers.get("content-type", ""), address)
        return Page(address, self.number, read, fetched.headers, fetched.body)

    def _fetch(self, address: str, known: Document | None) -> Fetched:
        return self.visit.http.get(
            address,
            accept=self.accept,
            headers=self.headers if self.headers and _host(address) == _host(self.visit.feed.address) else None,
            etag=known.etag if known else None,
            last_modified=known.last_modified if known else None,
        )

    def count(self, items: int, fresh: int, value: Any) -> None:
        """Note what a page held: how many items, how many of them new, and the total that it claims."""
        self.listed += items
        self._stale = 0 if fresh else self._stale + 1
        found = total_of(value)
        if found is not None:
            self.total = found

    def after(self, page: Page, link: str | None) -> str | None:
        """The address of the next page, checked; None at the end or, with a note, where it leads nowhere."""
        if not link:
            return None
        try:
            address = _upgraded(page.address, urljoin(page.address, link.strip()))
            parts = urlsplit(address)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            self.stop("jsontext-page-host", page.address, link)
            return None
        if address in self._asked:
            self.stop("jsontext-page-loop", page.address, address)
        elif parts.scheme not in ("http", "https") or not self._allowed(host, port):
            self.stop("jsontext-page-host", page.address, address)
        elif self._stale >= MAX_STALE:
            self.stop("jsontext-page-stale", page.address, str(self._stale))
        elif self.number >= MAX_PAGES:
            self.stop("jsontext-page-many", page.address, str(self.number))
        else:
            return address
        return None

    def stop(self, code: str, place: str, value: str = "") -> None:
        """Something is missing from the list: note what, so that absence proves nothing."""
        self.whole = False
        self.notes.append(FeedIssue(Issue(code, place[:300], value[:300])))

    def _allowed(self, host: str, port: int | None) -> bool:
        feed = self.visit.feed
        try:
            own = (urlsplit(feed.address).hostname or "").lower()
        except ValueError:
            own = ""
        given = {name.lower() for name in feed.allow_hosts}
        return bool(host) and (host == own or host in given or f"{host}:{port}" in given)

    def end(self, address: str) -> bool:
        """Whether the whole list was read: nothing lost, not empty, no fewer items than announced."""
        if not self.listed:
            self.stop("jsontext-empty-list", address)
        elif self.total is not None and self.listed < self.total and self.whole:
            self.stop("jsontext-short", address, f"{self.listed} / {self.total}")
        return self.whole


def told(
    visit: Visit, page: Page, records: list[RawRecord], notes: list[FeedIssue], mark: str
) -> Iterator[HarvestEvent]:
    """The events of one page: ``Unchanged`` when its records and notes are those of another visit.

    ``mark`` ends the digest: a reader that reads otherwise than before has another one.
    """
    parts = [[one.key, digest(one.payload)] for one in records]
    said = [[one.issue.code, one.issue.place, one.issue.value] for one in notes]
    whole = digest(canonical([parts, said])) + mark
    known = visit.document(page.address)
    if (known is not None and known.digest == whole) or visit.seen(whole):
        yield Unchanged(page.address, whole)
        return
    yield Document(page.address, whole, page.headers.get("etag"), page.headers.get("last-modified"))
    yield from records
    yield from notes


def next_link(page: Page) -> str | None:
    """The next page's address, as the body or a Link header gives it."""
    for path in _NEXT:
        found = at(page.read.value, *path)
        found = at(found, "href") or at(found, "@id") or at(found, "url") if isinstance(found, dict) else found
        if isinstance(found, str) and found.strip():
            return found
    return link_header(page.headers.get("link", ""))


def link_header(value: str) -> str | None:
    """The target of rel="next" in a Link header (RFC 8288 §3)."""
    for target, rest in _LINK.findall(value[:20_000]):
        for part in rest.split(";"):
            name, _, said = part.partition("=")
            if name.strip().lower() == "rel" and "next" in said.strip(" ,\t").strip('"').lower().split():
                return str(target)
    return None


def total_of(value: Any) -> int | None:
    """How many items the list says to have, over all pages."""
    for path in _TOTALS:
        found = at(value, *path)
        if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**9:
            relation = at(value, "hits", "total", "relation")
            return None if path[0] == "hits" and relation == "gte" else found
    return None


def _host(address: str) -> tuple[str, str]:
    """Scheme and host with port, as written; two that differ are two servers."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", address
    return parts.scheme, parts.netloc


def _upgraded(base: str, address: str) -> str:
    """Behind a proxy servers often write http: in links to themselves although they are read by https:."""
    here, there = urlsplit(base), urlsplit(address)
    if here.scheme == "https" and there.scheme == "http" and here.hostname == there.hostname:
        port = "" if there.port in (None, 80, 443) else f":{there.port}"
        return urlunsplit(("https", (there.hostname or "") + port, there.path, there.query, ""))
    return urlunsplit(there._replace(fragment=""))
