"""How alike two records are, field by field, as numbers: one row of the table ``measure`` for each pair.

A null says that it cannot be told. What the columns mean and how they are weighed: ``scoring``.
Vectorised: a million pairs take a few seconds, whatever the language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_array

from registry.matching.features import BINS, EMPTY
from registry.matching.lexicon import GRAMS, Ints, Lexicon, Longs, Reals
from registry.matching.traits import NAMES, SETS, WIDTH

CHUNK = 100_000
TOPIC = 1 << 40
"""Added to a topic's number where topics are counted among other keys."""
UNKNOWN_TITLES = 2
"""How many records have a title that the frequencies do not know."""

Padded = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Block:
    """The traits of some records as arrays, ``ids`` ascending; sets are padded with 0."""

    ids: Longs
    grams: csr_array
    sketch: npt.NDArray[np.uint16]
    sets: dict[str, Padded]
    topic_weights: Reals
    title: Longs
    title_count: Ints
    written: Longs
    minutes: Longs
    year: Longs
    day: Longs


def _ragged(column: pa.ChunkedArray, kind: str) -> tuple[Longs, npt.NDArray[Any]]:
    """(offsets in items, items) of a column of bytes."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], pa.binary())
    size = np.dtype(kind).itemsize
    width = 8 if pa.types.is_large_binary(array.type) else 4
    offsets = np.frombuffer(array.buffers()[1], f"<i{width}", len(array) + 1, array.offset * width).astype(np.int64)
    values = array.buffers()[2]
    items = np.frombuffer(values, kind, offsets[-1] // size) if values is not None else np.zeros(0, kind)
    return offsets // size, items


def _padded(offsets: Longs, items: npt.NDArray[Any], width: int) -> Padded:
    rows = len(offsets) - 1
    lengths = np.diff(offsets)
    row = np.repeat(np.arange(rows), lengths)
    place = np.arange(offsets[-1] - offsets[0]) - np.repeat(offsets[:-1] - offsets[0], lengths)
    out = np.zeros((rows, width), np.uint32)
    keep = place < width
    out[row[keep], place[keep]] = items[offsets[0] : offsets[-1]][keep]
    return out


def load(db: duckdb.DuckDBPyConnection, wanted: str, lexicon: Lexicon) -> Block:
    """The traits of the records whose numbers the table ``wanted`` (n) holds."""
    found = db.execute(f"SELECT n, {', '.join(NAMES)} FROM trait SEMI JOIN {wanted} USING (n) ORDER BY n")
    table = found.to_arrow_table()
    longs = {name: table.column(name).to_numpy() for name in ("n", "title", "written", "minutes", "year", "day")}
    sets = {}
    for name in SETS:
        offsets, items = _ragged(table.column(name), "<u4")
        sets[name] = _padded(offsets, items, 2 * WIDTH if name == "topics" else WIDTH)
    offsets, items = _ragged(table.column("grams"), "<u4")
    weights = lexicon.gram_weights()[items]
    row = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    length = np.sqrt(np.bincount(row, weights * weights, len(offsets) - 1)).astype(np.float32)
    shape = (len(offsets) - 1, GRAMS)
    grams = csr_array((weights / length[row], items.astype(np.int32), offsets.astype(np.int32)), shape=shape)
    offsets, items = _ragged(table.column("sketch"), "<u2")
    sketch = np.full((len(offsets) - 1, BINS), EMPTY, np.uint16)
    sketch[np.diff(offsets) == BINS] = items.reshape(-1, BINS)
    topics = sets["topics"].astype(np.int64)
    counts = lexicon.of((topics + TOPIC).ravel()).reshape(topics.shape)
    topic_weights = np.where(topics > 0, lexicon.rarity(counts), 0).astype(np.float32)
    return Block(
        longs["n"], grams, sketch, sets, topic_weights, longs["title"], lexicon.of(longs["title"]), longs["written"],
        longs["minutes"], longs["year"], longs["day"],
    )  # fmt: skip


def _within(a: Padded, b: Padded) -> Flags:
    """Which members of each row of ``a`` are in the same row of ``b``."""
    return np.asarray(((a[:, :, None] == b[:, None, :]) & (a[:, :, None] != 0)).any(axis=2))


def _shared(block: Block, name: str, l: Longs, r: Longs) -> tuple[Ints, Ints, Ints]:
    """How many members are in both, and how many each side has."""
    a, b = block.sets[name][l], block.sets[name][r]
    both = _within(a, b).sum(axis=1)
    return both.astype(np.int32), (a != 0).sum(axis=1).astype(np.int32), (b != 0).sum(axis=1).astype(np.int32)


def _nullable(values: npt.NDArray[Any], known: Flags, kind: pa.DataType) -> pa.Array:
    return pa.array(values, kind, mask=~known)


def measure(block: Block, l: Longs, r: Longs, aside: Padded) -> dict[str, pa.Array]:
    """The columns of ``measure`` but for the pair itself; ``l`` and ``r`` are places in the block, ``aside`` the
    numbers of identity keys that prove nothing."""
    langs, one, other = _shared(block, "langs", l, r)
    written = (block.written[l] == block.written[r]) & (block.written[l] != 0)
    cross = (one > 0) & (other > 0) & (langs == 0) & ~written
    has_title = (block.title[l] != 0) & (block.title[r] != 0)
    cosine = np.asarray(block.grams[l].multiply(block.grams[r]).sum(axis=1)).ravel()
    # Two scripts share no letters: nothing can be told from that.
    comparable = has_title & (~cross | (cosine > 0.02))
    same = (block.title[l] == block.title[r]) & has_title
    count = np.where(same, np.maximum(block.title_count[l], UNKNOWN_TITLES), 0)

    a, b = block.sketch[l], block.sketch[r]
    filled = ((a != EMPTY) | (b != EMPTY)).sum(axis=1)
    sketched = (a != EMPTY).any(axis=1) & (b != EMPTY).any(axis=1)
    text = ((a == b) & (a != EMPTY)).sum(axis=1) / np.maximum(filled, 1)

    def identity(name: str) -> tuple[Flags, Flags]:
        left = np.where(np.isin(block.sets[name][l], aside), 0, block.sets[name][l])
        right = np.where(np.isin(block.sets[name][r], aside), 0, block.sets[name][r])
        both = np.asarray((left != 0).any(axis=1)) & np.asarray((right != 0).any(axis=1))
        return np.asarray(_within(left, right).any(axis=1)), both

    same_id, ids = identity("ids")
    same_url, urls = identity("urls")
    authority, *_ = _shared(block, "authorities", l, r)
    identities = np.where(same_id, 2, np.where(same_url, 1, np.where(ids & (authority > 0), -1, 0)))

    authors, one, other = _shared(block, "authors", l, r)
    named = (one > 0) & (other > 0)
    people = np.where(
        (authors >= 2) | ((authors == np.minimum(one, other)) & (authors > 0)), 2, np.minimum(authors, 1)
    )

    subjects, others = block.sets["topics"][l], block.sets["topics"][r]
    weights, total = block.topic_weights[l], block.topic_weights[r].sum(axis=1)
    both = (weights * _within(subjects, others)).sum(axis=1)
    known_topics = (subjects != 0).any(axis=1) & (others != 0).any(axis=1)
    topics = both / np.maximum(np.maximum(weights.sum(axis=1), total), 1e-9)

    codes, one, other = _shared(block, "codes", l, r)
    union = one + other - codes
    stems, one, other = _shared(block, "places", l, r)
    sections, first, second = _shared(block, "sections", l, r)
    placed = ((one > 0) & (other > 0)) | ((first > 0) & (second > 0))
    longer = np.maximum(block.minutes[l], block.minutes[r])
    timed = (block.minutes[l] > 0) & (block.minutes[r] > 0)
    dated = (block.year[l] > 0) & (block.year[r] > 0)
    days = (block.day[l] != 0) & (block.day[r] != 0)
    every = np.ones(len(l), bool)
    real, whole = pa.float64(), pa.int32()
    return {
        "cross": pa.array(cross),
        "title": _nullable(np.round(cosine.astype(np.float64), 5), comparable, real),
        "title_df": _nullable(count, every, whole),
        "text": _nullable(text.astype(np.float64), sketched, real),
        "identity": _nullable(identities, ids | urls, whole),
        "authors": _nullable(people, named, whole),
        "topics": _nullable(np.round(topics.astype(np.float64), 5), known_topics, real),
        "codes": _nullable(codes / np.maximum(union, 1), union > 0, real),
        "minutes": _nullable(np.minimum(block.minutes[l], block.minutes[r]) / np.maximum(longer, 1), timed, real),
        "years": _nullable(np.abs(block.year[l] - block.year[r]), dated, whole),
        "day": _nullable((block.day[l] == block.day[r]).astype(np.int32), days, whole),
        "place": _nullable(np.where(stems > 0, 2, np.where(sections > 0, 1, 0)), placed, whole),
    }


def fill(db: duckdb.DuckDBPyConnection, pairs: str, lexicon: Lexicon, aside: Padded) -> None:
    """Make the temporary table ``measure`` for the pairs (l, r) of a table."""
    db.execute(f"CREATE OR REPLACE TEMP TABLE asked AS SELECT DISTINCT unnest([l, r]) AS n FROM {pairs}")
    block = load(db, "asked", lexicon)
    db.execute(
        'CREATE OR REPLACE TEMP TABLE measure (l BIGINT, r BIGINT, "cross" BOOLEAN, title DOUBLE, title_df INTEGER,'
        " text DOUBLE, identity INTEGER, authors INTEGER, topics DOUBLE, codes DOUBLE, minutes DOUBLE, years INTEGER,"
        " day INTEGER, place INTEGER)"
    )
    table = db.execute(f"SELECT l, r FROM {pairs} ORDER BY l, r").to_arrow_table()
    left, right = table.column("l").to_numpy(), table.column("r").to_numpy()
    for at in range(0, len(left), CHUNK):
        l, r = left[at : at + CHUNK], right[at : at + CHUNK]
        columns = measure(block, np.searchsorted(block.ids, l), np.searchsorted(block.ids, r), aside)
        db.register("measured", pa.table({"l": l, "r": r, **columns}))
        db.execute("INSERT INTO measure SELECT * FROM measured")
        db.unregister("measured")
