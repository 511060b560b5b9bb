"""What figures and graph are told beside what is published: who agreed to show its score, who is not here, licences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox

from benchmarks.catalogue_ledger import fill
from benchmarks.generate_catalogue import Catalogue
from registry import academies_known
from registry.iris import DQV
from registry.ledger import measurements
from registry.model import Academy
from registry.pipeline import figured
from registry.pipeline.house import opened
from registry.pipeline.publisher import publish_now
from registry.release import Release
from registry.settings import Settings
from registry.statistics.tables import read
from registry.web.stored import load_queries

ROOT = Path(__file__).resolve().parents[2]
COUNT = 40
FEED = "office-00-courses"


def published(folder: Path, academies: Mapping[str, Academy], *, first: bool = False) -> Release:
    """A release of a registry with these academies."""
    with opened(Settings(data=folder / "var", academies=folder, notice_days=0), dict(academies)) as house:
        if first:
            fill(house, COUNT)
            told = [("01", 0.5), ("02", 0.25), ("02", 0.12345)]
            for day, (month, value) in enumerate(told, 1):
                run = f"{house.iris.base}/id/run/{FEED}/{day}"
                time = f"2026-{month}-{day:02d}T00:00:00Z"
                measurements.keep(house.connection, FEED, run, {"completeness": value}, time)
                measurements.keep(house.connection, "office-01-courses", run, {"completeness": 0.9}, time)
        return publish_now(house, lambda what, stage, done, total: None, anew=first)


def same(made: Release, name: str) -> list[tuple[object, ...]]:
    """The rows of a table, which its text gives on the release's graph too."""
    query = load_queries(ROOT / "ontology/questions", "http://localhost:8000/")[name]
    found = ox.Store.read_only(str(made.graph)).query(query.text, use_default_graph_as_union=True)
    assert isinstance(found, ox.QuerySolutions)
    wanted = [[str(row[column.name].value) for column in query.columns] for row in found]  # type: ignore[union-attr]
    _, rows = read(made.figures, name)
    assert [[str(cell) for cell in row] for row in rows] == wanted
    return list(rows)


def test_only_who_agreed_shows_a_score_and_may_take_it_back(tmp_path: Path) -> None:
    plain = Catalogue(COUNT).academies()
    agreed = plain | {"office-00": replace(plain["office-00"], show_score=True)}
    (tmp_path / academies_known.FILE).write_text(
        "\t".join(academies_known.COLUMNS) + "\neast\tOffice of the East\thttps://east.example.org/\tXE\t\n", "utf-8"
    )
    made = published(tmp_path, agreed, first=True)
    # Of a month the last value, with four digits; of who did not agree none.
    rows = same(made, "quality-history")
    assert [(row[0], row[1], row[3], str(row[4])) for row in rows] == [
        ("office-00", FEED, "2026-01", "0.5"), ("office-00", FEED, "2026-02", "0.1235"),
    ]  # fmt: skip
    (silent,) = {row[6] for row in same(made, "coverage-by-term") if row[0] == "gsbpm"} - {0}
    assert silent > 0  # type: ignore[operator]
    absent = {row[7] for row in read(made.figures, "coverage-by-term")[1]}
    here = {row[0] for row in read(made.figures, "open-licences")[1]}
    assert absent == {len(plain) - len(here) + 1}
    taken_back = published(tmp_path, plain)
    assert taken_back.number != made.number and same(taken_back, "quality-history") == []
    store = ox.Store.read_only(str(taken_back.graph))
    assert not list(store.quads_for_pattern(None, ox.NamedNode(DQV + "computedOn"), None))


def test_licences_are_named_by_their_addresses(tmp_path: Path) -> None:
    with opened(Settings(data=tmp_path), {}) as house:
        local = f"{house.iris.base}/id/concept/licence/proprietary"
        found = figured.licences(house, [local])
    assert found["http://spdx.org/licenses/CC-BY-4.0"] is True and found[local] is False
    assert found["http://spdx.org/licenses/CC-BY-NC-4.0"] is False and "http://spdx.org/licenses/Beerware" not in found
