"""The concept schemes of ``ontology/``: their labels, and which words, codes and IRIs name which concept.

The files use relative IRIs, resolved against the deployment's base address (without a slash at its end, as in
``Iris.base``). ``folders`` are ``ontology/`` alone or also the folder of the schemes that an operator added.
Nothing is kept between calls: a call parses all files (about 0.1 s), a caller that asks often keeps the answer.
Source: docs/profile.md, "Concept schemes"; docs/frameworks.md; SKOS (W3C REC 2009).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rdflib import DCTERMS, RDF, SKOS, Graph, URIRef
from rdflib import Literal as RdfLiteral

from registry.iris import MA

Labels = dict[str, dict[str, str]]
Folders = Path | Sequence[Path]
NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")
"""What a scheme may be called: it stands in addresses, and in front of codes ("gsbpm:5.3")."""

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
_ROLE, _RANK = URIRef(MA + "role"), URIRef(MA + "rank")
_LEVEL = re.compile(r".*/id/concept/level/([a-z-]+)")


@dataclass(frozen=True, slots=True)
class Scheme:
    """A concept scheme and the part it plays.

    ``role``: what its concepts say of a resource ("subject", "level", "audience" …; "" for none of these).
    ``rank``: among schemes of one role, 1 is asked first; only those of rank 1 are found by their labels alone
    wherever a subject may stand. ``broader`` has every notation, parents before their children, with the
    notations above it; ``levels`` {notation: notation of our own level} of a scheme of levels.
    """

    id: str
    role: str = ""
    rank: int = 1
    title: Mapping[str, str] = field(default_factory=dict)
    broader: Mapping[str, Sequence[str]] = field(default_factory=dict)
    levels: Mapping[str, str] = field(default_factory=dict)

    def heading(self, language: str) -> str:
        """What a column of its terms is headed: its title, with its name behind unless that stands in it."""
        title = self.title.get(language) or self.title.get("en") or next(iter(self.title.values()), self.id)
        name = normalise(self.id)
        return title if f" {name} " in f" {normalise(title)} " else f"{title} ({self.id})"

    def headings(self) -> list[str]:
        """All that a column of its terms may be headed: its name, its titles, and ``heading`` in every language."""
        return list(dict.fromkeys([self.id, *self.title.values(), *map(self.heading, ("en", "fr", "es"))]))

    def above(self, notation: str) -> list[str]:
        """All notations above one, nearest first; a loop ends."""
        found: list[str] = []
        waiting = list(self.broader.get(notation, ()))
        while waiting:
            one = waiting.pop(0)
            if one not in found and one != notation:
                found.append(one)
                waiting += self.broader.get(one, ())
        return found


def normalise(words: str) -> str:
    """Words as a lookup sees them: no case, accents or punctuation, single spaces."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", words) if not unicodedata.combining(c))
    return " ".join(_WORDS.findall(plain.casefold()))


def turtle_files(folders: Folders) -> list[Path]:
    """All Turtle files of the folders, in order; a folder that is not there holds none."""
    return [file for folder in _each(folders) for file in sorted(folder.glob("*.ttl"))]


def _each(folders: Folders) -> Sequence[Path]:
    return [folders] if isinstance(folders, Path) else folders


def scheme_files(folders: Folders) -> dict[str, Path]:
    """The file of each scheme by the scheme's name, the first where two have one; ``ma.ttl`` and ``cube.ttl``, the
    own namespaces, are none."""
    found: dict[str, Path] = {}
    for file in turtle_files(folders):
        if file.stem not in ("ma", "cube"):
            found.setdefault(file.stem, file)
    return found


def load_scheme_files(folders: Folders, base: str) -> Graph:
    """All schemes in one graph. Raises ValueError that names the file which is not Turtle."""
    graph = Graph()
    for file in scheme_files(folders).values():
        try:
            graph.parse(file, format="turtle", publicID=base + "/")
        except SyntaxError as error:
            raise ValueError(f"{file}: {error}") from error
    return graph


def scheme_of(concept: str) -> str | None:
    """The scheme that a concept's IRI belongs to, under any base; None for another IRI."""
    found = re.fullmatch(r".*/id/concept/([a-z][a-z0-9-]*)/[^/]+", concept)
    return found[1] if found else None


def notation_of(concept: str) -> str:
    """The code at the end of a concept's IRI."""
    return concept.rsplit("/", 1)[-1]


def schemes(folders: Folders, base: str) -> dict[str, Scheme]:
    """All schemes by name; those of a role in the order in which they are asked."""
    return _schemes(load_scheme_files(folders, base), folders, base)


def schemes_and_labels(folders: Folders, base: str) -> tuple[dict[str, Scheme], Labels]:
    """What ``schemes`` and ``labels`` give, by reading the files once."""
    graph = load_scheme_files(folders, base)
    return _schemes(graph, folders, base), _labels(graph)


def _schemes(graph: Graph, folders: Folders, base: str) -> dict[str, Scheme]:
    members: dict[str, list[URIRef]] = {}
    for concept in _concepts(graph):
        members.setdefault(scheme_of(concept) or "", []).append(URIRef(concept))
    found = {
        name: _scheme(graph, URIRef(f"{base}/id/scheme/{name}"), name, members.get(name, []))
        for name in scheme_files(folders)
    }
    return dict(sorted(found.items(), key=lambda item: (item[1].role, item[1].rank)))


def _scheme(graph: Graph, iri: URIRef, name: str, concepts: list[URIRef]) -> Scheme:
    role, rank = graph.value(iri, _ROLE), graph.value(iri, _RANK)
    broader: dict[str, list[str]] = {notation_of(concept): [] for concept in concepts}
    levels: dict[str, str] = {}
    for concept in concepts:
        code = notation_of(concept)
        for above in graph.objects(concept, SKOS.broader):
            if scheme_of(str(above)) == name and notation_of(str(above)) in broader:
                broader[code].append(notation_of(str(above)))
        for match in (SKOS.exactMatch, SKOS.closeMatch):
            for other in graph.objects(concept, match):
                if level := _LEVEL.fullmatch(str(other)):
                    levels.setdefault(code, level[1])
    title = dict(_tagged(graph, iri, DCTERMS.title))
    number = int(rank) if isinstance(rank, RdfLiteral) and str(rank).isdecimal() else 1
    return Scheme(name, str(role or ""), number, title, _ordered(broader), levels)


def _ordered(broader: Mapping[str, list[str]]) -> dict[str, Sequence[str]]:
    """Parents before their children, numbers as numbers."""
    below: dict[str, list[str]] = {}
    for notation, above in broader.items():
        for one in above[:1] or [""]:
            below.setdefault(one, []).append(notation)
    found: dict[str, Sequence[str]] = {}
    waiting = sorted(below.get("", []), key=by_number, reverse=True)
    while waiting:
        notation = waiting.pop()
        if notation not in found:
            found[notation] = tuple(sorted(broader[notation]))
            waiting += sorted(below.get(notation, []), key=by_number, reverse=True)
    return {**found, **{code: tuple(sorted(above)) for code, above in broader.items() if code not in found}}


def by_number(notation: str) -> tuple[bool, list[tuple[int, str]]]:
    """What notations are sorted by: numbered ones first, numbers as numbers."""
    parts = re.findall(r"[0-9]{1,9}|[^0-9]+", notation)
    return (
        not any(part[0].isdecimal() for part in parts),
        [(int(part), "") if part[0].isdecimal() else (-1, part) for part in parts],
    )


def of_role(known: Mapping[str, Scheme], role: str) -> list[Scheme]:
    """The schemes of a role, in the order in which they are asked."""
    return sorted((one for one in known.values() if one.role == role), key=lambda one: (one.rank, one.id))


def above(known: Iterable[Scheme], base: str) -> dict[str, list[str]]:
    """{concept IRI: IRIs of all that is broader}, of those that have any."""
    found = {}
    for scheme in known:
        for notation in scheme.broader:
            if higher := scheme.above(notation):
                start = f"{base}/id/concept/{scheme.id}/"
                found[start + notation] = [start + one for one in higher]
    return found


def from_rows(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Scheme]:
    """Schemes from what JSON keeps of them (``dataclasses.asdict``)."""
    return {name: Scheme(**row) for name, row in rows.items()}


def labels(folders: Folders, base: str) -> Labels:
    """{concept IRI: {language: preferred label}}; every concept of ours has en, fr and es, an added one has any."""
    return _labels(load_scheme_files(folders, base))


def _labels(graph: Graph) -> Labels:
    return {concept: dict(_tagged(graph, URIRef(concept), SKOS.prefLabel)) for concept in _concepts(graph)}


def unofficial(folders: Folders, base: str) -> set[tuple[str, str]]:
    """(concept IRI, language) of each preferred label that is the registry's own wording."""
    graph = load_scheme_files(folders, base)
    return {
        (str(concept), label.language or "")
        for concept, label in graph.subject_objects(_UNOFFICIAL)
        if isinstance(label, RdfLiteral)
    }


def lookup(folders: Folders, base: str) -> dict[str, dict[str, str]]:
    """{scheme: {key: notation}}, the key being what a source may call the concept.

    Keys are labels of every kind, codes ("sp-5.3", "5.3", "gsbpm 5.3", "sub-process 5.3") and numbered labels
    ("5.3 Review and validate"), all as ``normalise`` gives them, and IRIs as they stand: the concept's own, and
    those that it matches exactly or closely. Left out: a key that two concepts of a scheme share, a lone
    number without a point ("5"), and the name of a model with the number of one of its versions ("GSBPM 5.1").
    """
    graph = load_scheme_files(folders, base)
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
    if any(char.isdecimal() for char in notation):
        yield normalise(f"{scheme} {notation}")
        yield from (normalise(f"{notation} {label}") for label in words)
    code = _CODE.fullmatch(notation)
    if code is None:
        return
    kind, number = code[1], code[2]
    yield normalise(number)
    yield from (normalise(f"{word} {number}") for word in _KINDS.get(kind, ()))
    yield from (normalise(f"{number} {label}") for label in words)
    if number not in _VERSIONS.get(scheme, ()):
        yield normalise(f"{scheme} {number}")
