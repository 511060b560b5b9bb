"""The web process's end of a worker's socket: frames as they come, and no more of them than its reader takes."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

from registry.graph.worker import FRAME, HEADER


class WorkerEnded(Exception):
    """The worker has closed its end: it has ended."""


class Link(asyncio.Protocol):
    """One connection. At most about two frames wait in it; then the worker waits too."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._held = bytearray()
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._size = 0
        self._waiting: asyncio.Future[None] | None = None
        self._paused = False
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by their class

    def data_received(self, data: bytes) -> None:
        """Bytes of the worker: whole frames are put by."""
        held = self._held
        held += data
        start = 0
        while len(held) - start >= HEADER.size:
            kind, size = HEADER.unpack_from(held, start)
            end = start + HEADER.size + size
            if len(held) < end:
                break
            self._frames.append((kind, bytes(memoryview(held)[start + HEADER.size : end])))
            self._size += size
            start = end
        if start:
            del held[:start]
        if self._size + len(held) > 2 * FRAME and self._frames and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        if self._frames:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The worker has ended."""
        self.ended = True
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def frame(self) -> tuple[bytes, bytes]:
        """The next frame. Raises WorkerEnded when there is none to come."""
        while not self._frames:
            if self.ended:
                raise WorkerEnded
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        found = self._frames.popleft()
        self._size -= len(found[1])
        if self._paused and not self._frames and self._transport is not None and not self.ended:
            self._paused = False
            self._transport.resume_reading()
        return found

    def send(self, data: bytes) -> None:
        """Give the worker something."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """Let the worker go; what it still says is not heard."""
        if self._transport is not None:
            self._transport.abort()
