"""Generated catalogues in a ledger, as if harvested and accepted: for benchmarks of what comes after the log."""

from __future__ import annotations

import multiprocessing
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import islice
from pathlib import Path

from benchmarks.generate_catalogue import Catalogue, edits
from registry.ledger import findings, log, runs
from registry.ledger.connection import transaction
from registry.model import Change, Finding, Issue
from registry.pipeline.house import House, opened
from registry.settings import Settings

CHUNK = 2_000
FINDINGS = 3
"""Findings of each record; most real ones are absences."""
Row = tuple[str, str, str, str, bytes, str]
"""Kind, subject, feed, key, compressed graph, digest."""


def _row(change: Change) -> Row:
    packed = zlib.compress(change.stated.encode(), 1) if change.stated else b""
    return change.kind, change.subject, change.feed, change.key, packed, change.digest


@cache
def _catalogue(count: int, seed: int) -> Catalogue:
    return Catalogue(count, seed)  # once in each process: its words take seconds


def _rows(count: int, seed: int, numbers: range) -> list[Row]:
    catalogue = _catalogue(count, seed)
    return [_row(catalogue.change(catalogue.item(number), 0)) for number in numbers]


def rows(count: int, seed: int, processes: int = 2) -> Iterator[list[Row]]:
    """The catalogue in chunks, in order, made by several processes."""
    chunks = (range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap(partial(_rows, count, seed), chunks)


def _write(connection: sqlite3.Connection, made: Iterable[Row], run_of: dict[str, str], time: str, found: int) -> None:
    """Append accepted graphs, with findings, in one transaction."""
    issue = Issue("LR-license", "/record/metadata/rights")
    with transaction(connection):
        for kind, subject, feed, key, packed, digest in made:
            log.append(
                connection, time=time, kind=kind, subject=subject, cause="source", feed=feed, key=key,
                run=run_of[feed], stated=packed, digest_=digest,
            )  # type: ignore[arg-type]  # fmt: skip
            if found:
                findings.replace(connection, feed, key, "validate", [Finding(feed, key, "info", issue)] * found)


def _begun(house: House) -> tuple[dict[str, str], list[int]]:
    """A run of each feed: {feed: its IRI}, and their numbers."""
    started = [runs.start(house.connection, house.iris, feed, runs.utc_now()) for _, feed in house.feeds]
    return {run.feed: run.iri for _, run in started}, [number for number, _ in started]


def fill(house: House, count: int, seed: int = 1) -> None:
    """Write the catalogue into an empty ledger."""
    run_of, numbers = _begun(house)
    for made in rows(count, seed):
        _write(house.connection, made, run_of, runs.utc_now(), FINDINGS)
    for number in numbers:
        runs.end(house.connection, number, "done", "", {"records": 1}, runs.utc_now())
    house.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def edit(house: House, count: int, changed: int, seed: int = 1) -> None:
    """Append a week's changes of the catalogue: some of its records changed, new and withdrawn."""
    run_of, numbers = _begun(house)
    made = map(_row, edits(count, changed, seed, house.iris.base))
    while some := list(islice(made, CHUNK)):
        _write(house.connection, some, run_of, runs.utc_now(), 0)
    for number in numbers:
        runs.end(house.connection, number, "done", "", {"records": 1}, runs.utc_now())


@contextmanager
def registry(folder: Path, count: int) -> Iterator[House]:
    """A registry of the catalogue's academies, in a data folder; matches are public at once."""
    with opened(Settings(data=folder, notice_days=0), Catalogue(count).academies()) as house:
        yield house
