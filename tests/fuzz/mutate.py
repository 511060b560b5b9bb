"""Documents made wrong on purpose: a few steps, each a triple of numbers, so that a failing case shrinks.

``apply(body, kind, steps)`` is a pure function. Kinds: xml, json, lines (calendars), turtle, text (Markdown, CSV,
HTML), zip (workbooks).
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from lxml import etree

from tests.fuzz import nasty

Step = tuple[int, int, int]
MAX = 3_000_000
_VALUE = {
    "json": re.compile(rb'(?<=")[^"\\\n]+(?=")|(?<=[:\[,])\s*-?[\d.]+'),
    "xml": re.compile(rb'(?<=>)[^<>]+(?=<)|(?<=")[^"<>\n]+(?=")'),
    "lines": re.compile(rb"(?<=[:;=])[^:;=\r\n]+"),
    "turtle": re.compile(rb'(?<=")[^"\n]+(?=")|(?<=<)[^<>\s]+(?=>)'),
    "text": re.compile(rb'(?<=[(\[">])[^()\[\]"<>\n]+(?=[)\]"<])|(?<=[,;:|])[^,;:|\n]+'),
}


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def flip(body: bytes, kind: str, at: int, what: int) -> bytes:
    if not body:
        return bytes([what % 256])
    at %= len(body)
    return body[:at] + bytes([body[at] ^ (1 << what % 8)]) + body[at + 1 :]


def cut(body: bytes, kind: str, at: int, what: int) -> bytes:
    """The end is missing."""
    return body[: at % (len(body) + 1)]


def remove(body: bytes, kind: str, at: int, what: int) -> bytes:
    at %= len(body) + 1
    return body[:at] + body[at + what % 400 :]


def repeat(body: bytes, kind: str, at: int, what: int) -> bytes:
    at %= len(body) + 1
    piece = body[at : at + what % 400]
    return body[:at] + piece * (2 + what % 5) + body[at:]


def insert(body: bytes, kind: str, at: int, what: int) -> bytes:
    at %= len(body) + 1
    return body[:at] + _bytes_of(nasty.TEXTS[what % len(nasty.TEXTS)]) + body[at:]


def value(body: bytes, kind: str, at: int, what: int) -> bytes:
    """Another value where a value stands."""
    found = list(_VALUE.get(kind, _VALUE["text"]).finditer(body[:MAX]))
    if not found:
        return insert(body, kind, at, what)
    one = found[at % len(found)]
    text = nasty.TEXTS[what % len(nasty.TEXTS)]
    fresh = json.dumps(text)[1:-1].encode() if kind == "json" else _bytes_of(text)
    if kind == "xml" and what % 3:
        fresh = fresh.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b'"', b"&quot;")
    return body[: one.start()] + fresh + body[one.end() :]


def swap(body: bytes, kind: str, at: int, what: int) -> bytes:
    """Two lines change their places."""
    lines = body.split(b"\n")
    one, other = at % len(lines), what % len(lines)
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def line(body: bytes, kind: str, at: int, what: int) -> bytes:
    """A line goes, or stands many times."""
    lines = body.split(b"\n")
    lines[at % len(lines) : at % len(lines) + 1] = [lines[at % len(lines)]] * (what % 4 * (1 + what % 50))
    return b"\n".join(lines)


_CODECS = ("utf-16", "utf-16-be", "utf-32", "latin-1", "cp037", "utf-7", "shift_jis", "utf-8-sig")


def encode(body: bytes, kind: str, at: int, what: int) -> bytes:
    """Another encoding than the one declared; or a mark that lies."""
    if what % 3 == 0:
        return (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x00\x00\xfe\xff", b"\x00")[at % 5] + body
    return body.decode("utf-8", "replace").encode(_CODECS[at % len(_CODECS)], "replace")


def pack(body: bytes, kind: str, at: int, what: int) -> bytes:
    """Packed, packed twice, cut, or a bomb."""
    packed = gzip.compress(body, 1)
    return (
        packed,
        gzip.compress(packed, 1),
        packed[: at % len(packed)],
        nasty.bomb(),
        zlib.compress(body),
        packed * 2,
    )[what % 6]


def nest(body: bytes, kind: str, at: int, what: int) -> bytes:
    """Nesting without end, around or within."""
    depth = (40, 300, 3000, 60_000)[what % 4]
    inner = nasty.deep(kind, depth)
    if kind == "json" and what % 2:
        places = [one.start() for one in re.finditer(rb"[:\[,]", body)] or [0]
        at = places[at % len(places)] + 1
        return body[:at] + inner + b"," + body[at:]
    places = [one.start() for one in re.finditer(rb"<[A-Za-z]|\n", body[1:])] or [0]
    at = places[at % len(places)] + 1
    return body[:at] + inner + body[at:]


def doctype(body: bytes, kind: str, at: int, what: int) -> bytes:
    """Entities, before the root and in it."""
    start = re.search(rb"<[A-Za-z]", body)
    place = start.start() if start else 0
    body = body[:place] + nasty.DOCTYPES[what % len(nasty.DOCTYPES)] + body[place:]
    return value(body, kind, at, 0).replace(b"><", b">&j;&a;<", 1)


def _paths(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = list(found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ())
    return [path, *(one for key, content in inner[:200] for one in _paths(content, (*path, key)))]


def structure(body: bytes, kind: str, at: int, what: int) -> bytes:
    """An element or value moves, goes, stands twice, or is of another type."""
    if kind == "json":
        return _json(body, at, what)
    if kind == "xml":
        return _xml(body, at, what)
    return value(body, kind, at, what)


def _json(body: bytes, at: int, what: int) -> bytes:
    try:
        whole = json.loads(body)
        paths = _paths(whole)
    except (ValueError, RecursionError):
        return value(body, "json", at, what)
    path = paths[at % len(paths)]
    choices = (*nasty.VALUES, *nasty.TEXTS)
    fresh: Any = choices[what // 4 % len(choices)]
    if not path:
        return _dumped(fresh if what % 5 else [whole])
    holder = whole
    for step in path[:-1]:
        holder = holder[step]
    last, how = path[-1], what % 4
    if how == 0:
        holder[last] = [holder[last], fresh] if what % 8 else {"value": holder[last]}
    elif how == 1:
        del holder[last]
    elif how == 2 and isinstance(holder, list):
        holder += holder[last : last + 1] * (what % 30)
    else:
        holder[last] = fresh
    return _dumped(whole)


def _dumped(found: Any) -> bytes:
    return json.dumps(found, ensure_ascii=True).encode()


def _xml(body: bytes, at: int, what: int) -> bytes:
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, huge_tree=False))
    except (etree.XMLSyntaxError, ValueError):
        return value(body, "xml", at, what)
    nodes = list(root.iter(etree.Element))
    node, other = nodes[at % len(nodes)], nodes[what // 6 % len(nodes)]
    parent, how = node.getparent(), what % 6
    text = nasty.TEXTS[what // 6 % len(nasty.TEXTS)]
    text = "".join(char for char in text if char in "\t\n\r" or (char >= " " and not "\ud800" <= char <= "\udfff"))
    text = text.replace("\ufffe", "").replace("\uffff", "")
    if how == 0 and parent is not None:
        parent.remove(node)
    elif how == 1:
        node.text = text
    elif how == 2 and len(etree.tostring(node)) < 20_000:
        copy = etree.fromstring(etree.tostring(node, with_tail=False))
        other.append(copy)
    elif how == 3:
        node.attrib[(list(node.attrib) or ["{http://www.w3.org/XML/1998/namespace}lang"])[0]] = text
    elif how == 4 and parent is not None:
        for _ in range(what % 40):
            parent.append(etree.fromstring(etree.tostring(node, with_tail=False)))
            if len(nodes) > 200:
                break
    else:
        node.tag = other.tag
    return etree.tostring(root)


def zipped(body: bytes, kind: str, at: int, what: int) -> bytes:
    """A part of a workbook made wrong inside."""
    try:
        book = zipfile.ZipFile(io.BytesIO(body))
        parts = [(name, book.read(name)) for name in book.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, zlib.error, RuntimeError):
        return flip(body, kind, at, what)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as fresh:
        for number, (name, content) in enumerate(parts):
            if number == what % max(len(parts), 1):
                inner = (_xml, value, nest, flip, cut, doctype)[at % 6]
                content = _xml(content, at, what) if inner is _xml else inner(content, "xml", at, what)  # type: ignore[call-arg,operator]
            fresh.writestr(name, content)
    return out.getvalue()


WAYS: tuple[Callable[[bytes, str, int, int], bytes], ...] = (
    structure, value, flip, cut, remove, repeat, insert, swap, line, structure, value, encode, pack, nest, doctype,
)  # fmt: skip


def apply(body: bytes, kind: str, steps: Sequence[Step]) -> bytes:
    """All steps in order; a document stays within three million bytes, so that a case is quick."""
    for way, at, what in steps:
        chosen = zipped if kind == "zip" and way % 4 else WAYS[way % len(WAYS)]
        fresh = chosen(body, kind, at, what)
        body = fresh if len(fresh) <= MAX else body
    return body
