"""Loops: records that come back to us through another registry, and those that we harvest first-hand.

An aggregator passes on what it was given. What was given by this registry itself is recognised by its addresses
and not published a second time; what one of our own feeds brings from its origin yields to that feed's record.
An adaptation that cites our address as what it is based on is a record of its own, unless it is the same thing:
its own address or identifier is ours, or its title is that of our record, which who has the ledger decides.
Sources: OAI-PMH 2.0 guidelines, provenance container (prov:wasDerivedFrom, as GetRecord addresses); docs/profile.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from registry.crosswalk import clean
from registry.crosswalk.base import MapContext, Mapped
from registry.iris import DCTERMS, FOAF, PROV, SCHEMA
from registry.model import Academy, Issue, RawRecord
from registry.terms import Iri, Literal, by_subject

OURS = "loop-ours"
FIRST_HAND = "loop-first-hand"
_ORIGINS = frozenset(
    [PROV + "wasDerivedFrom", DCTERMS + "source", *(SCHEMA + name for name in ("sameAs", "url", "identifier"))]
)
_BASED_ON = frozenset([SCHEMA + "isBasedOn"])
_KINDS = ("record", "resource")
MAX_CITED = 20
# Where this registry gives its records away; an academy's own pages may stand beside it under the same host.
_OUTLETS = ("/id/", "/graph/", "/api/", "/oai", "/sparql")


@dataclass(frozen=True, slots=True)
class Origin:
    """A repository's address (as ``address_of`` gives it), the record's identifier there, and who says so where."""

    address: str
    key: str
    place: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A record of ours that another says it is based on: its IRI, our address as it was cited, and where."""

    record: Iri
    address: str
    place: str


def repositories(academies: Iterable[Academy]) -> dict[str, str]:
    """{address: feed id} of the feeds whose keys are identifiers that others pass on (OAI-PMH)."""
    found: dict[str, str] = {}
    for academy in academies:
        for feed in academy.feeds:
            if feed.protocol == "oai_pmh":
                found.setdefault(address_of(feed.address), feed.id)
    return found


def ours(record: RawRecord, mapped: Mapped, context: MapContext) -> Issue | None:
    """That a record is one of this registry's own, told with the address of ours; None when it is not."""
    found = next(_cited(record, mapped, context, _ORIGINS), None)
    if found is not None:
        return Issue(OURS, found.place, found.address)
    if record.source.startswith(tuple(context.iris.base + path for path in _OUTLETS)):
        return Issue(OURS, record.locator, record.source)
    return None


def based_on(record: RawRecord, mapped: Mapped, context: MapContext) -> tuple[Cited, ...]:
    """The records of ours that a record says it is based on; a loop only where ``same_title`` says so too."""
    return tuple(dict.fromkeys(_cited(record, mapped, context, _BASED_ON)))[:MAX_CITED]


def same_title(stated: str, ours: str) -> bool:
    """Whether two record graphs (canonical N-Triples) have a title in common; case, accents, punctuation apart."""
    return not _titles(stated).isdisjoint(_titles(ours))


def _titles(graph: str) -> set[str]:
    described = by_subject(graph)
    about = {str(topic) for values in described.values() for topic in values.get(FOAF + "primaryTopic", ())}
    names = (name for topic in about for name in described.get(topic, {}).get(SCHEMA + "name", ()))
    return {clean.fold(name.value) for name in names if isinstance(name, Literal)} - {""}


def origins(record: RawRecord, mapped: Mapped, context: MapContext) -> tuple[Origin, ...]:
    """The repositories that a record was read from before it came to this feed, nearest first."""
    node, here = context.iris.record(context.feed.id, record.key), address_of(context.feed.address)
    found: dict[tuple[str, str], Origin] = {}
    for s, p, o, place in mapped.triples:
        if s == node and p == PROV + "wasDerivedFrom" and isinstance(o, Iri):
            base, key = _oai(o)
            if base and key and base != here:
                found.setdefault((base, key), Origin(base, key, place))
    return tuple(found.values())


def _oai(origin: str) -> tuple[str, str]:
    """The address of a repository and the identifier of the record, "" where an address is no GetRecord."""
    try:
        query = parse_qs(urlsplit(origin).query, max_num_fields=20)
    except ValueError:
        return "", ""
    return (address_of(origin), query["identifier"][0]) if query.get("identifier") else ("", "")


def address_of(address: str) -> str:
    """The address of a repository as two spellings of it compare equal."""
    bare = address.partition("?")[0].partition("#")[0]
    return clean.canonical_url(bare) or bare.rstrip("/").lower()


def _cited(record: RawRecord, mapped: Mapped, context: MapContext, predicates: frozenset[str]) -> Iterator[Cited]:
    """The records of this registry, other than itself, that a record names by one of the predicates."""
    own = context.iris.resource(context.feed.id, record.key), context.iris.record(context.feed.id, record.key)
    subjects = (mapped.resource, own[1])
    for s, p, o, place in mapped.triples:
        if p not in predicates or s not in subjects:
            continue
        origin = o.value if isinstance(o, Literal) else str(o)
        for kind in _KINDS:
            start = f"{context.iris.base}/id/{kind}/"
            parts = origin.removeprefix(start).split("/")[:2] if origin.startswith(start) else []
            if len(parts) == 2 and all(parts):
                entry = "/".join(parts).split("?")[0].split("#")[0]
                if start + entry not in own:
                    yield Cited(Iri(f"{context.iris.base}/id/record/{entry}"), start + entry, place)
