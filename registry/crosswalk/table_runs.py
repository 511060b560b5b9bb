"""When and where a row of a table takes place: event or course run, its dates, place and organisers.

Source: docs/profile.md, "Event and course run".
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from registry.crosswalk import clean, table_dates
from registry.crosswalk.table_row import Row, agent
from registry.iris import SCHEMA
from registry.terms import XSD, Iri, Literal

_ATTENDANCE = {"onsite": "Offline", "online": "Online", "blended": "Mixed"}
# What belongs to one date of a course: a sheet of dates gives these for each.
OCCASION = (
    "start", "end", "timezone", "city", "country", "venue", "postcode", "online_url", "organizer", "host_institutions",
    "capacity", "status",
)  # fmt: skip
# Languages that write the day first where they write a date in figures with the year last.
_DAY_FIRST = frozenset(
    "ar be bg bs ca cs da de el en es et fi fr ga gl he hr hy id is it ka kk ky lb lv mk mt nb nl nn no pl pt ro ru "
    "sk sl sq sr sv tg th tk tr uk uz vi".split()
)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}(?!\d)", re.ASCII)
# Folded words for the state of a date, in English, French, Spanish, Portuguese, German and Italian.
_STATES = (
    (re.compile(r"(?:event ?)?(?:cancelled|canceled|called off)|annulee?s?|cancelad[oa]s?|"
                r"anulad[oa]s?|suspendid[oa]s?|"
                r"abgesagt|entfallt|annullat[oa]|suprimid[oa]|supprimee?"), "EventCancelled"),
    (re.compile(r"(?:event ?)?postponed|reportee?s?|differee?s?|aplazad[oa]s?|"
                r"pospuest[oa]s?|postergad[oa]s?|adiad[oa]s?|"
                r"verschoben|rinviat[oa]"), "EventPostponed"),
    (re.compile(r"(?:event ?)?rescheduled|reprogrammee?s?|reprogramad[oa]s?|replanifiee?s?|reagendad[oa]s?"),
     "EventRescheduled"),
    (re.compile(r"(?:event ?)?moved ?online|passee? en ligne|pasad[oa] a (?:en linea|modalidad virtual)"),
     "EventMovedOnline"),
    (re.compile(r"(?:event ?)?(?:scheduled|confirmed|planned)|confirmee?s?|prevue?s?|planifiee?s?|programmee?s?|"
                r"confirmad[oa]s?|programad[oa]s?|previst[oa]s?|geplant|bestatigt|confermat[oa]|programmat[oa]"),
     "EventScheduled"),
    (re.compile(r"(?:registrations? |enrolments? |enrollments? |inscriptions? |inscripcion(?:es)? |inscricoes )?"
                r"(?:is |are )?(?:open|full|closed|"
                r"fully booked|sold out|waiting list|waitlist(?:ed)?|places available|"
                r"ouverte?s?|complete?s?|fermee?s?|closes?|liste d attente|places disponibles|abiert[oa]s?|"
                r"complet[oa]s?|"
                r"llen[oa]s?|cerrad[oa]s?|agotad[oa]s?|lista de espera|plazas disponibles|abert[oa]s?|fechad[oa]s?|"
                r"lotad[oa]s?|esgotad[oa]s?|offen|ausgebucht|geschlossen|aperto|aperte|chius[oaei]|esaurit[oa])"), ""),
)  # fmt: skip
_OFFSET = re.compile(r"\(?(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?\)?.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dates:
    """When: dates or date-times, or None; ``bad`` is a start that could not be read, ``rough`` one that says
    only roughly when ("Q2 2025"). ``more`` are further sessions of the same cell."""

    start: Literal | None
    end: Literal | None
    bad: str = ""
    rough: str = ""
    more: tuple[tuple[Literal, Literal | None], ...] = ()


def _usable(date: Literal | None) -> Literal | None:
    return date if date is not None and date.datatype in (XSD + "date", XSD + "dateTime") else None


def read_dates(row: Row) -> Dates:
    """Start and end of a row; "12/03/2024 - 14/03/2024" in one cell is both, several lines are several sessions.
    Same datatype for both."""
    begin, finish = row.get("start"), row.get("end")
    order = _order(f"{begin} {finish}") or usual_order(row, "start" if begin else "end")
    if not begin:
        if finish and table_dates.day(finish, order) is None:
            row.issue("table-date", "end", finish)
        return Dates(None, _usable(table_dates.day(finish, order)) if finish else None)
    starts = table_dates.read(begin, order)
    ends = table_dates.read(finish, order).spans if finish else ()
    pairs = [(span.start, span.end) for span in starts.spans]
    if ends and len(ends) == len(pairs) and not any(end for _, end in pairs):
        pairs = [(start, end.end or end.start) for (start, _), end in zip(pairs, ends, strict=True)]
    elif finish and (len(pairs) == 1 or not ends):
        row.issue("table-date", "end", finish)
    for word in starts.unread if pairs else ():
        row.issue("table-date", "start", word)
    sessions = [_kinds(row, *(_zoned(row, date, "start") for date in pair)) for pair in pairs]
    more = tuple((start, end) for start, end in sessions[1:] if start is not None)
    start, end = sessions[0] if sessions else (None, None)
    rough = "" if pairs or starts.unread else " · ".join(starts.rough)
    return Dates(start, end, "" if start or rough else begin, rough, more)


def _kinds(row: Row, start: Literal | None, end: Literal | None) -> tuple[Literal | None, Literal | None]:
    """Start and end of one kind, to be compared."""
    if start and end and start.datatype != end.datatype:
        row.issue("table-date-kinds", "end" if row.get("end") else "start", f"{start.value} / {end.value}")
        start, end = (Literal(date.value[:10], XSD + "date") for date in (start, end))
    return start, end


def usual_order(row: Row, name: str) -> str | None:
    """The order of day and month that the feed says, the column ``name`` has, or the feed's language; English alone
    has two (CLDR)."""
    said = str(row.context.feed.options.get("date_order", "")) or row.order.get(name, "")
    said = said if said in ("dmy", "mdy") else ""
    language, _, region = (row.context.feed.language or "").lower().partition("-")
    if said or language in ("", "und") or (language == "en" and not region):
        return said or None
    return {"us": "mdy", "ph": "mdy", "ca": None}.get(region, "dmy") if language in _DAY_FIRST else None


def _order(s: str) -> str | None:
    """The order of day and month that one of a row's dates gives away ("14/03/2024"), for the others."""
    pairs = [(int(first) > 12, int(second) > 12) for first, second in _NUMERIC.findall(s)]
    orders = {"dmy" if first else "mdy" for first, second in pairs if first != second}
    return orders.pop() if len(orders) == 1 else None


def _zoned(row: Row, date: Literal | None, field: str) -> Literal | None:
    """A date-time with the offset of the row's time zone, where it has none."""
    name = row.get("timezone") or str(row.context.feed.options.get("timezone", ""))
    if date is None or date.datatype != XSD + "dateTime" or not name or re.search(r"Z$|[+-]\d\d:\d\d$", date.value):
        return date
    offset = _offset(name, date.value)
    if offset is None:
        if field == "start":
            row.issue("table-timezone", "timezone", name)
        return date
    return Literal(date.value + offset, date.datatype)


def _offset(name: str, stamp: str) -> str | None:
    """The offset at a local time of "Europe/Paris", "UTC+2" or "(GMT-05:00) Eastern Time"; None if unknown."""
    if name.strip().upper() in ("UTC", "GMT", "Z"):
        return "Z"
    found = _OFFSET.fullmatch(name.strip())
    if found is not None:
        hours, minutes = int(found[2]), int(found[3] or 0)
        return f"{found[1]}{hours:02}:{minutes:02}" if hours <= 14 and minutes < 60 else None
    if re.fullmatch(r"[A-Za-z_]+(?:/[A-Za-z_+-]+){1,2}", name.strip()) is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(stamp).replace(tzinfo=ZoneInfo(name.strip()))
    except (OSError, ValueError):  # no such zone; ZoneInfoNotFoundError is a KeyError
        return None
    except KeyError:
        return None
    shown = moment.strftime("%z")
    return f"{shown[:3]}:{shown[3:5]}"


def occasions(row: Row, dates: Dates, sessions: Sequence[Mapping[str, str]]) -> list[tuple[Row, Dates]]:
    """Each date of a course with what belongs to it: the cell's own ones, then those of a sheet of dates."""
    found = [(row, replace(dates, more=()))] if dates.start else []
    found += [(row, Dates(start, end)) for start, end in dates.more]
    base = {name: text for name, text in row.cells.items() if name not in OCCASION}
    for cells in sessions[: table_dates.MAX_SESSIONS]:
        order = {"start": cells["order"]} if "order" in cells else {}
        kept = {name: text for name, text in cells.items() if name in OCCASION}
        own = replace(row, cells={**base, **kept}, order=order)
        read = read_dates(own)
        if read.bad or read.rough:
            own.issue("table-date" if read.bad else "table-date-rough", "start", read.bad or read.rough)
        found += [(own, replace(read, more=()))] if read.start else []
        found += [(own, Dates(start, end)) for start, end in read.more]
    return found[: table_dates.MAX_SESSIONS]


def write_run(row: Row, dates: Dates, target: Iri, modes: list[str], number: int = 1) -> None:
    """Dates, attendance, place, organisers and seats of an event or of the ``number``-th course run."""
    builder = row.builder
    for date, predicate, field in ((dates.start, "startDate", "start"), (dates.end, "endDate", "end")):
        if date is not None:
            builder.add(predicate, date, row.place(field if row.get(field) else "start"), target)
    for item in row.items("status", comma=True):
        state = event_status(row, item)
        if state:
            builder.add("eventStatus", Iri(SCHEMA + state), row.place("status"), target)
        elif state is None and row.context.values.concept("work-status", item) is None:
            row.issue("value-unknown", "status", item, scheme="work-status")
    address = clean.url(row.get("online_url")) if row.get("online_url") else None
    if row.get("online_url") and address is None:
        row.issue("table-address", "online_url", row.get("online_url"))
    known = [_ATTENDANCE[mode] for mode in modes if mode in _ATTENDANCE]
    if known:
        mode = known[0] if len(set(known)) == 1 else "Mixed"
        builder.add("eventAttendanceMode", Iri(f"{SCHEMA}{mode}EventAttendanceMode"), row.place("mode"), target)
    if address is not None:
        room = builder.child("room", number)
        builder.add("location", room, row.place("online_url"), target)
        builder.type(SCHEMA + "VirtualLocation", row.place("online_url"), room)
        builder.add("url", Iri(address), row.place("online_url"), room)
    _location(row, target, number)
    for field in ("organizer", "host_institutions"):
        for item in row.items(field):
            builder.add("organizer", agent(row, item, "Organization", row.place(field)), row.place(field), target)
    seats = row.get("capacity")
    if re.fullmatch(r"0*[1-9]\d{0,5}", seats):
        builder.add(
            "maximumAttendeeCapacity", Literal(str(int(seats)), XSD + "integer"), row.place("capacity"), target
        )
    elif seats:
        row.issue("table-number", "capacity", seats)


def event_status(row: Row, word: str) -> str | None:
    """What a status says of a date: a state of schema:EventStatusType, "" for whether one can register, else None."""
    if row.context.values.concept("work-status", word) is not None:
        return None
    folded = clean.fold(word)
    return next((state for pattern, state in _STATES if pattern.fullmatch(folded)), None)


def write_status(row: Row) -> None:
    """The state of the work; what a status says of a date (cancelled, full) is none, see ``write_run``."""
    for item in row.items("status", comma=True):
        concept = row.context.values.concept("work-status", item)
        if concept is not None:
            row.builder.add("creativeWorkStatus", concept, row.place("status"))
        elif event_status(row, item) is None:
            row.issue("value-unknown", "status", item, scheme="work-status")
            row.builder.string("creativeWorkStatus", item, row.place("status"))
        elif event_status(row, item) and not row.get("start"):
            row.issue("table-needs-date", "status", item)


def _location(row: Row, target: Iri, number: int) -> None:
    """A Place with its PostalAddress, from venue, city, postcode and country."""
    builder, values = row.builder, row.context.values
    city, country, venue, postcode = (clean.line(row.get(f)) for f in ("city", "country", "venue", "postcode"))
    if city and values.concept("modality", city) == row.context.iris.concept("modality", "online"):
        city = ""  # "Lieu: en ligne" is how many a table says that it is online
        if not builder.objects("eventAttendanceMode", target):
            mode = Iri(SCHEMA + "OnlineEventAttendanceMode")
            builder.add("eventAttendanceMode", mode, row.place("city"), target)
    if not (city or country or venue):
        return
    first = next(field for field, text in (("venue", venue), ("city", city), ("country", country)) if text)
    place, address = builder.child("place", number), builder.child("place", number, "address")
    builder.add("location", place, row.place(first), target)
    builder.type(SCHEMA + "Place", row.place(first), place)
    builder.string("name", venue or city or country, row.place(first), place)
    if city or country or postcode:
        builder.add("address", address, row.place(first), place)
        builder.type(SCHEMA + "PostalAddress", row.place(first), address)
        builder.string("addressLocality", city, row.place("city"), address)
        builder.string("postalCode", postcode, row.place("postcode"), address)
        builder.string("addressCountry", country, row.place("country"), address)
