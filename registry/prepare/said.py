"""Values as a person writes them for a correction, read by the profile: which properties, which kinds of value.

``properties.tsv`` lists what can be corrected: ``property`` (prefixed), ``kind``, ``scheme`` of a concept, and
whether ``several`` values may be given, parted by "|". Source: docs/profile.md, "Learning resource", transforms.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from registry.crosswalk import clean
from registry.crosswalk.values import Values
from registry.iris import PREFIXES
from registry.terms import XSD, Iri, Literal, Term, is_iri, text

REMOVE = "remove"


class BadValue(ValueError):
    """A property or value that cannot be used; the text says what is expected."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property that can be corrected."""

    iri: Iri
    name: str
    kind: str
    scheme: str
    several: bool


def properties() -> dict[str, Property]:
    """All of them, by name: "license", "dcterms:relation"."""
    table = files(__package__).joinpath("properties.tsv").read_text("utf-8").splitlines()
    found = {}
    for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
        prefix, _, local = row["property"].partition(":")
        name = local if prefix == "schema" else row["property"]
        iri = Iri(PREFIXES[prefix] + local)
        found[name] = Property(iri, name, row["kind"], row["scheme"], row["several"] == "yes")
    return found


def property_named(name: str) -> Property:
    """A property by its name, with or without a prefix, or by its IRI. Raises BadValue that lists them all."""
    known = properties()
    wanted = name.strip().removeprefix("schema:")
    for one in known.values():
        if wanted in (one.name, str(one.iri), one.iri.replace("http:", "https:")):
            return one
    raise BadValue(f"{name!r} cannot be corrected; there are: {', '.join(known)}")


def read(said: str, one: Property, values: Values, language: str = "") -> list[Term]:
    """The terms that a person means; none for "remove". ``language`` is that of texts without "@fr" at their end.

    Raises BadValue.
    """
    if said.strip() == REMOVE:
        return []
    items = [item.strip() for item in said.split("|")] if one.several else [said.strip()]
    found = [_READERS[one.kind](item, one, values, language) for item in items if item]
    if not found:
        raise BadValue(f"there is no value; to take {one.name} away, write {REMOVE}")
    return list(dict.fromkeys(found))


def _text(item: str, one: Property, values: Values, language: str) -> Term:
    words, mark, tag = item.rpartition("@")
    known = values.language(tag) if mark and " " not in tag else None
    plain = clean.text(words if known else item)
    plain = plain if one.name in ("description", "abstract") else " ".join(plain.split())
    safe, email = clean.drop_emails(plain)
    if not safe or email:
        raise BadValue(f"{item!r} must be a text without an e-mail address")
    return text(plain, known or language or "und")


def _string(item: str, one: Property, values: Values, language: str) -> Term:
    return Literal(clean.line(item))


def _address(item: str, one: Property, values: Values, language: str) -> Term:
    found = clean.doi(item) or clean.url(item)
    if found is None:
        raise BadValue(f"{item!r} must be a full public address such as https://www.example.org/course")
    return Iri(found)


def _identifier(item: str, one: Property, values: Values, language: str) -> Term:
    doi = clean.doi(item)
    return Iri(doi) if doi else Literal(clean.line(item))


def _language(item: str, one: Property, values: Values, language: str) -> Term:
    found = values.language(item)
    if found is None:
        raise BadValue(f"{item!r} must be a language such as en, fr or pt-BR")
    return Literal(found)


def _licence(item: str, one: Property, values: Values, language: str) -> Term:
    found = values.licence(item)
    if found is None:
        raise BadValue(f"{item!r} must be a licence with its version, such as CC-BY-4.0, or its address")
    return found


def _concept(item: str, one: Property, values: Values, language: str) -> Term:
    found = values.concept(one.scheme, item)
    if found is None:
        known = sorted(set(values.schemes.get(one.scheme, {}).values()))
        raise BadValue(f"{item!r} must be one of: {', '.join(known)}")
    return found


def _subject(item: str, one: Property, values: Values, language: str) -> Term:
    scheme, mark, notation = item.partition(":")
    named = values.concept(scheme.strip(), notation.strip()) if mark and scheme.strip() in values.schemes else None
    found = named or values.subject(item)
    if found is None and is_iri(item) and "/isced-f/" in item:
        found = Iri(item)
    if found is None:
        raise BadValue(f"{item!r} must be a topic by its code or name, such as gsbpm:sp-5.3; schemes are:"
                       f" {', '.join(sorted(values.schemes))}")  # fmt: skip
    return found


def _date(item: str, one: Property, values: Values, language: str) -> Term:
    found = clean.date(item)
    if found is None:
        raise BadValue(f"{item!r} must be a date such as 2026-03-31")
    return found


def _duration(item: str, one: Property, values: Values, language: str) -> Term:
    found = clean.duration(item)
    if found is None:
        raise BadValue(f"{item!r} must be a duration with its unit, such as PT3H, 3 h or 2 days")
    return Literal(found, XSD + "duration")


def _boolean(item: str, one: Property, values: Values, language: str) -> Term:
    found = clean.boolean(item)
    if found is None:
        raise BadValue(f"{item!r} must be yes or no")
    return Literal("true" if found else "false", XSD + "boolean")


_READERS: Mapping[str, Callable[[str, Property, Values, str], Term]] = {
    "text": _text, "string": _string, "address": _address, "identifier": _identifier, "language": _language,
    "licence": _licence, "concept": _concept, "subject": _subject, "date": _date, "duration": _duration,
    "boolean": _boolean,
}  # fmt: skip
