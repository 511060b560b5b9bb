"""Courses of a Moodle (web services, or what its pages show) → the profile.

Texts in several languages become one text a language. Places are JSON pointers in {"course", "categories"} of the
harvester. Sources: Moodle, course/externallib.php (3.2 to 5.x); docs/profile.md, crosswalk of Moodle.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from registry.crosswalk import clean, json_node, moodle_fields, record_node
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.feed_terms import Words
from registry.crosswalk.json_node import items
from registry.crosswalk.moodle_read import MAX_LINE, Reader, is_default, line, number
from registry.crosswalk.values import types_for
from registry.iris import SCHEMA
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal

FORMAT_IRI = "https://docs.moodle.org/dev/Web_service_API_functions"
# Ways to enrol, by the plugin's name: against payment, of one's own accord, for members, by somebody else.
_PAID = frozenset(
    ["fee", "paypal", "stripe", "stripepayment", "authorizedotnet", "authorize", "payu", "woocommerce",
     "coursepayment", "payment", "mollie", "razorpay", "yafee", "shopify", "credit", "wallet", "duitku", "midtrans",
     "gateway"]
)  # fmt: skip
_OWN = frozenset(["self", "autoenrol", "auto", "waitlist", "selma", "apply", "attributes", "easy", "select", "arlo"])
_MEMBERS = frozenset(
    ["cohort", "ldap", "database", "lti", "mnet", "meta", "category", "flatfile", "imsenterprise", "oneroster"]
)
_GIVEN = frozenset(["manual", "invitation", "approval", "manualenrol", "program", "programs", "bulk"])

Object = Mapping[str, Any]


@cache
def known() -> frozenset[str]:
    """The fields that the table names, read or ignored."""
    rows = files(__package__).joinpath("tables", "moodle.tsv").read_text("utf-8").splitlines()
    return frozenset(
        name for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE) for name in row["source"].split()
    )


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one course. A payload that is none gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    data = json_node.payload(record.payload) or {}
    course = data.get("course")
    if isinstance(course, dict) and (data.get("hidden") is True or number(course.get("visible")) == 0):
        return build.mapped()  # the publication rules tell that it stays back
    if not isinstance(course, dict) or not (course.get("fullname") or course.get("displayname")):
        build.issue("moodle-unreadable", "/course/fullname")
        return build.mapped()
    words = Words(build, context, "moodle-email")
    words.entry()
    shown = context.values.language(line(data.get("language"))) or ""
    forced = context.values.language(line(course.get("lang"))) or ""
    read = Reader(words, forced or context.feed.language or shown or "und", line(context.feed.options.get("timezone")))
    stated = moodle_fields.languages(read, course)
    if len(stated) == 1 and not forced:
        read.language = stated[0]
    _language(read, course, forced, stated, shown)
    _texts(read, course)
    _categories(read, course, items(data.get("categories")))
    moodle_fields.write(read, course)
    _kind(read, course)
    _address(read, record.source, course)
    _run(read, course)
    _access(read, course)
    _people(read, course)
    words.feed_licence()
    for name, value in course.items():
        if name not in known() and value not in (None, "", [], {}, False, 0):
            said = value if isinstance(value, str) else "" if isinstance(value, dict | list) else str(value)
            build.issue("moodle-unknown", f"/course/{name}"[:300], clean.drop_emails(said[:300])[0], field=name[:100])
    record_node.describe(build, record, context, FORMAT_IRI)
    return build.mapped()


def _language(read: Reader, course: Object, forced: str, stated: list[str], shown: str) -> None:
    """What the course is taught in: the forced language, what a field says, those of its name, else the site's."""
    build, said = read.words.build, line(course.get("lang"))
    if said and not forced and not read.context.values.is_ignored("languages", said):
        build.issue("value-language", "/course/lang", said, field="lang")
    tags = [tag for tag, _ in read.texts(course.get("fullname"), "/course/fullname") if tag not in ("und", "")]
    if forced:
        build.string("inLanguage", forced, "/course/lang")
    elif stated:
        return
    elif len(tags) > 1 or (tags and tags[0] != read.language):
        for tag in tags:
            build.string("inLanguage", tag, "/course/fullname")
    else:
        usual = read.context.values.language(read.context.feed.language or shown)
        build.string("inLanguage", usual or "", "/course/lang")


def _texts(read: Reader, course: Object) -> None:
    build, values = read.words.build, read.context.values
    name = "fullname" if line(course.get("fullname")) else "displayname"  # made from the full one for lists
    for tag, text in read.texts(course.get(name), f"/course/{name}"):
        if is_default("fullname", text) or values.is_ignored("title", text):
            build.issue("moodle-template", f"/course/{name}", text, field=name)
        else:
            build.text("name", text, tag, f"/course/{name}")
    form = number(course.get("summaryformat"))
    for tag, text in read.texts(course.get("summary"), "/course/summary", 1 if form is None else form):
        if is_default("summary", text) or values.is_ignored("description", text):
            build.issue("moodle-template", "/course/summary", text, field="summary")
        else:
            build.text("description", text, tag, "/course/summary")
    for key, predicate in (("shortname", "courseCode"), ("idnumber", "identifier")):
        for _, text in read.texts(course.get(key), f"/course/{key}"):
            if not is_default(key, text):
                build.string(predicate, text[:MAX_LINE], f"/course/{key}")


def _categories(read: Reader, course: Object, path: list[Any]) -> None:
    """The categories from the top: known subjects, else keywords, in each language that they have."""
    build, values = read.words.build, read.context.values
    listed: list[tuple[Any, str]] = [
        (one.get("name"), f"/categories/{number}/name")
        for number, one in enumerate(path[:20])
        if isinstance(one, dict)
    ]
    if not listed:
        listed = [(course.get("categoryname"), "/course/categoryname")]
    tagged: list[tuple[Any, str]] = []
    for position, one in enumerate(items(course.get("tags"))[:100]):
        name = (one.get("rawname") or one.get("name")) if isinstance(one, dict) else one
        tagged.append((name, f"/course/tags/{position}"))
    for value, place in [*listed, *tagged]:
        for tag, text in read.texts(value, place):
            subject = values.subject(text)
            if subject is not None:
                build.add("about", subject, place)
            elif not values.is_ignored("keywords", text) and not is_default("category", text):
                build.text("keywords", text[:300], tag, place)


def _kind(read: Reader, course: Object) -> None:
    """A course, and what kind of one a field of the site's own says."""
    build = read.words.build
    kinds = [str(one).rpartition("/")[2] for one in build.objects("learningResourceType") if isinstance(one, Iri)]
    if not build.objects("learningResourceType"):
        build.add("learningResourceType", read.context.iris.concept("resource-type", "course"), "/course/id")
    for notation in (*kinds, "course"):
        for iri in types_for(notation):
            build.type(iri, "/course/id")


def _address(read: Reader, page: str, course: Object) -> None:
    """The page of the course, its picture; pages of an intranet are not for others."""
    build = read.words.build
    target = clean.url(page)
    if target is not None and "/course/view.php" in target:
        build.add("url", Iri(target), "/course/id")
    pictures = [(course.get("courseimage"), "/course/courseimage")]
    for position, one in enumerate(items(course.get("overviewfiles"))[:20]):
        if isinstance(one, dict) and line(one.get("mimetype")).startswith("image/"):
            pictures.append((one.get("fileurl"), f"/course/overviewfiles/{position}/fileurl"))
    for value, place in pictures:
        image = clean.url(line(value))
        # A picture that Moodle draws for a course without one says nothing.
        if image is not None and "/course/generated/" not in image and not image.startswith("data:"):
            build.add("image", Iri(image), place)
            break
    for name, predicate in (("timecreated", "dateCreated"), ("timemodified", "dateModified")):
        stamp = Reader(read.words, "").moment(course.get(name))
        if stamp is not None and not build.objects(predicate):
            build.add(predicate, stamp, f"/course/{name}")


def _run(read: Reader, course: Object) -> None:
    """Start and end as a course run; 0 is none."""
    build = read.words.build
    start, end = (read.moment(course.get(name)) for name in ("startdate", "enddate"))
    if start and end and end.value[:10] < start.value[:10]:
        build.issue("moodle-order", "/course/enddate", f"{start.value} / {end.value}")
        end = None
    if start and end and start.datatype != end.datatype:
        start, end = (Literal(one.value[:10], XSD + "date") for one in (start, end))
    if not start and not end:
        return
    run, place = build.child("run", 1), "/course/startdate" if start else "/course/enddate"
    build.add("hasCourseInstance", run, place)
    build.type(SCHEMA + "CourseInstance", "/course", run)  # what it lacks stands beside its dates
    for predicate, stamp, name in (("startDate", start, "startdate"), ("endDate", end, "enddate")):
        if stamp is not None:
            build.add(predicate, stamp, f"/course/{name}", run)
    modes = {str(one).rpartition("/")[2] for one in build.objects("courseMode")}
    kinds = [
        kind
        for kind, some in (("Mixed", {"blended"}), ("Online", {"online"}), ("Offline", {"onsite"}))
        if modes & some
    ]
    if kinds:
        kind = "Mixed" if len(kinds) > 1 else kinds[0]
        build.add("eventAttendanceMode", Iri(f"{SCHEMA}{kind}EventAttendanceMode"), "/course/customfields", run)


def _access(read: Reader, course: Object) -> None:
    """Who gets in, from the ways to enrol; a field of the site's own wins."""
    build, iris = read.words.build, read.context.iris
    methods = {line(one).lower() for one in items(course.get("enrollmentmethods")) if line(one)}
    place, known = "/course/enrollmentmethods", _PAID | _OWN | _MEMBERS | _GIVEN | {"guest"}
    for method in sorted(methods - known):
        build.issue("moodle-enrolment", place, method)
    kinds = (
        ("open", {"guest"}), ("paid", _PAID), ("registration", _OWN), ("members-only", _MEMBERS),
        ("nomination-required", _GIVEN),
    )  # fmt: skip
    kind = next((name for name, some in kinds if methods & some), "")
    if kind and not build.objects("conditionsOfAccess"):
        build.add("conditionsOfAccess", iris.concept("access", kind), place)
    # Where one may pay or enrol oneself, what it costs is not said.
    free = {"open": True, "registration": True, "paid": None if methods & _OWN else False}.get(kind)
    if free is not None and not build.objects("isAccessibleForFree"):
        build.add("isAccessibleForFree", Literal(str(free).lower(), XSD + "boolean"), place)


def _people(read: Reader, course: Object) -> None:
    """Who teaches, where the feed's entry allows names at all."""
    if read.context.feed.options.get("contacts") is not True:
        return
    build, run = read.words.build, read.words.build.child("run", 1)
    dated = bool(build.objects("hasCourseInstance"))
    for position, one in enumerate(items(course.get("contacts"))[:100]):
        place = f"/course/contacts/{position}/fullname"
        name = line(one.get("fullname")) if isinstance(one, dict) else ""
        agent = read.words.agent(name, place, person=True) if name else None
        if agent is not None:
            build.add("instructor" if dated else "contributor", agent, place, run if dated else None)
