"""How long the JSON API takes, by kind of request: `python -m benchmarks.bench_api --records N` (default 100000).

A release of generated resources is served by the registry's own web process on loopback; one client asks over one
kept connection, each request another one of its kind, nothing answered from a cache. Beside the time that a client
waits stands the processor time that the server took: on a busy machine that is what lasts. Option --data FOLDER keeps
the release there and uses it again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks import api_release
from benchmarks.generate import TOPICS

REQUESTS = 60
LIMIT = 50.0
Ask = Callable[[random.Random], str]


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds of one kind of request; ``processor`` is the server's own time at the 95th percentile."""

    kind: str
    median: float
    high: float
    worst: float
    processor: float


def _page(address: str) -> Ask:
    return lambda chance: address


def kinds(records: int, cursors: Mapping[str, str]) -> dict[str, Ask]:
    """What is asked, by kind: those that LIMIT is for (search and filters), then the others."""

    def some(chance: random.Random) -> int:
        return chance.randrange(1, records + 1)

    def word(chance: random.Random) -> str:
        return chance.choice(TOPICS)

    def day(chance: random.Random) -> str:
        return f"20{chance.randrange(10, 26)}-{chance.randrange(1, 13):02d}"

    return {
        "search: one word": lambda c: f"/api/resources?q={word(c)}&limit={c.randrange(10, 60)}",
        "search: three words": lambda c: f"/api/resources?q={word(c)}+{word(c)}+{word(c)}&limit=20",
        "search: words side by side": lambda c: f"/api/resources?q=%22{word(c)}+{word(c)}%22&limit=20",
        "search: a title": lambda c: f"/api/resources?q={word(c)}+{some(c)}",
        "search in one language": lambda c: f"/api/resources?q={word(c)}&language=fr&level=basic",
        "filter: academy": lambda c: f"/api/resources?academy=office-{c.randrange(40):02d}",
        "filter: language, level, free": lambda c: f"/api/resources?language={c.choice(['en', 'fr', 'es'])}&level=basic&free=true",
        "filter: subject with all below": lambda c: f"/api/resources?about=gsbpm/ph-{c.randrange(1, 9)}",
        "filter: open licence": lambda c: f"/api/resources?open=true&sort=modified&limit={c.randrange(20, 60)}",
        "filter: author": lambda c: f"/api/resources?author=Author+{c.randrange(5000)}",
        "filter: DOI": lambda c: f"/api/resources?identifier=10.9999/{some(c)}",
        "filter: dates": lambda c: f"/api/resources?modified_from={day(c)}&sort=modified",
        "filter: sessions": lambda c: f"/api/resources?start_from=2026-0{c.randrange(1, 10)}&sort=start",
        "filter: length": lambda c: f"/api/resources?minutes_to={c.randrange(60, 3000)}",
        "filter: lacking": lambda c: f"/api/resources?lacks=license&limit={c.randrange(20, 60)}",
        "filter: has a pair": lambda c: f"/api/resources?has_match=true&academy=office-{c.randrange(40):02d}",
        "filter: has no pair": lambda c: f"/api/resources?has_match=false&limit={c.randrange(20, 60)}",
        "filter: has a translation": lambda c: f"/api/resources?relation=translation&limit={c.randrange(20, 60)}",
        "list: by title": lambda c: f"/api/resources?limit={c.randrange(20, 60)}",
        "list: some keys": lambda c: f"/api/resources?fields=id,name&limit={c.randrange(20, 60)}",
        "list: 200": lambda c: f"/api/resources?limit={c.randrange(150, 201)}",
        "list: the next page": lambda c: f"/api/resources?limit={c.randrange(20, 60)}&cursor={cursors['title']}",
        "one resource": lambda c: _one(some(c)),
        "pairs: surest": lambda c: f"/api/matches?limit={c.randrange(10, 30)}",
        "pairs: of two academies": lambda c: f"/api/matches?academy=office-{c.randrange(40):02d}&academy=office-{c.randrange(40):02d}&limit=20",
        "pairs: by relation": lambda c: f"/api/matches?relation=translation&min_confidence=0.{c.randrange(5, 9)}&limit=20",
        "works": lambda c: f"/api/works?limit={c.randrange(10, 30)}",
        "academies": _page("/api/academies"),
        "overlap": _page("/api/overlap"),
        "subjects: lists": _page("/api/schemes"),
        "subjects: terms": _page("/api/schemes/gsbpm/concepts"),
        "coverage": _page("/api/coverage?scheme=gsbpm"),
        "release": _page("/api/release"),
    }  # fmt: skip


LIMITED = ("search", "filter", "list", "one resource")
"""Kinds that the limit is for."""


def _one(number: int) -> str:
    return f"/api/resources/{api_release.feed_of(number)}/{api_release.key_of(number)}"


@contextmanager
def served(data: Path) -> Any:
    """The registry's web process over a data folder; its port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code = (
        "import sys, uvicorn; from pathlib import Path; from registry.settings import Settings;"
        "from registry.pipeline.serve import server_options, settle; from registry.web.app import create_app;"
        f"told = Settings(data=Path(sys.argv[1]), api_requests=0); app = create_app(told, base={api_release.BASE!r});"
        "settle(); uvicorn.run(app, host='127.0.0.1', port=int(sys.argv[2]), **server_options(told))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(data), str(port)])
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _processor(pid: int) -> float:
    """Milliseconds that all threads of a process have run."""
    found = 0
    for file in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(FileNotFoundError):  # a thread may end meanwhile
            found += int(file.read_text().split()[0])
    return found / 1e6


def _ask(connection: HTTPConnection, address: str, headers: Mapping[str, str] | None = None) -> tuple[float, Any]:
    began = time.perf_counter()
    connection.request("GET", address, headers=dict(headers or {}))
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    assert answer.status in (200, 304), (address, answer.status, body[:300])
    return took, (answer, body)


def _several(
    connection: HTTPConnection, pid: int, kind: str, ask: Ask, headers: Mapping[str, str] | None = None
) -> Took:
    times, busy = [], []
    for number in range(REQUESTS):
        before = _processor(pid)
        times.append(_ask(connection, ask(random.Random(number)), headers)[0])
        busy.append(_processor(pid) - before)
    return _took(kind, times[5:], busy[5:])


def measure(records: int, data: Path | None = None) -> list[Took]:
    """Times by kind, printed as they come."""
    with tempfile.TemporaryDirectory() as folder:
        home = data or Path(folder)
        if not (home / "releases" / "current").exists():
            began = time.perf_counter()
            api_release.build(home, records)
            print(f"A release of {records} resources, built in {time.perf_counter() - began:.0f} s", flush=True)
        with served(home) as (port, pid):
            connection = HTTPConnection("127.0.0.1", port, timeout=120)
            for _ in range(3):
                connection.connect()
                _, (answer, body) = _ask(connection, "/api/resources?limit=50")
            cursors = {"title": json.loads(body)["next"].partition("cursor=")[2]}
            tag = answer.headers["ETag"]
            found = [_several(connection, pid, kind, ask) for kind, ask in kinds(records, cursors).items()]
            same = {"If-None-Match": tag}
            found.append(_several(connection, pid, "unchanged (304)", _page("/api/resources?limit=50"), same))
    return found


def _took(kind: str, times: list[float], busy: list[float]) -> Took:
    ordered, high = sorted(times), int(len(times) * 0.95)
    one = Took(kind, ordered[len(ordered) // 2], ordered[high], ordered[-1], sorted(busy)[high])
    limited = one.kind.startswith(LIMITED)
    told = f"at most {LIMIT:.0f}   {'reached' if one.high <= LIMIT else 'MISSED'}" if limited else ""
    figures = (
        f"p50 {one.median:7.1f}   p95 {one.high:7.1f}   worst {one.worst:7.1f} ms   processor p95 {one.processor:6.1f}"
    )
    print(f"{one.kind:32} {figures}   {told}", flush=True)
    return one


def main() -> int:
    """Print the times; 1 if a search or filter is slower than the limit at the 95th percentile."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=100_000)
    options.add_argument("--data", type=Path)
    given = options.parse_args()
    found = measure(given.records, given.data)
    return int(any(one.high > LIMIT for one in found if one.kind.startswith(LIMITED)))


if __name__ == "__main__":
    raise SystemExit(main())
