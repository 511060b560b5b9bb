"""Visiting feeds, one after the other: a feed's failure never touches another."""

from __future__ import annotations

from collections.abc import Sequence

from registry.model import Academy, Feed, Run
from registry.pipeline.house import House
from registry.pipeline.intake import Intake, visit
from registry.pipeline.progress import Shown

Chosen = Sequence[tuple[Academy, Feed]]


def pick(house: House, wanted: Sequence[str]) -> list[tuple[Academy, Feed]]:
    """The feeds of the academies or feeds named, all when none is. Raises LookupError for an unknown name."""
    if not wanted:
        return house.feeds
    chosen = [(academy, feed) for academy, feed in house.feeds if academy.id in wanted or feed.id in wanted]
    known = {name for academy, feed in house.feeds for name in (academy.id, feed.id)}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise LookupError(f"no academy or feed is called {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    return chosen


def harvest_feeds(
    house: House, chosen: Chosen, shown: Shown, *, full: bool = False, accept_drop: bool = False
) -> list[Run]:
    """Visit each feed; the runs as they ended."""
    intake = Intake(house.connection, house.settings, house.iris, house.root, house.messages, shown, accept_drop, full)
    return [visit(intake, academy, feed) for academy, feed in chosen]
