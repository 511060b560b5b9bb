"""The axes of coverage: which steps of each scheme of subjects are taught, by how many, and where nothing was found.

A resource counts for a concept if it is about that concept or one below it. What has no concept of a scheme is "not
known" on that axis: it says neither that a step is taught nor that it is not.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry.iris import Iris
from registry.statistics import taught
from registry.statistics.facts import ALL
from registry.vocabulary import Scheme, above


@dataclass(frozen=True, slots=True)
class Axes:
    """The schemes of subjects in their order, and {concept IRI: {language: label}}."""

    schemes: Sequence[Scheme] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def above(self, iris: Iris) -> dict[str, list[str]]:
        """{concept IRI: IRIs of all that is broader, none at the top}, for every concept of the axes."""
        known: dict[str, list[str]] = {
            iris.concept(scheme.id, notation): [] for scheme in self.schemes for notation in scheme.broader
        }
        return known | above(self.schemes, iris.base)


def write_axes(connection: sqlite3.Connection, axes: Axes, iris: Iris) -> None:
    """Write the schemes and all their concepts, also those that nobody teaches."""
    for position, scheme in enumerate(axes.schemes):
        title = json.dumps(dict(scheme.title), ensure_ascii=False)
        connection.execute("INSERT INTO axis VALUES (?,?,?)", (scheme.id, position, title))
        for place, (notation, broader) in enumerate(scheme.broader.items()):
            concept = iris.concept(scheme.id, notation)
            parent = iris.concept(scheme.id, broader[0]) if broader else ""
            text = json.dumps(dict(axes.labels.get(concept, {})), ensure_ascii=False)
            connection.execute(
                "INSERT INTO step VALUES (?,?,?,?,?,?,?)",
                (concept, scheme.id, place, notation, parent, _depth(scheme, notation), text),
            )


def _depth(scheme: Scheme, notation: str) -> int:
    depth, seen = 0, {notation}
    while (broader := scheme.broader.get(notation, ())) and broader[0] not in seen:
        notation, depth = broader[0], depth + 1
        seen.add(notation)
    return depth


def cover(connection: sqlite3.Connection, resource: Mapping[str, Any], higher: Mapping[str, Sequence[str]]) -> None:
    """Write what a resource is about on every axis; ``higher`` as of ``Axes.above``."""
    iri, found = resource["iri"], dict[str, int]()
    for concept in resource["about"]:
        name = concept["id"]
        if name in higher:
            stated = 0 if concept.get("inferred") else 1
            for one in (name, *higher[name]):
                found[one] = max(stated, found.get(one, 0))
    connection.execute("DELETE FROM covers WHERE iri=?", (iri,))
    rows = [(iri, one, one.rsplit("/", 2)[1], stated) for one, stated in found.items()]
    connection.executemany("INSERT INTO covers VALUES (?,?,?,?)", rows)


def axes(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The axes in their order: {id, title, steps, known (resources that have a concept of it), stated (those whose
    source says so), resources (all)}."""
    known, stated = _described(connection), taught.numbers(connection, taught.STATED_ON)
    rows = connection.execute(
        "SELECT id, title, (SELECT count(*) FROM step WHERE axis = axis.id) FROM axis ORDER BY position"
    )
    return [
        {"id": name, "title": json.loads(title), "steps": steps, "known": known.get(name, 0),
         "stated": stated.get(name, 0), "resources": known.get("", 0)}
        for name, title, steps in rows
    ]  # fmt: skip


def _described(connection: sqlite3.Connection, academy: str = "") -> dict[str, int]:
    """{axis: resources that have a concept of it}, of one academy or all; "" stands for all resources."""
    chosen, values = ("academy = ?", [academy]) if academy else ("1", [])
    rows = connection.execute(
        f"SELECT axis, sum(number) FROM described WHERE language = '{ALL}' AND {chosen} GROUP BY axis", values
    )
    return dict(rows.fetchall())


def labels(connection: sqlite3.Connection, concepts: Iterable[str]) -> dict[str, dict[str, str]]:
    """The labels of concepts of the axes, also of those that no resource names itself."""
    found = {}
    for concept in set(concepts):
        row = connection.execute("SELECT text FROM step WHERE concept=?", (concept,)).fetchone()
        if row is not None:
            found[concept] = json.loads(row[0])
    return found


def coverage(connection: sqlite3.Connection, axis: str, academy: str = "") -> dict[str, Any] | None:
    """How far one axis is covered, by all academies or seen from one; None for an unknown axis.

    ``known`` and ``not_known`` part the resources; a step is "found", "none" (nothing was found among what is
    known) or "unknown" (nothing is known on this axis at all). ``academies`` counts those that teach a step,
    ``pairs`` the pairs between academies of which both sides do; pairs where one side is not known on this axis
    are ``pairs_not_known``. With an academy, ``here`` is how many of its own resources each step has, and ``gap``
    whether others have some and it has none.
    """
    known_axes = {one["id"]: one for one in axes(connection)}
    if axis not in known_axes:
        return None
    told = known_axes[axis]
    counted = _counted(connection, axis)
    pairs, not_known = _pairs(connection, axis)
    here, here_known, here_all = _here(connection, axis, academy) if academy else ({}, 0, 0)
    steps = []
    for row in connection.execute(
        "SELECT concept, notation, parent, depth, text FROM step WHERE axis=? ORDER BY position", (axis,)
    ):
        resources, stated, academies = counted.get(row[0], (0, 0, 0))
        step: dict[str, Any] = {
            "id": row[0], "notation": row[1], "broader": row[2] or None, "depth": row[3],
            "prefLabel": json.loads(row[4]), "state": _state(resources, told["known"]), "resources": resources,
            "stated": stated, "academies": academies, "pairs": pairs.get(row[0], 0),
        }  # fmt: skip
        if academy:
            mine = here.get(row[0], 0)
            step |= {
                "here": mine,
                "here_state": _state(mine, here_known),
                "gap": bool(here_known and resources and not mine),
            }
        steps.append(step)
    result: dict[str, Any] = {
        "scheme": axis, "title": told["title"], "resources": told["resources"], "known": told["known"],
        "not_known": told["resources"] - told["known"], "pairs_not_known": not_known,
        "found": sum(step["state"] == "found" for step in steps),
        "none": sum(step["state"] == "none" for step in steps), "items": steps,
    }  # fmt: skip
    if academy:
        result |= {"academy": academy, "here_known": here_known, "here_not_known": here_all - here_known}
    return result


def _state(count: int, known: int) -> str:
    return "found" if count else "none" if known else "unknown"


def _counted(connection: sqlite3.Connection, axis: str) -> dict[str, tuple[int, int, int]]:
    stated = taught.numbers(connection, taught.STATED)
    rows = connection.execute(
        "SELECT concept, sum(number), count(DISTINCT cell.academy) FROM step CROSS JOIN cell USING (concept)"
        f" WHERE axis = ? AND language = '{ALL}' GROUP BY concept",
        (axis,),
    )
    return {concept: (resources, stated.get(concept, 0), academies) for concept, resources, academies in rows}


def _here(connection: sqlite3.Connection, axis: str, academy: str) -> tuple[dict[str, int], int, int]:
    rows = connection.execute(
        "SELECT concept, sum(number) FROM step CROSS JOIN cell USING (concept)"
        f" WHERE axis = ? AND language = '{ALL}' AND academy = ? GROUP BY concept",
        (axis, academy),
    )
    known = _described(connection, academy)
    return dict(rows.fetchall()), known.get(axis, 0), known.get("", 0)


def _pairs(connection: sqlite3.Connection, axis: str) -> tuple[dict[str, int], int]:
    """Counted pairs between academies by step, and those of which a side has no concept of the axis."""
    every: int = connection.execute(
        "SELECT coalesce(sum(pairs), 0) FROM overlap WHERE a <> b AND relation <> 'different'"
    ).fetchone()[0]
    placed = taught.numbers(connection, taught.PAIRS_ON).get(axis, 0)
    return taught.numbers(connection, taught.PAIRS), every - placed
