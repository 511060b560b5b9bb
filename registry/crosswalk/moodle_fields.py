"""Fields that a Moodle site defines for its courses (level, duration, licence …) → the profile.

The feed's ``[feeds.columns]`` says what a field means, by its short name or its name; usual names are known
(``tables/moodle_fields.tsv``). The meanings are fields of the table template. Source: Moodle, customfield plugins
(checkbox, date, number, select, text, textarea).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from registry.crosswalk import clean
from registry.crosswalk.json_node import items
from registry.crosswalk.moodle_read import MAX_LINE, Reader, line, number
from registry.crosswalk.table_lengths import length
from registry.iris import MA, SCHEMA
from registry.terms import XSD, Iri, Literal

_CONCEPTS = {
    "level": ("level", "educationalLevel"), "audience": ("audience", "audience"), "mode": ("modality", "courseMode"),
    "type": ("resource-type", "learningResourceType"), "access": ("access", "conditionsOfAccess"),
    "status": ("work-status", "creativeWorkStatus"),
}  # fmt: skip
_SCHEMES = ("gsbpm", "gamso", "csa", "ost")
_TEXTS = {"outcomes": "teaches", "prerequisites": "coursePrerequisites", "recognition": "educationalCredentialAwarded"}
_STRINGS = {"version": "version", "code": "courseCode", "id": "identifier"}
_DATES = {"created": "dateCreated", "published": "datePublished", "modified": "dateModified"}
_LINKS = {
    "is_based_on": "isBasedOn", "translation_of": "translationOfWork", "not_same_as": MA + "notSameAs",
    "is_part_of": "isPartOf", "url": "sameAs",
}  # fmt: skip
_AGENTS = {"authors": "author", "contributors": "contributor", "publisher": "publisher", "provider": "provider"}
_ONE = frozenset(["level", "access", "status"])
_AMOUNT = re.compile(r"(?:([A-Z]{3}|[€$£])\s?)?(\d{1,7}(?:[.,]\d{1,2})?)\s?([A-Z]{3}|[€$£])?")
_MONEY = {"€": "EUR", "£": "GBP"}
_UNIT = re.compile(r"\b(?:h|hours?|heures?|horas?|stunden|ore)\b|hours?$|heures?$|horas?$")


@cache
def _usual() -> Mapping[str, str]:
    rows = files(__package__).joinpath("tables", "moodle_fields.tsv").read_text("utf-8").splitlines()
    return {_squeezed(row["name"]): row["field"] for row in csv.DictReader(rows, delimiter="\t")}


def _squeezed(name: str) -> str:
    return clean.fold(name).replace(" ", "")


def languages(read: Reader, course: Mapping[str, Any]) -> list[str]:
    """The languages that a field of the site's own names, as tags."""
    found: list[str] = []
    for one, place, field, _ in _fields(read, course):
        if field == "languages":
            found += filter(None, map(read.context.values.language, _items(read, _value(one), place)))
    return list(dict.fromkeys(found))


def write(read: Reader, course: Mapping[str, Any]) -> None:
    """All fields that have a value; one that nobody says the meaning of is told."""
    for one, place, field, name in _fields(read, course):
        value = _value(one)
        if not value or field == "ignored":
            continue
        if not field or not _put(read, field, value, place, name):
            shown, own = clean.drop_emails(value[:300])[0], line(one.get("shortname")) or line(one.get("name"))
            read.words.build.issue("moodle-field", place, shown, field=own)


def _fields(read: Reader, course: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str, str, str]]:
    """(field, place, what it means, its names) of each; it means "" where nobody says."""
    own = {_squeezed(name): field for name, field in read.context.feed.columns.items()}
    for position, one in enumerate(items(course.get("customfields"))[:200]):
        if isinstance(one, dict):
            place = f"/course/customfields/{position}/value"
            names = [_squeezed(text) for key in ("shortname", "name") for _, text in read.texts(one.get(key), place)]
            meant = next((own[name] for name in names if name in own), "")
            yield (
                one,
                place,
                meant or next((_usual()[name] for name in names if name in _usual()), ""),
                " ".join(names),
            )


def _value(one: Mapping[str, Any]) -> str:
    """What a field says: of a check box yes or no, of a date its day, else as it is shown; "" for none."""
    kind, raw = line(one.get("type")).lower(), one.get("valueraw")
    if kind == "checkbox" and number(raw) is not None:
        return "yes" if number(raw) else "no"
    if kind == "date" and number(raw) is not None:
        return str(number(raw)) if number(raw) else ""
    shown = one.get("value")
    if kind == "select" and number(raw) == 0:
        return ""  # nothing was chosen
    return str(shown).strip() if isinstance(shown, str | int | float) and not isinstance(shown, bool) else ""


def _put(read: Reader, field: str, value: str, place: str, name: str) -> bool:
    """Write one value; False for a field that has no meaning here."""
    build, values = read.words.build, read.context.values
    if values.is_ignored(field, clean.text(value[:MAX_LINE])):
        return True
    if field in _CONCEPTS:
        _concepts(read, field, value, place)
    elif field in _SCHEMES or field in ("about", "fields"):
        _subjects(read, field, value, place)
    elif field == "keywords":
        for tag, text in read.texts(value, place):
            for word in clean.split_list(text, comma=True):
                build.text("keywords", word[:300], tag, place)
    elif field in _TEXTS:
        for tag, text in read.texts(value, place, 1):
            for part in text.split("\n") if field == "outcomes" else [text]:
                build.text(_TEXTS[field], part.strip(" -•*")[:MAX_LINE], tag, place)
    elif field in ("description", "subtitle"):
        for tag, text in read.texts(value, place, 1):
            if field == "subtitle":
                build.text("alternateName", " ".join(text.split())[:MAX_LINE], tag, place)
            else:
                build.text("abstract" if build.objects("description") else "description", text, tag, place)
    elif field == "languages":
        for word in _items(read, value, place):
            language = values.language(word)
            if language is None:
                build.issue("value-language", place, word, field=field)
            else:
                build.string("inLanguage", language, place)
    elif field in ("license", "licence"):
        for _, text in read.texts(value, place)[:1]:
            licence = values.licence(_first_address(value)) or values.licence(text)
            if licence is not None:
                build.add("license", licence, place)
            else:
                build.string("license", text[:500], place)
                build.issue("value-licence", place, text, field=field)
    elif field == "duration":
        _duration(read, value, place, name)
    elif field in ("free", "cost"):
        _cost(read, field, value, place)
    elif field in _STRINGS:
        for _, text in read.texts(value, place)[:1]:
            build.string(_STRINGS[field], text[:MAX_LINE], place)
    elif field in _DATES:
        stamp = read.moment(value) if value.isdecimal() else clean.date(clean.line(value))
        if stamp is None:
            build.issue("moodle-date", place, value, field=field)
        elif not build.objects(_DATES[field]):
            build.add(_DATES[field], stamp, place)
    elif field in _LINKS or field == "doi":
        _links(read, field, value, place)
    elif field in _AGENTS:
        for word in _items(read, value, place, comma=False):
            agent = read.words.agent(word, place, None if field in ("authors", "contributors") else False)
            if agent is not None:
                build.add(_AGENTS[field], agent, place)
    else:
        return False
    return True


def _items(read: Reader, value: str, place: str, comma: bool = True) -> list[str]:
    """The words of a list; of a text in several languages those of the first."""
    texts = read.texts(value.replace("<br", "|<br").replace("</li>", "</li>|"), place)[:1]
    return [word for _, text in texts for word in clean.split_list(text, comma=comma)]


def _concepts(read: Reader, field: str, value: str, place: str) -> None:
    """Words of a controlled list; of a word in several languages each may be the one that is known."""
    build, values = read.words.build, read.context.values
    scheme, predicate = _CONCEPTS[field]
    texts = [text for _, text in read.texts(value, place)]
    whole = next((found for text in texts if (found := values.concept(scheme, text))), None)
    if whole is not None:
        build.add(predicate, whole, place)
        return
    for word in _items(read, value, place):
        concept = values.concept(scheme, word)
        if field in _ONE and build.objects(predicate):
            build.issue("moodle-several", place, word, field=field)
        elif concept is not None:
            build.add(predicate, concept, place)
        elif not values.is_ignored(field, word):
            build.string(predicate, word[:300], place)
            build.issue("value-unknown", place, word, field=field, scheme=scheme)


def _subjects(read: Reader, field: str, value: str, place: str) -> None:
    build, values = read.words.build, read.context.values
    for tag, text in read.texts(value, place):
        for word in [text] if values.topic(text) else clean.split_list(text, comma=True):
            subject = values.concept(field, word) if field in _SCHEMES else values.topic(word)
            if subject is not None:
                build.add("about", subject, place)
            elif field in _SCHEMES:
                build.string("about", word[:300], place)
                build.issue("value-unknown", place, word, field=field, scheme=field)
            else:
                build.text("keywords", word[:300], tag, place)


def _duration(read: Reader, value: str, place: str, name: str) -> None:
    """How long the learning takes; a bare number takes its unit from the field's name."""
    for _, text in read.texts(value, place)[:1]:
        span = length(text)
        if span is None and re.fullmatch(r"\d{1,4}(?:[.,]\d{1,2})?", text):
            unit = "h" if _UNIT.search(name) else "days" if re.search(r"jours?$|days?$|dias?$", name) else ""
            span = length(f"{text} {unit}") if unit else None
        if span is None:
            read.words.build.issue("moodle-duration", place, text)
        elif not read.words.build.objects("timeRequired"):
            read.words.build.add("timeRequired", Literal(span, XSD + "duration"), place)


def _cost(read: Reader, field: str, value: str, place: str) -> None:
    """A price, or whether there is one."""
    build = read.words.build
    text = clean.line(value[:MAX_LINE])
    found = _AMOUNT.fullmatch(text)
    free = clean.boolean(text) if field == "free" or found is None else None
    if found is not None and field == "cost":
        amount, money = found[2].replace(",", "."), found[1] or found[3] or ""
        free = not float(amount)
        if not free:
            offer = build.child("offer", 1)
            build.add("offers", offer, place)
            build.type(SCHEMA + "Offer", place, offer)
            build.add("price", Literal(amount, XSD + "decimal"), place, offer)
            build.string("priceCurrency", _MONEY.get(money, money if len(money) == 3 else ""), place, offer)
    if free is None:
        build.issue("moodle-cost", place, text)
    elif not build.objects("isAccessibleForFree"):
        build.add("isAccessibleForFree", Literal(str(free).lower(), XSD + "boolean"), place)


def _first_address(value: str) -> str:
    found = re.search(r"https?://[^\s\"'<>]{1,500}", value)
    return found[0] if found else value


def _links(read: Reader, field: str, value: str, place: str) -> None:
    build, address = read.words.build, _first_address(clean.line(value))
    target = clean.doi(address) or clean.url(address)
    if target is not None:
        build.add("identifier" if field == "doi" else _LINKS[field], Iri(target), place)
    else:
        build.issue("moodle-address", place, clean.line(value)[:300])
