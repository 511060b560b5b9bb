"""Partition counts are carried forward by every update as if all were counted anew."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.graph import partitions
from registry.graph.partitions import Partitions
from registry.graph.plan import Plan
from registry.iris import MA, RDF_TYPE
from tests.support.graphs import IRIS

THINGS = [ox.NamedNode(f"http://registry.test/id/{name}") for name in "abc"]
PROPERTIES = [ox.NamedNode(name) for name in (RDF_TYPE, "http://x.test/p", "http://x.test/q")]
VALUES = [ox.NamedNode(f"http://x.test/{name}") for name in "CD"]
GRAPHS = [ox.NamedNode(IRIS.graph("catalog")), ox.NamedNode(IRIS.record("one", "b")),
          ox.NamedNode(IRIS.graph("projection/described"))]  # fmt: skip


def quad(thing: int, name: int, value: int) -> ox.Quad:
    # Things of the projection's own graphs are in no other, as in the store.
    graph = GRAPHS[thing]
    return ox.Quad(THINGS[thing], PROPERTIES[name if thing < 2 else 1], VALUES[value], graph)


QUADS = st.sets(st.builds(quad, st.integers(0, 2), st.integers(0, 2), st.integers(0, 1)))


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(st.tuples(QUADS, QUADS), min_size=1, max_size=4))
def test_carried_forward_is_as_counted_anew(steps: list[tuple[set[ox.Quad], set[ox.Quad]]]) -> None:
    store = ox.Store()
    for looked, wanted in steps:
        # As every plan: what it wants and what stands already has been looked at.
        plan = Plan(store, old={one for one in looked | wanted if one in store}, new=set(wanted))
        partitions.carry(plan, IRIS)
        if operations := plan.operations():
            store.update(" ;\n".join(operations))
        assert partitions.kept(store, IRIS) == partitions.whole(store, IRIS)


def test_what_the_figures_are() -> None:
    store = ox.Store()
    store.extend([quad(0, 0, 0), quad(0, 1, 0), quad(0, 1, 1), quad(1, 0, 0), quad(1, 0, 1), quad(2, 1, 0)])
    one, two = "http://x.test/C", "http://x.test/D"
    assert partitions.whole(store, IRIS) == Partitions(
        things=2,
        classes={one: 2, two: 1},
        properties={RDF_TYPE: 3, "http://x.test/p": 2},
        within={one: {RDF_TYPE: 3, "http://x.test/p": 2}, two: {RDF_TYPE: 2}},
        graphs={IRIS.graph("catalog"): 3},
    )


def test_lists_are_named_with_their_licences() -> None:
    store, node = ox.Store(), ox.NamedNode
    catalog, feed, other = (IRIS.catalog("alpha") + part for part in ("", "/feed/one", "/feed/two"))
    said = [
        (catalog, MA + "feed", feed),
        (catalog, MA + "feed", other),
        (feed, "http://purl.org/dc/terms/license", "http://spdx.org/licenses/CC0-1.0"),
    ]
    graph = node(IRIS.graph("catalog/alpha"))
    store.extend([ox.Quad(*map(node, triple), graph) for triple in said])
    store.add(ox.Quad(node(other), node("http://purl.org/dc/terms/license"), ox.Literal("in words"), graph))
    assert partitions.lists(store) == {feed: ["http://spdx.org/licenses/CC0-1.0"], other: []}
