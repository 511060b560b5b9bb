"""MOOChub lists as platforms send them: versions, pages, dates that do not fit, faults, the second visit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.base import FeedFailed, Visit
from harvesters.moochub import harvest
from registry import crosswalk
from registry.iris import SCHEMA
from registry.model import Document, Done, Feed, FeedIssue, RawRecord, Unchanged
from tests.support.json_feed import Server, codes, done, issues, mapped, records
from tests.support.json_feed import harvest as visit
from tests.unit.test_amb_harvest import Canned

V3 = "application/vnd.api+json; moochub-version=3.0"


def course(number: int, **more: object) -> dict[str, object]:
    inner = {"name": f"Course {number}", "url": f"https://c.example/{number}", "inLanguage": ["en"], **more}
    return {"id": f"id-{number}", "type": "Course", "attributes": inner}


def objects(data: object, predicate: str) -> list[str]:
    found = [
        (str(s), getattr(o, "value", str(o)))
        for s, p, o, _ in mapped("moochub", data).triples
        if p == SCHEMA + predicate
    ]
    return [value for _, value in sorted(found)]


def test_pages_are_followed_and_the_version_is_asked_for() -> None:
    pages = {
        "/feed.json": {"links": {"next": "{base}/feed.json?page=2"}, "data": [course(1), course(2)], "meta": {"count": 3}},
        "/feed.json?page=2": {"links": {}, "data": [course(3)], "meta": {"count": 3}},
    }  # fmt: skip
    server = Server(pages, V3)
    first = visit(harvest, server)
    assert [one.key for one in records(first)] == ["id-1", "id-2", "id-3"]
    assert done(first).complete and done(first).deletions == "proved" and issues(first) == []
    assert {headers["accept"] for _, headers in server.asked} == {"application/vnd.api+json; moochub-version=3"}
    second = visit(harvest, Server(pages, V3), before=first)
    assert [type(one) for one in second] == [Unchanged, Unchanged, Done] and done(second).complete


def test_a_server_that_refuses_the_version_is_asked_plainly() -> None:
    def page(headers: dict[str, str]) -> object:
        if "moochub-version" in headers["accept"]:
            return 406, {}, b"Not Acceptable"
        return {"data": [course(1)]}

    server = Server({"/feed.json": page})
    assert len(records(visit(harvest, server))) == 1
    assert [headers["accept"] for _, headers in server.asked] == [
        "application/vnd.api+json; moochub-version=3", "application/vnd.api+json",
    ]  # fmt: skip
    server = Server({"/feed.json": {"data": [course(1)]}})
    visit(harvest, server, options={"version": 2})
    assert server.asked[0][1]["accept"].endswith("moochub-version=2")


def test_the_end_of_a_version_and_an_unknown_one_are_told() -> None:
    page = (200, {"Sunset": "Tue, 15 Aug 2028 00:00:00 GMT"}, {"data": [course(1)]})
    events = visit(harvest, Server({"/feed.json": page}, "application/vnd.api+json; moochub-version=4.1"))
    told = [event for event in events if isinstance(event, FeedIssue)]
    assert [one.issue.code for one in told] == ["moochub-sunset", "moochub-version"] and all(
        one.lasting for one in told
    )
    assert told[0].issue.value == "Tue, 15 Aug 2028 00:00:00 GMT" and dict(told[0].issue.params) == {"version": "4.1"}


def test_signatures_in_addresses_do_not_change_a_course() -> None:
    def page(signature: str) -> Server:
        film = {
            "contentUrl": f"https://film.example/t.mp4?loc=1&signature={signature}&X-Amz-Date={signature}",
            "type": "VideoObject",
        }
        return Server({"/feed.json": {"data": [course(1, trailer=film)]}})

    first = visit(harvest, page("a"))
    assert [type(one) for one in visit(harvest, page("b"), before=first)] == [Unchanged, Done]
    assert b"https://film.example/t.mp4?loc=1" in records(first)[0].payload


@pytest.mark.parametrize(
    "pages, code, count",
    [
        ({"/feed.json": {"data": [course(1)], "links": {"next": "/feed.json"}}}, "jsontext-page-loop", 1),
        ({"/feed.json": {"data": [course(1)], "links": {"next": "https://other.example/"}}}, "jsontext-page-host", 1),
        ({"/feed.json": {"data": [course(1)], "links": {"next": "/b"}}, "/b": {"errors": [{"title": "Gone"}]}}, "moochub-no-data", 1),
        ({"/feed.json": {"data": [course(1)], "links": {"next": "/b"}}}, "jsontext-page-lost", 1),
        ({"/feed.json": {"data": [course(1)], "meta": {"total": 2}}}, "jsontext-short", 1),
        ({"/feed.json": {"data": [course(1), 7]}}, "moochub-no-object", 1),
        ({"/feed.json": {"data": []}}, "jsontext-empty-list", 0),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_and_deletes_nothing(pages: dict[str, object], code: str, count: int) -> None:
    events = visit(harvest, Server(pages, V3))
    assert len(records(events)) == count and issues(events) == [code] and not done(events).complete


@pytest.mark.parametrize(
    "body, code",
    [
        ({"errors": [{"detail": "No such endpoint"}]}, "moochub-no-data"),
        (b"<!doctype html>", "jsontext-no-json"),
        (b"7", "moochub-no-data"),
    ],
)
def test_what_is_no_list_fails_with_the_reason(body: object, code: str) -> None:
    with pytest.raises(FeedFailed) as error:
        visit(harvest, Server({"/feed.json": body}))
    assert error.value.issue.code == code


def test_keys_and_courses_without_attributes() -> None:
    flat = {"id": "7", "type": "courses", "name": "Flat", "url": "https://c.example/7"}
    unnamed = {"type": "Course", "attributes": {"courseCode": "abc", "name": "N"}}
    events = visit(
        harvest, Server({"/feed.json": [flat, unnamed, {**unnamed, "attributes": {"courseCode": "abc", "name": "M"}}]})
    )
    assert [one.key for one in records(events)] == ["7", "abc"]
    assert [codes(one.issues) for one in records(events)] == [[], [("moochub-no-id", "/id")]]
    assert issues(events) == ["moochub-same-id"]
    assert objects(records(events)[0].payload, "name") == ["Flat"]
    alone = visit(harvest, Server({"/feed.json": {"data": course(1)}}))
    assert [one.key for one in records(alone)] == ["id-1"]


@pytest.mark.parametrize(
    "starts, ends, runs, found",
    [
        (["2024-01-01", "2024-02-01"], ["2024-01-09", "2024-02-09"], 2, []),
        (["2024-01-01", "2024-02-01"], ["2024-01-09"], 1, [("moochub-pair", "/attributes/startDate/1")]),
        (["2024-01-01"], ["2024-01-09", "2024-02-09"], 1, [("moochub-pair", "/attributes/endDate/1")]),
        (["2024-01-01", "2024-02-01"], None, 2, []), (["2024-01-01", "2024-02-01"], [], 2, []),
        (["2024-01-01", "2024-02-01"], ["2024-01-09", None], 2, []),
        (None, None, 0, []), ([], [], 0, []), ([None], [None], 0, []),
        ("2024-01-01T09:00:00Z", "2024-01-02T09:00:00Z", 1, []),
        (["2024-01-05"], ["2024-01-01"], 1, [("moochub-order", "/attributes/endDate/0")]),
        (["soon"], None, 0, [("moochub-date", "/attributes/startDate/0")]),
        (["2024-05"], None, 0, [("moochub-date", "/attributes/startDate/0")]),
        (["2024-01-01"], ["2024-01-02T18:00:00Z"], 1, [("schemaorg-date-kinds", "/attributes/endDate")]),
    ],
)  # fmt: skip
def test_parallel_dates_become_runs(starts: object, ends: object, runs: int, found: list[tuple[str, str]]) -> None:
    data = course(1, startDate=starts, endDate=ends)
    assert len(objects(data, "hasCourseInstance")) == runs
    assert codes(mapped("moochub", data).issues) == found


def test_null_and_left_out_say_no_value() -> None:
    nothing = dict.fromkeys(("description", "courseMode", "workload", "access", "offer", "teaches", "contentLocation",
                             "license", "creator", "publisher", "instructor", "hasPart", "numberOfCredits", "image"))  # fmt: skip
    full, bare = mapped("moochub", course(1, **nothing)), mapped("moochub", course(1))
    assert full.issues == () and {one[:3] for one in full.triples} == {one[:3] for one in bare.triples}


@pytest.mark.parametrize(
    "access, offer, free, condition",
    [
        (["free", "paid"], None, ["true"], []), (["paid"], None, ["false"], ["paid"]), (["student"], None, [], ["members-only"]),
        (["member-only", "other"], None, [], ["members-only"]), (None, [{"price": 0, "priceCurrency": "EUR"}], ["true"], []),
        (None, [{"price": 9.5, "priceCurrency": "EUR"}], ["false"], []), (["other"], None, [], []),
    ],
)  # fmt: skip
def test_who_may_take_it(access: object, offer: object, free: list[str], condition: list[str]) -> None:
    data = course(1, access=access, offer=offer)
    assert objects(data, "isAccessibleForFree") == free
    assert [value.rpartition("/")[2] for value in objects(data, "conditionsOfAccess")] == condition


def test_the_published_example_is_read_whole(shared: Path) -> None:
    spec = yaml.safe_load((shared / "data/moochub/schema/raw/moochub-api.v3.yml").read_text("utf-8"))
    (content,) = spec["paths"]["/courses"]["get"]["responses"]["200"]["content"].values()
    example = content["examples"]["openHPI"]["value"]
    events = visit(harvest, Server({"/feed.json": {**example, "links": {}}}, V3))
    (record,) = records(events)
    result = mapped("moochub", record.payload)
    assert result.issues == () and len(result.triples) > 80
    assert len(objects(record.payload, "hasCourseInstance")) == 1 and objects(record.payload, "courseWorkload")


def test_the_table_names_every_attribute_of_the_schema(shared: Path) -> None:
    from registry.crosswalk.moochub import known

    schema = json.loads((shared / "data/moochub/schema/raw/moochub-schema.json").read_text("utf-8"))
    named = schema["properties"]["data"]["items"]["properties"]["attributes"]["properties"]
    assert set(named) <= known()
    assert all(place.startswith("/") for place in crosswalk.where("moochub").values())


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"attributes": 3}', b'{"attributes": {}}', b"[" * 3000])
def test_a_payload_that_is_none(payload: bytes) -> None:
    assert codes(mapped("moochub", payload).issues) == [("moochub-unreadable", "/attributes")]


_NAMES = st.sampled_from(["name", "url", "identifier", "id", "type", "price", "timeValue", "timeUnit", "address", "byDay", "inLanguage",
                          "educationalFramework", "shortCode", "targetUrl", "contentUrl", "affiliation", "@id", "@place"])  # fmt: skip
_ATTRIBUTES = st.sampled_from(["name", "url", "description", "languages", "inLanguage", "startDate", "endDate", "image", "trailer", "video",
                               "instructor", "creator", "publisher", "teaches", "educationalAlignment", "educationalLevel", "license",
                               "access", "offer", "workload", "contentLocation", "repeatFrequency", "hasPart", "isPartOf", "courseMode",
                               "learningResourceType", "applicationDeadline", "numberOfCredits", "keywords", "audience"])  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9**20) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["https://e.example/1", "2024-01-01", "MOOC", "free", "P2W", "en", "h/week"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize(
    ("workload", "kept", "told"),
    [("5-6 hours per week", "5-6 hours per week", "5-6 hours per week"), ({"minValue": 1, "maxValue": 2}, None, "maxValue, minValue"),
     ({"timeValue": 20, "timeUnit": "hours"}, None, "20 hours"), (4, "4 h/week", None), ("4", "4 h/week", None)],
)  # fmt: skip
def test_an_effort_in_words_stays_and_is_told_as_it_stands(
    workload: object, kept: str | None, told: str | None
) -> None:
    result = mapped("moochub", {"id": "1", "type": "courses", "attributes": {"name": "C", "workload": workload}})
    efforts = [o.value for _, p, o, _ in result.triples if p == SCHEMA + "courseWorkload"]  # type: ignore[union-attr]
    assert efforts == ([kept] if kept else [])
    assert [one.value for one in result.issues if one.code == "moochub-workload"] == ([told] if told else [])


@settings(max_examples=120, deadline=None)
@given(st.lists(st.dictionaries(_ATTRIBUTES, _VALUES, max_size=8), max_size=3) | _VALUES)
def test_any_json_is_read_or_refused(data: object) -> None:
    body = {
        "data": [{"id": number, "attributes": one} for number, one in enumerate(data)]
        if isinstance(data, list)
        else data
    }
    feed = Feed("f", "eso", "moochub", "https://list.example/feed.json")
    try:
        events = list(harvest(Visit(feed, Canned(json.dumps(body).encode()))))  # type: ignore[arg-type]
    except FeedFailed:
        return
    assert all(isinstance(one, Document | RawRecord | FeedIssue | Done) for one in events)
    for one in records(events):
        result = mapped("moochub", one.payload)
        assert all(str(subject).startswith("https://registry.example/") for subject, _, _, _ in result.triples)
