"""An academy's report on the web: its page, its other forms, and its score where the academy agreed to show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from registry import vocabulary
from registry.ledger import measurements, runs
from registry.model import Finding
from registry.report import data, html, markdown
from registry.report.build import Suggest, build, each
from registry.report.model import Change, Report
from registry.report.public import public
from registry.report.score import as_dqv, series
from registry.report.suggest import Suggester, general
from registry.statistics import reader as figures
from registry.web.negotiate import choose
from registry.web.problems import Problem
from registry.web.shared import Shared, Visit

FORMS = {
    "json": "application/json", "markdown": "text/markdown", "html": "text/html", "csv": "text/csv",
}  # fmt: skip
SCORE_STAYS = "The score of {id!r} is shown to that academy alone, until it agrees to show it to all."
_State = tuple[tuple[str, int, int], ...]


@lru_cache(maxsize=2)
def _loaded(folders: tuple[Path, ...], base: str, state: _State) -> Suggester:
    return general(folders, base)


def suggester(shared: Shared) -> Suggest:
    """What proposes changes; read anew when a list of terms changed. Each value is looked at once per request."""
    folders = (Path(__file__).resolve().parents[2] / "ontology", shared.settings.schemes_folder)
    found = [(file, file.stat()) for file in vocabulary.turtle_files(folders)]
    state = tuple((str(file), stat.st_mtime_ns, stat.st_size) for file, stat in found)
    known: dict[tuple[str, str, bool, object], Change | None] = {}

    def proposed(finding: Finding) -> Change | None:
        issue = finding.issue
        key = (issue.code, issue.value or issue.place, bool(issue.value), issue.params)
        if key not in known:
            known[key] = _loaded(folders, shared.iris.base, state)(finding)
        return known[key]

    return proposed


def form(request: Request, asked: str | None, offers: Sequence[str] = tuple(FORMS)) -> str:
    """The form that is asked for: ``?format=`` first, then Accept. Raises Problem."""
    if asked is not None:
        return asked
    media = choose(request.headers.get("accept"), [FORMS[name] for name in offers])
    found = next((name for name in offers if FORMS[name] == media), None)
    if found is None:
        raise Problem(406, f"There are: {', '.join(FORMS[name] for name in offers)}.")
    return found


def report(visit: Visit, academy: dict[str, Any]) -> Report:
    """The report on an academy's lists, as the ledger has them now."""
    shared = visit.shared
    with shared.ledger() as ledger, figures.open_figures(visit.opened.release.figures) as connection:
        if ledger is None:
            raise Problem(404, "There are no reports here.")
        feeds = [feed["id"] for feed in academy["feeds"]]
        last = {feed: run for feed in feeds for run in runs.listed(ledger, feed, 1)}
        score = series(measurements.listed(ledger, feeds)) if feeds and academy["show_score"] else ()
        protocols = sorted({feed["protocol"] for feed in academy["feeds"] if feed.get("protocol")})
        found = build(
            ledger, shared.iris, visit.voice.best(academy["name"]), last, shared.words.messages,
            lambda wanted: figures.labels(connection, wanted), suggester(shared), protocols=protocols, score=score,
            feeds=feeds, quoted=public,
        )  # fmt: skip
        return replace(found, score_public=bool(score))


def answer(visit: Visit, academy: dict[str, Any], wanted: str) -> Response:
    """The report in another form than JSON."""
    language, headers = visit.voice.language, dict(visit.headers)
    if wanted == "csv":
        name = f"{academy['id']}-{language}.csv"
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return Response(_csv(visit, academy), headers=headers, media_type="text/csv; charset=utf-8")
    found = report(visit, academy)
    if wanted == "markdown":
        text = markdown.render(found, language, standing=True)
        return Response(text, headers=headers, media_type="text/markdown; charset=utf-8")
    headers["Content-Security-Policy"] = html.policy()
    text = html.render(found, language, standing=True)
    return Response(text, headers=headers, media_type="text/html; charset=utf-8")


def _csv(visit: Visit, academy: dict[str, Any]) -> str:
    shared = visit.shared
    feeds = [feed["id"] for feed in academy["feeds"]]
    with shared.ledger() as ledger:
        causes: Iterator[Any] = iter(())
        if ledger is not None and feeds:
            causes = each(ledger, feeds, shared.words.messages, suggester(shared), public)
        return data.as_csv(causes, visit.voice.language)


def quality(visit: Visit, academy: dict[str, Any]) -> dict[str, Any]:
    """The score as measurements (DQV). Raises Problem where the academy did not agree to show it."""
    if not academy["show_score"]:
        raise Problem(404, SCORE_STAYS.format(id=academy["id"]))
    feeds = [feed["id"] for feed in academy["feeds"]]
    with visit.shared.ledger() as ledger:
        found = measurements.listed(ledger, feeds) if ledger is not None and feeds else []
    catalog = visit.shared.iris.catalog(academy["id"])
    rows = [
        {"run": one.run, "computed_on": f"{catalog}/feed/{one.feed}", "metric": one.metric, "value": one.value,
         "time": one.time}
        for one in found
    ]  # fmt: skip
    return as_dqv(rows, visit.shared.iris)


def create_router(pages: Any) -> APIRouter:
    """The page of the report."""
    router = APIRouter(include_in_schema=False)
    shared: Shared = pages.shared

    @router.get("/academy/{identifier}/report")
    def page(request: Request, identifier: str) -> Response:
        here = shared.visit(request, cached=False, vary="Accept-Language")
        with figures.open_figures(here.opened.release.figures) as connection:
            academy = figures.academy(connection, identifier)
        if academy is None:
            raise Problem(404, f"There is no academy {identifier!r}.")
        found: Response = pages.render(
            request, "report.html", visit=here, academy=academy, report=report(here, academy),
            language=here.voice.language, forms=[name for name in FORMS if name != "json"],
        )  # fmt: skip
        return found

    return router
