"""Identifiers of agents and works as the addresses that they resolve to.

Sources: the registries' own patterns (orcid.org, ror.org, isni.org, wikidata.org, viaf.org, d-nb.info, idref.fr);
RFC 3187 and RFC 3044 (urn:isbn, urn:issn); hdl.handle.net.
"""

from __future__ import annotations

import re

from registry.crosswalk import clean
from registry.terms import Iri, is_iri

_REGISTRY = re.compile(
    r"https?://(?:ror\.org/0[a-z0-9]{8}|(?:www\.)?wikidata\.org/(?:entity|wiki)/Q\d{1,12}|(?:www\.)?isni\.org/(?:isni/)?"
    r"\d{15}[\dX]|viaf\.org/viaf/\d{1,22}|d-nb\.info/gnd/[\dX-]{5,12}|(?:www\.)?idref\.fr/\d{8}[\dX])/?",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:urn|info|hdl|ark|oai|swh|mailto):\S+$", re.IGNORECASE)


def registry_iri(text: str) -> str | None:
    """An identifier of a person or organisation as an address: ORCID, ROR, ISNI, Wikidata, VIAF, GND, IdRef."""
    word = text.strip()
    orcid = clean.orcid(word)
    if orcid is not None:
        return orcid
    if re.fullmatch(r"(?:ror\.org/)?0[a-hj-km-np-tv-z0-9]{6}\d{2}", word, re.IGNORECASE):
        return "https://ror.org/" + word[-9:].lower()
    if _REGISTRY.fullmatch(word) is None:
        return None
    address = clean.url(word.rstrip("/").replace("wikidata.org/wiki/", "wikidata.org/entity/"))
    return address.replace("http://ror.org", "https://ror.org") if address else None


def target(text: str, kind: str = "") -> Iri | None:
    """What an identifier of a known kind ("doi", "handle", "isbn" …), or of a form of its own, resolves to."""
    word = text.strip()
    found = clean.doi(word)
    if found is None and kind == "doi":
        return None
    found = found or clean.url(word)
    if found is None:
        bare = re.sub(r"^[A-Za-z]+:\s*", "", word)
        if kind in ("isbn", "issn", "eissn"):  # "978-92-1 (pbk.)": what follows is about the print
            bare = re.split("[(:;]", bare)[0].strip()
        stem = {
            "handle": "https://hdl.handle.net/", "hdl": "https://hdl.handle.net/", "arxiv": "https://arxiv.org/abs/",
            "pmid": "https://pubmed.ncbi.nlm.nih.gov/", "issn": "urn:issn:", "eissn": "urn:issn:", "isbn": "urn:isbn:",
            "ark": "https://n2t.net/ark:", "purl": "https://purl.org/",
        }.get(kind)  # fmt: skip
        if stem is not None and bare and not re.search(r"\s", bare):
            found = stem + (bare.replace("-", "") if kind == "isbn" else bare)
        elif _SCHEME.match(word) and not word.lower().startswith("mailto:"):
            found = word
    return Iri(found) if found and is_iri(found) else None
