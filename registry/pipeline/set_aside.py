"""What matching set aside, kept as findings of the lists concerned, so that their academies' reports tell it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from registry import crosswalk
from registry.iris import SCHEMA
from registry.ledger import findings, log, records, transaction
from registry.matching import Matcher
from registry.matching.aside import PROPERTY, Aside
from registry.model import Finding
from registry.pipeline.house import House

ROOM = "matching"


def tell(house: House, matcher: Matcher, feeds: Iterable[str]) -> int:
    """Bring the findings of lists up to what the matcher set aside; how many lists have others than before."""
    wanted: dict[str, list[Finding]] = {}
    for one in matcher.aside():
        wanted.setdefault(one.feed, []).append(_finding(house, one))
    changed = 0
    for feed in sorted({*wanted, *feeds}):
        told = wanted.get(feed, [])
        if findings.of_room(house.connection, feed, ROOM) != told:
            changed += 1
            with transaction(house.connection):
                findings.replace_room(house.connection, feed, ROOM, told)
    return changed


def _finding(house: House, one: Aside) -> Finding:
    """With the key of the entry and where in it the value stands, as far as the list's format has a place for it."""
    connection, code = house.connection, one.issue.code
    key = log.key_of(connection, one.record) if one.record else ""
    written = records.format_of(connection, one.feed, key) if key else ""
    place = crosswalk.where(written).get(SCHEMA + PROPERTY.get(code, ""), "") if written else ""
    return Finding(one.feed, key, house.messages[code].severity, replace(one.issue, place=place))
