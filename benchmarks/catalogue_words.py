"""The words of generated catalogues: eight languages of their own script, the same word by its number in each.

A text is a row of numbers, so that its translation is the same row in another language. Topics, templates and function
words are real (``catalogue.tsv``); the long tail of rarer words is made of syllables, one deterministic list for each
language. Numbers below are ranks: word 0 is the most frequent.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice
from pathlib import Path

LANGUAGES = ("en", "fr", "es", "pt", "de", "ru", "ar", "zh")
WORDS = 30_000
"""Rarer words of each language, by rank."""
NAMES = 12_000
"""Words that are the same in every language: names, acronyms, products."""
TOOLS = ("R", "Python", "SQL", "Git", "SAS", "Stata", "SPSS", "Excel", "JDemetra+", "QGIS", "Blaise", "CSPro")
_CAPITALS = "ABCDEFGHIKLMNOPRSTUVX"


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its texts by kind (template, series, level, generic, topic) and its words by rank."""

    code: str
    texts: dict[str, tuple[str, ...]]
    function: tuple[str, ...]
    words: tuple[str, ...]
    gap: str

    def sentence(self, ranks: Sequence[int]) -> str:
        """Words by rank; a negative one is a function word."""
        function, words = self.function, self.words
        return self.gap.join([words[rank] if rank >= 0 else function[~rank % len(function)] for rank in ranks])


@dataclass(frozen=True, slots=True)
class Words:
    """All languages, the words that they share, and the weights of ranks (Zipf, summed up for ``choices``)."""

    languages: tuple[Language, ...]
    names: tuple[str, ...]
    ranks: tuple[int, ...]
    weights: tuple[float, ...]
    name_weights: tuple[float, ...]


def zipf(count: int, power: float = 1.0) -> tuple[float, ...]:
    """Weights 1/rank, summed up."""
    return tuple(accumulate(1 / (rank + 3) ** power for rank in range(count)))


def _made(chance: random.Random, syllables: Sequence[str], count: int, gap: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    lengths, weights = ((2, 3, 4), (3, 5, 3)) if gap else ((2, 3), (3, 1))
    while len(found) < count:
        drawn = iter(chance.choices(syllables, k=max(lengths) * count))
        found |= dict.fromkeys("".join(islice(drawn, k)) for k in chance.choices(lengths, weights, k=count))
    return tuple(found)[:count]


def _names(chance: random.Random) -> tuple[str, ...]:
    found: dict[str, None] = {}
    while len(found) < NAMES:
        if chance.random() < 0.4:
            found["".join(chance.choices(_CAPITALS, k=chance.randint(3, 5)))] = None
        else:
            parts = ("Al", "be", "Car", "do", "Es", "fa", "Gri", "ho", "Ka", "li", "Mo", "ne", "Or", "pe", "Ro", "san")
            found["".join(chance.choices(parts, k=chance.randint(3, 4))).capitalize()] = None
    return tuple(found)


@cache
def load() -> Words:
    """The words, the same at each call."""
    with (Path(__file__).parent / "catalogue.tsv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    languages = []
    for number, code in enumerate(LANGUAGES):
        texts: dict[str, list[str]] = {}
        for row in rows:
            texts.setdefault(row["kind"], []).append(row[code])
        gap = "" if code == "zh" else " "
        made = _made(random.Random(number), texts["syllables"][0].split(), WORDS, gap)
        kept = {kind: tuple(found) for kind, found in texts.items()}
        languages.append(Language(code, kept, tuple(texts["words"][0].split()), made, gap))
    ranks = (*(~n for n in range(15)), *range(WORDS))
    # A third of a text are function words; the rest follows Zipf's law.
    tail = zipf(WORDS)
    head = tail[-1] / 2 / 15
    weights = tuple(accumulate([head] * 15 + [1 / (rank + 3) for rank in range(WORDS)]))
    return Words(tuple(languages), _names(random.Random(99)), ranks, weights, zipf(NAMES, 0.7))
