"""Hostile and broken input on the whole way: told with source and place, and yesterday's data stay."""

from __future__ import annotations

import gzip
import io
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest

from registry import release
from registry.academies import BadAcademy
from registry.ledger import findings, log
from registry.messages import fill
from registry.model import Academy, Feed, Finding, Run
from registry.pipeline.harvest import harvest_feeds
from registry.pipeline.house import House, opened
from registry.pipeline.publisher import publish_now
from registry.settings import Settings
from tests.support.oai_server import OPEN, Item, Reply, Repository, serving
from tests.support.web_site import course

MB = 1 << 20
LIMIT = 4 * MB
Answers = Callable[[str], Reply | None]
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
) + b"]>"  # fmt: skip


@dataclass
class World:
    """Four academies' lists on one server, as they were yesterday; ``today`` answers in their place."""

    today: Answers = lambda path: None
    root: str = ""
    repository: Repository = field(
        default_factory=lambda: Repository(
            [Item(f"oai:t:{n}", "2026-01-01T00:00:00Z", f"<dc:title>Record {n}</dc:title>") for n in range(6)],
            page=2,
            policy="no",
        )
    )
    other: list[str] = field(default_factory=lambda: ["Other 1", "Other 2"])
    asked: list[str] = field(default_factory=list)

    def reply(self, path: str, _: object = None) -> Reply:
        self.asked.append(path)
        return self.today(path) or self.yesterday(path)

    def yesterday(self, path: str) -> Reply:
        parts = urlsplit(path)
        if parts.path == "/oai":
            arguments = {name: values[0] for name, values in parse_qs(parts.query).items()}
            return 200, {"Content-Type": "text/xml"}, self.repository.answer(arguments, self.root + "/oai")
        if parts.path == "/sitemap.xml":
            return 200, {}, self.sitemap("/1", "/2", "/3")
        if parts.path in ("/1", "/2", "/3"):
            return 200, {"Content-Type": "text/html"}, course(f"Page {path[1:]}").encode()
        if parts.path == "/list.csv":
            return 200, {}, csv_of(10)
        if parts.path == "/list.xlsx":
            return 200, {}, xlsx_of(5)
        if parts.path == "/other.csv":
            return 200, {}, "\n".join(["Title,Language", *(f"{title},en" for title in self.other)]).encode()
        return 404, {}, b"no"

    def sitemap(self, *paths: str) -> bytes:
        entries = "".join(f"<url><loc>{self.root if path[0] == '/' else ''}{path}</loc></url>" for path in paths)
        return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'.encode()

    def academies(self) -> dict[str, Academy]:
        host = self.root.removeprefix("http://")
        lists = {"oai": ("oai_pmh", "/oai"), "web": ("web_pages", "/sitemap.xml"), "csv": ("table", "/list.csv"),
                 "xlsx": ("table", "/list.xlsx"), "other": ("table", "/other.csv")}  # fmt: skip
        return {
            name: Academy(name, {"en": name}, f"https://{name}.example/", feeds=(
                Feed(name, name, protocol, self.root + path, language="en", allow_hosts=(host,)),
            ))
            for name, (protocol, path) in lists.items()
        }  # fmt: skip


def csv_of(rows: int) -> bytes:
    return "".join(["Title,Language,URL\n", *(f"Row {n},en,https://a.example/{n}\n" for n in range(rows))]).encode()


def xlsx_of(rows: int) -> bytes:
    book = openpyxl.Workbook()
    for row in [["Title", "Language"], *([f"Cell {n}", "en"] for n in range(rows))]:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@dataclass
class Day:
    """How the runs of one day ended, what was found, what stands."""

    runs: dict[str, Run]
    found: dict[str, list[Finding]]
    stands: dict[str, dict[str, str]]

    def codes(self, feed: str) -> dict[str, Finding]:
        """The findings about a list as a whole, by code."""
        return {finding.issue.code: finding for finding in self.found[feed] if not finding.record}


def visit(house: House, only: tuple[str, ...] = (), accept_drop: bool = False) -> Day:
    chosen = [(academy, feed) for academy, feed in house.feeds if not only or feed.id in only]
    runs = harvest_feeds(house, chosen, lambda *_: None, accept_drop=accept_drop)
    found = {run.feed: findings.listed(house.connection, [run.feed], limit=9999)[0] for run in runs}
    stands: dict[str, dict[str, str]] = {name: {} for name in house.academies}
    for change in log.standing(house.connection):
        if change.kind == "record":
            stands[change.feed][change.key] = change.digest
    return Day({run.feed: run for run in runs}, found, stands)


@pytest.fixture(scope="module", autouse=True)
def no_proxy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
        yield


@contextmanager
def registry(folder: Path, world: World, **changes: object) -> Iterator[House]:
    settings = Settings(data=folder, base="https://registry.example", http_delay=0.0, http_retries=0, workers=1,
                        http_timeout=5.0, http_max_bytes=LIMIT)  # fmt: skip
    with opened(replace(settings, **changes), world.academies()) as house:  # type: ignore[arg-type]
        yield house


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, House, Day]]:
    """A registry that read everything yesterday. The faults below leave it as it is, so that they may share it."""
    world = World()
    with serving(world.reply) as world.root, registry(tmp_path_factory.mktemp("bad"), world) as house:
        day = visit(house)
        assert {name: run.outcome for name, run in day.runs.items()} == dict.fromkeys(house.academies, "done")
        assert {name: len(stands) for name, stands in day.stands.items()} == {
            "oai": 6, "web": 3, "csv": 10, "xlsx": 5, "other": 2
        }  # fmt: skip
        publish_now(house, lambda *_: None)
        yield world, house, day


def at(path: str, body: bytes, status: int = 200, **headers: str) -> Answers:
    """The answer to one path (of a repository: to its first page of records)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda asked: (status, named, body) if asked.startswith(path) else None


RECORDS, NEXT = "/oai?verb=ListRecords&metadataPrefix", "/oai?verb=ListRecords&resumptionToken"
BOMB = gzip.compress(bytes(40 * MB), 1)
BROKEN_LD = b'<html lang="en"><script type="application/ld+json">{"@type": "Course", "name": }</script></html>'


def zip_bomb() -> bytes:
    """A workbook with one sheet that unpacks to 300 MB."""
    content = io.BytesIO(xlsx_of(1))
    with (
        zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet2.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(300):
            sheet.write(bytes(MB))
    return content.getvalue()


def xlsx_with_entities() -> bytes:
    source, target = zipfile.ZipFile(io.BytesIO(xlsx_of(5))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            body = source.read(name)
            if name.endswith("sheet1.xml"):
                body = ENTITIES + body.replace(b"<sheetData>", b"<sheetData><row r='9'><c r='A9'><v>&j;</v></c></row>")
            archive.writestr(name, body)
    return target.getvalue()


def loop(body: bytes) -> bytes:
    return body.replace(b"</ListRecords>", b"<resumptionToken>round</resumptionToken></ListRecords>")


PAGE = Repository([Item("oai:t:0", "2026-01-01T00:00:00Z", "<dc:title>Record 0</dc:title>")]).answer(
    {"verb": "ListRecords", "metadataPrefix": "oai_dc"}, "/oai"
)
# What is wrong: (list, answers, how the visit ends, the code that tells, what its place or value names)
FAULTS: dict[str, tuple[str, Answers, str, str, str]] = {
    "malformed XML": ("oai", at(RECORDS, b"<OAI-PMH><ListRecords><record>"), "failed", "oai-broken-page", RECORDS),
    "not XML": ("oai", at("/oai", b"\x00\x01garbage"), "failed", "oai-broken-page", "/oai?verb=Identify"),
    "entities in XML": ("oai", at(RECORDS, ENTITIES + b"<OAI-PMH>&j;</OAI-PMH>"), "failed", "oai-doctype", RECORDS),
    "XML cut off": ("oai", at(RECORDS, PAGE[: PAGE.index(b"</record>")]), "done", "oai-cut", RECORDS),
    "500 in mid-harvest": ("oai", at(NEXT, b"", 500), "done", "net-status", NEXT),
    "404 in mid-harvest": ("oai", at(NEXT, b"", 404), "done", "net-status", NEXT),
    "looping token": ("oai", at("/oai?verb=ListRecords", loop(PAGE)), "done", "oai-loop", "verb=ListRecords"),
    "no records any more": ("oai", at(RECORDS, (OPEN + '<error code="noRecordsMatch"/></OAI-PMH>').encode()), "done",
                            "oai-empty", "/oai"),
    "an empty ListRecords": ("oai", at(RECORDS, (OPEN + "<ListRecords/></OAI-PMH>").encode()), "done", "oai-empty", "/oai"),
    "gzip bomb": ("oai", at("/oai", BOMB, Content_Encoding="gzip"), "failed", "net-bomb", "/oai"),
    "answer cut off": ("csv", at("/list.csv", csv_of(10), Content_Length="99999"), "failed", "net-cut", "/list.csv"),
    "quotation never closed": ("csv", at("/list.csv", b'Title,Language\n"Row 0,en\nRow 1,en\n'), "done",
                               "table-open-quote", "row 2"),
    "web page in place of CSV": ("csv", at("/list.csv", b"<!doctype html><title>Log in</title>"), "failed",
                                 "table-web-page", "/list.csv"),
    "binary in place of CSV": ("csv", at("/list.csv", bytes(range(256)) * 40), "failed", "table-encoding-unknown", "/list.csv"),
    "empty file": ("csv", at("/list.csv", b""), "failed", "table-empty", "/list.csv"),
    "header only": ("csv", at("/list.csv", b"Title,Language,URL\n"), "refused", "gate-refused-few", "/list.csv"),
    "half of the list": ("csv", at("/list.csv", csv_of(5)), "refused", "gate-refused-drop", "/list.csv"),
    "private address in a redirect": ("csv", at("/list.csv", b"", 302, Location="http://169.254.169.254/latest"), "failed",
                                      "net-private-address", "169.254.169.254"),
    "redirect to a file": ("csv", at("/list.csv", b"", 302, Location="file:///etc/passwd"), "failed", "net-bad-redirect",
                           "/list.csv"),
    "redirects without end": ("csv", at("/list.csv", b"", 302, Location="/list.csv"), "failed", "net-redirects", "/list.csv"),
    "zip bomb": ("xlsx", at("/list.xlsx", zip_bomb()), "failed", "table-bomb", "sheet2.xml"),
    "workbook cut off": ("xlsx", at("/list.xlsx", xlsx_of(5)[:3000]), "failed", "table-unreadable", "/list.xlsx"),
    "a PDF": ("xlsx", at("/list.xlsx", b"%PDF-1.7"), "failed", "table-not-a-table", "/list.xlsx"),
    "broken JSON-LD": ("web", at("/2", BROKEN_LD), "done", "web-jsonld-broken", "/2"),
    "a page that fails": ("web", at("/2", b"", 500), "done", "web-page-unread", "/2"),
    "all pages fail": ("web", lambda path: (500, {}, b"") if path in ("/1", "/2", "/3") else None, "done",
                       "web-page-unread", "/1"),
    "broken sitemap": ("web", at("/sitemap.xml", b"<urlset><url><loc>"), "done", "web-sitemap-broken", "/sitemap.xml"),
    "sitemap gone": ("web", at("/sitemap.xml", b"", 404), "failed", "net-status", "/sitemap.xml"),
    "robots.txt fails": ("web", at("/robots.txt", b"", 503), "failed", "net-status", "/robots.txt"),
    "entities in a sitemap": ("web", at("/sitemap.xml", ENTITIES + b"<urlset><url><loc>&j;</loc></url></urlset>"), "done",
                              "web-sitemap-broken", "/sitemap.xml"),
    "sitemap bomb": ("web", at("/sitemap.xml", BOMB), "done", "web-sitemap-packed", "/sitemap.xml"),
    "empty sitemap": ("web", at("/sitemap.xml", b"<urlset/>"), "refused", "gate-refused-few", "/sitemap.xml"),
    "sitemap of itself": ("web", lambda path: (200, {}, b"<sitemapindex><sitemap><loc>/sitemap.xml</loc></sitemap>"
                          b"</sitemapindex>") if path == "/sitemap.xml" else None, "done", "web-sitemap-loop", "/sitemap.xml"),
    "private sitemap": ("web", at("/sitemap.xml", b"<sitemapindex><sitemap><loc>http://10.0.0.1/s.xml</loc></sitemap>"
                        b"</sitemapindex>"), "done", "net-private-address", "10.0.0.1"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_and_yesterdays_data_stay(world, name):
    here, house, before = world
    feed, here.today, outcome, code, place = FAULTS[name]
    here.other.append(f"Other on the day of {name}")
    began = time.monotonic()
    try:
        day = visit(house, (feed, "other"))
        assert time.monotonic() - began < 10
        run, told = day.runs[feed], day.codes(feed)
        assert day.stands[feed] == before.stands[feed], "yesterday's data are gone"
        assert len(day.stands["other"]) == len(here.other) and day.runs["other"].outcome == "done"
        assert not outcome or run.outcome == outcome, run
        assert (run.outcome == "done") == (run.message == "")
        found = next((finding for known, finding in told.items() if known.startswith(code)), None)
        assert found is not None, told
        assert place in f"{found.issue.place} {found.issue.value} {dict(found.issue.params)}", found
        for text in (*house.messages[found.issue.code].text.values(), *house.messages[found.issue.code].mend.values()):
            assert "{" not in fill(text, found.issue).replace(found.issue.value, "")
    finally:
        here.today = lambda path: None
    # The next day all is well again, and nothing was lost or doubled.
    healed = visit(house, (feed,))
    assert healed.runs[feed].outcome == "done" and healed.stands[feed] == before.stands[feed]
    assert {finding.severity for finding in healed.codes(feed).values()} <= {"info"}


def test_the_release_still_stands(world):
    """After all those faults: what is published is what was, and the healthy list's news."""
    here, house, before = world
    made = publish_now(house, lambda *_: None)
    assert made.manifest["counts"]["records"] == 24 + len(here.other)
    assert release.current(house.settings.data).number == made.number
    assert made.manifest["counts"]["tombstones"] == 0


def test_a_page_may_not_lead_into_a_private_network(world):
    """Addresses of other hosts in a sitemap are told and never asked."""
    here, house, before = world
    here.today = lambda path: (
        (200, {}, here.sitemap("/1", "/2", "/3", "http://169.254.169.254/latest/meta-data", "http://[::1]:80/x"))
        if path == "/sitemap.xml" else None
    )  # fmt: skip
    day = visit(house, ("web",))
    here.today = lambda path: None
    assert "169.254.169.254" in day.codes("web")["web-other-host"].issue.place
    assert day.runs["web"].outcome == "done" and day.stands["web"] == before.stands["web"]


def test_entities_in_a_workbook_are_not_expanded(world):
    """The sheet is read without them: nothing of them is published."""
    here, house, before = world
    here.today = at("/list.xlsx", xlsx_with_entities())
    began = time.monotonic()
    day = visit(house, ("xlsx",))
    here.today = lambda path: None
    assert time.monotonic() - began < 5 and day.stands["xlsx"] == before.stands["xlsx"]


@pytest.mark.parametrize("address", ["http://10.1.2.3/list.csv", "http://[::1]/list.csv", "http://0x7f.1/list.csv"])
def test_an_academys_file_may_not_lead_into_a_private_network(world, tmp_path, address):
    here, _, _ = world
    with registry(tmp_path, here) as house:
        feed = replace(house.academies["csv"].feeds[0], address=address)
        (run,) = harvest_feeds(house, [(house.academies["csv"], feed)], lambda *_: None)
        (found,) = findings.listed(house.connection, ["csv"])[0]
        assert (run.outcome, found.issue.code, found.issue.place) == ("failed", "net-private-address", address)


def test_a_server_that_is_down(tmp_path):
    world = World()
    with serving(world.reply) as world.root, registry(tmp_path, world) as house:
        before = visit(house)
    with registry(tmp_path, world) as house:
        after = visit(house)
    assert after.stands == before.stands
    assert all(run.outcome == "failed" and "net-refused" in after.codes(name) for name, run in after.runs.items())


def test_a_drop_is_let_through_on_request(tmp_path):
    world = World()
    with serving(world.reply) as world.root, registry(tmp_path, world) as house:
        visit(house)
        world.today = at("/list.csv", csv_of(5))
        refused = visit(house, ("csv",))
        assert refused.runs["csv"].outcome == "refused" and "5 of 10" in refused.runs["csv"].message
        again = visit(house, ("csv",))
        assert again.runs["csv"].outcome == "refused" and len(again.stands["csv"]) == 10
        accepted = visit(house, ("csv",), accept_drop=True)
        assert accepted.runs["csv"].outcome == "done" and len(accepted.stands["csv"]) == 5
        assert "gate-refused-drop" not in accepted.codes("csv")
        # An empty list never replaces a full one, not even on request.
        world.today = at("/list.csv", b"Title,Language,URL\n")
        assert visit(house, ("csv",), accept_drop=True).runs["csv"].outcome == "refused"


def test_one_bad_record_touches_no_other(tmp_path):
    """An illegal character, a row whose values are shifted: held back, named, and the last good version stays."""
    world = World()
    with serving(world.reply) as world.root, registry(tmp_path, world) as house:
        before = visit(house)

        def broken(path: str) -> Reply | None:
            status, headers, body = world.yesterday(path)
            if path.startswith("/oai"):
                return (
                    status,
                    headers,
                    body.replace(b"Record 3", b"Record 3 \x0c changed").replace(b"Record 4", b"Record 4 changed"),
                )
            if path == "/list.csv":
                return status, headers, body.replace(b"Row 3,en", b"Row, 3,en").replace(b"Row 4,", b"Row 4 changed,")
            return None

        world.today = broken
        day = visit(house, ("oai", "csv"))
        for feed, code, count in (("oai", "oai-illegal-character", 1), ("csv", "table-long-row", 1)):
            violations = [f for f in day.found[feed] if f.severity == "violation"]
            assert [(f.issue.code, bool(f.record), bool(f.issue.place)) for f in violations] == [
                (code, True, True)
            ] * count
            assert day.runs[feed].outcome == "done" and day.runs[feed].counts["held"] == 1
        stands, old = day.stands["oai"], before.stands["oai"]
        assert stands["oai:t:3"] == old["oai:t:3"] and stands["oai:t:4"] != old["oai:t:4"]


@contextmanager
def endless(length: str) -> Iterator[tuple[str, list[int]]]:
    """A server whose body has no end; gives its address and how many MB were taken from it."""
    sent: list[int] = [0]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/robots.txt":
                return self.send_error(404)
            self.send_response(200)
            if length:
                self.send_header("Content-Length", length)
            self.end_headers()
            try:
                for _ in range(10_240):
                    self.wfile.write(b"Title,Language\n" + bytes(MB))
                    sent[0] += 1
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("length", ["", str(10 << 30)])
@pytest.mark.parametrize("protocol", ["table", "web_pages", "oai_pmh"])
def test_ten_gigabytes_are_cut_at_the_cap(tmp_path, protocol, length):
    world = World()
    with endless(length) as (world.root, sent), registry(tmp_path, world) as house:
        academy = house.academies["csv"]
        feed = replace(academy.feeds[0], protocol=protocol, address=world.root + "/big")
        began = time.monotonic()
        (run,) = harvest_feeds(house, [(academy, feed)], lambda *_: None)
        (found,) = findings.listed(house.connection, ["csv"])[0]
        assert (run.outcome, found.issue.code) == ("failed", "net-too-large") and "/big" in found.issue.place
        assert time.monotonic() - began < 5 and sent[0] < 64


def test_bad_toml_names_file_and_line(tmp_path):
    folder = tmp_path / "academies"
    folder.mkdir()
    (folder / "good.toml").write_text('name = "Good"\nhomepage = "https://good.example/"\n', "utf-8")
    (folder / "bad.toml").write_text('name = "Bad"\nhomepage = https://bad.example\n', "utf-8")
    (folder / "typo.toml").write_text(
        'name = "Typo"\nhomepage = "https://typo.example/"\n\n[[feeds]]\nid = "t"\nprotocol = "ftp"\nadress = "x"\n', "utf-8"
    )  # fmt: skip
    settings = Settings(data=tmp_path / "var", academies=folder)
    with pytest.raises(BadAcademy) as bad, opened(settings):
        pytest.fail("it was opened")
    said = str(bad.value)
    assert "bad.toml" in said and "line 2" in said and "good.toml" not in said
    assert "typo.toml, line 7" in said and "'ftp'" in said and "address is missing" in said


def test_a_format_that_nobody_reads_holds_its_records_back(tmp_path):
    world = World()
    record = '<record xmlns="http://www.loc.gov/MARC21/slim"><leader/></record>'
    items = [replace(item, forms={"marcxml": record}) for item in world.repository.items]
    world.repository = replace(world.repository, items=items, prefixes=("oai_dc", "marcxml"))
    with serving(world.reply) as world.root, registry(tmp_path, world) as house:
        feed = replace(house.academies["oai"].feeds[0], options={"prefix": "marcxml"})
        (run,) = harvest_feeds(house, [(house.academies["oai"], feed)], lambda *_: None)
        (group,) = findings.groups(house.connection, ["oai"])
        assert (run.outcome, run.counts["held"], group.code, group.records) == ("done", 6, "format-unknown", 6)
        assert group.examples[0].issue.place.startswith(world.root)
