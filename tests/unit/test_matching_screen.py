"""Screen and rules together say of every pair what the rules say."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest

from benchmarks.generate_catalogue import Catalogue, changes
from benchmarks.labelled_truth import SHARED, catalogue_records, lesson_records
from benchmarks.matching_records import change, links, names, strings
from registry.matching import Matcher, measures, screen
from registry.matching.blocks import within
from registry.model import Change
from registry.terms import Term, text
from tests.support.measured_pairs import everything_judged

WORDS = (
    "survey sampling weights git github python r sdmx basics advanced imputation census index prices metadata quality"
    " introduction webinar module 1 2 2023 2024 statistics statistical methods method échantillonnage enquêtes et of"
    " データ 統計 опитування вибірка"
).split()
PLACES = (
    "https://a.org/en/{}", "https://a.org/fr/{}", "https://b.org/course?id={}", "https://github.com/o{}/git-r",
    "https://b.org/uk/unit-{}", "https://c.org/ja/part-{}",
)  # fmt: skip
TITLES = (
    "Survey sampling", "Survey sampling 2024", "Git basics", "R for statistics", "Survey sampling: weights",
    "Survey sampling: imputation", "o1/git-r: v1.0", "o1/git-r: first release", "Annual report 2023",
    "Annual report 2024", "Survey sampling (short)", "Census methods", "Census weights",
)  # fmt: skip
CONCEPTS = tuple(f"http://localhost:8000/id/concept/gsbpm/{name}" for name in ("1", "4.1", "5.3", "7"))


def records(number: int, seed: int) -> Iterator[Change]:
    """Records of few words, so that every pair has something in common."""
    chance = random.Random(seed)
    for key in range(number):
        language = chance.choice(["en", "en", "fr", "uk", "ja", ""])
        titles = [" ".join(chance.choices(WORDS, k=chance.choice([1, 2, 3, 3, 4, 5, 20])))]
        if chance.random() < 0.2:
            titles = [chance.choice(TITLES)]
        if chance.random() < 0.1:
            titles.append(" ".join(chance.choices(WORDS, k=3)))
        prose = " ".join(chance.choices(WORDS[:12], k=40)) if chance.random() < 0.4 else "about " + titles[0]
        days = ["2023-01-02", "2024-05-06", ""]
        values: dict[str, list[Term]] = {
            "name": [name for title in titles for name in names(title, language)] if chance.random() < 0.95 else [],
            "inLanguage": strings(language), "description": [text(prose, language)],
            "url": links([chance.choice(PLACES).format(chance.randrange(50))]),
            "about": links(chance.sample(CONCEPTS, chance.randrange(3))),
            "keywords": [text(word, "en") for word in chance.sample(WORDS, chance.choice([0, 1, 2, 18]))],
            "dateCreated": strings(chance.choice(days)), "datePublished": strings(chance.choice(days)),
            "timeRequired": strings(chance.choice(["PT2H", "PT3H", ""])),
            "courseCode": strings(chance.choice(["", "", "key-a0000001", "101"])),
            "startDate": strings(chance.choice([*days, ""])),
        }  # fmt: skip
        authors = chance.sample(["Ana Sol", "Bo Li", "Chi Mo"], chance.randrange(3))
        yield change("abc"[chance.randrange(3)], str(key), values, authors)


def outcomes(found: list[Change], academies: dict[str, str]) -> dict[tuple[int, int], tuple[object, ...]]:
    with Matcher(None, academies, workers=1) as matcher:
        matcher.rebuild(found, tell=False)
        rows = matcher.query("SELECT l, r, rule, relation, source, strong, answers, round(score, 6) FROM outcome")
    return {(row[0], row[1]): row[2:] for row in rows}


@pytest.mark.parametrize("seed", range(6))
def test_the_screen_says_what_the_rules_say(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(records(120, seed))
    fast = outcomes(found, {"a": "x", "b": "y", "c": "x"})
    everything_judged(monkeypatch)
    slow = outcomes(found, {"a": "x", "b": "y", "c": "x"})
    assert fast == slow
    kinds = Counter(row[0] for row in slow.values())
    assert kinds["OV.SAME_TOPIC"] > 100 and len(kinds) > 4, kinds


def test_the_screen_says_what_the_rules_say_of_a_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(changes(1_000))
    academies = {feed.id: academy.id for academy in Catalogue(1_000).academies().values() for feed in academy.feeds}
    judged = Counter[int]()
    seen = measures.screen

    def counting(*given: object) -> tuple[screen.Verdicts, screen.Reals]:
        verdicts, near = seen(*given)  # type: ignore[arg-type]
        judged.update(verdicts.tolist())
        return verdicts, near

    monkeypatch.setattr(measures, "screen", counting)
    fast = outcomes(found, academies)
    assert judged[screen.JUDGE] < 0.15 * judged.total(), judged  # it spares most of the work
    everything_judged(monkeypatch)
    assert fast == outcomes(found, academies)


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
@pytest.mark.parametrize("of", [catalogue_records, partial(lesson_records, True)])
def test_the_screen_says_what_the_rules_say_of_real_records(
    of: Callable[[], Iterator[tuple[str, Change]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [one for _, one in of()]
    fast = outcomes(found, {})
    everything_judged(monkeypatch)
    assert fast == outcomes(found, {})
    assert len(fast) > 300


def test_what_numbers_alone_told_is_shown_with_its_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(records(90, 7))
    with Matcher(None, {"a": "x", "b": "y", "c": "z"}, workers=1) as matcher:
        fast = matcher.rebuild(found).upserts
        assert matcher.query("SELECT count(*) FROM shown")[0][0] > 5
    everything_judged(monkeypatch)
    with Matcher(None, {"a": "x", "b": "y", "c": "z"}, workers=1) as matcher:
        assert matcher.rebuild(found).upserts == fast
        assert matcher.query("SELECT count(*) FROM shown")[0][0] == 0
    assert all(match.evidence for match in fast)


def test_sets_side_by_side() -> None:
    chance = np.random.default_rng(1)
    sets = [[set(chance.integers(1, 9, chance.integers(0, 5)).tolist()) for _ in range(200)] for _ in range(2)]
    one, other = (
        np.array([sorted(members) + [0] * (8 - len(members)) for members in side], np.uint32) for side in sets
    )
    for n, (a, b) in enumerate(zip(*sets, strict=True)):
        assert set(one[n][within(one, other)[n]].tolist()) == a & b
