"""Forty sources at once: wall time until all payloads are in the ledger, beside the slowest source's own time.

The sources are unequal (5 to 20 pages) and answer each request after 200 ms; some share a host, and a host is
asked by two at most. Both times are taken in one run, on empty ledgers: `python -m benchmarks.bench_sources`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry.model import Academy, Feed
from registry.pipeline.harvest import harvest_feeds
from registry.pipeline.house import opened
from registry.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SOURCES, SECONDS, SIZE = 40, 0.2, 50
LIMITS = {"sources at once, × the slowest alone": 1.5}


@contextmanager
def serving(spec: dict[str, Any]) -> Iterator[int]:
    """The slow server, in a process of its own; its port."""
    command = [sys.executable, "-m", "benchmarks.serve_slow", json.dumps(spec)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.terminate()


def sizes(count: int = SOURCES) -> dict[str, int]:
    """{source: pages}: a few large ones, many small ones."""
    return {f"source-{number:02d}": 5 + (7 * number) % 16 for number in range(count)}


def host(number: int) -> str:
    """A loopback address: the sources 30 to 39 share those of 0 to 9."""
    return f"127.0.1.{1 + number % 30}"


def academies(sources: Sequence[str], port: int) -> dict[str, Academy]:
    """An academy for each source."""
    found = {}
    for name in sources:
        at = f"{host(int(name[-2:]))}:{port}"
        feed = Feed(name, name, "oai_pmh", f"http://{at}/{name}/oai", allow_hosts=(at,))
        found[name] = Academy(name, {"en": name}, "https://bench.example.org/", feeds=(feed,))
    return found


class Watch:
    """When each source's payloads were in the ledger, in seconds from the start."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.fetched: dict[str, float] = {}
        self._lock = threading.Lock()

    def shown(self, what: str, stage: str, done: int, total: int) -> None:
        """Called by the harvest."""
        if stage == "fetched":
            with self._lock:
                self.fetched[what] = time.perf_counter() - self.began


def harvest(sources: Sequence[str], port: int) -> tuple[float, float]:
    """Visit some sources on an empty ledger: seconds until all is in the ledger, until all is in the log."""
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(Settings(data=Path(folder)), academies(sources, port)) as house,
    ):
        watch = Watch()
        runs = harvest_feeds(house, house.feeds, watch.shown)
        whole = time.perf_counter() - watch.began
        assert all(run.outcome == "done" for run in runs), runs
        assert len(watch.fetched) == len(sources)
        return max(watch.fetched.values()), whole


def measure() -> dict[str, float]:
    """Print both times; the ratio."""
    pages = sizes()
    slowest = max(pages, key=lambda name: pages[name])
    with serving({"seconds": SECONDS, "size": SIZE, "sources": pages, "ready": True}) as port:
        harvest([slowest], port)  # imports and caches
        alone, _ = harvest([slowest], port)
        wall, whole = harvest(list(pages), port)
    records = sum(pages.values()) * SIZE
    print(
        f"\n{len(pages)} sources that answer after {SECONDS * 1000:.0f} ms, {sum(pages.values())} pages, {records} records"
    )
    print(f"  the slowest alone ({pages[slowest]} pages)          {alone:8.2f} s")
    print(f"  all at once, payloads in the ledger   {wall:8.2f} s")
    print(
        f"  (beside it: all in the log            {whole:8.2f} s; one after the other the answers alone take"
        f" {SECONDS * (sum(pages.values()) + 2 * len(pages)):.0f} s)"
    )
    return {"sources at once, × the slowest alone": wall / alone}


def main() -> int:
    """Print the figure beside its limit; 1 if it is missed."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    figures = measure()
    for name, value in figures.items():
        print(f"{name:40} {value:8.3f}   at most {LIMITS[name]}   {'reached' if value <= LIMITS[name] else 'MISSED'}")
    return int(any(value > LIMITS[name] for name, value in figures.items()))


if __name__ == "__main__":
    raise SystemExit(main())
