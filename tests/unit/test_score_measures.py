"""The score: what is measured at the end of a visit, its history, and that it stays with the academy."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harvesters import base
from registry import academies
from registry.iris import Iris
from registry.ledger import log, measurements, observations
from registry.ledger.measurements import Measurement
from registry.ledger.observations import Observation
from registry.model import Academy, Done, Expect, Feed, RawRecord
from registry.pipeline import score
from registry.pipeline.harvest import harvest_feeds
from registry.pipeline.house import ROOT, House, opened
from registry.pipeline.progress import Shown
from registry.report import score as shown_score
from registry.report.model import Point, Series
from registry.settings import Settings
from registry.vocabulary import labels

FEED = Feed("list", "office", "told", "http://127.0.0.1:9/list.csv", language="en", expect=Expect(0, 1.0))
OFFICE = Academy("office", {"en": "Office"}, "https://office.example/", feeds=(FEED,))
TODAY = date(2026, 3, 11)
FULL = {
    "title": "Sampling", "url": "https://office.example/s", "description": "How to draw samples.", "languages": "en",
    "license": "CC-BY-4.0", "gsbpm": "4.1", "type": "course", "level": "basic", "audience": "statistician",
    "free": "yes", "modified": "2026-03-01", "authors": "Office of Training", "outcomes": "Draw a sample",
}  # fmt: skip


def row(key: str, fields: dict[str, str]) -> RawRecord:
    payload = json.dumps({"header": {name: name for name in fields}, "row": fields, "unknown": {}}, sort_keys=True)
    return RawRecord(key, payload.encode(), "application/json", "table", FEED.address, f"row {key}")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is read from the schemes, once for all tests of this file."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def house(cache: Path, tmp_path: Path) -> Iterator[House]:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(cache)
    with opened(Settings(data=tmp_path / "var", workers=1), {"office": OFFICE}) as found:
        yield found


@pytest.fixture
def visit(house: House, monkeypatch: pytest.MonkeyPatch) -> Any:
    def visited(*rows: dict[str, str]) -> None:
        events = [*(row(str(number), fields) for number, fields in enumerate(rows)), Done(True)]
        monkeypatch.setattr(base, "load", lambda protocol: lambda visit: iter(events))
        (run,) = harvest_feeds(house, house.feeds, _quiet)
        assert run.outcome == "done"

    return visited


_quiet: Shown = lambda feed, stage, done, total: None  # noqa: E731


def measured(house: House) -> dict[str, float]:
    return score.measure(house.connection, "list", score.yardstick(ROOT, house.iris.base), TODAY)


def test_a_full_entry_is_complete_and_comparable(house: House, visit: Any) -> None:
    visit(FULL)
    found = measured(house)
    assert found["completeness"] == 1.0 and found["controlled-value-share"] == 1.0
    assert (found["freshness-days"], found["newest-days"]) == (10.0, 10.0)
    assert found["violation-count"] == 0.0 and "link-alive" not in found


def test_what_is_missing_unknown_or_old_counts(house: House, visit: Any) -> None:
    bare = {"title": "A course", "languages": "en"}
    visit(FULL, bare, {**FULL, "title": "Third", "url": "https://office.example/t", "modified": "2025",
                       "level": "so so", "license": "ask us"})  # fmt: skip
    found = measured(house)
    assert 0.6 < found["completeness"] < 0.8
    assert 0.7 < found["controlled-value-share"] < 1.0
    assert found["freshness-days"] == (10 + 253) / 2 and found["newest-days"] == 10.0
    assert found["warning-count"] > 1


def test_each_visit_adds_to_the_history_and_nothing_else(house: House, visit: Any) -> None:
    visit({"title": "A course", "languages": "en"})
    last = log.last_sequence(house.connection)
    visit({"title": "A course", "languages": "en"})
    assert log.last_sequence(house.connection) == last
    visit(FULL)
    listed = measurements.listed(house.connection, ["list"])
    runs = list(dict.fromkeys(one.run for one in listed))
    assert len(runs) == 3 and all("/id/run/list/" in run for run in runs)
    complete = [one.value for one in listed if one.metric == "completeness"]
    assert complete[0] == 1.0 > complete[1] == complete[2]
    assert "completeness" in {one.metric for one in score.of_feeds(house.connection, [FEED])}
    graphs = "".join(change.stated + change.inferred for change in log.standing(house.connection))
    assert "quality" not in graphs and "dqv" not in graphs


def test_dead_links_count(house: House, visit: Any) -> None:
    visit(FULL, {**FULL, "url": "https://office.example/t"})
    for key, status in (("0", 200), ("1", 404)):
        seen = [Observation("list", key, f"https://office.example/{key}", f"2026-03-0{day}T00:00:00Z", status)
                for day in (1, 2)]  # fmt: skip
        observations.keep(house.connection, seen)
    assert measured(house)["link-alive"] == 0.5


def test_an_empty_list_has_no_score(house: House) -> None:
    assert measured(house) == {} and score.of_feeds(house.connection, [FEED]) == () == score.of_feeds(
        house.connection, []
    )


def test_the_measures_are_those_of_the_scheme(house: House, visit: Any) -> None:
    visit(FULL)
    known = labels(ROOT / "ontology", house.iris.base)
    metrics = {one.metric for one in measurements.listed(house.connection, ["list"])} | {"link-alive"}
    assert metrics == set(shown_score.ORDER)
    assert all(str(house.iris.concept("quality-metric", metric)) in known for metric in metrics)


def test_several_lists_count_with_their_last_values() -> None:
    found = [
        Measurement("b", "r3", "completeness", 0.6, "2026-03-03"),
        Measurement("a", "r2", "completeness", 0.5, "2026-03-02"),
        Measurement("b", "r1", "completeness", 0.1, "2026-03-01"),
    ]
    (one,) = shown_score.series(found)
    assert [(point.time, round(point.value, 6)) for point in one.points] == [
        ("2026-03-01", 0.1), ("2026-03-02", 0.3), ("2026-03-03", 0.55),
    ]  # fmt: skip


def test_the_history_as_bars_picture_and_words() -> None:
    points = tuple(Point(f"2026-03-{n:02}", n / 10) for n in range(11))
    one = Series("completeness", points)
    assert shown_score.bars(one)[0] == "▁" and shown_score.bars(one)[-1] == "█" and len(shown_score.bars(one)) == 11
    picture = str(shown_score.spark(one))
    assert picture.startswith("<svg") and picture.count(",") == 11 and "script" not in picture
    assert str(shown_score.spark(Series("warning-count", points[:1]))).count("circle") == 1
    assert shown_score.number("completeness", 0.875, "en") == "88%" != shown_score.number("completeness", 0.875, "fr")
    assert (
        shown_score.number("warning-count", 1.25, "es") == "1,2"
        and shown_score.number("newest-days", 9.6, "en") == "10"
    )
    told = "\n".join(shown_score.render([one], "fr"))
    assert "Champs recommandés remplis" in told and "█" in told
    assert "encore" in shown_score.render([], "fr")[0]


def test_measurements_are_dqv() -> None:
    row = {"run": "https://r.example/id/run/l/1", "computed_on": "https://r.example/id/catalog/o/feed/l",
           "metric": "completeness", "value": 0.75, "time": "2026-03-01T00:00:00Z"}  # fmt: skip
    from rdflib import Graph, URIRef

    graph = Graph().parse(data=json.dumps(shown_score.as_dqv([row], Iris("https://r.example"))), format="json-ld")
    dqv = "http://www.w3.org/ns/dqv#"
    subject = URIRef("https://r.example/id/run/l/1/quality/completeness")
    metric = URIRef("https://r.example/id/concept/quality-metric/completeness")
    assert (subject, URIRef(dqv + "isMeasurementOf"), metric) in graph
    assert (subject, URIRef(dqv + "computedOn"), URIRef(row["computed_on"])) in graph
    (value,) = graph.objects(subject, URIRef(dqv + "value"))
    assert float(value.toPython()) == 0.75  # type: ignore[attr-defined]


@pytest.mark.parametrize(("said", "shown"), [("true", True), ("false", False), ("", False)])
def test_an_academy_agrees_in_its_file(tmp_path: Path, said: str, shown: bool) -> None:
    line = f"show_score = {said}\n" if said else ""
    (tmp_path / "office.toml").write_text(f'name = "Office"\nhomepage = "https://office.example/"\n{line}', "utf-8")
    assert academies.load(tmp_path)["office"].show_score is shown


def test_a_word_in_quotes_is_no_consent(tmp_path: Path) -> None:
    text = 'name = "Office"\nhomepage = "https://office.example/"\nshow_score = "no"\n'
    (tmp_path / "office.toml").write_text(text, "utf-8")
    assert tomllib.loads(text)["show_score"] == "no"
    with pytest.raises(academies.BadAcademy, match="line 3.*show_score.*true or false"):
        academies.load(tmp_path)
