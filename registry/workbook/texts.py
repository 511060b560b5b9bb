"""The words and columns of the workbooks that we make, in English, French and Spanish, from the tables beside this."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from registry.messages import LANGUAGES

Vocabulary = Mapping[str, Mapping[str, str]]
"""{concept IRI: {language: label}}, as ``vocabulary.labels`` gives it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the template. ``sheet`` 1 or 2; ``list`` names what may be chosen; ``kind``: "one" or "many"
    of the list, "date", or ""."""

    field: str
    sheet: int
    width: float
    list: str
    kind: str
    heading: Mapping[str, str]
    note: Mapping[str, str]
    example: Mapping[str, str]


def _rows(table: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath(f"{table}.tsv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def columns() -> tuple[Column, ...]:
    """All columns of the template, in their order."""
    return tuple(
        Column(
            row["field"], int(row["sheet"]), float(row["width"]), row["list"], row["kind"],
            {lang: row[lang] for lang in LANGUAGES}, {lang: row[f"note_{lang}"] for lang in LANGUAGES},
            {lang: row[f"example_{lang}"] for lang in LANGUAGES},
        )
        for row in _rows("columns")
    )  # fmt: skip


@cache
def words(language: str) -> Mapping[str, str]:
    """{name: text} in one language."""
    return {row["word"]: row[language] for row in _rows("words")}


def choices(name: str, language: str, vocabulary: Vocabulary) -> list[str]:
    """What may be chosen in a column: labels of a concept scheme, numbered where the scheme is, or a fixed list."""
    fixed = [row[language] for row in _rows("lists") if row["list"] == name]
    if fixed:
        return fixed
    found = []
    for concept, labels in vocabulary.items():
        scheme, _, notation = concept.rpartition("/id/concept/")[2].partition("/")
        if scheme != name:
            continue
        number = notation.rpartition("-")[2]
        numbered = all(part.isdecimal() for part in number.split("."))
        if not numbered and scheme in ("gsbpm", "csa"):
            continue  # overarching processes have no number, and share their labels with other schemes
        label = labels.get(language) or labels.get("en") or notation
        order = tuple(map(int, number.split("."))) if numbered else ()
        found.append((order, "" if numbered else label.casefold(), f"{number} {label}" if numbered else label))
    if name == "level":  # from the lowest to the highest
        steps = ["basic", "intermediate", "advanced"]
        rank = {labels.get(language): concept.rpartition("/")[2] for concept, labels in vocabulary.items()}
        return sorted((text for _, _, text in found), key=lambda text: _step(steps, rank.get(text, "")))
    return [text for _, _, text in sorted(found)]


def _step(steps: list[str], notation: str) -> tuple[int, str]:
    return (steps.index(notation), "") if notation in steps else (len(steps), notation)
