"""Courses of an Open edX (course list of the LMS, or Discovery) → the profile: a course with its runs.

What the course itself does not say, its last run says. Places are JSON pointers in {"course", "runs"} of the
harvester. Sources: edx-platform, course_api serializers; course-discovery, api serializers; docs/profile.md,
crosswalk of Open edX.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from registry import iris
from registry.crosswalk import clean, json_node, openedx_runs, record_node
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.feed_terms import Words
from registry.crosswalk.openedx_overview import lines, overview
from registry.crosswalk.openedx_read import Course, first, label, read
from registry.crosswalk.values import types_for
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal

FORMAT_IRI = "https://docs.openedx.org/projects/edx-platform/en/latest/references/lms_apis.html"
MAX_LONG = 20_000
MAX_LINE = 2_000
_CC = re.compile(r"creative-commons:\s*(?:ver=(\d\.\d))?\s*((?:BY|NC|ND|SA|ZERO|\s){0,20})", re.IGNORECASE)


@cache
def known() -> frozenset[str]:
    """The fields that the table names, read or ignored."""
    rows = files(__package__).joinpath("tables", "openedx.tsv").read_text("utf-8").splitlines()
    return frozenset(
        name for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE) for name in row["source"].split()
    )


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one course. A payload that is none gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    data = json_node.payload(record.payload) or {}
    if data.get("hidden") is True:  # the publication rules say so
        return build.mapped()
    course = read(data, record.source)
    if course is None:
        build.issue("openedx-unreadable", "/course")
        return build.mapped()
    words = Words(build, context, "openedx-email")
    words.entry()
    tags = _languages(course, build, context)
    language = tags[0] if tags else context.feed.language or "und"
    _types(course, build, context)
    _texts(course, words, language)
    _addresses(course, build, words)
    _subjects(course, words, language)
    _agents(course, words)
    _values(course, build, context)
    openedx_runs.write(course, words)
    words.feed_licence()
    _unknown(course, build)
    record_node.describe(build, record, context, FORMAT_IRI)
    return build.mapped()


def _languages(course: Course, build: Builder, context: MapContext) -> list[str]:
    """Languages as tags: of the course, of each run; those of subtitles only besides."""
    found: list[str] = []
    names = (("inLanguage", ("content_language", "language", "languages")),
             ("availableLanguage", ("transcript_languages", "transcript_languages_search_facet_names")))  # fmt: skip
    for predicate, keys in names:
        for value, place in course.each(*keys):
            said = label(value)
            tag = context.values.language(said) or context.values.language(re.sub(r"\s+[-–(].*$", "", said))
            if tag is None:
                if said and not context.values.is_ignored("languages", said):
                    build.issue("value-language", place, said, field=keys[0])
            elif predicate == "inLanguage" or tag not in found:
                build.string(predicate, tag, place)
                found += [tag] if predicate == "inLanguage" else []
    return list(dict.fromkeys(found))


def _types(course: Course, build: Builder, context: MapContext) -> None:
    """A course; a MOOC where it is counted as one."""
    said = first(course, "reporting_type")
    notation = "mooc" if said[0].lower() == "mooc" else "course"
    place = said[1] if notation == "mooc" else "/course"
    build.add("learningResourceType", context.iris.concept("resource-type", notation), place)
    for kind in types_for(notation):
        build.type(kind, place)


def _texts(course: Course, words: Words, language: str) -> None:
    build, values = words.build, words.context.values
    name, place = first(course, "title", "name", "display_name")
    name = words.line(name[:MAX_LINE], place)
    if name and values.is_ignored("title", name):
        build.issue("openedx-template", place, name, field="name")
    else:
        build.text("name", name, language, place)
    short, at = first(course, "short_description", "subtitle", "catalog_course_description")
    brief = words.plain(_without_fillers(short[:MAX_LONG]), at)
    long = ""
    for key in ("full_description", "overview", "description"):
        text, where = first(course, key)
        read_so = overview(text[:200_000])
        long = words.plain(read_so.about, where)[:MAX_LONG].rstrip()
        if read_so.template:
            build.issue("openedx-template", where, read_so.template, field=key)
        for requirement in read_so.requirements:
            build.text("coursePrerequisites", words.plain(requirement, where)[:MAX_LINE], language, where)
        for person in read_so.staff:
            _contributor(words, person, where)
        if long:
            build.text("description", long, language, where)
            break
    if brief and brief != long:
        build.text("abstract" if long else "description", brief, language, at)
    for predicate, keys in (
        ("teaches", ("outcome", "expected_learning_items", "what_you_will_learn")),
        ("coursePrerequisites", ("prerequisites_raw", "prerequisites")),
    ):
        for value, where in course.each(*keys):
            for line in lines(label(value)[:MAX_LONG]):
                build.text(predicate, words.plain(line, where)[:MAX_LINE], language, where)
    syllabus, where = first(course, "syllabus_raw", "syllabus")
    if text := words.plain(_without_fillers(syllabus[:MAX_LONG]), where):
        node = build.child("syllabus", 1)
        build.add("syllabusSections", node, where)
        build.type(iris.SCHEMA + "Syllabus", where, node)
        build.text("description", text, language, where, node)


def _without_fillers(text: str) -> str:
    return overview(text).about if text else ""


def _contributor(words: Words, name: str, place: str) -> None:
    if (agent := words.agent(name, place, person=True)) is not None:
        words.build.add("contributor", agent, place)


def _addresses(course: Course, build: Builder, words: Words) -> None:
    """The page, the picture, the film; relative ones against the server."""
    for predicate, keys in (
        ("url", ("marketing_url", "url", "page.page_url", "external_marketing_url", "about_url")),
        ("image", ("media.image.raw", "image.src", "media.course_image.uri", "image_url", "card_image_url",
                   "page.feature_image_src", "thumbnail_url", "image", "media.banner_image.uri_absolute")),
    ):  # fmt: skip
        value, place = first(course, *keys)
        target = course.absolute(value)
        if target is not None:
            build.add(predicate, Iri(target), place)
        elif value and ("://" in value or not clean.is_private(course.site)):
            build.issue("openedx-address", place, value, field=keys[0])
    if not build.objects("url") and course.lead and (page := course.page(course.lead[0])):
        build.add("url", Iri(page[0]), page[1])
    value, place = first(course, "video.src", "media.course_video.uri", "video_url")
    if target := course.absolute(value):
        words.encoding(target, "", place)


def _subjects(course: Course, words: Words, language: str) -> None:
    # A field of study is no audience and no level, although words such as "Management" name one elsewhere.
    build, values = words.build, words.context.values
    for value, place in course.each("subjects", "topics", "departments", "subject"):
        word = words.line(label(value)[:300], place)
        subject = values.subject(word)
        if subject is not None:
            build.add("about", subject, place)
        elif not values.is_ignored("keywords", word):
            build.text("keywords", word, language, place)
    for value, place in course.each("skills", "skill_names"):
        build.text("teaches", words.line(label(value)[:300], place), language, place)


def _agents(course: Course, words: Words) -> None:
    """Who offers the course: publisher; who pays for it: sponsor. Who teaches it belongs to the runs."""
    build = words.build
    for predicate, keys in (
        ("publisher", ("owners", "authoring_organizations", "organizations")), ("contributor", ("collaborators",)),
        ("funder", ("sponsors",)),
    ):  # fmt: skip
        for value, place in course.each(*keys):
            said = label(value)
            name = said.partition(": ")[2] or said if isinstance(value, str) else said
            agent = words.agent(name, place, person=False)
            if agent is None:
                continue
            build.add(predicate, agent, place)
            home = clean.url(label(value.get("homepage_url")) if isinstance(value, dict) else "")
            if home and agent.startswith(build.resource + "/") and not build.objects("url", agent):
                build.add("url", Iri(home), place, agent)
    org, place = first(course, "org")
    if org and not build.objects("publisher") and (agent := words.agent(org, place, person=False)):
        build.add("publisher", agent, place)


def _values(course: Course, build: Builder, context: MapContext) -> None:
    values = context.values
    number, place = first(course, "number", "course_number")
    build.string("courseCode", clean.line(number)[:200] or course.number, place or "/course/key")
    level, place = first(course, "level_type", "level")
    if level and not values.is_ignored("level", level):
        concept = values.concept("level", level)
        if concept is not None:
            build.add("educationalLevel", concept, place)
        else:
            build.string("educationalLevel", clean.line(level)[:200], place)
            build.issue("value-unknown", place, level, field="level_type", scheme="level")
    said, place = first(course, "license")
    if said and not values.is_ignored("license", said):
        licence = values.licence(_licence(said))
        if licence is not None:
            build.add("license", licence, place)
        else:
            build.string("license", clean.line(said)[:500], place)
            build.issue("value-licence", place, said, field="license")
    hours, place = first(course, "estimated_hours")
    length = clean.duration(f"{hours} h") if re.fullmatch(r"\d{1,4}(?:\.\d{1,2})?", hours) else None
    if length:
        build.add("timeRequired", Literal(length, XSD + "duration"), place)
    stamps = [(stamp.value, stamp, at) for text, at in course.each("modified")
              if isinstance(text, str) and (stamp := clean.date(text)) is not None]  # fmt: skip
    if stamps:
        _, stamp, at = max(stamps, key=lambda one: one[0])
        build.add("dateModified", stamp, at)
    for value, place in course.each("programs"):
        address = clean.url(label(value.get("marketing_url"))) if isinstance(value, dict) else None
        if address:
            build.add("isPartOf", Iri(address), place)
    text, place = first(course, "certificate_type")
    if text and not text.lower().startswith("no cert"):
        build.text("educationalCredentialAwarded", clean.line(text)[:200], "und", place)


def _licence(said: str) -> str:
    """Open edX's own words for a licence as those that the tables know: "creative-commons: ver=4.0 BY NC"."""
    if clean.fold(said) == "all rights reserved":
        return "all rights reserved"
    found = _CC.match(said[:200])
    if found is None:
        return said
    parts = found[2].upper().split()
    if "ZERO" in parts:
        return "CC0-1.0"
    return f"CC-{'-'.join(part for part in ('BY', 'NC', 'SA', 'ND') if part in parts)}-{found[1] or '4.0'}"


def _unknown(course: Course, build: Builder) -> None:
    """Tell the fields that no rule read and no row ignores, each once."""
    told: set[str] = set()
    for name, value, place in _fields(course):
        if name not in known() and name not in told and value not in (None, "", [], {}, False):
            told.add(name)
            shown = value if isinstance(value, str) else "" if isinstance(value, dict | list) else str(value)
            build.issue("openedx-unknown", place[:300], clean.drop_emails(shown[:300])[0], field=name[:100])


def _fields(course: Course) -> Iterator[tuple[str, Any, str]]:
    objects: list[tuple[Mapping[str, Any], str]] = [(course.own, "/course")]
    objects += [(run, f"/runs/{number}") for number, run in course.runs]
    for one, place in objects:
        for name, value in one.items():
            yield name, value, f"{place}/{name}"
