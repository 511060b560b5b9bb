"""The list of academies that exist and are not harvested yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.academies_known import FILE, BadKnown, Known, load, missing
from tests.conftest import ROOT

HEAD = "id\tname\thomepage\tcountry\tnote\n"


def test_the_shipped_list() -> None:
    known = load(ROOT / "academies")
    assert len(known) >= 40
    assert [one.name.casefold() for one in known] == sorted(one.name.casefold() for one in known)
    assert {"siap", "unsd", "eurostat-estp", "statistics-finland"} <= {one.id for one in known}
    assert all(one.homepage.startswith("https://") for one in known if one.homepage)
    assert len({one.homepage for one in known if one.homepage}) == sum(bool(one.homepage) for one in known)


def test_no_list_is_an_empty_list(tmp_path: Path) -> None:
    assert load(tmp_path) == ()


def test_who_has_a_file_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(HEAD + "b\tBeta\thttps://b.example.org\tFR\t\na\tAlpha\t\t\tx\n# remark\n\n", "utf-8")
    known = load(tmp_path)
    assert known == (Known("a", "Alpha", note="x"), Known("b", "Beta", "https://b.example.org", "FR"))
    assert missing(known, {"a"}) == (known[1],)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name\tid\n", ":1:"), (HEAD + "a\tAlpha\n", ":2: has 2 cells"), (HEAD + "A b\tAlpha\t\t\t\n", "small letters"),
        (HEAD + "a\t\t\t\t\n", "no name"), (HEAD + "a\tA\twww.a.org\t\t\n", "homepage"), (HEAD + "a\tA\t\tFrance\t\n", "country"),
        (HEAD + "a\tA\t\t\t\na\tB\t\t\t\n", ":3: 'a' stands twice"), ("", ":1:"),
    ],
)  # fmt: skip
def test_what_is_wrong_names_the_line(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(content, "utf-8")
    with pytest.raises(BadKnown, match=said):
        load(tmp_path)


def test_other_encodings_are_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes((HEAD + "a\tÉcole\t\t\t\n").encode("latin-1"))
    with pytest.raises(BadKnown, match="UTF-8"):
        load(tmp_path)
