"""Namespaces, graph names and minting of IRIs: pure functions of the deployment's base address.

Policy: ASCII, no version and no extension in an instance IRI, keys from the source's own stable id
(``docs/profile.md``, "IRIs and graphs"). schema.org is stored as ``http://schema.org/`` only.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from registry.terms import Iri

SCHEMA = "http://schema.org/"
DCAT = "http://www.w3.org/ns/dcat#"
DCTERMS = "http://purl.org/dc/terms/"
FOAF = "http://xmlns.com/foaf/0.1/"
ADMS = "http://www.w3.org/ns/adms#"
PROV = "http://www.w3.org/ns/prov#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
SH = "http://www.w3.org/ns/shacl#"
DQV = "http://www.w3.org/ns/dqv#"
QB = "http://purl.org/linked-data/cube#"
SSSOM = "https://w3id.org/sssom/"
SEMAPV = "https://w3id.org/semapv/vocab/"
SPDX = "http://spdx.org/licenses/"
MA = "https://w3id.org/meta-academy/def#"
CUBE = "https://w3id.org/meta-academy/cube#"
SHAPES = "https://w3id.org/meta-academy/shapes#"

PREFIXES = {
    "schema": SCHEMA, "dcat": DCAT, "dcterms": DCTERMS, "foaf": FOAF, "adms": ADMS, "prov": PROV,
    "rdf": RDF, "rdfs": RDFS, "skos": SKOS, "sssom": SSSOM, "semapv": SEMAPV, "ma": MA,
    "xsd": "http://www.w3.org/2001/XMLSchema#", "qb": QB,
    "dqv": DQV, "void": "http://rdfs.org/ns/void#",
}  # fmt: skip

RDF_TYPE = Iri(RDF + "type")

_SAFE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,99}")


def schema(name: str) -> Iri:
    """A schema.org term."""
    return Iri(SCHEMA + name)


_COMPACT = {
    **PREFIXES,
    "dct": DCTERMS,
    "dc": "http://purl.org/dc/elements/1.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
}


def compact(iri: str) -> str:
    """An IRI with a well-known prefix ("dct:title"), for people; others as <…>."""
    for prefix, namespace in _COMPACT.items():
        if prefix != "dcterms" and iri.startswith(namespace) and re.fullmatch(r"[\w-]+", iri[len(namespace) :]):
            return f"{prefix}:{iri[len(namespace) :]}"
    found = re.fullmatch(r"https?://(?:www\.)?schema\.org/([\w-]+)", iri)
    return f"schema:{found[1]}" if found else f"<{iri}>"


def safe_key(key: str) -> str:
    """The key as a path segment: itself when it is safe, else the first 16 hex digits of its SHA-256."""
    if _SAFE_KEY.fullmatch(key):
        return key
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]


# Names that only a house's own name server knows: reserved (RFC 6761, 6762, 8375) or never delegated (ICANN).
_PRIVATE_ENDS = frozenset(
    "local localhost localdomain lan intra intranet internal corp home private priv workgroup loc lcl mshome "
    "onion".split()
)
_PRIVATE_LABEL = re.compile(r"(?:intra|intranet|internal|localhost)[0-9]{0,3}")
_LAST_LABEL = re.compile(r"xn--[a-z0-9-]{1,59}|[a-z]{2,63}")


def private_host(host: str) -> bool:
    """Whether a host is of no use outside its house: no public address, a bare name, or an intranet's name.

    "intranet", "10.1.2.3", "[fd00::1]", "srv.local", "moodle.stat.intra" and "intranet.stat.example" are.
    """
    host = host.strip("[]").rstrip(".").lower()
    try:
        return not ipaddress.ip_address(host.partition("%")[0]).is_global
    except ValueError:
        labels = host.split(".")
    if len(labels) < 2 or labels[-1] in _PRIVATE_ENDS or host.endswith(".home.arpa"):
        return True
    return not _LAST_LABEL.fullmatch(labels[-1]) or any(map(_PRIVATE_LABEL.fullmatch, labels))


# Letters of names in Latin, Greek and Cyrillic; "@" also as it stands in addresses. "vue@3.2.1" is a version.
_LETTERS = "A-Za-z0-9\u00c0-\u024f\u0370-\u03ff\u0400-\u052f"
_LABEL = rf"[{_LETTERS}-]{{1,99}}"  # more than a host may have: what is nearly an address goes too
EMAIL = re.compile(
    rf"(?:mailto:)?[{_LETTERS}._%+'-]{{1,64}}(?:[@\uff20]|%40)"
    rf"(?:{_LABEL}(?:\.{_LABEL}){{0,9}}\.(?![0-9])[{_LETTERS}-]{{2,99}}|[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}})"
)
LEFT_OUT = "\u2039@\u203a"
"""What stands in a payload where an e-mail address stood: that there was one is told, and the address not kept."""


def without_emails(text: str) -> str:
    """A text as it may be kept: each e-mail address replaced by ``LEFT_OUT``."""
    return EMAIL.sub(LEFT_OUT, text) if "@" in text or "%40" in text or "\uff20" in text else text


_HOUSE = re.compile(r"https?://([^\s/?#<>\"'|]{1,300})|file:/|\\\\\w|(?<!\w)[A-Za-z]:\\", re.IGNORECASE)
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_READERS_OWN = frozenset(["localhost", "127.0.0.1", "::1"])


def public_key(key: str) -> str:
    """The key as it may be shown: one that holds an e-mail address, or names a house's own host or drive, is shown
    as its digest, as is one that cannot be shown. A reader's own machine tells nothing of anybody's house."""
    odd = "@" in key or _NO_TEXT.search(key) is not None or any(map(_in_house, _HOUSE.finditer(key)))
    return safe_key(key) if odd else key


def tells_private(text: str) -> bool:
    """Whether a text holds an e-mail address, or names a house's own host, drive or file."""
    return without_emails(text) != text or any(map(_in_house, _HOUSE.finditer(text)))


def _in_house(found: re.Match[str]) -> bool:
    if not found[1]:
        return True
    try:
        host = urlsplit(found[0]).hostname or ""
    except ValueError:
        return False
    return host not in _READERS_OWN and private_host(host)


def owns(owner: str, subject: str) -> bool:
    """Whether an IRI belongs to an owner: is it, or stands under it (rule 4 of the house)."""
    return subject == owner or subject.startswith(owner + "/")


@dataclass(frozen=True, slots=True)
class Iris:
    """Mints the IRIs of one deployment; ``base`` has no slash at its end."""

    base: str

    def record(self, feed: str, key: str) -> Iri:
        """The dcat:CatalogRecord, which is also the name of its graph."""
        return Iri(f"{self.base}/id/record/{feed}/{safe_key(key)}")

    def resource(self, feed: str, key: str) -> Iri:
        """The learning resource or event as this feed describes it."""
        return Iri(f"{self.base}/id/resource/{feed}/{safe_key(key)}")

    def catalog(self, academy: str) -> Iri:
        """The dcat:Catalog of an academy."""
        return Iri(f"{self.base}/id/catalog/{academy}")

    def academy(self, academy: str) -> Iri:
        """The academy as a schema:Organization."""
        return Iri(f"{self.base}/id/agent/{academy}")

    def run(self, feed: str, stamp: str) -> Iri:
        """The prov:Activity of one harvest; ``stamp`` is its UTC start in digits."""
        return Iri(f"{self.base}/id/run/{feed}/{stamp}")

    def match(self, left: str, right: str) -> Iri:
        """The match on an unordered pair of resources."""
        pair = "|".join(sorted((left, right)))
        return Iri(f"{self.base}/id/match/{hashlib.sha256(pair.encode()).hexdigest()[:20]}")

    def work(self, identifier: str) -> Iri:
        """All forms of one course, or what is listed several times among them."""
        return Iri(f"{self.base}/id/work/{identifier}")

    def concept(self, scheme: str, notation: str) -> Iri:
        """A concept of one of our schemes."""
        return Iri(f"{self.base}/id/concept/{scheme}/{notation}")

    def scheme(self, scheme: str) -> Iri:
        """A concept scheme."""
        return Iri(f"{self.base}/id/scheme/{scheme}")

    def graph(self, name: str) -> Iri:
        """A graph that is not a record's: catalog/{academy}, provenance/{feed}, vocab/{scheme},
        agents, matches, derived/relations, derived/works, tombstones, ontology, shapes."""
        return Iri(f"{self.base}/graph/{name}")
