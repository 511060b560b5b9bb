"""What all routes share, and one request's view of it: one release, one language, conditional answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response
from pydantic_core import to_json

from registry.iris import Iris
from registry.ledger import LedgerError, connect
from registry.settings import Settings
from registry.web.problems import Problem
from registry.web.releases import Open, Releases
from registry.web.wording import Voice, Words, choose_language

CACHE = "public, max-age=5"


class NotModified(Exception):
    """The caller already has this answer."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__("not modified")
        self.headers = dict(headers)


@dataclass(frozen=True, slots=True)
class Shared:
    """Made once by ``create_app``."""

    settings: Settings
    releases: Releases
    words: Words
    iris: Iris
    ledger_path: Path | None
    pool: Any = None
    build: str = ""

    def address(self, request: Request) -> str:
        """The public address of this registry without a slash at its end: the setting, or as it was asked."""
        return self.settings.base.rstrip("/") or str(request.base_url).rstrip("/")

    def voice(self, request: Request) -> Voice:
        """The words in the language of a request."""
        accept = request.headers.get("accept-language", "")
        return Voice(self.words, choose_language(request.query_params.get("lang"), accept))

    def visit(self, request: Request, *, cached: bool = True, vary: str = "", opened: Open | None = None) -> Visit:
        """Begin to answer: raises Problem (503) before the first release, NotModified where nothing is new.

        ``vary`` names the request headers that the answer depends on besides its address ("Accept, Accept-Encoding").
        Not ``cached``: the answer is read from the ledger, and its tag is made of what it says. ``opened`` is a
        release other than the current.
        """
        opened = opened or self.releases.current()
        if opened is None:
            raise Problem(503, "No edition of the registry was published yet; please try again later.")
        visit = Visit(self, request, opened, self.voice(request), cached, vary)
        if cached and visit.etag in tags(request.headers.get("if-none-match", "")):
            raise NotModified(visit.headers)
        return visit

    def constant(self, request: Request, content: object, media_type: str, headers: Mapping[str, str]) -> Response:
        """An answer that is of the program, not of a release. Raises NotModified where the caller has it."""
        answer = Response(to_json(content), headers=dict(headers), media_type=media_type)
        answer.headers["ETag"] = tag = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:20]}"'
        if tag in tags(request.headers.get("if-none-match", "")):
            raise NotModified({**headers, "ETag": tag})
        return answer

    @contextmanager
    def ledger(self) -> Iterator[Any]:
        """A read-only connection to the ledger, or None where there is none yet."""
        if self.ledger_path is None:
            yield None
            return
        try:
            connection = connect(self.ledger_path, readonly=True)
        except LedgerError:
            yield None
            return
        try:
            yield connection
        finally:
            connection.close()


def tags(header: str) -> set[str]:
    """The tags that an If-None-Match names."""
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: it reads one release."""

    shared: Shared
    request: Request
    opened: Open
    voice: Voice
    cached: bool
    vary: str

    @property
    def etag(self) -> str:
        """Release number and a digest of what was asked (RFC 9110, strong)."""
        url = self.request.url
        varied = [self.request.headers.get(name, "") for name in self.vary.split(", ") if name]
        told = "\n".join([self.shared.build, url.path, url.query, *varied, self.shared.address(self.request)])
        return f'"{self.opened.number}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"'

    @property
    def headers(self) -> dict[str, str]:
        """Headers of an answer from this release."""
        if self.cached:
            headers = {"Cache-Control": CACHE, "ETag": self.etag, "Last-Modified": self.opened.modified}
        else:
            headers = {"Cache-Control": "no-cache"}
        if self.vary:
            headers["Vary"] = self.vary
        return headers

    @property
    def address(self) -> str:
        """The public address of this registry."""
        return self.shared.address(self.request)

    def json(self, content: object, media_type: str = "application/json") -> Response:
        """An answer for programs. Raises NotModified where the caller has just this one."""
        if not self.cached:
            return self.shared.constant(self.request, content, media_type, self.headers)
        return Response(to_json(content), headers=self.headers, media_type=media_type)

    def listing(self, items: list[Any], total: int, cursor: str | None) -> Response:
        """A list, in the one form that all lists have."""
        return self.json({"items": items, "total": total, "next": self.next_address(cursor)})

    def next_address(self, cursor: str | None) -> str | None:
        """The address of the next page: this one with another cursor."""
        return None if cursor is None else self.address_of(cursor=cursor)

    def address_of(self, **given: str | int) -> str:
        """This address with other values of some parameters."""
        kept = [(name, value) for name, value in self.request.query_params.multi_items() if name not in given]
        return f"{self.address}{self.path}?{urlencode([*kept, *given.items()])}"

    @property
    def path(self) -> str:
        """The path that was asked, without the prefix under which the registry stands."""
        root = self.request.scope.get("root_path", "")
        return self.request.url.path.removeprefix(root)
