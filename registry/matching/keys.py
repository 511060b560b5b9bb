"""Keys that bring two records together for a comparison; no key proves anything by itself."""

from __future__ import annotations

from collections.abc import Iterator

from registry.matching.features import BINS, EMPTY, Features
from registry.matching.normalise import Tables, without_language

BAND = 4
"""Bins of a sketch that must agree: half of all pairs at similarity 0.45 meet, 0.9998 at 0.8."""


def title_tokens(item: Features) -> list[str]:
    """The meaningful words of all titles and the keywords, each once."""
    words = {word for title in item.titles for word in title.core}
    return sorted(words | {word for word in item.keywords if len(word) > 1})


def _texts(item: Features) -> Iterator[tuple[str, int]]:
    for title in item.titles:
        if title.core:
            yield "title:" + title.norm, 300
            yield "core:" + " ".join(sorted(title.core)), 150
            for author in item.authors:
                yield f"core-author:{' '.join(sorted(title.core))}|{author}", 200
    for at in range(0, BINS if item.sketch else 0, BAND):
        band = item.sketch[at : at + BAND]
        if EMPTY not in band:
            yield f"text:{at}:{','.join(map(str, band))}", 60


def _places(item: Features, tables: Tables) -> Iterator[tuple[str, int]]:
    for key, _, path in item.repositories:
        yield "repo:" + key, 200
        if not path:
            words = key.rpartition("/")[2].replace("_", "-").replace(".", "-").split("-")
            if len(words) > 1:
                yield "repo-name:" + "-".join(words[:2]), 150
    for words_, _ in item.slugs:
        if len(words_) > 1:
            yield "slug:" + "-".join(words_), 150
    for key in item.own:
        if key.startswith("url:"):
            yield "page:" + without_language(key, tables)[0], 300


def blocks(item: Features, tables: Tables) -> list[tuple[str, int]]:
    """Keys with their weights, each key once, but for those of identity and of single words."""
    found = {**dict(_texts(item)), **dict(_places(item, tables))}
    for author in item.authors:
        found["author:" + author] = 40
    for code in item.codes:
        found[f"code:{item.feed}|{code}"] = 300
    if len(item.about) >= 2:
        found[f"about:{' '.join(item.about)}|{item.minutes}"] = 60
    if item.minutes and item.created:
        found[f"made:{item.created}|{item.minutes}"] = 40
    return sorted(found.items())
