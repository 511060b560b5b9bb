"""Match weights by Splink: how much more likely the agreements of a pair are among matches than among others.

Fellegi and Sunter (1969), as Splink 5 computes it. The measures of a pair are numbers already, so a pair is one row of
a left table, linked to one row of a right table: comparison levels are plain thresholds, the same in every engine.
One model for pairs within a language, one for pairs across languages: titles agree in the one and not in the other.
The weight of a pair is the sum of its comparisons' weights, in bits, without the prior.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any

import duckdb

from registry.matching import codes
from registry.matching.columns import insert

WITHIN = ("title", "text", "identity", "authors", "topics", "codes", "minutes", "years", "place")
ACROSS = ("title", "authors", "topics", "codes", "minutes", "day", "place")
COMPARISONS = tuple(dict.fromkeys((*WITHIN, *ACROSS)))
DECIMALS = 9
"""Sums of floats are rounded here, so that threads and engines give one number."""
SUMMED = 5_000
"""New sets of levels that are summed here: Splink takes a second to begin, and gives the same in every digit."""


@dataclass(frozen=True, slots=True)
class Model:
    """The two settings of Splink as JSON texts, with what training counted."""

    version: str
    within: str
    across: str
    trained: Mapping[str, int]

    def to_bytes(self) -> bytes:
        """As the ledger keeps it."""
        body = {
            "version": self.version, "within": json.loads(self.within), "across": json.loads(self.across),
            "trained": dict(self.trained),
        }  # fmt: skip
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()

    @staticmethod
    def from_bytes(data: bytes) -> Model:
        """Read what ``to_bytes`` wrote."""
        body = json.loads(data)
        within, across = (json.dumps(body[name], sort_keys=True) for name in ("within", "across"))
        return Model(body["version"], within, across, body["trained"])


Weigher = Callable[[duckdb.DuckDBPyConnection, str, str, Model, int], None]
"""What weighs the pairs of a table into another, with so many threads: ``weigh``, or ``spark.Spark``."""


def default_model() -> Model:
    """The model that is shipped: reasoned, not learnt from any label (docs/matching.md, "Weights")."""
    return Model.from_bytes(files("registry.matching").joinpath("models/default.json").read_bytes())


def _linker(settings: str, api: Any, left: Any, right: Any) -> Any:
    # Splink takes a second to import, and brings its engines' loggers along: only where pairs are weighed.
    from splink import Linker

    linker = Linker([left, right], {**json.loads(settings), "probability_two_random_records_match": 0.5})
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "splink":
            logging.getLogger(name).setLevel(logging.ERROR)
    return linker


def weigh(db: duckdb.DuckDBPyConnection, table: str, into: str, model: Model, threads: int = 2) -> None:
    """Make the temporary view ``into``: l, r, weight (bits) and one ``w_…`` for each comparison, for all pairs.

    A comparison that cannot be made, or that the pair's model does not have, weighs nothing. Pairs that reach the
    same levels weigh the same: Splink weighs each set of levels once, and what it gave stays in ``level_weight``.
    Where something is there already, few new sets (SUMMED) are added up from the model.
    """
    db.execute(f"SET threads = {threads}")
    columns = ", ".join(f"w_{name} DOUBLE" for name in COMPARISONS)
    places = {name: place for place, name in enumerate(COMPARISONS)}
    sides = (("false", model.within, WITHIN), ("true", model.across, ACROSS))
    levels = codes.comparisons(model.within), codes.comparisons(model.across)
    code = codes.code(*levels, places, "t")
    name = sha256(f"{model.within}\n{model.across}".encode()).hexdigest()[:16]
    db.execute(
        f"CREATE TABLE IF NOT EXISTS level_weight (model VARCHAR, code BIGINT, weight DOUBLE, {columns});"
        f"CREATE OR REPLACE TEMP TABLE {into}_pairs AS SELECT l, r, {code} AS code FROM {table} t;"
        f"CREATE OR REPLACE TEMP TABLE {into}_new AS SELECT DISTINCT code FROM {into}_pairs"
        f" ANTI JOIN (SELECT code FROM level_weight WHERE model = '{name}') USING (code)"
    )
    new, known = db.execute(
        f"SELECT (SELECT count(*) FROM {into}_new), (SELECT count(*) FROM level_weight WHERE model = '{name}')"
    ).fetchall()[0]
    if known and 0 < new <= SUMMED:
        _sum(db, into, levels, places, name)
    elif new:
        for side, settings, names in sides:
            _weigh_side(db, table, side, into, settings, names, name)
    db.execute(
        f"CREATE OR REPLACE TEMP VIEW {into} AS SELECT l, r, w.* EXCLUDE (model, code)"
        f" FROM {into}_pairs JOIN (SELECT * FROM level_weight WHERE model = '{name}') w USING (code)"
    )


def forget(db: duckdb.DuckDBPyConnection) -> None:
    """Let go of the weights that were kept, of whatever model."""
    db.execute("DROP TABLE IF EXISTS level_weight")


def _sum(
    db: duckdb.DuckDBPyConnection, into: str, levels: Sequence[codes.Side], places: Mapping[str, int], model: str
) -> None:
    """Add up what the levels of new codes weigh, as Splink does."""
    found: list[tuple[object, ...]] = []
    for (code,) in db.execute(f"SELECT code FROM {into}_new ORDER BY code").fetchall():
        weights = codes.weights(levels[code & 1], places, code)
        total = round(sum(weights[name] for name in (ACROSS if code & 1 else WITHIN)), DECIMALS)
        found.append((model, code, total, *(weights.get(name) for name in COMPARISONS)))
    insert(db, "level_weight", ", ".join(["model", "code", "weight", *(f"w_{name}" for name in COMPARISONS)]), found)


def _weigh_side(
    db: duckdb.DuckDBPyConnection,
    table: str,
    side: str,
    into: str,
    settings: str,
    names: tuple[str, ...],
    model: str,
) -> None:
    from splink.backends.duckdb import DuckDBAPI

    needed = ", ".join([*names, *(["title_df"] if names == WITHIN else [])])
    # One pair stands for all that reach its levels; which one does not matter.
    db.execute(
        f"CREATE OR REPLACE TABLE pair_row AS SELECT code AS pair, unnest(any_value(t)) FROM (SELECT l, r, {needed}"
        f' FROM {table} WHERE coalesce("cross", false) = {side}) t JOIN {into}_pairs USING (l, r)'
        f" SEMI JOIN {into}_new USING (code) GROUP BY code;"
        "CREATE OR REPLACE TABLE other_row AS SELECT * REPLACE (-1::BIGINT AS pair) FROM pair_row LIMIT 1;"
        "CREATE OR REPLACE TABLE pair_block AS SELECT '0' AS match_key, 'a-__-' || pair AS join_key_l,"
        " 'b-__--1' AS join_key_r FROM pair_row"
    )
    try:
        if not db.execute("SELECT count(*) FROM pair_row").fetchall()[0][0]:
            return
        api = DuckDBAPI(connection=db)
        left = api.register("pair_row", dataset_display_name="a")
        right = api.register("other_row", dataset_display_name="b")
        linker = _linker(settings, api, left, right)
        linker.table_management.register_blocked_pairs_for_predict(api.register("pair_block"))
        found = linker.inference.predict(warning_mode="never").physical_name
        weights = ", ".join(f"mw_{name} AS w_{name}" for name in names)
        total = " + ".join(f"mw_{name}" for name in names)
        db.execute(
            f"INSERT INTO level_weight BY NAME SELECT '{model}' AS model, pair_l AS code,"
            f" round({total}, {DECIMALS}) AS weight, {weights} FROM {found}"
        )
        api.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
    finally:
        db.execute("DROP TABLE IF EXISTS pair_row; DROP TABLE IF EXISTS other_row; DROP TABLE IF EXISTS pair_block")
