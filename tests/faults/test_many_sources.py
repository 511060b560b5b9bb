"""Many lists at once under faults: kills in the middle of fetching, a server that never answers."""

from __future__ import annotations

import multiprocessing
import random
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from faults.test_kill import examine_ledger

from benchmarks.bench_sources import academies, serving
from registry.ledger import connect, log, runs
from registry.model import Academy, Feed
from registry.pipeline.harvest import harvest_feeds
from registry.pipeline.house import ledger_path, opened
from registry.settings import Settings

PAGES = {f"source-{number:02d}": 2 + number % 4 for number in range(8)}
SIZE, READING, ROUNDS = 20, 4, 4
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.test_many_sources"])


def work(data: Path, known: Mapping[str, Academy]) -> None:
    """Visit all lists, in a process of its own."""
    with opened(Settings(data=data, workers=1), known) as house:
        runs_ = harvest_feeds(house, house.feeds, lambda *_: None)
        assert all(run.outcome == "done" for run in runs_), runs_


def state(data: Path) -> tuple[dict[str, str], set[tuple[str, str, str]], set[tuple[str, ...]]]:
    """What stands, how each record is kept, and the findings."""
    connection = connect(ledger_path(Settings(data=data)))
    try:
        examine_ledger(connection)
        stood = {change.subject: f"{change.kind} {change.digest}" for change in log.standing(connection)}
        kept = connection.execute(
            "SELECT r.key, r.status, p.digest FROM record r JOIN payload p ON p.id = r.latest AND r.good = r.latest"
        )
        found = connection.execute("SELECT feed, record, stage, code, place, value FROM finding")
        return stood, set(kept), set(found)
    finally:
        connection.close()


def count(data: Path) -> int:
    """How many records are staged."""
    path = ledger_path(Settings(data=data))
    if not path.exists():
        return 0
    connection = sqlite3.connect(path, timeout=30)
    try:
        found: int = connection.execute("SELECT count(*) FROM record").fetchone()[0]
        return found
    except sqlite3.OperationalError:
        return 0  # not yet made
    finally:
        connection.close()


def wait_for(come: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not come():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_kills_while_many_lists_are_read_change_nothing_in_the_end(tmp_path: Path) -> None:
    chance = random.Random(20261123)
    with serving({"seconds": 0.05, "size": SIZE, "sources": PAGES, "ready": True}) as port:
        known = academies(list(PAGES), port)
        (tmp_path / "undisturbed").mkdir()
        began = time.monotonic()
        process = PROCESSES.Process(target=work, args=(tmp_path / "undisturbed", known))
        process.start()
        process.join(120)
        assert process.exitcode == 0
        whole = time.monotonic() - began
        wanted = state(tmp_path / "undisturbed")
        assert len(wanted[0]) == SIZE * sum(PAGES.values())
        data, staged, partly, killed = tmp_path / "killed", 0, 0, 0
        for number in range(READING + ROUNDS):
            process = PROCESSES.Process(target=work, args=(data, known))
            process.start()
            if number < READING:
                # As soon as something more was read: in the middle of the lists.
                wait_for(lambda: not process.is_alive() or count(data) > staged)  # noqa: B023
            time.sleep(chance.uniform(0, 0.05 if number < READING else whole))
            process.kill()
            process.join(60)
            killed += process.exitcode == -signal.SIGKILL
            now = count(data)
            assert now >= staged, "what was staged stays"
            partly += staged < now < len(wanted[0])
            staged = now
        assert partly >= 2, "no kill fell into the reading"
        assert killed >= READING, f"only {killed} rounds were killed at work"
        process = PROCESSES.Process(target=work, args=(data, known))
        process.start()
        process.join(120)
        assert process.exitcode == 0, "the next call does not carry on"
    assert state(data) == wanted
    connection = connect(ledger_path(Settings(data=data)))
    last = {run.feed: run.outcome for run in reversed(runs.listed(connection, limit=1000))}
    connection.close()
    assert set(last.values()) == {"done"} and set(last) == set(PAGES)


@contextmanager
def silent(host: str) -> Iterator[int]:
    """A server that takes connections and never says anything; its port."""
    with socket.create_server((host, 0)) as server:
        taken: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    taken.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for one in taken:
                one.close()


@pytest.mark.parametrize("threads", [2, 40])
def test_a_server_that_never_answers_delays_no_other_list(tmp_path: Path, threads: int) -> None:
    """Its own failure takes as long as its timeout; the others are in the log long before."""
    timeout = 12.0  # far above what the others need, also on a machine that is busy with other tests
    sources = {name: PAGES[name] for name in list(PAGES)[:5]}
    with (
        silent("127.0.8.1") as nowhere,
        serving({"seconds": 0.02, "size": SIZE, "sources": sources, "ready": True}) as port,
    ):
        address = f"http://127.0.8.1:{nowhere}/oai"
        feed = Feed("silent", "silent", "oai_pmh", address, allow_hosts=("127.0.8.1",))
        known = {"silent": Academy("silent", {"en": "Silent"}, "https://s.example/", feeds=(feed,)),
                 **academies(list(sources), port)}  # fmt: skip
        settings = Settings(data=tmp_path, workers=1, http_timeout=timeout, http_retries=0, harvest_workers=threads)
        ended: dict[str, float] = {}
        with opened(settings, known) as house:
            began = time.monotonic()

            def shown(what: str, stage: str, done: int, total: int) -> None:
                if stage == "done":
                    ended[what] = time.monotonic() - began

            found = {run.feed: run for run in harvest_feeds(house, house.feeds, shown)}
    assert found.pop("silent").outcome == "failed"
    assert all(run.outcome == "done" for run in found.values())
    assert timeout <= ended.pop("silent") < 2 * timeout
    assert max(ended.values()) < timeout, "the others waited for it"
