"""Matching and what follows it on a generated catalogue: `python -m benchmarks.bench_matching --records N`.

Prints seconds by stage, the memory of all processes together, candidates for each record, what share of the planted
pairs is among them, id churn after a week's edits, and the time until these show in a release; beside it, in the same
run, an incremental call against everything anew, and candidates by plain SQL with one Splink model. A second table
gives bad input. One million records take more than an hour (half of it the first release); in `make bench` the default.
With --data FOLDER the registry stays there, and a run that broke off goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.bench_large import Memory, watching
from benchmarks.catalogue_ledger import edit, fill, registry
from benchmarks.generate_catalogue import Catalogue, changes, truth
from benchmarks.plain_matching import plain
from registry.ledger import decisions, log
from registry.matching import Matcher
from registry.model import Change
from registry.pipeline.house import House
from registry.pipeline.matched import feeds_of
from registry.pipeline.publisher import make_ready, matches_now, publish_now

MILLION = 1_000_000
# Figures for a million records; a smaller run must not be slower.
LIMITS = {
    "first build of matches, s": 360.0,
    "memory of matching, MB": 8192.0,
    "changes to matches, s": 3.0,
    "changes to a release, s": 6.0,
    "ids changed, share": 0.001,
    "candidates of a record": 30.0,
    "bad input: candidates of a record": 30.0,
}
BAD = 20_000


def shown(what: str, stage: str, done: int, total: int) -> None:
    """Progress, every 100,000 things: printing each takes time."""
    if done % 100_000 == 0 and done:
        print(f"    … {what} {stage} {done} of {total}", flush=True)


def told(what: str, value: str) -> None:
    """A line of the table, as soon as it is known: a long run may be broken off."""
    print(f"  {what:36} {value}", flush=True)


@contextmanager
def clocked(into: dict[str, float], name: str) -> Iterator[None]:
    """Seconds that the block took."""
    began = time.perf_counter()
    try:
        yield
    finally:
        into[name] = into.get(name, 0.0) + time.perf_counter() - began


def _matcher(folder: Path, feeds: dict[str, str], stages: dict[str, float]) -> Matcher:
    def told(stage: str, seconds: float) -> None:
        stages[stage] = stages.get(stage, 0.0) + seconds

    return Matcher(folder, feeds, told=told)


def _works(matcher: Matcher) -> dict[str, str]:
    return {member: work.id for work in matcher.works() if work.level == "work" for member in work.members}


def _candidates(folder: Path, count: int, base: str) -> tuple[int, dict[str, tuple[int, int]]]:
    """How many pairs were candidates, and {kind of planted pair: (among them, planted)}."""
    planted = list(truth(count, base=base))
    columns = {name: [getattr(one, name) for one in planted] for name in ("left", "right", "kind")}
    with duckdb.connect(str(folder / "matching.duckdb"), read_only=True) as file:
        (pairs,) = file.execute("SELECT count(*) FROM pair").fetchall()[0]
        file.register("planted", pa.table(columns))
        rows = file.execute(
            "SELECT kind, count(pair.l), count(*) FROM planted"
            ' JOIN record x ON x.resource = "left" JOIN record y ON y.resource = "right"'
            " LEFT JOIN pair ON pair.l = least(x.n, y.n) AND pair.r = greatest(x.n, y.n) GROUP BY kind ORDER BY kind"
        ).fetchall()
    return pairs, {kind: (found, of) for kind, found, of in rows}


def _first(house: House, count: int, folder: Path, spent: dict[str, float], stages: dict[str, float]) -> Memory:
    memory = Memory()
    standing = log.standing(house.connection)
    last = log.last_sequence(house.connection)
    with watching(memory, frozenset()), _matcher(folder, feeds_of(house), stages) as matcher:
        if matcher.marker()[0] < count:
            with clocked(spent, "first"):
                matcher.rebuild(standing, decisions.in_force(house.connection), last, tell=False)
    return memory


def _filled(house: House, count: int, spent: dict[str, float]) -> None:
    """The catalogue in the log, unless it is there."""
    last = log.last_sequence(house.connection)
    # What a release appends of its own (the model, ids of works) may follow the catalogue.
    edited = any(change.kind in ("record", "tombstone") for change in log.changes(house.connection, count))
    assert last == 0 or (last >= count and not edited), f"another catalogue, or one that was edited: {last} changes"
    if not last:
        with clocked(spent, "log"):
            fill(house, count)


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """A data folder: one that stays, or one that goes."""
    if kept is None:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)
        return
    kept.mkdir(parents=True, exist_ok=True)
    yield kept


def _seconds(spent: dict[str, float], name: str) -> str:
    return f"{spent[name]:8.1f} s" if name in spent else "was there"


def whole(count: int, changed: int, kept: Path | None = None) -> dict[str, float]:
    """The catalogue from the log to a release, and a week's edits after it."""
    spent: dict[str, float] = {}
    stages: dict[str, float] = {}
    print(f"\nMatching {count} generated records, 40 academies, 8 languages ({os.cpu_count()} cores)", flush=True)
    with _folder(kept) as data, registry(data, count) as house:
        _filled(house, count, spent)
        told("written into the log", _seconds(spent, "log"))
        folder = house.settings.data / "matching"
        memory = _first(house, count, folder, spent, stages)
        for stage, seconds in stages.items():
            told(f"  {stage}", f"{seconds:8.1f} s")
        told("first build of matches", f"{_seconds(spent, 'first')}   memory {memory.whole:.0f} MB")
        candidates, recall = _candidates(folder, count, house.iris.base)
        told("candidates", f"{candidates:8d}     {candidates / count:.1f} a record")
        for kind, (hits, planted) in recall.items():
            told(f"  {kind} among them", f"{hits:8d} of {planted}   {hits / max(planted, 1):.3f}")
        with clocked(spent, "publish"):
            publish_now(house, shown)
        told("first release of them", _seconds(spent, "publish"))
        make_ready(house)
        with _matcher(folder, feeds_of(house), {}) as matcher:
            before = _works(matcher)
        last = log.last_sequence(house.connection)
        edit(house, count, changed)
        touched = {change.subject for change in log.changes(house.connection, last, 10 * changed)}
        with clocked(spent, "matches"), matches_now(house):
            pass
        spent["release"] = spent["matches"]
        told(f"{changed} changed: to matches", f"{spent['matches']:8.2f} s")
        with clocked(spent, "release"):
            release = publish_now(house, shown)
        told(f"{changed} changed: to a release", f"{spent['release']:8.2f} s   {release.manifest['counts']}")
        with _matcher(folder, feeds_of(house), {}) as matcher:
            after = _works(matcher)
        stayed = {member for member in before if member.replace("/resource/", "/record/", 1) not in touched}
        # An id changes for a record whose work is another one now, or none: its only companion may have gone.
        alone = sum(member not in after for member in stayed)
        moved = sum(after.get(member, before[member]) != before[member] for member in stayed)
        unchanged = count - changed
        told(
            "ids of works of unchanged records",
            f"{moved:8d}     are other ones, {alone} have none now, of {unchanged}",
        )
        if count < MILLION:
            again: dict[str, float] = {}
            _first(house, count, data / "anew", again, {})
            told("beside it: everything anew", f"{again['first']:8.1f} s")
            with clocked(spent, "plain"):
                compared = plain(log.standing(house.connection))
            told("beside it: plain SQL and Splink", f"{_seconds(spent, 'plain')}   {compared / count:.1f} a record")
    built = {"first build of matches, s": spent["first"], "memory of matching, MB": memory.whole}
    return (built if "first" in spent else {}) | {
        "changes to matches, s": spent["matches"],
        "changes to a release, s": spent["release"],
        "ids changed, share": (moved + alone) / unchanged,
        "candidates of a record": candidates / count,
    }


def _with(change: Change, catalogue: Catalogue, number: int, **values: object) -> Change:
    item = replace(catalogue.item(number), **values)  # type: ignore[arg-type]
    return catalogue.change(item, change.sequence)


def _titled(change: Change, title: str) -> Change:
    lines = [
        row
        if "/name> " not in row or "/agent/" in row
        else f'{row.split(" ", 1)[0]} <http://schema.org/name> "{title}"@en .'
        for row in change.stated.splitlines()
    ]
    return replace(change, stated="\n".join(sorted(lines)) + "\n")


def bad(count: int) -> dict[str, Iterable[Change]]:
    """Catalogues that have brought others down, by name."""
    catalogue = Catalogue(count)
    described = catalogue.item(catalogue.count - 1).description or (1, 2, 3)

    def made(**values: object) -> Iterator[Change]:
        return (_with(change, catalogue, n, **values) for n, change in enumerate(changes(count)))

    return {
        "one title for every other record": (
            _titled(one, "Introduction to statistics") if n % 2 else one for n, one in enumerate(changes(count))
        ),
        "one address for all": made(address="https://office-00.example.org/login"),
        "one description for all": made(description=described * 20, boiler=True),
        "a description of 1 MB": made_large(count),
        "empty titles": (_titled(one, "") for one in changes(count)),
        "no language, no description, Webinar": made(spoken=False, description=(), boiler=False, webinar=True),
    }


def made_large(count: int) -> Iterator[Change]:
    """A catalogue of which ten records describe themselves in a megabyte."""
    catalogue = Catalogue(count)
    for number, change in enumerate(changes(count)):
        if number % (count // 10):
            yield change
        else:
            yield _with(change, catalogue, number, description=tuple(n % 20_000 for n in range(100_000)))


def worst(count: int) -> float:
    """Candidates of a record and seconds with each bad input; the most candidates."""
    print(f"\nBad input, {count} records")
    most = 0.0
    for name, records in bad(count).items():
        with tempfile.TemporaryDirectory() as folder:
            memory, spent = Memory(), dict[str, float]()
            feeds = {
                feed.id: academy.id for academy in Catalogue(count).academies().values() for feed in academy.feeds
            }
            with watching(memory, frozenset()), _matcher(Path(folder), feeds, {}) as matcher, clocked(spent, "all"):
                delta = matcher.rebuild(records, tell=False)
                sizes = Counter(_works(matcher).values())
            with duckdb.connect(str(Path(folder) / "matching.duckdb"), read_only=True) as file:
                (candidates,) = file.execute("SELECT count(*) FROM pair").fetchall()[0]
        most = max(most, candidates / count)
        print(
            f"  {name:38} {spent['all']:6.1f} s {memory.whole:6.0f} MB   {candidates / count:5.1f} candidates a record,"
            f" largest work {max(sizes.values(), default=0)}, set aside {dict(delta.aside)}"
        )
    return most


def measure(count: int, changed: int = 1_000, few: int = BAD, kept: Path | None = None) -> dict[str, float]:
    """All figures; printed on the way."""
    return whole(count, changed, kept) | {"bad input: candidates of a record": worst(few)}


def main() -> int:
    """Print every figure beside its limit; 1 if one is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=100_000)
    options.add_argument("--changed", type=int, default=1_000)
    options.add_argument("--bad", type=int, default=BAD)
    options.add_argument("--data", type=Path, help="where the registry stays, also for bench_api --data")
    chosen = options.parse_args()
    figures = measure(chosen.records, chosen.changed, chosen.bad, chosen.data)
    print()
    for name, value in figures.items():
        limit = LIMITS[name]
        print(f"{name:36} {value:10.3f}   at most {limit}   {'reached' if value <= limit else 'MISSED'}")
    return int(any(value > LIMITS[name] for name, value in figures.items()))


if __name__ == "__main__":
    raise SystemExit(main())
