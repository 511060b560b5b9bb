"""Two lists paired off one to one, by weights that the lists themselves give."""

from __future__ import annotations

import random

import numpy as np

from benchmarks.matching_records import change, names, strings
from registry.matching import explore
from registry.matching.features import extract
from registry.matching.normalise import load_tables
from registry.matching.partners import mutual
from registry.matching.traits import codes, grams
from registry.model import Change
from registry.terms import Term, text

PAIRS = 60


def word(chance: random.Random) -> str:
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(3))


def entry(feed: str, key: str, title: str, description: str) -> Change:
    values: dict[str, list[Term]] = {
        "name": names(title, "en"), "inLanguage": strings("en"),
        "description": [text(description, "en")] if description else [],
    }  # fmt: skip
    return change(feed, key, values)


def two_lists() -> tuple[list[Change], list[Change]]:
    """Records that two lists describe each in words of its own; another of the second list, not described, has a word
    less in common with each."""
    chance = random.Random(4)
    ours, theirs = [], []
    for number in range(PAIRS):
        one, two, three = (word(chance) for _ in range(3))
        told = [" ".join(word(chance) for _ in range(30)) for _ in range(2)]
        ours.append(entry("a", str(number), f"{one} {two} handbook", told[0]))
        theirs.append(entry("b", str(number), f"{one} {two} companion", told[1]))
        theirs.append(entry("b", f"{number}-other", f"{one} {three} companion", ""))
    return ours, theirs


def keys(found: list[tuple[str, str, float]]) -> list[tuple[str, str]]:
    return [(a.rsplit("/", 1)[1], b.rsplit("/", 1)[1]) for a, b, _ in found]


def test_lists_that_describe_in_their_own_words_are_paired_by_their_titles() -> None:
    """The shipped weights take other descriptions for other things; these lists show that they are not."""
    ours, theirs = two_lists()
    found = explore.one_to_one(ours, theirs)
    assert keys(found) == sorted((str(number), str(number)) for number in range(PAIRS))
    again = explore.one_to_one(reversed(ours), reversed(theirs))
    assert again == found


def test_the_best_of_both_ends_are_partners() -> None:
    left = np.array([1, 1, 2, 3, 3], np.int64)
    right = np.array([2, 4, 4, 4, 5], np.int64)
    weights = np.array([5.0, 9.0, 6.0, 8.0, 1.0])
    assert mutual(left, right, [weights]).tolist() == [False, True, False, False, False]
    # 3 prefers 4, which prefers 1; where weights are equal the next rank decides.
    weights[:] = 1.0
    assert mutual(left, right, [weights, np.array([5.0, 9.0, 6.0, 8.0, 1.0])]).tolist()[1]
    assert mutual(left[:0], right[:0], [weights[:0]]).tolist() == []


def test_a_title_is_as_like_another_whatever_the_order_of_its_words() -> None:
    assert grams("sampling of households") == grams("households of sampling")
    assert grams("a") != b"" and grams("") == b""


def test_codes_of_titles_are_compared_as_written_in_one() -> None:
    tables = load_tables()

    def of(title: str) -> set[str]:
        return codes(extract(entry("a", "1", title, ""), tables))

    assert of("Course STAT-101A") == of("Lessons (STAT101A)") == {"stat101a"}
    assert "2018" in of("PISA-2018 data") & of("PISA 2018: data")
    assert "3" in of("A 3-day course") & of("Curso de 3 días")
    assert of("Sampling") == set()
