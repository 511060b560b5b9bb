"""The queries that a SPARQL endpoint is asked, and the options of a feed that shape them.

Subjects are listed in the order of their addresses, from the last one on (an OFFSET would have to sort all
again); descriptions are asked for by name, with the nodes that they are made of. Source: SPARQL 1.1 Query.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from harvesters import rdf_records
from harvesters.base import FeedFailed
from harvesters.rdf_graph import Graph, Node
from registry.iris import DCAT, DCTERMS, FOAF, RDF_TYPE, SKOS
from registry.model import Feed, Issue
from registry.terms import Literal, is_iri

READER = "1"  # another number starts a listing anew
PAGE_SIZE, DEPTH, MAX_RECORDS = 50, 3, 200_000
VALUES = "{values}"
_SCHEMAS = ("http://schema.org/", "https://schema.org/")
_LEARNING = ("LearningResource", "Course", "EducationEvent")
RUNS = tuple(schema + "CourseInstance" for schema in _SCHEMAS)
_BIOSCHEMAS = ("https://bioschemas.org/TrainingMaterial", "https://bioschemas.org/types/TrainingMaterial")
CLASSES = (
    *(DCAT + name for name in ("Dataset", "Resource", "DatasetSeries")),
    *(schema + name for schema in _SCHEMAS for name in _LEARNING), *_BIOSCHEMAS,
)  # fmt: skip
# Statements that list whole collections: of a linked node they say nothing about the subject.
_LISTING = (
    *(DCAT + n for n in ("dataset", "resource", "record", "service", "catalog", "seriesMember", "servesDataset")),
    *(SKOS + name for name in ("hasTopConcept", "narrower", "member", "narrowMatch")),
    DCTERMS + "hasPart", "http://www.w3.org/ns/hydra/core#member", "http://www.w3.org/ns/ldp#contains",
    "http://rdfs.org/ns/void#subset", "https://w3id.org/tree#member",
    *(base + name for base in _SCHEMAS for name in ("hasPart", "itemListElement", "dataset", "member", "employee")),
)  # fmt: skip
# Ways to other resources, beyond which nothing belongs to the description any more.
_ELSEWHERE = (
    *_LISTING, str(RDF_TYPE),
    *(DCTERMS + name for name in ("isPartOf", "relation", "hasVersion", "isVersionOf", "references", "isReferencedBy",
                                  "replaces", "isReplacedBy", "requires", "source")),
    *(DCAT + name for name in ("inSeries", "inCatalog", "hasVersion", "previousVersion", "prev", "next")),
    *(SKOS + name for name in ("inScheme", "topConceptOf", "broader", "related", "broadMatch")),
    *(schema + name for schema in _SCHEMAS for name in ("isPartOf", "isBasedOn", "includedInDataCatalog", "memberOf")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """The feed's own options, checked. ``classes`` () means those of ``CLASSES``, chosen as rdf_records does."""

    graphs: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    where: str = ""
    query: str = ""
    page_size: int = PAGE_SIZE
    depth: int = DEPTH
    max_records: int = MAX_RECORDS
    ordered: bool = True

    @property
    def recipe(self) -> str:
        """What decides which subjects are listed and what is told of them."""
        parts = json.dumps([READER, self.graphs, self.classes, self.where, self.query, self.depth])
        return hashlib.sha256(parts.encode()).hexdigest()[:12]


def options(feed: Feed) -> Options:
    """The options of a feed. Raises FeedFailed for one that cannot be used."""
    given = dict(feed.options)
    graphs, classes = _texts(given.get("graph", ())), _texts(given.get("class", ()))
    where, query = given.get("where", ""), given.get("query", "")
    numbers = {
        name: (given.get(name, value), low, high)
        for name, value, low, high in (
            ("page_size", PAGE_SIZE, 1, 1_000), ("depth", DEPTH, 0, 5), ("max_records", MAX_RECORDS, 1, 5_000_000),
        )
    }  # fmt: skip
    checks = {
        "graph": graphs is not None and all(map(is_iri, graphs)),
        "class": classes is not None and all(map(is_iri, classes)),
        "where": isinstance(where, str) and (not where.strip() or "?s" in where),
        "query": isinstance(query, str) and (not query.strip() or VALUES in query),
        "order": isinstance(given.get("order", True), bool),
        **{name: _whole(value) and low <= value <= high for name, (value, low, high) in numbers.items()},
    }
    for name, fine in checks.items():
        if not fine:
            raise FeedFailed(Issue("sparql-option", name, str(given[name])[:300], (("option", name),)))
    size, depth, most = (int(numbers[name][0]) for name in ("page_size", "depth", "max_records"))
    return Options(
        graphs or (), classes or (), where.strip(), query.strip(), size, depth, most, bool(given.get("order", True))
    )


def _texts(value: object) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return (value,)
    fine = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    return tuple(value) if fine and isinstance(value, list | tuple) else None


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Queries:
    """Builds the queries of a feed. ``named``: the data stand in named graphs only."""

    options: Options
    named: bool = False

    def count(self, what: str = "isIRI") -> str:
        """How many subjects there are that are addresses (isIRI), or blank nodes (isBlank)."""
        body = f"{self._subjects()} FILTER({what}(?s))"
        return f"SELECT (COUNT(DISTINCT ?s) AS ?total) {self._from()}WHERE {{ {body} }}"

    def listing(self, after: str, limit: int) -> str:
        """The next subjects (``?s``) in the order of their addresses."""
        later = f' FILTER(STR(?s) > "{after}")' if after else ""
        body = f"{self._subjects()} FILTER(isIRI(?s)){later}"
        return f"SELECT DISTINCT ?s (STR(?s) AS ?id) {self._from()}WHERE {{ {body} }} ORDER BY ?id LIMIT {limit}"

    def part(self, digits: str, limit: int) -> str:
        """Subjects whose digest begins with some digits, in no order: for endpoints that cannot sort so many."""
        only = f' FILTER(STRSTARTS(LCASE(MD5(STR(?s))), "{digits}"))' if digits else ""
        body = f"{self._subjects()} FILTER(isIRI(?s)){only}"
        return f"SELECT DISTINCT ?s {self._from()}WHERE {{ {body} }} LIMIT {limit}"

    def describe(self, subjects: Sequence[str]) -> str:
        """The descriptions of some subjects, with the nodes that they are made of."""
        names = " ".join(f"<{one}>" for one in subjects)
        if self.options.query:
            return self.options.query.replace(VALUES, names)
        return f"CONSTRUCT {{ ?n ?p ?o }} {self._from()}WHERE {{ {self._described(names)} }}"

    def size(self, subjects: Sequence[str]) -> str:
        """How many statements ``describe`` has to give; "" for a query of the feed's own."""
        if self.options.query:
            return ""
        body = self._described(" ".join(f"<{one}>" for one in subjects))
        inner = f"SELECT DISTINCT ?n ?p ?o WHERE {{ {body} }}"
        return f"SELECT (COUNT(*) AS ?total) {self._from()}WHERE {{ {{ {inner} }} }}"

    def _from(self) -> str:
        return "".join(f"FROM <{graph}> " for graph in self.options.graphs)

    def _subjects(self) -> str:
        if self.options.where:
            return self._in(f"{{ {self.options.where} }}", "g")
        kinds = [f"?s a <{name}>" for name in self.options.classes or CLASSES]
        if not self.options.classes:  # a run belongs to the course that names it
            course = " && ".join(f"NOT EXISTS {{ ?c <{schema}hasCourseInstance> ?s }}" for schema in _SCHEMAS)
            kinds += [f"?s a <{name}> FILTER({course})" for name in RUNS]
        return self._in(" UNION ".join(f"{{ {kind} }}" for kind in kinds) if len(kinds) > 1 else kinds[0], "g") + " "

    def _described(self, names: str) -> str:
        asked = f"VALUES ?s {{ {names} }} "
        left_out = f"FILTER(?p NOT IN ({_named(_LISTING)}))"
        branches = [f"VALUES ?n {{ {names} }} " + self._in("?n ?p ?o ", "g0")]
        if self.options.depth:
            entry = self._in(f"?n <{FOAF}primaryTopic> ?s ", "g0")
            branches.append(f"{asked}{entry} . {self._in('?n ?p ?o ', 'g1')} {left_out}")
        for hops in range(1, self.options.depth + 1):
            steps, node = [], "?s"
            for hop in range(1, hops + 1):
                there = "?n" if hop == hops else f"?m{hop}"
                steps.append(self._in(f"{node} ?l{hop} {there} ", f"g{hop}"))
                steps.append(
                    f"FILTER(?l1 != <{RDF_TYPE}>)" if hop == 1 else f"FILTER(?l{hop} NOT IN ({_named(_ELSEWHERE)}))"
                )
                node = there
            if hops > 1:  # beyond another resource nothing is asked for
                steps.append(f"FILTER(?l1 NOT IN ({_named(_ELSEWHERE)}))")
            steps += [self._in("?n ?p ?o ", f"g{hops + 1}"), left_out]
            branches.append(asked + " ".join(_dotted(steps)))
        return " UNION ".join(f"{{ {branch} }}" for branch in branches)

    def _in(self, pattern: str, graph: str) -> str:
        return f"GRAPH ?{graph} {{ {pattern} }}" if self.named else pattern


def alone(graph: Graph, subject: Node, options: Options, asked: frozenset[Node]) -> Graph:
    """What an answer says of one subject, as if it had been asked for alone: other subjects change nothing of it."""
    part = Graph(graph.address, mended=graph.mended, lost=graph.lost)
    own = bool(options.query)  # a query of the feed's own says itself what belongs to a description
    depth = rdf_records.MAX_HOPS if own else options.depth
    entries = [] if own or not depth else [n for n, p in graph.incoming(subject) if p == FOAF + "primaryTopic"]
    level: dict[Node, bool] = {subject: True}  # node → whether its links may be followed
    seen = {subject, *entries}
    for node in entries:
        _copy(graph, part, node, _LISTING)
    for hop in range(depth + 1):
        further: dict[Node, bool] = {}
        for node, follow in level.items():
            _copy(graph, part, node, () if own or node == subject else _LISTING)
            for predicate, values in graph.nodes.get(node, {}).items() if follow and hop < depth else ():
                for value in values:
                    if (
                        isinstance(value, Literal)
                        or value in seen
                        or predicate == RDF_TYPE
                        or (own and value in asked)
                    ):
                        continue
                    if hop and not own and predicate in _ELSEWHERE:
                        continue
                    further[value] = further.get(value, False) or own or predicate not in _ELSEWHERE
        seen |= set(further)
        level = further
    return part


def _copy(graph: Graph, part: Graph, node: Node, without: Sequence[str]) -> None:
    for predicate, values in graph.nodes.get(node, {}).items():
        for value in values if predicate not in without else ():
            part.add(node, predicate, value)


def _dotted(steps: list[str]) -> list[str]:
    return [step + " ." if not step.startswith(("FILTER", "GRAPH")) else step for step in steps]


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"<{name}>" for name in names)
