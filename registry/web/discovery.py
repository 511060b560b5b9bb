"""What the documents by which the registry is found have in common: addresses, names of formats, texts."""

from __future__ import annotations

from collections.abc import Iterator

from registry.terms import Iri, Literal, Triple, text
from registry.web.wording import table

_FORMATS = {
    "application/sparql-results+json": "SPARQL_Results_JSON",
    "application/sparql-results+xml": "SPARQL_Results_XML",
    "text/csv": "SPARQL_Results_CSV",
    "text/tab-separated-values": "SPARQL_Results_TSV",
    "text/turtle": "Turtle",
    "application/n-triples": "N-Triples",
    "application/rdf+xml": "RDF_XML",
    "application/ld+json": "JSON-LD",
    "application/trig": "TriG",
}
PREFIXES = {
    "void": "http://rdfs.org/ns/void#",
    "prof": "http://www.w3.org/ns/dx/prof/",
    "role": "http://www.w3.org/ns/dx/prof/role/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "formats": "http://www.w3.org/ns/formats/",
    "spdx": "http://spdx.org/licenses/",
}


def format_of(media_type: str) -> Iri:
    """The W3C's name of a format; KeyError for a media type that is not known here."""
    return Iri(PREFIXES["formats"] + _FORMATS[media_type])


def document_of(address: str) -> Iri:
    """The address of the VoID description (RFC 8615, well-known URI "void")."""
    return Iri(f"{address}/.well-known/void")


def dataset_of(address: str) -> Iri:
    """The dataset that it describes."""
    return Iri(f"{document_of(address)}#dataset")


def profile_of(address: str) -> Iri:
    """The profile that all descriptions follow."""
    return Iri(f"{address}/profile")


def told(node: Iri, predicate: str, key: str, **values: object) -> Iterator[Triple]:
    """A text of ``texts/discovery.tsv`` in all its languages."""
    for language, words in table("discovery.tsv")[key].items():
        yield node, Iri(predicate), text(words.format(**values), language)


def number(value: int) -> Literal:
    """A count."""
    return Literal(str(value), "http://www.w3.org/2001/XMLSchema#integer")
