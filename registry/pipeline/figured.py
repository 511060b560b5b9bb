"""What figures and graph are told beside what is published: licences, entries that are gone, what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from registry.iris import SPDX, public_key
from registry.ledger import log, measurements
from registry.ledger.measurements import Measurement
from registry.model import Change
from registry.pipeline.house import House
from registry.pipeline.matched import feeds_of
from registry.search import licences as known
from registry.search.document import resource_id
from registry.statistics.facts import Brought, Withdrawn


def licences(house: House, concepts: Iterable[str]) -> dict[str, bool]:
    """{IRI of a licence that is known: whether it is open}; ``concepts`` are those of our own lists."""
    own = set(concepts)
    found = {}
    for name, terms in known.load().items():
        local = house.iris.concept("licence", name)
        found[local if local in own else SPDX + name] = terms.open
    return found


def measured(house: House) -> list[tuple[str, Measurement]]:
    """(academy, the last value of each month and measure) of lists of academies that agreed to show their score."""
    academy_of = {
        feed.id: academy.id for academy in house.academies.values() if academy.show_score for feed in academy.feeds
    }
    return [(academy_of[one.feed], one) for one in measurements.monthly(house.connection, list(academy_of))]


def withdrawn(house: House, changes: Iterable[Change]) -> list[Withdrawn]:
    """The entries that changes withdrew; of each entry one change, the last."""
    academies = feeds_of(house)
    return [
        Withdrawn(
            resource_id(one.feed, one.key), academies[one.feed], one.first or one.time, one.time, public_key(one.key)
        )
        for one in changes
        if one.kind == "tombstone" and one.feed in academies
    ]


def brought(changes: Iterable[Change]) -> Iterator[Brought]:
    """The entries as visits brought them, in the order of the log; those that are gone by no run."""
    for one in changes:
        run = one.run if one.kind == "record" else ""
        yield Brought(resource_id(one.feed, one.key), one.feed, run, one.time, public_key(one.key))


def all_withdrawn(house: House, until: int) -> list[Withdrawn]:
    """All entries that are gone."""
    return withdrawn(house, log.tombstones(house.connection, until))
