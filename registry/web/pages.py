"""The pages for people: server-rendered, in English, French and Spanish, without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from registry.report import html
from registry.search.filters import ANY
from registry.search.index import FACETS
from registry.search.reader import BadCursor as BadSearchCursor
from registry.search.reader import ResourceQuery
from registry.statistics import axes
from registry.statistics import reader as figures
from registry.statistics.reader import BadCursor, MatchQuery
from registry.statistics.work_reader import WorkQuery
from registry.web import explain, family, identifiers, report, show, views
from registry.web.entries import entry, published
from registry.web.links import Links
from registry.web.problems import Problem
from registry.web.shared import Shared, Visit

SHOWN_FACETS = ("language", "type", "level", "academy", "about", "licence", "open", "free", "audience", "modality",
                "access")  # fmt: skip
PAGE = 20
FAMILIES = 5
FACET_SIZE = 12
NAMES = {"en": "English", "fr": "Français", "es": "Español"}
PROGRAM_PATHS = ("/api", "/sparql", "/openapi.json", "/health")


def wants_page(request: Request) -> bool:
    """Whether an error should be told as a page: asked by a browser, and not under a program's address."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    if any(path == start or path.startswith(start + "/") for start in PROGRAM_PATHS) and path != "/api":
        return False
    return "text/html" in request.headers.get("accept", "")


def _environment() -> Environment:
    folder = str(files("registry.web").joinpath("templates"))
    loader = ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(html.FOLDER)])
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    environment.globals |= html.names() | {"standing": True, "explain": explain}
    environment.filters["web"] = show.web
    return environment


class Pages:
    """Renders templates for one deployment."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._environment = _environment()

    def render(
        self, request: Request, template: str, *, visit: Visit | None, status: int = 200, **context: Any
    ) -> Response:
        """A page. Without a visit (an error) it names no edition and is not kept."""
        voice = visit.voice if visit else self.shared.voice(request)
        manifest = visit.opened.release.manifest if visit else None
        html = self._environment.get_template(template).render(
            t=voice, link=Links(request), languages=NAMES, manifest=manifest, **context
        )
        headers = {**visit.headers} if visit else {"Cache-Control": "no-store"}
        headers["Vary"] = "Accept-Language" if not visit else visit.vary
        return HTMLResponse(html, status, headers)

    def error(self, request: Request, status: int, detail: str, more: Mapping[str, Any]) -> Response:
        """An error as a page."""
        voice = self.shared.voice(request)
        texts = self.shared.words.pages
        title = voice(f"error.{status}" if f"error.{status}" in texts else "error.400")
        told = detail
        if "work" in more:
            names = [voice.best(one["name"]) for one in more["work"]["members"] if one["name"]]
            title = voice("work.gone")
            told = voice("work.gone.help", members=", ".join(names) or voice("work.gone.none"))
        elif status == 410:
            told = voice("error.410.help", time=voice.date(more["tombstone"]["deleted"]))
        elif f"error.{status}.help" in texts:
            told = voice(f"error.{status}.help", **more)
        return self.render(request, "error.html", visit=None, status=status, title=title, told=told)


def create_router(pages: Pages, app: FastAPI) -> APIRouter:
    """The routes of the pages."""
    router = APIRouter(include_in_schema=False)
    router.include_router(report.create_router(pages))
    shared = pages.shared

    def visit(request: Request, *, cached: bool = True) -> Visit:
        return shared.visit(request, cached=cached, vary="Accept-Language")

    @router.get("/")
    def home(request: Request) -> Response:
        here = visit(request)
        with figures.open_figures(here.opened.release.figures) as connection:
            found, _, _ = figures.matches(connection, MatchQuery(within=False, limit=5))
            context: dict[str, Any] = {
                "totals": figures.totals(connection),
                "matrix": _matrix(connection, here, None),
                "pairs": views.matches(connection, here, found, (here.voice.language,)),
                "academies": views.academy_names(connection),
            }
        return pages.render(request, "home.html", visit=here, **context)

    @router.get("/search")
    def search(request: Request) -> Response:
        here = visit(request)
        parameters = request.query_params
        chosen = [(name, value[:300]) for name, value in parameters.multi_items() if name in (*FACETS, "feed")][:40]
        filters: dict[str, tuple[str, ...]] = {}
        for name, value in chosen:
            filters[name] = (*filters.get(name, ()), value)
        sort = parameters.get("sort")
        query = ResourceQuery(
            parameters.get("q", "")[:300], filters, limit=PAGE, cursor=parameters.get("cursor"),
            sort=sort if sort in ("relevance", "title", "modified", "added") else None,  # type: ignore[arg-type]
        )  # fmt: skip
        with figures.open_figures(here.opened.release.figures) as connection:
            if parameters.get("has_match") == "true":
                query = replace(query, paired=(ANY,))
            try:
                page = here.opened.reader.search(query, facets=SHOWN_FACETS, facet_size=FACET_SIZE)
            except BadSearchCursor as wrong:
                raise Problem(400, f"cursor: {wrong}") from wrong
            known = views.academy_names(connection)
            concepts = {v for values in page.facets.values() for v, _ in values} | {v for _, v in chosen}
            labels = {**figures.labels(connection, concepts), **axes.labels(connection, concepts)}
            schemes = axes.axes(connection)
            items = views.resources(connection, here, page.items)

        def shown(facet: str, value: str) -> str:
            if facet == "academy":
                return here.voice.best(known[value]["name"]) if value in known else value
            if facet == "language":
                return here.voice.language_name(value)
            if facet in ("free", "open"):
                return here.voice(f"{facet}.{value}") if value in ("true", "false") else value
            return here.voice.concept(value, labels)

        context: dict[str, Any] = {
            "query": query, "page": page, "items": items, "academies": known, "chosen": chosen, "name": shown,
            "paired": bool(query.paired),
            "facet_groups": show.filters(page.facets, SHOWN_FACETS, schemes, here.voice),
        }  # fmt: skip
        return pages.render(request, "search.html", visit=here, **context)

    @router.get("/resource/{feed}/{key}")
    def resource(request: Request, feed: str, key: str) -> Response:
        here = visit(request)
        item = entry(here, feed, key)
        with figures.open_figures(here.opened.release.figures) as connection:
            academy = _academy_of(connection, item)
            found, total, _ = figures.matches(connection, MatchQuery(resource=item["iri"], limit=50))
            pairs = views.matches(connection, here, found, (here.voice.language,))
            known = views.academy_names(connection)
            work = family.of_resource(connection, here, item["iri"])
            entries = figures.entries(connection, views.pointed_to(item), item["academy"])
        named = {entry["iri"] for entry in entries.values()}  # parts and wholes stand among the facts already
        context: dict[str, Any] = {
            "item": item, "academy": academy, "academies": known, "total": total, "work": work,
            "rows": show.rows(item, academy, here.voice, Links(request), entries),
            "elsewhere": [_seen_from(pair, item["iri"]) for pair in pairs if not pair["within"]],
            "within": [
                pair for pair in (_seen_from(pair, item["iri"]) for pair in pairs if pair["within"])
                if pair["relation"] != "part" or pair["other"]["iri"] not in named
            ],
        }  # fmt: skip
        return pages.render(request, "resource.html", visit=here, **context)

    @router.get("/compare/{identifier}")
    def compare(request: Request, identifier: str) -> Response:
        here = visit(request)
        with figures.open_figures(here.opened.release.figures) as connection:
            found = figures.match(connection, identifier)
            if found is None:
                raise Problem(404, "There is no such pair.")
            pair = views.matches(connection, here, [found], (here.voice.language,))[0]
            known = views.academy_names(connection)
        items = [published(here, pair[side]["id"]) for side in ("left", "right")]
        links = Links(request)
        left, right = (
            show.rows(item, known.get(item["academy"], _unknown(item)), here.voice, links) for item in items
        )
        context: dict[str, Any] = {
            "pair": pair,
            "items": items,
            "academies": known,
            "fields": show.compared(left, right),
        }
        return pages.render(request, "compare.html", visit=here, **context)

    @router.get("/academies")
    def academies(request: Request) -> Response:
        here = visit(request)
        with figures.open_figures(here.opened.release.figures) as connection:
            context: dict[str, Any] = {
                "academies": figures.academies(connection),
                "totals": figures.totals(connection),
                "missing": figures.known(connection),
            }
        return pages.render(request, "academies.html", visit=here, **context)

    @router.get("/academy/{identifier}")
    def academy(request: Request, identifier: str) -> Response:
        here = visit(request, cached=False)
        with figures.open_figures(here.opened.release.figures) as connection:
            found = _academy(connection, identifier)
            cells = [cell for cell in views.cells(connection) if identifier in (cell["left"], cell["right"])]
            known = views.academy_names(connection)
        query = ResourceQuery(filters={"academy": (identifier,)}, limit=10, sort="title")
        page = here.opened.reader.search(query)
        groups = views.issue_groups(here, [feed["id"] for feed in found["feeds"]])
        others = (_other(cell, identifier) for cell in cells if cell["pairs"] and not cell["within"])
        alike = sorted(others, key=lambda pair: -pair[1])
        context: dict[str, Any] = {
            "academy": found,
            "academies": known,
            "page": page,
            "groups": groups,
            "alike": alike,
        }
        return pages.render(request, "academy.html", visit=here, **context)

    @router.get("/academy/{identifier}/to-mend")
    def mend(request: Request, identifier: str) -> Response:
        here = visit(request, cached=False)
        with figures.open_figures(here.opened.release.figures) as connection:
            found = _academy(connection, identifier)
        after = request.query_params.get("cursor", "0")
        if not (after.isascii() and after.isdigit() and len(after) < 18):
            raise Problem(400, "cursor: this cursor cannot be read")
        code = request.query_params.get("code")
        feeds = [feed["id"] for feed in found["feeds"]]
        listed, total, more = views.issues(here, feeds, limit=100, after=int(after), code=code)
        context: dict[str, Any] = {"academy": found, "issues": listed, "total": total, "more": more, "code": code}
        return pages.render(request, "mend.html", visit=here, **context)

    @router.get("/overlap")
    def overlap(request: Request) -> Response:
        here = visit(request)
        relation = request.query_params.get("relation")
        if relation not in shared.words.relations or relation == "different":
            relation = None
        with figures.open_figures(here.opened.release.figures) as connection:
            context: dict[str, Any] = {
                "totals": figures.totals(connection),
                "matrix": _matrix(connection, here, relation),
                "academies": views.academy_names(connection),
                "works": [] if relation else family.cards(connection, here, WorkQuery(limit=FAMILIES))[0],
                "relation": relation,
                "relations": [name for name in shared.words.relations if name != "different"],
            }
        return pages.render(request, "overlap.html", visit=here, **context)

    @router.get("/pairs")
    def pairs(request: Request) -> Response:
        here = visit(request)
        parameters = request.query_params
        chosen = tuple(value for value in parameters.getlist("academy") if value)[:2]
        relation = parameters.get("relation")
        relations = (relation,) if relation and relation in shared.words.relations else ()
        query = MatchQuery(chosen, relations, limit=PAGE, cursor=parameters.get("cursor"))
        with figures.open_figures(here.opened.release.figures) as connection:
            known = views.academy_names(connection)
            unknown = [name for name in chosen if name not in known]
            if unknown:
                raise Problem(404, f"There is no academy {unknown[0]!r}.")
            try:
                found, total, cursor = figures.matches(connection, query)
            except BadCursor as wrong:
                raise Problem(400, f"cursor: {wrong}") from wrong
            listed = views.matches(connection, here, found, (here.voice.language,))
        context: dict[str, Any] = {
            "pairs": listed, "total": total, "cursor": cursor, "chosen": chosen, "academies": known,
            "relation": relations[0] if relations else None, "relations": list(shared.words.relations),
        }  # fmt: skip
        return pages.render(request, "pairs.html", visit=here, **context)

    @router.get("/about")
    def about(request: Request) -> Response:
        here = visit(request)
        with figures.open_figures(here.opened.release.figures) as connection:
            totals = figures.totals(connection)
        return pages.render(request, "about.html", visit=here, relations=list(shared.words.relations), totals=totals)

    @router.get("/api")
    def data(request: Request) -> Response:
        here = visit(request)
        routes = [
            (path, operation["get"].get("description", ""))
            for path, operation in sorted(app.openapi()["paths"].items())
            if "get" in operation and path.startswith("/api")
        ]
        return pages.render(request, "data.html", visit=here, routes=routes)

    async def term(request: Request, path: str, kind: str) -> Response:
        here = visit(request)
        identifiers.check_names(*path.split("/"))
        iri = f"{shared.iris.base}/id/{kind}/{path}"
        values = (await identifiers.described(shared, iri))[iri]
        return pages.render(request, "term.html", visit=here, iri=iri, **_term(values, here))

    @router.get("/term/{scheme}")
    async def scheme(request: Request, scheme: str) -> Response:
        return await term(request, scheme, "scheme")

    @router.get("/term/{scheme}/{notation}")
    async def concept(request: Request, scheme: str, notation: str) -> Response:
        return await term(request, f"{scheme}/{notation}", "concept")

    return router


def _academy(connection: Any, identifier: str) -> dict[str, Any]:
    found = figures.academy(connection, identifier)
    if found is None:
        raise Problem(404, f"There is no academy {identifier!r}.")
    return found


def _unknown(item: Mapping[str, Any]) -> dict[str, Any]:
    """An academy that is no longer described: its id stands for its name."""
    return {"id": item["academy"], "name": {"und": item["academy"]}, "contact": None, "homepage": ""}


def _academy_of(connection: Any, item: Mapping[str, Any]) -> dict[str, Any]:
    return figures.academy(connection, item["academy"]) or _unknown(item)


def _seen_from(pair: Mapping[str, Any], iri: str) -> dict[str, Any]:
    return {**pair, "here": iri, "other": pair["right"] if pair["left"]["iri"] == iri else pair["left"]}


def _other(cell: Mapping[str, Any], identifier: str) -> tuple[str, int]:
    return (cell["right"] if cell["left"] == identifier else cell["left"]), cell["pairs"]


def _matrix(connection: Any, visit: Visit, relation: str | None) -> dict[str, Any]:
    """The overlap as a square: academies that have resources, and {(left, right): pairs} both ways round."""
    cells = views.cells(connection)
    pairs: dict[tuple[str, str], int] = {}
    for cell in cells:
        count = cell["relations"].get(relation, {"pairs": 0})["pairs"] if relation else cell["pairs"]
        pairs[cell["left"], cell["right"]] = pairs[cell["right"], cell["left"]] = count
    listed = [row for row in figures.academies(connection) if row["resources"]]
    highest = max((count for (a, b), count in pairs.items() if a != b), default=0)
    shade = {key: 0 if not count else 1 + min(4, count * 4 // max(highest, 1)) for key, count in pairs.items()}
    shown = [cell for cell in cells if pairs[cell["left"], cell["right"]]]
    shown.sort(key=lambda cell: (cell["within"], -pairs[cell["left"], cell["right"]]))
    return {"academies": listed, "pairs": pairs, "shade": shade, "cells": shown,
            "names": {row["id"]: row for row in figures.academies(connection)}}  # fmt: skip


def _term(values: Mapping[str, Sequence[Any]], visit: Visit) -> dict[str, Any]:
    """Title and rows of a term: literals in the reader's language, links where something can be opened."""
    rows, title = [], ""
    for predicate, terms in sorted(values.items()):
        name = predicate.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
        texts = {term.language: term.value for term in terms if getattr(term, "language", "")}
        plain = [term.value for term in terms if hasattr(term, "value") and not term.language]
        links = [str(term) for term in terms if not hasattr(term, "value")]
        if name in ("prefLabel", "title", "name") and texts:
            title = visit.voice.best(texts)
        rows.append((name, [visit.voice.best(texts)] * bool(texts) + plain, links))
    return {"title": title, "rows": rows}
