"""A Moodle course while it is mapped: its texts by language, times by time zone, what is Moodle's own default.

Source: Moodle, course/externallib.php; lib/weblib.php (formats of texts).
"""

from __future__ import annotations

import csv
import datetime
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from markdown_it import MarkdownIt

from registry.crosswalk import clean, moodle_multilang
from registry.crosswalk.base import MapContext
from registry.crosswalk.feed_terms import Words
from registry.crosswalk.moodle_multilang import OTHER
from registry.terms import XSD, Literal

MAX_SOURCE = 200_000
MAX_LONG = 20_000
MAX_LINE = 2_000
MARKDOWN = 4
_FILES = re.compile(r"@@PLUGINFILE@@[^\s\"'<>)]{0,500}")


@cache
def _defaults() -> frozenset[tuple[str, str]]:
    rows = files(__package__).joinpath("tables", "moodle_defaults.tsv").read_text("utf-8").splitlines()
    return frozenset((row["field"], clean.fold(row["value"])) for row in csv.DictReader(rows, delimiter="\t"))


def is_default(field: str, text: str) -> bool:
    """Whether a text is the one that Moodle itself writes."""
    return (field, clean.fold(text)) in _defaults()


@dataclass(slots=True)
class Reader:
    """``language`` is that of texts which name none; ``zone`` of the dates, "" where it is not known."""

    words: Words
    language: str
    zone: str = ""

    @property
    def context(self) -> MapContext:
        """What a crosswalk may know."""
        return self.words.context

    def texts(self, value: Any, place: str, form: int | None = None) -> list[tuple[str, str]]:
        """(language, plain text), one a language; with a ``form`` a long one, else one line."""
        if not isinstance(value, str) or not value.strip():
            return []
        found: list[tuple[str, str]] = []
        parts = moodle_multilang.split(value[:MAX_SOURCE], self.context.values.language)
        named = {tag for tag, _ in parts}
        for tag, part in parts:
            if tag == OTHER:  # what everybody else reads: the site's own language, if no block is in it
                tag = self.language if self.language not in named else "und"
            text = self.plain(part, place, form)
            if text:
                found.append((tag or self.language, text))
        return found

    def plain(self, part: str, place: str, form: int | None) -> str:
        """One text without marks, HTML and e-mail addresses."""
        if form is None:
            return self.words.line(part[:MAX_LINE], place)
        part = _FILES.sub("", part)
        if form == MARKDOWN:
            part = MarkdownIt("commonmark", {"maxNesting": 20}).render(part)
        return self.words.plain(part, place)[:MAX_LONG].rstrip()

    def moment(self, value: Any) -> Literal | None:
        """A time of seconds since 1970: a day where it is midnight at the site; None for 0."""
        seconds = number(value)
        if not seconds or seconds > 7_000_000_000:
            return None
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        if self.zone:
            try:
                moment = moment.astimezone(ZoneInfo(self.zone))
            except (OSError, ValueError, KeyError):
                self.zone = ""
        if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
            return Literal(moment.strftime("%Y-%m-%d"), XSD + "date")
        return Literal(moment.isoformat().replace("+00:00", "Z"), XSD + "dateTime")


def number(value: Any) -> int | None:
    """A whole number, also one that is written as a string."""
    if isinstance(value, bool):
        return None
    text = str(value) if isinstance(value, int) else value.strip() if isinstance(value, str) else ""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 16 else None


def line(value: Any) -> str:
    """A string or number, trimmed; "" for anything else."""
    return value.strip() if isinstance(value, str) else str(value) if number(value) is not None else ""
