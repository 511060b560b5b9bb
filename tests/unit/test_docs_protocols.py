"""docs/protocols: a page for each protocol, whose example is read, and every option of the code on one of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harvesters.base import names
from registry import academies

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "protocols"
_READ = re.compile(r"options\.get\(\s*\"([a-z_]+)\"")


def test_every_protocol_has_a_page_and_a_row() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == {*names(), "README"}
    rows = re.findall(r"^\| \[([a-z_]+)\]\(([a-z_]+)\.md\)", (PAGES / "README.md").read_text("utf-8"), re.M)
    assert sorted(name for name, _ in rows) == names() and all(name == file for name, file in rows)


@pytest.mark.parametrize("protocol", names())
def test_the_example_is_a_feed(protocol: str, tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (PAGES / f"{protocol}.md").read_text("utf-8"), re.S)
    feeds = [block for block in blocks if "[[feeds]]" in block]
    assert feeds
    for number, block in enumerate(feeds):
        folder = tmp_path / str(number)
        folder.mkdir()
        head = 'name = "Example"\nhomepage = "https://www.example.org"\n\n'
        (folder / "eso.toml").write_text(head + block, "utf-8")
        academy = academies.load(folder, protocols=names())["eso"]
        assert protocol in {feed.protocol for feed in academy.feeds}


def test_every_option_that_is_read_is_on_a_page() -> None:
    read = {
        name
        for folder in ("harvesters", "registry/crosswalk")
        for file in (ROOT / folder).glob("*.py")
        for name in _READ.findall(file.read_text("utf-8"))
    }
    texts = "\n".join(page.read_text("utf-8") for page in [*PAGES.glob("*.md"), ROOT / "docs/academies.md"])
    assert len(read) > 15
    assert {name for name in read if f"`{name}`" not in texts and f"`{name} =" not in texts} == set()
