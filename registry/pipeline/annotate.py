"""A checked table back as a workbook: which cell each finding is about, and what has none."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harvesters.table import reading
from harvesters.table_files import Sheet
from harvesters.table_headings import Header, fold
from registry.ledger import findings, records
from registry.messages import Message, fill
from registry.model import Feed, Finding
from registry.workbook.annotate import Grid, Mark, Rest, annotate
from registry.workbook.texts import columns

MOST = 100_000
_ROW = re.compile(r"(?:sheet (.+?), )?row (\d{1,7})(?=$|; | …|,)")
_COLUMN = re.compile(
    r"(?:sheet (.+?), )?column «(.*)»(?: \(to add\)|/[\w/]{1,80})?$", re.DOTALL
)  # with what a part of it lacks
_CELL = re.compile(r"(?:cell|column) (\d{1,5})$")
_SECTION = re.compile(r"section «(.*)»(?:/[\w/]{1,80})?$", re.DOTALL)

Place = tuple[str, int, int]  # sheet, row, column, from 1


@dataclass(frozen=True, slots=True)
class _File:
    """The file's sheets by name."""

    sheets: Mapping[str, tuple[Sheet, Header | None]]

    def column(self, sheet: str, heading: str) -> int:
        """The column (from 1) that a finding names by heading, or by the field of the template; 0 for none."""
        _, header = self.sheets.get(sheet, (None, None))
        if header is None:
            return 0
        found = {text: column for column, text in reversed(list(enumerate(header.texts))) if text}
        for column, (name, text) in header.columns.items():
            found.setdefault(text, column)
            found.setdefault(name, column)
        for wanted in (heading, *heading.split(", ")):
            if wanted in found:
                return found[wanted] + 1
        return 0

    def heading(self, sheet: str, column: int) -> Place:
        """The cell of a heading."""
        found, header = self.sheets[sheet]
        last = header.data if header is not None else 1
        for row in range(last, max(0, last - 2), -1):
            if row <= len(found.rows) and column <= len(found.rows[row - 1]) and found.rows[row - 1][column - 1]:
                return sheet, row, column
        return sheet, last, column


def annotated(
    feed: Feed, body: bytes, connection: sqlite3.Connection, messages: Mapping[str, Message], language: str
) -> bytes:
    """The annotated workbook of a feed that was just checked. FeedFailed where the file cannot be read."""
    read = reading(feed, body)
    file = _File({sheet.name: (sheet, header) for sheet, header in read.sheets})
    found, _ = findings.listed(connection, [feed.id], limit=MOST)
    places: dict[str, str] = {}
    marks: list[Mark] = []
    rest: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        if finding.record and finding.record not in places:
            places[finding.record] = records.locator(connection, feed.id, finding.record)
        spots = _spots(file, finding, places.get(finding.record, ""))
        message = messages[finding.issue.code]
        text, mend = (fill(form[language], finding.issue) for form in (message.text, message.mend))
        marks += [Mark(*spot, finding.severity, text, mend) for spot in spots]
        if not spots:
            rest.setdefault((finding.issue.code, finding.issue.place if not finding.record else ""), []).append(
                finding
            )
    grids = [Grid(sheet.name, sheet.rows) for sheet, _ in read.sheets]
    return annotate(
        body, grids, marks, [_rest(group, messages, language, places) for group in rest.values()], language
    )


def _rest(group: Sequence[Finding], messages: Mapping[str, Message], language: str, places: Mapping[str, str]) -> Rest:
    """Findings of one cause that have no cell, as one line."""
    first = group[0]
    message = messages[first.issue.code]
    where = list(dict.fromkeys(_short(places.get(one.record, "") or one.issue.place) for one in group))
    shown = ", ".join(where[:5]) + (" …" if len(where) > 5 else "")
    named = _COLUMN.match(first.issue.place)
    headings = {column.field: column.heading[language] for column in columns()}
    if named is not None and named[2] in headings:  # a column that could be added
        shown = f"+ «{headings[named[2]]}»: {shown}"
    text, mend = (fill(form[language], first.issue) for form in (message.text, message.mend))
    return Rest(first.severity, text, mend, shown, len(group))


def _short(locator: str) -> str:
    """Rows without words: "2024!7" for "sheet 2024, row 7"."""
    rows = [f"{sheet}!{number}" if sheet else number for sheet, number in _ROW.findall(locator)]
    return rows[0] if rows else locator


def _spots(file: _File, finding: Finding, locator: str) -> list[Place]:
    """The cells that a finding is about: of its row where it has one, else what its place names."""
    place = finding.issue.place
    rows = [(sheet or "", int(number)) for sheet, number in _ROW.findall(locator)]
    rows = [(sheet, number) for sheet, number in rows if sheet in file.sheets]
    if not finding.record:
        return _of_feed(file, place)
    if not rows:
        return []
    named = _COLUMN.match(place)
    if named is not None:
        for sheet, number in rows:
            column = file.column(sheet, named[2])
            if column:
                return [(sheet, number, column)]
        return []
    numbered = _CELL.match(place)
    if numbered is not None:
        return [(*rows[0], int(numbered[1]))]
    section = _SECTION.match(place)
    if section is not None:
        above = _above(file.sheets[rows[0][0]][0], rows[0][1], section[1].split(" / ")[-1])
        return [(rows[0][0], *above)] if above else []
    return [(*rows[0], max(1, file.column(rows[0][0], "title")))]


def _above(sheet: Sheet, row: int, text: str) -> tuple[int, int] | None:
    for number in range(min(row, len(sheet.rows)), 0, -1):
        for column, cell in enumerate(sheet.rows[number - 1], start=1):
            if cell and fold(cell) == fold(text):
                return number, column
    return None


def _of_feed(file: _File, place: str) -> list[Place]:
    named = _COLUMN.match(place)
    if named is not None:
        sheet = named[1] or next((name for name in file.sheets if file.column(name, named[2])), "")
        column = file.column(sheet, named[2])
        return [file.heading(sheet, column)] if column else []
    numbered = _CELL.match(place)
    if numbered is not None:
        first = next((name for name, (_, header) in file.sheets.items() if header is not None), None)
        return [file.heading(first, int(numbered[1]))] if first is not None else []
    spots = []
    for sheet, number in _ROW.findall(place):
        rows = file.sheets[sheet or ""][0].rows if (sheet or "") in file.sheets else []
        if 1 <= int(number) <= len(rows):
            filled = next((column for column, cell in enumerate(rows[int(number) - 1], start=1) if cell), 1)
            spots.append((sheet or "", int(number), filled))
    return spots
