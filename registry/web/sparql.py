"""The query operation of the SPARQL 1.1 Protocol at ``/sparql``. It copies bytes; workers evaluate.

No answer with status 200 is ever incomplete: what fails before the first byte is a problem document, what
fails after it breaks the connection off. Form and media type are known before a query is evaluated.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Message, Receive, Scope, Send

from registry.graph.guard import Refused, Scan, scan
from registry.graph.pool import QueryFailed, QueryPool, QueryRequest
from registry.graph.serialise import serialise
from registry.graph.worker import GRAPHS
from registry.release import Release
from registry.settings import Settings
from registry.web import sparql_answer, sparql_hints
from registry.web.answer_cache import AnswerCache, Answers, Question, Stream, Whole
from registry.web.budgets import Budgets, Clients, Rate
from registry.web.compress import coding
from registry.web.description import service_description
from registry.web.discovery import PREFIXES
from registry.web.negotiate import choose
from registry.web.problems import problem
from registry.web.sparql_answer import CACHE, Leaving, Said
from registry.web.sparql_request import (
    Call,
    Left,
    Rejected,
    body_kind,
    body_parameters,
    call_of,
    header_of,
    media_type,
    parameters_of,
    read_body,
)  # fmt: skip

LOG = logging.getLogger(__name__)
QUERIES = logging.getLogger("registry.queries")
PATHS = ("/sparql", "/sparql/")
METHODS = "GET, HEAD, POST, OPTIONS"
ADDRESS_TIMES = 4
"""How many clients one address may be, as far as budgets go: many user agents do not make many clients."""
SCANS, SCANNED = 512, 4096
"""How many queries are remembered as scanned, and up to which length."""
CORS = {name.decode().title(): value.decode() for name, value in sparql_answer.HEADERS}
PREFLIGHT = {
    "Allow": METHODS,
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}
STATUS = {
    "syntax": (400, "This is not a SPARQL 1.1 query"),
    "function": (400, "This is not a SPARQL 1.1 query"),
    "too-big": (400, "The query is too complex"),
    "forbidden": (403, "Not allowed at this address"),
    "quarantined": (403, "The query is not asked again for now"),
    "share": (429, "Too many of your queries at once"),
    "deadline": (503, "The query took too long"),
    "busy": (503, "Too many queries"),
    "unavailable": (503, "Nothing can be queried yet"),
    "crashed": (503, "The query was stopped"),
    "internal": (500, "The query could not be evaluated"),
}
SHOWN_BYTES = 1 << 20
"""The longest answer that is shown on a page."""


class Told(Protocol):
    """What makes pages for who asked from a browser; None where it was a program."""

    def wanted(self, accept: str) -> bool:
        """Whether a page is preferred to every form that an answer has, by the header ``Accept``."""
        ...

    def error(self, request: Request, status: int, detail: str, query: str) -> Response | None:
        """Why there is no answer; with status 200, a hint for who has found nothing."""
        ...

    def answer(self, request: Request, query: str, body: bytes, media_type: str) -> Response | None:
        """The answer."""
        ...


def _digest(query: str) -> str:
    return hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _failed(error: QueryFailed, query: str) -> Rejected:
    status, title = STATUS[error.kind]
    detail = str(error)
    if status == 500:
        incident = secrets.token_hex(4)
        LOG.error("incident %s: query %s: %s: %s", incident, _digest(query), error.kind, detail)
        detail += f" If it should work, tell us this number: {incident}."
    late = status in (429, 503) or error.kind == "quarantined"
    headers = {"Retry-After": str(error.retry_after or 10)} if late else None
    return Rejected(status, title, detail, headers, counts=error.kind not in ("share", "busy", "unavailable"))


def _rates(told: Settings) -> Mapping[str, Rate]:
    seconds, errors = told.query_seconds, told.query_errors
    return {
        "seconds": Rate(seconds, told.query_seconds_burst),
        "errors": Rate(errors, told.query_errors_burst),
        "seconds of an address": Rate(ADDRESS_TIMES * seconds, ADDRESS_TIMES * told.query_seconds_burst),
        "errors of an address": Rate(ADDRESS_TIMES * errors, ADDRESS_TIMES * told.query_errors_burst),
    }


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who asks, for budgets: made when they are looked at."""

    client: str
    address: str


@dataclass(slots=True)
class Endpoint:
    """One address that answers queries from a pool: an ASGI application. ``told`` makes pages of answers, of
    errors, and of a hint for who has found nothing, where it was a browser that asked and named no format."""

    pool: QueryPool
    settings: Settings
    get_release: Callable[[], Release | None]
    told: Told | None = None
    clients: Clients = field(default_factory=Clients)
    budgets: Budgets = field(init=False)
    answers: Answers = field(init=False)
    _scans: dict[str, Scan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What is kept between requests."""
        settings = self.settings
        self.budgets = Budgets(_rates(self.settings))
        longest = min(settings.query_cache_answer, settings.query_cache)
        self.answers = Answers(self.pool, AnswerCache(settings.query_cache), longest)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        method = scope["method"]
        if method == "OPTIONS":
            await Response(status_code=204, headers=CORS | PREFLIGHT)(scope, receive, send)
            return
        leaving = Leaving(receive)
        query = ""
        try:
            if method not in ("GET", "HEAD", "POST"):
                told = f"There are: {METHODS}."
                raise Rejected(405, "This address can only be read", told, {"Allow": METHODS}, counts=False)
            parameters = await self._parameters(scope, receive)
            if method != "POST" and not any(name in ("query", "update") for name, _ in parameters):
                await self._describe(scope)(scope, receive, send)
                return
            call = call_of(parameters, self.settings.query_max_bytes)
            query = call.query
            leaving.watch()
            await self._answer(scope, call, receive, send)
        except Left:
            return
        except Rejected as rejected:
            await self._reject(scope, rejected, query)(scope, receive, send)
        except QueryFailed as error:
            await self._reject(scope, _failed(error, query), query)(scope, receive, send)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not leaving.left or task is None:
                raise
            task.uncancel()
        finally:
            leaving.close()

    async def _parameters(self, scope: Scope, receive: Receive) -> list[tuple[str, str]]:
        settings = self.settings
        # Percent-encoding makes three bytes of one.
        longest = 4 * settings.query_max_bytes
        if len(scope["query_string"]) > longest:
            raise Rejected(414, "The address is too long", f"It may have {longest} bytes: POST the query.")
        parameters = parameters_of(scope["query_string"], "address")
        if scope["method"] == "POST":
            kind = body_kind(header_of(scope, b"content-type"), header_of(scope, b"content-encoding"))
            length = header_of(scope, b"content-length")
            if length.isdecimal() and int(length) > longest:
                raise Rejected(413, "The query is too long", f"A request may have {longest} bytes.")
            parameters += body_parameters(kind, await read_body(receive, longest, settings.query_deadline))
        return parameters

    def _describe(self, scope: Scope) -> Response:
        chosen = choose(header_of(scope, b"accept"), [*GRAPHS, "text/html"])
        if chosen is None:
            raise Rejected(406, "No such format", f"The description of this service comes as: {', '.join(GRAPHS)}.")
        base = self.settings.base.rstrip("/") or str(Request(scope).base_url).rstrip("/")
        if chosen == "text/html":
            return RedirectResponse(f"{base}/query", 303, CORS)
        told = service_description(f"{base}/sparql", self.settings, self.get_release())
        data = serialise(told, chosen, PREFIXES)
        return Response(data, headers=CORS | {"Cache-Control": CACHE}, media_type=chosen)

    def _asking(self, scope: Scope) -> _Asking:
        """Who asks. Raises Rejected (429) when its budget is used up."""
        asking = _Asking(self.clients.client_of(scope), self.clients.address_of(scope))
        for kind, amount in (("errors", 1.0), ("seconds", 0.0)):
            wait = self.budgets.wait(asking.client, kind, amount)
            wait = max(wait, self.budgets.wait(asking.address, f"{kind} of an address", amount))
            if wait:
                what = "asked queries for a long time" if kind == "seconds" else "asked many queries that failed"
                told = f"You have {what}. Wait {wait} seconds."
                raise Rejected(429, "Too many queries", told, {"Retry-After": str(wait)}, counts=False)
        return asking

    def _spend(self, asking: _Asking, kind: str, amount: float) -> None:
        self.budgets.spend(asking.client, kind, amount)
        self.budgets.spend(asking.address, f"{kind} of an address", amount)

    def _reject(self, scope: Scope, rejected: Rejected, query: str) -> Response:
        if rejected.counts:
            asking = _Asking(self.clients.client_of(scope), self.clients.address_of(scope))
            self._spend(asking, "errors", 1)
        made = self.told and self.told.error(Request(scope), rejected.status, str(rejected), query)
        made = made or problem(rejected.status, str(rejected), rejected.title)
        made.headers.update(CORS | rejected.headers)
        return made

    def _scanned(self, query: str) -> Scan:
        found = scan(query, self.settings.query_max_bytes)
        if len(query) <= SCANNED:
            if len(self._scans) >= SCANS:
                del self._scans[next(iter(self._scans))]
            self._scans[query] = found
        return found

    async def _answer(self, scope: Scope, call: Call, receive: Receive, send: Send) -> None:
        asking = None
        found = self._scans.get(call.query)
        if found is None:
            asking = self._asking(scope)
            try:
                found = self._scanned(call.query)
            except Refused as refused:
                raise QueryFailed(refused.reason, str(refused)) from None
        accept = header_of(scope, b"accept")
        paged = not call.format and scope["method"] != "HEAD" and self.told is not None and self.told.wanted(accept)
        name, syntax = media_type(found.form, "" if paged else accept, call.format)
        packing = coding(header_of(scope, b"accept-encoding"))
        if packing is None:
            raise Rejected(406, "No such coding", "Answers come as they are, or compressed with gzip.")
        said = Said(name, packing, "" if found.volatile else repr((name, *call.parts)), scope["method"] == "HEAD")
        key = None if found.volatile else (syntax, *call.parts)
        if (
            scope["method"] != "POST"
            and not paged
            and said.matches(header_of(scope, b"if-none-match"), self.pool.release)
        ):
            await sparql_answer.send_unchanged(said, self.pool.release, send)
            return
        made: Whole | Stream | None = self.answers.cached(key)
        if made is None:
            asking = asking or self._asking(scope)
            request = QueryRequest(
                call.query, found.form, syntax, call.default_graphs, call.named_graphs, None, (), asking.client, found
            )
            made = await self._evaluated(scope, request, key, asking)
        if isinstance(made, Whole):
            # Reading a long answer and writing its page takes tens of milliseconds: others are answered meanwhile.
            page = await asyncio.to_thread(self._page, scope, call.query, made, syntax) if paged else None
            if page is not None:
                await page(scope, receive, send)
                return
            await sparql_answer.send_answer(said, made, self.answers, key, send)
            return
        try:
            await sparql_answer.send_answer(said, made, self.answers, key, send)
        finally:
            self._spend(asking or self._asking(scope), "seconds", time.monotonic() - made.answer.began)

    def _page(self, scope: Scope, query: str, made: Whole, syntax: str) -> Response | None:
        page = None
        if self.told is not None and made.hint:
            page = self.told.error(Request(scope), 200, made.hint, query)
        elif self.told is not None and made.size <= SHOWN_BYTES:
            page = self.told.answer(Request(scope), query, b"".join(made.parts), syntax)
        if page is not None:
            page.headers.update(CORS | ({sparql_hints.HEADER: made.hint} if made.hint else {}))
        return page

    async def _evaluated(self, scope: Scope, request: QueryRequest, key: Hashable, asking: _Asking) -> Whole | Stream:
        began, outcome, size = time.monotonic(), "left", 0
        charge = partial(self._spend, asking, "seconds")
        hint = partial(sparql_hints.hint_of_answer, request.query, request.media_type)
        try:
            made = await self.answers.ask(Question(request, key, charge, hint))
            outcome, size = ("whole", made.size) if isinstance(made, Whole) else ("stream", 0)
            return made
        except QueryFailed as error:
            outcome = error.kind
            raise
        finally:
            if QUERIES.isEnabledFor(logging.INFO):
                # Whose address it was is not told.
                QUERIES.info(
                    "%s %s %s %.0f ms %d bytes %s %r", _digest(request.query), request.form, request.media_type,
                    1000 * (time.monotonic() - began), size, outcome, header_of(scope, b"user-agent")[:200],
                )  # fmt: skip


class AtOnce:
    """Hands requests to ``/sparql`` to its endpoint without what a framework does on the way to it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def takes(self, scope: Scope) -> bool:
        """Whether a request is the endpoint's."""
        return scope["type"] == "http" and scope["path"].removeprefix(scope.get("root_path", "")) in PATHS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; a fault of ours is told with a number."""
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._endpoint(scope, receive, noted)
        except Exception:
            if started:
                raise
            incident = secrets.token_hex(4)
            LOG.exception("incident %s at %s", incident, scope["path"])
            made = problem(500, f"It is our fault; if you tell us, name {incident}.", incident=incident)
            made.headers.update(CORS)
            await made(scope, receive, send)
