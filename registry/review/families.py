"""Families: the parts of two courses that pair one to one, asked about as one item.

Two wholes that are paired (one work, or one adapted from the other), each part paired with exactly one part of the
other whole, all by the same relation: whoever decides on one such pair decides on all, with exceptions struck out.
In one family the same side is the same whole's, so that "1 comes from 2" means the same for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from registry.model import Match
from registry.review.effects import Pair
from registry.review.model import Entry

TOGETHER = frozenset(("copy", "near-copy", "version", "translation", "run", "derivative"))
LARGEST = 60
"""A family of more pairs is cut into several: nobody looks through hundreds in one go."""


def wholes(matches: Iterable[Match]) -> tuple[dict[str, str], set[Pair]]:
    """({part: its whole}, pairs of resources that may be two wholes of a family) as the machine or people see it.

    A part of several wholes is none's.
    """
    whole: dict[str, set[str]] = {}
    paired: set[Pair] = set()
    for match in matches:
        if match.status == "rejected":
            continue
        if match.relation == "part" and match.source:
            part = match.right if match.source == match.left else match.left
            whole.setdefault(part, set()).add(match.source)
        elif match.relation in TOGETHER:
            paired.add((match.left, match.right))
    return {part: next(iter(found)) for part, found in whole.items() if len(found) == 1}, paired


def families(entries: Iterable[Entry], whole: Mapping[str, str], paired: set[Pair]) -> list[tuple[Entry, ...]]:
    """Families of two or more pairs, each in the order of the pairs; no pair stands in two."""
    groups: dict[tuple[str, str, str, bool], list[tuple[Entry, str, str]]] = {}
    meets: Counter[tuple[str, str]] = Counter()
    for one in entries:
        first, second = whole.get(one.left), whole.get(one.right)
        if first is None or second is None or first == second or one.relation not in TOGETHER:
            continue
        if (min(first, second), max(first, second)) not in paired:
            continue
        a, b = (one.left, one.right) if first < second else (one.right, one.left)
        low, high = sorted((first, second))
        meets[a, high] += 1
        meets[b, low] += 1
        groups.setdefault((low, high, one.relation, one.left == a), []).append((one, a, b))
    found: list[tuple[Entry, ...]] = []
    for (low, high, _, _), members in sorted(groups.items()):
        alone = sorted(
            (one for one, a, b in members if meets[a, high] == 1 and meets[b, low] == 1), key=lambda one: one.pair
        )
        for start in range(0, len(alone), LARGEST):
            some = alone[start : start + LARGEST]
            if len(some) > 1:
                found.append(tuple(some))
    return found
