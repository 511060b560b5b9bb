"""The Python client against the application, and its types against the API's own description."""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from support import family_release as family
from support import full_entry as full
from support import small_release as small
from support import told_ledger as told

from registry.settings import Settings
from registry.web.app import create_app

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "client"))

from meta_academy_client import ApiProblem, Client, answers, best, client, row  # noqa: E402


def _app(data: Path, **settings: float) -> TestClient:
    return TestClient(
        create_app(
            Settings(data=data, **settings), ledger_path=data / "ledger.sqlite", messages=small.MESSAGES,  # type: ignore[arg-type]
            base=small.BASE,
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    data = tmp_path_factory.mktemp("data")
    told.build(data)
    with _app(data) as http:
        # The registry names itself "testserver"; who reaches it by another name goes on by that.
        yield Client("http://reached.example", page=2, http=http)


def test_resources_page_after_page(registry: Client) -> None:
    found = list(registry.resources())
    assert len(found) == 4 and len({one["id"] for one in found}) == 4
    assert [one["id"] for one in registry.resources(q="git", language=["en", "es"], free=True)] == [
        "north-oai/git-1", "south-web/git-intro",
    ]  # fmt: skip
    assert [set(one) for one in registry.resources(fields=["id", "name"])] == [{"id", "name"}] * 4
    one = registry.resource("north-oai/git-1")
    assert best(one["name"], "fr") == "Introduction à Git" and len(one["alike"]) == one["matches"]


def test_the_rest_of_the_api(registry: Client) -> None:
    matches = list(registry.matches(status=["candidate", "accepted"]))
    assert len(matches) == 3 and registry.match(matches[0]["id"]) == matches[0]
    assert [one["id"] for one in registry.academies()] == ["southland", "northland", "island"]
    assert {one["id"] for one in registry.known_academies()} == {"eastland", "west-office"}
    assert registry.academy("northland")["feeds"][0]["id"] == "north-oai"
    assert len(list(registry.issues("northland", lang="fr"))) == 5
    assert registry.overlap()[0]["pairs"] == 2 and registry.schemes()[1]["id"] == "gsbpm"
    assert registry.concepts("level")[0]["prefLabel"]["fr"] and registry.coverage("gsbpm")["scheme"] == "gsbpm"
    assert registry.coverage(academy="northland")["academy"] == "northland"
    assert [one["outcome"] for one in registry.runs(feed="north-oai")] == ["failed", "done"]
    assert [one["id"] for one in registry.decisions()] == [4, 1]
    assert registry.release()["sequence"] == 14


def test_changes_and_history(registry: Client) -> None:
    changes, until = registry.changes()
    assert until == 14 and [one["sequence"] for one in changes] == [*range(1, 11), 12, 13, 14]
    assert registry.changes(until) == ([], 14) and len(registry.changes(12)[0]) == 2
    states = list(registry.history("north-oai/git-1"))
    assert [one["sequence"] for one in states] == [8, 7, 6, 1]
    assert registry.diff("north-oai/git-1", 7, 8) == registry.diff("north-oai/git-1")


def test_works(tmp_path: Path) -> None:
    family.build(tmp_path)
    with _app(tmp_path) as http:
        registry = Client("http://testserver/", http=http)
        works, clusters = list(registry.works()), list(registry.works(level="cluster"))
        assert works and clusters and {one["level"] for one in clusters} == {"cluster"}
        assert registry.work(works[0]["id"])["members"] == works[0]["members"]


def test_what_is_wrong_is_raised(registry: Client) -> None:
    with pytest.raises(ApiProblem, match="404: There is no academy 'x y'") as found:
        registry.academy("x y")
    assert found.value.status == 404 and found.value.more["title"]
    with pytest.raises(ApiProblem, match="no key colour"):
        list(registry.resources(fields="colour"))
    with pytest.raises(ApiProblem) as gone:
        registry.resource("north-oai/r-1")
    assert gone.value.status == 410 and gone.value.more["tombstone"]["deleted"]


def test_it_waits_when_it_asks_too_much(tmp_path: Path) -> None:
    told.build(tmp_path)
    with _app(tmp_path, api_requests=60, api_requests_burst=2) as http:
        slept: list[float] = []
        registry = Client("http://testserver", tries=2, http=http, sleep=slept.append)
        registry.release()
        registry.release()
        with pytest.raises(ApiProblem) as found:
            registry.release()
        assert found.value.status == 429 and slept == [1.0]


def test_it_waits_as_long_as_it_is_told_and_no_longer_than_a_minute() -> None:
    told_ = iter([httpx.Response(503, headers={"Retry-After": "7"}), httpx.Response(429, headers={"Retry-After": "9999"}),
                  httpx.Response(429, headers={"Retry-After": "soon"}), httpx.Response(200, json={"sequence": 1})])  # fmt: skip
    http = httpx.Client(transport=httpx.MockTransport(lambda request: next(told_)))
    slept: list[float] = []
    assert Client("https://r.example", http=http, sleep=slept.append).release() == {"sequence": 1}
    assert slept == [7.0, client.LONGEST, 5.0]
    broken = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(500, text="<html>")))
    with pytest.raises(ApiProblem, match="500: Internal Server Error"):
        Client("https://r.example", http=broken).release()


def test_the_next_page_is_asked_of_the_same_registry() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        more = None if "cursor" in str(request.url) else "https://evil.example/api/matches?relation=copy&cursor=a%26b"
        return httpx.Response(200, json={"items": [1], "total": 2, "next": more})

    registry = Client("https://r.example/under", http=httpx.Client(transport=httpx.MockTransport(answer)))
    assert list(registry.matches(relation="copy")) == [1, 1]
    assert asked[1] == "https://r.example/under/api/matches?relation=copy&cursor=a%26b"


def test_a_row_of_a_table(tmp_path: Path) -> None:
    small.build(tmp_path, all_changes=[*small.changes(), full.entry(6)], all_matches=small.matches())
    with _app(tmp_path) as http:
        rows = [row(one, "fr") for one in Client("http://testserver", http=http).resources(sort="title")]
    assert len({tuple(one) for one in rows}) == 1, "every row has the same cells"
    one = next(one for one in rows if one["id"] == "north-oai/full")
    assert one["languages"] == "en; pt-BR" and one["level"] == "Débutant" and one["licence"] == "CC-BY-4.0"
    assert one["subject"] == "Traitement; Échantillonnage" and one["authors"] == "Group of Authors; Ada Öberg"


FILTERS = {
    "/api/resources": client.ResourceFilters, "/api/matches": client.MatchFilters, "/api/works": client.WorkFilters,
    "/api/runs": client.RunFilters, "/api/decisions": client.DecisionFilters,
}  # fmt: skip


def test_it_knows_every_filter_and_every_address(registry: Client) -> None:
    document = registry.get("/openapi.json")
    for path, filters in FILTERS.items():
        told_ = {one["name"] for one in document["paths"][path]["get"]["parameters"]}
        assert told_ - {"limit", "cursor"} == set(filters.__annotations__), path
    text = Path(client.__file__).read_text("utf-8")
    for path, methods in document["paths"].items():
        if methods.get("get", {}).get("tags", ["roles"]) == ["roles"]:
            continue
        last = path.rstrip("}").rpartition("/")[2].rpartition("{")[2]
        if path.startswith("/api/") and path not in APART:
            assert last in text and f'"/api/{path.split("/")[2]}' in text, path


APART = ("/api/academies/{id}/quality", "/api/schemes/{scheme}/concepts/{notation}")
"""JSON-LD, and one of what a method gives whole."""


def test_it_is_typed_and_needs_nothing_of_the_registry() -> None:
    for file in (ROOT / "client" / "meta_academy_client").rglob("*.py"):
        lines = [line for line in file.read_text("utf-8").splitlines() if line.startswith(("import ", "from "))]
        assert not [line for line in lines if "registry" in line], file
    hints: dict[str, Any] = typing.get_type_hints(Client.resources)
    assert hints["return"] == Iterator[answers.Resource]
