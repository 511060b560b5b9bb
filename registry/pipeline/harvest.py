"""Visiting feeds, many at once: a feed's failure never touches another.

Threads fetch, each with a connection to the ledger of its own; the calling thread alone prepares what they
brought and appends it to the log, feed by feed, the shortest first, with one pool of worker processes. So a slow
source costs the others nothing, the memory is bounded by one preparation, and the log has one writer.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import TextIO
from urllib.parse import urlsplit

from registry.ledger import beside, runs
from registry.model import Academy, Feed, Run
from registry.net_pace import PER_HOST
from registry.pipeline import score, turns
from registry.pipeline.disk import fault
from registry.pipeline.house import House, ledger_path
from registry.pipeline.intake import Intake, Seen, Stopped, fetch, settle
from registry.pipeline.progress import Shown
from registry.prepare import workers
from registry.prepare.loops import repositories

PATIENCE = 5.0
"""Seconds that fetching threads have to write what they hold when the visit is broken off."""

Chosen = Sequence[tuple[Academy, Feed]]


def pick(house: House, wanted: Sequence[str]) -> list[tuple[Academy, Feed]]:
    """The feeds of the academies or feeds named, all when none is. Raises LookupError for an unknown name."""
    if not wanted:
        return house.feeds
    chosen = [(academy, feed) for academy, feed in house.feeds if academy.id in wanted or feed.id in wanted]
    known = {name for academy, feed in house.feeds for name in (academy.id, feed.id)}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise LookupError(f"no academy or feed is called {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    return chosen


def harvest_feeds(
    house: House, chosen: Chosen, shown: Shown, *, full: bool = False, accept_drop: bool = False
) -> list[Run]:
    """Visit the feeds; the runs as they ended, in the order of ``chosen``.

    A bug in one feed's visit is raised when the other feeds' work is committed; its run says what happened.
    After a kill or Ctrl-C the next call carries on from what was staged.
    """
    with workers.Pool(house.settings.prepare_workers) as pool:
        intake = Intake(
            house.connection, house.settings, house.iris, house.root, house.messages, shown, accept_drop, full,
            pool=pool, repositories=repositories(house.academies.values()),
        )  # fmt: skip
        fetching = _Fetching(intake, _longest_first(house, chosen))
        fetching.start(min(house.settings.harvest_workers, len(chosen)))
        try:
            ended, bugs = _settle_all(intake, fetching, len(chosen))
        except KeyboardInterrupt:
            fetching.stop()
            for _, feed in chosen:
                runs.close(house.connection, feed.id, "broken-off", "stopped from outside", intake.now())
            raise
        finally:
            fetching.stop()
    if bugs:
        raise bugs[0]
    return [ended[feed.id] for _, feed in chosen]


def _longest_first(house: House, chosen: Chosen) -> list[tuple[Academy, Feed]]:
    """What took long the last time, or was never visited, begins first, so that it does not end last."""
    took = runs.durations(house.connection)
    return sorted(chosen, key=lambda one: -took.get(one[1].id, float("inf")))


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A feed whose payloads are in the ledger, or the error that its fetching ended with."""

    academy: Academy
    feed: Feed
    seen: Seen | None
    error: BaseException | None = None
    turn: TextIO | None = None

    def over(self) -> None:
        """Let other processes visit the feed."""
        if self.turn is not None:
            self.turn.close()

    @property
    def work(self) -> int:
        """How much there may be to prepare."""
        return self.seen.staged.new + self.seen.staged.changed if self.seen else 0


class _Fetching:
    """The threads that fetch, and what they brought."""

    def __init__(self, intake: Intake, chosen: Chosen) -> None:
        self._stopped = threading.Event()
        self._intake = replace(intake, pool=None, stopped=self._stopped)
        self._waiting = list(chosen)
        self._hosts: Counter[str] = Counter()
        self._change = threading.Condition()
        self._arrived: SimpleQueue[_Arrival] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._turns: list[TextIO] = []

    def start(self, threads: int) -> None:
        """Begin; daemons, because a server that never answers must not keep the program from ending."""
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def arrived(self, wait: bool) -> list[_Arrival]:
        """What was fetched since the last call; waits for one if there is none."""
        found = [self._arrived.get()] if wait else []
        while not self._arrived.empty():
            found.append(self._arrived.get())
        return found

    def stop(self) -> None:
        """Let the threads write what they hold, and mark what did not come to its end."""
        self._stopped.set()
        with self._change:
            self._waiting.clear()
            self._change.notify_all()
        until = time.monotonic() + PATIENCE
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))
        for turn in self._turns:  # also of a thread that waits for a server that never answers
            turn.close()

    def _next(self) -> tuple[Academy, Feed] | None:
        """The next feed whose host has a place free; None at the end. Takes the place."""
        with self._change:
            while self._waiting:
                for one in self._waiting:
                    host = _host(one[1])
                    if self._hosts[host] < PER_HOST:
                        self._hosts[host] += 1
                        self._waiting.remove(one)
                        return one
                self._change.wait()
            return None

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        while (one := self._next()) is not None:
            academy, feed = one
            turn: TextIO | None = None
            try:
                turn = turns.take(self._intake.settings.data, feed.id, self._stopped)
                if turn is None:
                    raise Stopped
                self._turns.append(turn)
                if connection is None:
                    connection = beside(self._intake.connection, ledger_path(self._intake.settings))
                seen = fetch(replace(self._intake, connection=connection), feed)
                arrival = _Arrival(academy, feed, seen, turn=turn)
            except BaseException as error:  # handed over: the calling thread raises it
                arrival = _Arrival(academy, feed, None, error, turn)
            with self._change:
                self._hosts[_host(feed)] -= 1
                self._change.notify_all()
            self._arrived.put(arrival)
        if connection is not None:
            connection.close()


def _host(feed: Feed) -> str:
    return urlsplit(feed.address).hostname or ""


def _settle_all(intake: Intake, fetching: _Fetching, count: int) -> tuple[dict[str, Run], list[BaseException]]:
    """Bring feeds into the log as they arrive: {feed: run}, and the errors of those that met a bug.

    A full disk ends everything at once. If a worker process is killed (by the system, for its memory, say), the
    feed is tried once more when all others are done.
    """
    ended: dict[str, Run] = {}
    bugs: list[BaseException] = []
    ready: list[_Arrival] = []
    again: list[_Arrival] = []
    taken = 0
    while taken < count or ready or again:
        new = fetching.arrived(wait=not ready and taken < count)
        taken += len(new)
        ready = sorted([*ready, *new], key=lambda one: one.work)
        last = not ready
        one = again.pop(0) if last else ready.pop(0)
        try:
            if one.seen is None:
                raise one.error or AssertionError("neither seen nor failed")
            run = ended[one.feed.id] = settle(intake, one.academy, one.feed, one.seen)
            score.keep(intake.connection, intake.root, intake.iris.base, one.feed.id, run.iri, intake.now())
        except BrokenProcessPool as error:
            if last:
                bugs.append(_marked(intake, one, error))
            else:
                again.append(one)
                continue
        except Exception as error:  # raised when the others are done
            if fault(error, intake.settings.data):
                raise
            bugs.append(_marked(intake, one, error))
        one.over()
    return ended, bugs


def _marked(intake: Intake, one: _Arrival, error: BaseException) -> BaseException:
    """The run of a feed that met a bug says so."""
    error.add_note(f"while visiting {one.feed.id}")
    message = f"a fault of this program: {type(error).__name__}: {error}"
    runs.close(intake.connection, one.feed.id, "failed", message[:500], intake.now())
    intake.progress(one.feed.id, "done", 0, 0)
    return error
