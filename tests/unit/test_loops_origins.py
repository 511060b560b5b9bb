"""Records that come back through another registry, and those that one of our own feeds reads at their origin."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harvesters import base
from registry.crosswalk import values
from registry.crosswalk.base import MapContext, Mapped, Placed
from registry.iris import DCTERMS, FOAF, PROV, SCHEMA, Iris
from registry.ledger import findings, log
from registry.model import Academy, Done, Expect, Feed, HarvestEvent, RawRecord, Run
from registry.pipeline import intake
from registry.pipeline.house import House, opened
from registry.prepare import loops
from registry.prepare.steps import work
from registry.settings import Settings
from registry.terms import Iri, Literal, Term, text, to_ntriples

IRIS = Iris("https://registry.example")
HUB = Feed("hub", "hub", "told", "https://hub.example/oai", expect=Expect(0, 0.5))
FIRST = Feed("first", "office", "oai_pmh", "https://office.example/oai?set=x", expect=Expect(0, 0.5))
ACADEMIES = {
    "hub": Academy("hub", {"en": "Hub"}, "https://hub.example/", feeds=(HUB,)),
    "office": Academy("office", {"en": "Office"}, "https://office.example/", feeds=(FIRST,)),
}
CONTEXT = MapContext(ACADEMIES["hub"], HUB, IRIS, values.load(IRIS, HUB, {}))
RAW = RawRecord("a", b"{}", "application/json", "x", "https://hub.example/a")
NODE, RESOURCE = IRIS.record("hub", "a"), IRIS.resource("hub", "a")


def mapped(subject: Iri, predicate: str, value: Term) -> Mapped:
    triples: tuple[Placed, ...] = (
        (NODE, Iri(FOAF + "primaryTopic"), RESOURCE, ""),
        (RESOURCE, Iri(SCHEMA + "name"), text("A course", "en"), "/title"),
        (subject, Iri(predicate), value, "/there"),
    )
    return Mapped(RESOURCE, triples)


@pytest.mark.parametrize(
    ("subject", "predicate", "value"),
    [
        (NODE, PROV + "wasDerivedFrom", Iri("https://registry.example/id/record/list/1")),
        (NODE, DCTERMS + "source", Iri("https://registry.example/id/record/list/1")),
        (RESOURCE, SCHEMA + "sameAs", Iri("https://registry.example/id/resource/list/1#it")),
        (RESOURCE, SCHEMA + "url", Iri("https://registry.example/id/resource/list/1?lang=fr")),
        (RESOURCE, SCHEMA + "identifier", Literal("https://registry.example/id/resource/list/1/run/2")),
    ],
)
def test_a_record_of_ours_is_recognised_and_named(subject: Iri, predicate: str, value: Term) -> None:
    worked = work(RAW, mapped(subject, predicate, value), CONTEXT)
    assert (worked.held, worked.mapped.triples) == ("loop", ())
    (issue,) = worked.mapped.issues
    kind = "record" if "/record/" in str(value) else "resource"
    assert (issue.code, issue.place) == ("loop-ours", "/there")
    assert issue.value == f"https://registry.example/id/{kind}/list/1"


@pytest.mark.parametrize(
    "value",
    [Iri("https://registry.example/"), Iri("https://registry.example/id/concept/gsbpm/sp-5.3"),
     Iri("https://registry.example.org/id/resource/list/1"), RESOURCE, Iri("https://x.example/id/resource/list/1"),
     Iri("https://registry.example/id/resource/list")],
)  # fmt: skip
def test_what_only_looks_like_ours_is_published(value: Iri) -> None:
    assert work(RAW, mapped(RESOURCE, SCHEMA + "sameAs", value), CONTEXT).held == ""


def test_what_is_based_on_a_record_of_ours_is_none_of_them_unless_it_is_the_same_thing() -> None:
    cited = Iri("https://registry.example/id/resource/list/1#it")
    adapted = mapped(RESOURCE, SCHEMA + "isBasedOn", cited)
    worked = work(RAW, adapted, CONTEXT)
    assert (worked.held, worked.mapped.issues) == ("", ())
    (found,) = worked.based_on
    assert (found.record, found.address, found.place) == (
        "https://registry.example/id/record/list/1", "https://registry.example/id/resource/list/1", "/there",
    )  # fmt: skip
    itself: Placed = (RESOURCE, Iri(SCHEMA + "identifier"), cited, "/id")
    assert work(RAW, replace(adapted, triples=(*adapted.triples, itself)), CONTEXT).held == "loop"
    own = mapped(RESOURCE, SCHEMA + "isBasedOn", RESOURCE)
    assert work(RAW, own, CONTEXT).based_on == ()


def test_titles_are_compared_as_people_read_them() -> None:
    def graph(*names: tuple[str, str]) -> str:
        node, it = Iri("urn:n"), Iri("urn:r")
        other = (Iri("urn:r/agent/1"), Iri(SCHEMA + "name"), text("Office", "en"))
        return to_ntriples([(node, Iri(FOAF + "primaryTopic"), it), other,
                            *((it, Iri(SCHEMA + "name"), text(*name)) for name in names)])  # fmt: skip

    ours = graph(("Initiation à Git", "fr"), ("Introduction to Git", "en"))
    assert loops.same_title(graph(("initiation a  GIT.", "und")), ours)
    assert not loops.same_title(graph(("Introduction to Git for statisticians", "en")), ours)
    assert not loops.same_title(graph(("…", "en")), graph(("?", "en"))) and not loops.same_title("", ours)


def test_a_feed_that_reads_this_registry_is_a_loop() -> None:
    raw = replace(RAW, source="https://registry.example/oai?verb=GetRecord&identifier=x")
    worked = work(raw, mapped(RESOURCE, SCHEMA + "name", text("x", "fr")), CONTEXT)
    assert (worked.held, worked.mapped.issues[0].code) == ("loop", "loop-ours")
    beside = replace(RAW, source="https://registry.example/training/1")
    assert work(beside, mapped(RESOURCE, SCHEMA + "name", text("x", "fr")), CONTEXT).held == "", "the same host only"


def test_origins_are_read_from_provenance_nearest_first() -> None:
    first = "https://office.example/oai/?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:office:7"
    before = mapped(NODE, PROV + "wasDerivedFrom", Iri(first))
    far: Placed = (NODE, Iri(PROV + "wasDerivedFrom"), Iri("http://far.example/o?identifier=9&verb=GetRecord"), "/p")
    here: Placed = (NODE, Iri(PROV + "wasDerivedFrom"), Iri("https://hub.example/oai?identifier=a"), "/q")
    none: Placed = (NODE, Iri(PROV + "wasDerivedFrom"), Iri("oai:far:9"), "/q")
    found = loops.origins(RAW, replace(before, triples=(*before.triples, far, here, none)), CONTEXT)
    assert [(one.address, one.key, one.place) for one in found] == [
        ("https://office.example/oai", "oai:office:7", "/there"), ("https://far.example/o", "9", "/p"),
    ]  # fmt: skip
    assert loops.repositories(ACADEMIES.values()) == {"https://office.example/oai": "first"}


# With the ledger: the aggregator's copy yields as long as our own feed reads the record at its origin.

OAI = (
    '<record xmlns="http://www.openarchives.org/OAI/2.0/"><header><identifier>{key}</identifier></header><metadata>'
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A course {key}</dc:title></oai_dc:dc></metadata>{about}'
    "</record>"
)
ABOUT = (
    '<about><provenance xmlns="http://www.openarchives.org/OAI/2.0/provenance"><originDescription>'
    "<baseURL>https://office.example/oai</baseURL><identifier>{key}</identifier></originDescription></provenance>"
    "</about>"
)


def oai(key: str, origin: str = "") -> RawRecord:
    about = ABOUT.format(key=origin) if origin else ""
    return RawRecord(
        key, OAI.format(key=key, about=about).encode(), "text/xml", "oai_dc", f"https://hub.example/{key}"
    )


DERIVED = "https://registry.example/id/resource/first/o1"
ADAPTED = (
    '<record xmlns="http://www.openarchives.org/OAI/2.0/"><header><identifier>{key}</identifier></header><metadata>'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:s="https://schema.org/">'
    '<s:Course rdf:about="https://hub.example/{key}"><s:name xml:lang="en">{title}</s:name>'
    '<s:isBasedOn rdf:resource="{cited}"/></s:Course></rdf:RDF></metadata></record>'
)


def adapted(key: str, title: str, cited: str = DERIVED) -> RawRecord:
    payload = ADAPTED.format(key=key, title=title, cited=cited).encode()
    return RawRecord(key, payload, "text/xml", "rdf", f"https://hub.example/{key}")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(Settings(data=tmp_path / "var", base="https://registry.example"), ACADEMIES) as found:
        yield found


def test_the_first_hand_record_wins_and_the_copy_comes_back_when_it_goes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def visit(feed: Feed, *events: HarvestEvent) -> Run:
        said: Iterable[HarvestEvent] = [*events, Done(True)]
        monkeypatch.setattr(base, "load", lambda protocol: lambda visit: iter(said))
        asked = intake.Intake(
            house.connection, house.settings, house.iris, house.root, house.messages, accept_drop=True,
            repositories=loops.repositories(ACADEMIES.values()),
        )  # fmt: skip
        return intake.visit(asked, ACADEMIES[feed.academy], feed)

    def kinds() -> dict[str, str]:
        return {f"{c.feed}/{c.key}": c.kind for c in log.standing(house.connection)}

    copies = [oai("c1", "o1"), oai("c2", "o2"), oai("c3")]
    visit(HUB, *copies)
    assert kinds() == {"hub/c1": "record", "hub/c2": "record", "hub/c3": "record"}, "nobody else has them"
    visit(FIRST, oai("o1"), oai("o9"))
    run = visit(HUB, *copies)
    assert (run.counts["withdrawn"], run.counts["unchanged"]) == (1, 3)
    assert kinds()["hub/c1"] == "tombstone" and kinds()["hub/c2"] == "record" and kinds()["first/o1"] == "record"
    (told,) = findings.of_record(house.connection, "hub", "c1")
    assert (told.issue.code, told.severity, told.issue.value) == ("loop-first-hand", "info", "o1")
    assert dict(told.issue.params) == {"feed": "first", "ours": "https://registry.example/id/record/first/o1"}
    assert told.issue.place.endswith("/*[local-name()='originDescription']")
    last = log.last_sequence(house.connection)
    visit(HUB, *copies)
    assert log.last_sequence(house.connection) == last
    visit(FIRST, oai("o9"))
    visit(HUB, *copies)
    assert kinds()["hub/c1"] == "record", "the copy is better than nothing"
    assert json.dumps(kinds()).count("tombstone") == 1


def test_an_adaptation_that_cites_our_address_is_published_and_a_copy_is_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def visit(feed: Feed, *events: HarvestEvent) -> Run:
        said: Iterable[HarvestEvent] = [*events, Done(True)]
        monkeypatch.setattr(base, "load", lambda protocol: lambda visit: iter(said))
        asked = intake.Intake(house.connection, house.settings, house.iris, house.root, house.messages)
        return intake.visit(asked, ACADEMIES[feed.academy], feed)

    visit(FIRST, oai("o1"))
    visit(HUB, adapted("mine", "A course of my own"), adapted("copy", "A course O1!"),
          adapted("lost", "A course o1", DERIVED + "0"))  # fmt: skip
    kinds = {f"{c.feed}/{c.key}": c.kind for c in log.standing(house.connection)}
    assert kinds == {"first/o1": "record", "hub/mine": "record", "hub/lost": "record"}
    (told,) = findings.of_record(house.connection, "hub", "copy")
    assert (told.issue.code, told.issue.value) == ("loop-ours", DERIVED) and told.issue.place
    assert not [one for one in findings.of_record(house.connection, "hub", "mine") if "loop" in one.issue.code]
