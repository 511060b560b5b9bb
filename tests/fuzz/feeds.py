"""The lists that are fuzzed: one row for each (protocol, format, fixture).

A new protocol is one ``Row`` more; a test fails while a protocol that can be loaded has none. ``pages`` are answers
by path and query below ``SITE``; a page under ``ANY`` answers what no other does. ``{base}`` in a page stands for
the site.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pyoxigraph as ox

from registry.model import Issue
from registry.net import Fetched, NetError
from tests.support.moodle_site import TOKEN, Site
from tests.support.sparql_store import Store

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
SITE = "https://list.office.example"
ANY = "*"
Pages = dict[str, tuple[str, bytes]]
"""{path and query: (media type, body)}."""

JSON, XML, TURTLE, LD = "application/json", "text/xml; charset=utf-8", "text/turtle", "application/ld+json"


@dataclass(frozen=True)
class Row:
    """One list: how it is read, what it is made of, in which way it is broken (``mutate.apply``).

    ``pages`` are answers by address, ``folder`` files beside one another, ``live`` something with ``get`` and
    ``post`` that works out its answers.
    """

    protocol: str
    format: str
    kind: str
    pages: Callable[[], Pages]
    start: str = "/feed"
    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    feed: Mapping[str, Any] = field(default_factory=dict)
    folder: Callable[[], Mapping[str, bytes]] | None = None
    live: Callable[[], Any] | None = None
    token: str = ""

    @property
    def id(self) -> str:
        return "-".join(part for part in (self.protocol, self.format, self.name) if part)


def one(path: str, media: str, start: str = "/feed") -> Callable[[], Pages]:
    """A list of one document."""
    return lambda: {start: (media, (GOLDEN / path).read_bytes())}


def several(media: str, **more: str) -> Callable[[], Pages]:
    """A list of several documents: path and query by the file's path."""
    return lambda: {path: (media, (GOLDEN / file).read_bytes()) for path, file in more.items()}


OAI = '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{}</OAI-PMH>'
FORMATS = {
    "oai_dc": ("oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc/"),
    "lom": ("oai_lom", "http://ltsc.ieee.org/xsd/LOM"),
    "datacite": ("oai_datacite", "http://schema.datacite.org/oai/oai-1.1/"),
    "mods": ("mods", "http://www.loc.gov/mods/v3"),
    "rdf": ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
}


def oai(form: str) -> Callable[[], Pages]:
    """A repository that lists one page in one format, and two in Dublin Core."""

    def pages() -> Pages:
        feed = GOLDEN / "oai_pmh" / "feed"
        prefix, space = FORMATS[form]
        entry = f"<metadataFormat><metadataPrefix>{prefix}</metadataPrefix><metadataNamespace>{space}</metadataNamespace></metadataFormat>"
        identify = OAI.format(
            "<Identify><repositoryName>R</repositoryName><deletedRecord>persistent</deletedRecord>"
            "<granularity>YYYY-MM-DD</granularity></Identify>"
        )
        if form == "oai_dc":
            first, second = (feed / "page1.xml").read_bytes(), (feed / "page2.xml").read_bytes()
        elif form == "rdf":
            record = (GOLDEN / "rdf" / "oai-record.xml").read_text("utf-8")
            first = second = OAI.format(f"<ListRecords>{record}</ListRecords>").encode()
        else:
            first = second = (GOLDEN / form / "page.xml").read_bytes()
        found = {
            "?verb=Identify": identify.encode(),
            "?verb=ListMetadataFormats": OAI.format(f"<ListMetadataFormats>{entry}</ListMetadataFormats>").encode(),
            "?verb=ListRecords": first,
            "?verb=ListRecords&resumptionToken": second,
        }
        return {"/oai" + query: (XML, body) for query, body in found.items()}

    return pages


def site() -> Pages:
    """A web site with its robots.txt and sitemaps."""
    folder = GOLDEN / "web_pages" / "site"
    kinds = {".html": "text/html; charset=utf-8", ".xml": "application/xml", ".txt": "text/plain"}
    found = {
        f"/{file.relative_to(folder).as_posix()}": (
            kinds[file.suffix],
            file.read_bytes().replace(b"{root}", b"{base}"),
        )
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    return {"/": ("text/html", b'<html><a href="/courses/index.html">courses</a></html>'), **found}


ROWS_OF_TABLE = (
    ["Title", "URL", "Description", "Language", "Start", "End", "Duration", "Level", "Licence", "Contact", "Keywords", "Odd"],
    ["Sampling", "https://office.example/s", "Frames & designs", "en", "2025-03-01", "2025-03-02", "2 days", "Beginner", "CC BY 4.0",
     "jane@office.example", "sampling; frames", "x"],
    ["Édition et imputation", "http://intranet/c/2", "=HYPERLINK(\"http://intranet/x\")", "fr", "12/04/2025", "", "3 h", "Avancé", "libre", "", "a|b", ""],
    ["", "https://office.example/t", "no title", "xx", "soon", "later", "long", "?", "?", "?", "", "7"],
)  # fmt: skip


def csv() -> Pages:
    rows = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in ROWS_OF_TABLE)
    return {"/list.csv": ("text/csv", rows.encode())}


def workbook() -> Pages:
    book = openpyxl.Workbook()
    for row in ROWS_OF_TABLE:
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.create_sheet("2025").append(["Titre", "Durée"])
    content = io.BytesIO()
    book.save(content)
    return {"/list.xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", content.getvalue())}


def lesson(name: str) -> Callable[[], Mapping[str, bytes]]:
    """The files of a repository, read as a folder."""
    root = GOLDEN / "git" / "repositories" / name
    return lambda: {
        str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()
    }


def nothing() -> Pages:
    """No page: what is read lies in a folder."""
    return {}


def endpoint() -> Any:
    """A SPARQL endpoint over a small store."""
    return Ordered(recorded())


@cache
def recorded() -> ox.Store:
    """The store, loaded once: nameless nodes have other labels each time."""
    data = ox.Store()
    data.load((GOLDEN / "sparql" / "store" / "training.ttl").read_bytes(), ox.RdfFormat.TURTLE)
    return data


class Ordered(Store):
    """An endpoint whose answers have their lines in the same order each time, so that a fault hits the same."""

    def _answer(self, way: str, query: str, url: str, sent: Mapping[str, Any]) -> Fetched:
        found = super()._answer(way, query, url, sent)
        return found if found.body[:1] == b"{" else replace(found, body=b"\n".join(sorted(found.body.splitlines())))


@dataclass
class Services:
    """Moodle's web services as a fetcher."""

    site: Site

    def get(self, url: str) -> Fetched:
        return self._answer("GET", url, b"")

    def post(self, url: str, body: bytes, *, content_type: str) -> Fetched:
        return self._answer("POST", url, body)

    def _answer(self, method: str, url: str, body: bytes) -> Fetched:
        status, headers, found = self.site.answer(method, url.removeprefix(SITE), body.decode(), {})
        if status >= 300:
            said = (("status", str(status)), ("url", url[:300]))
            raise NetError(Issue("net-status", url[:300], str(status), said), status)
        return Fetched(status, url, {name.lower(): value for name, value in headers.items()}, found)


def services() -> Services:
    """A Moodle that is asked with a token."""
    folder = GOLDEN / "moodle" / "token" / "feed"
    site, courses, categories = (
        json.loads((folder / f"{name}.json").read_bytes()) for name in ("site", "courses", "categories")
    )
    functions = {"core_webservice_get_site_info": site, "core_course_get_courses_by_field": courses,
                 "core_course_get_categories": categories}  # fmt: skip
    return Services(Site(functions, base=SITE))


def stream() -> Pages:
    """A stream of changes, as at its third visit."""
    kinds = {".trig": "application/trig", ".jsonld": LD, ".nq": "application/n-quads"}
    names = {"/feed": "3-root.trig", "/feed/2026-01": "1-january.trig", "/feed/2026-02": "2-february.jsonld",
             "/feed/2026-03": "3-march.nq"}  # fmt: skip
    folder = GOLDEN / "ldes" / "feed"
    return {
        path: (kinds[Path(name).suffix], (folder / name).read_bytes().replace(b"http://academy.example", b"{base}"))
        for path, name in names.items()
    }


EDX, DISCOVERY = "/api/courses/v1/courses/", "/api/v1/courses/"
EDX_PAGES = {
    f"{EDX}?page_size=100": "page1", f"{EDX}?page=2&page_size=100": "page2", f"{EDX}course-v1:ESO+CPI101+2025/": "cpi",
    f"{EDX}course-v1:ESO+R200+always/": "r", f"{EDX}ESO/SAMP/2013/": "samp",
}  # fmt: skip
INDEX = "/course/index.php"
MOODLE = {
    INDEX: "top", f"{INDEX}?categoryid=2": "cat2", f"{INDEX}?categoryid=2&browse=courses&perpage=20&page=1": "cat2b",
    f"{INDEX}?categoryid=3": "cat3", f"{INDEX}?categoryid=8": "cat8", "/course/info.php?id=22": "info22",
    "/course/info.php?id=41": "info41",
}  # fmt: skip
DCAT = {"/feed": "dcat/feed/page1.ttl", "/feed?page=2": "dcat/feed/page2.jsonld", "/feed/three": "dcat/feed/three.rdf"}
AMB = {"/amb/page1.json": "amb/feed/page1.json", "/amb/page2.json": "amb/feed/page2.json"}
MOOCHUB = {"/courses?page=1": "moochub/feed/page1.json", "/courses?page=2": "moochub/feed/page2.json"}
ZENODO = "/api/records?size=25&all_versions=true&communities=office"
ZENODO2 = "/api/records?all_versions=true&communities=office&page=2&size=25"

ROWS = (
    *(Row("oai_pmh", form, "xml", oai(form), "/oai", feed={"language": "es"}) for form in FORMATS),
    Row("amb", "amb", "json", several(JSON, **AMB), "/amb/page1.json"),
    Row("moochub", "moochub", "json", several("application/vnd.api+json; moochub-version=3.0", **MOOCHUB), "/courses?page=1"),
    Row("moochub", "moochub", "json", one("moochub/feed2/courses.json", JSON), name="2.1"),
    Row("zenodo", "zenodo", "json", several(JSON, **{ZENODO: "zenodo/feed/page1.json", ZENODO2: "zenodo/feed/page2.json"}), "/",
        options={"communities": "office", "all_versions": True}),
    Row("feed", "feed", "xml", one("feed/news.rss", "application/rss+xml"), name="rss"),
    Row("feed", "feed", "xml", one("feed/notes.atom", "application/atom+xml"), name="atom"),
    Row("feed", "feed", "json", one("feed/list.json", "application/feed+json"), name="json"),
    Row("calendar", "ical", "lines", one("calendar/academy.ics", "text/calendar")),
    Row("links", "links", "text", one("links/list.md", "text/markdown")),
    Row("table", "table", "text", csv, "/list.csv", name="csv"),
    Row("table", "table", "zip", workbook, "/list.xlsx", name="xlsx"),
    Row("web_pages", "schemaorg", "text", site, "/"),
    Row("rdf", "dcat", "turtle", several(TURTLE, **{"/feed": DCAT["/feed"]}), name="turtle"),
    Row("rdf", "dcat", "xml", one("dcat/feed/three.rdf", "application/rdf+xml"), name="xml"),
    Row("rdf", "rdf", "json", one("rdf/feed/courses.jsonld", LD)),
    Row("openedx", "openedx", "json", several(JSON, **{path: f"openedx/lms/feed/{name}.json" for path, name in EDX_PAGES.items()}), "/",
        options={"detail": True}, name="lms"),
    Row("openedx", "openedx", "json", several(JSON, **{DISCOVERY: "openedx/discovery/feed/page1.json",
        f"{DISCOVERY}?limit=20&offset=20": "openedx/discovery/feed/page2.json"}), DISCOVERY, name="discovery"),
    Row("moodle", "moodle", "json", nothing, "/", live=services, token=TOKEN, options={"contacts": True}, name="token"),
    Row("moodle", "moodle", "text", several("text/html; charset=utf-8", **{path: f"moodle/pages/feed/{name}.html" for path, name in MOODLE.items()}),
        "/", name="pages"),
    Row("ldes", "dcat", "turtle", stream),
    Row("sparql", "rdf", "turtle", nothing, "/sparql", live=endpoint),
    *(Row("git", "git", "text", nothing, folder=lesson(name), name=name)
      for name in ("sampling-lesson", "quality-handbook", "enquetes")),
)  # fmt: skip
