"""Dates as people write them into one cell: spans, several sessions, days of Excel, and what says only roughly when.

Source: docs/profile.md, transform T4; ECMA-376 part 1, 18.17.4.1 (serial dates, 1900 system).
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from registry.crosswalk import clean
from registry.terms import XSD, Literal

MAX_SESSIONS = 200
_DAYS = (XSD + "date", XSD + "dateTime")
_BETWEEN = re.compile(
    r"\s+(?:-|–|—|to|au|al|bis|until|till|through|hasta(?: el)?|jusqu['’]au|a|à|até|→)\s+|\s*[–—→]\s*"
    r"|(?<=\d{4}-\d{2}-\d{2})/(?=\d{4})|(?<=/\d{4})\s?-\s?(?=\d{1,2}/)|(?<=\.\d{4})\s?-\s?(?=\d{1,2}\.)",
    re.IGNORECASE,
)
_ENTRE = re.compile(r"(?:entre|between)\s+(?:le\s+|el\s+)?(.{1,40}?)\s+(?:et|and|y)\s+(?:le\s+|el\s+)?(.{1,40})", re.I)
_BEFORE = re.compile(r"(?:from|du|des|del|von|vom|dal|de|le|les|el|los d[ií]as|on|am)\s+(?=\S)", re.IGNORECASE)
_LABEL = re.compile(
    r"(?:sessions?|sesi[oó]n(?:es)?|dates?|fechas?|groupe?|grupo|[ée]dition|edici[oó]n|turno|cohort[e]?|termin|tranche)"
    r"\s*(?:n[°º.o]?\s*)?[0-9A-Z]{0,3}\s*[:.–-]\s*|\d{1,2}\)\s*",
    re.IGNORECASE,
)
_ORDINAL = r"(?:er|ère|st|nd|rd|th|[ºo°.])?"
_AND = r"\s*(?:,|&|-|–|—|/|\bet\b|\band\b|\by\b|\be\b|\bund\b)\s*(?:le\s+)?"
_DAY = re.compile(rf"(\d{{1,2}}){_ORDINAL}", re.IGNORECASE)
_DAYS_OF_MONTH = re.compile(
    rf"(\d{{1,2}}){_ORDINAL}(?:{_AND}\d{{1,2}}{_ORDINAL}){{0,10}}{_AND}"
    rf"(\d{{1,2}}{_ORDINAL}\s+(?:de\s+)?[^\W\d_]{{3,12}}\.?,?\s+(?:de[l]?\s+)?\d{{4}}|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{4}})",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    r"([^\W\d_]{3,12}\.?)\s+(\d{1,2})(?:st|nd|rd|th)?\s*(?:-|–|—|to|and|&)\s*(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})",
    re.I,
)
_DAY_MONTH = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.]?")
_HOURS = re.compile(
    r"[\s,]+\(?(?:de |from |von |à )?\d{1,2}\s?(?:h|:|\.)\s?\d{0,2}\s?(?:-|–|à|to|a|bis|/)\s?"
    r"\d{1,2}\s?(?:h|:|\.)\s?\d{0,2}\)?$",
    re.IGNORECASE,
)
_REMARK = re.compile(r"\s*\([^()]{0,80}\)\s*$")
_ROUGH = re.compile(
    r"(?:[qts][1-4]|[1-4](?:er|e|ème|eme|nd|st|rd|th|[ºo°.])?\s*(?:trim(?:estre)?|sem(?:estre)?|quarter|quartal)\.?|"
    r"(?:printemps|[ée]t[ée]|automne|hiver|spring|summer|autumn|fall|winter|primavera|verano|oto[ñn]o|invierno|"
    r"fr[üu]hjahr|sommer|herbst|fin|d[ée]but|mi|early|late|mid|courant|rentr[ée]e)|"
    r"(?:premier|deuxi[èe]me|second|troisi[èe]me|quatri[èe]me|first|third|fourth|primer|segundo|tercer|cuarto)\s+"
    r"(?:trimestre|semestre|quarter|half))[\s,/-]*(?:de[l]?\s+|of\s+)?(?:[^\W\d_]{3,12}\s+)?(?:20\d\d)?"
    r"|20\d\d[\s/-]*[qts][1-4]|20\d\d\s*[-/]\s*(?:20)?\d\d",
    re.IGNORECASE,
)
_SERIAL = re.compile(r"([2-7]\d{4})(?:[.,]\d{1,12})?")
_PART = re.compile(r"[\n;|]|\s/\s|\s+(?:puis|then|luego)\s+")


@dataclass(frozen=True, slots=True)
class Span:
    """From one day (or moment) to another; ``end`` None when only one is given."""

    start: Literal
    end: Literal | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What a cell of dates says: the sessions, in order; parts that say only roughly when; parts unread."""

    spans: tuple[Span, ...]
    rough: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def serial(s: str) -> str:
    """A day that Excel gave as a number (45730 is 2025-03-14) as ISO 8601; anything else as it stands.

    The number is that of the 1900 system, days from 1954 to 2118; a bare number of five digits is no other date.
    """
    found = _SERIAL.fullmatch(s.strip())
    if found is None or not s.isascii():
        return s
    return (datetime.date(1899, 12, 30) + datetime.timedelta(days=int(found[1]))).isoformat()


def day(s: str, order: str | None) -> Literal | None:
    """One day or moment; None for anything else, a month or year too. Midnight is how programs write a day alone."""
    found = clean.date(serial(s), order)
    if found is not None and found.value.endswith("T00:00:00"):
        found = Literal(found.value[:10], XSD + "date")
    return found if found is not None and found.datatype in _DAYS else None


def read(cell: str, order: str | None) -> Read:
    """All dates of a cell. ``order`` ("dmy", "mdy") decides 03/04/2024."""
    whole = _span(cell, order)
    if whole is not None:
        return Read((whole,))
    spans: list[Span] = []
    rough: list[str] = []
    unread: list[str] = []
    parts = [part.strip() for part in _PART.split(cell[:5000]) if part.strip()]
    if len(parts) == 1 and "," in parts[0]:  # a comma parts dates only where each has its year
        pieces = [piece.strip() for piece in re.split(r",|\bet\b|\band\b|\by\b", parts[0])]
        parts = pieces if all(re.search(r"\d{4}", piece) for piece in pieces) else parts
    for part in parts[:MAX_SESSIONS]:
        span = _span(part, order)
        if span is not None:
            spans += [span] if span not in spans else []
        else:
            (rough if _is_rough(part, order) else unread).append(part)
    return Read(tuple(sorted(spans, key=lambda span: span.start.value[:10])), tuple(rough), tuple(unread))


def _is_rough(part: str, order: str | None) -> bool:
    plain = _LABEL.sub("", part, count=1).strip()
    return _ROUGH.fullmatch(plain) is not None or clean.date(plain, order) is not None


def _span(part: str, order: str | None) -> Span | None:
    """One session; None when it cannot be read."""
    if len(part) > 200:
        return None
    text = " ".join(part.split())
    label = _LABEL.match(text)
    for form in (text, text[label.end() :] if label else "", _HOURS.sub("", _REMARK.sub("", text))):
        found = _read(form.strip(" ,;.:"), order) if form else None
        if found is not None:
            return found
    return _read(_HOURS.sub("", _REMARK.sub("", text[label.end() :])).strip(" ,;.:"), order) if label else None


def _read(text: str, order: str | None) -> Span | None:
    one = day(text, order)
    if one is not None:
        return Span(one)
    before = _BEFORE.match(text)
    text = text[before.end() :] if before else text
    one = day(text, order)
    if one is not None:
        return Span(one)
    first = _MONTH_FIRST.fullmatch(text)
    if first is not None:
        start, end = (day(f"{first[1]} {number}, {first[4]}", order) for number in (first[2], first[3]))
        return _pair(start, end)
    several = _DAYS_OF_MONTH.fullmatch(text)
    if several is not None:
        end = day(several[2], order)
        return _pair(_borrowed(several[1], end, order), end)
    between = _ENTRE.fullmatch(text)
    parts = [between[1], between[2]] if between else _BETWEEN.split(text)
    if len(parts) != 2:
        return None
    end = day(parts[1], order)
    return _pair(day(parts[0], order) or _borrowed(parts[0], end, order), end)


def _pair(start: Literal | None, end: Literal | None) -> Span | None:
    if start is None or end is None or end.value[:10] < start.value[:10]:
        return None
    return Span(start, end)


def _borrowed(text: str, end: Literal | None, order: str | None) -> Literal | None:
    """A start that takes its month or year from the end: "3" of "3 au 5 juin 2025", "28 mai" of "28 mai au 2 juin"."""
    if end is None:
        return None
    year, month, last = (int(number) for number in end.value[:10].split("-"))
    # A weekday before the day says nothing more.
    text = re.sub(r"^[^\W\d_]{4,10}\.?\s+(?=\d)", "", text.strip()) if _DAY.search(text) else text
    lone, pair = _DAY.fullmatch(text), _DAY_MONTH.fullmatch(text)
    if lone is not None:
        number = int(lone[1])
        if number > last:  # "30 au 2 juin": of the month before
            year, month = (year - 1, 12) if month == 1 else (year, month - 1)
        return day(f"{year:04}-{month:02}-{number:02}", order)
    for before in (year, year - 1):
        if pair is not None:
            figures = (pair[2], pair[1]) if order != "mdy" else (pair[1], pair[2])
            found = day(f"{before:04}-{int(figures[0]):02}-{int(figures[1]):02}", order)
        else:
            found = day(f"{text} {before}", order) or day(f"{text}, {before}", order)
        if found is not None and found.value[:10] <= end.value[:10]:
            return found
    return None
