"""What bytes are: invented ones of each kind, every real file by others, and anything at all."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.detection import best_first, can_read, nature, sniff
from registry.detection.found import SURE, Candidate
from registry.model import Issue
from tests.support import sites

XML = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- a <comment> -->\n'
GITHUB = [{"full_name": "example/r", "html_url": "https://github.com/example/r", "default_branch": "main"}]
GITLAB = [{"path_with_namespace": "example/r", "web_url": "https://gitlab.com/example/r", "default_branch": "main"}]
DISCOVERY = {
    "count": 1, "next": None, "results": [{
        "key": "Inv+ST1", "uuid": "1", "title": "Statistics", "course_runs": [], "owners": [], "level_type": "Basic",
    }],
}  # fmt: skip
MOODLE = {
    "courses": [{"id": 7, "fullname": "Prices", "shortname": "P", "categoryid": 2, "summaryformat": 1}],
    "warnings": [],
}
INVENIO = {"id": "a1", "parent": {"id": "a0"}, "links": {}, "pids": {}, "metadata": {"title": "Slides"}}
JCAL = ["vcalendar", [], [["vevent", [["uid", {}, "text", "1"]], []]]]
RESULTS = '<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head/><results/></sparql>'
SERVICE = "@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .\n[] a sd:Service ; sd:endpoint <https://e.example/q> ."
RDF_XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#">'
    '<dcat:Dataset rdf:about="https://e.example/1"/></rdf:RDF>'
)
RSS1 = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
    "<channel/></rdf:RDF>"
)
LOM = '<lom xmlns="http://ltsc.ieee.org/xsd/LOM"><general/></lom>'
N_TRIPLES = '<https://e.example/1> <http://purl.org/dc/terms/title> "Prices"@en .\n'
COURSE = {"@context": "https://schema.org/", "@type": "Course", "name": "Prices"}
TSV = "Title\tLink\tLevel\nPrices\thttps://e.example/p\tbasic\nMaps\thttps://e.example/m\tbasic\n"
INTERNAL = "Sitzung,Raum,Uhr\n1,Nord,9\n2,Süd,10\n3,West,11\n"


def ods() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    return out.getvalue()


def document() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    return out.getvalue()


KNOWN: list[tuple[str, str | bytes, str, str, str]] = [
    ("OAI-PMH", XML + sites.OAI_HEAD + f"<ListRecords>{sites.dc_record(1)}</ListRecords></OAI-PMH>", "", "oai_pmh", "oai_dc"),
    ("OAI-PMH, an error", sites.OAI_HEAD + '<error code="badVerb"/></OAI-PMH>', "", "oai_pmh", ""),
    ("OAI-PMH with a prefix", '<o:OAI-PMH xmlns:o="http://www.openarchives.org/OAI/2.0/"/>', "", "oai_pmh", ""),
    ("LOM alone", XML + LOM, "", "oai_pmh", "lom"),
    ("RSS 2.0", sites.RSS, "text/html", "feed", "feed"),
    ("RSS 1.0", RSS1, "", "feed", "feed"),
    ("Atom", sites.ATOM, "", "feed", "feed"),
    ("JSON Feed", sites.JSON_FEED, "", "feed", "feed"),
    ("sitemap", sites.sitemap()[1], "", "web_pages", "schemaorg"),
    ("sitemap, packed", gzip.compress(sites.sitemap()[1].encode()), "", "web_pages", "schemaorg"),
    ("sitemap, text", "https://e.example/1\nhttps://e.example/2\n", "", "web_pages", "schemaorg"),
    ("page with a course", sites.course_page(1)[1], "", "web_pages", "schemaorg"),
    ("RDF/XML", XML + RDF_XML, "", "rdf", "dcat"),
    ("RDF/XML with a document type", '<!DOCTYPE rdf:RDF [<!ENTITY d "http://www.w3.org/ns/dcat#">]>' + RDF_XML, "", "rdf", "dcat"),
    ("Turtle", "# invented\n" + sites.CATALOGUE, "", "rdf", "dcat"),
    ("N-Triples", N_TRIPLES, "", "rdf", "rdf"),
    ("N-Triples, packed", gzip.compress(N_TRIPLES.encode()), "", "rdf", "rdf"),
    ("JSON-LD, DCAT", sites.DCAT_JSON, "", "rdf", "dcat"),
    ("JSON-LD, schema.org", json.dumps(COURSE), "", "rdf", "rdf"),
    ("stream", sites.STREAM, "", "ldes", "dcat"),
    ("SPARQL, XML", RESULTS, "", "sparql", ""),
    ("SPARQL, JSON", sites.ASK, "", "sparql", ""),
    ("SPARQL, service", SERVICE, "", "sparql", ""),
    ("iCalendar", sites.CALENDAR, "text/plain", "calendar", "ical"),
    ("iCalendar, UTF-16", sites.CALENDAR.encode("utf-16"), "", "calendar", "ical"),
    ("jCal", json.dumps(JCAL), "", "calendar", "ical"),
    ("CSV", sites.TABLE, "", "table", "table"),
    ("CSV, Windows-1252", sites.TABLE.encode("cp1252"), "", "table", "table"),
    ("TSV", TSV, "", "table", "table"),
    ("CSV of unknown headings, said to be one", INTERNAL, "text/csv", "table", "table"),
    ("XLSX", sites.workbook(), "application/octet-stream", "table", "table"),
    ("ODS", ods(), "", "table", "table"),
    ("XLS", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "Workbook".encode("utf-16-le") + b"\0" * 50, "", "table", "table"),
    ("MOOChub", sites.MOOCHUB, "", "moochub", "moochub"),
    ("AMB", sites.AMB, "", "amb", "amb"),
    ("AMB, line by line", "\n".join(json.dumps(json.loads(sites.AMB)[0]) for _ in range(3)), "", "amb", "amb"),
    ("AMB, a search answer", json.dumps({"hits": {"total": 1, "hits": [{"_source": json.loads(sites.AMB)[0]}]}}), "", "amb", "amb"),
    ("Open edX", sites.OPENEDX, "", "openedx", "openedx"),
    ("Open edX, Discovery", json.dumps(DISCOVERY), "", "openedx", "openedx"),
    ("Moodle", json.dumps(MOODLE), "", "moodle", "moodle"),
    ("Moodle, an error", sites.MOODLE_ERROR, "", "moodle", "moodle"),
    ("Moodle, a page", sites.MOODLE_PAGE, "", "moodle", "moodle"),
    ("Zenodo", sites.ZENODO, "", "zenodo", "zenodo"),
    ("InvenioRDM, one record", json.dumps(INVENIO), "", "zenodo", "zenodo"),
    ("GitHub", json.dumps(GITHUB), "", "git", "git"),
    ("GitHub, a search", json.dumps({"total_count": 1, "items": GITHUB}), "", "git", "git"),
    ("GitLab", json.dumps(GITLAB), "", "git", "git"),
    ("links in Markdown", sites.LINKS, "", "links", "links"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "kind", "protocol", "form"), [k[1:] for k in KNOWN], ids=[k[0] for k in KNOWN])
def test_each_kind_is_known_by_its_content(body: str | bytes, kind: str, protocol: str, form: str) -> None:
    data = body if isinstance(body, bytes) else body.encode()
    found = sniff(data, kind, "https://office.example.org/x")
    assert found and (found[0].protocol, found[0].format) == (protocol, form)
    assert found[0].confidence >= 0.5


@pytest.mark.parametrize(
    ("body", "kind", "what"),
    [
        (b"", "", "0 B"), (b"%PDF-1.7 ...", "", "PDF"), (document(), "", "ZIP"), (b"\x89PNG\r\n\x1a\n", "", "PNG"),
        (b"<gmd:MD_Metadata xmlns:gmd='x'/>", "", "XML <MD_Metadata>"), (b'{"a": 1}', "", "JSON"),
        (b"PREFIX dct: <http://purl.org/dc/terms/>\nSELECT * WHERE { ?s ?p ?o }", "", "text"),
        (b"Dear all, the course is at nine, as ever,\nand it is free.\n", "text/plain", "text/plain"),
        (gzip.compress(b"<html></html>", mtime=0), "", "gzip"), (b"\x1f\x8bbroken", "", "gzip"),
        (b'{"@context": {"name": "http://schema.org/name"}}', "", "JSON"),
    ],
)  # fmt: skip
def test_what_no_harvester_reads_is_none_and_has_a_name(body: bytes, kind: str, what: str) -> None:
    assert sniff(body, kind, "https://office.example.org/x") == []
    assert nature(body, kind) == what


def test_an_endpoint_is_where_its_description_says() -> None:
    found = sniff(SERVICE.encode(), "text/turtle", "https://office.example.org/.well-known/void")
    assert found[0].address == "https://e.example/q"


def test_works_that_may_teach_are_offered_with_the_option_that_reads_them() -> None:
    page = b'<html><script type="application/ld+json">{"@context":"https://schema.org","@type":"CreativeWork","name":"x"}</script></html>'
    found = sniff(page, "text/html", "https://office.example.org/x")
    assert found[0].options == {"types": ["CreativeWork"]}


def test_structured_lists_come_before_news_and_the_given_list_before_all() -> None:
    def one(protocol: str, confidence: float = SURE, source: bool = True) -> Candidate:
        why = Issue("detect-feed", "x")
        return Candidate(
            protocol, "", f"https://e.example/{protocol}", why, confidence, source=why if source else None
        )

    several = [one("feed"), one("links"), one("web_pages"), one("oai_pmh"), one("rdf"), one("calendar"), one("table")]
    ranked = [found.protocol for found in best_first(several)]
    assert ranked == ["oai_pmh", "rdf", "table", "web_pages", "calendar", "feed", "links"]
    assert best_first([*several, one("feed", source=False)], "https://e.example/feed")[0].protocol == "feed"
    assert best_first([one("rdf", 0.25), one("table", 0.8)])[0].protocol == "table"
    assert len(best_first([one("feed", 0.5), one("feed", 0.9)])) == 1


def test_only_harvesters_that_are_there_can_read() -> None:
    assert can_read("oai_pmh") and can_read("table")
    assert not can_read("gopher")


FOLDERS = {
    "amb/dini/raw/*/examples": ("*.json", {"amb"}, 0.98),
    "dcat/semiceu": ("example*.*", {"rdf"}, 1.0),
    "ical": ("*.ics", {"calendar"}, 0.98),
    "ical/icalendar": ("*.jcal", {"calendar"}, 1.0),
    "lom/hs-oer": ("*-example*.xml", {"oai_pmh"}, 0.85),
    "oai-pmh/zenodo": ("list_*.xml", {"oai_pmh"}, 1.0),
    "oai-pmh/sickle": ("*.xml", {"oai_pmh"}, 0.9),
    "oai-pmh/pyoai": ("*.xml", {"oai_pmh"}, 1.0),
    "oai-pmh/eudat": ("*.xml", {"oai_pmh"}, 0.9),
    "openedx": ("*.rss", {"feed"}, 1.0),
    "openedx/mit-learn/raw/test_json": ("test_*mitx_course.json", {"openedx"}, 1.0),
    "web/extruct": ("*.html", {"web_pages"}, 1.0),
    "web/oersi-etl": ("*.xml", {"web_pages"}, 1.0),
    "w3c/rdf-tests": ("*.srx", {"sparql"}, 1.0),
    "w3c/rdf-tests/sparql11": ("*.rdf", {"rdf"}, 1.0),
    "w3c/shacl": ("*.ttl", {"rdf"}, 1.0),
    "git-training": ("*.csv", {"table"}, 1.0),
    "catalogue": ("*.csv", {"table"}, 1.0),
    "truth": ("*.csv", {"table"}, 1.0),
    "matching": ("*.csv", {"table"}, 1.0),
}


def test_real_files_of_others(shared: Path) -> None:
    """Each folder's lists are what they are; files that are no lists (licences, queries, scripts) are none."""
    for folder, (pattern, protocols, share) in FOLDERS.items():
        counts: Counter[str] = Counter()
        for part in (shared / "data").glob(folder):
            for file in part.rglob(pattern):
                body = file.read_bytes()
                found = sniff(body, "", f"/{file.name}") if body.strip() else []
                counts[found[0].protocol if found else nature(body, "") or "none"] += bool(body.strip())
        print(f"{folder} {pattern}: {dict(counts)}")
        right = sum(counts[protocol] for protocol in protocols)
        assert right and right >= share * sum(counts.values()), (folder, counts)


def test_real_files_that_are_no_lists(shared: Path) -> None:
    data = shared / "data"
    for pattern in ("**/SOURCE.txt", "**/LICENSE", "**/*.rq", "**/*.R", "**/*.yml", "**/*.xsd", "**/*.py"):
        files = list(data.glob(pattern))
        wrong = [file for file in files if sniff(file.read_bytes(), "", f"/{file.name}")]
        assert files and not wrong, wrong


PIECES = st.sampled_from([
    b"<", b">", b"<?xml ", b"<!DOCTYPE x [", b"]>", b"<!--", b"-->", b"<rdf:RDF ", b"xmlns:a='", b"<OAI-PMH", b"<metadata>",
    b'{"', b'":', b"[", b"]", b"}", b'"hits"', b'"metadata"', b"@prefix a: <b> .", b"BEGIN:VCALENDAR\n", b"a;b;c\n",
    b"- [a](https://e.example/)\n", b"PK\x03\x04", b"\x1f\x8b\x08", b"\xff\xfe", b"\x00", b"\xed\xa0\x80", b"\n", b" ",
    b"https://[", b"<link rel=alternate href='http://[::'>", b"<base href='http://['>", b"sd:endpoint <http://[>",
])  # fmt: skip


@settings(max_examples=300, deadline=2000)
@given(
    st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=30).map(b"".join)),
    st.sampled_from(["", "text/csv", "x"]),
)
def test_anything_is_something_or_nothing(body: bytes, kind: str) -> None:
    for one in sniff(body, kind, "https://office.example.org/x"):
        assert 0 < one.confidence <= 1
    assert isinstance(nature(body, kind), str)
