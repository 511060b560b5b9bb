"""Folders of the machine: repositories, plain lessons, collections; nothing outside them is read."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
from dulwich.repo import Repo

from harvesters import git_local
from harvesters.base import FeedFailed
from registry.model import Document
from tests.support.git_site import build, codes, done, local, mapped, records, said, unchanged

README = {"README.md": "# Sampling course\n\nHow to draw a sample of farms, step by step.\n"}


def names(events: list) -> list[str]:
    return [said(mapped(record), "name")[0] for record in records(events)]


def test_a_repository(tmp_path: Path) -> None:
    build(tmp_path / "r", README, {"extra.md": "x"}, tags=("v1",))
    (tmp_path / "r" / "README.md").write_text("# Not committed\n")
    events = local(f"file://{tmp_path}/r")
    (record,) = records(events)
    assert names(events) == ["Sampling course"] and record.key == "r" and record.source == "file:///r"
    assert done(events).complete and done(events).deletions == "proved"
    data = json.loads(record.payload)
    assert data["date"] and len(data["first_commits"]) == 1 and str(tmp_path) not in record.payload.decode()
    known = {event.address: event for event in events if isinstance(event, Document)}
    assert unchanged(local(f"file://{tmp_path}/r", known)) and not records(local(f"file://{tmp_path}/r", known))


def test_packed_objects_and_references(tmp_path: Path) -> None:
    long = {f"episodes/{n}.md": f"# Episode {n}\n" + "a line that stays the same\n" * 40 + f"{n}\n" for n in range(30)}
    repo = build(
        tmp_path / "r", README, long, {**long, "episodes/3.md": long["episodes/3.md"] + "more\n"}, tags=("v2",)
    )
    before = records(local(f"file://{tmp_path}/r"))
    repo.object_store.pack_loose_objects()
    git = Path(repo.path, ".git")
    lines = [f"{oid.decode()} {name.decode()}" for name, oid in sorted(repo.get_refs().items()) if name != b"HEAD"]
    for path in [*(git / "refs").rglob("*")]:
        if path.is_file():
            path.unlink()
    (git / "packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted\n" + "\n".join(lines) + "\n")
    assert not [p for p in (git / "objects").rglob("*") if p.is_file() and len(p.parent.name) == 2]
    assert [r.payload for r in records(local(f"file://{tmp_path}/r"))] == [r.payload for r in before] and len(
        before
    ) == 31


def test_a_plain_folder_and_a_collection(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "README.md").write_text("# Course one\n")
    build(tmp_path / "two", {"README.md": "# Course two\n"})
    (tmp_path / "images").mkdir()
    events = local(f"file://{tmp_path}")
    assert names(events) == ["Course one", "Course two"] and [r.key for r in records(events)] == ["one", "two"]
    known = {event.address: event for event in events if isinstance(event, Document)}
    assert len(unchanged(local(f"file://{tmp_path}", known))) == 2
    (tmp_path / "one" / "README.md").write_text("# Course one, again\n")
    assert names(local(f"file://{tmp_path}", known)) == ["Course one, again"]


def test_links_lead_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "README.md").write_text("# Secret\n")
    (secret / "notes.md").write_text("# Secret notes\n")
    build(tmp_path / "hidden", {"README.md": "# Hidden\n"})
    open_ = tmp_path / "open"
    open_.mkdir()
    (open_ / "index.md").write_text("# Open course\n")
    (open_ / "README.md").symlink_to(secret / "README.md")
    (open_ / "docs").symlink_to(secret)
    (open_ / ".git").write_text(f"gitdir: {tmp_path / 'hidden' / '.git'}\n")
    events = local(f"file://{open_}")
    assert names(events) == ["Open course"] and b"Secret" not in records(events)[0].payload
    (open_ / ".git").unlink()
    (open_ / ".git").symlink_to(tmp_path / "hidden" / ".git")
    assert names(local(f"file://{open_}")) == ["Open course"]
    collection = tmp_path / "all"
    collection.mkdir()
    (collection / "far").symlink_to(secret)
    with pytest.raises(FeedFailed) as failed:
        local(f"file://{collection}")
    assert failed.value.issue.code == "git-no-lesson"


def test_links_inside_the_objects_and_alternates_are_not_followed(tmp_path: Path) -> None:
    far, near = build(tmp_path / "far", README), build(tmp_path / "near", {"index.md": "# Near\n"})
    head = far.head().decode()
    git = Path(near.path, ".git")
    (git / "objects" / "info").mkdir(exist_ok=True)
    (git / "objects" / "info" / "alternates").write_text(str(Path(far.path, ".git", "objects")))
    (git / "refs" / "heads" / "master").write_text(head + "\n")
    events = local(f"file://{tmp_path}/near")
    assert names(events) == ["Near"] and codes(events) == ["git-files-only"]
    target = git / "objects" / head[:2]
    if not target.exists():
        target.symlink_to(Path(far.path, ".git", "objects", head[:2]))
        assert git_local.Store(git).get(head, 1) is None


def test_a_link_in_a_commit_is_no_file(tmp_path: Path) -> None:
    repo = build(tmp_path / "r", README)
    (tmp_path / "r" / "LICENSE").symlink_to("/etc/passwd")
    repo.get_worktree().stage([b"LICENSE"])
    repo.get_worktree().commit(message=b"link", author=b"A <a@b.example>", committer=b"A <a@b.example>", sign=False)
    assert "LICENSE" not in json.loads(records(local(f"file://{tmp_path}/r"))[0].payload)["texts"]


@pytest.mark.parametrize("address", ["file:///no/such/folder", "file://host/srv", "file:///etc/passwd", "file:///%00"])
def test_what_is_no_folder_is_told(address: str) -> None:
    with pytest.raises(FeedFailed) as failed:
        local(address)
    assert failed.value.issue.code == "git-no-folder"


def test_a_bomb_among_loose_objects_is_not_unpacked(tmp_path: Path) -> None:
    repo = build(tmp_path / "r", {"index.md": "# Safe\n"})
    name = "ab" + "0" * 38
    bomb = Path(repo.path, ".git", "objects", "ab", "0" * 38)
    bomb.parent.mkdir(exist_ok=True)
    bomb.write_bytes(zlib.compress(b"blob 900000000\x00" + b"0" * 60_000_000, 9))
    Path(repo.path, ".git", "refs", "heads", "master").write_text(name + "\n")
    events = local(f"file://{tmp_path}/r")
    assert names(events) == ["Safe"] and codes(events) == ["git-files-only"]


@pytest.mark.parametrize(
    ("config", "page"),
    [
        ('[remote "origin"]\n\turl = https://user:token@github.com/office/lesson.git\n', "https://github.com/office/lesson"),
        ('[core]\n\tbare = false\n[remote "origin"]\n\turl = git@gitlab.com:office/stats/lesson.git\n',
         "https://gitlab.com/office/stats/lesson"),
        ('[remote "origin"]\n\turl = https://git.office.intern/lesson.git\n', ""),
        ('[remote "origin"]\n\turl = http://10.0.0.7/lesson.git\n', ""),
        ('[remote "origin"]\n\turl = /srv/git/lesson.git\n', ""),
        ('[remote "other"]\n\turl = https://github.com/a/b\n', ""),
    ],
)  # fmt: skip
def test_where_a_folder_was_cloned_from(tmp_path: Path, config: str, page: str) -> None:
    (tmp_path / "config").write_text(config)
    assert git_local.origin(tmp_path) == page


def test_the_page_of_the_original_is_that_of_a_clone(tmp_path: Path) -> None:
    repo = build(tmp_path / "r", README)
    with Path(repo.path, ".git", "config").open("a") as file:
        file.write('[remote "origin"]\n\turl = git@github.com:office/sampling.git\n')
    (record,) = records(local(f"file://{tmp_path}/r"))
    assert record.key == "github.com/office/sampling" and record.source == "https://github.com/office/sampling"
    assert said(mapped(record), "codeRepository") == ["https://github.com/office/sampling"]
    assert isinstance(repo, Repo)


def test_the_chapters_of_a_book_speak_its_language(tmp_path: Path) -> None:
    """bookdown says it in the first lines of index.Rmd, for the whole book."""
    index = "---\ntitle: Cuentas\nsite: bookdown::bookdown_site\nlang: es\nlicense: CC-BY-4.0\n---\n\n# Prefacio\n\nHola.\n"
    build(
        tmp_path / "r",
        {"_bookdown.yml": "book_filename: c\n", "index.Rmd": index, "01-pib.Rmd": "# El PIB\n\nTexto.\n"},
    )
    whole, part = (mapped(record) for record in records(local(f"file://{tmp_path}/r")))
    assert said(whole, "inLanguage") == said(part, "inLanguage") == ["es"]
    assert said(whole, "license") == said(part, "license") and said(part, "name") == ["El PIB"]
