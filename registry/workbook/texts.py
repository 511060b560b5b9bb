"""The words and columns of the workbooks that we make, in English, French and Spanish, from the tables beside this."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from registry.messages import LANGUAGES
from registry.vocabulary import Scheme, of_role

Vocabulary = Mapping[str, Mapping[str, str]]
"""{concept IRI: {language: label}}, as ``vocabulary.labels`` gives it."""


_KIND = re.compile(r"^(?:ph|sp|area|act)-(?=[0-9])")


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


def with_frameworks(schemes: Sequence[Scheme]) -> tuple[Column, ...]:
    """All columns, and behind them one for each list of subjects or audiences that has none of its own."""
    taken = {column.list for column in columns()}
    said = {language: words(language)["framework"] for language in LANGUAGES}
    more = [
        Column(
            f"scheme:{one.id}", 2, 34, one.id, "many", {lang: one.heading(lang) for lang in LANGUAGES}, said,
            dict.fromkeys(LANGUAGES, ""),
        )
        for role in ("subject", "audience")
        for one in of_role({one.id: one for one in schemes}, role)
        if one.id not in taken
    ]  # fmt: skip
    return (*columns(), *more)


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
        number = _KIND.sub("", notation)
        numbered = all(part.isdecimal() for part in number.split("."))
        coded = not numbered and any(map(str.isdecimal, notation))
        if not numbered and scheme in ("gsbpm", "csa"):
            continue  # overarching processes have no number, and share their labels with other schemes
        label = labels.get(language) or labels.get("en") or next(iter(labels.values()), notation)
        order = tuple(map(int, number.split("."))) if numbered else ()
        found.append(
            (order, "" if numbered else label.casefold(), f"{number} {label}" if numbered or coded else label)
        )
    if name == "level":  # from the lowest to the highest
        steps = ["basic", "intermediate", "advanced"]
        rank = {labels.get(language): concept.rpartition("/")[2] for concept, labels in vocabulary.items()}
        return sorted((text for _, _, text in found), key=lambda text: _step(steps, rank.get(text, "")))
    return [text for _, _, text in sorted(found)]


def _step(steps: list[str], notation: str) -> tuple[int, str]:
    return (steps.index(notation), "") if notation in steps else (len(steps), notation)
