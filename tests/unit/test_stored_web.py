"""``/q`` over HTTP: pages and data of one address, errors by name, one evaluation for all who ask the same."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from support import pages, stored
from support import small_release as small

from registry.graph.pool import QueryAnswer, QueryFailed, QueryRequest
from registry.release import Release
from registry.settings import Settings
from registry.web import compress, stored_answers
from registry.web.app import create_app
from registry.web.stored_answers import Answers, Asked
from registry.web.stored_formats import Source
from registry.web.stored_values import read_values
from registry.web.warm import keep_warm

HTML = pages.HTML
HOSTILE = "<script>alert(1)</script>"
COLUMNS = {"academy": "string", "title": "string", "pairs": "integer", "share": "decimal", "page": "anyURI"}
ROWS = [
    {"academy": "northland", "title": HOSTILE, "pairs": 3, "share": 0.5, "page": "https://a.example/x"},
    {"academy": "southland", "title": "=1+1", "pairs": None, "share": None, "page": "javascript:alert(1)"},
]
DATA = {
    "json": "application/json", "csv": "text/csv; charset=utf-8", "srj": "application/sparql-results+json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "meta.json": "application/csvm+json",
}  # fmt: skip
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


def srj(rows: list[dict[str, Any]]) -> bytes:
    found = [{k: {"type": "literal", "value": str(v)} for k, v in row.items() if v is not None} for row in rows]
    return json.dumps({"head": {"vars": list(COLUMNS)}, "results": {"bindings": found}}).encode()


@dataclass
class Workers:
    """Stands in for the query workers: what they were asked, and what they answer."""

    release: str = ""
    asked: list[QueryRequest] = field(default_factory=list)
    internal: list[bool] = field(default_factory=list)
    failure: QueryFailed | None = None
    behind: bool = False
    parts: tuple[bytes, ...] = ()
    wait: float = 0.0
    rows: list[dict[str, Any]] = field(default_factory=lambda: ROWS)
    closed: int = 0
    running: int = 0
    most: int = 0

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def switch(self, graph: Path, number: str) -> None:
        self.release = "0.0" if self.behind else number

    async def run(self, request: QueryRequest, *, internal: bool = False) -> QueryAnswer:
        self.asked.append(request)
        self.internal.append(internal)
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(self.wait)
        self.running -= 1
        if self.failure is not None:
            raise self.failure
        first = {"ASK": b'{"head":{},"boolean":true}', "CONSTRUCT": b"<a:a> <a:b> <a:c> .\n"}.get(
            request.form, srj(self.rows)
        )

        async def rest() -> AsyncIterator[bytes]:
            for part in self.parts:
                yield part

        return QueryAnswer(request.media_type, self.release, first, not self.parts, 0.0, rest(), self.close)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    small.build(folder)
    return folder


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("questions")
    texts = {
        "table": stored.file("table", COLUMNS, {"academy": "string", "pairs": "integer", "page": "anyURI"}),
        "yes": stored.file("yes", {"answer": "boolean"}, {}, form="ask", text="ASK { ?s ?p ?o }"),
        "graph": stored.file("graph", {}, {}, form="construct", text=CONSTRUCT),
    }
    for name, text in texts.items():
        (folder / f"{name}.ttl").write_text(text, "utf-8")
    return folder


@pytest.fixture
def workers() -> Workers:
    return Workers()


@pytest.fixture
def client(data: Path, questions: Path, workers: Workers) -> Iterator[TestClient]:
    app = create_app(Settings(data=data), pool=workers, messages=small.MESSAGES, base=small.BASE, questions=questions)
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


@pytest.fixture(scope="module")
def steady(data: Path, questions: Path) -> Iterator[TestClient]:
    """For tests that do not count what is evaluated."""
    app = create_app(
        Settings(data=data), pool=Workers(), messages=small.MESSAGES, base=small.BASE, questions=questions
    )
    with TestClient(app) as found:
        yield found


@pytest.mark.parametrize("suffix", DATA)
def test_data_at_fixed_addresses(steady: TestClient, suffix: str) -> None:
    answer = steady.get(f"/q/table.{suffix}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, DATA[suffix])
    assert answer.headers["cache-control"].startswith("public") and "no-store" not in answer.headers["cache-control"]
    again = steady.get(f"/q/table.{suffix}", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = steady.head(f"/q/table.{suffix}")
    assert head.status_code == 200 and not head.content


@pytest.mark.parametrize("suffix", ["json", "csv", "srj", "csv?excel=fr"])
def test_who_takes_gzip_gets_it(client: TestClient, workers: Workers, suffix: str) -> None:
    plain = client.get(f"/q/table.{suffix}", headers={"accept-encoding": "identity"})
    packed = client.get(f"/q/table.{suffix}", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content and len(plain.content) > 50
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding, Origin"
    assert plain.headers["etag"] != packed.headers["etag"], "two representations never share a strong tag"
    same = {"accept-encoding": "gzip", "if-none-match": packed.headers["etag"]}
    assert client.get(f"/q/table.{suffix}", headers=same).status_code == 304
    assert len(workers.asked) == 1
    chosen = client.get("/q/table", headers={"accept": "application/json", "accept-encoding": "gzip"})
    assert chosen.headers["vary"] == "Accept, Accept-Encoding, Origin" and chosen.json() == ROWS


def test_a_workbook_is_not_compressed_twice(client: TestClient) -> None:
    assert "content-encoding" not in client.get("/q/table.xlsx", headers={"accept-encoding": "gzip"}).headers


def test_json_is_what_the_workers_found(client: TestClient, workers: Workers) -> None:
    assert client.get("/q/table.json").json() == ROWS
    assert workers.internal == [True] and workers.asked[0].bindings == ()


def test_csv_leads_to_its_description(steady: TestClient) -> None:
    answer = steady.get("/q/table.csv?academy=northland")
    address, *more = answer.headers["link"].split("; ")
    assert more == ['rel="describedby"', 'type="application/csvm+json"']
    told = steady.get(address.strip("<>").removeprefix("http://testserver")).json()
    assert told["url"].endswith("/q/table.csv?academy=northland")
    assert told["dc:license"] == [{"@id": "http://spdx.org/licenses/CC0-1.0"}]


def test_excel_opens_its_own_csv(steady: TestClient) -> None:
    answer = steady.get("/q/table.csv?excel=fr")
    assert answer.text.startswith("\ufeffacademy;title;pairs;share;page\r\n") and ";0,5;" in answer.text
    assert "'=1+1" in answer.text and "attachment" in answer.headers["content-disposition"]
    sheet = load_workbook(io.BytesIO(steady.get("/q/table.xlsx").content))["data"]
    assert [cell.value for cell in sheet[2]] == list(ROWS[0].values()) and sheet["B3"].data_type == "s"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/json"), ("*/*", "application/json"), ("application/json", "application/json"),
        ("text/csv", "text/csv"), ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/sparql-results+json", "application/sparql-results+json"), ("text/*;q=0.1", "text/csv"),
    ],
)  # fmt: skip
def test_one_address_for_pages_and_data(steady: TestClient, accept: str, kind: str) -> None:
    answer = steady.get("/q/table", headers={"accept": accept})
    assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind)
    assert "Accept" in answer.headers["vary"]
    tag = answer.headers["etag"]
    assert steady.get("/q/table", headers={"accept": accept, "if-none-match": tag}).status_code == 304
    other = "text/html" if kind != "text/html" else "application/json"
    assert steady.get("/q/table", headers={"accept": other, "if-none-match": tag}).status_code == 200


def test_the_list_for_people_and_programs(steady: TestClient) -> None:
    listed = steady.get("/q").json()
    assert [one["name"] for one in listed["items"]] == ["graph", "table", "yes"] and listed["total"] == 3
    table = listed["items"][1]
    assert table["data"]["csv"] == "http://testserver/q/table.csv"
    assert [one["name"] for one in table["parameters"]] == ["academy", "pairs", "page"]
    assert [one["datatype"] for one in table["columns"]] == list(COLUMNS.values())
    page = steady.get("/q", headers=HTML).text
    assert page.count('href="/q/table"') == 1 and "What is there?" in page


def test_parameters_are_bound_as_terms(client: TestClient, workers: Workers) -> None:
    forged = '" } UNION { ?s ?p ?o } #'
    client.get("/q/table.json", params={"academy": forged, "pairs": "3", "page": "https://a.example/"})
    xsd = "http://www.w3.org/2001/XMLSchema#"
    assert workers.asked[0].bindings == (
        ("academy", forged, f"{xsd}string"), ("pairs", "3", f"{xsd}integer"), ("page", "https://a.example/", ""),
    )  # fmt: skip
    assert "UNION" not in workers.asked[0].query


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("pairs=three", ["pairs"]), ("pairs=1&pairs=2", ["pairs"]), ("colour=red", ["colour"]), ("page=x y", ["page"]),
        ("pairs=%0A1&colour=", ["pairs", "colour"]), ("excel=de", ["excel"]), ("academy=" + "a" * 301, ["academy"]),
        ("excel=fr&excel=fr", ["excel"]),
    ],
)  # fmt: skip
def test_errors_name_the_parameter(steady: TestClient, query: str, names: list[str]) -> None:
    answer = steady.get(f"/q/table.csv?{query}")
    assert answer.status_code == 400 and answer.headers["content-type"] == "application/problem+json"
    assert sorted(error["parameter"] for error in answer.json()["errors"]) == sorted(names)
    assert all(name in answer.json()["detail"] for name in names)


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/q/nothing", 404, "no stored query 'nothing'"), ("/q/nothing.json", 404, "nothing.json"),
        ("/q/table.xml", 404, "json, csv, xlsx"), ("/q/graph.csv", 404, "ttl, jsonld"),
    ],
)  # fmt: skip
def test_what_there_is_not(steady: TestClient, path: str, status: int, told: str) -> None:
    answer = steady.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]


def test_a_type_that_there_is_not(steady: TestClient) -> None:
    answer = steady.get("/q/table", headers={"accept": "image/png"})
    assert answer.status_code == 406 and "text/csv" in answer.json()["detail"]
    assert steady.post("/q/table.json").status_code == 405


def test_yes_or_no_and_graphs(client: TestClient, workers: Workers) -> None:
    assert client.get("/q/yes.json").json() == [{"answer": True}]
    assert client.get("/q/yes.srj").json() == {"head": {}, "boolean": True}
    assert client.get("/q/yes.csv").text == "answer\r\ntrue\r\n"
    assert client.get("/q/graph.ttl").headers["content-type"].startswith("text/turtle")
    assert workers.asked[-1].media_type == "text/turtle"
    assert client.get("/q/graph", headers={"accept": "application/ld+json"}).status_code == 200
    assert 'href="/q/graph.jsonld"' in client.get("/q/graph", headers=HTML).text


def test_all_that_is_asked_once_is_evaluated_once(client: TestClient, workers: Workers) -> None:
    for suffix in (*DATA, "csv?excel=fr", "csv?excel=es", "json"):
        assert client.get(f"/q/table.{suffix}").status_code == 200
    client.get("/q/table", headers=HTML)
    assert len(workers.asked) == 1 and workers.closed == 1
    client.get("/q/table.json?academy=northland")
    assert len(workers.asked) == 2


@pytest.mark.parametrize(
    ("kind", "status"), [("deadline", 503), ("busy", 503), ("unavailable", 503), ("crashed", 500)]
)
def test_a_query_that_fails(client: TestClient, workers: Workers, kind: Any, status: int) -> None:
    workers.failure = QueryFailed(kind, "It did not work.")
    answer = client.get("/q/table.json")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert ("retry-after" in answer.headers) == (status == 503) and answer.headers["cache-control"] == "no-store"
    page = client.get("/q/table", headers=HTML)
    assert page.status_code == 503 and "etag" not in page.headers and "could not be made now" in page.text
    workers.failure = None
    assert client.get("/q/table.json").json() == ROWS, "a failure is not kept"


def test_an_answer_from_another_edition_is_none(
    client: TestClient, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_answers, "PATIENCE", 0.1)
    workers.release, workers.behind = "0.0", True
    answer = client.get("/q/table.json")
    assert answer.status_code == 503 and not workers.asked


def test_an_answer_that_is_too_large_is_refused_whole(
    client: TestClient, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_answers, "LARGEST", 1000)
    workers.parts = (b" " * 600, b" " * 600)
    answer = client.get("/q/table.csv")
    assert answer.status_code == 400 and "narrow it" in answer.json()["detail"] and workers.closed == 1


def test_without_workers_there_is_no_answer(data: Path, questions: Path) -> None:
    app = create_app(Settings(data=data), messages=small.MESSAGES, base=small.BASE, questions=questions)
    with TestClient(app) as client:
        assert client.get("/q/table.json").status_code == 503
        assert client.get("/q/table.meta.json").status_code == 200


def _asked(questions: Path, data: Path, number: str) -> Asked:
    table = stored.query(questions, (questions / "table.ttl").read_text("utf-8"), "table")
    release = Release(data, number, {"sequence": 1, "number": number, "time": small.TIME})
    return Asked(table, read_values(table, []), release, small.IRIS)


SOURCE = Source("http://a.example/q/table", "", "7.0", small.TIME)


def test_what_workers_evaluate_is_ready_before_it_is_asked_for(questions: Path, data: Path) -> None:
    """Once for each release that stands; what fails or comes from figures keeps nothing else from being ready."""

    async def releases_come() -> tuple[list[int], int, str]:
        workers, standing, counts = Workers(release="7.0"), ["7.0"], list[int]()
        answers, asked = Answers(workers, 1 << 20), _asked(questions, data, "7.0")
        others = [replace(asked.query, name="read", figure="alone"), replace(asked.query, name="again")]

        def current() -> Release:
            return Release(data, standing[0], {"sequence": 1, "number": standing[0], "time": small.TIME})

        task = asyncio.ensure_future(keep_warm(answers, [*others, asked.query], current, small.IRIS, 0.05))
        for number in ("7.0", "8.0", "9.0"):
            standing[0] = workers.release = number
            workers.failure = QueryFailed("deadline", "It takes too long.") if number == "9.0" else None
            await asyncio.sleep(0.4)
            counts.append(len(workers.asked))
        workers.failure = None
        there = len(workers.asked)
        found = await answers.rows(replace(asked, release=replace(asked.release, number="8.0")))
        assert not task.done() and len(found) == len(ROWS)
        task.cancel()
        return counts, len(workers.asked) - there, str(workers.internal)

    counts, more, internal = asyncio.run(releases_come())
    assert counts == [2, 4, 6] and more == 0 and "False" not in internal


@pytest.mark.parametrize(
    ("suffix", "packed", "limit"), [("csv", False, 1 << 20), ("csv", True, 1 << 20), ("json", True, 2000)]
)
def test_the_same_at_the_same_time_is_evaluated_once(
    questions: Path, data: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, packed: bool, limit: int
) -> None:
    made: list[bytes] = []
    monkeypatch.setattr(stored_answers, "pack", lambda body: made.append(body) or compress.pack(body))

    async def all_at_once() -> tuple[list[bytes], int]:
        workers = Workers(release="7.0", wait=0.05, rows=ROWS * 10)
        answers = Answers(workers, limit)
        asked = _asked(questions, data, "7.0")
        calls = [asyncio.ensure_future(answers.body(asked, suffix, SOURCE, "en", gzip=packed)) for _ in range(20)]
        await asyncio.sleep(0.01)
        calls[0].cancel()  # who asked first and leaves does not take the answer away from the others
        found = await asyncio.gather(*calls[1:])
        return found, len(workers.asked)

    found, times = asyncio.run(all_at_once())
    assert times == 1 and len(set(found)) == 1
    assert len(made) == packed


def test_pages_always_find_a_worker(questions: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many different questions are asked at once, one is evaluated at a time, and only so many wait."""
    monkeypatch.setattr(stored_answers, "WAITING", 5)

    async def flood() -> tuple[int, list[Any]]:
        workers = Workers(release="7.0", wait=0.01)
        answers, asked = Answers(workers, 1 << 20), _asked(questions, data, "7.0")
        others = [replace(asked, values=read_values(asked.query, [("academy", f"a{number}")])) for number in range(8)]
        found = await asyncio.gather(
            *(answers.body(one, "json", SOURCE, "en") for one in others), return_exceptions=True
        )
        return workers.most, found

    most, found = asyncio.run(flood())
    assert most == 1 and sum(isinstance(one, bytes) for one in found) == 5
    assert {one.kind for one in found if isinstance(one, QueryFailed)} == {"busy"}


def test_what_is_kept_is_bounded(questions: Path, data: Path) -> None:
    async def many() -> tuple[int, int]:
        workers = Workers()
        answers = Answers(workers, 2000)
        for number in range(30):
            workers.release = f"{number}.0"
            await answers.body(_asked(questions, data, workers.release), "json", SOURCE, "en")
            assert answers.size <= 2000
        return answers.size, len(workers.asked)

    size, times = asyncio.run(many())
    assert size > 0 and times == 30


@pytest.mark.parametrize(("alike", "times"), [(True, 1), (False, 3)])
def test_a_large_answer_is_kept_compressed(questions: Path, data: Path, alike: bool, times: int) -> None:
    title = "A" if alike else random.Random(1).randbytes(30_000).hex()
    rows = [{**ROWS[0], "title": title}] * (100 if alike else 1)

    async def thrice() -> tuple[list[bytes], int, int]:
        workers = Workers(release="7.0", rows=rows)
        answers = Answers(workers, 20_000)
        asked = _asked(questions, data, "7.0")
        bodies = [await answers.body(asked, "json", SOURCE, "en") for _ in range(2)]
        assert len(bodies[0]) > answers.limit // 4
        bodies.append(gzip.decompress(await answers.body(asked, "json", SOURCE, "en", gzip=True)))
        return bodies, len(workers.asked), answers.size

    bodies, evaluated, size = asyncio.run(thrice())
    assert json.loads(bodies[0]) == rows and bodies == bodies[:1] * 3
    assert (evaluated, size > 0) == (times, alike)


def test_pages_show_values_as_texts(steady: TestClient) -> None:
    forged = f'"><img src=x>{HOSTILE}'
    page = steady.get("/q/table", params={"academy": forged, "lang": "fr"}, headers=HTML)
    assert page.status_code == 200 and HOSTILE not in page.text and "<img" not in page.text
    assert "&lt;script&gt;" in page.text and 'href="javascript' not in page.text
    assert (
        "What is there? (fr)" in page.text and "style=" not in page.text and "default-src 'none'" in str(page.headers)
    )
    wrong = steady.get("/q/table", params={"pairs": forged}, headers=HTML)
    assert (
        wrong.status_code == 400
        and "This cannot be used; please choose again. (whole number)" in wrong.text
        and HOSTILE not in wrong.text
    )
    assert steady.get("/q/table?academy=&pairs=&page=", headers=HTML).status_code == 200, "a form sends all its fields"
    odd = steady.get("/q/table", params={forged: "1"}, headers=HTML)
    assert odd.status_code == 400 and "nothing to choose by this name" in odd.text and HOSTILE not in odd.text


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_a_page_has_what_is_to_be_copied(steady: TestClient, language: str) -> None:
    page = steady.get("/q/table", params={"academy": "a&b", "lang": language}, headers=HTML).text
    for text in ("Web.Contents(", "RelativePath", "read.csv(", "json.load(", "root_selector", "ORDER BY ?academy"):
        assert text in page
    assert "/q/table.json?academy=a%26b" in page and f"/q/table.csv?academy=a%26b&amp;excel={language}" in page


def test_under_a_prefix(data: Path, questions: Path, workers: Workers) -> None:
    app = create_app(Settings(data=data), pool=workers, messages=small.MESSAGES, base=small.BASE, questions=questions)
    with TestClient(app, root_path="/registry") as client:
        page = client.get("/registry/q/table", headers=HTML).text
        assert 'href="/registry/q/table.xlsx"' in page and "http://testserver/registry/q/table.json" in page
        assert "RelativePath = &#34;q/table.json&#34;" in page and "&#34;http://testserver/registry&#34;" in page


def test_openapi_has_each_query_with_typed_parameters(steady: TestClient) -> None:
    paths = steady.get("/openapi.json").json()["paths"]
    operation = paths["/q/table.{format}"]["get"]
    schemas = {one["name"]: (one["in"], one["schema"]["type"]) for one in operation["parameters"]}
    assert schemas == {
        "format": ("path", "string"), "academy": ("query", "string"), "pairs": ("query", "integer"),
        "page": ("query", "string"), "excel": ("query", "string"),
    }  # fmt: skip
    content = operation["responses"]["200"]["content"]
    assert {kind.split(";")[0] for kind in DATA.values()} == set(content)
    jsonschema_rs.validator_for(content["application/json"]["schema"]).validate(steady.get("/q/table.json").json())
    assert operation["operationId"] == "q_table" and "/q/graph.{format}" in paths and "/q/{name}" not in paths


def test_all_queries_are_one_graph(steady: TestClient) -> None:
    answer = steady.get("/.well-known/sparql-examples")
    assert answer.headers["content-type"].startswith("text/turtle") and answer.text.count("SPARQLExecutable") == 3
    tag = answer.headers["etag"]
    assert steady.get("/.well-known/sparql-examples", headers={"if-none-match": tag}).status_code == 304
    assert steady.get("/.well-known/sparql-examples", headers={"accept": "application/ld+json"}).json()
    assert steady.get("/.well-known/sparql-examples", headers={"accept": "image/png"}).status_code == 406
