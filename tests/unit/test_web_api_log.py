from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from support import small_release as small
from support import told_ledger as told

from registry.ledger import connect, log
from registry.settings import Settings
from registry.web.app import create_app

PRIVATE = ("private note", "private reason", "anna@", "10.0.0.1")


def _client(data: Path) -> TestClient:
    app = create_app(Settings(data=data), ledger_path=data / "ledger.sqlite", messages=small.MESSAGES, base=small.BASE)
    return TestClient(app)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("data")
    told.build(data)
    with _client(data) as found:
        yield found


def _get(client: TestClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert not [word for word in PRIVATE if word in answer.text]
    return answer.json()


def test_changes_are_told_in_order_and_private_ones_are_not(client: TestClient) -> None:
    found = _get(client, "/api/changes")
    assert [(one["sequence"], one["kind"]) for one in found["items"]] == [
        *((number, "record") for number in range(1, 9)), (9, "tombstone"), (10, "decision"), (12, "decision"),
        (13, "decision"), (14, "decision"),
    ]  # fmt: skip
    assert found["next"] is None and found["until"] == 14
    gone = found["items"][8]
    assert (gone["resource"], gone["academy"], gone["cause"]) == ("north-oai/r-1", "northland", "source")
    pair = small.IRIS.match(told.GIT, told.SOUTH)
    assert found["items"][9]["subject"] == pair and found["items"][9]["match"] == pair.rsplit("/", 1)[-1]
    assert _get(client, "/api/changes?since=14") == {"items": [], "total": None, "next": None, "until": 14}


@pytest.mark.parametrize("limit", [1, 3, 4, 14])
def test_walking_the_changes_gives_each_once(client: TestClient, limit: int) -> None:
    seen, following = [], f"/api/changes?limit={limit}"
    while following:
        page = _get(client, following)
        seen += [one["sequence"] for one in page["items"]]
        following = page["next"]
    assert seen == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14] and page["until"] == 14


def test_the_history_of_an_entry(client: TestClient) -> None:
    found = _get(client, "/api/resources/north-oai/git-1/history")
    assert [(one["sequence"], one["cause"]) for one in found["items"]] == [
        (8, "source"), (7, "crosswalk"), (6, "source"), (1, "source"),
    ]  # fmt: skip
    assert found["total"] == 4 and found["items"][-1]["diff"] is None
    assert found["items"][0]["diff"].endswith("/api/resources/north-oai/git-1/diff?from=7&to=8")
    pages = _get(client, "/api/resources/north-oai/git-1/history?limit=3")
    rest = _get(client, pages["next"])
    assert pages["items"] + rest["items"] == found["items"] and rest["next"] is None


def _said(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["property"], row["value"]["iri"] or row["value"]["text"]) for row in rows]


def test_what_changed_between_two_states_in_the_words_of_the_profile(client: TestClient) -> None:
    found = _get(client, "/api/resources/north-oai/git-1/diff")
    assert (found["before"], found["after"], found["left_out"]) == (7, 8, 0)
    assert _said(found["added"]) == [("educationalLevel", "for all")]
    assert _said(found["removed"]) == [("educationalLevel", small.concept("level", "basic"))]
    assert found["removed"][0]["value"]["label"]["fr"] == "Débutant" and found["removed"][0]["of"] == "resource"
    back = _get(client, "/api/resources/north-oai/git-1/diff?from=8&to=7")
    assert (back["added"], back["removed"]) == (found["removed"], found["added"])
    same = _get(client, "/api/resources/north-oai/git-1/diff?from=6&to=6")
    assert same["added"] == same["removed"] == []


def test_an_old_state_does_not_tell_what_is_kept_back_since(client: TestClient) -> None:
    # Since another crosswalk reads the list, no keywords are published; an address of a person never is.
    found = _get(client, "/api/resources/north-oai/git-1/diff?from=1&to=8")
    assert {name for name, _ in _said(found["removed"])} == {"description", "educationalLevel"}
    assert found["left_out"] == 2
    found = _get(client, "/api/resources/north-oai/git-1/diff?from=1&to=6")
    assert _said(found["added"]) == [("description", "Keep it all.")] and found["left_out"] == 1


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/resources/north-oai/git-1/diff?from=2&to=8", 404),
        ("/api/resources/north-oai/git-1/diff?from=8&to=99", 404),
        ("/api/resources/north-oai/git-1/diff?from=x", 400),
        ("/api/resources/north-oai/git-1/diff?start=6", 400),
        ("/api/resources/north-oai/none/history", 404),
        ("/api/resources/north-oai/r-1/history", 410),
        ("/api/resources/north-oai/r-1/diff", 410),
        ("/api/changes?since=-1", 400),
        ("/api/changes?since=99999999999999999999", 400),
        ("/api/decisions?cursor=x", 400),
        ("/api/decisions?verdict=perhaps", 400),
        ("/api/runs?cursor=-1", 400),
        ("/api/resources/north-oai/git-1/history?cursor=%C2%B2", 400),
    ],
)
def test_what_cannot_be_asked(client: TestClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"


def test_decisions_on_public_pairs_only(client: TestClient) -> None:
    found = _get(client, "/api/decisions")["items"]
    assert [(one["id"], one["verdict"], one["role"], one["by"], one["taken_back"]) for one in found] == [
        (4, "confirm", "publisher", "Northland", "2026-03-03T00:00:00Z"),
        (1, "confirm", "reviewer", "A. Reviewer", None),
    ]  # fmt: skip
    assert found[1]["source"] == told.GIT and found[0]["academy"] == "northland"
    match = found[1]["match"]
    assert _get(client, f"/api/matches/{match}")["relation"] == found[1]["relation"] == "translation"
    for query, ids in (("role=reviewer", [1]), (f"match={match}", [1]), ("academy=southland", [4, 1]),
                       ("academy=island", []), ("verdict=reject", []), ("relation=copy", [4])):  # fmt: skip
        assert [one["id"] for one in _get(client, f"/api/decisions?{query}")["items"]] == ids
    first = _get(client, "/api/decisions?limit=1")
    assert [one["id"] for one in _get(client, first["next"])["items"]] == [1]


def test_visits_without_their_messages(client: TestClient) -> None:
    found = _get(client, "/api/runs")
    assert found["total"] == 3
    assert [(one["feed"], one["outcome"], one["seconds"]) for one in found["items"]] == [
        ("south-web", "done", 120), ("north-oai", "failed", 120), ("north-oai", "done", 120),
    ]  # fmt: skip
    assert found["items"][0]["counts"] == {"records": 3, "held": 1} and "message" not in found["items"][0]
    for query, number in (("academy=northland", 2), ("feed=south-web", 1), ("outcome=failed", 1), ("academy=x", 0)):
        assert _get(client, f"/api/runs?{query}")["total"] == number
    page = _get(client, "/api/runs?limit=2")
    assert _get(client, page["next"])["items"] == found["items"][2:]


@pytest.mark.parametrize(
    "address",
    ["/api/changes", "/api/decisions", "/api/runs", "/api/resources/north-oai/git-1/history",
     "/api/resources/north-oai/git-1/diff", "/api/academies/northland/issues", "/api/schemes/gsbpm/concepts"],
)  # fmt: skip
def test_answers_of_the_ledger_have_tags_too(client: TestClient, address: str) -> None:
    first = client.get(address)
    again = client.get(address, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == first.headers["etag"]


def test_nothing_is_told_that_is_not_in_the_release(tmp_path: Path) -> None:
    ledger = told.build(tmp_path)
    with _client(tmp_path) as client:
        before = [client.get(path).json() for path in ("/api/changes", "/api/resources/south-list/row-8/history")]
        basic = small.changes()[4]
        told.append(ledger, told.said(basic, ("version", told.Literal("2"))))
        after = [client.get(path).json() for path in ("/api/changes", "/api/resources/south-list/row-8/history")]
        assert after == before
        # What goes is not told any more, though the release still has it.
        told.append(ledger, told.tombstone(basic))
        answer = client.get("/api/resources/south-list/row-8/history")
        assert answer.status_code == 410
        assert client.get("/api/resources/south-list/row-8/diff").status_code == 410


def test_what_came_back_is_told_from_then_on(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    entry = small.changes()[2]
    for one in (entry, told.tombstone(entry, "rules"), told.said(entry, ("version", told.Literal("2")))):
        told.append(ledger, one)
    connection = connect(ledger)
    small.build(tmp_path, all_changes=log.changes(connection), all_matches=[])
    connection.close()
    with _client(tmp_path) as client:
        found = client.get("/api/resources/south-web/git-intro/history").json()
        assert [one["sequence"] for one in found["items"]] == [3]
        assert client.get("/api/resources/south-web/git-intro/diff?from=1&to=3").status_code == 404
        assert [one["kind"] for one in client.get("/api/changes").json()["items"]] == ["record", "tombstone", "record"]


def test_without_a_ledger_the_log_is_not_there(tmp_path: Path) -> None:
    small.build(tmp_path)
    with TestClient(create_app(Settings(data=tmp_path), messages=small.MESSAGES, base=small.BASE)) as client:
        answer = client.get("/api/changes")
        assert answer.status_code == 503 and answer.headers["retry-after"] and "log" in json.dumps(answer.json())


def test_the_terms_of_a_vocabulary_as_a_tree(client: TestClient) -> None:
    found = {one["notation"]: one for one in _get(client, "/api/schemes/gsbpm/concepts")["items"]}
    phase = found["ph-5"]
    assert "sp-5.4" in phase["narrower"] and found["sp-5.4"]["broader"] == ["ph-5"]
    assert (phase["resources"], found["ph-6"]["resources"], found["sp-5.4"]["depth"]) == (1, 0, 1)
    assert set(phase["prefLabel"]) == {"en", "fr", "es"}
    assert _get(client, phase["concept"]) == phase
    assert _get(client, phase["list"])["total"] == phase["resources"]
    levels = {one["notation"]: one["resources"] for one in _get(client, "/api/schemes/level/concepts")["items"]}
    assert levels["basic"] == _get(client, "/api/resources?level=basic")["total"] == 1
    assert _get(client, "/api/schemes/work-status/concepts")["items"][0]["resources"] is None
    assert client.get("/api/schemes/none/concepts").status_code == 404
    assert client.get("/api/schemes/gsbpm/concepts/none").status_code == 404
