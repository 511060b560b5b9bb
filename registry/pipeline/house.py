"""An opened registry: ledger, academies, base address and texts, as every verb needs them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harvesters import base as harvesters
from registry import academies, messages, shape_texts
from registry.iris import Iris
from registry.ledger import connect, runs
from registry.messages import Message
from registry.model import Academy, Feed
from registry.settings import Settings

DEMO = "demo"
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class House:
    """Everything opened. ``root`` holds ontology/ and shapes/; ``messages`` include those of the shapes."""

    settings: Settings
    connection: sqlite3.Connection
    iris: Iris
    academies: Mapping[str, Academy]
    messages: Mapping[str, Message]
    root: Path

    @property
    def ontologies(self) -> list[Path]:
        """The folders of concept schemes: ours, and those that were added."""
        return [self.root / "ontology", self.settings.schemes_folder]

    @property
    def feeds(self) -> list[tuple[Academy, Feed]]:
        """All feeds with their academy, in the order of the files."""
        return [(academy, feed) for academy in self.academies.values() for feed in academy.feeds]

    @property
    def academy_of(self) -> dict[str, str]:
        """{feed id: academy id}."""
        return {feed.id: academy.id for academy, feed in self.feeds}


def ledger_path(settings: Settings) -> Path:
    """Where the ledger lies."""
    return settings.data / "ledger.sqlite"


def load_academies(settings: Settings, connection: sqlite3.Connection, root: Path = ROOT) -> dict[str, Academy]:
    """The academies of the settings' folder; in a data folder that the demo made, the sample ones.

    ``${feeds}`` in an entry stands for the address of the sample feeds' server. Raises BadAcademy.
    """
    folder = settings.academies
    if folder == Settings().academies and runs.remembered(connection, DEMO):
        folder = root / "examples" / "academies"
    return academies.load(folder, protocols=harvesters.names(), substitute={"feeds": feeds_address(settings)})


def feeds_address(settings: Settings) -> str:
    """Where the demo serves the sample feeds."""
    return f"http://127.0.0.1:{settings.demo_port}"


@contextmanager
def opened(settings: Settings, known: Mapping[str, Academy] | None = None, root: Path = ROOT) -> Iterator[House]:
    """Open the registry; ``known`` academies instead of those of the settings' folder.

    Raises BadAcademy, LedgerError.
    """
    connection = connect(ledger_path(settings))
    try:
        found = known if known is not None else load_academies(settings, connection, root)
        iris = Iris(runs.base_address(connection, settings.base_address))
        texts = {**messages.load(), **shape_texts.load(root / "shapes")}
        yield House(settings, connection, iris, found, texts, root)
    finally:
        connection.close()
