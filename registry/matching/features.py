"""What matching knows of a record: its features, read once from the record's graph.

Everything is bounded (titles, addresses, authors, text), so that no record costs more than another.
Source of the properties: docs/profile.md, "Learning resource".
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import islice, pairwise
from operator import attrgetter, eq
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np

from registry.iris import DCAT, DCTERMS, FOAF, MA, RDF, SCHEMA
from registry.matching.normalise import (
    Tables,
    canonical_url,
    detect,
    identifier,
    language,
    page,
    person,
    repository,
    slug,
    tokens,
    without_language,
)
from registry.matching.titles import Title, parse
from registry.model import Change
from registry.terms import Literal, Term, by_subject

BINS = 64
"""Bins of the one-permutation MinHash sketch of a description."""
MIN_SHINGLES = 20
"""Descriptions of fewer word pairs are not sketched: they prove nothing."""
MAX_VALUES = 20
_NUMBERED = re.compile(r"0?(\d{1,2})[a-c]?(?: .*[^\W\d].*)|.*[^\W\d] 0?(\d{1,2})|[a-z]{1,2}(\d{1,2})")
_NAMED = re.compile(r"https?://[^\s<>()\[\]\"']{4,300}|\b10\.\d{4,9}/[^\s<>()\"']{1,200}")
READ, NEARBY, MAX_NAMED = 4000, 70, 5
"""Characters of a description in which addresses are looked for, and before each; how many addresses."""
OTHER_SCRIPTS = frozenset("ar el fa he hi ja ka ko mn ru th uk zh bg sr".split())
"""Languages that are not written in Latin letters: what a text is in is beyond doubt."""
_RENDERED = re.compile(
    r"([A-Za-z][A-Za-z0-9 ,:'’&+-]{7,100}[A-Za-z0-9])[\"”’」』》)]?\s?(?:の|的|을|를|의)?"
    r"[^。.!?A-Za-z]{0,14}(?:訳|译|譯|번역)"
)
_TRANSLATED = re.compile("[訳譯]|翻译|译[自本文]|번역")
QUOTED, FOLLOWING = 120, 25
"""Words of a description in which another work is looked for by name, and how many may name it."""
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:\d+S)?)?")
_EDX = re.compile(r"\bcourse-v1:([\w.-]+)[+~]([\w.-]+)(?:[+~]([\w.-]+))?")
EMPTY = 0xFFFF
"""An empty bin; full ones hold less."""
_FRONT = frozenset(("index", "readme", "home", "main", "default", "welcome"))
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
    """One record as matching sees it. ``own`` are keys of its identity (identifier, address, IRI), ``declared`` pairs
    of (short name of the property, key of the other resource); what a description says of an address that it names
    is among them as "says-…", and ``said`` is what it says of works by name. ``languages`` are stated, else told by
    the text; ``written`` is what the text is written in. ``slugs`` are words of addresses and ``pages`` addresses,
    both without the language that they name, beside it. ``paths`` are places in ``sites`` (repositories, else hosts),
    as far as they are telling, with their language in the same way; "./name" where the place is one name and
    "…/name" for the name alone. ``position`` is the number of a part in its address, ``session`` the run in a key of
    Open edX, ``media`` the kinds of carrier ("video", "slides"). Dates are ISO strings as stated, ``minutes`` the
    learning time, ``length`` the words of the description and ``sketch`` its MinHash, 16 bits a bin."""

    resource: str
    record: str
    feed: str
    titles: tuple[Title, ...]
    languages: tuple[str, ...]
    written: str
    own: tuple[str, ...]
    declared: tuple[tuple[str, str], ...]
    said: tuple[tuple[str, str], ...]
    repositories: tuple[tuple[str, str, str], ...]
    slugs: tuple[tuple[tuple[str, ...], str], ...]
    pages: tuple[tuple[str, str], ...]
    paths: tuple[tuple[str, str], ...]
    sites: tuple[str, ...]
    position: str
    session: str
    codes: tuple[str, ...]
    authors: tuple[str, ...]
    about: tuple[str, ...]
    levels: tuple[str, ...]
    types: tuple[str, ...]
    media: tuple[str, ...]
    keywords: tuple[str, ...]
    licence: str
    minutes: int
    created: str
    published: str
    modified: str
    starts: tuple[str, ...]
    version: str
    summary: str
    length: int
    sketch: tuple[int, ...]

    def to_json(self) -> str:
        """As stored in the working file: a list of a list of the values, and of lists of those of each title."""
        titles, *rest = _values(self)
        return _written([rest, *map(_title_values, titles)])


_NOTHING: list[Term] = []
_values = attrgetter("titles", *(field.name for field in fields(Features) if field.name != "titles"))
_title_values = attrgetter(*(field.name for field in fields(Title)))
_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def from_json(data: str) -> Features:
    """Read what ``to_json`` wrote."""
    values, *titles = json.loads(data)
    resource, record, feed, languages, written, own, declared, said, repositories, slugs, *values = values
    pages, paths, sites, position, session, codes, authors, about, levels, types, media, *values = values
    keywords, licence, *values = values
    minutes, created, published, modified, starts, version, summary, length, sketched = values
    return Features(
        resource, record, feed, tuple(Title(*one[:5], *map(tuple, one[5:])) for one in titles), tuple(languages),
        written, tuple(own), tuple(map(tuple, declared)), tuple(map(tuple, said)), tuple(map(tuple, repositories)),
        tuple((tuple(words), named) for words, named in slugs), tuple(map(tuple, pages)), tuple(map(tuple, paths)),
        tuple(sites), position, session,
        tuple(codes), tuple(authors), tuple(about), tuple(levels), tuple(types), tuple(media), tuple(keywords),
        licence, minutes, created, published, modified, tuple(starts), version, summary, length, tuple(sketched),
    )  # fmt: skip


def sketch(words: Sequence[str]) -> tuple[int, ...]:
    """One-permutation MinHash over a text's word pairs: the least hash in each of 64 bins; () for a short text."""
    pairs = set(map(" ".join, pairwise(words)))
    if len(pairs) < MIN_SHINGLES:
        return ()
    # All pairs are encoded at once: no word has a line end in it.
    hashes = np.array(list(map(zlib.crc32, "\n".join(pairs).encode().split(b"\n"))), np.uint64)
    mixed = (hashes * np.uint64(0x9E3779B1)) & np.uint64(0xFFFFFFFF)
    bins = np.full(BINS, 1 << 32, np.uint64)
    np.minimum.at(bins, mixed & np.uint64(63), mixed >> np.uint64(6))
    # The least hashes are small numbers: their low bits tell them apart.
    return tuple(np.where(bins == 1 << 32, EMPTY, bins % EMPTY).tolist())


def likeness(left: tuple[int, ...], right: tuple[int, ...]) -> float | None:
    """Estimated Jaccard similarity of two sketched texts, None where one has no sketch."""
    if not left or not right:
        return None
    equal: int = sum(map(eq, left, right))
    empty = 0
    if EMPTY in left and EMPTY in right:
        empty = sum(a == EMPTY == b for a, b in zip(left, right, strict=True))
    return (equal - empty) / (BINS - empty)


@lru_cache(maxsize=1024)
def minutes(duration: str) -> int:
    """An ISO 8601 duration in minutes (a week 5 days, a day 6 hours of learning), 0 when it is none."""
    found = _DURATION.fullmatch(duration.strip()) if duration else None
    if found is None:
        return 0
    weeks, days, hours, mins = (int(group[:6]) if group else 0 for group in found.groups())
    return ((weeks * 5 + days) * 6 + hours) * 60 + mins


def _texts(values: Sequence[Term]) -> list[str]:
    if len(values) < 2:  # as most often
        return [value.value if isinstance(value, Literal) else str(value) for value in values]
    return sorted({value.value if isinstance(value, Literal) else str(value) for value in values})[:MAX_VALUES]


def _first(values: Sequence[Term]) -> str:
    texts = _texts(values)
    return texts[0][:40] if texts else ""


def _position(words: str) -> str:
    """The number of a part that the last words of an address give ("03 create", "unit 3", "m3"), "" for none."""
    found = _NUMBERED.fullmatch(words.rpartition("/")[2])
    return str(int(found[1] or found[2] or found[3])) if found else ""


def _places(path: str, tables: Tables) -> Iterator[str]:
    """A place in a site, as itself if others would hardly have it: in a folder, or named by several words; else with a
    mark ("./loops"). And its name alone ("…/loops"). Of the words of the name one must have a meaning
    ("week-1/lecture-notes" has none)."""
    folder, _, last = path.rpartition("/")
    words = tokens(last)
    usual = tables.words["page"]
    named = any(len(w) > 2 and not w.isdigit() and w not in tables.hollow and w not in usual for w in words)
    if "?" in path or not named or last in _FRONT:
        return
    yield "…/" + last
    yield path if folder or len(words) > 1 else "./" + path


def _in_script(titles: Sequence[Title]) -> bool:
    """Whether no title is written in Latin letters alone."""
    return bool(titles) and not any(title.text.isascii() for title in titles)


def _rendered(description: str) -> Iterator[tuple[str, str]]:
    """A title in Latin letters before a word for its translation, as Chinese, Japanese and Korean say it; "" where
    none is named."""
    if not description.isascii() and _TRANSLATED.search(description[:READ]):
        match = _RENDERED.search(description[:READ])
        yield "translation-of", " ".join(tokens(match[1])) if match else ""


def _quoted(words: Sequence[str], tables: Tables) -> tuple[tuple[str, str], ...]:
    """What the beginning of a description says of another work by name: (what, the words that follow), at most two."""
    found: list[tuple[str, str]] = []
    if tables.cue_words.isdisjoint(words[:QUOTED]):
        return ()
    begun = f" {' '.join(words[:QUOTED])} "
    for match in islice(tables.cues.finditer(begun), 2):
        follow = begun[match.end() :].split(" ", FOLLOWING)[:FOLLOWING]
        found.append((tables.words["cue"][match[1]], " ".join(follow).strip()))
    return tuple(sorted(found))


@lru_cache(maxsize=1024)
def _kind_words(kind: str) -> list[str]:
    """The words of a kind of resource, or of the last part of its IRI ("VideoObject": video, object)."""
    last = re.split(r"[/#]", kind)[-1]
    return tokens(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", last))


def _said(text: str, tables: Tables) -> set[tuple[str, str]]:
    """What a description says of the addresses that it names ("adapted from https://…"): pairs as of ``declared``."""
    found: set[tuple[str, str]] = set()
    if "http" not in text and "10." not in text:
        return found
    end = 0
    for named in islice(_NAMED.finditer(text[:READ]), MAX_NAMED):
        before = f" {' '.join(tokens(text[max(end, named.start() - NEARBY) : named.start()]))} "
        end = named.end()
        said = {tables.words["cue"][match[1]] for match in tables.cues.finditer(before)}
        found |= {("says-" + meaning, key) for meaning in said for key in keys_of(named[0].rstrip(".,;:"))}
    return found


def _edx(values: Iterable[str]) -> tuple[str, str]:
    """The course and the run that a key of Open edX names (opaque keys: "course-v1:organisation+course+run")."""
    some = (unquote(value) for value in values if "course-v1" in value)
    found = next((match for value in some if (match := _EDX.search(value))), None)
    return (" ".join(tokens(f"{found[1]} {found[2]}")), (found[3] or "").lower()) if found else ("", "")


def keys_of(value: str) -> list[str]:
    """The identity keys of one address or identifier."""
    found = [key for key in (identifier(value),) if key]
    address = canonical_url(value)
    if address and not address.startswith(("doi.org/", "dx.doi.org/")):
        found.append("url:" + address)
    return found


class Source(NamedTuple):
    """What of a change says what a record is: a third of the time to hand to another process."""

    subject: str
    feed: str
    stated: str


def extract(change: Change | Source, tables: Tables) -> Features:
    """The features of a record's change. Raises ValueError if its graph names no primary topic."""
    described = by_subject(change.stated)
    topics = described.get(change.subject, {}).get(FOAF + "primaryTopic", [])
    if not topics:
        raise ValueError(f"the graph of {change.subject} has no foaf:primaryTopic")
    resource = _texts(topics)[0]
    node = described.get(resource, {})
    base = resource.partition("/id/resource/")[0] + "/"

    def values(name: str) -> list[Term]:
        return node.get(SCHEMA + name, _NOTHING)

    urls, identifiers = values("url"), values("identifier")
    addresses = _texts(urls)
    own = {"iri:" + resource}
    # A repository holds many things: it is a resource's own address only where it has no other.
    elsewhere = set(_texts(values("codeRepository"))) - set(addresses) if urls else set()
    repositories: set[tuple[str, str, str]] = set()
    slugs: set[tuple[tuple[str, ...], str]] = set()
    pages: set[tuple[str, str]] = set()
    paths: set[tuple[str, str]] = set()
    hosts: set[str] = set()
    spoken = tuple(sorted({code for code in map(language, _texts(values("inLanguage"))) if code}))
    for address in _texts(urls + values("codeRepository") + identifiers + values("sameAs")):
        if address.startswith(base):
            continue  # the registry's own page stands in for a missing one: no evidence
        if address not in elsewhere:
            own.update(keys_of(address))
        place = repository(address)
        if place:
            repositories.add((place.key, place.ref, place.path))
            name, named = slug("/" + place.key, tables, spoken)
            if place.path:
                stem, inner = without_language("/" + page(place.path), tables)
                last, ending = slug(stem, tables, spoken)
                paths.add((stem[1:], inner or ending))
                stem = stem.rpartition("/")[0][1:] + "/" + " ".join(last)
                slugs.add(((*name, stem), named or inner or ending))
                slugs.add(((place.key, stem), inner or ending))
            else:
                slugs.add((name, named))
        elif address in addresses and (plain := canonical_url(address)):
            slugs.add(slug(plain, tables, spoken))
            pages.add(bare := without_language(plain, tables))
            if not identifier(address):  # a DOI names no place
                site, _, path = bare[0].partition("/")
                hosts.add(site)
                paths.add((page(path), bare[1]))
    names = sorted(
        (
            (value.value, value.language if value.language != "und" else "")
            for value in values("name")
            if isinstance(value, Literal)
        ),
        key=lambda item: (language(item[1]) not in spoken, item[1] != "en", item),
    )
    titles = tuple(parse(text, language(tag), tables) for text, tag in names[:4] if text.strip())
    texts = [value for value in sorted(values("description"), key=str)[:4] if isinstance(value, Literal)]
    # A text in another language than the resource is read where there is none in its own: it may not be translated.
    own_texts = [value for value in texts if not spoken or language(value.language) in (*spoken, "")]
    description = " ".join(value.value[:20_000] for value in own_texts or texts)
    words = about_words = tokens(description)
    about = description
    if not description:
        about = " ".join(title.text for title in titles)
        about_words = tokens(about)
    written = detect(about, about_words, tables)
    if not spoken:
        spoken = tuple(sorted({title.language for title in titles if title.language}))[:1] if len(titles) == 1 else ()
    if len(titles) == 1 and titles[0].language not in (*spoken, *(language(tag) for _, tag in names)):
        spoken = (titles[0].language,)  # the title itself says it
    if written and (not spoken or (written not in spoken and written in OTHER_SCRIPTS and _in_script(titles))):
        spoken = (written,)  # also where a list says "en" of everything
    declared = {
        (name, key)
        for predicate, name in DECLARED
        if predicate in node
        for value in _texts(node[predicate])
        for key in [*keys_of(value), "iri:" + value]
        if value != resource and (name == "same" or key not in own)
    }
    linked = {(name, key) for name, key in _said(description, tables) if key not in own}
    declared |= linked
    said = (
        *_quoted(words, tables),
        *_rendered(description),
        *sorted((name.removeprefix("says-"), key) for name, key in linked),
    )
    authors: set[str] = set()
    for author in _texts(values("author")):
        agent = described.get(author, {})
        authors.update(map(person, _texts(agent.get(SCHEMA + "name", _NOTHING))))
        if not agent and not author.startswith(base):
            authors.add(author)
    instances = [node_ for iri in _texts(values("hasCourseInstance")) for node_ in [described.get(iri, {})]]
    starts = _texts([*values("startDate"), *(v for n in instances for v in n.get(SCHEMA + "startDate", _NOTHING))])
    found_paths = sorted({(place, named) for path, named in paths for place in _places(path, tables)})
    sites = {key for key, _, _ in repositories} or hosts
    kinds = values("learningResourceType") + node.get(RDF + "type", [])
    carriers = tables.words["media"]
    media = {carriers[word] for kind in _texts(kinds) for word in _kind_words(kind) if word in carriers}
    media |= {carriers[word] for title in titles for word in title.formats if word in carriers}
    codes = {" ".join(tokens(code)) for code in _texts(values("courseCode"))}
    positions = {_position(" ".join(last)) for last, _ in slugs}
    course, session = _edx([resource, *_texts(urls + identifiers)])
    codes.add(course)
    return Features(
        resource, change.subject, change.feed, titles, spoken, written,
        tuple(sorted(own)), tuple(sorted(declared))[: 2 * MAX_VALUES], said,
        tuple(sorted(repositories)), tuple(sorted(slugs)), tuple(sorted(pages)), tuple(found_paths),
        tuple(sorted(sites)),
        positions.pop() if len(positions) == 1 else "", session, tuple(sorted(codes - {""})),
        tuple(sorted(a for a in authors if a)[:MAX_VALUES]), tuple(_texts(values("about"))),
        tuple(_texts(values("educationalLevel"))), tuple(_texts(kinds)),
        tuple(sorted(media)),
        tuple(sorted({" ".join(tokens(word[:80])) for word in _texts(values("keywords"))} - {""})),
        _first(values("license")), minutes(_first(values("timeRequired"))), _first(values("dateCreated")),
        _first(values("datePublished")), _first(values("dateModified")), tuple(day[:10] for day in starts),
        _first(values("version")), description[:160], len(words), sketch(words),
    )  # fmt: skip
