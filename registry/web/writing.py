"""The writing part of the JSON API: lists sent in, visits asked for, what is not for all, decisions and answers.

The web process writes what is wanted into the ledger in short transactions; the process beside it does the work.
See docs/access.md.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from registry.ledger import tasks, uploads
from registry.statistics import reader as figures
from registry.web.access import COOKIE
from registry.web.acts import Word
from registry.web.parameters import no_parameters
from registry.web.problems import Problem
from registry.web.sending import Writing, bounded, documented, file_name, private, shown_task, shown_upload

WAIT = 10
"""Seconds that an answer waits for the work that it asks for, unless ``wait=`` says otherwise."""
Name = Annotated[str, Query(max_length=200)]
Wait = Annotated[int, Query(ge=0, le=60, description="Seconds that the answer waits for the work to be done")]
_NONE = [Depends(no_parameters)]
_SEEN = documented({200: "What was asked for"})
_UPLOAD = documented({200: "The list that was sent in", 202: "It is being worked on"}, 409, 422)
_SENT = documented({201: "The list with its preview", 202: "It is being looked at"}, 409, 413, 415, 422)
_ASKED = documented({202: "The work that was asked for"}, 409)
_MADE = documented({201: "The decision as it is kept"}, 409)
_BACK = documented({200: "The decision, taken back"}, 409)
_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_FILE: dict[str, Any] = {"requestBody": {"required": True, "content": _BINARY}}
SECURITY = [
    Security(HTTPBearer(auto_error=False, description="A token of `meta-academy token make`")),
    Security(APIKeyCookie(name=COOKIE, auto_error=False, description="A session, begun by an invitation link")),
]


class Confirmation(BaseModel):
    """What is agreed to."""

    model_config = ConfigDict(extra="forbid")

    accept_drop: bool = Field(False, description="Let it remove more than the list's `max_drop` (role admin)")


class VisitWish(BaseModel):
    """Which list is to be visited."""

    model_config = ConfigDict(extra="forbid")

    feed: str = Field("", max_length=200, description="The list; may be left out where there is only one")


class DecisionBody(BaseModel):
    """A reviewer's word on a pair."""

    model_config = ConfigDict(extra="forbid")

    answer: str = Field(max_length=100, description="One of the words of docs/review.md, such as `same`")
    source: str | None = Field(None, max_length=2000, description="Which of the two the other comes from; `unknown`")
    note: str = Field("", max_length=2000, description="Why; public")


class AnswerBody(DecisionBody):
    """An academy's word on its own entry and another."""

    other: str = Field(max_length=2000, description="The other resource: id (`feed/key`) or IRI")


class TakeBack(BaseModel):
    """Why a decision is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=2000, description="Kept with the decision")


def only(*names: str) -> list[Any]:
    """Refuse parameters of other names."""

    def check(request: Request) -> None:
        unknown = sorted(set(request.query_params) - set(names))
        if unknown:
            raise Problem(400, f"There is no parameter {unknown[0]!r} here; there are: {', '.join(names)}.")

    return [Depends(check)]


def create_router(writing: Writing) -> APIRouter:
    """The routes that write, and those that show what is not for all."""
    router = APIRouter(prefix="/api", tags=["roles"], dependencies=SECURITY)
    access, address = writing.access, writing.access.shared.address

    def _upload(request: Request, academy: str, number: int) -> Response:
        with access.shared.ledger() as connection:
            if connection is None:
                raise Problem(404, "Nothing was sent in yet.")
            one = writing.upload(connection, academy, number)
        shown = shown_upload(one, address(request))
        if one.state == "unreadable":
            problems = one.preview.get("problems", [])
            raise Problem(422, one.message, problems=problems, upload=shown | {"preview": None})
        busy = one.state in ("checking", "publishing", "withdrawing")
        return private(shown, 202 if busy else 200, {"Location": shown["self"]})

    @router.put(
        "/academies/{id}/list", dependencies=only("feed", "name", "wait"), responses=_SENT, openapi_extra=_FILE
    )
    async def send(
        request: Request, id: str, feed: Name = "", name: Name = "",
        wait: Wait = WAIT,
    ) -> Response:  # fmt: skip
        """Send in a list: a workbook (XLSX, ODS) or CSV as the body. It answers with a preview of what would change;
        nothing is public before it is confirmed."""
        actor = await run_in_threadpool(access.writer, request, "list sent in", id, "lists", id)
        with access.noted(actor, "list sent in", id):
            chosen = await run_in_threadpool(writing.table_of, id, feed)
            body = await bounded(request, writing.max_bytes)
        number = await run_in_threadpool(writing.send, actor, chosen, file_name(name, body), body)
        await writing.waited(await run_in_threadpool(writing.of_upload, number), wait)
        answer = await run_in_threadpool(_upload, request, id, number)
        answer.status_code = 201 if answer.status_code == 200 else answer.status_code
        return answer

    @router.get("/academies/{id}/uploads", dependencies=_NONE, responses=_SEEN)
    def sent(request: Request, id: str) -> Response:
        """The lists that an academy sent in, newest first."""
        access.reader(request, "lists", id)
        with access.shared.ledger() as connection:
            found = uploads.listed(connection, id) if connection is not None else []
        items = [shown_upload(one, address(request)) | {"preview": None} for one in found]
        return private({"items": items, "total": len(items), "next": None})

    @router.get("/academies/{id}/uploads/{number}", dependencies=_NONE, responses=_UPLOAD)
    def one_sent(request: Request, id: str, number: int) -> Response:
        """One list that was sent in: its state, and what it would change."""
        access.reader(request, "lists", id)
        return _upload(request, id, number)

    @router.post("/academies/{id}/uploads/{number}/confirm", dependencies=only("wait"), responses=_UPLOAD)
    async def confirm(
        request: Request, id: str, number: int, wish: Confirmation | None = None, wait: Wait = WAIT
    ) -> Response:
        """Publish a list as its preview showed it. 409 where it would not be that any more, or the gate refuses it."""
        action, target = "list published", f"{id} {number}"
        actor = await run_in_threadpool(access.writer, request, action, target, "lists", id)
        accept = wish is not None and wish.accept_drop
        with access.noted(actor, action, target):
            task = await run_in_threadpool(writing.confirm, actor, id, number, accept)
        await writing.waited(task, wait)
        return await run_in_threadpool(_upload, request, id, number)

    @router.post("/academies/{id}/uploads/{number}/revert", dependencies=only("wait"), responses=_UPLOAD)
    async def revert(request: Request, id: str, number: int, wait: Wait = WAIT) -> Response:
        """Take a published list back, also after later ones: what stood before it comes back."""
        action, target = "list taken back", f"{id} {number}"
        actor = await run_in_threadpool(access.writer, request, action, target, "lists", id)
        with access.noted(actor, action, target):
            task = await run_in_threadpool(writing.revert, actor, id, number)
        await writing.waited(task, wait)
        return await run_in_threadpool(_upload, request, id, number)

    @router.post("/academies/{id}/visits", dependencies=_NONE, responses=_ASKED, status_code=202)
    def visits(request: Request, id: str, wish: VisitWish | None = None) -> Response:
        """Ask that a list is visited now; the answer names the work."""
        actor = access.writer(request, "visit asked for", id, "visits", id)
        with access.noted(actor, "visit asked for", id):
            number = writing.visit(actor, id, wish.feed if wish else "")
        return _task(request, id, number, 202)

    @router.get("/academies/{id}/tasks/{number}", dependencies=_NONE, responses=_SEEN)
    def task(request: Request, id: str, number: int) -> Response:
        """Work that was asked for: how far it is, what came of it."""
        access.reader(request, "private", id)
        return _task(request, id, number, 200)

    def _task(request: Request, academy: str, number: int, status: int) -> Response:
        with access.shared.ledger() as connection:
            one = tasks.get(connection, number) if connection is not None else None
        if one is None or one.academy != academy:
            raise Problem(404, f"There is no task {number} of {academy}.")
        shown = shown_task(one, address(request))
        return private(shown, status, {"Location": shown["self"]})

    @router.post("/matches/{id}/decisions", dependencies=_NONE, responses=_MADE, status_code=201)
    def decide(request: Request, id: str, body: DecisionBody) -> Response:
        """A reviewer's decision on a pair; never on a pair of their own office."""
        actor = access.writer(request, "decision", id, "decisions")
        with access.noted(actor, "decision", id):
            pair = _pair(id)
            word = Word(
                pair["left_iri"], pair["right_iri"], body.answer, _source(body), body.note, pair["relation"],
                pair["source"],
            )  # fmt: skip
            made = writing.decided(actor, "decision", id, lambda beside: writing.act.decide(actor, word, beside))
        return private(asdict(made), 201)

    def _pair(identifier: str) -> dict[str, Any]:
        opened = access.shared.releases.current()
        if opened is None:
            raise Problem(503, "No edition of the registry was published yet; please try again later.")
        with figures.open_figures(opened.release.figures) as connection:
            found = figures.match(connection, identifier)
        if found is None:
            raise Problem(404, f"There is no pair {identifier!r}.")
        return found

    @router.post("/resources/{list}/{key}/answers", dependencies=_NONE, responses=_MADE, status_code=201)
    def answer(request: Request, list: str, key: str, body: AnswerBody) -> Response:
        """What an academy says of its own entry and another; it outranks the registry."""
        target = f"{list}/{key}"
        actor = access.writer(request, "answer", target, "answers")
        with access.noted(actor, "answer", target):
            word = Word(target, body.other, body.answer, _source(body), body.note, *_proposed(target, body.other))
            made = writing.decided(actor, "answer", target, lambda beside: writing.act.answer(actor, word, beside))
        return private(asdict(made), 201)

    def _proposed(resource: str, other: str) -> tuple[str, str]:
        """What the registry says of a pair in the current release."""
        iris, opened = access.shared.iris, access.shared.releases.current()
        if opened is None:
            return "", ""
        ends = [one if "://" in one else str(iris.resource(*one.partition("/")[::2])) for one in (resource, other)]
        with figures.open_figures(opened.release.figures) as connection:
            found = figures.match(connection, iris.match(*sorted(ends)).rpartition("/")[2])
        return (found["relation"], found["source"]) if found else ("", "")

    @router.post("/decisions/{number}/withdrawal", dependencies=_NONE, responses=_BACK)
    def take_back(request: Request, number: int, body: TakeBack) -> Response:
        """Take back a decision (a reviewer) or an answer of one's academy (its publisher); the one before counts."""
        action, target = "decision taken back", str(number)
        asked = access.bearer(request) is not None or request.cookies
        with access.writing() as connection:
            known = access.find(request, connection)[0] if asked else None
        scope = "answers" if known is not None and known.role == "publisher" else "decisions"
        actor = access.writer(request, action, target, scope)
        with access.noted(actor, action, target):
            made = writing.decided(
                actor, action, target, lambda beside: writing.act.take_back(actor, number, body.reason, beside)
            )
        return private(asdict(made))

    return router


def _source(body: DecisionBody) -> str | None:
    return body.source or None
