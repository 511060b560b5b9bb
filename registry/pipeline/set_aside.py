"""What matching set aside, kept as findings of the lists concerned, so that their academies' reports tell it."""

from __future__ import annotations

from dataclasses import replace

from registry import crosswalk
from registry.iris import SCHEMA
from registry.ledger import findings, log, records, transaction
from registry.matching import Matcher
from registry.matching.aside import PROPERTY, Aside
from registry.model import Finding
from registry.pipeline.house import House

STAGE = "matching"


def tell(house: House, matcher: Matcher) -> int:
    """Bring the lists' findings up to what the matcher set aside; how many lists have others than before."""
    wanted: dict[str, list[Finding]] = {}
    for one in matcher.aside():
        wanted.setdefault(one.feed, []).append(_finding(house, one))
    changed = 0
    for feed in sorted({*wanted, *findings.feeds_with(house.connection, STAGE)}):
        told = wanted.get(feed, [])
        if findings.of_stage(house.connection, feed, STAGE) != told:
            changed += 1
            with transaction(house.connection):
                findings.replace_stage(house.connection, feed, STAGE, told)
    return changed


def _finding(house: House, one: Aside) -> Finding:
    """With the key of the entry and where in it the value stands, as far as the list's format has a place for it."""
    connection, code, key, place = house.connection, one.issue.code, "", ""
    change = log.published(connection, one.record) if one.record else None
    if change is not None:
        key = change.key
        record = records.payload(connection, one.feed, key)
        known = crosswalk.where(record.format) if record is not None else {}
        place = known.get(SCHEMA + PROPERTY.get(code, ""), "")
    return Finding(one.feed, key, house.messages[code].severity, replace(one.issue, place=place))
