"""Decisions as files: batches out and back as workbooks, all decisions out and in as SSSOM/TSV, for people as a table.

What is read is first a preview: what would be written, what is known already, what cannot be taken and where. Only
``apply`` writes; reading a file twice writes nothing the second time.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from registry.ledger import content, decisions, reviews, utc_now
from registry.model import Decision
from registry.pipeline.deciding import title
from registry.pipeline.house import House
from registry.pipeline.reviewing import CannotReview, Desk, Served, desk, reviewer_named
from registry.relations import load as load_relations
from registry.review import sssom, sssom_read, workbook, workbook_read
from registry.review.answers import Proposal, answer_for, decision
from registry.review.reviewers import NotAllowed, own, refuse_own
from registry.review.shown import number
from registry.review.texts import say

FORMS = ("sssom", "tsv", "xlsx")
COLUMNS = (
    "id", "left", "left_title", "right", "right_title", "answer", "source", "reviewer", "voice", "academy", "time",
    "note", "batch", "stream", "undone", "undone_by", "undone_reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be taken, or is told only: the place (a cell, or a line and slot) and why."""

    place: str
    message: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What reading a file would do. ``rows`` are new decisions, ``undo`` the decisions that are there and that the
    file says were taken back, by id; ``known`` counts what is there already, ``empty`` pairs without an answer."""

    rows: tuple[sssom.Row, ...]
    undo: tuple[tuple[int, sssom.Row], ...]
    known: int
    empty: int
    faults: tuple[Fault, ...]
    remarks: tuple[Fault, ...]


def write_batch(served: Served, target: Path) -> None:
    """A batch as a workbook. Raises CannotReview."""
    if target.suffix.lower() != ".xlsx":
        raise CannotReview(f"{target}: a batch is written as .xlsx")
    _write(target, workbook.workbook(served.batch, served.pairs, served.language))


def _write(target: Path, body: bytes) -> None:
    try:
        target.write_bytes(body)
    except OSError as error:
        raise CannotReview(f"{target}: {error.strerror}") from error


def preview(house: House, source: Path, language: str = "") -> Preview:
    """What reading a file would do: a batch's workbook, or SSSOM/TSV. Raises CannotReview where it is neither."""
    limit = max(workbook_read.MAX_BYTES, sssom_read.MAX_BYTES)
    try:
        with source.open("rb") as stream:
            body = stream.read(limit + 1)
    except OSError as error:
        raise CannotReview(f"{source}: {error.strerror}") from error
    try:
        return _workbook(house, body, language) if body.startswith(b"PK") else _sssom(house, body)
    except workbook_read.BadWorkbook as error:
        told = say(error.key, language or "en", **error.values)
        raise CannotReview(f"{source}: {told}") from error
    except sssom_read.BadFile as error:
        raise CannotReview(f"{source}: {error}") from error


def _workbook(house: House, body: bytes, language: str) -> Preview:
    sheets = workbook_read.rows(body)
    name = workbook_read.batch_id(sheets)
    batch = reviews.batch(house.connection, name)
    if batch is None:
        raise workbook_read.BadWorkbook("file-no-batch")
    person, at = reviewer_named(house, batch.reviewer), desk(house)
    read = workbook_read.read(sheets, batch)
    before: dict[tuple[str, str], list[Decision]] = {}
    for one in decisions.by_batch(house.connection, batch.id):
        if one.reviewer == person.name:
            before.setdefault((one.left, one.right), []).append(one)
    faults = [Fault(error.cell, error.said(language or "en").partition(": ")[2]) for error in read.errors]
    fresh: list[sssom.Row] = []
    known = 0
    for filled in read.filled:
        given = filled.given
        pair = given.left, given.right
        place = number(given)
        if at.both(pair) is None:
            faults.append(Fault(place, "one of the two entries is no longer published"))
            continue
        try:
            refuse_own(person, map(at.academy_of, pair))
        except NotAllowed as error:
            faults.append(Fault(place, str(error)))
            continue
        made = decision(
            pair, filled.answer, proposal=Proposal(given.relation, given.source), source=filled.source,
            reviewer=person.name, time=utc_now(), note=filled.note, batch=batch.id,
        )  # fmt: skip
        if _same(made, before.get(pair, [])):
            known += 1
        else:
            fresh.append(sssom.Row(made))
    return Preview(tuple(fresh), (), known, read.empty, tuple(faults), ())


def _same(made: Decision, before: Sequence[Decision]) -> bool:
    """Whether the batch said so already: it is the newest word, or it was taken back on purpose."""

    def says(one: Decision) -> tuple[str, ...]:
        return one.verdict, one.relation, one.source, one.note

    standing = [one for one in before if not one.undone]
    if standing:
        return says(standing[-1]) == says(made)
    return any(says(one) == says(made) for one in before)


def _sssom(house: House, body: bytes) -> Preview:
    kinds = load_relations()
    told = sssom_read.read(body, predicates={name: str(kind.predicate) for name, kind in kinds.items()}, now=utc_now())
    at, people = desk(house), reviews.reviewers(house.connection)
    faults = [Fault(_place(one), one.message) for one in told.errors]
    there: dict[tuple[str, ...], Decision] = {}
    for one in decisions.history(house.connection):
        there.setdefault(_key(one), one)
    ends = {end for found in told.found for end in (found.row.decision.left, found.row.decision.right)}
    known_ends = content.known(house.connection, ends)
    rows: list[sssom.Row] = []
    undo: list[tuple[int, sssom.Row]] = []
    known = 0
    for found in told.found:
        one = found.row.decision
        fault = _refused(house, at, one, people, known_ends)
        if fault:
            faults.append(Fault(f"line {found.line}", fault))
        elif (old := there.get(_key(one))) is None:
            there[_key(one)] = one
            rows.append(found.row)
        elif one.undone and not old.undone and old.id:
            undo.append((old.id, found.row))
        else:
            known += 1
    remarks = tuple(Fault(_place(one), one.message) for one in told.remarks)
    return Preview(tuple(rows), tuple(undo), known, 0, tuple(faults), remarks)


def _place(one: sssom_read.RowError) -> str:
    return f"line {one.line}" + (f", {one.slot}" if one.slot else "")


def _key(one: Decision) -> tuple[str, ...]:
    return (
        one.left, one.right, one.verdict, one.relation, one.source, one.reviewer, one.voice, one.academy, one.time,
        one.note,
    )  # fmt: skip


def _refused(
    house: House, at: Desk, one: Decision, people: dict[str, reviews.Reviewer],
    known: dict[str, tuple[str, str, bool]],
) -> str:  # fmt: skip
    """Why a decision of a file is not taken, "" where it is."""
    academies: set[str] = set()
    for end, digest in ((one.left, one.left_digest), (one.right, one.right_digest)):
        if end in known:
            academies.add(at.academy_of(end))
            continue
        # A feed may have rewritten its ids since: then the record is found by what it says.
        alike = content.standing_with(house.connection, digest, "") if digest else []
        if not alike:
            return f"{end[:300]} is no entry of this registry"
        academies |= {at.academy_of(place) for place in alike}
    if one.voice == "publisher":
        if one.academy not in house.academies:
            return f"no academy is called {one.academy!r}"
        return "" if one.academy in academies else f"none of the two is an entry of {one.academy}"
    person = people.get(one.reviewer)
    if person is None:
        return f"no reviewer is called {one.reviewer!r}; see: review reviewer add"
    return f"{one.reviewer} works for {person.academy}, whose entry it is" if own(person, academies) else ""


def apply(house: House, found: Preview, beside: decisions.Beside | None = None) -> int:
    """Write what a preview found; how many decisions were written or taken back. ``beside`` is called in each of the
    transactions."""
    decisions.decide_all(house.connection, [row.decision for row in found.rows], beside)
    taken = {_key(row.decision): row for row in found.rows if row.decision.undone}
    if taken:
        for one in decisions.history(house.connection):
            row = taken.get(_key(one))
            if row is not None and not one.undone:
                _undo(house, one.id, row, beside)
    for there, row in found.undo:
        _undo(house, there, row, beside)
    return len(found.rows) + len(found.undo)


def _undo(house: House, there: int, row: sssom.Row, beside: decisions.Beside | None) -> None:
    by = row.undone_by or row.decision.reviewer
    decisions.undo(house.connection, there, by, row.decision.undone, row.undone_reason, beside)


def rows(house: House, *, standing: bool = False) -> list[sssom.Row]:
    """All decisions ever given, with who took them back, their stream and the titles of their records; with
    ``standing`` only those that count, on the records that stand now."""
    at, back = desk(house), decisions.taken_back(house.connection)
    drawn = reviews.drawn(house.connection)
    found = []
    given = decisions.in_force(house.connection) if standing else decisions.history(house.connection)
    for one in given:
        by, _, reason = back.get(one.id, ("", "", ""))
        sampled = (one.left, one.right) in drawn
        stream = "random" if sampled else "queue" if one.batch else ""
        labels = title(at, one.left), title(at, one.right)
        found.append(sssom.Row(one, by, reason, stream if one.voice == "reviewer" else "", *labels))
    return found


def export(house: House, form: str, *, standing: bool = False) -> bytes:
    """Decisions as a file: "sssom", or as a table for people "tsv" or "xlsx". Raises CannotReview."""
    told = rows(house, standing=standing)
    if form == "sssom":
        kinds = load_relations()
        return sssom.write(
            told, base=house.iris.base, predicates={name: kind.predicate for name, kind in kinds.items()},
            title="Decisions of reviewers and academies on pairs of learning resources",
            set_id=f"{house.iris.base}/id/mapping-set/decisions",
        ).encode()  # fmt: skip
    table = [{name: str(value) for name, value in _flat(row).items()} for row in told]
    if form == "tsv":
        made = io.StringIO(newline="")
        writer = csv.writer(made, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        # A cell that begins like a formula is kept from being one (OWASP, CSV injection).
        writer.writerows([["'" + row[n] if row[n][:1] in "=+-@\t\r" and row[n] else row[n] for n in COLUMNS]
                          for row in table])  # fmt: skip
        return made.getvalue().encode("utf-8-sig")
    if form == "xlsx":
        return _book(table)
    raise CannotReview(f"{form!r} is none of {', '.join(FORMS)}")


def write_export(house: House, form: str, target: Path, *, standing: bool = False) -> int:
    """Decisions into a file; how many. Raises CannotReview."""
    _write(target, export(house, form, standing=standing))
    return len(rows(house, standing=standing))


def _flat(row: sssom.Row) -> dict[str, Any]:
    one = asdict(row.decision)
    return one | {
        "left_title": row.left_label, "right_title": row.right_label, "stream": row.stream,
        "answer": answer_for(row.decision.verdict, row.decision.relation), "undone_by": row.undone_by,
        "undone_reason": row.undone_reason,
    }  # fmt: skip


def _book(table: Sequence[dict[str, str]]) -> bytes:
    book = Workbook()
    sheet: Any = book.worksheets[0]
    sheet.title = "decisions"
    sheet.freeze_panes = "A2"
    for at, name in enumerate(COLUMNS, start=1):
        workbook.write(sheet.cell(1, at), name)
    for line, row in enumerate(table, start=2):
        for at, name in enumerate(COLUMNS, start=1):
            workbook.write(sheet.cell(line, at), row[name])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()
