"""A Moodle on loopback: web services with a token, functions without a login, pages; harvested and mapped."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from harvesters.base import Visit
from harvesters.moodle import harvest
from registry.model import Document, Done, Feed, HarvestEvent, Unchanged
from registry.net import Fetcher
from registry.settings import Settings

TOKEN = "5ecre7t0ken5ecre7t0ken5ecre7t0k3n"
REST, AJAX = "/webservice/rest/server.php", "/lib/ajax/service-nologin.php"


def refusal(error: str, message: str = "No.") -> dict[str, str]:
    """What Moodle answers to a call that it refuses."""
    return {"exception": "moodle_exception", "errorcode": error, "message": message}


@dataclass
class Site:
    """``functions``: {name: answer} of web services (REST), ``open``: the same without login; ``pages`` by path.

    An answer may be a function of the arguments. ``asked`` holds (method, path, body, headers). In answers
    ``{base}`` stands for the site's address.
    """

    functions: Mapping[str, Any] = field(default_factory=dict)
    open: Mapping[str, Any] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    redirects: Mapping[str, str] = field(default_factory=dict)
    status: Mapping[str, int] = field(default_factory=dict)
    token: str = TOKEN
    asked: list[tuple[str, str, str, dict[str, str]]] = field(default_factory=list)
    base: str = ""

    def calls(self) -> list[str]:
        """The functions that were called, in their order."""
        found = [parse_qs(body).get("wsfunction", [""])[0] for _, path, body, _ in self.asked if path == REST]
        return found + [
            path.partition("info=")[2]
            for method, path, _, _ in self.asked
            if method == "POST" and path.startswith(AJAX)
        ]

    def answer(self, method: str, path: str, body: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """The answer to a request."""
        self.asked.append((method, path, body, headers))
        if path in self.redirects:
            return 303, {"Location": self.base + self.redirects[path]}, b""
        if path in self.status:
            return self.status[path], {}, b"no"
        kind = {"Content-Type": "application/json"}
        if method == "POST" and path == REST:
            given = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
            return 200, kind, self._json(self._rest(given))
        if method == "POST" and urlsplit(path).path == AJAX:
            return 200, kind, self._json([self._open(json.loads(body)[0])])
        if path in self.pages:
            return (
                200,
                {"Content-Type": "text/html; charset=utf-8"},
                self.pages[path].replace("{base}", self.base).encode(),
            )
        return 404, {}, b"none"

    def _json(self, value: Any) -> bytes:
        return json.dumps(value).replace("{base}", self.base).encode()

    def _rest(self, given: Mapping[str, str]) -> Any:
        if given.get("wstoken") != self.token:
            return refusal("invalidtoken", f"Invalid token - token {given.get('wstoken')} not found")
        name = given.get("wsfunction", "")
        if name not in self.functions:
            return refusal("accessexception", "Access control exception")
        found = self.functions[name]
        return found(given) if callable(found) else found

    def _open(self, call: Mapping[str, Any]) -> Any:
        name = call["methodname"]
        if name not in self.open:
            return {"error": True, "exception": {"message": "Log in.", "errorcode": "servicerequireslogin"}}
        found = self.open[name]
        return {"error": False, "data": found(call["args"]) if callable(found) else found}


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Serve a site; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, content = site.answer(self.command, self.path, body, headers)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = reply

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    site.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site.base
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def visit(
    site: Site, path: str = "/", token: str = "", before: Iterable[HarvestEvent] = (), **feed: Any
) -> list[HarvestEvent]:
    """One visit to a site; ``before`` are the events of the last one, whose documents stand."""
    seen = {event.digest for event in before if isinstance(event, Document | Unchanged)}
    bookmark = next((event.bookmark for event in before if isinstance(event, Done)), {})
    with serving(site) as base:
        entry = Feed("feed", "eso", "moodle", base + path, **{"allow_hosts": ("127.0.0.1",), **feed})
        with Fetcher(Settings(http_retries=0), entry) as http:
            asked = Visit(entry, http, bookmark=bookmark, seen=seen.__contains__, token=token)
            return list(harvest(asked))
