"""Dated things of schema.org: course runs, schedules and events, with place, offer and attendance mode.

Source: docs/profile.md, "Event and course run" and crosswalk of schema.org.
"""

from __future__ import annotations

from registry.crosswalk import clean
from registry.crosswalk.schemaorg_parts import Parts
from registry.crosswalk.schemaorg_read import Object, scalar, types
from registry.iris import SCHEMA
from registry.terms import XSD, Iri, Literal

DATED = ("startDate", "endDate")
_SCHEDULE = (
    "repeatFrequency", "repeatCount", "byDay", "byMonth", "startTime", "endTime", "scheduleTimezone", "duration",
)  # fmt: skip


def runs(parts: Parts, node: Object) -> list[tuple[bool, str]]:
    """All runs of a course: ``hasCourseInstance``, and dates that stand on the course itself.

    Returns (free, place) of each offer that tells.
    """
    read, told = parts.read, []
    for value, place in read.values(node, "hasCourseInstance"):
        if not isinstance(value, dict) or "@value" in value:
            read.issue("schemaorg-no-run", place, scalar(value))
            continue
        told += _run(parts, value, value.get("@place", place))
    if own_run(node):
        told += _run(parts, node, node.get("@place", ""), own=True)
    return told


def own_run(node: Object) -> bool:
    """Whether a description is a run itself: a CourseInstance alone, or a course with dates of its own."""
    stated = types(node)
    if "CourseInstance" in stated and "Course" not in stated:
        return True
    return "Course" in stated and any(node.get(key) not in (None, "", []) for key in (*DATED, "courseSchedule"))


def _run(parts: Parts, node: Object, place: str, own: bool = False) -> list[tuple[bool, str]]:
    """One CourseInstance; with ``own`` only the dated properties of a node that is the course itself."""
    read, build = parts.read, parts.read.build
    number = len(build.objects("hasCourseInstance")) + 1
    run = build.child("run", number)
    build.add("hasCourseInstance", run, place)
    build.type(SCHEMA + "CourseInstance", place, run)
    told: list[tuple[bool, str]] = []
    modes = parts.modes(node, run)
    if not own:
        for text, language, at in read.texts(node, "name"):
            build.text("name", text, language, at, run)
        for text, language, at in read.texts(node, "description", long=True):
            build.text("description", text, language, at, run)
        for value, at in read.values(node, "url"):
            if (target := read.target(value, relative=True)) and not build.objects("url", run):
                build.add("url", target, at, run)
        languages(parts, node, "inLanguage", run)
        told = parts.offers(node, run)
    dated(parts, node, run, modes)
    return told


def dated(parts: Parts, node: Object, subject: Iri, modes: set[str]) -> None:
    """What events and course runs have in common: dates, place, mode, status, people, load."""
    read, build = parts.read, parts.read.build
    parts.date(node, "startDate", "startDate", subject=subject)
    parts.date(node, "endDate", "endDate", subject=subject)
    _schedules(parts, node, subject)
    _one_kind(parts, node, subject)
    online = parts.places(node, subject)
    parts.attendance(node, subject, modes, online)
    parts.status(node, subject)
    for predicate in ("instructor", "organizer", "performer", "sponsor"):
        parts.agents(node, "contributor" if predicate == "performer" else predicate, predicate, subject=subject)
    for word, at in read.strings(node, "courseWorkload"):
        read.string("courseWorkload", word, at, subject)
    for word, at in read.strings(node, "maximumAttendeeCapacity"):
        if word.isdecimal() and word.isascii() and len(word) < 9:
            build.add("maximumAttendeeCapacity", Literal(word, XSD + "integer"), at, subject)
        else:
            read.issue("schemaorg-number", at, word, field="maximumAttendeeCapacity")
    for key in ("superEvent", "subEvent", "recordedIn", "workFeatured"):
        read.references(node, key, key, subject)


def _one_kind(parts: Parts, node: Object, subject: Iri) -> None:
    """Start and end can be compared only if both have a time or neither: else both are kept as days."""
    build = parts.read.build
    stamps = [(name, stamp) for name in DATED for stamp in build.objects(name, subject) if isinstance(stamp, Literal)]
    if {stamp.datatype for _, stamp in stamps} != {XSD + "date", XSD + "dateTime"}:
        return
    said = " / ".join(stamp.value for _, stamp in stamps)
    parts.read.issue("schemaorg-date-kinds", parts.read.place(node, "endDate"), said)
    for name, stamp in stamps:
        build.replace(name, stamp, Literal(stamp.value[:10], XSD + "date"), subject)


def _schedules(parts: Parts, node: Object, subject: Iri) -> None:
    """``courseSchedule`` as Schedule nodes; its dates are the run's where the run has none."""
    read, build = parts.read, parts.read.build
    for number, (value, place) in enumerate(read.values(node, "courseSchedule", "eventSchedule"), start=1):
        schedule = Iri(f"{subject}/schedule/{number}")
        build.add("courseSchedule", schedule, place, subject)
        build.type(SCHEMA + "Schedule", place, schedule)
        if not isinstance(value, dict) or "@value" in value:
            read.string("description", clean.text(scalar(value)[:2000]), place, schedule)
            continue
        for key in ("startDate", "endDate"):
            parts.date(value, key, key, subject=schedule)
            if number == 1 and not build.objects(key, subject):
                for stamp in build.objects(key, schedule):
                    build.add(key, stamp, read.place(value, key), subject)
        for key in _SCHEDULE:
            for word, at in read.strings(value, key):
                read.string(key, word, at, schedule)


def languages(parts: Parts, node: Object, key: str, subject: Iri | None = None) -> list[str]:
    """Languages as BCP 47 tags; what is none is told (a wrong tag would hold the record back)."""
    read, found = parts.read, []
    for value, place in read.values(node, key):
        words = [scalar(value)]
        if isinstance(value, dict) and "@value" not in value:
            words = [scalar(value.get(name)) for name in ("alternateName", "identifier", "name", "@id")]
            words = [word for word in words if word] or [scalar(value)]
        tags = [tag for word in words if (tag := read.context.values.language(word))]
        if tags:
            read.string(key, tags[0], place, subject)
            found.append(tags[0])
            continue
        several = clean.split_list(words[0], comma=True) if words and words[0] else []
        for word in several:
            tag = read.context.values.language(word)
            if tag:
                read.string(key, tag, place, subject)
                found.append(tag)
            elif not read.context.values.is_ignored("languages", word):
                read.issue("schemaorg-language", place, word)
    return list(dict.fromkeys(found))
