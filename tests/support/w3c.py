"""The W3C's SPARQL 1.1 test suites, read where they stand: manifests, data as named graphs of one store, results.

Every data file is a graph of its own whose name is its address, so that a test's dataset is what the protocol's
``default-graph-uri`` and ``named-graph-uri`` say, and one store with one pool of workers serves all tests.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import rdflib
from rdflib import RDF, RDFS, Namespace, URIRef

SUITE = "data/w3c/rdf-tests/sparql11"
PUBLIC = "http://w3c.test/sparql11/"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
RESULTS = {
    "json": ("application/sparql-results+json", ox.QueryResultsFormat.JSON),
    "xml": ("application/sparql-results+xml", ox.QueryResultsFormat.XML),
    "tsv": ("text/tab-separated-values", ox.QueryResultsFormat.TSV),
}
GRAPHS = {
    "turtle": ("text/turtle", ox.RdfFormat.TURTLE),
    "ntriples": ("application/n-triples", ox.RdfFormat.N_TRIPLES),
    "rdfxml": ("application/rdf+xml", ox.RdfFormat.RDF_XML),
    "jsonld": ("application/ld+json", ox.RdfFormat.JSON_LD),
}
Answer = bool | tuple[frozenset[str], Counter[str]] | frozenset[str]


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a manifest. ``name`` is folder/fragment; graphs are named by their addresses."""

    __test__ = False

    name: str
    kind: str
    query: Path
    data: tuple[str, ...]
    named: tuple[str, ...]
    result: Path | None

    @property
    def text(self) -> str:
        """The query with its base, as the suite resolves it: the address of its file."""
        return f"BASE <{PUBLIC}{self.folder}/{self.query.name}>\n{self.query.read_text('utf-8')}"

    @property
    def folder(self) -> str:
        """The part of the suite that it belongs to."""
        return self.name.partition("/")[0]

    @property
    def dataset(self) -> dict[str, list[str]]:
        """The protocol's parameters. A dataset of nothing has a default graph that is nowhere; none are given where
        the query names its dataset itself."""
        if self.own_dataset:
            return {}
        given = {"default-graph-uri": list(self.data), "named-graph-uri": list(self.named)}
        return given if self.data or self.named else {"default-graph-uri": [f"{PUBLIC}nothing"]}

    @property
    def own_dataset(self) -> bool:
        """Whether the query has FROM."""
        return "\nFROM " in self.text


def manifest(shared: Path, folder: str) -> rdflib.Graph:
    """A folder's manifest with the addresses that the store knows."""
    file = shared / SUITE / folder / "manifest.ttl"
    return rdflib.Graph().parse(file, publicID=f"{PUBLIC}{folder}/manifest.ttl")


def entries(graph: rdflib.Graph) -> Iterator[URIRef]:
    """The tests that a manifest lists, in its order."""
    for every in graph.objects(None, MF.entries):
        for entry in graph.items(every):  # type: ignore[no-untyped-call]
            yield URIRef(str(entry))


def tests(shared: Path, folder: str) -> list[Test]:
    """The tests of a folder with their queries, data and results."""
    graph, found = manifest(shared, folder), []

    def local(address: Any) -> Path:
        return shared / SUITE / str(address).removeprefix(PUBLIC)

    for entry in entries(graph):
        action, result = graph.value(entry, MF.action), graph.value(entry, MF.result)
        assert action is not None, f"{entry}: no action"
        found.append(
            Test(
                f"{folder}/{str(entry).rpartition('#')[2]}",
                str(graph.value(entry, RDF.type)).removeprefix(str(MF)),
                local(graph.value(action, QT.query) or action),
                tuple(map(str, graph.objects(action, QT.data))),
                tuple(str(graph.value(one, QT.graph) or one) for one in graph.objects(action, QT.graphData)),
                local(result) if result is not None else None,
            )
        )
    assert found, f"{folder}: a manifest without tests"
    return found


def _quads(file: Path, base: str) -> Iterator[ox.Quad]:
    form = ox.RdfFormat.from_extension(file.suffix[1:])
    assert form is not None, file
    return ox.parse(path=str(file), format=form, base_iri=base, rename_blank_nodes=True)


def load(shared: Path, store: ox.Store, addresses: Iterable[str], *, default: bool = False) -> None:
    """Data files into a store: each as the graph of its address, or all into the default graph."""
    for address in addresses:
        graph = ox.DefaultGraph() if default else ox.NamedNode(address)
        file = shared / SUITE / address.removeprefix(PUBLIC)
        store.extend(ox.Quad(q.subject, q.predicate, q.object, graph) for q in _quads(file, address))


def native(shared: Path, test: Test) -> Answer:
    """What the engine itself answers, in this process, without anything of ours."""
    store = ox.Store()
    load(shared, store, test.data, default=not test.own_dataset)
    load(shared, store, test.named)
    found = store.query(test.text)
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    if isinstance(found, ox.QueryTriples):
        return graph_of(found)
    return rows_of(found)


def _value(term: Any) -> str:
    """A term in its value space, in which stores keep numbers, times and booleans: "1.0e6" and "1000000" are one."""
    if not isinstance(term, ox.Literal) or term.language:
        return str(term)
    literal = rdflib.Literal(term.value, datatype=URIRef(term.datatype.value))
    value = literal.value
    if value is None or literal.ill_typed or isinstance(value, str | bytes):
        return str(term)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        # A derived type is part of its base: the value of a negativeInteger is that integer.
        kind = "integer" if isinstance(value, int) else "decimal"
        return f"{Decimal(value).normalize():f}^^{kind}"
    if term.datatype.value.endswith(("#double", "#float")):
        value = float(value)
    return f"{value!r}^^{term.datatype.value}"


def _canonical(quads: Iterable[ox.Quad]) -> frozenset[str]:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return frozenset(f"{_value(q.subject)} {q.predicate} {_value(q.object)}" for q in dataset)


def graph_of(triples: Iterable[ox.Triple]) -> frozenset[str]:
    """A graph that can be compared: blank nodes named alike, literals by value."""
    return _canonical(ox.Quad(t.subject, t.predicate, t.object) for t in triples)


def rows_of(solutions: ox.QuerySolutions) -> Answer:
    """Variables and rows as a bag; rows with blank nodes by what they are, not by how they are named."""
    names = [variable.value for variable in solutions.variables]
    return _bag(names, ({name: row[name] for name in names if row[name] is not None} for row in solutions))


def _bag(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Answer:
    plain: Counter[str] = Counter()
    quads: list[ox.Quad] = []
    for row in rows:
        if any(isinstance(term, ox.BlankNode) for term in row.values()):
            node = ox.BlankNode()
            quads += [ox.Quad(node, ox.NamedNode(f"var:{name}"), term) for name, term in row.items()]
        else:
            plain[repr(sorted((name, _value(term)) for name, term in row.items()))] += 1
    plain.update(_canonical(quads))
    return frozenset(names), plain


def parsed(kind: str, body: bytes) -> Answer:
    """The endpoint's answer in one of RESULTS or GRAPHS."""
    if kind in GRAPHS:
        return graph_of(quad.triple for quad in ox.parse(body, GRAPHS[kind][1], rename_blank_nodes=True))
    found = ox.parse_query_results(body, RESULTS[kind][1])
    return bool(found) if isinstance(found, ox.QueryBoolean) else rows_of(found)


def expected(file: Path, kind: str) -> Answer:
    """What a test's result file says. ``kind`` is graph or rows; rows may stand in Turtle or RDF/XML (DAWG result set)."""
    if file.suffix in (".srx", ".srj", ".tsv"):
        form = {".srx": "xml", ".srj": "json", ".tsv": "tsv"}[file.suffix]
        return parsed(form, file.read_bytes())
    address = PUBLIC + str(file).rpartition("/sparql11/")[2]
    quads = list(_quads(file, address))
    if kind == "graph":
        return graph_of(quad.triple for quad in quads)
    said: dict[Any, list[tuple[str, Any]]] = {}
    for quad in quads:
        said.setdefault(quad.subject, []).append((quad.predicate.value.removeprefix(RS), quad.object))
    (top,) = (node for node, values in said.items() if ("resultVariable" in dict(values) or "boolean" in dict(values)))
    if "boolean" in dict(said[top]):
        return bool(dict(said[top])["boolean"].value == "true")
    names = [value.value for name, value in said[top] if name == "resultVariable"]
    rows = []
    for solution in (value for name, value in said[top] if name == "solution"):
        bindings = [dict(said[value]) for name, value in said[solution] if name == "binding"]
        rows.append({one["variable"].value: one["value"] for one in bindings})
    return _bag(names, rows)


def table(body: bytes) -> tuple[list[str], Counter[tuple[str, ...]]]:
    """A CSV answer: its columns in order, and its rows with numbers by value and blank nodes alike."""

    def field(value: str) -> str:
        if value.startswith("_:"):
            return "_:"
        try:
            return repr(float(value))
        except ValueError:
            return value

    header, *rows = csv.reader(io.StringIO(body.decode("utf-8")))
    return header, Counter(tuple(map(field, row)) for row in rows)


def label(graph: rdflib.Graph, node: Any) -> str:
    """The rdfs:label of a node: in protocol tests the name of a graph."""
    return str(graph.value(node, RDFS.label))
