"""Words in three languages, answers and the decisions they become, minutes, agreement."""

from __future__ import annotations

import re

import pytest

from registry.iris import FOAF, SCHEMA, Iris
from registry.ledger.reviews import Given
from registry.messages import LANGUAGES
from registry.model import Decision, Evidence, Match
from registry.relations import load as load_relations
from registry.review import agreement, estimate
from registry.review.answers import ANSWERS, BadAnswer, Proposal, answer_for, answer_of, decision, source_for
from registry.review.cards import card
from registry.review.shown import number, plain, shown
from registry.review.texts import say, texts
from registry.terms import Iri, Literal, text, to_ntriples

INSIDE = re.compile(r"\b(rdf|sparql|shacl|cluster|harvest|record|uri|iri)", re.IGNORECASE)
FIELD = re.compile(r"\{(\w+)\}")
IRIS = Iris("http://localhost:8000")


def test_texts_have_the_same_fields_in_each_language_and_no_inside_word() -> None:
    for key, by_language in texts().items():
        fields = {language: sorted(FIELD.findall(one)) for language, one in by_language.items()}
        assert fields["en"] == fields["fr"] == fields["es"], key
        for one in by_language.values():
            assert not INSIDE.search(FIELD.sub("", one).replace("registr", "")), key


def test_answers_are_the_words_of_the_relations() -> None:
    """What the pages call a relation is what reviewers choose, but for what only people can say."""
    kinds = load_relations()
    for answer, relation in ANSWERS.items():
        if relation is not None and relation != "different":
            assert texts()[f"answer-{answer}"] == kinds[relation].words
    assert set(ANSWERS.values()) - {None} == set(kinds)


def test_an_answer_is_understood_in_three_languages() -> None:
    for answer in ANSWERS:
        assert answer_of(answer) == answer
        for language in LANGUAGES:
            assert answer_of(f"  {say(f'answer-{answer}', language).upper()} ") == answer
    with pytest.raises(BadAnswer, match="none of the answers"):
        answer_of("same as")


def made(answer: str, proposal: Proposal, source: str = "") -> Decision:
    return decision(("a", "b"), answer, proposal=proposal, source=source, reviewer="R", time="2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("answer", "proposal", "source", "verdict", "relation"),
    [
        ("same", Proposal("copy"), "", "confirm", "copy"),
        ("same", Proposal("overlap"), "", "retype", "copy"),
        ("same", Proposal(), "", "confirm", "copy"),
        ("translation", Proposal("translation", "a"), "a", "confirm", "translation"),
        ("translation", Proposal("translation", "a"), "b", "retype", "translation"),
        ("not-related", Proposal("copy"), "", "reject", "different"),
        ("not-related", Proposal("different"), "", "reject", "different"),
        ("unsure", Proposal("part", "a"), "", "unsure", "part"),
        ("unsure", Proposal(), "", "unsure", "overlap"),
    ],
)
def test_a_decision_confirms_or_retypes_by_comparison(
    answer: str, proposal: Proposal, source: str, verdict: str, relation: str
) -> None:
    one = made(answer, proposal, source)
    assert (one.verdict, one.relation) == (verdict, relation)
    assert answer_for(one.verdict, one.relation) == answer


def test_the_source_is_the_machine_s_unless_somebody_says() -> None:
    proposal = Proposal("version", "a")
    assert source_for("other-edition", None, proposal) == "a"
    assert source_for("other-edition", "b", proposal) == "b"
    assert source_for("other-edition", "", proposal) == ""
    assert source_for("same", "b", proposal) == "", "what is symmetric has no source"
    with pytest.raises(BadAnswer):
        source_for("translation", None, proposal)


def test_minutes_grow_with_texts_and_languages_and_little_with_a_family() -> None:
    short = estimate.seconds(["Git"], 2, languages_differ=False)
    assert short == estimate.DECIDE + 0.3 + 8
    long = ["word " * 200] * 2
    assert estimate.seconds(long, 0, languages_differ=False) == estimate.DECIDE + 120
    assert estimate.seconds(long, 0, languages_differ=True) == estimate.DECIDE + 180
    assert estimate.words("統計入門コース") == 4, "scripts without spaces take time too"
    assert estimate.item(30, 8) == 30 + 7 * 6
    assert estimate.minutes([30.0] * 15) == 8 and estimate.minutes([]) == 0


def said(pair: int, reviewer: str, relation: str, time: int, **more: str) -> Decision:
    verdict = "reject" if relation == "different" else "unsure" if relation == "unsure" else "confirm"
    kind = "copy" if relation == "unsure" else relation
    return Decision(
        f"a{pair:03}", f"b{pair:03}", verdict, kind, reviewer, f"2026-01-01T00:00:{time:02}Z", id=time, **more
    )  # type: ignore[arg-type]


def test_kappa_is_that_of_a_table_worked_by_hand() -> None:
    """20 both yes, 5 and 10 apart, 15 both no: 35 of 50 agree, 0.5 by chance, kappa 0.4."""
    table = [("copy", "copy")] * 20 + [("copy", "different")] * 5 + [("different", "copy")] * 10
    table += [("different", "different")] * 15
    history = []
    for pair, (first, second) in enumerate(table):
        history += [said(pair, "R", first, 1), said(pair, "S", second, 2)]
    found = agreement.report(history)
    assert (found.overall.pairs, found.overall.agreed, found.overall.raw) == (50, 35, 0.7)
    assert found.overall.kappa == pytest.approx(0.4)
    assert found.by_answer["same"].pairs == 35 and found.by_answer["same"].kappa == pytest.approx(0.4)
    assert len(found.disagreements) == 15


def test_the_second_reading_is_somebody_else_s_and_what_was_taken_back_does_not_count() -> None:
    history = [
        said(1, "R", "copy", 1), said(1, "R", "different", 2),
        said(2, "R", "copy", 1), said(2, "S", "copy", 2, undone="2026-01-02T00:00:00Z"),
        said(3, "R", "copy", 1), said(3, "insee", "copy", 2, voice="publisher", academy="insee"),
        said(4, "R", "copy", 1), said(4, "S", "unsure", 2), said(4, "T", "copy", 3),
    ]  # fmt: skip
    found = agreement.report(history)
    assert found.overall.pairs == 1 and found.overall.agreed == 0
    assert [one.second.reviewer for one in found.disagreements] == ["S"]
    assert agreement.report([]).overall == agreement.Agreement(0, 0, None)
    assert agreement.kappa([("x", "x")] * 9) is None, "chance alone always agrees"


def graph(feed: str, key: str, language: str, title: str) -> str:
    record, resource = IRIS.record(feed, key), IRIS.resource(feed, key)
    return to_ntriples([
        (record, Iri(FOAF + "primaryTopic"), resource),
        (resource, Iri(SCHEMA + "name"), text(title, language)),
        (resource, Iri(SCHEMA + "description"), text("long " * 400, language)),
        (resource, Iri(SCHEMA + "inLanguage"), Literal("fr-CA")),
        (resource, Iri(SCHEMA + "url"), Iri("https://stat.example/1")),
    ])  # fmt: skip


def test_a_pair_is_shown_in_words() -> None:
    cards = tuple(
        card(graph("f", key, "fr", f"Titre {key}"), str(IRIS.record("f", key)), f"f/{key}", "insee", {"fr": "Insee"})
        for key in "ab"
    )
    assert cards[0] is not None and cards[1] is not None and cards[0].languages == ("fr",)
    given = Given(4, 2, "L", "R", "translation", "L", "queue", "cross-2", False)
    evidence = (
        Evidence("weak", "m", 0.4, weight=-1.0), Evidence("strong", "m", 0.9, "x " * 300, "b", weight=5.0),
    )  # fmt: skip
    found = Match("L", "R", "translation", 0.95, "candidate", "R", "CompositeMatching", evidence, "L")
    one = shown(given, found, (cards[0], cards[1]), "en", ("fr",), lambda feature, language: feature)
    lines = plain(one, "en")
    assert lines[0] == "4b. The registry says: translation; 2 comes from 1 (very likely)"
    assert "Titre a" in lines[1] and "Insee" in lines[2]
    assert one.evidence[0].startswith("strong: “x x") and one.evidence[0].endswith("(speaks for it)")
    assert one.evidence[1] == "weak (speaks against it)"
    assert all(len(line) < 800 for line in lines) and not any(re.search(r"\d\.\d\d", line) for line in lines)


def test_a_second_reader_is_not_told_what_the_first_one_said() -> None:
    made_card = card(graph("f", "a", "fr", "T"), str(IRIS.record("f", "a")), "f/a", "insee", {})
    assert made_card is not None
    given = Given(1, 0, "L", "R", "copy", "", "queue", "", True)
    decided = Match(
        "L", "R", "different", 1.0, "rejected", "DEC.PERSON", "ManualMappingCuration", (), reviewer="First"
    )
    one = shown(given, decided, (made_card, made_card), "en", ("en",), lambda feature, language: feature)
    assert "First" not in str(one) and "not related" not in str(one)
    assert one.proposed == "same course, listed twice"


def test_numbers_of_a_family_have_letters() -> None:
    def of(part: int) -> str:
        return number(Given(3, part, "", "", "copy", "", "queue", "", False))

    assert [of(part) for part in (0, 1, 26, 27, 53)] == ["3", "3a", "3z", "3aa", "3ba"]
    assert len({of(part) for part in range(1, 1000)}) == 999
