"""Where a list in RDF goes on: next pages, and documents that a catalogue names without describing them.

Sources: Hydra Core (PartialCollectionView; the older PagedCollection); LDP Paging 1.0; RFC 8288 (Link);
ActivityStreams 2.0; DCAT 3 §6.3; VoID §3.3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from harvesters.rdf_graph import Graph, Object
from registry.iris import DCAT, DCTERMS, RDF_TYPE
from registry.terms import Iri, Literal

HYDRA = "http://www.w3.org/ns/hydra/core#"
LDP = "http://www.w3.org/ns/ldp#"
AS = "https://www.w3.org/ns/activitystreams#"
VOID = "http://rdfs.org/ns/void#"
_NEXT = (HYDRA + "next", HYDRA + "nextPage", LDP + "nextPage", AS + "next", "http://www.w3.org/1999/xhtml/vocab#next")
_FIRST = (HYDRA + "first", HYDRA + "firstPage", AS + "first", LDP + "firstPage")
_MEMBERS = (
    DCAT + "catalog", DCAT + "dataset", DCAT + "resource", DCAT + "service", HYDRA + "member", LDP + "contains",
    VOID + "subset",
)  # fmt: skip
# What a container or list says of a document that it does not describe (LDP 1.0 §5.2; Solid: posix, media type).
_KEPT_OF = re.compile(
    r"http://www\.w3\.org/(?:ns/(?:posix/stat|ldp)#|1999/02/22-rdf-syntax-ns#type$|2000/01/rdf-schema#label$)|"
    r"http://purl\.org/dc/terms/(?:modified|created|issued|format)$"
)
_NO_DATA = re.compile(
    r"http://www\.w3\.org/(?:ns/ldp#NonRDFSource$|ns/iana/media-types/(?!text/(?:turtle|n3)|application/(?:ld\+json|"
    r"rdf\+xml|n-triples|n-quads|trig|octet-stream)))"
)
_LINK = re.compile(r"<([^<>]{1,2000})>([^<]{0,1000})")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,]+))", re.IGNORECASE)
_TYPE = re.compile(r";\s*type\s*=\s*\"?([^\";,]+)", re.IGNORECASE)
_TAG = re.compile(r"<link\s([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-z]{1,20})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_RDF_TYPES = frozenset({
    "text/turtle", "application/n-triples", "application/n-quads", "application/trig", "application/rdf+xml",
    "application/ld+json",
})  # fmt: skip


def plain(address: str) -> str:
    """An address without its fragment: what is asked for."""
    return address.partition("#")[0]


def next_pages(graph: Graph, headers: Mapping[str, str], here: str) -> list[str]:
    """The addresses of the page after this one (more than one only where a document holds several lists)."""
    found = [urljoin(here, address) for address, rel, _ in links(headers) if "next" in rel]
    for node in graph.nodes:
        found += _addresses(graph.objects(node, *_NEXT), here)
    return list(dict.fromkeys(plain(address) for address in found))


def first_pages(graph: Graph, here: str) -> list[str]:
    """Where a collection begins that has no member on this page."""
    found = [one for node in graph.nodes for one in _addresses(graph.objects(node, *_FIRST), here)]
    return list(dict.fromkeys(plain(one) for one in found if plain(one) != plain(here)))


def members(graph: Graph, here: str) -> list[str]:
    """Documents of things that are listed and not described here, and dumps.

    What a container keeps of its files (type, date, size) is no description of what they hold.
    """
    found: dict[str, None] = {}
    for node in graph.nodes:
        catalogues = (DCTERMS + "hasPart",) if DCAT + "Catalog" in graph.types(node) else ()
        contained = set(graph.objects(node, LDP + "contains"))
        for value in graph.objects(node, *_MEMBERS, *catalogues):
            if not isinstance(value, Iri) or value in graph.records:
                continue
            said = set(graph.nodes.get(value, ()))
            kept = value in contained and all(map(_KEPT_OF.match, said))
            if (kept and not any(map(_NO_DATA.match, graph.types(value)))) or said <= {RDF_TYPE}:
                found[plain(value)] = None
    return [address for address in found if address != plain(here) and address.startswith(("http://", "https://"))]


def dumps(graph: Graph, here: str) -> list[str]:
    """The files that a description of a data set (VoID) names."""
    found = [one for node in graph.nodes for one in _addresses(graph.objects(node, VOID + "dataDump"), here)]
    return list(dict.fromkeys(plain(one) for one in found if plain(one) != plain(here)))


def total(graph: Graph) -> int | None:
    """How many members the list says it has; None where it does not, or several lists are told of."""
    said = {
        int(value.value)
        for node in graph.nodes
        for value in graph.objects(node, HYDRA + "totalItems", AS + "totalItems")
        if isinstance(value, Literal) and re.fullmatch(r"[0-9]{1,9}", value.value)
    }
    return said.pop() if len(said) == 1 else None


def alternates(headers: Mapping[str, str], page: bytes, here: str) -> list[str]:
    """The RDF that a web page says it has beside it, in Link headers and link elements."""
    found = [(address, rel, kind) for address, rel, kind in links(headers)]
    for tag in _TAG.findall(page[:200_000].decode("utf-8", "replace"))[:200]:
        said = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(tag)}
        found.append((said.get("href", ""), said.get("rel", "").lower().split(), said.get("type", "").lower()))
    beside = {"alternate", "describedby", "meta"}
    wanted = (address for address, rel, kind in found if address and kind in _RDF_TYPES and beside & set(rel))
    return list(dict.fromkeys(_joined(here, address) for address in wanted))


def links(headers: Mapping[str, str]) -> list[tuple[str, list[str], str]]:
    """(address, relations, media type) of each Link header."""
    out = []
    for address, rest in _LINK.findall(headers.get("link", "")[:20_000]):
        rel, kind = _REL.search(rest), _TYPE.search(rest)
        relations = (rel[1] or rel[2] or "").lower().split() if rel else []
        out.append((address, relations, kind[1].strip().lower() if kind else ""))
    return out


def same_host(address: str, other: str, allowed: tuple[str, ...] = ()) -> bool:
    """Whether two addresses are of one host, or the first is of an allowed one."""
    try:
        one, two = urlsplit(address), urlsplit(other)
    except ValueError:
        return False
    return (one.hostname or "") == two.hostname or one.netloc in allowed or (one.hostname or "") in allowed


def _joined(here: str, address: str) -> str:
    try:
        return urljoin(here, address)
    except ValueError:
        return address


def _addresses(values: list[Object], here: str) -> list[str]:
    """Addresses among values, also where one stands as a text (older Hydra)."""
    words = [str(one.value) if isinstance(one, Literal) else str(one) for one in values]
    return [whole for word in words if (whole := _joined(here, word)).startswith(("http://", "https://"))]
