"""The SPARQL protocol over HTTP, with the clients that people use."""

from __future__ import annotations

import csv
import io
import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit

import httpx
import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, TURTLE, XML, SPARQLWrapper

from registry.graph.store import EmbeddedStore
from registry.settings import Settings
from tests.support.graphs import IRIS, record_change
from tests.support.sparql_server import Endpoint, serving

NAMES = "PREFIX schema: <http://schema.org/> SELECT ?r ?name { ?r schema:name ?name } ORDER BY ?name"
LONG = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(?a != ?d) }"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("endpoint")
    store = EmbeddedStore(folder / "work", IRIS, "recipe", {"one": "alpha"})
    store.apply([record_change(n, f"r{n:03}", name=f'Übung {n:03}, "Git"') for n in range(300)], None, 300)
    store.snapshot(folder / "graph")
    store.close()
    with serving(folder / "graph", Settings(query_workers=3, query_deadline=1, query_memory=512 << 20)) as made:
        yield made


@pytest.fixture
def client(endpoint: Endpoint) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=endpoint.url.removesuffix("/sparql"), timeout=15, trust_env=False) as made:
        yield made


def ask(client: httpx.Client, query: str, accept: str = "*/*", **more: str) -> httpx.Response:
    return client.get("/sparql", params={"query": query, **more}, headers={"Accept": accept})


def test_the_three_ways_to_ask_give_the_same(client: httpx.Client) -> None:
    answers = [
        ask(client, NAMES),
        client.post("/sparql", data={"query": NAMES}),
        client.post("/sparql", content=NAMES, headers={"Content-Type": "application/sparql-query; charset=UTF-8"}),
        client.post("/sparql/", data={"query": NAMES}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1
    rows = answers[0].json()["results"]["bindings"]
    assert len(rows) == 300
    assert rows[0]["name"] == {"type": "literal", "value": 'Übung 000, "Git"', "xml:lang": "en"}


@pytest.mark.parametrize(
    ("query", "accept", "content_type"),
    [
        (NAMES, "*/*", "application/sparql-results+json"),
        (NAMES, "application/json", "application/json"),
        (NAMES, "application/sparql-results+xml, application/rdf+xml", "application/sparql-results+xml"),
        (NAMES, "text/csv;q=0.9, application/xml;q=0.5", "text/csv; charset=utf-8"),
        (NAMES, "text/tab-separated-values", "text/tab-separated-values; charset=utf-8"),
        ("ASK {}", "text/csv", "text/csv; charset=utf-8"),
        ("ASK {}", "text/turtle, */*;q=0.1", "application/sparql-results+json"),
        ("DESCRIBE <http://x.test/>", "*/*", "text/turtle; charset=utf-8"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/sparql-results+xml, application/rdf+xml", "application/rdf+xml"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/ld+json", "application/ld+json"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "application/n-triples", "application/n-triples"),
    ],
)
def test_the_form_decides_what_can_be_had(client: httpx.Client, query: str, accept: str, content_type: str) -> None:
    answer = ask(client, query, accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Accept" in answer.headers["vary"]


def test_graphs_in_every_syntax_hold_the_same_triples(client: httpx.Client) -> None:
    query = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }"
    syntaxes = {
        "text/turtle": "turtle",
        "application/n-triples": "nt",
        "application/rdf+xml": "xml",
        "application/ld+json": "json-ld",
    }
    graphs = [
        set(rdflib.Graph().parse(data=ask(client, query, name).content, format=parser))
        for name, parser in syntaxes.items()
    ]
    assert len(graphs[0]) > 3000 and all(graph == graphs[0] for graph in graphs)


def test_tables_have_their_columns_in_the_order_of_the_query(client: httpx.Client) -> None:
    query = "SELECT * { ?zebra <http://schema.org/name> ?ape } ORDER BY ?ape LIMIT 2"
    text = ask(client, query, "text/csv").text
    assert text.count("\r\n") == 3
    assert list(csv.reader(io.StringIO(text)))[:2] == [
        ["zebra", "ape"],
        [str(IRIS.resource("one", "r000")), 'Übung 000, "Git"'],
    ]
    assert ask(client, query, "text/tab-separated-values").text.startswith("?zebra\t?ape\n")
    assert ask(client, query).json()["head"]["vars"] == ["zebra", "ape"]
    assert ask(client, query, format="csv").text == text


@pytest.mark.parametrize(
    ("method", "arguments", "status"),
    [
        ("GET", {"params": {"query": "SELECT * {"}}, 400),
        ("GET", {"params": {"query": "SELECT (<http://x.test/f>(1) AS ?x) {}"}}, 400),
        ("GET", {"params": {"query": "ASK {}", "default-graph-uri": "not absolute"}}, 400),
        ("GET", {"params": {"query": "ASK {}", "default-graph-uri": "http://[x"}}, 400),
        ("GET", {"params": {"query": ["ASK {}", "ASK {}"]}}, 400),
        ("GET", {"params": {"query": "ASK {}", "format": "nonsense"}}, 400),
        ("GET", {"params": {"query": "ASK {}", "format": "turtle"}}, 400),
        ("GET", {"params": {"query": "ASK {" + "{" * 300 + "}" * 301}}, 400),
        ("GET", {"params": {"query": "SELECT * { SERVICE <http://x.test/> {} }"}}, 403),
        ("GET", {"params": {"query": "DROP ALL"}}, 403),
        ("GET", {"params": {"update": "DROP ALL"}}, 403),
        ("POST", {"data": {"update": "DROP ALL"}}, 403),
        ("POST", {"content": "DROP ALL", "headers": {"Content-Type": "application/sparql-update"}}, 403),
        ("POST", {"data": {"query": "ASK {}"}, "params": {"query": "ASK {}"}}, 400),
        ("POST", {"content": "ASK {}", "params": {"query": "ASK {}"}, "headers": {"Content-Type": "application/sparql-query"}}, 400),
        ("POST", {"data": {"nothing": "x"}}, 400),
        ("POST", {"content": "ASK {}"}, 415),
        ("POST", {"content": "ASK {}", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", {"content": "ASK {}".encode("utf-16"), "headers": {"Content-Type": "application/sparql-query; charset=UTF-16"}}, 415),
        ("POST", {"content": "ASK {} #\xfc".encode("latin-1"), "headers": {"Content-Type": "application/sparql-query"}}, 400),
        ("POST", {"content": b"query=ASK%20%7B%7D%20%23%FC", "headers": {"Content-Type": FORM}}, 400),
        ("POST", {"content": b"x", "headers": {"Content-Type": FORM, "Content-Encoding": "gzip"}}, 415),
        ("POST", {"content": "ASK {} #" + "x" * 70_000, "headers": {"Content-Type": "application/sparql-query"}}, 413),
        ("POST", {"content": "ASK {} #" + "x" * 700_000, "headers": {"Content-Type": "application/sparql-query"}}, 413),
        ("GET", {"params": {"query": "ASK {}"}, "headers": {"Accept": "text/turtle"}}, 406),
        ("GET", {"params": {"query": "DESCRIBE <http://x.test/>"}, "headers": {"Accept": "text/csv"}}, 406),
        ("PUT", {"content": "x"}, 405),
        ("DELETE", {}, 405),
    ],
)  # fmt: skip
def test_errors_are_problem_documents(
    client: httpx.Client, method: str, arguments: dict[str, object], status: int
) -> None:
    answer = client.request(method, "/sparql", **arguments)  # type: ignore[arg-type]
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    told = answer.json()
    assert told["status"] == status and told["title"] and told["detail"] and told["type"]
    assert "expected one of" not in answer.text
    if status == 405:
        assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"


def test_the_place_of_a_mistake_is_told(client: httpx.Client) -> None:
    assert "line 2, column 10" in ask(client, "SELECT * {\n  ?s ?p }").json()["detail"]
    assert "prefix is not declared" in ask(client, "SELECT * { ?s foaf:name ?o }").json()["detail"]


def test_datasets_of_the_protocol(client: httpx.Client) -> None:
    count = "SELECT (COUNT(*) AS ?n) { ?s <http://schema.org/name> ?o }"
    graphs = [str(IRIS.record("one", f"r{n:03}")) for n in range(2)]

    def counted(query: str, **more: object) -> int:
        answer = client.get("/sparql", params={"query": query, **more})  # type: ignore[arg-type]
        return int(answer.json()["results"]["bindings"][0]["n"]["value"])

    assert counted(count) == 300
    assert counted(count, **{"default-graph-uri": graphs}) == 2
    assert counted(count, **{"named-graph-uri": graphs}) == 0
    assert counted(count, **{"default-graph-uri": "http://x.test/unknown"}) == 0
    assert counted(count.replace("{", f"FROM <{graphs[0]}> {{", 1)) == 1
    assert counted(count.replace("{", f"FROM <{graphs[0]}> {{", 1), **{"default-graph-uri": graphs}) == 2
    inside = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s <http://schema.org/name> ?o } }"
    assert counted(inside, **{"named-graph-uri": graphs}) == 2
    body = [("query", count), *(("default-graph-uri", graph) for graph in graphs)]
    answer = client.post("/sparql", content=urlencode(body), headers={"Content-Type": FORM})
    assert answer.json()["results"]["bindings"][0]["n"]["value"] == "2"


def test_the_union_repeats_no_triple(client: httpx.Client) -> None:
    union = ask(client, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "text/csv").text
    assert union == ask(client, "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?p ?o { ?s ?p ?o } }", "text/csv").text
    assert (
        ask(client, "ASK { GRAPH ?g { ?s ?p ?o } FILTER(CONTAINS(STR(?g), 'projection')) }").json()["boolean"] is False
    )


def test_an_answer_is_not_sent_twice(client: httpx.Client) -> None:
    first = ask(client, NAMES)
    tag = first.headers["etag"]
    assert "7.0" in tag
    again = client.get("/sparql", params={"query": NAMES}, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert ask(client, NAMES, "text/csv").headers["etag"] != tag
    now = ask(client, "SELECT (NOW() AS ?n) {}")
    assert "etag" not in now.headers and now.headers["cache-control"] == "no-store"


def test_head_and_preflight(client: httpx.Client) -> None:
    head = client.head("/sparql", params={"query": NAMES})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == ask(client, NAMES).headers["etag"]
    assert client.head("/sparql", params={"query": "SELECT"}).status_code == 400
    preflight = client.options("/sparql", headers={"Origin": "http://a.test", "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "Content-Type" in preflight.headers["access-control-allow-headers"]


def test_without_a_query_the_service_describes_itself(client: httpx.Client, endpoint: Endpoint) -> None:
    answer = client.get("/sparql", headers={"Accept": "text/turtle"})
    graph = rdflib.Graph().parse(data=answer.text, format="turtle")
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    (service,) = graph.subjects(rdflib.RDF.type, sd.Service)
    assert graph.value(service, sd.endpoint) == rdflib.URIRef(endpoint.url)
    assert set(graph.objects(service, sd.supportedLanguage)) == {sd.SPARQL11Query}
    page = client.get("/sparql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, urlsplit(page.headers["location"]).path) == (303, "/query")


def test_too_slow_is_503_before_the_first_byte_and_a_cut_after_it(client: httpx.Client) -> None:
    start = time.monotonic()
    slow = ask(client, CROSS)
    assert slow.status_code == 503 and int(slow.headers["retry-after"]) > 0
    assert time.monotonic() - start < 2
    for accept in ("application/json", "application/xml", "text/csv", "text/tab-separated-values"):
        received = 0
        with (
            pytest.raises(httpx.RemoteProtocolError),
            client.stream(
                "GET", "/sparql", params={"query": LONG + " ", "x": accept}, headers={"Accept": accept}
            ) as answer,
        ):
            assert answer.status_code == 200
            for part in answer.iter_raw():
                received += len(part)
        assert received > 65_536


def test_a_client_that_leaves_frees_its_worker(client: httpx.Client, endpoint: Endpoint) -> None:
    parts = urlsplit(endpoint.url)
    for query, read in ((CROSS, 0), (LONG, 1000)):
        counter = endpoint.pool._zygote._token  # type: ignore[union-attr]
        with socket.create_connection((parts.hostname, parts.port)) as raw:
            raw.sendall(f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            time.sleep(0.3)
            if read:
                assert raw.recv(read)
        end = time.monotonic() + 1
        while endpoint.pool._zygote._token == counter:  # type: ignore[union-attr]
            assert time.monotonic() < end, "the worker was not replaced within a second of its client's leaving"
            time.sleep(0.02)
    assert ask(client, "ASK {}").json()["boolean"] is True


def test_a_reader_that_stands_still_is_cut_off_at_the_deadline(client: httpx.Client, endpoint: Endpoint) -> None:
    parts = urlsplit(endpoint.url)
    counter = endpoint.pool._zygote._token  # type: ignore[union-attr]
    with socket.create_connection((parts.hostname, parts.port)) as raw:
        raw.sendall(f"GET /sparql?query={quote(LONG)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        end = time.monotonic() + 2.5
        while endpoint.pool._zygote._token == counter:  # type: ignore[union-attr]
            assert time.monotonic() < end, "the worker still waits for its reader"
            time.sleep(0.02)
    assert ask(client, "ASK {}").json()["boolean"] is True


@pytest.mark.parametrize(("syntax", "check"), [(JSON, dict), (XML, None), (CSV, bytes)])
def test_sparqlwrapper_selects(endpoint: Endpoint, syntax: str, check: type | None) -> None:
    wrapper = SPARQLWrapper(endpoint.url, returnFormat=syntax)
    for method in ("GET", "POST"):
        wrapper.setMethod(method)
        wrapper.setQuery(NAMES)
        found = wrapper.queryAndConvert()
        if check is dict:
            assert len(found["results"]["bindings"]) == 300
        elif check is bytes:
            assert found.startswith(b"r,name\r\n")
        else:
            assert len(found.getElementsByTagName("result")) == 300


def test_sparqlwrapper_constructs(endpoint: Endpoint) -> None:
    for syntax in (TURTLE, XML):
        wrapper = SPARQLWrapper(endpoint.url, returnFormat=syntax)
        wrapper.setQuery(f"CONSTRUCT WHERE {{ <{IRIS.resource('one', 'r001')}> ?p ?o }}")
        found = wrapper.queryAndConvert()
        graph = found if isinstance(found, rdflib.Graph) else rdflib.Graph().parse(data=found, format="turtle")
        assert len(graph) == 3


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_reads_through_its_sparql_store(endpoint: Endpoint, method: str) -> None:
    graph = rdflib.Graph(store=SPARQLStore(endpoint.url, method=method))
    assert len(list(graph.query(NAMES))) == 300
    assert bool(graph.query("ASK { ?s ?p ?o }")) is True
    assert len(graph.query(f"CONSTRUCT WHERE {{ <{IRIS.resource('one', 'r001')}> ?p ?o }}").graph) == 3


def test_the_address_is_described_in_openapi(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths["/sparql"]) == {"get", "post"} and "/sparql/" not in paths
    assert json.dumps(paths["/sparql"]["get"]).count("text/csv") == 1
