"""Politeness towards hosts that several feeds ask at once, and what a moved answer says of a feed's address."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

PER_HOST = 2
"""Requests that one host has to answer at the same time, whatever the number of feeds."""


@dataclass(slots=True)
class Pace:
    """When each host may be asked again, and by how many; shared by fetchers that run at the same time."""

    _next: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _slots: dict[str, threading.Semaphore] = field(default_factory=dict)

    def slot(self, host: str) -> threading.Semaphore:
        """What to hold while this host answers a request: no more than PER_HOST can."""
        with self._lock:
            return self._slots.setdefault(host, threading.Semaphore(PER_HOST))

    def wait(self, host: str, delay: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        """Wait for this host's turn, and take it."""
        with self._lock:
            now = clock()
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + delay
        if turn > now:
            sleep(turn - now)


def moved_feed(feed: str, asked: str, moved: str) -> str:
    """The new address of a feed by what one of its requests was moved to; "" if that says nothing of the feed.

    A request may add a query to the feed's address, or a path below it; both must have moved along.
    """
    if not moved or asked == feed:
        return moved
    (old, _, own), (base, _, query), (there, _, new) = (text.partition("?") for text in (feed, asked, moved))
    below = "" if base == old else base[len(old.rstrip("/")) :]
    if not base.startswith(old.rstrip("/")) or below[:1] not in ("", "/"):
        return ""
    if new != query or not there.endswith(below):
        return ""
    return there.removesuffix(below) + (f"?{own}" if own and query.startswith(own) else "")
