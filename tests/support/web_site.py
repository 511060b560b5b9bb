"""A small web site on loopback whose pages and faults a test can script."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harvesters.base import Visit
from harvesters.web_pages import harvest
from registry.model import Document, Done, Feed, FeedIssue, HarvestEvent, RawRecord, Unchanged
from registry.net import Fetcher
from registry.settings import Settings

Reply = tuple[int, Mapping[str, str], bytes]
HTML = {"content-type": "text/html; charset=utf-8"}
XML = {"content-type": "application/xml"}


@dataclass
class Site:
    """Pages by path: bytes or text (200, HTML), a status, or a reply. ``{root}`` in texts is the site's address."""

    pages: dict[str, str | bytes | int | Reply]
    root: str = ""
    log: list[tuple[str, str]] = field(default_factory=list)
    known: dict[str, Document] = field(default_factory=dict)

    def reply(self, path: str, etag: str | None) -> Reply:
        content = self.pages.get(path, 404)
        if isinstance(content, int):
            return content, HTML, b"no"
        if isinstance(content, tuple):
            return content
        body = content.replace("{root}", self.root).encode() if isinstance(content, str) else content
        headers = XML if path.endswith(".xml") else HTML
        tag = f'"{hash(body) & 0xFFFFFFFF:x}"'
        if etag == tag:
            return 304, {}, b""
        return 200, {**headers, "etag": tag}, body

    def feed(self, path: str = "/sitemap.xml", **options: object) -> Feed:
        host = self.root.removeprefix("http://")
        return Feed("web", "academy", "web_pages", self.root + path, allow_hosts=(host,), options=options)

    def visit(self, feed: Feed) -> list[HarvestEvent]:
        """Harvest, keeping the documents as the ledger does."""
        settings = Settings(http_delay=0.0, http_retries=1, http_timeout=5.0)
        with Fetcher(settings, feed, sleep=lambda seconds: None) as http:
            events = list(harvest(Visit(feed, http, document=self.known.get)))
        self.known.update({event.address: event for event in events if isinstance(event, Document)})
        return events


@contextmanager
def serve(pages: dict[str, str | bytes | int | Reply]) -> Iterator[Site]:
    site = Site(pages)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.log.append((self.path, self.headers.get("user-agent", "")))
            status, headers, body = site.reply(self.path, self.headers.get("if-none-match"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    site.root = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sitemap(*paths: str) -> str:
    urls = "".join(f"<url><loc>{p if '://' in p else '{root}' + p}</loc></url>" for p in paths)
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'


def index(*paths: str) -> str:
    maps = "".join(f"<sitemap><loc>{{root}}{p}</loc></sitemap>" for p in paths)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{maps}</sitemapindex>'


def course(name: str, extra: str = "") -> str:
    node = f'{{"@context": "https://schema.org", "@type": "Course", "name": "{name}"{extra}}}'
    return f'<html lang="en"><title>{name}</title><script type="application/ld+json">{node}</script></html>'


def records(events: list[HarvestEvent]) -> list[RawRecord]:
    return [event for event in events if isinstance(event, RawRecord)]


def codes(events: list[HarvestEvent]) -> list[str]:
    return [event.issue.code for event in events if isinstance(event, FeedIssue)]


def unchanged(events: list[HarvestEvent]) -> list[str]:
    return [event.address for event in events if isinstance(event, Unchanged)]


def done(events: list[HarvestEvent]) -> Done:
    last = events[-1]
    assert isinstance(last, Done)
    return last
