"""The README does what it says: its commands run, its addresses answer, its example loads, its links lead somewhere."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from support.demo import ROOT, environment, get

from harvesters import base as harvesters
from registry import academies

README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"(?:^<!-- run(?:: exit code (\d))? -->\n)?^```(\w*)\n(.*?)^```$", re.M | re.S)
RUN = re.findall(r"^<!-- run(?:: exit code (\d))? -->\n```sh\n(.*?)^```$", README, re.M | re.S)
CURLS = [
    line for _, kind, text in BLOCK.findall(README) if kind == "sh" for line in text.splitlines() if "curl" in line
]


def test_there_is_something_to_run() -> None:
    assert len(RUN) == README.count("<!-- run") >= 1
    assert len(CURLS) >= 3


@pytest.mark.parametrize(("code", "text"), RUN)
def test_a_command_ends_as_the_page_says(code: str, text: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-euc", text], cwd=ROOT, env=environment({"DATA": tmp_path / "var"}),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == int(code or 0), done.stderr
    if code:
        assert f"exit code is {code}" in README


def test_the_sample_shows_what_the_public_will_see_and_what_to_mend(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-euc", RUN[0][1]], cwd=ROOT, env=environment({"DATA": tmp_path / "var"}),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "3 entries read, 2 would be published, 1 held back" in done.stdout
    assert "«ask us»" in done.stdout and "«2026-05-20»" in done.stdout
    assert not (tmp_path / "var").exists(), "a check keeps nothing"


def test_the_targets_of_make_exist() -> None:
    rules = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = set(re.findall(r"\bmake ([a-z]+)\b(?=[`\n])", README))
    assert {"demo", "test", "bench", "evaluate"} <= named <= rules


def test_the_example_of_an_academy_loads(tmp_path: Path) -> None:
    (example,) = [text for _, kind, text in BLOCK.findall(README) if kind == "toml"]
    (tmp_path / "example.toml").write_text(example, "utf-8")
    found = academies.load(tmp_path, protocols=harvesters.names())
    (feed,) = found["example"].feeds
    assert feed.id == "example-courses" and feed.protocol == "table" and found["example"].name["fr"]
    assert f"meta-academy harvest {feed.id}" in README


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", README)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def curl(line: str, served: str) -> tuple[int, bytes]:
    """What this line of curl asks, asked: -H and --data-urlencode are known."""
    words = shlex.split(line)
    assert words.pop(0) == "curl"
    headers: dict[str, str] = {}
    data: bytes | None = None
    addresses = []
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "--data-urlencode":
            name, _, value = words.pop(0).partition("=")
            data = urllib.parse.urlencode({name: value}).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        else:
            assert word.startswith("http://localhost:8000/"), f"unknown to this test: {word}"
            addresses.append(word.replace("http://localhost:8000", served))
    (address,) = addresses
    return get(address, headers, data)


@pytest.mark.parametrize("line", CURLS)
def test_an_address_of_the_page_answers(served: str, line: str) -> None:
    status, body = curl(line, served)
    assert status == 200, body
    if "text/csv" in line:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8"), newline="")))
        assert rows[0] == ["name"] and len(rows) == 11
    elif ".csv?academy=insee" in line:
        heading, *lines = csv.reader(io.StringIO(body.decode("utf-8"), newline=""))
        assert heading[0] == "academy" and {row[0] for row in lines} == {"insee"}
    elif "/q/" in line:
        assert {row["scheme"] for row in json.loads(body)} == {"gsbpm"}
    else:
        told: Any = json.loads(body)
        assert told["items"] and told["total"] >= len(told["items"])


def test_the_page_to_start_with_shows_overlap(served: str) -> None:
    assert "<http://localhost:8000/overlap>" in README
    status, body = get(served + "/overlap", {"Accept": "text/html"})
    assert status == 200 and b"UNECE" in body
