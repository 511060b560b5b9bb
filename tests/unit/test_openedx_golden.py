"""Recorded answers of a course list, of Discovery and of its search → the expected graphs and issues.

After a wanted change: ``python -m tests.unit.test_openedx_golden`` writes the expected files anew; read the
difference before committing it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harvesters.openedx import harvest
from tests.support import json_feed

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "openedx"
LMS, ONE = "/api/courses/v1/courses/?page_size=100", "/api/courses/v1/courses/"
LISTS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "lms": ("/", {
        LMS: "page1", f"{ONE}?page=2&page_size=100": "page2", f"{ONE}course-v1:ESO+CPI101+2025/": "cpi",
        f"{ONE}course-v1:ESO+R200+always/": "r", f"{ONE}ESO/SAMP/2013/": "samp",
    }, {"detail": True}),
    "discovery": ("/api/v1/courses/", {"/api/v1/courses/": "page1", "/api/v1/courses/?limit=20&offset=20": "page2"}, {}),
    "search": ("/api/v1/search/all/", {"/api/v1/search/all/": "all"}, {}),
}  # fmt: skip
KEYS = {
    "lms": ["ESO+CPI101", "ESO+R200", "ESO+DRAFT1", "ESO+GEO", "ESO+SAMP"],
    "discovery": ["ESO+SDC", "ESO+INTERNAL", "ESO+LEAD"],
    "search": ["ESO+NA"],
}


def run(name: str) -> tuple[list[Any], str, str]:
    path, pages, options = LISTS[name]
    bodies = {asked: (GOLDEN / name / "feed" / f"{file}.json").read_bytes() for asked, file in pages.items()}
    return json_feed.golden(harvest, "openedx", json_feed.Server(bodies), path, "en", options=options)


@pytest.mark.parametrize("name", LISTS)
def test_expected_graph_and_issues(name: str) -> None:
    events, graph, issues = run(name)
    json_feed.compare(GOLDEN / name, graph, issues)
    assert [one.key for one in json_feed.records(events)] == KEYS[name]
    assert json_feed.done(events).complete
    assert "@eso.example" not in graph + issues


@pytest.mark.parametrize("name", LISTS)
def test_twice_gives_the_same_bytes(name: str) -> None:
    first, second = run(name), run(name)
    assert first[1:] == second[1:]
    found = [(one.key, one.payload) for one in json_feed.records(first[0])]
    assert found == [(one.key, one.payload) for one in json_feed.records(second[0])]


if __name__ == "__main__":
    for one in LISTS:
        json_feed.write(GOLDEN / one, *run(one)[1:])
