"""The query editor as pages: an empty one, one with a table of the answer under it, one that says what is wrong.

An endpoint hands over what it would send to a program (``sparql.Told``); only who asked from a browser, and named no
format, gets a page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from registry.web.negotiate import choose
from registry.web.pages import Pages
from registry.web.sparql_request import GRAPH_TYPES, RESULT_TYPES
from registry.web.stored import StoredQuery

NOTHING: Mapping[str, Any] = {"title": "", "told": "", "found": None, "links": {}, "shown": 0}
"""What a page says besides the query before there is an answer."""
SHOWN = 100
"""Rows, or lines of a graph, that a page shows; the files have them all."""
LONGEST_LINK = 4_000
"""Characters of an address that any browser and program takes; a longer query is sent by the form only."""
RESULTS, GRAPH = "application/sparql-results+json", "text/turtle"
FORMATS: Mapping[str, tuple[str, ...]] = {RESULTS: ("csv", "json"), GRAPH: ("ttl", "nt")}


@dataclass(frozen=True, slots=True)
class Found:
    """An answer as a page shows it: a table (``columns``; a cell is a term of the results, {} where nothing is
    bound), or ``lines`` of a graph, or ``truth`` of a yes-or-no question."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Mapping[str, str], ...], ...] = ()
    lines: tuple[str, ...] = ()
    total: int = 0
    truth: bool | None = None


def read(body: bytes, media_type: str) -> Found:
    """An answer in RESULTS (SPARQL 1.1 Query Results JSON, 3) or GRAPH, cut to SHOWN."""
    if media_type == GRAPH:
        lines = body.decode("utf-8", "replace").splitlines()
        return Found(lines=tuple(lines[:SHOWN]), total=len(lines))
    told: dict[str, Any] = json.loads(body)
    if "boolean" in told:
        return Found(truth=bool(told["boolean"]))
    columns, rows = tuple(told["head"]["vars"]), told["results"]["bindings"]
    return Found(columns, tuple(tuple(row.get(name, {}) for name in columns) for row in rows[:SHOWN]), (), len(rows))


class QueryPages:
    """The pages of one registry; ``stored`` are the questions that one may begin with, ``policy`` is the
    Content-Security-Policy of all pages."""

    def __init__(self, pages: Pages, stored: Mapping[str, StoredQuery], policy: str) -> None:
        self._pages, self._policy = pages, policy
        self._examples = [(query.name, query.title, query.text) for query in stored.values()]

    def empty(self, request: Request) -> Response:
        """The editor with a question to begin with."""
        here = self._pages.shared.visit(request, cached=True, vary="Accept-Language")
        chosen = request.query_params.get("example")
        first = self._examples[0][2] if self._examples else ""
        text = next((text for name, _, text in self._examples if name == chosen), first)
        return self._pages.render(request, "query.html", visit=here, text=text, examples=self._examples, **NOTHING)

    def wanted(self, accept: str) -> bool:
        """Whether a page is preferred to every form that an answer has."""
        return choose(accept, [*RESULT_TYPES, *GRAPH_TYPES, "text/html"]) == "text/html"

    def error(self, request: Request, status: int, detail: str, query: str) -> Response | None:
        """Why a query has no answer, or (200) found nothing, over the query; the detail, for who writes queries, is
        in English. None where no browser asked."""
        if not self.wanted(request.headers.get("accept", "")):
            return None
        name = "later" if status in (429, 503) else {200: "nothing", 500: "500"}.get(status, "wrong")
        title = self._pages.shared.voice(request)("error.500" if name == "500" else f"error.query.{name}")
        return self._page(request, query, status, title=title, told=detail)

    def answer(self, request: Request, query: str, body: bytes, media_type: str) -> Response | None:
        """The answer under the query; None where it is in no syntax that a page shows."""
        if media_type not in FORMATS:
            return None
        found, links = read(body, media_type), {}
        for name in FORMATS[media_type]:
            address = "?" + urlencode({"query": query, "format": name})
            if len(address) <= LONGEST_LINK:
                links[name] = address
        return self._page(request, query, 200, found=found, shown=SHOWN, links=links)

    def _page(self, request: Request, query: str, status: int, **context: Any) -> Response:
        made = self._pages.render(
            request, "query.html", visit=None, status=status, text=query, examples=[], **{**NOTHING, **context}
        )
        # The endpoint is not behind the guard; what a program gets at this address is another answer.
        made.headers.update({"Content-Security-Policy": self._policy, "Vary": "Accept, Accept-Language"})
        return made


def create_router(pages: QueryPages) -> APIRouter:
    """The route of the editor."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/query", pages.empty, methods=["GET"])
    return router
