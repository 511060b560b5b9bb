"""An academy's own workbook back, with the cells to mend coloured and the sentence in a comment.

Cells keep their content and format; nothing in the workbook is run. What has no cell stands on a sheet "To mend"
with the legend. Marks and lists are bounded. Source: ECMA-376 part 1 (SpreadsheetML).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import openpyxl
from lxml import etree
from openpyxl import Workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from registry.model import Severity
from registry.workbook.parts import heading, packed, plain, remark, write
from registry.workbook.template import MARK
from registry.workbook.texts import words

MAX_MARKS = 20_000
MAX_COMMENTS = 5_000
MAX_LISTED = 2_000
MAX_CELLS = 600_000  # openpyxl holds a cell in about half a kilobyte
MAX_XML = 60 << 20
COLOURS: dict[Severity, str] = {"violation": "F8A5A5", "warning": "FFD58A", "info": "BFDDF5"}
GRAVITY: dict[Severity, int] = {"violation": 0, "warning": 1, "info": 2}
# What openpyxl raises on a workbook that others can read: then a new one is made of what was read.
UNREADABLE = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError, KeyError, ValueError, TypeError,
    AttributeError, IndexError, OSError, EOFError, RuntimeError, NotImplementedError, AssertionError,
)  # fmt: skip


class TooLarge(Exception):
    """The workbook holds more cells than can be given back."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One cell to mend: its sheet ("" the only one), row and column from 1, the sentence and the remedy."""

    sheet: str
    row: int
    column: int
    severity: Severity
    text: str
    mend: str


@dataclass(frozen=True, slots=True)
class Rest:
    """What has no cell, once for each cause: where, how often, and what it is about."""

    severity: Severity
    text: str
    mend: str
    place: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet as it was read, for a file that cannot be written as it is. ``name`` "" for CSV."""

    name: str
    rows: Sequence[Sequence[str]]


def annotate(body: bytes, grids: Sequence[Grid], marks: Sequence[Mark], rest: Sequence[Rest], language: str) -> bytes:
    """The annotated workbook as XLSX. ``body`` is used if it is an XLSX file, else ``grids``.

    ``language`` is one of ``LANGUAGES``. Raises TooLarge.
    """
    if sum(len(row) for grid in grids for row in grid.rows) > MAX_CELLS:
        raise TooLarge
    book = _opened(body) or _made(grids)
    placed = _placed(book, marks)
    counts: dict[Severity, int] = dict.fromkeys(GRAVITY, 0)
    comments = 0
    for (sheet, row, column), found in placed.items():
        cell = _anchor(book[sheet], row, column)
        gravest = min(found, key=lambda mark: GRAVITY[mark.severity]).severity
        counts[gravest] += 1
        cell.fill = PatternFill("solid", fgColor=COLOURS[gravest])
        if comments < MAX_COMMENTS:
            cell.comment = _comment(cell.comment, found)
            comments += 1
    _explain(book, counts, placed, rest, language)
    return packed(book)


def _opened(body: bytes) -> Workbook | None:
    """The workbook with its formats, without macros and links to others; None where that cannot be had."""
    if not body.startswith(b"PK"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:  # no more than it declares is ever unpacked
            if not _harmless(archive):
                return None
        book = openpyxl.load_workbook(io.BytesIO(body), keep_vba=False, keep_links=False, data_only=False)
        book.template = False  # a template or a workbook with macros becomes a plain one
        io_test = io.BytesIO()
        book.save(io_test)  # some that open cannot be written
    except UNREADABLE:
        return None
    return openpyxl.load_workbook(io_test, keep_links=False)


def _harmless(archive: zipfile.ZipFile) -> bool:
    """Whether the parts are of a size to be held, and none defines entities."""
    parts = [entry for entry in archive.infolist() if entry.filename.endswith((".xml", ".rels", ".vml"))]
    if sum(entry.file_size for entry in parts) > MAX_XML:
        return False
    for entry in parts:
        content = archive.read(entry)
        if any("<!DOCTYPE".encode(code) in content[:4000] for code in ("ascii", "utf-16-le", "utf-16-be")):
            return False
    return True


def _made(grids: Sequence[Grid]) -> Workbook:
    book = Workbook()
    for number, grid in enumerate(grids):
        sheet: Any = book.worksheets[0] if number == 0 else book.create_sheet()
        sheet.title = _free(book, grid.name or "1")
        for row, cells in enumerate(grid.rows, start=1):
            for column, text in enumerate(cells[:16_384], start=1):
                if text:
                    write(sheet.cell(row, column), text)
    return book


def _free(book: Workbook, name: str) -> str:
    """A sheet name that Excel accepts and the workbook does not have."""
    name = "".join(char for char in plain(name) if char not in "[]:*?/\\").strip("' ")[:28] or "1"
    taken = {title.casefold() for title in book.sheetnames}
    return next(
        form for n in range(len(taken) + 2) if (form := name if n == 0 else f"{name}{n + 1}").casefold() not in taken
    )


Placed = dict[tuple[str, int, int], list[Mark]]


def _placed(book: Workbook, marks: Sequence[Mark]) -> Placed:
    """The marks by cell, gravest first; a sheet that a made workbook had to rename is its only or its equal one."""
    placed: Placed = {}
    names = {sheet.title for sheet in book.worksheets}
    for mark in sorted(marks, key=lambda mark: (GRAVITY[mark.severity], mark.sheet, mark.row, mark.column)):
        name = mark.sheet if mark.sheet in names else book.worksheets[0].title if not mark.sheet else ""
        if not name or len(placed) >= MAX_MARKS or not (1 <= mark.row <= 1_048_576 and 1 <= mark.column <= 16_384):
            continue
        found = placed.setdefault((name, mark.row, mark.column), [])
        if len(found) < 5 and all(other.text != mark.text for other in found):
            found.append(mark)
    return placed


def _anchor(sheet: Any, row: int, column: int) -> Any:
    """A cell; of a merged block its first one, which alone can hold anything."""
    cell = sheet.cell(row, column)
    if isinstance(cell, MergedCell):
        for block in sheet.merged_cells.ranges:
            if cell.coordinate in block:
                return sheet.cell(block.min_row, block.min_col)
    return cell


def _comment(old: Comment | None, found: Sequence[Mark]) -> Comment:
    said = [f"{mark.text}\n→ {mark.mend}" for mark in found]
    if old is not None and old.text:
        said = [plain(old.text, 1500), "———", *said]
    return remark("\n\n".join(said))


def _explain(book: Workbook, counts: dict[Severity, int], placed: Placed, rest: Sequence[Rest], language: str) -> None:
    """The sheet with the legend, the causes and what has no cell."""
    said = words(language)
    sheet: Any = book.create_sheet(_free(book, said["to_mend"]))
    write(sheet.cell(1, 1), f"{MARK} {said['to_mend']}")
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    write(sheet.cell(2, 1), said["seen"])
    for row, severity in enumerate(GRAVITY, start=4):
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor=COLOURS[severity])
        write(sheet.cell(row, 1), f"{counts[severity]} {said['cells']}")
        write(sheet.cell(row, 2), said[severity])
    for column, (name, width) in enumerate(
        (("gravity", 22), ("place", 34), ("text", 70), ("mend", 70), ("cells", 10)), start=1
    ):
        heading(sheet.cell(8, column), said[name])
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A9"
    row = 9
    for one, where, count in _listed(placed, rest):
        cells = (said[one.severity].split(":")[0].strip(), where, one.text, one.mend, str(count))
        for column, text in enumerate(cells, start=1):
            write(sheet.cell(row, column), text)
            sheet.cell(row, column).alignment = Alignment(vertical="top", wrap_text=True)
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor=COLOURS[one.severity])
        row += 1


def _listed(placed: Placed, rest: Sequence[Rest]) -> list[tuple[Mark | Rest, str, int]]:
    """Each sentence once, gravest first: with its first cells, or the place where it has none."""
    cells: dict[tuple[Severity, str], tuple[Mark, list[str]]] = {}
    for (sheet, row, column), found in placed.items():
        for mark in found:
            _, places = cells.setdefault((mark.severity, mark.text), (mark, []))
            places.append(f"{sheet}!{get_column_letter(column)}{row}")
    listed: list[tuple[Mark | Rest, str, int]] = [(one, one.place, one.count) for one in rest]
    for mark, places in cells.values():
        listed.append((mark, ", ".join(places[:5]) + (" …" if len(places) > 5 else ""), len(places)))
    listed.sort(key=lambda item: (GRAVITY[item[0].severity], -item[2], item[0].text))
    return listed[:MAX_LISTED]
