"""Link lists: what is taken from a Markdown page, what is left out, and where pages of Git hosts are read.

``python -m tests.unit.test_links_lists`` writes the expected graph and issues anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvesters import links_read
from harvesters.base import FeedFailed, Visit
from harvesters.links import addresses, harvest
from registry import messages
from registry.crosswalk import load
from registry.model import Document, Done, Unchanged
from tests.support.one_answer import Answers, codes, context, feed, harvested, records, whole

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "links"
ADDRESS = "https://raw.githubusercontent.com/example/list/main/list.md"
FEED = feed("links", ADDRESS, language="en", licence="CC0-1.0")


def run() -> tuple[str, str]:
    return whole(FEED, harvested(harvest, FEED, (GOLDEN / "list.md").read_bytes()))


def test_expected_graph_and_issues():
    graph, issues = run()
    assert graph == (GOLDEN / "expected.nt").read_text("utf-8")
    assert issues == (GOLDEN / "issues.tsv").read_text("utf-8")
    assert all(line.split("\t")[1] in messages.load() for line in issues.splitlines())
    assert "office.example.org" not in graph and "spdx.org" not in graph


def items(text: str) -> list[tuple[str, str, str]]:
    return [
        (one.title, one.url, one.description) for one in links_read.read(text, "https://a.example/x/list.md").items
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- [T](https://b.example/) - words", [("T", "https://b.example/", "words")]),
        ("* [T](https://b.example/): words [more](https://c.example/)", [("T", "https://b.example/", "words more")]),
        ("1. [T][ref]\n\n[ref]: https://b.example/", [("T", "https://b.example/", "")]),
        ("- The title ([link](https://b.example/))", [("The title", "https://b.example/", "")]),
        ("- [T](other.md)", [("T", "https://a.example/x/other.md", "")]),
        ("- The title https://b.example/x.", [("The title", "https://b.example/x", "")]),
        ("- [`code` and *T*](https://b.example/) – x y z", [("code and T", "https://b.example/", "x y z")]),
        ("- [T](#anchor)\n- [m](mailto:a@b.example)\n- ![p](https://b.example/p.png)\n- words", []),
        ("A [link](https://b.example/) in a text.", []),
        ("- [T](javascript:alert(1))\n- [T](http://[bad)", []),
    ],
)  # fmt: skip
def test_items(text, expected):
    assert items(text) == expected


def test_headings_and_outer_items_are_the_path():
    text = "# List\n## A\n- Outer\n  - [T](https://b.example/)\n### B\n- [U](https://c.example/)\n## C\n- [V](https://d.example/)"
    assert [one.path for one in links_read.read(text, "https://a.example/").items] == [
        ("A", "Outer"),
        ("A", "B"),
        ("C",),
    ]


def test_only_wanted_sections():
    one = feed("links", ADDRESS, options={"sections": ["Webinar"]})
    assert len(records(harvested(harvest, one, (GOLDEN / "list.md").read_bytes()))) == 2


@pytest.mark.parametrize(
    ("address", "first"),
    [
        ("https://github.com/o/r", "https://raw.githubusercontent.com/o/r/HEAD/README.md"),
        ("https://github.com/o/r/blob/main/docs/list.md", "https://raw.githubusercontent.com/o/r/main/docs/list.md"),
        ("https://github.com/o/r/tree/main/docs", "https://raw.githubusercontent.com/o/r/main/docs/README.md"),
        ("https://o.github.io/r/", "https://raw.githubusercontent.com/o/r/HEAD/index.md"),
        ("https://o.github.io/r/hub.html", "https://raw.githubusercontent.com/o/r/HEAD/hub.md"),
        ("https://o.github.io/r/hub.md", "https://o.github.io/r/hub.md"),
        ("https://git.example.org/o/r/-/blob/main/list.md", "https://git.example.org/o/r/-/raw/main/list.md"),
        ("https://a.example/list.md", "https://a.example/list.md"),
    ],
)
def test_where_the_markdown_stands(address, first):
    assert addresses(address)[0] == first


def test_the_next_place_is_tried_and_web_pages_are_refused():
    pages = {"https://raw.githubusercontent.com/o/r/HEAD/readme.md": b"- [T](x.md)"}
    (record,) = records(harvested(harvest, feed("links", "https://github.com/o/r"), pages))
    assert record.key == "https://github.com/o/r/blob/HEAD/x.md"
    for body, code in ((b"<!DOCTYPE html><p>", "links-web-page"), (b"PK\x00\x00", "links-not-text")):
        with pytest.raises(FeedFailed) as failed:
            harvested(harvest, FEED, body)
        assert failed.value.issue.code == code
    assert codes(harvested(harvest, FEED, b"words")) == ["links-none"]


def test_moved_lines_change_nothing():
    first = harvested(harvest, FEED, b"- [A](https://a.example/1)\n- [B](https://a.example/2)\n")
    second = harvested(harvest, FEED, b"Some words.\n\n- [B](https://a.example/2)\n- [A](https://a.example/1)\n")
    assert first[0].digest == second[0].digest and first[-1] == Done(True, "proved")
    http = Answers({ADDRESS: b"- [B](https://a.example/2)\n- [A](https://a.example/1)"}, {"etag": '"1"'})
    for etag in ('"1"', None):
        known = Document(ADDRESS, first[0].digest, etag)
        assert list(harvest(Visit(FEED, http, document=lambda _, known=known: known)))[0] == Unchanged(
            ADDRESS, known.digest
        )


def test_real_readmes(shared):
    count = 0
    for file in sorted((shared / "data").rglob("README.md")):
        for record in records(harvested(harvest, FEED, file.read_bytes())):
            result = load("links")(record, context(FEED))
            assert all(issue.code in messages.load() for issue in result.issues)
            assert result.triples or "links-address" in {issue.code for issue in result.issues}
            count += bool(result.triples)
    assert count > 50


PIECES = st.sampled_from(
    [
        "- ",
        "  - ",
        "[",
        "](",
        ")",
        "https://a.example/",
        "# ",
        "|",
        "\n",
        "\n\n",
        "---\n",
        "![",
        "<",
        ">",
        "`",
        "*",
        "[x]: ",
        "> ",
        "1. ",
    ]
)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=40))
def test_fuzz(pieces):
    try:
        events = harvested(harvest, FEED, "".join(pieces).encode("utf-8", "replace"))
    except FeedFailed:
        return
    assert isinstance(events[-1], Done)
    for record in records(events):
        assert json.loads(record.payload)["url"].startswith("http")
        load("links")(record, context(FEED))


if __name__ == "__main__":
    graph, issues = run()
    (GOLDEN / "expected.nt").write_text(graph, "utf-8")
    (GOLDEN / "issues.tsv").write_text(issues, "utf-8")


def test_what_is_struck_out_is_no_entry():
    text = "# L\n\n- ~~[Old](https://old.example/x)~~\n- [New](https://new.example/x) ~~2025~~ 2026, a course\n"
    (item,) = links_read.read(text, "https://l.example/").items
    assert (item.title, item.description) == ("New", "2026, a course")


def test_columns_of_a_table_for_language_and_level_are_no_description():
    body = (
        b"## Courses\n\n| Course | What | Language | Level |\n|---|---|---|---|\n"
        b"| [Surveys](https://b.example/s) | How to ask | English, French | Beginner |\n"
        b"| [Prices](https://b.example/p) | Index numbers | Klingon | odd |\n\n"
        b"| Title | Idioma | Nivel |\n|--|--|--|\n| [Censos](https://b.example/c) | es | |\n\n"
        b"- [Plain](https://b.example/l) - words\n"
    )
    assert [text for _, _, text in items(body.decode())] == ["How to ask", "Index numbers", "", "words"]
    one = feed("links", ADDRESS, language="en")
    graph, issues = whole(one, harvested(harvest, one, body))
    assert sorted(line.split()[2] for line in graph.splitlines() if "/inLanguage>" in line) == ['"en"', '"es"', '"fr"']
    levels = [line.split()[2] for line in graph.splitlines() if "/educationalLevel>" in line]
    assert sorted(level.rpartition("/")[2] for level in levels) == ['"odd"', "basic>"]
    assert "value-language" in issues and "value-unknown" in issues
