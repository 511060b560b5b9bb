"""Statements of a document as a plain graph, and the same node always as the same bytes.

Terms are those of ``registry.terms`` (literals as the source wrote them) and ``Blank`` nodes, whose labels
count within one document only. Sources: RDF 1.1 Concepts §3; RDF Dataset Canonicalization (the idea of
naming blank nodes by what is said of them).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin

from registry.iris import RDF_TYPE
from registry.model import Issue
from registry.terms import Iri, Literal, is_iri, mended_iri, term

MAX_ISSUES = 100  # of one document
MAX_LOST = 10_000
MAX_ROUNDS, MAX_TIES = 100, 50  # beyond them two equal-looking blank nodes may change places
_NO_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\\ud800-\udfff]')


class Blank(str):
    """A node without an address, by a label that counts within its document."""

    __slots__ = ()


Node = Iri | Blank
Object = Iri | Blank | Literal
Statement = tuple[Node, Iri, Object]


@dataclass(slots=True)
class Graph:
    """The statements of one document, all its graphs together; ``named`` has those of each named graph.

    ``mended`` is {address as kept: as the source wrote it}, for addresses with characters that none may
    have. ``issues`` are about the document: what could not be read of it. ``lost`` has those about a known
    subject. ``records`` are the nodes that are records of their own (``rdf_records.subjects`` fills it).
    """

    address: str
    nodes: dict[Node, dict[Iri, dict[Object, None]]] = field(default_factory=dict)
    named: dict[str, list[Statement]] = field(default_factory=dict)
    mended: dict[str, str] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    lost: dict[str, list[Issue]] = field(default_factory=dict)
    records: frozenset[Node] = frozenset()
    _incoming: dict[Object, list[tuple[Node, Iri]]] | None = None

    def add(self, subject: Node, predicate: Iri, value: Object, graph: str = "") -> None:
        """One statement."""
        self.nodes.setdefault(subject, {}).setdefault(predicate, {})[value] = None
        if graph:
            self.named.setdefault(graph, []).append((subject, predicate, value))
        self._incoming = None

    def part(self, name: str) -> Graph:
        """One named graph alone."""
        alone = Graph(self.address, mended=self.mended)
        for statement in self.named.get(name, ()):
            alone.add(*statement)
        return alone

    def issue(self, code: str, place: str, value: str = "", **params: str) -> None:
        """An issue of the document, at most a hundred."""
        if len(self.issues) < MAX_ISSUES:
            self.issues.append(Issue(code, place, " ".join(value.split())[:300], tuple(sorted(params.items()))))

    def lose(self, subject: Iri | None, place: str, text: str) -> None:
        """Something of the document that cannot be read, and whom it was about if that can be told."""
        if subject is None or len(self.lost) >= MAX_LOST:
            self.issue("rdf-broken", place, text)
        else:
            self.lost.setdefault(subject, []).append(Issue("rdf-broken", place, " ".join(text.split())[:300]))

    def statements(self) -> Iterator[Statement]:
        """All statements, each once."""
        for subject, content in self.nodes.items():
            for predicate, values in content.items():
                for value in values:
                    yield subject, predicate, value

    def objects(self, subject: Object, *predicates: str) -> list[Object]:
        """The values of some properties of a node, in the order of the properties."""
        content = self.nodes.get(subject, {}) if not isinstance(subject, Literal) else {}
        return [value for predicate in predicates for value in content.get(Iri(predicate), ())]

    def value(self, subject: Object, *predicates: str) -> Object | None:
        """One value: the first in code-point order, so that the order of a document does not count."""
        for predicate in predicates:
            if found := self.objects(subject, predicate):
                return min(found, key=lambda value: (isinstance(value, Blank), str(value), str(type(value))))
        return None

    def text(self, subject: Object, *predicates: str) -> str:
        """One value as a string, "" when there is none or it is a blank node."""
        found = self.value(subject, *predicates)
        return (
            found.value if isinstance(found, Literal) else "" if found is None or isinstance(found, Blank) else found
        )

    def types(self, subject: Object) -> frozenset[str]:
        """The rdf:type IRIs of a node."""
        return frozenset(str(value) for value in self.objects(subject, RDF_TYPE) if isinstance(value, Iri))

    def incoming(self, value: Object) -> list[tuple[Node, Iri]]:
        """(subject, predicate) of each statement about something else that names a node."""
        if self._incoming is None:
            self._incoming = {}
            for subject, predicate, one in self.statements():
                if not isinstance(one, Literal):
                    self._incoming.setdefault(one, []).append((subject, predicate))
        return self._incoming.get(value, [])

    def iri(self, written: str, base: str = "") -> Iri | None:
        """An address as an absolute IRI; forbidden characters are percent-encoded and remembered."""
        if is_iri(written):
            return Iri(written)
        try:
            whole = urljoin(base or self.address, written.strip()) if ":" not in written.split("/")[0] else written
        except ValueError:
            return None
        whole = whole.strip()
        mended = mended_iri(_NO_IRI.sub(lambda bad: quote(bad[0], safe="", errors="replace"), whole))
        if mended != whole and is_iri(mended):
            self.mended.setdefault(mended, written)
        whole = mended
        return Iri(whole) if is_iri(whole) else None


def canonical(statements: Iterable[Statement], subject: Node | None = None) -> bytes:
    """Sorted N-Triples in which blank nodes are named by what is said of them, whatever the source called them.

    A ``subject`` that is a blank node is called ``_:subject``.
    """
    lines = set(statements)
    names = _names(lines, subject)

    def shown(value: Object) -> str:
        return f"_:{names[value]}" if isinstance(value, Blank) else term(value)

    rows = sorted({f"{shown(s)} {shown(p)} {shown(o)} ." for s, p, o in lines})
    return ("\n".join(rows) + "\n").encode() if rows else b""


def _names(lines: set[Statement], subject: Node | None) -> dict[Object, str]:
    """{blank node: label}: refined by neighbours until nothing changes, ties broken one by one."""
    around: dict[Object, list[tuple[str, str, Object]]] = {}
    for s, p, o in lines:
        if isinstance(s, Blank):
            around.setdefault(s, []).append((">", p, o))
        if isinstance(o, Blank):
            around.setdefault(o, []).append(("<", p, s))
    marks: dict[Object, str] = {node: "subject" if node == subject else "" for node in around}

    def refine() -> int:
        kinds = len(set(marks.values()))
        for _ in range(MAX_ROUNDS):
            fresh = {node: _mark(marks[node], links, marks) for node, links in around.items()}
            marks.update(fresh)
            before, kinds = kinds, len(set(fresh.values()))
            if kinds == before:
                break
        return kinds

    for _ in range(MAX_TIES):
        if refine() == len(around):
            break
        counts = Counter(marks.values())
        first = min(mark for mark, count in counts.items() if count > 1)
        # Which of them does not matter: nothing that is said tells them apart.
        one = next(node for node, mark in marks.items() if mark == first)
        marks[one] = "!" + first
    ordered = sorted(marks, key=lambda node: marks[node])
    return {node: "subject" if node == subject else f"b{number}" for number, node in enumerate(ordered)}


def _mark(own: str, links: list[tuple[str, str, Object]], marks: dict[Object, str]) -> str:
    said = sorted(f"{way}{p} {marks[other] if isinstance(other, Blank) else term(other)}" for way, p, other in links)
    return hashlib.sha256("\n".join([own, *said]).encode("utf-8", "replace")).hexdigest()
