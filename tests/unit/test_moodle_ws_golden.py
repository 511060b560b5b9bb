"""Recorded answers of a new and an old Moodle, and its public pages → the expected graphs and issues.

After a wanted change: ``python -m tests.unit.test_moodle_ws_golden`` writes the expected files anew; read the
difference before committing it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry.crosswalk import load
from registry.model import Feed, FeedIssue, RawRecord
from registry.prepare.publication import HIDDEN, held_back
from registry.terms import to_ntriples
from tests.support import json_feed
from tests.support.moodle_site import TOKEN, Site, visit

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "moodle"
SITE, BY_FIELD, ALL = "core_webservice_get_site_info", "core_course_get_courses_by_field", "core_course_get_courses"
CATEGORIES = "core_course_get_categories"
INDEX = "/course/index.php"
PAGES = {
    INDEX: "top", f"{INDEX}?categoryid=2": "cat2", f"{INDEX}?categoryid=2&browse=courses&perpage=20&page=1": "cat2b",
    f"{INDEX}?categoryid=3": "cat3", f"{INDEX}?categoryid=8": "cat8", "/course/info.php?id=22": "info22",
    "/course/info.php?id=41": "info41",
}  # fmt: skip
FEEDS: dict[str, tuple[str, dict[str, Any]]] = {
    "token": (TOKEN, {"language": "fr", "columns": {"ess": "audience", "Relu le": "modified"}, "options": {"timezone": "Europe/Paris", "contacts": True}}),
    "token3": (TOKEN, {"language": "es"}),
    "pages": ("", {"licence": "CC-BY-4.0"}),
}  # fmt: skip
KEYS = {"token": ["11", "12", "13", "14", "15", "16"], "token3": ["3", "4"], "pages": ["21", "22", "24", "31", "41"]}
HELD = {"token": ["13", "14"], "token3": ["4"], "pages": ["24"]}


def site(name: str) -> Site:
    folder = GOLDEN / name / "feed"
    if name == "pages":
        return Site(pages={path: (folder / f"{file}.html").read_text("utf-8") for path, file in PAGES.items()})
    read = {file.stem: json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")}
    if name == "token3":
        return Site({ALL: read["courses"], CATEGORIES: read["categories"]})
    return Site({SITE: read["site"], BY_FIELD: read["courses"], CATEGORIES: read["categories"]})


def run(name: str) -> tuple[list[Any], str, str]:
    """(events, graph, issues), the server's address replaced."""
    (token, more), served = FEEDS[name], site(name)
    events = visit(served, "/", token, **more)
    around = json_feed.context(Feed("feed", "eso", "moodle", "https://list.example/", **more))
    triples, found = [], []
    for event in events:
        if isinstance(event, FeedIssue):
            found.append(("", event.issue))
        if isinstance(event, RawRecord):
            found += [(event.key, issue) for issue in event.issues]
            result = load("moodle")(event, around)
            triples += [triple[:3] for triple in result.triples]
            found += [(event.key, issue) for issue in result.issues]
    rows = ["\t".join((key, one.code, one.place, " ".join(one.value.split()))) + "\n" for key, one in found]
    graph = to_ntriples(triples).replace(served.base, json_feed.PLACE)
    return events, graph, "".join(rows).replace(served.base, json_feed.PLACE)


@pytest.mark.parametrize("name", FEEDS)
def test_expected_graph_and_issues(name: str) -> None:
    events, graph, issues = run(name)
    json_feed.compare(GOLDEN / name, graph, issues)
    assert [one.key for one in json_feed.records(events)] == KEYS[name]
    done = json_feed.done(events)
    assert done.complete and done.deletions == "proved"
    assert TOKEN not in "".join(map(str, events)) + graph + issues
    assert "@eso.example" not in graph + issues


@pytest.mark.parametrize("name", FEEDS)
def test_what_is_hidden_stays_back_and_nothing_of_it_is_kept(name: str) -> None:
    token, more = FEEDS[name]
    around = json_feed.context(Feed("feed", "eso", "moodle", "https://list.example/", **more))
    held = []
    for one in json_feed.records(visit(site(name), "/", token, **more)):
        mapped = load("moodle")(one, around)
        issue = held_back(one, mapped, around)
        if issue is not None:
            held.append(one.key)
            assert issue.code == HIDDEN and mapped.triples == () and len(one.payload) < 60
    assert held == HELD[name]


@pytest.mark.parametrize("name", FEEDS)
def test_twice_gives_the_same_bytes(name: str) -> None:
    first, second = run(name), run(name)
    assert first[1:] == second[1:]
    if name == "pages":  # addresses of pictures hold the port of the test's server
        return
    found = [(one.key, one.payload) for one in json_feed.records(first[0])]
    assert found == [(one.key, one.payload) for one in json_feed.records(second[0])]


if __name__ == "__main__":
    for one in FEEDS:
        json_feed.write(GOLDEN / one, *run(one)[1:])
