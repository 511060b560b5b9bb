"""The concept schemes of ``ontology/``: their labels, and which words, codes and IRIs name which concept.

The files use relative IRIs, resolved against the deployment's base address (without a slash at its end, as in
``Iris.base``). Nothing is kept between calls: a call parses all files (about 0.1 s), a caller that asks often
keeps the answer. Source: docs/profile.md, "Concept schemes"; SKOS (W3C REC 2009).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from rdflib import RDF, SKOS, Graph, URIRef
from rdflib import Literal as RdfLiteral

from registry.iris import MA

Labels = dict[str, dict[str, str]]

_WORDS = re.compile(r"[^\W_]+")
_CODE = re.compile(r"(?:(ph|sp|area|act)-)?([0-9]+(?:\.[0-9]+)?)")
_KINDS = {
    "ph": ("phase", "fase"),
    "sp": ("sub-process", "subprocess", "sous-processus", "subproceso"),
    "area": ("area", "activity area", "domaine", "área"),
    "act": ("activity", "activité", "actividad"),
}
# Numbers of steps that are also numbers of versions of the same model: "GSBPM 5.1" may mean either.
_VERSIONS = {"gsbpm": frozenset(["5.1", "5.2"]), "gamso": frozenset(["1.1", "1.2"])}
_UNOFFICIAL = URIRef(MA + "unofficialLabel")


def normalise(words: str) -> str:
    """Words as a lookup sees them: no case, accents or punctuation, single spaces."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", words) if not unicodedata.combining(c))
    return " ".join(_WORDS.findall(plain.casefold()))


def scheme_files(folder: Path) -> dict[str, Path]:
    """The file of each scheme by the scheme's name; ``ma.ttl``, the own namespace, is none."""
    return {file.stem: file for file in sorted(folder.glob("*.ttl")) if file.stem != "ma"}


def load_scheme_files(folder: Path, base: str) -> Graph:
    """All schemes in one graph. Raises ValueError that names the file which is not Turtle."""
    graph = Graph()
    for file in scheme_files(folder).values():
        try:
            graph.parse(file, format="turtle", publicID=base + "/")
        except SyntaxError as error:
            raise ValueError(f"{file}: {error}") from error
    return graph


def scheme_of(concept: str) -> str | None:
    """The scheme that a concept's IRI belongs to, under any base; None for another IRI."""
    found = re.fullmatch(r".*/id/concept/([a-z-]+)/[^/]+", concept)
    return found[1] if found else None


def notation_of(concept: str) -> str:
    """The code at the end of a concept's IRI."""
    return concept.rsplit("/", 1)[-1]


def labels(folder: Path, base: str) -> Labels:
    """{concept IRI: {language: preferred label}}; every concept has en, fr and es."""
    graph = load_scheme_files(folder, base)
    return {concept: dict(_tagged(graph, URIRef(concept), SKOS.prefLabel)) for concept in _concepts(graph)}


def unofficial(folder: Path, base: str) -> set[tuple[str, str]]:
    """(concept IRI, language) of each preferred label that is the registry's own wording."""
    graph = load_scheme_files(folder, base)
    return {
        (str(concept), label.language or "")
        for concept, label in graph.subject_objects(_UNOFFICIAL)
        if isinstance(label, RdfLiteral)
    }


def lookup(folder: Path, base: str) -> dict[str, dict[str, str]]:
    """{scheme: {key: notation}}, the key being what a source may call the concept.

    Keys are labels of every kind, codes ("sp-5.3", "5.3", "gsbpm 5.3", "sub-process 5.3") and numbered labels
    ("5.3 Review and validate"), all as ``normalise`` gives them, and IRIs as they stand: the concept's own, and
    those that it matches exactly or closely. Left out: a key that two concepts of a scheme share, a lone
    number without a point ("5"), and the name of a model with the number of one of its versions ("GSBPM 5.1").
    """
    graph = load_scheme_files(folder, base)
    keys: dict[str, dict[str, set[str]]] = {}
    for concept in _concepts(graph):
        scheme, notation = scheme_of(concept), notation_of(concept)
        if scheme is None:
            raise ValueError(f"a concept outside the schemes: {concept}")
        for key in _keys(graph, URIRef(concept), scheme, notation):
            keys.setdefault(scheme, {}).setdefault(key, set()).add(notation)
    return {
        scheme: {key: min(found) for key, found in sorted(table.items()) if len(found) == 1 and not key.isdigit()}
        for scheme, table in sorted(keys.items())
    }


def _concepts(graph: Graph) -> list[str]:
    return sorted(map(str, graph.subjects(RDF.type, SKOS.Concept)))


def _tagged(graph: Graph, concept: URIRef, *properties: URIRef) -> Iterator[tuple[str, str]]:
    for name in properties:
        for label in graph.objects(concept, name):
            if isinstance(label, RdfLiteral):
                yield label.language or "", str(label)


def _keys(graph: Graph, concept: URIRef, scheme: str, notation: str) -> Iterator[str]:
    yield str(concept)
    for name in (SKOS.exactMatch, SKOS.closeMatch):
        yield from map(str, graph.objects(concept, name))
    yield normalise(notation)
    words = [label for _, label in _tagged(graph, concept, SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel)]
    yield from map(normalise, words)
    code = _CODE.fullmatch(notation)
    if code is None:
        return
    kind, number = code[1], code[2]
    yield normalise(number)
    yield from (normalise(f"{word} {number}") for word in _KINDS.get(kind, ()))
    yield from (normalise(f"{number} {label}") for label in words)
    if number not in _VERSIONS.get(scheme, ()):
        yield normalise(f"{scheme} {number}")
