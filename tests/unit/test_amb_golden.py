"""A recorded AMB list of two pages → the expected graph and issues, the same each time.

After a wanted change: ``python -m tests.unit.test_amb_golden`` writes the expected files anew; read the
difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

from harvesters.amb import harvest
from registry.model import Document, RawRecord
from tests.support import json_feed

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "amb"


def run():
    pages = {f"/amb/{name}.json": (GOLDEN / "feed" / f"{name}.json").read_bytes() for name in ("page1", "page2")}
    return json_feed.golden(harvest, "amb", json_feed.Server(pages), "/amb/page1.json", "de")


def test_expected_graph_and_issues():
    _, graph, issues = run()
    json_feed.compare(GOLDEN, graph, issues)


def test_twice_gives_the_same_bytes():
    first, second = run(), run()
    assert first[1:] == second[1:]
    for kind in (RawRecord, Document):
        assert [
            (one.key, one.payload) if kind is RawRecord else one.digest for one in first[0] if isinstance(one, kind)
        ] == [
            (one.key, one.payload) if kind is RawRecord else one.digest for one in second[0] if isinstance(one, kind)
        ]
    assert len(json_feed.records(first[0])) == 4
    assert not json_feed.done(first[0]).complete  # an entry of the list was none


if __name__ == "__main__":
    json_feed.write(GOLDEN, *run()[1:])
