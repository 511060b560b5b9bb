"""The words of the report in English, French and Spanish: fields, why they matter, headings (tables beside this).

``fields.tsv`` says by patterns of codes, the first that fits, which field a finding is about; ``why.tsv`` what the
field is called, why it matters to an academy and what a good value looks like; ``words.tsv`` the rest.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from registry.messages import LANGUAGES
from registry.report.model import Change

_FIELD = re.compile(r"\{(\w+)\}")
_CELL = re.compile(r"\b(sheet|row|line|column)( [«\w])")
_TO_ADD = re.compile(r"column «([a-z_]+)» \(to add\)")
OTHER = "entry"


@dataclass(frozen=True, slots=True)
class Why:
    """A field: its name, why it matters, and an example of a value ("" where none helps)."""

    name: Mapping[str, str]
    why: Mapping[str, str]
    example: str


def _rows(table: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath(f"{table}.tsv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def whys() -> Mapping[str, Why]:
    """All fields."""
    return {
        row["field"]: Why(
            {lang: row[f"name_{lang}"] for lang in LANGUAGES},
            {lang: row[f"why_{lang}"] for lang in LANGUAGES},
            row["example"] or "",
        )
        for row in _rows("why")
    }


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["codes"]), row["field"]) for row in _rows("fields"))


@cache
def listed_field(code: str) -> str | None:
    """The field that a code is about; None for a code that no pattern names."""
    return next((field for pattern, field in _patterns() if pattern.fullmatch(code)), None)


def field_of(code: str) -> str:
    """The field that a code is about; the entry as a whole for a code of another package."""
    return listed_field(code) or OTHER


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return {row["key"]: {lang: row[lang] for lang in LANGUAGES} for row in _rows("words")}


def word(key: str, language: str, **values: object) -> str:
    """A text of ``words.tsv`` with its {names} filled in."""
    known = {name: str(value) for name, value in values.items()}
    return _FIELD.sub(lambda found: known.get(found[1], found[0]), _words()[key][language])


def best(texts: Mapping[str, str], language: str) -> str:
    """The text for a reader: in their language, else English, else the first; "" where there is none."""
    return texts.get(language) or texts.get("en") or next((texts[tag] for tag in sorted(texts)), "")


@cache
def _languages() -> Mapping[str, Mapping[str, str]]:
    text = files("registry.web.texts").joinpath("languages.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["key"]: {lang: row[lang] for lang in LANGUAGES} for row in rows}


def language_name(tag: str) -> Mapping[str, str]:
    """The name of a language by its tag; the tag itself where no name is known."""
    names = _languages().get(tag.split("-")[0].lower())
    return {"und": tag} if names is None else {lang: f"{name} ({tag})" for lang, name in names.items()}


@cache
def _headings() -> Mapping[str, Mapping[str, str]]:
    text = files("registry.workbook").joinpath("columns.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["field"]: {lang: row[lang] for lang in LANGUAGES} for row in rows}


def to_add(text: str, language: str) -> str:
    """A column that a list does not have, by the heading that the template gives it."""

    def said(found: re.Match[str]) -> str:
        heading = _headings().get(found[1], {}).get(language, found[1])
        return f"column «{heading}» ({word('place.add', language)})"

    return _TO_ADD.sub(said, text)


def place(text: str, language: str) -> str:
    """A place in a workbook in the reader's words; paths and other places stay as they are."""
    text = to_add(text, language)
    return _CELL.sub(lambda found: word(f"place.{found[1]}", language) + found[2], text)


def proposed(change: Change, language: str) -> tuple[str, ...]:
    """What to write, in words that a reader knows: an example "yes" is said in their language."""
    return tuple(word("yes", language) if change.example and one == "yes" else one for one in change.after)


def colon(language: str) -> str:
    """The colon after a heading, as a language sets it."""
    return "\u00a0:" if language == "fr" else ":"
