"""Weights of agreement learnt from candidate pairs: without labels (expectation maximisation), or from decisions.

Fellegi and Sunter's model as Splink reads it, estimated on counts of patterns (pairs that agree in the same levels):
so the same pairs give the same model in any order and with any number of threads. The model that training starts from
counts for some pairs (a Dirichlet prior), which keeps what was hardly seen where it was. Splink's own estimation has
no prior: a level that only matches have gets a probability of 0, at which Splink 5.0.0 stops with an error. What is
seen too seldom, or speaks against sense, keeps its weight, and the report says so. Share of matches and weights are
those among candidate pairs, not among any two records.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from registry.matching.scoring import Model

ROUND = 6
"""Significant digits of parameters that are kept."""
PRIOR = 20.0
"""Pairs of each class that the model before counts for; also the pairs that a level, or a class, must have had."""
MOST = 0.9
"""Share of matches above which the two classes of the estimate have changed places."""
STILL, ROUNDS = 1e-7, 2000
"""Change of all parameters at which the estimate stands, and the rounds after which it is given up."""
Reals = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, and what training did not take over, in codes: ``within.title.same-common: seldom``.

    After the model's side (``within``, ``across``), the comparison and the level stand one of: ``few pairs``,
    ``not converged``, ``classes swapped``, ``against sense`` (the whole side or comparison is as before),
    ``not observed``, ``seldom`` (the level weighs as before), ``order`` (levels were made to weigh alike, as the
    better one weighed less).
    """

    model: Model
    report: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Shares:
    """Of a comparison's levels: how many matches and other pairs were in each; the counts may be expected ones."""

    m: Reals
    u: Reals


def train(db: duckdb.DuckDBPyConnection, table: str, *, start: Model) -> Trained:
    """Estimate both models from the measures in ``table`` (as for ``scoring.weigh``), without labels."""
    report: list[str] = []
    counts: dict[str, int] = {}
    sides: list[str] = []
    for side, before in (("within", start.within), ("across", start.across)):
        settings = json.loads(before)
        found = db.execute(
            f"SELECT {_levels(settings)}, count(*) AS pairs FROM {_renamed(table, settings, side)}"
            " GROUP BY ALL ORDER BY ALL"
        ).fetchnumpy()
        pairs = np.asarray(found.pop("pairs"), np.float64)
        counts[f"{side}.pairs"] = int(pairs.sum())
        estimate = _expectation([np.asarray(c, np.int64) for c in found.values()], pairs, settings)
        counts |= {f"{side}.rounds": estimate.rounds, f"{side}.matches": round(estimate.share * float(pairs.sum()))}
        refused = _refused(estimate, settings, float(pairs.sum()))
        if refused:
            report.append(f"{side}: {refused}")
        else:
            settings = _taken(settings, estimate.shares, side, report)
            settings["probability_two_random_records_match"] = _rounded(estimate.share)
        sides.append(json.dumps(settings, sort_keys=True))
    return Trained(_named("trained", sides, counts), tuple(report))


def refit(
    db: duckdb.DuckDBPyConnection,
    table: str,
    labels: Mapping[tuple[int, int], bool],
    *,
    start: Model,
    weights: Mapping[tuple[int, int], float] | None = None,
) -> Trained:
    """Estimate from decisions {(l, r): is it a match}, with ``start`` counting for PRIOR pairs of each class.

    ``weights`` say for how many candidate pairs a label stands (1 where left out): people decide on what is
    uncertain first, so without them the easy pairs are too few. Labels whose pair is not in ``table`` are left out.
    """
    report: list[str] = []
    counts: dict[str, int] = {}
    sides: list[str] = []
    keys = sorted(labels)
    columns = {
        "l": pa.array([key[0] for key in keys], pa.int64()),
        "r": pa.array([key[1] for key in keys], pa.int64()),
        "match": pa.array([bool(labels[key]) for key in keys], pa.bool_()),
        "worth": pa.array([float((weights or {}).get(key, 1.0)) for key in keys], pa.float64()),
    }
    db.register("labelled_", pa.table(columns))
    try:
        for side, before in (("within", start.within), ("across", start.across)):
            settings = json.loads(before)
            found = db.execute(
                f"SELECT {_levels(settings)}, match, worth FROM {_renamed(table, settings, side)} JOIN labelled_"
                " USING (l, r) ORDER BY l, r"
            ).fetchnumpy()
            match, worth = np.asarray(found.pop("match"), bool), np.asarray(found.pop("worth"), np.float64)
            matches, others = int(match.sum()), int((~match).sum())
            counts |= {f"labels.{side}.matches": matches, f"labels.{side}.others": others}
            if min(matches, others) < PRIOR:
                report.append(f"{side}: few pairs")
            else:
                for kind in (match, ~match):  # a label that stands for many pairs is one observation: Kish (1965)
                    worth[kind] *= worth[kind].sum() / (worth[kind] ** 2).sum()
                rows = [np.asarray(c, np.int64) for c in found.values()]
                shares = _summed(rows, _sizes(settings), worth * match, worth * ~match)
                settings = _taken(settings, shares, side, report)
            sides.append(json.dumps(settings, sort_keys=True))
    finally:
        db.unregister("labelled_")
    return Trained(_named("decided", sides, {**start.trained, **counts}), tuple(report))


def _named(kind: str, sides: Sequence[str], counts: Mapping[str, int]) -> Model:
    digest = sha256("\n".join(sides).encode()).hexdigest()[:12]
    return Model(f"{kind}-{digest}", sides[0], sides[1], dict(counts))


def _sizes(settings: Mapping[str, Any]) -> list[int]:
    """How many levels each comparison has, the unknown one left out."""
    return [len(comparison["comparison_levels"]) - 1 for comparison in settings["comparisons"]]


def _levels(settings: Mapping[str, Any]) -> str:
    """SQL columns with the number of each comparison's level; -1 where it cannot be told."""
    columns = []
    for comparison in settings["comparisons"]:
        tests = " ".join(
            f"ELSE {number}" if level["sql_condition"] == "ELSE" else f"WHEN {level['sql_condition']} THEN {number}"
            for number, level in enumerate(comparison["comparison_levels"], start=-1)
        )
        columns.append(f"CASE {tests} END AS {comparison['output_column_name']}_level")
    return ", ".join(columns)


def _renamed(table: str, settings: Mapping[str, Any], side: str) -> str:
    """The side's pairs, with the names of measures that conditions use."""
    names = sorted(
        {
            name
            for comparison in settings["comparisons"]
            for level in comparison["comparison_levels"]
            for name in re.findall(r"\b(\w+)_l\b", level["sql_condition"])
        }
    )
    which = f'coalesce("cross", false) = {str(side == "across").lower()}'
    return f"(SELECT l, r, {', '.join(f'{name} AS {name}_l' for name in names)} FROM {table} WHERE {which})"


@dataclass(frozen=True, slots=True)
class _Estimate:
    """Where expectation maximisation came to: the share of matches, expected counts, rounds; did it stand still?"""

    share: float
    shares: list[_Shares]
    rounds: int
    still: bool


def _expectation(rows: Sequence[Numbers], pairs: Reals, settings: Mapping[str, Any]) -> _Estimate:
    """Dempster, Laird and Rubin (1977) with independent comparisons; ``rows``: each comparison's level by pattern."""
    sizes = _sizes(settings)
    before = [
        [np.array([level[f"{c}_probability"] for level in comparison["comparison_levels"][1:]]) for c in "mu"]
        for comparison in settings["comparisons"]
    ]
    now = [[m.copy(), u.copy()] for m, u in before]
    share, total = float(settings["probability_two_random_records_match"]), float(pairs.sum())
    shares = [_Shares(np.zeros(size), np.zeros(size)) for size in sizes]
    for rounds in range(1, ROUNDS + 1):
        odds = np.full(len(pairs), math.log(share / (1 - share)))
        for row, (m, u) in zip(rows, now, strict=True):
            odds += np.append(np.log(m / u), 0.0)[row]  # level -1 takes the last: it tells nothing
        likely = 1 / (1 + np.exp(-np.clip(odds, -700, 700)))
        shares = _summed(rows, sizes, pairs * likely, pairs * (1 - likely))
        new_share = float((pairs * likely).sum() + PRIOR * share) / (total + PRIOR)
        new = [
            [(found + PRIOR * old) / (found.sum() + PRIOR) for found, old in zip((s.m, s.u), olds, strict=True)]
            for s, olds in zip(shares, before, strict=True)
        ]
        moved = max(
            float(np.abs(a - b).max()) for n, o in zip(new, now, strict=True) for a, b in zip(n, o, strict=True)
        )
        moved, share, now = max(moved, abs(new_share - share)), new_share, new
        if moved < STILL:
            return _Estimate(share, shares, rounds, True)
    return _Estimate(share, shares, ROUNDS, False)


def _summed(rows: Sequence[Numbers], sizes: Sequence[int], matches: Reals, others: Reals) -> list[_Shares]:
    """The counts of both classes by level, for each comparison."""
    return [
        _Shares(
            np.bincount(row[row >= 0], matches[row >= 0], size).astype(np.float64),
            np.bincount(row[row >= 0], others[row >= 0], size).astype(np.float64),
        )
        for row, size in zip(rows, sizes, strict=True)
    ]


def _refused(found: _Estimate, settings: Mapping[str, Any], pairs: float) -> str:
    """Why nothing of an estimate is taken; "" where it is."""
    if found.share * pairs < PRIOR or (1 - found.share) * pairs < PRIOR:
        return "few pairs"
    if not found.still:
        return "not converged"
    title = settings["comparisons"][0]["comparison_levels"]
    sure = _strongest(title, found.shares[0])
    return "classes swapped" if found.share > MOST or (sure is not None and sure <= 1) else ""


def _strongest(levels: Sequence[Mapping[str, Any]], shares: _Shares) -> float | None:
    """The odds of the highest level of likeness of titles that was seen often enough; None where none was."""
    m, u = shares.m.sum(), shares.u.sum()
    for level, a, b in zip(levels[1:], shares.m, shares.u, strict=True):
        if level["sql_condition"].startswith("title_l") and a + b >= PRIOR and m and u:
            return float((a / m) / max(b / u, 1e-12))
    return None


def _taken(settings: dict[str, Any], shares: Sequence[_Shares], side: str, report: list[str]) -> dict[str, Any]:
    """The settings with what was learnt; the model before counts for PRIOR pairs of each class."""
    for comparison, found in zip(settings["comparisons"], shares, strict=True):
        name, levels = comparison["output_column_name"], comparison["comparison_levels"][1:]
        matches, others = float(found.m.sum()), float(found.u.sum())
        if min(matches, others) < PRIOR:
            report.append(f"{side}.{name}: few pairs")
            continue
        old_m, old_u = (np.array([level[f"{c}_probability"] for level in levels]) for c in "mu")
        m = (found.m + PRIOR * old_m) / (matches + PRIOR)
        u = (found.u + PRIOR * old_u) / (others + PRIOR)
        for n, seen in enumerate(found.m + found.u):
            if seen < PRIOR:
                word = "seldom" if seen else "not observed"
                report.append(f"{side}.{name}.{levels[n]['label_for_charts']}: {word}")
        # As much evidence as before: the old odds, on how often the level is among other pairs now.
        m = np.where(found.m + found.u < PRIOR, u * old_m / old_u, m)
        m, u = m / m.sum(), u / u.sum()
        if m[0] < u[0]:
            report.append(f"{side}.{name}: against sense")
            continue
        for chain in _chains(levels):
            if _in_order(m, u, chain):
                report.append(f"{side}.{name}.{levels[chain[0]]['label_for_charts']}: order")
        for level, x, y in zip(levels, m, u, strict=True):
            level["m_probability"], level["u_probability"] = _rounded(x), _rounded(y)
    return settings


def _rounded(value: float) -> float:
    return float(f"{value:.{ROUND}g}")


def _chains(levels: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Levels that are cuts of one measure, from the best to the rest: their odds must not rise on the way down."""
    chains: list[list[int]] = []
    column = ""
    for n, level in enumerate(levels):
        mine = level["sql_condition"].split(" ")[0]
        if mine not in (column, "ELSE"):
            chains.append([])
            column = mine
        chains[-1].append(n)
    return chains


def _in_order(m: Reals, u: Reals, chain: Sequence[int]) -> bool:
    """Pool adjacent levels whose odds rise, keeping the sums of m and of u; True where any was changed."""
    blocks: list[list[int]] = []
    for n in chain:
        blocks.append([n])
        while len(blocks) > 1:
            high, low = ([float(p[block].sum()) for p in (m, u)] for block in blocks[-2:])
            if high[0] * low[1] >= low[0] * high[1]:
                break
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    changed = [block for block in blocks if len(block) > 1]
    for block in changed:
        m[block] = u[block] * (m[block].sum() / u[block].sum())
    return bool(changed)
