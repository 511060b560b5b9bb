"""What a document can be filtered by besides its facets: values that must be equal, and spans of time and length.

One folding for what is indexed and what is asked: ``term`` says how a value of a filter is written, ``span`` how an
end of a span is. Dates are numbers of fourteen digits (year to second); a part that is not given is zeros where a
span begins and in the index, nines where it ends, so that "2024" means the whole year. Lengths are minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from registry.search.folding import fold

AGENTS = {
    "author": ("author",),
    "publisher": ("publisher", "provider"),
    "contributor": ("contributor", "translator", "instructor", "organizer"),
}
CONCEPTS = {
    "teaches": ("teaches",),
    "requires": ("competencyRequired", "coursePrerequisites"),
    "status": ("creativeWorkStatus",),
    "event_status": ("eventStatus",),
}
LINKS = {
    "part_of": ("isPartOf",),
    "has_part": ("hasPart",),
    "based_on": ("isBasedOn",),
    "translation_of": ("translationOfWork",),
    "version_of": ("previousVersion",),
}
TERMS = (
    "feed", "keyword", *AGENTS, *CONCEPTS, "country", "place", "format", "identifier", "code", "currency", *LINKS,
    "has",
)  # fmt: skip
"""Filters beside the facets. A value of "has" is a key of the document that holds something."""
PAIRED = "paired"
"""The relations of a resource's pairs, as the index knows them; no filter that a caller names."""
ANY = "any"
"""Something alike is known: a pair of any relation but "different"."""
SPANS = ("modified", "published", "added", "changed", "start", "minutes")
_FOLDED = (*AGENTS, *CONCEPTS, "keyword", "place", "code")
_LOWER = ("format", "language")
_UPPER = ("country", "currency")
_DIGITS = 14
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?)?)?)?(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_LENGTH = re.compile(
    r"P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})(?:\.\d+)?S)?)?"
)
_MINUTES = (525_600, 43_800, 10_080, 1_440, 60, 1, 1 / 60)
_NOTHING: tuple[object, ...] = (None, "", [], {})


def named(iri: str) -> list[str]:
    """How a concept may be named in a filter: "basic", "level/basic" and the IRI itself."""
    parts = iri.rstrip("/").split("/")
    return [iri, parts[-1], "/".join(parts[-2:])]


def term(name: str, value: str) -> str:
    """A filter and one of its values as the index has them."""
    value = value.strip()
    if name in _FOLDED and "://" not in value:
        value = " ".join(fold(value).split())
    elif name in _LOWER:
        value = value.lower()
    elif name in _UPPER:
        value = value.upper()
    elif name == "identifier":
        value = value.lower().removeprefix("http://").removeprefix("https://").removeprefix("dx.")
        value = value.removeprefix("doi:").removeprefix("doi.org/").rstrip("/")
    return f"{name}={value}"


def paired_terms(relations: Iterable[str]) -> set[str]:
    """What a resource that has pairs of these relations is found by."""
    found = set(relations)
    return {f"{PAIRED}={name}" for name in found | ({ANY} if found - {"different"} else set())}


def moment(value: str, *, end: bool = False) -> int | None:
    """A date or time as a number, None for what is none; the offset of a zone is not looked at."""
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    digits = "".join(part for part in found.groups() if part)
    return int(digits.ljust(_DIGITS, "9" if end else "0"))


def minutes(value: str) -> int | None:
    """A duration (``xsd:duration``, also with weeks) in minutes, None for what is none. A month counts as a twelfth
    of 365 days."""
    found = _LENGTH.fullmatch(value)
    if found is None or not any(found.groups()):
        return None
    return round(sum(int(part or 0) * worth for part, worth in zip(found.groups(), _MINUTES, strict=True)))


def _sessions(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield document
    yield from document["hasCourseInstance"]


def _texts(values: Mapping[str, str]) -> Iterable[str]:
    return values.values()


def terms(document: Mapping[str, Any]) -> set[str]:
    """All that a document is found by under ``TERMS``, as ``term`` writes it."""
    found = {("feed", document["feed"])}
    found |= {("keyword", word) for word in document["keywords"]}
    for name, keys in AGENTS.items():
        people = [agent for one in _sessions(document) for key in keys for agent in one.get(key, ())]
        found |= {(name, agent["id"]) for agent in people if agent["id"]}
        found |= {(name, text) for agent in people for text in _texts(agent["name"])}
    for name, keys in CONCEPTS.items():
        concepts = [concept for one in _sessions(document) for key in keys for concept in one.get(key, ())]
        found |= {(name, way) for concept in concepts if concept["id"] for way in named(concept["id"])}
        found |= {(name, text) for concept in concepts for text in _texts(concept["prefLabel"])}
    for name, keys in LINKS.items():
        found |= {(name, address) for key in keys for address in document[key]}
    for one in _sessions(document):
        for place in one.get("location", ()):
            found |= {("country", place["country"])} if place["country"] else set()
            found |= {("place", place["locality"])} if place["locality"] else set()
        found |= {("currency", offer["priceCurrency"]) for offer in one.get("offers", ()) if offer["priceCurrency"]}
    for file in document["encoding"]:
        if kind := file["encodingFormat"]:
            found |= {("format", kind), ("format", kind.partition("/")[0])}
    addresses = (*document["identifier"], *document["sameAs"], document["url"] or "", document["iri"])
    found |= {("identifier", address) for address in addresses if address}
    if document["courseCode"]:
        found.add(("code", document["courseCode"]))
    found |= {("has", key) for key, value in document.items() if value not in _NOTHING}
    if not document["linkOnly"]:
        found.discard(("has", "linkOnly"))
    return {term(name, value) for name, value in found}


def spans(document: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """(span, number) of all that a document says of times and lengths; of several sessions each start."""
    told = {
        "modified": document["dateModified"] or document["datePublished"] or document["dateCreated"],
        "published": document["datePublished"],
        "added": document["added"],
        "changed": document["changed"],
    }
    for name, value in told.items():
        if value and (number := moment(value)) is not None:
            yield name, number
    for value in sorted({one["startDate"] for one in _sessions(document) if one.get("startDate")}):
        if (number := moment(value)) is not None:
            yield "start", number
    if document["timeRequired"] and (length := minutes(document["timeRequired"])) is not None:
        yield "minutes", length


def first_start(document: Mapping[str, Any]) -> str:
    """When the first session of a document begins, "" where none is known."""
    return min((one["startDate"] for one in _sessions(document) if one.get("startDate")), default="")
