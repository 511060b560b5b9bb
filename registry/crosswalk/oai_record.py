"""The container that every record of OAI-PMH comes in: safe parsing, and where the record came from before.

What is no OAI record (a file that holds the metadata alone) is parsed as well. Sources: OAI-PMH 2.0 §2.5;
its Implementation Guidelines, "XML Schema to hold provenance information in the about part of a record".
"""

from __future__ import annotations

from urllib.parse import quote

from lxml import etree

from registry.crosswalk import clean
from registry.crosswalk.base import Builder
from registry.terms import is_iri

MAX_ORIGINS = 10
_BREAKS = frozenset({"br", "p", "li", "div"})


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


def text_of(element: etree._Element | None) -> str:
    """All text of an element, also of markup that stands unescaped in it, at most ``clean.MAX_TEXT`` characters."""
    if element is None:
        return ""
    if not len(element):
        return (element.text or "").strip()[: clean.MAX_TEXT]
    pieces: list[str] = []
    for event, one in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            pieces += ["\n"] if local(one) in _BREAKS else []
            pieces.append(one.text or "")
        elif one is not element:
            pieces.append(one.tail or "")
    return "".join(pieces).strip()[: clean.MAX_TEXT]


def origins_of(root: etree._Element, build: Builder) -> list[tuple[str, str]]:
    """The repositories that a record went through (about/provenance), the nearest first.

    Each is (address, place): the GetRecord address of what it was harvested from, in oai_dc, which every
    repository has, so that one origin has one address whatever format it came in.
    """
    origins: list[tuple[str, str]] = []
    for at, about in enumerate([one for one in root if local(one) == "about"], 1):
        provenance = child(about, "provenance")
        if provenance is None:
            inner = local(about[0]) if len(about) else ""
            build.issue("oai-about", f"/record/about[{at}]", inner, element=inner)
            continue
        waiting = _steps(provenance, f"/record/about[{at}]/*[local-name()='provenance']")
        while waiting and len(origins) < MAX_ORIGINS:
            step, place = waiting.pop(0)
            origin = _origin(step)
            if origin:
                origins.append((origin, place))
            else:
                build.issue("oai-about", place, text_of(child(step, "identifier")), element="originDescription")
            waiting += _steps(step, place)
    return origins


def _steps(element: etree._Element, place: str) -> list[tuple[etree._Element, str]]:
    found = [one for one in element if local(one) == "originDescription"]
    path = f"{place}/*[local-name()='originDescription']"
    return [(one, f"{path}[{at}]" if len(found) > 1 else path) for at, one in enumerate(found, 1)][:MAX_ORIGINS]


def _origin(step: etree._Element) -> str | None:
    address, name = clean.url(text_of(child(step, "baseURL"))), text_of(child(step, "identifier"))
    if address and name:
        query = f"verb=GetRecord&metadataPrefix=oai_dc&identifier={quote(name, safe=':')}"
        return f"{address}{'&' if '?' in address else '?'}{query}"
    return name if is_iri(name) else None
