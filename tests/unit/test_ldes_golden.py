"""A stream of changes visited at three points in time → what stands after each visit, the same bytes each time.

After a wanted change: ``python -m tests.unit.test_ldes_golden`` writes the expected files anew; read the
difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

from registry.model import Document, HarvestEvent, RawRecord
from tests.support.ldes_stream import FEED, TRIG, done, standing, told, visit
from tests.support.rdf_feeds import Answer, Recorded, mapped

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "ldes"
FIXED = {"cache-control": "public, max-age=604800, immutable"}


def pages(number: int) -> dict[str, Answer]:
    """What the stream's addresses give at the time of a visit."""

    def body(name: str) -> bytes:
        return (GOLDEN / "feed" / name).read_bytes()

    found = {
        FEED: Answer(body(f"{number}-root.trig"), TRIG, {"etag": f'"root-{number}"', "cache-control": "max-age=60"}),
        FEED + "/2026-01": Answer(body("1-january.trig"), TRIG, FIXED if number > 1 else {}),
    }
    if number > 1:
        found[FEED + "/2026-02"] = Answer(body("2-february.jsonld"), "application/ld+json", FIXED)
    if number > 2:
        found[FEED + "/2026-03"] = Answer(body("3-march.nq"), "application/n-quads", {"etag": '"march"'})
    return found


def three() -> tuple[list[list[HarvestEvent]], list[list[str]]]:
    """The events of three visits, and the pages that each asked for."""
    visits: list[list[HarvestEvent]] = []
    asked = []
    for number in (1, 2, 3):
        http = Recorded(pages(number))
        bookmark = done(visits[-1]).bookmark if visits else {}
        visits.append(visit({}, bookmark, before=[one for events in visits for one in events], http=http))
        asked.append([url.removeprefix(FEED) for url, _ in http.asked])
    return visits, asked


def graphs(visits: list[list[HarvestEvent]]) -> list[tuple[str, str]]:
    """(graph, issues) of what stands after each visit."""
    return [mapped(list(standing(*visits[: number + 1]).values())) for number in range(len(visits))]


def test_what_each_visit_brings() -> None:
    visits, asked = three()
    assert [told(events) for events in visits] == [
        ["editing", "sampling"], ["-editing", "seasonal"], ["seasonal", "editing"],
    ]  # fmt: skip
    # January is over when February has come; February never changes; the root is always asked.
    assert asked == [["", "/2026-01"], ["", "/2026-01", "/2026-02"], ["", "/2026-03"]]
    assert all(done(events).complete and done(events).deletions == "signalled" for events in visits)
    assert list(standing(*visits)) == [
        f"http://academy.example/id/{name}" for name in ("editing", "sampling", "seasonal")
    ]


def test_expected_graphs_and_issues() -> None:
    for number, (graph, issues) in enumerate(graphs(three()[0]), 1):
        assert graph == (GOLDEN / "expected" / f"{number}.nt").read_text("utf-8")
        assert issues == (GOLDEN / "expected" / f"{number}.tsv").read_text("utf-8")


def test_three_visits_and_one_come_to_the_same() -> None:
    visits, once = three()[0], visit(pages(3))
    assert standing(*visits) == standing(once)


def test_a_visit_to_an_unchanged_stream_brings_nothing() -> None:
    visits, _ = three()
    everything = [one for events in visits for one in events]
    http = Recorded(pages(3))
    again = visit({}, done(visits[-1]).bookmark, before=everything, http=http)
    assert not [one for one in again if isinstance(one, Document | RawRecord)]
    assert done(again).bookmark == done(visits[-1]).bookmark
    assert [(url.removeprefix(FEED), sent["etag"]) for url, sent in http.asked] == [
        ("", '"root-3"'),
        ("/2026-03", '"march"'),
    ]


if __name__ == "__main__":
    for number, (graph, issues) in enumerate(graphs(three()[0]), 1):
        (GOLDEN / "expected" / f"{number}.nt").write_text(graph, "utf-8")
        (GOLDEN / "expected" / f"{number}.tsv").write_text(issues, "utf-8")
