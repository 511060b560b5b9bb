"""Git packs from strangers, in memory and within bounds: no object, chain or sum may grow without end.

Written by hand because the usual readers inflate and patch whatever a pack declares. Source: Git,
gitformat-pack(5): entries (type and size, deltas by offset or name) and the delta instructions.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from mmap import mmap

MAX_OBJECTS = 300_000
MAX_OBJECT = 4 << 20
MAX_TOTAL = 256 << 20
MAX_CHAIN = 4096
COMMIT, TREE, BLOB, TAG, OFS_DELTA, REF_DELTA = 1, 2, 3, 4, 6, 7
NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}


class BadPack(Exception):
    """A pack that breaks the format or a bound; the text says which."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its kind, bytes ("" when it was too large to keep), and its base (offset or name) if a delta."""

    kind: int
    data: bytes
    base: int | bytes | None = None
    skipped: bool = False


@dataclass(slots=True)
class Budget:
    """How many bytes may still be unpacked."""

    left: int = MAX_TOTAL

    def take(self, size: int) -> None:
        """Use some of it up. Raises BadPack."""
        self.left -= size
        if self.left < 0:
            raise BadPack(f"more than {MAX_TOTAL >> 20} MB unpacked")


@dataclass(slots=True)
class Objects:
    """Objects by name (hex): (kind, bytes). ``skipped`` counts those too large to keep."""

    by_name: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    skipped: int = 0

    def get(self, name: str, kind: int) -> bytes | None:
        """The bytes of an object of one kind, None where it is not here."""
        found = self.by_name.get(name)
        return found[1] if found is not None and found[0] == kind else None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A little-endian base-128 number (sizes in a delta)."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 56:
            raise BadPack("a number is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at


def apply_delta(base: bytes, delta: bytes) -> bytes:
    """A base patched by a delta, never longer than the delta declares. Raises BadPack."""
    size, at = _varint(delta, 0)
    wanted, at = _varint(delta, at)
    if size != len(base) or wanted > MAX_OBJECT:
        raise BadPack("a delta does not fit its base")
    out = bytearray()
    while at < len(delta):
        code = delta[at]
        at += 1
        if code & 0x80:
            fields = [0] * 7
            for bit in range(7):
                if code & (1 << bit):
                    if at >= len(delta):
                        raise BadPack("a delta is cut off")
                    fields[bit] = delta[at]
                    at += 1
            start = int.from_bytes(bytes(fields[:4]), "little")
            length = int.from_bytes(bytes(fields[4:]), "little") or 0x10000
            if start + length > len(base):
                raise BadPack("a delta copies from beyond its base")
            out += base[start : start + length]
        elif code:
            if at + code > len(delta):
                raise BadPack("a delta is cut off")
            out += delta[at : at + code]
            at += code
        else:
            raise BadPack("an instruction of a delta is reserved")
        if len(out) > wanted:
            raise BadPack("a delta makes more than it declares")
    if len(out) != wanted:
        raise BadPack("a delta makes less than it declares")
    return bytes(out)


def _entries(pack: bytes, budget: Budget) -> dict[int, Entry]:
    """The entries by offset."""
    if len(pack) < 32 or pack[:4] != b"PACK" or int.from_bytes(pack[4:8]) not in (2, 3):
        raise BadPack("no pack")
    count, at = int.from_bytes(pack[8:12]), 12
    if count > MAX_OBJECTS:
        raise BadPack(f"more than {MAX_OBJECTS} objects")
    found: dict[int, Entry] = {}
    end = len(pack) - 20
    for _ in range(count):
        start = at
        kind, size, base, at = header(pack, at, end)
        data, at, skipped = inflate(pack, at, size, budget)
        found[start] = Entry(kind, data, base, skipped)
    return found


def header(pack: bytes | mmap, start: int, end: int) -> tuple[int, int, int | bytes | None, int]:
    """The head of an entry: kind, size, base of a delta (offset or name), where its stream begins. Raises BadPack."""
    at = start
    if at >= end:
        raise BadPack("the pack is cut off")
    byte = pack[at]
    at += 1
    kind, size, shift = (byte >> 4) & 7, byte & 15, 4
    while byte & 0x80:
        if at >= end or shift > 56:
            raise BadPack("the pack is cut off")
        byte = pack[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
    if kind == OFS_DELTA:
        byte, at = pack[at], at + 1
        back = byte & 0x7F
        while byte & 0x80:
            if at >= end or back > end:
                raise BadPack("the pack is cut off")
            byte, at = pack[at], at + 1
            back = ((back + 1) << 7) | (byte & 0x7F)
        return kind, size, start - back, at
    if kind == REF_DELTA:
        return kind, size, bytes(pack[at : at + 20]), at + 20
    if kind not in NAMES:
        raise BadPack(f"an object of the unknown kind {kind}")
    return kind, size, None, at


def inflate(pack: bytes | mmap, at: int, size: int, budget: Budget) -> tuple[bytes, int, bool]:
    """One compressed stream: (bytes, where the next entry begins, whether it was too large to keep)."""
    engine, out, total = zlib.decompressobj(), bytearray(), 0
    keep = size <= MAX_OBJECT
    chunk = 1 << 16
    data = pack[at : at + chunk]
    consumed = at + len(data)
    try:
        while not engine.eof:
            piece = engine.decompress(data, chunk)
            total += len(piece)
            budget.take(len(piece))
            if total > size:
                raise BadPack("an object is longer than it declares")
            if keep:
                out += piece
            data = engine.unconsumed_tail
            if not data and not engine.eof:
                data = pack[consumed : consumed + chunk]
                consumed += len(data)
                if not data and not piece:
                    raise BadPack("the pack is cut off")
    except zlib.error as error:
        raise BadPack(f"an object cannot be unpacked: {error}") from error
    if total != size:
        raise BadPack("an object is shorter than it declares")
    return bytes(out), consumed - len(engine.unused_data), not keep


def unzip(data: bytes, limit: int, budget: Budget) -> bytes:
    """One compressed stream of unknown length, at most ``limit`` bytes of it. Raises BadPack."""
    engine = zlib.decompressobj()
    try:
        plain = engine.decompress(data, limit + 1)
    except zlib.error as error:
        raise BadPack(f"an object cannot be unpacked: {error}") from error
    budget.take(len(plain))
    if len(plain) > limit or not engine.eof:
        raise BadPack("an object is too large or cut off")
    return plain


def read(pack: bytes) -> Objects:
    """All objects of a pack that stands alone (no thin one). Raises BadPack."""
    budget = Budget()
    try:
        entries = _entries(pack, budget)
    except IndexError as error:
        raise BadPack("the pack is cut off") from error
    objects, offsets = Objects(), dict[int, tuple[int, bytes]]()
    waiting: dict[int | bytes, list[int]] = {}
    todo: list[tuple[int, int]] = []  # (offset, length of its chain of deltas), bases before what builds on them
    for offset, entry in entries.items():
        if entry.skipped:
            objects.skipped += 1
        elif entry.base is None:
            _keep(objects, offsets, offset, entry.kind, entry.data)
            todo.append((offset, 0))
        else:
            waiting.setdefault(entry.base, []).append(offset)
    while todo:
        offset, depth = todo.pop()
        kind, base = offsets[offset]
        name = hashlib.sha1(_head(kind, base) + base, usedforsecurity=False).digest()
        for child in [*waiting.pop(offset, ()), *waiting.pop(name, ())]:
            if depth >= MAX_CHAIN or _declared(entries[child].data) > MAX_OBJECT:
                objects.skipped += 1
                continue
            data = apply_delta(base, entries[child].data)
            budget.take(len(data))
            _keep(objects, offsets, child, kind, data)
            todo.append((child, depth + 1))
    objects.skipped += sum(map(len, waiting.values()))  # their base was too large, or is not here
    return objects


def _declared(delta: bytes) -> int:
    _, at = _varint(delta, 0)
    return _varint(delta, at)[0]


def _head(kind: int, data: bytes) -> bytes:
    return b"%s %d\x00" % (NAMES[kind], len(data))


def _keep(objects: Objects, offsets: dict[int, tuple[int, bytes]], offset: int, kind: int, data: bytes) -> None:
    name = hashlib.sha1(_head(kind, data) + data, usedforsecurity=False).hexdigest()
    offsets[offset] = objects.by_name[name] = (kind, data)
