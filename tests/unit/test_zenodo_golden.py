"""A recorded search of two pages, old and new shape of records → the expected graph and issues.

After a wanted change: ``python -m tests.unit.test_zenodo_golden`` writes the expected files anew; read the
difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

from harvesters.zenodo import harvest
from tests.support import json_feed

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "zenodo"
OPTIONS = {"communities": "office", "all_versions": True}


def server():
    first = "/api/records?size=25&all_versions=true&communities=office"
    second = "/api/records?all_versions=true&communities=office&page=2&size=25"
    feed = GOLDEN / "feed"
    return json_feed.Server({first: (feed / "page1.json").read_bytes(), second: (feed / "page2.json").read_bytes()})


def run():
    return json_feed.golden(harvest, "zenodo", server(), "/", "en", options=OPTIONS)


def test_expected_graph_and_issues():
    _, graph, issues = run()
    json_feed.compare(GOLDEN, graph, issues)


def test_twice_gives_the_same_bytes():
    first, second = run(), run()
    assert first[1:] == second[1:]
    found = [(one.key, one.payload) for one in json_feed.records(first[0])]
    assert found == [(one.key, one.payload) for one in json_feed.records(second[0])]
    assert [key for key, _ in found] == ["9000000", "pqrst-uvw34", "9000008"]
    assert json_feed.done(first[0]).complete


if __name__ == "__main__":
    json_feed.write(GOLDEN, *run()[1:])
