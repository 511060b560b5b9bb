"""Works in the graph ``derived/works``: all forms of one course, what is listed several times, former addresses.

A resource leads to its work by schema:exampleOfWork; what is listed several times (prov:hadMember) is a part
(dcterms:isPartOf) of its work. No record states any of these of a work of ours (``docs/profile.md``, "Work").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from registry.graph.describe import former_triples, work_triples
from registry.graph.layout import quads
from registry.graph.plan import Plan, parsed
from registry.iris import DCTERMS, PROV, SCHEMA, Iris
from registry.model import Work
from registry.terms import Iri, Triple, to_ntriples

WORKS = "derived/works"
EXAMPLE_OF, PART_OF, HAD_MEMBER = SCHEMA + "exampleOfWork", DCTERMS + "isPartOf", PROV + "hadMember"


@dataclass(frozen=True, slots=True)
class WorkDelta:
    """What became of works. ``works`` are new or changed, of both levels; ``gone`` are ids of which nothing is said
    any more; ``redirects`` lead from a former id to what took it in, ``retired`` were left with fewer than two
    members. ``complete``: those not named here are gone.
    """

    works: Sequence[Work] = ()
    gone: Iterable[str] = ()
    redirects: Mapping[str, str] = field(default_factory=dict)
    retired: Iterable[str] = ()
    complete: bool = False


def work_lines(delta: WorkDelta, iris: Iris) -> Iterator[str]:
    """All that a delta says, as lines of N-Triples."""
    work_of = {member: work.id for work in delta.works if work.level == "work" for member in work.members}
    for work in delta.works:
        triples: list[Triple] = work_triples(work, iris)
        owner = work_of.get(work.members[0]) if work.level == "cluster" else None
        if owner is not None:
            triples.append((iris.work(work.id), Iri(PART_OF), iris.work(owner)))
        yield from to_ntriples(triples).splitlines()
    standing = {work.id for work in delta.works}
    for identifier, successor in {**dict.fromkeys(delta.retired, ""), **delta.redirects}.items():
        if identifier not in standing:
            yield from to_ntriples(former_triples(identifier, successor, iris)).splitlines()


def plan_works(plan: Plan, delta: WorkDelta, iris: Iris) -> None:
    """Plan what a delta changes, and to which work the unchanged rest of the works concerned belongs now."""
    graph = iris.graph(WORKS)
    if delta.complete:
        plan.look(None, None, None, graph)
    named = {*(work.id for work in delta.works), *delta.gone, *delta.redirects, *delta.retired}
    for identifier in named:
        node = iris.work(identifier)
        for pattern in ((node, None, None), (None, EXAMPLE_OF, node), (None, PART_OF, node)):
            plan.look(*pattern, graph)
    plan.new |= parsed(quads(graph, work_lines(delta, iris)))
    if not delta.complete:
        plan.new |= _kept_parts(plan, delta, iris)


def _kept_parts(plan: Plan, delta: WorkDelta, iris: Iris) -> set[ox.Quad]:
    """dcterms:isPartOf where only one side of it is in the delta."""
    graph = iris.graph(WORKS)
    part_of, within = ox.NamedNode(PART_OF), ox.NamedNode(graph)
    found: set[ox.Quad] = set()
    for work in delta.works:
        node = ox.NamedNode(iris.work(work.id))
        for member in work.members:
            if work.level == "work":
                kept = {q.subject for q in plan.standing(None, HAD_MEMBER, member, graph) if q not in plan.old}
                for cluster in kept:
                    plan.look(cluster, PART_OF, None, graph)
                    found.add(ox.Quad(cluster, part_of, node, within))
            else:
                for quad in plan.standing(member, EXAMPLE_OF, None, graph):
                    if quad not in plan.old:
                        found.add(ox.Quad(node, part_of, quad.object, within))
    return found
