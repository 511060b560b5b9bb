"""What stands in ``docker-compose.yml`` works: the same commands, with the same environment, without containers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.demo import PATIENCE, ROOT, environment, free_port, get, running, until_served

from examples.serve_feeds import start
from registry.cli import app
from registry.settings import PREFIX, load

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
ACADEMIES = ("oecd", "uk-moj", "unece")
# What feeds of the samples hold, see examples/README.md: oecd 6, uk-moj 2, unece 13.
RECORDS = 21


def interpolated(text: str) -> str:
    """A value of the file where nobody has set a variable: ``${NAME:-default}``."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def given(service: dict[str, Any]) -> dict[str, str]:
    """The environment that a service gets."""
    return {name: interpolated(str(value)) for name, value in service["environment"].items()}


def test_there_are_web_harvest_and_publisher_on_one_volume() -> None:
    assert set(SERVICES) == {"web", "publisher", "harvest"}
    for service in SERVICES.values():
        mounted = [volume.split(":")[:2] for volume in service["volumes"]]
        assert ["data", "/data"] in mounted and ["./academies", "/app/academies"] in mounted
        assert given(service)[PREFIX + "DATA"] == "/data"
    assert "data" in COMPOSE["volumes"]
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]


def test_every_setting_and_every_option_exists() -> None:
    import typer

    verbs: Any = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for service in SERVICES.values():
        load(given(service))
        program, verb, *rest = service["command"]
        assert program == "meta-academy"
        known = {name for one in verbs[verb].params for name in (*one.opts, *one.secondary_opts)}
        assert {word for word in rest if word.startswith("--")} <= known


def test_the_image_agrees_with_the_file() -> None:
    assert "WORKDIR /app" in DOCKERFILE and "VOLUME /data" in DOCKERFILE and "EXPOSE 8000" in DOCKERFILE
    assert interpolated(SERVICES["web"]["ports"][0]) == "8000:8000"
    users = re.findall(r"^USER (\w+)", DOCKERFILE, re.M)
    assert users and users[-1] != "root"
    for source in re.findall(r"^COPY (?!\.)(\S+)", DOCKERFILE, re.M):
        assert (ROOT / source).exists()


def test_compose_itself_accepts_the_file() -> None:
    command = compose()
    if command is None:
        if os.environ.get("CI"):
            pytest.fail("docker compose or docker-compose must be there in CI")
        pytest.skip("neither docker compose nor docker-compose on this machine")
    done = subprocess.run(
        [*command, "config", "-q"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def compose() -> list[str] | None:
    """The command of Compose: a plugin of docker, or the program of its own; neither needs an engine here."""
    if shutil.which("docker"):
        found = subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=60, check=False)
        if found.returncode == 0:
            return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The port of the web process and that of the feeds, which are served meanwhile; /app and /data as folders."""
    (tmp_path / "app" / "academies").mkdir(parents=True)
    for name in ACADEMIES:
        shutil.copy(ROOT / "examples" / "academies" / f"{name}.toml", tmp_path / "app" / "academies")
    with start(free_port(), edition=1) as feeds:
        yield free_port(), feeds.port


def test_the_commands_publish_what_harvest_brings(tmp_path: Path, ports: tuple[int, int]) -> None:
    web, feeds = ports
    address = f"http://127.0.0.1:{web}"
    with ExitStack() as stack:
        processes = {}
        for name, service in SERVICES.items():
            settings = {key.removeprefix(PREFIX): value for key, value in given(service).items()}
            settings |= {"DATA": str(tmp_path / "data"), "PORT": str(web), "DEMO_PORT": str(feeds), "HTTP_DELAY": "0"}
            command = [str(Path(sys.executable).parent / service["command"][0]), *service["command"][1:]]
            processes[name] = stack.enter_context(running(command, environment(settings), tmp_path / "app"))
        until_served(address, processes["web"])
        end = time.monotonic() + PATIENCE
        total = 0
        while total != RECORDS and time.monotonic() < end:
            assert [name for name, process in processes.items() if process.poll() is not None] == []
            time.sleep(0.3)
            status, body = get(address + "/api/resources?limit=1")
            total = json.loads(body)["total"] if status == 200 else 0
        assert total == RECORDS
        status, body = get(address + "/api/overlap")
        assert status == 200 and json.loads(body)["items"], "UNECE's lessons are also listed by the OECD"
        assert [name for name, process in processes.items() if process.poll() is not None] == []
