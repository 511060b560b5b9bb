"""The occurrences of a series: start, rule and extra dates, less the exceptions, with what changed.

At most ``MAX_RUNS`` and up to a day that follows from the series alone, never from the clock: ten years after
the first start where the rule itself ends, five where it does not; the feed's options ``from`` and ``until``
narrow it. Sources: RFC 5545 §3.8.4.4 (RECURRENCE-ID), §3.8.5 (recurrence).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from registry.crosswalk import ical_recur
from registry.crosswalk.ical_read import Component, Property
from registry.crosswalk.ical_time import DAY, Clock, Moment, duration
from registry.crosswalk.when import LAST_YEAR

MAX_RUNS = 200
MAX_TRIED = 10_000
MAX_RULES = 4
MAX_DATES = 2000
ENDING, ENDLESS = 10, 5  # years


@dataclass(frozen=True, slots=True)
class Run:
    """One occurrence. ``name`` is its original start, which stays when it is moved; ``event`` what describes it."""

    name: str
    start: Moment
    end: Moment | None
    event: Component
    place: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """The days between which runs are wanted, from the feed's options; None is open."""

    first: datetime.date | None = None
    last: datetime.date | None = None


def times(event: Component, clock: Clock) -> tuple[Moment | None, Moment | None]:
    """Start and end of one event; the end of days is their last day (DTEND is the day after)."""
    begin = event.first("DTSTART")
    start = clock.moment(begin) if begin else None
    if start is None or begin is None:
        return None, None
    finish, length = event.first("DTEND", "DUE"), event.first("DURATION")
    end = clock.moment(finish) if finish else None
    if event.value("X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE" and start.local.time() == datetime.time():
        start = Moment(start.local, None, True)
        midnight = end is not None and end.local.time() == datetime.time()
        end = Moment(end.local, None, True) if end is not None and midnight else None
    if end is not None and finish is not None:
        if start.whole != end.whole:
            clock.fault("ical-date-kinds", finish.place, f"{begin.value.strip()} / {finish.value.strip()}")
            exclusive = end.whole
            start, end = (Moment(one.local.replace(hour=0, minute=0, second=0), None, True) for one in (start, end))
            end = end.at(end.local - DAY) if exclusive and end.local > start.local else end
        elif start.whole and end.local > start.local:
            end = end.at(end.local - DAY)
        if (start.zone is None) != (end.zone is None):  # one of the two has no zone: only their days compare
            end = Moment(end.local, start.zone, start.whole)
        if end.instant < start.instant:
            clock.fault("ical-end-before-start", finish.place, f"{begin.value.strip()} / {finish.value.strip()}")
            end = None
    elif length is not None:
        read = duration(length.value)
        if read is None:
            clock.fault("ical-duration", length.place, length.value.strip())
        else:
            end = _after(start, *read)
    if end is None and start.whole:
        end = start
    return start, end


def _after(start: Moment, days: int, exact: datetime.timedelta) -> Moment | None:
    """The end after a duration; of whole days the last one."""
    try:
        if start.whole:
            more = days + exact // DAY
            return start.at(start.local + DAY * max(more - 1, 0))
        local = start.local + DAY * days
        if start.zone is None or not exact:
            return start.at(local + exact)
        # An exact time passes on the clock of UTC: a night of the change of the hour is not 24 hours.
        aware = (start.at(local).instant + exact).replace(tzinfo=datetime.UTC)
        return start.at(_local(aware, start.zone))
    except OverflowError:
        return None


def _local(aware: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    """A moment as the clocks of a zone show it."""
    guess = aware.replace(tzinfo=None)
    offset = guess.replace(tzinfo=zone).utcoffset() or datetime.timedelta()
    offset = (guess + offset).replace(tzinfo=zone).utcoffset() or datetime.timedelta()
    return guess + offset


def runs(events: list[Component], clock: Clock, bounds: Bounds) -> list[Run]:
    """All occurrences of a series in order; ``clock`` takes what is wrong. No start gives none."""
    master = next((event for event in events if event.first("RECURRENCE-ID") is None), None)
    changed = [event for event in events if event.first("RECURRENCE-ID") is not None]
    found: dict[datetime.datetime, Run] = {}
    if master is not None:
        start, end = times(master, clock)
        if start is not None:
            found = _expand(master, start, end, clock, bounds)
    _change(found, changed, master, clock)
    kept = sorted(found.values(), key=lambda run: (run.start.instant, run.name))
    return [run for run in kept if _within(run.start, bounds)][:MAX_RUNS]


def repeats(event: Component) -> bool:
    """Whether an event says that it takes place more than once."""
    return event.first("RRULE", "RDATE") is not None


def _within(start: Moment, bounds: Bounds) -> bool:
    day = start.local.date()
    return (bounds.first is None or day >= bounds.first) and (bounds.last is None or day <= bounds.last)


def _expand(
    master: Component, start: Moment, end: Moment | None, clock: Clock, bounds: Bounds
) -> dict[datetime.datetime, Run]:
    """The runs by their original start, before changes of single ones."""
    days, exact = _length(start, end)
    without = _excluded(master, start, clock)
    found: dict[datetime.datetime, Run] = {}

    def add(one: Moment, place: str, until: Moment | None = None) -> None:
        if one.instant in without[0] or one.local.date() in without[1] or one.instant in found:
            return
        stop = until or (None if end is None else _after(one, days, exact))
        found[one.instant] = Run(one.stamp, one, stop, master, place)

    add(start, _place(master, "DTSTART"))
    for prop in master.all("RRULE")[:MAX_RULES]:
        rule = ical_recur.parse(prop.value)
        if rule is None:
            clock.fault("ical-rrule", prop.place, prop.value.strip())
            continue
        room = MAX_RUNS - len(found)
        for one in _rule_starts(rule, prop, start, clock, bounds):
            if not _within(one, bounds):
                continue
            if room <= 0:
                clock.fault("ical-many-runs", prop.place, str(MAX_RUNS))
                break
            before = len(found)
            add(one, prop.place)
            room -= len(found) - before
    for prop in master.all("RDATE"):
        for word in prop.value.split(",")[:MAX_DATES]:
            if not word.strip():
                clock.fault("ical-date", prop.place, prop.value.strip())
                continue
            begin, _, rest = word.partition("/")
            extra = clock.moment(prop, begin)
            if extra is None:
                continue
            if extra.whole != start.whole:  # an extra day of a series with times has its time
                extra = start.at(datetime.datetime.combine(extra.local.date(), start.local.time()))
            add(extra, prop.place, _period_end(prop, extra, rest, clock) if rest else None)
    return found


def _place(event: Component, name: str) -> str:
    found = event.first(name)
    return found.place if found else f"{event.place} {name}"


def _length(start: Moment, end: Moment | None) -> tuple[int, datetime.timedelta]:
    """How long a run is: days for whole days, else time on the clock."""
    if end is None:
        return 0, datetime.timedelta()
    if start.whole:
        return (end.local - start.local).days + 1, datetime.timedelta()
    return 0, end.instant - start.instant


def _period_end(prop: Property, start: Moment, rest: str, clock: Clock) -> Moment | None:
    if rest.strip().upper().startswith(("P", "+P")):
        read = duration(rest)
        return _after(start, *read) if read else None
    end = clock.moment(prop, rest)
    return end if end is not None and end.instant >= start.instant and end.whole == start.whole else None


def _rule_starts(
    rule: ical_recur.Rule, prop: Property, start: Moment, clock: Clock, bounds: Bounds
) -> Iterator[Moment]:
    """The starts that a rule gives, the series' own first; COUNT counts that one too."""
    years = ENDING if rule.ends else ENDLESS
    begin = start.local.year
    if bounds.first is not None and not rule.ends:
        begin = max(begin, bounds.first.year)
    horizon = datetime.date(min(begin + years, LAST_YEAR), 12, 31)
    stop = horizon if bounds.last is None else min(horizon, bounds.last)
    until = clock.moment(Property(prop.name, rule.until, {}, prop.place)) if rule.until else None
    count = 0
    for number, local in enumerate(ical_recur.starts(rule, start.local, stop)):
        if number == 0 and local != start.local:
            count += 1  # the series' own start is its first run, also where the rule does not name it
        one, count = start.at(local), count + 1
        if (rule.count and count > rule.count) or number >= MAX_TRIED:
            return
        if until is not None:
            late = one.local.date() > until.local.date() if until.whole else one.instant > _comparable(until, one)
            if late:
                return
        yield one
    open_end = until is None if not rule.count else count < rule.count
    if stop == horizon and (open_end or (until is not None and until.local.date() > stop)):
        clock.fault("ical-horizon", prop.place, str(stop.year))


def _comparable(until: Moment, one: Moment) -> datetime.datetime:
    """UNTIL as the runs are counted: a time without zone is one on their clock."""
    return until.local if until.zone is None or one.zone is None else until.instant


def _excluded(master: Component, start: Moment, clock: Clock) -> tuple[set[datetime.datetime], set[datetime.date]]:
    """What does not take place: instants, and whole days."""
    instants: set[datetime.datetime] = set()
    days: set[datetime.date] = set()
    for prop in master.all("EXDATE"):
        for word in prop.value.split(",")[:MAX_DATES]:
            if not word.strip():
                clock.fault("ical-date", prop.place, prop.value.strip())
                continue
            one = clock.moment(prop, word.partition("/")[0])
            if one is not None and (one.whole or start.whole):
                days.add(one.local.date())
            elif one is not None:
                instants.add(one.instant)
    for prop in master.all("EXRULE")[:MAX_RULES]:
        rule = ical_recur.parse(prop.value)
        if rule is None:
            clock.fault("ical-rrule", prop.place, prop.value.strip())
        else:
            instants |= {one.instant for one in _rule_starts(rule, prop, start, clock, Bounds())}
    return instants, days


def _change(
    found: dict[datetime.datetime, Run], changed: list[Component], master: Component | None, clock: Clock
) -> None:
    """Put changed occurrences in the place of the original ones; THISANDFUTURE also moves what comes after."""
    for event in changed:
        named = event.first("RECURRENCE-ID")
        original = clock.moment(named) if named else None
        start, end = times(event, clock)
        if named is None or original is None or start is None:
            continue
        key = _original(found, original)
        if key is None:
            if master is not None and repeats(master) and found:
                clock.fault("ical-lost-change", named.place, named.value.strip())
            key = original.instant
        if named.parameter("RANGE").upper() == "THISANDFUTURE":
            shift = start.local - original.local if start.whole == original.whole else datetime.timedelta()
            days, exact = _length(start, end)
            for later in [one for one in found if one > key]:
                moved = start.at(found[later].start.local + shift)
                stop = None if end is None else _after(moved, days, exact)
                found[later] = Run(found[later].name, moved, stop, event, named.place)
        found[key] = Run(original.stamp, start, end, event, _place(event, "DTSTART"))


def _original(found: dict[datetime.datetime, Run], named: Moment) -> datetime.datetime | None:
    """The run that a RECURRENCE-ID means: its instant, else its local time, else the only run of its day."""
    if not named.whole and named.instant in found:
        return named.instant
    same = [key for key, run in found.items() if run.name == named.stamp]
    if not same and named.whole:
        same = [key for key, run in found.items() if run.name[:8] == named.stamp]
    return same[0] if len(same) == 1 else None
