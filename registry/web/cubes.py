"""The addresses of data cubes: sets, structures, dimensions and observations lead to the data that tell of them."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from registry.statistics import cube
from registry.statistics.tables import NoSuchTable
from registry.web.negotiate import choose
from registry.web.problems import Problem
from registry.web.shared import Shared
from registry.web.stored_answers import GRAPH_TYPES

HTML = "text/html"


def create_router(shared: Shared, queries: Collection[str]) -> APIRouter:
    """The routes; ``queries`` are the names of the stored queries, whose answers the cubes are."""
    router = APIRouter(include_in_schema=False)

    def see(request: Request, name: str, dimensions: tuple[str, ...] = ()) -> Response:
        """303 to the table that a cube is made of, narrowed as far as it can be: a graph, or for people a page."""
        visit = shared.visit(request, vary="Accept")
        try:
            table, given = cube.located(name, dimensions)
        except NoSuchTable as error:
            raise Problem(404, "There is no such thing.") from error
        if table not in queries:
            raise Problem(404, "There is no such thing.")
        offers = {kind: suffix for suffix, kind in GRAPH_TYPES.items()}
        chosen = choose(request.headers.get("accept"), [*offers, HTML])
        if chosen is None:
            raise Problem(406, f"There are: {', '.join([*offers, HTML])}.")
        suffix = "" if chosen == HTML else f".{offers[chosen]}"
        address = f"{visit.address}/q/{table}{suffix}" + (f"?{urlencode(given)}" if given else "")
        return RedirectResponse(address, 303, {**visit.headers, "Vary": "Accept"})

    @router.get("/id/dataset/{name}")
    def dataset(request: Request, name: str) -> Response:
        return see(request, name)

    @router.get("/id/structure/{name}")
    def structure(request: Request, name: str) -> Response:
        return see(request, name)

    @router.get("/id/structure/{name}/{kind}/{column}")
    def component(request: Request, name: str, kind: str, column: str) -> Response:
        return see(request, name)

    @router.get("/id/dimension/{scheme}")
    def dimension(request: Request, scheme: str) -> Response:
        return see(request, f"coverage-by-term-{scheme}")

    @router.get("/id/observation/{name}/{rest:path}")
    def observation(request: Request, name: str, rest: str) -> Response:
        return see(request, name, tuple(rest.split("/")))

    return router
