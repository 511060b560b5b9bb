"""Works among the figures: counted, listed, carried forward; pairs under discussion count nowhere."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import family_release as family
from support import small_release as small

from registry.model import Match, Work
from registry.search.reader import Reader
from registry.statistics import reader as figures
from registry.statistics import work_reader as reader
from registry.statistics.build import DATABASE, Before, build
from registry.statistics.facts import Withdrawn
from registry.statistics.reader import BadCursor, MatchQuery
from registry.statistics.work_reader import Former, WorkQuery


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return family.build(tmp_path_factory.mktemp("data"))


@pytest.fixture
def connection(release: Path) -> Iterator[sqlite3.Connection]:
    with figures.open_figures(release / "figures") as found:
        yield found


def test_a_work_has_its_original_its_academies_and_what_is_beside_it(connection: sqlite3.Connection) -> None:
    found = reader.work(connection, "w-git")
    assert found == {
        "id": "w-git", "level": "work", "parent": "", "head": family.iri("git"), "members": 8, "academies": 3,
        "languages": 4, "relations": {"copy": 1, "near-copy": 1, "run": 1, "translation": 3, "version": 1},
        "beside": {"derivative": 1, "overlap": 1, "part": 1},
    }  # fmt: skip
    assert reader.spread(connection, "w-git") == (["northland", "southland", "island"], ["en", "es", "fr", "ja"])
    twice = reader.work(connection, "c-git")
    assert twice is not None and (twice["parent"], twice["members"], twice["level"]) == ("w-git", 3, "cluster")
    assert reader.work(connection, "w-none") is None


def test_members_with_the_original_first(connection: sqlite3.Connection) -> None:
    found = reader.members(connection, "w-git", 100)
    assert found[0] == (family.iri("git"), "c-git") and len(found) == 8
    assert dict(found)[family.iri("git-es")] == ""
    assert len(reader.members(connection, "w-git", 3)) == 3
    assert reader.works_of(connection, [family.iri("git"), family.iri("own")]) == {
        family.iri("git"): {"work": "w-git", "cluster": "c-git"}
    }


def test_pairs_inside_and_what_is_beside(connection: sqlite3.Connection) -> None:
    assert len(reader.pairs(connection, "w-git", 100)) == 7
    beside = reader.beside(connection, "w-git", 100)
    told = {(pair["relation"], pair["there"], pair["there_work"]) for pair in beside}
    # The adaptation and its second edition are one work, told once; the pair under discussion is not told.
    assert told == {
        ("derivative", family.iri("fork"), "w-fork"),
        ("overlap", family.iri("own"), ""),
        ("part", family.iri("module"), ""),
    }


def test_former_ids_lead_to_the_end_of_the_chain(connection: sqlite3.Connection) -> None:
    assert reader.former(connection, "w-older") == reader.former(connection, "w-old") == Former("w-git")
    assert reader.former(connection, "w-gone") == Former("", "work", family.RETIRED[0].members)
    assert reader.former(connection, "w-git") is None and reader.former(connection, "never") is None


def test_redirects_in_a_circle_lead_nowhere(tmp_path: Path) -> None:
    build(tmp_path, resources=[], matches=[], academies=[], runs=[], sequence=1, iris=small.IRIS,
          redirects={"a": "b", "b": "a"})  # fmt: skip
    with figures.open_figures(tmp_path) as connection:
        assert reader.former(connection, "a") is None


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (WorkQuery(), ["w-git", "w-fork"]),
        (WorkQuery(academies=("island",)), ["w-git", "w-fork"]),
        (WorkQuery(academies=("island", "southland")), ["w-git"]),
        (WorkQuery(languages=("ja", "fr")), ["w-git"]),
        (WorkQuery(languages=("de",)), []),
    ],
)
def test_works_by_filter(connection: sqlite3.Connection, query: WorkQuery, ids: list[str]) -> None:
    found, total, cursor = reader.works(connection, query)
    assert [work["id"] for work in found] == ids and total == len(ids) and cursor is None


def test_a_walk_over_works_and_bad_cursors(connection: sqlite3.Connection) -> None:
    first, total, cursor = reader.works(connection, WorkQuery(limit=1))
    second, _, last = reader.works(connection, WorkQuery(limit=1, cursor=cursor))
    assert [work["id"] for work in (*first, *second)] == ["w-git", "w-fork"] and total == 2 and last is None
    for wrong in (WorkQuery(languages=("fr",), cursor=cursor), WorkQuery(cursor="é"), WorkQuery(cursor="W10")):
        with pytest.raises(BadCursor):
            reader.works(connection, wrong)


def test_a_pair_under_discussion_is_listed_and_counts_nowhere(release: Path, tmp_path: Path) -> None:
    def made(name: str, matches: list[Match]) -> dict[str, Any]:
        build(tmp_path / name, resources=Reader(release / "search").all(), matches=matches, academies=family.ACADEMIES,
              runs=[], sequence=1, iris=small.IRIS, axes=small.AXES)  # fmt: skip
        return dict(json.loads((tmp_path / name / "overlap.json").read_text("utf-8")))

    told = made("with", family.matches())
    without = made("without", [match for match in family.matches() if match.status != "discussed"])
    assert told["totals"].pop("pairs_discussed") == 1 and without["totals"].pop("pairs_discussed") == 0
    assert told == without
    with figures.open_figures(tmp_path / "with") as connection:
        resource = family.iri("basic")
        found, total, _ = figures.matches(connection, MatchQuery(resource=resource))
        assert total == 1 and found[0]["status"] == "discussed" and len(found[0]["answers"]) == 2
        assert figures.match_counts(connection, [resource]) == {resource: 0}
        assert figures.relations_of(connection, resource) == []


def test_what_matches_say_of_themselves_is_kept(connection: sqlite3.Connection) -> None:
    found, _, _ = figures.matches(connection, MatchQuery(relations=("translation",)))
    by_other = {
        pair["right_iri"] if pair["left_iri"] == family.iri("git") else pair["left_iri"]: pair for pair in found
    }
    said, measured = by_other[family.iri("git-es")], by_other[family.iri("git-fr")]
    assert said["answers"] == [{"academy": "southland", "relation": "translation", "origin": "feed"}]
    assert (said["probability"], measured["probability"], measured["model"]) == (None, 0.82, "m1")
    assert measured["weight"] == pytest.approx(7.15) and measured["generators"] == ["title", "text"]
    assert figures.rules(connection, ["TR.SIGNALS", "none"]) == family.RULES
    totals = figures.totals(connection)
    assert {name: totals[name] for name in family.TOLD} == family.TOLD
    assert isinstance(totals["ids_changed"], int) and totals["read_kappa"] == 0.86


def _tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    connection = sqlite3.connect(folder / "figures.sqlite")
    found = {
        name: sorted(map(tuple, connection.execute(f"SELECT * FROM {name}").fetchall()))
        for name in (
            "work member former match meta overlap shared academy feed resource carries covers tally counter left_out"
            " fact withdrawn cell described alike licensed growth kind part ruled reused form"
        ).split()
    }
    connection.close()
    return found


@pytest.mark.parametrize("seed", range(20))
def test_carried_forward_equals_anew(release: Path, tmp_path: Path, seed: int) -> None:
    """Random changes of resources, pairs and works, step by step."""
    chance = random.Random(seed)
    documents = {document["iri"]: document for document in Reader(release / "search").all()}
    pairs = {small.IRIS.match(match.left, match.right).rpartition("/")[2]: match for match in family.matches()}
    present, standing, before = dict(documents), dict(pairs), None
    works: dict[str, Work] = {}
    placed: dict[str, tuple[str, str]] = {}
    gone: dict[str, Withdrawn] = {}
    common: dict[str, Any] = {
        "academies": family.ACADEMIES, "runs": [], "iris": small.IRIS, "axes": small.AXES,
        "licences": {small.SPDX + "MIT": True, small.SPDX + "CC-BY-ND-4.0": False},
    }  # fmt: skip
    for step in range(8):
        new_documents = dict(present)
        for iri in chance.sample(sorted(documents), 2):
            if iri in new_documents and chance.random() < 0.5:
                del new_documents[iri]
            else:
                tags = chance.choice([["en"], ["fr", "en-GB"], ["es"], []])
                licence = chance.choice(["MIT", "CC-BY-ND-4.0", "odd", None])
                about = chance.sample(["gsbpm/ph-5", "gsbpm/sp-5.4", "csa/1.3"], chance.randrange(3))
                new_documents[iri] = {
                    **documents[iri],
                    "inLanguage": tags,
                    "license": [{"id": licence and small.SPDX + licence, "prefLabel": {}}] if licence != "odd" else [],
                    "about": [{"id": small.IRIS.concept(*one.split("/")), "prefLabel": {}} for one in about],
                }
        new_pairs = {}
        for name, match in pairs.items():
            whole_before, whole_now = ({match.left, match.right} <= set(some) for some in (present, new_documents))
            if not whole_now and name in standing and whole_before and chance.random() < 0.5:
                new_pairs[name] = standing[name]  # the matcher still says it: it is left out
            elif whole_now and chance.random() < 0.95:
                relation, status = match.relation, match.status
                if chance.random() < 0.2:
                    relation = chance.choice([relation, "overlap"])
                    status = chance.choice([status, "discussed", "rejected"])
                sure = match.confidence if whole_before else 0.5 + step / 100
                new_pairs[name] = replace(match, relation=relation, status=status, confidence=sure)
        for iri in chance.sample(sorted(documents), 2 if step else len(documents)):
            placed[iri] = (chance.choice("abcd"), chance.choice("xy"))
        groups: dict[str, list[str]] = {}
        for iri in sorted(new_documents):
            group, twice = placed[iri]
            groups.setdefault(f"w{group}", []).append(iri)
            groups.setdefault(f"c{group}{twice}", []).append(iri)
        new_works = {
            name: Work(name, "work" if name[0] == "w" else "cluster", tuple(members))
            for name, members in groups.items()
            if len(members) > 1
        }
        former = dict.fromkeys(set(works) - set(new_works), "wa")
        now_gone = {
            iri: gone.get(iri)
            or Withdrawn(one["id"], one["academy"], one["added"], f"2026-0{step + 1}-01T00:00:00Z", iri)
            for iri, one in documents.items()
            if iri not in new_documents
        }
        whole = tmp_path / f"whole-{step}"
        build(whole, resources=new_documents.values(), matches=new_pairs.values(), works=new_works.values(),
              redirects=former, sequence=step, withdrawn=now_gone.values(), **common)  # fmt: skip
        forward = tmp_path / f"forward-{step}"
        if before is not None:
            ended = [documents[iri]["id"] for iri in present if iri not in new_documents]
            # Every other time from a copy that was made before, as the publisher does.
            spare = Path(shutil.copy(before / DATABASE, tmp_path / "spare")) if step % 2 else None
            earlier = Before(before, ended, set(standing) - set(new_pairs), set(works) - set(new_works), spare)
            build(
                forward,
                resources=[doc for iri, doc in new_documents.items() if present.get(iri) != doc],
                matches=[match for name, match in new_pairs.items() if standing.get(name) != match],
                works=[work for name, work in new_works.items() if works.get(name) != work],
                redirects=former, sequence=step, before=earlier,
                withdrawn=[one for iri, one in now_gone.items() if gone.get(iri) != one], **common,
            )  # fmt: skip
            assert _tables(forward) == _tables(whole)
            before = forward
        else:
            before = whole
        present, standing, works, gone = new_documents, new_pairs, new_works, now_gone
