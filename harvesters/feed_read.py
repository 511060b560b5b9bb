"""RSS, Atom and JSON Feed bytes to entries of one form: strings and small lists under fixed names.

feedparser reads the XML (also broken XML) from bytes that were fetched already; nothing is fetched here, and
document types with declarations are refused before it sees them. Counts, ratings and comments are left out:
they move with a visit. Sources: RSS 2.0; RSS 1.0; RFC 4287; RFC 5005; JSON Feed 1.1.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser

from harvesters.json_safe import BadJson, parse
from registry.iris import without_emails
from registry.model import Issue

MAX_ENTRIES = 20_000
MAX_TEXT = 100_000
YOUTUBE = "yt:video:"  # how its feeds begin the id of an entry
MAX_LIST = 100
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]{1,40})["']""")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,500}\?>")
_MAIL = re.compile(r"[^\s<>()\[\]@,;:]{1,64}@[^\s<>()\[\]@,;:]{1,255}")
# Read from an entry; what else stands in it is told by name, but for what moves or is a reader's business.
_READ = frozenset(
    "id guidislink link links title title_detail summary summary_detail content published published_parsed updated "
    "updated_parsed created created_parsed author author_detail authors contributors publisher publisher_detail tags "
    "language rights rights_detail license source image itunes_image itunes_duration media_content media_thumbnail "
    "media_keywords media_title media_description dc_type dc_identifier dcterms_identifier prism_doi "
    "feedburner_origlink href subtitle subtitle_detail media_license".split()
)
_IGNORED = re.compile(
    r"(?:slash|wfw|thr|feedburner|yt|gd|opensearch|media|itunes|georss|geo|dc|dcterms|prism|sy|atom|podcast|googleplay|"
    r"spotify|psc|rawvoice|wp|post|newsml|snf|webfeeds|cc|creativecommons)_.*|comments|expired.*|xml.*|where|"
    r"gml_.*|rdf_.*|guid|crossposting.*|foaf_.*|post-id|thumbnail|body|sy|updated.*|bodytype"
)
# When something takes place, in the modules that event calendars use.
_EVENT = {
    "start": ("ev_startdate", "xcal_dtstart", "mec_startdate", "event_startdate", "tribe_startdate", "em_startdate"),
    "end": ("ev_enddate", "xcal_dtend", "mec_enddate", "event_enddate", "tribe_enddate", "em_enddate"),
    "location": ("ev_location", "xcal_location", "mec_location", "event_location", "georss_featurename"),
    "organizer": ("ev_organizer", "mec_organizer", "event_organizer"),
    "type": ("ev_type", "event_type"),
}  # fmt: skip
Entry = dict[str, Any]


class NotAFeed(Exception):
    """``issue`` says why."""

    def __init__(self, code: str, value: str) -> None:
        super().__init__(code)
        self.code, self.value = code, value[:300]


@dataclass(slots=True)
class Page:
    """One document: its entries, where it goes on, and what is wrong. ``whole``: it says that it lists all."""

    kind: str
    entries: list[Entry] = field(default_factory=list)
    next: str = ""
    whole: bool = False
    issues: list[Issue] = field(default_factory=list)


def read(body: bytes, content_type: str, address: str) -> Page:
    """A page of a feed. Raises NotAFeed."""
    start = body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise NotAFeed("rss-empty", "")
    if start.startswith((b"{", b"[")):
        return _json(body, address)
    text, issues = _decode(body, content_type)
    page = _xml(_prolog(_CONTROLS.sub("", text)), address)
    page.issues = issues + page.issues
    return page


def _decode(body: bytes, content_type: str) -> tuple[str, list[Issue]]:
    """Text by byte order mark, declaration, header; UTF-8 that is none is read as Windows-1252, and told."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace"), []
    body = body.removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARED.match(body[:500])
    given = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", content_type, re.IGNORECASE)
    charset = declared[1].decode("ascii") if declared else given[1] if given else "utf-8"
    for name in (charset, "utf-8"):
        try:
            return body.decode(name), [] if name == charset else [Issue("rss-encoding", "", name)]
        except (UnicodeError, LookupError):
            continue
    return body.decode("cp1252", "replace"), [Issue("rss-encoding", "", "Windows-1252")]


def _prolog(text: str) -> str:
    """The text without XML declaration and document type. Raises NotAFeed for one with declarations inside."""
    text = _DECLARATION.sub("", text, count=1)
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        end = -1
        if text.startswith("<?", at):
            end = text.find("?>", at)
        elif text.startswith("<!--", at):
            end = text.find("-->", at)
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            end = text.find(">", at)
            if end < 0 or "[" in text[at:end]:
                raise NotAFeed("rss-doctype", text[at : at + 80])
            if "html" in text[at:end].lower():
                raise NotAFeed("rss-not-feed", text[at : at + 80])
            text = text[:at] + text[end + 1 :]
            continue
        if end < 0:
            return text[at:]
        at = end + 1
        while at < len(text) and text[at - 1] != ">":
            at += 1


def _xml(text: str, address: str) -> Page:
    try:
        found = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")), sanitize_html=False, resolve_relative_uris=False,
            # No address: an entry's id must not depend on where the feed stands.
            response_headers={"content-type": "application/xml; charset=utf-8"},
        )  # fmt: skip
    except (LookupError, TypeError, ValueError, AttributeError, AssertionError, RecursionError) as error:
        # feedparser 6 stumbles over entries inside entries and the like.
        raise NotAFeed("rss-tangled", " ".join(str(error).split())[:200]) from error
    version = str(found.get("version") or "")
    if not version and not found.entries:
        raise NotAFeed("rss-not-feed", text.strip()[:80])
    page = Page("atom" if version.startswith("atom") else "rss")
    if found.get("bozo") and not isinstance(found.get("bozo_exception"), feedparser.CharacterEncodingOverride):
        page.issues.append(Issue("rss-broken-xml", "", " ".join(str(found.get("bozo_exception", "")).split())[:200]))
    channel = found.feed
    page.whole = any(str(key).endswith("_complete") and str(key).startswith(("fh", "history")) for key in channel)
    follow = [link for link in (_get(channel, "links") or []) if isinstance(link, Mapping)]
    for relation in ("next", "prev-archive", "next-archive"):
        if not page.next:
            page.next = next((_text(one.get("href")) for one in follow if one.get("rel") == relation), "")
    common: Entry = {}
    language = _text(_get(channel, "language") or _detail(channel, "title", "language"))
    _put(common, "language", language)
    if page.kind == "atom":  # RFC 4287 §4.1.2: an entry without an author has that of its feed
        _put(common, "authors", list(dict.fromkeys(_authors(channel)))[:MAX_LIST])
    _put(common, "licence", _licence(channel))
    _put(common, "rights", without_emails(_text(_get(channel, "rights"))))
    unread: dict[str, None] = {}
    for raw in found.entries[:MAX_ENTRIES]:
        entry = _entry(raw, channel, address, version)
        if common:
            entry["channel"] = common
        page.entries.append(entry)
        for name in raw:
            known = name in _READ or any(name in names for names in _EVENT.values())
            if not known and not _IGNORED.fullmatch(name) and _get(raw, name) not in ("", None, [], {}):
                unread[str(name)[:60]] = None
    if unread:
        page.issues.append(Issue("rss-unread", "", ", ".join(sorted(unread)[:20])))
    if len(found.entries) > MAX_ENTRIES:
        page.issues.append(Issue("rss-many", "", str(MAX_ENTRIES)))
    return page


def _text(value: Any) -> str:
    return _CONTROLS.sub("", value).strip()[:MAX_TEXT] if isinstance(value, str) else ""


def _get(node: Any, name: str) -> Any:
    """What stands under a name itself: feedparser's own lookup answers with other fields too."""
    return dict.get(node, name) if isinstance(node, dict) else None


def _put(entry: Entry, name: str, value: Any) -> None:
    if value:
        entry[name] = value


def _detail(node: Mapping[str, Any], name: str, part: str) -> str:
    detail = _get(node, name + "_detail")
    return _text(detail.get(part)) if isinstance(detail, Mapping) else ""


def _items(node: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    several = _get(node, name)
    return [one for one in several[:MAX_LIST] if isinstance(one, Mapping)] if isinstance(several, list) else []


def _licence(node: Mapping[str, Any]) -> str:
    links = (_text(one.get("href")) for one in _items(node, "links") if one.get("rel") == "license")
    return next(links, "") or _text(_get(node, "license"))


def absolute(base: str, address: str) -> str:
    """An address as it stands on a page of that base; as it is where they do not fit together."""
    try:
        return urljoin(base, address.strip()) if address.strip() else ""
    except ValueError:
        return address


def _entry(raw: Mapping[str, Any], channel: Mapping[str, Any], address: str, version: str) -> Entry:
    entry: Entry = {}
    bases = [_detail(raw, name, "base") for name in ("title", "summary")] + [_detail(channel, "title", "base")]
    stated = next(filter(None, bases), "")
    base = absolute(address, stated) if stated else address
    for name in ("id", "language", "rights", "itunes_duration", "dc_type"):
        said = _text(_get(raw, name))
        _put(entry, name, said if name == "id" else without_emails(said))
    if not _get(raw, "guidislink"):
        entry["own_id"] = True
    _put(entry, "title", _value(raw, "title"))
    _put(entry, "summary", _value(raw, "summary"))
    contents = [one for one in (_said(item) for item in _items(raw, "content")) if one]
    _put(entry, "content", contents[:10])
    _links(entry, raw, base)
    dates = {name: _text(_get(raw, name)) for name in ("published", "updated", "created")}
    if version.startswith("rss") and not dates["published"]:  # dc:date is all that RSS 1.0 has
        dates["published"], dates["updated"] = dates["updated"], ""
    if str(entry.get("id", "")).startswith(YOUTUBE):
        dates["updated"] = ""  # moves with the count of views
    for name, stamp in dates.items():
        _put(entry, name, stamp[:100])
    _put(entry, "authors", list(dict.fromkeys(_authors(raw)))[:MAX_LIST])
    names = (_name(_text(one.get("name"))) for one in _items(raw, "contributors"))
    _put(entry, "contributors", list(dict.fromkeys(filter(None, names))))
    _put(entry, "publisher", _name(_text(_get(raw, "publisher"))))
    words = [_text(one.get("label")) or _text(one.get("term")) for one in _items(raw, "tags")]
    words += re.split(r"\s*,\s*", _text(_get(raw, "media_keywords")))
    _put(entry, "tags", list(dict.fromkeys(without_emails(word[:300]) for word in words if word))[:MAX_LIST])
    names_of = ("dc_identifier", "dcterms_identifier", "prism_doi")
    _put(entry, "identifiers", [one for name in names_of if (one := _text(_get(raw, name)))])
    origin = _get(raw, "source")
    if isinstance(origin, Mapping):
        found = _text(origin.get("href")) or _text(_get(origin, "id")) or _text(_get(origin, "link"))
        _put(entry, "source", absolute(base, found) if found else "")
    event = {
        part: without_emails(found) for part, names in _EVENT.items()
        if (found := next((value for name in names if (value := _text(_get(raw, name)))), ""))
    }  # fmt: skip
    _put(entry, "event", event)
    return entry


def _value(raw: Mapping[str, Any], name: str) -> Entry:
    text = _text(_get(raw, name))
    return _said({"value": text, "language": _detail(raw, name, "language")})


def _said(detail: Mapping[str, Any]) -> Entry:
    """A text with the language that it states."""
    said: Entry = {}
    _put(said, "text", without_emails(_text(detail.get("value"))))
    if said:
        _put(said, "language", _text(detail.get("language"))[:40])
    return said


def _links(entry: Entry, raw: Mapping[str, Any], base: str) -> None:
    files: list[Entry] = []

    def add(address: str, media: Any, size: Any, title: Any = "") -> None:
        one: Entry = {}
        _put(one, "url", absolute(base, address)[:2000] if address else "")
        if one and not any(known["url"] == one["url"] for known in files):
            for name, value in (("type", media), ("size", size), ("title", title)):
                _put(one, name, _text(value)[:300])
            files.append(one)

    for link in _items(raw, "links"):
        relation, address = _text(link.get("rel")) or "alternate", _text(link.get("href"))
        if relation == "alternate" and "url" not in entry:
            _put(entry, "url", absolute(base, address))
            _put(entry, "hreflang", _text(link.get("hreflang"))[:40])
        elif relation == "enclosure":
            add(address, link.get("type"), link.get("length"), link.get("title"))
        elif relation in ("related", "via") and address:
            entry.setdefault(relation, absolute(base, address))
    original = _text(_get(raw, "feedburner_origlink"))
    _put(entry, "url", original or entry.get("url") or absolute(base, _text(_get(raw, "link"))))
    for item in _items(raw, "media_content"):
        if item.get("type") == "application/x-shockwave-flash":
            continue  # YouTube's player of former days
        add(_text(item.get("url")), item.get("type"), item.get("filesize"))
    _put(entry, "files", files[:MAX_LIST])
    _put(entry, "licence", _licence(raw))
    pictures = [_text(one.get("url")) for one in _items(raw, "media_thumbnail")]
    image = _get(raw, "image")
    pictures.append(_text(image.get("href")) if isinstance(image, Mapping) else "")
    _put(entry, "image", next((absolute(base, one) for one in pictures if one), ""))


def _name(value: str) -> str:
    """A name without its e-mail address: "mail (Name)", "Name <mail>"."""
    inner = re.fullmatch(r"\s*[^\s@]{1,64}@[^\s()]{1,255}\s*\((.{1,300})\)\s*", value)
    value = value.removeprefix("mailto:")
    return _MAIL.sub("", inner[1] if inner else value).strip(" ,;<>()[]\"'")[:300]


def _authors(raw: Mapping[str, Any]) -> Iterator[str]:
    """Names; where feedparser cut an address in pieces, from the whole value."""
    spoiled = False
    for one in _items(raw, "authors"):
        if one.get("email"):
            spoiled = True
        elif name := _name(_text(one.get("name"))):
            yield name
    if spoiled:
        for value in (_text(_get(raw, "author")), *(_text(one.get("name")) for one in _items(raw, "authors"))):
            if "@" in value and (name := _name(value)):
                yield name


def _json(body: bytes, address: str) -> Page:
    try:
        found = parse(body, "", address)
    except BadJson as error:
        raise NotAFeed("rss-broken-json", error.issue.value) from error
    data = found.value
    version = _text(data.get("version")) if isinstance(data, dict) else ""
    if not isinstance(data, dict) or not isinstance(data.get("items"), list) or "jsonfeed.org" not in version:
        raise NotAFeed("rss-not-feed", body[:80].decode("utf-8", "replace"))
    page = Page("json", next=absolute(address, _text(data.get("next_url"))), issues=list(found.issues))
    common: Entry = {}
    _put(common, "language", _text(data.get("language"))[:40])
    _put(common, "authors", _json_authors(data))
    for item in data["items"][:MAX_ENTRIES]:
        if not isinstance(item, dict):
            page.issues.append(Issue("rss-no-entry", "/items", str(item)[:200]))
            continue
        entry = _json_entry(item, address)
        if common:
            entry["channel"] = common
        page.entries.append(entry)
    return page


def _json_authors(node: Mapping[str, Any]) -> list[str]:
    several = node.get("authors")
    several = several if isinstance(several, list) else [node.get("author")]
    names = (_name(_text(one.get("name"))) for one in several[:MAX_LIST] if isinstance(one, Mapping))
    return list(dict.fromkeys(filter(None, names)))


def _json_entry(item: Mapping[str, Any], address: str) -> Entry:
    entry: Entry = {"own_id": True}
    number = item.get("id")
    _put(entry, "id", str(number) if isinstance(number, int | float) else _text(number))
    home = _text(item.get("url"))
    _put(entry, "url", absolute(address, home or _text(item.get("external_url"))))
    if home and _text(item.get("external_url")):
        entry["related"] = absolute(address, _text(item.get("external_url")))
    for name, source in (("title", "title"), ("summary", "summary")):
        _put(entry, name, _said({"value": item.get(source)}))
    content = _said({"value": item.get("content_html") or item.get("content_text")})
    _put(entry, "content", [content] if content else [])
    _put(entry, "language", _text(item.get("language"))[:40])
    _put(entry, "image", absolute(address, _text(item.get("image")) or _text(item.get("banner_image"))))
    _put(entry, "published", _text(item.get("date_published"))[:100])
    _put(entry, "updated", _text(item.get("date_modified"))[:100])
    _put(entry, "authors", _json_authors(item))
    tags = item.get("tags")
    _put(
        entry,
        "tags",
        [without_emails(_text(tag)[:300]) for tag in tags[:MAX_LIST] if _text(tag)] if isinstance(tags, list) else [],
    )
    files = []
    for one in _items(item, "attachments"):
        size, seconds = one.get("size_in_bytes"), one.get("duration_in_seconds")
        said = {
            "url": absolute(address, _text(one.get("url"))),
            "type": _text(one.get("mime_type")),
            "title": _text(one.get("title"))[:300],
            "size": str(size) if isinstance(size, int) and not isinstance(size, bool) else "",
            "seconds": str(int(seconds)) if isinstance(seconds, int | float) and 0 < seconds < 1e6 else "",
        }
        if said["url"]:
            files.append({name: value for name, value in said.items() if value})
    _put(entry, "files", files)
    return entry


def host(address: str) -> str:
    """The host of an address, "" for none."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
