"""What a publication tells of lists and of academies that are not here: nothing secret, and never a reason to stop."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry import release
from registry.academies_known import COLUMNS
from registry.ledger import findings, transaction
from registry.model import Academy, Feed, Finding, Issue
from registry.pipeline.house import House, opened
from registry.pipeline.publisher import publish_now
from registry.settings import Settings
from registry.statistics import reader as figures

FEEDS = (
    Feed("open", "office", "table", "https://office.example/courses.csv", permission="published"),
    Feed("inside", "office", "moodle", "https://moodle.intranet.local/", metadata_licence="CC0-1.0"),
    Feed("folder", "office", "git", "file:///srv/lessons"),
)
ACADEMIES = {"office": Academy("office", {"en": "Office"}, "https://office.example", feeds=FEEDS)}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "academies").mkdir()
    settings = Settings(data=tmp_path / "var", academies=tmp_path / "academies", base="https://registry.example")
    with opened(settings, ACADEMIES) as found:
        yield found


def listed(house: House, *rows: str) -> None:
    lines = ["\t".join(COLUMNS), *rows]
    (house.settings.academies / "known.tsv").write_text("\n".join(lines) + "\n", "utf-8")


def moved(house: House, feed: str, target: str) -> None:
    issue = Issue("feed-moved", "https://old.example/", target)
    with transaction(house.connection):
        findings.replace(house.connection, feed, "", "harvest", [Finding(feed, "", "warning", issue)])


def test_lists_and_missing_academies_stand_in_the_figures(house: House, caplog: pytest.LogCaptureFixture) -> None:
    listed(house, "office\tOffice\t\t\t", "far\tFar Office\thttps://far.example\tXF\tteaches")
    moved(house, "open", "https://new.office.example/courses.csv")
    moved(house, "inside", "https://10.1.2.3/")
    first = publish_now(house, lambda *told: None)
    with figures.open_figures(first.figures) as connection:
        found = figures.academy(connection, "office")
        assert [one["id"] for one in figures.known(connection)] == ["far"]
    assert found is not None and first.manifest["counts"]["academies_known"] == 2
    told = {feed["id"]: [feed[key] for key in ("protocol", "address", "moved", "permission", "metadata_licence")]
            for feed in found["feeds"]}  # fmt: skip
    assert told == {
        "open": ["table", "https://office.example/courses.csv", "https://new.office.example/courses.csv", "published",
                 None],
        "inside": ["moodle", "", "", "none", "CC0-1.0"],
        "folder": ["git", "", "", "none", None],
    }  # fmt: skip
    assert publish_now(house, lambda *told: None).number == first.number, "nothing new"

    listed(house)
    second = publish_now(house, lambda *told: None)
    assert second.number != first.number and second.manifest["counts"]["academies_known"] == 1

    listed(house, "Far Office")
    with caplog.at_level(logging.WARNING):
        publish_now(house, lambda *told: None, anew=True)
    assert "known.tsv:2: has 1 cells" in caplog.text
    current = release.current(house.settings.data)
    assert current is not None and current.number != second.number
