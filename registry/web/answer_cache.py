"""Whole answers of the current release, kept in this process's memory, and one evaluation for all who ask the same.

An answer is gathered before its first byte is sent, up to ``query_cache_answer`` bytes: so it is cut by no slow
reader, frees its worker early, and what fails on the way is told as a problem. A longer one is streamed from its
worker, to its one reader. What is gathered and not sent yet is bounded too; beyond that, answers are streamed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from registry.graph.pool import PASSING, QueryAnswer, QueryFailed, QueryRequest
from registry.web.kept import Kept

OVERHEAD = 1000
"""Bytes that an answer takes in memory besides its own and its question's."""
LONGEST_WAIT = 60.0
IN_THE_AIR = 64 << 20
"""Bytes of gathered answers that may wait for their readers."""
Landing = Literal["left", "long"]
"""Why a flight brings nothing to who waits: its client has left or had no turn; the answer is too long to share."""


class Pool(Protocol):
    """What answers queries: query workers, or a store elsewhere."""

    release: str

    async def run(self, request: QueryRequest) -> QueryAnswer:
        """Begin an answer. Raises QueryFailed."""
        ...


@dataclass(slots=True, eq=False)
class Whole:
    """An answer that is there: its bytes in parts, compressed when someone wanted that, and a hint for its reader."""

    release: str
    parts: tuple[bytes, ...]
    size: int
    hint: str = ""
    packed: tuple[bytes, ...] | None = None
    readers: int = 0


@dataclass(slots=True, eq=False)
class Stream:
    """An answer that is too long to be gathered: what has come, and what brings the rest."""

    release: str
    parts: list[bytes]
    answer: QueryAnswer


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: ``key`` is the same for the same answer on one release, None where no two answers are the
    same. ``charge`` takes the seconds that a worker was busy, ``hint`` finds one in an answer."""

    request: QueryRequest
    key: Hashable
    charge: Callable[[float], None]
    hint: Callable[[tuple[bytes, ...]], str] = lambda parts: ""


class AnswerCache:
    """Answers of one release by question, at most ``limit`` bytes of them."""

    def __init__(self, limit: int) -> None:
        self._release = ""
        self._kept: Kept[Whole] = Kept(limit)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._kept.size

    def get(self, release: str, key: Hashable) -> Whole | None:
        """The answer of this release, if it is kept; those of another one go."""
        if release != self._release:
            self._kept.clear()
            self._release = release
        return self._kept.get(key)

    def put(self, key: Hashable, whole: Whole) -> None:
        """Keep an answer, or count it again after it has grown."""
        if whole.release != self._release or whole.release.startswith(PASSING):
            return
        self._kept.put(key, whole, whole.size + sum(map(len, whole.packed or ())) + len(repr(key)) + OVERHEAD)


@dataclass(slots=True)
class Answers:
    """Asks the pool, at most once at a time for the same question. ``longest``: bytes of an answer to gather."""

    pool: Pool
    cache: AnswerCache
    longest: int
    in_the_air: int = 0
    _flights: dict[Hashable, asyncio.Future[Whole | QueryFailed | Landing]] = field(default_factory=dict)

    def cached(self, key: Hashable) -> Whole | None:
        """The kept answer of the current release."""
        return None if key is None else self.cache.get(self.pool.release, key)

    async def ask(self, question: Question) -> Whole | Stream:
        """The answer. Raises QueryFailed. A Stream's worker is the caller's to close."""
        if question.key is None:
            return await self._evaluate(question)
        if (kept := self.cached(question.key)) is not None:
            return kept
        end = time.monotonic() + (question.request.deadline or LONGEST_WAIT)
        while (flight := self._flights.get(flown := (self.pool.release, question.key))) is not None:
            await asyncio.wait({flight}, timeout=max(0.0, end - time.monotonic()))
            if not flight.done():
                raise QueryFailed("busy", "The same query is being answered, and took too long. Try again.", 10)
            landed = flight.result()
            if isinstance(landed, Whole):
                return landed
            if isinstance(landed, QueryFailed):
                raise QueryFailed(landed.kind, str(landed), landed.retry_after)
            if landed == "long":
                return await self._evaluate(question)
        return await self._lead(question, flown)

    async def _lead(self, question: Question, flown: Hashable) -> Whole | Stream:
        flight = self._flights[flown] = asyncio.get_running_loop().create_future()
        landed: Whole | QueryFailed | Landing = "left"
        try:
            made = await self._evaluate(question)
            landed = made if isinstance(made, Whole) else "long"
            if isinstance(made, Whole):
                self.cache.put(question.key, made)
            return made
        except QueryFailed as error:
            # What befell this client's turn says nothing of the query.
            landed = "left" if error.kind in ("busy", "share") else error
            raise
        finally:
            del self._flights[flown]
            flight.set_result(landed)

    async def _evaluate(self, question: Question) -> Whole | Stream:
        asked = time.monotonic()
        try:
            answer = await self.pool.run(question.request)
        except QueryFailed as error:
            question.charge(error.seconds)
            raise
        except asyncio.CancelledError:
            question.charge(time.monotonic() - asked)  # who leaves early has used a worker too
            raise
        parts, size, whole = [answer.first], len(answer.first), answer.whole
        most = self.longest if self.in_the_air < IN_THE_AIR else 0
        try:
            while not whole:
                if size > most:
                    return Stream(answer.release, parts, answer)
                data = await anext(answer.rest, None)
                whole = data is None
                if data is not None:
                    parts.append(data)
                    size += len(data)
        except BaseException:
            answer.close()
            question.charge(time.monotonic() - answer.began)
            raise
        question.charge(time.monotonic() - answer.began)
        found = tuple(parts)
        return Whole(answer.release, found, size, question.hint(found))

    @contextmanager
    def reading(self, whole: Whole) -> Iterator[None]:
        """While an answer is being sent its bytes count."""
        if not whole.readers:
            self.in_the_air += whole.size
        whole.readers += 1
        try:
            yield
        finally:
            whole.readers -= 1
            if not whole.readers:
                self.in_the_air -= whole.size
