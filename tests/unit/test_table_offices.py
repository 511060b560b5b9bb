"""Workbooks as three invented offices would keep them: what a person reading the sheet would understand is read."""

from __future__ import annotations

import datetime
import io
import json
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import A, P

from registry.crosswalk import table_dates, table_lengths
from registry.crosswalk.base import Mapped
from registry.iris import SCHEMA
from registry.model import FeedIssue, RawRecord
from registry.terms import to_ntriples
from tests.support.tables import mapped, read, records, saved, told

GOLDEN = Path(__file__).parent.parent / "golden" / "table"
PLAN = {"Support": "url"}
FEW = settings(max_examples=120, deadline=None)


def sheets(**content: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in content.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    return saved(book)


def by_title(events: list[object]) -> dict[str, RawRecord]:
    return {json.loads(record.payload)["row"]["title"]: record for record in records(events)}  # type: ignore[arg-type]


def say(result: Mapped, predicate: str, below: str = "") -> list[str]:
    return [
        getattr(o, "value", str(o)) for s, p, o, _ in result.triples
        if s == result.resource + below and p == SCHEMA + predicate
    ]  # fmt: skip


# --- a French ministry's training plan -------------------------------------------------------------------


def ministry() -> bytes:
    """Title lines, themes between the rows, dates in words, half days, totals, a footnote, drives of the house."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Plan 2025"
    for line in (
        ["Ministère de la Statistique – Plan de formation 2025 (version de travail)"],
        ["Mis à jour le 3 février 2025 par le bureau B12"],
        [],
        ["N°", "Intitulé de l'action", "Durée", "Dates prévisionnelles", "Public cible", "Lieu", "Support", "Coût"],
        ["AXE 1 – PRODUIRE"],
        ["Module 1 : Collecte"],
        [
            "1",
            "Concevoir un questionnaire",
            "2 jours",
            "du 3 au 5 juin 2025",
            "Statisticiens",
            "Paris",
            "http://intranet/formations/12",
            "gratuit",
        ],
        [
            "2",
            "Enquêter par téléphone",
            "½ journée",
            "12 mars 2025\n14 avril 2025",
            "Enquêteurs",
            "Lyon",
            "\\\\srv-form\\partage\\tel.pdf",
            "",
        ],
        ["Module 2 : Traitement"],
        ["3", "Redresser la non-réponse", "2 x 3 h", "Q2 2025", "Méthodologues", "à distance", "", "0 €"],
        ["4", "Total quality management", "1 jour", 45730, "Cadres", "Paris", "https://stat.example/tqm", ""],
        ["", "TOTAL", "6 jours", "", "", "", "", ""],
        ["Sous-total Module 2", "", "", 2, "", "", "", ""],
        ["(1) sous réserve de validation par le comité"],
    ):
        sheet.append(line)
    sheet.merge_cells("A1:H1")
    sheet.merge_cells("A5:H5")
    sheet.merge_cells("A6:H6")
    return saved(book)


def test_the_ministrys_plan() -> None:
    events = read(ministry(), language="fr", columns=PLAN)
    found = {title: mapped(record, language="fr") for title, record in by_title(events).items()}
    assert list(found) == [
        "Concevoir un questionnaire", "Enquêter par téléphone", "Redresser la non-réponse", "Total quality management",
    ]  # fmt: skip
    first = found["Concevoir un questionnaire"]
    assert say(first, "keywords") == ["AXE 1 – PRODUIRE", "Module 1 : Collecte"]
    assert (say(first, "startDate", "/run/1"), say(first, "endDate", "/run/1")) == (["2025-06-03"], ["2025-06-05"])
    assert say(first, "url") == []  # an intranet's address is nobody's business
    assert [issue.code for issue in first.issues] == ["table-private"]
    second = found["Enquêter par téléphone"]
    assert say(second, "timeRequired") == ["PT12H"]
    assert [say(second, "startDate", f"/run/{n}") for n in (1, 2)] == [["2025-03-12"], ["2025-04-14"]]
    assert say(second, "keywords") == ["AXE 1 – PRODUIRE", "Module 1 : Collecte"]
    third = found["Redresser la non-réponse"]
    assert say(third, "timeRequired") == ["PT6H"]
    assert say(third, "keywords") == ["AXE 1 – PRODUIRE", "Module 2 : Traitement"]
    assert [issue.code for issue in third.issues] == ["table-date-rough", "table-needs-date"]
    assert say(found["Total quality management"], "startDate", "/run/1") == ["2025-03-14"]
    notices = told(events)
    assert notices["table-total"] == "TOTAL · Sous-total Module 2"
    assert "(1) sous réserve" in notices["table-note"]
    key = by_title(events)["Concevoir un questionnaire"].key
    inside = mapped(
        RawRecord(key, b'{"row":{"title":"x"},"header":{},"unknown":{}}', "", "table", "http://10.0.0.3/x.xlsx")
    )
    read_at = [str(o) for _, p, o, _ in inside.triples if p.endswith("/terms/source")]
    assert read_at == ["https://stat.example/catalogue"]  # the list, not a host of the house
    everything = str([result.triples for result in found.values()]) + str([r.issues for r in found.values()])
    assert "intranet" not in everything and "srv-form" not in everything


# --- a Latin American institute: a catalogue and a calendar ----------------------------------------------


def institute() -> bytes:
    """A catalogue with a two-line header, a sheet of dates, and instructions."""
    return sheets(
        Instrucciones=[["Este libro se actualiza cada semestre."]],
        Catálogo=[
            ["INSTITUTO DE ESTADÍSTICA"], [],
            ["Clave", "Curso", "", "Participantes", ""],
            ["", "Nombre del curso", "Duración (horas)", "Dirigido a", "Nivel"],
            ["C-01", "Introducción a R", 20, "Estadísticos", "Básico"],
            ["C-02", "Muestreo", "12,5", "Metodólogos", "Avanzado"],
            ["C-03", "Visualización de datos", 8, "Estadísticos", "Intermedio"],
        ],
        **{"Calendario 2025": [
            ["Clave", "Nombre del curso", "Fecha de inicio", "Fecha de término", "Sede", "Cupo"],
            ["C-01", "Introducción a R", datetime.datetime(2025, 3, 3), datetime.datetime(2025, 3, 7), "Lima", 20],
            ["C-01", "Introducción a R", datetime.datetime(2025, 9, 1), datetime.datetime(2025, 9, 5), "Cusco", 15],
            ["C-02", "Muestreo", "12 y 13 de mayo de 2025", "", "Lima", 25],
            ["C-09", "Taller de Git", "2025-06-02", "", "Lima", 10],
        ]},
    )  # fmt: skip


def test_the_institutes_catalogue_and_calendar() -> None:
    events = read(institute(), language="es")
    found = by_title(events)
    assert list(found) == ["Introducción a R", "Muestreo", "Visualización de datos", "Taller de Git"]
    twice = mapped(found["Introducción a R"], language="es")
    assert [say(twice, "startDate", f"/run/{n}") for n in (1, 2)] == [["2025-03-03"], ["2025-09-01"]]
    assert [say(twice, "name", f"/place/{n}") for n in (1, 2)] == [["Lima"], ["Cusco"]]
    assert [say(twice, "maximumAttendeeCapacity", f"/run/{n}") for n in (1, 2)] == [["20"], ["15"]]
    assert say(twice, "timeRequired") == ["PT20H"]
    assert twice.issues == ()
    assert found["Introducción a R"].key == "C-01"
    assert found["Introducción a R"].locator == (
        "sheet Catálogo, row 5; sheet Calendario 2025, row 2; sheet Calendario 2025, row 3"
    )
    once = mapped(found["Muestreo"], language="es")
    assert (say(once, "startDate", "/run/1"), say(once, "endDate", "/run/1")) == (["2025-05-12"], ["2025-05-13"])
    assert told(events) == {"table-sheet-skipped": "Instrucciones", "table-alone": "Taller de Git"}


def test_years_on_sheets_of_their_own_are_not_joined() -> None:
    line = ["Title", "Duration", "Start"]
    events = read(
        sheets(**{"2024": [line, ["Git", "1 day", "2024-02-01"]], "2025": [line, ["Git", "1 day", "2025-02-01"]]})
    )
    assert [json.loads(record.payload)["row"]["start"] for record in records(events)] == ["2024-02-01", "2025-02-01"]


def test_a_sheet_without_titles_adds_by_the_code() -> None:
    events = read(
        sheets(
            A=[["Code", "Title"], ["x1", "Git"], ["x2", "R"]], B=[["Code", "Level", "Language"], ["X1", "Basic", "en"]]
        )
    )
    rows = {title: json.loads(record.payload)["row"] for title, record in by_title(events).items()}
    assert rows == {
        "Git": {"id": "x1", "title": "Git", "level": "Basic", "languages": "en"},
        "R": {"id": "x2", "title": "R"},
    }
    assert told(events) == {}


def test_a_row_that_adds_to_nothing_is_told() -> None:
    events = read(sheets(
        A=[["Title", "Duration"], ["Git", "1 h"], ["R", "2 h"]],
        B=[["Title", "Level"], ["Git", "Basic"], ["R", "Basic"], ["Pyton", "Basic"]],
    ))  # fmt: skip
    assert list(by_title(events)) == ["Git", "R"]
    assert told(events) == {"table-not-joined": "Pyton"}


def test_a_head_of_two_lines_with_cells_merged_over_both() -> None:
    """The upper line alone reads as well as both; the lower one is no course, and parts dates and prices."""
    book = openpyxl.Workbook()
    sheet = book.active
    for line in (
        ["Catalogue 2027"],
        ["Code", "Intitulé du stage", "Durée", "Sessions", None, "Coût (€)", None, "Lieu"],
        [None, None, None, "Début", "Fin", "Interne", "Externe", None],
        ["A1", "Calage", "2 jours", datetime.datetime(2027, 3, 10), datetime.datetime(2027, 3, 11), 0, 450, "Paris"],
        [None, None, None, datetime.datetime(2027, 5, 12), datetime.datetime(2027, 5, 13), 0, 450, "Lyon"],
    ):
        sheet.append(line)
    for block in ("A2:A3", "B2:B3", "C2:C3", "H2:H3", "D2:E2", "F2:G2", "A4:A5", "B4:B5", "C4:C5"):
        sheet.merge_cells(block)
    events = read(saved(book), language="fr")
    (record,) = records(events)
    assert record.key == "A1"
    result = mapped(record, language="fr")
    dates = [(say(result, "startDate", f"/run/{n}"), say(result, "endDate", f"/run/{n}")) for n in (1, 2)]
    assert dates == [(["2027-03-10"], ["2027-03-11"]), (["2027-05-12"], ["2027-05-13"])]
    assert [say(result, "name", f"/place/{n}") for n in (1, 2)] == [["Paris"], ["Lyon"]]
    assert say(result, "isAccessibleForFree") == []  # free for the house only
    unknown = [one.issue.value for one in events if isinstance(one, FeedIssue)]
    assert unknown == ["Interne", "Externe"]


def test_rows_of_one_code_that_say_other_things_are_not_its_sessions() -> None:
    lines: list[list[object]] = [
        ["Code", "Title", "Level", "Start date"],
        ["A1", "Sampling", "Basic", "2027-03-10"],
        ["A1", "Sampling", "Advanced", "2027-05-10"],
        ["A1", "Sampling", "Basic", "2027-04-10"],
    ]
    found = records(read(sheets(Courses=lines)))
    assert [json.loads(record.payload).get("sessions") for record in found] == [[{"start": "2027-04-10"}], None]


def test_dates_without_titles_join_a_sheet_that_has_dates_too() -> None:
    events = read(sheets(
        Courses=[["Course ID", "Course title", "Start date"], ["C1", "SDMX", None], ["C2", "ARIMA", "2027-02-01"]],
        Sessions=[["Course ID", "Date", "Places"], ["C1", "2027-03-01", 30], ["C9", "2027-04-01", 30]],
    ))  # fmt: skip
    first = mapped(records(events)[0])
    assert say(first, "startDate", "/run/1") == ["2027-03-01"]
    assert told(events) == {"table-not-joined": "C9"}


def test_a_sheet_without_titles_that_meets_no_course_is_told() -> None:
    events = read(sheets(
        Courses=[["Course ID", "Course title"], ["C1", "SDMX"]],
        Sessions=[["Course ID", "Date"], ["X1", "2027-03-01"], ["X2", "2027-04-01"]],
    ))  # fmt: skip
    assert len(records(events)) == 1
    assert told(events) == {"table-not-joined": "X1 · X2"}


def test_an_event_with_several_dates_is_a_course_with_sessions() -> None:
    events = read("Title,Type,Dates\nGit,Workshop,12/05/2025; 13/06/2025\n".replace("; ", ";").encode())
    result = mapped(records(events)[0])
    assert say(result, "startDate") == []
    assert [say(result, "startDate", f"/run/{n}") for n in (1, 2)] == [["2025-05-12"], ["2025-06-13"]] or any(
        issue.code == "table-date" for issue in result.issues
    )


# --- an Anglophone office: ODS, XLSB, secrets ------------------------------------------------------------


def test_addresses_behind_the_cells_of_an_open_document() -> None:
    book, table = OpenDocumentSpreadsheet(), Table(name="List")
    for number, words in enumerate(
        (["Course title", "Link", "Level"], ["Git", "open", "Basic"], ["R", "here", "Advanced"])
    ):
        row = TableRow()
        for column, text in enumerate(words):
            cell = TableCell(valuetype="string")
            paragraph = P()
            if number == 1 and column == 1:
                paragraph.addElement(A(href="https://stat.example/git", text=text))
            elif number == 2 and column == 0:
                paragraph.addElement(A(href="https://stat.example/r", text=text))
            else:
                paragraph.addText(text)
            cell.addElement(paragraph)
            row.addElement(cell)
        table.addElement(row)
    book.spreadsheet.addElement(table)
    content = io.BytesIO()
    book.write(content)
    rows = {title: json.loads(record.payload)["row"] for title, record in by_title(read(content.getvalue())).items()}
    assert rows["Git"]["url"] == "https://stat.example/git"
    assert rows["R"]["url"] == "https://stat.example/r"


def part(kind: int, content: bytes = b"") -> bytes:
    """One record of a binary workbook."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, count = b"", len(content)
    while True:
        size += bytes([count & 0x7F | (0x80 if count > 127 else 0)])
        count >>= 7
        if not count:
            return head + size + content


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def binary_workbook(lines: list[list[str]], far: int = 0) -> bytes:
    """An XLSB file with inline texts; ``far`` puts one more cell into a row far below."""
    sheet = part(129) + part(148, struct.pack("<IIII", 0, max(far, len(lines)), 0, 500)) + part(145)
    for number, line in [*enumerate(lines), *([(far, ["x"])] if far else [])]:
        sheet += part(0, struct.pack("<IIHHB", number, 0, 300, 0, 0) + struct.pack("<I", 0))
        for column, text in enumerate(line):
            sheet += part(6, struct.pack("<II", column, 0) + wide(text))
    sheet += part(146) + part(130)
    book = (
        part(131)
        + part(143)
        + part(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Courses"))
        + part(144)
        + part(132)
    )
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml", "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
        )
        archive.writestr("xl/workbook.bin", book)
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            f"<Relationships xmlns='{namespace}'><Relationship Id='rId1' Type='{office}/worksheet' "
            "Target='worksheets/sheet1.bin'/></Relationships>",
        )
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    return content.getvalue()


def test_a_binary_workbook() -> None:
    events = read(binary_workbook([["Course title", "Level"], ["Git", "Basic"]]))
    assert [json.loads(record.payload)["row"] for record in records(events)] == [{"title": "Git", "level": "Basic"}]


def test_a_binary_workbook_that_reaches_too_far_is_not_opened() -> None:
    from harvesters.base import FeedFailed

    lines = [["Course title", *map(str, range(400))], ["Git", "Basic"]]
    with pytest.raises(FeedFailed) as told_:
        read(binary_workbook(lines, far=900_000))
    assert told_.value.issue.code == "table-too-large"


def test_what_opens_a_door_is_kept_nowhere() -> None:
    body = "Course,Zoom link,Meeting password,Enrolment key,Mot de passe\nGit,https://z.example/j/1,s3cret,k3y,m0t\n"
    events = read(body.encode())
    everything = str(events)
    assert not any(word in everything for word in ("s3cret", "k3y", "m0t"))


# --- dates and lengths -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("12 mars 2025", "2025-03-12"), ("du 3 au 5 juin 2025", "2025-06-03/2025-06-05"),
        ("3-5 juin 2025", "2025-06-03/2025-06-05"), ("12-14/03/2025", "2025-03-12/2025-03-14"),
        ("March 12-14, 2025", "2025-03-12/2025-03-14"), ("June 30 - July 2, 2025", "2025-06-30/2025-07-02"),
        ("3, 4 et 5 juin 2025", "2025-06-03/2025-06-05"), ("28 mai au 2 juin 2025", "2025-05-28/2025-06-02"),
        ("30 au 2 juin 2025", "2025-05-30/2025-06-02"), ("28 décembre au 2 janvier 2026", "2025-12-28/2026-01-02"),
        ("12/03/2025 ; 15/05/2025", "2025-03-12 2025-05-15"),
        ("Session 1 : 12 mars 2025\nSession 2 : 14 avril 2025", "2025-03-12 2025-04-14"),
        ("45730", "2025-03-14"), ("12 mars 2025, 9h-12h", "2025-03-12"), ("5 juin 2025 (Paris)", "2025-06-05"),
        ("lundi 3 au mercredi 5 juin 2025", "2025-06-03/2025-06-05"), ("28/05 au 02/06/2025", "2025-05-28/2025-06-02"),
        ("entre le 3 juin et le 5 juin 2025", "2025-06-03/2025-06-05"), ("3. - 5. Juni 2025", "2025-06-03/2025-06-05"),
        ("del 3 al 5 de junio de 2025", "2025-06-03/2025-06-05"), ("12 y 13 de mayo de 2025", "2025-05-12/2025-05-13"),
        ("from 12 to 14 March 2025", "2025-03-12/2025-03-14"), ("12 mars 2025, 14 avril 2025", "2025-03-12 2025-04-14"),
        ("5 au 3 juin 2025 2025", "?5 au 3 juin 2025 2025"), ("Q2 2025", "~Q2 2025"), ("mars 2025", "~mars 2025"),
        ("1er trimestre 2025", "~1er trimestre 2025"), ("2025-2026", "~2025-2026"), ("fin 2025", "~fin 2025"),
        ("dès que possible", "?dès que possible"), ("31/02/2025", "?31/02/2025"),
    ],
)  # fmt: skip
def test_dates_as_text(cell: str, expected: str) -> None:
    found = table_dates.read(cell, "dmy")
    shown = [span.start.value + (f"/{span.end.value}" if span.end else "") for span in found.spans]
    assert (
        " ".join([*shown, *(f"~{word}" for word in found.rough), *(f"?{word}" for word in found.unread)]) == expected
    )


def test_a_span_never_ends_before_it_starts() -> None:
    assert table_dates.read("14/03/2025 - 12/03/2025", "dmy").spans == ()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("1 jour", "P1D"), ("3 h", "PT3H"), ("½ journée", "PT12H"), ("2 x 3 h", "PT6H"), ("3h x 2", "PT6H"),
        ("3 demi-journées", "P1DT12H"), ("2 jours (14 h)", "P2D"), ("un jour et demi", "P1DT12H"),
        ("2½ days", "P2DT12H"), ("2 séances de 3 h", "PT6H"), ("4 webinaires de 1h30", "PT6H"), ("2 day(s)", "P2D"),
        ("14 heures sur 2 jours", "PT14H"), ("6 half-days", "P3D"), ("2 x ½ j", "P1D"), ("1 heure et demie", "PT1H30M"),
        ("1 à 2 jours", None), ("selon besoin", None), ("0 x 3 h", None), ("99999 x 3 h", None), ("", None),
    ],
)  # fmt: skip
def test_lengths(cell: str, expected: str | None) -> None:
    assert table_lengths.length(cell) == expected


@FEW
@given(st.text(alphabet="0123456789 /-.,;:()xjhdeutalm½\n", max_size=80) | st.text(max_size=80))
def test_no_cell_of_dates_or_lengths_is_too_odd(cell: str) -> None:
    found = table_dates.read(cell, "dmy")
    assert all(span.end is None or span.end.value[:10] >= span.start.value[:10] for span in found.spans)
    lasts = table_lengths.length(cell)
    assert lasts is None or lasts.startswith("P")


def test_golden_offices() -> None:
    """Both workbooks to the byte, twice."""
    shown = []
    for _ in range(2):
        results = [
            *(mapped(record, language="fr") for record in records(read(ministry(), language="fr", columns=PLAN))),
            *(mapped(record, language="es") for record in records(read(institute(), language="es"))),
        ]
        shown.append((
            to_ntriples((s, p, o) for result in results for s, p, o, _ in result.triples),
            "".join(f"{i.code}\t{i.place}\t{i.value}\n" for result in results for i in result.issues),
        ))  # fmt: skip
    assert shown[0] == shown[1]
    assert shown[0][0] == (GOLDEN / "offices.nt").read_text("utf-8")
    assert shown[0][1] == (GOLDEN / "offices-issues.tsv").read_text("utf-8")


def test_midnight_is_a_day_alone() -> None:
    """Moodle's report writes the dates of a course so."""
    assert table_dates.day("Thursday, 4 February 2027, 12:00 AM", None) == table_dates.day("2027-02-04", None)
    noon = table_dates.day("2027-02-04 12:00", None)
    assert noon is not None and noon.value == "2027-02-04T12:00:00"
