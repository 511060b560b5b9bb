"""What a dashboard can rely on: compressed, kept and shared answers, tags, hints, and what one client may use."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pyoxigraph as ox
import pytest
from starlette.responses import Response

from registry.graph.pool import QueryAnswer, QueryPool, QueryRequest
from registry.settings import Settings
from registry.web import sparql
from tests.support.sparql_server import Endpoint, serving

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
ALL = "SELECT * { ?s ?p ?o } ORDER BY ?s"
LONG = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?d) }"
NO_LIMIT = {"query_seconds": 0.0, "query_errors": 0.0}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("serving") / "graph"
    store = ox.Store(str(path))
    rows = "".join(
        f'<http://x.test/{n}> <http://schema.org/name> "name {n}" <http://x.test/g> .\n' for n in range(2000)
    )
    store.load(rows.encode(), ox.RdfFormat.N_QUADS)
    store.flush()
    return path


@pytest.fixture(scope="module")
def endpoint(graph: Path) -> Iterator[Endpoint]:
    settings = Settings(query_workers=4, query_deadline=2, query_memory=256 << 20, **NO_LIMIT)  # type: ignore[arg-type]
    with serving(graph, settings) as made:
        yield made


@contextmanager
def asking(endpoint: Endpoint, agent: str = "a test") -> Iterator[httpx.Client]:
    headers = {"User-Agent": agent, "Accept-Encoding": "identity", "Accept": "application/sparql-results+json"}
    with httpx.Client(base_url=endpoint.url, timeout=15, trust_env=False, headers=headers) as made:
        yield made


@pytest.fixture
def client(endpoint: Endpoint) -> Iterator[httpx.Client]:
    with asking(endpoint) as made:
        yield made


@pytest.fixture
def evaluated(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were given to workers."""
    texts, run = list[str](), type(endpoint.pool).run

    async def counted(self: object, request: QueryRequest, *, internal: bool = False) -> QueryAnswer:
        texts.append(request.query)
        return await run(endpoint.pool, request, internal=internal)

    monkeypatch.setattr(type(endpoint.pool), "run", counted)
    return texts


def ask(client: httpx.Client, query: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("", params={"query": query}, headers=named)


def raw(endpoint: Endpoint, query: str, headers: str = "") -> bytes:
    """The answer as it came, once the server has closed or said all."""
    parts = urlsplit(endpoint.url)
    with socket.create_connection((parts.hostname, parts.port), 10) as made:
        request = f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
        made.sendall(request.encode())
        return b"".join(iter(lambda: made.recv(1 << 16), b""))


def test_an_answer_is_evaluated_once_and_not_sent_twice(client: httpx.Client, evaluated: list[str]) -> None:
    first = ask(client, ALL)
    assert first.headers["cache-control"] == "public, max-age=5, stale-while-revalidate=30, stale-if-error=300"
    again = ask(client, ALL)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert again.headers["content-length"] == str(len(first.content))
    assert ask(client, ALL, If_None_Match=f"W/{first.headers['etag']}").status_code == 304
    posted = client.post("", data={"query": ALL}, headers={"If-None-Match": first.headers["etag"]})
    assert (posted.status_code, posted.content) == (200, first.content)
    head = client.head("", params={"query": ALL})
    assert (head.content, head.headers["content-length"]) == (b"", str(len(first.content)))
    assert evaluated == [ALL]
    # What is known of the tag needs no evaluation at all.
    other = f"{ALL} LIMIT 7"
    tag = ask(client, other).headers["etag"]
    evaluated.clear()
    told = client.get("", params={"query": other}, headers={"If-None-Match": tag, "Accept": "text/csv"})
    assert told.status_code == 200 and evaluated == [other]


def test_another_dataset_or_syntax_is_another_answer(client: httpx.Client, evaluated: list[str]) -> None:
    whole = ask(client, COUNT)
    part = client.get("", params={"query": COUNT, "default-graph-uri": "http://x.test/none"})
    table = ask(client, COUNT, Accept="text/csv")
    json = ask(client, COUNT, Accept="application/json")
    assert len({one.headers["etag"] for one in (whole, part, table, json)}) == 4
    assert whole.content == json.content != part.content and len(evaluated) == 3


def test_what_may_differ_each_time_is_never_kept(client: httpx.Client, evaluated: list[str]) -> None:
    query = "SELECT (STRUUID() AS ?id) {}"
    one, two = ask(client, query), ask(client, query, If_None_Match="*")
    assert one.content != two.content and len(evaluated) == 2
    assert one.headers["cache-control"] == "no-store" and "etag" not in one.headers


def test_a_crowd_that_asks_the_same_makes_one_evaluation(endpoint: Endpoint, evaluated: list[str]) -> None:
    query = f"SELECT (COUNT(*) AS ?many) {{ ?a ?b ?c . ?d ?e ?f FILTER(?a < ?d) }} #{time.monotonic()}"
    found: list[str] = []

    def one(number: int) -> None:
        with asking(endpoint, f"agent {number}") as client:
            found.append(ask(client, query, Accept="text/csv").text)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    # Late comers find it kept, or are told of the deadline together with the first.
    assert len(found) == 12 and len(set(found)) == 1 and evaluated == [query]


def test_answers_are_compressed_for_who_takes_gzip(endpoint: Endpoint, client: httpx.Client) -> None:
    plain = ask(client, ALL)
    assert "content-encoding" not in plain.headers and plain.headers["vary"] == "Accept, Accept-Encoding"
    for accept in ("text/csv", "application/sparql-results+json"):
        told = raw(endpoint, ALL, f"Accept-Encoding: gzip\r\nAccept: {accept}\r\n")
        head, _, body = told.partition(b"\r\n\r\n")
        assert b"content-encoding: gzip" in head and f"content-length: {len(body)}".encode() in head
        assert gzip.decompress(body) == ask(client, ALL, Accept=accept).content and len(body) < len(plain.content) / 4
    packed = ask(client, ALL, Accept_Encoding="gzip")
    assert packed.content == plain.content and packed.headers["etag"] != plain.headers["etag"]
    assert ask(client, ALL, Accept_Encoding="gzip", If_None_Match=packed.headers["etag"]).status_code == 304
    assert ask(client, ALL, Accept_Encoding="gzip", If_None_Match=plain.headers["etag"]).status_code == 200
    assert ask(client, "ASK {}", Accept_Encoding="gzip").headers["content-encoding"] == "gzip"
    assert ask(client, "ASK {}", Accept_Encoding="identity;q=0, br").status_code == 406


def test_a_long_answer_comes_compressed_piece_by_piece_and_breaks_off_at_the_deadline(endpoint: Endpoint) -> None:
    began = time.monotonic()
    head, _, body = raw(endpoint, LONG, "Accept-Encoding: gzip\r\n").partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower() and b"content-encoding: gzip" in head
    assert time.monotonic() - began < 3.5 and not body.endswith(b"0\r\n\r\n")
    # The pieces that came can be read, and are the beginning of an answer that has no end.
    first, _, rest = body.partition(b"\r\n")
    text = zlib.decompressobj(31).decompress(rest[: int(first, 16)])
    assert text.startswith(b'{"head":{"vars":["a","b","c","d","e","f"]}')


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("PREFIX s: <https://schema.org/> SELECT * { ?r s:name ?n }", "application/sparql-results+json"),
        ("PREFIX s: <https://schema.org/> SELECT * { ?r s:name ?n }", "text/csv"),
        ("PREFIX s: <https://schema.org/> SELECT * { ?r s:name ?n }", "application/sparql-results+xml"),
        ("PREFIX s: <https://schema.org/> SELECT * { ?r s:name ?n }", "text/tab-separated-values"),
        ("SELECT (COUNT(*) AS ?n) { ?r <http://www.schema.org/name> ?n2 }", "text/csv"),
        ("ASK { ?r <https://schema.org/name> ?n }", "application/sparql-results+json"),
        ("CONSTRUCT WHERE { ?r <http://schema.org#name> ?n }", "text/turtle"),
        ("CONSTRUCT WHERE { ?r <https://schema.org/name> ?n }", "application/rdf+xml"),
        ("CONSTRUCT WHERE { ?r <https://schema.org/name> ?n }", "application/ld+json"),
        ("CONSTRUCT WHERE { ?r <https://schema.org/name> ?n }", "application/trig"),
    ],
)
def test_who_finds_nothing_by_another_spelling_of_a_namespace_gets_a_hint(
    client: httpx.Client, query: str, accept: str
) -> None:
    for _ in range(2):  # evaluated, and kept
        answer = ask(client, query, Accept=accept)
        assert answer.status_code == 200 and "<http://schema.org/>" in answer.headers["query-hint"]
        assert "Query-Hint" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?r <http://schema.org/name> ?n } LIMIT 1",
        "SELECT * { ?r <http://schema.org/none> ?n }",
        "SELECT * { ?r <http://schema.org/name> ?n OPTIONAL { ?r <https://schema.org/name> ?m } } LIMIT 1",
        "SELECT * { ?r <http://x.test/none> ?n }",
        "ASK { FILTER(true || <https://schema.org/name> = 1) }",
    ],
)
def test_who_finds_something_or_spells_as_the_graph_does_gets_none(client: httpx.Client, query: str) -> None:
    assert "query-hint" not in ask(client, query).headers


def test_a_browser_gets_pages_of_hints_errors_and_answers(graph: Path) -> None:
    class Told:
        def wanted(self, accept: str) -> bool:
            return True

        def error(self, request: object, status: int, detail: str, query: str) -> Response:
            return Response(f"<p>{status} {detail} | {query}", status, media_type="text/html")

        def answer(self, request: object, query: str, body: bytes, media_type: str) -> Response:
            return Response(f"<p>{media_type} {len(json.loads(body)['results']['bindings'])}", media_type="text/html")

    async def run() -> list[httpx.Response]:
        pool = QueryPool(Settings(query_workers=1))
        await pool.start()
        await pool.switch(graph, "1.0")
        transport = httpx.ASGITransport(sparql.Endpoint(pool, pool.settings, lambda: None, Told()))
        query = "PREFIX s: <https://schema.org/> SELECT * { ?r s:name ?n }"
        found = "SELECT * { ?r <http://schema.org/name> ?n } LIMIT 3"
        bodies = (
            {"query": query}, {"query": query, "format": "csv"}, {"query": "SELECT * {"}, {"query": found},
        )  # fmt: skip
        async with httpx.AsyncClient(transport=transport, base_url="http://x.test") as client:
            answers = [await client.post("/sparql", data=body) for body in bodies]
        await pool.stop()
        return answers

    page, table, wrong, rows = asyncio.run(run())
    assert page.text.startswith("<p>200 The graph uses <http://schema.org/>") and "query-hint" in page.headers
    assert table.text == "r,n\r\n" and "query-hint" in table.headers
    assert wrong.status_code == 400 and wrong.text.startswith("<p>400 ") and wrong.text.endswith("| SELECT * {")
    assert rows.text == "<p>application/sparql-results+json 3" and "access-control-allow-origin" in rows.headers


def test_trig_is_a_graph_format(client: httpx.Client) -> None:
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    by_accept = ask(client, query, Accept="application/trig")
    by_name = client.get("", params={"query": query, "format": "trig"})
    for answer in (by_accept, by_name):
        assert answer.headers["content-type"] == "application/trig"
        assert len(list(ox.parse(answer.content, ox.RdfFormat.TRIG))) == 2000


def test_requests_that_are_too_long_or_too_slow_are_told_so(endpoint: Endpoint, client: httpx.Client) -> None:
    assert client.get("", params={"query": "ASK {}", "x": "y" * 30_000}).status_code == 200
    answer = raw(endpoint, "ASK {} #" + "x" * 50_000)
    assert b" 200 " in answer[:20]
    parts = urlsplit(endpoint.url)
    with socket.create_connection((parts.hostname, parts.port), 10) as made:
        made.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\nContent-Length: 9\r\n\r\nASK"
        )
        began = time.monotonic()
        assert b" 408 " in made.recv(1000)[:20] and time.monotonic() - began < 3


def test_a_query_that_breaks_its_worker_three_times_is_not_asked_again(
    endpoint: Endpoint, client: httpx.Client
) -> None:
    doubling = " ".join(f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(30))
    query = f"SELECT (STRLEN(?v30) AS ?n) {{ BIND('xxxxxxxxxxxxxxxx' AS ?v0) {doubling} }}"
    told = [ask(client, query)]
    while told[-1].status_code == 503 and len(told) < 9:
        told.append(ask(client, query))
    # Where the machine is slow a worker may also come to its deadline before it breaks: that is no strike.
    assert [answer.json()["title"] for answer in told].count("The query was stopped") == 3
    assert [answer.status_code for answer in told] == [503] * (len(told) - 1) + [403]
    assert all(int(answer.headers["retry-after"]) > 0 for answer in told)
    assert "broken its worker 3 times" in told[-1].json()["detail"]
    assert len(endpoint.pool.quarantine.blocked(time.monotonic())) == 1
    assert ask(client, COUNT).status_code == 200


def test_what_was_asked_is_logged_without_who(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "registry.queries"):
        ask(client, f"{COUNT} #logged")
        ask(client, "SELECT * { ?s ?p }")
    (told,) = [record.getMessage() for record in caplog.records if "whole" in record.getMessage()]
    assert " SELECT application/sparql-results+json " in told and "'a test'" in told and "127.0.0.1" not in caplog.text


def test_budgets_of_one_client_do_not_touch_another(graph: Path) -> None:
    strict = Settings(
        query_workers=2, query_deadline=1, query_seconds=6, query_seconds_burst=1.5, query_errors=6, query_errors_burst=3
    )  # fmt: skip
    with serving(graph, strict) as made, asking(made, "one") as one, asking(made, "two") as two:
        assert ask(one, COUNT).status_code == 200
        # Two seconds of work are more than the second and a half that it has.
        assert [ask(one, f"{CROSS} #{n}").status_code for n in range(2)] == [503, 503]
        refused = ask(one, f"{COUNT} #new")
        assert refused.status_code == 429 and 1 <= int(refused.headers["retry-after"]) <= 60
        assert "long time" in refused.json()["detail"]
        # What is kept costs nothing, so it is given.
        assert ask(one, COUNT).status_code == 200
        assert [ask(two, f"SELEC {n}").status_code for n in range(4)] == [400, 400, 400, 429]
        assert "failed" in ask(two, f"{COUNT} #new").json()["detail"]
        with asking(made, "three") as three:
            assert ask(three, f"{COUNT} #new").status_code == 200
    with serving(graph, strict) as made:
        told = []
        for number in range(14):
            with asking(made, f"agent {number}") as other:
                told.append(ask(other, f"SELEC {number}").status_code)
        assert told[:12] == [400] * 12 and told[-1] == 429, "who changes its name is known by its address"


def test_one_client_holds_half_of_the_workers_at_most(endpoint: Endpoint) -> None:
    held: list[int] = []
    with asking(endpoint, "greedy") as greedy:
        threads = [
            threading.Thread(target=lambda n=n: held.append(ask(greedy, f"{CROSS} #{n}").status_code))
            for n in range(6)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        assert sorted(endpoint.pool._public.held.values()) == [2]
        with asking(endpoint, "modest") as modest:
            began = time.monotonic()
            assert ask(modest, f"{COUNT} #modest").status_code == 200
            assert time.monotonic() - began < 1
        for thread in threads:
            thread.join(15)
    assert held == [503] * 6
