"""A query as another engine must be asked it, so that it answers as the embedded store does.

The text is changed at tokens only: columns are named, terms that are kept in another form are looked for in
that form, what is not public is left out, and an engine's own functions cannot be reached. Source: SPARQL 1.1
Query Language, sections 4.1 (IRIs) and 13.3 (GRAPH).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import pyoxigraph as ox

from registry.graph.guard import Refused, Token, tokens_of, unescaped
from registry.graph.remote_terms import KEPT

NOTHING = "urn:x-meta-academy:nothing"
"""A graph that never exists: what asks for a graph that is not public looks there."""
_LOCAL_ESCAPE = re.compile(r"\\(.)")
_STRING = ox.NamedNode("http://www.w3.org/2001/XMLSchema#string")


@dataclass(frozen=True, slots=True)
class Rules:
    """What an engine needs. ``kept``: datatypes stored in another form; ``own``: beginnings of names that reach
    the engine's own functions; ``hidden``: the beginning of graphs that are not public; ``excludes``: the engine
    can leave graphs out by a declaration, so that patterns need no filter."""

    kept: frozenset[str] = frozenset()
    own: tuple[str, ...] = ()
    hidden: str = ""
    excludes: bool = False


def _canonical(value: str, datatype: str) -> str:
    """A lexical form as the embedded store writes it: "PT90M" is stored as "PT1H30M"."""
    store = ox.Store()
    node = ox.NamedNode(datatype)
    store.add(ox.Quad(node, node, ox.Literal(value, datatype=node)))
    (quad,) = store
    assert isinstance(quad.object, ox.Literal)
    return quad.object.value


def _quoted(text: str) -> str:
    """A string of SPARQL."""
    return str(ox.Literal(text, datatype=_STRING))


def _string(token: str) -> str:
    """The text of a string token: SPARQL's strings are Turtle's (section 19.7 of it)."""
    (quad,) = ox.parse(f"<urn:x> <urn:x> {token} .", ox.RdfFormat.TURTLE)
    assert isinstance(quad.object, ox.Literal)
    return quad.object.value


class _Text:
    """A query while it is being changed: pieces to replace and to insert, by place."""

    def __init__(self, query: str, base: str) -> None:
        self.query, self.base = query, base
        self.tokens = list(tokens_of(query))
        self.prefixes: dict[str, str] = {}
        self.changes: list[tuple[int, int, str]] = []
        self.declared: set[int] = set()
        self._read_prologue()

    def _read_prologue(self) -> None:
        at = 0
        while at + 1 < len(self.tokens) and self.tokens[at].kind == "word":
            word = self.tokens[at].text.upper()
            if word == "PREFIX" and at + 2 < len(self.tokens):
                self.prefixes[self.tokens[at + 1].text[:-1]] = self._iri(self.tokens[at + 2])
                self.declared |= {at + 1, at + 2}
                at += 3
            elif word == "BASE":
                self.base = self._iri(self.tokens[at + 1])
                self.declared.add(at + 1)
                at += 2
            else:
                return

    def _iri(self, token: Token) -> str:
        name = unescaped(token.text[1:-1])
        return name if urlsplit(name).scheme else urljoin(self.base, name)

    def name(self, token: Token) -> str | None:
        """The IRI that a token stands for."""
        if token.kind == "iri":
            return self._iri(token)
        if token.kind == "name":
            prefix, _, local = token.text.partition(":")
            return self.prefixes.get(prefix, "") + _LOCAL_ESCAPE.sub(r"\1", local)
        return None

    def replace(self, token: Token, text: str) -> None:
        """Another text in a token's place."""
        self.changes.append((token.start, token.start + len(token.text), text))

    def insert(self, place: int, text: str) -> None:
        """A text before a place."""
        self.changes.append((place, place, text))

    def done(self) -> str:
        """The changed query."""
        parts, at = [], 0
        for start, end, text in sorted(self.changes, key=lambda change: (change[0], change[1])):
            parts += [self.query[at:start], text]
            at = end
        return "".join([*parts, self.query[at:]])


def _names(text: _Text, rules: Rules) -> None:
    """Names of kept datatypes, of hidden graphs, and of what must not be reached."""
    for at, token in enumerate(text.tokens):
        name = text.name(token)
        if name is None:
            continue
        if name.lower().startswith(rules.own):
            raise Refused("function", f"{token.text[:80]} is not known here.")
        if at in text.declared:
            continue
        if name in rules.kept:
            text.replace(token, f"<{KEPT}{name}>")
            if at >= 2 and text.tokens[at - 1].text == "^^" and text.tokens[at - 2].kind == "string":
                value = _string(text.tokens[at - 2].text)
                text.replace(text.tokens[at - 2], _quoted(_canonical(value, name)))
        elif rules.hidden and name.startswith(rules.hidden):
            text.replace(token, f"<{NOTHING}>")


def _end_of_group(tokens: Sequence[Token], start: int) -> int:
    """Where the group that begins at a token ends; -1 where it is not closed: the engine says so."""
    depth = 0
    for at in range(start, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[at].text, 0) if tokens[at].kind == "mark" else 0
        if not depth:
            return at
    return -1


def _graphs(text: _Text, rules: Rules) -> None:
    """Patterns of graphs, each in a group of its own, with a filter.

    ``GRAPH ?g { … }`` ranges over public graphs. Where graphs are left out by a declaration, Virtuoso finds nothing
    in ``GRAPH <name> { … }``, and what it should in ``GRAPH ?g { … } FILTER(?g = <name>)``.
    """
    tokens, spare = text.tokens, "graph"
    while spare in text.query:
        spare += "_"
    for at in range(len(tokens) - 2):
        word, of = tokens[at], tokens[at + 1]
        if word.kind != "word" or word.text.upper() != "GRAPH":
            continue
        end = _end_of_group(tokens, at + 2)
        if end < 0:
            continue
        if of.kind == "variable" and not rules.excludes:
            condition = f"!STRSTARTS(STR({of.text}), {_quoted(rules.hidden)})"
        elif of.kind != "variable" and rules.excludes:
            name = text.name(of) or ""
            condition = f"?{spare}{at} = <{NOTHING if name.startswith(rules.hidden) else name}>"
            text.changes = [change for change in text.changes if change[0] != of.start]
            text.replace(of, f"?{spare}{at}")
        else:
            continue
        text.insert(word.start, "{ ")
        text.insert(tokens[end].start + 1, f" FILTER({condition}) }}")


def columns_of(query: str, variables: Sequence[str], base: str | None) -> list[str]:
    """Check a query, and the columns of its answer in the order of first appearance; ``variables`` are in that order.

    It is parsed by the embedded engine, on an empty store. Raises SyntaxError, or RuntimeError where an unknown
    function is called.
    """
    results = ox.Store().query(query, base_iri=base)
    if not isinstance(results, ox.QuerySolutions):
        return []
    names = [variable.value for variable in results.variables]
    wanted = [name for name in variables if name in names]
    return wanted if set(wanted) == set(names) else names


def rewritten(query: str, star: int, base: str, rules: Rules, columns: Sequence[str]) -> str:
    """The query for the engine; ``star`` is the place of the ``*`` of SELECT, or -1.

    Raises Refused where it would reach the engine's own functions.
    """
    text = _Text(query, base)
    _names(text, rules)
    if rules.hidden:
        _graphs(text, rules)
    if star >= 0 and columns:
        text.changes.append((star, star + 1, " ".join(f"?{name}" for name in columns)))
    return f"BASE <{base}>\n{text.done()}" if base else text.done()
