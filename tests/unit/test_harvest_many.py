"""Many lists at once: what one does never touches another; the log of runs and the summary."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pytest

from harvesters import base
from registry.iris import Iris
from registry.ledger import connect, log, runs, staging
from registry.ledger.records import Waiting
from registry.model import Academy, Document, Done, Feed, HarvestEvent, Issue, RawRecord, Run
from registry.net_pace import PER_HOST
from registry.pipeline import intake, visits
from registry.pipeline.harvest import harvest_feeds
from registry.pipeline.house import ROOT, House, ledger_path, opened
from registry.pipeline.progress import EVERY, Lines, bars
from registry.prepare import workers
from registry.settings import Settings

Harvest = Callable[[base.Visit], Iterator[HarvestEvent]]


def feed(number: int, host: str = "") -> Feed:
    name = f"list-{number:02d}"
    return Feed(name, name, "told", f"http://{host or f'127.0.2.{number + 1}'}:9/", language="en")


def row(key: str, title: str = "") -> RawRecord:
    fields = {"title": title or f"Course {key}", "url": f"https://office.example/{key}"}
    payload = json.dumps({"header": {name: name for name in fields}, "row": fields, "unknown": {}}, sort_keys=True)
    return RawRecord(key, payload.encode(), "application/json", "table", "http://127.0.0.1:9/", f"row {key}")


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., House]]:
    """Opens a registry of some feeds whose lists are told by a function."""
    open_ones = []

    def make(feeds: list[Feed], harvest: Harvest, **settings: int) -> House:
        monkeypatch.setattr(base, "load", lambda protocol: harvest)
        academies = {one.id: Academy(one.id, {"en": one.id}, "https://o.example/", feeds=(one,)) for one in feeds}
        house = opened(Settings(data=tmp_path / "var", workers=1, **settings), academies)  # type: ignore[arg-type]
        open_ones.append(house)
        return house.__enter__()

    yield make
    for house in open_ones:
        house.__exit__(None, None, None)


def visited(house: House, **more: bool) -> dict[str, Run]:
    return {run.feed: run for run in harvest_feeds(house, house.feeds, lambda *_: None, **more)}


def test_lists_are_read_at_the_same_time_and_two_of_a_host(told: Callable[..., House]) -> None:
    lock, at_once, most = threading.Lock(), dict[str, int](), dict[str, int]()

    def harvest(visit: base.Visit) -> Iterator[HarvestEvent]:
        shared = "shared" if "127.0.9.9" in visit.feed.address else "own"
        with lock:
            at_once[shared] = at_once.get(shared, 0) + 1
            most[shared] = max(most.get(shared, 0), at_once[shared])
        time.sleep(0.2)
        with lock:
            at_once[shared] -= 1
        yield row(visit.feed.id)
        yield Done(True)

    feeds = [*(feed(number) for number in range(10)), *(feed(number, "127.0.9.9") for number in range(10, 15))]
    house = told(feeds, harvest)
    began, fetched = time.monotonic(), list[float]()

    def shown(what: str, stage: str, done: int, total: int) -> None:
        if stage == "fetched":
            fetched.append(time.monotonic() - began)

    found = {run.feed: run for run in harvest_feeds(house, house.feeds, shown)}
    assert len(fetched) == 15 and max(fetched) < 2.5, "one after the other takes more than three seconds"
    assert list(found) == [one.id for one in feeds], "in the order that was asked for"
    assert all(run.outcome == "done" and run.counts["published"] == 1 for run in found.values())
    assert most == {"own": 10, "shared": PER_HOST}


def test_no_more_threads_than_the_setting_allows(told: Callable[..., House]) -> None:
    names = set()

    def harvest(visit: base.Visit) -> Iterator[HarvestEvent]:
        names.add(threading.current_thread().name)
        time.sleep(0.02)
        yield Done(True)

    visited(told([feed(number) for number in range(8)], harvest, harvest_workers=3))
    assert len(names) == 3


def test_a_failure_and_a_bug_touch_no_other_list(told: Callable[..., House]) -> None:
    def harvest(visit: base.Visit) -> Iterator[HarvestEvent]:
        yield row(visit.feed.id)
        if visit.feed.id == "list-01":
            raise base.FeedFailed(Issue("net-timeout", visit.feed.address))
        if visit.feed.id == "list-02":
            raise KeyError("a mistake")
        time.sleep(0.1)
        yield Done(True)

    house = told([feed(number) for number in range(5)], harvest)
    with pytest.raises(KeyError, match="a mistake") as caught:
        visited(house)
    assert caught.value.__notes__ == ["while visiting list-02"]
    last = {run.feed: run for run in runs.listed(house.connection)}
    assert {name: run.outcome for name, run in last.items()} == {
        "list-00": "done", "list-01": "failed", "list-02": "failed", "list-03": "done", "list-04": "done",
    }  # fmt: skip
    assert "KeyError" in last["list-02"].message and "fault of this program" in last["list-02"].message
    assert "gave no answer" in last["list-01"].message
    stood = {change.key for change in log.standing(house.connection)}
    assert stood == {"list-00", "list-01", "list-03", "list-04"}, "what list-02 gave waits for its next visit"
    assert house.connection.execute("SELECT count(*) FROM record").fetchone() == (5,)


def test_a_bug_in_preparing_touches_no_other_list(told: Callable[..., House], monkeypatch: pytest.MonkeyPatch) -> None:
    def harvest(visit: base.Visit) -> Iterator[HarvestEvent]:
        yield row(visit.feed.id)
        yield Done(True)

    def wrong(asked: intake.Intake, feed: Feed) -> None:
        if feed.id == "list-00":
            raise ValueError("a mistake in preparing")

    monkeypatch.setattr(intake, "_twice", wrong)
    house = told([feed(number) for number in range(3)], harvest)
    with pytest.raises(ValueError, match="in preparing"):
        visited(house)
    assert {run.feed: run.outcome for run in runs.listed(house.connection)} == {
        "list-00": "failed", "list-01": "done", "list-02": "done",
    }  # fmt: skip


def test_a_worker_that_is_killed_is_replaced(told: Callable[..., House], monkeypatch: pytest.MonkeyPatch) -> None:
    def harvest(visit: base.Visit) -> Iterator[HarvestEvent]:
        yield row(visit.feed.id)
        yield Done(True)

    tries: list[str] = []

    prepare = intake.prepare_waiting

    def killed(asked: intake.Intake, academy: Academy, feed: Feed) -> int:
        tries.append(feed.id)
        if feed.id == "list-00" or (feed.id == "list-01" and tries.count(feed.id) == 1):
            raise BrokenProcessPool("a process was terminated abruptly")
        return prepare(asked, academy, feed)

    monkeypatch.setattr(intake, "prepare_waiting", killed)
    house = told([feed(number) for number in range(3)], harvest, harvest_workers=1)
    with pytest.raises(BrokenProcessPool):
        visited(house)
    assert tries == ["list-00", "list-01", "list-02", "list-00", "list-01"], "again when the others are done"
    outcomes = {run.feed: run for run in runs.listed(house.connection)}
    assert [outcomes[f"list-0{number}"].outcome for number in range(3)] == ["failed", "done", "done"]
    assert "terminated abruptly" in outcomes["list-00"].message


def test_a_pool_starts_anew_after_a_kill(tmp_path: Path) -> None:
    def batches() -> Iterator[list[Waiting]]:
        for number in range(1, 4):
            yield [Waiting(number, row(str(number)), f"sha256:{number}", False)]

    with workers.Pool(1) as pool:
        job = workers.Job(Academy("a", {"en": "A"}, "https://a.example/"), feed(0), Iris("http://x"), ROOT, tmp_path)
        first = pool.prepare(job, batches())
        assert next(first)[0].digest
        for child in multiprocessing.active_children():
            child.kill()
            child.join()
        with pytest.raises(BrokenProcessPool):
            list(pool.prepare(job, batches()))
        assert [one.key for found in pool.prepare(job, batches()) for one in found] == ["1", "2", "3"]


def test_an_interrupt_keeps_what_was_read_and_the_next_call_carries_on(told: Callable[..., House]) -> None:
    interrupt, others = threading.Event(), threading.Semaphore(0)

    def harvest(visit: base.Visit) -> Iterator[HarvestEvent]:
        yield row(visit.feed.id)
        if not interrupt.is_set() and visit.feed.id == "list-00":
            assert others.acquire(timeout=30) and others.acquire(timeout=30), "the others are done"
            time.sleep(0.2)  # the main thread waits for this one
            interrupt.set()
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.5)  # a busy machine's main thread has heard of it by then
            yield row("never written")
            pytest.fail("goes on after it was stopped")
        yield Done(True)

    house = told([feed(number) for number in range(3)], harvest)
    # A shell starts what runs in its background deaf to this signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            harvest_feeds(house, house.feeds, lambda what, stage, *_: others.release() if stage == "done" else None)
    finally:
        signal.signal(signal.SIGINT, before)
    outcomes = {run.feed: (run.outcome, run.message) for run in runs.listed(house.connection)}
    assert outcomes["list-00"] == ("broken-off", "stopped from outside")
    assert [outcomes[f"list-0{number}"][0] for number in (1, 2)] == ["done", "done"]
    assert house.connection.execute("SELECT count(*) FROM record WHERE feed='list-00'").fetchone() == (1,)
    again = visited(house)
    assert again["list-00"].counts["unchanged"] == 1 and again["list-00"].counts["published"] == 1
    assert {change.key for change in log.standing(house.connection)} == {f"list-0{number}" for number in range(3)}


def test_long_ones_begin_first(told: Callable[..., House]) -> None:
    order: list[str] = []

    def harvest(visit: base.Visit) -> Iterator[HarvestEvent]:
        order.append(visit.feed.id)
        yield Done(True)

    house = told([feed(number) for number in range(4)], harvest, harvest_workers=1)
    for name, seconds in (("list-00", 5), ("list-01", 50), ("list-02", 20)):
        number, _ = runs.start(house.connection, house.iris, Feed(name, name, "told", ""), "2026-01-01T00:00:00Z")
        runs.end(house.connection, number, "done", "", {}, f"2026-01-01T00:00:{seconds:02d}Z")
    visited(house)
    assert order == ["list-03", "list-01", "list-02", "list-00"], "what was never visited may be long"


def test_a_slow_document_is_written_before_the_list_ends(told: Callable[..., House], monkeypatch) -> None:
    seen: list[int] = []

    def harvest(visit: base.Visit) -> Iterator[HarvestEvent]:
        connection = connect(ledger_path(house.settings), readonly=True)
        for page in range(3):
            yield Document(f"{visit.feed.address}{page}", f"sha256:{page}")
            yield row(str(page))
            seen.append(connection.execute("SELECT count(*) FROM record").fetchone()[0])
        connection.close()
        yield Done(True)

    monkeypatch.setattr(staging, "FLUSH", 0.0)
    house = told([feed(0)], harvest)
    assert visited(house)["list-00"].counts["published"] == 3
    assert seen == [0, 1, 2]


# The log of runs, the summary, the progress


def run(name: str, outcome: str = "done", message: str = "", **counts: int) -> Run:
    return Run(f"urn:{name}", name, name, "2026-01-01T00:00:00Z", "2026-01-01T00:01:05Z", outcome, message, counts)


def test_the_summary_counts_and_says_what_went_wrong() -> None:
    some = [run("a", records=5, new=5, published=5), run("long-name", "failed", "No answer.", withdrawn=1),
            replace(run("c", "refused"), ended="")]  # fmt: skip
    lines = visits.summary(some).splitlines()
    assert lines[0].split() == ["time", "seen", "new", "changed", "gone", "missing", "held", "back", "published"]
    assert lines[1].split() == ["a", "done", "1", "min", "05", "s", "5", "5", "–", "–", "–", "–", "5"]
    assert lines[3].split()[:3] == ["c", "refused", "–"]
    assert "long-name: No answer." in lines
    assert lines[-1] == "3 lists: 1 done, 1 failed, 1 refused; entries: 5 new, 0 changed, 1 gone"
    assert len({line.rindex(last) + 1 for line, last in zip(lines[:2], ("d", "5"), strict=True)}) == 1, "aligned"
    assert visits.total(some[:1]).startswith("1 list: 1 done;")


def test_the_log_and_its_json() -> None:
    text = visits.log([run("a", records=5), run("b", "failed", "No answer.")])
    assert text.splitlines()[2].endswith("No answer.") and "2026-01-01T00:00:00Z" in text
    assert visits.as_json(run("a", records=5)) == {
        "run": "urn:a", "feed": "a", "academy": "a", "started": "2026-01-01T00:00:00Z",
        "ended": "2026-01-01T00:01:05Z", "seconds": 65, "outcome": "done", "message": "", "counts": {"records": 5},
    }  # fmt: skip


def test_a_log_says_now_and_then_what_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines(clock=lambda: now[0])
    lines.show("a", "fetch", 10, 0)
    lines.show("b", "fetch", 20, 0)
    assert capsys.readouterr().err == ""
    now[0] += EVERY
    lines.show("b", "fetch", 30, 0)
    assert capsys.readouterr().err == "fetching 2 lists: 40\n"
    lines.show("b", "fetched", 30, 30)
    lines.show("c", "done", 0, 0)
    now[0] += EVERY
    lines.show("a", "check", 5, 10)
    assert capsys.readouterr().err == "checking a: 5 of 10; 1 wait to be checked; 1 done\n"


def test_bars_of_many_lists() -> None:
    import io

    from rich.console import Console

    text = io.StringIO()
    with bars(Console(file=text, force_terminal=True, width=100, height=60)) as shown:
        for number in range(20):
            shown(f"list-{number:02d}", "fetch", number, 0)
        for number in range(20):
            shown(f"list-{number:02d}", "fetched", number, number)
            shown(f"list-{number:02d}", "check", 0, number)
            shown(f"list-{number:02d}", "done", 0, 0)
        shown("graph", "publish", 3, 4)
    said = text.getvalue()
    assert "lists done" in said and "20/20" in said and "publishing graph" in said
