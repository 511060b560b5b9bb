"""What DuckDB is handed: statements from ``sql/``, and rows as columns instead of a statement for each."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

MEMORY = "2GB"
"""What DuckDB may keep in memory; what is more goes to disk."""
MEMORY_OF_CHANGES = "4GB"
"""The same while changes are carried: there is no other large process then, and tables that stay need not be read
again for each statement."""


def opened(path: Path | None, threads: int) -> duckdb.DuckDBPyConnection:
    """A working file, made with its folder if it is not there; in memory without a path."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY, "threads": threads, "autoinstall_known_extensions": False,
        "autoload_known_extensions": False, "preserve_insertion_order": False,
    }  # fmt: skip
    db = duckdb.connect(":memory:" if path is None else str(path), config=config)
    db.execute("SET enable_progress_bar = false")
    return db


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
