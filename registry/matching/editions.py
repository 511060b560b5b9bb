"""Rules for one work in another state or on another date: runs, editions, deposits, successors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rapidfuzz import fuzz

from registry.matching.compare import (
    NEAR,
    OTHER_TEXT,
    SOME_TEXT,
    Facts,
    author_evidence,
    same,
    text_evidence,
    title_evidence,
)
from registry.matching.keys import OPAQUE
from registry.matching.outcome import Outcome, days, like_titles, older, repository_names, shown_key
from registry.model import Evidence

_EDITION = re.compile(r"/v(?:er(?:sion)?[-.]?)?\d{1,3}(?:\.\d{1,3})*$")
_STATE = re.compile(r"[-_.]?(?<![^\W_])(?:v(?:er(?:sion)?)?[-_.]?(\d{1,3}(?:\.\d{1,3})*)|((?:19|20)\d\d))(?![^\W_])")
_SIZE = re.compile(r"[-_.]?(?<![^\W_])(?:(full|complete|complet|completa)|light|lite|short|brief|abridged)(?![^\W_])")
_FILE = re.compile(r"\.(?:html?|pdf|docx?|pptx?|zip|md|qmd)$")
_OLD = re.compile(r"/(?:old|archived?|archives|legacy|previous|ancien|antiguo)(?=/)")
FORMS = {"older": -1, "short": 1, "full": -1, "newer": 1}
"""Which forms of a work come first: the short edition is made from the full one."""


def _other_topic(facts: Facts) -> bool:
    """Whether the descriptions speak of different things, however alike the titles are."""
    if facts.text is not None:
        return facts.text < OTHER_TEXT
    one, other = facts.left.summary, facts.right.summary
    return min(len(one), len(other)) >= 20 and fuzz.token_set_ratio(one, other) < 50


def _course(facts: Facts) -> str:
    """Which side is the course of which the other is a dated run: it names no run and more dates, or none."""
    left, right = facts.left, facts.right
    if bool(left.session) != bool(right.session):
        return "right" if left.session else "left"
    if bool(left.starts) != bool(right.starts):
        return "right" if left.starts else "left"
    if len(left.starts) != len(right.starts):
        return "left" if len(left.starts) > len(right.starts) else "right"
    return ""


def _same_code(facts: Facts) -> Outcome | None:
    """Runs of a course by its code: within an academy, or where both give a key of Open edX, which is unique."""
    left, right = facts.left, facts.right
    codes = [code for code in left.codes if code in right.codes] if left.codes and right.codes else []
    if not codes or not (facts.same_academy or left.session or right.session):
        return None
    runs = left.session != right.session
    dates = bool(left.starts or right.starts) and left.starts != right.starts
    if not (runs or (dates and (facts.same_title or len(codes[0]) >= OPAQUE))):
        return None
    lines = [same("same-courseid", codes[0], field="courseCode")]
    if left.starts and right.starts and dates:
        lines.append(_dates(facts))
    return Outcome("RUN.SAME_CODE", _course(facts), (*lines, *title_evidence(facts)), _nearness(facts))


def _dates(facts: Facts) -> Evidence:
    dates = ", ".join(facts.left.starts[:5]), ", ".join(facts.right.starts[:5])
    return Evidence("other-date", "differs", 0.0, *dates, "startDate", "startDate")


def _nearness(facts: Facts) -> float:
    """Runs that follow each other go first."""
    return float(-min((abs(days(a) - days(b)) for a in facts.left.starts for b in facts.right.starts), default=0))


def run(facts: Facts) -> Outcome | None:
    """``RUN.…``: the same course or event on another date, for another intake or in another year."""
    if facts.guards:
        return None
    if outcome := _same_code(facts):
        return outcome
    if not like_titles(facts) or not (facts.same_academy or facts.authors or facts.addresses):
        return None
    left, right = set(facts.left.starts), set(facts.right.starts)
    evidence = tuple(title_evidence(facts))
    if left and right:
        if left & right:
            listed = left != right and (left <= right or right <= left)
            lines = (_dates(facts), *evidence)
            return Outcome("RUN.SESSION", _course(facts), lines) if listed else None
        if _other_topic(facts):
            return None
        return Outcome("RUN.OTHER_DATE", "", (_dates(facts), *evidence), _nearness(facts))
    a, b = facts.titles
    if _other_topic(facts) and not facts.authors:
        return None
    if facts.same_academy and ((left and a.cohorts and not b.cohorts) or (right and b.cohorts and not a.cohorts)):
        return Outcome("RUN.SESSION", "right" if left else "left", evidence)
    if a.cohorts and b.cohorts and (a.cohorts, a.years) != (b.cohorts, b.years):
        return Outcome("RUN.COHORT", "", evidence)
    if a.years and b.years and a.years != b.years and a.versions == b.versions and not {*a.versions} & {*FORMS}:
        return Outcome("RUN.TITLE_YEAR", "", evidence)
    return None


def edition(facts: Facts) -> str:
    """The rule by which the two are editions of one title, "" if nothing says so."""
    a, b = facts.titles
    if a.versions != b.versions:
        return "VER.TITLE_EDITION"
    if a.years != b.years:
        return "VER.TITLE_YEAR"
    if facts.left.version and facts.right.version and facts.left.version != facts.right.version:
        return "VER.STATED_VERSION"
    return ""


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit() and len(part) < 10)


def older_edition(facts: Facts) -> str:
    """The side that came first: by what a word says of it, by numbers and years, by dates; "" if none tells."""
    a, b = facts.titles
    ranks = [sum(FORMS.get(word, 0) for word in title.versions) for title in (a, b)]
    if ranks[0] != ranks[1]:
        return "left" if ranks[0] < ranks[1] else "right"
    pairs = (a.versions, b.versions), (a.years, b.years), ((facts.left.version,), (facts.right.version,))
    for one, other in pairs:
        if one and other and one != other and _number(one[0]) != _number(other[0]):
            return "left" if _number(one[0]) < _number(other[0]) else "right"
    return older(facts)


class _Address(NamedTuple):
    """An address without what tells editions, and that: whether a folder is for old things, numbers of versions and
    years, "full", "short" or ""."""

    bare: str
    old: bool
    numbers: tuple[int, ...]
    size: str


def _apart(address: str) -> _Address:
    """What tells editions may stand in a folder or in a name ("/2019/frames", "frames-2019.pdf", "frames_full"); a
    number in a query is one of a database."""
    address, mark, query = address.partition("?")
    host, _, path = address.partition("/")
    path, folders = _OLD.subn("", "/" + path)
    numbers = tuple(number for match in _STATE.finditer(path) for number in _number(match[1] or match[2]))
    size = _SIZE.search(path)
    bare = _FILE.sub("", re.sub("/+", "/", _SIZE.sub("", _STATE.sub("", path))).rstrip("/"))
    return _Address(
        host + bare + mark + query, bool(folders), numbers, ("full" if size[1] else "short") if size else ""
    )


def _state(facts: Facts, one: str, other: str) -> str | None:
    """The side of the older of two addresses that differ only in the edition, "" if it is not told, else None."""
    if _EDITION.sub("", one) == _EDITION.sub("", other):
        return "left" if (len(one), one) < (len(other), other) else "right"
    if not facts.same_academy:
        return None
    a, b = _apart(one), _apart(other)
    if a.bare != b.bare or "/" not in a.bare:
        return None
    if a.old != b.old:
        return "left" if a.old else "right"
    if a.numbers and b.numbers and a.numbers != b.numbers:
        return "left" if a.numbers < b.numbers else "right"
    if a.size != b.size:
        return "right" if a.size == "short" or b.size == "full" else "left"  # the short one is made from the full
    return older(facts)  # an address without a number may be the first or the latest


def _kept(facts: Facts) -> bool:
    """Whether titles are the same, or were changed by their makers."""
    return facts.same_title or facts.ratio >= NEAR or (bool(facts.authors) and len(facts.shared_core) >= 2)


def address_edition(facts: Facts) -> Outcome | None:
    """Addresses that differ only in a number of edition at the end (".../articles/11-638/v2"), or within an academy in
    one, a year or a folder for what is old ("/2019/data-wrangling")."""
    if facts.guards or (facts.differ and not facts.one_text) or not _kept(facts):
        return None
    for one in facts.left.own:
        for other in facts.right.own:
            if one == other or not (one.startswith("url:") and other.startswith("url:")):
                continue
            first = _state(facts, one, other)
            if first is not None and not {one, other, _EDITION.sub("", one)} & facts.aside:
                ends = shown_key(one), shown_key(other)
                line = Evidence("same-url", "equal-without-edition", 1.0, *ends, "url", "url")
                return Outcome("VER.ADDRESS_EDITION", first, (line, *title_evidence(facts)))
    return None


def deposits(facts: Facts) -> Iterator[tuple[str, str]]:
    """Pairs of different DOIs of one archive (one DOI prefix)."""
    for a in facts.left.own:
        for b in facts.right.own:
            if a.startswith("doi:") and b.startswith("doi:") and a != b and a.split("/")[0] == b.split("/")[0]:
                yield a, b


def _follow(one: str, other: str) -> bool:
    """Whether two numbers of Zenodo follow each other: the identifier of all versions and that of the first are
    minted one after the other (Zenodo, "DOI versioning")."""
    numbers = [key.rpartition("zenodo.")[2] for key in (one, other) if "/zenodo." in key]
    return len(numbers) == 2 and all(n.isdigit() for n in numbers) and abs(int(numbers[0]) - int(numbers[1])) == 1


def version(facts: Facts) -> Outcome | None:
    """``VER.…`` by title, stated version, deposit or release, and ``OK.CONCEPT_IDENTIFIER``."""
    if facts.guards or (facts.differ and not facts.one_text):
        return None
    if outcome := _release(facts):
        return outcome
    if not like_titles(facts):
        return None
    titles = tuple(title_evidence(facts))
    found = list(deposits(facts))
    for one, other in found:
        if _follow(one, other):
            line = Evidence("other-doi", "differs", 0.0, shown_key(one), shown_key(other), "identifier", "identifier")
            return Outcome("OK.CONCEPT_IDENTIFIER", "", (line, *titles, *author_evidence(facts)))
    rule = edition(facts)
    if rule and (facts.same_academy or facts.authors or facts.verbatim or (facts.text or 0) >= SOME_TEXT):
        lines: list[Evidence] = []
        if rule == "VER.STATED_VERSION":
            stated = facts.left.version, facts.right.version
            lines.append(Evidence("stated-version", "differs", 0.0, *stated, "version", "version"))
        return Outcome(rule, older_edition(facts), (*titles, *lines, *author_evidence(facts)))
    if facts.ratio >= NEAR and (facts.authors or facts.verbatim or (facts.text or 0) >= SOME_TEXT):
        for one, other in found:
            line = Evidence("other-doi", "differs", 0.0, shown_key(one), shown_key(other), "identifier", "identifier")
            both = (line, *titles, *author_evidence(facts), *text_evidence(facts))
            return Outcome("VER.OTHER_DEPOSIT", older(facts), both)
    return None


def _release(facts: Facts) -> Outcome | None:
    """Deposits that an archive made of releases of one repository: their titles begin with its name ("owner/name: …"),
    or it is the other's address."""
    a, b = facts.titles
    heads = [title.head for title in (a, b) if "/" in title.head]
    if not heads or facts.identifiers:
        return None
    other = facts.right if a.head == heads[0] else facts.left
    places = {name.partition("/")[2] for name, _, path in other.repositories if not path}
    if not (a.head == b.head or (len(heads) == 1 and heads[0] in places)):
        return None
    first = "" if len(heads) == 2 else "right" if a.head == heads[0] else "left"
    line = same("same-repository-name", heads[0], field="name")
    return Outcome("VER.RELEASE", older_edition(facts) if len(heads) == 2 else first, (line, *title_evidence(facts)))


def revised(facts: Facts) -> Outcome | None:
    """``VER.REVISED``: one title of the same makers over a text that changed in part."""
    if facts.guards or facts.text is None or facts.verbatim or not like_titles(facts) or facts.ratio < NEAR:
        return None
    makers = bool(facts.authors) or (facts.same_academy and facts.text >= SOME_TEXT)
    if not makers or len(facts.shared_core) < 2 or not older(facts):
        return None
    evidence = (*title_evidence(facts), *text_evidence(facts), *author_evidence(facts))
    return Outcome("VER.REVISED", older(facts), evidence, facts.text)


def successor(facts: Facts) -> Outcome | None:
    """``VER.SUCCESSOR``: one repository of an owner ends where another, whose name has its words and more, begins."""
    if facts.guards or facts.differ or not facts.shared_core:
        return None
    for owner, other_owner, name, other in repository_names(facts):
        shorter, longer = sorted((name, other), key=len)
        if owner != other_owner or len(shorter) < 3 or len(longer) == len(shorter) or set(shorter) - set(longer):
            continue
        old, new = (facts.left, facts.right) if shorter == name else (facts.right, facts.left)
        if not old.modified or not new.created or abs(days(old.modified) - days(new.created)) > 90:
            continue
        if days(old.modified) <= days(new.created) + 90 < days(new.modified):
            names = same("same-repository-name", "-".join(name), "-".join(other), "codeRepository")
            ends = (old.modified, new.created, "dateModified", "dateCreated")
            if old is facts.right:
                ends = (new.created, old.modified, "dateCreated", "dateModified")
            line = Evidence("succession", "days-apart", 1.0, *ends)
            source = "left" if old is facts.left else "right"
            return Outcome("VER.SUCCESSOR", source, (names, line, *title_evidence(facts)))
    return None
