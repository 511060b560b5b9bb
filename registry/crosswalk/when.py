"""Dates and durations as sources write them, to XML Schema literals.

Source: docs/profile.md, transforms T4 and T5; XML Schema 1.1 part 2 (lexical forms).
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from email.utils import parsedate_to_datetime
from fractions import Fraction

from registry.terms import XSD, Literal

FIRST_YEAR, LAST_YEAR = 1600, 2199  # beyond them a year is a slip or a filler


def words(s: str) -> frozenset[str]:
    """The words of a string, as a set."""
    return frozenset(s.split())


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january janvier janv enero ene janeiro januar januari gennaio gen jaenner janner",
            "feb february fevrier fevr fev febrero fevereiro februar febbraio",
            "mar march mars marzo marco marz maerz mrz",
            "apr april avril avr abril abr aprile",
            "may mai mayo maio maggio mag",
            "jun june juin junio junho juni giugno giu",
            "jul july juillet juil julio julho juli luglio lug",
            "aug august aout agosto ago",
            "sep sept september septembre septiembre setiembre setembro set settembre",
            "oct october octobre octubre outubro out oktober okt ottobre ott",
            "nov november novembre noviembre novembro",
            "dec december decembre diciembre dic dezembro dez dezember dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_FILLER = words(
    "de del do le el den der the of am on a "
    "mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday "
    "lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miercoles jueves viernes sabado domingo "
    "montag dienstag mittwoch donnerstag freitag samstag sonntag"
)

_DATE_TIME = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:T|t| +)(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?"
    r" ?(Z|z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_DATE = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_YEAR_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})", re.ASCII)
_NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})", re.ASCII)
_CLOCK = re.compile(r"[ ,T]+(?:at |à |a las |um )?(\d{1,2})[:h](\d{2})(?::(\d{2}))? ?(am|pm)?", re.ASCII | re.I)
_RFC_822 = re.compile(r"(?:[A-Za-z]{3},? +)?\d{1,2} +[A-Za-z]{3,9} +\d{2,4} +\d{1,2}:\d{2}.{0,20}", re.ASCII)


def _valid(year: int, month: int, day: int) -> bool:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return False
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True


def _date_time(year: int, month: int, day: int, clock: tuple[int, int, int], rest: str = "") -> Literal | None:
    """An xsd:dateTime; ``rest`` is fraction and zone. None when impossible or the epoch's zero."""
    hour, minute, second = clock
    if not _valid(year, month, day) or hour > 23 or minute > 59 or second > 59:
        return None
    if (year, month, day, hour, minute, second) == (1970, 1, 1, 0, 0, 0):
        return None
    stamp = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{rest}"
    return Literal(stamp, XSD + "dateTime")


def _zone(zone: str | None) -> str | None:
    """A zone as XML Schema writes it: "", "Z" or "+hh:mm"; None when impossible."""
    if not zone:
        return ""
    if zone.upper() in ("Z", "UTC", "GMT"):
        return "Z"
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    return f"{zone[0]}{hours:02}:{minutes:02}" if hours * 60 + minutes <= 840 and minutes < 60 else None


def _iso(s: str) -> Literal | None:
    found = _DATE_TIME.fullmatch(s)
    if found is not None:
        year, month, day, hour, minute = (int(found[i]) for i in range(1, 6))
        zone = _zone(found[8])
        if zone is None:
            return None
        return _date_time(year, month, day, (hour, minute, int(found[6] or 0)), (found[7] or "") + zone)
    found = _DATE.fullmatch(s)
    if found is not None:
        year, month, day = int(found[1]), int(found[3]), int(found[4])
        return Literal(f"{year:04}-{month:02}-{day:02}", XSD + "date") if _valid(year, month, day) else None
    found = _YEAR_MONTH.fullmatch(s)
    if found is not None:
        year, month = int(found[1]), int(found[2])
        return Literal(f"{year:04}-{month:02}", XSD + "gYearMonth") if _valid(year, month, 1) else None
    return None


def _digits(s: str) -> Literal | None:
    """A year, YYYYMMDD, or seconds or milliseconds since 1970."""
    number = int(s)
    if len(s) == 4:
        return Literal(s, XSD + "gYear") if _valid(number, 1, 1) else None
    if len(s) == 8:
        year, month, day = number // 10000, number // 100 % 100, number % 100
        return Literal(f"{year:04}-{month:02}-{day:02}", XSD + "date") if _valid(year, month, day) else None
    if len(s) not in (9, 10, 13) or not number:
        return None
    moment = datetime.datetime.fromtimestamp(number // (1000 if len(s) == 13 else 1), datetime.UTC)
    return Literal(moment.strftime("%Y-%m-%dT%H:%M:%SZ"), XSD + "dateTime") if moment.year <= LAST_YEAR else None


def _numeric(s: str, order: str | None) -> tuple[int, int, int] | None:
    """31/12/2024 or 12.31.2024; None when both readings are possible and no order is known."""
    found = _NUMERIC.fullmatch(s)
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if first > 12 or first == second:
        return year, second, first
    if second > 12:
        return year, first, second
    return (year, second, first) if order == "dmy" else (year, first, second) if order == "mdy" else None


def _words(s: str) -> tuple[int, int, int] | None:
    """ "1er janvier 2024", "March 12th, 2024", "mars 2024"; day 0 when there is none."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", s.casefold()) if not unicodedata.combining(c))
    month, numbers = 0, []
    for word in re.findall(r"[a-z]+|\d+(?:st|nd|rd|th|er|re|o)?(?![a-z0-9])|\S", plain.replace("\u00ba", "o")):
        if word in _MONTHS and not month:
            month = _MONTHS[word]
        elif word[0].isdecimal() and word[0].isascii():
            numbers.append(int(re.sub(r"\D", "", word)))
        elif word not in _FILLER and word not in ",.-/":
            return None
    if not month or not 1 <= len(numbers) <= 2:
        return None
    years = [number for number in numbers if number >= FIRST_YEAR]
    days = [number for number in numbers if number < FIRST_YEAR]
    if len(years) != 1 or len(days) > 1 or (days and not 1 <= days[0] <= 31):
        return None
    return years[0], month, days[0] if days else 0


def date(s: str | int | float, order: str | None = None) -> Literal | None:
    """An xsd:date, dateTime, gYear or gYearMonth; None for "", 0, impossible or ambiguous dates.

    ISO 8601, RFC 822, epoch seconds, 31/12/2024 and month names in English, French, Spanish, Portuguese,
    German and Italian. ``order`` ("dmy" or "mdy") decides 03/04/2024. Source: T4.
    """
    s = " ".join(str(int(s) if isinstance(s, float) and s.is_integer() else s)[:80].split())
    if not s:
        return None
    if s.isdecimal() and s.isascii():
        return _digits(s)
    found = _iso(s)
    if found is not None:
        return found
    if _RFC_822.fullmatch(s):
        try:
            moment = parsedate_to_datetime(s)
        except (ValueError, TypeError, IndexError, OverflowError):
            moment = None
        if moment is not None and _valid(moment.year, moment.month, moment.day):
            return Literal(moment.isoformat().replace("+00:00", "Z"), XSD + "dateTime")
    clock: tuple[int, int, int] | None = None
    tail = re.search(_CLOCK.pattern + "$", s, _CLOCK.flags)
    if tail is not None:
        hour = int(tail[1])
        if tail[4]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if tail[4].lower() == "pm" else 0)
        clock, s = (hour, int(tail[2]), int(tail[3] or 0)), s[: tail.start()]
    parts = _numeric(s, order) or _words(s)
    if parts is None:
        return None
    year, month, day = parts
    if day and clock is not None:
        return _date_time(year, month, day, clock)
    if clock is not None or not _valid(year, month, day or 1):
        return None
    if day:
        return Literal(f"{year:04}-{month:02}-{day:02}", XSD + "date")
    return Literal(f"{year:04}-{month:02}", XSD + "gYearMonth")


_NUMBER = r"\d{1,6}(?:[.,]\d{1,4})?"
_ISO_DURATION = re.compile(
    rf"P(?:({_NUMBER})Y)?(?:({_NUMBER})M)?(?:({_NUMBER})W)?(?:({_NUMBER})D)?"
    rf"(?:T(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?",
    re.ASCII,
)
_UNITS = {
    word: unit
    for unit, words in {
        "Y": "y yr yrs year years an ans annee annees ano anos jahr jahre anno anni",
        "M": "mo month months mois mes meses monat monate mese mesi",
        "W": "w wk wks week weeks semaine semaines sem semana semanas woche wochen settimana settimane",
        "D": "d day days j jr jrs jour jours journee journees dia dias tag tage giorno giorni gg",
        "h": "h hr hrs hour hours heure heures hora horas std stunde stunden ora ore",
        "m": "m mn min mins minute minutes minuto minutos minuten minuti",
        "s": "s sec secs second seconds seconde secondes segundo segundos sekunde sekunden secondi",
    }.items()
    for word in words.split()
}
_DAYS_OF = {"W": 7, "D": 1}
_SECONDS_OF = {"h": 3600, "m": 60, "s": 1}
_WORD_NUMBERS = {
    word: number
    for number, words in enumerate(
        ("", "one a an un une una uno um uma ein eine", "two deux dos dois duas zwei due", "three trois tres drei tre",
         "four quatre cuatro quatro vier quattro", "five cinq cinco funf cinque", "six seis sechs sei"),
    )
    for word in words.split()
}  # fmt: skip
_ABOUT = words("about approx approximately around circa ca env environ aprox aproximadamente etwa ungefahr")
_AND = words("and et y e und")
_HALF_DAY = re.compile(
    r"(?:(?:a|one|une|un|media|meia) )?(?:half[ -]?(?:a )?day|demi[ -]?journee|medio dia|media jornada|meio dia|"
    r"halber tag|mezza giornata)"
)
_CLOCK_LENGTH = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)", re.ASCII)


def _write(parts: dict[str, Fraction]) -> str | None:
    """{unit: number} as xsd:duration: fractions carried down, weeks as seven days, nothing for zero."""
    months = parts.get("Y", Fraction(0)) * 12 + parts.get("M", Fraction(0))
    days = sum((parts.get(unit, Fraction(0)) * size for unit, size in _DAYS_OF.items()), Fraction(0))
    seconds = sum((parts.get(unit, Fraction(0)) * size for unit, size in _SECONDS_OF.items()), Fraction(0))
    if months.denominator != 1:
        return None  # half a month has no exact length
    seconds += (days - int(days)) * 86400
    years, rest = divmod(int(months), 12)
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    before = "".join(f"{n}{unit}" for n, unit in ((years, "Y"), (rest, "M"), (int(days), "D")) if n)
    after = "".join(f"{n}{unit}" for n, unit in ((hour, "H"), (minute, "M"), (second, "S")) if n)
    return f"P{before}{'T' + after if after else ''}" if before or after else None


def duration(s: str) -> str | None:
    """The lexical form of an xsd:duration; None for zero, a bare number, a range or a rate.

    A valid ISO form is kept; weeks become days ("P3W" is not XML Schema), fractions go to smaller units
    (half a day is PT12H, as P1D is 24 hours). Text in six languages: "1h30", "2 jours". Source: T5.
    """
    s = " ".join(s[:100].split())
    iso = _ISO_DURATION.fullmatch(s.upper())
    if iso is not None:
        numbers = [group for group in iso.groups() if group]
        if not numbers or s.upper().endswith("T"):
            return None
        valid = not iso[3] and all(n.isdecimal() for n in numbers) and s.isupper()
        written = _write({
            unit: Fraction(group.replace(",", "."))
            for unit, group in zip("YMWDhms", iso.groups(), strict=True) if group
        })  # fmt: skip
        return s if valid and written else written
    clock = _CLOCK_LENGTH.fullmatch(s)
    if clock is not None:
        return _write({unit: Fraction(int(n)) for unit, n in zip("hms", clock.groups(), strict=True)})
    plain = "".join(c for c in unicodedata.normalize("NFKD", s.casefold()) if not unicodedata.combining(c))
    plain = plain.replace("1\u20442", ".5").replace("~", "").replace(" .5", ".5")
    if _HALF_DAY.fullmatch(plain):
        return "PT12H"
    parts: dict[str, Fraction] = {}
    number: Fraction | None = None
    for word in re.findall(r"\d*\.\d+|\d+,\d+|\d+|[a-z]+|\S", plain):
        if word[0].isdecimal() or (word[0] == "." and len(word) > 1):
            if number is not None or len(word) > 9 or not word.isascii():
                return None
            number = Fraction(word.replace(",", "."))
        elif number is None and word in _WORD_NUMBERS:
            number = Fraction(_WORD_NUMBERS[word])
        elif word in _UNITS and number is not None and _UNITS[word] not in parts:
            parts[_UNITS[word]], number = number, None
        elif not (word in ".," or (word == "-" and number) or word in _AND or (word in _ABOUT and not parts)):
            return None
    if number is not None:  # "1h30" ends in minutes; any other bare number says nothing
        if set(parts) != {"h"} or number >= 60:
            return None
        parts["m"] = number
    return _write(parts)
