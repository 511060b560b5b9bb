"""The carried state equals matching everything; bad input stays bounded."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.matching_records import IRIS, change, links, names, strings
from registry.iris import MA
from registry.matching import Matcher, OtherIdentity, OtherRecipe, match, recipe_digest
from registry.model import Change, Decision, Match
from registry.terms import Iri, Term, text

TITLES = (
    "Survey sampling",
    "Survey sampling 2024",
    "Échantillonnage",
    "Git basics",
    "Git for statistics",
    "Module 1",
    "",
)
URLS = ("https://example.org/a", "https://example.org/fr/a", "https://github.com/o/git-course", "")
PROSE = "how samples are drawn and weighted in household surveys of a statistical office when frames are old and responses few"


def record(number: int, title: int, url: int, language: str, based: int | None, prose: bool) -> Change:
    feed = "abc"[number % 3]
    values: dict[str, list[Term]] = {
        "name": names(TITLES[title], language), "inLanguage": strings(language), "url": links([URLS[url]]),
        "isBasedOn": [] if based is None else [Iri(IRIS.resource("abc"[based % 3], str(based)))],
        "description": [text(PROSE, language)] if prose else [],
    }  # fmt: skip
    return change(feed, str(number), values)


def resource(number: int) -> str:
    return str(IRIS.resource("abc"[number % 3], str(number)))


NUMBER = st.integers(0, 7)
RECORD = st.builds(
    record, NUMBER, st.integers(0, len(TITLES) - 1), st.integers(0, len(URLS) - 1), st.sampled_from(["en", "fr", ""]),
    st.none() | NUMBER, st.booleans(),
)  # fmt: skip
DECISION = st.builds(
    lambda a, b, verdict, relation: Decision(resource(a), resource(b), verdict, relation, "ana", ""),
    NUMBER, NUMBER, st.sampled_from(["confirm", "reject"]), st.sampled_from(["copy", "overlap"]),
).filter(lambda item: item.left != item.right)  # fmt: skip
STEP = RECORD | DECISION | NUMBER


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds so tight that a handful of records meets them all, and no run that makes everything anew."""
    monkeypatch.setattr("registry.matching.matcher.MANY", 0)
    monkeypatch.setattr("registry.matching.candidates.CAP", 5)
    monkeypatch.setattr("registry.matching.candidates.WORD_CAP", 4)
    monkeypatch.setattr("registry.matching.candidates.TOP", 3)
    monkeypatch.setattr("registry.matching.candidates.ABROAD", 2)
    monkeypatch.setattr("registry.matching.settle.OVERLAPS", 2)
    monkeypatch.setattr("registry.matching.select.SIBLINGS", 2)


WORDS = (
    "survey sampling weights git python r basics advanced imputation census index prices metadata sdmx module quality"
).split()
PLACES = (
    "https://example.org/a",
    "https://example.org/fr/a",
    "https://github.com/o/git-course",
    "https://x.org/c/b",
    "",
)


def some_record(rnd: random.Random, number: int) -> Change:
    title = " ".join(rnd.sample(WORDS, rnd.randint(0, 3))) + rnd.choice(["", " 1", " 2", " 2024", " edition 2"])
    language = rnd.choice(["en", "en", "fr", ""])
    named = Iri(IRIS.resource("abcd"[rnd.randrange(40) % 4], str(rnd.randrange(40))))
    prose = WORDS * 3 if rnd.random() < 0.5 else [rnd.choice(WORDS) for _ in range(40)]
    values: dict[str, list[Term]] = {
        "name": names(title, language), "inLanguage": strings(language), "url": links([rnd.choice(PLACES)]),
        "isBasedOn": [named] if rnd.random() < 0.15 else [],
        MA + "notSameAs": [named] if rnd.random() < 0.05 else [],
        "description": [text(" ".join(prose), language)] if rnd.random() < 0.5 else [],
    }  # fmt: skip
    return change("abcd"[number % 4], str(number), values, ["A. Writer"] if rnd.random() < 0.3 else [])


SITES = (
    ("a", "en", "https://lessons.example.org"),
    ("b", "fr", "https://cours.example.net"),
    ("c", "es", "https://aulas.github.io"),
)
LESSONS = tuple(
    f"{year}/{name}" for year in (2020, 2021) for name in ("loops-and-lists", "joining-tables", "clear-graphics")
)


def page_of(number: int, titled: str) -> Change:
    """A page of one of three sites that have the same lessons at the same places, of which nothing else agrees."""
    feed, language, site = SITES[number % 3]
    values: dict[str, list[Term]] = {
        "name": names(titled, language), "inLanguage": strings(language),
        "url": links([f"{site}/{LESSONS[number // 3 % len(LESSONS)]}"]),
    }  # fmt: skip
    return change(feed, str(number), values)


@pytest.mark.parametrize("seed", range(3))
def test_pages_that_their_places_tell_are_chosen_together_when_one_of_them_changes(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many pages of two sites pair decides about all of them: partial equals whole on both sides of the bound."""
    monkeypatch.setattr("registry.matching.matcher.MANY", 0)
    rnd, standing, told, sequence = random.Random(seed), dict[str, Change](), Counter[int](), 0
    with Matcher(None, {}) as matcher:
        for step in range(8):
            batch: list[Change] = []
            for number in rnd.sample(range(18), 9 if step == 0 else 4):
                sequence += 1
                one = replace(page_of(number, f"xq{rnd.randrange(5)} zw{number}"), sequence=sequence)
                if step and rnd.random() < 0.4:
                    one = Change(sequence, "", "tombstone", one.subject, "source", one.feed, one.key)
                    standing.pop(one.subject, None)
                else:
                    standing[one.subject] = one
                batch.append(one)
            matcher.apply(batch)
            found = list(matcher.all())
            assert found == match(standing.values(), {}, model=matcher.model)
            told[sum(one.rule == "TR.STRUCTURE" for one in found)] += 1
    assert told[0] and any(count >= 4 for count in told), told


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("seed", range(4))
def test_what_changed_alone_is_matched_again(seed: int) -> None:
    """Random records, deletions and decisions among forty, with every bound in reach: partial equals whole."""
    rnd, academies = random.Random(seed), {"a": "one", "b": "one"}
    standing: dict[str, Change] = {}
    decisions: list[Decision] = []
    sequence = 0

    def resource_of(number: int) -> str:
        return str(IRIS.resource("abcd"[number % 4], str(number)))

    with Matcher(None, academies) as matcher:
        for step in range(6):
            batch: list[Change] = []
            for _ in range(rnd.randint(1, 6) if step else 30):
                sequence += 1
                number, other, kind = rnd.randrange(40), rnd.randrange(40), rnd.random()
                subject = str(IRIS.record("abcd"[number % 4], str(number)))
                if kind < 0.75:
                    batch.append(replace(some_record(rnd, number), sequence=sequence))
                    standing[subject] = batch[-1]
                elif kind < 0.9 or number == other:
                    gone = Change(sequence, "", "tombstone", subject, "source", "abcd"[number % 4], str(number))
                    batch.append(gone)
                    standing.pop(subject, None)
                else:
                    verdict = rnd.choice(["confirm", "reject"])
                    relation = "different" if verdict == "reject" else rnd.choice(["copy", "overlap", "translation"])
                    pair = resource_of(number), resource_of(other)
                    time_ = f"2026-01-01T00:00:{sequence:03d}"
                    decisions.append(Decision(*pair, verdict, relation, "ana", time_))  # type: ignore[arg-type]
                    batch.append(Change(sequence, "", "decision", " ".join(pair), "person"))
            matcher.apply(batch, decisions)
            shuffled = list(standing.values())
            rnd.shuffle(shuffled)
            with Matcher(None, academies, model=matcher.model, workers=1) as whole:
                whole.rebuild(shuffled, reversed(decisions))
                assert list(matcher.all()) == list(whole.all())
                assert matcher.aside() == whole.aside()
                parts = [sorted((work.level, work.members) for work in one.works()) for one in (matcher, whole)]
                assert parts[0] == parts[1]


@pytest.mark.usefixtures("narrow")
def test_the_base_address_decides_nothing() -> None:
    """Two deployments of the same lists keep the same of equal candidates and overlaps, and build the same works."""
    rnd = random.Random(8)
    records = [some_record(rnd, number) for number in range(60)]
    found = []
    for base in (IRIS.base, "http://localhost:8000", "https://a.example/registry"):
        moved = [
            replace(one, subject=one.subject.replace(IRIS.base, base), stated=one.stated.replace(IRIS.base, base))
            for one in records
        ]
        with Matcher(None, {}) as matcher:
            matcher.rebuild(moved)
            pairs = [(m.left.removeprefix(base), m.right.removeprefix(base), m.rule) for m in matcher.all()]
            works = sorted([member.removeprefix(base) for member in work.members] for work in matcher.works())
            found.append((pairs, works))
    assert len(found[0][0]) > 20 and found[0] == found[1] == found[2]


def test_ids_of_works_live_in_the_ledgers_events() -> None:
    """A work keeps its id as members come; a file made from the ledger's events alone gives the same ids."""

    def edition(number: int) -> Change:
        values = {"name": names("Survey sampling", "en"), "url": links(["https://example.org/sampling"])}
        return replace(change("abc"[number % 3], str(number), values), sequence=number + 1)

    records = [edition(number) for number in range(3)]
    with Matcher(None, {}) as matcher:
        first = matcher.apply(records[:2]).events
        assert {event.kind for event in first} == {"created"} and matcher.pending() == first
        kept = [replace(event, sequence=1) for event in first]
        matcher.confirm(1)
        second = matcher.apply(records).events
        assert {event.kind for event in second} == {"grown"}
        kept += [replace(event, sequence=2) for event in second]
        works = list(matcher.works())
    with Matcher(None, {}) as again:
        rebuilt = again.rebuild(records, identity=kept)
        assert rebuilt.events == [] and list(again.works()) == works
    with Matcher(None, {}) as other:
        other.apply(records[:2])
        with pytest.raises(OtherIdentity):
            other.apply(records, identity=[replace(event, id="wother", sequence=1) for event in first])


def test_what_an_academy_denies_is_kept_apart() -> None:
    """Two that a third resembles are not one work where the academy of one says that they are not the same."""

    def course(number: int, **values: list[Term]) -> Change:
        url = links(["https://example.org/sampling"])
        return change("abc"[number], str(number), {"name": names("Survey sampling", "en"), "url": url, **values})

    first, third = course(0), course(2)
    with Matcher(None, {}) as matcher:
        matcher.rebuild([first, course(1), third])
        assert {len(work.members) for work in matcher.works()} == {3}
    denied = course(1, **{MA + "notSameAs": [Iri(IRIS.resource("a", "0"))]})
    with Matcher(None, {}) as matcher:
        matcher.rebuild([first, denied, third])
        apart = {str(IRIS.resource("a", "0")), str(IRIS.resource("b", "1"))}
        assert not [work for work in matcher.works() if apart <= set(work.members)]
        assert {found.rule for found in matcher.all() if {found.left, found.right} == apart} == {"NO.DECLARED"}


def test_inferred_matches_stay_private_until_their_notice_ends() -> None:
    """What a source states and exact copies are public at once."""
    records = [record(n, 3, 3, "en", None, True) for n in range(2)]
    records.append(record(3, 4, 2, "en", 0, False))
    with Matcher(None, {}, notice=True) as matcher:
        matcher.rebuild(records)
        public = {(found.left, found.right) for found in matcher.all()}
        hidden = matcher.private()
        assert public and hidden and not public & set(hidden)
        assert all(found.status == "accepted" for found in matcher.all())
        matcher.apply([], None, ended=hidden)
        assert not matcher.private() and {(f.left, f.right) for f in matcher.all()} == public | set(hidden)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(STEP, max_size=6), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_carried_forward_equals_everything_at_once(rounds: list[list[object]], rnd: random.Random) -> None:
    standing: dict[str, Change] = {}
    decisions: list[Decision] = []
    kept: dict[tuple[str, str], Match] = {}
    sequence = 0
    with TemporaryDirectory() as folder:
        for steps in rounds:
            batch: list[Change] = []
            for step in steps:
                sequence += 1
                if isinstance(step, Decision):
                    decisions.append(replace(step, time=f"2026-01-01T00:00:{sequence:02d}Z"))
                    batch.append(Change(sequence, "", "decision", f"{step.left} {step.right}", "person"))
                elif isinstance(step, Change):
                    batch.append(replace(step, sequence=sequence))
                    standing[step.subject] = batch[-1]
                else:
                    feed = "abc"[int(str(step)) % 3]
                    gone = str(IRIS.record(feed, str(step)))
                    batch.append(Change(sequence, "", "tombstone", gone, "source", feed, str(step)))
                    standing.pop(gone, None)
            with Matcher(Path(folder), {"a": "one", "b": "one"}) as matcher:
                delta = matcher.apply(batch, decisions)
                again = matcher.apply(batch, decisions)
                carried = list(matcher.all())
                works = sorted((work.level, work.members) for work in matcher.works())
                aside, model = matcher.aside(), matcher.model
                assert matcher.marker() == (sequence, recipe_digest())
            assert (again.upserts, again.removals) == ([], [])
            for pair in delta.removals:
                del kept[pair]
            kept |= {(found.left, found.right): found for found in delta.upserts}
            shuffled = list(standing.values())
            rnd.shuffle(shuffled)
            with Matcher(None, {"a": "one", "b": "one"}, model=model) as other:
                other.rebuild(shuffled, reversed(decisions))
                whole = list(other.all())
                assert aside == other.aside()
                assert works == sorted((work.level, work.members) for work in other.works())
            assert carried == whole
            assert [kept[pair] for pair in sorted(kept)] == whole


def test_another_recipe_asks_for_a_rebuild(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [replace(record(n, 0, 0, "en", None, True), sequence=n + 1) for n in range(3)]
    with Matcher(tmp_path, {}) as matcher:
        first = matcher.apply(records)
        assert first.upserts
    monkeypatch.setattr("registry.matching.matcher.recipe_digest", lambda: "other")
    with Matcher(tmp_path, {}) as matcher:
        with pytest.raises(OtherRecipe):
            matcher.apply([])
        rebuilt = matcher.rebuild(records)
        assert (rebuilt.upserts, rebuilt.removals) == ([], [])
        assert matcher.marker() == (3, "other")
        matcher.rebuild(records, sequence=9)
        assert matcher.marker() == (9, "other")


def test_a_fault_leaves_yesterdays_state(tmp_path: Path) -> None:
    records = [replace(record(n, 0, 0, "en", None, True), sequence=n + 1) for n in range(2)]
    with Matcher(tmp_path, {}) as matcher:
        matcher.apply(records)
        before = list(matcher.all())
        with pytest.raises(ValueError, match="primaryTopic"):
            matcher.apply([Change(3, "", "record", "https://registry.example/id/record/a/9", "source", "a", "9")])
        assert list(matcher.all()) == before and matcher.marker()[0] == 2


def most_per_record(found: list[Match]) -> int:
    counts = Counter(iri for item in found for iri in (item.left, item.right))
    return max(counts.values(), default=0)


@pytest.mark.parametrize("url", ["", "https://example.org/catalogue"])
def test_one_title_ten_thousand_times(url: str) -> None:
    records = [
        change("a", str(n), {"name": names("Statistical sampling", "en"), "url": links([url] if url else [])})
        for n in range(10_000)
    ]
    began = time.monotonic()
    found = match(records, {})
    assert time.monotonic() - began < 30
    assert most_per_record(found) <= 30
    assert not [item for item in found if item.relation == "copy"]


def test_same_address_in_all_records_is_set_aside() -> None:
    records = [
        change(
            "a",
            str(n),
            {"name": names(f"Course on topic{n} and method{n}", "en"), "url": links(["https://x.org/list"])},
        )
        for n in range(50)
    ]
    with Matcher(None, {}) as matcher:
        delta = matcher.rebuild(records)
    assert delta.upserts == [] and delta.aside["shared-keys"] == 1


def test_empty_titles_and_long_texts() -> None:
    long = "sampling frame " * 70_000
    records = [change("a", str(n), {"name": names("", "en"), "description": [text(long, "en")]}) for n in range(8)]
    records += [change("b", str(n), {"name": [text("x" * 100_000 + str(n), "en")]}) for n in range(30)]
    began = time.monotonic()
    assert most_per_record(match(records, {})) <= 30
    assert time.monotonic() - began < 10


def test_a_cycle_of_based_on() -> None:
    records = [
        change(
            "a", str(n), {"name": names(f"Title{n}", "en"), "isBasedOn": [Iri(IRIS.resource("a", str((n + 1) % 4)))]}
        )
        for n in range(4)
    ]
    assert Counter(item.rule for item in match(records, {})) == {"DER.DECLARED": 4}


def test_a_popular_base_keeps_all_that_name_it() -> None:
    records = [change("a", "base", {"name": names("Frames", "en"), "url": links(["https://x.org/base"])})]
    records += [
        change("b", str(n), {"name": names(f"Title{n}", "en"), "isBasedOn": links(["https://x.org/base"])})
        for n in range(300)
    ]
    found = [item for item in match(records, {}) if item.relation == "derivative"]
    assert len(found) == 300 and {item.source for item in found} == {str(IRIS.resource("a", "base"))}
