from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from support import small_release as small

from registry.model import Change
from registry.search import index as search
from registry.search.folding import fold, words
from registry.search.reader import BadCursor, Reader, ResourceQuery


def _reader(tmp_path: Path, changes: list[Change], recipe: str = "a") -> Reader:
    index = search.open_index(tmp_path / "live")
    search.rebuild(index, changes, small.LABELS, small.FEEDS, len(changes), recipe)
    search.copy_to(tmp_path / "live", tmp_path / "copy")
    return Reader(tmp_path / "copy")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return _reader(tmp_path_factory.mktemp("search"), small.changes())


def _ids(reader: Reader, query: ResourceQuery) -> list[str]:
    return [item["id"] for item in reader.search(query).items]


def test_folding_ignores_marks_and_case_in_all_scripts() -> None:
    assert fold("Éducation Œuvre Łódź") == "education oeuvre lodz"
    assert words("Στατιστική Статистика") == ["στατιστικη", "статистика"]
    assert words("統計学 R") == ["統", "計", "学", "r"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("introduccion git", ["south-web/git-intro"]),
        ("Introduction to Git", ["north-oai/git-1"]),
        ('"official statistics"', ["north-oai/r-1"]),
        ('"statistics official"', []),
        ("developpeur", []),
        ("oberg", ["north-oai/git-1"]),
        ("traitement", ["north-oai/git-1"]),
        ("++ --", []),
        ("title:git OR *", []),
    ],
)
def test_text_search(reader: Reader, text: str, expected: list[str]) -> None:
    assert _ids(reader, ResourceQuery(text)) == expected


def test_a_word_finds_longer_ones_however_many_there_are(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    for most in (500, 0):
        monkeypatch.setattr("registry.search.reader.SPELLED", most)
        assert set(_ids(reader, ResourceQuery("intro"))) == {"north-oai/git-1", "south-web/git-intro"}
        assert _ids(reader, ResourceQuery("offic stat")) == ["north-oai/r-1"]
        assert _ids(reader, ResourceQuery("int")) == []


def test_a_title_that_is_the_text_comes_first(tmp_path: Path) -> None:
    changes = [
        small.change(n, "north-oai", f"k{n}", small.record("north-oai", f"k{n}", {"en": name}, description=text))
        for n, (name, text) in enumerate(
            [("Git git git advanced git", "git " * 50), ("Git", "none"), ("Python", "git git")], 1
        )
    ]
    assert _ids(_reader(tmp_path, changes), ResourceQuery("git")) == [
        "north-oai/k2", "north-oai/k1", "north-oai/k3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"academy": ("southland",)}, 3),
        ({"feed": ("south-list",)}, 2),
        ({"language": ("fr",)}, 2),
        ({"language": ("fr-CA",)}, 1),
        ({"language": ("fr", "es")}, 4),
        ({"level": ("basic",), "language": ("es",)}, 1),
        ({"level": (str(small.concept("level", "basic")),)}, 2),
        ({"about": ("gsbpm/ph-5",)}, 1),
        ({"licence": ("CC-BY-4.0",)}, 1),
        ({"open": ("true",)}, 1),
        ({"open": ("false",)}, 1),
        ({"free": ("true",)}, 2),
        ({"type": ("Course",)}, 5),
        ({"type": ("git-lesson",)}, 0),
    ],
)
def test_filters_are_exact(reader: Reader, filters: dict[str, tuple[str, ...]], expected: int) -> None:
    assert reader.search(ResourceQuery(filters=filters)).total == expected


def test_within(reader: Reader) -> None:
    ids = frozenset({"north-oai/git-1", "north-oai/r-1"})
    assert set(_ids(reader, ResourceQuery(within=ids))) == ids
    assert _ids(reader, ResourceQuery(within=frozenset())) == []


def test_facets_count_what_was_found(reader: Reader) -> None:
    page = reader.search(ResourceQuery("git"), facets=("language", "academy", "free"))
    assert dict(page.facets["language"]) == {"fr": 2, "en": 1, "es": 1}
    assert dict(page.facets["academy"]) == {"southland": 2, "northland": 1}


def _many(count: int) -> list[Change]:
    chance = random.Random(7)
    names = ["Ägypten", "Git", "git", "R", "Zensus", "Éducation", "日本"]
    return [
        small.change(
            n, "north-oai", f"k{n}",
            small.record("north-oai", f"k{n}", {"en": chance.choice(names)}, description="statistics",
                         modified=chance.choice([None, "2024", "2024-05-01"])),
        )
        for n in range(1, count + 1)
    ]  # fmt: skip


@pytest.mark.parametrize("sort", ["title", "modified", "added", "relevance"])
def test_a_walk_sees_each_entry_once(tmp_path: Path, sort: str) -> None:
    reader = _reader(tmp_path, _many(57))
    text = "statistics" if sort == "relevance" else ""
    seen: list[str] = []
    query = ResourceQuery(text, sort=sort, limit=10)  # type: ignore[arg-type]
    while True:
        page = reader.search(query)
        assert page.total == 57
        seen += [item["id"] for item in page.items]
        if page.cursor is None:
            break
        query = replace(query, cursor=page.cursor)
    assert len(seen) == 57 and len(set(seen)) == 57
    assert seen == _ids(reader, replace(query, cursor=None, limit=100))


def test_sorting_by_date_puts_the_newest_first_and_the_undated_last(reader: Reader) -> None:
    found = reader.search(ResourceQuery(sort="modified")).items
    assert [item["dateModified"] for item in found] == ["2025-06-01", "2025-04-01", "2024-01-15", "2023", None]


def test_a_walk_survives_a_new_release(tmp_path: Path) -> None:
    changes = _many(30)
    first = _reader(tmp_path / "1", changes)
    page = first.search(ResourceQuery(sort="title", limit=10))
    seen = [item["id"] for item in page.items]
    gone = replace(changes[0], sequence=31, kind="tombstone", stated="")
    second = _reader(tmp_path / "2", [*changes, gone])
    rest = second.search(ResourceQuery(sort="title", limit=100, cursor=page.cursor))
    unchanged = {f"north-oai/k{n}" for n in range(2, 31)}
    assert unchanged <= set(seen) | {item["id"] for item in rest.items}
    assert not set(seen) & {item["id"] for item in rest.items}


@pytest.mark.parametrize("cursor", ["", "x", "e30", "WyJhIiwgIjAwIl0", "é", "[" * 5000, "WzEsMl0"])
def test_a_bad_cursor_is_refused(reader: Reader, cursor: str) -> None:
    query = ResourceQuery(sort="title", limit=1, cursor=cursor or "====")
    with pytest.raises(BadCursor):
        reader.search(query)


def test_a_cursor_is_bound_to_its_question(reader: Reader) -> None:
    cursor = reader.search(ResourceQuery(sort="title", limit=1)).cursor
    for other in (
        ResourceQuery(sort="added", limit=1, cursor=cursor),
        ResourceQuery("git", sort="title", limit=1, cursor=cursor),
        ResourceQuery(sort="title", limit=1, filters={"level": ("basic",)}, cursor=cursor),
        ResourceQuery(sort="title", limit=1, scope="x", cursor=cursor),
    ):
        with pytest.raises(BadCursor):
            reader.search(other)


def test_applying_again_changes_nothing_and_deletions_leave_a_tombstone(tmp_path: Path) -> None:
    index = search.open_index(tmp_path)
    changes = small.changes()
    arguments = (small.LABELS, small.FEEDS)
    assert search.marker(index) is None
    assert search.apply(index, changes, *arguments, 5, "a") == 5
    assert search.marker(index) == search.Marker(5, "a")
    assert search.apply(index, changes, *arguments, 5, "a") == 0
    assert search.apply(index, changes, *arguments, 5, "b") == 5
    gone = replace(changes[0], sequence=6, kind="tombstone", stated="", time="2026-04-01T00:00:00Z")
    assert search.apply(index, [gone], *arguments, 6, "b") == 1
    reader = Reader(tmp_path)
    assert reader.search(ResourceQuery()).total == 4
    left = reader.get("north-oai/git-1")
    assert left is not None and left["deleted"] == "2026-04-01T00:00:00Z" and "name" not in left
    assert reader.get("north-oai/none") is None
    assert len(list(reader.all())) == 4


def test_a_failed_apply_leaves_the_old_index(tmp_path: Path) -> None:
    index = search.open_index(tmp_path)
    changes = small.changes()
    search.apply(index, changes[:2], small.LABELS, small.FEEDS, 2, "a")
    broken = replace(changes[2], stated="")
    with pytest.raises(ValueError, match="primaryTopic"):
        search.apply(index, [broken], small.LABELS, small.FEEDS, 3, "a")
    assert search.marker(index) == search.Marker(2, "a")
    assert Reader(tmp_path).search(ResourceQuery()).total == 2
    assert search.apply(index, changes[2:], small.LABELS, small.FEEDS, 5, "a") == 3


def test_a_copy_stands_while_the_live_index_goes_on(tmp_path: Path) -> None:
    reader = _reader(tmp_path, _many(20))
    index = search.open_index(tmp_path / "live")
    for number in range(21, 40):
        change = small.change(number, "north-oai", f"k{number % 9 + 1}", small.record(
            "north-oai", f"k{number % 9 + 1}", {"en": "changed"}))  # fmt: skip
        search.apply(index, [change], small.LABELS, small.FEEDS, number, "a")
    assert reader.search(ResourceQuery("changed")).total == 0
    again = Reader(tmp_path / "copy")
    assert again.search(ResourceQuery()).total == 20 and again.marker() == search.Marker(20, "a")
    assert Reader(tmp_path / "live").search(ResourceQuery("changed")).total == 9


def test_an_index_of_another_layout_is_made_anew(tmp_path: Path) -> None:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("other")
    tantivy.Index(builder.build(), path=str(tmp_path))
    assert search.marker(search.open_index(tmp_path)) is None


def test_what_is_not_a_web_address_is_no_page(reader: Reader) -> None:
    item = reader.get("south-list/" + small.IRIS.resource("south-list", "row 7").rsplit("/", 1)[-1])
    assert item is not None and item["url"] is None


def test_inferred_concepts_are_marked(tmp_path: Path) -> None:
    change = small.changes()[4]
    resource = small.IRIS.resource("south-list", "row-8")
    level = small.concept("level", "basic")
    inferred = f"<{resource}> <http://schema.org/educationalLevel> <{level}> .\n"
    item = _reader(tmp_path, [replace(change, inferred=inferred)]).get("south-list/row-8")
    assert item is not None
    assert item["educationalLevel"] == [{"id": level, "prefLabel": small.LABELS[level], "inferred": True}]
