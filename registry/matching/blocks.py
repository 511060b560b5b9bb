"""The traits of many records as arrays, and sets in them side by side: what measures and screen compute on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_array

from registry.matching.candidates import CAP, RAREST, UNKNOWN
from registry.matching.features import BINS, EMPTY
from registry.matching.lexicon import GRAMS, Ints, Lexicon, Longs, Reals
from registry.matching.traits import NAMES, SETS

TOPIC = 1 << 40
"""Added to a topic's number where topics are counted among other keys."""
_NUMBERS = (
    "title",
    "written",
    "minutes",
    "year",
    "day",
    "made",
    "issued",
    "head",
    "position",
    "said",
    "stored",
    "wide",
)

Padded = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Block:
    """The traits of some records as arrays, ``ids`` ascending; sets are padded with 0. ``rare`` are the rarest
    words that bring records together, ``academy`` numbers for equal academies."""

    ids: Longs
    grams: csr_array
    sketch: npt.NDArray[np.uint16]
    sets: dict[str, Padded]
    counts: dict[str, Ints]
    rare: Padded
    topic_weights: Reals
    numbers: dict[str, Longs]
    title_count: Ints
    academy: Ints


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


def _rarest(db: duckdb.DuckDBPyConnection, wanted: str, ids: Longs, lexicon: Lexicon) -> Padded:
    """The rarest words of each record, as candidates see them; those that too many records have are none."""
    found = db.execute(f"SELECT n, t FROM token SEMI JOIN {wanted} USING (n)").fetchnumpy()
    owner, word = np.asarray(found["n"], np.int64), np.asarray(found["t"], np.int64)
    counts = lexicon.of(word)
    counts = np.where(counts == 0, UNKNOWN, counts)
    order = np.lexsort((word, counts, owner))
    owner, word, counts = owner[order], word[order], counts[order]
    start = np.searchsorted(owner, ids)
    row = np.searchsorted(ids, owner)
    place = np.arange(len(owner)) - start[row] if len(owner) else np.zeros(0, np.int64)
    keep = (place < RAREST) & (counts <= CAP)
    out = np.zeros((len(ids), RAREST), np.uint32)
    out[row[keep], place[keep]] = word[keep] & 0xFFFFFFFF
    return out


def load(db: duckdb.DuckDBPyConnection, wanted: str, lexicon: Lexicon) -> Block:
    """The traits of the records whose numbers the table ``wanted`` (n) holds."""
    names = ", ".join(NAMES)
    # The academies are numbered within the block: numbers that nothing outlives.
    table = db.execute(
        f"SELECT n, {names}, dense_rank() OVER (ORDER BY academy) AS academy FROM trait SEMI JOIN {wanted} USING (n)"
        " JOIN record USING (n) ORDER BY n"
    ).to_arrow_table()
    ids = table.column("n").to_numpy()
    numbers = {name: table.column(name).to_numpy() for name in _NUMBERS}
    sets = {}
    for name, width in SETS.items():
        offsets, items = _ragged(table.column(name), "<u4")
        sets[name] = _padded(offsets, items, width)
    members = {name: (padded != 0).sum(axis=1, dtype=np.int32) for name, padded in sets.items()}
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
        ids, grams, sketch, sets, members, _rarest(db, wanted, ids, lexicon), topic_weights, numbers,
        lexicon.of(numbers["title"]), table.column("academy").to_numpy().astype(np.int32),
    )  # fmt: skip


def within(a: Padded, b: Padded) -> Flags:
    """Which members of each row of ``a`` are in the same row of ``b``."""
    out = np.zeros(a.shape, bool)
    # Column by column: whole arrays stay in the cache, and what few records have costs little.
    for place in range(b.shape[1]):
        column = b[:, place]
        if not column.any():
            break  # sets are padded at their end
        out |= a == column[:, None]
    return np.asarray(out & (a != 0))


def shared(block: Block, name: str, one: Longs, two: Longs) -> tuple[Ints, Ints, Ints]:
    """How many members of a set the records at two places share, and how many each has."""
    sets, counts = block.sets[name], block.counts[name]
    here, there = counts[one], counts[two]
    both = np.zeros(len(one), np.int32)
    some = np.flatnonzero((here > 0) & (there > 0))
    if len(some):
        most = int(here[some].max()), int(there[some].max())
        both[some] = within(sets[one[some], : most[0]], sets[two[some], : most[1]]).sum(axis=1, dtype=np.int32)
    return both, here, there
