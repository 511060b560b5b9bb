"""Microdata and RDFa of a page as objects of the same form as JSON-LD's (``web_jsonld``).

Sources: HTML Living Standard, section Microdata; RDFa Core 1.1 and RDFa Lite 1.1, the parts that describe
things by types and properties (no ``rev``, no chaining over untyped elements, no lists).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin

from lxml.etree import _Element

from harvesters.web_jsonld import MAX_OBJECTS, PREFIXES, Node, clean, short
from registry.model import Issue

MAX_NESTING = 12
MAX_TEXT = 200_000

_ADDRESS_ATTRIBUTE = {
    "a": "href", "area": "href", "link": "href", "audio": "src", "embed": "src", "iframe": "src", "img": "src",
    "source": "src", "track": "src", "video": "src", "object": "data",
}  # fmt: skip
_VALUE_ATTRIBUTE = {"data": "value", "meter": "value", "time": "datetime"}
_SILENT = ("script", "style", "template")
_BREAKS = frozenset({"p", "br", "li", "ul", "ol", "div", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "dt", "dd"})


def text(element: _Element) -> str:
    """The text of an element, block elements on lines of their own, without scripts."""
    parts: list[str] = []
    size = 0
    stack: list[tuple[_Element, bool]] = [(element, False)]
    while stack and size < MAX_TEXT:
        node, after = stack.pop()
        tag = node.tag if isinstance(node.tag, str) else ""
        if after:
            piece = ("\n" if tag in _BREAKS else "") + (node.tail or "" if node is not element else "")
        else:
            piece = ("\n" if tag in _BREAKS else "") + ((node.text or "") if tag and tag not in _SILENT else "")
            stack.append((node, True))
            if tag and tag not in _SILENT:
                stack.extend((child, False) for child in reversed(node))
        parts.append(piece)
        size += len(piece)
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return clean("\n".join(line for line in lines if line))


def language(element: _Element) -> str:
    """The language of an element: its own, else the nearest ancestor's."""
    node: _Element | None = element
    while node is not None:
        for name in ("lang", "xml:lang", "{http://www.w3.org/XML/1998/namespace}lang"):
            if (found := node.get(name)) is not None:
                return str(found).strip()
        node = node.getparent()
    return ""


def absolute(base: str, address: str) -> str:
    """An address against the page's base; as it stands where that cannot be told."""
    try:
        return urljoin(base, clean(address).strip())
    except ValueError:
        return clean(address).strip()


def put(node: Node, key: str, value: Any) -> None:
    """Add one value to a property."""
    if key in node:
        before = node[key]
        node[key] = [*before, value] if isinstance(before, list) else [before, value]
    else:
        node[key] = value


def _nth(node: Node, key: str) -> str:
    """ "[2]" for the second value of a property, "" for the first."""
    before = node.get(key)
    return "" if before is None else f"[{len(before) + 1 if isinstance(before, list) else 2}]"


@dataclass(slots=True)
class Microdata:
    """Reads the items of one page. ``lang`` is the page's language: other languages are kept with the text."""

    base: str
    lang: str
    issues: list[Issue] = field(default_factory=list)
    objects: int = 0

    def read(self, root: _Element) -> list[Node]:
        """The top items, in the order of the page."""
        ids = {str(e.get("id")): e for e in root.xpath("//*[@itemref]/ancestor::*[last()]//*[@id]")}
        items: list[Node] = []
        tops = root.xpath("//*[@itemscope and not(@itemprop)]")
        for number, element in enumerate(tops, start=1):
            items.append(self._item(element, f"itemscope[{number}]", ids, (element,)))
        return items

    def _item(self, element: _Element, place: str, ids: Mapping[str, _Element], path: tuple[_Element, ...]) -> Node:
        self.objects += 1
        node: Node = {"@place": place}
        types = [short(name) for name in (element.get("itemtype") or "").split()]
        if types:
            node["@type"] = types
        if (identifier := element.get("itemid")) and identifier.strip():
            node["@id"] = absolute(self.base, identifier)
        if self.objects > MAX_OBJECTS or len(path) > MAX_NESTING:
            self.issues.append(Issue("web-too-large", place, f"{MAX_NESTING} levels, {MAX_OBJECTS} objects"))
            return node
        starts = [*element, *(ids[name] for name in (element.get("itemref") or "").split() if name in ids)]
        for found in _properties(starts):
            for name in (found.get("itemprop") or "").split():
                key = short(name)
                where = f"{place}/itemprop {name}{_nth(node, key)}"
                if found.get("itemscope") is None:
                    value: Any = self._value(found, where)
                elif found in path:
                    continue  # an item that contains itself
                else:
                    value = self._item(found, where, ids, (*path, found))
                put(node, key, value)
        return node

    def _value(self, element: _Element, where: str) -> Any:
        tag = str(element.tag)
        if (content := element.get("content")) is not None:
            return self._tagged(clean(content).strip(), element, where)
        if tag in _ADDRESS_ATTRIBUTE:
            found = element.get(_ADDRESS_ATTRIBUTE[tag])
            return absolute(self.base, found) if found else ""
        if tag in _VALUE_ATTRIBUTE and (found := element.get(_VALUE_ATTRIBUTE[tag])) is not None:
            return clean(found).strip()
        return self._tagged(text(element), element, where)

    def _tagged(self, value: str, element: _Element, where: str) -> Any:
        tag = language(element)
        return value if tag == self.lang else {"@place": where, "@value": value, "@language": tag}


def _properties(starts: list[_Element]) -> Iterator[_Element]:
    """The elements with ``itemprop`` that belong to an item: not those inside an item of their own."""
    stack = list(reversed(starts))
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str):
            continue
        if element.get("itemprop") is not None:
            yield element
        if element.get("itemscope") is None:
            stack.extend(reversed(element))


@dataclass(frozen=True, slots=True)
class _Scope:
    """What an RDFa element hands to its children."""

    node: Node
    vocab: str
    prefixes: Mapping[str, str]
    pending: tuple[str, ...] = ()


@dataclass(slots=True)
class Rdfa:
    """Reads the typed things of one page that RDFa attributes describe."""

    base: str
    lang: str
    issues: list[Issue] = field(default_factory=list)
    _nodes: dict[str, Node] = field(default_factory=dict)
    _typed: list[Node] = field(default_factory=list)
    _inner: set[int] = field(default_factory=set)

    def read(self, root: _Element) -> list[Node]:
        """The things that have a type and stand in no other thing, in the order of the page."""
        page: Node = {"@place": "", "@id": self.base}
        self._nodes[self.base] = page
        stack = [(root, _Scope(page, "", PREFIXES))]
        while stack:
            element, scope = stack.pop()
            if not isinstance(element.tag, str):
                continue
            inner = self._element(element, scope)
            if inner is None:
                self.issues.append(Issue("web-too-large", "", f"{MAX_OBJECTS} objects"))
                break
            stack.extend((child, inner) for child in reversed(element))
        return [node for node in self._typed if id(node) not in self._inner]

    def _element(self, element: _Element, scope: _Scope) -> _Scope | None:
        """Read one element; the scope of its children, None when there are too many things."""
        get = element.get
        if (vocab := get("vocab")) is not None:
            vocab = vocab.strip()
            scope = replace(scope, vocab=vocab if vocab[-1:] in ("/", "#", "") else vocab + "/")
        if declared := get("prefix"):
            pairs = re.findall(r"([\w.-]+):\s+(\S+)", declared)
            scope = replace(scope, prefixes={**scope.prefixes, **dict(pairs)})
        properties = self._names(get("property"), scope)
        types = self._names(get("typeof"), scope)
        rels = self._names(get("rel"), scope, links=get("property") is None)
        target = next((get(name) for name in ("resource", "href", "src") if get(name)), None)
        subject, about = scope.node, get("about")
        if about is not None:
            subject = self._node(self._address(about, scope))
        if len(self._typed) + len(self._nodes) > MAX_OBJECTS:
            return None
        if types or (get("typeof") is not None and properties):
            return self._thing(scope, subject, about, target, types, properties, rels)
        if properties:
            for name in properties:
                put(subject, name, self._value(element, target, subject, name, scope))
            return replace(scope, node=subject, pending=())
        if rels:
            if target is None:
                return replace(scope, node=subject, pending=tuple(rels))
            for name in rels:
                put(subject, name, self._address(target, scope))
            return replace(scope, node=subject, pending=())
        if (own := get("resource")) and about is None:
            subject = self._node(self._address(own, scope))
        return replace(scope, node=subject, pending=scope.pending if subject is scope.node else ())

    def _thing(
        self, scope: _Scope, subject: Node, about: str | None, target: str | None,
        types: list[str], properties: list[str], rels: list[str],
    ) -> _Scope:  # fmt: skip
        """A typed element: a thing of its own, or the value of a property of the one around it."""
        if about is not None:
            thing = subject
            if target is not None:
                for name in (*properties, *rels):
                    put(thing, name, self._address(target, scope))
        else:
            thing = self._node(self._address(target, scope)) if target is not None else {"@place": ""}
        if "@type" not in thing:
            self._typed.append(thing)
        thing["@type"] = list(dict.fromkeys([*thing.get("@type", []), *types]))
        links = [*properties, *rels, *scope.pending] if about is None else list(scope.pending)
        for name in links if thing is not scope.node else []:
            if scope.node.get("@type"):
                where = f"{scope.node['@place']}/property {name}{_nth(scope.node, name)}"
                thing["@place"] = thing["@place"] or where
                self._inner.add(id(thing))
            put(scope.node, name, thing)
        thing["@place"] = thing["@place"] or f"typeof[{len(self._typed)}]"
        return replace(scope, node=thing, pending=())

    def _node(self, address: str) -> Node:
        return self._nodes.setdefault(address, {"@place": "", "@id": address})

    def _address(self, value: str, scope: _Scope) -> str:
        value = clean(value).strip()
        if value.startswith("[") and value.endswith("]"):
            value = value[1:-1]
        prefix, colon, rest = value.partition(":")
        if value.startswith("_:"):
            return value
        if colon and prefix in scope.prefixes and not rest.startswith("//"):
            return scope.prefixes[prefix] + rest
        return absolute(self.base, value)

    def _names(self, value: str | None, scope: _Scope, links: bool = True) -> list[str]:
        """Properties or types as short names or IRIs; plain words only where a vocabulary is in force."""
        names: list[str] = []
        for word in (value or "").split() if links else []:
            prefix, colon, rest = word.partition(":")
            if colon and rest.startswith("//"):
                names.append(short(word))
            elif colon and prefix in scope.prefixes:
                names.append(short(scope.prefixes[prefix] + rest))
            elif not colon and scope.vocab and word not in ("nofollow", "noopener", "noreferrer", "stylesheet"):
                names.append(short(scope.vocab + word))
        return names

    def _value(self, element: _Element, target: str | None, subject: Node, name: str, scope: _Scope) -> Any:
        where = f"{subject['@place']}/property {name}{_nth(subject, name)}"
        content = element.get("content")
        if content is None and element.tag == "time":
            content = element.get("datetime")
        if content is None and target is not None:
            return self._address(target, scope)
        value = clean(content).strip() if content is not None else text(element)
        tag = language(element)
        return value if tag == self.lang else {"@place": where, "@value": value, "@language": tag}
