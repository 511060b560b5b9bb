from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from support import small_release as small

from registry.settings import Settings
from registry.web.app import create_app

LISTS = (
    "/api/resources",
    "/api/matches",
    "/api/academies",
    "/api/academies/northland/issues",
    "/api/academies/northland/issues?by=cause",
    "/api/overlap",
)


def _app(data: Path, **more: Any) -> FastAPI:
    ledger = data / "ledger.sqlite"
    return create_app(Settings(data=data), ledger_path=ledger, messages=small.MESSAGES, base=small.BASE, **more)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("data")
    small.build(data)
    small.findings(data / "ledger.sqlite")
    with TestClient(_app(data)) as found:
        yield found


def _problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert told["status"] == status and told["title"] and told["detail"] and told["type"]
    return told


@pytest.mark.parametrize("address", LISTS)
def test_every_list_has_exactly_one_form(client: TestClient, address: str) -> None:
    found = client.get(address).json()
    assert list(found) == ["items", "total", "next"]
    assert found["items"] and found["total"] == len(found["items"]) and found["next"] is None


@pytest.mark.parametrize(
    ("address", "total"),
    [("/api/resources?sort=title", 5), ("/api/resources?sort=modified", 5), ("/api/resources?sort=added", 5),
     ("/api/resources?q=git", 3), ("/api/matches?", 4), ("/api/academies/northland/issues?", 5)],
)  # fmt: skip
def test_following_next_walks_the_whole_list_once(client: TestClient, address: str, total: int) -> None:
    seen: list[str] = []
    following: str | None = f"{address}&limit=2"
    while following:
        page = client.get(following).json()
        assert page["total"] == total and len(page["items"]) <= 2
        seen += [json.dumps(item, sort_keys=True) for item in page["items"]]
        following = page["next"]
    assert len(seen) == total == len(set(seen))


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("academy=northland", {"git-1", "r-1"}),
        ("language=es&language=en", {"git-1", "r-1", "git-intro", "row-8"}),
        ("level=basic&free=true&language=es", {"git-intro"}),
        ("open=true", {"git-1"}),
        ("licence=CC-BY-NC-ND-4.0", {"r-1"}),
        ("licence=cc-by-nc-nd-4.0&academy=", {"r-1"}),
        ("about=gsbpm/ph-5", {"git-1"}),
        ("relation=translation", {"git-1", "git-intro"}),
        ("has_match=false", {"row-8"}),
        ("has_match=true&academy=northland", {"git-1", "r-1"}),
        ("q=introduccion", {"git-intro"}),
        ("feed=none", set()),
    ],
)
def test_filters_of_resources(client: TestClient, query: str, ids: set[str]) -> None:
    found = client.get(f"/api/resources?{query}").json()
    assert {item["id"].split("/")[1] for item in found["items"]} == ids and found["total"] == len(ids)


def test_one_resource_with_what_is_alike(client: TestClient) -> None:
    found = client.get("/api/resources/north-oai/git-1").json()
    assert found["iri"] == "http://localhost:8000/id/resource/north-oai/git-1"
    assert found["page"] == "http://testserver/resource/north-oai/git-1"
    assert found["provider"][0]["name"]["en"] == "Statistics Northland"
    assert [(pair["relation"], pair["confidence"]) for pair in found["alike"]] == [
        ("copy", 0.99), ("translation", 0.97),
    ]  # fmt: skip
    assert found["alike"][1]["words"] == {"en": "translation", "fr": "traduction", "es": "traducción"}


def test_a_resource_without_a_page_has_ours(client: TestClient) -> None:
    found = client.get("/api/resources/south-list/row-8").json()
    assert found["url"] is None and found["page"].endswith("/resource/south-list/row-8")


def test_pairs_and_one_pair(client: TestClient) -> None:
    found = client.get("/api/matches?academy=northland&academy=southland&relation=translation").json()
    pair = found["items"][0]
    assert found["total"] == 1 and {pair["left"]["academy"], pair["right"]["academy"]} == {"northland", "southland"}
    assert client.get(f"/api/matches/{pair['id']}").json() == pair
    assert client.get("/api/matches?status=rejected").json()["total"] == 1
    assert client.get("/api/matches?within=true").json()["total"] == 1
    assert client.get("/api/matches?resource=north-oai/r-1").json()["total"] == 1
    assert client.get("/api/matches?resource=north-oai/nobody").json()["total"] == 0


def test_issues_in_the_readers_language_with_place_and_mend(client: TestClient) -> None:
    found = client.get("/api/academies/northland/issues?lang=fr").json()
    first = found["items"][0]
    assert first["message"] == "Il n’y a pas de licence." and first["mend"] == "Nommez la licence."
    assert first["place"] == "/record/metadata/dc/rights" and first["resource"] == "north-oai/git-1"
    held = next(item for item in found["items"] if item["entry"] == "held-1")
    assert held["page"] is None and held["severity"] == "violation"
    groups = client.get("/api/academies/northland/issues?by=cause").json()["items"]
    assert [(group["code"], group["count"]) for group in groups][:2] == [("LR-name", 1), ("LR-license", 2)]
    assert client.get("/api/academies/northland/issues?code=LR-license").json()["total"] == 2
    assert client.get("/api/academies/island/issues").json() == {"items": [], "total": 0, "next": None}


def test_overlap_has_denominators(client: TestClient) -> None:
    cell = client.get("/api/overlap").json()["items"][0]
    assert (cell["pairs"], cell["left_resources"], cell["left_total"], cell["right_total"]) == (3, 2, 2, 3)


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("/api/resources?colour=red", 400, "colour: there is no such parameter"),
        ("/api/resources?limit=201", 400, "limit: must be at most 200"),
        ("/api/resources?limit=x", 400, "limit: must be a whole number"),
        ("/api/resources?sort=colour", 400, "sort: must be one of 'relevance', "),
        ("/api/resources?cursor=abc", 400, "cursor"),
        ("/api/resources?free=perhaps", 400, "free: must be true or false"),
        ("/api/resources?has=colour", 400, "has: no resource has such a key"),
        ("/api/resources?added_from=yesterday", 400, "added_from: must be a year, month, day or time such as 2026-"),
        ("/api/matches?academy=a&academy=b&academy=c", 400, "academy: may stand at most 2 times"),
        ("/api/matches?cursor=%F0%9F", 400, "cursor"),
        ("/api/matches?relation=friend", 400, "relation"),
        ("/api/matches?min_confidence=2", 400, "min_confidence"),
        ("/api/academies?limit=3", 400, "limit"),
        ("/api/overlap?x=1", 400, "x"),
        ("/api/academies/northland/issues?lang=de", 400, "lang: must be one of en, fr, es"),
        ("/api/academies/northland/issues?cursor=-1", 400, "cursor"),
        ("/api/resources/none", 404, "none"),
        ("/api/resources/a/b", 404, "a/b"),
        ("/api/matches/xyz", 404, "xyz"),
        ("/api/academies/none", 404, "none"),
        ("/api/academies/none/issues", 404, "none"),
        ("/api/nothing", 404, "/api/nothing"),
        ("/id/resource/north-oai/git-1?format=doc", 400, "format"),
        ("/id/resource/north-oai/<x>", 404, ""),
    ],
)
def test_errors_are_problem_documents(client: TestClient, address: str, status: int, told: str) -> None:
    assert told in _problem(client.get(address), status)["detail"]


def test_other_methods_are_refused_and_head_has_no_body(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert client.request(method, "/api/resources").status_code == 405
    _problem(client.post("/api/resources"), 405)
    head = client.head("/api/resources")
    assert head.status_code == 200 and head.content == b"" and head.headers["etag"]


def test_an_answer_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/api/resources?q=git")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] and first.headers["last-modified"] == "Sun, 01 Mar 2026 00:00:00 GMT"
    again = client.get("/api/resources?q=git", headers={"if-none-match": f'"x", W/{tag}'})
    assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == tag
    assert client.get("/api/resources?q=r", headers={"if-none-match": tag}).status_code == 200
    page = client.get("/", headers={"accept": "text/html", "accept-language": "fr"})
    again = client.get(
        "/", headers={"accept": "text/html", "accept-language": "es", "if-none-match": page.headers["etag"]}
    )
    assert again.status_code == 200


def test_other_sites_may_read(client: TestClient) -> None:
    assert client.get("/api/release", headers={"origin": "https://x.example"}).headers[
        "access-control-allow-origin"
    ] == "*"  # fmt: skip


def test_release_health_and_robots(client: TestClient) -> None:
    assert client.get("/api/release").json()["number"] == "5.1"
    assert client.get("/health").json() == {"status": "ok", "release": "5.1"}
    assert "Disallow: /sparql" in client.get("/robots.txt").text


def test_openapi_has_an_example_for_each_route(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    gets = {path: methods["get"] for path, methods in paths.items() if path.startswith("/api") and "get" in methods}
    routes = {path: one for path, one in gets.items() if one["tags"] != ["roles"]}  # those: test_access_http.py
    assert len(routes) == 21
    for path, operation in routes.items():
        answers = operation["responses"]
        assert answers["200"]["content"]["application/json"]["example"], path
        assert "422" not in answers and "application/problem+json" in answers["400"]["content"]


def test_examples_have_the_keys_of_real_answers(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    real = {
        "/api/matches/{id}": client.get("/api/matches").json()["items"][0],
        "/api/academies/{id}": client.get("/api/academies/northland").json(),
        "/api/release": client.get("/api/release").json(),
    }
    items = {path: client.get(path.replace("{id}", "northland")).json()["items"][0] for path in (
        "/api/academies", "/api/academies/{id}/issues", "/api/overlap")}  # fmt: skip
    for path, answer in (real | items).items():
        example = paths[path]["get"]["responses"]["200"]["content"]["application/json"]["example"]
        assert set(example["items"][0] if path in items else example) == set(answer), path
    example = paths["/api/resources"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    assert set(example["items"][0]) <= set(client.get("/api/resources").json()["items"][0])


def test_before_the_first_release(tmp_path: Path) -> None:
    with TestClient(_app(tmp_path)) as client:
        told = client.get("/api/resources")
        _problem(told, 503)
        assert told.headers["retry-after"]
        page = client.get("/", headers={"accept": "text/html"})
        assert page.status_code == 503 and "nothing to show yet" in page.text
        assert client.get("/health").json() == {"status": "ok", "release": None}


def test_a_new_release_is_served_at_once(tmp_path: Path) -> None:
    small.build(tmp_path)
    with TestClient(_app(tmp_path)) as client:
        tag = client.get("/api/resources").headers["etag"]
        gone = small.Change(6, "2026-04-01T00:00:00Z", "tombstone", small.changes()[0].subject, "source",
                            "north-oai", "git-1")  # fmt: skip
        (tmp_path / "search").rename(tmp_path / "old")
        small.build(tmp_path, number="6.0", all_changes=[*small.changes(), gone])
        answer = client.get("/api/resources", headers={"if-none-match": tag})
        assert answer.status_code == 200 and answer.json()["total"] == 4
        told = _problem(client.get("/api/resources/north-oai/git-1"), 410)
        assert told["tombstone"]["deleted"] == "2026-04-01T00:00:00Z"
        _problem(client.get("/id/resource/north-oai/git-1", headers={"accept": "text/turtle"}), 410)
        _problem(client.get("/id/record/north-oai/git-1"), 410)
        page = client.get("/resource/north-oai/git-1", headers={"accept": "text/html"})
        assert page.status_code == 410 and "2026-04-01" in page.text


def test_a_fault_of_ours_is_told_with_an_incident(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    release = small.build(tmp_path)
    with TestClient(_app(tmp_path), raise_server_exceptions=False) as client:
        with sqlite3.connect(release / "figures" / "figures.sqlite") as connection:
            connection.execute("DROP TABLE academy")
        told = _problem(client.get("/api/academies"), 500)
        assert len(told["incident"]) == 12 and told["incident"] in caplog.text
        assert "academy" not in told["detail"] and "sqlite" not in json.dumps(told)
        page = client.get("/academies", headers={"accept": "text/html"})
        assert page.status_code == 500 and "It is our fault" in page.text


def test_without_a_ledger_nothing_is_to_mend(tmp_path: Path) -> None:
    small.build(tmp_path)
    with TestClient(_app(tmp_path)) as client:
        assert client.get("/api/academies/northland/issues").json()["total"] == 0


class _Pool:
    """Stands in for the query workers: remembers what it was asked."""

    release = ""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def switch(self, graph: Path, number: str) -> None:
        self.release = number

    async def fetch(self, query: str, media_type: str) -> bytes:
        self.asked.append((query, media_type))
        return b"" if "nothing" in query else b"<http://a> <http://b> <http://c> .\n"


@pytest.mark.parametrize(
    ("path", "accept", "status", "kind"),
    [
        ("/id/resource/north-oai/git-1", "text/html,*/*;q=0.8", 303, "/resource/north-oai/git-1"),
        ("/id/record/north-oai/git-1", "", 303, "/resource/north-oai/git-1"),
        ("/id/resource/north-oai/git-1", "text/turtle", 200, "text/turtle"),
        ("/id/resource/north-oai/git-1?format=jsonld", "text/html", 200, "application/ld+json"),
        ("/id/resource/north-oai/git-1", "application/n-triples, text/html;q=0.5", 200, "application/n-triples"),
        ("/id/resource/north-oai/git-1", "image/png", 406, ""),
        ("/id/concept/level/basic", "text/html", 303, "/term/level/basic"),
        ("/id/concept/level/basic", "text/turtle", 200, "text/turtle"),
        ("/id/concept/level/nothing", "text/turtle", 404, ""),
        ("/id/scheme/level", "text/html", 303, "/term/level"),
        ("/id/catalog/northland", "text/html", 303, "/academy/northland"),
        ("/id/agent/northland", "application/ld+json", 200, "application/ld+json"),
        ("/id/match/0123456789abcdef0123", "text/html", 303, "/compare/0123456789abcdef0123"),
        ("/id/match/0123456789abcdef0123", "text/turtle", 200, "text/turtle"),
        ("/id/other/x", "text/turtle", 404, ""),
        ("/def", "text/turtle", 200, "text/turtle"),
        ("/def", "text/html", 303, "/about"),
    ],
)
def test_identifiers_answer_by_media_type(tmp_path: Path, path: str, accept: str, status: int, kind: str) -> None:
    small.build(tmp_path)
    pool = _Pool()
    with TestClient(_app(tmp_path, pool=pool)) as client:
        answer = client.get(path, headers={"accept": accept}, follow_redirects=False)
    assert answer.status_code == status, answer.text
    if status == 303:
        assert answer.headers["location"].removeprefix("http://testserver") == kind and not pool.asked
    elif status == 200:
        assert answer.headers["content-type"].split(";")[0] == kind and "Accept" in answer.headers["vary"]
        assert all("$" not in query.split("\n", 1)[1] for query, _ in pool.asked)
    else:
        _problem(answer, status)


def test_a_hostile_name_never_reaches_a_query(tmp_path: Path) -> None:
    small.build(tmp_path)
    pool = _Pool()
    with TestClient(_app(tmp_path, pool=pool)) as client:
        for name in ("x%3E%20%3Fp", "%7D", "a%20b", "x%0Ay"):
            _problem(client.get(f"/id/concept/level/{name}", headers={"accept": "text/turtle"}), 404)
            _problem(client.get(f"/id/catalog/{name}", headers={"accept": "text/turtle"}), 404)
    assert not pool.asked


def test_a_cursor_of_nonsense_is_no_fault_of_ours(client: TestClient) -> None:
    for raw in (b"[]", b"{}", b"null", b"[1]", b'["a",1,2]', b'["a",[],{}]', b"\xff\xfe", b"[" * 2000):
        cursor = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        for address in ("/api/resources", "/api/matches"):
            _problem(client.get(address, params={"cursor": cursor}), 400)
