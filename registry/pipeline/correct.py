"""A person's correction of one property of a harvested record: made, listed, ended.

The record is prepared at once and, if its payload has passed the gate, appended to the log; else with the next
visit. A correction that would keep the record from being published is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial

from registry.iris import safe_key
from registry.ledger import corrections, drafts, findings, records, utc_now
from registry.messages import fill
from registry.model import Academy, Correction, Feed
from registry.pipeline.again import intake_of
from registry.pipeline.house import House
from registry.pipeline.intake import Intake
from registry.pipeline.prepare import job_for, prepare_waiting
from registry.prepare import corrections as step
from registry.prepare import said
from registry.prepare.setup import make_preparer
from registry.terms import Literal, Term

MAX_REASON = 2000


class BadCorrection(Exception):
    """A correction that cannot be made or ended; the message says why."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A correction as people read it. ``now`` is what the source says since, where that changed."""

    id: int
    record: str
    field: str
    old: str
    new: str
    reason: str
    author: str
    time: str
    ended: str
    now: str = ""


def find(house: House, record: str) -> tuple[Academy, Feed, str]:
    """The academy, feed and key of a record by feed/key or by its IRI. Raises BadCorrection."""
    named = record.strip()
    for kind in ("record", "resource"):
        start = f"{house.iris.base}/id/{kind}/"
        if named.startswith(start):
            named = named.removeprefix(start)
    name, _, key = named.partition("/")
    found = next(((academy, feed) for academy, feed in house.feeds if feed.id == name), None)
    if found is None or not key:
        raise BadCorrection(
            f"{record}: name an entry as list/key (the id of a list, then the entry's own) or by its address"
        )
    if records.payload(house.connection, name, key) is None:
        rows = house.connection.execute("SELECT key FROM record WHERE feed=?", (name,))
        keys = [known for (known,) in rows if safe_key(known) == key]
        if not keys:
            raise BadCorrection(f"{record}: the list {name} has no such entry")
        key = keys[0]
    return *found, key


def correct(
    house: House, record: str, name: str, value: str, *, reason: str, author: str, instead: str = ""
) -> Correction:
    """Make a correction and publish it to the log. ``instead`` names the one value that it replaces.

    Raises BadCorrection.
    """
    academy, feed, key = find(house, record)
    _told("reason", reason)
    _told("author", author)
    intake = intake_of(house)
    preparer = make_preparer(job_for(intake, academy, feed))
    raw = records.payload(house.connection, feed.id, key)
    assert raw is not None
    mapped = preparer.mapped(raw)
    if not mapped.triples:
        raise BadCorrection(f"{record}: nothing can be read of this entry, so nothing in it can be corrected")
    try:
        one = said.property_named(name)
        stated = [o for s, p, o, _ in mapped.triples if s == mapped.resource and p == one.iri]
        tags = {term.language for term in stated if not isinstance(term, str) and term.language} - {"und"}
        language = tags.pop() if len(tags) == 1 else feed.language or ""
        new = step.lines(said.read(value, one, preparer.context.values, language))
        replaced = _one_of(stated, instead) if instead else ""
    except said.BadValue as error:
        raise BadCorrection(str(error)) from error
    old = step.lines(step.scope(stated, replaced, new))
    if old == new:
        raise BadCorrection(f"{record}: the source says so already" if new else f"{record}: there is no {one.name}")
    fresh = Correction(0, feed.id, key, one.iri, old, new, reason.strip(), author.strip(), utc_now(), replaced)
    before = corrections.in_force(house.connection, feed.id).get(key, ())
    kept = tuple(other for other in before if not corrections.same_values(other, fresh))
    trial, usual = (
        replace(preparer, corrections={key: fixes}).prepare([raw])[0] for fixes in ((*kept, fresh), before)
    )
    graver = {f.issue.code for f in trial.findings if f.severity == "violation"}
    graver -= {f.issue.code for f in usual.findings if f.severity == "violation"}
    for finding in trial.findings:
        if finding.issue.code in graver:
            raise BadCorrection(fill(house.messages[finding.issue.code].text["en"], finding.issue))
    number = corrections.add(house.connection, fresh, _subject(house))
    _publish(intake, academy, feed, key)
    return replace(fresh, id=number)


def end(house: House, number: int, author: str) -> Correction:
    """End a correction: the record says again what its source says. Raises BadCorrection."""
    _told("author", author)
    try:
        ended = corrections.end(house.connection, number, author.strip(), utc_now(), _subject(house))
    except LookupError as error:
        raise BadCorrection(str(error.args[0])) from error
    found = next(((academy, feed) for academy, feed in house.feeds if feed.id == ended.feed), None)
    if found is not None:
        _publish(intake_of(house), *found, ended.key)
    return ended


def listed(house: House, record: str = "") -> list[Listed]:
    """All corrections, or those of one record, oldest first; ended ones too."""
    wanted = find(house, record)[1:] if record else None
    result = []
    for one in corrections.listed(house.connection):
        if wanted is not None and (one.feed, one.key) != (wanted[0].id, wanted[1]):
            continue
        found = findings.of_record(house.connection, one.feed, one.key)
        now = next((f.issue.value or "–" for f in found if _is_about(f.issue.code, f.issue.params, one)), "")
        result.append(
            Listed(
                one.id, f"{one.feed}/{one.key}", one.property.rpartition("/")[2].rpartition("#")[2],
                step.shown(one.old), step.shown(one.new), one.reason, one.author, one.time, one.ended, now,
            )
        )  # fmt: skip
    return result


def _is_about(code: str, params: tuple[tuple[str, str], ...], one: Correction) -> bool:
    return code in (step.CHANGED, step.AGREES) and not one.ended and dict(params).get("number") == str(one.id)


def _subject(house: House) -> str:
    return f"{house.iris.base}/id/correction/"


def _told(what: str, text: str) -> None:
    if not text.strip() or len(text) > MAX_REASON:
        raise BadCorrection(f"say a {what}: it is shown to everybody beside the correction")
    if re.search(r"\S@\S", text):
        raise BadCorrection(f"the {what} is public and must not hold an e-mail address")


def _one_of(stated: list[Term], instead: str) -> str:
    """The one of the source's values that is meant, as N-Triples."""
    for value in stated:
        plain = value.value if isinstance(value, Literal) else value
        row = step.lines([value])
        if instead in (plain, row, step.shown(row)):
            return row
    raise said.BadValue(f"the source does not say {instead!r}; it says: {step.shown(step.lines(stated)) or 'nothing'}")


def _publish(intake: Intake, academy: Academy, feed: Feed, key: str) -> None:
    """Prepare the record alone and bring what a person changed into the log; nothing else of its list."""
    prepare_waiting(intake, academy, feed, again=True, key=key)
    subject = partial(intake.iris.record, feed.id)
    drafts.append(intake.connection, feed.id, "", subject, lambda done: None, ("person",))
