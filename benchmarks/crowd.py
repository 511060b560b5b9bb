"""Many clients at once at a query endpoint, some of whom mean harm: what each answer was, and how long it took."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.http_client import Kept, asked
from benchmarks.killer_queries import Killer


@dataclass(slots=True)
class Report:
    """What happened: answers by status (0: broken off), all that must not be, and seconds of whole answers to
    ordinary queries."""

    statuses: Counter[int] = field(default_factory=Counter)
    harmful: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Seconds in which that share of the ordinary queries was answered."""
        return statistics.quantiles(self.seconds, n=100)[round(100 * share) - 1]


def _address(number: int) -> str:
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


async def _ordinary(port: int, number: int, end: float, queries: Sequence[tuple[str, bytes]], report: Report) -> None:
    """Asks queries whose answers are known, pausing as a person's dashboard does."""
    connection, chance = Kept(port, _address(number)), random.Random(number)
    while time.monotonic() < end:
        query, wanted = chance.choice(queries)
        began = time.monotonic()
        answer = await connection.ask(asked("/sparql", f"{query} #{chance.randrange(1000)}", f"client {number}"))
        report.statuses[answer.status if answer.whole else 0] += 1
        if answer.status == 200:
            report.seconds.append(time.monotonic() - began)
        if not answer.whole:
            report.wrong.append(f"an ordinary answer broke off: {query}")
        elif answer.status == 200 and answer.body != wanted:
            report.wrong.append(f"another answer: {query}: {answer.body[:200]!r}")
        elif answer.status not in (200, 429, 503) or (answer.status != 200 and "retry-after" not in answer.headers):
            report.wrong.append(f"{answer.status} for {query}: {answer.body[:200]!r}")
        await asyncio.sleep(chance.random() * 0.2)
    connection.close()


async def _harmful(port: int, number: int, end: float, killers: Sequence[Killer], report: Report) -> None:
    """Asks one killer after another."""
    connection, chance = Kept(port, _address(number)), random.Random(number)
    while time.monotonic() < end:
        killer = chance.choice(killers)
        answer = await connection.ask(asked("/sparql", killer.query, f"harm {number}", killer.accept))
        report.harmful[answer.status if answer.whole else 0] += 1
        fits = answer.status in (400, 403, 413, 414, 429, 503) or (
            answer.status == 200 and (killer.ends or not answer.whole)
        )
        if not fits:
            report.wrong.append(f"{answer.status} for {killer.name}: {answer.body[:200]!r}")
        elif answer.status in (429, 503) and "retry-after" not in answer.headers:
            report.wrong.append(f"{answer.status} without Retry-After for {killer.name}")
        await asyncio.sleep(0.05)
    connection.close()


def crowd(
    port: int,
    seconds: float,
    ordinary: int,
    queries: Sequence[tuple[str, bytes]],
    harmful: int,
    killers: Sequence[Killer],
) -> Report:
    """Let ``ordinary`` clients ask queries with known answers, and ``harmful`` ones killers, for a while."""
    report = Report()

    async def run() -> None:
        end = time.monotonic() + seconds
        clients = [_ordinary(port, number, end, queries, report) for number in range(ordinary)]
        clients += [_harmful(port, ordinary + number, end, killers, report) for number in range(harmful)]
        await asyncio.gather(*clients)

    asyncio.run(run())
    return report
