"""The parameters of the lists: named, typed and bounded; an unknown one is refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from registry.messages import LANGUAGES
from registry.model import Level, MatchStatus, Relation, Voice
from registry.search.filters import ANY, SPANS, moment
from registry.search.licences import spelt
from registry.search.reader import FILTERS, ResourceQuery, Sort
from registry.statistics import reader as figures
from registry.statistics import work_reader
from registry.statistics.work_reader import WorkQuery
from registry.web import views
from registry.web.problems import Problem
from registry.web.shared import Visit

MAX_LIMIT = 200
Text = Annotated[str, StringConstraints(max_length=300)]
MINUTES = 100_000_000
LISTED = 2000
SEQUENCE = 1 << 53
DATE = r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?Z?)?)?)?$"


def _key(name: str) -> str:
    if name not in views.KEYS:
        raise ValueError("no resource has such a key")
    return name


Values = Annotated[list[Text], Field(max_length=20)]
Listed = Annotated[list[Annotated[str, StringConstraints(max_length=LISTED)]], Field(max_length=80)]
Keys = Annotated[list[Annotated[Text, AfterValidator(_key)]], Field(max_length=20)]
Moment = Annotated[str | None, StringConstraints(pattern=DATE)]
Language = Annotated[str | None, Field(pattern=f"^({'|'.join(LANGUAGES)})$", description="Language of texts")]


def _some(description: str, items: dict[str, Any] | None = None) -> Field:  # type: ignore[valid-type]
    told: dict[str, Any] = {} if items is None else {"items": {"type": "string", "maxLength": LISTED, **items}}
    return Field(default_factory=list, description=description, json_schema_extra=told)


def _keys(*more: str) -> dict[str, Any]:
    """How keys of a resource, parted by commas, are written."""
    one = f"({'|'.join((*views.KEYS, *more))})"
    return {"pattern": f"^{one}(,{one})*$"}


def _when(description: str) -> Field:  # type: ignore[valid-type]
    return Field(None, description=f"{description}: year, month, day or time (`2026`, `2026-11-30`)")


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
    work: Text = Field("", description="Id of a work or cluster: its members")
    author: Values = _some("Author: IRI (ORCID, ROR) or the whole name")
    publisher: Values = _some("Publisher or provider: IRI or the whole name")
    contributor: Values = _some("Contributor, translator, instructor or organizer: IRI or the whole name")
    keyword: Values = _some("Keyword, whole")
    teaches: Values = _some("What one learns: IRI, notation, or the whole text")
    requires: Values = _some("What one must know before: IRI, notation, or the whole text")
    status: Values = _some("Status of the material: notation, IRI or text")
    event_status: Values = _some("Status of a session: `EventCancelled`, IRI")
    country: Values = _some("Country of a session: code of the EU's table (`FRA`) as the record has it")
    place: Values = _some("Town of a session")
    format: Values = _some("Media type of a file: `text/html`, or `video` for all of that kind")
    identifier: Values = _some("DOI, page address, other identifier, or IRI")
    code: Values = _some("Course code")
    currency: Values = _some("Currency of an offer: `EUR`")
    part_of: Values = _some("Is part of this (IRI)")
    has_part: Values = _some("Has this part (IRI)")
    based_on: Values = _some("States that it is based on this (IRI)")
    translation_of: Values = _some("States that it is a translation of this (IRI)")
    version_of: Values = _some("States that this (IRI) is its previous version")
    has: Keys = _some("Says something under this key of a resource (`license`, `encoding` …)", {"enum": [*views.KEYS]})
    lacks: Keys = _some("Says nothing under this key", {"enum": [*views.KEYS]})
    modified_from: Moment = _when("Last change of the material, else its date")
    modified_to: Moment = _when("The same: until")
    published_from: Moment = _when("Publication of the material")
    published_to: Moment = _when("The same: until")
    added_from: Moment = _when("First seen here (UTC)")
    added_to: Moment = _when("The same: until")
    changed_from: Moment = _when("Entry changed here (UTC)")
    changed_to: Moment = _when("The same: until")
    start_from: Moment = _when("Begin of a session")
    start_to: Moment = _when("The same: until")
    minutes_from: Annotated[int | None, Field(ge=0, le=MINUTES)] = Field(None, description="Least length, minutes")
    minutes_to: Annotated[int | None, Field(ge=0, le=MINUTES)] = Field(None, description="Greatest length, minutes")
    sort: Sort | None = Field(None, description="Default: relevance with `q`, else title")
    order: Literal["asc", "desc"] | None = Field(
        None, description="Default: desc (newest first) for modified, added and changed, else asc; not for relevance"
    )
    fields: Listed = _some("Only these keys (repeat it, or part them by commas); all unless said", _keys())

    def spans(self) -> dict[str, tuple[int | None, int | None]]:
        """The spans of times and length."""
        found: dict[str, tuple[int | None, int | None]] = {}
        for name in SPANS:
            least, most = getattr(self, f"{name}_from"), getattr(self, f"{name}_to")
            if name != "minutes":
                least = None if least is None else moment(least)
                most = None if most is None else moment(most, end=True)
            if (least, most) != (None, None):
                found[name] = (least, most)
        return found

    @property
    def relevance(self) -> bool:
        """Whether what fits best comes first."""
        return self.sort == "relevance" or (self.sort is None and bool(self.q.strip()))

    def chosen(self) -> tuple[str, ...]:
        """The keys that are wanted, () for all. Raises Problem for one that no resource has."""
        return _chosen(self.fields, views.KEYS)

    def filters(self) -> dict[str, tuple[str, ...]]:
        """The filters of the index; an empty text is none."""
        names = (name for name in FILTERS if name not in ("free", "open"))
        found = {name: values for name in names if (values := tuple(filter(None, getattr(self, name))))}
        if "licence" in found:
            found["licence"] = tuple(map(spelt, found["licence"]))
        for name in ("free", "open"):
            if (value := getattr(self, name)) is not None:
                found[name] = (str(value).lower(),)
        return found


def _chosen(given: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for part in given for name in part.split(",") if name.strip()))
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise Problem(400, f"fields: there is no key {', '.join(unknown)}.")
    return names


class OneResourceParameters(BaseModel):
    """What is wanted of one resource."""

    model_config = ConfigDict(extra="forbid")

    fields: Listed = _some("Only these keys (repeat it, or part them by commas); all unless said", _keys("alike"))

    def chosen(self) -> tuple[str, ...]:
        """The keys that are wanted, () for all. Raises Problem for one that no resource has."""
        return _chosen(self.fields, (*views.KEYS, "alike"))


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
    level: Level = Field("work", description="`work`: all forms of a course; `cluster`: what is listed several times")

    def query(self) -> WorkQuery:
        """The question to the figures."""
        languages = tuple(dict.fromkeys(tag.split("-")[0].lower() for tag in self.language))
        return WorkQuery(tuple(self.academy), languages, self.limit, self.cursor, self.level)


class AcademyParameters(BaseModel):
    """Which academies are wanted."""

    model_config = ConfigDict(extra="forbid")

    known: bool = Field(False, description="Those that exist and have no list here yet, instead of those that have")


class ChangeParameters(BaseModel):
    """Which changes are wanted."""

    model_config = ConfigDict(extra="forbid")

    since: int = Field(0, ge=0, le=SEQUENCE, description="After this number of the log (`until` of the answer before)")
    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Changes on a page")


class DiffParameters(BaseModel):
    """Which two states are compared."""

    model_config = ConfigDict(extra="forbid")

    start: int | None = Field(
        None, alias="from", ge=1, le=SEQUENCE, description="Sequence of a state; the one before `to` unless said"
    )
    to: int | None = Field(None, ge=1, le=SEQUENCE, description="Sequence of a state; the newest unless said")


class Numbered(BaseModel):
    """What lists understand whose cursor is a number."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Entries on a page")
    cursor: int | None = Field(None, ge=0, le=SEQUENCE, description="Where to go on; taken from `next`")


class DecisionParameters(Numbered):
    """Filters of decisions."""

    match: Text = Field("", description="Id of a pair")
    academy: Values = _some("Academy id of either side")
    verdict: Annotated[list[Literal["confirm", "reject", "retype"]], Field(max_length=3)] = _some("What was said")
    relation: Annotated[list[Relation], Field(max_length=20)] = _some("Relation that was decided on")
    role: Voice | None = Field(None, description="Who decided: a reviewer, or an academy on its own entry")


class RunParameters(Numbered):
    """Filters of visits."""

    academy: Values = _some("Academy id")
    feed: Values = _some("Id of an academy's list")
    outcome: Values = _some("`done`, `refused`, `failed`, `broken-off`, `running`")


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
    """The question to the index, with the works looked up in the figures. Raises Problem."""
    within, opened = None, visit.opened
    if parameters.work:
        with figures.open_figures(opened.release.figures) as connection:
            within = work_reader.member_ids(connection, parameters.work)
    if parameters.relevance and parameters.order:
        raise Problem(400, "order: what fits best comes first; sort by something else to turn the order round.")
    return ResourceQuery(
        parameters.q,
        parameters.filters(),
        within,
        parameters.sort,
        parameters.limit,
        parameters.cursor,
        parameters.work,
        tuple(parameters.lacks),
        parameters.spans(),
        None if parameters.order is None else parameters.order == "desc",
        (tuple(parameters.relation) or (ANY,)) if parameters.relation or parameters.has_match is not None else (),
        parameters.has_match is False,
    )


def no_parameters(request: Request) -> None:
    """Refuse parameters where an address has none."""
    if request.query_params:
        names = ", ".join(sorted(set(request.query_params)))
        raise Problem(400, f"This address has no parameters; unknown: {names}.")
