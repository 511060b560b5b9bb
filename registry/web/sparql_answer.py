"""How an answer is sent: headers, tags, coding, and the end of a query whose caller has left."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import AsyncIterator, Hashable
from dataclasses import dataclass

from starlette.types import Receive, Send

from registry import __version__
from registry.graph.pool import PASSING, QueryFailed
from registry.web.answer_cache import Answers, Stream, Whole
from registry.web.compress import Coding, Gzip, packed
from registry.web.sparql_hints import HEADER

CACHE = "public, max-age=5, stale-while-revalidate=30, stale-if-error=300"
SLOWEST = 300.0
"""Seconds in which an answer that is there must be read; a streamed one has what is left until its deadline."""
LOOK_AFTER = 0.1
HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", f"ETag, Retry-After, Content-Type, {HEADER}".encode()),
    (b"vary", b"Accept, Accept-Encoding"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
# A browser that shows an answer in XML loads nothing for it.
_ALONE = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


class AnswerBrokenOff(Exception):
    """An answer failed after its first byte; the server must cut the connection, and does when this is raised."""


class Leaving:
    """Ends the task that made it when its caller leaves. Looks only after a moment: most answers are there sooner."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watch: asyncio.Task[None] | None = None
        self.left = False

    def watch(self) -> None:
        """Begin, once the request's body is read."""
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(LOOK_AFTER, self._look)

    def _look(self) -> None:
        self._watch = asyncio.get_running_loop().create_task(self._gone())

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left = True
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Look no longer."""
        if self._timer is not None:
            self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()


@dataclass(frozen=True, slots=True)
class Said:
    """What is said about an answer before it is there. ``identity`` is what its tag is made of besides the release
    ("": no two answers are the same, nothing is kept)."""

    name: str
    coding: Coding
    identity: str
    head: bool

    def tag(self, release: str) -> str:
        """The strong ETag of this answer on a release, in this coding (RFC 9110, 8.8.3)."""
        digest = hashlib.sha256(f"{__version__}\n{self.identity}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return f'"{release}-{digest}{"-gzip" * (self.coding == "gzip")}"'

    def matches(self, if_none_match: str, release: str) -> bool:
        """Whether the caller has it already."""
        if not if_none_match or not self.identity:
            return False
        tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        return bool(tags & {self.tag(release), "*"})

    def headers(self, release: str) -> list[tuple[bytes, bytes]]:
        """Headers of 200 and 304."""
        if not self.identity or release.startswith(PASSING):
            return [*HEADERS, _ALONE, (b"cache-control", b"no-store")]
        return [*HEADERS, _ALONE, (b"cache-control", CACHE.encode()), (b"etag", self.tag(release).encode("latin-1"))]


async def send_unchanged(said: Said, release: str, send: Send) -> None:
    """304: the caller has it."""
    await send({"type": "http.response.start", "status": 304, "headers": said.headers(release)})
    await send({"type": "http.response.body", "body": b""})


async def send_answer(said: Said, made: Whole | Stream, answers: Answers, key: Hashable, send: Send) -> None:
    """200 with the whole answer. Raises AnswerBrokenOff when it fails on the way."""
    kind = f"{said.name}; charset=utf-8" if said.name.startswith("text/") else said.name
    headers = [*said.headers(made.release), (b"content-type", kind.encode())]
    if said.coding == "gzip":
        headers.append((b"content-encoding", b"gzip"))
    try:
        if isinstance(made, Whole):
            with answers.reading(made):
                await _send_whole(said, made, answers, key, headers, send)
        else:
            await _send_stream(said, made, headers, send)
    except QueryFailed as error:
        raise AnswerBrokenOff(f"query answer broken off: {error.kind}") from error
    except TimeoutError as error:
        raise AnswerBrokenOff("query answer broken off: its reader was too slow") from error


async def _send_whole(
    said: Said, made: Whole, answers: Answers, key: Hashable, headers: list[tuple[bytes, bytes]], send: Send
) -> None:
    parts = made.parts
    if said.coding == "gzip":
        if made.packed is None:
            made.packed = await packed(made.parts)
            if key is not None:
                answers.cache.put(key, made)
        parts = made.packed
    headers.append((b"content-length", str(sum(map(len, parts))).encode()))
    if made.hint:
        headers.append((HEADER.lower().encode(), made.hint.encode("ascii")))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if said.head or len(parts) == 1:
        await send({"type": "http.response.body", "body": b"" if said.head else parts[0]})
        return
    async with asyncio.timeout(SLOWEST):
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _send_stream(said: Said, made: Stream, headers: list[tuple[bytes, bytes]], send: Send) -> None:
    try:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if said.head:
            await send({"type": "http.response.body", "body": b""})
            return
        packer = Gzip() if said.coding == "gzip" else None
        # A worker is held while its answer is read, so the deadline counts for slow readers too.
        async with asyncio.timeout(max(0.0, made.answer.until - time.monotonic())):
            async for data in _all(made):
                body = packer.add(data) if packer else data
                await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": packer.end() if packer else b""})
    finally:
        made.answer.close()


async def _all(made: Stream) -> AsyncIterator[bytes]:
    gathered, made.parts = deque(made.parts), []
    while gathered:
        yield gathered.popleft()
    async for part in made.answer.rest:
        yield part
