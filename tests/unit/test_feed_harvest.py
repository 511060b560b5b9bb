"""Feeds as sites send them: pages, broken XML, odd encodings; nothing fetched but what is asked for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.base import FeedFailed, Visit
from harvesters.feed import harvest
from registry import messages
from registry.crosswalk import load
from registry.iris import SCHEMA
from registry.model import Document, Done, FeedIssue, RawRecord, Unchanged
from registry.terms import Literal
from tests.support.one_answer import Answers, codes, context, feed, harvested, records

ADDRESS = "https://office.example.org/feed"
FEED = feed("feed", ADDRESS)


def rss(*items: str, head: str = "", attributes: str = "") -> bytes:
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?><rss version="2.0" {attributes}><channel>{head}{inner}</channel></rss>'.encode()


def atom(*entries: str, head: str = "") -> bytes:
    inner = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{inner}</feed>'.encode()


def read(body, **options):
    return harvested(harvest, feed("feed", ADDRESS, options=options), body)


def mapped(body: bytes, **more):
    one = feed("feed", ADDRESS, **more)
    (record,) = records(harvested(harvest, one, body))
    return load("feed")(record, context(one))


def values(result, predicate):
    return [o.value if isinstance(o, Literal) else o for _, p, o, _ in result.triples if p == SCHEMA + predicate]


ITEM = "<title>T</title><link>https://office.example.org/t</link><guid>g</guid>"


def test_what_moves_with_a_visit_changes_nothing():
    moving = 'xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
    first = read(
        rss(ITEM + "<slash:comments>1</slash:comments>", head="<lastBuildDate>1</lastBuildDate>", attributes=moving)
    )
    second = read(
        rss(
            ITEM + "<slash:comments>9</slash:comments>",
            head="<ttl>5</ttl><generator>x 2</generator>",
            attributes=moving,
        )
    )
    assert [e.payload for e in records(first)] == [e.payload for e in records(second)]
    assert first[0].digest == second[0].digest
    again = Answers({ADDRESS: rss(ITEM)})
    events = list(harvest(Visit(FEED, again, document=lambda _: Document(ADDRESS, first[0].digest))))
    assert isinstance(events[0], Unchanged) and events[-1].deletions == "signalled"


def test_a_feed_of_one_page_is_asked_with_its_etag():
    digest = read(rss(ITEM))[0].digest
    for bookmark, asked in (({"pages": "1"}, '"1"'), ({"pages": "2"}, None), ({}, None)):
        http = Answers({ADDRESS: rss(ITEM)}, {"etag": '"1"'})
        known = Document(ADDRESS, digest, '"1"')
        events = list(harvest(Visit(FEED, http, bookmark=bookmark, document=lambda _, known=known: known)))
        assert events[0] == Unchanged(ADDRESS, digest) and http.asked == [(ADDRESS, asked)]


def test_absence_is_deletion_only_where_the_feed_is_complete():
    complete = rss(ITEM, head='<fh:complete xmlns:fh="http://purl.org/syndication/history/1.0"/>')
    assert read(rss(ITEM))[-1] == Done(True, "signalled", {"pages": "1"})
    assert read(complete)[-1] == Done(True, "proved", {"pages": "1"})
    assert read(rss(ITEM), whole=True)[-1].deletions == "proved"


def paged(count: int, relation: str = "next") -> dict[str, bytes]:
    return {
        ADDRESS + (f"?p={n}" if n else ""): atom(
            f"<id>e{n}</id><title>E{n}</title>", "<id>same</id><title>S</title>",
            head=f'<link rel="{relation}" href="?p={n + 1}"/>' if n + 1 < count else "",
        )
        for n in range(count)
    }  # fmt: skip


@pytest.mark.parametrize("relation", ["next", "prev-archive"])
def test_pages_are_followed(relation):
    events = read(paged(3, relation))
    assert [one.key for one in records(events)] == ["e0", "same", "e1", "e2"]
    assert events[-1] == Done(True, "signalled", {"pages": "3"}) and codes(events) == ["rss-repeated", "rss-repeated"]


def test_pages_are_bounded_and_loops_end():
    assert codes(read(paged(9), pages=2))[-1] == "rss-pages" and not read(paged(9), pages=2)[-1].complete
    loop = paged(2) | {ADDRESS + "?p=1": atom("<id>x</id>", head=f'<link rel="next" href="{ADDRESS}"/>')}
    assert "rss-loop" in codes(read(loop))
    lost = {ADDRESS: paged(2)[ADDRESS]}
    assert "rss-page-lost" in codes(read(lost)) and read(lost)[-1] == Done(False, "signalled", {})
    away = {ADDRESS: atom("<id>x</id>", head='<link rel="next" href="https://other.example.org/"/>')}
    assert codes(read(away)) == ["rss-other-host"]
    with pytest.raises(FeedFailed):
        read(rss(ITEM), pages=0)


def test_json_feed_goes_on_by_next_url():
    def page(n, more):
        return json.dumps(
            {"version": "https://jsonfeed.org/version/1", "items": [{"id": n, "title": "x"}]} | more
        ).encode()

    events = read({ADDRESS: page(1, {"next_url": ADDRESS + "?2"}), ADDRESS + "?2": page(2, {})})
    assert [one.key for one in records(events)] == ["1", "2"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "rss-empty"), (b"<!DOCTYPE html><html><body>Log in</body></html>", "rss-not-feed"), (b"{}", "rss-not-feed"),
        (b'{"items": []}', "rss-not-feed"), (b"[" * 9999, "rss-broken-json"), (b"plain words", "rss-not-feed"),
        (b'<!DOCTYPE rss [<!ENTITY a "b">]>' + rss(ITEM)[21:], "rss-doctype"),
        (b'<!-- <a -->\n<?x y?><!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + rss(ITEM)[21:], "rss-doctype"),
        ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE rss [<!ENTITY a "b">]><rss/>'.encode("utf-16"), "rss-doctype"),
    ],
)  # fmt: skip
def test_what_is_no_feed(body, code):
    with pytest.raises(FeedFailed) as failed:
        read(body)
    assert failed.value.issue.code == code and code in messages.load()


def test_a_document_type_without_declarations_is_left_out():
    old = b'<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://x.example/rss.dtd">'
    (record,) = records(
        read(
            old
            + b'<rss version="0.91"><channel><item><title>T</title><link>http://a.example/</link></item></channel></rss>'
        )
    )
    assert record.key == "http://a.example/"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (rss("<title>A & B &nbsp; é</title><guid>g</guid>"), True),
        (rss("<title>A &amp; B é</title><guid>g</guid>")[:-20], True),
        (rss("<title>A &amp; B é</title><guid>g</guid>").decode().encode("latin-1"), True),
        (rss("<title>A &amp; B é</title><guid>g</guid>").replace(b'"1.0"?', b'"1.0" encoding="ISO-8859-1"?').decode().encode("latin-1"), False),
        (rss("<title>A &amp; B é</title><guid>g</guid>").decode().encode("utf-16"), False),
        (b"\xef\xbb\xbf \n" + rss("<title>A &amp; B é</title><guid>g</guid>"), False),
        (rss("<title>A &amp; B\x01 é</title><guid>g</guid>"), False),
    ],
)  # fmt: skip
def test_broken_bytes_are_read_and_told(body, told):
    events = read(body)
    (record,) = records(events)
    title = " ".join(json.loads(record.payload)["entry"]["title"]["text"].replace("&amp;", "&").split())
    assert title.startswith("A & B") and title.endswith("é")
    assert bool(codes(events)) is told


def test_keys():
    (one,) = records(read(rss("<title>T</title><link>https://a.example/t</link>")))
    assert one.key == "https://a.example/t"
    (two,) = records(read(rss("<title>T</title><description>d</description>")))
    assert (
        two.key.startswith("entry-")
        and two.key == records(read(rss("<description>d</description><title>T</title>")))[0].key
    )


def test_rss_1_and_its_dates():
    body = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="http://a.example/"/>'
        b'<item rdf:about="http://a.example/1"><title>T</title><link>http://a.example/1</link><dc:date>2026-01-05</dc:date>'
        b"<dc:subject>R</dc:subject><dc:creator>Jane Doe (jane@a.example)</dc:creator></item></rdf:RDF>"
    )
    result = mapped(body)
    assert values(result, "datePublished") == ["2026-01-05"] and not values(result, "startDate")
    assert values(result, "keywords") == ["R"] and "@" not in str(result.triples).replace("@v", "")


@pytest.mark.parametrize(
    "author",
    [
        "jane@a.example (Jane Doe)",
        "Jane Doe &lt;jane@a.example&gt;",
        "Jane Doe",
        "jane@a.example",
        "mailto:jane@a.example",
    ],
)
def test_authors_without_their_mail(author):
    body = rss(ITEM + f"<author>{author}</author>")
    (record,) = records(read(body))
    assert b"jane@" not in record.payload
    names = [name for name in values(mapped(body), "name") if name != "T"]
    assert names == (["Jane Doe"] if "Doe" in author else [])


def test_texts():
    body = rss(
        "<title>The &lt;b&gt;title&lt;/b&gt;</title><guid isPermaLink='false'>https://a.example/not-a-page</guid>"
        "<description>Short text […]</description><content:encoded>Short text and more.</content:encoded>",
        attributes='xmlns:content="http://purl.org/rss/1.0/modules/content/"',
    )
    result = mapped(body, language="en")
    assert values(result, "name") == ["The title"] and not values(result, "url")
    assert values(result, "description") == ["Short text and more."] and not values(result, "abstract")


def test_licences_of_entry_channel_and_our_own_entry():
    own = (
        ITEM
        + '<creativeCommons:license xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule">http://creativecommons.org/licenses/by-nc/4.0/</creativeCommons:license>'
    )
    channel = "<copyright>CC BY-SA 4.0</copyright>"
    for body, expected in (
        (rss(own, head=channel), "CC-BY-NC-4.0"),
        (rss(ITEM, head=channel), "CC-BY-SA-4.0"),
        (rss(ITEM), "CC0-1.0"),
    ):
        assert values(mapped(body, licence="CC0-1.0"), "license") == [f"http://spdx.org/licenses/{expected}"]
    assert not values(mapped(rss(ITEM, head="<copyright>© 2026 Office</copyright>")), "license")


def test_an_atom_entry_has_the_author_of_its_feed():
    result = mapped(
        atom("<id>a</id><title>T</title>", head="<author><name>Jane Doe</name><email>j@a.example</email></author>")
    )
    assert "Jane Doe" in values(result, "name") and len(values(result, "author")) == 1


PIECES = st.sampled_from(
    ["<item>", "</item>", "<title>", "</title>", "<link>", "</link>", "<![CDATA[", "]]>", "&amp;", "&x;", "<guid isPermaLink='true'>",
     "<media:group>", "<enclosure url='a' length='x'/>", "<author>a@b.c (d", "<category/>", "<source url='%'/>", "<a href=\"", "http://[",
     "<content type='xhtml'><div>", "<!--", "<?x", "<entry>", "<link rel='next' href='?2'/>", "<pubDate>", "<dc:date>0</dc:date>"]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([b'<rss version="2.0"><channel>', b'<feed xmlns="http://www.w3.org/2005/Atom">', b"", b"\xff\xfe"]),
       st.lists(st.one_of(PIECES, st.text(max_size=15)), max_size=20))  # fmt: skip
def test_fuzz_xml(start, pieces):
    check(start + "".join(pieces).encode("utf-8", "replace"))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["id", "url", "title", "tags", "authors", "attachments", "name", "items", "date_published", "language"]), inner, max_size=5),
    ),
    max_leaves=15,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(JSON, JSON)
def test_fuzz_json(items, more):
    check(
        json.dumps(
            {"version": "https://jsonfeed.org/version/1.1", "items": items, "language": more, "authors": more}
        ).encode()
    )


def check(body: bytes) -> None:
    try:
        events = read({ADDRESS: body})
    except FeedFailed:
        return
    assert isinstance(events[-1], Done)
    known = messages.load()
    for record in records(events):
        result = load("feed")(record, context(FEED))
        assert result.triples and all(issue.code in known for issue in result.issues)
    assert all(event.issue.code in known for event in events if isinstance(event, FeedIssue))


def test_real_feeds(shared):
    folder = shared / "data/openedx/mit-learn/raw/test_html"
    counts = {}
    for file in sorted(folder.glob("*.rss")):
        events = read(file.read_bytes())
        results = [load("feed")(record, context(FEED)) for record in records(events)]
        assert all(values(result, "name") and values(result, "url") for result in results)
        counts[file.name] = len(results)
    assert counts == {"test_medium_mit_news.rss": 3, "test_podcast.rss": 2}


def test_a_feed_whose_items_stand_inside_a_category_is_told():
    with pytest.raises(FeedFailed) as failed:
        read(rss("<category>a<item><title>x</title></item></category>"))
    assert failed.value.issue.code == "rss-tangled"


def test_payloads_that_are_no_entries_are_told():
    for payload in (b"[" * 100_000, b'{"kind": {"a": 1}, "entry": {}}', b'{"kind": "rss"}', b"\xff", b""):
        mapped = load("feed")(RawRecord("k", payload, "application/json", "feed", FEED.address), context(FEED))
        assert (mapped.triples, [issue.code for issue in mapped.issues]) == ((), ["rss-unreadable"])
    broken = RawRecord("k", b"[" * 100_000, "application/json", "links", FEED.address)
    assert load("links")(broken, context(FEED)).issues
    odd = RawRecord(
        "k", b'{"title": "\\ud800", "url": "https://a.example/", "x": "\\ud800"}', "", "links", FEED.address
    )
    repr([(issue.value, issue.place) for issue in load("links")(odd, context(FEED)).issues]).encode()


YOUTUBE = (
    "<id>yt:video:x1</id><title>T</title><link rel='alternate' href='https://www.youtube.com/watch?v=x1'/>"
    "<published>2026-03-02T12:00:00Z</published><updated>{}</updated>"
    "<m:group xmlns:m='http://search.yahoo.com/mrss/'><m:content url='https://www.youtube.com/v/x1?version=3' "
    "type='application/x-shockwave-flash'/></m:group>"
)


def test_an_entry_of_youtube_is_a_video_and_does_not_move_with_its_views():
    first, second = (atom(YOUTUBE.format(day)) for day in ("2026-11-20T03:04:05Z", "2026-11-21T03:04:05Z"))
    assert records(read(first))[0].payload == records(read(second))[0].payload
    result = mapped(first)
    assert [one.rpartition("/")[2] for one in values(result, "learningResourceType")] == ["video"]
    assert values(result, "encoding") == [] and values(result, "dateModified") == []


def test_accounts_are_no_authors_and_drupals_fields_are_no_text():
    drupal = (
        '&lt;span class="field field--name-title field--type-string"&gt;T&lt;/span&gt;\n'
        '&lt;span class="field field--name-uid"&gt;&lt;span lang="" about="/user/3"&gt;jdoe&lt;/span&gt;&lt;/span&gt;\n'
        '&lt;span class="field field--name-created"&gt;&lt;time datetime="2026"&gt;Mon, 05/04&lt;/time&gt;\n&lt;/span&gt;'
        '&lt;div class="field field--name-body"&gt;&lt;p&gt;About &lt;span&gt;registers&lt;/span&gt;.&lt;/p&gt;&lt;/div&gt;'
    )
    item = f"{ITEM}<description>{drupal}</description><dc:creator xmlns:dc='http://purl.org/dc/elements/1.1/'>{{}}</dc:creator>"
    result = mapped(rss(item.format("admin")))
    assert values(result, "description") == ["About registers."] and values(result, "author") == []
    assert len(values(mapped(rss(item.format("Ada Admin"))), "author")) == 1


def test_addresses_of_persons_are_not_kept_and_their_place_is_told():
    words = "Ask jane@office.example.net or &lt;a href='mailto:bob@office.example.net'&gt;Bob&lt;/a&gt;"
    item = f"<guid>1</guid><title>{words}</title><description>{words}</description><category>x@office.example.net</category>"
    (record,) = records(read(rss(item)))
    assert b"office.example.net" not in record.payload and b"Ask" in record.payload
    result = load("feed")(record, context(FEED))
    assert ("rss-email", "item/title") in [(issue.code, issue.place) for issue in result.issues]
    texts = [o.value for _, _, o, _ in result.triples if isinstance(o, Literal)]
    assert "Ask or Bob" in texts and not any("\u2039" in one for one in texts)


@pytest.mark.parametrize(
    "title",
    ["Protected: Prices", "Protégé\u00a0: Les prix", "Protégé : Les prix", "Private: Prices", "Protegido: Precios"],
)
def test_posts_that_wordpress_locks_stay_back(title):
    locked = f"<title>{title}</title><link>https://office.example.org/x</link><guid>x</guid>"
    events = read(rss(locked, ITEM))
    assert [(one.key, one.deleted, bool(one.payload)) for one in records(events)] == [
        ("x", True, False),
        ("g", False, True),
    ]
    assert [one.issue.value for one in events if isinstance(one, FeedIssue) and one.issue.code == "rss-locked"] == [
        "1"
    ]


@pytest.mark.parametrize("title", ["Protected areas in statistics", "Private consumption: a course", "Private"])
def test_posts_with_such_words_are_read(title):
    events = read(rss(f"<title>{title}</title><guid>x</guid>"))
    assert [one.deleted for one in records(events)] == [False] and "rss-locked" not in codes(events)
