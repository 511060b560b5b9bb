"""Levels in the steps of other schemes: two to six of them, brought to our three by a table.

``tables/level-schemes.tsv`` has one row for each step (scheme, step, level, words). A bare number or a word says a
level only if the feed names the scheme (``level_scheme`` in its options); "Level 3 of 5" and "niveau 2 sur 4" say
themselves how many steps there are. Sources: docs/frameworks.md, "Levels".
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from registry.crosswalk.clean import fold
from registry.vocabulary import Scheme, of_role

_WORD = (
    r"(?:levels?|lvl|lv|grades?|steps?|stages?|niveaux?|niv|degres?|echelons?|nivel|niveles|grados?|etapas?|stufen?|"
    r"livello|niveis)"
)
_OF = re.compile(
    rf"(?:{_WORD} )?(?P<step>[1-6]|i{{1,3}}|iv|v)(?: {_WORD})? "
    r"(?:of|out of|from|sur|de|su|von|di|em|over) (?P<count>[2-6])"
)
_SLASH = re.compile(rf"(?:{_WORD}[\s.:]*)?(?P<step>[1-6])\s*/\s*(?P<count>[2-6])", re.IGNORECASE)
_LONE = re.compile(rf"(?:{_WORD} ?)?(?P<step>[0-9]{{1,2}}|i{{1,3}}|iv|v|[a-c][12])")
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}
COUNTED = "steps-{}"


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    """{scheme: {folded step or word: our level}}."""
    found: dict[str, dict[str, str]] = {}
    lines = files(__package__).joinpath("tables", "level-schemes.tsv").read_text("utf-8").splitlines()
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        for word in (row["step"], *filter(None, row["words"].split("|"))):
            found.setdefault(row["scheme"], {})[fold(word)] = row["level"]
    return found


def names() -> list[str]:
    """The level schemes of the table that a feed may name."""
    return sorted(name for name in _table() if not name.startswith(COUNTED.format("")))


def step(s: str, named: str, frameworks: Mapping[str, Scheme], schemes: Mapping[str, Mapping[str, str]]) -> str | None:
    """Our level ("basic", "intermediate", "advanced") of a step; None where it cannot be known which is meant.

    ``named`` is the feed's level scheme, of the table or one that was added; labels (no numbers) of added schemes
    of levels count without it. ``schemes`` is {scheme: {folded label or code: notation}}.
    """
    return _named(s, named, frameworks, schemes) or _said(s, frameworks, schemes)


def _named(
    s: str, named: str, frameworks: Mapping[str, Scheme], schemes: Mapping[str, Mapping[str, str]]
) -> str | None:
    """The level of a step of the scheme that the feed names, by its number or word."""
    word = fold(s)
    if named:
        of_added = frameworks[named].levels if named in frameworks else {}
        own = _table().get(named, {})
        lone = _LONE.fullmatch(word)
        forms = [word, *([lone["step"], _ROMAN.get(lone["step"], "")] if lone is not None else [])]
        for form in filter(None, forms):
            if form in own:
                return own[form]
            if level := of_added.get(schemes.get(named, {}).get(form, "")):
                return level
    return None


def _said(s: str, frameworks: Mapping[str, Scheme], schemes: Mapping[str, Mapping[str, str]]) -> str | None:
    """The level of a step that says itself of how many it is, or that an added scheme names."""
    word = fold(s)
    counted = _SLASH.fullmatch(s.strip()) or _OF.fullmatch(word)
    if counted is not None:
        number = _ROMAN.get(counted["step"], counted["step"])
        return _table()[COUNTED.format(counted["count"])].get(number)
    for scheme in of_role(frameworks, "level"):
        notation = schemes.get(scheme.id, {}).get(word, "")
        if fold(notation) != word and not word.isdecimal() and notation in scheme.levels:
            return scheme.levels[notation]
    return None
