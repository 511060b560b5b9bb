"""How words are made comparable: one folding for what is indexed, what is asked and what is sorted.

Compatibility decomposition without marks, case folded (UAX #15, UAX #29 in the small): "Éducation" meets
"education" and "Στατιστική" meets "στατιστικη". Scripts without spaces are split into single characters.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
_EXTRA = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
MAX_WORD = 60


def fold(value: str) -> str:
    """The text in one case and without marks; length may change."""
    if value.isascii():
        return value.lower()
    decomposed = unicodedata.normalize("NFKD", value).casefold().translate(_EXTRA)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words(value: str) -> list[str]:
    """The folded words of a text, in order; words of more than 60 characters are cut."""
    if not value.isascii():
        value = _UNSPACED.sub(r" \g<0> ", unicodedata.normalize("NFKC", value))
    return [word[:MAX_WORD] for word in _WORD.findall(fold(value))]
