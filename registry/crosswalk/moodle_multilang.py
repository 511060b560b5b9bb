"""Texts in several languages as Moodle's filters write them, taken apart: one text a language.

``{mlang fr}…{mlang}`` with one or several languages or ``other`` (filter_multilang2), and
``<span lang="fr" class="multilang">…</span>`` or ``<lang lang="fr">…</lang>`` (filter_multilang). What stands
outside belongs to every language. Sources: Moodle docs, "Multi-language content filter"; filter_multilang2, README.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

MAX_PARTS = 500
OTHER = "other"
_MLANG = re.compile(r"\{\s{0,9}mlang(?:\s{1,9}([A-Za-z][A-Za-z0-9_,\s-]{0,200}))?\s{0,9}\}", re.IGNORECASE)
_TAG = re.compile(r"<(/?)(span|lang)\b([^<>]{0,1000})>", re.IGNORECASE)
_LANG = re.compile(
    r"(?:^|\s)(?:xml:)?lang\s{0,9}=\s{0,9}(?:\"([^\"]{1,40})\"|'([^']{1,40})'|([A-Za-z0-9_-]{1,40}))", re.I
)
_CLASS = re.compile(r"(?:^|\s)class\s{0,9}=\s{0,9}(?:\"([^\"]{0,300})\"|'([^']{0,300})'|([\w-]{1,100}))", re.I)
# Variants of a language pack that are no regions: the polite form, for children, at work …
_VARIANT = re.compile(r"_(?:du|kids|kid|wp|ws|old|uni|feminine|co|utf8|local)$", re.IGNORECASE)
Part = tuple[tuple[str, ...], str]


def split(text: str, language: Callable[[str], str | None]) -> list[tuple[str, str]]:
    """(tag, text) of each language; [("", text)] of a text that names none. "other" is the tag ``OTHER``.

    ``language`` gives the tag of a code; a code that it does not know has the tag "und".
    """
    if "mlang" not in text.lower() and "multilang" not in text.lower() and "<lang" not in text.lower():
        return [("", text)]
    parts = [inner for part in _blocks(text) for inner in (_spans(part[1]) if not part[0] else [part])]
    named: list[tuple[tuple[str, ...], str]] = []
    for codes, piece in parts[:MAX_PARTS]:
        known = (code if code == OTHER else language(_VARIANT.sub("", code)) or "und" for code in codes)
        named.append((tuple(dict.fromkeys(known)), piece))
    tags = list(dict.fromkeys(tag for one, _ in named for tag in one))
    if not tags:
        return [("", "".join(piece for _, piece in named))]
    return [(tag, "".join(piece for one, piece in named if not one or tag in one)) for tag in tags]


def _blocks(text: str) -> Iterator[Part]:
    """The parts of ``{mlang}``; a block ends at the next mark, a mark without a block is dropped."""
    codes: tuple[str, ...] = ()
    start = 0
    for mark in _MLANG.finditer(text):
        if text[start : mark.start()]:
            yield codes, text[start : mark.start()]
        start = mark.end()
        codes = tuple(code.strip().lower() for code in (mark[1] or "").split(",") if code.strip())
    if text[start:]:
        yield codes, text[start:]


def _spans(text: str) -> Iterator[Part]:
    """The parts of spans of the class multilang; spans inside of one belong to it."""
    start, depth = 0, 0
    codes: tuple[str, ...] = ()
    name = ""
    for tag in _TAG.finditer(text):
        if depth:
            if tag[2].lower() != name:
                continue
            depth += -1 if tag[1] else 1
            if not depth:
                yield codes, text[start : tag.start()]
                start = tag.end()
            continue
        code = "" if tag[1] else _code(tag[2].lower(), tag[3])
        if code:
            if text[start : tag.start()]:
                yield (), text[start : tag.start()]
            codes, start, depth, name = (code,), tag.end(), 1, tag[2].lower()
    if text[start:]:
        yield codes if depth else (), text[start:]


def _code(name: str, attributes: str) -> str:
    """The language that a tag opens, "" for none."""
    found, stated = _LANG.search(attributes), _CLASS.search(attributes)
    classes = next((group for group in stated.groups() if group is not None), "") if stated else ""
    if found is None or (name == "span" and "multilang" not in classes.lower().split()):
        return ""
    return next(group for group in found.groups() if group is not None).strip().lower()
