"""A resource as JSON-LD: read by two foreign readers, it says nothing that its graph does not say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyoxigraph
import pytest
import rdflib
from fastapi.testclient import TestClient
from support import full_entry as full
from support import small_release as small

from registry.iris import SCHEMA, SKOS
from registry.settings import Settings
from registry.terms import from_ntriples, to_ntriples
from registry.web.app import create_app

LD = "application/ld+json"
NAME, LANGUAGE = rdflib.URIRef(SCHEMA + "name"), rdflib.URIRef(SCHEMA + "inLanguage")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("data")
    small.build(data, all_changes=[*small.changes(), full.entry(6)], all_matches=small.matches())
    with TestClient(create_app(Settings(data=data), messages=small.MESSAGES, base=small.BASE)) as found:
        yield found


def _linked(client: TestClient, identifier: str) -> dict[str, Any]:
    answer = client.get(f"/api/resources/{identifier}", headers={"accept": LD})
    assert answer.status_code == 200 and answer.headers["content-type"] == LD and "Accept" in answer.headers["vary"]
    found: dict[str, Any] = answer.json()
    return found


def _graph(text: str, form: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=text, format=form)


def _inside(client: TestClient, document: dict[str, Any]) -> dict[str, Any]:
    """The document with the context in it, as whoever followed its address has it."""
    address = document["@context"]
    context = client.get(address)
    assert address == "http://testserver/api/context.jsonld" and context.headers["content-type"] == LD
    return {**document, **context.json()}


def _said(changes: list[Any]) -> rdflib.Graph:
    return _graph("".join(one.stated + one.inferred for one in changes), "nt")


@pytest.mark.parametrize("identifier", ["north-oai/full", "north-oai/git-1", "south-list/row-8"])
def test_it_says_what_the_graph_says(client: TestClient, identifier: str) -> None:
    document = _inside(client, _linked(client, identifier))
    found = _graph(json.dumps(document), "json-ld")
    stated = _said([*small.changes(), full.entry(6)])
    # Labels are those of the vocabularies, names of academies those that the registry keeps; the language of
    # keywords is not in the plain form.
    academies = {small.IRIS.academy(one.id) for one in small.ACADEMIES}
    more = {
        triple
        for triple in found - stated
        if triple[1] not in (rdflib.URIRef(SKOS + "prefLabel"), rdflib.URIRef(SCHEMA + "keywords"))
        and str(triple[0]) not in academies
    }
    assert not more, sorted(more)
    resource = rdflib.URIRef(document["id"])
    for predicate in (NAME, LANGUAGE):
        assert set(found.objects(resource, predicate)) == set(stated.objects(resource, predicate)) != set()


def test_all_of_the_profile_comes_through(client: TestClient) -> None:
    found = _graph(json.dumps(_inside(client, _linked(client, "north-oai/full"))), "json-ld")
    stated = _said([full.entry(6)])
    resource = rdflib.URIRef(full.RESOURCE)
    missing = {p for p in stated.predicates(resource) if p != rdflib.RDF.type} - set(found.predicates(resource))
    assert not missing
    run = rdflib.URIRef(full.RUN)
    assert set(found.triples((run, None, None))) == set(stated.triples((run, None, None)))


def test_another_reader_makes_the_same_of_it(client: TestClient) -> None:
    document = _inside(client, _linked(client, "north-oai/full"))
    read = pyoxigraph.parse(json.dumps(document), pyoxigraph.RdfFormat.JSON_LD)
    quads = "".join(f"{quad.triple} .\n" for quad in read)
    ours = _graph(json.dumps(document), "json-ld")
    assert set(_graph(quads, "nt")) == set(ours)
    stated = set(from_ntriples(full.entry(6).stated))
    names = [t for t in stated if t[0] == full.RESOURCE and t[1] == SCHEMA + "name"]
    assert all(line in quads.splitlines() for line in to_ntriples(names).splitlines())


def test_its_keys_are_those_of_amb(client: TestClient) -> None:
    document = _linked(client, "north-oai/full")
    assert document["id"] == full.RESOURCE and document["type"] == ["Course", "LearningResource"]
    assert document["license"]["id"].endswith("CC-BY-4.0")
    assert document["creator"][1] == {"id": full.PERSON, "name": {"@none": "Ada Öberg"}}
    assert {"id", "prefLabel"} == set(document["about"][0]) and document["isBasedOn"][1]["id"]
    assert None not in document.values() and [] not in document.values()


def test_what_is_asked_for_decides_the_form(client: TestClient) -> None:
    plain = client.get(
        "/api/resources/north-oai/full", headers={"accept": "application/json, application/ld+json;q=0.5"}
    )
    assert plain.headers["content-type"] == "application/json" and plain.json()["id"] == "north-oai/full"
    other = client.get("/api/resources/north-oai/full", headers={"accept": LD})
    assert plain.headers["etag"] != other.headers["etag"]
    assert client.get("/api/resources/north-oai/full", headers={"accept": "image/png"}).status_code == 406


def test_the_context_stands_still(client: TestClient) -> None:
    first = client.get("/api/context.jsonld")
    again = client.get("/api/context.jsonld", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304 and "max-age=86400" in first.headers["cache-control"]
    terms = first.json()["@context"]
    assert terms["creator"] == {"@id": SCHEMA + "author"} and terms["@vocab"] == SCHEMA
