"""What ``/sparql`` says about itself. Source: SPARQL 1.1 Service Description.

Only what is so: formats are those that the workers write, limits those that are set, graphs those of the release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.graph import guard
from registry.graph.worker import GRAPHS, RESULTS
from registry.iris import DCTERMS, FOAF, RDF_TYPE, RDFS
from registry.release import Release
from registry.settings import Settings
from registry.terms import XSD, Iri, Literal, Triple, to_ntriples
from registry.web.discovery import PREFIXES, dataset_of, document_of, format_of, number, profile_of, told

SD = PREFIXES["sd"]
SIMPLE = "http://www.w3.org/ns/entailment/Simple"


def _limits(settings: Settings) -> dict[str, object]:
    """What a query may be."""
    return {
        "bytes": settings.query_max_bytes, "seconds": f"{settings.query_deadline:g}",
        "memory": settings.query_memory >> 20, "nesting": guard.MAX_NESTING, "tokens": guard.MAX_TOKENS,
        "steps": guard.MAX_PATH_STEPS, "budget": f"{settings.query_seconds:g}",
        "burst": f"{settings.query_seconds_burst:g}", "errors": f"{settings.query_errors:g}",
    }  # fmt: skip


def service_description(endpoint: str, settings: Settings, release: Release | None) -> str:
    """The service as N-Triples: its language, formats, dataset and limits. ``endpoint`` is its public address."""
    address = endpoint.removesuffix("/sparql")
    service, dataset = Iri(f"{endpoint}#service"), dataset_of(address)
    triples: list[Triple] = [
        (service, RDF_TYPE, Iri(SD + "Service")),
        (service, Iri(SD + "endpoint"), Iri(endpoint)),
        (service, Iri(SD + "supportedLanguage"), Iri(SD + "SPARQL11Query")),
        (service, Iri(SD + "defaultEntailmentRegime"), Iri(SIMPLE)),
        (service, Iri(SD + "defaultDataset"), dataset),
        (service, Iri(FOAF + "page"), Iri(f"{address}/query")),
        (service, Iri(RDFS + "seeAlso"), document_of(address)),
        (service, Iri(RDFS + "seeAlso"), Iri(f"{address}/q")),
        (dataset, Iri(DCTERMS + "conformsTo"), profile_of(address)),
    ]
    triples += told(service, RDFS + "comment", "limits", **_limits(settings))
    triples += [(service, Iri(SD + "resultFormat"), format_of(name)) for name in (*RESULTS, *GRAPHS)]
    described = release.described() if release is not None else None
    triples += _dataset(endpoint, dataset, described)
    if release is not None:
        triples.append((dataset, Iri(DCTERMS + "hasVersion"), Literal(release.number)))
        if isinstance(time := release.manifest.get("time"), str):
            triples.append((dataset, Iri(DCTERMS + "modified"), Literal(time, XSD + "dateTime")))
    return to_ntriples(triples)


def _dataset(endpoint: str, dataset: Iri, described: Mapping[str, Any] | None) -> list[Triple]:
    """The default dataset: its default graph with its size, and the named graphs that are no entry's."""
    default = Iri(f"{endpoint}#default-graph")
    triples: list[Triple] = [
        (dataset, RDF_TYPE, Iri(SD + "Dataset")),
        (dataset, Iri(SD + "defaultGraph"), default),
        (default, RDF_TYPE, Iri(SD + "Graph")),
    ]
    triples += told(dataset, RDFS + "comment", "dataset")
    if described is None:
        return triples
    triples.append((default, Iri(PREFIXES["void"] + "triples"), number(described["triples"])))
    for name, count in described["graphs"].items():
        named = Iri(f"{endpoint}#graph/{name.partition('/graph/')[2]}")
        graph = Iri(f"{endpoint}#graph-of/{name.partition('/graph/')[2]}")
        triples += [
            (dataset, Iri(SD + "namedGraph"), named),
            (named, RDF_TYPE, Iri(SD + "NamedGraph")),
            (named, Iri(SD + "name"), Iri(name)),
            (named, Iri(SD + "graph"), graph),
            (graph, RDF_TYPE, Iri(SD + "Graph")),
            (graph, Iri(PREFIXES["void"] + "triples"), number(count)),
        ]
    return triples
