"""Queries of the public answered by a mirror elsewhere, and by the release itself while there is none.

What the mirror holds is told by the publisher in ``mirror.json``, before it begins to write and when it is
done. An answer may be kept only if the mirror held the current release, whole, before it and after it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from registry.graph.pool import PASSING, QueryAnswer, QueryFailed, QueryPool, QueryRequest
from registry.graph.remote import Remote, hidden_prefix, of_settings
from registry.graph.target import REFUSED, Target
from registry.iris import Iris
from registry.settings import Settings

FILE = "mirror.json"


@dataclass(frozen=True, slots=True)
class State:
    """What a mirror holds. ``phase``: ``copying`` (a part of a graph, not to be asked), ``writing`` (whole records,
    some older than others) or ``ready`` (the release ``number``, up to ``sequence``)."""

    store: str
    phase: str
    number: str = ""
    sequence: int = 0
    hidden: tuple[str, ...] = ()


def read_state(data: Path, store: str) -> State | None:
    """The state of the mirror in a store; None where nothing, or another store, was written."""
    try:
        told = json.loads((data / FILE).read_text("utf-8"))
        state = State(**{**told, "hidden": tuple(told["hidden"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        return None  # of another version: the publisher writes it again
    return state if state.store == store else None


def write_state(data: Path, state: State) -> None:
    """Say what the mirror holds, at once for all who read."""
    fresh = data / f"{FILE}.{os.getpid()}"
    fresh.write_text(json.dumps(asdict(state)), "utf-8")
    fresh.replace(data / FILE)


class Mirrored:
    """A pool of which the public's queries go to the mirror. Takes the place of a QueryPool."""

    def __init__(self, settings: Settings, remote: Remote) -> None:
        self.settings, self._remote = settings, remote
        self._here = QueryPool(settings)
        self._there = QueryPool(settings, self._target(()))
        self._hidden: tuple[str, ...] | None = None
        self._turn = asyncio.Lock()
        self.public = Public(self)

    def _target(self, hidden: tuple[str, ...]) -> Target:
        remote = self._remote
        ca_file = self.settings.http_ca_file
        return Target(remote.dialect.name, remote.query, remote.iris.base, hidden, ca_file)

    @property
    def release(self) -> str:
        """The number of the release that is served."""
        return self._here.release

    @property
    def sandboxed(self) -> bool:
        """Whether query workers are kept from the network."""
        return self._here.sandboxed

    async def start(self) -> None:
        """Start the processes that workers are forked from."""
        await self._here.start()
        await self._there.start()

    async def stop(self) -> None:
        """End all workers; queries that run fail."""
        await self._there.stop()
        await self._here.stop()

    async def switch(self, release_graph_dir: Path, number: str) -> None:
        """Answer our own queries from another release. Raises QueryFailed."""
        await self._here.switch(release_graph_dir, number)

    async def run(self, request: QueryRequest, *, internal: bool = False) -> QueryAnswer:
        """Begin an answer from the release. Raises QueryFailed."""
        return await self._here.run(request, internal=internal)

    async def fetch(self, query: str, media_type: str) -> bytes:
        """The whole answer of one of our own queries."""
        return await self._here.fetch(query, media_type)

    def state(self) -> State | None:
        """What the mirror holds, None where it is not to be asked."""
        state = read_state(self.settings.data, self.settings.store)
        return None if state is None or state.phase == "copying" else state

    async def ask(self, request: QueryRequest) -> QueryAnswer:
        """Begin an answer of the mirror; of the release where there is none, or its engine does not manage it.

        Raises QueryFailed.
        """
        before = self.state()
        if before is None:
            return await self._here.run(request)
        async with self._turn:
            if before.hidden != self._hidden:
                marker = f"{hidden_prefix(self._remote.iris)}/mirror"
                self._there.target = self._target((*before.hidden, marker))
                await self._there.switch(self.settings.data, "mirror")
                self._hidden = before.hidden
        try:
            answer = await self._there.run(request)
        except QueryFailed as error:
            if str(error) != REFUSED:
                raise
            # The query is right, and this engine does not manage it: the release does.
            return await self._here.run(request)
        lasting = answer.whole and before == self.state() and self.lasting(before)
        return replace(answer, release=before.number if lasting else self.public.passing())

    def lasting(self, state: State) -> bool:
        """Whether the mirror holds what is served."""
        return state.phase == "ready" and state.number == self._here.release


class Public:
    """What ``/sparql`` asks. ``release`` is what answers may be kept for: a name that passes while the mirror lags."""

    def __init__(self, mirrored: Mirrored) -> None:
        self._mirrored = mirrored
        self._passing = itertools.count()

    def passing(self) -> str:
        """A release that nothing is kept for."""
        return f"{PASSING}{next(self._passing)}"

    @property
    def release(self) -> str:
        """The release of answers that are kept."""
        state = self._mirrored.state()
        if state is None or self._mirrored.lasting(state):
            return self._mirrored.release
        return self.passing()

    @property
    def settings(self) -> Settings:
        """The settings of the pool."""
        return self._mirrored.settings

    async def run(self, request: QueryRequest, *, internal: bool = False) -> QueryAnswer:
        """Begin an answer. Raises QueryFailed."""
        if internal:
            return await self._mirrored.run(request, internal=True)
        return await self._mirrored.ask(request)


def pool_of(settings: Settings, base: str) -> Any:
    """The pool for one deployment: with a mirror where the settings name a store. Raises ValueError where they
    cannot be meant."""
    remote = of_settings(settings, Iris(base))
    return QueryPool(settings) if remote is None else Mirrored(settings, remote)
