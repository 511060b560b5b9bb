"""Addresses behind cells: hyperlinks and HYPERLINK formulas of an XLSX sheet, where the cell shows a title or "Link".

Source: ECMA-376 part 1, hyperlinks (18.3.1.47), the function HYPERLINK (18.17.7) and relationships. Called on
archives that were checked.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib

from lxml import etree

MAX_LINKS = 100_000
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_FORMULA = re.compile(r'HYPERLINK\(\s*"(https?://(?:[^"]|"")+)"\s*[,;)]', re.IGNORECASE)
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})(?::[A-Z]{1,3}[0-9]{1,7})?")


def _targets(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
    """{relationship id: target} of a part; {} when it has none."""
    name = posixpath.join(posixpath.dirname(part), "_rels", posixpath.basename(part) + ".rels")
    if name not in archive.namelist():
        return {}
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(archive.read(name), parser)
    return {node.get("Id", ""): node.get("Target", "") for node in root if node.get("Target")}


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def links(body: bytes) -> dict[str, dict[tuple[int, int], str]]:
    """{sheet name: {(row, column): address}}, both from 0; {} for a workbook whose parts cannot be followed."""
    found: dict[str, dict[tuple[int, int], str]] = {}
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        book = etree.fromstring(archive.read("xl/workbook.xml"), parser)
        parts = _targets(archive, "xl/workbook.xml")
        for sheet in book.iter(_MAIN + "sheet"):
            target = parts.get(sheet.get(_ID, ""), "")
            part = posixpath.normpath(target[1:] if target.startswith("/") else posixpath.join("xl", target))
            if not target or part not in archive.namelist():
                continue
            addresses = _targets(archive, part)
            cells = found.setdefault(sheet.get("name", ""), {})
            if not addresses and b"HYPERLINK(" not in archive.read(part):
                continue
            with archive.open(part) as content:
                for _, node in etree.iterparse(content, resolve_entities=False, no_network=True):
                    if node.tag == _MAIN + "hyperlink" and len(cells) < MAX_LINKS:
                        place = _REFERENCE.fullmatch(node.get("ref", ""))
                        address = addresses.get(node.get(_ID, ""), "")
                        if place is not None and address.lower().startswith(("http://", "https://")):
                            cells[int(place[2]) - 1, _column(place[1])] = address
                    elif node.tag == _MAIN + "f" and len(cells) < MAX_LINKS:
                        cell = node.getparent()
                        place = _REFERENCE.fullmatch(cell.get("r", "") if cell is not None else "")
                        formula = _FORMULA.match(node.text or "")
                        if place is not None and formula is not None:
                            cells[int(place[2]) - 1, _column(place[1])] = formula[1].replace('""', '"')
                    elif node.tag == _MAIN + "row":
                        node.clear()
    except (etree.XMLSyntaxError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError, OSError):
        return found  # the cells themselves are read all the same
    return found
