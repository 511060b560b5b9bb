"""A small HTTP/1.1 client for measuring: one kept connection, the answer's bytes, and whether it was whole."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from urllib.parse import quote

ENDS = b"\r\n\r\n"
JSON = "application/sparql-results+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers in lower case, and the body; ``whole`` False where the connection broke off in it."""

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool = True


def asked(path: str, query: str, agent: str, accept: str = JSON, more: str = "") -> bytes:
    """A GET request; ``more`` are further header lines, each with its end."""
    target = f"{path}?query={quote(query)}"
    return f"GET {target} HTTP/1.1\r\nHost: x\r\nUser-Agent: {agent}\r\nAccept: {accept}\r\n{more}\r\n".encode()


def _head(data: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = data.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return int(first.split(" ", 2)[1]), headers


class Blocking:
    """One connection, one request at a time, in this thread: for latencies."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> Answer:
        """Send and read; a body must have its length told, or come in chunks that arrive whole."""
        self._socket.sendall(request)
        data = bytearray()
        while (end := data.find(ENDS)) < 0:
            data += self._more()
        status, headers = _head(bytes(data[:end]))
        body = data[end + 4 :]
        if "content-length" in headers:
            while len(body) < int(headers["content-length"]):
                body += self._more()
        elif headers.get("transfer-encoding") == "chunked":
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more()
        return Answer(status, headers, bytes(body))

    def _more(self) -> bytes:
        part = self._socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the connection was closed")
        return part

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


class Kept:
    """One connection of an asynchronous client, from an address of its own where given; opened again when closed."""

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self._port, self._address = port, address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> Answer:
        """Send and read the whole answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self._port, local_addr=(self._address, 0), limit=1 << 22
            )
        reader, writer = self._streams
        writer.write(request)
        status, headers = _head((await reader.readuntil(ENDS))[:-4])
        parts, whole = list[bytes](), True
        try:
            if "content-length" in headers:
                parts.append(await reader.readexactly(int(headers["content-length"])))
            elif headers.get("transfer-encoding") == "chunked":
                while size := int(await reader.readuntil(b"\r\n"), 16):
                    parts.append((await reader.readexactly(size + 2))[:-2])
                await reader.readexactly(2)
        except (asyncio.IncompleteReadError, ConnectionError):
            whole = False
            self.close()
        if headers.get("connection") == "close":
            self.close()
        return Answer(status, headers, b"".join(parts), whole)

    def close(self) -> None:
        """End the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
