"""What ``/sparql`` says about itself. Source: SPARQL 1.1 Service Description."""

from __future__ import annotations

from registry.iris import DCTERMS, RDF_TYPE, RDFS
from registry.release import Release
from registry.settings import Settings
from registry.terms import XSD, Iri, Literal, Triple, text, to_ntriples

SD = "http://www.w3.org/ns/sparql-service-description#"
FORMATS = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "N-Triples", "RDF_XML", "JSON-LD",
)  # fmt: skip


def service_description(endpoint: str, settings: Settings, release: Release | None) -> str:
    """The service as N-Triples: its language, formats, dataset and limits."""
    service, dataset = Iri(f"{endpoint}#service"), Iri(f"{endpoint}#dataset")
    default = Iri(f"{endpoint}#default-graph")
    limits = (
        f"Queries only. A query may have {settings.query_max_bytes} bytes and run for"
        f" {settings.query_deadline:g} seconds. Without a dataset of its own it is asked of all graphs together."
        " SERVICE is refused. An answer is complete, or the connection is broken off."
    )
    triples: list[Triple] = [
        (service, RDF_TYPE, Iri(SD + "Service")),
        (service, Iri(SD + "endpoint"), Iri(endpoint)),
        (service, Iri(SD + "supportedLanguage"), Iri(SD + "SPARQL11Query")),
        (service, Iri(SD + "defaultDataset"), dataset),
        (service, Iri(RDFS + "comment"), text(limits, "en")),
        (dataset, RDF_TYPE, Iri(SD + "Dataset")),
        (dataset, Iri(SD + "defaultGraph"), default),
        (default, RDF_TYPE, Iri(SD + "Graph")),
    ]
    triples += [(service, Iri(SD + "resultFormat"), Iri(f"http://www.w3.org/ns/formats/{name}")) for name in FORMATS]
    if release is not None:
        triples.append((dataset, Iri(DCTERMS + "hasVersion"), Literal(release.number)))
        if isinstance(time := release.manifest.get("time"), str):
            triples.append((dataset, Iri(DCTERMS + "modified"), Literal(time, XSD + "dateTime")))
    return to_ntriples(triples)
