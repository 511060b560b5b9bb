"""Metadata formats of OAI-PMH by namespace, prefix and root element: which one we read each as, the richest first.

A prefix is only a name that a repository chose; what it stands for is its metadataNamespace (OAI-PMH 2.0
§4.4), and what a record really holds is the namespace of its metadata's root element.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from registry.model import RawRecord

# Our names of the formats, the richest first; oai_dc is what every repository must have.
PREFERRED = ("rdf", "lom", "datacite", "mods", "oai_dc")
_NAMESPACES = (
    (re.compile(r"https?://www\.w3\.org/1999/02/22-rdf-syntax-ns#?"), "rdf"),
    (re.compile(r"https?://(?:www\.)?(?:ltsc\.ieee\.org/(?:xsd|schema)/.*|imsglobal\.org/xsd/imsmd.*|lom-fr\.fr/.*|"
                r"oerbw\.de/hsoerlom.*)|https?://w3id\.org/kim/hs-oer-lom.*", re.IGNORECASE), "lom"),
    (re.compile(r"https?://(?:schema\.)?datacite\.org/(?:oai|schema|meta)/.*", re.IGNORECASE), "datacite"),
    (re.compile(r"https?://www\.loc\.gov/(?:standards/)?mods(?:/.*)?", re.IGNORECASE), "mods"),
    (re.compile(r"https?://www\.openarchives\.org/OAI/2\.0/oai_dc/?|https?://purl\.org/dc/elements/1\.[01]/?",
                re.IGNORECASE), "oai_dc"),
)  # fmt: skip
# For listings without namespaces, and prefixes whose namespace is wrong or unknown.
_PREFIXES = (
    (re.compile(r"(?:oai_)?rdf|bioschemas?(?:_rdf)?"), "rdf"),
    (re.compile(r"(?:oai[_-])?(?:ieee[_-])?(?:sup|sco|my)?lom(?:[_-]?fr|[_-]?v?1.*|[_-]?ims|[_-]es)?|ims_?md|"
                r"(?:oai_)?hs[_-]?oer[_-]?lom"), "lom"),
    (re.compile(r"(?:oai_)?datacite(?:[_-]?v?[34](?:[._]\d)?)?"), "datacite"),
    (re.compile(r"(?:oai_)?mods(?:[_-]?v?3.*)?"), "mods"),
    (re.compile(r"oai_dc"), "oai_dc"),
)  # fmt: skip
_ROOTS = {
    "lom": "lom", "oai_datacite": "datacite", "mods": "mods", "modscollection": "mods", "rdf": "rdf", "dc": "oai_dc",
}  # fmt: skip
# RDF/XML under OAI-PMH may be anything (bibliographies of EPrints, works of DSpace); these words are read.
_LEARNING = re.compile(rb"https?://schema\.org/|http://www\.w3\.org/ns/dcat#")
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Offered:
    """One entry of ListMetadataFormats."""

    prefix: str
    namespace: str = ""

    @property
    def form(self) -> str:
        """Our name of the format, "" for one that is not read here."""
        return of_namespace(self.namespace) or ("" if _other(self.namespace) else of_prefix(self.prefix))


def _other(namespace: str) -> bool:
    """Whether a namespace says for sure that it is another format than its prefix may let one think."""
    return re.search(r"marc|dcat|mets|didl|atom|xoai|lido|ead|dim", namespace.rpartition("//")[2], re.I) is not None


def of_namespace(namespace: str) -> str:
    """Our name of the format that a namespace stands for, "" for none."""
    return next((form for pattern, form in _NAMESPACES if pattern.fullmatch(namespace.strip())), "")


def of_prefix(prefix: str) -> str:
    """Our name of the format that a metadataPrefix usually stands for, "" for none."""
    return next((form for pattern, form in _PREFIXES if pattern.fullmatch(prefix.strip().lower())), "")


def of_root(tag: str) -> str:
    """Our name of the format of a metadata element, from "{namespace}name"; "" where nothing tells."""
    namespace, _, name = tag.rpartition("}")
    return of_namespace(namespace[1:]) or _ROOTS.get(name.lower(), "")


def candidates(offered: Sequence[Offered], form: str | None) -> list[Offered]:
    """What of it can be read, the richest first; with ``form`` (our name or a prefix) only what is of it."""
    if form:
        exact = [one for one in offered if one.prefix == form]
        return exact or [one for one in offered if one.form == form]
    return [one for wanted in PREFERRED for one in sorted(offered, key=_plainness) if one.form == wanted]


def _plainness(one: Offered) -> tuple[bool, bool]:
    """Of two prefixes of one format the one that the standard names comes first; newer kernels before older."""
    return one.prefix not in PREFERRED, "3" in one.prefix


def holds_learning(records: Sequence[RawRecord]) -> bool:
    """Whether RDF/XML records speak of what is read here; nothing to judge by counts as yes."""
    sample = [one.payload for one in records if not one.deleted and not one.broken][:_SAMPLE]
    return not sample or any(_LEARNING.search(payload) for payload in sample)
