"""Recorded MOOChub lists, version 3 and 2.1 → the expected graphs and issues, the same each time.

After a wanted change: ``python -m tests.unit.test_moochub_golden`` writes the expected files anew; read the
difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harvesters.moochub import harvest
from tests.support import json_feed

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "moochub"
TYPE = "application/vnd.api+json; moochub-version={}"


def run(version: str):
    if version == "3.0":
        pages = {
            "/courses": (GOLDEN / "feed/page1.json").read_bytes(),
            "/courses?page=2": (GOLDEN / "feed/page2.json").read_bytes(),
        }
        return json_feed.golden(harvest, "moochub", json_feed.Server(pages, TYPE.format(version)), "/courses", "de")
    page = (200, {"Sunset": "Tue, 15 Aug 2028 00:00:00 GMT"}, (GOLDEN / "feed2/courses.json").read_bytes())
    return json_feed.golden(harvest, "moochub", json_feed.Server({"/v2": page}, TYPE.format(version)), "/v2", "en")


def folder(version: str) -> Path:
    return GOLDEN / ("feed" if version == "3.0" else "feed2")


@pytest.mark.parametrize("version, count", [("3.0", 3), ("2.1", 1)])
def test_expected_graph_and_issues(version: str, count: int):
    events, graph, issues = run(version)
    json_feed.compare(folder(version), graph, issues)
    again = run(version)
    assert (graph, issues) == again[1:]
    payloads = [(one.key, one.payload) for one in json_feed.records(events)]
    assert payloads == [(one.key, one.payload) for one in json_feed.records(again[0])] and len(payloads) == count
    assert json_feed.done(events).complete


if __name__ == "__main__":
    for name in ("3.0", "2.1"):
        json_feed.write(folder(name), *run(name)[1:])
