"""Preparing many records in worker processes, a bounded window of batches in flight.

A worker is set up once per feed: value tables, screen and shapes are read there, not sent. A handful of
records is prepared in the calling process, where starting workers would cost more than it saves.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from registry.iris import Iris
from registry.ledger.records import Waiting
from registry.ledger.staging import digest
from registry.model import Academy, Cause, Feed, Finding
from registry.prepare.record import Preparer, packed
from registry.prepare.setup import make_preparer

BATCH = 200
FEW = 150


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the main process writes for one record: packed graphs, their digest ("" when held), findings."""

    id: int
    key: str
    digest: str
    stated: bytes
    inferred: bytes
    cause: Cause
    findings: tuple[Finding, ...]
    missing: frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Job:
    """Which feed is prepared, with what: everything that a worker needs to set itself up."""

    academy: Academy
    feed: Feed
    iris: Iris
    root: Path
    cache: Path


def outcomes(preparer: Preparer, batch: Sequence[Waiting]) -> list[Outcome]:
    """Prepare one batch."""
    result = []
    for waiting, prepared in zip(batch, preparer.prepare([one.record for one in batch]), strict=True):
        body = prepared.stated.encode()
        missing = frozenset((code, field, waiting.record.format) for code, field in prepared.missing)
        result.append(
            Outcome(
                waiting.id,
                prepared.key,
                digest(body + b"\x00") if body else "",
                packed(prepared.stated),
                packed(""),
                "crosswalk" if waiting.same_payload else "source",
                prepared.findings,
                missing,
            )  # fmt: skip
        )
    return result


_worker: list[Preparer] = []


def _set_up(job: Job) -> None:
    die_with_parent()
    _worker[:] = [make_preparer(job)]


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent is killed, so that no worker is orphaned."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _run(batch: Sequence[Waiting]) -> list[Outcome]:
    return outcomes(_worker[0], batch)


def prepare(job: Job, batches: Iterable[Sequence[Waiting]], total: int, workers: int) -> Iterator[list[Outcome]]:
    """Prepare batches, in order, with ``workers`` processes and at most twice as many batches in flight.

    An error in a worker is a bug and passes through.
    """
    if total <= FEW or workers < 2:
        preparer = make_preparer(job)
        for batch in batches:
            yield outcomes(preparer, batch)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_set_up, initargs=(job,)) as pool:
        flying: deque[Future[list[Outcome]]] = deque()
        for batch in batches:
            flying.append(pool.submit(_run, batch))
            if len(flying) >= 2 * workers:
                yield flying.popleft().result()
        while flying:
            yield flying.popleft().result()
