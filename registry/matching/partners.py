"""Two lists matched one to one: each record's best partner, by weights that the lists themselves give.

That a record has one partner at most stands in the place of a threshold. And it tells without labels what agreement in
each field is worth here: of the pairs that are each other's best nearly all are matches, of the other candidates
nearly none. So weights are estimated from these two classes, the best pairs are chosen anew, and so on until they stay
the same: classification EM (Celeux and Govaert 1992) under the one-to-one assumption of record linkage (Jaro 1989).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from registry.matching import scoring, training
from registry.matching.scoring import Model, Weigher

ROUNDS = 10
"""Estimates after which the last choice stands, though it is not the one before."""
_MIX = np.uint64(0x9E3779B97F4A7C15)

Longs = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Partners:
    """Pairs (l, r, weight) that are each other's best, and the weights by which they are."""

    pairs: list[tuple[int, int, float]]
    model: Model


def mutual(left: Longs, right: Longs, ranks: list[Reals]) -> npt.NDArray[np.bool_]:
    """Which pairs are the best of both ends, by the first rank, among equals by the next; at last by their numbers, so
    that neither end of a list is preferred."""
    mixed = (left.astype(np.uint64) ^ right.astype(np.uint64)) * _MIX
    order = np.lexsort([left, right, mixed, *(-rank for rank in reversed(ranks))])
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    owner, member = np.unique(np.concatenate([left, right]), return_inverse=True)
    first = np.full(len(owner), len(order), np.int64)
    np.minimum.at(first, member, np.tile(place, 2))
    return np.asarray((first[member[: len(order)]] == place) & (first[member[len(order) :]] == place))


def partners(
    db: duckdb.DuckDBPyConnection, start: Model, weigh: Weigher = scoring.weigh, workers: int = 1
) -> Partners:
    """Pair off the records of two academies, from the table ``measure``; weights are estimated from ``start``.

    Equal weights are told apart by how alike the titles are, then the texts.
    """
    db.execute(
        "CREATE OR REPLACE TEMP TABLE facing AS SELECT m.* FROM measure m JOIN record x ON x.n = l"
        " JOIN record y ON y.n = r WHERE x.academy <> y.academy"
    )
    model, before = start, np.zeros(0, bool)
    for _ in range(ROUNDS):
        weigh(db, "facing", "faced", model, workers)
        found = db.execute(
            "SELECT l, r, weight, coalesce(title, 0) AS title, coalesce(text, 0) AS text FROM faced"
            " JOIN facing USING (l, r) ORDER BY l, r"
        ).fetchnumpy()
        left, right = (np.asarray(found[name], np.int64) for name in ("l", "r"))
        ranks = [np.asarray(found[name], np.float64) for name in ("weight", "title", "text")]
        best = mutual(left, right, ranks)
        if len(best) == len(before) and (best == before).all():
            break
        before = best
        labels = dict(zip(zip(left.tolist(), right.tolist(), strict=True), best.tolist(), strict=True))
        model = training.refit(db, "facing", labels, start=start).model
    pairs = zip(left[best].tolist(), right[best].tolist(), ranks[0][best].tolist(), strict=True)
    return Partners(list(pairs), model)
