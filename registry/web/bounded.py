"""HTTP read by a parser in C, with a bound on what stands before a body: that parser has none of its own.

A request whose address and headers are longer than ``LONGEST`` bytes gets 400 and its connection is closed, as from
uvicorn's other parser. Needs httptools.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST = 64 * 1024
"""Also the longest address that the parser takes apart rightly: its offsets have 16 bits."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    _before_body = False
    _come = _kept = 0

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
