"""What the ways of listing a Moodle's courses have in common: options, the listing, categories.

Source: Moodle, course/externallib.php.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harvesters.json_safe import word
from registry.model import FeedIssue, Issue

MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Options:
    """The feed's options, checked."""

    categories: tuple[int, ...] = ()
    contacts: bool = False
    ajax: bool = True
    detail: int = 0
    pages: int = 1000
    search: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """A category; ``parent`` 0 is the top. ``name`` may hold several languages."""

    id: int
    name: str
    parent: int = 0
    visible: bool = True
    idnumber: str = ""


@dataclass(slots=True)
class Listing:
    """What one visit found. ``whole``: nothing was missed; ``every``: the way lists all courses there are."""

    address: str
    site: str
    courses: list[Mapping[str, Any]] = field(default_factory=list)
    categories: dict[int, Category] = field(default_factory=dict)
    notes: list[FeedIssue] = field(default_factory=list)
    whole: bool = True
    every: bool = True
    language: str = ""

    def stop(self, code: str, place: str, value: str = "", **params: str) -> None:
        """Something is missing: note what, so that absence proves nothing."""
        self.whole = False
        self.note(code, place, value, **params)

    def note(self, code: str, place: str, value: str = "", **params: str) -> None:
        """Something that the academy should know."""
        self.notes.append(FeedIssue(Issue(code, place[:300], value[:300], tuple(sorted(params.items())))))


def number(value: Any) -> int | None:
    """A whole number, also one that is written as a string."""
    text = word(value)
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 16 else None


def path_of(listing: Listing, course: Mapping[str, Any]) -> list[Category]:
    """The categories of a course from the top; of one that nobody lists its name alone."""
    found: list[Category] = []
    current = number(course.get("categoryid")) or number(course.get("category")) or 0
    own, name = current, word(course.get("categoryname"))
    while current and current in listing.categories and len(found) < MAX_DEPTH:
        one = listing.categories[current]
        if one in found:
            break
        found.append(one)
        current = one.parent
    if not found and name:
        found.append(Category(own, name))
    return found[::-1]
