"""Frameworks where tables are concerned: the headings and template columns of lists that have no field of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from harvesters.table_headings import field_of, fields, fold
from registry.messages import LANGUAGES
from registry.model import Feed
from registry.vocabulary import Scheme, of_role

COLUMNS = ("subject", "audience")
"""The roles whose schemes are columns of a table."""


def columns(schemes: Mapping[str, Scheme]) -> list[Scheme]:
    """The schemes that are columns of a table by their name and titles: those that are no field of it already."""
    return [
        one
        for role in COLUMNS
        for one in of_role(schemes, role)
        if one.id not in fields() and field_of(one.id, {}) is None
    ]


def headings(scheme: Scheme) -> dict[str, str]:
    """The heading of a scheme's column by language: its title where no other column could be meant, else its name."""
    found = {}
    for language in LANGUAGES:
        title = scheme.title.get(language) or scheme.title.get("en") or next(iter(scheme.title.values()), "")
        found[language] = title if title and len(title) <= 80 and _free(title) else scheme.id
    return found


def headed(feed: Feed, schemes: Mapping[str, Scheme]) -> Feed:
    """A table's entry that also knows the headings of frameworks; its own columns win. Other feeds as they are."""
    if feed.protocol != "table":
        return feed
    own = {fold(heading) for heading in feed.columns}
    more: dict[str, set[str]] = {}
    for scheme in columns(schemes):
        for word in (scheme.id, *_titles(scheme)):
            more.setdefault(word, set()).add(scheme.id)
    known = {word: f"scheme:{min(names)}" for word, names in more.items() if len(names) == 1 and fold(word) not in own}
    return replace(feed, columns={**known, **feed.columns})


def _titles(scheme: Scheme) -> Iterable[str]:
    return (title for title in scheme.title.values() if _free(title))


def _free(title: str) -> bool:
    """Whether a heading means no field of the template."""
    return field_of(title, {}) is None
