"""Who gets a query worker next: a queue before some workers, of which one client may hold a part only.

Whoever used the workers least of late is next, and those who used them much leave one to the others: so small
queries are answered while long ones run.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal

from registry.graph.forked import Worker

FailureKind = Literal[
    "syntax", "forbidden", "too-big", "function", "internal", "deadline", "busy", "share", "crashed", "quarantined",
    "unavailable",
]  # fmt: skip


class QueryFailed(Exception):
    """A query without a complete answer: what kind of failure, in words, when to try again (seconds), and how long
    a worker was busy with it (seconds)."""

    def __init__(self, kind: FailureKind, message: str, retry_after: int = 0, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
        self.seconds = seconds


HALF_LIFE = 10.0
"""Seconds after which half of what a client used is forgotten."""
HEAVY = 0.5
"""Seconds of use, so counted, from which on a client leaves a worker to the others."""
KNOWN = 4096
QUARTER = 4
"""One client may have that part of the places in the queue."""


@dataclass(slots=True)
class _Usage:
    """Seconds that clients held workers, of late."""

    _spent: dict[str, tuple[float, float]] = field(default_factory=dict)

    def of(self, client: str, now: float) -> float:
        """Seconds that count now."""
        spent, when = self._spent.get(client, (0.0, now))
        return float(spent * 0.5 ** ((now - when) / HALF_LIFE))

    def add(self, client: str, seconds: float, now: float) -> None:
        """A client held a worker that long."""
        if client and seconds > 0:
            spent = self.of(client, now)
            self._spent.pop(client, None)
            self._spent[client] = (spent + seconds, now)
            if len(self._spent) > KNOWN:
                del self._spent[next(iter(self._spent))]


@dataclass(slots=True, eq=False)
class _Turn:
    client: str
    spent: float
    given: asyncio.Future[Worker | None]


@dataclass(slots=True)
class Lane:
    """Some workers and the queue before them. ``share``: how many workers one client may hold (0: all); who has no
    name ("") is not held to it."""

    size: int
    queue: int
    share: int = 0
    idle: deque[Worker] = field(default_factory=deque)
    waiting: deque[_Turn] = field(default_factory=deque)
    held: Counter[str] = field(default_factory=Counter)
    usage: _Usage = field(default_factory=_Usage)

    def _may(self, client: str, spent: float, now: float) -> bool:
        if not self.share or not client:
            return True
        if self.held[client] >= self.share:
            return False
        left = max(1, self.size // 4)
        if spent < HEAVY or self.size < 2 or self.held.total() < self.size - left:
            return True
        heavy = sum(number for one, number in self.held.items() if self.usage.of(one, now) >= HEAVY)
        return heavy < self.size - left

    async def take(self, client: str, seconds: float) -> Worker:
        """An idle worker, in turn; ``free`` gives it back. Raises QueryFailed when the queue is full, when this
        client's part of it is full, or when no turn came in time."""
        now = time.monotonic()
        spent = self.usage.of(client, now)
        if self.idle and self._may(client, spent, now):
            self.held[client] += 1
            return self.idle.pop()  # the one that answered last: what it read is still at hand
        if self.share and client and QUARTER * sum(turn.client == client for turn in self.waiting) >= self.queue:
            raise QueryFailed("share", "Too many of your queries are waiting. Ask fewer at once.", 5)
        if len(self.waiting) >= self.queue:
            raise QueryFailed("busy", "Too many queries are waiting. Try again in a moment.", 5)
        # Tenths of seconds: among those who used little the first that came is the next.
        loop = asyncio.get_running_loop()
        turn = _Turn(client, round(spent, 1), loop.create_future())
        self.waiting.append(turn)
        timer = loop.call_later(max(0.0, seconds), self._late, turn)
        try:
            worker = await turn.given
        except asyncio.CancelledError:
            if turn.given.cancelled():
                self.waiting.remove(turn)
            elif (given := turn.given.result()) is not None:
                self.free(client, given)  # it came at the last moment, and is not lost
            raise
        finally:
            timer.cancel()
        if worker is None:
            raise QueryFailed("busy", "No query worker became free in time. Try again in a moment.", 10)
        return worker

    def _late(self, turn: _Turn) -> None:
        if not turn.given.done():
            self.waiting.remove(turn)
            turn.given.set_result(None)

    def free(self, client: str, worker: Worker | None, seconds: float = 0.0) -> None:
        """A client is done with a worker that it held for some seconds: it is free again, or gone (None)."""
        self.usage.add(client, seconds, time.monotonic())
        self.held[client] -= 1
        if self.held[client] <= 0:
            del self.held[client]
        if worker is not None:
            self.idle.append(worker)
        self._serve()

    def add(self, worker: Worker) -> None:
        """A new worker."""
        self.idle.append(worker)
        self._serve()

    def _serve(self) -> None:
        while self.idle and self.waiting:
            now = time.monotonic()
            # Who has just left stands here until its task is run.
            here = [n for n, turn in enumerate(self.waiting) if not turn.given.done()]
            here.sort(key=lambda place: self.waiting[place].spent)
            may = (n for n in here if self._may(self.waiting[n].client, self.waiting[n].spent, now))
            place = next(may, None)
            if place is None:
                return
            turn = self.waiting[place]
            del self.waiting[place]
            self.held[turn.client] += 1
            turn.given.set_result(self.idle.pop())


@dataclass(slots=True)
class Quarantine:
    """Queries that ended their worker several times are not evaluated for a while. By digest of their text."""

    strikes: int = 3
    seconds: float = 3600.0
    most: int = 1000
    _crashes: dict[bytes, list[float]] = field(default_factory=dict)

    def struck(self, digest: bytes, now: float) -> bool:
        """Note a crash; whether the query is blocked from now on."""
        times = [time for time in self._crashes.pop(digest, []) if time > now - self.seconds]
        self._crashes[digest] = [*times, now]
        if len(self._crashes) > self.most:
            del self._crashes[next(iter(self._crashes))]
        return len(times) + 1 >= self.strikes

    def left(self, digest: bytes, now: float) -> float:
        """Seconds that a query stays blocked, 0 if it is not."""
        times = self._crashes.get(digest)
        if times is None or len(times) < self.strikes:
            return 0.0
        return max(0.0, times[-1] + self.seconds - now)

    def blocked(self, now: float) -> dict[str, float]:
        """{first 12 hexadecimal digits of the text's SHA-256: seconds left} of what is blocked."""
        found = {digest.hex()[:12]: self.left(digest, now) for digest in self._crashes}
        return {digest: left for digest, left in found.items() if left}
