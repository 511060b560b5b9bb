"""Works among the figures: who has a form of one course, in which languages, what is beside it, which ids it had.

Works that may not be shown are never here. A member that is not in the release is left out, and so is a work with
fewer than two members then. Carried forward, only works that a change concerns are counted anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from itertools import islice

from registry.model import Work
from registry.statistics.facts import COUNTED

_CHUNK = 10_000
# A pair gives two rows when it leads out of a work: seen from each side.
_SIDES = (("left_iri", "right_iri"), ("right_iri", "left_iri"))


def follow(connection: sqlite3.Connection) -> None:
    """From now on note which resources a change concerns, by themselves or by a pair of theirs."""
    connection.execute("CREATE TEMP TABLE concerned (iri TEXT PRIMARY KEY) WITHOUT ROWID")
    for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        for table, columns in (("match", ("left_iri", "right_iri")), ("resource", ("iri",)), ("member", ("iri",))):
            note = "".join(f" INSERT OR IGNORE INTO concerned VALUES ({row}.{column});" for column in columns)
            connection.execute(
                f"CREATE TEMP TRIGGER {table}_{event.lower()} AFTER {event} ON main.{table} BEGIN{note} END"
            )


def forget(connection: sqlite3.Connection, gone: Iterable[str]) -> None:
    """Drop works by id."""
    connection.executemany("DELETE FROM member WHERE work=?", [(identifier,) for identifier in gone])


def write(
    connection: sqlite3.Connection, works: Iterable[Work], redirects: Mapping[str, str], retired: Iterable[Work]
) -> None:
    """Write new and changed works, and all former ids; then count what is concerned (after resources and matches)."""
    rest = iter(works)
    while some := list(islice(rest, _CHUNK)):
        forget(connection, [work.id for work in some])
        connection.executemany(
            "INSERT OR REPLACE INTO member SELECT ?, ?, ? WHERE EXISTS (SELECT 1 FROM resource WHERE iri = ?)",
            ((member, work.level, work.id, member) for work in some for member in work.members),
        )
    former: dict[str, tuple[str, str, str]] = {work.id: ("", work.level, json.dumps(work.members)) for work in retired}
    former |= {identifier: (successor, "", "[]") for identifier, successor in redirects.items()}
    connection.executemany("INSERT INTO former VALUES (?,?,?,?)", ((name, *told) for name, told in former.items()))
    _recount(connection)
    connection.execute("DELETE FROM former WHERE id IN (SELECT id FROM work)")


def _recount(connection: sqlite3.Connection) -> None:
    """Count the works of the resources concerned, or all where nothing was carried forward."""
    connection.execute("CREATE TEMP TABLE again (id TEXT PRIMARY KEY) WITHOUT ROWID")
    followed = connection.execute("SELECT 1 FROM sqlite_temp_master WHERE name='concerned'").fetchone()
    if followed is None:
        connection.execute("INSERT INTO again SELECT DISTINCT work FROM member")
    else:
        _stop_following(connection)
        connection.execute("INSERT INTO again SELECT DISTINCT work FROM concerned JOIN member USING (iri)")
        # What a pair leads to may be in another work now, which counts beside the work it leads from.
        for here, there in _SIDES:
            connection.execute(
                f"INSERT OR IGNORE INTO again SELECT work FROM concerned JOIN match ON {here} = concerned.iri"
                f" JOIN member ON member.iri = {there}"
            )
        connection.execute("DELETE FROM work WHERE id IN (SELECT id FROM again)")
        connection.execute("DELETE FROM work WHERE NOT EXISTS (SELECT 1 FROM member WHERE work = work.id)")
    connection.execute(
        "INSERT INTO work SELECT again.id, level, '', min(resource.iri), count(DISTINCT resource.iri),"
        " count(DISTINCT academy), count(DISTINCT carries.value), '{}', '{}' FROM again"
        " JOIN member ON member.work = again.id JOIN resource USING (iri)"
        " LEFT JOIN carries ON carries.iri = resource.iri AND carries.kind = 'language'"
        " GROUP BY again.id, level HAVING count(DISTINCT resource.iri) > 1"
    )
    connection.execute("DELETE FROM member WHERE work IN (SELECT id FROM again) AND work NOT IN (SELECT id FROM work)")
    connection.execute(
        "UPDATE work SET parent = coalesce((SELECT whole.work FROM member part JOIN member whole"
        "  ON whole.iri = part.iri AND whole.level = 'work' WHERE part.work = work.id LIMIT 1), '')"
        " WHERE level = 'cluster' AND id IN (SELECT id FROM again)"
    )
    _pairs_inside(connection)
    _beside(connection)
    connection.execute("DROP TABLE again")


def _stop_following(connection: sqlite3.Connection) -> None:
    triggers = connection.execute("SELECT name FROM sqlite_temp_master WHERE type='trigger'").fetchall()
    for (name,) in triggers:
        connection.execute(f"DROP TRIGGER temp.{name}")


def _pairs_inside(connection: sqlite3.Connection) -> None:
    """Counted pairs of each work by relation, and its original: what most others come from and itself from none."""
    rows = connection.execute(
        "SELECT again.id, relation, source, left_iri, right_iri FROM again JOIN member l ON l.work = again.id"
        "  AND l.level = 'work' JOIN match ON left_iri = l.iri JOIN member r ON r.iri = right_iri AND r.level = 'work'"
        f" WHERE r.work = l.work AND {COUNTED} AND relation <> 'different' ORDER BY again.id"
    )
    relations: dict[str, dict[str, int]] = {}
    scores: dict[str, dict[str, tuple[int, int]]] = {}
    for work, relation, source, left, right in rows:
        counts = relations.setdefault(work, {})
        counts[relation] = counts.get(relation, 0) + 1
        known = scores.setdefault(work, {})
        for iri in (left, right):
            points, pairs = known.get(iri, (0, 0))
            known[iri] = (points + (0 if not source else 1 if iri == source else -1), pairs + 1)
    told = []
    for work, counts in relations.items():
        head = min(scores[work].items(), key=lambda one: (-one[1][0], -one[1][1], one[0]))[0]
        told.append((head, json.dumps(dict(sorted(counts.items()))), work))
    connection.executemany("UPDATE work SET head=?, relations=? WHERE id=?", told)


def _beside(connection: sqlite3.Connection) -> None:
    """What each work is related to and does not contain, by relation; a work outside counts once."""
    found: dict[str, dict[str, int]] = {}
    sides = " UNION ALL ".join(
        f"SELECT again.id AS work, relation, coalesce(o.work, {there}) AS other FROM again"
        f" JOIN member m ON m.work = again.id AND m.level = 'work' JOIN match ON {here} = m.iri"
        f" LEFT JOIN member o ON o.iri = {there} AND o.level = 'work'"
        f" WHERE (o.work IS NULL OR o.work <> m.work) AND {COUNTED} AND relation <> 'different'"
        for here, there in _SIDES
    )
    for work, relation, others in connection.execute(
        f"SELECT work, relation, count(DISTINCT other) FROM ({sides}) GROUP BY work, relation ORDER BY work, relation"
    ):
        found.setdefault(work, {})[relation] = others
    connection.executemany("UPDATE work SET beside=? WHERE id=?", [(json.dumps(v), k) for k, v in found.items()])
