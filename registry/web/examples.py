"""Examples of the API's answers, for its OpenAPI description."""

from __future__ import annotations

from typing import Any

_BASE = "https://registry.example"
_IRI = f"{_BASE}/id/resource/north-oai/git-1"
_OTHER = f"{_BASE}/id/resource/south-web/git-intro"


def _list(*items: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "total": len(items), "next": following}


_SHORT: dict[str, Any] = {
    "id": "north-oai/git-1",
    "iri": _IRI,
    "academy": "northland",
    "feed": "north-oai",
    "type": ["Course", "LearningResource"],
    "name": {"en": "Introduction to Git"},
    "description": {"en": "Keep the history of your scripts."},
    "url": "https://north.example/git",
    "page": f"{_BASE}/resource/north-oai/git-1",
    "inLanguage": ["en"],
    "educationalLevel": [{"id": f"{_BASE}/id/concept/level/basic", "prefLabel": {"en": "Basic"}}],
    "license": [{"id": "http://spdx.org/licenses/CC-BY-4.0", "prefLabel": {}}],
    "isAccessibleForFree": True,
    "dateModified": "2025-04-01",
    "added": "2026-03-01T00:00:00Z",
    "matches": 1,
}


def _side(identifier: str, iri: str, academy: str, name: dict[str, str]) -> dict[str, Any]:
    return {
        "id": identifier, "iri": iri, "academy": academy, "feed": identifier.split("/")[0], "name": name,
        "url": None, "page": f"{_BASE}/resource/{identifier}",
    }  # fmt: skip


MATCH: dict[str, Any] = {
    "id": "0123456789abcdef0123",
    "iri": f"{_BASE}/id/match/0123456789abcdef0123",
    "page": f"{_BASE}/compare/0123456789abcdef0123",
    "relation": "translation",
    "words": {"en": "translation", "fr": "traduction", "es": "traducción"},
    "status": "candidate",
    "confidence": 0.97,
    "within": False,
    "left": _side("north-oai/git-1", _IRI, "northland", {"en": "Introduction to Git"}),
    "right": _side("south-web/git-intro", _OTHER, "southland", {"es": "Introducción a Git"}),
    "source": _IRI,
    "rule": "title-and-level",
    "justification": "CompositeMatching",
    "reviewer": None,
    "reviewed": None,
    "evidence": [
        {"feature": "title-similarity", "measure": "token-ratio", "score": 0.91, "left_value": "Introduction to Git",
         "right_value": "Introducción a Git", "left_field": "name", "right_field": "name"},
    ],
}  # fmt: skip
RESOURCES = _list(_SHORT, following=f"{_BASE}/api/resources?cursor=WyI3…")
RESOURCE = {**_SHORT, "alike": [MATCH]}
MATCHES = _list(MATCH)
_ACADEMY: dict[str, Any] = {
    "id": "northland", "name": {"en": "Statistics Northland"}, "homepage": "https://north.example/", "country": "NO",
    "acronym": "SNL", "ror": None, "contact": "training@north.example", "resources": 2, "linked": 2, "twin": 1,
    "only_here": 0, "to_mend": 12, "last_visit": "2026-03-01T00:00:00Z",
}  # fmt: skip
ACADEMIES = _list(_ACADEMY)
ACADEMY = {
    **_ACADEMY,
    "feeds": [{"id": "north-oai", "resources": 2, "last_visit": "2026-03-01T00:00:00Z", "outcome": "done",
               "message": "", "held": 1}],
    "tallies": {"language": {"en": 2}, "level": {f"{_BASE}/id/concept/level/basic": 1}},
}  # fmt: skip
ISSUES = _list(
    {
        "feed": "north-oai", "entry": "git-1", "name": {"en": "Introduction to Git"},
        "resource": "north-oai/git-1", "page": f"{_BASE}/resource/north-oai/git-1",
        "code": "LR-license", "severity": "warning",
        "message": "There is no licence.", "mend": "Name the licence, best by its address.",
        "place": "/record/metadata/dc/rights", "value": None, "where": "page 1",
    }
)  # fmt: skip
OVERLAP = _list(
    {
        "left": "northland", "right": "southland", "within": False, "pairs": 3, "left_resources": 2,
        "right_resources": 2, "relations": {"copy": {"pairs": 1, "accepted": 1}}, "left_total": 2, "right_total": 3,
    }
)  # fmt: skip
RELEASE = {
    "number": "120.0", "sequence": 120, "time": "2026-03-01T00:00:00Z",
    "counts": {"academies": 3, "resources": 5, "pairs_between": 3},
}  # fmt: skip


def _problem(status: int, title: str, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


PROBLEMS = {
    400: _problem(400, "This request cannot be used", "colour: there is no such parameter"),
    404: _problem(404, "There is no such thing", "There is no resource 'x/y'."),
    410: _problem(410, "This entry was withdrawn", "Its academy no longer lists it."),
    503: _problem(503, "Nothing is published yet", "No edition of the registry was published yet."),
}

BY_PATH: dict[str, dict[str, Any]] = {
    "/api/resources": RESOURCES,
    "/api/resources/{id}": RESOURCE,
    "/api/matches": MATCHES,
    "/api/matches/{id}": MATCH,
    "/api/academies": ACADEMIES,
    "/api/academies/{id}": ACADEMY,
    "/api/academies/{id}/issues": ISSUES,
    "/api/overlap": OVERLAP,
    "/api/release": RELEASE,
}
