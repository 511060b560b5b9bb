"""Rules for the same content: listed again, with small differences, still untranslated, or reworked by others."""

from __future__ import annotations

from rapidfuzz import fuzz

from registry.matching.compare import (
    NEAR,
    NEAR_TEXT,
    RETITLED_TEXT,
    SAME_TEXT,
    SOME_TEXT,
    Facts,
    author_evidence,
    same,
    text_evidence,
    title_evidence,
)
from registry.matching.editions import deposits, edition
from registry.matching.features import OTHER_SCRIPTS
from registry.matching.keys import TOLD
from registry.matching.outcome import Outcome, like_titles, older, pinned, repository_names
from registry.matching.traits import SAID
from registry.model import Evidence

KINDS_APART = frozenset({"data", "code"})
"""A program, or the data for it, is no form of what is taught with it."""
SHORT_TEXT = 90
"""Likeness of the words of two descriptions, of 100, where they are too short for a sketch: one language, one text."""
RETITLED = 0.8
"""Likeness of titles of which one says a little more than the other."""


def _apart(facts: Facts) -> bool:
    """Whether one site publishes both under different addresses: it holds them for two things."""
    sites = [
        {key[4:].split("/")[0] for key in side.own if key.startswith("url:")} for side in (facts.left, facts.right)
    ]
    return bool(sites[0] & sites[1]) and not facts.addresses


def other_dates(facts: Facts) -> bool:
    """Whether both say when they are held, and never on one day."""
    left, right = set(facts.left.starts), set(facts.right.starts)
    return bool(left and right) and not left & right


def _other_form(facts: Facts) -> bool:
    """Whether the two are known to be of different kinds: slides and a recording, a poster and an article. What is not
    said to be a recording beside one that is, is none."""
    left, right = set(facts.left.media), set(facts.right.media)
    return not left & right and (bool(left and right) or "video" in left | right)


def untranslated(facts: Facts, stated: bool = False) -> str:
    """What two resources are that are said to be in two languages, or translations, and whose texts are in one: "OK"
    the same word for word, "NEAR" nearly, "" when nothing shows it. Texts in two languages share next to nothing;
    where a translation is ``stated``, a few words that are alike tell it."""
    a, b = facts.titles
    titled = (facts.same_title and facts.ratio >= NEAR) or (a.norm == b.norm and a.norm.count(" ") >= 2)
    long = facts.text is not None or len(facts.left.summary) >= TOLD
    alone = ((facts.text or 0) >= SAME_TEXT or (facts.verbatim and long)) and a.core and b.core
    if facts.guards or other_dates(facts) or not (titled or facts.same_title or facts.shared_core or alone):
        return ""
    if facts.verbatim and (titled or long):
        return "OK" if titled else "NEAR"
    if facts.text is not None:
        return "NEAR" if facts.text >= NEAR_TEXT else ""
    one, other = facts.left.summary, facts.right.summary
    if (
        stated
        and min(len(one), len(other)) >= SAID
        and fuzz.token_set_ratio(one.casefold(), other.casefold()) >= SHORT_TEXT
    ):
        return "NEAR"
    if one or other or a.norm != b.norm or not a.core or not _in_trees(facts):
        return ""
    spoken = {*facts.left.languages, *facts.right.languages}
    return "OK" if facts.one_text or (spoken & OTHER_SCRIPTS and a.norm.isascii()) else ""


def _in_trees(facts: Facts) -> bool:
    """Whether both are pages at one path of two repositories: there the title is part of what is translated."""
    paths = [{path for _, _, path in side.repositories} - {""} for side in (facts.left, facts.right)]
    return bool(paths[0] and paths[1])


def not_translated(facts: Facts) -> Outcome | None:
    """``OK.NOT_TRANSLATED`` and ``NEAR.NOT_TRANSLATED``: other languages are stated than the texts are written in."""
    found = untranslated(facts) if facts.differ else ""
    if not found:
        return None
    spoken = ", ".join(facts.left.languages), ", ".join(facts.right.languages)
    line = Evidence("stated-language", "differs", 0.0, *spoken, "inLanguage", "inLanguage")
    rule = "OK.NOT_TRANSLATED" if found == "OK" else "NEAR.NOT_TRANSLATED"
    return Outcome(rule, "", (line, *title_evidence(facts), *text_evidence(facts)))


def fork(facts: Facts) -> Outcome | None:
    """The same title in repositories of two owners with one name, or one name that extends the other.

    A page that both changed last on the same day is as it was when the repository was copied (``OK.SAME_STATE``);
    one that was changed since is a derivative, also where its first paragraphs are still the same.
    """
    like = facts.same_title or facts.ratio >= NEAR
    if facts.guards or not like or (facts.differ and not facts.one_text):
        return None
    dates = facts.left.modified[:10], facts.right.modified[:10]
    told = all(len(day) == 10 for day in dates)
    if not told and facts.verbatim:
        return None
    for owner, other_owner, name, other in repository_names(facts):
        shorter, longer = sorted((name, other), key=len)
        if owner != other_owner and len(shorter) >= 2 and longer[: len(shorter)] == shorter:
            source = "" if name == other else "left" if name == shorter else "right"
            line = same("same-repository-name", "-".join(name), "-".join(other), "codeRepository")
            evidence = (line, *title_evidence(facts), *text_evidence(facts))
            if told and dates[0] == dates[1] and (facts.text is None or facts.verbatim):
                day = same("same-date", dates[0], field="dateModified")
                return Outcome("OK.SAME_STATE", source, (line, day, *evidence[1:]))
            return Outcome("DER.REPOSITORY_NAME", source, evidence, facts.ratio - pinned(facts))
    return None


def copy(facts: Facts) -> Outcome | None:
    """``OK.…`` and ``NEAR.…`` by title, text and authors; generic titles ("Webinar") never tell anything."""
    if facts.guards or (facts.differ and not facts.one_text) or edition(facts) or other_dates(facts):
        return None
    evidence = (*title_evidence(facts), *text_evidence(facts), *author_evidence(facts))
    a, b = facts.titles
    text = facts.text or 0.0
    if not like_titles(facts) or facts.ratio < NEAR:
        return _retitled(facts, evidence)
    media = {*facts.left.media, *facts.right.media}
    if _other_form(facts) or set(a.formats) != set(b.formats):
        if media & KINDS_APART or not (facts.authors or text >= NEAR_TEXT):
            return None
        return Outcome("NEAR.OTHER_FORM", "", evidence)
    if facts.verbatim and (facts.text is not None or len(a.core) >= 2):
        return Outcome("OK.TITLE_AND_TEXT", "", evidence)
    if text >= NEAR_TEXT:
        return Outcome("NEAR.TEXT", "", evidence)
    if facts.ratio >= 0.95 and facts.authors and " " in a.norm and not _apart(facts):
        years = facts.left.published[:4], facts.right.published[:4]
        if all(years) and years[0] != years[1]:
            return Outcome("VER.REVISED", older(facts), evidence)
        return Outcome("OK.TITLE_AND_AUTHORS", "", evidence) if len(a.core) >= 2 else None
    return None


def _tied(facts: Facts) -> bool:
    """Whether the same people, or the same length of learning, stand behind both."""
    return bool(facts.authors) or facts.left.minutes == facts.right.minutes > 0


def _retitled(facts: Facts, evidence: tuple[Evidence, ...]) -> Outcome | None:
    """One text under two titles. One academy has one text for many courses, so there two authors must agree, or one
    where a title extends the other, and two sites hold it; what two deposits hold is two things."""
    a, b = facts.titles
    # Word for word, by the same people, at two academies: one may count it among its modules, also if it is short.
    taken = facts.verbatim and bool(facts.authors) and not facts.same_academy
    if not taken and ((facts.text or 0.0) < RETITLED_TEXT or set(a.parts) != set(b.parts)):
        return None
    if not (a.core and b.core):
        return None
    if not facts.shared_core and not (facts.verbatim and _tied(facts)):
        return None
    extends = not all(facts.rest) and facts.ratio >= RETITLED and bool(facts.authors)
    if facts.same_academy and (_apart(facts) or not (extends or len(facts.authors) >= 2)) or any(deposits(facts)):
        return None
    return Outcome("NEAR.OTHER_TITLE", "", evidence)


def derivative(facts: Facts) -> Outcome | None:
    """``DER.TEXT``: whole passages in common, at two academies, under titles that are close."""
    if facts.guards or facts.same_academy or facts.text is None or (facts.differ and not facts.one_text):
        return None
    near = facts.ratio >= 0.6 or len(facts.shared_core) > max(len(rest) for rest in facts.rest)
    if facts.text >= SOME_TEXT and near and facts.shared_core and not facts.authors and not edition(facts):
        evidence = (*title_evidence(facts), *text_evidence(facts))
        return Outcome("DER.TEXT", older(facts), evidence, facts.text)
    return None
