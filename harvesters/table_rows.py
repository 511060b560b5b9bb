"""The rows of one sheet: which are trainings, which are headings of a section, totals, notes or the header again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from harvesters.table_files import Sheet
from harvesters.table_headings import MANY, Header, fold
from registry.model import FeedIssue, Issue

MAX_CELL = 32_767
SECTION = "section"
# Fields that decide on a row and are not kept, or must not be.
DROPPED = frozenset(["ignored", "secret", "visible", "hidden"])
_NOTE = re.compile(
    r"[*†‡#¹²³°]|\(\d\)|\[\d\]|(?:notes?|n\.?b\.?|nota|source|sources|fuente|fonte|quelle|l[ée]gende|total|totaux|"
    r"remarque|observaci[oó]n(?:es)?|anmerkung)\b\s*[.:*(\d]",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"(?:modul[eo]?s?|ax[ei]s?|ejes?|partie|part|parte|th[eè]mes?|temas?|topic|chapitre|chapter|cap[ií]tulo|section|"
    r"secci[oó]n|domaine?|unit|unidad|unit[ée]|blo[ckq]\w{0,3}|bloque|[aá]rea|areas|parcours|fili[eè]re|volet|"
    r"niveau|nivel|level|cat[ée]gor\w{1,3}|s[ée]rie|track|cycle|[IVX]{1,4}[.)]|[A-Z0-9]{1,2}[.)-])(?![\w])",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"(?:grand |sub ?|sous |sub)?(?:total|totals|totaux|totales|summe|gesamt|suma|somme)(?: \w+){0,3}")
_AMOUNT = re.compile(r"[\d\s.,'%€$£+-]+(?:\s?[A-Za-zà-ÿ]{1,12}){0,2}")
_ANCHOR = re.compile(r"<a\s[^<>]{0,300}?href\s*=\s*[\"'](https?://[^\"'<>\s]{1,2000})[\"']", re.IGNORECASE)
_NO = frozenset("0 no non false falso faux nao nein n off".split())
_SHOWN = frozenset(
    "1 yes oui si sim true show shown visible afficher affiche mostrar mostrado vrai verdadero y ja on x".split()
)


_SAID = (_NO | _SHOWN) - {"0", "1", "x"}


@dataclass(slots=True)
class Row:
    """A row with something in it. ``sessions`` are further dates from a sheet of dates, ``others`` the places
    of rows of other sheets that were joined to it,
    ``order`` {field: "dmy" or "mdy"} of days that say it not themselves."""

    sheet: str
    number: int
    header: dict[str, str]
    cells: dict[str, str]
    unknown: dict[str, str]
    issues: list[Issue] = field(default_factory=list)
    sessions: list[dict[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    hidden: bool = False
    order: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where a person finds it."""
        return f"sheet {self.sheet}, row {self.number}" if self.sheet else f"row {self.number}"

    @property
    def locator(self) -> str:
        """Where a person finds it and what was joined to it; at most 500 characters."""
        return "; ".join([self.place, *self.others])[:500]

    @property
    def title(self) -> str:
        """Its title in any language."""
        return self.cells.get("title") or next(
            (text for name, text in sorted(self.cells.items()) if name.startswith("title_") and name != "title_lang"),
            "",
        )


@dataclass(slots=True)
class Notices:
    """Issues of the file, one for each cause, with places and samples gathered."""

    found: dict[tuple[str, str], tuple[list[str], list[str], Counter[str]]] = field(default_factory=dict)

    def add(self, code: str, place: str, sample: str = "", about: str = "") -> None:
        """One more case of a cause; ``about`` tells causes of one code apart (a heading)."""
        places, samples, count = self.found.setdefault((code, about), ([], [], Counter()))
        count["all"] += 1
        if len(places) < 5 and place not in places:
            places.append(place)
        if sample and len(samples) < 3 and sample[:80] not in samples:
            samples.append(sample[:80])

    def events(self) -> Iterator[FeedIssue]:
        """The issues, each cause once."""
        for (code, about), (places, samples, count) in self.found.items():
            more = " …" if count["all"] > len(places) > 1 else ""
            params = {"count": str(count["all"]), "heading": about, "samples": " · ".join(samples)}
            value = about or " · ".join(samples)
            issue = Issue(code, ("; ".join(places) + more)[:300], value[:300], tuple(sorted(params.items())))
            yield FeedIssue(issue, lasting=True)


def titled(sheet: Sheet, header: Header, notices: Notices, keyed: bool = False) -> list[Row]:
    """The rows of a sheet that are trainings; the others, and unknown headings, are told.

    ``keyed``: rows of a sheet that only adds to another one need an id, not a title.
    """
    where = f"sheet {sheet.name}, " if sheet.name else ""
    found: list[Row] = []
    alone: list[tuple[Row, bool]] = []
    headings = {text for text in header.texts if text}
    wide_file = len(header.columns) > 1 and bool(sheet.name)
    section: list[str] = []
    sections: dict[int, list[str]] = {}
    hidden = 0
    for index in range(header.data, len(sheet.rows)):
        cells = sheet.rows[index]
        filled = [column for column, cell in enumerate(cells) if cell]
        place = f"{where}row {index + 1}"
        if not filled or {cells[column] for column in filled} <= headings and len(filled) > 1:
            continue  # nothing, or the header again at the head of a printed page
        row = _row(sheet, header, index, notices)
        noted = len(header.columns) > 1 and _NOTE.match(cells[filled[0]])
        if len(filled) == 1 and wide_file and not noted:
            text, is_title = cells[filled[0]], bool(row.title)
            if _is_section(text, is_title and not sheet.wide.get(index), filled[0] == 0):
                first = index - 1 in sections and len(section) == 1  # a heading right below another one
                section = [*_above(section, text, first), text]
                sections[index] = section
            if is_title:
                alone.append((row, index in sections))
            elif index not in sections:
                notices.add("table-note", place, text)
        elif len(filled) == 1 and noted:
            notices.add("table-note", place, cells[filled[0]])
        elif _is_total([cells[column] for column in filled]):
            notices.add("table-total", place, cells[filled[0]])
        elif not row.title and not (keyed and row.cells.get("id")):
            notices.add("table-no-title-cell", place, " | ".join(cells[column] for column in filled))
        elif row.hidden:
            hidden += 1
            notices.add("table-hidden-course", place)
        else:
            if section:
                row.cells[SECTION], row.header[SECTION] = "|".join(section), " / ".join(section)
            found.append(row)
    if alone and len(alone) >= len(found) + hidden:  # a list of little more than titles
        if not found or not all(flag for _, flag in alone):
            for row in found:
                row.cells.pop(SECTION, None)
                row.header.pop(SECTION, None)
            found = sorted([*found, *(row for row, _ in alone)], key=lambda row: row.number)
            sections = {}
    else:
        for row, is_section in alone:
            if not is_section:
                notices.add("table-note", row.place, row.title)
    for index, words in sections.items():
        notices.add("table-section", f"{where}row {index + 1}", words[-1])
    _tell_unknown(sheet, header, where, notices)
    return found


def _above(section: list[str], text: str, first: bool) -> list[str]:
    """The heading that a new one stands under: the one right above it, or that of its like ("Module 1")."""
    if first:
        return section
    like = len(section) == 2 and fold(section[1]).split()[:1] == fold(text).split()[:1]
    return section[:1] if like else []


def _is_section(text: str, in_title: bool, first: bool) -> bool:
    """Whether a row with one cell heads the rows below it. In the column of titles only a word like "Module 1",
    capitals or a colon say so; a merged block or a cell of the first column does beside it."""
    if len(text) > 150 or "://" in text or text.endswith((".", "!", "?")):
        return False
    spoken = _SECTION.match(text) is not None or text.endswith(":") or (text.isupper() and len(text) > 3)
    return spoken or (not in_title and first)


def _is_total(cells: list[str]) -> bool:
    return _TOTAL.fullmatch(fold(cells[0])) is not None and all(_AMOUNT.fullmatch(cell[:60]) for cell in cells[1:])


def _tell_unknown(sheet: Sheet, header: Header, where: str, notices: Notices) -> None:
    for column, text in header.unknown.items():
        samples = list(
            dict.fromkeys(row[column] for row in sheet.rows[header.data :] if column < len(row) and row[column])
        )
        for sample in samples[:3]:
            notices.add("table-unknown-heading", f"{where}column «{text[:300]}»", sample, text[:300])


def _row(sheet: Sheet, header: Header, index: int, notices: Notices) -> Row:
    """One row by fields; cells beyond the header's last column hold the row back: its values may be shifted."""
    cells = sheet.rows[index]
    row = Row(sheet.name, index + 1, {}, {}, {})
    for column, (name, heading) in header.columns.items():  # a title or "Link" may hide the page's address
        address = sheet.links.get((index, column), "")
        if not address and name in ("title", "id") and column < len(cells) and "<" in cells[column]:
            anchor = _ANCHOR.search(cells[column])  # as Moodle's reports give "Course full name with link"
            address = anchor[1] if anchor else ""
        if address and (name == "url" or (name in ("title", "id") and "url" not in row.cells)):
            row.cells["url"], row.header["url"] = address, heading
    for column, cell in enumerate(cells):
        if not cell:
            continue
        if len(cell) > MAX_CELL:
            row.issues.append(
                Issue("table-long-cell", f"column {column + 1}", cell[:300], (("limit", str(MAX_CELL)),))
            )
            cell = cell[:MAX_CELL]
        if column in header.columns:
            name, heading = header.columns[column]
            row.hidden = row.hidden or _hides(name, cell)
            if name in DROPPED or (name == "published" and fold(cell) in _SAID):
                continue
            if name == "url" and "://" not in cell and not cell.startswith("www.") and "url" in row.cells:
                continue  # the words of a link
            if name == "id" and "<" in cell:
                cell = re.sub(r"<[^<>]{0,2500}>", "", cell).strip()
            if name in row.cells and name in MANY:
                row.cells[name] += "|" + cell
                row.header[name] += ", " + heading
            else:
                row.cells[name], row.header[name] = cell, heading
        elif column in header.unknown:
            row.unknown[header.unknown[column]] = cell
        elif column < len(header.texts):
            notices.add("table-unnamed-column", f"column {column + 1}", cell, str(column + 1))
            row.unknown[f"#{column + 1}"] = cell
        elif not sheet.name:
            row.issues.append(Issue("table-long-row", f"cell {column + 1}", cell[:300]))
        else:
            notices.add("table-unnamed-column", f"column {column + 1}", cell, str(column + 1))
    for name, heading in header.columns.values():  # where a missing value belongs
        if name not in DROPPED:
            row.header.setdefault(name, heading)
    for column, (name, heading) in header.spare.items():
        if name not in row.cells and column < len(cells) and cells[column]:
            row.cells[name], row.header[name] = cells[column][:MAX_CELL], heading
            row.unknown.pop(header.unknown[column], None)
    return row


def _hides(name: str, cell: str) -> bool:
    """Whether a cell says that the course is hidden; a word that is not known hides, to be on the safe side."""
    word = fold(cell)
    if name == "published":  # nearly always a date; "no" says that it is a draft
        return word in _NO and word != "0"
    if name == "hidden":
        return word not in _NO
    return name == "visible" and word not in _SHOWN and cell not in "✓✔✅"
