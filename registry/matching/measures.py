"""How alike two records are, field by field, as numbers: one row of the table ``measure`` for each pair.

A null says that it cannot be told. What the columns mean and how they are weighed: ``scoring``; ``tie`` and ``near``
are what ``screen`` says of the pair. Vectorised: a million pairs take a few seconds, whatever the language.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_array

from registry.matching.blocks import Block, Flags, Padded, load, shared, within
from registry.matching.features import EMPTY
from registry.matching.lexicon import Ints, Lexicon, Longs
from registry.matching.screen import screen
from registry.matching.traits import number as number_of

CHUNK = 50_000
UNKNOWN_TITLES = 2
"""How many records have a title that the frequencies do not know."""


def _nullable(values: npt.NDArray[Any], known: Flags, kind: pa.DataType) -> pa.Array:
    return pa.array(values, kind, mask=~known)


def _texts(block: Block, one: Longs, two: Longs) -> tuple[npt.NDArray[np.float64], Flags]:
    """Which share of the bins of two sketches agree, and where both have one."""
    has = block.sketch[:, :].min(axis=1) != EMPTY if len(block.ids) else np.zeros(0, bool)
    known = has[one] & has[two]
    alike = np.zeros(len(one))
    some = np.flatnonzero(known)
    a, b = block.sketch[one[some]], block.sketch[two[some]]
    filled = ((a != EMPTY) | (b != EMPTY)).sum(axis=1)
    alike[some] = ((a == b) & (a != EMPTY)).sum(axis=1) / np.maximum(filled, 1)
    return alike, known


def _identities(block: Block, one: Longs, two: Longs, aside: Padded) -> tuple[Ints, Flags]:
    """2 for one identifier, 1 for one address, -1 for two identifiers of one authority; where it can be told."""
    found, known = np.zeros(len(one), np.int32), np.zeros(len(one), bool)
    agreed = {}
    for name in ("ids", "urls"):
        sets = block.sets[name]
        sets = np.where(np.isin(sets, aside), 0, sets)
        has = (sets != 0).any(axis=1)
        some = np.flatnonzero(has[one] & has[two])
        known[some] = True
        same = within(sets[one[some]], sets[two[some]]).any(axis=1)
        agreed[name] = some, same
    some, same = agreed["ids"]
    authority, *_ = shared(block, "authorities", one[some], two[some])
    found[some[authority > 0]] = -1
    found[agreed["urls"][0][agreed["urls"][1]]] = 1
    found[some[same]] = 2
    return found, known


def _topics(block: Block, one: Longs, two: Longs) -> tuple[npt.NDArray[np.float64], Flags]:
    """Which share of the weight of the heavier side's topics both have, and where both have some."""
    total = block.topic_weights.sum(axis=1)
    known = (total[one] > 0) & (total[two] > 0)
    share = np.zeros(len(one))
    some = np.flatnonzero(known)
    left, right = one[some], two[some]
    both = (block.topic_weights[left] * within(block.sets["topics"][left], block.sets["topics"][right])).sum(axis=1)
    share[some] = both / np.maximum(np.maximum(total[left], total[right]), 1e-9)
    return share, known


def _products(block: Block, one: Longs, two: Longs) -> csr_array:
    """The products of the weights of the letter groups that two titles share."""
    return csr_array(block.grams[one].multiply(block.grams[two]))


def measure(
    block: Block, one: Longs, two: Longs, aside: Padded, kinds: Ints, *, tied: bool
) -> tuple[Longs, dict[str, pa.Array]]:
    """Which of the pairs are measured, and the columns of ``measure`` but for the pair itself.

    ``one`` and ``two`` are places in the block, ``aside`` the numbers of identity keys that prove nothing, ``kinds``
    the bits of the generators that found each pair. With ``tied`` the screen goes first, and only the pairs that
    something ties are measured: of what brings records together four pairs in five share a word and no more.
    """
    number = block.numbers
    langs, here, there = shared(block, "langs", one, two)
    written = (number["written"][one] == number["written"][two]) & (number["written"][one] != 0)
    differ = (here > 0) & (there > 0) & (langs == 0)
    text, sketched = _texts(block, one, two)
    identities, identified = _identities(block, one, two, aside)
    authors, here, there = shared(block, "authors", one, two)
    named = (here > 0) & (there > 0)
    people = np.where(
        (authors >= 2) | ((authors == np.minimum(here, there)) & (authors > 0)), 2, np.minimum(authors, 1)
    )

    def alike(at: Longs) -> npt.NDArray[np.float64]:
        size = np.diff(block.grams.indptr)
        both = np.diff(_products(block, one[at], two[at]).indptr)
        return np.asarray(2 * both / np.maximum(size[one[at]] + size[two[at]], 1))

    tie, near = screen(block, one, two, differ, written, text, identities, authors, alike, kinds)
    some = np.flatnonzero(tie > 0) if tied else np.arange(len(one))
    one, two, cross = one[some], two[some], (differ & ~written)[some]
    titles, others = number["title"][one], number["title"][two]
    has_title = (titles != 0) & (others != 0)
    cosine = np.asarray(_products(block, one, two).sum(axis=1)).ravel()
    # Two scripts share no letters: nothing can be told from that.
    comparable = has_title & (~cross | (cosine > 0.02))
    same = (titles == others) & has_title
    count = np.where(same, np.maximum(block.title_count[one], UNKNOWN_TITLES), 0)
    topics, known_topics = _topics(block, one, two)
    codes, here, there = shared(block, "codes", one, two)
    union = here + there - codes
    stems, here, there = shared(block, "places", one, two)
    sections, first, second = shared(block, "sections", one, two)
    placed = ((here > 0) & (there > 0)) | ((first > 0) & (second > 0))
    spent, lasts = number["minutes"][one], number["minutes"][two]
    dated = (number["year"][one] > 0) & (number["year"][two] > 0)
    days = (number["day"][one] != 0) & (number["day"][two] != 0)
    every = np.ones(len(one), bool)
    real, whole = pa.float64(), pa.int32()
    return some, {
        "cross": pa.array(cross),
        "title": _nullable(np.round(cosine.astype(np.float64), 5), comparable, real),
        "title_df": _nullable(count, every, whole),
        "text": _nullable(text[some], sketched[some], real),
        "identity": _nullable(identities[some], identified[some], whole),
        "authors": _nullable(people[some], named[some], whole),
        "topics": _nullable(np.round(topics, 5), known_topics, real),
        "codes": _nullable(codes / np.maximum(union, 1), union > 0, real),
        "minutes": _nullable(
            np.minimum(spent, lasts) / np.maximum(np.maximum(spent, lasts), 1), (spent > 0) & (lasts > 0), real
        ),
        "years": _nullable(np.abs(number["year"][one] - number["year"][two]), dated, whole),
        "day": _nullable((number["day"][one] == number["day"][two]).astype(np.int32), days, whole),
        "place": _nullable(np.where(stems > 0, 2, np.where(sections > 0, 1, 0)), placed, whole),
        "tie": pa.array(tie[some]),
        "near": pa.array(near[some]),
    }


def fill(
    db: duckdb.DuckDBPyConnection, pairs: str, into: str, lexicon: Lexicon, workers: int = 1, *, tied: bool = False
) -> None:
    """Make a temporary table of measures for the pairs (l, r, kinds) of a table or of a query in brackets, or for
    those that something ties."""
    db.execute(f"CREATE OR REPLACE TEMP TABLE asked AS SELECT DISTINCT unnest([l, r]) AS n FROM {pairs}")
    block = load(db, "asked", lexicon)
    # Keys that prove nothing are numbers here, as the traits have them.
    aside = np.array(sorted({number_of(key) for (key,) in db.execute("SELECT key FROM aside").fetchall()}), np.uint32)
    db.execute(
        f'CREATE OR REPLACE TEMP TABLE {into} (l BIGINT, r BIGINT, "cross" BOOLEAN, title DOUBLE, title_df INTEGER,'
        " text DOUBLE, identity INTEGER, authors INTEGER, topics DOUBLE, codes DOUBLE, minutes DOUBLE, years INTEGER,"
        " day INTEGER, place INTEGER, tie TINYINT, near DOUBLE)"
    )
    table = db.execute(f"SELECT l, r, kinds FROM {pairs} ORDER BY l, r").to_arrow_table()
    left, right, kinds = (table.column(name).to_numpy() for name in ("l", "r", "kinds"))

    def part(at: int) -> pa.Table:
        one, two = left[at : at + CHUNK], right[at : at + CHUNK]
        places = np.searchsorted(block.ids, one), np.searchsorted(block.ids, two)
        some, columns = measure(block, *places, aside, kinds[at : at + CHUNK], tied=tied)
        return pa.table({"l": one[some], "r": two[some], **columns})

    with ThreadPoolExecutor(workers) as pool:
        for measured in _ahead(pool, part, range(0, len(left), CHUNK), workers):
            db.register("measured", measured)
            db.execute(f"INSERT INTO {into} SELECT * FROM measured")
            db.unregister("measured")


def _ahead(pool: ThreadPoolExecutor, work: Any, items: range, workers: int) -> Iterator[pa.Table]:
    """Results in order, a few at a time: all of them at once would not fit."""
    source = iter(items)
    waiting = [pool.submit(work, item) for item in islice(source, 2 * workers)]
    while waiting:
        yield waiting.pop(0).result()
        waiting.extend(pool.submit(work, item) for item in islice(source, 1))
