"""JSON-LD blocks of a page as plain objects whose keys are schema.org names or absolute IRIs.

No context is ever fetched: those of schema.org, Bioschemas and AMB are known here by a rule (their keys are
schema.org names), inline contexts are read for ``@vocab``, ``@language``, prefixes and term aliases.
Source: JSON-LD 1.1, the parts that pages use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin

from registry.model import Issue

MAX_DEPTH = 40
MAX_OBJECTS = 20_000

SCHEMA = "http://schema.org/"
_SCHEMA_CONTEXT = re.compile(r"https?://(?:www\.)?schema\.org(?:[/#].*)?")
_SLOPPY_CONTEXT = re.compile(r"(?:https?:)?/{0,2}(?:www\.)?schema\.org/?#?", re.IGNORECASE)
_KIN_CONTEXT = re.compile(
    r"https?://(?:www\.)?bioschemas\.org(?:/.*)?"
    r"|https?://w3id\.org/kim/(?:amb|lrmi-profile)/(?:[\w.-]+/)?context\.json(?:ld)?"
)
_SHORT = re.compile(
    r"https?://(?:www\.)?schema\.org/|http://purl\.org/dcx/lrmi-terms/"
    r"|https?://(?:www\.)?bioschemas\.org/(?:types/|terms/|properties/)?(?=[A-Za-z]+(?:/|$))"
)
_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")
_KEYWORDS = frozenset({"@id", "@type", "@value", "@language", "@list", "@set", "@graph", "@included"})
PREFIXES = {
    "schema": SCHEMA,
    "sdo": SCHEMA,
    "bioschemas": "https://bioschemas.org/",
    "lrmi": "http://purl.org/dcx/lrmi-terms/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dct": "http://purl.org/dc/terms/",
    "dcterms": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
}

Node = dict[str, Any]


def short(iri: str) -> str:
    """A schema.org, LRMI or Bioschemas term as its bare name, any other IRI as it is."""
    found = _SHORT.match(iri)
    if found is None:
        return iri
    name = iri[found.end() :]
    return name.split("/")[0] if "bioschemas" in found[0] else name


def clean(text: str) -> str:
    """Without control characters (but line ends and tabs), lone surrogates as U+FFFD."""
    return _BAD.sub(lambda bad: "\ufffd" if bad[0] >= "\ud800" else "", text)


@dataclass(frozen=True, slots=True)
class Term:
    """What an inline context says of a term."""

    iri: str
    container: str = ""
    kind: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """The active context: what keys and types mean, the language of strings, the base of addresses.

    ``given`` tells whether the block names any context at all; ``vocab`` None means an unknown vocabulary.
    """

    base: str
    vocab: str | None = None
    prefixes: Mapping[str, str] = field(default_factory=lambda: PREFIXES)
    terms: Mapping[str, Term] = field(default_factory=dict)
    language: str = ""
    given: bool = False

    def iri(self, value: str, *, vocab: bool = True) -> str | None:
        """The IRI of a key or type (a keyword stays), or None where the context does not tell."""
        if value.startswith("@"):
            return value
        if vocab and value in self.terms:
            return self.terms[value].iri
        prefix, colon, rest = value.partition(":")
        if colon and not rest.startswith("//"):
            if prefix in self.prefixes:
                return self.prefixes[prefix] + rest
            return value if prefix in ("urn", "doi", "mailto", "tag") else None
        if colon:
            return value
        if vocab and self.vocab is not None:
            return {"id": "@id", "type": "@type"}.get(value, self.vocab + value)
        return None

    def address(self, value: str) -> str:
        """An ``@id``: absolute, with prefixes spelt out; a blank node label stays."""
        value = clean(value).strip()
        prefix, colon, rest = value.partition(":")
        if value.startswith("_:"):
            return value
        if colon and not rest.startswith("//") and prefix in self.prefixes:
            return self.prefixes[prefix] + rest
        try:
            return urljoin(self.base, value)
        except ValueError:
            return value


@dataclass(slots=True)
class Reader:
    """Reads the blocks of one page; collects issues and counts objects against the bound."""

    base: str
    issues: list[Issue] = field(default_factory=list)
    objects: int = 0
    _told: set[tuple[str, str]] = field(default_factory=set)

    def issue(self, code: str, place: str, value: str = "") -> None:
        """An issue, once per page for the same value."""
        if (code, value) not in self._told:
            self._told.add((code, value))
            self.issues.append(Issue(code, place, value[:300]))

    def block(self, value: Any, number: int) -> list[Node]:
        """The top objects of a block; ``number`` counts the page's JSON-LD blocks from 1 (0: the page itself)."""
        place = f"script[{number}]" if number else ""
        roots = self._value(value, Context(self.base), place, 0, number)
        found: list[Node] = []
        for root in roots if isinstance(roots, list) else [roots]:
            if isinstance(root, dict):
                found.extend(_graph(root))
        return found

    def context(self, value: Any, active: Context, place: str) -> Context:
        """The active context after an ``@context``."""
        if value is None:
            return Context(self.base)
        if isinstance(value, list):
            for number, item in enumerate(value[:50]):
                active = self.context(item, active, f"{place}/{number}")
            return active
        if isinstance(value, str):
            return self._remote(value, active, place)
        if not isinstance(value, dict):
            self.issue("web-unknown-context", place, str(value))
            return active
        prefixes, terms = dict(active.prefixes), dict(active.terms)
        if isinstance(vocab := value.get("@vocab"), str):
            active = replace(active, vocab=_normal(vocab))
        if isinstance(language := value.get("@language"), str):
            active = replace(active, language=language)
        if isinstance(base := value.get("@base"), str):
            active = replace(active, base=urljoin(self.base, base))
        for key, definition in list(value.items())[:1000]:
            if key.startswith("@"):
                continue
            entry = definition if isinstance(definition, dict) else {"@id": definition}
            iri = entry.get("@id", key)
            if not isinstance(iri, str):
                continue
            if isinstance(definition, str) and definition[-1:] in "/#?:" and not definition.startswith("@"):
                prefixes[key] = _normal(definition)
                continue
            resolved = replace(active, prefixes=prefixes, terms={}).iri(iri)
            if resolved is None or entry.get("@reverse"):
                self.issue("web-unknown-context", f"{place}/{key}", str(definition))
                continue
            container, kind = entry.get("@container", ""), entry.get("@type", "")
            terms[key] = Term(
                _normal(resolved),
                "@language" if "@language" in container else "",
                kind if isinstance(kind, str) else "",
                entry["@language"] if isinstance(entry.get("@language"), str) else None,
            )
        return replace(active, prefixes=prefixes, terms=terms)

    def _remote(self, value: str, active: Context, place: str) -> Context:
        address = value.strip()
        if _SCHEMA_CONTEXT.fullmatch(address) or _KIN_CONTEXT.fullmatch(address):
            return replace(active, vocab=SCHEMA)
        if _SLOPPY_CONTEXT.fullmatch(address):
            self.issue("web-no-context", place, value)
            return replace(active, vocab=SCHEMA)
        self.issue("web-unknown-context", place, value)
        return active

    def _value(self, value: Any, context: Context, place: str, depth: int, block: int) -> Any:
        if depth > MAX_DEPTH or self.objects > MAX_OBJECTS:
            self.issue("web-too-large", place, f"{MAX_DEPTH} levels, {MAX_OBJECTS} objects")
            return None
        if isinstance(value, list):
            items = [
                self._value(item, context, f"{place}/{number}", depth + 1, block) for number, item in enumerate(value)
            ]
            return [leaf for item in items for leaf in (item if isinstance(item, list) else [item])]
        if isinstance(value, dict):
            return self._object(value, context, place, depth, block)
        if isinstance(value, str):
            return clean(value)
        return value

    def _object(self, value: Mapping[str, Any], context: Context, place: str, depth: int, block: int) -> Any:
        self.objects += 1
        if "@context" in value:
            context = replace(self.context(value["@context"], context, f"{place}/@context"), given=True)
        elif not context.given and ("@type" in value or "type" in value) and not _says_itself(value):
            self.issue("web-no-context", f"{place}/@context")
            context = replace(context, vocab=SCHEMA, given=True)
        out: Node = {"@place": place}
        for key, content in value.items():
            if key == "@context" or content is None:
                continue
            term = context.terms.get(key)
            name = context.iri(key)
            where = f"{place}/{key}"
            if name is None or (name.startswith("@") and name not in _KEYWORDS):
                if name != "@index":
                    self.issue("web-unknown-term", where, key)
                continue
            if name in ("@list", "@set"):
                return self._value(content, context, where, depth + 1, block)
            if name == "@id":
                if isinstance(content, str) and content.strip():
                    address = context.address(content)
                    out["@id"] = f"_:{block}-{address[2:]}" if address.startswith("_:") else address
            elif name == "@type":
                out["@type"] = self._types(content, context, where)
            elif name in ("@value", "@language"):
                out[name] = clean(content) if isinstance(content, str) else content
            else:
                _put(out, short(name), self._property(content, context, term, where, depth, block))
        if context.language and "@value" not in out:
            out.setdefault("@language", context.language)
        return out

    def _property(self, content: Any, context: Context, term: Term | None, where: str, depth: int, block: int) -> Any:
        if term is not None and term.container == "@language" and isinstance(content, dict):
            return [
                {"@place": f"{where}/{tag}", "@value": text, **({"@language": tag} if tag != "@none" else {})}
                for tag, texts in content.items()
                for text in (texts if isinstance(texts, list) else [texts])
                if isinstance(text, str)
            ]
        if term is not None and term.kind == "@id" and isinstance(content, str):
            return context.address(content)
        read = self._value(content, context, where, depth + 1, block)
        if term is not None and term.language is not None and isinstance(read, str):
            return {"@place": where, "@value": read, "@language": term.language}
        return read

    def _types(self, content: Any, context: Context, where: str) -> list[str]:
        names: list[str] = []
        for item in content if isinstance(content, list) else [content]:
            iri = context.iri(item.strip()) if isinstance(item, str) and item.strip() else None
            if iri is None:
                self.issue("web-unknown-term", where, str(item))
            elif short(iri) not in names:
                names.append(short(iri))
        return names


def _normal(iri: str) -> str:
    """schema.org's namespace in its one form."""
    return re.sub(r"^https?://(?:www\.)?schema\.org(?:/|$)", SCHEMA, iri)


def _says_itself(value: Mapping[str, Any]) -> bool:
    """Whether an object without context uses full IRIs as keys or types."""
    types = value.get("@type", value.get("type"))
    return any(_ABSOLUTE.match(str(item)) for item in (types if isinstance(types, list) else [types]))


def _put(out: Node, key: str, value: Any) -> None:
    """Add a value to a property that may have some."""
    if value is None or value == []:
        return
    if key in out:
        before = out[key] if isinstance(out[key], list) else [out[key]]
        value = [*before, *(value if isinstance(value, list) else [value])]
    out[key] = value


def _graph(node: Node) -> list[Node]:
    """An object and the members of its ``@graph``; the shell is left out when it says nothing itself."""
    members: list[Node] = []
    for key in ("@graph", "@included"):
        content = node.pop(key, [])
        for item in content if isinstance(content, list) else [content]:
            if isinstance(item, dict):
                members.extend(_graph(item))
    says = [key for key in node if key not in ("@place", "@id", "@language")]
    return [node, *members] if says else members
