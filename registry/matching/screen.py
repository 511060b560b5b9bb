"""Which pairs the rules must look at, told from numbers: most pairs of a large catalogue share a word and no more.

A pair is judged (``JUDGE``) where any rule but the last could fire; this errs to one side only. Of the others the last
rule alone can tell something, that two share a topic or a title and no more, and it follows from numbers too
(``OVERLAP`` and ``SAME_TITLE``, with the score of ``rules``). ``tests/unit/test_matching_screen.py`` shows
that screen and rules together say what the rules say of every pair.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from registry.matching.blocks import Block, Flags, shared, within
from registry.matching.compare import COVERAGE, NEAR_TEXT, RETITLED_TEXT, SAME_TEXT, TOPIC_TEXT, UNTRANSLATED
from registry.matching.keys import KINDS
from registry.matching.lexicon import Ints, Longs
from registry.matching.scoring import DECIMALS
from registry.matching.traits import number as number_of

NONE, OVERLAP, SAME_TITLE, JUDGE = 0, 1, 2, 3
HARD = KINDS["identifier"] | KINDS["stated"] | KINDS["decided"] | KINDS["place"] | KINDS["codes"]
"""What brings two records before the rules whatever else: one identity, a statement, an address, a course code."""
LIKE = 0.7
"""Titles of whose three-letter groups fewer agree (Dice) are not the same but for a letter or two: at
``compare.NEAR`` one letter in twelve may differ, and each takes three groups with it."""

Reals = npt.NDArray[np.float64]
Verdicts = npt.NDArray[np.int8]


def _translations(block: Block, one: Longs, two: Longs, authors: Ints, rare: Ints, named: Ints, topics: Ints) -> Flags:
    """Where ``translations`` could count enough signals: as many as are needed, one of them an anchor."""
    number = block.numbers
    things = np.zeros(len(one), np.int32)
    equal = np.ones(len(one), bool)
    for name in ("topical", "tools"):
        both, here, there = shared(block, name, one, two)
        equal &= (both == here) & (both == there)
        things += both
    home = block.academy[one] == block.academy[two]
    title = (equal & ((things >= 2) | ((things == 1) & home))) | (rare >= 1)
    both, here, there = shared(block, "core", one, two)
    title |= (both >= UNTRANSLATED) & (np.maximum(here, there) - both <= 1)
    lines = title.astype(np.int32) + (authors > 0) + (topics >= 1)
    both, here, there = shared(block, "parts", one, two)
    placed = (number["position"][one] != 0) & (number["position"][one] == number["position"][two])
    lines += placed | ((both == 1) & (here == 1) & (there == 1))
    lines += (number["minutes"][one] != 0) & (number["minutes"][one] == number["minutes"][two])
    days = np.zeros(len(one), bool)
    for name in ("made", "issued"):
        days |= (number[name][one] != 0) & (number[name][one] == number[name][two])
    lines += days
    return np.asarray((title | (authors > 0)) & (lines >= np.where(home, 2, 3 - (authors > 1))))


def _series(block: Block, one: Longs, two: Longs, home: Flags) -> Flags:
    """Where two titles could be one template with one word or the subtitle exchanged (``compare``)."""
    both, here, there = shared(block, "words", one, two)
    template = (here - both == 1) & (there - both == 1) & (both >= np.where(home, 1, 2))
    head = block.numbers["head"]
    return np.asarray(template | (home & (head[one] != 0) & (head[one] == head[two])))


def _above(block: Block, one: Longs, two: Longs) -> Flags:
    """Where one title alone is of a higher level."""
    levels = block.sets["levels"]
    found = np.zeros(len(one), bool)
    for name in ("advanced", "intermediate"):
        has = (levels == number_of(name)).any(axis=1)
        found |= has[one] != has[two]
    return found


def _apart(block: Block, name: str, one: Longs, two: Longs) -> Flags:
    """Where both have something and nothing of it in common."""
    both, here, there = shared(block, name, one, two)
    return np.asarray((here > 0) & (there > 0) & (both == 0))


def screen(
    block: Block, one: Longs, two: Longs, differ: Flags, written: Flags, text: Reals, identities: Ints, authors: Ints,
    alike: Callable[[Longs], Reals], kinds: Ints,
) -> tuple[Verdicts, Reals]:  # fmt: skip
    """The verdict on each pair, and its score where that is OVERLAP.

    ``one`` and ``two`` are places in the block; ``differ``: the stated languages are known and disjoint; ``written``:
    both texts are in one language; ``authors``: how many they share; ``alike`` gives for the pairs at some
    places how many of the titles' letter groups agree (Dice); ``kinds``: the generators that found the pair.
    """
    number = block.numbers
    tie = np.zeros(len(one), np.int8)
    near = np.zeros(len(one))
    both, here, there = shared(block, "core", one, two)
    home = block.academy[one] == block.academy[two]
    title = (number["title"][one] == number["title"][two]) & (number["title"][one] != 0) & (here > 0)
    named = title | ((both > 0) & (both == here) & (both == there))
    verbatim = (number["said"][one] != 0) & (number["said"][one] == number["said"][two])
    # One title tells more only with something beside it: one academy or author, a text, a language, two repositories,
    # two deposits in one archive.
    beside = home | (authors > 0) | (text >= TOPIC_TEXT) | verbatim | differ | (identities < 0)
    beside |= (number["stored"][one] != 0) & (number["stored"][two] != 0)
    unnamed = np.flatnonzero(beside & ~named)  # letter groups cost more than all else: only where they tell something
    named[unnamed] = alike(unnamed) >= LIKE
    judge = named & beside
    # A text under other titles: the same elsewhere or untranslated, or passages of it at another academy.
    judge |= (both > 0) & ((text >= RETITLED_TEXT) | (~home & (text >= TOPIC_TEXT)) | (differ & (text >= NEAR_TEXT)))
    judge |= (text >= SAME_TEXT) | (differ & verbatim) | (verbatim & ~home & (authors > 0))
    judge |= (kinds & HARD != 0) | (identities >= 1) | (number["wide"][one] != 0) | (number["wide"][two] != 0)
    head, titles = number["head"], number["title"]
    judge |= (head[one] != 0) & (head[one] == titles[two]) | (head[two] != 0) & (head[two] == titles[one])
    for name in ("courses", "works"):
        judge |= shared(block, name, one, two)[0] > 0
    rest = np.flatnonzero(~judge & (both > 0) | (~judge & differ & ~written))
    left, right = one[rest], two[rest]
    core = block.sets["core"][left]
    shared_words = within(core, block.sets["core"][right])
    things = np.zeros(shared_words.shape, bool)
    for name in ("topical", "tools"):
        things |= within(core, block.sets[name][left])
    rare = within(core, block.rare[left]) & within(core, block.rare[right])
    named_count = (shared_words & things).sum(axis=1, dtype=np.int32)
    rare_count = (shared_words & rare & ~things).sum(axis=1, dtype=np.int32)
    topics, *_ = shared(block, "topics", left, right)
    abroad = differ[rest] & ~written[rest]
    judge[rest] |= abroad & _translations(block, left, right, authors[rest], rare_count, named_count, topics)

    fewer = np.minimum(here[rest], there[rest])
    coverage = both[rest] / np.maximum(fewer, 1)
    enough = (named_count > 0) | (rare_count >= 2) | ((rare_count >= 1) & (topics > 0))
    ties = (both[rest] > 0) & (coverage >= COVERAGE) & enough & ~_apart(block, "topical", left, right)
    ties = ~judge[rest] & (ties | title[rest])
    some = np.flatnonzero(ties)
    left, right, home = left[some], right[some], home[rest][some]
    topical, *_ = shared(block, "topical", left, right)
    both_parts, parts, others = shared(block, "parts", left, right)
    guarded = (parts > 0) & (others > 0) & ((both_parts != parts) | (both_parts != others))
    guarded |= _apart(block, "levels", left, right) | (home & _above(block, left, right))
    tools = _apart(block, "tools", left, right)
    out = guarded | (home & tools) | (tools & (topical == 0))
    one_language = ~differ[rest][some] | written[rest][some]
    unsure = ~out & one_language & (home | (topical == 0)) & _series(block, left, right, home)
    at = rest[some]
    judge[at[unsure]] = True
    tie[at[~out & ~unsure]] = np.where(title[at], SAME_TITLE, OVERLAP)[~out & ~unsure]
    tie[judge] = JUDGE
    score = coverage[some] + 0.2 * named_count[some] + 0.1 * rare_count[some] + 0.05 * topics[some]
    score = np.where(title[at], 2.0, score)
    near[at] = np.round(score + np.where(home, 0.0, 0.3) + text[at], DECIMALS)
    return tie, near
