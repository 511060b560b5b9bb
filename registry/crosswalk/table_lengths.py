"""Lengths of time as offices write them: "2 x 3 h", "3 demi-journées", "2 jours (14 h)", "un jour et demi".

Source: docs/profile.md, transform T5; everything simpler is ``clean.duration``.
"""

from __future__ import annotations

import re
import unicodedata

from registry.crosswalk import clean

_COUNTS = {
    word: count
    for count, words in (
        (1, "un une a an one uno una um uma ein eine"), (2, "deux two dos dois duas zwei due"),
        (3, "trois three tres drei tre"), (4, "quatre four cuatro quatro vier quattro"),
        (5, "cinq five cinco funf cinque"), (6, "six seis sechs sei"),
    )
    for word in words.split()
}  # fmt: skip
_HALF_DAYS = re.compile(
    r"(\d{1,3}|[a-z]+|½|1/2)?\s*(?:half[ -]?days?|demi[ -]?(?:journees?|jours?)|medias? (?:jornadas?|dias?)|"
    r"medios? dias?|meios? dias?|halbe[rn]? tage?|mezz[ae] giornat[ae])"
)
_TIMES = re.compile(
    r"(\d{1,3}|[a-z]+)\s*(?:x|×|\*|fois|times|veces|vezes|mal|(?:seances?|sessions?|modules?|sesiones|sessoes|classes|"
    r"cours|clases|webinars?|webinaires?|sitzungen|ateliers?|workshops?|talleres)\s*(?:de|of|von|a|à|x)?)\s*(.{1,40})"
)
_TIMES_AFTER = re.compile(
    r"(.{1,40}?)\s*(?:x|×|\*)\s*(\d{1,3})(?:\s*(?:seances?|sessions?|sesiones|fois|times|jours|days))?"
)
_HALF_MORE = re.compile(r"(.{1,30}?)\s+(?:et|y|e|and a)\s+(?:demie?|media|medio|meia|meio|half)")
_MORE = re.compile(
    r"(.{1,30}?)\s*(?:\(.{0,60}\)|(?:/|=|soit|i\.e\.|ou|sur|over|en|spread over|reparties? sur)\s+.{1,60})"
)
_PLURAL = re.compile(r"\((?:s|es|n)\)")
_QUARTER = {"1/2": ".5", "½": ".5", "¼": ".25", "¾": ".75", "1/4": ".25", "3/4": ".75"}


def length(s: str) -> str | None:
    """The lexical form of an xsd:duration, or None. Of "2 jours (14 h)" the first counts."""
    s = _PLURAL.sub("s", " ".join(s[:200].split()))
    return clean.duration(s) or _length(_plain(s), 3)


def _plain(s: str) -> str:
    s = s.replace("½", " 1/2").replace("¼", " 1/4").replace("¾", " 3/4")
    plain = "".join(c for c in unicodedata.normalize("NFKD", s.casefold()) if not unicodedata.combining(c))
    return " ".join(plain.replace("×", "x").split())


def _length(s: str, depth: int) -> str | None:
    found = _simple(s)
    if found is not None or depth == 0:
        return found
    half = _HALF_DAYS.fullmatch(s)
    if half is not None:
        count = _count(half[1] or "1") if half[1] not in ("½", "1/2") else 1
        days, rest = divmod(count, 2)
        return f"P{f'{days}D' if days else ''}{'T12H' if rest else ''}" if 0 < count <= 500 else None
    times = _TIMES.fullmatch(s)
    if times is not None and _count(times[1]):
        return _multiplied(_length(times[2].strip(), depth - 1), _count(times[1]))
    after = _TIMES_AFTER.fullmatch(s)
    if after is not None and not after[1].strip().isdecimal():
        return _multiplied(_length(after[1].strip(), depth - 1), int(after[2]))
    more = _HALF_MORE.fullmatch(s)
    if more is not None:
        unit, number = more[1].split()[-1].lstrip("0123456789.,"), _number(more[1])
        return clean.duration(f"{number}.5 {unit}") if number else None
    longer = _MORE.fullmatch(s)
    return _length(longer[1].strip(), depth - 1) if longer is not None else None


def _simple(s: str) -> str | None:
    """What ``clean.duration`` reads, with "1/2 jour" and "2 1/2 h" as decimals."""
    found = re.fullmatch(r"(\d{1,3})?\s*(1/2|1/4|3/4)\s*(.{1,20})", s)
    return clean.duration(f"{found[1] or 0}{_QUARTER[found[2]]} {found[3]}") if found else clean.duration(s)


def _count(word: str) -> int:
    return int(word) if word.isdecimal() else _COUNTS.get(word, 0)


def _number(s: str) -> int:
    """The whole number at the beginning of "1 jour" or "une journee"; 0 for none."""
    first = re.match(r"\d{1,3}(?![.,\d])|[a-z]+", s)
    return _count(first[0]) if first else 0


_ISO = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def _multiplied(duration: str | None, count: int) -> str | None:
    """A duration so many times; days stay days, minutes become hours."""
    found = _ISO.fullmatch(duration or "")
    if found is None or not 1 <= count <= 500:
        return None
    years, months, days, hours, minutes, seconds = (int(part or 0) * count for part in found.groups())
    minutes, seconds = minutes + seconds // 60, seconds % 60
    hours, minutes = hours + minutes // 60, minutes % 60
    if hours == 12 * count and duration == "PT12H":  # half days as clean.duration gives them
        days, hours = divmod(count, 2)
        hours *= 12
    date = "".join(f"{n}{unit}" for n, unit in ((years, "Y"), (months, "M"), (days, "D")) if n)
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    return f"P{date}{'T' + time if time else ''}" if date or time else None
