"""The demo, built once by its own command and shared by all processes of a test run; nobody writes into it."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.settings import Settings, load

ROOT = Path(__file__).resolve().parents[2]
BASE = "http://localhost:8000"
PATIENCE = 30.0


def free_port() -> int:
    """A port nobody listens on, from below those that outgoing connections are given."""
    for port in random.SystemRandom().sample(range(20_000, 32_000), 50):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


def environment(settings: Mapping[str, object]) -> dict[str, str]:
    """This process's environment with these settings of ours and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("META_ACADEMY_")}
    path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH", "")]))
    return {**kept, "PYTHONPATH": path, **{f"META_ACADEMY_{name}": str(value) for name, value in settings.items()}}


@dataclass(frozen=True, slots=True)
class Demo:
    """A data folder that the demo made, the ports it knows, and what its command printed."""

    data: Path
    port: int
    demo_port: int
    summary: dict[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which a command works on this folder."""
        names = {"DATA": self.data, "PORT": self.port, "DEMO_PORT": self.demo_port, "BASE": BASE, "HTTP_DELAY": 0}
        return environment(names)

    @property
    def settings(self) -> Settings:
        """The same as settings, for calls within this process."""
        return load(self.environment)

    def run(self, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """Run ``meta-academy ARGUMENTS`` on this folder."""
        command = [sys.executable, "-m", "registry.cli", *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
        )

    def copy(self, folder: Path) -> Demo:
        """A copy that may be written into."""
        data = folder / "var"
        shutil.copytree(self.data, data, symlinks=True)
        return Demo(data, free_port(), self.demo_port, self.summary)


def build(folder: Path) -> Demo:
    """The demo in this folder, made by the first process that asks for it."""
    folder.mkdir(exist_ok=True)
    made = folder / "made.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            fresh = Demo(folder / "var", free_port(), free_port(), {})
            done = fresh.run("demo", "--no-serve", "--json")
            assert done.returncode == 0, done.stderr
            told = {"port": fresh.port, "demo_port": fresh.demo_port, "summary": json.loads(done.stdout)}
            made.write_text(json.dumps(told), "utf-8")
    told = json.loads(made.read_text("utf-8"))
    return Demo(folder / "var", told["port"], told["demo_port"], told["summary"])


@contextmanager
def running(command: list[str], env: Mapping[str, str], cwd: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended by its own handle."""
    process = subprocess.Popen(command, env=dict(env), cwd=cwd, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def get(address: str, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> tuple[int, bytes]:
    """(status, body) of one request; 0 when nobody answers."""
    request = urllib.request.Request(address, data=data, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def until_served(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a web process answers."""
    end = time.monotonic() + PATIENCE
    while get(address + "/health")[0] != 200:
        assert process.poll() is None, "the web process ended"
        assert time.monotonic() < end, "the web process does not answer"
        time.sleep(0.1)


@contextmanager
def serving(shown: Demo) -> Iterator[str]:
    """The address of a web process on this folder."""
    command = [sys.executable, "-m", "registry.cli", "serve", "--no-publisher"]
    with running(command, shown.environment) as process:
        address = f"http://127.0.0.1:{shown.port}"
        until_served(address, process)
        yield address
