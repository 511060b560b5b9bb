"""The notebook runs from beginning to end against a registry, and its tables say what the registry says."""

from __future__ import annotations

import ast
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import pytest
import uvicorn
from support import full_entry as full
from support import small_release as small

from registry.settings import Settings
from registry.web.app import create_app

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("data")
    small.build(data, all_changes=[*small.changes(), full.entry(6)], all_matches=small.matches())
    ledger = data / "ledger.sqlite"
    small.findings(ledger)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        app = create_app(Settings(data=data), ledger_path=ledger, messages=small.MESSAGES, base=small.BASE)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        until = time.monotonic() + 30
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        assert server.started
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


def _run(cells: list[str], space: dict[str, Any]) -> list[Any]:
    """What each cell shows: the value of its last line, where that is an expression."""
    shown = []
    for number, cell in enumerate(cells):
        body = ast.parse(cell).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), f"cell {number}", "exec"), space)
        if last is None:
            shown.append(None)
        else:
            assert isinstance(last, ast.Expr)
            shown.append(eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), space))
    return shown


def test_from_the_catalogue_to_a_chart(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = json.loads((EXAMPLES / "catalogue.ipynb").read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] for cell in notebook["cells"] if cell["cell_type"] == "code")
    matplotlib.use("Agg")
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.setenv("META_ACADEMY", address)
    monkeypatch.setattr(sys, "path", [*sys.path])
    space: dict[str, Any] = {"__name__": "notebook"}
    shown = _run(cells, space)
    catalogue = space["catalogue"]
    assert shown[0] == "Edition 5.1 of 2026-03-01" and len(catalogue) == 6
    assert set(catalogue["open licence"][catalogue["id"] == "north-oai/git-1"]) == {True}
    levels = space["by_level"]
    assert levels.loc["SNL", "Basic"] == 2 and levels["not known"].sum() == 2
    languages = space["by_language"]
    assert languages.loc["es"].sum() == 2 and languages.loc["en", "may be adapted"] == 2
    figures = [space["plt"].figure(number) for number in space["plt"].get_fignums()]
    titles = [figure.axes[0].get_title() for figure in figures]
    assert titles == ["Resources by academy and level", "Resources by language"]
    assert all(sum(bar.get_width() * bar.get_height() for bar in figure.axes[0].patches) > 0 for figure in figures)
    assert shown[-1] == "nothing yet"
