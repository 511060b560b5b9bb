"""What a changed recipe would change is listed; it passes the gate in small numbers, else when it is accepted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harvesters import base
from registry import gate
from registry.ledger import drafts, findings, log
from registry.model import Academy, Done, Expect, Feed, HarvestEvent, RawRecord, Run
from registry.pipeline import again, intake
from registry.pipeline.correct import correct
from registry.pipeline.house import House, opened
from registry.pipeline.prepare import Plan, differences
from registry.settings import Settings

FEED = Feed("list", "office", "told", "https://office.example/list.csv", language="en", expect=Expect(1, 0.2))
KNOWN = replace(FEED, values={"license": {"Ours": "CC-BY-4.0"}})
OFFICE = Academy("office", {"en": "Office"}, "https://office.example/", feeds=(FEED,))
Says = Callable[..., Run]


def row(key: str, title: str = "A course", **more: str) -> RawRecord:
    fields = {"title": title, "url": f"https://office.example/{key}", **more}
    payload = json.dumps({"header": {name: name for name in fields}, "row": fields, "unknown": {}}, sort_keys=True)
    return RawRecord(key, payload.encode(), "application/json", "table", FEED.address, f"row {key}")


@pytest.fixture(scope="session")
def kept_schemes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schemes as they are kept beside the ledger: read once for all tests."""
    return tmp_path_factory.mktemp("schemes")


@pytest.fixture
def house(tmp_path: Path, kept_schemes: Path) -> Iterator[House]:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(kept_schemes)
    with opened(Settings(data=tmp_path / "var"), {"office": OFFICE}) as found:
        yield found


@pytest.fixture
def visit(house: House, monkeypatch: pytest.MonkeyPatch) -> Says:
    def says(events: Iterable[HarvestEvent], feed: Feed = FEED) -> Run:
        monkeypatch.setattr(base, "load", lambda protocol: lambda visit: iter([*events, Done(True)]))
        asked = intake.Intake(house.connection, house.settings, house.iris, house.root, house.messages)
        return intake.visit(asked, OFFICE, feed)

    return says


def prepare(house: House, feed: Feed, *, dry_run: bool = False, accept: bool = False) -> Plan:
    (plan,) = again.prepare_feeds(house, [(OFFICE, feed)], again.quiet, dry_run=dry_run, accept=accept)
    return plan


def content(house: House) -> list[object]:
    tables = ("record", "draft", "finding", "change", "standing", "payload", "graph", "origin", "run")
    return [house.connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables]


def counted(plan: Plan) -> tuple[int, int, int, int]:
    return plan.altered, plan.new, plan.withdrawn, plan.held


def licences(house: House) -> int:
    return sum("spdx.org/licenses/CC-BY-4.0" in change.stated for change in log.standing(house.connection))


def test_a_dry_run_lists_what_would_change_and_writes_nothing(house: House, visit: Says) -> None:
    rows = [*(row(str(n), license="Ours") for n in range(3)), *(row(str(n)) for n in range(3, 10))]
    visit(rows)
    before = content(house)
    plan = prepare(house, KNOWN, dry_run=True)
    assert content(house) == before
    assert (counted(plan), plan.examined, plan.waits) == ((3, 0, 0, 0), 10, True)
    assert plan.message.startswith("The registry reads your list by new rules: of 10 published entries 3 would change")
    assert [example.key for example in plan.examples] == ["0", "1", "2"]
    assert plan.examples[0].lines == ("license: Ours → http://spdx.org/licenses/CC-BY-4.0",)
    assert counted(prepare(house, FEED, dry_run=True)) == (0, 0, 0, 0), "the same recipe changes nothing"


def test_a_mass_change_waits_until_it_is_accepted_and_the_source_passes(house: House, visit: Says) -> None:
    rows = [row(str(n), license="Ours") for n in range(10)]
    visit(rows)
    waits = prepare(house, KNOWN)
    assert (counted(waits), waits.waits, licences(house)) == ((10, 0, 0, 0), True, 0)
    told = [f for f in findings.of_record(house.connection, "list", "") if f.issue.code == "gate-held-changes"]
    assert [dict(f.issue.params)["altered"] for f in told] == ["10"]
    changed = [row("0", "Another title", license="Ours"), *rows[1:]]
    run = visit(changed, KNOWN)
    assert (run.outcome, run.counts["published_new"], licences(house)) == ("done", 1, 1), "what the source changed"
    assert counted(prepare(house, KNOWN, dry_run=True)) == (9, 0, 0, 0), "what waits is still listed"
    last = log.last_sequence(house.connection)
    visit(changed, KNOWN)
    assert log.last_sequence(house.connection) == last
    assert not prepare(house, KNOWN, accept=True).waits
    assert licences(house) == 10
    causes = [change.cause for change in log.changes(house.connection, last)]
    assert causes == ["crosswalk"] * 9
    assert not [f for f in findings.of_record(house.connection, "list", "") if f.issue.code == "gate-held-changes"]
    assert all(change.run for change in log.changes(house.connection)), "each graph names the visit that brought it"


def test_a_few_changes_pass_by_themselves(house: House, visit: Says) -> None:
    visit([*(row(str(n), license="Ours") for n in range(2)), *(row(str(n)) for n in range(2, 10))])
    assert not prepare(house, KNOWN).waits
    assert licences(house) == 2


def test_harvest_obeys_the_same_rule(house: House, visit: Says) -> None:
    rows = [row(str(n), license="Ours") for n in range(10)]
    visit(rows)
    run = visit(rows, KNOWN)
    assert (run.outcome, run.counts["published_new"], licences(house)) == ("done", 0, 0)
    assert drafts.pending(house.connection, "list", drafts.RECIPE).altered == 10
    assert visit(rows, FEED).counts["published_new"] == 0, "the old recipe again: nothing waits"
    assert drafts.pending(house.connection, "list", drafts.RECIPE) == drafts.Pending()


def test_a_recipe_never_holds_a_published_record_back_unseen(house: House, visit: Says, tmp_path: Path) -> None:
    visit([row(str(n)) for n in range(30)])
    strict = tmp_path / "root"
    (strict / "shapes").mkdir(parents=True)
    (strict / "ontology").symlink_to(house.root / "ontology")
    for file in (house.root / "shapes").glob("*.ttl"):
        text = file.read_text("utf-8")
        first, found, rest = text.partition("shapes:LR-license a sh:PropertyShape")
        (strict / "shapes" / file.name).write_text(
            first + found + rest.replace("sh:severity sh:Warning", "sh:severity sh:Violation", 1) if found else text
        )
    stricter = replace(house, root=strict)
    plan = prepare(stricter, FEED, dry_run=True)
    assert (counted(plan), plan.waits) == ((0, 0, 0, 30), True)
    assert prepare(stricter, FEED).waits
    status = "SELECT status, count(*) FROM record GROUP BY 1"
    assert house.connection.execute(status).fetchall() == [("active", 30)]
    assert not prepare(stricter, FEED, accept=True).waits
    assert house.connection.execute(status).fetchall() == [("held", 30)]
    assert log.standing_count(house.connection) == 30, "the last good versions stay public"
    assert counted(prepare(house, FEED)) == (0, 0, 0, 0)
    assert house.connection.execute(status).fetchall() == [("active", 30)]


def test_a_publication_rule_alone_withdraws_through_the_gate(house: House, visit: Says) -> None:
    visit([*(row(str(n), keywords="internal") for n in range(4)), *(row(str(n)) for n in range(4, 10))])
    ruled = replace(FEED, publish={"categories": ("Internal",)})
    plan = prepare(house, ruled, dry_run=True)
    assert (counted(plan), plan.waits, plan.examples[0].what) == ((0, 0, 4, 0), True, "withdrawn")
    assert prepare(house, ruled).waits and log.standing_count(house.connection) == 10
    prepare(house, ruled, accept=True)
    standing = {c.key: (c.kind, c.cause) for c in log.standing(house.connection)}
    assert standing["0"] == ("tombstone", "rules") and log.standing_count(house.connection) == 6
    back = prepare(house, FEED)
    assert (counted(back), log.standing_count(house.connection)) == ((0, 4, 0, 0), 10), "new ones need no leave"


def test_what_the_gate_refused_is_not_brought_in_by_the_back_door(house: House, visit: Says) -> None:
    visit([row(str(n)) for n in range(10)])
    assert visit([row("0", "Changed title")]).outcome == "refused"
    assert counted(prepare(house, FEED)) == (0, 0, 0, 0)
    assert "Changed title" not in "".join(change.stated for change in log.standing(house.connection))


def test_corrections_pass_while_a_recipe_waits(house: House, visit: Says) -> None:
    visit([row(str(n), license="Ours") for n in range(10)])
    correct(house, "list/3", "name", "Right", reason="r", author="a")
    assert prepare(house, KNOWN).waits
    changed = replace(house, academies={"office": replace(OFFICE, feeds=(replace(KNOWN, language="en-GB"),))})
    correct(changed, "list/4", "name", "Also right", reason="r", author="a")
    said = {c.key: c.stated for c in log.standing(house.connection)}
    assert '"Right"@en' in said["3"] and '"Also right"@en' in said["4"]
    assert licences(house) == 1, "the entry is prepared by today's recipe, the others wait"


def test_differences_are_told_by_property() -> None:
    before = '<urn:a> <http://schema.org/name> "A"@en .\n<urn:a> <http://schema.org/url> <https://x.example/> .\n'
    after = '<urn:a> <http://schema.org/name> "B"@en .\n<urn:a> <http://schema.org/url> <https://x.example/> .\n'
    assert differences(before, after) == ("name: A@en → B@en",)
    assert differences("", after) == ("name: – → B@en", "url: – → https://x.example/")
    many = "".join(f'<urn:a> <http://schema.org/p{n}> "{"x" * 200}" .\n' for n in range(20))
    told = differences(many, "")
    assert len(told) == 13 and told[-1] == "… 8 more" and all(len(line) < 120 for line in told)


@pytest.mark.parametrize(
    ("share", "published", "altered", "withdrawn", "held", "passes"),
    [(0.2, 10, 2, 0, 0, True), (0.2, 10, 2, 1, 0, False), (0.2, 10, 0, 0, 1, False), (0.2, 3, 1, 0, 0, True),
     (0.0, 10, 1, 0, 0, False), (1.0, 10, 10, 0, 0, True), (0.2, 0, 0, 0, 0, True)],
)  # fmt: skip
def test_the_gate_weighs_a_recipe(
    share: float, published: int, altered: int, withdrawn: int, held: int, passes: bool
) -> None:
    issue = gate.weigh_recipe(
        Expect(1, share), "f", published=published, altered=altered, withdrawn=withdrawn, held=held
    )
    assert (issue is None) == passes
