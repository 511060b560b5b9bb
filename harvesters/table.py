"""Tables as people keep them: CSV, TSV, XLSX, XLSB, ODS and XLS files behind one address; a record is a row.

Payload: canonical JSON {"header": {field: heading as written, also of an empty cell}, "row": {field: text}, "unknown":
{heading: text}}, with "sessions": [{field: text}] where another sheet or row gives further dates, and "order": {field:
"dmy" or "mdy"} (of a session a text) where a day such as 03/04/2027 is read as others of its column; sheet and row
number are the locator. Options of the feed: ``sheet`` (name or number, or a list), ``rows`` (limit), ``encoding``,
``delimiter``. Source: docs/profile.md, "CSV".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harvesters import table_files, table_moodle
from harvesters.base import FeedFailed, Visit
from harvesters.table_dates import give_orders
from harvesters.table_files import DELIMITERS, Sheet, failed
from harvesters.table_headings import Header, find, fold, is_field
from harvesters.table_join import Part, join
from harvesters.table_rows import Notices, Row, titled
from registry.model import Document, Done, Feed, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import NetError

READER = "5"  # another number reads unchanged files anew
MAX_ROWS = 200_000
ACCEPT = (
    "text/csv, text/tab-separated-values, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, "
    "application/vnd.oasis.opendocument.spreadsheet, application/vnd.ms-excel, */*;q=0.5"
)
OWN_HELP = "Meta Academy ·"  # how the first cell of a sheet of the template begins that holds no courses
_ADDRESS = re.compile(r"(?:https?://|www\.|(?:doi:\s*)?10\.\d{4})", re.IGNORECASE)


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
    read = reading(feed, answer.body, answer.headers.get("content-type", ""))
    yield Document(address, digest, answer.headers.get("etag"), answer.headers.get("last-modified"))
    yield from read.issues
    yield from _records(read.rows, address, read.notices)
    yield from read.notices.events()
    yield Done(complete=read.complete, deletions="proved")


@dataclass(slots=True)
class Reading:
    """A file as read: its sheets with their headers (None: no list of courses), its rows, what there is to tell."""

    sheets: list[tuple[Sheet, Header | None]]
    rows: list[Row]
    issues: list[FeedIssue]
    notices: Notices
    complete: bool


def reading(feed: Feed, body: bytes, media: str = "") -> Reading:
    """Read a file as the feed's columns and options say. Raises FeedFailed."""
    sheets, issues = sheets_of(feed, body, media)
    notices = Notices()
    headed, rows, complete = _rows(feed, sheets, notices)
    if not rows and not notices.found:
        notices.add("table-no-rows", feed.address)
    return Reading(headed, rows, [FeedIssue(issue, lasting=True) for issue in issues], notices, complete)


def _recipe(visit: Visit) -> str:
    """What besides the bytes decides the records: the reader, the feed's own columns and options."""
    feed = visit.feed
    parts = json.dumps(
        [READER, feed.language or "", sorted(feed.columns.items()), sorted(map(str, feed.options.items()))]
    )
    return "+" + hashlib.sha256(parts.encode()).hexdigest()[:12]


def _limit(feed: Feed) -> int:
    value = feed.options.get("rows", MAX_ROWS)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1_000_000:
        raise failed("table-bad-option", place="rows", value=str(value))
    return value


def sheets_of(feed: Feed, body: bytes, media: str = "") -> tuple[list[Sheet], list[Issue]]:
    """The file's sheets, by its content first; its media type says only which charset it has. Raises FeedFailed."""
    kind, options = table_files.kind(body), feed.options
    if not body.strip():
        raise failed("table-empty", place=feed.address)
    if kind == "workbook":
        wanted = options.get("sheet", [])
        names = [str(name) for name in (wanted if isinstance(wanted, list) else [wanted])]
        sheets, hidden = table_files.workbook(body, names, _limit(feed) + 100)
        return sheets, [Issue("table-hidden-sheet", f"sheet {name}", name) for name in hidden]
    if kind != "text":
        raise failed("table-web-page" if kind == "HTML" else "table-not-a-table", feed.address, kind)
    charset = re.search(r'charset="?([A-Za-z0-9._-]+)', media)
    declared = str(options.get("encoding", "")) or (charset[1] if charset else "")
    text, issues = table_files.decode(body, declared, feed.language or "")
    hint = re.match(r"sep=(.)\r?\n", text)
    delimiter = str(options.get("delimiter", "")) or (hint[1] if hint else "")
    delimiter = "\t" if delimiter in ("tab", "\\t") else delimiter
    if len(delimiter) > 1 or delimiter in ('"', "\r", "\n"):
        raise failed("table-bad-option", place="delimiter", value=delimiter)
    text = text[hint.end() :] if hint else text
    own = own_columns(feed)
    delimiter = delimiter or max(DELIMITERS, key=lambda mark: _fitness(text, mark, own))
    return [table_files.delimited(text, delimiter, _limit(feed) + 100)], issues


def own_columns(feed: Feed) -> dict[str, str]:
    """{folded heading: field} as the feed's entry says."""
    return {fold(heading): name for heading, name in feed.columns.items()}


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


def _rows(
    feed: Feed, sheets: list[Sheet], notices: Notices
) -> tuple[list[tuple[Sheet, Header | None]], list[Row], bool]:
    """The sheets with their headers, the rows of all that have one, and whether that is all of them."""
    own, limit = own_columns(feed), _limit(feed)
    sheets = [sheet for sheet in sheets if not is_help(sheet)]
    headers = [header_of(sheet, own) for sheet in sheets]
    if not any(headers):
        lines = (max(sheet.rows[:30], key=lambda row: sum(map(bool, row)), default=[]) for sheet in sheets)
        seen = ", ".join(cell[:60] for line in lines for cell in line if cell)
        raise failed("table-no-title", place=feed.address, value=seen or "-")
    headed: list[tuple[Sheet, Header | None]] = []
    parts: list[Part] = []
    count, complete = 0, True
    for sheet, found in zip(sheets, headers, strict=True):
        # A sheet without titles may add to one that has them, by their codes.
        header = found or (find(sheet, own, "id") if sheet.name else None)
        headed.append((sheet, header))
        if header is None:
            if any(any(row) for row in sheet.rows):
                notices.add("table-sheet-skipped", f"sheet {sheet.name}", sheet.name, sheet.name)
            continue
        if sheet.cut >= 0:
            notices.add("table-open-quote", f"row {sheet.cut + 1}")
            complete = False
        rows = titled(sheet, header, notices, keyed=found is None)
        give_orders(rows, header, feed.language)
        count += len(rows)
        if count > limit or len(sheet.rows) >= limit + 100:
            notices.add("table-too-many-rows", f"sheet {sheet.name}" if sheet.name else "", str(limit))
            parts.append(Part(header, rows[: limit - count + len(rows)]))
            complete = False
            break
        parts.append(Part(header, rows))
    return headed, [row for row in join(parts, notices) if row.title], complete


def is_help(sheet: Sheet) -> bool:
    """Whether a sheet is one of ours that only explains."""
    return any(cell.startswith(OWN_HELP) for row in sheet.rows[:1] for cell in row[:1])


def header_of(sheet: Sheet, own: dict[str, str]) -> Header | None:
    """The header of a sheet; where it is one of Moodle's, its words mean what they mean there."""
    header = find(sheet, own)
    if header is not None and table_moodle.is_moodle(header.texts):
        return find(sheet, {**table_moodle.meanings(header.texts), **own})
    return header


def records(read: Reading, address: str) -> list[RawRecord]:
    """The records of a file that was read."""
    return list(_records(read.rows, address, read.notices))


def _records(rows: list[Row], address: str, notices: Notices) -> Iterator[RawRecord]:
    """The rows with keys that stay when rows move: id, else an address of its own, else title and date."""
    urls = Counter(row.cells["url"] for row in rows if "url" in row.cells)
    keys: set[str] = set()
    payloads: set[bytes] = set()
    for row in rows:
        data: dict[str, object] = {"header": row.header, "row": row.cells, "unknown": row.unknown}
        if row.sessions:
            data["sessions"] = row.sessions
        if row.order:
            data["order"] = row.order
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
