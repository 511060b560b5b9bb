"""iCalendar → the profile: a single event is an EducationEvent, a series a Course with its runs.

The place of a value is "VEVENT UID=… NAME", with RECURRENCE-ID for a changed occurrence.
Sources: RFC 5545, RFC 7986, RFC 9253 (CONCEPT, LINK); docs/profile.md, crosswalk of iCalendar.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from urllib.parse import unquote

from registry.crosswalk import clean, ical_invitation, ical_place, ical_read, ical_runs
from registry.crosswalk.base import Builder, MapContext, Mapped
from registry.crosswalk.feed_terms import Words
from registry.crosswalk.ical_read import Component, Property
from registry.crosswalk.ical_runs import Bounds, Run
from registry.crosswalk.ical_time import Clock, database_zone, observed_zone
from registry.crosswalk.record_node import describe
from registry.crosswalk.values import types_for
from registry.iris import SCHEMA
from registry.model import RawRecord
from registry.terms import XSD, Iri, Literal, is_iri

_ADDRESS = re.compile(r"https?://\S{1,2000}")
_QUOTED = re.compile(r"(?=.{0,500}%[0-9A-Fa-f]{2})[^\s%]*(?:%[0-9A-Fa-f]{2}[^\s%]*){1,200}")
PROFILE = "https://www.rfc-editor.org/info/rfc5545"
_STATUS = {"CANCELLED": "EventCancelled", "CONFIRMED": "", "TENTATIVE": ""}
# Titles of calendars that show only whether someone is busy.
_BUSY = frozenset(
    "busy free tentative occupe libre ocupado ocupada belegt frei beschaftigt gebucht occupato out of office".split()
) | {"out of office", "no title", "ohne titel", "sans titre", "sin titulo", "private", "private appointment"}
_READ = frozenset(
    "ATTACH CALSCALE CATEGORIES CONCEPT CONFERENCE CREATED DESCRIPTION DTEND DTSTART DUE DURATION EXDATE EXRULE GEO "
    "IMAGE LAST-MODIFIED LINK LOCATION ORGANIZER RDATE RECURRENCE-ID RELATED-TO RRULE STATUS STYLED-DESCRIPTION "
    "SUMMARY UID URL".split()
)
# Ignored by name, with the X-… properties that the harvester lets through and ical_place reads.
_IGNORED = frozenset(
    "CLASS COLOR COMPLETED NAME PERCENT-COMPLETE PRIORITY REFID RESOURCES SEQUENCE SOURCE STRUCTURED-DATA TRANSP "
    "TRIGGER VERSION PRODID REFRESH-INTERVAL TZID ACKNOWLEDGED ACTION REPEAT METHOD".split()
)


def crosswalk(record: RawRecord, context: MapContext) -> Mapped:
    """Map one series. What holds no event gives no triples, and an issue."""
    build = Builder(context.iris.resource(context.feed.id, record.key))
    calendar = ical_read.read(record.payload)
    events = [one for one in calendar.inner if one.kind == "VEVENT"]
    if not events:
        build.issue("ical-unreadable", "VEVENT")
        return build.mapped()
    main = next((event for event in events if event.first("RECURRENCE-ID") is None), events[0])
    title = main.first("SUMMARY")
    if title is not None and clean.fold(title.text) in _BUSY:
        build.issue("ical-busy", title.place, title.text)
        return build.mapped()
    clock = _clock(calendar, context)
    if calendar.value("CALSCALE"):
        build.issue("ical-calscale", "VCALENDAR CALSCALE", calendar.value("CALSCALE"))
    runs = ical_runs.runs(events, clock, _bounds(context, build))
    begin = main.first("DTSTART")
    if not runs and (ical_runs.repeats(main) or _bounded(context)) and begin and clock.moment(begin) is not None:
        _faults(build, clock)
        build.issue("ical-no-runs", (main.first("RRULE") or begin).place, (main.first("RRULE") or begin).value)
        return build.mapped()
    mapping = _Event(build, context, calendar)
    if len(runs) > 1:
        mapping.course(main, runs)
    else:
        mapping.single(runs[0].event if runs else main, runs[0] if runs else None)
    _faults(build, clock)
    describe(build, record, context, PROFILE)
    return build.mapped()


def _clock(calendar: Component, context: MapContext) -> Clock:
    """The zones of the payload; for times that name none that of the calendar, else of the feed."""
    zones = {one.value("TZID"): one for one in calendar.inner if one.kind == "VTIMEZONE"}
    clock = Clock(zones, None)
    said = [(f"VCALENDAR {name}", calendar.value(name)) for name in ("X-WR-TIMEZONE", "TIMEZONE-ID")]
    for place, name in (*said, ("timezone", str(context.feed.options.get("timezone", "")))):
        if name and clock.default is None:
            clock.default = database_zone(name) or (observed_zone(zones[name]) if name in zones else None)
            if clock.default is None:
                clock.fault("ical-timezone", place, name)
    return clock


def _bounded(context: MapContext) -> bool:
    return any(context.feed.options.get(name) for name in ("from", "until"))


def _bounds(context: MapContext, build: Builder) -> Bounds:
    days: list[datetime.date | None] = []
    for name in ("from", "until"):
        said = str(context.feed.options.get(name, ""))
        try:
            days.append(datetime.date.fromisoformat(said) if said else None)
        except ValueError:
            days.append(None)
            build.issue("ical-option", name, said)
    return Bounds(*days)


def _faults(build: Builder, clock: Clock) -> None:
    for (code, value), place in clock.faults.items():
        build.issue(code, place, value)


class _Event:
    """Writes one resource; holds what its parts share."""

    def __init__(self, build: Builder, context: MapContext, calendar: Component) -> None:
        self.build, self.context = build, context
        self.words = Words(build, context, "ical-email")
        self.nodes = ical_place.Nodes(self.words)
        self.stated = ""  # the language that the title states: the other texts are hardly in another
        self.cancelled = calendar.value("METHOD").upper() == "CANCEL"

    def single(self, event: Component, run: Run | None) -> None:
        """One event, also the only occurrence that is left of a series."""
        self._describe(event, "EducationEvent")
        if run is not None:
            self._times(run, self.build.resource)
        where = ical_place.read(event, self.words)
        self.nodes.write(where, self.build.resource)
        self._status(event, self.build.resource)

    def course(self, main: Component, runs: list[Run]) -> None:
        """A series: what is common on the course, what differs on its runs."""
        build = self.build
        self._describe(main, "Course")
        title = build.objects("name")
        places = {id(run.event): (run.event, ical_place.read(run.event, self.words)) for run in runs}
        common = ical_place.read(main, Words(Builder(build.resource), self.context, "ical-email"))
        for key, (event, where) in places.items():  # a changed date that says nothing of its place keeps it
            if where.mode is None and not event.first("LOCATION"):
                places[key] = (event, common)
        modes = {where.mode[0] for _, where in places.values() if where.mode is not None}
        if modes:
            mode = {"Online": "online", "Offline": "onsite"}.get(modes.pop(), "blended") if len(modes) == 1 else ""
            place = next(where.mode[1] for _, where in places.values() if where.mode is not None)
            build.add("courseMode", self.context.iris.concept("modality", mode or "blended"), place)
        for run in runs:
            node = build.child("run", run.name)
            if build.objects("startDate", node):  # the same hour of two zones
                node = build.child("run", f"{run.name}-{len(build.objects('hasCourseInstance')) + 1}")
            build.add("hasCourseInstance", node, run.place)
            build.type(SCHEMA + "CourseInstance", run.place, node)
            self._times(run, node)
            self.nodes.write(places[id(run.event)][1], node)
            self._status(run.event, node)
            if run.event is not main:
                self._texts(run.event, "SUMMARY", "name", node, title)

    def _times(self, run: Run, node: Iri) -> None:
        start, end = run.start.literal(), run.end.literal() if run.end is not None else None
        self.build.add("startDate", start, run.place, node)
        if end is None:
            return
        if end.datatype != start.datatype:  # one of them floats: days are what is certain
            end = Literal(end.value[:10], XSD + "date")
            start_day = Literal(start.value[:10], XSD + "date")
            if start_day != start:
                self.build.replace("startDate", start, start_day, node)
        if end.value[:10] >= start.value[:10]:
            self.build.add("endDate", end, run.place.replace("DTSTART", "DTEND"), node)

    def _status(self, event: Component, node: Iri) -> None:
        prop = event.first("STATUS")
        word = prop.value.strip().upper() if prop else ""
        if prop is not None and word not in _STATUS:
            self.build.issue("ical-status", prop.place, word)
        status = "EventCancelled" if self.cancelled else _STATUS.get(word, "")
        if status:
            self.build.add("eventStatus", Iri(SCHEMA + status), prop.place if prop else "VCALENDAR METHOD", node)

    def _language(self, prop: Property) -> str:
        said = prop.parameter("LANGUAGE")
        tag = self.context.values.language(said) if said else None
        if said and tag is None:
            self.build.issue("ical-language", prop.place, said)
        return tag or self.stated or self.context.feed.language or "und"

    def _texts(
        self, event: Component, name: str, predicate: str, node: Iri | None = None, known: Sequence[object] = ()
    ) -> None:
        """A text property; a run's only where it is not that of its course."""
        for prop in event.all(name):
            text = self.words.plain(prop.text, prop.place)
            text, invited = (" ".join(text.split()), False) if name == "SUMMARY" else ical_invitation.without(text)
            if invited:
                self.build.issue("ical-invitation", prop.place)
            language = self._language(prop)
            said = self.context.values.is_ignored("title" if name == "SUMMARY" else "description", text)
            if not text or said or _ADDRESS.fullmatch(text):
                if prop.value.strip() and not invited:
                    self.build.issue("ical-empty-word", prop.place, prop.text)
                continue
            taken = {str(one.language) for one in self.build.objects(predicate, node) if isinstance(one, Literal)}
            other = {"name": "alternateName", "description": "abstract"}
            if not any(isinstance(one, Literal) and one.value == text for one in known):
                chosen = other[predicate] if language.lower() in taken else predicate
                self.build.text(chosen, text, language, prop.place, node)

    def _describe(self, event: Component, kind: str) -> None:
        build, words = self.build, self.words
        words.entry()
        self._texts(event, "SUMMARY", "name")
        title = event.first("SUMMARY")
        self.stated = self.context.values.language(title.parameter("LANGUAGE")) or "" if title is not None else ""
        self._texts(event, "DESCRIPTION", "description")
        if not build.objects("description"):
            for name in ("X-ALT-DESC", "STYLED-DESCRIPTION"):
                self._texts(event, name, "description")
        for prop in event.all("CATEGORIES", "X-TAGS"):
            for word in ical_read.listed(prop.value):
                words.sort(word, self._language(prop), prop.place)
        begin = event.first("DTSTART")
        place = begin.place if begin else event.place
        if kind == "EducationEvent":
            build.type(SCHEMA + kind, place)
        else:
            for one in types_for("course"):
                build.type(one, place)
            if not build.objects("learningResourceType"):
                build.add("learningResourceType", self.context.iris.concept("resource-type", "course"), place)
        self._links(event)
        self._dates(event)
        for prop in event.all("ORGANIZER"):
            name = prop.parameter("CN")  # The Events Calendar writes it as in an address
            node = words.agent(unquote(name) if _QUOTED.fullmatch(name) else name, prop.place)
            if node is not None:
                build.add("organizer", node, prop.place)
        for prop in event.all("X-COST", "X-COST-TYPE"):
            free = clean.boolean(prop.text)
            free = True if re.fullmatch(r"0+(?:[.,]0+)?", prop.text.strip()) else free
            if free is not None and not build.objects("isAccessibleForFree"):
                build.add("isAccessibleForFree", Literal("true" if free else "false", XSD + "boolean"), prop.place)
        for prop in event.properties:
            if prop.name not in _READ and prop.name not in _IGNORED and not prop.name.startswith("X-"):
                build.issue("ical-unknown-property", prop.place, prop.value, property=prop.name)
        words.feed_licence()

    def _links(self, event: Component) -> None:
        """Page, files, pictures, subjects and licence by address, and the events that this one belongs to."""
        build, words = self.build, self.words
        for prop in event.all("URL"):
            address = clean.url(prop.value)
            if address is None and prop.value.strip():
                build.issue("ical-address", prop.place, prop.value.strip())
            elif address and not ical_place.is_meeting(address):
                build.add("url" if not build.objects("url") else "sameAs", Iri(address), prop.place)
        for prop in event.all("ATTACH", "IMAGE"):
            address = clean.url(prop.value)
            if address is None:
                if prop.parameter("VALUE").upper() != "BINARY" and not re.match(r"cid:|$", prop.value.strip(), re.I):
                    build.issue("ical-address", prop.place, prop.value.strip())
            elif prop.name == "IMAGE" or prop.parameter("FMTTYPE").lower().startswith("image/"):
                build.add("image", Iri(address), prop.place)
            else:
                name = prop.parameter("FILENAME") or prop.parameter("X-FILENAME")
                words.encoding(address, prop.parameter("FMTTYPE"), prop.place, prop.parameter("SIZE"),
                               words.line(name, prop.place))  # fmt: skip
        for prop in event.all("CONCEPT"):
            if not words.sort(prop.value.strip(), "", prop.place, keyword=False):
                build.issue("ical-concept", prop.place, prop.value.strip())
        for prop in event.all("LINK"):
            licence = self.context.values.licence(prop.value.strip())
            if prop.parameter("LINKREL").lower() == "license" and licence is not None:
                build.add("license", licence, prop.place)
        for prop in event.all("RELATED-TO"):
            predicate = {"PARENT": "superEvent", "": "superEvent", "CHILD": "subEvent"}.get(
                prop.parameter("RELTYPE").upper()
            )
            uid = " ".join(prop.text.split())[:500]
            if predicate and uid:
                address = clean.url(uid)
                target = Iri(address) if address else self.context.iris.resource(self.context.feed.id, uid)
                if is_iri(target) and target != build.resource:
                    build.add(predicate, target, prop.place)

    def _dates(self, event: Component) -> None:
        """When the entry was made and changed last; the source's own stamps, in UTC."""
        for name, predicate in (("CREATED", "dateCreated"), ("LAST-MODIFIED", "dateModified")):
            prop = event.first(name)
            stamp = clean.date(_spaced(prop.value)) if prop else None
            if prop is not None and stamp is None and not re.match(r"(?:0000|1899|1900|1970|1601)", prop.value):
                self.build.issue("ical-date", prop.place, prop.value.strip())
            elif prop is not None and stamp is not None:
                self.build.add(predicate, stamp, prop.place)


def _spaced(value: str) -> str:
    """20240531T090000Z with the marks that the reader of dates knows."""
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", value.strip(), re.ASCII)
    if found is None:
        return value
    day = f"{found[1]}-{found[2]}-{found[3]}"
    return f"{day}T{found[4]}:{found[5]}:{found[6]}{found[7]}" if found[4] else day
