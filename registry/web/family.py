"""A work as the API and the pages show it: its forms by what they are to the original, what is beside it, why.

What a form is to the original follows the surest pairs from one to the other: over a translation it is a
translation, over another date a date, over an edition an edition.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from registry.model import Relation
from registry.statistics import reader as figures
from registry.statistics import work_reader
from registry.statistics.work_reader import Former, WorkQuery
from registry.web import views
from registry.web.problems import Problem
from registry.web.shared import Visit

MEMBERS = 200
PAIRS = 1000
SHOWN_PAIRS = 50
BESIDE = 100
BESIDE_CARD = 12
ROLES = ("original", "edition", "translation", "date", "other")
_DATES = ("datePublished", "dateCreated", "startDate", "dateModified")
_TELLS = ("inLanguage", "version", "startDate", *_DATES)
_ASIDE: Mapping[tuple[Relation, bool], str] = {
    ("derivative", True): "adapted", ("derivative", False): "adapted_from", ("part", True): "parts",
    ("part", False): "part_of",
}  # fmt: skip
"""(relation, whether the other comes from here): the list of a work that a pair leading out of it stands in."""
LISTS = ("adapted", "adapted_from", "overlaps", "parts", "part_of")


def find(connection: sqlite3.Connection, visit: Visit, identifier: str) -> dict[str, Any] | Former:
    """A work as it stands in the figures, or what took it in. Raises Problem: 410 with the last members, or 404."""
    row = work_reader.work(connection, identifier)
    if row is not None:
        return row
    former = work_reader.former(connection, identifier)
    if former is None:
        raise Problem(404, f"There is no work {identifier!r}.")
    if not former.successor:
        known = figures.resources(connection, former.members[:MEMBERS])
        members = [
            {"iri": iri, **({"name": known[iri]["name"], "page": views.side(known[iri], visit)["page"]}
                            if iri in known else {"name": None, "page": None})}
            for iri in former.members[:MEMBERS]
        ]  # fmt: skip
        left = {"id": identifier, "level": former.level, "members": members}
        raise Problem(410, "Fewer than two of its forms are left.", work=left)
    return former


def summaries(connection: sqlite3.Connection, visit: Visit, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Works in short, with the title of the original and who has which languages."""
    listed = list(rows)
    heads = figures.resources(connection, [row["head"] for row in listed])
    found = []
    for row in listed:
        academies, languages = work_reader.spread(connection, row["id"])
        head = views.side(heads[row["head"]], visit)
        link = views.work_link(row["id"], visit)
        assert link is not None
        found.append(
            {
                **link,
                "level": row["level"],
                "name": head["name"],
                "original": head,
                "members": row["members"],
                "academies": academies,
                "languages": languages,
                "relations": row["relations"],
                "beside": row["beside"],
                "work": views.work_link(row["parent"], visit),
            }
        )
    return found


def cards(
    connection: sqlite3.Connection, visit: Visit, query: WorkQuery
) -> tuple[list[dict[str, Any]], int, str | None]:
    """Works in short with what is beside them, how many there are in all, and the next cursor. Raises BadCursor."""
    rows, total, cursor = work_reader.works(connection, query)
    found = summaries(connection, visit, rows)
    for one in found:
        one |= _aside(connection, visit, work_reader.beside(connection, one["id"], BESIDE_CARD))
    return found, total, cursor


def of_resource(connection: sqlite3.Connection, visit: Visit, iri: str) -> dict[str, Any] | None:
    """The work of a resource in short, None where it has no other form."""
    found = work_reader.works_of(connection, [iri]).get(iri, {})
    row = work_reader.work(connection, found.get("work") or found.get("cluster") or "")
    return summaries(connection, visit, [row])[0] if row else None


def whole(connection: sqlite3.Connection, visit: Visit, row: Mapping[str, Any]) -> dict[str, Any]:
    """A work with its forms, what is beside it, and the pairs that hold it together (surest first)."""
    listed = work_reader.members(connection, row["id"], MEMBERS)
    pairs = work_reader.pairs(connection, row["id"], PAIRS)
    described = _described(connection, visit, [iri for iri, _ in listed])
    summary = summaries(connection, visit, [row])[0]
    return {
        **summary,
        "forms": _forms(visit, listed, described, pairs, row),
        "not_listed": row["members"] - len(listed),
        **_aside(connection, visit, work_reader.beside(connection, row["id"], BESIDE)),
        "matches": views.matches(connection, visit, pairs[:SHOWN_PAIRS]),
    }


def _described(connection: sqlite3.Connection, visit: Visit, iris: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Members in short, with the languages, dates and editions that tell forms apart."""
    found = {}
    for iri, row in figures.resources(connection, iris).items():
        document = visit.opened.reader.get(row["id"])
        told = document if document is not None and "deleted" not in document else {}
        found[iri] = {**views.side(row, visit), **{name: told.get(name) for name in _TELLS}}
        found[iri]["inLanguage"] = told.get("inLanguage", [])
    return found


def _date(unit: Sequence[Mapping[str, Any]], role: str) -> str:
    """The earliest date of a form: of a session when it begins, else when it was published, else any."""
    names = ("startDate",) if role == "date" else _DATES
    for name in names:
        dates = [member[name] for member in unit if member[name]]
        if dates:
            return str(min(dates))
    return ""


def _languages(unit: Sequence[Mapping[str, Any]]) -> set[str]:
    return {tag.split("-")[0].lower() for member in unit for tag in member["inLanguage"]}


def _forms(
    visit: Visit,
    listed: Sequence[tuple[str, str]],
    described: Mapping[str, dict[str, Any]],
    pairs: Sequence[Mapping[str, Any]],
    row: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Each form once, with all its listings: the original, editions and translations and dates by time."""
    unit_of = {iri: cluster if cluster and row["level"] == "work" else iri for iri, cluster in listed}
    if row["level"] == "cluster":
        unit_of = {iri: str(row["id"]) for iri, _ in listed}
    units: dict[str, list[str]] = defaultdict(list)
    for iri, _ in listed:
        units[unit_of[iri]].append(iri)
    head = unit_of[listed[0][0]]
    ways = _ways(head, unit_of, pairs)
    original = _languages([described[iri] for iri in units[head]])
    forms: list[dict[str, Any]] = []
    for unit, iris in units.items():
        members = [described[iri] for iri in iris]
        role = "original" if unit == head else _role(ways.get(unit), _languages(members), original)
        cluster = unit if unit not in described else None
        forms.append(
            {
                "role": role,
                "cluster": views.work_link(cluster, visit),
                "date": _date(members, role) or None,
                "languages": sorted(_languages(members)),
                "members": members,
            }
        )
    return sorted(forms, key=_order)


def _order(form: Mapping[str, Any]) -> tuple[int, list[str], str, str]:
    """The original, then editions, translations by language, and dates; each by time, those without a date last."""
    languages = form["languages"] if form["role"] == "translation" else []
    return ROLES.index(form["role"]), languages, form["date"] or "9", form["members"][0]["id"]


def _ways(head: str, unit_of: Mapping[str, str], pairs: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """{form: relations on the shortest way from the original}, of equal ways over the surest pairs."""
    steps: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for pair in pairs:
        if pair["status"] in ("candidate", "accepted") and {pair["left_iri"], pair["right_iri"]} <= unit_of.keys():
            left, right = unit_of[pair["left_iri"]], unit_of[pair["right_iri"]]
            steps[left].append((right, pair["relation"]))
            steps[right].append((left, pair["relation"]))
    ways: dict[str, tuple[str, ...]] = {head: ()}
    queue = deque([head])
    while queue:
        here = queue.popleft()
        for there, relation in steps[here]:
            if there not in ways:
                ways[there] = (*ways[here], relation)
                queue.append(there)
    return ways


def _role(way: tuple[str, ...] | None, languages: set[str], original: set[str]) -> str:
    if way is None:
        return "other"
    if "translation" in way and not (languages & original):
        return "translation"
    if "run" in way:
        return "date"
    return "edition" if {"version", "translation"} & set(way) else "other"


def _aside(
    connection: sqlite3.Connection, visit: Visit, pairs: Sequence[Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """What a work is related to and does not contain, by list; each with the pair that tells so."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in LISTS}
    known = figures.resources(connection, {pair[end] for pair in pairs for end in ("here", "there")})
    for pair in pairs:
        here = not pair["source"] or pair["source"] == pair["here"]
        name = _ASIDE.get((pair["relation"], here), "overlaps" if pair["relation"] == "overlap" else "")
        if name:
            found[name].append(
                {
                    "match": pair["id"],
                    "relation": pair["relation"],
                    "status": pair["status"],
                    "direction": bool(pair["source"]),
                    "here": pair["here"],
                    "resource": views.side(known[pair["there"]], visit),
                    "work": views.work_link(pair["there_work"], visit),
                }
            )
    return found
