"""Servers that tests of one run share: each starts once in a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.store_servers import Server, oxigraph, virtuoso


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """The server of a kind; it is started when a test first asks for it."""
    started: dict[str, Server] = {}
    with ExitStack() as stack:

        def given(kind: str) -> Server:
            if kind not in started:
                start = virtuoso if kind == "virtuoso" else oxigraph
                started[kind] = stack.enter_context(start(tmp_path_factory.mktemp(kind)))
            return started[kind]

        yield given
