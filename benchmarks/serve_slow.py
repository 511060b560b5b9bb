"""Serves many generated OAI-PMH repositories, each answer after a wait: `python -m benchmarks.serve_slow SPEC`.

SPEC is JSON: {"seconds": wait, "size": records to a page, "sources": {name: pages}, "ready": bool}. A source stands
at /NAME/oai on every loopback address, so that sources can have hosts of their own (127.0.0.2, 127.0.0.3 …).
``ready``: pages are made before the port is printed and kept, else when they are asked for.
"""

from __future__ import annotations

import json
import sys
import time
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks import generate


class Server(ThreadingHTTPServer):
    """Takes as many connections at once as there are sources."""

    request_queue_size = 128
    daemon_threads = True


def main(spec: dict[str, Any]) -> None:
    """Print the port, then serve until killed."""
    sources, size, seconds = spec["sources"], int(spec["size"]), float(spec["seconds"])

    @lru_cache(maxsize=None if spec["ready"] else 8)
    def answer(name: str, verb: str, page: int) -> bytes:
        if verb != "ListRecords":
            return generate.about(verb)
        return generate.page(page, size, sources[name] * size, lambda number: generate.small(number, name))

    if spec["ready"]:
        for name, pages in sources.items():
            for page in range(pages):
                answer(name, "ListRecords", page)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = parse_qs(parts.query)
            verb = asked.get("verb", [""])[0]
            body = answer(parts.path.split("/")[1], verb, int(asked.get("resumptionToken", ["0"])[0]))
            time.sleep(seconds)
            self.send_response(200)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing is logged."""

    server = Server(("0.0.0.0", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
