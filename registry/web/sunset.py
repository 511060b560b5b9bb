"""What of the API is going away: told in headers (RFC 9745, RFC 8594) and in OpenAPI until it is gone.

``sunset.tsv`` names addresses and parameters: ``path`` as in OpenAPI, ``parameter`` ("": the whole address), ``since``
(when it was called outdated), ``sunset`` (from when on it may be gone), ``instead`` (an address of what replaces it).
The policy is in docs/api.md.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.resources import files
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PART = re.compile(r"\\\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Sunset:
    """Something that is going away; times are midnight UTC of a day ("2027-01-31")."""

    path: str
    parameter: str
    since: str
    sunset: str
    instead: str

    def headers(self, base: str) -> list[tuple[bytes, bytes]]:
        """``Deprecation`` is a structured date, ``Sunset`` an HTTP date; links say where to read on."""
        since, sunset = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (self.since, self.sunset))
        instead = self.instead if "://" in self.instead else base + self.instead
        return [
            (b"deprecation", f"@{int(since.timestamp())}".encode()),
            (b"sunset", format_datetime(sunset, usegmt=True).encode()),
            (b"link", f'<{instead}>; rel="successor-version"'.encode()),
            (b"link", f'<{base}/api>; rel="deprecation"; type="text/html"'.encode()),
        ]


def load() -> tuple[Sunset, ...]:
    """What this version lets go. Raises ValueError for a line that gives less than half a year."""
    text = files("registry.web").joinpath("sunset.tsv").read_text("utf-8")
    found = tuple(read(row) for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    return found


def read(row: Mapping[str, str]) -> Sunset:
    """One line of the table. Raises ValueError."""
    one = Sunset(row["path"], row["parameter"] or "", row["since"], row["sunset"], row["instead"])
    given = datetime.fromisoformat(one.sunset) - datetime.fromisoformat(one.since)
    if given.days < 180:
        raise ValueError(f"{one.path}: {given.days} days from since to sunset; promised are 180")
    return one


class Leaving:
    """Puts the headers on every answer of what is going away, errors too."""

    def __init__(self, app: ASGIApp, going: Sequence[Sunset]) -> None:
        self._app = app
        self._going = [(re.compile(_PART.sub("[^/]+", re.escape(one.path))), one) for one in going]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not self._going:
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                base = scope.get("root_path", "")
                path = scope["path"].removeprefix(base)
                names = {
                    name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
                }
                for form, one in self._going:
                    if form.fullmatch(path) and (not one.parameter or one.parameter in names):
                        message["headers"] += one.headers(base)
            await send(message)

        await self._app(scope, receive, told)
