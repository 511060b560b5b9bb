"""Recurrence rules to days, within a horizon: bounded whatever a rule says.

Written by hand because the libraries do not stop on a rule that never matches ("30 February", BYSETPOS=400).
A period is a day, week, month or year; its days are filtered by the BY… parts, then by BYSETPOS.
Source: RFC 5545 §3.3.10.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_DAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_BY_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_LIMITS = {
    "BYMONTH": (1, 12), "BYMONTHDAY": (-31, 31), "BYYEARDAY": (-366, 366), "BYWEEKNO": (-53, 53),
    "BYSETPOS": (-366, 366), "BYHOUR": (0, 23), "BYMINUTE": (0, 59), "BYSECOND": (0, 59),
}  # fmt: skip
MAX_TIMES = 24
Date = datetime.date


@dataclass(frozen=True, slots=True)
class Rule:
    """One RRULE. ``until`` as written ("" without one), ``count`` 0 without one, ``by`` the numbers by part."""

    frequency: str
    interval: int
    count: int
    until: str
    week_start: int
    by: dict[str, tuple[int, ...]]
    by_day: tuple[tuple[int, int], ...]

    @property
    def ends(self) -> bool:
        """Whether the rule itself says when it ends."""
        return bool(self.count or self.until)


def parse(value: str) -> Rule | None:
    """A rule; None where it is malformed, or repeats within a day, or counts in another calendar."""
    parts: dict[str, str] = {}
    for item in value.strip().upper().strip(";").split(";")[:30]:
        name, equals, said = item.partition("=")
        if not equals or name.strip() in parts:
            return None
        parts[name.strip()] = said.strip()
    if parts.get("FREQ") not in FREQUENCIES or parts.get("RSCALE", "GREGORIAN") != "GREGORIAN":
        return None
    by: dict[str, tuple[int, ...]] = {}
    for name, (low, high) in _LIMITS.items():
        if name not in parts:
            continue
        words = parts[name].split(",")
        if len(words) > 400 or not all(re.fullmatch(r"[+-]?\d{1,3}", word) for word in words):
            return None
        numbers = tuple(sorted({int(word) for word in words}))
        if not all(low <= number <= high and (number or low == 0) for number in numbers):
            return None
        by[name] = numbers
    days: list[tuple[int, int]] = []
    for word in parts["BYDAY"].split(",") if "BYDAY" in parts else ():
        found = _BY_DAY.fullmatch(word.strip())
        if found is None or len(days) > 400:
            return None
        days.append((int(found[1] or 0), _DAYS[found[2]]))
    interval, count = parts.get("INTERVAL", "1"), parts.get("COUNT", "0")
    if not re.fullmatch(r"\d{1,4}", interval) or not int(interval) or not re.fullmatch(r"\d{1,6}", count):
        return None
    if "COUNT" in parts and not int(count):
        return None
    times = 1
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        times *= len(by.get(name, (0,)))
    if times > MAX_TIMES:
        return None
    return Rule(
        parts["FREQ"], int(interval), int(count), parts.get("UNTIL", ""), _DAYS.get(parts.get("WKST", "MO"), 0),
        by, tuple(days),
    )  # fmt: skip


def starts(rule: Rule, first: datetime.datetime, stop: Date) -> Iterator[datetime.datetime]:
    """The local times that a rule names from ``first`` on, up to the day ``stop``; COUNT and UNTIL are not
    looked at. ``first`` itself comes only if it matches."""
    times = _times(rule, first)
    for days in _periods(rule, first.date(), stop):
        found = [datetime.datetime.combine(day, time) for day in days for time in times]
        for moment in _positions(rule, found):
            if moment >= first and moment.date() <= stop:
                yield moment


def _times(rule: Rule, first: datetime.datetime) -> list[datetime.time]:
    hours, minutes, seconds = (
        rule.by.get(name, (own,))
        for name, own in (("BYHOUR", first.hour), ("BYMINUTE", first.minute), ("BYSECOND", first.second))
    )
    return [datetime.time(hour, minute, second) for hour in hours for minute in minutes for second in seconds]


def _positions(rule: Rule, found: list[datetime.datetime]) -> list[datetime.datetime]:
    chosen = rule.by.get("BYSETPOS")
    if chosen is None:
        return found
    size = len(found)
    picked = {number - 1 if number > 0 else size + number for number in chosen}
    return [found[at] for at in sorted(picked) if 0 <= at < size]


def _periods(rule: Rule, first: Date, stop: Date) -> Iterator[list[Date]]:
    """The matching days of each period, from that of ``first`` on."""
    one = datetime.timedelta(days=1)
    if rule.frequency == "DAILY":
        day = first
        while day <= stop:
            yield [day] if _matches(rule, day, first) else []
            day += one * rule.interval
    elif rule.frequency == "WEEKLY":
        week = first - one * ((first.weekday() - rule.week_start) % 7)
        while week <= stop:
            yield [day for day in (week + one * n for n in range(7)) if _matches(rule, day, first)]
            week += one * 7 * rule.interval
    elif rule.frequency == "MONTHLY":
        year, month = first.year, first.month
        while (year, month) <= (stop.year, stop.month):
            days = (Date(year, month, n) for n in range(1, calendar.monthrange(year, month)[1] + 1))
            yield [day for day in days if _matches(rule, day, first)]
            months = year * 12 + month - 1 + rule.interval
            year, month = months // 12, months % 12 + 1
    else:
        year = first.year
        while year <= stop.year:
            begin, end = Date(year, 1, 1), Date(year, 12, 31)
            if "BYWEEKNO" in rule.by:  # the first week may begin in the year before, the last end in the next
                begin, end = begin - one * 6, end + one * 6
            days = (begin + one * n for n in range((end - begin).days + 1))
            yield [day for day in days if _matches(rule, day, first, year)]
            year += rule.interval


def _matches(rule: Rule, day: Date, first: Date, year: int = 0) -> bool:
    by = rule.by
    if "BYMONTH" in by and day.month not in by["BYMONTH"]:
        return False
    free = not rule.by_day and not any(name in by for name in ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"))
    if free:
        if rule.frequency == "YEARLY":
            return day.day == first.day and ("BYMONTH" in by or day.month == first.month)
        if rule.frequency == "MONTHLY":
            return day.day == first.day
        return rule.frequency == "DAILY" or day.weekday() == first.weekday()
    if "BYMONTHDAY" in by:
        last = calendar.monthrange(day.year, day.month)[1]
        if day.day not in by["BYMONTHDAY"] and day.day - last - 1 not in by["BYMONTHDAY"]:
            return False
    if "BYYEARDAY" in by and rule.frequency == "YEARLY":
        number, size = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
        if number not in by["BYYEARDAY"] and number - size - 1 not in by["BYYEARDAY"]:
            return False
    if "BYWEEKNO" in by and rule.frequency == "YEARLY":
        if not _in_week(rule, day, year):
            return False
        if not rule.by_day:
            return day.weekday() == first.weekday()
    if rule.by_day:
        return any(_on(rule, day, number, weekday) for number, weekday in rule.by_day)
    return True


def _in_week(rule: Rule, day: Date, year: int) -> bool:
    """Whether a day is in one of the numbered weeks of a year; week 1 has at least four days in it."""
    one = datetime.timedelta(days=1)

    def begin(of: int) -> Date:
        fourth = Date(of, 1, 4)
        return fourth - one * ((fourth.weekday() - rule.week_start) % 7)

    weeks = (begin(year + 1) - begin(year)).days // 7
    number = (day - begin(year)).days // 7 + 1
    return 1 <= number <= weeks and (number in rule.by["BYWEEKNO"] or number - weeks - 1 in rule.by["BYWEEKNO"])


def _on(rule: Rule, day: Date, number: int, weekday: int) -> bool:
    """Whether a day is that weekday, and the n-th of its month or year where a number says so."""
    if day.weekday() != weekday:
        return False
    if not number or rule.frequency in ("DAILY", "WEEKLY") or "BYWEEKNO" in rule.by:
        return True
    if rule.frequency == "MONTHLY" or "BYMONTH" in rule.by:
        at, size = day.day, calendar.monthrange(day.year, day.month)[1]
    else:
        at, size = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
    return (at - 1) // 7 + 1 == number if number > 0 else (size - at) // 7 + 1 == -number
