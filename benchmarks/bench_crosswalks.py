"""How many records a second one core maps, format by format, beside a parser alone: `python -m benchmarks.bench_crosswalks`.

Records are made from the recorded feeds under tests/golden as templates: each copy has an id and texts of its own, of
the same length. Each format is measured in a process of its own, by processor time, best of three in turn: the parser
alone (json, lxml, icalendar; rdflib for N-Triples), the crosswalk, and the whole preparation (crosswalk, steps, topics, shapes).
Memory is the high-water mark, and what it grew by over the tables that every format needs.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import icalendar
import rdflib
from lxml import etree

from registry.crosswalk import FORMATS, load
from registry.model import RawRecord
from registry.prepare.setup import make_preparer
from registry.prepare.workers import BATCH, Job
from tests.fuzz import way
from tests.fuzz.feeds import ROWS, Row

ROOT = Path(__file__).resolve().parent.parent
COUNT, TIMES = 1_000, 3
LIMITS = {"slowest crosswalk, ms a record": 8, "most memory of a crosswalk, MB": 250}
_WORD = re.compile(rb"(?<= )[A-Za-z]{6,}(?=[ ,.;])")


def rows() -> dict[str, list[Row]]:
    """The recorded lists that give each format."""
    found: dict[str, list[Row]] = {}
    for row in ROWS:
        found.setdefault(row.format, []).append(row)
    return found


def templates(lists: Sequence[Row], folder: Path) -> list[RawRecord]:
    """The good records of some recorded lists."""
    found: list[RawRecord] = []
    for number, row in enumerate(lists):
        place = None
        for name, body in (row.folder() if row.folder else {}).items():
            place = folder / str(number)
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(body)
        events = [one for one in way.harvest(row, row.pages(), False, place) if isinstance(one, RawRecord)]
        found += [one for one in events if one.format == row.format and not (one.broken or one.deleted)]
    return found


def varied(template: RawRecord, number: int) -> RawRecord:
    """A copy with an id and words of its own: every fourth long word in its texts ends in other letters."""
    letters = "".join(chr(97 + int(digit)) for digit in f"{number:05}").encode()
    seen = iter(cycle((True, False, False, False)))
    payload = _WORD.sub(lambda word: word[0][:-5] + letters if next(seen) else word[0], template.payload)
    return replace(template, key=f"{template.key}-{number}", payload=payload)


def parser(payload: bytes) -> Callable[[bytes], Any]:
    """What reads a payload, and does nothing with it."""
    if payload.startswith((b"{", b"[")):
        return json.loads
    if re.match(rb"<\S+> <|_:\S+ <", payload):
        return lambda body: rdflib.Graph().parse(data=body, format="nt")
    if payload.startswith(b"BEGIN:"):
        return icalendar.Component.from_ical
    return etree.fromstring


def timed(work: Callable[[], object]) -> float:
    """Processor time of one call, in seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def high_water() -> float:
    """This process's high-water mark of memory in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return max(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _measure(form: str, count: int, told: Any) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        lists = rows()[form]
        found = templates(lists, Path(folder))
        records = [varied(one, number) for number, one in enumerate(islice(cycle(found), count))]
        feed = way.feed_of(lists[0])
        preparer = make_preparer(Job(way.academy_of(feed), feed, way.IRIS, ROOT, Path(folder) / "cache"))
        crosswalk, readers = load(form), [(parser(one.payload), one.payload) for one in records]
        for one in records[:20]:
            crosswalk(one, preparer.context)
        before = high_water()
        best = {"parse": 1e9, "crosswalk": 1e9}
        for _ in range(TIMES):
            best["parse"] = min(best["parse"], timed(lambda: [read(body) is None for read, body in readers]))
            best["crosswalk"] = min(
                best["crosswalk"], timed(lambda: [bool(crosswalk(one, preparer.context).triples) for one in records])
            )
        memory = high_water()
        accepted: list[bool] = []

        def prepare() -> None:
            for at in range(0, len(records), BATCH):
                accepted.extend(bool(one.stated) for one in preparer.prepare(records[at : at + BATCH]))

        whole = timed(prepare)
        told.send(
            {
                "bytes": sum(len(one.payload) for one in records) / count,
                **{name: seconds / count for name, seconds in best.items()},
                "prepare": whole / count,
                "accepted": sum(accepted) / count,
                "memory": memory,
                "growth": memory - before,
                "whole memory": high_water(),
            }
        )


def measure(count: int = COUNT) -> dict[str, float]:
    """Print one line a format; the figures that have a limit."""
    context = multiprocessing.get_context("spawn")
    figures: dict[str, dict[str, float]] = {}
    print(f"\nCrosswalks: {count} records a format, one core, processor time")
    print(
        "  format      bytes  parser alone  crosswalk  × parser   prepared  accepted   memory (grown)  prepared memory"
    )
    print("            /record     records/s  records/s             records/s")
    for form in sorted(rows()):
        heard, told = context.Pipe(duplex=False)
        process = context.Process(target=_measure, args=(form, count, told))
        process.start()
        told.close()
        try:
            one = heard.recv()
        except EOFError as error:
            raise RuntimeError(f"{form}: its process ended without figures") from error
        finally:
            process.join()
        figures[form] = one
        print(
            f"  {form:10} {one['bytes']:6.0f}  {1 / one['parse']:12.0f}  {1 / one['crosswalk']:9.0f}"
            f"  {one['crosswalk'] / one['parse']:8.1f}  {1 / one['prepare']:9.0f}  {one['accepted']:7.0%}"
            f"  {one['memory']:5.0f} MB ({one['growth']:3.0f})  {one['whole memory']:10.0f} MB"
        )
    missing = [name for name in FORMATS if name not in figures]
    if missing:
        print(f"  (not measured, no recorded list yet: {', '.join(missing)})")
    return {
        "slowest crosswalk, ms a record": 1000 * max(one["crosswalk"] for one in figures.values()),
        "most memory of a crosswalk, MB": max(one["memory"] for one in figures.values()),
    }


def main() -> int:
    """Print the figures beside their limits; 1 if one is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=COUNT)
    figures = measure(options.parse_args().count)
    for name, value in figures.items():
        print(f"{name:40} {value:8.3f}   at most {LIMITS[name]}   {'reached' if value <= LIMITS[name] else 'MISSED'}")
    return int(any(value > LIMITS[name] for name, value in figures.items()))


if __name__ == "__main__":
    raise SystemExit(main())
