"""A copy to a mirror that takes several updates at once: its marker never names what is not there yet."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from registry.graph import mirroring
from registry.graph.remote import Dialect, Marker, StoreFailed
from registry.graph.store import EmbeddedStore
from tests.support.graphs import IRIS, record_change

RECORDS = 60
Quads = set[tuple[str, str]]
"""(graph, line of N-Triples)."""


@dataclass
class Slow:
    """A store in memory that does updates at once, each after a while; it may break off at one of them."""

    graphs: Sequence[str]
    whole: Mapping[str, Quads]
    dialect: Dialect = field(default_factory=lambda: Dialect("slow", batch=30, at_once=2))
    breaks_at: int = 0
    held: Quads = field(default_factory=set)
    marker: Marker = field(default_factory=lambda: Marker("e", 0, 0, True))
    most: int = 0
    _asked: int = 0
    _now: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(7))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def line(self, quad: ox.Quad) -> str:
        return f"{quad.triple} .\n"

    def inserting(self, triples: Mapping[str, Sequence[str]]) -> list[Any]:
        return [{(name, line) for name, lines in triples.items() for line in lines}] if triples else []

    def marking(self, marker: Marker, before: Marker | None) -> list[Any]:
        return [marker]

    def update(self, *operations: Any) -> None:
        with self._lock:
            self._asked += bool(operations)
            broken = self._asked == self.breaks_at
            self._now += 1
            self.most = max(self.most, self._now)
            pause = self._chance.random() / 500
        time.sleep(pause)
        with self._lock:
            self._now -= 1
            if broken:
                raise StoreFailed("broken off")
            for operation in operations:
                if isinstance(operation, Marker):
                    for name in self.graphs[: operation.number]:
                        assert self.whole[name] <= self.held, f"{operation} before {name}"
                    self.marker = operation
                else:
                    self.held |= operation


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("copied") / "graph"
    store = EmbeddedStore(path, IRIS, "r", {"one": "alpha"})
    store.bulk([record_change(n, f"k{n}", name=f"Course {n}") for n in range(1, RECORDS + 1)])
    store.close()
    yield path


def test_a_copy_that_breaks_off_anywhere_goes_on_from_its_marker(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirroring, "MARK_EVERY", 4)
    source = ox.Store.read_only(str(graph))
    names = [re.sub("[<>]", "", str(name)) for name in source.named_graphs()]
    whole = {
        name: {(name, f"{quad.triple} .\n") for quad in source.quads_for_pattern(None, None, None, ox.NamedNode(name))}
        for name in names
    }
    reached, marks = Marker("e", 1, 1), set()
    breaks = 0
    while True:
        breaks += 1
        store = Slow(names, whole, breaks_at=breaks)
        try:
            mirroring.copy(store, graph, store.marker, reached, lambda done, total: None)  # type: ignore[arg-type]
            break
        except StoreFailed:
            marks.add(store.marker.number)
            store.breaks_at = 0
            mirroring.copy(store, graph, store.marker, reached, lambda done, total: None)  # type: ignore[arg-type]
        assert store.held == set().union(*whole.values())
        assert store.marker == replace(reached, hidden=store.marker.hidden)
        assert store.most == 2
    assert breaks > 20 and len(marks) > 3
