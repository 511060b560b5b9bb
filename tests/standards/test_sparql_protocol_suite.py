"""The W3C's SPARQL 1.1 Protocol and Service Description suites against the public endpoint.

The 20 tests of queries pass as they are. The 14 of updates must be refused here, as on any public address, and
leave the data as they were; what those tests ask afterwards is answered, and sees that nothing was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyoxigraph as ox
import pytest
import rdflib
from rdflib import RDF, Namespace, URIRef
from rdflib.term import Node

from registry.settings import Settings
from tests.support import w3c
from tests.support.sparql_server import serving

HT, CNT = Namespace("http://www.w3.org/2011/http#"), Namespace("http://www.w3.org/2011/content#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
EVERYTHING = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
SHAPES = {
    "tabular": ("application/sparql-results+json", "application/sparql-results+xml", "text/csv",
                "text/tab-separated-values"),
    "boolean": ("application/sparql-results+json", "application/sparql-results+xml"),
    "RDF": ("text/turtle", "application/rdf+xml", "application/n-triples"),
}  # fmt: skip
Told = Callable[[str, object], None]


@pytest.fixture(scope="module")
def suite(shared: Path) -> rdflib.Graph:
    return w3c.manifest(shared, "protocol")


@pytest.fixture(scope="module")
def client(shared: Path, suite: rdflib.Graph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The endpoint with the graphs that the suite's tests start from."""
    folder = tmp_path_factory.mktemp("protocol") / "graph"
    store = ox.Store(str(folder))
    for data in suite.objects(None, UT.graphData):
        file = shared / w3c.SUITE / str(suite.value(data, UT.graph)).removeprefix(w3c.PUBLIC)
        store.load(path=str(file), format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(w3c.label(suite, data)))
    store.flush()
    del store
    settings = Settings(query_workers=2, query_deadline=5)
    with serving(folder, settings) as made, httpx.Client(base_url=made.url[: -len("/sparql")], trust_env=False) as one:
        yield one


def requests(suite: rdflib.Graph, test: Node) -> Iterator[tuple[dict[str, Any], Node]]:
    """The requests of a test, each with the response that it expects."""
    for request in suite.items(suite.value(suite.value(test, w3c.MF.action), HT.requests)):  # type: ignore[no-untyped-call]
        listed = suite.value(request, HT.headers)
        headers = [
            (str(suite.value(one, HT.fieldName)), str(suite.value(one, HT.fieldValue)))
            for one in (suite.items(listed) if listed is not None else ())  # type: ignore[no-untyped-call]
        ]
        body = suite.value(request, HT.body)
        content = None
        if body is not None:
            content = str(suite.value(body, CNT.chars)).encode(str(suite.value(body, CNT.characterEncoding)))
        method, path = (str(suite.value(request, name)) for name in (HT.methodName, HT.absolutePath))
        response = suite.value(request, HT.resp)
        assert response is not None
        yield {"method": method, "url": path, "headers": headers, "content": content}, response


def wrong(suite: rdflib.Graph, response: Node, answer: httpx.Response) -> str:
    """What of an answer is not as the response of the suite says."""
    allowed = {str(code)[-3:][0] for code in suite.objects(response, w3c.MF.expectedStatus)}
    if str(answer.status_code)[0] not in allowed:
        return f"status {answer.status_code}: {answer.text[:200]}"
    shape = str(suite.value(response, w3c.MF.expectedFormat) or "")
    if shape and answer.headers["content-type"].partition(";")[0] not in SHAPES[shape]:
        return f"{answer.headers['content-type']} for {shape}"
    boolean = suite.value(response, w3c.MF.expectedBoolean)
    if boolean is not None and answer.json()["boolean"] is not boolean.toPython():  # type: ignore[union-attr]
        return f"not {boolean}: {answer.text[:200]}"
    return ""


def name_of(test: Node) -> str:
    return str(test).rpartition("#")[2]


def test_queries(suite: rdflib.Graph, client: httpx.Client, record_property: Told) -> None:
    tests = [test for test in w3c.entries(suite) if "update" not in name_of(test)]
    failed = {}
    for test in tests:
        for request, response in requests(suite, test):
            if why := wrong(suite, response, client.request(**request)):
                failed[name_of(test)] = why
    told = {"name": "SPARQL 1.1 protocol: queries", "passed": len(tests) - len(failed), "of": len(tests)}
    record_property("suite", told)
    assert failed == {}
    assert len(tests) == 20


def test_updates_are_refused(suite: rdflib.Graph, client: httpx.Client, record_property: Told) -> None:
    tests = [test for test in w3c.entries(suite) if "update" in name_of(test)]
    before = client.get("/sparql", params={"query": EVERYTHING}).json()
    done = {}
    for test in tests:
        for number, (request, _) in enumerate(requests(suite, test)):
            answer = client.request(**request)
            if number:  # what a test asks after its update
                ok = answer.status_code == 200 and answer.json()["boolean"] is False
            else:
                ok = answer.status_code in (403, 415) and "json" in answer.headers["content-type"]
            if not ok:
                done[f"{name_of(test)} {number}"] = f"{answer.status_code} {answer.text[:200]}"
    refused = len(tests) - len({name.partition(" ")[0] for name in done})
    record_property("suite", {"name": "SPARQL 1.1 protocol: updates refused", "passed": refused, "of": len(tests)})
    assert done == {}
    assert client.get("/sparql", params={"query": EVERYTHING}).json() == before
    assert len(tests) == 14


def returns_rdf(client: httpx.Client) -> rdflib.Graph | None:
    """Test returns-rdf: a GET of the endpoint without a query gives RDF, whichever syntax is asked for."""
    graphs = []
    for accept in ("", "text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json"):
        answer = client.get("/sparql", headers={"Accept": accept} if accept else {})
        kind = answer.headers["content-type"].partition(";")[0]
        if answer.status_code != 200 or (accept and kind != accept):
            return None
        graphs.append(set(rdflib.Graph().parse(data=answer.content, format=kind)))
    if any(graph != graphs[0] for graph in graphs):
        return None
    made = rdflib.Graph()
    for triple in graphs[0]:
        made.add(triple)
    return made


def has_endpoint_triple(graph: rdflib.Graph, address: str) -> bool:
    """Test has-endpoint-triple: the service that is described is the one that was asked."""
    return {str(value) for value in graph.objects(None, SD.endpoint)} == {address}


# The vocabulary of SPARQL 1.1 Service Description (section 3): for each property the class of its subject, and
# of its object where that is one of the vocabulary's own.
PROPERTIES = {
    SD.endpoint: (SD.Service, None), SD.feature: (SD.Service, None), SD.defaultEntailmentRegime: (SD.Service, None),
    SD.supportedEntailmentProfile: (SD.Service, None), SD.entailmentRegime: (SD.NamedGraph, None),
    SD.supportedLanguage: (SD.Service, None), SD.languageExtension: (SD.Service, None),
    SD.resultFormat: (SD.Service, None), SD.inputFormat: (SD.Service, None),
    SD.extensionFunction: (SD.Service, None), SD.extensionAggregate: (SD.Service, None),
    SD.propertyFeature: (SD.Service, None), SD.availableGraphs: (SD.Service, SD.GraphCollection),
    SD.defaultDataset: (SD.Service, SD.Dataset), SD.defaultGraph: (SD.Dataset, SD.Graph),
    SD.namedGraph: (None, SD.NamedGraph), SD.name: (SD.NamedGraph, None), SD.graph: (SD.NamedGraph, SD.Graph),
}  # fmt: skip
CLASSES = {SD.Service, SD.Dataset, SD.Graph, SD.NamedGraph, SD.GraphCollection, SD.Feature, SD.Language}
LANGUAGES = {SD.SPARQL10Query, SD.SPARQL11Query, SD.SPARQL11Update}
FEATURES = {SD.DereferencesURIs, SD.UnionDefaultGraph, SD.RequiresDataset, SD.EmptyGraphs, SD.BasicFederatedQuery}
FORMATS = "http://www.w3.org/ns/formats/"


def breaks_the_schema(graph: rdflib.Graph) -> list[str]:
    """Test conforms-to-schema: terms that are there, on things of their classes, as often as they may stand."""
    found = []
    for subject, predicate, value in graph:
        if predicate in PROPERTIES:
            domain, reach = PROPERTIES[URIRef(str(predicate))]
            if domain is not None and (subject, RDF.type, domain) not in graph:
                found.append(f"{subject} has {predicate} and is no {domain}")
            if reach is not None and (value, RDF.type, reach) not in graph:
                found.append(f"{value} is no {reach}")
        elif str(predicate).startswith(str(SD)):
            found.append(f"there is no {predicate}")
        if predicate == RDF.type and str(value).startswith(str(SD)) and value not in CLASSES:
            found.append(f"there is no {value}")
    one_of = ((SD.supportedLanguage, LANGUAGES), (SD.feature, FEATURES))
    found += [f"{p} {v}" for p, known in one_of for v in graph.objects(None, p) if v not in known]
    formats = [*graph.objects(None, SD.resultFormat), *graph.objects(None, SD.inputFormat)]
    found += [f"no name of a format: {value}" for value in formats if not str(value).startswith(FORMATS)]
    for kind, predicate in ((SD.Service, SD.endpoint), (SD.Dataset, SD.defaultGraph), (SD.NamedGraph, SD.name)):
        for subject in graph.subjects(RDF.type, kind):
            if len(list(graph.objects(subject, predicate))) != 1:
                found.append(f"{subject}: not one {predicate}")
    return found if list(graph.subjects(RDF.type, SD.Service)) else ["no service"]


def test_service_description(shared: Path, client: httpx.Client, record_property: Told) -> None:
    names = [name_of(test) for test in w3c.entries(w3c.manifest(shared, "service-description"))]
    graph, address = returns_rdf(client), str(client.base_url).rstrip("/") + "/sparql"
    passed = {
        "returns-rdf": graph is not None,
        "has-endpoint-triple": graph is not None and has_endpoint_triple(graph, address),
        "conforms-to-schema": graph is not None and breaks_the_schema(graph) == [],
    }
    record_property(
        "suite", {"name": "SPARQL 1.1 service-description", "passed": sum(passed.values()), "of": len(names)}
    )
    assert graph is not None and breaks_the_schema(graph) == []
    assert passed == dict.fromkeys(names, True)
    assert len(names) == 3


def test_the_schema_of_descriptions_is_really_checked() -> None:
    graph = rdflib.Graph().parse(
        format="turtle",
        data=f"""@prefix sd: <{SD}> . <#s> a sd:Service ; sd:endpoint <#a>, <#b> ; sd:resultFormat <#json> ;
        sd:defaultDataset <#d> ; sd:supportedLanguage sd:SPARQL ; sd:formats <#x> . <#d> sd:defaultGraph <#g> .""",
    )
    assert len(breaks_the_schema(graph)) == 7
