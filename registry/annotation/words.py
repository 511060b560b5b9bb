"""Texts and labels as words: how both are cut and folded, so that the one is found in the other.

A word is a run of letters and digits, with the signs that belong to names ("R&D", "C++", "JDemetra+"); of scripts
that write without spaces each character is one. Folding drops case, accents, apostrophes and plural endings of
English, French and Spanish, on both sides alike. Addresses are no words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_TEXT = 20_000
_ADDRESS = re.compile(r"(?:https?://|www\.|mailto:)\S+|\S+@\S+\.\S+")
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_CJK}]|\.?[^\W_{_CJK}]+(?:[&+#]+[^\W_{_CJK}]*)*")


@dataclass(frozen=True, slots=True)
class Words:
    """A text cut into words: as written, and folded."""

    written: tuple[str, ...]
    folded: tuple[str, ...]


def fold(word: str) -> str:
    """A word without case, accents and plural ending."""
    plain = word.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    if len(plain) > 4 and plain.endswith("ies"):
        return plain[:-3] + "y"
    if len(plain) > 3 and plain.endswith(("s", "x")) and not plain.endswith("ss"):
        return plain[:-1]
    return plain


def cut(text: str) -> Words:
    """The words of a text, of its first ``MAX_TEXT`` characters."""
    written = tuple(_WORD.findall(_ADDRESS.sub(" ", unicodedata.normalize("NFKC", text[:MAX_TEXT]))))
    return Words(written, tuple(map(fold, written)))


def joined(folded: tuple[str, ...]) -> str:
    """Folded words as one string in which words that stand side by side share no character: " a  b "."""
    return "".join(f" {word} " for word in folded)
