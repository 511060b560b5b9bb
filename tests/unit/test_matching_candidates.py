"""What brings two records together: codes however they are written, words that others have, signals of any language."""

from __future__ import annotations

from itertools import combinations

import pytest

from benchmarks.matching_records import change, names, strings
from registry.matching import explore
from registry.matching.features import extract
from registry.matching.keys import language_of, title_codes
from registry.matching.normalise import load_tables
from registry.matching.titles import parse
from registry.model import Change
from registry.terms import XSD, Iri, Literal, Term

TABLES = load_tables()


def codes(title: str) -> set[str]:
    return title_codes(parse(title, "en", TABLES))


def resource(made: Change) -> str:
    return made.subject.replace("/id/record/", "/id/resource/")


def pairs_of(records: list[Change]) -> dict[frozenset[str], tuple[str, ...]]:
    return {frozenset(pair): names for pair, names in explore.candidates(records, {}).items()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Introduction to SDMX-ML2.1", "SDMXML2.1 for beginners"),
        ("STAT 101 Sampling", "Sampling (STAT-101)"),
        ("Advanced imputation, UNECE-STAT101A", "STAT101"),
    ],
)
def test_a_code_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert codes(one) & codes(other)


def test_years_and_plain_numbers_are_no_codes() -> None:
    assert codes("Survey 2024, module 3, part 12") == set()
    assert codes("Sampling") == set()


def test_words_that_nobody_else_has_do_not_stand_in_the_place_of_shared_ones() -> None:
    """Two titles share two words among many that are theirs alone."""
    alone = ["qua", "zel", "vim", "yor", "wex", "uln"]
    shared = [f"a{n}" for n in range(6)]
    records = [
        change("f", str(n), {"name": names(" ".join([*shared, *(word + "abc"[n % 3] * n for word in alone)]), "en")})
        for n in range(1, 6)
    ]
    found = pairs_of(records)
    for one, other in combinations(records, 2):
        assert "words" in found[frozenset((resource(one), resource(other)))]


def learning(feed: str, number: int, title: str, language: str, minutes: int, day: str) -> Change:
    values: dict[str, list[Term]] = {
        "name": names(title, language), "inLanguage": strings(language), "datePublished": strings(day),
        "timeRequired": [Literal(f"PT{minutes}M", XSD + "duration")],
        "about": [Iri("http://localhost:8000/id/concept/gsbpm/4.1"), Iri("http://localhost:8000/id/concept/gsbpm/5.2")],
    }  # fmt: skip
    return change(feed, str(number), values, ["Ana Mendes"])


def test_two_signals_of_any_language_bring_a_translation_among_many_of_its_own_language() -> None:
    """More records share words with a course than a list holds; its translation shares none, and is looked at."""
    title = "Sampling frames for household surveys"
    ours = learning("a", 0, title, "en", 95, "2024-03-01")
    theirs = learning("b", 1, "Кадры выборки", "ru", 95, "2024-03-01")
    crowd = [
        learning("c", n, f"{title} {'abcdefgh'[n % 8] * 3}{n}", "en", 95, "2024-03-01") for n in range(2, 60)
    ]  # all of them share more with it
    found = pairs_of([ours, theirs, *crowd])
    assert frozenset((resource(ours), resource(theirs))) in found
    assert {"people", "topics", "dates"} <= set(found[frozenset((resource(ours), resource(theirs)))])


def test_the_language_of_a_record_is_its_only_one() -> None:
    def of(*languages: str) -> int:
        values: dict[str, list[Term]] = {"name": names("12", ""), "inLanguage": strings(*languages)}
        return language_of(extract(change("a", "1", values), TABLES))

    assert of("en") == of("en-GB") != of("fr") > 0
    assert of() == of("en", "fr") == 0
