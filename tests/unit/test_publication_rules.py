"""What stays back: by an academy's own rules, because it is hidden, or because it must never be published."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters import base
from registry.crosswalk import clean, values
from registry.crosswalk.base import MapContext, Mapped, Placed
from registry.iris import DCTERMS, FOAF, SCHEMA, Iris, public_key
from registry.ledger import findings, log
from registry.model import Academy, Correction, Done, Expect, Feed, HarvestEvent, Issue, RawRecord, Run
from registry.pipeline import intake
from registry.pipeline.house import House, opened
from registry.prepare import publication
from registry.prepare.steps import Worked, work
from registry.settings import Settings
from registry.terms import XSD, Iri, Literal, Term, is_iri, text, to_ntriples

FEED = Feed("list", "office", "told", "https://office.example/list.csv", language="en", expect=Expect(1, 0.5))
OFFICE = Academy("office", {"en": "Office"}, "https://office.example/", feeds=(FEED,))
IRIS = Iris("https://registry.example")
Says = Callable[..., Run]


def context(publish: Mapping[str, tuple[str, ...]] | None = None) -> MapContext:
    feed = replace(FEED, publish=publish or {})
    return MapContext(OFFICE, feed, IRIS, values.load(IRIS, feed, {}))


def record(content: object = None, key: str = "1") -> RawRecord:
    return RawRecord(key, json.dumps(content or {}).encode(), "application/json", "x", "https://office.example/1")


def mapped(*stated: tuple[str, Term, str], issues: tuple[Issue, ...] = ()) -> Mapped:
    resource, node = IRIS.resource("list", "1"), IRIS.record("list", "1")
    triples: list[Placed] = [
        (node, Iri(FOAF + "primaryTopic"), resource, ""),
        (node, Iri(DCTERMS + "identifier"), Literal("1"), ""),
        (resource, Iri(SCHEMA + "name"), text("A course", "en"), "/title"),
        *((resource, Iri(SCHEMA + name), value, place) for name, value, place in stated),
    ]
    return Mapped(resource, tuple(triples), issues)


def told(worked: Worked) -> list[tuple[str, str, str]]:
    return [(one.code, one.place, one.value) for one in worked.mapped.issues]


def said(worked: Worked) -> set[str]:
    return {o.value if isinstance(o, Literal) else str(o) for _, _, o, _ in worked.mapped.triples}


@pytest.mark.parametrize(
    ("content", "stated"),
    [
        ({}, [("keywords", text("Intérnal", "en"), "/dc:subject[1]")]),
        ({}, [("about", Literal("Staff / internal"), "/dc:subject[1]")]),
        ({"category": "Courses / Internal / HR"}, []),
        ({"attributes": {"categories": [{"name": "Public"}, {"name": "INTERNAL"}]}}, []),
        ({"header": {}, "row": {"title": "x"}, "unknown": {"Catégorie": "internal"}}, []),
        ({"header": {"keywords": "Thème"}, "row": {"keywords": "open; internal"}, "unknown": {}}, []),
        ({"tags": ["a", "internal"]}, []),
    ],
)
def test_a_category_that_is_named_keeps_a_record_back_entirely(
    content: object, stated: list[tuple[str, Term, str]]
) -> None:
    rules = {"categories": ("Internal",)}
    worked = work(record(content), mapped(*stated, issues=(Issue("net-dns", "/x", "secret"),)), context(rules))
    assert (worked.held, worked.mapped.triples, worked.inferred) == ("rule", (), ())
    assert [(code, value) for code, _, value in told(worked)] == [("publication-held-category", "Internal")]
    assert told(worked)[0][1], "the place is said"
    assert work(record(content), mapped(*stated), context({"categories": ("Intern",)})).held == ""
    assert work(record(content), mapped(*stated), context()).held == ""


def test_an_access_kind_that_is_named_keeps_a_record_back() -> None:
    rules = context({"access": ("staff only", "Registration")})
    concept = rules.values.concept("access", "registration")
    assert concept is not None
    for content, stated in (
        ({}, [("conditionsOfAccess", concept, "/access")]),
        ({}, [("conditionsOfAccess", Literal("Staff only"), "/access")]),
        ({"header": {"access": "Accès"}, "row": {"access": "STAFF ONLY"}, "unknown": {}}, []),
    ):
        worked = work(record(content), mapped(*stated), rules)  # type: ignore[arg-type]
        assert (worked.held, told(worked)[0][0]) == ("rule", "publication-held-access")
    assert work(record(), mapped(("conditionsOfAccess", Literal("open"), "")), rules).held == ""


@pytest.mark.parametrize(
    ("content", "hidden"),
    [
        ({"visible": 0}, True), ({"visible": False}, True), ({"visible": 1}, False), ({"hidden": True}, True),
        ({"hidden": "no"}, False), ({"attributes": {"visible": "0"}}, True), ({"course": {"hidden": "1"}}, True),
        ({"catalog_visibility": "none"}, True), ({"catalog_visibility": "both"}, False),
        ({"visibility": "private"}, True), ({"visibility": "public"}, False),
        ({"header": {}, "row": {}, "unknown": {"Visibilité": "masqué"}}, True),
        ({"header": {}, "row": {}, "unknown": {"Oculto": "Sí"}}, True),
        ({"header": {}, "row": {}, "unknown": {"Visible": "Oui"}}, False),
        ({"sections": [{"visible": 0}, {"visible": 1}]}, False), ({"description": "visible: 0"}, False),
    ],
)  # fmt: skip
def test_hidden_courses_stay_back_without_a_rule(content: object, hidden: bool) -> None:
    worked = work(record(content), mapped(), context())
    assert (worked.held, [code for code, _, _ in told(worked)]) == (
        ("rule", ["publication-held-hidden"]) if hidden else ("", [])
    )


@pytest.mark.parametrize("name", ["Price", "offers", "cost", "Prix", "schema:offers"])
def test_columns_that_are_named_are_dropped_whatever_they_are_called(name: str) -> None:
    content = {"header": {"cost": "Prix"}, "row": {"cost": "100 EUR"}, "unknown": {}}
    resource = IRIS.resource("list", "1")
    offer = Iri(f"{resource}/offer/1")
    before = mapped(("offers", offer, "column «Prix»"), issues=(Issue("table-price", "column «Prix»", "100 EUR"),))
    price: Placed = (offer, Iri(SCHEMA + "price"), Literal("100", XSD + "decimal"), "column «Prix»")
    before = replace(before, triples=(*before.triples, price))
    worked = work(record(content), before, context({"columns": (name,)}))
    assert "100" not in said(worked), "what hangs on a dropped value goes with it"
    assert "A course" in said(worked)
    assert ("publication-column", "column «Prix»", "") in told(worked)
    assert (offer in said(worked)) == (name == "Price"), "the price alone, or the offer with it"
    if name in ("cost", "Prix"):
        assert ("table-price", "column «Prix»", "") in told(worked), "a finding does not quote it either"


def test_a_column_of_another_format_is_found_by_its_element_or_key() -> None:
    stated = [
        ("license", Literal("all rights"), "/record/metadata/oai_dc:dc/dc:rights[1]"),
        ("author", Literal("Jane"), "/creator/0/name"),
    ]
    for name, gone in (("rights", "all rights"), ("Creator", "Jane"), ("license", "all rights")):
        worked = work(record(), mapped(*stated), context({"columns": (name,)}))
        assert {"all rights", "Jane"} - said(worked) == {gone}


def test_a_correction_of_a_column_that_stays_back_is_not_told_either() -> None:
    fix = Correction(3, "list", "1", SCHEMA + "license", '"secret"', '"public"', "secret reason", "A", "2026-01-01")
    before = mapped(("license", Literal("secret"), "/rights"))
    worked = work(record(), before, context({"columns": ("license",)}), [fix])
    assert not [word for word in (*said(worked), str(worked.mapped.issues)) if "secret" in word or word == "public"]
    assert "secret" in str(work(record(), before, context(), [fix]))


def test_email_addresses_go_from_every_literal_and_iri() -> None:
    worked = work(
        record(),
        mapped(
            ("description", text("Ask jane.doe@office.example or <mailto:x@y.org>, please", "en"), "/description"),
            ("keywords", Literal("team@office.example"), "/keywords"),
            ("sameAs", Iri("mailto:jane@office.example"), "/a"),
            ("url", Iri("https://office.example/?to=jane%40office.example"), "/b"),
            ("isBasedOn", Iri("https://medium.com/@jane/post"), "/c"),
            ("dateModified", Literal("2020-01-01", XSD + "date"), "/d"),
            issues=(Issue("net-dns", "/x", "write to jane@office.example"),),
        ),
        context(),
    )
    everything = " ".join([*said(worked), *(value for _, _, value in told(worked))])
    assert "jane@" not in everything.replace("/@jane", "") and "@y.org" not in everything
    assert "%40" not in everything and "Ask" in everything and "medium.com/@jane" in everything
    places = {place for code, place, _ in told(worked) if code == "publication-email"}
    assert places == {"/description", "/keywords", "/a", "/b"}


@pytest.mark.parametrize(
    "address",
    ["http://intranet/course/1", "http://moodle.stat.intra/c", "https://10.1.2.3/x", "http://[fd00::1]/",
     "http://srv.local:8080/a", "file:///S:/share/course.pdf"],
)  # fmt: skip
def test_addresses_of_a_house_are_never_published(address: str) -> None:
    resource = IRIS.resource("list", "1")
    node: Placed = (IRIS.record("list", "1"), Iri(DCTERMS + "source"), Iri(address), "")
    before = mapped(("url", Iri(address), "/url"), ("description", text(f"See {address} now", "en"), "/d"))
    worked = work(record(), replace(before, triples=(*before.triples, node)), context())
    assert not [o for o in said(worked) if address in o]
    assert "https://office.example/" in said(worked), "the academy's page stands in for where it was read"
    assert ("publication-private", "/url", "") in told(worked)
    own = mapped(("isPartOf", Iri("http://localhost:8000/id/resource/list/2"), ""))
    local = replace(context(), iris=Iris("http://localhost:8000"))
    assert "http://localhost:8000/id/resource/list/2" in {str(o) for _, _, o, _ in publication.safe(
        record(), replace(own, resource=resource), local).triples}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (Iri("https://open.example/login?next=http%3A%2F%2Fintranet%2Fx"), "publication-private"),
        (Iri("https://web.archive.example/web/2020/http://wiki.stat.intra/a"), "publication-private"),
        (Iri("ftp://srv.local/plan.xlsx"), "publication-private"),
        (Literal("jörg@büro.example"), "publication-email"),
        (Literal("write to jane%40office.example"), "publication-email"),
        (Literal("root@10.1.2.3"), "publication-email"),
        (Literal("jane@office.example", "https://types.example/text"), "publication-email"),
        (Literal("http://intranet/x", XSD + "date"), "publication-private"),
    ],
)
def test_addresses_are_found_wherever_they_are_hidden(value: Term, code: str) -> None:
    worked = work(record(), mapped(("sameAs", value, "/x")), context())
    assert told(worked) == [(code, "/x", "")] and not [o for o in said(worked) if "intra" in o or "office" in o[9:]]


def test_a_finding_does_not_quote_what_must_not_be_published() -> None:
    quoted = (Issue("net-dns", "/x", "http://intranet/c", (("address", "see \\\\srv\\plans or a@b.example"),)),
              Issue("net-dns", "/y", "https://open.example/", (("host", "open.example"),)))  # fmt: skip
    worked = work(record(), mapped(issues=quoted), context())
    assert told(worked) == [("net-dns", "/x", ""), ("net-dns", "/y", "https://open.example/")]
    assert [dict(one.params) for one in worked.mapped.issues] == [{"address": "see  or"}, {"host": "open.example"}]


def test_an_address_that_is_none_never_reaches_a_release() -> None:
    worked = work(
        record(),
        mapped(
            ("url", Iri("https://office.example/?filter[0]=a&x=100%"), "/url"),
            ("sameAs", Iri("http://[::1"), "/same"),
            ("keywords", Literal("a", "no datatype"), "/k"),
            ("keywords", text("b", "en_US!!"), "/l"),
            ("keywords", Literal("c\x0b\x1bd\ne\ud800\x00"), "/m"),
        ),
        context(),
    )
    assert "https://office.example/?filter%5B0%5D=a&x=100%25" in said(worked)
    assert told(worked) == [("publication-no-address", "/same", "")]
    lines = to_ntriples(triple[:3] for triple in worked.mapped.triples)
    assert len(list(ox.parse(lines.encode(), ox.RdfFormat.N_TRIPLES))) == len(worked.mapped.triples)
    assert "cd\\ne" in lines and '"a" .' in lines and '"b"@und' in lines


@pytest.mark.parametrize(
    "value",
    ["https://cdn.example/npm/vue@3.2.1/x.js", "https://open.example/x?next=https://other.example/", "urn:isbn:9780",
     "https://open.example/%41%20", "https://open.example/a//b", "https://medium.com/@jane/http:"],
)  # fmt: skip
def test_open_addresses_stay(value: str) -> None:
    worked = work(record(), mapped(("sameAs", Iri(value), "/x")), context())
    assert value in said(worked) and not told(worked)


@pytest.mark.parametrize(
    "key",
    [
        "4711@office.example",
        "http://intranet/c/2",
        "file:///S:/a",
        "\\\\srv\\a",
        "c:\\a",
        "oai:http://10.0.0.1/x",
        "a\x10b",
    ],
)
def test_an_id_that_is_an_address_of_a_person_or_a_house_is_shown_as_its_digest(key: str) -> None:
    raw = record(key=key)
    node = IRIS.record("list", raw.key)
    given: Placed = (node, Iri(DCTERMS + "identifier"), Literal(raw.key), "")
    worked = publication.safe(raw, replace(mapped(), triples=(given,)), context())
    (shown,) = [o for s, _, o, _ in worked.triples if s == node]
    assert isinstance(shown, Literal) and shown.value == node.rpartition("/")[2] and not worked.issues
    assert public_key(key) == shown.value, "and so it is once the record is gone"


@pytest.mark.parametrize(
    "key", ["oai:a.example:1", "http://127.0.0.1:8001/a", "https://office.example/a", "http://[", "a:b"]
)
def test_other_ids_are_shown_as_they_are(key: str) -> None:
    assert public_key(key) == key


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[" * 100_000, b'{"visible": [[[[0]]]]}', b"\xff\xfe{", b'{"a": ' * 9000, b"[1e999]"]
)
def test_no_payload_breaks_the_rules(payload: bytes) -> None:
    raw = replace(record(), payload=payload)
    work(raw, mapped(), context({"categories": ("x",), "access": ("y",), "columns": ("z",)}))


_words = st.text(alphabet=st.sampled_from("ab@.:/\\mailto% <>()[]-é\n"), max_size=40)
_keys = st.sampled_from(["visible", "hidden", "category", "name", "row", "header", "unknown", "access", "tags", "x"])
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=4),
    max_leaves=12,
)


@given(_json, st.lists(st.tuples(st.sampled_from(["keywords", "url", "about", "offers"]), _words, st.booleans())))
@settings(max_examples=300, deadline=None)
def test_nothing_a_feed_says_breaks_the_steps_or_brings_an_address_out(
    content: object, stated: list[tuple[str, str, bool]]
) -> None:
    terms: list[tuple[str, Term, str]] = [
        (name, Iri(word) if iri and is_iri(word) else Literal(word), f"/{name}") for name, word, iri in stated
    ]
    raw = replace(record(), payload=json.dumps(content).encode())
    worked = work(raw, mapped(*terms), context({"categories": ("a",), "access": ("b",), "columns": ("offers",)}))
    for _, p, o, _ in worked.mapped.triples:
        shown = o.value if isinstance(o, Literal) else str(o)
        assert not clean.drop_emails(shown)[1] and p != SCHEMA + "offers"


# The way through gate and log.


def row(key: str, title: str = "A course", **more: str) -> RawRecord:
    fields = {"title": title, "url": f"https://office.example/{key}", **more}
    payload = json.dumps({"header": {name: name for name in fields}, "row": fields, "unknown": {}}, sort_keys=True)
    return RawRecord(key, payload.encode(), "application/json", "table", FEED.address, f"row {key}")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(Settings(data=tmp_path / "var"), {"office": OFFICE}) as found:
        yield found


@pytest.fixture
def visit(house: House, monkeypatch: pytest.MonkeyPatch) -> Says:
    def says(events: Iterable[HarvestEvent], feed: Feed = FEED) -> Run:
        monkeypatch.setattr(base, "load", lambda protocol: lambda visit: iter(events))
        asked = intake.Intake(house.connection, house.settings, house.iris, house.root, house.messages)
        return intake.visit(asked, OFFICE, feed)

    return says


def kinds(house: House) -> dict[str, str]:
    return {change.key: f"{change.kind} {change.cause}" for change in log.standing(house.connection)}


def test_a_record_that_was_public_is_withdrawn_and_comes_back(house: House, visit: Says) -> None:
    plain = [row(str(n), keywords="open") for n in range(4)]
    visit([*plain, Done(True)])
    ruled = replace(FEED, publish={"categories": ("Internal",)})
    inside = [row("0", keywords="internal"), *plain[1:]]
    run = visit([*inside, Done(True)], ruled)
    assert (run.outcome, run.counts["withdrawn"], run.counts["by_rule"]) == ("done", 1, 1)
    assert kinds(house)["0"] == "tombstone source", "the academy moved it; the rule was there or came with it"
    last = log.last_sequence(house.connection)
    again = visit([*inside, Done(True)], ruled)
    assert log.last_sequence(house.connection) == last and again.counts["held"] == 1
    (finding,) = findings.of_record(house.connection, "list", "0")
    assert (finding.severity, finding.issue.code) == ("info", "publication-held-category")
    assert visit([*plain, Done(True)], ruled).counts["published_new"] == 1
    assert kinds(house)["0"] == "record source"


def test_a_course_that_is_hidden_in_the_source_goes(house: House, visit: Says) -> None:
    visit([row("1"), row("2"), row("3"), Done(True)])
    hidden = replace(row("1"), payload=row("1").payload.replace(b'"unknown": {}', b'"unknown": {"Visible": "no"}'))
    assert visit([hidden, row("2"), row("3"), Done(True)]).counts["withdrawn"] == 1
    assert house.connection.execute("SELECT count(*) FROM payload").fetchone() == (3,), "nothing of it is kept as good"


def test_hiding_most_of_a_list_is_refused_like_any_loss(house: House, visit: Says) -> None:
    visit([*(row(str(n)) for n in range(6)), Done(True)])
    hidden = [replace(r, payload=r.payload.replace(b'"unknown": {}', b'"unknown": {"Visible": "no"}'))
              for r in (row(str(n)) for n in range(6))]  # fmt: skip
    assert visit([*hidden, Done(True)]).outcome == "refused"
    assert set(kinds(house).values()) == {"record source"}
