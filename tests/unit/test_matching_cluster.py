"""Clusters and works: nothing chains, decisions hold, the order of the input is nothing, partial equals full."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reclustering import neighbours_in, renewed, set_aside, touched, within

from registry.matching.cluster import (
    RELATIONS,
    Cannot,
    Edges,
    Partition,
    cannot_links,
    joining,
    partition,
)
from registry.matching.parting import Links, Tuning, joined

Row = tuple[int, int, str, float, bool, bool]
Bar = tuple[int, int, bool, bool]


def edges(*rows: Row) -> Edges:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    return Edges(
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.int64),
        np.array([RELATIONS.index(name) for name in columns[2]], dtype=np.int8),
        np.array(columns[3], dtype=np.float64),
        np.array(columns[4], dtype=bool),
        np.array(columns[5], dtype=bool),
    )


def bars(*rows: Bar) -> Cannot:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 4
    return Cannot(
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.int64),
        np.array(columns[2], dtype=bool),
        np.array(columns[3], dtype=bool),
    )


def link(a: int, b: int, relation: str = "copy", weight: float = 0.9, decided: bool = False) -> Row:
    return a, b, relation, weight, True, decided


def clique(members: range, relation: str = "copy") -> list[Row]:
    return [link(a, b, relation) for a, b in combinations(members, 2)]


def parts(nodes: np.ndarray, labels: np.ndarray) -> set[frozenset[int]]:
    found = defaultdict(set)
    for node, label in zip(nodes.tolist(), labels.tolist(), strict=True):
        found[label].add(node)
    assert all(label == min(members) for label, members in found.items())
    return {frozenset(members) for members in found.values() if len(members) > 1}


def clusters(found: Partition) -> set[frozenset[int]]:
    return parts(found.nodes, found.cluster)


def works(found: Partition) -> set[frozenset[int]]:
    return parts(found.nodes, found.work)


def test_copies_are_a_cluster_and_forms_a_work() -> None:
    found = partition(edges(link(1, 2), link(2, 3, "translation"), link(3, 4, "near-copy"), link(5, 4, "run")), bars())
    assert clusters(found) == {frozenset({1, 2}), frozenset({3, 4})}
    assert works(found) == {frozenset({1, 2, 3, 4, 5})}
    assert not found.splits and not found.conflicts


@pytest.mark.parametrize("relation", ["derivative", "overlap", "part", "different"])
def test_other_relations_never_join(relation: str) -> None:
    found = partition(edges(link(1, 2), link(2, 3, relation), link(3, 4), (4, 5, "copy", 1.0, False, False)), bars())
    assert works(found) == {frozenset({1, 2}), frozenset({3, 4})}


def test_a_bridge_between_two_groups_is_cut_at_both_levels() -> None:
    found = partition(edges(*clique(range(1, 6)), *clique(range(6, 11)), link(5, 6)), bars())
    assert clusters(found) == works(found) == {frozenset(range(1, 6)), frozenset(range(6, 11))}
    assert [(s.level, s.component, s.members, s.parts, s.set_aside, s.reasons) for s in found.splits] == [
        ("cluster", 1, 10, 2, 1, ("bridge",))
    ]


def test_one_chain_of_bad_links_makes_no_giant() -> None:
    rows = [row for k in range(0, 500, 5) for row in clique(range(k, k + 5))]
    rows += [link(k + 4, k + 5, weight=0.8) for k in range(0, 495, 5)]
    assert clusters(partition(edges(*rows), bars())) == {frozenset(range(k, k + 5)) for k in range(0, 500, 5)}


@pytest.mark.parametrize("relation", ["copy", "translation"])
def test_a_star_stays_whole(relation: str) -> None:
    found = partition(edges(*(link(1, k, relation) for k in range(2, 42))), bars())
    assert works(found) == {frozenset(range(1, 42))}


def test_a_short_chain_of_editions_stays_whole() -> None:
    found = partition(edges(*(link(k, k + 1, "version") for k in range(1, 10))), bars())
    assert works(found) == {frozenset(range(1, 11))}


def test_above_the_bound_only_the_greedy_pass_runs() -> None:
    rows = [row for k in range(0, 60, 3) for row in clique(range(k, k + 3))]
    rows += [link(k + 2, k + 3, weight=0.5) for k in range(0, 57, 3)]
    found = partition(edges(*rows), bars(), tuning=Tuning(leiden_links=10))
    assert clusters(found) == {frozenset(range(k, k + 3)) for k in range(0, 60, 3)}
    assert found.splits[0].reasons == ("sparse", "size")


def test_a_cannot_link_parts_and_the_strongest_link_stays() -> None:
    found = partition(edges(link(1, 2, weight=0.99), link(2, 3, weight=0.95)), bars((1, 3, True, False)))
    assert works(found) == {frozenset({1, 2})}
    assert found.splits[0].reasons == ("cannot-link",)


def test_a_decided_edition_is_no_copy_but_the_same_work() -> None:
    given_edges = edges(link(1, 2), link(2, 3), link(1, 3, "version", 1.0, True))
    found = partition(given_edges, cannot_links(given_edges))
    assert works(found) == {frozenset({1, 2, 3})}
    assert len(clusters(found)) == 1 and frozenset({1, 3}) not in clusters(found)
    assert not {frozenset({1, 2, 3})} & clusters(found)


def test_decided_links_win_over_guards_and_give_way_to_decisions() -> None:
    rows = edges(link(1, 2, decided=True), link(2, 3, weight=0.8, decided=True))
    guard = partition(rows, bars((1, 3, True, False)))
    assert clusters(guard) == {frozenset({1, 2, 3})}
    assert [(c.level, c.against, c.kept) for c in guard.conflicts] == [("cluster", (1, 3), "link")]
    firm = partition(rows, bars((1, 3, True, True)))
    assert clusters(firm) == works(firm) == {frozenset({1, 2})}
    assert ("cluster", (2, 3), (1, 3), "cannot") in [(c.level, c.link, c.against, c.kept) for c in firm.conflicts]


def test_a_decided_link_holds_where_leiden_would_cut() -> None:
    rows = [*clique(range(1, 6)), *clique(range(6, 11)), link(5, 6, decided=True)]
    assert clusters(partition(edges(*rows), bars())) == {frozenset(range(1, 11))}


def test_nothing_and_a_resource_alone() -> None:
    assert not len(partition(edges(), bars()).nodes)
    found = partition(edges(link(4, 4)), bars((4, 4, True, True)), nodes=np.array([9, 4]))
    assert found.nodes.tolist() == found.cluster.tolist() == found.work.tolist() == [4, 9]


@pytest.mark.parametrize("turn", [1, -1])
def test_of_a_pair_told_twice_the_decided_then_the_strongest_counts(turn: int) -> None:
    rows = [link(1, 2, weight=0.5), link(1, 2, weight=0.99), link(1, 2, weight=0.6), link(2, 3, weight=0.9)]
    assert works(partition(edges(*rows[::turn]), bars((1, 3, True, False)))) == {frozenset({1, 2})}
    rows = [link(1, 2, weight=0.99), link(1, 2, weight=0.5, decided=True)]
    assert works(partition(edges(*rows[::turn]), bars((1, 2, True, False)))) == {frozenset({1, 2})}


def test_a_rejected_pair_is_no_finding() -> None:
    found = partition(edges(link(1, 2), link(2, 3)), bars((1, 2, True, True)))
    assert works(found) == {frozenset({2, 3})} and not found.splits and not found.conflicts


def test_leiden_is_repeatable_and_leaves_the_random_numbers_of_others_alone() -> None:
    draw = np.random.default_rng(7).integers(1, 400, (700, 2)).tolist()
    rows = edges(*(link(a, b) for a, b in draw))
    random.seed(1)
    first, state = partition(rows, bars()), random.getstate()
    random.seed(2)
    assert same(first, partition(rows, bars()))
    random.seed(1)
    assert random.getstate() == state
    other = partition(rows, bars(), tuning=Tuning(seed=1))
    assert not np.array_equal(first.cluster, other.cluster), "a graph on which chance decides"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(1, 9)), max_size=20),
    st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda p: p[0] < p[1]), max_size=6),
)
def test_joining_greedily_never_crosses_a_cannot_link(
    rows: list[tuple[int, int, int]], forbidden: set[tuple[int, int]]
) -> None:
    def links(pairs: list[tuple[int, int, int]]) -> Links:
        u, v, w = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
        return Links(u, v, w / 10, np.zeros(len(u), dtype=bool), u, v)

    ordered = [(min(a, b), max(a, b), w) for a, b, w in rows if a != b]
    label, stopped = joined(8, links(ordered), links([(a, b, 1) for a, b in sorted(forbidden)]))
    groups, blocked = [{x} for x in range(8)], 0
    for a, b, _ in sorted(ordered, key=lambda r: (-r[2], r[0], r[1])):
        one, other = (next(g for g in groups if x in g) for x in (a, b))
        if one is other:
            continue
        if any({x, y} <= one | other for x, y in forbidden):
            blocked += 1
            continue
        groups.remove(other)
        one |= other
    assert label.tolist() == [min(next(g for g in groups if x in g)) for x in range(8)]
    assert len(stopped) == blocked


# The ids are spread over 63 bits, as hashes are; few nodes, so that everything touches.
IDS = [int(x) for x in np.random.default_rng(4).integers(0, 2**63 - 1, 24)]
node = st.sampled_from(IDS)
row = st.tuples(
    node,
    node,
    st.sampled_from(["copy", "copy", "copy", "near-copy", "version", "translation", "run", "derivative", "different"]),
    st.sampled_from([0.5, 0.8, 0.9, 0.95, 1.0]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([False, False, False, True]),
)
bar = st.tuples(node, node, st.booleans(), st.booleans())
SMALL = Tuning(sparse_members=4)


def same(one: Partition, other: Partition) -> bool:
    columns = ("nodes", "cluster", "work")
    return (
        all(np.array_equal(getattr(one, c), getattr(other, c)) for c in columns)
        and one.splits == other.splits
        and one.conflicts == other.conflicts
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(row, max_size=50), st.lists(bar, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_the_input_is_nothing(rows: list[Row], forbidden: list[Bar], shuffle: object) -> None:
    turned = [(b, a, *rest) for a, b, *rest in rows]
    shuffle.shuffle(turned)  # type: ignore[attr-defined]
    again = [(b, a, *rest) for a, b, *rest in reversed(forbidden)]
    first = partition(edges(*rows), bars(*forbidden), tuning=SMALL)
    assert same(first, partition(edges(*turned), bars(*again), tuning=SMALL))
    assert same(first, partition(edges(*turned, *turned), bars(*again, *again), tuning=SMALL))


@settings(max_examples=150, deadline=None)
@given(st.lists(row, max_size=50), st.lists(bar, max_size=8))
def test_what_always_holds(rows: list[Row], forbidden: list[Bar]) -> None:
    given_edges, given_bars = edges(*rows), bars(*forbidden)
    found = partition(given_edges, given_bars, tuning=SMALL)
    cluster = dict(zip(found.nodes.tolist(), found.cluster.tolist(), strict=True))
    work = dict(zip(found.nodes.tolist(), found.work.tolist(), strict=True))
    assert all(work[a] == work[cluster[a]] for a in cluster), "a cluster lies within one work"
    overruled = {(c.level, frozenset(c.against)) for c in found.conflicts if c.kept == "link"}
    guards = len(overruled)
    for a, b, reach, decided in forbidden:
        if a == b or a not in work or b not in work:
            continue
        if decided or not guards:
            assert cluster[a] != cluster[b] and not (reach and work[a] == work[b])
    cut = {(c.level, frozenset(c.link)) for c in found.conflicts if c.kept == "cannot"}
    if not any(level == "work" for level, _ in cut):
        for a, b, relation, _, accepted, decided in rows:
            if accepted and decided and a != b and relation in ("copy", "near-copy", "version", "translation", "run"):
                assert work[a] == work[b]
                if relation in ("copy", "near-copy") and not cut:
                    assert cluster[a] == cluster[b]
    aside = set_aside(given_edges, found)
    assert not (aside & ~joining(given_edges)).any()
    linked = given_edges.take(joining(given_edges) & ~aside)
    reach_all = neighbours_in(linked)
    for part in works(found):
        assert set(touched(np.array([min(part)]), reach_all).tolist()) >= part, "a work hangs together"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(row, max_size=40),
    st.lists(bar, max_size=6),
    st.lists(
        st.tuples(st.lists(row, max_size=3), st.lists(bar, max_size=1), st.integers(0, 99)), min_size=1, max_size=4
    ),
    st.data(),
)
def test_partial_equals_full(
    rows: list[Row], forbidden: list[Bar], steps: list[tuple[list[Row], list[Bar], int]], data: st.DataObject
) -> None:
    kept = partition(edges(*rows), bars(*forbidden), tuning=SMALL)
    for new, new_bars, seed in steps:
        gone_row = [rows[seed % len(rows)]] if rows else []
        gone_bar = [forbidden[seed % len(forbidden)]] if forbidden else []
        deleted = data.draw(st.lists(node, max_size=1))
        lost = [r for r in rows if r in gone_row or r[0] in deleted or r[1] in deleted]
        rows = [r for r in rows if r not in lost] + [r for r in new if r[0] not in deleted and r[1] not in deleted]
        lost_bars = [b for b in forbidden if b in gone_bar]
        forbidden = [b for b in forbidden if b not in lost_bars] + new_bars
        ends = {x for r in (*lost, *new, *lost_bars, *new_bars) for x in r[:2]} - set(deleted)
        dirty = np.array(sorted(ends), dtype=np.int64)
        every, cannot = edges(*rows), bars(*forbidden)
        nodes = touched(dirty, neighbours_in(every))
        again = partition(*within(every, cannot, nodes), nodes, tuning=SMALL)
        kept = renewed(kept, again, np.array(deleted, dtype=np.int64))
        full = partition(every, cannot, kept.nodes, tuning=SMALL)
        assert same(kept, full)
