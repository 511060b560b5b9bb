"""The IRIs of things under ``/id`` and ``/def``: a page for people, RDF for programs, by content negotiation.

The queries run in the query workers; only names of safe characters are put into them.
"""

from __future__ import annotations

import re
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from registry.graph.pool import QueryFailed
from registry.statistics import reader as figures
from registry.statistics.work_reader import Former
from registry.terms import Described, by_subject
from registry.web import family
from registry.web.negotiate import choose
from registry.web.problems import Problem
from registry.web.shared import Shared, Visit
from registry.web.views import page_path

HTML = "text/html"
FORMATS = {"ttl": "text/turtle", "jsonld": "application/ld+json", "nt": "application/n-triples"}
_OFFERED = (HTML, *FORMATS.values())
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:-]*")


def _wanted(request: Request) -> str:
    asked = request.query_params.get("format")
    if asked is not None:
        if asked not in FORMATS:
            raise Problem(400, f"format: one of {', '.join(FORMATS)}")
        return FORMATS[asked]
    chosen = choose(request.headers.get("accept"), _OFFERED)
    if chosen is None:
        raise Problem(406, f"Only these formats are there: {', '.join(_OFFERED)}.")
    return chosen


def _query(name: str, **names: str) -> str:
    text = files("registry.web.queries").joinpath(name + ".rq").read_text("utf-8")
    for placeholder, iri in names.items():
        text = text.replace(f"${placeholder}$", iri)
    return text


async def fetch(shared: Shared, query: str, media_type: str) -> bytes:
    """Ask the query workers. Raises Problem 503 when they are not there or do not answer."""
    if shared.pool is None:
        raise Problem(503, "This server answers no queries.")
    try:
        answer: bytes = await shared.pool.fetch(query, media_type)
    except QueryFailed as error:
        raise Problem(503, str(error)) from error
    return answer


async def described(shared: Shared, iri: str) -> Described:
    """What the graph says of a thing, for a page about it. Raises Problem 404 where it says nothing."""
    found = by_subject((await fetch(shared, _query("thing", iri=iri), FORMATS["nt"])).decode("utf-8"))
    if iri not in found:
        raise Problem(404, "There is no such term.")
    return found


async def _data(visit: Visit, query: str, media_type: str) -> Response:
    """RDF, or Problem 404 when nothing is said (an empty graph has no triples in N-Triples either)."""
    probe = await fetch(visit.shared, query, FORMATS["nt"])
    if not probe.strip():
        raise Problem(404, "There is no such thing.")
    body = probe if media_type == FORMATS["nt"] else await fetch(visit.shared, query, media_type)
    return Response(body, headers=visit.headers, media_type=media_type)


def check_names(*parts: str) -> None:
    """Raise Problem 404 unless all parts of a path may stand in an IRI of ours."""
    if not all(_SAFE.fullmatch(part) for part in parts):
        raise Problem(404, "There is no such thing.")


def _see(visit: Visit, path: str) -> Response:
    """303 to the page about a thing (a thing is not its page)."""
    language = visit.request.query_params.get("lang")
    address = visit.address + path + (f"?lang={visit.voice.language}" if language else "")
    return RedirectResponse(address, 303, {**visit.headers, "Vary": "Accept"})


def create_router(shared: Shared) -> APIRouter:
    """The routes under ``/id`` and ``/def``."""
    router = APIRouter(include_in_schema=False)

    async def entry(request: Request, feed: str, key: str) -> Response:
        """A record or its resource: 410 with the tombstone when it was withdrawn."""
        visit = shared.visit(request, vary="Accept")
        check_names(feed, key)
        item = visit.opened.reader.get(f"{feed}/{key}")
        if item is None:
            raise Problem(404, f"There is no resource '{feed}/{key}'.")
        if "deleted" in item:
            raise Problem(410, "Its academy no longer lists it.", tombstone=item)
        media_type = _wanted(request)
        if media_type == HTML:
            return _see(visit, page_path(item["id"]))
        return await _data(visit, _query("entry", record=item["record"], iri=item["iri"]), media_type)

    router.get("/id/resource/{feed}/{key}")(entry)
    router.get("/id/record/{feed}/{key}")(entry)

    async def thing(request: Request, path: str, page: str) -> Response:
        visit = shared.visit(request, vary="Accept")
        check_names(*path.split("/"))
        media_type = _wanted(request)
        if media_type == HTML:
            return _see(visit, page)
        return await _data(visit, _query("thing", iri=f"{shared.iris.base}/id/{path}"), media_type)

    @router.get("/id/match/{identifier}")
    async def match(request: Request, identifier: str) -> Response:
        return await thing(request, f"match/{identifier}", f"/compare/{identifier}")

    @router.get("/id/work/{identifier}")
    async def work(request: Request, identifier: str) -> Response:
        """A work: 308 to what took it in, 410 when too little of it is left."""
        visit = shared.visit(request, vary="Accept")
        check_names(identifier)
        media_type = _wanted(request)
        with figures.open_figures(visit.opened.release.figures) as connection:
            found = family.find(connection, visit, identifier)
        if isinstance(found, Former):
            query = f"?{request.url.query}" if request.url.query else ""
            address = f"{visit.address}/id/work/{found.successor}{query}"
            return RedirectResponse(address, 308, visit.headers)
        if media_type == HTML:
            return _see(visit, f"/work/{identifier}")
        return await _data(visit, _query("work", iri=str(shared.iris.work(identifier))), media_type)

    @router.get("/id/{kind}/{academy}")
    async def academy(request: Request, kind: str, academy: str) -> Response:
        if kind == "scheme":
            return await thing(request, f"scheme/{academy}", f"/term/{academy}")
        if kind in ("catalog", "agent"):
            return await thing(request, f"{kind}/{academy}", f"/academy/{academy}")
        raise Problem(404, "There is no such thing.")

    @router.get("/id/collection/{name}/{part}")
    async def collection(request: Request, name: str, part: str) -> Response:
        return await thing(request, f"collection/{name}/{part}", "/about")

    @router.get("/id/concept/{scheme}/{notation}")
    async def concept(request: Request, scheme: str, notation: str) -> Response:
        return await thing(request, f"concept/{scheme}/{notation}", f"/term/{scheme}/{notation}")

    @router.get("/def")
    async def ontology(request: Request) -> Response:
        visit = shared.visit(request, vary="Accept")
        media_type = _wanted(request)
        if media_type == HTML:
            return _see(visit, "/about")
        return await _data(visit, _query("graph", iri=str(shared.iris.graph("ontology"))), media_type)

    return router
