"""Screening: which (focus, shape) pairs surely conform, so that pySHACL need decide only on the rest.

The SHACL Core constraints that ``shapes/`` uses are compiled to plain functions over the crosswalk's terms.
A check answers True only when pySHACL would find nothing; False and None ("cannot tell") both go to pySHACL,
which alone makes findings. A property test compares the two. Source: SHACL (W3C REC 2017), section 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rdflib import RDF, Graph
from rdflib import SH as SHACL
from rdflib import Literal as RdfLiteral
from rdflib.collection import Collection
from rdflib.term import Node, URIRef

from registry.iris import RDF_TYPE
from registry.terms import RDF_LANG_STRING, XSD, XSD_STRING, Iri, Literal, Term, Triple

_OFFSET = r"(Z|[+-]\d\d:\d\d)?"
_DAY = r"-?\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])"
_LEXICAL = {
    XSD + "boolean": re.compile(r"true|false"),
    XSD + "integer": re.compile(r"[+-]?\d{1,18}"),
    XSD + "decimal": re.compile(r"[+-]?\d{1,18}(\.\d{1,9})?"),
    XSD + "date": re.compile(_DAY),
    XSD + "dateTime": re.compile(_DAY + r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\d" + _OFFSET),
    XSD + "gYear": re.compile(r"[1-9]\d{3}"),
    XSD + "gYearMonth": re.compile(r"[1-9]\d{3}-(0[1-9]|1[0-2])"),
    XSD + "duration": re.compile(r"P(\d{1,4}D)?(T(?=\d)(\d{1,4}H)?(\d{1,4}M)?)?(?<!P)"),
}


class Data:
    """One record's triples, indexed both ways."""

    def __init__(self, triples: Iterable[Triple]) -> None:
        self.forward: dict[str, dict[str, list[Term]]] = {}
        self.triples = list(triples)
        self._inverse: dict[tuple[str, str], list[Iri]] | None = None
        for s, p, o in self.triples:
            self.forward.setdefault(s, {}).setdefault(p, []).append(o)

    def values(self, focus: Term, path: Path) -> tuple[Term, ...]:
        """The value nodes of a path."""
        if isinstance(focus, Literal):
            return ()
        if path.inverse:
            if self._inverse is None:
                self._inverse = {}
                for s, p, o in self.triples:
                    if isinstance(o, Iri):
                        self._inverse.setdefault((o, p), []).append(s)
            return tuple(self._inverse.get((focus, path.predicates[0]), ()))
        described = self.forward.get(focus, {})
        if len(path.predicates) == 1:
            return tuple(described.get(path.predicates[0], ()))
        return tuple({value: None for p in path.predicates for value in described.get(p, ())})


@dataclass(frozen=True, slots=True)
class Path:
    """A predicate, its inverse, or alternatives of predicates."""

    predicates: tuple[str, ...]
    inverse: bool = False


Check = Callable[[Data, Term, Sequence[Term]], bool | None]


@dataclass(frozen=True, slots=True)
class Shape:
    """A compiled shape. ``local``: its verdict depends on the values of its path alone. ``inner`` are the predicates
    that a shape of a node as a whole looks at."""

    iri: str
    path: Path | None
    checks: tuple[Check, ...]
    local: bool
    properties: tuple[Shape, ...] = field(default=())
    inner: tuple[str, ...] = ()

    def conforms(self, data: Data, focus: Term) -> bool | None:
        """True only if the shape surely finds nothing on this focus node."""
        values = (focus,) if self.path is None else data.values(focus, self.path)
        for check in self.checks:
            verdict = check(data, focus, values)
            if verdict is not True:
                return verdict
        for shape in self.properties:
            for value in values:
                verdict = shape.conforms(data, value)
                if verdict is not True:
                    return verdict
        return True


def _string(term: Term) -> str:
    return term if isinstance(term, Iri) else term.value


def _every(test: Callable[[Term], bool | None]) -> Check:
    def check(data: Data, focus: Term, values: Sequence[Term]) -> bool | None:
        for value in values:
            verdict = test(value)
            if verdict is not True:
                return verdict
        return True

    return check


def _datatype(wanted: str) -> Check:
    if wanted in (XSD_STRING, RDF_LANG_STRING):
        return _every(lambda value: isinstance(value, Literal) and value.datatype == wanted)
    lexical = _LEXICAL.get(wanted)

    def test(value: Term) -> bool | None:
        if not isinstance(value, Literal) or value.datatype != wanted:
            return False
        return True if lexical is not None and lexical.fullmatch(value.value) else None

    return _every(test)


def _node_kind(kind: str) -> Check:
    name = kind.rpartition("#")[2]
    return _every(lambda value: ("IRI" if isinstance(value, Iri) else "Literal") in name)


def _unique_lang(data: Data, focus: Term, values: Sequence[Term]) -> bool:
    tags = [value.language for value in values if isinstance(value, Literal) and value.language]
    return len(tags) == len(set(tags))


def _language_in(ranges: Sequence[str]) -> Check:
    wanted = [tag.lower() for tag in ranges]

    def test(value: Term) -> bool:
        tag = value.language if isinstance(value, Literal) else ""
        return bool(tag) and any(tag == w or tag.startswith(w + "-") or w == "*" for w in wanted)

    return _every(test)


def _disjoint(predicate: str) -> Check:
    def check(data: Data, focus: Term, values: Sequence[Term]) -> bool:
        return not set(values) & set(data.values(focus, Path((predicate,))))

    return check


_COMPARABLE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")


def _less_or_equal(predicate: str) -> Check:
    def check(data: Data, focus: Term, values: Sequence[Term]) -> bool | None:
        others = data.values(focus, Path((predicate,)))
        for value in values:
            for other in others:
                if not isinstance(value, Literal) or not isinstance(other, Literal):
                    return None
                if value.datatype != other.datatype or len(value.value) != len(other.value):
                    return None
                if not _COMPARABLE.fullmatch(value.value) or not _COMPARABLE.fullmatch(other.value):
                    return None
                if value.value > other.value:
                    return False
        return True

    return check


class Compiler:
    """Compiles the shapes of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def _list(self, node: Node) -> list[Node]:
        return list(Collection(self.graph, node))

    def path(self, node: Node) -> Path | None:
        """The path of a property shape; None if it is of a kind that the screen does not know."""
        if isinstance(node, URIRef):
            return Path((str(node),))
        inverse = self.graph.value(node, SHACL.inversePath)
        if isinstance(inverse, URIRef):
            return Path((str(inverse),), inverse=True)
        alternatives = self.graph.value(node, SHACL.alternativePath)
        if alternatives is not None:
            members = self._list(alternatives)
            if all(isinstance(member, URIRef) for member in members):
                return Path(tuple(str(member) for member in members))
        return None

    def shape(self, node: Node) -> Shape:
        """One shape with its checks; what the screen does not know becomes a check that cannot tell."""
        graph = self.graph
        checks: list[Check] = []
        properties: list[Shape] = []
        local = True
        path_node = graph.value(node, SHACL.path)
        path = self.path(path_node) if path_node is not None else None
        if path_node is not None and path is None:
            return Shape(str(node), Path(("",)), (lambda *_: None,), False)
        for predicate, value in sorted(graph.predicate_objects(node), key=str):
            name = str(predicate)
            if not name.startswith(str(SHACL)) or name == str(SHACL.path):
                continue
            component = name.removeprefix(str(SHACL))
            if component in _ANNOTATIONS:
                continue
            if component == "property":
                properties.append(self.shape(value))
                local = False
            elif component in ("or", "and", "xone", "not", "node"):
                check, inner_local = self._logic(component, value)
                checks.append(check)
                local = local and inner_local
            else:
                checks.append(self._check(component, node, value))
                local = local and component not in ("disjoint", "lessThanOrEquals", "lessThan", "equals", "closed")
        if path is not None and path.inverse:
            local = False
        return Shape(str(node), path, tuple(checks), local, tuple(properties))

    def _logic(self, component: str, value: Node) -> tuple[Check, bool]:
        shapes = [self.shape(value)] if component in ("not", "node") else [self.shape(m) for m in self._list(value)]
        local = all(shape.local and shape.path is None for shape in shapes)

        def check(data: Data, focus: Term, values: Sequence[Term]) -> bool | None:
            for one in values:
                verdicts = [shape.conforms(data, one) for shape in shapes]
                if component in ("and", "node"):
                    verdict = True if all(v is True for v in verdicts) else None
                elif component == "or":
                    verdict = True if any(v is True for v in verdicts) else None
                elif component == "not":
                    verdict = True if verdicts[0] is False else None
                else:
                    verdict = None
                if verdict is not True:
                    return None
            return True

        return check, local

    def inner(self, node: Node) -> tuple[str, ...]:
        """The predicates that the alternatives of a shape look at, in their order."""
        found: dict[str, None] = {}
        for component in (SHACL["or"], SHACL["and"], SHACL["xone"]):
            for members in self.graph.objects(node, component):
                for member in self._list(members):
                    path_node = self.graph.value(member, SHACL.path)
                    path = self.path(path_node) if path_node is not None else None
                    found |= dict.fromkeys(path.predicates if path is not None and not path.inverse else ())
        return tuple(found)

    def _check(self, component: str, node: Node, value: Node) -> Check:
        if component == "minCount":
            least = int(str(value))
            return lambda data, focus, values: len(values) >= least
        if component == "maxCount":
            most = int(str(value))
            return lambda data, focus, values: len(values) <= most
        if component == "datatype":
            return _datatype(str(value))
        if component == "nodeKind":
            return _node_kind(str(value))
        if component == "pattern":
            flags = str(self.graph.value(node, SHACL.flags) or "")
            expression = re.compile(str(value), re.IGNORECASE if "i" in flags else 0)
            return _every(lambda one: expression.search(_string(one)) is not None)
        if component == "in":
            allowed = {_term(member) for member in self._list(value)}
            return _every(lambda one: one in allowed)
        if component == "minLength":
            shortest = int(str(value))
            return _every(lambda one: len(_string(one)) >= shortest)
        if component == "maxLength":
            longest = int(str(value))
            return _every(lambda one: len(_string(one)) <= longest)
        if component == "uniqueLang":
            return _unique_lang if str(value) == "true" else lambda *_: True
        if component == "languageIn":
            return _language_in([str(member) for member in self._list(value)])
        if component == "hasValue":
            wanted = _term(value)
            return lambda data, focus, values: wanted in values
        if component == "disjoint":
            return _disjoint(str(value))
        if component == "lessThanOrEquals":
            return _less_or_equal(str(value))
        return lambda *_: None


_ANNOTATIONS = frozenset(
    (
        *("message", "description", "name", "severity", "order", "group", "defaultValue", "flags", "deactivated"),
        *("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf"),
    )
)


def _term(node: Node) -> Term:
    if isinstance(node, RdfLiteral):
        language = (node.language or "").lower()
        return Literal(str(node), RDF_LANG_STRING if language else str(node.datatype or XSD_STRING), language)
    return Iri(str(node))


@dataclass(frozen=True, slots=True)
class Screen:
    """The compiled shapes by target class: the node shape's own checks and each of its property shapes."""

    by_class: Mapping[str, tuple[Shape, ...]]
    inner_targets: bool = False

    def doubtful(self, data: Data) -> list[tuple[Shape, Iri]]:
        """The (shape, focus) pairs that pySHACL must decide on, each once."""
        found: dict[tuple[str, str], tuple[Shape, Iri]] = {}
        for subject, described in data.forward.items():
            for kind in described.get(RDF_TYPE, ()):
                for shape in self.by_class.get(_string(kind), ()):
                    focus = Iri(subject)
                    if (shape.iri, subject) not in found and shape.conforms(data, focus) is not True:
                        found[(shape.iri, subject)] = (shape, focus)
        return list(found.values())


def compile_screen(graph: Graph) -> Screen:
    """Compile a graph of node shapes with ``sh:targetClass`` whose property shapes have IRIs.

    Raises ValueError for a shape that the house does not allow (a target of another kind, sh:sparql).
    """
    compiler = Compiler(graph)
    by_class: dict[str, list[Shape]] = {}
    for target in (SHACL.targetNode, SHACL.targetSubjectsOf, SHACL.targetObjectsOf, SHACL.sparql):
        if (None, target, None) in graph:
            raise ValueError(f"shapes may not use {target}: it cannot be screened")
    for node, target_class in sorted(graph.subject_objects(SHACL.targetClass), key=str):
        if (node, RDF.type, SHACL.NodeShape) not in graph:
            raise ValueError(f"{node} has a target class and is not a sh:NodeShape")
        whole = compiler.shape(node)
        shapes = list(whole.properties)
        if whole.checks:
            shapes.append(Shape(whole.iri, None, whole.checks, False, inner=compiler.inner(node)))
        by_class.setdefault(str(target_class), []).extend(shapes)
    return Screen({name: tuple(shapes) for name, shapes in by_class.items()})
