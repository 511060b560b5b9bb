"""Answers of stored queries as bytes: what went in comes out, in every format, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from support import stored

from registry.web import stored_formats as formats
from registry.web.stored import Column, StoredQuery
from registry.web.stored_formats import Cell, Source

SOURCE = Source("https://registry.example/q/each", "?string=a%26b", "7.0", "2026-03-01T00:00:00Z")
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", '=HYPERLINK("http://evil.example")']
ROW: tuple[Cell, ...] = ('É; "x"', 7, 0.25, True, "2026-03-01", "2026-03-01T10:30:00Z", "https://a.example/x")
EMPTY: tuple[Cell, ...] = (None,) * 7


@pytest.fixture(scope="module")
def each(tmp_path_factory: pytest.TempPathFactory) -> StoredQuery:
    return stored.of_each(tmp_path_factory.mktemp("stored"))


def excel_rows(body: bytes, delimiter: str) -> list[list[str]]:
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_json_is_flat_and_typed(each: StoredQuery) -> None:
    first, second = json.loads(formats.to_json(each, [ROW, EMPTY]))
    assert list(first) == ["string", "integer", "decimal", "boolean", "date", "datetime", "anyuri"]
    assert tuple(first.values()) == ROW and set(second.values()) == {None}
    assert formats.to_json(each, []) == b"[]\n"


def test_csv_has_values_as_they_are(each: StoredQuery) -> None:
    body = formats.to_csv(each, [ROW, ("=1+1", *EMPTY[1:])])
    assert body.count(b"\r\n") == 3 and not body.startswith(b"\xef\xbb\xbf")
    _, first, second = csv.reader(io.StringIO(body.decode(), newline=""))
    assert first == ['É; "x"', "7", "0.25", "true", "2026-03-01", "2026-03-01T10:30:00Z", "https://a.example/x"]
    assert second == ["=1+1", "", "", "", "", "", ""]


@pytest.mark.parametrize(
    ("language", "delimiter", "number", "truth"),
    [("fr", ";", "0,25", "VRAI"), ("es", ";", "0,25", "VERDADERO"), ("en", ",", "0.25", "TRUE")],
)
def test_csv_for_excel(each: StoredQuery, language: str, delimiter: str, number: str, truth: str) -> None:
    heading, row, empty = excel_rows(formats.to_excel_csv(each, [ROW, EMPTY], language), delimiter)
    assert heading[0] == "string" and empty == [""] * 7
    assert row == ['É; "x"', "7", number, truth, "2026-03-01", "2026-03-01 10:30:00", "https://a.example/x"]


def test_a_small_number_is_no_power_of_ten_for_excel(each: StoredQuery) -> None:
    rows: list[tuple[Cell, ...]] = [("", -3, 1e-7, False, None, None, None)]
    assert excel_rows(formats.to_excel_csv(each, rows, "fr"), ";")[1][:4] == ["", "-3", "0,0000001", "FAUX"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_in_excel(each: StoredQuery, text: str) -> None:
    rows = [(text, *EMPTY[1:])]
    assert excel_rows(formats.to_excel_csv(each, rows, "fr"), ";")[1][0] == f"'{text}"
    cell = load_workbook(io.BytesIO(formats.to_xlsx(each, rows, SOURCE, "en")))["data"]["A2"]
    assert cell.data_type == "s" and str(cell.value).strip() == text.replace("\r", " ").strip()


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_no_text_at_all_is(each: StoredQuery, texts: list[str]) -> None:
    rows = [(text, *EMPTY[1:]) for text in texts]
    for row in excel_rows(formats.to_excel_csv(each, rows, "fr"), ";")[1:]:
        assert not row or not row[0] or row[0][0] not in "=+-@\t\r\n"


@given(
    st.lists(
        st.tuples(
            st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
            st.none() | st.integers(-(10**17), 10**17),
            st.none() | st.floats(-1e12, 1e12).map(lambda number: float(f"{number:.6f}")),
            st.none() | st.booleans(),
            st.none() | st.dates().map(date.isoformat),
            st.none() | st.just("2026-03-01T10:30:00Z"),
            st.none() | st.just("https://a.example/x"),
        ),
        max_size=5,
    )
)
def test_json_and_sparql_json_bring_back_the_same_rows(each: StoredQuery, rows: list[tuple[Cell, ...]]) -> None:
    assert formats.from_json(formats.to_json(each, rows)) == rows
    assert formats.from_srj(formats.to_srj(each, rows), each) == rows


def test_sparql_json_leaves_out_what_is_not_there(each: StoredQuery) -> None:
    answer = json.loads(formats.to_srj(each, [("x", *EMPTY[1:])]))
    assert answer["head"]["vars"] == [column.name for column in each.columns]
    assert answer["results"]["bindings"] == [{"string": {"type": "literal", "value": "x"}}]


def test_a_workbook_has_numbers_days_and_times(each: StoredQuery) -> None:
    book = load_workbook(io.BytesIO(formats.to_xlsx(each, [ROW, EMPTY, ("x\x00y", *EMPTY[1:])], SOURCE, "fr")))
    heading, row, empty, odd = book["data"].iter_rows(values_only=True)
    assert heading == tuple(column.name for column in each.columns) and book["data"].freeze_panes == "A2"
    days = (datetime(2026, 3, 1), datetime(2026, 3, 1, 10, 30))
    assert row == ('É; "x"', 7, 0.25, True, *days, "https://a.example/x") and set(empty) == {None}
    assert odd[0] == "x y"
    about = [value for row in book["about"].iter_rows(values_only=True) for value in row]
    assert "What is there? (fr)" in about and f"{SOURCE.address}?string=a%26b" in about


def test_a_workbook_depends_on_its_content_alone(each: StoredQuery) -> None:
    assert formats.to_xlsx(each, [ROW], SOURCE, "en") == formats.to_xlsx(each, [ROW], SOURCE, "en")


def test_more_rows_than_a_sheet_holds_are_refused(each: StoredQuery) -> None:
    class Many(list[tuple[Cell, ...]]):
        def __len__(self) -> int:
            return formats.MAX_SHEET + 1

    with pytest.raises(formats.TooManyRows, match="take .csv"):
        formats.to_xlsx(each, Many(), SOURCE, "en")


def test_the_description_of_the_table(each: StoredQuery) -> None:
    told = json.loads(formats.to_meta(each, SOURCE, {"dc:license": [{"@id": "http://spdx.org/licenses/CC0-1.0"}]}))
    assert told["@context"][0] == "http://www.w3.org/ns/csvw"
    assert told["url"] == "https://registry.example/q/each.csv?string=a%26b"
    columns = told["tableSchema"]["columns"]
    assert [(one["name"], one["datatype"]) for one in columns] == [(c.name, c.datatype) for c in each.columns]
    assert columns[0]["titles"] == {"und": "string", "en": "String", "fr": "String (fr)", "es": "String (es)"}
    assert told["dc:license"] and told["dc:source"]["@id"] == SOURCE.address


@pytest.mark.parametrize(
    ("kind", "value", "made"),
    [
        ("integer", "7", 7), ("integer", 7, 7), ("decimal", Decimal("0.5"), 0.5), ("decimal", "1e3", 1000.0),
        ("decimal", "INF", None), ("decimal", "NaN", None), ("boolean", "1", True), ("boolean", False, False),
        ("date", date(2026, 3, 1), "2026-03-01"), ("date", "2026", "2026"), ("string", None, None),
        ("dateTime", datetime.fromisoformat("2026-03-01T10:00:00+00:00"), "2026-03-01T10:00:00Z"),
    ],
)  # fmt: skip
def test_a_value_becomes_a_cell(kind: str, value: object, made: Cell) -> None:
    got = formats.cell(value, Column("x", kind, {}, {}))  # type: ignore[arg-type]
    assert got == made and type(got) is type(made)


@pytest.mark.parametrize(("kind", "value"), [("integer", "7.5"), ("decimal", "much"), ("boolean", "perhaps")])
def test_a_value_of_another_type_is_a_fault_of_ours(kind: str, value: str) -> None:
    with pytest.raises(ValueError):
        formats.cell(value, Column("x", kind, {}, {}))  # type: ignore[arg-type]


def test_a_day_before_excels_first_stays_a_text(tmp_path: Path, each: StoredQuery) -> None:
    rows: list[tuple[Cell, ...]] = [(None, None, None, None, "1815-12-10", "not a time", None)]
    sheet = load_workbook(io.BytesIO(formats.to_xlsx(each, rows, SOURCE, "en")))["data"]
    assert (sheet["E2"].value, sheet["F2"].value) == ("1815-12-10", "not a time")
