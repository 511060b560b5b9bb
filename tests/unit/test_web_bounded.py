"""What stands before a body is bounded, whichever way it comes."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import cast

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from registry.pipeline.serve import server_options
from registry.settings import Settings
from registry.web.bounded import HEAD, LONGEST, Joining


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        if scope["type"] == "http":
            size = str(len(scope["query_string"])).encode()
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [(b"content-length", str(len(size)).encode())],
                }
            )
            await send({"type": "http.response.body", "body": size})

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", **server_options(Settings())))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < end
        time.sleep(0.02)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(20)
    listener.close()


def told(port: int, *parts: bytes) -> bytes:
    """The answer to a request that is sent in parts; empty where the connection was closed without one."""
    with socket.create_connection(("127.0.0.1", port), 10) as made:
        try:
            for part in parts:
                made.sendall(part)
            return made.recv(1 << 16)
        except (ConnectionError, BrokenPipeError):
            return b""


def test_a_long_address_is_read_to_its_end(port: int) -> None:
    query = b"q=" + b"x" * 60_000
    assert told(port, b"GET /?" + query + b" HTTP/1.1\r\nHost: x\r\n\r\n").endswith(b"\r\n60002")
    assert told(port, b"GET /?" + query[:9], query[9:] + b" HTTP/1.1\r\n", b"Host: x\r\n\r\n").endswith(b"\r\n60002")


@pytest.mark.parametrize(
    "parts",
    [
        [b"GET /?q=" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"],
        [b"GET /?q=", *[b"x" * 50_000] * 8],
        [b"GET / HTTP/1.1\r\nHost: x\r\nX: ", *[b"y" * 50_000] * 8],
        [b"GET / HTTP/1.1\r\nHost: x\r\n", *[b"X-A: " + b"y" * 1000 + b"\r\n"] * 80, b"\r\n"],
    ],
    ids=["address", "endless address", "endless header", "many headers"],
)
def test_what_is_too_long_before_a_body_is_refused(port: int, parts: list[bytes]) -> None:
    answer = told(port, *parts)
    assert answer == b"" or b" 400 " in answer[:20]


class Noted:
    """A transport that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[bytes] = []

    def is_closing(self) -> bool:
        return self.told[-1:] == [b"closed"]

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append(b"closed")


@given(pieces=st.lists(st.sampled_from([HEAD + b"200 OK", b"body", b"", HEAD + b"x" * LONGEST, None]), max_size=8))
def test_heads_go_with_their_bodies_and_every_byte_goes_in_its_place(pieces: list[bytes | None]) -> None:
    async def run() -> None:
        noted = Noted()
        joining = Joining(cast(asyncio.Transport, noted))
        for piece in pieces:
            if piece is None:
                await asyncio.sleep(0)  # a turn of the loop ends: nothing waits longer
                assert b"".join(noted.told) == b"".join(one or b"" for one in pieces[: pieces.index(None) + 1])
                break
            joining.write(piece)
        joining.close()
        sent = pieces if None not in pieces else pieces[: pieces.index(None)]
        assert b"".join(noted.told) == b"".join(one or b"" for one in sent) + b"closed" and joining.is_closing()

    asyncio.run(run())


def test_the_head_of_an_answer_comes_with_its_body() -> None:
    async def run() -> list[bytes]:
        noted = Noted()
        joining = Joining(cast(asyncio.Transport, noted))
        joining.write(HEAD + b"200 OK\r\n\r\n")
        joining.write(b"body")
        joining.write(HEAD + b"200 OK\r\n\r\n")
        await asyncio.sleep(0)
        return noted.told

    assert asyncio.run(run()) == [HEAD + b"200 OK\r\n\r\nbody", HEAD + b"200 OK\r\n\r\n"]


def test_a_body_is_not_counted_and_a_connection_serves_again(port: int) -> None:
    request = b"POST /?a HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"z" * 200_000
    with socket.create_connection(("127.0.0.1", port), 10) as made:
        for _ in range(3):
            made.sendall(request)
            answer = b""
            while not answer.endswith(b"\r\n1"):
                part = made.recv(1 << 16)
                assert part
                answer += part
