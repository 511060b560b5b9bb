"""Files of a repository as data: YAML, JSON, and texts with front matter, bounded and without types.

All YAML values stay text as written ("1.10", "no", "2024-01-01"); tags say nothing; aliases are undone within a
budget. Sources: YAML 1.2; front matter as Jekyll, Quarto, Hugo and Pandoc write it; nbformat 4.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

MAX_YAML = 200_000
MAX_NODES = 20_000
MAX_DEPTH = 40
MAX_TEXT = 20_000
_FRONT = re.compile(r"\A\ufeff?\s*---[ \t]*\r?\n")
_END = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_INLINE = re.compile(r"(?:[-?][ \t]){40}")


class Unread(Exception):
    """A file that is not what its name says; the text says why."""


def text(data: bytes, limit: int = MAX_TEXT) -> str:
    """A file's text: UTF-8, else Windows-1252; no NUL; the beginning of a long one."""
    try:
        plain = data[: 4 * limit].decode("utf-8-sig")
    except UnicodeDecodeError:
        whole = data[: 4 * limit]
        plain = whole.decode("utf-8", "ignore") if len(data) > 4 * limit else whole.decode("cp1252", "replace")
    return plain.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")[:limit]


def from_yaml(source: str) -> Any:
    """A YAML document as dicts, lists and strings. Raises Unread."""
    if len(source) > MAX_YAML:
        raise Unread("too long")
    if _nested(source) > MAX_DEPTH or _INLINE.search(source):
        raise Unread("nested too deeply")
    try:
        return _plain(next(iter(yaml.load_all(source, yaml.BaseLoader)), None), [MAX_NODES], 0)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        raise Unread(where + str(getattr(error, "problem", None) or type(error).__name__)[:200]) from error


def _nested(source: str) -> int:
    """How deeply brackets and indentation nest, at most."""
    depth = most = 0
    for char in source:
        if char in "[{":
            depth += 1
            most = max(most, depth)
        elif char in "]}" and depth:
            depth -= 1
    levels: list[int] = []
    for line in source.split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        while levels and levels[-1] >= indent:
            levels.pop()
        if line.strip():
            levels.append(indent)
            most = max(most, len(levels))
    return most


def from_json(source: str) -> Any:
    """A JSON document as dicts, lists, strings and numbers. Raises Unread."""
    try:
        return _plain(json.loads(source), [MAX_NODES], 0)
    except (ValueError, RecursionError) as error:
        raise Unread(str(error)[:200]) from error


def _plain(value: Any, budget: list[int], depth: int) -> Any:
    """A copy without shared parts, within bounds. Raises ValueError."""
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        raise ValueError("too many values")
    if isinstance(value, dict):
        return {str(_scalar(key)): _plain(one, budget, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, budget, depth + 1) for one in value]
    return value if value is None or isinstance(value, bool | int | float) else _scalar(value)


def _scalar(value: Any) -> str:
    return str(value).encode("utf-8", "replace").decode("utf-8").replace("\x00", "")[:MAX_TEXT]


def front(source: str) -> tuple[dict[str, Any], str]:
    """(front matter, rest) of a text. Raises Unread for front matter that is no YAML."""
    start = _FRONT.match(source)
    end = _END.search(source, start.end()) if start else None
    if start is None or end is None:
        return {}, source
    found = from_yaml(source[start.end() : end.start()])
    return (found if isinstance(found, dict) else {}), source[end.end() :].lstrip("\n")


def notebook(source: str) -> tuple[dict[str, Any], str]:
    """The texts of a notebook's first cells, read as a file with front matter. Raises Unread."""
    try:
        cells = json.loads(source).get("cells", [])
        texts = []
        for cell in cells[:20]:
            if cell.get("cell_type") in ("markdown", "raw"):
                part = cell.get("source", "")
                texts.append("".join(map(str, part)) if isinstance(part, list) else str(part))
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        raise Unread(str(error)[:200]) from error
    return front("\n\n".join(texts)[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8").replace("\x00", ""))
