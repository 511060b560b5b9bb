"""Which content coding a caller takes, and gzip as the bytes come. Source: RFC 9110, 8.4.1 and 12.5.3; RFC 1952."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Sequence
from typing import Literal

LEVEL = 4
PART = 64 * 1024
_GZIP = 31  # window bits of zlib for the gzip format; its header then has no time and no name
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")

Coding = Literal["gzip", "identity"]


def coding(accept_encoding: str | None) -> Coding | None:
    """The coding of an answer; None when the caller takes neither. gzip wherever it is not worse than identity."""
    if not accept_encoding:
        return "identity"
    told: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((piece.partition("=")[2].strip() for piece in parameters if piece.startswith("q")), "1")
        if name and _QUALITY.fullmatch(quality):
            told["gzip" if name == "x-gzip" else name] = float(quality)
    gzip = told.get("gzip", told.get("*", 0.0))
    # Identity is always there unless it is refused, by name or by a star with nothing better said.
    identity = told.get("identity", told.get("*", 1.0) if told.get("*") == 0 else 0.001)
    if not gzip and not identity:
        return None
    return "gzip" if gzip >= identity else "identity"


class Gzip:
    """Compresses a stream: each piece can be read as soon as it has come."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)

    def add(self, data: bytes) -> bytes:
        """What to send for a piece."""
        return self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        """What to send at the end."""
        return self._packer.flush()


def pack(body: bytes) -> bytes:
    """A whole answer compressed."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()


def unpack(packed: bytes) -> bytes:
    """What was packed here. The size at its end (RFC 1952, 2.3.1) spares a third of the time: nothing is moved as it
    grows."""
    return zlib.decompress(packed, _GZIP, int.from_bytes(packed[-4:], "little"))


async def packed(parts: Sequence[bytes]) -> tuple[bytes, ...]:
    """A whole answer compressed, without keeping others waiting for more than a millisecond or two."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    made = []
    for part in parts:
        for start in range(0, len(part), PART):
            made.append(packer.compress(part[start : start + PART]))
            if len(part) > PART or len(parts) > 1:
                await asyncio.sleep(0)
    whole = b"".join([*made, packer.flush()])
    return (whole,) if len(whole) <= PART else tuple(whole[at : at + PART] for at in range(0, len(whole), PART))
