"""What people answered to rules: confidence, conclusion, standing, and chances that were measured."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

import duckdb
import numpy as np
import pytest

from registry.matching import chances
from registry.matching.calibrate import ENOUGH, ece
from registry.matching.chances import MEASURED, Answered, Chances
from registry.matching.outcome import load_rules
from registry.matching.proven import Proven, applied, counted, unread_needs, wilson

RULES = load_rules()


def answers(rule: str, *, drawn: bool = False, **relations: int) -> Proven:
    said = [(rule, relation.replace("_", "-"), 1.0) for relation, number in relations.items() for _ in range(number)]
    return Proven(counted(said), counted(said if drawn else []))


@pytest.mark.parametrize(
    ("right", "answers", "low", "high"),
    # Published values of Wilson's interval (Newcombe 1998, table I, method 3).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(right: int, answers: int, low: float, high: float) -> None:
    assert wilson(right, answers) == pytest.approx((low, high), abs=5e-5)


def test_nothing_answered_leaves_the_rules_as_they_are() -> None:
    assert applied(RULES, None) == RULES == applied(RULES, Proven({}, {}))


def test_answers_move_a_band_towards_the_share_that_was_right() -> None:
    rule = applied(RULES, answers("OK.TITLE_AND_AUTHORS", copy=30, different=10))["OK.TITLE_AND_AUTHORS"]
    assert rule.confidence == pytest.approx((30 + 5 * 0.7) / 45, abs=1e-4)
    assert (rule.relation, rule.status) == ("copy", "candidate")
    assert rule.words == RULES["OK.TITLE_AND_AUTHORS"].words


def test_hardly_changed_is_right_where_the_same_was_said() -> None:
    found = applied(RULES, answers("OK.TITLE_AND_AUTHORS", near_copy=30))
    assert found["OK.TITLE_AND_AUTHORS"].confidence > 0.95


def test_only_more_than_half_for_sure_makes_a_rule_conclude_something_else() -> None:
    few = applied(RULES, answers("VER.TITLE_EDITION", run=19))["VER.TITLE_EDITION"]
    close = applied(RULES, answers("VER.TITLE_EDITION", run=12, version=8))["VER.TITLE_EDITION"]
    sure = applied(RULES, answers("VER.TITLE_EDITION", run=30, version=5))["VER.TITLE_EDITION"]
    apart = applied(RULES, answers("VER.TITLE_EDITION", different=40))["VER.TITLE_EDITION"]
    assert [one.relation for one in (few, close, sure, apart)] == ["version", "version", "run", "version"]
    assert sure.confidence == pytest.approx((30 + 2.5) / 40, abs=1e-4)
    assert apart.confidence < 0.1


def test_a_rule_accepts_unread_only_when_the_random_sample_shows_it() -> None:
    needed = unread_needs()
    assert wilson(needed, needed)[0] >= 0.99 > wilson(needed - 1, needed - 1)[0]

    def status(number: int, wrong: int = 0, drawn: bool = True) -> str:
        found = answers("TR.ADDRESS", drawn=drawn, translation=number, different=wrong)
        return applied(RULES, found)["TR.ADDRESS"].status

    assert status(needed) == "accepted"
    assert status(needed - 1) == "candidate"
    assert status(needed, drawn=False) == "candidate"
    assert status(needed, wrong=4) == "candidate"


def test_a_rule_that_proves_wrong_asks_people_again() -> None:
    def status(right: int, wrong: int) -> str:
        return applied(RULES, answers("OK.SAME_URL", copy=right, different=wrong))["OK.SAME_URL"].status

    assert RULES["OK.SAME_URL"].status == "accepted"
    assert (status(1, 1), status(200, 0), status(199, 1), status(25, 3)) == ("accepted",) * 3 + ("candidate",)


def test_statements_guards_and_decisions_are_not_learnt() -> None:
    for code in ("TR.DECLARED", "NO.LEVEL", "DEC.PERSON", "OK.DECLARED_CONFLICT"):
        assert applied(RULES, answers(code, run=50, different=50))[code] == RULES[code]


def test_what_is_counted_is_read_as_it_was_saved_whatever_the_order() -> None:
    said = [("OK.SAME_URL", "copy", 1 / 3), ("OK.SAME_URL", "near-copy", 1 / 3), ("VER.TITLE_EDITION", "run", 1.0)]
    found = Proven(counted(said), counted(said[1:]))
    assert found == Proven(counted(reversed(said)), counted(said[:0:-1]))
    assert Proven.from_json(found.to_json()) == found
    assert found.answers["OK.SAME_URL"] == {"copy": pytest.approx(2 / 3, abs=1e-6)}


def drawn_answers(number: int, seed: int, *, random_sample: bool = False) -> list[Answered]:
    """Pairs of three rules that are right at rates of their own, one of them the more the more they weigh."""
    rng, found = random.Random(seed), []
    for n in range(number):
        rule = rng.choice(["OK.TITLE_AND_AUTHORS", "VER.TITLE_EDITION", "TR.ADDRESS"])
        weight = rng.uniform(-10, 20)
        likely = {"OK.TITLE_AND_AUTHORS": 1 / (1 + np.exp(-weight / 4)), "VER.TITLE_EDITION": 0.3, "TR.ADDRESS": 0.95}
        relation = RULES[rule].relation if rng.random() < likely[rule] else "different"
        found.append(Answered((n, n + 10_000), rule, relation, weight, 1.0, 2.0 if random_sample else 0.0))
    return found


def test_fewer_answers_than_enough_give_no_chance() -> None:
    assert chances.fit(drawn_answers(ENOUGH - 1, 1), RULES) is None
    half = [Answered(a.pair, a.rule, a.relation, a.weight, 0.5, 0.0) for a in drawn_answers(ENOUGH, 1)]
    assert chances.fit(half, RULES) is None


def test_chances_come_near_the_shares_and_nearer_than_bands() -> None:
    found, fresh = chances.fit(drawn_answers(600, 2), RULES), drawn_answers(4000, 3)
    assert found is not None
    told = [found.chances.chance(one.rule, one.weight) for one in fresh]
    truth = [one.relation != "different" for one in fresh]
    assert None not in told
    bands = [RULES[one.rule].confidence for one in fresh]
    assert ece([float(p) for p in told if p is not None], truth) < 0.04 < ece(bands, truth)
    assert found.brier < found.brier_of_bands
    assert (
        found.chances.chance("OK.TITLE_AND_AUTHORS", 20)
        > 0.9
        > 0.3
        > found.chances.chance("OK.TITLE_AND_AUTHORS", -10)
    )  # type: ignore[operator]


def test_a_rule_that_people_hardly_answered_keeps_its_band() -> None:
    few = [Answered((n, n + 50_000), "OK.SAME_TEXT", "copy", 3.0, 1.0, 0.0) for n in range(MEASURED - 1)]
    found = chances.fit([*drawn_answers(200, 4), *few], RULES)
    assert found is not None
    assert found.chances.chance("OK.SAME_TEXT", 3.0) is None
    assert found.chances.chance("OK.SAME_URL", 3.0) is None
    assert found.chances.chance("TR.ADDRESS", 3.0) is not None


def test_the_order_of_answers_changes_nothing() -> None:
    rows = drawn_answers(300, 5)
    turned = random.Random(6).sample(rows, len(rows))
    one, other = chances.fit(rows, RULES), chances.fit(turned, RULES)
    assert one == other and one is not None and other is not None
    assert one.chances.to_json() == other.chances.to_json()
    assert Chances.from_json(one.chances.to_json()) == one.chances


def test_the_line_rests_on_the_random_sample_where_that_is_enough() -> None:
    queue, sample = drawn_answers(200, 7), drawn_answers(ENOUGH, 8, random_sample=True)
    moved = [Answered((a.pair[0] + 500, a.pair[1] + 500), a.rule, a.relation, a.weight, 1.0, a.drawn) for a in sample]
    mixed, few = chances.fit([*queue, *moved], RULES), chances.fit([*queue, *moved[:-1]], RULES)
    assert mixed is not None and few is not None
    assert (mixed.random, mixed.chances.line.labels) == (True, ENOUGH)
    assert (few.random, few.chances.line.labels) == (False, 299)


def test_many_answers_on_one_record_are_tried_apart_all_the_same() -> None:
    rows = [replace(one, pair=(7, one.pair[1])) for one in drawn_answers(200, 10)]
    found = chances.fit(rows, RULES)
    assert found is not None and found.brier < found.brier_of_bands


def test_no_chance_is_certain() -> None:
    sure = [Answered((n, n + 999), "TR.ADDRESS", "translation", float(n), 1.0, 0.0) for n in range(150)]
    found = chances.fit(sure, RULES)
    assert found is not None
    assert {found.chances.chance("TR.ADDRESS", w) for w in (-50, 0, 200)} == {round(151 / 152, 4)}


def in_sql(found: Chances | None, asked: Iterable[tuple[str, float]]) -> list[float | None]:
    with duckdb.connect() as db:
        chances.know(db, found)
        db.execute("CREATE TABLE asked (nth BIGINT, rule VARCHAR, weight DOUBLE)")
        db.executemany("INSERT INTO asked VALUES (?, ?, ?)", [(n, *one) for n, one in enumerate(asked)])
        rows = db.execute(
            "SELECT chance_of(start + slope * weight) FROM asked LEFT JOIN chance ON code = rule ORDER BY nth"
        )
        return [chance for (chance,) in rows.fetchall()]


def test_sql_tells_the_same_chance() -> None:
    found = chances.fit(drawn_answers(400, 9), RULES)
    assert found is not None
    asked = [
        (rule, weight / 7) for rule in ("OK.TITLE_AND_AUTHORS", "TR.ADDRESS", "OV.TEXT") for weight in range(-200, 300)
    ]
    plain = [found.chances.chance(*one) for one in asked]
    for told, wanted in zip(in_sql(found.chances, asked), plain, strict=True):
        assert told == (None if wanted is None else pytest.approx(wanted, abs=1.01e-4))
    assert in_sql(None, asked[:3]) == [None] * 3
