"""A repository or folder on the registry's own machine (``file:``), read without leaving it.

Objects are read where they lie (loose files, packs with their index) within the bounds of ``git_pack``; links,
alternates and ``gitdir`` files are not followed, no configuration is read, nothing is executed. What Git cannot
give (a folder without a repository, another storage format) is read from the files themselves. Source: Git,
gitrepository-layout(5), gitformat-pack(5) (index version 2).
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from urllib.parse import unquote, urlsplit

from harvesters import git_objects, git_pack
from harvesters.git_fetch import NoGit, Refs, Snapshot, choose
from registry.model import Issue

MAX_COMMITS = 200_000
MAX_REFS = 5000
MAX_FILE = 1 << 20
MAX_FOLDERS = 500
_SHA = re.compile(r"[0-9a-f]{40}")
_IDX = b"\xfftOc\x00\x00\x00\x02"


def folder_of(address: str) -> Path:
    """The folder that a file: address names. Raises NoGit where there is none that can be read."""
    parts = urlsplit(address)
    path = Path(unquote(parts.path))
    try:
        real = path.resolve(strict=True)
        if parts.netloc not in ("", "localhost") or not real.is_dir() or not os.access(real, os.R_OK | os.X_OK):
            raise NoGit(Issue("git-no-folder", "address", address[:300]))
    except (OSError, RuntimeError, ValueError) as error:
        raise NoGit(Issue("git-no-folder", "address", address[:300])) from error
    return real


def inside(root: Path, path: Path) -> bool:
    """Whether a path is below a root with all its links undone."""
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def repository(folder: Path) -> Path | None:
    """The repository of a folder: its .git, or itself when bare; None without one of its own."""
    for place in (folder / ".git", folder):
        parts = [place / "HEAD", place / "objects", place / "refs"]
        if all(inside(folder, part) and not part.is_symlink() for part in parts) and not place.is_symlink():
            return place
    return None


def below(folder: Path) -> list[Path]:
    """The folders directly below, by name; links and hidden ones are left out."""
    found = []
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith((".", "_")):
            found.append(Path(entry.path))
    return found[:MAX_FOLDERS]


def _small(path: Path, limit: int = MAX_FILE) -> bytes:
    """The bytes of a plain file, b"" for a link, a device or one that is too large."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        return file.read(limit) if stat.S_ISREG(found.st_mode) and found.st_size <= limit else b""


@dataclass(slots=True)
class _Pack:
    """One pack with its index, read where it lies."""

    idx: mmap
    data: mmap
    count: int

    def offset(self, name: bytes) -> int | None:
        """Where an object begins, found through the fan-out table."""
        first = name[0]
        low = int.from_bytes(self.idx[8 + 4 * (first - 1) : 12 + 4 * (first - 1)]) if first else 0
        high = min(int.from_bytes(self.idx[8 + 4 * first : 12 + 4 * first]), self.count)
        names = 8 + 1024
        while low < high:
            middle = (low + high) // 2
            found = self.idx[names + 20 * middle : names + 20 * middle + 20]
            if found == name:
                at = names + 24 * self.count + 4 * middle
                value = int.from_bytes(self.idx[at : at + 4])
                if not value & 0x80000000:
                    return value
                at = names + 28 * self.count + 8 * (value & 0x7FFFFFFF)
                return int.from_bytes(self.idx[at : at + 8])
            low, high = (middle + 1, high) if found < name else (low, middle)
        return None


def _map(path: Path) -> mmap | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        return mmap(handle, 0, access=ACCESS_READ)
    except (OSError, ValueError):
        return None
    finally:
        os.close(handle)


@dataclass(slots=True)
class Store:
    """The objects of a repository's folder."""

    place: Path
    budget: git_pack.Budget = field(default_factory=lambda: git_pack.Budget(1 << 30))
    _packs: list[_Pack] | None = None

    def _all(self) -> list[_Pack]:
        if self._packs is None:
            self._packs = []
            folder = self.place / "objects" / "pack"
            for path in sorted(folder.glob("pack-*.idx")) if inside(self.place, folder) else []:
                idx, data = _map(path), _map(path.with_suffix(".pack"))
                if idx is not None and data is not None and idx[:8] == _IDX and len(data) > 32:
                    count = int.from_bytes(idx[8 + 1020 : 8 + 1024])
                    if len(idx) >= 8 + 1024 + 28 * count:
                        self._packs.append(_Pack(idx, data, count))
        return self._packs

    def get(self, name: str, kind: int) -> bytes | None:
        """An object of a kind; None where it is not here, too large or broken."""
        try:
            found = self._get(name, 0)
        except (git_pack.BadPack, IndexError, ValueError):
            return None
        return found[1] if found is not None and found[0] == kind else None

    def _get(self, name: str, depth: int) -> tuple[int, bytes] | None:
        if _SHA.fullmatch(name) is None or depth > 50:
            return None
        raw = bytes.fromhex(name)
        for pack in self._all():
            offset = pack.offset(raw)
            if offset is not None:
                return self._packed(pack, offset, depth)
        loose = _small(self.place / "objects" / name[:2] / name[2:], git_pack.MAX_OBJECT)
        if not loose or not inside(self.place, self.place / "objects" / name[:2]):
            return None
        return self._loose(name, loose)

    def _loose(self, name: str, data: bytes) -> tuple[int, bytes] | None:
        plain = git_pack.unzip(data, git_pack.MAX_OBJECT + 64, self.budget)
        head, _, body = plain.partition(b"\x00")
        kinds = {word: kind for kind, word in git_pack.NAMES.items()}
        good = hashlib.sha1(plain, usedforsecurity=False).hexdigest() == name
        kind = kinds.get(head.partition(b" ")[0])
        return (kind, body) if kind and good else None

    def _packed(self, pack: _Pack, offset: int, depth: int) -> tuple[int, bytes] | None:
        chain: list[bytes] = []
        while len(chain) < git_pack.MAX_CHAIN:
            if not 12 <= offset < len(pack.data) - 20:
                return None
            kind, size, base, at = git_pack.header(pack.data, offset, len(pack.data) - 20)
            if size > git_pack.MAX_OBJECT:
                return None
            data, _, _ = git_pack.inflate(pack.data, at, size, self.budget)
            if base is None:
                found: tuple[int, bytes] | None = (kind, data)
            else:
                chain.append(data)
                if isinstance(base, int):
                    offset = base
                    continue
                found = self._get(base.hex(), depth + 1)
            if found is None:
                return None
            kind, data = found
            for delta in reversed(chain):
                data = git_pack.apply_delta(data, delta)
            return kind, data
        return None


@dataclass(slots=True)
class Local:
    """A repository in a folder of this machine, with the methods of ``git_fetch.Remote``."""

    address: str
    place: Path

    def refs(self, branch: str = "") -> Refs:
        """The branch and the tags. Raises NoGit."""
        found: dict[str, str] = {}
        for line in _small(self.place / "packed-refs", 4 << 20).decode("utf-8", "replace").splitlines():
            name, _, ref = line.strip().partition(" ")
            if name.startswith("^") and found:
                last = next(reversed(found))
                found[last + "^{}"] = name[1:]
            elif _SHA.fullmatch(name) and ref.startswith("refs/"):
                found[ref] = name
        for kind in ("heads", "tags"):
            top = self.place / "refs" / kind
            for folder, _, names in os.walk(top, followlinks=False):
                for name in names[:MAX_REFS]:
                    path = Path(folder, name)
                    value = _small(path, 200).decode("ascii", "replace").strip()
                    if _SHA.fullmatch(value):
                        found[path.relative_to(self.place).as_posix()] = value
        head = _small(self.place / "HEAD", 1000).decode("utf-8", "replace").strip()
        symbolic = head.removeprefix("ref: ") if head.startswith("ref: ") else ""
        if _SHA.fullmatch(head):
            found["HEAD"] = head
        return choose(self.address, found, symbolic, branch)

    def snapshot(self, refs: Refs, wanted: Callable[[Iterable[str]], list[str]]) -> Snapshot:
        """The files of a branch, those of them read that ``wanted`` picks, and the first commits. Raises NoGit."""
        store, head = Store(self.place), refs.head
        tag = store.get(head, git_pack.TAG)
        head = tag[7:47].decode("ascii", "replace") if tag else head
        data = store.get(head, git_pack.COMMIT)
        if data is None:
            raise NoGit(Issue("git-bad-pack", self.address, "no commit"))
        commit = git_objects.commit(data)
        files, whole = git_objects.listing(commit.tree, lambda name: store.get(name, git_pack.TREE))
        snapshot = Snapshot(commit.date, files, whole)
        for path in wanted(files):
            text = store.get(files[path], git_pack.BLOB)
            if text is not None:
                snapshot.texts[path] = text
        snapshot.first_commits, snapshot.first_date, complete = git_objects.roots(
            head, lambda name: store.get(name, git_pack.COMMIT)
        )
        if not complete:
            snapshot.issues.append(Issue("git-history", self.address, "incomplete"))
        return snapshot


def plain_folder(folder: Path, wanted: Callable[[Iterable[str]], list[str]]) -> Snapshot:
    """A folder's own files, links and hidden folders left out. It has no date and no history."""
    files: dict[str, str] = {}
    whole = True
    for at, folders, names in os.walk(folder, followlinks=False):
        depth = len(Path(at).relative_to(folder).parts)
        kept = sorted(one for one in folders if one != ".git" and not Path(at, one).is_symlink())
        folders[:] = kept if depth < git_objects.MAX_DEPTH else []
        for name in sorted(names):
            path = Path(at, name)
            if not path.is_symlink() and len(files) < git_objects.MAX_FILES:
                files[path.relative_to(folder).as_posix()] = ""
            elif not path.is_symlink():
                whole = False
    snapshot = Snapshot("", files, whole)
    for path_ in wanted(files):
        data = _small(folder / path_)
        if data:
            snapshot.texts[path_] = data
    return snapshot


def digest(snapshot: Snapshot) -> str:
    """What decides the records of a plain folder: the names of its files and the texts that were read."""
    total = hashlib.sha256("\n".join(sorted(snapshot.files)).encode("utf-8", "replace"))
    for path, data in sorted(snapshot.texts.items()):
        total.update(f"\n{path}\n{len(data)}\n".encode("utf-8", "replace") + data)
    return total.hexdigest()


def names(folder: Path) -> list[str]:
    """The names of the plain files of a folder."""
    return sorted(entry.name for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False))


def readable(folder: Path) -> bool:
    """Whether a folder may be listed."""
    return os.access(folder, os.R_OK | os.X_OK)


_REMOTE = re.compile(r'^\s*\[remote "origin"\]\s*$(?P<body>(?:\n(?!\s*\[)[^\n]*)*)', re.MULTILINE)
_URL = re.compile(r"^\s*url\s*=\s*(\S+)\s*$", re.MULTILINE)
_SSH = re.compile(r"(?:ssh://)?(?:[\w.-]+@)?([\w.-]+)(?::\d+)?[:/](?!/)(.+)")
_INTERNAL = (".local", ".lan", ".internal", ".intern", ".intra", ".home", ".corp", ".localdomain")


def origin(place: Path) -> str:
    """The public page of the repository that a folder was cloned from; "" without one."""
    found = _REMOTE.search(_small(place / "config", 100_000).decode("utf-8", "replace"))
    url = _URL.search(found["body"]) if found else None
    if url is None:
        return ""
    address = url[1]
    if not address.startswith(("http://", "https://")):
        ssh = _SSH.fullmatch(address)
        if ssh is None or "\\" in address:
            return ""
        address = f"https://{ssh[1]}/{ssh[2]}"
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    if "." not in host or host.endswith(_INTERNAL) or re.fullmatch(r"[\d.]+|\[.*\]", host):
        return ""
    return f"https://{host}{parts.path.rstrip('/').removesuffix('.git')}"
