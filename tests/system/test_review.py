"""People's side of matching through the command line: batches, decisions, answers, files, what came of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support.review_house import COURSES, ReviewHouse, build, resource
from typer.testing import CliRunner

from registry.cli import app
from registry.ledger import audit, decisions, reviews
from registry.ledger.reviews import Given
from registry.model import Decision


@pytest.fixture
def small(tmp_path: Path) -> ReviewHouse:
    made = build(tmp_path)
    for name, languages, academy in (("Ana", "en", ""), ("Ben", "en,fr", "north"), ("Col", "en", "")):
        assert call(made, "reviewer", "add", name, "--languages", languages, "--academy", academy).exit_code == 0
    return made


def call(small: ReviewHouse, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["review", *arguments], env=small.environment)


def told(small: ReviewHouse, *arguments: str) -> Any:
    done = call(small, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def history(small: ReviewHouse) -> list[Decision]:
    connection = small.ledger()
    found = decisions.history(connection)
    connection.close()
    return found


def pairs(batch: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["left"]["place"], one["right"]["place"]) for one in batch["pairs"]}


def test_nobody_is_asked_about_their_own_office_or_in_a_language_that_they_do_not_read(small: ReviewHouse) -> None:
    ana, ben = told(small, "next", "--reviewer", "Ana"), told(small, "next", "--reviewer", "Ben", "--new")
    assert ana["pairs"] and ana["minutes"] >= 1
    assert all(one[side]["languages"] == "en" for one in ana["pairs"] for side in ("left", "right"))
    assert all("north" not in place for pair in pairs(ben) for place in pair)
    assert not pairs(ana) & pairs(ben), "a pair in somebody's batch is nobody else's"


def test_what_is_left_of_a_batch_is_shown_again(small: ReviewHouse) -> None:
    first = told(small, "next", "--reviewer", "Ana")
    assert told(small, "next", "--reviewer", "Ana") == first
    one = first["pairs"][0]
    made = told(small, "decide", one["left"]["place"], one["right"]["resource"], "same", "--reviewer", "Ana")
    assert made[0]["batch"] == first["batch"] and made[0]["left_digest"] == ""
    again = told(small, "next", "--reviewer", "Ana")
    assert again["batch"] == first["batch"] and len(again["pairs"]) == len(first["pairs"]) - 1
    shown = call(small, "next", "--reviewer", "Ana", "--language", "fr")
    assert "Réponses" in shown.stdout and "Version control with Git" in call(small, "next", "--reviewer", "Ana").stdout


def test_a_decision_of_ones_own_office_is_refused_by_command_and_by_file(small: ReviewHouse, tmp_path: Path) -> None:
    done = call(small, "decide", "north-list/git", "south-list/git", "same", "--reviewer", "Ben")
    assert done.exit_code == 2 and "own office" in done.stderr
    assert call(small, "decide", "north-list/git", "south-list/git", "same", "--reviewer", "Ana").exit_code == 0
    file = tmp_path / "d.sssom.tsv"
    assert call(small, "export", str(file)).exit_code == 0
    file.write_text(file.read_text("utf-8").replace("\tAna\t", "\tBen\t"), "utf-8")
    done = call(small, "import", str(file), "--yes", "--json")
    assert done.exit_code == 1 and json.loads(done.stdout)["written"] == 0
    assert "Ben works for north" in done.stdout
    assert [one.reviewer for one in history(small)] == ["Ana"]
    undone = call(small, "undo", "1", "--reviewer", "Ben", "--reason", "mine")
    assert undone.exit_code == 2 and "own office" in undone.stderr


def test_a_batch_goes_out_and_comes_back_as_a_workbook_and_twice_is_once(small: ReviewHouse, tmp_path: Path) -> None:
    file = tmp_path / "batch.xlsx"
    assert call(small, "next", "--reviewer", "Ana", "--output", str(file)).exit_code == 0
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[1]
    sheet["B2"], sheet["E2"], sheet["B3"] = "not related", "- other data", "who knows"
    book.save(file)
    tried = call(small, "import", str(file), "--dry-run")
    assert "1 new" in tried.stdout and "B3" in tried.stderr and not history(small)
    refused = CliRunner().invoke(app, ["review", "import", str(file)], env=small.environment, input="n\n")
    assert refused.exit_code == 1 and not history(small)
    done = call(small, "import", str(file), "--yes")
    assert done.exit_code == 1, "one cell cannot be taken"
    (made,) = history(small)
    assert (made.verdict, made.relation, made.reviewer, made.note) == ("reject", "different", "Ana", "- other data")
    assert made.batch and made.left_digest and made.right_digest
    again = json.loads(call(small, "import", str(file), "--yes", "--json").stdout)
    assert (again["written"], again["known"]) == (0, 1) and len(history(small)) == 1
    sheet["B2"], sheet["B3"] = "same", None
    book.save(file)
    assert call(small, "import", str(file), "--yes").exit_code == 0, "a changed mind is a new decision"
    assert [one.verdict for one in history(small)][0] == "reject" and len(history(small)) == 2


def test_a_decided_pair_is_asked_no_more_and_taken_back_it_is(small: ReviewHouse) -> None:
    batch = told(small, "next", "--reviewer", "Ana")
    for one in batch["pairs"]:
        told(small, "decide", one["left"]["place"], one["right"]["place"], "not-related", "--reviewer", "Ana")
    status = told(small, "status")
    assert status["rejected"] == len(batch["pairs"]) and status["by_reviewer"] == {"Ana": len(batch["pairs"])}
    assert status["random_sample"] >= 1
    rest = told(small, "next", "--reviewer", "Col")
    assert all(one["second"] for one in rest["pairs"] if (one["left"]["place"], one["right"]["place"]) in pairs(batch))
    taken = told(small, "undo", "1", "--reviewer", "Col", "--reason", "the wrong edition")
    assert taken["undone"]
    (first, *_) = told(small, "list")
    assert first["taken_back"] == ["Col", "the wrong edition"]
    sides = {taken["left"], taken["right"]}
    place = pairs({"pairs": [p for p in batch["pairs"] if {p["left"]["resource"], p["right"]["resource"]} == sides]})
    assert len(place) == 1 and place == pairs(told(small, "next", "--reviewer", "Ana")), (
        "whose batch it is in is asked again"
    )


def test_two_readers_are_compared(small: ReviewHouse) -> None:
    for name, word in (("Ana", "same"), ("Col", "not-related")):
        told(small, "decide", "north-list/r", "south-list/r", word, "--reviewer", name)
        told(small, "decide", "north-list/git", "south-list/git", "same", "--reviewer", name)
    found = told(small, "agreement")
    assert (found["overall"]["pairs"], found["overall"]["agreed"]) == (2, 1)
    assert {found["disagreements"][0][side]["reviewer"] for side in ("first", "second")} == {"Ana", "Col"}
    assert "kappa" in call(small, "agreement").stdout


def test_an_academy_answers_on_its_own_entries_alone(small: ReviewHouse) -> None:
    wrong = call(small, "answer", "island", "north-list/git", "south-list/git", "same")
    assert wrong.exit_code == 2 and "own entries" in wrong.stderr
    made = told(
        small, "answer", "south", "north-list/git", "south-list/git", "adapted from", "--source", "north-list/git"
    )
    made = made[0]
    assert (made["voice"], made["academy"], made["source"]) == ("publisher", "south", resource("north", "git"))
    asked = told(small, "next", "--reviewer", "Ana", "--size", "50")
    assert ("north-list/git", "south-list/git") not in pairs(asked), "what an academy answered is not asked"
    refused = call(small, "undo", "1", "--reviewer", "Ana", "--reason", "no")
    assert refused.exit_code == 2 and "only south" in refused.stderr
    assert call(small, "undo", "1", "--reviewer", "south", "--reason", "mistaken").exit_code == 0
    told(small, "decide", "north-list/git", "south-list/git", "same", "--reviewer", "Ana")
    call(small, "undo", "2", "--reviewer", "Ana", "--reason", "mistaken")
    connection = small.ledger()
    rows = [(one.action, one.target, one.outcome) for one in reversed(audit.listed(connection))]
    assert {(one.role, one.credential) for one in audit.listed(connection)} == {("operator", "command line")}
    connection.close()
    both = "north-list/git south-list/git"
    assert rows == [
        *(("reviewer kept", name, "done") for name in ("Ana", "Ben", "Col")),
        ("answer", both, "refused"), ("answer", both, "done"), ("decision taken back", "1", "refused"),
        ("decision taken back", "1", "done"), ("decision", both, "done"), ("decision taken back", "2", "done"),
    ]  # fmt: skip


def test_all_decisions_go_out_and_come_back_exactly(small: ReviewHouse, tmp_path: Path) -> None:
    told(small, "decide", "north-list/git", "south-list/git", "same", "--reviewer", "Ana", "--note", 'a\t"b"\nc | d')
    told(small, "decide", "north-list/r", "south-list/r", "unsure", "--reviewer", "Ana")
    told(small, "decide", "north-list/r", "south-list/r", "not related", "--reviewer", "Col")
    told(
        small,
        "answer",
        "north",
        "north-list/r",
        "south-list/r",
        "other edition",
        "--source",
        "unknown",
        "--by",
        "N. N.",
    )
    told(small, "undo", "1", "--reviewer", "Col", "--reason", "hasty, \tvery")
    file = tmp_path / "all.sssom.tsv"
    assert told(small, "export", str(file))["decisions"] == 4
    other = build(tmp_path / "other")
    for name in ("Ana", "Col"):
        told(other, "reviewer", "add", name, "--languages", "en")
    assert told(other, "import", str(file), "--yes")["written"] == 4
    assert told(other, "import", str(file), "--yes")["written"] == 0

    def of(one: ReviewHouse) -> list[tuple[Any, ...]]:
        connection = one.ledger()
        back = decisions.taken_back(connection)
        found = [
            (*(getattr(d, n) for n in Decision.__slots__ if n != "id"), back.get(d.id))
            for d in decisions.history(connection)
        ]
        connection.close()
        return sorted(found, key=repr)

    assert of(small) == of(other)
    again = tmp_path / "again.sssom.tsv"
    told(other, "export", str(again))
    assert again.read_bytes() == file.read_bytes()


def test_a_file_can_take_back_what_is_there(small: ReviewHouse, tmp_path: Path) -> None:
    told(small, "decide", "north-list/git", "south-list/git", "same", "--reviewer", "Ana")
    other = build(tmp_path / "other")
    told(other, "reviewer", "add", "Ana", "--languages", "en")
    before, after = tmp_path / "1.tsv", tmp_path / "2.tsv"
    told(small, "export", str(before))
    told(small, "undo", "1", "--reviewer", "Ana", "--reason", "oops")
    told(small, "export", str(after))
    assert told(other, "import", str(before), "--yes")["written"] == 1
    assert told(other, "import", str(after), "--yes")["taken_back"] == 1
    assert history(other)[0].undone
    assert told(other, "import", str(before), "--yes")["written"] == 0 and history(other)[0].undone
    connection = other.ledger()
    assert [one.target for one in audit.listed(connection)] == ["2.tsv", "1.tsv", "Ana"]
    connection.close()


def test_tables_for_people_hold_no_formulas(small: ReviewHouse, tmp_path: Path) -> None:
    told(small, "decide", "north-list/git", "south-list/git", "same", "--reviewer", "Ana", "--note", "=1+1")
    for form in ("tsv", "xlsx"):
        assert call(small, "export", str(tmp_path / f"t.{form}"), "--format", form).exit_code == 0
    with (tmp_path / "t.tsv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream, delimiter="\t")
    assert row["note"] == "'=1+1" and row["answer"] == "same" and row["left_title"] == "Version control with Git"
    cells = [cell for line in openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0] for cell in line if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    assert call(small, "export", str(tmp_path / "x"), "--format", "rdf").exit_code == 2


def test_one_decision_is_for_a_family_with_exceptions_struck_out(small: ReviewHouse) -> None:
    keys = ("git", "r", "seasonal")
    ends = [tuple(sorted((resource("north", key), resource("south", key)))) for key in keys]
    connection = small.ledger()
    given = [
        Given(1, part, *pair, "translation", pair[0], "queue", "cross-2", False) for part, pair in enumerate(ends, 1)
    ]
    name = reviews.give(connection, "Ana", "2026-11-29T00:00:00Z", 3, given, [])
    connection.close()
    wrong = call(
        small, "decide", "north-list/r", "south-list/r", "same", "--reviewer", "Ana", "--family", "--except", "7"
    )
    assert wrong.exit_code == 2 and "1 to 3" in wrong.stderr
    made = told(
        small, "decide", "north-list/r", "south-list/r", "adapted-from", "--source", "south-list/r", "--reviewer", "Ana",
        "--family", "--except", "3",
    )  # fmt: skip
    assert {(one["left"], one["right"]) for one in made} == set(ends[:2])
    assert {one["source"] for one in made} == {resource("south", "git"), resource("south", "r")}
    assert {one["batch"] for one in made} == {name} and {one["verdict"] for one in made} == {"retype"}


def test_a_decision_is_found_by_the_address_that_its_record_has_now(small: ReviewHouse) -> None:
    told(small, "decide", "north-list/git", "south-list/git", "same", "--reviewer", "Ana")
    small.withdraw("south", "git")
    told(small, "status")  # a withdrawn record alone loses nothing
    assert told(small, "list")[0]["found"] is False
    small.put("south", "git-2027", *COURSES[1][2:], url="git")
    found = told(small, "list", "--pair", resource("north", "git"), resource("south", "git-2027"))
    assert len(found) == 1 and found[0]["found"]
    asked = told(small, "next", "--reviewer", "Col", "--size", "50")
    assert ("north-list/git", "south-list/git-2027") not in pairs(asked)


@pytest.mark.parametrize(
    "arguments",
    [
        ("next", "--reviewer", "Nobody"), ("next", "--reviewer", "Ana", "--language", "de"),
        ("next", "--reviewer", "Ana", "--output", "batch.csv"), ("decide", "x/1", "south-list/git", "same", "--reviewer", "Ana"),
        ("decide", "north-list/git", "north-list/git", "same", "--reviewer", "Ana"),
        ("decide", "north-list/git", "south-list/git", "alike", "--reviewer", "Ana"),
        ("decide", "north-list/git", "south-list/git", "same", "--reviewer", "Ana", "--except", "1"),
        ("decide", "north-list/git", "south-list/git", "same", "--reviewer", "Ana", "--family"),
        ("decide", "north-list/git", "south-list/git", "translation", "--reviewer", "Ana"),
        ("answer", "nowhere", "north-list/git", "south-list/git", "same"),
        ("undo", "99", "--reviewer", "Ana", "--reason", "x"), ("undo", "99", "--reviewer", "Ana", "--reason", " "),
        ("import", "no-such-file.xlsx"), ("reviewer", "add", "x@y.example", "--languages", "en"),
        ("reviewer", "add", "X", "--languages", "Englisch"), ("reviewer", "add", "X", "--languages", "en", "--academy", "nowhere"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_2_and_says_why(small: ReviewHouse, arguments: tuple[str, ...]) -> None:
    done = call(small, *arguments)
    assert done.exit_code == 2, done.output
    assert done.stderr.strip() and "Traceback" not in done.output and not history(small)
