"""A curator's corrections: applied on every preparation, flagged when the source changes, visible, ended."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from harvesters import base
from registry.iris import MA, SPDX
from registry.ledger import corrections, findings, log, records
from registry.model import Academy, Done, Expect, Feed, HarvestEvent, RawRecord, Run
from registry.pipeline import intake
from registry.pipeline.correct import BadCorrection, correct, end, listed
from registry.pipeline.house import House, opened
from registry.settings import Settings

FEED = Feed("list", "office", "told", "https://office.example/list.csv", language="en", expect=Expect(1, 0.5))
OFFICE = Academy("office", {"en": "Office"}, "https://office.example/", feeds=(FEED,))
WHO = {"reason": "The page itself says so.", "author": "A. Curator"}
Says = Callable[[Iterable[HarvestEvent]], Run]


def row(key: str, title: str = "A course", **more: str) -> RawRecord:
    fields = {"title": title, "url": f"https://office.example/{key}", "license": "Ours", **more}
    payload = json.dumps({"header": {name: name for name in fields}, "row": fields, "unknown": {}}, sort_keys=True)
    return RawRecord(key, payload.encode(), "application/json", "table", FEED.address, f"row {key}")


@pytest.fixture(scope="session")
def schemes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schemes as they are kept beside the ledger: read once for all tests."""
    return tmp_path_factory.mktemp("schemes")


@pytest.fixture
def house(tmp_path: Path, schemes: Path) -> Iterator[House]:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(schemes)
    with opened(Settings(data=tmp_path / "var", base="https://registry.example"), {"office": OFFICE}) as found:
        yield found


@pytest.fixture
def visit(house: House, monkeypatch: pytest.MonkeyPatch) -> Says:
    def says(events: Iterable[HarvestEvent]) -> Run:
        monkeypatch.setattr(base, "load", lambda protocol: lambda visit: iter(events))
        asked = intake.Intake(house.connection, house.settings, house.iris, house.root, house.messages)
        return intake.visit(asked, OFFICE, FEED)

    return says


def standing(house: House, key: str = "1") -> str:
    (found,) = [c.stated for c in log.standing(house.connection) if c.key == key and c.kind == "record"]
    return found


def told(house: House, key: str = "1") -> dict[str, dict[str, str]]:
    found = findings.of_record(house.connection, "list", key)
    return {
        f.issue.code: {"value": f.issue.value, "place": f.issue.place, "severity": f.severity, **dict(f.issue.params)}
        for f in found
        if f.issue.code.startswith("correction-")
    }


def test_a_correction_is_in_the_log_at_once_and_survives_the_next_visits(house: House, visit: Says) -> None:
    visit([row("1", title="A curse"), row("2"), Done(True)])
    assert '"A curse"@en' in standing(house)
    correct(house, "list/1", "name", "A course of sampling", **WHO)
    changes = log.changes(house.connection)[-2:]
    assert [(c.kind, c.cause) for c in changes] == [("correction", "person"), ("record", "person")]
    assert changes[1].run, "the run that brought the payload stays"
    assert '"A course of sampling"@en' in standing(house)
    assert '/name> "A curse"@en' not in standing(house)
    last = log.last_sequence(house.connection)
    visit([row("1", title="A curse"), row("2"), Done(True)])
    assert log.last_sequence(house.connection) == last, "an unchanged visit changes nothing"
    visit([row("1", title="A curse", keywords="sampling"), row("2"), Done(True)])
    assert '"A course of sampling"@en' in standing(house) and '"sampling"@en' in standing(house)
    applied = told(house)["correction-applied"]
    assert (applied["severity"], applied["new"], applied["reason"]) == (
        "info", "A course of sampling@en", WHO["reason"],
    )  # fmt: skip
    assert applied["place"] == "column «title»"


def test_the_entry_says_who_corrected_what_when_and_why(house: House, visit: Says) -> None:
    visit([row("1"), Done(True)])
    made = correct(house, "https://registry.example/id/resource/list/1", "license", "CC-BY-4.0", **WHO)
    node = f"<https://registry.example/id/record/list/1/correction/{made.id}>"
    lines = [line for line in standing(house).splitlines() if line.startswith(node)]
    said = "\n".join(lines)
    assert f"<{MA}correctedProperty> <http://schema.org/license>" in said
    assert f'<{MA}sourceValue> "Ours"' in said and f'<{MA}correctedBy> "A. Curator"' in said
    assert WHO["reason"] in said and made.time in said
    assert f"<http://schema.org/license> <{SPDX}CC-BY-4.0>" in standing(house)
    assert '/license> "Ours"' not in standing(house)
    codes = {f.issue.code for f in findings.of_record(house.connection, "list", "1")}
    assert "LR-license-kind" not in codes, "the shapes see the corrected value"


def test_a_source_that_changes_under_a_correction_is_flagged_and_the_correction_stays(
    house: House, visit: Says
) -> None:
    visit([row("1"), Done(True)])
    made = correct(house, "list/1", "license", "CC-BY-4.0", **WHO)
    for _ in range(2):
        visit([row("1", license="MIT"), Done(True)])
        flagged = told(house)["correction-source-changed"]
        assert flagged["severity"] == "warning"
        assert (flagged["old"], flagged["new"], flagged["value"]) == ("Ours", SPDX + "CC-BY-4.0", SPDX + "MIT")
        assert f"license> <{SPDX}CC-BY-4.0>" in standing(house)
    assert [one.now for one in listed(house)] == [SPDX + "MIT"]
    visit([row("1", license="CC-BY-4.0"), Done(True)])
    assert set(told(house)) == {"correction-source-agrees"}
    end(house, made.id, "A. Curator")
    assert told(house) == {} and MA + "correction" not in standing(house)
    assert listed(house)[0].ended


def test_ending_brings_the_sources_value_back(house: House, visit: Says) -> None:
    visit([row("1"), Done(True)])
    before = standing(house)
    made = correct(house, "list/1", "name", "Better@fr", **WHO)
    assert '"A course"@en' in standing(house) and '"Better"@fr' in standing(house), "another language is added"
    end(house, made.id, "B. Curator")
    assert standing(house) == before
    with pytest.raises(BadCorrection):
        end(house, made.id, "B. Curator")


def test_only_the_corrected_record_waits(house: House, visit: Says) -> None:
    visit([row("1"), row("2"), row("3"), Done(True)])
    recipe = house.connection.execute("SELECT prepared FROM record WHERE key='2'").fetchone()[0]
    one = correct(house, "list/2", "name", "Other", **WHO)
    state = dict(house.connection.execute("SELECT key, prepared FROM record"))
    assert state["1"] == state["3"] == recipe and state["2"].startswith(recipe) and state["2"] != recipe
    assert records.waiting_count(house.connection, "list", recipe) == 0
    corrections.end(house.connection, one.id, "x", "2026-01-01T00:00:00Z", "urn:c/")
    assert records.waiting_count(house.connection, "list", recipe) == 1


def test_values_are_taken_away_added_and_replaced_one_by_one(house: House, visit: Says) -> None:
    visit([row("1", keywords="sampling|weighting|R"), Done(True)])
    correct(house, "list/1", "keywords", "remove", instead="R", **WHO)
    assert '/keywords> "sampling"@en' in standing(house) and '/keywords> "R"@en' not in standing(house)
    correct(house, "list/1", "keywords", "R language|editing", instead="weighting", **WHO)
    shown = standing(house)
    assert all(f'/keywords> "{word}"@en' in shown for word in ("sampling", "R language", "editing"))
    assert '/keywords> "weighting"@en' not in shown
    correct(house, "list/1", "license", "remove", **WHO)
    assert "/license>" not in standing(house).replace("correctedProperty> <http://schema.org/license>", "")
    correct(house, "list/1", "about", "gsbpm:sp-5.3|Collect", **WHO)
    assert standing(house).count("<http://schema.org/about> <https://registry.example/id/concept/gsbpm/") == 2


def test_a_later_correction_of_the_same_values_replaces_the_earlier_one(house: House, visit: Says) -> None:
    visit([row("1"), Done(True)])
    correct(house, "list/1", "name", "First", **WHO)
    correct(house, "list/1", "name", "Second", **WHO)
    assert [bool(one.ended) for one in listed(house)] == [True, False]
    assert '/name> "Second"@en' in standing(house) and '"First"' not in standing(house)
    assert listed(house)[1].old == "A course@en", "what the source says, not what was corrected"


BAD = [
    ("license", "CC BY"), ("about", "Zauberei"), ("educationalLevel", "hm"), ("url", "http://intranet/x"),
    ("provider", "Us"), ("timeRequired", "3"), ("inLanguage", "klingonish"), ("name", ""), ("name", "remove"),
    ("isAccessibleForFree", "perhaps"), ("name", "Ask jane@office.example"), ("name", "A course"),
]  # fmt: skip


def test_what_cannot_be_a_correction_is_refused_and_changes_nothing(house: House, visit: Says) -> None:
    visit([row("1"), Done(True)])
    last = log.last_sequence(house.connection)
    for name, value in BAD:
        with pytest.raises(BadCorrection):
            correct(house, "list/1", name, value, **WHO)
        assert log.last_sequence(house.connection) == last and listed(house) == [], (name, value)


def test_reason_author_and_entry_are_asked_for(house: House, visit: Says) -> None:
    visit([row("1"), Done(True)])
    for record, reason, author in (
        ("list/9", "x", "y"), ("nowhere/1", "x", "y"), ("list/1", "", "y"), ("list/1", "x", " "),
        ("list/1", "x", "jane@office.example"),
    ):  # fmt: skip
        with pytest.raises(BadCorrection):
            correct(house, record, "name", "Better", reason=reason, author=author)


def test_a_correction_of_what_was_withdrawn_waits_for_its_return(house: House, visit: Says) -> None:
    visit([row("1"), row("2"), row("3"), Done(True)])
    correct(house, "list/1", "name", "Better", **WHO)
    visit([row("2"), row("3"), Done(True)])
    assert {c.key: c.kind for c in log.standing(house.connection)}["1"] == "tombstone"
    visit([row("1"), row("2"), row("3"), Done(True)])
    assert '/name> "Better"@en' in standing(house)


def test_the_command_lists_and_ends(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "academies"
        folder.mkdir(exist_ok=True)
        env = {"META_ACADEMY_DATA": str(tmp_path / "var"), "META_ACADEMY_ACADEMIES": str(folder)}
        return subprocess.run(
            [sys.executable, "-m", "registry.cli", "correct", *words], env=env, capture_output=True, text=True,
            cwd=Path(__file__).resolve().parents[2], check=False,
        )  # fmt: skip

    assert (run("--list", "--json").returncode, run("--list", "--json").stdout.strip()) == (0, "[]")
    refused = run("--end", "7", "--author", "A. Curator")
    assert refused.returncode == 2 and "no correction 7" in refused.stderr
    assert run("list/1").returncode == 2
