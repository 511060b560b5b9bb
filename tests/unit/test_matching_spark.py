"""Weights on Spark are DuckDB's; and what to do is said where Spark cannot be started."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from registry.matching import scoring, spark
from tests.support.measured_pairs import pairs


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def started() -> None:
    if os.environ.get("CI"):
        return  # there it must be installed
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("the extra spark (pyspark) or Java 17 is not installed on this machine")


def test_ten_thousand_pairs_weigh_the_same(started: None, db: duckdb.DuckDBPyConnection) -> None:
    model = scoring.default_model()
    pairs(db, model, 10_000, seed=21)
    scoring.weigh(db, "measure", "here", model)
    spark.weigh(db, "measure", "there", model)
    same = ", ".join(f"max(abs(coalesce(a.w_{n}, 0) - coalesce(b.w_{n}, 0)))" for n in scoring.COMPARISONS)
    ((count, apart, *each),) = db.execute(
        f"SELECT count(*), max(abs(a.weight - b.weight)), {same} FROM here a JOIN there b USING (l, r)"
    ).fetchall()
    assert count == db.execute("SELECT count(*) FROM there").fetchall()[0][0] == 10_000
    assert apart <= 1e-9
    assert max(each) <= 1e-9
    assert db.execute("DESCRIBE here").fetchall() == db.execute("DESCRIBE there").fetchall()


def test_a_missing_pyspark_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(spark.importlib, "import_module", absent)
    with pytest.raises(spark.NoSpark, match=r"pip install 'meta-academy\[spark\]'"):
        spark.check()


def test_a_missing_java_says_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spark.importlib, "import_module", lambda name: None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(spark.NoSpark, match="JAVA_HOME.*openjdk-17-jre-headless"):
        spark.check()
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(spark.NoSpark, match="by PATH"):
        spark.check()


@pytest.mark.parametrize(
    ("said", "fine"),
    [('openjdk version "17.0.15" 2025-04-15', True), ('java version "1.8.0_402"', False), ('openjdk version "21"', True),
     ("something else", False)],
)  # fmt: skip
def test_an_old_java_is_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, fine: bool) -> None:
    monkeypatch.setattr(spark.importlib, "import_module", lambda name: None)
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if fine:
        spark.check()
    else:
        with pytest.raises(spark.NoSpark, match="or later"):
            spark.check()
