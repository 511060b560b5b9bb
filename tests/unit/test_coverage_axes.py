"""Coverage by any list of subjects: a part counts for the whole, and "none found" is not "not known"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from support import small_release as small

from registry.iris import Iris
from registry.model import Match
from registry.search.index import facet_values
from registry.settings import Settings
from registry.statistics import axes, build, reader
from registry.statistics.axes import Axes
from registry.statistics.build import Before
from registry.vocabulary import Scheme, above
from registry.web.app import create_app

IRIS = Iris("https://registry.example")
SCHEMES = (
    Scheme("gsbpm", "subject", 1, {"en": "Steps"}, {"ph-5": (), "sp-5.4": ("ph-5",), "ph-6": ()}),
    Scheme("rgs", "subject", 3, {"en": "Skills"}, {"A": (), "A.1": ("A",)}),
    Scheme("empty", "subject", 3, {"en": "Nobody"}, {"1": ()}),
)
AXES = Axes(SCHEMES, {IRIS.concept("rgs", "A.1"): {"en": "Writing questions"}})


def document(number: int, academy: str, *about: str, inferred: tuple[str, ...] = ()) -> dict[str, Any]:
    concepts = [{"id": str(IRIS.concept(*one.split("/"))), "prefLabel": {}} for one in about]
    concepts += [{"id": str(IRIS.concept(*one.split("/"))), "prefLabel": {}, "inferred": True} for one in inferred]
    concepts.append({"id": None, "prefLabel": {"en": "a word"}})
    lists: dict[str, Any] = dict.fromkeys(
        ("license", "educationalLevel", "learningResourceType", "audience", "conditionsOfAccess", "courseMode",
         "eventAttendanceMode", "inLanguage", "hasCourseInstance"), [])  # fmt: skip
    return {
        **lists, "iri": f"https://registry.example/id/resource/{academy}/{number}", "id": f"{academy}/{number}",
        "academy": academy, "feed": academy, "name": {"en": "x"}, "url": None, "about": concepts,
        "added": "2026-03-01T00:00:00Z", "isPartOf": [], "keywords": [],
    }  # fmt: skip


DOCUMENTS = [
    document(1, "north", "gsbpm/sp-5.4", "rgs/A.1"),
    document(2, "north", "gsbpm/ph-5", inferred=("gsbpm/sp-5.4",)),
    document(3, "south", "gsbpm/ph-6"),
    document(4, "south"),
]


def made(target: Path, documents: list[dict[str, Any]], before: Before | None = None) -> Path:
    build.build(
        target, resources=documents, matches=[], academies=[], runs=[], sequence=1, iris=IRIS, axes=AXES, before=before
    )
    return target


def steps(found: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    assert found is not None
    return {step["notation"]: step for step in found["items"]}


def test_a_part_counts_for_the_whole_and_each_entry_once(tmp_path: Path) -> None:
    with reader.open_figures(made(tmp_path / "f", DOCUMENTS)) as connection:
        found = axes.coverage(connection, "gsbpm")
    told = steps(found)
    assert [(n, s["resources"], s["stated"], s["academies"], s["depth"]) for n, s in told.items()] == [
        ("ph-5", 2, 2, 1, 0), ("sp-5.4", 2, 1, 1, 1), ("ph-6", 1, 1, 1, 0),
    ]  # fmt: skip
    assert found is not None and (found["known"], found["not_known"], found["none"]) == (3, 1, 0)


def test_none_found_is_not_not_known(tmp_path: Path) -> None:
    with reader.open_figures(made(tmp_path / "f", DOCUMENTS)) as connection:
        rgs, empty = axes.coverage(connection, "rgs", "south"), axes.coverage(connection, "empty")
        assert axes.coverage(connection, "level") is None
        listed = {one["id"]: (one["known"], one["stated"], one["resources"]) for one in axes.axes(connection)}
        gsbpm = axes.coverage(connection, "gsbpm", "south")
    assert listed == {"gsbpm": (3, 3, 4), "rgs": (1, 1, 4), "empty": (0, 0, 4)}
    assert steps(empty)["1"]["state"] == "unknown"
    assert rgs is not None and (rgs["not_known"], rgs["here_known"], rgs["here_not_known"]) == (3, 0, 2)
    # Of southland's courses nothing is known on this axis: that is no gap.
    assert [(s["here_state"], s["gap"]) for s in rgs["items"]] == [("unknown", False)] * 2
    told = steps(gsbpm)
    assert (told["ph-5"]["here_state"], told["ph-5"]["gap"], told["ph-6"]["gap"]) == ("none", True, False)


def test_carried_figures_are_those_made_anew(tmp_path: Path) -> None:
    first = made(tmp_path / "first", DOCUMENTS)
    changed = document(3, "south", "rgs/A")
    carried = made(tmp_path / "second", [changed], Before(first, resources_gone=["north/1"]))
    anew = made(tmp_path / "third", [DOCUMENTS[1], changed, DOCUMENTS[3]])
    for name in ("gsbpm", "rgs", "empty"):
        with reader.open_figures(carried) as one, reader.open_figures(anew) as other:
            assert axes.coverage(one, name) == axes.coverage(other, name)


def test_pairs_by_step_and_those_that_cannot_be_placed(tmp_path: Path) -> None:
    left, right = DOCUMENTS[0]["iri"], DOCUMENTS[2]["iri"]
    other = document(5, "south", "gsbpm/ph-5")
    pairs = [
        Match(left, other["iri"], "overlap", 0.8, "candidate", "rule", "CompositeMatching", ()),
        Match(left, right, "overlap", 0.8, "candidate", "rule", "CompositeMatching", ()),
        Match(left, DOCUMENTS[3]["iri"], "copy", 0.9, "candidate", "rule", "CompositeMatching", ()),
        Match(other["iri"], DOCUMENTS[1]["iri"], "copy", 0.9, "rejected", "rule", "CompositeMatching", ()),
    ]
    build.build(
        tmp_path / "f",
        resources=[*DOCUMENTS, other],
        matches=pairs,
        academies=[],
        runs=[],
        sequence=1,
        iris=IRIS,
        axes=AXES,
    )
    with reader.open_figures(tmp_path / "f") as connection:
        found = axes.coverage(connection, "gsbpm")
    # Both sides of the first pair are about processing, one of them about its editing; the second pair shares no step.
    assert {name: step["pairs"] for name, step in steps(found).items()} == {"ph-5": 1, "sp-5.4": 0, "ph-6": 0}
    assert found is not None and found["pairs_not_known"] == 1


def test_loops_of_broader_terms_end() -> None:
    looped = Scheme("x", "subject", 1, {}, {"a": ("b",), "b": ("a",)})
    assert above([looped], IRIS.base) == {IRIS.concept("x", "a"): [IRIS.concept("x", "b")],
                                         IRIS.concept("x", "b"): [IRIS.concept("x", "a")]}  # fmt: skip


def test_the_filter_finds_the_parts() -> None:
    document = {key: [] for key in ("license", "educationalLevel", "learningResourceType", "audience", "courseMode",
                                    "conditionsOfAccess", "eventAttendanceMode", "inLanguage")}  # fmt: skip
    entry: dict[str, Any] = {**document, "about": DOCUMENTS[0]["about"], "academy": "x", "isAccessibleForFree": None}
    higher = above(SCHEMES, IRIS.base)
    wide, narrow = facet_values(entry, {}, higher)["about"], facet_values(entry, {})["about"]
    assert {one.rsplit("/", 2)[-2] + "/" + one.rsplit("/", 1)[-1] for one in wide} == {
        "gsbpm/sp-5.4", "gsbpm/ph-5", "rgs/A.1", "rgs/A"
    }  # fmt: skip
    assert len(narrow) == 2


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = small.build(tmp_path_factory.mktemp("data")).parents[1]
    with TestClient(create_app(Settings(data=data))) as found:
        yield found


def test_the_api_tells_all_axes(client: TestClient) -> None:
    listed = client.get("/api/schemes").json()
    assert {one["id"]: (one["known"], one["not_known"]) for one in listed["items"]} == {"csa": (0, 5), "gsbpm": (1, 4)}
    usual = client.get("/api/coverage").json()
    assert usual == client.get("/api/coverage?scheme=gsbpm").json() and usual["items"][0]["resources"] == 1
    assert usual["pairs_not_known"] == 3 and usual["items"][0]["pairs"] == 0
    assert client.get("/api/coverage?scheme=level").status_code == 404
    assert client.get("/api/coverage?academy=nobody").status_code == 404
    assert client.get("/api/coverage?axis=gsbpm").status_code == 400


@pytest.mark.parametrize(("lang", "none", "unknown"), [
    ("en", "none found", "not known"), ("fr", "rien trouvé", "on ne sait pas"), ("es", "nada encontrado", "no se sabe"),
])  # fmt: skip
def test_the_page_parts_none_from_not_known(client: TestClient, lang: str, none: str, unknown: str) -> None:
    html = client.get(f"/coverage?scheme=gsbpm&lang={lang}").text
    assert none in html and f">{unknown}<" not in html
    html = client.get(f"/coverage?scheme=csa&lang={lang}").text
    assert unknown in html and none not in html
    seen = client.get(f"/coverage?scheme=gsbpm&academy=southland&lang={lang}").text
    assert unknown in seen


def test_filters_stand_list_by_list(client: TestClient) -> None:
    html = client.get("/search").text
    assert "<summary>Steps (GSBPM)</summary>" in html
    assert html.count("<summary>Subject</summary>") == 1  # a term of a list that is no axis here
