"""What programs find first: the VoID description, the profile with its files, robots.txt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib
from fastapi.testclient import TestClient
from protego import Protego
from rdflib import DCTERMS, RDF, Namespace, URIRef
from support import small_release as small

from registry.settings import Settings
from registry.web.app import create_app

VOID = Namespace("http://rdfs.org/ns/void#")
PROF, ROLE = Namespace("http://www.w3.org/ns/dx/prof/"), Namespace("http://www.w3.org/ns/dx/prof/role/")
ROOT = Path(__file__).resolve().parents[2]
SYNTAXES = {
    "text/turtle": "turtle", "application/n-triples": "nt", "application/rdf+xml": "xml",
    "application/ld+json": "json-ld", "application/trig": "trig",
}  # fmt: skip
BASE = "https://registry.example"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("data")
    release = small.build(data)
    described = {
        "triples": 7, "things": 3, "classes": {"http://schema.org/Course": 2},
        "properties": {"http://schema.org/name": 5, str(RDF.type): 2},
        "within": {"http://schema.org/Course": {"http://schema.org/name": 4}},
        "graphs": {f"{small.BASE}/graph/catalog/northland": 4},
        "lists": {f"{small.BASE}/id/catalog/northland/feed/north-oai": ["http://spdx.org/licenses/CC0-1.0"]},
    }  # fmt: skip
    (release / "described.json").write_text(json.dumps(described))
    with TestClient(create_app(Settings(data=data, base=BASE), messages=small.MESSAGES, base=small.BASE)) as made:
        yield made


def graph(client: TestClient, path: str, accept: str = "text/turtle") -> rdflib.Graph:
    answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code == 200 and answer.headers["content-type"].partition(";")[0] == accept
    return rdflib.Graph().parse(data=answer.content, format="turtle" if accept == "text/turtle" else SYNTAXES[accept])


@pytest.mark.parametrize("path", ["/.well-known/void", "/profile"])
def test_every_syntax_says_the_same(client: TestClient, path: str) -> None:
    first = set(graph(client, path))
    assert len(first) > 20
    for accept, syntax in SYNTAXES.items():
        answer = client.get(path, headers={"Accept": accept})
        found = rdflib.Dataset() if syntax == "trig" else rdflib.Graph()
        found.parse(data=answer.content, format=syntax)
        triples = {(s, p, o) for s, p, o, *_ in found}
        assert triples == first, accept
    assert client.get(f"{path}?format=rdf").headers["content-type"] == "application/rdf+xml"
    assert client.get(f"{path}?format=pdf").status_code == 400
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406
    tag = client.get(path, headers={"Accept": "text/turtle"}).headers["etag"]
    again = client.get(path, headers={"Accept": "text/turtle", "If-None-Match": tag})
    assert again.status_code == 304 and "Accept" in again.headers["vary"].split(", ")


def test_void_tells_the_numbers_of_the_release(client: TestClient) -> None:
    found = graph(client, "/.well-known/void")
    document, dataset = URIRef(f"{BASE}/.well-known/void"), URIRef(f"{BASE}/.well-known/void#dataset")
    assert (document, RDF.type, VOID.DatasetDescription) in found and (dataset, RDF.type, VOID.Dataset) in found

    def number(node: rdflib.term.Node | None, name: str) -> int:
        return int(str(found.value(node, VOID[name])))

    assert [number(dataset, name) for name in ("triples", "entities", "classes", "properties")] == [7, 3, 1, 2]
    (part,) = found.objects(dataset, VOID.classPartition)
    assert number(part, "entities") == 2 and found.value(part, VOID["class"]) == URIRef("http://schema.org/Course")
    (inner,) = found.objects(part, VOID.propertyPartition)
    assert number(inner, "triples") == 4
    of_property = {
        found.value(p, VOID.property): number(p, "triples") for p in found.objects(dataset, VOID.propertyPartition)
    }
    assert of_property == {URIRef("http://schema.org/name"): 5, RDF.type: 2}
    assert set(found.objects(dataset, VOID.vocabulary)) == {URIRef("http://schema.org/"), URIRef(str(RDF))}
    assert found.value(dataset, VOID.sparqlEndpoint) == URIRef(f"{BASE}/sparql")
    assert str(found.value(dataset, DCTERMS.modified)).startswith("2026-03-01T00:00:00")
    (subset,) = found.objects(dataset, VOID.subset)
    assert found.value(subset, DCTERMS.license) == URIRef("http://spdx.org/licenses/CC0-1.0")
    assert list(found.objects(dataset, VOID.dataDump)) == []
    examples = [str(example).removeprefix(small.BASE) for example in found.objects(dataset, VOID.exampleResource)]
    assert len(examples) == 3 and sum(example.startswith("/id/match/") for example in examples) == 1
    for example in examples:
        answer = client.get(example, headers={"Accept": "text/html"}, follow_redirects=False)
        assert answer.status_code == 303, example


def test_without_numbers_of_a_release_none_are_told(tmp_path: Path) -> None:
    small.build(tmp_path)
    with TestClient(create_app(Settings(data=tmp_path), messages=small.MESSAGES, base=small.BASE)) as client:
        found = graph(client, "/.well-known/void")
    assert list(found.subject_objects(VOID.triples)) == [] and len(list(found.subjects(VOID.sparqlEndpoint))) == 1


def test_all_parts_of_the_profile_are_there(client: TestClient) -> None:
    found = graph(client, "/profile")
    (profile,) = found.subjects(RDF.type, PROF.Profile)
    assert profile == URIRef(f"{BASE}/profile")
    roles: dict[str, int] = {}
    shapes = rdflib.Graph()
    for node in found.objects(profile, PROF.hasResource):
        artifact = str(found.value(node, PROF.hasArtifact))
        role = str(found.value(node, PROF.hasRole)).removeprefix(str(ROLE))
        roles[role] = roles.get(role, 0) + 1
        titles = {value.language for value in found.objects(node, DCTERMS.title) if isinstance(value, rdflib.Literal)}
        assert titles == {"en", "fr", "es"}, artifact
        answer = client.get(artifact.removeprefix(BASE))
        form = str(found.value(node, DCTERMS["format"])).rpartition("media-types/")[2]
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, form), artifact
        if form == "text/turtle":
            data = rdflib.Graph().parse(data=answer.text, format="turtle", publicID=artifact)
            assert len(data) > 10
            # What is relative stands under the base address of the registry, not under that of the file.
            assert not [term for triple in data for term in triple if str(term).startswith(f"{BASE}/profile")]
            if role == "validation":
                shapes += data
    files = len(list((ROOT / "shapes").glob("*.ttl"))), len(list((ROOT / "ontology").glob("*.ttl")))
    assert roles == {"guidance": 1, "mapping": 1, "validation": files[0], "vocabulary": files[1]}
    assert (None, RDF.type, URIRef("http://www.w3.org/ns/shacl#NodeShape")) in shapes


@pytest.mark.parametrize("path", ["/profile/shapes/..%2f..%2fLICENSE", "/profile/guide.txt", "/profile/../LICENSE"])
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_browser_is_led_to_pages(client: TestClient) -> None:
    for path, page in (("/.well-known/void", "/api"), ("/profile", "/profile/about")):
        answer = client.get(path, headers={"Accept": "text/html,*/*;q=0.8"}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, BASE + page)
    text = client.get("/profile/about?lang=fr").text
    assert "Ce que dit une fiche" in text and 'href="/profile/shapes/learning-resource.ttl"' in text
    links = {'rel="service-desc" href="/openapi.json"', 'rel="service-meta" href="/.well-known/void"'}
    assert all(link in text for link in links)
    assert 'href="/.well-known/void?format=ttl"' in client.get("/api", headers={"Accept": "text/html"}).text


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/sparql", True), ("/sparql?query=ASK%20%7B%7D", False), ("/api/resources", False), ("/search?q=git", False),
     ("/.well-known/void", True), ("/profile", True), ("/resource/north-oai/git-1", True), ("/q/overlap", True),
     ("/q/overlap.csv", False), ("/q/overlap?academy=x", False), ("/", True)],
)  # fmt: skip
def test_robots(client: TestClient, path: str, allowed: bool) -> None:
    rules = Protego.parse(client.get("/robots.txt").text)
    assert rules.can_fetch(BASE + path, "SomeBot") is allowed
