"""Bytes that come piece by piece, as a file for a parser: nothing of it is held as a whole."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import IO, Any, cast

READ = 1 << 16


class _Pieces(io.RawIOBase):
    """The pieces, to be read once. What ends their making is raised to whoever reads."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._rest = iter(pieces), memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """As many bytes of a piece as fit; 0 at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        taken = min(len(buffer), len(self._rest))
        buffer[:taken], self._rest = self._rest[:taken], self._rest[taken:]
        return taken


def as_file(pieces: Iterable[bytes], read: int = READ) -> IO[bytes]:
    """Pieces as a binary file that takes ``read`` bytes at a time."""
    return cast(IO[bytes], io.BufferedReader(_Pieces(pieces), read))
