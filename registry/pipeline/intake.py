"""One feed's visit, from the harvester to the change log: stage, prepare, gate, apply.

A feed's failure is caught here and nowhere else: yesterday's data stay and the run says why. Bugs crash.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from harvesters import base as harvesters
from registry import gate
from registry.iris import Iris
from registry.ledger import drafts, findings, log, records, runs, transaction, utc_now
from registry.ledger.staging import Staged, known_document, seen_digest, stage
from registry.messages import Message, fill
from registry.model import Academy, Feed, Finding, Issue, Run
from registry.net import Fetcher, NetError
from registry.net_pace import Pace
from registry.prepare import workers
from registry.prepare.record import CANNOT_CARRY
from registry.prepare.setup import recipe_digest
from registry.settings import Settings

Progress = Callable[[str, str, int, int], None]
"""Called with (feed, stage, done, total); total 0 when it is not known."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What a visit needs besides the feed. ``root`` holds ontology/ and shapes/."""

    connection: sqlite3.Connection
    settings: Settings
    iris: Iris
    root: Path
    messages: Mapping[str, Message]
    progress: Progress = lambda feed, stage_, done, total: None
    accept_drop: bool = False
    full: bool = False
    pace: Pace = field(default_factory=Pace)


def visit(intake: Intake, academy: Academy, feed: Feed) -> Run:
    """Harvest one feed and bring what it says into the log; the run as it ended."""
    connection = intake.connection
    number, run = runs.start(connection, intake.iris, feed, utc_now())
    staged = Staged()
    failure: Issue | None = None
    try:
        harvest(intake, feed, number, staged)
    except harvesters.FeedFailed as error:
        failure = error.issue
    except NetError as error:
        failure = error.issue
    counts = {name: getattr(staged, name) for name in ("records", "new", "changed", "unchanged", "documents")}
    issues = list(staged.issues)
    done = staged.done
    if done is None or (not done.complete and done.deletions == "proved"):
        issues.append(failure or Issue("harvest-incomplete"))
    _feed_findings(intake, feed, "harvest", issues)
    _prepare(intake, academy, feed)
    outcome, message = _pass_gate(intake, feed, run, number, staged, counts)
    if failure is not None:
        outcome, message = "failed", fill(intake.messages[failure.code].text["en"], failure)
    counts |= {f"{severity}s": count for severity, count in findings.counts(connection, feed.id).items()}
    counts |= {"held": records.statuses(connection, feed.id).get("held", 0)}
    counts |= {"published": log.standing_count(connection, feed.id)}
    if outcome == "done" and done is not None:
        runs.set_bookmark(connection, feed.id, done.bookmark, utc_now())
    runs.end(connection, number, outcome, message, counts, utc_now())
    return replace(run, ended=utc_now(), outcome=outcome, message=message, counts=counts)


def harvest(intake: Intake, feed: Feed, number: int, staged: Staged) -> None:
    """Fetch a feed into the ledger. Raises FeedFailed or NetError when it cannot be read."""
    connection = intake.connection
    bookmark = {} if intake.full else runs.bookmark(connection, feed.id)
    try:
        harvester = harvesters.load(feed.protocol)
    except LookupError as error:
        raise harvesters.FeedFailed(Issue("feed-unknown-protocol", value=str(error))) from error
    with Fetcher(intake.settings, feed, pace=intake.pace) as http:
        document = partial(known_document, connection, feed.id)
        token = intake.settings.tokens.get(feed.id, "")
        visit_ = harvesters.Visit(feed, http, bookmark, document, partial(seen_digest, connection, feed.id), token)

        def progress(done: int) -> None:
            intake.progress(feed.id, "fetch", done, 0)

        stage(connection, feed.id, number, utc_now(), harvester(visit_), staged, progress)


def _feed_findings(intake: Intake, feed: Feed, stage_: str, issues: list[Issue]) -> None:
    """What is said of a list as a whole stands at its address, unless it has a place of its own."""
    placed = [issue if issue.place or stage_ == "prepare" else replace(issue, place=feed.address) for issue in issues]
    found = [Finding(feed.id, "", intake.messages[issue.code].severity, issue) for issue in placed]
    with transaction(intake.connection):
        findings.replace(intake.connection, feed.id, "", stage_, found)


def _prepare(intake: Intake, academy: Academy, feed: Feed) -> None:
    """Prepare what is new, changed, or was prepared with another recipe; accepted graphs wait as drafts."""
    connection = intake.connection
    recipe = recipe_digest(intake.root, academy, feed, intake.iris.base)
    total = records.waiting_count(connection, feed.id, recipe)
    if not total:
        return
    job = workers.Job(academy, feed, intake.iris, intake.root, intake.settings.data / "cache")
    batches = records.waiting(connection, feed.id, recipe, workers.BATCH)
    missing: set[tuple[str, str, str]] = set()
    done = 0
    for outcomes in workers.prepare(job, batches, total, intake.settings.prepare_workers):
        with transaction(connection):
            for outcome in outcomes:
                _keep(connection, intake.iris, feed, outcome, recipe)
                missing |= outcome.missing
        done += len(outcomes)
        intake.progress(feed.id, "check", done, total)
    statuses = records.statuses(connection, feed.id)
    everything = total >= sum(statuses.values()) - statuses.get("gone", 0)
    _cannot_carry(intake, feed, missing, everything)


def _keep(connection: sqlite3.Connection, iris: Iris, feed: Feed, outcome: workers.Outcome, recipe: str) -> None:
    findings.replace(connection, feed.id, outcome.key, "prepare", outcome.findings)
    if not outcome.digest:
        drafts.hold(connection, outcome.id, recipe)
        return
    drafts.keep(
        connection, outcome.id, feed.id, recipe, iris.record(feed.id, outcome.key), digest=outcome.digest,
        stated=outcome.stated, inferred=outcome.inferred, cause=outcome.cause,
    )  # fmt: skip


def _cannot_carry(intake: Intake, feed: Feed, missing: set[tuple[str, str, str]], everything: bool) -> None:
    """What the format cannot carry is said once per feed; a partial preparation only adds to it."""
    connection = intake.connection
    said = {Issue(CANNOT_CARRY, "", code, (("field", field), ("format", form))) for code, field, form in missing}
    if not everything:
        said |= {f.issue for f in findings.of_record(connection, feed.id, "") if f.issue.code == CANNOT_CARRY}
    _feed_findings(intake, feed, "prepare", sorted(said, key=str))


def _pass_gate(
    intake: Intake, feed: Feed, run: Run, number: int, staged: Staged, counts: dict[str, int]
) -> tuple[str, str]:
    connection = intake.connection
    done = staged.done
    gone = records.signalled(connection, feed.id)
    if done is not None and done.complete and done.deletions == "proved":
        gone += records.absent(connection, feed.id, number)
    complete = done is not None and done.complete and done.deletions == "proved"
    published = log.standing_count(connection, feed.id)
    issue = gate.weigh(
        feed.expect, published=published, listed=staged.records,
        gone=records.published(connection, feed.id, gone), complete=complete,
    )  # fmt: skip
    if issue is not None and not (intake.accept_drop and issue.code == "gate-refused-drop"):
        _feed_findings(intake, feed, "gate", [issue])
        drafts.discard(connection, feed.id)
        return "refused", fill(intake.messages[issue.code].text["en"], issue)
    _feed_findings(intake, feed, "gate", [])
    subject = partial(intake.iris.record, feed.id)
    counts["published_new"] = drafts.append(
        connection, feed.id, run.iri, subject, lambda done: intake.progress(feed.id, "publish", done, 0)
    ).appended
    counts["withdrawn"] = drafts.withdraw(connection, feed.id, run.iri, subject, gone)
    return "done", ""
