"""Queries for the web: a pool of killable workers on the current release, and one-off queries for the command line.

Nothing is evaluated in the calling process. A query ends at its deadline, when its client leaves, or when it
needs more memory than allowed, by the death of its worker; another takes its place. A new release gets
workers of its own, and those on the old one end with the query that they answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from registry.graph.worker import FRAME, HEADER, Request, receive
from registry.settings import Settings

LOG = logging.getLogger(__name__)
INTERNAL_WORKERS = 2
MAX_DEADLINE = 60.0
READY_SECONDS = 30.0
RETIRE_AFTER = 500
LATE = "The query took longer than a query may take."
BROKEN = "The query needed more memory than a query may use, or broke its worker."
FailureKind = Literal[
    "syntax", "forbidden", "too-big", "function", "internal", "deadline", "busy", "crashed", "unavailable"
]


class QueryFailed(Exception):
    """A query without a complete answer: what kind of failure, in words, and when to try again (seconds)."""

    def __init__(self, kind: FailureKind, message: str, retry_after: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A query, its form and the media type of its answer (a key of worker.RESULTS or worker.GRAPHS).

    If either list of graphs is given, both define the dataset (SPARQL 1.1 Protocol 2.1.4). ``deadline``
    in seconds; None is the setting.
    """

    query: str
    form: str
    media_type: str
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """An answer that has begun. ``first`` is all of it when ``whole``; else ``rest`` brings what follows and
    raises QueryFailed if it cannot be completed. ``close`` must be called in the end. ``until`` is the
    deadline (time.monotonic, also for a caller that reads slowly): then the worker is gone."""

    media_type: str
    release: str
    first: bytes
    whole: bool
    until: float
    rest: AsyncIterator[bytes]
    close: Callable[[], None]


class Zygote:
    """The process that forks workers, seen from outside; it ends when ``close`` closes its socket."""

    def __init__(self) -> None:
        self._token = 0
        self._control, theirs = socket.socketpair()
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        # One malloc arena: else opening a store reserves a gigabyte of address space for each thread.
        environment = {**os.environ, "MALLOC_ARENA_MAX": "1", "PYTHONPATH": path}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "registry.graph.zygote", str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            env=environment,
        )
        theirs.close()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def spawn(self, graph: Path, memory: int) -> tuple[int, socket.socket]:
        """A new worker's token and our end of its socket; it says ``R`` when it is ready."""
        self._token += 1
        ours, theirs = socket.socketpair()
        order = json.dumps({"spawn": self._token, "graph": str(graph), "memory": memory}) + "\n"
        with theirs:
            socket.send_fds(self._control, [order.encode()], [theirs.fileno()])
        return self._token, ours

    def kill(self, token: int) -> None:
        """End a worker, whatever it does; nothing happens if it has ended."""
        with suppress(OSError):
            self._control.sendall(json.dumps({"kill": token}).encode() + b"\n")

    def close(self) -> None:
        """End it and all its workers."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@dataclass(slots=True)
class _Worker:
    """A worker seen from outside."""

    zygote: Zygote
    token: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    generation: int
    release: str
    asked: int = 0
    dead: bool = False

    async def frame(self) -> tuple[bytes, bytes]:
        kind, size = HEADER.unpack(await self.reader.readexactly(HEADER.size))
        return kind, await self.reader.readexactly(size) if size else b""

    def kill(self) -> None:
        if not self.dead:
            self.dead = True
            self.zygote.kill(self.token)
            self.writer.close()


@dataclass(slots=True)
class _Lane:
    """Some workers and the queue before them: one for the public, one for our own pages."""

    size: int
    queue: int
    idle: deque[_Worker] = field(default_factory=deque)
    waiting: deque[asyncio.Future[_Worker]] = field(default_factory=deque)

    async def take(self, seconds: float) -> _Worker:
        """An idle worker; waits for one in turn. Raises QueryFailed when the queue is full or stands still."""
        if self.idle:
            return self.idle.popleft()
        if len(self.waiting) >= self.queue:
            raise QueryFailed("busy", "Too many queries are waiting. Try again in a moment.", 5)
        turn: asyncio.Future[_Worker] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            # wait() leaves the future alone, so that a worker given at the last moment is not lost.
            await asyncio.wait({turn}, timeout=seconds)
        except asyncio.CancelledError:
            if turn.done():
                self.give(turn.result())
            raise
        finally:
            with suppress(ValueError):
                self.waiting.remove(turn)
        if not turn.done():
            raise QueryFailed("busy", "No query worker became free in time. Try again in a moment.", 10)
        return turn.result()

    def give(self, worker: _Worker) -> None:
        """A worker that is free."""
        if self.waiting:
            self.waiting.popleft().set_result(worker)
        else:
            self.idle.append(worker)


class QueryPool:
    """All query workers of one web process. ``start``, then ``switch`` to a release, before the first query."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._zygote: Zygote | None = None
        self._public = _Lane(settings.query_worker_count, settings.query_queue)
        self._internal = _Lane(INTERNAL_WORKERS, 4 * settings.query_queue)
        self._generation = 0
        self._graph: Path | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.release = ""
        self.sandboxed = False

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
        workers = [worker for worker in ready if isinstance(worker, _Worker)]
        if failed := [error for error in ready if isinstance(error, BaseException)]:
            for worker in workers:
                worker.kill()
            raise failed[0]
        self._generation, self._graph, self.release = generation, release_graph_dir, number
        for lane in (self._public, self._internal):
            while lane.idle:
                lane.idle.popleft().kill()
        for lane, worker in zip(lanes, workers, strict=True):
            lane.give(worker)

    async def run(self, request: QueryRequest, *, internal: bool = False) -> QueryAnswer:
        """Evaluate a query up to the first 64 kB of its answer, or its end. Raises QueryFailed.

        Cancelling the call, or closing the answer early, kills the worker.
        """
        if self._graph is None:
            raise QueryFailed("unavailable", "Nothing is published yet.", 30)
        lane = self._internal if internal else self._public
        seconds = min(request.deadline or self.settings.query_deadline, MAX_DEADLINE)
        while (worker := await lane.take(seconds)).reader.at_eof():
            self._give_up(lane, worker, alive=False)
        end = time.monotonic() + seconds
        worker.asked += 1
        given = request.default_graphs is not None or request.named_graphs is not None
        asked = Request(
            request.query,
            request.media_type,
            request.default_graphs or () if given else None,
            request.named_graphs or () if given else None,
            seconds,
            self.settings.query_max_bytes,
            f"{self.settings.base_address}/",
        )
        try:
            worker.writer.write(asked.encode())
            kind, data = await self._frame(worker, end)
            first, whole = (data, False) if kind == b"D" else (b"", True)
            if kind == b"D" and len(data) < FRAME:
                # Less than a full frame is the last one: wait for the word that it is complete.
                kind, _ = await self._frame(worker, end)
                whole = True
        except BaseException as error:
            self._give_up(lane, worker, alive=isinstance(error, QueryFailed) and not worker.dead)
            raise
        if whole:
            self._give_up(lane, worker, alive=True)
        finished = whole

        async def rest() -> AsyncIterator[bytes]:
            nonlocal finished
            while not finished:
                kind, data = await self._frame(worker, end)
                if kind == b"E":
                    finished = True
                    self._give_up(lane, worker, alive=True)
                else:
                    yield data

        def close() -> None:
            nonlocal finished
            if not finished:
                finished = True
                self._give_up(lane, worker, alive=False)

        return QueryAnswer(request.media_type, worker.release, first, whole, end, rest(), close)

    async def fetch(self, query: str, media_type: str) -> bytes:
        """The whole answer of one of our own queries, by workers that the public cannot occupy."""
        answer = await self.run(QueryRequest(query, "", media_type), internal=True)
        try:
            return answer.first + b"".join([part async for part in answer.rest])
        finally:
            answer.close()

    async def _frame(self, worker: _Worker, end: float) -> tuple[bytes, bytes]:
        try:
            # A reader that always finds something does not suspend, so a timeout alone would not strike.
            if (left := end - time.monotonic()) <= 0:
                raise TimeoutError
            async with asyncio.timeout(left):
                kind, data = await worker.frame()
        except TimeoutError:
            worker.kill()
            raise QueryFailed("deadline", LATE, 10) from None
        except (asyncio.IncompleteReadError, ConnectionError):
            worker.kill()
            # The processor limit ends a worker about when the deadline does.
            if time.monotonic() >= end - 0.2:
                raise QueryFailed("deadline", LATE, 10) from None
            raise QueryFailed("crashed", BROKEN) from None
        if kind == b"X":
            error = json.loads(data)
            raise QueryFailed(error["kind"], error["message"])
        return kind, data

    def _give_up(self, lane: _Lane, worker: _Worker, *, alive: bool) -> None:
        """Take a worker back: for the next query if it can answer one, else another replaces it."""
        if alive and worker.generation == self._generation and worker.asked < RETIRE_AFTER and self._graph:
            lane.give(worker)
            return
        worker.kill()
        if worker.generation == self._generation and self._graph:
            task = asyncio.get_running_loop().create_task(self._replace(lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _replace(self, lane: _Lane) -> None:
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
                lane.give(worker)
            else:
                worker.kill()
            return

    async def _spawn(self, graph: Path, release: str, generation: int) -> _Worker:
        if self._zygote is None:
            raise QueryFailed("unavailable", "The query workers are not started.", 30)
        if not self._zygote.alive:
            self._zygote.close()
            self._zygote = Zygote()
        zygote = self._zygote
        try:
            token, ours = zygote.spawn(graph, self.settings.query_memory)
        except OSError as error:
            raise QueryFailed("unavailable", f"A query worker could not be started: {error}", 30) from error
        reader, writer = await asyncio.open_connection(sock=ours, limit=2 * FRAME)
        worker = _Worker(zygote, token, reader, writer, generation, release)
        try:
            async with asyncio.timeout(READY_SECONDS):
                _, said = await worker.frame()
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            worker.kill()
            raise QueryFailed("unavailable", f"A query worker could not open {graph}.", 30) from None
        except BaseException:
            worker.kill()
            raise
        self.sandboxed = bool(json.loads(said)["sandboxed"])
        return worker


def query_release(graph_dir: Path, query: str, media_type: str, out: BinaryIO, settings: Settings) -> None:
    """Answer one query on one release's graph into a file, in a worker of its own. Raises QueryFailed.

    For the command line: what was written before a failure is not an answer.
    """
    zygote = Zygote()
    try:
        _, connection = zygote.spawn(graph_dir, settings.query_memory)
        with connection:
            connection.settimeout(READY_SECONDS)
            receive(connection)
            seconds = min(settings.query_deadline, MAX_DEADLINE)
            end = time.monotonic() + seconds
            base = f"{settings.base_address}/"
            asked = Request(query, media_type, None, None, seconds, settings.query_max_bytes, base)
            connection.sendall(asked.encode())
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
