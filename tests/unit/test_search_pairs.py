"""Entries are found by the pairs that they have, and written again when these change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import small_release as small

from registry.search import index as search
from registry.search.filters import ANY
from registry.search.reader import Reader, ResourceQuery

COUNT = 6
IDS = [f"north-oai/k{number}" for number in range(COUNT)]
RELATIONS = ("copy", "translation", "different")
_PAIRS = st.dictionaries(st.sampled_from(IDS), st.lists(st.sampled_from(RELATIONS), unique=True).map(sorted))
ABOVE = {small.concept("gsbpm", "sp-5.4"): [small.concept("gsbpm", "ph-5")]}


def begun(folder: Path) -> object:
    index = search.open_index(folder)
    about = (("about", small.concept("gsbpm", "sp-5.4")),)
    changes = [
        small.change(n, "north-oai", f"k{n}", small.record("north-oai", f"k{n}", {"en": f"Course {n}"}, extra=about))
        for n in range(COUNT)
    ]
    search.rebuild(index, changes, small.LABELS, small.FEEDS, COUNT, "a", ABOVE)
    return index


def found(reader: Reader, *relations: str, alone: bool = False) -> set[str]:
    page = reader.search(ResourceQuery(paired=relations, alone=alone, filters={"about": ("gsbpm/ph-5",)}))
    assert page.total == len(page.items)
    return {item["id"] for item in page.items}


@settings(max_examples=5, deadline=None)
@given(turns=st.lists(_PAIRS, min_size=1, max_size=3), whole=st.booleans())
def test_entries_are_found_by_the_pairs_of_the_newest_turn(
    tmp_path_factory: pytest.TempPathFactory, turns: list[dict[str, list[str]]], whole: bool
) -> None:
    folder = tmp_path_factory.mktemp("pairs")
    index, before = begun(folder), dict[str, list[str]]()
    iris = {str(small.IRIS.resource(*name.split("/"))): name for name in IDS}
    for turn, pairs in enumerate(turns):
        changed = {name for name in IDS if pairs.get(name, []) != before.get(name, [])}
        asked = None if whole else {*changed, IDS[0], "north-oai/none", search.MARKER}
        written = search.mark(index, lambda iri: pairs.get(iris[iri], []), f"turn {turn}", asked, ABOVE)  # noqa: B023
        assert written == len(changed)
        assert search.marker(index) == search.Marker(COUNT, "a", f"turn {turn}")
        before, reader = pairs, Reader(folder)
        for relation in RELATIONS:
            assert found(reader, relation) == {name for name, has in pairs.items() if relation in has}
        some = {name for name, has in pairs.items() if set(has) - {"different"}}
        assert found(reader, ANY) == some and found(reader, ANY, alone=True) == set(IDS) - some
        assert all("paired" not in item for item in reader.all())


def test_what_is_gone_is_not_marked_and_a_change_keeps_what_is_known(tmp_path: Path) -> None:
    index = begun(tmp_path)
    search.mark(index, lambda iri: ["copy"], "one", None)
    again = small.change(9, "north-oai", "k1", small.record("north-oai", "k1", {"en": "Other"}))
    gone = small.change(8, "north-oai", "k0", small.record("north-oai", "k0", {"en": "x"}))
    gone = replace(gone, kind="tombstone", stated="")
    arguments = (small.LABELS, small.FEEDS, 9, "a", ABOVE)
    search.apply(index, [gone, again], *arguments, relations=lambda iri: ["version"])
    assert search.marker(index) == search.Marker(9, "a", "one")
    page = Reader(tmp_path).search(ResourceQuery(paired=("version",)))
    assert [item["id"] for item in page.items] == ["north-oai/k1"]
    assert search.mark(index, lambda iri: ["copy"], "two", ["north-oai/k0", "north-oai/k1"]) == 1
    assert Reader(tmp_path).search(ResourceQuery(paired=("copy",))).total == COUNT - 1


def test_an_index_that_was_never_written_cannot_be_marked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="never written"):
        search.mark(search.open_index(tmp_path), lambda iri: [], "one", None)
