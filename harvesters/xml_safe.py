"""XML from strangers: parsed without entities, DTD and network, and repaired only where that loses nothing.

Sources: XML 1.0 (5th ed.) §2.2 (characters that may stand in XML), §4.1 (references); RFC 7303 (charset).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.entities import html5

from lxml import etree

from registry.model import Issue

_PROLOG_END = re.compile(rb"<[A-Za-z_]")
_DECLARED = re.compile(rb"""\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']""")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&(?:#([xX][0-9A-Fa-f]+|[0-9]+);|([A-Za-z][A-Za-z0-9]*);|)")
_OPENED = re.compile(r"<([A-Za-z_][\w.:-]*)[^<>]*>")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})


class BadXml(Exception):
    """Not XML that is read here: ``code`` of an issue, and where the parser stopped."""

    def __init__(self, code: str, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.code, self.why, self.line = code, why[:300], line


def parse(data: bytes | str, charset: str | None = None) -> etree._Element:
    """The root element. A document type is refused before anything is expanded. Raises BadXml."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    root_at = _PROLOG_END.search(raw)
    prolog = raw[: root_at.start()] if root_at else raw[:1000]
    if b"<!DOCTYPE" in prolog or b"<!doctype" in prolog:
        html_page = (
            raw[len(prolog) : len(prolog) + 6].lower().startswith(b"<html") or b"doctype html" in prolog.lower()
        )
        raise BadXml("oai-not-oai" if html_page else "oai-doctype", "a document type declaration (DOCTYPE)", 1)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True, encoding=charset,
    )  # fmt: skip
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line = error.lineno or 0 if isinstance(error, etree.XMLSyntaxError) else 0
        raise BadXml("oai-broken-page", str(error), line) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadXml("oai-doctype", "a document type declaration (DOCTYPE)", 1)
    return root


def charset_of(data: bytes, content_type: str) -> str:
    """The encoding that a document declares, else that of the Content-Type header, else UTF-8."""
    declared = _DECLARED.match(data)
    if declared:
        return declared.group(1).decode("ascii")
    given = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    return given.group(1) if given else "utf-8"


def _decode(data: bytes, charset: str, issues: list[Issue]) -> str:
    """Text; bytes that are not of the declared encoding are read as Windows-1252, with an issue."""
    try:
        return data.decode(charset)
    except LookupError:
        charset = "utf-8"
    except UnicodeDecodeError:
        pass
    if charset.lower().replace("_", "-") not in ("utf-8", "utf8"):
        return data.decode(charset, "replace")
    text = data.decode("utf-8", "surrogateescape")
    found = re.search("[\udc80-\udcff]", text)
    if found is None:
        return text
    stray = text[found.start()].encode("utf-8", "surrogateescape")
    issues.append(Issue("oai-encoding", _place(text, found.start()), f"0x{stray[0]:02X}"))
    return re.sub(
        "[\udc80-\udcff]",
        lambda one: one.group().encode("utf-8", "surrogateescape").decode("cp1252", "replace"),
        text,
    )


def _place(text: str, position: int) -> str:
    """The element that a position stands in, as an XPath in the record."""
    opened = _OPENED.findall(text, max(0, position - 20_000), position)
    return f"/record//{opened[-1]}" if opened else "/record"


def clean(data: bytes, charset: str) -> tuple[str, tuple[Issue, ...]]:
    """A piece of XML without illegal characters and undefined references, and one issue per kind of repair.

    Illegal characters go (nothing can be shown of them), HTML entities become their characters, an
    ampersand that starts no reference becomes ``&amp;``. CDATA sections keep their ampersands.
    """
    issues: list[Issue] = []
    text = _decode(data, charset, issues)
    stray = _ILLEGAL.search(text)
    if stray:
        issues.append(Issue("oai-illegal-character", _place(text, stray.start()), f"U+{ord(stray.group()):04X}"))
        text = _ILLEGAL.sub("", text)
    kinds: set[str] = set()

    def mend(found: re.Match[str]) -> str:
        number, name = found.group(1), found.group(2)
        if number:
            code = int(number[1:], 16) if number[0] in "xX" else int(number)
            if code < 0x110000 and not _ILLEGAL.match(chr(code)):
                return found.group()
            kind, value, mended = "oai-illegal-character", f"U+{code:04X}", ""
        elif name in _XML_NAMES:
            return found.group()
        elif name and f"{name};" in html5:
            kind, value, mended = "oai-entity", found.group(), html.escape(html5[f"{name};"], quote=False)
        else:
            kind, value, mended = "oai-entity", found.group(), "&amp;" + found.group()[1:]
        if kind not in kinds:
            kinds.add(kind)
            issues.append(Issue(kind, _place(found.string, found.start()), value[:300]))
        return mended

    pieces = (part if plain else _REFERENCE.sub(mend, part) for part, plain in _sections(text))
    return "".join(pieces), tuple(issues)


def _sections(text: str) -> Iterator[tuple[str, bool]]:
    """A text in pieces, and whether each is a CDATA section."""
    at = 0
    while True:
        start = text.find("<![CDATA[", at)
        end = text.find("]]>", start) if start >= 0 else -1
        if end < 0:
            yield text[at:], False
            return
        yield text[at:start], False
        yield text[start : end + 3], True
        at = end + 3
