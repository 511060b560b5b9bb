"""What is kept of answers in this process's memory: a bounded number of bytes; what was not asked for longest goes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Kept(Generic[_T]):
    """Values by key, of at most ``limit`` bytes together. ``size``: bytes of those that are there."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Hashable, tuple[_T, int]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> _T | None:
        """The value, which is now the last to go."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: _T, size: int) -> None:
        """Keep a value of that many bytes in place of the one before; one above the limit is not kept."""
        if (before := self._values.pop(key, None)) is not None:
            self.size -= before[1]
        if size > self._limit:
            return
        self._values[key] = (value, size)
        self.size += size
        while self.size > self._limit:
            self.size -= self._values.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Keep nothing."""
        self._values.clear()
        self.size = 0
