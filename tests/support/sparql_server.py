"""A SPARQL endpoint on loopback for tests: uvicorn in a thread, on a port that the system chooses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from registry.graph.pool import QueryPool
from registry.release import Release
from registry.settings import Settings
from registry.web.sparql_routes import create_router


@dataclass(frozen=True)
class Endpoint:
    """A running endpoint: its address and the pool behind it."""

    url: str
    pool: QueryPool


@contextmanager
def serving(graph: Path, settings: Settings) -> Iterator[Endpoint]:
    """Serve a graph folder until the block ends."""
    pool = QueryPool(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.start()
        await pool.switch(graph, "7.0")
        yield
        await pool.stop()

    app = FastAPI(lifespan=lifespan)
    released = Release(graph.parent, "7.0", {"sequence": 7, "number": "7.0", "time": "2026-03-01T10:00:00Z"})
    app.include_router(create_router(pool, lambda: released))
    # asyncio sets TCP_NODELAY, as for a served address, only where the protocol is named: else 40 ms are lost a request.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        end = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive() and time.monotonic() < end, "the endpoint did not start"
            time.sleep(0.02)
        yield Endpoint(f"http://127.0.0.1:{listener.getsockname()[1]}/sparql", pool)
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
