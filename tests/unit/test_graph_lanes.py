"""Who gets a worker next, and which queries are not asked again."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from registry.graph.lanes import Lane, Quarantine, QueryFailed


def lane(size: int, queue: int = 100, share: int = 0) -> Lane:
    made = Lane(size, queue, share)
    for number in range(size):
        made.add(cast(Any, f"worker {number}"))
    return made


def test_one_client_holds_its_share_and_another_is_served_before_it() -> None:
    async def run() -> None:
        made = lane(4, share=2)
        held = [await made.take("greedy", 1) for _ in range(2)]
        waiting = asyncio.create_task(made.take("greedy", 1))
        await asyncio.sleep(0)
        assert await made.take("modest", 1) and await made.take("third", 1)
        assert not waiting.done() and not made.idle
        made.free("modest", cast(Any, "worker 9"))
        await asyncio.sleep(0)
        assert not waiting.done() and made.idle
        made.free("greedy", held[0])
        assert await waiting
        assert made.held == {"greedy": 2, "third": 1}

    asyncio.run(run())


def test_who_used_the_workers_least_is_next_and_who_used_them_much_leaves_one() -> None:
    async def run() -> None:
        made = lane(4, share=2)
        for client in ("long 1", "long 2", "long 3", "long 4"):
            made.free(client, await made.take(client, 1), seconds=20)
        for client in ("long 1", "long 2", "long 3"):
            await made.take(client, 1)
        fourth = asyncio.create_task(made.take("long 4", 5))
        await asyncio.sleep(0)
        assert not fourth.done() and len(made.idle) == 1, "one is left to the others"
        worker = await made.take("short 1", 1)
        second = asyncio.create_task(made.take("short 2", 5))
        await asyncio.sleep(0)
        made.free("short 1", worker, seconds=0.01)
        assert await asyncio.wait_for(second, 1) is worker and not fourth.done(), "though it came later"
        made.free("long 1", None, seconds=20)
        made.free("short 2", worker)
        assert await asyncio.wait_for(fourth, 1) is worker

    asyncio.run(run())


def test_a_worker_given_to_who_has_just_left_is_not_lost() -> None:
    async def run() -> None:
        made = lane(1, share=1)
        worker = await made.take("one", 1)
        late = asyncio.create_task(made.take("two", 1))
        await asyncio.sleep(0)
        made.free("one", worker)
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        assert list(made.idle) == [worker] and not made.held and not made.waiting

    asyncio.run(run())


def test_a_worker_is_not_given_to_who_is_leaving() -> None:
    async def run() -> None:
        made = lane(1)
        worker = await made.take("one", 1)
        leaving, staying = (asyncio.create_task(made.take(client, 1)) for client in ("two", "three"))
        await asyncio.sleep(0)
        leaving.cancel()
        made.free("one", worker)
        assert await staying is worker and leaving.cancelled()
        assert made.held == {"three": 1} and not made.waiting and not made.idle

    asyncio.run(run())


def test_a_queue_is_bounded_for_all_and_for_one() -> None:
    async def run() -> None:
        made = lane(1, queue=8, share=1)
        await made.take("one", 1)
        waiting = [asyncio.create_task(made.take("one", 9)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(QueryFailed) as failed:
            await made.take("one", 9)
        assert failed.value.kind == "share" and failed.value.retry_after > 0
        waiting += [asyncio.create_task(made.take(f"client {number}", 9)) for number in range(6)]
        await asyncio.sleep(0)
        with pytest.raises(QueryFailed) as failed:
            await made.take("another", 9)
        assert failed.value.kind == "busy"
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        with pytest.raises(QueryFailed) as failed:
            await made.take("another", 0.01)
        assert failed.value.kind == "busy" and not made.waiting

    asyncio.run(run())


def test_what_broke_its_worker_three_times_rests_for_an_hour() -> None:
    rest = Quarantine(most=2)
    assert [rest.struck(b"q", now) for now in (0.0, 4000.0, 4001.0, 4002.0)] == [False, False, False, True]
    assert rest.left(b"q", 4002.0) == 3600 and rest.left(b"q", 7603.0) == 0 and rest.left(b"other", 0.0) == 0
    assert rest.blocked(4100.0) == {b"q".hex(): 3502.0}
    rest.struck(b"r", 4100.0)
    rest.struck(b"s", 4100.0)
    assert rest.blocked(4100.0) == {}, "what is known is bounded"
