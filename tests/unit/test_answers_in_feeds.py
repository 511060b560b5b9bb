"""An academy's own word that two are not the same (ma:notSameAs), in each format that can carry it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from registry.crosswalk import load
from registry.crosswalk.base import Mapped
from registry.iris import MA
from registry.messages import LANGUAGES
from registry.model import RawRecord
from registry.terms import Iri, Literal, Term
from registry.workbook.texts import columns
from tests.unit import test_git_crosswalk as git
from tests.unit import test_moodle_ws_crosswalk as moodle
from tests.unit import test_rdf_crosswalk as rdf
from tests.unit import test_schemaorg_crosswalk as pages
from tests.unit import test_table_crosswalk as table

NOT_SAME = MA + "notSameAs"
OTHER = "https://a.example/x"


def said(result: Mapped) -> list[Term]:
    return [o for s, p, o, _ in result.triples if s == result.resource and p == NOT_SAME]


def told(result: Mapped) -> list[str]:
    return [issue.code for issue in result.issues]


@pytest.mark.parametrize(
    "heading", ["not_same_as", "Not the same as", "Différent de", "Distinto de", "different from"]
)
def test_in_a_table(heading: str) -> None:
    result = table.one({"title": "Git", heading: f"{OTHER}|10.5555/y"})
    assert said(result) == [Iri(OTHER), Iri("https://doi.org/10.5555/y")] and told(result) == []
    (place,) = {place for _, p, _, place in result.triples if p == NOT_SAME}
    assert place == f"column «{heading}»"
    bad = table.one({"title": "Git", heading: "the course of Paul"})
    assert said(bad) == [Literal("the course of Paul")] and told(bad) == ["table-relation"]


def test_in_the_template_in_three_languages() -> None:
    fields = [column.field for column in columns()]
    assert fields.index("not_same_as") == fields.index("translation_of") + 1
    (column,) = (column for column in columns() if column.field == "not_same_as")
    assert len({column.heading[language] for language in LANGUAGES}) == 3


@pytest.mark.parametrize(
    "files",
    [
        {"metadata.yml": f"notSameAs: {OTHER}"},
        {"index.md": f"---\nnot_same_as: [{OTHER}]\n---\n"},
        {"CITATION.cff": f"not-same-as: '{OTHER}'"},
        {"CITATION.cff": f"references: [{{notes: Not the same as this, url: '{OTHER}'}}]"},
        {"CITATION.cff": f"references: [{{notes: Ne pas confondre avec ce cours, url: '{OTHER}'}}]"},
    ],
)
def test_in_a_repository(files: dict[str, str]) -> None:
    assert said(git.of({"README.md": "# A course\n", **files})) == [Iri(OTHER)]


def test_in_a_repository_what_is_no_address_is_told_and_itself_is_left_out() -> None:
    bad = git.of({"README.md": "# A course\n", "metadata.yml": "notSameAs: the other course"})
    assert said(bad) == [Literal("the other course")] and "git-relation" in told(bad)
    itself = {"README.md": "# A course\n", "metadata.yml": "notSameAs: https://github.com/office/lesson"}
    assert said(git.of(itself)) == []
    adapted = f"references: [{{notes: 'Adapted from it, and not the same as it was', url: '{OTHER}'}}]"
    assert said(git.of({"README.md": "# A course\n", "CITATION.cff": adapted})) == [], "what it comes from goes before"


@pytest.mark.parametrize("key", ["notSameAs", "ma:notSameAs", NOT_SAME])
def test_on_a_page(key: str) -> None:
    context: list[Any] = ["https://schema.org", {"ma": MA}]
    result = pages.mapped(context_of=context, **{key: [OTHER, {"@id": "https://a.example/y"}]})
    assert said(result.mapped) == [Iri(OTHER), Iri("https://a.example/y")] and result.codes == []
    named = pages.mapped(context_of=context, **{key: {"@type": "Course", "name": "Another"}})
    assert said(named.mapped) == [Literal("Another")] and named.codes == ["no-address"]
    itself = pages.mapped(context_of=context, **{key: pages.URL})
    assert said(itself.mapped) == [] and itself.codes == ["self"]


@pytest.mark.parametrize("key", ["notSameAs", "ma:notSameAs", NOT_SAME])
def test_in_amb(key: str) -> None:
    data = {
        "@context": ["https://w3id.org/kim/amb/context.jsonld", {"@language": "en"}], "id": "https://amb.example/1",
        "type": ["LearningResource", "Course"], "name": "N", key: [{"id": OTHER}],
    }  # fmt: skip
    record = RawRecord("k", json.dumps(data).encode(), "application/json", "amb", "https://amb.example/list")
    result = load("amb")(record, pages.context())
    assert said(result) == [Iri(OTHER)] and told(result) == []


@pytest.mark.parametrize(
    "body",
    [
        '<1> a schema:Course ; schema:name "T"@en ; ma:notSameAs <https://a.example/x> .',
        '<1> dct:title "T"@en ; ma:notSameAs <https://a.example/x> .',
        '<1> a dcat:Dataset ; dct:title "T"@en ; ma:notSameAs "https://a.example/x" .',
    ],
)
def test_in_rdf(body: str) -> None:
    result = rdf.mapped(f"@prefix ma: <{MA}> . {body}")
    assert said(result) == [Iri(OTHER)]
    assert not any("notSameAs" in value for issue in result.issues for _, value in issue.params)


def test_in_a_field_of_a_moodle_site() -> None:
    assert said(moodle.mapped(customfields=[moodle.own("not_same_as", OTHER)])) == [Iri(OTHER)]
    bad = moodle.mapped(customfields=[moodle.own("distintode", "otro")])
    assert said(bad) == [] and told(bad) == ["moodle-address"]
