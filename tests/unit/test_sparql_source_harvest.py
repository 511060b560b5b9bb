"""Harvesting from SPARQL endpoints: paging, limits, half answers, broken-off listings, what proves deletions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.base import FeedFailed, Visit
from harvesters.sparql import harvest
from harvesters.sparql_queries import CLASSES
from registry.crosswalk import load
from registry.graph.store import EmbeddedStore
from registry.model import Done, Feed, Issue, RawRecord, Unchanged
from registry.net import Fetched, Fetcher, NetError
from registry.settings import Settings
from tests.support.graphs import IRIS, record_change
from tests.support.rdf_feeds import context
from tests.support.sparql_server import serving
from tests.support.sparql_store import (
    ENDPOINT,
    Store,
    answer,
    codes,
    courses,
    done,
    failure,
    keys,
    payloads,
    store,
    visit,
)

OFFICE = ':office a schema:Organization ; schema:name "Office" ; schema:address [ schema:addressLocality "X" ] .\n'
ALL = [f"c{n:04}" for n in range(120)]


def kind(query: str) -> str:
    """What a query is for."""
    if "COUNT" in query:
        return "size" if "SELECT DISTINCT ?n" in query else "nameless" if "isBlank" in query else "count"
    return "describe" if query.startswith("CONSTRUCT") else "listing" if "ORDER BY" in query else "part"


def asked(http: Store, what: str) -> list[str]:
    return [query for _, query in http.asked if kind(query) == what]


def named_in(query: str) -> int:
    """How many subjects a query names."""
    return len(re.findall(r"<[^>]*>", query.partition("VALUES ?n {")[2].partition("}")[0]))


def test_all_descriptions_with_the_nodes_they_are_made_of() -> None:
    http = Store(store(courses(120, OFFICE)))
    events = visit(http)
    assert keys(events) == ALL and codes(events) == []
    assert done(events) == Done(complete=True, deletions="proved")
    text = payloads(events)["c0007"]
    assert '"Course 7"@en' in text and '"7"' in text and '"Office"' in text and 'addressLocality> "X"' in text
    assert "c0008" not in text


def test_a_second_visit_to_the_same_is_unchanged() -> None:
    data = store(courses(120, OFFICE))
    first = visit(Store(data))
    again = visit(Store(data), before=first)
    assert [type(one) for one in again] == [Unchanged] * 3 + [Done]


def test_the_size_of_pages_does_not_change_a_payload() -> None:
    data = store(courses(40, OFFICE) + ":c0000 schema:hasPart :c0001 . :c0002 schema:isBasedOn :c0039 .")
    assert payloads(visit(Store(data), page_size=1)) == payloads(visit(Store(data), page_size=50))


def test_pages_of_the_listing_go_on_after_the_last() -> None:
    http = Store(store(courses(2_300)))
    events = visit(http, page_size=500)
    assert len(keys(events)) == 2_300 and done(events).deletions == "proved"
    listings = asked(http, "listing")
    assert len(listings) == 4 and 'STR(?s) > "http://office.example/id/c0999"' in listings[1]
    assert all("OFFSET" not in query for query in listings)


def test_short_queries_go_by_get_and_long_ones_by_post() -> None:
    http = Store(store(courses(60)))
    visit(http)
    assert {way for way, query in http.asked if kind(query) == "describe"} == {"form"}
    http = Store(store(courses(60)))
    visit(http, **{"class": "http://schema.org/Course"})
    assert {way for way, query in http.asked if kind(query) in ("count", "listing")} == {"get"}


@pytest.mark.parametrize("ways", [("get",), ("form",), ("query",), ("get", "query")])
def test_ways_that_are_not_taken_are_left(ways: tuple[str, ...]) -> None:
    http = Store(store(courses(60)), ways=ways)
    events = visit(http)
    assert keys(events) == ALL[:60] and done(events).complete
    assert len([way for way, _ in http.asked if way not in ways]) <= 2


@pytest.mark.parametrize(
    ("format", "media_type"),
    [(ox.RdfFormat.TURTLE, "text/turtle; charset=utf-8"), (ox.RdfFormat.RDF_XML, "application/rdf+xml"),
     (ox.RdfFormat.JSON_LD, "application/ld+json"), (ox.RdfFormat.N_TRIPLES, "text/plain")],
)  # fmt: skip
def test_statements_in_any_syntax(format: ox.RdfFormat, media_type: str) -> None:
    data = store(courses(12, OFFICE))
    assert payloads(visit(Store(data, statements=(format, media_type)))) == payloads(visit(Store(data)))


def test_rows_as_xml_and_statements_as_rows() -> None:
    data = store(courses(12, OFFICE))

    def as_rows(query: str, number: int) -> Fetched | None:
        if kind(query) != "describe":
            return None
        rows = data.query(query.replace("CONSTRUCT { ?n ?p ?o }", "SELECT DISTINCT ?n ?p ?o"))
        body = rows.serialize(format=ox.QueryResultsFormat.JSON) or b""  # type: ignore[union-attr]
        return answer(
            body.replace(b'"type":"literal","value":"Office"', b'"type":"typed-literal","value":"Office"'),
            "application/sparql-results+json",
        )

    xml = (ox.QueryResultsFormat.XML, "application/sparql-results+xml")
    expected = payloads(visit(Store(data)))
    assert payloads(visit(Store(data, rows=xml))) == expected
    assert payloads(visit(Store(data, rule=as_rows))) == expected


def test_graphs_are_named_or_found() -> None:
    data = store(courses(3), "http://office.example/graph/one")
    data.load(b'<http://office.example/id/x> a <http://schema.org/Course> ; <http://schema.org/name> "Other" .', ox.RdfFormat.TURTLE,
              to_graph=ox.NamedNode("http://office.example/graph/two"))  # fmt: skip
    assert keys(visit(Store(data))) == ["c0000", "c0001", "c0002", "x"]
    events = visit(Store(data), graph="http://office.example/graph/one")
    assert keys(events) == ["c0000", "c0001", "c0002"] and '"2"' in payloads(events)["c0002"]
    assert keys(visit(Store(data), graph=["http://office.example/graph/two"])) == ["x"]


def test_classes_patterns_and_queries_of_the_feeds_own() -> None:
    data = store(
        courses(2) + ':t1 a :Kurs ; dct:title "Kurs"@de ; :oeffentlich true ; :trainer [ foaf:name "A" ] .'
        ':t2 a :Kurs ; dct:title "Intern"@de .'
    )
    events = visit(Store(data), **{"class": "http://office.example/id/Kurs"})
    assert keys(events) == ["t1", "t2"] and '"A"' in payloads(events)["t1"]
    where = "?s <http://office.example/id/oeffentlich> true"
    assert keys(visit(Store(data), where=where)) == ["t1"]
    query = (
        "CONSTRUCT { ?s a <http://schema.org/Course> ; <http://schema.org/name> ?t } WHERE { VALUES ?s { {values} } "
        "?s <http://purl.org/dc/terms/title> ?t ; <http://office.example/id/oeffentlich> true }"
    )
    events = visit(Store(data), query=query, **{"class": ["http://office.example/id/Kurs"]})
    assert keys(events) == ["t1"] and "schema.org/Course" in payloads(events)["t1"]
    assert codes(events) == ["sparql-left-out"]


@pytest.mark.parametrize(
    "option",
    [{"graph": "no address"}, {"class": 7}, {"where": "?x a ?y"}, {"query": "CONSTRUCT WHERE { ?s ?p ?o }"},
     {"page_size": 0}, {"depth": True}, {"max_records": "all"}, {"order": "no"}],
)  # fmt: skip
def test_options_that_cannot_be_used(option: dict[str, object]) -> None:
    with pytest.raises(FeedFailed) as failed:
        visit(Store(store("")), **option)
    assert failed.value.issue.code == "sparql-option"


def test_what_is_chosen_without_being_told() -> None:
    data = store(
        courses(1)
        + ':d a dcat:Dataset ; dct:title "Data" ; dcat:distribution [ a dcat:Distribution ; dct:title "F" ] .'
        ':cat a dcat:Catalog ; dct:title "All" ; dcat:dataset :d . :rec a dcat:CatalogRecord ; foaf:primaryTopic :d ; '
        "dct:source <http://origin.example/d> . :c0000 schema:hasCourseInstance :run . :run a schema:CourseInstance ; "
        'schema:name "Run" ; schema:startDate "2027-01-01" . :alone a schema:CourseInstance ; schema:name "Alone" . '
        ':p a schema:Person ; schema:name "P" . [] a schema:Course ; schema:name "Nameless" .'
    )
    events = visit(Store(data))
    assert sorted(keys(events)) == ["alone", "c0000", "d"] and codes(events) == ["sparql-nameless"]
    formats = {one.key.rpartition("/")[2]: one.format for one in events if isinstance(one, RawRecord)}
    assert formats == {"alone": "rdf", "c0000": "rdf", "d": "dcat"}
    assert "origin.example" in payloads(events)["d"] and "2027-01-01" in payloads(events)["c0000"]
    for one in events:
        if isinstance(one, RawRecord):
            assert load(one.format)(one, context()).triples


def test_a_catalogue_that_a_resource_names_is_not_read_whole() -> None:
    data = store(courses(200, ":cat a dcat:Catalog ; dct:title 'All' ." + "".join(f":cat dcat:dataset :c{n:04} . :c{n:04} dct:isPartOf :cat ." for n in range(200))))  # fmt: skip
    http = Store(data)
    events = visit(http, page_size=200)
    assert len(keys(events)) == 200 and payloads(events)["c0001"].count("\n") == 9


# --- limits, and answers that are none --------------------------------------------------------------------


def virtuoso(most: int) -> Store:
    """Cuts rows and statements, refuses to sort more than it may, and says so as Virtuoso does."""

    def rule(query: str, number: int) -> Fetched | None:
        limit = re.search(r"ORDER BY .* LIMIT (\d+)", query)
        if limit and int(limit[1]) > most:
            raise failure(
                500, f"Virtuoso 22023 Error SR353: Sorted TOP clause specifies more then {limit[1]} rows to sort."
            )
        return None

    return Store(store(courses(600, OFFICE)), max_rows=most, rule=rule)


def test_limits_of_rows_and_statements_are_lived_with() -> None:
    http = virtuoso(400)
    events = visit(http, page_size=100)
    assert len(keys(events)) == 600 and codes(events) == [] and done(events) == Done(True, "proved")
    assert payloads(events) == payloads(visit(Store(http.data)))
    assert len(http.asked) < 150


def test_statements_cut_without_a_word_are_counted() -> None:
    # Every subject is there, and still some statements are not.
    turtle = "".join(f":c{n:04} a schema:Course ; " + " ; ".join(f'schema:keywords "k{m}"' for m in range(400)) + " .\n" for n in range(6))  # fmt: skip
    data = store(turtle)
    expected = payloads(visit(Store(data)))
    assert all(text.count("\n") == 401 for text in expected.values())

    def rule(query: str, number: int) -> Fetched | None:
        if kind(query) != "describe":
            return None
        found: dict[str, list[ox.Triple]] = {}
        for triple in data.query(query):  # type: ignore[union-attr]
            found.setdefault(str(triple.subject), []).append(triple)
        kept = [triple for triples in found.values() for triple in triples[: 1_203 // len(found)]]
        return answer(ox.serialize(kept, format=ox.RdfFormat.N_TRIPLES) or b"", "application/n-triples")

    assert payloads(visit(Store(data, rule=rule))) == expected


def test_one_description_that_is_always_cut_is_told() -> None:
    turtle = ":c0000 a schema:Course ; " + " ; ".join(f'schema:keywords "k{m}"' for m in range(3_000)) + " ."
    data = store(turtle)

    def rule(query: str, number: int, least: str = "") -> Fetched | None:
        if kind(query) != "describe":
            return None
        lines = (ox.serialize(data.query(query), format=ox.RdfFormat.N_TRIPLES) or b"").splitlines(keepends=True)  # type: ignore[arg-type]
        kept = sorted(lines, key=lambda line: (least.encode() in line, line))[-2_000:]
        return answer(b"".join(kept), "application/n-triples")

    def told(least: str) -> list[tuple[bool, str]]:
        events = visit(Store(data, rule=lambda query, number: rule(query, number, least)))
        return [(one.broken, issue.code) for one in events if isinstance(one, RawRecord) for issue in one.issues]

    assert told("ns#type") == [(False, "sparql-cut")]
    assert told("keywords") == [(True, "sparql-unread")]


def test_pages_are_halved_until_the_endpoint_answers_in_time() -> None:
    def rule(query: str, number: int) -> Fetched | None:
        if kind(query) == "describe" and named_in(query) > 6:
            raise failure(0, code="net-timeout")
        return None

    http = Store(store(courses(40)), rule=rule)
    events = visit(http)
    assert keys(events) == ALL[:40] and done(events).deletions == "proved"
    assert len(asked(http, "describe")) < 30


def test_a_page_of_an_error_with_status_200() -> None:
    def rule(query: str, number: int) -> Fetched | None:
        if kind(query) == "describe" and named_in(query) > 10:
            return answer(b"<!DOCTYPE html><html><body><h1>Error</h1> time-out</body></html>", "text/html")
        if kind(query) == "listing" and "LIMIT 1000" in query:
            return answer(b"<html><body>Service busy</body></html>", "text/html")
        return None

    events = visit(Store(store(courses(40)), rule=rule))
    assert keys(events) == ALL[:40] and done(events).complete


def test_results_that_break_off_are_asked_for_anew() -> None:
    data = store(courses(40))

    def rule(query: str, number: int) -> Fetched | None:
        if kind(query) == "listing" and "LIMIT 1000" in query:
            whole = data.query(query).serialize(format=ox.QueryResultsFormat.JSON) or b""  # type: ignore[union-attr]
            return answer(whole[:-40] + b"The SPARQL operation has been cancelled", "application/sparql-results+json")
        if kind(query) == "describe" and named_in(query) > 20:
            body = ox.serialize(data.query(query), format=ox.RdfFormat.N_TRIPLES) or b""  # type: ignore[arg-type]
            return answer(
                body[: 900 + 50 * number] + b"The SPARQL operation has been cancelled", "application/n-triples"
            )
        if kind(query) == "count":
            return answer(b'{"head":{"vars":["total"]},"results":{"bindings":[{"total":{"type":"literal","value":"40"}}]}}',
                          "application/sparql-results+json")  # fmt: skip
        return None

    events = visit(Store(data, rule=rule))
    assert keys(events) == ALL[:40] and done(events).deletions == "proved"


def test_half_counts_prove_nothing() -> None:
    def rule(query: str, number: int) -> Fetched | None:
        if kind(query) == "count":
            body = (
                b'{"head":{"vars":["total"]},"results":{"bindings":[{"total":{"type":"typed-literal","value":"0"}}]}}'
            )
            return answer(body, "application/sparql-results+json", **{"x-sql-state": "S1TAT"})
        return None

    events = visit(Store(store(courses(10)), rule=rule))
    assert len(keys(events)) == 10 and done(events) == Done(complete=True, deletions="unknown")


def test_endpoints_that_cannot_sort_are_asked_in_parts() -> None:
    def rule(query: str, number: int) -> Fetched | None:
        if "ORDER BY" in query:
            raise failure(503)
        return None

    http = Store(store(courses(1_700)), rule=rule, max_rows=500)
    events = visit(http, page_size=200)
    assert sorted(keys(events)) == [f"c{n:04}" for n in range(1_700)] and done(events).deletions == "proved"
    assert any('"00"' in query or '"0"' in query for query in asked(http, "part"))
    events = visit(Store(store(courses(30)), rule=rule), order=False)
    assert len(keys(events)) == 30


def test_an_order_that_differs_from_the_comparison() -> None:
    data = store(courses(2_100))

    def rule(query: str, number: int) -> Fetched | None:
        if kind(query) == "listing":  # sorts backwards, compares forwards
            rows = data.query(query.replace("ORDER BY ?id", "ORDER BY DESC(?id)"))
            return answer(rows.serialize(format=ox.QueryResultsFormat.JSON) or b"", "application/sparql-results+json")  # type: ignore[union-attr]
        return None

    events = visit(Store(data, rule=rule), page_size=500)
    assert len(keys(events)) == 2_100 and done(events).deletions == "proved"


def test_one_that_cannot_be_described_is_held_back_and_the_rest_read() -> None:
    def rule(query: str, number: int) -> Fetched | None:
        if kind(query) == "describe" and "c0003>" in query:
            raise failure(500, "Virtuoso 42000 Error The estimated execution time exceeds the limit")
        return None

    events = visit(Store(store(courses(10)), rule=rule))
    assert sorted(keys(events)) == sorted([*ALL[:3], "c0003!", *ALL[4:10]]) and done(events).deletions == "proved"
    record = next(one for one in events if isinstance(one, RawRecord) and one.broken)
    assert record.issues[0].code == "sparql-unread" and "estimated" in record.issues[0].value


def test_an_endpoint_that_describes_nothing_fails_soon() -> None:
    def rule(query: str, number: int) -> Fetched | None:
        if kind(query) == "describe":
            raise failure(400, "VALUES is not known here")
        return None

    http = Store(store(courses(60)), rule=rule)
    with pytest.raises(FeedFailed) as failed:
        visit(http)
    assert failed.value.issue.code == "sparql-refused" and len(http.asked) < 20


def test_kinds_that_only_the_listing_infers() -> None:
    data = store(':a a :Kurs ; dct:title "A" . :b a :Kurs ; dct:title "B" .')

    def rule(query: str, number: int) -> Fetched | None:
        if kind(query) in ("count", "listing", "part"):
            rows = data.query(query.replace("http://schema.org/Course", "http://office.example/id/Kurs"))
            return answer(rows.serialize(format=ox.QueryResultsFormat.JSON) or b"", "application/sparql-results+json")  # type: ignore[union-attr]
        return None

    events = visit(Store(data, rule=rule), **{"class": "http://schema.org/Course"})
    assert keys(events) == ["a", "b"] and done(events).complete


def test_named_graphs_are_tried_where_nothing_can_be_counted() -> None:
    def rule(query: str, number: int) -> Fetched | None:
        if "COUNT" in query:
            raise failure(503)
        return None

    events = visit(Store(store(courses(3), "http://office.example/graph/one"), rule=rule))
    assert keys(events) == ALL[:3] and done(events) == Done(complete=True, deletions="unknown")


def test_a_listing_that_breaks_off_is_gone_on_with() -> None:
    data = store(courses(30))

    def down(query: str, number: int) -> Fetched | None:
        if number > 5:
            raise failure(0, code="net-refused")
        return None

    first = visit(Store(data, rule=down), page_size=10)
    assert keys(first) == ALL[:30] and codes(first) == ["sparql-broken-off"]  # only the end is not known

    first = visit(Store(data, rule=lambda query, number: down(query, number + 2)), page_size=10)
    assert keys(first) == ALL[:10] and codes(first) == ["sparql-broken-off"]
    assert not done(first).complete and done(first).bookmark["after"].endswith("c0009")
    second = visit(Store(data), page_size=10, bookmark=done(first).bookmark)
    assert keys(second) == [*ALL[10:30], *ALL[:10]]  # the rest first, then what stands before it
    assert done(second) == Done(complete=True, deletions="proved")


def test_a_bookmark_of_other_options_is_not_used() -> None:
    bookmark = {"after": "http://office.example/id/c0009", "recipe": "other"}
    assert keys(visit(Store(store(courses(12))), bookmark=bookmark)) == ALL[:12]


def test_more_than_may_be_read_goes_on_next_time() -> None:
    data = store(courses(25))
    first = visit(Store(data), max_records=10)
    assert keys(first) == ALL[:10] and codes(first) == ["sparql-max-records"] and not done(first).complete
    second = visit(Store(data), max_records=10, bookmark=done(first).bookmark)
    assert keys(second) == ALL[10:20]


def test_fewer_listed_than_counted_proves_nothing() -> None:
    data = store(courses(10))

    def rule(query: str, number: int) -> Fetched | None:
        if kind(query) in ("listing", "part"):
            rows = data.query(query.replace("isIRI(?s)", "isIRI(?s) && ?s != <http://office.example/id/c0004>"))
            return answer(rows.serialize(format=ox.QueryResultsFormat.JSON) or b"", "application/sparql-results+json")  # type: ignore[union-attr]
        return None

    events = visit(Store(data, rule=rule))
    assert len(keys(events)) == 9 and codes(events) == ["sparql-short"] and not done(events).complete


def test_an_endpoint_without_learning_resources() -> None:
    events = visit(Store(store(':p a schema:Person ; schema:name "P" .')))
    assert codes(events) == ["sparql-nothing"] and keys(events) == []


@pytest.mark.parametrize(
    ("result", "code"),
    [(failure(404), "net-status"), (failure(401), "net-status"), (failure(0, code="net-dns"), "net-dns"),
     (failure(400, "<p>Parse error</p> at line 1"), "sparql-refused"), (failure(500), "net-status"),
     (answer(b"<html><title>Our portal</title></html>", "text/html"), "sparql-web-page"),
     (answer(b'{"items": []}', "application/json"), "sparql-half"), (answer(b"", "text/plain"), "sparql-web-page")],
)  # fmt: skip
def test_what_is_no_endpoint_fails_soon(result: Fetched | NetError, code: str) -> None:
    def rule(query: str, number: int) -> Fetched | None:
        if isinstance(result, NetError):
            raise result
        return result

    http = Store(store(""), rule=rule)
    with pytest.raises(FeedFailed) as failed:
        visit(http)
    assert failed.value.issue.code == code and len(http.asked) < 12


def test_a_kind_of_answer_that_is_not_served() -> None:
    class Picky(Store):
        def get(self, url: str, **sent: str) -> Fetched:
            if sent["accept"] != "*/*":
                raise failure(406)
            return super().get(url, **sent)

    assert len(keys(visit(Picky(store(courses(3)), ways=("get",))))) == 3


def test_the_token_is_a_header() -> None:
    http = Store(store(courses(1)))
    visit(http, token="s3cret")
    assert {header["authorization"] for header in http.headers} == {"Bearer s3cret"}
    http = Store(store(courses(1)))
    visit(http, token="me:s3cret")
    assert {header["authorization"] for header in http.headers} == {"Basic bWU6czNjcmV0"}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["results", "bindings", "s", "type", "value", "head"]), inner, max_size=3), max_leaves=8))  # fmt: skip
def test_any_answer_at_all(given_: object) -> None:
    import json

    body = given_ if isinstance(given_, bytes) else json.dumps(given_).encode()
    http = Store(store(""), rule=lambda query, number: answer(body, "application/sparql-results+json"))
    try:
        events = visit(http)
    except FeedFailed:
        return
    assert isinstance(events[-1], Done)


# --- our own endpoint -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("own")
    work = EmbeddedStore(folder / "work", IRIS, "recipe", {"one": "alpha"})
    work.apply([record_change(n, f"r{n:03}", name=f'Übung {n:03}, "Git"') for n in range(70)], None, 70)
    work.snapshot(folder / "graph")
    work.close()
    with serving(folder / "graph", Settings(query_workers=1, query_deadline=5, query_memory=512 << 20)) as made:
        yield made.url


def test_our_own_endpoint(own: str, tmp_path: Path) -> None:
    feed = Feed("f", "eso", "sparql", own, allow_hosts=("127.0.0.1",), options={"page_size": 30})
    with Fetcher(Settings(data=tmp_path), feed) as http:
        events = list(harvest(Visit(feed, http)))
    records = [one for one in events if isinstance(one, RawRecord)]
    assert len(records) == 70 and done(events) == Done(complete=True, deletions="proved")
    assert b"offer/1" in records[0].payload and '"Übung 000, \\"Git\\""@en'.encode() in records[0].payload
    assert all(load(one.format)(one, context()).triples for one in records[:3])


def test_classes_are_those_of_learning() -> None:
    assert len(CLASSES) == 11 and Issue("sparql-unread") and ENDPOINT.startswith("http")


def test_rows_without_a_subject_break_nothing() -> None:
    data = store(courses(3, OFFICE))
    plain = Store(data)

    def rule(query: str, number: int) -> Fetched | None:
        if kind(query) != "listing" or sum(kind(one) == "listing" for _, one in http.asked) > 1:
            return None
        found = plain.get(f"{ENDPOINT}?query={quote(query)}")
        rows = json.loads(found.body)
        rows["results"]["bindings"] += [{}, {"x": {"type": "literal", "value": "?"}}]
        return answer(json.dumps(rows).encode(), "application/sparql-results+json")

    http = Store(data, rule=rule)
    assert keys(visit(http)) == ["c0000", "c0001", "c0002"]
