"""A file that somebody sent in, before anything reads it as a list: what it must not hold.

Sizes are bounded first (``table_files.check_archive``). Formulas that compute from the workbook itself are read as
the values that they show; what would fetch or run something elsewhere is refused, and so is text that a
spreadsheet would take for such a formula when it is given out again as CSV (OWASP, CSV injection).
"""

from __future__ import annotations

import html
import io
import re
import zipfile

from harvesters import table_files
from harvesters.base import FeedFailed
from harvesters.table import sheets_of
from registry.model import Feed, Issue

MOST = 20
"""So many places are told."""
_MACROS = re.compile(
    r"vbaProject\.bin$|vbaData\.xml$|(?:^|/)macrosheets/|(?:^|/)dialogsheets/|^Basic/.|^Scripts/.", re.IGNORECASE
)
_MACRO_TYPE = re.compile(rb"macroEnabled", re.IGNORECASE)
_LINKED = re.compile(rb"<(?:\w+:)?ddeLink\b|<(?:\w+:)?oleLink\b")
_CELL = re.compile(
    rb"<(?:\w+:)?c\s(?P<attributes>[^<>]{0,300})>\s{0,20}<(?:\w+:)?f\b[^<>]{0,300}(?<!/)>(?P<formula>[^<]{1,8192})<"
)
_AT = re.compile(rb"""\br=["']([A-Z]{1,3}[0-9]{1,7})["']""")
_ODS = re.compile(rb"""\btable:formula=(["'])(.{1,8192}?)\1""", re.DOTALL)
_ODS_OUTSIDE = re.compile(rb"<(?:office:dde-source|table:dde-link|script:event-listener)\b")
# Functions that fetch or run something, commands of DDE (app|topic), other files.
_OUTSIDE = re.compile(
    r"\b(?:WEBSERVICE|FILTERXML|RTD|CALL|REGISTER(?:\.ID)?|EXEC|DDE|SQL\.REQUEST|IMPORT(?:DATA|XML|HTML|FEED|RANGE)"
    r"|IMAGE)\s*\(|\w\s*\|\s*['\"/\w]|\[[^\[\]]*\.(?:xl|od|csv|ht)\w*\]|\\\\\w|\bfile:",
    re.IGNORECASE,
)
_TEXT = re.compile(r"[+\-@][A-Za-z_.]{1,40}[(|!]|=.")


class Refused(Exception):
    """A file that is not read; each issue says what to mend."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        super().__init__(", ".join(issue.code for issue in issues))
        self.issues = issues


def examine(feed: Feed, body: bytes) -> None:
    """Look at a file as a whole. Raises Refused."""
    try:
        kind = table_files.kind(body)
        if kind == "workbook":
            if not body.startswith(b"PK"):
                raise Refused((Issue("upload-kind", value="XLS"),))
            form = table_files.check_archive(body)
            if form == "xlsb":
                raise Refused((Issue("upload-kind", value="XLSB"),))
            found = _packed(body, form)
        else:
            found = []
        if not found:
            found = _texts(feed, body)
    except FeedFailed as error:
        raise Refused((error.issue,)) from error
    if found:
        raise Refused(tuple(found[:MOST]))


def _packed(body: bytes, form: str) -> list[Issue]:
    """What a packed workbook holds that it must not; its sizes are known to be bounded."""
    found: list[Issue] = []
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = archive.namelist()
            macros = [name for name in names if _MACROS.search(name)]
            types = archive.read("[Content_Types].xml") if "[Content_Types].xml" in names else b""
            if macros or _MACRO_TYPE.search(types):
                return [Issue("upload-macros", value=(macros or ["[Content_Types].xml"])[0][:300])]
            for name in names:
                if form == "xlsx" and name.startswith("xl/externalLinks/") and _LINKED.search(archive.read(name)):
                    found.append(Issue("upload-formula", name[:300], "DDE"))
                elif form == "xlsx" and name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    found += _formulas(name, archive.read(name))
                elif form == "ods" and name == "content.xml":
                    found += _ods(archive.read(name))
                if len(found) >= MOST:
                    break
    except table_files.DAMAGED as error:
        raise Refused((Issue("table-unreadable", value=str(error)[:300]),)) from error
    return found


def _formulas(name: str, content: bytes) -> list[Issue]:
    sheet = name.rpartition("/")[2].removesuffix(".xml")
    found = []
    for cell in _CELL.finditer(content):
        formula = html.unescape(cell["formula"].decode("utf-8", "replace"))
        if outside(formula):
            at = _AT.search(cell["attributes"])
            place = f"{sheet}, {at[1].decode()}" if at else sheet
            found.append(Issue("upload-formula", place, formula[:300]))
    return found


def _ods(content: bytes) -> list[Issue]:
    found = [Issue("upload-formula", "content.xml", one[0].decode()) for one in _ODS_OUTSIDE.finditer(content)]
    for one in _ODS.finditer(content):
        formula = html.unescape(one[2].decode("utf-8", "replace"))
        if outside(formula):
            found.append(Issue("upload-formula", "content.xml", formula[:300]))
    return found


def outside(formula: str) -> bool:
    """Whether a formula reaches beyond its workbook; a link that a person follows does not."""
    return _OUTSIDE.search(formula) is not None


def _texts(feed: Feed, body: bytes) -> list[Issue]:
    """Cells that begin like a formula. What cannot be read as a table is told by who reads it."""
    sheets, _ = sheets_of(feed, body)
    found = []
    for sheet in sheets:
        for number, row in enumerate(sheet.rows, start=1):
            for column, text in enumerate(row, start=1):
                if text and text[0] in "=+-@" and _TEXT.match(text):
                    place = ", ".join(filter(None, [sheet.name, f"row {number}", f"column {column}"]))
                    found.append(Issue("upload-formula", place[:300], text[:300]))
                    if len(found) >= MOST:
                        return found
    return found
