"""In which order pairs are asked about: the queue, and beside it a random stream for honest evaluation.

**Queue**: score = uncertainty × effect × cross-academy, the highest first (at one score by the pair's hash).

- uncertainty: 4p(1-p) where the probability p is calibrated; else by the band of the rule's confidence: 1 below 0.7
  (possible), 0.7 below 0.9 (likely), 0.3 from there (very likely). What a rule accepted already: a third of it.
- effect: ``effects.effect``, how many resources a decision would join or part.
- cross-academy: 2 where two academies are concerned, else 1.

**Random stream**: pairs in the order of SHA-256(seed, pair) within each stratum (five equal bands of the chance,
within or across academies), one stratum after the other. The seed is kept in the ledger, so the same pairs come
again. A pair of a batch that was decided on already and whose turn has come counts as drawn, else the sample would be
what the queue left over (``batches``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from registry.model import Match, Relation
from registry.review.effects import Pair, Works, effect, works
from registry.review.model import Entry

STRATA = 5
LINKS: frozenset[Relation] = frozenset(("derivative", "part", "overlap", "different"))
POSSIBLE, LIKELY, VERY_LIKELY = 1.0, 0.7, 0.3
ACCEPTED = 1 / 3
CROSS = 2.0


def entry(match: Match, academy_of: Callable[[str], str]) -> Entry:
    """A match as the queue holds it."""
    calibrated = match.probability is not None
    chance = match.probability if match.probability is not None else match.confidence
    return Entry(
        match.left, match.right, match.relation, match.source, chance, calibrated, match.status,
        academy_of(match.left), academy_of(match.right),
    )  # fmt: skip


def open_entries(matches: Iterable[Match], academy_of: Callable[[str], str]) -> tuple[list[Entry], list[Pair]]:
    """(all pairs of the machine that no academy answered and no person settled, edges of the works).

    The entries hold pairs that a rule accepted too; what a person decided is left to the caller, who knows when.
    """
    found: list[Entry] = []
    edges: list[Pair] = []
    for match in matches:
        if match.status == "accepted" and match.relation not in LINKS:
            edges.append((match.left, match.right))
        if not match.answers and match.status in ("candidate", "accepted") and not match.reviewer:
            found.append(entry(match, academy_of))
    return found, edges


def uncertainty(one: Entry) -> float:
    """How little the machine knows, 0 to 1."""
    if one.calibrated:
        value = 4 * one.chance * (1 - one.chance)
    else:
        value = VERY_LIKELY if one.chance >= 0.9 else LIKELY if one.chance >= 0.7 else POSSIBLE
    return value * ACCEPTED if one.status == "accepted" else value


def score(one: Entry, found: Works) -> float:
    """Uncertainty × effect × cross-academy."""
    return uncertainty(one) * effect(found, one.pair, links=one.relation in LINKS) * (CROSS if one.cross else 1.0)


def ordered(entries: Iterable[Entry], edges: Iterable[Pair], seed: str) -> list[tuple[float, Entry]]:
    """The queue: (score, entry), the highest first."""
    found = works(edges)
    scored = [(score(one, found), one) for one in entries]
    return sorted(scored, key=lambda pair: (-pair[0], rank(seed, pair[1].pair)))


def rank(seed: str, pair: Pair, purpose: str = "random") -> int:
    """Where a pair stands in a random order that depends on nothing but the seed: 0 to 2^64 - 1."""
    text = "\n".join((purpose, seed, *pair))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def share(seed: str, pair: Pair, purpose: str) -> float:
    """The same as a number from 0 to 1 (1 excluded)."""
    return rank(seed, pair, purpose) / (1 << 64)


def stratum(one: Entry) -> str:
    """The stratum of a pair: "cross-3" (chance from 0.6 to 0.8, of two academies), "within-0" …"""
    return f"{'cross' if one.cross else 'within'}-{min(int(one.chance * STRATA), STRATA - 1)}"
