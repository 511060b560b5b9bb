"""The release that is served now, opened once and shared by all requests until the next one."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any, TypeVar

from registry import release
from registry.release import Release
from registry.search.reader import Reader

KEPT = 200
Made = TypeVar("Made")
_NUMBER = re.compile(r"[0-9]{1,18}\.[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Open:
    """A release with its search index opened; figures are opened per request (a file, a millisecond)."""

    release: Release
    reader: Reader
    _kept: dict[tuple[str, ...], Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, key: tuple[str, ...], make: Callable[[], Made]) -> Made:
        """What is worked out once for this release. ``key`` begins with its kind: of each kind the newest KEPT are
        kept, the others are worked out again when they are asked for."""
        found: Made | None = self._kept.get(key)
        if found is None:
            found = make()
            alike = [one for one in list(self._kept) if one[0] == key[0]]
            for oldest in alike[: max(0, len(alike) - KEPT + 1)]:
                self._kept.pop(oldest, None)
            self._kept[key] = found
        return found

    @property
    def number(self) -> str:
        """The number that all answers from it carry."""
        return self.release.number

    @property
    def modified(self) -> str:
        """When it was made, as a date of HTTP (RFC 9110, 5.6.7). Tags say exactly whether an answer is another one."""
        return format_datetime(datetime.fromisoformat(self.release.manifest["time"]).astimezone(UTC), usegmt=True)


class Releases:
    """Gives the current release; the one before is let go when no request holds it any more."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._open: Open | None = None
        self._older: Open | None = None

    def numbered(self, number: str) -> Open | None:
        """The release of this number while it is kept, None when it is gone or there never was one."""
        now = self.current()
        if now is None or now.number == number:
            return now
        if not _NUMBER.fullmatch(number):
            return None
        found = release.read(self._data / "releases" / number)
        if found is None:
            return None
        with self._lock:
            if self._older is None or self._older.release.path != found.path:
                self._older = Open(found, Reader(found.search))
            return self._older

    def current(self) -> Open | None:
        """The current release, None before the first."""
        found = release.current(self._data)
        if found is None:
            return None
        with self._lock:
            if self._open is None or self._open.release.path != found.path:
                self._open = Open(found, Reader(found.search))
            return self._open
