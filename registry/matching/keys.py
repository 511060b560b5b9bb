"""Keys that bring two records together for a comparison; no key proves anything by itself.

Each key belongs to one generator, a bit of ``KINDS``; a pair keeps which generators found it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from registry.matching.features import BINS, EMPTY, Features
from registry.matching.lexicon import Longs, hashed
from registry.matching.normalise import REMEMBERED, Tables, without_language
from registry.matching.titles import Title

KINDS = {
    "identifier": 1, "title": 2, "words": 4, "text": 8, "place": 16, "people": 32, "topics": 64, "codes": 128,
    "dates": 256, "stated": 512, "decided": 1024, "title-codes": 2048,
}  # fmt: skip
"""Generators of candidates and their bits; "stated" and "decided" pairs are never set aside."""
BAND, BAND_WEIGHT = 4, 60
"""Bins of a sketch that must agree: half of all pairs at similarity 0.45 meet, 0.9998 at 0.8; what one weighs."""
SHORT = 4
"""Letters that may stand apart before their number, as in "STAT 101"."""
CODES = 8
"""Codes of a record's titles that make keys."""
LEAST_NAMED, MOST_NAMED = 3, 10
"""Words of a title that a description may name."""
TOLD = 100
"""Characters of a short description that things of other titles would hardly share by chance."""
SIGNALS = {"author": 40, "day": 40, "about": 30, "named": 20, "part": 20, "minutes": 15}
"""What says in every language what a record is, and what each counts for in a pair of two."""
DIGIT = re.compile(r"\d")
RUN = re.compile(r"[a-z0-9]+(?:[-/._+][a-z0-9]+)*", re.IGNORECASE | re.ASCII)
MARKS = str.maketrans("", "", "-/._+")
YEAR = re.compile(r"(?<![a-z0-9])(?:19|20)\d\d(?![a-z0-9])")
_CORE = re.compile(r"[a-z]\d{2,}")

OPAQUE = 8
"""Characters of a course code that nobody gives twice."""

Key = tuple[int, int, int, int]
"""(number of the key, bit of its generator, weight, number of the record's language)."""


def names_of(kinds: int) -> tuple[str, ...]:
    """The generators in a set of bits, in the order of KINDS."""
    return tuple(name for name, bit in KINDS.items() if kinds & bit)


def title_tokens(item: Features) -> list[str]:
    """The meaningful words of all titles and the keywords, each once."""
    words = {word for title in item.titles for word in title.core}
    return sorted(words | {word for word in item.keywords if len(word) > 1})


def title_codes(title: Title) -> set[str]:
    """Codes in a title as if written in one: "SDMX-ML2.1" and "STAT 101" as "sdmxml21" and "stat101"; and the number
    in each with the letter before it ("#t101"), which a prefix or the letter of a variant leaves as it is."""
    if not DIGIT.search(title.text):
        return set()
    runs = [run.translate(MARKS) for run in RUN.findall(title.text.lower())]
    joined = [
        word + run
        for word, run in zip(runs, runs[1:], strict=False)
        if len(word) <= SHORT and len(run) > 2 and word.isalpha() and DIGIT.search(run) and not YEAR.fullmatch(run)
    ]
    found = {run for run in (*runs, *joined) if not run.isdigit() and not run.isalpha()}
    return found | {"#" + core for run in found for core in _CORE.findall(run)}


def _texts(item: Features) -> Iterator[tuple[str, str, int]]:
    for title in item.titles:
        if title.core:
            core = " ".join(sorted(title.core))
            yield "title", title.norm, 300
            yield "title", "core:" + core, 150
            for author in item.authors:
                yield "title", f"author:{core}|{author}", 200
    for _, words in item.said:  # of another by its title, which ends somewhere
        named = words.split()
        for count in range(LEAST_NAMED, min(len(named), MOST_NAMED) + 1):
            yield "title", " ".join(named[:count]), 300
    if len(item.summary) >= TOLD and (not item.sketch or EMPTY in item.sketch):  # else bands find it
        yield "text", item.summary.casefold(), BAND_WEIGHT
    for code in sorted({code for title in item.titles for code in title_codes(title)})[:CODES]:
        yield "title-codes", code, 100


def _places(item: Features, tables: Tables) -> Iterator[tuple[str, str, int]]:
    for key, _, path in item.repositories:
        yield "place", "repo:" + key, 200
        if not path:
            words = key.rpartition("/")[2].replace("_", "-").replace(".", "-").split("-")
            if len(words) > 1:
                yield "place", "repo-name:" + "-".join(words[:2]), 150
    for words_, _ in item.slugs:
        if len(words_) > 1:
            yield "place", "slug:" + "-".join(words_), 150
    for path, _ in item.paths:
        yield "place", "path:" + path, 60 if path.startswith(("…", ".")) else 150
    for key in item.own:
        if key.startswith("url:"):
            yield "place", "page:url:" + without_language(key[4:], tables)[0], 300


def _signals(item: Features) -> Iterator[tuple[str, str]]:
    """The signals of a record, by name; of the authors, days and names two of each."""
    for author in item.authors[:2]:
        yield "author", author
    for day in sorted({day[:10] for day in (item.created, item.published) if len(day) >= 10}):
        yield "day", day
    if item.about:
        yield "about", " ".join(item.about)
    for name in sorted({name for title in item.titles for name in (*title.tools, *title.topics)})[:2]:
        yield "named", name
    for part in {part for title in item.titles if len(title.parts) == 1 for part in title.parts}:
        yield "part", part
    if item.minutes:
        yield "minutes", str(item.minutes)


def _others(item: Features) -> Iterator[tuple[str, str, int]]:
    for author in item.authors:
        yield "people", author, 40
    for code in item.codes:
        # A key of a database is given once; "101" means something in its own list only.
        yield "codes", code if len(code) >= OPAQUE else f"{item.feed}|{code}", 300
    if len(item.about) >= 3:
        for left, right in zip(item.about, item.about[1:], strict=False):
            yield "topics", f"{left} {right}", 20
    # A translation needs two signals that do not hang together: what shares two is looked at, however common each is.
    for (kind, one), (other, two) in combinations(_signals(item), 2):
        if kind != other:
            found_by = "people" if kind == "author" else "topics" if "about" in (kind, other) else "dates"
            yield found_by, f"{kind}|{one}|{other}|{two}", SIGNALS[kind] + SIGNALS[other]


def language_of(item: Features) -> int:
    """The number of a record's only language, stated or else detected; 0 for unknown or several."""
    spoken = item.languages or ((item.written,) if item.written else ())
    return zlib.crc32(spoken[0].encode()) % 32_749 + 1 if len(spoken) == 1 else 0


def bands(sketches: bytes) -> tuple[Longs, npt.NDArray[np.bool_]]:
    """The numbers of the bands of some sketches (``Traits.sketch``), a row each, and which bands have no empty bin.

    Mixed by SplitMix64 (Steele, Lea and Flood 2014), which gives different bins different numbers, but for the bit
    that a number has less than four bins.
    """
    full = (np.frombuffer(sketches, "<u2").reshape(-1, BINS // BAND, BAND) != EMPTY).all(axis=2)
    four = np.frombuffer(sketches, "<u8").reshape(-1, BINS // BAND)
    mixed = four + np.arange(1, BINS // BAND + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(1)).astype(np.int64), full


@lru_cache(maxsize=REMEMBERED)
def own_number(key: str) -> int:
    """The number of a key of identity."""
    return hashed("own:" + key)


def keys(item: Features, tables: Tables) -> list[Key]:
    """A record's keys, each once, but for those of single words (these need the frequencies) and of texts (``bands``,
    which many records have at once)."""
    found: dict[int, Key] = {}
    spoken = language_of(item)
    for key in item.own:
        number = own_number(key)
        found[number] = (number, KINDS["identifier"], 1000, spoken)
    for kind, text, weight in (*_texts(item), *_places(item, tables), *_others(item)):
        number = hashed(f"{kind}:{text}")
        found.setdefault(number, (number, KINDS[kind], weight, spoken))
    return sorted(found.values())
