"""Tables as people keep them: CSV, TSV, XLSX, ODS and XLS files behind one address; a record is a row.

Payload: canonical JSON {"header": {field: heading as written}, "row": {field: text}, "unknown": {heading:
text}}; sheet and row number are the locator. Options of the feed: ``sheet`` (name or number, or a list),
``rows`` (limit), ``encoding``, ``delimiter``. Source: docs/profile.md, "CSV".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from harvesters import table_files
from harvesters.base import FeedFailed, Visit
from harvesters.table_files import DELIMITERS, Sheet, failed
from harvesters.table_headings import MANY, Header, find, fold, is_field
from registry.model import Document, Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import NetError

READER = "2"  # another number reads unchanged files anew
MAX_ROWS = 200_000
MAX_CELL = 32_767
ACCEPT = (
    "text/csv, text/tab-separated-values, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, "
    "application/vnd.oasis.opendocument.spreadsheet, application/vnd.ms-excel, */*;q=0.5"
)
_NOTE = re.compile(
    r"[*†‡#¹²³°]|\(\d\)|\[\d\]|(?:notes?|n\.?b\.?|nota|source|sources|fuente|fonte|quelle|l[ée]gende|total|totaux|"
    r"remarque|observaci[oó]n(?:es)?|anmerkung)\b\s*[.:*(\d]",
    re.IGNORECASE,
)


_ADDRESS = re.compile(r"(?:https?://|www\.|(?:doi:\s*)?10\.\d{4})", re.IGNORECASE)


@dataclass(slots=True)
class _Row:
    """A row with something in it. ``alone``: nothing else stands beside its title."""

    sheet: str
    number: int
    header: dict[str, str]
    cells: dict[str, str]
    unknown: dict[str, str]
    issues: list[Issue] = field(default_factory=list)

    @property
    def locator(self) -> str:
        """Where a person finds it."""
        return f"sheet {self.sheet}, row {self.number}" if self.sheet else f"row {self.number}"

    @property
    def title(self) -> str:
        """Its title in any language."""
        return self.cells.get("title") or next(
            (text for name, text in sorted(self.cells.items()) if name.startswith("title_") and name != "title_lang"),
            "",
        )


@dataclass(slots=True)
class _Notices:
    """Issues of the file, one for each cause, with places and samples gathered."""

    found: dict[tuple[str, str], tuple[list[str], list[str], Counter[str]]] = field(default_factory=dict)

    def add(self, code: str, place: str, sample: str = "", about: str = "") -> None:
        """One more case of a cause; ``about`` tells causes of one code apart (a heading)."""
        places, samples, count = self.found.setdefault((code, about), ([], [], Counter()))
        count["all"] += 1
        if len(places) < 5 and place not in places:
            places.append(place)
        if sample and len(samples) < 3 and sample[:80] not in samples:
            samples.append(sample[:80])

    def events(self) -> Iterator[FeedIssue]:
        """The issues, each cause once."""
        for (code, about), (places, samples, count) in self.found.items():
            more = " …" if count["all"] > len(places) > 1 else ""
            params = {"count": str(count["all"]), "heading": about, "samples": " · ".join(samples)}
            value = about or " · ".join(samples)
            issue = Issue(code, ("; ".join(places) + more)[:300], value[:300], tuple(sorted(params.items())))
            yield FeedIssue(issue, lasting=True)


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """Read one table; each row that has a title is a record."""
    feed = visit.feed
    address = feed.address
    for heading, name in feed.columns.items():
        if not is_field(name):
            raise failed("table-bad-column", place=heading, value=name)
    known = visit.document(address)
    try:
        answer = visit.http.get(
            address,
            accept=ACCEPT,
            etag=known.etag if known and known.digest.endswith(_recipe(visit)) else None,
            last_modified=known.last_modified if known and known.digest.endswith(_recipe(visit)) else None,
        )
    except NetError as error:
        raise FeedFailed(error.issue) from error
    if answer.not_modified and known is not None:
        yield Unchanged(address, known.digest)
        yield Done(complete=True, deletions="proved")
        return
    digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}{_recipe(visit)}"
    if known is not None and known.digest == digest:
        yield Unchanged(address, digest)
        yield Done(complete=True, deletions="proved")
        return
    sheets, issues = _sheets(visit, answer.body, answer.headers.get("content-type", ""))
    notices = _Notices()
    rows, complete = _rows(visit, sheets, notices)
    if not rows and not notices.found:
        notices.add("table-no-rows", address)
    yield Document(address, digest, answer.headers.get("etag"), answer.headers.get("last-modified"))
    for issue in issues:
        yield FeedIssue(issue, lasting=True)
    yield from _records(rows, address, notices)
    yield from notices.events()
    yield Done(complete=complete, deletions="proved")


def _recipe(visit: Visit) -> str:
    """What besides the bytes decides the records: the reader, the feed's own columns and options."""
    feed = visit.feed
    parts = json.dumps([READER, sorted(feed.columns.items()), sorted(map(str, feed.options.items()))])
    return "+" + hashlib.sha256(parts.encode()).hexdigest()[:12]


def _limit(visit: Visit) -> int:
    value = visit.feed.options.get("rows", MAX_ROWS)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1_000_000:
        raise failed("table-bad-option", place="rows", value=str(value))
    return value


def _sheets(visit: Visit, body: bytes, media: str) -> tuple[list[Sheet], list[Issue]]:
    """The file's sheets, by its content first; its media type says only which charset it has."""
    kind, options = table_files.kind(body), visit.feed.options
    if not body.strip():
        raise failed("table-empty", place=visit.feed.address)
    if kind == "workbook":
        wanted = options.get("sheet", [])
        names = [str(name) for name in (wanted if isinstance(wanted, list) else [wanted])]
        sheets, hidden = table_files.workbook(body, names, _limit(visit) + 100)
        return sheets, [Issue("table-hidden-sheet", f"sheet {name}", name) for name in hidden]
    if kind != "text":
        raise failed("table-web-page" if kind == "HTML" else "table-not-a-table", visit.feed.address, kind)
    charset = re.search(r'charset="?([A-Za-z0-9._-]+)', media)
    declared = str(options.get("encoding", "")) or (charset[1] if charset else "")
    text, issues = table_files.decode(body, declared, visit.feed.language or "")
    hint = re.match(r"sep=(.)\r?\n", text)
    delimiter = str(options.get("delimiter", "")) or (hint[1] if hint else "")
    delimiter = "\t" if delimiter in ("tab", "\\t") else delimiter
    if len(delimiter) > 1 or delimiter in ('"', "\r", "\n"):
        raise failed("table-bad-option", place="delimiter", value=delimiter)
    text = text[hint.end() :] if hint else text
    own = _own(visit)
    delimiter = delimiter or max(DELIMITERS, key=lambda mark: _fitness(text, mark, own))
    return [table_files.delimited(text, delimiter, _limit(visit) + 100)], issues


def _own(visit: Visit) -> dict[str, str]:
    return {fold(heading): name for heading, name in visit.feed.columns.items()}


def _fitness(text: str, delimiter: str, own: dict[str, str]) -> tuple[int, int, int]:
    """How well a delimiter reads the beginning: known headings, rows of the commonest width, that width."""
    start = text[:200_000]
    try:
        sheet = table_files.delimited(start[: start.rfind("\n") + 1] or start, delimiter, 100)
    except FeedFailed:
        return (-1, 0, 0)
    header = find(sheet, own)
    widths = Counter(len(row) for row in sheet.rows if len(row) > 1)
    width, rows = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return (len(header.columns) if header else 0, rows, width)


def _rows(visit: Visit, sheets: list[Sheet], notices: _Notices) -> tuple[list[_Row], bool]:
    """The rows of all sheets that have a header, and whether that is all of them."""
    own, limit = _own(visit), _limit(visit)
    headers = [find(sheet, own) for sheet in sheets]
    if not any(headers):
        lines = (max(sheet.rows[:30], key=lambda row: sum(map(bool, row)), default=[]) for sheet in sheets)
        seen = ", ".join(cell[:60] for line in lines for cell in line if cell)
        raise failed("table-no-title", place=visit.feed.address, value=seen or "-")
    rows: list[_Row] = []
    complete = True
    for sheet, header in zip(sheets, headers, strict=True):
        if header is None:
            if any(any(row) for row in sheet.rows):
                notices.add("table-sheet-skipped", f"sheet {sheet.name}", sheet.name, sheet.name)
            continue
        if sheet.cut >= 0:
            notices.add("table-open-quote", f"row {sheet.cut + 1}")
            complete = False
        rows += _titled(sheet, header, notices)
        if len(rows) > limit or len(sheet.rows) >= limit + 100:
            notices.add("table-too-many-rows", f"sheet {sheet.name}" if sheet.name else "", str(limit))
            return rows[:limit], False
    return rows, complete


def _titled(sheet: Sheet, header: Header, notices: _Notices) -> list[_Row]:
    """The rows of a sheet that are records; the others, and unknown headings, are told."""
    where = f"sheet {sheet.name}, " if sheet.name else ""
    found: list[_Row] = []
    alone: list[_Row] = []
    headings = {text for text in header.texts if text}
    wide_file = len(header.columns) > 1 and bool(sheet.name)
    for index in range(header.data, len(sheet.rows)):
        cells = sheet.rows[index]
        filled = [column for column, cell in enumerate(cells) if cell]
        place = f"{where}row {index + 1}"
        if not filled or {cells[column] for column in filled} <= headings and len(filled) > 1:
            continue  # nothing, or the header again at the head of a printed page
        row = _row(sheet, header, index, notices)
        noted = len(header.columns) > 1 and _NOTE.match(cells[filled[0]])
        if len(filled) == 1 and (noted or (wide_file and (not row.title or sheet.wide.get(index)))):
            notices.add("table-note", place, cells[filled[0]])
        elif not row.title:
            notices.add("table-no-title-cell", place, " | ".join(cells[column] for column in filled))
        elif len(filled) == 1 and wide_file:
            alone.append(row)
        else:
            found.append(row)
    if alone and len(alone) >= len(found):  # a list of little more than titles
        found = sorted([*found, *alone], key=lambda row: row.number)
    else:
        for row in alone:
            notices.add("table-note", row.locator, row.title)
    for column, text in header.unknown.items():
        samples = list(
            dict.fromkeys(row[column] for row in sheet.rows[header.data :] if column < len(row) and row[column])
        )
        for sample in samples[:3]:
            notices.add("table-unknown-heading", f"{where}column «{text}»", sample, text)
    return found


def _row(sheet: Sheet, header: Header, index: int, notices: _Notices) -> _Row:
    """One row by fields; cells beyond the header's last column hold the row back: its values may be shifted."""
    cells = sheet.rows[index]
    row = _Row(sheet.name, index + 1, {}, {}, {})
    for column, (name, heading) in header.columns.items():  # a title or "Link" may hide the page's address
        address = sheet.links.get((index, column), "")
        if address and (name == "url" or (name == "title" and "url" not in row.cells)):
            row.cells["url"], row.header["url"] = address, heading
    for column, cell in enumerate(cells):
        if not cell:
            continue
        if len(cell) > MAX_CELL:
            row.issues.append(
                Issue("table-long-cell", f"column {column + 1}", cell[:300], (("limit", str(MAX_CELL)),))
            )
            cell = cell[:MAX_CELL]
        if column in header.columns:
            name, heading = header.columns[column]
            if name == "url" and "://" not in cell and not cell.startswith("www.") and "url" in row.cells:
                continue  # the words of a link
            if name in row.cells and name in MANY:
                row.cells[name] += "|" + cell
                row.header[name] += ", " + heading
            else:
                row.cells[name], row.header[name] = cell, heading
        elif column in header.unknown:
            row.unknown[header.unknown[column]] = cell
        elif column < len(header.texts):
            notices.add("table-unnamed-column", f"column {column + 1}", cell, str(column + 1))
            row.unknown[f"#{column + 1}"] = cell
        elif not sheet.name:
            row.issues.append(Issue("table-long-row", f"cell {column + 1}", cell[:300]))
        else:
            notices.add("table-unnamed-column", f"column {column + 1}", cell, str(column + 1))
    for column, (name, heading) in header.spare.items():
        if name not in row.cells and column < len(cells) and cells[column]:
            row.cells[name], row.header[name] = cells[column][:MAX_CELL], heading
            row.unknown.pop(header.unknown[column], None)
    return row


def _records(rows: list[_Row], address: str, notices: _Notices) -> Iterator[RawRecord]:
    """The rows with keys that stay when rows move: id, else an address of its own, else title and date."""
    urls = Counter(row.cells["url"] for row in rows if "url" in row.cells)
    keys: set[str] = set()
    payloads: set[bytes] = set()
    for row in rows:
        data = {"header": row.header, "row": row.cells, "unknown": row.unknown}
        payload = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
            "utf-8", "replace"
        )
        digest = hashlib.sha256(payload).digest()
        if digest in payloads:
            notices.add("table-repeated-row", row.locator, row.title)
            continue
        payloads.add(digest)
        cells, issues = row.cells, list(row.issues)
        url = cells.get("url", "")
        words = "\n".join([fold(row.title), fold(cells.get("languages", "")), cells.get("start", "")])
        hashed = "row-" + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:16]
        key = cells.get("id", "")[:500] or (url[:2000] if _ADDRESS.match(url) and urls[url] == 1 else hashed)
        if key in keys:
            if "id" in cells:
                issues.append(Issue("table-same-id", f"column «{row.header['id']}»", key[:300]))
                key = f"{key}~{hashed.removeprefix('row-')}"
            count, first = 1, key
            while key in keys:
                count += 1
                key = f"{first}~{count}"
        keys.add(key)
        yield RawRecord(
            key=key,
            payload=payload,
            media_type="application/json",
            format="table",
            source=address,
            locator=row.locator,
            issues=tuple(issues),
        )
