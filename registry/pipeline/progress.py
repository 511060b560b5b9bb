"""Showing how far long work is, of many lists at once: bars on a terminal, quiet lines in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Shown = Callable[[str, str, int, int], None]
"""Called with (feed or projection, stage, done, total), from any thread; total 0 when it is not known.

The stages of a list: fetch, fetched (all of it is in the ledger and waits), check, publish, done.
"""

EVERY = 10.0
VISIBLE = 12
"""Bars on a terminal at the same time; further ones appear when these have ended."""
_WORDS = {"fetch": "fetching", "check": "checking", "publish": "publishing", "match": "comparing"}


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Shown]:
    """A function to call as work goes on."""
    if quiet:
        yield lambda what, stage, done, total: None
    elif sys.stderr.isatty():
        with bars() as shown:
            yield shown
    else:
        yield Lines().show


@dataclass(slots=True)
class Lines:
    """For a log: one line now and then that says what is going on."""

    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _now: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    _done: int = 0
    _said: float | None = None

    def show(self, what: str, stage: str, done: int, total: int) -> None:
        """Take a step in; print when it is time."""
        with self._lock:
            if stage == "done":
                self._now.pop(what, None)
                self._done += 1
            else:
                self._now[what] = (stage, done, total)
            now = self.clock()
            self._said = now - EVERY / 2 if self._said is None else self._said
            if self._now and now - self._said >= EVERY:
                self._said = now
                print(self._line(), file=sys.stderr, flush=True)

    def _line(self) -> str:
        fetching = {what: done for what, (stage, done, _) in self._now.items() if stage == "fetch"}
        waiting = sum(stage == "fetched" for stage, _, _ in self._now.values())
        parts = []
        if len(fetching) > 1:
            parts.append(f"fetching {len(fetching)} lists: {sum(fetching.values())}")
        for what, (stage, done, total) in self._now.items():
            if stage != "fetched" and not (stage == "fetch" and len(fetching) > 1):
                of = f" of {total}" if total else ""
                parts.append(f"{_WORDS.get(stage, stage)} {what}: {done}{of}")
        parts += [f"{waiting} wait to be checked"] if waiting else []
        parts += [f"{self._done} done"] if self._done else []
        return "; ".join(parts)


@contextmanager
def bars(console: object = None) -> Iterator[Shown]:
    """For a terminal: a bar for each list that is at work, the first ``VISIBLE`` of them."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    on = console if isinstance(console, Console) else Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=on) as shown:
        work = _Bars(shown)
        yield work.show
        work.end()


class _Bars:
    def __init__(self, shown: Progress) -> None:
        self._shown, self._lock = shown, threading.Lock()
        self._tasks: dict[str, tuple[str, TaskID]] = {}
        self._done = 0
        self._count: TaskID | None = None

    def show(self, what: str, stage: str, done: int, total: int) -> None:
        """Take a step in."""
        with self._lock:
            known = self._tasks.get(what)
            if stage in ("fetched", "done") or (known is not None and known[0] != stage):
                self._drop(what)
                known = None
            if stage == "done":
                self._finished()
            elif stage != "fetched":
                if known is None:
                    seen = sum(self._shown.tasks[self._shown.task_ids.index(one)].visible for _, one in self._live())
                    words = f"{_WORDS.get(stage, stage)} {what}"
                    known = (stage, self._shown.add_task(words, total=total or None, visible=seen < VISIBLE))
                    self._tasks[what] = known
                self._shown.update(known[1], completed=done, total=total or None)

    def _live(self) -> list[tuple[str, TaskID]]:
        return list(self._tasks.values())

    def _drop(self, what: str) -> None:
        """End a bar; one that waited takes its place."""
        if what not in self._tasks:
            return
        _, task = self._tasks.pop(what)
        self._shown.remove_task(task)
        for _, other in self._live():
            if not self._shown.tasks[self._shown.task_ids.index(other)].visible:
                self._shown.update(other, visible=True)
                return

    def _finished(self) -> None:
        self._done += 1
        if self._count is None:
            self._count = self._shown.add_task("lists done", total=None)
        self._shown.update(self._count, completed=self._done)

    def end(self) -> None:
        """What is still shown is complete."""
        for _, task in self._live():
            done = self._shown.tasks[self._shown.task_ids.index(task)].completed
            self._shown.update(task, total=done)
        if self._count is not None:
            self._shown.update(self._count, total=self._done)
