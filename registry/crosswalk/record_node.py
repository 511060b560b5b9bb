"""The catalogue record of a described resource: what every crosswalk says about the entry itself.

``issued``, ``modified``, ``status`` and the run are added by the projection. Source: DCAT 3, class
Catalog Record; docs/profile.md, "Catalogue, record".
"""

from __future__ import annotations

from collections.abc import Iterable

from registry import iris
from registry.crosswalk import clean
from registry.crosswalk.base import Builder, MapContext
from registry.model import RawRecord
from registry.terms import Iri, Literal, is_iri, mended_iri


def describe(
    builder: Builder, record: RawRecord, context: MapContext, profile_iri: str, origins: Iterable[tuple[str, str]] = ()
) -> Iri:
    """Add the dcat:CatalogRecord of ``builder.resource`` and give its IRI.

    ``profile_iri`` names the source's format; ``origins`` are (IRI of the record at the academy or
    aggregator that it was taken from, place in the payload).
    """
    node = context.iris.record(context.feed.id, record.key)
    builder.type(iris.DCAT + "CatalogRecord", subject=node)
    builder.add(iris.FOAF + "primaryTopic", builder.resource, "", node)
    # An address that only the house itself can open says where it was read to nobody, and is not published.
    known = [a for a in map(mended_iri, (record.source, context.feed.address)) if is_iri(a)]
    source = next((a for a in (*known, context.academy.homepage) if not clean.drop_private(a)[1] and is_iri(a)), "")
    if source or known:
        builder.add(iris.DCTERMS + "source", Iri(source or known[0]), "", node)
    key = iris.safe_key(record.key) if clean.drop_private(record.key)[1] else record.key
    builder.add(iris.DCTERMS + "identifier", Literal(key), "", node)
    builder.add(iris.DCTERMS + "conformsTo", Iri(profile_iri), "", node)
    for origin, place in origins:
        builder.add(iris.PROV + "wasDerivedFrom", Iri(origin), place, node)
    return node


def is_academy(name: str, context: MapContext) -> bool:
    """Whether a name is that of the academy whose feed it is: then no agent of its own is needed."""
    academy = context.academy
    folded = clean.fold(name)
    return bool(folded) and folded in {clean.fold(word) for word in (*academy.name.values(), academy.acronym or "")}
