"""Open edX courses as triples: licences, pages and pictures, overviews, effort, seats, dates, texts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from registry import crosswalk
from registry.crosswalk.base import Mapped
from registry.crosswalk.openedx_overview import overview
from registry.iris import SCHEMA
from registry.model import Feed, RawRecord
from registry.terms import Iri
from tests.support.json_feed import codes, context

LIST = "https://lms.eso.example/api/courses/v1/courses/?page_size=100"
KEY = "course-v1:ESO+CPI+2025"


def mapped(run: dict[str, Any] | None = None, source: str = LIST, **own: Any) -> Mapped:
    runs = [{"key": KEY, "id": KEY, "name": "Prices", **run}] if run is not None else []
    data = json.dumps({"course": {"key": "ESO+CPI", **own}, "runs": runs}).encode()
    feed = Feed("f", "eso", "openedx", "https://lms.eso.example", language="en")
    return crosswalk.load("openedx")(RawRecord("ESO+CPI", data, "application/json", "openedx", source), context(feed))


def said(result: Mapped, name: str, part: str = "") -> list[str]:
    """Values of a property of the resource, or of a part of it: the end of an address, or a text."""
    subject = result.resource + part
    found = [o for s, p, o, _ in result.triples if s == subject and p == SCHEMA + name]
    return [o.rpartition("/")[2] if isinstance(o, Iri) and "/id/" in o else str(o) if isinstance(o, Iri) else o.value for o in found]  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "licence"),
    [
        ("all-rights-reserved", "proprietary"),
        ("creative-commons: ver=4.0 BY NC", "CC-BY-NC-4.0"),
        ("creative-commons: ver=4.0 BY NC SA", "CC-BY-NC-SA-4.0"),
        ("creative-commons: BY ND", "CC-BY-ND-4.0"),
        ("creative-commons: ver=3.0 BY", "CC-BY-3.0"),
        ("CC-BY-4.0", "CC-BY-4.0"),
    ],
)
def test_licences_in_the_words_of_the_platform(stated: str, licence: str) -> None:
    found = mapped({"license": stated})
    assert [one.rpartition("/")[2] for one in said(found, "license")] == [licence] and found.issues == ()


def test_a_licence_that_is_not_known_stays_as_text_and_is_told() -> None:
    found = mapped({"license": "ours"})
    assert said(found, "license") == ["ours"] and codes(found.issues) == [("value-licence", "/runs/0/license")]


def test_the_page_about_and_relative_pictures_stand_on_the_server() -> None:
    found = mapped({"media": {"course_image": {"uri": "/asset-v1:ESO+CPI+type@asset+block@c.jpg"}}, "start": "2025-01-01T00:00:00Z"})  # fmt: skip
    page = "https://lms.eso.example/courses/course-v1:ESO+CPI+2025/about"
    assert said(found, "url") == [page] == said(found, "url", "/run/1") == said(found, "url", "/run/1/room")
    assert said(found, "image") == ["https://lms.eso.example/asset-v1:ESO+CPI+type@asset+block@c.jpg"]
    inside = mapped(
        {"media": {"course_image": {"uri": "/c.jpg"}}}, source="https://lms.intranet/api/courses/v1/courses/"
    )
    assert said(inside, "url") == [] == said(inside, "image") and inside.issues == ()


def test_a_default_start_is_none_and_what_the_run_says_belongs_to_the_course() -> None:
    found = mapped({"start": "2030-01-01T00:00:00Z", "effort": "2 hours", "staff": [{"name": "Ada Sample"}], "pacing": "self"})  # fmt: skip
    assert said(found, "hasCourseInstance") == [] and codes(found.issues) == [("openedx-no-date", "/runs/0/start")]
    assert said(found, "courseWorkload") == ["2 hours"] and len(said(found, "contributor")) == 1
    assert said(found, "courseMode") == ["online", "asynchronous"]
    empty = mapped({"start": "2026-05-01T00:00:00Z", "start_type": "empty"})
    assert said(empty, "hasCourseInstance") == []


def test_dates_get_the_zone_of_the_platform_and_an_end_before_the_start_goes() -> None:
    found = mapped({"start": "2025-05-01T09:00:00", "end": "2025-06-01"})
    assert said(found, "startDate", "/run/1") == ["2025-05-01T09:00:00Z"]
    assert said(found, "endDate", "/run/1") == ["2025-06-01T00:00:00Z"]
    found = mapped({"start": "2025-05-01T09:00:00Z", "end": "2024-06-01T00:00:00Z"})
    assert said(found, "endDate", "/run/1") == [] and codes(found.issues) == [("openedx-order", "/runs/0/end")]


@pytest.mark.parametrize(
    ("run", "workload"),
    [
        ({"effort": " 3 hours/week "}, "3 hours/week"),
        ({"min_effort": 4, "max_effort": 2, "weeks_to_complete": 6}, "2–4 h/week, 6 weeks"),
        ({"min_effort": 3, "max_effort": 3}, "3 h/week"),
        ({"weeks_to_complete": 5, "min_effort": 0}, "5 weeks"),
        ({"min_effort": None, "max_effort": "much"}, None),
    ],
)
def test_effort_as_text(run: dict[str, Any], workload: str | None) -> None:
    assert said(mapped(run), "courseWorkload") == ([workload] if workload else [])


@pytest.mark.parametrize(
    ("seats", "free", "access"),
    [
        ([{"type": "audit", "price": "0.00"}, {"type": "verified", "price": "50.00"}], ["true"], "registration"),
        ([{"type": "professional", "price": "50.00"}], ["false"], "paid"),
        ([{"type": "honor"}], ["true"], "registration"),
        ([], [], "registration"),
    ],
)
def test_seats_say_whether_it_is_free(seats: list[dict[str, str]], free: list[str], access: str) -> None:
    found = mapped({"seats": seats, "start": "2025-01-01T00:00:00Z"})
    assert said(found, "isAccessibleForFree") == free and said(found, "conditionsOfAccess") == [access]
    assert len(said(found, "offers", "/run/1")) == len(seats)


def test_by_invitation() -> None:
    assert said(mapped({"invitation_only": True}), "conditionsOfAccess") == ["nomination-required"]


def test_texts_of_the_template_are_left_out_wherever_they_stand() -> None:
    page = (
        "<section class='about'><h2>About This Course</h2><p>Real text.</p><p>Include your long course description here."
        " The long course description should contain 150-400 words.</p></section>"
        "<section class='prerequisites'><h2>Requirements</h2><p>Arithmetic</p></section>"
        "<section class='course-staff'><h3>Staff Member #1</h3><h3>Ada Sample</h3><p>Ada was born.</p></section>"
        "<section class='faq'><h3>Question #2</h3><p>An answer</p></section>"
    )
    read = overview(page)
    assert (read.about, read.requirements, read.staff) == ("Real text.", ("Arithmetic",), ("Ada Sample",))
    assert read.template.startswith("Include your long")
    assert overview("<p>About This Course</p><p>Text</p>").about == "Text"
    assert overview("<section><p>Own sections stay.</p></section>").about == "Own sections stay."
    assert overview("").about == "" and overview("<section class=").requirements == ()


def test_a_field_of_study_is_no_audience_and_an_unknown_field_is_told() -> None:
    found = mapped({}, subjects=[{"name": "Management"}], flavour="sweet", faq="<p>…</p>", flag=False)
    assert said(found, "keywords") == ["Management"] and said(found, "audience") == []
    assert [(one.code, one.place, dict(one.params)["field"]) for one in found.issues] == [("openedx-unknown", "/course/flavour", "flavour")]  # fmt: skip


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"course": 3, "runs": "x"}', b'{"course": {"key": "A+B"}}', b"\xff"]
)
def test_what_is_no_course_is_told(data: bytes) -> None:
    feed = Feed("f", "eso", "openedx", "https://lms.eso.example")
    found = crosswalk.load("openedx")(RawRecord("k", data, "application/json", "openedx", LIST), context(feed))
    assert found.triples == () and codes(found.issues) == [("openedx-unreadable", "/course")]
