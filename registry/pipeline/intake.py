"""One feed's visit, from the harvester to the change log: fetch and stage; then prepare, gate, apply.

The two halves may run in different threads, with connections of their own. A feed's failure is caught here and
nowhere else: yesterday's data stay and the run says why. Bugs crash.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from harvesters import base as harvesters
from harvesters.base import Harvester
from registry import gate
from registry.iris import Iris
from registry.ledger import drafts, findings, log, records, runs, transaction, utc_now
from registry.ledger.staging import Staged, known_document, seen_digest, stage
from registry.messages import Message, fill
from registry.model import Academy, Feed, Finding, HarvestEvent, Issue, Run
from registry.net import Fetcher, NetError
from registry.net_pace import Pace
from registry.pipeline.frameworks import headed
from registry.pipeline.prepare import apply_drafts, feed_findings, prepare_waiting
from registry.pipeline.sample import Sample
from registry.pipeline.upload_source import sent_in
from registry.prepare import workers
from registry.prepare.publication import HELD
from registry.prepare.setup import known_schemes
from registry.settings import Settings
from registry.vocabulary import Scheme

Progress = Callable[[str, str, int, int], None]
"""Called with (feed, stage, done, total); total 0 when it is not known."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What a visit needs besides the feed. ``root`` holds ontology/ and shapes/; ``repositories`` are
    {address: feed id}, by which an entry that another feed reads first-hand is recognised. With a ``sample`` only
    the beginning of the list is read; a ``source`` is read in the place of the feed's address."""

    connection: sqlite3.Connection
    settings: Settings
    iris: Iris
    root: Path
    messages: Mapping[str, Message]
    progress: Progress = lambda feed, stage_, done, total: None
    accept_drop: bool = False
    full: bool = False
    pace: Pace = field(default_factory=Pace)
    pool: workers.Pool | None = None
    now: Callable[[], str] = utc_now
    repositories: Mapping[str, str] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)
    sample: Sample | None = None
    source: Harvester | None = None


class Stopped(Exception):
    """The visit is broken off from outside; what was read until then is staged."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What fetching a feed brought into the ledger: its run, what was staged, why it failed, if it did."""

    number: int
    run: Run
    staged: Staged
    failure: Issue | None


def visit(intake: Intake, academy: Academy, feed: Feed) -> Run:
    """Harvest one feed and bring what it says into the log; the run as it ended."""
    return settle(intake, academy, feed, fetch(intake, feed))


def fetch(intake: Intake, feed: Feed) -> Seen:
    """The first half of a visit: all that the feed gives is in the ledger when this returns."""
    number, run = runs.start(intake.connection, intake.iris, feed, intake.now())
    staged = Staged()
    failure: Issue | None = None
    try:
        harvest(intake, feed, number, staged)
    except harvesters.FeedFailed as error:
        failure = error.issue
    except NetError as error:
        failure = error.issue
    intake.progress(feed.id, "fetched", staged.records, staged.records)
    return Seen(number, run, staged, failure)


COUNTS = ("records", "new", "changed", "unchanged", "documents", "returned")
TOLD_TWICE = 200


def settle(intake: Intake, academy: Academy, feed: Feed, seen: Seen) -> Run:
    """The second half: prepare what waits, pass the gate, bring it into the log; the run as it ended."""
    connection = intake.connection
    number, run, staged, failure = seen.number, seen.run, seen.staged, seen.failure
    counts = {name: getattr(staged, name) for name in COUNTS}
    issues = list(staged.issues)
    if staged.returned:
        count = (("count", str(staged.returned)),)
        issues.append(Issue("feed-returned", value=", ".join(staged.back)[:300], params=count))
    done = staged.done
    if done is None or (not done.complete and done.deletions == "proved"):
        issues.append(failure or Issue("harvest-incomplete"))
    feed_findings(intake, feed, "harvest", issues)
    prepared = prepare_waiting(intake, academy, feed)
    outcome, message = _pass_gate(intake, feed, run, number, staged, counts)
    if prepared or counts.get("withdrawn"):
        _twice(intake, feed)
    if failure is not None:
        outcome, message = "failed", fill(intake.messages[failure.code].text["en"], failure)
    counts |= {f"{severity}s": count for severity, count in findings.counts(connection, feed.id).items()}
    counts |= {"held": records.statuses(connection, feed.id).get("held", 0)}
    counts |= {"published": log.standing_count(connection, feed.id)}
    counts |= {"by_rule": findings.records_with(connection, feed.id, HELD)}
    counts |= {"missing": records.missing_count(connection, feed.id)}
    if outcome == "done" and done is not None:
        runs.set_bookmark(connection, feed.id, done.bookmark, intake.now())
    ended = intake.now()
    runs.end(connection, number, outcome, message, counts, ended)
    intake.progress(feed.id, "done", staged.records, staged.records)
    return replace(run, ended=ended, outcome=outcome, message=message, counts=counts)


def harvest(intake: Intake, feed: Feed, number: int, staged: Staged) -> None:
    """Fetch a feed into the ledger. Raises FeedFailed or NetError when it cannot be read."""
    connection = intake.connection
    bookmark = {} if intake.full else runs.bookmark(connection, feed.id)
    try:
        harvester = intake.source or sent_in(connection, feed) or harvesters.load(feed.protocol)
    except LookupError as error:
        raise harvesters.FeedFailed(Issue("feed-unknown-protocol", value=str(error))) from error

    def sleep(seconds: float) -> None:
        if intake.stopped.wait(seconds):
            raise Stopped

    fetcher = intake.sample.fetcher if intake.sample is not None else Fetcher
    with fetcher(intake.settings, feed, pace=intake.pace, sleep=sleep) as http:
        document = partial(known_document, connection, feed.id)
        token = intake.settings.tokens.get(feed.id, "")
        framed = headed(feed, _frameworks(intake)) if feed.protocol == "table" else feed
        visit_ = harvesters.Visit(framed, http, bookmark, document, partial(seen_digest, connection, feed.id), token)

        def progress(done: int) -> None:
            intake.progress(feed.id, "fetch", done, 0)

        events = _until(intake.stopped, harvester(visit_))
        events = intake.sample.first(events) if intake.sample is not None else events
        try:
            stage(connection, feed.id, number, intake.now(), events, staged, progress)
        finally:
            if http.moved:
                staged.issues.append(Issue("feed-moved", feed.address, http.moved[:300]))


def _frameworks(intake: Intake) -> dict[str, Scheme]:
    settings = intake.settings
    return known_schemes(intake.root, settings.schemes_folder, intake.iris.base, settings.data / "cache")


def _until(stopped: threading.Event, events: Iterator[HarvestEvent]) -> Iterator[HarvestEvent]:
    for event in events:
        if stopped.is_set():
            raise Stopped
        yield event


def _pass_gate(
    intake: Intake, feed: Feed, run: Run, number: int, staged: Staged, counts: dict[str, int]
) -> tuple[str, str]:
    connection = intake.connection
    done = staged.done
    published = log.standing_count(connection, feed.id)
    complete = done is not None and done.complete and done.deletions in ("proved", "unknown")
    gone = _find_going(intake, feed, number, staged, published)
    gone += drafts.pending(connection, feed.id, ("source",)).withdrawn
    issue = gate.weigh(feed.expect, published=published, listed=staged.records, gone=gone, complete=complete)
    if issue is not None and not (intake.accept_drop and issue.code == "gate-refused-drop"):
        feed_findings(intake, feed, "gate", [issue])
        drafts.discard(connection, feed.id)
        return "refused", fill(intake.messages[issue.code].text["en"], issue)
    feed_findings(intake, feed, "gate", [])
    subject = partial(intake.iris.record, feed.id)
    applied, _ = apply_drafts(intake, feed, run.iri)
    counts["published_new"] = applied.appended
    left = drafts.withdraw(connection, feed.id, run.iri, subject, records.going(connection))
    counts["withdrawn"] = applied.withdrawn + left
    return "done", ""


def _find_going(intake: Intake, feed: Feed, number: int, staged: Staged, published: int) -> int:
    """Collect in the ledger what this visit withdraws; how many of it stand published.

    What the source names as deleted goes, and what a complete listing left out: at once where the protocol
    proves by it that it is deleted, else after the feed's grace.
    """
    connection, expect, done, now = intake.connection, feed.expect, staged.done, intake.now()
    for key in records.found_again(connection, feed.id, number):
        with transaction(connection):
            findings.replace(connection, feed.id, key, "missing", [])
    complete = done is not None and done.complete
    proved = complete and done is not None and done.deletions == "proved"
    graced = complete and done is not None and done.deletions == "unknown"
    if proved or graced:
        records.find_absent(connection, feed.id, number)
    # A listing that the gate refuses for its length is no evidence that anything is missing.
    if graced and gate.weigh(expect, published=published, listed=staged.records, gone=0, complete=True) is None:
        severity = intake.messages["feed-record-missing"].severity
        params = (("days", str(expect.grace_days)), ("since", now[:10]), ("visits", str(expect.grace_visits)))
        for missing in records.count_missing(connection, now):
            for one in missing:
                issue = Issue("feed-record-missing", one.place[:300], one.key[:300], params)
                findings.replace(connection, feed.id, one.key, "missing", [Finding(feed.id, one.key, severity, issue)])
    before = datetime.fromisoformat(now) - timedelta(days=expect.grace_days)
    return records.find_going(
        connection, feed.id, absent=proved, visits=expect.grace_visits if graced else 0,
        before=before.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )[1]  # fmt: skip


def _twice(intake: Intake, feed: Feed) -> None:
    """Entries of the list that seem to be the same are told, each pair once; they are never merged."""
    issues = []
    for (first, place), (second, other), count in records.alike(intake.connection, feed.id, TOLD_TWICE):
        said = {"first": first[:100], "place": place[:300], "second": second[:100], "other": other[:300]}
        params = tuple(sorted({**said, "count": str(count)}.items()))
        issues.append(Issue("feed-same-record-twice", place[:300], f"{first} = {second}"[:300], params))
    feed_findings(intake, feed, "twice", issues)
