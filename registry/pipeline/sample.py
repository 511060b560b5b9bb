"""A sample of a list: its first records, within a bounded number of requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry.model import Done, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import Fetched, Fetcher, NetError

RECORDS = 200
REQUESTS = 60
# Read whole in any case: one document holds all of it, and its report is only good if it covers all.
WHOLE = frozenset({"table", "calendar", "links"})
# What harvesters are told beforehand, so that they end in order.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "web_pages": {"max_pages": 40}, "rdf": {"max_pages": 20}, "feed": {"pages": 3}, "zenodo": {"size": 100},
    "ldes": {"max_pages": 20}, "sparql": {"max_records": 200},
}  # fmt: skip
# What they say of that end, which is ours and not the list's.
ENDS = frozenset({"web-max-pages", "rdf-max-pages", "rss-pages", "ldes-max-pages", "sparql-max-records"})


@dataclass(slots=True)
class Sample:
    """How much is read, and whether the list went on (``cut``)."""

    records: int = RECORDS
    requests: int = REQUESTS
    asked: int = 0
    cut: bool = False

    def first(self, events: Iterator[HarvestEvent]) -> Iterator[HarvestEvent]:
        """The events up to the last record of the sample; what comes then says nothing of absence."""
        count = 0
        for event in events:
            if isinstance(event, RawRecord) and count >= self.records:
                self.cut = True
                yield Done(complete=False, deletions="signalled")
                return
            count += isinstance(event, RawRecord | Unchanged)
            if isinstance(event, Done) and self.cut:
                event = Done(complete=False, deletions="signalled")
            yield event

    def fetcher(self, *args: Any, **named: Any) -> Fetcher:
        """A fetcher that ends with the sample."""
        made = _Bounded(*args, **named)
        made.sample = self
        return made


class _Bounded(Fetcher):
    """As any fetcher, up to so many requests."""

    sample: Sample

    def _tried(self, url: str, sent: dict[str, str], body: bytes | None) -> Fetched:
        if self.sample.asked >= self.sample.requests:
            self.sample.cut = True
            raise NetError(Issue("detect-sample-end", url[:300]))
        self.sample.asked += 1
        return super()._tried(url, sent, body)
