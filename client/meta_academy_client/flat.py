"""A resource as one row of a table: for pandas, R and spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from meta_academy_client.answers import Agent, Concept, Resource, Texts

Cell = str | bool | int | None
_CONCEPTS = {
    "type": "learningResourceType", "level": "educationalLevel", "audience": "audience", "licence": "license",
    "subject": "about",
}  # fmt: skip


def best(texts: Texts, language: str = "en") -> str:
    """A text in a language, else in English, else in any; "" where there is none."""
    for tag in (language, "en", *sorted(texts)):
        if tag in texts:
            return texts[tag]
    return ""


def row(resource: Resource, language: str = "en") -> dict[str, Cell]:
    """A resource with all its keys (not a part by ``fields``) as one row. Several values of one cell are parted by
    ``; ``, a concept is its label."""
    found: dict[str, Cell] = {
        "id": resource["id"], "name": best(resource["name"], language), "academy": resource["academy"],
        "languages": _joined(resource["inLanguage"]),
    }  # fmt: skip
    keys: Mapping[str, list[Concept]] = {name: resource[key] for name, key in _CONCEPTS.items()}  # type: ignore[literal-required]
    for name, concepts in keys.items():
        found[name] = _joined(label(concept, language) for concept in concepts)
    found |= {
        "free": resource["isAccessibleForFree"], "time": resource["timeRequired"],
        "modified": resource["dateModified"] or resource["datePublished"] or resource["dateCreated"],
        "authors": _joined(_name(agent, language) for agent in resource["author"]),
        "alike": resource["matches"], "url": resource["url"], "page": resource["page"],
    }  # fmt: skip
    return found


def label(concept: Concept, language: str = "en") -> str:
    """A concept in words, else the end of its IRI."""
    return best(concept["prefLabel"], language) or (concept["id"] or "").rstrip("/").rpartition("/")[2]


def _name(agent: Agent, language: str) -> str:
    return best(agent["name"], language) or agent["id"] or ""


def _joined(values: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(value for value in values if value))
