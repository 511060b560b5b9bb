"""A feed's life through stage, prepare, gate and log, with a harvester that says what the test wants."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harvesters import base
from registry.ledger import findings, log, records, runs
from registry.model import Academy, Document, Done, Expect, Feed, HarvestEvent, Issue, RawRecord, Run
from registry.pipeline import intake
from registry.pipeline.house import House, opened
from registry.settings import Settings

FEED = Feed("list", "office", "told", "http://127.0.0.1:9/list.csv", language="en", expect=Expect(1, 0.5))
OFFICE = Academy("office", {"en": "Office"}, "https://office.example/", feeds=(FEED,))
Says = Callable[[Iterable[HarvestEvent]], Run]


def row(key: str, title: str = "A course", **more: str) -> RawRecord:
    fields = {"title": title, "url": f"https://office.example/{key}", **more}
    payload = json.dumps({"header": {name: name for name in fields}, "row": fields, "unknown": {}}, sort_keys=True)
    return RawRecord(key, payload.encode(), "application/json", "table", FEED.address, f"row {key}")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(Settings(data=tmp_path / "var"), {"office": OFFICE}) as found:
        yield found


@pytest.fixture
def visit(house: House, monkeypatch: pytest.MonkeyPatch) -> Says:
    def says(events: Iterable[HarvestEvent], feed: Feed = FEED, accept_drop: bool = False) -> Run:
        monkeypatch.setattr(base, "load", lambda protocol: lambda visit: iter(events))
        asked = intake.Intake(
            house.connection, house.settings, house.iris, house.root, house.messages, accept_drop=accept_drop
        )
        return intake.visit(asked, OFFICE, feed)

    return says


def standing(house: House) -> dict[str, str]:
    return {change.key: change.kind for change in log.standing(house.connection)}


def test_a_second_visit_changes_nothing_and_gone_stays_gone(house: House, visit: Says) -> None:
    first = [row("1"), row("2"), row("3"), Done(True)]
    assert visit(first).counts["published_new"] == 3
    assert visit(first).counts["published_new"] == 0
    assert visit([row("1"), row("2"), Done(True)]).counts["withdrawn"] == 1
    last = log.last_sequence(house.connection)
    for _ in range(2):
        run = visit([row("1"), row("2"), Done(True)])
        assert (run.counts["published_new"], run.counts["withdrawn"]) == (0, 0)
    assert log.last_sequence(house.connection) == last
    assert standing(house) == {"1": "record", "2": "record", "3": "tombstone"}
    assert visit(first).counts["published_new"] == 1, "it came back"
    assert standing(house)["3"] == "record"


def test_signalled_deletions_and_reappearance(house: House, visit: Says) -> None:
    visit([row("1"), row("2"), Done(True)])
    gone = replace(row("2"), payload=b"", deleted=True)
    incremental = Done(False, "signalled")
    assert visit([gone, incremental]).counts["withdrawn"] == 1
    assert visit([gone, incremental]).counts["withdrawn"] == 0
    assert visit([row("2"), incremental]).counts["published_new"] == 1
    assert standing(house) == {"1": "record", "2": "record"}


def test_the_gate_refuses_mass_loss_and_says_so(house: House, visit: Says) -> None:
    visit([*(row(str(n)) for n in range(10)), Done(True)])
    before = standing(house)
    refused = visit([row("0", "Changed title"), Done(True)])
    assert refused.outcome == "refused" and "9 of 10" in refused.message
    assert standing(house) == before
    assert [g.code for g in findings.groups(house.connection, ["list"])][0] == "gate-refused-drop"
    assert "Changed title" not in "".join(change.stated for change in log.standing(house.connection))
    passed = visit([row("0", "Changed title"), Done(True)], accept_drop=True)
    assert (passed.outcome, passed.counts["withdrawn"], passed.counts["published_new"]) == ("done", 9, 1)


def test_an_empty_list_does_not_replace_yesterday(house: House, visit: Says) -> None:
    visit([row("1"), Done(True)])
    assert visit([Done(True)]).outcome == "refused"
    assert visit([Done(True)], accept_drop=True).outcome == "refused", "an empty list is no drop to accept"
    assert standing(house) == {"1": "record"}


def test_a_feed_that_fails_leaves_everything(house: House, visit: Says) -> None:
    def fails() -> Iterator[HarvestEvent]:
        yield row("2", "A second course")
        raise base.FeedFailed(Issue("net-timeout", FEED.address))

    visit([row("1"), Done(True)])
    run = visit(fails())
    assert run.outcome == "failed" and "gave no answer" in run.message
    assert standing(house) == {"1": "record", "2": "record"}, "what was seen is taken in, nothing is removed"
    assert runs.bookmark(house.connection, "list") == {}


def test_a_violation_holds_back_and_the_last_good_version_stays(house: House, visit: Says) -> None:
    visit([row("1", "Good title"), row("2"), Done(True)])
    broken = replace(row("1"), broken=True, issues=(Issue("table-long-row", "row 1"),))
    run = visit([broken, row("2"), Done(True)])
    assert (run.counts["held"], run.counts["withdrawn"]) == (1, 0)
    assert "Good title" in "".join(change.stated for change in log.standing(house.connection))
    (found,) = [f for f in findings.of_record(house.connection, "list", "1") if f.severity == "violation"]
    assert found.issue.place == "row 1"
    kept = house.connection.execute("SELECT count(*) FROM payload").fetchone()
    assert kept == (3,), "the last good payload is kept beside the broken one"
    assert visit([row("1", "Better title"), row("2"), Done(True)]).counts["held"] == 0
    assert house.connection.execute("SELECT count(*) FROM payload").fetchone() == (2,)
    assert "Better title" in "".join(change.stated for change in log.standing(house.connection))


def test_another_recipe_prepares_again_without_asking_the_academy(house: House, visit: Says) -> None:
    page = Document(FEED.address, "sha256:1")
    visit([page, row("1", licence="Ours"), Done(True)])
    other = replace(FEED, values={"license": {"Ours": "CC-BY-4.0"}})
    run = visit([page, row("1", licence="Ours"), Done(True)], feed=other)
    assert (run.counts["changed"], run.counts["unchanged"]) == (0, 1)
    assert records.waiting_count(house.connection, "list", "another") == 1


def test_what_the_format_cannot_carry_is_said_once(house: House, visit: Says) -> None:
    visit([row("1"), row("2"), Done(True)])
    groups = {group.code: group for group in findings.groups(house.connection, ["list"])}
    told = findings.of_record(house.connection, "list", "")
    assert all(finding.issue.code == "format-cannot-carry" for finding in told)
    assert len({f.issue.value for f in told}) == len(told)
    assert groups["LR-license"].count == 2 and groups["LR-license"].examples[0].issue.place


def test_one_fault_is_told_once(house: House, visit: Says) -> None:
    visit([row("1", type="Zauberei", license="nobody knows"), Done(True)])
    told = [(f.issue.value, f.severity) for f in findings.of_record(house.connection, "list", "1") if f.issue.value]
    assert sorted(told) == [("Zauberei", "warning"), ("nobody knows", "warning")]
