import gzip
import zlib

import pytest

from harvesters import web_pages
from harvesters.base import FeedFailed
from registry.model import Document, FeedIssue
from tests.support.web_site import HTML, codes, course, done, index, records, serve, sitemap, unchanged


def issue(events, code):
    return next(event.issue for event in events if isinstance(event, FeedIssue) and event.issue.code == code)


def test_a_sitemap_gives_a_record_a_page():
    with serve({"/sitemap.xml": sitemap("/a", "/b"), "/a": course("A"), "/b": course("B")}) as site:
        events = site.visit(site.feed())
        assert [r.key for r in records(events)] == [site.root + "/a", site.root + "/b"]
        assert [r.source for r in records(events)] == [site.root + "/a", site.root + "/b"]
        assert done(events).complete and done(events).deletions == "proved"
        assert codes(events) == []


def test_a_second_visit_gives_nothing_but_unchanged():
    with serve({"/sitemap.xml": sitemap("/a", "/b"), "/a": course("A"), "/b": course("B")}) as site:
        site.visit(site.feed())
        events = site.visit(site.feed())
        assert unchanged(events) == [site.root + "/a", site.root + "/b"]
        assert len(events) == 3 and done(events).complete


def test_a_page_that_changes_around_its_description_is_unchanged():
    with serve({"/sitemap.xml": sitemap("/a"), "/a": course("A") + "<!-- token 1 -->"}) as site:
        site.visit(site.feed())
        site.pages["/a"] = course("A") + "<!-- token 2 -->"
        assert unchanged(site.visit(site.feed())) == [site.root + "/a"]
        site.pages["/a"] = course("A, new")
        events = site.visit(site.feed())
        assert b"A, new" in records(events)[0].payload and unchanged(events) == []


def test_index_gzip_and_text_sitemaps():
    packed = gzip.compress(
        b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>/c</loc></url></urlset>"
    )
    pages = {
        "/sitemap.xml": index("/one.xml", "/two.xml.gz", "/three.txt"),
        "/one.xml": sitemap("/a", "/a#part", "/b"),
        "/two.xml.gz": (200, {"content-type": "application/gzip"}, packed),
        "/three.txt": "{root}/d\n{root}/a\n",
        **{f"/{name}": course(name) for name in "abcd"},
    }
    with serve(pages) as site:
        events = site.visit(site.feed())
        assert [r.key.rsplit("/", 1)[1] for r in records(events)] == ["a", "b", "c", "d"]
        assert done(events).complete and codes(events) == []


@pytest.mark.parametrize("second", ["/sitemap.xml", "/other.xml"])
def test_a_sitemap_that_leads_back_to_itself_ends(second):
    pages = {
        "/sitemap.xml": index(second, "/real.xml"),
        "/other.xml": index("/sitemap.xml"),
        "/real.xml": sitemap("/a"),
        "/a": course("A"),
    }
    with serve(pages) as site:
        events = site.visit(site.feed())
        assert codes(events) == ["web-sitemap-loop"]
        assert len(records(events)) == 1 and not done(events).complete


def test_the_same_sitemap_named_twice_is_no_loop():
    with serve({"/sitemap.xml": index("/x.xml", "/x.xml"), "/x.xml": sitemap("/a"), "/a": course("A")}) as site:
        events = site.visit(site.feed())
        assert codes(events) == [] and done(events).complete


def test_sitemaps_that_never_end_are_bounded():
    pages = {f"/s{n}.xml": index(f"/s{n + 1}.xml") for n in range(20)}
    with serve(pages) as site:
        events = site.visit(site.feed("/s0.xml"))
        assert codes(events) == ["web-sitemap-many"] and not done(events).complete
        assert len(site.log) < 10


def test_a_bomb_is_not_unpacked():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(100)) + packer.flush()
    pages = {"/sitemap.xml": index("/b.xml.gz"), "/b.xml.gz": (200, {}, bomb)}
    with serve(pages) as site:
        events = site.visit(site.feed())
        assert codes(events) == ["web-sitemap-packed"] and not done(events).complete


def test_entities_in_a_sitemap_are_not_expanded():
    evil = '<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/hostname">]><urlset><url><loc>&x;</loc></url></urlset>'
    with serve({"/sitemap.xml": evil}) as site:
        events = site.visit(site.feed())
        assert records(events) == []
        assert codes(events) == ["web-sitemap-address"]


def test_a_broken_sitemap_is_read_up_to_the_fault():
    broken = sitemap("/a", "/b").replace("</urlset>", "<url><loc>{root}/c?x=1&y=2</loc></url></urlset>")
    with serve({"/sitemap.xml": broken, "/a": course("A"), "/b": course("B")}) as site:
        events = site.visit(site.feed())
        assert len(records(events)) == 2 and not done(events).complete
        assert "line 1 column" in issue(events, "web-sitemap-broken").place


def test_the_root_of_a_site_asks_robots_then_the_sitemap():
    pages = {"/robots.txt": "User-agent: *\nSitemap: {root}/m.xml\n", "/m.xml": sitemap("/a"), "/a": course("A")}
    with serve(pages) as site:
        assert len(records(site.visit(site.feed("/")))) == 1
    with serve({"/sitemap.xml": sitemap("/a"), "/a": course("A")}) as site:
        assert len(records(site.visit(site.feed("")))) == 1
    with serve({"/": course("A")}) as site:
        events = site.visit(site.feed("/"))
        assert len(records(events)) == 1 and codes(events) == ["web-no-sitemap"]


def test_a_single_page_and_a_list_of_pages():
    with serve({"/a": course("A"), "/b": course("B")}) as site:
        assert len(records(site.visit(site.feed("/a")))) == 1
        assert unchanged(site.visit(site.feed("/a"))) == [site.root + "/a"]
        events = site.visit(site.feed("/", pages=["/a", site.root + "/b"]))
        assert [r.key.rsplit("/", 1)[1] for r in records(events)] == ["b"]


def test_robots_is_obeyed():
    robots = "User-agent: MetaAcademyRegistry\nDisallow: /private\nCrawl-delay: 1\n\nUser-agent: *\nDisallow: /\n"
    pages = {"/robots.txt": robots, "/sitemap.xml": sitemap("/a", "/private/b"), "/a": course("A"),
             "/private/b": course("B")}  # fmt: skip
    with serve(pages) as site:
        events = site.visit(site.feed())
        assert len(records(events)) == 1 and codes(events) == ["web-robots"]
        assert done(events).complete  # what was never read is not ours to miss
        assert "/private/b" not in [path for path, _ in site.log]
    with serve({**pages, "/robots.txt": ""}) as site:
        assert len(records(site.visit(site.feed()))) == 2
        site.pages["/robots.txt"] = robots
        events = site.visit(site.feed())
        assert codes(events) == ["web-robots"] and not done(events).complete  # what it gave before stays
    with serve({**pages, "/robots.txt": "User-agent: *\nDisallow: /"}) as site, pytest.raises(FeedFailed) as failed:
        site.visit(site.feed())
    assert failed.value.issue.code == "web-robots"


def test_robots_that_fails_forbids_all():
    with serve({"/robots.txt": 500, "/sitemap.xml": sitemap("/a"), "/a": course("A")}) as site:
        with pytest.raises(FeedFailed):
            site.visit(site.feed())
        assert "/a" not in [path for path, _ in site.log]


def test_other_hosts_are_told_once():
    with serve(
        {"/sitemap.xml": sitemap("/a", "https://other.example/x", "https://other.example/y"), "/a": course("A")}
    ) as site:
        events = site.visit(site.feed())
        assert codes(events) == ["web-other-host"]
        assert dict(issue(events, "web-other-host").params) == {"count": "2", "note": "other.example"}
        assert done(events).complete


def test_gone_pages_are_complete_and_failed_pages_are_not():
    pages = {"/sitemap.xml": sitemap("/a", "/gone", "/gone2"), "/a": course("A"), "/gone2": 410}
    with serve(pages) as site:
        events = site.visit(site.feed())
        assert codes(events) == ["web-gone"] and done(events).complete
        site.pages["/gone"] = 500
        events = site.visit(site.feed())
        assert sorted(codes(events)) == ["net-status", "web-gone", "web-page-unread"] and not done(events).complete


def test_a_server_that_is_down_is_left_in_peace(monkeypatch):
    monkeypatch.setattr(web_pages, "MAX_SILENT", 3)
    with serve({"/sitemap.xml": sitemap(*(f"/{n}" for n in range(9))), **{f"/{n}": 503 for n in range(9)}}) as site:
        events = site.visit(site.feed())
        assert "web-gave-up" in codes(events) and not done(events).complete
        assert dict(issue(events, "web-gave-up").params)["note"] == "6"


def test_max_pages_include_exclude():
    pages = {"/sitemap.xml": sitemap("/c/1", "/c/2", "/c/old/3", "/blog/4"), **{p: course(p) for p in
             ("/c/1", "/c/2", "/c/old/3", "/blog/4")}}  # fmt: skip
    with serve(pages) as site:
        events = site.visit(site.feed(include=["/c/*"], exclude=["/c/old/"]))
        assert len(records(events)) == 2 and done(events).complete
        events = site.visit(site.feed(max_pages=1))
        assert codes(events) == ["web-max-pages"] and not done(events).complete
        for wrong in ({"max_pages": 0}, {"max_pages": "many"}, {"include": 5}):
            with pytest.raises(FeedFailed) as failed:
                site.visit(site.feed(**wrong))
            assert failed.value.issue.code == "web-option"


def test_pages_without_metadata_are_grouped():
    pages = {"/sitemap.xml": sitemap(*(f"/{n}" for n in range(6))), **{f"/{n}": "<p>x</p>" for n in range(5)},
             "/5": course("A").replace("Course", "Recipe")}  # fmt: skip
    with serve(pages) as site:
        events = site.visit(site.feed())
        assert codes(events) == ["web-no-metadata", "web-no-resource"]
        found = issue(events, "web-no-metadata")
        assert dict(found.params)["count"] == "5" and len(found.value.split()) == 3
        assert dict(issue(events, "web-no-resource").params)["note"] == "Recipe"
        events = site.visit(site.feed(types=["Recipe"]))
        assert len(records(events)) == 1


BROKEN = course("A").replace('"name": "A"', '"name": "A')


def test_a_page_whose_description_breaks_keeps_its_records():
    with serve({"/sitemap.xml": sitemap("/a"), "/a": course("A", ', "@id": "urn:x:1"')}) as site:
        before = records(site.visit(site.feed()))
        site.pages["/a"] = BROKEN
        events = site.visit(site.feed())
        assert before[0].key == "urn:x:1"
        assert codes(events) == ["web-jsonld-broken"] and unchanged(events) == [site.root + "/a"]
        assert records(events) == [] and done(events).complete
        site.pages["/a"] = course("A mended", ', "@id": "urn:x:1"')
        assert b"A mended" in records(site.visit(site.feed()))[0].payload


def test_a_page_that_was_broken_from_the_start_is_held_back():
    with serve({"/sitemap.xml": sitemap("/a"), "/a": BROKEN}) as site:
        found = records(site.visit(site.feed()))
        assert [(r.key, r.broken) for r in found] == [(site.root + "/a", True)]
        assert [i.code for i in found[0].issues] == ["web-jsonld-broken"]
        assert found[0].issues[0].place.startswith("script[1] line 1 column")
        events = site.visit(site.feed())
        assert codes(events) == ["web-jsonld-broken"] and done(events).complete


def test_a_broken_block_about_something_else_does_not_hold_back():
    page = course("A") + '<script type="application/ld+json">{"@type": "Organization", "name": "x</script>'
    with serve({"/sitemap.xml": sitemap("/a"), "/a": page}) as site:
        found = records(site.visit(site.feed()))
        assert [r.broken for r in found] == [False]
        assert [i.code for i in found[0].issues] == ["web-jsonld-other-broken"]


LIST = (
    '<html lang="en"><script type="application/ld+json">{"@context": "https://schema.org", "@type": "ItemList",'
    ' "itemListElement": [{"@type": "ListItem", "item": {"@type": "Course", "name": "A short", "url": "/a"}},'
    ' {"@type": "ListItem", "item": {"@type": "Course", "name": "B short", "url": "/b"}}]}</script>'
)


def test_a_list_gives_way_to_the_pages_of_its_courses():
    """/a describes itself, /b has nothing: of B the list is all that there is."""
    with serve(
        {"/sitemap.xml": sitemap("/list", "/a", "/b"), "/list": LIST, "/a": course("A long"), "/b": "x"}
    ) as site:
        events = site.visit(site.feed())
        assert {r.key.rsplit("/", 1)[1]: b"long" in r.payload for r in records(events)} == {"a": True, "b": False}
        again = site.visit(site.feed())
        assert sorted(unchanged(again)) == [site.root + "/a", site.root + "/list"] and records(again) == []
        site.pages["/list"] = LIST.replace("A short", "A shorter")
        assert records(site.visit(site.feed())) == []


def test_the_same_key_on_two_pages_is_told():
    page = course("A", ', "@id": "urn:x:1"')
    with serve({"/sitemap.xml": sitemap("/a", "/b"), "/a": page, "/b": page}) as site:
        events = site.visit(site.feed())
        assert [r.source for r in records(events)] == [site.root + "/a"]
        assert codes(events) == ["web-repeated-key"]


def test_a_redirect_to_another_host_is_not_followed_into_records():
    with serve({"/x": course("Elsewhere")}) as other, serve({"/sitemap.xml": sitemap("/a")}) as site:
        site.pages["/a"] = (302, {"location": other.root + "/x"}, b"")
        feed = site.feed()
        events = site.visit(feed)
        assert records(events) == [] and not done(events).complete
        assert "/x" not in [path for path, _ in other.log]


def test_json_ld_served_as_such():
    body = b'{"@context": "https://schema.org", "@graph": [{"@type": "Course", "@id": "/c/1", "name": "A"}]}'
    pages = {"/sitemap.xml": sitemap("/a"), "/a": (200, {"content-type": "application/ld+json"}, body)}
    with serve(pages) as site:
        found = records(site.visit(site.feed()))
        assert [r.key for r in found] == [site.root + "/c/1"] and found[0].locator == "/@graph/0"


def test_the_server_sees_who_asks():
    with serve({"/sitemap.xml": sitemap("/a"), "/a": (200, HTML, course("A").encode())}) as site:
        events = site.visit(site.feed())
        assert {agent.split("/")[0] for _, agent in site.log} == {web_pages.AGENT}
        assert [e.etag for e in events if isinstance(e, Document)] == [None]


def test_a_packed_sitemap_is_known_by_its_bytes():
    packed = (200, {"content-type": "application/octet-stream"}, b"")
    with serve({"/sitemap.xml.gz": packed, "/a": course("A")}) as site:
        body = gzip.compress(sitemap("/a").replace("{root}", site.root).encode())
        site.pages["/sitemap.xml.gz"] = (200, {"content-type": "application/gzip"}, body)
        events = site.visit(site.feed("/sitemap.xml.gz"))
        assert len(records(events)) == 1 and not codes(events) and done(events).complete


def test_a_sitemap_whose_host_cannot_be_asked_is_one_of_several():
    outer = '<sitemapindex><sitemap><loc>http://10.0.0.1/s.xml</loc></sitemap><sitemap><loc>{root}/m.xml</loc></sitemap></sitemapindex>'  # fmt: skip
    with serve({"/sitemap.xml": outer, "/m.xml": sitemap("/a"), "/a": course("A")}) as site:
        events = site.visit(site.feed())
        assert len(records(events)) == 1 and codes(events) == ["net-private-address"] and not done(events).complete


@pytest.mark.parametrize(
    "body", ['<?xml version="1.0"?><rss version="2.0"><channel/></rss>', "<?xml version='1.0'?><feed/>"]
)
def test_other_xml_is_no_sitemap(body):
    with serve({"/feed": (200, {"content-type": "application/xml"}, body.encode())}) as site:
        events = site.visit(site.feed("/feed"))
        assert codes(events) == ["web-not-sitemap"] and not done(events).complete


def test_a_list_without_pages_is_told():
    with serve({"/sitemap.xml": sitemap("/a"), "/a": course("A")}) as site:
        assert codes(site.visit(site.feed(include=["/courses/*"]))) == ["web-empty"]
        site.pages["/sitemap.xml"] = sitemap()
        assert codes(site.visit(site.feed())) == ["web-empty"]


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "application/json"])
def test_a_json_document_by_any_name(kind):
    body = b'\n[{"@context": "https://schema.org", "@type": "Course", "name": "A", "url": "https://a.example/1"}]'
    with serve({"/courses.jsonld": (200, {"content-type": kind}, body)}) as site:
        assert [record.key for record in records(site.visit(site.feed("/courses.jsonld")))] == ["https://a.example/1"]
