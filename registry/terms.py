"""RDF terms as light values, and canonical N-Triples: what crosswalks emit and the log keeps.

Lexical forms are kept as the source wrote them (rdflib and stores rewrite "P3W" or "01").
There are no blank nodes in this house. Source: RDF 1.1 N-Triples.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF_LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
XSD_STRING = XSD + "string"


class Iri(str):
    """An absolute IRI."""

    __slots__ = ()


class Literal(NamedTuple):
    """A literal: lexical form, datatype IRI, language tag ("" when there is none)."""

    value: str
    datatype: str = XSD_STRING
    language: str = ""


Term = Iri | Literal
Triple = tuple[Iri, Iri, Term]

# Whatever Python's splitlines() breaks at is escaped, so that a line of N-Triples is a line to everyone.
_BREAKS = {chr(code): f"\\u{code:04X}" for code in (0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029)}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", **_BREAKS})
_NEEDS_ESCAPE = re.compile('[\\\\"\n\r' + "".join(_BREAKS) + "]")
# RFC 3987, as strict readers take it: one address that is none would stop a whole load.
_UCS = "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef" + "".join(
    f"{chr(plane << 16)}-{chr((plane << 16) + 0xFFFD)}" for plane in range(1, 15)
)
_CHARS = rf"A-Za-z0-9._~!$&'()*+,;=:@{_UCS}-"
_ESCAPED = "%[0-9A-Fa-f]{2}"
_IRI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*:(?=.)"
    rf"(?://(?:(?:[{_CHARS.replace('@', '')}]++|{_ESCAPED})*+@)?"
    rf"(?:\[([0-9A-Fa-f:.]{{2,45}})\]|(?:[{_CHARS.replace(':@', '')}]++|{_ESCAPED})*+)(?::[0-9]*)?(?=[/?#]|\Z)|(?!//))"
    rf"(?:[{_CHARS}/]++|{_ESCAPED})*+"
    rf"(?:\?(?:[{_CHARS}/?]++|{_ESCAPED})*+)?(?:#(?:[{_CHARS}/?]++|{_ESCAPED})*+)?"
)
_NO_IRI = re.compile(rf"[^{_CHARS}/?#%\[\]]|%(?![0-9A-Fa-f]{{2}})")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://[^/?#]*)?")
_LINE = re.compile(r'<([^>]*)> <([^>]*)> (?:<([^>]*)>|"((?:[^"\\]|\\.)*)"(?:@([A-Za-z0-9-]+)|\^\^<([^>]*)>)?) \.')
_ROW = re.compile(r'^<([^>\n]*)> <([^>\n]+)> ([<"].*) \.$', re.M)
_UNESCAPE = re.compile(r"\\([\\\"nrtbf']|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})")
_SIMPLE = {"\\": "\\", '"': '"', "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'"}


def text(value: str, language: str) -> Literal:
    """A language-tagged string; tags are lower-cased, as every store does."""
    return Literal(value, RDF_LANG_STRING, language.lower())


def is_iri(value: str) -> bool:
    """Whether a string is an absolute IRI (RFC 3987 §2.2), as strict readers of RDF take it."""
    found = _IRI.fullmatch(value)
    if found is None or found[1] is None:
        return found is not None
    try:
        return ipaddress.ip_address(found[1]).version == 6
    except ValueError:
        return False


def mended_iri(value: str) -> str:
    """An address whose characters that none may have are percent-encoded; what is wrong otherwise stays."""
    start = _AUTHORITY.match(value)
    head, rest = (start[0], value[start.end() :]) if start else ("", value)
    before, mark, fragment = rest.partition("#")
    before, fragment = (
        _NO_IRI.sub(lambda bad: quote(bad[0], safe="", errors="replace"), part).replace("[", "%5B").replace("]", "%5D")
        for part in (before, fragment.replace("#", "%23"))
    )
    return head + before + mark + fragment


def term(value: Term) -> str:
    """One term in N-Triples. A lone surrogate or NUL in a literal becomes U+FFFD."""
    if isinstance(value, Iri):
        return f"<{value}>"
    lexical = value.value
    if _NEEDS_ESCAPE.search(lexical):
        lexical = lexical.translate(_ESCAPES)
    if not lexical.isascii() or "\x00" in lexical:
        lexical = lexical.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
    if value.language:
        return f'"{lexical}"@{value.language}'
    if value.datatype == XSD_STRING:
        return f'"{lexical}"'
    return f'"{lexical}"^^<{value.datatype}>'


def line(triple: Triple) -> str:
    """One triple as a line of N-Triples, without the line end."""
    return f"<{triple[0]}> <{triple[1]}> {term(triple[2])} ."


def to_ntriples(triples: Iterable[Triple]) -> str:
    """Canonical N-Triples: each triple once, lines sorted, "\\n" after each."""
    lines = sorted({line(triple) for triple in triples})
    return "\n".join(lines) + "\n" if lines else ""


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    return chr(int(code[1:], 16)) if code[0] in "uU" else _SIMPLE[code]


def from_ntriples(data: str) -> Iterator[Triple]:
    """Read what ``to_ntriples`` wrote. Raises ValueError on any other line."""
    for row in data.split("\n"):
        if not row:
            continue
        found = _LINE.fullmatch(row)
        if found is None:
            raise ValueError(f"not a line of canonical N-Triples: {row[:200]}")
        s, p, iri, lexical, language, datatype = found.groups()
        if iri is not None:
            yield Iri(s), Iri(p), Iri(iri)
            continue
        if "\\" in lexical:
            lexical = _UNESCAPE.sub(_unescape, lexical)
        kind = RDF_LANG_STRING if language else datatype or XSD_STRING
        yield Iri(s), Iri(p), Literal(lexical, kind, language or "")


Described = dict[str, dict[str, list[Term]]]


def by_subject(data: str) -> Described:
    """Canonical N-Triples as {subject: {predicate: [values]}}, in the order of the lines. Raises ValueError on a line
    that is none; what stands inside the terms is taken as ``to_ntriples`` wrote it."""
    described: Described = {}
    rows = _ROW.findall(data)
    if len(rows) == data.count("\n") and data[-1:] == "\n":  # every line is one
        last, node = None, {}
        for subject, predicate, value in rows:
            if subject != last:
                last, node = subject, described.setdefault(subject, {})
            node.setdefault(predicate, []).append(_term(value))
        return described
    for row in data.split("\n"):
        if not row:
            continue
        subject, _, rest = row.partition("> <")
        predicate, _, value = rest.partition("> ")
        if subject[:1] != "<" or not predicate or value[-2:] != " ." or value[:1] not in ("<", '"'):
            raise ValueError(f"not a line of canonical N-Triples: {row[:200]}")
        described.setdefault(subject[1:], {}).setdefault(predicate, []).append(_term(value[:-2]))
    return described


def _term(written: str) -> Term:
    if written[0] == "<":
        return Iri(written[1:-1])
    lexical, _, after = written[1:].rpartition('"')
    if "\\" in lexical:
        lexical = _UNESCAPE.sub(_unescape, lexical)
    if after[:1] == "@":
        return Literal(lexical, RDF_LANG_STRING, after[1:])
    return Literal(lexical, after[3:-1] if after else XSD_STRING, "")
