"""How common words, titles, topics and letter groups are: counted once per model, then frozen.

Weights that follow every new record would make yesterday's matches move with tomorrow's visits, and an
incremental run could never equal a full one. So frequencies belong to the model (docs/matching.md, "State"):
they are counted when it is trained, kept in the ledger, and what they do not know counts as rare.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

GRAMS = 1 << 18
"""Slots of the counts of three-letter groups; a group's slot is its hash."""
COMMON = 4
"""Keys that fewer records have are left out of the counts: they are rare."""

Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]
Slots = npt.NDArray[np.uint32]
Reals = npt.NDArray[np.float32]


def hashed(text: str) -> int:
    """A text's number for good, 63 bits (BLAKE2b, RFC 7693); engines' own hash functions may change."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little") >> 1


@lru_cache(maxsize=1 << 14)
def word_number(word: str) -> int:
    """The number that the frequencies know a word by: words come again in many records."""
    return hashed("word:" + word)


def numbered(resource: str) -> int:
    """A resource's number for good: of its IRI after the base address, so that ties (which of equal candidates or
    overlaps is kept) fall alike in every deployment."""
    return hashed(resource.partition("/id/resource/")[2] or resource)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Document frequencies of ``records`` records: ``keys`` sorted, ``counts`` beside them (at least COMMON);
    ``grams`` by slot."""

    records: int
    keys: Longs
    counts: Ints
    grams: Ints

    def of(self, keys: Longs) -> Ints:
        """How many records have each key; 0 for what is rare or new."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int32)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, self.counts[at], 0).astype(np.int32)

    def rarity(self, counts: Ints) -> Reals:
        """Inverse document frequency in bits, 1 at least."""
        known = np.maximum(counts, 1).astype(np.float32)
        return np.maximum(np.log2((self.records + 1) / known), 1.0).astype(np.float32)

    def gram_weights(self) -> Reals:
        """The weight of each slot."""
        return self.rarity(np.maximum(self.grams, 1))

    def to_bytes(self) -> bytes:
        """As the model keeps it."""
        out = io.BytesIO()
        np.savez_compressed(
            out, records=np.array([self.records]), keys=self.keys, counts=self.counts, grams=self.grams
        )
        return out.getvalue()


def from_bytes(data: bytes) -> Lexicon:
    """Read what ``to_bytes`` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        return Lexicon(int(found["records"][0]), found["keys"], found["counts"], found["grams"])


def empty() -> Lexicon:
    """Frequencies of nothing: all words are rare."""
    return Lexicon(0, np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(GRAMS, np.int32))
