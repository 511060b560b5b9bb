"""JSON from strangers: bounded, decoded by its own marks, each fault told; and one canonical form of it.

``parse`` reads a document, ``lines`` one value a line (NDJSON), ``canonical`` writes payloads (sorted keys,
UTF-8, no spaces). What is wrong with a document as a whole raises BadJson, whose Issue a harvester hands to
FeedFailed; smaller faults are mended and come as issues. Sources: RFC 8259 (JSON), RFC 7464 and ndjson.org
(one value a line), RFC 1952 (gzip), RFC 6901 (JSON pointer).
"""

from __future__ import annotations

import codecs
import hashlib
import json
import math
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from registry.model import Issue

MAX_BYTES = 256 << 20  # unpacked; the fetcher has a bound of its own
MAX_LINE = 16 << 20
MAX_DEPTH = 100
MAX_DIGITS = 40  # a longer whole number is kept as the string of its digits
_GZIP = b"\x1f\x8b"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_LONE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
_PREFIXES = (")]}',", ")]}'", "while(1);", "for(;;);", "\x1e")  # guards against script inclusion; RFC 7464
_SIGNED = re.compile(
    r"(?:x-amz-.*|x-goog-.*|awsaccesskeyid|googleaccessid|signature|sig|expires|token|oauth2_token_id|policy|key-pair-id|s|ticket)",
    re.IGNORECASE,
)
_NO_JSON = (b"<!doctype", b"<html", b"<?xml", b"<rdf", b"<feed", b"<rss")


class BadJson(Exception):
    """A text that is not JSON, or more than is read. ``issue`` says what and where."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(f"{issue.code} {issue.place} {issue.value}".strip())
        self.issue = issue


@dataclass(frozen=True, slots=True)
class Read:
    """A value and what had to be mended. ``place`` of the issues is the address given to ``parse``."""

    value: Any
    issues: tuple[Issue, ...] = ()


@dataclass(slots=True)
class _Notes:
    place: str
    found: dict[str, Issue] = field(default_factory=dict)

    def add(self, code: str, value: str = "") -> None:
        """Each kind of fault once a document, with its first value."""
        self.found.setdefault(code, Issue(code, self.place[:300], _LONE.sub("\ufffd", value)[:300]))

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)  # the last one counts, as with most readers of JSON
        if len(made) != len(pairs):
            names = [name for name, _ in pairs]
            self.add("jsontext-key-twice", next(name for name in names if names.count(name) > 1))
        return made

    def whole(self, digits: str) -> int | str:
        return int(digits) if len(digits) <= MAX_DIGITS else self._long(digits)

    def _long(self, digits: str) -> str:
        self.add("jsontext-number", digits[:80])
        return digits[:1000]

    def real(self, digits: str) -> float | None:
        value = float(digits[:1000])
        if math.isfinite(value):
            return value
        self.add("jsontext-number", digits[:80])
        return None

    def constant(self, name: str) -> None:
        self.add("jsontext-number", name)


def parse(body: bytes, content_type: str = "", place: str = "") -> Read:
    """The value of a JSON document, unpacked where it is gzip. Raises BadJson.

    Of a key that stands twice the last value counts; NaN and Infinity are null; control characters in
    strings pass; lone surrogates become U+FFFD. Each is told once.
    """
    notes = _Notes(place)
    text = _text(unpacked(body, place), content_type, notes)
    if not text.strip():
        raise BadJson(Issue("jsontext-empty", place[:300]))
    value = _value(text, notes)
    return Read(value, tuple(notes.found.values()))


def lines(body: bytes, content_type: str = "", place: str = "") -> Iterator[tuple[int, Read | BadJson]]:
    """(line number, value) of a text with one JSON value a line; a broken line is given as its BadJson.

    Raises BadJson where the text as a whole cannot be read.
    """
    notes = _Notes(place)
    text = _text(unpacked(body, place), content_type, notes)
    start, number = 0, 0
    first = tuple(notes.found.values())
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        line = text[start:end].strip("\x1e\r\t ")
        start = end + 1
        if not line:
            continue
        where = f"{place}#line={number}" if place else f"line {number}"
        here = _Notes(where)
        if len(line) > MAX_LINE:
            yield number, BadJson(Issue("jsontext-too-large", where[:300], str(len(line)), _limit(MAX_LINE)))
            continue
        try:
            value = _value(line, here)
        except BadJson as error:
            yield number, error
        else:
            yield number, Read(value, (*first, *here.found.values()))
            first = ()


def unpacked(body: bytes, place: str = "", limit: int = MAX_BYTES) -> bytes:
    """The bytes, unpacked where they are gzip (a ``.json.gz``); bounded. Raises BadJson."""
    if not body.startswith(_GZIP):
        if len(body) > limit:
            raise BadJson(Issue("jsontext-too-large", place[:300], str(len(body)), _limit(limit)))
        return body
    parts: list[bytes] = []
    size, rest = 0, body
    try:
        while rest.startswith(_GZIP):  # several members may follow one another
            member = zlib.decompressobj(wbits=31)
            parts.append(member.decompress(rest, limit - size + 1))
            size += len(parts[-1])
            if size > limit:
                raise BadJson(Issue("jsontext-too-large", place[:300], f"> {limit}", _limit(limit)))
            if not member.eof:
                raise BadJson(Issue("jsontext-packed", place[:300], "cut"))
            rest = member.unused_data
    except zlib.error as error:
        raise BadJson(Issue("jsontext-packed", place[:300], str(error)[:300])) from error
    return b"".join(parts)


def canonical(value: Any) -> bytes:
    """The one form of a value that digests are taken of: sorted keys, UTF-8, no spaces, no NaN."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace")


def digest(data: bytes) -> str:
    """ "sha256:…" of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def pointer(*parts: str | int) -> str:
    """A JSON pointer: pointer("a/b", 0) is "/a~1b/0"; "" is the whole (RFC 6901 §3)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def at(value: Any, *path: str | int) -> Any:
    """What stands under keys and indices; None where there is nothing, or something of another kind."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def word(value: Any) -> str:
    """A string or whole number as a string, trimmed; "" for anything else. For keys and identifiers."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _limit(limit: int) -> tuple[tuple[str, str], ...]:
    return (("limit", f"{limit / (1 << 20):g}"),)


def _text(body: bytes, content_type: str, notes: _Notes) -> str:
    """Text by its byte order mark, else UTF-8 (or UTF-16/32 by its zeros), else what the header says."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            text = body[len(mark) :].decode(name, "replace")
            break
    else:
        text = _unmarked(body, content_type, notes)
    stripped = text.lstrip("\ufeff \t\r\n")
    guard = next((one for one in _PREFIXES if stripped.startswith(one)), "")
    return stripped[len(guard) :] if guard else text


def _unmarked(body: bytes, content_type: str, notes: _Notes) -> str:
    wide = {b"\0\0\0": "utf-32-be", b"\0": "utf-16-be"}
    if body[:1] == b"\0":
        return body.decode(wide[b"\0\0\0" if body[:3] == b"\0\0\0" else b"\0"], "replace")
    if body[1:2] == b"\0":
        return body.decode("utf-32-le" if body[1:4] == b"\0\0\0" else "utf-16-le", "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        notes.add("jsontext-encoding", repr(body[max(error.start - 10, 0) : error.start + 10])[2:-1])
    said = _CHARSET.search(content_type)
    for name in (said[1] if said else "", "cp1252"):
        try:
            codec = codecs.lookup(name).name if name else "utf-8"
            if codec != "utf-8":
                return body.decode(codec)
        except (LookupError, UnicodeError, ValueError):
            continue
    return body.decode("utf-8", "replace")


def _value(text: str, notes: _Notes) -> Any:
    value = _loaded(text, notes)
    too_deep = _depth(value) > MAX_DEPTH
    if too_deep:
        raise BadJson(Issue("jsontext-deep", notes.place[:300], "", (("limit", str(MAX_DEPTH)),)))
    if _ESCAPED.search(text) or _LONE.search(text):
        whole = json.dumps(value, ensure_ascii=False)
        if _LONE.search(whole):
            notes.add("jsontext-escape")
            value = json.loads(_LONE.sub("\ufffd", whole), object_pairs_hook=notes.pairs)
    return value


def _loaded(text: str, notes: _Notes) -> Any:
    decoder = json.JSONDecoder(
        object_pairs_hook=notes.pairs, parse_constant=notes.constant, parse_int=notes.whole, parse_float=notes.real,
        strict=False,
    )  # fmt: skip
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        start = text.lstrip()[:12].lower().encode("utf-8", "replace")
        code = "jsontext-no-json" if start.startswith(_NO_JSON) else "jsontext-broken"
        near = " ".join(_LONE.sub("\ufffd", text[max(error.pos - 30, 0) : error.pos + 30]).split())
        params = (("column", str(error.colno)), ("line", str(error.lineno)), ("reason", error.msg[:100]))
        raise BadJson(Issue(code, notes.place[:300], near, params)) from error
    except RecursionError as error:
        raise BadJson(Issue("jsontext-deep", notes.place[:300], "", (("limit", str(MAX_DEPTH)),))) from error


def _depth(value: Any) -> int:
    """How deep lists and objects are nested, at most one more than the bound."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ] if depth else [one for one in level if isinstance(one, dict | list)]  # fmt: skip
        depth += 1 if level else 0
    return depth


def unsigned(address: str) -> str:
    """An address without the parameters of a signature or a session, which are other ones at each visit."""
    if "?" not in address or len(address) > 8000:
        return address
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return address
    kept = [pair for pair in pairs if not _SIGNED.fullmatch(pair[0].strip(";"))]
    return address if len(kept) == len(pairs) else urlunsplit(parts._replace(query=urlencode(kept)))
