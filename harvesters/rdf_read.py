"""RDF from strangers: a document in any of the usual forms into a Graph, without network, entities and surprises.

``read`` is all that others need: Turtle, TriG, N-Triples, N-Quads, RDF/XML and JSON-LD, packed with gzip or
not, by what the bytes look like first and by their media type next. Sources: RDF 1.1 (the six syntaxes),
JSON-LD 1.1, RFC 1952.
"""

from __future__ import annotations

import json
import logging
import re
import zlib
from typing import Any, cast
from xml.sax import SAXException

from lxml import etree
from rdflib import BNode, URIRef
from rdflib import Graph as RdfGraph
from rdflib import Literal as RdfLiteral
from rdflib.exceptions import ParserError
from rdflib.plugins.parsers.jsonld import Parser as JsonLdParser
from rdflib.plugins.shared.jsonld.context import Context, Term

from harvesters import rdf_contexts, rdf_turtle, xml_safe
from harvesters.base import FeedFailed
from harvesters.rdf_graph import Blank, Graph, Node, Object
from harvesters.rdf_turtle import FAULTS, literal
from registry.iris import RDF, SCHEMA
from registry.model import Issue
from registry.terms import XSD, Iri, Literal

ACCEPT = (
    "application/n-quads, application/n-triples, application/trig, text/turtle, application/ld+json;q=0.9, "
    "application/rdf+xml;q=0.9, application/xml;q=0.4, application/json;q=0.4, text/plain;q=0.3, */*;q=0.1"
)
MAX_DEPTH = 100
MAX_ENTITIES = 200
_LINES = frozenset({"application/n-triples", "application/n-quads", "text/x-nquads", "text/n-triples"})
_JSON = re.compile(r"\s*(?:\{\s*(?:\"|\})|\[\s*(?:\{|\]))")
_XML = re.compile(
    r"\s*<(?:\?xml\b|!DOCTYPE\b|!--|(?:[A-Za-z_][\w.-]*:)?RDF[\s>]|[A-Za-z_][\w.-]*:?[\w.-]*\s+xmlns\b)", re.I
)
_HTML = re.compile(r"\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_FIRST_LINE = re.compile(r'(?:<[^<>"]*>|_:\S+)\s+<[^<>"]*>\s+(?:<[^<>"]*>|_:\S+|".*"\S*)\s*(?:<[^<>"]*>\s*)?\.\s*')
_DOCTYPE = re.compile(r"<!DOCTYPE\s+[\w:.-]+\s*(?:\[([^\]]*)\]\s*)?>")
_ENTITY = re.compile(r"<!ENTITY\s+([\w.-]{1,60})\s+(?:\"([^\"&%<]{0,500})\"|'([^'&%<]{0,500})')\s*>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_KEPT = "urn:kept:"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_RDF = "{" + RDF + "}"
_XML_FAULTS = (*FAULTS, ParserError, SAXException)


def read(body: bytes, media_type: str, address: str, limit: int) -> Graph:
    """The statements of a document. ``address`` is the base of its relative addresses.

    ``limit`` is the most bytes that it may have unpacked. What of it cannot be read is an issue of the graph
    (and, where the subject is known, in ``lost``). Raises FeedFailed for what is no RDF at all.
    """
    graph = Graph(address)
    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)  # it tells addresses that we mend ourselves
    text = _text(unpack(body, address, limit), media_type)
    kind = media_type.partition(";")[0].strip().lower()
    if not text.strip():
        raise FeedFailed(Issue("rdf-empty", address))
    if _HTML.match(text):
        raise FeedFailed(Issue("rdf-web-page", address))
    if _JSON.match(text) and "turtle" not in kind and "trig" not in kind:
        _json_ld(graph, text)
    elif _XML.match(text):
        _rdf_xml(graph, text)
    elif kind in _LINES or re.search(r"\.n[tq](?:\.gz)?$", address):
        rdf_turtle.lines(graph, text)
    else:
        _turtle(graph, text)
    if not graph.nodes and graph.issues:
        raise FeedFailed(Issue("rdf-unreadable", address, graph.issues[0].value, (("where", graph.issues[0].place),)))
    return graph


def unpack(body: bytes, address: str, limit: int) -> bytes:
    """The bytes, unpacked if they are gzip. Raises FeedFailed for broken or endless ones."""
    if body[:2] != b"\x1f\x8b":
        if len(body) > limit:
            raise FeedFailed(Issue("rdf-too-large", address, str(limit)))
        return body
    out, rest = bytearray(), body
    while rest[:2] == b"\x1f\x8b":  # members one after the other are one file
        unpacker = zlib.decompressobj(wbits=31)
        try:
            out += unpacker.decompress(rest, limit + 1 - len(out))
        except zlib.error as error:
            raise FeedFailed(Issue("rdf-packed", address, str(error))) from error
        if len(out) > limit:
            raise FeedFailed(Issue("rdf-too-large", address, str(limit)))
        if not unpacker.eof:
            raise FeedFailed(Issue("rdf-packed", address, "the file breaks off"))
        rest = unpacker.unused_data
    return bytes(out)


def _text(body: bytes, media_type: str) -> str:
    """Text in the encoding of its mark or declaration; UTF-8 otherwise, strays as Windows-1252."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            return body.decode(name, "replace").removeprefix("\ufeff")
    name = xml_safe.charset_of(body, media_type)
    try:
        return body.decode(name)
    except (LookupError, UnicodeDecodeError):
        text = body.decode("utf-8", "surrogateescape")
    return re.sub(
        "[\udc80-\udcff]", lambda one: one[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace"), text
    )


def _turtle(graph: Graph, text: str) -> None:
    """Turtle or TriG; a file of nothing but triples by the line is read by the line."""
    rows = [row for row in text[:100_000].split("\n")[:50] if row.strip() and not row.lstrip().startswith("#")]
    if rows and all(_FIRST_LINE.fullmatch(row) for row in rows[:-1] or rows):
        alone = Graph(graph.address)
        if rdf_turtle.lines(alone, text) == 0:
            graph.nodes, graph.named, graph.mended = alone.nodes, alone.named, alone.mended
            return
    rdf_turtle.turtle(graph, text)


# --- RDF/XML -----------------------------------------------------------------------------------------------


def _rdf_xml(graph: Graph, text: str) -> None:
    """RDF/XML by rdflib; where the whole is faulty each of its descriptions alone."""
    text = _without_doctype(graph, text)
    try:
        root = xml_safe.parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except xml_safe.BadXml:
        mended, issues = xml_safe.clean(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode("utf-8", "replace"), "utf-8")
        try:
            root = xml_safe.parse(mended)
        except xml_safe.BadXml as error:
            raise FeedFailed(
                Issue("rdf-xml-broken", graph.address, error.why, (("line", str(error.line)),))
            ) from error
        for issue in issues:
            graph.issue("rdf-mended", "", issue.value)
    for element in root.iter(etree.Element):
        _guard(element)
    found = RdfGraph()
    try:
        found.parse(data=etree.tostring(root), format="xml", publicID=graph.address)
    except _XML_FAULTS as error:
        if root.tag != _RDF + "RDF" or len(root) == 0:
            raise FeedFailed(Issue("rdf-unreadable", graph.address, str(error)[:300], (("where", "/"),))) from error
        _one_by_one(graph, root)
        return
    _take(graph, found, "")


def _one_by_one(graph: Graph, root: etree._Element) -> None:
    for number, element in enumerate([one for one in root if isinstance(one.tag, str)]):
        shell = etree.Element(root.tag, dict(root.attrib), nsmap=root.nsmap)
        about, line = element.get(_RDF + "about"), element.sourceline
        shell.append(element)
        found = RdfGraph()
        try:
            found.parse(data=etree.tostring(shell), format="xml", publicID=graph.address)
        except _XML_FAULTS as error:
            graph.lose(graph.iri(about) if about else None, f"line {line}", str(error))
        else:
            _take(graph, found, f"{number}-")


def _guard(element: etree._Element) -> None:
    """Language tags that rdflib would refuse; datatypes under names that it does not know, so that it keeps texts."""
    tag = element.get(_XML_LANG)
    if tag:
        element.set(_XML_LANG, literal("", "", tag).language)
    datatype = element.get(_RDF + "datatype")
    if datatype is not None:
        element.set(_RDF + "datatype", _KEPT + datatype.strip())


def _without_doctype(graph: Graph, text: str) -> str:
    """Without document type; the plain text entities that RDF files declare for namespaces are put in.

    Only short values without references count, so nothing can grow by more than a known factor.
    """
    found = _DOCTYPE.search(text[:200_000])
    if found is None:
        return text
    declared = _COMMENT.sub("", found[1] or "")
    entities = {name: double or single for name, double, single in _ENTITY.findall(declared)[:MAX_ENTITIES]}
    rest = text[: found.start()] + text[found.end() :]
    if not entities:
        return rest
    grown = sum(max(len(value), 1) * rest.count(f"&{name};") for name, value in entities.items())
    if grown > 20_000_000 + 2 * len(rest):
        raise FeedFailed(Issue("rdf-too-large", graph.address, str(grown)))
    return re.sub(r"&([\w.-]{1,60});", lambda one: entities.get(one[1], one[0]), rest)


def _take(graph: Graph, found: RdfGraph, prefix: str) -> None:
    """What rdflib read, in our terms."""

    def node(value: Any) -> Node | None:
        return Blank(prefix + value) if isinstance(value, BNode) else graph.iri(str(value))

    lost: list[tuple[str, str, Iri | None]] = []
    for s, p, o in found:
        value: Object | None
        if isinstance(o, RdfLiteral):
            datatype = str(o.datatype or "").removeprefix(_KEPT)
            value = literal(str(o), str(graph.iri(datatype) or "") if datatype else "", o.language or "")
        else:
            value = node(o)
        subject, predicate = node(s), graph.iri(str(p))
        if subject is None or predicate is None or value is None:
            lost.append((str(p), _written(o), subject if isinstance(subject, Iri) else None))
        else:
            graph.add(subject, predicate, value)
    for place, text, about in sorted(lost, key=lambda one: (one[0], one[1], one[2] or "")):
        graph.lose(about, place, text)


def _written(value: Any) -> str:
    """A term as a finding shows it: the label of a nameless node is another with each reading."""
    return "[ ]" if isinstance(value, BNode) else str(value)


# --- JSON-LD -----------------------------------------------------------------------------------------------


def _json_ld(graph: Graph, text: str) -> None:
    """JSON-LD by rdflib, after every remote context was replaced or taken out."""
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise FeedFailed(Issue("rdf-json-broken", graph.address, str(error)[:300])) from error
    told: set[str] = set()
    data = _contexts(graph, data, told, 0)
    whole = data if isinstance(data, list) else [data]
    if not any(isinstance(item, dict) and "@context" in item for item in whole) and not _expanded(whole):
        if not told:  # a context that stands elsewhere is told already
            graph.issue("rdf-no-context", "/@context")
        data = [{"@context": rdf_contexts.schema(), **item} for item in whole if isinstance(item, dict)]
    if not _json_nodes(graph, data, ""):
        return
    # One of them is faulty: each alone, so that it costs only itself.
    graph.nodes.clear()
    graph.named.clear()
    context = data.get("@context") if isinstance(data, dict) else None
    members = data.get("@graph") if isinstance(data, dict) else data
    for number, member in enumerate(members if isinstance(members, list) else [data]):
        alone = {"@context": context, "@graph": [member]} if context is not None else [member]
        if fault := _json_nodes(graph, alone, ""):
            about = member.get("@id") if isinstance(member, dict) else None
            graph.lose(graph.iri(about) if isinstance(about, str) else None, f"/@graph/{number}", fault)


def _json_nodes(graph: Graph, data: Any, prefix: str) -> str:
    """Read some JSON-LD; returns what is wrong with it ("" if nothing)."""
    sink = _Quads(graph)
    try:
        context = Context(base=graph.address)
        _Parser().parse(data, context, cast(Any, sink))
    except FAULTS as error:
        return str(error)[:200] or type(error).__name__
    return ""


def _expanded(items: list[Any]) -> bool:
    """Whether JSON uses keywords and full addresses only, so that it needs no context."""
    keys = {key for item in items if isinstance(item, dict) for key in item}
    inner = [
        one
        for item in items
        if isinstance(item, dict) and isinstance(item.get("@graph"), list)
        for one in item["@graph"]
    ]
    keys |= {key for one in inner if isinstance(one, dict) for key in one}
    return bool(keys) and all(key.startswith("@") or "://" in key or key.startswith("urn:") for key in keys)


def _contexts(graph: Graph, value: Any, told: set[str], depth: int) -> Any:
    """The same JSON without remote contexts: those that are known are put in, others are told."""
    if depth > MAX_DEPTH:
        graph.issue("rdf-too-deep", "", str(MAX_DEPTH))
        return None
    if isinstance(value, list):
        return [_contexts(graph, item, told, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    out: dict[str, Any] = {}
    for key, inner in value.items():
        if key == "@context":
            context = _context(graph, inner, told, depth + 1)
            if context != {}:  # rdflib takes an empty one for null, which would undo those around it
                out[key] = context
        elif key == "@import":
            _tell(graph, str(inner), told)
        else:
            out[key] = _contexts(graph, inner, told, depth + 1)
    return out


def _context(graph: Graph, value: Any, told: set[str], depth: int) -> Any:
    if isinstance(value, str):
        found = rdf_contexts.known(value)
        if found is None:
            _tell(graph, value, told)
            return {}
        return found
    if isinstance(value, list):
        return [_context(graph, item, told, depth + 1) for item in value[:50] if depth <= MAX_DEPTH]
    if isinstance(value, dict):
        inner = _contexts(graph, value, told, depth)
        if isinstance(inner, dict) and isinstance(inner.get("@vocab"), str):
            inner["@vocab"] = re.sub(r"^https?://(?:www\.)?schema\.org(?:/|$)", SCHEMA, inner["@vocab"])
        return inner
    return {} if value is not None else None


def _tell(graph: Graph, address: str, told: set[str]) -> None:
    if address not in told:
        told.add(address)
        graph.issue("rdf-remote-context", "/@context", address)


class _Quads:
    """What rdflib's JSON-LD reader writes into, in place of a dataset: our own graph."""

    context_aware = True

    def __init__(self, target: Graph, name: str = "") -> None:
        self.target, self.name = target, name

    @property
    def default_context(self) -> _Quads:
        return self

    def get_context(self, identifier: object) -> _Quads:
        """A named graph."""
        return _Quads(self.target, f"_:{identifier}" if isinstance(identifier, BNode) else str(identifier))

    def bind(self, prefix: object, address: object) -> None:
        """Prefixes are of no use here."""

    def add(self, triple: tuple[Any, Any, Any]) -> None:
        """One statement."""
        s, p, o = (_ours(self.target, value) for value in triple)
        if isinstance(s, Iri | Blank) and isinstance(p, Iri) and o is not None:
            self.target.add(s, p, o, self.name)
        else:
            self.target.lose(s if isinstance(s, Iri) else None, str(triple[1]), _written(triple[2]))


def _ours(graph: Graph, value: Any) -> Object | None:
    if isinstance(value, Literal):
        return value
    return Blank(value) if isinstance(value, BNode) else graph.iri(str(value))


class _Parser(JsonLdParser):
    """rdflib's reader with literals as written: its own rewrites numbers and dates, and refuses odd tags."""

    def _to_object(
        self, dataset: Any, graph: Any, context: Context, term: Term | None, node: Any, inlist: bool = False
    ) -> Any:
        if isinstance(node, tuple):
            return None if node[0] is None else _plain(node[0], "", str(node[1]))
        if isinstance(node, dict):
            language, value = context.get_language(node), context.get_value(node)
            if value is None or isinstance(value, dict | list) or context.get_list(node) is not None:
                return super()._to_object(dataset, graph, context, term, node, inlist)
            kind = "" if language else context.get_type(node) or ""
            return _plain(value, str(context.expand(kind) or "") if isinstance(kind, str) else "", str(language or ""))
        if node is None:
            return None
        if term and term.type in ("@id", "@vocab", "@json") and isinstance(node, str):
            return super()._to_object(dataset, graph, context, term, node, inlist)
        if term and term.type and term.type not in ("@id", "@vocab", "@json", "@none"):
            return _plain(node, str(term.type), "")
        known = term.language if term and isinstance(term.language, str) else context.language
        own = term is not None and term.language is None
        return _plain(node, "", "" if own or not isinstance(node, str) else str(known or ""))


def _plain(value: Any, datatype: str, language: str) -> Literal:
    """A JSON value as a literal, numbers and truth values as JSON writes them."""
    if isinstance(value, bool):
        return literal("true" if value else "false", datatype or XSD + "boolean")
    if isinstance(value, int | float):
        kind = "integer" if isinstance(value, int) else "double"
        return literal(json.dumps(value), datatype or XSD + kind)
    return literal(str(value), datatype, language)


__all__ = ["ACCEPT", "read", "unpack", "URIRef"]
