"""A response's body within bounds: bytes over the wire and bytes after unpacking are both counted.

Sources: RFC 9110 §8.4 (Content-Encoding), RFC 1952 (gzip, several members), RFC 1950/1951 (deflate).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_CHUNK = 1 << 16
_GZIP_MAGIC = b"\x1f\x8b"


class TooLarge(Exception):
    """More bytes came than may come; ``unpacked`` tells whether only unpacking made them too many."""

    def __init__(self, limit: int, unpacked: bool) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit, self.unpacked = limit, unpacked


class Undecodable(Exception):
    """A body in an encoding that nobody asked for, or one that is damaged; ``cut`` when it only ended early."""

    def __init__(self, why: str, cut: bool = False) -> None:
        super().__init__(why)
        self.cut = cut


def _inflate(chunks: Iterable[bytes], kind: str) -> Iterator[bytes]:
    """Unpack one coding piece by piece, so that no small input can fill the memory."""
    bits = 16 + zlib.MAX_WBITS if kind == "gzip" else zlib.MAX_WBITS
    unpacker, fresh, between = zlib.decompressobj(bits), True, b""
    for chunk in chunks:
        data = between + chunk
        between = b""
        while data:
            if unpacker.eof:
                if kind != "gzip" or not data.startswith(_GZIP_MAGIC[: len(data)]):
                    return  # padding after the last member
                if len(data) < 2:
                    between = data
                    break
                unpacker = zlib.decompressobj(bits)
            try:
                piece = unpacker.decompress(data, _CHUNK)
            except zlib.error as error:
                if not fresh or kind == "gzip":
                    raise Undecodable(f"{kind}: {error}") from error
                # Many servers send deflate without its zlib wrapping.
                unpacker, kind = zlib.decompressobj(-zlib.MAX_WBITS), "raw deflate"
                continue
            fresh = False
            data = unpacker.unconsumed_tail or unpacker.unused_data
            yield piece
    if fresh:
        return  # some servers announce a coding and send an empty body
    if not unpacker.eof:
        # All input is taken in; what zlib still holds back are the few codes of its bit buffer.
        yield unpacker.flush()
    if not unpacker.eof:
        raise Undecodable(f"{kind}: ends in the middle", cut=True)


def _counted(chunks: Iterable[bytes], limit: int, unpacked: bool) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise TooLarge(limit, unpacked)
        yield chunk


def unpacked(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """The body as a whole, unpacked as its Content-Encoding says ("", "gzip", "deflate", at most two).

    ``limit`` bounds the bytes before and after unpacking. Raises TooLarge, Undecodable.
    """
    codings = [name.strip().lower().removeprefix("x-") for name in encoding.split(",") if name.strip()]
    codings = [name for name in codings if name != "identity"]
    if len(codings) > 2 or any(name not in ("gzip", "deflate") for name in codings):
        raise Undecodable(f"Content-Encoding {encoding[:60]!r}")
    stream: Iterable[bytes] = _counted(chunks, limit, unpacked=False)
    for name in reversed(codings):
        stream = _counted(_inflate(stream, name), limit, unpacked=True)
    return b"".join(stream)


def gunzip(data: bytes, limit: int) -> bytes:
    """A gzip file (a sitemap.xml.gz) unpacked within a limit. Raises TooLarge, Undecodable."""
    return unpacked([data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)], "gzip", limit)
