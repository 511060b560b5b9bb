"""What the JSON API and the pages both show: stored documents with addresses, pairs with their two sides."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from registry.iris import safe_key
from registry.ledger import findings, records
from registry.ledger.findings import FindingGroup
from registry.messages import Message, fill
from registry.model import Finding, Issue
from registry.statistics import reader as figures
from registry.web.shared import Visit


def page_path(identifier: str) -> str:
    """The path of the page of a resource."""
    return "/resource/" + quote(identifier, safe="/:~")


def academy_names(connection: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """All academies by id."""
    return {row["id"]: row for row in figures.academies(connection)}


def _named(agents: Iterable[dict[str, Any]], visit: Visit, known: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    """Agents with the curated names of academies where the record itself names none."""
    by_iri = {str(visit.shared.iris.academy(name)): row["name"] for name, row in known.items()}
    return [{**agent, "name": agent["name"] or by_iri.get(agent["id"], {})} for agent in agents]


def resources(
    connection: sqlite3.Connection, visit: Visit, items: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Documents as they are shown: with their page and how many pairs they have."""
    found = list(items)
    known = academy_names(connection)
    counts = figures.match_counts(connection, [item["iri"] for item in found])
    return [
        {
            **item,
            "provider": _named(item["provider"], visit, known),
            "page": visit.address + page_path(item["id"]),
            "matches": counts[item["iri"]],
        }
        for item in found
    ]


def _side(row: Mapping[str, Any], visit: Visit) -> dict[str, Any]:
    return {**row, "page": visit.address + page_path(row["id"])}


def matches(connection: sqlite3.Connection, visit: Visit, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Pairs with both sides described and the public words of their relation."""
    found = list(rows)
    known = figures.resources(connection, {row[side] for row in found for side in ("left_iri", "right_iri")})
    kinds = visit.shared.words.relations
    return [
        {
            "id": row["id"],
            "iri": f"{visit.shared.iris.base}/id/match/{row['id']}",
            "page": f"{visit.address}/compare/{row['id']}",
            "relation": row["relation"],
            "words": kinds[row["relation"]].words,
            "status": row["status"],
            "confidence": row["confidence"],
            "within": row["within"],
            "left": _side(known[row["left_iri"]], visit),
            "right": _side(known[row["right_iri"]], visit),
            "source": row["source"] or None,
            "rule": row["rule"],
            "justification": row["justification"],
            "reviewer": row["reviewer"] or None,
            "reviewed": row["reviewed"] or None,
            "evidence": row["evidence"],
        }
        for row in found
    ]


def cells(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The cells of the overlap matrix with the denominators of both sides."""
    totals = {row["id"]: row["resources"] for row in figures.academies(connection)}
    found = figures.overlap(connection)
    return [
        {**cell, "left_total": totals.get(cell["left"], 0), "right_total": totals.get(cell["right"], 0)}
        for cell in found
    ]


def _told(message: Message | None, code: str) -> Message:
    """The texts of a code; a code that no table knows is shown as it is."""
    return message or Message(code, "warning", dict.fromkeys(("en", "fr", "es"), code), {})


def issue(visit: Visit, ledger: sqlite3.Connection, finding: Finding) -> dict[str, Any]:
    """One thing to mend, in the reader's words, with its place in the academy's own list."""
    language = visit.voice.language
    message = _told(visit.shared.words.messages.get(finding.issue.code), finding.issue.code)
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
        "place": visit.voice.place(finding.issue.place) or None,
        "value": finding.issue.value or None,
        "where": visit.voice.place(records.locator(ledger, finding.feed, finding.record)) or None
        if finding.record
        else None,
    }


def issue_group(visit: Visit, ledger: sqlite3.Connection, group: FindingGroup) -> dict[str, Any]:
    """All findings of one cause: how many, and examples. What differs between them is left open as "…"."""
    examples = [issue(visit, ledger, finding) for finding in group.examples]
    message = _told(visit.shared.words.messages.get(group.code), group.code)
    common = _common([finding.issue for finding in group.examples])
    return {
        "code": group.code,
        "severity": group.severity,
        "message": fill(message.text[visit.voice.language], common),
        "mend": fill(message.mend.get(visit.voice.language, ""), common),
        "count": group.count,
        "records": group.records,
        "examples": examples,
    }


def _common(issues: list[Issue]) -> Issue:
    """What some issues of one code have in common; "…" stands for the rest."""

    def one(values: set[str]) -> str:
        return values.pop() if len(values) == 1 else "…"

    names = sorted({name for issue in issues for name, _ in issue.params})
    params = tuple((name, one({dict(issue.params).get(name, "") for issue in issues})) for name in names)
    places, values = ({getattr(issue, name) for issue in issues} for name in ("place", "value"))
    return Issue(issues[0].code, one(places), one(values), params)


def issues(
    visit: Visit, feeds: list[str], *, limit: int, after: int, code: str | None
) -> tuple[list[dict[str, Any]], int, int | None]:
    """Things to mend of some feeds, how many in all, and the number to go on after."""
    with visit.shared.ledger() as ledger:
        if ledger is None or not feeds:
            return [], 0, None
        found, more = findings.listed(ledger, feeds, limit=limit, after=after, code=code)
        return [issue(visit, ledger, finding) for finding in found], findings.total(ledger, feeds, code), more


def issue_groups(visit: Visit, feeds: list[str], code: str | None = None) -> list[dict[str, Any]]:
    """Things to mend of some feeds, by cause."""
    with visit.shared.ledger() as ledger:
        if ledger is None or not feeds:
            return []
        groups = [group for group in findings.groups(ledger, feeds) if code in (None, group.code)]
        return [issue_group(visit, ledger, group) for group in groups]
