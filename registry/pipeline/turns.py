"""One visit of a list at a time, whichever process makes it: a file lock per list, gone with its process."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

PAUSE = 0.2


def take(data: Path, feed: str, stopped: threading.Event | None = None) -> TextIO | None:
    """Wait for a list's turn; closing what this gives ends it. None where ``stopped`` is set before."""
    folder = data / "turns"
    folder.mkdir(parents=True, exist_ok=True)
    handle = (folder / f"{feed}.lock").open("w")
    waited = stopped or threading.Event()
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if waited.wait(PAUSE):
                handle.close()
                return None


@contextmanager
def turn(data: Path, feed: str) -> Iterator[None]:
    """A list's turn."""
    handle = take(data, feed)
    assert handle is not None
    with handle:
        yield
