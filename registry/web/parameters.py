"""The parameters of the lists: named, typed and bounded; an unknown one is refused by name."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from registry.messages import LANGUAGES
from registry.model import MatchStatus, Relation
from registry.search.reader import ResourceQuery, Sort
from registry.statistics import reader as figures
from registry.statistics.work_reader import WorkQuery
from registry.web.problems import Problem
from registry.web.shared import Visit

MAX_LIMIT = 200
Text = Annotated[str, StringConstraints(max_length=300)]
Values = Annotated[list[Text], Field(max_length=20)]
Language = Annotated[str | None, Field(pattern=f"^({'|'.join(LANGUAGES)})$", description="Language of texts")]


def _some(description: str) -> Field:  # type: ignore[valid-type]
    return Field(default_factory=list, description=description)


class Paging(BaseModel):
    """What every list understands."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Entries on a page")
    cursor: Annotated[str, StringConstraints(max_length=8000)] | None = Field(
        None, description="Where to go on; taken from `next`"
    )


class ResourceParameters(Paging):
    """Filters of the list of resources. A repeated filter means any of its values."""

    q: Text = Field("", description='Words to find, in any language; "quoted words" stand side by side')
    academy: Values = _some("Academy id")
    feed: Values = _some("Id of an academy's list")
    language: Values = _some("Language tag: `fr` also finds `fr-CA`")
    type: Values = _some("Kind of resource: notation (`course`), IRI, or schema.org class (`Course`)")
    level: Values = _some("Level: notation (`basic`) or IRI")
    audience: Values = _some("Audience: notation or IRI")
    licence: Values = _some("Licence: SPDX identifier (`CC-BY-4.0`) or IRI")
    about: Values = _some("Subject: `gsbpm/ph-5`, notation or IRI")
    access: Values = _some("Access: notation or IRI")
    modality: Values = _some("Modality: notation or IRI")
    free: bool | None = Field(None, description="Free of charge")
    open: bool | None = Field(None, description="Its licence permits change and sharing for any purpose")
    has_match: bool | None = Field(None, description="Something alike is known, or not, here or elsewhere")
    relation: Annotated[list[Relation], Field(max_length=20)] = _some("Has a pair of this relation")
    sort: Sort | None = Field(None, description="Default: relevance with `q`, else title")

    def filters(self) -> dict[str, tuple[str, ...]]:
        """The filters of the index."""
        names = (
            "academy", "feed", "language", "type", "level", "audience", "licence", "about", "access", "modality",
        )  # fmt: skip
        found = {name: tuple(values) for name in names if (values := getattr(self, name))}
        for name in ("free", "open"):
            if (value := getattr(self, name)) is not None:
                found[name] = (str(value).lower(),)
        return found


class MatchParameters(Paging):
    """Filters of the list of pairs."""

    academy: Annotated[list[Text], Field(max_length=2)] = _some(
        "One academy, or two (repeat it): pairs between them; the same twice: pairs within it"
    )
    relation: Annotated[list[Relation], Field(max_length=20)] = _some("Relation of the pair")
    status: Annotated[list[MatchStatus], Field(max_length=4)] = _some("Default: all but `rejected`")
    min_confidence: float = Field(0.0, ge=0.0, le=1.0, description="Least confidence, 0 to 1")
    resource: Annotated[str, StringConstraints(max_length=2000)] = Field(
        "", description="Id (`feed/key`) or IRI of a resource"
    )
    within: bool | None = Field(None, description="Inside one academy (true) or between two (false)")


class OnePairParameters(BaseModel):
    """In which words one pair is told."""

    model_config = ConfigDict(extra="forbid")

    language: Language = None


class WorkParameters(Paging):
    """Filters of the list of courses in several forms."""

    academy: Annotated[list[Text], Field(max_length=5)] = _some("Academy id; several: a form at each of them")
    language: Values = _some("Language tag of a form (`fr-CA` counts as `fr`); several: any of them")

    def query(self) -> WorkQuery:
        """The question to the figures."""
        languages = tuple(dict.fromkeys(tag.split("-")[0].lower() for tag in self.language))
        return WorkQuery(tuple(self.academy), languages, self.limit, self.cursor)


class AcademyParameters(BaseModel):
    """Which academies are wanted."""

    model_config = ConfigDict(extra="forbid")

    known: bool = Field(False, description="Those that exist and have no list here yet, instead of those that have")


class IssueParameters(Paging):
    """What is wanted of the list of things to mend."""

    by: Annotated[str, Field(pattern="^(entry|cause)$")] = Field(
        "entry", description="`entry`: one item each; `cause`: grouped, with counts and up to five examples"
    )
    code: Text | None = Field(None, description="Only this cause")
    format: Annotated[str | None, Field(pattern="^(json|markdown|html|csv)$")] = Field(
        None, description="The whole report as `markdown` or `html`, all findings as `csv`; else as `Accept` says"
    )
    lang: Language = None


def resource_query(visit: Visit, parameters: ResourceParameters) -> ResourceQuery:
    """The question to the index, with the pairs looked up in the figures."""
    within = without = None
    if parameters.relation or parameters.has_match is not None:
        with figures.open_figures(visit.opened.release.figures) as connection:
            matched = figures.matched_ids(connection, parameters.relation)
        if parameters.has_match is False:
            without = matched
        else:
            within = matched
    return ResourceQuery(
        parameters.q,
        parameters.filters(),
        within,
        without,
        parameters.sort,
        parameters.limit,
        parameters.cursor,
        f"{sorted(parameters.relation)} {parameters.has_match}",
    )


def no_parameters(request: Request) -> None:
    """Refuse parameters where an address has none."""
    if request.query_params:
        names = ", ".join(sorted(set(request.query_params)))
        raise Problem(400, f"This address has no parameters; unknown: {names}.")
