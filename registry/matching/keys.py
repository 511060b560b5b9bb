"""Keys that bring two records together for a comparison; no key proves anything by itself.

Each key belongs to one generator, a bit of ``KINDS``; a pair keeps which generators found it.
"""

from __future__ import annotations

from collections.abc import Iterator

from registry.matching.features import BINS, EMPTY, Features
from registry.matching.lexicon import hashed
from registry.matching.normalise import Tables, without_language

KINDS = {
    "identifier": 1, "title": 2, "words": 4, "text": 8, "place": 16, "people": 32, "topics": 64, "codes": 128,
    "dates": 256, "stated": 512, "decided": 1024,
}  # fmt: skip
"""Generators of candidates and their bits; "stated" and "decided" pairs are never set aside."""
BAND = 4
"""Bins of a sketch that must agree: half of all pairs at similarity 0.45 meet, 0.9998 at 0.8."""

Key = tuple[int, int, int]
"""(number of the key, bit of its generator, weight)."""


def names_of(kinds: int) -> tuple[str, ...]:
    """The generators in a set of bits, in the order of KINDS."""
    return tuple(name for name, bit in KINDS.items() if kinds & bit)


def title_tokens(item: Features) -> list[str]:
    """The meaningful words of all titles and the keywords, each once."""
    words = {word for title in item.titles for word in title.core}
    return sorted(words | {word for word in item.keywords if len(word) > 1})


def _texts(item: Features) -> Iterator[tuple[str, str, int]]:
    for title in item.titles:
        if title.core:
            core = " ".join(sorted(title.core))
            yield "title", title.norm, 300
            yield "title", "core:" + core, 150
            for author in item.authors:
                yield "title", f"author:{core}|{author}", 200
    for at in range(0, BINS if item.sketch else 0, BAND):
        band = item.sketch[at : at + BAND]
        if EMPTY not in band:
            yield "text", f"{at}:{band}", 60


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
    for key in item.own:
        if key.startswith("url:"):
            yield "place", "page:" + without_language(key, tables)[0], 300


def _others(item: Features) -> Iterator[tuple[str, str, int]]:
    for author in item.authors:
        yield "people", author, 40
    for code in item.codes:
        yield "codes", f"{item.feed}|{code}", 300
    if len(item.about) >= 2:
        yield "topics", f"{' '.join(item.about)}|{item.minutes}", 60
        if len(item.about) >= 3:
            for left, right in zip(item.about, item.about[1:], strict=False):
                yield "topics", f"{left} {right}", 20
    if item.minutes and item.created:
        yield "dates", f"made:{item.created}|{item.minutes}", 40


def keys(item: Features, tables: Tables) -> list[Key]:
    """A record's keys, each once, but for those of single words (these need the frequencies)."""
    found: dict[int, Key] = {}
    for key in item.own:
        number = hashed("own:" + key)
        found[number] = (number, KINDS["identifier"], 1000)
    for kind, text, weight in (*_texts(item), *_places(item, tables), *_others(item)):
        number = hashed(f"{kind}:{text}")
        found.setdefault(number, (number, KINDS[kind], weight))
    return sorted(found.values())
