"""A batch for one reviewer: second readings, pairs drawn at random, and the rest from the queue.

Nobody gets a pair that touches a record of their own office, or one in a language that they do not read. Of a batch,
at most a fifth are second readings, a fifth comes from the random stream; a family of parts is one item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop

from registry.ledger.reviews import Drawn
from registry.review.effects import Pair
from registry.review.model import Entry, Item
from registry.review.queue import rank, share, stratum

SIZE = 15
RANDOM = 0.2
SECOND = 0.2
TWICE = 0.1
"""The share of decided pairs that somebody else reads as well."""
LOOKS = 20_000
"""So many pairs are looked at for a language before a batch stays smaller."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was done before: the stratum of each pair that came in a batch and was decided on, what was drawn, the
    pairs that nobody is to be asked now (decided, or in somebody's open batch)."""

    strata: Mapping[Pair, str]
    drawn: Mapping[Pair, Drawn]
    closed: frozenset[Pair]


def twice(seed: str, pair: Pair) -> bool:
    """Whether a pair is of the tenth that two people read."""
    return share(seed, pair, "twice") < TWICE


def fill(
    queue: Sequence[tuple[float, Entry]],
    families: Sequence[tuple[Entry, ...]],
    seconds: Sequence[Entry],
    past: Past,
    readable: Callable[[Entry], bool],
    *,
    size: int,
    seed: str,
    turn: int,
) -> tuple[list[Item], list[Drawn]]:
    """The items of a batch and what of them (or passed over) was drawn at random.

    ``queue`` is in order and holds every open pair; ``seconds`` are pairs that somebody else decided on. ``turn``
    counts the batches so far: a batch too small for a fifth has a random pair every so often.
    """
    budget = [LOOKS]

    def may(one: Entry) -> bool:
        budget[0] -= 1
        return budget[0] >= 0 and readable(one)

    items: list[Item] = []
    for one in seconds:
        if len(items) >= max(1, int(size * SECOND)) or len(items) >= size:
            break
        if may(one):
            items.append(Item((one,), "queue", stratum(one), 0.0, second=True))
    quota = int(size * RANDOM + share(seed, (str(turn), ""), "turn"))
    random, drawn = _random(queue, past, may, seed, min(quota, size - len(items)))
    items += random
    taken = {one.pair for item in items for one in item.entries}
    budget[0] = max(budget[0], LOOKS // 2)
    family_of = {one.pair: family for family in families for one in family}
    for score, one in queue:
        if len(items) >= size or budget[0] < 0:
            break
        if one.pair in taken or one.pair in past.closed:
            continue
        family = [other for other in family_of.get(one.pair, (one,))
                  if other.pair not in taken and other.pair not in past.closed and may(other)]  # fmt: skip
        taken.update(other.pair for other in family)
        taken.add(one.pair)
        if family:
            items.append(Item(tuple(family), "queue", stratum(family[0]), score))
    return items, drawn


def _random(
    queue: Sequence[tuple[float, Entry]], past: Past, may: Callable[[Entry], bool], seed: str, quota: int
) -> tuple[list[Item], list[Drawn]]:
    """Pairs in the order of their rank, always of the stratum of which the fewest were drawn so far."""
    groups: dict[str, list[tuple[int, Pair, Entry | None]]] = {}
    for _, one in queue:
        if one.pair not in past.strata:
            groups.setdefault(stratum(one), []).append((rank(seed, one.pair), one.pair, one))
    for pair, name in past.strata.items():
        groups.setdefault(name, []).append((rank(seed, pair), pair, None))
    population = {name: len(group) for name, group in groups.items()}
    for group in groups.values():
        heapify(group)
    counts = dict.fromkeys(groups, 0)
    for before in past.drawn.values():
        if before.stratum in counts:
            counts[before.stratum] += 1
    items: list[Item] = []
    drawn: list[Drawn] = []
    while len(items) < quota and groups:
        name = min(groups, key=lambda stratum_: (counts[stratum_], stratum_))
        _, pair, found = heappop(groups[name])
        if not groups[name]:
            del groups[name]
        if found is not None and (pair in past.closed or not may(found)):
            continue
        if pair not in past.drawn:
            drawn.append(Drawn(*pair, name, population[name]))
            counts[name] += 1
        if found is not None:
            items.append(Item((found,), "random", name, 0.0))
    return items, drawn
