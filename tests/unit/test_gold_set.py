"""The gold set stands on the records that were read, in two parts that share no family of records."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from benchmarks.gold import records as gold
from benchmarks.gold.split import assign, components
from registry.model import Relation
from registry.terms import Iri, from_ntriples

PARTS = ("development", "test")
here = pytest.mark.skipif(
    not gold.DATA.is_dir(),
    reason="the public records (../shared/data) are not on this machine: nothing to compare with",
)


@pytest.fixture(scope="module")
def rows() -> dict[str, list[gold.Label]]:
    return {part: gold.read(part) for part in PARTS}


@pytest.fixture(scope="module")
def every(rows: dict[str, list[gold.Label]]) -> list[gold.Label]:
    return [label for part in PARTS for label in rows[part]]


def test_there_are_enough_pairs_and_a_third_are_hard_negatives(every: list[gold.Label]) -> None:
    counts = Counter(label.relation for label in every)
    assert len(every) >= 300
    assert 3 * (counts["different"] + counts["overlap"]) >= len(every)


def test_every_relation_is_in_both_parts(rows: dict[str, list[gold.Label]]) -> None:
    for part in PARTS:
        assert {label.relation for label in rows[part]} == set(get_args(Relation))


def test_the_parts_are_about_as_large(rows: dict[str, list[gold.Label]]) -> None:
    share = len(rows["test"]) / (len(rows["test"]) + len(rows["development"]))
    assert 0.45 < share < 0.55


def test_a_pair_stands_once_and_in_order(every: list[gold.Label]) -> None:
    assert all(label.left < label.right for label in every)
    assert len({(label.left, label.right) for label in every}) == len(every)


def test_the_source_is_one_of_the_two(every: list[gold.Label]) -> None:
    assert all(label.source in ("", label.left, label.right) for label in every)
    for label in every:
        if label.relation in ("part", "translation", "version", "derivative"):
            assert label.source, label
        if label.relation in ("overlap", "different"):
            assert not label.source, label


def test_a_translation_is_between_languages(every: list[gold.Label]) -> None:
    for label in every:
        assert label.reason and label.stratum and label.languages, label
        if label.relation == "translation":
            assert "-" in label.languages, label
        if label.relation in ("copy", "near-copy", "version", "run"):
            assert "-" not in label.languages, label


def test_no_family_is_in_both_parts(rows: dict[str, list[gold.Label]], every: list[gold.Label]) -> None:
    part_of = {iri: part for part in PARTS for label in rows[part] for iri in (label.left, label.right)}
    assert not (
        {iri for label in rows["test"] for iri in (label.left, label.right)}
        & {iri for label in rows["development"] for iri in (label.left, label.right)}
    )
    for members in components((label.left, label.right) for label in every):
        assert len({part_of[one] for one in members}) == 1


def test_the_split_is_the_rule_that_the_guideline_gives(
    rows: dict[str, list[gold.Label]], every: list[gold.Label]
) -> None:
    shuffled = sorted(every, key=lambda label: label.right[::-1])
    placed = assign([(label.left, label.right, label.relation) for label in shuffled])
    for part in PARTS:
        assert {placed[label.left] for label in rows[part]} == {part}


def test_what_has_a_part_keeps_it() -> None:
    pairs = [("a", "b", "copy"), ("c", "d", "copy"), ("b", "e", "copy")]
    before = assign(pairs[:2])
    after = assign(pairs, before)
    assert {one: after[one] for one in before} == before and after["e"] == before["b"]
    with pytest.raises(ValueError, match="both parts"):
        assign([("a", "c", "copy")], {"a": "development", "c": "test"})


def test_undecided_pairs_are_not_scored(every: list[gold.Label]) -> None:
    lines = (gold.FOLDER / "undecided.tsv").read_text("utf-8").splitlines()[1:]
    assert lines and all(line.count("\t") == 2 for line in lines)
    assert not {tuple(line.split("\t")[:2]) for line in lines} & {(label.left, label.right) for label in every}


@here
def test_every_label_speaks_of_records_that_are_as_they_were_read(capsys: pytest.CaptureFixture[str]) -> None:
    known = gold.digests()
    for part in PARTS:
        assert len(gold.labels(part, known=known)) == len(gold.read(part))
    assert capsys.readouterr().out == ""
    for line in (gold.FOLDER / "undecided.tsv").read_text("utf-8").splitlines()[1:]:
        assert set(line.split("\t")[:2]) <= set(known)


@here
def test_a_label_whose_record_changed_is_told_and_not_scored(capsys: pytest.CaptureFixture[str]) -> None:
    known = gold.digests()
    first = gold.read("development")[0]
    known[first.left] = "sha256:other"
    kept = gold.labels("development", known=known)
    assert first not in kept and kept
    assert first.left in capsys.readouterr().out


@here
def test_records_are_changes_that_carry_what_the_source_says() -> None:
    found = {iri: (change, academy) for iri, change, academy in gold.records()}
    assert set(found) == set(gold.digests()) and len(found) > 2000
    change, academy = found["https://registry.example/id/record/mit-oll/MITx~3.012S.1x~1T2019"]
    assert academy == "mit-open-learning-library" and change.kind == "record"
    said = {(p.rpartition("/")[2], getattr(o, "value", o)) for s, p, o in from_ntriples(change.stated)}
    assert {("courseCode", "3.012S.1x"), ("name", "Silvija Gradečak")} <= said
    chapter, _ = found["https://registry.example/id/record/swc-git-novice/swc-git-novice~episodes~02-setup.md"]
    terms = [(p, o) for _, p, o in from_ntriples(chapter.stated)]
    assert ("http://schema.org/timeRequired", "PT5M") in [(p, getattr(o, "value", "")) for p, o in terms]
    whole = Iri("https://registry.example/id/resource/swc-git-novice/swc-git-novice")
    assert ("http://schema.org/isPartOf", whole) in terms
    assert all(
        gold.resource(iri) in change.stated and change.stated.splitlines() == sorted(change.stated.splitlines())
        for iri, (change, _) in found.items()
    )


@here
def test_the_same_sources_give_the_same_records(tmp_path: Path) -> None:
    assert gold.records() == gold.records()
    assert gold.digest({"b": 1, "a": "é"}) == gold.digest({"a": "é", "b": 1})
    assert replace(gold.read("test")[0], left="x").left_resource == "x"


def test_the_guideline_tells_the_counts_that_the_files_have(
    rows: dict[str, list[gold.Label]], every: list[gold.Label]
) -> None:
    told = (gold.FOLDER / "README.md").read_text("utf-8")
    counts = {part: Counter(label.relation for label in rows[part]) for part in PARTS}
    for relation in get_args(Relation):
        own = [counts[part][relation] for part in PARTS]
        assert f"| {relation} | {own[0]} | {own[1]} | {sum(own)} |" in told
    both = Counter(label.relation for label in every)
    assert f"{both['different'] + both['overlap']} of {len(every)}" in told
