"""Corrections: a person's fix of a harvested record, applied each time the record is prepared.

What the source says now is compared with what it said when the correction was made: a change is told, and the
correction stays until a person decides. The entry states each correction: which property, what the source says,
who, when and why (``ma:Correction``, docs/profile.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from registry.crosswalk import clean
from registry.crosswalk.base import MapContext, Mapped, Placed
from registry.iris import DCTERMS, MA, PROV, RDF_TYPE
from registry.model import Correction, Issue, RawRecord
from registry.terms import RDF_LANG_STRING, XSD, Iri, Literal, Term, from_ntriples, is_iri, term

CHANGED, AGREES, APPLIED = "correction-source-changed", "correction-source-agrees", "correction-applied"


def terms(lines: str) -> list[Term]:
    """Terms from lines of N-Triples. Raises ValueError for what is none."""
    return [o for _, _, o in from_ntriples("".join(f"<urn:s> <urn:p> {row} .\n" for row in lines.splitlines()))]


def lines(values: Iterable[Term]) -> str:
    """Terms as sorted lines of N-Triples, each once."""
    return "\n".join(sorted({term(value) for value in values}))


def shown(values: str) -> str:
    """Terms as people read them: "Titre@fr | Title@en"."""
    found = []
    for one in terms(values):
        plain = one.value if isinstance(one, Literal) else one
        found.append(f"{plain}@{one.language}" if isinstance(one, Literal) and one.language else plain)
    return " | ".join(found)[:300]


def scope(values: Sequence[Term], instead: str, new: str) -> list[Term]:
    """The values of a property that a correction replaces: one, those of its language, or all.

    A text whose language is unknown is replaced by one whose language is known.
    """
    if instead:
        return [value for value in values if term(value) == instead]
    fresh = terms(new)
    languages = {one.language for one in fresh if isinstance(one, Literal) and one.datatype == RDF_LANG_STRING}
    if not fresh or len(languages) == 0:
        return list(values)
    return [value for value in values if isinstance(value, Literal) and value.language in (*languages, "und", "")]


def apply(record: RawRecord, mapped: Mapped, context: MapContext, corrections: Sequence[Correction]) -> Mapped:
    """The record as corrected, with the statements about its corrections and what is to be told of them."""
    if not corrections or not mapped.triples:
        return mapped
    node = context.iris.record(context.feed.id, record.key)
    placed = {(s, p, o): place for s, p, o, place in mapped.triples}
    issues = list(mapped.issues)
    stated: list[Placed] = []
    for one in corrections:
        p = Iri(one.property)
        values = {o: place for (s, q, o), place in placed.items() if s == mapped.resource and q == p}
        replaced = scope(list(values), one.instead, one.new)
        place = next((values[value] for value in replaced), "")
        issues.append(_told(one, lines(replaced), place))
        for value in replaced:
            del placed[(mapped.resource, p, value)]
        for value in terms(one.new):
            placed[(mapped.resource, p, value)] = f"correction {one.id}"
        stated += _stated(one, Iri(f"{node}/correction/{one.id}"), node, replaced)
    triples = tuple((s, p, o, place) for (s, p, o), place in placed.items())
    return replace(mapped, triples=(*triples, *stated), issues=tuple(issues))


def _told(one: Correction, now: str, place: str) -> Issue:
    params = {
        "field": one.property.rpartition("/")[2].rpartition("#")[2], "new": shown(one.new) or "–",
        "old": shown(one.old) or "–", "number": str(one.id), "reason": clean.drop_emails(one.reason)[0][:300],
    }  # fmt: skip
    code = APPLIED if now == one.old else AGREES if now == one.new else CHANGED
    return Issue(code, place, shown(now), tuple(sorted(params.items())))


def _stated(one: Correction, about: Iri, node: Iri, replaced: Iterable[Term]) -> list[Placed]:
    """One correction as the entry tells of it."""
    place = f"correction {one.id}"
    by: Term = (
        Iri(one.author)
        if one.author.startswith(("http://", "https://")) and is_iri(one.author)
        else Literal(one.author)
    )
    triples: list[tuple[Iri, str, Term]] = [
        (node, MA + "correction", about),
        (about, RDF_TYPE, Iri(MA + "Correction")),
        (about, MA + "correctedProperty", Iri(one.property)),
        (about, MA + "correctedBy", by),
        (about, DCTERMS + "description", Literal(one.reason)),
        (about, PROV + "generatedAtTime", Literal(one.time, XSD + "dateTime")),
        *((about, MA + "sourceValue", value) for value in replaced),
    ]
    return [(s, Iri(p), o, place) for s, p, o in triples]
