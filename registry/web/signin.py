"""Sign-in by an invitation link, and the pages of those who are signed in: their account, their lists.

Opening a link changes nothing (mail programs open links to look at them): a button does, once.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile
from starlette.types import Message

from registry.ledger import findings, invites, uploads, utc_now
from registry.ledger import private as kept
from registry.ledger.tokens import SCOPES, Actor
from registry.messages import said
from registry.statistics import reader as figures
from registry.web.access import may, same
from registry.web.links import Links
from registry.web.pages import Pages
from registry.web.problems import Problem
from registry.web.sending import Writing, bounded, file_name, until
from registry.web.wording import Voice

BEFORE = "ma_before"
"""A cookie that ties an invitation's button to the browser that opened it: no other site signs anybody in."""
FORM_BYTES = 1 << 16
_TERM = re.compile(r"https?://\S+/id/concept/\S+/(\S+)")
_LANGUAGE = re.compile(r"@[a-z]{2,3}(?=$| \||  ?→| →)")
HELD = 50


async def form_of(request: Request, most: int) -> dict[str, str | tuple[str, bytes]]:
    """The fields of a form: texts, files as (name, content). Raises Problem (400, 413)."""
    body = await bounded(request, most)

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    found: dict[str, str | tuple[str, bytes]] = {}
    try:
        async with Request(request.scope, receive).form(max_files=1, max_fields=20) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    found[name] = (value.filename or "", await value.read())
                else:
                    found[name] = str(value)
    except Problem:
        raise
    except Exception as error:  # whatever the parser says of a body that is no form
        if type(error).__module__.split(".")[0] not in ("starlette", "python_multipart", "multipart"):
            raise
        raise Problem(400, "This form cannot be read.") from error
    return found


def _text(form: dict[str, Any], name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def create_router(pages: Pages, writing: Writing) -> APIRouter:
    """The routes of these pages; none is kept by a cache."""
    router = APIRouter(include_in_schema=False)
    access, shared = writing.access, writing.access.shared

    def away(request: Request, path: str, **parameters: Any) -> RedirectResponse:
        return RedirectResponse(Links(request)(path, **parameters), 303, {"Cache-Control": "no-store"})

    @router.get("/invitation/{secret}")
    def opened(request: Request, secret: str) -> Response:
        with access.writing() as connection:
            invite = invites.find(connection, secret[:200], utc_now())
        before = secrets.token_urlsafe(24)
        answer = pages.render(
            request, "invitation.html", visit=None, status=200 if invite else 404, invite=invite, csrf=_twin(before),
            academy=_name(request, invite.academy) if invite else "", contact=shared.settings.contact,
        )  # fmt: skip
        if invite:
            access.set_cookie(request, answer, BEFORE, before, 3600, "strict")
        return answer

    @router.post("/invitation/{secret}")
    async def redeemed(request: Request, secret: str) -> Response:
        form = await form_of(request, FORM_BYTES)
        return await run_in_threadpool(redeem, request, secret, _text(form, "csrf"))

    def redeem(request: Request, secret: str, csrf: str) -> Response:
        access.slowly(request)
        access.same_site(request)
        before = request.cookies.get(BEFORE, "")
        if not before or not same(csrf, _twin(before)):
            raise Problem(403, "Open the link again, in the browser that you want to sign in, and use its button.")
        with access.writing() as connection:
            invite = invites.find(connection, secret[:200], utc_now())
            days = invite.session_days if invite else 0
            ends = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
            made = invites.redeem(connection, secret[:200], utc_now(), ends)
        if made is None:
            access.slower(request)
            return pages.render(
                request, "invitation.html", visit=None, status=404, invite=None, csrf="",
                contact=shared.settings.contact,
            )  # fmt: skip
        answer = away(request, "/account")
        access.sign_in(request, answer, made[1], days)
        return answer

    @router.get("/account")
    def account(request: Request) -> Response:
        actor = access.visitor(request)
        context: dict[str, Any] = {"actor": actor, "contact": shared.settings.contact, "told": False}
        if actor is not None:
            context |= _own(request, actor)
        return pages.render(request, "account.html", visit=None, **context)

    def _own(request: Request, actor: Actor) -> dict[str, Any]:
        feeds = writing.lists(actor.academy) if actor.role == "publisher" and writing.acts is not None else ()
        names = [feed.id for feed in feeds]
        voice = shared.voice(request)
        held: list[dict[str, Any]] = []
        sent, notices = [], 0
        with shared.ledger() as connection:
            if connection is not None and actor.role == "publisher":
                sent = uploads.listed(connection, actor.academy)
                starts = [str(shared.iris.resource(feed, "-"))[:-1] for feed in names]
                notices = len(kept.notices(connection, starts))
                for one in kept.held(connection, names, HELD) if names else ():
                    texts = shared.words.messages
                    told = findings.of_record(connection, one.feed, one.key)
                    lines = [
                        said(texts[f.issue.code], f.issue, voice.language) for f in told
                        if f.severity == "violation" and f.issue.code in texts
                    ]  # fmt: skip
                    held.append({"key": one.key, "where": one.where, "lines": lines[:5]})
        return {
            "scopes": [one for one in SCOPES[actor.role] if one in actor.scopes], "csrf": access.csrf(request),
            "academy_name": _name(request, actor.academy),
            "feeds": feeds, "tables": [feed for feed in feeds if feed.protocol == "table"], "sent": sent,
            "held": held, "shown": HELD, "notices": notices, "most": writing.max_bytes >> 20,
            "told": request.query_params.get("told") == "visit",
        }  # fmt: skip

    def _name(request: Request, academy: str) -> str:
        """The academy's name for this reader; its id before it has anything public."""
        current = shared.releases.current()
        found = None
        if current is not None and academy:
            with figures.open_figures(current.release.figures) as connection:
                found = figures.academy(connection, academy)
        return shared.voice(request).best(found["name"]) if found else academy

    @router.post("/account/sign-out")
    async def signed_out(request: Request) -> Response:
        form = await form_of(request, FORM_BYTES)
        actor = await run_in_threadpool(access.checked_form, request, _text(form, "csrf"))
        await run_in_threadpool(_end, actor)
        answer = away(request, "/account")
        access.sign_out(request, answer)
        return answer

    def _end(actor: Actor) -> None:
        with access.writing() as connection:
            invites.sign_out(connection, actor, utc_now())

    def _may(request: Request, form: dict[str, Any], scope: str, action: str, kind: str = "writes") -> Actor:
        """Who sent a form, if they may do what it asks for. Raises Problem."""
        actor = access.checked_form(request, _text(form, "csrf"))
        try:
            may(actor, scope, actor.academy)
            access.in_time(actor, kind)
        except Problem as problem:
            access.refused(actor, action, request.url.path, problem.detail)
            raise
        return actor

    @router.post("/account/lists")
    async def send(request: Request) -> Response:
        if await run_in_threadpool(access.visitor, request) is None:  # before ten megabytes are read
            raise Problem(401, "You are not signed in.")
        form = await form_of(request, writing.max_bytes + FORM_BYTES)
        actor = await run_in_threadpool(_may, request, form, "lists", "list sent in", "lists")
        given = form.get("file")
        with access.noted(actor, "list sent in", actor.academy):
            if not isinstance(given, tuple) or not actor.academy:
                raise Problem(400, "Choose a file.")
            if len(given[1]) > writing.max_bytes:
                raise Problem(413, f"A list may have at most {writing.max_bytes >> 20} MB.")
            feed = await run_in_threadpool(writing.table_of, actor.academy, _text(form, "feed"))
        number = await run_in_threadpool(writing.send, actor, feed, file_name(*given), given[1])
        return away(request, f"/account/uploads/{number}")

    @router.post("/account/visits")
    async def visit(request: Request) -> Response:
        form = await form_of(request, FORM_BYTES)
        actor = await run_in_threadpool(_may, request, form, "visits", "visit asked for")
        with access.noted(actor, "visit asked for", actor.academy):
            await run_in_threadpool(writing.visit, actor, actor.academy, _text(form, "feed"))
        return away(request, "/account", told="visit")

    @router.get("/account/uploads/{number}")
    def upload(request: Request, number: int) -> Response:
        actor = access.visitor(request)
        if actor is None:
            raise Problem(401, "You are not signed in.")
        with access.writing() as connection:
            one = uploads.get(connection, number)
        if one is None:
            raise Problem(404, "There is no such list.")
        may(actor, "lists", one.academy)
        return pages.render(
            request, "upload.html", visit=None, one=one, actor=actor, csrf=access.csrf(request), until=until(one),
            plainly=plainly, mended=mended, busy=one.state in ("checking", "publishing", "withdrawing"),
            may_revert=one.state == "published" and until(one) > utc_now(),
        )  # fmt: skip

    async def _act(request: Request, number: int, action: str) -> Response:
        form = await form_of(request, FORM_BYTES)
        actor = await run_in_threadpool(_may, request, form, "lists", action)
        try:
            with access.noted(actor, action, f"{actor.academy} {number}".strip()):
                academy = await run_in_threadpool(_academy_of, actor, number)
                if action == "list published":
                    accept = _text(form, "accept_drop") == "true"
                    await run_in_threadpool(writing.confirm, actor, academy, number, accept)
                else:
                    await run_in_threadpool(writing.revert, actor, academy, number)
        except Problem as problem:
            if problem.status != 409:
                raise
        # Whatever stood in the way is told on its page.
        return away(request, f"/account/uploads/{number}")

    def _academy_of(actor: Actor, number: int) -> str:
        with access.writing() as connection:
            one = uploads.get(connection, number)
        academy = one.academy if one is not None else actor.academy
        may(actor, "lists", academy)
        return academy

    @router.post("/account/uploads/{number}/confirm")
    async def confirm(request: Request, number: int) -> Response:
        return await _act(request, number, "list published")

    @router.post("/account/uploads/{number}/revert")
    async def revert(request: Request, number: int) -> Response:
        return await _act(request, number, "list taken back")

    return router


def _twin(secret: str) -> str:
    """What a form carries of the cookie beside it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def plainly(line: str, voice: Voice) -> str:
    """A changed property as people read it: its name in their words, terms by their last part."""
    name, _, rest = line.partition(": ")
    said = _TERM.sub(lambda found: found[1], _LANGUAGE.sub("", rest))
    return f"{voice.field(name)}: {said}" if rest else line


def mended(told: Mapping[str, Any], voice: Voice) -> str:
    """What is wrong and how to mend it, as whole sentences with the place in the reader's words."""
    wrong, place = told["message"][voice.language].rstrip(), told.get("place", "")
    wrong = wrong.replace(place, voice.place(place)) if place else wrong
    ended = wrong.endswith((".", "!", "?", "…", "»", "”"))
    return f"{wrong if ended else wrong + '.'} {told['mend'][voice.language]}"
