"""Real pages by others: every file gives a record or an issue, never a traceback."""

from __future__ import annotations

import json
from collections import Counter

from lxml import html

from harvesters.web_extract import extract
from harvesters.web_repair import read
from harvesters.web_sitemap import kind, locations
from registry.crosswalk import load, values
from registry.crosswalk.base import MapContext
from registry.iris import Iris
from registry.model import Academy, Feed, RawRecord

IRIS = Iris("https://registry.example")
FEED = Feed("f", "a", "web_pages", "https://x.example/")
CONTEXT = MapContext(Academy("a", {"en": "A"}, "https://a.example"), FEED, IRIS, values.load(IRIS, FEED, None))
# Not learning resources, but real descriptions: here they stand for ones.
TYPES = ("CreativeWork", "Event", "MusicEvent", "Product", "Person", "Book", "LocalBusiness", "Restaurant", "BlogPosting",
         "NewsArticle", "MusicRecording", "WebPage", "Review")  # fmt: skip


def test_every_page_is_read(shared):
    folders: dict[str, Counter[str]] = {}
    for file in sorted((shared / "data" / "web").rglob("*.html")):
        count = folders.setdefault(file.parent.name, Counter())
        count["pages"] += 1
        page = extract(file.read_bytes(), f"https://x.example/{count['pages']}", "text/html", TYPES)
        assert extract(file.read_bytes(), page.url, "text/html", TYPES).found == page.found
        for found in page.found:
            record = RawRecord(found.key, found.payload, "application/ld+json", "schemaorg", page.url)
            mapped = load("schemaorg")(record, CONTEXT)
            assert any(p.endswith("schema.org/provider") for _, p, _, _ in mapped.triples)
            count["records"] += 1
            count["triples"] += len(mapped.triples)
            count["issues"] += len(found.issues) + len(mapped.issues)
        count["pages without"] += not page.found
        count["unreadable"] += len(page.unreadable)
        count["page issues"] += len(page.issues)
    for folder, count in folders.items():
        print(folder, dict(count))
    total = sum(folders.values(), Counter())
    assert total["pages"] >= 60 and total["records"] >= 60 and total["unreadable"] == 0
    assert folders["resources"]["records"] >= 3  # material of an OER portal


def test_broken_json_ld_reads_as_others_read_it(shared):
    """Their own reading of the broken blocks (``*.jsonld`` beside the page) is ours."""
    samples = shared / "data" / "web" / "extruct" / "raw" / "tests" / "samples"
    compared = 0
    for file in sorted(samples.glob("*.invalid/*.html")):
        root = html.document_fromstring(file.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))
        blocks = [read(block.text)[0] for block in root.xpath("//script[@type='application/ld+json']")]
        assert blocks == json.loads(file.with_suffix(".jsonld").read_text("utf-8")), file
        compared += 1
    assert compared >= 6


def test_sitemaps_of_others(shared):
    folder = shared / "data" / "web" / "oersi-etl" / "raw" / "src" / "test" / "resources"
    for file in sorted(folder.glob("*sitemap*.xml")):
        body = file.read_bytes()
        found = list(locations(body))
        assert kind(body) == "sitemap" and found and not any(is_map for is_map, _ in found)
        assert all(address.startswith("http") and " " not in address for _, address in found)
