"""Writes the figures of a release: academies, pairs, overlap and tallies, in SQLite and JSON.

A pair counts unless it was rejected or is under discussion; "checked: not the same" (relation ``different``) is
listed, never counted as overlap. Pairs within one academy are counted apart from those between two.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from registry.academies_known import Known
from registry.iris import Iris
from registry.model import Academy, Match, Reason, Run, Work
from registry.relations import load as load_relations
from registry.statistics import counters, facts, forms, lists, reuse
from registry.statistics import works as all_forms
from registry.statistics.axes import Axes, cover, write_axes

DATABASE = "figures.sqlite"
OVERLAP = "overlap.json"
_TALLIES = {
    "licence": "license",
    "level": "educationalLevel",
    "type": "learningResourceType",
    "about": "about",
}
_LABELLED = (*_TALLIES.values(), "audience", "conditionsOfAccess", "courseMode", "eventAttendanceMode")


@dataclass(frozen=True, slots=True)
class Before:
    """The figures of an earlier release that are carried forward, and what is no more since then.

    ``spare`` is a copy of its database that may be used up (``registry.statistics.spare``), None where there is none.
    """

    figures: Path
    resources_gone: Iterable[str] = ()
    matches_gone: Iterable[str] = ()
    works_gone: Iterable[str] = ()
    spare: Path | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list is, as far as the public may know, and where it answered from ("": the same place)."""

    address: str = ""
    moved: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One value that was measured of a list (``registry.ledger.measurements``), with its academy."""

    academy: str
    feed: str
    metric: str
    time: str
    value: float


def build(
    target: Path,
    *,
    resources: Iterable[Mapping[str, Any]],
    matches: Iterable[Match],
    academies: Iterable[Academy],
    runs: Iterable[Run],
    sequence: int,
    iris: Iris,
    to_mend: Mapping[str, int] | None = None,
    before: Before | None = None,
    known: Iterable[Known] = (),
    places: Mapping[str, Place] | None = None,
    axes: Axes | None = None,
    works: Iterable[Work] = (),
    redirects: Mapping[str, str] | None = None,
    retired: Iterable[Work] = (),
    rules: Mapping[str, Mapping[str, str]] | None = None,
    told: Mapping[str, float] | None = None,
    licences: Mapping[str, bool] | None = None,
    withdrawn: Iterable[facts.Withdrawn] = (),
    brought: Iterable[facts.Brought] = (),
    quality: Iterable[Measured] = (),
) -> dict[str, float]:
    """Write ``figures.sqlite`` and ``overlap.json`` into ``target``; the totals, for the manifest.

    ``resources`` are documents as ``registry.search.document.item`` makes them; ``runs`` the newest run of
    each feed (of several the first counts); ``to_mend`` {academy: number of findings}; ``known`` academies that are
    not among ``academies``; ``places`` {feed: where it is}, of those that may be shown. With ``before``,
    ``resources``, ``matches`` and ``works`` are only those that are new or changed since; its ids of resources,
    matches and works (the last part of their IRIs) go. A match between resources that are not in the release is left
    out and counted as ``matches_left_out``. ``axes`` are the schemes that coverage is counted by. ``works`` are
    those that may be shown, of both levels; ``redirects`` {former id: what took it in} and ``retired`` (with the
    last members) are always all; ``rules`` {code of a rule or level: {language: what it says}}; ``told`` are numbers
    of the ledger (on ids and on reviewers), told with the totals. ``licences`` {IRI of a licence: whether it
    is open}; ``withdrawn`` are entries that are gone, with ``before`` only those since; ``brought`` those that
    visits brought, as ``facts.renew`` takes them; ``quality`` what was measured of lists, always all that may be
    shown.
    """
    target.mkdir(parents=True, exist_ok=True)
    file = target / DATABASE
    file.unlink(missing_ok=True)
    if before is not None and before.spare is not None:
        before.spare.replace(file)
    elif before is not None:
        shutil.copyfile(before.figures / DATABASE, file)
    connection = sqlite3.connect(file)
    try:
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        if before is None:
            _begin(connection)
        else:
            _forget(connection, before)
        axes = axes or Axes()
        write_axes(connection, axes, iris)
        _resources(connection, resources, axes.above(iris), licences or {}, iris)
        counters.add(connection, "growth", facts.withdraw(connection, withdrawn, carried=before is not None))
        facts.renew(connection, brought)
        _matches(connection, matches, iris)
        lists.settle(connection, carried=before is not None)
        counters.count(connection, before.figures / DATABASE if before else None)
        all_forms.write(connection, works, redirects or {}, retired)
        if before is not None:
            connection.execute("INSERT INTO recounted SELECT iri FROM temp.concerned")
            reuse.touch(connection)
        reuse.count(connection, iris, carried=before is not None)
        forms.count(connection, iris, carried=before is not None)
        _academies(connection, list(academies), list(runs), to_mend or {}, places or {})
        connection.executemany(
            "INSERT INTO known VALUES (?,?,?,?,?)",
            [(one.id, one.name, one.homepage, one.country, one.note) for one in known],
        )
        connection.executemany(
            "INSERT INTO quality VALUES (?,?,?,?,?)",
            [(*astuple(one)[:4], int(f"{one.value:.4f}".replace(".", ""))) for one in quality],
        )
        words = [(code, json.dumps(dict(text), ensure_ascii=False)) for code, text in (rules or {}).items()]
        connection.executemany("INSERT INTO rule VALUES (?,?)", words)
        connection.execute("INSERT INTO meta VALUES ('sequence', ?)", (str(sequence),))
        connection.commit()
        totals: dict[str, float] = {**_totals(connection), **(told or {})}
        overlap = {"sequence": sequence, "totals": totals, "cells": cells(connection)}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", [(k, str(v)) for k, v in totals.items()])
        connection.commit()
    finally:
        connection.close()
    (target / OVERLAP).write_text(json.dumps(overlap, ensure_ascii=False, indent=1), "utf-8")
    return totals


def _begin(connection: sqlite3.Connection) -> None:
    connection.executescript(files("registry.statistics").joinpath("figures.sql").read_text("utf-8"))
    predicates = [(name, kind.predicate.replace("#", "/")) for name, kind in load_relations().items()]
    named = [(name, predicate.rsplit("/", 1)[-1]) for name, predicate in predicates]
    connection.executemany("INSERT INTO relation VALUES (?,?)", named)


def _forget(connection: sqlite3.Connection, before: Before) -> None:
    """Drop what is no more, and all that is counted anew."""
    all_forms.follow(connection)
    gone = [(identifier,) for identifier in before.resources_gone]
    for table in ("carries", "covers", "member", "fact", "listed"):
        connection.executemany(f"DELETE FROM {table} WHERE iri IN (SELECT iri FROM resource WHERE id=?)", gone)
    for side in ("left", "right"):  # what the matcher still says of it is left out until it takes it back
        pairs = f"match WHERE {side}_iri IN (SELECT iri FROM resource WHERE id=?)"
        connection.executemany(f"INSERT OR IGNORE INTO left_out SELECT id FROM {pairs}", gone)
        connection.executemany(f"DELETE FROM {pairs}", gone)
    connection.executemany("DELETE FROM resource WHERE id=?", gone)
    ended = [(identifier,) for identifier in before.matches_gone]
    for table in ("match", "left_out"):
        connection.executemany(f"DELETE FROM {table} WHERE id=?", ended)
    all_forms.forget(connection, before.works_gone)
    for table in ("meta", "academy", "feed", "known", "axis", "step", "rule", "former", "quality", "recounted"):
        connection.execute(f"DELETE FROM {table}")


def _values(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for tag in {tag.split("-")[0].lower() for tag in resource["inLanguage"]}:
        yield "language", tag
    for kind, key in _TALLIES.items():
        for value in {concept["id"] for concept in resource[key] if concept["id"]}:
            yield kind, value


def _resources(
    connection: sqlite3.Connection,
    resources: Iterable[Mapping[str, Any]],
    above: Mapping[str, Sequence[str]],
    licences: Mapping[str, bool],
    iris: Iris,
) -> None:
    labels: dict[str, Mapping[str, str]] = {}
    for resource in resources:
        iri = resource["iri"]
        concepts = (concept for key in _LABELLED for concept in resource[key])
        labels.update((c["id"], c["prefLabel"]) for c in concepts if c["id"] and c["prefLabel"])
        name = json.dumps(resource["name"], ensure_ascii=False)
        connection.execute(
            "INSERT OR REPLACE INTO resource VALUES (?,?,?,?,?,?)",
            (iri, resource["id"], resource["academy"], resource["feed"], name, resource["url"]),
        )
        connection.execute("DELETE FROM carries WHERE iri=?", (iri,))
        connection.executemany("INSERT INTO carries VALUES (?,?,?)", {(iri, *value) for value in _values(resource)})
        cover(connection, resource, above)
        facts.write(connection, resource, licences)
        lists.write(connection, resource, iris)
    told = [(iri, json.dumps(dict(text), ensure_ascii=False)) for iri, text in sorted(labels.items())]
    connection.executemany("INSERT OR REPLACE INTO label VALUES (?,?)", told)


def _matches(connection: sqlite3.Connection, matches: Iterable[Match], iris: Iris) -> None:
    academy = "SELECT academy FROM resource WHERE iri=?"
    known: dict[tuple[Reason, ...], int] = {}
    for match in matches:
        left, right = (connection.execute(academy, (iri,)).fetchone() for iri in (match.left, match.right))
        identifier = iris.match(match.left, match.right).rsplit("/", 1)[-1]
        if left is None or right is None:
            connection.execute("DELETE FROM match WHERE id=?", (identifier,))
            connection.execute("INSERT OR IGNORE INTO left_out VALUES (?)", (identifier,))
            continue
        connection.execute("DELETE FROM left_out WHERE id=?", (identifier,))
        evidence = json.dumps([asdict(line) for line in match.evidence], ensure_ascii=False)
        if match.reasons not in known:
            known[match.reasons] = _weighed(connection, match.reasons)
        connection.execute(
            "INSERT OR REPLACE INTO match VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (identifier, match.left, match.right, left[0], right[0], int(left == right), match.relation,
             match.confidence, match.status, match.rule, match.justification, match.source, match.reviewer,
             match.reviewed, evidence, match.weight, match.probability, match.model, json.dumps(match.generators),
             json.dumps([asdict(answer) for answer in match.answers]), known[match.reasons]),
        )  # fmt: skip


def _weighed(connection: sqlite3.Connection, reasons: tuple[Reason, ...]) -> int:
    """Keep what comparisons weigh; its number, the same in every release, so that rows can be carried forward."""
    told = json.dumps([(one.comparison, one.level, one.weight) for one in reasons], separators=(",", ":"))
    number = int.from_bytes(hashlib.sha256(told.encode()).digest()[:8], "big") >> 1
    connection.execute("INSERT OR IGNORE INTO weighed VALUES (?,?)", (number, told))
    return number


def _academies(
    connection: sqlite3.Connection,
    academies: list[Academy],
    runs: list[Run],
    to_mend: Mapping[str, int],
    places: Mapping[str, Place],
) -> None:
    names = (counters.RESOURCES, counters.LINKED, counters.TWIN)
    count, linked, twin = (counters.per_academy(connection, name) for name in names)
    per_feed = counters.per_feed(connection)
    newest: dict[str, Run] = {}
    for run in runs:
        newest.setdefault(run.feed, run)
    for academy in academies:
        visits = []
        for feed in academy.feeds:
            last = newest.get(feed.id)
            visit = (last.ended or last.started) if last else ""
            visits.append(visit)
            counted = [last.counts.get(name, 0) if last else 0 for name in ("held", "by_rule", "missing")]
            outcome, message = (last.outcome, last.message) if last else ("", "")
            place = places.get(feed.id, Place())
            connection.execute(
                "INSERT INTO feed VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (feed.id, academy.id, per_feed.get(feed.id, 0), visit, outcome, message, *counted, feed.protocol,
                 place.address, place.moved, feed.permission, feed.metadata_licence),
            )  # fmt: skip
        resources = count.get(academy.id, 0)
        connection.execute(
            "INSERT INTO academy VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (academy.id, json.dumps(dict(academy.name), ensure_ascii=False), academy.homepage, academy.country,
             academy.acronym, academy.ror, academy.contact, resources, linked.get(academy.id, 0),
             twin.get(academy.id, 0), resources - linked.get(academy.id, 0), to_mend.get(academy.id, 0),
             max(visits, default=""), int(academy.show_score)),
        )  # fmt: skip


def _totals(connection: sqlite3.Connection) -> dict[str, int]:
    def one(sql: str) -> int:
        value: int | None = connection.execute(sql).fetchone()[0]
        return value or 0

    return {
        "academies": one("SELECT count(*) FROM academy"),
        "academies_known": one("SELECT (SELECT count(*) FROM academy) + (SELECT count(*) FROM known)"),
        "resources": one(f"SELECT sum(number) FROM counter WHERE name = '{counters.RESOURCES}'"),
        "resources_with_twin": one("SELECT sum(twin) FROM academy"),
        "resources_linked": one("SELECT sum(linked) FROM academy"),
        "only_here": one("SELECT sum(only_here) FROM academy"),
        "pairs_between": one("SELECT sum(pairs) FROM overlap WHERE a <> b AND relation <> 'different'"),
        "pairs_within": one("SELECT sum(pairs) FROM overlap WHERE a = b AND relation <> 'different'"),
        "pairs_discussed": one("SELECT count(*) FROM match WHERE status = 'discussed'"),
        "works": one("SELECT count(*) FROM work WHERE level = 'work'"),
        "works_between": one("SELECT count(*) FROM work WHERE level = 'work' AND academies > 1"),
        "resources_in_works": one("SELECT sum(members) FROM work WHERE level = 'work'"),
        "clusters": one("SELECT count(*) FROM work WHERE level = 'cluster'"),
        "to_mend": one("SELECT sum(to_mend) FROM academy"),
        "matches_left_out": one("SELECT count(*) FROM left_out"),
    }


def cells(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The overlap matrix as a list: one cell per two academies (left <= right) that have a counted pair.

    ``relations`` is {relation: {"pairs", "accepted"}}, ``pairs`` their sum without "different";
    ``left_resources`` and ``right_resources`` say how many resources of each side are concerned.
    """
    shared = {(a, b): n for a, b, n in connection.execute("SELECT of_academy, at_academy, resources FROM shared")}
    found: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    order = list(load_relations())
    for a, b, relation, status, pairs in connection.execute("SELECT a, b, relation, status, pairs FROM overlap"):
        cell = found.setdefault((a, b), {}).setdefault(relation, {"pairs": 0, "accepted": 0})
        cell["pairs"] += pairs
        cell["accepted"] += pairs if status == "accepted" else 0
    return [
        {
            "left": a,
            "right": b,
            "within": a == b,
            "pairs": sum(cell["pairs"] for name, cell in relations.items() if name != "different"),
            "left_resources": shared.get((a, b), 0),
            "right_resources": shared.get((b, a), 0),
            "relations": {name: relations[name] for name in order if name in relations},
        }
        for (a, b), relations in sorted(found.items())
    ]
