"""Answers that are kept and shared: one evaluation for all who ask the same, bounded memory, no answer of another release."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.graph.pool import QueryAnswer, QueryFailed, QueryRequest
from registry.web.answer_cache import AnswerCache, Answers, Question, Stream, Whole
from registry.web.compress import Gzip, coding, packed

REQUEST = QueryRequest("SELECT * {}", "SELECT", "text/csv")


class Pool:
    """Answers with some frames of a kilobyte, once ``go`` is set; fails with ``error``."""

    def __init__(self, frames: int = 1, error: QueryFailed | None = None) -> None:
        self.release, self.frames, self.error = "1", frames, error
        self.asked = self.closed = 0
        self.go = asyncio.Event()

    async def run(self, request: QueryRequest) -> QueryAnswer:
        self.asked += 1
        await self.go.wait()
        if self.error is not None:
            raise self.error

        async def rest() -> AsyncIterator[bytes]:
            for number in range(1, self.frames):
                yield bytes([number % 256]) * 1000

        def close() -> None:
            self.closed += 1

        return QueryAnswer("text/csv", self.release, b"\0" * 1000, self.frames == 1, 1e12, rest(), close)


def question(charged: list[float], request: QueryRequest = REQUEST) -> Question:
    return Question(request, request.query, charged.append)


def answers(pool: Pool, limit: int = 1 << 20, longest: int = 10_000) -> Answers:
    return Answers(pool, AnswerCache(limit), longest)


def test_who_asks_the_same_at_once_gets_one_evaluation_and_only_one_pays() -> None:
    async def run() -> None:
        pool, charged = Pool(frames=3), list[float]()
        made = answers(pool)
        asking = [asyncio.create_task(made.ask(question(charged))) for _ in range(20)]
        other = asyncio.create_task(made.ask(question(charged, QueryRequest("ASK {}", "ASK", "text/csv"))))
        await asyncio.sleep(0)
        pool.go.set()
        found = await asyncio.gather(*asking)
        await other
        assert pool.asked == 2 and len(charged) == 2
        assert all(one is found[0] for one in found) and isinstance(found[0], Whole)
        assert found[0].size == 3000 and b"".join(found[0].parts)[2000] == 2
        assert made.cached(REQUEST.query) is found[0]
        pool.release = "2"
        assert made.cached(REQUEST.query) is None and len(made.cache) == 0

    asyncio.run(run())


def test_when_who_asked_first_leaves_another_asks_for_the_rest() -> None:
    async def run() -> None:
        pool, charged = Pool(), list[float]()
        made = answers(pool)
        first, *others = [asyncio.create_task(made.ask(question(charged))) for _ in range(4)]
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0.01)
        assert len(charged) == 1, "who leaves has used a worker too"
        pool.go.set()
        found = await asyncio.gather(*others)
        assert pool.asked == 2 and all(one is found[0] for one in found)

    asyncio.run(run())


@pytest.mark.parametrize(("kind", "asked"), [("deadline", 1), ("syntax", 1), ("busy", 3), ("share", 3)])
def test_a_failure_of_the_query_is_shared_one_of_the_turn_is_not(kind: str, asked: int) -> None:
    async def run() -> None:
        pool, charged = Pool(error=QueryFailed(kind, "no", 7, 1.5)), list[float]()  # type: ignore[arg-type]
        made = answers(pool)
        asking = [asyncio.create_task(made.ask(question(charged))) for _ in range(3)]
        await asyncio.sleep(0)
        pool.go.set()
        failed = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(one, QueryFailed) and (one.kind, one.retry_after) == (kind, 7) for one in failed)
        assert (pool.asked, sum(charged)) == (asked, 1.5 * asked)
        assert made.cached(REQUEST.query) is None

    asyncio.run(run())


def test_an_answer_too_long_to_gather_is_streamed_to_each_for_itself_and_not_kept() -> None:
    async def run() -> None:
        pool, charged = Pool(frames=30), list[float]()
        made = answers(pool)
        asking = [asyncio.create_task(made.ask(question(charged))) for _ in range(3)]
        await asyncio.sleep(0)
        pool.go.set()
        for one in await asyncio.gather(*asking):
            assert isinstance(one, Stream) and 10_000 < sum(map(len, one.parts)) <= 11_000
            rest = [part async for part in one.answer.rest]
            assert sum(map(len, one.parts)) + sum(map(len, rest)) == 30_000
        assert pool.asked == 3 and len(made.cache) == 0

    asyncio.run(run())


def test_what_has_no_key_is_asked_each_time() -> None:
    async def run() -> None:
        pool = Pool()
        pool.go.set()
        made = answers(pool)
        for _ in range(2):
            await made.ask(Question(REQUEST, None, lambda seconds: None))
        assert pool.asked == 2 and len(made.cache) == 0

    asyncio.run(run())


def test_gathered_answers_that_wait_for_readers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.web.answer_cache.IN_THE_AIR", 3000)

    async def run() -> None:
        pool = Pool(frames=3)
        pool.go.set()
        made = answers(pool)
        whole = await made.ask(question([]))
        assert isinstance(whole, Whole)
        with made.reading(whole), made.reading(whole):
            assert made.in_the_air == 3000
            other = QueryRequest("ASK {}", "ASK", "text/csv")
            assert isinstance(await made.ask(question([], other)), Stream)
        assert made.in_the_air == 0

    asyncio.run(run())


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4000)), max_size=60), st.integers(0, 12_000))
def test_the_cache_never_holds_more_than_it_may(puts: list[tuple[int, int]], limit: int) -> None:
    cache = AnswerCache(limit)
    cache.get("1", 0)
    for key, size in puts:
        whole = Whole("1", (b"x" * size,), size)
        cache.put(key, whole)
        assert cache.size <= limit
        kept = cache.get("1", key)
        assert kept is None or kept is whole
    cache.put("late", Whole("0", (b"",), 0))
    assert cache.get("1", "late") is None
    assert cache.get("2", 0) is None and cache.size == 0


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "identity"), ("", "identity"), ("gzip", "gzip"), ("gzip, deflate, br", "gzip"), ("x-gzip", "gzip"),
        ("br", "identity"), ("*", "gzip"), ("gzip;q=0", "identity"), ("gzip;q=0.5, identity", "identity"),
        ("GZIP ; q=1.0", "gzip"), ("identity;q=0.5, gzip;q=0.5", "gzip"), ("identity;q=0", None), ("*;q=0", None),
        ("*;q=0, gzip", "gzip"), ("gzip;q=0, *", "identity"), ("gzip;q=nonsense", "identity"), (",;,", "identity"),
        ("identity;q=0, br", None), ("deflate;q=0.1, *;q=0", None),
    ],
)  # fmt: skip
def test_the_coding_that_a_caller_takes(accept: str | None, expected: str | None) -> None:
    assert coding(accept) == expected


@given(st.lists(st.binary(max_size=200_000), max_size=5))
def test_gzip_gives_back_what_went_in_and_each_piece_at_once(parts: list[bytes]) -> None:
    packer, reader = Gzip(), zlib.decompressobj(31)
    for part in parts:
        assert reader.decompress(packer.add(part)) == part
    assert reader.decompress(packer.end()) == b"" and reader.eof
    whole = asyncio.run(packed(parts))
    assert zlib.decompress(b"".join(whole), 31) == b"".join(parts)
