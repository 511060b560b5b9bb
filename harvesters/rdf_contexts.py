"""JSON-LD contexts known without asking anyone: small maps of our own, in place of remote ones.

Only what decides meaning is in them: the vocabulary, the prefixes and aliases of keywords, and the terms
whose strings are addresses. Sources: JSON-LD 1.1; schema.org 30.0; AMB; Hydra Core; DCAT 3; TREE; LDES;
ActivityStreams 2.0.
"""

from __future__ import annotations

import re
from typing import Any

from harvesters.web_jsonld import PREFIXES
from registry.iris import SCHEMA

HYDRA = "http://www.w3.org/ns/hydra/core#"
_SCHEMA = re.compile(
    r"(?:https?:)?//(?:www\.)?schema\.org(?:[/#].*)?|schema\.org/?|https?://(?:www\.)?bioschemas\.org(?:/.*)?"
)
_AMB = re.compile(r"https?://w3id\.org/kim/(?:amb|lrmi-profile)/.*")
_HYDRA = re.compile(r"https?://www\.w3\.org/ns/hydra/(?:core(?:\.jsonld)?#?|context\.jsonld)")
_DCAT = re.compile(
    r"https?://(?:semiceu\.github\.io|data\.europa\.eu|w3id\.org|www\.w3\.org|raw\.githubusercontent\.com)/"
    r"[^\s?#]*dcat[^\s?#]*(?:\.jsonld|/context/?|#)?",
    re.IGNORECASE,
)
_ACTIVITIES = re.compile(r"https?://www\.w3\.org/(?:ns|TR)/activitystreams(?:\.jsonld|#|/)?")
_STREAMS = re.compile(
    r"https?://(?:w3id\.org/(?:ldes|tree)|semiceu\.github\.io/LinkedDataEventStreams|treecg\.github\.io)(?:[/#.][^\s?]*)?",
    re.IGNORECASE,
)
_FEEDS = re.compile(r"https?://semiceu\.github\.io/LDES-DCAT-AP-feeds/[^\s?]*", re.IGNORECASE)
_ADDRESSES = (
    "hasCourseInstance",
    "hasPart",
    "isPartOf",
    "mainEntity",
    "mainEntityOfPage",
    "itemListElement",
    "sameAs",
    "url",
)
_MORE_PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "as": "https://www.w3.org/ns/activitystreams#",
    "dcatap": "http://data.europa.eu/r5r/",
    "hydra": HYDRA,
    "ldes": "https://w3id.org/ldes#",
    "ldp": "http://www.w3.org/ns/ldp#",
    "locn": "http://www.w3.org/ns/locn#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "prov": "http://www.w3.org/ns/prov#",
    "spdx": "http://spdx.org/rdf/terms#",
    "tree": "https://w3id.org/tree#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# The JSON names of DCAT-AP's own context: the property, and "@id" where the value is an address.
_DCAT_TERMS = {
    "dct": "title description identifier issued modified abstract",
    "dct @id": "publisher creator language license accessRights format type source relation isPartOf hasPart "
    "isVersionOf conformsTo spatial temporal accrualPeriodicity rights provenance isReferencedBy",
    "dcat": "keyword version byteSize bbox centroid startDate endDate",
    "dcat @id": "dataset distribution record catalog service theme themeTaxonomy landingPage contactPoint accessURL "
    "downloadURL mediaType compressFormat packageFormat accessService endpointURL endpointDescription servesDataset "
    "hasVersion previousVersion inSeries resource qualifiedRelation",
    "foaf": "name",
    "foaf @id": "homepage page primaryTopic",
}  # fmt: skip
_DCAT_CLASSES = "Catalog Dataset DataService Distribution CatalogRecord DatasetSeries Resource Relationship Role"


def known(address: str) -> dict[str, Any] | None:
    """The context that stands for a remote one; None for one that is not known."""
    address = address.strip()
    if _SCHEMA.fullmatch(address):
        return schema()
    if _AMB.fullmatch(address):
        return schema()
    if _HYDRA.fullmatch(address):
        return {
            **_prefixes(),
            "@vocab": HYDRA,
            "id": "@id",
            "type": "@type",
            **_ids(("first", "next", "previous", "last", "view", "member")),
        }
    if _ACTIVITIES.fullmatch(address):
        return _activities()
    if _STREAMS.fullmatch(address):
        return _streams()
    if _FEEDS.fullmatch(address):
        return {**_dcat(), **_streams(), **_activities()}
    if _DCAT.fullmatch(address):
        return _dcat()
    return None


def schema() -> dict[str, Any]:
    """schema.org's names without prefix, ``id`` and ``type`` as keywords."""
    return {**_prefixes(), "@vocab": SCHEMA, "id": "@id", "type": "@type", **_ids(_ADDRESSES)}


def _prefixes() -> dict[str, Any]:
    return {**PREFIXES, **_MORE_PREFIXES}


def _ids(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"@type": "@id"} for name in names}


def _activities() -> dict[str, Any]:
    """ActivityStreams: its names without prefix; the types of what else is in a document keep their own prefixes."""
    ids = ("object", "actor", "target", "origin", "items", "first", "next", "prev", "last", "partOf", "current")
    terms: dict[str, Any] = {name: {"@id": f"as:{name}", "@type": "@id"} for name in ids}
    terms |= {name: {"@id": f"as:{name}", "@type": "xsd:dateTime"} for name in ("published", "updated", "endTime")}
    terms["orderedItems"] = {"@id": "as:items", "@type": "@id", "@container": "@list"}
    kinds = "Activity Create Update Delete Add Remove Announce Move Tombstone OrderedCollection OrderedCollectionPage"
    terms |= {name: f"as:{name}" for name in [*kinds.split(), "Collection", "CollectionPage", "totalItems", "summary"]}
    return {**_prefixes(), "id": "@id", "type": "@type", **terms}


def _streams() -> dict[str, Any]:
    """LDES and TREE: the JSON names of their own contexts."""
    ldes = ("timestampPath", "versionOfPath", "sequencePath", "versionTimestampPath", "versionSequencePath",
            "versionDeletePath", "versionDeleteObject")  # fmt: skip
    terms: dict[str, Any] = {name: {"@id": f"ldes:{name}", "@type": "@id", "@container": "@list"} for name in ldes}
    terms["versionDeleteObject"] = {"@id": "ldes:versionDeleteObject", "@type": "@id"}
    for name in ("node", "member", "relation", "view", "shape"):
        terms[name] = {"@id": f"tree:{name}", "@type": "@id"}
    terms |= {"members": terms["member"], "relations": terms["relation"]}
    terms["path"] = {"@id": "tree:path", "@type": "@id", "@container": "@list"}
    terms |= {name: f"ldes:{name}" for name in ("EventStream", "EventSource", "immutable", "pollingInterval")}
    kinds = "Relation GreaterThan GreaterThanOrEqualTo LessThan LessThanOrEqualTo EqualTo InBetween"
    whole = [kind if kind == "Relation" else kind + "Relation" for kind in kinds.split()]
    terms |= {name: f"tree:{name}" for name in ["Node", "Collection", "value", *whole]}
    return {**_prefixes(), "id": "@id", "type": "@type", **terms}


def _dcat() -> dict[str, Any]:
    context: dict[str, Any] = {**_prefixes(), "id": "@id", "type": "@type"}
    for key, names in _DCAT_TERMS.items():
        prefix, _, kind = key.partition(" ")
        for name in names.split():
            term = {"@id": f"{prefix}:{name}", **({"@type": kind} if kind else {})}
            context.setdefault(name, term)
    for name in _DCAT_CLASSES.split():
        context.setdefault(name, f"dcat:{name}")
    return context
