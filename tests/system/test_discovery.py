"""What the registry says of itself is true: each number of its VoID description is what a query counts."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import rdflib
from rdflib import RDF, Namespace
from rdflib.term import Node
from support.demo import BASE, get

VOID = Namespace("http://rdfs.org/ns/void#")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
TURTLE = {"Accept": "text/turtle"}


def rows(served: str, query: str) -> list[dict[str, str]]:
    status, body = get(f"{served}/sparql?{urlencode({'query': query})}", {"Accept": "application/json"})
    assert status == 200, body
    return [{name: cell["value"] for name, cell in row.items()} for row in json.loads(body)["results"]["bindings"]]


def described(served: str, path: str) -> rdflib.Graph:
    status, body = get(served + path, TURTLE)
    assert status == 200, body
    return rdflib.Graph().parse(data=body, format="turtle")


def test_every_number_of_the_void_description_is_what_a_query_counts(served: str) -> None:
    graph = described(served, "/.well-known/void")
    (dataset,) = graph.objects(None, rdflib.URIRef("http://xmlns.com/foaf/0.1/primaryTopic"))

    def number(node: Node, name: str) -> int:
        return int(str(graph.value(node, VOID[name])))

    def partitions(owner: Node) -> dict[str, int]:
        parts = graph.objects(owner, VOID.propertyPartition)
        return {str(graph.value(part, VOID.property)): number(part, "triples") for part in parts}

    (counted,) = rows(
        served, "SELECT (COUNT(*) AS ?t) (COUNT(DISTINCT ?s) AS ?e) (COUNT(DISTINCT ?p) AS ?p_) { ?s ?p ?o }"
    )
    told = [number(dataset, name) for name in ("triples", "entities", "properties")]
    assert told == [int(counted[name]) for name in ("t", "e", "p_")] and told[0] > 5000
    of_property = rows(served, "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p")
    assert partitions(dataset) == {row["p"]: int(row["n"]) for row in of_property}
    parts = {str(graph.value(part, VOID["class"])): part for part in graph.objects(dataset, VOID.classPartition)}
    of_class = rows(served, "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c")
    assert {name: number(part, "entities") for name, part in parts.items()} == {
        row["c"]: int(row["n"]) for row in of_class
    }
    assert number(dataset, "classes") == len(of_class) > 20
    within: dict[str, dict[str, int]] = {}
    for row in rows(served, "SELECT ?c ?p (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o } GROUP BY ?c ?p"):
        within.setdefault(row["c"], {})[row["p"]] = int(row["n"])
    assert {name: partitions(part) for name, part in parts.items()} == within
    # Every list that is known is named with its terms, and the examples can be had.
    lists = rows(
        served,
        "SELECT ?l ?t { ?c <https://w3id.org/meta-academy/def#feed> ?l OPTIONAL { ?l <http://purl.org/dc/terms/license> ?t } }",
    )
    assert {str(part) for part in graph.objects(dataset, VOID.subset)} == {row["l"] for row in lists}
    licences = {(str(part), str(value)) for part in graph.objects(dataset, VOID.subset)
                for value in graph.objects(part, rdflib.DCTERMS.license)}  # fmt: skip
    assert licences == {(row["l"], row["t"]) for row in lists if row.get("t", "").startswith("http")}
    for example in graph.objects(dataset, VOID.exampleResource):
        assert get(served + str(example).removeprefix(BASE), TURTLE)[0] == 200


def test_the_service_description_claims_what_is_so(served: str) -> None:
    graph = described(served, "/sparql")
    (service,) = graph.subjects(RDF.type, SD.Service)
    assert str(graph.value(service, SD.endpoint)) == f"{BASE}/sparql"
    names = {
        str(graph.value(one, SD.name)): int(str(graph.value(graph.value(one, SD.graph), VOID.triples)))
        for one in graph.objects(None, SD.namedGraph)
    }
    counted = rows(served, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    known = {row["g"]: int(row["n"]) for row in counted}
    assert names == {name: count for name, count in known.items() if f"{BASE}/graph/" in name} and len(names) > 20
    # Each entry's graph is named as the entry, as the text says.
    assert all(name.startswith(f"{BASE}/id/record/") for name in known.keys() - names.keys())
    types = {
        "SPARQL_Results_JSON": "application/sparql-results+json", "SPARQL_Results_XML": "application/sparql-results+xml",
        "SPARQL_Results_CSV": "text/csv", "SPARQL_Results_TSV": "text/tab-separated-values", "Turtle": "text/turtle",
        "N-Triples": "application/n-triples", "RDF_XML": "application/rdf+xml", "JSON-LD": "application/ld+json",
        "TriG": "application/trig",
    }  # fmt: skip
    told = {str(value).rpartition("/")[2] for value in graph.objects(service, SD.resultFormat)}
    status, problem = get(f"{served}/sparql?query=ASK%7B%7D", {"Accept": "image/png"})
    offered = set(re.findall(r"[a-z]+/[a-z0-9.+-]+", json.loads(problem)["detail"]))
    status, problem = get(f"{served}/sparql?query=DESCRIBE%20%3Curn:x%3E", {"Accept": "image/png"})
    offered |= set(re.findall(r"[a-z]+/[a-z0-9.+-]+", json.loads(problem)["detail"]))
    assert status == 406 and {types[name] for name in told} == offered & set(types.values())
    for name in told:
        query = "ASK {}" if "Results" in name else "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 1"
        assert get(f"{served}/sparql?{urlencode({'query': query})}", {"Accept": types[name]})[0] == 200, name
    assert not list(graph.objects(service, SD.feature))
    assert get(f"{served}/sparql?{urlencode({'query': 'SELECT * { SERVICE <http://x.test/> {} }'})}")[0] == 403
