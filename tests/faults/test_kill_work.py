"""The process that does what was asked for is killed at its worst moments: nothing that was sent in is lost."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.sent_lists import Sent, bearer, csv, registry

from registry.ledger import tasks
from registry.pipeline.upload_queue import work

PATIENCE = 60.0
# A server of processes without threads: each begins in milliseconds, with the program loaded.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["registry.pipeline.upload_queue", "registry.prepare.setup"])


def working(sent: Sent) -> Any:
    process = PROCESSES.Process(target=work, args=(sent.settings,), kwargs={"watch": True})
    process.start()
    return process


def kill(process: Any) -> None:
    process.kill()  # SIGKILL
    process.join(10)
    assert process.exitcode == -9


def until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def task_of(sent: Sent, kind: str) -> str:
    connection = sent.ledger()
    try:
        return next((one.state for one in tasks.listed(connection, "north") if one.kind == kind), "")
    finally:
        connection.close()


def records(sent: Sent) -> int:
    connection = sent.ledger()
    try:
        return int(connection.execute("SELECT count(*) FROM record").fetchone()[0])
    finally:
        connection.close()


def test_killed_between_preview_and_confirmation_and_in_the_middle_of_both(tmp_path: Path) -> None:
    with registry(tmp_path) as sent:
        token = sent.token("publisher", "north")
        titles = [f"Course {number} on surveys" for number in range(60)]
        process = working(sent)
        try:
            asked = sent.client.put(
                "/api/academies/north/list", params={"wait": 0}, content=csv(*titles), headers=bearer(token)
            )
            number, here = asked.json()["id"], asked.json()["self"]
            until(lambda: task_of(sent, "preview") == "running")
            kill(process)
            assert sent.states()[number] == "checking"
            process = working(sent)
            until(lambda: sent.states()[number] == "previewed")
            kill(process)  # between the two
            told = sent.client.get(here, headers=bearer(token)).json()
            assert told["preview"]["new"]["total"] == 60 and sent.standing() == {}
            confirmed = sent.client.post(f"{here}/confirm", params={"wait": 0}, headers=bearer(token))
            assert confirmed.status_code == 202
            process = working(sent)
            until(lambda: task_of(sent, "publish") == "running" and records(sent) > 0)
            kill(process)  # what was read is in the ledger, what it says is not public yet, or in part
            process = working(sent)
            until(lambda: sent.states()[number] == "published")
            assert sorted(sent.standing().values()) == sorted(titles)
        finally:
            kill(process)
