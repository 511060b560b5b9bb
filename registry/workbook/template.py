"""The template that an academy fills in: eight columns in sight, the rest on a second sheet; or a CSV file.

What stands in it is read back by the table harvester without any settings; the first sheet and the second one are
joined by the title. The drop-down lists are the concept schemes of ``ontology/``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from registry.messages import LANGUAGES
from registry.vocabulary import Scheme
from registry.workbook.parts import heading, packed, write
from registry.workbook.texts import Column, Vocabulary, choices, with_frameworks, words

ROWS = 2000  # down to which row the lists reach
LISTS = "_lists"
MARK = "Meta Academy ·"  # how the help sheet begins: the harvester knows by it that it holds no courses


def template(language: str, vocabulary: Vocabulary, schemes: Sequence[Scheme] = ()) -> bytes:
    """The workbook in one of ``LANGUAGES``; the same bytes for the same vocabulary. ValueError for another one.

    ``schemes`` that have no column of their own get one on the second sheet.
    """
    said = _words(language)
    book = Workbook()
    first = book.worksheets[0]
    first.title = said["first"]
    second, helping, lists = (book.create_sheet(name) for name in (said["second"], said["help"], LISTS))
    lists.sheet_state = "veryHidden"
    every = with_frameworks(schemes)
    ranges = _lists(book, lists, language, vocabulary, every)
    in_sight = [column for column in every if column.sheet == 1]
    rest = [column for column in every if column.sheet == 2]
    _sheet(first, in_sight, language, ranges)
    heading(second.cell(1, 1), said["key"], said["key_note"])
    second.column_dimensions["A"].width = 44
    titles = DataValidation(
        "list", formula1=f"'{first.title}'!$A$2:$A${ROWS}", allow_blank=True, showErrorMessage=False
    )
    titles.add(f"A2:A{ROWS}")
    second.add_data_validation(titles)
    _sheet(second, rest, language, ranges, start=2)
    _help(helping, said, language, every)
    book.active = 0
    book.properties.creator = "Meta Academy"
    book.properties.title = said["first"]
    return packed(book)


def template_csv(language: str, vocabulary: Vocabulary, schemes: Sequence[Scheme] = ()) -> bytes:
    """The same columns as a CSV file with its headings alone; with a semicolon where Excel expects one."""
    _words(language)
    content = io.StringIO(newline="")
    writer = csv.writer(content, delimiter="," if language == "en" else ";", lineterminator="\r\n")
    writer.writerow([column.heading[language] for column in with_frameworks(schemes)])
    return content.getvalue().encode("utf-8-sig")


def _words(language: str) -> dict[str, str]:
    if language not in LANGUAGES:
        raise ValueError(f"{language!r} is none of {', '.join(LANGUAGES)}")
    return dict(words(language))


def _lists(
    book: Workbook, sheet: Any, language: str, vocabulary: Vocabulary, every: Sequence[Column]
) -> dict[str, str]:
    """Write each list into a column of the hidden sheet; {list: its name in the workbook}."""
    names: dict[str, str] = {}
    for name in dict.fromkeys(column.list for column in every if column.list):
        items = choices(name, language, vocabulary)
        if not items:
            continue
        at = len(names) + 1
        for row, item in enumerate(items, start=1):
            write(sheet.cell(row, at), item)
        letter = get_column_letter(at)
        known = "list_" + name.replace("-", "_")
        book.defined_names[known] = DefinedName(known, attr_text=f"'{LISTS}'!${letter}$1:${letter}${len(items)}")
        names[name] = known
    return names


def _sheet(sheet: Any, chosen: Sequence[Column], language: str, ranges: dict[str, str], start: int = 1) -> None:
    sheet.freeze_panes = "B2"
    sheet.row_dimensions[1].height = 32
    for at, column in enumerate(chosen, start=start):
        heading(sheet.cell(1, at), column.heading[language], column.note[language])
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = column.width
        # Text stays what was typed; without it Excel makes dates of "2.1" and numbers of codes.
        sheet.column_dimensions[letter].number_format = "yyyy-mm-dd" if column.kind == "date" else "@"
        if column.list in ranges:
            rule = DataValidation("list", formula1=ranges[column.list], allow_blank=True)
            rule.showErrorMessage = False  # several values, and words of one's own, may be written
            rule.promptTitle, rule.prompt = column.heading[language][:32], column.note[language][:255]
            rule.showInputMessage = True
            rule.add(f"{letter}2:{letter}{ROWS}")
            sheet.add_data_validation(rule)


def _help(sheet: Any, said: dict[str, str], language: str, every: Sequence[Column]) -> None:
    """What to do, and each column with what to write and an example."""
    write(sheet.cell(1, 1), f"{MARK} {said['help']}")
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    for row, name in enumerate(("intro", "more", "free", "private"), start=3):
        write(sheet.cell(row, 1), said[name])
    for at, name in enumerate(("column", "what", "example"), start=1):
        heading(sheet.cell(8, at), said[name])
    for row, column in enumerate(every, start=9):
        for at, text in enumerate((column.heading, column.note, column.example), start=1):
            write(sheet.cell(row, at), text[language])
            sheet.cell(row, at).alignment = Alignment(vertical="top", wrap_text=True)
    for letter, width in (("A", 30), ("B", 80), ("C", 50)):
        sheet.column_dimensions[letter].width = width
