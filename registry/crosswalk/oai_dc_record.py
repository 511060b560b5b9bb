"""Reading one record of oai_dc: its elements with their places, and where it came from before.

Sources: OAI-PMH 2.0 §2.5 and its guidelines for provenance containers; DCMES 1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from lxml import etree

from registry.crosswalk import clean
from registry.crosswalk.base import Builder
from registry.terms import is_iri

DC = "/record/metadata/oai_dc:dc"
ELEMENTS = frozenset(
    "title creator subject description publisher contributor date type format identifier source language "
    "relation coverage rights".split()
)
# Namespaces that servers really send; the first is the right one.
_DC_NAMESPACES = frozenset(
    ["http://purl.org/dc/elements/1.1/", "http://purl.org/dc/elements/1.1", "http://purl.org/dc/elements/1.0/", ""]
)
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
MAX_TEXT = 50_000
MAX_ORIGINS = 10


@dataclass(frozen=True, slots=True)
class Value:
    """The text of one element, the language that it states ("" for none), and its place."""

    text: str
    language: str
    place: str


Elements = dict[str, list[Value]]


def parse(payload: bytes) -> etree._Element | None:
    """The root of a payload, or None for what is no XML or has a document type. Entities stay unread."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    if b"<!DOCTYPE" in payload[:1000]:
        return None
    try:
        root = etree.fromstring(payload, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if root.getroottree().docinfo.internalDTD is not None else root


def local(element: etree._Element) -> str:
    """The name of an element without its namespace ("" for what is no element)."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    """The first child of a local name."""
    if element is not None:
        for one in element:
            if local(one) == name:
                return one
    return None


def container(root: etree._Element) -> etree._Element | None:
    """The oai_dc:dc element; also when a file holds nothing else, or its elements stand without it."""
    if local(root) == "dc":
        return root
    metadata = child(root, "metadata")
    found = child(metadata, "dc")
    if found is None and metadata is not None and len(metadata):
        namespace, _, name = str(metadata[0].tag).rpartition("}")
        return metadata if name in ELEMENTS and namespace[1:] in _DC_NAMESPACES - {""} else None
    return found


def elements(container: etree._Element, build: Builder) -> Elements:
    """The elements by name, in their order; what is no element of simple Dublin Core is an issue."""
    found: Elements = {}
    counts: dict[str, int] = {}
    inherited = container.get(_XML_LANG, "")
    for element in container:
        tag = element.tag
        if not isinstance(tag, str):
            continue
        namespace, _, name = tag.rpartition("}")
        if name not in ELEMENTS or namespace[1:] not in _DC_NAMESPACES:
            build.issue("dc-unknown-element", f"{DC}/*[local-name()='{name}']", _text(element), element=name)
            continue
        counts[name] = number = counts.get(name, 0) + 1
        text = _text(element)
        if text and element.get(_XSI_NIL) not in ("true", "1"):
            value = Value(text, element.get(_XML_LANG, inherited), f"{DC}/dc:{name}[{number}]")
            found.setdefault(name, []).append(value)
    return found


def _text(element: etree._Element) -> str:
    """All text of an element, also of markup that stands unescaped in it."""
    text = element.text or "" if not len(element) else "".join(str(piece) for piece in element.itertext())
    return text.strip()[:MAX_TEXT]


def origins_of(root: etree._Element, build: Builder) -> list[tuple[str, str]]:
    """The repositories that a record went through (about/provenance), the nearest first."""
    origins: list[tuple[str, str]] = []
    for at, about in enumerate([one for one in root if local(one) == "about"], 1):
        provenance = child(about, "provenance")
        if provenance is None:
            inner = local(about[0]) if len(about) else ""
            build.issue("dc-about", f"/record/about[{at}]", inner, element=inner)
            continue
        step, place = child(provenance, "originDescription"), f"/record/about[{at}]/*[local-name()='provenance']"
        while step is not None and len(origins) < MAX_ORIGINS:
            place += "/*[local-name()='originDescription']"
            base, key = child(step, "baseURL"), child(step, "identifier")
            address = clean.url(_text(base)) if base is not None else None
            name = _text(key) if key is not None else ""
            if address and name:
                query = f"verb=GetRecord&metadataPrefix=oai_dc&identifier={quote(name, safe=':')}"
                origins.append((f"{address}{'&' if '?' in address else '?'}{query}", place))
            elif is_iri(name):
                origins.append((name, place))
            else:
                build.issue("dc-about", place, name, element="originDescription")
            step = child(step, "originDescription")
    return origins
