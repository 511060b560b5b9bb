"""Stores of every kind for tests: the embedded one alone, or led after by a real server."""

from __future__ import annotations

import io
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyoxigraph as ox

from registry.graph import mirroring, remote_query, worker
from registry.graph.guard import scan
from registry.graph.journal import Journal
from registry.graph.plan import Plan
from registry.graph.remote import Marker, Remote, Store, of_settings
from registry.graph.store import EmbeddedStore
from registry.graph.worker import Request
from registry.iris import Iris
from registry.settings import Settings
from tests.support.graphs import IRIS
from tests.support.store_servers import Server

KINDS = ("oxigraph", "plain", "virtuoso")


def settings_of(kind: str, server: Server, **more: Any) -> Settings:
    """The settings by which a server is used in one way."""
    if kind == "plain":
        return Settings(store=f"{server.store}/query", store_update=f"{server.store}/update", **more)
    return Settings(
        store=server.store, store_kind=kind, store_user=server.user, store_password=server.password, **more
    )


def remote_of(kind: str, server: Server, iris: Iris = IRIS) -> Remote:
    """The store in one way."""
    made = of_settings(settings_of(kind, server), iris)
    assert made is not None
    return made


def no_progress(done: int, total: int) -> None:
    """Nothing is shown."""


class Led(EmbeddedStore):
    """The embedded store, and a server that is brought to the same after each update."""

    there: Store

    def _update(self, plan: Plan, standing: Mapping[str, int] | None = None) -> None:
        EmbeddedStore._update(self, plan, standing)
        told, marker = self.journalled(), self.there.marker()
        assert told is not None and self.noted is not None
        if marker is None or marker.epoch != told[0]:
            folder = self.path.with_name("snapshot")
            shutil.rmtree(folder, ignore_errors=True)
            self.snapshot(folder)
            begun = mirroring.begin_copy(self.there, told[0], "test")
            mirroring.copy(self.there, folder, begun, Marker(told[0], told[1], told[1]), no_progress)
        else:
            mirroring.follow(self.there, self.noted, marker, told[1], told[1], no_progress)

    def held(self) -> set[str]:
        """All quads that the server holds, by the embedded store's writing."""
        marker = self.there.marker()
        assert marker is not None
        found = [str(quad) for quad in mirroring.values(self.there.quads(marker.hidden))]
        assert len(found) == len(set(found))
        return set(found)

    def close(self) -> None:
        """Let go of both."""
        EmbeddedStore.close(self)
        self.there.close()


def led(path: Path, recipe: str, academies: Mapping[str, str], kind: str, server: Server) -> Led:
    """An empty store, led after by a server whatever that held before."""
    made = Led(path, IRIS, recipe, academies, Journal(path.with_name(f"{path.name}.journal")))
    made.there = Store(remote_of(kind, server))
    return made


def request_of(query: str, media_type: str, **more: Any) -> Request:
    """A query as a worker gets it."""
    found = scan(query)
    return Request(
        query,
        media_type,
        base=f"{IRIS.base}/",
        dataset=found.dataset,
        star=found.star,
        variables=found.variables,
        **more,
    )


def asker_of(remote: Remote, hidden: tuple[str, ...] = ()) -> remote_query.Asker:
    """What asks a server, from this process."""
    parts = urlsplit(remote.query)
    address = (str(parts.hostname), int(parts.port or 80))
    return remote_query.Asker(remote, lambda timeout: socket.create_connection(address, timeout), hidden)


def answers(kind: str, server: Server) -> Iterator[Any]:
    """A function that asks a server as the public does: (query, media type, …) to bytes."""
    remote = remote_of(kind, server)
    store = Store(remote)
    marker = store.marker()
    asker = asker_of(remote, (*(marker.hidden if marker else ()), store.marker_graph))

    def ask(query: str, media_type: str, **more: Any) -> bytes:
        out = io.BytesIO()
        remote_query.answer(asker, request_of(query, media_type, **more), out)
        return out.getvalue()

    yield ask
    store.close()


def here(graph: Path) -> Any:
    """The same on the embedded store."""
    store = ox.Store.read_only(str(graph))

    def ask(query: str, media_type: str, **more: Any) -> bytes:
        out = io.BytesIO()
        worker.evaluate(store, request_of(query, media_type, **more), out)
        return out.getvalue()

    return ask
