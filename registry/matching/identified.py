"""Ids of works in the working file: a mirror of the ledger's events, carried forward with each run.

The file's own events wait in ``pending`` until the ledger has them; a file whose events differ from the ledger's
learns the ledger's from the beginning.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import get_args

import duckdb
import pyarrow as pa

from registry.matching import identity
from registry.matching.columns import insert
from registry.matching.identity import Identities
from registry.matching.lexicon import numbered
from registry.model import IdentityEvent, Level, Work

LEVELS: tuple[Level, ...] = get_args(Level)


class OtherIdentity(ValueError):
    """The working file's ids are not the ledger's: ``rebuild`` it with all of the ledger's events."""


class _Ages(Mapping[str, int]):
    """When each id was minted, asked one by one: all of them need not be in memory."""

    def __init__(self, db: duckdb.DuckDBPyConnection, known: Mapping[str, int], empty: bool) -> None:
        self._db, self._known, self._empty = db, dict(known), empty

    def __getitem__(self, id: str) -> int:
        if id not in self._known:
            rows = [] if self._empty else self._db.execute("SELECT age FROM minted WHERE id = ?", [id]).fetchall()
            if not rows:
                raise KeyError(id)
            self._known[id] = rows[0][0]
        return self._known[id]

    def __iter__(self) -> Iterator[str]:
        return iter([id for (id,) in self._db.execute("SELECT id FROM minted").fetchall()])

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM minted").fetchall()[0][0])


def _previous(db: duckdb.DuckDBPyConnection, level: Level, *, whole: bool) -> Identities:
    """What is known of the ids that the closure concerns."""
    where = "" if whole else (
        "SEMI JOIN (SELECT DISTINCT id FROM held SEMI JOIN (SELECT n FROM closure UNION SELECT n"
        " FROM dirty) c USING (n)"
        f" WHERE level = '{level}') t USING (id)"
    )  # fmt: skip
    rows = db.execute(f"SELECT id, resource, alive FROM held {where} WHERE level = ? ORDER BY id", [level]).fetchall()
    members: dict[str, frozenset[str]] = {}
    retired: dict[str, frozenset[str]] = {}
    for id, group in groupby(rows, key=lambda row: row[0]):
        some = list(group)
        (members if some[0][2] else retired)[id] = frozenset(resource for _, resource, _ in some)
    where = "" if whole else "SEMI JOIN asked_ USING (id)"
    if not whole:
        db.register("asked_", pa.table({"id": pa.array([*members, *retired], pa.string())}))
    known = dict(db.execute(f"SELECT id, age FROM minted {where} WHERE level = ?", [level]).fetchall())
    if not whole:
        db.unregister("asked_")
    return Identities(level, members, retired, {}, _Ages(db, known, whole))


def _parts(db: duckdb.DuckDBPyConnection, level: Level, *, whole: bool) -> list[list[str]]:
    """The parts of the closure with two members or more, as resources."""
    scope = "" if whole else "SEMI JOIN closure USING (n)"
    rows = db.execute(
        f"SELECT list(resource) FROM (SELECT n, {level} AS part FROM member {scope}) JOIN record USING (n)"
        " GROUP BY part HAVING count(*) > 1"
    ).fetchall()
    return [resources for (resources,) in rows]


def inherit(db: duckdb.DuckDBPyConnection, turn: int, *, whole: bool) -> list[IdentityEvent]:
    """Give every new part its id; the events that the ledger is to keep."""
    found: list[IdentityEvent] = []
    for level in LEVELS:
        _, events = identity.inherit(_previous(db, level, whole=whole), _parts(db, level, whole=whole))
        _apply(db, events, turn)
        found.extend(events)
    if found:
        (first,) = db.execute("SELECT coalesce(max(nth), 0) + 1 FROM pending").fetchall()[0]
        rows = [
            (nth, event.level, event.kind, event.id, event.other, json.dumps(event.members, ensure_ascii=False))
            for nth, event in enumerate(found, first)
        ]
        insert(db, "pending", "nth, level, kind, id, other, members", rows)
    return found


def _apply(db: duckdb.DuckDBPyConnection, events: Iterable[IdentityEvent], turn: int) -> None:
    """Write events into the tables."""
    last: dict[str, IdentityEvent] = {}
    new: list[tuple[object, ...]] = []
    (age,) = db.execute("SELECT count(*) FROM minted").fetchall()[0]
    for event in events:
        last[event.id] = event
        if event.kind in ("created", "split"):
            new.append((event.level, event.id, age + len(new), turn))
    if not last:
        return
    changed = pa.table({"id": list(last)})
    db.register("changed_", changed)
    db.execute("CREATE OR REPLACE TEMP TABLE was_held AS SELECT * FROM held SEMI JOIN changed_ USING (id)")
    db.execute("DELETE FROM held WHERE id IN (SELECT id FROM changed_)")
    db.execute("UPDATE minted SET turn = ? WHERE id IN (SELECT id FROM changed_)", [turn])
    db.execute("DELETE FROM work_gone WHERE id IN (SELECT id FROM changed_)")
    db.unregister("changed_")
    insert(db, "minted", "level, id, age, turn", new)
    held: list[tuple[object, ...]] = []
    asleep: list[tuple[object, ...]] = []
    gone: list[tuple[object, ...]] = []
    into: list[tuple[object, ...]] = []
    for event in last.values():
        if event.kind == "absorbed":
            into.append((event.id, event.other, turn))
            gone.append((event.id, turn))
        elif event.kind == "retired":
            asleep.append((event.id,))
            gone.append((event.id, turn))
        else:
            held.extend((event.level, event.id, numbered(one), one, True) for one in event.members)
    insert(db, "held", "level, id, n, resource, alive", held)
    insert(db, "redirect", "id, other, turn", into)
    insert(db, "work_gone", "id, turn", gone)
    if asleep:
        db.register("asleep_", pa.table({"id": [id for (id,) in asleep]}))
        db.execute("INSERT INTO held SELECT level, id, n, resource, false FROM was_held SEMI JOIN asleep_ USING (id)")
        db.unregister("asleep_")


def pending(db: duckdb.DuckDBPyConnection) -> list[IdentityEvent]:
    """Events that the ledger does not hold yet, in order."""
    rows = db.execute("SELECT level, kind, id, other, members FROM pending ORDER BY nth").fetchall()
    return [
        IdentityEvent(level, kind, id, other, tuple(json.loads(members))) for level, kind, id, other, members in rows
    ]


def confirm(db: duckdb.DuckDBPyConnection, sequence: int) -> None:
    """The ledger holds all of this file's events now, up to a sequence."""
    db.execute("DELETE FROM pending")
    db.execute("DELETE FROM meta WHERE name = 'identity'")
    db.execute("INSERT INTO meta VALUES ('identity', ?)", [str(sequence)])


def reached(db: duckdb.DuckDBPyConnection) -> int:
    """The ledger's last sequence of which the events are here."""
    rows = db.execute("SELECT value FROM meta WHERE name = 'identity'").fetchall()
    return int(rows[0][0]) if rows else 0


def learn(db: duckdb.DuckDBPyConnection, events: Iterable[IdentityEvent], turn: int) -> bool:
    """Take in the ledger's events later than those that are here; whether ids are to be given anew everywhere.

    Those that this file made itself and the ledger took in are recognised. Raises OtherIdentity where they do not
    follow on what is here.
    """
    last = reached(db)
    later = [event for event in events if event.sequence > last]
    if not later:
        return False
    own = pending(db)
    bare = [IdentityEvent(e.level, e.kind, e.id, e.other, e.members) for e in later]
    if own and own == bare:
        confirm(db, later[-1].sequence)
        return False
    if own:
        raise OtherIdentity("the working file's identity events are not the ledger's")
    grouped: dict[int, list[IdentityEvent]] = defaultdict(list)
    for event in later:
        grouped[event.sequence].append(event)
    for _, some in sorted(grouped.items()):
        _apply(db, some, turn)
    confirm(db, later[-1].sequence)
    return True


def forget(db: duckdb.DuckDBPyConnection, turn: int) -> None:
    """Forget all identity: the ledger's events are learnt from the beginning. Ids that do not come back are gone."""
    db.execute("CREATE OR REPLACE TEMP TABLE forgotten AS SELECT DISTINCT id FROM minted")
    for table in ("held", "minted", "redirect", "work_gone", "pending"):
        db.execute(f"DELETE FROM {table}")
    db.execute("DELETE FROM meta WHERE name = 'identity'")
    db.execute("INSERT INTO work_gone SELECT id, ? FROM forgotten", [turn])


def works(db: duckdb.DuckDBPyConnection, since: int | None = None) -> Iterator[Work]:
    """Living works by level and id; those made or changed after a turn."""
    where = "" if since is None else f"SEMI JOIN (SELECT id FROM minted WHERE turn > {since}) m USING (id)"
    rows = db.execute(
        f"SELECT level, id, list(resource ORDER BY resource) FROM held {where} WHERE alive GROUP BY"
        f" level, id ORDER BY level, id"
    )
    while batch := rows.fetchmany(5_000):
        for level, id, members in batch:
            yield Work(id, level, tuple(members))


def retired(db: duckdb.DuckDBPyConnection) -> list[Work]:
    """Ids that are left with fewer than two members, with those that they held last."""
    rows = db.execute(
        "SELECT level, id, list(resource ORDER BY resource) FROM held WHERE NOT alive GROUP BY level, id ORDER BY id"
    ).fetchall()
    return [Work(id, level, tuple(members)) for level, id, members in rows]


def gone_since(db: duckdb.DuckDBPyConnection, turn: int) -> list[str]:
    """Ids that were absorbed or retired after a turn."""
    return [id for (id,) in db.execute("SELECT id FROM work_gone WHERE turn > ? ORDER BY id", [turn]).fetchall()]


def redirects(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Absorbed ids with the id that stands for each today."""
    found = dict(db.execute("SELECT id, other FROM redirect ORDER BY id").fetchall())
    for start in list(found):
        end, seen = found[start], {start}
        while end in found and end not in seen:
            seen.add(end)
            end = found[end]
        found[start] = end
    return found
