from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support import small_release as small

from registry.statistics import reader as figures
from registry.statistics.reader import BadCursor, MatchQuery


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.build(tmp_path_factory.mktemp("data")) / "figures"


def test_totals(folder: Path) -> None:
    with figures.open_figures(folder) as connection:
        found = figures.totals(connection)
    # git-1 and git-intro and row 7 have the same course elsewhere; r-1 only an overlap; row-8 nothing.
    assert found == {
        "sequence": 5, "academies": 3, "academies_known": 5, "resources": 5, "resources_with_twin": 3, "resources_linked": 4,
        "only_here": 1, "pairs_between": 3, "pairs_within": 1, "to_mend": 12, "matches_left_out": 0,
        "pairs_discussed": 0, "works": 0, "works_between": 0, "resources_in_works": 0, "clusters": 0,
    }  # fmt: skip


def test_academies_also_those_without_resources(folder: Path) -> None:
    with figures.open_figures(folder) as connection:
        found = {row["id"]: row for row in figures.academies(connection)}
        north = figures.academy(connection, "northland")
        assert figures.academy(connection, "none") is None
    assert [found[name]["resources"] for name in ("northland", "southland", "island")] == [2, 3, 0]
    assert (found["southland"]["linked"], found["southland"]["twin"], found["southland"]["only_here"]) == (2, 2, 1)
    assert north is not None and north["to_mend"] == 12 and north["last_visit"] == small.TIME
    assert north["feeds"] == [
        {"id": "north-oai", "protocol": "oai_pmh", "address": "https://north.example/oai",
         "moved": "https://new.north.example/oai", "permission": "agreed", "metadata_licence": "CC0-1.0", "resources": 2,
         "last_visit": small.TIME, "outcome": "done", "message": "", "held": 3, "by_rule": 2, "missing": 1},
    ]  # fmt: skip
    assert north["tallies"]["language"] == {"en": 2, "fr": 1}


def test_academies_that_are_not_here_by_name(folder: Path) -> None:
    with figures.open_figures(folder) as connection:
        assert figures.known(connection) == [
            {"id": "west-office", "name": {"en": "Office of the West"}, "homepage": None, "country": None, "note": None},
            {"id": "eastland", "name": {"en": "Statistics Eastland"}, "homepage": "https://stat.example/eastland",
             "country": "XE", "note": "has a school of statistics"},
        ]  # fmt: skip


def test_a_list_without_a_public_address_has_none(folder: Path) -> None:
    with figures.open_figures(folder) as connection:
        south = figures.academy(connection, "southland")
    assert south is not None
    told = {feed["id"]: (feed["address"], feed["moved"], feed["permission"]) for feed in south["feeds"]}
    assert told == {"south-list": ("", "", "none"), "south-web": ("", "", "none")}


def test_overlap_counts_pairs_between_and_within_apart(folder: Path) -> None:
    cells = {
        (cell["left"], cell["right"]): cell for cell in json.loads((folder / "overlap.json").read_text())["cells"]
    }
    assert set(cells) == {("northland", "southland"), ("southland", "southland")}
    between = cells["northland", "southland"]
    assert between["relations"] == {
        "copy": {"pairs": 1, "accepted": 1},
        "translation": {"pairs": 1, "accepted": 0},
        "overlap": {"pairs": 1, "accepted": 0},
    }
    assert (between["pairs"], between["left_resources"], between["right_resources"]) == (3, 2, 2)
    assert cells["southland", "southland"]["left_resources"] == 2


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (MatchQuery(), 4),
        (MatchQuery(academies=("northland",)), 3),
        (MatchQuery(academies=("northland", "southland")), 3),
        (MatchQuery(academies=("southland", "southland")), 1),
        (MatchQuery(relations=("copy",)), 2),
        (MatchQuery(relations=("copy", "overlap")), 3),
        (MatchQuery(statuses=("rejected",)), 1),
        (MatchQuery(min_confidence=0.9), 2),
        (MatchQuery(within=True), 1),
        (MatchQuery(resource=str(small.IRIS.resource("north-oai", "r-1"))), 1),
    ],
)
def test_pairs_by_filter(folder: Path, query: MatchQuery, count: int) -> None:
    with figures.open_figures(folder) as connection:
        found, total, cursor = figures.matches(connection, query)
    assert len(found) == total == count and cursor is None


def test_a_walk_over_pairs_and_bad_cursors(folder: Path) -> None:
    query, seen = MatchQuery(limit=1), []
    with figures.open_figures(folder) as connection:
        while True:
            found, _, cursor = figures.matches(connection, query)
            seen += [match["confidence"] for match in found]
            if cursor is None:
                break
            query = replace(query, cursor=cursor)
        for wrong in (replace(query, relations=("copy",)), replace(query, cursor="é"), replace(query, cursor="e30")):
            with pytest.raises(BadCursor):
                figures.matches(connection, wrong)
    assert seen == [0.99, 0.97, 0.7, 0.55]


def test_a_pair_outside_the_release_is_counted_as_left_out(tmp_path: Path) -> None:
    from registry.statistics.build import build

    totals = build(
        tmp_path, resources=[], matches=small.matches(), academies=small.ACADEMIES, runs=[], sequence=9,
        iris=small.IRIS,
    )  # fmt: skip
    assert totals["matches_left_out"] == 5 and totals["resources"] == 0 and totals["pairs_between"] == 0


def test_which_resources_have_a_pair(folder: Path) -> None:
    with figures.open_figures(folder) as connection:
        iris = {row[0]: row[1] for row in connection.execute("SELECT id, iri FROM resource")}
        told = {name: figures.relations_of(connection, iri) for name, iri in iris.items()}
        assert sum(bool(set(names) - {"different"}) for names in told.values()) == 4
        assert {name for name, names in told.items() if "translation" in names} == {
            "north-oai/git-1", "south-web/git-intro",
        }  # fmt: skip
        assert not [name for name, names in told.items() if "version" in names]
        assert list(figures.recounted(connection)) == []
        iri = str(small.IRIS.resource("north-oai", "git-1"))
        assert figures.match_counts(connection, [iri]) == {iri: 2}
        assert figures.resources(connection, [iri, "x"])[iri]["id"] == "north-oai/git-1"
        assert figures.resource_iri(connection, "north-oai/git-1") == iri
