"""The sample feeds: how many, how mixed, what changes between the editions, and that all of it is served."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from lxml import etree, html

from examples import make_workbooks, serve_feeds
from harvesters import base
from registry import academies
from registry.model import Academy, Feed

FOLDER = Path(serve_feeds.__file__).parent
OAI = "{http://www.openarchives.org/OAI/2.0/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def server() -> Iterator[serve_feeds.Server]:
    with serve_feeds.start() as running:
        yield running


def _academies(server: serve_feeds.Server) -> dict[str, Academy]:
    return academies.load(FOLDER / "academies", protocols=base.names(), substitute={"feeds": server.address})


def _feeds(server: serve_feeds.Server, protocol: str) -> list[Feed]:
    return [feed for one in _academies(server).values() for feed in one.feeds if feed.protocol == protocol]


def _listing(client: httpx.Client, feed: Feed, **arguments: str) -> list[bytes]:
    """All pages of a repository's ListRecords."""
    pages, query = [], {"verb": "ListRecords", "metadataPrefix": "oai_dc", **arguments}
    while True:
        pages.append(client.get(feed.address, params=query).raise_for_status().content)
        token = re.search(rb"<resumptionToken[^>]*>([^<]+)</resumptionToken>", pages[-1])
        if token is None:
            return pages
        query = {"verb": "ListRecords", "resumptionToken": token[1].decode()}


def _pages(client: httpx.Client, sitemap: str) -> list[str]:
    """All page addresses of a sitemap or sitemap index."""
    answer = client.get(sitemap).raise_for_status()
    body = answer.content
    if sitemap.endswith(".gz"):
        body = gzip.decompress(body)
    root = etree.fromstring(body)
    found = [str(one.text) for one in root.iter(f"{MAP}loc")]
    if root.tag == f"{MAP}sitemapindex":
        return [page for child in found for page in _pages(client, child)]
    return found


def _rows(server: serve_feeds.Server, client: httpx.Client, feed: Feed, edition: int) -> list[list[str]]:
    """The rows of a table below its header; of a workbook, those of its source."""
    suffix = feed.address.rsplit(".", 1)[1]
    if suffix in ("csv", "tsv"):
        text = client.get(feed.address).raise_for_status().content.decode("utf-8-sig")
        delimiter = "\t" if suffix == "tsv" else ";" if text.partition("\n")[0].count(";") else ","
        return list(csv.reader(text.splitlines(), delimiter=delimiter))[1:]
    number = edition if feed.academy == "insee" else 1
    source = json.loads((FOLDER / f"workbooks/{feed.academy}-{number}.json").read_text("utf-8"))
    rows = source["sheets"][-1]["rows"]
    start = next(index for index, row in enumerate(rows) if len(row) > 5) + 1
    return [row for row in rows[start:] if len(row) > 5 and row[0 if feed.academy == "vnso" else 2]]


def _count(server: serve_feeds.Server, client: httpx.Client, feed: Feed, edition: int) -> int:
    if feed.protocol == "table":
        return len(_rows(server, client, feed, edition))
    if feed.protocol == "oai_pmh":
        pages = _listing(client, feed)
        return sum(page.count(b"<record>") - page.count(b'status="deleted"') for page in pages)
    count = 0
    for page in _pages(client, feed.address):
        answer = client.get(page)
        if answer.status_code == 200 and "/drafts/" not in page:
            text = answer.text
            count += len(
                re.findall(r"<script type=.application/ld\+json|itemtype=.https://schema.org/Lear|typeof=", text)
            )
    return count


def test_as_many_and_as_mixed_as_the_demo_needs(server: serve_feeds.Server) -> None:
    server.set_edition(1)
    listed = _academies(server)
    feeds = [feed for academy in listed.values() for feed in academy.feeds]
    assert len(listed) == 15 and {feed.protocol for feed in feeds} == {"oai_pmh", "web_pages", "table"}
    assert {str(feed.language) for feed in feeds} >= {"en", "fr", "es", "uk", "ko", "ja"}
    assert all(feed.allow_hosts == (f"127.0.0.1:{server.port}",) for feed in feeds)
    with httpx.Client(trust_env=False) as client:
        for edition in (1, 2):
            server.set_edition(edition)
            assert sum(_count(server, client, feed, edition) for feed in feeds) == 111


@pytest.mark.parametrize("edition", [1, 2])
def test_every_feed_is_served(server: serve_feeds.Server, edition: int) -> None:
    server.set_edition(edition)
    with httpx.Client(trust_env=False) as client:
        for feed in _feeds(server, "table"):
            answer = client.get(feed.address).raise_for_status()
            again = client.get(feed.address, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
            since = client.get(feed.address, headers={"If-Modified-Since": answer.headers["last-modified"]})
            assert since.status_code == 304
        for feed in _feeds(server, "web_pages"):
            for page in _pages(client, feed.address):
                answer = client.get(page)
                assert answer.status_code == (404 if page.endswith("ucl-arc/14-supplemental-rstudio.html") else 200)
                assert html.fromstring(answer.content) is not None
                assert b"${" not in answer.content
        for feed in _feeds(server, "oai_pmh"):
            for page in _listing(client, feed):
                # The one illegal character of edition 1 makes its page no XML at all.
                broken = b"\x03" in page
                assert broken == (edition == 1 and b"githooks" in page)
                root = etree.fromstring(page.replace(b"\x03", b""))
                assert root.tag == f"{OAI}OAI-PMH" and root.find(f"{OAI}ListRecords") is not None
                for record in root.iter(f"{OAI}record"):
                    assert record.find(f"{OAI}header/{OAI}identifier") is not None
                    deleted = record.find(f"{OAI}header").get("status") == "deleted"
                    assert deleted != bool(list(record.iter(f"{DC}identifier")))
        robots = client.get(f"{server.address}/robots.txt").raise_for_status().text
        assert "Disallow: /carpentries/drafts/" in robots


def test_what_changes_between_the_editions(server: serve_feeds.Server) -> None:
    feeds = {feed.id: feed for one in _academies(server).values() for feed in one.feeds}
    with httpx.Client(trust_env=False) as client:
        server.set_edition(1)
        before = {name: set(_pages(client, feeds[name].address)) for name in ("ucl-arc-lessons", "carpentries-es")}
        titles = {row[2] for row in _rows(server, client, feeds["insee-catalogue"], 1)}
        learning = {row[0]: row for row in _rows(server, client, feeds["oecd-learning"], 1)}
        gaf = b"".join(_listing(client, feeds["uk-gaf-learning"]))
        session = client.get(feeds["ons-dsc-materials"].address).text
        lesson = client.get(f"{server.address}/carpentries/git-novice/").text
        unchanged = client.get(feeds["statkclee-lessons"].address).headers
        bookmark = b"".join(_listing(client, feeds["unece-modernstats"]))
        assert b"<responseDate>2026-03-01T06:00:00Z<" in bookmark
        server.set_edition(2)
        after = {name: set(_pages(client, feeds[name].address)) for name in before}
        assert before["ucl-arc-lessons"] - after["ucl-arc-lessons"] == {
            f"{server.address}/ucl-arc/12-citation.html",
            f"{server.address}/ucl-arc/14-supplemental-rstudio.html",
        }
        assert client.get(f"{server.address}/ucl-arc/12-citation.html").status_code == 404
        assert after["carpentries-es"] - before["carpentries-es"] == {
            f"{server.address}/carpentries-es/14-supplemental-rstudio.html"
        }
        assert {row[2] for row in _rows(server, client, feeds["insee-catalogue"], 2)} - titles == {
            "I- Qualité du code"
        }
        later = {row[0]: row for row in _rows(server, client, feeds["oecd-learning"], 2)}
        assert (set(learning) - set(later), set(later) - set(learning)) == ({"list-5"}, {"list-6"})
        assert (learning["list-2"][3][:6], later["list-2"][3][:8]) == ("https/", "https://")
        assert b"listing-ons" in gaf and b"listing-ons" not in b"".join(_listing(client, feeds["uk-gaf-learning"]))
        assert "2019-12-32" in session and "2019-12-17" in client.get(feeds["ons-dsc-materials"].address).text
        assert '"dateModified": "2025-12-11"' in lesson
        assert '"dateModified": "2026-04-29"' in client.get(f"{server.address}/carpentries/git-novice/").text
        same = client.get(feeds["statkclee-lessons"].address).headers
        assert (same["etag"], same["last-modified"]) == (unchanged["etag"], unchanged["last-modified"])
        # An incremental visit sees exactly what changed.
        (page,) = _listing(client, feeds["unece-modernstats"], **{"from": "2026-03-01T06:00:00Z"})
        assert b"<responseDate>2026-09-01T06:00:00Z<" in page
        found = re.findall(rb"<header( status=\"deleted\")?><identifier>oai:unece.example:([^<]+)<", page)
        assert found == [(b"", b"r"), (b"", b"r-11"), (b' status="deleted"', b"python-10")]


def _text(cell: object) -> str:
    return "" if cell is None else f"{cell:%Y-%m-%d}" if isinstance(cell, datetime) else str(cell)


def test_the_workbooks_hold_what_their_sources_say(tmp_path: Path) -> None:
    from odf.opendocument import load as load_ods
    from odf.table import TableCell, TableRow
    from odf.teletype import extractText
    from openpyxl import load_workbook

    made = make_workbooks.make(tmp_path)
    assert len(made) == 3
    for fresh, source in zip(made, sorted(make_workbooks.SOURCES.glob("*.json")), strict=True):
        content = json.loads(source.read_text("utf-8"))
        for file in (fresh, FOLDER / "feeds" / content["file"]):
            if file.suffix == ".ods":
                rows = load_ods(str(file)).getElementsByType(TableRow)
                cells = [[extractText(cell) for cell in row.getElementsByType(TableCell)] for row in rows]
                assert cells == content["sheets"][0]["rows"]
                continue
            book = load_workbook(file)
            assert book.sheetnames == [sheet["name"] for sheet in content["sheets"]]
            for sheet in content["sheets"]:
                read = [[_text(cell) for cell in row] for row in book[sheet["name"]].iter_rows(values_only=True)]
                width = max(len(row) for row in read)
                assert read == [row + [""] * (width - len(row)) for row in sheet["rows"]]
                assert {str(merged) for merged in book[sheet["name"]].merged_cells.ranges} == set(sheet["merges"])


def test_every_listed_resource_is_in_a_feed(shared: Path) -> None:
    """All of git-training/resources.csv, by its address or, where a feed has none, by its title."""
    text = "\n".join(
        file.read_text("utf-8")
        for folder in ("feeds", "workbooks")
        for file in sorted((FOLDER / folder).rglob("*"))
        if file.suffix in (".html", ".xml", ".csv", ".tsv", ".json")
    ).lower()
    with (shared / "data/git-training/resources.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            known = [row["page"], row["repository"], row["title"] if row["academy"].startswith("Insee") else ""]
            assert any(value and value.lower().rstrip("/") in text for value in known), row["id"]


def test_the_readme_counts_what_is_there(server: serve_feeds.Server) -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    said = {}
    for academy, feed, protocol, first, second in re.findall(
        r"^\| `(.+?)` \| `(.+?)` \| (\w+).*? \| (\d+) \| (\d+) \|", readme, re.M
    ):
        said[feed] = (academy, protocol, int(first), int(second))
    with httpx.Client(trust_env=False) as client:
        feeds = [feed for academy in _academies(server).values() for feed in academy.feeds]
        counts = {}
        for edition in (1, 2):
            server.set_edition(edition)
            counts[edition] = {feed.id: _count(server, client, feed, edition) for feed in feeds}
        found = {feed.id: (feed.academy, feed.protocol, counts[1][feed.id], counts[2][feed.id]) for feed in feeds}
    assert said == found
