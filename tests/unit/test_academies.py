"""Reading academies/<id>.toml: what is right is read whole, what is wrong is named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry import academies
from registry.model import Expect

ROOT = Path(__file__).resolve().parents[2]

FULL = """
name = { en = "Office", fr = "Bureau" }
homepage = "https://www.example.org"
country = "FR"
acronym = "OFF"
ror = "https://ror.org/02feahw73"
contact = "training@example.org"

[[feeds]]
id = "off-oai"
protocol = "oai_pmh"
address = "${feeds}/oai"
format = "oai_dc"
language = "fr"
licence = "CC-BY-4.0"
allow_hosts = ["${feeds}", "moodle.example.org", "[::1]:80"]
[feeds.expect]
min_records = 3
max_drop = 0.5
[feeds.columns]
"Intitulé" = "title"
[feeds.values.level]
"Débutant" = "basic"
[feeds.publish]
categories = ["Internal"]
[feeds.options]
set = "training"

[[feeds]]
id = "off-table"
protocol = "table"
address = "https://www.example.org/courses.csv"
"""
SHORT = 'name = "A"\nhomepage = "https://a.example"\n'
FEED = '[[feeds]]\nid = "a-list"\nprotocol = "table"\naddress = "https://a.example/l.csv"\n'


def _problems(folder: Path, text: str, name: str = "a.toml") -> list[str]:
    (folder / name).write_text(text, "utf-8")
    with pytest.raises(academies.BadAcademy) as caught:
        academies.load(folder, protocols=["table", "oai_pmh"])
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


def test_everything_is_read(tmp_path: Path) -> None:
    (tmp_path / "off.toml").write_text(FULL, "utf-8")
    (tmp_path / "aaa.toml").write_text(SHORT, "utf-8")
    (tmp_path / "_template.toml").write_text("not TOML", "utf-8")
    (tmp_path / "README.md").write_text("# no academy", "utf-8")
    found = academies.load(tmp_path, substitute={"feeds": "http://127.0.0.1:8001"})
    assert list(found) == ["aaa", "off"]
    assert found["aaa"].name == {"en": "A"} and found["aaa"].feeds == ()
    office = found["off"]
    assert (office.name["fr"], office.country, office.acronym) == ("Bureau", "FR", "OFF")
    assert (office.ror, office.contact) == ("https://ror.org/02feahw73", "training@example.org")
    oai, table = office.feeds
    assert oai.address == "http://127.0.0.1:8001/oai"
    assert oai.allow_hosts == ("127.0.0.1:8001", "moodle.example.org", "[::1]:80")
    assert oai.expect == Expect(3, 0.5) and table.expect == Expect()
    assert oai.columns == {"Intitulé": "title"} and oai.values == {"level": {"Débutant": "basic"}}
    assert oai.publish == {"categories": ("Internal",)} and oai.options == {"set": "training"}
    assert (oai.academy, oai.format, oai.language, oai.licence) == ("off", "oai_dc", "fr", "CC-BY-4.0")
    assert (table.id, table.protocol, table.format, table.language) == ("off-table", "table", None, None)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (SHORT + "colour = 1\n", 3, "unknown key"),
        (SHORT + "feeds = 1\n", 3, "[[feeds]]"),
        (SHORT + '[feeds]\nid = "x"\n', 3, "[[feeds]]"),
        ('name = 1\nhomepage = "https://a.example"\n', 1, "must be a text"),
        ('name = { english = 1 }\nhomepage = "https://a.example"\n', 1, "language"),
        ('name = "A"\nhomepage = "a.example"\n', 2, "full address"),
        (SHORT + 'country = "fr"\n', 3, "two capital letters"),
        (SHORT + 'ror = "02feahw73"\n', 3, "https://ror.org/"),
        (SHORT + 'contact = "our office"\n', 3, "mail address"),
        (SHORT + FEED.replace("table", "ftp"), 5, "unknown protocol 'ftp'; there are: oai_pmh, table"),
        (SHORT + FEED.replace("a-list", "A list"), 4, "hyphens"),
        (SHORT + FEED.replace("https://a", "https://me:secret@a"), 6, "password"),
        (SHORT + FEED.replace("https://a", "ftp://a"), 6, "full address"),
        (SHORT + FEED.replace("https://a", "${feeds}"), 6, "${feeds}"),
        (SHORT + '[[feeds]]\nid = "a-list"\nprotocol = "table"\n', 3, "address is missing"),
        (SHORT + FEED + "format = 3\n", 7, "must be a text"),
        (SHORT + FEED + 'language = "French"\n', 7, "code"),
        (SHORT + FEED + 'allow_hosts = "a.example"\n', 7, "list"),
        (SHORT + FEED + 'allow_hosts = ["a.example/x"]\n', 7, "without a path"),
        (SHORT + FEED + "[feeds.expect]\nmin_record = 1\n", 7, "unknown key 'min_record'"),
        (SHORT + FEED + "[feeds.expect]\nmin_records = -1\n", 7, "whole number"),
        (SHORT + FEED + "expect = { min_records = true }\n", 7, "whole number"),
        (SHORT + FEED + "[feeds.expect]\nmax_drop = 20\n", 7, "share"),
        (SHORT + FEED + "[feeds.expect]\nmax_drop = nan\n", 7, "share"),
        (SHORT + FEED + "[feeds.expect]\ngrace_visits = 0\n", 7, "whole number from 1"),
        (SHORT + FEED + "[feeds.expect]\ngrace_days = 1.5\n", 7, "whole number of days"),
        (SHORT + FEED + "[feeds.columns]\nTitle = 1\n", 7, "must be a text"),
        (SHORT + FEED + '[feeds.values]\nlevel = "basic"\n', 7, "one table for each field"),
        (SHORT + FEED + FEED, 8, "already names a feed of a.toml"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    (problem,) = _problems(tmp_path, text)
    assert problem.startswith(f"{tmp_path / 'a.toml'}, line {line} ")
    assert words in problem
    assert "secret" not in problem


def test_all_errors_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(SHORT + FEED, "utf-8")
    (tmp_path / "c.toml").write_bytes(b'name = "\xff"')
    (tmp_path / "d e.toml").write_text(SHORT, "utf-8")
    (tmp_path / "f.toml").write_text('name = "unclosed\n', "utf-8")
    (tmp_path / "g.toml").write_text("x = " + "[" * 5000, "utf-8")
    (tmp_path / "h.toml").write_text("#" * (academies.MAX_BYTES + 1), "utf-8")
    problems = _problems(tmp_path, SHORT + FEED + 'licence = ""\n')
    assert len(problems) == 6
    wanted = ("a.toml", "c.toml", "d e.toml", "f.toml", "g.toml", "h.toml")
    assert all(name in problem for name, problem in zip(wanted, problems, strict=True))
    assert "line 1" in problems[3] and "UTF-8" in problems[1]
    # The same feed in two files that are otherwise right.
    (tmp_path / "right").mkdir()
    for name in ("a", "b"):
        (tmp_path / "right" / f"{name}.toml").write_text(SHORT + FEED, "utf-8")
    with pytest.raises(academies.BadAcademy, match=r"b\.toml, line 4 .*already names a feed of a\.toml"):
        academies.load(tmp_path / "right")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(academies.BadAcademy, match="no such folder"):
        academies.load(tmp_path / "none")


def test_the_template_is_right_and_every_key_is_documented(tmp_path: Path) -> None:
    template = (ROOT / "academies/_template.toml").read_text("utf-8")
    (tmp_path / "eso.toml").write_text(template, "utf-8")
    assert academies.load(tmp_path, protocols=["table"])["eso"].feeds[0].columns
    academies.load(ROOT / "academies")
    documented = (ROOT / "docs/academies.md").read_text("utf-8")
    for key in [*academies.ACADEMY_KEYS, *academies.FEED_KEYS]:
        assert f"`{key}`" in documented or f"[feeds.{key}" in documented, key


def test_a_folder_of_this_machine_is_for_git_only(tmp_path: Path) -> None:
    good = SHORT + FEED.replace("table", "git").replace("https://a.example/l.csv", "file:///srv/lessons/%C3%A9t%C3%A9")
    (tmp_path / "a.toml").write_text(good, "utf-8")
    (feed,) = academies.load(tmp_path)["a"].feeds
    assert feed.address == "file:///srv/lessons/%C3%A9t%C3%A9"
    for wrong in ("file:///srv/../etc", "file:///srv/%2e%2e/etc", "file://host/share", "file:relative", "file:///a b"):
        (problem,) = _problems(
            tmp_path, good.replace("file:///srv/lessons/%C3%A9t%C3%A9", wrong).replace('"git"', '"table"')
        )
        assert "full path of a folder" in problem and "(feed 1: address)" in problem
    (problem,) = _problems(tmp_path, good.replace('"git"', '"table"'))
    assert "only git reads folders of this machine" in problem
