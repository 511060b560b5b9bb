"""Preparing many records in worker processes, a bounded window of batches in flight.

One pool serves all feeds of a harvest. A worker sets itself up for a feed when it gets its first batch: value
tables, screen and shapes are read there, not sent. A handful of records is prepared in the calling process,
where starting workers would cost more than it saves.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

from registry.iris import Iris
from registry.ledger.log import graph_digest
from registry.ledger.records import Waiting
from registry.ledger.staging import digest
from registry.model import Academy, Correction, Feed, Finding
from registry.prepare.loops import Cited, Origin
from registry.prepare.record import Preparer, packed
from registry.prepare.same import marks
from registry.prepare.setup import make_preparer
from registry.prepare.steps import Held

BATCH = 200
FEW = 150


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the main process writes for one record: packed graphs, their digest ("" when held), findings.

    ``held`` says whether a rule or a loop holds it back; ``origins`` and ``based_on`` as in ``steps.Worked``.
    ``prepared``, ``status`` and ``published`` are how it stood before (``records.Waiting``).
    """

    id: int
    key: str
    digest: str
    stated: bytes
    inferred: bytes
    findings: tuple[Finding, ...]
    missing: frozenset[tuple[str, str, str]]
    held: Held
    origins: tuple[Origin, ...]
    based_on: tuple[Cited, ...]
    prepared: str | None
    status: str
    published: bool
    marks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """Which feed is prepared, with what: everything that a worker needs to set itself up.

    ``corrections`` are those of the feed's records that are in force, by key; ``schemes`` is the folder of the
    lists of terms that were added.
    """

    academy: Academy
    feed: Feed
    iris: Iris
    root: Path
    cache: Path
    corrections: Mapping[str, tuple[Correction, ...]] = field(default_factory=dict)
    schemes: Path | None = None


def outcomes(preparer: Preparer, batch: Sequence[Waiting]) -> list[Outcome]:
    """Prepare one batch."""
    result = []
    for waiting, prepared in zip(batch, preparer.prepare([one.record for one in batch]), strict=True):
        missing = frozenset((code, field, waiting.record.format) for code, field in prepared.missing)
        result.append(
            Outcome(
                waiting.id,
                prepared.key,
                graph_digest(prepared.stated, prepared.inferred) if prepared.stated else "",
                packed(prepared.stated),
                packed(prepared.inferred),
                prepared.findings,
                missing,
                prepared.held,
                prepared.origins,
                prepared.based_on,
                waiting.prepared,
                waiting.status,
                waiting.published,
                _marks(preparer, waiting, prepared.stated),
            )
        )
    return result


def _marks(preparer: Preparer, waiting: Waiting, stated: str) -> tuple[int, ...]:
    """By what an accepted record can be found to stand twice in its list."""
    context = preparer.context
    resource = context.iris.resource(context.feed.id, waiting.record.key)
    return marks(stated, resource, waiting.digest) if stated else ()


_KEPT = 4
_KIND = 5  # workers give way to the process that fetches, which feeds them
_worker: dict[bytes, Preparer] = {}


def _set_up() -> None:
    die_with_parent()
    os.nice(_KIND)


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent is killed, so that no worker is orphaned."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _run(name: bytes, job: Job, batch: Sequence[Waiting]) -> list[Outcome]:
    """One batch in a worker, which keeps what it set up for the last few feeds."""
    if name not in _worker:
        like = next(reversed(_worker.values()), None)
        while len(_worker) >= _KEPT:
            del _worker[next(iter(_worker))]
        _worker[name] = make_preparer(job, like=like)
    return outcomes(_worker[name], batch)


@dataclass(slots=True)
class Pool:
    """Worker processes, started when they are first needed and shared by all feeds; a context manager.

    To be used by one thread only, the one that made it: Linux ends a worker with the thread that started it
    (``die_with_parent``).
    """

    workers: int
    _pool: ProcessPoolExecutor | None = field(default=None)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def prepare(self, job: Job, batches: Iterable[Sequence[Waiting]]) -> Iterator[list[Outcome]]:
        """Prepare batches, in order, at most twice as many in flight as there are workers.

        An error in a worker is a bug and passes through; after BrokenProcessPool (a worker was killed) the
        next call starts new workers.
        """
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_set_up)
        name = digest(pickle.dumps(job)).encode()
        flying: deque[Future[list[Outcome]]] = deque()
        try:
            for batch in batches:
                flying.append(self._pool.submit(_run, name, job, batch))
                if len(flying) >= 2 * self.workers:
                    yield flying.popleft().result()
            while flying:
                yield flying.popleft().result()
        except BrokenProcessPool:
            self._pool.shutdown()
            self._pool = None
            raise
        finally:
            for future in flying:
                future.cancel()


def prepare(
    job: Job, batches: Iterable[Sequence[Waiting]], total: int, workers: int, pool: Pool | None = None
) -> Iterator[list[Outcome]]:
    """Prepare batches, in order: a handful here, more in ``pool``, or in ``workers`` processes of their own."""
    if total <= FEW or workers < 2:
        preparer = make_preparer(job)
        for batch in batches:
            yield outcomes(preparer, batch)
    elif pool is not None:
        yield from pool.prepare(job, batches)
    else:
        with Pool(workers) as own:
            yield from own.prepare(job, batches)
