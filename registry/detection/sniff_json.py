"""What a JSON document is, by the shape of its answer.

Sources: JSON:API 1.1 and MOOChub 3; AMB; JSON-LD 1.1; JSON Feed 1.1; RFC 7265 (jCal); Open edX course list and
Discovery APIs; Moodle web services; InvenioRDM REST API; GitHub, GitLab and Gitea REST APIs; SPARQL 1.1 Query
Results JSON Format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harvesters.git_hosts import is_repository
from harvesters.json_safe import BadJson, at, lines, parse, word
from registry.detection.found import FAINT, LIKELY, MAYBE, SURE, Candidate
from registry.detection.sniff_rdf import of_vocabulary
from registry.model import Issue

AMB = "w3id.org/kim/amb"
NDJSON = 20
_AMB_WORDS = frozenset({
    "learningResourceType", "mainEntityOfPage", "inLanguage", "conditionsOfAccess", "interactivityType", "assesses",
    "educationalLevel", "competencyRequired",
})  # fmt: skip
_MOOC_WORDS = frozenset({"courseCode", "moocProviders", "courseMode", "moocProvider", "productImageUrl", "workload"})
_EDX_WORDS = frozenset({
    "course_id", "blocks_url", "pacing", "pacing_type", "course_runs", "aggregation_key", "canonical_course_run_key",
    "short_description", "level_type", "enrollment_start", "mobile_available", "owners", "content_type", "org",
})  # fmt: skip
_MOODLE_WORDS = frozenset({
    "fullname", "shortname", "categoryid", "categoryname", "summaryformat", "displayname", "enrollmentmethods",
    "coursecategory", "viewurl",
})  # fmt: skip
_SEARCH = ("hits", "hits")

Kind = Callable[[Any, str], "Candidate | None"]


def sniff_json(body: bytes, content_type: str, address: str, text: str) -> list[Candidate]:
    """What JSON may be read as; empty for JSON that no harvester reads and for what is no JSON."""
    value = _value(body, content_type)
    if value is None:
        return []
    for kind in _KINDS:
        if (found := kind(value, address)) is not None:
            return [found]
    if _linked(value):
        return of_vocabulary(text, address)
    return []


def is_json(body: bytes, content_type: str) -> bool:
    """Whether bytes are JSON at all, or JSON values line by line."""
    return _value(body, content_type) is not None


def _value(body: bytes, content_type: str) -> Any:
    """The document; of one value a line the first few, as a list. None for anything else."""
    try:
        value = parse(body, content_type).value
        return value if isinstance(value, dict | list) else None
    except BadJson:
        pass
    found: list[Any] = []
    try:
        for _, read in lines(body, content_type):
            if isinstance(read, BadJson) or not isinstance(read.value, dict):
                break
            found.append(read.value)
            if len(found) == NDJSON:
                break
    except BadJson:
        return None
    return found if len(found) > 1 else None


def _items(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list, wherever answers keep them; a lone object is a list of one."""
    places = (
        value, at(value, *_SEARCH), at(value, "results"), at(value, "data"), at(value, "items"), at(value, "courses"),
        at(value, "@graph"), at(value, "member"), at(value, "records"), at(value, "resources"),
    )  # fmt: skip
    for one in places:
        if isinstance(one, list) and one:
            return [item for item in one[:NDJSON] if isinstance(item, dict)]
    return [value] if isinstance(value, dict) else []


def _contexts(value: Any) -> str:
    context = at(value, "@context")
    several = context if isinstance(context, list) else [context]
    words = [one if isinstance(one, str) else word(at(one, "@vocab")) for one in several]
    return " ".join(words)


def _json_feed(value: Any, address: str) -> Candidate | None:
    if word(at(value, "version")).startswith(("https://jsonfeed.org/version/", "http://jsonfeed.org/version/")):
        return Candidate("feed", "feed", address, Issue("detect-feed", address, "JSON Feed"), SURE)
    return None


def _jcal(value: Any, address: str) -> Candidate | None:
    if isinstance(value, list) and value and word(value[0]).lower().startswith(("vcalendar", "vevent", "vtodo")):
        return Candidate("calendar", "ical", address, Issue("detect-calendar", address, "jCal"), SURE)
    return None


def _sparql(value: Any, address: str) -> Candidate | None:
    head = at(value, "head")
    if isinstance(head, dict) and (
        isinstance(at(value, "results", "bindings"), list) or isinstance(at(value, "boolean"), bool)
    ):
        return Candidate("sparql", "", address, Issue("detect-sparql", address), LIKELY)
    return None


def _repositories(value: Any, address: str) -> Candidate | None:
    items = _items(value)
    if items and all(is_repository(one) for one in items) and any("default_branch" in one for one in items):
        return Candidate("git", "git", address, Issue("detect-git-list", address, str(len(items))), SURE)
    return None


def _moochub(value: Any, address: str) -> Candidate | None:
    data = at(value, "data")
    items = [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    courses = [one for one in items if isinstance(one.get("attributes"), dict)]
    if not courses:
        return None
    words = {name for one in courses[:NDJSON] for name in one["attributes"]}
    if words & _MOOC_WORDS or all(word(one.get("type")).lower() in ("courses", "course") for one in courses):
        said = word(at(value, "jsonapi", "version"))
        return Candidate("moochub", "moochub", address, Issue("detect-moochub", address, said or "JSON:API"), SURE)
    return None


def _openedx(value: Any, address: str) -> Candidate | None:
    items = _items(value)
    if not items or not isinstance(at(value, "results"), list):
        keyed = [one for one in items if word(one.get("course_id")).startswith("course-v1:") and "blocks_url" in one]
        if not keyed:
            return None
    words = {name for one in items for name in one}
    keys = [word(one.get("course_id") or one.get("key") or one.get("id")) for one in items]
    keyed_so = any("+" in key or key.startswith("course-v1:") or key.count("/") == 2 for key in keys)
    if keyed_so and len(words & _EDX_WORDS) >= 2:
        kind = "Discovery" if words & {"aggregation_key", "course_runs", "canonical_course_run_key"} else "Courses"
        return Candidate("openedx", "openedx", address, Issue("detect-openedx", address, kind), SURE)
    return None


def _moodle(value: Any, address: str) -> Candidate | None:
    if isinstance(value, dict) and "exception" in value and "errorcode" in value:
        return Candidate(
            "moodle", "moodle", address, Issue("detect-moodle", address, word(value["errorcode"])), LIKELY
        )
    if isinstance(value, list) and value and isinstance(at(value, 0, "data", "courses"), list):
        value = at(value, 0, "data")
    items = _items(value)
    words = {name for one in items for name in one}
    if {"fullname", "shortname"} <= words and len(words & _MOODLE_WORDS) >= 3:
        return Candidate("moodle", "moodle", address, Issue("detect-moodle", address, str(len(items))), SURE)
    return None


def _zenodo(value: Any, address: str) -> Candidate | None:
    hits = at(value, *_SEARCH)
    items = hits if isinstance(hits, list) else [value]
    for one in items[:NDJSON]:
        metadata = at(one, "metadata")
        named = isinstance(metadata, dict) and isinstance(metadata.get("title"), str)
        marks = ("conceptrecid", "parent", "pids", "doi", "recid", "conceptdoi", "revision_id", "revision")
        if named and isinstance(one, dict) and any(mark in one for mark in marks) and "links" in one:
            return Candidate("zenodo", "zenodo", address, Issue("detect-zenodo", address), SURE)
    if isinstance(hits, list) and not hits and isinstance(at(value, "aggregations"), dict):
        return Candidate("zenodo", "zenodo", address, Issue("detect-zenodo", address), MAYBE)
    return None


def _amb(value: Any, address: str) -> Candidate | None:
    items = [at(one, "_source") or one for one in _items(value)]
    found = [one for one in [value, *items] if AMB in _contexts(one)]
    if found:
        return Candidate("amb", "amb", address, Issue("detect-amb", address), SURE)
    for one in items:
        if not isinstance(one, dict) or _catalogue(one):
            continue
        typed = one.get("type")  # a profile of JSON-LD that says type, where schema.org's own texts say @type
        listed = typed if isinstance(typed, list) else [typed]
        if "LearningResource" in listed or typed and len(_AMB_WORDS & set(one)) >= 2:
            return Candidate("amb", "amb", address, Issue("detect-amb", address), 0.7)
    if isinstance(value, list) and value and all(word(one).startswith(("http://", "https://")) for one in value):
        return Candidate("amb", "amb", address, Issue("detect-amb-addresses", address, str(len(value))), FAINT)
    return None


def _catalogue(one: Mapping[str, Any]) -> bool:
    return any(str(key).startswith(("dcat:", "http://www.w3.org/ns/dcat#")) for key in one)


def _linked(value: Any) -> bool:
    """Whether JSON is JSON-LD: a context, or keywords at its nodes."""
    if isinstance(value, dict) and ("@context" in value or "@graph" in value):
        return not _is_schema(value)
    return any("@context" in one or "@id" in one or "@type" in one for one in _items(value))


def _is_schema(value: Mapping[str, Any]) -> bool:
    """A context alone (a vocabulary's own file), or a schema, which describes nothing."""
    return set(value) <= {"@context", "id", "@id", "@version"} or "$schema" in value


_KINDS: tuple[Kind, ...] = (
    _json_feed, _jcal, _sparql, _repositories, _moochub, _openedx, _moodle, _zenodo, _amb,
)  # fmt: skip
