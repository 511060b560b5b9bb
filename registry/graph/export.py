"""Writing a release's graph to a file, for another store or a colleague.

Texts of records whose academy has not agreed that they are passed on stay out: they are shown here, with their
source, and not exported (docs/commands.md, "export").
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO, cast

import pyoxigraph as ox

from registry.iris import DCTERMS, MA, schema

FORMATS = {
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".ttl": ox.RdfFormat.TURTLE,
}


TEXTS = frozenset([str(schema("description")), str(schema("abstract")), MA + "sourceValue"])
PASSED_ON = frozenset(["agreed", "published"])
_ENTRY = "/id/record/"
_HEADER = (
    "# Descriptions of learning resources, each under the terms of its academy: dcterms:license of the entries.\n"
    "# Left out: descriptions and abstracts of lists whose academy has not agreed that they are passed on\n"
    "# (ma:permission of the lists, asked or none){lists}.\n"
)


def passed_on(store: ox.Store) -> tuple[frozenset[str], list[str]]:
    """The feeds whose texts may be passed on, and those known whose texts may not."""
    permission, name = ox.NamedNode(MA + "permission"), ox.NamedNode(DCTERMS + "identifier")
    open_: set[str] = set()
    closed: set[str] = set()
    for quad in store.quads_for_pattern(None, permission, None, None):
        for found in store.quads_for_pattern(quad.subject, name, None, None):
            assert isinstance(found.object, ox.Literal) and isinstance(quad.object, ox.Literal)
            (open_ if quad.object.value in PASSED_ON else closed).add(found.object.value)
    return frozenset(open_ - closed), sorted(closed)


def _stays(quad: ox.Quad, feeds: frozenset[str]) -> bool:
    """Whether a quad is a text that is not passed on. A feed that nothing is known of counts as one without leave."""
    if quad.predicate.value not in TEXTS or not isinstance(quad.graph_name, ox.NamedNode):
        return False
    _, mark, rest = quad.graph_name.value.partition(_ENTRY)
    return bool(mark) and rest.partition("/")[0] not in feeds


def export(graph_dir: Path, target: Path, prefixes: dict[str, str]) -> int:
    """Write the statements that may be passed on; how many.

    ``.nq`` and ``.trig`` keep the graphs, ``.nt`` and ``.ttl`` merge them; a further ``.gz`` compresses. The
    file appears whole or not at all, and says in its first lines what was left out. Raises ValueError for
    another ending.
    """
    packed = target.suffix == ".gz"
    ending = target.with_suffix("").suffix if packed else target.suffix
    form = FORMATS.get(ending)
    if form is None:
        raise ValueError(f"{target.name}: the ending must be one of {', '.join(FORMATS)}, each also with .gz")
    store = ox.Store.read_only(str(graph_dir))
    feeds, closed = passed_on(store)
    fresh = target.with_name(target.name + ".part")
    count = 0

    def quads() -> Iterator[ox.Quad]:
        nonlocal count
        for quad in store.quads_for_pattern(None, None, None, None):
            if not _stays(quad, feeds):
                count += 1
                yield quad

    with fresh.open("wb") as file, gzip.open(file, "wb") if packed else nullcontext(file) as handle:
        handle.write(_HEADER.format(lists=": " + ", ".join(closed) if closed else "").encode())
        rows = quads() if form.supports_datasets else (quad.triple for quad in quads())
        ox.serialize(rows, cast(BinaryIO, handle), form, prefixes=prefixes)
    fresh.replace(target)
    return count
