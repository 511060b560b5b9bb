"""What a framework is while it is added: its terms, and the rules that they have to keep.

The rules are those of ``shapes/vocabulary.ttl``, but for the three languages: a term has a name in at least one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from registry.crosswalk.clean import drop_emails, line
from registry.messages import LANGUAGES

MAX_TERMS = 5_000
MAX_NAME, MAX_TEXT = 300, 4_000
ROLES = ("subject", "level", "audience")
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_NO_CODE = re.compile(r"[^A-Za-z0-9.]+")
Texts = Mapping[str, str]


class BadFramework(Exception):
    """A framework cannot be added; the message says in one sentence what to mend."""


@dataclass(slots=True)
class Term:
    """One term. ``code`` as it was given; ``broader`` are codes; ``exact`` and ``close`` are addresses."""

    code: str
    labels: dict[str, str] = field(default_factory=dict)
    synonyms: dict[str, list[str]] = field(default_factory=dict)
    definition: dict[str, str] = field(default_factory=dict)
    broader: list[str] = field(default_factory=list)
    exact: list[str] = field(default_factory=list)
    close: list[str] = field(default_factory=list)

    @property
    def notation(self) -> str:
        """The code as it stands in an address: letters, digits, dots and hyphens."""
        return notation(self.code)


@dataclass(frozen=True, slots=True)
class Framework:
    """A list of terms. ``rank`` as in ``vocabulary.Scheme``; ``source`` is its own address, "" if it has none."""

    id: str
    role: str
    rank: int
    title: Texts
    terms: Sequence[Term]
    description: Texts = field(default_factory=dict)
    source: str = ""


def notation(code: str) -> str:
    """A code as it can stand in an address, "" if nothing of it can."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", code) if not unicodedata.combining(c))
    return _NO_CODE.sub("-", plain).strip("-.")[:60].strip("-.")


def language(tag: str, usual: str) -> str:
    """A language tag as it is kept; ``usual`` where it is none."""
    tag = tag.strip().replace("_", "-")
    return tag.lower() if _TAG.fullmatch(tag) else usual


def plain(text: str, limit: int = MAX_NAME) -> str:
    """A text without markup, control characters and e-mail addresses, on one line."""
    return line(drop_emails(text[: 4 * limit])[0])[:limit].strip()


def examined(terms: Iterable[Term]) -> list[Term]:
    """The terms if they keep the rules. Raises BadFramework with the first fault."""
    found = list(terms)
    if not found:
        raise BadFramework("there are no terms in it")
    if len(found) > MAX_TERMS:
        raise BadFramework(f"it has {len(found)} terms; {MAX_TERMS} is the most")
    seen: dict[str, Term] = {}
    for term in found:
        name = _name(term)
        if not term.code.strip():
            raise BadFramework(f"the term {name!r} has no code; give each term a code of its own")
        if not term.notation:
            raise BadFramework(f"the code {term.code[:60]!r} has neither a letter nor a digit of the Latin alphabet")
        if not term.labels:
            raise BadFramework(f"the term {term.code[:60]!r} has no name")
        other = seen.setdefault(term.notation.casefold(), term)
        if other is not term:
            raise BadFramework(f"two terms have the code {term.code[:60]!r}: {_name(other)!r} and {name!r}")
    for term in found:
        for code in term.broader:
            if notation(code).casefold() not in seen:
                raise BadFramework(f"the term {term.code[:60]!r} stands under {code[:60]!r}, which is not in the list")
        term.broader = list(dict.fromkeys(seen[notation(code).casefold()].code for code in term.broader))
    _no_loops(found)
    return found


def _name(term: Term) -> str:
    return next(iter(term.labels.values()), term.code)[:60]


def _no_loops(terms: Sequence[Term]) -> None:
    """Terms whose broader ones are all settled are settled; what never is stands in, or under, a loop."""
    waiting = {term.code: set(term.broader) for term in terms}
    while ready := [code for code, above in waiting.items() if not above]:
        for code in ready:
            del waiting[code]
        for above in waiting.values():
            above.difference_update(ready)
    if waiting:
        path = [min(waiting)]
        while (following := min(waiting[path[-1]])) not in path:
            path.append(following)
        loop = [*path[path.index(following) :], following]
        raise BadFramework("terms stand under themselves: " + " → ".join(code[:60] for code in loop[:10]))


def remarks(framework: Framework) -> list[str]:
    """What is worth knowing of a framework that can be added, a sentence each."""
    said = []
    names = {"en": "English", "fr": "French", "es": "Spanish"}
    for tag in LANGUAGES:
        without = sum(tag not in term.labels for term in framework.terms)
        if without:
            said.append(f"{without} of {len(framework.terms)} terms have no {names[tag]} name; another one is shown.")
    changed = [term for term in framework.terms if term.notation != term.code]
    if changed:
        first = changed[0]
        said.append(
            f"{len(changed)} codes were changed to stand in addresses, such as {first.code!r}: {first.notation}."
        )
    if framework.role == "level":
        lost = [term.code for term in framework.terms if not level_of(term)]
        if lost:
            said.append(
                f"{len(lost)} steps name no level of ours and mean nothing until they do (close_match: basic,"
                f" intermediate or advanced), such as {lost[0]!r}."
            )
    return said


def level_of(term: Term) -> str:
    """Our own level that a step matches, "" if it names none."""
    for address in (*term.exact, *term.close):
        found = re.fullmatch(r"(?:.*/)?id/concept/level/(basic|intermediate|advanced)", address)
        if found:
            return found[1]
    return ""
