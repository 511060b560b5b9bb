"""Bringing a remote store to what a release holds, and proving that it does.

First a copy of the release's graph, then the rows of the journal. Each request takes whole records, and the
marker stands in the store: whatever breaks off, at any point, is taken up from there. Doing something twice
changes nothing.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import cast

import pyoxigraph as ox

from registry.graph.journal import Journal, Row
from registry.graph.layout import DCAT_RECORD, DCAT_RESOURCE
from registry.graph.remote import Marker, Store, StoreFailed
from registry.graph.remote_terms import values

MARK_EVERY = 20
WIPE_AT_ONCE = 5000
MOST_BYTES = 1 << 20
_CHUNK = 2000
_LINKS = (DCAT_RECORD, DCAT_RESOURCE)

Shown = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Checksum:
    """What some quads are in the value space, whatever their order: how many, and the sum of their digests."""

    triples: int
    digest: str


def checksum(quads: Iterable[ox.Quad]) -> Checksum:
    """Read quads once, in bounded memory. Sum modulo 2²⁵⁶ of the SHA-256 of each."""
    rows, count, total = iter(quads), 0, 0
    while chunk := list(islice(rows, _CHUNK)):
        count += len(chunk)  # one that comes twice counts twice: it should not be there twice
        for quad in values(chunk):
            text = f"{quad.triple} {quad.graph_name}"
            total += int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    return Checksum(count, f"{total % (1 << 256):064x}")


def of_release(graph: Path) -> Checksum:
    """The checksum of a release's graph."""
    return checksum(ox.Store.read_only(str(graph)))


def pin(graph: Path, folder: Path) -> None:
    """Keep a release's graph while it is copied, by hard links."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    ox.Store.read_only(str(graph)).backup(str(folder))


def size_of(graph: Path) -> int:
    """How many statements a release's graph has."""
    return sum(1 for _ in ox.Store.read_only(str(graph)))


def of_store(store: Store) -> Checksum:
    """The checksum of what a remote store holds, but its own graphs and the marker."""
    marker = store.marker()
    return checksum(store.quads(marker.hidden if marker else ()))


def defaults_agree(store: Store, graph: Path) -> bool:
    """Whether the default graph holds what all graphs hold, where it must be written too."""
    if not store.copies():
        return True
    merged = (ox.Quad(q.subject, q.predicate, q.object) for q in ox.Store.read_only(str(graph)))
    return checksum(merged) == checksum(store.default_triples())


def _owner(quad: ox.Quad) -> str:
    """What a quad goes with: the record of a graph or link, else its subject. Both kinds of names of one record
    differ in one segment only."""
    graph = cast(ox.NamedNode, quad.graph_name).value
    name = cast(ox.NamedNode, quad.subject).value
    if "/id/record/" in graph:
        name = graph
    elif quad.predicate.value in _LINKS and isinstance(quad.object, ox.NamedNode):
        name = quad.object.value
    for kind in ("/id/record/", "/id/resource/"):
        before, found, rest = name.partition(kind)
        if found:
            return f"{before} {'/'.join(rest.split('/')[:2])}"
    return name


def _by_graph(store: Store, quads: Iterable[ox.Quad]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for quad in quads:
        found.setdefault(cast(ox.NamedNode, quad.graph_name).value, []).append(store.line(quad))
    return found


def _requests(store: Store, row: Row) -> Iterator[tuple[list[ox.Quad], list[ox.Quad]]]:
    """The quads of a row that go and come, in parts that one request can take, each of whole records."""
    owned: dict[str, tuple[list[ox.Quad], list[ox.Quad]]] = {}
    for at, quads in enumerate((row.gone, row.come)):
        for quad in quads:
            owned.setdefault(_owner(quad), ([], []))[at].append(quad)
    gone: list[ox.Quad] = []
    come: list[ox.Quad] = []
    for going, coming in owned.values():
        if (gone or come) and len(gone) + len(come) + len(going) + len(coming) > store.dialect.batch:
            yield gone, come
            gone, come = [], []
        gone, come = gone + going, come + coming
    yield gone, come


def _parts(quads: list[ox.Quad], size: int) -> Iterator[list[ox.Quad]]:
    for start in range(0, len(quads), size):
        yield quads[start : start + size]


def follow(store: Store, journal: Journal, marker: Marker, until: int, sequence: int, shown: Shown) -> Marker:
    """Do the rows of the journal after a marker and up to a number; the new marker.

    Raises StoreFailed, and LookupError where a row is not there any more.
    """
    for row in journal.rows(marker.epoch, marker.number, until):
        reached = replace(marker, number=row.number, sequence=sequence if row.number == until else marker.sequence)
        for gone, come in _requests(store, row):
            parts = [store.deleting(_by_graph(store, some)) for some in _parts(gone, store.dialect.batch)]
            parts += [store.inserting(_by_graph(store, some)) for some in _parts(come, store.dialect.batch)]
            whole = len(gone) + len(come) <= store.dialect.batch
            for operations in [[text for part in parts for text in part]] if whole else parts:
                store.update(*operations)
        store.update(*store.marking(reached, marker))
        marker = reached
        shown(row.number, until)
    if marker.sequence != sequence:
        reached = replace(marker, sequence=sequence)
        store.update(*store.marking(reached, marker))
        marker = reached
    return marker


def _emptying(graphs: list[str]) -> str:
    names = " ".join(f"<{graph}>" for graph in graphs)
    return f"DELETE {{ GRAPH ?g {{ ?s ?p ?o }} }} WHERE {{ VALUES ?g {{ {names} }} GRAPH ?g {{ ?s ?p ?o }} }}"


def _wipe(store: Store, begun: Marker, before: Marker | None) -> Marker:
    """Empty the store of what a mirror wrote; never what another wrote."""
    if before is None:
        foreign = next((graph for graph in store.graphs() if not store.inner(graph)), None)
        if foreign is None and not store.dialect.declares:
            foreign = next((str(quad) for quad in store.default_triples()), None)
        if foreign is not None:
            raise StoreFailed("the store holds other data and no mirror: empty it, or name another")
        begun = replace(begun, hidden=tuple(sorted(store.graphs())))
    else:
        begun = replace(begun, hidden=before.hidden)
    if not store.dialect.inner:
        ready = replace(begun, number=0)
        store.update("DROP ALL", *store.marking(ready, None))
        return ready
    store.update(*store.marking(begun, before))
    kept = {*begun.hidden, store.marker_graph}
    sizes = {graph: count for graph, count in store.sizes() if graph not in kept}
    some: list[str] = []
    for graph, count in sizes.items():
        if count > WIPE_AT_ONCE:
            store.update(f"CLEAR SILENT GRAPH <{graph}>")
            continue
        some.append(graph)
        if sum(sizes[one] for one in some) > WIPE_AT_ONCE:
            store.update(_emptying(some))
            some = []
    if some:
        store.update(_emptying(some))
    ready = replace(begun, number=0)
    store.update(*store.marking(ready, begun))
    return ready


def begin_copy(store: Store, epoch: str, target: str) -> Marker:
    """Empty the store for a copy. ``target`` names what will be copied. Raises StoreFailed."""
    return _wipe(store, Marker(epoch, -1, 0, True, target), store.marker())


def _filled(store: Store, source: ox.Store, skipped: int) -> Iterator[tuple[int, list[ox.Quad]]]:
    """The quads of a graph after some that are skipped, with how many graphs are in then (0: not all of one yet)."""
    for place, name in enumerate(source.named_graphs(), 1):
        if place <= skipped:
            continue
        rows = source.quads_for_pattern(None, None, None, name)
        some = list(islice(rows, store.dialect.batch))
        while rest := list(islice(rows, store.dialect.batch)):
            yield 0, some
            some = rest
        yield place, some


def copy(store: Store, graph: Path, marker: Marker, reached: Marker, shown: Shown) -> Marker:
    """Write a whole graph, from where a marker says; the marker ``reached`` in the end. Raises StoreFailed."""
    source = ox.Store.read_only(str(graph))
    total = sum(1 for _ in source.named_graphs())
    held: dict[str, list[str]] = {}
    count = size = requests = 0
    under_way: deque[Future[None]] = deque()
    with ThreadPoolExecutor(store.dialect.at_once) as sending:

        def arrived(most: int) -> None:
            while len(under_way) > most:
                under_way.popleft().result()

        def send(place: int) -> None:
            nonlocal held, count, size, requests, marker
            operations = store.inserting(held)
            requests += 1
            # While the store does some requests the next is made ready.
            arrived(store.dialect.at_once - 1)
            if place and requests % MARK_EVERY == 0:
                arrived(0)  # a marker says the truth: all before it is there
                now = replace(marker, number=place)
                store.update(*operations, *store.marking(now, marker))
                marker = now
                shown(place, total)
            else:
                under_way.append(sending.submit(store.update, *operations))
            held, count, size = {}, 0, 0

        whole = marker.number
        for place, quads in _filled(store, source, marker.number):
            if held and (count + len(quads) > store.dialect.batch or size > MOST_BYTES):
                send(whole)
            for name, lines in _by_graph(store, quads).items():
                held.setdefault(name, []).extend(lines)
                size += sum(map(len, lines))
            count += len(quads)
            whole = place or 0
        send(0)
        arrived(0)
    reached = replace(reached, hidden=marker.hidden)
    store.update(*store.marking(reached, marker))
    shown(total, total)
    return reached
