"""Files of a repository → the profile: what other tools write, defaults of templates, licences, origins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harvesters import git_lessons
from registry import messages
from registry.crosswalk import git_licence, git_markdown
from registry.crosswalk.base import Mapped
from registry.model import Feed, RawRecord
from tests.support.git_site import mapped, said


def of(files: dict[str, str], *, language: str | None = None, licence: str | None = None, **more: Any) -> Mapped:
    """The graph of a repository with some files."""
    lesson = git_lessons.read(files, {path: text.encode() for path, text in files.items()})
    repository = {"address": "https://github.com/office/lesson", "name": "lesson", "host": "github", "branch": "main",
                  "public": True}  # fmt: skip
    data = {"repository": repository, "kind": lesson.kind, "documents": lesson.documents, "texts": lesson.texts,
            "chapters": lesson.chapters, "own_chapters": True, "languages": lesson.languages, **more}  # fmt: skip
    record = RawRecord("k", json.dumps(data).encode(), "application/json", "git", "https://github.com/office/lesson",
                       issues=tuple(lesson.issues))  # fmt: skip
    return mapped(
        record, Feed("git", "office", "git", "https://github.com/office", language=language, licence=licence)
    )


def codes(result: Mapped) -> set[str]:
    return {issue.code for issue in result.issues}


@pytest.mark.parametrize(
    ("files", "kind", "chapters"),
    [
        ({"_quarto.yml": "book: {chapters: [index.qmd, a.qmd, {part: P, chapters: [b.qmd]}]}"}, "quarto-book", 2),
        ({"_quarto.yml": "website: {sidebar: {contents: [{section: S, contents: [a.qmd]}, b.qmd]}}"}, "quarto-website", 2),
        ({"_bookdown.yml": "rmd_files: [index.Rmd, b.Rmd, a.Rmd]"}, "bookdown", 2),
        ({"_bookdown.yml": "book_filename: x"}, "bookdown", 2),
        ({"_toc.yml": "format: jb-book\nroot: intro\nparts:\n- caption: P\n  chapters:\n  - file: a\n  - file: b\n"},
         "jupyter-book", 2),
        ({"_toc.yml": "- file: a\n  sections:\n  - file: b\n"}, "jupyter-book", 2),
        ({"myst.yml": "project: {toc: [{file: index.md}, {title: P, children: [{file: a.md}]}]}"}, "jupyter-book", 1),
        ({"mkdocs.yml": "nav: [index.md, {A: a.md, B: [b.md]}]\ndocs_dir: .\nx: !ENV [A, 1]"}, "mkdocs", 2),
        ({"config.yaml": "carpentry: lc\nepisodes:\n"}, "carpentries", 2),
        ({"_config.yml": "carpentry: dc\n"}, "carpentries", 2),
    ],
)  # fmt: skip
def test_chapters_of_each_tool(files: dict[str, str], kind: str, chapters: int) -> None:
    names = [f"{stem}.{end}" for stem in "ab" for end in ("qmd", "Rmd", "md", "ipynb")]
    more = ["index.qmd", "index.Rmd", "index.md", "intro.md", "episodes/a.md", "_episodes/a.md", "_episodes_rmd/a.Rmd",
            "episodes/b.Rmd" if "config.yaml" in files else "_episodes/b.md"]  # fmt: skip
    lesson = git_lessons.read([*files, *names, *more], {path: text.encode() for path, text in files.items()})
    assert (lesson.kind, len(lesson.chapters), lesson.issues) == (kind, chapters, [])


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("SPDX-License-Identifier: EUPL-1.2\n", {"EUPL-1.2"}),
        (
            "# Creative Commons Attribution-ShareAlike 4.0 International\n\nCreative Commons Corporation",
            {"CC-BY-SA-4.0"},
        ),
        ("Attribution-NonCommercial-NoDerivatives 4.0 International\n", {"CC-BY-NC-ND-4.0"}),
        ("CC0 1.0 Universal\n", {"CC0-1.0"}),
        ("See [the deed](https://creativecommons.org/licenses/by/4.0/deed.fr).", {"CC-BY-4.0"}),
        ("By https://creativecommons.org/licenses/by/4.0/ or https://creativecommons.org/licenses/by-sa/4.0/", set()),
        ("                    GNU GENERAL PUBLIC LICENSE\n   Version 3, 29 June 2007\n", {"GPL-3.0-only"}),
        ("Licence Ouverte / Open Licence\nVersion 2.0\n", {"etalab-2.0"}),
        ("MIT License\n\nAll rights reserved, ask the office.", set()),  # the title alone proves nothing
        ("The code is under the Apache License, Version 2.0.", set()),
        ("", set()),
    ],
)
def test_licence_texts(text: str, ids: set[str]) -> None:
    assert git_licence.of_text(text) == ids


def test_a_licence_stated_wins_over_the_text_and_the_host() -> None:
    tag = "SPDX-License-Identifier: MIT"
    result = of({"CITATION.cff": "license: CC-BY-4.0", "LICENSE": tag}, host={"license": {"spdx_id": "MIT"}})
    assert said(result, "license") == ["http://spdx.org/licenses/CC-BY-4.0"] and "git-licences-differ" in codes(result)
    assert said(of({"LICENSE": tag}), "license") == ["http://spdx.org/licenses/MIT"]
    for nothing in ("NOASSERTION", "other", "NONE"):
        assert said(of({"README.md": "# A b"}, host={"license": {"spdx_id": nothing}}), "license") == []
    result = of({"README.md": "# A b"}, host={"license": {"spdx_id": "NOASSERTION"}}, licence="CC-BY-4.0")
    assert said(result, "license") == ["http://spdx.org/licenses/CC-BY-4.0"]
    result = of({"CITATION.cff": "license: Office licence 7"})
    assert said(result, "license") == ["Office licence 7"] and "git-licence" in codes(result)
    result = of({"LICENSE": tag, "LICENSE-docs": "CC0 1.0 Universal"})
    assert said(result, "license") == [] and "git-licences-several" in codes(result)


def test_defaults_of_templates_are_left_out() -> None:
    files = {"config.yaml": "carpentry: incubator\ntitle: Lesson Title\nkeywords: 'software, data, lesson, The Carpentries'\n"
             "created: FIXME\nurl: https://example.com\nlife_cycle: pre-alpha\nsource: 'https://github.com/carpentries/workbench-template-md'\n"
             "contact: team@carpentries.org\n", "README.md": "# lesson\n\nThis is the text of it, and it is long enough.\n"}  # fmt: skip
    result = of(files)
    assert said(result, "name") == ["Lesson"] and "git-no-title" in codes(result)
    assert said(result, "keywords") == [] and said(result, "dateCreated") == [] and said(result, "isBasedOn") == []
    assert said(result, "url") == ["https://github.com/office/lesson"]
    assert "carpentries.org" not in str(result.triples)
    for tool, title in (("_quarto.yml", "book: {title: My book}"), ("mkdocs.yml", "site_name: My Docs"),
                        ("_config.yml", "title: My sample book")):  # fmt: skip
        assert said(of({tool: title, "README.md": "# Real title\n"}), "name") == ["Real title"]


def test_yaml_values_stay_as_written() -> None:
    result = of(
        {
            "CITATION.cff": "title: On\nversion: 1.10\ndate-released: 2024-02-29\n",
            "config.yaml": "carpentry: x\nlang: no\n",
        }
    )
    assert (
        said(result, "version") == ["1.10"] and said(result, "inLanguage") == ["no"] and said(result, "name") == ["On"]
    )


def test_broken_files_are_told_and_the_others_read() -> None:
    files = {
        "CITATION.cff": "title: [x\n",
        "codemeta.json": '{"name": ',
        "README.md": "---\na: b: c\n---\n# Survey course\n",
    }
    lesson = git_lessons.read(files, {path: text.encode() for path, text in files.items()})
    assert [(one.code, one.place) for one in lesson.issues] == [
        ("git-broken-file", "CITATION.cff"), ("git-broken-file", "codemeta.json"), ("git-broken-file", "README.md"),
    ]  # fmt: skip
    assert "line" in lesson.issues[0].value


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("This lesson is adapted from [that one](https://github.com/first/lesson).", True),
        ("Cette formation est basée sur [ce cours](https://github.com/first/lesson).", True),
        ("Traduction de [la leçon](https://github.com/first/lesson) de l'office.", True),
        ("Este curso está basado en [otro](https://github.com/first/lesson).", True),
        ("A fork of <https://github.com/first/lesson>.", True),
        ("Based on [the Workbench](https://carpentries.github.io/workbench/).", False),
        ("See [that one](https://github.com/first/lesson), on which nothing is based.", False),
        ("A translation of this material is at [the site](https://github.com/first/lesson).", False),
        ("Based on [our own](https://github.com/office/lesson).", False),
    ],
)
def test_sentences_of_a_readme_are_hints(sentence: str, found: bool) -> None:
    result = of({"README.md": f"# A course\n\nHello. {sentence} More words.\n"})
    assert said(result, "relation") == (["https://github.com/first/lesson"] if found else [])
    assert ("git-readme-origin" in codes(result)) == found and said(result, "isBasedOn") == []


@pytest.mark.parametrize(
    ("files", "predicate", "target"),
    [
        ({"metadata.yml": "isBasedOn: https://a.example/x"}, "isBasedOn", "https://a.example/x"),
        ({"CITATION.cff": "isBasedOn: {doi: 10.5555/x, title: t}"}, "isBasedOn", "https://doi.org/10.5555/x"),
        ({"index.md": "---\ntranslation_of: first/lesson\n---\n"}, "translationOfWork", "https://github.com/first/lesson"),
        ({"_quarto.yml": "based-on: [https://a.example/x]"}, "isBasedOn", "https://a.example/x"),
        ({"CITATION.cff": "references: [{notes: Fork of it, url: 'https://a.example/x'}]"}, "isBasedOn", "https://a.example/x"),
        ({"CITATION.cff": "references: [{scope: We translated from it, doi: 10.5555/y}]"}, "translationOfWork",
         "https://doi.org/10.5555/y"),
        ({"CITATION.cff": "preferred-citation: {doi: 10.5555/z}"}, "citation", "https://doi.org/10.5555/z"),
    ],
)  # fmt: skip
def test_what_files_state_is_a_fact(files: dict[str, str], predicate: str, target: str) -> None:
    result = of({"README.md": "# A course\n", **files})
    assert said(result, predicate) == [target]


def test_a_fork_and_its_home_page() -> None:
    parent = {"html_url": "https://github.com/first/lesson", "homepage": "https://first.example/"}
    host = {"fork": True, "parent": parent, "source": {"html_url": "https://github.com/zero/lesson"}, "archived": True,
            "homepage": "https://first.example", "description": "A course", "topics": ["r-language", "stable"]}  # fmt: skip
    result = of(
        {"README.md": "# A course\n\n[![DOI](https://zenodo.org/badge/DOI/10.5281/zenodo.7.svg)](x)\n"}, host=host
    )
    assert sorted(said(result, "isBasedOn")) == ["https://github.com/first/lesson", "https://github.com/zero/lesson"]
    assert said(result, "url") == ["https://github.com/office/lesson"] and said(result, "identifier") == []
    assert said(result, "keywords") == ["r language"]
    page = {**host, "homepage": "https://first.github.io/lesson"}
    assert said(of({"README.md": "# A course\n"}, host=page), "url") == ["https://github.com/office/lesson"]
    page["homepage"] = "https://office.github.io/lesson"
    assert said(of({"README.md": "# A course\n"}, host=page), "url") == ["https://office.github.io/lesson"]


def test_authors_in_every_form() -> None:
    def names(files: dict[str, str]) -> list[str]:
        result = of({"README.md": "# A course\n", **files})
        return [o.value for s, p, o, _ in result.triples if "/agent/" in s and p.endswith("/name")]

    assert names({"CITATION.cff": "authors: [{given-names: A, family-names: B, name-suffix: Jr}, {name: The Office}]"}) == [
        "A B Jr", "The Office",
    ]  # fmt: skip
    assert names({"index.Rmd": "---\nauthor: Ann Bee, Cee Dee and Eva Eff (eva@x.example)\n---\n"}) == [
        "Ann Bee", "Cee Dee", "Eva Eff",
    ]  # fmt: skip
    assert names({"_quarto.yml": "author: [{name: Ann Bee, orcid: 0000-0002-1825-0097}, Cee Dee]"}) == [
        "Ann Bee",
        "Cee Dee",
    ]
    assert names({"codemeta.json": '{"author": [{"@type": "Person", "givenName": "A", "familyName": "B"}]}'}) == [
        "A B"
    ]
    assert names({"codemeta.json": '{"author": {"@list": [{"name": "Group of Experts"}]}}'}) == ["Group of Experts"]
    assert names({"CITATION.cff": "authors: [{name: FIXME}]"}) == []


def test_readmes_in_other_forms() -> None:
    assert said(
        of({"README.rst": "Survey course\n=============\n\nAll about surveys, in five long days.\n"}), "name"
    ) == ["Survey course"]
    html = "<h1 align='center'>Survey <b>course</b></h1>\n\nAll about surveys, in five long days.\n"
    assert said(of({"README.md": html}), "name") == ["Survey course"]
    result = of({"README.md": "# Course\n", "README.fr.md": "# Cours\n", "README_es.md": "# Curso\n"}, language="en")
    assert sorted(said(result, "name")) == ["Cours", "Course", "Curso"]
    assert git_markdown.plain("[A **b**](c){.d} `e` ![f](g) {{< h >}}") == "A b e"


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{}", b'{"repository": 7}', b"\xff", b"[" * 10_000, b'{"repository": {}}']
)
def test_what_is_no_repository_gives_an_issue(payload: bytes) -> None:
    result = mapped(RawRecord("k", payload, "application/json", "git", "https://x.example/"))
    assert result.triples == () and [issue.code for issue in result.issues][-1] in ("git-bad-payload", "git-no-name")


def test_drafts_stay_back() -> None:
    files = {"_quarto.yml": "book: {chapters: [a.qmd, b.qmd, c.qmd]}", "a.qmd": "# A", "b.qmd": "---\ndraft: true\n---\n",
             "c.qmd": "---\npublished: false\n---\n"}  # fmt: skip
    lesson = git_lessons.read(files, {path: text.encode() for path, text in files.items()})
    assert [chapter["path"] for chapter in lesson.chapters] == ["a.qmd"]


def test_odd_types_and_unknown_words_are_told_in_whole_sentences() -> None:
    odd = 'title: T\ntype: software-ish\nstatus: dusty\ncontributor: [{type: {a: 1}, name: Ana Example}]\naudience: [""]\n'
    cff = "cff-version: 1.2.0\ntitle: T\nauthors: [{type: [x], name: Ana Example}]\nreferences: [{type: {a: 1}}]\n"
    result = of({"README.md": "# A lesson", "metadata.yml": odd + "educationalLevel: [wizard]\n", "CITATION.cff": cff})
    said_of = messages.load()
    for issue in result.issues:
        texts = said_of[issue.code]
        filled = [messages.fill(text[lang], issue) for text in (texts.text, texts.mend) for lang in messages.LANGUAGES]
        assert not any("{" in text.replace(issue.value, "") for text in filled), issue
    assert "value-unknown" in codes(result)


def test_a_chapter_without_path_or_title_is_told() -> None:
    result = of({"README.md": "# A lesson"}, chapter={"value": {}})
    assert result.triples == () and result.issues


@pytest.mark.parametrize("chapters", [1, True, "x", {"path": "a"}, [1], [[{}]], [{"path": 1, "front": 2}]])
def test_chapters_that_are_no_list_of_chapters(chapters: Any) -> None:
    result = of({"README.md": "# A course on prices\n"}, chapters=chapters)
    assert said(result, "name") == ["A course on prices"]


CITED = "title: Prices\ndoi: 10.5555/first\nidentifiers: [{type: doi, value: 10.5555/second}]\n"


@pytest.mark.parametrize(
    ("citation", "host"),
    [
        (CITED, {"fork": True}),
        (CITED, {"forked_from_project": {"web_url": "https://gitlab.com/first/lesson"}}),
        (CITED + "repository-code: https://github.com/first/lesson\n", {}),
        (CITED + "url: https://github.com/first/lesson\n", {}),
    ],
)
def test_the_doi_of_an_unchanged_citation_is_that_of_the_original(citation: str, host: dict[str, Any]) -> None:
    result = of({"README.md": "# Prices\n", "CITATION.cff": citation}, host=host)
    assert said(result, "identifier") == []
    assert {"https://doi.org/10.5555/first", "https://doi.org/10.5555/second"} <= set(said(result, "isBasedOn"))


@pytest.mark.parametrize(
    ("citation", "host"),
    [
        (CITED, {}),
        (CITED + "url: https://github.com/office/lesson\n", {}),
        (CITED + "url: https://office.example/courses/prices\n", {}),
        (CITED + "repository-code: https://github.com/office/lesson\n", {"fork": True}),
        (CITED + "repository-code: https://github.com/office/lesson\nurl: https://github.com/first/lesson\n", {}),
    ],
)
def test_the_doi_of_an_own_citation_stays(citation: str, host: dict[str, Any]) -> None:
    result = of({"README.md": "# Prices\n", "CITATION.cff": citation}, host=host)
    assert sorted(said(result, "identifier")) == ["https://doi.org/10.5555/first", "https://doi.org/10.5555/second"]
    assert said(result, "isBasedOn") == []


@pytest.mark.parametrize(
    ("files", "host", "title"),
    [
        ({}, {"name": "Prices for beginners", "path_with_namespace": "office/lesson"}, "Prices for beginners"),
        ({"README.md": "# Prices\n"}, {"name": "Other", "path_with_namespace": "office/lesson"}, "Prices"),
        ({}, {"name": "lesson", "path_with_namespace": "office/lesson"}, "Lesson"),
        ({}, {"name": ["x"], "path_with_namespace": 1}, "Lesson"),
    ],
)
def test_the_name_that_gitlab_shows(files: dict[str, str], host: dict[str, Any], title: str) -> None:
    result = of(files, host=host)
    assert said(result, "name") == [title]
    assert ("git-no-title" in codes(result)) == (title == "Lesson")


@pytest.mark.parametrize(
    ("chapter", "aside"),
    [
        ({"path": "references.qmd", "text": "# References {.unnumbered}\n"}, True),
        ({"path": "99-references.Rmd"}, True),
        ({"path": "x.md", "front": {"title": "Bibliographie"}}, True),
        ({"path": "x.md", "title": "Set-up"}, True),
        ({"path": "setup.md", "front": {"title": "Setting up a survey"}}, False),
        ({"path": "index-numbers.md"}, False),
        ({"path": "a.md", "text": "# References and indices\n"}, False),
    ],
)
def test_references_and_setup_are_no_chapters(chapter: dict[str, Any], aside: bool) -> None:
    assert git_lessons.is_aside(chapter) is aside
    result = of({"README.md": "# A course\n"}, kind="quarto-book", chapters=[
        {"path": "b.qmd", "title": "Weights"}, {**chapter, "aside": git_lessons.is_aside(chapter)},
    ])  # fmt: skip
    assert len(said(result, "hasPart")) == (1 if aside else 2)
