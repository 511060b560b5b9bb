"""Which column of a table is which field of the template: aliases in several languages, header rows found.

``table_headings.tsv`` has one alias a row (field, language, alias), the likelier first within a field; a
field "@fr" holds the words that name a language in a heading ("Title (French)").
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from harvesters.table_files import Sheet

SEARCHED = 30  # the header stands within the first rows of a sheet
MANY = frozenset(
    ["about", "audience", "authors", "contact", "contributors", "csa", "fields", "gamso", "gsbpm", "host_institutions",
     "ignored", "instructor", "keywords", "languages", "organizer", "ost", "outcomes", "prerequisites", "secret",
     "type"]
)  # fmt: skip
FRAMEWORK = re.compile(r"scheme:[a-z][a-z0-9-]{1,30}")  # a column that names terms of one list
TRANSLATED = frozenset(["title", "description", "keywords", "outcomes", "prerequisites", "subtitle"])
_WORD = re.compile(r"[^\W_]+")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
# What opens a door: never kept, never shown as a sample.
_SECRET = re.compile(
    r"\b(?:password|passwd|passcode|pass code|mot de passe|mots de passe|contrasena|senha|passwort|kennwort|pin|"
    r"(?:enrolment|enrollment|access|host|meeting) (?:key|code|pin)|cle d (?:inscription|acces)|code d acces|"
    r"clave de (?:matriculacion|acceso|inscripcion)|codigo de acceso|chiave di iscrizione|token)\b"
)
_UNIT = re.compile(r" (?:en|in|em) (?:heures?|jours?|hours?|days?|minutes?|horas?|dias?|stunden|tagen?|ore|giorni)$")


def fold(s: str) -> str:
    """A heading as it is compared: no case, accents, punctuation; at most 200 characters."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", s[:200]) if not unicodedata.combining(char))
    return " ".join(_WORD.findall(plain.casefold()))


@cache
def _table() -> tuple[Mapping[str, tuple[str, int]], Mapping[str, str]]:
    """{alias: (field, rank)} and {word: language}."""
    aliases: dict[str, tuple[str, int]] = {}
    languages: dict[str, str] = {}
    lines = files("harvesters").joinpath("table_headings.tsv").read_text("utf-8").splitlines()
    for rank, row in enumerate(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)):
        if row["field"].startswith("@"):
            languages.setdefault(fold(row["alias"]), row["field"][1:])
        else:
            aliases.setdefault(fold(row["alias"]), (row["field"], rank))
    return aliases, languages


def aliases() -> Mapping[str, str]:
    """{folded heading: field}, the likelier field where two share one."""
    return {alias: name for alias, (name, _) in _table()[0].items()}


def languages_of(headings: Iterable[str]) -> frozenset[str]:
    """The languages that all known headings can be in: each known one is an alias of a field there. Empty where no
    language has them all."""
    known = [_spoken()[word] for heading in headings if (word := fold(heading)) in _spoken()]
    return frozenset.intersection(*known) if known else frozenset()


@cache
def _spoken() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    lines = files("harvesters").joinpath("table_headings.tsv").read_text("utf-8").splitlines()
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        if not row["field"].startswith("@"):
            found.setdefault(fold(row["alias"]), set()).add(row["language"])
    return {alias: frozenset(languages) for alias, languages in found.items()}


def fields() -> frozenset[str]:
    """All fields of the template."""
    return frozenset(field for field, _ in _table()[0].values())


def is_field(name: str) -> bool:
    """Whether a name is a field, one in a language ("title_fr"), or a list of terms ("scheme:skills")."""
    if FRAMEWORK.fullmatch(name):
        return True
    base, _, language = name.rpartition("_")
    return name in fields() or (base in TRANSLATED and re.fullmatch(r"[a-z]{2,3}", language) is not None)


def is_many(name: str) -> bool:
    """Whether several columns may give values of a field."""
    return name in MANY or FRAMEWORK.fullmatch(name) is not None


def field_of(heading: str, own: Mapping[str, str]) -> tuple[str, int] | None:
    """The field a heading names, and how sure (less is surer); None for an unknown heading.

    ``own`` is the feed's folded headings. Brackets, units, a second language after a slash or line end, and
    numbers of repeated columns ("Author 2") do not count.
    """
    aliases, languages = _table()
    whole = fold(heading)
    if whole in own:
        return own[whole], -1
    if not whole:
        return None
    if whole in aliases:
        return aliases[whole]
    if _SECRET.search(whole):
        return "secret", 0
    bare = fold(_BRACKETS.sub(" ", heading))
    forms = [bare, _UNIT.sub("", bare), *(fold(part) for part in re.split(r"[/|\n:;]| - ", heading))]
    inner = fold(" ".join(_BRACKETS.findall(heading)))
    if inner in languages and bare in aliases and aliases[bare][0] in TRANSLATED:
        return f"{aliases[bare][0]}_{languages[inner]}", aliases[bare][1]
    words = whole.split()
    if len(words) > 1 and words[-1] in languages:
        base = [" ".join(words[:end]) for end in (-1, -2) if words[:end] and (end == -1 or words[-2] in ("en", "in"))]
        for stem in base:
            if stem in aliases and aliases[stem][0] in TRANSLATED:
                return f"{aliases[stem][0]}_{languages[words[-1]]}", aliases[stem][1]
    if len(words) > 1 and words[-1].isdecimal():
        stem = " ".join(words[:-1])
        if stem in aliases and aliases[stem][0] in MANY:
            return aliases[stem]
    return next((aliases[form] for form in forms if form in aliases), None)


@dataclass(frozen=True, slots=True)
class Header:
    """A header: where the data begin, what each column is. ``columns``: column → (field, heading).

    ``spare`` are columns of the same form whose field another column says more surely: they count in rows where
    that one is empty, and are among the unknown ones else.
    """

    data: int
    columns: Mapping[int, tuple[str, str]]
    unknown: Mapping[int, str]
    texts: tuple[str, ...]
    spare: Mapping[int, tuple[str, str]]


def _spread(sheet: Sheet, row: int) -> list[str]:
    """A row's cells with horizontally merged blocks filled: for the upper line of a header."""
    cells = list(sheet.rows[row])
    for first, last in sheet.wide.get(row, ()):
        for column in range(first, min(last, len(cells) - 1) + 1):
            cells[column] = cells[column] or cells[first]
    return cells


def _read(headings: list[list[str]], own: Mapping[str, str]) -> dict[int, tuple[str, int, str]]:
    """Column → (field, rank, heading); ``headings`` gives for each column the forms to try."""
    found: dict[int, tuple[str, int, str]] = {}
    for column, forms in enumerate(headings):
        for form in forms:
            field = field_of(form, own) if form else None
            if field is not None:
                found[column] = (*field, form)
                break
    return found


def _has_title(found: Mapping[int, tuple[str, int, str]]) -> bool:
    return any(
        field == "title" or field.startswith("title_") and field != "title_lang" for field, _, _ in found.values()
    )


def _has(found: Mapping[int, tuple[str, int, str]], need: str) -> bool:
    if need == "title":
        return _has_title(found)
    return len(found) > 1 and any(field == need for field, _, _ in found.values())


def find(sheet: Sheet, own: Mapping[str, str], need: str = "title") -> Header | None:
    """The header of a sheet: the row, or two rows, with most known headings, a title (or ``need``) among them."""
    best: tuple[int, int, int, dict[int, tuple[str, int, str]], list[list[str]]] | None = None
    first = -1
    for row in range(min(SEARCHED, len(sheet.rows))):
        lower = sheet.rows[row]
        single = [[cell] for cell in lower]
        found = _read(single, own)
        # Data may hold words like "Course": one known word alone counts only in the first real row.
        filled = sum(1 for cell in lower if cell)
        first = first if first >= 0 or filled < 2 else row
        sure = len(found) > 1 or filled == 1 or row == first
        if _has(found, need) and sure and (best is None or len(found) > best[0]):
            best = (len(found), row, row + 1, found, single)
        if row == 0 or not found:
            continue
        upper = _spread(sheet, row - 1)
        width = max(len(upper), len(lower))
        upper, lower = upper + [""] * (width - len(upper)), lower + [""] * (width - len(lower))
        pair = [[low, high if low in ("", high) else f"{high} {low}"] for high, low in zip(upper, lower, strict=True)]
        double = _read(pair, own)
        # Cells merged over both lines stand in each: however well the first one reads alone, the header is both.
        tall = best is not None and best[1] in (row - 1, row) and _is_tall(upper, lower)
        if _has(double, need) and (best is None or tall or len(double) > best[0]):
            best = (len(double), row - 1, row + 1, double, pair)
    if best is None:
        return None
    _, _, data, found, headings = best
    return _choose(data, found, [next((form for form in forms if form), "") for forms in headings])


def _is_tall(upper: list[str], lower: list[str]) -> bool:
    """Whether two lines share their merged cells, and the lower one parts what stands above it ("Cost": "Staff")."""
    pairs = [(high, low) for high, low in zip(upper, lower, strict=True) if low]
    alike = sum(high == low for high, low in pairs)
    return alike > 1 and 0 < len(pairs) - alike <= sum(bool(high) for high, low in pairs if high != low)


def _choose(data: int, found: Mapping[int, tuple[str, int, str]], texts: list[str]) -> Header:
    """One column for each field, the surest heading first; the others are unknown."""
    winners: dict[str, int] = {}
    for column, (field, _, _) in sorted(found.items(), key=lambda item: (item[1][1], item[0])):
        winners.setdefault(field, column)
    columns: dict[int, tuple[str, str]] = {}
    unknown: dict[int, str] = {}
    spare: dict[int, tuple[str, str]] = {}
    for column, text in enumerate(texts):
        if column in found and (winners[found[column][0]] == column or is_many(found[column][0])):
            columns[column] = (found[column][0], found[column][2])
        elif text:
            unknown[column] = text
            if column in found:
                spare[column] = (found[column][0], found[column][2])
    return Header(data, columns, unknown, tuple(texts), spare)
