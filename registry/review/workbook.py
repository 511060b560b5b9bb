"""A batch as a workbook: a sheet of instructions in the reader's language, and one with the pairs to answer.

Every text is a text cell: nothing that a list says can become a formula (OWASP, CSV injection). What comes back is
read by ``workbook_read``, which takes the batch's id from the first sheet and the numbers from the second, and nothing
else of what we wrote. Source: ECMA-376 part 1 (SpreadsheetML).
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from registry.ledger.reviews import Batch
from registry.review.answers import ANSWERS
from registry.review.shown import Shown
from registry.review.texts import say

MARK = "meta-academy review"
MAX_CELL = 32_000
LISTS = "_lists"
COLUMNS = ("number", "answer", "direction", "except", "note")
"""What is read back, in the order of the first columns; the rest is for the reader."""
DIRECTIONS = ("direction-1", "direction-2", "direction-unknown")
_SIDES = (("title", 40), ("academy", 24), ("language", 12), ("address", 34), ("text", 60))
_WIDTHS = (7, 26, 24, 10, 34)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write(cell: Any, text: str) -> None:
    """A text into a cell: never a formula, whatever it begins with."""
    cell.value = _CONTROLS.sub(" ", text)[:MAX_CELL]
    cell.data_type = "s"
    cell.quotePrefix = text[:1] in ("=", "+", "-", "@", "\t", "\r")
    cell.alignment = Alignment(vertical="top", wrap_text=True)


def workbook(batch: Batch, pairs: Sequence[Shown], language: str) -> bytes:
    """The workbook of a batch, in English, French or Spanish."""
    book = Workbook()
    helping = book.worksheets[0]
    helping.title = say("sheet-help", language)
    sheet = book.create_sheet(say("sheet-pairs", language))
    lists = book.create_sheet(LISTS)
    lists.sheet_state = "veryHidden"
    _help(helping, batch, pairs, language)
    _pairs(sheet, pairs, language)
    for at, choices in enumerate((
        [say(f"answer-{answer}", language) for answer in ANSWERS], [say(key, language) for key in DIRECTIONS], ["x"],
    ), start=1):  # fmt: skip
        for row, choice in enumerate(choices, start=1):
            write(lists.cell(row, at), choice)
        letter = get_column_letter(at)
        rule = DataValidation(
            "list", formula1=f"{LISTS}!${letter}$1:${letter}${len(choices)}", allow_blank=True, showErrorMessage=True
        )
        column = get_column_letter(at + 1)
        rule.add(f"{column}2:{column}{len(pairs) + 1}")
        sheet.add_data_validation(rule)
    book.active = 1 if pairs else 0
    book.properties.creator = "Meta Academy"
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _help(sheet: Any, batch: Batch, pairs: Sequence[Shown], language: str) -> None:
    items = len({one.given.position for one in pairs})
    values: Mapping[str, object] = {
        "batch": batch.id, "reviewer": batch.reviewer, "date": batch.time[:10], "items": items,
        "minutes": batch.minutes, "sheet": say("sheet-pairs", language), "column": say("column-except", language),
    }  # fmt: skip
    write(sheet.cell(1, 1), MARK)
    write(sheet.cell(1, 2), batch.id)
    sheet.cell(1, 1).font = sheet.cell(1, 2).font = Font(color="999999", size=8)
    write(sheet.cell(2, 1), say("help-title", language))
    sheet.cell(2, 1).font = Font(bold=True, size=14)
    rows = ("help-intro", "help-how", "help-direction", "help-family", "help-own")
    for row, key in enumerate(rows, start=3):
        write(sheet.cell(row, 1), say(key, language, **values))
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=2)
        sheet.row_dimensions[row].height = 48
    _heading(sheet.cell(9, 1), say("help-answers", language))
    for row, answer in enumerate(ANSWERS, start=10):
        write(sheet.cell(row, 1), say(f"answer-{answer}", language))
        write(sheet.cell(row, 2), say(f"means-{answer}", language))
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 36, 80


def _pairs(sheet: Any, pairs: Sequence[Shown], language: str) -> None:
    sheet.freeze_panes = "C2"
    headings = [(say(f"column-{name}", language), width) for name, width in zip(COLUMNS, _WIDTHS, strict=True)]
    headings += [(say("column-proposed", language), 30)]
    headings += [(say(f"column-{name}", language, side=at), width) for name, width in _SIDES for at in (1, 2)]
    headings += [(say("column-evidence", language), 60)]
    for at, (text, width) in enumerate(headings, start=1):
        _heading(sheet.cell(1, at), text)
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = width
    for row, one in enumerate(pairs, start=2):
        first, second = one.sides
        values = [one.number, "", "", "", "", one.proposed]
        for a, b in ((first.title, second.title), (first.academy, second.academy), (first.languages, second.languages),
                     (first.url, second.url), (first.text, second.text)):  # fmt: skip
            values += [a, b]
        values.append("\n".join(one.evidence))
        for at, text in enumerate(values, start=1):
            write(sheet.cell(row, at), text)
            if 2 <= at <= len(COLUMNS):
                sheet.cell(row, at).value = None
                sheet.cell(row, at).number_format = "@"
                sheet.cell(row, at).fill = PatternFill("solid", fgColor="FFF8DC")


def _heading(cell: Any, text: str) -> None:
    write(cell, text)
    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", fgColor="1F4E79")
