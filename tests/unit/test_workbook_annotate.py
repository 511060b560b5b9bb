"""The academy's own workbook back: the right cells coloured, the sentence in its language, nothing else touched."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from registry.messages import LANGUAGES
from registry.model import Feed
from registry.pipeline.annotate import annotated
from registry.pipeline.check import check_list
from registry.pipeline.house import House
from registry.settings import Settings
from registry.workbook.annotate import COLOURS, Grid, Mark, Rest, TooLarge, annotate
from registry.workbook.template import MARK
from registry.workbook.texts import words
from tests.support.tables import french_workbook, open_document, read, records, saved

RED, ORANGE, BLUE = (COLOURS[name] for name in ("violation", "warning", "info"))


def back(tmp_path: Path, body: bytes, name: str) -> dict[str, openpyxl.Workbook]:
    """What ``check --annotate`` gives for a file, in each language."""
    file = tmp_path / name
    file.write_bytes(body)
    made: dict[str, bytes] = {}

    def after(house: House, feed: Feed) -> None:
        for language in LANGUAGES:
            made[language] = annotated(feed, body, house.connection, house.messages, language)

    check_list(Settings(data=tmp_path / "var"), str(file), "table", after)
    return {language: openpyxl.load_workbook(io.BytesIO(content)) for language, content in made.items()}


def coloured(sheet: object) -> dict[str, str]:
    return {
        cell.coordinate: cell.fill.fgColor.rgb[2:]
        for row in sheet.iter_rows() for cell in row  # type: ignore[attr-defined]
        if cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb[2:] in COLOURS.values()
    }  # fmt: skip


def office() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Courses"
    for line in (
        ["Course list"], [], ["Title", "Level", "Date", "Web address", "Duration", "Price", "Language"],
        ["Git", "Expertise", "03/04/2025", "see site", "long", "=1+1", "en"],
        ["R", "Basic", "2025-06-02", None, "2 days", "0", "en"],
    ):  # fmt: skip
        sheet.append(line)
    sheet["A3"].font = Font(bold=True, color="FF112233")
    sheet.column_dimensions["A"].width = 47
    sheet.merge_cells("A1:G1")
    other = book.create_sheet("Notes")
    other["A1"] = "=SUM(1,2)"
    return saved(book)


def test_the_cells_to_mend_are_coloured_in_the_offices_own_workbook(tmp_path: Path) -> None:
    book = back(tmp_path, office(), "courses.xlsx")["en"]
    sheet = book["Courses"]
    marks = coloured(sheet)
    assert marks["B4"] == marks["C4"] == marks["D4"] == marks["E4"] == ORANGE
    assert "A5" not in marks and "E5" not in marks and "B5" not in marks
    assert marks["D5"] == BLUE  # the address that is missing, where it would stand
    text = sheet["E4"].comment.text
    assert "“long” in Duration is not a length of time" in text and "→ Write a number with its unit" in text
    assert (sheet["A3"].font.color.rgb, sheet.column_dimensions["A"].width) == ("FF112233", 47)
    assert sheet["F4"].value == "=1+1" and book["Notes"]["A1"].value == "=SUM(1,2)"  # neither run nor changed
    assert [str(block) for block in sheet.merged_cells.ranges] == ["A1:G1"]
    assert sheet["A4"].value == "Git" and sheet.max_row == 5
    last = book.worksheets[-1]
    assert last.title == "To mend" and str(last["A1"].value).startswith(MARK)
    lines = [[cell.value for cell in row] for row in last.iter_rows(min_row=9)]
    missing = [line for line in lines if "licen" in str(line[2]).lower()]
    assert missing and missing[0][4] == "2"  # said once, for both rows
    assert missing[0][1] == "+ «Licence»: Courses!4, Courses!5"
    assert any(line[1] == "Courses!E4" for line in lines)
    # Sent again as it came back, it says the same.
    assert [record.payload for record in records(read(saved(book)))] == [r.payload for r in records(read(office()))]


def test_titles_merged_cells_two_line_headings(tmp_path: Path) -> None:
    for language, book in back(tmp_path, french_workbook(), "plan.xlsx").items():
        marks = coloured(book["2024"])
        assert marks["F8"] == ORANGE  # "jardiniers" is no audience that is known
        assert marks["I4"] == BLUE  # the heading that is not read
        assert marks["C10"] == ORANGE  # a row without a title
        comment = book["2024"]["F8"].comment.text
        assert {"en": "is not a word", "fr": "n’est pas un terme", "es": "no es un término"}[language] in comment
        assert book["interne"].sheet_state == "hidden"
        assert words(language)["to_mend"] in book.sheetnames


@pytest.mark.parametrize("name", ["list.csv", "list.ods"])
def test_other_files_come_back_as_a_workbook(name: str, tmp_path: Path) -> None:
    lines = [["Title", "Level", "Duration"], ["=cmd|' /C calc'!A0", "Expertise", "2 days"], ["Git", "Basic", "long"]]
    body = (
        open_document(lines) if name.endswith("ods") else "\n".join(",".join(line) for line in lines).encode()
    )  # fmt: skip
    book = back(tmp_path, body, name)["fr"]
    sheet = book.worksheets[0]
    assert sheet["A2"].value == lines[1][0] and sheet["A2"].data_type == "s", "a text stays a text"
    assert (coloured(sheet)["B2"], coloured(sheet)["C3"]) == (ORANGE, ORANGE)


def test_comments_of_the_office_stay() -> None:
    book = openpyxl.load_workbook(io.BytesIO(office()))
    from openpyxl.comments import Comment

    book["Courses"]["A4"].comment = Comment("ask Jane", "x")
    made = annotate(saved(book), [], [Mark("Courses", 4, 1, "violation", "Wrong.", "Mend.")], [], "en")
    text = openpyxl.load_workbook(io.BytesIO(made))["Courses"]["A4"].comment.text
    assert text.startswith("ask Jane") and text.endswith("Wrong.\n→ Mend.")


def test_gravest_colour_wins_and_places_outside_are_listed_only() -> None:
    marks = [
        Mark("", 2, 1, "info", "a", "b"), Mark("", 2, 1, "violation", "c", "d"), Mark("", 0, 1, "info", "e", "f"),
        Mark("Gone", 1, 1, "info", "g", "h"),
    ]  # fmt: skip
    made = annotate(b"", [Grid("", [["Title"], ["Git"]])], marks, [Rest("warning", "=1+1", "x", "here", 3)], "es")
    book = openpyxl.load_workbook(io.BytesIO(made))
    assert coloured(book.worksheets[0]) == {"A2": RED}
    cells = [cell for row in book["Por corregir"].iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert any(cell.value == "=1+1" for cell in cells)


def test_odd_names_of_sheets_and_bytes_that_are_no_workbook() -> None:
    grids = [Grid("a/b:c*?" + "x" * 60, [["\x01Title"]]), Grid("a/b", [["T"]]), Grid("A b", [])]
    made = annotate(b"PK\x03\x04 not a zip", grids, [], [], "fr")
    assert len(openpyxl.load_workbook(io.BytesIO(made)).sheetnames) == 4


def test_too_large_is_refused() -> None:
    with pytest.raises(TooLarge):
        annotate(b"", [Grid("", [["x"] * 1000] * 601)], [], [], "en")


def patched(body: bytes, **parts: bytes) -> bytes:
    """A workbook with further parts, or others in their place ("__" stands for "/")."""
    made = io.BytesIO()
    wanted = {
        name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"): text for name, text in parts.items()
    }
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            new.writestr(entry.filename, wanted.pop(entry.filename, old.read(entry)))
        for name, text in wanted.items():
            new.writestr(name, text)
    return made.getvalue()


def test_macros_are_left_out() -> None:
    body = patched(office(), xl__vbaProject_bin=b"macro")
    made = annotate(body, [Grid("Courses", [["x"]])], [Mark("Courses", 4, 1, "info", "a", "b")], [], "en")
    names = zipfile.ZipFile(io.BytesIO(made)).namelist()
    assert not [name for name in names if "vba" in name.lower()]
    assert openpyxl.load_workbook(io.BytesIO(made))["Courses"]["A4"].value == "Git"


def test_entities_are_not_expanded() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><sst xmlns="http://schemas.openxmlformats.org/'
    body = patched(office(), xl__sharedStrings_xml=bomb + b'spreadsheetml/2006/main"><si><t>&a;</t></si></sst>')
    made = annotate(body, [Grid("Courses", [["Title"], ["Git"]])], [], [], "en")
    assert [cell.value for cell in openpyxl.load_workbook(io.BytesIO(made))["Courses"]["A"]] == ["Title", "Git"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 6000), st.binary(min_size=1, max_size=20), st.integers(-5, 70_000), st.integers(-5, 20_000))
def test_a_damaged_workbook_still_comes_back(at: int, noise: bytes, row: int, column: int) -> None:
    body = bytearray(OFFICE)
    body[at : at + len(noise)] = noise
    made = annotate(
        bytes(body), [Grid("Courses", [["Title"]])], [Mark("Courses", row, column, "info", "a", "b")], [], "fr"
    )
    assert "À corriger" in openpyxl.load_workbook(io.BytesIO(made)).sheetnames


OFFICE = office()
