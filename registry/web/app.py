"""Makes the web application: JSON API, SPARQL protocol, pages, identifiers, and how errors are told.

The process is asynchronous and evaluates no query itself: lists and pages read the search index and the
figures of the current release, queries go to the query workers.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from registry import __version__, messages, release
from registry.graph import turtle
from registry.iris import Iris
from registry.settings import Settings
from registry.web import (
    api,
    coverage,
    cubes,
    identifiers,
    openapi,
    pages,
    private,
    query_pages,
    signin,
    sparql,
    sparql_routes,
    stored_routes,
    sunset,
    template,
    wellknown,
    wording,
    work_pages,
    writing,
)  # fmt: skip
from registry.web.access import Access
from registry.web.acts import Acts
from registry.web.problems import Problem, parameter_errors, problem
from registry.web.releases import Releases
from registry.web.sending import Writing
from registry.web.shared import NotModified, Shared
from registry.web.stored import load_queries
from registry.web.stored_answers import Answers
from registry.web.stored_routes import StoredQueries
from registry.web.sunset import Leaving
from registry.web.warm import keep_warm

log = logging.getLogger("registry.web")
FOLLOW = 1.0
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class _Registry(FastAPI):
    """The application; requests to ``/sparql`` go past everything else, which would cost more than a small query."""

    at_once: sparql.AtOnce | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.at_once is not None and self.at_once.takes(scope):
            await self.at_once(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class Guard:
    """HEAD as GET without a body, and the headers that every answer carries."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                names = {name.lower() for name, _ in headers}
                headers += [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
                if b"content-security-policy" not in names:
                    headers.append((b"content-security-policy", CSP.encode()))
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"} if head else scope, receive, guarded)


async def _lead(pool: Any, data: Path) -> None:
    """Lead the query workers to the current release; one that cannot be opened is told and tried again."""
    found = await asyncio.to_thread(release.current, data)
    if found is not None and found.number != pool.release:
        try:
            await pool.switch(found.graph, found.number)
        except Exception:
            log.exception("the query workers could not open release %s", found.number)


async def _follow(pool: Any, data: Path) -> None:
    while True:
        await asyncio.sleep(FOLLOW)
        await _lead(pool, data)


def _lifespan(pool: Any, data: Path, warm: Callable[[], Awaitable[None]]) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if pool is None:
            yield
            return
        await pool.start()
        await _lead(pool, data)  # before the first request: who is answered may query
        beside = [asyncio.ensure_future(one) for one in (_follow(pool, data), warm())]
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await pool.stop()

    return lifespan


def _add_errors(app: FastAPI, shown: pages.Pages) -> None:
    """One way to tell errors: problem documents, or pages to those who asked for pages."""

    def told(request: Request, status: int, detail: str, **more: Any) -> Response:
        if pages.wants_page(request):
            return shown.error(request, status, detail, more)
        return problem(status, detail, **more)

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return told(request, error.status, error.detail, **error.more)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        detail, lines = parameter_errors(error.errors())
        return told(request, 400, detail, errors=lines)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail = f"There is nothing at {request.url.path}." if error.status_code == 404 else str(error.detail)
        if error.status_code == 405:
            detail = "Only GET and HEAD are answered here."
        answer = told(request, error.status_code, detail)
        answer.headers.update(error.headers or {})
        return answer

    async def same(request: Request, error: Exception) -> Response:
        assert isinstance(error, NotModified)
        return Response(status_code=304, headers=error.headers)

    async def fault(request: Request, error: Exception) -> Response:
        incident = secrets.token_hex(6)
        log.error("incident %s at %s %s", incident, request.method, request.url.path, exc_info=error)
        return told(request, 500, f"It is our fault; if you tell us, name {incident}.", incident=incident)

    handlers: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
        Problem: known,
        RequestValidationError: invalid,
        HTTPException: http,
        NotModified: same,
        Exception: fault,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def create_app(
    settings: Settings,
    *,
    pool: Any = None,
    ledger_path: Path | None = None,
    messages: Mapping[str, messages.Message] | None = None,
    base: str | None = None,
    questions: Path | None = None,
    acts: Acts | None = None,
) -> FastAPI:
    """The application of one deployment.

    ``pool`` is a QueryPool (None: no queries), ``ledger_path`` the ledger (None: no "to mend" lists),
    ``base`` the base of all IRIs (default: the settings'), ``questions`` the folder of stored queries,
    ``acts`` what people can do here besides reading (None: nothing).
    """
    told = _messages() if messages is None else messages
    asked = questions or _ontology() / "questions"
    iris = Iris((base or settings.base_address).rstrip("/"))
    shared = Shared(settings, Releases(settings.data), wording.load(told), iris, ledger_path, pool, _build(asked))
    shown = pages.Pages(shared)
    stored_queries, answers = load_queries(asked, f"{iris.base}/"), Answers(pool, settings.query_cache)

    def standing() -> release.Release | None:
        return release.current(settings.data)

    editor = query_pages.QueryPages(shown, stored_queries, CSP)
    app = _Registry(
        title="Meta Academy Registry",
        version=__version__,
        summary="Learning resources in official statistics, across academies.",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(pool, settings.data, lambda: keep_warm(answers, stored_queries.values(), standing, iris)),
    )
    _add_errors(app, shown)
    going = sunset.load()
    openapi.describe(app, going)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST"],
        allow_headers=["*"],
        expose_headers=["ETag", "Retry-After", "Deprecation", "Sunset", "Link"],
    )
    app.add_middleware(Leaving, going=going)
    if pool is not None:
        endpoint = sparql.Endpoint(getattr(pool, "public", pool), settings, standing, editor)
        app.include_router(sparql_routes.routes_of(endpoint))
        app.at_once = sparql.AtOnce(endpoint)
    app.add_middleware(Guard)
    app.include_router(api.create_router(shared))
    roles = Writing(Access(shared), acts, settings.upload_max_bytes)
    for made in (writing.create_router(roles), private.create_router(roles), signin.create_router(shown, roles)):
        app.include_router(made)
    app.include_router(cubes.create_router(shared, stored_queries))
    app.include_router(identifiers.create_router(shared))
    app.include_router(pages.create_router(shown, app))
    app.include_router(query_pages.create_router(editor))
    source = "".join(turtle.ntriples(file, f"{iris.base}/") for file in sorted(asked.glob("*.ttl")))
    app.include_router(stored_routes.create_router(StoredQueries(shown, stored_queries, answers, source)))
    workbooks = template.Files((_ontology(), settings.schemes_folder), iris.base)
    app.include_router(template.create_router(shown, workbooks))
    app.include_router(coverage.create_router(shown))
    app.include_router(work_pages.create_router(shown))
    app.include_router(wellknown.create_router(shown, _ontology().parent))
    app.mount("/static", StaticFiles(directory=str(files("registry.web").joinpath("static"))), name="static")

    @app.get("/health", include_in_schema=False)
    def health() -> dict[str, str | None]:
        """Alive, and which release is served; cheap."""
        found = release.current(settings.data)
        return {"status": "ok", "release": found.number if found else None}

    return app


def _build(questions: Path) -> str:
    """Digest of this program's pages, routes and questions: another one gives other answers from the same release."""
    folder = Path(__file__).parent
    state = hashlib.sha256(__version__.encode())
    for file in [*sorted(folder.rglob("*.*")), *sorted(questions.glob("*.ttl"))]:
        if file.suffix in (".py", ".html", ".tsv", ".rq", ".ttl"):
            state.update(file.read_bytes())
    return state.hexdigest()[:12]


def _messages() -> Mapping[str, messages.Message]:
    return messages.load()


def _ontology() -> Path:
    return Path(__file__).resolve().parents[2] / "ontology"
