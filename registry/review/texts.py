"""The words of review in English, French and Spanish, from ``texts.tsv`` beside this."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from registry.messages import LANGUAGES

_FIELD = re.compile(r"\{(\w+)\}")


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """{key: {language: text}}. Raises ValueError for a text that is missing."""
    lines = files(__package__).joinpath("texts.tsv").read_text("utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    found = {row["key"]: {language: row[language] for language in LANGUAGES} for row in rows}
    if any(not text for one in found.values() for text in one.values()):
        raise ValueError("texts.tsv lacks a text")
    return found


def say(key: str, language: str, **values: object) -> str:
    """A text with its {names} filled in; in English where the language is none of ours."""
    known = {name: str(value) for name, value in values.items()}
    text = texts()[key][language if language in LANGUAGES else "en"]
    return _FIELD.sub(lambda found: known.get(found[1], found[0]), text)
