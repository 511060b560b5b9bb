"""What the API says it answers with is what it answers with: every answer against its own schema, no key untold."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient
from support import family_release as family
from support import small_release as small
from support import told_ledger as told

from registry.settings import Settings
from registry.web.app import create_app

ROOT = Path(__file__).parents[2]
PAIR = small.IRIS.match(told.GIT, told.SOUTH).rsplit("/", 1)[-1]
ADDRESSES = (
    ("/api/resources", "limit=200"), ("/api/resources", "q=git"), ("/api/resources", "fields=id,name"),
    ("/api/resources/{list}/{key}", "north-oai/git-1"), ("/api/resources/{list}/{key}", "south-list/row-8"),
    ("/api/matches", "status=rejected&status=accepted&status=candidate"), ("/api/matches/{id}", PAIR),
    ("/api/academies", ""), ("/api/academies", "known=true"), ("/api/academies/{id}", "northland"),
    ("/api/academies/{id}/issues", "northland"), ("/api/academies/{id}/issues", "northland?by=cause"),
    ("/api/overlap", ""), ("/api/schemes", ""), ("/api/schemes/{scheme}/concepts", "gsbpm"),
    ("/api/schemes/{scheme}/concepts", "work-status"), ("/api/schemes/{scheme}/concepts/{notation}", "level/basic"),
    ("/api/coverage", "scheme=gsbpm"), ("/api/coverage", "academy=northland"), ("/api/release", ""),
    ("/api/changes", ""), ("/api/resources/{list}/{key}/history", "north-oai/git-1"),
    ("/api/resources/{list}/{key}/diff", "north-oai/git-1?from=1"), ("/api/decisions", ""), ("/api/runs", ""),
)  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("data")
    ledger = told.build(data)
    with TestClient(
        create_app(Settings(data=data), ledger_path=ledger, messages=small.MESSAGES, base=small.BASE)
    ) as found:
        yield found


@pytest.fixture(scope="module")
def strict(client: TestClient) -> dict[str, Any]:
    return _strict(client.get("/openapi.json").json())


def _strict(document: dict[str, Any]) -> dict[str, Any]:
    """The same description, by which a key that is not told of is wrong."""
    found = copy.deepcopy(document)
    for schema in found["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return found


def _check(document: dict[str, Any], path: str, answer: Any) -> None:
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema_rs.validator_for({**schema, "components": document["components"]}).validate(answer)


def _address(path: str, told: str) -> str:
    if "{" not in path:
        return f"{path}?{told}"
    end = path.rsplit("}", 1)[1]
    values, _, query = told.partition("?")
    start = path.split("{")[0]
    if path == "/api/schemes/{scheme}/concepts/{notation}":
        return f"/api/schemes/{values.replace('/', '/concepts/')}"
    return f"{start}{values}{end}?{query}"


@pytest.mark.parametrize(("path", "asked"), ADDRESSES)
def test_answers_are_what_is_told_of_them(client: TestClient, strict: dict[str, Any], path: str, asked: str) -> None:
    answer = client.get(_address(path, asked))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found.get("items", True), "an empty list would show nothing"
    _check(strict, path, found)


def test_works_are_what_is_told_of_them(strict: dict[str, Any], tmp_path: Path) -> None:
    family.build(tmp_path)
    with TestClient(create_app(Settings(data=tmp_path), messages=small.MESSAGES, base=small.BASE)) as client:
        works = client.get("/api/works").json()
        _check(strict, "/api/works", works)
        assert works["items"]
        for work in works["items"]:
            _check(strict, "/api/works/{id}", client.get(f"/api/works/{work['id']}").json())
        _check(strict, "/api/matches", client.get("/api/matches?limit=200").json())


def test_every_answer_has_a_schema_and_every_example_fits_it(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        if not path.startswith("/api") or methods.get("get", {}).get("tags", ["roles"]) == ["roles"]:
            continue
        for status, answer in methods["get"]["responses"].items():
            if status in ("304", "308"):
                continue
            (media, content), *_ = answer["content"].items()
            assert content["schema"], (path, status)
            assert (media == "application/problem+json") == (status >= "400"), (path, status)
            whole = {**content["schema"], "components": document["components"]}
            if status >= "400" or path not in SHORT:
                jsonschema_rs.validator_for(whole).validate(content["example"])


SHORT = ("/api/works", "/api/works/{id}", "/api/matches", "/api/matches/{id}")
"""Their examples show one language of three and no more than they must."""


def test_a_key_that_is_not_told_of_is_found(client: TestClient, strict: dict[str, Any]) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        _check(strict, "/api/release", {**client.get("/api/release").json(), "more": 1})
    whole = client.get("/api/resources/north-oai/git-1").json()
    with pytest.raises(jsonschema_rs.ValidationError):
        _check(strict, "/api/resources/{list}/{key}", {**whole, "alike": None})


def test_the_client_has_the_same_types() -> None:
    ours, theirs = ROOT / "registry" / "web" / "answers", ROOT / "client" / "meta_academy_client" / "answers"
    assert {file.name for file in ours.glob("*.py")} == {file.name for file in theirs.glob("*.py")}
    for file in ours.glob("*.py"):
        text = file.read_text("utf-8").replace("registry.web.answers", "meta_academy_client.answers")
        assert (theirs / file.name).read_text("utf-8") == text, file.name
