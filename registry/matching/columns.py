"""What DuckDB is handed: statements from ``sql/``, and rows as columns instead of a statement for each."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import duckdb
import pyarrow as pa


def sql(name: str) -> str:
    """The statements of a file, parameters in braces."""
    return files("registry.matching").joinpath(f"sql/{name}.sql").read_text("utf-8")


def insert(db: duckdb.DuckDBPyConnection, table: str, names: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows into a table; ``names`` are their columns, separated by commas."""
    if not rows:
        return
    columns = zip(names.split(", "), zip(*rows, strict=True), strict=True)
    db.register("rows_", pa.table({name: list(values) for name, values in columns}))
    db.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM rows_")
    db.unregister("rows_")
