"""A saved answer is read by the same code as the service that gave it; check finds what it is and reads a sample."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from harvesters.base import Visit, load
from registry import cli
from registry.detection import can_read, sniff
from registry.model import Done, Feed, FeedIssue, RawRecord
from registry.net import Fetcher
from registry.pipeline.check import Unreadable, check_list
from registry.pipeline.one_file import Question, answers, only_page, serving
from registry.settings import Settings
from tests.support import sites
from tests.support.sites import Site, home, served

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
SETTINGS = Settings(http_retries=0, http_delay=0.0)
LOM = (
    '<?xml version="1.0" encoding="ISO-8859-1"?>\n<!-- saved -->\n<lom xmlns="http://ltsc.ieee.org/xsd/LOM"><general>'
    '<title><string language="fr">Enquêtes</string></title></general></lom>'
).encode("latin-1")
OAI = "http://www.openarchives.org/OAI/2.0/"
MOODLE = json.dumps([{"id": 7, "fullname": "Prices", "shortname": "P", "categoryid": 2, "visible": 1, "summary": "x",
                      "summaryformat": 1}]).encode()  # fmt: skip


def read(name: str, body: bytes, protocol: str = "") -> tuple[str, list[RawRecord], list[str], Done | None]:
    """Protocol as found, records, issue codes, end."""
    protocol = protocol or sniff(body, "", f"/{name}")[0].protocol
    with serving(name, body, protocol) as address:
        feed = Feed("check", "check", protocol, address, allow_hosts=(urlsplit(address).netloc,))
        with Fetcher(SETTINGS, feed) as http:
            events = list(load(protocol)(Visit(feed, http, token="t" if body[:1] in b"{[" else "")))
    records = [one for one in events if isinstance(one, RawRecord) and not one.deleted]
    return protocol, records, [one.issue.code for one in events if isinstance(one, FeedIssue)], events[-1]


FILES = [
    ("page1.xml", (GOLDEN / "oai_pmh/feed/page1.xml").read_bytes(), "oai_pmh"),
    ("page.xml", (GOLDEN / "lom/page.xml").read_bytes(), "oai_pmh"),
    ("lom.xml", LOM, "oai_pmh"),
    ("record.xml", f'<record xmlns="{OAI}">{sites.dc_record(1)[8:]}'.encode(), "oai_pmh"),
    ("get.xml", (sites.OAI_HEAD + f"<GetRecord>{sites.dc_record(1)}</GetRecord></OAI-PMH>").encode(), "oai_pmh"),
    ("moochub.json", (GOLDEN / "moochub/feed/page1.json").read_bytes(), "moochub"),
    ("amb.json", (GOLDEN / "amb/feed/page1.json").read_bytes(), "amb"),
    ("zenodo.json", (GOLDEN / "zenodo/feed/page1.json").read_bytes(), "zenodo"),
    ("news.rss", (GOLDEN / "feed/news.rss").read_bytes(), "feed"),
    ("list.json", (GOLDEN / "feed/list.json").read_bytes(), "feed"),
    ("academy.ics", (GOLDEN / "calendar/academy.ics").read_bytes(), "calendar"),
    ("list.md", (GOLDEN / "links/list.md").read_bytes(), "links"),
    ("catalogue.ttl", (GOLDEN / "dcat/feed/page1.ttl").read_bytes(), "rdf"),
    ("courses.jsonld", (GOLDEN / "rdf/feed/courses.jsonld").read_bytes(), "rdf"),
    ("list.csv", sites.TABLE.encode(), "table"),
    ("course.html", sites.course_page(1)[1].encode(), "web_pages"),
    ("edx.json", sites.OPENEDX.encode(), "openedx"),
    ("moodle.json", MOODLE, "moodle"),
    ("stream.ttl", sites.STREAM.replace("{root}", "https://example.org").encode(), "ldes"),
]


@pytest.mark.parametrize(("name", "body", "protocol"), FILES, ids=[one[0] for one in FILES])
def test_a_saved_answer_is_read_alone(name: str, body: bytes, protocol: str) -> None:
    assert sniff(body, "", f"/{name}")[0].protocol == protocol
    if not can_read(protocol):
        with pytest.raises(LookupError if protocol not in _registered() else ModuleNotFoundError):
            load(protocol)
        return
    _, records, codes, end = read(name, body)
    assert records and isinstance(end, Done)
    # Only RDF keeps saying how many more there are: nothing is taken out of it.
    assert protocol == "rdf" or not [code for code in codes if "lost" in code or "host" in code or "short" in code]


def _registered() -> list[str]:
    from harvesters.base import names

    return names()


def test_a_page_of_a_list_is_its_only_page() -> None:
    body = json.dumps({"data": [], "links": {"next": "https://e.example/2"}, "meta": {"count": 900}}).encode()
    assert json.loads(only_page(body)) == {"data": [], "links": {}, "meta": {}}
    assert only_page(b"no json") == b"no json" and only_page(b"[1]") == b"[1]"


def test_functions_of_a_web_service_are_answered_from_one_file() -> None:
    respond = answers("moodle", MOODLE, "http://127.0.0.1/moodle.json")

    def asked(function: str) -> object:
        found = respond(Question("/webservice/rest/server.php", {}, {"wsfunction": function}, b"x"))
        assert found is not None
        return json.loads(found)

    assert asked("core_course_get_courses") == json.loads(MOODLE)
    assert asked("core_course_get_courses_by_field") == {"courses": json.loads(MOODLE), "warnings": [], "total": 1}
    assert asked("core_course_get_categories") == []
    posted = json.dumps([{"index": 0, "methodname": "core_course_search_courses", "args": {}}]).encode()
    answered = respond(Question("/lib/ajax/service-nologin.php", {}, {}, posted))
    assert answered is not None and json.loads(answered)[0]["data"]["total"] == 1
    failed = answers("moodle", sites.MOODLE_ERROR.encode(), "x")(Question("/s", {}, {"wsfunction": "any"}))
    assert failed is not None and json.loads(failed)["errorcode"] == "invalidtoken"


# check


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """With a place where what is read from the schemes is kept, as a registry has it."""
    data = tmp_path_factory.mktemp("var")
    (data / "cache").mkdir()
    return Settings(data=data, http_retries=0, http_delay=0.0)


def test_check_says_what_was_found_and_why_and_reads_a_sample(settings: Settings) -> None:
    site = Site({"/": home('<a href="/oai">Notices</a>'), **sites.oai_pages(records=203)})
    with served(site) as root:
        checked = check_list(settings, root + "/")
        assert (checked.protocol, checked.sampled, checked.complete) == ("oai_pmh", 200, True)
        found = checked.report.found
        assert (
            f"{root}/oai" in found[0]["en"] and "[oai_pmh; by way of a link on the page (Notices)]" in found[0]["en"]
        )
        assert "échantillon" in found[-1]["fr"] and "--all" in found[-1]["es"]
        assert check_list(settings, root + "/oai", whole=True).run.counts["records"] == 203


def test_check_of_an_address_without_any_list_says_what_was_tried(settings: Settings) -> None:
    with served(Site({"/": home("<p>Rien</p>")})) as root, pytest.raises(Unreadable) as error:
        check_list(settings, root + "/")
    assert "/oai?verb=Identify" in str(error.value) and "404" in str(error.value)


def test_check_of_a_file_names_the_file_not_the_server(tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / "liste.xml"
    file.write_bytes(LOM)
    checked = check_list(settings, str(file))
    assert checked.protocol == "oai_pmh" and checked.run.counts["records"] == 1
    assert str(file) in checked.report.found[0]["en"] and "127.0.0.1" not in checked.report.found[0]["en"]
    (tmp_path / "note.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(Unreadable, match="PDF"):
        check_list(settings, str(tmp_path / "note.pdf"))
    with pytest.raises(Unreadable, match="no such file"):
        check_list(settings, str(tmp_path / "gone"))


def test_the_verb_tells_it_in_json(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACADEMY_DATA", str(settings.data))
    (tmp_path / "list.csv").write_text(sites.TABLE, "utf-8")
    done = CliRunner().invoke(cli.app, ["check", str(tmp_path / "list.csv"), "--json"])
    told = json.loads(done.output)
    assert told["detection"]["candidates"][0]["protocol"] == "table"
    assert told["detection"]["candidates"][0]["chosen"] is True
    assert set(told["detection"]["candidates"][0]["why"]) == {"en", "fr", "es"}


def test_a_word_of_a_saved_answer_is_never_taken_for_the_token(tmp_path: Path, settings: Settings) -> None:
    image = "https://moodle.example.org/pluginfile.php/1/course/overviewfiles/a.jpg"
    course = {**json.loads(MOODLE)[0], "courseimage": image}
    path = tmp_path / "answer.json"
    path.write_text(json.dumps([course]))
    kept: list[bytes] = []
    check_list(
        settings, str(path), after=lambda house, feed: kept.extend(
            row[0] for row in house.connection.execute("SELECT body FROM payload")
        )
    )  # fmt: skip
    assert len(kept) == 1 and image in zlib.decompress(kept[0]).decode()


def test_a_refusal_is_told_in_whole_sentences(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "answer.json"
    path.write_text('{"exception":"x","errorcode":"invalidtoken","message":"Invalid token - token not found"}')
    with pytest.raises(Unreadable, match="token not found\\. Create"):
        check_list(settings, str(path))


def test_what_stays_back_unread_is_no_entry_that_was_read(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "c.ics"
    event = "BEGIN:VEVENT\nUID:{0}\nSUMMARY:T {0}\nDTSTART:20270301T090000Z\n{1}END:VEVENT\n"
    events = event.format("a", "") + event.format("b", "CLASS:PRIVATE\n")
    path.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n")
    checked = check_list(settings, str(path))
    assert (checked.run.counts["records"], checked.run.counts["published"]) == (1, 1)


def test_what_a_file_names_beside_itself_is_told_by_its_folder(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "list.md"
    path.write_text(
        "# L\n\n- [A](https://a.example.org/x) course\n- [B](docs/b.md) course\n- [C](https://c.example.org/) x\n"
    )
    report = check_list(settings, str(path), "links").report
    told = [(example.issue.place, example.issue.value) for cause in report.causes for example in cause.examples]
    assert any(value == f"{tmp_path}/docs/b.md" for _, value in told)
    assert not any("127.0.0.1" in word for pair in told for word in pair)
