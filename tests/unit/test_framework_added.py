"""An invented framework from its file to filter, axis, template column, table column and query, and away again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyoxigraph
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from harvesters import base
from registry import release
from registry.cli import app
from registry.frameworks.terms import BadFramework
from registry.ledger import findings, log
from registry.model import Academy, Done, Expect, Feed, RawRecord
from registry.pipeline import again, intake, scheme
from registry.pipeline.house import ROOT, House, opened
from registry.pipeline.publisher import publish_now
from registry.pipeline.template import write_template
from registry.settings import Settings
from registry.web.app import create_app

TABLE = """Code;Label EN;Label FR;Level;Close match
A;Asking people;Interroger;1;
A.1;Writing questions;Rédiger des questions;2;gsbpm:2.3
A.2;Calling back;Rappeler;2;
B;Counting fish;Compter les poissons;1;
"""
FEED = Feed("list", "office", "table", "https://office.example/list.csv", language="en", expect=Expect(1, 0.2))
OFFICE = Academy("office", {"en": "Office"}, "https://office.example/", feeds=(FEED,))


def row(key: str, title: str, **unknown: str) -> RawRecord:
    fields = {"title": title, "url": f"https://office.example/{key}", "about": "GSBPM 5.3"}
    if key == "4":
        del fields["about"]
    data = {"header": {name: name for name in fields}, "row": fields, "unknown": unknown}
    return RawRecord(key, json.dumps(data, sort_keys=True).encode(), "application/json", "table", FEED.address, key)


ROWS = [
    row("1", "Good questions", **{"Regional skills (rgs)": "A.1 Writing questions"}),
    row("2", "Telephone work", rgs="Rappeler|Compter les poissons"),
    row("3", "Something else", rgs="Dancing"),
    row("4", "Not said"),
]


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schemes as they are kept beside the ledger: read once for all tests."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def house(tmp_path: Path, kept: Path) -> Iterator[House]:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(kept)
    with opened(Settings(data=tmp_path / "var"), {"office": OFFICE}) as found:
        yield found


def visit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "load", lambda protocol: lambda visit: iter([*ROWS, Done(True)]))
    asked = intake.Intake(house.connection, house.settings, house.iris, house.root, house.messages)
    assert intake.visit(asked, OFFICE, FEED).outcome == "done"


def added(house: House, tmp_path: Path, text: str = TABLE, name: str = "rgs", **more: Any) -> scheme.Added:
    file = tmp_path / "skills.csv"
    file.write_text(text, "utf-8")
    return scheme.add(house.settings.schemes_folder, file, name=name, titles=["Regional skills"], **more)


def about(house: House) -> dict[str, set[str]]:
    start = f"{house.iris.base}/id/concept/"
    found = {}
    for change in log.standing(house.connection):
        words = (part for part in change.stated.split() if part.startswith(f"<{start}rgs/"))
        found[change.key] = {word.strip("<>").removeprefix(start) for word in words}
    return found


def quiet(*_: object) -> None:
    """Nothing to show."""


def test_a_framework_from_its_file_to_every_figure(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(house, monkeypatch)
    assert about(house) == {"1": set(), "2": set(), "3": set(), "4": set()}
    made = added(house, tmp_path)
    assert made.terms == 4 and any("Spanish" in remark for remark in made.remarks)
    # Added after the list was read: its entries are prepared anew, through the gate.
    (plan,) = again.prepare_feeds(house, [(OFFICE, FEED)], again.quiet, dry_run=True, accept=False)
    assert plan.altered == 3 and about(house)["1"] == set()
    again.prepare_feeds(house, [(OFFICE, FEED)], again.quiet, dry_run=False, accept=True)
    assert about(house) == {"1": {"rgs/A.1"}, "2": {"rgs/A.2", "rgs/B"}, "3": set(), "4": set()}
    told = {(one.record, one.issue.code, one.issue.value) for one in findings.of_record(house.connection, "list", "3")}
    assert ("3", "value-unknown", "Dancing") in told
    assert not [one for one in findings.of_record(house.connection, "list", "1") if one.issue.code == "LR-about-value"]
    publish_now(house, quiet)
    with TestClient(create_app(house.settings, base=house.iris.base)) as client:
        found = client.get("/api/coverage?scheme=rgs").json()
        assert [(step["notation"], step["resources"], step["state"]) for step in found["items"]] == [
            ("A", 2, "found"), ("A.1", 1, "found"), ("A.2", 1, "found"), ("B", 1, "found"),
        ]  # fmt: skip
        assert (found["known"], found["not_known"]) == (2, 2)
        assert client.get("/api/resources?about=rgs/A").json()["total"] == 2
        assert "Regional skills" in client.get("/coverage?scheme=rgs").text
        page = client.get("/search?lang=fr").text
        assert "<summary>Regional skills</summary>" in page and "Interroger" in page
        gwg = client.get("/api/coverage?scheme=gwg").json()
        assert (gwg["known"], gwg["not_known"], gwg["items"][0]["state"]) == (0, 4, "unknown")
    current = release.current(house.settings.data)
    assert current is not None
    asked = (
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX schema: <http://schema.org/> "
        f"SELECT ?course WHERE {{ ?course schema:about/skos:broader <{house.iris.concept('rgs', 'A')}> }}"
    )
    store = pyoxigraph.Store.read_only(str(current.graph))
    assert len(list(store.query(asked, use_default_graph_as_union=True))) == 2  # type: ignore[arg-type]


def test_the_template_has_its_column_and_is_read_back(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(house, tmp_path)
    file, _ = write_template(tmp_path / "t.xlsx", "fr", house.settings.schemes_folder)
    book = openpyxl.load_workbook(file)
    second = book.worksheets[1]
    headings = {cell.value: cell.column for cell in second[1]}
    column = headings["Regional skills (rgs)"]
    lists = [[cell.value for cell in one] for one in book["_lists"].columns]
    assert sorted(
        value for one in lists if "A.2 Rappeler" in one for value in one if value and value != "Interroger"
    ) == ["A.1 Rédiger des questions", "A.2 Rappeler", "Compter les poissons"]
    book.worksheets[0].cell(2, 1).value = second.cell(2, 1).value = "Le téléphone"
    second.cell(2, column).value = "A.2 Rappeler|Compter les poissons"
    filled = io.BytesIO()
    book.save(filled)

    class Answers:
        """One file as a visit gets it."""

        def get(self, address: str, **_: Any) -> Any:
            return type("Answer", (), {"not_modified": False, "body": filled.getvalue(), "headers": {}})()

    read = base.load("table")
    monkeypatch.setattr(base, "load", lambda protocol: lambda visit: read(replace(visit, http=Answers())))
    asked = intake.Intake(house.connection, house.settings, house.iris, house.root, house.messages)
    assert intake.visit(asked, OFFICE, FEED).outcome == "done"
    assert list(about(house).values()) == [{"rgs/A.2", "rgs/B"}]
    # The harvester knows the heading: nobody is told that it is unknown.
    assert not [one for one in findings.of_record(house.connection, "list", "") if "heading" in one.issue.code]


def test_what_is_in_use_stays_unless_forced(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added(house, tmp_path)
    visit(house, monkeypatch)
    with pytest.raises(BadFramework, match="2 public entries"):
        scheme.remove(house, "rgs")
    assert scheme.remove(house, "rgs", force=True) == 2
    again.prepare_feeds(house, [(OFFICE, FEED)], again.quiet, dry_run=False, accept=True)
    assert not any(about(house).values())
    for name, why in (("rgs", "was not added"), ("gsbpm", "registry's own"), ("../x", "was not added")):
        with pytest.raises(BadFramework, match=why):
            scheme.remove(house, name)


def test_the_verb(tmp_path: Path) -> None:
    file = tmp_path / "skills.csv"
    file.write_text(TABLE, "utf-8")
    env = {"META_ACADEMY_DATA": str(tmp_path / "var"), "META_ACADEMY_ACADEMIES": str(ROOT / "examples" / "academies")}

    def call(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["scheme", *arguments], env=env)

    refused = call("add", str(file))
    assert refused.exit_code == 2 and "'skills' is the heading of another column" in refused.output
    done = call("add", str(file), "--id", "rgs", "--title", "Compétences@fr", "--json")
    assert done.exit_code == 0 and (json.loads(done.output)["id"], json.loads(done.output)["terms"]) == ("rgs", 4)
    again_ = call("add", str(file), "--id", "rgs")
    assert again_.exit_code == 2 and "--replace" in again_.output
    assert call("add", str(file), "--id", "rgs", "--replace").exit_code == 0
    assert "rgs: subject, 4 terms, added" in call("list").output and "gsbpm: subject, 58" in call("list").output
    listed = {one["id"]: one["added"] for one in json.loads(call("list", "--json").output)}
    assert listed["rgs"] and not listed["topics"]
    assert call("remove", "rgs").exit_code == 0 and call("remove", "rgs").exit_code == 2
    assert call("add").exit_code == call("paint").exit_code == 2
