"""The evaluation as a whole, on a matcher whose answers are known: what is printed, kept back, reached and missed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pytest

from benchmarks import evaluate_figures as figures
from benchmarks.evaluate_learning import DECIDED, FOLDS, REPEATS, SHIPPED, folds, learning, learning_text
from benchmarks.evaluate_parts import Recall, ablate, ablation_text, calibrate, recall, stratified, weights_of
from benchmarks.evaluate_run import Result, as_json, ask, asked, calibrated, measure
from benchmarks.evaluate_scores import by_language, by_relation, detail, judged, pooled, row, wanted
from benchmarks.evaluate_tables import by_rule, table
from benchmarks.labelled import Label, Labelled, languages
from benchmarks.labelled_truth import catalogue, git_training, gold, lessons
from benchmarks.matching_records import IRIS, change, names, strings
from benchmarks.metrics import Counts, Pair, pair
from benchmarks.regression import regression, rows
from registry.model import Change, Match, Work


def iri(key: str) -> str:
    feed, _, key = key.partition("/")
    return str(IRIS.resource(feed, key))


def record(key: str, title: str, language: str = "en") -> Change:
    feed, _, name = key.partition("/")
    return change(feed, name, {"name": names(title, language), "inLanguage": strings(language)})


def both(left: str, right: str) -> Pair:
    return pair(iri(left), iri(right))


RECORDS = (
    record("a/1", "Sampling"), record("b/1", "Sampling"), record("a/2", "Weighting"), record("b/2", "Pondération", "fr"),
    record("a/3", "Basic editing"), record("b/3", "Advanced editing"), record("a/4", "Prices 2022"), record("a/5", "Prices 2024"),
)  # fmt: skip
KNOWN = (("a/1", "b/1", "copy"), ("a/2", "b/2", "translation"), ("a/3", "b/3", "different"), ("a/4", "a/5", "version"))
SET = Labelled(
    "Small", RECORDS, tuple(Label(iri(left), iri(right), kind, f"{left} – {right}", "read") for left, right, kind in KNOWN)
)  # fmt: skip


def found(left: str, right: str, relation: str, status: str = "candidate") -> Match:
    one, other = both(left, right)
    return Match(one, other, relation, 0.9, status, "OK.TEST", "semapv", ())  # type: ignore[arg-type]


@dataclass(frozen=True)
class Scored:
    left: str
    right: str
    weight: float
    relation: str


class Fake:
    """A matcher that finds the copy and takes the basic course for the advanced one."""

    GENERATORS = ("keys", "words")
    COMPARISONS = ("title",)

    def candidates(self, records: Iterable[Change], academy_of: Mapping[str, str], without: frozenset[str] = frozenset()) -> dict[Pair, tuple[str, ...]]:  # fmt: skip
        all_ = {both("a/1", "b/1"): ("keys", "words"), both("a/2", "b/2"): ("keys",), both("a/3", "b/3"): ("words",)}
        left = {which: tuple(name for name in by if name not in without) for which, by in all_.items()}
        return {which: by for which, by in left.items() if by}

    def scored(self, records: Iterable[Change], academy_of: Mapping[str, str], without_generators: frozenset[str] = frozenset(), without_comparisons: frozenset[str] = frozenset()) -> list[Scored]:  # fmt: skip
        kinds = {both("a/1", "b/1"): "copy", both("a/2", "b/2"): "translation", both("a/3", "b/3"): ""}
        held = self.candidates(records, academy_of, without_generators)
        return [Scored(*which, 3.0, "copy" if without_comparisons else kinds[which]) for which in held]

    def one_to_one(self, left_records: Iterable[Change], right_records: Iterable[Change]) -> Sequence[tuple[str, str, float]]:  # fmt: skip
        return [(iri("a/1"), iri("b/1"), 9.0)]

    def works(self, records: Iterable[Change], academy_of: Mapping[str, str]) -> list[Work]:
        return [Work("w1", "work", (iri("a/1"), iri("b/1"))), Work("w2", "cluster", (iri("a/3"), iri("b/3")))]


MATCHES = [
    found("a/1", "b/1", "copy", "accepted"),
    found("a/3", "b/3", "near-copy"),
    found("a/4", "a/5", "version", "rejected"),
]


def match(records: Iterable[Change], academy_of: Mapping[str, str]) -> list[Match]:
    return MATCHES


def test_a_system_is_scored_on_labelled_pairs_only() -> None:
    said = {
        both("a/1", "b/1"): "copy",
        both("a/3", "b/3"): "copy",
        both("a/1", "a/2"): "copy",
        both("a/4", "a/5"): "overlap",
    }
    scores = row("it", SET, said, 1.5)
    assert scores.same == Counts(right=1, wrong=1, missed=2)
    assert scores.low <= 0.4 <= scores.high
    # copy: one right, one wrong; silence on the translation is a wrong "different"; the version is called overlap.
    assert scores.macro == pytest.approx((2 / 3 + 0 + 0 + 0) / 4)


def test_a_complete_set_counts_every_pair_across_its_sides() -> None:
    labels = (Label(iri("a/1"), iri("b/1"), "copy"),)
    whole = replace(SET, labels=labels, complete=True, typed=False, sides=("a", "b"))
    said = {
        both("a/1", "b/1"): "copy",
        both("a/3", "b/3"): "version",
        both("a/4", "a/5"): "copy",
        both("a/2", "b/2"): "overlap",
    }
    assert set(judged(whole, said)) == set(said) - {both("a/4", "a/5")}
    assert row("it", whole, said, 0.0).same == Counts(right=1, wrong=1)
    assert row("it", replace(whole, sides=None), said, 0.0).same == Counts(right=1, wrong=2)


def test_works_are_what_bcubed_looks_at() -> None:
    said = {both("a/1", "b/1"): "copy"}
    assert row("it", SET, said, 0.0).b3[0] == 1.0
    lumped = dict.fromkeys((iri(key) for key in ("a/1", "b/1", "a/3", "b/3")), "w")
    # Of the four together a/1 and b/1 have 2 of 4 right, a/3 and b/3 1 of 4; the other four stand alone.
    assert row("it", SET, said, 0.0, lumped).b3[0] == pytest.approx((0.5 + 0.5 + 0.25 + 0.25 + 4) / 8)


def test_relations_and_languages_apart() -> None:
    said = {both("a/1", "b/1"): "copy", both("a/2", "b/2"): "copy"}
    relations = by_relation(SET, said)
    assert relations["copy"][0] == Counts(right=1, wrong=1)
    assert relations["different"][0] == Counts(right=1, wrong=1)  # the version was left silent
    spoken = by_language(SET, said)
    assert spoken["en–fr"][0] == Counts(wrong=1, missed=1)
    assert spoken["en–en"][0] == Counts(right=1, missed=1)


def test_language_is_that_of_the_thing() -> None:
    made = change("a", "9", {"name": names("Titre", "fr"), "inLanguage": strings("de-AT")})
    assert languages((made, record("a/1", "x", ""))) == {iri("a/9"): "de", iri("a/1"): ""}


def test_the_product_in_detail() -> None:
    told = detail(SET, MATCHES, Fake().works((), {}))
    assert told.accepted_copies == Counts(right=1)
    assert told.together == {"cluster": ("a/3 – b/3",), "work": ()}
    assert told.confusion["version", "nothing"] == 1  # a rejected match says nothing
    assert len(told.misses) == 3
    assert "different: said near-copy by OK.TEST: a/3 – b/3 (read)" in told.misses
    assert told.matches == {"copy accepted": 1, "near-copy candidate": 1, "version rejected": 1}


def test_which_came_first() -> None:
    labels = tuple(replace(label, source=label.left) for label in SET.labels)
    known = replace(SET, labels=labels)
    one, other = (replace(found(*ends), source=iri(ends[end])) for ends, end in ((("a/2", "b/2", "translation"), 1), (("a/4", "a/5", "version"), 0)))  # fmt: skip
    told = detail(known, [one, other, replace(found("a/1", "b/1", "copy"), source=iri("b/1"))], [])
    assert (told.direction, told.turned) == ((1, 2), ("a/2 – b/2",))
    assert detail(known, [replace(one, source="")], []).direction == (0, 0)
    assert detail(SET, [one, other], []).direction == (0, 0)


def test_candidate_recall() -> None:
    assert [len(part) for part in wanted(SET)] == [2, 1]
    told = recall(SET, Fake().candidates((), {}))
    assert (told.within, told.translations) == ((1, 2), (1, 1))
    assert told.generators == {"keys": (2, 1), "words": (1, 0)}
    assert told.missed == (both("a/4", "a/5"),)


def test_ablation_says_what_each_part_adds() -> None:
    rows_ = ablate(SET, Fake())
    assert [(one.kind, one.without) for one in rows_] == [("generator", ""), ("generator", "keys"), ("generator", "words"), ("comparison", "title")]  # fmt: skip
    assert [one.candidates for one in rows_] == [(2, 3), (1, 3), (2, 3), (2, 3)]
    assert [one.same.f1 for one in rows_] == [
        pytest.approx(0.8),
        pytest.approx(0.5),
        pytest.approx(0.8),
        pytest.approx(4 / 6),
    ]
    assert "-0.300" in ablation_text(rows_)
    assert rows_[0].ranking == pytest.approx(2 / 3)  # all of one weight: two of the three are one work


def test_weights_are_those_of_judged_pairs() -> None:
    weights, outcomes = weights_of(SET, [Scored(*both("a/1", "b/1"), 5.0, ""), Scored(*both("a/1", "a/2"), 4.0, ""), Scored(*both("a/3", "b/3"), -1.0, "")])  # fmt: skip
    assert sorted(zip(weights, outcomes, strict=True)) == [(-1.0, False), (5.0, True)]


def test_labels_are_drawn_from_every_tenth_of_the_weights() -> None:
    weights = np.arange(1000.0)
    drawn = stratified(weights, 200, np.random.default_rng(1))
    assert len(set(drawn)) == 200
    assert [int(((drawn >= low) & (drawn < low + 100)).sum()) for low in range(0, 1000, 100)] == [20] * 10


def test_calibration_is_measured_on_what_was_not_drawn() -> None:
    draw = np.random.default_rng(2)
    weights = draw.normal(0, 4, 4000)
    outcomes = draw.random(4000) < 1 / (1 + np.exp2(-weights))
    seen: list[int] = []

    def honest(w: Sequence[float], y: Sequence[bool]) -> object:
        seen.append(len(w))
        return lambda values: (1 / (1 + np.exp2(-np.asarray(values)))).tolist()

    told = calibrate(weights.tolist(), outcomes.tolist(), honest)  # type: ignore[arg-type]
    assert set(seen) == {200}
    assert sum(n for n, _, _ in told.bins) == 3800
    assert told.error < 0.03
    assert told.raw_error < 0.03
    assert 2000 < told.uncertain[0] < 3800
    assert told.uncertain[1] < 0.05
    flat = calibrate(weights.tolist(), outcomes.tolist(), lambda w, y: lambda values: [1.0] * len(values))
    assert flat.error == pytest.approx(1 - outcomes.mean(), abs=0.02)


def test_a_set_is_run_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    result = measure(SET, ask(SET, match, Fake()), Fake(), ablation=True)
    text = capsys.readouterr().out
    for said in ("=== Small", "RecordManager", "TF-IDF", "Splink: not trained here, fewer than 100 records", "a/4 – a/5", "left out"):  # fmt: skip
        assert said in text
    assert "ours, one to one" not in text
    assert [one.system for one in result.rows][:2] == ["ours", "ours, accepted unread"]
    assert result.rows[0].same == Counts(right=1, wrong=1, missed=2)
    assert result.rows[1].same == Counts(right=1, missed=2)


def test_hidden_labels_are_counted_and_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    secret = replace(SET, name="Secret", hidden=True)
    result = measure(secret, ask(secret, match, Fake()), Fake(), ablation=False)
    told = capsys.readouterr().out + json.dumps(as_json({"Secret": result}, [], 1.0))
    assert "3 labelled pairs answered otherwise" in told
    for left, right, _ in KNOWN:
        assert f"{left} – {right}" not in told
        assert iri(left) not in told
        assert iri(right) not in told


def test_all_figures_as_json() -> None:
    result = measure(SET, ask(SET, match, Fake()), Fake(), ablation=True)
    written = json.loads(json.dumps(as_json({"Small": result}, asked({"Small": result}), 2.0)))
    assert written["sets"]["Small"]["candidates"]["within"] == [1, 2]
    assert written["sets"]["Small"]["detail"]["together"] == {"cluster": ["a/3 – b/3"], "work": []}
    assert [(one["measured"], one["reached"]) for one in written["figures"]] == [
        ("1 of 1 (0.21–1.00), in truth 0 of 0", True), ("OK.TEST 1 of 2", False), ("Small: 1", False), ("none", True),
    ]  # fmt: skip


def test_rules_are_counted_and_a_hidden_set_gives_one_total() -> None:
    shown, hidden = (replace(SET, name=name, hidden=name == "Secret") for name in ("Shown", "Secret"))
    found = {one.name: detail(one, MATCHES, []) for one in (shown, hidden)}
    lines = by_rule(found, ["Secret"]).splitlines()
    assert [line.split()[:2] for line in lines[2:]] == [["OK.TEST", "2"], ["Secret,", "all"]]
    assert "1 of 2" in lines[2] and "without review" in lines[2] and "1 of 2" in lines[3]


def test_calibration_belongs_to_a_complete_set(capsys: pytest.CaptureFixture[str]) -> None:
    whole = Result(replace(SET, complete=True))
    calibrated(whole, Fake(), lambda w, y: lambda values: [1.0] * len(values))
    assert whole.calibration is not None
    assert "Small: 3 scored pairs" in capsys.readouterr().out


def _rows(ours: Counts, theirs: Counts) -> list:
    one = row("x", SET, {}, 0.0)
    return [replace(one, system=figures.ONE_TO_ONE, same=ours), replace(one, system=figures.TFIDF, same=theirs)]


@pytest.mark.parametrize(("right", "reached"), [(980, [False, True]), (991, [True, True]), (900, [False, False])])
def test_engine_figures(right: int, reached: list[bool]) -> None:
    ours, theirs = Counts(right, 1000 - right, 1000 - right), Counts(970, 30, 30)
    assert [one.reached for one in figures.engine("E", _rows(ours, theirs), 0.99)] == reached
    assert [one.reached for one in figures.engine("E", _rows(ours, theirs), None)] == reached[1:]


def _recall(within: tuple[int, int], translations: tuple[int, int]) -> Recall:
    return Recall(1, 1, within, translations, {}, ())


@pytest.mark.parametrize(
    ("within", "translations", "macro", "reached"),
    [
        ((50, 50), (9, 10), 0.8, [True, True, True]),
        ((49, 50), (8, 10), 0.79, [False, False, False]),
        ((0, 0), (0, 0), None, [False, False, False]),
    ],
)
def test_truth_figures(within, translations, macro, reached: list[bool]) -> None:
    assert [one.reached for one in figures.truth([_recall(within, translations)], macro)] == reached


@pytest.mark.parametrize(
    ("truth", "gold", "reached"),
    [
        (Counts(10, 0), Counts(89, 1), True),
        (Counts(10, 0), Counts(88, 2), False),
        (Counts(9, 1), Counts(400, 0), False),
        (Counts(), Counts(30, 0), True),
        (Counts(), Counts(), False),
    ],
)
def test_copies_accepted_without_review(truth: Counts, gold: Counts, reached: bool) -> None:
    told = detail(SET, [], [])
    made = figures.copies(
        [("Truth: x", replace(told, accepted_copies=truth)), ("Gold", replace(told, accepted_copies=gold))]
    )
    assert made.reached == reached


def test_nothing_of_what_differs_stands_together() -> None:
    good = detail(SET, MATCHES, [])
    bad = replace(good, together={"cluster": (), "work": ("a/3 – b/3",)})
    assert [one.reached for one in figures.apart([("Small", good)])] == [True, True]
    assert [one.reached for one in figures.apart([("Small", good), ("Other", bad)])] == [True, False]


def test_figures_of_several_sets_are_pooled() -> None:
    said = {both("a/1", "b/1"): "copy"}
    assert pooled([(SET, said), (SET, said)])["copy"] == Counts(right=2)


def test_every_figure_is_said_to_be_reached_or_missed() -> None:
    text = figures.text([figures.Figure("A", "1", ">= 0", True), figures.Figure("B", "0", ">= 1", False)])
    assert [line.split()[-1] for line in text.splitlines()[2:]] == ["reached", "MISSED"]


def test_tables_stand_in_line() -> None:
    assert table(("a", "bb"), [("long", "1")]) == "  a     bb\n  ----  --\n  long   1"


def test_labels_that_contradict_or_name_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="two labels"):
        replace(SET, labels=(*SET.labels, Label(iri("b/1"), iri("a/1"), "run"))).by_pair()
    with pytest.raises(ValueError, match="no record"):
        replace(SET, labels=(Label(iri("a/1"), iri("z/1"), "copy"),)).by_pair()


def test_truth_leaves_out_what_text_similarity_found(shared) -> None:
    data = shared / "data"
    for labelled, labels in ((lessons(False, data), 48), (lessons(True, data), 48), (catalogue(data), 51)):
        assert len(labelled.by_pair()) == labels
        assert not any("shingle overlap" in label.why for label in labelled.labels)
        assert len(set(languages(labelled.records))) == len(labelled.records)
    texts = sum("schema.org/description" in one.stated for one in lessons(True, data).records)
    assert texts > 100
    assert not any("schema.org/description" in one.stated for one in lessons(False, data).records)


def test_other_labelled_sets_stand_on_their_records(shared) -> None:
    assert len(git_training(False, shared / "data").by_pair()) == 21
    assert any("isBasedOn" in one.stated for one in git_training(True, shared / "data").records)
    development, test = gold("development"), gold("test")
    assert not set(development.by_pair()) & set(test.by_pair())
    assert test.hidden and not development.hidden and not gold("test", show=True).hidden


def test_the_regression_set_holds_what_it_says() -> None:
    labelled = regression()
    known = labelled.by_pair()
    assert 40 <= len(known) <= 70
    assert {"copy", "near-copy", "translation", "version", "run", "derivative", "part", "overlap", "different"} == set(
        known.values()
    )
    assert {"en", "fr", "es", "pt", "uk", "ko", "ja"} <= set(languages(labelled.records).values())
    assert sum(one["title"] == "Webinar" for one in rows("records.tsv")) == 17
    assert all(one["why"] for one in rows("pairs.tsv"))


class Answering:
    """A learner that has seen all: with answers it ranks, types and doubts as they say, without as is shipped."""

    def __init__(self) -> None:
        self.taught: list[dict[Pair, str]] = []

    def learn(self, answers: Mapping[Pair, str], *, unlabelled: bool = False) -> bool:
        if not unlabelled:
            self.taught.append(dict(answers))
        return not unlabelled

    def scored(self, model: bool | None = None) -> list[Scored]:
        right = {pair(iri(a), iri(b)): kind for a, b, kind in KNOWN}
        return [
            Scored(*which, (1.0 if kind != "different" else -1.0) if model else 0.0, kind if model else "overlap")
            for which, kind in right.items()
        ]

    def chance(self, one: Scored, model: bool | None = None) -> tuple[float, bool]:
        return (1.0, True) if model else (0.75, False)


def test_learning_is_tried_on_pairs_that_it_did_not_see() -> None:
    learner = Answering()

    @contextmanager
    def trial(records: Iterable[Change], academy_of: Mapping[str, str]) -> Iterator[Answering]:
        yield learner

    rows = {row.system: row for row in learning(SET, trial)}
    known = {pair(iri(a), iri(b)) for a, b, _ in KNOWN}
    assert len(learner.taught) == FOLDS * REPEATS and all(set(one) < known for one in learner.taught if len(one) < 4)
    for repeat in range(REPEATS):
        left_out = [known - set(one) for one in learner.taught[repeat * FOLDS : (repeat + 1) * FOLDS]]
        assert set().union(*left_out) == known and sum(map(len, left_out)) == len(known)
    shipped, decided = rows[SHIPPED], rows[DECIDED]
    assert (shipped.right, decided.right) == (0.0, 1.0)
    assert (shipped.brier, decided.brier) == (pytest.approx(0.75**2), 0.0)
    assert (shipped.error, decided.error) == (pytest.approx(0.75), 0.0)
    assert (shipped.measured, decided.measured, decided.labels) == (0.0, 1.0, pytest.approx(len(known) * 0.8))
    assert "learnt from decisions" in learning_text(list(rows.values()))


def test_parts_keep_pairs_that_share_records_together() -> None:
    pairs = [("a", "b"), ("b", "c"), ("x", "y"), ("p", "q"), ("q", "r"), ("k", "l"), ("m", "n")]
    for seed in range(5):
        parts = folds(pairs, np.random.default_rng(seed))
        assert sorted(one for part in parts for one in part) == sorted(pairs)
        ends = [{end for one in part for end in one} for part in parts]
        assert sum(map(len, ends)) == len(set().union(*ends))
