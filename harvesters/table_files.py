"""Bytes of a CSV, TSV, XLSX, XLSB, ODS or XLS file to sheets of text cells.

Bounded: what a packed file unpacks to is measured before anything parses it. Sources: RFC 4180; ECMA-376
(SpreadsheetML); OpenDocument 1.3 part 3; APPNOTE (ZIP).
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import python_calamine
from charset_normalizer import from_bytes

from harvesters.base import FeedFailed
from harvesters.table_links import links
from harvesters.table_ods import BadTable, Block, layouts
from harvesters.table_xlsb import extent
from registry.model import Issue

MAX_UNPACKED = 200 << 20
MAX_MEMBERS = 5000
MAX_CELLS = 8_000_000
LONG_CELL = 131_072
"""Characters of a cell of CSV from which a quotation is taken for one that was never closed."""
OWN_LISTS = "_lists"  # the hidden sheet of the template
DELIMITERS = ",;\t|"
# What the standard library raises on a damaged or encrypted archive.
DAMAGED = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, NotImplementedError, RuntimeError, OSError, EOFError)


@dataclass(slots=True)
class Sheet:
    """A grid of trimmed text. ``name`` is "" for a CSV file; row i of ``rows`` is row i + 1 of the sheet.

    ``wide`` holds the horizontally merged blocks of a row as (first, last) columns; vertically merged cells
    are filled from the top in their first column already; ``links`` holds the addresses behind cells. ``cut``
    is the row from which a quotation that is never closed swallows the rest, or -1.
    """

    name: str
    rows: list[list[str]]
    wide: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    cut: int = -1
    links: dict[tuple[int, int], str] = field(default_factory=dict)


def failed(code: str, place: str = "", value: str = "", **params: str) -> FeedFailed:
    """The feed as a whole cannot be read, with the reason."""
    return FeedFailed(Issue(code, place, value[:300], tuple(sorted(params.items()))))


def kind(body: bytes) -> str:
    """ "workbook", "text", or the name of what it is instead (a web page, PDF …). By content only."""
    if body.startswith(b"PK\x03\x04"):
        return "workbook"
    if body.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "workbook"
    for start, name in ((b"%PDF", "PDF"), (b"\x1f\x8b", "gzip"), (b"Rar!", "RAR"), (b"7z\xbc\xaf", "7-Zip")):
        if body.startswith(start):
            return name
    head = body[:2000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if re.match(rb"<(?:!doctype\s+html|html|head|body|table|script|meta|!--)", head) or b"<html" in head:
        return "HTML"
    if re.match(rb"(?:\[\s*)?\{\s*(?:\"|\})", head):
        return "JSON"
    return "XML" if head.startswith(b"<?xml") else "text"


# --- workbooks -------------------------------------------------------------------------------------------

_CELL = re.compile(rb'<(?:\w+:)?c\s[^<>]{0,200}?\br="([A-Z]{1,3})([0-9]{1,7})"[^<>]{0,200}?(?<!/)>')


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _inflated(body: bytes, member: zipfile.ZipInfo, budget: int) -> Iterator[bytes]:
    """What a member really unpacks to, in pieces, whatever its header says; fails beyond the budget."""
    start = member.header_offset
    if body[start : start + 4] != b"PK\x03\x04":
        raise failed("table-unreadable", value=f"{member.filename}: no header")
    start += 30 + int.from_bytes(body[start + 26 : start + 28], "little")
    start += int.from_bytes(body[member.header_offset + 28 : member.header_offset + 30], "little")
    packed = memoryview(body)[start : start + member.compress_size]
    if member.compress_type == zipfile.ZIP_STORED:
        if len(packed) > budget:
            raise failed("table-bomb", value=member.filename, limit=str(MAX_UNPACKED >> 20))
        yield bytes(packed)
        return
    if member.compress_type != zipfile.ZIP_DEFLATED:
        raise failed("table-unreadable", value=f"{member.filename}: compression {member.compress_type}")
    engine, used, rest = zlib.decompressobj(-15), 0, bytes(packed)
    while rest and not engine.eof:
        try:
            piece = engine.decompress(rest, 1 << 20)
        except zlib.error as error:
            raise failed("table-unreadable", value=f"{member.filename}: {error}") from error
        rest, used = engine.unconsumed_tail, used + len(piece)
        if used > budget:
            raise failed("table-bomb", value=member.filename, limit=str(MAX_UNPACKED >> 20))
        yield piece


def check_archive(body: bytes) -> str:
    """ "xlsx", "xlsb" or "ods" of a packed workbook that is safe to parse; FeedFailed otherwise."""
    try:
        members = zipfile.ZipFile(io.BytesIO(body)).infolist()
    except DAMAGED as error:
        raise failed("table-unreadable", value=str(error)) from error
    names = {member.filename for member in members}
    if any(name.startswith("xl/worksheets/") and name.endswith(".xml") for name in names):
        form = "xlsx"
    elif any(name.startswith("xl/worksheets/") and name.endswith(".bin") for name in names):
        form = "xlsb"
    elif "content.xml" in names:
        form = "ods"
    else:
        what = "Word" if any(name.startswith("word/") for name in names) else "ZIP"
        raise failed("table-not-a-table", value=what)
    if len(members) > MAX_MEMBERS:
        raise failed("table-bomb", value=f"{len(members)} files", limit=str(MAX_UNPACKED >> 20))
    budget = MAX_UNPACKED
    for member in members:
        scan = form == "xlsx" and member.filename.startswith("xl/worksheets/")
        tail, row, column = b"", 0, 0
        if form == "xlsb" and member.filename.startswith("xl/worksheets/"):
            row, column = extent(_inflated(body, member, budget))
        for piece in _inflated(body, member, budget):
            budget -= len(piece)
            if scan:
                window = tail + piece
                for found in _CELL.finditer(window):
                    row, column = max(row, int(found[2])), max(column, _column(found[1]))
                tail = window[-500:]
        if row * column > MAX_CELLS:
            raise failed("table-too-large", value=f"{row} × {column}", limit=str(MAX_CELLS))
    return form


def cell_text(value: object) -> str:
    """A cell as text: whole numbers without ".0", dates and times as ISO 8601, durations as PTnHnM."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(timespec="seconds")
    if isinstance(value, datetime.timedelta):
        hours, rest = divmod(round(value.total_seconds()), 3600)
        return f"PT{hours}H{rest // 60}M" if rest // 60 else f"PT{hours}H"
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _fill(sheet: Sheet, blocks: Iterable[Block]) -> None:
    """Merged cells: their value in every row of their first column, their width in ``wide``."""
    budget = MAX_CELLS
    for first_row, first_column, last_row, last_column in blocks:
        for row in range(first_row, min(last_row, len(sheet.rows) - 1) + 1):
            budget -= 1
            if budget < 0:
                raise failed("table-too-large", value="merged cells", limit=str(MAX_CELLS))
            cells = sheet.rows[row]
            if first_column >= len(cells):
                break
            cells[first_column] = cells[first_column] or sheet.rows[first_row][first_column]
            if last_column > first_column:
                sheet.wide.setdefault(row, []).append((first_column, last_column))


def workbook(body: bytes, wanted: list[str], limit: int) -> tuple[list[Sheet], list[str]]:
    """The visible sheets of a workbook (or the wanted ones, by name or number), and the hidden ones' names."""
    packed = body.startswith(b"PK")
    form = check_archive(body) if packed else "xls"
    try:
        ods = layouts(body, MAX_CELLS) if form == "ods" else []
    except BadTable as error:
        raise FeedFailed(error.issue) from error
    addresses = links(body) if form == "xlsx" else {}
    try:
        book = python_calamine.load_workbook(io.BytesIO(body))
        names = list(book.sheet_names)
        visible = {
            sheet.name for sheet in book.sheets_metadata if sheet.visible == python_calamine.SheetVisibleEnum.Visible
        }
        chosen = [_named(name, names) for name in wanted] or [name for name in names if name in visible]
        sheets = []
        for name in chosen:
            source = book.get_sheet_by_name(name)
            grid = source.to_python(skip_empty_area=False, nrows=limit)
            sheet = Sheet(name, [[cell_text(value) for value in row] for row in grid], links=addresses.get(name, {}))
            number = names.index(name)
            if number < len(ods):
                sheet.links = ods[number].links
                _fill(sheet, ods[number].blocks)
            else:
                _fill(sheet, [(*a, *b) for a, b in source.merged_cell_ranges or ()])
            sheets.append(sheet)
    except python_calamine.PasswordError as error:
        raise failed("table-password") from error
    except (python_calamine.CalamineError, OSError, ValueError, OverflowError, UnicodeError) as error:
        raise failed("table-unreadable", value=str(error)) from error
    except BaseException as error:  # a panic of the parser is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise failed("table-unreadable", value=str(error)) from error
    return sheets, [name for name in names if name not in visible and name not in chosen and name != OWN_LISTS]


def _named(wanted: str, names: list[str]) -> str:
    if wanted in names:
        return wanted
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise failed("table-no-sheet", value=wanted, sheets=", ".join(names)[:300])


# --- text ------------------------------------------------------------------------------------------------

# Which code pages to weigh against one another where the feed's language is known.
_WESTERN = ["cp1252", "mac_roman"]
_CODE_PAGES = {
    **dict.fromkeys(("pl", "cs", "sk", "hu", "sl", "hr", "ro", "bs", "sq"), ["cp1250", "iso8859_2"]),
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk", "sr", "kk", "ky", "mn"), ["cp1251", "koi8_r", "iso8859_5"]),
    **dict.fromkeys(("lt", "lv", "et"), ["cp1257"]), "el": ["cp1253"], "tr": ["cp1254"], "he": ["cp1255"],
    "ar": ["cp1256"], "fa": ["cp1256"], "ja": ["cp932", "euc_jp"], "ko": ["cp949"], "zh": ["gb18030", "big5"],
    **dict.fromkeys(("en", "fr", "es", "pt", "de", "it", "nl", "ca", "da", "sv", "no", "fi", "gl"), _WESTERN),
}  # fmt: skip


def decode(body: bytes, declared: str, language: str) -> tuple[str, list[Issue]]:
    """The text of a file, and how its encoding was found when it is not UTF-8.

    ``declared``: the feed's own option or the answer's charset. FeedFailed when no encoding fits.
    """
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strip_nul(body.decode("utf-16", "replace"), [Issue("table-encoding", "", "UTF-16")])
    if b"\0" in body[:2000]:
        odd = body[1:2000:2].count(0) > body[0:2000:2].count(0)
        if body[:2000].count(0) * 4 >= min(len(body), 2000):
            name = "utf-16-le" if odd else "utf-16-be"
            return _strip_nul(body.decode(name, "replace"), [Issue("table-encoding", "", name.upper())])
    text = body.decode("utf-8-sig", "surrogateescape")
    bad = len(re.findall(r"[\udc80-\udcff]", text))
    if not bad:
        return _strip_nul(text, [])
    good = sum(1 for char in text if char > "\x7f") - bad
    if good > 4 * bad:  # UTF-8 with a few strangers, as when texts were pasted together by a program
        mended = re.sub(
            r"[\udc80-\udcff]", lambda found: bytes([ord(found[0]) - 0xDC00]).decode("cp1252", "replace"), text
        )
        return _strip_nul(mended, [Issue("table-mixed-encoding", "", str(bad), (("count", str(bad)),))])
    if declared and declared.lower().replace("_", "-") not in ("utf-8", "utf8", "us-ascii"):
        try:
            return _strip_nul(body.decode(declared), [Issue("table-encoding", "", declared)])
        except (UnicodeDecodeError, LookupError):
            pass  # what is declared is wrong: the bytes decide
    pages = _CODE_PAGES.get(language.lower().split("-")[0])
    if pages is None or pages is _WESTERN:
        try:
            text, western = body.decode("cp1252"), True
        except UnicodeDecodeError:
            western = False
        if western and (pages is _WESTERN or _looks_western(text)):
            return _strip_nul(text, [Issue("table-encoding", "", "Windows-1252")])
    best = from_bytes(body[: 1 << 20], cp_isolation=pages).best()
    if best is None:
        raise failed("table-encoding-unknown")
    return _strip_nul(body.decode(best.encoding, "replace"), [Issue("table-encoding", "", best.encoding)])


def _looks_western(text: str) -> bool:
    """Whether nearly all letters beyond ASCII are those of Western European words."""
    beyond = [char for char in text if char > "\x7f"]
    usual = sum(char in "àâäáãåæçèéêëìíîïñòóôöõøœùúûüýÿßÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØŒÙÚÛÜÝ«»’‘“”–—…•°ºª€¿¡·\xa0©®×½²³"
                for char in beyond)  # fmt: skip
    # A Cyrillic or Greek word read as Western is a run of accented letters; a Western word hardly ever is.
    runs = len(re.findall(r"[À-ÿ]{3,}", text))
    return usual >= 0.95 * len(beyond) and runs * 20 <= len(beyond)


def _strip_nul(text: str, issues: list[Issue]) -> tuple[str, list[Issue]]:
    count = text.count("\0")
    if count:
        issues = [*issues, Issue("table-nul", "", str(count), (("count", str(count)),))]
    return text.replace("\0", ""), issues


def delimited(text: str, delimiter: str, limit: int) -> Sheet:
    """The rows of a CSV text, at most ``limit``."""
    rows: list[list[str]] = []
    cut = -1
    try:
        # Where no quotation is open, a long cell is a long text: it is cut later, and the rows after it are read.
        # The limit is the process's: two lists at once can only make it the usual one too early, which is safe.
        if text.count('"') % 2 == 0:
            csv.field_size_limit(max(LONG_CELL, len(text) + 1))
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append([cell.strip() for cell in row])
            if len(rows) >= limit:
                break
    except csv.Error as error:  # a cell beyond LONG_CELL: nearly always an open quotation
        if not rows:
            raise failed("table-broken-csv", place=f"row {len(rows) + 1}", value=str(error)) from error
        cut = len(rows)
    finally:
        csv.field_size_limit(LONG_CELL)
    if cut < 0 and rows and len(rows) < limit and text.count('"') % 2 and any("\n" in cell for cell in rows[-1]):
        cut = len(rows) - 1
        rows.pop()
    return Sheet("", rows, cut=cut)
