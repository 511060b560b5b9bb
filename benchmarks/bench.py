"""Speed and memory of the whole way, side by side with pySHACL alone, in one run: `make bench`.

Absolute times are noise; the ratios and counts are what lasts. Options: --records N (default 100000),
--compared N (default 20000, the size at which pySHACL alone is run: it takes 0.8 GB per 10,000 records),
--large N (default 500000, `make bench SIZE=N`: the source whose memory is watched, a quarter of an hour),
--matching N (default 100000, `make bench MATCHING=N`: the generated catalogue that is matched) and --serving N
(default 20000: the catalogue that is queried over HTTP beside `oxigraph serve-read-only`).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import (
    bench_crosswalks,
    bench_figures,
    bench_large,
    bench_matching,
    bench_serving,
    bench_sources,
    generate,
)  # fmt: skip
from registry.ledger import log
from registry.model import Academy, Expect, Feed, Run
from registry.pipeline.harvest import harvest_feeds
from registry.pipeline.house import House, opened
from registry.pipeline.publisher import match_all, publish_now
from registry.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {
    "ratio to pySHACL alone": 0.5, "peak memory, MB": 500, "unchanged, share of first run": 0.02,
    **bench_sources.LIMITS, **bench_crosswalks.LIMITS, **bench_large.LIMITS,
    **bench_matching.LIMITS, **bench_figures.LIMITS,
}  # fmt: skip


def quiet(what: str, stage: str, done: int, total: int) -> None:
    """No progress here: printing takes time."""


class Memory:
    """Watches this process and its children now and then; ``peak`` is the most that one of them had, in MB."""

    def __init__(self) -> None:
        self.peak = 0.0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while the block runs."""
        stopped = threading.Event()

        def watch() -> None:
            while not stopped.wait(0.1):
                for pid in [os.getpid(), *children(os.getpid())]:
                    self.peak = max(self.peak, high_water(pid))

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()


def children(pid: int) -> list[int]:
    """The processes below one."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children(int(child))]
    return found


def high_water(pid: int) -> float:
    """The high-water mark of a process's memory in MB, 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), default=0.0)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A repository on loopback, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.serve", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}/oai"
        finally:
            server.terminate()


def timed_visit(house: House) -> tuple[float, Run]:
    """One complete listing of the one feed: stage, crosswalk, validate, append."""
    began = time.perf_counter()
    (run,) = harvest_feeds(house, house.feeds, quiet, full=True)
    assert run.outcome == "done", run
    return time.perf_counter() - began, run


def _match(folder: Path, address: str, told: Any) -> None:
    began = time.perf_counter()
    with registry(folder, address) as house:
        match_all(house)
    told.send((time.perf_counter() - began, high_water(os.getpid())))


def timed_match(folder: Path, address: str) -> tuple[float, float]:
    """`meta-academy match` in a process of its own: seconds and MB. A stage beside those that are compared."""
    context = multiprocessing.get_context("spawn")
    heard, told = context.Pipe(duplex=False)
    process = context.Process(target=_match, args=(folder, address, told))
    process.start()
    seconds, memory = heard.recv()
    process.join()
    return seconds, memory


def timed_publish(house: House) -> float:
    """Graph, search index and figures up to a switched release (matching is timed apart)."""
    began = time.perf_counter()
    publish_now(house, quiet)
    return time.perf_counter() - began


@contextmanager
def registry(folder: Path, address: str) -> Iterator[House]:
    """An empty registry with one academy."""
    host = address.removeprefix("http://").partition("/")[0]
    feed = Feed("bench", "bench", "oai_pmh", address, expect=Expect(1, 0.2), allow_hosts=(host,))
    academy = Academy("bench", {"en": "Bench"}, "https://bench.example.org/", feeds=(feed,))
    settings = Settings(data=folder / "var", http_delay=0.0)
    with opened(settings, {"bench": academy}) as house:
        yield house


def pyshacl_alone(house: House, folder: Path) -> float:
    """Parse and validate the resulting graph in one process of its own, with the same shapes; seconds."""
    file = folder / "all.nt"
    with file.open("w", encoding="utf-8") as handle:
        for change in log.standing(house.connection):
            handle.write(change.stated)
    code = (
        "import sys, time; from pathlib import Path; import pyshacl; from rdflib import Graph;"
        "from registry.prepare.setup import shapes_graph;"
        "shapes = shapes_graph(Path(sys.argv[2]), sys.argv[3]); began = time.perf_counter();"
        "data = Graph().parse(sys.argv[1], format='nt');"
        "report = pyshacl.validate(data, shacl_graph=shapes, inference='none');"
        "print(time.perf_counter() - began)"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(file), str(house.root / "shapes"), house.iris.base]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def compare(count: int) -> dict[str, float]:
    """The whole way against pySHACL alone, at one size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate.write(folder / "pages", count)
        with served(folder / "pages") as address, registry(folder, address) as house:
            visit, _ = timed_visit(house)
            matching, _ = timed_match(folder, address)
            publish = timed_publish(house)
            alone = pyshacl_alone(house, folder)
    print(f"\nCompared at {count} records")
    print(f"  stage, crosswalk, validate, append   {visit:8.1f} s")
    print(f"  publish (graph, search, figures)     {publish:8.1f} s")
    print(f"  pySHACL alone, one process           {alone:8.1f} s")
    print(f"  (beside it: match                    {matching:8.1f} s)")
    return {"ratio to pySHACL alone": (visit + publish) / alone}


def whole(count: int) -> dict[str, float]:
    """First run, an unchanged complete listing, and one with 100 changed records."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate.write(folder / "pages", count)
        with served(folder / "pages") as address, registry(folder, address) as house:
            memory = Memory()
            with memory.watching():
                visit, run = timed_visit(house)
            matching, match_memory = timed_match(folder, address)
            with memory.watching():
                publish = timed_publish(house)
                last = log.last_sequence(house.connection)
                again, unchanged = timed_visit(house)
                again += timed_publish(house)
            assert log.last_sequence(house.connection) == last, "an unchanged listing changed the log"
            generate.write(folder / "pages", count, frozenset(range(0, count, max(count // 100, 1))))
            with memory.watching():
                few, changed = timed_visit(house)
            few_matching, _ = timed_match(folder, address)
            with memory.watching():
                few_publish = timed_publish(house)
    print(f"\nThe whole way at {count} records")
    print(f"  first run: visit                     {visit:8.1f} s   {dict(run.counts)}")
    print(f"  first run: publish                   {publish:8.1f} s")
    print(f"  (beside it: match                    {matching:8.1f} s, {match_memory:.0f} MB)")
    print(f"  the same again, complete listing     {again:8.1f} s   changes in the log: 0")
    print(f"  100 changed: visit                   {few:8.1f} s   changes: {changed.counts['published_new']}")
    print(f"  100 changed: publish                 {few_publish:8.1f} s")
    print(f"  (beside it: match                    {few_matching:8.1f} s)")
    return {"peak memory, MB": memory.peak, "unchanged, share of first run": again / (visit + publish)}


def main() -> int:
    """Print every figure beside its limit; 1 if one is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=100_000)
    options.add_argument("--compared", type=int, default=20_000)
    options.add_argument("--large", type=int, default=500_000)
    options.add_argument("--matching", type=int, default=100_000)
    options.add_argument("--serving", type=int, default=20_000)
    chosen = options.parse_args()
    figures = {**bench_sources.measure(), **bench_crosswalks.measure(), **compare(chosen.compared)}
    figures |= whole(chosen.records)
    figures |= bench_large.measure(chosen.large)
    figures |= bench_matching.measure(chosen.matching)
    with tempfile.TemporaryDirectory() as folder:
        figures |= bench_figures.measure(chosen.matching, Path(folder))
    serving = bench_serving.measure(chosen.serving, 60.0)
    print()
    for name, value in figures.items():
        print(f"{name:36} {value:10.3f}   at most {LIMITS[name]}   {'reached' if value <= LIMITS[name] else 'MISSED'}")
    missed = bench_serving.told(serving)
    return int(missed > 0 or any(value > LIMITS[name] for name, value in figures.items()))


if __name__ == "__main__":
    raise SystemExit(main())
