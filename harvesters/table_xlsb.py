"""How far a sheet of a binary Excel workbook (XLSB) reaches, before anything is asked to hold all its cells.

Source: [MS-XLSB] 2.1.4 (records: a type of one or two bytes, a size of one to four, the content), 2.4.720
BrtRowHdr, 2.5.9 Cell.
"""

from __future__ import annotations

from collections.abc import Iterable

_ROW = 0
_CELLS = range(1, 12)  # BrtCellBlank to BrtFmlaError


def _numbers(data: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of seven bits a byte, low ones first, and where the next thing begins; -1 at the end of data."""
    value = 0
    for step in range(most):
        if at + step >= len(data):
            return -1, at
        value |= (data[at + step] & 0x7F) << (7 * step)
        if not data[at + step] & 0x80:
            return value, at + step + 1
    return value, at + most


def extent(pieces: Iterable[bytes]) -> tuple[int, int]:
    """(rows, columns) that the cells of a sheet's part reach."""
    row = column = -1
    waiting, skip = b"", 0
    for piece in pieces:
        data, at = waiting + piece, 0
        while True:
            if skip:
                step = min(skip, len(data) - at)
                at, skip = at + step, skip - step
                if skip:
                    break
            kind, after = _numbers(data, at, 2)
            size, start = _numbers(data, after, 4) if kind >= 0 else (-1, at)
            if size < 0 or start + min(size, 4) > len(data):
                break
            number = int.from_bytes(data[start : start + 4], "little") if size >= 4 else 0
            if kind == _ROW:
                row = max(row, number)
            elif kind in _CELLS:
                column = max(column, number)
            at, skip = start, size
        waiting = data[at:]
    return row + 1, column + 1
