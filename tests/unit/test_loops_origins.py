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
from registry.terms import Iri, Literal, Term, text

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
        (RESOURCE, SCHEMA + "isBasedOn", Iri("https://registry.example/id/resource/list/1#it")),
        (RESOURCE, SCHEMA + "sameAs", Iri("https://registry.example/id/resource/list/1")),
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
