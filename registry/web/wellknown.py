"""Where programs look first: ``/.well-known/void``, ``/profile`` with its files, ``/robots.txt``."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from registry import vocabulary
from registry.graph.serialise import serialise
from registry.graph.worker import GRAPHS
from registry.search.reader import ResourceQuery
from registry.statistics import reader as figures
from registry.statistics.reader import MatchQuery
from registry.terms import Triple, to_ntriples
from registry.web import identifiers
from registry.web.discovery import PREFIXES
from registry.web.negotiate import choose
from registry.web.pages import Pages
from registry.web.problems import Problem
from registry.web.profile import Part, parts, profile_triples, served
from registry.web.shared import Visit
from registry.web.void import void_triples

HTML = "text/html"
FORMATS = {**identifiers.FORMATS, "rdf": "application/rdf+xml", "trig": "application/trig"}
# The longest rule that fits decides (RFC 9309, section 2.2.2): the endpoint's own description may be read.
ROBOTS = """\
User-agent: *
Allow: /sparql$
Disallow: /sparql
Disallow: /query?
Disallow: /search?
Disallow: /pairs?
Disallow: /api/
Disallow: /q/*.
Disallow: /q/*?
"""


def _wanted(request: Request) -> str:
    """The media type to answer in. Raises Problem: 400 for a format, 406 for a header that nothing satisfies."""
    asked = request.query_params.get("format")
    if asked is not None and asked not in FORMATS:
        raise Problem(400, f"format: one of {', '.join(FORMATS)}")
    chosen = FORMATS[asked] if asked else choose(request.headers.get("accept"), [*GRAPHS, HTML])
    if chosen is None:
        raise Problem(406, f"Only these formats are there: {', '.join([*GRAPHS, HTML])}.")
    return chosen


def _graph(visit: Visit, triples: Sequence[Triple], media_type: str) -> Response:
    body = serialise(to_ntriples(triples), media_type, PREFIXES)
    return Response(body, headers=visit.headers, media_type=media_type)


def _examples(visit: Visit) -> list[str]:
    """IRIs of some things that there are: two resources and a pair."""
    found = [str(item["iri"]) for item in visit.opened.reader.search(ResourceQuery(sort="title", limit=2)).items]
    with figures.open_figures(visit.opened.release.figures) as connection:
        rows, _, _ = figures.matches(connection, MatchQuery(limit=1))
    return found + [f"{visit.shared.iris.base}/id/match/{row['id']}" for row in rows]


class Listed:
    """The parts of the profile, read anew when one of their files changed; safe to use from several threads."""

    def __init__(self, root: Path, schemes: Path, base: str) -> None:
        self._root, self._schemes, self._base = root, schemes, base
        self._lock = threading.Lock()
        self._state: object = None
        self._parts: list[Part] = []

    def get(self) -> list[Part]:
        """All parts."""
        folders = [self._root / "ontology", self._root / "shapes", self._schemes]
        with self._lock:
            state = [(file, file.stat().st_mtime_ns) for file in vocabulary.turtle_files(folders)]
            if state != self._state:
                self._parts, self._state = parts(self._root, self._schemes, self._base), state
            return self._parts


def create_router(pages: Pages, root: Path) -> APIRouter:
    """The routes. ``root`` is the folder of ``ontology/``, ``shapes/`` and ``docs/``."""
    router = APIRouter(include_in_schema=False)
    shared = pages.shared
    base = shared.iris.base
    listed = Listed(root, shared.settings.schemes_folder, base)

    @router.get("/.well-known/void")
    def void(request: Request) -> Response:
        visit, media_type = shared.visit(request, vary="Accept"), _wanted(request)
        if media_type == HTML:
            return RedirectResponse(f"{visit.address}/api", 303, visit.headers)
        formats = identifiers.FORMATS.values()
        triples = void_triples(visit.address, shared.iris, visit.opened.release, formats, _examples(visit))
        return _graph(visit, triples, media_type)

    @router.get("/profile")
    def profile(request: Request) -> Response:
        visit, media_type = shared.visit(request, vary="Accept"), _wanted(request)
        if media_type == HTML:
            language = f"?lang={visit.voice.language}" if request.query_params.get("lang") else ""
            return RedirectResponse(f"{visit.address}/profile/about{language}", 303, visit.headers)
        triples = profile_triples(visit.address, shared.iris, visit.opened.release, listed.get())
        return _graph(visit, triples, media_type)

    @router.get("/profile/about")
    def about(request: Request) -> Response:
        visit = shared.visit(request, vary="Accept-Language")
        return pages.render(request, "profile.html", visit=visit, parts=listed.get())

    @router.get("/profile/{path:path}")
    def file(request: Request, path: str) -> Response:
        found = {part.path: part for part in listed.get() if part.file is not None}.get(f"/profile/{path}")
        if found is None:
            raise Problem(404, f"There is no such part of the profile; /profile lists them: {path[:100]!r}.")
        visit = shared.visit(request)
        return Response(served(found, base), headers=visit.headers, media_type=found.media_type)

    @router.get("/robots.txt")
    def robots() -> Response:
        return PlainTextResponse(ROBOTS)

    return router
