"""AMB descriptions (the DINI-KIM profile of schema.org and LRMI for learning resources, as JSON) → the profile.

What AMB asks for and does not find is told in AMB's terms (``amb_rules``); the values are read as those of
schema.org. One ``@language`` in the context speaks for all texts. Sources: AMB 2023-10-19 and draft,
https://w3id.org/kim/amb/; docs/profile.md, crosswalk of AMB.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry import iris
from registry.crosswalk import amb_rules, clean, json_node, record_node
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.schemaorg_parts import Parts
from registry.crosswalk.schemaorg_read import NOT_SAME, Object, Reader, bare, scalar, types
from registry.crosswalk.schemaorg_runs import dated, languages, runs
from registry.crosswalk.schemaorg_values import concepts, mapped, outcomes, rights, subjects
from registry.crosswalk.values import types_for
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal

FORMAT_IRI = "https://w3id.org/kim/amb/"
_AGENTS = ("creator", "author", "contributor", "publisher", "funder", "maintainer", "translator", "sourceOrganization")
_SUBJECTS = re.compile(
    r"https?://w3id\.org/(?:kim/(?:hochschulfaechersystematik|schulfaecher)|openeduhub/vocabs/discipline)/.+"
)
_STAGES = re.compile(r"https?://w3id\.org/(?:kim/educationalLevel|openeduhub/vocabs/educationalContext)/.+")
# The types that the profile keeps, and the kind of resource that a type says.
_KEPT = {
    "Course": "course", "VideoObject": "video", "TextDigitalDocument": "", "Book": "handbook-textbook",
    "WebPage": "", "SoftwareSourceCode": "", "PresentationDigitalDocument": "slides", "Quiz": "assessment",
}  # fmt: skip


@dataclass(slots=True)
class _Reader(Reader):
    """Tells nothing where AMB's rules have told what is wrong with the same thing, or with a part of it."""

    told: tuple[str, ...] = ()

    def issue(self, code: str, place: str, value: str = "", **params: str) -> None:
        """An issue, unless its place or a part of it was told."""
        if place and any(place == other or other.startswith(f"{place}/") for other in self.told):
            return
        Reader.issue(self, code, place, value, **params)


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one description. A payload that is none gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    data = json_node.payload(record.payload)
    if data is None:
        build.issue("amb-unreadable", "")
        return build.mapped()
    findings = amb_rules.check(data)
    for one in findings:
        build.issue(one.code, one.place, one.value, **dict(one.params))
    told = tuple(one.place for one in findings if one.code != "amb-not-list")
    node = json_node.node(data)
    read = _Reader(build, context, record.source, record.source, "json-ld", told=told)
    parts = Parts(read)
    known = languages(parts, node, "inLanguage")
    stated = _default_language(data, context)
    read.language = stated or (known[0] if len(known) == 1 else context.feed.language or "und")
    build.add("provider", context.iris.academy(context.academy.id), "/provider")
    _texts(read, node)
    _addresses(read, node)
    is_event = _types(read, node)
    _people(parts, node)
    _subjects(read, node)
    concepts(read, node)
    outcomes(read, node)
    rights(read, node)
    _files(parts, node)
    _relations(parts, node)
    _dates(parts, node, is_event)
    _entry(read, node, record)
    read.rest()
    return build.mapped()


def _default_language(data: Mapping[str, Any], context: MapContext) -> str:
    """The language that the context gives to all texts; a later one replaces an earlier one (JSON-LD 1.1)."""
    stated = data.get("@context")
    found = ""
    for part in stated if isinstance(stated, list) else [stated]:
        if isinstance(part, dict) and "@language" in part:
            value = part["@language"]
            found = (context.values.language(value) or "") if isinstance(value, str) else ""
    return found


def _texts(read: Reader, node: Object) -> None:
    seen: dict[str, str] = {}
    ignored = read.context.values.is_ignored
    for key in ("name", "alternateName"):
        for text, language, place in read.texts(node, key):
            if ignored("title", text):
                read.issue("schemaorg-empty-word", place, text)
            elif key == "name" and language.lower() not in seen:
                seen[language.lower()] = text
                read.build.text("name", text, language, place)
            elif text != seen.get(language.lower()):
                read.build.text("alternateName", text, language, place)
    for key in ("description", "abstract"):
        for text, language, place in read.texts(node, key, long=True):
            if ignored("description", text):
                read.issue("schemaorg-empty-word", place, text)
            else:
                read.build.text(key, text, language, place)


def _addresses(read: Reader, node: Object) -> None:
    """The id is the resource's address, a DOI too; what is no web address identifies."""
    build, own, where = read.build, str(node.get("@id", "")), str(node.get("@at", "/id"))
    address, doi = clean.url(own), clean.doi(own)
    if doi is not None:
        build.add("identifier", Iri(doi), where)
    if address or doi:
        build.add("url", Iri(address or str(doi)), where)
    elif own:
        read.string("identifier", clean.line(own), where)
    for value, place in read.values(node, "url", "sameAs"):
        target = read.target(value, relative=True)
        if target is None:
            read.issue("schemaorg-no-address", place, scalar(value), field=place.strip("/").split("/")[0])
        elif not build.objects("url"):
            build.add("url", target, place)
        elif target not in build.objects("url"):
            build.add("identifier" if "doi.org/10." in target else "sameAs", target, place)
    for value, place in read.values(node, "identifier", "persistentIdentifier"):
        inner = value.get("value") or value if isinstance(value, dict) else value
        word = scalar(inner)
        found = clean.doi(word) or clean.url(word)
        if found:
            build.add("identifier", Iri(found), place)
        else:
            read.string("identifier", clean.line(word), place)
    for key in ("image", "thumbnailUrl"):
        for value, place in read.values(node, key):
            if (target := read.target(value, relative=True)) is not None:
                build.add(key, target, place)
            else:
                read.issue("schemaorg-no-address", place, scalar(value), field=key)


def _types(read: Reader, node: Object) -> bool:
    """rdf:type and learningResourceType; returns whether it is an event."""
    build, where, stated = read.build, str(node.get("@type-at", "/type")), types(node)
    values = read.context.values
    # Several vocabularies may name one kind side by side; what none of our tables names says nothing more then.
    kinds = node.get("learningResourceType")
    known = [one for one in kinds if _maps(read, "resource-type", one)] if isinstance(kinds, list) else []
    if known:
        list(read.values(node, "learningResourceType"))
    holder = {"@place": "", "learningResourceType": known} if known else node
    notations = mapped(read, holder, "resource-type", "learningResourceType", "learningResourceType")
    build.type(iris.DCAT + "Resource", where)
    is_event = bool({"EducationEvent", "Event"} & set(stated)) and "LearningResource" not in stated
    if is_event:
        build.type(iris.SCHEMA + "EducationEvent", where)
        return True
    build.type(iris.SCHEMA + "LearningResource", where)
    for notation in notations:
        for kind in types_for(notation):
            build.type(kind, where)
    for name in stated:
        if name in _KEPT:
            build.type(iris.SCHEMA + name, where)
        if not notations and (concept := values.concept("resource-type", _KEPT.get(name) or iris.SCHEMA + name)):
            build.add("learningResourceType", concept, where)
    return False


def _words(read: Reader, value: Any) -> list[str]:
    """What names a concept: its address and its labels."""
    if isinstance(value, dict):
        texts = [text for text, _, _ in read.texts_of(value, str(value.get("@place", "")), value)]
        return [word for word in (scalar(value.get("@id")), *texts) if word]
    return [scalar(value)]


def _maps(read: Reader, scheme: str, value: Any) -> bool:
    return any(read.context.values.concept(scheme, bare(word)) for word in _words(read, value))


def _people(parts: Parts, node: Object) -> None:
    for key in _AGENTS:
        content = node.get(key)
        for one in content if isinstance(content, list) else [content]:
            _addressed(one)
    for predicate, keys in (
        ("author", ("creator", "author")), ("publisher", ("publisher",)), ("contributor", ("contributor", "editor")),
        ("maintainer", ("maintainer",)), ("funder", ("funder",)), ("translator", ("translator",)),
        ("sourceOrganization", ("sourceOrganization",)),
    ):  # fmt: skip
        parts.agents(node, predicate, *keys)


def _addressed(agent: Any) -> None:
    """An agent's id is its address too, where it is one."""
    if not isinstance(agent, dict):
        return
    if "@id" in agent and "url" not in agent and clean.url(str(agent["@id"])):
        agent["url"] = {"@id": agent["@id"], "@place": agent.get("@at", "")}
    inner = agent.get("affiliation")
    for one in inner if isinstance(inner, list) else [inner]:
        if one is not agent:
            _addressed(one)


def _subjects(read: Reader, node: dict[str, Any]) -> None:
    """Of subjects of German classifications, which AMB asks for, the labels are keywords; the others are subjects."""
    rest: list[Any] = []
    for value, _ in read.values(node, "about"):
        own = scalar(value.get("@id")) if isinstance(value, dict) else scalar(value)
        mine = [word for word in _words(read, value) if read.context.values.subject(word)]
        if mine or not _SUBJECTS.fullmatch(own):
            rest.append(value)
            continue
        if isinstance(value, dict) and value.get("prefLabel"):
            for text, language, where in read.texts(value, "prefLabel"):
                if not read.context.values.is_ignored("keywords", text):
                    read.build.text("keywords", text, language, where)
    words = list(read.values(node, "keywords"))
    subjects(read, {"@place": "", "about": rest, "keywords": node.get("keywords") if words else None})
    # A stage of schooling is no level of difficulty, unless the feed's file says what it means.
    levels = node.get("educationalLevel")
    kept = [
        one
        for one in (levels if isinstance(levels, list) else [levels])
        if one is not None and (_maps(read, "level", one) or not _STAGES.fullmatch(next(iter(_words(read, one)), "")))
    ]
    if levels is not None:
        node["educationalLevel"] = kept


def _files(parts: Parts, node: Object) -> None:
    """encoding, caption and trailer; the resource's duration is that of its first file."""
    read, length = parts.read, node.get("duration")
    list(read.values(node, "duration"))
    number = 0
    for key in ("encoding", "trailer", "caption"):
        for value, place in read.values(node, key):
            media = dict(value) if isinstance(value, dict) else {"@place": place, "contentUrl": scalar(value)}
            if key == "caption" and "@id" in media:
                media["contentUrl"] = {"@id": media["@id"], "@place": media.get("@at", place)}
            if key == "encoding" and not number and length is not None and "duration" not in media:
                media["duration"], length = {"@value": scalar(length), "@place": "/duration"}, None
            number += key == "encoding"
            parts.media(media, place, key)
    if length is not None and scalar(length):
        parts.media({"@place": "", "duration": length}, "/duration")
    for key in ("contentUrl", "embedUrl"):
        for value, place in read.values(node, key):
            parts.media({"@place": "", key: value}, place)


def _relations(parts: Parts, node: Object) -> None:
    read = parts.read
    for key in ("isBasedOn", "isPartOf", "hasPart", "translationOfWork", "workTranslation", "citation", "mentions"):
        read.references(node, key, key)
    for key in NOT_SAME:
        read.references(node, key, NOT_SAME[0])
    for key in ("exampleOfWork", "workExample", "subjectOf"):
        read.references(node, key, iris.DCTERMS + "relation")
    for key in ("version", "courseCode"):
        for word, place in list(read.strings(node, key))[:1]:
            read.string(key, word, place)


def _dates(parts: Parts, node: Object, is_event: bool) -> None:
    read, build = parts.read, parts.read.build
    for key in ("datePublished", "dateModified", "dateCreated"):
        parts.date(node, key, key)
    parts.duration(node, "timeRequired", "timeRequired")
    modes = parts.modes(node, build.resource)
    if is_event:
        dated(parts, node, build.resource, modes)
    elif {"Course", "CourseInstance"} & set(types(node)):
        runs(parts, node)
    for word, place in list(read.strings(node, "isAccessibleForFree"))[:1]:
        free = clean.boolean(bare(word))
        if free is None:
            read.issue("schemaorg-unmapped", place, word, field="isAccessibleForFree")
        else:
            build.add("isAccessibleForFree", Literal(str(free).lower(), XSD + "boolean"), place)


def _entry(read: Reader, node: Object, record: RawRecord) -> None:
    """The descriptions elsewhere that this one was taken from, and who supplies them (mainEntityOfPage)."""
    build, origins, suppliers = read.build, list[tuple[str, str]](), list[tuple[str, str]]()
    for value, place in read.values(node, "mainEntityOfPage"):
        own = clean.url(scalar(value)) if scalar(value) else None
        if own is None or Iri(own) in build.objects("url"):
            continue
        origins.append((own, str(value.get("@at", place)) if isinstance(value, dict) else place))
        provider = value.get("provider") if isinstance(value, dict) else None
        name = clean.line(scalar(provider.get("name"))) if isinstance(provider, dict) else ""
        if name:
            suppliers.append((name, f"{place}/provider/name"))
    entry = record_node.describe(build, record, read.context, FORMAT_IRI, origins)
    for name, place in suppliers:
        read.string(iris.DCTERMS + "publisher", name, place, entry)
