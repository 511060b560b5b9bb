"""What goes, what waits, what comes back: deletions, grace, mass loss, entries told twice, lists that moved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harvesters import base
from registry import gate
from registry.ledger import findings, log, records
from registry.model import Academy, Document, Done, Expect, Feed, HarvestEvent, RawRecord, Run, Unchanged
from registry.pipeline import intake
from registry.pipeline.house import House, opened
from registry.prepare.same import marks
from registry.settings import Settings
from tests.support.oai_server import serving

FEED = Feed("list", "office", "told", "http://127.0.0.1:9/list.csv", language="en", expect=Expect(1, 0.5))
OFFICE = Academy("office", {"en": "Office"}, "https://office.example/", feeds=(FEED,))
GRACED, NEWS, CHANGES = Done(True, "unknown"), Done(False, "unknown"), Done(False, "signalled")
Says = Callable[..., Run]


def row(key: str, title: str = "", **more: str) -> RawRecord:
    fields = {"title": title or f"Course {key}", "url": f"https://office.example/{key}", **more}
    payload = json.dumps({"header": {name: name for name in fields}, "row": fields, "unknown": {}}, sort_keys=True)
    return RawRecord(key, payload.encode(), "application/json", "table", FEED.address, f"row {key}")


def rows(*keys: str) -> list[RawRecord]:
    return [row(key) for key in keys]


def deleted(key: str) -> RawRecord:
    return replace(row(key), payload=b"", deleted=True)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(Settings(data=tmp_path / "var"), {"office": OFFICE}) as found:
        yield found


@pytest.fixture
def visit(house: House, monkeypatch: pytest.MonkeyPatch) -> Says:
    def says(events: Iterable[HarvestEvent], day: str = "2026-01-01", feed: Feed = FEED, accept: bool = False) -> Run:
        monkeypatch.setattr(base, "load", lambda protocol: lambda visit: iter(events))
        asked = intake.Intake(
            house.connection, house.settings, house.iris, house.root, house.messages, accept_drop=accept,
            now=lambda: f"{day}T12:00:00Z",
        )  # fmt: skip
        return intake.visit(asked, OFFICE, feed)

    return says


def standing(house: House) -> dict[str, str]:
    return {change.key: change.kind for change in log.standing(house.connection)}


def told(house: House, code: str) -> list[findings.FindingGroup]:
    return [group for group in findings.groups(house.connection, ["list"]) if group.code == code]


def test_what_a_listing_without_proof_leaves_out_goes_after_visits_and_days(house: House, visit: Says) -> None:
    visit([*rows("1", "2"), GRACED])
    first = visit([*rows("1"), GRACED], "2026-02-01")
    assert (first.counts["missing"], first.counts["withdrawn"]) == (1, 0)
    (group,) = told(house, "feed-record-missing")
    (found,) = group.examples
    assert (found.record, found.severity, found.issue.place) == ("2", "info", "row 2")
    assert dict(found.issue.params) == {"since": "2026-02-01", "visits": "3", "days": "30"}
    assert visit([*rows("1"), GRACED], "2026-02-10").counts["withdrawn"] == 0, "two visits"
    assert visit([*rows("1"), GRACED], "2026-03-02").counts["withdrawn"] == 0, "three visits, 29 days"
    assert standing(house) == {"1": "record", "2": "record"}
    gone = visit([*rows("1"), GRACED], "2026-03-03")
    assert (gone.counts["withdrawn"], gone.counts["missing"]) == (1, 0)
    assert standing(house) == {"1": "record", "2": "tombstone"} and told(house, "feed-record-missing") == []


def test_days_alone_are_not_enough(house: House, visit: Says) -> None:
    visit([*rows("1", "2"), GRACED])
    visit([*rows("1"), GRACED], "2026-02-01")
    assert visit([*rows("1"), GRACED], "2027-02-01").counts["withdrawn"] == 0
    assert visit([*rows("1"), GRACED], "2027-02-02").counts["withdrawn"] == 1


def test_the_grace_is_the_feeds_own(house: House, visit: Says) -> None:
    soon = replace(FEED, expect=Expect(1, 0.5, grace_visits=1, grace_days=0))
    visit([*rows("1", "2"), GRACED], feed=soon)
    assert visit([*rows("1"), GRACED], feed=soon).counts["withdrawn"] == 1


def test_being_seen_once_begins_the_grace_anew(house: House, visit: Says) -> None:
    visit([*rows("1", "2"), GRACED])
    for day in ("2026-02-01", "2026-02-15"):
        visit([*rows("1"), GRACED], day)
    assert visit([*rows("2"), NEWS], "2026-02-20").counts["missing"] == 0, "also in a listing that is not complete"
    assert told(house, "feed-record-missing") == []
    run = visit([*rows("1"), GRACED], "2026-04-01")
    assert (run.counts["missing"], run.counts["withdrawn"]) == (1, 0)


def test_an_unchanged_document_ends_the_absence_of_its_entries(house: House, visit: Says) -> None:
    one, two = Document("http://127.0.0.1:9/1", "sha256:1"), Document("http://127.0.0.1:9/2", "sha256:2")
    visit([one, row("1"), two, row("2"), GRACED])
    assert visit([Unchanged(one.address, one.digest), GRACED], "2026-02-01").counts["missing"] == 1
    both = [Unchanged(one.address, one.digest), Unchanged(two.address, two.digest), GRACED]
    assert visit(both, "2026-02-02").counts["missing"] == 0


@pytest.mark.parametrize("done", [NEWS, CHANGES, Done(False, "proved"), Done(True, "signalled"), None])
def test_absence_says_nothing_where_nothing_is_listed_whole(house: House, visit: Says, done: Done | None) -> None:
    visit([*rows("1", "2"), GRACED])
    for day in ("2026-02-01", "2026-04-01", "2026-06-01", "2026-08-01"):
        run = visit([*rows("1"), *([done] if done else [])], day)
        assert (run.counts["missing"], run.counts["withdrawn"]) == (0, 0)
    assert standing(house) == {"1": "record", "2": "record"}


def test_a_listing_that_is_refused_is_no_evidence(house: House, visit: Says) -> None:
    visit([*rows("1", "2"), GRACED])
    for day in ("2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"):
        run = visit([GRACED], day)
        assert (run.outcome, run.counts["missing"]) == ("refused", 0)


@pytest.mark.parametrize("way", ["absent", "signalled", "grace"])
def test_mass_loss_is_refused_however_it_is_said(house: House, visit: Says, way: str) -> None:
    keys = [str(number) for number in range(10)]
    visit([*rows(*keys), Done(True)])
    if way == "grace":
        for day in ("2026-02-01", "2026-02-02"):
            assert visit([*rows("0"), GRACED], day).outcome == "done"
    said: list[HarvestEvent] = {
        "absent": [*rows("0"), Done(True)],
        "signalled": [*map(deleted, keys[1:]), CHANGES],
        "grace": [*rows("0"), GRACED],
    }[way]  # type: ignore[assignment]
    run = visit(said, "2026-06-01")
    assert run.outcome == "refused" and "9 of 10" in run.message
    assert set(standing(house).values()) == {"record"}
    passed = visit(said, "2026-06-02", accept=True)
    assert (passed.outcome, passed.counts["withdrawn"]) == ("done", 9)


def test_a_small_list_may_lose_one() -> None:
    def passes(published: int, gone: int, drop: float = 0.2) -> bool:
        return gate.weigh(Expect(1, drop), published=published, listed=9, gone=gone, complete=True) is None

    assert [passes(size, 1) for size in (1, 2, 3, 4, 5)] == [False, True, True, True, True]
    assert [passes(size, 2) for size in (2, 3, 4, 9, 10)] == [False, False, False, False, True]
    assert not passes(4, 1, drop=0.0), "none ever may"
    assert passes(1, 1, drop=1.0)


def test_what_comes_back_is_told_and_keeps_its_address(house: House, visit: Says) -> None:
    visit([*rows("1", "2", "3"), Done(True)])
    visit([*rows("1", "2"), Done(True)])
    (gone,) = [change for change in log.standing(house.connection) if change.key == "3"]
    run = visit([*rows("1", "2", "3"), Done(True)])
    assert (run.counts["returned"], run.counts["published_new"]) == (1, 1)
    (group,) = told(house, "feed-returned")
    assert group.examples[0].issue.value == "3" and dict(group.examples[0].issue.params) == {"count": "1"}
    (back,) = [change for change in log.standing(house.connection) if change.key == "3"]
    assert (back.kind, back.subject, back.first) == ("record", gone.subject, gone.first)
    assert visit([*rows("1", "2", "3"), Done(True)]).counts["returned"] == 0 and told(house, "feed-returned") == []


def test_a_page_that_was_gone_is_split_again_although_it_never_changed(house: House, visit: Says) -> None:
    one, two = Document("http://127.0.0.1:9/1", "sha256:1"), Document("http://127.0.0.1:9/2", "sha256:2")
    visit([one, row("1"), two, row("2"), Done(True)])
    assert visit([Unchanged(one.address, one.digest), Done(True)]).counts["withdrawn"] == 1
    from registry.ledger.staging import known_document, seen_digest

    assert known_document(house.connection, "list", one.address) == one
    assert known_document(house.connection, "list", two.address) is None
    assert not seen_digest(house.connection, "list", two.digest)


def test_a_deleted_header_that_is_listed_again_unchanged_stays_deleted(house: House, visit: Says) -> None:
    page = Document("http://127.0.0.1:9/1", "sha256:1")
    visit([*rows("1", "2"), CHANGES])
    visit([page, row("1"), deleted("2"), CHANGES])
    run = visit([Unchanged(page.address, page.digest), CHANGES])
    assert (run.counts["unchanged"], run.counts["withdrawn"]) == (2, 0)
    assert standing(house) == {"1": "record", "2": "tombstone"}


def test_deleted_and_back_with_a_newer_datestamp(house: House, visit: Says) -> None:
    visit([*rows("1", "2"), CHANGES])
    visit([replace(deleted("2"), datestamp="2026-02-01"), CHANGES])
    assert standing(house)["2"] == "tombstone"
    run = visit([replace(row("2"), datestamp="2026-03-01"), CHANGES])
    assert (run.counts["returned"], standing(house)["2"]) == (1, "record")


def test_a_held_entry_that_is_mended_is_published(house: House, visit: Says) -> None:
    broken = replace(row("2"), broken=True)
    assert visit([row("1"), broken, Done(True)]).counts["held"] == 1
    assert visit([row("1"), row("2"), Done(True)]).counts["held"] == 0
    assert standing(house) == {"1": "record", "2": "record"}


def test_one_entry_under_two_keys_is_told_once_with_both_places(house: House, visit: Says) -> None:
    same = {"title": "Sampling", "url": "https://office.example/sampling"}
    visit([row("a", **same), row("b", **same), row("c"), Done(True)])
    (group,) = told(house, "feed-same-record-twice")
    (found,) = group.examples
    assert (group.count, found.record, found.severity) == (1, "", "warning")
    assert dict(found.issue.params) == {"first": "a", "place": "row a", "second": "b", "other": "row b", "count": "2"}
    assert len(standing(house)) == 3, "never merged"
    visit([row("a", **same), row("c"), Done(True)])
    assert told(house, "feed-same-record-twice") == [], "one of them is gone"


def test_a_page_for_all_courses_or_another_start_is_not_the_same_entry(house: House, visit: Says) -> None:
    page = "https://office.example/catalogue"
    visit([row("a", "Sampling", url=page), row("b", "Weighting", url=page),
           row("c", "R", start="2026-03-01", url=page), row("d", "R", start="2026-09-01", url=page), Done(True)])  # fmt: skip
    assert told(house, "feed-same-record-twice") == []


def test_marks_tell_bytes_content_and_doi() -> None:
    def graph(key: str, *lines: str) -> str:
        return "".join(f"<http://x/{key}> <http://schema.org/{line} .\n" for line in lines)

    one = graph("a", 'name> "A"', "url> <https://o.example/1>", "identifier> <https://doi.org/10.1/x>")
    renamed = one.replace("/a>", "/b>")
    other = graph("c", 'name> "B"', "url> <https://o.example/2>", "identifier> <https://doi.org/10.1/x>")
    shared = lambda left, right: len(set(left) & set(right))  # noqa: E731
    first = marks(one, "http://x/a", "sha256:1")
    assert len(first) == 4
    assert shared(first, marks(renamed, "http://x/b", "sha256:2")) == 3, "content, DOI, address with title"
    assert shared(first, marks(other, "http://x/c", "sha256:2")) == 1, "the DOI"
    assert shared(first, marks(graph("d", 'name> "D"'), "http://x/d", "sha256:1")) == 1, "the bytes"


def test_a_list_that_moved_for_good_is_read_and_told(house: House) -> None:
    table = b"title,url\nSampling,https://office.example/sampling\n"

    def reply(path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if path == "/old.csv":
            return 301, {"Location": "/new.csv"}, b""
        if path == "/passing.csv":
            return 302, {"Location": "/new.csv"}, b""
        return 200, {"Content-Type": "text/csv"}, table

    with serving(reply) as server:
        for path, moved in (("/old.csv", True), ("/passing.csv", False), ("/new.csv", False)):
            feed = replace(FEED, protocol="table", address=server + path, allow_hosts=("127.0.0.1",))
            asked = intake.Intake(house.connection, house.settings, house.iris, house.root, house.messages)
            assert intake.visit(asked, OFFICE, feed).counts["published"] == 1
            found = [finding.issue for group in told(house, "feed-moved") for finding in group.examples]
            assert [(one.place, one.value) for one in found] == ([(server + path, server + "/new.csv")] * moved)


def test_without_dates_and_validators_changes_are_found_by_digest(house: House, visit: Says) -> None:
    visit([*rows("1", "2"), GRACED])
    run = visit([row("1"), row("2", "Another title"), GRACED])
    assert [run.counts[name] for name in ("unchanged", "changed", "published_new")] == [1, 1, 1]
    assert records.missing_count(house.connection, "list") == 0
