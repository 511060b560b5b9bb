"""Reading of schema.org objects: values with their places, texts with their languages, what nobody read.

The objects are those of ``harvesters/web_extract.py``: keys are schema.org names or IRIs, ``@place`` tells
where an object stands. Source: docs/profile.md, crosswalk of schema.org.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urljoin

from registry.crosswalk import clean
from registry.crosswalk.base import Builder, MapContext
from registry.iris import MA, compact
from registry.terms import Iri

Object = Mapping[str, Any]

MAX_VALUES = 300  # of one property
MAX_LONG = 20_000
MAX_SHORT = 2_000
# An academy's word that two are not the same: no term of schema.org, so it comes bare, prefixed or in full.
NOT_SAME = (MA + "notSameAs", "notSameAs", "ma:notSameAs")
_STEM = re.compile(r"https?://(?:www\.)?schema\.org/|http://purl\.org/dcx/lrmi-terms/|schema:|sdo:")
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}|@none")
_SITES = frozenset({"WebPage", "WebSite", "CollectionPage", "ItemPage", "Blog", "DataCatalog"})
_JOINT = {"json-ld": "", "microdata": "itemprop ", "rdfa": "property "}


@cache
def ignored() -> frozenset[str]:
    """The properties that are ignored by name: rows of the table with "-" as property."""
    lines = files(__package__).joinpath("tables", "schemaorg.tsv").read_text("utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return frozenset(name for row in rows if row["property"] == "-" for name in row["source"].split())


def bare(name: str) -> str:
    """A schema.org or LRMI term as its bare name: "https://schema.org/Course" is "Course"."""
    return _STEM.sub("", name.strip(), count=1)


def compact_name(key: str) -> str:
    """A property as RDF writes it: "schema:name"; of another vocabulary with its usual prefix."""
    return compact(key) if ":" in key else f"schema:{key}"


def types(node: Object) -> list[str]:
    """The bare names of an object's types."""
    found = node.get("@type", [])
    return [bare(name) for name in (found if isinstance(found, list) else [found]) if isinstance(name, str)]


def scalar(value: Any) -> str:
    """One value as a string: of an object its ``@value``, address or name; "" where it says nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        for key in ("@value", "@id", "url", "name"):
            inner = value.get(key)
            inner = inner[0] if isinstance(inner, list) and inner else inner
            if isinstance(inner, dict) and key != "@value":
                inner = inner.get("@value") or inner.get("@id")
            if isinstance(inner, str | int | float) and not (key == "@id" and str(inner).startswith("_:")):
                return scalar(inner)
    return ""


@dataclass(slots=True)
class Reader:
    """Reads the objects of one record; remembers which properties were read, to tell the rest."""

    build: Builder
    context: MapContext
    page: str
    base: str
    syntax: str
    language: str = ""
    shown: Mapping[str, str] = field(default_factory=dict)  # in RDF: what the source calls a property
    _read: dict[int, tuple[Object, set[str]]] = field(default_factory=dict)
    _told: set[tuple[str, str]] = field(default_factory=set)

    def issue(self, code: str, place: str, value: str = "", **params: str) -> None:
        """An issue, once a record for the same value."""
        if (code, value) not in self._told:
            self._told.add((code, value))
            self.build.issue(code, place, value, **params)

    def string(self, predicate: str, value: str, place: str, subject: Iri | None = None) -> None:
        """A plain string of bounded length; a cut is told."""
        if len(value) > MAX_SHORT:
            self.issue("schemaorg-cut", place, value[:80], limit=str(MAX_SHORT))
            value = value[:MAX_SHORT].rstrip()
        self.build.string(predicate, value, place, subject)

    def keyword(self, node: Object, key: str) -> str:
        """The place of an object's address or type."""
        where = str(node.get("@place", ""))
        if self.syntax == "rdf":
            return where if key == "@id" else f"{where} rdf:type"
        return f"{where}/{key}"

    def within(self, place: str, key: str) -> str:
        """The place of a property of the thing that stands at a place."""
        return f"{place} {self.shown.get(key) or compact_name(key)}" if self.syntax == "rdf" else f"{place}/{key}"

    def place(self, node: Object, key: str, number: int | None = None) -> str:
        """The place of a property of an object, as its syntax writes it."""
        if self.syntax == "rdf":
            return self.within(str(node.get("@place", "")), key)
        where = f"{node.get('@place', '')}/{_JOINT.get(self.syntax, '')}{key}"
        if number is None:
            return where
        if self.syntax == "json-ld":
            return f"{where}/{number}"
        return f"{where}[{number + 1}]" if number else where

    def values(self, node: Object, *keys: str) -> Iterator[tuple[Any, str]]:
        """(value, place) of each value of some properties; empty ones are left out."""
        entry = self._read.setdefault(id(node), (node, set()))
        for key in keys:
            entry[1].add(key)
            content = node.get(key)
            several = isinstance(content, list)
            for number, value in enumerate(content if isinstance(content, list) else [content]):
                if number >= MAX_VALUES:
                    self.issue("schemaorg-many", self.place(node, key), str(len(content or ())), field=key)
                    break
                if value is None or value == "" or value == []:
                    continue
                place = value.get("@place", "") if isinstance(value, dict) else ""
                yield value, place or self.place(node, key, number if several else None)

    def whole(self, node: Object) -> None:
        """Count all of an object as read: what it says beyond its few properties is of no use here."""
        self._read.setdefault(id(node), (node, set()))[1].update(node)

    def strings(self, node: Object, *keys: str) -> Iterator[tuple[str, str]]:
        """(string, place): one line each, addresses and names of objects included."""
        for value, place in self.values(node, *keys):
            if isinstance(value, dict) and not scalar(value):
                yield from ((text, where) for text, _, where in self.texts_of(value, place, node))
            elif word := clean.line(scalar(value)[:MAX_SHORT]):
                yield word, place

    def texts(self, node: Object, *keys: str, long: bool = False) -> Iterator[tuple[str, str, str]]:
        """(plain text, language, place); HTML is taken out (told once), long texts are cut (told)."""
        for value, place in self.values(node, *keys):
            for text, language, where in self.texts_of(value, place, node):
                if clean.looks_html(text):
                    self.issue("schemaorg-html", where, "")
                plain = clean.text(text) if long else clean.line(text)
                most = MAX_LONG if long else MAX_SHORT
                if len(plain) > most:
                    self.issue("schemaorg-cut", where, plain[:80], limit=str(most))
                    plain = plain[:most].rstrip()
                if plain:
                    yield plain, language, where

    def texts_of(self, value: Any, place: str, node: Object) -> Iterator[tuple[str, str, str]]:
        """(text, language, place) of one value: a string, a tagged one, a language map, a thing with a name."""
        if isinstance(value, str | int | float):
            yield scalar(value), self.tongue(node), place
            return
        if not isinstance(value, dict):
            return
        if "@value" in value:
            yield scalar(value), self._tag(value.get("@language"), place) or self.tongue(node), place
            return
        inner = {key: text for key, text in value.items() if not key.startswith("@") or key == "@none"}
        if inner and all(_TAG.fullmatch(key) and isinstance(text, str | list) for key, text in inner.items()):
            found = False
            for key, text in inner.items():
                tag = self.context.values.language(key) if key != "@none" else self.tongue(node)
                if tag:
                    found = True
                    for one in text if isinstance(text, list) else [text]:
                        if isinstance(one, str):
                            yield one, tag, f"{place}/{key}"
            if found:
                return
        for key in ("name", "prefLabel", "http://www.w3.org/2004/02/skos/core#prefLabel", "text", "description",
                    "termCode", "targetName"):  # fmt: skip
            content = value.get(key)
            if content:
                for one in content if isinstance(content, list) else [content]:
                    yield from self.texts_of(one, self.within(place, key), value if value.get("@language") else node)
                return
        if isinstance(value.get("@id"), str) and not value["@id"].startswith("_:"):
            yield value["@id"], self.tongue(node), place

    def tongue(self, node: Object) -> str:
        """The language of an object's texts: what its context says, else the record's."""
        return self._tag(node.get("@language"), node.get("@place", "")) or self.language or "und"

    def _tag(self, language: Any, place: str) -> str:
        if not isinstance(language, str) or not language:
            return ""
        tag = self.context.values.language(language)
        if tag is None and not self.context.values.is_ignored("languages", language):
            self.issue("schemaorg-language", place, language)
        return tag or ""

    def url(self, value: str) -> str | None:
        """A web address, relative ones against the page."""
        word = value.strip()
        if not word or word.startswith("_:") or " " in word:
            return None
        try:
            return clean.url(word if "://" in word else urljoin(self.base, word))
        except ValueError:
            return None

    def target(self, value: Any, relative: bool = False) -> Iri | None:
        """What a reference points to: a DOI or web address; a bare word is none unless ``relative``."""
        words = [value] if isinstance(value, str) else []
        if isinstance(value, dict):
            for key in ("@id", "url", "sameAs", "@value", "identifier"):
                content = value.get(key)
                for one in content if isinstance(content, list) else [content]:
                    one = one.get("@id") or one.get("@value") if isinstance(one, dict) else one
                    if isinstance(one, str):
                        words.append(one)
        for word in words:
            found = clean.doi(word) or clean.url(word)
            if found is None and (relative or word.startswith(("/", "#", "./", "../"))):
                found = self.url(word)
            if found:
                return Iri(found)
        return None

    def references(self, node: Object, key: str, predicate: str, subject: Iri | None = None) -> None:
        """Addresses of other things; a thing that has only a name stays as text, and is told."""
        own = {str(value) for value in self.build.objects("url")} | {str(node.get("@id", ""))}
        for value, place in self.values(node, key):
            if isinstance(value, dict) and _SITES & set(types(value)):
                continue  # the page or site around the description, not a work
            target = self.target(value)
            if target is not None and str(target) in own:
                self.issue("schemaorg-self", place, target, field=key)
                continue
            if target is not None:
                self.build.add(predicate, target, place, subject)
                continue
            for text, _, where in self.texts_of(value, place, node):
                if word := clean.line(text[:MAX_SHORT]):
                    self.string(predicate, word, where, subject)
                    self.issue("schemaorg-no-address", where, word, field=key)

    def rest(self) -> None:
        """Tell the properties that no rule read and no row ignores, of all objects that were read."""
        known = ignored()
        for node, read in list(self._read.values()):
            for key, content in node.items():
                if key.startswith("@") or key in read or content in (None, "", []):
                    continue
                name = bare(key)
                if name in read or name in known:
                    continue
                self.issue("schemaorg-unknown-property", self.place(node, key), scalar(content), field=name)
