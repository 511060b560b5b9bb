"""HTTP read by a parser in C, with a bound on what stands before a body: that parser has none of its own. The head of
an answer is sent with the first piece of its body, not in a packet of its own.

A request whose address and headers are longer than ``LONGEST`` bytes gets 400 and its connection is closed, as from
uvicorn's other parser. Needs httptools.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST = 64 * 1024
"""Also the longest address that the parser takes apart rightly: its offsets have 16 bits."""


HEAD = b"HTTP/1.1 "


class Joining:
    """A transport that keeps the head of an answer until the next piece is there, or this turn of the loop ends."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send in order."""
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(HEAD) and len(data) <= LONGEST:
            self._held = data
            asyncio.get_running_loop().call_soon(self.flush)
            return
        self._transport.write(data)

    def flush(self) -> None:
        """Send what was kept."""
        if self._held:
            data, self._held = self._held, b""
            self._transport.write(data)

    def close(self) -> None:
        """Send what was kept, then end the connection."""
        self.flush()
        self._transport.close()


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    _before_body = False
    _come = _kept = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A caller has come."""
        super().connection_made(cast(asyncio.Transport, Joining(transport)))

    def data_received(self, data: bytes) -> None:
        """Bytes from the caller."""
        super().data_received(data)
        if self._before_body and not self.transport.is_closing():
            self._come += len(data)
            if self._come > LONGEST:
                self.send_400_response("Address and headers are too long.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._before_body, self._come, self._kept = True, 0, 0

    def on_url(self, url: bytes) -> None:
        """A part of its address."""
        self._keep(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._keep(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """What follows is the body."""
        self._before_body = False
        super().on_headers_complete()

    def _keep(self, size: int) -> None:
        self._kept += size
        if self._kept > LONGEST:
            raise ValueError("address and headers are too long")  # the parser makes 400 of it
