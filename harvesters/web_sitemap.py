"""The pages that a site lists: sitemaps, sitemap indexes (also gzip and plain text), within bounds.

Source: sitemaps.org protocol 0.9; RFC 9309 (robots.txt) for where sitemaps are named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from lxml import etree

from registry import net_body
from registry.model import Issue
from registry.net import Fetched, NetError

MAX_DEPTH = 4
MAX_SITEMAPS = 500
MAX_ADDRESSES = 200_000
GZIP = b"\x1f\x8b"
_ROOT = re.compile(rb"<(?:[\w.-]{1,100}:)?(?:urlset|sitemapindex)\b")


@dataclass(slots=True)
class Listing:
    """The pages listed, each once, in order; what was wrong; whether all sitemaps were read."""

    pages: dict[str, None] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    complete: bool = True

    def fault(self, issue: Issue) -> None:
        """Something that leaves the listing incomplete."""
        self.issues.append(issue)
        self.complete = False


def unpack(body: bytes, limit: int) -> bytes:
    """A sitemap's bytes, unpacked when they are gzip. Raises net_body.TooLarge, net_body.Undecodable."""
    return net_body.gunzip(body, limit) if body.startswith(GZIP) else body


def kind(body: bytes) -> str:
    """What a body is, from its beginning: "sitemap" (XML), "html", "text" (a list of addresses) or "other"."""
    start = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<urlset" in start or b"<sitemapindex" in start or b":urlset" in start or b":sitemapindex" in start:
        return "sitemap"
    if start.startswith((b"http://", b"https://")):
        return "text"
    if start.startswith(b"<?xml") and b"<html" not in start and b"<!doctype html" not in start:
        return "sitemap"
    return "html" if start.startswith(b"<") else "other"


def pages_of(text: bytes) -> Iterator[str]:
    """The addresses of a plain text sitemap."""
    for line in text.decode("utf-8-sig", "replace").splitlines():
        if line.strip().startswith(("http://", "https://")):
            yield line.strip()


def locations(body: bytes) -> Iterator[tuple[bool, str]]:
    """(is a sitemap, address) of each entry of a sitemap. Raises etree.XMLSyntaxError where it breaks."""
    parser = etree.XMLPullParser(
        events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    for start in range(0, len(body), 1 << 16):
        parser.feed(body[start : start + (1 << 16)])
        yield from _entries(parser)
    parser.close()
    yield from _entries(parser)


def _entries(parser: etree.XMLPullParser) -> Iterator[tuple[bool, str]]:
    for _, element in parser.read_events():
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if name not in ("url", "sitemap"):
            continue
        for child in element:
            if isinstance(child.tag, str) and etree.QName(child).localname == "loc":
                yield name == "sitemap", " ".join((child.text or "").split())
                break
        element.clear()
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]


@dataclass(slots=True)
class Walk:
    """Reads sitemaps from the first on. ``get`` fetches, ``allowed`` tells whether robots.txt allows."""

    get: Callable[[str], Fetched]
    allowed: Callable[[str], bool]
    limit: int
    listing: Listing = field(default_factory=Listing)
    _read: set[str] = field(default_factory=set)

    def read(self, address: str, fetched: Fetched | None = None, path: tuple[str, ...] = ()) -> None:
        """One sitemap and those it names; ``fetched`` when it is at hand. Raises NetError on the first only."""
        listing = self.listing
        if address in path:
            listing.fault(Issue("web-sitemap-loop", path[-1], address))
            return
        if address in self._read:
            return
        if len(path) >= MAX_DEPTH or len(self._read) >= MAX_SITEMAPS:
            limits = f"{MAX_DEPTH} levels, {MAX_SITEMAPS} sitemaps"
            listing.fault(Issue("web-sitemap-many", address, limits))
            return
        self._read.add(address)
        try:
            if not self.allowed(address):
                listing.fault(Issue("web-robots", address))
                return
            fetched = fetched or self.get(address)
        except NetError as error:
            if not path:
                raise
            listing.fault(error.issue)
            return
        try:
            body = unpack(fetched.body, self.limit)
        except (net_body.TooLarge, net_body.Undecodable) as error:
            listing.fault(Issue("web-sitemap-packed", address, str(error)))
            return
        if fetched.url in path:
            listing.fault(Issue("web-sitemap-loop", path[-1], fetched.url))
            return
        self._take(address, fetched.url, body, path)

    def _take(self, address: str, final: str, body: bytes, path: tuple[str, ...]) -> None:
        listing = self.listing
        found = kind(body)
        if found == "text":
            for page in pages_of(body):
                self._page(page)
            return
        if found != "sitemap":
            listing.fault(Issue("web-not-sitemap", address, body[:80].decode("utf-8", "replace")))
            return
        inner: list[str] = []
        if not _ROOT.search(body, 0, 20_000):
            listing.fault(Issue("web-not-sitemap", address, body[:80].decode("utf-8", "replace")))
            return
        try:
            for is_sitemap, location in locations(body):
                try:
                    target = urljoin(final, location)
                    usable = bool(location) and urlsplit(target).scheme in ("http", "https")
                except ValueError:
                    usable = False
                if not usable:
                    listing.issues.append(Issue("web-sitemap-address", address, location))
                elif is_sitemap:
                    inner.append(target)
                else:
                    self._page(target)
        except etree.XMLSyntaxError as error:
            line, column = error.position
            listing.fault(Issue("web-sitemap-broken", f"{address} line {line} column {column}", str(error)))
        for target in inner:
            self.read(target, None, (*path, address, *([final] if final != address else [])))

    def _page(self, address: str) -> None:
        address = address.split("#")[0]
        if address in self.listing.pages:
            return
        if len(self.listing.pages) >= MAX_ADDRESSES:
            if not any(issue.code == "web-sitemap-many" for issue in self.listing.issues):
                self.listing.fault(Issue("web-sitemap-many", address, f"{MAX_ADDRESSES} addresses"))
            return
        self.listing.pages[address] = None
