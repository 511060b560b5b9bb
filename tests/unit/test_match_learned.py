"""From decisions in the ledger to a draft, its report, its use and the way back: `meta-academy match`."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.review_house import ReviewHouse, build
from typer.testing import CliRunner

from registry.cli import app
from registry.ledger import decisions, models, reviews
from registry.ledger.reviews import Drawn, Given
from registry.matching.calibrate import ENOUGH
from registry.model import Decision, Match
from registry.pipeline import learned, matched
from registry.pipeline.house import House, opened
from registry.pipeline.publisher import matches_now
from registry.settings import load

TOPICS = (
    "survey sampling weighting imputation census prices indices labour poverty energy trade tourism metadata registers"
    " editing outliers confidentiality geography classification questionnaire"
).split()
COURSES = 50
TIME = "2026-02-01T00:00:00Z"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> ReviewHouse:
    """A registry with courses that several academies list, matched, nothing decided."""
    made = build(tmp_path_factory.mktemp("learned"))
    rnd = random.Random(11)
    for n in range(COURSES):
        title = " ".join(rnd.sample(TOPICS, 3)).title()
        prose, other = (" ".join(rnd.choice(TOPICS) for _ in range(50)) for _ in range(2))
        made.put("north", f"c{n}", "en", title, prose)
        made.put("south", f"c{n}", "en", title, other if n % 3 == 1 else prose)
        if n % 2:
            made.put("island", f"c{n}", "en", title, other)
    assert call(made, "match").exit_code == 0
    return made


@pytest.fixture
def small(first: ReviewHouse, tmp_path: Path) -> ReviewHouse:
    """A copy of it."""
    shutil.copytree(first.folder, tmp_path / "copy")
    return ReviewHouse(tmp_path / "copy")


def environment(small: ReviewHouse) -> dict[str, str]:
    return {**small.environment, "META_ACADEMY_NOTICE_DAYS": "0"}


def call(small: ReviewHouse, *arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments), env=environment(small))


def told(small: ReviewHouse, *arguments: str) -> Any:
    done = call(small, "match", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def house(small: ReviewHouse) -> Any:
    return opened(load(environment(small)))


def matches(small: ReviewHouse) -> list[Match]:
    with house(small) as at, matches_now(at) as every:
        return list(every())


def judged(one: Match) -> str:
    """What somebody says who knows the courses: the same key is the same course, or another with the same title."""
    (left, key), (right, other) = (end.rsplit("/", 2)[-2:] for end in (one.left, one.right))
    if key != other:
        return "different" if (len(left) + sum(map(ord, key + other))) % 3 else "overlap"
    return "copy" if int(key[1:] or 0) % 3 != 1 and "island" not in left + right else "derivative"


def decide(small: ReviewHouse, number: int, says: Callable[[Match], str] = judged, seed: int = 1) -> list[Decision]:
    """Decisions on some pairs, appended in an order of its own."""
    chosen = [one for one in matches(small) if one.left.rpartition("/")[2].startswith("c")][:number]
    made = [_decision(one, says(one)) for one in chosen]
    connection = small.ledger()
    decisions.decide_all(connection, random.Random(seed).sample(made, len(made)))
    connection.close()
    return made


def _decision(one: Match, relation: str) -> Decision:
    verdict = "reject" if relation == "different" else "confirm" if relation == one.relation else "retype"
    return Decision(one.left, one.right, verdict, relation, "Ana", TIME)  # type: ignore[arg-type]


def test_without_an_answer_there_is_nothing_to_learn_and_that_is_said(small: ReviewHouse) -> None:
    done = call(small, "match", "train")
    assert done.exit_code == 2 and "there is no pair on which people agree" in done.output
    assert [one["version"] for one in told(small, "models")] == ["m1"]
    made = told(small, "train", "--unlabelled")
    assert (made["version"], made["learnt"]["weights"]["unlabelled"]) == ("m2", True)


def test_few_answers_say_how_many_there_are_and_how_many_are_needed(small: ReviewHouse) -> None:
    decide(small, 30)
    done = call(small, "match", "train")
    assert done.exit_code == 0, done.output
    assert "people agree on 30 pairs, 0 of them of the random sample" in done.output
    assert f"chances: none; 30 answers on rules, {ENOUGH} are needed" in done.output
    assert "20 of each are needed" in done.output and "381 of the random sample" in done.output
    assert "m2 is a draft: nothing public changes until “match use m2”" in done.output
    with house(small) as at:
        matched.match_all(at, TIME)
    assert all(one.probability is None for one in matches(small))


def test_a_draft_changes_nothing_then_it_is_used_and_the_way_back_is_exact(small: ReviewHouse, tmp_path: Path) -> None:
    decide(small, 3 * ENOUGH // 2)
    before = matches(small)
    assert call(small, "publish").exit_code == 0
    made = told(small, "train", "--by", "Ana", "--output", str(tmp_path / "changes.tsv"))
    version = made["version"]
    assert (version, made["against"], made["same_as"]) == ("m2", "m1", None)
    assert matches(small) == before
    assert not (small.folder / "var" / "matching-draft").exists()

    assert told(small, "use", version)["sequence"] and told(small, "use", version)["sequence"] is None
    after = matches(small)
    checked(made, before, after, (tmp_path / "changes.tsv").read_text("utf-8"))
    assert any(one.probability is not None for one in after)
    assert all(one.probability is None for one in after if one.reviewer)
    assert {one.model for one in after}.isdisjoint(one.model for one in before)
    done = call(small, "publish")
    assert done.exit_code == 0, done.output

    assert told(small, "use", "m1", "--by", "Ben")["sequence"]
    assert matches(small) == before
    listed = told(small, "models")
    assert [(one["version"], one["by"], one["state"], one["trained"]) for one in listed] == [
        ("m1", "meta-academy", "in use", False), ("m2", "Ana", "earlier", True),
    ]  # fmt: skip
    again = told(small, "report", version)
    assert again["edges"] == made["edges"] and again["state"] == "earlier"
    assert call(small, "match", "models").output.count("\n") == 2
    plain = call(small, "match", "report", version, "--first", "1").output
    assert "pairs, against m1" in plain and "calibrated on all answers (the random sample is too small)" in plain


def checked(report: Any, before: list[Match], after: list[Match], table: str) -> None:
    """The report says what really changes."""
    then, now = ({(m.left, m.right): m for m in some if m.status != "rejected" and m.relation != "different"}
                 for some in (before, after))  # fmt: skip
    edges = report["edges"]
    assert (edges["before"], edges["after"]) == (len(then), len(now))
    lost = Counter(then[pair].relation for pair in set(then) - set(now))
    gained = Counter(now[pair].relation for pair in set(now) - set(then))
    both = set(then) & set(now)
    retyped = Counter(
        f"{then[pair].relation} > {now[pair].relation}" for pair in both if then[pair].relation != now[pair].relation
    )
    assert (edges["lost"], edges["gained"], edges["retyped"]) == (dict(lost), dict(gained), dict(retyped))
    assert lost or gained or retyped, "the case is worth nothing if nothing changes"
    lines = [line.split("\t") for line in table.splitlines()]
    assert lines[0] == list(learned.COLUMNS) and report["listed"] == len(lines) - 1
    assert {(line[1], line[2]) for line in lines[1:] if line[0] == "lost"} == set(then) - set(now)
    assert all(line[3] and line[4] for line in lines[1:]), "pairs are named"


def test_one_ledger_gives_one_model_whatever_the_order_of_decisions(first: ReviewHouse, tmp_path: Path) -> None:
    versions = set()
    for seed in (1, 2):
        shutil.copytree(first.folder, tmp_path / str(seed))
        one = ReviewHouse(tmp_path / str(seed))
        decide(one, ENOUGH + 20, seed=seed)
        with house(one) as at:
            version = learned.train(at).version
            kept = models.load(at.connection, version)
            assert kept is not None
            versions.add(tuple(sorted(kept.parts.items())))
    assert len(versions) == 1


def test_what_is_learnt_twice_is_no_second_draft(small: ReviewHouse) -> None:
    decide(small, 40)
    version = told(small, "train")["version"]
    told(small, "use", version)
    again = told(small, "train")
    assert (again["version"], again["same_as"]) == (None, version)
    assert len(told(small, "models")) == 2


def test_what_cannot_be_used_is_refused_in_words(small: ReviewHouse) -> None:
    for arguments in (
        ("use", "m7"),
        ("report", "m7"),
        ("report", "m1", "--output", "x.tsv"),
        ("train", "--by", "meta-academy"),
    ):
        done = call(small, "match", *arguments)
        assert done.exit_code == 2 and done.output.strip(), arguments
    assert "there are: m1" in call(small, "match", "use", "m7").output
    connection = small.ledger()
    kept = models.load(connection, "m1")
    assert kept is not None
    body = json.loads(kept.parts["scoring"])
    body["within"]["comparisons"] = body["within"]["comparisons"][1:]
    models.save(connection, {**kept.parts, "scoring": json.dumps(body).encode()}, {}, time=TIME, by="old")
    connection.close()
    refused = call(small, "match", "use", "m2")
    assert refused.exit_code == 2 and "another version of matching" in refused.output
    # In use all the same, as after an update of the software: the shipped weights are taken.
    connection = small.ledger()
    models.use(connection, "m2", time=TIME, by="old")
    connection.close()
    assert call(small, "match").exit_code == 0
    assert told(small, "models")[-1] | {"time": "", "used": ""} == {
        "version": "m3", "time": "", "by": "meta-academy", "state": "in use", "used": "", "trained": False,
        "answers": 0, "chances": False, "against": "", "gained": 0, "lost": 0, "retyped": 0,
    }  # fmt: skip


@pytest.fixture
def at(small: ReviewHouse) -> Iterator[House]:
    with house(small) as found:
        yield found


def test_only_what_people_agree_on_is_learnt(small: ReviewHouse, at: House) -> None:
    some = [one for one in matches(small) if one.left.rpartition("/")[2].startswith("c")][:5]
    academy = some[1].left.rsplit("/", 2)[-2].removesuffix("-list")
    near = replace(_decision(some[0], "near-copy"), voice="publisher", academy="north", reviewer="north")
    against = replace(_decision(some[1], "different"), voice="publisher", academy=academy, reviewer=academy)
    unsure = Decision(some[2].left, some[2].right, "unsure", "copy", "Ana", TIME)
    given = [
        _decision(some[0], "copy"),
        near,
        _decision(some[1], "copy"),
        against,
        unsure,
        _decision(some[3], "different"),
    ]
    decisions.decide_all(at.connection, given)
    found, counts = learned.said(at)
    assert counts == {"pairs": 2, "unsure": 1, "discussed": 1, "random": 0}
    assert {(one.left, one.right): learned.alike(one.relation) for one in found} == {
        (some[0].left, some[0].right): "copy", (some[3].left, some[3].right): "different",
    }  # fmt: skip
    assert {(one.worth, one.drawn) for one in found} == {(1.0, 0.0)}


def test_a_family_is_one_answer_and_a_pair_of_the_sample_stands_for_its_stratum(small: ReviewHouse, at: House) -> None:
    some = [one for one in matches(small) if one.left.rpartition("/")[2].startswith("c")][:6]
    pairs = tuple(
        Given(1 if n < 3 else n, n + 1 if n < 3 else 0, one.left, one.right, one.relation, one.source,
              "random" if n > 3 else "queue", "cross-2", False)
        for n, one in enumerate(some)
    )  # fmt: skip
    drawn = [Drawn(one.left, one.right, "cross-2", 90) for one in some[4:]]
    batch = reviews.give(at.connection, "Ana", TIME, 10, pairs, drawn)
    decisions.decide_all(at.connection, [replace(_decision(one, "copy"), batch=batch) for one in some])
    found, counts = learned.said(at)
    by_pair = {(one.left, one.right): one for one in found}
    ordered = [by_pair[one.left, one.right] for one in some]
    assert [one.worth for one in ordered] == [pytest.approx(1 / 3)] * 3 + [1.0] * 3
    assert [one.drawn for one in ordered] == [0.0] * 4 + [45.0] * 2
    assert counts["random"] == 2
