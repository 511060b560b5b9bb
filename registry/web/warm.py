"""Answers of stored queries that workers evaluate are made ready after a release, before anybody asks for them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from registry.graph.pool import QueryFailed
from registry.iris import Iris
from registry.release import Release
from registry.web.stored import StoredQuery
from registry.web.stored_answers import Answers, Asked, TooLarge
from registry.web.stored_values import read_values

SETTLED = 5.0
"""Seconds that a release must stand: while one follows another nothing is made ready that would be gone at once."""


async def keep_warm(
    answers: Answers,
    queries: Iterable[StoredQuery],
    current: Callable[[], Release | None],
    iris: Iris,
    settled: float = SETTLED,
) -> None:
    """Until it is cancelled: ask each query without its parameters, one after the other, once for each release.

    What is read from figures needs no making ready, nor does what cannot be asked without a parameter.
    """
    wanted = [
        one for one in queries if one.figure is None and one.columns and not any(p.required for p in one.parameters)
    ]
    log = logging.getLogger("registry.web")
    warmed, seen, since = "", "", time.monotonic()
    while True:
        await asyncio.sleep(settled / 5)
        standing = await asyncio.to_thread(current)
        number = standing.number if standing else ""
        if number != seen:
            seen, since = number, time.monotonic()
        if standing is None or number == warmed or time.monotonic() - since < settled:
            continue
        warmed = number
        for query in wanted:
            try:
                await answers.ready(Asked(query, read_values(query, []), standing, iris))
            except (QueryFailed, TooLarge) as error:
                log.info("/q/%s could not be made ready: %s", query.name, error)
            except Exception:  # one that cannot be read keeps no other from being made ready
                log.exception("/q/%s could not be made ready", query.name)
            if (now := await asyncio.to_thread(current)) is None or now.number != number:
                break
