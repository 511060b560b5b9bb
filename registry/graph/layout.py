"""Which triples of a change stand in which graph: the layout of the public dataset, as N-Quads.

A graph holds only triples whose subject it owns, so no triple stands twice and the union of all graphs is
the merged graph on every engine. Graphs: ``docs/profile.md``, "IRIs and graphs".
"""

from __future__ import annotations

from collections.abc import Iterable

from registry.iris import ADMS, DCAT, DCTERMS, FOAF, PROV, RDF_TYPE, Iris, owns, public_key
from registry.model import Change
from registry.terms import XSD, Iri, Literal, Triple, line, to_ntriples

DCAT_RECORD = Iri(DCAT + "record")
DCAT_RESOURCE = Iri(DCAT + "resource")
CATALOG_RECORD = Iri(DCAT + "CatalogRecord")
PRIMARY_TOPIC = Iri(FOAF + "primaryTopic")
STATUS = Iri(ADMS + "status")

CLASSIFICATION = "derived/classification"
RELATIONS = "derived/relations"
MATCHES = "matches"
TOMBSTONES = "tombstones"


class BadChange(ValueError):
    """A change that the layout cannot hold: a bug of the stage that wrote it."""


def date_time(value: str) -> Literal:
    """A UTC time of the log as xsd:dateTime."""
    return Literal(value, XSD + "dateTime")


def quads(graph: str, lines: Iterable[str]) -> str:
    """Lines of N-Triples as N-Quads of one graph."""
    end = f"<{graph}> .\n"
    return "".join(f"{row[:-1]}{end}" for row in lines)


def topic(change: Change) -> Iri:
    """The resource that a record is about. Raises BadChange unless there is exactly one."""
    start = f"<{change.subject}> <{PRIMARY_TOPIC}> <"
    found = [row[len(start) : -3] for row in change.stated.splitlines() if row.startswith(start)]
    if len(found) != 1:
        raise BadChange(f"{change.subject}: {len(found)} foaf:primaryTopic, must be 1")
    return Iri(found[0])


def _own_lines(change: Change, resource: str, data: str, what: str) -> list[str]:
    """The lines of a graph, each about the record, its resource or something under them."""
    owned = tuple(f"<{owner}{end}" for owner in (change.subject, resource) for end in (">", "/"))
    lines = data.splitlines()
    for row in lines:
        if not row.startswith(owned):
            raise BadChange(f"{change.subject}: {what} speaks for another subject: {row[:200]}")
        if row.split(" ", 2)[2].startswith("_:"):
            raise BadChange(f"{change.subject}: {what} has a blank node: {row[:200]}")
    return lines


def record_quads(change: Change, academy: str, iris: Iris) -> str:
    """What the dataset holds for a published record, as N-Quads.

    Its own graph (stated, and the entry's bookkeeping), what was inferred and not stated, and the two
    links from the academy's catalogue (DCAT 3, dcat:CatalogRecord).
    """
    record, resource = Iri(change.subject), topic(change)
    stated = _own_lines(change, resource, change.stated, "stated graph")
    entry: list[Triple] = [
        (record, Iri(DCTERMS + "issued"), date_time(change.first or change.time)),
        (record, Iri(DCTERMS + "modified"), date_time(change.time)),
        (record, STATUS, iris.concept("record-status", "active")),
    ]
    if change.run:
        entry.append((record, Iri(PROV + "wasGeneratedBy"), Iri(change.run)))
    graph = set(stated) | {line(triple) for triple in entry}
    inferred = set(_own_lines(change, resource, change.inferred, "inferred graph")) - graph
    subjects = {row.split(" ", 1)[0] for row in stated}
    if lost := next((row for row in inferred if row.split(" ", 1)[0] not in subjects), None):
        raise BadChange(f"{record}: inferred about what the record does not describe: {lost[:200]}")
    catalog = iris.catalog(academy)
    links = [line((catalog, DCAT_RECORD, record)), line((catalog, DCAT_RESOURCE, resource))]
    return (
        quads(record, sorted(graph))
        + quads(iris.graph(CLASSIFICATION), sorted(inferred))
        + quads(iris.graph(f"catalog/{academy}"), links)
    )


def tombstone_quads(change: Change, academy: str | None, iris: Iris) -> str:
    """What the dataset holds for a record that is gone, as N-Quads; its academy None where that is not known."""
    record = Iri(change.subject)
    triples: list[Triple] = [
        (record, RDF_TYPE, CATALOG_RECORD),
        (record, STATUS, iris.concept("record-status", "deleted")),
        (record, Iri(DCTERMS + "issued"), date_time(change.first or change.time)),
        (record, Iri(PROV + "invalidatedAtTime"), date_time(change.time)),
        (record, Iri(DCTERMS + "identifier"), Literal(public_key(change.key))),
    ]
    if academy is not None:
        triples.append((record, Iri(DCTERMS + "isPartOf"), iris.catalog(academy)))
    if change.run:
        triples.append((record, Iri(PROV + "wasInvalidatedBy"), Iri(change.run)))
    return quads(iris.graph(TOMBSTONES), to_ntriples(triples).splitlines())


def is_public(iris: Iris, graph: str) -> bool:
    """Whether a graph belongs to the public dataset: all but the projection's own marker."""
    return not owns(iris.graph("projection"), graph)
