"""What is served can be built again from the ledger, in one go or change by change, and comes out the same."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.demo import Demo, get, serving

from examples.serve_feeds import start
from registry import release, vocabulary
from registry.graph import export
from registry.iris import PREFIXES
from registry.ledger import log
from registry.pipeline import figured, matched, publisher
from registry.pipeline.house import opened
from registry.prepare.setup import known_schemes
from registry.search.reader import Reader

STEP = 17
ROUTES = (
    "/api/resources?limit=200",
    "/api/resources?q=git&sort=title",
    "/api/resources?language=fr",
    "/api/matches?limit=200",
    "/api/overlap",
    "/api/academies",
    "/api/academies/oecd/issues",
)


def quiet(what: str, stage: str, done: int, total: int) -> None:
    """Nothing is shown."""


def statements(graph: Path, folder: Path) -> list[bytes]:
    """The whole public graph as sorted lines of N-Quads."""
    target = folder / "all.nq"
    export.export(graph, target, dict(PREFIXES))
    lines = sorted(target.read_bytes().splitlines())
    assert len(lines) > 5000
    return lines


def released(data: Path) -> release.Release:
    current = release.current(data)
    assert current is not None
    return current


def answers(address: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for route in ROUTES:
        status, body = get(address + route)
        assert status == 200, (route, body)
        found[route] = json.loads(body)
        assert found[route]["items"], route  # type: ignore[index]
    return found


def shown_at(address: str) -> str:
    """The release that an answer was read from, as its ETag says."""
    with urllib.request.urlopen(address + "/api/overlap", timeout=30) as response:
        return str(response.headers["ETag"])


@pytest.fixture(scope="module")
def copy(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return demo.copy(tmp_path_factory.mktemp("rebuilt"))


@pytest.fixture(scope="module")
def address(copy: Demo) -> Iterator[str]:
    with serving(copy) as found:
        yield found


@pytest.mark.parametrize("projection", ["graph", "search", "matches", "all"])
def test_a_rebuild_gives_the_same_graph_matches_and_answers(
    copy: Demo, address: str, projection: str, tmp_path: Path
) -> None:
    before = released(copy.data)
    graph, said = statements(before.graph, tmp_path), answers(address)
    done = copy.run("rebuild", projection, "--json")
    assert done.returncode == 0, done.stderr
    after = released(copy.data)
    assert after.number != before.number and after.sequence == before.sequence
    assert json.loads(done.stdout)["number"] == after.number
    assert statements(after.graph, tmp_path) == graph
    assert after.manifest["counts"] == before.manifest["counts"]
    assert answers(address) == said
    assert after.number in shown_at(address), "the web process shows the new release"


def test_an_unknown_projection_is_refused(copy: Demo) -> None:
    done = copy.run("rebuild", "figures")
    assert done.returncode == 2 and "graph, search, matches" in done.stderr


def test_harvesting_again_changes_nothing(copy: Demo) -> None:
    before = released(copy.data)
    with opened(copy.settings) as house:
        last = log.last_sequence(house.connection)
    with start(copy.demo_port, edition=2):
        visited = copy.run("harvest", "--json")
    assert visited.returncode == 0, visited.stderr
    runs = json.loads(visited.stdout)
    assert len(runs) == copy.summary["sources"]
    assert {run["outcome"] for run in runs} == {"done"}
    assert sum(run["counts"]["published_new"] + run["counts"]["withdrawn"] for run in runs) == 0
    assert sum(run["counts"]["new"] + run["counts"]["changed"] for run in runs) == 0
    done = copy.run("publish", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["number"] == before.number
    with opened(copy.settings) as house:
        assert log.last_sequence(house.connection) == last


def test_the_log_applied_piece_by_piece_equals_a_rebuild(demo: Demo, tmp_path: Path) -> None:
    folders = {}
    for name in ("pieces", "whole"):
        folders[name] = tmp_path / name
        folders[name].mkdir()
        shutil.copy(demo.data / "ledger.sqlite", folders[name])
    with opened(replace(demo.settings, data=folders["pieces"])) as house:
        labels = vocabulary.labels(house.root / "ontology", house.iris.base)
        settings = house.settings
        schemes = known_schemes(house.root, settings.schemes_folder, house.iris.base, settings.data / "cache")
        above = vocabulary.above(vocabulary.of_role(schemes, "subject"), house.iris.base)
        licences = figured.licences(house, labels)
        last = log.last_sequence(house.connection)
        for until in range(STEP, last, STEP):
            with matched.open_matcher(house) as matcher:
                matched.carry(house, matcher, until)
                publisher._graph(house, matcher, until, licences, quiet).close()
                publisher._search(house, matcher, until, labels, above, None)
        pieces = publisher.publish_now(house, quiet)
    with opened(replace(demo.settings, data=folders["whole"])) as house:
        whole = publisher.publish_now(house, quiet)
    assert statements(pieces.graph, tmp_path) == statements(whole.graph, tmp_path)
    assert found_in(pieces) == found_in(whole)
    assert pieces.manifest["counts"] == whole.manifest["counts"]
    assert statements(released(demo.data).graph, tmp_path) == statements(whole.graph, tmp_path)


def found_in(made: release.Release) -> dict[str, dict[str, object]]:
    """What the search index holds, by id."""
    return {entry["id"]: entry for entry in Reader(made.search).all()}
