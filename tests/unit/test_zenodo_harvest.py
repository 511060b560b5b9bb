"""Zenodo and InvenioRDM: addresses, versions of a work, pages, access, faults, the second visit."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.base import FeedFailed, Visit
from harvesters.zenodo import harvest, request_addresses
from registry import crosswalk
from registry.iris import SCHEMA
from registry.model import Document, Done, Feed, FeedIssue, RawRecord, Unchanged
from tests.support.json_feed import Server, codes, done, issues, mapped, records
from tests.support.json_feed import harvest as visit
from tests.unit.test_amb_harvest import Canned

FIRST = "/api/records?size=25"


def version(number: int, concept: int = 100, **more: object) -> dict[str, object]:
    inner = {"title": f"Version {number}", "resource_type": {"type": "lesson"}, "access_right": "open", **more}
    return {"id": number, "conceptrecid": str(concept), "doi": f"10.5072/zenodo.{number}", "created": f"2024-01-{number % 28 + 1:02}",
            "metadata": inner, "stats": {"views": number}, "revision": number}  # fmt: skip


def hits(*found: object, total: object = None, following: str | None = None) -> dict[str, object]:
    links = {"next": following} if following else {}
    return {"hits": {"hits": list(found), "total": len(found) if total is None else total}, "links": links}


def title(record: RawRecord) -> str:
    return str(json.loads(record.payload)["record"]["metadata"]["title"])


@pytest.mark.parametrize(
    "address, options, asked",
    [
        ("https://z.example", {}, ["https://z.example/api/records?size=25"]),
        ("https://z.example/api/records/", {"query": "a b"}, ["https://z.example/api/records?q=a+b&size=25"]),
        ("https://z.example/api/records?q=x&size=5&sort=newest", {"query": "y"}, ["https://z.example/api/records?q=x&size=5&sort=newest"]),
        ("https://z.example/communities/unece", {}, ["https://z.example/api/communities/unece/records?size=25"]),
        ("https://z.example/communities/unece/records", {"size": 10}, ["https://z.example/api/communities/unece/records?size=10"]),
        ("https://z.example/", {"communities": ["a", "b"]}, ["https://z.example/api/records?size=25&communities=a", "https://z.example/api/records?size=25&communities=b"]),
        ("https://z.example/records/7", {}, ["https://z.example/api/records/7"]),
        ("https://z.example/rdm/search?q=x", {"all_versions": True}, ["https://z.example/rdm/api/records?size=25&q=x&all_versions=true"]),
        ("https://z.example/api", {}, ["https://z.example/api/records?size=25"]),
    ],
)  # fmt: skip
def test_addresses_that_people_have(address: str, options: dict[str, object], asked: list[str]) -> None:
    assert request_addresses(Feed("f", "a", "zenodo", address, options=options)) == asked


@pytest.mark.parametrize(
    "options",
    [{"communities": 3}, {"communities": [""]}, {"size": 0}, {"size": True}, {"query": 1}, {"all_versions": "yes"}],
)
def test_bad_options_are_told(options: dict[str, object]) -> None:
    with pytest.raises(FeedFailed, match="zenodo-bad-option"):
        request_addresses(Feed("f", "a", "zenodo", "https://z.example", options=options))


@pytest.mark.parametrize(
    "found",
    [
        [version(1), version(2)], [version(2), version(1)],
        [{**version(9), "created": "2020-01-01", "versions": {"is_latest": False, "index": 1}},
         {**version(2), "versions": {"is_latest": True, "index": 2}}],
        [version(9, relations={"version": [{"index": 0, "is_last": False}]}),
         version(2, relations={"version": [{"index": 1, "is_last": True}]})],
    ],
)  # fmt: skip
def test_versions_are_one_record_and_the_newest_counts(found: list[object]) -> None:
    events = visit(harvest, Server({FIRST: hits(*found)}), "/")
    (record,) = records(events)
    assert record.key == "100" and title(record) == "Version 2" and done(events).complete
    other = json.loads(record.payload)["versions"]
    assert len(other) == 1 and other[0]["doi"] != "10.5072/zenodo.2"
    result = mapped("zenodo", record.payload)
    versions = {str(o) for _, p, o, _ in result.triples if p == "http://www.w3.org/ns/dcat#hasVersion"}
    assert versions == {f"https://doi.org/{other[0]['doi']}"}


def test_versions_on_different_pages_belong_together_and_counts_do_not_matter() -> None:
    def pages(views: int) -> Server:
        one, two = {**version(1), "stats": {"views": views}}, {**version(2), "revision": views}
        return Server({
            FIRST: hits(two, total=3, following="{base}/api/records?page=2"),
            "/api/records?page=2": hits(version(7, concept=200), one, total=3),
        })  # fmt: skip

    first = visit(harvest, pages(1), "/")
    assert [one.key for one in records(first)] == ["100", "200"] and done(first).complete
    second = visit(harvest, pages(999), "/", before=first)
    assert [type(one) for one in second] == [Unchanged, Done] and done(second).complete


def test_communities_are_read_one_after_another_and_a_work_once() -> None:
    server = Server({
        f"{FIRST}&communities=a": hits(version(1), version(5, concept=500)), f"{FIRST}&communities=b": hits(version(1)),
    })  # fmt: skip
    events = visit(harvest, server, "/", options={"communities": ["a", "b"]})
    assert [one.key for one in records(events)] == ["100", "500"] and done(events).complete


def test_one_record_alone_and_an_etag() -> None:
    def page(headers: dict[str, str]) -> object:
        return (304, {}, b"") if headers.get("if-none-match") == 'W/"3"' else (200, {"ETag": 'W/"3"'}, version(3))

    server = Server({"/api/records/3": page})
    first = visit(harvest, server, "/records/3")
    assert [one.key for one in records(first)] == ["100"] and done(first).complete
    assert [type(one) for one in visit(harvest, server, "/records/3", before=first)] == [Unchanged, Done]


@pytest.mark.parametrize(
    "pages, code, count",
    [
        ({FIRST: hits(version(1), total=9)}, "jsontext-short", 1),
        ({FIRST: hits(version(1), following="/gone")}, "jsontext-page-lost", 1),
        ({FIRST: hits(version(1), following=FIRST)}, "jsontext-page-loop", 1),
        ({FIRST: hits(version(1), following="https://other.example/api/records")}, "jsontext-page-host", 1),
        ({FIRST: hits(version(1), following="/b"), "/b": {"message": "Too deep"}}, "zenodo-no-hits", 1),
        ({FIRST: hits(version(1), {"id": 5}, 3)}, "zenodo-no-record", 1),
        ({FIRST: hits()}, "jsontext-empty-list", 0),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_and_deletes_nothing(pages: dict[str, object], code: str, count: int) -> None:
    events = visit(harvest, Server(pages), "/")
    assert len(records(events)) == count and code in issues(events) and not done(events).complete


@pytest.mark.parametrize(
    "body, code",
    [
        ({"message": "Nope", "status": 400}, "zenodo-no-hits"),
        (b"<html>", "jsontext-no-json"),
        (b"3", "zenodo-no-hits"),
    ],
)
def test_what_is_no_list_fails_with_the_reason(body: object, code: str) -> None:
    with pytest.raises(FeedFailed, match=code):
        visit(harvest, Server({FIRST: body}), "/")


def test_drafts_stay_back_and_tombstones_delete() -> None:
    gone = {**version(1), "deletion_status": {"is_deleted": True, "status": "D"}}
    draft = {**version(2, concept=300), "is_draft": True}
    events = visit(harvest, Server({FIRST: hits(gone, draft)}), "/")
    assert [(one.key, one.deleted) for one in records(events)] == [("100", True)]


def values(record: dict[str, object], predicate: str) -> list[str]:
    result = mapped("zenodo", {"record": record, "versions": []})
    return sorted(
        getattr(o, "value", str(o)).rpartition("/")[2] for _, p, o, _ in result.triples if p == SCHEMA + predicate
    )


@pytest.mark.parametrize(
    "record, condition, free, told",
    [
        (version(1), ["open"], ["true"], []),
        (version(1, access_right="embargoed", embargo_date="2031-01-01"), [], [], [("zenodo-closed", "/metadata/access_right")]),
        (version(1, access_right="closed"), [], [], [("zenodo-closed", "/metadata/access_right")]),
        (version(1, access_right="restricted"), ["nomination-required"], [], []),
        (version(1, access_right=None), [], [], []),
        ({**version(1), "access": {"record": "public", "files": "public", "embargo": {"active": False}}}, ["open"], ["true"], []),
        ({**version(1), "access": {"files": "restricted", "embargo": {"active": True, "until": "2031-01-01"}}}, [], [],
         [("zenodo-closed", "/access")]),
        ({**version(1), "access": {"status": "metadata-only"}}, [], [], [("zenodo-closed", "/access")]),
    ],
)  # fmt: skip
def test_who_gets_the_files(
    record: dict[str, object], condition: list[str], free: list[str], told: list[tuple[str, str]]
) -> None:
    full = {**record, "files": [{"key": "a.pdf", "size": 3, "content": "https://z.example/a.pdf"}]}
    assert values(full, "conditionsOfAccess") == condition and values(full, "isAccessibleForFree") == free
    assert codes(mapped("zenodo", {"record": full, "versions": []}).issues) == told
    is_open = condition == ["open"] or not (condition or told)
    assert values(full, "contentUrl") == (["a.pdf"] if is_open else [])


@pytest.mark.parametrize(
    "kind, notation",
    [
        ({"type": "publication", "subtype": "book", "title": "Book"}, "handbook-textbook"), ({"type": "lesson"}, "lesson"),
        ({"id": "publication-report"}, "manual"), ({"id": "image-figure"}, "other"), ({"id": "workflow"}, "software-demo"),
        ({"id": "video", "title": {"en": "Video/Audio"}}, "video"), ("presentation", "slides"),
        ({"id": "publication-thesis"}, "manual"), ({"id": "event"}, None),
    ],
)  # fmt: skip
def test_kinds_of_both_shapes(kind: object, notation: str | None) -> None:
    found = values(version(1, resource_type=kind), "learningResourceType")
    assert found == ([notation] if notation else ["event"])


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{}", b'{"record": {}}', b'{"record": {"metadata": {}}}', b"[" * 3000]
)
def test_a_payload_that_is_none(payload: bytes) -> None:
    assert codes(mapped("zenodo", payload).issues) == [("zenodo-unreadable", "/metadata")]


def test_every_place_of_the_table_is_a_pointer() -> None:
    places = crosswalk.where("zenodo")
    assert {SCHEMA + name for name in ("name", "url", "description", "license", "about", "author")} <= set(places)
    assert all(place.startswith("/") for place in places.values())


_NAMES = st.sampled_from(["id", "name", "title", "type", "en", "identifier", "scheme", "relation", "relation_type", "person_or_org", "orcid",
                          "affiliations", "affiliation", "identifiers", "date", "start", "end", "funder", "subject", "key", "links", "role",
                          "props", "url", "lang", "entries", "description"])  # fmt: skip
_FIELDS = st.sampled_from(["title", "additional_titles", "description", "additional_descriptions", "creators", "contributors", "keywords",
                           "subjects", "rights", "license", "resource_type", "dates", "languages", "language", "related_identifiers",
                           "identifiers", "funding", "grants", "publication_date", "version", "access_right", "relations", "notes"])  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9**20) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["https://e.example/1", "2024-01-01", "event", "eng", "10.5072/x", "isPartOf", "open", "a@b.example"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
_RECORDS = st.fixed_dictionaries(
    {"id": st.integers(1, 3), "metadata": st.dictionaries(_FIELDS, _VALUES, max_size=8)},
    optional=dict.fromkeys(("links", "files", "access", "parent", "pids", "doi", "conceptrecid", "updated", "custom_fields", "versions"), _VALUES),
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.lists(_RECORDS | _VALUES, max_size=3) | _VALUES)
def test_any_json_is_read_or_refused(found: object) -> None:
    feed = Feed("f", "eso", "zenodo", "https://list.example/api/records")
    try:
        events = list(harvest(Visit(feed, Canned(json.dumps({"hits": {"hits": found}}).encode()))))  # type: ignore[arg-type]
    except FeedFailed:
        return
    assert all(isinstance(one, Document | RawRecord | FeedIssue | Done) for one in events)
    for one in records(events):
        result = mapped("zenodo", one.payload)
        assert all(str(subject).startswith("https://registry.example/") for subject, _, _, _ in result.triples)
