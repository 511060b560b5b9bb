"""Memory with one source of 500,000 small records, from the first request to the log: the whole process tree's.

Takes about a quarter of an hour on two cores; `python -m benchmarks.bench_large --records N` for another size, in `make bench`
SIZE=N. The server makes its pages on the fly, in a process that is not counted.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench_sources import academies, serving
from registry.model import Run
from registry.pipeline.harvest import harvest_feeds
from registry.pipeline.house import opened
from registry.settings import Settings

PAGE = 500
LIMITS = {"memory of a large source, MB": 1000}


@dataclass(slots=True)
class Memory:
    """Peaks in MB of resident memory: of all processes together, of this one, of the others together."""

    whole: float = 0.0
    main: float = 0.0
    workers: float = 0.0


def below(pid: int) -> list[int]:
    """The processes that one started, and those that these started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in children:
            found += [child, *below(child)]
    return found


def resident(pid: int) -> float:
    """A process's resident memory in MB, 0 if it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


@contextmanager
def watching(memory: Memory, apart: frozenset[int]) -> Iterator[None]:
    """Look now and then while the block runs; the processes of ``apart`` do not count."""
    stopped = threading.Event()

    def watch() -> None:
        while not stopped.wait(0.2):
            main = resident(os.getpid())
            workers = sum(resident(pid) for pid in below(os.getpid()) if pid not in apart)
            memory.whole = max(memory.whole, main + workers)
            memory.main, memory.workers = max(memory.main, main), max(memory.workers, workers)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def measure(count: int) -> dict[str, float]:
    """Print times and memory of a first visit and of one that finds nothing changed."""
    pages = -(-count // PAGE)
    spec = {"seconds": 0.0, "size": PAGE, "sources": {"source-00": pages}, "ready": False}
    memory, again = Memory(), Memory()
    fetched: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(spec) as port,
        opened(Settings(data=Path(folder)), academies(["source-00"], port)) as house,
    ):
        apart = frozenset(below(os.getpid()))
        began = time.perf_counter()

        def shown(what: str, stage: str, done: int, total: int) -> None:
            if stage == "fetched":
                fetched.append(time.perf_counter() - began)

        def visited() -> Run:
            (run,) = harvest_feeds(house, house.feeds, shown, full=True)
            assert run.outcome == "done" and run.counts["published"] == pages * PAGE, run
            return run

        with watching(memory, apart):
            run = visited()
        first, began = time.perf_counter() - began, time.perf_counter()
        with watching(again, apart):
            visited()
        second = time.perf_counter() - began
        size = (Path(folder) / "ledger.sqlite").stat().st_size / (1 << 20)
    print(f"\nOne source of {run.counts['records']} records")
    print(f"  payloads in the ledger               {fetched[0]:8.1f} s")
    print(f"  all in the log                       {first:8.1f} s   ledger {size:.0f} MB")
    print(f"  the same again, nothing changed      {second:8.1f} s")
    print(f"  memory: main process                 {memory.main:8.0f} MB   workers together {memory.workers:.0f} MB")
    print(f"  memory: all processes                {memory.whole:8.0f} MB   the same again {again.whole:.0f} MB")
    return {"memory of a large source, MB": max(memory.whole, again.whole)}


def main() -> int:
    """Print the figure beside its limit; 1 if it is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=500_000)
    figures = measure(options.parse_args().records)
    for name, value in figures.items():
        print(f"{name:40} {value:8.0f}   at most {LIMITS[name]}   {'reached' if value <= LIMITS[name] else 'MISSED'}")
    return int(any(value > LIMITS[name] for name, value in figures.items()))


if __name__ == "__main__":
    raise SystemExit(main())
