"""What an XML document is, from its first tags: nothing is parsed, so nothing of it can do harm.

Sources: OAI-PMH 2.0; RSS 2.0 and 1.0; RFC 4287; sitemaps.org 0.9; RDF 1.1 XML Syntax; SPARQL 1.1 Query Results
XML Format; IEEE 1484.12.3 (LOM); MODS 3; DataCite 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harvesters import oai_formats
from registry.detection.found import FAINT, LIKELY, MAYBE, SURE, Candidate
from registry.detection.sniff_rdf import of_vocabulary
from registry.model import Issue

HEAD = 400_000
OAI = "http://www.openarchives.org/OAI/2.0/"
_NAME = re.compile(r"<([A-Za-z_][\w.\-]{0,100}:)?([A-Za-z_][\w.\-]{0,100})(?=[\s/>])")
_XMLNS = re.compile(r"\bxmlns(?::([\w.\-]{1,100}))?\s{0,9}=\s{0,9}(?:\"([^\"<]{0,500})\"|'([^'<]{0,500})')")
_METADATA = re.compile(r"<(?:[\w.\-]{1,50}:)?metadata(?:\s[^<>]{0,500})?>\s{0,500}(?=<)")


@dataclass(frozen=True, slots=True)
class Tag:
    """A start tag: its namespace ("" without one) and local name."""

    namespace: str
    name: str

    @property
    def clark(self) -> str:
        """As "{namespace}name"."""
        return f"{{{self.namespace}}}{self.name}"


def root_of(text: str) -> Tag | None:
    """The first start tag of a document after its prolog; None where there is none."""
    start = _after_prolog(text)
    return tag_at(text, start, {}) if start >= 0 else None


def _after_prolog(text: str) -> int:
    """Where the root's tag begins; -1 where no tag comes."""
    at = 0
    for _ in range(100):
        at = text.find("<", at)
        if at < 0 or text[:at].strip(" \t\r\n\ufeff") and "<" not in text[:at]:
            return -1
        if text.startswith("<!--", at):
            at = text.find("-->", at)
        elif text.startswith("<?", at):
            at = text.find("?>", at)
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            bracket, close = text.find("[", at), text.find(">", at)
            at = text.find("]", bracket) if 0 <= bracket < close else close
        else:
            return at
        if at < 0:
            return -1
        at += 1
    return -1


def tag_at(text: str, start: int, known: dict[str, str]) -> Tag | None:
    """The start tag at a place; ``known`` are prefixes of the elements around it, and is added to."""
    found = _NAME.match(text, start)
    if found is None:
        return None
    end = text.find(">", start)
    inside = text[start : end if 0 <= end < start + 20_000 else start + 20_000]
    known |= {prefix: (one or other).strip() for prefix, one, other in _XMLNS.findall(inside)}
    return Tag(known.get((found[1] or "").rstrip(":"), ""), found[2])


def sniff_xml(text: str, address: str) -> list[Candidate]:
    """What XML may be read as; empty for anything else."""
    text = text[:HEAD]
    start = _after_prolog(text)
    names: dict[str, str] = {}
    root = tag_at(text, start, names) if start >= 0 else None
    if root is None:
        return []
    name = root.name.lower()
    if name.replace("-", "") == "oaipmh":
        form = _metadata_format(text, names)
        return [Candidate("oai_pmh", form, address, Issue("detect-oai", address, form or "OAI-PMH"), SURE)]
    if name in ("rss", "channel") or name == "feed" and ("atom" in root.namespace.lower() or not root.namespace):
        kind = "Atom" if name == "feed" else "RSS"
        return [Candidate("feed", "feed", address, Issue("detect-feed", address, kind), SURE)]
    if name in ("urlset", "sitemapindex"):
        return [Candidate("web_pages", "schemaorg", address, Issue("detect-sitemap", address, root.name), LIKELY)]
    if name == "rdf" and (root.namespace == "" or "rdf-syntax-ns#" in root.namespace):
        if "http://purl.org/rss/1.0/" in text[:20_000] or "http://my.netscape.com/rdf/simple/0.9/" in text[:20_000]:
            return [Candidate("feed", "feed", address, Issue("detect-feed", address, "RSS 1.0"), SURE)]
        return of_vocabulary(text, address)
    if name == "sparql" and "/sparql-results" in root.namespace:
        return [Candidate("sparql", "", address, Issue("detect-sparql", address), LIKELY)]
    return _alone(text, root, names, address) or _typed_node(text, root, address)


def _metadata_format(text: str, names: dict[str, str]) -> str:
    """Our name of the format of the first record's metadata, "" where none tells."""
    found = _METADATA.search(text)
    inner = tag_at(text, found.end(), dict(names)) if found else None
    return oai_formats.of_root(inner.clark) if inner else ""


def _alone(text: str, root: Tag, names: dict[str, str], address: str) -> list[Candidate]:
    """Records without the envelope of OAI-PMH around them: to be checked, not to be visited."""
    if root.namespace == OAI and root.name in ("record", "ListRecords", "GetRecord"):
        form = _metadata_format(text, names)
        return [Candidate("oai_pmh", form, address, Issue("detect-oai-record", address, form), LIKELY, lone=True)]
    form = oai_formats.of_namespace(root.namespace)
    if not form and (root.name, root.namespace) in (("lom", ""), ("mods", ""), ("modsCollection", "")):
        form = "lom" if root.name == "lom" else "mods"
    if form in ("lom", "mods", "datacite", "oai_dc"):
        return [Candidate("oai_pmh", form, address, Issue("detect-oai-record", address, form), LIKELY, lone=True)]
    return []


def _typed_node(text: str, root: Tag, address: str) -> list[Candidate]:
    """RDF/XML whose root is a description itself (no rdf:RDF around it)."""
    if "rdf-syntax-ns#" in text[:20_000] and re.search(r"\brdf:(?:about|ID|nodeID)\s{0,5}=", text[:20_000]):
        found = of_vocabulary(text, address)
        return [one for one in found if one.confidence > MAYBE] or [
            Candidate("rdf", "rdf", address, Issue("detect-rdf", address, root.name), FAINT)
        ]
    return []
