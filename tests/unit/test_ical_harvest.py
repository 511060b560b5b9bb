"""Calendars as servers send them: split into series, nothing personal kept, unchanged twice."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.base import FeedFailed, Visit
from harvesters.calendar import harvest
from registry.crosswalk import load
from registry.model import Document, Done, FeedIssue, Unchanged
from tests.support.one_answer import Answers, codes, context, feed, harvested, records

ADDRESS = "https://office.example.org/c.ics"
FEED = feed("calendar", ADDRESS)


def calendar(*events: str, head: str = "", end: str = "END:VCALENDAR\r\n") -> bytes:
    inner = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{head}{inner}{end}".encode()


def read(body: bytes, **options):
    return harvested(harvest, feed("calendar", ADDRESS, options=options), body)


ONE = "UID:a\r\nSUMMARY:Prices\r\nDTSTART:20260101T090000Z"


def test_what_moves_with_a_visit_changes_nothing():
    first = read(calendar(ONE + "\r\nDTSTAMP:20260101T000000Z", "UID:b\r\nSUMMARY:B"))
    second = read(calendar("SUMMARY:B\r\nUID:b", ONE + "\r\nDTSTAMP:20270101T000000Z", head="PRODID:other\r\n"))
    assert sorted(r.payload for r in records(first)) == sorted(r.payload for r in records(second))
    assert first[0].digest == second[0].digest


def test_a_last_change_that_is_the_time_of_the_export_is_none():
    def exported(stamp):
        return read(calendar(*(f"UID:{n}\r\nSUMMARY:{n}\r\nDTSTAMP:{stamp}\r\nLAST-MODIFIED:{stamp}" for n in "ab")))

    assert exported("20260101T000000Z")[0].digest == exported("20260202T000000Z")[0].digest


def test_unchanged_by_etag_and_by_digest():
    document = next(event for event in read(calendar(ONE)) if isinstance(event, Document))
    for headers, etag in (({"etag": '"1"'}, '"1"'), ({}, None)):
        before = Document(ADDRESS, document.digest, etag)
        http = Answers({ADDRESS: calendar(ONE)}, headers)
        events = list(harvest(Visit(FEED, http, document=lambda address, before=before: before)))
        assert events == [Unchanged(ADDRESS, document.digest), Done(True, "signalled")]
        assert http.asked == [(ADDRESS, etag)]


def test_absence_proves_deletion_only_where_the_list_is_whole():
    assert read(calendar(ONE))[-1] == Done(True, "signalled")
    assert read(calendar(ONE), whole=True)[-1] == Done(True, "proved")
    cut = read(calendar(ONE, end=""), whole=True)
    assert cut[-1] == Done(False, "proved") and "ical-cut" in codes(cut)


def test_a_file_that_breaks_off_keeps_what_was_whole():
    body = calendar(ONE, "UID:b\r\nSUMMARY:Second")
    for at in range(body.index(b"UID:b"), len(body) - len(b"END:VCALENDAR\r\n") - 1):
        events = read(body[:at])
        assert not events[-1].complete, at
        whole = [record.key for record in records(events) if not record.broken]
        assert whole[0] == "a", at
        assert all(record.issues for record in records(events) if record.broken)


def test_private_events_stay_back_and_are_withdrawn():
    events = read(calendar(ONE, "UID:p\r\nSUMMARY:Secret\r\nCLASS:CONFIDENTIAL"))
    assert codes(events) == ["ical-private"]
    assert [(r.key, r.deleted, r.payload) for r in records(events) if r.key == "p"] == [("p", True, b"")]


@pytest.mark.parametrize(
    "line",
    [
        'ATTENDEE;CN="Jane Doe":mailto:jane@x.example', "CONTACT:Jane Doe jane@x.example",
        "ORGANIZER;CN=jane@x.example:mailto:jane@x.example", "ORGANIZER:mailto:jane@x.example",
        "ORGANIZER;EMAIL=jane@x.example:invalid:nomail", "X-MS-OLK-SENDER:mailto:jane@x.example",
        "BEGIN:VALARM\r\nACTION:EMAIL\r\nATTENDEE:mailto:jane@x.example\r\nEND:VALARM",
        "BEGIN:PARTICIPANT\r\nCALENDAR-ADDRESS:mailto:jane@x.example\r\nEND:PARTICIPANT",
        "attendee;cn=Jane Doe:mailto:jane@x.example", "ATTENDEE\r\n ;CN=x:mai\r\n lto:jane@x.example",
    ],
)  # fmt: skip
def test_people_are_never_kept(line):
    (record,) = records(read(calendar(f"{ONE}\r\n{line}")))
    assert b"jane" not in record.payload.lower() and b"mailto" not in record.payload


def test_of_an_organiser_the_name_stays():
    (record,) = records(
        read(calendar(ONE + '\r\nORGANIZER;SENT-BY="mailto:x@y.example";CN="A; B":mailto:a@b.example'))
    )
    assert b'ORGANIZER;CN="A; B":\r\n' in record.payload and b"@" not in record.payload


def test_the_later_sequence_wins_whatever_the_order():
    for order in ((2, 10), (10, 2)):
        events = [f"UID:a\r\nSUMMARY:{n}\r\nDTSTART:2026010{n % 9}\r\nSEQUENCE:{n}" for n in order]
        (record,) = records(read(calendar(*events)))
        assert b"SUMMARY:10" in record.payload and b"SUMMARY:2" not in record.payload


def test_different_events_with_one_uid_are_told_apart():
    found = records(read(calendar(*(f"UID:1\r\nSUMMARY:E{n}\r\nDTSTART:2026010{n}" for n in (1, 2)))))
    assert len({record.key for record in found}) == 2 and all(record.key.startswith("1~") for record in found)
    assert {issue.code for record in found for issue in record.issues} == {"ical-same-uid"}


def test_without_uid_the_key_follows_from_the_content():
    event = "SUMMARY:Open day\r\nDTSTART:20260101"
    keys = [records(read(calendar(*several)))[-1].key for several in ((event,), (ONE, event))]
    assert keys[0] == keys[1] != "" and keys[0].startswith("event-")


@pytest.mark.parametrize(
    "body",
    [
        calendar("UID:a\r\nSUMMARY:Éducation").replace("É".encode(), b"\xc3\r\n \x89"),
        b"\xef\xbb\xbf" + calendar("UID:a\r\nSUMMARY:Éducation"),
        calendar("UID:a\r\nSUMMARY:Éducation").replace(b"\r\n", b"\r"),
        calendar("UID:a\r\nSUMMARY:Éducation").replace(b"\r\n", b"\n"),
        calendar("UID:a\r\nSUMMARY:Éducation").replace(b"\r\n", b"\r\r\n"),
        calendar("UID:a\r\nSUMMARY:Éducation").decode().encode("latin-1"),
        calendar("UID:a\r\nSUMMARY:Éducation").decode().encode("utf-16"),
        calendar("UID:a\r\nSUMMARY:Édu\r\n\tcation\x01"),
    ],
)
def test_bytes_of_all_kinds(body):
    (record,) = records(read(body))
    assert "SUMMARY:Éducation\r\n" in record.payload.decode(), record.payload


def test_raw_line_ends_and_missing_ends_are_mended_and_told():
    body = calendar("UID:a\r\nDESCRIPTION:First\r\nsecond line\r\nSUMMARY:A").replace(b"END:VEVENT\r\n", b"", 1)
    body = body.replace(b"END:VCALENDAR", b"BEGIN:VEVENT\r\nUID:b\r\nSUMMARY:B\r\nEND:VEVENT\r\nEND:VCALENDAR")
    first, second = records(read(body))
    assert b"DESCRIPTION:First\\nsecond line" in first.payload and second.key == "b"
    assert {issue.code for issue in first.issues} == {"ical-raw-line", "ical-unclosed"}


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", "ical-empty"), (b"<!DOCTYPE html><p>Log in</p>", "ical-not-calendar"), (b"[1, 2]", "ical-not-calendar"),
     (b"[" * 100_000, "ical-not-calendar")],
)  # fmt: skip
def test_what_is_no_calendar(body, code):
    with pytest.raises(FeedFailed) as failed:
        read(body)
    assert failed.value.issue.code == code


def test_webcal_is_https():
    http = Answers({ADDRESS: calendar(ONE)})
    list(harvest(Visit(feed("calendar", ADDRESS.replace("https", "webcal")), http)))
    assert http.asked[0][0] == ADDRESS


def test_jcal_says_the_same():
    jcal = (
        '["vcalendar",[["version",{},"text","2.0"]],[["vevent",[["uid",{},"text","a"],'
        '["summary",{"language":"en"},"text","Prices, wages; and more"],["dtstart",{"tzid":"Europe/Paris"},"date-time",'
        '"2026-01-05T09:00:00"],["rrule",{},"recur",{"freq":"WEEKLY","count":2,"byday":["MO","TU"]}]],[]]]]'
    )
    ics = calendar(
        "UID:a\r\nSUMMARY;LANGUAGE=en:Prices\\, wages\\; and more\r\nDTSTART;TZID=Europe/Paris:20260105T090000\r\n"
        "RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=MO,TU"
    )
    graphs = []
    for body in (jcal.encode(), ics):
        (record,) = records(read(body))
        graphs.append({triple[:3] for triple in load("ical")(record, context(FEED)).triples})
    assert graphs[0] == graphs[1] and any(str(triple[2]).endswith("CourseInstance") for triple in graphs[0])


LINES = st.sampled_from(
    "BEGIN:VCALENDAR END:VCALENDAR BEGIN:VEVENT END:VEVENT BEGIN:VTIMEZONE END:VTIMEZONE BEGIN:STANDARD END:STANDARD "
    "UID:a UID:b DTSTART:20260101 DTSTART;TZID=X:20260101T090000 TZID:X TZOFFSETTO:+0100 DTEND:20251231 DURATION:PT1H "
    "RRULE:FREQ=DAILY RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3 RDATE:20260105,x/P1D EXDATE:20260101 SEQUENCE:2 "
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20260103 SUMMARY:x LOCATION:Online,zoom GEO:1;2 ATTACH;X=\":a STATUS:CANCELLED "
    "CLASS:PRIVATE X-WR-TIMEZONE:Mars RRULE:FREQ=MONTHLY;BYMONTHDAY=31;BYSETPOS=-1 DTSTART:99991231T240000 "
    "DTSTART:16000101 RDATE;VALUE=PERIOD:20260101T000000Z/20260102T000000Z DURATION:P99999D".split()
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(LINES, st.text(max_size=30)), max_size=30), st.binary(max_size=20))
def test_fuzz(lines, tail):
    body = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines]).encode("utf-8", "replace") + tail
    try:
        events = read(body, timezone="Europe/Paris")
    except FeedFailed:
        return
    assert isinstance(events[-1], Done)
    assert all(isinstance(event, FeedIssue | Document | Done) or event.key for event in events)
    for record in records(events):
        if not record.deleted:
            load("ical")(record, context(FEED))


MOODLE = "PRODID:-//Moodle Pty Ltd//NONSGML Moodle Version 2022041900//EN\r\n"
AT = "\r\nDTSTART:20260301T220000Z\r\nDTEND:20260301T220000Z"
DUE = ["Quiz 1 closes", "Essay is due", "Test 1 (Quiz opens)", "Devoir 2 : fermeture", "Fermeture de Test 1", "Tarea 1 vence",
       "Essay is due to be graded", "Examen se cierra", "Test öffnet"]  # fmt: skip


@pytest.mark.parametrize("title", DUE)
def test_deadlines_of_moodle_stay_back(title):
    due = f"UID:1@m.example\r\nSUMMARY:{title}\r\nCATEGORIES:PRICES-1{AT}"
    events = read(calendar(due, ONE, head=MOODLE))
    assert [(one.key, one.deleted) for one in records(events)] == [("1@m.example", True), ("a", False)]
    told = [one.issue for one in events if isinstance(one, FeedIssue) and one.issue.code == "ical-deadlines"]
    assert [one.value for one in told] == ["1"]
    elsewhere = read(calendar(due, head="PRODID:-//Other//EN\r\n"))
    assert [one.deleted for one in records(elsewhere)] == [False] and "ical-deadlines" not in codes(elsewhere)


@pytest.mark.parametrize(
    "event",
    [
        "SUMMARY:Seminar on prices" + AT,
        "SUMMARY:Opening of the course on closed questions" + AT,
        "SUMMARY:The school closes\r\nDTSTART:20260301T090000Z\r\nDTEND:20260301T120000Z",
        "SUMMARY:Due diligence in statistics" + AT,
    ],
)
def test_other_events_of_moodle_stay(event):
    events = read(calendar("UID:1@m.example\r\n" + event, head=MOODLE))
    assert [one.deleted for one in records(events)] == [False] and "ical-deadlines" not in codes(events)
