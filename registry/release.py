"""Numbered releases: what the web, /sparql and outgoing feeds read, assembled and switched whole.

``<data>/releases/<sequence>.<revision>/`` holds ``graph/`` (pyoxigraph, read-only), ``search/`` (tantivy),
``figures/`` (SQLite and JSON) and ``manifest.json``, written last. ``<data>/releases/current`` is a link,
renamed atomically. The number is the ETag of all that is served.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Release:
    """One complete release on disk; ``manifest`` has sequence, number, time, recipes and counts."""

    path: Path
    number: str
    manifest: Mapping[str, Any]

    @property
    def sequence(self) -> int:
        """The last change of the log that is in it."""
        return int(self.manifest["sequence"])

    @property
    def graph(self) -> Path:
        """Directory of the embedded store."""
        return self.path / "graph"

    @property
    def search(self) -> Path:
        """Directory of the search index."""
        return self.path / "search"

    @property
    def figures(self) -> Path:
        """Directory of the figures."""
        return self.path / "figures"


def read(path: Path) -> Release | None:
    """The release in a directory, or None if it was never finished."""
    try:
        manifest = json.loads((path / "manifest.json").read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Release(path, str(manifest["number"]), manifest)


def current(data: Path) -> Release | None:
    """The release that is served now, by its real path, or None before the first."""
    link = data / "releases" / "current"
    return read(link.resolve()) if link.is_symlink() else None
