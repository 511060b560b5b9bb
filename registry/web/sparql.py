"""The query operation of the SPARQL 1.1 Protocol at ``/sparql``. It copies bytes; workers evaluate.

No answer with status 200 is ever incomplete: what fails before the first byte is a problem document, what
fails after it breaks the connection off. Form and media type are known before a query is evaluated.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.types import Message as Event
from starlette.types import Receive, Scope, Send

from registry.graph.guard import Refused, Scan, scan
from registry.graph.pool import QueryAnswer, QueryFailed, QueryPool, QueryRequest
from registry.graph.serialise import serialise
from registry.graph.worker import GRAPHS, RESULTS
from registry.release import Release
from registry.terms import is_iri
from registry.web.description import service_description
from registry.web.negotiate import choose
from registry.web.problems import problem

LOG = logging.getLogger(__name__)
METHODS = "GET, HEAD, POST, OPTIONS"
MAX_PARAMETERS = 1000
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
# Broader names that callers use for the same syntaxes; the answer carries the name that was asked for.
RESULT_TYPES = {name: name for name in RESULTS} | {
    "application/json": "application/sparql-results+json",
    "application/xml": "application/sparql-results+xml",
    "text/xml": "application/sparql-results+xml",
    "text/plain": "text/csv",
}
GRAPH_TYPES = {name: name for name in GRAPHS} | {
    "application/json": "application/ld+json",
    "application/xml": "application/rdf+xml",
    "text/xml": "application/rdf+xml",
    "text/plain": "application/n-triples",
}
FORMATS = {
    "json": ("application/sparql-results+json", "application/ld+json"),
    "xml": ("application/sparql-results+xml", "application/rdf+xml"),
    "csv": ("text/csv", ""),
    "tsv": ("text/tab-separated-values", ""),
    **dict.fromkeys(("turtle", "ttl", "n3"), ("", "text/turtle")),
    **dict.fromkeys(("ntriples", "nt"), ("", "application/n-triples")),
    **dict.fromkeys(("rdf", "rdf+xml"), ("", "application/rdf+xml")),
    **dict.fromkeys(("jsonld", "json-ld", "json+ld"), ("", "application/ld+json")),
    "trig": ("", "application/trig"),
}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After, Content-Type",
    "Vary": "Accept, Accept-Encoding",
}
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
    "deadline": (503, "The query took too long"),
    "busy": (503, "Too many queries"),
    "share": (429, "Too many of your queries at once"),
    "quarantined": (403, "The query is not asked again for now"),
    "unavailable": (503, "Nothing can be queried yet"),
    "crashed": (500, "The query was stopped"),
    "internal": (500, "The query could not be evaluated"),
}


class AnswerBrokenOff(Exception):
    """An answer failed after its first byte; the server must cut the connection, and does when this is raised."""


class Rejected(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.title, self.headers = status, title, dict(headers or {})

    def response(self) -> Response:
        """The problem document."""
        made = problem(self.status, str(self), self.title)
        made.headers.update(CORS | self.headers)
        return made


@dataclass(frozen=True, slots=True)
class _Call:
    """What a request asks for, as the protocol has it."""

    query: str
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    format: str


def _parameters(encoded: bytes, where: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            encoded.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeDecodeError:
        raise Rejected(400, "Bad request", f"The {where} is not UTF-8.") from None
    except ValueError:
        raise Rejected(400, "Bad request", f"The {where} has more than {MAX_PARAMETERS} parameters.") from None


def _body_parameters(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """What a POST says in its body (SPARQL 1.1 Protocol 2.1.2, 2.1.3)."""
    header = Message()
    header["Content-Type"] = content_type
    kind = header.get_content_type() if content_type else ""
    if kind == "application/sparql-update":
        raise Rejected(403, "Not allowed at this address", "This address answers queries only; it changes nothing.")
    if kind not in (FORM, DIRECT):
        raise Rejected(415, "Unknown kind of body", f"POST a query as {FORM} (query=…) or as {DIRECT}.")
    if str(header.get_param("charset", "utf-8")).lower() not in ("utf-8", "utf8", "us-ascii"):
        raise Rejected(415, "Unknown kind of body", "Send the query in UTF-8.")
    if kind == FORM:
        return _parameters(body, "body")
    try:
        return [("query", body.decode("utf-8"))]
    except UnicodeDecodeError:
        raise Rejected(400, "Bad request", "The body is not UTF-8.") from None


def _call(parameters: list[tuple[str, str]], max_bytes: int) -> _Call:
    def every(name: str) -> list[str]:
        return [value for key, value in parameters if key == name]

    if every("update"):
        raise Rejected(403, "Not allowed at this address", "This address answers queries only; it changes nothing.")
    queries, formats = every("query"), every("format")
    if len(queries) != 1:
        raise Rejected(400, "Bad request", f"Give exactly one query; there are {len(queries)}.")
    if len(queries[0].encode()) > max_bytes:
        raise Rejected(413, "The query is too long", f"A query may have {max_bytes} bytes.")
    defaults, named = every("default-graph-uri"), every("named-graph-uri")
    for address in defaults + named:
        if not is_iri(address):
            raise Rejected(400, "Bad request", f"Not an absolute IRI: {address[:200]}")
    given = bool(defaults or named)
    return _Call(
        queries[0],
        tuple(defaults) if given else None,
        tuple(named) if given else None,
        formats[0].lower() if formats else "",
    )


def _media_type(form: str, accept: str | None, wanted: str) -> tuple[str, str]:
    """The name that the answer carries and the syntax it is in. Raises Rejected (406, or 400 for ``format``)."""
    bindings = form in ("SELECT", "ASK")
    types = RESULT_TYPES if bindings else GRAPH_TYPES
    if wanted:
        named = FORMATS.get(wanted, ("", ""))[0 if bindings else 1]
        if not named:
            known = ", ".join(name for name, pair in FORMATS.items() if pair[0 if bindings else 1])
            raise Rejected(400, "Bad request", f"format={wanted[:40]} does not fit {form}; there are: {known}.")
        return named, named
    chosen = choose(accept, list(types))
    if chosen is None:
        raise Rejected(406, "No such format", f"{form} can be answered as: {', '.join(types)}.")
    return chosen, types[chosen]


def _etag(release: str, call: _Call, media_type: str) -> str:
    told = repr((call.query, call.default_graphs, call.named_graphs, media_type))
    return f'"{release}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"'


def _failed(error: QueryFailed, query: str) -> Rejected:
    status, title = STATUS[error.kind]
    detail = str(error)
    if status == 500:
        incident = secrets.token_hex(4)
        digest = hashlib.sha256(query.encode()).hexdigest()[:12]
        LOG.error("incident %s: query %s: %s: %s", incident, digest, error.kind, detail)
        detail += f" If it should work, tell us this number: {incident}."
    return Rejected(
        status, title, detail, {"Retry-After": str(error.retry_after or 10)} if status in (429, 503) else None
    )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address that answers queries from a pool."""

    pool: QueryPool
    get_release: Callable[[], Release | None]

    async def prepare(self, request: Request) -> Response:
        """Everything that can be said without evaluating: an error, 304, the description; else the exchange."""
        try:
            return await self._prepare(request)
        except Rejected as rejected:
            return rejected.response()

    async def _prepare(self, request: Request) -> Response:
        settings = self.pool.settings
        parameters = _parameters(request.scope["query_string"], "address")
        accept = ", ".join(request.headers.getlist("accept")) or None
        if request.method == "POST":
            if request.headers.get("content-encoding", "identity") != "identity":
                raise Rejected(415, "Unknown kind of body", "Send the query uncompressed.")
            body = b""
            try:
                async for part in request.stream():
                    body += part
                    # Percent-encoding makes three bytes of one.
                    if len(body) > 4 * settings.query_max_bytes:
                        told = f"A query may have {settings.query_max_bytes} bytes."
                        raise Rejected(413, "The query is too long", told)
            except ClientDisconnect:
                raise Rejected(400, "Bad request", "The body broke off.") from None
            parameters += _body_parameters(request.headers.get("content-type", ""), body)
        elif not any(name in ("query", "update") for name, _ in parameters):
            return self._describe(request, accept)
        call = _call(parameters, settings.query_max_bytes)
        try:
            found = scan(call.query, settings.query_max_bytes)
        except Refused as refused:
            raise _failed(QueryFailed(refused.reason, str(refused)), call.query) from None
        name, syntax = _media_type(found.form, accept, call.format)
        headers = CORS | {"Content-Type": f"{name}; charset=utf-8" if name.startswith("text/") else name}
        etag = _etag(self.pool.release, call, name)
        tags = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if request.method != "POST" and not found.volatile and tags & {etag, "*"}:
            return Response(status_code=304, headers=CORS | {"ETag": etag, "Cache-Control": "public, max-age=5"})
        return Exchange(self.pool, call, found, name, syntax, headers, request.method == "HEAD")

    def _describe(self, request: Request, accept: str | None) -> Response:
        chosen = choose(accept, [*GRAPHS, "text/html"])
        if chosen is None:
            raise Rejected(406, "No such format", f"The description of this service comes as: {', '.join(GRAPHS)}.")
        base = self.pool.settings.base.rstrip("/") or str(request.base_url).rstrip("/")
        if chosen == "text/html":
            return RedirectResponse(f"{base}/query", 303, CORS)
        data = serialise(service_description(f"{base}/sparql", self.pool.settings, self.get_release()), chosen)
        return Response(data, headers=CORS | {"Cache-Control": "public, max-age=5"}, media_type=chosen)


class Exchange(Response):
    """The answer to one query: evaluated while it is sent, given up when the caller leaves."""

    def __init__(
        self, pool: QueryPool, call: _Call, found: Scan, name: str, syntax: str, headers: Mapping[str, str], head: bool
    ) -> None:
        super().__init__(headers=headers)
        self._pool, self._call, self._found, self._name, self._head = pool, call, found, name, head
        self._said = dict(headers)
        self._query = QueryRequest(call.query, found.form, syntax, call.default_graphs, call.named_graphs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Race the answer against the caller's leaving."""
        answering = asyncio.ensure_future(self._answer(scope, receive, send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not answering.done():
                answering.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)
        if not answering.cancelled():
            answering.result()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._pool.run(self._query)
        except QueryFailed as error:
            await _failed(error, self._call.query).response()(scope, receive, send)
            return
        try:
            await self._send(answer, send)
        except QueryFailed as error:
            raise AnswerBrokenOff(f"query answer broken off: {error.kind}") from error
        except TimeoutError as error:
            raise AnswerBrokenOff("query answer broken off: its reader was too slow") from error
        finally:
            answer.close()

    async def _send(self, answer: QueryAnswer, send: Send) -> None:
        headers = dict(self._said)
        if self._found.volatile:
            headers["Cache-Control"] = "no-store"
        else:
            headers["ETag"] = _etag(answer.release, self._call, self._name)
            headers["Cache-Control"] = "public, max-age=5"
        if answer.whole:
            headers["Content-Length"] = str(len(answer.first))
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        if self._head:
            await send({"type": "http.response.body", "body": b""})
            return
        if answer.whole:
            await send(_part(answer.first, more=False))
            return
        # A worker is held while its answer is read, so the deadline counts for slow readers too.
        async with asyncio.timeout_at(answer.until):
            await send(_part(answer.first, more=True))
            async for data in answer.rest:
                await send(_part(data, more=True))
        await send(_part(b"", more=False))


def _part(data: bytes, *, more: bool) -> Event:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def create_router(pool: QueryPool, get_release: Callable[[], Release | None]) -> APIRouter:
    """The routes of ``/sparql``. The pool must be started and switched by the application."""
    endpoint = Endpoint(pool, get_release)
    router = APIRouter(tags=["sparql"])
    text: dict[str, Any] = {"schema": {"type": "string"}}
    parameters = [
        {"name": "query", "in": "query", "schema": {"type": "string"}, "example": "SELECT * { ?s ?p ?o } LIMIT 10"},
        {"name": "default-graph-uri", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
        {"name": "named-graph-uri", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
        {"name": "format", "in": "query", "schema": {"type": "string", "enum": list(FORMATS)}},
    ]
    form = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
    answers: dict[int | str, dict[str, Any]] = {
        200: {"description": "The whole answer", "content": dict.fromkeys([*RESULTS, *GRAPHS], text)},
        **{
            code: {"description": words, "content": {"application/problem+json": {}}}
            for code, words in (
                (400, "Not SPARQL 1.1, or too complex"),
                (403, "SERVICE or an update"),
                (406, "No such format for this form of query"),
                (413, "Too long"),
                (415, "Neither a form nor a query"),
                (503, "It took too long, or too many queries are waiting"),
            )
        },
    }

    @router.get("/sparql", summary="Ask a SPARQL query", responses=answers, openapi_extra={"parameters": parameters})
    async def sparql_get(request: Request) -> Response:
        return await endpoint.prepare(request)

    @router.post(
        "/sparql",
        summary="Ask a SPARQL query",
        responses=answers,
        openapi_extra={
            "parameters": parameters[1:],
            "requestBody": {"required": True, "content": {FORM: {"schema": form}, DIRECT: text}},
        },
    )
    async def sparql_post(request: Request) -> Response:
        return await endpoint.prepare(request)

    async def other(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=CORS | PREFLIGHT)
        if request.method in ("GET", "HEAD", "POST"):
            return await endpoint.prepare(request)
        return Rejected(405, "This address can only be read", f"There are: {METHODS}.", {"Allow": METHODS}).response()

    verbs = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"]
    for path in ("/sparql", "/sparql/"):
        router.add_api_route(path, other, methods=verbs, include_in_schema=False)
    return router
