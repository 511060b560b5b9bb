"""The answer of a stored query as bytes: flat JSON, CSV for programs and for Excel, a workbook, SPARQL JSON, CSVW.

An answer is a list of rows in the order of the query's columns; a cell is a text (addresses, days and times too, as
ISO 8601), a number, a truth value or None.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from registry.messages import LANGUAGES
from registry.terms import XSD
from registry.web.stored import Column, StoredQuery
from registry.workbook import parts

Cell = str | int | float | bool | None
Rows = Sequence[Sequence[Cell]]
MAX_SHEET = 1_048_575
"""Rows that a sheet holds below its heading."""
TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "srj": "application/sparql-results+json",
    "meta.json": "application/csvm+json",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_WORDS = {"en": ("TRUE", "FALSE"), "fr": ("VRAI", "FAUX"), "es": ("VERDADERO", "FALSO")}


class TooManyRows(ValueError):
    """More rows than this format holds."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer comes from: its address (without suffix and parameters), parameters as in an address, the
    release and its time (ISO 8601)."""

    address: str
    parameters: str
    release: str
    time: str


def _iso(value: object) -> str:
    return str(value.isoformat() if isinstance(value, date) else value).replace("+00:00", "Z")


def cell(value: object, column: Column) -> Cell:
    """A value of the figures, or the lexical form of a term, as a cell of a column. Raises ValueError."""
    if value is None:
        return None
    if column.datatype == "boolean":
        if (text := str(value).lower()) not in ("true", "1", "false", "0"):
            raise ValueError(f"{column.name}: {text[:50]!r} is no truth value")
        return text in ("true", "1")
    if column.datatype == "integer":
        return int(str(value))
    if column.datatype == "decimal":
        number = float(str(value))
        return number if abs(number) != float("inf") and number == number else None
    return _iso(value)


def from_srj(answer: bytes, query: StoredQuery) -> list[tuple[Cell, ...]]:
    """The rows of what a query worker answered (SPARQL 1.1 Query Results JSON). Raises ValueError."""
    result = json.loads(answer)
    if query.form == "ASK":
        return [(bool(result["boolean"]),)]
    found = result["results"]["bindings"]
    return [tuple(cell(row.get(c.name, {}).get("value"), c) for c in query.columns) for row in found]


def from_json(body: bytes) -> list[tuple[Cell, ...]]:
    """The rows of an answer in our own JSON."""
    return [tuple(row.values()) for row in json.loads(body)]


def to_json(query: StoredQuery, rows: Iterable[Sequence[Cell]]) -> bytes:
    """An array of flat objects, one on each line."""
    names = [column.name for column in query.columns]
    lines = (
        json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        for row in rows
    )
    return ("[" + ",\n".join(lines) + "]\n").encode()


def to_csv(query: StoredQuery, rows: Rows) -> bytes:
    """CSV as RFC 4180 has it, values unchanged; the heading has the columns' names."""
    return _csv(query, rows, ",", lambda value: str(value).lower() if isinstance(value, bool) else value).encode()


def to_excel_csv(query: StoredQuery, rows: Rows, language: str) -> bytes:
    """CSV as Excel opens it in a language: byte order mark, semicolons and decimal commas outside English.

    Days and times are as Excel reads them, in UTC; what it could take for a formula begins with an apostrophe.
    """
    comma = language != "en"
    days = [column.datatype == "dateTime" for column in query.columns]

    def shown(value: Cell) -> object:
        if isinstance(value, bool):
            return _WORDS[language][0 if value else 1]
        if isinstance(value, float):
            written = f"{Decimal(repr(value)):f}"
            return written.replace(".", ",") if comma else written
        return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

    if any(days):
        rows = [[_moment(value) if day else value for value, day in zip(row, days, strict=True)] for row in rows]
    return b"\xef\xbb\xbf" + _csv(query, rows, ";" if comma else ",", shown).encode()


def _moment(value: Cell) -> Cell:
    when = _time(value)
    return when.strftime("%Y-%m-%d %H:%M:%S") if isinstance(when, datetime) else value


def _csv(query: StoredQuery, rows: Rows, delimiter: str, shown: Callable[[Cell], object]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([column.name for column in query.columns])
    writer.writerows([shown(value) for value in row] for row in rows)
    return out.getvalue()


def _time(value: Cell) -> date | datetime | None:
    """A day or time as Excel's own, None where it cannot have it (before 1900, or no such day)."""
    try:
        text = str(value)
        when = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return None
    if isinstance(when, datetime) and when.tzinfo is not None:
        when = when.astimezone(UTC).replace(tzinfo=None)
    return when if when.year > 1900 else None


def to_xlsx(query: StoredQuery, rows: Rows, source: Source, language: str) -> bytes:
    """A workbook: the sheet ``data`` as a table without gaps, and ``about`` with what its columns mean.

    Raises TooManyRows.
    """
    if len(rows) > MAX_SHEET:
        raise TooManyRows(f"A sheet holds {MAX_SHEET} rows, this answer has {len(rows)}; take .csv instead.")
    book = Workbook(write_only=True)
    data = book.create_sheet("data")
    data.freeze_panes = "A2"
    data.append([_bold(data, column.name) for column in query.columns])
    times = [column.datatype in ("date", "dateTime") for column in query.columns]
    for row in rows:
        data.append([_sheet_cell(data, value, time) for value, time in zip(row, times, strict=True)])
    about = book.create_sheet("about")
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 22, 90
    for name, text in _about(query, source, language):
        about.append([_bold(about, name), _text(about, text)])
    return parts.packed(book)


def _about(query: StoredQuery, source: Source, language: str) -> list[tuple[str, str]]:
    columns = [
        (column.name, " ".join(filter(None, (column.title[language], column.description.get(language)))))
        for column in query.columns
    ]
    asked = f"{source.address}{source.parameters}"
    return [
        ("", query.title[language]), ("", query.description[language]), *columns, ("address", asked),
        ("release", f"{source.release} ({source.time})"),
    ]  # fmt: skip


def _text(sheet: Any, text: str) -> Any:
    made = WriteOnlyCell(sheet)
    parts.write(made, text)
    return made


def _bold(sheet: Any, text: str) -> Any:
    made = _text(sheet, text)
    made.font = Font(bold=True)
    return made


def _sheet_cell(sheet: Any, value: Cell, time: bool) -> Any:
    if not isinstance(value, str):
        return value
    when = _time(value) if time else None
    if when is None:
        return _text(sheet, value)
    made = WriteOnlyCell(sheet)
    made.value = when
    made.number_format = "yyyy-mm-dd hh:mm" if isinstance(when, datetime) else "yyyy-mm-dd"
    return made


def to_srj(query: StoredQuery, rows: Rows) -> bytes:
    """SPARQL 1.1 Query Results JSON (W3C REC 2013), terms of the columns' datatypes."""
    if query.form == "ASK":
        return json.dumps({"head": {}, "boolean": rows[0][0]}).encode()
    found = [
        {c.name: _term(value, c) for c, value in zip(query.columns, row, strict=True) if value is not None}
        for row in rows
    ]
    answer = {"head": {"vars": [c.name for c in query.columns]}, "results": {"bindings": found}}
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def _term(value: Cell, column: Column) -> dict[str, str]:
    if column.datatype == "anyURI":
        return {"type": "uri", "value": str(value)}
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, float):
        text = f"{Decimal(repr(value)):f}"
    if column.datatype == "string":
        return {"type": "literal", "value": text}
    return {"type": "literal", "value": text, "datatype": XSD + column.datatype}


def to_meta(query: StoredQuery, source: Source, more: Mapping[str, object]) -> bytes:
    """What the CSV is: columns, datatypes, headings in all languages. Source: Metadata Vocabulary for Tabular Data
    (W3C REC 2015). ``more`` are further statements about the table."""
    columns: list[dict[str, object]] = [
        {
            "name": column.name,
            # "und" is what stands in the file; the others are for people.
            "titles": {"und": column.name, **column.title},
            "datatype": column.datatype,
            **({"dc:description": _texts(column.description)} if column.description else {}),
        }
        for column in query.columns
    ]
    document = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": f"{source.address}.csv{source.parameters}",
        "dc:title": _texts(query.title),
        "dc:description": _texts(query.description),
        "dc:source": {"@id": source.address},
        "dc:modified": {"@value": source.time, "@type": "xsd:dateTime"},
        "schema:version": source.release,
        "dcat:keyword": list(query.keywords),
        **more,
        "dialect": {"encoding": "utf-8", "delimiter": ",", "header": True, "lineTerminators": ["\r\n"]},
        "tableSchema": {"columns": columns},
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _texts(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"@value": texts[language], "@language": language} for language in LANGUAGES]
