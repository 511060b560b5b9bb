"""Which relation two records have: ordered rules with reason codes; the first that fires decides.

The rules' relations, confidence bands, standing and words are rows of ``tables/rules.tsv``. Guards
("NO.…") come before every rule but those that repeat what the source itself states.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from registry.matching.compare import COVERAGE, NEAR, TOPIC_TEXT, Facts, same, text_evidence, title_evidence
from registry.matching.copies import copy, derivative, fork, not_translated, other_dates, untranslated
from registry.matching.editions import address_edition, edition, older_edition, revised, run, successor, version
from registry.matching.features import Features
from registry.matching.outcome import Outcome, older, shown_key
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
_NUMBERED = re.compile(r" (?:[^\W\d]+ )?\d{1,2} ")
_UNDERSCORED = re.compile("/_")
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
        if relation == "translation" and (found_same := untranslated(facts, stated=True)):
            rule = "OK.DECLARED_TRANSLATION" if found_same == "OK" else "NEAR.DECLARED_TRANSLATION"
            return Outcome(rule, "", (*evidence, *text_evidence(facts)), 9.0)
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


def _identity(facts: Facts) -> Outcome | None:
    if facts.guards or not (facts.identifiers or facts.addresses):
        return None
    a, b = facts.titles
    if not facts.identifiers and not (a.core and b.core) and other_dates(facts):
        return None  # meetings at the one address of the room
    identified = bool(facts.identifiers)
    key = facts.identifiers[0] if identified else facts.addresses[0]
    feature = "same-doi" if key.startswith("doi:") else "same-identifier" if identified else "same-url"
    evidence = (same(feature, shown_key(key), field="identifier" if identified else "url"), *title_evidence(facts))
    told = (a.years and b.years and a.years != b.years) or (a.versions and b.versions and a.versions != b.versions)
    if edition(facts) and told:
        return Outcome("VER.SAME_IDENTIFIER", older_edition(facts), evidence)
    # a site's front page is shared by everything on it
    front = not identified and "/" not in key and "?" not in key
    rule = "OK.SAME_IDENTIFIER" if identified else "OK.SAME_URL"
    like = _titles_agree(facts) and bool(a.core and b.core) and set(a.parts) == set(b.parts)
    if like and not (facts.differ and not facts.one_text) and not front:
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
            # A page at another revision is the same page, whatever it is titled by now.
            kept = _UNDERSCORED.sub("/", "/" + path) == _UNDERSCORED.sub("/", "/" + other_path)
            if kept and ref != other_ref and (path or _titles_agree(facts)):
                source = "" if ref and other_ref else "left" if ref else "right"
                return Outcome("VER.REPOSITORY_EDITION", source or older(facts), evidence)
            # The site of an account as a whole is no work of which its pages were parts.
            if bool(path) != bool(other_path) and ref == other_ref and not key.endswith((".github.io", ".gitlab.io")):
                if not facts.same_title:
                    return Outcome("PART.REPOSITORY_PATH", "right" if path else "left", evidence)
                if "/" not in path + other_path:  # the front page of the site that is published from it
                    return Outcome("OK.REPOSITORY_SITE", "", evidence)
    return None


SAID = {
    "says-based-on": "DER.SAID",
    "says-translation-of": "TR.SAID",
    "says-previous": "VER.SAID",
    "says-next": "VER.SAID",
}
"""The rule for what a description says of an address that it names, which is the source's; what comes next is not."""


def _said(facts: Facts) -> Outcome | None:
    """What a description says of the other, whose address or title it names ("adapted from https://…")."""
    if facts.guards or not (facts.left.said or facts.right.said):
        return None
    for side, one, other in (("left", facts.left, facts.right), ("right", facts.right, facts.left)):
        targets = set(other.own) - facts.aside
        named = [(name, shown_key(key), "identity") for name, key in one.declared if name in SAID and key in targets]
        named += [("says-" + meaning, title, "name") for meaning, title in _by_name(facts, one, other)]
        for name, what, field in named:
            rule = SAID[name] if name != "says-translation-of" or facts.differ else "DER.SAID"
            ends = (one.summary, what, "description", field)
            if side == "right":
                ends = (what, one.summary, field, "description")
            line = Evidence("text-says", name.removeprefix("says-"), 1.0, *ends)
            source = side if name == "says-next" else "right" if side == "left" else "left"
            return Outcome(rule, source, (line, *title_evidence(facts)), 8.0)
    return None


def _by_name(facts: Facts, one: Features, other: Features) -> Iterator[tuple[str, str]]:
    """What a description says of the other by its title ("companion to the article …"), or of something where the two
    are titled alike, have people or passages in common, and only one of them says such a thing."""
    for meaning, words in one.said:
        title = max((t.norm for t in other.titles if len(t.core) + len(t.topics) >= 2), key=len, default="")
        alike = facts.same_title and not other.said and (bool(facts.authors) or (facts.text or 0.0) >= TOPIC_TEXT)
        if title.count(" ") >= 2 and (f" {title} " in f" {words} " or (alike and not facts.verbatim)):
            yield meaning, title


def _titled_part(facts: Facts) -> Outcome | None:
    """A part that is titled by its whole, its number and a title of its own ("Circuits 2: amplification")."""
    a, b = facts.titles
    if not facts.same_academy or facts.differ:
        return None
    for whole, part, source in ((a, b, "left"), (b, a, "right")):
        if part.head == whole.norm and " " in part.head and part.parts and not whole.parts:
            rest = part.norm.removeprefix(part.head)
            return Outcome("PART.TITLE", source, tuple(title_evidence(facts))) if _NUMBERED.match(rest) else None
    return None


def _overlap(facts: Facts) -> Outcome | None:
    a, b = facts.titles
    if facts.guards and (facts.same_academy or set(facts.guards) - {"NO.SERIES_WORD", "NO.OTHER_TOOL"}):
        return None
    if facts.guards and not set(a.topics) & set(b.topics):
        return None
    evidence = (*title_evidence(facts), *text_evidence(facts))
    bonus = (0.0 if facts.same_academy else 0.3) + (facts.text or 0.0)
    if facts.same_title and a.norm == b.norm and not facts.guards:
        return Outcome("OV.SAME_TITLE", "", evidence, 2.0 + bonus)
    if facts.text is not None and facts.text >= TOPIC_TEXT and facts.shared_core and not facts.same_academy:
        return Outcome("OV.TEXT", "", evidence, 1.5 + bonus)
    if not facts.shared_core or (a.topics and b.topics and not set(a.topics) & set(b.topics)):
        return None
    named = [w for w in facts.shared_core if w in a.topics or w in a.tools]
    rare = [w for w in facts.shared_core if w in facts.rare and w not in named]
    coverage = len(facts.shared_core) / max(1, min(len(a.core), len(b.core)))
    concepts = set(facts.left.about) & set(facts.right.about)
    words = set(facts.left.keywords) & set(facts.right.keywords)
    if coverage < COVERAGE or not (named or len(rare) >= 2 or (rare and (concepts or words))):
        return None
    line = Evidence("same-topic", "share", round(coverage, 2), a.text, b.text, "name", "name")
    score = coverage + 0.2 * len(named) + 0.1 * len(rare) + 0.05 * len(concepts | words) + bonus
    return Outcome("OV.SAME_TOPIC", "", (line, *text_evidence(facts)), score)


ORDER: tuple[Callable[[Facts], Outcome | None], ...] = (
    _declared, run, _identity, _repository, address_edition, _said, version, not_translated, translation, successor,
    _titled_part, fork, revised, copy, derivative, _related, _overlap,
)  # fmt: skip


def relate(facts: Facts) -> Outcome | None:
    """The outcome of the first rule that fires, None when nothing ties the two."""
    return next((outcome for rule in ORDER if (outcome := rule(facts)) is not None), None)
