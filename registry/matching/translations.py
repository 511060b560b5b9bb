"""When two records in different languages are translations: two independent signals, never one.

A signal is an address that is equal but for the language, the same place on two sites, the same topics in the titles,
authors, course code, concepts, duration, dates or number of the part. Between academies three are needed,
unless the address tells.
"""

from __future__ import annotations

from registry.matching.compare import (
    NEAR_TEXT,
    UNTRANSLATED,
    Facts,
    author_evidence,
    kin,
    same,
    text_evidence,
    title_evidence,
)
from registry.matching.features import OTHER_SCRIPTS
from registry.matching.outcome import Outcome, older, pinned, repository_names, shown_key
from registry.model import Evidence

PLACED = "TR.STRUCTURE"
"""The rule of what its place alone tells, if other pages of the two sites pair as well (``select``)."""
WHOLE, ROOT, NAMED = 3.0, 2.5, 2.0
"""The scores of one place: one that says something, a page beside the front page, and a name at two places."""
ALIKE = 0.6
"""Share of all concepts of both that the two have in common, where they are not equal."""


def _spoken(facts: Facts, named: str, other: str) -> bool:
    """Whether two addresses name two languages, each that of its resource; one may name none."""
    left, right = facts.left.languages, facts.right.languages
    return named != other and (not named or named in left) and (not other or other in right)


def _address_signal(facts: Facts) -> tuple[Evidence, str, bool] | None:
    """Addresses that are equal but for the language: the evidence, the source, and whether host or owner
    agree too (the same place publishes both)."""
    for stem, named in facts.left.pages:
        for other_stem, other_named in facts.right.pages:
            # The front pages of a site in two languages may be of the site, or of the one thing that it is about.
            front = "/" not in stem
            if stem != other_stem or (front and not (named and other_named)):
                continue
            if _spoken(facts, named, other_named):
                line = _stem(f"{stem} {named}".strip(), f"{stem} {other_named}".strip())
                return line, _source(named, other_named), not front
    for words, named in facts.left.slugs:
        for other, other_named in facts.right.slugs:
            # Pages at one place in two repositories of one name, of which neither says its language.
            alike = not named and not other_named and "/" in "".join(words[-1:])
            if words != other or len(words) < 2 or not (alike or _spoken(facts, named, other_named)):
                continue
            owners = [(o, p) for o, p, name, name_b in repository_names(facts) if set(name) & set(name_b)]
            close = any(o == p or kin(o.rpartition("/")[2], p.rpartition("/")[2]) for o, p in owners)
            if alike and not close:
                continue
            shown = "-".join((*words, named)).strip("-"), "-".join((*other, other_named)).strip("-")
            return _stem(*shown), _source(named, other_named), close
    return None


def _stem(one: str, other: str) -> Evidence:
    return Evidence("same-address-stem", "equal-without-language", 1.0, one, other, "url", "url")


def _source(named: str, other: str) -> str:
    """An address that names no language is the original's, where the other names one."""
    return "" if bool(named) == bool(other) else "left" if other else "right"


def _original(facts: Facts) -> str:
    """The side that came first, "" when nothing tells. Not by the last change: originals go on changing, translations
    rarely."""
    return older(facts, ("published", "created"))


def _place_signal(facts: Facts) -> tuple[float, Evidence, str] | None:
    """One place on two sites, but for the language ("2020/version-control"), or one name there: the score, the
    evidence, and the source."""
    if set(facts.left.sites) & set(facts.right.sites):
        return None
    found: list[tuple[float, Evidence, str]] = []
    for path, named in facts.left.paths:
        for other, other_named in facts.right.paths:
            if path == other and (named == other_named == "" or _spoken(facts, named, other_named)):
                score = NAMED if path.startswith("…") else ROOT if path.startswith(".") else WHOLE
                line = same("same-path", path, field="url")
                found.append((score, line, _source(named, other_named) or _original(facts)))
    return max(found, key=lambda one: (one[0], one[1].left_value), default=None)


def _title_signal(facts: Facts) -> Evidence | None:
    """Whether two titles in two languages name the same things (topics, tools, acronyms, numbers)."""
    a, b = facts.titles
    one, other = set(a.tools + a.topics), set(b.tools + b.topics)
    enough = len(one) >= 2 or (len(one) == 1 and facts.same_academy)
    rare = [w for w in facts.shared_core if w in facts.rare and w not in one and len(w) > 2]
    untranslated = facts.same_title and len(facts.shared_core) >= UNTRANSLATED
    # A rare word in Latin letters is a name where all else is written in others.
    foreign = bool(rare) and a.text.isascii() != b.text.isascii() and _scripts(facts)
    if (one and one == other and enough) or len(rare) >= 2 or (rare and one & other) or untranslated or foreign:
        score = len(facts.shared_core) / max(len(a.core), len(b.core))
        return Evidence("same-title-terms", "share", round(score, 2), a.text, b.text, "name", "name")
    return None


def _scripts(facts: Facts) -> bool:
    """Whether the two are written in Latin letters and in others."""
    return len({bool(OTHER_SCRIPTS.intersection(side.languages)) for side in (facts.left, facts.right)}) == 2


def translation(facts: Facts) -> Outcome | None:
    """``TR.ADDRESS`` or ``TR.SIGNALS``, None when the signals do not suffice or a guard forbids it."""
    left, right = facts.left, facts.right
    if facts.guards or not facts.differ:
        return None
    address = _address_signal(facts)
    if facts.one_text and (not address or facts.text is not None):
        # At the place of a translation, in the original's language: still to be translated; the original moved on.
        stale = address and (facts.same_title or (facts.text or 0.0) >= NEAR_TEXT)
        evidence = (*title_evidence(facts), *text_evidence(facts))
        return Outcome("NEAR.NOT_TRANSLATED", "", (address[0], *evidence)) if address and stale else None
    lines: list[Evidence] = []
    title = _title_signal(facts)
    if title:
        lines.append(title)
    if facts.authors:
        lines.extend(author_evidence(facts))
    several = len(facts.authors) > 1  # one author makes many courses, the same two of them few
    if set(left.codes) & set(right.codes) and facts.same_academy:
        lines.append(same("same-courseid", sorted(set(left.codes) & set(right.codes))[0], field="courseCode"))
    if facts.identifiers or facts.addresses:
        lines.append(same("same-url", shown_key((facts.identifiers + facts.addresses)[0]), field="url"))
    anchored = len(lines)
    shared = set(left.about) & set(right.about)
    if left.about == right.about and shared or len(shared) >= max(2, ALIKE * len({*left.about, *right.about})):
        lines.append(same("same-concepts", " ".join(sorted(shared)), field="about"))
    if left.minutes and left.minutes == right.minutes:
        lines.append(same("same-duration", f"{left.minutes} min", field="timeRequired"))
    for name, label in (("created", "dateCreated"), ("published", "datePublished")):
        day = getattr(left, name)
        if len(day) >= 10 and day[:10] == getattr(right, name)[:10]:
            lines.append(same("same-date", day, field=label))
            break
    a, b = facts.titles
    placed = bool(left.position and right.position)
    if placed and left.position == right.position:
        lines.append(same("same-position", left.position, field="url"))
    elif not placed and len(a.parts) == 1 and a.parts == b.parts:
        lines.append(same("same-position", a.parts[0], field="name"))
    place = None if address else _place_signal(facts)
    if place and place[0] == WHOLE:
        lines.append(place[1])
    if address:
        line, source, close = address
        if lines or close:
            owner = [same("same-owner", "owner", field="url")] if close and not lines else []
            return Outcome("TR.ADDRESS", source, (line, *lines, *owner), 5 + 2 * close + len(lines) - pinned(facts))
        if left.repositories and right.repositories:
            return Outcome(PLACED, source, (line,), 4 - pinned(facts))
    for side, here, there in ((left, left.summary, b.text), (right, a.text, right.summary)):
        if any(meaning == "translation-of" for meaning, _ in side.said):
            fields = ("description", "name") if side is left else ("name", "description")
            lines.append(Evidence("text-says", "translation", 1.0, here, there, *fields))
            break
    needed = 2 if facts.same_academy else 3 - several
    # The third unit of a course is not the translation of the second, however much else they share.
    # Titles that name other topics are of other modules, whatever else agrees; topics have one name in all languages.
    if (placed and left.position != right.position) or (a.topics and b.topics and not {*a.topics} & {*b.topics}):
        return None
    if anchored and len(lines) >= needed:
        # A list's few keywords prove nothing beside its authors; they tell which of several partners is meant.
        if len(left.keywords) > 1 and left.keywords == right.keywords:
            lines.append(same("same-keywords", ", ".join(left.keywords), field="keywords"))
        return Outcome("TR.SIGNALS", _original(facts), tuple(lines), len(lines) + _names(facts) - pinned(facts), False)
    return Outcome(PLACED, place[2], (place[1],), place[0]) if place else None


def _names(facts: Facts) -> float:
    """What orders partners that as much speaks for: names in both titles that stay as they are in every language, and
    the number of the part. Topics do not count: modules of one course share them."""
    a, b = facts.titles
    stay = [word for word in facts.shared_core if word not in a.topics]
    return round(0.5 * len(stay) / max(1, len(a.core), len(b.core)) + 0.4 * bool(a.parts and a.parts == b.parts), 2)
