"""Headings and words of an office's own: what is proposed, and that a pasted proposal is all it takes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters.base import FeedFailed
from registry import vocabulary
from registry.pipeline.propose import Proposal, as_toml, propose
from tests.conftest import ROOT
from tests.support.tables import BASE, feed, mapped, read, records, saved, told


@pytest.fixture(scope="module")
def lookup() -> dict[str, dict[str, str]]:
    return vocabulary.lookup(ROOT / "ontology", BASE)


def workbook(*lines: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    return saved(book)


FRENCH = workbook(
    ["Direction de la formation"], [],
    ["Code interne", "Dénomination de l'action", "Temps à prévoir", "Futures sessions prévues", "Qui peut venir ?", "Difficulté (1 à 3)",
     "Parlé en", "Page à consulter", "Salle réservée", "Resp.", "Langue"],
    ["A1", "Initiation à R pour statisticiens", "2 jours", "12/03/2025", "Agents de la DG", "Niv. 1", "français",
     "https://stat.example/r", "B12", "jean@stat.example", "fr"],
    ["A2", "Sondages complexes", "3 h", "du 3 au 5 juin 2025", "Enquêteurs", "Niv. 3", "anglais",
     "https://stat.example/s", "B14", "anne@stat.example", "fr"],
    ["A3", "Git et intégration continue", "½ journée", "14 avril 2025", "Développeur", "Niv. 2", "français",
     "https://stat.example/g", "B12", "luc@stat.example", "fr"],
)  # fmt: skip


def pasted(proposal: Proposal) -> dict[str, Any]:
    """What the sure lines give in a feed's entry."""
    entry = tomllib.loads('[[feeds]]\nid = "x"\n' + as_toml(proposal))["feeds"][0]
    return {key: entry.get(key, {}) for key in ("columns", "values")}


def test_a_french_plan_without_a_known_title(lookup: dict[str, dict[str, str]]) -> None:
    with pytest.raises(FeedFailed):
        read(FRENCH, language="fr")
    proposal = propose(feed(language="fr"), FRENCH, lookup)
    found = {guess.given: (guess.meaning, guess.score >= 0.8) for guess in proposal.columns}
    assert found["Dénomination de l'action"] == ("title", True)
    assert found["Temps à prévoir"][0] == "duration"
    assert found["Futures sessions prévues"] == ("start", True)
    assert found["Page à consulter"][0] == "url"
    assert found["Resp."][0] == "contact"
    samples = {guess.given: guess.samples for guess in proposal.columns}
    assert samples["Temps à prévoir"] == ("2 jours", "3 h", "½ journée")
    assert "@" not in as_toml(proposal)
    assert as_toml(proposal, "fr").startswith("# À coller")
    entry = pasted(proposal)
    events = read(FRENCH, language="fr", **entry)
    rows = [json.loads(record.payload)["row"] for record in records(events)]
    assert [row["title"] for row in rows] == [
        "Initiation à R pour statisticiens", "Sondages complexes", "Git et intégration continue",
    ]  # fmt: skip
    assert rows[1]["start"] == "du 3 au 5 juin 2025"


def test_words_of_controlled_columns(lookup: dict[str, dict[str, str]]) -> None:
    body = workbook(
        ["Title", "Level", "Target audience", "Type", "Language", "Licence"],
        ["Git", "Intermediat", "Statisticien", "E-learnig course", "Frenchh", "CC BY"],
        ["R", "Niv. 1", "Gardeners", "Workshop", "en", "CC-BY-4.0"],
        ["Python", "Basic", "Gardeners", "Course", "en", "CC-BY-4.0"],
    )
    values = propose(feed(), body, lookup).values
    said = {
        name: [(guess.given, guess.meaning, guess.score >= 0.8) for guess in guesses]
        for name, guesses in values.items()
    }
    assert ("Intermediat", "intermediate", True) in said["level"]
    assert ("Niv. 1", "basic", False) in said["level"]
    assert said["audience"][0][0] == "Gardeners" and not said["audience"][0][2]
    assert [word for word, _, _ in said["languages"]] == ["Frenchh"]
    assert [word for word, _, _ in said["license"]] == ["CC BY"]
    assert "Workshop" not in str(said) and "Basic" not in str(said)
    entry = pasted(propose(feed(), body, lookup))
    assert entry["values"]["level"] == {"Intermediat": "intermediate"}
    first = mapped(records(read(body, **entry))[0], lookup, **entry)
    assert not [issue for issue in first.issues if issue.value == "Intermediat"]


def test_a_mended_list_has_nothing_to_propose(lookup: dict[str, dict[str, str]]) -> None:
    proposal = propose(feed(), b"Title,Level\nGit,Basic\n", lookup)
    assert proposal.count == 0
    assert tomllib.loads(as_toml(proposal, "es")) == {}


def test_a_field_is_given_once_and_not_to_a_column_beside_it(lookup: dict[str, dict[str, str]]) -> None:
    body = b"Title,Start date,Date of the next jury,Approved on\nGit,2025-03-01,2025-06-01,2024-01-01\nR,2025-03-02,2025-06-02,2024-01-02\n"
    proposal = propose(feed(), body, lookup)
    assert pasted(proposal)["columns"] == {}
    assert {guess.given for guess in proposal.columns} == {"Date of the next jury", "Approved on"}


def test_secrets_are_no_samples(lookup: dict[str, dict[str, str]]) -> None:
    body = b"Title,Meeting password,Remarks\nGit,s3cret,write to j@stat.example\n"
    assert "s3cret" not in as_toml(propose(feed(), body, lookup))


def test_headings_that_would_break_a_file(lookup: dict[str, dict[str, str]]) -> None:
    odd = 'a"b\\c\td]\n[feeds.x]'
    body = workbook(["Title", odd, "Level"], ["Git", "x\ny\u2028z", "Bas\tic'\""], ["R", "=1", "]"])
    text = as_toml(propose(feed(), body, lookup))
    entry = tomllib.loads("[[feeds]]\n" + text)["feeds"][0]
    assert set(entry) <= {"columns", "values"}
    assert told(read(body, columns={odd: "ignored"})).get("table-unknown-heading") is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=5), min_size=2, max_size=6))
def test_any_table_gives_a_file_that_can_be_read(lines: list[list[str]]) -> None:
    body = "\n".join(";".join(cell.replace(";", " ").replace('"', " ") for cell in line) for line in lines).encode(
        "utf-8", "replace"
    )
    try:
        proposal = propose(feed(), body, {"level": {"Basic": "basic"}})
    except FeedFailed:
        return
    tomllib.loads("[[feeds]]\n" + as_toml(proposal).encode("utf-8", "replace").decode())


def test_check_writes_both(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from registry.cli import app

    source, mapping, marked = tmp_path / "list.csv", tmp_path / "mapping.toml", tmp_path / "marked.xlsx"
    source.write_text(
        "Title,Level,Futures sessions prévues\nGit,Intermediat,2026-03-01\nR,Basic,2026-03-02\n", "utf-8"
    )
    call = ["check", str(source), "--propose", str(mapping), "--annotate", str(marked), "--language", "fr"]
    done = CliRunner().invoke(app, call, env={"META_ACADEMY_DATA": str(tmp_path / "var")})
    assert done.exit_code == 0, done.output
    entry = tomllib.loads("[[feeds]]\n" + mapping.read_text("utf-8"))["feeds"][0]
    assert entry == {
        "columns": {"Futures sessions prévues": "start"},
        "values": {"level": {"Intermediat": "intermediate"}},
    }
    sheet = openpyxl.load_workbook(marked).worksheets[0]
    assert "n’est pas un terme connu" in sheet["B2"].comment.text
    for wrong in (
        ["--annotate", str(source)],
        ["--propose", str(tmp_path / "m.txt")],
        ["--annotate", str(tmp_path / "n" / "m.xlsx")],
    ):
        done = CliRunner().invoke(
            app, ["check", str(source), *wrong], env={"META_ACADEMY_DATA": str(tmp_path / "var")}
        )
        assert done.exit_code == 2, done.output
    assert source.read_text("utf-8").startswith("Title")
