"""The copy of the figures that the next release begins from."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.statistics import spare
from registry.statistics.build import DATABASE


def figures(folder: Path, size: int) -> Path:
    folder.mkdir()
    with (folder / DATABASE).open("wb") as handle:
        handle.truncate(size)
    return folder


def test_only_the_newest_copy_is_kept_and_small_files_are_not_worth_one(tmp_path: Path) -> None:
    large, small = figures(tmp_path / "a", spare.WORTH), figures(tmp_path / "b", spare.WORTH - 1)
    home = tmp_path / "spare"
    spare.prepare(home, large, "1.0")
    (home / "making").touch()
    spare.prepare(home, large, "2.0")
    assert [file.name for file in home.iterdir()] == ["2.0"] and spare.find(home, "1.0") is None
    found = spare.find(home, "2.0")
    assert found is not None and found.stat().st_size == spare.WORTH
    spare.prepare(home, small, "3.0")
    assert spare.find(home, "3.0") is None and spare.find(home, "2.0") is None


def test_a_full_disk_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large, home = figures(tmp_path / "a", spare.WORTH), tmp_path / "spare"

    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spare.shutil, "copyfile", full)
    spare.prepare(home, large, "1.0")
    assert list(home.iterdir()) == []
