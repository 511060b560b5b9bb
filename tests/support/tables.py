"""Tables for tests, made as people make them, and a harvest of bytes without a network."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping
from typing import Any, cast

import openpyxl
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

from harvesters.base import Visit
from harvesters.table import harvest
from registry.crosswalk.base import MapContext, Mapped
from registry.crosswalk.table import crosswalk
from registry.crosswalk.values import load
from registry.iris import Iris
from registry.model import Academy, Document, Feed, FeedIssue, HarvestEvent, RawRecord
from registry.net import Fetched, Fetcher

ADDRESS = "https://stat.example/catalogue"
BASE = "https://registry.example"


class Bytes:
    """Answers every request with the same bytes; stands where a Fetcher stands."""

    def __init__(self, body: bytes, media: str = "") -> None:
        self.body, self.media = body, media

    def get(self, url: str, **_: Any) -> Fetched:
        return Fetched(200, url, {"content-type": self.media, "etag": '"1"'}, self.body)


def feed(**changes: Any) -> Feed:
    return Feed(**{"id": "nsi-courses", "academy": "nsi", "protocol": "table", "address": ADDRESS, **changes})


def read(body: bytes, media: str = "", known: Document | None = None, **changes: Any) -> list[HarvestEvent]:
    fetcher = cast(Fetcher, Bytes(body, media))
    return list(harvest(Visit(feed(**changes), fetcher, document=lambda address: known)))


def records(events: list[HarvestEvent]) -> list[RawRecord]:
    return [event for event in events if isinstance(event, RawRecord)]


def told(events: list[HarvestEvent]) -> dict[str, str]:
    """{code of a feed's issue: its value}."""
    return {event.issue.code: event.issue.value for event in events if isinstance(event, FeedIssue)}


def mapped(record: RawRecord, vocabulary: Mapping[str, Mapping[str, str]] | None = None, **changes: Any) -> Mapped:
    its_feed, iris = feed(**changes), Iris(BASE)
    academy = Academy(
        "nsi", {"en": "National Statistical Institute", "fr": "Institut national"}, "https://stat.example/"
    )
    return crosswalk(record, MapContext(academy, its_feed, iris, load(iris, its_feed, vocabulary)))


def french_workbook() -> bytes:
    """A training office's workbook: title rows, two-line merged header, sections, footnote, a sheet per year."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "2024"
    for cell, value in {
        "A1": "Institut national de la statistique", "A2": "Catalogue des formations 2024",
        "A4": "Domaine", "B4": "Formation", "D4": "Dates", "F4": "Public cible", "G4": "Langue", "H4": "Niveau",
        "I4": "Salle réservée", "J4": "Courriel", "B5": "Intitulé", "C5": "Durée (jours)", "D5": "Début", "E5": "Fin",
        "A6": "OUTILS",
        "A7": "Logiciel libre", "B7": "Initiation à Git", "C7": 2, "D7": datetime.datetime(2024, 3, 12),
        "E7": datetime.datetime(2024, 3, 13), "F7": "Statisticiens ; Développeurs", "G7": "Français", "H7": "Débutant",
        "I7": "B12", "J7": "jeanne.martin@stat.example",
        "B8": "R avancé", "C8": 1.5, "D8": "15/04/2024", "F8": "Méthodologues ; jardiniers", "G8": "fr", "H8": "Avancé",
        "B9": "Python : écrire à p.durand@stat.example", "C9": "3 j", "G9": "anglais",
        "C10": 4, "G10": "fr",
        "A12": "* sous réserve de places disponibles",
    }.items():  # fmt: skip
        sheet[cell] = value
    for block in ("A1:H1", "A4:A5", "B4:C4", "D4:E4", "F4:F5", "G4:G5", "H4:H5", "A6:H6", "A7:A9"):
        sheet.merge_cells(block)
    second = book.create_sheet("2025")
    for row in (["Intitulé", "Durée", "Langue"], *[["Initiation à Git", "2 jours", "fr"]] * 2):
        second.append(row)
    book.create_sheet("Lisez-moi")["A1"] = "Ce classeur est mis à jour chaque année."
    hidden = book.create_sheet("interne")
    hidden.sheet_state = "hidden"
    hidden.append(["Intitulé"])
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def open_document(
    rows: list[list[str | None]], merged: Mapping[tuple[int, int], int] | None = None, repeat: int = 1
) -> bytes:
    """An ODS file; None is a covered cell, ``merged`` the rows that a cell spans."""
    book, table = OpenDocumentSpreadsheet(), Table(name="Liste")
    for number, cells in enumerate(rows):
        row = TableRow(numberrowsrepeated=repeat) if repeat > 1 and number else TableRow()
        for column, text in enumerate(cells):
            if text is None:
                row.addElement(CoveredTableCell())
                continue
            span = (merged or {}).get((number, column), 1)
            cell = TableCell(valuetype="string", numberrowsspanned=span) if span > 1 else TableCell(valuetype="string")
            cell.addElement(P(text=text))
            row.addElement(cell)
        table.addElement(row)
    book.spreadsheet.addElement(table)
    content = io.BytesIO()
    book.write(content)
    return content.getvalue()
