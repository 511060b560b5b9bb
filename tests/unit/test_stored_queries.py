"""Stored queries: what a file must say, and what is told of one that does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from registry.web.stored import BadQueryFile, load_queries, read_query

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "ontology" / "questions"
BASE = "https://registry.example/"
GOOD = (FOLDER / "without-licence.ttl").read_text("utf-8")


def written(folder: Path, text: str, name: str = "without-licence") -> Path:
    file = folder / f"{name}.ttl"
    file.write_text(text, "utf-8")
    return file


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    query = read_query(written(tmp_path, GOOD), BASE)
    assert (query.name, query.form, query.figure) == ("without-licence", "SELECT", "without-licence")
    assert set(query.title) == set(query.description) == {"en", "fr", "es"}
    assert query.title["fr"].endswith(" ?") and query.text.endswith("ORDER BY ?academy ?title\n")
    assert [(column.name, column.datatype) for column in query.columns] == [("academy", "string"), ("title", "string")]
    (academy,) = query.parameters
    assert (academy.name, academy.required, academy.default) == ("academy", False, None)


def test_all_files_can_be_read() -> None:
    found = load_queries(FOLDER, BASE)
    assert list(found) == sorted(file.stem for file in FOLDER.glob("*.ttl")) and found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("sh:SPARQLExecutable, ", "", "sh:SPARQLExecutable"),
        ("schema:target <sparql>", "schema:target <elsewhere>", "schema:target"),
        ('"@fr,', '"@de,', "once in each of en, fr, es"),
        (
            "xsd:string ;\n        sh:optional",
            "xsd:duration ;\n        sh:optional",
            "parameter academy: the datatype",
        ),
        ('csvw:name "title"', 'csvw:name "academy"', "stands twice"),
        ('csvw:name "title"', 'csvw:name "The title"', "must be written in"),
        ("<q/without-licence#academy>", "<q/without-licence#lang>", "may be called lang"),
        ("<q/without-licence#academy>", "<q/other#academy>", "the sh:path"),
        ("sh:order 1 ;", "", "sh:order"),
        ("sh:optional true ;", 'sh:in ("a" "b") ; sh:defaultValue "c" ;', "'c' is not one of its values"),
        ("sh:select", "sh:ask", "holds a SELECT query"),
        ("MINUS", "SERVICE <http://elsewhere.example/>", "SERVICE"),
        ("csvw:column (", "csvw:row (", "its columns"),
        ('schema:keywords "licence", "quality" ;', "", "schema:keywords"),
        ("] ;\n    csvw", "] ;;\n    csvw csvw", "without-licence.ttl"),
    ],
)
def test_a_file_that_says_less_or_something_else_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    file = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(BadQueryFile, match="without-licence.ttl") as found:
        read_query(file, BASE)
    assert told in str(found.value)


def test_the_name_of_the_file_is_the_name_of_the_query(tmp_path: Path) -> None:
    with pytest.raises(BadQueryFile, match="<q/other>"):
        read_query(written(tmp_path, GOOD, "other"), BASE)


def test_columns_and_parameters_stay_as_they_were_promised() -> None:
    """The table of docs/questions.md is the promise: a line may be added, none may change."""
    told = (ROOT / "docs" / "questions.md").read_text("utf-8").split("<!-- columns -->")[1].split("<!-- end -->")[0]
    lines = [line.strip("| ").split(" | ") for line in told.strip().splitlines()[2:]]
    promised = {
        cells[0].strip("`").removeprefix("/q/"): [re.findall(r"`(\w+)`", cell) for cell in cells[1:]]
        for cells in lines
    }
    found = {
        query.name: [[column.name for column in query.columns], [one.name for one in query.parameters]]
        for query in load_queries(FOLDER, BASE).values()
    }
    assert found == promised
