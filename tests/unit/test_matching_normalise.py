"""Normal forms: addresses, identifiers, names, languages, titles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.matching.normalise import (
    canonical_url,
    detect,
    identifier,
    load_tables,
    person,
    repository,
    slug,
    tokens,
    without_language,
)
from registry.matching.titles import parse

TABLES = load_tables()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://www.Example.org:80/a/", "https://example.org/a"),
        ("https://example.org/a/index.html?utm_source=x#top", "https://example.org/a"),
        ("https://example.org/a?x=1&y=2", "https://example.org/a?y=2&x=1"),
        ("https://github.com/UNECE/ModernStats_Git.git", "https://unece.github.io/ModernStats_Git/"),
        ("https://github.com/a/b/blob/main/README.md", "https://github.com/a/b/tree/master"),
        ("https://youtu.be/abc", "https://www.youtube.com/watch?v=abc&t=3"),
    ],
)
def test_addresses_of_one_page_have_one_key(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a?id=1", "https://example.org/a?id=2"),
        ("https://example.org/#/course/1", "https://example.org/#/course/2"),
        ("https://x.github.io/course/?https://a.org/1.md", "https://x.github.io/course/?https://a.org/2.md"),
        ("https://github.com/a/b/tree/v1", "https://github.com/a/b"),
    ],
)
def test_addresses_of_two_pages_have_two_keys(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


def test_identifiers() -> None:
    same = ("10.5281/ZENODO.123", "https://doi.org/10.5281/zenodo.123", "https://zenodo.org/records/123")
    assert {identifier(value) for value in same} == {"doi:10.5281/zenodo.123"}
    assert identifier("https://zenodo.org/doi/10.5281/zenodo.5") == "doi:10.5281/zenodo.5"
    assert identifier("ISBN 0-306-40615-2") == identifier("978-0-306-40615-7") != ""
    for local in ("12", "course-3", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "https://example.org/12"):
        assert identifier(local) == "", local


def test_places_in_repositories() -> None:
    place = repository("https://github.com/swcarpentry/git-novice/tree/12d6ed5d1b/episodes/01.md")
    assert place is not None
    assert (place.key, place.ref, place.path) == ("github.com/swcarpentry/git-novice", "12d6ed5d1b", "episodes/01.md")
    nested = repository("https://gitlab.com/group/team/course/-/tree/main/docs")
    assert nested is not None and (nested.key, nested.ref, nested.path) == ("gitlab.com/group/team/course", "", "docs")
    assert repository("https://example.org/a/b") is None


def test_languages_in_addresses() -> None:
    assert slug("github.com/x/git-novice-kr", TABLES) == (("git", "novice"), "ko")
    assert slug("github.com/x/git-novice", TABLES) == (("git", "novice"), "")
    assert without_language("example.org/fr/cours", TABLES) == ("example.org/cours", "fr")
    assert without_language("example.org/c?lang=es", TABLES)[1] == "es"


def test_names_of_people() -> None:
    assert person("Haase, Robert") == person("Robert Haase") == "haase r"
    assert person("et al.") == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("This course shows how to use the tools of the office", "en"),
        ("Le cours est pour les agents qui travaillent dans les bureaux", "fr"),
        ("El curso es para las personas que trabajan en la oficina", "es"),
        ("Контроль версій — їх історія", "uk"),
        ("Git으로 버전제어 배우기", "ko"),
        ("バージョン管理を学ぶ", "ja"),
        ("GSBPM", ""),
    ],
)
def test_written_language(text: str, language: str) -> None:
    assert detect(text, tokens(text), TABLES) == language


def test_titles_are_taken_apart() -> None:
    title = parse("Module 2: Sampling basics, v1.3 (2023/24)", "en", TABLES)
    assert (title.parts, title.levels, title.versions, title.years) == (("2",), ("basic",), ("1.3",), ("2023",))
    assert title.core == ("sampling",)
    assert parse("Statistics II", "en", TABLES).parts == ("2",)
    assert parse("第3章 統計", "ja", TABLES).parts == ("3",)
    assert parse("Webinar", "en", TABLES).core == ()
    for text, parts in (
        ("Group A: frames", ("a",)),
        ("GSBPM 5.3", ("5.3",)),
        ("2.1 Frames", ("2.1",)),
        ("Plan B", ()),
    ):
        assert parse(text, "en", TABLES).parts == parts, text
    for text, versions in (
        ("Moodle 4.1 for teachers", ("4.1",)), ("GSBPM v5.1", ("5.1",)), ("Module 1.2", ()),
        ("Module 2. Editing and imputation", ()), ("Data editing, 2nd edition", ("2",)),
    ):  # fmt: skip
        assert parse(text, "en", TABLES).versions == versions, text
    assert parse("Programming with R", "en", TABLES).tools == ("r",)


def test_topics_have_one_name_in_all_languages() -> None:
    for text in ("Control de versiones", "Contrôle de version", "버전 관리", "Version control", "バージョン管理"):
        assert parse(text, "", TABLES).topics == ("version-control",), text


@given(st.text(max_size=200))
def test_anything_can_be_normalised(text: str) -> None:
    for key in (canonical_url(text), canonical_url("https://" + text), identifier(text), person(text)):
        assert isinstance(key, str)
    assert tokens(text) == tokens(" ".join(tokens(text))) or not text.isascii()
    parse(text, "", TABLES)
    detect(text, tokens(text), TABLES)
    slug(text, TABLES)
    without_language(text, TABLES)
    repository("https://github.com/" + text)
