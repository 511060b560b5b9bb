"""Which words a reader meets: the texts of the pages, the best language of a value, how sure and how alike.

All texts stand in ``texts/*.tsv`` (key, en, fr, es); relations in ``registry/tables/relations.tsv``.
``docs/words.md`` lists what stands inside and outside.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from registry.messages import LANGUAGES, Message
from registry.relations import Kind
from registry.relations import load as load_relations
from registry.report.texts import to_add
from registry.search.licences import Terms, short_name
from registry.search.licences import load as load_licences

_CELL = re.compile(r"\b(sheet|row|line|column)( [«\w])")
_FIELD = re.compile(r"\{(\w+)\}")
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:[\d.]+S)?)?")
_UNITS = {
    "en": (("year", "years"), ("month", "months"), ("week", "weeks"), ("day", "days"), ("hour", "hours"),
           ("minute", "minutes")),
    "fr": (("an", "ans"), ("mois", "mois"), ("semaine", "semaines"), ("jour", "jours"), ("heure", "heures"),
           ("minute", "minutes")),
    "es": (("año", "años"), ("mes", "meses"), ("semana", "semanas"), ("día", "días"), ("hora", "horas"),
           ("minuto", "minutos")),
}  # fmt: skip
_MOMENT = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)T(?P<time>\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?P<zone>Z|[+-]\d\d:\d\d)?")
Table = Mapping[str, Mapping[str, str]]


def table(name: str) -> dict[str, dict[str, str]]:
    """One of ``texts/*.tsv``: {key: {language: text}}; ValueError where one lacks a language."""
    lines = files("registry.web.texts").joinpath(name).read_text("utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    found = {row["key"]: {language: row[language] for language in LANGUAGES} for row in rows}
    if any(not text for texts in found.values() for text in texts.values()):
        raise ValueError(f"{name} lacks a text")
    return found


@dataclass(frozen=True, slots=True)
class Words:
    """All tables, read once when the application is made."""

    pages: Table
    evidence: Table
    measures: Table
    languages: Table
    relations: Mapping[str, Kind]
    licences: Mapping[str, Terms]
    messages: Mapping[str, Message]


def load(messages: Mapping[str, Message]) -> Words:
    """Read the tables. Raises ValueError for a text that is missing."""
    relations: Mapping[str, Kind] = {str(name): kind for name, kind in load_relations().items()}
    pages, account, evidence, measures, languages = (
        table(f"{name}.tsv") for name in ("ui", "account", "evidence", "measures", "languages")
    )
    return Words({**pages, **account}, evidence, measures, languages, relations, load_licences(), messages)


def choose_language(asked: str | None, accept: str) -> str:
    """The language of a page: ``?lang=``, else the first of Accept-Language that we have, else English."""
    if asked in LANGUAGES:
        return asked
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.split(",")[:20]):
        tag, _, weight = part.strip().partition(";")
        quality = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight)
        wanted.append((-(float(quality.group(1)) if quality else 1.0), place, tag.strip().lower().split("-")[0]))
    return next((tag for quality, _, tag in sorted(wanted) if tag in LANGUAGES and quality < 0), "en")


def best(values: Mapping[str, str], language: str) -> tuple[str, str]:
    """(language tag, text) of a language map: the reader's language, else English, else the first."""
    for tag in (language, "en"):
        if tag in values:
            return tag, values[tag]
    return next(((tag, values[tag]) for tag in sorted(values)), ("", ""))


def _offset(zone: str | None) -> str:
    return "" if not zone else " (UTC)" if zone in ("Z", "+00:00", "-00:00") else f" (UTC{zone})"


class Voice:
    """The words in one language."""

    def __init__(self, words: Words, language: str) -> None:
        self.words, self.language = words, language

    def __call__(self, key: str, **values: object) -> str:
        """A text of the pages with its {names} filled in."""
        known = {name: str(value) for name, value in values.items()}
        text = self.words.pages[key][self.language]
        return _FIELD.sub(lambda found: known.get(found.group(1), found.group(0)), text)

    def place(self, place: str) -> str:
        """A place in a workbook in this reader's words; XPaths and other places stay as they are."""
        place = to_add(place, self.language)
        return _CELL.sub(lambda found: self(f"place.{found.group(1)}") + found.group(2), place)

    def best(self, values: Mapping[str, str]) -> str:
        """The text of a language map for this reader."""
        return best(values, self.language)[1]

    def tag(self, values: Mapping[str, str]) -> str:
        """The language of that text, for the ``lang`` attribute; "" when unknown."""
        tag = best(values, self.language)[0]
        return "" if tag == "und" else tag

    def relation(self, name: str) -> str:
        """The public words of a relation."""
        return self.words.relations[name].words[self.language]

    def relation_from(self, match: Mapping[str, Any], iri: str) -> str:
        """The words of a relation as seen from one of its two resources."""
        inverse = f"relation.{match['relation']}.inverse"
        if match["source"] == iri and inverse in self.words.pages:
            return self(inverse)
        return self.relation(match["relation"])

    def alike(self, line: Mapping[str, Any]) -> str:
        """How alike two values are, in words."""
        score, measure = line["score"], line["measure"]
        if measure == "differs":
            return self("compare.different")
        bands = ((0.995, "same"), (0.85, "very"), (0.6, "some"), (0.3, "little"))
        return self("alike." + next((band for least, band in bands if score >= least), "not"))

    def reason(self, feature: str) -> str:
        """The words for a feature that was compared."""
        return self.words.evidence.get(feature, self.words.evidence["other"])[self.language]

    def language_name(self, tag: str) -> str:
        """The name of a language by its tag; the tag itself where the table has no name."""
        whole = self.words.languages.get(tag.lower())
        if whole is not None:
            return whole[self.language]
        names = self.words.languages.get(tag.split("-")[0].lower())
        if names is None:
            return tag
        return names[self.language] + (f" ({tag.split('-', 1)[1]})" if "-" in tag else "")

    def duration(self, value: str) -> str:
        """An xsd:duration in words ("6 hours"); the value itself where it is none."""
        found = _DURATION.fullmatch(value)
        if found is None or not any(found.groups()):
            return value
        units = _UNITS[self.language]
        counted = [(int(n), unit) for n, unit in zip(found.groups(), units, strict=True) if n and int(n)]
        return " ".join(f"{n} {unit[0] if n == 1 else unit[1]}" for n, unit in counted) or value

    def licence(self, concept: Mapping[str, Any]) -> tuple[str, str]:
        """(name, what one may do with it in plain words) of a licence."""
        if not concept["id"]:
            return self.best(concept["prefLabel"]), self("licence.other")
        short = short_name(concept["id"])
        name = self.best(concept["prefLabel"]) or short
        terms = self.words.licences.get(short)
        if terms is None:
            return name, self("licence.other")
        parts = [
            self("licence.share"),
            *([self("licence.credit")] if terms.credit else []),
            self("licence.adapt" if terms.adapt else "licence.noadapt"),
        ]
        parts.append(self("licence.sell" if terms.sell else "licence.nosell"))
        if terms.share_alike:
            parts.append(self("licence.alike"))
        return name, "; ".join(parts) + "."

    def concept(self, iri: str, labels: Mapping[str, Mapping[str, str]]) -> str:
        """A concept by its label, else by the last part of its address."""
        return self.best(labels.get(iri, {})) or short_name(iri)

    def protocol(self, name: str) -> str:
        """How a list is read, in plain words; a protocol that an installed package adds is named."""
        key = f"protocol.{name}"
        return self(key) if key in self.words.pages else self("protocol.other", name=name)

    def field(self, name: str) -> str:
        """The name of a field; a property that no page names keeps its own."""
        key = f"field.{name}"
        return self(key) if key in self.words.pages else name

    def period(self, start: str | None, end: str | None) -> str:
        """From when to when, with hours where both are known: "2026-03-31, 09:30 – 12:00 (UTC+02:00)"."""
        found = [_MOMENT.fullmatch(value or "") for value in (start, end)]
        first, last = found
        if first and last and first["day"] == last["day"]:
            hours = f"{first['time']} – {last['time']}" if first["time"] != last["time"] else first["time"]
            return f"{first['day']}, {hours}{_offset(first['zone'])}"
        told = [
            f"{moment['day']}, {moment['time']}{_offset(moment['zone'])}" if moment else (value or "")[:10]
            for moment, value in zip(found, (start, end), strict=True)
        ]
        return " – ".join(dict.fromkeys(part for part in told if part))

    def date(self, value: str) -> str:
        """A time as a date, as far as it is one."""
        return value[:10]


def text_of(values: Sequence[str]) -> str:
    """Several values as one line."""
    return " · ".join(values)
