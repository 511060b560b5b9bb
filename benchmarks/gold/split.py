"""How the gold set is divided: whole components, balanced by relation, by a fixed rule.

A component is what labelled pairs tie together, whatever their relation. Components are taken from the largest to the
smallest, equals in the order of the SHA-256 of their first record. Each goes where it makes the two parts more alike in
the counts of every relation; where that says nothing, the hash decides. What has a part already keeps it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

PARTS = ("development", "test")


def components(pairs: Iterable[tuple[str, str]]) -> list[frozenset[str]]:
    """The connected components of pairs of records."""
    leader: dict[str, str] = {}

    def find(one: str) -> str:
        while leader.setdefault(one, one) != one:
            one = leader[one]
        return one

    for left, right in pairs:
        leader[find(left)] = find(right)
    found: dict[str, set[str]] = {}
    for one in leader:
        found.setdefault(find(one), set()).add(one)
    return [frozenset(members) for members in found.values()]


def fixed_hash(members: Iterable[str]) -> str:
    return hashlib.sha256(min(members).encode()).hexdigest()


def assign(pairs: Sequence[tuple[str, str, str]], kept: Mapping[str, str] | None = None) -> dict[str, str]:
    """The part of each record. ``pairs``: (left, right, relation); ``kept``: parts of records labelled before.

    Raises ValueError where a new pair ties a record of one part to one of the other: such a pair must be left out.
    """
    kept = kept or {}
    counts = {part: Counter[str]() for part in PARTS}
    total = Counter(relation for _, _, relation in pairs)
    placed: dict[str, str] = {}
    of: dict[str, frozenset[str]] = {}
    for members in components((left, right) for left, right, _ in pairs):
        of.update(dict.fromkeys(members, members))
    inside: dict[frozenset[str], Counter[str]] = {}
    for left, _, relation in pairs:
        inside.setdefault(of[left], Counter())[relation] += 1
    order = sorted(inside, key=lambda members: (-sum(inside[members].values()), fixed_hash(members)))
    order.sort(key=lambda members: not any(one in kept for one in members))  # what has a part comes first
    for members in order:
        parts = {kept[one] for one in members if one in kept}
        if len(parts) > 1:
            raise ValueError(f"ties both parts together: {min(members)}")
        part = parts.pop() if parts else _better(inside[members], counts, total, fixed_hash(members))
        counts[part] += inside[members]
        placed.update(dict.fromkeys(members, part))
    return placed


def _better(own: Counter[str], counts: Mapping[str, Counter[str]], total: Counter[str], digest: str) -> str:
    """The part where a component's pairs lack more, each relation weighed by how rare it is."""
    first, second = PARTS
    lean = sum(
        n * (counts[first][relation] - counts[second][relation]) / total[relation] for relation, n in own.items()
    )
    if lean:
        return second if lean > 0 else first
    return PARTS[int(digest[:8], 16) % 2]
