"""Reads JSON as pages carry it: strictly first, then with repairs, each of which is told.

Source: RFC 8259, and the faults listed in ``docs/profile.md`` (pitfalls, "JSON-LD in pages").
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from typing import Any

MAX_BLOCK = 4 << 20  # characters; a description is some KB

_TOKEN = re.compile(
    r'(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")'
    r"|(?P<single>'[^'\\]*(?:\\.[^'\\]*)*')"
    r"|(?P<comment>//[^\n]*|/\*.*?\*/|<!--.*?-->)"
    r"|(?P<space>[\s\ufeff\u200b]+)"
    r"|(?P<mark>[{}\[\]:,])"
    r"|(?P<number>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.$]))"
    r"|(?P<word>[A-Za-z_$@][\w$@-]*)"
    r"|(?P<semicolon>;)",
    re.DOTALL,
)
_BAD_ESCAPE = re.compile(r'\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt]|(.))', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f]")
_WORDS = {
    "true": "true", "false": "false", "null": "null", "True": "true", "False": "false", "None": "null",
    "undefined": "null", "NaN": "null", "Infinity": "null",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that had to be mended: an issue code, where in the block ("line 3 column 5"), what stood there."""

    code: str
    where: str = ""
    value: str = ""


class Unreadable(Exception):
    """The text is not JSON and cannot be mended safely. ``where`` as in Repair."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(reason)
        self.reason, self.where = reason, where


@dataclass(slots=True)
class _Mender:
    repairs: dict[str, Repair] = field(default_factory=dict)

    def note(self, code: str, text: str, offset: int, value: str = "") -> None:
        """Each kind of repair is told once per block, with its first place."""
        if code not in self.repairs:
            self.repairs[code] = Repair(code, position(text, offset), value[:80])

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found and not key.startswith("@") and found[key] != value:
                self.repairs.setdefault("web-jsonld-repeated-key", Repair("web-jsonld-repeated-key", "", key))
                before = found[key]
                found[key] = [
                    *(before if isinstance(before, list) else [before]),
                    *(value if isinstance(value, list) else [value]),
                ]
            else:
                found[key] = value
        return found

    def constant(self, name: str) -> None:
        self.repairs.setdefault("web-jsonld-literal", Repair("web-jsonld-literal", "", name))

    def parse(self, text: str, strict: bool) -> Any:
        return json.loads(text, strict=strict, object_pairs_hook=self.pairs, parse_constant=self.constant)


def position(text: str, offset: int) -> str:
    """A place in a text for people: "line 3 column 5", both from 1."""
    line = text.count("\n", 0, offset) + 1
    return f"line {line} column {offset - (text.rfind(chr(10), 0, offset) + 1) + 1}"


def read(text: str) -> tuple[Any, list[Repair]]:
    """The JSON value of a block, and what was mended. Raises Unreadable."""
    if len(text) > MAX_BLOCK:
        raise Unreadable(f"more than {MAX_BLOCK} characters")
    mender = _Mender()
    try:
        value = _ladder(text, mender)
        if escape := re.search(r"\\u[dD][89a-fA-F]", text):
            written = json.dumps(value, ensure_ascii=False)
            if not written.isascii() and (whole := _SURROGATE.sub("\ufffd", written)) != written:
                mender.note("web-jsonld-escape", text, escape.start(), text[escape.start() : escape.start() + 6])
                value = json.loads(whole)
        return value, list(mender.repairs.values())
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error


def _ladder(text: str, mender: _Mender) -> Any:
    try:
        return mender.parse(text, strict=True)
    except ValueError:
        mender.repairs.clear()
    if text.lstrip().startswith("\ufeff"):
        mender.note("web-jsonld-bom", text, text.index("\ufeff"))
        text = text.replace("\ufeff", " ", 1)
    text = _unwrap(text, mender)
    if not text.strip():
        raise Unreadable("empty")
    candidates = [text]
    if re.search(r"&(?:quot|#34|#x22|amp;quot);", text):
        candidates.append(html.unescape(html.unescape(text) if "&amp;quot;" in text else text))
    first: ValueError | None = None
    before = dict(mender.repairs)
    for number, candidate in enumerate(candidates):
        for rung in (_plain, _controls, _tokens):
            mender.repairs = dict(before)
            if number:
                mender.note("web-jsonld-entities", text, text.find("&"))
            try:
                return rung(candidate, mender)
            except ValueError as error:
                first = first or error
    if isinstance(first, json.JSONDecodeError):
        raise Unreadable(first.msg, position(first.doc, first.pos)) from first
    raise Unreadable(str(first)) from first


def _unwrap(text: str, mender: _Mender) -> str:
    """Without a CDATA or comment around (or an HTML comment before) the JSON; line numbers stay."""
    inner = text.strip()
    marker = inner.find("<![CDATA[", 0, 20)
    if marker >= 0 and inner[:marker].strip() in ("", "//", "/*"):
        body = inner[marker + 9 :].lstrip().removeprefix("*/")
        end = body.rfind("]]>")
        if end >= 0 and body[end + 3 :].strip() in ("", "*/"):
            body = body[:end].rstrip().removesuffix("//").removesuffix("/*")
    elif inner.startswith("<!--") and inner[4:].lstrip()[:1] in ("{", "["):
        body = inner[4:].removesuffix("-->").rstrip().removesuffix("//")
    elif inner.startswith("<!--") and "-->" in inner:
        body = inner[inner.index("-->") + 3 :]
    else:
        return text
    mender.note("web-jsonld-wrapper", text, len(text) - len(text.lstrip()))
    return "\n" * text.count("\n", 0, text.find(body)) + body


def _plain(text: str, mender: _Mender) -> Any:
    return mender.parse(text, strict=True)


def _controls(text: str, mender: _Mender) -> Any:
    """Raw line ends and other control characters inside strings."""
    value = mender.parse(text, strict=False)
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "string" and (control := _CONTROL.search(token[0])):
            mender.note("web-jsonld-control", text, token.start() + control.start(), repr(control[0])[1:-1])
            break
    return value


def _string(token: str, offset: int, text: str, mender: _Mender) -> str:
    """A string token as JSON: in double quotes, with lawful escapes and no raw control characters."""
    body = token[1:-1]
    if token[0] == "'":
        mender.note("web-jsonld-quotes", text, offset, token)
        body = re.sub(r'(\\.)|(")', lambda m: "'" if m[1] == "\\'" else m[1] or '\\"', body, flags=re.DOTALL)

    def mend(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        mender.note("web-jsonld-escape", text, offset, found[0])
        if found[1] == "\n":  # a line continued with a backslash
            return ""
        return found[1] if found[1] in "'&$`-._" else "\\\\" + found[1]

    def escape(found: re.Match[str]) -> str:
        mender.note("web-jsonld-control", text, offset, repr(found[0])[1:-1])
        return f"\\u{ord(found[0]):04x}"

    return '"' + _CONTROL.sub(escape, _BAD_ESCAPE.sub(mend, body)) + '"'


def _tokens(text: str, mender: _Mender) -> Any:
    """Mend what a scan of the tokens can mend without guessing: JavaScript's ways, commas too many."""
    out: list[str] = []
    depth = position_now = 0
    while position_now < len(text):
        token = _TOKEN.match(text, position_now)
        if token is None:
            raise json.JSONDecodeError("unexpected character", text, position_now)
        at, kind, found = position_now, token.lastgroup, token[0]
        position_now = token.end()
        if kind == "space":
            continue
        if kind == "comment":
            mender.note("web-jsonld-comment", text, at, found)
        elif kind == "semicolon":
            if depth:
                raise json.JSONDecodeError("unexpected ;", text, at)
            mender.note("web-jsonld-semicolon", text, at)
        elif kind == "mark":
            if found in "}]":
                while out and out[-1] == ",":
                    mender.note("web-jsonld-comma", text, at, f",{found}")
                    out.pop()
                depth -= 1
            elif found == "," and out and out[-1] in ",{[":
                mender.note("web-jsonld-comma", text, at, out[-1] + ",")
                continue
            elif found in "{[":
                if not depth and out and out[-1] != ",":
                    mender.note("web-jsonld-several", text, at)
                    out.append(",")
                depth += 1
            out.append(found)
        elif kind in ("string", "single"):
            out.append(_string(found, at, text, mender))
        elif kind == "number":
            out.append(found)
        elif re.match(r"\s*:", text[position_now : position_now + 200]):
            mender.note("web-jsonld-quotes", text, at, found)
            out.append(json.dumps(found))
        elif found in _WORDS:
            if _WORDS[found] != found:
                mender.note("web-jsonld-literal", text, at, found)
            out.append(_WORDS[found])
        else:
            raise json.JSONDecodeError(f"unexpected {found[:40]}", text, at)
    while out and out[-1] == ",":
        mender.note("web-jsonld-comma", text, len(text.rstrip()) - 1)
        out.pop()
    if _several(out):
        mender.note("web-jsonld-several", text, 0)
        return mender.parse("[" + "".join(out) + "]", strict=True)
    return mender.parse("".join(out), strict=True)


def _several(tokens: list[str]) -> bool:
    """Whether more than one value stands at the top."""
    depth = 0
    for token in tokens:
        if token in ("{", "["):
            depth += 1
        elif token in ("}", "]"):
            depth -= 1
        elif token == "," and not depth:
            return True
    return False
