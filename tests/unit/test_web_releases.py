from __future__ import annotations

from pathlib import Path

from support import small_release as small

from registry.web.releases import KEPT, Releases


def test_what_is_worked_out_once_is_kept_by_kind_and_no_more_than_so_many(tmp_path: Path) -> None:
    small.build(tmp_path)
    opened = Releases(tmp_path).current()
    assert opened is not None
    asked: list[str] = []

    def make(name: str) -> list[str]:
        asked.append(name)
        return [name]

    names = [str(number) for number in range(KEPT + 1)]
    for name in (*names, names[-1], names[0]):
        assert opened.once(("one", name), lambda name=name: make(name)) == [name]  # type: ignore[misc]
    assert asked == [*names, names[0]], "what came first went first, and is worked out again"
    for number in range(KEPT + 20):
        opened.once(("other", str(number)), list)
    assert opened.once(("one", names[0]), lambda: make("again")) == [names[0]], "another kind does not push it out"
    assert len(opened._kept) == 2 * KEPT
    assert opened.once(("empty",), list) == opened.once(("empty",), lambda: [1]) == []


def test_a_kept_release_is_known_by_its_number(tmp_path: Path) -> None:
    small.build(tmp_path)
    (tmp_path / "search").rename(tmp_path / "old")
    small.build(tmp_path, number="6.0")
    releases = Releases(tmp_path)
    found = {number: releases.numbered(number) for number in ("5.1", "6.0", "7.0", "current", "../6.0", "")}
    assert {number: one.number for number, one in found.items() if one} == {"5.1": "5.1", "6.0": "6.0"}
    assert releases.numbered("5.1") is found["5.1"] and releases.current() is found["6.0"]
