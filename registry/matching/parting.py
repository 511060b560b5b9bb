"""Parting one connected component that looks chained: Leiden, then people's cannot-links, then what hangs on.

The constant Potts model (Traag, Van Dooren and Nesterov 2011) keeps two groups together where the links between them
weigh more than ``resolution`` times the pairs between them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

import igraph
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tuning:
    """What counts as suspicious, and how a suspicious component is parted.

    ``sparse_members``, ``sparse_density``: more members than this with a smaller share of their pairs linked.
    ``side``: a bridge counts when at least so many hang together on both sides of it. The resolutions: below this
    share of linked pairs two groups are not one; lower for works, where translations hang on one original.
    ``leiden_links``: a component with more links is parted greedily, so that time stays bounded. ``iterations``
    and ``seed`` of Leiden.
    """

    sparse_members: int = 10
    sparse_density: float = 0.5
    side: int = 3
    cluster_resolution: float = 0.15
    work_resolution: float = 0.05
    leiden_links: int = 1_000_000
    iterations: int = 2
    seed: int = 2019


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of places (u < v), one row a pair, with the resources (``left``, ``right``) that the pair stands for.

    ``firm``: a person decided it.
    """

    u: Ints
    v: Ints
    weight: NDArray[np.float64]
    firm: Flags
    left: Ints
    right: Ints

    def take(self, rows: Flags | Ints | slice) -> Links:
        """Some of the rows, by mask, positions or slice."""
        return Links(self.u[rows], self.v[rows], self.weight[rows], self.firm[rows], self.left[rows], self.right[rows])

    def at(self, places: Ints) -> Links:
        """The same pairs between other places: ``places[i]`` instead of i."""
        u, v = places[self.u], places[self.v]
        return Links(np.minimum(u, v), np.maximum(u, v), self.weight, self.firm, self.left, self.right)


def bridged(label: Ints, links: Links, wanted: Flags, side: int) -> Flags:
    """Mask over labels: components among ``wanted`` with a bridge that parts two groups of ``side`` or more, each
    held together by more than a chain (at least as many links as members)."""
    mask = np.zeros(len(label), dtype=bool)
    links = links.take(wanted[label[links.u]])
    if not len(links.u):
        return mask
    nodes, place = np.unique(np.concatenate([links.u, links.v]), return_inverse=True)
    u, v = place[: len(links.u)], place[len(links.u) :]
    bridges = np.asarray(igraph.Graph(n=len(nodes), edges=np.column_stack([u, v])).bridges(), dtype=np.int64)
    if not len(bridges):
        return mask
    rest = np.ones(len(u), dtype=bool)
    rest[bridges] = False
    graph = coo_array((np.ones(int(rest.sum()), dtype=np.int8), (u[rest], v[rest])), shape=(len(nodes), len(nodes)))
    count, block = connected_components(graph.tocsr(), directed=False)
    owner = np.zeros(count, dtype=np.int64)
    owner[block] = label[nodes]
    members = np.bincount(block, minlength=count)
    held = np.bincount(block[u[rest]], minlength=count)
    all_members = np.bincount(label[nodes], minlength=len(label))
    all_links = np.bincount(label[links.u], minlength=len(label))
    one, other = block[u[bridges]].astype(np.int64), block[v[bridges]].astype(np.int64)
    degree = np.bincount(one, minlength=count) + np.bincount(other, minlength=count)
    # Blocks and bridges are a forest: leaves are folded into their neighbours until no bridge is left.
    while len(one):
        ripe = (degree[one] == 1) | (degree[other] == 1)
        leaf = np.where(degree[one] == 1, one, other)[ripe]
        stem = np.where(degree[one] == 1, other, one)[ripe]
        far = all_members[owner[leaf]] - members[leaf], all_links[owner[leaf]] - held[leaf] - 1
        strong = (members[leaf] >= side) & (held[leaf] >= members[leaf]) & (far[0] >= side) & (far[1] >= far[0])
        mask[owner[leaf[strong]]] = True
        np.add.at(members, stem, members[leaf])
        np.add.at(held, stem, held[leaf] + 1)
        np.subtract.at(degree, stem, 1)
        one, other = one[~ripe], other[~ripe]
    return mask


def part(
    count: int, links: Links, bars: Links, resolution: float, tuning: Tuning
) -> tuple[Ints, int, list[tuple[int, int, str]]]:
    """Part the places 0 … count-1 of one component.

    Returns for each place its part's smallest place, how many links were cut, and the conflicts: (row of the decided
    link, row of the cannot-link, "cannot" or "link": which was kept). Decided links are cut only by decided
    cannot-links, the strongest first; no part holds a cannot-link, except a guard that decided links contradict.
    """
    firm, decided = np.flatnonzero(links.firm), np.flatnonzero(bars.firm)
    group, blocked = joined(count, links.take(firm), bars.take(decided))
    conflicts = [(int(firm[row]), int(decided[bar]), "cannot") for row, bar in blocked]
    overruled = group[bars.u] == group[bars.v]
    conflicts += [(_witness(links, group, bars.u[bar]), int(bar), "link") for bar in np.flatnonzero(overruled)]
    heads, place = np.unique(group, return_inverse=True)
    size = np.bincount(place)
    ours, bars = links.at(place), bars.take(~overruled).at(place)
    ours = ours.take((ours.u != ours.v) & ~_blocked(len(links.u), firm, blocked))
    if len(ours.u) > tuning.leiden_links:
        parts, _ = joined(len(heads), ours, bars, size, resolution)
    else:
        communities = _leiden(len(heads), ours, size, resolution, tuning)
        parts = _freed(communities, ours, bars)
    parts = _hung_on(parts, size, ours, bars, tuning.side)
    # Places within a part are ascending and so are the heads, so the smallest place stands for the part.
    label = heads[parts][place]
    return label, int((label[links.u] != label[links.v]).sum()), conflicts


def joined(
    count: int, links: Links, bars: Links, size: Ints | None = None, price: float = 0.0
) -> tuple[Ints, list[tuple[int, int]]]:
    """Join places by the strongest links first (ties: the smallest places), never across a cannot-link.

    With a ``price``, a link must weigh at least that times the pairs between the two groups it joins. Returns for
    each place the smallest place of its group, and (row of the link, row of the cannot-link) of each link that a
    cannot-link stopped. Near-linear: the smaller of two groups is moved into the larger.
    """
    root = list(range(count))
    weight = [1] * count if size is None else size.tolist()
    foes: dict[int, dict[int, int]] = {}
    for row, (a, b) in enumerate(zip(bars.u.tolist(), bars.v.tolist(), strict=True)):
        foes.setdefault(a, {}).setdefault(b, row)
        foes.setdefault(b, {}).setdefault(a, row)

    def find(x: int) -> int:
        while root[x] != x:
            root[x] = root[root[x]]
            x = root[x]
        return x

    stopped = []
    order = np.lexsort((links.v, links.u, -links.weight))
    columns = (order.tolist(), links.u[order].tolist(), links.v[order].tolist(), links.weight[order].tolist())
    for row, u, v, strength in zip(*columns, strict=True):
        a, b = find(u), find(v)
        if a == b or (price and strength < price * weight[a] * weight[b]):
            continue
        if (bar := foes.get(a, {}).get(b)) is not None:
            stopped.append((row, bar))
            continue
        if (len(foes.get(a, ())), weight[a]) < (len(foes.get(b, ())), weight[b]):
            a, b = b, a
        root[b] = a
        weight[a] += weight[b]
        for foe, bar in foes.pop(b, {}).items():
            theirs = foes[foe]
            del theirs[b]
            least = min(bar, theirs.get(a, bar))
            theirs[a] = least
            foes.setdefault(a, {})[foe] = least
    tops = np.fromiter((find(x) for x in range(count)), dtype=np.int64, count=count)
    return _smallest(tops), stopped


def _freed(communities: Ints, links: Links, bars: Links) -> Ints:
    """The communities, those that hold a cannot-link parted further: each part by its smallest place."""
    barred = np.zeros(len(communities), dtype=bool)
    barred[communities[bars.u[communities[bars.u] == communities[bars.v]]]] = True
    whole = _smallest(communities)
    if not barred.any():
        return whole
    rows = (communities[links.u] == communities[links.v]) & barred[communities[links.u]]
    freed, _ = joined(len(communities), links.take(rows), bars)
    return np.where(barred[communities], freed, whole)


def _smallest(label: Ints) -> Ints:
    """The same groups, each named by its smallest place."""
    _, first, place = np.unique(label, return_index=True, return_inverse=True)
    return np.asarray(first[place], dtype=np.int64)


def _witness(links: Links, group: Ints, place: int) -> int:
    """The first decided link of the group of a place: what a guard in it contradicts."""
    return int(np.flatnonzero(links.firm & (group[links.u] == group[place]) & (group[links.v] == group[place]))[0])


def _blocked(count: int, firm: Ints, blocked: Iterable[tuple[int, int]]) -> Flags:
    mask = np.zeros(count, dtype=bool)
    mask[[int(firm[row]) for row, _ in blocked]] = True
    return mask


def _leiden(count: int, links: Links, size: Ints, resolution: float, tuning: Tuning) -> Ints:
    """The community of each place. Three places or fewer are left to the cannot-links."""
    if count <= 3:
        return np.zeros(count, dtype=np.int64)
    pairs, place = np.unique(links.u * count + links.v, return_inverse=True)
    weights = np.bincount(place, weights=links.weight)
    graph = igraph.Graph(n=count, edges=np.column_stack([pairs // count, pairs % count]))
    igraph.set_random_number_generator(random.Random(tuning.seed))
    try:
        found = graph.community_leiden(
            objective_function="CPM",
            weights=weights.tolist(),
            node_weights=size.tolist(),
            resolution=resolution,
            n_iterations=tuning.iterations,
        )
    finally:
        igraph.set_random_number_generator(random)
    return np.asarray(found.membership, dtype=np.int64)


def _hung_on(parts: Ints, size: Ints, links: Links, bars: Links, side: int) -> Ints:
    """Give small parts back to the one larger part that all their links lead to.

    The Potts model cuts the leaves off a star (an original with thirty translations), though a leaf chains nothing.
    """
    heads, place = np.unique(parts, return_inverse=True)
    members = np.bincount(place, weights=size)
    out = links.at(place)
    out = out.take(out.u != out.v)
    least, most = np.full(len(heads), len(heads)), np.full(len(heads), -1)
    for a, b in ((out.u, out.v), (out.v, out.u)):
        np.minimum.at(least, a, b)
        np.maximum.at(most, a, b)
    leaf = (members < side) & (least == most)
    anchor = members >= side
    hangs = (leaf[out.u] & anchor[out.v]) | (leaf[out.v] & anchor[out.u])
    rejoined, _ = joined(len(heads), out.take(hangs), bars.at(place))
    return heads[rejoined[place]]
