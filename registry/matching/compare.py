"""Two records side by side: what agrees, what differs, and which guards forbid calling them one work.

Everything here follows from the two records' features alone, but for the keys that are set aside because
too many records share them.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Set
from dataclasses import dataclass
from difflib import SequenceMatcher

from rapidfuzz import fuzz

from registry.matching.features import Features, likeness
from registry.matching.normalise import Tables
from registry.matching.titles import Title
from registry.matching.traits import SAID
from registry.model import Evidence

UNTITLED = Title("", "")
NEAR = 0.92
"""Titles at least this alike, without a differing word that carries meaning, count as the same."""
SAME_TEXT = 0.95
"""Likeness of texts that are the same word for word. Three of 64 bins may differ: punctuation, a link."""
NEAR_TEXT = 0.6
"""Likeness of texts of which nine words of ten are the same: each other word breaks two word pairs, which leaves 0.8
of the pairs on both sides and a Jaccard similarity of 0.67; the sketch's standard error is 0.06."""
SOME_TEXT = 0.35
"""Likeness of texts that have whole passages in common: half of the word pairs on both sides."""
RETITLED_TEXT = 0.9
"""Likeness of texts from which one may stand under two titles."""
TOPIC_TEXT = 0.3
"""Likeness of texts that have passages in common."""
COVERAGE = 0.5
"""Share of the shorter title's meaningful words that two on one topic have in common."""
UNTRANSLATED = 3
"""Meaningful words of a title that was left as it is, from which it says what the work is."""
OTHER_TEXT = 0.1
"""Likeness below which two texts speak of different things; phrases that every course uses give a little."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules look at. ``differ``: the stated languages are known and disjoint; ``one_text``: both texts
    are written in one language whatever is stated; ``guards``: reason codes that forbid one work;
    ``text``: similarity of the descriptions, None when one is missing or too short; ``verbatim``: the descriptions
    are the same word for word, however short."""

    left: Features
    right: Features
    same_academy: bool
    differ: bool
    one_text: bool
    titles: tuple[Title, Title]
    ratio: float
    same_title: bool
    shared_core: tuple[str, ...]
    rest: tuple[tuple[str, ...], tuple[str, ...]]
    guards: tuple[str, ...]
    identifiers: tuple[str, ...]
    addresses: tuple[str, ...]
    authors: tuple[str, ...]
    text: float | None
    verbatim: bool
    rare: tuple[str, ...]
    aside: Set[str]


def _best_titles(left: Features, right: Features) -> tuple[Title, Title, float]:
    """The two titles most alike, those of one language first."""
    best = (False, -1.0, UNTITLED, UNTITLED)
    for a in left.titles:
        for b in right.titles:
            ratio = max(fuzz.ratio(a.norm, b.norm), fuzz.token_sort_ratio(a.norm, b.norm)) / 100
            together = bool(a.language) and a.language == b.language
            if (together, ratio) > best[:2]:
                best = (together, ratio, a, b)
    return best[2], best[3], max(best[1], 0.0)


def _series(a: Title, b: Title, least: int, tables: Tables) -> bool:
    """Whether two titles are one template of ``least`` words or more with one meaningful word exchanged."""
    stop = tables.words["stop"]
    words_a = {w for w in a.norm.split() if w not in stop or w in a.tools}
    words_b = {w for w in b.norm.split() if w not in stop or w in b.tools}
    only_a, only_b = words_a - words_b, words_b - words_a
    if not (len(only_a) == len(only_b) == 1 and len(words_a & words_b) >= least):
        return False
    (one,), (other,) = only_a, only_b
    typed = ("level", "number", "format", "cohort", "language", "part", "form", "edition")
    if any(re.match(r"v?\d", w) or any(w in tables.words[kind] for kind in typed) for w in (one, other)):
        return False
    return not _one_word(one, other)


def _one_word(one: str, other: str) -> bool:
    """Whether two words are one in two spellings or endings ("bioimage", "bioimaging")."""
    stem = os.path.commonprefix((one, other))
    return fuzz.ratio(one, other) >= 80 or len(stem) >= max(5, 0.6 * max(len(one), len(other)))


LONG = 5
"""Words in common of which one more on one side does not make another title ("Zarr: a cloud-optimised storage …")."""


def _alike(rest: tuple[tuple[str, ...], tuple[str, ...]], shared: int, a: Title, b: Title) -> bool:
    """Whether the words that two nearly equal titles do not share leave them one title."""
    one, other = rest
    if one and other:
        return _one_word(" ".join(one), " ".join(other))
    extra = one or other
    return shared >= LONG and len(extra) == 1 and extra[0] not in (*a.tools, *b.tools, *a.topics, *b.topics)


def _other_subtitle(a: Title, b: Title, tables: Tables) -> bool:
    """Whether two titles begin with the same words and go on with a subtitle of other words each."""
    if not a.head or a.head != b.head or " " not in a.head:
        return False
    head = set(a.head.split())
    number, form = tables.words["number"], tables.words["form"]
    one, other = (
        {w for w in t.norm.split() if not (w in head or w in tables.hollow or w.isdigit() or w in number or w in form)}
        for t in (a, b)
    )
    return bool(one and other) and not one & other


def _guards(a: Title, b: Title, one_language: bool, same_academy: bool, tables: Tables) -> list[str]:
    found = []
    if a.parts and b.parts and set(a.parts) != set(b.parts):
        found.append("NO.PART_NUMBER")
    # One academy's course beside its advanced course is another course.
    above = same_academy and bool((set(a.levels) ^ set(b.levels)) & {"advanced", "intermediate"})
    if above or (a.levels and b.levels and not set(a.levels) & set(b.levels)):
        found.append("NO.LEVEL")
    if a.tools and b.tools and not set(a.tools) & set(b.tools):
        found.append("NO.OTHER_TOOL")
    if a.issue and b.issue and (a.years, a.cohorts) != (b.years, b.cohorts):
        found.append("NO.OTHER_ISSUE")
    # Within one academy a title of two words is a template as well ("MRI physics", "CT physics").
    if one_language and _series(a, b, 1 if same_academy else 2, tables):
        found.append("NO.SERIES_WORD")
    if one_language and same_academy and _other_subtitle(a, b, tables):
        found.append("NO.SUBTITLE")
    return found


def _same_length(left: Features, right: Features) -> bool:
    """Whether two descriptions are as long as each other but for a word in fifty: a sentence more is no copy."""
    return abs(left.length - right.length) <= max(2, 0.02 * max(left.length, right.length))


def _same_words(left: Features, right: Features) -> bool:
    """Whether two short descriptions are equal; of a few words each they say nothing."""
    return len(left.summary) >= SAID and not left.sketch and left.summary.casefold() == right.summary.casefold()


def compare(
    left: Features, right: Features, same_academy: bool, rare: tuple[str, ...], aside: Set[str], tables: Tables
) -> Facts:
    """Compare two records. ``rare`` are meaningful words of both titles that few records have, ``aside``
    the keys that prove nothing because too many records of one feed share them."""
    a, b, ratio = _best_titles(left, right)
    differ = bool(left.languages and right.languages and not set(left.languages) & set(right.languages))
    one_text = bool(left.written) and left.written == right.written
    core_a, core_b = set(a.core), set(b.core)
    rest = tuple(w for w in a.core if w not in core_b), tuple(w for w in b.core if w not in core_a)
    shared = sorted((set(left.own) & set(right.own)) - aside)
    text = likeness(left.sketch, right.sketch)
    verbatim = _same_words(left, right) if text is None else text >= SAME_TEXT and _same_length(left, right)
    alike = ratio >= NEAR and _alike(rest, len(core_a & core_b), a, b)
    return Facts(
        left, right, same_academy, differ, one_text, (a, b), ratio,
        bool(core_a) and (a.norm == b.norm or not any(rest) or alike),
        tuple(w for w in a.core if w in core_b), rest,
        tuple(_guards(a, b, not differ or one_text, same_academy, tables)),
        tuple(key for key in shared if not key.startswith(("url:", "iri:"))),
        tuple(key for key in shared if key.startswith("url:")),
        tuple(sorted(set(left.authors) & set(right.authors))), text, verbatim, rare, aside,
    )  # fmt: skip


def kin(left: str, right: str) -> bool:
    """Whether two account names share a stem of six letters ("swcarpentry", "carpentries-i18n")."""
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return matcher.find_longest_match().size >= 6


def title_evidence(facts: Facts) -> list[Evidence]:
    """How alike the titles are, with both."""
    a, b = facts.titles
    if not a.text or not b.text:
        return []
    return [Evidence("title-similarity", "token-ratio", round(facts.ratio, 2), a.text, b.text, "name", "name")]


def text_evidence(facts: Facts) -> list[Evidence]:
    """How alike the descriptions are, with the beginning of both."""
    if facts.text is None:
        return []
    pair = facts.left.summary, facts.right.summary
    score = round(facts.text, 2)
    return [Evidence("description-similarity", "minhash-word-pairs", score, *pair, "description", "description")]


def author_evidence(facts: Facts) -> list[Evidence]:
    """Which authors both name."""
    if not facts.authors:
        return []
    names = ", ".join(facts.authors[:5])
    share = len(facts.authors) / max(1, min(len(facts.left.authors), len(facts.right.authors)))
    return [Evidence("same-author", "share-of-fewer", round(share, 2), names, names, "author", "author")]


def same(feature: str, value: str, other: str = "", field: str = "", other_field: str = "") -> Evidence:
    """Evidence that two values are equal."""
    return Evidence(feature, "equal", 1.0, value, other or value, field, other_field or field)
