"""Which nodes of a graph describe learning resources, and each of them as a record that stands alone.

Payload: canonical N-Triples (sorted, blank nodes named by what is said of them) of the description and the
nodes it is made of, without what moves with a visit and without e-mail addresses and telephone numbers.
Sources: DCAT 3; DCAT-AP 3; schema.org; Bioschemas; DCMI Metadata Terms; docs/profile.md, crosswalks.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterable

from harvesters.rdf_graph import Blank, Graph, Node, Object, Statement, canonical
from harvesters.rdf_read import ACCEPT, read
from registry.iris import DCAT, DCTERMS, FOAF, PROV, RDF, RDF_TYPE, SKOS, compact
from registry.model import Issue, RawRecord
from registry.terms import Iri, Literal

__all__ = ["ACCEPT", "Graph", "broken", "read", "record", "subjects"]

MEDIA_TYPE = "application/n-triples"
MAX_KEY = 2_000
MAX_CATALOGUES, MAX_LANGUAGES = 20, 50
MAX_NODES, MAX_STATEMENTS, MAX_HOPS, MAX_NESTED = 500, 5_000, 3, 12
DC = "http://purl.org/dc/elements/1.1/"
VCARD = "http://www.w3.org/2006/vcard/ns#"
_SCHEMA = re.compile(
    r"https?://(?:www\.)?schema\.org/|https?://(?:www\.)?bioschemas\.org/(?:types/|terms/|profiles/)?|"
    r"http://purl\.org/dcx/lrmi-terms/"
)
_HTTP, _HTTPS = "http://schema.org/", "https://schema.org/"
LEARNING = frozenset({"LearningResource", "Course", "CourseInstance", "EducationEvent", "TrainingMaterial"})
# Kinds of works and events that are learning resources when they say something of learning.
_HINTED = frozenset(
    "CreativeWork Event VideoObject AudioObject TextDigitalDocument PresentationDigitalDocument Book Quiz HowTo "
    "SoftwareSourceCode WebPage MediaObject BusinessEvent".split()
)
_HINTS = ("learningResourceType", "educationalLevel", "educationalAlignment", "teaches", "assesses",
          "competencyRequired", "educationalUse", "eventType", "timeRequired", "interactivityType")  # fmt: skip
_RESOURCES = frozenset(DCAT + name for name in ("Dataset", "Resource", "DataService", "DatasetSeries"))
_NO_RESOURCES = frozenset(DCAT + name for name in ("Catalog", "Distribution", "CatalogRecord"))
_LISTS = (DCAT + "dataset", DCAT + "resource", DCAT + "service")
_TITLES = (DCTERMS + "title", DC + "title", _HTTP + "name", _HTTPS + "name", _HTTP + "headline", _HTTPS + "headline")
# Statements that list a thing, without making it a part of the one that lists it.
_LISTING = frozenset({
    *_LISTS, FOAF + "primaryTopic", FOAF + "topic", RDF + "first", "http://www.w3.org/ns/hydra/core#member",
    "http://www.w3.org/ns/ldp#contains", "http://www.w3.org/ns/ldp#member", "https://w3id.org/tree#member",
    "https://www.w3.org/ns/activitystreams#object", "https://www.w3.org/ns/activitystreams#items",
    *(ns + name for ns in (_HTTP, _HTTPS) for name in ("itemListElement", "item", "mainEntity", "dataset")),
})  # fmt: skip
_RUNS = (_HTTP + "hasCourseInstance", _HTTPS + "hasCourseInstance")
# Namespaces and names of types whose nodes describe no resource, whatever title they have.
_OTHER_KINDS = re.compile(
    r"http://www\.w3\.org/(?:2002/07/owl#|2000/01/rdf-schema#|1999/02/22-rdf-syntax-ns#|2004/02/skos/core#|ns/hydra/|"
    r"ns/ldp#|ns/shacl#|2006/vcard/|ns/prov#|ns/locn#|ns/org#|2006/time#)|http://rdfs\.org/ns/void#|https://w3id\.org/(?:ldes|tree)#|"
    r".*[/#](?:Person|Agent|Organi[sz]ation|Place|Location|Catalog(?:ue)?|Distribution|CatalogRecord|LicenseDocument|Standard|"
    r"PeriodOfTime|MediaType\w*|LinguisticSystem|RightsStatement)$"
)
# What moves with a visit or is nobody's business: counts, opinions, addresses of persons; paging.
_LEFT_OUT = re.compile(
    r"https?://schema\.org/(?:interactionStatistic|interactionCount|userInteractionCount|aggregateRating|reviews?|"
    r"comment(?:Count)?|upvoteCount|downvoteCount|remainingAttendeeCapacity|totalHistoricalEnrollment|attendees?|"
    r"email|telephone|faxNumber|sdDatePublished)$|http://www\.w3\.org/2006/vcard/ns#(?:has)?(?:[Ee]mail|[Tt]elephone|tel)$|"
    r"http://xmlns\.com/foaf/0\.1/(?:mbox|mbox_sha1sum|phone)$|http://www\.w3\.org/ns/(?:hydra/core|ldp)#|"
    r"https://w3id\.org/(?:ldes|tree)#"
)
_PRIVATE = re.compile(r"(?:mailto|tel):", re.IGNORECASE)
# Of a catalogue's record only what says where the entry comes from: its dates move with each export.
_OF_ENTRY = frozenset({
    RDF_TYPE, *(DCTERMS + name for name in ("source", "conformsTo", "license", "identifier", "language")),
    FOAF + "primaryTopic", PROV + "wasDerivedFrom", "http://www.w3.org/ns/adms#identifier", SKOS + "notation",
})  # fmt: skip
_OF_CONCEPT = frozenset({
    RDF_TYPE, "http://www.w3.org/2000/01/rdf-schema#label", SKOS + "prefLabel", SKOS + "altLabel", SKOS + "notation",
    SKOS + "inScheme", SKOS + "exactMatch", DCTERMS + "identifier", DC + "identifier",
})  # fmt: skip
_OF_STUB = frozenset({RDF_TYPE, *_TITLES, _HTTP + "url", _HTTPS + "url", DCAT + "landingPage"})
_ADDRESSES = (_HTTP + "url", _HTTPS + "url", DCAT + "landingPage", FOAF + "page", FOAF + "homepage")
_IDENTIFIERS = (DCTERMS + "identifier", _HTTP + "identifier", _HTTPS + "identifier", DC + "identifier")
_MODIFIED = (DCTERMS + "modified", _HTTP + "dateModified", _HTTPS + "dateModified")


def learning(types: Iterable[str]) -> set[str]:
    """The names of schema.org and Bioschemas types among some IRIs."""
    return {name[found.end() :].rstrip("/") for name in types if (found := _SCHEMA.match(name))}


def subjects(graph: Graph, accepted: Iterable[str] = ()) -> list[tuple[Node, str]]:
    """The nodes that describe learning resources, with their format ("dcat" or "rdf"), in code-point order;
    nameless ones last, by what is said of them.

    ``accepted``: type IRIs (rdf:type, dcterms:type) to which the choice is limited; other types of their own may
    be named there. Parts of other descriptions (runs, nameless parts) are none. Where nothing has a type of
    schema.org or DCAT, nodes with a Dublin Core title are taken.
    """
    wanted = frozenset(accepted)
    found: dict[Node, str] = {}
    listed = {value for node in graph.nodes for value in graph.objects(node, *_LISTS)}
    for node in graph.nodes:
        types = graph.types(node)
        names = learning(types)
        if wanted:
            kinds = types | {str(value) for value in graph.objects(node, DCTERMS + "type")}
            if kinds & wanted or names & wanted:
                found[node] = "rdf" if names or not types & _RESOURCES else "dcat"
        elif names & LEARNING or (names & _HINTED and any(graph.objects(node, _HTTP + h, _HTTPS + h) for h in _HINTS)):
            found[node] = "rdf"
        elif types & _NO_RESOURCES:
            continue
        elif types & _RESOURCES or (node in listed and graph.value(node, *_TITLES) is not None):
            found[node] = "dcat"
    if not found and not wanted:
        for node in graph.nodes:
            if graph.value(node, *_TITLES) is not None and not any(map(_OTHER_KINDS.match, graph.types(node))):
                found[node] = "rdf"
        if len(found) > 1:  # what a file says of itself is no item of its list
            found = {
                node: kind for node, kind in found.items() if node.partition("#")[0] != graph.address or "#" in node
            }
    runs = {run for node in found for run in graph.objects(node, *_RUNS)}
    chosen = [
        (node, kind) for node, kind in found.items() if node not in runs and not _part(graph, node, found, listed)
    ]
    graph.records = frozenset(node for node, _ in chosen)
    # The labels of nameless nodes are others with each reading: what is said of them decides.
    return sorted(
        chosen,
        key=lambda pair: (
            (True, canonical(_closure(graph, pair[0])[0], pair[0]))
            if isinstance(pair[0], Blank)
            else (False, pair[0].encode("utf-8", "replace"))
        ),
    )


def _part(graph: Graph, node: Node, found: dict[Node, str], listed: set[Object]) -> bool:
    """Whether a node is only a part of another description."""
    inside = [(s, p) for s, p in graph.incoming(node) if p not in _LISTING and s != node]
    if DCAT + "DataService" in graph.types(node) and any(p == DCAT + "accessService" for _, p in inside):
        return node not in listed
    if isinstance(node, Blank):
        return bool(inside)
    return graph.value(node, *_TITLES) is None and any(s in found for s, _ in inside)


def record(graph: Graph, subject: Node, format: str, source: str = "", locator: str = "") -> RawRecord:
    """One description as a record; ``source`` is the document's address, for a subject without one of its own."""
    statements, cut = _closure(graph, subject)
    issues = list(graph.lost.get(subject, ()))
    for node, predicate, value in statements if graph.mended else ():
        if (written := graph.mended.get(str(value))) and isinstance(value, Iri):
            issues.append(
                Issue(
                    "rdf-address",
                    f"{_shown(node, subject)} {compact(predicate)}"[:300],
                    written[:300],
                    (("read", value[:300]),),
                )
            )
    if cut:
        issues.append(Issue("rdf-many-statements", _shown(subject, subject), str(MAX_STATEMENTS)))
    stamp = graph.text(subject, *_MODIFIED)
    address = subject if isinstance(subject, Iri) and subject.startswith("http") else ""
    payload = canonical(statements, subject)
    return RawRecord(
        key(graph, subject), payload, MEDIA_TYPE, format, address or source or graph.address, locator, stamp or None,
        issues=tuple(issues),
    )  # fmt: skip


def broken(graph: Graph, subject: str, format: str, source: str = "") -> RawRecord:
    """A description of which nothing could be read: held back, so that what was published before stays."""
    return RawRecord(
        subject[:MAX_KEY], b"", MEDIA_TYPE, format, subject if subject.startswith("http") else source or graph.address,
        broken=True, issues=tuple(graph.lost.get(subject, ())),
    )  # fmt: skip


def is_listed(graph: Graph, subject: str) -> bool:
    """Whether a catalogue or collection of the document names a node as one of its items."""
    return any(predicate in _LISTING for _, predicate in graph.incoming(Iri(subject)))


def key(graph: Graph, subject: Node) -> str:
    """The source's own id: the subject's IRI, else its page, else its identifier, else a digest of title and start."""
    if isinstance(subject, Iri) and len(subject) <= MAX_KEY:
        return str(subject)
    for names in (_ADDRESSES, _IDENTIFIERS):
        if (found := graph.text(subject, *names).strip()) and len(found) <= MAX_KEY:
            return found
    said = [str(subject)] if isinstance(subject, Iri) else [
        graph.text(subject, *_TITLES), *sorted(learning(graph.types(subject))),
        graph.text(subject, _HTTP + "startDate", _HTTPS + "startDate"),
    ]  # fmt: skip
    return "node-" + hashlib.sha256("\n".join(said).encode("utf-8", "replace")).hexdigest()[:16]


def _shown(node: Node, subject: Node) -> str:
    """A node as a place: of a nameless one the description that it stands in, its label is another each time."""
    if not isinstance(node, Blank):
        return f"<{node}>"
    return "_:subject" if isinstance(subject, Blank) else f"<{subject}> …"


def _closure(graph: Graph, subject: Node) -> tuple[list[Statement], bool]:
    """The statements of a description and of the nodes it is made of; whether there were too many of them."""
    out: list[Statement] = []
    seen: dict[Node, None] = {subject: None}
    waiting: deque[tuple[Node, int, int]] = deque([(subject, 0, 0)])
    for entry, predicate in sorted(graph.incoming(subject)):
        if predicate == FOAF + "primaryTopic" and DCAT + "CatalogRecord" in graph.types(entry) and entry not in seen:
            seen[entry] = None
            waiting.append((entry, 1, 1))
    while waiting:
        node, hops, nested = waiting.popleft()
        only = None if node == subject else _only(graph, node)
        content = graph.nodes.get(node, {})
        for predicate in sorted(content):
            if _LEFT_OUT.match(predicate) or (only is not None and predicate not in only):
                continue
            for value in sorted(content[predicate], key=_order):
                if not isinstance(value, Literal) and _PRIVATE.match(value):
                    continue
                if node != subject and isinstance(value, Iri) and value != subject and value in graph.records:
                    continue
                if len(out) >= MAX_STATEMENTS:
                    return out, True
                out.append((node, predicate, value))
                if isinstance(value, Literal) or value in seen or value not in graph.nodes or only is _OF_STUB:
                    continue
                deeper = (hops, nested + 1) if isinstance(value, Blank) else (hops + 1, nested + 1)
                if deeper[0] <= MAX_HOPS and deeper[1] <= MAX_NESTED and len(seen) < MAX_NODES:
                    seen[value] = None
                    waiting.append((value, *deeper))
    said = set(out)
    out += [one for one in _catalogued(graph, subject) if one not in said]
    return out, len(seen) >= MAX_NODES


def _catalogued(graph: Graph, subject: Node) -> list[Statement]:
    """Which catalogues list a subject, and in which languages they are: all that is kept of them."""
    found: list[Statement] = []
    lists = sorted(one for one in graph.incoming(subject) if one[1] in _LISTS)
    for catalogue, predicate in lists[:MAX_CATALOGUES]:
        for value in sorted(graph.objects(catalogue, DCTERMS + "language"), key=_order)[:MAX_LANGUAGES]:
            if not isinstance(value, Blank):
                found += [(catalogue, predicate, subject), (catalogue, Iri(DCTERMS + "language"), value)]
    return list(dict.fromkeys(found))


def _only(graph: Graph, node: Node) -> frozenset[str] | None:
    """The properties that count of a node beside the subject; None: all."""
    types = graph.types(node)
    if DCAT + "CatalogRecord" in types:
        return _OF_ENTRY
    if node in graph.records or DCAT + "Catalog" in types:
        return _OF_STUB
    if SKOS + "Concept" in types or graph.objects(node, SKOS + "prefLabel"):
        return _OF_CONCEPT
    return None


def _order(value: Object) -> tuple[int, str, str]:
    if isinstance(value, Literal):
        return (1, value.value, value.language or value.datatype)
    return (2 if isinstance(value, Blank) else 0, value, "")
