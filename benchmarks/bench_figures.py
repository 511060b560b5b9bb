"""How long the tables for dashboards take: `python -m benchmarks.bench_figures --records N` (default 100000).

The figures of a generated catalogue, with the pairs and works that were planted in it, are built from nothing and
carried forward; then every table is read whole, with the values that its query has by default, and those that list
entries for one academy. Beside the time that passes stands the processor's: on a busy machine that is what lasts. Option
--data FOLDER keeps the figures there and uses them again; it may be what `bench_matching --data` leaves, whose release
has figures with all that is published.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.generate_catalogue import RELATIONS, Catalogue, feed_of
from registry import vocabulary
from registry.iris import SPDX
from registry.model import Match, Work
from registry.search.document import item
from registry.search.licences import load as load_licences
from registry.statistics import cube, lists
from registry.statistics.axes import Axes
from registry.statistics.build import DATABASE, Before, build
from registry.statistics.tables import read, tables
from registry.web.stored import load_queries

ROOT = Path(__file__).resolve().parent.parent
CALLS, CHANGED = 20, 1000
LIMITS = {"slowest table, ms at p95": 100}


class Generated:
    """A catalogue as figures are built from it."""

    def __init__(self, count: int) -> None:
        self.catalogue = Catalogue(count)
        self.iris = self.catalogue.iris
        folder = ROOT / "ontology"
        self.labels = vocabulary.labels(folder, self.iris.base)
        schemes = vocabulary.schemes(folder, self.iris.base)
        self.academies = self.catalogue.academies()
        self.academy_of = {feed.id: academy.id for academy in self.academies.values() for feed in academy.feeds}
        self.common: dict[str, Any] = {
            "academies": self.academies.values(), "runs": [], "iris": self.iris,
            "axes": Axes(vocabulary.of_role(schemes, "subject"), self.labels),
            "licences": {SPDX + name: terms.open for name, terms in load_licences().items()},
        }  # fmt: skip

    def documents(self, numbers: range) -> Iterator[dict[str, Any]]:
        """Resources, published over three years."""
        for number in numbers:
            change = self.catalogue.change(self.catalogue.item(number), number)
            when = f"{2024 + number % 3}-{1 + number % 12:02d}-01T00:00:00Z"
            yield item(replace(change, first=when, time=when), self.labels, self.academy_of[change.feed])

    def iri(self, number: int) -> str:
        """The resource of a number."""
        made = self.catalogue.item(number)
        return str(self.iris.resource(feed_of(made.academy), str(number)))

    def matches(self) -> Iterator[Match]:
        """The planted pairs."""
        for number in range(self.catalogue.count):
            origin = self.catalogue.origin(number)
            if origin is not None and (relation := RELATIONS[origin[0]]) != "different":
                source = self.iri(origin[1])
                left, right = sorted((self.iri(number), source))
                directed = relation in ("version", "translation", "derivative")
                yield Match(
                    left, right, relation, 0.9, "accepted" if number % 2 else "candidate", "PLANTED",
                    "CompositeMatching", (), source=source if directed else "",
                )  # fmt: skip

    def works(self) -> Iterator[Work]:
        """All forms of one course, by what they come from."""
        forms: dict[int, list[int]] = {}
        for number in range(self.catalogue.count):
            origin = self.catalogue.origin(number)
            if origin is not None and RELATIONS[origin[0]] not in ("different", "derivative"):
                forms.setdefault(origin[1], [origin[1]]).append(number)
        for number, members in forms.items():
            yield Work(f"w-{number}", "work", tuple(sorted(map(self.iri, members))))


def took(call: Callable[[], object]) -> tuple[float, float, float]:
    """Milliseconds of a call: median, 95th percentile, and the processor's at the 95th percentile."""
    passed, worked = [], []
    for _ in range(CALLS):
        began, busy = time.perf_counter(), time.process_time()
        call()
        passed.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - busy) * 1000)
    place = CALLS * 95 // 100 - 1
    return sorted(passed)[CALLS // 2], sorted(passed)[place], sorted(worked)[place]


def measure(count: int, folder: Path) -> dict[str, float]:
    """Print the time of every table."""
    generated, figures = Generated(count), folder / "figures"
    if (published := folder / "releases" / "current" / "figures").exists():
        figures = published
    print(f"\nTables for dashboards, of {count} resources")
    if not (figures / DATABASE).exists():
        began = time.perf_counter()
        build(
            figures, resources=generated.documents(range(count)), matches=generated.matches(),
            works=generated.works(), sequence=1, **generated.common,
        )  # fmt: skip
        print(f"  built from nothing             {time.perf_counter() - began:8.1f} s")
    changed = list(generated.documents(range(min(CHANGED, count))))
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as next_:
        build(Path(next_), resources=changed, matches=(), sequence=2, before=Before(figures), **generated.common)
    print(f"  carried by {len(changed)} changes        {time.perf_counter() - began:8.1f} s")
    print(f"  {'':24} {'rows':>7} {'median':>8} {'p95':>8} {'processor':>10}   ms")
    queries = load_queries(ROOT / "ontology" / "questions", generated.iris.base + "/")
    slowest = 0.0
    for name in tables():
        wanted = {one.name: one.default for one in queries[name].parameters if one.default is not None}
        given: dict[str, Any] = {key: int(value) if value.isdecimal() else value for key, value in wanted.items()}
        if name in lists.COLUMNS:  # a list of everything is as long as it is, and is kept by the server
            given["academy"] = "office-00"
        rows = len(read(figures, name, given)[1])
        median, most, worked = took(lambda name=name, given=given: read(figures, name, given))  # type: ignore[misc]
        slowest = max(slowest, most)
        print(f"  {name:24} {rows:7} {median:8.1f} {most:8.1f} {worked:10.1f}")
    one = {"scheme": "gsbpm", "academy": "office-00"}
    _, most, worked = took(lambda: cube.dataset(figures, "coverage", generated.iris, one))
    print(f"  {'a data cube of one academy':32} {'':8} {most:8.1f} {worked:10.1f}")
    return {"slowest table, ms at p95": slowest}


def main() -> int:
    """Print the figure beside its limit; 1 if it is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=100_000)
    options.add_argument("--data", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        figures = measure(chosen.records, chosen.data or Path(made))
    for name, value in figures.items():
        print(f"{name:40} {value:8.1f}   at most {LIMITS[name]}   {'reached' if value <= LIMITS[name] else 'MISSED'}")
    return int(any(value > LIMITS[name] for name, value in figures.items()))


if __name__ == "__main__":
    raise SystemExit(main())
