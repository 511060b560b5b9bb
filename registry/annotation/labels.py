"""The labels that are looked for, by language, from the scheme of topics.

Source: SKOS (W3C REC 2009), lexical labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rdflib import RDF, SKOS, Graph, URIRef
from rdflib import Literal as RdfLiteral

from registry.annotation.words import cut

SCHEME = "topics"
REVIEWED = ("en", "fr", "es")


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a topic. ``name``: a proper name or abbreviation, which is written as it is ("R", "Excel")."""

    topic: str
    words: tuple[str, ...]
    folded: tuple[str, ...]
    language: str
    name: bool


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics: their labels, and {topic: itself and all broader ones, the nearest first}."""

    labels: tuple[Label, ...]
    lines: dict[str, tuple[str, ...]]


Row = tuple[str, list[tuple[str, str, bool]], list[str]]


def read(folder: Path, base: str) -> Topics:
    """The topics of ``topics.ttl``; IRIs are the deployment's."""
    return from_rows(rows(folder, base))


def from_rows(rows: Sequence[Row]) -> Topics:
    """The topics from what ``rows`` gave."""
    found = []
    for topic, labels, _ in rows:
        for label, language, name in labels:
            words = cut(label)
            if words.written:
                first = words.written[0]
                # The capital that a label begins with says nothing, unless it is a name.
                written = words.written if name or not first.istitle() else (first.lower(), *words.written[1:])
                found.append(Label(topic, written, words.folded, language, name))
    return Topics(tuple(found), {topic: tuple(line) for topic, _, line in rows})


def rows(folder: Path, base: str) -> list[Row]:
    """The topics of ``topics.ttl`` as (topic, [(label, language, whether it is a name)], [itself and all broader])."""
    graph = Graph()
    graph.parse(folder / f"{SCHEME}.ttl", format="turtle", publicID=base + "/")
    broader = {str(one): str(parent) for one, parent in graph.subject_objects(SKOS.broader)}
    found: list[Row] = []
    for concept in sorted(map(str, graph.subjects(RDF.type, SKOS.Concept))):
        preferred = _literals(graph, concept, SKOS.prefLabel)
        same = {str(one) for one in preferred if sum(str(two) == str(one) for two in preferred) >= len(REVIEWED)}
        labels = []
        for name in (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel):
            for label in _literals(graph, concept, name):
                # A preferred label begins with a capital anyway; one that is the same in all languages is a name.
                proper = str(label) in same if name == SKOS.prefLabel else str(label)[:1].isupper()
                labels.append((str(label), label.language or "", proper))
        found.append((concept, labels, _line(concept, broader)))
    return found


def _literals(graph: Graph, concept: str, name: URIRef) -> list[RdfLiteral]:
    return sorted(one for one in graph.objects(URIRef(concept), name) if isinstance(one, RdfLiteral))


def _line(topic: str, broader: dict[str, str]) -> list[str]:
    line = [topic]
    while (parent := broader.get(line[-1])) and parent not in line:
        line.append(parent)
    return line
