"""What matching sets aside is told: what, where, an entry for example; and no longer once it is mended."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from benchmarks.matching_records import IRIS, change, links, names, strings
from registry.iris import MA
from registry.matching import Matcher
from registry.matching.aside import MOST, Aside
from registry.model import Change, Decision
from registry.terms import Iri, Term, text

TOPICS = (
    "household sampling", "price indices", "national accounts", "small areas", "seasonal adjustment", "data ethics",
    "statistical metadata", "income imputation", "census geography", "labour force", "trade asymmetries",
    "agricultural frames", "disclosure control", "economic growth", "web scraping", "time use", "poverty lines",
)  # fmt: skip


def entry(number: int, feed: str = "a", **values: list[Term]) -> Change:
    topic = TOPICS[number % len(TOPICS)]
    given = {"name": names(f"{topic} {number} for beginners{number}", "en"), "inLanguage": strings("en"), **values}
    return replace(change(feed, str(number), given), sequence=number + 1)


def told(records: list[Change], decisions: list[Decision] | None = None) -> list[Aside]:
    with Matcher(None, {}) as matcher:
        matcher.rebuild(records, decisions or [])
        return matcher.aside()


def said(found: list[Aside]) -> list[tuple[str, str, str, dict[str, str]]]:
    """(feed, key of the entry, code, parameters with the value)."""
    return [
        (one.feed, one.record.rpartition("/")[2], one.issue.code, {"value": one.issue.value, **dict(one.issue.params)})
        for one in found
    ]


def resource(number: int, feed: str = "a") -> str:
    return str(IRIS.resource(feed, str(number)))


def test_nothing_is_told_of_a_sound_list() -> None:
    assert told([entry(n) for n in range(17)]) == []


def test_one_address_in_a_whole_list() -> None:
    records = [entry(n, url=links(["https://x.org/list"])) for n in range(17)]
    records += [entry(n, "b", url=links(["https://x.org/list"])) for n in range(20, 22)]
    assert said(told(records)) == [
        ("a", "0", "matching-shared-address", {"value": "https://x.org/list", "count": "17"})
    ], "the other list has it twice only"


def test_one_identifier_in_a_whole_list() -> None:
    records = [entry(n, identifier=strings("10.5281/zenodo.7")) for n in range(6)]
    (one,) = said(told(records))
    assert one == ("a", "0", "matching-shared-identifier", {"value": "https://doi.org/10.5281/zenodo.7", "count": "6"})


def test_a_title_of_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.matching.candidates.CAP", 20)
    records = [entry(n, "ab"[n % 2], name=names("Survey sampling", "en")) for n in range(25)]
    assert said(told(records)) == [
        ("a", "0", "matching-same-title", {"value": "Survey sampling", "count": "13", "total": "25"}),
        ("b", "1", "matching-same-title", {"value": "Survey sampling", "count": "12", "total": "25"}),
    ]
    with Matcher(None, {}) as matcher:
        matcher.rebuild(records[:20])
        assert matcher.aside() == []
        matcher.apply(records[20:21])
        assert [one.issue.value for one in matcher.aside()] == ["Survey sampling"] * 2
        gone = Change(99, "", "tombstone", str(IRIS.record("a", "0")), "source", "a", "0")
        matcher.apply([gone])
        assert matcher.aside() == []


def test_of_several_titles_the_common_one_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.matching.candidates.CAP", 20)
    records = [
        entry(n, name=[*names(f"{TOPICS[n % 17]} {n}", "en"), *names("Sondages et enquêtes", "fr")]) for n in range(21)
    ]
    assert [(code, values["value"]) for _, _, code, values in said(told(records))] == [
        ("matching-same-title", "Sondages et enquêtes")
    ]


def test_a_title_that_names_nothing() -> None:
    records = [entry(n, name=names(("Webinar", "Module 2")[n % 2], "en")) for n in range(5)]
    assert said(told(records)) == [
        ("a", "0", "matching-empty-title", {"value": "Webinar", "count": "3"}),
        ("a", "1", "matching-empty-title", {"value": "Module 2", "count": "2"}),
    ]


def test_one_description_in_a_whole_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.matching.candidates.CAP", 20)
    prose = "This course is offered by the training centre to all staff members of the office who wish to learn, and" \
        " ends with a certificate that is signed by the head of the centre and valid for three years."  # fmt: skip
    records = [entry(n, description=[text(prose, "en")]) for n in range(25)]
    ((feed, key, code, values),) = said(told(records))
    assert (feed, key, code, values["count"], values["total"]) == ("a", "0", "matching-same-text", "25", "25")
    assert values["value"].startswith("This course is offered") and len(values["value"]) <= 100


def test_a_long_description_and_its_end() -> None:
    long = entry(1, description=[text("sampling frame " * 70_000, "en")])
    with Matcher(None, {}) as matcher:
        matcher.rebuild([entry(0), long])
        assert said(matcher.aside()) == [
            ("a", "1", "matching-long-text", {"value": str(15 * 70_000), "limit": "20000"})
        ]
        matcher.apply([replace(entry(1), sequence=5)])
        assert matcher.aside() == []


def test_a_circle_of_based_on() -> None:
    records = [entry(n, "ab"[n % 2], isBasedOn=[Iri(resource((n + 1) % 4, "ab"[(n + 1) % 2]))]) for n in range(4)]
    found = said(told(records))
    assert [one[:3] for one in found] == [("a", "0", "matching-circle"), ("b", "1", "matching-circle")]
    assert found[0][3]["count"] == "4" and "price indices 1" in found[0][3]["value"]
    line = [entry(n, isBasedOn=[Iri(resource(n + 1))]) for n in range(3)] + [entry(3)]
    assert told(line) == []


def test_each_is_said_to_come_from_the_other() -> None:
    records = [entry(n, "ab"[n], isBasedOn=[Iri(resource(1 - n, "ba"[n]))]) for n in range(2)]
    found = said(told(records))
    assert [one[:3] for one in found] == [("a", "0", "matching-both-ways"), ("b", "1", "matching-both-ways")]
    assert found[0][3]["value"].startswith("price indices")


def test_academies_that_disagree() -> None:
    pair = resource(0, "a"), resource(1, "b")
    words = [
        Decision(*pair, "confirm", "copy", "", "2026-01-01T00:00:00Z", voice="publisher", academy="a"),
        Decision(*pair, "reject", "different", "", "2026-01-01T00:00:01Z", voice="publisher", academy="b"),
    ]
    found = said(told([entry(0, "a"), entry(1, "b")], words))
    assert [one[:3] for one in found] == [("a", "0", "matching-discussed"), ("b", "1", "matching-discussed")]


def decided(one: int, other: int, relation: str, second: int, feeds: str = "a") -> Decision:
    verdict = "reject" if relation == "different" else "confirm"
    pair = sorted(resource(n, feeds[n % len(feeds)]) for n in (one, other))
    return Decision(*pair, verdict, relation, "ana", f"2026-01-01T00:00:{second:02d}Z")  # type: ignore[arg-type]


def test_decisions_that_contradict_each_other_and_their_end() -> None:
    """First is second, second is third, first is not third: not all of it can hold."""
    words = [decided(0, 1, "copy", 1), decided(1, 2, "copy", 2), decided(0, 2, "different", 3)]
    records = [entry(n) for n in range(3)]
    with Matcher(None, {}) as matcher:
        matcher.rebuild(records, words)
        found = said(matcher.aside())
        codes = [one[2] for one in found]
        assert "matching-contradiction" in codes
        contradiction = found[codes.index("matching-contradiction")][3]
        assert "household sampling 0" in contradiction["against"] and "national accounts 2" in contradiction["against"]
        matcher.apply([], words[:2])
        assert matcher.aside() == []


def test_what_people_keep_apart() -> None:
    """Three of one address, two of which somebody said are not the same: parted, and told."""
    values = {"name": names("Survey sampling", "en"), "url": links(["https://x.org/s"])}
    records = [entry(n, "abc"[n], **values) for n in range(3)]
    pair = resource(0, "a"), resource(1, "b")
    word = Decision(*pair, "reject", "different", "ana", "2026-01-01T00:00:00Z")
    assert told(records) == []
    found = told(records, [word])
    assert {(one.issue.code, one.issue.value, one.issue.params) for one in found} == {
        ("matching-kept-apart", "3", (("parts", "2"),))
    }
    assert [one.feed for one in found] == ["a", "b", "c"]


def test_what_an_academy_denies_of_its_own_statement() -> None:
    records = [entry(0), entry(1, **{"sameAs": [Iri(resource(0))], MA + "notSameAs": [Iri(resource(0))]})]
    assert [one.issue.code for one in told(records)] == []


def test_what_is_private_yet_is_not_told() -> None:
    records = [entry(n, "ab"[n], isBasedOn=[Iri(resource(1 - n, "ba"[n]))]) for n in range(2)]
    with Matcher(None, {}, notice=True) as matcher:
        matcher.rebuild(records)
        hidden = matcher.private()
        assert hidden and matcher.aside() == []
        matcher.apply([], None, ended=hidden)
        assert len(matcher.aside()) == 2


def test_a_list_is_told_so_much_of_one_kind() -> None:
    records = [entry(n, url=links([f"https://x.org/{n // 6}"])) for n in range(6 * (MOST + 3))]
    found = told(records)
    assert len(found) == MOST + 1
    assert said(found)[-1] == ("a", "", "matching-more", {"value": "shared-address", "count": "3", "shown": str(MOST)})


PROSE = tuple(
    " ".join(f"{word} {topic} in {place}" for word in ("learning", "teaching", "weighing") for place in TOPICS)
    for topic in ("frames", "methods")
)


def crowded(number: int) -> Change:
    """One of the entries that the walk begins with: every kind of finding is among them."""
    feed, after = "ab"[number % 2], number // 3 * 3 + (number + 1) % 3
    return entry(
        number,
        feed,
        name=names(("Survey sampling", "Webinar", f"{TOPICS[number % 17]} {number}")[number % 3], "en"),
        url=links(["https://x.org/list" if number % 4 else f"https://x.org/{number}"]),
        description=[text(PROSE[number % 2], "en")],
        isBasedOn=[Iri(resource(after, "ab"[after % 2]))] if number < 6 else [],
    )


def changed(rnd: random.Random, number: int) -> Change:
    """Another entry's content under this one's key, or a sound one."""
    feed = "ab"[number % 2]
    if rnd.random() < 0.5:
        return entry(number, feed)
    return entry(
        number,
        feed,
        name=names(rnd.choice(["Survey sampling", "Webinar"]), "en"),
        url=links(["https://x.org/list"]),
        description=[text(rnd.choice(PROSE), "en")],
    )


def test_carried_forward_it_is_what_everything_anew_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries change, go and come back, people decide and take back: what is told is what a fresh file tells."""
    monkeypatch.setattr("registry.matching.matcher.MANY", 0)
    monkeypatch.setattr("registry.matching.candidates.CAP", 6)
    rnd, seen = random.Random(4), list[set[str]]()
    standing = {number: crowded(number) for number in range(24)}
    batch, sequence = list(standing.values()), 24
    words = [decided(18, 20, "copy", 1, "ab"), decided(20, 22, "copy", 2, "ab"), decided(18, 22, "different", 3, "ab")]
    with Matcher(None, {}) as matcher:
        for _ in range(5):
            matcher.apply(batch, words)
            with Matcher(None, {}, model=matcher.model) as fresh:
                fresh.rebuild(list(standing.values()), words)
                assert matcher.aside() == fresh.aside()
            seen.append({one.issue.code for one in matcher.aside()})
            batch = []
            for number in rnd.sample(range(24), 4):
                sequence += 1
                if rnd.random() < 0.7:
                    standing[number] = replace(changed(rnd, number), sequence=sequence)
                    batch.append(standing[number])
                elif standing.pop(number, None):
                    feed = "ab"[number % 2]
                    subject = str(IRIS.record(feed, str(number)))
                    batch.append(Change(sequence, "", "tombstone", subject, "source", feed, str(number)))
            if rnd.random() < 0.5:
                words = words[1:] + [decided(*rnd.sample(range(24), 2), rnd.choice(["copy", "different"]), 9, "ab")]
    assert seen[0] == {
        "matching-shared-address", "matching-same-title", "matching-same-text", "matching-empty-title",
        "matching-circle", "matching-contradiction", "matching-kept-apart",
    }  # fmt: skip
    assert seen[-1] < seen[0], "what was mended is told no longer"


def test_a_translation_that_is_none_is_told_in_both_lists() -> None:
    words = "How a form is tried with people before it is sent to thousands, what to watch and what to ask them then."
    given = {"name": names("Trying out a form", "en"), "description": [text(words, "en")]}
    original = change("a", "0", {**given, "inLanguage": strings("en")})
    copied = change("b", "1", {**given, "inLanguage": strings("es")}, sequence=2)
    assert [one[:3] for one in said(told([original, copied]))] == [
        ("a", "0", "matching-not-translated"), ("b", "1", "matching-not-translated"),
    ]  # fmt: skip
    own = "Cómo se prueba un formulario con personas antes de enviarlo a miles, qué observar y qué preguntar después."
    mended = change("b", "1", {**given, "description": [text(own, "es")], "inLanguage": strings("es")}, sequence=2)
    assert not told([original, mended])
