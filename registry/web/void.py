"""What the public graph holds, as a VoID description. Source: W3C Interest Group Note VoID; DCAT 3 for the dataset.

Its numbers are those that the release was made with (``registry.graph.partitions``), equal to what queries count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from registry.iris import DCAT, DCTERMS, FOAF, RDF_TYPE, Iris
from registry.release import Release
from registry.terms import XSD, Iri, Literal, Triple
from registry.web.discovery import PREFIXES, dataset_of, document_of, format_of, number, profile_of, told

VOID = PREFIXES["void"]


def void_triples(
    address: str, iris: Iris, release: Release, formats: Iterable[str], examples: Iterable[str]
) -> list[Triple]:
    """The description of a release. ``formats`` are media types that things can be had in, ``examples`` IRIs of
    some. A release of an earlier program has no numbers; then none are told."""
    document, dataset = document_of(address), dataset_of(address)
    triples: list[Triple] = [
        (document, RDF_TYPE, Iri(VOID + "DatasetDescription")),
        (document, Iri(FOAF + "primaryTopic"), dataset),
        (dataset, RDF_TYPE, Iri(VOID + "Dataset")),
        (dataset, RDF_TYPE, Iri(DCAT + "Dataset")),
        (dataset, Iri(DCTERMS + "publisher"), iris.academy("meta-academy-registry")),
        (dataset, Iri(DCTERMS + "hasVersion"), Literal(release.number)),
        (dataset, Iri(DCTERMS + "modified"), Literal(str(release.manifest["time"]), XSD + "dateTime")),
        (dataset, Iri(DCTERMS + "conformsTo"), profile_of(address)),
        (dataset, Iri(FOAF + "homepage"), Iri(f"{address}/")),
        (dataset, Iri(VOID + "sparqlEndpoint"), Iri(f"{address}/sparql")),
        (dataset, Iri(VOID + "uriSpace"), Literal(f"{iris.base}/id/")),
        (dataset, Iri(DCTERMS + "title"), Literal("Meta Academy Registry")),
        *told(dataset, DCTERMS + "description", "what"),
        *told(dataset, DCTERMS + "rights", "rights"),
    ]
    triples += [(dataset, Iri(VOID + "feature"), format_of(name)) for name in formats]
    triples += [(dataset, Iri(VOID + "exampleResource"), Iri(example)) for example in examples]
    if (described := release.described()) is not None:
        triples += _numbers(document, dataset, described)
    return triples


def _numbers(document: Iri, dataset: Iri, described: Mapping[str, Any]) -> Iterator[Triple]:
    classes, properties = described["classes"], described["properties"]
    for name, value in (
        ("triples", described["triples"]), ("entities", described["things"]),
        ("distinctSubjects", described["things"]),
        ("classes", len(classes)), ("properties", len(properties)),
    ):  # fmt: skip
        yield dataset, Iri(VOID + name), number(value)
    for namespace in sorted({_namespace(term) for term in (*classes, *properties)}):
        yield dataset, Iri(VOID + "vocabulary"), Iri(namespace)
    for name, licences in described["lists"].items():
        part = Iri(name)
        yield dataset, Iri(VOID + "subset"), part
        yield part, RDF_TYPE, Iri(VOID + "Dataset")
        for licence in licences:
            yield part, Iri(DCTERMS + "license"), Iri(licence)
    yield from _properties(document, dataset, "", properties)
    for kind, entities in classes.items():
        short = _short(kind)
        part = Iri(f"{document}#class-{short}")
        yield dataset, Iri(VOID + "classPartition"), part
        yield part, Iri(VOID + "class"), Iri(kind)
        yield part, Iri(VOID + "entities"), number(entities)
        yield from _properties(document, part, f"{short}-", described["within"][kind])


def _properties(document: Iri, owner: Iri, start: str, properties: Mapping[str, int]) -> Iterator[Triple]:
    for name, count in properties.items():
        part = Iri(f"{document}#property-{start}{_short(name)}")
        yield owner, Iri(VOID + "propertyPartition"), part
        yield part, Iri(VOID + "property"), Iri(name)
        yield part, Iri(VOID + "triples"), number(count)


def _short(term: str) -> str:
    return hashlib.sha256(term.encode()).hexdigest()[:12]


def _namespace(term: str) -> str:
    cut = max(term.rfind("#"), term.rfind("/"))
    return term[: cut + 1]
