"""A recorded calendar → the expected graph and issues. ``python -m tests.unit.test_ical_golden`` writes anew."""

from __future__ import annotations

from pathlib import Path

from harvesters.calendar import harvest
from registry import messages
from registry.crosswalk import load
from tests.support.one_answer import context, feed, harvested, records, whole

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
    mails = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Ask jane@office.example.org\r\nATTACH:mailto:bob@office.example.org\r\n" \
            b"CONFERENCE;VALUE=URI:xmpp:ana@office.example.org\r\nDTSTART:20260101T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"  # fmt: skip
    (record,) = records(harvested(harvest, FEED, mails))
    assert b"example.org" not in record.payload and b"SUMMARY:Ask" in record.payload
    mapped = load("ical")(record, context(FEED))
    assert "ical-email" in [issue.code for issue in mapped.issues], "that there was one is told"
    assert "Ask" in [o.value for _, p, o, _ in mapped.triples if p.endswith("/name")]
    assert "office.example.org" not in run()[0].replace("<https://office.example.org/training.ics>", "")


if __name__ == "__main__":
    graph, issues = run()
    (GOLDEN / "expected.nt").write_text(graph, "utf-8")
    (GOLDEN / "issues.tsv").write_text(issues, "utf-8")
