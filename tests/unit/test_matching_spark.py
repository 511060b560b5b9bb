"""Spark weighs as DuckDB does, on this machine alone; and what to do is said where it cannot be started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from benchmarks.catalogue_ledger import edit, fill
from benchmarks.generate_catalogue import Catalogue, changes
from registry.matching import Matcher, scoring, spark
from registry.model import Match
from registry.pipeline import matched
from registry.pipeline.house import opened
from registry.settings import BadSettings, Settings, load
from tests.support.measured_pairs import pairs

RECORDS = 10_000
NOW = "2026-11-30T00:00:00Z"
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
"""127.0.0.1, the same within IPv6, and ::1, as /proc/net writes them."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark is here, and weighs however few pairs there are."""
    if not os.environ.get("CI") and (find_spec("pyspark") is None or shutil.which("java") is None):
        pytest.skip("the extra spark (pyspark) or Java 17 is not installed on this machine")
    monkeypatch.setattr(spark, "FEW", 0)
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")  # not worth compiling well for so few pairs


def processes(word: str) -> list[Path]:
    """The processes beside this one that were called with a word."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if word in (place / "cmdline").read_text("utf-8", "replace") and int(place.name) != os.getpid():
                found.append(place)
        except OSError:  # it has ended meanwhile
            continue
    return found


def listening(place: Path) -> set[str]:
    """The addresses that a process listens at."""
    try:
        own = {str(entry.readlink()) for entry in (place / "fd").iterdir()}
        rows = [
            line.split() for name in ("tcp", "tcp6") for line in (place / "net" / name).read_text().splitlines()[1:]
        ]
    except OSError:
        return set()
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own}


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[set[str]]:
    """The addresses at which anything listened that was called with the test's folder."""
    found: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            for place in processes(str(tmp_path)):
                found.update(listening(place))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


class Enough(Exception):
    """What follows the weights is not looked at."""


def measured(records: int) -> pa.Table:
    """The pairs of generated records as the product compares them."""
    taken: list[pa.Table] = []

    def keep(db: duckdb.DuckDBPyConnection, table: str, into: str, model: scoring.Model, threads: int) -> None:
        columns = ", ".join(["l", "r", '"cross"', "title_df", *scoring.COMPARISONS])
        taken.append(db.execute(f"SELECT {columns} FROM {table}").to_arrow_table())
        raise Enough

    with Matcher(None, {}, weigher=keep) as matcher, pytest.raises(Enough):
        matcher.rebuild(changes(records))
    return taken[0]


@pytest.mark.skipif(sys.platform != "linux", reason="who listens is read from /proc")
def test_ten_thousand_records_weigh_the_same(started: None, tmp_path: Path, heard: set[str]) -> None:
    """Their pairs, and pairs drawn from the model, which have every level of every comparison."""
    model, found = scoring.default_model(), measured(RECORDS)
    with duckdb.connect() as db:
        pairs(db, model, 10_000, seed=21)
        db.register("found", found)
        db.execute("INSERT INTO measure BY NAME SELECT * REPLACE (-1 - l AS l) FROM found")
        scoring.weigh(db, "measure", "here", model)
        spark.weigher("spark", tmp_path)(db, "measure", "there", model, 2)
        assert db.execute("DESCRIBE here").fetchall() == db.execute("DESCRIBE there").fetchall()
        names = ["weight", *(f"w_{name}" for name in scoring.COMPARISONS)]
        other = " + ".join(f"count(*) FILTER (a.{name} IS DISTINCT FROM b.{name})" for name in names)
        apart = ", ".join(f"abs(coalesce(a.{name}, 0) - coalesce(b.{name}, 0))" for name in names)
        ((here, there, others, most, distinct),) = db.execute(
            f"SELECT count(a.l), count(b.l), {other}, max(greatest({apart})), count(DISTINCT a.weight)"
            " FROM here a FULL JOIN there b USING (l, r)"
        ).fetchall()
    assert found.num_rows > RECORDS
    assert here == there == found.num_rows + 10_000
    assert (others, most) == (0, 0.0)
    assert distinct > 1000
    assert heard and heard <= LOOPBACK
    assert processes(str(tmp_path)) == [] == list(tmp_path.iterdir())


def test_a_registry_matches_the_same_with_spark(started: None, tmp_path: Path) -> None:
    """As the publisher does it: the first build, and what a week's edits change."""
    found: dict[str, list[list[Match]]] = {}
    for engine in ("duckdb", "spark"):
        settings = Settings(data=tmp_path / engine, notice_days=0, match_engine=engine)
        with opened(settings, Catalogue(300).academies()) as house:
            fill(house, 300)
            with matched.matches_now(house, NOW) as every:
                found[engine] = [list(every())]
            edit(house, 300, 20)
            with matched.matches_now(house, NOW) as every:
                found[engine].append(list(every()))
    assert found["spark"] == found["duckdb"]
    first, second = found["spark"]
    assert first and second and first != second
    assert any(line.weight for match in second for line in match.evidence)


def test_few_pairs_do_not_wait_for_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("Spark was started")

    monkeypatch.setattr(spark.Spark, "_run", never)
    model = scoring.default_model()
    with duckdb.connect() as db:
        pairs(db, model, 50, seed=3)
        spark.Spark(tmp_path)(db, "measure", "there", model)
        assert db.execute("SELECT count(*) FROM there").fetchall() == [(50,)]
        monkeypatch.setattr(spark, "FEW", 49)
        with pytest.raises(AssertionError, match="Spark was started"):
            spark.Spark(tmp_path)(db, "measure", "there", model)


def test_what_spark_said_last_is_told(started: None, tmp_path: Path) -> None:
    model = scoring.default_model()
    with duckdb.connect() as db:
        pairs(db, model, 50, seed=3)
        with pytest.raises(spark.NoSpark, match=r"(?s)on this machine.*Invalid.*-Xmxlots.*call again") as told:
            spark.Spark(tmp_path, memory="lots")(db, "measure", "there", model)
    assert len(str(told.value)) < 3000
    assert processes(str(tmp_path)) == [] == list(tmp_path.iterdir())


def test_spark_ends_when_the_caller_is_killed(started: None, tmp_path: Path) -> None:
    code = (
        "import sys, duckdb; from pathlib import Path; from registry.matching import scoring, spark;"
        " from tests.support.measured_pairs import pairs; spark.FEW = 0; model = scoring.default_model();"
        " db = duckdb.connect(); pairs(db, model, 2000, seed=3);"
        " spark.Spark(Path(sys.argv[1]))(db, 'measure', 'there', model)"
    )
    root = Path(__file__).parent.parent.parent
    caller = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=root)

    def until(wanted: bool) -> bool:
        """Whether Java runs, or nothing does, within a minute."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            others = [place for place in processes(str(tmp_path)) if int(place.name) != caller.pid]
            if (wanted and any(listening(place) for place in others)) or (not wanted and not others):
                return True
            time.sleep(0.05)
        return False

    try:
        running = until(True)
    finally:
        caller.kill()
        caller.wait()
    assert running
    assert until(False)


def test_a_missing_pyspark_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    with pytest.raises(spark.NoSpark, match=r"META_ACADEMY_MATCH_ENGINE.*pip install 'meta-academy\[spark\]'"):
        spark.weigher("spark", tmp_path)
    assert spark.weigher("duckdb", tmp_path) is scoring.weigh


def test_a_missing_java_says_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: name)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(spark.NoSpark, match="JAVA_HOME.*openjdk-17-jre-headless"):
        spark.check()
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(spark.NoSpark, match="on the PATH"):
        spark.check()


@pytest.mark.parametrize(
    ("said", "fine"),
    [('openjdk version "17.0.15" 2025-04-15', True), ('java version "1.8.0_402"', False), ('openjdk version "21"', True),
     ("something else", False)],
)  # fmt: skip
def test_an_old_java_is_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, fine: bool) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: name)
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


def test_the_setting_takes_an_engine_or_a_clusters_address(tmp_path: Path) -> None:
    for value in ("duckdb", "spark", "spark://10.0.0.1:7077"):
        assert load({"META_ACADEMY_MATCH_ENGINE": value}).match_engine == value
    with pytest.raises(
        BadSettings, match="MATCH_ENGINE must be one of duckdb, spark, spark://host:port; it is 'dask'"
    ):
        load({"META_ACADEMY_MATCH_ENGINE": "dask"})


def test_the_command_line_says_what_spark_needs(tmp_path: Path) -> None:
    """No Java on the PATH: the call ends with 2 and a sentence, and the ledger is as it was."""
    environment = {
        **os.environ, "META_ACADEMY_MATCH_ENGINE": "spark", "META_ACADEMY_DATA": str(tmp_path / "data"),
        "JAVA_HOME": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "registry.cli", "match"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("META_ACADEMY_MATCH_ENGINE asks for Spark")
    assert "Traceback" not in done.stderr
