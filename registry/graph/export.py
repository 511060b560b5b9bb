"""Writing a release's whole graph to a file, for another store or a colleague."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO, cast

import pyoxigraph as ox

FORMATS = {
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".ttl": ox.RdfFormat.TURTLE,
}


def export(graph_dir: Path, target: Path, prefixes: dict[str, str]) -> int:
    """Write all statements; how many. ``.nq`` and ``.trig`` keep the graphs, ``.nt`` and ``.ttl`` merge them.

    A further ``.gz`` compresses. The file appears whole or not at all. Raises ValueError for another ending.
    """
    packed = target.suffix == ".gz"
    ending = target.with_suffix("").suffix if packed else target.suffix
    form = FORMATS.get(ending)
    if form is None:
        raise ValueError(f"{target.name}: the ending must be one of {', '.join(FORMATS)}, each also with .gz")
    store = ox.Store.read_only(str(graph_dir))
    fresh = target.with_name(target.name + ".part")
    count = 0

    def quads() -> Iterator[ox.Quad]:
        nonlocal count
        for quad in store.quads_for_pattern(None, None, None, None):
            count += 1
            yield quad

    with fresh.open("wb") as file, gzip.open(file, "wb") if packed else nullcontext(file) as handle:
        rows = quads() if form.supports_datasets else (quad.triple for quad in quads())
        ox.serialize(rows, cast(BinaryIO, handle), form, prefixes=prefixes)
    fresh.replace(target)
    return count
