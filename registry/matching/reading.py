"""Changes of the log as rows of the working file: read once per record, in worker processes when there are many."""

from __future__ import annotations

import gc
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from operator import attrgetter

import numpy as np
import pyarrow as pa

from registry.matching import traits
from registry.matching.features import Features, Source, extract, from_json
from registry.matching.keys import BAND_WEIGHT, KINDS, bands, keys, language_of, own_number, title_tokens
from registry.matching.lexicon import Longs, numbered, word_number
from registry.matching.normalise import Tables, load_tables
from registry.model import Change

BATCH = 2_000
FEW = 2
"""Batches that are read in this process: starting others costs more than they save."""

_values = attrgetter(*traits.NAMES)
_source = attrgetter(*Source._fields)
Rows = dict[str, pa.Table]
"""Arrow tables by the name of the working file's table."""


def _columns(names: str, rows: list[tuple[object, ...]], types: list[pa.DataType]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(types)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return pa.table(arrays, names=names.split())


_SMALL = ((2, "kind"), (3, "weight"), (4, "language"))
_TEXT, _LONG, _BYTES = pa.string(), pa.int64(), pa.binary()


def rows_of(items: list[Features], tables: Tables) -> Rows:
    """All rows of some records; a resource's number is the hash of its IRI."""
    records: list[tuple[object, ...]] = []
    own: list[tuple[object, ...]] = []
    declared: list[tuple[object, ...]] = []
    numbers: list[tuple[object, ...]] = []
    tokens: list[tuple[int, int]] = []
    found: list[tuple[int, int, int, int, int]] = []
    sketches: list[tuple[int, int, bytes]] = []
    untitled: list[tuple[object, ...]] = []
    for item in items:
        n = numbered(item.resource)
        names = {key for key, _, _ in item.repositories}
        repository = names.pop() if len(names) == 1 else ""
        site = item.sites[0] if len(item.sites) == 1 else ""
        spoken = " ".join(item.languages)
        records.append((n, item.record, item.resource, item.feed, "", repository, site, spoken, item.to_json()))
        own.extend((n, item.feed, key, own_number(key)) for key in item.own)
        declared.extend((n, key) for key in sorted({key for _, key in item.declared}))
        trait = traits.traits(item, tables)
        numbers.append((n, *_values(trait)))
        if not trait.core:
            untitled.append((n, item.feed, item.record, item.titles[0].text if item.titles else ""))
        if trait.sketch:
            sketches.append((n, language_of(item), trait.sketch))
        tokens.extend((n, word_number(word)) for word in title_tokens(item))
        found.extend((n, *key) for key in keys(item, tables))
    word = np.array(tokens, np.int64).reshape(-1, 2)
    key = np.concatenate([np.array(found, np.int64).reshape(-1, 5), _text_keys(sketches)])
    kinds = [_LONG, *(_BYTES if kind == "bytes" else _LONG for kind in map(_kind, traits.NAMES))]
    return {
        "record": _columns(
            "n subject resource feed academy repository site spoken data", records, [_LONG, *[_TEXT] * 8]
        ),
        "own": _columns("n feed key k", own, [_LONG, _TEXT, _TEXT, _LONG]),
        "declared": _columns("n key", declared, [_LONG, _TEXT]),
        "trait": _columns("n " + " ".join(traits.NAMES), numbers, kinds),
        "untitled": _columns("n feed subject title", untitled, [_LONG, _TEXT, _TEXT, _TEXT]),
        "token": pa.table({"n": word[:, 0], "t": word[:, 1]}),
        "key": pa.table({"n": key[:, 0], "k": key[:, 1], **{name: key[:, at].astype("i2") for at, name in _SMALL}}),
    }


def _text_keys(sketches: list[tuple[int, int, bytes]]) -> Longs:
    """The keys of texts, as ``keys`` gives others, of some records: (n, language, sketch)."""
    number, full = bands(b"".join(sketch for _, _, sketch in sketches))
    row, _ = np.nonzero(full)
    owner = np.array([(n, language) for n, language, _ in sketches], np.int64).reshape(-1, 2)[row]
    columns = [
        owner[:, 0],
        number[full],
        *(np.full(len(row), one) for one in (KINDS["text"], BAND_WEIGHT)),
        owner[:, 1],
    ]
    return np.stack(columns, axis=1)


def _kind(name: str) -> str:
    return "bytes" if name in traits.SETS or name in ("grams", "sketch") else "long"


_READY: dict[str, Tables] = {}


def _begin() -> None:
    gc.disable()  # nothing that is read refers to itself; looking for what does took a tenth of the time
    _READY["tables"] = load_tables()


def _read(changes: list[Source]) -> Rows:
    """What a worker does."""
    tables = _READY["tables"]
    return rows_of([extract(change, tables) for change in changes], tables)


def living(data: list[str], tables: Tables) -> Rows:
    """The rows of records that are in the working file already."""
    return rows_of([from_json(text) for text in data], tables)


def batches(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Changes of records by BATCH, of one subject only the last; others are passed on where they stood."""
    source = iter(changes)
    while some := list(islice(source, BATCH)):
        yield list({change.subject: change for change in some}.values())


def read(changes: Iterable[Change], tables: Tables, workers: int) -> Iterator[tuple[list[Change], Rows]]:
    """Each batch with its rows, in the order of the log.

    ``workers`` processes read when there are more than FEW batches; at most two batches a worker are under way.
    """
    source = batches(changes)
    for batch in islice(source, FEW):
        yield batch, rows_of([extract(one, tables) for one in batch if one.kind == "record"], tables)
    first = next(source, None)
    if first is None:
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        waiting: deque[tuple[list[Change], Future[Rows]]] = deque()

        def send(batch: list[Change]) -> None:
            told = [Source(*_source(one)) for one in batch if one.kind == "record"]
            waiting.append((batch, pool.submit(_read, told)))

        send(first)
        for batch in source:
            send(batch)
            if len(waiting) > 2 * workers:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
