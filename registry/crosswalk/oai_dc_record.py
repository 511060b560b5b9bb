"""Reading one record of oai_dc: its elements with their places. Sources: OAI-PMH 2.0 §2.5; DCMES 1.1."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from registry.crosswalk import clean
from registry.crosswalk.base import Builder
from registry.crosswalk.oai_record import child, local, text_of

DC = "/record/metadata/oai_dc:dc"
ELEMENTS = frozenset(
    "title creator subject description publisher contributor date type format identifier source language "
    "relation coverage rights".split()
)
_ADDRESSES = frozenset(["identifier", "relation", "source"])  # an address may hold an "@"
# Namespaces that servers really send; the first is the right one.
_DC_NAMESPACES = frozenset(
    ["http://purl.org/dc/elements/1.1/", "http://purl.org/dc/elements/1.1", "http://purl.org/dc/elements/1.0/", ""]
)
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@dataclass(frozen=True, slots=True)
class Value:
    """The text of one element, the language that it states ("" for none), and its place."""

    text: str
    language: str
    place: str


Elements = dict[str, list[Value]]


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
    """The elements by name, in their order, without e-mail addresses; what is no element of it is an issue."""
    found: Elements = {}
    counts: dict[str, int] = {}
    inherited = container.get(_XML_LANG, "")
    for element in container:
        tag = element.tag
        if not isinstance(tag, str):
            continue
        namespace, _, name = tag.rpartition("}")
        if name not in ELEMENTS or namespace[1:] not in _DC_NAMESPACES:
            build.issue("dc-unknown-element", f"{DC}/*[local-name()='{name}']", text_of(element), element=name)
            continue
        counts[name] = number = counts.get(name, 0) + 1
        text = text_of(element)
        if name not in _ADDRESSES and "://" not in text:
            text, had_mail = clean.drop_emails(text)
            if had_mail:
                build.issue("dc-email", f"{DC}/dc:{name}[{number}]")
        if text and element.get(_XSI_NIL) not in ("true", "1"):
            value = Value(text, element.get(_XML_LANG, inherited), f"{DC}/dc:{name}[{number}]")
            found.setdefault(name, []).append(value)
    return found
