"""An update of the store as a plan: what stands and is looked at, and what should stand in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyoxigraph as ox

from registry.graph.layout import BadChange

Quads = set[ox.Quad]


def _nodes(pattern: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(ox.NamedNode(part) if isinstance(part, str) else part for part in pattern)


def parsed(nquads: str) -> Quads:
    """N-Quads as quads. Raises BadChange where they are none."""
    try:
        return set(ox.parse(nquads, ox.RdfFormat.N_QUADS))
    except SyntaxError as error:
        raise BadChange(f"not N-Triples: {error}") from error


def _data(verb: str, wanted: Iterable[ox.Quad]) -> str:
    graphs: dict[str, list[str]] = {}
    for quad in wanted:
        graphs.setdefault(str(quad.graph_name), []).append(f"{quad.triple} .\n")
    body = "".join(f"GRAPH {graph} {{\n{''.join(sorted(rows))}}}\n" for graph, rows in sorted(graphs.items()))
    return f"{verb} DATA {{\n{body}}}" if body else ""


@dataclass(slots=True)
class Plan:
    """What stands and is looked at (``old``), and what should stand in its place (``new``)."""

    store: ox.Store
    old: Quads = field(default_factory=set)
    new: Quads = field(default_factory=set)

    def standing(self, *pattern: object) -> Iterator[ox.Quad]:
        """Quads of the store; an IRI may be a string, None is anything."""
        return self.store.quads_for_pattern(*_nodes(pattern))  # type: ignore[arg-type]

    def look(self, *pattern: object) -> Quads:
        """Take what stands there into ``old``: what is not said again goes."""
        found = set(self.standing(*pattern))
        self.old |= found
        return found

    def difference(self) -> tuple[Quads, Quads]:
        """What goes and what comes."""
        return self.old - self.new, self.new - self.old

    def operations(self) -> list[str]:
        """SPARQL Update from what stands to what should stand; a graph that empties is dropped."""
        gone, come = self.difference()
        emptied = []
        for graph in {quad.graph_name for quad in gone} - {quad.graph_name for quad in come}:
            if all(quad in gone for quad in self.standing(None, None, None, graph)):
                emptied.append(f"DROP SILENT GRAPH {graph}")
        return [part for part in (_data("DELETE", gone), _data("INSERT", come)) if part] + sorted(emptied)
