"""A resource as JSON-LD: the keys of AMB, and a context by which they are the terms of the graph.

The context stands at one address for good; terms are added to it, none is changed (docs/api.md). What the plain form
tells of the registry itself (pages, numbers of pairs) is left out. Sources: JSON-LD 1.1 (W3C REC 2020), AMB 20231019.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from registry.iris import DCAT, DCTERMS, PREFIXES, SCHEMA, SKOS
from registry.terms import XSD, is_iri

MEDIA_TYPE = "application/ld+json"
PATH = "/api/context.jsonld"
_TEXTS = ("name", "description", "alternateName", "abstract", "educationalCredentialAwarded")
_CONCEPTS = (
    "about", "learningResourceType", "educationalLevel", "audience", "conditionsOfAccess", "courseMode",
    "eventAttendanceMode", "eventStatus", "creativeWorkStatus", "teaches", "competencyRequired", "coursePrerequisites",
)  # fmt: skip
_AGENTS = {
    "creator": "author", "provider": "provider", "publisher": "publisher", "contributor": "contributor",
    "translator": "translator", "organizer": "organizer", "instructor": "instructor",
}  # fmt: skip
_LINKS = (
    "isPartOf", "hasPart", "isBasedOn", "translationOfWork", "previousVersion", "sameAs", "relation", "codeRepository",
    "recordedAt", "identifier",
)  # fmt: skip
_DATES = ("dateModified", "datePublished", "dateCreated", "startDate", "endDate")
_PLAIN = ("version", "courseCode", "courseWorkload")
_FORMS = (
    (re.compile(r"\d{4}-\d\d-\d\dT.*"), "dateTime"), (re.compile(r"\d{4}-\d\d-\d\d"), "date"),
    (re.compile(r"\d{4}-\d\d"), "gYearMonth"), (re.compile(r"\d{4}"), "gYear"),
)  # fmt: skip
_WHOLE = re.compile(r"[+-]?\d+")


def context() -> dict[str, Any]:
    """The context document."""
    terms: dict[str, Any] = {
        "@version": 1.1, "@vocab": SCHEMA, "id": "@id", "type": "@type", **PREFIXES,
        "prefLabel": {"@id": SKOS + "prefLabel", "@container": "@language"},
        "creator": {"@id": SCHEMA + "author"},
        "previousVersion": {"@id": DCAT + "previousVersion"},
        "relation": {"@id": DCTERMS + "relation"},
        "timeRequired": {"@id": SCHEMA + "timeRequired", "@type": XSD + "duration"},
        "url": {"@id": SCHEMA + "url", "@type": "@id"},
        "contentUrl": {"@id": SCHEMA + "contentUrl", "@type": "@id"},
    }  # fmt: skip
    terms |= {name: {"@id": SCHEMA + name, "@container": "@language"} for name in _TEXTS}
    terms |= {name: {"@id": SCHEMA + name, "@type": XSD + "date"} for name in (*_DATES, "validFrom", "validThrough")}
    return {"@context": terms}


def resource(item: Mapping[str, Any], address: str) -> dict[str, Any]:
    """A resource of the API (all its keys) as JSON-LD; ``address`` is that of this registry."""
    found = {"@context": address + PATH, "id": item["iri"], "type": item["type"], **_common(item)}
    found |= {
        "url": item["url"],
        "keywords": item["keywords"],
        "isAccessibleForFree": item["isAccessibleForFree"],
        "license": _one(_concepts(item["license"])),
        "timeRequired": item["timeRequired"],
        "numberOfCredits": _number(item["numberOfCredits"]),
        "encoding": [_node(file) for file in item["encoding"]],
        "hasCourseInstance": [
            _node({"iri": run["iri"], "url": run["url"]}) | _common(run) for run in item["hasCourseInstance"]
        ],
    }
    found |= {name: [{"id": value} if is_iri(value) else value for value in item[name]] for name in _LINKS}
    return _filled(found)


def _common(item: Mapping[str, Any]) -> dict[str, Any]:
    """What resources and their sessions both say."""
    found: dict[str, Any] = {name: dict(item[name]) for name in _TEXTS if name in item}
    found |= {name: _concepts(item[name]) for name in _CONCEPTS if name in item}
    found |= {key: [_agent(one) for one in item[name]] for key, name in _AGENTS.items() if name in item}
    found |= {name: _date(item[name]) for name in _DATES if name in item}
    found |= {name: item[name] for name in _PLAIN if name in item}
    found["inLanguage"] = item["inLanguage"]
    found["maximumAttendeeCapacity"] = _number(item["maximumAttendeeCapacity"])
    found["location"] = [
        _node({"iri": place["iri"], "url": place["url"]}) | _filled({"name": _strings(place["name"])})
        for place in item["location"]
    ]
    found["offers"] = [
        _node({**offer, **{name: _date(offer[name]) for name in ("validFrom", "validThrough")}})
        for offer in item["offers"]
    ]
    return _filled(found)


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def _node(values: Mapping[str, Any]) -> dict[str, Any]:
    return _filled({"id" if key == "iri" else key: value for key, value in values.items()})


def _strings(texts: Mapping[str, str]) -> list[dict[str, str]] | dict[str, str]:
    """Texts of which "und" means that nothing was said of their language."""
    return {"@none" if tag == "und" else tag: text for tag, text in texts.items()}


def _words(texts: Mapping[str, str]) -> list[Any]:
    return [text if tag == "und" else {"@value": text, "@language": tag} for tag, text in texts.items()]


def _concepts(values: Iterable[Mapping[str, Any]]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value["id"]:
            found.append(_filled({"id": value["id"], "prefLabel": value["prefLabel"]}))
        else:
            found += _words(value["prefLabel"])
    return found


def _agent(agent: Mapping[str, Any]) -> Any:
    if agent["id"]:
        return _filled({"id": agent["id"], "name": _strings(agent["name"])})
    words = _words(agent["name"])
    return words[0] if words else ""


def _one(values: list[Any]) -> Any:
    """AMB has one licence."""
    return values[0] if len(values) == 1 else values


def _date(value: str | None) -> Any:
    """A date as its form tells: a plain string for a day, else with its datatype."""
    for form, kind in _FORMS:
        if value and form.fullmatch(value):
            return value if kind == "date" else {"@value": value, "@type": f"{XSD}{kind}"}
    return {"@value": value} if value else None


def _number(value: str | None) -> Any:
    if value is None:
        return None
    return int(value) if _WHOLE.fullmatch(value) and len(value) < 16 else value
