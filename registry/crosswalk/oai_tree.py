"""A record's XML as a light tree in which every element knows its place and whether a crosswalk has read it.

Names are compared without case and namespace: LOM alone is spelt in three ways, and servers mix them. What
no crosswalk asked for can be told in the end (``unread``), so that no value is lost in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from registry.crosswalk import clean, oai_record
from registry.crosswalk.base import Builder

MAX_DEPTH = 60
MAX_TOLD = 30
_XML = "{http://www.w3.org/XML/1998/namespace}"
_XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_CONTAINERS = frozenset({"record", "metadata", "about", "header"})


@dataclass(slots=True, eq=False)
class Node:
    """One element: ``name`` as it stands, ``place`` its XPath, ``own`` the text outside of its children.

    ``lang`` is what the element itself says of its language (xml:lang, language or lang), ``inherited`` that
    of the nearest one around it; both as they stand.
    """

    name: str
    space: str
    place: str
    own: str
    lang: str
    inherited: str
    element: etree._Element
    children: list[Node] = field(default_factory=list)
    used: bool = False
    taken: bool = False

    def all(self, *names: str) -> list[Node]:
        """The children of these names (lower case), in their order; they count as read."""
        found = [one for one in self.children if one.name.lower() in names]
        for one in found:
            one.used = True
        return found

    def first(self, *names: str) -> Node | None:
        """The first child of these names; the others stay unread."""
        for one in self.children:
            if one.name.lower() in names:
                one.used = True
                return one
        return None

    def words(self) -> str:
        """All text in it, also of markup inside; the whole element counts as read."""
        self.skip()
        return oai_record.text_of(self.element) if self.children else self.own

    @property
    def language(self) -> str:
        """The language of its text as it stands, its own or that of what is around it."""
        return self.lang or self.inherited

    def word(self, *names: str) -> str:
        """The text of the first child of these names that has any, "" for none."""
        return next((text for one in self.all(*names) if (text := one.words())), "")

    def skip(self, *names: str) -> None:
        """Count children of these names, or without names the whole element, as read: ignored by name."""
        if names:
            for one in self.children:
                if one.name.lower() in names:
                    one.skip()
            return
        self.used = self.taken = True

    def get(self, *names: str) -> str:
        """The first of these attributes (lower case, without namespace) that has a value, trimmed."""
        given = {str(key).rpartition("}")[2].lower(): str(value) for key, value in self.element.attrib.items()}
        return next((given[name].strip()[:2000] for name in names if given.get(name, "").strip()), "")


def tree(root: etree._Element, prefix: str) -> Node:
    """The tree of a payload. ``prefix`` stands in places before the names of the format ("lom")."""
    return _node(root, prefix, _step(root, prefix, ""), "", 0)


def _step(element: etree._Element, prefix: str, above: str) -> str:
    name = oai_record.local(element)
    outside = above in ("", "/record") and name in _CONTAINERS
    return f"{above}/{name}" if outside else f"{above}/{prefix}:{name}"


def _node(element: etree._Element, prefix: str, place: str, inherited: str, depth: int) -> Node:
    tag = str(element.tag)
    lang = (element.get(_XML + "lang") or element.get("language") or element.get("lang") or "").strip()
    pieces = [element.text or "", *(one.tail or "" for one in element)]
    own = " ".join(piece.strip() for piece in pieces if piece.strip()) if len(element) else pieces[0].strip()
    nil = element.get(_XSI_NIL) in ("true", "1")
    own = "" if nil else own[: clean.MAX_TEXT]
    space = tag.rpartition("}")[0][1:]
    node = Node(oai_record.local(element), space, place, own, lang, inherited, element)
    if nil or depth >= MAX_DEPTH:
        return node
    inside = [one for one in element if isinstance(one.tag, str)]
    counts = Counter(one.tag for one in inside)
    numbers: Counter[object] = Counter()
    for one in inside:
        numbers[one.tag] += 1
        where = _step(one, prefix, place)
        if counts[one.tag] > 1:
            where += f"[{numbers[one.tag]}]"
        node.children.append(_node(one, prefix, where, lang or inherited, depth + 1))
    return node


def find(node: Node, names: frozenset[str], depth: int = 5) -> Node | None:
    """The first element of these names (lower case) in the order of the document, at most so deep."""
    if node.name.lower() in names:
        return node
    for one in node.children if depth else ():
        found = find(one, names, depth - 1)
        if found is not None:
            return found
    return None


def unread(node: Node) -> Iterator[Node]:
    """The uppermost elements with text that nothing asked for, and those whose own text was passed over."""
    if node.taken:
        return
    if not node.used:
        if oai_record.text_of(node.element):
            yield node
        return
    if node.own and node.children:
        yield node
    for one in node.children:
        yield from unread(one)


def tell_unread(node: Node, build: Builder) -> None:
    """An issue for each kind of element that was not read, at most thirty a record."""
    told: set[str] = set()
    for one in unread(node):
        if one.name not in told and len(told) < MAX_TOLD:
            told.add(one.name)
            build.issue(
                "xml-unread", one.place, clean.drop_emails(oai_record.text_of(one.element))[0], element=one.name
            )
