"""Academies that exist and are not harvested yet, from ``academies/known.tsv``: who is not in the registry.

Columns: ``id`` (as the academy's file will be named), ``name`` (English), ``homepage`` ("" where it is not known for
sure), ``country`` (ISO 3166-1; "" for international organisations), ``note``. See docs/academies.md.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

FILE = "known.tsv"
COLUMNS = ("id", "name", "homepage", "country", "note")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HOMEPAGE = re.compile(r"https?://[^\s/@]+\.[a-z]{2,}(?:/\S*)?")
MAX_BYTES = 1 << 20


class BadKnown(Exception):
    """The list cannot be used; the message names the file, the line and what to write instead."""


@dataclass(frozen=True, slots=True)
class Known:
    """An academy that is known and not harvested; "" for what is not known."""

    id: str
    name: str
    homepage: str = ""
    country: str = ""
    note: str = ""


def load(folder: Path) -> tuple[Known, ...]:
    """The academies of ``known.tsv`` in a folder, by name; () when there is no such file. Raises BadKnown."""
    file = folder / FILE
    if not file.is_file():
        return ()
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadKnown(f"{file}: is larger than {MAX_BYTES} bytes; that is no list of academies")
        lines = file.read_bytes().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadKnown(f"{file}: is not UTF-8; save it again with that encoding") from error
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        raise BadKnown(f"{file}:1: the first line must be {', '.join(COLUMNS)}, with tabs between")
    found: dict[str, Known] = {}
    problems: list[str] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        wrong = _wrong(cells, found)
        if wrong:
            problems.append(f"{file}:{number}: {wrong}")
        else:
            found[cells[0]] = Known(*cells)
    if problems:
        raise BadKnown("\n".join(problems))
    return tuple(sorted(found.values(), key=lambda known: (known.name.casefold(), known.id)))


def _wrong(cells: list[str], found: Container[str]) -> str:
    if len(cells) != len(COLUMNS):
        return f"has {len(cells)} cells; there must be {len(COLUMNS)}, with tabs between"
    name, title, homepage, country, _ = cells
    if not _ID.fullmatch(name):
        return f"id must be small letters, digits and hyphens, not {name!r}"
    if name in found:
        return f"{name!r} stands twice"
    if not title:
        return "has no name"
    if homepage and not _HOMEPAGE.fullmatch(homepage):
        return f"homepage must be a full address or empty, not {homepage!r}"
    if country and not re.fullmatch(r"[A-Z]{2}", country):
        return f"country must be the two capital letters of ISO 3166-1 or empty, not {country!r}"
    return ""


def missing(known: tuple[Known, ...], harvested: Container[str]) -> tuple[Known, ...]:
    """Those that have no file of their own among the academies (their ids)."""
    return tuple(one for one in known if one.id not in harvested)
