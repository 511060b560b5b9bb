"""Entries as the catalogue will show them, from the graphs that would be published."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from registry.iris import FOAF, SCHEMA, SPDX
from registry.model import Change
from registry.report.model import Card, Texts
from registry.terms import Described, Iri, Literal, Term, by_subject

MOST_TEXT = 300
Labels = Callable[[set[str]], Mapping[str, Mapping[str, str]]]
"""{concept IRI: {language: label}} of the concepts asked for."""
_CONCEPTS = ("learningResourceType", "educationalLevel", "license", "about")


def cards(changes: Sequence[Change], labels: Labels) -> tuple[Card, ...]:
    """Cards of published records, in their order."""
    graphs = [(change, by_subject(change.stated), by_subject(change.inferred)) for change in changes if change.stated]
    wanted = {
        str(value)
        for _, stated, inferred in graphs
        for described in (*stated.values(), *inferred.values())
        for name in _CONCEPTS
        for value in described.get(SCHEMA + name, ())
        if isinstance(value, Iri)
    }
    known = labels(wanted)
    return tuple(_card(change, stated, inferred, known) for change, stated, inferred in graphs)


def _card(change: Change, stated: Described, inferred: Described, known: Mapping[str, Mapping[str, str]]) -> Card:
    topics = stated.get(change.subject, {}).get(FOAF + "primaryTopic", [])
    resource = str(topics[0]) if topics else ""
    said, found = stated.get(resource, {}), inferred.get(resource, {})

    def values(name: str) -> list[Term]:
        return sorted((*said.get(SCHEMA + name, ()), *found.get(SCHEMA + name, ())), key=_value)

    def named(name: str) -> tuple[Texts, ...]:
        return tuple(_label(term, known) for term in values(name))

    def first(name: str) -> str:
        return next((_value(term) for term in values(name)), "")

    dated = [said, *(stated.get(_value(run), {}) for run in said.get(SCHEMA + "hasCourseInstance", ()))]
    address = first("url")
    return Card(
        change.key,
        _texts(values("name")),
        {tag: _short(text) for tag, text in _texts(values("description")).items()},
        named("learningResourceType"), named("educationalLevel"), named("license"), named("about"),
        tuple(_value(term) for term in values("inLanguage")),
        address if address.lower().startswith(("http://", "https://")) else "",
        min(_dates(dated, "startDate"), default=""),
        max(_dates(dated, "endDate"), default=""),
        _places(stated, dated),
    )  # fmt: skip


def _dates(dated: Iterable[Mapping[str, Sequence[Term]]], name: str) -> list[str]:
    return [_value(term) for one in dated for term in one.get(SCHEMA + name, ())]


def _places(stated: Described, dated: Iterable[Mapping[str, Sequence[Term]]]) -> tuple[Texts, ...]:
    found: dict[str, Texts] = {}
    for one in dated:
        for term in one.get(SCHEMA + "location", ()):
            node = stated.get(_value(term), {})
            names = _texts(node.get(SCHEMA + "name", ()))
            for address in node.get(SCHEMA + "address", ()):
                names = names or _texts(stated.get(_value(address), {}).get(SCHEMA + "addressLocality", ()))
            if names:
                found[str(sorted(names.items()))] = names
    return tuple(found.values())


def _value(term: Term) -> str:
    return term.value if isinstance(term, Literal) else str(term)


def _texts(terms: Iterable[Term]) -> dict[str, str]:
    found: dict[str, str] = {}
    for term in terms:
        if isinstance(term, Literal):
            found.setdefault(term.language or "und", term.value)
    return found


def _label(term: Term, known: Mapping[str, Mapping[str, str]]) -> Texts:
    """A concept's labels; the licence of SPDX by its identifier, another word as it stands."""
    if isinstance(term, Literal):
        return {term.language or "und": term.value}
    if term.startswith(SPDX):
        return {"und": term.removeprefix(SPDX)}
    return known.get(str(term)) or {"und": re.split(r"[/#]", str(term).rstrip("/"))[-1] or str(term)}


def _short(text: str) -> str:
    line = " ".join(text.split())
    if len(line) <= MOST_TEXT:
        return line
    return line[:MOST_TEXT].rsplit(" ", 1)[0] + " …"
