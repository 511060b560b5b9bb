"""What is said of a ledger that another process holds for too long."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from registry.pipeline.disk import fault


def test_a_ledger_that_another_holds_is_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with sqlite3.connect(file, isolation_level=None) as one, sqlite3.connect(file, timeout=0) as other:
        one.execute("CREATE TABLE t (n)")
        one.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as told:
            other.execute("INSERT INTO t VALUES (1)")
        said = fault(told.value, tmp_path)
        one.execute("ROLLBACK")
    assert said.startswith(f"another process writes to {tmp_path}") and "Call again" in said
    assert fault(sqlite3.OperationalError("no such table: t"), tmp_path) == ""
