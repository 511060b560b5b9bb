"""What the JSON API and the pages both show: stored documents with addresses, pairs with their two sides."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from registry.iris import safe_key
from registry.ledger import findings, records
from registry.ledger.findings import FindingGroup
from registry.messages import LANGUAGES, fill
from registry.model import Finding
from registry.report.build import Suggest, told
from registry.report.build import common as shared_by
from registry.report.public import public as for_anybody
from registry.report.texts import field_of, proposed, whys
from registry.statistics import reader as figures
from registry.statistics import work_reader
from registry.web import explain
from registry.web.answers import Resource
from registry.web.report import suggester
from registry.web.shared import Visit

KEYS = tuple(Resource.__annotations__)
"""The keys of a resource in the API."""


def page_path(identifier: str) -> str:
    """The path of the page of a resource."""
    return "/resource/" + quote(identifier, safe="/:~")


def academy_names(connection: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """All academies by id."""
    return {row["id"]: row for row in figures.academies(connection)}


def _named(agents: Iterable[dict[str, Any]], curated: Mapping[str | None, Mapping[str, str]]) -> list[Any]:
    """Agents with the curated names of academies where the record itself names none."""
    return [{**agent, "name": agent["name"] or curated.get(agent["id"], {})} for agent in agents]


def resources(
    connection: sqlite3.Connection,
    visit: Visit,
    items: Iterable[Mapping[str, Any]],
    keys: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Documents as they are shown: with their page and how many pairs they have; of ``keys`` only those."""
    found, wanted = list(items), set(keys or KEYS)
    iris = [item["iri"] for item in found]
    curated: dict[str | None, Mapping[str, str]] = {}
    if "provider" in wanted:
        names = academy_names(connection)
        curated = {str(visit.shared.iris.academy(name)): row["name"] for name, row in names.items()}
    counts = figures.match_counts(connection, iris) if "matches" in wanted else {}
    works = work_reader.works_of(connection, iris) if wanted & {"work", "cluster"} else {}
    shown = [
        {
            **item,
            "provider": _named(item["provider"], curated) if "provider" in wanted else [],
            "page": visit.address + page_path(item["id"]),
            "matches": counts.get(item["iri"], 0),
            "work": work_link(works.get(item["iri"], {}).get("work"), visit),
            "cluster": work_link(works.get(item["iri"], {}).get("cluster"), visit),
        }
        for item in found
    ]
    # A release that an older version made may lack a key.
    return [{key: item.get(key) for key in keys} for item in shown] if keys else shown


def work_link(identifier: str | None, visit: Visit) -> dict[str, str] | None:
    """Where a work is told of; None for none."""
    if not identifier:
        return None
    iri = str(visit.shared.iris.work(identifier))
    return {"id": identifier, "iri": iri, "page": f"{visit.address}/work/{identifier}"}


_POINTING = ("isPartOf", "hasPart", "isBasedOn", "translationOfWork", "previousVersion", "sameAs", "relation")


def pointed_to(item: Mapping[str, Any]) -> list[str]:
    """The addresses by which a document names others, the first few hundred of each kind."""
    return [address for name in _POINTING for address in item[name][:300]]


def side(row: Mapping[str, Any], visit: Visit) -> dict[str, Any]:
    """A resource in short, with its page."""
    return {**row, "page": visit.address + page_path(row["id"])}


def matches(
    connection: sqlite3.Connection,
    visit: Visit,
    rows: Iterable[Mapping[str, Any]],
    languages: tuple[str, ...] = LANGUAGES,
) -> list[dict[str, Any]]:
    """Pairs with both sides described, and all that is said of them in words of some languages."""
    found = list(rows)
    known = figures.resources(connection, {row[side] for row in found for side in ("left_iri", "right_iri")})
    levels = {f"{one['comparison']}.{one['level']}" for row in found for one in row["reasons"]}
    told = figures.rules(connection, levels | {row["rule"] for row in found})
    names = academy_names(connection) if any(row["answers"] for row in found) else {}
    listed = []
    for row in found:
        answers = [
            {**one, "name": names[one["academy"]]["name"] if one["academy"] in names else {"und": one["academy"]}}
            for one in row["answers"]
        ]
        pair = {
            "id": row["id"],
            "iri": f"{visit.shared.iris.base}/id/match/{row['id']}",
            "page": f"{visit.address}/compare/{row['id']}",
            "relation": row["relation"],
            "status": row["status"],
            "confidence": row["confidence"],
            "band": explain.BAND_NAMES[explain.band(row["confidence"])],
            "probability": row["probability"],
            "weight": row["weight"] if row["weight"] or row["model"] else None,
            "within": row["within"],
            "left": side(known[row["left_iri"]], visit),
            "right": side(known[row["right_iri"]], visit),
            "source": row["source"] or None,
            "rule": row["rule"],
            "justification": row["justification"],
            "reviewer": row["reviewer"] or None,
            "reviewed": row["reviewed"] or None,
            "model": row["model"] or None,
            "generators": row["generators"],
            "answers": answers,
            "evidence": row["evidence"],
            "reasons": row["reasons"],
        }
        explain.add_words(pair, visit.shared.words, told, languages)
        listed.append(pair)
    return listed


def cells(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The cells of the overlap matrix with the denominators of both sides."""
    totals = {row["id"]: row["resources"] for row in figures.academies(connection)}
    found = figures.overlap(connection)
    return [
        {**cell, "left_total": totals.get(cell["left"], 0), "right_total": totals.get(cell["right"], 0)}
        for cell in found
    ]


def issue(visit: Visit, ledger: sqlite3.Connection, finding: Finding, suggest: Suggest) -> dict[str, Any]:
    """One thing to mend, in the reader's words, with its place in the academy's own list."""
    language, finding = visit.voice.language, replace(finding, issue=for_anybody(finding.issue))
    change = suggest(finding)
    message = told(visit.shared.words.messages, finding.issue.code)
    identifier = f"{finding.feed}/{safe_key(finding.record)}" if finding.record else None
    public = visit.opened.reader.get(identifier) if identifier else None
    shown = public is not None and "deleted" not in public
    return {
        "feed": finding.feed,
        "entry": finding.record or None,
        "name": public["name"] if public is not None and shown else None,
        "resource": identifier if shown else None,
        "page": visit.address + page_path(identifier) if identifier and shown else None,
        "code": finding.issue.code,
        "severity": finding.severity,
        "message": fill(message.text[language], finding.issue),
        "mend": fill(message.mend.get(language, ""), finding.issue),
        "field": field_of(finding.issue.code),
        "why": whys()[field_of(finding.issue.code)].why[language],
        "change": None
        if change is None
        else {"after": list(proposed(change, visit.voice.language)), "sure": change.sure, "example": change.example},
        "place": visit.voice.place(finding.issue.place) or None,
        "value": finding.issue.value or None,
        "where": visit.voice.place(records.locator(ledger, finding.feed, finding.record)) or None
        if finding.record
        else None,
    }


def issue_group(visit: Visit, ledger: sqlite3.Connection, group: FindingGroup, suggest: Suggest) -> dict[str, Any]:
    """All findings of one cause: how many, and examples. What differs between them is left open as "…"."""
    examples = [issue(visit, ledger, finding, suggest) for finding in group.examples]
    message = told(visit.shared.words.messages, group.code)
    common = shared_by([for_anybody(finding.issue) for finding in group.examples])
    return {
        "code": group.code,
        "severity": group.severity,
        "message": fill(message.text[visit.voice.language], common),
        "mend": fill(message.mend.get(visit.voice.language, ""), common),
        "field": field_of(group.code),
        "why": whys()[field_of(group.code)].why[visit.voice.language],
        "count": group.count,
        "records": group.records,
        "examples": examples,
    }


def issues(
    visit: Visit, feeds: list[str], *, limit: int, after: int, code: str | None
) -> tuple[list[dict[str, Any]], int, int | None]:
    """Things to mend of some feeds, how many in all, and the number to go on after."""
    with visit.shared.ledger() as ledger:
        if ledger is None or not feeds:
            return [], 0, None
        found, more = findings.listed(ledger, feeds, limit=limit, after=after, code=code)
        suggest = suggester(visit.shared)
        return [issue(visit, ledger, finding, suggest) for finding in found], findings.total(ledger, feeds, code), more


def issue_groups(visit: Visit, feeds: list[str], code: str | None = None) -> list[dict[str, Any]]:
    """Things to mend of some feeds, by cause."""
    with visit.shared.ledger() as ledger:
        if ledger is None or not feeds:
            return []
        groups = [group for group in findings.groups(ledger, feeds) if code in (None, group.code)]
        suggest = suggester(visit.shared)
        return [issue_group(visit, ledger, group, suggest) for group in groups]
