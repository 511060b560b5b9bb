"""How long the JSON API takes, by kind of request: `python -m benchmarks.bench_api --records N` (default 100000).

A release of generated resources is served by the registry's own web process on loopback; one client asks over one
kept connection, each request another one of its kind, nothing answered from a cache; words, authors and academies are
those of some of its resources. Beside the time that a client waits stands the processor time that the server took: on
a busy machine that is what lasts. Option --data FOLDER keeps the release there and uses it again; it may be the data
folder of any registry, such as `bench_matching --data` leaves.
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
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks import api_release

REQUESTS = 60
DOI = "https://doi.org/"
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


@dataclass(frozen=True, slots=True)
class Sample:
    """What to ask for: values that some resources of the release have, each ready for an address."""

    ids: tuple[str, ...]
    words: tuple[str, ...]
    titles: tuple[str, ...]
    authors: tuple[str, ...]
    dois: tuple[str, ...]
    academies: tuple[str, ...]


def sampled(connection: HTTPConnection) -> Sample:
    """Values of a page of resources of each of some academies."""

    def asked(address: str) -> Any:
        return json.loads(_ask(connection, address)[1][1])

    academies = [one["id"] for one in asked("/api/academies")["items"] if one["resources"]][:40]
    found: dict[str, set[str]] = {name: set() for name in ("ids", "words", "titles", "authors", "dois")}
    for academy in academies[:10]:
        for one in asked(f"/api/resources?limit=100&academy={academy}")["items"]:
            found["ids"].add(one["id"])
            for title in one["name"].values():
                found["titles"].add(title)
                found["words"] |= {word for word in title.split() if len(word) > 3 and word.isalpha()}
            found["authors"] |= {name for author in one["author"] for name in author["name"].values()}
            dois = (iri for iri in one["identifier"] if isinstance(iri, str) and iri.startswith(DOI))
            found["dois"] |= {iri.removeprefix(DOI) for iri in dois}
    ready = {name: tuple(sorted(map(quote, values))) for name, values in found.items()}
    return Sample(academies=tuple(academies), **ready)


def kinds(sample: Sample, cursors: Mapping[str, str]) -> dict[str, Ask]:
    """What is asked, by kind: those that have a limit (search and filters), then the others."""

    def word(chance: random.Random) -> str:
        return chance.choice(sample.words)

    def academy(chance: random.Random) -> str:
        return chance.choice(sample.academies)

    def day(chance: random.Random) -> str:
        return f"20{chance.randrange(10, 26)}-{chance.randrange(1, 13):02d}"

    return {
        "search: one word": lambda c: f"/api/resources?q={word(c)}&limit={c.randrange(10, 60)}",
        "search: three words": lambda c: f"/api/resources?q={word(c)}+{word(c)}+{word(c)}&limit=20",
        "search: words side by side": lambda c: f"/api/resources?q=%22{word(c)}+{word(c)}%22&limit=20",
        "search: a title": lambda c: f"/api/resources?q={c.choice(sample.titles)}",
        "search in one language": lambda c: f"/api/resources?q={word(c)}&language=fr&level=basic",
        "filter: academy": lambda c: f"/api/resources?academy={academy(c)}",
        "filter: language, level, free": lambda c: f"/api/resources?language={c.choice(['en', 'fr', 'es'])}&level=basic&free=true",
        "filter: subject with all below": lambda c: f"/api/resources?about=gsbpm/ph-{c.randrange(1, 9)}",
        "filter: open licence": lambda c: f"/api/resources?open=true&sort=modified&limit={c.randrange(20, 60)}",
        "filter: author": lambda c: f"/api/resources?author={c.choice(sample.authors)}",
        **({"filter: DOI": lambda c: f"/api/resources?identifier={c.choice(sample.dois)}"} if sample.dois else {}),
        "filter: dates": lambda c: f"/api/resources?modified_from={day(c)}&sort=modified",
        "filter: sessions": lambda c: f"/api/resources?start_from=2026-0{c.randrange(1, 10)}&sort=start",
        "filter: length": lambda c: f"/api/resources?minutes_to={c.randrange(60, 3000)}",
        "filter: lacking": lambda c: f"/api/resources?lacks=license&limit={c.randrange(20, 60)}",
        "filter: has a pair": lambda c: f"/api/resources?has_match=true&academy={academy(c)}",
        "filter: has no pair": lambda c: f"/api/resources?has_match=false&limit={c.randrange(20, 60)}",
        "filter: has a translation": lambda c: f"/api/resources?relation=translation&limit={c.randrange(20, 60)}",
        "list: by title": lambda c: f"/api/resources?limit={c.randrange(20, 60)}",
        "list: some keys": lambda c: f"/api/resources?fields=id,name&limit={c.randrange(20, 60)}",
        "list: 200": lambda c: f"/api/resources?limit={c.randrange(150, 201)}",
        "list: the next page": lambda c: f"/api/resources?limit={c.randrange(20, 60)}&cursor={cursors['title']}",
        "one resource": lambda c: f"/api/resources/{c.choice(sample.ids)}",
        "pairs: surest": lambda c: f"/api/matches?limit={c.randrange(10, 30)}",
        "pairs: of two academies": lambda c: f"/api/matches?academy={academy(c)}&academy={academy(c)}&limit=20",
        "pairs: by relation": lambda c: f"/api/matches?relation=translation&min_confidence=0.{c.randrange(5, 9)}&limit=20",
        "works": lambda c: f"/api/works?limit={c.randrange(10, 30)}",
        "academies": _page("/api/academies"),
        "overlap": _page("/api/overlap"),
        "subjects: lists": _page("/api/schemes"),
        "subjects: terms": _page("/api/schemes/gsbpm/concepts"),
        "coverage": _page("/api/coverage?scheme=gsbpm"),
        "release": _page("/api/release"),
    }  # fmt: skip


LARGE = 20
"""Milliseconds from which a stored query's answer is one of many megabytes: asked for with gzip too."""
LIMITED = {"search": 50, "filter": 50, "list": 50, "one resource": 50, "stored": 100}
"""What kinds may take at the 95th percentile, in milliseconds."""


@contextmanager
def served(data: Path) -> Any:
    """The registry's web process over a data folder; its port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code = (
        "import sys, uvicorn; from pathlib import Path; from registry.settings import Settings;"
        "from registry.pipeline.serve import server_options, settle; from registry.web.app import create_app;"
        "from registry.graph.mirrored import pool_of; told = Settings(data=Path(sys.argv[1]), api_requests=0);"
        f"pool = pool_of(told, {api_release.BASE!r}) if {_queried(data)} else None;"
        f"app = create_app(told, base={api_release.BASE!r}, pool=pool);"
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


def _queried(data: Path) -> bool:
    """Whether a release has a graph; one that was made for this has none."""
    return (data / "releases" / "current" / "graph").exists()


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
            found = [_several(connection, pid, kind, ask) for kind, ask in kinds(sampled(connection), cursors).items()]
            same = {"If-None-Match": tag}
            found.append(_several(connection, pid, "unchanged (304)", _page("/api/resources?limit=50"), same))
            if _queried(home):
                found += stored(connection, pid)
    return found


def stored(connection: HTTPConnection, pid: int) -> list[Took]:
    """Each stored query with the values that it has by default, answered before: as dashboards ask again and again."""
    print("\nStored queries, asked before", flush=True)
    told = json.loads(_ask(connection, "/q", {"Accept": "application/json"})[1][1])["items"]
    found = []
    for query in sorted(told, key=itemgetter("name")):
        name = query["name"]
        address = f"{name}.json"
        first, _ = _ask(connection, f"/q/{address}")
        found.append(_several(connection, pid, f"stored: {name} ({first:.0f} ms at first)", _page(f"/q/{address}")))
        if found[-1].high > LARGE:
            packed = {"Accept-Encoding": "gzip"}
            found.append(_several(connection, pid, f"stored: {name}, with gzip", _page(f"/q/{address}"), packed))
    return found


def _took(kind: str, times: list[float], busy: list[float]) -> Took:
    ordered, high = sorted(times), int(len(times) * 0.95)
    one = Took(kind, ordered[len(ordered) // 2], ordered[high], ordered[-1], sorted(busy)[high])
    limit = next((limit for beginning, limit in LIMITED.items() if one.kind.startswith(beginning)), 0)
    told = f"at most {limit}   {'reached' if one.high <= limit else 'MISSED'}" if limit else ""
    figures = (
        f"p50 {one.median:7.1f}   p95 {one.high:7.1f}   worst {one.worst:7.1f} ms   processor p95 {one.processor:6.1f}"
    )
    print(f"{one.kind:48} {figures}   {told}", flush=True)
    return one


def main() -> int:
    """Print the times; 1 if one is over its limit at the 95th percentile."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=100_000)
    options.add_argument("--data", type=Path)
    given = options.parse_args()
    found = measure(given.records, given.data)
    return int(
        any(one.high > limit for one in found for start, limit in LIMITED.items() if one.kind.startswith(start))
    )


if __name__ == "__main__":
    raise SystemExit(main())
