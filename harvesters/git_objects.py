"""What a commit, tree or tag of Git says, from its bytes; malformed ones give nothing.

Source: Git, "Git Objects"; commit headers tree, parent, author, committer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_DEPTH = 12
MAX_FILES = 20_000
FOLDER, LINK, MODULE = 0o040000, 0o120000, 0o160000
_STAMP = re.compile(rb" (-?\d{1,12}) [+-]\d{4}$")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its tree, parents (hex) and the time of committing, UTC ("" when unreadable)."""

    tree: str
    parents: tuple[str, ...]
    date: str


def commit(data: bytes) -> Commit:
    """A commit from its bytes."""
    tree, parents, date = "", [], ""
    for line in data.partition(b"\n\n")[0].split(b"\n")[:1000]:
        word, _, rest = line.partition(b" ")
        if word == b"tree":
            tree = rest.decode("ascii", "replace")
        elif word == b"parent":
            parents.append(rest.decode("ascii", "replace"))
        elif word == b"committer" and (stamp := _STAMP.search(line)):
            date = utc(int(stamp[1]))
    return Commit(tree, tuple(parents), date)


def utc(seconds: int) -> str:
    """Seconds since 1970 as UTC, ISO 8601; "" outside the years 1990 to 2100."""
    if not 631_152_000 <= seconds < 4_102_444_800:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def entries(data: bytes) -> Iterator[tuple[int, str, str]]:
    """The entries of a tree: (mode, name, object)."""
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 8)
        end = data.find(b"\x00", space + 1) if space > 0 else -1
        if end < 0 or end + 21 > len(data):
            return
        try:
            mode = int(data[at:space], 8)
        except ValueError:
            return
        yield mode, data[space + 1 : end].decode("utf-8", "replace"), data[end + 1 : end + 21].hex()
        at = end + 21


def listing(root: str, tree: Callable[[str], bytes | None]) -> tuple[dict[str, str], bool]:
    """The files below a tree as {path: object}, and whether all fitted the bounds. Links and modules are left out."""
    files: dict[str, str] = {}
    todo, read, whole = [(root, "", 0)], 0, True
    while todo:
        name, prefix, depth = todo.pop()
        data = tree(name)
        read += 1
        if data is None or read > MAX_FILES:
            whole = False
            continue
        for mode, entry, found in entries(data):
            if entry in ("", ".", "..", ".git") or "/" in entry:
                continue
            kind = mode & 0o170000
            if kind == FOLDER:
                if depth < MAX_DEPTH:
                    todo.append((found, f"{prefix}{entry}/", depth + 1))
                else:
                    whole = False
            elif kind not in (LINK, MODULE):
                if len(files) >= MAX_FILES:
                    return files, False
                files[prefix + entry] = found
    return files, whole


def roots(head: str, read: Callable[[str], bytes | None]) -> tuple[list[str], str, bool]:
    """The commits without parents that a head goes back to, the oldest one's date, and whether all were read."""
    found: list[tuple[str, str]] = []
    todo, seen, whole = [head], {head}, True
    while todo:
        name = todo.pop()
        data = read(name)
        if data is None:
            whole = False
            continue
        one = commit(data)
        if not one.parents:
            found.append((one.date, name))
        for parent in one.parents:
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    names = sorted(name for _, name in found)
    return (names[:20], min((date for date, _ in found if date), default=""), True) if whole else ([], "", False)
