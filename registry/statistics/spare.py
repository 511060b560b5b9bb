"""A copy of the newest release's figures, made when nobody waits: the next release begins from it at once.

SQLite is written in place and a release never changes, so each needs a file of its own; a gigabyte takes seconds.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from registry.statistics.build import DATABASE

WORTH = 64 << 20
"""Smaller files are copied when they are needed."""


def prepare(folder: Path, figures: Path, name: str) -> None:
    """Copy a release's figures into ``folder`` under a name that no other release has; older copies go."""
    sweep(folder)
    source = figures / DATABASE
    if source.stat().st_size < WORTH:
        return
    folder.mkdir(parents=True, exist_ok=True)
    making = folder / "making"
    try:
        shutil.copyfile(source, making)
    except OSError:  # a full disk: it is a convenience, and the next release copies for itself
        making.unlink(missing_ok=True)
        return
    making.replace(folder / name)


def find(folder: Path, name: str) -> Path | None:
    """The copy of that name, if it is there."""
    file = folder / name
    return file if file.is_file() else None


def sweep(folder: Path) -> None:
    """Remove all copies: also what a crash left."""
    if folder.exists():
        shutil.rmtree(folder)
