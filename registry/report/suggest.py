"""What to write instead: the change that mends a value, computed from what the readers of values know.

Nothing is proposed that would not be read afterwards: every proposal goes once more through the reader that refused
the value. A proposal is sure only where the value can mean one thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from registry import vocabulary
from registry.crosswalk import clean, values, when
from registry.crosswalk.values import Values, known_languages, known_licences
from registry.iris import Iris
from registry.model import Feed, Finding
from registry.report.model import Change
from registry.report.texts import field_of, whys
from registry.vocabulary import Folders

NEAR = 78.0
MOST = 3
_SHAPE = re.compile(r"(LR|EV|CI)-.+")
_SCHEME_OF = {
    "level": "level", "audience": "audience", "type": "resource-type", "access": "access", "mode": "modality",
}  # fmt: skip
# What the parameters of a finding say of the field, in the words of the formats.
_NAMED = {
    "educationalLevel": "level", "resource-type": "type", "learningResourceType": "type", "license": "licence",
    "inLanguage": "language", "languages": "language", "modality": "mode", "courseMode": "mode",
    "conditionsOfAccess": "access", "isAccessibleForFree": "price", "about": "subject",
    "gsbpm, gamso, csa, ost": "subject",
}  # fmt: skip
_ELEMENT = re.compile(r"/(dc:[a-z]+)$")
_MEMBER = re.compile(r"[a-z][A-Za-z]+")
_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20\d\d)(?!\d)")
_SWAPPED = re.compile(r"(\d{4})-(1[3-9]|2\d|3[01])-(0[1-9]|1[0-2])")
_MONTH = re.compile(r"(0?[1-9]|1[0-2])[/.-]((?:19|20)\d\d)")
_RANGE = re.compile(r"(\d{1,3})\s*(?:-|–|to|à|a)\s*(\d{1,3})\s*([^\W\d]{1,12})")
_LONE = re.compile(r"\d{1,3}")
_BARE_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(/\S*)?")


@dataclass(frozen=True, slots=True)
class Suggester:
    """Proposes changes with the value tables of one list."""

    values: Values

    def __call__(self, finding: Finding) -> Change | None:
        """What mends one finding; None where nothing can be said that is not in its sentence already."""
        issue, field = finding.issue, field_of(finding.issue.code)
        if field == "wording":
            said = dict(issue.params)
            named = said.get("scheme") or said.get("field") or ""
            field = _NAMED.get(named, named if named in _SCHEME_OF else field)
        value = issue.value.strip()
        if not value:
            return _example(issue.code, field, issue.place)
        if len(value) > 200:
            return None
        sure, found = self._found(field, value)
        kept = tuple(dict.fromkeys(text for text in found if text and text != value))[:MOST]
        return Change(value, kept, sure and len(kept) == 1) if kept else None

    def _found(self, field: str, value: str) -> tuple[bool, list[str]]:
        if field in _SCHEME_OF:
            return False, self._concept(_SCHEME_OF[field], value)
        finder: Callable[[str], tuple[bool, list[str]]] | None = {
            "language": self._language, "text-language": self._language, "licence": self._licence,
            "subject": self._subject, "date": _date, "session": _date, "duration": _duration,
            "address": _address, "relation": _address, "price": _yes_or_no, "plain-text": _plain,
            "keywords": _keywords, "wording": self._wording,
        }.get(field)  # fmt: skip
        return finder(value) if finder is not None else (False, [])

    def _language(self, value: str) -> tuple[bool, list[str]]:
        known = self.values.language(value)
        if known:
            return True, [known]
        near = _near(clean.fold(value), known_languages())
        return False, [tag for tag in (self.values.language(word) for word in near) if tag]

    def _licence(self, value: str) -> tuple[bool, list[str]]:
        known = self.values.licence(value)
        if known is not None:
            return True, [_tail(known)]
        # Often only the version is missing; the newest is proposed and not taken for granted.
        versioned = [self.values.licence(f"{value} {version}") for version in ("4.0", "3.0")]
        if any(versioned):
            return False, [_tail(iri) for iri in versioned if iri is not None]
        return False, _near(value, known_licences(), 86.0)

    def _concept(self, scheme: str, value: str) -> list[str]:
        words = self.values.schemes.get(scheme, {})
        near = _near(clean.fold(value), [word for word in words if "://" not in word])
        return list(dict.fromkeys(words[word] for word in near))

    def _subject(self, value: str) -> tuple[bool, list[str]]:
        found: list[tuple[float, str]] = []
        for scheme in self.values.subjects:
            mark = "/" if self.values.frameworks[scheme].rank == 1 else ":"
            words = self.values.schemes.get(scheme, {})
            labels = [word for word in words if "://" not in word and len(word) > 4]
            for word, score, _ in process.extract(clean.fold(value), labels, scorer=fuzz.ratio, score_cutoff=NEAR):
                found.append((-score, f"{scheme}{mark}{words[word]}"))
        return False, [text for _, text in sorted(set(found)) if self.values.subject(text) is not None]

    def _wording(self, value: str) -> tuple[bool, list[str]]:
        sure, plain = _yes_or_no(value)
        return (sure, plain) if plain else (False, [])


def general(folders: Folders, base: str) -> Suggester:
    """For a list whose own words are not known: what the schemes of a registry name."""
    feed = Feed("", "", "", "")
    return Suggester(values.load(Iris(base), feed, vocabulary.lookup(folders, base)))


def _example(code: str, field: str, place: str) -> Change | None:
    """What could stand where a shape misses something, in the way of the format as far as that is plain."""
    example = whys()[field].example
    if not example or not place or not _SHAPE.fullmatch(code):
        return None
    if field == "price" and "column «" in place:
        example = "yes"
    element = _ELEMENT.search(place)
    if element is not None:
        return Change("", (f"<{element[1]}>{example}</{element[1]}>",), example=True)
    if _MEMBER.fullmatch(place):
        return Change("", (f'"{place}": "{example}"',), example=True)
    return Change("", (example,), example=True)


def _tail(iri: str) -> str:
    return iri.rstrip("/").rpartition("/")[2]


def _near(value: str, words: Iterable[str], cutoff: float = NEAR) -> list[str]:
    """The words most like a value, the likest first."""
    if len(value) < 3:
        return []
    return [word for word, _, _ in process.extract(value, list(words), scorer=fuzz.ratio, score_cutoff=cutoff)]


def _date(value: str) -> tuple[bool, list[str]]:
    known = when.date(value)
    if known is not None:
        return True, [known.value]
    either = [read.value for order in ("dmy", "mdy") if (read := when.date(value, order)) is not None]
    if either:
        return False, either
    swapped, month = _SWAPPED.fullmatch(value), _MONTH.fullmatch(value)
    if swapped is not None:
        return False, [f"{swapped[1]}-{swapped[3]}-{swapped[2]}"]
    if month is not None:
        return True, [f"{month[2]}-{int(month[1]):02}"]
    years = set(_YEAR.findall(value))
    return False, [*years] if len(years) == 1 and len(value) < 40 else []


def _duration(value: str) -> tuple[bool, list[str]]:
    known = when.duration(value)
    if known:
        return True, [known]
    if _LONE.fullmatch(value):
        return False, [text for unit in ("h", "d") if (text := when.duration(f"{value} {unit}"))]
    between = _RANGE.fullmatch(" ".join(value.split()))
    if between is None:
        return False, []
    ends = [when.duration(f"{between[side]} {between[3]}") for side in (1, 2)]
    return False, [end for end in ends if end]


def _address(value: str) -> tuple[bool, list[str]]:
    doi = clean.doi(value)
    if doi:
        return True, [doi if doi.startswith("http") else f"https://doi.org/{doi}"]
    return False, [found for text in _repaired(value) if (found := clean.url(text)) is not None][:1]


def _repaired(value: str) -> Iterator[str]:
    yield value
    whole = value.replace(" ", "%20")
    yield re.sub(r"^(https?):?/{0,3}(?=\w)", r"\1://", whole)
    if _BARE_HOST.fullmatch(whole) and "@" not in value:
        yield f"https://{whole}"


def _yes_or_no(value: str) -> tuple[bool, list[str]]:
    known = clean.boolean(value)
    return True, [] if known is None else ["true" if known else "false"]


def _plain(value: str) -> tuple[bool, list[str]]:
    return True, [clean.text(value)]


def _keywords(value: str) -> tuple[bool, list[str]]:
    parts = clean.split_list(value, comma=True)
    return False, ["; ".join(parts)] if len(parts) > 1 else []
