"""The JSON API to the vocabularies: lists of subjects, the concepts of every scheme as a tree, what is covered."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from registry import vocabulary
from registry.messages import LANGUAGES
from registry.search.reader import ResourceQuery
from registry.statistics import axes as figures
from registry.statistics.reader import open_figures
from registry.vocabulary import Scheme
from registry.web import answers
from registry.web.coverage import coverage_of, described
from registry.web.openapi import answered
from registry.web.parameters import no_parameters
from registry.web.problems import Problem
from registry.web.releases import Open
from registry.web.shared import Shared, Visit

FILTERS = {
    "subject": "about", "level": "level", "audience": "audience", "type": "type", "licence": "licence",
    "access": "access", "mode": "modality",
}  # fmt: skip
"""Which filter of resources takes the concepts of a scheme, by the scheme's role."""
MOST = 100_000
_Part = Annotated[str, PathParameter(max_length=100)]
_NONE = [Depends(no_parameters)]


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


class Vocabulary:
    """The schemes as their files have them, and how many resources of the release have each concept; both are kept
    until they change."""

    def __init__(self, shared: Shared) -> None:
        self._folders: tuple[Path, ...] = (
            Path(__file__).resolve().parents[2] / "ontology", shared.settings.schemes_folder,
        )  # fmt: skip
        self._base = shared.iris.base
        self._lock = threading.Lock()
        self._files: object = None
        self._schemes: Mapping[str, Scheme] = {}
        self._labels: Mapping[str, Mapping[str, str]] = {}
        self._counted: tuple[str, Mapping[str, Mapping[str, int]]] = ("", {})

    def read(self) -> tuple[Mapping[str, Scheme], Mapping[str, Mapping[str, str]]]:
        """({name: scheme}, {concept IRI: {language: label}})."""
        stats = [(file, file.stat()) for file in vocabulary.turtle_files(self._folders)]
        state = tuple((file, stat.st_mtime_ns, stat.st_size) for file, stat in stats)
        with self._lock:
            if self._files != state:
                self._schemes, self._labels = vocabulary.schemes_and_labels(self._folders, self._base)
                self._files = state
            return self._schemes, self._labels

    def counts(self, opened: Open) -> Mapping[str, Mapping[str, int]]:
        """{filter: {concept IRI: resources}}; what has a narrower concept counts."""
        with self._lock:
            number, found = self._counted
            if number != opened.number:
                facets = tuple(dict.fromkeys(FILTERS.values()))
                page = opened.reader.search(ResourceQuery(limit=1), facets=facets, facet_size=MOST)
                found = {name: dict(values) for name, values in page.facets.items()}
                self._counted = (opened.number, found)
            return found


def create_router(shared: Shared) -> APIRouter:
    """The routes, below ``/api``."""
    router = APIRouter(tags=["terms"])
    terms = Vocabulary(shared)

    @router.get("/schemes", responses=answered(answers.SchemeList), dependencies=_NONE)
    def schemes(request: Request) -> Response:
        """The lists of subjects by which entries are found and counted, also those that were added."""
        visit = shared.visit(request)
        found = [described(one, visit) for one in visit.opened.once(("axes",), lambda: _axes(visit.opened))]
        return visit.listing(found, len(found), None)

    @router.get("/schemes/{scheme}/concepts", responses=answered(answers.TermList, 404), dependencies=_NONE)
    def concepts(request: Request, scheme: _Part) -> Response:
        """The terms of a list or another vocabulary (level, audience …) as a tree, each with its labels and how many
        entries have it or one below it."""
        visit = shared.visit(request, cached=False)
        found = list(_tree(visit, terms, scheme).values())
        return visit.listing(found, len(found), None)

    @router.get("/schemes/{scheme}/concepts/{notation}", responses=answered(answers.Term, 404), dependencies=_NONE)
    def concept(request: Request, scheme: _Part, notation: _Part) -> Response:
        """One term, with what is broader and narrower."""
        visit = shared.visit(request, cached=False)
        found = _tree(visit, terms, scheme).get(notation)
        if found is None:
            raise Problem(404, f"{scheme} has no term {notation!r}.")
        return visit.json(found)

    @router.get("/coverage", responses=answered(answers.Coverage, 404))
    def coverage(request: Request, parameters: Annotated[CoverageParameters, Query()]) -> Response:
        """How many entries, of how many academies, each step of a list has; what was not found, what is not known."""
        visit = shared.visit(request)
        asked = ("coverage", parameters.scheme, parameters.academy)
        told = visit.opened.once(asked, lambda: coverage_of(visit, parameters.scheme, parameters.academy))
        return visit.json({**told, "total": len(told["items"]), "next": None})

    return router


def _axes(opened: Open) -> list[dict[str, Any]]:
    with open_figures(opened.release.figures) as connection:
        return figures.axes(connection)


def _tree(visit: Visit, terms: Vocabulary, name: str) -> dict[str, dict[str, Any]]:
    """{notation: term} of a scheme, parents before their children. Raises Problem (404)."""
    schemes, labels = terms.read()
    scheme = schemes.get(name)
    if scheme is None:
        raise Problem(404, f"There is no vocabulary {name!r}; there are: {', '.join(sorted(schemes))}.")
    filter_ = FILTERS.get(scheme.role)
    counted = terms.counts(visit.opened).get(filter_, {}) if filter_ else None
    narrower: dict[str, list[str]] = {notation: [] for notation in scheme.broader}
    for notation, broader in scheme.broader.items():
        for one in broader:
            narrower[one].append(notation)
    start = f"{visit.address}/api/schemes/{name}/concepts"
    found = {}
    for notation, broader in scheme.broader.items():
        iri = str(visit.shared.iris.concept(name, notation))
        label = labels.get(iri, {})
        found[notation] = {
            "id": iri, "notation": notation, "broader": list(broader), "narrower": narrower[notation],
            "prefLabel": {tag: label[tag] for tag in _order(label)}, "depth": len(scheme.above(notation)),
            "resources": None if counted is None else counted.get(iri, 0),
            "concept": f"{start}/{notation}",
            "list": f"{visit.address}/api/resources?{filter_}={name}/{notation}" if filter_ else None,
        }  # fmt: skip
    return found


def _order(label: Mapping[str, str]) -> Sequence[str]:
    return [tag for tag in LANGUAGES if tag in label] + sorted(set(label) - set(LANGUAGES))
