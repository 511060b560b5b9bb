"""What a web page is, and what it says of lists beside it.

``sniff_html`` judges the page alone. ``hints`` lists the addresses that it (or its HTTP headers) names as feeds,
catalogues, calendars, tables, in the order in which they are worth asking. ``about`` is what the page says of the
site. Sources: HTML Living Standard (link types); RFC 8288 (Link); Hydra Core; LDP 1.0; unAPI; sitemaps.org.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from harvesters import rdf_paging
from harvesters.web_extract import decode, extract
from registry.detection.found import LIKELY, Candidate
from registry.model import Issue

MAX_LINKS = 5000
BARE, WORKS_SURE = 0.1, 0.3
# Types that teach on some sites and not on others: only a person can say.
_WORKS = frozenset({"CreativeWork", "HowTo", "VideoObject", "EducationalOccupationalProgram", "PodcastEpisode"})
_HTML = re.compile(
    r"(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,3000}?-->\s*)*"
    r"<(?:!doctype\s+html|html|head|body|title|meta|script|style|div|main|article|p|h1)\b",
    re.IGNORECASE | re.DOTALL,
)
_MOODLE = re.compile(
    r"<meta[^>]{0,100}name=\"keywords\"[^>]{0,50}content=\"moodle|\bM\.cfg\s?=\s?\{|/theme/yui_combo\.php|"
    r"\bclass=\"coursebox\b|MoodleSession|<meta[^>]{0,50}content=\"Moodle",
    re.IGNORECASE,
)
_EDX = re.compile(r"\bdata-?(?:edx|openedx)|\bopenedx\b|/courses/course-v1:|edx-platform|\bedX-(?:app|footer)", re.I)
_INVENIO = re.compile(r"inveniordm|invenio_app_rdm|invenio-app-rdm|/api/records\b", re.IGNORECASE)
# Media types of link elements and headers: the protocol that is expected there.
TYPES: Mapping[str, str] = {
    "application/rss+xml": "feed", "application/atom+xml": "feed", "application/feed+json": "feed",
    "text/calendar": "calendar", "application/calendar+json": "calendar",
    "text/turtle": "rdf", "application/rdf+xml": "rdf", "application/ld+json": "rdf", "application/n-triples": "rdf",
    "application/trig": "rdf", "application/n-quads": "rdf", "text/csv": "table",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "table",
    "application/vnd.oasis.opendocument.spreadsheet": "table", "application/vnd.ms-excel": "table",
    "application/vnd.api+json": "moochub", "application/vnd.moochub+json": "moochub",
    "application/sparql-results+json": "sparql",
}  # fmt: skip
_RELATIONS = frozenset({
    "alternate", "describedby", "meta", "service-desc", "service-doc", "api-catalog", "oai", "sitemap",
    "calendar", "collection", "item", "index", "dataset", "http://www.w3.org/ns/hydra/core#apidocumentation",
    "http://www.w3.org/ns/ldp#resource", "https://w3id.org/tree#view",
})  # fmt: skip
# Addresses of links in the page's text that look like lists: the protocol expected there, its worth.
_ANCHORS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("oai_pmh", re.compile(r"[?&]verb=Identify\b|/oai(?:-?pmh|2d?|2\.php|\.php|/request|handler)?/?(?:\?|$)", re.I)),
    ("ldes", re.compile(r"/(?:ldes|event-?stream)(?:[/.]|$)", re.I)),
    ("moochub", re.compile(r"moochub", re.I)),
    ("openedx", re.compile(r"/api/courses/v1/courses|/api/v1/(?:course_runs|search/all)|/api/v1/courses/", re.I)),
    ("rdf", re.compile(r"\.(?:ttl|jsonld|rdf|nt|nq|trig)(?:\.gz)?$|/catalog\.xml$|/\.well-known/void$", re.I)),
    ("amb", re.compile(r"amb[^/]{0,30}\.jsonl?$|\.(?:jsonl|ndjson)(?:\.gz)?$", re.I)),
    ("zenodo", re.compile(r"//zenodo\.org/communities/[^/?#]+/?$|/api/records(?:\?|$)", re.I)),
    ("sparql", re.compile(r"/sparql/?(?:\?|$)", re.I)),
    ("table", re.compile(r"\.(?:csv|tsv|xlsx|xlsm|xlsb|xls|ods)$", re.I)),
    ("git", re.compile(r"^https://(?:github\.com|gitlab\.com|codeberg\.org)/[\w.-]+/[\w.-]+/?$|\.git/?$", re.I)),
    ("calendar", re.compile(r"^webcals?:|\.(?:ics|ical)$|[?&](?:ical|format=ics|outlook-ical)=?", re.I)),
    ("feed", re.compile(r"\.(?:rss|atom)$|/(?:rss|atom|feed)(?:\.xml|\.json)?/?$", re.I)),
)  # fmt: skip
_COURSES = re.compile(r"cours|train|learn|lesson|event|catalog|formation|lecci|forma[cç]|kurs|data|open|json|export",
                      re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hint:
    """An address worth asking, the protocol that is expected there ("": any), and how it was come by."""

    address: str
    expects: str
    why: Issue


def is_html(start: str) -> bool:
    """Whether a text begins as a web page does."""
    return _HTML.match(start.lstrip("\ufeff \t\r\n")) is not None


def sniff_html(body: bytes, content_type: str, address: str) -> list[Candidate]:
    """A page as a source of its own: what it says to machines, and which platform made it."""
    text = body[:2_000_000].decode("utf-8", "replace")
    page = extract(body, address, content_type)
    found = []
    if page.found or page.unreadable:
        count = str(len(page.found) or len(page.unreadable))
        found.append(Candidate("web_pages", "schemaorg", address, Issue("detect-page", address, count), LIKELY))
    elif works := sorted(_WORKS & page.other_types):
        why = Issue("detect-page-works", address, ", ".join(works))
        found.append(Candidate("web_pages", "schemaorg", address, why, WORKS_SURE, {"types": works}))
    else:
        found.append(Candidate("web_pages", "schemaorg", address, Issue("detect-page-plain", address), BARE))
    if _MOODLE.search(text):
        # A category of a Moodle is a list of its own.
        site = address if "categoryid=" in address else moodle_site(address)
        found.append(Candidate("moodle", "moodle", site, Issue("detect-moodle-page", site), 0.6))
    return found


def moodle_site(address: str) -> str:
    """The address of a Moodle from that of one of its pages."""
    plain = re.sub(r"[?#].*$", "", address)
    return re.sub(
        r"/(?:course|login|my|mod|local|user|webservice|blocks|theme|admin|lib|index\.php)(?:/.*)?$", "/", plain
    )


def platforms(body: bytes) -> list[str]:
    """Platforms that a page shows marks of, as protocols."""
    text = body[:2_000_000].decode("utf-8", "replace")
    marks = (("moodle", _MOODLE), ("openedx", _EDX), ("zenodo", _INVENIO))
    return [protocol for protocol, mark in marks if mark.search(text)]


def _tree(body: bytes, content_type: str) -> etree._Element | None:
    text, _ = decode(body[:5_000_000], content_type)
    try:
        return html.document_fromstring(re.sub(r"^\s*<\?xml[^>]{0,200}>", "", text))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, RecursionError):
        return None


def header_hints(headers: Mapping[str, str], here: str) -> list[Hint]:
    """What HTTP Link headers name."""
    found = []
    for written, relations, kind in rdf_paging.links(headers):
        address = _absolute(here, written)
        why = Issue("detect-by-header", address, " ".join(relations)[:100])
        if address and "next" not in relations and (_RELATIONS & set(relations)) and _useful(kind, relations):
            found.append(Hint(address, TYPES.get(kind, ""), why))
    return found


def _useful(kind: str, relations: list[str]) -> bool:
    """Whether a link may lead to a list: pages in other languages, print views and the like do not."""
    if kind in ("text/html", "application/xhtml+xml", "application/json+oembed", "text/xml+oembed"):
        return False
    return bool(kind) or not {"alternate", "item", "index", "collection"} & set(relations)


def hints(body: bytes, content_type: str, here: str) -> list[Hint]:
    """What a page's head and text name, head first."""
    tree = _tree(body, content_type)
    if tree is None:
        return []
    base = _absolute(here, next((str(one) for one in tree.xpath("//base/@href")), "")) or here
    found = []
    for link in tree.iter("link"):
        relations = ["oai" if one.startswith("oai") else one for one in (link.get("rel") or "").lower().split()]
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        address = _absolute(base, link.get("href") or "")
        if not address or not _RELATIONS & set(relations) or not _useful(kind, relations):
            continue
        if link.get("hreflang") and kind not in TYPES:
            continue
        if "comments" in address and kind in ("application/rss+xml", "application/atom+xml"):
            continue
        expects = "web_pages" if "sitemap" in relations else "oai_pmh" if "oai" in relations else ""
        why = Issue("detect-by-link", address, (kind or " ".join(relations))[:100])
        found.append(Hint(address, TYPES.get(kind, expects), why))
    return _distinct([*found, *_anchors(tree, base)])


def _anchors(tree: etree._Element, base: str) -> list[Hint]:
    """Links of the page's text that look like lists, those of the likelier kinds first."""
    found: list[tuple[int, int, Hint]] = []
    for number, anchor in enumerate(tree.iter("a")):
        if number >= MAX_LINKS:
            break
        written = (anchor.get("href") or "").strip()
        address = _absolute(base, written)
        if not address:
            continue
        plain = address.partition("#")[0]
        path = urlsplit(plain).path
        for rank, (protocol, pattern) in enumerate(_ANCHORS):
            if pattern.search(written) or pattern.search(plain) or pattern.search(path):
                words = " ".join("".join(anchor.itertext()).split())[:100]
                telling = 0 if _COURSES.search(f"{plain} {words}") else 1
                found.append((telling, rank, Hint(plain, protocol, Issue("detect-by-anchor", plain, words or path))))
                break
    return [hint for _, _, hint in sorted(found, key=lambda one: one[:2])]


def _absolute(base: str, written: str) -> str:
    """An http address, from one that may be relative or ``webcal:``; "" for any other."""
    written = re.sub(r"^webcal(s?):", r"http\1:", written.strip(), flags=re.IGNORECASE)
    if not written:
        return ""
    try:
        address = urljoin(base, written)
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return address if good and "@" not in parts.netloc and len(address) < 2000 else ""


def _distinct(found: list[Hint]) -> list[Hint]:
    kept: dict[str, Hint] = {}
    for one in found:
        kept.setdefault(one.address, one)
    return list(kept.values())


def about(body: bytes, content_type: str) -> dict[str, str]:
    """What a page says of its site: ``name``, ``language``, ``licence``; only what it states."""
    tree = _tree(body, content_type)
    if tree is None:
        return {}
    site = _meta(tree, "og:site_name") or _meta(tree, "application-name") or _meta(tree, "og:title")
    title = site or " ".join(str(tree.findtext(".//title") or "").split())
    language = (tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "").strip()
    licences = [str(one) for one in tree.xpath("//link[@rel='license']/@href")]
    said = {"name": title[:200], "language": language, "licence": licences[0] if len(set(licences)) == 1 else ""}
    return {key: value for key, value in said.items() if value}


def _meta(tree: etree._Element, name: str) -> str:
    for one in tree.iter("meta"):
        if name in (one.get("property"), one.get("name")):
            return " ".join((one.get("content") or "").split())
    return ""
