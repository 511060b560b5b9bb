"""A member of an event stream as a record: the thing that it tells of, under the thing's own address.

Activities carry the thing in a named graph or beside them; versions become the thing that they are versions of;
other members are the thing. Sources: LDES, versioning; DCAT-AP Feeds, §1; ActivityStreams 2.0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from harvesters import rdf_records
from harvesters.ldes_page import Page, is_activity, is_change, is_deletion
from harvesters.rdf_graph import Blank, Graph, Node, Object, Statement
from registry.iris import DCTERMS, FOAF
from registry.model import Issue, RawRecord
from registry.terms import Iri, Literal

MAX_STATEMENTS = 20_000  # about one member


@dataclass(frozen=True, slots=True)
class Told:
    """What a member tells: a record, or None where it describes no resource; ``empty``: it describes nothing."""

    record: RawRecord | None
    empty: bool = False
    kinds: frozenset[str] = frozenset()


def beside(page: Page) -> Graph:
    """The statements of a page that are not told by one member alone, in a graph of its own."""
    graph = page.graph
    names = {_name(member) for member in page.members} & set(graph.named)
    if not names:
        return graph
    inside = {statement for name in names for statement in graph.named[name]}
    return _graph(graph, (one for one in graph.statements() if one not in inside))


def is_apart(page: Page, member: Node) -> bool:
    """Whether what a member tells stands in a named graph of its own."""
    return _name(member) in page.graph.named


def is_beside(page: Page, member: Node) -> bool:
    """Whether a change is told in the same graph as all others: two of the same thing cannot be kept apart."""
    change = is_activity(page, member) and is_change(page, member) and not is_deletion(page, member)
    return change and not is_apart(page, member)


def record(page: Page, shared: Graph, member: Node, about: Node | None, types: tuple[str, ...]) -> Told:
    """The record of a member. ``about``: the thing that it tells of, None for the member itself."""
    thing = about if about is not None else member
    if is_apart(page, member):
        part = page.graph.part(_name(member))
    else:
        part = _reachable(shared, thing if is_activity(page, member) else member, frozenset(page.members))
    if about is not None and not is_activity(page, member):
        part = _as_thing(part, member, about, page)
    lost = [issue for name in dict.fromkeys((str(member), str(thing))) for issue in page.graph.lost.get(name, ())]
    part.lost = {str(thing): lost} if lost else {}
    return described(part, thing, types, page.address)


def described(part: Graph, thing: Node, types: tuple[str, ...], source: str) -> Told:
    """The record of a thing in a graph that holds only its description."""
    if not part.nodes:
        return Told(None, empty=True)
    chosen = dict(rdf_records.subjects(part, types))
    subject: Node | None = thing if thing in chosen else None
    if subject is None and thing in part.nodes:  # the catalogue's record tells of its resource
        topics = sorted(value for value in part.objects(thing, FOAF + "primaryTopic") if value in chosen)
        subject = topics[0] if topics else None
    elif subject is None and len(chosen) == 1:
        subject = next(iter(chosen))
    if subject is None:
        kinds = part.types(thing) or frozenset(kind for node in part.nodes for kind in part.types(node))
        return Told(None, empty=thing not in part.nodes and not kinds, kinds=kinds)
    made = rdf_records.record(part, subject, chosen[subject], source, source)
    key = str(thing) if isinstance(thing, Iri) and len(thing) <= rdf_records.MAX_KEY else made.key
    return Told(replace(made, key=key))


def deleted(page: Page, thing: Node) -> RawRecord:
    """A thing that its source says is gone."""
    source = thing if isinstance(thing, Iri) and thing.startswith("http") else page.address
    return RawRecord(
        str(thing)[: rdf_records.MAX_KEY], b"", rdf_records.MEDIA_TYPE, "rdf", source, page.address, deleted=True
    )


def unread(thing: Node, address: str, why: str) -> RawRecord:
    """A thing that was told of and whose description cannot be had: held back."""
    issue = Issue("ldes-unread", f"<{thing}>"[:300], why[:300])
    return RawRecord(
        str(thing)[: rdf_records.MAX_KEY], b"", rdf_records.MEDIA_TYPE, "rdf", str(thing), address, broken=True,
        issues=(issue,),
    )  # fmt: skip


def _name(member: Node) -> str:
    return f"_:{member}" if isinstance(member, Blank) else str(member)


def _graph(model: Graph, statements: Iterable[Statement]) -> Graph:
    made = Graph(model.address, mended=model.mended)
    for one in statements:
        made.add(*one)
    return made


def _reachable(graph: Graph, start: Node, members: frozenset[Node]) -> Graph:
    """The statements about a node and what it leads to, up to other members."""
    found: list[Statement] = []
    seen: set[Object] = {start}
    waiting: deque[Node] = deque([start])
    while waiting and len(found) < MAX_STATEMENTS:
        node = waiting.popleft()
        for predicate, values in graph.nodes.get(node, {}).items():
            for value in values:
                found.append((node, predicate, value))
                if not isinstance(value, Literal) and value not in seen and value not in members:
                    seen.add(value)
                    waiting.append(value)
    return _graph(graph, found)


def _as_thing(part: Graph, member: Node, thing: Node, page: Page) -> Graph:
    """The description of a version as one of the thing: without what is said of the version alone."""
    terms, own = page.terms, {DCTERMS + "isVersionOf"}
    own |= {path[0] for path in (terms.version_of, terms.sequence, terms.version_sequence) if len(path) == 1}
    times = {path[0] for path in (terms.time, terms.version_time) if len(path) == 1}
    own |= {"http://www.w3.org/ns/prov#generatedAtTime", *times} - {DCTERMS + "modified"}

    def named(value: Object) -> Object:
        return thing if value == member else value

    out = []
    for subject, predicate, value in part.statements():
        if subject == member and predicate in own:
            continue
        renamed = named(subject)
        if isinstance(renamed, Iri | Blank) and not (renamed == thing and named(value) == thing):
            out.append((renamed, predicate, named(value)))
    return _graph(part, out)
