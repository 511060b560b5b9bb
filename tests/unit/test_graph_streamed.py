"""A graph that is told piece by piece is loaded in one go; what ends the telling is what the caller meets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.graph.layout import BadChange
from registry.graph.store import EmbeddedStore
from registry.graph.streamed import as_file
from registry.model import Change
from tests.support.graphs import IRIS, record_change


@given(pieces=st.lists(st.binary(max_size=30)), size=st.integers(1, 9))
def test_what_is_read_is_what_was_told(pieces: list[bytes], size: int) -> None:
    read = as_file(pieces, size)
    assert b"".join(iter(lambda: read.read(size), b"")) == b"".join(pieces)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ConnectionError, BadChange])
def test_an_error_while_telling_is_raised_as_it_is(tmp_path: Path, error: type[BaseException]) -> None:
    store = EmbeddedStore(tmp_path / "graph", IRIS, "r", {"one": "alpha"})

    def told() -> Iterator[Change]:
        yield record_change(1, "k1")
        raise error("at the second record")

    with pytest.raises(error, match="at the second record"):
        store.bulk(told())
    assert store.marker() is None
    assert store.bulk([record_change(1, "k1")]) == 1
    store.close()


def test_what_is_no_n_triples_is_refused(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "graph", IRIS, "r", {"one": "alpha"})
    change = record_change(1, "k1")
    broken = replace(change, stated=change.stated.replace(" .\n", " <broken\n", 1))
    with pytest.raises(BadChange):
        store.bulk([broken])
    assert store.marker() is None
    store.close()
