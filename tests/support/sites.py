"""Invented sites on loopback, one for each way in which an academy may offer its list; a log of what was asked."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from openpyxl import Workbook

Page = tuple[str, str | bytes]
HTML = "text/html; charset=utf-8"


@dataclass
class Site:
    """Pages by path with query, then by path: (media type, body), an int for a status. ``{root}`` is the address."""

    pages: Mapping[str, Page | int]
    headers: Mapping[str, str] = field(default_factory=dict)
    otherwise: Page | int = 404
    root: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, str, bytes]:
        found = self.pages.get(path, self.pages.get(path.partition("?")[0], self.otherwise))
        if isinstance(found, int):
            return found, "text/plain", b"no"
        kind, body = found
        return 200, kind, body if isinstance(body, bytes) else body.replace("{root}", self.root).encode()


@contextmanager
def served(site: Site) -> Iterator[str]:
    """The site's address while it is served."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            status, kind, body = site.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if self.path == "/":
                for name, value in site.headers.items():
                    self.send_header(name, value.replace("{root}", site.root))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.do_GET()

        def log_message(self, *args: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.root = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site.root
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def home(body: str = "", head: str = "") -> Page:
    """A first page of an invented office."""
    return (
        HTML,
        f'<!doctype html><html lang="fr"><head><title>Accueil – Office inventé</title>'
        f'<meta property="og:site_name" content="Office statistique inventé">{head}</head>'
        f"<body><h1>Formations</h1>{body}</body></html>",
    )


OAI_HEAD = (
    '<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
    "<responseDate>2026-01-01T00:00:00Z</responseDate><request>{root}/oai</request>"
)
IDENTIFY = OAI_HEAD + (
    "<Identify><repositoryName>Invented Repository</repositoryName><baseURL>{root}/oai</baseURL>"
    "<protocolVersion>2.0</protocolVersion><adminEmail>a@example.org</adminEmail>"
    "<earliestDatestamp>2020-01-01T00:00:00Z</earliestDatestamp><deletedRecord>no</deletedRecord>"
    "<granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify></OAI-PMH>"
)
FORMATS = OAI_HEAD + (
    "<ListMetadataFormats><metadataFormat><metadataPrefix>oai_dc</metadataPrefix><schema>x</schema>"
    "<metadataNamespace>http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace></metadataFormat>"
    "</ListMetadataFormats></OAI-PMH>"
)


def dc_record(number: int) -> str:
    """One entry of an invented repository."""
    return (
        f"<record><header><identifier>oai:example.org:{number}</identifier><datestamp>2026-01-01T00:00:00Z</datestamp>"
        '</header><metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Sampling, part {number}</dc:title>'
        "<dc:description>How to draw a sample of enterprises from a register.</dc:description>"
        f"<dc:identifier>https://example.org/sampling/{number}</dc:identifier><dc:language>en</dc:language>"
        "<dc:type>course</dc:type></oai_dc:dc></metadata></record>"
    )


def oai_pages(base: str = "/oai", records: int = 3) -> dict[str, Page | int]:
    """The answers of an invented repository."""
    listed = "".join(dc_record(number) for number in range(1, records + 1))
    xml = "text/xml"
    return {
        f"{base}?verb=Identify": (xml, IDENTIFY),
        f"{base}?verb=ListMetadataFormats": (xml, FORMATS),
        f"{base}?verb=ListRecords&metadataPrefix=oai_dc": (
            xml, f"{OAI_HEAD}<ListRecords>{listed}</ListRecords></OAI-PMH>",
        ),
        base: (xml, f'{OAI_HEAD}<error code="badVerb">none</error></OAI-PMH>'),
    }  # fmt: skip


def course_page(number: int) -> Page:
    """A page that describes a course to machines."""
    course = {
        "@context": "https://schema.org", "@type": "Course", "@id": f"{{root}}/courses/{number}", "name": f"R {number}",
        "description": "Reading a table, joining it with another, drawing a first chart.", "inLanguage": "en",
        "url": f"{{root}}/courses/{number}",
    }  # fmt: skip
    block = f'<script type="application/ld+json">{json.dumps(course)}</script>'
    return HTML, f"<!doctype html><html><head><title>R {number}</title>{block}</head><body>x</body></html>"


def sitemap(count: int = 4) -> Page:
    """A sitemap of pages of courses and of others."""
    places = ["/imprint", *(f"/courses/{number}" for number in range(1, count + 1))]
    listed = "".join(f"<url><loc>{{root}}{place}</loc></url>" for place in places)
    return "application/xml", f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</urlset>'


RSS = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Invented news</title><link>{root}/</link>'
    "<language>fr</language><description>x</description>"
    + "".join(
        f"<item><title>Atelier {n}</title><link>{{root}}/n/{n}</link><guid>{{root}}/n/{n}</guid>"
        f"<description>Un atelier sur les indices de prix, séance {n}.</description></item>"
        for n in (1, 2)
    )
    + "</channel></rss>"
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Invented notes</title><id>{root}/</id>'
    "<updated>2026-01-01T00:00:00Z</updated><entry><title>Index numbers</title><id>{root}/a/1</id>"
    '<link href="{root}/a/1"/><updated>2026-01-01T00:00:00Z</updated><summary>On price indices.</summary></entry></feed>'
)
JSON_FEED = json.dumps({
    "version": "https://jsonfeed.org/version/1.1", "title": "Invented list", "language": "en",
    "items": [{"id": "1", "url": "{root}/j/1", "title": "Maps", "content_text": "Drawing maps of regions."}],
})  # fmt: skip
CALENDAR = "\r\n".join([
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN", "X-WR-CALNAME:Invented dates", "BEGIN:VEVENT",
    "UID:1@example.org", "DTSTAMP:20260101T000000Z", "DTSTART:20260301T090000Z", "DTEND:20260301T110000Z",
    "SUMMARY:Sampling in practice", "DESCRIPTION:Two hours on stratified samples.", "URL:https://example.org/e/1",
    "END:VEVENT", "END:VCALENDAR", "",
])  # fmt: skip
CATALOGUE = (
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    '<{root}/c> a dcat:Catalog ; dct:title "Invented catalogue"@en ; dcat:dataset <{root}/d/1>, <{root}/d/2> .\n'
    '<{root}/d/1> a dcat:Dataset ; dct:title "National accounts course"@en ; dct:description "Eight sessions."@en ;\n'
    "  dcat:landingPage <{root}/d/1.html> .\n"
    '<{root}/d/2> a dcat:Dataset ; dct:title "Prices course"@en ; dct:description "Four sessions."@en .\n'
)
DCAT_JSON = json.dumps({
    "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"},
    "@id": "{root}/c", "@type": "dcat:Catalog", "dct:title": "Invented catalogue",
    "dcat:dataset": [{"@id": "{root}/d/1", "@type": "dcat:Dataset", "dct:title": {"@value": "Prices", "@language": "en"}}],
})  # fmt: skip
STREAM = (
    "@prefix ldes: <https://w3id.org/ldes#> . @prefix tree: <https://w3id.org/tree#> .\n"
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
    "<{root}/ldes> a ldes:EventStream ; ldes:timestampPath dct:modified ; ldes:versionOfPath dct:isVersionOf ;\n"
    "  tree:view <{root}/ldes> ; tree:member <{root}/m/1> .\n"
    '<{root}/m/1> a dcat:Dataset ; dct:isVersionOf <{root}/d/1> ; dct:title "Prices"@en ;\n'
    '  dct:modified "2026-01-01T00:00:00Z"^^xsd:dateTime .\n'
)
TABLE = "Titre;Adresse;Durée;Niveau\nStatistique avec R;https://example.org/r;2 jours;Débutant\nSAS;https://example.org/s;3 h;Avancé\n"
ASK = json.dumps({"head": {}, "boolean": True})
MOOCHUB = json.dumps({
    "jsonapi": {"version": "1.0"}, "links": {"self": "{root}/moochub", "first": "{root}/moochub", "last": "{root}/moochub"},
    "data": [{
        "type": "Course", "id": "mooc-1", "attributes": {
            "name": "Open data for all", "courseCode": "od1", "courseMode": ["Online"], "inLanguage": ["en"],
            "url": "{root}/mooc/1", "description": "Four weeks.", "startDate": ["2026-03-01T00:00:00+00:00"],
            "moocProvider": {"name": "Invented", "url": "{root}"}, "license": [{"identifier": "CC-BY-4.0"}],
        },
    }],
})  # fmt: skip
AMB = json.dumps([{
    "@context": ["https://w3id.org/kim/amb/context.jsonld", {"@language": "de"}], "id": "https://example.org/amb/1",
    "type": ["LearningResource"], "name": "Statistik lesen", "inLanguage": ["de"],
}])  # fmt: skip
OPENEDX = json.dumps({
    "results": [{
        "blocks_url": "{root}/api/courses/v2/blocks/?course_id=course-v1:Inv+ST1+2026", "effort": "02:00", "end": None,
        "enrollment_start": None, "id": "course-v1:Inv+ST1+2026", "course_id": "course-v1:Inv+ST1+2026",
        "name": "Statistics one", "number": "ST1", "org": "Inv", "pacing": "self", "mobile_available": False,
        "short_description": "First steps.", "start": "2026-02-01T00:00:00Z", "start_display": "Feb 1",
        "start_type": "timestamp", "hidden": False, "invitation_only": False, "media": {},
    }],
    "pagination": {"next": None, "previous": None, "count": 1, "num_pages": 1},
})  # fmt: skip
MOODLE_ERROR = json.dumps({
    "exception": "moodle_exception", "errorcode": "invalidtoken", "message": "Invalid token - token not found",
})  # fmt: skip
MOODLE_PAGE = (
    '<!doctype html><html lang="fr"><head><title>Plateforme</title><meta name="keywords" content="moodle, Plateforme">'
    '<script>var M = {}; M.cfg = {"wwwroot":"{root}"};</script></head><body id="page-course-index">'
    '<div class="courses"><div class="coursebox clearfix" data-courseid="7" data-type="1"><div class="info">'
    '<h3 class="coursename"><a class="aalink" href="{root}/course/view.php?id=7">Indices de prix</a></h3></div>'
    '<div class="content"><div class="summary"><p>Construire un indice.</p></div></div></div></div></body></html>'
)
ZENODO = json.dumps({
    "hits": {"total": 1, "hits": [{
        "id": 42, "conceptrecid": "41", "doi": "10.5072/42", "links": {"self": "{root}/api/records/42"},
        "metadata": {"title": "Slides on sampling", "description": "Slides.", "resource_type": {"type": "lesson"},
                     "publication_date": "2026-01-01", "access_right": "open"},
    }]},
    "links": {"self": "{root}/api/records"},
})  # fmt: skip
LINKS = "# Awesome official statistics\n\n## Courses\n\n" + "".join(
    f"- [Course {n}](https://example.org/l/{n}) - about subject {n}\n" for n in range(1, 8)
)


def workbook() -> bytes:
    """A workbook with a title line above its headings."""
    book = Workbook()
    sheet = book.active
    for row in (
        ["Catalogue 2026"],
        [],
        ["Titre", "Adresse", "Durée"],
        ["Enquêtes", "https://example.org/q", "2 jours"],
    ):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# kind: (site, protocol that is found first, path of the list's address)
SITES: dict[str, tuple[Site, str, str]] = {
    "a repository linked in the text": (
        Site({"/": home('<a href="/oai?verb=Identify">Notices pour les machines</a>'), **oai_pages()}), "oai_pmh", "/oai"),
    "a repository at a well-known place": (Site({"/": home(), **oai_pages("/oai/request")}), "oai_pmh", "/oai/request"),
    "a repository, its address as people copy it": (Site(oai_pages("/oai")), "oai_pmh", "/oai"),
    "RSS in the head": (
        Site({"/": home(head='<link rel="alternate" type="application/rss+xml" href="/news.xml">'),
              "/news.xml": ("application/rss+xml", RSS)}), "feed", "/news.xml"),
    "Atom in the head, as XML": (
        Site({"/": home(head='<link rel="alternate" type="application/atom+xml" href="notes">'),
              "/notes": ("application/xml", ATOM)}), "feed", "/notes"),
    "JSON Feed": (
        Site({"/": home(head='<link rel="alternate" type="application/feed+json" href="/feed.json">'),
              "/feed.json": ("application/json", JSON_FEED)}), "feed", "/feed.json"),
    "a calendar to subscribe to": (
        Site({"/": home('<a href="/agenda?format=ics">Agenda</a>'), "/agenda?format=ics": ("text/plain", CALENDAR)}),
        "calendar", "/agenda?format=ics"),
    "a sitemap in robots.txt": (
        Site({"/": home(), "/robots.txt": ("text/plain", "User-agent: *\nSitemap: {root}/map.xml\n"), "/map.xml": sitemap(),
              **{f"/courses/{n}": course_page(n) for n in range(1, 5)}, "/imprint": home()}), "web_pages", "/map.xml"),
    "a sitemap where they usually are": (
        Site({"/": home(), "/sitemap.xml": sitemap(2), "/courses/1": course_page(1), "/courses/2": course_page(2),
              "/imprint": home()}), "web_pages", "/sitemap.xml"),
    "a page that describes a course": (Site({"/": course_page(1)}), "web_pages", "/"),
    "a catalogue in a Link header": (
        Site({"/": home(), "/data/all": ("text/turtle", CATALOGUE)},
             {"Link": '</data/all>; rel="describedby"; type="text/turtle"'}), "rdf", "/data/all"),
    "a catalogue at a well-known place, JSON-LD": (
        Site({"/": home(), "/catalog.jsonld": ("application/ld+json", DCAT_JSON)}), "rdf", "/catalog.jsonld"),
    "a stream of changes linked in the text": (
        Site({"/": home('<a href="/ldes">Flux</a>'), "/ldes": ("text/turtle", STREAM)}), "ldes", "/ldes"),
    "an endpoint for queries": (
        Site({"/": home('<a href="/sparql">Requêtes</a>'),
              "/sparql?query=ASK%7B%3Fs%20%3Fp%20%3Fo%7D": ("application/sparql-results+json", ASK)}), "sparql", "/sparql"),
    "a table linked in the text": (
        Site({"/": home('<a href="liste.csv">La liste des cours</a>'), "/liste.csv": ("application/octet-stream", TABLE)}),
        "table", "/liste.csv"),
    "a workbook behind an address without an ending": (
        Site({"/": home('<a href="/x.xlsx">Catalogue</a>'), "/x.xlsx": (XLSX, workbook())}), "table", "/x.xlsx"),
    "MOOChub": (Site({"/": home(), "/moochub": ("application/vnd.api+json", MOOCHUB)}), "moochub", "/moochub"),
    "AMB": (Site({"/": home('<a href="/amb.json">Materialien</a>'), "/amb.json": ("application/json", AMB)}),
            "amb", "/amb.json"),
    "Open edX": (
        Site({"/": home(), "/api/courses/v1/courses/": ("application/json", OPENEDX)}),
        "openedx", "/api/courses/v1/courses/"),
    "Moodle, a page": (Site({"/": (HTML, MOODLE_PAGE), "/course/index.php": (HTML, MOODLE_PAGE)}), "moodle", "/"),
    "Moodle, its web services": (
        Site({"/": home(), "/webservice/rest/server.php": ("application/json", MOODLE_ERROR)}), "moodle", "/"),
    "InvenioRDM": (Site({"/": home(), "/api/records": ("application/json", ZENODO)}), "zenodo", "/api/records"),
    "a repository of lessons": (
        Site({"/": home('<a href="https://github.com/example/lessons-r">Sources</a>')}), "git",
        "https://github.com/example/lessons-r"),
}  # fmt: skip
