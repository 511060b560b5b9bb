"""Showing how far long work is: bars on a terminal, quiet lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Shown = Callable[[str, str, int, int], None]
"""Called with (feed or projection, stage, done, total); total 0 when it is not known."""

EVERY = 10.0
_WORDS = {"fetch": "fetching", "check": "checking", "publish": "publishing", "match": "comparing"}


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Shown]:
    """A function to call as work goes on."""
    if quiet:
        yield lambda what, stage, done, total: None
    elif sys.stderr.isatty():
        yield from _bars()
    else:
        yield _lines()


def _lines() -> Shown:
    said: dict[tuple[str, str], float] = {}

    def show(what: str, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        last = said.setdefault((what, stage), now - EVERY / 2)
        if now - last >= EVERY:
            said[(what, stage)] = now
            of = f" of {total}" if total else ""
            print(f"{_WORDS.get(stage, stage)} {what}: {done}{of}", file=sys.stderr, flush=True)

    return show


def _bars() -> Iterator[Shown]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bars:
        tasks: dict[tuple[str, str], object] = {}

        def show(what: str, stage: str, done: int, total: int) -> None:
            task = tasks.get((what, stage))
            if task is None:
                task = tasks[(what, stage)] = bars.add_task(f"{_WORDS.get(stage, stage)} {what}", total=total or None)
            bars.update(task, completed=done, total=total or None)  # type: ignore[arg-type]

        yield show
        for task in tasks.values():
            bars.update(task, total=bars.tasks[task].completed)  # type: ignore[arg-type, call-overload]
