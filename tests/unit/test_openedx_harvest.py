"""Open edX: addresses, lists of every kind, runs of one course, what is hidden, tokens, faults, the second visit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.base import FeedFailed, Visit
from harvesters.openedx import harvest, request_address
from registry import crosswalk
from registry.model import Document, Done, Feed, RawRecord, Unchanged
from tests.support.json_feed import PLACE, Server, context, done, issues, records
from tests.support.json_feed import harvest as visit
from tests.unit.test_amb_harvest import Canned

LIST = "/api/courses/v1/courses/?page_size=100"


def course(run: str, **more: object) -> dict[str, object]:
    key = f"course-v1:{run}"
    return {"id": key, "course_id": key, "name": f"Course {run}", "org": run.split("+")[0], "pacing": "self", "start": "2025-01-01T00:00:00Z",
            "blocks_url": f"/blocks?{key}", "hidden": False, **more}  # fmt: skip


def page(*found: object, following: str | None = None, count: int | None = None) -> dict[str, object]:
    total = len(found) if count is None else count
    return {
        "results": list(found),
        "pagination": {"next": following, "previous": None, "count": total, "num_pages": 1},
    }


def payload(record: RawRecord) -> Any:
    return json.loads(record.payload)


@pytest.mark.parametrize(
    "address, options, asked",
    [
        ("https://e.example", {}, f"https://e.example{LIST}"),
        ("https://e.example/", {"org": "ESO"}, "https://e.example/api/courses/v1/courses/?org=ESO&page_size=100"),
        ("https://e.example/courses", {}, f"https://e.example{LIST}"),
        ("https://e.example/lms/dashboard/", {}, f"https://e.example/lms{LIST}"),
        ("https://e.example/api", {}, f"https://e.example{LIST}"),
        ("https://e.example/api/courses/v1/courses?org=a&page_size=7", {}, "https://e.example/api/courses/v1/courses/?page_size=7&org=a"),
        ("https://d.example/api/v1/course_runs/?limit=5", {}, "https://d.example/api/v1/course_runs/?limit=5"),
        ("https://e.example/files/courses.json", {}, "https://e.example/files/courses.json"),
        ("https://d.example/api/v1/search/all/", {}, "https://d.example/api/v1/search/all/"),
    ],
)  # fmt: skip
def test_addresses_that_people_have(address: str, options: dict[str, object], asked: str) -> None:
    assert request_address(Feed("f", "a", "openedx", address, options=options)) == asked


@pytest.mark.parametrize("options", [{"org": 3}, {"detail": "yes"}, {"detail": -1}])
def test_bad_options_are_told(options: dict[str, object]) -> None:
    with pytest.raises(FeedFailed) as failed:
        visit(harvest, Server({LIST: page(course("A+B+1"))}), "/", options=options)
    assert failed.value.issue.code == "openedx-bad-option"


def test_all_runs_of_a_course_are_one_record_also_over_pages() -> None:
    first = page(course("A+B+2024"), course("A+C+1"), following="{base}/api/courses/v1/courses/?page=2", count=4)
    second = page(course("A+B+2025"), course("A+B+2023"), count=4)
    events = visit(harvest, Server({LIST: first, "/api/courses/v1/courses/?page=2": second}), "/")
    found = records(events)
    assert [one.key for one in found] == ["A+B", "A+C"]
    assert [run["key"][-4:] for run in payload(found[0])["runs"]] == ["2023", "2024", "2025"]
    assert payload(found[0])["runs"][0]["id"] == "course-v1:A+B+2023"
    assert done(events) == Done(True)
    assert "blocks_url" not in found[0].payload.decode()


def test_a_list_that_is_not_whole_proves_nothing() -> None:
    events = visit(harvest, Server({LIST: page(course("A+B+1"), count=9)}), "/")
    assert not done(events).complete and issues(events) == ["jsontext-short"]
    lost = page(course("A+B+1"), following="{base}/api/courses/v1/courses/?page=2", count=2)
    events = visit(harvest, Server({LIST: lost}), "/")
    assert not done(events).complete and issues(events) == ["jsontext-page-lost"]


def test_the_second_visit_changes_nothing_whatever_moves() -> None:
    before = {
        "key": "A+B",
        "title": "B",
        "enrollment_count": 3,
        "course_runs": [{"key": "course-v1:A+B+1", "availability": "Current", "start": "2025-01-01"}],
    }
    after = {"key": "A+B", "title": "B", "enrollment_count": 9, "course_runs": [{"key": "course-v1:A+B+1", "availability": "Archived", "start": "2025-01-01"}]}  # fmt: skip
    first = visit(harvest, Server({"/api/v1/courses/": {"results": [before], "next": None}}), "/api/v1/courses/")
    second = visit(
        harvest, Server({"/api/v1/courses/": {"results": [after], "next": ""}}), "/api/v1/courses/", before=first
    )
    assert [type(event) for event in first] == [Document, RawRecord, Done]
    assert [type(event) for event in second] == [Unchanged, Done]
    assert done(second).complete


def test_validators_of_a_single_page_are_used() -> None:
    def answer(headers: dict[str, str]) -> Any:
        if headers.get("if-none-match") == '"1"':
            return 304, {}, b""
        return 200, {"ETag": '"1"'}, page(course("A+B+1"))

    first = visit(harvest, Server({LIST: answer}), "/")
    assert [type(event) for event in visit(harvest, Server({LIST: answer}), "/", before=first)] == [Unchanged, Done]
    # A description that another request brings is not covered by them.
    asked = {LIST: answer, "/api/courses/v1/courses/course-v1:A+B+1/": {"overview": "<p>New</p>"}}
    detailed = visit(harvest, Server(asked), "/", options={"detail": True})
    again = visit(harvest, Server(asked), "/", before=detailed, options={"detail": True})
    assert isinstance(detailed[0], Document) and detailed[0].etag is None
    assert [type(event) for event in again] == [Unchanged, Done]


def test_hidden_and_unpublished_runs_stay_back_and_a_course_without_others_is_hidden() -> None:
    runs: list[dict[str, object]] = [
        {"key": "course-v1:A+B+1", "title": "open", "status": "published"},
        {"key": "course-v1:A+B+2", "title": "secret", "status": "unpublished"},
        {"key": "course-v1:A+B+3", "title": "secret", "status": "published", "hidden": True},
    ]
    shut = {"key": "A+C", "title": "secret", "course_runs": [runs[2] | {"key": "course-v1:A+C+1"}]}
    listed = [{"key": "A+B", "title": "B", "course_runs": runs}, shut, course("A+D+1", catalog_visibility="about")]
    # What another entry says of a hidden run does not bring it back.
    listed += [
        {
            "key": "A+B",
            "title": "B",
            "course_runs": [{"key": "course-v1:A+B+2", "start": "2025-01-01", "title": "secret"}],
        }
    ]
    found = records(visit(harvest, Server({"/api/v1/courses/": {"results": listed}}), "/api/v1/courses/"))
    assert [one.key for one in found] == ["A+B", "A+C", "A+D"]
    assert [run["title"] for run in payload(found[0])["runs"]] == ["open"]
    assert payload(found[1]) == {"course": {"key": "A+C"}, "hidden": True}
    assert b"secret" not in b"".join(one.payload for one in found)
    assert crosswalk.load("openedx")(found[1], context(Feed("f", "eso", "openedx", PLACE))).triples == ()


def test_of_people_only_names_are_kept() -> None:
    person = {"given_name": "Ada", "family_name": "Sample", "email": "ada@x.example", "bio": "Born in", "urls": {"x": 1}, "position": {"organization_name": "ESO", "title": "Head"}}  # fmt: skip
    run = {"key": "course-v1:A+B+1", "staff": [person], "contact_email": "b@x.example"}
    found = records(visit(harvest, Server({"/api/v1/course_runs/": {"results": [run]}}), "/api/v1/course_runs/"))
    assert payload(found[0])["runs"][0]["staff"] == [
        {"family_name": "Sample", "given_name": "Ada", "position": {"organization_name": "ESO"}}
    ]
    assert b"x.example" not in found[0].payload


def test_details_are_bounded_and_a_lost_one_is_told() -> None:
    pages = {LIST: page(*(course(f"A+{number}+1") for number in range(4))), "/api/courses/v1/courses/course-v1:A+0+1/": {"overview": "<p>Zero</p>", "effort": "2 h"}}  # fmt: skip
    events = visit(harvest, Server(pages), "/", options={"detail": 2})
    assert issues(events) == ["openedx-detail", "openedx-details-many"]
    assert payload(records(events)[0])["runs"][0]["overview"] == "<p>Zero</p>"
    assert done(events).complete


@pytest.mark.parametrize(("token", "sent"), [("abc", "JWT abc"), ("Bearer xyz", "Bearer xyz"), ("", None)])
def test_a_token_goes_to_its_own_host_and_nowhere_else(token: str, sent: str | None) -> None:
    asked: list[tuple[str, object]] = []

    class Web:
        def get(self, url: str, *, headers: object = None, **_: object) -> object:
            asked.append((url, headers))
            return Canned(json.dumps(page(course("A+B+1"), following="https://other.example/2")).encode()).get(url)

    feed = Feed("f", "a", "openedx", "https://e.example", allow_hosts=("other.example",))
    events = list(harvest(Visit(feed, Web(), token=token)))  # type: ignore[arg-type]
    assert asked[0][1] == ({"authorization": sent} if sent else None)
    assert asked[1][0] == "https://other.example/2" and asked[1][1] is None
    assert not token or token not in "".join(str(event) for event in events)


@pytest.mark.parametrize(
    "answer", [{"detail": "Authentication credentials were not provided."}, {"results": {}}, "text", {"results": [1, {"a": 2}]}]
)  # fmt: skip
def test_what_is_no_list_is_refused(answer: object) -> None:
    with pytest.raises(FeedFailed) as failed:
        visit(harvest, Server({LIST: answer}), "/")
    assert failed.value.issue.code == "openedx-no-list"


def test_an_entry_that_is_none_is_told_and_the_rest_is_read() -> None:
    events = visit(harvest, Server({LIST: page(course("A+B+1"), {"name": "what?"}, 7)}), "/")
    assert len(records(events)) == 1 and issues(events) == ["openedx-no-course", "openedx-no-course"]
    assert not done(events).complete


COURSES = {  # file: (courses, of them hidden, runs that are public)
    "test_mitx_course.json": (2, 1, 1), "test_non_mitx_course.json": (1, 0, 1), "test_oll_courses.json": (1, 1, 0),
    "test_mitx_programs.json": (5, 1, 4), "mitxonline_courses.json": (3, 0, 4), "xpro_courses.json": (2, 0, 6),
    "xpro_programs.json": (6, 0, 16), "mitxonline_programs.json": (0, 0, 0),
}  # fmt: skip


def test_recorded_answers_of_others(shared: Path) -> None:
    """Every file of the folder: a list of courses with the counts that a reader finds, or a refusal."""
    folder = shared / "data" / "openedx" / "mit-learn" / "raw" / "test_json"
    counts, refused = {}, []
    for file in sorted(folder.glob("*.json")):
        web = Canned(file.read_bytes())
        feed = Feed("f", "eso", "openedx", "https://d.example/api/v1/courses/", language="en")
        try:
            events = list(harvest(Visit(feed, web)))  # type: ignore[arg-type]
        except FeedFailed as failed:
            assert failed.issue.code in ("openedx-no-list", "jsontext-broken"), file.name
            refused.append(file.name)
            continue
        found = [(one, payload(one)) for one in records(events)]
        hidden = [one for one, data in found if data.get("hidden")]
        counts[file.name] = (len(found), len(hidden), sum(len(data.get("runs", ())) for _, data in found))
        for one, data in found:
            mapped = crosswalk.load("openedx")(one, context(feed))
            assert bool(mapped.triples) is not bool(data.get("hidden")), one.key
            assert not [issue for issue in mapped.issues if issue.code == "openedx-unknown"], (
                file.name,
                mapped.issues,
            )
    assert counts == COURSES
    assert len(counts) + len(refused) == len(list(folder.glob("*.json"))) and len(refused) > 10


_NAMES = st.sampled_from(
    ["results", "key", "id", "course_id", "course", "course_runs", "runs", "title", "start", "end", "seats", "price", "staff", "hidden",
     "status", "license", "overview", "media", "image", "next", "pagination", "count", "content_type", "courses", "programs", "site"]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9**20) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["course-v1:A+B+1", "A+B", "2030-01-01", "a@b.example", "<section class='about'><p>x", "creative-commons: ver=4.0", "0.00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=14,
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(_VALUES)
def test_any_json_is_read_or_refused(value: object) -> None:
    feed = Feed("f", "eso", "openedx", "https://e.example/api/v1/courses/")
    around = context(feed)
    try:
        events = list(harvest(Visit(feed, Canned(json.dumps([value, course("A+B+1")]).encode()))))  # type: ignore[arg-type]
    except FeedFailed:
        events = []
    mapper = crosswalk.load("openedx")
    for data in [*(one.payload for one in records(events)), json.dumps(value).encode(), json.dumps({"course": value, "runs": [value]}).encode()]:  # fmt: skip
        mapped = mapper(RawRecord("k", data, "application/json", "openedx", "https://e.example/"), around)
        assert len({triple[:3] for triple in mapped.triples}) == len(mapped.triples)


@pytest.mark.parametrize("run", ["edX+DemoX+Demo_Course", "OpenedX+DemoX+DemoCourse", "edX+DemoX.1+2014"])
def test_the_demonstration_course_stays_back(run: str) -> None:
    events = visit(harvest, Server({LIST: page(course(run), course("A+DemoX+1"))}), "/")
    assert [one.key for one in records(events)] == ["A+DemoX"]
    assert issues(events) == ["openedx-other"] and done(events) == Done(True, bookmark=done(events).bookmark)
