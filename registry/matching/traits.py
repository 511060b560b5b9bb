"""A record as numbers: what measures and candidate keys need of it, small enough for a million records.

A trait is a set of hashed values of at most ``WIDTH`` members, kept as bytes; absent values are empty.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from functools import lru_cache

from registry.matching.features import Features
from registry.matching.keys import DIGIT, MARKS, RUN, YEAR
from registry.matching.lexicon import GRAMS, hashed, word_number
from registry.matching.normalise import REMEMBERED, Tables, without_language
from registry.matching.titles import Title

WIDTH = 8
WORDS = 16
"""Words of a title that are looked at side by side; a record with more is ``wide``."""
SAID = 40
"""Characters from which a description that is too short for a sketch says something."""
UNTITLED = Title("", "")
_CODE = re.compile(r"(?=\w*\d)[a-z0-9][\w.-]*|\b[a-z]+\d\w*", re.ASCII)
APART = str.maketrans("-/._+", "     ")
_ACRONYM = re.compile(r"\b[A-Z][A-Z0-9]{1,9}s?\b")


@dataclass(frozen=True, slots=True)
class Traits:
    """One row of the table ``trait``; bytes hold little-endian uint32 numbers (``sketch``: uint16).

    ``title`` is the number of the first title's words in order (0 without one), ``written`` and ``langs`` those
    of languages, ``day`` and ``year`` of the oldest stated date, ``minutes`` the learning time; 0 for unknown.
    Of the only title: ``core`` its meaningful words, ``topical`` and ``tools`` those of them that are such, ``parts``
    and ``levels``, ``words`` all but stop words, ``head`` the words before a subtitle. ``made`` and ``issued`` are the
    days of creation and publication, ``position`` the number of a part, ``courses`` course codes, ``works`` names of
    repositories; ``stored`` says that it has one. ``said`` is the number of a description too short for a sketch.
    ``wide``: there is no one title, it is of a periodical, the text names another work, or a set does not fit, so that
    only the whole record can tell.
    """

    title: int
    grams: bytes
    sketch: bytes
    ids: bytes
    authorities: bytes
    urls: bytes
    authors: bytes
    topics: bytes
    codes: bytes
    places: bytes
    sections: bytes
    langs: bytes
    written: int
    minutes: int
    year: int
    day: int
    core: bytes
    topical: bytes
    tools: bytes
    parts: bytes
    levels: bytes
    words: bytes
    courses: bytes
    works: bytes
    made: int
    issued: int
    head: int
    position: int
    said: int
    stored: int
    wide: int


NAMES = tuple(field.name for field in fields(Traits))
SETS = {
    "ids": WIDTH, "authorities": WIDTH, "urls": WIDTH, "authors": WIDTH, "topics": 2 * WIDTH, "codes": WIDTH,
    "places": WIDTH, "sections": WIDTH, "langs": 4, "core": WORDS, "topical": 4, "tools": 4, "parts": 4, "levels": 4,
    "words": WORDS, "courses": 4, "works": 4,
}  # fmt: skip
"""The traits that are sets, and how many members are kept of each."""


def _packed(values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def number(text: str) -> int:
    """A text's 32-bit number (CRC-32, never 0)."""
    return zlib.crc32(text.encode("utf-8", "replace")) or 1


def numbers(values: Iterable[str], width: int = WIDTH) -> bytes:
    """Some values as numbers, sorted, the least ``width`` of them."""
    found = set(map(number, values))
    return _packed(sorted(found)[:width]) if found else b""


def words(values: Iterable[str], width: int = WIDTH) -> bytes:
    """Some words as numbers, the low half of the number that the frequencies know them by."""
    found = {word_number(value) & 0xFFFFFFFF or 1 for value in values}
    return _packed(sorted(found)[:width]) if found else b""


def grams(text: str) -> bytes:
    """The three-letter groups of a normalised title's words, as slots, sorted; the order of words does not count."""
    return _packed(sorted(set().union(*map(_slots, text[:300].split()))))


@lru_cache(maxsize=REMEMBERED)
def _slots(word: str) -> tuple[int, ...]:
    """The slots of a word's three-letter groups."""
    groups = (f" {word} "[at : at + 3] for at in range(len(word)))
    return tuple({zlib.crc32(group.encode("utf-8", "replace")) % GRAMS for group in groups})


def codes(item: Features) -> set[str]:
    """Numbers, codes and acronyms of the titles: what stays the same in every language; codes as if written in one."""
    found: set[str] = set()

    def code(run: re.Match[str]) -> str:
        """Note what is in a run of letters and digits; what is left to look for acronyms in."""
        text = run[0].lower()
        if text[0].isdigit() or YEAR.search(text):
            found.update(_CODE.findall(text.translate(APART)))
        elif DIGIT.search(text):
            found.add(text.translate(MARKS))
            return " "
        return run[0]

    for title in item.titles:
        rest = RUN.sub(code, title.text) if DIGIT.search(title.text) else title.text
        if not rest.isupper():
            found.update(word.lower().rstrip("s") for word in _ACRONYM.findall(rest))
    return found


def places(item: Features, tables: Tables) -> tuple[set[str], set[str]]:
    """Where a record stands: address stems without host, language and edition; and sections of sites."""
    stems = {"/".join(words) for words, _ in item.slugs if len(words) > 1}
    sections: set[str] = set()
    for key in item.own:
        if key.startswith("url:"):
            plain, _ = without_language(key[4:], tables)
            head, _, last = plain.rpartition("/")
            if head.count("/") >= 1:
                sections.add(head)
            elif last:
                sections.add(head or last)
    sections.update("repo:" + key for key, _, _ in item.repositories)
    return stems, sections


def repository_names(item: Features) -> set[str]:
    """The repositories ("owner/name") that a record stands for: by its address, or as a release by its title."""
    names = {key.partition("/")[2] for key, _, path in item.repositories if not path}
    return names | {title.head for title in item.titles if "/" in title.head}


def traits(item: Features, tables: Tables) -> Traits:
    """The traits of a record."""
    first = item.titles[0].norm if item.titles else ""
    stems, sections = places(item, tables)
    identifiers = [key for key in item.own if not key.startswith(("url:", "iri:"))]
    dates = sorted(day[:10] for day in (item.created, item.published, item.modified) if day[:4].isdigit())
    oldest = dates[0] if dates else ""
    only = item.titles[0] if item.titles else UNTITLED
    stop = tables.words["stop"]
    spoken = {word for word in only.norm.split() if word not in stop or word in only.tools}
    sets: dict[str, Collection[str]] = {
        "authors": item.authors, "topics": {*item.about, *item.keywords}, "langs": item.languages, "core": only.core,
        "topical": only.topics, "tools": only.tools, "parts": set(only.parts), "levels": only.levels, "words": spoken,
        "courses": item.codes, "works": repository_names(item),
    }  # fmt: skip
    return Traits(
        title=hashed("title:" + first) if first else 0,
        grams=grams(first) if first else b"",
        sketch=struct.pack(f"<{len(item.sketch)}H", *item.sketch),
        ids=numbers(identifiers),
        authorities=numbers(key.split("/")[0] for key in identifiers),
        urls=numbers(key for key in item.own if key.startswith("url:")),
        authors=numbers(item.authors),
        topics=numbers(sets["topics"], 2 * WIDTH),
        codes=numbers(codes(item)),
        places=numbers(stems),
        sections=numbers(sections),
        langs=numbers(item.languages, SETS["langs"]),
        written=number(item.written) if item.written else 0,
        minutes=item.minutes,
        year=int(oldest[:4]) if oldest else 0,
        day=number(oldest) if len(oldest) == 10 else 0,
        core=words(only.core, WORDS),
        topical=words(only.topics, SETS["topical"]),
        tools=words(only.tools, SETS["tools"]),
        parts=numbers(only.parts, SETS["parts"]),
        levels=numbers(only.levels, SETS["levels"]),
        words=numbers(spoken, WORDS),
        made=number(item.created[:10]) if len(item.created) >= 10 else 0,
        issued=number(item.published[:10]) if len(item.published) >= 10 else 0,
        courses=numbers(item.codes, SETS["courses"]),
        works=numbers(sets["works"], SETS["works"]),
        head=hashed("title:" + only.head) if " " in only.head else 0,
        position=number(item.position) if item.position else 0,
        said=number(item.summary.casefold()) if len(item.summary) >= SAID and not item.sketch else 0,
        stored=int(bool(item.repositories)),
        wide=int(
            len(item.titles) != 1
            or only.issue
            or bool(item.said)
            or any(len(found) > SETS[name] for name, found in sets.items())
        ),
    )
