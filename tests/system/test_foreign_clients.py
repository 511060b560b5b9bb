"""The clients that people have get right answers from the endpoint: each is compared with the store itself.

curl, SPARQLWrapper, rdflib, Comunica (as a SPARQL source, and left to find out by the service description) and
YASGUI in a browser that reaches nothing but this machine, against a real web process on the demo.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import os
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, TURTLE, XML, SPARQLWrapper
from support import node_clients
from support.demo import Demo

from registry import release

NAMES = """PREFIX schema: <http://schema.org/>
SELECT ?resource ?name ?free WHERE {
  ?resource a schema:LearningResource ; schema:name ?name .
  OPTIONAL { ?resource schema:isAccessibleForFree ?free }
} ORDER BY ?name ?resource"""
CLASSES = "SELECT ?class (COUNT(?thing) AS ?things) { ?thing a ?class } GROUP BY ?class ORDER BY DESC(?things) ?class"
TITLES = """PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX dcat: <http://www.w3.org/ns/dcat#>
CONSTRUCT { ?catalog dcterms:title ?title } WHERE { ?catalog a dcat:Catalog ; dcterms:title ?title }"""
ASKED = {
    "names": NAMES,
    "classes": CLASSES,
    "titles": TITLES,
    "yes": "ASK { ?s ?p ?o }",
    "no": "ASK { ?s <urn:no> ?o }",
}
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def truth(demo: Demo) -> dict[str, Any]:
    """What the release's own store answers, in this process, without any server."""
    found = release.current(demo.data)
    assert found is not None
    store = ox.Store.read_only(str(found.graph))
    answers: dict[str, Any] = {}
    for name, text in ASKED.items():
        answer = store.query(text, use_default_graph_as_union=True)
        if isinstance(answer, ox.QueryBoolean):
            answers[name] = bool(answer)
        elif isinstance(answer, ox.QueryTriples):
            answers[name] = sorted(f"{t.subject.value} {t.predicate.value} {t.object.value}" for t in answer)  # type: ignore[union-attr]
        else:
            names = [variable.value for variable in answer.variables]
            answers[name] = [{n: row[n].value for n in names if row[n] is not None} for row in answer]  # type: ignore[union-attr]
    assert len(answers["names"]) > 100 and any("é" in row["name"] for row in answers["names"])
    assert 0 < sum("free" not in row for row in answers["names"]) < len(answers["names"])
    return answers


@pytest.fixture(scope="module")
def endpoint(served: str) -> str:
    return f"{served}/sparql"


def curl(*arguments: str, text: str = "") -> bytes:
    command = ["curl", "--silent", "--show-error", "--fail-with-body", "--noproxy", "*", *arguments]
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def table(body: bytes) -> Rows:
    rows = csv.DictReader(io.StringIO(body.decode("utf-8"), newline=""))
    return [{name: value for name, value in row.items() if value != ""} for row in rows]


def test_curl(endpoint: str, truth: dict[str, Any]) -> None:
    for how in (
        ("--get", "--data-urlencode", f"query={NAMES}"),
        ("--data-urlencode", f"query={NAMES}"),
        ("--compressed", "--data-urlencode", f"query={NAMES}"),
    ):
        assert table(curl("--header", "Accept: text/csv", *how, endpoint)) == truth["names"]
    direct = ("--header", "Content-Type: application/sparql-query", "--data-binary", "@-")
    assert table(curl(*direct, f"{endpoint}?format=csv", text=NAMES)) == truth["names"]
    for name in ("yes", "no"):
        assert (
            json.loads(curl("--get", "--data-urlencode", f"query={ASKED[name]}", endpoint))["boolean"] is truth[name]
        )
    lines = curl("--header", "Accept: application/n-triples", "--data-urlencode", f"query={TITLES}", endpoint)
    graph = rdflib.Graph().parse(data=lines, format="nt")
    assert sorted(" ".join(map(str, triple)) for triple in graph) == truth["titles"]


def test_sparqlwrapper(endpoint: str, truth: dict[str, Any]) -> None:
    for method in ("GET", "POST"):
        wrapper = SPARQLWrapper(endpoint)
        wrapper.setMethod(method)
        wrapper.setQuery(NAMES)
        wrapper.setReturnFormat(JSON)
        rows = wrapper.queryAndConvert()["results"]["bindings"]
        assert [{name: cell["value"] for name, cell in row.items()} for row in rows] == truth["names"]
        wrapper.setReturnFormat(CSV)
        assert table(wrapper.queryAndConvert()) == truth["names"]
        wrapper.setReturnFormat(XML)
        assert len(wrapper.queryAndConvert().getElementsByTagName("result")) == len(truth["names"])
        wrapper.setQuery(TITLES)
        for syntax in (TURTLE, XML):
            wrapper.setReturnFormat(syntax)
            found = wrapper.queryAndConvert()
            graph = found if isinstance(found, rdflib.Graph) else rdflib.Graph().parse(data=found, format="turtle")
            assert sorted(" ".join(map(str, triple)) for triple in graph) == truth["titles"]


def test_rdflib(endpoint: str, truth: dict[str, Any]) -> None:
    # Its way of asking for JSON names no syntax for graphs: CONSTRUCT is asked in its usual way.
    for method, syntax in (("GET", "json"), ("POST", "json"), ("POST_FORM", "csv"), ("GET", "xml"), ("POST", "xml")):
        graph = rdflib.Graph(store=SPARQLStore(endpoint, method=method, returnFormat=syntax))
        rows = [{str(k): str(v) for k, v in row.asdict().items()} for row in graph.query(NAMES)]  # type: ignore[union-attr]
        assert rows == truth["names"]
        if syntax == "xml":
            assert bool(graph.query(ASKED["yes"])) is True and bool(graph.query(ASKED["no"])) is False
            titles = graph.query(TITLES).graph
            assert titles is not None and sorted(" ".join(map(str, triple)) for triple in titles) == truth["titles"]
    # Patterns of the library's own, without any query text.
    course = rdflib.URIRef("http://schema.org/LearningResource")
    found = Counter(str(thing) for thing in graph.subjects(rdflib.RDF.type, course))
    assert found == Counter({row["resource"] for row in truth["names"]})
    # A query that the library evaluates itself and that asks us for a part of it.
    local = rdflib.Graph()
    text = f"SELECT ?class ?things {{ SERVICE <{endpoint}> {{ {CLASSES} }} }}"
    rows = [{str(k): str(v) for k, v in row.asdict().items()} for row in local.query(text)]  # type: ignore[union-attr]
    assert sorted(rows, key=lambda row: (-int(row["things"]), row["class"])) == truth["classes"]


@pytest.mark.parametrize("kind", ["sparql", "auto"])
def test_comunica(endpoint: str, truth: dict[str, Any], kind: str) -> None:
    """With the kind of source told, and left to find out from what the endpoint says of itself."""
    node_clients.modules()
    source = {"type": "sparql", "value": endpoint} if kind == "sparql" else endpoint
    asked = json.dumps({"sources": [source], "queries": ASKED})
    command = ["node", str(node_clients.FOLDER / "comunica.mjs")]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout)
    for name in ASKED:
        assert answers[name] == truth[name], name


PAGE = """<!doctype html><meta charset="utf-8"><title>YASGUI</title>
<link rel="stylesheet" href="yasgui.min.css"><div id="y"></div><script src="yasgui.min.js"></script>
<script>window.yasgui = new Yasgui(document.getElementById("y"), {requestConfig: {endpoint: ENDPOINT, method: "POST"},
copyEndpointOnNewTab: false, populateFromUrl: false});</script>"""


class Quiet(SimpleHTTPRequestHandler):
    """Files, without a log."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def editor(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """YASGUI on a site of its own, another one than the registry's."""
    folder, built = tmp_path_factory.mktemp("yasgui"), node_clients.modules() / "@zazuko" / "yasgui" / "build"
    for name in ("yasgui.min.js", "yasgui.min.css"):
        shutil.copy(built / name, folder)
    (folder / "index.html").write_text(PAGE.replace("ENDPOINT", json.dumps(endpoint)), "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("chromium must be there in CI")
        pytest.skip("no chromium on this machine")
    from playwright import sync_api as playwright

    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


def run(page: Any, query: str) -> None:
    """Paste a query in place of what stands, and press the button that runs it."""
    page.locator(".tabPanel.active .yasqe .CodeMirror").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(query)
    page.locator(".tabPanel.active .yasqe_queryButton").click()


def test_yasgui(browser: Any, editor: str, endpoint: str, truth: dict[str, Any]) -> None:
    context = browser.new_context(locale="en-GB")
    here = (editor, endpoint)
    context.route("**/*", lambda route: route.continue_() if route.request.url.startswith(here) else route.abort())
    page = context.new_page()
    page.goto(f"{editor}/index.html")
    run(page, CLASSES)
    cells = page.locator(".tabPanel.active .yasr table.dataTable tbody tr")
    cells.first.wait_for(timeout=20_000)
    shown = [row.locator("td").all_inner_texts() for row in cells.all()]
    integer = "^^<http://www.w3.org/2001/XMLSchema#integer>"
    wanted = [(f"<{row['class']}>", f'"{row["things"]}"{integer}') for row in truth["classes"]]
    assert [tuple(row[1:]) for row in shown] == wanted[:50] and len(shown) > 20
    run(page, "SELECT * {\n  ?s ?p }")
    told = page.locator(".tabPanel.active .yasr .errorResult")
    told.first.wait_for(timeout=20_000)
    text = told.first.inner_text()
    assert "line 2, column" in text and "Traceback" not in text
    context.close()


def test_the_form_of_our_own_tells_what_is_wrong(browser: Any, served: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="es-ES")
    page = context.new_page()
    page.goto(f"{served}/query")
    page.get_by_label("Consulta").fill("SELECT * {\n  ?s ?p }")
    page.get_by_role("button", name="Ejecutar").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Esta consulta no tiene respuesta."
    assert "line 2, column" in page.locator("p.lead").inner_text()
    assert page.get_by_label("Consulta").input_value() == "SELECT * {\n  ?s ?p }"
    page.get_by_label("Consulta").fill("SELECT ?nombre ?otro { ?s <http://schema.org/name> ?nombre } LIMIT 3")
    with page.expect_navigation():
        page.get_by_role("button", name="Ejecutar").click()
    assert page.locator("table.answer th").all_inner_texts() == ["nombre", "otro"]
    assert page.locator("table.answer tbody tr").count() == 3
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV para programas").click()
    assert Path(download.value.path()).read_bytes().startswith(b"nombre,otro\r\n")
    page.get_by_label("Consulta").fill("ASK { ?s <http://schema.org/name> '<script>alert(1)</script>' }")
    with page.expect_navigation():
        page.get_by_role("button", name="Ejecutar").click()
    assert page.locator("p.found").inner_text() == "No."
    context.close()
