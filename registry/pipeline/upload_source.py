"""A list that its academy sent in, read by the same harvester as one behind an address."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from harvesters import base as harvesters
from harvesters.base import Harvester, Visit
from registry.ledger import uploads
from registry.model import Document, Done, Feed, HarvestEvent, RawRecord
from registry.net import Fetched, Fetcher

OPTION = "upload"
"""A feed with this option set is sent in only: its address is a page for people, and never fetched."""


class _Sent:
    """Stands where a fetcher does: whatever is asked for, the file is the answer."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def get(self, url: str, *, headers: Mapping[str, str] | None = None, **_: object) -> Fetched:
        """The file."""
        return Fetched(200, url, {}, self._body)


def reader(body: bytes) -> Harvester:
    """What reads a file that was sent in."""

    def read(visit: Visit) -> Iterator[HarvestEvent]:
        return harvesters.load("table")(replace(visit, http=cast(Fetcher, _Sent(body))))

    return read


def restored(before: Sequence[RawRecord], keys: Sequence[str], digest: str) -> Harvester:
    """What brings a list back to an earlier state: these entries stand, others of ``keys`` are named as deleted."""
    stay = {one.key for one in before}

    def read(visit: Visit) -> Iterator[HarvestEvent]:
        # A document of its own: the one that is taken back then does not stand, and is read when it comes again.
        yield Document(visit.feed.address, digest)
        yield from before
        for key in keys:
            if key not in stay:
                yield RawRecord(key, b"", "", "table", visit.feed.address, deleted=True)
        yield Done(complete=False, deletions="signalled")

    return read


def sent_in(connection: sqlite3.Connection, feed: Feed) -> Harvester | None:
    """What reads a feed whose academy sends it in; None where its address is to be asked."""
    found = uploads.in_force(connection, feed.id) if feed.protocol == "table" else None
    if found is not None:
        return reader(uploads.body(connection, found.id))
    return _nothing if feed.options.get(OPTION) is True else None


def _nothing(visit: Visit) -> Iterator[HarvestEvent]:
    """Nothing was sent in yet, which says nothing of what stands."""
    yield Done(complete=False, deletions="signalled")
