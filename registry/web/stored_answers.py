"""Answers stored queries: evaluated by the query workers once per release, or read from the figures, then kept.

The whole answer is gathered: a failure is told before the first byte. Identical questions at the same time are
evaluated once. Nothing here knows HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from registry.graph.pool import QueryFailed, QueryRequest
from registry.graph.serialise import serialise
from registry.iris import CUBE, SPDX, Iris
from registry.release import Release
from registry.statistics import cube, tables
from registry.statistics.reader import open_figures
from registry.terms import is_iri
from registry.web import stored_formats as formats
from registry.web.compress import pack, unpack
from registry.web.kept import Kept
from registry.web.stored import StoredQuery
from registry.web.stored_formats import Cell, Source
from registry.web.stored_values import Values

_T = TypeVar("_T")
Make = Callable[[], Awaitable[bytes]]
GZIP = "gzip"
RESULTS = "application/sparql-results+json"
LARGEST = 64 << 20
"""Bytes of one answer from a query worker."""
LONGEST = 60.0
"""Seconds that a question may be evaluated: it is one of ours, and is kept."""
WAITING = 64
"""Questions that may wait for their turn; one is evaluated at a time, so that pages find a worker too."""
PATIENCE = 5.0
"""Seconds that a question waits for the query workers to follow to the release that is served."""
GRAPH_TYPES = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}


OBSERVATIONS = 5_000
"""What one data cube may hold: each has a dozen statements."""


def types_of(query: StoredQuery) -> Mapping[str, str]:
    """The formats of a query's answer: {suffix: media type}; a figure that is a data cube is also a graph."""
    if query.form == "CONSTRUCT":
        return GRAPH_TYPES
    return formats.TYPES | GRAPH_TYPES if query.figure in cube.cubes() else formats.TYPES


class TooLarge(ValueError):
    """The answer is larger than may be gathered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A stored query with the values of its parameters, on a release of a registry."""

    query: StoredQuery
    values: Values
    release: Release
    iris: Iris

    @property
    def key(self) -> tuple[str, str, tuple[tuple[str, str, str], ...]]:
        """The same for the same answer."""
        return self.release.number, self.query.name, self.values.bindings


@dataclass(slots=True)
class Answers:
    """Whole answers by question and format, at most ``limit`` bytes; what was not asked for longest goes first."""

    pool: Any
    limit: int
    _kept: Kept[bytes] = field(init=False)
    _running: dict[Hashable, asyncio.Future[bytes]] = field(default_factory=dict)
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _waiting: int = 0

    def __post_init__(self) -> None:
        """Nothing is kept yet."""
        self._kept = Kept(self.limit)

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._kept.size

    async def body(self, asked: Asked, suffix: str, source: Source, language: str, *, gzip: bool = False) -> bytes:
        """The answer in a format: a key of ``formats.TYPES`` or GRAPH_TYPES, or "excel" (CSV of that language).

        ``source.parameters`` and ``language`` stand in a workbook; with ``gzip`` compressed (RFC 1952). Raises
        QueryFailed, TooLarge, formats.TooManyRows.
        """
        named = language if suffix in ("excel", "xlsx") else ""
        where = (source.address, source.parameters) if suffix == "xlsx" else ()
        key: Hashable = (*asked.key, suffix, named, where)
        make: Make = partial(self._other, asked, suffix, source, language)
        if asked.query.form == "CONSTRUCT":
            make = partial(self._evaluated, asked, GRAPH_TYPES[suffix])
        elif suffix in GRAPH_TYPES:
            make = partial(asyncio.to_thread, _cubed, asked, GRAPH_TYPES[suffix])
        elif suffix == "json":
            key, make = (*asked.key, "json"), partial(self._table, asked)
        return await (self._packed(key, make) if gzip else self._once(key, make))

    async def rows(self, asked: Asked) -> list[tuple[Cell, ...]]:
        """The rows of a table, for a page. Raises QueryFailed, TooLarge."""
        body = await self._once((*asked.key, "json"), partial(self._table, asked))
        return await _off(len(body), lambda: formats.from_json(body))

    async def ready(self, asked: Asked) -> None:
        """Have the answer of a table at hand. Raises QueryFailed, TooLarge."""
        await self._once((*asked.key, "json"), partial(self._table, asked))

    async def _once(self, key: Hashable, make: Make) -> bytes:
        if (kept := self._kept.get(key)) is not None:
            return kept
        return await self._shared(key, partial(self._made, key, make))

    async def _shared(self, key: Hashable, make: Make) -> bytes:
        """Made once for all who ask the same at the same time."""
        if (running := self._running.get(key)) is None:
            running = self._running[key] = asyncio.ensure_future(make())
            running.add_done_callback(lambda done: self._landed(key, done))
        # Who leaves does not take the answer away from others who wait for it.
        return await asyncio.shield(running)

    async def _made(self, key: Hashable, make: Make) -> bytes:
        """An answer from what is kept compressed, or made and kept: a large one compressed (29 MB as 5)."""
        if (packed := self._kept.get((GZIP, key))) is not None:
            return await asyncio.to_thread(unpack, packed)
        body = await make()
        if len(body) <= self.limit // 4:
            self._kept.put(key, body, len(body))
        else:
            await self._pack(key, body)
        return body

    async def _packed(self, key: Hashable, make: Make) -> bytes:
        async def packed() -> bytes:
            body = await self._once(key, make)
            return self._kept.get((GZIP, key)) or await self._pack(key, body)

        return self._kept.get((GZIP, key)) or await self._shared((GZIP, key), packed)

    async def _pack(self, key: Hashable, body: bytes) -> bytes:
        packed = await _off(len(body), lambda: pack(body))
        if len(packed) <= self.limit // 4:
            self._kept.put((GZIP, key), packed, len(packed))
        return packed

    def _landed(self, key: Hashable, done: asyncio.Future[bytes]) -> None:
        self._running.pop(key, None)
        if not done.cancelled():
            done.exception()  # told to those who wait; nobody may be left

    async def _table(self, asked: Asked) -> bytes:
        query = asked.query
        if query.figure is not None:
            return await asyncio.to_thread(_figured, query, asked.values, asked.release.figures)
        answer = await self._evaluated(asked, RESULTS)
        return await _off(len(answer), lambda: formats.to_json(query, formats.from_srj(answer, query)))

    async def _other(self, asked: Asked, suffix: str, source: Source, language: str) -> bytes:
        rows, query = await self.rows(asked), asked.query
        make: dict[str, Callable[[], bytes]] = {
            "csv": lambda: formats.to_csv(query, rows),
            "excel": lambda: formats.to_excel_csv(query, rows, language),
            "xlsx": lambda: formats.to_xlsx(query, rows, source, language),
            "srj": lambda: formats.to_srj(query, rows),
        }
        return await _off(len(rows) * 100, make[suffix])

    async def _evaluated(self, asked: Asked, media_type: str) -> bytes:
        """The whole answer of the query workers, in turn. Raises QueryFailed, TooLarge."""
        if self._waiting >= WAITING:
            raise QueryFailed("busy", "Too many questions are waiting. Try again in a moment.", 5)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._gathered(asked, media_type)
        finally:
            self._waiting -= 1

    async def _gathered(self, asked: Asked, media_type: str) -> bytes:
        """The whole answer, on this release and no other."""
        await self._follow(asked.release.number)
        query, bindings = asked.query, asked.values.bindings
        request = QueryRequest(query.text, query.form, media_type, deadline=LONGEST, bindings=bindings)
        answer = await self.pool.run(request, internal=True)
        try:
            if answer.release != asked.release.number:
                raise QueryFailed("unavailable", "Another edition has come meanwhile; please ask again.", 1)
            gathered = [answer.first]
            size = len(answer.first)
            async for part in answer.rest:
                size += len(part)
                if size > LARGEST:
                    raise TooLarge(f"The answer is larger than {LARGEST >> 20} MB; narrow it by a parameter.")
                gathered.append(part)
            return b"".join(gathered)
        finally:
            answer.close()

    async def _follow(self, number: str) -> None:
        """Wait for the workers to have the release: they follow a little after it is there."""
        if self.pool is None:
            raise QueryFailed("unavailable", "Queries are not answered here.", 30)
        end = asyncio.get_running_loop().time() + PATIENCE
        while self.pool.release != number:
            if asyncio.get_running_loop().time() > end:
                raise QueryFailed("unavailable", "The query workers do not have this edition yet.", 5)
            await asyncio.sleep(0.05)


async def _off(size: int, make: Callable[[], _T]) -> _T:
    """What takes long is made beside the event loop."""
    return make() if size < 100_000 else await asyncio.to_thread(make)


def _figured(query: StoredQuery, values: Values, figures: Path) -> bytes:
    """The answer as the figures have it; what they do not narrow themselves is narrowed here, by equality."""
    assert query.figure is not None
    known = tables.tables()[query.figure].parameters
    asked = {name: value for name, value in values.values.items() if name in known}
    names, rows = tables.read(figures, query.figure, asked)
    wanted = [column.name for column in query.columns]
    if list(names) != wanted:
        raise ValueError(f"{query.name}: its columns are {wanted}, the figure has {list(names)}")
    others = [(wanted.index(name), value) for name, value in values.values.items() if name not in known]
    cells = (
        tuple(formats.cell(value, column) for value, column in zip(row, query.columns, strict=True)) for row in rows
    )
    return formats.to_json(query, (row for row in cells if all(row[place] == value for place, value in others)))


def _cubed(asked: Asked, media_type: str) -> bytes:
    """The figure as an RDF Data Cube. Raises TooLarge."""
    name, values, figures = asked.query.figure or "", asked.values.values, asked.release.figures
    if len(tables.read(figures, name, values)[1]) > OBSERVATIONS:
        raise TooLarge(f"There are more than {OBSERVATIONS} observations; narrow them by a parameter.")
    return serialise(cube.dataset(figures, name, asked.iris, values), media_type, {"cube": CUBE})


def licences(figures: Path) -> list[str]:
    """The licences of the descriptions that a release is made of, as IRIs where they have one."""
    with open_figures(figures) as connection:
        found = connection.execute(
            "SELECT DISTINCT metadata_licence FROM feed WHERE metadata_licence IS NOT NULL AND metadata_licence != ''"
            " ORDER BY metadata_licence"
        )
        return [name if is_iri(name) or " " in name else SPDX + name for (name,) in map(tuple, found)]
