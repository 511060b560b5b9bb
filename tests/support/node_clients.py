"""Clients from npm for tests: installed once by the lock in ``tests/foreign``, by whichever process comes first."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "foreign"
COMMAND = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--silent"]


def modules() -> Path:
    """The folder of the installed packages; CI always has npm and node."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        if os.environ.get("CI"):
            pytest.fail("npm and node must be there in CI")
        pytest.skip("no npm on this machine")
    found = FOLDER / "node_modules"
    wanted = json.loads((FOLDER / "package-lock.json").read_text("utf-8"))["packages"]
    with (FOLDER / ".npm-lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not _installed(found, wanted):
            done = subprocess.run(COMMAND, cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)
            assert done.returncode == 0, f"npm ci: {done.stderr[-2000:]}"
            assert _installed(found, wanted)
    return found


def _installed(found: Path, wanted: dict[str, Any]) -> bool:
    """Whether all packages of the lock, in their versions, are there: npm notes at its end what it has installed."""
    note = found / ".package-lock.json"
    if not note.exists():
        return False
    standing = json.loads(note.read_text("utf-8"))["packages"]
    kept = {name: one for name, one in wanted.items() if name and not one.get("optional")}
    return all(standing.get(name, {}).get("version") == one["version"] for name, one in kept.items())
