"""Files that are not read as a list, whatever their name says; and formulas that are."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook

from registry.model import Feed
from registry.pipeline.upload_file import Refused, examine, outside

FEED = Feed("list", "office", "table", "https://office.example/courses")


def xlsx(*rows: tuple[Any, ...], **members: bytes) -> bytes:
    book = Workbook()
    for row in (("Title", "Address"), *rows):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    if members:
        with zipfile.ZipFile(out, "a") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    return out.getvalue()


def ods(formula: str) -> bytes:
    book, table, row = OpenDocumentSpreadsheet(), Table(name="List"), TableRow()
    cell = TableCell(valuetype="string", formula=formula)
    cell.addElement(P(text="shown"))
    head = TableRow()
    title = TableCell(valuetype="string")
    title.addElement(P(text="Title"))
    head.addElement(title)
    row.addElement(cell)
    table.addElement(head)
    table.addElement(row)
    book.spreadsheet.addElement(table)
    out = io.BytesIO()
    book.write(out)
    return out.getvalue()


def codes(body: bytes) -> list[str]:
    try:
        examine(FEED, body)
    except Refused as refused:
        return sorted({issue.code for issue in refused.issues})
    return []


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * (210 << 20))
    return out.getvalue()


def test_a_workbook_as_offices_keep_it_is_read() -> None:
    rows = [
        ("Introduction to R", '=HYPERLINK("https://office.example/r", "R")'),
        ("=CONCATENATE(\"Git \", 2)", "https://office.example/git"),
        ("- a title with a dash (and more)", "+33 1 23 45"),
        ("-20 % off | now", "@office"),
    ]  # fmt: skip
    assert codes(xlsx(*rows)) == []
    assert codes(ods('of:=[.A1]&" x"')) == []
    assert codes(b"title,url\nGit,https://office.example/git\n") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (xlsx(("x", '=WEBSERVICE("http://127.0.0.1/")')), "upload-formula"),
        (xlsx(("x", "=cmd|' /C calc'!A0")), "upload-formula"),
        (xlsx(("x", "='[prices.xlsx]S'!A1")), "upload-formula"),
        (xlsx(("x", "='\\\\server\\share\\[a.xls]S'!A1")), "upload-formula"),
        (ods('of:=DDE("soffice";"x";"y")'), "upload-formula"),
        (ods("of:=WEBSERVICE(&quot;http://a&quot;)".replace("&quot;", '"')), "upload-formula"),
        (b"title,url\n=1+1,https://office.example/\n", "upload-formula"),
        (b"title,url\n\"@SUM(1+1)*cmd|' /C calc'!A0\",x\n", "upload-formula"),
        (xlsx(("x", "y"), **{"xl/vbaProject.bin": b"x"}), "upload-macros"),
        (xlsx(("x", "y"), **{"xl/macrosheets/sheet1.xml": b"x"}), "upload-macros"),
        (xlsx(("x", "y"), **{"xl/externalLinks/externalLink1.xml": b"<externalLink><ddeLink a=''/></externalLink>"}),
         "upload-formula"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "upload-kind"),
        (b"", "table-empty"),
        (b"%PDF-1.7", "table-not-a-table"),
        (b"<!doctype html><p>Sign in", "table-web-page"),
        (b"PK\x03\x04 broken", "table-unreadable"),
        (xlsx(("x", "y"))[:-200], "table-unreadable"),
    ],
)  # fmt: skip
def test_what_is_refused(body: bytes, code: str) -> None:
    assert codes(body) == [code]


def test_a_bomb_is_not_unpacked() -> None:
    assert codes(bomb()) == ["table-bomb"]


def test_the_cell_is_named() -> None:
    with pytest.raises(Refused) as refused:
        examine(FEED, xlsx(("x", "y"), ("z", '=IMPORTDATA("http://a")')))
    assert refused.value.issues[0].place == "sheet1, B3"


@given(some.binary(max_size=2000) | some.binary(max_size=500).map(lambda tail: b"PK\x03\x04" + tail))
def test_no_bytes_do_more_than_being_refused(body: bytes) -> None:
    codes(body)


@given(some.from_regex(r"[A-Z]{1,6}\([A-Z]{1,2}[0-9]{1,3}(,[0-9]{1,3}){0,3}\)", fullmatch=True))
def test_formulas_within_the_workbook_stay(formula: str) -> None:
    name = formula.partition("(")[0]
    assert outside(formula) == (name in {"RTD", "CALL", "EXEC", "DDE", "IMAGE"})
