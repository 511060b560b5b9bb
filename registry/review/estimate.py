"""How long a batch takes: an estimate in whole minutes, so that somebody with an hour knows what fits.

For a pair: 25 seconds to decide, both titles and descriptions (as far as they are shown) at 200 words a minute, 4
seconds for each line of evidence; half as much again for the reading where the two are in different languages. A
script without spaces counts two characters as a word. In a family the first pair counts whole, each other 6 seconds.
The figures are assumptions, to be replaced by measured ones when reviewers have worked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import ceil

DECIDE = 25.0
WORD = 60 / 200
LINE = 4.0
LANGUAGES_DIFFER = 1.5
NEXT_PART = 6.0
# Han, kana, Thai, Lao, Khmer and Burmese are written without spaces.
_DENSE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def words(text: str) -> int:
    """How many words a text takes to read."""
    dense = len(_DENSE.findall(text))
    return len(_DENSE.sub(" ", text).split()) + ceil(dense / 2)


def seconds(shown: Sequence[str], lines: int, *, languages_differ: bool) -> float:
    """Seconds for one pair: the texts shown, how many lines of evidence."""
    reading = sum(words(text) for text in shown) * WORD
    return DECIDE + reading * (LANGUAGES_DIFFER if languages_differ else 1.0) + lines * LINE


def item(first: float, parts: int) -> float:
    """Seconds for an item of so many pairs, the first of which takes ``first``."""
    return first + NEXT_PART * (parts - 1)


def minutes(items: Iterable[float]) -> int:
    """Whole minutes, at least one where there is anything."""
    return ceil(sum(items) / 60)
