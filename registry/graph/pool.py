"""Queries for the web: a pool of killable workers on the current release, and one-off queries for the command line.

Nothing is evaluated in the calling process. A query ends at its deadline, when its client leaves, or when it
needs more memory than allowed, by the death of its worker; another takes its place. A new release gets
workers of its own, and those on the old one end with the query that they answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from registry.graph.forked import Worker, Zygote
from registry.graph.guard import Refused, Scan, scan
from registry.graph.lanes import FailureKind, Lane, Quarantine, QueryFailed
from registry.graph.link import Link, WorkerEnded
from registry.graph.target import Target
from registry.graph.worker import FRAME, Request, receive
from registry.settings import Settings

__all__ = ["PASSING", "FailureKind", "QueryAnswer", "QueryFailed", "QueryPool", "QueryRequest", "query_release"]

LOG = logging.getLogger(__name__)
INTERNAL_WORKERS = 2
PASSING = "~"
"""How the name of a release begins that answers are not kept for: it is not whole, or will be another at once."""
MAX_DEADLINE = 60.0
READY_SECONDS = 30.0
RETIRE_AFTER, RETIRE_BUSY = 10_000, 60.0
"""Queries, or seconds of work, after which a worker is replaced: by then its memory is in pieces."""
LATE = "The query took longer than a query may take."
BROKEN = "The query needed more memory than a query may use, or broke its worker."


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A query, its form and the media type of its answer (a key of worker.RESULTS or worker.GRAPHS).

    If either list of graphs is given, both define the dataset (SPARQL 1.1 Protocol 2.1.4). ``deadline``
    in seconds, waiting for a worker included; None is the setting. ``bindings`` as in worker.Request. ``client``
    is whose share of the workers it takes, ``found`` what a scan of the text found already.
    """

    query: str
    form: str
    media_type: str
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    deadline: float | None = None
    bindings: tuple[tuple[str, str, str], ...] = ()
    client: str = ""
    found: Scan | None = None


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """An answer that has begun. ``first`` is all of it when ``whole``; else ``rest`` brings what follows and
    raises QueryFailed if it cannot be completed. ``close`` must be called in the end. ``until`` is the
    deadline (time.monotonic, also for a caller that reads slowly): then the worker is gone. ``began`` is when a
    worker took it."""

    media_type: str
    release: str
    first: bytes
    whole: bool
    until: float
    rest: AsyncIterator[bytes]
    close: Callable[[], None]
    began: float = 0.0


class QueryPool:
    """All query workers of one web process. ``start``, then ``switch`` to a release, before the first query."""

    def __init__(self, settings: Settings, target: Target | None = None) -> None:
        """With a target, workers ask a store elsewhere, and there are none for our own pages."""
        self.settings, self.target = settings, target
        self._zygote: Zygote | None = None
        count = settings.query_worker_count
        self._public = Lane(count, settings.query_queue, share=max(1, count // 2))
        self._internal = Lane(0 if target else INTERNAL_WORKERS, 4 * settings.query_queue)
        self._generation = 0
        self._graph: Path | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.quarantine = Quarantine()
        self.release = ""
        self.sandboxed = False

    @property
    def public(self) -> QueryPool:
        """What answers the public."""
        return self

    async def start(self) -> None:
        """Start the process that workers are forked from."""
        self._zygote = Zygote()

    async def stop(self) -> None:
        """End all workers; queries that run fail."""
        self._graph = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for lane in (self._public, self._internal):
            while lane.idle:
                lane.idle.pop().kill()
        if self._zygote is not None:
            zygote, self._zygote = self._zygote, None
            await asyncio.to_thread(zygote.close)

    async def switch(self, release_graph_dir: Path, number: str) -> None:
        """Answer from another release: once its workers are ready, those on the old one are given up.

        Raises QueryFailed if they do not get ready; then the old release stays.
        """
        generation = self._generation + 1
        lanes = [lane for lane in (self._public, self._internal) for _ in range(lane.size)]
        ready = await asyncio.gather(
            *(self._spawn(release_graph_dir, number, generation) for _ in lanes), return_exceptions=True
        )
        workers = [worker for worker in ready if isinstance(worker, Worker)]
        if failed := [error for error in ready if isinstance(error, BaseException)]:
            for worker in workers:
                worker.kill()
            raise failed[0]
        self._generation, self._graph, self.release = generation, release_graph_dir, number
        for lane in (self._public, self._internal):
            while lane.idle:
                lane.idle.popleft().kill()
        for lane, worker in zip(lanes, workers, strict=True):
            lane.add(worker)

    async def run(self, request: QueryRequest, *, internal: bool = False) -> QueryAnswer:
        """Evaluate a query up to the first 64 kB of its answer, or its end. Raises QueryFailed.

        Cancelling the call, or closing the answer early, kills the worker.
        """
        if self._graph is None:
            raise QueryFailed("unavailable", "Nothing is published yet.", 30)
        try:
            found = request.found or scan(request.query, self.settings.query_max_bytes)
        except Refused as refused:
            raise QueryFailed(refused.reason, str(refused)) from None
        digest = hashlib.sha256(request.query.encode("utf-8", "surrogatepass")).digest()
        if left := self.quarantine.left(digest, time.monotonic()):
            told = f"This query has broken its worker {self.quarantine.strikes} times. It is not asked again for now."
            raise QueryFailed("quarantined", told, int(left) + 1)
        lane = self._internal if internal else self._public
        seconds = min(request.deadline or self.settings.query_deadline, MAX_DEADLINE)
        end = time.monotonic() + seconds
        while (worker := await lane.take(request.client, end - time.monotonic())).link.ended:
            self._give_up(lane, request.client, worker, alive=False)
        running = _Running(self, lane, worker, request.client, time.monotonic(), end)
        try:
            first, whole = await running.begin(_order(request, found, self.settings, end))
        except BaseException as error:
            running.finish(alive=isinstance(error, QueryFailed) and not worker.dead)
            if isinstance(error, QueryFailed) and error.kind == "crashed":
                self._note_crash(digest)
            raise
        if whole:
            running.finish(alive=True)
        return QueryAnswer(
            request.media_type, worker.release, first, whole, end, running.rest(), running.close, running.began
        )

    async def fetch(self, query: str, media_type: str) -> bytes:
        """The whole answer of one of our own queries, by workers that the public cannot occupy."""
        answer = await self.run(QueryRequest(query, "", media_type), internal=True)
        try:
            return answer.first + b"".join([part async for part in answer.rest])
        finally:
            answer.close()

    def _note_crash(self, digest: bytes) -> None:
        # When the process that forks has died, its workers have too, whatever they did.
        if self._zygote is None or not self._zygote.alive:
            return
        blocked = self.quarantine.struck(digest, time.monotonic())
        LOG.warning("query %s broke its worker%s", digest.hex()[:12], "; it is not asked again for now" * blocked)

    def _give_up(self, lane: Lane, client: str, worker: Worker, *, alive: bool, seconds: float = 0.0) -> None:
        """Take a worker back: for the next query if it can answer one, else another replaces it."""
        current = worker.generation == self._generation and self._graph is not None
        worker.busy += seconds
        if alive and current and worker.asked < RETIRE_AFTER and worker.busy < RETIRE_BUSY:
            lane.free(client, worker, seconds)
            return
        worker.kill()
        lane.free(client, None, seconds)
        if current:
            task = asyncio.get_running_loop().create_task(self._replace(lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _replace(self, lane: Lane) -> None:
        pause = 0.1
        while self._graph is not None:
            generation = self._generation
            try:
                worker = await self._spawn(self._graph, self.release, generation)
            except QueryFailed as error:
                LOG.error("a query worker did not start: %s", error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, 5.0)
                continue
            if generation == self._generation:
                lane.add(worker)
            else:
                worker.kill()
            return

    async def _spawn(self, graph: Path, release: str, generation: int) -> Worker:
        if self._zygote is None:
            raise QueryFailed("unavailable", "The query workers are not started.", 30)
        if not self._zygote.alive:
            self._zygote.close()
            self._zygote = Zygote()
        zygote = self._zygote
        try:
            token, ours = zygote.spawn(graph, self.settings.query_memory, self.target)
        except OSError as error:
            raise QueryFailed("unavailable", f"A query worker could not be started: {error}", 30) from error
        _, link = await asyncio.get_running_loop().create_connection(Link, sock=ours)
        worker = Worker(zygote, token, link, generation, release)
        try:
            async with asyncio.timeout(READY_SECONDS):
                _, said = await link.frame()
        except (TimeoutError, WorkerEnded):
            worker.kill()
            raise QueryFailed("unavailable", f"A query worker could not open {graph}.", 30) from None
        except BaseException:
            worker.kill()
            raise
        self.sandboxed = bool(json.loads(said)["sandboxed"])
        return worker


@dataclass(slots=True)
class _Running:
    """A query in its worker. At ``end`` (time.monotonic) the worker is killed, whatever either side does."""

    pool: QueryPool
    lane: Lane
    worker: Worker
    client: str
    began: float
    end: float
    finished: bool = False
    _timer: asyncio.TimerHandle | None = field(default=None)

    async def begin(self, order: bytes) -> tuple[bytes, bool]:
        """The first bytes of the answer and whether they are all."""
        left = max(0.0, self.end - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(left, self.worker.kill)
        self.worker.asked += 1
        self.worker.link.send(order)
        kind, data = await self.frame()
        if kind == b"E":
            return b"", True
        if len(data) >= FRAME:
            return data, False
        # Less than a full frame is the last one: wait for the word that it is complete.
        await self.frame()
        return data, True

    async def frame(self) -> tuple[bytes, bytes]:
        """The next frame. Raises QueryFailed."""
        try:
            kind, data = await self.worker.link.frame()
        except WorkerEnded:
            self.worker.kill()
            now = time.monotonic()
            # The processor limit ends a worker about when the deadline does.
            if now >= self.end - 0.2:
                raise QueryFailed("deadline", LATE, 10, now - self.began) from None
            raise QueryFailed("crashed", BROKEN, 0, now - self.began) from None
        if kind == b"X":
            error = json.loads(data)
            raise QueryFailed(error["kind"], error["message"], 0, time.monotonic() - self.began)
        return kind, data

    async def rest(self) -> AsyncIterator[bytes]:
        """What follows the first bytes."""
        while not self.finished:
            kind, data = await self.frame()
            if kind == b"E":
                self.finish(alive=True)
            else:
                yield data

    def close(self) -> None:
        """The reader has gone, or is done."""
        self.finish(alive=False)

    def finish(self, *, alive: bool) -> None:
        """The worker is free again, or is ended; at most once."""
        if not self.finished:
            self.finished = True
            if self._timer is not None:
                self._timer.cancel()
            alive, seconds = alive and not self.worker.dead, time.monotonic() - self.began
            self.pool._give_up(self.lane, self.client, self.worker, alive=alive, seconds=seconds)


def _order(request: QueryRequest, found: Scan, settings: Settings, end: float) -> bytes:
    given = request.default_graphs is not None or request.named_graphs is not None
    return Request(
        request.query,
        request.media_type,
        request.default_graphs or () if given else None,
        request.named_graphs or () if given else None,
        max(0.0, end - time.monotonic()),
        f"{settings.base_address}/",
        request.bindings,
        found.dataset,
        found.star,
        found.variables if found.star >= 0 else (),
    ).encode()


def query_release(
    graph_dir: Path,
    query: str,
    media_type: str,
    out: BinaryIO,
    settings: Settings,
    bindings: tuple[tuple[str, str, str], ...] = (),
) -> None:
    """Answer one query on one release's graph into a file, in a worker of its own. Raises QueryFailed.

    For the command line: what was written before a failure is not an answer.
    """
    try:
        found = scan(query, settings.query_max_bytes)
    except Refused as refused:
        raise QueryFailed(refused.reason, str(refused)) from None
    zygote = Zygote()
    try:
        _, connection = zygote.spawn(graph_dir, settings.query_memory)
        with connection:
            connection.settimeout(READY_SECONDS)
            receive(connection)
            end = time.monotonic() + min(settings.query_deadline, MAX_DEADLINE)
            asked = QueryRequest(query, found.form, media_type, bindings=bindings)
            connection.sendall(_order(asked, found, settings, end))
            while True:
                connection.settimeout(max(0.001, end - time.monotonic()))
                kind, data = receive(connection)
                if kind == b"X":
                    error = json.loads(data)
                    raise QueryFailed(error["kind"], error["message"])
                if kind == b"E":
                    return
                out.write(data)
    except TimeoutError:
        raise QueryFailed("deadline", LATE) from None
    except (EOFError, ConnectionError):
        raise QueryFailed("crashed", BROKEN) from None
    finally:
        zygote.close()
