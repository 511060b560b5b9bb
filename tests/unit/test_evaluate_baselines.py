"""The rules of peers, on records where each one's answer is known by reading the rule."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from benchmarks.baseline_splink import NotTrained, best_partners, confident, scored
from benchmarks.baselines import (
    MOST_CANDIDATES,
    Plain,
    address,
    plain,
    recordmanager,
    same_url,
    signatures,
    tess,
    tfidf,
    tfidf_all,
    wirlernenonline,
)
from benchmarks.labelled_engine import abt_buy, dblp_acm, record
from benchmarks.metrics import Pair, count
from registry.terms import by_subject

NOBODY = Plain("", "", "", "en", "", (), (), (), "", "", "", "")
TEXT = " ".join(f"word{n}" for n in range(200))


def row(resource: str, academy: str = "", **values: object) -> Plain:
    return replace(NOBODY, resource=resource, academy=academy or resource, **values)  # type: ignore[arg-type]


def test_addresses_but_for_what_moves() -> None:
    same = {
        address(url)
        for url in ("http://www.a.example/x/", "https://a.example/x#top", "https://A.example/x?utm_source=m")
    }
    assert same == {"a.example/x"}
    assert address("https://a.example/x?id=2") != address("https://a.example/x?id=3")
    assert address("http://[broken") == ""
    assert address("") == ""


def test_same_url() -> None:
    rows = [row("1", urls=("https://a.example/x/",)), row("2", urls=("http://a.example/x",)), row("3")]
    assert same_url(rows) == {("1", "2")}
    assert same_url([replace(one, academy="one") for one in rows], across=True) == set()


def test_tess_looks_for_titles_within_a_provider_only() -> None:
    rows = [
        row("1", "p", title="Git"),
        row("2", "p", title="Git "),
        row("3", "q", title="Git"),
        row("4", "p", title=""),
    ]
    assert tess(rows) == {("1", "2")}
    assert tess([*rows, row("5", "p", title="")]) == {("1", "2")}


def test_minhash_estimates_jaccard() -> None:
    said = TEXT.split()
    other = " ".join([*said[:100], *(f"new{n}" for n in range(100))])
    made = signatures([TEXT, TEXT.upper(), other, "", "nothing in common here"])
    assert (made[0] == made[1]).all()
    true = 98 / 298
    assert (made[0] == made[2]).mean() == pytest.approx(true, abs=0.12)
    assert (made[0] == made[4]).mean() == 0.0


def test_wirlernenonline() -> None:
    said = TEXT.split()
    near = " ".join([*said[:199], "end"])
    far = " ".join([*said[:150], *(f"new{n}" for n in range(50))])
    rows = [row("1", description=TEXT), row("2", description=near), row("3", description=far), row("4"), row("5")]
    assert wirlernenonline(rows) == {("1", "2")}


@pytest.mark.parametrize(
    ("changed", "joined"),
    [
        ({}, True),
        ({"title": "Sampling for Beginners in every kind of surveyz"}, True),
        ({"title": "Sampling for Beginners in every kind and size of survey"}, False),
        ({"year": "2021"}, False),
        ({"kind": "video"}, False),
        ({"authors": ("Ana Lee",)}, True),
        ({"authors": ("Ann Leu",)}, False),  # near enough by letters, but under another key
        ({"authors": ("Bob Lee",)}, False),
        ({"authors": ()}, False),
        ({"academy": "one"}, False),
        ({"title": "Other", "year": "", "identifiers": ("doi:1",)}, True),
    ],
)
def test_recordmanager(changed: dict[str, object], joined: bool) -> None:
    base = row("1", "one", title="Sampling for Beginners in every kind of survey", authors=("Ann Lee",), year="2020", kind="course", identifiers=("doi:1",))  # fmt: skip
    other = replace(base, resource="2", academy="two", identifiers=())
    found = recordmanager([base, replace(other, **changed)])  # type: ignore[arg-type]
    assert found == ({("1", "2")} if joined else set())


def test_recordmanager_takes_one_record_of_a_source() -> None:
    rows = [row(str(n), "abb"[n], title="A long enough title") for n in range(3)]
    assert recordmanager(rows) == {("0", "1")}


def test_recordmanager_gives_up_on_a_title_that_all_have() -> None:
    rows = [row(f"{n:05}", "one", title="Webinar of the office") for n in range(MOST_CANDIDATES)]
    assert recordmanager([*rows, row("99999", "two", title="Webinar of the office")]) == {("00000", "99999")}
    hidden = [replace(one, year="2020") for one in rows]
    assert recordmanager([*hidden, row("99998", "two", title="Webinar of the office", year="2021"), row("99999", "three", title="Webinar of the office", year="2021")]) == set()  # fmt: skip


def test_nearest_neighbours_are_mutual() -> None:
    rows = [row("1", title="Sampling in practice"), row("2", title="Sampling in practise"), row("3", title="Sampling"), row("4", title="Національні рахунки")]  # fmt: skip
    assert tfidf(rows) == {("1", "2")}
    assert tfidf([]) == set()
    assert tfidf([row("1"), row("2")]) == set()


def test_nearest_neighbours_across_two_sides() -> None:
    rows = [
        row("1", "l", title="Seasonal adjustment"),
        row("2", "l", title="Seasonal adjustments"),
        row("3", "r", title="seasonal"),
    ]
    assert tfidf(rows) == {("1", "2")}
    assert tfidf(rows, across=True) == {("1", "3")}


def test_descriptions_count_where_they_are_asked_for() -> None:
    rows = [
        row("1", title="One", description=TEXT),
        row("2", title="Two", description=TEXT),
        row("3", title="One two"),
    ]
    assert tfidf_all(rows) == {("1", "2")}
    assert tfidf(rows) != {("1", "2")}


def _catalogue() -> list[Plain]:
    """Sixty papers listed by two sides, the second with a slip in each title."""
    rows, topics = [], "sampling weights editing imputation prices trade census housing health energy".split()
    for number, (one, other) in enumerate(list(combinations(topics, 2)) + list(combinations(topics[:6], 2))):
        title = f"Notes on {one} and {other} for office {number} in region {number * 7 % 60}"
        authors = (f"Author {chr(97 + number % 26)}{chr(97 + number // 26)}son",)
        year = str(2000 + number % 20)
        rows.append(row(f"l{number:02}", "left", title=title, authors=authors, year=year))
        rows.append(row(f"r{number:02}", "right", title=f"{title}s", authors=authors, year=year))
    return rows


def test_splink_finds_what_two_sides_list() -> None:
    rows = _catalogue()
    scores = scored(rows, across=True)
    true: set[Pair] = {(f"l{n:02}", f"r{n:02}") for n in range(60)}
    assert count(confident(scores), true).f1 is not None and (count(confident(scores), true).f1 or 0) > 0.9
    assert (count(best_partners(scores), true).precision or 0) > 0.95
    assert scored(rows, across=True) == scores


def test_splink_says_when_it_cannot_be_trained() -> None:
    with pytest.raises(NotTrained, match="fewer than 100 records"):
        scored(_catalogue()[:50])
    with pytest.raises(NotTrained, match="two columns"):
        scored([row(f"{n}", title=f"Title {n}") for n in range(120)])


def test_best_partners() -> None:
    scores = [("a", "b", 0.9), ("a", "c", 0.95), ("b", "d", 0.8)]
    assert best_partners(scores) == {("a", "c")}  # b is better off with a
    assert confident([*scores, ("x", "y", 0.99)]) == {("x", "y")}


def test_an_engine_record_is_one_that_a_crosswalk_could_have_made() -> None:
    made = record(
        "acm", {"id": "7", "title": 'A "b"', "authors": "Ann Lee, Bo Ek", "venue": "VLDB", "year": "1999.0"}, 3
    )
    (found,) = plain([made], {})
    assert (found.title, found.authors, found.publisher, found.year) == ('A "b"', ("Ann Lee", "Bo Ek"), "VLDB", "1999")
    assert made.stated.splitlines() == sorted(set(made.stated.splitlines()))
    assert len(by_subject(made.stated)) == 5


@pytest.mark.parametrize(
    ("load", "records", "labels", "f1"), [(dblp_acm, 4848, 2214, 0.986), (abt_buy, 2140, 1064, 0.905)]
)
def test_tfidf_measures_what_the_design_measured(shared, load, records: int, labels: int, f1: float) -> None:
    labelled = load(shared / "data" / "matching" / "pyjedai" / "raw" / "data" / "ccer")
    assert (len(labelled.records), len(labelled.labels)) == (records, labels)
    found = tfidf(plain(labelled.records, {}), across=True)
    assert count(found, set(labelled.by_pair())).f1 == pytest.approx(f1, abs=0.002)
