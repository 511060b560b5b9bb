"""What calendar entries mean: time zones, whole days, series, changes, places."""

from __future__ import annotations

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.calendar import harvest
from registry.crosswalk import ical_place, ical_recur, load
from registry.iris import SCHEMA
from registry.terms import Literal
from tests.support.one_answer import context, feed, harvested, records

ADDRESS = "https://office.example.org/c.ics"


def mapped(*events: str, head: str = "", **options):
    inner = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    one = feed("calendar", ADDRESS, options=options)
    found = records(harvested(harvest, one, f"BEGIN:VCALENDAR\n{head}{inner}END:VCALENDAR\n".encode()))
    assert len(found) == 1
    return load("ical")(found[0], context(one))


def values(result, predicate, subject=None):
    p = predicate if ":" in predicate else SCHEMA + predicate
    return [o.value if isinstance(o, Literal) else o.removeprefix(SCHEMA) for s, q, o, _ in result.triples
            if q == p and (subject is None or s == subject)]  # fmt: skip


def issues(result):
    return [issue.code for issue in result.issues]


def one(*lines: str, **more):
    return mapped("\n".join(["UID:a", "SUMMARY:T", *lines]), **more)


def starts(result):
    return sorted(values(result, "startDate"))


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        (["DTSTART;VALUE=DATE:20260301", "DTEND;VALUE=DATE:20260303"], "2026-03-01", "2026-03-02"),
        (["DTSTART;VALUE=DATE:20260301", "DTEND;VALUE=DATE:20260301"], "2026-03-01", "2026-03-01"),
        (["DTSTART;VALUE=DATE:20260301"], "2026-03-01", "2026-03-01"),
        (["DTSTART;VALUE=DATE:20260301", "DURATION:P3D"], "2026-03-01", "2026-03-03"),
        (["DTSTART:20260301T090000Z", "DURATION:PT90M"], "2026-03-01T09:00:00Z", "2026-03-01T10:30:00Z"),
        (["DTSTART;TZID=Europe/Paris:20260328T230000", "DURATION:PT6H"],
         "2026-03-28T23:00:00+01:00", "2026-03-29T06:00:00+02:00"),
        (["DTSTART;TZID=Europe/Paris:20260328T090000", "DURATION:P1D"],
         "2026-03-28T09:00:00+01:00", "2026-03-29T09:00:00+02:00"),
        (["DTSTART;TZID=europe/paris:20260701T090000"], "2026-07-01T09:00:00+02:00", None),
        (["DTSTART;TZID=W. Europe Standard Time:20260701T090000"], "2026-07-01T09:00:00+02:00", None),
        (["DTSTART;TZID=/mozilla.org/20070129_1/America/New_York:20260701T090000"], "2026-07-01T09:00:00-04:00", None),
        (["DTSTART;TZID=UTC:20260701T090000"], "2026-07-01T09:00:00Z", None),
        (["DTSTART;TZID=GMT+0530:20260701T090000"], "2026-07-01T09:00:00+05:30", None),
        (["DTSTART:2026-07-01T09:00:00Z"], "2026-07-01T09:00:00Z", None),
        (["DTSTART;VALUE=DATE:20260701T000000"], "2026-07-01", "2026-07-01"),
        (["DTSTART:20260701T000000Z", "DTEND:20260703T000000Z", "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"],
         "2026-07-01", "2026-07-02"),
        (["DTSTART:20260701T090000Z", "DTEND;TZID=Europe/Paris:20260701T120000"],
         "2026-07-01T09:00:00Z", "2026-07-01T10:00:00Z"),
    ],
)  # fmt: skip
def test_times(lines, start, end):
    result = one(*lines)
    assert values(result, "startDate") == [start]
    assert values(result, "endDate") == ([end] if end else [])
    assert not issues(result)


def test_times_without_a_zone():
    floating = "DTSTART:20260701T090000"
    assert starts(one(floating, head="X-WR-TIMEZONE:Asia/Tokyo\n", timezone="Europe/Paris")) == [
        "2026-07-01T09:00:00+09:00"
    ]
    assert starts(one(floating, timezone="Europe/Paris")) == ["2026-07-01T09:00:00+02:00"]
    result = one(floating, "DTEND:20260701T100000")
    assert starts(result) == ["2026-07-01"] == values(result, "endDate") and "ical-floating" in issues(result)
    unknown = one("DTSTART;TZID=Mars/Base:20260701T090000", timezone="Europe/Paris")
    assert starts(unknown) == ["2026-07-01T09:00:00+02:00"] and issues(unknown) == ["ical-timezone"]


@pytest.mark.parametrize(
    "zone",
    ["BEGIN:STANDARD\nDTSTART:16010101T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nTZOFFSETFROM:+0200\n"
     "TZOFFSETTO:+0100\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\n"
     "TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\n",
     "BEGIN:STANDARD\nDTSTART:20251026T030000\nRDATE:20261025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
     "END:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:20260329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\n"],
)  # fmt: skip
def test_a_zone_that_only_the_file_describes(zone):
    head = f"BEGIN:VTIMEZONE\nTZID:(UTC+01:00) Office\n{zone}END:VTIMEZONE\n"
    for stamp, offset in (("20260115", "+01:00"), ("20260328", "+01:00"), ("20260330", "+02:00"), ("20261024", "+02:00"),
                          ("20261026", "+01:00")):  # fmt: skip
        result = one(f"DTSTART;TZID=(UTC+01:00) Office:{stamp}T090000", head=head)
        assert starts(result)[0].endswith(f"T09:00:00{offset}"), stamp


def test_a_zone_of_one_record_is_not_known_to_the_next():
    head = "BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\n"
    assert starts(one("DTSTART;TZID=Mine:20260701T090000", head=head)) == ["2026-07-01T09:00:00+03:00"]
    assert starts(one("DTSTART;TZID=Mine:20260701T090000")) == ["2026-07-01"]


def test_faulty_ends():
    late = one("DTSTART:20260301T090000Z", "DTEND:20260228T090000Z")
    assert issues(late) == ["ical-end-before-start"] and not values(late, "endDate")
    mixed = one("DTSTART:20260301T090000Z", "DTEND;VALUE=DATE:20260303")
    assert (starts(mixed), values(mixed, "endDate")) == (["2026-03-01"], ["2026-03-02"])
    assert issues(mixed) == ["ical-date-kinds"]
    assert issues(one("DTSTART:20260301T090000Z", "DURATION:-PT1H")) == ["ical-duration"]
    assert "ical-date" in issues(one("DTSTART:sometime"))


PARIS = "DTSTART;TZID=Europe/Paris:20260323T100000"


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["RRULE:FREQ=WEEKLY;COUNT=3"], ["2026-03-23", "2026-03-30", "2026-04-06"]),
        (["RRULE:FREQ=WEEKLY;UNTIL=20260330T080000Z"], ["2026-03-23", "2026-03-30"]),
        (["RRULE:FREQ=WEEKLY;UNTIL=20260330T075959Z"], ["2026-03-23"]),
        (["RRULE:FREQ=WEEKLY;UNTIL=20260330"], ["2026-03-23", "2026-03-30"]),
        (["RRULE:FREQ=WEEKLY;UNTIL=20260330T100000"], ["2026-03-23", "2026-03-30"]),
        (["RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Paris:20260330T100000"],
         ["2026-03-23", "2026-04-06", "2026-04-13"]),
        (["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20260330T080000Z"], ["2026-03-23", "2026-04-06"]),
        (["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;VALUE=DATE:20260330"], ["2026-03-23", "2026-04-06"]),
        (["RDATE;TZID=Europe/Paris:20260501T100000,20260502T100000"], ["2026-03-23", "2026-05-01", "2026-05-02"]),
        (["RDATE;VALUE=PERIOD:20260501T080000Z/PT3H"], ["2026-03-23", "2026-05-01"]),
        (["RDATE;VALUE=DATE:20260501"], ["2026-03-23", "2026-05-01"]),
        (["RRULE:FREQ=DAILY;COUNT=4", "EXRULE:FREQ=DAILY;INTERVAL=2"], ["2026-03-24", "2026-03-26"]),
        (["RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3"], ["2026-03-23", "2026-03-27", "2026-04-24"]),
    ],
)  # fmt: skip
def test_series(lines, days):
    result = one(PARIS, "DURATION:PT1H", *lines)
    assert [start[:10] for start in starts(result)] == days
    if len(days) > 1:
        assert "Course" in values(result, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
        assert len(values(result, "hasCourseInstance")) == len(days) == len(values(result, "endDate"))
        for _, predicate, run, _ in result.triples:
            if predicate == SCHEMA + "hasCourseInstance":
                assert run.startswith(result.resource + "/run/2026")
    else:
        assert "EducationEvent" in values(result, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


def test_the_clock_on_the_wall_stays_when_the_hour_changes():
    assert starts(one(PARIS, "RRULE:FREQ=WEEKLY;COUNT=2")) == [
        "2026-03-23T10:00:00+01:00",
        "2026-03-30T10:00:00+02:00",
    ]


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=WEEKLY;INTERVAL=0", "FREQ=WEEKLY;BYDAY=XX", "WEEKLY", "FREQ=DAILY;COUNT=-1",
                                  "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,30"])  # fmt: skip
def test_a_bad_rule_costs_only_the_rule(rule):
    result = one(PARIS, f"RRULE:{rule}")
    assert issues(result) == ["ical-rrule"] and len(starts(result)) == 1


@pytest.mark.parametrize("rule", ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5",
                                  "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300",
                                  "FREQ=YEARLY;INTERVAL=9999"])  # fmt: skip
def test_a_rule_that_never_matches_ends(rule):
    assert len(starts(one(PARIS, f"RRULE:{rule}"))) == 1


def test_series_are_bounded_and_the_bounds_follow_from_the_data():
    daily = one(PARIS, "RRULE:FREQ=DAILY")
    assert len(starts(daily)) == 200 and "ical-many-runs" in issues(daily)
    yearly = one(PARIS, "RRULE:FREQ=YEARLY")
    assert starts(yearly)[-1].startswith("2031") and "ical-horizon" in issues(yearly)
    part = one(PARIS, "RRULE:FREQ=WEEKLY", **{"from": "2028-01-01", "until": "2028-01-31"})
    assert [start[:7] for start in starts(part)] == ["2028-01"] * 5 and not issues(part)
    assert "ical-no-runs" in issues(one(PARIS, "RRULE:FREQ=DAILY;COUNT=1", "EXDATE:20260323T090000Z"))


def test_changed_and_cancelled_occurrences():
    main = f"UID:a\nSUMMARY:T\nLOCATION:Room 1\n{PARIS}\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3"
    moved = (
        "UID:a\nSUMMARY:T special\nRECURRENCE-ID;TZID=Europe/Paris:20260330T100000\n"
        "DTSTART;TZID=Europe/Paris:20260331T140000\nLOCATION:Online"
    )
    off = (
        "UID:a\nSUMMARY:T\nRECURRENCE-ID:20260406T080000Z\nDTSTART;TZID=Europe/Paris:20260406T100000\nSTATUS:CANCELLED"
    )
    result = mapped(main, moved, off)
    run = {
        name: result.resource + f"/run/{name}" for name in ("20260323T100000", "20260330T100000", "20260406T080000")
    }
    assert sorted(values(result, "hasCourseInstance")) == sorted(run.values())
    assert values(result, "startDate", run["20260330T100000"]) == ["2026-03-31T14:00:00+02:00"]
    assert values(result, "name", run["20260330T100000"]) == ["T special"]
    assert values(result, "eventAttendanceMode", run["20260330T100000"]) == ["OnlineEventAttendanceMode"]
    assert values(result, "eventAttendanceMode", run["20260323T100000"]) == ["OfflineEventAttendanceMode"]
    assert values(result, "eventStatus", run["20260406T080000"]) == ["EventCancelled"]
    assert values(result, "name", result.resource) == ["T"]


def test_a_change_of_this_and_what_follows():
    main = f"UID:a\nSUMMARY:T\n{PARIS}\nRRULE:FREQ=WEEKLY;COUNT=4"
    later = "UID:a\nSUMMARY:T\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Paris:20260406T100000\nDTSTART;TZID=Europe/Paris:20260407T150000\nDURATION:PT2H"
    days = [start[5:16] for start in starts(mapped(main, later))]
    assert days == ["03-23T10:00", "03-30T10:00", "04-07T15:00", "04-14T15:00"]


def test_a_series_that_is_cancelled_as_a_whole():
    assert values(one(PARIS, "RRULE:FREQ=WEEKLY;COUNT=2", "STATUS:CANCELLED"), "eventStatus") == ["EventCancelled"] * 2
    assert values(one(PARIS, head="METHOD:CANCEL\n"), "eventStatus") == ["EventCancelled"]


@pytest.mark.parametrize(
    ("lines", "mode", "place", "room"),
    [
        (["LOCATION:Room 2\\, 12 Example Street\\, Lisbon"], "Offline", "Room 2, 12 Example Street, Lisbon", None),
        (["LOCATION:Online"], "Online", None, None),
        (["LOCATION:Réunion Microsoft Teams"], "Online", None, None),
        (["LOCATION:en ligne"], "Online", None, None),
        (["LOCATION:https://zoom.us/j/123?pwd=x"], "Online", None, "https://zoom.us/j/123?pwd=x"),
        (["LOCATION:Zoom: https://unece.zoom.us/j/9"], "Online", None, "https://unece.zoom.us/j/9"),
        (["LOCATION:Palais des Nations\\, Geneva and online"], "Mixed", "Palais des Nations, Geneva", None),
        (["LOCATION:Geneva (hybrid)"], "Mixed", "Geneva", None),
        (["LOCATION:TBD"], None, None, None),
        (["LOCATION:Geneva", "CONFERENCE;VALUE=URI:https://meet.google.com/a-b-c"], "Mixed", "Geneva", "https://meet.google.com/a-b-c"),
        (["CONFERENCE;VALUE=URI;FEATURE=PHONE:tel:+41-22-555"], None, None, None),
        (["DESCRIPTION:Join <https://teams.microsoft.com/l/meetup-join/19%3a>"], "Online", None, "https://teams.microsoft.com/l/meetup-join/19%3a"),
        (["DESCRIPTION:We use https://zoom.us/ and https://zoom.us/test"], None, None, None),
        (["GEO:48.85;2.35"], "Offline", None, None),
        (["URL:https://office.webex.com/meet/training"], "Online", None, "https://office.webex.com/meet/training"),
    ],
)  # fmt: skip
def test_places(lines, mode, place, room):
    result = one("DTSTART:20260101T090000Z", *lines)
    assert values(result, "eventAttendanceMode") == ([f"{mode}EventAttendanceMode"] if mode else [])
    assert values(result, "name", result.resource + "/place/1") == ([place] if place else [])
    assert values(result, "url", result.resource + "/room/1") == ([room] if room else [])
    assert not values(result, "url", result.resource)


def test_meeting_hosts_are_whole_names():
    assert ical_place.meeting("https://notzoom.us/j/1 https://zoom.us.example.org/j/1") is None
    assert ical_place.meeting("x" * 100_000 + "https://zoom.us/j/1") is None


def test_words_links_and_texts():
    result = one(
        "DTSTART:20260101", "CATEGORIES;LANGUAGE=fr:Atelier,Advanced,indices\\, prix", "X-COST:Free",
        "ATTACH:https://x.example/a.pdf", "ATTACH;VALUE=BINARY;ENCODING=BASE64:AAAA", "IMAGE;VALUE=URI:https://x.example/a.png",
        "X-ALT-DESC;FMTTYPE=text/html:<p>One &amp; <b>two</b></p>", "ORGANIZER;CN=Invented Office:mailto:a@b.example",
        "RELATED-TO:parent-1", "COLOR:red", "NEWPROP:1", "URL:not an address",
    )  # fmt: skip
    assert values(result, "learningResourceType")[0].endswith("/workshop")
    assert values(result, "educationalLevel")[0].endswith("/advanced")
    assert values(result, "keywords") == ["indices, prix"] and values(result, "isAccessibleForFree") == ["true"]
    assert values(result, "contentUrl") == ["https://x.example/a.pdf"] and values(result, "image") == [
        "https://x.example/a.png"
    ]
    assert values(result, "description") == ["One & two"]
    assert values(result, "organizer") == ["https://registry.example/id/agent/office"]
    assert values(result, "superEvent") == ["https://registry.example/id/resource/list/parent-1"]
    assert sorted(issues(result)) == ["ical-address", "ical-unknown-property"]


def test_places_name_the_line():
    result = one("DTSTART:20260101", "LOCATION:Lisbon")
    places = {predicate.removeprefix(SCHEMA): place for _, predicate, _, place in result.triples}
    assert places["startDate"] == "VEVENT UID=a DTSTART" and places["eventAttendanceMode"] == "VEVENT UID=a LOCATION"


def test_busy_says_nothing():
    result = mapped("UID:a\nSUMMARY:Occupé\nDTSTART:20260101")
    assert not result.triples and issues(result) == ["ical-busy"]


@pytest.mark.parametrize(
    "rule",
    ["FREQ=DAILY;INTERVAL=3;BYMONTH=3,4", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=SU", "FREQ=MONTHLY;BYMONTHDAY=-1,15",
     "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY;BYDAY=20MO", "FREQ=YEARLY;BYMONTH=1,6;BYDAY=2TU,-1FR",
     "FREQ=YEARLY;BYYEARDAY=1,100,-1", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "FREQ=YEARLY", "FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,11",
     "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "FREQ=DAILY;BYHOUR=9,14;BYMINUTE=0,30",
     "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "FREQ=YEARLY;BYWEEKNO=1,53,-1;BYDAY=TU,SU"],
)  # fmt: skip
def test_rules_as_another_library_reads_them(rule):
    import datetime

    first, stop = datetime.datetime(2023, 1, 30, 9, 30), datetime.date(2031, 6, 1)
    parsed = ical_recur.parse(rule)
    assert parsed is not None
    assert list(ical_recur.starts(parsed, first, stop)) == list(
        rrulestr(f"{rule};UNTIL=20310601T235959", dtstart=first)
    )


STAMPS = st.sampled_from(
    "16000101 21991231 21991231T235959Z 20260301T090000 20260101 99991231T235959 00010101 20240229T090000Z 20260101T240000 "
    "2026-01-01T10:00:00+14:00 20260101T246060 20260101T090000Z/PT1H 20260101/P99999W / x".split()
)  # fmt: skip
RULES = st.sampled_from(
    "FREQ=DAILY FREQ=YEARLY;BYWEEKNO=53 FREQ=WEEKLY;COUNT=999999;INTERVAL=9999 FREQ=MONTHLY;BYDAY=-5MO;BYSETPOS=-1 "
    "FREQ=DAILY;UNTIL=99991231 FREQ=YEARLY;INTERVAL=9999 FREQ=YEARLY;BYYEARDAY=366 FREQ=DAILY;UNTIL=x".split()
)  # fmt: skip
OTHERS = st.sampled_from(
    "DURATION:P9999W DURATION:PT99999999S DURATION:-P1D GEO:999;1 GEO:a LOCATION:,, LOCATION:https:// STATUS:X URL:https://[ "
    "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE ATTACH:ftp://x CATEGORIES:,, RELATED-TO:<x> CONFERENCE:tel:1 SUMMARY:&lt; X-COST:0".split()
)  # fmt: skip
PARAMETERS = st.sampled_from(
    ["", ";TZID=Europe/Paris", ";TZID=Mine", ";VALUE=DATE", ";RANGE=THISANDFUTURE", ';TZID="', ";;;="]
)
LINE = st.one_of(
    st.tuples(
        st.sampled_from(["DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE", "CREATED"]), PARAMETERS, STAMPS
    ),
    st.tuples(st.sampled_from(["RRULE", "EXRULE"]), PARAMETERS, RULES),
).map(lambda parts: f"{parts[0]}{parts[1]}:{parts[2]}")


@settings(max_examples=120, deadline=None)
@given(st.lists(st.lists(st.one_of(LINE, OTHERS), max_size=9), min_size=1, max_size=3), STAMPS, RULES)
def test_fuzz_of_values(events, onset, rule):
    zone = f"DTSTART:{onset}\nRRULE:{rule}\nTZOFFSETFROM:+0100\nTZOFFSETTO:-0930"
    zone = f"BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\n{zone}\nEND:STANDARD\nEND:VTIMEZONE\n"
    inner = "".join("BEGIN:VEVENT\nUID:a\n" + "\n".join(lines) + "\nEND:VEVENT\n" for lines in events)
    one = feed("calendar", ADDRESS)
    for record in records(harvested(harvest, one, f"BEGIN:VCALENDAR\n{zone}{inner}END:VCALENDAR\n".encode())):
        result = load("ical")(record, context(one))
        starts_of = [s for s, p, _, _ in result.triples if p == SCHEMA + "startDate"]
        assert len(starts_of) == len(set(starts_of)) <= 200


GOOGLE = "-::~:~::~:~:~:~:~:~::~:~::-"
TEAMS = "_" * 80


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (f"Intro to R\\n\\n{GOOGLE}\\nJoin: https://meet.google.com/abc-defg-hij\\nOr dial: (PT) +351 1 PIN: 123#"
         f"\\n\\nPlease do not edit this section.\\n{GOOGLE}\\n\\nBring a laptop.", "Intro to R\nBring a laptop."),
        (f"Objectifs.\\n{TEAMS}\\nRéunion Microsoft Teams\\nhttps://teams.microsoft.com/l/meetup-join/19%3am/0\\n"
         f"Code secret : AbC12x\\n{TEAMS}\\n", "Objectifs."),
        ("Contenido.\\nID de reunión: 123 456\\nContraseña: abc", "Contenido."),
        (f"{TEAMS}\\nhttps://us02web.zoom.us/j/123?pwd=x", None),
        ("Part 1\\n--------\\nPart 2: https://office.example.org/book", "Part 1\n--------\nPart 2: https://office.example.org/book"),
        ("We teach what a PIN is: a secret.", "We teach what a PIN is: a secret."),
    ],
)  # fmt: skip
def test_invitations_and_their_codes_stay_back(said, left):
    result = one("DTSTART:20270301T090000Z", f"DESCRIPTION:{said}")
    assert values(result, "description") == ([left] if left else [])
    kept = said.count("\\n") == (left or "").count("\n")
    assert ("ical-invitation" in issues(result)) is not kept


def test_a_description_that_is_only_the_address_and_an_organiser_written_as_in_an_address():
    result = one(
        "DTSTART:20270301T090000Z", "DESCRIPTION:https://indico.example.org/event/1/",
        'ORGANIZER;CN="Escuela%20de%20Estad%C3%ADstica":MAILTO:a@example.es',
    )  # fmt: skip
    assert values(result, "description") == [] and "ical-empty-word" in issues(result)
    assert "Escuela de Estadística" in values(result, "name")
    assert "100% practice" in values(one("DTSTART:20270301T090000Z", "ORGANIZER;CN=100% practice:x"), "name")
