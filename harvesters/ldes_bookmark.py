"""What is remembered of an event stream from one visit to the next, and the options of its feed.

The bookmark is {name: text}: the newest time, the pages that never change (short digests of their addresses), the
others with their validators, the members that those others had, and what the stream says of its members.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from harvesters.base import FeedFailed
from harvesters.ldes_page import Relation, Terms
from registry.model import Feed, Issue

READER = "1"  # another number reads streams anew
MAX_PAGES = 10_000
MAX_MEMBERS = 5_000  # of pages that may still change; of more none is remembered


@dataclass(frozen=True, slots=True)
class Options:
    """The feed's own options, checked."""

    types: tuple[str, ...] = ()
    max_pages: int = MAX_PAGES
    follow: bool = True

    def recipe(self, address: str) -> str:
        """What a bookmark holds for."""
        parts = json.dumps([READER, sorted(self.types), self.follow, address])
        return hashlib.sha256(parts.encode()).hexdigest()[:12]


def options(feed: Feed) -> Options:
    """The options of a feed. Raises FeedFailed for one that cannot be used."""
    given = dict(feed.options)
    types, pages, follow = given.get("types", ()), given.get("max_pages", MAX_PAGES), given.get("follow", True)
    checks = {
        "types": isinstance(types, list | tuple) and all(isinstance(one, str) for one in types),
        "max_pages": isinstance(pages, int) and not isinstance(pages, bool) and 1 <= pages <= 1_000_000,
        "follow": isinstance(follow, bool),
    }
    for name, fine in checks.items():
        if not fine:
            raise FeedFailed(Issue("ldes-option", name, str(given[name])[:300], (("option", name),)))
    return Options(tuple(types), pages, follow)


@dataclass(frozen=True, slots=True)
class Known:
    """A page that may still change: its validators, and before when its members were said, if that is told."""

    etag: str = ""
    last_modified: str = ""
    upper: datetime | None = None
    open_end: bool = False

    def is_before(self, moment: datetime | None) -> bool:
        """Whether nothing new can come to it any more."""
        return Relation("", None, self.upper, self.open_end).is_before(moment)


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What an earlier visit left. ``members_known`` is False where there were too many to remember."""

    newest: datetime | None = None
    newest_version: datetime | None = None
    done: frozenset[str] = frozenset()
    open: Mapping[str, Known] = field(default_factory=dict)
    members: frozenset[str] = frozenset()
    members_known: bool = True
    terms: Terms = field(default_factory=Terms)

    @classmethod
    def read(cls, said: Mapping[str, str], chosen: Options, address: str) -> Bookmark | None:
        """The bookmark of a visit; None where there is none that holds for this feed as it stands."""
        if said.get("recipe") != chosen.recipe(address):
            return None
        pages = {name: _known(*known) for name, known in json.loads(said["open"]).items()}
        members = said.get("members", "")
        return cls(
            _moment(said["newest"]), _moment(said["version"]), frozenset(said["done"].split()), pages,
            frozenset(members.split()) - {"-"},
            members != "-", _terms(json.loads(said["terms"])),
        )  # fmt: skip


def mark(
    chosen: Options, address: str, newest: tuple[datetime | None, datetime | None], pages: Mapping[str, Known],
    done: set[str], members: set[str] | None, terms: Terms,
) -> dict[str, str]:  # fmt: skip
    """A bookmark; ``newest``: of members and of versions; ``members`` None where they are not known."""
    written = {
        name: [one.etag, one.last_modified, one.upper.isoformat() if one.upper else "", one.open_end]
        for name, one in pages.items()
    }
    said = [
        terms.time, terms.sequence, terms.version_of, terms.version_time, terms.version_sequence,
        [terms.deletes[0], terms.deletes[1]] if terms.deletes else None,
    ]  # fmt: skip
    few = members is not None and len(members) <= MAX_MEMBERS
    return {
        "recipe": chosen.recipe(address), "newest": newest[0].isoformat() if newest[0] else "",
        "version": newest[1].isoformat() if newest[1] else "", "done": " ".join(sorted(done)),
        "open": json.dumps(written, sort_keys=True), "members": " ".join(sorted(members or ())) if few else "-",
        "terms": json.dumps(said),
    }  # fmt: skip


def short(text: str) -> str:
    """A short digest of an address."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _known(etag: str, last_modified: str, upper: str, open_end: bool) -> Known:
    return Known(etag, last_modified, _moment(upper), open_end)


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _terms(said: list[Any]) -> Terms:
    paths = [tuple(path) for path in said[:5]]
    deletes = (tuple(said[5][0]), str(said[5][1])) if said[5] else None
    return Terms(paths[0], paths[1], paths[2], paths[3], paths[4], deletes)
