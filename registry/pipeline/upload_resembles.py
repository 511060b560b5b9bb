"""Whom new entries resemble, before they are published: the matcher's own judgement, on a copy of its working file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from registry.ledger import log
from registry.matching import recipe_digest
from registry.model import Change, Match
from registry.pipeline import matched, publisher
from registry.pipeline.house import House
from registry.pipeline.reviewing import Desk, desk

MAX_FILE = 2 << 30
"""Of a larger working file no copy is made: whom entries resemble is told after they are published."""
MAX_NEW = 5000
EACH = 5


def resembling(house: House, new: Iterable[Change]) -> dict[str, list[dict[str, Any]]] | None:
    """{resource IRI: what it resembles, surest first} of entries that are not in the log yet.

    None where nothing can be said beforehand: nothing was matched yet, or it is too much.
    """
    wanted = list(new)
    if not wanted:
        return {}
    if len(wanted) > MAX_NEW:
        return None
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "matching"
        if not _copied(house, copy):
            return None
        until = log.last_sequence(house.connection)
        with matched.matcher_in(house, copy, matched.in_use(house)) as matcher:
            if matcher.marker()[1] != recipe_digest():
                return None
            matched.carry(house, matcher, until)
            later = [replace(change, sequence=until + number) for number, change in enumerate(wanted, start=1)]
            matcher.apply(later, tell=False)
            mine = {str(house.iris.resource(change.feed, change.key)) for change in wanted}
            at = desk(house)
            found: dict[str, list[tuple[float, dict[str, Any]]]] = {}
            for match in matcher.all(private=True):
                for iri, other in ((match.left, match.right), (match.right, match.left)):
                    if iri in mine and other not in mine and match.relation != "different":
                        found.setdefault(iri, []).append((match.confidence, _shown(at, match, other)))
    return {iri: [one for _, one in sorted(some, key=lambda pair: -pair[0])[:EACH]] for iri, some in found.items()}


def _copied(house: House, target: Path) -> bool:
    """Whether the working file could be copied; nobody writes into it meanwhile."""
    folder = house.settings.data / "matching"
    with publisher.locked(house.settings.data):
        if not folder.is_dir() or sum(file.stat().st_size for file in folder.iterdir()) > MAX_FILE:
            return False
        shutil.copytree(folder, target)
    return True


def _shown(at: Desk, match: Match, other: str) -> dict[str, Any]:
    card = at.card(other)
    return {
        "iri": other,
        "academy": at.academy_of(other),
        "title": dict(card.titles) if card else {},
        "relation": match.relation,
        "confidence": round(match.confidence, 3),
        "source": match.source,
    }
