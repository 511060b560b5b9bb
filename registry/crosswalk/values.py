"""Value tables: a source's words for languages, licences and concepts, to what the profile stores.

Lookups only: what no table names is None, never a guess; the caller keeps the literal and raises an issue.
Source: docs/profile.md, transforms T2, T3, T6, T7 and the concept schemes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TypeVar, cast

from registry.crosswalk import levels
from registry.crosswalk.clean import canonical_url, fold
from registry.crosswalk.licences import creative_commons, id_at_end
from registry.iris import SCHEMA, SPDX, Iris
from registry.model import Feed
from registry.terms import Iri
from registry.vocabulary import Scheme, of_role

SCHEME_TABLES = {
    "level": "levels", "audience": "audiences", "resource-type": "resource-types", "modality": "modalities",
    "access": "access", "work-status": "work-statuses",
}  # fmt: skip
# Which names of feed.values (academies/<id>.toml) speak for which scheme or field.
_FIELD_OF = {"resource-type": ("type", "resource-type"), "modality": ("mode", "modality"),
             "work-status": ("status", "work-status")}  # fmt: skip

_TYPES = {
    "course": ("Course",), "mooc": ("Course",), "learning-path": ("Course",), "module": ("Course",),
    "git-lesson": ("SoftwareSourceCode",), "assessment": ("Quiz",), "slides": ("PresentationDigitalDocument",),
    "video": ("VideoObject",), "webinar-recording": ("VideoObject",), "handbook-textbook": ("Book",),
}  # fmt: skip
EVENT_TYPES = frozenset(["webinar", "workshop", "seminar", "study-visit", "conference-session"])

_TAG = re.compile(
    r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|\d{3}))?((?:-(?:[A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*)"
    # How a text came about or is sorted ("en-t-de-t0-mtec": translated by a machine) is no part of its language.
    r"(?:-[A-Za-z0-9](?:-[A-Za-z0-9]{1,8}){1,40})?"
)
_LANGUAGE_SITES = (
    "publications.europa.eu/resource/authority/language/", "id.loc.gov/vocabulary/iso639", "lexvo.org/id/iso639",
    "iso639-3.sil.org/code/", "lexvo.org/id/term/",
)  # fmt: skip
_LICENCE_SITES = re.compile(
    r"https://(?:spdx\.org/licenses|opensource\.org/licen[cs]es?|choosealicense\.com/licenses|"
    r"publications\.europa\.eu/resource/authority/licence|opendefinition\.org/licenses)/([^/?#]+)"
)
_LEADING_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2})?)[.:)]?(?:\s+[-–—:]?\s*|\s*[-–—:]\s*)(\S.*)", re.DOTALL)
_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2})?)\.?")
_SCHEME_WORD = re.compile(
    r"([a-z][a-z0-9-]*)\b[\s:/_-]*(v\.?\s*)?"
    r"(?:(?:sub[\s-]?process|phase|activity(?: area)?|sous[\s-]?processus|subproceso|fase|domaine?)\b"
    r"[\s:/_-]*)?(.*)",
    re.IGNORECASE | re.DOTALL,
)
_KIND_WORD = re.compile(
    r"(?:sub[\s-]?process|phase|activity area|activity|area|sous[\s-]?processus|subproceso|fase)\b[\s:/_-]*(?=\d)",
    re.I,
)
_NUMBERED = ("{}", "sp {}", "ph {}", "act {}", "area {}")
T = TypeVar("T")


@cache
def _rows(table: str) -> tuple[dict[str, str], ...]:
    """The rows of ``tables/<table>.tsv``."""
    lines = files(__package__).joinpath("tables", f"{table}.tsv").read_text("utf-8").splitlines()
    return tuple(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _key(s: str) -> str:
    """How a value is looked up: addresses without scheme, www and slash; words folded; "+" as "or later"."""
    s = s.strip()
    if "://" in s or s.startswith("info:"):
        address = canonical_url(s) if s.startswith("http") else ""
        return (address or s).lower().rstrip("/")
    return fold(s.replace(">=", " or later ").replace("+", " or later "))


@cache
def _languages() -> Mapping[str, str]:
    index: dict[str, str] = {}
    for row in _rows("languages"):
        for word in (*row["codes"].split("|"), *row["names"].split("|")):
            index.setdefault(fold(word), row["tag"])
    return index


@cache
def _licences() -> tuple[Mapping[str, tuple[str, str]], frozenset[str]]:
    """{key: (kind, id)} and the SPDX ids."""
    index: dict[str, tuple[str, str]] = {}
    for row in _rows("licences"):
        index[_key(row["id"])] = (row["kind"], row["id"])
    for row in _rows("licences"):
        for alias in filter(None, row["aliases"].split("|")):
            index.setdefault(_key(alias), (row["kind"], row["id"]))
    return index, frozenset(row["id"] for row in _rows("licences") if row["kind"] == "spdx")


@cache
def _scheme(scheme: str) -> Mapping[str, str]:
    index: dict[str, str] = {}
    for row in _rows(SCHEME_TABLES[scheme]):
        index.setdefault(_key(row["label"]), row["notation"])
    return index


@cache
def _ignored() -> frozenset[tuple[str, str]]:
    return frozenset((row["field"], fold(row["value"])) for row in _rows("ignored"))


def known_languages() -> tuple[str, ...]:
    """All names and codes by which a language is known, folded."""
    return tuple(_languages())


def known_licences() -> tuple[str, ...]:
    """The ids of all licences of the table."""
    return tuple(row["id"] for row in _rows("licences"))


def types_for(resource_type: str | None, dated: bool = False) -> tuple[str, ...]:
    """The rdf:type IRIs of a resource-type notation beyond dcat:Resource.

    With ``dated`` a webinar, workshop, seminar, study visit or conference session is a
    schema:EducationEvent and no LearningResource. Source: docs/profile.md, resource type.
    """
    if dated and resource_type in EVENT_TYPES:
        return (SCHEMA + "EducationEvent",)
    return (SCHEMA + "LearningResource", *(SCHEMA + name for name in _TYPES.get(resource_type or "", ())))


@dataclass(frozen=True)
class Values:
    """The value tables as one feed uses them; answers are cached.

    ``frameworks`` are the concept schemes with the parts they play (``vocabulary.schemes``), ``level_scheme`` the
    scheme that the feed's bare numbers of levels belong to.
    """

    iris: Iris
    own: Mapping[str, Mapping[str, str]]
    schemes: Mapping[str, Mapping[str, str]]
    frameworks: Mapping[str, Scheme] = field(default_factory=dict)
    level_scheme: str = ""
    _answers: dict[tuple[str, str], object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The schemes that say what a resource is about, in the order in which they are asked."""
        return self._cached("subjects", "", lambda _: tuple(one.id for one in of_role(self.frameworks, "subject")))

    def framework(self, heading: str) -> str | None:
        """The scheme whose name or title is the heading of a column; None where two share it, or none has it."""
        return self._cached("framework", heading, self._framework)

    def _framework(self, heading: str) -> str | None:
        word = fold(heading)
        found = {
            one.id
            for one in self.frameworks.values()
            if one.role in ("subject", "audience") and word in map(fold, one.headings())
        }
        return found.pop() if word and len(found) == 1 else None

    def _cached(self, name: str, s: str, find: Callable[[str], T]) -> T:
        key = (name, s)
        if key in self._answers:
            return cast(T, self._answers[key])
        if len(self._answers) > 50_000:  # free text from a hostile feed must not fill the memory
            self._answers.clear()
        answer = find(s[:2000])
        self._answers[key] = answer
        return answer

    def local(self, field: str, s: str) -> str | None:
        """What the feed's own file says a value means; case, accents and spaces do not count."""
        return self.own.get(field, {}).get(fold(s))

    def is_ignored(self, field: str, s: str) -> bool:
        """Whether a value says nothing: a filler, a template's default, or only punctuation.

        ``field`` is a field of the table template ("keywords", "level", "license", "languages" …).
        """
        word = fold(s)
        return not word or ("*", word) in _ignored() or (field, word) in _ignored()

    def language(self, s: str) -> str | None:
        """A BCP 47 tag from a code, a name or a language IRI; None for "und", "mul" and what is unknown."""
        return self._cached("language", s, self._language)

    def _language(self, s: str) -> str | None:
        own = self.local("languages", s) or self.local("language", s)
        if own:
            return own
        s = s.strip()
        if "://" in s:
            if not any(site in s for site in _LANGUAGE_SITES):
                return None
            s = s.rstrip("/").rsplit("/", 1)[-1]
        index = _languages()
        tag = _TAG.fullmatch(re.split(r"[.@]", s)[0].replace("_", "-"))
        if tag is not None and tag[1].lower() in index:
            primary = index[tag[1].lower()]
            parts = (primary, (tag[2] or "").title(), (tag[3] or "").upper(), tag[4].strip("-").lower())
            return "-".join(part for part in parts if part)
        return index.get(fold(s)) or index.get(fold(re.sub(r"\([^()]*\)\s*$", "", s)))

    def licence(self, s: str) -> Iri | None:
        """An SPDX licence IRI or a local licence concept; None for what no table names.

        A licence without its version ("CC BY", "GPL") is None: which one was meant must not be guessed.
        """
        return self._cached("licence", s, self._licence)

    def _licence(self, s: str) -> Iri | None:
        index, known = _licences()
        own = self.local("license", s) or self.local("licence", s)
        s = own or s.strip()
        found = index.get(_key(s))
        if found is None and "://" in s:
            site = _LICENCE_SITES.match(canonical_url(s))
            if site is not None:
                found = index.get(_key(re.sub(r"\.(?:html|txt|json|php)$", "", site[1])))
            else:
                address = re.sub(r"(?:\.[a-z]{2})?\.(?:html|txt|md)$|[-.](?:en|fr|es|de|eng|fra)$", "", _key(s))
                found = index.get(address)
        if found is None:
            spdx = creative_commons(s) or id_at_end(s, known)
            found = ("spdx", spdx) if spdx in known else None
        if found is None:
            concept = re.search(r"/id/concept/licence/([a-z-]+)$", s)
            found = index.get(_key(concept[1])) if concept else None
        if found is None:
            return None
        kind, name = found
        return Iri(SPDX + name) if kind == "spdx" else self.iris.concept("licence", name)

    def concept(self, scheme: str, s: str) -> Iri | None:
        """The concept of one scheme that a notation, label or IRI names; None when none does.

        "GSBPM 5.1" and "GSBPM 5.2" may be a version as well as a sub-process: None.
        """
        return self._cached(scheme, s, lambda value: self._concept(scheme, value))

    def _concept(self, scheme: str, s: str) -> Iri | None:
        for name in _FIELD_OF.get(scheme, (scheme,)):
            own = self.local(name, s)
            if own is not None:
                return self.iris.concept(scheme, own)
        if scheme in self.subjects:
            own = self.local("about", s)
            if own is not None:
                s = own
        notation = self._notation(scheme, s.strip())
        if scheme == "level" and (self.level_scheme or not notation):
            notation = levels.step(s, self.level_scheme, self.frameworks, self.schemes) or notation
        return self.iris.concept(scheme, notation) if notation else self._of_others(scheme, s)

    def _of_others(self, scheme: str, s: str) -> Iri | None:
        """The concept of another scheme that plays the same part as one of ours, such as a list of audiences."""
        role = self.frameworks[scheme].role if scheme in self.frameworks else ""
        if role in ("", "subject", "level"):
            return None
        others = [one.id for one in of_role(self.frameworks, role) if one.id != scheme]
        return next((found for other in others if (found := self.concept(other, s)) is not None), None)

    def _notation(self, scheme: str, s: str) -> str | None:
        index = self.schemes.get(scheme, {})
        if not index or not s:
            return None
        found = index.get(_key(s))
        if found is not None:
            return found
        if "://" in s:
            return self._from_iri(scheme, s)
        if scheme not in self.subjects:
            return None
        word = _SCHEME_WORD.fullmatch(s)
        if word is not None and word[1].lower() in self.subjects:
            bare = _NUMBER.fullmatch(word[3].strip())
            explicit = len(s[: word.start(3)].strip(" :/_-")) > len(word[1])
            if word[1].lower() != scheme or word[2]:
                return None
            if scheme == "gsbpm" and bare and bare[1] in ("5.0", "5.1", "5.2") and not explicit and ":" not in s:
                return None
            s = word[3].strip()
            if _key(s) in index:
                return index[_key(s)]
        s = _KIND_WORD.sub("", s, count=1)
        number = _NUMBER.fullmatch(s)
        if number is not None:
            return self._numbered(index, number[1])
        labelled = _LEADING_NUMBER.fullmatch(s)
        if labelled is None:
            return None
        by_number, by_label = self._numbered(index, labelled[1]), index.get(_key(labelled[2]))
        return by_label if by_number == by_label else None

    @staticmethod
    def _numbered(index: Mapping[str, str], number: str) -> str | None:
        for form in _NUMBERED:
            found = index.get(form.format(fold(number)))
            if found is not None:
                return found
        return None

    def _from_iri(self, scheme: str, s: str) -> str | None:
        """Our own concept under any base, or an UNECE IRI that ends in the number."""
        index = self.schemes.get(scheme, {})
        own = re.search(r"/id/concept/([a-z][a-z0-9-]*)/([A-Za-z0-9.-]+)/?$", s)
        if own is not None:
            return index.get(fold(own[2])) if own[1] == scheme else None
        number = re.search(
            r"id\.unece\.org/.*?\b" + re.escape(scheme) + r"\b.*?[/#](\d{1,2}(?:\.\d{1,2})?)/?$", s, re.I
        )
        return self._numbered(index, number[1]) if number else None

    def subject(self, s: str) -> Iri | None:
        """The concept of a scheme of subjects that a value names, for columns that mix them.

        By its label alone only in schemes of rank 1; in the others by its address, or with the scheme's name
        ("topics:sampling"). A bare number is None: it stands in several schemes. So is a label that several have.
        """
        return self._cached("subject", s, self._subject)

    def _subject(self, s: str) -> Iri | None:
        s = self.local("about", s) or s.strip()
        if _NUMBER.fullmatch(s):
            return None
        first = [name for name in self.subjects if self.frameworks[name].rank == 1]
        found = {iri for iri in (self.concept(scheme, s) for scheme in first) if iri is not None}
        if found:
            return found.pop() if len(found) == 1 else None
        rest = [name for name in self.subjects if name not in first]
        if "://" in s:
            return next((iri for name in rest if (iri := self.concept(name, s)) is not None), None)
        named = next((one for one in rest if re.match(re.escape(one) + r"[\s:/_]", s, re.IGNORECASE)), None)
        if named is None:
            return None
        notation = self._notation(named, s) or self._notation(named, s[len(named) :].strip(" \t:/_"))
        return self.iris.concept(named, notation) if notation else None

    def topic(self, s: str) -> Iri | None:
        """What a value under "about" means: as ``subject``, else a concept of the schemes of lower rank by its label.

        A free keyword is not looked up here: what texts and keywords are about is found by the annotation.
        """
        return self.subject(s) or self._cached("topic", s, self._topic)

    def _topic(self, s: str) -> Iri | None:
        if _NUMBER.fullmatch(s.strip()):
            return None
        rest = [self.frameworks[name] for name in self.subjects if self.frameworks[name].rank > 1]
        for rank in sorted({one.rank for one in rest}):
            found = [
                iri for one in rest if one.rank == rank and (iri := self.concept(one.id, s)) is not None
                and not _is_code(s, iri)
            ]  # fmt: skip
            if found:
                return found[0] if len(found) == 1 else None
        return None


def _is_code(s: str, iri: str) -> bool:
    """Whether a value is but the number of a concept: "A1" may mean anything where its scheme is not named."""
    code = iri.rsplit("/", 1)[-1]
    return any(map(str.isdecimal, code)) and fold(s) == fold(code)


def keyed(vocabulary: Mapping[str, Mapping[str, str]] | None) -> dict[str, dict[str, str]]:
    """{scheme: {folded key: notation}}: what feeds have in common. The shipped tables win within their schemes.

    ``vocabulary`` is {scheme: {notation, label or IRI: notation}} from the ontology.
    """
    schemes: dict[str, dict[str, str]] = {}
    for scheme, labels in (vocabulary or {}).items():
        index = schemes.setdefault(scheme, {})
        for label, notation in labels.items():
            index.setdefault(_key(notation), notation)
            index.setdefault(_key(label), notation)
    for scheme in SCHEME_TABLES:
        schemes[scheme] = {**schemes.get(scheme, {}), **_scheme(scheme)}
    return schemes


def load(
    iris: Iris,
    feed: Feed,
    vocabulary: Mapping[str, Mapping[str, str]] | None,
    frameworks: Mapping[str, Scheme] | None = None,
) -> Values:
    """The tables for one feed; ``vocabulary`` as for ``keyed``, ``frameworks`` as for ``of_feed``."""
    if frameworks is None:
        frameworks = {name: Scheme(name, "subject") for name in vocabulary or {} if name not in SCHEME_TABLES}
    return of_feed(iris, feed, keyed(vocabulary), frameworks)


def of_feed(
    iris: Iris, feed: Feed, schemes: Mapping[str, Mapping[str, str]], frameworks: Mapping[str, Scheme]
) -> Values:
    """The tables for one feed over what all feeds share (``keyed``); what no scheme of ``frameworks`` names is
    no subject."""
    own = {name: {fold(value): meaning for value, meaning in table.items()} for name, table in feed.values.items()}
    return Values(iris, own, schemes, frameworks, str(feed.options.get("level_scheme", "")))
