"""One page of an OAI-PMH listing: its digest without parsing, its records, and what can be saved of a bad one.

Source: OAI-PMH 2.0 §2.5 (record), §3.2 (response format), §3.5 (flow control); Exclusive XML
Canonicalization 1.0.
"""

from __future__ import annotations

import contextlib
import hashlib
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lxml import etree

from harvesters import xml_safe
from harvesters.xml_safe import BadXml
from registry.model import Issue, RawRecord

MEDIA_TYPE = "application/xml"

_HEAD = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?[^>]*\?>\s*)*<OAI-PMH\b[^>]*>\s*()<responseDate>\s*([^<\s]*)\s*</responseDate>\s*"
    rb"<request\b[^>]*(?:/>|>[^<]*</request>)\s*<ListRecords\b[^>]*>"
)
_TAIL = re.compile(
    rb"\s*(?:<resumptionToken\b([^<>]*?)(?:/>|>([^<]*)</resumptionToken>)\s*)?</ListRecords>\s*</OAI-PMH>\s*"
)
_SIZE = re.compile(rb"""completeListSize\s*=\s*["']\s*(\d{1,12})""")
_P = rb"(?:[A-Za-z_][\w.-]*:)?"
_ROOT_TAG = re.compile(rb"<(" + _P + rb"OAI-PMH)\b[^<>]*>")
_LIST_TAG = re.compile(rb"<(" + _P + rb"ListRecords)\b[^<>]*>")
_LIST_END = re.compile(rb"</" + _P + rb"ListRecords\s*>")
_RECORD_START = re.compile(rb"<" + _P + rb"record\b[^<>]*>\s*<" + _P + rb"header\b")
_RECORD_END = re.compile(rb"</" + _P + rb"record\s*>")
_TOKEN = re.compile(rb"<" + _P + rb"resumptionToken\b([^<>]*)>([^<]*)<")
_HEADER = re.compile(rb"<" + _P + rb"header\b")
_DATE = re.compile(rb"<" + _P + rb"responseDate>\s*([^<\s]*)\s*<")
_IDENTIFIER = re.compile(rb"<" + _P + rb"identifier>([^<]{1,2000})<")

# No pattern may take more than linear time: "[^<>]*" ends at the next tag, and no two neighbours match alike.
MAX_TAG = 16_384

Source = Callable[[str], str]
Form = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Peek:
    """What a page shows without parsing. ``digest`` covers its records and the namespaces around them."""

    digest: str
    date: str
    token: str
    size: int | None
    count: int


@dataclass(slots=True)
class Page:
    """A parsed page. ``error`` is (code, text) of an OAI error; ``cut``: the listing breaks off in it."""

    date: str = ""
    token: str = ""
    size: int | None = None
    records: list[RawRecord] = field(default_factory=list)
    error: tuple[str, str] | None = None
    cut: bool = False
    unidentified: bool = False


def peek(body: bytes) -> Peek | None:
    """A plain page at a glance, or None for one that must be parsed (empty, odd, an error, broken)."""
    head = _HEAD.match(body)
    end = body.rfind(b"</record>")
    if head is None or end < head.end():
        return None
    end += len(b"</record>")
    tail = _TAIL.fullmatch(body, end)
    if tail is None or body.find(b"<!--", head.end(), end) >= 0:
        return None
    digest = hashlib.sha256(body[: head.start(1)])
    digest.update(memoryview(body)[head.end() : end])
    size = _SIZE.search(tail.group(1) or b"")
    return Peek(
        "sha256:" + digest.hexdigest(),
        head.group(2).decode("ascii", "replace"),
        html.unescape((tail.group(2) or b"").decode("utf-8", "replace")).strip(),
        int(size.group(1)) if size else None,
        body.count(b"</record>", head.end(), end),
    )


def local(element: etree._Element) -> str:
    """The name of an element without its namespace ("" for what is no element)."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first child of a local name: servers differ in prefixes, and some in namespaces."""
    for one in element:
        if local(one) == name:
            return one
    return None


def text_of(element: etree._Element | None) -> str:
    """The trimmed text of an element, "" where there is none."""
    return (element.text or "").strip() if element is not None else ""


def root_of(body: bytes, content_type: str) -> etree._Element:
    """The OAI-PMH element of a short answer (Identify …), repaired if need be. Raises BadXml."""
    charset = xml_safe.charset_of(body, content_type)
    try:
        root = xml_safe.parse(body)
    except BadXml as error:
        if error.code != "oai-broken-page":
            raise
        text = re.sub(r"\A\ufeff?\s*<\?xml[^>]*\?>", "", xml_safe.clean(body, charset)[0])
        root = xml_safe.parse(text.lstrip())
    if local(root) != "OAI-PMH":
        raise BadXml("oai-not-oai", f"the root element is {local(root)!r}", 1)
    return root


def error_of(root: etree._Element) -> tuple[str, str] | None:
    """The OAI error of an answer; noRecordsMatch wins over others that may stand beside it."""
    errors = [(one.get("code") or "", text_of(one)) for one in root if local(one) == "error"]
    return min(errors, key=lambda error: error[0] != "noRecordsMatch", default=None)


def read(body: bytes, content_type: str, source: Source, form: Form, number: int) -> Page:
    """All of a page. Records that cannot be parsed are repaired or come as broken ones.

    ``source`` gives the GetRecord address of an identifier, ``form`` the format of a record by the tag of its
    metadata's root element ("" for none), ``number`` is that of the page. Raises BadXml when nothing can be saved.
    """
    try:
        root = xml_safe.parse(body)
    except BadXml as error:
        if error.code != "oai-broken-page":
            raise
        return _salvage(body, content_type, source, form, number, error)
    if local(root) != "OAI-PMH":
        raise BadXml("oai-not-oai", f"the root element is {local(root)!r}", 1)
    page = Page(date=text_of(child(root, "responseDate")), error=error_of(root))
    listing = child(root, "ListRecords")
    if listing is None:
        if page.error is None:
            raise BadXml("oai-no-list", "neither ListRecords nor error stands in the answer")
        return page
    page.error = None
    for element in listing:
        name = local(element)
        if name == "record":
            record = _record(element, source, form, f"page {number}, record {len(page.records) + 1}")
            page.unidentified |= record.broken and record.key.startswith("unidentified-")
            page.records.append(record)
        elif name == "resumptionToken":
            size = element.get("completeListSize", "")
            page.token, page.size = text_of(element), int(size) if re.fullmatch(r"\d{1,12}", size) else None
    return page


def digest_of(page: Page) -> str:
    """The digest of an odd page, from its records."""
    digest = hashlib.sha256(b"records")
    for record in page.records:
        digest.update(f"\n{record.key}\t{record.deleted}\t{record.datestamp}\t{len(record.payload)}\n".encode())
        digest.update(record.payload)
    return "sha256:" + digest.hexdigest()


def _canonical(element: etree._Element) -> bytes:
    try:
        return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError:
        # Exclusive C14N 1.0 refuses namespaces that are relative addresses; C14N 2.0 does not.
        return etree.canonicalize(etree.tostring(element, encoding="unicode", with_tail=False)).encode()


def _record(
    element: etree._Element, source: Source, form: Form, locator: str, issues: tuple[Issue, ...] = ()
) -> RawRecord:
    """One record. Its payload has no datestamp, which moves when a repository is indexed again."""
    header, metadata = child(element, "header"), child(element, "metadata")
    key, stamp, deleted = "", None, False
    if header is not None:
        key, deleted = text_of(child(header, "identifier")), header.get("status", "").strip().lower() == "deleted"
        for datestamp in [one for one in header if local(one) == "datestamp"]:
            stamp = text_of(datestamp) or None
            header.remove(datestamp)
    root = next((one for one in metadata if isinstance(one.tag, str)), None) if metadata is not None else None
    name = form(str(root.tag) if root is not None else "")
    payload, broken = _canonical(element), False
    if not key:
        key, broken = "unidentified-" + hashlib.sha256(payload).hexdigest()[:16], True
        issues += (Issue("oai-no-identifier", "/record/header/identifier"),)
        return RawRecord(key, payload, MEDIA_TYPE, name, source(""), locator, stamp, False, broken, issues)
    if not deleted and root is None:
        broken = True
        issues += (Issue("oai-no-metadata", "/record/metadata", key[:300]),)
    return RawRecord(key, payload, MEDIA_TYPE, name, source(key), locator, stamp, deleted, broken, issues)


def is_unreadable(record: RawRecord) -> bool:
    """Whether a record was met that no repair could read, and that can be asked for by its identifier."""
    unread = any(issue.code == "oai-broken-record" for issue in record.issues)
    return record.broken and unread and not record.key.startswith("unidentified-")


def read_one(body: bytes, source: str, form: Form, locator: str) -> RawRecord | None:
    """The record of a GetRecord answer, None for anything else or one that is broken as well."""
    try:
        listing = child(xml_safe.parse(body), "GetRecord")
    except BadXml:
        return None
    element = child(listing, "record") if listing is not None else None
    record = _record(element, lambda _: source, form, locator) if element is not None else None
    return None if record is None or record.broken else record


def size_of(body: bytes) -> int | None:
    """How many records a listing of identifiers has: as it announces, or as it holds if it ends there."""
    token = _TOKEN.search(body)
    size = _SIZE.search(token.group(1)) if token else None
    if size is not None:
        return int(size.group(1))
    ended = token is None or not token.group(2).strip()
    return len(_HEADER.findall(body)) if ended and b"ListIdentifiers" in body else None


def _salvage(body: bytes, content_type: str, source: Source, form: Form, number: int, cause: BadXml) -> Page:
    """A page that does not parse, record by record. Raises the cause again when no record is to be seen."""
    charset = xml_safe.charset_of(body, content_type)
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        body, charset = body.decode("utf-16", "replace").encode("utf-8"), "utf-8"
    root, listing = _ROOT_TAG.search(body), _LIST_TAG.search(body)
    if root is None:
        raise BadXml("oai-not-oai", cause.why, cause.line)
    starts = [found.start() for found in _RECORD_START.finditer(body)]
    if listing is None or not starts or len(root.group()) + len(listing.group()) > MAX_TAG:
        raise cause
    before = (root.group() + listing.group()).decode("ascii", "ignore")
    after = f"</{listing.group(1).decode()}></{root.group(1).decode()}>"
    date = _DATE.search(body, 0, starts[0])
    page = Page(date=date.group(1).decode("ascii", "replace") if date else "")
    tail = len(body)
    for at, start in enumerate(starts):
        stop = starts[at + 1] if at + 1 < len(starts) else len(body)
        ends = list(_RECORD_END.finditer(body, start, stop))
        if not ends and stop == len(body):
            page.cut, tail = True, len(body)
            break
        tail = ends[-1].end() if ends else stop
        locator = f"page {number}, record {at + 1}"
        page.records.append(_saved(body[start:tail], charset, (before, after), source, form, locator))
        page.unidentified |= page.records[-1].key.startswith("unidentified-")
    token = _TOKEN.search(body, tail)
    if token:
        page.token = html.unescape(token.group(2).decode("utf-8", "replace")).strip()
        size = _SIZE.search(token.group(1))
        page.size = int(size.group(1)) if size else None
    page.cut |= not page.token and _LIST_END.search(body, tail) is None
    return page


def _saved(chunk: bytes, charset: str, around: tuple[str, str], source: Source, form: Form, locator: str) -> RawRecord:
    """One record of a bad page: as it is, else repaired with issues, else broken."""
    error: BadXml | None = None
    for text, issues in _attempts(chunk, charset):
        try:
            root = xml_safe.parse(around[0] + text + around[1])
        except BadXml as failed:
            error = failed
            continue
        return _record(root[0][0], source, form, locator, issues)
    found = _IDENTIFIER.search(chunk)
    key = html.unescape(found.group(1).decode("utf-8", "replace")).strip() if found else ""
    why = Issue("oai-broken-record", "/record", error.why if error else "", (("record", key[:300]),))
    if not key:
        key = "unidentified-" + hashlib.sha256(chunk).hexdigest()[:16]
    return RawRecord(key, chunk, MEDIA_TYPE, form(""), source(key), locator, broken=True, issues=(why,))


def _attempts(chunk: bytes, charset: str) -> Iterator[tuple[str, tuple[Issue, ...]]]:
    with contextlib.suppress(UnicodeDecodeError, LookupError):  # the repair below says what is wrong with it
        yield chunk.decode(charset), ()
    yield xml_safe.clean(chunk, charset)
