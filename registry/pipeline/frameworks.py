"""Frameworks where tables are concerned: the headings of lists of terms that have no field of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harvesters.table_headings import field_of, fold
from registry.messages import LANGUAGES
from registry.model import Feed
from registry.vocabulary import Scheme, of_role

COLUMNS = ("subject", "audience")
"""The roles whose schemes are columns of a table."""


def headed(feed: Feed, schemes: Mapping[str, Scheme]) -> Feed:
    """A table's entry that also knows the headings of frameworks; its own columns, and those of the template, win.

    A heading that two frameworks share means neither. Feeds of other protocols stay as they are.
    """
    if feed.protocol != "table":
        return feed
    own = {fold(heading) for heading in feed.columns}
    meant: dict[str, set[str]] = {}
    words: dict[str, str] = {}
    for scheme in (one for role in COLUMNS for one in of_role(schemes, role)):
        for heading in scheme.headings():
            if field_of(heading, {}) is None or heading in map(scheme.heading, LANGUAGES):
                meant.setdefault(fold(heading), set()).add(scheme.id)
                words.setdefault(fold(heading), heading)
    known = {
        words[word]: f"scheme:{min(names)}" for word, names in meant.items() if len(names) == 1 and word not in own
    }
    return replace(feed, columns={**known, **feed.columns})
