"""What people read about an issue: ``<room>.tsv`` tables in English, French and Spanish.

Columns: ``code``, ``severity`` (violation, warning, info), ``en fr es`` (what is wrong),
``mend_en mend_fr mend_es`` (how to mend it). ``{value}`` and the issue's own parameters may stand in a
text as ``{name}``. The messages of shapes stand in ``shapes/*.ttl``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from registry.model import Issue, Severity

LANGUAGES = ("en", "fr", "es")
_FIELD = re.compile(r"\{(\w+)\}")
_HANGING = re.compile(r"[ \u00a0\u202f]*:\s*$")


@dataclass(frozen=True, slots=True)
class Message:
    """What is wrong and how to mend it, by language."""

    code: str
    severity: Severity
    text: dict[str, str]
    mend: dict[str, str]


@cache
def load() -> Mapping[str, Message]:
    """All messages by code. Raises ValueError for a code that stands twice or a text that is missing."""
    messages: dict[str, Message] = {}
    for table in sorted(files(__name__).iterdir(), key=lambda entry: entry.name):
        if not table.name.endswith(".tsv"):
            continue
        for row in csv.DictReader(table.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
            code, severity = row["code"], row["severity"]
            if code in messages or severity not in ("violation", "warning", "info"):
                raise ValueError(f"{table.name}: bad or repeated row {code!r}")
            texts = {lang: row[lang] for lang in LANGUAGES}
            mends = {lang: row[f"mend_{lang}"] for lang in LANGUAGES}
            if not all(texts.values()) or not all(mends.values()):
                raise ValueError(f"{table.name}: {code} lacks a text")
            messages[code] = Message(code, severity, texts, mends)  # type: ignore[arg-type]
    return MappingProxyType(messages)


def fill(template: str, issue: Issue) -> str:
    """A text with the issue's value and parameters put in; no colon stays before a value that is empty."""
    known = {"value": issue.value, "place": issue.place, **dict(issue.params)}
    filled = _FIELD.sub(lambda found: known.get(found.group(1), found.group(0)), template)
    return _HANGING.sub(".", filled) if template.endswith(": {value}") and not issue.value.strip() else filled


def said(message: Message, issue: Issue, language: str) -> str:
    """What is wrong and how to mend it, as one line of whole sentences."""
    wrong = fill(message.text[language], issue).rstrip()
    ended = wrong.endswith((".", "!", "?", "…", ":", "»", "”"))
    return f"{wrong if ended else wrong + '.'} {fill(message.mend[language], issue)}"
