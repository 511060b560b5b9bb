"""Small graphs of our own in any RDF syntax that we offer."""

from __future__ import annotations

import io

import pyoxigraph as ox

from registry.graph.worker import GRAPHS
from registry.iris import PREFIXES


def serialise(ntriples: str, media_type: str) -> bytes:
    """N-Triples as Turtle, RDF/XML, JSON-LD or N-Triples (a key of ``worker.GRAPHS``)."""
    triples = (quad.triple for quad in ox.parse(ntriples, ox.RdfFormat.N_TRIPLES))
    prefixes = None if media_type == "application/n-triples" else PREFIXES
    out = io.BytesIO()
    ox.serialize(triples, out, GRAPHS[media_type], prefixes=prefixes)
    return out.getvalue()
