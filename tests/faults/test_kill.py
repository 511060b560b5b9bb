"""SIGKILL at random points of harvest, publish and release switch: ledger and release are consistent after each.

A child process does the work on a generated list that changes every round; the parent kills it at a random
moment of the time that the work takes, then examines what is on disk and goes on with it.
"""

from __future__ import annotations

import multiprocessing
import random
import signal
import sqlite3
import time
import zlib
from multiprocessing.process import BaseProcess
from pathlib import Path

import pyoxigraph as ox

from benchmarks import generate
from benchmarks.bench import served
from registry import release
from registry.ledger import connect, log
from registry.ledger.log import graph_digest
from registry.pipeline.house import ledger_path
from registry.search.reader import Reader
from registry.settings import Settings
from tests.support.whole_way import work

COUNT, ROUNDS, CHANGED = 240, 50, 40


# Children come from a server that has opened nothing: a store's threads do not survive a fork.
PROCESSES = multiprocessing.get_context("forkserver")
# What the first call would load by itself is there already: kills then fall into work, not into imports.
PROCESSES.set_forkserver_preload(
    ["tests.support.whole_way", "harvesters.oai_pmh", "pandas", "pyarrow.dataset", "sqlglot.dialects.duckdb"]
)


def child(folder: Path, address: str) -> BaseProcess:
    process = PROCESSES.Process(target=work, args=(folder, address))
    process.start()
    return process


def finished_well(folder: Path, address: str) -> bool:
    process = child(folder, address)
    process.join(60)
    return process.exitcode == 0


def examine_ledger(connection: sqlite3.Connection) -> None:
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = connection.execute(
        "SELECT c.sequence, c.kind, c.digest, g.stated, g.inferred FROM change c LEFT JOIN graph g ON g.id=c.graph"
    ).fetchall()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1)), "the log has a hole"
    for _, kind, digest, stated, inferred in rows:
        if kind == "record":
            body = (zlib.decompress(stated).decode(), zlib.decompress(inferred).decode() if inferred else "")
            assert graph_digest(*body) == digest
    wrong = connection.execute(
        "SELECT count(*) FROM standing s WHERE s.sequence <> (SELECT max(sequence) FROM change WHERE subject=s.subject)"
    ).fetchone()
    assert wrong == (0,), "what stands is not what the log says last"
    both = connection.execute(
        "SELECT count(*) FROM record r JOIN draft d ON d.record=r.id JOIN change c ON c.digest=d.digest AND c.key=r.key"
        " JOIN standing s ON s.sequence=c.sequence"
    ).fetchone()
    assert both == (0,), "a draft stayed after its change was appended"


def examine_release(data: Path, connection: sqlite3.Connection) -> None:
    current = release.current(data)
    if current is None:
        return
    assert current.sequence <= log.last_sequence(connection)
    query = (
        "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?r a <http://www.w3.org/ns/dcat#CatalogRecord> } "
        "FILTER NOT EXISTS { GRAPH ?t { ?r <http://www.w3.org/ns/prov#invalidatedAtTime> ?x } } }"
    )
    (row,) = ox.Store.read_only(str(current.graph)).query(query)  # type: ignore[misc, union-attr]
    stood = connection.execute(
        "SELECT count(*) FROM change c WHERE kind='record' AND sequence <= ? AND sequence ="
        " (SELECT max(sequence) FROM change WHERE subject=c.subject AND sequence <= ?)",
        (current.sequence, current.sequence),
    ).fetchone()
    assert int(row[0].value) == stood[0] == current.manifest["counts"]["records"]  # type: ignore[index]
    assert sum(1 for _ in Reader(current.search).all()) == stood[0]


def test_fifty_kills_lose_and_mix_nothing(tmp_path: Path) -> None:
    chance = random.Random(20261123)
    pages = tmp_path / "pages"
    generate.write(pages, COUNT)
    with served(pages) as address:
        assert finished_well(tmp_path / "warm", address), "the server of processes is started"
        began = time.monotonic()
        assert finished_well(tmp_path, address)
        whole = time.monotonic() - began
        killed = 0
        committed = 0
        connection = connect(ledger_path(Settings(data=tmp_path / "var")))
        for _ in range(ROUNDS):
            changed = frozenset(chance.sample(range(COUNT), CHANGED))
            generate.write(pages, COUNT, changed)
            process = child(tmp_path, address)
            time.sleep(chance.uniform(0, whole))
            process.kill()
            process.join(60)
            at_work = process.exitcode == -signal.SIGKILL
            killed += at_work
            # Follow how long the work takes just now, so that kills fall into it, its end included.
            whole *= 1.05 if at_work else 0.8
            examine_ledger(connection)
            examine_release(tmp_path / "var", connection)
            last = log.last_sequence(connection)
            assert last >= committed, "something committed was lost"
            committed = last
        assert killed >= ROUNDS // 2, f"only {killed} of {ROUNDS} rounds were killed at work"
        assert finished_well(tmp_path, address), "the next run does not carry on"
        examine_ledger(connection)
        examine_release(tmp_path / "var", connection)
        current = release.current(tmp_path / "var")
        assert current is not None and current.sequence == log.last_sequence(connection)
        survivors = {change.subject: change.digest for change in log.standing(connection)}
        connection.close()
        fresh = tmp_path / "fresh"
        fresh.mkdir()
        assert finished_well(fresh, address)
    other = connect(ledger_path(Settings(data=fresh / "var")))
    assert survivors == {change.subject: change.digest for change in log.standing(other)}
    other.close()
