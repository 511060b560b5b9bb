"""The OAI-PMH harvester against a repository on loopback: listings, tokens, deletions, faults."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest

from harvesters import oai_pages
from harvesters.base import FeedFailed, Visit
from harvesters.oai_pmh import harvest
from harvesters.oai_repository import base_address
from harvesters.xml_safe import BadXml
from registry import messages
from registry.model import Document, Done, Feed, FeedIssue, RawRecord, Unchanged
from registry.net import Fetcher
from registry.settings import Settings
from tests.support.oai_server import NAMESPACES, OPEN, Item, Repository, repository, serving


def items(count, start=0, **more):
    return [
        Item(f"oai:t:{n}", f"2026-01-{1 + n % 28:02d}T00:00:00Z", f"<dc:title>Title {n}</dc:title>", **more)
        for n in range(start, start + count)
    ]


def visit(address, *, bookmark=None, seen=(), options=None, retries=0, **more):
    feed = Feed("f", "a", "oai_pmh", address, allow_hosts=("127.0.0.1",), options=options or {}, **more)
    http = Fetcher(Settings(http_retries=retries), feed, sleep=lambda _: None)
    known = set(seen)
    with http:
        events = list(harvest(Visit(feed, http, bookmark or {}, seen=lambda digest: digest in known)))
    for event in events:
        issues = [event.issue] if isinstance(event, FeedIssue) else getattr(event, "issues", ())
        for issue in issues:
            said = messages.load()[issue.code]
            assert "{" not in messages.fill(said.text["fr"] + said.mend["fr"], issue), issue
    return events


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def keys(events):
    return [record.key for record in of(events, RawRecord)]


def codes(events):
    return [event.issue.code for event in of(events, FeedIssue)]


def failed(address, **more):
    with pytest.raises(FeedFailed) as caught:
        visit(address, **more)
    assert caught.value.issue.code in messages.load()
    return caught.value.issue


def only(verb, reply):
    """A fault that answers every request of a verb with a body (and a status)."""

    def fault(arguments, number):
        if arguments.get("verb") != verb:
            return None
        status, body = reply if isinstance(reply, tuple) else (200, reply)
        return status, {"Content-Type": "text/xml"}, body.encode() if isinstance(body, str) else body

    return fault


def test_whole_listing_with_tokens_and_deleted():
    content = Repository([*items(25), Item("oai:t:gone", "2026-02-01T00:00:00Z", None)])
    with repository(content) as base:
        events = visit(base)
    assert keys(events) == [f"oai:t:{n}" for n in range(25)] + ["oai:t:gone"]
    assert [record.key for record in of(events, RawRecord) if record.deleted] == ["oai:t:gone"]
    assert len(of(events, Document)) == 3 and not codes(events)
    done = events[-1]
    assert (done.complete, done.deletions, done.bookmark["date"]) == (True, "proved", "2026-03-01T12:00:00Z")
    record = of(events, RawRecord)[12]
    assert record.locator == "page 2, record 3" and record.datestamp == "2026-01-13T00:00:00Z"
    assert record.source == f"{base}?verb=GetRecord&identifier=oai%3At%3A12&metadataPrefix=oai_dc"
    assert b"datestamp" not in record.payload and b"<identifier>oai:t:12</identifier>" in record.payload


def test_unchanged_pages_are_not_split_and_touched_ones_are():
    content = Repository(items(30))
    with repository(content) as base:
        first = visit(base)
        digests = {document.digest for document in of(first, Document)}
        content.clock = "2026-04-01T00:00:00Z"
        again = visit(base, seen=digests)
        assert not keys(again) and len(of(again, Unchanged)) == 3 and again[-1].complete
        changed = replace(content.items[14], inner="<dc:title>New</dc:title>")
        content.items = [*content.items[:14], changed, *content.items[15:]]
        third = visit(base, seen=digests)
    assert keys(third) == [f"oai:t:{n}" for n in range(10, 20)] and len(of(third, Unchanged)) == 2
    assert [r.payload for r in of(first, RawRecord)[10:14]] == [r.payload for r in of(third, RawRecord)[:4]]


def test_digest_and_payload_do_not_move_with_the_visit():
    content = Repository(items(3))
    with repository(content) as base:
        first = visit(base)
        content.clock = "2027-01-01T00:00:00Z"
        content.items = [replace(item, stamp="2026-02-01T00:00:00Z") for item in content.items]
        second = visit(base)
    assert [r.payload for r in of(first, RawRecord)] == [r.payload for r in of(second, RawRecord)]


@pytest.mark.parametrize(
    ("granularity", "expected"),
    [("YYYY-MM-DDThh:mm:ssZ", "2026-03-01T11:00:00Z"), ("YYYY-MM-DD", "2026-02-28")],
)
def test_incremental(granularity, expected):
    content = Repository(items(5), granularity=granularity)
    with repository(content) as base:
        mark = visit(base)[-1].bookmark
        content.items = [*content.items, Item("oai:t:new", "2026-03-02T00:00:00Z", "<dc:title>N</dc:title>")]
        content.log.clear()
        events = visit(base, bookmark=mark)
        assert [asked["from"] for asked in content.log if asked["verb"] == "ListRecords"] == [expected]
        assert keys(events) == ["oai:t:new"]
        assert (events[-1].complete, events[-1].deletions) == (False, "signalled")
        content.items = content.items[:5]
        empty = visit(base, bookmark=mark)
        assert not keys(empty) and not codes(empty) and isinstance(empty[-1], Done)
        # Another set or prefix than the bookmark's: everything is read again.
        content.log.clear()
        assert visit(base, bookmark=mark, options={"set": "x"})[-1].bookmark != mark
        assert not any("from" in asked for asked in content.log)


def test_repository_without_deletions_is_always_listed_whole():
    with repository(Repository(items(3), policy="no")) as base:
        events = visit(base)
        assert events[-1] == Done(True, "proved", {})
        mark = visit(base, options={"incremental": True})[-1].bookmark
        assert visit(base, bookmark=mark, options={"incremental": True})[-1].deletions == "unknown"


def test_refused_window_falls_back_to_everything():
    content = Repository(items(3))

    def fault(arguments, number):
        if "from" in arguments:
            return 200, {}, (OPEN + '<error code="badArgument">from</error></OAI-PMH>').encode()
        return None

    with repository(content) as base:
        mark = visit(base)[-1].bookmark
        content.fault = fault
        events = visit(base, bookmark=mark)
    assert len(keys(events)) == 3 and codes(events) == ["oai-window-refused"]


def test_sets_and_a_record_in_two_of_them():
    content = Repository([*items(4, sets=("a",)), *items(3, 4, sets=("a", "b")), *items(2, 7, sets=("b",))])
    with repository(content) as base:
        both = visit(base, options={"set": ["a", "b"]})
        assert keys(both) == [f"oai:t:{n}" for n in range(9)] and both[-1].complete and not codes(both)
        digests = {document.digest for document in of(both, Document)}
        again = visit(base, options={"set": ["a", "b"]}, seen=digests)
        # The page of b stands partly under a: it is read again, with the same records.
        assert set(keys(again)) <= set(keys(both)) and len(of(again, Unchanged)) == 1
        assert keys(visit(base, options={"set": "b"})) == [f"oai:t:{n}" for n in range(4, 9)]
        assert failed(base, options={"set": 5}).code == "oai-bad-option"


def token_dies_once(at):
    state = {"dead": False}

    def fault(arguments, number):
        if f"at={at}" in arguments.get("resumptionToken", "") and not state["dead"]:
            state["dead"] = True
            return 422, {}, (OPEN + '<error code="badResumptionToken">expired</error></OAI-PMH>').encode()
        return None

    return fault


@pytest.mark.parametrize("ordered", [True, False])
def test_expired_token_loses_and_doubles_nothing(ordered):
    listed = items(28) if ordered else list(reversed(items(28)))
    content = Repository(listed, page=5, fault=token_dies_once(15))
    with repository(content) as base:
        events = visit(base)
    assert sorted(keys(events)) == sorted(item.key for item in listed) and len(set(keys(events))) == 28
    assert codes(events) == ["oai-token-expired"] and events[-1].complete
    assert not any("from" in asked for asked in content.log), "the order of a list is nothing to rely on"


@pytest.mark.parametrize("ordered", [True, False])
def test_token_that_never_works(ordered):
    def fault(arguments, number):
        if "resumptionToken" in arguments:
            return 200, {}, (OPEN + '<error code="badResumptionToken"/></OAI-PMH>').encode()
        return None

    listed = items(25) if ordered else list(reversed(items(25)))
    mark = {"date": "x"}
    with repository(Repository(listed, fault=fault)) as base:
        events = visit(base, bookmark=mark)
    # In the order of datestamps it goes on from the last one; without proof that this was everything.
    assert len(keys(events)) == len(set(keys(events))) == (25 if ordered else 10)
    assert codes(events) == ["oai-token-expired"] + ([] if ordered else ["oai-token-lost"])
    assert not events[-1].complete and events[-1].bookmark == mark


@pytest.mark.parametrize("same_token", [True, False])
def test_looping_tokens_end(same_token):
    content = Repository(items(30))
    loops = []

    def fault(arguments, number):
        if "resumptionToken" not in arguments:
            return None
        loops.append(1)
        body = content.answer({"verb": "ListRecords", "metadataPrefix": "oai_dc"}, "/oai").decode()
        token = "same" if same_token else f"t{len(loops)}"
        body = re.sub(r"<resumptionToken.*?</resumptionToken>", f"<resumptionToken>{token}</resumptionToken>", body)
        return 200, {}, body.encode()

    content.fault = fault
    with repository(content) as base:
        events = visit(base)
        assert len(keys(events)) == 10 and codes(events)[-1] == "oai-loop" and not events[-1].complete
        assert len(loops) < 10
        seen = {document.digest for document in of(events, Document)}
        again = visit(base, seen=seen)
        assert codes(again) == ["oai-loop"] and not again[-1].complete and len(of(again, Unchanged)) == 1


@pytest.mark.parametrize("status", [404, 500])
def test_http_error_in_mid_harvest(status):
    def fault(arguments, number):
        return (status, {}, b"broken") if "at=10" in arguments.get("resumptionToken", "") else None

    with repository(Repository(items(30), fault=fault)) as base:
        events = visit(base)
    assert len(keys(events)) == 10 and codes(events) == ["net-status"]
    assert events[-1] == Done(False, "proved", {})
    assert "resumptionToken" in of(events, FeedIssue)[0].issue.place


def test_503_is_waited_for():
    left = [2]

    def fault(arguments, number):
        if arguments["verb"] == "ListRecords" and left[0]:
            left[0] -= 1
            return 503, {"Retry-After": "30"}, b""
        return None

    with repository(Repository(items(3), fault=fault)) as base:
        assert len(keys(visit(base, retries=2))) == 3


def test_announced_more_than_listed_proves_nothing():
    def shrink(arguments, number):
        if arguments["verb"] != "ListRecords":
            return None
        body = content.answer(arguments, "/oai").replace(b'completeListSize="15"', b'completeListSize="99"')
        return 200, {}, body

    content = Repository(items(15), fault=shrink)
    with repository(content) as base:
        events = visit(base)
    assert len(keys(events)) == 15 and codes(events) == ["oai-short"] and not events[-1].complete


def test_empty_repository_proves_nothing():
    with repository(Repository([])) as base:
        events = visit(base)
    assert codes(events) == ["oai-empty"] and not events[-1].complete


def test_duplicate_identifiers_in_one_list():
    with repository(Repository([*items(3), *items(1)])) as base:
        events = visit(base)
    assert keys(events) == ["oai:t:0", "oai:t:1", "oai:t:2"] and codes(events) == ["oai-duplicate"]


BAD = {
    "illegal": ("<dc:title>Bad \x03 title</dc:title>", "oai-illegal-character", b"Bad  title"),
    "reference": ("<dc:title>Bad &#x1A; title</dc:title>", "oai-illegal-character", b"Bad  title"),
    "entity": (
        "<dc:title>caf&eacute; &nbsp; &bogus; AT&T</dc:title>",
        "oai-entity",
        "café \xa0 &amp;bogus; AT&amp;T".encode(),
    ),
    "latin": (b"<dc:title>caf\xe9</dc:title>", "oai-encoding", "café".encode()),
    "open": ("<dc:title>never <b>closed</dc:title>", "oai-broken-record", None),
    "prefix": ("<dct:title>no namespace</dct:title>", "oai-broken-record", None),
}


@pytest.mark.parametrize("fault", BAD)
def test_one_bad_record_does_not_take_the_page(fault):
    inner, code, kept = BAD[fault]
    content = Repository(items(25))
    raw = inner if isinstance(inner, bytes) else inner.encode()

    def spoil(arguments, number):
        if arguments["verb"] not in ("ListRecords", "GetRecord"):  # what is broken is so alone as well
            return None
        return 200, {}, content.answer(arguments, "/oai").replace(b"<dc:title>Title 12</dc:title>", raw)

    content.fault = spoil
    with repository(content) as base:
        events = visit(base)
        again = visit(base)
    assert keys(events) == [f"oai:t:{n}" for n in range(25)] and events[-1].complete
    bad = of(events, RawRecord)[12]
    assert [issue.code for issue in bad.issues] == [code] and bad.broken is (kept is None)
    assert kept is None or kept in bad.payload
    assert not any(record.issues for record in of(events, RawRecord) if record is not bad)
    assert [r.payload for r in of(events, RawRecord)] == [r.payload for r in of(again, RawRecord)]
    clean = [record for record in of(events, RawRecord) if record is not bad]
    content.fault = None
    with repository(content) as base:
        well = {record.key: record.payload for record in of(visit(base), RawRecord)}
    assert all(well[record.key] == record.payload for record in clean)


def test_records_without_identifier_or_metadata():
    content = Repository(items(3))

    def spoil(arguments, number):
        if arguments["verb"] != "ListRecords":
            return None
        body = content.answer(arguments, "/oai").replace(b"<identifier>oai:t:0</identifier>", b"<identifier/>")
        return 200, {}, re.sub(rb"<metadata><oai_dc:dc[^>]*><dc:title>Title 1.*?</metadata>", b"", body)

    content.fault = spoil
    with repository(content) as base:
        events = visit(base)
    first, second, third = of(events, RawRecord)
    assert first.broken and first.issues[0].code == "oai-no-identifier" and first.key.startswith("unidentified-")
    assert second.broken and second.issues[0].code == "oai-no-metadata" and not third.broken
    assert not events[-1].complete, "an unidentified record may be any of the published ones"


def test_page_cut_in_the_middle_keeps_what_is_there():
    content = Repository(items(20))

    def cut(arguments, number):
        if "resumptionToken" not in arguments:
            return None
        return 200, {}, content.answer(arguments, "/oai").partition(b"<dc:title>Title 15")[0]

    content.fault = cut
    with repository(content) as base:
        events = visit(base)
    assert keys(events) == [f"oai:t:{n}" for n in range(15)] and codes(events) == ["oai-cut"]
    assert not events[-1].complete and events[-1].bookmark == {}


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM '
    '"file:///etc/passwd">]>'
    + OPEN.partition("\n")[2]
    + "<ListRecords><record>&b;&c;</record></ListRecords></OAI-PMH>"
)


@pytest.mark.parametrize(
    ("verb", "reply", "code"),
    [
        ("Identify", "<!DOCTYPE html><html><body>Hello</body></html>", "oai-not-oai"),
        ("Identify", "broken xml", "oai-broken-page"),
        ("Identify", "", "oai-broken-page"),
        ("Identify", (404, "no"), "net-status"),
        ("Identify", BOMB, "oai-doctype"),
        ("Identify", OPEN + '<error code="badVerb">?</error></OAI-PMH>', "oai-error"),
        ("Identify", "<rss/>", "oai-not-oai"),
        ("ListRecords", BOMB, "oai-doctype"),
        ("ListRecords", BOMB.encode("utf-16"), "oai-doctype"),
        ("ListRecords", "broken xml", "oai-not-oai"),
        ("ListRecords", "<html><body>login</body></html>", "oai-not-oai"),
        ("ListRecords", OPEN + "</OAI-PMH>", "oai-no-list"),
        ("ListRecords", (500, "oops"), "net-status"),
        ("ListRecords", (200, OPEN + '<error code="noSetHierarchy">x</error></OAI-PMH>'), "oai-error"),
        ("ListMetadataFormats", None, "oai-no-format"),
    ],
)
def test_feeds_that_cannot_be_read(verb, reply, code):
    content = Repository(items(2), prefixes=("marc21", "ead") if reply is None else ("oai_dc",))
    content.fault = only(verb, reply) if reply is not None else None
    with repository(content) as base:
        issue = failed(base)
    assert issue.code == code and base in issue.place


def test_formats_that_are_not_listed():
    with repository(Repository(items(2), fault=only("ListMetadataFormats", (500, "oops")))) as base:
        events = visit(base)
    assert len(keys(events)) == 2 and codes(events) == ["oai-formats-unlisted"]


@pytest.mark.parametrize("kind", ["prefixed", "latin1", "utf16", "comment", "no declaration"])
def test_odd_but_right_pages(kind):
    content = Repository([Item("oai:t:1", "2026-01-01T00:00:00Z", "<dc:title>Té</dc:title>")])

    def dress(arguments, number):
        if arguments["verb"] != "ListRecords":
            return None
        text = content.answer(arguments, "/oai").decode()
        if kind == "prefixed":
            text = re.sub(r"<(/?)(?=[A-Za-z]+[\s>])(?!dc:|oai_dc:)", r"<\1o:", text)
            text = text.replace('xmlns="http', 'xmlns:o="http')
        if kind == "comment":
            text = text.replace("<ListRecords>", "<!-- </record> --><ListRecords><!-- x -->")
        if kind == "latin1":
            return 200, {"Content-Type": "text/html"}, text.replace("UTF-8", "ISO-8859-1").encode("latin-1")
        if kind == "utf16":
            return 200, {}, text.replace("UTF-8", "UTF-16").encode("utf-16")
        return 200, {}, (text.partition("\n")[2] if kind == "no declaration" else text).encode()

    content.fault = dress
    with repository(content) as base:
        events = visit(base)
        digest = of(events, Document)[0].digest
        again = visit(base, seen={digest})
    (record,) = of(events, RawRecord)
    assert record.key == "oai:t:1" and "Té".encode() in record.payload and not record.issues
    assert not keys(again) and len(of(again, Unchanged)) == 1


def test_addresses_with_a_query_of_their_own():
    assert base_address("https://x.org/oai.php?repo=a/b&verb=Identify#top") == "https://x.org/oai.php?repo=a/b"
    asked = []
    content = Repository(items(2))

    def reply(path, headers):
        asked.append(path)
        arguments = dict(pair.split("=", 1) for pair in path.partition("?")[2].split("&"))
        return 200, {}, content.answer(arguments, "/oai")

    with serving(reply) as base:
        assert len(keys(visit(base + "/oai?repo=7&verb=Identify"))) == 2
    assert all(path.startswith("/oai?repo=7&verb=") for path in asked)


def test_namespaces_of_a_saved_record_are_those_of_its_page():
    record = Item("oai:t:1", "2026-01-01", "<dc:title>A &nbsp; B</dc:title>").xml().replace(" " + NAMESPACES, "")
    page = (
        OPEN[:-1]
        + f" {NAMESPACES}><responseDate>2026-01-01</responseDate><ListRecords>{record}</ListRecords></OAI-PMH>"
    )
    with repository(Repository([], fault=only("ListRecords", page))) as base:
        (saved,) = of(visit(base), RawRecord)
    assert not saved.broken and b'xmlns:dc="http://purl.org/dc/elements/1.1/"' in saved.payload


@pytest.mark.parametrize(
    "filling",
    ["<OAI-PMH ", "<ListRecords ", "<record ", "<record><header", " ", "<![CDATA[", "<resumptionToken ", "&", "<?x"],
)
@pytest.mark.parametrize("place", ["{}<responseDate>", "<responseDate>{}", "</record>{}", "<dc:title>{}\x03"])
def test_hostile_pages_cost_linear_time(filling, place):
    good = Repository(items(2)).answer({"verb": "ListRecords", "metadataPrefix": "oai_dc"}, "/oai").decode()
    mark = place.replace("{}", "").replace("\x03", "")

    def spent(letters: int) -> float:
        page = good.replace(mark, place.format(filling * (letters // len(filling))), 1).encode()
        began = time.process_time()
        oai_pages.peek(page)
        try:
            oai_pages.read(page, "", str, str, 1)
        except BadXml as error:
            assert error.code in messages.load()
        return time.process_time() - began

    # Twice as long takes twice as long on any machine; what grows with the square takes four times, however often it is
    # tried. A neighbour on the machine may spoil one try, which is why there are more.
    tries: list[float] = []
    while len(tries) < 4 and not (tries and tries[-1] < 3):
        half, whole = spent(150_000), spent(300_000)
        tries.append(whole / max(half, 0.02))
    assert min(tries) < 3, tries


def test_an_empty_list_is_asked_for_whole_again():
    with repository(Repository([])) as base:
        events = visit(base)
        assert codes(events) == ["oai-empty"] and events[-1].bookmark == {}


def test_deleted_in_capitals():
    page = (
        OPEN
        + '<ListRecords><record><header status="Deleted"><identifier>i</identifier></header></record></ListRecords></OAI-PMH>'
    )
    with repository(
        Repository([], fault=lambda asked, _: (200, {}, page.encode()) if asked["verb"] == "ListRecords" else None)
    ) as base:
        (record,) = [event for event in visit(base) if isinstance(event, RawRecord)]
        assert record.deleted and not record.broken
