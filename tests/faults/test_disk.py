"""A full disk in harvest and publish: it is said in words, nothing that stood is lost, and it goes on with room."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults.test_kill import examine_ledger, examine_release
from support.demo import ROOT, environment, free_port

from examples.serve_feeds import Server, start
from registry import release
from registry.ledger import connect, log
from registry.pipeline.house import ledger_path
from registry.settings import Settings

MB = 1 << 20
ACADEMIES = ("carpentries", "insee", "oecd", "uk-gaf", "unece")


@dataclass(frozen=True)
class Place:
    """A data folder and the command line on it."""

    data: Path
    academies: Path
    feeds: Server

    def run(self, *arguments: str, largest_file: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a verb; ``largest_file``: no file may grow beyond so many bytes."""
        settings = {
            "DATA": self.data, "ACADEMIES": self.academies, "DEMO_PORT": self.feeds.port, "HTTP_DELAY": 0,
            "BASE": "https://registry.example.org", "WORKERS": 1,
        }  # fmt: skip

        def limited() -> None:
            if largest_file:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

        return subprocess.run(
            [sys.executable, "-m", "registry.cli", *arguments], cwd=ROOT, env=environment(settings),
            capture_output=True, text=True, timeout=120, check=False, preexec_fn=limited,
        )  # fmt: skip

    def stands(self) -> dict[str, str]:
        """What the log says last, by address, after the ledger and the release were examined."""
        connection = connect(ledger_path(Settings(data=self.data)))
        try:
            examine_ledger(connection)
            examine_release(self.data, connection)
            return {change.subject: f"{change.kind} {change.digest}" for change in log.standing(connection)}
        finally:
            connection.close()

    def number(self) -> str:
        current = release.current(self.data)
        return current.number if current else ""


@pytest.fixture
def academies(tmp_path: Path) -> Path:
    folder = tmp_path / "academies"
    folder.mkdir()
    for name in ACADEMIES:
        (folder / f"{name}.toml").symlink_to(ROOT / "examples" / "academies" / f"{name}.toml")
    return folder


@pytest.fixture
def feeds() -> Iterator[Server]:
    with start(free_port(), edition=1) as server:
        yield server


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MB of its own: twice what the sample academies need."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", folder], check=False).returncode
    ):
        if os.environ.get("CI"):
            pytest.fail("a disk of its own must be possible in CI, which runs as root")
        pytest.skip("only root may mount a disk of its own")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path, left: int) -> Path:
    """Fill a disk until only so many bytes are left; the file that does it."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    room = os.statvfs(disk)
    with filler.open("wb") as handle:
        os.posix_fallocate(handle.fileno(), 0, room.f_bavail * room.f_frsize - left)
    return filler


def refused(done: subprocess.CompletedProcess[str], data: Path) -> None:
    """It ended with 1 and one plain sentence."""
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert f"there is no room left for {data}" in done.stderr and "Make room" in done.stderr


def test_a_full_disk_loses_nothing_and_is_carried_on_from(
    disk: Path, tmp_path: Path, academies: Path, feeds: Server
) -> None:
    place, control = Place(disk / "var", academies, feeds), Place(tmp_path / "control", academies, feeds)
    for edition in (1, 2):
        feeds.set_edition(edition)
        assert control.run("harvest").returncode == 0
    wanted = control.stands()
    feeds.set_edition(1)

    # The first harvest: not even a ledger, then in the middle of the lists, then with room.
    filler = fill(disk, 40_000)
    refused(place.run("harvest"), place.data)
    fill(disk, 450_000)
    refused(place.run("harvest"), place.data)
    partly = place.stands()
    assert len(partly) < len(wanted)
    filler.unlink()
    assert place.run("harvest", "--json").returncode == 0
    first = place.stands()
    assert partly.items() <= first.items() and len(first) > 60

    # The first release: none at all rather than half of one.
    fill(disk, 3 * MB)
    refused(place.run("publish"), place.data)
    assert place.number() == "" and place.stands() == first
    assert not list((place.data / "releases").glob("making-*")), "what was begun gives its room back"
    filler.unlink()
    assert place.run("publish").returncode == 0
    number = place.number()
    assert number

    # The second edition: what is served stays until there is room again.
    feeds.set_edition(2)
    fill(disk, 0)
    refused(place.run("harvest"), place.data)
    assert place.number() == number
    asked = place.run("query", "--format", "csv", "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
    assert asked.returncode == 0 and int(asked.stdout.split()[1]) > 1000
    filler.unlink()
    place.stands()
    assert place.run("harvest").returncode == 0
    assert place.stands() == wanted
    fill(disk, 100_000)
    refused(place.run("publish"), place.data)
    assert place.number() == number and place.stands() == wanted
    filler.unlink()
    done = place.run("publish", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["records"] == sum(said.startswith("record ") for said in wanted.values())
    assert place.number() != number
    assert place.stands() == wanted


def test_a_file_that_may_not_grow_is_said_in_words(tmp_path: Path, academies: Path, feeds: Server) -> None:
    place = Place(tmp_path / "var", academies, feeds)
    harvested = place.run("harvest", largest_file=300_000)
    assert harvested.returncode == 1 and "Traceback" not in harvested.stderr
    assert str(place.data) in harvested.stderr
    place.stands()
    assert place.run("harvest").returncode == 0
    stood = place.stands()
    published = place.run("publish", largest_file=100_000)
    assert published.returncode == 1 and "Traceback" not in published.stderr
    assert str(place.data) in published.stderr
    assert place.number() == "" and place.stands() == stood
    assert place.run("publish").returncode == 0
    assert place.number() and place.stands() == stood


def test_a_folder_that_belongs_to_another_is_said_in_words(tmp_path: Path, academies: Path, feeds: Server) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    done = Place(tmp_path / "file" / "var", academies, feeds).run("harvest")
    assert done.returncode == 1 and str(tmp_path / "file") in done.stderr and "Traceback" not in done.stderr
