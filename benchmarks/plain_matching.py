"""Matching as it is usually done: candidates by one SQL statement, scores by one Splink model. To compare speed with.

The rarest words of titles, words of many titles left out, and equal addresses; no languages, no types, no clusters.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import duckdb
import pyarrow as pa
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

from registry.iris import SCHEMA
from registry.model import Change
from registry.terms import Literal, by_subject

RAREST, MANY, SEED = 3, 200, 1
_PAIRS = """
CREATE TABLE word AS SELECT DISTINCT unique_id, unnest(string_split(lower(title), ' ')) AS w FROM record;
CREATE TABLE rare AS SELECT unique_id, w FROM (
  SELECT unique_id, w, row_number() OVER (PARTITION BY unique_id ORDER BY n, w) AS nth
  FROM word JOIN (SELECT w, count(*) AS n FROM word GROUP BY w HAVING count(*) BETWEEN 2 AND {many}) USING (w)
) WHERE nth <= {rarest};
CREATE TABLE pairs AS
  SELECT l.unique_id AS join_key_l, r.unique_id AS join_key_r FROM rare l JOIN rare r USING (w)
  WHERE l.unique_id < r.unique_id
  UNION SELECT l.unique_id, r.unique_id FROM record l JOIN record r USING (url) WHERE l.unique_id < r.unique_id;
CREATE TABLE blocked AS SELECT '0' AS match_key, join_key_l, join_key_r FROM pairs
"""


def _table(changes: Iterable[Change]) -> pa.Table:
    columns: dict[str, list[object]] = {name: [] for name in ("unique_id", "title", "url", "authors", "minutes")}
    for change in changes:
        if change.kind != "record":
            continue
        described = by_subject(change.stated)
        resource = change.subject.replace("/id/record/", "/id/resource/", 1)
        node = described[resource]

        def first(name: str, of: dict[str, list[object]]) -> str | None:
            return next(
                (one.value if isinstance(one, Literal) else str(one) for one in of.get(SCHEMA + name, ())), None
            )  # type: ignore[union-attr]

        people = [first("name", described.get(str(one), {})) for one in node.get(SCHEMA + "author", ())]  # type: ignore[arg-type]
        values = (resource, first("name", node), first("url", node), sorted(filter(None, people)) or None)  # type: ignore[arg-type]
        for name, value in zip(columns, (*values, first("timeRequired", node)), strict=True):  # type: ignore[arg-type]
            columns[name].append(value)
    return pa.table(columns)


def plain(changes: Iterable[Change]) -> int:
    """Match records so; how many pairs were scored."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.register("given", _table(changes))
    connection.execute("CREATE TABLE record AS SELECT * FROM given")
    connection.execute(_PAIRS.format(rarest=RAREST, many=MANY))
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("title", [0.92, 0.8]),
            cl.ExactMatch("url"),
            cl.ArrayIntersectAtSizes("authors", [2, 1]),
            cl.ExactMatch("minutes"),
        ],
        blocking_rules_to_generate_predictions=[block_on("title")],
        retain_matching_columns=False,
    )
    database = DuckDBAPI(connection=connection)
    linker = Linker(database.register("record", dataset_display_name="records"), settings)
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    linker.training.estimate_probability_two_random_records_match([block_on("url")], recall=0.5)
    linker.training.estimate_u_using_random_sampling(max_pairs=200_000, seed=SEED)
    for column in ("url", "minutes"):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(column), max_pairs=100_000)
    linker.table_management.register_blocked_pairs_for_predict(
        database.register("blocked", dataset_display_name="pairs")
    )
    found = linker.inference.predict()
    (count,) = connection.execute(f"SELECT count(*) FROM {found.physical_name}").fetchall()[0]
    connection.close()
    return int(count)
