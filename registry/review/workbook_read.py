"""A batch that comes back as a workbook: answers by cell, and what is wrong by cell. The file is hostile.

Only values of cells are read (calamine evaluates nothing); sizes are bounded before anything is unpacked. Of what we
wrote only the batch's id and the numbers count: which pairs they are is in the ledger.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import python_calamine

from registry.ledger.reviews import Batch, Given
from registry.messages import LANGUAGES
from registry.review.answers import MAX_NOTE, BadAnswer, Proposal, answer_of, source_for
from registry.review.shown import number
from registry.review.texts import say
from registry.review.workbook import COLUMNS, DIRECTIONS, MARK

MAX_BYTES = 5 << 20
MAX_UNPACKED = 30 << 20
MAX_MEMBERS = 500
MAX_SHEETS = 20
MAX_ROWS = 5_000
MAX_CELLS = 500_000
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
_STRUCK = frozenset(("x", "✗", "✘", "×"))


class BadWorkbook(Exception):
    """The file as a whole cannot be used; ``key`` and ``values`` make the sentence (``texts.tsv``)."""

    def __init__(self, key: str, **values: object) -> None:
        self.key, self.values = key, values
        super().__init__(say(key, "en", **values))


@dataclass(frozen=True, slots=True)
class CellError:
    """What cannot be taken: the cell ("B4"), and the sentence (``texts.tsv``)."""

    cell: str
    key: str
    value: str = ""

    def said(self, language: str) -> str:
        """The sentence in one of three languages."""
        return f"{self.cell}: {say(self.key, language, value=self.value[:100], limit=MAX_NOTE)}"


@dataclass(frozen=True, slots=True)
class Filled:
    """An answer to a pair of the batch; ``source`` "" where it is not known or the answer has none."""

    given: Given
    answer: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a workbook says: the answers that can be taken, what is wrong, how many pairs were left empty."""

    filled: tuple[Filled, ...]
    errors: tuple[CellError, ...]
    empty: int


def rows(body: bytes) -> list[list[list[str]]]:
    """The cells of all sheets as text. Raises BadWorkbook."""
    if len(body) > MAX_BYTES:
        raise BadWorkbook("file-too-large", limit=MAX_BYTES >> 20)
    try:
        _check(body)
        book = python_calamine.load_workbook(io.BytesIO(body))
        names = book.sheet_names[:MAX_SHEETS]
        grids = [book.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=MAX_ROWS) for name in names]
    except (zipfile.BadZipFile, python_calamine.CalamineError, OSError, EOFError, ValueError, OverflowError,
            NotImplementedError, RuntimeError, zipfile.LargeZipFile) as error:  # fmt: skip
        raise BadWorkbook("file-unreadable", reason=str(error)[:200]) from error
    except BaseException as error:  # a panic of the parser is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise BadWorkbook("file-unreadable", reason=str(error)[:200]) from error
    return [[[_text(value) for value in row] for row in grid] for grid in grids]


def _check(body: bytes) -> None:
    """Look through the archive before it is parsed: how large it is unpacked, how wide its sheets say they are.

    A reader makes a block of all cells between the first and the last, so that one cell far away would cost gigabytes.
    """
    budget = MAX_UNPACKED
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        members = archive.infolist()
        if not any(one.filename.startswith("xl/worksheets/") and one.filename.endswith(".xml") for one in members):
            raise BadWorkbook("file-unreadable", reason="no .xlsx")
        if len(members) > MAX_MEMBERS:
            raise BadWorkbook("file-too-large", limit=MAX_UNPACKED >> 20)
        for one in members:
            tail, row, column = b"", 0, 0
            with archive.open(one) as stream:
                while piece := stream.read(1 << 20):
                    budget -= len(piece)
                    if budget < 0:
                        raise BadWorkbook("file-too-large", limit=MAX_UNPACKED >> 20)
                    window = tail + piece
                    for found in _CELL.finditer(window) if one.filename.startswith("xl/worksheets/") else ():
                        row, column = max(row, int(found[2])), max(column, _column(found[1]))
                    tail = window[-100:]
            if row * column > MAX_CELLS:
                raise BadWorkbook("file-too-large", limit=MAX_UNPACKED >> 20)


def _column(letters: bytes) -> int:
    number_ = 0
    for letter in letters.upper():
        number_ = number_ * 26 + letter - 64
    return number_


def batch_id(sheets: Sequence[Sequence[Sequence[str]]]) -> str:
    """The id of the batch that a workbook belongs to. Raises BadWorkbook."""
    for sheet in sheets:
        if sheet and len(sheet[0]) > 1 and sheet[0][0] == MARK:
            return sheet[0][1]
    raise BadWorkbook("file-no-batch")


def read(sheets: Sequence[Sequence[Sequence[str]]], batch: Batch) -> Read:
    """The answers of a workbook to a batch. Raises BadWorkbook where no sheet has its columns."""
    known = {number(one): one for one in batch.pairs}
    grid = next((sheet for sheet in sheets if sheet and _is_pairs(sheet[0])), None)
    if grid is None:
        raise BadWorkbook("file-no-batch")
    errors: list[CellError] = []
    lines: dict[str, tuple[int, list[str]]] = {}
    for at, row in enumerate(grid[1:], start=2):
        cells = [*row[: len(COLUMNS)], *[""] * (len(COLUMNS) - len(row))]
        if not any(cells):
            continue
        if cells[0] not in known:
            errors.append(CellError(f"A{at}", "cell-number", cells[0]))
        elif cells[0] in lines:
            errors.append(CellError(f"A{at}", "cell-twice", cells[0]))
        else:
            lines[cells[0]] = (at, cells)
    filled: list[Filled] = []
    empty = 0
    leading: dict[int, tuple[int, list[str]]] = {}
    for name, given in known.items():
        if name not in lines:
            empty += 1
            continue
        at, cells = lines[name]
        if given.part == 1:
            leading[given.position] = (at, cells)
        one = _line(given, at, cells, leading.get(given.position) if given.part > 1 else None, errors)
        if one is None:
            empty += 1
        else:
            filled.append(one)
    return Read(tuple(filled), tuple(errors), empty)


def _line(
    given: Given, at: int, cells: list[str], first: tuple[int, list[str]] | None, errors: list[CellError]
) -> Filled | None:
    _, answer, direction, struck, note = cells
    inherited = False
    if struck and (not given.part or struck.casefold() not in _STRUCK):
        errors.append(CellError(f"D{at}", "cell-except", struck))
        return None
    if not answer and first is not None and not struck:
        answer, direction, inherited = first[1][1], direction or first[1][2], True
    if not answer or (struck and given.part == 1):
        return None
    try:
        word = answer_of(answer)
    except BadAnswer:
        if not inherited:  # told once, where it stands
            errors.append(CellError(f"B{at}", "cell-answer", answer))
        return None
    stated = _direction(direction, given)
    if direction and stated is None:
        if not inherited or cells[2]:
            errors.append(CellError(f"C{at}", "cell-direction", direction))
        return None
    if len(note) > MAX_NOTE:
        errors.append(CellError(f"E{at}", "cell-note", str(len(note))))
        return None
    try:
        source = source_for(word, stated, Proposal(given.relation, given.source))
    except BadAnswer:
        if not inherited:
            errors.append(CellError(f"C{at}", "cell-direction-missing"))
        return None
    return Filled(given, word, source, note)


def _direction(text: str, given: Given) -> str | None:
    """The source that a direction names: "1 comes from 2" is the right one; None where it is no direction."""
    for key, source in zip(DIRECTIONS, (given.right, given.left, ""), strict=True):
        if text and " ".join(text.casefold().split()) in {say(key, language).casefold() for language in LANGUAGES}:
            return source
    return None


def _is_pairs(row: Sequence[str]) -> bool:
    return any(
        [*row[: len(COLUMNS)]] == [say(f"column-{name}", language) for name in COLUMNS] for language in LANGUAGES
    )


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()
