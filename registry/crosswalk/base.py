"""What a crosswalk is: a pure function from one RawRecord to profile triples with their places.

Each format has a module here and a table ``tables/<format>.tsv`` with the columns ``source``, ``property``
(prefixed, as in docs/profile.md), ``where`` (the place where a missing value would stand; "-" where the format has
none, which is said and not left open) and ``note``. Crosswalks are found through
``registry.crosswalk.FORMATS`` and the entry point group ``meta_academy.crosswalks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from registry.iris import RDF_TYPE, SCHEMA, Iris
from registry.model import Academy, Feed, Issue, RawRecord
from registry.terms import Iri, Literal, Term, text

if TYPE_CHECKING:
    from registry.crosswalk.values import Values

Placed = tuple[Iri, Iri, Term, str]
MAX_SAID = 1_000  # of a place, or of a word in a finding


@dataclass(frozen=True, slots=True)
class MapContext:
    """What a crosswalk may know besides the record. ``values`` are the value tables, loaded once."""

    academy: Academy
    feed: Feed
    iris: Iris
    values: Values


@dataclass(frozen=True, slots=True)
class Mapped:
    """The result: placed triples (each (s, p, o) once, no blank nodes) and issues.

    ``resource`` is the main subject. Empty ``triples`` mean that the record holds no learning resource
    (then an issue says why).
    """

    resource: Iri
    triples: tuple[Placed, ...]
    issues: tuple[Issue, ...] = ()


class Crosswalk(Protocol):
    """A crosswalk is any callable of this form; it never raises on data, it emits issues."""

    def __call__(self, record: RawRecord, context: MapContext) -> Mapped:
        """Map one record."""
        ...


@dataclass(slots=True)
class Builder:
    """Collects placed triples for one record; the only mutable thing in a crosswalk."""

    resource: Iri
    _triples: dict[tuple[Iri, Iri, Term], str] = field(default_factory=dict)
    _issues: list[Issue] = field(default_factory=list)

    def add(self, predicate: str, value: Term, place: str, subject: Iri | None = None) -> None:
        """One triple; ``predicate`` is a schema.org name ("name") or a full IRI. The first place wins."""
        p = Iri(predicate) if ":" in predicate else Iri(SCHEMA + predicate)
        self._triples.setdefault((subject or self.resource, p, value), place)

    def type(self, iri: str, place: str = "", subject: Iri | None = None) -> None:
        """An rdf:type."""
        self._triples.setdefault((subject or self.resource, RDF_TYPE, Iri(iri)), place)

    def string(self, predicate: str, value: str, place: str, subject: Iri | None = None) -> None:
        """A plain xsd:string, if there is anything in it."""
        if value.strip():
            self.add(predicate, Literal(value.strip()), place, subject)

    def text(self, predicate: str, value: str, language: str, place: str, subject: Iri | None = None) -> None:
        """A language-tagged string ("und" where the language is unknown), if there is anything in it."""
        if value.strip():
            self.add(predicate, text(value.strip(), language or "und"), place, subject)

    def child(self, *path: str | int) -> Iri:
        """The IRI of a node under the resource: child("agent", 1)."""
        return Iri("/".join([self.resource, *(str(part) for part in path)]))

    def issue(self, code: str, place: str, value: str = "", **params: str) -> None:
        """Something to mend, in the academy's own payload."""
        filled = tuple(sorted((name, _whole(said[:MAX_SAID])) for name, said in params.items()))
        self._issues.append(Issue(code, _whole(place[:MAX_SAID]), _whole(value[:300]), filled))

    def objects(self, predicate: str, subject: Iri | None = None) -> list[Term]:
        """The values so far of one property."""
        p = predicate if ":" in predicate else SCHEMA + predicate
        s = subject or self.resource
        return [o for (a, b, o) in self._triples if a == s and b == p]

    def replace(self, predicate: str, old: Term, new: Term, subject: Iri | None = None) -> None:
        """Another value in an old one's place."""
        s, p = subject or self.resource, Iri(predicate if ":" in predicate else SCHEMA + predicate)
        self._triples.setdefault((s, p, new), self._triples.pop((s, p, old)))

    def mapped(self) -> Mapped:
        """The finished result."""
        placed = tuple((s, p, o, place) for (s, p, o), place in self._triples.items())
        return Mapped(self.resource, placed, tuple(self._issues))


def _whole(said: str) -> str:
    """A text that can be kept: half of a character (a lone surrogate, which JSON can hold) becomes U+FFFD."""
    return said if said.isascii() else said.encode("utf-8", "replace").decode("utf-8")


def language_map(value: Mapping[str, str], fallback: str) -> str:
    """The text of a language map in a language, else English, else the first."""
    return value.get(fallback) or value.get("en") or next(iter(value.values()), "")
