"""What is not for all: who one is, an academy's drafts and entries held back, the audit trail."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from registry.ledger import audit, findings, measurements
from registry.ledger import private as kept
from registry.ledger.tokens import Actor
from registry.messages import LANGUAGES, fill
from registry.model import Finding
from registry.web.parameters import no_parameters
from registry.web.problems import Problem
from registry.web.sending import Writing, documented, private
from registry.web.writing import SECURITY

MEASURES = 200
_SEEN = documented({200: "What was asked for"})


def shown_actor(actor: Actor) -> dict[str, Any]:
    """Who somebody is, for programs."""
    return {
        "name": actor.name, "role": actor.role, "academy": actor.academy or None, "scopes": sorted(actor.scopes),
        "credential": actor.credential,
    }  # fmt: skip


def create_router(writing: Writing) -> APIRouter:
    """The routes under ``/api``."""
    router = APIRouter(prefix="/api", tags=["roles"], dependencies=SECURITY)
    access = writing.access
    shared = access.shared

    @router.get("/account", dependencies=[Depends(no_parameters)], responses=_SEEN)
    def account(request: Request) -> Response:
        """Who one is and what one may do; for a session also the token that its writes carry."""
        with access.writing() as connection:
            actor, _ = access.find(request, connection)
        if actor is None:
            actor = access.reader(request, "private")
        csrf = access.csrf(request) if actor.credential.startswith("session") else None
        return private({**shown_actor(actor), "csrf": csrf})

    @router.get("/academies/{id}/private", responses=_SEEN)
    def own(request: Request, id: str, after: Annotated[int, Query(ge=0)] = 0) -> Response:
        """What of an academy's lists it alone sees: entries held back and why (a hundred at a time, `after` the last
        one's `id`), what waits for the gate, pairs under notice, its measures."""
        access.reader(request, "private", id)
        feeds = [feed.id for feed in writing.lists(id)]
        with shared.ledger() as connection:
            if connection is None or not feeds:
                raise Problem(404, "Nothing of it was read yet.")
            held = [
                {**asdict(one), "to_mend": _told(findings.of_record(connection, one.feed, one.key))}
                for one in kept.held(connection, feeds, after=after)
            ]
            drafts = [asdict(one) for one in kept.drafts(connection, feeds)]
            starts = [str(shared.iris.resource(feed, "-"))[:-1] for feed in feeds]
            notices = kept.notices(connection, starts)
            measures = measurements.listed(connection, feeds, MEASURES)
        return private({
            "academy": id, "held": held, "after": held[-1]["id"] if len(held) == 100 else None, "drafts": drafts,
            "notices": [{"left": left, "right": right, "since": since} for left, right, since in notices],
            "measures": [asdict(one) for one in measures],
        })  # fmt: skip

    def _told(found: list[Finding]) -> list[dict[str, Any]]:
        texts = shared.words.messages
        return [
            {
                "code": one.issue.code, "severity": one.severity, "place": one.issue.place, "value": one.issue.value,
                "message": {tag: fill(texts[one.issue.code].text[tag], one.issue) for tag in LANGUAGES},
                "mend": {tag: fill(texts[one.issue.code].mend[tag], one.issue) for tag in LANGUAGES},
            }
            for one in found if one.issue.code in texts
        ]  # fmt: skip

    @router.get("/audit", responses=_SEEN)
    def trail(
        request: Request,
        academy: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        before: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        """Who wrote what, and what was refused, newest first (`before` the last one's `id`). Role admin."""
        access.reader(request, "audit")
        with shared.ledger() as connection:
            found = audit.listed(connection, limit=limit, before=before, academy=academy) if connection else []
        return private({"items": [asdict(one) for one in found], "total": None, "next": None})

    return router
