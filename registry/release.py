"""Numbered releases: what the web, /sparql and outgoing feeds read, assembled and switched whole.

``<data>/releases/<sequence>.<revision>/`` holds ``graph/`` (pyoxigraph, read-only), ``search/`` (tantivy),
``figures/`` (SQLite and JSON), ``described.json`` (how much of what the graph holds) and ``manifest.json``, written
last. ``<data>/releases/current`` is a link, renamed atomically. The number is the ETag of all that is served.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MAKING = "making-"
_DESCRIBED = "described.json"


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

    def described(self) -> Mapping[str, Any] | None:
        """How much of what the graph holds (``registry.graph.partitions.told``); None in one of an earlier program."""
        try:
            found: dict[str, Any] = json.loads((self.path / _DESCRIBED).read_text("utf-8"))
        except FileNotFoundError:
            return None
        return found


def write_described(making: Path, told: Mapping[str, Any]) -> None:
    """Put how much of what the graph holds into a release that is being made."""
    (making / _DESCRIBED).write_text(json.dumps(told, ensure_ascii=False), "utf-8")


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


def number_for(data: Path, sequence: int) -> str:
    """The number of a new release at this sequence: a revision counts those made at the same one."""
    taken = [path.name for path in (data / "releases").glob(f"{sequence}.*")]
    revision = max((int(name.partition(".")[2]) for name in taken), default=-1) + 1
    return f"{sequence}.{revision}"


def begin(data: Path, number: str) -> Path:
    """An empty directory to assemble a release in; what an earlier crash left is removed."""
    releases = data / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    sweep(data)
    making = releases / (_MAKING + number)
    making.mkdir()
    return making


def sweep(data: Path) -> None:
    """Remove what was begun and never finished."""
    for rest in (data / "releases").glob(_MAKING + "*"):
        shutil.rmtree(rest)


def finish(data: Path, making: Path, manifest: Mapping[str, Any], kept: int) -> Release:
    """Write the manifest last, switch ``current`` atomically, and keep the newest ``kept`` releases."""
    number = str(manifest["number"])
    file = making / "manifest.json"
    with file.open("w", encoding="utf-8") as handle:
        json.dump(manifest, handle, ensure_ascii=False, indent=1)
        handle.flush()
        os.fsync(handle.fileno())
    home = data / "releases" / number
    making.rename(home)
    _sync(home.parent)
    link = data / "releases" / "current"
    fresh = data / "releases" / f"current-{number}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(number)
    fresh.replace(link)
    _sync(home.parent)
    for old in finished(data)[:-kept]:
        if old.number != number:
            shutil.rmtree(old.path)
    release = read(home)
    assert release is not None
    return release


def finished(data: Path) -> list[Release]:
    """All complete releases, oldest first; a directory without a manifest is none."""
    found = [read(path) for path in (data / "releases").glob("[0-9]*.[0-9]*")]
    return sorted((one for one in found if one), key=lambda one: tuple(int(part) for part in one.number.split(".")))


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
