"""Clustering again only what changed, in memory: what tests compare with clustering everything.

The registry itself finds the components of a change in SQL (``registry.matching.settle.close``).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from registry.matching.cluster import (
    SAME,
    Cannot,
    Edges,
    Flags,
    Ints,
    Partition,
    _conflict_key,
    _split_key,
    is_relation,
    joining,
)


def set_aside(edges: Edges, found: Partition) -> Flags:
    """The mask of the accepted identity links that join nothing: their ends are in different parts of their level."""
    rows = np.flatnonzero(joining(edges))
    left, right = np.searchsorted(found.nodes, edges.left[rows]), np.searchsorted(found.nodes, edges.right[rows])
    same = is_relation(edges, SAME)[rows]
    apart = np.where(same, found.cluster[left] != found.cluster[right], found.work[left] != found.work[right])
    mask = np.zeros(len(edges.left), dtype=bool)
    mask[rows] = apart
    return mask


def touched(dirty: Ints, neighbours: Callable[[Ints], Ints]) -> Ints:
    """Every resource to cluster again, ascending: the present components of all that changed.

    ``dirty`` holds new and changed resources and both ends of every link or cannot-link that came, went or changed
    (deleted resources themselves may be left out, the ends of their former links may not). ``neighbours`` gives the
    other ends of the present joining links of the resources asked for, in any order. Clustering the links and
    cannot-links among the answer, and keeping all other labels, equals clustering everything.
    """
    seen = frontier = np.unique(dirty)
    while len(frontier):
        near = np.unique(neighbours(frontier))
        place = np.minimum(np.searchsorted(seen, near), len(seen) - 1)
        frontier = near[seen[place] != near]
        seen = np.sort(np.concatenate([seen, frontier]), kind="stable")
    return seen


def neighbours_in(edges: Edges) -> Callable[[Ints], Ints]:
    """``neighbours`` for ``touched`` over links held in memory."""
    edges = edges.take(joining(edges))
    ends = np.concatenate([edges.left, edges.right])
    order = np.argsort(ends, kind="stable")
    ends, others = ends[order], np.concatenate([edges.right, edges.left])[order]

    def look(asked: Ints) -> Ints:
        start, stop = np.searchsorted(ends, asked, "left"), np.searchsorted(ends, asked, "right")
        lengths = stop - start
        steps = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return np.asarray(others[np.repeat(start, lengths) + steps], dtype=np.int64)

    return look


def within(edges: Edges, cannot: Cannot, nodes: Ints) -> tuple[Edges, Cannot]:
    """The links and cannot-links whose two ends are among ``nodes``."""
    return (
        edges.take(np.isin(edges.left, nodes) & np.isin(edges.right, nodes)),
        cannot.take(np.isin(cannot.left, nodes) & np.isin(cannot.right, nodes)),
    )


def renewed(before: Partition, again: Partition, gone: Ints) -> Partition:
    """The partition after an incremental run: ``again`` for its nodes, ``before`` for the others, without ``gone``.

    ``splits`` and ``conflicts`` of untouched components stay.
    """
    keep = ~np.isin(before.nodes, again.nodes) & ~np.isin(before.nodes, gone)
    new = ~np.isin(again.nodes, gone)
    nodes = np.concatenate([before.nodes[keep], again.nodes[new]])
    order = np.argsort(nodes)
    stay = set(before.nodes[keep].tolist())
    splits = tuple(s for s in before.splits if s.component in stay) + again.splits
    conflicts = tuple(c for c in before.conflicts if c.link[0] in stay) + again.conflicts
    return Partition(
        nodes[order],
        np.concatenate([before.cluster[keep], again.cluster[new]])[order],
        np.concatenate([before.work[keep], again.work[new]])[order],
        tuple(sorted(splits, key=_split_key)),
        tuple(sorted(conflicts, key=_conflict_key)),
    )
