"""Runs of an Open edX course: dates, pace, effort, people, prices, the time to enrol.

A course without a date (none set, or the default that stands for none) has no run: what its runs say belongs to
the course. Source: edx-platform, course_api serializers; course-discovery, api serializers (seats, staff).
"""

from __future__ import annotations

import re
from typing import Any

from registry.crosswalk import clean
from registry.crosswalk.feed_terms import Words
from registry.crosswalk.json_node import items
from registry.crosswalk.openedx_read import Course, Object, day, label
from registry.iris import SCHEMA
from registry.terms import XSD, Iri, Literal

MAX_SEATS = 20
_FREE_SEATS = frozenset(["audit", "honor"])


def write(course: Course, words: Words) -> None:
    """All runs, and what follows from them for the course: mode, access, whether it is free."""
    build, iris = words.build, words.context.iris
    free: list[tuple[bool, str]] = []
    invited: list[tuple[bool, str]] = []
    for number, run in course.runs:
        base = f"/runs/{number}"
        free += _run(course, words, number, run, base)
        if isinstance(run.get("invitation_only"), bool):
            invited.append((run["invitation_only"], f"{base}/invitation_only"))
    free += _offers(words, course.own, "/course", build.resource)
    # An Open edX is a platform on the web: whatever it offers takes place there.
    first_place = "/runs/0" if course.runs else "/course"
    build.add("courseMode", iris.concept("modality", "online"), first_place)
    for number, run in course.runs:
        name = next((one for one in ("pacing", "pacing_type") if run.get(one)), "")
        pace = label(run.get(name)).lower().replace("-", "_")
        if pace.startswith("self") or run.get("is_self_paced") is True:
            where = f"/runs/{number}/{name or 'is_self_paced'}"
            build.add("courseMode", iris.concept("modality", "asynchronous"), where)
        elif pace and not pace.startswith("instructor"):
            build.issue("openedx-pacing", f"/runs/{number}/{name}", pace)
    if free:
        answer = next((one for one in free if one[0]), free[0])
        build.add("isAccessibleForFree", Literal(str(answer[0]).lower(), XSD + "boolean"), answer[1])
    if invited and all(one[0] for one in invited):
        build.add("conditionsOfAccess", iris.concept("access", "nomination-required"), invited[0][1])
    elif free and not any(one[0] for one in free):
        build.add("conditionsOfAccess", iris.concept("access", "paid"), free[0][1])
    elif course.runs:
        place = invited[0][1] if invited else first_place
        build.add("conditionsOfAccess", iris.concept("access", "registration"), place)


def _run(course: Course, words: Words, number: int, run: Object, base: str) -> list[tuple[bool, str]]:
    """One run as a CourseInstance; one without dates adds to the course. Returns whether seats are free."""
    build = words.build
    start, end = (
        _moment(words, run, base, *names) for names in (("start", "start_date"), ("end", "end_date"))
    )  # fmt: skip
    if start and end and end[0].value < start[0].value:
        build.issue("openedx-order", end[1], f"{start[0].value} / {end[0].value}")
        end = None
    node = build.resource
    if start or end:
        node = build.child("run", len(build.objects("hasCourseInstance")) + 1)
        build.add("hasCourseInstance", node, base)
        build.type(SCHEMA + "CourseInstance", base, node)
        build.add("eventAttendanceMode", Iri(SCHEMA + "OnlineEventAttendanceMode"), base, node)
        for predicate, moment in (("startDate", start), ("endDate", end)):
            if moment is not None:
                build.add(predicate, moment[0], moment[1], node)
        own = course.page(number)
        if own is not None:
            build.add("url", Iri(own[0]), own[1], node)
        shared = [str(one) for one in build.objects("url")]
        if page := own or ((shared[0], "/course/marketing_url") if shared else None):
            room = Iri(f"{node}/room")
            build.add("location", room, page[1], node)
            build.type(SCHEMA + "VirtualLocation", page[1], room)
            build.add("url", Iri(page[0]), page[1], room)
    elif day(run, "start", "start_date") == "" and label(run.get("start") or run.get("start_date")):
        build.issue("openedx-no-date", f"{base}/start", label(run.get("start") or run.get("start_date")))
    _workload(words, run, base, node)
    _people(words, run, base, node)
    return _offers(words, run, base, node)


def _moment(words: Words, run: Object, base: str, *names: str) -> tuple[Literal, str] | None:
    """A time with its place; the default that stands for none is none, anything unreadable is told."""
    name = next((one for one in names if label(run.get(one))), names[0])
    said = day(run, *names)
    if not said:
        return None
    found = clean.date(said)
    if found is None or found.datatype not in (XSD + "date", XSD + "dateTime"):
        words.build.issue("openedx-date", f"{base}/{name}", said, field=name)
        return None
    if found.datatype == XSD + "date":
        found = Literal(found.value + "T00:00:00Z", XSD + "dateTime")  # as its partner, and as the platform means it
    elif not re.search(r"Z$|[+-]\d\d:\d\d$", found.value):
        found = Literal(found.value + "Z", XSD + "dateTime")  # Open edX keeps all times in UTC
    return found, f"{base}/{name}"


def _workload(words: Words, run: Object, base: str, node: Iri) -> None:
    """The effort as text: as stated, or from the hours a week that Discovery gives."""
    for name in ("effort", "time_commitment"):
        if text := words.line(label(run.get(name))[:300], f"{base}/{name}"):
            words.build.string("courseWorkload", text, f"{base}/{name}", node)
            return
    least, most = (label(run.get(name)) for name in ("min_effort", "max_effort"))
    numbers = sorted({int(one) for one in (least, most) if re.fullmatch(r"0*[1-9]\d{0,2}", one)})
    weeks = label(run.get("weeks_to_complete"))
    parts = ["–".join(map(str, numbers)) + " h/week"] if numbers else []
    parts += [f"{int(weeks)} weeks"] if re.fullmatch(r"0*[1-9]\d{0,2}", weeks) else []
    name = "max_effort" if numbers else "weeks_to_complete"
    words.build.string("courseWorkload", ", ".join(parts), f"{base}/{name}", node)


def _people(words: Words, run: Object, base: str, node: Iri) -> None:
    """Who teaches: of a run its instructors, of a course without dates contributors."""
    predicate = "contributor" if node == words.build.resource else "instructor"
    for key in ("staff", "instructors"):
        for number, one in enumerate(items(run.get(key))[:100]):
            given = [label(one.get(part)) for part in ("given_name", "family_name")] if isinstance(one, dict) else []
            name = " ".join(filter(None, given)) or label(one)
            place = f"{base}/{key}/{number}"
            agent = words.agent(name, place, person=True) if name else None
            if agent is None:
                continue
            words.build.add(predicate, agent, place, node)
            position = one.get("position") if isinstance(one, dict) else None
            office = label(position.get("organization_name")) if isinstance(position, dict) else ""
            own = agent.startswith(words.build.resource + "/")
            if own and office and (other := words.agent(office, f"{place}/position/organization_name", person=False)):
                words.build.add("affiliation", other, f"{place}/position/organization_name", agent)


def _offers(words: Words, run: Object, base: str, node: Iri) -> list[tuple[bool, str]]:
    """Seats, entitlements and products as offers, with the time in which one can enrol. (free, place) of each."""
    build, told = words.build, list[tuple[bool, str]]()
    window: list[tuple[str, Literal, str]] = []
    for predicate, name in (("validFrom", "enrollment_start"), ("validThrough", "enrollment_end")):
        if moment := _moment(words, run, base, name):
            window.append((predicate, *moment))
    seats: list[tuple[Any, str]] = []
    for key in ("seats", "entitlements", "products"):
        seats += [(one, f"{base}/{key}/{n}") for n, one in enumerate(items(run.get(key))[:MAX_SEATS])
                  if isinstance(one, dict) and one.get("is_active") is not False]  # fmt: skip
    kinds = [label(one).lower() for one in items(run.get("seat_types"))]
    if not seats and _FREE_SEATS & set(kinds):  # in a search the kinds stand for the seats
        told.append((True, f"{base}/seat_types"))
    if not seats and label(run.get("current_price")):
        seats = [({"price": run["current_price"]}, base)]
    if not seats and window:
        seats = [({}, window[0][2])]
    for number, (seat, place) in enumerate(seats, start=1):
        offer = Iri(f"{node}/offer/{number}")
        build.add("offers", offer, place, node)
        build.type(SCHEMA + "Offer", place, offer)
        price, money = label(seat.get("price")), label(seat.get("currency")).upper()
        kind = label(seat.get("type") or seat.get("mode")).lower()
        if re.fullmatch(r"\d{1,9}(?:\.\d{1,4})?", price):
            build.add("price", Literal(price, XSD + "decimal"), f"{place}/price", offer)
            told.append((not float(price), f"{place}/price"))
        elif price:
            build.issue("openedx-price", f"{place}/price", price)
        elif kind in _FREE_SEATS:
            told.append((True, place))
        if re.fullmatch(r"[A-Z]{3}", money):
            build.string("priceCurrency", money, f"{place}/currency", offer)
        build.string("name", kind[:100], place, offer)
        for predicate, stamp, where in window:
            build.add(predicate, stamp, where, offer)
    return told
