"""The order of the queue, the random stream, batches, families, who may be asked."""

from __future__ import annotations

from collections import Counter
from math import log2

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matching_records import IRIS, change, links, names, strings
from registry.ledger.reviews import Drawn, Reviewer
from registry.matching import match as matched
from registry.model import Answer, Match
from registry.review import batches, effects, families, queue
from registry.review.model import Card, Entry
from registry.review.reviewers import NotAllowed, languages, own, reads, refuse_own

SEED = "test"


def entry(left: str, right: str, relation: str = "copy", chance: float = 0.5, **more: object) -> Entry:
    values: dict[str, object] = {
        "source": "", "calibrated": True, "status": "candidate", "left_academy": left[0], "right_academy": right[0],
    } | more  # fmt: skip
    return Entry(left, right, relation, chance=chance, **values)  # type: ignore[arg-type]


def match(left: str, right: str, relation: str = "copy", **more: object) -> Match:
    values: dict[str, object] = {
        "confidence": 0.6, "status": "candidate", "rule": "R", "justification": "CompositeMatching", "evidence": (),
    } | more  # fmt: skip
    return Match(left, right, relation, **values)  # type: ignore[arg-type]


def components(edges: set[tuple[str, str]], nodes: set[str]) -> list[set[str]]:
    found = [{node} for node in nodes]
    for left, right in edges:
        a, b = (next(one for one in found if end in one) for end in (left, right))
        if a is not b:
            found.remove(b)
            a |= b
    return found


PAIR = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")).filter(lambda p: p[0] < p[1])


@settings(max_examples=150, deadline=None)
@given(st.sets(PAIR, max_size=16))
def test_bridges_are_the_edges_without_which_a_component_falls_apart(edges: set[tuple[str, str]]) -> None:
    found = effects.works(edges)
    nodes = {end for pair in edges for end in pair}
    whole = components(edges, nodes)
    assert sorted(found.sizes.values()) == sorted(map(len, whole))
    for pair in edges:
        rest = components(edges - {pair}, nodes)
        left, right = (next(one for one in rest if end in one) for end in pair)
        if left is right:
            assert pair not in found.bridges
        else:
            assert sorted(found.bridges[pair]) == sorted((len(left), len(right)))


def test_a_long_chain_needs_no_deep_stack() -> None:
    names = [f"n{number:06}" for number in range(20_000)]
    found = effects.works(zip(names, names[1:], strict=False))
    assert len(found.bridges) == 19_999 and list(found.sizes.values()) == [20_000]


def test_the_effect_is_what_a_decision_would_join_or_part() -> None:
    found = effects.works([("a", "b"), ("b", "c"), ("x", "y"), ("p", "q"), ("q", "r"), ("p", "r")])
    assert effects.effect(found, ("a", "x"), links=False) == log2(1 + 3 * 2)
    assert effects.effect(found, ("a", "x"), links=True) == log2(1 + 3 * 2) / 2
    assert effects.effect(found, ("a", "b"), links=False) == log2(1 + 1 * 2)
    assert effects.effect(found, ("p", "q"), links=False) == effects.INSIDE
    assert effects.effect(found, ("new", "other"), links=False) == 1.0


def test_the_score_is_the_documented_formula() -> None:
    found = effects.works([])
    assert queue.score(entry("a1", "b1", chance=0.5), found) == 1.0 * 1.0 * 2
    assert queue.score(entry("a1", "a2", chance=0.5), found) == 1.0
    assert queue.score(entry("a1", "a2", chance=0.9), found) == 4 * 0.9 * (1 - 0.9)
    uncertain = {0.5: 1.0, 0.7: 0.7, 0.89: 0.7, 0.9: 0.3}
    for confidence, wanted in uncertain.items():
        assert queue.uncertainty(entry("a", "b", chance=confidence, calibrated=False)) == wanted
    assert queue.uncertainty(entry("a", "b", status="accepted")) == 1 / 3


def test_the_order_does_not_depend_on_the_order_of_the_input() -> None:
    some = [entry(f"a{n}", f"b{n}", chance=n % 7 / 7) for n in range(60)]
    first = [one.pair for _, one in queue.ordered(some, [], SEED)]
    assert first == [one.pair for _, one in queue.ordered(reversed(some), [], SEED)]
    assert first != [one.pair for _, one in queue.ordered(some, [], "another seed")], "ties are broken by the seed"


def test_what_an_academy_answered_or_a_person_decided_is_not_asked() -> None:
    matches = [
        match("a", "b"), match("a", "c", answers=(Answer("insee", "copy"),)), match("a", "d", status="discussed"),
        match("a", "e", status="rejected"), match("a", "f", status="accepted", reviewer="R"),
        match("a", "g", status="accepted"),
    ]  # fmt: skip
    entries, edges = queue.open_entries(matches, lambda resource: resource)
    assert [one.pair for one in entries] == [("a", "b"), ("a", "g")]
    assert edges == [("a", "f"), ("a", "g")]


# Batches.


def many(number: int) -> list[tuple[float, Entry]]:
    some = [entry(f"a{n:04}", f"b{n:04}", chance=(n * 37 % 100) / 100) for n in range(number)]
    return queue.ordered(some, [], SEED)


def fill(ordered: list[tuple[float, Entry]], **more: object) -> tuple[list[batches.Item], list[Drawn]]:
    values: dict[str, object] = {
        "families": [], "seconds": [], "past": batches.Past({}, {}, frozenset()), "readable": lambda one: True,
        "size": 15, "seed": SEED, "turn": 0,
    } | more  # fmt: skip
    return batches.fill(ordered, **values)  # type: ignore[arg-type]


def test_a_fifth_of_a_batch_comes_from_the_random_stream_of_all_strata() -> None:
    ordered = many(4000)
    strata: Counter[str] = Counter()
    drawn: dict[tuple[str, str], Drawn] = {}
    closed: set[tuple[str, str]] = set()
    for turn in range(20):
        items, new = fill(ordered, turn=turn, past=batches.Past({}, drawn, frozenset(closed)))
        assert len(items) == 15 and Counter(one.stream for one in items)["random"] == 3
        drawn |= {(one.left, one.right): one for one in new}
        closed |= {one.pair for item in items for one in item.entries}
        strata.update(item.stratum for item in items if item.stream == "random")
        assert {one.population for one in new} == {800}
    assert len(drawn) == 60 and set(strata.values()) == {12} and len(strata) == 5


def test_the_random_stream_is_the_same_for_the_same_seed_only() -> None:
    def random(seed: str) -> list[tuple[str, str]]:
        items, _ = fill(many(200), seed=seed)
        return [item.entries[0].pair for item in items if item.stream == "random"]

    assert random("one") == random("one") != random("two")


def test_small_batches_have_a_random_pair_every_so_often() -> None:
    ordered = many(50)
    streams = [fill(ordered, size=1, turn=turn)[0][0].stream for turn in range(200)]
    assert 20 <= streams.count("random") <= 60


def test_a_pair_decided_before_its_turn_came_counts_as_drawn() -> None:
    """Else the sample would hold what the queue left over: the certain ones."""
    ordered = many(100)
    order = sorted(
        (one for _, one in ordered if queue.stratum(one) == "cross-2"), key=lambda one: queue.rank(SEED, one.pair)
    )
    first = order[0]
    rest = [pair for pair in ordered if pair[1].pair != first.pair]
    past = batches.Past({first.pair: "cross-2"}, {}, frozenset((first.pair,)))
    items, drawn = fill(rest, past=past, size=40)
    assert first.pair in {(one.left, one.right) for one in drawn}
    assert first.pair not in {one.pair for item in items for one in item.entries}
    of_stratum = [one for one in drawn if one.stratum == "cross-2"]
    assert {one.population for one in of_stratum} == {len(order)}


def test_nothing_closed_or_unreadable_is_in_a_batch() -> None:
    ordered = many(60)
    closed = frozenset(one.pair for _, one in ordered[:20])
    items, _ = fill(ordered, past=batches.Past({}, {}, closed), readable=lambda one: one.left < "a0030", size=60)
    pairs = {one.pair for item in items for one in item.entries}
    assert pairs and not pairs & closed and all(left < "a0030" for left, _ in pairs)
    assert len(pairs) == len({one.pair for _, one in ordered if one.left < "a0030"} - closed)


def test_second_readings_are_a_tenth_and_at_most_a_fifth_of_a_batch() -> None:
    chosen = sum(batches.twice(SEED, (f"a{n}", f"b{n}")) for n in range(5000))
    assert 400 < chosen < 600
    items, _ = fill(many(60), seconds=[entry(f"s{n}", f"t{n}") for n in range(10)])
    assert sum(item.second for item in items) == 3 and len(items) == 15


# Families.


def course(parts: int, relation: str = "translation") -> list[Match]:
    found = [match("A", "B", "translation", status="accepted")]
    for number in range(parts):
        found += [match("A", f"A/{number}", "part", source="A"), match("B", f"B/{number}", "part", source="B")]
        found.append(match(f"A/{number}", f"B/{number}", relation, source=f"A/{number}"))
    return found


def of(matches: list[Match]) -> list[tuple[Entry, ...]]:
    entries, _ = queue.open_entries(matches, lambda resource: resource[0])
    return families.families(entries, *families.wholes(matches))


def test_parts_that_pair_one_to_one_are_a_family() -> None:
    (family,) = of(course(4))
    assert [one.pair for one in family] == [(f"A/{n}", f"B/{n}") for n in range(4)]


def test_parts_that_lists_state_make_a_family() -> None:
    """What a list states by isPartOf (by our address or its own) is a part like one that a rule found."""
    lessons = (("Setting up", "Mise en place"), ("Ignoring files", "Ignorer"), ("Conflicts", "Conflits"))
    here = {"en": ("a", "Version control with Git"), "fr": ("b", "Gestion de versions avec Git")}
    records = []
    for at, (language, (feed, title)) in enumerate(here.items()):
        whole = f"https://x.org/{language}/git/"
        stated = {"translationOfWork": [IRIS.resource("a", "whole")]} if feed == "b" else {}
        told = {"name": names(title, language), "inLanguage": strings(language), "url": links([whole]), **stated}
        records.append(change(feed, "whole", told))
        for n, titles in enumerate(lessons):
            of_whole = [IRIS.resource("a", "whole")] if feed == "a" else links([whole])
            values = {
                "name": names(titles[at], language), "inLanguage": strings(language), "isPartOf": of_whole,
                "url": links([f"{whole}{n}-lesson"]),
            }  # fmt: skip
            records.append(change(feed, str(n), values, ["A. Writer"]))
    found = matched(records, {})
    assert {one.rule for one in found if one.relation == "part"} == {"PART.DECLARED"}
    (family,) = of(found)
    assert [one.pair for one in family] == [
        (str(IRIS.resource("a", str(n))), str(IRIS.resource("b", str(n)))) for n in range(3)
    ]


def test_a_part_with_two_partners_is_in_no_family() -> None:
    (family,) = of([*course(4), match("A/0", "B/1", "translation")])
    assert [one.pair for one in family] == [("A/2", "B/2"), ("A/3", "B/3")]


def test_no_family_without_paired_wholes_or_of_one_pair_or_of_mere_overlap() -> None:
    assert not of([one for one in course(3) if one.right != "B"])
    assert not of(course(1))
    assert not of(course(3, "overlap"))


def test_sides_are_the_same_in_all_pairs_of_a_family() -> None:
    turned = [match(f"B/{n}x", f"C/{n}", "translation") for n in range(3)]
    wholes = [match("A", "C", "translation")]
    for n in range(3):
        wholes += [match("A", f"B/{n}x", "part", source="A"), match("C", f"C/{n}", "part", source="C")]
    wholes.append(match("A", "D/9", "part", source="A"))
    wholes.append(match("C", "D/8", "part", source="C"))
    found = of([*wholes, *turned, match("D/8", "D/9", "translation")])
    assert [len(family) for family in found] == [3], "the pair with its sides exchanged stays out"


def test_a_family_is_one_item_of_a_batch() -> None:
    matches = course(5)
    entries, edges = queue.open_entries(matches, lambda resource: resource[0])
    whole, paired = families.wholes(matches)
    ordered = queue.ordered([one for one in entries if one.relation != "part"], edges, SEED)
    items, _ = fill(ordered, families=families.families(entries, whole, paired), size=3, turn=1)
    sizes = sorted(len(item.entries) for item in items)
    assert sizes[-1] >= 4 and sum(sizes) <= 6


# People.


def card(*tags: str) -> Card:
    return Card("r", "f/k", "a", {}, {"en": "T"}, {}, tags)


def test_pairs_are_in_languages_that_the_reviewer_reads() -> None:
    person = Reviewer("R", ("en", "fr"))
    assert reads(person, "copy", card("en"), card("en"))
    assert reads(person, "copy", card("en", "ja"), card("fr"))
    assert not reads(person, "copy", card("en"), card("ja"))
    assert not reads(person, "translation", card("en"), card("es"))
    assert not reads(person, "translation", card("en", "ja"), card("fr")), "a translation needs all languages of both"
    assert reads(person, "copy", card(), card("fr")), "nobody can tell"


def test_nobody_decides_on_their_own_office() -> None:
    person = Reviewer("R", ("en",), "insee")
    assert own(person, ("oecd", "insee")) and not own(Reviewer("R", ("en",)), ("",))
    try:
        refuse_own(person, ("insee", "oecd"))
    except NotAllowed as error:
        assert "insee" in str(error)
    else:
        raise AssertionError("not refused")
    refuse_own(person, ("oecd", "unece"))


def test_languages_are_read_as_people_write_them() -> None:
    assert languages("en, fr-CA;es en") == ("en", "fr", "es")
    for wrong in ("", "English", "e", "en,=cmd"):
        try:
            languages(wrong)
        except ValueError:
            continue
        raise AssertionError(wrong)
