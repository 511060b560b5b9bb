"""Match weights on Apache Spark, for pair tables that one machine's DuckDB has outgrown.

The same model, the same pair rows and the same Splink as ``scoring``, through Splink's Spark backend: the measures go
out as Parquet, the weights come back as Parquet, and their sum is taken and rounded by the same expression, so that
both engines give one number. Spark runs in a process of its own (``spark_job``) and ends with it. Needs the extra
``spark`` (pyspark 4) and Java 17 or later.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import duckdb

from registry.matching import scoring
from registry.matching.scoring import ACROSS, COMPARISONS, DECIMALS, WITHIN, Model, Weigher
from registry.settings import BadSettings

JAVA = 17
"""The oldest Java that Spark 4 runs on."""
MEMORY = "2g"
"""What Spark may take of this machine; its own default of 1 GB breaks on joins of millions of rows."""
FEW = 10_000_000
"""Pairs that DuckDB weighs while Spark would start: so many or fewer stay with it; the numbers are the same."""
SAID, LETTERS = 6, 300
"""Lines of what Spark said last that are told when it breaks, and letters of each."""
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


class NoSpark(BadSettings):
    """Spark cannot be started, or broke; the message says what is missing or was said, and how to mend it."""


def weigher(engine: str, folder: Path) -> Weigher:
    """What weighs pairs: ``duckdb``, ``spark`` (on this machine) or the address of a cluster (``spark://host:7077``).

    ``folder`` is where tables are handed to Spark. Raises NoSpark where Spark is asked for and is not here.
    """
    if engine == "duckdb":
        return scoring.weigh
    check()
    return Spark(folder, "" if engine == "spark" else engine)


def check() -> None:
    """Raise NoSpark unless pyspark and a Java that it runs on are installed."""
    if find_spec("pyspark") is None:
        raise NoSpark(
            "META_ACADEMY_MATCH_ENGINE asks for Spark, and the Python package pyspark is not installed here. Install "
            "it with: pip install 'meta-academy[spark]' - or leave the setting out to match with DuckDB"
        )
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    looked = f"in JAVA_HOME ({home})" if home else "on the PATH"
    mend = (
        f"Install Java {JAVA} or later (Debian: openjdk-17-jre-headless), set JAVA_HOME to where it is, or leave the"
        " setting out to match with DuckDB"
    )
    if shutil.which(java) is None:
        raise NoSpark(f"META_ACADEMY_MATCH_ENGINE asks for Spark, and there is no java {looked}. {mend}")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False).stderr
    found = _VERSION.search(said)
    if found is None or int(found[1]) < JAVA:
        first = (said.splitlines() or ["nothing"])[0][:200]
        raise NoSpark(f"META_ACADEMY_MATCH_ENGINE asks for Spark, and the java {looked} says: {first}. {mend}")


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of the model: where its pairs are, where their weights come to, and its comparisons."""

    pairs: Path
    weights: Path
    settings: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Spark:
    """Weighs as ``scoring.weigh`` does.

    ``folder``: a cluster's machines must see it under the same path. ``master``: "" for this machine. ``memory`` as
    Spark writes it, of this machine; what a cluster's machines give stands in Spark's own ``spark-defaults.conf``.
    """

    folder: Path
    master: str = ""
    memory: str = MEMORY

    def __call__(
        self, db: duckdb.DuckDBPyConnection, table: str, into: str, model: Model, threads: int = 2, /
    ) -> None:
        """Make the temporary view ``into``: l, r, weight and one ``w_…`` for each comparison. Raises NoSpark."""
        (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchall()[0]
        if count <= FEW:
            scoring.weigh(db, table, into, model, threads)
            return
        columns = ", ".join(f"w_{name} DOUBLE" for name in COMPARISONS)
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE {into}_each (l BIGINT, r BIGINT, weight DOUBLE, {columns});"
            f"CREATE OR REPLACE TEMP VIEW {into} AS SELECT * FROM {into}_each"
        )
        with _emptied(self.folder.absolute() / "spark") as folder:
            sides = [
                side
                for across, settings, names in ((False, model.within, WITHIN), (True, model.across, ACROSS))
                if (side := _handed(db, table, folder, across, settings, names))
            ]
            self._run(folder, threads, sides)
            for side in sides:
                weights = [f"w_{name}" for name in side.names]
                db.execute(
                    f"INSERT INTO {into}_each BY NAME SELECT l, r, round({' + '.join(weights)}, {DECIMALS}) AS weight,"
                    f" {', '.join(weights)} FROM read_parquet({_text(side.weights / '*.parquet')})"
                )

    def _run(self, folder: Path, threads: int, sides: Sequence[_Side]) -> None:
        job, said = folder / "job.json", folder / "said.txt"
        told = [
            {"pairs": side.pairs.as_uri(), "weights": side.weights.as_uri(), "settings": side.settings,
             "names": side.names}
            for side in sides
        ]  # fmt: skip
        job.write_text(json.dumps({"options": self._options(folder, threads), "sides": told}), "utf-8")
        path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path if entry)
        environment = {**os.environ, "PYTHONPATH": path}
        if not self.master:  # no name is looked up to find this machine's address
            environment["SPARK_LOCAL_IP"] = "127.0.0.1"
        command = [sys.executable, "-m", "registry.matching.spark_job", str(job)]
        with (
            said.open("wb") as log,
            # A cluster that keeps us waiting says so at once; the process ends with this one, as its input ends.
            subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=None if self.master else log
            ) as running,
        ):
            code = running.wait()
        if code:
            with said.open("r", encoding="utf-8", errors="replace") as lines:
                # Lines that are set in are plans and traces, hundreds of them.
                last = "\n".join(deque((line.rstrip()[:LETTERS] for line in lines if line[:1].strip()), SAID))
            raise NoSpark(
                f"Spark ({self.master or 'on this machine'}) ended with code {code}; it said last:\n{last or '-'}"
                "\nWhat it had weighed is dropped; call again, or leave META_ACADEMY_MATCH_ENGINE out to match with"
                " DuckDB"
            )

    def _options(self, folder: Path, threads: int) -> dict[str, str]:
        options = {
            "spark.app.name": "meta-academy",
            "spark.master": self.master or f"local[{threads}]",
            "spark.driver.memory": self.memory,
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
        }
        if not self.master:  # nothing listens beyond this machine
            options |= {
                "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.local.dir": str(folder / "scratch"),
                # Two hundred parts, Spark's default, are for clusters; here they are mostly overhead.
                "spark.sql.shuffle.partitions": str(2 * threads),
                "spark.default.parallelism": str(2 * threads),
            }
        return options


def _handed(
    db: duckdb.DuckDBPyConnection, table: str, folder: Path, across: bool, settings: str, names: Sequence[str]
) -> _Side | None:
    """The pairs of one side written for Spark; None where there are none."""
    side = "across" if across else "within"
    needed = ", ".join([*names, *([] if across else ["title_df"])])
    pairs = folder / f"{side}.parquet"
    (count,) = db.execute(
        f"COPY (SELECT row_number() OVER () AS pair, l AS l_, r AS r_, {needed} FROM {table}"
        f' WHERE coalesce("cross", false) = {str(across).lower()}) TO {_text(pairs)} (FORMAT parquet)'
    ).fetchall()[0]
    return _Side(pairs, folder / f"{side}-weights", settings, names) if count else None


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """The folder, without what a call that was cut off left there; gone afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _text(path: Path) -> str:
    """A path as an SQL text."""
    return "'" + str(path).replace("'", "''") + "'"
