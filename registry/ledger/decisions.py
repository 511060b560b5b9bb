"""Decisions on pairs: what reviewers and publishers say, append-only, found again when a feed rewrites its ids.

A decision wins over the machine. It is never changed or deleted: a later one of the same pair and voice counts
in its place, and one that is taken back keeps its row. All reviewers are one voice, each academy's publisher is
one of its own.

**Re-anchoring.** A decision whose resource no longer stands (gone or never heard of) is carried to the one
published record that says the same (``content``): of the same academy if there is one, else anywhere. Where two
would do nothing is carried, and ``unanchored`` tells it. ``reanchor`` keeps what was found, so that a decision
stays with its record when that changes afterwards; call it before the projections read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from registry.ledger import content, log
from registry.ledger.connection import transaction
from registry.model import Decision

BATCH = 500
_COLUMNS = (
    "left_resource, right_resource, verdict, relation, reviewer, time, note, source, voice, academy, left_digest,"
    " right_digest, batch, undone, id"
)


@dataclass(frozen=True, slots=True)
class Unanchored:
    """A decision that finds a record of its pair no more: ``missing`` are the resources that do not stand,
    ``candidates`` published ones that say the same, of which none could be chosen (at most two for each)."""

    decision: Decision
    missing: tuple[str, ...]
    candidates: tuple[str, ...]


Beside = Callable[[sqlite3.Connection], None]
"""What is written in the same transaction: who asked for it, say."""


def decide(connection: sqlite3.Connection, decision: Decision, beside: Beside | None = None) -> int:
    """Append a decision and the change (kind "decision", cause "person") that tells of it; the change's sequence.

    The pair is put in code-point order. Digests that are not given are those of what stands in the ledger.
    ``id`` and ``undone`` are not read. Whether this person may decide on this pair is asked by the caller.
    Raises ValueError for a decision that says nothing: a pair of one, a rejection that names a relation, a source
    that is not of the pair, an academy without its publisher's voice or the other way round.
    """
    return decide_all(connection, [decision], beside)[0]


def decide_all(
    connection: sqlite3.Connection, decisions: Sequence[Decision], beside: Beside | None = None
) -> list[int]:
    """Append decisions in this order, as ``decide`` does: up to 500 all or nothing, more in parts of so many.

    All are checked before the first is written; ``beside`` is called in each of the transactions.
    """
    ordered = [_ordered(decision) for decision in decisions]
    sequences = []
    for start in range(0, len(ordered), BATCH):
        some = ordered[start : start + BATCH]
        with transaction(connection):
            now = content.digests(connection, [end for one in some for end in (one.left, one.right)])
            sequences += [_append(connection, one, now) for one in some]
            if beside is not None:
                beside(connection)
    return sequences


def undo(
    connection: sqlite3.Connection, number: int, by: str, time: str, reason: str, beside: Beside | None = None
) -> int:
    """Take a decision back (``number``: its id): the one before it of its pair and voice counts again.

    Its row stays, with who, when and why; the sequence of the change that tells of it. Raises LookupError where
    there is no such decision, or it was taken back before.
    """
    with transaction(connection):
        row = connection.execute(
            "SELECT left_resource, right_resource FROM decision WHERE id=? AND undone=''", (number,)
        ).fetchone()
        if row is None:
            raise LookupError(f"there is no decision {number} that stands")
        connection.execute(
            "UPDATE decision SET undone=?, undone_by=?, undone_reason=? WHERE id=?", (time, by, reason, number)
        )
        if beside is not None:
            beside(connection)
        return _tell(connection, row[0], row[1], time)


def standing(connection: sqlite3.Connection) -> list[Decision]:
    """The newest decision of each pair and voice that was not taken back, on the pairs as they were given.

    By pair and voice in code-point order; the newest by its time, at one time the one appended later. Verdict
    "unsure" counts like the others: the newest word on the pair is then that nobody knows.
    """
    return _newest(_read(connection, "undone=''"))


def in_force(connection: sqlite3.Connection) -> list[Decision]:
    """What the projections go by: ``standing``, carried to the records that stand now."""
    return reanchored(connection, standing(connection))


def history(connection: sqlite3.Connection, pair: tuple[str, str] | None = None) -> list[Decision]:
    """All decisions ever given, of one pair (as it was given) or of all; taken back ones too; oldest first."""
    if pair is None:
        return _read(connection, "1")
    return _read(connection, "left_resource=? AND right_resource=?", sorted(pair))


def by_batch(connection: sqlite3.Connection, batch: str) -> list[Decision]:
    """The decisions that came with a batch, taken back ones too, in the order in which they came."""
    return _read(connection, "batch=? AND batch <> ''", [batch])


def taken_back(connection: sqlite3.Connection) -> dict[int, tuple[str, str, str]]:
    """{id: (by, time, reason)} of the decisions that were taken back."""
    rows = connection.execute("SELECT id, undone_by, undone, undone_reason FROM decision WHERE undone <> ''")
    return {row[0]: row[1:] for row in rows}


def reanchored(connection: sqlite3.Connection, decisions: Iterable[Decision]) -> list[Decision]:
    """These decisions on the records that stand now, the newest of each pair and voice, by pair and voice.

    What finds no record stays on its pair as it was given: it decides nothing, and does again if the record
    comes back.
    """
    given = list(decisions)
    places = _places(connection, given)
    return _newest([_moved(one, places) for one in given])


def unanchored(connection: sqlite3.Connection) -> list[Unanchored]:
    """The standing decisions of which a record is gone and none, or more than one, says the same."""
    given = standing(connection)
    places = _places(connection, given)
    found = []
    for one in given:
        if _pair(one, places) is None:
            missing = tuple(end for end in (one.left, one.right) if places[end] != (end,))
            candidates = {place for end in missing for place in places[end]} - {one.left, one.right}
            found.append(Unanchored(one, missing, tuple(sorted(candidates))))
    return found


def reanchor(connection: sqlite3.Connection, time: str) -> int | None:
    """Keep where decisions were found again, and tell of it by one change (kind "decision", cause "source"): its
    sequence, None where there was nothing new to keep."""
    given = standing(connection)
    if not given:
        return None
    with transaction(connection):
        new = [(end, where[0]) for end, where in sorted(_search(connection, given)[1].items()) if len(where) == 1]
        if not new:
            return None
        number = log.last_sequence(connection) + 1
        sequence = log.append(connection, time=time, kind="decision", subject=f"anchor {number}", cause="source")
        assert sequence is not None
        connection.executemany(
            "INSERT INTO anchor (resource, carried_to, sequence) VALUES (?,?,?)",
            [(old, place, sequence) for old, place in new],
        )
    return sequence


def _ordered(decision: Decision) -> Decision:
    one = decision
    if one.left == one.right:
        raise ValueError(f"{one.left}: a decision is on two resources")
    if one.verdict != "unsure" and (one.verdict == "reject") != (one.relation == "different"):
        raise ValueError(f"verdict {one.verdict} with relation {one.relation}: only a rejection says that they differ")
    if one.source not in ("", one.left, one.right):
        raise ValueError(f"{one.source} is none of the two resources that the decision is on")
    if (one.voice == "publisher") != bool(one.academy):
        raise ValueError("a publisher speaks for an academy, a reviewer for none")
    if one.left < one.right:
        return one
    return replace(
        one, left=one.right, right=one.left, left_digest=one.right_digest, right_digest=one.left_digest
    )  # fmt: skip


def _append(connection: sqlite3.Connection, one: Decision, now: dict[str, str]) -> int:
    connection.execute(
        "INSERT INTO decision (left_resource, right_resource, verdict, relation, reviewer, time, note, source, voice,"
        " academy, left_digest, right_digest, batch) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (one.left, one.right, one.verdict, one.relation, one.reviewer, one.time, one.note, one.source, one.voice,
         one.academy, one.left_digest or now.get(one.left, ""), one.right_digest or now.get(one.right, ""), one.batch),
    )  # fmt: skip
    return _tell(connection, one.left, one.right, one.time)


def _tell(connection: sqlite3.Connection, left: str, right: str, time: str) -> int:
    sequence = log.append(connection, time=time, kind="decision", subject=f"{left} {right}", cause="person")
    assert sequence is not None
    return sequence


def _read(connection: sqlite3.Connection, where: str, values: Sequence[str] = ()) -> list[Decision]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM decision WHERE {where} ORDER BY id", tuple(values))
    return [Decision(*row) for row in rows]


def _newest(decisions: Iterable[Decision]) -> list[Decision]:
    found = {(d.left, d.right, d.voice, d.academy): d for d in sorted(decisions, key=lambda d: (d.time, d.id))}
    return [found[key] for key in sorted(found)]


def _pair(one: Decision, places: dict[str, tuple[str, ...]]) -> tuple[str, str] | None:
    """Where both ends of a decision stand now, None where one of them is nowhere or the two became one."""
    left, right = places[one.left], places[one.right]
    return (left[0], right[0]) if len(left) == len(right) == 1 and left != right else None


def _moved(one: Decision, places: dict[str, tuple[str, ...]]) -> Decision:
    pair = _pair(one, places)
    if pair is None or pair == (one.left, one.right):
        return one
    source = {one.left: pair[0], one.right: pair[1]}.get(one.source, "")
    return _ordered(replace(one, left=pair[0], right=pair[1], source=source))


def _anchors(connection: sqlite3.Connection) -> dict[str, str]:
    """Where each resource was carried to last."""
    return dict(connection.execute("SELECT resource, carried_to FROM anchor ORDER BY sequence"))


def _follow(resource: str, anchors: dict[str, str], stands: frozenset[str]) -> str:
    """The first place that stands on the way that a resource was carried, else the end of the way."""
    seen = {resource}
    while resource not in stands and anchors.get(resource, resource) not in seen:
        resource = anchors[resource]
        seen.add(resource)
    return resource


def _places(connection: sqlite3.Connection, decisions: Sequence[Decision]) -> dict[str, tuple[str, ...]]:
    """Where each resource of these decisions stands now: itself, else where it was carried, else what says the
    same. Empty where there is nothing; two where it is not clear."""
    stand, alike = _search(connection, decisions)
    return {**stand, **alike}


def _search(
    connection: sqlite3.Connection, decisions: Sequence[Decision]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """The same in two: what stands or was carried before, and what was looked for by content."""
    then: dict[str, set[str]] = {}
    for one in decisions:
        then.setdefault(one.left, set()).add(one.left_digest)
        then.setdefault(one.right, set()).add(one.right_digest)
    anchors = _anchors(connection)
    known = content.known(connection, [*then, *anchors, *anchors.values()])
    stands = frozenset(resource for resource, (_, _, published) in known.items() if published)
    stand: dict[str, tuple[str, ...]] = {}
    found: dict[str, tuple[str, ...]] = {}
    for resource, digests in then.items():
        last = _follow(resource, anchors, stands)
        if last in stands:
            stand[resource] = (last,)
            continue
        digest, academy, _ = known.get(last, ("", "", False))
        alike = set(content.standing_with(connection, digest, academy) if digest else ())
        if not alike:
            alike = {place for one in digests if one for place in content.standing_with(connection, one, academy)}
        found[resource] = tuple(sorted(alike)[:2])
    return stand, found


def newest(connection: sqlite3.Connection, before: int, limit: int) -> list[Decision]:
    """Decisions as they were given, taken back ones too, by falling id, those below an id."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM decision WHERE id < ? ORDER BY id DESC LIMIT ?", (before, limit)
    )
    return [Decision(*row) for row in rows]
