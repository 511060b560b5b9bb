"""What a text in RDF is about, by the words in it: an event stream, a catalogue, courses, something else.

Sources: LDES and TREE; DCAT 3; schema.org; DCMI Metadata Terms; SPARQL 1.1 Service Description; VoID.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

from registry.detection.found import FAINT, MAYBE, SURE, Candidate
from registry.model import Issue

HEAD = 2_000_000
_STREAM = re.compile(r"\bldes:EventStream\b|w3id\.org/ldes#EventStream|\"(?:@type|type)\"\s*:\s*\"EventStream\"")
_TREE = re.compile(r"\btree:(?:relation|member|view)\b|w3id\.org/tree#(?:relation|member|view)|\"(?:view|member)\"")
_SERVICE = re.compile(
    r"(?:\bsd:endpoint|\bvoid:sparqlEndpoint|sparql-service-description#endpoint>?|void#sparqlEndpoint>?|"
    r"\"sd:endpoint\"\s{0,5}:\s{0,5}\{\s{0,5}\"@id\"\s{0,5}:)"
    r"\s{0,5}(?:rdf:resource\s{0,5}=\s{0,5})?[<\"']([^<>\"'\s]{1,500})[>\"']"
)
_CATALOGUE = re.compile(
    r"\bdcat:(?:Catalog|Dataset|Resource|DataService)\b|ns/dcat#(?:Catalog|Dataset|Resource|DataService)\b|"
    r"\"(?:@type|type)\"\s{0,5}:\s{0,5}\"(?:Catalog|DataService|DatasetSeries)\""
)
_DCAT_CONTEXT = re.compile(r"\"@context\"\s{0,5}:\s{0,50}\[?\s{0,50}\"[^\"]{0,300}dcat", re.IGNORECASE)
_COURSE = re.compile(
    r"(?:schema:|schema\.org/|sdo:|\"(?:@type|type)\"\s{0,5}:\s{0,5}\[?\s{0,50}\")"
    r"(?:Course|CourseInstance|LearningResource|EducationEvent|TrainingMaterial)\b"
)
_DUBLIN = re.compile(r"purl\.org/dc/(?:terms|elements/1\.1)/")


def of_vocabulary(text: str, address: str) -> list[Candidate]:
    """What a document that is RDF for sure may be read as; the likelier first."""
    head = text[:HEAD]
    found = []
    if _STREAM.search(head) and _TREE.search(head):
        found.append(Candidate("ldes", "dcat", address, Issue("detect-ldes", address), SURE))
    for written in dict.fromkeys(_SERVICE.findall(head)):
        try:
            endpoint = urljoin(address, written)
        except ValueError:
            continue
        found.append(Candidate("sparql", "", endpoint, Issue("detect-sparql", endpoint), MAYBE))
        break
    if _CATALOGUE.search(head) or _DCAT_CONTEXT.search(head):
        found.append(Candidate("rdf", "dcat", address, Issue("detect-rdf-dcat", address), 0.9))
    elif _COURSE.search(head):
        found.append(Candidate("rdf", "rdf", address, Issue("detect-rdf-schema", address), 0.9))
    elif _DUBLIN.search(head):
        found.append(Candidate("rdf", "rdf", address, Issue("detect-rdf-dc", address), 0.6))
    elif "schema.org" in head:
        found.append(Candidate("rdf", "rdf", address, Issue("detect-rdf-schema", address), MAYBE))
    else:
        found.append(Candidate("rdf", "rdf", address, Issue("detect-rdf", address), FAINT))
    return found


_COMMENTS = re.compile(r"(?:\s*#[^\n]{0,2000}\n)*\s*")
_PREFIX = re.compile(r"(?:@prefix|prefix|@base|base)\s+(?:[\w.\-]*:\s*)?<[^<>\s]*>\s*\.?\s*", re.IGNORECASE)
_QUERY = re.compile(
    r"(?:select|construct|ask|describe|insert|delete|load|clear|drop|copy|move|add|create|with)\b", re.IGNORECASE
)
_TRIPLE = re.compile(
    r"(?:<[^<>\s]{1,2000}>|_:[\w.\-]{1,200})\s+<[^<>\s]{1,2000}>\s+(?:<[^<>\s]{1,2000}>|_:[\w.\-]{1,200}|\")"
)


def sniff_turtle(text: str, content_type: str, address: str) -> list[Candidate]:
    """Turtle, TriG, N-Triples or N-Quads; empty for anything else (also for SPARQL queries)."""
    kind = content_type.partition(";")[0].strip().lower()
    head = text[:HEAD]
    at, prefixes = 0, 0
    while prefixes < 500:
        comments = _COMMENTS.match(head, at)
        at = comments.end() if comments else at
        found = _PREFIX.match(head, at)
        if found is None:
            break
        at, prefixes = found.end(), prefixes + 1
    if _QUERY.match(head, at):
        return []
    typed = kind in ("text/turtle", "application/trig", "application/n-triples", "application/n-quads", "text/n3")
    if prefixes or _TRIPLE.match(head, at) or typed:
        return of_vocabulary(text, address)
    return []
