"""Every issue of the code has a text in three languages, every text has an issue; the settings' page is complete."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from registry import messages, shape_texts
from registry.messages import LANGUAGES, Message
from registry.model import Issue
from registry.settings import Settings, load

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"[a-z]+(?:-[a-z0-9]+)+")
FIELD = re.compile(r"\{(\w+)\}")
# Names of OpenDocument, a type of resource, an example's id, a measure and a folder that look like codes.
NO_CODES = {"table-row", "value-type", "git-lesson", "git-1", "git-courses", "link-alive", "matching-draft"}


def written() -> dict[str, str]:
    """Codes in the program, with where they stand: every string that begins like a code of the tables."""
    rooms = {code.partition("-")[0] for code in messages.load()}
    found: dict[str, str] = {}
    for folder in ("harvesters", "registry"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                value = node.value if isinstance(node, ast.Constant) else None
                if isinstance(value, str) and CODE.fullmatch(value) and value.partition("-")[0] in rooms:
                    found[value] = f"{file.relative_to(ROOT)}:{node.lineno}"  # type: ignore[attr-defined]
    for name in NO_CODES:
        del found[name]
    return found


def first_arguments() -> dict[str, str]:
    """What is passed as a code, by the names of the calls that take one: none may escape ``written``."""
    found: dict[str, str] = {}
    for folder in ("harvesters", "registry"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    if name in ("Issue", "issue"):
                        found[str(node.args[0].value)] = f"{file.relative_to(ROOT)}:{node.lineno}"
    return found


@cache
def all_messages() -> dict[str, Message]:
    return {**messages.load(), **shape_texts.load(ROOT / "shapes")}


def test_every_code_has_a_row() -> None:
    known = all_messages()
    assert {code: where for code, where in written().items() if code not in known} == {}
    assert {code: where for code, where in first_arguments().items() if code not in known} == {}
    assert len(first_arguments()) > 60


def test_every_row_is_used() -> None:
    assert sorted(set(messages.load()) - set(written())) == []


@pytest.mark.parametrize("code", sorted(all_messages()))
def test_a_text_says_the_same_in_three_languages(code: str) -> None:
    message = all_messages()[code]
    for texts in (message.text, message.mend):
        assert set(LANGUAGES) <= set(texts)
        names = {language: set(FIELD.findall(texts[language])) for language in LANGUAGES}
        assert names["en"] == names["fr"] == names["es"]
        assert all(texts[language] == texts[language].strip() for language in LANGUAGES)
        assert texts["fr"] != texts["en"] != texts["es"]


# docs/settings.md


def rows() -> dict[str, str]:
    """{name: default} of the page's table."""
    found: dict[str, str] = {}
    for row in re.findall(r"^\| (`[A-Z].*?) \| (.*?) \|", (ROOT / "docs" / "settings.md").read_text("utf-8"), re.M):
        names, defaults = re.findall(r"`([A-Z_]+)`", row[0]), [part.strip(" `") for part in row[1].split(",")]
        assert len(names) == len(defaults)
        assert not set(names) & set(found)
        found.update(zip(names, defaults, strict=True))
    return found


def test_the_settings_page_lists_every_setting_and_no_other() -> None:
    assert set(rows()) == {field.name.upper() for field in fields(Settings)} - {"TOKENS"}


def test_tokens_stand_in_the_environment_by_feed() -> None:
    assert load({"META_ACADEMY_TOKEN_ESO_MOODLE": "s3cret"}).tokens == {"eso-moodle": "s3cret"}
    assert "META_ACADEMY_TOKEN_ESO_MOODLE" in (ROOT / "docs" / "settings.md").read_text("utf-8")


def test_the_settings_page_gives_the_defaults() -> None:
    for name, said in rows().items():
        default = getattr(Settings(), name.lower())
        if said.startswith(("one per", "two per", "http://localhost:PORT", "none")):
            assert default in (0, ""), name
        elif isinstance(default, int | float):
            assert float(said) == float(default), name
        else:
            assert said == str(default), name


def test_no_colon_stands_before_nothing() -> None:
    for template, value, said in (
        ("Not read: {value}", "", "Not read."), ("Non lu : {value}", "", "Non lu."), ("Not read: {value}", "x", "Not read: x"),
        ("Not read: {value}", "x:", "Not read: x:"), ("Write one of:", "", "Write one of:"),
    ):  # fmt: skip
        assert messages.fill(template, Issue("a-b", value=value)) == said
