"""What is covered and what is not, by any list of subjects: the page, and what the API shares with it.

"None found" is kept apart from "not known": an entry without a term of a list says nothing on that axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from registry.statistics import axes as figures
from registry.statistics.reader import academies, open_figures
from registry.web.pages import Pages
from registry.web.problems import Problem
from registry.web.shared import Visit


def described(axis: Mapping[str, Any], visit: Visit) -> dict[str, Any]:
    """An axis as the API tells it."""
    return {
        **axis,
        "not_known": axis["resources"] - axis["known"],
        "iri": str(visit.shared.iris.scheme(axis["id"])),
        "coverage": f"{visit.address}/api/coverage?scheme={axis['id']}",
    }


def coverage_of(visit: Visit, scheme: str, academy: str) -> dict[str, Any]:
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
        told = coverage_of(visit, asked.get("scheme", "")[:40], academy)
        with open_figures(visit.opened.release.figures) as connection:
            listed = academies(connection)
            context: dict[str, Any] = {
                "told": told, "axes": figures.axes(connection), "chosen": academy, "academies": listed,
                "here": next((one for one in listed if one["id"] == academy), None),
            }  # fmt: skip
        return pages.render(request, "coverage.html", visit=visit, **context)

    return router
