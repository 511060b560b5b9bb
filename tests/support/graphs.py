"""Small accepted graphs for tests of projections."""

from __future__ import annotations

from registry.iris import DCAT, FOAF, RDF_TYPE, Iris, schema
from registry.model import Change
from registry.terms import Iri, Literal, Triple, text, to_ntriples

BASE = "http://registry.test"
IRIS = Iris(BASE)
TIME = "2026-03-01T10:00:00Z"


def record_change(
    sequence: int,
    key: str,
    *,
    feed: str = "one",
    name: str = "Git",
    extra: tuple[tuple[str, object], ...] = (),
    inferred: str = "",
) -> Change:
    """A published record; ``extra`` are further (schema.org name, value) of the resource."""
    record, resource = IRIS.record(feed, key), IRIS.resource(feed, key)
    triples: list[Triple] = [
        (record, RDF_TYPE, Iri(DCAT + "CatalogRecord")),
        (record, Iri(FOAF + "primaryTopic"), resource),
        (resource, RDF_TYPE, schema("LearningResource")),
        (resource, schema("name"), text(name, "en")),
        (resource, schema("offers"), Iri(f"{resource}/offer/1")),
        (Iri(f"{resource}/offer/1"), schema("price"), Literal("0")),
    ]
    triples += [(resource, schema(predicate), value) for predicate, value in extra]  # type: ignore[misc]
    about = to_ntriples([(resource, schema("about"), Iri(inferred))]) if inferred else ""
    return Change(
        sequence,
        TIME,
        "record",
        record,
        "source",
        feed,
        key,
        f"{BASE}/id/run/{feed}/1",
        TIME,
        to_ntriples(triples),
        about,
    )


def tombstone_change(sequence: int, key: str, *, feed: str = "one") -> Change:
    """A record that is gone."""
    return Change(sequence, TIME, "tombstone", IRIS.record(feed, key), "source", feed, key, "", TIME)
