"""Walking along event streams: versions, states, order, late members, broken pages, loops, and what is remembered."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters import ldes_page
from harvesters.base import FeedFailed
from harvesters.ldes_page import Terms, moment
from harvesters.rdf_records import read
from registry.crosswalk import load
from registry.model import Document, Done, HarvestEvent, RawRecord, Unchanged
from registry.terms import Literal
from tests.support.ldes_stream import FEED, TRIG, codes, done, standing, told, visit
from tests.support.rdf_feeds import Answer, Recorded, context

HEAD = """@prefix ldes: <https://w3id.org/ldes#> . @prefix tree: <https://w3id.org/tree#> .
@prefix as: <https://www.w3.org/ns/activitystreams#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix prov: <http://www.w3.org/ns/prov#> .
@prefix schema: <http://schema.org/> . @prefix : <http://academy.example/id/> .
"""
STREAM = "<#s> a ldes:EventStream ; ldes:timestampPath as:published ; ldes:versionOfPath as:object ; tree:view <> .\n"
VERSIONS = "<#s> a ldes:EventStream ; ldes:timestampPath prov:generatedAtTime ; ldes:versionOfPath dct:isVersionOf ; tree:view <> .\n"
FIXED = {"cache-control": "immutable"}
MAX = {"max_pages": 40}


def page(text: str, **headers: str) -> Answer:
    return Answer((HEAD + text).encode(), TRIG, {name.replace("_", "-"): value for name, value in headers.items()})


def act(number: int, thing: str, day: int, kind: str = "Update", title: str = "") -> str:
    """An activity of a day in May, with its description in a graph of its own."""
    event = f"<http://academy.example/event/{number}>"
    said = f'{event} {{ :{thing} a dcat:Resource ; dct:title "{title or f"{thing} {number}"}"@en . }}\n'
    return (
        f"<http://academy.example/feed#s> tree:member {event} . {event} a as:{kind} ; as:object :{thing} ; "
        f'as:published "2026-05-{day:02}T00:00:00Z"^^xsd:dateTime .\n' + ("" if kind == "Delete" else said)
    )


def to(where: str, *bounds: tuple[str, int]) -> str:
    """Relations to a page, each with a day in May."""
    return (
        "".join(
            f"<> tree:relation [ a tree:{kind}Relation ; tree:path as:published ; tree:node <{where}> ; "
            f'tree:value "2026-05-{day:02}T00:00:00Z"^^xsd:dateTime ] .\n'
            for kind, day in bounds
        )
        or f"<> tree:relation [ a tree:Relation ; tree:node <{where}> ] .\n"
    )


def titles(*visits: list[HarvestEvent]) -> dict[str, str]:
    """{thing: title} of what stands."""
    found = {}
    for key, one in standing(*visits).items():
        found[key.rpartition("/")[2]] = one.payload.decode().partition('"')[2].partition('"')[0]
    return found


def paths(http: Recorded) -> list[str]:
    return [url.removeprefix("http://academy.example/") for url, _ in http.asked]


# --- members -----------------------------------------------------------------------------------------------


def test_the_newest_word_counts_whatever_the_order_of_pages() -> None:
    pages = {
        FEED: page(STREAM + to("/feed/b") + to("/feed/a") + act(1, "x", 4, title="middle")),
        FEED + "/a": page(act(2, "x", 9, title="newest") + act(3, "y", 2)),
        FEED + "/b": page(act(4, "x", 1, "Create", "oldest") + act(5, "y", 3, "Delete")),
    }
    events = visit(pages)
    assert titles(events) == {"x": "newest"} and sorted(told(events)) == ["-y", "x"]


def test_gone_and_back_again() -> None:
    pages = {FEED: page(STREAM + act(1, "x", 1) + act(2, "x", 2, "Delete") + act(3, "x", 3, title="back"))}
    assert titles(visit(pages)) == {"x": "back"}
    pages = {FEED: page(STREAM + act(1, "x", 1) + act(2, "x", 3, "Remove") + act(3, "x", 2))}
    assert told(visit(pages)) == ["-x"]


def test_a_sequence_orders_what_was_said_at_the_same_time() -> None:
    stream = STREAM.replace("tree:view", "ldes:sequencePath :number ; tree:view")
    text = "".join(act(n, "x", 1, title=f"v{n}") + f"<http://academy.example/event/{n}> :number {m} .\n" for n, m in ((1, 10), (2, 9), (3, 2)))  # fmt: skip
    assert titles(visit({FEED: page(stream + text)})) == {"x": "v1"}


def version(number: int, thing: str, when: str, more: str = "") -> str:
    return (
        f"<http://academy.example/feed#s> tree:member :{thing}-v{number} . :{thing}-v{number} a schema:Course ; dct:isVersionOf :{thing} ; "
        f'prov:generatedAtTime "{when}"^^xsd:dateTime ; schema:name "{thing} {number}"@en ; {more} '
        f'schema:offers [ a schema:Offer ; schema:price "{number}" ; schema:itemOffered :{thing}-v{number} ] .\n'
    )


def test_versions_become_the_thing_that_they_are_versions_of() -> None:
    text = (
        version(1, "git", "2026-05-01T00:00:00Z")
        + version(2, "git", "2026-05-02T00:00:00+02:00")
        + version(1, "r", "2026-05-01")
    )
    events = visit({FEED: page(VERSIONS + text)})
    assert titles(events).keys() == {"git", "r"} and codes(events) == []
    record = standing(events)["http://academy.example/id/git"]
    said = record.payload.decode()
    assert '"git 2"@en' in said and '"git 1"' not in said and "-v2" not in said and "isVersionOf" not in said
    assert "generatedAtTime" not in said and "<http://schema.org/itemOffered> <http://academy.example/id/git>" in said
    assert record.datestamp == "2026-05-01T22:00:00Z" and load("rdf")(record, context()).triples


def test_deletions_as_the_stream_declares_them() -> None:
    stream = VERSIONS.replace(
        "tree:view", "ldes:versionDeleteObject :Gone ; ldes:versionDeletePath :state ; tree:view"
    )
    text = version(1, "a", "2026-05-01T00:00:00Z") + version(2, "a", "2026-05-02T00:00:00Z", ":state :Gone ;")
    assert told(visit({FEED: page(stream + text + version(1, "b", "2026-05-01T00:00:00Z"))})) == ["b", "-a"]
    stream = VERSIONS.replace("tree:view", "ldes:versionDeleteObject schema:Course ; tree:view")
    assert told(visit({FEED: page(stream + version(1, "a", "2026-05-01T00:00:00Z"))})) == ["-a"]


def test_versions_that_come_out_of_order() -> None:
    stream = VERSIONS.replace("tree:view", "ldes:versionTimestampPath ( :made :at ) ; tree:view")
    first = version(1, "a", "2026-05-01T00:00:00Z", ':made [ :at "2026-04-09T00:00:00Z"^^xsd:dateTime ] ;')
    late = version(2, "a", "2026-05-02T00:00:00Z", ':made [ :at "2026-04-01T00:00:00Z"^^xsd:dateTime ] ;')
    assert titles(visit({FEED: page(stream + first + late)})) == {"a": "a 1"}
    one = visit({FEED: page(stream + first + to("/feed/2"), **FIXED), FEED + "/2": page("")})
    pages = {FEED: page(stream + first + to("/feed/2"), **FIXED), FEED + "/2": page(late)}
    http = Recorded(pages)
    two = visit({}, done(one).bookmark, before=one, http=http)
    assert titles(one, two) == {"a": "a 1"} and paths(http) == ["feed/2", "feed", "feed/2"]


def test_states_without_times_are_told_as_they_are() -> None:
    text = "<#s> a tree:Collection ; tree:view <> ; tree:member :a , :b .\n" + "".join(
        f':{name} a dcat:Dataset ; dct:title "{name}"@en ; dct:relation :a ; dcat:distribution [ dcat:accessURL <http://a.example/> ] .'
        for name in "ab"
    )
    first = visit({FEED: page(text, etag='"1"')})
    assert told(first) == ["a", "b"]
    again = visit({FEED: page(text, etag='"2"')}, done(first).bookmark, before=first)
    assert [type(one) for one in again] == [Unchanged, Done]
    changed = visit({FEED: page(text.replace('"b"@en', '"new"@en'))}, done(first).bookmark, before=first)
    assert titles(first, changed)["b"] == "new"


def test_activities_beside_what_they_carry() -> None:
    text = (
        '<#s> tree:member [ a as:Create ; as:published "2026-05-01T00:00:00Z" ; as:object :a ] , '
        '[ a as:Create ; as:published "2026-05-02T00:00:00Z" ; as:object :b ] , [ a as:Like ; as:object :b ] .'
        ':a a schema:Course ; schema:name "A"@en ; schema:isBasedOn :b . :b a schema:Course ; schema:name "B"@en .'
    )
    events = visit({FEED: page(STREAM + text)})
    assert titles(events) == {"a": "A", "b": "B"} and codes(events) == ["ldes-activity"]
    mixed = text.replace("[ a as:Like", '[ a as:Update ; as:published "2026-05-03T00:00:00Z"')
    assert codes(visit({FEED: page(STREAM + mixed)})) == ["ldes-mixed"]


def test_records_of_a_catalogue_tell_of_their_resources() -> None:
    text = (
        '<#s> tree:member :e1 . :e1 a as:Create ; as:object :rec ; as:published "2026-05-01T00:00:00Z" .'
        ':e1 { :rec a dcat:CatalogRecord ; <http://xmlns.com/foaf/0.1/primaryTopic> :d . :d a dcat:Dataset ; dct:title "D"@en . }'
    )
    events = visit({FEED: page(STREAM + text)})
    assert told(events) == ["rec"] and b'"D"@en' in standing(events)["http://academy.example/id/rec"].payload


def test_what_is_only_named_is_looked_up() -> None:
    text = STREAM + "".join(
        act(n, name, 1).split(f"<http://academy.example/event/{n}> {{")[0] for n, name in enumerate("abc")
    )
    pages = {FEED: page(text), "http://academy.example/id/a": page(':a a schema:Course ; schema:name "Seen"@en .')}
    events = visit(pages)
    assert sorted(told(events)) == ["a", "b!", "c!"] and titles(events)["a"] == "Seen"
    assert codes(visit(pages, follow=False)) == ["ldes-no-resource", "ldes-not-described"] or codes(
        visit(pages, follow=False)
    ) == ["ldes-not-described", "ldes-no-resource"]


@pytest.mark.parametrize(
    "context_",
    [["https://www.w3.org/ns/activitystreams", "https://w3id.org/ldes/context.jsonld", "https://semiceu.github.io/DCAT-AP/context/dcat-ap.jsonld"],
     "https://semiceu.github.io/LDES-DCAT-AP-feeds/context.jsonld"],
)  # fmt: skip
def test_contexts_that_streams_name_are_known(context_: object) -> None:
    relation = {"type": "LessThanRelation", "path": "as:published", "node": "/feed/2",
                "value": {"@value": "2026-05-03T00:00:00Z", "@type": "xsd:dateTime"}}  # fmt: skip
    member = {"id": "http://academy.example/event/1", "type": "Create", "published": "2026-05-04T00:00:00Z", "object": "http://academy.example/id/a",
              "@graph": [{"id": "http://academy.example/id/a", "type": "Dataset", "title": {"@value": "A", "@language": "en"}}]}  # fmt: skip
    document = {"@context": context_, "id": FEED + "#s", "type": "EventStream", "timestampPath": "as:published",
                "versionOfPath": "as:object", "members": [member], "view": {"id": FEED, "type": "Node", "relations": [relation]}}  # fmt: skip
    http = Recorded(
        {FEED: Answer(json.dumps(document).encode(), "application/ld+json"), FEED + "/2": page(act(2, "b", 2))}
    )
    events = visit({}, http=http)
    assert titles(events) == {"a": "A", "b": "b 2"} and codes(events) == []
    again = Recorded(http.answers)
    visit({}, done(events).bookmark, before=events, http=again)
    assert paths(again) == ["feed"]  # the other page is over


def test_members_in_a_list() -> None:
    text = (
        STREAM
        + "<#s> tree:member ( :a :b ) , 'http://academy.example/id/c' . "
        + " ".join(f':{n} a schema:Course ; schema:name "{n}"@en .' for n in "abc")
    )
    assert sorted(titles(visit({FEED: page(text)}))) == ["a", "b", "c"]


def test_kinds_are_chosen() -> None:
    text = STREAM + act(1, "a", 1) + act(2, "b", 1).replace("dcat:Resource", ":Kurs")
    assert told(visit({FEED: page(text)}, types=["http://academy.example/id/Kurs"])) == ["b"]


# --- pages -------------------------------------------------------------------------------------------------


def test_a_stream_that_is_described_elsewhere() -> None:
    about = f"<{FEED}#s> a ldes:EventStream ; tree:view </views/time> , </views/place> . </views/time> tree:viewDescription [ a ldes:EventSource ] ."
    pages = {FEED: page(about), "http://academy.example/views/time": page(act(1, "a", 1))}
    http = Recorded(pages)
    assert told(visit({}, http=http)) == ["a"] and paths(http) == ["feed", "views/time"]


def test_circles_and_pages_named_twice() -> None:
    pages = {
        FEED: page(STREAM + to("/feed/1") + to("/feed/1#x") + act(1, "a", 1)),
        FEED + "/1": page(to("/feed") + to("/feed/1") + act(2, "b", 2)),
    }
    http = Recorded(pages)
    assert sorted(told(visit({}, http=http))) == ["a", "b"] and paths(http) == ["feed", "feed/1"]


def test_an_endless_stream_is_left() -> None:
    class Endless(Recorded):
        def get(self, url: str, **sent: object):  # type: ignore[no-untyped-def]
            number = len(self.asked)
            self.answers = {url: page(STREAM + act(number, f"t{number}", 1) + to(f"/feed/{number}"))}
            return super().get(url, **sent)

    events = visit({}, http=Endless({}), max_pages=12)
    assert len(told(events)) == 12 and codes(events) == ["ldes-max-pages"] and not done(events).complete
    assert done(events).bookmark == {}


def test_pages_of_other_hosts_are_read_only_where_they_are_allowed() -> None:
    pages = {
        FEED: page(STREAM + to("http://other.example/2") + act(1, "a", 1)),
        "http://other.example/2": page(act(2, "b", 2)),
    }
    events = visit(pages)
    assert told(events) == ["a"] and codes(events) == ["ldes-other-host"] and not done(events).complete
    assert told(visit(pages, hosts=("other.example",))) == ["a", "b"]


def test_a_stream_that_moved_goes_on_where_it_is() -> None:
    there = "http://new.example/feed"
    pages = {
        FEED: Answer(page(STREAM + to("/p2") + act(1, "a", 1)).body, TRIG, url=there),
        "http://new.example/p2": page(act(2, "b", 2)),
    }
    assert told(visit(pages)) == ["a", "b"]


def test_a_page_that_cannot_be_read_is_asked_for_again() -> None:
    good = {
        FEED: page(STREAM + to("/feed/1") + to("/feed/2") + act(1, "a", 1)),
        FEED + "/1": page(act(2, "b", 2) + act(5, "a", 2, title="new")), FEED + "/2": page(act(3, "c", 3) + act(4, "b", 3, title="new")),
    }  # fmt: skip
    bad = {**good, FEED + "/1": Answer(b"<html><body>Error</body></html>", "text/html")}
    first = visit(bad)
    assert codes(first) == ["ldes-page-unread"] and not done(first).complete and done(first).bookmark == {}
    second = visit(good, done(first).bookmark, before=first)
    assert titles(first, second) == {"a": "new", "b": "new", "c": "c 3"}
    third = visit({**good, FEED + "/2": bad[FEED + "/1"]}, done(second).bookmark, before=[*first, *second])
    assert not done(third).complete and done(third).bookmark == done(second).bookmark


def test_a_stream_that_answers_nothing_any_more_is_left_soon() -> None:
    http = Recorded({FEED: page(STREAM + "".join(to(f"/feed/{n}") for n in range(50)))})
    events = visit({}, http=http)
    assert len(http.asked) == 6 and set(codes(events)) >= {"ldes-gave-up", "ldes-page-unread"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [(Answer(b"<html></html>", "text/html"), "rdf-web-page"), (page(":a a schema:Course ."), "ldes-no-stream"), (None, "net-status")],
)  # fmt: skip
def test_what_is_no_stream_fails(answer: Answer | None, code: str) -> None:
    with pytest.raises(FeedFailed) as failed:
        visit({FEED: answer} if answer else {})
    assert failed.value.issue.code == code


def test_a_faulty_member_costs_only_itself_and_its_page_is_read_again() -> None:
    text = STREAM + act(1, "a", 1) + act(2, "b", 2).replace('"@en', '"@en ;; ,') + act(3, "c", 3)
    first = visit({FEED: page(text, **FIXED)})
    assert told(first) == ["a", "b!", "c"] and "rdf-broken" in codes(first)
    http = Recorded({FEED: page(STREAM + act(1, "a", 1) + act(2, "b", 2) + act(3, "c", 3), **FIXED)})
    second = visit({}, done(first).bookmark, before=first, http=http)
    assert http.asked and set(titles(first, second)) == {"a", "b", "c"}


# --- what is remembered ------------------------------------------------------------------------------------


def months(last: str = "", root: str = "") -> dict[str, Answer]:
    """A stream in three pages: two that are over, the last open."""
    return {
        FEED: page(
            STREAM + to("/feed/1", ("LessThan", 10)) + to("/feed/2", ("GreaterThanOrEqualTo", 10), ("LessThan", 20))
            + to("/feed/3", ("GreaterThanOrEqualTo", 20)) + root
        ),
        FEED + "/1": page(act(1, "a", 1) + act(2, "b", 9), **FIXED),
        FEED + "/2": page(act(3, "b", 12) + act(4, "c", 19)),
        FEED + "/3": page(act(5, "d", 21) + last, etag=f'"{len(last)}"'),
    }  # fmt: skip


def test_pages_that_are_over_are_not_asked_for_again() -> None:
    first = visit(months())
    http = Recorded(months(act(6, "a", 22, "Delete") + act(7, "d", 23)))
    second = visit({}, done(first).bookmark, before=first, http=http)
    assert paths(http) == ["feed", "feed/3"] and sorted(told(second)) == ["-a", "d"]
    http = Recorded(months(act(6, "a", 22, "Delete") + act(7, "d", 23)))
    third = visit({}, done(second).bookmark, before=[*first, *second], http=http)
    assert [type(one) for one in third] == [Unchanged, Done] and done(third).complete
    assert titles(first, second, third) == {"b": "b 3", "c": "c 4", "d": "d 7"}


def test_a_member_that_comes_late_does_not_undo_a_newer_one() -> None:
    first = visit(months())
    http = Recorded(months(act(8, "b", 11, title="late") + act(9, "e", 8)))
    second = visit({}, done(first).bookmark, before=first, http=http)
    assert titles(first, second) == {"a": "a 1", "b": "b 3", "c": "c 4", "d": "d 5", "e": "e 9"}
    assert len(http.asked) > 4  # read anew from its beginning
    third = Recorded(months(act(8, "b", 11, title="late") + act(9, "e", 8)))
    visit({}, done(second).bookmark, before=[*first, *second], http=third)
    assert paths(third) == ["feed", "feed/3"]


def test_pages_that_never_change_are_not_asked_for_again_without_any_times() -> None:
    plain = "<#s> a ldes:EventStream ; tree:view <> ; tree:member :m1 . :m1 dct:isVersionOf :a ; a dcat:Dataset ; dct:title 'one' . "
    second_page = FEED + "/2"
    pages = {FEED: page(plain + to("/feed/2") + "<> ldes:immutable true ."), second_page: page("<> a tree:Node . <#s> tree:member :m2 . :m2 dct:isVersionOf :a ; a dcat:Dataset ; dct:title 'two' .")}  # fmt: skip
    first = visit(pages)
    assert titles(first) == {"a": "two"}
    http = Recorded({**pages, second_page: page("<> a tree:Node . <#s> tree:member :m2, :m3 . :m2 dct:isVersionOf :a . :m3 dct:isVersionOf :b ; a dcat:Dataset ; dct:title 'three' .")})  # fmt: skip
    second = visit({}, done(first).bookmark, before=first, http=http)
    assert paths(http) == ["feed/2"] and titles(first, second) == {"a": "two", "b": "three"}


def test_a_stream_that_was_put_together_anew_is_read_anew() -> None:
    first = visit(months())
    pages = {
        FEED: page(STREAM + to("/feed/x", ("GreaterThan", 1))),
        FEED + "/x": page(act(10, "a", 25, title="new") + act(3, "b", 12), **FIXED),
    }
    second = visit(pages, done(first).bookmark, before=first)
    assert titles(first, second)["a"] == "new" and done(second).complete


def test_a_time_in_the_far_future_closes_nothing() -> None:
    wrong = act(20, "z", 30).replace("2026-05-30", "2226-05-30")
    first = visit(months(wrong))
    http = Recorded(months(wrong + act(6, "a", 22)))
    second = visit({}, done(first).bookmark, before=first, http=http)
    assert titles(first, second)["a"] == "a 6"


def test_other_options_read_the_stream_anew() -> None:
    first = visit(months())
    http = Recorded(months())
    visit({}, done(first).bookmark, http=http, types=["http://www.w3.org/ns/dcat#Resource"])
    assert len(http.asked) == 4


def test_many_members_are_remembered_by_their_time_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvesters.ldes_bookmark.MAX_MEMBERS", 1)
    more = act(6, "a", 22)
    first = visit(months(more))
    assert done(first).bookmark["members"] == "-"
    http = Recorded(months(more + act(7, "d", 23)))
    second = visit({}, done(first).bookmark, before=first, http=http)
    assert paths(http) == ["feed", "feed/3"] and titles(first, second)["d"] == "d 7"


def test_a_full_visit_to_what_was_read_before_is_unchanged() -> None:
    first = visit(months())
    again = visit(months(), before=first)
    assert (
        not [one for one in again if isinstance(one, Document | RawRecord)]
        and done(again).bookmark == done(first).bookmark
    )


@pytest.mark.parametrize("option", [{"types": "x"}, {"max_pages": 0}, {"follow": 1}])
def test_options_that_cannot_be_used(option: dict[str, object]) -> None:
    with pytest.raises(FeedFailed) as failed:
        visit(months(), **option)
    assert failed.value.issue.code == "ldes-option"


# --- small parts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2026-05-01T10:00:00+02:00", datetime(2026, 5, 1, 8, tzinfo=UTC)), ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
     ("2026-05", datetime(2026, 5, 1, tzinfo=UTC)), ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
     ("2026-05-01T10:00:00.123456789Z", datetime(2026, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)), ("soon", None),
     ("0001-01-01T00:00:00+14:00", None), ("", None)],
)  # fmt: skip
def test_times(text: str, expected: datetime | None) -> None:
    assert moment(Literal(text)) == expected


@pytest.mark.parametrize(
    ("kinds", "past"),
    [("LessThan 10", True), ("LessThanOrEqualTo 10", False), ("LessThanOrEqualTo 9", True), ("EqualTo 9", True),
     ("EqualTo 10", False), ("GreaterThan 3", False), ("GreaterThan 3, LessThan 11", False), ("LessThan 11, LessThan 9", True)],
)  # fmt: skip
def test_which_pages_are_over(kinds: str, past: bool) -> None:
    bounds = [(kind, int(day)) for kind, day in (one.split() for one in kinds.split(", "))]
    text = STREAM + to("/x", *bounds).replace("LessThanOrEqualToRelation", "LessThanOrEqualToRelation")
    found = ldes_page.read(read((HEAD + text).encode(), TRIG, FEED, 1 << 20), FEED, Terms())
    assert [one.is_before(datetime(2026, 5, 10, tzinfo=UTC)) for one in found.relations] == [past]


def test_bounds_of_another_property_say_nothing() -> None:
    text = STREAM + to("/x", ("LessThan", 1)).replace("tree:path as:published", "tree:path dct:modified")
    found = ldes_page.read(read((HEAD + text).encode(), TRIG, FEED, 1 << 20), FEED, Terms())
    assert [(one.address, one.upper) for one in found.relations] == [("http://academy.example/x", None)]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([
    "<#s> a ldes:EventStream .", "<#s> tree:view <> , <x> .", "<#s> tree:member :a , [] , :b .", ":a as:object :a .", ":a a as:Delete .",
    "<#s> ldes:timestampPath ( as:published ) .", "<#s> ldes:timestampPath [ sh:inversePath :p ] .", ":b as:published 'x', 5 .",
    "<#s> ldes:versionOfPath _:l . _:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> :p ; <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:l .",
    "<> tree:relation _:r . _:r tree:node _:r, 'y', <mailto:x>, <http://[> ; tree:value 'z' .", ":a { :a dct:title 'x' . }",
    ":b { :p a dcat:Dataset ; dct:title 'T' . }", ":b as:object :p ; a as:Update .", ":b dct:isVersionOf 'text', _:q .", "@@@",
    "<#s> ldes:versionDeleteObject 'x', [] ; ldes:versionDeletePath () .",
]), max_size=9) | st.binary(max_size=60))  # fmt: skip
def test_any_page_at_all(parts: list[str] | bytes) -> None:
    body = parts if isinstance(parts, bytes) else (HEAD + "\n".join(parts)).encode()
    try:
        events = visit({FEED: Answer(body, TRIG)})
    except FeedFailed:
        return
    assert isinstance(events[-1], Done)
    again = visit({FEED: Answer(body, TRIG)}, done(events).bookmark, before=events)
    assert isinstance(again[-1], Done)


def test_a_server_that_answers_every_address_with_one_page_is_left_soon() -> None:
    class Same(Recorded):
        def get(self, url: str, **sent: object) -> object:  # type: ignore[override]
            self.asked.append((url, sent))
            return super().get(FEED)

    http = Same({FEED: page(STREAM + act(1, "sampling", 1) + to("next/page"))})
    events = visit({}, http=http, **MAX)
    assert len(http.asked) < 10 and "ldes-repeated" in codes(events) and not done(events).complete
