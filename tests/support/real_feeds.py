"""Material of others under ``shared/data``, served in its native protocol as feeds of academies of a test.

Where a recording lacks what a visit asks for, the answer is the one that its own server gave to such a request
(a refused token, an unknown set), or a 404; nothing of the material is changed but tokens that led nowhere.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import openpyxl

from registry.model import Academy, Expect, Feed
from tests.support.oai_server import OPEN, Reply, serving

Answer = Callable[[dict[str, str]], Reply]
XML = {"Content-Type": "text/xml; charset=utf-8"}
# Types of the samples that are no learning resources, but real descriptions: here they stand for ones.
TYPES = ("CreativeWork", "Event", "MusicEvent", "Product", "Person", "Book", "LocalBusiness", "Restaurant", "BlogPosting",
         "NewsArticle", "MusicRecording", "WebPage", "Review")  # fmt: skip
_TOKEN = re.compile(rb"<resumptionToken[^>]*?(?:/>|>[^<]*</resumptionToken>)")


@dataclass
class Material:
    """What is served by path, and the feeds that lead there."""

    pages: dict[str, Reply] = field(default_factory=dict)
    repositories: dict[str, Answer] = field(default_factory=dict)
    feeds: list[dict[str, Any]] = field(default_factory=list)

    def reply(self, path: str, _: Mapping[str, str]) -> Reply:
        parts = urlsplit(path)
        if parts.path in self.repositories:
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            return self.repositories[parts.path](asked)
        return self.pages.get(unquote(parts.path), (404, {}, b"not here"))

    def feed(self, name: str, protocol: str, path: str, **more: Any) -> None:
        """One academy with one feed."""
        self.feeds.append({"id": name, "protocol": protocol, "path": path, **more})


def _wrapped(records: bytes) -> bytes:
    """Records alone as a page of a list."""
    return OPEN.encode() + b"<ListRecords>" + records + b"</ListRecords></OAI-PMH>"


def _retoken(page: bytes, token: str) -> bytes:
    """A recorded page with the token of the next page that was recorded ("" for the last)."""
    new = f"<resumptionToken>{token}</resumptionToken>".encode()
    if _TOKEN.search(page):
        return _TOKEN.sub(new, page)
    return page.replace(b"</ListRecords>", new + b"</ListRecords>")


def session(identify: bytes, formats: bytes, pages: list[bytes], refused: Reply, lost: bool = False) -> Answer:
    """A recorded session as a repository: its pages one after the other, its own answer to a bad token.

    ``lost``: the last page has a token too.
    """

    def answer(asked: dict[str, str]) -> Reply:
        verb, token = asked.get("verb"), asked.get("resumptionToken", "0")
        if verb == "Identify":
            return 200, XML, identify
        if verb == "ListMetadataFormats":
            return 200, XML, formats
        if not token.isdecimal() or int(token) >= len(pages):
            return refused
        number = int(token)
        return 200, XML, _retoken(pages[number], str(number + 1) if lost or number + 1 < len(pages) else "")

    return answer


def _oai(material: Material, folder: Path) -> None:
    raw = folder / "zenodo" / "raw"
    read = {file.stem: file.read_bytes() for file in raw.glob("*.xml")}
    opening = (read["identify-002"], read["list_metadata_formats-000"])
    numbers = [
        int(name[-3:]) for name in sorted(read) if name.startswith("list_records") and b"<oai_dc:dc" in read[name]
    ]
    chain = [read[f"list_records-{number:03}"] for number in numbers]
    refused = (422, XML, read["list_records-010"])
    material.repositories["/zenodo"] = session(*opening, chain, refused)
    material.feed("zenodo", "oai_pmh", "/zenodo", folder="oai-pmh/zenodo", language="en")

    # A session of which only the first page was recorded: its token leads to the server's own refusal.
    material.repositories["/zenodo-software"] = session(*opening, [read["list_records-007"]], refused, lost=True)
    material.feed(
        "zenodo-software", "oai_pmh", "/zenodo-software", folder="oai-pmh/zenodo", options={"set": "software"}
    )
    material.repositories["/zenodo-set"] = session(*opening, [], (422, XML, read["list_records-006"]))
    material.feed("zenodo-set", "oai_pmh", "/zenodo-set", folder="oai-pmh/zenodo", options={"set": "XXX"})
    material.pages["/html"] = (200, {"Content-Type": "text/html"}, read["identify-000"])
    material.feed("oai-html", "oai_pmh", "/html", folder="oai-pmh/zenodo")

    samples = folder / "sickle" / "raw" / "sickle" / "tests" / "sample_data"
    read = {file.stem: file.read_bytes() for file in samples.glob("*.xml")}
    pages = [read[name] for name in ("ListRecords", "ListRecords2", "ListRecords3", "ListRecords4")]
    refused = (200, XML, read["badResumptionToken"])
    material.repositories["/sickle"] = session(read["Identify"], read["ListMetadataFormats"], pages, refused)
    material.feed("sickle", "oai_pmh", "/sickle", folder="oai-pmh/sickle")
    for name in ("ListRecordsBroken", "undefinedError", "cannotDisseminateFormat", "noSetHierarchy", "noRecordsMatch"):
        feed = f"sickle-{name.lower()}"
        material.repositories[f"/{feed}"] = session(
            read["Identify"], read["ListMetadataFormats"], [], (200, XML, read[name])
        )
        material.feed(feed, "oai_pmh", f"/{feed}", folder="oai-pmh/sickle")

    tests = folder / "pyoai" / "raw" / "src" / "oaipmh" / "tests"
    one, two = tests / "fake1", tests / "fake2"
    pages = [(one / "00005.xml").read_bytes(), (two / "00002.xml").read_bytes()]
    material.repositories["/pyoai"] = session(
        (one / "00001.xml").read_bytes(), (one / "00002.xml").read_bytes(), pages, refused
    )
    material.feed("pyoai", "oai_pmh", "/pyoai", folder="oai-pmh/pyoai", language="nl")

    data = folder / "eudat" / "raw" / "tests" / "testdata"
    records = []
    for file in sorted(data.rglob("*.xml")):
        body = file.read_bytes()
        if b"elements/1.1" in body and b"<record" in body:
            records.append(body[body.index(b"<record") :])
    material.repositories["/eudat"] = session(*opening, [_wrapped(b"\n".join(records))], refused)
    material.feed("eudat", "oai_pmh", "/eudat", folder="oai-pmh/eudat")


def _web(material: Material, folder: Path, amb: Path) -> None:
    kinds = {".html": "text/html; charset=utf-8", ".json": "application/ld+json"}
    sites = (
        ("extruct", folder / "extruct" / "raw" / "tests" / "samples", "*.html", {"types": list(TYPES)}),
        ("extruct-strict", folder / "extruct" / "raw" / "tests" / "samples", "*.html", {}),
        ("oersi", folder / "oersi-etl" / "raw" / "src" / "test" / "resources", "*.html", {"types": ["CreativeWork"]}),
        ("amb", amb / "draft" / "examples", "valid/*.json", {}),
        ("amb-invalid", amb / "draft" / "examples", "invalid/*.json", {}),
    )
    for name, site, pattern, options in sites:
        paths = []
        for file in sorted(site.rglob(pattern)):
            paths.append(f"/{name}/{file.relative_to(site)}")
            material.pages[paths[-1]] = (200, {"Content-Type": kinds[file.suffix]}, file.read_bytes())
        located = "".join(f"<url><loc>{{root}}{quote(path)}</loc></url>" for path in paths)
        body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{located}</urlset>'
        material.pages[f"/{name}/sitemap.xml"] = (200, {"Content-Type": "application/xml"}, body.encode())
        where = "web/" + name.partition("-")[0] if not name.startswith("amb") else "amb"
        material.feed(name, "web_pages", f"/{name}/sitemap.xml", folder=where, options=options)


def joined(value: object) -> str:
    """A value of a JSON record as people export it into one cell."""
    return "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def as_rows(file: Path) -> list[list[str]]:
    """JSON lines as a table: one column a key, lists joined."""
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    header = list(dict.fromkeys(key for record in records for key in record))
    return [header, *([joined(record.get(key)) for key in header] for record in records)]


def as_csv(rows: list[list[str]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def as_xlsx(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Training")
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _tables(material: Material, data: Path) -> None:
    nfdi = data / "catalogue" / "nfdi4bioimage"
    rows = as_rows(nfdi / "records.jsonl")
    export = nfdi / "raw" / "docs" / "export" / "DALIA_training_materials.csv"
    eudat = data / "oai-pmh" / "eudat" / "raw"
    tables: tuple[tuple[str, str, bytes, dict[str, Any]], ...] = (
        ("nfdi-csv", "catalogue", as_csv(rows), {}),
        ("nfdi-xlsx", "catalogue", as_xlsx(rows), {}),
        ("nfdi-dalia", "catalogue", export.read_bytes(), {"options": {"separator": " * "}}),
        ("git-training", "git-training", (data / "git-training" / "resources.csv").read_bytes(), {}),
        ("truth", "truth", (data / "truth" / "git-lessons-episodes.csv").read_bytes(), {}),
        ("eudat-list", "oai-pmh/eudat", (eudat / "b2flist_verbose.csv").read_bytes(), {}),
    )
    for name, folder, body, more in tables:
        material.pages[f"/tables/{name}"] = (200, {}, body)
        material.feed(name, "table", f"/tables/{name}", folder=folder, **more)


@contextmanager
def real_feeds(shared: Path) -> Iterator[tuple[dict[str, Academy], dict[str, str]]]:
    """Serve everything; gives the academies by id and the folder that each feed's material is of."""
    material, data = Material(), shared / "data"
    _oai(material, data / "oai-pmh")
    _web(material, data / "web", data / "amb" / "dini" / "raw")
    _tables(material, data)
    with serving(material.reply) as root:
        for path, (status, headers, body) in list(material.pages.items()):
            if path.endswith("/sitemap.xml"):
                material.pages[path] = status, headers, body.replace(b"{root}", root.encode())
        host = root.removeprefix("http://")
        academies, folders = {}, {}
        for entry in material.feeds:
            told = dict(entry)
            name, path = told.pop("id"), told.pop("path")
            folders[name] = told.pop("folder")
            feed = Feed(name, name, address=root + path, expect=Expect(1, 0.2), allow_hosts=(host,), **told)
            academies[name] = Academy(name, {"en": f"Academy {name}"}, f"https://{name}.example.org/", feeds=(feed,))
        yield academies, folders
