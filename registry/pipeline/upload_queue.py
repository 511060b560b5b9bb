"""The process beside the web that does what was asked for through it, one piece of work after the other.

One at a time (a file lock); after a kill the next one begins again what was not ended.
"""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from registry.academies import BadAcademy
from registry.ledger import connect, tasks, transaction, uploads, utc_now
from registry.ledger.tasks import Task
from registry.model import Run
from registry.pipeline import uploads as sending
from registry.pipeline.disk import fault
from registry.pipeline.harvest import pick
from registry.pipeline.house import House, ledger_path, opened
from registry.pipeline.turns import turn
from registry.settings import Settings

PAUSE = 0.5
TIDY = 3600.0
KEPT_DAYS = 30
"""So long a published list can be taken back, and a file that was never published is kept."""
_log = logging.getLogger("registry.work")


def work(settings: Settings, *, watch: bool, stop: Callable[[], bool] = lambda: False) -> int:
    """Do what waits, and with ``watch`` what comes, until stopped; how much was done."""
    settings.data.mkdir(parents=True, exist_ok=True)
    done = 0
    with (settings.data / "work.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        connection = connect(ledger_path(settings))
        try:
            with transaction(connection):
                tasks.resume(connection)
            tidied = -TIDY
            while not stop():
                if time.monotonic() - tidied > TIDY:
                    tidied = time.monotonic()
                    with transaction(connection):
                        uploads.let_go(connection, _ago(KEPT_DAYS), _ago(KEPT_DAYS))
                if tasks.waiting(connection):
                    with transaction(connection):
                        task = tasks.take(connection, utc_now())
                    if task is not None:
                        done += 1
                        state, outcome = _do(settings, task)
                        with transaction(connection):
                            tasks.end(connection, task.id, state, outcome, utc_now())
                elif not watch:
                    break
                else:
                    time.sleep(PAUSE)
        finally:
            connection.close()
    return done


def _ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _do(settings: Settings, task: Task) -> tuple[str, Mapping[str, Any]]:
    """One piece of work: how it ended, and what came of it. A fault of ours is told, and does not end the others."""
    try:
        with opened(settings) as house, turn(settings.data, task.feed):
            return _WORK[task.kind](house, task)
    except (LookupError, BadAcademy) as error:
        _give_up(settings, task, str(error))
        return "failed", {"message": str(error)}
    except Exception as error:
        if fault(error, settings.data):
            raise
        _log.exception("task %s (%s %s)", task.id, task.kind, task.feed)
        message = f"a fault of this program: {type(error).__name__}"
        _give_up(settings, task, message)
        return "failed", {"message": message}


def _give_up(settings: Settings, task: Task, message: str) -> None:
    """Bring an upload whose work failed into the state from which it can be asked for again."""
    back = {"preview": ("checking", "unreadable"), "publish": ("publishing", "previewed"),
            "withdraw": ("withdrawing", "published")}  # fmt: skip
    if task.kind not in back:
        return
    connection = connect(ledger_path(settings))
    try:
        with transaction(connection):
            uploads.move(connection, task.upload, [back[task.kind][0]], back[task.kind][1], message)
    finally:
        connection.close()


def _visit(house: House, task: Task) -> tuple[str, Mapping[str, Any]]:
    academy, feed = next(one for one in pick(house, [task.feed]))
    return "done", _told(sending.visited(house, academy, feed))


def _preview(
    house: House, task: Task, states: Sequence[str] = ("checking", "previewed")
) -> tuple[str, Mapping[str, Any]]:
    # Whoever confirms while a preview waits, or is being made, has the last word: what is being published stays so.
    upload = uploads.get(house.connection, task.upload)
    if upload is None or upload.state not in states:
        return "done", {}
    try:
        found, basis = sending.preview(house, upload)
    except sending.Unreadable as error:
        problems = sending.told(house, error.issues)
        with transaction(house.connection):
            uploads.unreadable(
                house.connection, upload.id, {"problems": problems}, problems[0]["message"]["en"], states
            )
        return "done", {"problems": problems}
    with transaction(house.connection):
        uploads.previewed(house.connection, upload.id, found, basis, states)
    return "done", {}


def _publish(house: House, task: Task) -> tuple[str, Mapping[str, Any]]:
    upload = uploads.get(house.connection, task.upload)
    if upload is None or upload.state != "publishing":
        return "done", {}
    begun = bool(task.options.get("begun"))
    if not begun and sending.stale(house, upload):
        # What was agreed to is not what would happen now: the preview is made anew, and asked about again.
        _preview(house, task, ("publishing",))
        return "done", {"stale": True}
    with transaction(house.connection):
        # After a kill in mid-way the list has changed already, by this very file.
        tasks.note(house.connection, task.id, {**task.options, "begun": True})
    run = sending.publish(house, upload, accept_drop=bool(task.options.get("accept_drop")))
    return "done", _told(run)


def _withdraw(house: House, task: Task) -> tuple[str, Mapping[str, Any]]:
    upload = uploads.get(house.connection, task.upload)
    if upload is None or upload.state != "withdrawing":
        return "done", {}
    return "done", _told(sending.withdraw(house, upload))


def _told(run: Run) -> dict[str, Any]:
    return {"run": run.iri, "outcome": run.outcome, "message": run.message, "counts": dict(run.counts)}


_WORK: Mapping[str, Callable[[House, Task], tuple[str, Mapping[str, Any]]]] = {
    "visit": _visit, "preview": _preview, "publish": _publish, "withdraw": _withdraw,
}  # fmt: skip
