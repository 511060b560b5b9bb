"""Turtle, TriG, N-Triples and N-Quads into a Graph: what is broken is left out alone, literals stay as written.

rdflib's grammar reads Turtle and TriG one statement at a time, so that a fault costs that statement and
not the document. Sources: RDF 1.1 Turtle, TriG, N-Triples, N-Quads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableSequence
from decimal import Decimal
from typing import Any, cast

from rdflib.exceptions import ParserError
from rdflib.plugins.parsers.notation3 import (
    BadSyntax,
    decimal_syntax,
    exponent_syntax,
    integer_syntax,
)
from rdflib.plugins.parsers.trig import TrigSinkParser

from harvesters.rdf_graph import Blank, Graph, Node, Object, Statement
from registry.iris import RDF
from registry.terms import RDF_LANG_STRING, XSD, XSD_STRING, Iri, Literal

# What rdflib's grammar raises on text that is no Turtle; its own faults on strange input are among them.
FAULTS = (
    SyntaxError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError, RecursionError,
    ParserError,
)  # fmt: skip
MAX_STATEMENT = 1 << 20
_TOO_HIGH = re.compile(r"\\U(?:0*(?:1[1-9A-Fa-f]|[2-9A-Fa-f][0-9A-Fa-f])[0-9A-Fa-f]{4}|[0-9A-Fa-f]{0,3}D[89A-Fa-f]..)")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
# Whatever may hold a full stop that ends no statement, and the full stop that does.
_PIECE = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*\'\'\''
    r'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|<[^<>\s]*>|#[^\n]*|(?<=[\s;,\]\)>"\'])\.(?=\s|$)|\w\.(?=\s*\n|$)|\n(?=@prefix\b|@base\b|PREFIX\b|BASE\b)',
    re.DOTALL,
)
_LINE = re.compile(
    r'\s*(?:<([^<>]*)>|_:([^\s<>"]+))\s*<([^<>]*)>\s*'
    r'(?:<([^<>]*)>|_:([^\s<>"]+)|"((?:[^"\\]|\\.)*)"(?:@([A-Za-z0-9_-]+)|\^\^<([^<>]*)>)?)'
    r"\s*(?:<([^<>]*)>|_:([^\s<>\"]+))?\s*\.\s*(?:#.*)?"
)
_ABOUT = re.compile(r"\s*<([^<>\s]+)>")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_SHORT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def unescape(written: str) -> str:
    """A string without its backslashes; a code that is no character becomes U+FFFD."""

    def plain(found: re.Match[str]) -> str:
        mark = found[1]
        if len(mark) == 1:
            return _SHORT.get(mark, mark)
        code = int(mark[1:], 16)
        return chr(code) if code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"

    return _ESCAPE.sub(plain, written) if "\\" in written else written


def literal(value: str, datatype: str = "", language: str = "") -> Literal:
    """A literal; a tag that is none ("en_US") is set right, or left out where that cannot be."""
    if language:
        tag = language.strip().replace("_", "-")
        if _LANGUAGE.fullmatch(tag):
            return Literal(value, RDF_LANG_STRING, tag.lower())
        return Literal(value)
    return Literal(value, datatype or XSD_STRING)


def lines(graph: Graph, text: str) -> int:
    """Read N-Triples or N-Quads line by line; returns how many lines are broken (each is an issue)."""
    broken = 0
    for number, row in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(row)
        statement = _statement(graph, found) if found else None
        if found is None or statement is None:
            broken += 1
            about = _ABOUT.match(row)
            graph.lose(graph.iri(unescape(about[1])) if about else None, f"line {number}", row)
            continue
        name = graph.iri(unescape(found[9])) if found[9] else f"_:{found[10]}" if found[10] else ""
        graph.add(*statement, name or "")
    return broken


def _statement(graph: Graph, found: re.Match[str]) -> Statement | None:
    subject = graph.iri(unescape(found[1])) if found[1] is not None else Blank(found[2])
    predicate = graph.iri(unescape(found[3]))
    value: Object | None
    if found[4] is not None:
        value = graph.iri(unescape(found[4]))
    elif found[5] is not None:
        value = Blank(found[5])
    else:
        datatype = graph.iri(unescape(found[8])) if found[8] else ""
        value = literal(unescape(found[6]), datatype or "", found[7] or "")
    return (subject, predicate, value) if subject and predicate and value is not None else None


class _Sink:
    """What rdflib's grammar hands statements to: kept until their sentence is whole."""

    def __init__(self, target: Graph) -> None:
        self.target, self.waiting, self.counter = target, cast(list[tuple[Statement, str]], []), 0
        self.graph = self  # rdflib asks it for the name of the default graph
        self.identifier = ""

    def startDoc(self, formula: object) -> None:
        """Nothing to do."""

    def bind(self, prefix: str, address: object) -> None:
        """Prefixes are of no use here."""

    def setDefaultNamespace(self, *args: object) -> None:
        """The prefix without a name, too."""

    def newGraph(self, identifier: object) -> str:
        return f"_:{identifier}" if isinstance(identifier, Blank) else str(identifier)

    def newSymbol(self, *args: str) -> Iri:
        found = self.target.iri(args[0])
        if found is None:
            raise ValueError(f"no address: {args[0][:100]}")
        return found

    def newBlankNode(self, arg: object = None, uri: str | None = None, why: object = None) -> Blank:
        self.counter += 1
        return Blank(f"n{self.counter}")

    def newLiteral(self, value: str, datatype: str | None = None, language: str | None = None) -> Literal:
        return literal(value, datatype or "", language or "")

    def intern(self, term: object) -> object:
        """A member of a list."""
        return term

    def newList(self, members: list[Any], graph: object) -> Node:
        rest: Node = Iri(RDF + "nil")
        for member in reversed(members):
            cell = self.newBlankNode()
            self.makeStatement((graph, Iri(RDF + "first"), cell, member))
            self.makeStatement((graph, Iri(RDF + "rest"), cell, rest))
            rest = cell
        return rest

    def makeStatement(self, quadruple: tuple[Any, Any, Any, Any], why: object = None) -> None:
        name, predicate, subject, value = (_term(one) for one in quadruple)
        if isinstance(subject, Literal) or not isinstance(predicate, Iri):
            raise ValueError("only an address may be a property, and no text a subject")
        self.waiting.append(((subject, predicate, value), str(name or "")))

    def keep(self) -> None:
        for statement, name in self.waiting:
            self.target.add(*statement, name)
        self.waiting.clear()


def _term(value: Any) -> Any:
    """Python values that the grammar makes of numbers and truth values, as literals."""
    if isinstance(value, bool):
        return Literal(str(value).lower(), XSD + "boolean")
    if isinstance(value, int):
        return Literal(str(value), XSD + "integer")
    if isinstance(value, Decimal):
        return Literal(str(value), XSD + "decimal")
    if isinstance(value, tuple) and not isinstance(value, Literal):
        return Iri(str(value[1]))  # the grammar's own constants ("a")
    return value


class _Parser(TrigSinkParser):
    """rdflib's grammar with numbers kept as written."""

    def nodeOrLiteral(self, argstr: str, i: int, res: MutableSequence[Any]) -> int:
        at = self.skipSpace(argstr, i)
        if at >= 0 and argstr[at] in "+-.0123456789":
            for syntax, kind in (
                (exponent_syntax, "double"),
                (decimal_syntax, "decimal"),
                (integer_syntax, "integer"),
            ):
                if found := syntax.match(argstr, at):
                    res.append(Literal(found[0], XSD + kind))
                    return int(found.end())
        return int(super().nodeOrLiteral(argstr, i, res))


def turtle(graph: Graph, text: str) -> int:
    """Read Turtle or TriG; returns how many statements are broken (each is an issue)."""
    text = _TOO_HIGH.sub(r"\\uFFFD", text.removeprefix("\ufeff"))
    sink = _Sink(graph)
    parser = _Parser(cast(Any, sink), baseURI=graph.address, turtle=True)
    broken, at = 0, 0
    while True:
        start = parser.skipSpace(text, at)
        if start < 0:
            return broken
        if broken and text[start] == "}":  # the end of a named graph in which something was broken
            at = start + 1
            continue
        try:
            at = parser.directiveOrStatement(text, start)
            fault = "" if at > start else "not a statement"
        except FAULTS as error:
            fault = _why(error)
        if not fault:
            sink.keep()
            continue
        sink.waiting.clear()
        parser._context = parser._parentContext = None  # a statement inside a named graph broke off
        broken += 1
        end = _end(text, start)
        about = _ABOUT.match(text, start, end)
        line = text.count("\n", 0, start) + 1
        graph.lose(graph.iri(about[1]) if about else None, f"line {line}", fault)
        at = end
        if broken > 1000:
            return broken


def _why(error: BaseException) -> str:
    if isinstance(error, BadSyntax):
        return str(getattr(error, "_why", "") or error.message)[:200]
    return str(error)[:200] or type(error).__name__


def _end(text: str, start: int) -> int:
    """Where the next statement begins: after a full stop that stands in no string, address or comment."""
    for found in _pieces(text, start):
        if found[0] == "\n" or (found[0].endswith(".") and found[0][0] not in "\"'<#"):
            return found.end()
    return len(text)


def _pieces(text: str, start: int) -> Iterator[re.Match[str]]:
    yield from _PIECE.finditer(text, start, min(len(text), start + MAX_STATEMENT))
