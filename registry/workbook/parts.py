"""What every workbook of ours needs: cells that can only be text, and bytes that depend on nothing but content."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill

AUTHOR = "Meta Academy"
MAX_TEXT = 32_000  # a cell holds 32,767 characters
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
_DAY = b"2026-01-01T00:00:00Z"


def plain(text: str, limit: int = MAX_TEXT) -> str:
    """A text as a cell or comment can hold it."""
    return _CONTROLS.sub(" ", text)[:limit]


def write(cell: Cell | Any, text: str) -> None:
    """A text into a cell: never a formula, whatever it begins with. Source: OWASP, CSV injection."""
    cell.value = plain(text)
    cell.data_type = "s"
    if text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        cell.quotePrefix = True


def heading(cell: Cell | Any, text: str, note: str = "") -> None:
    """A heading of ours: bold on a quiet ground, with a note."""
    write(cell, text)
    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", fgColor="1F4E79")
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    if note:
        cell.comment = remark(note)


def remark(text: str) -> Comment:
    """A cell comment that is as large as its text needs."""
    text = plain(text, 4000)
    lines = sum(1 + len(line) // 42 for line in text.split("\n"))
    return Comment(text, AUTHOR, height=30 + 16 * min(lines, 20), width=320)


def packed(book: Workbook) -> bytes:
    """The workbook's bytes, the same for the same content: no time of making stands in them."""
    raw = io.BytesIO()
    book.save(raw)
    made = io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _STAMP.sub(rb"\g<1>" + _DAY, content)
            fixed = zipfile.ZipInfo(entry.filename, (2026, 1, 1, 0, 0, 0))
            fixed.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(fixed, content)
    return made.getvalue()
