"""Ids of works and clusters are ours: minted once, inherited by the largest overlap, redirected for ever, not reused.

An id is a state of the events alone: the ledger keeps them, ``replay`` gives every id, every redirect and every
retired id back. ``inherit`` reads the previous state (all of it, or the ids that share a member with what is
clustered again) and the new parts, and answers with the events between them.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from registry.model import IdentityEvent, IdentityKind, Level, Work

Members = frozenset[str]

LENGTH = 16
PREFIX: Mapping[Level, str] = {"cluster": "c", "work": "w"}


@dataclass(frozen=True, slots=True)
class Identities:
    """What one level's events come to.

    ``members`` of the living ids; ``retired`` with the members that each held last; ``redirects`` from an absorbed
    id to the one that took it in (which may be absorbed itself: see ``resolve``). ``age`` orders all ids ever
    minted by creation (0, 1, …). ``sequence`` is the last event read, 0 where events carry none.
    """

    level: Level
    members: Mapping[str, Members] = field(default_factory=dict)
    retired: Mapping[str, Members] = field(default_factory=dict)
    redirects: Mapping[str, str] = field(default_factory=dict)
    age: Mapping[str, int] = field(default_factory=dict)
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Churn:
    """How many of ``records`` that did not change lost the id that they had (``moved``)."""

    moved: int
    records: int

    @property
    def share(self) -> float:
        """0 to 1; 0 where there was no unchanged record."""
        return self.moved / self.records if self.records else 0.0


def mint(level: Level, members: Iterable[str], counter: int = 0) -> str:
    """An id from the members at creation: "w" or "c" and 16 characters of base32 (RFC 4648 section 6, lower case).

    80 bits of SHA-256 over level, counter and the sorted members; the counter counts up while an id was ever in use.
    """
    text = "\n".join([level, str(counter), *sorted(members)])
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return PREFIX[level] + base64.b32encode(digest)[:LENGTH].decode("ascii").lower()


def inherit(
    previous: Identities, parts: Iterable[Collection[str]], confirmed: Collection[str] = (), time: str = ""
) -> tuple[dict[str, Members], list[IdentityEvent]]:
    """Give each new part of two or more members its id; say what became of every id of ``previous.members``.

    ``parts`` are disjoint. Where only some components were clustered again, ``previous.members`` holds just the ids
    that share a member with those components or with what was deleted from them, and ``previous.retired`` those
    whose members are among theirs; ``previous.age`` always knows every id ever minted. A member of an id that is in
    no part is gone. ``confirmed`` are ids that a person has confirmed.

    An old id claims the part that holds most of its members. Of those that claim a part a confirmed one wins, then
    the one with most members there, then the oldest; the others are absorbed. A part without a claim takes the
    oldest retired id whose last members are all in it, else a new id: "split" where members come from an old id.

    Returns the parts by id and the events, in an order that depends on the content only. ValueError where parts
    share a member.
    """
    wanted = sorted({tuple(sorted(part)) for part in map(frozenset, parts) if len(part) > 1})
    place = {member: k for k, part in enumerate(wanted) for member in part}
    if len(place) != sum(map(len, wanted)):
        raise ValueError("parts share a member")
    overlaps: dict[int, dict[str, int]] = defaultdict(dict)
    claims: dict[int, list[str]] = defaultdict(list)
    for old, held in previous.members.items():
        shared = Counter(place[member] for member in held if member in place)
        for k, size in shared.items():
            overlaps[k][old] = size
        if shared:
            claims[min(shared, key=lambda k: (-shared[k], k))].append(old)
    events: dict[IdentityKind, list[IdentityEvent]] = defaultdict(list)
    confirmed = frozenset(confirmed)
    result: dict[str, Members] = {}
    lasting: set[str] = set()
    open_parts = []
    for k, part in enumerate(wanted):
        rank = [(old not in confirmed, -overlaps[k][old], previous.age[old], old) for old in claims.get(k, ())]
        if not rank:
            open_parts.append(k)
            continue
        winner, *losers = [old for *_, old in sorted(rank)]
        result[winner] = frozenset(part)
        lasting.update((winner, *losers))
        if previous.members[winner] != result[winner]:
            events["grown"].append(IdentityEvent(previous.level, "grown", winner, "", part, time))
        events["absorbed"] += [IdentityEvent(previous.level, "absorbed", old, winner, (), time) for old in losers]
    for old in previous.members.keys() - lasting:
        events["retired"].append(IdentityEvent(previous.level, "retired", old, "", (), time))
    sleeping = _sleeping(previous, place)
    for k in open_parts:
        part = wanted[k]
        whole = [(previous.age[old], old) for old in sleeping.get(k, ())]
        old = max(overlaps[k], key=lambda o: (overlaps[k][o], -previous.age[o], o), default="")
        kind: IdentityKind = "revived" if whole else "split" if old else "created"
        new = min(whole)[1] if whole else _fresh(previous, part, result)
        result[new] = frozenset(part)
        events[kind].append(IdentityEvent(previous.level, kind, new, old if kind == "split" else "", part, time))
    order: tuple[IdentityKind, ...] = ("retired", "absorbed", "grown", "revived", "split", "created")
    return result, [event for kind in order for event in sorted(events[kind], key=lambda e: e.id)]


def apply(state: Identities, events: Iterable[IdentityEvent]) -> Identities:
    """The state after these events of the ledger, oldest first; those of the other level are passed over.

    Events with a sequence up to that of the state were read before and are passed over, so that reading twice is
    harmless. ValueError names an event that cannot follow (a new id that is known, an absorbed id that is not alive).
    """
    members, retired = dict(state.members), dict(state.retired)
    redirects, age, sequence = dict(state.redirects), dict(state.age), state.sequence
    for event in events:
        if event.level != state.level or 0 < event.sequence <= state.sequence:
            continue
        fits = {
            "created": event.id not in age,
            "split": event.id not in age,
            "grown": event.id in members,
            "retired": event.id in members,
            "revived": event.id in retired,
            "absorbed": event.id in members and event.other in members and event.id != event.other,
        }
        if not fits[event.kind]:
            raise ValueError(f"identity event {event.sequence or ''} does not fit: {event.kind} {event.id}")
        if event.kind == "absorbed":
            redirects[event.id] = event.other
            del members[event.id]
        elif event.kind == "retired":
            retired[event.id] = members.pop(event.id)
        else:
            retired.pop(event.id, None)
            members[event.id] = frozenset(event.members)
            age.setdefault(event.id, len(age))
        sequence = max(sequence, event.sequence)
    return Identities(state.level, members, retired, redirects, age, sequence)


def replay(events: Iterable[IdentityEvent], level: Level) -> Identities:
    """The state of a level from the ledger's events, oldest first."""
    return apply(Identities(level), events)


def concerned(state: Identities, records: Collection[str]) -> Identities:
    """The part of the state that ``inherit`` needs for these records (all members of the parts, and the deleted)."""
    among = frozenset(records)
    return Identities(
        state.level,
        {id: held for id, held in state.members.items() if not among.isdisjoint(held)},
        {id: held for id, held in state.retired.items() if held <= among},
        {},
        state.age,
        state.sequence,
    )


def resolve(state: Identities, id: str) -> str:
    """The id that stands for this one today: itself, or the end of its redirects (which may be retired)."""
    while id in state.redirects:
        id = state.redirects[id]
    return id


def works(state: Identities) -> list[Work]:
    """The living ids with their members, by id."""
    return [Work(id, state.level, tuple(sorted(held))) for id, held in sorted(state.members.items())]


def churn(before: Mapping[str, Members], after: Mapping[str, Members], unchanged: Collection[str]) -> Churn:
    """How far ids moved under records that did not change themselves.

    A record moved when it had an id before and has another or none after; redirects do not excuse it.
    """
    was = {member: id for id, held in before.items() for member in held}
    now = {member: id for id, held in after.items() for member in held}
    return Churn(sum(was[r] != now.get(r) for r in unchanged if r in was), len(unchanged))


def _sleeping(previous: Identities, place: Mapping[str, int]) -> dict[int, list[str]]:
    """For each part the retired ids whose last members are all in it."""
    found: dict[int, list[str]] = defaultdict(list)
    for old, held in previous.retired.items():
        where = {place.get(member, -1) for member in held}
        if len(where) == 1 and -1 not in where:
            found[where.pop()].append(old)
    return found


def _fresh(previous: Identities, part: tuple[str, ...], taken: Mapping[str, Members]) -> str:
    """A new id: the first of the part's that was never in use."""
    tries = (mint(previous.level, part, counter) for counter in count())
    return next(id for id in tries if id not in previous.age and id not in taken)
