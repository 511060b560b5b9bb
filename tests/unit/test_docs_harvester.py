"""The harvester that docs/harvesters.md shows really works, twice."""

from __future__ import annotations

import json
import re
import types
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from harvesters.base import FeedFailed, Visit
from registry.model import Document, Done, Feed, RawRecord, Unchanged
from registry.net import Fetcher
from registry.settings import Settings

DOC = Path(__file__).resolve().parents[2] / "docs" / "harvesters.md"


def shown() -> types.ModuleType:
    code = re.search(r"```python\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)
    assert code is not None
    module = types.ModuleType("shown")
    exec(compile(code.group(1), str(DOC), "exec"), module.__dict__)
    return module


def test_the_documented_harvester_reads_a_list_twice() -> None:
    bodies = [json.dumps([{"id": 1, "title": "Git"}, {"id": 2, "title": "R"}]).encode()]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(bodies[0])))
            self.end_headers()
            self.wfile.write(bodies[0])

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        host = f"127.0.0.1:{server.server_port}"
        feed = Feed("f", "a", "json_list", f"http://{host}/list", allow_hosts=(host,))
        harvest = shown().harvest
        with Fetcher(Settings(http_delay=0.0), feed) as http:
            first = list(harvest(Visit(feed, http)))
            assert [type(event) for event in first] == [Document, RawRecord, RawRecord, Done]
            digest = first[0].digest
            again = list(harvest(replace(Visit(feed, http), seen=lambda one: one == digest)))
            assert [type(event) for event in again] == [Unchanged, Done]
            bodies[0] = b"[{"
            with pytest.raises(FeedFailed, match="json-broken"):
                list(harvest(Visit(feed, http)))
    finally:
        server.shutdown()
        server.server_close()
