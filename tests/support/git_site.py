"""A small host of Git repositories on loopback: repositories built from folders, pages of an API, and faults."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import make_wsgi_chain

from harvesters.base import Visit
from harvesters.git import harvest
from registry.crosswalk import load, values
from registry.crosswalk.base import MapContext, Mapped
from registry.iris import Iris
from registry.model import Academy, Document, Done, Feed, FeedIssue, HarvestEvent, RawRecord, Unchanged
from registry.net import Fetcher
from registry.settings import Settings

WHO = b"Sample Office <office@office.example>"
BEGAN, LAST = 1_577_836_800, 1_735_689_600  # 2020-01-01, 2025-01-01
BASE = Iris("https://registry.example")


def build(folder: Path, *states: Mapping[str, str | bytes], tags: tuple[str, ...] = ()) -> Repo:
    """A repository with a commit for each state, at fixed times: the same files give the same names of commits."""
    folder.mkdir(parents=True, exist_ok=True)
    repo = Repo.init(str(folder))
    for number, state in enumerate(states):
        commit(repo, state, BEGAN if number == 0 and len(states) > 1 else LAST - len(states) + number + 1)
    for tag in tags:
        repo.refs[f"refs/tags/{tag}".encode()] = repo.head()
    return repo


def commit(repo: Repo, files: Mapping[str, str | bytes], when: int = LAST) -> None:
    """One more commit with some files written anew."""
    for name, text in files.items():
        path = Path(repo.path, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    repo.get_worktree().stage([name.encode() for name in files])
    repo.get_worktree().commit(
        message=b"change", author=WHO, committer=WHO, author_timestamp=when, commit_timestamp=when,
        author_timezone=0, commit_timezone=0, sign=False,
    )  # fmt: skip


def tree(folder: Path, root: str = "") -> dict[str, bytes]:
    """The files of a folder; "{root}" in them becomes the host's address."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes().replace(b"{root}", root.encode()) for path in files}


@dataclass
class Host:
    """What is served: repositories by path ("/office/lesson.git"), JSON by path and query, faults by path."""

    repositories: dict[str, Repo] = field(default_factory=dict)
    pages: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    root: str = ""
    log: list[tuple[str, str, str]] = field(default_factory=list)
    known: dict[str, Document] = field(default_factory=dict)
    bookmark: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=lambda: Settings(http_delay=0.0, http_retries=0, http_timeout=10.0))

    def feed(self, path: str, **options: object) -> Feed:
        hosts = (self.root.removeprefix("http://"),)
        return Feed("git", "office", "git", self.root + path, allow_hosts=hosts, options=options)

    def visit(self, feed: Feed, token: str = "") -> list[HarvestEvent]:
        """Harvest, keeping documents and bookmark as the ledger does."""
        with Fetcher(self.settings, feed) as http:
            events = list(harvest(Visit(feed, http, self.bookmark, self.known.get, token=token)))
        return self.keep(events)

    def keep(self, events: list[HarvestEvent]) -> list[HarvestEvent]:
        """Remember what a completed visit leaves."""
        self.known.update({event.address: event for event in events if isinstance(event, Document)})
        self.bookmark = done(events).bookmark
        return events


@contextmanager
def hosting(host: Host) -> Iterator[Host]:
    """Serve on a free port of loopback."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        host.log.append((environ["REQUEST_METHOD"], path, environ.get("HTTP_AUTHORIZATION", "")))
        full = f"{path}?{query}" if query else path
        fault = next((status for start_, status in host.faults.items() if path.startswith(start_)), 0)
        if fault:
            start(f"{fault} no", [("Content-Type", "text/plain"), ("Content-Length", "2")])
            return [b"no"]
        page = host.pages.get(full, host.pages.get(path))
        if page is not None:
            body = json.dumps(page).replace("{root}", host.root).encode() if not isinstance(page, bytes) else page
            link = host.links.get(full, host.links.get(path, "")).replace("{root}", host.root)
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            start("200 OK", headers + ([("Link", link)] if link else []))
            return [body]
        if not any(path.startswith(name + "/") for name in host.repositories):
            start("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "2")])
            return [b"no"]
        return make_wsgi_chain(DictBackend(host.repositories))(environ, start)

    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    host.root = f"http://127.0.0.1:{server.server_port}"
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def local(address: str, known: Mapping[str, Document] | None = None, **options: object) -> list[HarvestEvent]:
    """Harvest a folder of this machine."""
    feed = Feed("git", "office", "git", address, options=options)
    with Fetcher(Settings(), feed) as http:
        return list(harvest(Visit(feed, http, document=(known or {}).get)))


def mapped(record: RawRecord, feed: Feed | None = None) -> Mapped:
    """The graph of a record."""
    feed = feed or Feed("git", "office", "git", "https://git.example/office")
    academy = Academy("office", {"en": "Office of Sample Statistics"}, "https://office.example")
    return load("git")(record, MapContext(academy, feed, BASE, values.load(BASE, feed, None)))


def said(result: Mapped, name: str) -> list[str]:
    """The values of one property of the resource, as text."""
    found = [o for s, p, o, _ in result.triples if s == result.resource and p.replace("#", "/").endswith("/" + name)]
    return [str(getattr(one, "value", one)) for one in found]


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
