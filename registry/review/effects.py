"""What a decision on a pair would do to the works: how many resources it joins or parts.

The graph has an edge for each pair that stands as one course (relations that make a work, accepted or confirmed).
A pair between two of its components, of s and t resources, would join s·t pairs into one work; an edge without which
its component falls into parts of s and t (a bridge) would, if rejected, part as many. Bridges by depth-first search
(Tarjan 1974), without recursion, in time linear in the edges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log2

Pair = tuple[str, str]
INSIDE = 0.5
"""The effect of a pair whose ends are held together by others as well: it settles the kind, and moves nothing."""


@dataclass(frozen=True, slots=True)
class Works:
    """The components of the graph: of each resource its component, the sizes, and of each bridge its two parts."""

    component: dict[str, int]
    sizes: dict[int, int]
    bridges: dict[Pair, tuple[int, int]]


def works(edges: Iterable[Pair]) -> Works:
    """Components and bridges of these edges (pairs in code-point order)."""
    beside: dict[str, set[str]] = {}
    for left, right in edges:
        beside.setdefault(left, set()).add(right)
        beside.setdefault(right, set()).add(left)
    component: dict[str, int] = {}
    sizes: dict[int, int] = {}
    bridges: dict[Pair, tuple[int, int]] = {}
    for number, root in enumerate(sorted(beside)):
        if root not in component:
            below, parts = _walk(root, beside)
            component.update(dict.fromkeys(below, number))
            sizes[number] = len(below)
            bridges.update({pair: (part, len(below) - part) for pair, part in parts.items()})
    return Works(component, sizes, bridges)


def _walk(root: str, beside: dict[str, set[str]]) -> tuple[set[str], dict[Pair, int]]:
    """One component: its resources, and its bridges with how many resources hang on each."""
    order = {root: 0}
    lowest, size = {root: 0}, {root: 1}
    bridges: dict[Pair, int] = {}
    stack = [(root, "", iter(sorted(beside[root])))]
    while stack:
        here, above, rest = stack[-1]
        for there in rest:
            if there == above:
                continue
            if there in order:
                lowest[here] = min(lowest[here], order[there])
                continue
            order[there] = lowest[there] = len(order)
            size[there] = 1
            stack.append((there, here, iter(sorted(beside[there]))))
            break
        else:
            stack.pop()
            if above:
                lowest[above] = min(lowest[above], lowest[here])
                size[above] += size[here]
                if lowest[here] > order[above]:
                    bridges[min(here, above), max(here, above)] = size[here]
    return set(order), bridges


def effect(found: Works, pair: Pair, *, links: bool) -> float:
    """log2(1 + s·t) for a pair that would join or part s and t resources, ``INSIDE`` for one that would not.

    ``links``: its relation ties works without making them one (adapted from, part of, same ground): half of it.
    """
    left, right = (found.component.get(end) for end in pair)
    if left is not None and left == right:
        parts = found.bridges.get(pair)
        return log2(1 + parts[0] * parts[1]) if parts else INSIDE
    joined = log2(1 + _size(found, left) * _size(found, right))
    return joined / 2 if links else joined


def _size(found: Works, component: int | None) -> int:
    return 1 if component is None else found.sizes[component]
