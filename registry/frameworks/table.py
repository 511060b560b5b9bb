"""A framework from a table (CSV, XLSX, ODS): a row for each term.

Columns: ``code``, ``label_en`` (``label_fr`` …) or ``label`` with ``language``; and, as they are wanted, ``level``
(1 for the upper terms), ``broader`` (a code), ``close_match`` and ``exact_match`` (addresses, or "gsbpm:5.3"),
``definition`` and ``alt_labels`` with or without a language, several synonyms with "|" between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harvesters.base import FeedFailed
from harvesters.table_files import DELIMITERS, Sheet, decode, delimited, kind, workbook
from harvesters.table_headings import fold
from registry import messages
from registry.frameworks.terms import MAX_TERMS, MAX_TEXT, BadFramework, Framework, Term, language, plain
from registry.messages import fill
from registry.terms import is_iri

SEARCHED = 20
Resolve = Callable[[str], str]
_WORDS = {
    "code": ("code", "notation", "identifier", "id", "codigo", "number", "numero"),
    "label": ("label", "name", "title", "term", "libelle", "intitule", "nom", "nombre", "titulo", "etiqueta",
              "pref label", "preflabel"),
    "language": ("language", "lang", "langue", "idioma"),
    "level": ("level", "niveau", "nivel", "depth"),
    "broader": ("broader", "parent", "broader code", "parent code", "superieur", "superior", "padre"),
    "close": ("close match", "closematch", "close", "same as", "see also", "near"),
    "exact": ("exact match", "exactmatch", "exact", "iri", "uri", "url"),
    "definition": ("definition", "description", "scope note", "definicion", "descripcion"),
    "synonyms": ("alt labels", "alt label", "altlabel", "altlabels", "synonyms", "synonym", "synonymes", "sinonimos",
                 "also called"),
}  # fmt: skip
_FIELD = {word: name for name, words in _WORDS.items() for word in words}
_BY_LANGUAGE = ("label", "definition", "synonyms")
_NAMES = {"english": "en", "anglais": "en", "ingles": "en", "french": "fr", "francais": "fr", "frances": "fr",
          "spanish": "es", "espagnol": "es", "espanol": "es"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: {(field, language): text}; the language "" where the heading names none."""

    number: int
    cells: Mapping[tuple[str, str], str]

    def get(self, field: str) -> str:
        return self.cells.get((field, ""), "").strip()


def read(body: bytes, usual: str, resolve: Resolve) -> tuple[Framework, list[str]]:
    """The framework, without id, role and title, and what was left out.

    ``usual`` is the language of texts that name none; ``resolve`` gives the address of a term of another list from
    "gsbpm:5.3" or "basic", "" where there is none. Raises BadFramework.
    """
    rows = _rows(_sheet(body))
    terms: dict[str, Term] = {}
    upper: list[tuple[int, str]] = []
    remarks: list[str] = []
    for row in rows:
        code = plain(row.get("code"))
        if not code:
            raise BadFramework(f"row {row.number} has no code; give each term a code of its own")
        term = terms.get(code)
        tag = language(row.get("language"), usual)
        if term is None:
            term = terms[code] = Term(code)
            _place(row, term, upper)
        elif tag in term.labels or not row.get("label"):
            raise BadFramework(f"two rows have the code {code!r}; the second is row {row.number}")
        _texts(row, term, tag)
        for name, into in (("exact", term.exact), ("close", term.close)):
            for item in re.split(r"[|;\s]+(?=\S)", row.get(name)) if row.get(name) else ():
                found = item if is_iri(item) and "://" in item else resolve(item)
                if found:
                    into.append(found)
                elif len(remarks) < 20:
                    remarks.append(f"row {row.number}: {item[:100]!r} is no address and no term of another list.")
    return Framework("", "", 1, {}, list(terms.values())), remarks


def _place(row: _Row, term: Term, upper: list[tuple[int, str]]) -> None:
    """Under which term a row stands: as it says, else by its level, under the last row of a lower one."""
    level = re.search(r"[0-9]{1,2}", row.get("level"))
    depth = int(level[0]) if level else 0
    while upper and upper[-1][0] >= depth:
        upper.pop()
    if row.get("broader"):
        term.broader = [plain(one) for one in row.get("broader").split("|") if plain(one)]
    elif depth and upper:
        term.broader = [upper[-1][1]]
    if depth:
        upper.append((depth, term.code))


def _texts(row: _Row, term: Term, tag: str) -> None:
    for (name, said), text in row.cells.items():
        where = said or tag
        if name == "label" and plain(text):
            term.labels.setdefault(where, plain(text))
        elif name == "definition" and plain(text):
            term.definition.setdefault(where, plain(text, MAX_TEXT))
        elif name == "synonyms":
            term.synonyms.setdefault(where, []).extend(filter(None, map(plain, text.split("|"))))


def _sheet(body: bytes) -> Sheet:
    """The grid of the file. Raises BadFramework."""
    form = kind(body)
    try:
        if form == "workbook":
            sheets = workbook(body, [], MAX_TERMS * 4)[0]
            found = next((sheet for sheet in sheets if _header(sheet.rows) is not None), None)
            if found is None:
                raise BadFramework("no sheet of it has a column of codes and one of names (code, label_en …)")
            return found
        if form != "text":
            raise BadFramework(f"it is no table but a file of the kind {form}")
        text = decode(body, "", "en")[0]
        tried = [delimited(text, mark, MAX_TERMS * 4) for mark in DELIMITERS]
    except FeedFailed as error:
        raise BadFramework(fill(messages.load()[error.issue.code].text["en"], error.issue)) from error
    return max(tried, key=lambda sheet: len((_header(sheet.rows) or (0, {}))[1]))


def _header(rows: Sequence[Sequence[str]]) -> tuple[int, dict[int, tuple[str, str]]] | None:
    """The row of the headings, and {column: (field, language)}."""
    for number, row in enumerate(rows[:SEARCHED]):
        columns: dict[int, tuple[str, str]] = {}
        for at, cell in enumerate(row):
            field = _field(cell)
            if field is not None and field not in columns.values():
                columns[at] = field
        if {"code", "label"} <= {name for name, _ in columns.values()}:
            return number, columns
    return None


def _field(heading: str) -> tuple[str, str] | None:
    words = fold(heading)
    if words in _FIELD:
        return _FIELD[words], ""
    stem, _, last = words.rpartition(" ")
    name = _FIELD.get(stem)
    tag = _NAMES.get(last, last if re.fullmatch(r"[a-z]{2,3}", last) else "")
    return (name, tag) if name in _BY_LANGUAGE and tag else None


def _rows(sheet: Sheet) -> list[_Row]:
    header = _header(sheet.rows)
    if header is None:
        raise BadFramework(
            "it has no column of codes or none of names; their headings are code and label_en, label_fr …"
        )
    found = []
    for number, row in enumerate(sheet.rows[header[0] + 1 :], start=header[0] + 2):
        cells = {field: row[at] for at, field in header[1].items() if at < len(row) and row[at].strip()}
        if cells:
            found.append(_Row(number, cells))
    return found
