"""The identity of works: what became of each id, in order, so that a rebuild gives every id and redirect again.

An id is ours for ever: one that was taken in by another redirects to it, one that was retired can be revived, and
none is ever used for something else. ``append`` refuses events that would break this.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from registry.ledger import log
from registry.ledger.connection import transaction
from registry.model import IdentityEvent, IdentityKind, Level

PAGE = 5000
_CURRENT, _ABSORBED, _RETIRED = "current", "absorbed", "retired"


@dataclass(frozen=True, slots=True)
class IdentityState:
    """What the events come to.

    ``groups`` is {level: {id: members}} of the ids in use, ``redirects`` {id that was taken in: where it leads in
    the end}, ``retired`` {id: the members it had last}.
    """

    groups: Mapping[Level, Mapping[str, tuple[str, ...]]]
    redirects: Mapping[str, str]
    retired: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where an id leads: itself or what took it in, at which level, and whether that is in use or retired."""

    id: str
    level: Level
    retired: bool


@dataclass(frozen=True, slots=True)
class Churn:
    """Of the resources that had an id before and have one after: how many have another now, how many the same."""

    moved: int
    kept: int

    @property
    def share(self) -> float:
        """The share of moved ones, 0 to 1; 0 where there are none."""
        return self.moved / (self.moved + self.kept) if self.moved else 0.0


@dataclass(frozen=True, slots=True)
class Stability:
    """How lasting ids are, of both levels. ``ever`` were given, ``in_use`` stand today. By the last change of ids
    ``new`` came (created, split off or revived), ``merged`` were taken in by another
    and ``retired`` were left with fewer than two members, of ``before`` that were in use; ``split`` of the new ones
    left another.
    """

    ever: int = 0
    in_use: int = 0
    new: int = 0
    split: int = 0
    merged: int = 0
    retired: int = 0

    @property
    def before(self) -> int:
        """Ids in use before the last change."""
        return self.in_use - self.new + self.merged + self.retired

    @property
    def changed(self) -> int:
        """Ids that no longer stand for a work since then: the churn, of ``before``."""
        return self.merged + self.retired


def append(connection: sqlite3.Connection, events: Sequence[IdentityEvent], time: str) -> int | None:
    """Append a batch of events in this order, by one change (kind "identity", cause "rules"): its sequence, None
    for no events. ``time`` is theirs; their own ``time`` and ``sequence`` are not read.

    Raises ValueError, and writes nothing, where an id is used again for something else, or one is changed that is
    not in use: "created" and "split" need a new id, "grown", "absorbed" and "retired" one in use, "revived" a
    retired one; ``other`` of "absorbed" and "split" must be another id of that level; no redirect leads back.
    """
    if not events:
        return None
    state = hashlib.sha256()
    for one in events:
        state.update("\0".join((one.level, one.kind, one.id, one.other, *one.members, "\n")).encode())
    with transaction(connection):
        number = log.last_sequence(connection) + 1
        sequence = log.append(
            connection, time=time, kind="identity", subject=f"identity {number}", cause="rules",
            digest_=f"sha256:{state.hexdigest()}",
        )  # fmt: skip
        for one in events:
            _step(connection, one)
        connection.executemany(
            "INSERT INTO identity_event (sequence, position, level, kind, id, other, members, time)"
            " VALUES (?,?,?,?,?,?,?,?)",
            ((sequence, position, one.level, one.kind, one.id, one.other, "\n".join(one.members), time)
             for position, one in enumerate(events)),
        )  # fmt: skip
    return sequence


def events(connection: sqlite3.Connection, after: int = 0, until: int | None = None) -> Iterator[IdentityEvent]:
    """The events of the changes after a sequence, up to another, in order."""
    last, end = (after, 1 << 62), until if until is not None else 1 << 62
    while True:
        rows = connection.execute(
            "SELECT sequence, position, level, kind, id, other, members, time FROM identity_event"
            " WHERE (sequence, position) > (?,?) AND sequence <= ? ORDER BY sequence, position LIMIT ?",
            (*last, end, PAGE),
        ).fetchall()
        for sequence, _, level, kind, id_, other, members, time in rows:
            held = tuple(members.split("\n")) if members else ()
            yield IdentityEvent(level, kind, id_, other, held, time, sequence)
        if not rows:
            return
        last = (rows[-1][0], rows[-1][1])


def state(connection: sqlite3.Connection, until: int | None = None) -> IdentityState:
    """Replay the events (up to a sequence)."""
    groups: dict[Level, dict[str, tuple[str, ...]]] = {"cluster": {}, "work": {}}
    absorbed: dict[str, str] = {}
    retired: dict[str, tuple[str, ...]] = {}
    for one in events(connection, until=until):
        held = groups[one.level]
        if one.kind == "absorbed":
            held.pop(one.id)
            absorbed[one.id] = one.other
        elif one.kind == "retired":
            retired[one.id] = held.pop(one.id)
        else:
            retired.pop(one.id, None)
            held[one.id] = one.members
    return IdentityState(groups, {id_: _last(id_, absorbed) for id_ in absorbed}, retired)


def resolve(connection: sqlite3.Connection, id_: str) -> Resolved | None:
    """Where an id leads now, None for one that there never was. By index, for a page that is asked for."""
    while True:
        row = connection.execute("SELECT level, state, other FROM identity WHERE id=?", (id_,)).fetchone()
        if row is None:
            return None
        if row[1] != _ABSORBED:
            return Resolved(id_, row[0], row[1] == _RETIRED)
        id_ = row[2]


def counts(connection: sqlite3.Connection, after: int = 0) -> dict[tuple[Level, IdentityKind], int]:
    """How many events of each level and kind the changes after a sequence brought."""
    rows = connection.execute(
        "SELECT level, kind, count(*) FROM identity_event WHERE sequence > ? GROUP BY level, kind", (after,)
    )
    return {(level, kind): number for level, kind, number in rows}


def stability(connection: sqlite3.Connection) -> Stability:
    """How lasting ids are, as the events tell it: the same whenever and however often it is asked."""
    ever, in_use = connection.execute(
        "SELECT count(*), coalesce(sum(state=?), 0) FROM identity", (_CURRENT,)
    ).fetchone()
    (last,) = connection.execute("SELECT max(sequence) FROM identity_event").fetchone()
    if last is None:
        return Stability()
    told: Counter[str] = Counter()
    for (_, kind), number in counts(connection, last - 1).items():
        told[kind] += number
    new = told["created"] + told["split"] + told["revived"]
    return Stability(ever, in_use, new, told["split"], told["absorbed"], told["retired"])


def churn(before: IdentityState, after: IdentityState, unchanged: Container[str] | None = None) -> dict[Level, Churn]:
    """How many resources have another id than before, by level; of ``unchanged`` ones only, if given.

    A resource whose id was taken in by another counts as moved, though its old id redirects.
    """
    found: dict[Level, Churn] = {}
    for level, groups in after.groups.items():
        old = {member: id_ for id_, members in before.groups.get(level, {}).items() for member in members}
        tally: Counter[bool] = Counter(
            old[member] != id_
            for id_, members in groups.items()
            for member in members
            if member in old and (unchanged is None or member in unchanged)
        )
        found[level] = Churn(tally[True], tally[False])
    return found


def _last(id_: str, absorbed: Mapping[str, str]) -> str:
    while id_ in absorbed:
        id_ = absorbed[id_]
    return id_


def _step(connection: sqlite3.Connection, one: IdentityEvent) -> None:
    """Bring the table of ids from before an event to after it; ValueError if the event cannot be."""
    if any("\n" in name for name in (one.id, *one.members)) or not one.id:
        raise ValueError(f"{one.id!r}: ids and members are one line each")
    if one.kind in ("created", "grown", "split", "revived") and len(one.members) < 2:
        raise ValueError(f"{one.id}: {one.kind} with {len(one.members)} members")
    if one.kind in ("absorbed", "split"):
        _check_other(connection, one)
    elif one.other:
        raise ValueError(f"{one.id}: {one.kind} names no other id")
    if one.kind in ("created", "split"):
        written = connection.execute(
            "INSERT OR IGNORE INTO identity (id, level, state) VALUES (?,?,?)", (one.id, one.level, _CURRENT)
        ).rowcount
    else:
        before = _RETIRED if one.kind == "revived" else _CURRENT
        after = {"absorbed": _ABSORBED, "retired": _RETIRED}.get(one.kind, _CURRENT)
        written = connection.execute(
            "UPDATE identity SET state=?, other=? WHERE id=? AND level=? AND state=?",
            (after, one.other if one.kind == "absorbed" else "", one.id, one.level, before),
        ).rowcount
    if not written:
        row = connection.execute("SELECT level, state FROM identity WHERE id=?", (one.id,)).fetchone()
        raise ValueError(f"{one.id} cannot be {one.kind} at level {one.level}: it is {row or 'not known'}")


def _check_other(connection: sqlite3.Connection, one: IdentityEvent) -> None:
    other = resolve(connection, one.other)
    if other is None or other.level != one.level or other.id == one.id:
        raise ValueError(f"{one.id}: {one.kind} with {one.other or 'no other id'}, which is no other {one.level}")
