"""The registry's web process over one graph folder, on loopback: `python -m benchmarks.serve_queries GRAPH`."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import uvicorn

from registry import settings
from registry.graph.pool import QueryPool
from registry.pipeline.serve import server_options, settle
from registry.web.app import create_app

NUMBER = "1.0"


class _OfOneGraph(QueryPool):
    """Query workers on a graph without a release around it."""

    def __init__(self, told: settings.Settings, graph: Path) -> None:
        super().__init__(told)
        self._only = graph

    async def start(self) -> None:
        await super().start()
        await self.switch(self._only, NUMBER)


def main(graph: Path) -> None:
    """Print the port, then serve until killed; settings as for the registry, from the environment."""
    with tempfile.TemporaryDirectory() as nothing:
        told = replace(settings.load(os.environ), data=Path(nothing))
        app = create_app(told, pool=_OfOneGraph(told, graph))
        settle()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        server = uvicorn.Server(uvicorn.Config(app, **server_options(told)))
        server.run(sockets=[listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
