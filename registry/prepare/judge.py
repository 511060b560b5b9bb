"""pySHACL's verdicts on what the screen could not clear.

A verdict on a shape that looks only at the values of its path is remembered by those values: the thousandth
record without a licence needs no thousandth run. Everything else is judged on the record's whole graph.
Source: SHACL (W3C REC 2017); engine facts in ``docs/profile.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyshacl
from rdflib import RDF, Graph, URIRef
from rdflib import SH as SHACL
from rdflib import Literal as RdfLiteral
from rdflib.term import Node

from registry.model import Severity
from registry.prepare.screen import Data, Shape
from registry.terms import RDF_LANG_STRING, Iri, Literal, Term, Triple

_SEVERITIES: dict[str, Severity] = {
    str(SHACL.Violation): "violation",
    str(SHACL.Warning): "warning",
    str(SHACL.Info): "info",
}


FOCUS = URIRef("urn:judge:focus")


@dataclass(frozen=True, slots=True)
class Result:
    """One result of a shape: how grave, and the value concerned (None: something is missing)."""

    shape: str
    severity: Severity
    value: Term | None


def rdf(term: Term) -> Node:
    """A term for rdflib, its lexical form untouched."""
    if isinstance(term, Iri):
        return URIRef(term)
    if term.datatype == RDF_LANG_STRING:
        return RdfLiteral(term.value, lang=term.language)
    literal = RdfLiteral(term.value, datatype=URIRef(term.datatype), normalize=False)
    # pySHACL 0.40.1 raises on comparing an ill-formed date; as a plain string it fails the same shapes.
    return RdfLiteral(term.value) if literal.ill_typed and "date" in term.datatype.lower() else literal


def graph_of(triples: Sequence[Triple]) -> Graph:
    """Triples as an rdflib graph."""
    graph = Graph()
    for s, p, o in triples:
        graph.add((URIRef(s), URIRef(p), rdf(o)))
    return graph


def _term(node: Node) -> Term:
    if isinstance(node, RdfLiteral):
        if node.language:
            return Literal(str(node), RDF_LANG_STRING, node.language.lower())
        return Literal(str(node), str(node.datatype)) if node.datatype else Literal(str(node))
    return Iri(str(node))


Pair = tuple[Data, Shape, Iri]
_Key = tuple[str, frozenset[Term]]


@dataclass(slots=True)
class Judge:
    """Decides with pySHACL, remembering verdicts that depend on values alone (at most ``most`` of them)."""

    shapes: Graph
    most: int = 200_000
    _known: dict[_Key, tuple[Result, ...]] = field(default_factory=dict)
    _alone: dict[str, Graph] = field(default_factory=dict)

    def decide(self, pairs: Sequence[Pair]) -> list[tuple[Result, ...]]:
        """The results for each (record, shape, focus), in the order of the pairs."""
        if len(self._known) > self.most:
            self._known.clear()
        keys: list[_Key | None] = []
        asked: dict[_Key, Shape] = {}
        for data, shape, focus in pairs:
            key = None
            if shape.local and shape.path is not None:
                key = (shape.iri, frozenset(data.values(focus, shape.path)))
                if key not in self._known:
                    asked[key] = shape
            keys.append(key)
        self._ask(asked)
        whole = self._whole([pair for pair, key in zip(pairs, keys, strict=True) if key is None])
        return [self._known[key] if key is not None else next(whole) for key in keys]

    def _ask(self, asked: dict[_Key, Shape]) -> None:
        by_shape: dict[str, list[tuple[_Key, Shape]]] = {}
        for key, shape in asked.items():
            by_shape.setdefault(shape.iri, []).append((key, shape))
        for iri, cases in by_shape.items():
            triples: list[Triple] = []
            names: dict[str, _Key] = {}
            for number, (key, shape) in enumerate(cases):
                focus = Iri(f"urn:case:{number}")
                names[focus] = key
                assert shape.path is not None
                predicate = Iri(shape.path.predicates[0])
                triples += [(focus, predicate, value) for value in sorted(key[1], key=str)]
            found = self._validate(triples, iri, list(names))
            for name, key in names.items():
                self._known[key] = found.get(name, ())

    def _whole(self, pairs: Sequence[Pair]) -> Iterator[tuple[Result, ...]]:
        by_shape: dict[str, list[Pair]] = {}
        for pair in pairs:
            by_shape.setdefault(pair[1].iri, []).append(pair)
        found: dict[tuple[str, str], tuple[Result, ...]] = {}
        for iri, cases in by_shape.items():
            triples = [triple for data in {id(pair[0]): pair[0] for pair in cases}.values() for triple in data.triples]
            for focus, results in self._validate(triples, iri, [pair[2] for pair in cases]).items():
                found[(iri, focus)] = results
        return iter([found.get((shape.iri, focus), ()) for _, shape, focus in pairs])

    def _validate(
        self, triples: Sequence[Triple], shape: str, focuses: Sequence[str]
    ) -> dict[str, tuple[Result, ...]]:
        """What one shape finds on some focus nodes.

        The shape is handed to pySHACL alone, with a target class of our own: its ``use_shapes`` passes over
        shapes that stand in a list (0.40.1).
        """
        graph = graph_of(triples)
        for focus in focuses:
            graph.add((URIRef(focus), RDF.type, FOCUS))
        if shape not in self._alone:
            self._alone[shape] = alone(self.shapes, URIRef(shape))
        _, report, _ = pyshacl.validate(
            graph, shacl_graph=self._alone[shape], inference="none", advanced=False, do_owl_imports=False,
            meta_shacl=False, inplace=True,
        )  # fmt: skip
        found: dict[str, dict[Result, None]] = {}
        for node in report.objects(None, SHACL.result):
            source = str(report.value(node, SHACL.sourceShape))
            if source != shape:
                continue
            value = report.value(node, SHACL.value)
            severity = _SEVERITIES[str(report.value(node, SHACL.resultSeverity))]
            result = Result(source, severity, None if value is None else _term(value))
            found.setdefault(str(report.value(node, SHACL.focusNode)), {})[result] = None
        return {focus: tuple(sorted(results, key=str)) for focus, results in found.items()}


def alone(shapes: Graph, shape: URIRef) -> Graph:
    """One shape with all that it refers to, targeting FOCUS instead of its own targets."""
    result = Graph()
    waiting: list[Node] = [shape]
    while waiting:
        node = waiting.pop()
        for predicate, value in shapes.predicate_objects(node):
            if predicate == SHACL.targetClass or (node == shape and predicate == SHACL.property):
                continue
            if (node, predicate, value) not in result:
                result.add((node, predicate, value))
                waiting.append(value)
    result.add((shape, SHACL.targetClass, FOCUS))
    return result
