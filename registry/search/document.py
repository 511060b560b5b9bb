"""One record graph as one JSON document: what the lists, the pages and the index are made from.

Keys follow AMB (``inLanguage``, ``learningResourceType``, concept objects ``{"id", "prefLabel"}``), with our
own ``id`` ("feed/key"), ``iri``, ``academy``, ``feed`` and the dates of the entry. See ``docs/api.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from registry.iris import DCAT, DCTERMS, FOAF, MA, PROV, RDF_TYPE, SCHEMA, safe_key
from registry.model import Change
from registry.terms import Described, Iri, Literal, Term, by_subject

Labels = Mapping[str, Mapping[str, str]]
Item = dict[str, Any]

CONCEPTS = {
    "learningResourceType": "learningResourceType",
    "license": "license",
    "about": "about",
    "educationalLevel": "educationalLevel",
    "audience": "audience",
    "conditionsOfAccess": "conditionsOfAccess",
    "courseMode": "courseMode",
    "eventAttendanceMode": "eventAttendanceMode",
    "eventStatus": "eventStatus",
    "creativeWorkStatus": "creativeWorkStatus",
    "teaches": "teaches",
    "competencyRequired": "competencyRequired",
    "coursePrerequisites": "coursePrerequisites",
}
_TEXTS = ("name", "description", "alternateName", "abstract", "educationalCredentialAwarded")
_AGENTS = ("provider", "author", "publisher", "contributor", "translator", "organizer", "instructor")
_DATES = ("dateModified", "datePublished", "dateCreated", "startDate", "endDate")
_PLAIN = ("timeRequired", "version", "courseCode", "courseWorkload", "numberOfCredits", "maximumAttendeeCapacity")
_LINKS = {
    "isPartOf": SCHEMA + "isPartOf",
    "hasPart": SCHEMA + "hasPart",
    "isBasedOn": SCHEMA + "isBasedOn",
    "translationOfWork": SCHEMA + "translationOfWork",
    "previousVersion": DCAT + "previousVersion",
    "sameAs": SCHEMA + "sameAs",
    "relation": DCTERMS + "relation",
    "codeRepository": SCHEMA + "codeRepository",
    "recordedAt": SCHEMA + "recordedAt",
    "identifier": SCHEMA + "identifier",
}
LINK_LIST = "https://spec.commonmark.org/"
"""The format of an entry that only a list of links tells of (dcterms:conformsTo, docs/protocols/links.md)."""


def resource_id(feed: str, key: str) -> str:
    """The id of a resource in the API and the pages: "feed/key"."""
    return f"{feed}/{safe_key(key)}"


def _value(term: Term) -> str:
    return str(term) if isinstance(term, Iri) else term.value


def _texts(values: Iterable[Term]) -> dict[str, str]:
    """Language-tagged values as {tag: text}; of several in one language the longest, "und" without a tag."""
    found: dict[str, str] = {}
    for term in values:
        tag = (term.language if isinstance(term, Literal) else "") or "und"
        text = _value(term)
        if len(text) > len(found.get(tag, "")):
            found[tag] = text
    return found


def _concept(term: Term, labels: Labels) -> dict[str, Any]:
    """A concept with its labels; a value that no vocabulary knows keeps its own words."""
    if isinstance(term, Iri):
        known = labels.get(term)
        return {"id": str(term), "prefLabel": dict(known) if known else {}}
    return {"id": None, "prefLabel": {term.language or "und": term.value}}


def _agent(term: Term, described: Described) -> dict[str, Any]:
    if not isinstance(term, Iri):
        return {"id": None, "name": {term.language or "und": term.value}}
    return {"id": str(term), "name": _texts(described.get(term, {}).get(SCHEMA + "name", ()))}


def _sorted(terms: Iterable[Term]) -> list[Term]:
    return sorted(terms, key=_value)


class _Node:
    """The values of one subject of a record graph."""

    __slots__ = ("described", "iri", "labels", "values")

    def __init__(self, described: Described, subject: str, labels: Labels) -> None:
        self.described, self.iri, self.labels = described, subject, labels
        self.values = described.get(subject, {})

    def terms(self, predicate: str) -> list[Term]:
        found = self.values.get(predicate)
        return _sorted(found) if found else []

    def first(self, name: str) -> str | None:
        found = self.terms(SCHEMA + name)
        return _value(found[0]) if found else None

    def nodes(self, name: str) -> list[_Node]:
        return [_Node(self.described, _value(term), self.labels) for term in self.terms(SCHEMA + name)]


def _place(node: _Node) -> dict[str, Any]:
    address = node.nodes("address")
    country = address[0].first("addressCountry") if address else None
    locality = address[0].first("addressLocality") if address else None
    return {
        "iri": node.iri,
        "name": _texts(node.values.get(SCHEMA + "name", ())),
        "url": node.first("url"),
        "locality": locality,
        "country": country.rsplit("/", 1)[-1] if country else None,
    }


def _offer(node: _Node) -> dict[str, Any]:
    names = ("price", "priceCurrency", "validFrom", "validThrough", "url")
    return {"iri": node.iri} | {name: node.first(name) for name in names}


def _dated(node: _Node) -> Item:
    """A run of a course, or what an event says of its own time and place."""
    return {
        "startDate": node.first("startDate"),
        "endDate": node.first("endDate"),
        "location": [_place(place) for place in node.nodes("location")],
        "offers": [_offer(offer) for offer in node.nodes("offers")],
    }


def _runs(resource: _Node) -> list[Item]:
    runs = []
    for run in resource.nodes("hasCourseInstance"):
        item: Item = {"iri": run.iri, **_dated(run)}
        item["name"] = _texts(run.values.get(SCHEMA + "name", ()))
        item["url"] = run.first("url")
        item["description"] = _texts(run.values.get(SCHEMA + "description", ()))
        item["inLanguage"] = [_value(term) for term in run.terms(SCHEMA + "inLanguage")]
        for key in ("courseMode", "eventAttendanceMode", "eventStatus"):
            item[key] = [_concept(term, run.labels) for term in run.terms(SCHEMA + key)]
        for key in ("instructor", "organizer"):
            item[key] = [_agent(term, run.described) for term in run.terms(SCHEMA + key)]
        for key in ("courseWorkload", "maximumAttendeeCapacity"):
            item[key] = run.first(key)
        runs.append(item)
    return sorted(runs, key=lambda run: run["startDate"] or "")


def _files(resource: _Node) -> list[Item]:
    names = ("contentUrl", "encodingFormat", "contentSize")
    return [{"iri": node.iri} | {name: node.first(name) for name in names} for node in resource.nodes("encoding")]


def _sections(resource: _Node) -> list[dict[str, str]]:
    """What a course consists of, section by section; a text by language may have a line for each chapter."""
    found = []
    for term in resource.terms(SCHEMA + "syllabusSections"):
        if isinstance(term, Iri):
            node = _Node(resource.described, term, resource.labels)
            parts = [_texts(node.values.get(SCHEMA + name, ())) for name in ("name", "description")]
            texts = {
                tag: "\n".join(part[tag] for part in parts if tag in part)
                for tag in dict.fromkeys([*parts[0], *parts[1]])
            }
        else:
            texts = _texts([term])
        if texts:
            found.append(texts)
    return found


def _corrections(described: Described, record: Mapping[str, Iterable[Term]], labels: Labels) -> list[Item]:
    """What a person put right in this entry, oldest first: which field, what the source says, by whom, why, when."""
    found = []
    for node in sorted(map(_value, record.get(MA + "correction", ()))):
        about = described.get(node, {})

        def one(name: str, values: Mapping[str, Iterable[Term]] = about) -> str:
            return next(iter(sorted(map(_value, values.get(name, ())))), "")

        found.append(
            {
                "id": node,
                "property": one(MA + "correctedProperty").rpartition("/")[2].rpartition("#")[2],
                "sourceValue": [_concept(term, labels) for term in _sorted(about.get(MA + "sourceValue", ()))],
                "by": one(MA + "correctedBy"),
                "why": one(DCTERMS + "description"),
                "when": one(PROV + "generatedAtTime"),
            }
        )
    return sorted(found, key=lambda correction: (correction["when"], correction["id"]))


def _page(resource: _Node) -> str | None:
    """The resource's own page; anything that a browser would not fetch as one is none."""
    url = resource.first("url")
    return url if url is not None and url.lower().startswith(("http://", "https://")) else None


def _free(resource: _Node) -> bool | None:
    value = resource.first("isAccessibleForFree")
    return None if value is None else value in ("true", "1")


def item(change: Change, labels: Labels, academy: str) -> Item:
    """The document of a published record.

    Raises ValueError for a graph without ``foaf:primaryTopic`` (a bug of the crosswalk, never a finding).
    """
    described = by_subject(change.stated)
    record = described.get(change.subject, {})
    topics = record.get(FOAF + "primaryTopic")
    if not topics:
        raise ValueError(f"{change.subject} has no foaf:primaryTopic")
    iri = _value(topics[0])
    resource = _Node(described, iri, labels)
    result: Item = {
        "id": resource_id(change.feed, change.key),
        "iri": iri,
        "record": change.subject,
        "academy": academy,
        "feed": change.feed,
        "type": sorted(
            _value(term).removeprefix(SCHEMA)
            for term in resource.values.get(RDF_TYPE, ())
            if _value(term).startswith(SCHEMA)
        ),
        "url": _page(resource),
        "inLanguage": [_value(term) for term in resource.terms(SCHEMA + "inLanguage")],
        "keywords": [_value(term) for term in resource.terms(SCHEMA + "keywords")],
        "isAccessibleForFree": _free(resource),
    }
    for name in _TEXTS:
        result[name] = _texts(resource.values.get(SCHEMA + name, ()))
    for key, name in CONCEPTS.items():
        result[key] = [_concept(term, labels) for term in resource.terms(SCHEMA + name)]
    for name in _AGENTS:
        result[name] = [_agent(term, described) for term in resource.terms(SCHEMA + name)]
    for name in (*_DATES, *_PLAIN):
        result[name] = resource.first(name)
    for name, predicate in _LINKS.items():
        result[name] = [_value(term) for term in resource.terms(predicate)]
    result.update(_dated(resource))
    result["hasCourseInstance"] = _runs(resource)
    result["syllabusSections"] = _sections(resource)
    result["encoding"] = _files(resource)
    result["corrections"] = _corrections(described, record, labels)
    _add_inferred(result, change.inferred, iri, labels)
    sources = record.get(DCTERMS + "source", [])
    result["source"] = _value(sources[0]) if sources else None
    result["linkOnly"] = LINK_LIST in map(_value, record.get(DCTERMS + "conformsTo", ()))
    result["generatedBy"] = [_value(term) for term in record.get(PROV + "wasGeneratedBy", ())]
    result["added"] = change.first or change.time
    result["changed"] = change.time
    return result


def _add_inferred(result: Item, inferred: str, iri: str, labels: Labels) -> None:
    """Concepts that the registry itself concluded, marked as such and never over stated ones."""
    if not inferred:
        return
    values = by_subject(inferred).get(iri, {})
    for key, name in CONCEPTS.items():
        stated = {concept["id"] for concept in result[key]}
        for term in _sorted(values.get(SCHEMA + name, ())):
            concept = _concept(term, labels)
            if concept["id"] not in stated:
                result[key].append({**concept, "inferred": True})


def tombstone(change: Change, academy: str) -> Item:
    """What is left of a withdrawn record: where it was and since when it is gone."""
    return {
        "id": resource_id(change.feed, change.key),
        "record": change.subject,
        "academy": academy,
        "feed": change.feed,
        "deleted": change.time,
    }
