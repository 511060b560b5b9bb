"""Makes the project's own environment on a machine that has only Python: standard library alone.

``python -m registry demo`` and ``make demo`` both come here first. The lock's digest is kept in the
environment, so that a second start installs nothing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"


def python() -> Path:
    """The environment's interpreter."""
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _stamp(locks: list[Path]) -> str:
    state = hashlib.sha256(sys.version.encode())
    for file in [*locks, ROOT / "pyproject.toml"]:
        state.update(file.read_bytes())
    return state.hexdigest()


def ensure(dev: bool = False) -> Path:
    """The interpreter of a ready environment; creates and fills it where needed.

    Raises SystemExit with a sentence when Python is too old or the installation fails.
    """
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an old Python runs first
        raise SystemExit(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}")
    locks = [ROOT / "locks" / ("dev.txt" if dev else "core.txt")]
    mark = ENVIRONMENT / ".installed"
    wanted = {_stamp([ROOT / "locks" / "dev.txt"])} if dev else {_stamp([ROOT / "locks" / n]) for n in _NAMES}
    if mark.exists() and mark.read_text("utf-8") in wanted and python().exists():
        return python()
    if not python().exists():
        print(f"Making the environment {ENVIRONMENT.name}/ …", flush=True)
        venv.create(ENVIRONMENT, with_pip=True)
    print("Installing the libraries that the lock names (a few minutes the first time) …", flush=True)
    pip = [str(python()), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    commands = [
        [*pip, "--require-hashes", "--requirement", str(locks[0])],
        [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
    ]
    for command in commands:
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            raise SystemExit(
                "The libraries could not be installed; see the lines above. Behind a proxy set HTTPS_PROXY and"
                " PIP_CERT, or point pip to your own index with PIP_INDEX_URL."
            )
    mark.write_text(_stamp(locks), "utf-8")
    return python()


_NAMES = ("core.txt", "dev.txt")


def main(arguments: list[str]) -> int:
    """Install if needed, then hand over to the command line in the project's environment."""
    interpreter = ensure()
    command = [str(interpreter), "-m", "registry.cli", *arguments]
    if os.name == "nt":
        return subprocess.run(command, check=False).returncode
    os.execv(command[0], command)
