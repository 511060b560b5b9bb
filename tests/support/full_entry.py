"""One entry that says all that the profile knows, for tests of filters and of JSON-LD."""

from __future__ import annotations

from support import small_release as small

from registry.iris import DCAT, DCTERMS, SCHEMA
from registry.model import Change
from registry.terms import RDF_LANG_STRING, XSD, Iri, Literal, from_ntriples, text, to_ntriples

FEED, KEY = "north-oai", "full"
RESOURCE = small.IRIS.resource(FEED, KEY)
RUN, LATER = Iri(f"{RESOURCE}/run/1"), Iri(f"{RESOURCE}/run/2")
PERSON = Iri("https://orcid.org/0000-0002-1825-0097")


def _s(name: str) -> Iri:
    return Iri(SCHEMA + name)


def _typed(value: str, kind: str) -> Literal:
    return Literal(value, XSD + kind)


def entry(sequence: int = 1) -> Change:
    """The change that brings it."""
    subject, graph = small.record(
        FEED, KEY, {"en": "Time series", "und": "ZR"}, url="https://north.example/ts", languages=("en", "pt-BR"),
        licence="CC-BY-4.0", level="basic", about="ph-5", modified="2025-04-01", free=False, description="Seasons.",
    )  # fmt: skip
    file, place, offer, agent = (Iri(f"{RESOURCE}/{end}") for end in ("file/1", "place/1", "offer/1", "agent/1"))
    address = Iri(f"{place}/address")
    basis = small.IRIS.resource("south-web", "git-intro")
    said: list[tuple[Iri, Iri, Iri | Literal]] = [
        (RESOURCE, _s("author"), PERSON), (PERSON, _s("name"), Literal("Ada Öberg")),
        (RESOURCE, _s("author"), Literal("Group of Authors")),
        (RESOURCE, _s("publisher"), agent), (agent, _s("name"), text("Bureau Nord", "fr")),
        (RESOURCE, _s("translator"), Literal("Tom Tell")),
        (RESOURCE, _s("audience"), small.concept("audience", "it-developer")),
        (RESOURCE, _s("audience"), Literal("everybody", RDF_LANG_STRING, "en")),
        (RESOURCE, _s("teaches"), text("Decompose a series", "en")),
        (RESOURCE, _s("teaches"), Iri("http://data.europa.eu/esco/skill/1")),
        (RESOURCE, _s("competencyRequired"), Literal("Algebra")),
        (RESOURCE, _s("creativeWorkStatus"), small.concept("work-status", "active")),
        (RESOURCE, _s("timeRequired"), _typed("P1DT2H", "duration")),
        (RESOURCE, _s("datePublished"), _typed("2024", "gYear")),
        (RESOURCE, _s("dateCreated"), _typed("2023-05-01T10:00:00Z", "dateTime")),
        (RESOURCE, _s("version"), Literal("2.1")), (RESOURCE, _s("courseCode"), Literal("TS 101")),
        (RESOURCE, _s("numberOfCredits"), _typed("3", "integer")),
        (RESOURCE, _s("identifier"), Iri("https://doi.org/10.1234/abc")), (RESOURCE, _s("identifier"), Literal("ts-1")),
        (RESOURCE, _s("isBasedOn"), basis), (RESOURCE, _s("isBasedOn"), Literal("An old book")),
        (RESOURCE, _s("isPartOf"), Iri("https://north.example/programme")),
        (RESOURCE, _s("hasPart"), Iri("https://north.example/ts/1")),
        (RESOURCE, _s("translationOfWork"), Iri("https://elsewhere.example/ts")),
        (RESOURCE, Iri(DCAT + "previousVersion"), Iri("https://north.example/ts-old")),
        (RESOURCE, Iri(DCTERMS + "relation"), Iri("https://north.example/data")),
        (RESOURCE, _s("sameAs"), Iri("https://other.example/ts")),
        (RESOURCE, _s("encoding"), file), (file, _s("contentUrl"), Iri("https://north.example/ts.pdf")),
        (file, _s("encodingFormat"), Literal("application/pdf")),
        (RESOURCE, _s("hasCourseInstance"), RUN), (RUN, _s("startDate"), _typed("2026-05-04", "date")),
        (RUN, _s("endDate"), _typed("2026-05-06", "date")), (RUN, _s("eventStatus"), _s("EventCancelled")),
        (RUN, _s("instructor"), PERSON), (RUN, _s("maximumAttendeeCapacity"), _typed("12", "integer")),
        (RUN, _s("location"), place), (place, _s("name"), Literal("Room 1")), (place, _s("address"), address),
        (address, _s("addressCountry"), Iri("http://publications.europa.eu/resource/authority/country/FRA")),
        (address, _s("addressLocality"), Literal("Saint-Étienne")),
        (RUN, _s("offers"), offer), (offer, _s("price"), Literal("120.00")), (offer, _s("priceCurrency"), Literal("EUR")),
        (offer, _s("validFrom"), _typed("2026-01-01", "date")),
        (RESOURCE, _s("hasCourseInstance"), LATER),
        (LATER, _s("startDate"), _typed("2027-02-01T09:00:00+01:00", "dateTime")),
    ]  # fmt: skip
    inferred = to_ntriples([(RESOURCE, _s("about"), small.concept("topics", "sampling"))])
    stated = to_ntriples([*from_ntriples(graph), *said])
    return Change(sequence, small.TIME, "record", subject, "source", FEED, KEY, first="2026-02-01T00:00:00Z",
                  stated=stated, inferred=inferred)  # fmt: skip
