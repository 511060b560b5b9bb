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
from registry.matching import Matcher, OtherRecipe, match, recipe_digest
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
                assert matcher.marker() == (sequence, recipe_digest())
            assert (again.upserts, again.removals) == ([], [])
            for pair in delta.removals:
                del kept[pair]
            kept |= {(found.left, found.right): found for found in delta.upserts}
            shuffled = list(standing.values())
            rnd.shuffle(shuffled)
            whole = match(shuffled, {"a": "one", "b": "one"}, reversed(decisions))
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
