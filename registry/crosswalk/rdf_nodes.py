"""Payloads in RDF as plain nodes: N-Triples as the harvesters write them, RDF/XML as OAI-PMH carries it.

Literals stay as written; what is no statement is left out. Sources: RDF 1.1 N-Triples, RDF 1.1 XML Syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from xml.sax import SAXException

from lxml import etree
from rdflib import BNode, Graph
from rdflib import Literal as RdfLiteral
from rdflib.exceptions import ParserError
from rdflib.term import Node

from registry.iris import DCAT, DCTERMS, FOAF, RDF, RDF_TYPE
from registry.model import RawRecord
from registry.terms import RDF_LANG_STRING, XSD_STRING, Iri, Literal, Term

# Subject → predicate → values; a blank node is a key that begins with "_:".
Nodes = dict[str, dict[str, list[Term]]]

MAX_STATEMENTS = 20_000
_LINE = re.compile(
    r'(?:<([^>]*)>|(_:\S+)) <([^>]*)> (?:<([^>]*)>|(_:\S+)|"((?:[^"\\]|\\.)*)"(?:@([A-Za-z0-9-]+)|\^\^<([^>]*)>)?) \.'
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_SHORT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_RDF = "{" + RDF + "}"
_KEPT = "urn:kept:"
_LISTS = (DCAT + "dataset", DCAT + "resource", DCAT + "service")
# What rdflib raises on XML that is no RDF; faults of its own on strange input are among them.
_FAULTS = (
    ParserError,
    SAXException,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    RecursionError,
)
_SCHEMA = re.compile(r"https?://(?:www\.)?(?:schema|bioschemas)\.org/")


def from_ntriples(payload: bytes) -> Nodes:
    """The nodes of N-Triples; blank nodes by their labels."""
    nodes: Nodes = {}
    for number, row in enumerate(payload.decode("utf-8", "replace").split("\n")):
        found = _LINE.fullmatch(row)
        if found is None or number >= MAX_STATEMENTS:
            continue
        iri, blank, predicate, target, label, text, language, datatype = found.groups()
        value: Term
        if target is not None or label is not None:
            value = Iri(target if target is not None else label)
        else:
            kind = RDF_LANG_STRING if language else datatype or XSD_STRING
            value = Literal(_ESCAPE.sub(_plain, text), kind, language or "")
        nodes.setdefault(iri if iri is not None else blank, {}).setdefault(predicate, []).append(value)
    return nodes


def _plain(found: re.Match[str]) -> str:
    mark = found[1]
    if len(mark) == 1:
        return _SHORT.get(mark, mark)
    code = int(mark[1:], 16)
    return chr(code) if code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"


def from_xml(element: etree._Element, base: str) -> Nodes:
    """The nodes of an rdf:RDF element; {} for one that rdflib cannot read.

    Language tags that it would refuse are mended before, datatypes hidden: it would rewrite their literals.
    """
    whole = etree.fromstring(etree.tostring(element))
    for one in whole.iter(etree.Element):
        tag = one.get(_XML_LANG)
        if tag is not None:
            tag = tag.strip().replace("_", "-")
            one.set(_XML_LANG, tag if _LANGUAGE.fullmatch(tag) else "")
        datatype = one.get(_RDF + "datatype")
        if datatype is not None:
            one.set(_RDF + "datatype", _KEPT + datatype.strip())
    graph = Graph()
    try:
        graph.parse(data=etree.tostring(whole), format="xml", publicID=base)
    except _FAULTS:
        return {}
    nodes: Nodes = {}
    names = _names(graph)

    def name(node: Node) -> str:
        return names[node] if isinstance(node, BNode) else str(node)

    for s, p, o in sorted(graph, key=lambda statement: (name(statement[0]), str(statement[1]))):
        value: Term
        if isinstance(o, RdfLiteral):
            kind = str(o.datatype or "").removeprefix(_KEPT)
            value = Literal(str(o), RDF_LANG_STRING if o.language else kind or XSD_STRING, o.language or "")
        else:
            value = Iri(name(o))
        nodes.setdefault(name(s), {}).setdefault(str(p), []).append(value)
    for content in nodes.values():
        for values in content.values():
            values.sort(key=lambda value: (isinstance(value, Literal), str(value)))
    return nodes


def _names(graph: Graph) -> dict[BNode, str]:
    """Names of blank nodes that do not depend on their labels: by what is said of them directly."""

    def said(node: BNode) -> list[str]:
        out = [f">{p} {'' if isinstance(o, BNode) else o}" for p, o in graph.predicate_objects(node)]
        into = [f"<{p} {'' if isinstance(s, BNode) else s}" for s, p in graph.subject_predicates(node)]
        return sorted([*out, *into])

    found = {node for statement in graph for node in (statement[0], statement[2]) if isinstance(node, BNode)}
    return {node: f"_:x{number}" for number, node in enumerate(sorted(found, key=said))}


def subject_of(nodes: Nodes, record: RawRecord) -> str | None:
    """The node that a record is about: its key, its source, "_:subject", else the one that nothing else is made of."""
    for name in (record.key, record.source, "_:subject"):
        if name in nodes:
            return name
    named = {str(value) for content in nodes.values() for values in content.values() for value in values}
    alone = [name for name in nodes if name not in named] or list(nodes)
    return min(alone, key=lambda name: (not _is_schema(nodes[name]), -len(nodes[name]), name), default=None)


def _is_schema(content: Mapping[str, list[Term]]) -> bool:
    return any(_SCHEMA.match(str(value)) for value in content.get(RDF_TYPE, ()))


def entries(nodes: Nodes, subject: str) -> list[str]:
    """The catalogue's own records of a resource (foaf:primaryTopic points to it)."""
    return sorted(name for name, content in nodes.items() if Iri(subject) in content.get(FOAF + "primaryTopic", ()))


def catalogue_language(nodes: Nodes, subject: str, tag_of: Callable[[str], str | None]) -> str:
    """The one language that the catalogues which list a resource state; "" where they state none or several."""
    lists = [content for content in nodes.values() if any(Iri(subject) in content.get(name, ()) for name in _LISTS)]
    stated = [value for content in lists for value in content.get(DCTERMS + "language", ())]
    tags = {tag_of(value.value if isinstance(value, Literal) else str(value)) or "" for value in stated}
    return tags.pop() if len(tags) == 1 else ""


def members(nodes: Nodes, head: str) -> list[Term] | None:
    """The members of an RDF list or container; None for what is neither."""
    content = nodes.get(head, {})
    if RDF + "first" in content:
        found: list[Term] = []
        seen: set[str] = set()
        while head in nodes and head not in seen and len(found) < 1000:
            seen.add(head)
            found += nodes[head].get(RDF + "first", [])[:1]
            head = _first(nodes[head].get(RDF + "rest", ()))
        return found
    numbered = [(int(name[len(RDF) + 1 :]), values) for name, values in content.items() if _is_member(name)]
    return [value for _, values in sorted(numbered) for value in values] if numbered else None


def _is_member(predicate: str) -> bool:
    return re.fullmatch(re.escape(RDF) + r"_[1-9][0-9]{0,5}", predicate) is not None


def _first(values: Iterable[Term]) -> str:
    return next((str(value) for value in values if isinstance(value, Iri)), "")
