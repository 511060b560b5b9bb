"""Who is asking, and what they may do: bearer tokens for programs, a session's cookie for people.

Unknown, expired and revoked are answered alike. A write with a cookie needs the session's CSRF token (a header, or a
field of the form) and must come from our own pages. Sources: RFC 6750 section 3; RFC 6265bis section 5.4.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response

from registry.ledger import LedgerError, audit, connect, invites, tokens, utc_now
from registry.ledger.tokens import SCOPES, Actor
from registry.web.budgets import Budgets, Clients, Rate
from registry.web.problems import Problem
from registry.web.shared import Shared

COOKIE = "ma_session"
CSRF_HEADER = "x-csrf-token"
REALM = 'Bearer realm="meta-academy"'
RATES = {"writes": Rate(60, 120), "lists": Rate(6, 12), "refused": Rate(20, 40)}
"""Writes and lists sent in of one credential, refused requests of one address, each minute."""


@dataclass(frozen=True, slots=True)
class Access:
    """Made once for a deployment. ``session`` secrets never leave a request."""

    shared: Shared
    budgets: Budgets = field(default_factory=lambda: Budgets(RATES))
    clients: Clients = field(default_factory=Clients)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """The ledger, for short transactions. Raises Problem (503)."""
        path = self.shared.ledger_path
        try:
            if path is None or not path.exists():
                raise LedgerError("no ledger")
            connection = connect(path)
        except LedgerError as error:
            raise Problem(503, "Nothing can be written here yet.") from error
        try:
            yield connection
        finally:
            connection.close()

    def bearer(self, request: Request) -> str | None:
        """The token that a request carries, None where it carries none."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        return text.strip() if kind.lower() == "bearer" else None

    def find(self, request: Request, connection: Any) -> tuple[Actor | None, bool]:
        """Who asks, None where nobody is known; and whether a token or cookie was shown at all."""
        now = utc_now()
        text = self.bearer(request)
        secret = request.cookies.get(COOKIE, "")
        if text is not None:
            actor = tokens.find(connection, text[:200], now)
        else:
            actor = invites.session(connection, secret[:200], now) if secret else None
        if actor is not None:
            before = datetime.now(UTC) - timedelta(seconds=tokens.USED_EVERY)
            tokens.use(connection, actor.credential, now, before.strftime("%Y-%m-%dT%H:%M:%SZ"))
        return actor, bool(text is not None or secret)

    def visitor(self, request: Request) -> Actor | None:
        """Who is signed in on a page, None where nobody is."""
        if not request.cookies.get(COOKIE):
            return None
        with self.writing() as connection:
            return self.find(request, connection)[0]

    def reader(self, request: Request, scope: str, academy: str = "") -> Actor:
        """Who may read what is not for all. Raises Problem (401, 403, 429)."""
        with self.writing() as connection:
            return self._allowed(request, connection, scope, academy)

    def writer(self, request: Request, action: str, target: str, scope: str, academy: str = "") -> Actor:
        """Who may write this; whoever may not is told, and noted in the audit trail. Raises Problem (401, 403, 429).

        ``academy``: a publisher's own ("" where it does not matter).
        """
        with self.writing() as connection:
            actor: Actor | None = None
            try:
                actor = self._allowed(request, connection, scope, academy)
                self._from_our_page(request)
                self.in_time(actor, "lists" if action == "list sent in" else "writes")
            except Problem as problem:
                if problem.status != 429:
                    known = actor or self.find(request, connection)[0]
                    audit.tell(connection, known, action, target, "refused", utc_now(), str(problem.detail))
                raise
        return actor

    @contextmanager
    def noted(self, actor: Actor, action: str, target: str) -> Iterator[None]:
        """Note in the audit trail what goes wrong inside: what was asked for and is not done."""
        try:
            yield
        except Problem as problem:
            self.refused(actor, action, target, problem.detail)
            raise

    def refused(self, actor: Actor, action: str, target: str, detail: str) -> None:
        """Note in the audit trail what somebody asked for and did not get."""
        with self.writing() as connection:
            audit.tell(connection, actor, action, target, "refused", utc_now(), detail)

    def _allowed(self, request: Request, connection: Any, scope: str, academy: str) -> Actor:
        actor, _ = self.find(request, connection)
        if actor is None:
            self.slowly(request)
            self.slower(request)
            if self.bearer(request) is None:
                detail = "Sign in, or send a token: Authorization: Bearer …"
                raise Problem(401, detail, challenge=REALM)
            raise Problem(401, "This token is not valid.", challenge=f'{REALM}, error="invalid_token"')
        try:
            may(actor, scope, academy)
        except Problem:
            self.slowly(request)
            self.slower(request)
            raise
        return actor

    def slowly(self, request: Request) -> None:
        """Refuse an address of which too much was refused. Raises Problem (429)."""
        if seconds := self.budgets.wait(self.clients.address_of(request.scope), "refused"):
            raise Problem(429, "Too many requests were refused; wait before the next.", retry_after=seconds)

    def slower(self, request: Request) -> None:
        """Count that something was refused."""
        self.budgets.spend(self.clients.address_of(request.scope), "refused")

    def in_time(self, actor: Actor, kind: str) -> None:
        """Refuse what somebody writes too often. Raises Problem (429)."""
        if seconds := self.budgets.wait(actor.credential, kind, 1.0):
            raise Problem(429, "Too much was written in a short time; wait before the next.", retry_after=seconds)
        self.budgets.spend(actor.credential, kind)

    def _from_our_page(self, request: Request) -> None:
        """A write with a cookie comes from a page of ours. Raises Problem."""
        if self.bearer(request) is not None:
            return
        self.same_site(request)
        given = request.headers.get(CSRF_HEADER, "")
        if not same(given, self.csrf(request)):
            raise Problem(403, f"With a session every write carries its token in {CSRF_HEADER} (see /api/account).")

    def same_site(self, request: Request) -> None:
        """Refuse what another site makes a browser send. Raises Problem (403)."""
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        own = {urlsplit(self.shared.address(request)).netloc, request.headers.get("host", "")}
        # From pages that send no referrer, as ours, browsers say "null" (Fetch, "append a request Origin header").
        foreign = origin not in (None, "null") and urlsplit(origin).netloc not in own
        if foreign or site not in (None, "same-origin", "none"):
            raise Problem(403, "This was sent from another site; nothing was done.")

    def csrf(self, request: Request) -> str:
        """The token that a session's forms carry: made from its secret, kept nowhere."""
        secret = request.cookies.get(COOKIE, "")
        return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()

    def checked_form(self, request: Request, given: str) -> Actor:
        """Who sent a form of ours. Raises Problem (401, 403)."""
        with self.writing() as connection:
            actor = self.find(request, connection)[0] if self.bearer(request) is None else None
            if actor is None:
                raise Problem(401, "Your session has ended: open a new invitation.", challenge=REALM)
            try:
                self.same_site(request)
                if not same(given, self.csrf(request)):
                    raise Problem(403, "The form is not from your session; open the page again.")
            except Problem as problem:
                audit.tell(connection, actor, "form sent", request.url.path, "refused", utc_now(), str(problem.detail))
                raise
        return actor

    def sign_in(self, request: Request, answer: Response, secret: str, days: int) -> None:
        """Give the browser its session."""
        self.set_cookie(request, answer, COOKIE, secret, days * 86400, "lax")

    def set_cookie(
        self, request: Request, answer: Response, name: str, value: str, seconds: int, site: Literal["lax", "strict"]
    ) -> None:
        """A cookie that no script reads, and that travels encrypted where the registry is."""
        answer.set_cookie(
            name, value, max_age=seconds, path=self._path(request), secure=self._secure(request), httponly=True,
            samesite=site,
        )  # fmt: skip

    def sign_out(self, request: Request, answer: Response) -> None:
        """Take the session from the browser."""
        answer.delete_cookie(COOKIE, path=self._path(request), secure=self._secure(request), httponly=True)

    def _path(self, request: Request) -> str:
        return request.scope.get("root_path", "") or "/"

    def _secure(self, request: Request) -> bool:
        return self.shared.address(request).startswith("https:")


def same(given: str, wanted: str) -> bool:
    """Whether two texts are equal, in a time that tells nothing."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def may(actor: Actor, scope: str, academy: str = "") -> None:
    """Refuse what somebody may not do, for an academy where it is one's. Raises Problem (403): what it needs."""
    roles = [role for role, scopes in SCOPES.items() if scope in scopes]
    of = f" of {academy}" if academy and "publisher" in roles else ""
    needed = " or ".join(f"{role}{of if role == 'publisher' else ''}" for role in roles)
    is_ = f"{actor.role} of {actor.academy}" if actor.academy else actor.role
    told = {"required_role": roles, "required_scope": scope, "role": actor.role}
    if actor.role not in roles or (actor.role == "publisher" and academy and actor.academy != academy):
        raise Problem(403, f"This needs the role {needed}; you are {is_}.", **told)
    if scope not in actor.scopes:
        raise Problem(403, f"This token has no scope {scope!r}.", **told)
