"""A recorded calendar → the expected graph and issues. ``python -m tests.unit.test_ical_golden`` writes anew."""

from __future__ import annotations

from pathlib import Path

from harvesters.calendar import harvest
from registry import messages
from tests.support.one_answer import feed, harvested, records, whole

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "calendar"
FEED = feed("calendar", "https://office.example.org/training.ics", language="fr", licence="CC-BY-4.0")


def run() -> tuple[str, str]:
    return whole(FEED, harvested(harvest, FEED, (GOLDEN / "academy.ics").read_bytes()))


def test_expected_graph_and_issues():
    graph, issues = run()
    assert graph == (GOLDEN / "expected.nt").read_text("utf-8")
    assert issues == (GOLDEN / "issues.tsv").read_text("utf-8")
    known = messages.load()
    assert all(line.split("\t")[1] in known for line in issues.splitlines())


def test_no_person_is_kept():
    for record in records(harvested(harvest, FEED, (GOLDEN / "academy.ics").read_bytes())):
        text = record.payload.decode()
        assert "Jane" not in text and "mailto" not in text and "DTSTAMP" not in text and "appraisal" not in text
    assert "office.example.org" not in run()[0].replace("<https://office.example.org/training.ics>", "")


if __name__ == "__main__":
    graph, issues = run()
    (GOLDEN / "expected.nt").write_text(graph, "utf-8")
    (GOLDEN / "issues.tsv").write_text(issues, "utf-8")
