"""A list that its academy sends in: what it would change, its publication, and its being taken back.

All three are visits of the list, with the same reader, checks, gate and rules of deletion as any other; they differ
in what is read in the place of the feed's address. What it would change is tried in a ledger of its own that
knows this one list (``ledger.scratch``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harvesters.base import Harvester
from registry import gate, messages
from registry.ledger import findings, log, records, transaction, uploads, utc_now
from registry.ledger.scratch import copy_list
from registry.ledger.uploads import Upload
from registry.messages import Message, fill
from registry.model import Academy, Change, Feed, Issue, Run
from registry.pipeline import score
from registry.pipeline.again import intake_of
from registry.pipeline.house import House, ledger_path, opened
from registry.pipeline.intake import visit
from registry.pipeline.prepare import differences
from registry.pipeline.upload_file import Refused, examine
from registry.pipeline.upload_resembles import resembling
from registry.pipeline.upload_source import reader, restored
from registry.prepare.workers import Pool
from registry.report.cards import cards

MOST = 200
"""So many entries of a kind are listed in a preview; all are counted."""
EXAMPLES = 5
_GATE = {"gate-refused-drop": "upload-drop", "gate-refused-few": "upload-few"}


class Unreadable(Exception):
    """A file that cannot become the list; each issue says why and what to mend."""

    def __init__(self, issues: tuple[Issue, ...]) -> None:
        super().__init__(", ".join(issue.code for issue in issues))
        self.issues = issues


def feed_of(house: House, upload: Upload) -> tuple[Academy, Feed]:
    """The list that an upload is for. Raises LookupError where it is no more."""
    for academy, feed in house.feeds:
        if (academy.id, feed.id) == (upload.academy, upload.feed) and feed.protocol == "table":
            return academy, feed
    raise LookupError(f"{upload.academy} has no list {upload.feed} that is a table")


def preview(house: House, upload: Upload) -> tuple[dict[str, Any], str]:
    """What a file would change if it were published now, and what that was found out against.

    Raises Unreadable, LookupError.
    """
    academy, feed = feed_of(house, upload)
    body = uploads.body(house.connection, upload.id)
    try:
        examine(feed, body)
    except Refused as error:
        raise Unreadable(_named(feed, upload, error.issues)) from error
    with tempfile.TemporaryDirectory() as folder:
        apart = replace(
            house.settings, data=Path(folder), base=house.iris.base, schemes=str(house.settings.schemes_folder)
        )
        if (kept := house.settings.data / "cache").is_dir():
            (apart.data / "cache").symlink_to(kept.resolve(), target_is_directory=True)
        # Under the names that it has here, so that every address is the one that it will have.
        with opened(apart, {academy.id: academy}, house.root) as trial:
            copy_list(trial.connection, ledger_path(house.settings), feed.id)
            basis = uploads.basis(trial.connection, feed.id)
            try:
                found, new = _tried(trial, academy, feed, body)
            except Unreadable as error:
                raise Unreadable(_named(feed, upload, error.issues)) from error
        alike = resembling(house, new)
    for entry in found["new"]["entries"]:
        entry["resembles"] = None if alike is None else alike.get(entry["iri"], [])
    found["compared"] = alike is not None
    return found, basis


def _named(feed: Feed, upload: Upload, issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Issues of the file, not of the address of the list in whose place it is read."""
    return tuple(
        replace(one, **{name: getattr(one, name).replace(feed.address, upload.name) for name in ("place", "value")})
        for one in issues
    )


def _tried(trial: House, academy: Academy, feed: Feed, body: bytes) -> tuple[dict[str, Any], list[Change]]:
    connection = trial.connection
    last, published = log.last_sequence(connection), log.standing_count(connection, feed.id)
    before = {change.key: change for change in log.published_of(connection, feed.id)}
    with Pool(trial.settings.prepare_workers) as pool:
        # The gate is asked below: a preview shows also what it would refuse.
        intake = replace(intake_of(trial, pool=pool), source=reader(body), accept_drop=True)
        run = visit(intake, academy, feed)
    if run.outcome == "failed":
        raise Unreadable(_violations(trial, feed))
    changes = [change for change in _since(trial, last) if change.feed == feed.id]
    come = [change for change in changes if change.kind == "record"]
    new = [change for change in come if change.key not in before]
    changed = [change for change in come if change.key in before]
    gone = [before[change.key] for change in changes if change.kind == "tombstone" and change.key in before]
    issue = gate.weigh(
        feed.expect, published=published, listed=run.counts.get("records", 0), gone=len(gone), complete=True
    )
    if issue is not None:
        issue = replace(issue, code=_GATE[issue.code])
    held = sorted(_held(trial, feed), key=lambda one: one["where"])
    return {
        "records": run.counts.get("records", 0),
        "public": log.standing_count(connection, feed.id),
        "new": _listed(trial, new),
        "changed": _listed(trial, changed, before),
        "gone": _listed(trial, gone),
        "held": {"total": len(held), "entries": held[:MOST]},
        "to_mend": _causes(trial, feed),
        "gate": {"passes": issue is None, **(_told(trial.messages, issue) if issue else {})},
    }, new  # fmt: skip


def _since(house: House, after: int) -> Iterator[Change]:
    while some := log.changes(house.connection, after):
        yield from some
        after = some[-1].sequence


def _violations(house: House, feed: Feed) -> tuple[Issue, ...]:
    """Why nothing could be read."""
    told = findings.of_record(house.connection, feed.id, "")
    return tuple(one.issue for one in told if one.severity == "violation") or (Issue("harvest-incomplete"),)


def _listed(house: House, changes: list[Change], before: Mapping[str, Change] | None = None) -> dict[str, Any]:
    shown = changes[:MOST]
    entries = []
    for change, card in zip(shown, cards(shown, lambda wanted: {}), strict=True):
        entry: dict[str, Any] = {
            "key": change.key,
            "iri": str(house.iris.resource(change.feed, change.key)),
            "title": dict(card.title),
            "where": records.locator(house.connection, change.feed, change.key),
        }
        if before is not None:
            old = before[change.key]
            entry["changes"] = list(differences(old.stated + old.inferred, change.stated + change.inferred))
        entries.append(entry)
    return {"total": len(changes), "entries": entries}


def _held(house: House, feed: Feed) -> Iterator[dict[str, Any]]:
    for key, where, published in records.held(house.connection, feed.id):
        told = findings.of_record(house.connection, feed.id, key)
        yield {
            "key": key,
            "where": where,
            "published": published,
            "to_mend": [
                {**_told(house.messages, one.issue), "severity": one.severity}
                for one in told if one.severity == "violation"
            ][:EXAMPLES],
        }  # fmt: skip


def _causes(house: House, feed: Feed) -> list[dict[str, Any]]:
    """All that there is to mend, by cause."""
    found = []
    for group in findings.groups(house.connection, [feed.id]):
        message = house.messages.get(group.code)
        if message is None:
            continue
        examples = [
            {"key": one.record, "where": records.locator(house.connection, feed.id, one.record) if one.record else "",
             "place": one.issue.place, "value": one.issue.value}
            for one in group.examples
        ]  # fmt: skip
        told = _told(house.messages, group.examples[0].issue)
        found.append({
            "code": group.code, "severity": group.severity, "findings": group.count, "entries": group.records,
            "message": told["message"], "mend": told["mend"], "examples": examples,
        })  # fmt: skip
    return found


def _told(texts: Mapping[str, Message], issue: Issue) -> dict[str, Any]:
    """An issue in words of three languages."""
    message = texts[issue.code]
    return {
        "code": issue.code,
        "place": issue.place,
        "value": issue.value,
        "message": {tag: fill(message.text[tag], issue) for tag in messages.LANGUAGES},
        "mend": {tag: fill(message.mend[tag], issue) for tag in messages.LANGUAGES},
    }


def told(house: House, issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """Issues in words of three languages, as they stand in a preview."""
    return [_told(house.messages, issue) for issue in issues]


def stale(house: House, upload: Upload) -> bool:
    """Whether the list has changed since the preview was made."""
    return upload.basis != uploads.basis(house.connection, upload.feed)


def visited(
    house: House, academy: Academy, feed: Feed, source: Harvester | None = None, *, accept_drop: bool = False
) -> Run:
    """Visit one list, as ``harvest`` does; its turn is the caller's."""
    with Pool(house.settings.prepare_workers) as pool:
        run = visit(replace(intake_of(house, pool=pool), source=source, accept_drop=accept_drop), academy, feed)
    score.keep(house.connection, house.root, house.iris.base, feed.id, run.iri, utc_now())
    return run


def publish(house: House, upload: Upload, *, accept_drop: bool = False) -> Run:
    """Make a file the list: a visit that reads it. Again after a kill it changes nothing twice. Raises LookupError."""
    academy, feed = feed_of(house, upload)
    connection = house.connection
    body = uploads.body(connection, upload.id)
    with transaction(connection):
        uploads.begin(connection, upload.id, uploads.holds(connection, feed.id))
    run = visited(house, academy, feed, reader(body), accept_drop=accept_drop)
    with transaction(connection):
        if run.outcome == "done":
            uploads.publish(connection, upload.id, run.iri, utc_now())
        else:
            uploads.move(connection, upload.id, ["publishing"], "refused", run.message)
    return run


def withdraw(house: House, upload: Upload) -> Run:
    """Take a published file back: the list says again what it said before, by a visit that reads that.

    The gate does not stand in the way of what this file brought: it came with it and goes with it. Raises LookupError.
    """
    academy, feed = feed_of(house, upload)
    connection = house.connection
    before = list(uploads.before(connection, upload.id))
    harvester = restored(before, uploads.keys(connection, feed.id), f"withdrawn upload {upload.id}")
    run = visited(house, academy, feed, harvester, accept_drop=True)
    with transaction(connection):
        if run.outcome == "done":
            uploads.withdraw(connection, upload.id, utc_now())
        else:
            uploads.move(connection, upload.id, ["withdrawing"], "published", run.message)
    return run
