"""A registry with two academies whose lists are sent in, served in this process; the work is done when a test says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from support import small_release as small

from registry.ledger import connect, log, tokens, uploads, utc_now
from registry.ledger.tokens import Actor
from registry.pipeline.acting import Acting
from registry.pipeline.house import ledger_path, opened
from registry.pipeline.upload_queue import work
from registry.settings import Settings
from registry.web.app import create_app

OPERATOR = Actor("root", "operator", "", frozenset(), "command line")
FAR = "2100-01-01T00:00:00Z"
TITLES = ("Sampling in surveys", "Version control with Git", "Seasonal adjustment", "R for tables", "Weighting")
ACADEMY = """name = "Office of the {name}"
homepage = "https://{name}.example/"

[[feeds]]
id = "{name}-list"
protocol = "table"
address = "https://{name}.example/courses"
language = "en"
permission = "agreed"

[feeds.options]
upload = true
"""


def csv(*titles: str, extra: str = "") -> bytes:
    """A list with these courses, by the number of the title among ``TITLES`` or 100 on."""
    rows = []
    for place, title in enumerate(titles):
        number = TITLES.index(title) if title in TITLES else 100 + place
        rows.append(f"c{number},{title},{title} for official statistics,https://north.example/{number},en\n")
    return ("id,title,description,url,language\n" + "".join(rows) + extra).encode()


@dataclass(frozen=True, slots=True)
class Sent:
    """The registry, its folder, and how to ask it."""

    settings: Settings
    client: TestClient

    def ledger(self) -> Any:
        return connect(ledger_path(self.settings))

    def token(self, role: str, academy: str = "", *, name: str = "", scopes: tuple[str, ...] = (), **more: str) -> str:
        connection = self.ledger()
        try:
            return tokens.make(
                connection, name=name or f"{role} {academy}", role=role, academy=academy, scopes=scopes,
                expires=more.get("expires", FAR), now=more.get("now", utc_now()), by=OPERATOR,
            )[1]  # fmt: skip
        finally:
            connection.close()

    def work(self) -> int:
        return work(self.settings, watch=False)

    def put(self, token: str, body: bytes, academy: str = "north", **parameters: Any) -> Any:
        """Send a list in, have it looked at, and give what it would change."""
        sent = self.client.put(
            f"/api/academies/{academy}/list", params={"wait": 0, **parameters}, content=body, headers=bearer(token)
        )
        if sent.status_code != 202:
            return sent
        self.work()
        return self.client.get(f"/api/academies/{academy}/uploads/{sent.json()['id']}", headers=bearer(token))

    def confirm(self, token: str, number: int, academy: str = "north", **body: Any) -> Any:
        return self._act(token, number, academy, "confirm", body)

    def revert(self, token: str, number: int, academy: str = "north") -> Any:
        return self._act(token, number, academy, "revert", None)

    def _act(self, token: str, number: int, academy: str, act: str, body: Mapping[str, Any] | None) -> Any:
        here = f"/api/academies/{academy}/uploads/{number}"
        asked = self.client.post(f"{here}/{act}", json=body, headers=bearer(token), params={"wait": 0})
        if asked.status_code != 202:
            return asked
        self.work()
        return self.client.get(here, headers=bearer(token))

    def standing(self, feed: str = "north-list") -> dict[str, str]:
        """{key: title} of what is published of a list."""
        connection = self.ledger()
        try:
            found = {}
            for change in log.published_of(connection, feed):
                line = next(line for line in change.stated.splitlines() if "schema.org/name>" in line)
                found[change.key] = line.split('"')[1]
            return found
        finally:
            connection.close()

    def states(self, academy: str = "north") -> dict[int, str]:
        connection = self.ledger()
        try:
            return {one.id: one.state for one in uploads.listed(connection, academy)}
        finally:
            connection.close()

    def audit(self) -> list[tuple[str, str, str]]:
        """(who, action, outcome), oldest first."""
        connection = self.ledger()
        try:
            return list(connection.execute("SELECT who, action, outcome FROM audit ORDER BY id"))
        finally:
            connection.close()


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def settings_in(folder: Path) -> Settings:
    """Two academies in a folder, with nothing read yet."""
    (folder / "academies").mkdir(parents=True)
    for name in ("north", "south"):
        (folder / "academies" / f"{name}.toml").write_text(ACADEMY.format(name=name), "utf-8")
    return Settings(
        data=folder / "var", academies=folder / "academies", base=small.BASE, workers=1, upload_max_bytes=1 << 20
    )


@contextmanager
def registry(folder: Path) -> Iterator[Sent]:
    """The registry in a folder; requests wait for no work."""
    settings = settings_in(folder)
    with opened(settings) as house:
        texts = dict(house.messages)
    app = create_app(settings, ledger_path=ledger_path(settings), messages=texts, acts=Acting(settings))
    with TestClient(app, base_url=small.BASE, follow_redirects=False) as client:
        yield Sent(settings, client)
