"""Our ontology, concept schemes and shapes as graphs, without blank nodes.

A concept scheme and its concepts stand in ``vocab/{scheme}``, the stored queries in ``questions``, what else
``ontology/`` says in ``ontology``, ``shapes/`` in ``shapes``. Relative IRIs are resolved against the deployment's
base address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pyoxigraph as ox

from registry.iris import Iris
from registry.terms import Iri

_Triples = list[ox.Triple]
_Node = ox.NamedNode | ox.BlankNode


def _read(folders: Path | Sequence[Path], base: str) -> _Triples:
    triples: _Triples = []
    each = [folders] if isinstance(folders, Path) else folders
    for file in [file for folder in each for file in sorted(folder.rglob("*.ttl"))]:
        try:
            quads = ox.parse(path=str(file), format=ox.RdfFormat.TURTLE, base_iri=f"{base}/", rename_blank_nodes=True)
            triples += [quad.triple for quad in quads]
        except SyntaxError as error:
            raise ValueError(f"{file}: {error}") from error
    return triples


def _digests(said: dict[ox.BlankNode, _Triples]) -> dict[ox.BlankNode, str]:
    """What each blank node says, with all below it, as a digest; deepest first."""
    digests: dict[ox.BlankNode, str] = {}
    waiting = list(said)
    while waiting:
        later = []
        for node in waiting:
            inner = [t.object for t in said[node] if isinstance(t.object, ox.BlankNode)]
            if all(child in digests for child in inner):
                rows = sorted(f"{t.predicate} {digests.get(t.object, t.object)}" for t in said[node])  # type: ignore[arg-type]
                digests[node] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
            else:
                later.append(node)
        if len(later) == len(waiting):
            raise ValueError("blank nodes form a cycle")
        waiting = later
    return digests


def skolemise(triples: _Triples) -> _Triples:
    """Blank nodes as IRIs under the named node they describe: ``{subject}/{digest}``.

    The same file gives the same IRIs, so that a reload changes nothing. Blank nodes must form trees, as
    RDF lists and property shapes do; raises ValueError otherwise.
    """
    said: dict[ox.BlankNode, _Triples] = {}
    below: dict[_Node, list[ox.BlankNode]] = {}
    for triple in triples:
        if isinstance(triple.subject, ox.BlankNode):
            said.setdefault(triple.subject, []).append(triple)
        if isinstance(triple.object, ox.BlankNode):
            said.setdefault(triple.object, [])
            below.setdefault(triple.subject, []).append(triple.object)  # type: ignore[arg-type]
    digests = _digests(said)
    names: dict[ox.BlankNode, ox.NamedNode] = {}
    stack = [(child, node, node.value) for node in below if isinstance(node, ox.NamedNode) for child in below[node]]
    while stack:
        node, root, owner = stack.pop()
        if node in names:
            raise ValueError(f"a blank node under {root} stands in two places")
        short = hashlib.sha256(f"{owner} {digests[node]}".encode()).hexdigest()[:12]
        names[node] = ox.NamedNode(f"{root.value}/{short}")
        stack += [(child, root, names[node].value) for child in below.get(node, [])]
    if lost := said.keys() - names.keys():
        raise ValueError(f"{len(lost)} blank nodes belong to nothing, such as {said[lost.pop()][:1]}")
    return [
        ox.Triple(names.get(t.subject, t.subject), t.predicate, names.get(t.object, t.object))  # type: ignore[arg-type]
        for t in triples
    ]


def _graph(subject: str, iris: Iris, other: str) -> Iri:
    for kind in ("concept", "scheme"):
        start = f"{iris.base}/id/{kind}/"
        if subject.startswith(start):
            return iris.graph(f"vocab/{subject[len(start) :].split('/')[0]}")
    if subject.startswith(f"{iris.base}/q/"):
        return iris.graph("questions")
    return iris.graph(other)


def _ntriples(triples: _Triples) -> str:
    return "".join(sorted({f"{triple} .\n" for triple in triples}))


def load_vocabulary(ontology: Path | Sequence[Path], shapes: Path, iris: Iris) -> dict[Iri, str]:
    """The graphs of the folders' Turtle files, as N-Triples; ``ontology`` may be several folders, one of them not
    there. Raises ValueError that names the file."""
    graphs: dict[Iri, _Triples] = {}
    sort: tuple[tuple[Path | Sequence[Path], Callable[[str], Iri]], ...] = (
        (ontology, lambda subject: _graph(subject, iris, "ontology")),
        (shapes, lambda subject: iris.graph("shapes")),
    )
    for folder, choose in sort:
        for triple in skolemise(_read(folder, iris.base)):
            graphs.setdefault(choose(triple.subject.value), []).append(triple)  # type: ignore[union-attr]
    return {graph: _ntriples(found) for graph, found in graphs.items()}
