"""Preparing what waits, and letting what our own recipe changed pass the gate.

A recipe is everything but the payload that decides a graph: tables, schemes, shapes, the feed's entry. What the
source changed and what a person corrected is weighed with the visit, or passes; what a recipe alone changes of
what is published passes only in small numbers, else when somebody has accepted it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from registry import gate
from registry.ledger import corrections, drafts, findings, log, origins, records, transaction
from registry.messages import fill
from registry.model import Academy, Cause, Feed, Finding, Issue
from registry.prepare import loops, workers
from registry.prepare.record import CANNOT_CARRY, unpacked
from registry.prepare.setup import recipe_digest
from registry.terms import Literal, by_subject

if TYPE_CHECKING:
    from registry.pipeline.intake import Intake

RECIPE_STAGE = "recipe"
EXAMPLES = 5
LINES = 12


@dataclass(frozen=True, slots=True)
class Example:
    """One entry that would change: how (altered, new, withdrawn, held), and what, property by property."""

    key: str
    what: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a recipe would change, or changed, in one feed. ``waits``: the gate holds it until it is accepted."""

    feed: str
    examined: int = 0
    altered: int = 0
    new: int = 0
    withdrawn: int = 0
    held: int = 0
    waits: bool = False
    message: str = ""
    examples: tuple[Example, ...] = ()


def feed_findings(intake: Intake, feed: Feed, stage_: str, issues: Iterable[Issue]) -> None:
    """What is said of a list as a whole stands at its address, unless it has a place of its own."""
    placed = [issue if issue.place or stage_ == "prepare" else replace(issue, place=feed.address) for issue in issues]
    found = [Finding(feed.id, "", intake.messages[issue.code].severity, issue) for issue in placed]
    with transaction(intake.connection):
        findings.replace(intake.connection, feed.id, "", stage_, found)


def job_for(intake: Intake, academy: Academy, feed: Feed) -> workers.Job:
    """What preparing a feed needs, with its corrections in force."""
    fixes = corrections.in_force(intake.connection, feed.id)
    cache = intake.settings.data / "cache"
    return workers.Job(academy, feed, intake.iris, intake.root, cache, fixes, intake.settings.schemes_folder)


def prepare_waiting(
    intake: Intake, academy: Academy, feed: Feed, *, again: bool = False, key: str | None = None
) -> int:
    """Prepare what is new, changed, or was prepared with another recipe or other corrections; how many.

    Accepted graphs, and what is to be withdrawn or held, wait as drafts. ``again`` leaves out what no visit
    brought through the gate yet; ``key``: that record alone.
    """
    connection = intake.connection
    origins.renew(connection, feed.id, intake.repositories)
    recipe = recipe_digest(intake.root, academy, feed, intake.iris.base, intake.settings.schemes_folder)
    total = 1 if key is not None else records.waiting_count(connection, feed.id, recipe, again=again)
    if not total:
        return 0
    job = job_for(intake, academy, feed)
    batches = records.waiting(connection, feed.id, recipe, workers.BATCH, again=again, key=key)
    missing: set[tuple[str, str, str]] = set()
    done = 0
    for outcomes in workers.prepare(job, batches, total, intake.settings.prepare_workers, intake.pool):
        with transaction(connection):
            for outcome in outcomes:
                _keep(intake, job, outcome, recipe)
                missing |= outcome.missing
        done += len(outcomes)
        intake.progress(feed.id, "check", done, total)
    statuses = records.statuses(connection, feed.id)
    _cannot_carry(intake, feed, missing, total >= sum(statuses.values()) - statuses.get("gone", 0))
    return done


def _judged(intake: Intake, feed: Feed, outcome: workers.Outcome) -> tuple[bool, Sequence[Finding]]:
    """Whether a rule or a loop keeps a record back, and its findings."""
    for one in outcome.based_on:
        standing = log.published(intake.connection, one.record)
        if standing is not None and loops.same_title(unpacked(outcome.stated), standing.stated):
            issue = Issue(loops.OURS, one.place, one.address)
            return True, [Finding(feed.id, outcome.key, intake.messages[issue.code].severity, issue)]
    listed = {(one.address, one.key): one for one in outcome.origins}
    found = origins.first_hand(intake.connection, intake.repositories, listed)
    if found is None:
        return bool(outcome.held), outcome.findings
    params = (("feed", found[0]), ("ours", str(intake.iris.record(found[0], found[1]))))
    issue = Issue(loops.FIRST_HAND, listed[found[2]].place, found[1][:300], params)
    return True, [Finding(feed.id, outcome.key, intake.messages[issue.code].severity, issue)]


def _cause(outcome: workers.Outcome, recipe: str, fixes: str) -> Cause:
    """Why a record is prepared: the source gave another payload, a person corrected it, or the recipe is another.

    ``fixes`` is the digest of its corrections, which stands after the recipe's in what it was prepared with.
    """
    if outcome.prepared is None:
        return "source"
    return "person" if outcome.prepared[len(recipe) :] != fixes else "crosswalk"


def _keep(intake: Intake, job: workers.Job, outcome: workers.Outcome, recipe: str) -> None:
    connection, feed = intake.connection, job.feed
    back, told = _judged(intake, feed, outcome)
    fixes = corrections.digest(job.corrections.get(outcome.key, ()))
    cause, state = _cause(outcome, recipe, fixes), recipe + fixes
    findings.replace(connection, feed.id, outcome.key, "prepare", told)
    records.mark(connection, feed.id, outcome.id, () if back else outcome.marks)
    origins.keep(connection, outcome.id, [(one.address, one.key) for one in outcome.origins], back)
    if back and outcome.published:
        taken: Cause = "rules" if cause == "crosswalk" else cause
        drafts.wait(connection, outcome.id, feed.id, state, "tombstone", taken)
    elif not back and outcome.digest:
        drafts.keep(
            connection, outcome.id, feed.id, state, intake.iris.record(feed.id, outcome.key), digest=outcome.digest,
            stated=outcome.stated, inferred=outcome.inferred, cause=cause,
        )  # fmt: skip
    elif not back and outcome.published and outcome.status == "active" and cause != "source":
        drafts.wait(connection, outcome.id, feed.id, state, "hold", cause)
    else:
        drafts.hold(connection, outcome.id, state)


def _cannot_carry(intake: Intake, feed: Feed, missing: set[tuple[str, str, str]], everything: bool) -> None:
    """What the format cannot carry is said once per feed; a partial preparation only adds to it."""
    connection = intake.connection
    said = {Issue(CANNOT_CARRY, "", code, (("field", field), ("format", form))) for code, field, form in missing}
    if not everything:
        said |= {f.issue for f in findings.of_record(connection, feed.id, "") if f.issue.code == CANNOT_CARRY}
    feed_findings(intake, feed, "prepare", sorted(said, key=str))


def _weigh(intake: Intake, feed: Feed, pending: drafts.Pending) -> Issue | None:
    published = log.standing_count(intake.connection, feed.id)
    return gate.weigh_recipe(
        feed.expect, feed.id, published=published, altered=pending.altered, withdrawn=pending.withdrawn,
        held=pending.held,
    )  # fmt: skip


def apply_drafts(
    intake: Intake, feed: Feed, run: str, *, accept: bool = False, causes: Sequence[Cause] = ("source", "person")
) -> tuple[drafts.Applied, Issue | None]:
    """Bring drafts into the log: those of ``causes``, and those of the recipe if the gate lets them pass.

    The issue says why the latter wait; ``accept`` lets them pass. ``run`` "" stands for no visit.
    """
    connection = intake.connection
    issue = _weigh(intake, feed, drafts.pending(connection, feed.id, drafts.RECIPE))
    waits = issue is not None and not accept
    feed_findings(intake, feed, RECIPE_STAGE, [issue] if issue is not None and waits else [])
    applied = drafts.append(
        connection, feed.id, run, partial(intake.iris.record, feed.id),
        lambda done: intake.progress(feed.id, "publish", done, 0),
        causes if waits else (*causes, *drafts.RECIPE),
    )  # fmt: skip
    return applied, issue if waits else None


def prepare_again(intake: Intake, academy: Academy, feed: Feed, *, accept: bool = False) -> Plan:
    """Prepare again what a changed recipe or correction touches, and bring it into the log through the gate."""
    examined = prepare_waiting(intake, academy, feed, again=True)
    pending = drafts.pending(intake.connection, feed.id, ("person", *drafts.RECIPE))
    _, issue = apply_drafts(intake, feed, "", accept=accept, causes=("person",))
    return Plan(
        feed.id, examined, pending.altered, pending.new, pending.withdrawn, pending.held, issue is not None,
        _said(intake, issue),
    )  # fmt: skip


def _said(intake: Intake, issue: Issue | None) -> str:
    return fill(intake.messages[issue.code].text["en"], issue) if issue is not None else ""


def plan(intake: Intake, academy: Academy, feed: Feed) -> Plan:
    """What ``prepare_again`` would change, with examples; nothing is written."""
    connection = intake.connection
    recipe = recipe_digest(intake.root, academy, feed, intake.iris.base, intake.settings.schemes_folder)
    total = records.waiting_count(connection, feed.id, recipe, again=True)
    counts = {"altered": 0, "new": 0, "withdrawn": 0, "held": 0}
    by_recipe = dict(counts)
    examples: list[Example] = []
    for key, what, cause, stated, inferred in _changes(intake, academy, feed, recipe, total):
        counts[what] += 1
        by_recipe[what] += cause != "person"
        if len(examples) < EXAMPLES:
            examples.append(_example(intake, feed, key, what, stated, inferred))
    weighed = drafts.Pending(by_recipe["altered"], by_recipe["withdrawn"], by_recipe["held"], by_recipe["new"])
    issue = _weigh(intake, feed, weighed)
    return Plan(
        feed.id, total, **counts, waits=issue is not None, message=_said(intake, issue), examples=tuple(examples)
    )


_Change = tuple[str, str, Cause, bytes, bytes]


def _changes(intake: Intake, academy: Academy, feed: Feed, recipe: str, total: int) -> Iterator[_Change]:
    """(key, what, cause, stated, inferred) of each entry that would change."""
    connection = intake.connection
    for key, kind, published, cause, stated, inferred in drafts.listed(connection, feed.id, recipe):
        what = {"tombstone": "withdrawn", "hold": "held"}.get(kind, "altered" if published else "new")
        yield key, what, cause, stated, inferred
    if not total:
        return
    job = job_for(intake, academy, feed)
    batches = records.waiting(connection, feed.id, recipe, workers.BATCH, again=True)
    for outcomes in workers.prepare(job, batches, total, intake.settings.prepare_workers, intake.pool):
        for outcome in outcomes:
            back, _ = _judged(intake, feed, outcome)
            cause = _cause(outcome, recipe, corrections.digest(job.corrections.get(outcome.key, ())))
            if not back and outcome.digest:
                stands = log.stands(connection, intake.iris.record(feed.id, outcome.key))
                if stands != ("record", outcome.digest):
                    what = "altered" if outcome.published else "new"
                    yield outcome.key, what, cause, outcome.stated, outcome.inferred
            elif outcome.published and (back or outcome.status == "active"):
                yield outcome.key, "withdrawn" if back else "held", cause, b"", b""


def _example(intake: Intake, feed: Feed, key: str, what: str, stated: bytes, inferred: bytes) -> Example:
    if what in ("withdrawn", "held"):
        return Example(key, what, ())
    subject = intake.iris.record(feed.id, key)
    changes = [one for one in log.history(intake.connection, subject) if one.kind in ("record", "tombstone")]
    before = changes[-1].stated + changes[-1].inferred if changes else ""
    return Example(key, what, differences(before, unpacked(stated) + unpacked(inferred)))


def differences(before: str, after: str) -> tuple[str, ...]:
    """How two graphs (N-Triples) differ, a line for each property: "name: Old → New"."""
    old, new = by_subject(before), by_subject(after)
    found = []
    for subject in sorted({*old, *new}):
        said, says = old.get(subject, {}), new.get(subject, {})
        for predicate in sorted({*said, *says}):
            gone = [_short(v) for v in said.get(predicate, []) if v not in says.get(predicate, [])]
            come = [_short(v) for v in says.get(predicate, []) if v not in said.get(predicate, [])]
            if gone or come:
                name = predicate.rpartition("/")[2].rpartition("#")[2]
                found.append(f"{name}: {' | '.join(gone) or '–'} → {' | '.join(come) or '–'}")
    more = len(found) - LINES
    return (*found[:LINES], f"… {more} more") if more > 0 else tuple(found)


def _short(value: object) -> str:
    text = f"{value.value}@{value.language}".rstrip("@") if isinstance(value, Literal) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"
