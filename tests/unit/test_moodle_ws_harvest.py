"""Moodle: web services, refusals, ways around them, the token's secrecy, what needs no login, pages, the second visit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.base import FeedFailed, Visit
from harvesters.moodle import harvest, read_options, site_address
from registry import crosswalk, messages
from registry.model import Document, Done, Feed, RawRecord, Unchanged
from registry.net import Fetched
from tests.support.json_feed import context, done, issues, records
from tests.support.moodle_site import AJAX, REST, TOKEN, Site, refusal, visit

BY_FIELD, ALL, SEARCH = "core_course_get_courses_by_field", "core_course_get_courses", "core_course_search_courses"
SITE, CATEGORIES = "core_webservice_get_site_info", "core_course_get_categories"
INDEX = "/course/index.php"


def course(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "fullname": f"Course {number}",
        "shortname": f"C{number}",
        "visible": 1,
        "categoryid": 1,
        **more,
    }


def listed(*numbers: int) -> dict[str, Any]:
    return {"courses": [course(number) for number in numbers], "warnings": []}


def category(number: int, parent: int = 0, visible: int = 1) -> dict[str, Any]:
    return {"id": number, "name": f"Category {number}", "parent": parent, "visible": visible}


def payload(record: RawRecord) -> Any:
    return json.loads(record.payload)


def keys(events: list[Any]) -> list[str]:
    return [one.key for one in records(events)]


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://m.example", "https://m.example"),
        ("https://m.example/moodle/", "https://m.example/moodle"),
        ("https://m.example/moodle/course/index.php?categoryid=4", "https://m.example/moodle"),
        ("https://m.example/login/index.php", "https://m.example"),
        ("https://m.example/webservice/rest/server.php?wsfunction=x", "https://m.example"),
        ("https://m.example/my/", "https://m.example"),
    ],
)
def test_addresses_that_people_have(address: str, site: str) -> None:
    assert site_address(address) == site


@pytest.mark.parametrize("options", [{"category": "x"}, {"category": [1, "2"]}, {"detail": -1}, {"max_pages": 0}, {"contacts": "yes"}, {"search": 1}])  # fmt: skip
def test_bad_options_are_told(options: dict[str, Any]) -> None:
    with pytest.raises(FeedFailed) as failed:
        read_options(Feed("f", "a", "moodle", "https://m.example", options=options))
    assert failed.value.issue.code == "moodle-bad-option"


def test_a_category_may_stand_in_the_address() -> None:
    assert read_options(Feed("f", "a", "moodle", "https://m.example/course/index.php?categoryid=7")).categories == (7,)


def test_courses_come_with_the_path_of_their_category_and_the_front_page_does_not() -> None:
    functions = {BY_FIELD: {"courses": [course(9), course(1, format="site"), course(3, categoryid=2), course(4, categoryid=77, categoryname="Lost")]},
                 CATEGORIES: [category(1), category(2, 1)]}  # fmt: skip
    events = visit(Site(functions), token=TOKEN)
    assert keys(events) == ["3", "4", "9"]
    assert [one["name"] for one in payload(records(events)[0])["categories"]] == ["Category 1", "Category 2"]
    assert payload(records(events)[1])["categories"] == [{"id": 77, "name": "Lost"}]
    assert done(events) == Done(True, "proved")
    assert isinstance(events[0], Document) and events[0].address.endswith(REST)


def test_only_some_categories_and_what_is_under_them() -> None:
    functions = {BY_FIELD: {"courses": [course(9), course(3, categoryid=2), course(4, categoryid=3)]}, CATEGORIES: [category(1), category(2, 1), category(3)]}  # fmt: skip
    assert keys(visit(Site(functions), token=TOKEN, options={"category": 1})) == ["3", "9"]
    assert keys(visit(Site(functions), token=TOKEN, options={"category": [2, 3]})) == ["3", "4"]


def test_courses_in_a_hidden_category_are_hidden_also_below_it() -> None:
    functions = {BY_FIELD: {"courses": [course(5, categoryid=3, fullname="Secret"), course(6)]}, CATEGORIES: [category(1), category(2, 0, 0), category(3, 2)]}  # fmt: skip
    found = records(visit(Site(functions), token=TOKEN))
    assert payload(found[0]) == {"course": {"id": 5}, "hidden": True} and "hidden" not in payload(found[1])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("invalidtoken", "moodle-token"), ("servicenotavailable", "moodle-access"), ("sitemaintenance", "moodle-maintenance"),
        ("requireloginerror", "moodle-user"), ("forcepasswordchangenotice", "moodle-user"), ("enablewsdescription", "moodle-off"),
        ("dmlreadexception", "moodle-exception"), ("", "moodle-exception"),
    ],
)  # fmt: skip
def test_a_refusal_is_a_sentence_that_says_what_to_do(error: str, code: str) -> None:
    answer = refusal(error, f"Something about {TOKEN}")
    with pytest.raises(FeedFailed) as failed:
        visit(Site(dict.fromkeys([SITE, BY_FIELD, ALL, SEARCH], answer)), token=TOKEN)
    issue = failed.value.issue
    assert issue.code == code and TOKEN not in str(failed.value)
    said = messages.load()[code]
    for language in ("en", "fr", "es"):
        assert "{" not in messages.fill(said.text[language] + said.mend[language], issue)


def test_a_wrong_token_and_a_site_without_web_services() -> None:
    with pytest.raises(FeedFailed) as failed:
        visit(Site({BY_FIELD: listed(2)}), token="wr0ng")
    assert failed.value.issue.code == "moodle-token" and "wr0ng" not in str(failed.value)
    with pytest.raises(FeedFailed) as failed:
        visit(Site(status={REST: 403}), token=TOKEN)
    assert failed.value.issue.code == "moodle-off"
    with pytest.raises(FeedFailed) as failed:
        visit(Site(status={REST: 404}), token=TOKEN)
    assert failed.value.issue.code == "net-status" and TOKEN not in str(failed.value)


def test_the_next_function_is_called_where_one_is_not_allowed() -> None:
    served = Site({ALL: [course(2), course(3)]})
    events = visit(served, token=TOKEN)
    assert keys(events) == ["2", "3"] and done(events).deletions == "proved"
    assert served.calls() == [SITE, BY_FIELD, ALL, CATEGORIES] and issues(events) == ["moodle-no-categories"]
    # What the site says that the token may call is not tried in vain.
    served = Site({SITE: {"siteurl": "https://m.example", "functions": [{"name": ALL}]}, ALL: [course(2)]})
    events = visit(served, token=TOKEN)
    assert served.calls() == [SITE, ALL, CATEGORIES]
    assert records(events)[0].source == "https://m.example/course/view.php?id=2"


def test_a_search_is_read_page_by_page_and_proves_no_deletion() -> None:
    def search(asked: dict[str, str]) -> Any:
        start = int(asked["page"]) * int(asked["perpage"])
        return {"total": 150, "courses": [course(number) for number in range(2 + start, min(152, 102 + start))]}

    served = Site({SEARCH: search})
    events = visit(served, token=TOKEN, options={"search": "data"})
    assert len(records(events)) == 150 and done(events) == Done(True, "unknown")
    assert sum("criteriavalue=data" in body for _, _, body, _ in served.asked) == 2


def test_what_moodle_leaves_out_means_that_absence_proves_nothing() -> None:
    answer = {**listed(2), "warnings": [{"item": "course", "itemid": 8, "warningcode": "1", "message": "No access"}]}
    events = visit(Site({BY_FIELD: answer, CATEGORIES: []}), token=TOKEN)
    assert not done(events).complete and issues(events) == ["moodle-warnings"]


def test_texts_are_asked_for_as_written_and_as_shown_where_that_fails() -> None:
    def answer(asked: dict[str, str]) -> Any:
        return refusal("invalidresponse") if "moodlewssettingraw" in asked else listed(2)

    served = Site({BY_FIELD: answer, CATEGORIES: []})
    assert keys(visit(served, token=TOKEN)) == ["2"]
    bodies = [body for _, _, body, _ in served.asked if BY_FIELD in body]
    assert ["moodlewssettingraw=1" in body for body in bodies] == [True, False]


def test_the_token_stands_in_the_body_of_requests_and_nowhere_else() -> None:
    picture = f"https://m.example/webservice/pluginfile.php/3/course/overviewfiles/a.jpg?forcedownload=1&token={TOKEN}"
    summary = f'<img src="https://m.example/tokenpluginfile.php/{TOKEN}/3/a.png"> <a href="/x.php?token={TOKEN}&amp;a=1">x</a> {TOKEN}'
    answer = {
        "courses": [
            course(2, summary=summary, overviewfiles=[{"fileurl": picture, "mimetype": "image/jpeg"}], idnumber=TOKEN)
        ]
    }
    served = Site({BY_FIELD: answer})
    events = visit(served, token=TOKEN)
    assert TOKEN not in "".join(map(str, events))
    assert payload(records(events)[0])["course"]["overviewfiles"][0]["fileurl"] == "https://m.example/pluginfile.php/3/course/overviewfiles/a.jpg"  # fmt: skip
    for method, path, body, headers in served.asked:
        assert method == "POST" and TOKEN in body and TOKEN not in path + str(headers)
    # A redirect to another server takes no body with it.
    with pytest.raises(FeedFailed) as failed:
        visit(Site(redirects={REST: "/elsewhere"}), token=TOKEN)
    assert failed.value.issue.code == "net-bad-redirect"


def test_names_of_teachers_are_kept_only_where_the_entry_says_so() -> None:
    answer = {"courses": [course(2, contacts=[{"id": 5, "fullname": "Ada Sample"}], enrolledusercount=31)]}
    quiet, loud = (
        records(visit(Site({BY_FIELD: answer}), token=TOKEN, options=options))[0]
        for options in ({}, {"contacts": True})
    )
    assert b"Ada" not in quiet.payload and payload(loud)["course"]["contacts"] == [{"fullname": "Ada Sample"}]
    assert b"31" not in quiet.payload


def test_the_second_visit_changes_nothing_whatever_moves() -> None:
    first = visit(Site({BY_FIELD: {"courses": [course(2, cacherev=1, enrolledusercount=4), course(3)]}}), token=TOKEN)
    moved = {"courses": [course(3), course(2, cacherev=2, enrolledusercount=5)]}
    second = visit(Site({BY_FIELD: moved}), token=TOKEN, before=first)
    assert [type(event) for event in first[:3]] == [Document, RawRecord, RawRecord]
    assert isinstance(second[0], Unchanged) and not records(second) and done(second).complete


def test_functions_that_need_no_login_are_used_and_remembered() -> None:
    served = Site(open={BY_FIELD: listed(2, 3), CATEGORIES: [category(1)]})
    events = visit(served)
    assert keys(events) == ["2", "3"] and done(events) == Done(True, "proved", {"way": "ajax"})
    assert [path for _, path, _, _ in served.asked] == [f"{AJAX}?info={BY_FIELD}", f"{AJAX}?info={CATEGORIES}"]
    search = Site(open={SEARCH: lambda asked: {"total": 1, "courses": [course(4)]}})
    assert done(visit(search)).deletions == "unknown"


def page(main: str, crumbs: str = "") -> str:
    return f'<html lang="en"><body><ol class="breadcrumb">{crumbs}</ol><div role="main">{main}</div></body></html>'


def box(number: int, summary: str = "<div class='summary'>S</div>") -> str:
    return f'<div class="coursebox" data-courseid="{number}"><h3 class="coursename"><a href="{{base}}/course/view.php?id={number}">Course {number}</a></h3>{summary}</div>'


def link(number: int, more: str = "") -> str:
    return f'<a href="{{base}}{INDEX}?categoryid={number}{more}">Category {number}</a>'


def test_pages_are_read_where_nothing_else_is_open_and_that_is_remembered() -> None:
    served = Site(pages={INDEX: page(box(2))})
    first = visit(served)
    assert keys(first) == ["2"] and done(first) == Done(True, "proved", {"way": "pages"})
    again = visit(served, before=first)
    assert isinstance(again[0], Unchanged) and [path for _, path, _, _ in served.asked][-1] == INDEX
    assert [path for _, path, _, _ in served.asked].count(f"{AJAX}?info={BY_FIELD}") == 1
    assert [method for method, *_ in served.asked].count("POST") == 2


def test_categories_and_pages_are_followed_each_once_and_never_elsewhere() -> None:
    pages = {
        INDEX: page(link(2) + '<a href="https://other.example/course/index.php?categoryid=9">Other</a>'),
        f"{INDEX}?categoryid=2": page(box(5) + link(3) + link(2) + link(2, "&page=1&perpage=20")),
        f"{INDEX}?categoryid=2&perpage=20&page=1": page(box(6) + link(2, "&page=1&perpage=20")),
        f"{INDEX}?categoryid=3": page(box(7) + link(2), crumbs=link(2) + link(3)),
    }
    served = Site(pages=pages)
    events = visit(served, options={"ajax": False})
    assert keys(events) == ["5", "6", "7"] and done(events).complete
    assert sorted(path for _, path, _, _ in served.asked) == sorted(pages)
    assert [[one["name"] for one in payload(record)["categories"]] for record in records(events)] == [
        ["Category 2"], ["Category 2"], ["Category 2", "Category 3"]]  # fmt: skip


def test_a_lost_page_or_too_many_prove_nothing() -> None:
    pages = {INDEX: page(box(4) + link(2) + link(3)), f"{INDEX}?categoryid=2": page(box(5))}
    events = visit(Site(pages=pages), options={"ajax": False})
    assert keys(events) == ["4", "5"] and not done(events).complete and issues(events) == ["moodle-page-lost"]
    events = visit(Site(pages=pages), options={"ajax": False, "max_pages": 2})
    assert not done(events).complete and issues(events) == ["moodle-many"]
    assert done(events).bookmark == {}


def test_a_list_behind_a_login_and_a_page_that_is_no_moodle() -> None:
    served = Site(redirects={INDEX: "/login/index.php"}, pages={"/login/index.php": page("Log in")})
    with pytest.raises(FeedFailed) as failed:
        visit(served)
    assert failed.value.issue.code == "moodle-login"
    with pytest.raises(FeedFailed) as failed:
        visit(Site(pages={INDEX: page("Nothing")}), options={"ajax": False})
    assert failed.value.issue.code == "moodle-no-courses"
    with pytest.raises(FeedFailed) as failed:
        visit(Site(), options={"ajax": False})
    assert failed.value.issue.code == "net-status"


def test_pages_of_courses_are_asked_only_where_they_say_more_and_no_more_than_allowed() -> None:
    brief = "<a href='{base}/course/info.php?id=%d'>i</a>"
    pages = {INDEX: page(box(2) + "".join(box(number, brief % number) for number in range(3, 8))),
             **{f"/course/info.php?id={number}": page(box(number)) for number in range(3, 8)}}  # fmt: skip
    served = Site(pages=pages)
    events = visit(served, options={"ajax": False, "detail": 2})
    assert sum("info.php" in path for _, path, _, _ in served.asked) == 2
    assert issues(events) == ["moodle-details-many"] and done(events).complete
    shut = Site(pages={INDEX: pages[INDEX]})
    events = visit(shut, options={"ajax": False})
    assert sum("info.php" in path for _, path, _, _ in shut.asked) == 3 and issues(events) == ["moodle-info"]


def test_a_page_without_a_word_on_its_encoding_is_utf_8() -> None:
    body = "<html><body><div class='coursebox' data-courseid='4'><a href='/course/view.php?id=4'>Enquête</a></div>".encode()
    feed = Feed("f", "eso", "moodle", "https://m.example", options={"ajax": False})
    found = records(harvest(Visit(feed, Canned(body))))  # type: ignore[arg-type]
    assert payload(found[0])["course"]["fullname"] == "Enquête"


class Canned:
    """A fetcher with one answer to everything."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def get(self, url: str, **_: object) -> Fetched:
        return Fetched(200, url, {}, self.body)

    def post(self, url: str, body: bytes, **_: object) -> Fetched:
        return Fetched(200, url, {}, self.body)


_NAMES = st.sampled_from(
    ["courses", "id", "fullname", "summary", "summaryformat", "categoryid", "visible", "startdate", "enddate", "customfields",
     "shortname", "value", "valueraw", "type", "enrollmentmethods", "contacts", "error", "data", "exception", "errorcode", "parent", "name", "tags", "overviewfiles"]
)  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9**20) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["{mlang fr}a{mlang}", "<span lang='fr' class='multilang'>b", "invalidresponse", "2", "a@b.example", "level", "1h"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=14,
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(_VALUES, st.booleans())
def test_any_json_is_read_or_refused(value: object, secret: bool) -> None:
    feed = Feed("f", "eso", "moodle", "https://m.example", columns={"level": "level"})
    body = json.dumps([{"error": False, "data": {"courses": [value, {"id": 3, "fullname": value}]}}, value]).encode()
    try:
        events = list(harvest(Visit(feed, Canned(body), token="t" if secret else "")))  # type: ignore[arg-type]
    except FeedFailed:
        events = []
    around, mapper = context(feed), crosswalk.load("moodle")
    made = [
        {"course": value},
        {
            "course": {"fullname": "x", **(value if isinstance(value, dict) else {"summary": value})},
            "categories": value,
        },
    ]
    for data in [*(one.payload for one in records(events)), *(json.dumps(one).encode() for one in (value, *made))]:
        mapped = mapper(
            RawRecord("k", data, "application/json", "moodle", "https://m.example/course/view.php?id=1"), around
        )
        assert len({triple[:3] for triple in mapped.triples}) == len(mapped.triples)


_PIECES = st.sampled_from(
    ["<div class='coursebox' data-courseid='4'>", "</div>", "<a href='/course/view.php?id=4'>", "</a>", "<h3 class=coursename>", "Text",
     "<div class=summary>", "<span lang=fr class=multilang>", "</span>", "<option value='?categoryid=3'>A / B", "<div data-categoryid=7>",
     "<a href='/course/index.php?categoryid=3'>", "<a href='http://[x'>", "<div class=customfield>", "<div class=teachers>", "\x00", "<html lang=xx>", "&#0;",
     "<li data-courseid=99999999999999>", "<a href='/course/index.php?page=2'>", "<!--", "<![CDATA["]
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.lists(_PIECES, max_size=14))
def test_any_page_is_read_or_refused(pieces: list[str]) -> None:
    feed = Feed("f", "eso", "moodle", "https://m.example", options={"ajax": False, "max_pages": 5})
    try:
        events = list(harvest(Visit(feed, Canned("".join(pieces).encode()))))  # type: ignore[arg-type]
    except FeedFailed as failed:
        assert failed.issue.code.startswith("moodle-")
    else:
        assert isinstance(events[-1], Done)


def test_a_token_that_may_call_nothing_that_lists_courses_is_told_which_is_missing() -> None:
    info = {"sitename": "M", "functions": [{"name": "core_user_get_users"}]}
    for site in (Site({SITE: info}), Site({SITE: {}, BY_FIELD: "?", ALL: "?", SEARCH: "?"})):
        with pytest.raises(FeedFailed) as failed:
            visit(site, "/", TOKEN)
        issue = failed.value.issue
        assert "{" not in messages.fill(messages.load()[issue.code].text["en"], issue)
