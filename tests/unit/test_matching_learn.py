"""A learnt model at work: chances are shown where they were measured, partial equals whole, another model and back."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.matching_records import IRIS, change, names, strings
from registry.matching import Matcher, MatchModel, from_parts, load_rules
from registry.matching.calibrate import ENOUGH, Calibration
from registry.matching.chances import TOLD, Chances
from registry.matching.difference import between
from registry.matching.learn import Learnt, Said
from registry.matching.modelled import named
from registry.matching.proven import Proven
from registry.model import Change, Decision, Match
from registry.terms import text
from tests.unit.test_matching_matcher import some_record

TOPICS = (
    "survey sampling weighting imputation census prices indices labour poverty energy trade tourism metadata registers"
    " editing outliers confidentiality geography classification questionnaire"
).split()
RULES = load_rules()
CLIMB = Chances(
    {"OK.TITLE_AND_TEXT": -2.0, "OK.TITLE_AND_AUTHORS": -2.0, "OV.SAME_TITLE": -1.0, "OV.SAME_TOPIC": -3.0},
    {"OK.TITLE_AND_TEXT": 0.4, "OK.TITLE_AND_AUTHORS": 0.4, "OV.SAME_TITLE": 0.0, "OV.SAME_TOPIC": 0.3},
    Calibration((-4.0, -1.0, 2.0, 4.0), (0.05, 0.3, 0.8, 0.95), ENOUGH),
)
LEARNT = Proven(
    {"VER.TITLE_EDITION": {"run": 30.0, "version": 2.0}, "OK.SAME_TEXT": {"copy": 3.0, "different": 20.0}}, {}
)


def courses(number: int = 60) -> list[Change]:
    """Courses that two academies list: with the same text, with another text, or in another year."""
    rnd, found = random.Random(7), []
    for n in range(number):
        title = " ".join(rnd.sample(TOPICS, 3)).title()
        prose = " ".join(rnd.choice(TOPICS) for _ in range(50))
        other = " ".join(rnd.choice(TOPICS) for _ in range(50))
        sides = (("a", title, prose), ("b", title + (" 2024" if n % 3 == 2 else ""), other if n % 3 == 1 else prose))
        for feed, name, told in sides:
            values = {"name": names(name, "en"), "inLanguage": strings("en"), "description": [text(told, "en")]}
            found.append(replace(change(feed, str(n), values), sequence=len(found) + 1))  # type: ignore[arg-type]
    return found


def resource(feed: str, number: int) -> str:
    return str(IRIS.resource(feed, str(number)))


def said(matches: list[Match]) -> list[Said]:
    """What somebody says of pairs who knows the courses."""
    found = []
    for one in matches:
        same = one.left.rpartition("/")[2] == one.right.rpartition("/")[2]
        kind = int(one.left.rpartition("/")[2]) % 3
        relation = ("copy", "derivative", "run")[kind] if same else "different" if kind else "overlap"
        found.append(Said(one.left, one.right, relation))  # type: ignore[arg-type]
    return found


def learnt(**more: object) -> tuple[Learnt, list[Match]]:
    with Matcher(None, {}) as matcher:
        matcher.rebuild(courses(), tell=False)
        matches = list(matcher.all())
        return matcher.learn(said(matches), **more), matches  # type: ignore[arg-type]


def with_learnt(model: MatchModel) -> MatchModel:
    return named(replace(model, proven=LEARNT, chances=CLIMB))


@pytest.mark.parametrize("seed", range(2))
def test_with_a_learnt_model_what_changed_alone_equals_matching_everything(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.matching.matcher.MANY", 0)
    rnd, academies = random.Random(seed), {"a": "one", "b": "one"}
    standing: dict[str, Change] = {}
    decisions: list[Decision] = []
    with Matcher(None, academies) as first:
        first.rebuild([some_record(rnd, n) for n in range(40)], tell=False)
        assert first.model is not None
        model = with_learnt(first.model)
    seen: Counter[bool] = Counter()
    with Matcher(None, academies, model=model) as matcher:
        for step in range(5):
            batch = []
            for _ in range(rnd.randint(1, 6) if step else 40):
                number = rnd.randrange(40)
                one = replace(some_record(rnd, number), sequence=matcher.marker()[0] + len(batch) + 1)
                batch.append(one)
                standing[one.subject] = one
            here = sorted(standing)
            left, right = (subject.replace("/record/", "/resource/") for subject in rnd.sample(here, 2))
            decisions.append(Decision(min(left, right), max(left, right), "confirm", "copy", "ana", str(step)))
            matcher.apply(batch, decisions, tell=False)
            with Matcher(None, academies, model=model) as whole:
                whole.rebuild(list(standing.values()), decisions, tell=False)
                assert list(matcher.all()) == list(whole.all())
                works, anew = (sorted((w.level, w.members) for w in one.works()) for one in (matcher, whole))
                assert works == anew
            seen.update(one.probability is not None for one in matcher.all())
    assert seen[True] and seen[False]


def test_a_chance_is_that_of_rule_and_weight_and_what_is_hardly_ever_right_is_not_told() -> None:
    with Matcher(None, {}) as matcher:
        matcher.rebuild(courses(), tell=False)
        before = list(matcher.all())
        assert matcher.model is not None and all(one.probability is None for one in before)
        matcher.use(with_learnt(matcher.model))
        matcher.apply([], None, tell=False)
        after = {(one.left, one.right): one for one in matcher.all()}
    told = 0
    for one in before:
        chance = CLIMB.chance(one.rule, one.weight)
        found = after.get((one.left, one.right))
        assert (found is None) == (chance is not None and chance < TOLD), (one, chance)
        if found is None:
            continue
        told += chance is not None
        assert found.probability == (None if chance is None else pytest.approx(chance, abs=2e-4))
        wanted = found.probability if chance is not None else found.confidence
        assert found.confidence == wanted and found.reasons == one.reasons
    assert told and len(after) < len(before)


def test_what_people_decided_shows_the_people_and_no_chance() -> None:
    with Matcher(None, {}) as matcher:
        matcher.rebuild(courses(), tell=False)
        assert matcher.model is not None
        matcher.use(with_learnt(matcher.model))
        pair = (resource("a", 0), resource("b", 0))
        matcher.apply([], None, tell=False)
        assert next(one for one in matcher.all() if (one.left, one.right) == pair).probability is not None
        matcher.apply([], [Decision(*pair, "confirm", "copy", "Ana", "2026-01-01T00:00:00Z")], tell=False)
        found = next(one for one in matcher.all() if (one.left, one.right) == pair)
    assert (found.probability, found.confidence, found.reviewer, found.rule) == (None, 1.0, "Ana", "DEC.PERSON")


def test_reasons_add_up_to_the_weight() -> None:
    with Matcher(None, {}) as matcher:
        matcher.rebuild(courses(), tell=False)
        for one in matcher.all():
            assert sum(reason.weight for reason in one.reasons) == pytest.approx(one.weight, abs=0.01)
            assert {reason.comparison for reason in one.reasons} >= {"title", "text"}


def test_a_rule_that_concludes_something_else_retypes_its_pairs_and_has_no_source() -> None:
    titles = [
        f"{title}, edition {n}" for title in ("Survey sampling and weighting", "Index of prices") for n in (1, 2)
    ]
    editions = [
        replace(change("a", str(n), {"name": names(title, "en"), "inLanguage": strings("en")}), sequence=n + 1)
        for n, title in enumerate(titles)
    ]
    with Matcher(None, {}) as matcher:
        matcher.rebuild(editions, tell=False)
        before = list(matcher.all())
        assert {(one.rule, one.relation) for one in before} == {("VER.TITLE_EDITION", "version")}
        assert all(one.source for one in before) and matcher.model is not None
        matcher.use(with_learnt(matcher.model))
        matcher.apply([], None, tell=False)
        after = list(matcher.all())
    assert [(one.rule, one.relation, one.source) for one in after] == [("VER.TITLE_EDITION", "run", "")] * len(before)


def test_the_order_of_what_people_said_changes_nothing() -> None:
    one, matches = learnt()
    with Matcher(None, {}) as matcher:
        matcher.rebuild(reversed(courses()), tell=False)
        other = matcher.learn(random.Random(1).sample(said(matches), len(matches)))
    assert (one.model.version, one.report) == (other.model.version, other.report)
    assert one.model.parts() == other.model.parts()


def test_what_was_learnt_is_read_as_it_was_saved() -> None:
    found, _ = learnt(unlabelled=True)
    assert found.model.proven and found.model.chances
    again = from_parts({**found.model.parts(), "changes": b"more"})
    assert (again.version, again.chances, again.proven) == (
        found.model.version, found.model.chances, found.model.proven,
    )  # fmt: skip


def test_a_report_says_what_was_learnt_from_how_much() -> None:
    found, matches = learnt()
    report = found.report
    assert report["answers"]["pairs"] == len(matches) == report["answers"]["usable"] >= ENOUGH
    assert report["answers"]["not compared"] == report["answers"]["random"] == 0
    rules = {one["rule"]: one for one in report["rules"]}
    counts = Counter(one.rule for one in matches)
    assert {code: one["answers"] for code, one in rules.items()} == counts
    # People said of all of them that one was adapted from the other: so the rule concludes that now.
    assert rules["OV.SAME_TITLE"]["right"] == counts["OV.SAME_TITLE"] == 20
    assert rules["OV.SAME_TITLE"]["relation"] == ["overlap", "derivative"]
    chances = report["chances"]
    assert chances["brier"] < chances["brier_of_bands"] and chances["random"] is False
    assert set(chances["rules"]) <= set(rules)


def test_too_few_answers_leave_weights_and_bands_and_say_how_many_there_are() -> None:
    with Matcher(None, {}) as matcher:
        matcher.rebuild(courses(), tell=False)
        some = said(list(matcher.all()))[: ENOUGH - 1]
        gone = Said(resource("a", 1), "https://example.org/gone", "copy")
        found = matcher.learn([*some[:8], gone])
        assert found.model.chances is None and found.report["chances"] == {"needed": ENOUGH}
        assert found.report["answers"]["not compared"] == 1 and found.report["answers"]["usable"] == 8
        assert "within: few pairs" in found.report["weights"]["kept"]
        assert matcher.model is not None
        assert found.model.scoring.within == matcher.model.scoring.within
        assert matcher.learn(some).report["chances"] == {"needed": ENOUGH}


def test_two_working_files_are_compared_pair_by_pair_and_work_by_work(tmp_path: Path) -> None:
    lists = []
    for name in ("one", "two"):
        with Matcher(tmp_path / name, {}) as matcher:
            matcher.rebuild(courses(), tell=False)
            if name == "two":
                assert matcher.model is not None
                matcher.use(with_learnt(matcher.model))
                matcher.apply([], [Decision(resource("a", 0), resource("b", 1), "confirm", "copy", "Ana", "1")])
            lists.append({(one.left, one.right): one for one in matcher.all()})
            works = [set(work.members) for work in matcher.works() if work.level == "work"]
            lists.append(works)  # type: ignore[arg-type]
    before, works_before, after, works_after = lists
    with between(tmp_path / "one", tmp_path / "two") as difference:
        moved = list(difference.pairs(1000))
        counts, totals = difference.counts(), difference.totals()
        changed = difference.works("work")
        merged, split = difference.merged("work", 50), difference.split("work", 50)
        few = list(difference.pairs(2))
    assert {(one.left, one.right) for one in moved if one.kind == "lost"} == set(before) - set(after)
    assert {(one.left, one.right) for one in moved if one.kind == "gained"} == set(after) - set(before)
    retyped = {pair for pair in set(before) & set(after) if before[pair].relation != after[pair].relation}
    assert {(one.left, one.right) for one in moved if one.kind == "retyped"} == retyped
    assert sum(counts["lost"].values()) == len(set(before) - set(after)) > 0
    assert (totals["before"], totals["after"]) == (len(before), len(after))
    assert totals["confidence"] == sum(
        before[pair].confidence != after[pair].confidence
        for pair in set(before) & set(after)
        if (before[pair].relation, before[pair].status, before[pair].source)
        == (after[pair].relation, after[pair].status, after[pair].source)
    )
    assert len(few) == 2 and {one.kind for one in few} <= {"gained", "lost", "retyped", "standing"}
    assert (changed.before, changed.after) == (len(works_before), len(works_after))
    joined = [now for now in works_after if sum(bool(now & then) for then in works_before) > 1]
    parted = [
        then for then in works_before
        if not any(then <= now for now in works_after) and any(then & now for now in works_after)
    ]  # fmt: skip
    assert changed.merged == len(joined) == len(merged) and changed.split == len(parted) == len(split)
    assert {frozenset(one) for one in merged} == {frozenset(one) for one in joined}
    gone = [then for then in works_before if not any(then & now for now in works_after)]
    assert changed.gone == len(gone)
