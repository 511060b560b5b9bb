"""Turtle files of our own, read strictly into light terms.

Blank nodes get IRIs below the named node they describe, so that no reader meets one.
"""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

from registry.graph.vocabulary import skolemise
from registry.terms import Described, by_subject


def ntriples(file: Path, base: str) -> str:
    """One file as N-Triples; ``base`` (with a slash at its end) completes relative IRIs.

    Raises ValueError that names the file where it is not Turtle (W3C REC 2014) or its blank nodes form no trees.
    """
    try:
        quads = ox.parse(path=str(file), format=ox.RdfFormat.TURTLE, base_iri=base)
        triples = skolemise([quad.triple for quad in quads])
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{file}: {error}") from error
    return "".join(f"{triple} .\n" for triple in triples)


def read(file: Path, base: str) -> Described:
    """{subject: {predicate: terms}} of one file. Raises ValueError as ``ntriples`` does."""
    return by_subject(ntriples(file, base))
