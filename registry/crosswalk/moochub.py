"""MOOChub courses (JSON:API, version 3 and 2.x) → the profile.

Parallel lists of dates become course runs; an attribute that is null says that there is none, one that is
left out says nothing: neither is a value. Sources: MOOChub 3.0.1 and 2.1, https://github.com/MOOChub/schema;
docs/profile.md, crosswalk of MOOChub.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from registry import iris
from registry.crosswalk import clean, json_node, record_node
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.json_node import items
from registry.crosswalk.moochub_runs import course_runs, offers
from registry.crosswalk.schemaorg_parts import Parts
from registry.crosswalk.schemaorg_read import Object, Reader, scalar
from registry.crosswalk.schemaorg_runs import languages, runs
from registry.crosswalk.schemaorg_values import concepts, mapped, outcomes, rights, subjects
from registry.crosswalk.values import types_for
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal

FORMAT_IRI = "https://github.com/moochub/schema/releases/tag/v"
# What an attribute of version 2 is called in version 3.
_RENAMED = {
    "languages": "inLanguage", "video": "trailer", "instructors": "instructor", "learningObjectives": "teaches",
    "partnerInstitutes": "contributor", "moocProvider": "publisher", "moocProviders": "publisher",
    "courseLicenses": "license", "availableUntil": "expires",
}  # fmt: skip
_UNITS = frozenset({"h/month", "h/week", "h/day"})
_ISCED = re.compile(r"https?://data\.europa\.eu/(?:esco|snb)/isced-f/(\d{2,4})/?")
_MEMBERS = frozenset({"student", "member-only", "members-only", "member"})


@dataclass(slots=True)
class _Reader(Reader):
    """Does not tell that texts hold HTML: MOOChub asks for it."""

    def issue(self, code: str, place: str, value: str = "", **params: str) -> None:
        """An issue, but of HTML."""
        if code != "schemaorg-html":
            Reader.issue(self, code, place, value, **params)


@cache
def known() -> frozenset[str]:
    """The attributes that the table names."""
    lines = files(__package__).joinpath("tables", "moochub.tsv").read_text("utf-8").splitlines()
    return frozenset(
        name for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) for name in row["source"].split()
    )


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one course. A payload that is none gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    data = json_node.payload(record.payload)
    attributes = data.get("attributes") if data else None
    if not data or not isinstance(attributes, dict) or not attributes:
        build.issue("moochub-unreadable", "/attributes")
        return build.mapped()
    old = any(name in attributes for name in _RENAMED) or isinstance(attributes.get("courseMode"), str)
    node = _node(attributes)
    read = _Reader(build, context, record.source, record.source, "json-ld")
    parts = Parts(read)
    tags = languages(parts, node, "inLanguage")
    read.language = tags[0] if tags else context.feed.language or "und"
    build.add("provider", context.iris.academy(context.academy.id), "/attributes/publisher")
    _texts(read, node)
    _addresses(read, node)
    _types(read, node, data.get("type"))
    for predicate, key in (("author", "creator"), ("publisher", "publisher"), ("contributor", "contributor")):
        parts.agents(node, predicate, key)
    subjects(read, {"@place": "/attributes", "about": _alignments(node), "keywords": node.get("keywords")})
    node["audience"] = items(node.get("audience"))
    concepts(read, {key: inner for key, inner in node.items() if key != "conditionsOfAccess"})
    outcomes(read, node)
    rights(read, node)
    for value, place in read.values(node, "trailer"):
        parts.media(
            value if isinstance(value, dict) else {"@place": place, "contentUrl": scalar(value)}, place, "trailer"
        )
    _works(read, node)
    _times(parts, node)
    for name, value in attributes.items():
        if name not in known() and value not in (None, "", [], {}):
            build.issue("moochub-unknown", f"/attributes/{name}"[:300], _brief(value), field=name[:100])
    record_node.describe(build, record, context, FORMAT_IRI + ("2.3" if old else "3.0.1"))
    return build.mapped()


def _brief(value: Any) -> str:
    shown = value if isinstance(value, str) else "" if isinstance(value, dict | list) else str(value)
    return clean.drop_emails(shown[:300])[0]


def _node(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes by their names of version 3, each with its place; labels with their languages."""
    found: dict[str, Any] = json_node.node(attributes, "/attributes")
    for old, new in _RENAMED.items():
        if old in found and found.get(new) in (None, "", []):
            found[new] = _at(found.pop(old), f"/attributes/{old}")
    for key in ("creator", "publisher", "contributor", "instructor"):
        for agent in items(found.get(key)):
            _agent(agent)
    for key in ("teaches", "competencyRequired", "educationalLevel", "educationalAlignment"):
        found[key] = [_skill(one) for one in items(found.get(key))]
    for key in ("hasPart", "isPartOf"):
        found[key] = [_reference(one) for one in items(found.get(key))]
    image = found.get("image")
    if isinstance(image, dict):
        found["image"] = _at(image.get("contentUrl") or image.get("url"), f"{image['@place']}/contentUrl")
    return found


def _at(value: Any, place: str) -> Any:
    """A value of an attribute of another name, with its own place."""
    if isinstance(value, list):
        return [_at(one, f"{place}/{number}") for number, one in enumerate(value)]
    return value if isinstance(value, dict) or value is None else {"@value": value, "@place": place}


def _agent(agent: Any) -> None:
    """Who: the address or identifier is the one of the person or organisation."""
    if not isinstance(agent, dict):
        return
    for key in ("identifier", "url"):
        if clean.url(scalar(agent.get(key))) and "@id" not in agent:
            agent["@id"] = scalar(agent[key])
    if "identifier" in agent and "url" not in agent:
        agent["url"] = {"@id": scalar(agent["identifier"]), "@place": f"{agent['@place']}/identifier"}
    if isinstance(agent.get("affiliation"), dict) and agent["affiliation"] is not agent:
        _agent(agent["affiliation"])


def _skill(skill: Any) -> Any:
    """A skill, level or field of study: the address of its term, and its names by language."""
    if not isinstance(skill, dict) or "@value" in skill:
        return skill
    place, made = skill["@place"], {"@place": skill["@place"]}
    target = clean.url(scalar(skill.get("targetUrl")))
    if target:
        made["@id"] = target
    names: list[Any] = []
    for number, one in enumerate(items(skill.get("name"))):
        where = f"{place}/name/{number}" if isinstance(skill.get("name"), list) else f"{place}/name"
        text, language = (one.get("name"), one.get("inLanguage")) if isinstance(one, dict) else (one, None)
        if isinstance(text, str) and text.strip():
            names.append({"@value": text, "@place": where, **({"@language": language} if language else {})})
    if names:
        made["name"] = names
    return {**made, "framework": scalar(skill.get("educationalFramework")), "code": scalar(skill.get("shortCode"))}


def _alignments(node: Object) -> list[Any]:
    """Fields of study: those of ISCED-F by the Union's addresses."""
    found: list[Any] = []
    for one in items(node.get("educationalAlignment")):
        if isinstance(one, dict) and "@value" not in one:
            stated = _ISCED.fullmatch(str(one.get("@id", "")))
            code = stated[1] if stated else one["code"] if "isced" in one["framework"].lower() else ""
            if re.fullmatch(r"\d{2,4}", code, re.ASCII):
                one = {**one, "@id": f"http://data.europa.eu/snb/isced-f/{code}"}
        found.append(one)
    return found


def _reference(value: Any) -> Any:
    """A part of the course, or the programme that it belongs to: its address and name."""
    if not isinstance(value, dict) or "@value" in value:
        return value
    target = scalar(value.get("identifier")) or scalar(value.get("url"))
    made: dict[str, Any] = {"@place": value["@place"]}
    if clean.url(target):
        made["@id"] = target
    name = value.get("name") or value.get("title")
    return {**made, "name": name} if name else made


def _texts(read: Reader, node: Object) -> None:
    for key in ("name", "description", "abstract"):
        for text, language, place in list(read.texts(node, key, long=key != "name"))[:1]:
            if read.context.values.is_ignored("title" if key == "name" else "description", text):
                read.issue("schemaorg-empty-word", place, text)
            else:
                read.build.text(key, text, language, place)
    for word, place in read.strings(node, "courseCode"):
        read.string("courseCode", word, place)


def _addresses(read: Reader, node: Object) -> None:
    for key in ("url", "image"):
        for value, place in list(read.values(node, key))[:1]:
            if (target := read.target(value, relative=True)) is not None:
                read.build.add(key, target, place)
            else:
                read.issue("schemaorg-no-address", place, scalar(value), field=key)


def _types(read: Reader, node: dict[str, Any], stated: Any) -> None:
    """A course; what kind, the learning resource type says, or the mode of version 2 ("MOOC")."""
    build, values = read.build, read.context.values
    if not isinstance(stated, str) or stated.lower() not in ("course", "courses"):
        build.issue("moochub-type", "/type", scalar(stated))
    kinds = []
    for one in items(node.get("learningResourceType")):
        own = one.get("identifier") if isinstance(one, dict) else one
        kinds.append({"@id": scalar(own), "@place": f"{one['@place']}/identifier"} if isinstance(one, dict) else one)
    notations = mapped(read, {"@place": "/attributes", "learningResourceType": kinds}, "resource-type",
                       "learningResourceType", "learningResourceType")  # fmt: skip
    modes = [(scalar(one), one) for one in items(node.get("courseMode"))]
    if any(word.casefold() == "mooc" for word, _ in modes):
        notations.append("mooc")
        build.add("learningResourceType", values.iris.concept("resource-type", "mooc"), "/attributes/courseMode")
        node["courseMode"] = [one for word, one in modes if word.casefold() != "mooc"] + [
            {"@value": "online", "@place": "/attributes/courseMode"}
        ]
    elif not notations:
        build.add("learningResourceType", values.iris.concept("resource-type", "course"), "/type")
    build.type(iris.DCAT + "Resource", "/type")
    for notation in notations or ["course"]:
        for kind in types_for(notation):
            build.type(kind, "/type")
    build.type(iris.SCHEMA + "Course", "/type")


def _works(read: Reader, node: Object) -> None:
    for key in ("hasPart", "isPartOf"):
        read.references(node, key, key)
    for word, place in list(read.strings(node, "numberOfCredits"))[:1]:
        if word not in ("0", "0.0"):
            read.string("numberOfCredits", word, place)
    for key in ("educationalCredentialsAwarded", "educationalCredentialAwarded"):
        for word, place in read.strings(node, key):
            read.string("educationalCredentialAwarded", word, place)


def _times(parts: Parts, node: dict[str, Any]) -> None:
    """Dates, effort, runs, offers, access."""
    read, build = parts.read, parts.read.build
    parts.date(node, "dateCreated", "dateCreated")
    parts.date(node, "dateModified", "dateModified")
    workload = _workload(read, node)
    if not workload:
        parts.duration(node, "timeRequired", "duration")
    parts.modes(node, build.resource)
    instances = course_runs(read, node, workload)
    runs(parts, {"@place": "/attributes", "@type": ["Course"], "hasCourseInstance": instances})
    if not instances:
        parts.agents(node, "contributor", "instructor")
        for word, place in workload:
            read.string("courseWorkload", word, place)
    made = build.objects("hasCourseInstance")
    owner = Iri(str(made[0])) if len(made) == 1 else build.resource
    told = parts.offers(offers(node), owner)
    _free(read, node, told)


def _workload(read: Reader, node: Object) -> list[tuple[str, str]]:
    """(text, place) of the effort: "5 h/week"; version 2 gives hours a week as a number. Words stay, and are told."""
    for value, place in read.values(node, "workload"):
        number, unit = value, "h/week"
        if isinstance(value, dict):
            number, unit = value.get("timeValue"), scalar(value.get("timeUnit"))
        amount = scalar(number)
        if re.fullmatch(r"\d{1,4}(?:\.\d{1,2})?", amount, re.ASCII) and unit in _UNITS:
            return [(f"{amount.removesuffix('.0')} {unit}", place)] if float(amount) else []
        if isinstance(value, str) and (words := clean.line(value)[:200]):
            read.issue("moochub-workload", place, words)
            return [(words, place)]
        shown = [key for key in sorted(value) if not key.startswith("@")] if isinstance(value, dict) else []
        read.issue("moochub-workload", place, f"{amount} {unit}".strip() if amount else ", ".join(shown)[:200])
    return []


def _free(read: Reader, node: Object, told: list[tuple[bool, str]]) -> None:
    """Free where one way to take the course is; for members or against payment where no way is free."""
    build, words = read.build, [(word.casefold(), place) for word, place in read.strings(node, "access")]
    names = {word for word, _ in words}
    answer: tuple[bool, str] | None = next(((True, place) for word, place in words if word == "free"), None)
    answer = answer or next(((False, place) for word, place in words if word == "paid"), None)
    answer = answer or next(iter(sorted(told, key=lambda offer: not offer[0])), None)
    if answer is not None:
        build.add("isAccessibleForFree", Literal(str(answer[0]).lower(), XSD + "boolean"), answer[1])
    for word, place in words:
        closed = "members-only" if word in _MEMBERS else "paid" if word == "paid" else ""
        if closed and len(names - {"other"}) == 1:
            build.add("conditionsOfAccess", read.context.iris.concept("access", closed), place)
        elif not closed and word not in ("free", "other"):
            read.issue("schemaorg-unmapped", place, word, field="access")
