"""Look at a SPARQL query before anything parses it: its form, what it must not do, and whether it is too big.

A token scan, linear in the length of the text. It refuses SERVICE and updates, and the sizes at which
parsers overflow their stack. Source: SPARQL 1.1 Query Language, section 19 (grammar, terminals).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

Form = Literal["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"]
Reason = Literal["syntax", "forbidden", "too-big", "function", "internal", "deadline", "unavailable"]

MAX_BYTES = 64 * 1024
MAX_NESTING = 100
MAX_TOKENS = 10_000
MAX_PATH_STEPS = 100
MAX_CHAIN = 1000
MAX_SIGNS = 100
GLANCED = 2000

_UPDATES = frozenset("INSERT DELETE LOAD CLEAR DROP CREATE ADD MOVE COPY WITH".split())
_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_VOLATILE = frozenset("NOW RAND UUID STRUUID BNODE".split())
_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|\#[^\r\n]*)
  | (?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>)
  | (?P<string>\"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3}|'{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
      |"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*')
  | (?P<variable>[?$]\w+)
  | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<label>_:[\w.\-\u00b7]+)
  | (?P<name>(?:[^\W\d_][\w.\-\u00b7]*)?:(?:[\w:.\-\u00b7]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%])*)
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
  | (?P<word>[^\W\d]\w*)
  | (?P<mark>\|\||&&|\^\^|!=|<=|>=|[{}()\[\].;,*/|^+\-!=<>&?])
    """,
    re.VERBOSE | re.DOTALL,
)
# What must be looked at as tokens: words that are refused, or tell of a dataset or of an answer that may differ.
_CLOSELY = re.compile(r"service|from|now|rand|uuid|bnode|\\", re.IGNORECASE)
_OPENING = re.compile(
    r"\s*(?:(?:PREFIX\s+[^\s<>\#]*\s*<[^<>\s]*>|BASE\s+<[^<>\s]*>|\#[^\r\n]*[\r\n])\s*)*"
    r"(?:(SELECT)(?:\s+(?:DISTINCT|REDUCED))?\s*[?$(]|(ASK|CONSTRUCT|DESCRIBE)\b)",
    re.IGNORECASE | re.ASCII,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


class Refused(Exception):
    """A query that is not evaluated; the message is for the person who wrote it."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Scan:
    """What the scan found. ``star`` is the place of the ``*`` of ``SELECT *`` (-1: none), ``variables`` then all
    variables in the order of their first appearance, ``dataset`` whether FROM is used, ``volatile`` whether
    the same query may give another answer on the same data (NOW, RAND …)."""

    form: Form
    dataset: bool
    volatile: bool
    star: int
    variables: tuple[str, ...]


class Token(NamedTuple):
    """A word, sign or term of a query; ``kind`` is a group of the tokens' pattern, ``start`` its place."""

    kind: str
    text: str
    start: int


def place(text: str, offset: int) -> str:
    """ "line 2, column 5" of an offset."""
    before = text[:offset]
    return f"line {before.count(chr(10)) + 1}, column {offset - before.rfind(chr(10))}"


def tokens_of(query: str) -> Iterator[Token]:
    """The tokens of a query, without blanks and comments. Raises Refused where there is none, or too many."""
    position, count = 0, 0
    while (found := _TOKEN.match(query, position)) is not None:
        position, kind = found.end(), str(found.lastgroup)
        if kind == "blank":
            continue
        count += 1
        if count > MAX_TOKENS:
            raise Refused("too-big", f"The query has more than {MAX_TOKENS} words and signs.")
        yield Token(kind, found.group(), found.start())
    if position < len(query):
        if query.startswith(("\\u", "\\U"), position) and "service" in unescaped(query).lower():
            raise Refused("forbidden", "SERVICE is not allowed here.")
        raise Refused("syntax", f"Not SPARQL at {place(query, position)}: {query[position : position + 20]!r}")


def unescaped(query: str) -> str:
    r"""A text with its ``\uXXXX`` read (SPARQL 1.1 Query, section 19.2)."""

    def character(found: re.Match[str]) -> str:
        code = int(found.group(1) or found.group(2), 16)
        return chr(code) if code < 0x110000 else "\ufffd"

    return _ESCAPE.sub(character, query)


def _refuse_sizes(tokens: list[Token]) -> None:
    depth = steps = signs = 0
    chains = {"||": 0, "&&": 0, "UNION": 0}
    for token in tokens:
        text = token.text.upper() if token.kind == "word" else token.text if token.kind == "mark" else ""
        if text in ("{", "(", "["):
            depth += 1
            if depth > MAX_NESTING:
                raise Refused("too-big", f"Brackets are nested more than {MAX_NESTING} deep.")
        elif text in ("}", ")", "]"):
            depth -= 1
        if text in chains:
            chains[text] += 1
            if chains[text] > MAX_CHAIN:
                raise Refused("too-big", f"The query uses {text} more than {MAX_CHAIN} times.")
        steps = steps + 1 if text in ("/", "|", "^") else 0 if text in (".", ";", ",", "{", "}") else steps
        if steps > MAX_PATH_STEPS:
            raise Refused("too-big", f"A property path has more than {MAX_PATH_STEPS} steps.")
        signs = signs + 1 if text in ("!", "+", "-") else 0
        if signs > MAX_SIGNS:
            raise Refused("too-big", f"More than {MAX_SIGNS} signs stand in a row.")


def _refuse_service(tokens: list[Token], prefixes: set[str]) -> None:
    """Parsers may read "SERVICESILENT" or "SERVICEex:a" as the keyword too, so the word may stand nowhere
    in a keyword, and as a prefix only if that prefix is declared and no group follows."""
    for token, after in pairwise([*tokens, Token("end", "", 0)]):
        if token.kind == "word" and "SERVICE" in token.text.upper():
            raise Refused("forbidden", "SERVICE is not allowed here.")
        if token.kind == "name" and "SERVICE" in token.text.partition(":")[0].upper():
            prefix = token.text.partition(":")[0] + ":"
            if prefix not in prefixes or after.text == "{":
                raise Refused("forbidden", "SERVICE is not allowed here.")


def _prologue(tokens: list[Token]) -> tuple[int, set[str]]:
    """Where the prologue ends, and the prefixes it declares."""
    at, prefixes = 0, set()
    while at < len(tokens) and tokens[at].kind == "word":
        word = tokens[at].text.upper()
        if word == "PREFIX" and at + 1 < len(tokens):
            prefixes.add(tokens[at + 1].text)
            at += 3
        elif word in ("BASE", "VERSION"):
            at += 2
        else:
            break
    return at, prefixes


def glance(query: str) -> Scan | None:
    """What ``scan`` finds of a short query in which nothing can be refused, at a tenth of its time.

    None: it must be scanned. A few searches, on purpose too careful: any bracket or sign counts, wherever it stands.
    """
    if len(query) > GLANCED or not query.isascii() or _CLOSELY.search(query) is not None:
        return None
    count = query.count
    if count("{") + count("(") + count("[") > MAX_NESTING or count("!") + count("+") + count("-") > MAX_SIGNS:
        return None
    if count("/") + count("|") + count("^") > MAX_PATH_STEPS:
        return None
    found = _OPENING.match(query)
    return None if found is None else Scan((found[1] or found[2]).upper(), False, False, -1, ())  # type: ignore[arg-type]


def scan(query: str, max_bytes: int = MAX_BYTES) -> Scan:
    """Look at a query. Raises Refused; parsing proper comes later, in a worker."""
    if len(query) <= max_bytes and (glanced := glance(query)) is not None:
        return glanced
    return look_closely(query, max_bytes)


def look_closely(query: str, max_bytes: int = MAX_BYTES) -> Scan:
    """``scan``, token by token. Raises Refused."""
    if len(query.encode("utf-8", "surrogatepass")) > max_bytes:
        raise Refused("too-big", f"The query is longer than {max_bytes} bytes.")
    tokens = list(tokens_of(query))
    at, prefixes = _prologue(tokens)
    _refuse_service(tokens, prefixes)
    words = [token.text.upper() if token.kind == "word" else "" for token in tokens]
    form = words[at] if at < len(words) else ""
    if form in _UPDATES:
        raise Refused("forbidden", "This address answers queries only; it changes nothing.")
    if form not in _FORMS:
        raise Refused("syntax", "A query starts with SELECT, ASK, CONSTRUCT or DESCRIBE, after its prefixes.")
    _refuse_sizes(tokens)
    star = -1
    if form == "SELECT":
        first = at + 2 if at + 1 < len(words) and words[at + 1] in ("DISTINCT", "REDUCED") else at + 1
        if first < len(tokens) and tokens[first].text == "*":
            star = tokens[first].start
    variables = dict.fromkeys(token.text[1:] for token in tokens if token.kind == "variable")
    volatile = any(word in _VOLATILE for word in words)
    return Scan(form, "FROM" in words, volatile, star, tuple(variables))  # type: ignore[arg-type]
