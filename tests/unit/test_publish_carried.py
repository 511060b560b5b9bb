"""Releases carried forward by what changed are those made from nothing: graph, figures and counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import tantivy

from benchmarks.catalogue_ledger import edit, fill, registry
from registry.ledger import log, runs
from registry.model import Run
from registry.pipeline import set_aside
from registry.pipeline.house import House
from registry.pipeline.publisher import PROJECTIONS, drop, publish_now
from registry.release import Release
from registry.search import index as search
from registry.search.filters import PAIRED
from registry.search.index import Entries, marker
from registry.statistics import spare
from registry.statistics.reader import open_figures, relations_of

COUNT = 150
ACTIVITY = "http://www.w3.org/ns/prov#Activity"
TABLES = (
    "counter overlap shared tally resource carries covers match member work academy feed left_out fact withdrawn cell"
    " described alike licensed growth kind part ruled reused form taught"
).split()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with registry(tmp_path, COUNT) as found:
        fill(found, COUNT)
        yield found


def quiet(what: str, stage: str, done: int, total: int) -> None:
    pass


def content(made: Release) -> dict[str, Any]:
    """All that a release says, but the ids of works, which the ledger gives."""
    store = ox.Store.read_only(str(made.graph))
    connection = sqlite3.connect(made.figures / "figures.sqlite")
    tables = {name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}"))) for name in TABLES}
    connection.close()
    paired = marked(made)
    hidden = [str(name) for name in store.named_graphs() if "/graph/projection" in str(name)]
    assert not hidden
    return {"graph": {str(quad) for quad in store}, "counts": made.manifest["counts"], "paired": paired, **tables}


def marked(made: Release) -> dict[str, list[str]]:
    """The relations by which the index finds each entry, which are those of its pairs in the figures."""
    index = tantivy.Index.open(str(made.search))
    found = {document["iri"]: document.get(PAIRED, []) for document in Entries(index).all()}
    with open_figures(made.figures) as connection:
        assert found == {iri: relations_of(connection, iri) for iri in found}
    assert sum(map(bool, found.values())) > 10
    standing = marker(index)
    assert standing is not None and standing.pairs == made.manifest["matches"]
    return found


def test_a_publisher_that_died_after_the_index_was_written_leaves_nothing_wrong(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_now(house, quiet)
    edit(house, COUNT, 30, seed=1)

    def dies(*given: Any) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as broken, pytest.raises(OSError, match="no space"):
        broken.setattr(search, "copy_to", dies)
        publish_now(house, quiet)
    edit(house, COUNT, 30, seed=2)
    carried = content(publish_now(house, quiet))
    drop(house, PROJECTIONS)
    assert carried == content(publish_now(house, quiet, anew=True))


def test_a_week_later_and_another_equal_what_is_built_from_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare, "WORTH", 0)
    publish_now(house, quiet)
    for week in (1, 2):
        edit(house, COUNT, 30, seed=week)
        carried = content(publish_now(house, quiet))
        drop(house, PROJECTIONS)
        anew = content(publish_now(house, quiet, anew=True))
        for part, found in anew.items():
            assert carried[part] == found, part


def test_what_comes_while_matching_is_in_the_next_release_with_its_matches(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = set_aside.tell

    def and_a_visit_ends(*given: Any) -> None:
        tell(*given)
        monkeypatch.setattr(set_aside, "tell", tell)
        edit(house, COUNT, 30, seed=1)

    publish_now(house, quiet)
    monkeypatch.setattr(set_aside, "tell", and_a_visit_ends)
    edit(house, COUNT, 30, seed=2)
    until = log.last_sequence(house.connection)
    first = publish_now(house, quiet)
    assert first.sequence == until < log.last_sequence(house.connection)
    second = publish_now(house, quiet)
    assert second.sequence == log.last_sequence(house.connection)
    carried = content(second)
    drop(house, PROJECTIONS)
    assert carried == content(publish_now(house, quiet, anew=True))


def test_a_visit_that_ends_after_its_changes_were_published_is_told_again(house: House) -> None:
    publish_now(house, quiet)
    (_, feed) = house.feeds[0]
    number, run = runs.start(house.connection, house.iris, feed, runs.utc_now())
    (record, *_) = log.sample(house.connection, feed.id, 1)
    with house.connection:
        log.append(
            house.connection, time=runs.utc_now(), kind="tombstone", subject=record.subject, cause="source",
            feed=feed.id, key=record.key, run=run.iri,
        )  # fmt: skip
    assert outcome(publish_now(house, quiet), run) == {"running"}
    runs.end(house.connection, number, "done", "", {"records": 7}, runs.utc_now())
    edit(house, COUNT, 1)
    assert outcome(publish_now(house, quiet), run) == {"done"}


def outcome(made: Release, run: Run) -> set[str]:
    store = ox.Store.read_only(str(made.graph))
    said = list(store.quads_for_pattern(ox.NamedNode(run.iri), None, None, None))
    assert any(quad.object == ox.NamedNode(ACTIVITY) for quad in said)
    texts = {quad.object.value for quad in said if isinstance(quad.object, ox.Literal | ox.NamedNode)}
    return {word for word in ("running", "done", "refused") if any(text.endswith(word) for text in texts)}
