"""What is covered and what is not, by any list of subjects: the figures for programs, and the page.

"None found" is kept apart from "not known": an entry without a term of a list says nothing on that axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from registry.statistics import axes as figures
from registry.statistics.reader import academies, open_figures
from registry.web import examples
from registry.web.pages import Pages
from registry.web.parameters import no_parameters
from registry.web.problems import Problem
from registry.web.shared import Shared, Visit


class CoverageParameters(BaseModel):
    """Which axis is wanted."""

    model_config = ConfigDict(extra="forbid")

    scheme: Annotated[str, StringConstraints(max_length=40)] = Field(
        "",
        description="The list of subjects, by its name of `/api/schemes` (unless said: the one that most sources use)",
    )
    academy: Annotated[str, StringConstraints(max_length=200)] = Field(
        "", description="Seen from this academy: how many of its own (`here`), and its `gap`s"
    )


def create_api(shared: Shared) -> APIRouter:
    """The routes under ``/api``."""
    router = APIRouter(prefix="/api", tags=["data"])
    answers: dict[int | str, dict[str, Any]] = {
        200: {"description": "What was asked for", "content": {"application/json": {}}},
        304: {"description": "Nothing changed since the release named in If-None-Match"},
    }
    for status in (400, 404, 503):
        told = {"application/problem+json": {"example": examples.PROBLEMS[status]}}
        answers[status] = {"description": str(examples.PROBLEMS[status]["title"]), "content": told}

    @router.get("/schemes", responses=answers, dependencies=[Depends(no_parameters)])
    def schemes(request: Request) -> Response:
        """The lists of subjects by which entries are found and counted, also those that were added."""
        visit = shared.visit(request)
        with open_figures(visit.opened.release.figures) as connection:
            found = [_described(one, visit) for one in figures.axes(connection)]
        return visit.listing(found, len(found), None)

    @router.get("/coverage", responses=answers)
    def coverage(request: Request, parameters: Annotated[CoverageParameters, Query()]) -> Response:
        """How many entries, of how many academies, each step of a list has; what was not found, what is not known."""
        visit = shared.visit(request)
        told = _coverage(visit, parameters.scheme, parameters.academy)
        return visit.json({**told, "total": len(told["items"]), "next": None})

    return router


def _described(axis: Mapping[str, Any], visit: Visit) -> dict[str, Any]:
    return {
        **axis,
        "not_known": axis["resources"] - axis["known"],
        "iri": str(visit.shared.iris.scheme(axis["id"])),
        "coverage": f"{visit.address}/api/coverage?scheme={axis['id']}",
    }


def _coverage(visit: Visit, scheme: str, academy: str) -> dict[str, Any]:
    """The figures of one axis. Raises Problem (404) for an axis or academy that is not there."""
    with open_figures(visit.opened.release.figures) as connection:
        axes = figures.axes(connection)
        known = [one["id"] for one in axes]
        scheme = scheme or usual(axes)
        if academy and academy not in {one["id"] for one in academies(connection)}:
            raise Problem(404, f"There is no academy {academy!r}.")
        found = figures.coverage(connection, scheme, academy)
    if found is None:
        raise Problem(404, f"There is no list of subjects {scheme!r}; there are: {', '.join(known)}.")
    return found


def usual(axes: Sequence[Mapping[str, Any]]) -> str:
    """The axis that is shown where none is asked for: the one that most sources use."""
    return max(axes, key=lambda axis: axis["stated"])["id"] if axes else ""


def create_router(pages: Pages) -> APIRouter:
    """The page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/coverage")
    def coverage(request: Request) -> Response:
        visit = pages.shared.visit(request, vary="Accept-Language")
        asked = request.query_params
        academy = asked.get("academy", "")[:200]
        told = _coverage(visit, asked.get("scheme", "")[:40], academy)
        with open_figures(visit.opened.release.figures) as connection:
            listed = academies(connection)
            context: dict[str, Any] = {
                "told": told, "axes": figures.axes(connection), "chosen": academy, "academies": listed,
                "here": next((one for one in listed if one["id"] == academy), None),
            }  # fmt: skip
        return pages.render(request, "coverage.html", visit=visit, **context)

    return router
