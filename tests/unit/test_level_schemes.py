"""Steps of other schemes of levels: brought to ours where it is known which is meant, else left."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.crosswalk import levels
from registry.crosswalk.values import Values, load
from registry.iris import Iris
from registry.model import Feed
from registry.vocabulary import Scheme

BASE = "https://registry.example"
ADDED = {
    "own": Scheme("own", "level", 3, {"en": "Our steps"}, {"1": (), "2": (), "3": ()}, {"1": "basic", "3": "advanced"})
}
VOCABULARY = {"own": {"Newcomer": "1", "Colleague": "2", "Master": "3"}}


def values(scheme: str = "") -> Values:
    options = {"level_scheme": scheme} if scheme else {}
    feed = Feed("f", "a", "table", "https://x.example/", options=options)
    return load(Iris(BASE), feed, VOCABULARY, ADDED)


def level(s: str, scheme: str = "") -> str | None:
    found = values(scheme).concept("level", s)
    return found.rsplit("/", 1)[-1] if found else None


@pytest.mark.parametrize(("said", "meant"), [
    ("Level 3 of 5", "intermediate"), ("level 1 of 2", "basic"), ("3/5", "intermediate"), ("5 / 5", "advanced"),
    ("niveau 2 sur 4", "intermediate"), ("Niveau : 1 sur 3", "basic"), ("Nivel 3 de 3", "advanced"),
    ("2 out of 2", "advanced"), ("Stufe 1 von 5", "basic"), ("Stufe III von 5", "intermediate"), ("1/6", "basic"),
    ("Level 2/3", "intermediate"), ("basic", "basic"), ("Intermédiaire", "intermediate"),
    # Which scheme they belong to is not said, or there is no such step.
    ("3", None), ("Level 3", None), ("B2", None), ("6/5", None), ("0/5", None), ("1/7", None), ("3/5/2024", None),
    ("Level 4 of 3", None), ("contributing", "basic"), ("", None), ("1/1", None),
])  # fmt: skip
def test_what_says_itself_how_many_steps_there_are(said: str, meant: str | None) -> None:
    assert level(said) == meant


@pytest.mark.parametrize(("scheme", "said", "meant"), [
    ("siap", "1", "basic"), ("siap", "Level 3", "intermediate"), ("siap", "niveau 5", "advanced"), ("siap", "6", None),
    ("siap", "Stufe IV", "advanced"), ("ess", "Contributing", "basic"), ("ess", "2", "advanced"),
    ("gsg", "SCS", "advanced"), ("gsg", "2", "intermediate"), ("hlg-mos", "3", "advanced"), ("cefr", "B2", "intermediate"),
    ("cefr", "Level C1", "advanced"), ("cefr", "a2", "basic"), ("lom", "very easy", "basic"), ("lom", "3", "intermediate"),
    ("siap", "Advanced", "advanced"), ("siap", "2/3", "intermediate"), ("nobody", "3", None), ("own", "3", "advanced"),
    ("own", "2", None), ("own", "Level 1", "basic"),
])  # fmt: skip
def test_bare_steps_of_a_named_scheme(scheme: str, said: str, meant: str | None) -> None:
    assert level(said, scheme) == meant


def test_names_of_an_added_scheme_count_everywhere_its_numbers_do_not() -> None:
    assert (level("master"), level("Newcomer"), level("Colleague"), level("1")) == ("advanced", "basic", None, None)


def test_the_table_is_whole_and_never_falls() -> None:
    path = Path(levels.__file__).parent / "tables" / "level-schemes.tsv"
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines(), delimiter="\t"))
    order = ("basic", "intermediate", "advanced")
    steps = defaultdict(list)
    for row in rows:
        steps[row["scheme"]].append((int(row["step"]), order.index(row["level"])))
    assert {f"steps-{n}" for n in range(2, 7)} | set(levels.names()) == set(steps)
    for scheme, found in steps.items():
        assert [number for number, _ in found] == list(range(1, len(found) + 1)), scheme
        assert [height for _, height in found] == sorted(height for _, height in found), scheme
        if scheme.startswith("steps-"):
            assert len(found) == int(scheme[-1]) and (found[0][1], found[-1][1]) == (0, 2)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40), st.sampled_from(["", "siap", "cefr", "own", "x"]))
def test_any_text_is_a_level_or_none(said: str, scheme: str) -> None:
    assert levels.step(said, scheme, ADDED, {"own": {"master": "3"}}) in (None, "basic", "intermediate", "advanced")
