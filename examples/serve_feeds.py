"""Serves the sample feeds on loopback, as the academies would: ``python -m examples.serve_feeds --port 8001``.

``feeds/<academy>/edition-1`` holds an academy's files on 1 March 2026, ``edition-2`` what had changed or come
by 1 September 2026, and in ``gone.txt`` the paths that had gone. The server lives on the day of its edition:
that is the clock of its OAI-PMH repositories (responseDate) and the latest Last-Modified, so that two visits
find what the two editions hold whenever the demo runs, and nothing moves with the real date.
``${feeds}`` in a text file is the server's own address.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from examples import oai_answers

FEEDS = Path(__file__).parent / "feeds"
DAYS = {1: datetime(2026, 3, 1, 6, tzinfo=UTC), 2: datetime(2026, 9, 1, 6, tzinfo=UTC)}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".gz": "application/gzip",
}
MAX_BODY = 1 << 16


@dataclass(frozen=True, slots=True)
class Served:
    """One file as it is served: body, type, day of the edition that it comes from."""

    body: bytes
    kind: str
    modified: datetime

    @property
    def etag(self) -> str:
        """A strong validator of the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


@dataclass(frozen=True, slots=True)
class Edition:
    """All that is served on one day: files by path, repositories by academy."""

    files: dict[str, Served] = field(default_factory=dict)
    repositories: dict[str, oai_answers.Repository] = field(default_factory=dict)


def paths(academy: Path, edition: int) -> dict[str, tuple[Path, int]]:
    """The files of an academy in an edition: path as served → (file, number of the edition it comes from)."""
    found: dict[str, tuple[Path, int]] = {}
    for number in range(1, edition + 1):
        folder = academy / f"edition-{number}"
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder).as_posix()
            if name == "gone.txt":
                for gone in file.read_text("utf-8").split():
                    del found[gone]
            elif file.is_file():
                found[name] = (file, number)
    return found


def load(edition: int, address: str, feeds: Path = FEEDS) -> Edition:
    """An edition, read from disk. ``address`` is the server's own."""
    loaded = Edition()

    def put(path: str, file: Path, number: int) -> None:
        body = file.read_bytes()
        if file.suffix in (".html", ".xml", ".txt", ".csv", ".tsv"):
            body = body.replace(b"${feeds}", address.encode())
        loaded.files[path] = Served(body, TYPES[file.suffix], DAYS[number])

    put("/robots.txt", feeds / "robots.txt", 1)
    for academy in sorted(entry for entry in feeds.iterdir() if entry.is_dir()):
        records = []
        for name, (file, number) in paths(academy, edition).items():
            if name.startswith("oai/"):
                records.append(file.read_text("utf-8"))
            else:
                put(f"/{academy.name}/{name}", file, number)
        settings = academy / "oai.toml"
        if settings.is_file():
            now = DAYS[edition].strftime("%Y-%m-%dT%H:%M:%SZ")
            repository = oai_answers.repository(settings.read_text("utf-8"), records, now)
            loaded.repositories[f"/{academy.name}/oai"] = repository
    return loaded


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    edition: Edition


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD of files, GET and POST of OAI-PMH."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: else each answer waits 40 ms for an acknowledgement
    server: _Http

    def do_GET(self) -> None:
        """A file or an OAI-PMH answer."""
        self._reply(urlsplit(self.path).query)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """An OAI-PMH request with its arguments in the body."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            self._send(413, {}, b"")
            return
        self._reply(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def _reply(self, query: str) -> None:
        edition, path = self.server.edition, unquote(urlsplit(self.path).path)
        if path in edition.repositories:
            base = f"http://{self.headers.get('Host', '')}{path}"
            arguments = parse_qsl(query, keep_blank_values=True)
            text = oai_answers.answer(edition.repositories[path], base, arguments)
            self._send(200, {"Content-Type": "text/xml; charset=utf-8"}, text.encode())
            return
        served = edition.files.get(path + "index.html" if path.endswith("/") else path)
        if served is None and path.endswith(".gz") and path[:-3] in edition.files:
            plain = edition.files[path[:-3]]
            served = Served(gzip.compress(plain.body, mtime=0), TYPES[".gz"], plain.modified)
        if served is None:
            self._send(404, {"Content-Type": TYPES[".txt"]}, b"There is nothing here.\n")
            return
        headers = {"ETag": served.etag, "Last-Modified": format_datetime(served.modified, usegmt=True)}
        if self._has(served):
            self._send(304, headers, b"")
        else:
            self._send(200, {"Content-Type": served.kind, **headers}, served.body)

    def _has(self, served: Served) -> bool:
        """Whether the caller has this body already (RFC 9110 §13.2.2: If-None-Match wins)."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            return tags.strip() == "*" or served.etag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        try:
            since = parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
        except ValueError:
            return False
        return since.tzinfo is not None and served.modified <= since

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the demo shows its own progress."""


class Server:
    """The running server; a context manager."""

    def __init__(self, port: int, edition: int, feeds: Path = FEEDS) -> None:
        self._feeds = feeds
        self._http = _Http(("127.0.0.1", port), _Handler)
        self.port: int = self._http.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"
        try:
            self.set_edition(edition)
        except BaseException:
            self._http.server_close()
            raise
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def set_edition(self, edition: int) -> None:
        """Serve another edition from the next request on."""
        self._http.edition = load(edition, self.address, self._feeds)
        self.edition = edition

    def close(self) -> None:
        """End the server and wait for it."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def start(port: int = 0, edition: int = 1, feeds: Path = FEEDS) -> Server:
    """Start serving in the background; port 0 takes a free one (``.port``). Raises OSError if it is taken."""
    return Server(port, edition, feeds)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve the sample feeds on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--edition", type=int, choices=sorted(DAYS), default=1)
    arguments = parser.parse_args()
    with start(arguments.port, arguments.edition) as server:
        print(f"Edition {server.edition} of the sample feeds: {server.address}/ (end with Ctrl+C)", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
