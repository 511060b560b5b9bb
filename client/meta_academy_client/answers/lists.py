"""Pages of lists."""

from __future__ import annotations

from typing_extensions import TypedDict

from meta_academy_client.answers.figures import Academy, Cell, Issue, IssueGroup, KnownAcademy, Scheme, Term
from meta_academy_client.answers.log import Change, Decision, Run, State
from meta_academy_client.answers.pairs import Match, Work
from meta_academy_client.answers.resources import Resource


class ResourceList(TypedDict):
    """A page of resources."""

    items: list[Resource]
    total: int
    next: str | None


class MatchList(TypedDict):
    """A page of pairs."""

    items: list[Match]
    total: int
    next: str | None


class WorkList(TypedDict):
    """A page of works."""

    items: list[Work]
    total: int
    next: str | None


class AcademyList(TypedDict):
    """All academies."""

    items: list[Academy] | list[KnownAcademy]
    total: int
    next: str | None


class IssueList(TypedDict):
    """A page of things to mend, or all of them by cause."""

    items: list[Issue] | list[IssueGroup]
    total: int
    next: str | None


class CellList(TypedDict):
    """The overlap of all academies."""

    items: list[Cell]
    total: int
    next: str | None


class SchemeList(TypedDict):
    """The lists of subjects."""

    items: list[Scheme]
    total: int
    next: str | None


class TermList(TypedDict):
    """The concepts of a scheme, parents before their children."""

    items: list[Term]
    total: int
    next: str | None


class RunList(TypedDict):
    """A page of visits, newest first."""

    items: list[Run]
    total: int
    next: str | None


class DecisionList(TypedDict):
    """A page of decisions, newest first; ``total`` is not counted."""

    items: list[Decision]
    total: None
    next: str | None


class ChangeList(TypedDict):
    """A page of changes, oldest first; ``until`` is the last that was looked at: ask from there next time."""

    items: list[Change]
    total: None
    next: str | None
    until: int


class StateList(TypedDict):
    """The states of a record, newest first."""

    items: list[State]
    total: int
    next: str | None
