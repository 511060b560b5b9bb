"""Asks a registry: one method for each address of its API, pages followed, problems raised.

``Client`` waits as long as it is told where it asks too much (429) or a registry is not ready (503), a few times.
Filters are those of docs/api.md; several values of one mean any of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
from typing_extensions import TypedDict, Unpack

from meta_academy_client import answers
from meta_academy_client.answers import Relation, Status

Some = str | list[str]
LONGEST = 60.0
"""Seconds that are waited at most at a time, whatever is said."""


class ResourceFilters(TypedDict, total=False):
    """Filters and order of resources."""

    q: str
    academy: Some
    feed: Some
    language: Some
    type: Some
    level: Some
    audience: Some
    licence: Some
    about: Some
    access: Some
    modality: Some
    free: bool
    open: bool
    has_match: bool
    relation: Relation | list[Relation]
    work: str
    author: Some
    publisher: Some
    contributor: Some
    keyword: Some
    teaches: Some
    requires: Some
    status: Some
    event_status: Some
    country: Some
    place: Some
    format: Some
    identifier: Some
    code: Some
    currency: Some
    part_of: Some
    has_part: Some
    based_on: Some
    translation_of: Some
    version_of: Some
    has: Some
    lacks: Some
    modified_from: str
    modified_to: str
    published_from: str
    published_to: str
    added_from: str
    added_to: str
    changed_from: str
    changed_to: str
    start_from: str
    start_to: str
    minutes_from: int
    minutes_to: int
    sort: Literal["relevance", "title", "modified", "added", "changed", "start"]
    order: Literal["asc", "desc"]
    fields: Some


class MatchFilters(TypedDict, total=False):
    """Filters of pairs."""

    academy: Some
    relation: Relation | list[Relation]
    status: Status | list[Status]
    min_confidence: float
    resource: str
    within: bool


class WorkFilters(TypedDict, total=False):
    """Filters of works."""

    academy: Some
    language: Some
    level: Literal["work", "cluster"]


class RunFilters(TypedDict, total=False):
    """Filters of visits."""

    academy: Some
    feed: Some
    outcome: Some


class DecisionFilters(TypedDict, total=False):
    """Filters of decisions."""

    match: str
    academy: Some
    verdict: Some
    relation: Relation | list[Relation]
    role: Literal["reviewer", "publisher"]


class ApiProblem(Exception):
    """What a registry says is wrong (RFC 9457). ``more`` is the whole problem, with what else it tells."""

    def __init__(self, status: int, detail: str, more: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.detail, self.more = status, detail, dict(more)


@dataclass(frozen=True, slots=True)
class Client:
    """One registry at an address ("https://registry.example", with the path it stands under, if any).

    ``tries`` is how often at most one request is made, ``page`` how much is asked for at once (at most 200). ``http``
    is an httpx client of the caller's, with proxies or certificates as needed; the caller closes it.
    """

    address: str
    tries: int = 5
    page: int = 200
    http: httpx.Client = field(
        default_factory=lambda: httpx.Client(
            timeout=60, follow_redirects=True, headers={"User-Agent": "meta-academy-client"}
        )
    )
    sleep: Callable[[float], None] = time.sleep

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The JSON at a path below the address. Raises ApiProblem, or httpx.HTTPError where nothing answers."""
        for turn in range(1, self.tries + 1):
            answer = self.http.get(self.address.rstrip("/") + path, params=_pairs(parameters or {}))
            if answer.status_code not in (429, 503) or turn == self.tries:
                break
            self.sleep(_seconds(answer))
        if answer.is_success:
            return answer.json()
        raise _problem(answer)

    def listed(self, path: str, parameters: Mapping[str, Any]) -> Iterator[Any]:
        """All entries of a list, page after page."""
        asked: Mapping[str, Any] | None = {**parameters, "limit": self.page}
        while asked is not None:
            found = self.get(path, asked)
            yield from found["items"]
            # The address of the next page may name the registry otherwise than the caller reaches it.
            asked = _query(found["next"]) if found["next"] else None

    def resources(self, **filters: Unpack[ResourceFilters]) -> Iterator[answers.Resource]:
        """Courses, materials and events. With ``fields`` they have those keys only."""
        return self.listed("/api/resources", filters)

    def resource(self, identifier: str) -> answers.ResourceAlone:
        """One resource by its id, with the pairs that it belongs to."""
        return cast(answers.ResourceAlone, self.get(f"/api/resources/{quote(identifier, safe='/')}"))

    def history(self, identifier: str) -> Iterator[answers.State]:
        """The states of a resource here, newest first."""
        return self.listed(f"/api/resources/{quote(identifier, safe='/')}/history", {})

    def diff(self, identifier: str, start: int | None = None, to: int | None = None) -> answers.Diff:
        """What changed from one state of a resource to another: by default with its last change."""
        asked = {"from": start, "to": to}
        return cast(answers.Diff, self.get(f"/api/resources/{quote(identifier, safe='/')}/diff", asked))

    def matches(self, **filters: Unpack[MatchFilters]) -> Iterator[answers.Match]:
        """Pairs, surest first."""
        return self.listed("/api/matches", filters)

    def match(self, identifier: str) -> answers.Match:
        """One pair with its evidence."""
        return cast(answers.Match, self.get(f"/api/matches/{quote(identifier, safe='')}"))

    def works(self, **filters: Unpack[WorkFilters]) -> Iterator[answers.Work]:
        """Courses in several forms, those at most academies first."""
        return self.listed("/api/works", filters)

    def work(self, identifier: str) -> answers.WholeWork:
        """All forms of one course; a former id leads to what took it in."""
        return cast(answers.WholeWork, self.get(f"/api/works/{quote(identifier, safe='')}"))

    def academies(self) -> list[answers.Academy]:
        """All academies with their numbers."""
        return cast(list[answers.Academy], self.get("/api/academies")["items"])

    def known_academies(self) -> list[answers.KnownAcademy]:
        """Academies that exist and are not read yet."""
        return cast(list[answers.KnownAcademy], self.get("/api/academies", {"known": True})["items"])

    def academy(self, identifier: str) -> answers.WholeAcademy:
        """One academy with its lists."""
        return cast(answers.WholeAcademy, self.get(f"/api/academies/{quote(identifier, safe='')}"))

    def issues(
        self, academy: str, *, code: str | None = None, lang: Literal["en", "fr", "es"] = "en"
    ) -> Iterator[answers.Issue]:
        """What an academy has to mend."""
        return self.listed(f"/api/academies/{quote(academy, safe='')}/issues", {"code": code, "lang": lang})

    def overlap(self) -> list[answers.Cell]:
        """How many pairs each two academies have."""
        return cast(list[answers.Cell], self.get("/api/overlap")["items"])

    def schemes(self) -> list[answers.Scheme]:
        """The lists of subjects."""
        return cast(list[answers.Scheme], self.get("/api/schemes")["items"])

    def concepts(self, scheme: str) -> list[answers.Term]:
        """The terms of a vocabulary, parents before their children."""
        return cast(list[answers.Term], self.get(f"/api/schemes/{quote(scheme, safe='')}/concepts")["items"])

    def coverage(self, scheme: str = "", academy: str = "") -> answers.Coverage:
        """How far a list of subjects is covered, by all or seen from one academy."""
        return cast(
            answers.Coverage, self.get("/api/coverage", {"scheme": scheme or None, "academy": academy or None})
        )

    def runs(self, **filters: Unpack[RunFilters]) -> Iterator[answers.Run]:
        """Visits to lists, newest first."""
        return self.listed("/api/runs", filters)

    def decisions(self, **filters: Unpack[DecisionFilters]) -> Iterator[answers.Decision]:
        """What people decided on pairs, newest first."""
        return self.listed("/api/decisions", filters)

    def changes(self, since: int = 0) -> tuple[list[answers.Change], int]:
        """All that changed since a number of the log, and the number to ask from next time."""
        found: list[answers.Change] = []
        while True:
            page = cast(answers.ChangeList, self.get("/api/changes", {"since": since, "limit": self.page}))
            found += page["items"]
            since = page["until"]
            if page["next"] is None:
                return found, since

    def release(self) -> answers.Release:
        """The edition that is served."""
        return cast(answers.Release, self.get("/api/release"))


def _pairs(parameters: Mapping[str, Any]) -> list[tuple[str, str | int | float | bool | None]]:
    found: list[tuple[str, str | int | float | bool | None]] = []
    for name, value in parameters.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is not None:
                found.append((name, str(one).lower() if isinstance(one, bool) else str(one)))
    return found


def _query(address: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(urlsplit(address).query, keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found


def _seconds(answer: httpx.Response) -> float:
    told = answer.headers.get("retry-after", "")
    return min(float(told), LONGEST) if told.isascii() and told.isdigit() else 5.0


def _problem(answer: httpx.Response) -> ApiProblem:
    try:
        told = answer.json()
    except ValueError:
        told = {}
    more = told if isinstance(told, dict) else {}
    return ApiProblem(answer.status_code, str(more.get("detail", answer.reason_phrase)), more)
