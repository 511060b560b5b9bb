"""iCalendar bytes to calendars and events as content lines: unfolded, decoded, split, nothing interpreted.

Tolerates what servers send: a fold in the middle of a character, lone CR, a byte order mark, Latin-1, raw line
ends in a text, events without END or without a calendar around them, a file that breaks off.
Sources: RFC 5545 §3.1 (content lines, folding), §3.4 (iCalendar object), §3.6 (components).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from registry.model import Issue

MAX_LINES = 3_000_000
MAX_VALUE = 50_000
KNOWN = frozenset(
    "ATTACH ATTENDEE BEGIN CALSCALE CATEGORIES CLASS COLOR COMMENT COMPLETED CONCEPT CONFERENCE CONTACT CREATED "
    "DESCRIPTION DTEND DTSTAMP DTSTART DUE DURATION END EXDATE EXRULE GEO IMAGE LAST-MODIFIED LINK LOCATION METHOD "
    "NAME ORGANIZER PERCENT-COMPLETE PRIORITY PRODID RDATE RECURRENCE-ID REFID REFRESH-INTERVAL RELATED-TO "
    "REQUEST-STATUS RESOURCES RRULE SEQUENCE SOURCE STATUS STRUCTURED-DATA STYLED-DESCRIPTION SUMMARY TIMEZONE-ID "
    "TRANSP TRIGGER TZID TZNAME TZOFFSETFROM TZOFFSETTO TZURL UID URL VERSION".split()
)
_INNER = frozenset({"VCALENDAR", "VTIMEZONE", "VALARM", "STANDARD", "DAYLIGHT"})
_TEXTS = frozenset({"SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CONTACT", "X-ALT-DESC", "STYLED-DESCRIPTION"})
_FOLD = re.compile(rb"(?:\r*\n|\r)[ \t]")
_FOLD_TEXT = re.compile(r"(?:\r*\n|\r)[ \t]")
_END_OF_LINE = re.compile(r"\r*\n|\r")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ufeff\ud800-\udfff]")
_NAME = re.compile(r"\s{0,20}([A-Za-z0-9-]{1,80})\s{0,20}(?=[;:])")


@dataclass(slots=True)
class Event:
    """One VEVENT: its own properties as (name, whole line); parts inside it (alarms) are left out."""

    calendar: int
    line: int
    properties: list[tuple[str, str]] = field(default_factory=list)
    closed: bool = False
    mended: list[str] = field(default_factory=list)

    def value(self, name: str) -> str:
        """The value of the first property of a name, trimmed; "" without one."""
        return next((value_of(line) for one, line in self.properties if one == name), "")

    def has(self, name: str) -> bool:
        """Whether there is such a property."""
        return any(one == name for one, _ in self.properties)


@dataclass(slots=True)
class Calendar:
    """One VCALENDAR: its own properties, and its time zones by name as whole components."""

    properties: list[tuple[str, str]] = field(default_factory=list)
    zones: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


@dataclass(slots=True)
class Content:
    """A whole file. ``cut``: it ends inside a component; ``others``: components that are no events."""

    calendars: list[Calendar] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    cut: bool = False
    bare: bool = False
    stray: str = ""


def value_of(line: str) -> str:
    """What stands after the first colon outside quotation marks; "" where there is none."""
    quoted = False
    for at, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif char == ":" and not quoted:
            return line[at + 1 :].strip()
    return line.partition(":")[2].strip()  # an open quotation mark


def decode(body: bytes, content_type: str) -> tuple[str, tuple[Issue, ...]]:
    """The text with its folds undone; what is not UTF-8 is read as declared, else as Windows-1252."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _FOLD_TEXT.sub("", body.decode("utf-16", "replace")), (Issue("ical-encoding", "", "UTF-16"),)
    body = _FOLD.sub(b"", body.removeprefix(b"\xef\xbb\xbf"))
    try:
        return body.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        stray = f"0x{body[error.start]:02X}"
    declared = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", content_type, re.IGNORECASE)
    charset = declared[1].lower() if declared else ""
    if charset in ("", "utf-8", "utf8"):
        # Some lines are UTF-8, some are not: each is read for itself.
        lines = (_either(line) for line in body.split(b"\n"))
        return "\n".join(lines), (Issue("ical-encoding", "", f"Windows-1252 ({stray})"),)
    try:
        return body.decode(charset, "replace"), (Issue("ical-encoding", "", charset),)
    except LookupError:
        return body.decode("cp1252", "replace"), (Issue("ical-encoding", "", f"Windows-1252 ({stray})"),)


def _either(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def content_lines(text: str) -> Iterator[tuple[int, str, str]]:
    """(number, NAME, line with the name in capitals) of each line; name "" for what is no content line."""
    number, at = 0, 0
    for number, found in enumerate(_END_OF_LINE.finditer(text), 1):
        yield from _line(number, text[at : found.start()])
        at = found.end()
        if number >= MAX_LINES:
            return
    yield from _line(number + 1, text[at:])


def _line(number: int, line: str) -> Iterator[tuple[int, str, str]]:
    if not line or line.isspace():
        return
    line = _CONTROLS.sub("", line)
    found = _NAME.match(line)
    name = found[1].upper() if found else ""
    if found and (name in KNOWN or name.startswith("X-") or found[1] == name):
        yield number, name, name + line[found.end() :]
    elif line.strip():
        yield number, "", line


def read(text: str, most: int) -> Content:
    """The calendars and at most ``most`` events of a text; the rest is left with ``cut``."""
    content = Content()
    stack: list[str] = []
    event: Event | None = None
    zone: list[tuple[str, str]] | None = None
    last: list[tuple[str, str]] | None = None  # where a raw line of a text belongs
    for number, name, line in content_lines(text):
        kind = value_of(line).upper()[:80] if name in ("BEGIN", "END") else ""
        if name == "BEGIN":
            if kind == "VEVENT" and event is not None:  # the one before has no END
                event.mended.append("ical-unclosed")
                event, stack = None, stack[: stack.index("VEVENT")]
            if kind == "VCALENDAR":
                stack = []
                event, zone = None, None
                content.calendars.append(Calendar())
            elif not content.calendars:
                content.calendars.append(Calendar())
                content.bare = True
            stack.append(kind)
            if kind == "VEVENT" and zone is None:
                if len(content.events) >= most:
                    content.cut = True
                    return content
                event = Event(len(content.calendars) - 1, number)
                content.events.append(event)
                last = event.properties
            elif kind == "VTIMEZONE" and event is None:
                zone = []
            elif event is None and zone is None and kind not in _INNER and stack[:-1] in ([], ["VCALENDAR"]):
                content.others[kind] += 1
            if zone is not None:
                zone.append((name, f"BEGIN:{kind}"))
            if event is not None and kind != "VEVENT":
                last = None
            continue
        if name == "END":
            if kind not in stack:
                continue  # closes nothing
            while stack and stack.pop() != kind:
                pass
            if zone is not None:
                zone.append((name, f"END:{kind}"))
            if kind == "VEVENT" and event is not None:
                event.closed, event, last = True, None, None
            elif kind == "VTIMEZONE" and zone is not None:
                named = next((value_of(line) for one, line in zone if one == "TZID"), "")
                if named and len(zone) <= 2000:
                    content.calendars[-1].zones.setdefault(named, zone)
                zone = None
            elif event is not None and stack and stack[-1] == "VEVENT":
                last = event.properties
            if "VEVENT" not in stack:
                event = None
            continue
        if not name:
            if event is not None and last is event.properties and last:
                one, before = last[-1]
                is_text = one in _TEXTS
                if is_text:
                    last[-1] = (one, before + "\\n" + line.strip())
                code = "ical-raw-line" if is_text else "ical-broken-line"
                if code not in event.mended:
                    event.mended.append(code)
            elif not content.calendars and not content.stray:
                content.stray = line.strip()[:80]
        elif event is not None:
            if stack and stack[-1] == "VEVENT":
                event.properties.append((name, line))
        elif zone is not None:
            zone.append((name, line))
        elif content.calendars and stack == ["VCALENDAR"]:
            content.calendars[-1].properties.append((name, line))
        elif not content.calendars and not content.stray:
            content.stray = line[:80]
    content.cut = bool(stack)
    return content
