"""From accepted pairs to two partitions: what is the same thing listed again, and what is one work.

Columns in, columns out: a resource is a 63-bit hash of its IRI, so that nothing here depends on the order of the
input. Connected components come from SciPy (at 1,000,000 nodes and 3,000,000 links ten times faster than building an
igraph graph, and a quarter of the memory); only what looks chained is handed to igraph, for bridges and for Leiden
(Traag, Waltman and van Eck 2019) with the constant Potts model. Every component is decided by its own links alone:
clustering again only what was touched gives what clustering everything gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from registry.matching.parting import Links, Tuning, bridged, part
from registry.model import Level, Relation

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

RELATIONS: tuple[Relation, ...] = get_args(Relation)
SAME: tuple[Relation, ...] = ("copy", "near-copy")
FORMS: tuple[Relation, ...] = ("version", "translation", "run")


@dataclass(frozen=True, slots=True)
class Edges:
    """Typed pairs as columns of one length.

    ``relation`` is a position in ``RELATIONS``, ``weight`` a confidence in (0, 1]. ``decided``: a person or the
    publisher said so. Pairs that are not ``accepted`` join nothing.
    """

    left: Ints
    right: Ints
    relation: NDArray[np.int8]
    weight: NDArray[np.float64]
    accepted: Flags
    decided: Flags

    def take(self, rows: Flags) -> Edges:
        """The rows where the mask holds."""
        return Edges(
            self.left[rows],
            self.right[rows],
            self.relation[rows],
            self.weight[rows],
            self.accepted[rows],
            self.decided[rows],
        )


@dataclass(frozen=True, slots=True)
class Cannot:
    """Pairs that may not be one cluster and, where ``work`` holds, not one work either.

    ``decided``: a person said so; the others are the machine's guards ("Module 1" is not "Module 2"), which give
    way to a decided link.
    """

    left: Ints
    right: Ints
    work: Flags
    decided: Flags

    def take(self, rows: Flags) -> Cannot:
        """The rows where the mask holds."""
        return Cannot(self.left[rows], self.right[rows], self.work[rows], self.decided[rows])


@dataclass(frozen=True, slots=True)
class Split:
    """A connected component that was parted, for a finding.

    ``component`` is its smallest member. ``reasons`` say why it was looked at: "cannot-link", "sparse", "bridge";
    "size" where it was too large for Leiden. ``members`` counts resources at level "cluster", clusters at level
    "work"; ``set_aside`` counts the links cut; ``inside`` are the least members of all that was in it.
    """

    level: Level
    component: int
    members: int
    parts: int
    set_aside: int
    reasons: tuple[str, ...]
    inside: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """A decided link that contradicts a cannot-link: ``link`` and ``against`` are pairs of resources.

    ``kept`` is "cannot" where both are decided (the link was cut), "link" where the cannot-link is only a guard.
    """

    level: Level
    link: tuple[int, int]
    against: tuple[int, int]
    kept: str


@dataclass(frozen=True, slots=True)
class Partition:
    """``nodes`` ascending; ``cluster`` and ``work`` give for each the smallest member of its part.

    Each cluster lies within one work. A node alone is its own label.
    """

    nodes: Ints
    cluster: Ints
    work: Ints
    splits: tuple[Split, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def is_relation(edges: Edges, names: Iterable[Relation]) -> Flags:
    """The mask of the rows that have one of these relations."""
    return np.asarray(np.isin(edges.relation, [RELATIONS.index(name) for name in names]), dtype=bool)


def joining(edges: Edges) -> Flags:
    """The mask of the rows that join: accepted, of an identity relation, with two different ends."""
    unlike: Flags = edges.left != edges.right
    return edges.accepted & is_relation(edges, SAME + FORMS) & unlike


def cannot_links(edges: Edges) -> Cannot:
    """What people's decisions forbid: an edition, a translation or a run is not a copy; a derivative, a part, an
    overlap or a different thing is not even the same work."""
    apart = edges.decided & (edges.left != edges.right) & ~is_relation(edges, SAME)
    rows = edges.take(apart)
    return Cannot(rows.left, rows.right, ~is_relation(rows, FORMS), np.ones(len(rows.left), dtype=bool))


def partition(edges: Edges, cannot: Cannot, nodes: Ints | None = None, tuning: Tuning | None = None) -> Partition:
    """Cluster all that is given, at both levels. The order of rows and the direction of pairs do not matter.

    ``nodes`` adds resources that may have no link. A link between two resources of one cluster-level relation that
    was cut there does not join works either, unless it is decided. Not to be called from two threads at once
    (igraph's random numbers are one per process).
    """
    tuning = tuning or Tuning()
    edges = edges.take(joining(edges))
    extra = np.empty(0, dtype=np.int64) if nodes is None else nodes
    every, place = np.unique(np.concatenate([edges.left, edges.right, extra]), return_inverse=True)
    rows = len(edges.left)
    low, high = _ordered(place[:rows], place[rows : 2 * rows])
    inside = np.isin(cannot.left, every) & np.isin(cannot.right, every) & (cannot.left != cannot.right)
    cannot = cannot.take(inside)
    bars_low, bars_high = _ordered(np.searchsorted(every, cannot.left), np.searchsorted(every, cannot.right))
    same = is_relation(edges, SAME)

    def pairs(which: Flags, places: Ints) -> Links:
        """The links of the rows that ``which`` marks, between the nodes' places at this level."""
        return _merged(len(every), places, low[which], high[which], edges.weight[which], edges.decided[which])

    def bars(which: Flags, places: Ints) -> Links:
        """The cannot-links likewise; ``firm`` says that a person decided."""
        count = int(which.sum())
        return _merged(len(every), places, bars_low[which], bars_high[which], np.ones(count), cannot.decided[which])

    own = np.arange(len(every), dtype=np.int64)
    first, splits, conflicts = _level(
        "cluster", every, own, pairs(same, own), bars(np.ones(len(cannot.left), dtype=bool), own), tuning
    )
    heads, member = np.unique(first, return_inverse=True)
    joins = edges.decided | ~same | (first[low] == first[high])
    second, more, others = _level("work", every, heads, pairs(joins, member), bars(cannot.work, member), tuning)
    return Partition(every, every[first], every[heads[second[member]]], splits + more, conflicts + others)


def _split_key(split: Split) -> tuple[str, int]:
    return split.level, split.component


def _conflict_key(conflict: Conflict) -> tuple[str, tuple[int, int], tuple[int, int]]:
    return conflict.level, conflict.link, conflict.against


def _ordered(a: Ints, b: Ints) -> tuple[Ints, Ints]:
    return np.minimum(a, b), np.maximum(a, b)


def _merged(count: int, places: Ints, low: Ints, high: Ints, weight: NDArray[np.float64], firm: Flags) -> Links:
    """One link per pair of places: the firm one, else the strongest, else the one of the smallest resources."""
    pair = low * count + high
    u, v = _ordered(places[low], places[high])
    keep = u != v
    u, v, weight, firm, pair = u[keep], v[keep], weight[keep], firm[keep], pair[keep]
    key = u * count + v
    order = np.lexsort((pair, -weight, ~firm, key))
    key = key[order]
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[1:] != key[:-1]
    chosen = order[first]
    origin = pair[chosen]
    return Links(u[chosen], v[chosen], weight[chosen], firm[chosen], origin // max(count, 1), origin % max(count, 1))


def _level(
    level: Level, every: Ints, heads: Ints, links: Links, bars: Links, tuning: Tuning
) -> tuple[Ints, tuple[Split, ...], tuple[Conflict, ...]]:
    """For each place its part's smallest place; ``heads`` give the smallest member of each place."""
    count = len(heads)
    barred = np.isin(links.u * count + links.v, bars.u * count + bars.v)
    links = links.take(links.firm | ~barred)
    label = _components(count, links)
    bars = bars.take(label[bars.u] == label[bars.v])
    size = np.bincount(label, minlength=count)
    inner = np.bincount(label[links.u], minlength=count)
    reasons = {
        "cannot-link": np.bincount(label[bars.u], minlength=count) > 0,
        "sparse": (size > tuning.sparse_members) & (2 * inner < tuning.sparse_density * size * (size - 1)),
    }
    known = reasons["cannot-link"] | reasons["sparse"]
    reasons["bridge"] = bridged(label, links, ~known & (size >= 2 * tuning.side) & (inner > size), tuning.side)
    reasons["size"] = inner > tuning.leiden_links
    suspects = np.flatnonzero(known | reasons["bridge"])
    splits, conflicts = [], []
    resolution = tuning.cluster_resolution if level == "cluster" else tuning.work_resolution
    result = label.copy()
    for head, nodes, own, forbidden in _each(suspects, label, links, bars):
        parts, cut, against = part(len(nodes), own, forbidden, resolution, tuning)
        result[nodes] = nodes[parts]
        for row, bar, kept in against:
            link = (int(every[own.left[row]]), int(every[own.right[row]]))
            other = (int(every[forbidden.left[bar]]), int(every[forbidden.right[bar]]))
            conflicts.append(Conflict(level, link, other, kept))
        if (pieces := len(np.unique(parts))) > 1:
            why = tuple(name for name, flags in reasons.items() if flags[head])
            inside = tuple(every[heads[nodes]].tolist())
            splits.append(Split(level, int(every[heads[head]]), len(nodes), pieces, cut, why, inside))
    return result, tuple(sorted(splits, key=_split_key)), tuple(sorted(conflicts, key=_conflict_key))


def _components(count: int, links: Links) -> Ints:
    """For each place the smallest place of its connected component."""
    graph = coo_array((np.ones(len(links.u), dtype=np.int8), (links.u, links.v)), shape=(count, count))
    _, found = connected_components(graph.tocsr(), directed=False)
    _, first, label = np.unique(found, return_index=True, return_inverse=True)
    return np.asarray(first[label], dtype=np.int64)


def _each(suspects: Ints, label: Ints, links: Links, bars: Links) -> Iterable[tuple[int, Ints, Links, Links]]:
    """Each suspicious component: its label, its places ascending, its links and cannot-links in places of its own."""
    marked = np.zeros(len(label), dtype=bool)
    marked[suspects] = True
    places = np.flatnonzero(marked[label])
    places = places[np.argsort(label[places], kind="stable")]
    starts = np.append(np.searchsorted(label[places], suspects), len(places))
    local = np.zeros(len(label), dtype=np.int64)
    local[places] = np.arange(len(places)) - np.repeat(starts[:-1], np.diff(starts))

    def grouped(rows: Links) -> tuple[Links, Ints]:
        rows = rows.take(marked[label[rows.u]])
        order = np.argsort(label[rows.u], kind="stable")
        rows = rows.take(order)
        return rows, np.append(np.searchsorted(label[rows.u], suspects), len(rows.u))

    (links, link_at), (bars, bar_at) = grouped(links), grouped(bars)
    for k, head in enumerate(suspects.tolist()):
        own, forbidden = links.take(slice(link_at[k], link_at[k + 1])), bars.take(slice(bar_at[k], bar_at[k + 1]))
        yield head, places[starts[k] : starts[k + 1]], own.at(local), forbidden.at(local)
