"""Sending in lists and asking for work: what the web process writes for it into the ledger, and how it is shown."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from registry.ledger import audit, tasks, transaction, uploads, utc_now
from registry.ledger.tasks import Task
from registry.ledger.tokens import Actor
from registry.ledger.uploads import Upload
from registry.model import Decision, Feed
from registry.web.access import Access
from registry.web.acts import Acts, Refused
from registry.web.problems import TITLES, Problem

REVERT_DAYS = 30
PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Writing:
    """What the routes share. ``acts`` None: this deployment only reads."""

    access: Access
    acts: Acts | None
    max_bytes: int

    @property
    def act(self) -> Acts:
        """What can be done here. Raises Problem."""
        if self.acts is None:
            raise Problem(503, "This registry is only read here.")
        return self.acts

    def table_of(self, academy: str, feed: str) -> Feed:
        """The list of an academy that a table is for. Raises Problem (404, 409)."""
        tables = [one for one in self.lists(academy) if one.protocol == "table"]
        return _one(academy, feed, tables, "that a table can be sent in for")

    def lists(self, academy: str) -> tuple[Feed, ...]:
        """The lists of an academy. Raises Problem (404)."""
        try:
            return self.act.lists(academy)
        except Refused as error:
            raise Problem(error.status, error.message) from error

    def send(self, actor: Actor, feed: Feed, name: str, body: bytes) -> int:
        """Keep a list that was sent in, and ask for its preview; its number."""
        packed, digest = uploads.pack(body), hashlib.sha256(body).hexdigest()
        with self.access.writing() as connection, transaction(connection):
            now = utc_now()
            number = uploads.keep(
                connection, academy=feed.academy, feed=feed.id, name=name, digest=digest, size=len(body),
                packed=packed, now=now, by=actor.name,
            )  # fmt: skip
            tasks.ask(connection, "preview", feed.academy, feed.id, now=now, by=actor.name, upload=number)
            audit.append(connection, actor, "list sent in", f"{feed.id} {number}", "done", now, f"sha256:{digest}")
        return number

    def confirm(self, actor: Actor, academy: str, number: int, accept_drop: bool) -> int:
        """Ask that a previewed list is published; the number of the work. Raises Problem (404, 409)."""
        with self.access.writing() as connection:
            one = self.upload(connection, academy, number)
            fault = ""
            if one.state == "published":
                return 0
            if one.state not in ("previewed", "publishing"):
                fault = f"This list is {one.state}; only one with a preview can be published."
            elif not one.preview["gate"]["passes"] and not (accept_drop and actor.role == "admin"):
                fault = f"{one.preview['gate']['message']['en']} {one.preview['gate']['mend']['en']}"
            elif one.basis != uploads.basis(connection, one.feed):
                fault = "The list has changed since this preview was made; look at the new one, and confirm that."
            if fault and accept_drop and actor.role != "admin":
                fault += " To accept it needs the role admin."
            if fault:
                if one.state == "previewed":
                    with transaction(connection):
                        now = utc_now()
                        tasks.ask(connection, "preview", academy, one.feed, now=now, by=actor.name, upload=number)
                raise Problem(409, fault, state=one.state, gate=one.preview.get("gate"))
            options = {"accept_drop": accept_drop}
            return self._ask(connection, actor, one, "list published", "publish", "publishing", options)

    def revert(self, actor: Actor, academy: str, number: int) -> int:
        """Ask that a published list is taken back; the number of the work. Raises Problem (404, 409)."""
        with self.access.writing() as connection:
            one = self.upload(connection, academy, number)
            if one.state == "withdrawn":
                return 0
            fault = ""
            if one.state not in ("published", "withdrawing"):
                fault = f"This list is {one.state}; only a published one can be taken back."
            elif until(one) <= utc_now():
                fault = f"This list could be taken back until {until(one)}."
            if fault:
                raise Problem(409, fault, state=one.state)
            return self._ask(connection, actor, one, "list taken back", "withdraw", "withdrawing", {})

    def _ask(
        self, connection: Any, actor: Actor, one: Upload, action: str, kind: Literal["publish", "withdraw"],
        state: str, options: Mapping[str, Any],
    ) -> int:  # fmt: skip
        with transaction(connection):
            now = utc_now()
            uploads.move(connection, one.id, [one.state], state)
            number = tasks.ask(
                connection, kind, one.academy, one.feed, now=now, by=actor.name, upload=one.id, options=options
            )
            audit.append(connection, actor, action, f"{one.feed} {one.id}", "done", now, f"task {number}")
        return number

    def visit(self, actor: Actor, academy: str, feed: str) -> int:
        """Ask that a list is visited now; the number of the work. Raises Problem (404, 409)."""
        chosen = _one(academy, feed, self.lists(academy), "")
        with self.access.writing() as connection, transaction(connection):
            now = utc_now()
            number = tasks.ask(connection, "visit", academy, chosen.id, now=now, by=actor.name)
            audit.append(connection, actor, "visit asked for", chosen.id, "done", now, f"task {number}")
        return number

    def upload(self, connection: Any, academy: str, number: int) -> Upload:
        """A list that an academy sent in. Raises Problem (404)."""
        one = uploads.get(connection, number)
        if one is None or one.academy != academy:
            raise Problem(404, f"{academy} has sent in no list {number}.")
        return one

    async def waited(self, number: int, seconds: float) -> None:
        """Wait for work until it is done, at most so long; the thread is not held."""
        end = time.monotonic() + seconds
        while number and time.monotonic() < end:
            if await run_in_threadpool(self._over, number):
                return
            await asyncio.sleep(PAUSE)

    def _over(self, number: int) -> bool:
        with self.access.shared.ledger() as connection:
            task = tasks.get(connection, number) if connection is not None else None
        return task is None or task.state in ("done", "failed")

    def of_upload(self, number: int) -> int:
        """The newest work for a list that was sent in, 0 where there is none."""
        with self.access.shared.ledger() as connection:
            return tasks.newest(connection, number) if connection is not None else 0

    def decided(self, actor: Actor, action: str, target: str, act: Callable[[Any], Decision]) -> Decision:
        """An act of review, with its row in the audit trail. Raises Problem."""

        def beside(connection: Any) -> None:
            audit.append(connection, actor, action, target, "done", utc_now())

        try:
            return act(beside)
        except Refused as error:
            raise Problem(error.status, error.message) from error


def until(one: Upload) -> str:
    """Until when a published list can be taken back, "" before it is published."""
    if not one.published:
        return ""
    ends = datetime.strptime(one.published, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) + timedelta(days=REVERT_DAYS)
    return ends.strftime("%Y-%m-%dT%H:%M:%SZ")


def _one(academy: str, feed: str, lists: Sequence[Feed], what: str) -> Feed:
    """The list that is meant. Raises Problem (404, 409)."""
    names = [one.id for one in lists]
    if feed and feed not in names:
        raise Problem(404, f"{academy} has no list {feed!r} {what}".rstrip() + ".", lists=names)
    if not names:
        raise Problem(409, f"{academy} has no list {what}".rstrip() + ": its file has to name one first.")
    if not feed and len(names) > 1:
        raise Problem(409, f"{academy} has several lists: name one with feed=.", lists=names)
    return next(one for one in lists if one.id == (feed or names[0]))


def shown_upload(one: Upload, address: str) -> dict[str, Any]:
    """A list that was sent in, for programs."""
    here = f"{address}/api/academies/{one.academy}/uploads/{one.id}"
    return {
        "id": one.id, "academy": one.academy, "feed": one.feed, "name": one.name, "digest": f"sha256:{one.digest}",
        "size": one.size, "state": one.state, "sent": one.made, "by": one.made_by, "message": one.message,
        "preview": dict(one.preview) or None, "published": one.published or None, "run": one.run or None,
        "revert_until": until(one) or None, "withdrawn": one.withdrawn or None, "self": here,
        "page": f"{address}/account/uploads/{one.id}",
        "confirm": f"{here}/confirm" if one.state == "previewed" else None,
        "revert": f"{here}/revert" if one.state == "published" and until(one) > utc_now() else None,
    }  # fmt: skip


def shown_task(one: Task, address: str) -> dict[str, Any]:
    """Work that was asked for, for programs."""
    return {
        "id": one.id, "kind": one.kind, "academy": one.academy, "feed": one.feed, "upload": one.upload or None,
        "state": one.state, "asked": one.made, "by": one.made_by, "started": one.started or None,
        "ended": one.ended or None, "outcome": dict(one.outcome),
        "self": f"{address}/api/academies/{one.academy}/tasks/{one.id}",
    }  # fmt: skip


def documented(done: Mapping[int, str], *problems: int) -> dict[int | str, dict[str, Any]]:
    """The answers of a route for OpenAPI: how it ends well, and its problems besides those of any of them."""
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": {"application/json": {"schema": {"type": "object"}}}}
        for status, text in done.items()
    }
    for status in sorted({400, 401, 403, 404, 429, 503, *problems}):
        told = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        found[status] = {"description": TITLES[status], "content": told}
    return found


def private(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer for one person: kept by no cache."""
    return JSONResponse(content, status, {"Cache-Control": "no-store", **(headers or {})})


async def bounded(request: Request, most: int) -> bytes:
    """A request's body. Raises Problem (413, 415)."""
    too_large = Problem(413, f"A list may have at most {most >> 20} MB; leave pictures and unused sheets out.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Problem(415, "Send the file as it is, without Content-Encoding.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise too_large
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def file_name(name: str, body: bytes) -> str:
    """The name that a file is kept under: its last part, without what a name should not hold."""
    last = "".join(char for char in name.replace("\\", "/").rpartition("/")[2] if char.isprintable())[:100]
    return last or ("list.xlsx" if body.startswith(b"PK") else "list.csv")
