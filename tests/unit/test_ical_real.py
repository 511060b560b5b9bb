"""Calendar files of many producers, with real and fuzz-found faults: a record or a finding for each, no traceback."""

from __future__ import annotations

from collections import Counter

from harvesters.base import FeedFailed
from harvesters.calendar import harvest
from registry import messages
from registry.crosswalk import load
from registry.model import FeedIssue
from tests.support.one_answer import context, feed, harvested, records

FEED = feed("calendar", "https://office.example.org/c.ics")


def test_every_file_gives_a_record_or_a_finding(shared):
    known, count = messages.load(), Counter()
    mapping = context(FEED)
    files = sorted(
        file for file in (shared / "data/ical/icalendar/raw").rglob("*") if file.suffix in (".ics", ".jcal")
    )
    for file in files:
        found = []
        try:
            events = harvested(harvest, FEED, file.read_bytes())
            found += [event.issue for event in events if isinstance(event, FeedIssue)]
        except FeedFailed as error:
            events, found = [], [error.issue]
            count["failed"] += 1
        for record in records(events):
            count["records"] += 1
            found += record.issues
            if not record.deleted and not record.broken:
                mapped = load("ical")(record, mapping)
                found += mapped.issues
                assert mapped.triples or mapped.issues, file.name
                count["mapped"] += bool(mapped.triples)
        assert records(events) or found, file.name
        assert all(issue.code in known for issue in found), file.name
        count["issues"] += len(found)
    print(f"{len(files)} files: {dict(count)}")
    assert len(files) == 168 and count["mapped"] >= 160 and count["failed"] <= 2
