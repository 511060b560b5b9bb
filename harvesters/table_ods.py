"""What python-calamine does not tell of an OpenDocument sheet: merged blocks, and the addresses behind cells.

Sources: OpenDocument 1.3 part 3, 9.1 (tables, repeated and spanned cells) and 6.1.8 (text:a). Called on archives
that were checked.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import IO

from lxml import etree

from registry.model import Issue

MAX_LINKS = 100_000
Block = tuple[int, int, int, int]  # first row, first column, last row, last column
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_LINK = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}a"
_TARGET = "{http://www.w3.org/1999/xlink}href"
_DAMAGED = (
    etree.XMLSyntaxError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, NotImplementedError, RuntimeError,
    OSError, EOFError,
)  # fmt: skip


class BadTable(Exception):
    """An OpenDocument sheet that is damaged or too large; carries what to tell."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.code)
        self.issue = issue


@dataclass(slots=True)
class Layout:
    """One table: its merged blocks and {(row, column): address}, from 0."""

    blocks: list[Block] = field(default_factory=list)
    links: dict[tuple[int, int], str] = field(default_factory=dict)


def layouts(body: bytes, max_cells: int) -> list[Layout]:
    """The layout of each table of an OpenDocument sheet. Raises BadTable."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)).open("content.xml") as content:
            return _read(content, max_cells)
    except _DAMAGED as error:
        raise BadTable(Issue("table-unreadable", value=str(error)[:300])) from error


def _read(content: IO[bytes], max_cells: int) -> list[Layout]:
    tables: list[Layout] = []
    table = Layout()
    row = width = 0
    for _, node in etree.iterparse(
        content, tag=(_TABLE + "table-row", _TABLE + "table"), resolve_entities=False, no_network=True
    ):
        if node.tag == _TABLE + "table":
            tables.append(table)
            table, row, width = Layout(), 0, 0
            node.clear()
            continue
        column, filled = 0, False
        for cell in node:
            repeat = _count(cell.get(_TABLE + "number-columns-repeated"))
            if cell.get(_OFFICE + "value-type") is not None:
                filled, width = True, max(width, column + repeat)
                down = _count(cell.get(_TABLE + "number-rows-spanned"))
                across = _count(cell.get(_TABLE + "number-columns-spanned"))
                if down > 1 or across > 1:
                    table.blocks.append((row, column, row + down - 1, column + across - 1))
                for link in cell.iter(_LINK):
                    address = str(link.get(_TARGET, ""))
                    if address.lower().startswith(("http://", "https://")) and len(table.links) < MAX_LINKS:
                        table.links.setdefault((row, column), address)
            column += repeat
        row += _count(node.get(_TABLE + "number-rows-repeated"))
        if filled and row * width > max_cells:
            raise BadTable(Issue("table-too-large", "", f"{row} × {width}", (("limit", str(max_cells)),)))
        node.clear()
    return tables


def _count(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
