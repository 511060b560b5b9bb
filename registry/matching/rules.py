"""Which relation two records have: ordered rules with reason codes; the first that fires decides.

The rules' relations, confidence bands, standing and words are rows of ``tables/rules.tsv``. Guards
("NO.…") come before every rule but those that repeat what the source itself states.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from registry.matching.compare import (
    NEAR,
    Facts,
    author_evidence,
    same,
    text_evidence,
    title_evidence,
)
from registry.matching.outcome import Outcome, days, older, pinned, repository_names, shown_key
from registry.matching.translations import translation
from registry.model import Evidence

STATED = {
    "same": ("copy", None),
    "translation-of": ("translation", True),
    "translated-as": ("translation", False),
    "previous": ("version", True),
    "has-version": ("version", False),
    "based-on": ("derivative", True),
    "part-of": ("part", True),
    "has-part": ("part", False),
}
"""What a stated property means: the relation, and whether the named resource is the source."""
_EDITION = re.compile(r"/v(?:er(?:sion)?[-.]?)?\d{1,3}(?:\.\d{1,3})*$")
PREFIX = {"copy": "OK", "translation": "TR", "version": "VER", "derivative": "DER", "part": "PART"}


def _titles_agree(facts: Facts) -> bool:
    """Whether the titles are the same, or one or both are missing."""
    a, b = facts.titles
    return facts.same_title or facts.ratio >= NEAR or not a.text or not b.text


def _declared(facts: Facts) -> Outcome | None:
    found: dict[str, dict[str, Evidence]] = {}
    denied: Outcome | None = None
    for side, one, other in (("left", facts.left, facts.right), ("right", facts.right, facts.left)):
        targets = set(other.own) - facts.aside
        for name, key in one.declared:
            if key not in targets:
                continue
            if name == "not-same":
                value = Evidence("source-stated", name, 1.0, one.resource, shown_key(key), name, "identity")
                if side == "right":
                    value = Evidence("source-stated", name, 1.0, shown_key(key), one.resource, "identity", name)
                denied = Outcome("NO.DECLARED", "", (value, *title_evidence(facts)), 9.0)
                continue
            relation, named_is_source = STATED.get(name, ("related", None))
            source = "" if named_is_source is None else side
            if named_is_source:
                source = "right" if side == "left" else "left"
            value = Evidence("source-stated", name, 1.0, one.resource, shown_key(key), name, "identity")
            if side == "right":
                value = Evidence("source-stated", name, 1.0, shown_key(key), one.resource, "identity", name)
            found.setdefault(relation, {}).setdefault(source, value)
    for relation in ("copy", "translation", "version", "derivative", "part"):
        sides = found.get(relation)
        if not sides:
            continue
        evidence = (*(sides[s] for s in sorted(sides)), *title_evidence(facts))
        if relation == "copy" and facts.guards:
            return Outcome("OK.DECLARED_CONFLICT", "", evidence)
        if relation == "copy" and facts.differ and not facts.one_text:
            return Outcome("TR.DECLARED_SAME", "", evidence, 9.0)
        if len(sides) > 1:
            return Outcome(f"{PREFIX[relation]}.DECLARED_BOTH_WAYS", "", evidence, 9.0)
        return Outcome(f"{PREFIX[relation]}.DECLARED", next(iter(sides)), evidence, 9.0)
    return denied


def _related(facts: Facts) -> Outcome | None:
    for one, other in ((facts.left, facts.right), (facts.right, facts.left)):
        for name, key in one.declared:
            if name == "related" and key in set(other.own) - facts.aside:
                line = Evidence("source-stated", name, 1.0, one.resource, shown_key(key), "relation", "identity")
                return Outcome("OV.DECLARED", "", (line, *title_evidence(facts)), 3.0)
    return None


def _run(facts: Facts) -> Outcome | None:
    if facts.guards or not facts.same_title or not (facts.same_academy or facts.authors or facts.addresses):
        return None
    left, right = facts.left, facts.right
    if left.starts and right.starts:
        if set(left.starts) & set(right.starts):
            return None
        dates = ", ".join(left.starts[:5]), ", ".join(right.starts[:5])
        line = Evidence("other-date", "differs", 0.0, *dates, "startDate", "startDate")
        near = -min(abs(days(one) - days(other)) for one in left.starts for other in right.starts)
        return Outcome("RUN.OTHER_DATE", "", (line, *title_evidence(facts)), near)
    a, b = facts.titles
    if a.cohorts and b.cohorts and (a.cohorts, a.years) != (b.cohorts, b.years):
        return Outcome("RUN.COHORT", "", tuple(title_evidence(facts)))
    return None


def _edition(facts: Facts) -> str:
    """The rule by which the two are editions of one title, "" if nothing says so."""
    a, b = facts.titles
    if a.versions != b.versions and (a.versions or b.versions):
        return "VER.TITLE_EDITION"
    if a.years and b.years and a.years != b.years:
        return "VER.TITLE_YEAR"
    if facts.left.version and facts.right.version and facts.left.version != facts.right.version:
        return "VER.STATED_VERSION"
    return ""


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit() and len(part) < 10)


def _older_edition(facts: Facts) -> str:
    a, b = facts.titles
    pairs = (a.versions, b.versions), (a.years, b.years), ((facts.left.version,), (facts.right.version,))
    for one, other in pairs:
        if one and other and one != other and _number(one[0]) != _number(other[0]):
            return "left" if _number(one[0]) < _number(other[0]) else "right"
    return older(facts)


def _identity(facts: Facts) -> Outcome | None:
    if facts.guards or not (facts.identifiers or facts.addresses):
        return None
    identified = bool(facts.identifiers)
    key = facts.identifiers[0] if identified else facts.addresses[0]
    feature = "same-doi" if key.startswith("doi:") else "same-identifier" if identified else "same-url"
    evidence = (same(feature, shown_key(key), field="identifier" if identified else "url"), *title_evidence(facts))
    if _edition(facts):
        return Outcome("VER.SAME_IDENTIFIER", _older_edition(facts), evidence)
    # a site's front page is shared by everything on it
    front = not identified and "/" not in key and "?" not in key
    rule = "OK.SAME_IDENTIFIER" if identified else "OK.SAME_URL"
    if _titles_agree(facts) and not (facts.differ and not facts.one_text) and not front:
        a, b = facts.titles
        if a.core and b.core and not (set(a.parts) ^ set(b.parts)):
            return Outcome(rule, "", evidence)
    return None if front and not facts.same_title else Outcome(rule + "_OTHER_TITLE", "", evidence)


def _repository(facts: Facts) -> Outcome | None:
    if facts.guards:
        return None
    for key, ref, path in facts.left.repositories:
        for other_key, other_ref, other_path in facts.right.repositories:
            if key != other_key:
                continue
            shown = f"{key} {ref} {path}".strip(), f"{key} {other_ref} {other_path}".strip()
            evidence = (same("same-repository", *shown, "codeRepository"), *title_evidence(facts))
            if path == other_path and ref != other_ref and _titles_agree(facts):
                source = "" if ref and other_ref else "left" if ref else "right"
                return Outcome("VER.REPOSITORY_EDITION", source or older(facts), evidence)
            if bool(path) != bool(other_path) and ref == other_ref and not facts.same_title:
                return Outcome("PART.REPOSITORY_PATH", "right" if path else "left", evidence)
    return None


def _address_edition(facts: Facts) -> Outcome | None:
    """Addresses that differ only in a number of edition at the end (".../articles/11-638/v2")."""
    if facts.guards or not _titles_agree(facts):
        return None
    for one in facts.left.own:
        for other in facts.right.own:
            a, b = _EDITION.sub("", one), _EDITION.sub("", other)
            if one.startswith("url:") and one != other and a == b and not {one, other, a} & facts.aside:
                line = Evidence(
                    "same-url", "equal-without-edition", 1.0, shown_key(one), shown_key(other), "url", "url"
                )
                first = "left" if (len(one), one) < (len(other), other) else "right"
                return Outcome("VER.ADDRESS_EDITION", first, (line, *title_evidence(facts)))
    return None


def _deposits(facts: Facts) -> Iterator[tuple[str, str]]:
    """Pairs of different DOIs of one archive (one DOI prefix)."""
    for a in facts.left.own:
        for b in facts.right.own:
            if a.startswith("doi:") and b.startswith("doi:") and a != b and a.split("/")[0] == b.split("/")[0]:
                yield a, b


def _version(facts: Facts) -> Outcome | None:
    """Editions by title, stated version or deposit. On Zenodo the identifier of all versions and that of
    the first version are minted one after the other (Zenodo, "DOI versioning")."""
    parts_differ = set(facts.titles[0].parts) != set(facts.titles[1].parts)
    if facts.guards or parts_differ or not facts.same_title or (facts.differ and not facts.one_text):
        return None
    titles = tuple(title_evidence(facts))
    tied = facts.same_academy or bool(facts.authors)
    rule = _edition(facts)
    if rule and tied:
        lines: list[Evidence] = []
        if rule == "VER.STATED_VERSION":
            stated = facts.left.version, facts.right.version
            lines.append(Evidence("stated-version", "differs", 0.0, *stated, "version", "version"))
        return Outcome(rule, _older_edition(facts), (*titles, *lines, *author_evidence(facts)))
    if facts.ratio < NEAR:
        return None
    for one, other in _deposits(facts):
        line = Evidence("other-doi", "differs", 0.0, shown_key(one), shown_key(other), "identifier", "identifier")
        numbers = [key.rpartition("zenodo.")[2] for key in (one, other) if "/zenodo." in key]
        if len(numbers) == 2 and all(n.isdigit() for n in numbers) and abs(int(numbers[0]) - int(numbers[1])) == 1:
            return Outcome("OK.CONCEPT_IDENTIFIER", "", (line, *titles, *author_evidence(facts)))
        if facts.authors or (facts.same_academy and (facts.text or 0) >= 0.5):
            both = (line, *titles, *author_evidence(facts), *text_evidence(facts))
            return Outcome("VER.OTHER_DEPOSIT", older(facts), both)
    return None


def _successor(facts: Facts) -> Outcome | None:
    if facts.guards or facts.differ or not facts.same_academy or not facts.shared_core:
        return None
    for owner, other_owner, name, other in repository_names(facts):
        shorter, longer = sorted((name, other), key=len)
        if owner != other_owner or len(shorter) < 3 or len(longer) == len(shorter) or set(shorter) - set(longer):
            continue
        old, new = (facts.left, facts.right) if shorter == name else (facts.right, facts.left)
        if (
            0 < days(old.modified) <= days(new.created) + 90 < days(new.modified)
            and abs(days(old.modified) - days(new.created)) <= 90
        ):
            dates = Evidence("succession", "days-apart", 1.0, old.modified, new.created, "dateModified", "dateCreated")
            names = same("same-repository-name", "-".join(name), "-".join(other), "codeRepository")
            source = "left" if old is facts.left else "right"
            if source == "right":
                dates = Evidence(
                    "succession", "days-apart", 1.0, new.created, old.modified, "dateCreated", "dateModified"
                )
            return Outcome("VER.SUCCESSOR", source, (names, dates, *title_evidence(facts)))
    return None


def _apart(facts: Facts) -> bool:
    """Whether one site publishes both under different addresses: it holds them for two things."""
    sites = [
        {key[4:].split("/")[0] for key in side.own if key.startswith("url:")} for side in (facts.left, facts.right)
    ]
    return bool(sites[0] & sites[1]) and not facts.addresses


def _copy(facts: Facts) -> Outcome | None:
    a, b = facts.titles
    if facts.guards or (facts.differ and not facts.one_text) or set(a.parts) != set(b.parts) or _edition(facts):
        return None
    if (set(a.levels) ^ set(b.levels)) & {"intermediate", "advanced"}:
        return None
    evidence = (*title_evidence(facts), *text_evidence(facts), *author_evidence(facts))
    text = facts.text or 0.0
    if facts.same_title and text >= 0.8:
        return Outcome("OK.TITLE_AND_TEXT", "", evidence)
    if facts.same_title and facts.ratio >= 0.95 and facts.authors and len(a.core) >= 2 and not _apart(facts):
        return Outcome("OK.TITLE_AND_AUTHORS", "", evidence)
    if text >= 0.9 and not facts.same_academy and facts.shared_core:
        return Outcome("OK.SAME_TEXT", "", evidence)
    return None


def _fork(facts: Facts) -> Outcome | None:
    """Same title, and repositories of two owners with one name; equal texts are left to the copy rules."""
    like = facts.same_title or facts.ratio >= NEAR
    if facts.guards or not like or (facts.differ and not facts.one_text) or (facts.text or 0) >= 0.97:
        return None
    for owner, other_owner, name, other in repository_names(facts):
        shorter, longer = sorted((name, other), key=len)
        if owner != other_owner and len(shorter) >= 2 and longer[: len(shorter)] == shorter:
            source = "" if name == other else "left" if name == shorter else "right"
            line = same("same-repository-name", "-".join(name), "-".join(other), "codeRepository")
            evidence = (line, *title_evidence(facts), *text_evidence(facts))
            return Outcome("DER.REPOSITORY_NAME", source, evidence, facts.ratio - pinned(facts))
    return None


def _derivative(facts: Facts) -> Outcome | None:
    if facts.guards or facts.same_academy or facts.text is None or (facts.differ and not facts.one_text):
        return None
    near = facts.ratio >= 0.6 or len(facts.shared_core) > max(len(rest) for rest in facts.rest)
    if facts.text >= 0.35 and near and facts.shared_core:
        evidence = (*title_evidence(facts), *text_evidence(facts))
        return Outcome("DER.TEXT", older(facts), evidence, facts.text)
    return None


def _overlap(facts: Facts) -> Outcome | None:
    a, b = facts.titles
    if facts.same_academy and facts.guards:
        return None
    if set(facts.guards) & {"NO.SERIES_WORD", "NO.OTHER_TOOL"} and not set(a.topics) & set(b.topics):
        return None
    evidence = (*title_evidence(facts), *text_evidence(facts))
    bonus = (0.0 if facts.same_academy else 0.3) + (facts.text or 0.0)
    if facts.same_title and a.norm == b.norm and not facts.guards:
        return Outcome("OV.SAME_TITLE", "", evidence, 2.0 + bonus)
    if facts.text is not None and facts.text >= 0.3 and facts.shared_core and not facts.same_academy:
        return Outcome("OV.TEXT", "", evidence, 1.5 + bonus)
    if not facts.shared_core or (a.topics and b.topics and not set(a.topics) & set(b.topics)):
        return None
    named = [w for w in facts.shared_core if w in a.topics or w in a.tools]
    rare = [w for w in facts.shared_core if w in facts.rare and w not in named]
    coverage = len(facts.shared_core) / max(1, min(len(a.core), len(b.core)))
    concepts = set(facts.left.about) & set(facts.right.about)
    words = set(facts.left.keywords) & set(facts.right.keywords)
    if coverage < 0.5 or not (named or len(rare) >= 2 or (rare and (concepts or words))):
        return None
    line = Evidence("same-topic", "share", round(coverage, 2), a.text, b.text, "name", "name")
    score = coverage + 0.2 * len(named) + 0.1 * len(rare) + 0.05 * len(concepts | words) + bonus
    return Outcome("OV.SAME_TOPIC", "", (line, *text_evidence(facts)), score)


ORDER: tuple[Callable[[Facts], Outcome | None], ...] = (
    _declared, _run, _identity, _repository, _address_edition, _version, translation, _successor, _fork, _copy,
    _derivative, _related, _overlap,
)  # fmt: skip


def relate(facts: Facts) -> Outcome | None:
    """The outcome of the first rule that fires, None when nothing ties the two."""
    return next((outcome for rule in ORDER if (outcome := rule(facts)) is not None), None)
