"""What matching knows of a record: its features, read once from the record's graph.

Everything is bounded (titles, addresses, authors, text), so that no record costs more than another.
Source of the properties: docs/profile.md, "Learning resource".
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from operator import attrgetter

from registry.iris import DCAT, DCTERMS, FOAF, MA, RDF, SCHEMA
from registry.matching.normalise import (
    Tables,
    canonical_url,
    detect,
    identifier,
    language,
    person,
    repository,
    slug,
    tokens,
)
from registry.matching.titles import Title, parse
from registry.model import Change
from registry.terms import Literal, Term, by_subject

BINS = 64
"""Bins of the one-permutation MinHash sketch of a description."""
MIN_SHINGLES = 20
"""Descriptions of fewer word pairs are not sketched: they prove nothing."""
MAX_VALUES = 20
EMPTY = 0xFFFF
"""An empty bin; full ones hold less."""
DECLARED = (
    (SCHEMA + "sameAs", "same"),
    (SCHEMA + "translationOfWork", "translation-of"),
    (SCHEMA + "workTranslation", "translated-as"),
    (DCAT + "previousVersion", "previous"),
    (DCAT + "hasVersion", "has-version"),
    (DCTERMS + "isVersionOf", "previous"),
    (SCHEMA + "isBasedOn", "based-on"),
    (SCHEMA + "isPartOf", "part-of"),
    (SCHEMA + "hasPart", "has-part"),
    (DCTERMS + "relation", "related"),
    (MA + "notSameAs", "not-same"),
)
"""The properties by which a source itself relates its resource to another, and our short names."""


@dataclass(frozen=True, slots=True)
class Features:
    """One record as matching sees it. ``own`` are keys of its identity (identifier, address, IRI),
    ``declared`` pairs of (short name of the property, key of the other resource). Dates are ISO strings as
    stated, ``minutes`` the learning time, ``sketch`` the description's MinHash, 16 bits a bin."""

    resource: str
    record: str
    feed: str
    titles: tuple[Title, ...]
    languages: tuple[str, ...]
    written: str
    own: tuple[str, ...]
    declared: tuple[tuple[str, str], ...]
    repositories: tuple[tuple[str, str, str], ...]
    slugs: tuple[tuple[tuple[str, ...], str], ...]
    codes: tuple[str, ...]
    authors: tuple[str, ...]
    about: tuple[str, ...]
    levels: tuple[str, ...]
    types: tuple[str, ...]
    keywords: tuple[str, ...]
    licence: str
    minutes: int
    created: str
    published: str
    modified: str
    starts: tuple[str, ...]
    version: str
    summary: str
    sketch: tuple[int, ...]

    def to_json(self) -> str:
        """As stored in the working file: a list of a list of the values, and of lists of those of each title."""
        titles, *rest = _values(self)
        return _written([rest, *map(_title_values, titles)])


_values = attrgetter("titles", *(field.name for field in fields(Features) if field.name != "titles"))
_title_values = attrgetter(*(field.name for field in fields(Title)))
_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def from_json(data: str) -> Features:
    """Read what ``to_json`` wrote."""
    values, *titles = json.loads(data)
    resource, record, feed, languages, written, own, declared, repositories, slugs, codes, *values = values
    authors, about, levels, types, keywords, licence, minutes, created, published, modified, *values = values
    starts, version, summary, sketched = values
    return Features(
        resource, record, feed, tuple(Title(*one[:3], *map(tuple, one[3:])) for one in titles), tuple(languages),
        written, tuple(own), tuple(map(tuple, declared)), tuple(map(tuple, repositories)),
        tuple((tuple(words), named) for words, named in slugs), tuple(codes), tuple(authors), tuple(about),
        tuple(levels), tuple(types), tuple(keywords), licence, minutes, created, published, modified, tuple(starts),
        version, summary, tuple(sketched),
    )  # fmt: skip


def sketch(words: Sequence[str]) -> tuple[int, ...]:
    """One-permutation MinHash over a text's word pairs: the least hash in each of 64 bins; () for a short text."""
    pairs = {f"{one} {next_}" for one, next_ in pairwise(words)}
    if len(pairs) < MIN_SHINGLES:
        return ()
    bins = [1 << 32] * BINS
    crc = zlib.crc32
    for pair in pairs:
        mixed = (crc(pair.encode()) * 0x9E3779B1) & 0xFFFFFFFF
        slot, value = mixed & 63, mixed >> 6
        if value < bins[slot]:
            bins[slot] = value
    # The least hashes are small numbers: their low bits tell them apart.
    return tuple(EMPTY if value == 1 << 32 else value % EMPTY for value in bins)


def likeness(left: tuple[int, ...], right: tuple[int, ...]) -> float | None:
    """Estimated Jaccard similarity of two sketched texts, None where one has no sketch."""
    if not left or not right:
        return None
    filled = [(a, b) for a, b in zip(left, right, strict=True) if a != EMPTY or b != EMPTY]
    return sum(a == b for a, b in filled) / len(filled)


def minutes(duration: str) -> int:
    """An ISO 8601 duration in minutes (a week 5 days, a day 6 hours of learning), 0 when it is none."""
    found = re.fullmatch(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:\d+S)?)?", duration.strip())
    if found is None:
        return 0
    weeks, days, hours, mins = (int(group[:6]) if group else 0 for group in found.groups())
    return ((weeks * 5 + days) * 6 + hours) * 60 + mins


def _texts(values: Iterable[Term]) -> list[str]:
    return sorted({value.value if isinstance(value, Literal) else str(value) for value in values})[:MAX_VALUES]


def _first(values: Iterable[Term]) -> str:
    texts = _texts(values)
    return texts[0][:40] if texts else ""


def keys_of(value: str) -> list[str]:
    """The identity keys of one address or identifier."""
    found = [key for key in (identifier(value),) if key]
    address = canonical_url(value)
    if address and not address.startswith(("doi.org/", "dx.doi.org/")):
        found.append("url:" + address)
    return found


def extract(change: Change, tables: Tables) -> Features:
    """The features of a record's change. Raises ValueError if its graph names no primary topic."""
    described = by_subject(change.stated)
    topics = described.get(change.subject, {}).get(FOAF + "primaryTopic", [])
    if not topics:
        raise ValueError(f"the graph of {change.subject} has no foaf:primaryTopic")
    resource = _texts(topics)[0]
    node = described.get(resource, {})
    base = resource.partition("/id/resource/")[0] + "/"

    def values(name: str) -> list[Term]:
        return node.get(SCHEMA + name, [])

    own = {"iri:" + resource}
    # A repository holds many things: it is a resource's own address only where it has no other.
    elsewhere = set(_texts(values("codeRepository"))) - set(_texts(values("url"))) if values("url") else set()
    repositories: set[tuple[str, str, str]] = set()
    slugs: set[tuple[tuple[str, ...], str]] = set()
    for address in _texts(values("url") + values("codeRepository") + values("identifier") + values("sameAs")):
        if address.startswith(base):
            continue  # the registry's own page stands in for a missing one: no evidence
        if address not in elsewhere:
            own.update(keys_of(address))
        place = repository(address)
        if place:
            repositories.add((place.key, place.ref, place.path))
            name, named = slug("/" + place.key, tables)
            slugs.add(((*name, place.path) if place.path else name, named))
            if place.path:
                below, named = slug("/" + place.path, tables)
                slugs.add(((place.key, place.path.rpartition("/")[0], *below), named))
        elif address in _texts(values("url")) and canonical_url(address):
            slugs.add(slug(canonical_url(address), tables))
    spoken = tuple(sorted({code for code in map(language, _texts(values("inLanguage"))) if code}))
    names = sorted(
        (
            (value.value, value.language if value.language != "und" else "")
            for value in values("name")
            if isinstance(value, Literal)
        ),
        key=lambda item: (language(item[1]) not in spoken, item[1] != "en", item),
    )
    titles = tuple(parse(text, language(tag), tables) for text, tag in names[:4] if text.strip())
    description = " ".join(
        value.value[:20_000]
        for value in sorted(values("description"), key=str)[:4]
        if isinstance(value, Literal) and (not spoken or language(value.language) in (*spoken, ""))
    )
    if not spoken:
        spoken = tuple(sorted({title.language for title in titles if title.language}))[:1] if len(titles) == 1 else ()
    declared = {
        (name, key)
        for predicate, name in DECLARED
        for value in _texts(node.get(predicate, []))
        for key in [*keys_of(value), "iri:" + value]
        if value != resource and (name == "same" or key not in own)
    }
    authors: set[str] = set()
    for author in _texts(values("author")):
        agent = described.get(author, {})
        authors.update(person(name) for name in _texts(agent.get(SCHEMA + "name", [])))
        if not agent and not author.startswith(base):
            authors.add(author)
    instances = [node_ for iri in _texts(values("hasCourseInstance")) for node_ in [described.get(iri, {})]]
    starts = _texts([*values("startDate"), *(v for n in instances for v in n.get(SCHEMA + "startDate", []))])
    kinds = values("learningResourceType") + node.get(RDF + "type", [])
    codes = {" ".join(tokens(code)) for code in _texts(values("courseCode"))}
    words = tokens(description)
    about_text, about_words = description, words
    if not description:
        about_text = " ".join(title.text for title in titles)
        about_words = tokens(about_text)
    return Features(
        resource, change.subject, change.feed, titles, spoken, detect(about_text, about_words, tables),
        tuple(sorted(own)), tuple(sorted(declared))[: 2 * MAX_VALUES],
        tuple(sorted(repositories)), tuple(sorted(slugs)), tuple(sorted(codes - {""})),
        tuple(sorted(a for a in authors if a)[:MAX_VALUES]), tuple(_texts(values("about"))),
        tuple(_texts(values("educationalLevel"))), tuple(_texts(kinds)),
        tuple(sorted({" ".join(tokens(word[:80])) for word in _texts(values("keywords"))} - {""})),
        _first(values("license")), minutes(_first(values("timeRequired"))), _first(values("dateCreated")),
        _first(values("datePublished")), _first(values("dateModified")), tuple(day[:10] for day in starts),
        _first(values("version")), description[:160], sketch(words),
    )  # fmt: skip
