"""How many things of which classes, and which properties, the public graph holds: the figures of its VoID description.

Each figure is a sum over things (subjects), so an update changes it by what it changes of the things it touches;
counted anew, millions take minutes. They stand beside the graph, in a graph below the projection's marker, and are
written in the same update as the data. Source: W3C Interest Group Note VoID, sections 4.4 to 4.6.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import pyoxigraph as ox

from registry.graph.layout import is_public
from registry.graph.plan import Plan
from registry.iris import DCTERMS, MA, RDF_TYPE, Iris

# What is summed: ("thing",), ("property", p), ("class", c), ("class", c, p), ("graph", g).
Sums = Counter[tuple[str, ...]]
THING = ("thing",)
TYPE = ox.NamedNode(RDF_TYPE)


@dataclass(frozen=True, slots=True)
class Partitions:
    """``things`` described, ``classes`` {class: its things}, ``properties`` {property: its triples}, ``within``
    {class: {property: triples about things of the class}}, ``graphs`` {graph: its triples} of those that are no
    record's (each record has one, named as it is)."""

    things: int
    classes: Mapping[str, int]
    properties: Mapping[str, int]
    within: Mapping[str, Mapping[str, int]]
    graphs: Mapping[str, int]


def _partitions(sums: Sums) -> Partitions:
    found: dict[str, dict[str, int]] = {"property": {}, "class": {}, "graph": {}}
    within = dict[str, dict[str, int]]()
    for key, number in sorted(sums.items()):
        if number and len(key) == 2:
            found[key[0]][key[1]] = number
        elif number and len(key) == 3:
            within.setdefault(key[1], {})[key[2]] = number
    return Partitions(sums[THING], found["class"], found["property"], within, found["graph"])


def _sums(found: Partitions) -> Sums:
    sums = Sums({THING: found.things})
    for kind, values in (("class", found.classes), ("property", found.properties), ("graph", found.graphs)):
        sums.update({(kind, name): number for name, number in values.items()})
    for name, of_class in found.within.items():
        sums.update({("class", name, part): number for part, number in of_class.items()})
    return sums


def _of_thing(quads: Iterable[ox.Quad]) -> Sums:
    """What one thing with all its triples adds."""
    found, sums = list(quads), Sums()
    if not found:
        return sums
    sums[THING] = 1
    kinds = {_name(quad.object) for quad in found if quad.predicate == TYPE}
    sums.update({("class", kind): 1 for kind in kinds})
    for quad in found:
        _add(sums, quad, kinds, 1)
    return sums


def _add(sums: Sums, quad: ox.Quad, kinds: Iterable[str], by: int) -> None:
    name = quad.predicate.value
    sums["property", name] += by
    for kind in kinds:
        sums["class", kind, name] += by


def _name(term: object) -> str:
    return term.value if isinstance(term, ox.NamedNode) else str(term)


def graph_of(iris: Iris) -> str:
    """The graph that the figures stand in."""
    return iris.graph("projection/partitions")


def kept(store: ox.Store, iris: Iris) -> Partitions | None:
    """The figures as they stand, None where none were written."""
    for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(graph_of(iris))):
        assert isinstance(quad.object, ox.Literal)
        return Partitions(**json.loads(quad.object.value))
    return None


_QUERIES = {"things": "thing", "classes": "class", "properties": "property", "within": "class", "graphs": "graph"}


def whole(store: ox.Store, iris: Iris) -> Partitions:
    """Everything counted anew, by queries over the union of all graphs less what is not public."""
    sums = Sums()
    for name, kind in _QUERIES.items():
        query = files("registry.graph").joinpath(f"queries/partitions-{name}.rq").read_text("utf-8")
        for row in store.query(query, use_default_graph_as_union=True):  # type: ignore[union-attr]
            *key, number = (_name(term) if not isinstance(term, ox.Literal) else term.value for term in row)
            if kind != "graph" or _has_own_name(iris, key[0]):
                sums[(kind, *key)] = int(number)
    hidden: dict[object, list[ox.Quad]] = {}
    for graph in store.named_graphs():
        if not is_public(iris, _name(graph)):
            for quad in store.quads_for_pattern(None, None, None, graph):
                hidden.setdefault(quad.subject, []).append(quad)
    for quads in hidden.values():
        sums.subtract(_of_thing(quads))
    return _partitions(sums)


def _has_own_name(iris: Iris, graph: str) -> bool:
    """Whether a graph is public and no record's."""
    return graph.startswith(f"{iris.base}/graph/") and is_public(iris, graph)


def change(plan: Plan, iris: Iris) -> Sums:
    """What a plan changes of the sums, seen from the store as it stands before it."""
    gone, come = plan.difference()
    public: dict[str, tuple[bool, bool]] = {}
    touched: dict[Any, tuple[set[ox.Quad], set[ox.Quad]]] = {}
    sums = Sums()
    for side, quads in enumerate((gone, come)):
        for quad in quads:
            graph = _name(quad.graph_name)
            if graph not in public:
                public[graph] = (is_public(iris, graph), _has_own_name(iris, graph))
            shown, named = public[graph]
            if shown:
                touched.setdefault(quad.subject, (set(), set()))[side].add(quad)
            if named:
                sums["graph", graph] += 1 if side else -1
    for thing, (lost, won) in touched.items():
        _change_of(plan, iris, sums, thing, lost, won)
    return sums


def _change_of(plan: Plan, iris: Iris, sums: Sums, thing: Any, lost: set[ox.Quad], won: set[ox.Quad]) -> None:
    def standing(predicate: ox.NamedNode | None) -> Iterable[ox.Quad]:
        found = plan.standing(thing, predicate, None, None)
        return (quad for quad in found if is_public(iris, quad.graph_name.value))  # type: ignore[union-attr]

    before = set(standing(TYPE))
    later = (before - lost) | {quad for quad in won if quad.predicate == TYPE}
    kinds = {_name(quad.object) for quad in before}
    if kinds == {_name(quad.object) for quad in later}:
        # A catalogue has two links for each record: what it keeps is not read again.
        for quads, by in ((lost, -1), (won, 1)):
            for quad in quads:
                _add(sums, quad, kinds, by)
        if not kinds:
            stood = next(iter(standing(None)), None) is not None
            sums[THING] += (bool(won) or any(quad not in lost for quad in standing(None))) - stood
        return
    everything = set(standing(None))
    sums.subtract(_of_thing(everything))
    sums.update(_of_thing((everything - lost) | won))


def carry(plan: Plan, iris: Iris) -> None:
    """Plan the figures that hold after the plan."""
    before = kept(plan.store, iris) or whole(plan.store, iris)
    difference = change(plan, iris)
    sums = _sums(before)
    sums.update(difference)
    found, graph = _partitions(sums), graph_of(iris)
    plan.look(None, None, None, graph)
    node = ox.NamedNode(graph)
    plan.new.add(ox.Quad(node, node, ox.Literal(json.dumps(asdict(found))), node))


def lists(store: ox.Store) -> dict[str, list[str]]:
    """The licences of the descriptions of each list, {IRI of the list: licences}; none is said of some."""
    found: dict[str, list[str]] = {}
    for quad in store.quads_for_pattern(None, ox.NamedNode(MA + "feed"), None, None):
        assert isinstance(quad.object, ox.NamedNode)
        terms = store.quads_for_pattern(quad.object, ox.NamedNode(DCTERMS + "license"), None, None)
        found[quad.object.value] = sorted(_name(one.object) for one in terms if isinstance(one.object, ox.NamedNode))
    return found


def told(store: ox.Store, iris: Iris, triples: int) -> dict[str, Any]:
    """All that a release says of its graph, as JSON values."""
    found = kept(store, iris) or whole(store, iris)
    return {"triples": triples, **asdict(found), "lists": lists(store)}
