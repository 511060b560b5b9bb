"""Match weights on Apache Spark, for pair tables that one machine's DuckDB has outgrown.

The same model, the same pair rows and the same Splink as ``scoring``, through Splink's Spark backend: the measures
go out as Parquet, the weights come back as Parquet, and the sum is taken and rounded by the same expression, so that
both engines give one number. Needs the extra ``spark`` (pyspark 4) and Java 17 or later.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from registry.matching.scoring import ACROSS, COMPARISONS, DECIMALS, WITHIN, Model

JAVA = 17
"""The oldest Java that Spark 4 runs on."""
MEMORY = "2g"
"""What Spark may take of a laptop; its own default of 1 GB breaks on joins of millions of rows."""
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


class NoSpark(Exception):
    """Spark cannot be started; the message says what is missing, where it was looked for and how to mend it."""


def weigh(
    db: duckdb.DuckDBPyConnection,
    table: str,
    into: str,
    model: Model,
    threads: int = 2,
    *,
    memory: str = MEMORY,
    master: str = "",
) -> None:
    """Make the temporary table ``into`` as ``scoring.weigh`` does, on Spark.

    ``threads`` cores and ``memory`` (as Spark writes it: "2g") of this machine are used; ``master`` names a cluster
    instead ("spark://host:7077"), which must see this machine's temporary folder. Raises ``NoSpark``.
    """
    columns = ", ".join(f"w_{name} DOUBLE" for name in COMPARISONS)
    with (
        tempfile.TemporaryDirectory(prefix="registry-spark-") as folder,
        _session(Path(folder), threads, memory, master) as session,
    ):
        db.execute(f"CREATE OR REPLACE TEMP TABLE {into} (l BIGINT, r BIGINT, weight DOUBLE, {columns})")
        for across, settings, names in ((False, model.within, WITHIN), (True, model.across, ACROSS)):
            place = Path(folder) / ("across" if across else "within")
            place.mkdir()
            needed = ", ".join([*names, *([] if across else ["title_df"])])
            pairs, weights = place / "pairs.parquet", place / "weights.parquet"
            (count,) = db.execute(
                f"COPY (SELECT row_number() OVER () AS pair, l AS l_, r AS r_, {needed} FROM {table}"
                f' WHERE coalesce("cross", false) = {str(across).lower()}) TO {_text(pairs)} (FORMAT parquet)'
            ).fetchall()[0]
            if not count:
                continue
            _weigh_part(session, pairs, weights, settings, names)
            total = " + ".join(f"w_{name}" for name in names)
            db.execute(
                f"INSERT INTO {into} BY NAME SELECT l, r, round({total}, {DECIMALS}) AS weight,"
                f" {', '.join(f'w_{name}' for name in names)} FROM read_parquet({_text(weights / '*.parquet')})"
            )


def check() -> None:
    """Raise ``NoSpark`` unless pyspark and a Java that it runs on are installed."""
    try:
        importlib.import_module("pyspark")
    except ModuleNotFoundError as missing:
        raise NoSpark(
            "META_ACADEMY_MATCH_ENGINE is spark, and the Python package pyspark is not installed here. "
            "Install it with: pip install 'meta-academy[spark]' - or leave the setting out to match with DuckDB."
        ) from missing
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    looked = f"JAVA_HOME ({home})" if home else "PATH"
    mend = f"Install Java {JAVA} or later (Debian: openjdk-17-jre-headless), or set JAVA_HOME to where it is."
    if shutil.which(java) is None:
        raise NoSpark(f"META_ACADEMY_MATCH_ENGINE is spark, and no java was found by {looked}. {mend}")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False).stderr
    found = _VERSION.search(said)
    if found is None or int(found[1]) < JAVA:
        first = (said.splitlines() or ["nothing"])[0][:200]
        raise NoSpark(f"META_ACADEMY_MATCH_ENGINE is spark, and the java found by {looked} says: {first}. {mend}")


@contextmanager
def _session(folder: Path, threads: int, memory: str, master: str) -> Iterator[Any]:
    check()
    builder = importlib.import_module("pyspark.sql").SparkSession.builder
    options = {
        "spark.driver.memory": memory,
        "spark.executor.memory": memory,
        "spark.local.dir": str(folder / "scratch"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        # Two hundred parts, Spark's default, are for clusters; here they are mostly overhead.
        "spark.sql.shuffle.partitions": str(200 if master else 2 * threads),
        "spark.default.parallelism": str(200 if master else 2 * threads),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    if not master:  # nothing listens beyond this machine
        options |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    builder = builder.master(master or f"local[{threads}]").appName("meta-academy")
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()


def _weigh_part(session: Any, pairs: Path, weights: Path, settings: str, names: tuple[str, ...]) -> None:
    from splink import Linker
    from splink.backends.spark import SparkAPI

    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        rows = session.read.parquet(str(pairs))
        rows.createOrReplaceTempView("pair_row")
        session.sql("SELECT * FROM pair_row LIMIT 1").drop("pair").selectExpr(
            "CAST(0 AS BIGINT) AS pair", "*"
        ).createOrReplaceTempView("other_row")
        session.sql(
            "SELECT '0' AS match_key, concat('a-__-', CAST(pair AS STRING)) AS join_key_l, 'b-__-0' AS join_key_r"
            " FROM pair_row"
        ).createOrReplaceTempView("pair_block")
        api = SparkAPI(spark_session=session, break_lineage_method="persist", register_udfs_automatically=False)  # type: ignore[no-untyped-call]
        left = api.register("pair_row", dataset_display_name="a")
        right = api.register("other_row", dataset_display_name="b")
        body = {**json.loads(settings), "probability_two_random_records_match": 0.5}
        linker = Linker([left, right], body, log_level=None)
        linker.table_management.register_blocked_pairs_for_predict(api.register("pair_block"))
        found = linker.inference.predict(warning_mode="never").physical_name
        columns = ", ".join(f"mw_{name} AS w_{name}" for name in names)
        session.sql(f"SELECT l_ AS l, r_ AS r, {columns} FROM {found} JOIN pair_row ON pair = pair_l").write.parquet(
            str(weights)
        )
        session.catalog.clearCache()
    finally:
        logger.setLevel(before)


def _text(path: Path) -> str:
    """A path as an SQL text."""
    return "'" + str(path).replace("'", "''") + "'"
