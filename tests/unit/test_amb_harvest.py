"""AMB lists as servers send them: shapes, pages, totals, faults, and the second visit."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.amb import harvest
from harvesters.base import FeedFailed, Visit
from registry.model import Document, Done, Feed, FeedIssue, RawRecord, Unchanged
from registry.net import Fetched
from tests.support.json_feed import Server, done, issues, mapped, records
from tests.support.json_feed import harvest as visit

CONTEXT = ["https://w3id.org/kim/amb/context.jsonld", {"@language": "en"}]


def course(number: int, **more: object) -> dict[str, object]:
    return {"@context": CONTEXT, "id": f"https://c.example/{number}", "type": ["LearningResource"],
            "name": f"Course {number}", **more}  # fmt: skip


def bare(number: int) -> dict[str, object]:
    return {key: value for key, value in course(number).items() if key != "@context"}


def lined(*values: object) -> bytes:
    return "\n".join(json.dumps(value) for value in values).encode() + b"\n"


def test_what_moves_with_a_visit_is_no_part_of_a_payload() -> None:
    def listed(day: str, ticket: str) -> dict[str, object]:
        page = {"id": "https://portal.example/1", "type": "WebContent", "dateModified": day, "dateCreated": day}
        file = {"type": "MediaObject", "contentUrl": f"https://c.example/f?id=1&ticket={ticket}"}
        return course(
            1, mainEntityOfPage=[page, "x"], image=f"https://c.example/i?id=1&ticket={ticket}", encoding=[file]
        )

    one, two = (
        records(visit(harvest, Server({"/feed.json": [listed(*said)]})))[0]
        for said in (("2026-01-01", "TICKET_1"), ("2026-02-02", "TICKET_2"))
    )
    assert one.payload == two.payload and b"ticket" not in one.payload and b"?id=1" in one.payload
    assert b"https://portal.example/1" in one.payload and b"date" not in one.payload


@pytest.mark.parametrize(
    "body",
    [
        [course(1), course(2)],
        {
            "hits": {
                "total": {"value": 2, "relation": "eq"},
                "hits": [{"_id": "a", "_score": 1.5, "_source": course(1)}, {"_source": course(2)}],
            }
        },
        {"@context": CONTEXT, "@graph": [bare(1), bare(2)]},
        {"member": [course(1), course(2)], "totalItems": 2},
        {"took": 3, "lernangebote": [course(1), course(2)]},
        {"itemListElement": [{"@type": "ListItem", "position": 1, "item": course(1)}, {"item": course(2)}]},
        lined(course(1), course(2)),
        lined({"index": {"_id": "1"}}, course(1), {"index": {"_id": "2"}}, course(2)),
        gzip.compress(lined(course(1), course(2))),
        gzip.compress(json.dumps([course(1), course(2)]).encode()),
        json.dumps([course(1), course(2)]).encode("utf-16"),
    ],
    ids=["array", "search", "graph", "member", "own", "itemlist", "ndjson", "bulk", "ndjson-gz", "gz", "utf-16"],
)
def test_every_shape_of_list_gives_the_same_records(body: object) -> None:
    server = Server({"/feed.json": body})
    first = visit(harvest, server)
    assert [one.key for one in records(first)] == ["https://c.example/1", "https://c.example/2"]
    assert [json.loads(one.payload)["name"] for one in records(first)] == ["Course 1", "Course 2"]
    assert {json.dumps(json.loads(one.payload)["@context"]) for one in records(first)} == {json.dumps(CONTEXT)}
    assert done(first).complete and done(first).deletions == "proved" and issues(first) == []
    second = visit(harvest, server, before=first)
    assert [type(event) for event in second] == [Unchanged, Done] and done(second).complete


def test_one_description_alone() -> None:
    events = visit(harvest, Server({"/feed.json": course(7)}))
    assert [one.key for one in records(events)] == ["https://c.example/7"] and done(events).complete


def test_an_etag_spares_the_body() -> None:
    def page(headers: dict[str, str]) -> object:
        return (304, {}, b"") if headers.get("if-none-match") == '"1"' else (200, {"ETag": '"1"'}, [course(1)])

    server = Server({"/feed.json": page})
    first = visit(harvest, server)
    second = visit(harvest, server, before=first)
    assert [type(event) for event in second] == [Unchanged, Done] and done(second).complete
    assert done(second).bookmark == {"pages": "1"}


def test_pages_follow_one_another_by_every_kind_of_link() -> None:
    pages = {
        "/feed.json": {"items": [course(1)], "links": {"next": {"href": "?page=2"}}},
        "/feed.json?page=2": {"items": [course(2)], "next": "{base}/feed.json?page=3"},
        "/feed.json?page=3": (200, {"Link": '<{base}/x>; rel="prev", </feed.json?page=4>; title="a, b"; rel="last next"'}, [course(3)]),
        "/feed.json?page=4": {"hydra:member": [course(4)], "hydra:view": {"hydra:next": "/feed.json?page=5"}, "hydra:totalItems": 5},
        "/feed.json?page=5": [course(5), course(1)],
    }  # fmt: skip
    first = visit(harvest, Server(pages))
    assert len(records(first)) == 5 and done(first).complete and issues(first) == []
    second = visit(harvest, Server(pages), before=first)
    assert records(second) == [] and done(second).complete
    pages["/feed.json?page=2"] = {"items": [course(2, description="New")], "next": "/feed.json?page=3"}
    third = visit(harvest, Server(pages), before=first)
    assert [one.key for one in records(third)] == ["https://c.example/2"] and done(third).complete


def test_a_search_answer_without_links_is_asked_for_more() -> None:
    def hits(*numbers: int) -> object:
        return {"hits": {"total": {"value": 3, "relation": "eq"}, "hits": [{"_source": course(n)} for n in numbers]}}

    server = Server({"/s?size=2": hits(1, 2), "/s?size=2&from=2": hits(3)})
    events = visit(harvest, server, "/s?size=2")
    assert len(records(events)) == 3 and done(events).complete
    assert [path for path, _ in server.asked] == ["/s?size=2", "/s?size=2&from=2"]


def test_a_list_of_addresses_is_followed() -> None:
    server = Server({
        "/feed.json": ["{base}/1.json", "{base}/2.json", "{base}/gone.json"], "/1.json": course(1), "/2.json": course(2),
    })  # fmt: skip
    server.pages["/feed.json"] = lambda headers: [f"{server.base}/{name}.json" for name in ("1", "2", "gone")]
    events = visit(harvest, server)
    assert len(records(events)) == 2 and not done(events).complete and issues(events) == ["jsontext-page-lost"]
    assert records(events)[0].source.endswith("/1.json")


@pytest.mark.parametrize(
    "pages, code, count",
    [
        ({"/feed.json": {"items": [course(1)], "next": "/feed.json"}}, "jsontext-page-loop", 1),
        ({"/feed.json": {"items": [course(1)], "next": "/b"}, "/b": {"items": [course(2)], "next": "/feed.json"}},
         "jsontext-page-loop", 2),
        ({"/feed.json": {"items": [course(1)], "next": "http://elsewhere.example/2"}}, "jsontext-page-host", 1),
        ({"/feed.json": {"items": [course(1)], "next": "file:///etc/passwd"}}, "jsontext-page-host", 1),
        ({"/feed.json": {"items": [course(1)], "next": "http://[broken"}}, "jsontext-page-host", 1),
        ({"/feed.json": {"items": [course(1)], "next": "/b"}}, "jsontext-page-lost", 1),
        ({"/feed.json": {"items": [course(1)], "next": "/b"}, "/b": b'{"items": ['}, "jsontext-broken", 1),
        ({"/feed.json": {"items": [course(1)], "total": 3}}, "jsontext-short", 1),
        ({"/feed.json": {"items": []}}, "jsontext-empty-list", 0),
        ({"/feed.json": []}, "jsontext-empty-list", 0),
        ({"/feed.json": [course(1), "word"]}, "amb-no-object", 1),
        ({"/feed.json": lined(course(1), course(2)) + b'{"id": '}, "jsontext-broken", 2),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_and_deletes_nothing(pages: dict[str, object], code: str, count: int) -> None:
    events = visit(harvest, Server(pages))
    assert len(records(events)) == count and issues(events) == [code] and not done(events).complete


def test_endless_pages_end() -> None:
    server = Server({})
    server.pages = {
        f"/feed.json{'' if n == 0 else f'?p={n}'}": {"items": [course(1)], "next": f"?p={n + 1}"} for n in range(50)
    }
    events = visit(harvest, server)
    assert issues(events) == ["jsontext-page-stale"] and len(server.asked) == 6 and not done(events).complete


def test_the_same_id_twice() -> None:
    events = visit(harvest, Server({"/feed.json": [course(1), course(1), course(1, name="Other")]}))
    assert [json.loads(one.payload)["name"] for one in records(events)] == ["Course 1"]
    assert issues(events) == ["amb-same-id"]


@pytest.mark.parametrize(
    "body, code",
    [
        (b"<html><body>Login</body></html>", "jsontext-no-json"), (b"", "jsontext-empty"), (b"{,}", "jsontext-broken"),
        ({"error": "no such index", "status": 404}, "amb-no-list"), (b"[" * 9000, "jsontext-deep"),
    ],
)  # fmt: skip
def test_what_is_no_list_fails_with_the_reason(body: object, code: str) -> None:
    with pytest.raises(FeedFailed) as error:
        visit(harvest, Server({"/feed.json": body}))
    assert error.value.issue.code == code


class Canned:
    """A fetcher with one answer."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def get(self, url: str, **_: object) -> Fetched:
        return Fetched(200, url, {}, self.body)


_NAMES = st.sampled_from(["@context", "@graph", "hits", "items", "id", "type", "name", "next", "links", "about", "creator",
                          "license", "encoding", "isPartOf", "mainEntityOfPage", "keywords", "prefLabel", "total"])  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9**20) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["https://e.example/1", "de", "LearningResource", "2020-01-01", "a@b.example", "/x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_VALUES)
def test_any_json_is_read_or_refused(value: object) -> None:
    feed = Feed("f", "eso", "amb", "https://list.example/feed.json")
    try:
        events = list(harvest(Visit(feed, Canned(json.dumps(value).encode()))))  # type: ignore[arg-type]
    except FeedFailed:
        return
    assert isinstance(events[-1], Done)
    assert all(isinstance(one, Document | RawRecord | FeedIssue | Done) for one in events)
    for one in records(events):
        result = mapped("amb", one.payload)
        assert all(str(subject).startswith("https://registry.example/") for subject, _, _, _ in result.triples)
