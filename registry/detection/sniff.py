"""What bytes are, by their content first, their media type next, their name last. Pure; nothing is fetched.

``sniff`` gives the candidates, the likeliest first; ``nature`` says in one word what something is that is none.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from urllib.parse import urlsplit

from harvesters import table, table_files, web_sitemap
from harvesters.base import FeedFailed
from harvesters.calendar_lines import decode as calendar_text
from harvesters.links_read import read as read_links
from registry.detection.found import FAINT, LIKELY, MAYBE, SURE, Candidate
from registry.detection.sniff_html import is_html, sniff_html
from registry.detection.sniff_json import is_json, sniff_json
from registry.detection.sniff_rdf import sniff_turtle
from registry.detection.sniff_xml import root_of, sniff_xml
from registry.model import Feed, Issue

GZIP = b"\x1f\x8b"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
UNPACKED = 64 << 20
TABLE_HEAD = 200_000
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
         (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))  # fmt: skip
_CALENDAR = re.compile(r"^[ \t]{0,9}BEGIN:V(?:CALENDAR|EVENT|TODO|JOURNAL|FREEBUSY|TIMEZONE|ALARM|AVAILABILITY)\b",
                       re.IGNORECASE | re.MULTILINE)  # fmt: skip
_NO_TABLE = (".md", ".markdown", ".rst", ".py", ".r", ".rmd", ".qmd", ".yml", ".yaml", ".tex", ".bib", ".js", ".css",
             ".ipynb", ".rq", ".ru", ".xml", ".json", ".ttl", ".sh", ".sql", ".log", ".flux", ".haml",
             ".html")  # fmt: skip
_PACKED_TABLES = {
    "xl/workbook.xml": "XLSX", "xl/workbook.bin": "XLSB", "application/vnd.oasis.opendocument.spreadsheet": "ODS",
    "application/vnd.oasis.opendocument.spreadsheet-template": "ODS",
}  # fmt: skip
_STARTS = (
    (b"%PDF", "PDF"), (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7-Zip"), (b"{\\rtf", "RTF"), (b"\x00\x00\x00\x1cftyp", "MP4"), (b"\x7fELF", "ELF"),
)  # fmt: skip


def sniff(body: bytes, content_type: str, address: str) -> list[Candidate]:
    """All that a document may be read as, the likeliest first; empty where no harvester reads it."""
    found = _sniffed(body, content_type, address)
    return sorted(found, key=lambda one: -one.confidence)


def _sniffed(body: bytes, content_type: str, address: str) -> list[Candidate]:
    if body.startswith(GZIP):
        inner = unpacked(body)
        # What is read packed: sitemaps, RDF, JSON lists; nothing else is.
        found = _sniffed(inner, "", re.sub(r"\.gz$", "", urlsplit(address).path)) if inner else []
        readable = [one for one in found if one.protocol in ("web_pages", "rdf", "amb", "ldes")]
        return [_moved(one, address) for one in readable if not is_html(text_of(inner[:5000]))]
    if body.startswith(b"PK\x03\x04") or body.startswith(OLE):
        kind = packed_table(body)
        return [Candidate("table", "table", address, Issue("detect-table", address, kind), SURE)] if kind else []
    if any(body.startswith(start) for start, _ in _STARTS):
        return []
    text = text_of(body)
    start = text[:5000].lstrip(" \t\r\n\ufeff")
    if not start:
        return []
    if _CALENDAR.match(start):
        text, _ = calendar_text(body, content_type)
        sure = SURE if "VEVENT" in text.upper() else LIKELY if "VCALENDAR" in text.upper() else MAYBE
        return [Candidate("calendar", "ical", address, Issue("detect-calendar", address, "iCalendar"), sure)]
    if urlsplit(address).path.lower().endswith((".ics", ".ical", ".ifb")) and start[:6].upper() == "BEGIN:":
        return [Candidate("calendar", "ical", address, Issue("detect-calendar", address, "iCalendar"), FAINT)]
    if is_html(start):
        return sniff_html(body, content_type, address)
    if start.startswith("<") and (found := sniff_xml(text, address)):
        return found
    if start[0] in "{[" and (found := sniff_json(body, content_type, address, text)):
        return found
    if start[0] in "<@#_pPbB" and (found := sniff_turtle(text, content_type, address)):
        return found
    if root_of(start) is not None and start.startswith("<") or start[0] in "{[" and is_json(body, content_type):
        return []
    return [*_addresses(body, start, address), *_table(body, content_type, address), *_links(text, address)]


def _moved(one: Candidate, address: str) -> Candidate:
    why = Issue(one.why.code, address, one.why.value, one.why.params)
    return Candidate(one.protocol, one.format, address, why, one.confidence, one.options, one.source, one.lone)


def unpacked(body: bytes) -> bytes:
    """The beginning of what a gzip file holds; empty where it is broken."""
    try:
        return zlib.decompressobj(wbits=31).decompress(body, UNPACKED)
    except zlib.error:
        return b""


def text_of(body: bytes) -> str:
    """Bytes as text for looking at: by the byte order mark, else UTF-8, strays replaced."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, "replace").lstrip("\ufeff")
    if len(body) > 3 and body[0:1] == b"\x00" and body[1:2] != b"\x00":
        return body.decode("utf-16-be", "replace")
    if len(body) > 3 and body[1:2] == b"\x00" and body[0:1] != b"\x00":
        return body.decode("utf-16-le", "replace")
    return body.decode("utf-8", "replace")


def packed_table(body: bytes) -> str:
    """The kind of a workbook in a ZIP or OLE file; "" for any other file packed like it."""
    if body.startswith(OLE):
        named = "Workbook".encode("utf-16-le") in body or "Book\0".encode("utf-16-le") in body
        return "XLS" if named else ""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = set(archive.namelist()[:10_000])
            kind = next((_PACKED_TABLES[name] for name in _PACKED_TABLES if name in names), "")
            if not kind and "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                kind = _PACKED_TABLES.get(archive.read("mimetype").decode("ascii", "replace").strip(), "")
            return kind
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error):
        # A broken workbook is still one: the harvester says what is wrong with it.
        return "XLSX" if b"xl/workbook" in body or b"xl/worksheets" in body else ""


def _addresses(body: bytes, start: str, address: str) -> list[Candidate]:
    """A sitemap as plain text: one address a line and nothing else."""
    rows = [row.strip() for row in start.splitlines()[:50] if row.strip()]
    if web_sitemap.kind(body) != "text" or len(rows) < 2 or not all(_whole(row) for row in rows[:-1]):
        return []
    return [Candidate("web_pages", "schemaorg", address, Issue("detect-sitemap", address, "text"), LIKELY)]


def _whole(row: str) -> bool:
    return row.startswith(("http://", "https://")) and not re.search(r"[\s,;<>]", row)


def _table(body: bytes, content_type: str, address: str) -> list[Candidate]:
    """Text in columns: sure where the headings are understood."""
    name = urlsplit(address).path.lower()
    typed = (
        name.endswith((".csv", ".tsv", ".tab")) or re.match(r"text/(?:csv|tab-separated)", content_type) is not None
    )
    if name.endswith(_NO_TABLE) and not typed or b"\x00\x00\x00\x00" in body[:1000]:
        return []
    head = body[:TABLE_HEAD]
    head = head[: head.rfind(b"\n") + 1] or head if len(body) > TABLE_HEAD else head
    feed = Feed("check", "check", "table", address)
    try:
        sheets, _ = table.sheets_of(feed, head, content_type)
    except FeedFailed:
        return []
    header = next((found for sheet in sheets if (found := table.header_of(sheet, {})) is not None), None)
    widths = [sum(1 for cell in row if cell) for sheet in sheets for row in sheet.rows[:30]]
    wide = sum(1 for width in widths if width > 1)
    if header is not None and (len(header.columns) > 1 and wide > 1 or typed):
        known = ", ".join(heading for _, heading in header.columns.values())[:200]
        return [Candidate("table", "table", address, Issue("detect-table-headings", address, known), LIKELY)]
    if typed or wide >= 3 and wide > 0.8 * len(widths) and _even(sheets):
        sure = MAYBE if typed else FAINT
        return [Candidate("table", "table", address, Issue("detect-table", address, "CSV"), sure)]
    return []


def _even(sheets: list[table_files.Sheet]) -> bool:
    """Whether most rows have the same number of cells, as prose with commas does not."""
    widths = [len([*filter(None, row)]) for sheet in sheets for row in sheet.rows[:30] if any(row)]
    return bool(widths) and max(widths.count(width) for width in set(widths)) > 0.7 * len(widths)


def _links(text: str, address: str) -> list[Candidate]:
    """Markdown whose lists are made of links."""
    name = urlsplit(address).path.lower()
    marked = name.endswith((".md", ".markdown", ".mdown", "readme"))
    if text.count("](") < 3 or "\x00" in text[:1000]:
        return []
    items = len(read_links(text[:500_000], address).items)
    if items < 3:
        return []
    rows = [row.strip() for row in text[:500_000].splitlines() if row.strip() and not row.lstrip().startswith("#")]
    listed = sum(row[:1] in "-*+|0123456789" and "](" in row for row in rows)
    most = listed > 0.5 * len(rows) or "awesome" in address.lower()
    sure = 0.7 if most and items >= 5 else 0.4 if marked or most else FAINT
    return [Candidate("links", "links", address, Issue("detect-links", address, str(items)), sure)]


def nature(body: bytes, content_type: str) -> str:
    """What something is that may be none of ours, in a word or two that need no translation; "" if unknown."""
    if not body.strip():
        return "0 B"
    if body.startswith(GZIP):
        return "gzip"
    if body.startswith(b"PK\x03\x04"):
        return "ZIP"
    for magic, name in _STARTS:
        if body.startswith(magic):
            return name
    start = text_of(body[:20_000]).lstrip()
    if is_html(start):
        return "HTML"
    if start.startswith("<") and (root := root_of(start)) is not None:
        return f"XML <{root.name}>"
    if start[:1] in ("{", "[") and is_json(body, content_type):
        return "JSON"
    return content_type.partition(";")[0].strip()[:100] or "text"
