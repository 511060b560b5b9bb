"""The pages on courses in several forms: the list of them, and one with all its forms and what is beside it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from registry.statistics import reader as figures
from registry.statistics.reader import BadCursor
from registry.statistics.work_reader import Former, WorkQuery
from registry.web import family, views
from registry.web.pages import PAGE, Pages
from registry.web.problems import Problem


def create_router(pages: Pages) -> APIRouter:
    """The routes ``/works`` and ``/work/{id}``."""
    router = APIRouter(include_in_schema=False)
    shared = pages.shared

    @router.get("/works")
    def works(request: Request) -> Response:
        here = shared.visit(request, vary="Accept-Language")
        chosen = tuple(value for value in request.query_params.getlist("academy") if value)[:2]
        query = WorkQuery(chosen, limit=PAGE, cursor=request.query_params.get("cursor"))
        with figures.open_figures(here.opened.release.figures) as connection:
            try:
                found, total, cursor = family.cards(connection, here, query)
            except BadCursor as wrong:
                raise Problem(400, f"cursor: {wrong}") from wrong
            known = views.academy_names(connection)
        context: dict[str, Any] = {
            "works": found, "total": total, "cursor": cursor, "academies": known, "chosen": chosen,
        }  # fmt: skip
        return pages.render(request, "works.html", visit=here, **context)

    @router.get("/work/{identifier}")
    def work(request: Request, identifier: str) -> Response:
        here = shared.visit(request, vary="Accept-Language")
        with figures.open_figures(here.opened.release.figures) as connection:
            found = family.find(connection, here, identifier)
            if isinstance(found, Former) or found["parent"]:
                there = found.successor if isinstance(found, Former) else found["parent"]
                # What is listed several times is shown within its work; that may become another one.
                status = 308 if isinstance(found, Former) else 303
                asked = f"?lang={here.voice.language}" if "lang" in request.query_params else ""
                return RedirectResponse(f"{here.address}/work/{there}{asked}", status, here.headers)
            told = family.whole(connection, here, found)
            known = views.academy_names(connection)
        roles = {role: [form for form in told["forms"] if form["role"] == role] for role in family.ROLES}
        beside = sum(told["beside"].values()) - sum(len(told[name]) for name in family.LISTS)
        context: dict[str, Any] = {
            "work": told, "roles": roles, "academies": known, "pairs": sum(told["relations"].values()),
            "beside_more": max(0, beside),
        }  # fmt: skip
        return pages.render(request, "work.html", visit=here, **context)

    return router
