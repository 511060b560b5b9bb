"""Finds topics in the texts of a resource by their labels: the annotation step of preparing a record.

All labels are looked for at once (Aho-Corasick, the longest at each place). A hit weighs by where it stands and
what it is; a topic is given when its hits weigh enough. Why this engine and these weights:
``docs/decisions/0005-annotation.md``, measured by ``make evaluate``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import ahocorasick_rs

from registry.annotation.labels import Label, Topics
from registry.annotation.words import Words, cut, joined
from registry.iris import SCHEMA
from registry.terms import Iri, Literal, Term

Placed = tuple[Iri, Iri, Term, str]
ABOUT = Iri(SCHEMA + "about")
MOST = 8
ENOUGH = 1.0
# How much one hit weighs by the property that it stands in, and when it is a lone common noun.
WEIGHTS: Mapping[str, float] = {
    SCHEMA + "name": 3.0, SCHEMA + "alternateName": 2.0, SCHEMA + "keywords": 3.0, SCHEMA + "teaches": 1.5,
    SCHEMA + "syllabusSections": 1.0, SCHEMA + "description": 1.0, SCHEMA + "abstract": 1.0,
}  # fmt: skip
LONE = 0.5
SURE = 1.5  # a property of this weight at least keeps a topic beside a narrower one
# Languages whose labels are looked for in a text of each; in a text of another language all are.
_KNOWN = ("en", "fr", "es", "pt", "ru", "zh", "ar")


@dataclass(frozen=True, slots=True)
class Finder:
    """The labels of one language, ready to be looked for. ``lines``: {topic: itself and all broader ones}."""

    automaton: ahocorasick_rs.AhoCorasick
    labels: tuple[tuple[Label, ...], ...]
    lines: Mapping[str, tuple[str, ...]]

    def hits(self, words: Words, exact: bool) -> Iterator[Label]:
        """Labels that stand in a text; of those within a longer one only names of another topic than the longer
        one's or one that it belongs to. Names as written, if ``exact``."""
        starts: dict[int, int] = {}
        at = 0
        for number, word in enumerate(words.folded):
            starts[at] = number
            at += len(word) + 2
        matches = self.automaton.find_matches_as_indexes(joined(words.folded), overlapping=True)
        reached, around = -1, frozenset[str]()
        for pattern, start, end in sorted(matches, key=lambda one: (one[1], -one[2])):
            inside, first = end <= reached, starts[start]
            fitting = [
                label
                for label in self.labels[pattern]
                if (not inside or (label.name and label.topic not in around))
                and _as_written(label, words.written[first : first + len(label.words)], exact)
            ]
            if fitting and not inside:
                reached = end
                around = frozenset(topic for label in fitting for topic in self.lines[label.topic])
            yield from fitting


def _as_written(label: Label, written: tuple[str, ...], exact: bool) -> bool:
    """Whether the capitals of a label stand as they are written; outside running text only those of abbreviations."""
    for wanted, found in zip(label.words, written, strict=True):
        if wanted == wanted.lower() or wanted == found:
            continue
        if exact or wanted.isupper() or len(wanted) < 3:
            return False
    return True


def finder(labels: Iterable[Label], lines: Mapping[str, tuple[str, ...]]) -> Finder:
    """What looks for some labels."""
    patterns: dict[str, list[Label]] = {}
    for label in labels:
        patterns.setdefault(joined(label.folded), []).append(label)
    return Finder(ahocorasick_rs.AhoCorasick(list(patterns)), tuple(map(tuple, patterns.values())), lines)


@dataclass(frozen=True, slots=True)
class Annotator:
    """Infers what resources are about. Pure: the same triples give the same topics, in the same order."""

    topics: Topics
    _finders: dict[str, Finder] = field(default_factory=dict, repr=False)

    def __call__(self, resource: Iri, triples: Sequence[Placed]) -> list[Placed]:
        """(resource, schema:about, topic, place of the weightiest hit), at most ``MOST``, the weightiest first."""
        weights: dict[str, float] = {}
        best: dict[str, tuple[float, str]] = {}
        for s, p, o, place in triples:
            weight = WEIGHTS.get(p, 0.0)
            if s != resource or not weight or not isinstance(o, Literal):
                continue
            for label in self._finder(o.language or "").hits(cut(o.value), exact=weight <= SURE):
                lone = len(label.words) == 1 and not label.name and weight <= SURE
                worth, topic = weight * (LONE if lone else 1.0), label.topic
                weights[topic] = weights.get(topic, 0.0) + worth
                if topic not in best or best[topic][0] < weight:
                    best[topic] = weight, place
        given = {topic for topic, worth in weights.items() if worth >= ENOUGH}
        covered = {broader for topic in given for broader in self.topics.lines[topic][1:]}
        given -= {topic for topic in covered & given if best[topic][0] <= SURE}
        ranked = sorted(given, key=lambda topic: (-weights[topic], topic))[:MOST]
        return [(resource, ABOUT, Iri(topic), best[topic][1]) for topic in ranked]

    def _finder(self, language: str) -> Finder:
        primary = language.partition("-")[0].lower()
        primary = primary if primary in _KNOWN else ""
        if primary not in self._finders:
            chosen = [
                label
                for label in self.topics.labels
                # English terms of several words and names stand in texts of every language.
                if not primary or label.language == primary or label.name
                or (label.language == "en" and len(label.words) > 1)
            ]  # fmt: skip
            self._finders[primary] = finder(chosen, self.topics.lines)
        return self._finders[primary]
