"""The JSON API: resources, pairs, works, academies, what they have to mend, overlap, the release (docs/api.md)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from registry.messages import LANGUAGES
from registry.search.reader import BadCursor as BadSearchCursor
from registry.search.reader import ResourceQuery
from registry.statistics import reader as figures
from registry.statistics import work_reader
from registry.statistics.reader import BadCursor, MatchQuery
from registry.statistics.work_reader import Former
from registry.web import answers, api_log, api_terms, family, linked, report, views
from registry.web.entries import FeedPart, Part, entry
from registry.web.limits import limited
from registry.web.negotiate import choose
from registry.web.openapi import answered
from registry.web.parameters import (
    AcademyParameters,
    IssueParameters,
    MatchParameters,
    OnePairParameters,
    OneResourceParameters,
    ResourceParameters,
    WorkParameters,
    no_parameters,
    resource_query,
)
from registry.web.problems import Problem
from registry.web.shared import Shared, Visit

_NONE = [Depends(no_parameters)]
_MOVED: dict[int | str, dict[str, Any]] = {308: {"description": "Another work took it in: see `Location`"}}
_FORMS: dict[int | str, dict[str, Any]] = {
    200: {"content": {form: {"schema": {"type": "string"}} for form in ("text/markdown", "text/html", "text/csv")}}
}
_PARTED = "~"


def _resource_iri(visit: Visit, given: str) -> str:
    """The IRI of a resource named by id or IRI; an id that nobody has finds nothing."""
    if not given or "://" in given:
        return given
    item = visit.opened.reader.get(given)
    return item["iri"] if item and "iri" in item else f"urn:none:{given}"


def _walk(shared: Shared, request: Request, parameters: ResourceParameters) -> tuple[Visit, ResourceQuery]:
    """One page's release and question. What fits best is counted by position: such a walk stays in the release in
    which it began, as long as that is kept. Raises Problem."""
    if parameters.relevance and parameters.cursor is not None:
        number, parted, cursor = parameters.cursor.partition(_PARTED)
        opened = shared.releases.numbered(number) if parted else None
        if not parted:
            raise Problem(400, "cursor: this cursor cannot be read")
        if opened is None and shared.releases.current() is not None:
            raise Problem(400, "cursor: the edition that this walk began in is no longer kept; please begin again")
        visit = shared.visit(request, opened=opened)
        parameters = parameters.model_copy(update={"cursor": cursor})
    else:
        visit = shared.visit(request)
    return visit, resource_query(visit, parameters)


def create_router(shared: Shared) -> APIRouter:
    """All routes under ``/api``; one budget of requests for each client."""
    router = APIRouter(prefix="/api", dependencies=[Depends(limited(shared.settings))])
    for part in (_data(shared), api_log.create_router(shared), api_terms.create_router(shared)):
        router.include_router(part)
    return router


def _data(shared: Shared) -> APIRouter:
    router = APIRouter(tags=["data"])

    @router.get("/resources", responses=answered(answers.ResourceList))
    def resources(request: Request, parameters: Annotated[ResourceParameters, Query()]) -> Response:
        """Published courses and materials, filtered, sorted and page by page."""
        keys = parameters.chosen()
        visit, query = _walk(shared, request, parameters)
        try:
            page = visit.opened.reader.search(query)
        except BadSearchCursor as error:
            raise Problem(400, f"cursor: {error}") from error
        cursor = page.cursor
        if cursor is not None and query.order == "relevance":
            cursor = f"{visit.opened.number}{_PARTED}{cursor}"
        with figures.open_figures(visit.opened.release.figures) as connection:
            return visit.listing(views.resources(connection, visit, page.items, keys), page.total, cursor)

    @router.get("/resources/{list}/{key}", responses=answered(answers.ResourceAlone, 404, 410))
    def resource(
        request: Request, feed: FeedPart, key: Part, parameters: Annotated[OneResourceParameters, Query()]
    ) -> Response:
        """One course or material by its id (`list/key`), with what is alike elsewhere; as JSON-LD with
        `Accept: application/ld+json`."""
        keys = parameters.chosen()
        visit = shared.visit(request, vary="Accept")
        wanted = choose(request.headers.get("accept"), ("application/json", linked.MEDIA_TYPE))
        if wanted is None:
            raise Problem(406, f"There are: application/json, {linked.MEDIA_TYPE}.")
        item = entry(visit, feed, key)
        with figures.open_figures(visit.opened.release.figures) as connection:
            if wanted == linked.MEDIA_TYPE:
                shown = views.resources(connection, visit, [item])[0]
                return visit.json(linked.resource(shown, visit.address), linked.MEDIA_TYPE)
            shown = views.resources(connection, visit, [item], [one for one in keys if one != "alike"])[0]
            if not keys or "alike" in keys:
                found, _, _ = figures.matches(connection, MatchQuery(resource=item["iri"], limit=100))
                shown["alike"] = views.matches(connection, visit, found)
            return visit.json(shown)

    @router.get("/context.jsonld", include_in_schema=False, dependencies=_NONE)
    def context(request: Request) -> Response:
        """The context by which a resource in JSON is a graph."""
        headers = {"Cache-Control": "public, max-age=86400"}
        return shared.constant(request, linked.context(), linked.MEDIA_TYPE, headers)

    @router.get("/matches", responses=answered(answers.MatchList))
    def matches(request: Request, parameters: Annotated[MatchParameters, Query()]) -> Response:
        """Pairs of resources that belong together, surest first."""
        visit = shared.visit(request)
        query = MatchQuery(
            tuple(parameters.academy), tuple(parameters.relation), tuple(parameters.status),
            parameters.min_confidence, _resource_iri(visit, parameters.resource), parameters.within,
            parameters.limit, parameters.cursor,
        )  # fmt: skip
        with figures.open_figures(visit.opened.release.figures) as connection:
            try:
                found, total, cursor = figures.matches(connection, query)
            except BadCursor as error:
                raise Problem(400, f"cursor: {error}") from error
            return visit.listing(views.matches(connection, visit, found), total, cursor)

    @router.get("/matches/{id}", responses=answered(answers.Match, 404))
    def match(request: Request, id: str, parameters: Annotated[OnePairParameters, Query()]) -> Response:
        """One pair with all its reasons, what they count, and what academies say themselves; in words of three
        languages, or of one (`language`)."""
        visit = shared.visit(request)
        with figures.open_figures(visit.opened.release.figures) as connection:
            found = figures.match(connection, id)
            if found is None:
                raise Problem(404, f"There is no pair {id!r}.")
            languages = (parameters.language,) if parameters.language else LANGUAGES
            return visit.json(views.matches(connection, visit, [found], languages)[0])

    @router.get("/works", responses=answered(answers.WorkList))
    def works(request: Request, parameters: Annotated[WorkParameters, Query()]) -> Response:
        """Courses in several forms (editions, translations, dates, listed several times), those at most academies
        first."""
        visit = shared.visit(request)
        with figures.open_figures(visit.opened.release.figures) as connection:
            try:
                found, total, cursor = work_reader.works(connection, parameters.query())
            except BadCursor as error:
                raise Problem(400, f"cursor: {error}") from error
            return visit.listing(family.summaries(connection, visit, found), total, cursor)

    @router.get("/works/{id}", responses=_MOVED | answered(answers.WholeWork, 404, 410), dependencies=_NONE)
    def work(request: Request, id: str) -> Response:
        """All forms of one course, what is adapted from it, what is another course on the same ground, and why."""
        visit = shared.visit(request)
        with figures.open_figures(visit.opened.release.figures) as connection:
            found = family.find(connection, visit, id)
            if isinstance(found, Former):
                return RedirectResponse(f"{visit.address}/api/works/{found.successor}", 308, visit.headers)
            return visit.json(family.whole(connection, visit, found))

    @router.get("/academies", responses=answered(answers.AcademyList))
    def academies(request: Request, parameters: Annotated[AcademyParameters, Query()]) -> Response:
        """All academies with their numbers, also those that have published nothing yet; with `known=true` those
        that exist and are not read yet: who is not in it."""
        visit = shared.visit(request)
        with figures.open_figures(visit.opened.release.figures) as connection:
            found = figures.known(connection) if parameters.known else figures.academies(connection)
        return visit.listing(found, len(found), None)

    @router.get("/academies/{id}", responses=answered(answers.WholeAcademy, 404), dependencies=_NONE)
    def academy(request: Request, id: str) -> Response:
        """One academy with its lists (how they are read, last visits, what stays back, permission) and tallies."""
        visit = shared.visit(request)
        return visit.json(_academy(visit, id))

    @router.get("/academies/{id}/issues", responses=_FORMS | answered(answers.IssueList, 404, 406))
    def issues(request: Request, id: str, parameters: Annotated[IssueParameters, Query()]) -> Response:
        """What an academy has to mend: where it stands in its own list, what was found, how to mend it."""
        visit = shared.visit(request, cached=False, vary="Accept, Accept-Language")
        found = _academy(visit, id)
        wanted = report.form(request, parameters.format)
        if wanted != "json":
            return report.answer(visit, found, wanted)
        feeds = [feed["id"] for feed in found["feeds"]]
        if parameters.by == "cause":
            if parameters.cursor:
                raise Problem(400, "cursor: there is only one page of causes")
            groups = views.issue_groups(visit, feeds, parameters.code)
            return visit.listing(groups, len(groups), None)
        cursor = parameters.cursor or "0"
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 18):
            raise Problem(400, "cursor: this cursor cannot be read")
        listed, total, more = views.issues(
            visit, feeds, limit=parameters.limit, after=int(cursor), code=parameters.code
        )
        return visit.listing(listed, total, None if more is None else str(more))

    @router.get("/academies/{id}/quality", responses=answered(dict[str, Any], 404), dependencies=_NONE)
    def quality(request: Request, id: str) -> Response:
        """What was measured of an academy's lists at each visit, where it agreed to show it (JSON-LD, DQV)."""
        visit = shared.visit(request, cached=False)
        return visit.json(report.quality(visit, _academy(visit, id)), linked.MEDIA_TYPE)

    @router.get("/overlap", responses=answered(answers.CellList), dependencies=_NONE)
    def overlap(request: Request) -> Response:
        """How many pairs each two academies have, by relation; `within` marks pairs inside one academy."""
        visit = shared.visit(request)
        with figures.open_figures(visit.opened.release.figures) as connection:
            found = views.cells(connection)
        return visit.listing(found, len(found), None)

    @router.get("/release", responses=answered(answers.Release), dependencies=_NONE)
    def release(request: Request) -> Response:
        """The edition that all answers come from: its number, its time and what is in it."""
        visit = shared.visit(request)
        manifest = visit.opened.release.manifest
        return visit.json({name: manifest.get(name) for name in ("number", "sequence", "time", "counts")})

    return router


def _academy(visit: Visit, identifier: str) -> dict[str, Any]:
    with figures.open_figures(visit.opened.release.figures) as connection:
        found = figures.academy(connection, identifier)
    if found is None:
        raise Problem(404, f"There is no academy {identifier!r}.")
    return found
