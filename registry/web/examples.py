"""Examples of the API's answers, for its OpenAPI description."""

from __future__ import annotations

from typing import Any

from registry.web.problems import TITLES

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
    "work": {"id": "w01", "iri": f"{_BASE}/id/work/w01", "page": f"{_BASE}/work/w01"},
    "cluster": None,
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
    "sure": {"en": "suggested: almost certain, not yet checked",
             "fr": "suggéré : presque certain, pas encore vérifié", "es": "sugerido: casi seguro, aún sin revisar"},
    "confidence": 0.97,
    "band": "almost-certain",
    "probability": None,
    "weight": 9.75,
    "within": False,
    "left": _side("north-oai/git-1", _IRI, "northland", {"en": "Introduction to Git"}),
    "right": _side("south-web/git-intro", _OTHER, "southland", {"es": "Introducción a Git"}),
    "source": _IRI,
    "rule": "TR.SIGNALS",
    "why": {"en": "Two independent signs of a translation."},
    "justification": "CompositeMatching",
    "reviewer": None,
    "reviewed": None,
    "model": "2026-11",
    "generators": ["title", "people"],
    "answers": [
        {"academy": "southland", "relation": "translation", "origin": "feed", "name": {"es": "Instituto del Sur"},
         "words": {"en": "Instituto del Sur says in its list: translation"}},
    ],
    "evidence": [
        {"feature": "title-similarity", "measure": "token-ratio", "score": 0.91, "left_value": "Introduction to Git",
         "right_value": "Introducción a Git", "left_field": "name", "right_field": "name", "weight": 7.5,
         "speaks": "strongly",
         "words": {"en": "Title: “Introduction to Git” and “Introducción a Git”; very alike; words in common; "
                         "speaks strongly for it (Title)"}},
    ],
    "reasons": [
        {"comparison": "title", "level": "cognate", "weight": 5.1, "speaks": "strongly",
         "words": {"en": "Titles with mostly the same words in both languages"}},
        {"comparison": "authors", "level": "all", "weight": 4.65, "speaks": "for",
         "words": {"en": "The same authors"}},
    ],
}  # fmt: skip
_WORK: dict[str, Any] = {
    "id": "w01", "iri": f"{_BASE}/id/work/w01", "page": f"{_BASE}/work/w01", "level": "work",
    "name": {"en": "Introduction to Git"}, "original": MATCH["left"], "members": 2,
    "academies": ["northland", "southland"], "languages": ["en", "es"], "relations": {"translation": 1},
    "beside": {"derivative": 1}, "work": None,
}  # fmt: skip
_FORM: dict[str, Any] = {
    "role": "translation", "cluster": None, "date": "2018-01-10", "languages": ["es"],
    "members": [{**MATCH["right"], "inLanguage": ["es"], "version": None, "datePublished": "2018-01-10"}],
}  # fmt: skip
_BESIDE: dict[str, Any] = {
    "match": "89abcdef0123456789ab", "relation": "derivative", "status": "accepted", "direction": True, "here": _IRI,
    "resource": _side("island-git/fork", f"{_BASE}/id/resource/island-git/fork", "island",
                      {"en": "Git for statisticians"}),
    "work": None,
}  # fmt: skip
WORKS = _list(_WORK)
WORK: dict[str, Any] = {
    **_WORK, "forms": [_FORM], "not_listed": 0, "adapted": [_BESIDE], "adapted_from": [], "overlaps": [], "parts": [],
    "part_of": [], "matches": [MATCH],
}  # fmt: skip
RESOURCES = _list(_SHORT, following=f"{_BASE}/api/resources?cursor=WyI3…")
RESOURCE = {
    **_SHORT,
    "about": [
        {"id": f"{_BASE}/id/concept/gsbpm/ph-5", "prefLabel": {"en": "Process"}},
        {"id": f"{_BASE}/id/concept/topics/git", "prefLabel": {"en": "Git"}, "inferred": True},
    ],
    "linkOnly": False,
    "corrections": [
        {"id": f"{_BASE}/id/record/north-oai/git-1/correction/1", "property": "license",
         "sourceValue": [{"id": None, "prefLabel": {"en": "free"}}], "by": "A. Curator",
         "why": "Stated at the foot of the page", "when": "2026-02-20T09:00:00Z"},
    ],
    "alike": [MATCH],
}  # fmt: skip
MATCHES = _list(MATCH)
_ACADEMY: dict[str, Any] = {
    "id": "northland", "name": {"en": "Statistics Northland"}, "homepage": "https://north.example/", "country": "NO",
    "acronym": "SNL", "ror": None, "contact": "training@north.example", "resources": 2, "linked": 2, "twin": 1,
    "only_here": 0, "to_mend": 12, "last_visit": "2026-03-01T00:00:00Z", "show_score": False,
}  # fmt: skip
ACADEMIES = _list(_ACADEMY)
ACADEMY = {
    **_ACADEMY,
    "feeds": [
        {"id": "north-oai", "protocol": "oai_pmh", "address": "https://north.example/oai", "moved": "",
         "permission": "agreed", "metadata_licence": "CC0-1.0", "resources": 2,
         "last_visit": "2026-03-01T00:00:00Z", "outcome": "done", "message": "", "held": 1, "by_rule": 0,
         "missing": 0},
    ],
    "tallies": {"language": {"en": 2}, "level": {f"{_BASE}/id/concept/level/basic": 1}},
}  # fmt: skip
ISSUES = _list(
    {
        "feed": "north-oai", "entry": "git-1", "name": {"en": "Introduction to Git"},
        "resource": "north-oai/git-1", "page": f"{_BASE}/resource/north-oai/git-1",
        "code": "LR-license", "severity": "warning",
        "message": "There is no licence.", "mend": "Name the licence, best by its address.",
        "field": "licence", "why": "Without a clear licence nobody may adapt or translate it …",
        "change": {"after": ["<dc:rights>https://creativecommons.org/licenses/by/4.0/</dc:rights>"], "sure": False,
                   "example": True},
        "place": "/record/metadata/dc/rights", "value": None, "where": "page 1",
    }
)  # fmt: skip
OVERLAP = _list(
    {
        "left": "northland", "right": "southland", "within": False, "pairs": 3, "left_resources": 2,
        "right_resources": 2, "relations": {"copy": {"pairs": 1, "accepted": 1}}, "left_total": 2, "right_total": 3,
    }
)  # fmt: skip
SCHEMES = _list(
    {
        "id": "gsbpm", "title": {"en": "Generic Statistical Business Process Model (GSBPM)"}, "steps": 58, "known": 1,
        "stated": 1, "resources": 5, "not_known": 4, "iri": f"{_BASE}/id/scheme/gsbpm",
        "coverage": f"{_BASE}/api/coverage?scheme=gsbpm",
    }
)  # fmt: skip
_STEP: dict[str, Any] = {
    "id": f"{_BASE}/id/concept/gsbpm/ph-5", "notation": "ph-5", "broader": None, "depth": 0,
    "prefLabel": {"en": "Process"}, "state": "found", "resources": 1, "stated": 1, "academies": 1, "pairs": 0,
}  # fmt: skip
COVERAGE = {
    "scheme": "gsbpm", "title": {"en": "Generic Statistical Business Process Model (GSBPM)"}, "resources": 5,
    "known": 1, "not_known": 4, "pairs_not_known": 3, "found": 1, "none": 57, "items": [_STEP], "total": 1,
    "next": None,
}  # fmt: skip
RELEASE = {
    "number": "120.0", "sequence": 120, "time": "2026-03-01T00:00:00Z",
    "counts": {"academies": 3, "resources": 5, "pairs_between": 3},
}  # fmt: skip


def _problem(status: int, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": TITLES[status], "status": status, "detail": detail}


PROBLEMS = {
    400: _problem(400, "colour: there is no such parameter"),
    401: _problem(401, "This token is not valid."),
    403: _problem(403, "This token has no such role."),
    404: _problem(404, "There is no resource 'x/y'."),
    406: _problem(406, "There are: application/json, text/markdown."),
    409: _problem(409, "This was decided before."),
    410: _problem(410, "Its academy no longer lists it."),
    413: _problem(413, "A list may have 64 MB."),
    415: _problem(415, "There are: text/csv, application/json."),
    422: _problem(422, "There is no column for the title."),
    429: {**_problem(429, "Please wait 2 seconds."), "retry_after": 2},
    503: _problem(503, "No edition of the registry was published yet."),
}

QUALITY = {
    "@context": {"dqv": "http://www.w3.org/ns/dqv#"},
    "@graph": [
        {
            "@id": f"{_BASE}/id/run/north-oai/1/quality/completeness",
            "@type": "dqv:QualityMeasurement",
            "dqv:isMeasurementOf": f"{_BASE}/id/concept/quality-metric/completeness",
            "dqv:computedOn": f"{_BASE}/id/catalog/northland/feed/north-oai",
            "dqv:value": {"@type": "xsd:decimal", "@value": "0.7500"},
            "prov:generatedAtTime": "2026-03-01T00:00:00Z",
            "prov:wasGeneratedBy": f"{_BASE}/id/run/north-oai/1",
        }
    ],
}

_TERM: dict[str, Any] = {
    "id": f"{_BASE}/id/concept/gsbpm/ph-5", "notation": "ph-5",
    "prefLabel": {"en": "Process", "fr": "Traitement", "es": "Procesar"}, "broader": [],
    "narrower": ["sp-5.1", "sp-5.2"], "depth": 0, "resources": 1,
    "concept": f"{_BASE}/api/schemes/gsbpm/concepts/ph-5", "list": f"{_BASE}/api/resources?about=gsbpm/ph-5",
}  # fmt: skip
CHANGES = {
    "items": [
        {"sequence": 118, "time": "2026-03-01T00:00:00Z", "kind": "record", "cause": "source",
         "subject": f"{_BASE}/id/record/north-oai/git-1", "resource": "north-oai/git-1", "match": None,
         "academy": "northland", "feed": "north-oai"},
        {"sequence": 120, "time": "2026-03-01T09:00:00Z", "kind": "decision", "cause": "person",
         "subject": MATCH["iri"], "resource": None, "match": MATCH["id"], "academy": None, "feed": None},
    ],
    "total": None, "next": None, "until": 120,
}  # fmt: skip
STATES = _list(
    {
        "sequence": 118, "time": "2026-03-01T00:00:00Z", "kind": "record", "cause": "source",
        "run": f"{_BASE}/id/run/north-oai/20260301T000000000000",
        "diff": f"{_BASE}/api/resources/north-oai/git-1/diff?from=1&to=118",
    }
)  # fmt: skip
DIFF = {
    "resource": "north-oai/git-1", "before": 1, "after": 118,
    "added": [
        {"of": "resource", "property": "educationalLevel", "predicate": "http://schema.org/educationalLevel",
         "value": {"iri": f"{_BASE}/id/concept/level/basic", "text": None, "language": None, "datatype": None,
                   "label": {"en": "Basic", "fr": "Débutant", "es": "Básico"}}, "inferred": False},
    ],
    "removed": [
        {"of": "resource", "property": "educationalLevel", "predicate": "http://schema.org/educationalLevel",
         "value": {"iri": None, "text": "for all", "language": "en", "datatype": None, "label": {}},
         "inferred": False},
    ],
    "left_out": 0,
}  # fmt: skip
DECISIONS = {
    "items": [
        {"id": 7, "match": MATCH["id"], "left": _IRI, "right": _OTHER, "verdict": "confirm",
         "relation": "translation", "source": _IRI, "role": "reviewer", "academy": None, "by": "A. Reviewer",
         "time": "2026-03-01T09:00:00Z", "taken_back": None},
    ],
    "total": None, "next": None,
}  # fmt: skip
RUNS = _list(
    {
        "iri": f"{_BASE}/id/run/north-oai/20260301T000000000000", "feed": "north-oai", "academy": "northland",
        "started": "2026-02-28T23:58:00Z", "ended": "2026-03-01T00:00:00Z", "seconds": 120, "outcome": "done",
        "counts": {"records": 2, "published": 2, "held": 1},
    }
)  # fmt: skip

BY_PATH: dict[str, dict[str, Any]] = {
    "/api/resources": RESOURCES,
    "/api/resources/{list}/{key}": RESOURCE,
    "/api/matches": MATCHES,
    "/api/matches/{id}": MATCH,
    "/api/works": WORKS,
    "/api/works/{id}": WORK,
    "/api/academies": ACADEMIES,
    "/api/academies/{id}": ACADEMY,
    "/api/academies/{id}/issues": ISSUES,
    "/api/academies/{id}/quality": QUALITY,
    "/api/overlap": OVERLAP,
    "/api/schemes": SCHEMES,
    "/api/coverage": COVERAGE,
    "/api/release": RELEASE,
    "/api/changes": CHANGES,
    "/api/resources/{list}/{key}/history": STATES,
    "/api/resources/{list}/{key}/diff": DIFF,
    "/api/decisions": DECISIONS,
    "/api/runs": RUNS,
    "/api/schemes/{scheme}/concepts": _list(_TERM),
    "/api/schemes/{scheme}/concepts/{notation}": _TERM,
}
