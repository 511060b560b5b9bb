"""schema.org, LRMI and Bioschemas descriptions (JSON-LD, microdata, RDFa of a page) → the profile.

Sources: schema.org 30.0; Bioschemas TrainingMaterial, Course, CourseInstance 1.0; docs/profile.md, crosswalk
of schema.org. A video's length is never a learning time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from registry import iris
from registry.crosswalk import clean, record_node
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.schemaorg_parts import Parts
from registry.crosswalk.schemaorg_read import NOT_SAME, Object, Reader, bare, scalar, types
from registry.crosswalk.schemaorg_runs import DATED, dated, languages, own_run, runs
from registry.crosswalk.schemaorg_values import concepts, mapped, outcomes, rights, subjects
from registry.crosswalk.values import EVENT_TYPES, types_for
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal, is_iri

FORMAT_IRI = "http://schema.org/LearningResource"
CONFORMS = ("http://purl.org/dc/terms/conformsTo", "conformsTo")
# The types that the profile keeps, and the kind of resource that a type says.
_KEPT = {
    "Course": "course", "VideoObject": "video", "TextDigitalDocument": "", "Book": "handbook-textbook",
    "WebPage": "", "SoftwareSourceCode": "", "PresentationDigitalDocument": "slides", "Quiz": "assessment",
}  # fmt: skip
# How the places of descriptions that stand in a web page begin.
_IN_PAGE = ("script[", "itemscope[", "typeof[")
_PLAIN_TYPES = frozenset({
    "LearningResource", "TrainingMaterial", "CourseInstance", "EducationEvent", "Event", "CreativeWork", "Thing",
    "Product", "MediaObject", "HowTo",
})  # fmt: skip
_MEDIA_TYPES = frozenset({"VideoObject", "AudioObject", "MediaObject", "PodcastEpisode"})


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one description. A payload without one gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    payload = _payload(record.payload)
    node = payload.get("node")
    if not isinstance(node, dict):
        build.issue("schemaorg-unreadable", "")
        return build.mapped()
    page = str(payload.get("page") or record.source)
    read = Reader(build, context, page, str(payload.get("base") or page), str(payload.get("syntax") or "json-ld"))
    html_language = context.values.language(str(payload.get("lang") or "")) or ""
    describe(read, node, record, FORMAT_IRI, language=html_language)
    return build.mapped()


def describe(
    read: Reader, node: Object, record: RawRecord, profile: str, origins: Iterable[tuple[str, str]] = (),
    language: str = "",
) -> None:  # fmt: skip
    """All that an object in schema.org's terms says; also for formats that are told in these terms.

    ``profile`` names the source's format, ``origins`` are as in ``record_node.describe``, ``language`` is that
    of the page.
    """
    build, context, parts = read.build, read.context, Parts(read)
    known = languages(parts, node, "inLanguage")
    read.language = known[0] if len(known) == 1 else language or context.feed.language or "und"
    languages(parts, node, "availableLanguage")
    build.add("provider", context.iris.academy(context.academy.id), read.place(node, "provider"))
    _titles(read, node)
    _texts(read, node)
    _addresses(read, node, read.page)
    is_event = _types(read, node)
    _people(parts, node)
    subjects(read, node)
    concepts(read, node)
    outcomes(read, node)
    rights(read, node)
    _works(parts, node)
    offered = _dates_and_times(parts, node, is_event)
    _free(parts, node, offered)
    entry = record_node.describe(build, record, context, profile, origins)
    _entry(parts, node, entry)
    read.rest()


def _payload(payload: bytes) -> dict[str, Any]:
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _titles(read: Reader, node: Object) -> None:
    """One title per language is the name, others are alternative ones."""
    seen: dict[str, str] = {}
    for key in ("name", "headline", "alternateName", "alternativeHeadline"):
        for text, language, place in read.texts(node, key):
            if read.context.values.is_ignored("title", text):
                read.issue("schemaorg-empty-word", place, text)
                continue
            first = key in ("name", "headline") and language.lower() not in seen
            if first:
                seen[language.lower()] = text
                read.build.text("name", text, language, place)
            elif text != seen.get(language.lower()):
                read.build.text("alternateName", text, language, place)


def _texts(read: Reader, node: Object) -> None:
    for predicate, keys in (
        ("description", ("description",)),
        ("abstract", ("abstract", "disambiguatingDescription")),
    ):
        for text, language, place in read.texts(node, *keys, long=True):
            if read.context.values.is_ignored("description", text):
                read.issue("schemaorg-empty-word", place, text)
            else:
                read.build.text(predicate, text, language, place)


def _addresses(read: Reader, node: Object, page: str) -> None:
    """url (one: its own, else the main page, else the page that was read), sameAs, identifier."""
    build = read.build
    for key in ("url", "mainEntityOfPage"):
        for value, place in read.values(node, key):
            target = read.target(value, relative=True)
            if target is None:
                if not isinstance(value, bool) and scalar(value) not in ("true", "false"):
                    read.issue("schemaorg-no-address", place, scalar(value), field=key)
            elif not build.objects("url"):
                build.add("url", target, place)
            elif str(target) not in (str(build.objects("url")[0]), page):
                build.add("sameAs", target, place)
    own = str(node.get("@id", ""))
    if not build.objects("url") and not str(node.get("@place", "")).startswith(_IN_PAGE) and clean.url(own):
        # A JSON document is nobody's page: in AMB the id is the resource's address.
        build.add("url", Iri(str(clean.url(own))), read.keyword(node, "@id"))
    if not build.objects("url") and (address := clean.url(page)):
        build.add("url", Iri(address), "page")
    for value, place in read.values(node, "sameAs"):
        target = read.target(value, relative=True)
        if target is not None:
            build.add("identifier" if "doi.org/10." in target else "sameAs", target, place)
        else:
            read.issue("schemaorg-no-address", place, scalar(value), field="sameAs")
    if own and (doi := clean.doi(own)):
        build.add("identifier", Iri(doi), read.keyword(node, "@id"))
    for value, place in read.values(node, "identifier"):
        inner = value.get("value") or value.get("url") or value if isinstance(value, dict) else value
        word = scalar(inner)
        found = clean.doi(word) or clean.url(word)
        if found:
            build.add("identifier", Iri(found), place)
        elif word:
            read.string("identifier", clean.line(word), place)
    for key in ("image", "thumbnailUrl", "codeRepository"):
        for value, place in read.values(node, key):
            if isinstance(value, dict) and value.get("contentUrl") and not value.get("url"):
                value = value["contentUrl"]
            if (target := read.target(value, relative=True)) is not None:
                build.add(key, target, place)
            else:
                read.issue("schemaorg-no-address", place, scalar(value), field=key)


def _types(read: Reader, node: Object) -> bool:
    """rdf:type and learningResourceType; returns whether it is an event."""
    build, values, where = read.build, read.context.values, read.keyword(node, "@type")
    stated = types(node)
    notations = mapped(read, node, "resource-type", "learningResourceType", "learningResourceType", "eventType")
    for value, place in read.values(node, "additionalType"):
        word = bare(scalar(value))
        concept = values.concept("resource-type", word)
        if concept is not None:
            build.add("learningResourceType", concept, place)
            notations.append(concept.rpartition("/")[2])
        elif word not in _PLAIN_TYPES and word not in _KEPT:
            read.issue("schemaorg-unmapped", place, word, field="additionalType")
    has_dates = any(node.get(key) not in (None, "", []) for key in DATED)
    work = {"Course", "CourseInstance", "LearningResource", "TrainingMaterial"} & set(stated)
    is_event = not work and bool({"EducationEvent", "Event"} & set(stated) or any(t.endswith("Event") for t in stated))
    if not is_event and has_dates and not {"Course", "CourseInstance"} & set(stated):
        is_event = any(notation in EVENT_TYPES for notation in notations)
    build.type(iris.DCAT + "Resource", where)
    if is_event:
        build.type(iris.SCHEMA + "EducationEvent", where)
    else:
        build.type(iris.SCHEMA + "LearningResource", where)
        for notation in notations:
            for kind in types_for(notation):
                build.type(kind, where)
    for name in stated:
        if name in _KEPT and not is_event:
            build.type(iris.SCHEMA + name, where)
            if not notations and _KEPT[name]:
                build.add("learningResourceType", read.context.iris.concept("resource-type", _KEPT[name]), where)
        elif name not in _PLAIN_TYPES and name not in _KEPT and not (is_event and name.endswith("Event")):
            read.issue("schemaorg-unknown-type", where, name)
    if "CourseInstance" in stated and "Course" not in stated:
        # A run needs its course: this description stands for both.
        build.type(iris.SCHEMA + "Course", where)
        read.issue("schemaorg-run-alone", where)
        if not notations:
            build.add("learningResourceType", read.context.iris.concept("resource-type", "course"), where)
    return is_event


def _people(parts: Parts, node: Object) -> None:
    for predicate, keys in (
        ("author", ("author", "creator")),
        ("publisher", ("publisher",)),
        ("contributor", ("contributor", "editor", "producer", "accountablePerson")),
        ("maintainer", ("maintainer",)),
        ("funder", ("funder", "funding")),
        ("translator", ("translator",)),
        ("organizer", ("contact",)),
    ):
        parts.agents(node, predicate, *keys)
    # The provider is the academy; another organisation that the data name is where the resource comes from.
    read = parts.read
    academy = read.context.iris.academy(read.context.academy.id)
    for value, place in read.values(node, "provider", "sourceOrganization", "hostInstitution", "offeredBy"):
        agent = parts.agent(value, place, "provider")
        if agent is not None and agent != academy:
            read.build.add("publisher" if not read.build.objects("publisher") else "sourceOrganization", agent, place)


def _works(parts: Parts, node: Object) -> None:
    """Relations to other works, files, and what else is stated as it is."""
    read = parts.read
    for key in ("isBasedOn", "isBasedOnUrl", "translationOfWork", "workTranslation", "isPartOf", "hasPart",
                "recordedAt", "recordedIn", "citation", "mentions"):  # fmt: skip
        read.references(node, key, "isBasedOn" if key == "isBasedOnUrl" else key)
    for key in NOT_SAME:
        read.references(node, key, NOT_SAME[0])
    for key in ("exampleOfWork", "workExample", "subjectOf", "isVariantOf"):
        read.references(node, key, iris.DCTERMS + "relation")
    for predicate, keys in (("version", ("version", "softwareVersion")), ("courseCode", ("courseCode",))):
        for word, place in list(read.strings(node, *keys))[: 1 if predicate == "version" else None]:
            read.string(predicate, word, place)
    for key in ("educationalCredentialAwarded", "occupationalCredentialAwarded", "numberOfCredits"):
        for value, place in read.values(node, key):
            inner = value.get("value") or value.get("name") or value if isinstance(value, dict) else value
            read.string(key, clean.line(scalar(inner)), place)
    for key in ("encoding", "associatedMedia", "video", "audio", "trailer", "encodings"):
        for value, place in read.values(node, key):
            media: Object = value if isinstance(value, dict) and "@value" not in value else {}
            parts.media(media or {"@place": place, "contentUrl": scalar(value)}, place, key)
    if _MEDIA_TYPES & set(types(node)) or node.get("contentUrl") or node.get("encodingFormat"):
        parts.media(node, node.get("@place", ""))
    for text, language, place in read.texts(node, "spatialCoverage"):
        read.build.text("spatialCoverage", text, language, place)


def _dates_and_times(parts: Parts, node: Object, is_event: bool) -> list[tuple[bool, str]]:
    """Dates, lengths, runs; returns (free, place) of the offers of runs."""
    read, build = parts.read, parts.read.build
    parts.date(node, "datePublished", "datePublished", "uploadDate", "dateIssued")
    parts.date(node, "dateModified", "dateModified")
    parts.date(node, "dateCreated", "dateCreated")
    parts.duration(node, "timeRequired", "timeRequired")
    modes = parts.modes(node, build.resource)
    if is_event:
        dated(parts, node, build.resource, modes)
        parts.duration(node, "duration", "duration")
        return []
    if not (_MEDIA_TYPES & set(types(node)) or node.get("contentUrl")):
        for word, place in read.strings(node, "duration"):
            read.issue("schemaorg-duration-place", place, word)
    told = runs(parts, node) if {"Course", "CourseInstance"} & set(types(node)) else []
    if not own_run(node):
        parts.agents(node, "contributor", "instructor")
        for word, place in read.strings(node, "courseWorkload"):
            read.string("courseWorkload", word, place)
    return told


def _free(parts: Parts, node: Object, offered: list[tuple[bool, str]]) -> None:
    """isAccessibleForFree: as stated; else true with a price of nought, false with prices above it only."""
    read = parts.read
    stated: list[tuple[bool, str]] = []
    for word, place in read.strings(node, "isAccessibleForFree"):
        free = clean.boolean(bare(word))
        if free is None:
            read.issue("schemaorg-unmapped", place, word, field="isAccessibleForFree")
        elif stated and stated[0][0] != free:
            read.issue("schemaorg-several", place, word, field="isAccessibleForFree")
        else:
            stated.append((free, place))
    offered = [*offered, *parts.offers(node, read.build.resource)]
    for free, place in (stated or sorted(offered, key=lambda offer: not offer[0]))[:1]:
        read.build.add("isAccessibleForFree", Literal(str(free).lower(), XSD + "boolean"), place)


def _entry(parts: Parts, node: Object, entry: Iri) -> None:
    """What the description says of itself: its licence, its maker, the profile that it follows."""
    read, build = parts.read, parts.read.build
    for word, place in read.strings(node, "sdLicense"):
        licence = read.context.values.licence(word)
        if licence is not None:
            build.add(iris.DCTERMS + "license", licence, place, entry)
        else:
            read.issue("schemaorg-unmapped", place, word, field="sdLicense")
    for value, place in read.values(node, "sdPublisher"):
        name = value.get("name") if isinstance(value, dict) else value
        read.string(iris.DCTERMS + "publisher", clean.line(scalar(name)), place, entry)
    for value, place in read.values(node, *CONFORMS):
        target = scalar(value)
        if is_iri(target):
            build.add(iris.DCTERMS + "conformsTo", Iri(target), place, entry)
        elif target:
            read.issue("schemaorg-no-address", place, target, field="conformsTo")
