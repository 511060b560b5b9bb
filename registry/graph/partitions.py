"""How many things of which classes, and which properties, the public graph holds: the figures of its VoID description.

Each figure is a sum over things (subjects), so an update changes it by what it changes of the things it touches;
counted anew, millions take minutes. They stand beside the graph, in a graph below the projection's marker, and are
written in the same update as the data. Source: W3C Interest Group Note VoID, sections 4.4 to 4.6.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pyoxigraph as ox

from registry.graph.layout import is_public
from registry.graph.plan import Plan
from registry.iris import DCTERMS, MA, RDF_TYPE, SKOS, Iris

# What is summed: ("thing",), ("property", p), ("class", c), ("class", c, p).
Sums = Counter[tuple[str, ...]]
THING = ("thing",)
TYPE = ox.NamedNode(RDF_TYPE)
FIXED = (
    "agents", "catalog", "derived/classification", "derived/relations", "derived/works", "matches", "ontology",
    "shapes", "tombstones",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Partitions:
    """``things`` described, ``classes`` {class: its things}, ``properties`` {property: its triples}, ``within``
    {class: {property: triples about things of the class}}."""

    things: int
    classes: Mapping[str, int]
    properties: Mapping[str, int]
    within: Mapping[str, Mapping[str, int]]


def _partitions(sums: Sums) -> Partitions:
    classes, properties, within = dict[str, int](), dict[str, int](), dict[str, dict[str, int]]()
    for key, number in sorted(sums.items()):
        if not number or key == THING:
            continue
        if key[0] == "property":
            properties[key[1]] = number
        elif len(key) == 2:
            classes[key[1]] = number
        else:
            within.setdefault(key[1], {})[key[2]] = number
    return Partitions(sums[THING], classes, properties, within)


def _sums(found: Partitions) -> Sums:
    sums = Sums({THING: found.things})
    sums.update({("class", kind): number for kind, number in found.classes.items()})
    sums.update({("property", name): number for name, number in found.properties.items()})
    for kind, values in found.within.items():
        sums.update({("class", kind, name): number for name, number in values.items()})
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


def whole(store: ox.Store, iris: Iris) -> Partitions:
    """Everything counted anew, by queries over the union of all graphs less what is not public."""
    sums = Sums()
    for name in ("things", "classes", "properties", "within"):
        query = files("registry.graph").joinpath(f"queries/partitions-{name}.rq").read_text("utf-8")
        for row in store.query(query, use_default_graph_as_union=True):  # type: ignore[union-attr]
            *key, number = (_name(term) if not isinstance(term, ox.Literal) else term.value for term in row)
            sums[({"things": "thing", "properties": "property"}.get(name, "class"), *key)] = int(number)
    hidden: dict[object, list[ox.Quad]] = {}
    for name in ("", "/counts", "/described", "/partitions"):
        for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(iris.graph("projection" + name))):
            hidden.setdefault(quad.subject, []).append(quad)
    for quads in hidden.values():
        sums.subtract(_of_thing(quads))
    return _partitions(sums)


def change(plan: Plan, iris: Iris) -> Sums:
    """What a plan changes of the sums, seen from the store as it stands before it."""
    gone, come = plan.difference()
    public: dict[object, bool] = {}
    touched: dict[Any, tuple[set[ox.Quad], set[ox.Quad]]] = {}
    for side, quads in enumerate((gone, come)):
        for quad in quads:
            if quad.graph_name not in public:
                public[quad.graph_name] = is_public(iris, quad.graph_name.value)  # type: ignore[union-attr]
            if public[quad.graph_name]:
                touched.setdefault(quad.subject, (set(), set()))[side].add(quad)
    sums = Sums()
    for thing, (lost, won) in touched.items():
        _change_of(plan, iris, sums, thing, lost, won)
    return sums


def _change_of(plan: Plan, iris: Iris, sums: Sums, thing: Any, lost: set[ox.Quad], won: set[ox.Quad]) -> None:
    def standing(predicate: ox.NamedNode | None) -> Iterable[ox.Quad]:
        found = plan.standing(thing, predicate, None, None)
        return (quad for quad in found if is_public(iris, quad.graph_name.value))  # type: ignore[union-attr]

    before = set(standing(TYPE))
    kinds, later = ({_name(quad.object) for quad in quads} for quads in (
        before, (before - lost) | {quad for quad in won if quad.predicate == TYPE}))  # fmt: skip
    if kinds and kinds == later:
        # A catalogue has two links for each record: what it keeps is not read again.
        for quads, by in ((lost, -1), (won, 1)):
            for quad in quads:
                _add(sums, quad, kinds, by)
        return
    whole_before = set(standing(None))
    sums.subtract(_of_thing(whole_before))
    sums.update(_of_thing((whole_before - lost) | won))


def carry(plan: Plan, iris: Iris) -> None:
    """Plan the figures that hold after the plan."""
    before = kept(plan.store, iris) or whole(plan.store, iris)
    difference = change(plan, iris)
    sums = _sums(before)
    sums.update(difference)
    found, graph = _partitions(sums), graph_of(iris)
    plan.look(None, None, None, graph)
    told = {"things": found.things, "classes": found.classes, "properties": found.properties, "within": found.within}
    node = ox.NamedNode(graph)
    plan.new.add(ox.Quad(node, node, ox.Literal(json.dumps(told)), node))


def graphs(store: ox.Store, iris: Iris) -> list[str]:
    """The public graphs that are no record's, by name; records have one each, named as they are."""
    names = set(FIXED)
    feeds = {quad.object for quad in store.quads_for_pattern(None, ox.NamedNode(MA + "feed"), None, None)}
    schemes = store.quads_for_pattern(None, TYPE, ox.NamedNode(SKOS + "ConceptScheme"), None)
    parts = store.quads_for_pattern(None, ox.NamedNode(DCTERMS + "hasPart"), None, ox.NamedNode(iris.graph("catalog")))
    names |= {f"catalog/{_tail(quad.object)}" for quad in parts}
    names |= {f"provenance/{_tail(feed)}" for feed in feeds}
    names |= {f"vocab/{_tail(quad.subject)}" for quad in schemes}
    found = (iris.graph(name) for name in sorted(names))
    return [name for name in found if store.contains_named_graph(ox.NamedNode(name))]


def _tail(term: object) -> str:
    return _name(term).rpartition("/")[2]


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
    return {
        "triples": triples, "things": found.things, "classes": found.classes, "properties": found.properties,
        "within": found.within, "graphs": graphs(store, iris), "lists": lists(store),
    }  # fmt: skip
