"""What the files of a repository state, field by field, with the place of each value.

``tables/git_fields.tsv`` says which key of which file stands for which field, the most deliberate file first;
``tables/git_defaults.tsv`` names what templates put in and people leave. Source: docs/profile.md, crosswalk of Git.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from registry.crosswalk import clean
from registry.crosswalk.base import Builder, MapContext

_INDEX = re.compile(r"(?:docs/)?index\.\w+", re.I)
_ALIASES = {
    "metadata.yaml": "metadata.yml", "config.yml": "config.yaml", "_config.yaml": "_config.yml",
    "_quarto.yaml": "_quarto.yml", "mkdocs.yaml": "mkdocs.yml",
}  # fmt: skip
SETTINGS = "repository settings"
MAX_VALUES = 100


@cache
def _table(name: str) -> tuple[dict[str, str], ...]:
    lines = files(__package__).joinpath("tables", f"{name}.tsv").read_text("utf-8").splitlines()
    return tuple(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def _fields() -> Mapping[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in _table("git_fields"):
        found[row["field"]] = (*found.get(row["field"], ()), (row["file"], row["path"]))
    return found


@cache
def defaults(name: str) -> frozenset[str]:
    """What templates put into a field, folded; addresses by their host and path."""
    rows = [row["value"] for row in _table("git_defaults") if row["field"] == name]
    return frozenset(row if name in ("tool", "ignored") else _fold(row) for row in rows)


def _fold(value: str) -> str:
    if "://" in value:
        return clean.canonical_url(value).rstrip("/").lower() or clean.fold(value)
    return clean.fold(value)


@dataclass(slots=True)
class Reader:
    """One record while it is mapped."""

    build: Builder
    context: MapContext
    data: Mapping[str, Any]
    language: str = "und"
    _documents: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        documents = self.data.get("documents")
        for path, found in documents.items() if isinstance(documents, dict) else ():
            self._documents.setdefault(_ALIASES.get(str(path), str(path)), (str(path), found))
        for path, text in self.texts().items():
            if _INDEX.fullmatch(path) and isinstance(text.get("front"), dict):
                self._documents.setdefault("index", (path, text["front"]))

    def texts(self) -> dict[str, dict[str, Any]]:
        """The texts by path."""
        found = self.data.get("texts")
        return {p: t for p, t in found.items() if isinstance(t, dict)} if isinstance(found, dict) else {}

    def document(self, name: str) -> Any:
        """A parsed file by its usual name, None where it is not there."""
        return self._documents.get(name, ("", None))[1]

    def path_of(self, name: str) -> str:
        """The name under which a file stands."""
        return self._documents.get(name, (name, None))[0]

    def alone(self, name: str, path: str, found: Any) -> Reader:
        """The same record, read as if it had one file only."""
        return Reader(self.build, self.context, {}, self.language, {name: (path, found)})

    def host(self, *names: str) -> tuple[Any, str]:
        """The first value of the host's own settings, with its place."""
        found = self.data.get("host")
        for name in names:
            value: Any = found
            for step in name.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            if value not in (None, "", [], {}):
                return value, f"{SETTINGS}: {name}"
        return None, f"{SETTINGS}: {names[0]}"

    def stated(self, name: str) -> Iterator[tuple[Any, str]]:
        """The values of a field as (value, place), the most deliberate first; template defaults are left out."""
        for file, path in _fields().get(name, ()):
            for one in sorted(self._documents) if file == "*" else [file]:
                value = self.document(one)
                for step in path.split("."):
                    value = value.get(step) if isinstance(value, dict) else None
                if value in (None, "", [], {}) or isinstance(value, bool):
                    continue
                if isinstance(value, str | int | float) and self.is_default(name, str(value)):
                    continue
                yield value, f"{self.path_of(one)}: {path}"

    def unknown(self) -> None:
        """Keys of the files that only describe (CITATION.cff, metadata.yml) which no field is read from."""
        for file in ("CITATION.cff", "metadata.yml"):
            found = self.document(file)
            known = {path.partition(".")[0] for rows in _fields().values() for one, path in rows if one in (file, "*")}
            for key in found if isinstance(found, dict) else ():
                if key not in known and f"{file} {key}" not in defaults("ignored"):
                    self.build.issue("git-unknown-key", f"{self.path_of(file)}: {key}"[:300], key)

    def is_default(self, name: str, value: str) -> bool:
        """Whether a value is a template's, or says nothing."""
        known = {"keywords": "keywords", "title": "title", "description": "description", "language": "languages",
                 "licence": "license"}.get(name, name)  # fmt: skip
        return _fold(value) in defaults(name) or self.context.values.is_ignored(known, value)

    def words(self, name: str) -> Iterator[tuple[str, str]]:
        """The strings of a field; lists are walked, objects give their name, title, id or url."""
        for value, place in self.stated(name):
            yield from items(value, place)

    def text(self, value: str, place: str) -> str:
        """Plain text without mail addresses."""
        plain, found = clean.drop_emails(value)
        if found and not any(issue.code == "git-email" for issue in self.build.mapped().issues):
            self.build.issue("git-email", place)
        return plain


def items(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """The strings in a value: of a list each, of an object the first of its usual keys."""
    for number, one in enumerate(value[:MAX_VALUES] if isinstance(value, list) else [value], 1):
        where = f"{place}[{number}]" if isinstance(value, list) else place
        if isinstance(one, dict):
            keys = ("id", "@id", "value", "url", "href", "repository-code", "doi", "name", "title", "prefLabel", "key")
            named = next((one[key] for key in keys if isinstance(one.get(key), str | dict | list) and one[key]), None)
            if isinstance(named, dict):  # {"en": "…"}
                named = next((text for text in named.values() if isinstance(text, str)), None)
            one = named[0] if isinstance(named, list) else named
        if isinstance(one, str | int | float) and not isinstance(one, bool) and str(one).strip():
            yield str(one).strip(), where


def repository_key(address: str) -> str:
    """Host and path of a repository's address, for comparing; "" for what is none."""
    address = address.strip().removeprefix("git+")
    if re.fullmatch(r"[\w.-]+/[\w.-]+", address):
        address = "https://github.com/" + address
    ssh = re.fullmatch(r"(?:ssh://)?git@([\w.-]+)[:/](.+)", address)
    address = clean.url(f"https://{ssh[1]}/{ssh[2]}" if ssh else address) or ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    steps = [step for step in parts.path.split("/") if step]
    for stop in ("-", "tree", "blob", "src", "issues", "wiki"):
        if stop in steps[2:]:
            steps = steps[: steps.index(stop, 2)]
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}/{'/'.join(steps)}".lower().removesuffix(".git") if len(steps) >= 2 else ""


def repository_page(address: str) -> str | None:
    """The page of the repository that an address is in, as written; None for what is none."""
    key = repository_key(address)
    if not key:
        return None
    written = clean.url(address)
    if written and written.startswith("http") and not written.endswith(".git"):
        return written
    return clean.url("https://" + key)
