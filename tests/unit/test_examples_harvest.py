"""The harvesters read every sample feed as examples/README.md says, in both editions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from examples import serve_feeds
from harvesters import base
from registry import academies
from registry.model import Done, FeedIssue, RawRecord
from registry.net import Fetcher
from registry.settings import Settings

FOLDER = Path(serve_feeds.__file__).parent
SETTINGS = Settings(http_delay=0.0)


@dataclass
class Read:
    records: dict[str, RawRecord] = field(default_factory=dict)
    issues: list[str] = field(default_factory=list)
    bookmark: Mapping[str, str] = field(default_factory=dict)
    complete: bool = False


@pytest.fixture(scope="module")
def server() -> Iterator[serve_feeds.Server]:
    with serve_feeds.start() as running:
        yield running


def _read(server: serve_feeds.Server, name: str, bookmark: Mapping[str, str] | None = None) -> Read:
    listed = academies.load(FOLDER / "academies", protocols=base.names(), substitute={"feeds": server.address})
    (feed,) = [feed for academy in listed.values() for feed in academy.feeds if feed.id == name]
    read = Read()
    with Fetcher(SETTINGS, feed) as http:
        for event in base.load(feed.protocol)(base.Visit(feed, http, bookmark=bookmark or {})):
            if isinstance(event, RawRecord):
                assert event.key not in read.records
                read.records[event.key] = event
                read.issues += [issue.code for issue in event.issues]
            elif isinstance(event, FeedIssue):
                read.issues.append(event.issue.code)
            elif isinstance(event, Done):
                read.bookmark, read.complete = event.bookmark, event.complete
    return read


FIRST = {
    "carpentries-lessons": 16, "carpentries-es": 11, "carpentries-i18n-lessons": 5, "insee-catalogue": 13,
    "nhs-england-rap": 9, "oecd-learning": 6, "ons-dsc-materials": 7, "southampton-lessons": 1, "ssi-training": 2,
    "statkclee-lessons": 5, "swcarpentry-ja-lessons": 2, "ucl-arc-lessons": 9, "uk-gaf-learning": 6,
    "uk-moj-courses": 2, "unece-modernstats": 13, "vnso-training": 4,
}  # fmt: skip
SECOND = FIRST | {"carpentries-es": 12, "insee-catalogue": 14, "ucl-arc-lessons": 8, "uk-gaf-learning": 5}


@pytest.mark.parametrize("name", sorted(FIRST))
def test_every_feed_reads_as_the_readme_says(server: serve_feeds.Server, name: str) -> None:
    for edition, counts in ((1, FIRST), (2, SECOND)):
        server.set_edition(edition)
        read = _read(server, name)
        standing = [record for record in read.records.values() if not record.deleted]
        assert len(standing) == counts[name]
        broken = {key.rsplit("/", 1)[-1] for key, record in read.records.items() if record.broken}
        cut = {1: {"07-github.md"}, 2: {"02-setup.md"}}[edition] if name == "ucl-arc-lessons" else set()
        assert broken == cut
        again = _read(server, name)
        assert {key: one.payload for key, one in again.records.items()} == {
            key: one.payload for key, one in read.records.items()
        }


def test_faults_are_seen(server: serve_feeds.Server) -> None:
    server.set_edition(1)
    assert "web-robots" in _read(server, "carpentries-lessons").issues
    assert {"web-jsonld-comma", "web-jsonld-semicolon", "web-jsonld-broken", "web-gone"} <= set(
        _read(server, "ucl-arc-lessons").issues
    )
    assert "table-no-title-cell" in _read(server, "vnso-training").issues
    assert {"table-sheet-skipped", "table-note"} <= set(_read(server, "insee-catalogue").issues)
    assert _read(server, "nhs-england-rap").issues == ["oai-illegal-character"]


def test_a_second_visit_sees_what_changed(server: serve_feeds.Server) -> None:
    server.set_edition(1)
    first = _read(server, "unece-modernstats")
    server.set_edition(2)
    second = _read(server, "unece-modernstats", first.bookmark)
    assert {key: one.deleted for key, one in second.records.items()} == {
        "oai:unece.example:r": False,
        "oai:unece.example:r-11": False,
        "oai:unece.example:python-10": True,
    }
    third = _read(server, "unece-modernstats", second.bookmark)
    assert third.records == {}
