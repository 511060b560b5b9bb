"""What two records are said to be, by rule; each case beside one that looks alike and is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.evaluate_git_training import evaluate
from benchmarks.matching_records import IRIS, change, links, names, strings
from registry.matching import load_rules, match
from registry.model import Change, Decision, Match
from registry.terms import Iri, Term, text

PROSE = (
    "This course shows statisticians how to keep their programs under version control, how to go back to an "
    "older state, how to work with colleagues on one project without losing anything, and how to publish results."
)


def record(feed: str, key: str, title: str = "", language: str = "en", url: str = "", authors: tuple[str, ...] = (), **more: list[Term]) -> Change:  # fmt: skip
    values: dict[str, list[Term]] = {
        "name": names(title, language), "inLanguage": strings(language), "url": links([url] if url else []), **more,
    }  # fmt: skip
    return change(feed, key, values, authors)


def only(*records: Change, decisions: tuple[Decision, ...] = ()) -> Match | None:
    found = match(records, {}, decisions)
    assert len(found) <= 1
    return found[0] if found else None


def rule_of(*records: Change) -> str:
    found = only(*records)
    return found.rule if found else ""


def iri(feed: str, key: str) -> str:
    return str(IRIS.resource(feed, key))


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        ("Survey sampling in practice", "Survey Sampling in Practice", "OK.SAME_URL"),
        ("Survey sampling in practice", "Household budgets", "OK.SAME_URL_OTHER_TITLE"),
        ("Sampling, module 1", "Sampling, module 2", ""),
        ("Basic sampling", "Advanced sampling", ""),
        ("R for price statistics", "Python for price statistics", "OV.SAME_TOPIC"),
        ("Sampling 2023", "Sampling 2024", "RUN.TITLE_YEAR"),
        ("Sampling, 1st edition", "Sampling, 2nd edition", "VER.SAME_IDENTIFIER"),
    ],
)
def test_one_address(one: str, other: str, rule: str) -> None:
    url = "https://example.org/courses/7"
    found = only(record("a", "1", one, url=url), record("b", "1", other, url=url + "/?utm_source=mail"))
    said = found.rule if found else ""
    assert said == rule or (rule == "" and found is not None and found.relation == "overlap"), said
    assert found is None or (found.status == "accepted") == (rule == "OK.SAME_URL")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Module 1: Data collection", "Module 2: Data collection"),
        ("Imputation I", "Imputation II"),
        ("Imputation for beginners", "Advanced imputation"),
        ("Programming with R for official statistics", "Programming with Python for official statistics"),
        ("Git for Official Statistics", "Python for Official Statistics"),
        ("Labour accounts of the regions", "Tourism accounts of the regions"),
    ],
)
def test_a_series_is_never_one_work(one: str, other: str) -> None:
    description = {"description": [text(PROSE, "en")]}
    pair = (
        record("a", "1", one, authors=("Ana Ruiz",), **description),
        record("b", "1", other, authors=("Ana Ruiz",), **description),
    )
    found = only(*pair)
    assert found is None or found.relation in ("overlap", "part"), found.rule


def test_same_title_alone_is_no_copy() -> None:
    assert rule_of(record("a", "1", "Introduction to Git"), record("b", "1", "Introduction to Git")) == "OV.SAME_TITLE"
    assert rule_of(record("a", "1", "Webinar"), record("b", "1", "Webinar")) == ""


def test_same_title_and_text_is_a_copy() -> None:
    words = {"description": [text(PROSE, "en")]}
    found = only(record("a", "1", "Git for the office", **words), record("b", "1", "Git for the Office", **words))
    assert found is not None and (found.rule, found.status) == ("OK.TITLE_AND_TEXT", "candidate")
    assert {line.feature for line in found.evidence} >= {"title-similarity", "description-similarity"}
    assert all(line.left_value and line.right_value for line in found.evidence)


def test_the_registrys_own_page_is_no_evidence() -> None:
    page = iri("a", "1")
    assert rule_of(record("a", "1", "Sampling frames", url=page), record("b", "1", "Trade margins", url=page)) == ""


@pytest.mark.parametrize(
    ("property_", "rule", "source"),
    [
        ("sameAs", "OK.DECLARED", ""),
        ("isBasedOn", "DER.DECLARED", "a"),
        ("translationOfWork", "TR.DECLARED", "a"),
        ("isPartOf", "PART.DECLARED", "a"),
        ("hasPart", "PART.DECLARED", "b"),
        ("http://www.w3.org/ns/dcat#previousVersion", "VER.DECLARED", "a"),
    ],
)
def test_what_the_source_states_is_accepted(property_: str, rule: str, source: str) -> None:
    original = record("a", "1", "Seasonal adjustment", url="https://example.org/sa")
    for target in ("http://www.example.org/sa/", iri("a", "1")):
        found = only(original, record("b", "1", "Adjusting series", **{property_: [Iri(target)]}))
        assert found is not None and (found.rule, found.status) == (rule, "accepted")
        assert found.source == (iri(source, "1") if source else "")
        assert found.evidence[0].feature == "source-stated"


def test_what_cannot_be_resolved_is_not_matched() -> None:
    assert (
        rule_of(record("a", "1", "Prices"), record("b", "1", "Wages", isBasedOn=links(["https://else.org/x"]))) == ""
    )


def test_based_on_each_other_stays_open() -> None:
    found = only(
        record("a", "1", "Prices", isBasedOn=[Iri(iri("b", "1"))]),
        record("b", "1", "Wages", isBasedOn=[Iri(iri("a", "1"))]),
    )
    assert found is not None and (found.rule, found.status, found.source) == (
        "DER.DECLARED_BOTH_WAYS",
        "candidate",
        "",
    )


def test_a_translation_needs_two_signals() -> None:
    hours = {"timeRequired": strings("PT7H")}
    english = record("a", "1", "Small area estimation", authors=("Ana Ruiz",), **hours)
    assert (
        rule_of(english, record("a", "2", "Estimación en áreas pequeñas", "es", authors=("Ana Ruiz",), **hours))
        == "TR.SIGNALS"
    )
    found = only(english, record("b", "2", "Tasas de empleo", "es", **hours))
    assert found is None or found.relation == "overlap"
    independent = only(record("a", "1", "Introduction to Git"), record("b", "1", "Introduction à Git", "fr"))
    assert independent is None or independent.relation == "overlap"


def test_addresses_that_differ_in_the_language() -> None:
    found = only(
        record("a", "1", "Version control with Git", url="https://github.com/org/git-course"),
        record("b", "1", "Control de versiones con Git", "es", url="https://github.com/org/git-course-es"),
    )
    assert found is not None and (found.rule, found.source) == ("TR.ADDRESS", iri("a", "1"))


def test_modules_of_a_course_are_not_translations_of_each_other() -> None:
    hours = {"timeRequired": strings("PT2H"), "dateCreated": strings("2024-05-01")}
    by = ("Ana Ruiz",)
    titles = (("Frames", "Bases"), ("Weights", "Poids"), ("Nonresponse", "Absences"))
    records = [record("a", f"e{n}", e, authors=by, **hours) for n, (e, _) in enumerate(titles)]
    records += [record("a", f"f{n}", f, "fr", authors=by, **hours) for n, (_, f) in enumerate(titles)]
    assert [m for m in match(records, {}) if m.relation == "translation"] == []


def test_runs_and_editions() -> None:
    def run(key: str, day: str) -> Change:
        return record("a", key, "Index theory", url="https://example.org/index", startDate=strings(day))

    assert rule_of(run("1", "2025-03-01"), run("2", "2025-09-01")) == "RUN.OTHER_DATE"
    found = only(record("a", "1", "Index theory 2nd edition"), record("a", "2", "Index theory, 3rd edition"))
    assert found is not None and (found.rule, found.source) == ("VER.TITLE_EDITION", iri("a", "1"))


def test_a_decision_wins_and_stands_alone() -> None:
    url = "https://example.org/courses/7"
    pair = (record("a", "1", "Sampling", url=url), record("b", "1", "Sampling", url=url))
    left, right = iri("a", "1"), iri("b", "1")
    no = Decision(right, left, "reject", "copy", "ana", "2026-01-02T00:00:00Z", "other audience")
    found = only(*pair, decisions=(no,))
    assert found is not None and (found.status, found.reviewer, found.left) == ("rejected", "ana", left)
    yes = Decision(left, right, "confirm", "derivative", "eva", "2026-01-03T00:00:00Z")
    found = only(record("a", "1", "Prices"), record("b", "1", "Wages"), decisions=(yes, no))
    assert found is not None and (found.status, found.relation, found.rule) == ("accepted", "derivative", "DEC.PERSON")
    assert only(pair[0], decisions=(yes,)) is None


def test_every_rule_has_its_words() -> None:
    source = Path(__file__).resolve().parents[2] / "registry" / "matching"
    code = "".join(path.read_text("utf-8") for path in sorted(source.glob("*.py")))
    rules = load_rules()
    assert all(all(rule.words.values()) for rule in rules.values())
    for name in rules:
        stem = name.removesuffix("_BOTH_WAYS").removesuffix("_OTHER_TITLE")
        assert name in code or stem in code or stem.endswith(".DECLARED") or name == "DEC.PERSON", name
    for name, rule in rules.items():
        assert rule.status != "accepted" or rule.confidence >= 0.98, name


@pytest.mark.parametrize("stated", [False, True])
def test_real_git_training(shared: Path, stated: bool) -> None:
    score, _ = evaluate(shared / "data" / "git-training", stated)
    counts = score.counts
    assert counts["different", "right"] == 9
    assert not [key for key in counts if key[1] in ("wrong", "turned")]
    assert counts["translation", "found"] == 4 and counts["version", "found"] == 2
    assert counts["derivative", "found"] == (5 if stated else 3)
