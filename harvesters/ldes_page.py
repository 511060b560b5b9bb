"""One page of an event stream: the stream's own words, its members, and where it goes on.

Sources: LDES (https://w3id.org/ldes/specification) and its vocabulary; TREE hypermedia specification; SHACL §2.3
(property paths); ActivityStreams 2.0; DCAT-AP Feeds (https://semiceu.github.io/LDES-DCAT-AP-feeds/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urldefrag

from harvesters.rdf_graph import Blank, Graph, Node, Object
from registry.iris import DCTERMS, PROV, RDF, RDF_TYPE
from registry.terms import Iri, Literal

LDES, TREE = "https://w3id.org/ldes#", "https://w3id.org/tree#"
AS = "https://www.w3.org/ns/activitystreams#"
SH = "http://www.w3.org/ns/shacl#"
MAX_LIST = 100_000
_INVERSE = "^"
_STREAMS = frozenset({LDES + "EventStream", TREE + "Collection"})
_MEMBERS = (TREE + "member", AS + "items", "http://www.w3.org/ns/hydra/core#member")
# Where a stream does not say which property gives the order of its members, the first of these that they have.
_TIMES = (AS + "published", PROV + "generatedAtTime", AS + "endTime", AS + "updated", DCTERMS + "created",
          DCTERMS + "modified", DCTERMS + "issued", "http://schema.org/dateModified",
          "https://schema.org/dateModified")  # fmt: skip
_VERSION_OF = (DCTERMS + "isVersionOf", "http://purl.org/dc/terms/isversionof")
_UPPER = {TREE + "LessThanRelation": True, TREE + "LessThanOrEqualToRelation": False, TREE + "EqualToRelation": False}
_LOWER = frozenset({
    TREE + "GreaterThanRelation", TREE + "GreaterThanOrEqualToRelation", TREE + "EqualToRelation",
})  # fmt: skip
_CHANGES = frozenset(AS + name for name in ("Create", "Update", "Add", "Announce", "Activity", "Object"))
_DATE = re.compile(r"(-?\d{4})(?:-(\d\d))?(?:-(\d\d))?(Z|[+-]\d\d:\d\d)?")

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a stream says of its members. Paths are properties from the member on; () where it does not say."""

    time: Path = ()
    sequence: Path = ()
    version_of: Path = ()
    version_time: Path = ()
    version_sequence: Path = ()
    deletes: tuple[Path, str] | None = None

    def or_else(self, other: Terms) -> Terms:
        """These terms, and another page's where this one says nothing."""
        return Terms(
            self.time or other.time, self.sequence or other.sequence, self.version_of or other.version_of,
            self.version_time or other.version_time, self.version_sequence or other.version_sequence,
            self.deletes or other.deletes,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Relation:
    """A way to another page. Its members are before ``upper`` (or at it, unless ``open_end``), by time."""

    address: str
    lower: datetime | None = None
    upper: datetime | None = None
    open_end: bool = False

    def is_before(self, moment: datetime | None) -> bool:
        """Whether all that it leads to was said before a moment."""
        if moment is None or self.upper is None:
            return False
        return self.upper < moment or (self.open_end and self.upper == moment)


@dataclass(slots=True)
class Page:
    """A page as read: its members in the order of their addresses, the pages it leads to, its views."""

    address: str
    graph: Graph
    terms: Terms
    members: list[Node]
    relations: list[Relation]
    views: list[str] = field(default_factory=list)
    immutable: bool = False
    is_stream: bool = True


def read(graph: Graph, address: str, known: Terms) -> Page:
    """What a document says of a stream; ``known`` is what earlier pages said of its members."""
    streams = _streams(graph)
    terms = _terms(graph, streams).or_else(known)
    members = _members(graph)
    said = [_text(value) for one in streams for value in graph.objects(one, TREE + "view")]
    views = sorted({view for view in said if view.startswith(("http://", "https://"))})
    nodes = _own_nodes(graph, address, views)
    relations = [value for node in nodes for value in graph.objects(node, TREE + "relation")]
    found = _relations(graph, relations, terms.time)
    closed = any(_text(value) in ("true", "1") for node in nodes for value in graph.objects(node, LDES + "immutable"))
    ordered = sorted(members, key=lambda one: (isinstance(one, Blank), one))
    return Page(address, graph, terms, ordered, found, views, closed, bool(streams or ordered or found))


def source_first(graph: Graph, views: Iterable[str]) -> list[str]:
    """Views in the order to choose from: one for event sources first."""
    wanted = LDES + "EventSource"

    def is_source(view: str) -> bool:
        node = Iri(view)
        described = [node, *graph.objects(node, TREE + "viewDescription")]
        return any(wanted in graph.types(one) for one in described)

    return sorted(views, key=lambda view: (not is_source(view), view))


def _members(graph: Graph) -> set[Node]:
    """The members that a document names: nodes, addresses written as texts, lists of them."""
    found: set[Node] = set()
    for node in list(graph.nodes):
        for value in graph.objects(node, *_MEMBERS):
            listed = items(graph, value) if graph.objects(value, RDF + "first") else [value]
            for one in listed:
                named = graph.iri(one.value) if isinstance(one, Literal) and "://" in one.value else one
                if isinstance(named, Iri | Blank) and named != RDF + "nil":
                    found.add(named)
    return found


def _text(value: Object | None) -> str:
    return value.value if isinstance(value, Literal) else str(value or "")


def _streams(graph: Graph) -> list[Node]:
    said: list[Node] = [node for node in graph.nodes if graph.types(node) & _STREAMS]
    return said or [node for node in graph.nodes if graph.objects(node, TREE + "view", TREE + "member")]


def _own_nodes(graph: Graph, address: str, views: list[str]) -> list[Node]:
    """The nodes that are this page: those of its document. All if none is, unless it only tells of views elsewhere."""
    here = urldefrag(address)[0]
    nodes: list[Node] = [node for node in graph.nodes if graph.objects(node, TREE + "relation", LDES + "immutable")]
    own: list[Node] = [node for node in nodes if isinstance(node, Iri) and urldefrag(node)[0] == here]
    return own or ([] if views and here not in {urldefrag(view)[0] for view in views} else nodes)


# --- paths -------------------------------------------------------------------------------------------------


def _terms(graph: Graph, streams: list[Node]) -> Terms:
    def path(name: str) -> Path:
        values = [value for one in streams for value in graph.objects(one, LDES + name)]
        return next((found for value in values if (found := _path(graph, value))), ())

    gone = next((_text(value) for one in streams for value in graph.objects(one, LDES + "versionDeleteObject")), "")
    return Terms(
        path("timestampPath"), path("sequencePath"), path("versionOfPath"), path("versionTimestampPath"),
        path("versionSequencePath"), (path("versionDeletePath") or (str(RDF_TYPE),), gone) if gone else None,
    )  # fmt: skip


def _path(graph: Graph, value: Object | None) -> Path:
    """A property path: one property, a list of them, or their inverse; () for any other."""
    if isinstance(value, Literal) or value is None:
        return ()
    if graph.objects(value, RDF + "first"):
        steps: list[str] = []
        for one in items(graph, value):
            steps += _path(graph, one) or ("",)
        return tuple(steps) if all(steps) else ()
    if inverse := graph.value(value, SH + "inversePath"):
        return (_INVERSE + str(inverse),) if isinstance(inverse, Iri) else ()
    return (str(value),) if isinstance(value, Iri) else ()


def items(graph: Graph, head: Object) -> list[Object]:
    """The items of an RDF list, at most a hundred thousand."""
    out: list[Object] = []
    seen: set[Object] = set()
    while head not in seen and len(out) < MAX_LIST and (first := graph.value(head, RDF + "first")) is not None:
        seen.add(head)
        out.append(first)
        rest = graph.value(head, RDF + "rest")
        if rest is None:
            break
        head = rest
    return out


def along(graph: Graph, node: Object, path: Path) -> list[Object]:
    """What a path leads to from a node."""
    found: list[Object] = [node] if path else []
    for step in path:
        if step.startswith(_INVERSE):
            found = [s for one in found for s, p in graph.incoming(one) if p == step[1:]]
        else:
            found = [value for one in found for value in graph.objects(one, step)]
        found = list(dict.fromkeys(found))[:MAX_LIST]
    return found


# --- relations ---------------------------------------------------------------------------------------------


def _relations(graph: Graph, relations: list[Object], time: Path) -> list[Relation]:
    """Ways on, one for each page: what several relations to the same page say holds together."""
    found: dict[str, Relation] = {}
    for relation in relations:
        types = graph.types(relation)
        path = _path(graph, graph.value(relation, TREE + "path"))
        moments = sorted(m for value in graph.objects(relation, TREE + "value") if (m := moment(value)) is not None)
        told = bool(path) and path == time
        for node in graph.objects(relation, TREE + "node"):
            address = urldefrag(_text(node))[0]
            if not address.startswith(("http://", "https://")):
                continue
            before = found.get(address, Relation(address))
            lower, upper, open_end = before.lower, before.upper, before.open_end
            if told and moments:
                if types & _LOWER or TREE + "InBetweenRelation" in types:
                    lower = moments[0] if lower is None else max(lower, moments[0])
                names = types & set(_UPPER)
                bounded = names or (TREE + "InBetweenRelation" in types and len(moments) == 2)
                if bounded and (upper is None or moments[-1] < upper):
                    upper, open_end = moments[-1], bool(names) and all(_UPPER[name] for name in names)
            found[address] = Relation(address, lower, upper, open_end)
    return list(found.values())


# --- members -----------------------------------------------------------------------------------------------


def moment(value: Object | None) -> datetime | None:
    """A time of a literal, in UTC; one without a zone is read as UTC, a day or year as its beginning."""
    if not isinstance(value, Literal):
        return None
    text = value.value.strip()
    if found := _DATE.fullmatch(text):
        year, month, day, zone = found.groups()
        text = f"{year}-{month or '01'}-{day or '01'}T00:00:00{zone or ''}"
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def time_of(page: Page, member: Node, path: Path) -> datetime | None:
    """When a member was said, by the path or by what members usually have."""
    values = along(page.graph, member, path) if path else page.graph.objects(member, *_TIMES)
    return next((found for value in values if (found := moment(value)) is not None), None)


def sequence_of(page: Page, member: Node, path: Path) -> tuple[float, str]:
    """A member's place among those of the same time: a number, or a text."""
    text = min((_text(value) for value in along(page.graph, member, path)), default="")
    try:
        number = float(text)
    except ValueError:
        return (0.0, text)
    return (number, "") if number == number else (0.0, text)


def object_of(page: Page, member: Node) -> Node | None:
    """What a member is about: the object of an activity, or what it is a version of; None: itself."""
    graph, path = page.graph, page.terms.version_of
    ways = [along(graph, member, path)] if path else []
    if is_activity(page, member):
        ways.append(graph.objects(member, AS + "object"))
    if not path:
        ways.append(graph.objects(member, *_VERSION_OF))
    for values in ways:
        if named := sorted(one for one in values if isinstance(one, Iri)):
            return named[0] if named[0] != member else None
        for value in values:
            if isinstance(value, Literal) and (read := graph.iri(value.value)):
                return read
    return None


def is_activity(page: Page, member: Node) -> bool:
    """Whether a member tells of a change and is not the thing itself."""
    kinds = page.graph.types(member)
    return any(kind.startswith(AS) for kind in kinds) and bool(page.graph.objects(member, AS + "object"))


def is_change(page: Page, member: Node) -> bool:
    """Whether a member tells what a thing is now; other activities (a like, a move) do not."""
    kinds = {kind for kind in page.graph.types(member) if kind.startswith(AS)}
    return not is_activity(page, member) or bool(kinds & _CHANGES)


def is_deletion(page: Page, member: Node) -> bool:
    """Whether a member says that its object is gone."""
    if page.graph.types(member) & {AS + "Delete", AS + "Remove", AS + "Tombstone"}:
        return True
    if page.terms.deletes is not None:
        path, wanted = page.terms.deletes
        return any(_text(value) == wanted for value in along(page.graph, member, path))
    return False
