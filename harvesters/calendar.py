"""Harvests iCalendar files: a record is a series, one UID with all its changed occurrences.

Payload: text/calendar with one content line to a line (not folded), properties sorted by name: the calendar's
properties that decide meaning, the VTIMEZONEs that the events name, then the VEVENTs. Without what moves with a
visit (DTSTAMP) and without people: ATTENDEE and CONTACT go, of ORGANIZER only the name stays; e-mail addresses
in texts are marked, not kept. Events marked as
PRIVATE or CONFIDENTIAL stay back, and so do Moodle's deadlines.
Option ``whole = true``: the file lists everything, absence is deletion.
Sources: RFC 5545, RFC 7986, RFC 7265 (jCal).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from harvesters import calendar_json, calendar_lines, calendar_moodle
from harvesters.base import FeedFailed, Visit
from harvesters.calendar_lines import MAX_VALUE, Calendar, Content, Event, value_of
from registry.iris import without_emails
from registry.model import Document, Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import NetError

READER = "+3"  # another number reads unchanged files anew
MAX_EVENTS = 50_000
MAX_SERIES = 2000  # changed occurrences of one series
ACCEPT = "text/calendar, application/calendar+json;q=0.8, */*;q=0.5"
PRIVATE = frozenset({"PRIVATE", "CONFIDENTIAL"})
_PERSONAL = frozenset({"ATTENDEE", "CONTACT"})
# Texts, whose e-mail addresses are not kept; and where an address is a person's.
_WORDS = frozenset("SUMMARY DESCRIPTION STYLED-DESCRIPTION X-ALT-DESC LOCATION CATEGORIES RESOURCES".split())
_REACHES = ("mailto:", "xmpp:", "sip:", "sips:", "tel:")
# X-properties that say something about the event; all others are a program's own business.
_EXTENSIONS = frozenset(
    "X-ALT-DESC X-APPLE-STRUCTURED-LOCATION X-COST X-COST-TYPE X-GOOGLE-CONFERENCE X-MICROSOFT-CDO-ALLDAYEVENT "
    "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK X-MICROSOFT-SKYPETEAMSMEETINGURL X-TAGS".split()
)
_DROPPED = frozenset({"DTSTAMP", "COMMENT", "REQUEST-STATUS", "BEGIN", "END"})
_CALENDAR = frozenset({"X-WR-TIMEZONE", "TIMEZONE-ID"})
_TZID = re.compile(r';TZID=(?:"([^"]{1,300})"|([^";]{1,300}))', re.IGNORECASE)
_BEFORE_DATE = re.compile(r":\s{0,9}\d{4}-?\d{2}-?\d{2}")
_NAME = re.compile(r';CN=(?:"([^"]{0,500})"?|([^";:,]{0,500}))', re.IGNORECASE)
_INLINE = re.compile(r"[^:]*;(?:VALUE=BINARY|ENCODING=BASE64)|[^:]*:data:", re.IGNORECASE)


@dataclass(slots=True)
class _Series:
    """The events of one UID in one calendar, in the order of the file."""

    key: str
    calendar: int
    events: list[Event] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    broken: bool = False


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All series of one calendar file."""
    address = visit.feed.address
    if address[:9].lower().startswith(("webcal://", "webcals:/")):
        address = "https://" + address.partition("://")[2]
    whole = visit.feed.options.get("whole", False) is True
    deletions: Literal["proved", "signalled"] = "proved" if whole else "signalled"
    known = visit.document(address)
    before = known if known and known.digest.endswith(READER) else None
    try:
        answer = visit.http.get(
            address, accept=ACCEPT, etag=before.etag if before else None,
            last_modified=before.last_modified if before else None,
        )  # fmt: skip
    except NetError as error:
        raise FeedFailed(error.issue) from error
    if answer.not_modified and before:
        yield Unchanged(address, before.digest)
        yield Done(complete=True, deletions=deletions)
        return
    content, issues = _content(address, answer.body, answer.headers.get("content-type", ""))
    records = _records(content, address, issues)
    issues += _told(content, address)
    digest = _digest(records, issues)
    if before and before.digest == digest:
        yield Unchanged(address, digest)
    else:
        # A file that breaks off has no validators: the next visit must not be told that it is unchanged.
        etag, modified = (None, None) if content.cut else (answer.headers.get(n) for n in ("etag", "last-modified"))
        yield Document(address, digest, etag, modified)
        for issue in issues:
            yield FeedIssue(issue, lasting=True)
        yield from records
    yield Done(complete=not content.cut, deletions=deletions)


def _content(address: str, body: bytes, content_type: str) -> tuple[Content, list[Issue]]:
    """The file's calendars and events. Raises FeedFailed where it is no calendar at all."""
    if not body.strip():
        raise FeedFailed(Issue("ical-empty", address))
    issues: tuple[Issue, ...] = ()
    if body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        text = calendar_json.to_lines(body)
        if text is None:
            raise FeedFailed(Issue("ical-not-calendar", address, body[:80].decode("utf-8", "replace")))
    else:
        text, issues = calendar_lines.decode(body, content_type)
    content = calendar_lines.read(text, MAX_EVENTS)
    if not content.calendars:
        raise FeedFailed(Issue("ical-not-calendar", address, content.stray or text.strip()[:80]))
    return content, [Issue(one.code, address, one.value) for one in issues]


def _told(content: Content, address: str) -> list[Issue]:
    """What is said of the file as a whole."""
    issues = []
    if content.cut:
        issues.append(Issue("ical-cut", address, str(len(content.events))))
    if content.bare:
        issues.append(Issue("ical-no-calendar", address))
    others = ", ".join(f"{kind} {count}" for kind, count in sorted(content.others.items())[:10])
    if others:
        issues.append(Issue("ical-other-components", address, others))
    if not content.events:
        issues.append(Issue("ical-no-events", address))
    return issues


def _digest(records: list[RawRecord], issues: list[Issue]) -> str:
    """Over all that was read, in any order of the events: not over the bytes, where DTSTAMP moves."""
    parts = sorted(repr((one.key, one.payload, one.deleted, one.broken, one.issues)) for one in records)
    parts += sorted(repr(issue) for issue in issues)
    return "sha256:" + hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest() + READER


def _records(content: Content, address: str, issues: list[Issue]) -> list[RawRecord]:
    """The series as records; private ones and deadlines are only counted, and withdrawn if they stood here."""
    records: list[RawRecord] = []
    hidden, due, exported = 0, 0, _export_time(content.events)
    for series in _series(content):
        where = f"VEVENT UID={series.key[:100]}"
        calendar = content.calendars[series.calendar]
        private = any(event.value("CLASS").upper() in PRIVATE for event in series.events)
        if private or all(calendar_moodle.is_deadline(calendar, event) for event in series.events):
            hidden, due = hidden + private, due + (not private)
            if not series.key.startswith("event-"):
                records.append(RawRecord(series.key, b"", "text/calendar", "ical", address, where, deleted=True))
            continue
        lines = [_kept(event, exported) for event in series.events]
        payload = _payload(calendar, lines)
        for event in series.events:
            series.issues += [Issue(code, where, event.value("SUMMARY")[:100]) for code in event.mended]
        records.append(
            RawRecord(
                key=series.key, payload=payload, media_type="text/calendar", format="ical", source=address,
                locator=f"line {series.events[0].line}", datestamp=_datestamp(series.events, exported),
                broken=series.broken, issues=tuple(dict.fromkeys(series.issues)),
            )
        )  # fmt: skip
    if hidden:
        issues.append(Issue("ical-private", address, str(hidden)))
    if due:
        issues.append(Issue("ical-deadlines", address, str(due)))
    return records


def _export_time(events: list[Event]) -> str:
    """The LAST-MODIFIED that all events share with their DTSTAMP: the time of the export, no event's own."""
    stamps = {event.value("LAST-MODIFIED") for event in events}
    if len(events) > 1 and len(stamps) == 1 and stamps == {event.value("DTSTAMP") for event in events}:
        return stamps.pop()
    return ""


def _datestamp(events: list[Event], exported: str) -> str | None:
    stamps = [event.value("LAST-MODIFIED") for event in events]
    return max((stamp for stamp in stamps if stamp and stamp != exported), default=None)


def _series(content: Content) -> list[_Series]:
    """Events by UID; without one, by content. The end of a file that breaks off is marked as broken."""
    found: dict[str, list[_Series]] = {}
    for event in content.events:
        uid = " ".join(event.value("UID").split())[:500]
        words = "\n".join([event.value("DTSTART"), event.value("SUMMARY"), event.value("URL")])
        hashed = hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:16]
        several = found.setdefault(uid or f"event-{hashed}", [])
        if not several:
            several.append(_Series(uid or f"event-{hashed}", event.calendar))
        series = several[0]
        if not uid and not series.issues:
            series.issues.append(Issue("ical-no-uid", "VEVENT UID", event.value("SUMMARY")[:100]))
        if content.cut and event is content.events[-1] and not event.closed:
            series.broken = True
            series.issues.append(Issue("ical-cut-event", f"VEVENT UID={series.key[:100]}", str(event.line)))
        series.events.append(event)
    return [one for several in found.values() for series in several for one in _apart(series)]


def _rank(event: Event) -> tuple[int, str, int]:
    """Which of two states of an event is the later one (RFC 5545 §3.8.7.4; RFC 5546 §2.1.5)."""
    number = event.value("SEQUENCE")
    return (int(number) if re.fullmatch(r"\d{1,9}", number) else 0, event.value("LAST-MODIFIED"), event.line)


def _apart(series: _Series) -> list[_Series]:
    """One series; several when different events share a UID. Of several states of an event the latest stays."""
    masters: dict[str, Event] = {}
    changed: dict[str, Event] = {}
    for event in sorted(series.events, key=_rank):
        if event.has("RECURRENCE-ID"):
            changed[next(line for name, line in event.properties if name == "RECURRENCE-ID").upper()] = event
        else:
            masters[event.value("DTSTART")] = event
    newest = max((_rank(event)[0] for event in masters.values()), default=0)
    masters = {start: event for start, event in masters.items() if _rank(event)[0] == newest}
    overrides = sorted(changed.values(), key=lambda event: event.value("RECURRENCE-ID"))
    if len(overrides) > MAX_SERIES:
        series.issues.append(Issue("ical-many-changes", f"VEVENT UID={series.key[:100]}", str(len(overrides))))
        overrides = overrides[:MAX_SERIES]
    several = sorted(masters.values(), key=_rank)
    repeating = [event for event in several if event.has("RRULE") or event.has("RDATE")]
    owner = repeating[-1:] or (several[-1:] if overrides or len(several) == 1 else [])
    main = []
    if owner or overrides:
        main, series.events = [series], [*owner, *overrides]
        masters = {start: event for start, event in masters.items() if event not in owner}
    apart: list[_Series] = []
    for start, event in masters.items():
        key = f"{series.key}~{hashlib.sha256(start.encode('utf-8', 'replace')).hexdigest()[:12]}"
        issue = Issue("ical-same-uid", f"VEVENT UID={series.key[:100]}", event.value("SUMMARY")[:100])
        broken = series.broken and not event.closed
        apart.append(_Series(key, series.calendar, [event], [*series.issues, issue], broken))
    return [*main, *apart]


def _kept(event: Event, exported: str) -> list[tuple[str, str]]:
    """The properties of an event that may be kept, sorted by name."""
    kept: list[tuple[str, str]] = []
    for name, line in event.properties:
        if name in _PERSONAL or name in _DROPPED or (name.startswith("X-") and name not in _EXTENSIONS):
            continue
        if name == "LAST-MODIFIED" and exported:
            continue
        if name in ("ATTACH", "IMAGE") and _INLINE.match(line[:2000]):
            line = f"{name};VALUE=BINARY:"
        elif name == "ORGANIZER":
            found = _NAME.search(line)
            words = (found[1] or found[2] or "").strip() if found else ""
            if not words or "@" in words:
                continue
            line = f'ORGANIZER;CN="{words}":'
        elif name in ("ATTACH", "CONFERENCE", "IMAGE") and value_of(line[:2000]).lower().startswith(_REACHES):
            continue
        elif name in _WORDS:
            line = without_emails(line)
        kept.append((name, line[:MAX_VALUE]))
    return sorted(kept, key=lambda pair: pair[0])


def _zone_of(line: str) -> str:
    """The TZID of a line: all up to its date, as names such as (UTC+01:00) Brussels have a colon."""
    date = _BEFORE_DATE.search(line)
    found = _TZID.search(line[: date.start()][:1000]) if date else None
    return (found[1] or found[2]).strip() if found else ""


def _payload(calendar: Calendar, events: list[list[tuple[str, str]]]) -> bytes:
    """A calendar of its own: the properties and time zones that decide what the events mean, and the events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    kept = [line[:500] for name, line in calendar.properties if name in _CALENDAR]
    for name, line in calendar.properties:
        word = value_of(line).upper()
        if (name == "METHOD" and word == "CANCEL") or (name == "CALSCALE" and word != "GREGORIAN"):
            kept.append(f"{name}:{word[:80]}")
    lines += sorted(dict.fromkeys(kept))
    named = {name for event in events for _, line in event if (name := _zone_of(line))}
    named |= {value_of(line) for line in kept}
    for name in sorted(named & set(calendar.zones)):
        lines += [
            line[:2000] for one, line in calendar.zones[name]
            if one in ("BEGIN", "END", "DTSTART", "RRULE", "RDATE", "TZID", "TZOFFSETFROM", "TZOFFSETTO")
        ]  # fmt: skip
    for event in events:
        lines += ["BEGIN:VEVENT", *(line for _, line in event), "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return ("\r\n".join(lines) + "\r\n").encode("utf-8", "replace")
