"""Loops: records that come back to us through another registry, and those that we harvest first-hand.

An aggregator passes on what it was given. What was given by this registry itself is recognised by its addresses
and not published a second time; what one of our own feeds brings from its origin yields to that feed's record.
Sources: OAI-PMH 2.0 guidelines, provenance container (prov:wasDerivedFrom, as GetRecord addresses); docs/profile.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from registry.crosswalk import clean
from registry.crosswalk.base import MapContext, Mapped
from registry.iris import DCTERMS, PROV, SCHEMA, owns
from registry.model import Academy, Issue, RawRecord
from registry.terms import Iri, Literal

OURS = "loop-ours"
FIRST_HAND = "loop-first-hand"
_ORIGINS = frozenset(
    [PROV + "wasDerivedFrom", DCTERMS + "source", *(SCHEMA + n for n in ("isBasedOn", "sameAs", "url", "identifier"))]
)
_KINDS = ("record", "resource")


@dataclass(frozen=True, slots=True)
class KnownFeed:
    """A feed of this registry, as another academy's records may name it."""

    id: str
    protocol: str
    address: str


def known_feeds(academies: Iterable[Academy]) -> tuple[KnownFeed, ...]:
    """All feeds of some academies."""
    return tuple(KnownFeed(one.id, one.protocol, one.address) for academy in academies for one in academy.feeds)


def ours(record: RawRecord, mapped: Mapped, context: MapContext) -> Issue | None:
    """That a record is one of this registry's own, told with the address of ours; None when it is not."""
    own = context.iris.resource(context.feed.id, record.key), context.iris.record(context.feed.id, record.key)
    for origin, place in _origins(record, mapped, context):
        for kind in _KINDS:
            start = f"{context.iris.base}/id/{kind}/"
            parts = origin.removeprefix(start).split("/") if origin.startswith(start) else []
            if len(parts) >= 2 and all(parts[:2]):
                found = start + "/".join(parts[:2]).split("?")[0].split("#")[0]
                if found not in own:
                    return Issue(OURS, place, found)
    if owns(context.iris.base, record.source) or record.source.startswith(context.iris.base + "/?"):
        return Issue(OURS, record.locator, record.source)
    return None


def first_hand(
    record: RawRecord, mapped: Mapped, context: MapContext, known: Iterable[KnownFeed]
) -> tuple[tuple[str, str], Issue] | None:
    """The (feed, key) of ours that harvests a record at its origin, and what is said of it; None without one."""
    feeds = {_address(one.address): one.id for one in known if one.protocol == "oai_pmh"}
    if not feeds:
        return None
    here = _address(context.feed.address)
    for s, p, o, place in mapped.triples:
        if p != PROV + "wasDerivedFrom" or s != context.iris.record(context.feed.id, record.key):
            continue
        if not isinstance(o, Iri):
            continue
        base, key = _oai(o)
        if key and base in feeds and base != here:
            there = context.iris.record(feeds[base], key)
            return (feeds[base], key), Issue(FIRST_HAND, place, o[:300], (("feed", feeds[base]), ("ours", there)))
    return None


def _oai(origin: str) -> tuple[str, str]:
    """The address of a repository and the identifier of the record, "" where an address is no GetRecord."""
    try:
        query = parse_qs(urlsplit(origin).query, max_num_fields=20)
    except ValueError:
        return "", ""
    return (_address(origin), query["identifier"][0]) if query.get("identifier") else ("", "")


def _address(address: str) -> str:
    bare = address.partition("?")[0].partition("#")[0]
    return clean.canonical_url(bare) or bare.rstrip("/").lower()


def _origins(record: RawRecord, mapped: Mapped, context: MapContext) -> Iterator[tuple[str, str]]:
    subjects = (mapped.resource, context.iris.record(context.feed.id, record.key))
    for s, p, o, place in mapped.triples:
        if p in _ORIGINS and s in subjects:
            yield (o.value if isinstance(o, Literal) else str(o)), place
