"""What bytes mean: crosswalks from each format to profile triples with their places, and value tables."""

from __future__ import annotations

import csv
import hashlib
import re
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable

from registry.crosswalk.base import Crosswalk
from registry.iris import PREFIXES

GROUP = "meta_academy.crosswalks"
# Each is a module of this package with a function ``crosswalk``, and a table of the same name.
FORMATS = (
    "amb", "datacite", "dcat", "feed", "git", "ical", "links", "lom", "mods", "moochub", "moodle", "oai_dc",
    "openedx", "rdf", "schemaorg", "table", "zenodo",
)  # fmt: skip


def names() -> list[str]:
    """The formats that can be read, sorted."""
    return sorted({*FORMATS, *(point.name for point in entry_points(group=GROUP))})


@cache
def load(name: str) -> Crosswalk:
    """The crosswalk of a format. Raises LookupError, naming those that exist."""
    if name in FORMATS:
        found: Crosswalk = import_module(f"{__name__}.{name}").crosswalk
        return found
    for point in entry_points(group=GROUP):
        if point.name == name:
            third: Crosswalk = point.load()
            return third
    raise LookupError(f"no crosswalk for the format {name!r}; there are: {', '.join(names())}")


@cache
def where(name: str) -> dict[str, str]:
    """{property IRI: the place where a missing value would stand}, from ``tables/<format>.tsv``.

    A property that is not in it is one that the format cannot carry; {} for a format without a table.
    """
    return {term: place for term, place in _table(name).items() if place != NOWHERE}


@cache
def cannot_carry(name: str) -> frozenset[str]:
    """The properties of which the table of a format says that it has no place for them (``where`` is "-")."""
    return frozenset(term for term, place in _table(name).items() if place == NOWHERE)


NOWHERE = "-"


def _table(name: str) -> dict[str, str]:
    """The column ``where`` by property; the first row of a property wins, "-" says that there is no place.

    Raises ValueError for an unknown prefix.
    """
    if re.fullmatch(r"[A-Za-z0-9_-]+", name) is None:
        return {}
    table = files(__name__).joinpath("tables", f"{name}.tsv")
    if not table.is_file():
        return {}
    places: dict[str, str] = {}
    for row in csv.DictReader(table.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        place = (row["where"] or "").strip()
        for term in row["property"].split():
            prefix, colon, local = term.partition(":")
            if not colon:
                continue  # "-" marks a source field that is ignored by name
            if prefix not in PREFIXES:
                raise ValueError(f"{name}.tsv: unknown prefix in {term!r}")
            if place:
                places.setdefault(PREFIXES[prefix] + local, place)
    return places


def _content(folder: Traversable, path: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _content(entry, f"{path}{entry.name}/") if entry.name != "__pycache__" else []
        elif entry.name.endswith((".py", ".tsv")):
            found.append((path + entry.name, entry.read_bytes()))
    return found


@cache
def recipe_digest() -> str:
    """A digest over all modules and tables of this package: another one means that records map anew.

    Crosswalks of other packages count with their distribution's name and version.
    """
    total = hashlib.sha256()
    for path, content in sorted(_content(files(__name__))):
        total.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        version = f"{point.dist.name} {point.dist.version}" if point.dist else ""
        total.update(f"{point.name}={point.value} {version}\0".encode())
    return "sha256:" + total.hexdigest()
