"""Candidate pairs as if measured: drawn from a model's own probabilities, so that the truth is known."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from registry.matching import measures, screen
from registry.matching.scoring import Model, default_model

KINDS = {
    "title": "DOUBLE", "title_df": "INTEGER", "text": "DOUBLE", "identity": "INTEGER", "authors": "INTEGER",
    "topics": "DOUBLE", "codes": "DOUBLE", "minutes": "DOUBLE", "years": "INTEGER", "day": "INTEGER", "place": "INTEGER",
}  # fmt: skip
# One value that lies in each level; titles with how many records have the same one.
VALUES: dict[str, dict[str, Any]] = {
    "text": {"same": 0.95, "much": 0.8, "partly": 0.5, "little": 0.2, "different": 0.05},
    "identity": {"identifier": 2, "address": 1, "other": 0, "conflict": -1},
    "authors": {"all": 2, "one": 1, "other": 0},
    "topics": {"same": 0.7, "many": 0.4, "some": 0.15, "other": 0.0},
    "codes": {"same": 1.0, "some": 0.5, "other": 0.2},
    "minutes": {"same": 1.0, "near": 0.8, "other": 0.1},
    "years": {"same": 0, "next": 1, "few": 3, "far": 9},
    "day": {"same": 1, "other": 0},
    "place": {"same": 2, "site": 1, "other": 0},
}
TITLES = {
    "same-rare": (1.0, 2), "same-shared": (1.0, 3), "same-common": (1.0, 21), "nearly-same": (0.9, 0),
    "very-alike": (0.75, 0), "alike": (0.55, 0), "somewhat-alike": (0.35, 0), "different": (0.1, 0),
    "cognate": (0.6, 0), "partly-cognate": (0.35, 0), "few-cognates": (0.15, 0),
}  # fmt: skip


def ordered() -> Model:
    """The shipped model, with identifiers that contradict each other weighing less than none in common."""
    model = default_model()
    body = json.loads(model.within)
    for comparison in body["comparisons"]:
        for level in comparison["comparison_levels"]:
            if (comparison["output_column_name"], level["label_for_charts"]) in (
                ("identity", "other"),
                ("identity", "conflict"),
            ):
                level["m_probability"] = 0.695 if level["label_for_charts"] == "other" else 0.005
    return Model("ordered", json.dumps(body), model.across, {})


def pairs(
    db: duckdb.DuckDBPyConnection, model: Model, count: int, seed: int, share: float = 0.05, across: float = 0.3
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Fill the table ``measure``; which of its pairs (l = 0, 1, 2 …) are matches. A fifth of the values is missing."""
    rng = np.random.default_rng(seed)
    match, cross = rng.random(count) < share, rng.random(count) < across
    columns: dict[str, list[Any]] = {name: [None] * count for name in KINDS}
    for side, settings in ((False, model.within), (True, model.across)):
        for comparison in json.loads(settings)["comparisons"]:
            name, levels = comparison["output_column_name"], comparison["comparison_levels"][1:]
            for kind, parameter in ((True, "m_probability"), (False, "u_probability")):
                where = np.flatnonzero((cross == side) & (match == kind) & (rng.random(count) < 0.8))
                weights = np.array([level[parameter] for level in levels])
                for row, drawn in zip(
                    where, rng.choice(len(levels), len(where), p=weights / weights.sum()), strict=True
                ):
                    label = levels[drawn]["label_for_charts"]
                    if name == "title":
                        columns["title"][row], columns["title_df"][row] = TITLES[label]
                    else:
                        columns[name][row] = VALUES[name][label]
    types = {"DOUBLE": pa.float64(), "INTEGER": pa.int32()}
    table = pa.table(
        {"l": pa.array(range(count), pa.int64()), "r": pa.array(range(count, 2 * count), pa.int64()),
         "cross": pa.array(cross.tolist()), **{n: pa.array(c, types[KINDS[n]]) for n, c in columns.items()}}
    )  # fmt: skip
    db.register("drawn_", table)
    db.execute("CREATE OR REPLACE TABLE measure AS SELECT * FROM drawn_")
    db.unregister("drawn_")
    return match


def everything_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the rules look at every pair, whatever the screen says."""

    def judge(
        _: object, one: npt.NDArray[np.int64], *__: object
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
        return np.full(len(one), screen.JUDGE, np.int8), np.zeros(len(one))

    monkeypatch.setattr(measures, "screen", judge)
