"""``/sparql`` as routes: what ``/openapi.json`` says of it, and the way to it where ``AtOnce`` is not used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from registry.graph.pool import QueryPool
from registry.graph.worker import GRAPHS, RESULTS
from registry.release import Release
from registry.web.sparql import PATHS, Endpoint
from registry.web.sparql_request import DIRECT, FORM, FORMATS


class _Handed(Response):
    """The answer is the endpoint's own."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._endpoint(scope, receive, send)


def create_router(pool: QueryPool, get_release: Callable[[], Release | None]) -> APIRouter:
    """The routes of ``/sparql`` with an endpoint of their own. The pool is the application's to start and switch."""
    return routes_of(Endpoint(pool, pool.settings, get_release))


def routes_of(endpoint: Endpoint) -> APIRouter:
    """The routes of an endpoint."""
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
                (403, "SERVICE, an update, or a query that has broken its worker several times"),
                (406, "No such format for this form of query"),
                (408, "The body came too slowly"),
                (413, "Too long"),
                (414, "The address is too long"),
                (415, "Neither a form nor a query"),
                (429, "This client has used up its budget, or asks too much at once"),
                (500, "The query broke its worker"),
                (503, "It took too long, or too many queries are waiting"),
            )
        },
    }

    async def answered(request: Request) -> Response:
        return _Handed(endpoint)

    router.add_api_route(
        "/sparql", answered, methods=["GET"], summary="Ask a SPARQL query", responses=answers,
        openapi_extra={"parameters": parameters},
    )  # fmt: skip
    router.add_api_route(
        "/sparql",
        answered,
        methods=["POST"],
        summary="Ask a SPARQL query",
        responses=answers,
        openapi_extra={
            "parameters": parameters[1:],
            "requestBody": {"required": True, "content": {FORM: {"schema": form}, DIRECT: text}},
        },
    )
    verbs = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"]
    for path in PATHS:
        router.add_api_route(path, answered, methods=verbs, include_in_schema=False)
    return router
