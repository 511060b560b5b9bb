"""Descriptions in DCAT, Dublin Core, FOAF and schema.org as one object in schema.org's terms, with places.

The tables ``dcat.tsv`` and ``dcat-values.tsv`` say which property means which. The object is what
``registry/crosswalk/schemaorg_read.py`` reads: keys are schema.org names or IRIs, ``@place`` tells where an
object stands ("<address> dct:publisher"). Sources: DCAT-AP 3; DCMI Metadata Terms; docs/profile.md, crosswalks.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from registry.crosswalk.base import MapContext
from registry.crosswalk.rdf_nodes import Nodes, entries, members
from registry.iris import DCAT, DCTERMS, PROV, RDF, RDF_TYPE, RDFS, SKOS, compact
from registry.model import Issue
from registry.terms import Iri, Literal, Term, is_iri

MAX_DEPTH = 8
MAX_OBJECTS = 2_000
DC = "http://purl.org/dc/elements/1.1/"
_SCHEMA = re.compile(
    r"https?://(?:www\.)?schema\.org/|http://purl\.org/dcx/lrmi-terms/|"
    r"https?://(?:www\.)?bioschemas\.org/(?:types/|terms/|properties/|profiles/)?(?=[A-Za-z]+(?:/|$))"
)
_PREFIXES = {
    "pav": "http://purl.org/pav/", "odrl": "http://www.w3.org/ns/odrl/2/", "spdx": "http://spdx.org/rdf/terms#",
    "dcatap": "http://data.europa.eu/r5r/", "org": "http://www.w3.org/ns/org#",
    "cc": "http://creativecommons.org/ns#", "owl": "http://www.w3.org/2002/07/owl#", "wdrs": "http://www.w3.org/2007/05/powder-s#",
}  # fmt: skip
_LISTED = ("dct", "dc", "vcard", "foaf", "rdfs", "skos", "dcat", "adms", "prov", "schema", "rdf", "void", "dqv")
_SUBJECTS = frozenset({DCTERMS + "subject", DC + "subject", DCAT + "theme"})
_EU = re.compile(r"https?://publications\.europa\.eu/resource/authority/([a-z-]+)/([A-Za-z0-9_-]+)/?")
_IANA = re.compile(r"https?://(?:www\.)?iana\.org/assignments/media-types/([\w.+-]+/[\w.+-]+)/?")
# What a type of another vocabulary means in schema.org's terms.
_VCARD, _FOAF, _ORG = "http://www.w3.org/2006/vcard/ns#", "http://xmlns.com/foaf/0.1/", "http://www.w3.org/ns/org#"
_BIBO = "http://purl.org/ontology/bibo/"
_MEANT = {
    _FOAF + "Person": "Person", _VCARD + "Individual": "Person", _FOAF + "Organization": "Organization",
    _FOAF + "Group": "Organization", _VCARD + "Organization": "Organization", _VCARD + "Group": "Organization",
    _ORG + "Organization": "Organization", _ORG + "FormalOrganization": "Organization",
    _ORG + "OrganizationalUnit": "Organization", "http://purl.org/vocab/aiiso/schema#Course": "Course",
    "http://linkedscience.org/teach/ns#Course": "Course", "http://purl.org/dc/dcmitype/Event": "Event",
    _BIBO + "Event": "Event", _BIBO + "Book": "Book", _BIBO + "Slideshow": "PresentationDigitalDocument",
}  # fmt: skip
_SILENT = re.compile(
    r"http://(?:www\.w3\.org/(?:ns/(?:dcat|prov|adms|org|odrl|hydra|ldp|locn|dqv)|2004/02/skos/core|2006/vcard/ns|"
    r"2002/07/owl|2000/01/rdf-schema|1999/02/22-rdf-syntax-ns|2006/time)[#/]|xmlns\.com/foaf/0\.1/|rdfs\.org/ns/void#|"
    r"purl\.org/(?:dc/terms/|ontology/bibo/|dc/dcmitype/|vocab/)|spdx\.org/)"
)
_LAST = re.compile(r" ([a-z]+:[\w-]+|<[^<> ]+>)(?:\[\d+\])?$")  # the property that a place ends in
_FILE = re.compile(r"\.(?!html?$|php$|aspx?$|jsp$|[a-z]{2}$)[A-Za-z][A-Za-z0-9]{1,4}$")  # a file, not a page
_DECIMAL = re.compile(r"\d{1,20}\.0{1,10}")
_RIGHTS = (DCTERMS + "rights", DC + "rights")
_LABELS = (RDF + "value", SKOS + "prefLabel", RDFS + "label", DCTERMS + "title")
_SORTED = (
    ("http://schema.org/startDate", "https://schema.org/startDate"),
    ("http://schema.org/name", "https://schema.org/name", DCTERMS + "title", _FOAF + "name"),
)
_OF_DATA = frozenset({"dataset-type", "frequency", "planned-availability"})  # tables that say nothing of learning
Object = dict[str, Any]


@cache
def _table() -> tuple[Mapping[str, tuple[int, str]], frozenset[str], Mapping[str, str]]:
    """({property: (its rank, what it means)}, ignored properties, {meaning: what the source calls it})."""
    lines = files(__package__).joinpath("tables", "dcat.tsv").read_text("utf-8").splitlines()
    meanings: dict[str, tuple[int, str]] = {}
    ignored: set[str] = set()
    shown: dict[str, str] = {}
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        for term in row["source"].split():
            if row["property"] == "-":
                ignored.add(term)
            elif not term.startswith("schema:"):
                meanings.setdefault(term, (len(meanings), _meaning(row["property"])))
                shown.setdefault(meanings[term][1], term)
    return meanings, frozenset(ignored), shown


def _meaning(property: str) -> str:
    """What ``schemaorg_read`` calls a property of the profile."""
    prefix, _, name = property.partition(":")
    return DCAT + name if prefix == "dcat" else {"dcterms:relation": "subjectOf"}.get(property, name)


@cache
def _values(table: str) -> Mapping[str, str]:
    lines = files(__package__).joinpath("tables", "dcat-values.tsv").read_text("utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["code"]: row["value"] for row in rows if row["table"] == table}


def shown() -> Mapping[str, str]:
    """What DCAT calls each property of schema.org."""
    return _table()[2]


@lru_cache(4096)
def term(iri: str) -> str:
    """A property as the table writes it."""
    found = compact(iri)
    if not found.startswith("<"):
        return found
    return next((f"{p}:{iri[len(ns) :]}" for p, ns in _PREFIXES.items() if iri.startswith(ns)), found)


def short(iri: str) -> str:
    """A term of schema.org, LRMI or Bioschemas by its bare name; others as they are."""
    found = _SCHEMA.match(iri)
    return iri[found.end() :].split("/")[0] if found else iri


@dataclass(slots=True)
class Tree:
    """Turns the nodes of one payload into one nested object."""

    nodes: Nodes
    context: MapContext
    dcat: bool
    count: int = 0
    _path: list[str] = field(default_factory=list)

    def whole(self, subject: str) -> Object:
        """The description of a node, with what stands in its distributions and in the catalogue's record of it."""
        place = f"<{subject}>" if not subject.startswith("_:") else "[]"
        node = self.object(subject, place)
        self._distributions(node)
        self._entry(node, subject)
        return node

    def object(self, subject: str, place: str) -> Object:
        """One node and, nested, those that it names."""
        self.count += 1
        self._path.append(subject)
        content = self.nodes.get(subject, {})
        out: Object = {"@place": place}
        if not subject.startswith("_:"):
            out["@id"] = subject
        if types := self._types(content.get(RDF_TYPE, ())):
            out["@type"] = types
        found: dict[str, list[Any]] = {}
        for predicate in sorted(content, key=self._rank):
            name = self._name(predicate)
            if predicate == RDF_TYPE or name is None:
                continue
            at = f"{place} {term(predicate)}"
            ordered = sorted(content[predicate], key=self._order)
            several = [one for value in ordered for one in self._flat(value)]
            for number, value in enumerate(several, 1):
                where = f"{at}[{number}]" if len(several) > 1 and value.startswith("_:") else at
                for key, said in self._value(name, predicate, value, where):
                    if not any(_same(said, other) for other in found.setdefault(key, [])):
                        found[key].append(said)
        for key, values in found.items():
            out[key] = values if len(values) > 1 else values[0]
        if len(values := found.get("license", [])) > 1:
            out["license"] = _rights_last(values, place)
        self._path.pop()
        return out

    def _rank(self, predicate: str) -> tuple[int, str]:
        # schema.org's own terms come first, then those of the table in its order.
        rank = -1 if _SCHEMA.match(predicate) else _table()[0].get(term(predicate), (10_000, ""))[0]
        return rank, predicate

    @staticmethod
    def _name(predicate: str) -> str | None:
        """What a property means: a name of schema.org, else itself; None for what is ignored by name."""
        if _SCHEMA.match(predicate):
            return short(predicate)
        written = term(predicate)
        if written in _table()[1] or predicate.startswith("http://www.w3.org/2006/vcard/ns#has"):
            return None
        return _table()[0].get(written, (0, predicate))[1]

    def _order(self, value: Term) -> tuple[str, str, str]:
        """By start, name and address: the names of blank nodes may change with each edit."""
        if isinstance(value, Literal):
            return "", "", value.value
        said = self.nodes.get(str(value), {})
        start, name = (
            min((_lexical(one) for key in keys for one in said.get(key, ())), default="") for keys in _SORTED
        )
        return start, name, "" if value.startswith("_:") else str(value)

    def _flat(self, value: Term) -> list[Any]:
        """The members of a list, or the value itself."""
        inner = members(self.nodes, str(value)) if isinstance(value, Iri) else None
        return [_Text(value)] if inner is None else [_Text(one) for one in inner]

    def _types(self, values: Any) -> list[str]:
        names = []
        for value in values:
            name = _MEANT.get(str(value)) or short(str(value))
            if name != str(value) or not _SILENT.match(name):
                names.append(name)
        return sorted(dict.fromkeys(names))

    def _value(self, name: str, predicate: str, value: _Text, place: str) -> Iterator[tuple[str, Any]]:
        """(property, value) in schema.org's terms."""
        if isinstance(value.term, Literal):
            if predicate in _SUBJECTS:
                name = "keywords"
            lexical = self._file_value(name, value.term.value)
            if value.term.language:
                yield name, {"@value": value.term.value, "@language": value.term.language, "@place": place}
            elif name in ("offers", "sdPublisher") or self._usual(name, predicate):
                yield name, lexical
            else:
                yield name, {"@value": lexical, "@place": place}
            return
        target = str(value.term)
        known, content = _EU.fullmatch(target), self.nodes.get(target, {})
        if name == "encodingFormat":
            media = self._media(target) or next((_lexical(one) for key in _LABELS for one in content.get(key, ())), "")
            yield name, {"@value": media or target, "@place": place}
        elif known and known[1] == "data-theme":
            label = _values("data-theme").get(known[2])
            yield ("keywords", {"@value": label, "@language": "en", "@place": place}) if label else (name, target)
        elif (known and known[1] in _OF_DATA) or (
            name == "isPartOf" and Iri(DCAT + "Catalog") in content.get(RDF_TYPE, ())
        ):
            return
        elif name == "identifier" and (notations := content.get(SKOS + "notation")):
            for one in notations:
                yield name, {"@value": _lexical(one), "@place": place}
        elif known and known[1] == "corporate-body" and not content:
            yield name, {"@value": _values("corporate-body").get(known[2], known[2]), "@place": place}
        elif name == "spatialCoverage" and not content and is_iri(target):
            yield name, {"@value": target.rstrip("/").rpartition("/")[2], "@place": place}
        elif content and target not in self._path and len(self._path) < MAX_DEPTH and self.count < MAX_OBJECTS:
            inner = self.object(target, place if target.startswith("_:") else f"<{target}>")
            labels = [one for one in _listed(inner.get("name")) if _word(one)]
            if predicate in _SUBJECTS and labels and not self._known([target, *map(_word, labels)]):
                # A concept that is none of the registry's own is a keyword by its labels.
                for one in labels:
                    yield "keywords", one if isinstance(one, dict) else {"@value": one, "@place": place}
            else:
                yield name, inner
        elif not target.startswith("_:"):
            yield name, {"@id": target, "@place": place}

    def _known(self, words: list[str]) -> bool:
        return any(self.context.values.subject(word) is not None for word in words)

    def _usual(self, name: str, predicate: str) -> bool:
        return self.dcat and term(predicate) == shown().get(name) or (not self.dcat and bool(_SCHEMA.match(predicate)))

    @staticmethod
    def _file_value(name: str, written: str) -> str:
        """What is said of a file in words: "PDF" is a media type, a size in bytes a whole number."""
        if name == "encodingFormat":
            return _values("file-type").get(written.strip().lstrip(".").upper(), written)
        return re.sub(r"\.0+$", "", written) if name == "contentSize" and _DECIMAL.fullmatch(written) else written

    @staticmethod
    def _media(target: str) -> str:
        iana, known = _IANA.fullmatch(target), _EU.fullmatch(target)
        if iana:
            return iana[1]
        if known and known[1] == "file-type":
            return _values("file-type").get(known[2].upper(), known[2])
        return ""

    def _distributions(self, node: Object) -> None:
        """What only the distributions say: the licence, and a page where the resource has none."""
        files_ = [one for one in _listed(node.get("encoding")) if isinstance(one, dict)]
        stated = map(_word, _listed(node.get("license")))
        if all(word and self.context.values.is_ignored("license", word) for word in stated):
            licences = [licence for one in files_ for licence in _placed(one, "license", "dct:license")]
            distinct = [
                one for at, one in enumerate(licences) if not any(_same(one, other) for other in licences[:at])
            ]
            if distinct:
                node["license"] = distinct
        pages = [page for one in files_ for page in _placed(one, "url", "dcat:accessURL")]
        direct = {_word(page) for one in files_ for page in _listed(one.get("contentUrl"))}
        pages = [page for page in pages if _word(page) not in direct and not _FILE.search(_word(page))]
        if "url" not in node and pages and self.dcat:
            node["url"] = pages[0]

    def _entry(self, node: Object, subject: str) -> None:
        """What the catalogue's record says of the entry: its standard and its licence."""
        for name in entries(self.nodes, subject):
            place = f"<{name}>" if not name.startswith("_:") else "dcat:CatalogRecord"
            for predicate, key in ((DCTERMS + "conformsTo",) * 2, (DCTERMS + "license", "sdLicense")):
                where = f"{place} {term(predicate)}"
                said = [
                    {"@id" if isinstance(value, Iri) else "@value": _lexical(value), "@place": where}
                    for value in self.nodes[name].get(predicate, ())
                ]
                if said:
                    node[key] = [*_listed(node.get(key)), *said]

    def origins(self, subject: str) -> list[tuple[str, str]]:
        """(address, place) of the records that the catalogue took its own from."""
        return [
            (str(value), f"{'' if name.startswith('_:') else f'<{name}> '}{term(predicate)}")
            for name in entries(self.nodes, subject)
            for predicate in (DCTERMS + "source", PROV + "wasDerivedFrom")
            for value in self.nodes[name].get(predicate, ())
            if isinstance(value, Iri) and is_iri(value)
        ]


@dataclass(frozen=True, slots=True)
class _Text:
    """A value of a node."""

    term: Term

    def startswith(self, start: str) -> bool:
        """Whether it is an address or a blank node that begins so."""
        return isinstance(self.term, Iri) and self.term.startswith(start)


def _lexical(value: Term) -> str:
    return value.value if isinstance(value, Literal) else str(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _word(value: Any) -> str:
    """The text or the address of one value."""
    if isinstance(value, dict):
        return str(value.get("@value") or value.get("@id") or "")
    return str(value or "")


def _same(one: Any, other: Any) -> bool:
    """Whether two values say the same, whatever property said it."""
    if isinstance(one, dict) and not {"@value", "@id"} & set(one):
        return one is other
    tongues = [value.get("@language", "") if isinstance(value, dict) else "" for value in (one, other)]
    return _word(one) == _word(other) != "" and tongues[0] == tongues[1]


def _placed(node: Object, key: str, written: str) -> list[Any]:
    """The values of a part, each with its place, to stand elsewhere."""
    where = f"{node.get('@place', '')} {written}"
    return [one if isinstance(one, dict) else {"@value": str(one), "@place": where} for one in _listed(node.get(key))]


def _rights_last(values: list[Any], place: str) -> list[Any]:
    """Where a licence is stated, a statement of rights beside it is words about it."""
    words = [f"{place} {term(name)}" for name in _RIGHTS]
    licences = [
        one for one in values if not (isinstance(one, dict) and str(one.get("@place", "")).startswith(tuple(words)))
    ]
    return licences or values


def told(issues: tuple[Issue, ...], names: Mapping[str, str]) -> tuple[Issue, ...]:
    """The issues with the source's own name of a property in place of schema.org's; ``names`` are the usual ones."""
    out = []
    for issue in issues:
        params = dict(issue.params)
        if "field" in params:
            last = _LAST.search(issue.place)
            known = names.get(params["field"]) or f"schema:{params['field']}"
            params["field"] = last[1] if last else params["field"] if ":" in params["field"] else known
        out.append(replace(issue, params=tuple(sorted(params.items()))))
    return tuple(out)
