"""Dates, times and time zones of iCalendar: what a value means as a moment, and how it is written.

A zone's name is looked up in the tz database (also Windows names and names with a vendor before them), then
among the payload's own VTIMEZONEs. Written by hand instead of with icalendar's objects because those keep time
zones of one file for the next. Sources: RFC 5545 §3.2.19, §3.3.4 to §3.3.6, §3.6.5; CLDR windowsZones.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from registry.crosswalk import ical_recur
from registry.crosswalk.ical_read import Component, Property
from registry.crosswalk.when import FIRST_YEAR, LAST_YEAR
from registry.terms import XSD, Literal

_STAMP = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2}):?(\d{2}):?(\d{2})?(?:\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_DURATION = re.compile(
    r"\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?", re.ASCII
)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})(?::?(\d{2}))?", re.ASCII)
_FIXED = re.compile(r"(?:UTC|GMT|Etc/GMT)? ?([+-])(\d{1,2}):?(\d{2})?", re.ASCII | re.IGNORECASE)
_UTC = frozenset({"utc", "gmt", "z", "etc/utc", "etc/gmt", "zulu", "universal", "coordinated universal time"})
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A day (``zone`` None, ``whole``), or a local time with its zone; ``zone`` None alone is floating."""

    local: datetime.datetime
    zone: datetime.tzinfo | None = None
    whole: bool = False

    @property
    def instant(self) -> datetime.datetime:
        """For comparing: UTC without tzinfo, the local time where there is no zone."""
        if self.zone is None:
            return self.local
        offset = self.local.replace(tzinfo=self.zone).utcoffset()
        return self.local - (offset or datetime.timedelta())

    @property
    def stamp(self) -> str:
        """A name for it: "20240531" or "20240531T090000"."""
        return self.local.strftime("%Y%m%d" if self.whole else "%Y%m%dT%H%M%S").rjust(8, "0")

    def at(self, local: datetime.datetime) -> Moment:
        """Another local time of the same kind."""
        return Moment(local, self.zone, self.whole)

    def literal(self) -> Literal:
        """An xsd:date, or xsd:dateTime with its offset; of a floating time only the day is certain."""
        if self.whole or self.zone is None:
            return Literal(self.local.strftime("%Y-%m-%d"), XSD + "date")
        offset = self.local.replace(tzinfo=self.zone).utcoffset() or datetime.timedelta()
        minutes = round(offset.total_seconds() / 60)
        sign, minutes = "-" if minutes < 0 else "+", abs(minutes)
        shown = "Z" if self.zone is datetime.UTC else f"{sign}{minutes // 60:02}:{minutes % 60:02}"
        return Literal(self.local.strftime("%Y-%m-%dT%H:%M:%S") + shown, XSD + "dateTime")


@cache
def _known() -> dict[str, str]:
    """Names of the tz database and of Windows, folded, to names of the tz database."""
    names = {name.casefold(): olson for name, olson in WINDOWS_TO_OLSON.items()}
    return names | {name.casefold(): name for name in available_timezones()}


def database_zone(name: str) -> datetime.tzinfo | None:
    """A zone of the tz database by its name, a Windows name, or either behind a vendor's prefix."""
    name = " ".join(name.strip().strip('"').split())[:300]
    folded = name.casefold()
    if folded in _UTC:
        return datetime.UTC
    known = _known()
    parts = folded.split("/")
    for start in range(len(parts)):
        found = known.get("/".join(parts[start:]))
        if found is not None and (start == 0 or len(parts) - start > 1 or "/" not in found):
            try:
                return ZoneInfo(found)
            except (OSError, ValueError, KeyError):  # in the list of names and not in the database
                return None
    fixed = _FIXED.fullmatch(name)
    if fixed is not None:
        hours, minutes = int(fixed[2]), int(fixed[3] or 0)
        sign = -1 if fixed[1] == "-" else 1
        if folded.startswith("etc/"):  # POSIX counts the other way round
            sign = -sign
        if hours <= 14 and minutes < 60:
            return datetime.timezone(sign * datetime.timedelta(hours=hours, minutes=minutes))
    return None


def _offset(value: str) -> datetime.timedelta | None:
    found = _OFFSET.fullmatch(value.strip())
    if found is None or int(found[2]) > 15 or int(found[3]) > 59:
        return None
    size = datetime.timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=min(int(found[4] or 0), 59))
    return -size if found[1] == "-" else size


@dataclass(frozen=True, slots=True)
class _Onset:
    """When an offset begins to be used: a local time in the offset before it, and how it repeats."""

    first: datetime.datetime
    offset: datetime.timedelta
    rule: ical_recur.Rule | None
    until: datetime.datetime | None
    dates: tuple[datetime.datetime, ...]

    def of_year(self, year: int) -> list[datetime.datetime]:
        """The onsets in one year."""
        found = [one for one in (self.first, *self.dates) if one.year == year]
        if self.rule is None or year <= self.first.year:
            return found
        if self.rule.by_day or any(name in self.rule.by for name in ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")):
            begin = self.first.replace(year=year, month=1, day=1)
            found += ical_recur.starts(self.rule, begin, datetime.date(year, 12, 31))
        else:  # the day is that of the start
            for month in self.rule.by.get("BYMONTH", (self.first.month,)):
                found.append(self.first.replace(year=year, month=month, day=min(self.first.day, 28)))
        return [one for one in found if self.until is None or one <= self.until]

    def last_before(self, year: int) -> list[datetime.datetime]:
        """The last onset before a year, where there is one."""
        found = [one for one in (self.first, *self.dates) if one.year < year]
        if self.rule is not None and found:
            last = year - 1 if self.until is None else min(year - 1, self.until.year)
            found += self.of_year(last) or self.of_year(last - 1)
        return [max(found)] if found else []


class Observed(datetime.tzinfo):
    """A VTIMEZONE: the offset whose onset is the latest (RFC 5545 §3.6.5)."""

    def __init__(self, name: str, onsets: tuple[_Onset, ...], before: datetime.timedelta) -> None:
        self._name, self._onsets, self._before = name, onsets, before
        self._years: dict[int, list[tuple[datetime.datetime, datetime.timedelta]]] = {}

    def _changes(self, year: int) -> list[tuple[datetime.datetime, datetime.timedelta]]:
        """(onset, offset from then on) of one year, in order, after the last one before it."""
        if year not in self._years:
            found = [(one, onset.offset) for onset in self._onsets for one in onset.last_before(year)]
            before = [max(found, key=lambda pair: pair[0])] if found else []
            within = [(one, onset.offset) for onset in self._onsets for one in onset.of_year(year)]
            self._years[year] = before + sorted(within, key=lambda pair: pair[0])
        return self._years[year]

    def utcoffset(self, moment: datetime.datetime | None) -> datetime.timedelta:
        """The offset at a local time."""
        if moment is None:
            return self._before
        local, offset = moment.replace(tzinfo=None), self._before
        for onset, after in self._changes(local.year):
            if onset <= local:
                offset = after
        return offset

    def dst(self, moment: datetime.datetime | None) -> datetime.timedelta | None:
        """Not told apart here."""
        return None

    def tzname(self, moment: datetime.datetime | None) -> str:
        """The name in the file."""
        return self._name


def observed_zone(component: Component) -> Observed | None:
    """A VTIMEZONE as a zone; None where no part of it can be read."""
    onsets, before = [], None
    for part in component.inner[:200]:
        start, to = part.first("DTSTART"), _offset(part.value("TZOFFSETTO"))
        first = _naive(start.value) if start else None
        if to is None:
            continue
        first = first or datetime.datetime(FIRST_YEAR, 1, 1)
        rule = ical_recur.parse(part.value("RRULE")) if part.value("RRULE") else None
        if rule is not None and (rule.frequency != "YEARLY" or rule.interval != 1):
            rule = None
        until = _naive(rule.until) if rule is not None and rule.until else None
        if until is not None:
            until += DAY  # it stands in UTC, the onsets in local time
        elif rule is not None and rule.count:
            until = datetime.datetime(min(first.year + rule.count - 1, LAST_YEAR), 12, 31)
        dates = tuple(
            one for prop in part.all("RDATE")[:50] for word in prop.value.split(",")[:200] if (one := _naive(word))
        )
        onsets.append(_Onset(first, to, rule, until, dates))
        before = _offset(part.value("TZOFFSETFROM")) if before is None else before
    if not onsets:
        return None
    return Observed(component.value("TZID"), tuple(onsets), before if before is not None else onsets[0].offset)


def _naive(value: str) -> datetime.datetime | None:
    """A date or time without its zone; 24:00 is the next midnight. None outside the years that can be meant."""
    found = _STAMP.fullmatch(value.strip())
    if found is None:
        return None
    hour, minute, second = (int(found[at] or 0) for at in (4, 5, 6))
    midnight = hour == 24 and not minute and not second
    try:
        moment = datetime.datetime(
            int(found[1]), int(found[2]), int(found[3]), 0 if midnight else hour, minute, min(second, 59)
        )
    except ValueError:
        return None
    return moment + DAY if midnight and moment.year < LAST_YEAR else moment


@dataclass(slots=True)
class Clock:
    """Reads the values of one payload. ``default`` is the zone of times that name none."""

    zones: dict[str, Component]
    default: datetime.tzinfo | None
    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    _read: dict[str, datetime.tzinfo | None] = field(default_factory=dict)

    def zone(self, name: str) -> datetime.tzinfo | None:
        """A zone by the name that the file gives it."""
        if name not in self._read:
            found = database_zone(name)
            if found is None and name in self.zones:
                found = observed_zone(self.zones[name])
            self._read[name] = found
        return self._read[name]

    def fault(self, code: str, place: str, value: str) -> None:
        """What could not be read, once for each code and value."""
        self.faults.setdefault((code, value), place)

    def moment(self, one: Property, value: str | None = None) -> Moment | None:
        """The moment that a property's value means (of one in a list: ``value``); None for no date at all."""
        text = (one.value if value is None else value).strip()
        found, local = _STAMP.fullmatch(text), _naive(text)
        if found is None or local is None or not FIRST_YEAR <= local.year <= LAST_YEAR:
            self.fault("ical-date", one.place, text)
            return None
        if found[4] is None or one.parameter("VALUE").upper() == "DATE":
            return Moment(local.replace(hour=0, minute=0, second=0), None, True)
        if found[7]:
            shift = _offset(found[7]) if found[7] != "Z" else None
            return Moment(local, datetime.timezone(shift) if shift else datetime.UTC)
        name = one.parameter("TZID")
        zone = self.zone(name) if name else None
        if name and zone is None:
            self.fault("ical-timezone", one.place, name)
        zone = zone or self.default
        if zone is None:
            self.fault("ical-floating", one.place, text)
        return Moment(local, zone)


def duration(value: str) -> tuple[int, datetime.timedelta] | None:
    """(days, exact time) of a DURATION that is not negative; None for what is none."""
    found = _DURATION.fullmatch(value.strip().upper())
    if found is None or not any(found.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return weeks * 7 + days, datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds)
