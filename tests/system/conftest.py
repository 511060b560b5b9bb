"""The demo, built once by its own command and shared by all processes of a test run; nobody writes into it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.demo import Demo, build, free_port, serving


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo as ``meta-academy demo --no-serve`` leaves it, both editions harvested."""
    base = tmp_path_factory.getbasetemp()
    return build((base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "demo")


@pytest.fixture(scope="session")
def served(demo: Demo) -> Iterator[str]:
    """The address of a web process that shows the demo."""
    with serving(replace(demo, port=free_port())) as address:
        yield address
