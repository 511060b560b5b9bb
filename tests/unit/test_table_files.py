"""The table harvester on files as people keep them, and on files that should not be opened."""

from __future__ import annotations

import io
import json
import random
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.base import FeedFailed, Visit
from harvesters.table import harvest
from harvesters.table_headings import field_of
from registry.model import Document, Done, FeedIssue, RawRecord, Unchanged
from registry.net import Fetcher
from registry.settings import Settings
from tests.support.tables import ADDRESS, feed, french_workbook, open_document, read, records, saved, told


def rows(events: list[object]) -> list[dict[str, str]]:
    return [json.loads(event.payload)["row"] for event in events if isinstance(event, RawRecord)]


def test_workbook_as_it_is() -> None:
    events = read(french_workbook(), language="fr")
    assert [row["title"] for row in rows(events)] == [
        "Initiation à Git", "R avancé", "Python : écrire à p.durand@stat.example", "Initiation à Git",
    ]  # fmt: skip
    assert [record.locator for record in records(events)][::3] == ["sheet 2024, row 7", "sheet 2025, row 2"]
    assert rows(events)[0] == {
        "fields": "Logiciel libre", "title": "Initiation à Git", "duration": "2", "start": "2024-03-12", "end": "2024-03-13",
        "audience": "Statisticiens ; Développeurs", "languages": "Français", "level": "Débutant",
        "contact": "jeanne.martin@stat.example", "section": "OUTILS",
    }  # fmt: skip
    assert rows(events)[2]["fields"] == "Logiciel libre"  # the merged cell
    notices = told(events)
    assert set(notices) == {
        "table-hidden-sheet", "table-note", "table-no-title-cell", "table-unknown-heading", "table-sheet-skipped",
        "table-repeated-row", "table-section",
    }  # fmt: skip
    assert notices["table-note"] == "* sous réserve de places disponibles"
    assert notices["table-section"] == "OUTILS"
    assert events[-1] == Done(complete=True, deletions="proved")


def test_keys_stay_when_rows_and_columns_move() -> None:
    first = read(b"Title,Language,Start\nGit,en,2024-01-02\nR,en,\n")
    moved = read(b"Catalogue of 2024\n\nStart,Title,Language\n,New,en\n,R,en\n2024-01-02,Git,en\n")
    assert {record.key: record.payload for record in records(first)}.items() <= {
        record.key: record.payload for record in records(moved)
    }.items()
    assert len(records(moved)) == 3


def test_keys_code_then_own_address_then_title() -> None:
    events = read(
        b"id,title,url,start\nA1,One,,\nA1,One,,2024-05-01\n,Two,https://x.org/2,\n,Three,https://x.org/list,\n"
        b",Four,https://x.org/list,\n"
    )
    keys = [record.key for record in records(events)]
    assert keys[0] == "A1" and keys[1].startswith("A1~") and keys[2] == "https://x.org/2"
    assert keys[3].startswith("row-") and keys[4].startswith("row-") and len(set(keys)) == 5
    assert [issue.code for issue in records(events)[1].issues] == ["table-same-id"]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters(mark: str) -> None:
    text = "\n".join(
        mark.join(row) for row in (["Intitulé", "Durée", "Public"], ["Git; R, et |", "2 h", "a"], ["R", "", ""])
    )
    quoted = text.replace("Git; R, et |", '"Git; R, et |"')
    events = read(quoted.encode())
    assert [row["title"] for row in rows(events)] == ["Git; R, et |", "R"]
    assert told(events) == {}


@pytest.mark.parametrize(
    ("encoding", "language", "seen"),
    [("cp1252", "fr", "Windows-1252"), ("cp1252", None, "Windows-1252"), ("utf-8-sig", None, None), ("utf-8", None, None),
     ("utf-16", None, "UTF-16"), ("utf-16-le", None, "UTF-16-LE"), ("iso8859_15", "fr", "Windows-1252")],
)  # fmt: skip
def test_encodings(encoding: str, language: str | None, seen: str | None) -> None:
    text = "Intitulé;Durée;Public visé\nL’été à Besançon : échantillonner où ?;2 journées;Enquêteurs\n".replace(
        "’", "'"
    )
    events = read(text.encode(encoding), language=language)
    assert rows(events)[0]["title"] == "L'été à Besançon : échantillonner où ?"
    assert told(events).get("table-encoding") == seen


def test_encoding_of_other_scripts() -> None:
    text = "Назва;Мова;Рівень\n" + "Вступ до статистики для початківців;українська;базовий\n" * 3
    events = read(text.encode("cp1251"), language="uk")
    assert rows(events)[0]["title"] == "Вступ до статистики для початківців"
    polish = "Tytuł;Opis\nPodstawy języka R dla początkujących;Ćwiczenia z zażółconą gęślą jaźnią\n"
    assert rows(read(polish.encode("cp1250"), language="pl"))[0]["description"] == "Ćwiczenia z zażółconą gęślą jaźnią"


def test_mostly_utf_8_keeps_its_letters() -> None:
    body = "Titre;Résumé\nÉté à l’école;".encode() + b"caf\xe9\n"
    events = read(body)
    assert rows(events)[0] == {"title": "Été à l’école", "description": "café"}
    assert "table-mixed-encoding" in told(events)


def test_csv_oddities() -> None:
    body = 'sep=;\r\n"Title";"Description"\r\n"Git\r\nfor all";"say ""hi"""\r\n\x00R;\r\n;only text\r\n;;\r\n'
    events = read(body.encode())
    assert rows(events) == [{"title": "Git\r\nfor all", "description": 'say "hi"'}, {"title": "R"}]
    assert set(told(events)) == {"table-nul", "table-no-title-cell"}
    events = read(b"Title,Level\nGit,basic,intermediate\nR,basic\n")
    assert [[issue.code for issue in record.issues] for record in records(events)] == [["table-long-row"], []]


def test_an_open_quotation_proves_no_deletion() -> None:
    events = read(b'Title,Level\nGit,basic\n"R,basic\nPython,basic\n')
    assert [row["title"] for row in rows(events)] == ["Git"]
    assert "table-open-quote" in told(events) and events[-1] == Done(complete=False, deletions="proved")
    huge = read(b'Title,Level\nGit,basic\n"R,' + b"x" * 200_000)
    assert [row["title"] for row in rows(huge)] == ["Git"] and huge[-1] == Done(complete=False, deletions="proved")


def test_rows_and_cells_are_bounded() -> None:
    events = read(b"Title,Level\n" + b"".join(b"Course %d,basic\n" % n for n in range(300)), options={"rows": 150})
    assert len(records(events)) == 150 and events[-1] == Done(complete=False, deletions="proved")
    assert told(events)["table-too-many-rows"] == "150"
    long = records(read(b"Title,Description\nGit," + b"x" * 40_000))[0]
    assert [issue.code for issue in long.issues] == ["table-long-cell"] and len(long.payload) < 33_000
    events = read(b'Title,Description\nGit,"' + b"word " * 250_000 + b'"\nR,after it\n')
    assert [row["title"] for row in rows(events)] == ["Git", "R"] and events[-1] == Done(complete=True)


def test_unknown_headings_are_told_once_with_samples() -> None:
    events = read(b"Title,Colour,\n" + b"".join(b"Course %d,red %d,x\n" % (n, n % 5) for n in range(50)))
    issues = [event.issue for event in events if not isinstance(event, (RawRecord, Document, Done))]
    assert [(issue.code, dict(issue.params)["samples"]) for issue in issues] == [
        ("table-unnamed-column", "x"), ("table-unknown-heading", "red 0 · red 1 · red 2"),
    ]  # fmt: skip
    own = read(b"Thing,Colour\nGit,red\n", columns={"Thing": "title", "colour": "keywords"})
    assert rows(own) == [{"title": "Git", "keywords": "red"}] and told(own) == {}


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Intitulé", "title"), ("DURÉE", "duration"), ("Durée (heures)", "duration"), ("Durée en heures", "duration"),
        ("Public cible", "audience"), ("Niveau *", "level"), ("Titre / Title", "title"), ("title_fr", "title_fr"),
        ("Title (French)", "title_fr"), ("Titre en anglais", "title_en"), ("Descripción EN", "description_en"),
        ("title_lang", "title_lang"), ("Keyword 2", "keywords"), ("Host Institutions", "host_institutions"),
        ("Cost Basis", "free"), ("Licença", "license"), ("Zielgruppe", "audience"), ("Durata", "duration"),
        ("Código del curso", "id"), ("Colour", None), ("", None), ("Total", None),
    ],
)  # fmt: skip
def test_headings(heading: str, field: str | None) -> None:
    found = field_of(heading, {})
    assert (found and found[0]) == field


def test_open_document_with_merged_cells() -> None:
    body = open_document([["Tema", "Título"], ["Herramientas", "Git"], [None, "R"]], {(1, 0): 2})
    assert rows(read(body)) == [{"fields": "Herramientas", "title": "Git"}, {"fields": "Herramientas", "title": "R"}]


def test_addresses_behind_cells() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Title", "Level", "Link"],
        ["Git", "basic", ""],
        ["R", "basic", "here"],
        ["SQL", "basic", "https://x.org/sql"],
    ):
        sheet.append(row)
    sheet["A2"].hyperlink = "https://x.org/git"
    sheet["C3"].hyperlink = "https://x.org/r"
    sheet["A4"].hyperlink = "https://x.org/other"
    found = records(read(saved(book)))
    assert [json.loads(record.payload)["row"]["url"] for record in found] == [
        "https://x.org/git", "https://x.org/r", "https://x.org/sql",
    ]  # fmt: skip


def test_sheets_can_be_chosen() -> None:
    assert len(records(read(french_workbook(), options={"sheet": "2025"}))) == 1
    assert len(records(read(french_workbook(), options={"sheet": 2}))) == 1
    with pytest.raises(FeedFailed, match="table-no-sheet"):
        read(french_workbook(), options={"sheet": "2031"})


def bomb() -> bytes:
    """A workbook whose sheet claims 100 bytes and unpacks to 300 MB."""
    content, name = io.BytesIO(), "xl/worksheets/sheet1.xml"
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(name, "w") as sheet,
    ):
        for _ in range(300):
            sheet.write(b" " * (1 << 20))
    data = content.getvalue()
    return data.replace((300 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little"))


def far_cell() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "Title", "x"
    return saved(book)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "table-empty"), (b"  \n ", "table-empty"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "table-web-page"),
        (b"%PDF-1.7 \xe2", "table-not-a-table"), (b"\x1f\x8b\x08\x00", "table-not-a-table"),
        (b"<?xml version='1.0'?><a/>", "table-not-a-table"),
        (b"PK\x03\x04 not a zip", "table-unreadable"), (french_workbook()[:3000], "table-unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 short", "table-unreadable"),
        (b"left,right\n1,2\n", "table-no-title"), (bytes(range(128, 256)) * 20, "table-"),
        (far_cell(), "table-too-large"),
        (open_document([["Title"], ["x"]], repeat=90_000_000), "table-too-large"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(body: bytes, code: str) -> None:
    with pytest.raises(FeedFailed, match=code):
        read(body)


def test_a_bomb_is_not_opened() -> None:
    body = bomb()
    assert zipfile.ZipFile(io.BytesIO(body)).getinfo("xl/worksheets/sheet1.xml").file_size == 100
    with pytest.raises(FeedFailed, match="table-bomb"):
        read(body)


def test_bad_options_are_named() -> None:
    for changes in ({"options": {"rows": -1}}, {"options": {"delimiter": "ab"}}, {"columns": {"X": "colour"}}):
        with pytest.raises(FeedFailed, match="table-bad-"):
            read(b"Title\nGit\n", **changes)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2**32))
def test_any_bytes_give_records_or_a_reason(noise: bytes, seed: int) -> None:
    damaged = bytearray(SMALL[seed % 2])
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 30)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    for body in (noise, b"Title,Level\n" + noise, bytes(damaged)):
        try:
            assert isinstance(read(body)[-1], Done)
        except FeedFailed as failed:
            assert failed.issue.code.startswith("table-")


SMALL = (open_document([["Title", "Level"], ["Git", "basic"]]), french_workbook())


def test_unchanged_file_is_not_split_again() -> None:
    served: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.append(self.headers.get("If-None-Match"))
            self.send_response(304 if served[-1] == '"v1"' else 200)
            self.send_header("ETag", '"v1"')
            self.end_headers()
            if served[-1] != '"v1"':
                self.wfile.write(b"Title\nGit\n")

        def log_message(self, *_: object) -> None:
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/list.csv"
        source = feed(address=address, allow_hosts=("127.0.0.1",))
        with Fetcher(Settings(), source, sleep=lambda _: None) as http:
            first = list(harvest(Visit(source, http)))
            document = next(event for event in first if isinstance(event, Document))
            again = list(harvest(Visit(source, http, document=lambda _: document)))
            other = feed(address=address, allow_hosts=("127.0.0.1",), columns={"Title": "subtitle", "Name": "title"})
            with pytest.raises(FeedFailed, match="table-no-title"):
                list(harvest(Visit(other, http, document=lambda _: document)))
    finally:
        server.shutdown()
        server.server_close()
    assert len(records(first)) == 1
    assert again == [Unchanged(address, document.digest), Done(complete=True, deletions="proved")]
    assert served == [None, '"v1"', None]  # other columns read the same bytes anew


def test_equal_bytes_are_unchanged_without_validators() -> None:
    document = next(event for event in read(b"Title\nGit\n") if isinstance(event, Document))
    assert read(b"Title\nGit\n", known=document)[0] == Unchanged(ADDRESS, document.digest)
    assert len(records(read(b"Title\nGit \nR\n", known=document))) == 2


def test_real_tables(shared: Path) -> None:
    course = read((shared / "data/git-training/resources.csv").read_bytes())
    assert len(records(course)) == 24 and told(course)["table-no-title-cell"]
    catalogue = shared / "data/catalogue/nfdi4bioimage/raw/docs/export/DALIA_training_materials.csv"
    found = records(read(catalogue.read_bytes(), options={"separator": " * "}))
    assert len(found) == 267 and all("title" in json.loads(record.payload)["row"] for record in found)
    learn = shared / "data/openedx/mit-learn/raw/learning_resources/data/oll_metadata.csv"
    assert len(records(read(learn.read_bytes()))) == 64
    with pytest.raises(FeedFailed, match="table-no-title"):
        read((shared / "data/oai-pmh/eudat/raw/b2flist.csv").read_bytes())


def test_the_address_in_a_hyperlink_formula() -> None:
    book = openpyxl.Workbook()
    for line in (["Title", "URL"], ["A", '=HYPERLINK("https://a.example/1","Link")'], ["B", "=SUM(1,2)"]):
        book.active.append(line)
    assert [row.get("url") for row in rows(read(saved(book)))] == ["https://a.example/1", None]


def test_json_is_no_table_and_headings_alone_are_told() -> None:
    with pytest.raises(FeedFailed) as failed:
        read(b'[{"title": "A", "url": "https://a.example/1"}]')
    assert (failed.value.issue.code, failed.value.issue.value) == ("table-not-a-table", "JSON")
    assert told(read(b"Title,URL\n")) == {"table-no-rows": ""}


def test_findings_about_the_file_last_while_it_is_unchanged() -> None:
    events = read(b"Title,Colour\nA,12\n")
    assert [event.lasting for event in events if isinstance(event, FeedIssue)] == [True]


def test_a_note_below_a_csv_and_a_word_for_an_address() -> None:
    events = read(b"Title,URL\nA,https://a.example/1\nB,#REF!\n\nTotal: 2,\n")
    assert [record.key[:4] for record in records(events)] == ["http", "row-"]
    assert told(events) == {"table-note": "Total: 2"}
