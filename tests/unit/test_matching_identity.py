"""Ids last: largest overlap inherits, losers redirect for ever, nothing is reused, the events say it all."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.matching import identity
from registry.matching.identity import (
    Churn,
    Identities,
    apply,
    churn,
    concerned,
    inherit,
    mint,
    replay,
    resolve,
    works,
)
from registry.model import IdentityEvent, Work

Parts = list[set[str]]


def run(
    state: Identities, parts: Iterable[Iterable[str]], confirmed: Iterable[str] = ()
) -> tuple[Identities, list[IdentityEvent]]:
    assignment, events = inherit(state, [frozenset(p) for p in parts], frozenset(confirmed), "2026-11-30T00:00:00Z")
    after = apply(state, events)
    assert after.members == assignment
    return after, events


def kinds(events: list[IdentityEvent]) -> list[tuple[str, str, str]]:
    return [(e.kind, e.id, e.other) for e in events]


def ids(state: Identities) -> dict[str, str]:
    return {"".join(sorted(held)): id for id, held in state.members.items()}


def test_an_id_is_minted_from_level_members_and_counter() -> None:
    assert mint("work", ["b", "a"]) == mint("work", ["a", "b"])
    made = {mint("work", "ab"), mint("cluster", "ab"), mint("work", "ab", 1), mint("work", "ac")}
    assert len(made) == 4
    assert all(len(id) == 17 and id[0] in "wc" and id.isascii() and id.islower() for id in made)


def test_an_id_lives_through_growth_and_shrinking() -> None:
    state, events = run(Identities("work"), ["ab"])
    (id,) = state.members
    assert kinds(events) == [("created", id, "")] and events[0].members == ("a", "b")
    state, events = run(state, ["abc"])
    assert kinds(events) == [("grown", id, "")] and events[0].members == ("a", "b", "c")
    state, events = run(state, ["bc"])
    assert kinds(events) == [("grown", id, "")]
    assert run(state, ["bc", "d"])[1] == []
    assert works(state) == [Work(id, "work", ("b", "c"))]


def test_in_a_merge_most_members_win_then_age_and_losers_redirect_for_ever() -> None:
    state, _ = run(Identities("work"), ["ab", "cde"])
    small, large = ids(state)["ab"], ids(state)["cde"]
    merged, events = run(state, ["abcde"])
    assert kinds(events) == [("absorbed", small, large), ("grown", large, "")]
    apart, events = run(merged, ["ab", "cde"])
    new = ids(apart)["ab"]
    assert kinds(events) == [("grown", large, ""), ("split", new, large)]
    assert new not in (small, large) and resolve(apart, small) == large
    state, _ = run(Identities("work"), ["yz"])
    state, _ = run(state, ["ab", "yz"])
    assert set(run(state, ["abyz"])[0].members) == {ids(state)["yz"]}, "the oldest of two equals"


def test_a_confirmed_id_wins_over_a_larger_one() -> None:
    state, _ = run(Identities("work"), ["ab", "cde"])
    small, large = ids(state)["ab"], ids(state)["cde"]
    merged, _ = run(state, ["abcde"], [small])
    assert set(merged.members) == {small} and resolve(merged, large) == small


def test_an_id_follows_most_of_its_members() -> None:
    state, _ = run(Identities("work"), ["abcde", "vwxyz"])
    left, right = ids(state)["abcde"], ids(state)["vwxyz"]
    after, events = run(state, ["abcvwxyz", "de"])
    assert ids(after)["abcvwxyz"] == right and resolve(after, left) == right
    assert ("split", ids(after)["de"], left) in kinds(events)


def test_fewer_than_two_retires_and_the_same_members_revive() -> None:
    state, _ = run(Identities("cluster"), ["ab"])
    (id,) = state.members
    alone, events = run(state, ["a", "b"])
    assert kinds(events) == [("retired", id, "")] and events[0].members == () and resolve(alone, id) == id
    other, events = run(alone, ["ac"])
    assert [e.kind for e in events] == ["created"]
    back, events = run(alone, ["abc"])
    assert kinds(events) == [("revived", id, "")] and back.members == {id: frozenset("abc")} and not back.retired


def test_a_collision_or_past_use_counts_up(monkeypatch: pytest.MonkeyPatch) -> None:
    state, _ = run(Identities("work"), ["ab"])
    state, _ = run(state, ["abcd", "xyz"])
    state, _ = run(state, ["abcdxyz"])
    state, _ = run(state, ["xyz", "abcd"])
    assert len(state.age) == 3 and mint("work", "xyz") in state.redirects
    monkeypatch.setattr(identity, "mint", lambda level, members, counter=0: f"w{counter}")
    clash, _ = run(Identities("work"), ["ab", "cd", "ef"])
    assert sorted(clash.members) == ["w0", "w1", "w2"]


def test_parts_that_share_a_member_are_refused() -> None:
    with pytest.raises(ValueError, match="share a member"):
        inherit(Identities("work"), ["ab", "bc"])


@pytest.mark.parametrize(
    "event",
    [
        IdentityEvent("work", "created", "wknown"),
        IdentityEvent("work", "split", "wknown", "wother"),
        IdentityEvent("work", "grown", "wnone"),
        IdentityEvent("work", "retired", "wnone"),
        IdentityEvent("work", "revived", "wknown"),
        IdentityEvent("work", "absorbed", "wknown", "wnone"),
        IdentityEvent("work", "absorbed", "wknown", "wknown"),
    ],
    ids=lambda e: f"{e.kind}-{e.id}-{e.other}",
)
def test_an_event_that_cannot_follow_is_named(event: IdentityEvent) -> None:
    state = apply(Identities("work"), [IdentityEvent("work", "created", "wknown", members=("a", "b"), sequence=1)])
    with pytest.raises(ValueError, match=event.id):
        apply(state, [replace(event, sequence=2)])


def test_levels_are_apart() -> None:
    events = run(Identities("work"), ["ab"])[1] + run(Identities("cluster"), ["ab"])[1]
    assert len(replay(events, "work").members) == len(replay(events, "cluster").members) == 1
    assert not set(replay(events, "work").members) & set(replay(events, "cluster").members)


def test_churn_counts_records_that_lost_their_id() -> None:
    before = {"w1": frozenset("abc"), "w2": frozenset("de")}
    after = {"w1": frozenset("abx"), "w3": frozenset("dey")}
    assert churn(before, after, "abcdefgy") == Churn(3, 8) and churn(before, after, "abcdefgy").share == 0.375
    assert churn(before, before, "abcde").share == 0 and churn({}, {}, "").share == 0


RECORDS = "abcdefghijkl"
# A partition as the group number of each record; None: the record is deleted.
world = st.lists(st.one_of(st.none(), st.integers(0, 6)), min_size=len(RECORDS), max_size=len(RECORDS))


def parted(groups: list[int | None]) -> Parts:
    found: dict[int, set[str]] = {}
    for record, group in zip(RECORDS, groups, strict=True):
        if group is not None:
            found.setdefault(group, set()).add(record)
    return list(found.values())


@settings(max_examples=200, deadline=None)
@given(st.lists(world, min_size=1, max_size=6), st.integers(0, 3), st.randoms(use_true_random=False))
def test_whatever_happens_ids_last(steps: list[list[int | None]], nth: int, shuffle: random.Random) -> None:
    state, ledger = Identities("work"), []
    ever: dict[str, frozenset[str]] = {}
    for groups in steps:
        confirmed = sorted(state.members)[nth : nth + 1]
        parts = parted(groups)
        before = state
        state, events = run(state, parts, confirmed)
        ledger += [replace(e, sequence=len(ledger) + k + 1) for k, e in enumerate(events)]
        # Every part of two or more has one id, and the other way round.
        assert set(state.members.values()) == {frozenset(p) for p in parts if len(p) > 1}
        assert len(set(state.members.values())) == len(state.members)
        # Living, retired and redirected are apart and together all that ever was.
        assert set(state.age) == state.members.keys() | state.retired.keys() | state.redirects.keys()
        assert len(state.age) == len(state.members) + len(state.retired) + len(state.redirects)
        assert set(before.redirects.items()) <= set(state.redirects.items()), "redirects are for ever"
        for id in state.age:
            assert resolve(state, id) in state.members.keys() | state.retired.keys()
        for id, held in state.members.items():
            assert ever.setdefault(id, held) and (id not in before.members or held & before.members[id])
        for id in confirmed:
            if any(len(before.members[id] & p) > 1 for p in parts):
                assert id in state.members
        # The order of the input is nothing.
        turned = [list(p) for p in parts]
        shuffle.shuffle(turned)
        twin = replace(before, members=dict(sorted(before.members.items(), reverse=True)))
        assert inherit(twin, turned, confirmed, events[0].time if events else "")[1] == events
        # Nothing changes: no event, no churn.
        assert run(state, parts)[1] == []
        assert churn(state.members, run(state, parts)[0].members, RECORDS).moved == 0
    again = replay(ledger, "work")
    assert replace(again, sequence=0) == state and list(again.age) == list(state.age)
    assert apply(again, ledger) == again, "read twice is read once"


@settings(max_examples=200, deadline=None)
@given(world, world, st.sets(st.integers(0, 6)))
def test_the_touched_part_of_the_world_is_enough(
    first: list[int | None], second: list[int | None], kept: set[int]
) -> None:
    state, _ = run(Identities("work"), parted(first))
    state, _ = run(state, parted([None if g in (1, 2) else g for g in first]))
    # Some groups stay as they are now; all other records fall out anew, into other groups.
    stay = [held for k, held in enumerate(sorted(state.members.values(), key=sorted)) if k in kept]
    fixed = frozenset().union(*stay)
    moved = [{r for r in part if r not in fixed} for part in parted(second)]
    full = inherit(state, [*stay, *moved])
    part = inherit(concerned(state, set(RECORDS) - fixed), moved)
    assert part[1] == full[1]
    assert part[0] == {id: held for id, held in full[0].items() if held not in stay}
