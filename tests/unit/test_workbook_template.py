"""The template: what is filled in is read back without settings, in each language, from both sheets."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest

from harvesters.table_headings import field_of
from registry import vocabulary
from registry.iris import SCHEMA, Iris
from registry.messages import LANGUAGES
from registry.workbook.template import LISTS, MARK, template, template_csv
from registry.workbook.texts import choices, columns, with_frameworks, words
from tests.conftest import ROOT
from tests.support.tables import BASE, feed, mapped, read, records, saved, told


@pytest.fixture(scope="module")
def labels() -> dict[str, dict[str, str]]:
    return vocabulary.labels(ROOT / "ontology", BASE)


@pytest.fixture(scope="module")
def lookup() -> dict[str, dict[str, str]]:
    return vocabulary.lookup(ROOT / "ontology", BASE)


def filled(body: bytes, language: str) -> bytes:
    """The template with the examples that its help sheet gives, and a session more on the second sheet."""
    book = openpyxl.load_workbook(io.BytesIO(body))
    said = words(language)
    first, second = book[said["first"]], book[said["second"]]
    title = columns()[0].example[language]
    for sheet, number, start in ((first, 1, 1), (second, 2, 2)):
        for at, column in enumerate([c for c in columns() if c.sheet == number], start=start):
            if column.example[language]:
                sheet.cell(2, at).value = column.example[language]
    second["A2"] = second["A3"] = title
    at = 2 + [c.field for c in columns() if c.sheet == 2].index("start")
    second.cell(3, at).value, second.cell(3, at + 1).value = "2026-10-05", "2026-10-06"
    first["A3"] = "R"
    return saved(book)


@pytest.mark.parametrize("language", LANGUAGES)
def test_filled_in_and_read_back(
    language: str, labels: dict[str, dict[str, str]], lookup: dict[str, dict[str, str]]
) -> None:
    events = read(filled(template(language, labels), language), language=language)
    assert told(events) == {}  # neither the help nor the lists are mistaken for courses
    assert [json.loads(record.payload)["row"]["title"] for record in records(events)] == [
        columns()[0].example[language],
        "R",
    ]
    row = json.loads(records(events)[0].payload)
    examples = {c.field: c.example[language] for c in columns() if c.example[language]}
    assert row["row"] == examples
    assert row["unknown"] == {}
    result = mapped(records(events)[0], lookup, language=language)
    assert result.issues == ()
    short = [
        (p.removeprefix(SCHEMA), str(getattr(o, "value", o)).removeprefix(BASE + "/id/concept/"))
        for s, p, o, _ in result.triples if s.startswith(result.resource)
    ]  # fmt: skip
    assert {
        ("learningResourceType", "resource-type/course"), ("educationalLevel", "level/intermediate"),
        ("audience", "audience/methodologist"), ("audience", "audience/producer-statistician"), ("inLanguage", language),
        ("timeRequired", "P2D"), ("license", "http://spdx.org/licenses/CC-BY-4.0"), ("courseMode", "modality/online"),
        ("conditionsOfAccess", "access/registration"), ("isAccessibleForFree", "true"), ("startDate", "2026-03-30"),
        ("startDate", "2026-10-05"), ("endDate", "2026-10-06"), ("creativeWorkStatus", "work-status/active"),
        ("maximumAttendeeCapacity", "25"),
    } <= set(short)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_can_be_chosen_is_understood(
    language: str, labels: dict[str, dict[str, str]], lookup: dict[str, dict[str, str]]
) -> None:
    from registry.crosswalk.values import load

    values = load(Iris(BASE), feed(), lookup)
    counts = {}
    for column in columns():
        if not column.list:
            continue
        items = choices(column.list, language, labels)
        counts[column.field] = len(items)
        for item in items:
            if column.list == "languages":
                assert values.language(item), item
            elif column.list == "license":
                assert values.licence(item), item
            elif column.list != "yes-no":
                concept = values.concept(column.list, item)
                assert concept is not None, item
                assert labels[concept][language] in item
    assert counts["level"] == 3 and counts["type"] == 27 and counts["audience"] == 13 and counts["gsbpm"] > 40
    assert choices("level", "en", labels) == ["Basic", "Intermediate", "Advanced"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_form(language: str, labels: dict[str, dict[str, str]]) -> None:
    body = template(language, labels)
    assert body == template(language, labels)
    book = openpyxl.load_workbook(io.BytesIO(body))
    assert [sheet.sheet_state for sheet in book] == ["visible", "visible", "visible", "veryHidden"]
    first, second, helping, lists = book.worksheets
    assert [cell.value for cell in first[1]] == [c.heading[language] for c in columns() if c.sheet == 1]
    assert len(first[1]) == 8
    assert first.max_row == second.max_row == 1, "an example row would be published"
    assert first.freeze_panes == second.freeze_panes == "B2"
    assert all(cell.comment and cell.comment.text for sheet in (first, second) for cell in sheet[1])
    assert str(helping["A1"].value).startswith(MARK)
    named = {rule.formula1 for sheet in (first, second) for rule in sheet.data_validations.dataValidation}
    assert {
        "list_level",
        "list_resource_type",
        "list_audience",
        "list_languages",
        "list_modality",
        "list_access",
    } <= named
    assert lists.title == LISTS and lists.max_row >= 27
    assert book.defined_names["list_level"].attr_text.endswith("$3")


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_are_read_as_what_they_are(language: str) -> None:
    for column in columns():
        found = field_of(column.heading[language], {})
        assert found is not None and found[0] == column.field, column.heading[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_csv(language: str, labels: dict[str, dict[str, str]]) -> None:
    body = template_csv(language, labels)
    assert body.startswith(b"\xef\xbb\xbf")
    mark = "," if language == "en" else ";"
    names = next(csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=mark))
    line = io.StringIO()
    csv.writer(line, delimiter=mark).writerow([c.example[language] for c in columns()])
    events = read(body + line.getvalue().encode(), language=language)
    assert names == [c.heading[language] for c in columns()]
    row = json.loads(records(events)[0].payload)["row"]
    assert row == {c.field: c.example[language] for c in columns() if c.example[language]}


def test_another_language_is_refused(labels: dict[str, dict[str, str]]) -> None:
    with pytest.raises(ValueError, match="de"):
        template("de", labels)


def test_every_text_stands_in_three_languages() -> None:
    for table in ("columns", "words", "lists"):
        lines = (Path(ROOT) / "registry" / "workbook" / f"{table}.tsv").read_text("utf-8").splitlines()
        width = len(lines[0].split("\t"))
        assert all(len(line.split("\t")) == width for line in lines), table
    assert all(words(language)[name] for language in LANGUAGES for name in words("en"))
    assert all(c.heading[language] and c.note[language] for language in LANGUAGES for c in columns())


def test_the_verb_leaves_a_file_that_is_there_alone(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from registry.cli import app

    call = CliRunner().invoke
    target = tmp_path / "cours.xlsx"
    every = with_frameworks(list(vocabulary.schemes(ROOT / "ontology", BASE).values()))
    done = call(app, ["template", str(target), "--language", "fr"])
    assert (done.exit_code, done.output) == (0, f"{target}: {len(every)} columns\n")
    book = openpyxl.load_workbook(target)
    assert book.sheetnames[0] == "Formations"
    headings = [cell.value for cell in book.worksheets[1][1]]
    assert "Compétences pour les mégadonnées (GWG des Nations Unies)" in headings and len(every) > len(columns())
    target.write_bytes(b"filled in")
    for wrong in ([str(target)], [str(tmp_path / "x.doc")], [str(tmp_path / "y.csv"), "--language", "de"],
                  [str(tmp_path / "no" / "z.csv")]):  # fmt: skip
        assert call(app, ["template", *wrong]).exit_code == 2
    assert target.read_bytes() == b"filled in"
