"""The same queries on every store: the embedded one, ``oxigraph serve``, Virtuoso 7, any other server."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from registry.graph import mirroring
from registry.graph.guard import Refused, scan, tokens_of
from registry.graph.remote import Marker, Store
from registry.graph.remote_terms import ALWAYS_KEPT, give_back, keep
from registry.graph.store import EmbeddedStore, MatchDelta
from registry.graph.target import REFUSED
from registry.iris import DCAT, PREFIXES, RDF
from registry.model import Evidence, Match
from registry.terms import XSD, Iri, Literal
from registry.web.stored import load_queries
from tests.support.graphs import BASE, IRIS, record_change, tombstone_change
from tests.support.store_servers import Server
from tests.support.stores import KINDS, answers, here, no_progress, remote_of

ROOT = Path(__file__).resolve().parents[2]
JSON, NT = "application/sparql-results+json", "application/n-triples"
USED = ("schema", "dcat", "dcterms", "rdf", "xsd")
PROLOGUE = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in USED)


def golden() -> dict[str, str]:
    """{name: query}; those whose rows have an order end in " ordered"."""
    text = (ROOT / "tests/golden/stores/queries.rq").read_text("utf-8")
    parts = re.split(r"^### (.+)$", text, flags=re.M)[1:]
    return {name: PROLOGUE + query.strip() for name, query in zip(parts[::2], parts[1::2], strict=True)}


GOLDEN = golden()


def typed(value: str, name: str) -> Literal:
    return Literal(value, XSD + name)


# Every datatype of shapes/, and what else a source's own triples may hold.
TERMS = (
    typed("PT1H30M", "duration"), typed("P1Y", "duration"), typed("P1DT2H", "dayTimeDuration"),
    typed("P1Y2M", "yearMonthDuration"), typed("true", "boolean"), typed("false", "boolean"),
    typed("2026-01-02", "date"), typed("2026-01-02Z", "date"), typed("-0044-03-15", "date"),
    typed("2026-01-02T10:00:00Z", "dateTime"), typed("2026-01-02T10:00:00+02:00", "dateTime"),
    typed("2026-01-02T10:00:00", "dateTime"), typed("2026-01-02T10:00:00.123Z", "dateTime"),
    typed("2026-01-02T10:00:00Z", "dateTimeStamp"), typed("2026", "gYear"), typed("-0044", "gYear"),
    typed("2026-03", "gYearMonth"), typed("--03", "gMonth"), typed("10:30:00", "time"),
    typed("1.5", "decimal"), typed("3.14159265358979", "decimal"), typed("0.1", "double"),
    typed("0.30000000000000004", "double"), typed("1.0E-7", "double"), typed("1.7976931348623157E308", "double"),
    typed("INF", "double"), typed("NaN", "double"), typed("1.5", "float"), typed("7", "integer"),
    typed("9223372036854775807", "integer"), typed("9223372036854775808", "integer"),
    typed("12345678901234567890123", "integer"), typed("5", "nonNegativeInteger"), typed("5", "long"),
    typed("no number", "integer"), typed("http://x.test/é?a=b", "anyURI"), typed("ab", "hexBinary"),
    Literal("<b>x</b>", RDF + "HTML"), Literal("<b>x</b>", RDF + "XMLLiteral"), Literal('{"a":1}', RDF + "JSON"),
    Literal("POINT(1 2)", "http://www.opengis.net/ont/geosparql#wktLiteral"),
    Literal("x", language="pt-BR"), Literal("x", language="zh-Hant-TW"), Literal("é \"q\" \\ \n\t\r'", language="fr"),
    Literal("é \"q\" \\ \n\t\r'"), Literal("\x07\x0b\x1f"), Literal(""), Literal("𝒳 統計"), Literal("x" * 20_000),
    Literal("two  spaces, no-break\u00a0space, \u202e"), Iri("http://x.test/" + "a" * 1000), Iri("http://x.test/é"),
)  # fmt: skip


# What shapes/ ask for, and numbers that crosswalks write; the embedded store, which all is read from, keeps them.
PROFILE = {
    XSD + name for name in ("string boolean date dateTime double decimal integer duration gYear gYearMonth").split()
}


def fill(store: EmbeddedStore) -> None:
    """Records with texts, numbers, times and durations of every kind; matches; one that is gone."""
    part = Iri(IRIS.resource("one", "b"))
    changes = [
        record_change(
            1, "a", inferred=f"{BASE}/id/concept/gsbpm/sp-5.1",
            extra=(
                ("timeRequired", typed("PT1H30M", "duration")), ("position", typed("1", "integer")),
                ("datePublished", typed("2026-01-02", "date")), ("isAccessibleForFree", typed("true", "boolean")),
                ("dateModified", typed("2026-02-03T10:00:00Z", "dateTime")), ("isPartOf", part),
                ("alternateName", Literal("Estatística", language="pt-BR")),
            ),
        ),
        record_change(
            2, "b", name="R",
            extra=(
                ("timeRequired", typed("P1Y", "duration")), ("position", typed("2", "integer")),
                ("datePublished", typed("2025", "gYear")), ("isAccessibleForFree", typed("false", "boolean")),
                ("dateModified", typed("2025-12-31T23:00:00Z", "dateTime")), ("dateCreated", typed("2024", "gYear")),
                ("description", Literal("two\nlines")), ("alternateName", Literal("統計学", language="ja")),
                ("isPartOf", Iri(IRIS.resource("one", "c"))), ("ratingValue", typed("0.97", "double")),
            ),
        ),
        record_change(
            3, "c", name="Git",
            extra=(
                ("name", Literal('a "quoted" \\ text')), ("alternateName", Literal("𝒳")),
                ("position", typed("3", "integer")), ("price", typed("12.5", "decimal")),
                ("datePublished", typed("2025-05-01", "date")), ("ratingValue", typed("0.5", "double")),
            ),
        ),
        record_change(4, "d", feed="two", name="Survey"), tombstone_change(5, "e"),
        record_change(6, "terms", name="terms", extra=tuple((f"term{n}", term) for n, term in enumerate(TERMS))),
    ]  # fmt: skip
    a, b = sorted(str(IRIS.resource("one", key)) for key in "ab")
    evidence = Evidence("title-similarity", "jaro-winkler", 0.97, "Git", 'git "2"', "name", "name")
    match = Match(a, b, "part", 0.9, "accepted", "title", "LexicalMatching", (evidence,), a)
    store.apply(changes, MatchDelta([match]), 6)


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph of a release with everything in it."""
    folder = tmp_path_factory.mktemp("queries")
    store = EmbeddedStore(folder / "graph", IRIS, "recipe", {"one": "alpha", "two": "beta"})
    fill(store)
    store.snapshot(folder / "release")
    store.close()
    return folder / "release"


Ask = Callable[..., bytes]


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def ask(kind: str, graph: Path, server: Callable[[str], Server]) -> Iterator[Ask]:
    """Asks a server that holds the graph."""
    store = Store(remote_of(kind, server(kind)))
    mirroring.copy(store, graph, mirroring.begin_copy(store, "golden", "x"), Marker("golden", 0, 6), no_progress)
    assert mirroring.of_store(store) == mirroring.of_release(graph)
    assert mirroring.defaults_agree(store, graph)
    store.close()
    yield from answers(kind, server(kind))


def normal(term: dict[str, str] | None) -> object:
    """A term in the value space: numbers by value (doubles to six digits, as Virtuoso gives them), other literals as
    the embedded store writes them, languages in small letters, blank nodes without their names."""
    if term is None or term["type"] == "bnode":
        return None if term is None else "_"
    if term["type"] == "uri":
        return term["value"]
    datatype = term.get("datatype", XSD + "string")
    if datatype in (XSD + "double", XSD + "float"):
        return (datatype, f"{float(term['value'].replace('INF', 'inf')):.6g}")
    if datatype in (XSD + "decimal", XSD + "integer") and re.fullmatch(r"[-+]?[\d.]+", term["value"]):
        # Virtuoso's averages of whole numbers are whole.
        return ("number", f"{float(term['value']):.12g}", "")
    if "xml:lang" in term:
        return (term["value"], term["xml:lang"].lower())
    node = ox.NamedNode("http://x.test/")
    (quad,) = mirroring.values([ox.Quad(node, node, ox.Literal(term["value"], datatype=ox.NamedNode(datatype)))])
    return (quad.object.value, datatype)  # type: ignore[union-attr]


def table(data: bytes) -> tuple[list[str], list[tuple[object, ...]]] | bool:
    told = json.loads(data)
    if "boolean" in told:
        return bool(told["boolean"])
    columns = told["head"]["vars"]
    rows = [tuple(normal(row.get(name)) for name in columns) for row in told["results"]["bindings"]]
    return columns, rows


def triples(data: bytes) -> Counter[str]:
    return Counter(str(quad.triple) for quad in mirroring.values(ox.parse(data, ox.RdfFormat.N_TRIPLES)))


# What an engine is known to answer otherwise: docs/stores.md lists it. That it still does is tested too.
KNOWN = {
    ("virtuoso", "one or more"): "a circle does not come back to where it begins",
}


def test_there_are_enough_of_them() -> None:
    assert len(GOLDEN) >= 60


@pytest.mark.parametrize("name", GOLDEN)
def test_a_query_has_the_same_answer_everywhere(name: str, kind: str, ask: Ask, graph: Path) -> None:
    query = GOLDEN[name]
    if (kind, name) in KNOWN:
        assert table(here(graph)(query, JSON)) != table(ask(query, JSON))
        return
    if scan(query).form in ("CONSTRUCT", "DESCRIBE"):
        wanted = triples(here(graph)(query, NT))
        assert triples(ask(query, NT)) == wanted and wanted
        return
    wanted, found = table(here(graph)(query, JSON)), table(ask(query, JSON))
    if isinstance(wanted, bool) or isinstance(found, bool):
        assert found is wanted
        return
    assert found[0] == wanted[0]
    if name.endswith(" ordered"):
        assert found[1] == wanted[1]
    else:
        assert Counter(found[1]) == Counter(wanted[1])
    assert wanted[1] or name in ("the marker is nowhere", "a graph that is not there")


def test_every_datatype_comes_back_as_it_went(ask: Ask, graph: Path) -> None:
    node, met = IRIS.resource("one", "terms"), set()
    for number, term in enumerate(TERMS):
        query = f"SELECT ?o {{ <{node}> <http://schema.org/term{number}> ?o }}"
        wanted, found = table(here(graph)(query, JSON)), table(ask(query, JSON))
        assert found == wanted and not isinstance(found, bool) and len(found[1]) == 1, term
        if isinstance(term, Literal) and not term.language and (term.datatype or XSD + "string") in PROFILE:
            told = {"type": "literal", "value": term.value, "datatype": term.datatype or XSD + "string"}
            assert found[1] == [(normal(told),)], term
            met.add(term.datatype or XSD + "string")
    assert met == PROFILE


def _pattern(query: str) -> tuple[str, str]:
    """The prologue of a query, and its main group."""
    tokens = list(tokens_of(query))
    start = next(at for at, token in enumerate(tokens) if token.text == "{")
    depth = 0
    for token in tokens[start:]:
        depth += {"{": 1, "}": -1}.get(token.text, 0)
        if not depth:
            form = next(token.start for token in tokens if token.text.upper() in ("SELECT", "CONSTRUCT", "ASK"))
            return query[:form], query[tokens[start].start : token.start + 1]
    raise AssertionError("not closed")


SHIPPED = {name: one.text for name, one in load_queries(ROOT / "ontology/questions", f"{BASE}/").items()}


def test_shipped_queries_count_nothing_twice_and_say_the_same(kind: str, ask: Ask, graph: Path) -> None:
    refused = []
    for name, query in SHIPPED.items():
        assert scan(query).form == "SELECT"
        prologue, group = _pattern(query)
        try:
            found, rows = table(ask(query, JSON)), table(ask(f"{prologue} SELECT * {group}", JSON))
        except Refused as error:
            assert str(error) == REFUSED, name  # then the release answers
            refused.append(name)
            continue
        wanted = table(here(graph)(query, JSON))
        assert not isinstance(wanted, bool) and not isinstance(found, bool) and not isinstance(rows, bool)
        assert found[0] == wanted[0] and Counter(found[1]) == Counter(wanted[1]), name
        assert len(rows[1]) == len(set(rows[1])), name
    # Virtuoso's planner gives up on a few, not always on the same.
    assert len(refused) <= (6 if kind == "virtuoso" else 0), refused
    assert len(SHIPPED) > 30


@pytest.mark.parametrize(
    "media_type", ["text/csv", "text/tab-separated-values", "application/sparql-results+xml", JSON]
)
def test_tables_are_written_anew_in_every_syntax(media_type: str, ask: Ask, graph: Path) -> None:
    query = PROLOGUE + "SELECT ?s ?d ?f { ?s schema:timeRequired ?d ; schema:isAccessibleForFree ?f } ORDER BY ?s"
    assert ask(query, media_type) == here(graph)(query, media_type)
    assert ask("ASK { ?s ?p ?o }", media_type) == here(graph)("ASK { ?s ?p ?o }", media_type)


@pytest.mark.parametrize("media_type", ["text/turtle", "application/rdf+xml", "application/ld+json"])
def test_graphs_are_written_anew_in_every_syntax(media_type: str, ask: Ask) -> None:
    data = ask(PROLOGUE + "CONSTRUCT WHERE { ?s schema:timeRequired ?d }", media_type)
    format = ox.RdfFormat.from_media_type(media_type)
    assert format is not None
    assert {str(quad.object) for quad in ox.parse(data, format)} >= {f'"PT1H30M"^^<{XSD}duration>'}


@pytest.mark.parametrize(
    ("default", "named", "query"),
    [
        ([IRIS.record("one", "a")], [], "SELECT ?s ?p ?o { ?s ?p ?o }"),
        ([IRIS.record("one", "a")], [], "SELECT ?g { GRAPH ?g { ?s ?p ?o } }"),
        ([], [IRIS.record("one", "a")], "SELECT ?s ?p ?o { ?s ?p ?o }"),
        ([], [IRIS.record("one", "a")], "SELECT ?g ?s { GRAPH ?g { ?s ?p ?o } }"),
        ([IRIS.record("one", "a"), IRIS.record("one", "b")], [IRIS.record("one", "c")], "SELECT ?s { ?s a ?t }"),
        ([f"{BASE}/graph/projection/mirror"], [f"{BASE}/graph/projection/mirror"], "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"),
    ],
)  # fmt: skip
def test_a_dataset_of_the_protocol_is_the_same_everywhere(
    default: list[str], named: list[str], query: str, ask: Ask, graph: Path
) -> None:
    given: dict[str, Any] = {"default_graphs": tuple(default), "named_graphs": tuple(named)}
    wanted, found = table(here(graph)(query, JSON, **given)), table(ask(query, JSON, **given))
    assert not isinstance(wanted, bool) and not isinstance(found, bool)
    assert found[0] == wanted[0] and Counter(found[1]) == Counter(wanted[1])


@pytest.mark.parametrize(
    "query",
    [
        "PREFIX b: <bif:> SELECT ?s { ?s ?p ?o FILTER(b:length(?o) > 3) }",
        "PREFIX b: <bif:len> SELECT ?s { ?s ?p ?o FILTER(b:gth(?o) > 3) }",
        "BASE <BIF:x> SELECT ?s { ?s ?p ?o }",
        "SELECT ?s { ?s ?p ?o FILTER(<\\u0062if:length>(?o) > 3) }",
        "SELECT ?s { ?s ?p ?o FILTER(<sql:rdf_box>(?o) > 3) }",
        "PREFIX v: <http://www.openlinksw.com/schemas/virtrdf#> SELECT ?s { ?s v:x ?o }",
    ],
)
def test_virtuosos_own_functions_cannot_be_reached(query: str, server: Callable[[str], Server]) -> None:
    (asks,) = list(answers("virtuoso", server("virtuoso")))
    with pytest.raises((Refused, RuntimeError)) as told:
        asks(query, JSON)
    assert not isinstance(told.value, Refused) or told.value.reason == "function"


def test_what_virtuoso_would_lose_is_kept_and_given_back() -> None:
    for term in TERMS:
        if isinstance(term, Literal):
            held = (
                ox.Literal(term.value, datatype=ox.NamedNode(term.datatype))
                if term.datatype
                else ox.Literal(term.value)
            )
            assert give_back(keep(held)) == held
    for name in ALWAYS_KEPT:
        assert give_back(keep(ox.NamedNode(name))) == ox.NamedNode(name)
    assert DCAT
