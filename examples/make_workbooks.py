"""Makes the sample workbooks (XLSX, ODS) from their readable sources: ``python -m examples.make_workbooks``.

``workbooks/*.json`` names the file to make below ``feeds/`` and holds its sheets: rows of cells, and merged
ranges in A1 form. A day (2026-03-01) becomes a true date in an Excel workbook.
Needs the development extra (openpyxl, odfpy).
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).parent / "workbooks"
FEEDS = Path(__file__).parent / "feeds"
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def write_xlsx(target: Path, sheets: list[dict[str, Any]]) -> None:
    """An Excel workbook; its dates of making are those of no real day, so that only content decides."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        made = book.create_sheet(sheet["name"])
        for row in sheet["rows"]:
            made.append([date.fromisoformat(cell) if DAY.fullmatch(cell) else cell or None for cell in row])
        for merged in sheet["merges"]:
            made.merge_cells(merged)
    book.properties.created = book.properties.modified = datetime(2026, 3, 1)
    book.save(target)


def write_ods(target: Path, sheets: list[dict[str, Any]]) -> None:
    """An OpenDocument spreadsheet; merged ranges are not needed here."""
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    book = OpenDocumentSpreadsheet()
    for sheet in sheets:
        table = Table(name=sheet["name"])
        for row in sheet["rows"]:
            line = TableRow()
            for value in row:
                cell = TableCell(valuetype="string") if value else TableCell()
                if value:
                    cell.addElement(P(text=value))
                line.addElement(cell)
            table.addElement(line)
        book.spreadsheet.addElement(table)
    book.save(str(target))


def make(feeds: Path = FEEDS) -> list[Path]:
    """Make all workbooks below ``feeds`` and return their paths."""
    made = []
    for source in sorted(SOURCES.glob("*.json")):
        content = json.loads(source.read_text("utf-8"))
        target = feeds / content["file"]
        target.parent.mkdir(parents=True, exist_ok=True)
        (write_xlsx if target.suffix == ".xlsx" else write_ods)(target, content["sheets"])
        made.append(target)
    return made


if __name__ == "__main__":
    for path in make():
        print(path)
