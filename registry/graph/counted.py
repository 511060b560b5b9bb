"""How much the graph holds, kept beside it and carried forward by each update: counting millions anew takes seconds.

The numbers stand in a graph of their own below the projection's marker, written in the same update as the data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pyoxigraph as ox

from registry.graph.layout import DCAT_RECORD, MATCHES, RELATIONS, TOMBSTONES, is_public
from registry.graph.plan import Plan
from registry.iris import MA, RDF_TYPE, Iris

NAMES = ("records", "tombstones", "matches", "relations", "triples")
MATCH_ASSERTION = MA + "MatchAssertion"


def graph_of(iris: Iris) -> str:
    """The graph that the numbers stand in."""
    return iris.graph("projection/counts")


def kept(store: ox.Store, iris: Iris) -> dict[str, int] | None:
    """The numbers as they stand, None where none were written."""
    graph = graph_of(iris)
    found = {
        quad.predicate.value.removeprefix(f"{graph}/"): int(quad.object.value)
        for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(graph))
        if isinstance(quad.object, ox.Literal)
    }
    return found or None


def counted(quads: Iterable[ox.Quad], iris: Iris) -> Counter[str]:
    """What some quads count."""
    record, kind, assertion = ox.NamedNode(DCAT_RECORD), ox.NamedNode(RDF_TYPE), ox.NamedNode(MATCH_ASSERTION)
    tombstones, matches, relations = (ox.NamedNode(iris.graph(name)) for name in (TOMBSTONES, MATCHES, RELATIONS))
    found, hidden = Counter[str](), dict[object, bool]()
    for _, predicate, target, graph in quads:
        if graph not in hidden:
            hidden[graph] = isinstance(graph, ox.NamedNode) and not is_public(iris, graph.value)
        if hidden[graph]:
            continue
        found["triples"] += 1
        if predicate == record:
            found["records"] += 1
        elif graph == relations:
            found["relations"] += 1
        elif predicate == kind and (graph == tombstones or (graph == matches and target == assertion)):
            found["tombstones" if graph == tombstones else "matches"] += 1
    return found


def whole(store: ox.Store, iris: Iris) -> dict[str, int]:
    """Everything counted anew."""
    found = counted(store, iris)
    return {name: found[name] for name in NAMES}


def carry(plan: Plan, before: Mapping[str, int], iris: Iris) -> None:
    """Plan the numbers that hold after the plan."""
    gone, come = plan.difference()
    change = counted(come, iris)
    change.subtract(counted(gone, iris))
    graph = graph_of(iris)
    plan.look(None, None, None, graph)
    node = ox.NamedNode(graph)
    for name in NAMES:
        number = ox.Literal(str(before[name] + change[name]))
        plan.new.add(ox.Quad(node, ox.NamedNode(f"{graph}/{name}"), number, node))
