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


def _shared(block: Block, name: str, one: Longs, two: Longs) -> tuple[Ints, Ints, Ints]:
    """How there members are in both, and how there each side has."""
    a, b = block.sets[name][one], block.sets[name][two]
    both = _within(a, b).sum(axis=1)
    return both.astype(np.int32), (a != 0).sum(axis=1).astype(np.int32), (b != 0).sum(axis=1).astype(np.int32)


def _nullable(values: npt.NDArray[Any], known: Flags, kind: pa.DataType) -> pa.Array:
    return pa.array(values, kind, mask=~known)


def measure(block: Block, one: Longs, two: Longs, aside: Padded) -> dict[str, pa.Array]:
    """The columns of ``measure`` but for the pair itself; ``one`` and ``two`` are places in the block, ``aside`` the
    numbers of identity keys that prove nothing."""
    langs, here, there = _shared(block, "langs", one, two)
    written = (block.written[one] == block.written[two]) & (block.written[one] != 0)
    cross = (here > 0) & (there > 0) & (langs == 0) & ~written
    has_title = (block.title[one] != 0) & (block.title[two] != 0)
    cosine = np.asarray(block.grams[one].multiply(block.grams[two]).sum(axis=1)).ravel()
    # Two scripts share no letters: nothing can be told from that.
    comparable = has_title & (~cross | (cosine > 0.02))
    same = (block.title[one] == block.title[two]) & has_title
    count = np.where(same, np.maximum(block.title_count[one], UNKNOWN_TITLES), 0)

    a, b = block.sketch[one], block.sketch[two]
    filled = ((a != EMPTY) | (b != EMPTY)).sum(axis=1)
    sketched = (a != EMPTY).any(axis=1) & (b != EMPTY).any(axis=1)
    text = ((a == b) & (a != EMPTY)).sum(axis=1) / np.maximum(filled, 1)

    def identity(name: str) -> tuple[Flags, Flags]:
        left = np.where(np.isin(block.sets[name][one], aside), 0, block.sets[name][one])
        right = np.where(np.isin(block.sets[name][two], aside), 0, block.sets[name][two])
        both = np.asarray((left != 0).any(axis=1)) & np.asarray((right != 0).any(axis=1))
        return np.asarray(_within(left, right).any(axis=1)), both

    same_id, ids = identity("ids")
    same_url, urls = identity("urls")
    authority, *_ = _shared(block, "authorities", one, two)
    identities = np.where(same_id, 2, np.where(same_url, 1, np.where(ids & (authority > 0), -1, 0)))

    authors, here, there = _shared(block, "authors", one, two)
    named = (here > 0) & (there > 0)
    people = np.where(
        (authors >= 2) | ((authors == np.minimum(here, there)) & (authors > 0)), 2, np.minimum(authors, 1)
    )

    subjects, others = block.sets["topics"][one], block.sets["topics"][two]
    weights, total = block.topic_weights[one], block.topic_weights[two].sum(axis=1)
    both = (weights * _within(subjects, others)).sum(axis=1)
    known_topics = (subjects != 0).any(axis=1) & (others != 0).any(axis=1)
    topics = both / np.maximum(np.maximum(weights.sum(axis=1), total), 1e-9)

    codes, here, there = _shared(block, "codes", one, two)
    union = here + there - codes
    stems, here, there = _shared(block, "places", one, two)
    sections, first, second = _shared(block, "sections", one, two)
    placed = ((here > 0) & (there > 0)) | ((first > 0) & (second > 0))
    longer = np.maximum(block.minutes[one], block.minutes[two])
    timed = (block.minutes[one] > 0) & (block.minutes[two] > 0)
    dated = (block.year[one] > 0) & (block.year[two] > 0)
    days = (block.day[one] != 0) & (block.day[two] != 0)
    every = np.ones(len(one), bool)
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
        "minutes": _nullable(np.minimum(block.minutes[one], block.minutes[two]) / np.maximum(longer, 1), timed, real),
        "years": _nullable(np.abs(block.year[one] - block.year[two]), dated, whole),
        "day": _nullable((block.day[one] == block.day[two]).astype(np.int32), days, whole),
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
        one, two = left[at : at + CHUNK], right[at : at + CHUNK]
        columns = measure(block, np.searchsorted(block.ids, one), np.searchsorted(block.ids, two), aside)
        db.register("measured", pa.table({"l": one, "r": two, **columns}))
        db.execute("INSERT INTO measure SELECT * FROM measured")
        db.unregister("measured")
