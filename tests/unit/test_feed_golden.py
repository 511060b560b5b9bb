"""Recorded feeds → the expected graph and issues. ``python -m tests.unit.test_feed_golden`` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvesters.feed import harvest
from registry import messages
from tests.support.one_answer import feed, harvested, whole

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "feed"
NAMES = ("news.rss", "notes.atom", "list.json")


def run(name: str) -> tuple[str, str]:
    one = feed("feed", f"https://office.example.org/formation/{name}")
    return whole(one, harvested(harvest, one, (GOLDEN / name).read_bytes()))


@pytest.mark.parametrize("name", NAMES)
def test_expected_graph_and_issues(name):
    graph, issues = run(name)
    assert graph == (GOLDEN / f"{name}.nt").read_text("utf-8")
    assert issues == (GOLDEN / f"{name}-issues.tsv").read_text("utf-8")
    assert "@" not in graph.replace("@fr", "").replace("@en-gb", "").replace("@en", "").replace("@es", "").replace(
        "@rel", ""
    )
    known = messages.load()
    assert all(line.split("\t")[1] in known for line in issues.splitlines())


if __name__ == "__main__":
    for name in NAMES:
        graph, issues = run(name)
        (GOLDEN / f"{name}.nt").write_text(graph, "utf-8")
        (GOLDEN / f"{name}-issues.tsv").write_text(issues, "utf-8")
