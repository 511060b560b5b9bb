"""The JSON API to what happened: changes, the history of one record, decisions on pairs, visits.

Changes and states are told up to the sequence of the release that is served. Read in short transactions from the
ledger; what is private there (notes, drafts, pairs under notice, messages of visits) is not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from registry.ledger import decisions, log, runs
from registry.model import Change, Decision
from registry.search.document import resource_id
from registry.statistics import reader as figures
from registry.web import answers, history
from registry.web.entries import FeedPart, Part, entry
from registry.web.openapi import answered
from registry.web.parameters import (
    ChangeParameters,
    DecisionParameters,
    DiffParameters,
    Numbered,
    RunParameters,
)
from registry.web.problems import Problem
from registry.web.shared import Shared, Visit

SCAN, SCANS = 500, 20
"""Decisions looked at in one go, and how often for one page: the next page goes on from there."""
_NEWEST = (1 << 63) - 1


def create_router(shared: Shared) -> APIRouter:
    """The routes, below ``/api``."""
    router = APIRouter(tags=["log"])

    @router.get("/changes", responses=answered(answers.ChangeList))
    def changes(request: Request, parameters: Annotated[ChangeParameters, Query()]) -> Response:
        """What came, changed or went, and what was decided on pairs, after a number of the log; oldest first. Ask
        again after `until`."""
        visit = shared.visit(request)
        end = visit.opened.release.sequence
        with _ledger(shared) as ledger:
            found = log.told(ledger, parameters.since, end, parameters.limit + 1)
        more = len(found) > parameters.limit
        found = found[: parameters.limit]
        until = found[-1].sequence if more else max(end, parameters.since)
        items = _changes(visit, found)
        return visit.json(
            {"items": items, "total": None, "next": visit.address_of(since=until) if more else None, "until": until}
        )

    @router.get("/resources/{list}/{key}/history", responses=answered(answers.StateList, 404, 410))
    def states(request: Request, feed: FeedPart, key: Part, parameters: Annotated[Numbered, Query()]) -> Response:
        """The states that an entry had here, newest first, since it was last absent; each with what changed then."""
        visit = shared.visit(request, cached=False)
        item = entry(visit, feed, key)
        with _ledger(shared) as ledger:
            record = _past(ledger, visit, item)
        start = f"{visit.address}/api/resources/{item['id']}/diff"
        before = _NEWEST if parameters.cursor is None else parameters.cursor
        found = [one for one in reversed(record.states) if one.sequence < before]
        items = [
            {
                "sequence": one.sequence, "time": one.time, "kind": one.kind, "cause": one.cause,
                "run": one.run or None,
                "diff": f"{start}?{urlencode({'from': last, 'to': one.sequence})}"
                if (last := record.before(one.sequence)) else None,
            }
            for one in found[: parameters.limit]
        ]  # fmt: skip
        cursor = str(items[-1]["sequence"]) if len(found) > parameters.limit else None
        return visit.listing(items, len(record.states), cursor)

    @router.get("/resources/{list}/{key}/diff", responses=answered(answers.Diff, 404, 410))
    def diff(request: Request, feed: FeedPart, key: Part, parameters: Annotated[DiffParameters, Query()]) -> Response:
        """What an entry says in one state and not in another: by default what its last change changed."""
        visit = shared.visit(request, cached=False)
        item = entry(visit, feed, key)
        with _ledger(shared) as ledger:
            record = _past(ledger, visit, item)
            after = record.states[-1].sequence if parameters.to is None else parameters.to
            before = (record.before(after) or after) if parameters.start is None else parameters.start
            for sequence in (before, after):
                if not record.has(sequence):
                    raise Problem(404, f"{item['id']} has no state {sequence}: see its history.")
            added, removed, left_out = history.between(ledger, record, item["iri"], before, after)
        with figures.open_figures(visit.opened.release.figures) as connection:
            told = {
                "resource": item["id"], "before": before, "after": after,
                "added": history.described(connection, added), "removed": history.described(connection, removed),
                "left_out": left_out,
            }  # fmt: skip
        return visit.json(told)

    @router.get("/decisions", responses=answered(answers.DecisionList, 404))
    def decided(request: Request, parameters: Annotated[DecisionParameters, Query()]) -> Response:
        """What people decided on pairs, newest first; those taken back too."""
        visit = shared.visit(request, cached=False)
        before = _NEWEST if parameters.cursor is None else parameters.cursor
        items: list[dict[str, Any]] = []
        last: int | None = None
        with _ledger(shared) as ledger, figures.open_figures(visit.opened.release.figures) as connection:
            for one, pair in _public(ledger, connection, visit, before, parameters):
                if pair is None:
                    last = one.id
                    break
                if len(items) == parameters.limit:
                    last = items[-1]["id"]
                    break
                items.append(_decision(one, pair["id"]))
        cursor = None if last is None else str(last)
        return visit.json({"items": items, "total": None, "next": visit.next_address(cursor)})

    @router.get("/runs", responses=answered(answers.RunList))
    def visits(request: Request, parameters: Annotated[RunParameters, Query()]) -> Response:
        """Visits to the lists of academies, newest first: when, how they ended, and what they counted."""
        visit = shared.visit(request, cached=False)
        before = _NEWEST if parameters.cursor is None else parameters.cursor
        with figures.open_figures(visit.opened.release.figures) as connection:
            feeds = figures.feeds(connection, parameters.academy, parameters.feed)
        with _ledger(shared) as ledger:
            found, total = runs.page(ledger, feeds, parameters.outcome, before, parameters.limit + 1)
        items = [
            {
                "iri": run.iri, "feed": run.feed, "academy": run.academy, "started": run.started,
                "ended": run.ended or None, "seconds": runs.seconds(run), "outcome": run.outcome,
                "counts": dict(run.counts),
            }
            for _, run in found[: parameters.limit]
        ]  # fmt: skip
        cursor = str(found[parameters.limit - 1][0]) if len(found) > parameters.limit else None
        return visit.listing(items, total, cursor)

    return router


@contextmanager
def _ledger(shared: Shared) -> Iterator[sqlite3.Connection]:
    with shared.ledger() as ledger:
        if ledger is None:
            raise Problem(503, "The log of this registry cannot be read now.")
        yield ledger


def _past(ledger: sqlite3.Connection, visit: Visit, item: Mapping[str, Any]) -> history.Past:
    record = history.past(ledger, item["record"], visit.opened.release.sequence)
    if record is None or not record.states:
        # The log knows more than the release: what was withdrawn a moment ago is not told any more.
        raise Problem(410, "Its academy no longer lists it.", tombstone={"id": item["id"], "deleted": None})
    return record


def _changes(visit: Visit, found: Iterable[Change]) -> list[dict[str, Any]]:
    """Changes as they are told; of decisions those on pairs that are in the release."""
    given = list(found)
    iris = visit.shared.iris
    pairs = {
        one.sequence: ends for one in given if one.kind == "decision" and len(ends := one.subject.split(" ")) == 2
    }
    subjects = {sequence: str(iris.match(*ends)) for sequence, ends in pairs.items()}
    with figures.open_figures(visit.opened.release.figures) as connection:
        public = figures.pairs(connection, [iri.rsplit("/", 1)[-1] for iri in subjects.values()])
        academies = figures.academies_of_feeds(connection)
    items = []
    for one in given:
        told = {"sequence": one.sequence, "time": one.time, "kind": one.kind, "cause": one.cause}
        match = subjects.get(one.sequence, "").rsplit("/", 1)[-1]
        if one.kind != "decision":
            academy = academies.get(one.feed)
            items.append({**told, "subject": one.subject, "resource": resource_id(one.feed, one.key), "match": None,
                          "academy": academy, "feed": one.feed})  # fmt: skip
        elif match in public:
            items.append({**told, "subject": subjects[one.sequence], "resource": None, "match": match,
                          "academy": None, "feed": None})  # fmt: skip
    return items


def _public(
    ledger: sqlite3.Connection,
    connection: sqlite3.Connection,
    visit: Visit,
    before: int,
    wanted: DecisionParameters,
) -> Iterator[tuple[Decision, Mapping[str, Any] | None]]:
    """Decisions on pairs that are in the release and fit, each with its pair; (the last one seen, None) where enough
    was looked at for one page."""
    for _ in range(SCANS):
        given = decisions.newest(ledger, before, SCAN)
        ids = {one.id: visit.shared.iris.match(one.left, one.right).rsplit("/", 1)[-1] for one in given}
        public = figures.pairs(connection, ids.values())
        for one in given:
            pair = public.get(ids[one.id])
            # "Unsure" is a reader's remark and decides nothing.
            if pair is not None and one.verdict != "unsure" and _fits(one, pair, wanted):
                yield one, pair
        if len(given) < SCAN:
            return
        before = given[-1].id
    yield given[-1], None


def _fits(one: Decision, pair: Mapping[str, Any], wanted: DecisionParameters) -> bool:
    return (
        (not wanted.match or pair["id"] == wanted.match)
        and (not wanted.academy or bool({pair["left_academy"], pair["right_academy"]} & set(wanted.academy)))
        and (not wanted.verdict or one.verdict in wanted.verdict)
        and (not wanted.relation or one.relation in wanted.relation)
        and (wanted.role is None or one.voice == wanted.role)
    )


def _decision(one: Decision, match: str) -> dict[str, Any]:
    return {
        "id": one.id, "match": match, "left": one.left, "right": one.right, "verdict": one.verdict,
        "relation": one.relation, "source": one.source or None, "role": one.voice, "academy": one.academy or None,
        "by": one.reviewer, "time": one.time, "taken_back": one.undone or None,
    }  # fmt: skip
