"""The process in which Spark runs: ``python -m registry.matching.spark_job JOB.json``, called by ``spark``.

The job names Spark's options and, for each side of the model, its settings, the pairs to read and the folder to write
to. A process of its own, since Spark's Java ends only with the process that started it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

END = 60.0
"""Seconds that Java may take to end."""


def main(job: Path) -> None:
    """Weigh each side of the job's pairs."""
    threading.Thread(target=_end_with_caller, daemon=True).start()
    body = json.loads(job.read_text("utf-8"))
    builder = importlib.import_module("pyspark.sql").SparkSession.builder
    for name, value in body["options"].items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    java = session.sparkContext._gateway.proc
    try:
        for side in body["sides"]:
            weigh(session, side)
    finally:
        session.stop()
        # Java ends as its input does, a moment later; till then it holds files in the job's folder.
        java.stdin.close()
        java.wait(END)


def weigh(session: Any, side: Mapping[str, Any]) -> None:
    """Read pairs (pair, l_, r_, measures), write l, r and the weight of each comparison in bits, both as Parquet."""
    from splink import Linker
    from splink.backends.spark import SparkAPI

    session.read.parquet(side["pairs"]).createOrReplaceTempView("pair_row")
    # The right side is one row that nothing reads: a pair's measures stand in its left row (``scoring``).
    session.sql("SELECT * FROM pair_row LIMIT 1").drop("pair").selectExpr(
        "CAST(0 AS BIGINT) AS pair", "*"
    ).createOrReplaceTempView("other_row")
    session.sql(
        "SELECT '0' AS match_key, concat('a-__-', CAST(pair AS STRING)) AS join_key_l, 'b-__-0' AS join_key_r"
        " FROM pair_row"
    ).createOrReplaceTempView("pair_block")
    # Splink's own functions come as a jar and are not needed: levels are plain thresholds.
    api = SparkAPI(spark_session=session, break_lineage_method="persist", register_udfs_automatically=False)  # type: ignore[no-untyped-call]
    left = api.register("pair_row", dataset_display_name="a")
    right = api.register("other_row", dataset_display_name="b")
    settings = json.loads(side["settings"])
    settings |= {"probability_two_random_records_match": 0.5, "additional_columns_to_retain": ["l_", "r_"]}
    linker = Linker([left, right], settings)
    linker.table_management.register_blocked_pairs_for_predict(api.register("pair_block"))
    found = linker.inference.predict(warning_mode="never").physical_name
    columns = ", ".join(f"mw_{name} AS w_{name}" for name in side["names"])
    session.sql(f"SELECT l__l AS l, r__l AS r, {columns} FROM {found}").write.parquet(side["weights"])
    session.catalog.clearCache()


def _end_with_caller() -> None:
    """The caller holds the other end of the input and never writes: it ends when the caller does."""
    os.read(sys.stdin.fileno(), 1)  # not sys.stdin.read: its lock would be held when Python ends
    os._exit(1)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except Exception as error:
        traceback.print_exc()
        print(f"{type(error).__name__}: {str(error).strip().partition(os.linesep)[0]}")
        sys.exit(1)
