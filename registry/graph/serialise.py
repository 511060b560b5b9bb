"""Small graphs of our own in any RDF syntax that we offer, and whether an answer has found anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import pyoxigraph as ox

from registry.graph.worker import GRAPHS, RESULTS
from registry.iris import PREFIXES


def serialise(ntriples: str, media_type: str, more: Mapping[str, str] | None = None) -> bytes:
    """N-Triples as Turtle, RDF/XML, JSON-LD, TriG or N-Triples (a key of ``worker.GRAPHS``); ``more`` prefixes."""
    triples = (quad.triple for quad in ox.parse(ntriples, ox.RdfFormat.N_TRIPLES))
    prefixes = None if media_type == "application/n-triples" else {**PREFIXES, **(more or {})}
    out = io.BytesIO()
    ox.serialize(triples, out, GRAPHS[media_type], prefixes=prefixes)
    return out.getvalue()


def finds_nothing(answer: bytes, media_type: str) -> bool:
    """Whether a whole answer (a key of worker.RESULTS or worker.GRAPHS) has no row, is false, has no triple, or is
    one row of nothing but zeros."""
    if media_type in GRAPHS:
        return next(iter(ox.parse(answer, GRAPHS[media_type])), None) is None
    if media_type == "text/csv":
        rows = list(csv.reader(io.StringIO(answer.decode("utf-8"), newline="")))
        cells = [[cell.split(".")[0] for cell in row] for row in rows[1:]]
        return rows == [["false"]] or (rows != [["true"]] and _nothing(cells))
    found = ox.parse_query_results(answer, RESULTS[media_type])
    if isinstance(found, ox.QueryBoolean):
        return not found
    return _nothing([[value.value if isinstance(value, ox.Literal) else "?" for value in row] for row in found])


def _nothing(rows: list[list[str]]) -> bool:
    return not rows or (len(rows) == 1 and bool(rows[0]) and all(cell in ("0", "0.0") for cell in rows[0]))
