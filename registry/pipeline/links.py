"""Do the addresses of published entries open? Dated observations, kept apart from the entries.

An address counts as dead when it failed on three different days in a row, or twice said that nothing is there
(404, 410). What asks for a login or refuses a program is there. What only this machine may be at fault for (a
proxy, a certificate, an intranet) is not held against an address.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from urllib.parse import urlsplit

from registry import crosswalk
from registry.iris import FOAF, SCHEMA
from registry.ledger import findings, log, observations, records, transaction, utc_now
from registry.ledger.observations import Observation
from registry.model import Academy, Change, Feed, Finding, Issue
from registry.net import Fetcher, NetError
from registry.net_pace import Pace
from registry.pipeline.house import House
from registry.settings import Settings
from registry.terms import Iri, by_subject

STAGE = "links"
OLDER = 7
"""Days after which an address is asked again."""
MOST_OF_A_HOST = 500
"""Addresses of one host that are asked in one go; those not asked for longest come first."""
MAX_BYTES = 256 << 10
TIMEOUT = 20.0
HOSTS_AT_ONCE = 16
BATCH = 100
GONE = frozenset({404, 410})
DAYS = 3
# The answer came, and is more or other than we want to read.
_THERE = frozenset({"net-too-large", "net-bomb", "net-encoding", "net-overtime"})
_OURS = frozenset({
    "net-private-address", "net-proxy", "net-proxy-host", "net-ca-file", "net-certificate", "net-tls", "net-later",
    "net-bad-address",
})  # fmt: skip
_REASONS = {"net-dns": "DNS", "net-timeout": "timeout", "net-refused": "refused", "net-cut": "cut off",
            "net-redirects": "redirects", "net-bad-redirect": "redirect"}  # fmt: skip


class Offline(Exception):
    """No host at all answered: this machine is cut off, and nothing is held against the addresses."""


@dataclass(frozen=True, slots=True)
class Checked:
    """How many addresses of a list are published, were asked now, are dead; ``left`` wait for the next time."""

    feed: str
    published: int
    asked: int
    dead: int
    left: int


@dataclass(frozen=True, slots=True)
class _Due:
    feed: Feed
    key: str
    address: str
    last: str


def is_there(observation: Observation) -> bool:
    """Whether something answered; a refusal of programs or of people without login is an answer."""
    return 0 < observation.status < 500 and observation.status not in GONE


def failing(history: Sequence[Observation]) -> list[Observation]:
    """The failures since the address was last there, newest first (as ``history``)."""
    return list(takewhile(lambda one: not is_there(one), history))


def is_dead(history: Sequence[Observation]) -> bool:
    """Whether an address counts as dead by its observations, newest first."""
    failed = failing(history)
    said_gone = sum(one.status in GONE for one in failed)
    return said_gone >= 2 or len({one.time[:10] for one in failed}) >= DAYS


def address_of(change: Change) -> str:
    """The page of a published entry; "" for one without."""
    described = by_subject(change.stated)
    for topic in described.get(change.subject, {}).get(FOAF + "primaryTopic", ()):
        for value in described.get(str(topic), {}).get(SCHEMA + "url", ()):
            if isinstance(value, Iri) and value.lower().startswith(("http://", "https://")):
                return str(value)
    return ""


def check_links(
    house: House,
    chosen: Sequence[tuple[Academy, Feed]],
    *,
    older: int = OLDER,
    now: Callable[[], str] = utc_now,
    progress: Callable[[str, str, int, int], None] = lambda feed, stage, done, total: None,
) -> list[Checked]:
    """Ask the addresses that were not asked for ``older`` days; what is dead becomes a finding. Raises Offline."""
    feeds = [feed for _, feed in chosen]
    published = {feed.id: dict(_addresses(house.connection, feed.id)) for feed in feeds}
    before = _before(now(), older)
    due = [one for feed in feeds for one in _due(house.connection, feed, published[feed.id], before)]
    hosts = _by_host(due)
    asked: dict[str, int] = defaultdict(int)
    for done, found in enumerate(_observed(house.settings, hosts, now), 1):
        observations.keep(house.connection, found)
        for one in found:
            asked[one.feed] += 1
        progress("", "links", done, 0)
    counted = []
    for feed in feeds:
        dead = _conclude(house, feed, published[feed.id])
        left = sum(one.feed.id == feed.id for one in due) - asked[feed.id]
        counted.append(Checked(feed.id, len(published[feed.id]), asked[feed.id], dead, left))
    return counted


def _before(now: str, days: int) -> str:
    moment = datetime.fromisoformat(now) - timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _addresses(connection: sqlite3.Connection, feed: str) -> Iterator[tuple[str, str]]:
    for change in log.published_of(connection, feed):
        address = address_of(change)
        if address:
            yield change.key, address


def _due(connection: sqlite3.Connection, feed: Feed, published: Mapping[str, str], before: str) -> Iterator[_Due]:
    last = observations.last_asked(connection, feed.id)
    for key, address in published.items():
        time = last.get((key, address), "")
        if time <= before:
            yield _Due(feed, key, address, time)


def _by_host(due: Sequence[_Due]) -> list[list[_Due]]:
    """What is asked of each host, in order: at most MOST_OF_A_HOST addresses, the longest waiting first."""
    hosts: dict[str, dict[str, list[_Due]]] = {}
    for one in sorted(due, key=lambda one: (one.last, one.feed.id, one.key)):
        addresses = hosts.setdefault(urlsplit(one.address).netloc.lower(), {})
        if one.address in addresses or len(addresses) < MOST_OF_A_HOST:
            addresses.setdefault(one.address, []).append(one)
    return [[one for listed in addresses.values() for one in listed] for addresses in hosts.values()]


def _observed(settings: Settings, hosts: Sequence[list[_Due]], now: Callable[[], str]) -> Iterator[list[Observation]]:
    """Observations in batches, as the hosts answer."""
    gentle = replace(
        settings, http_retries=0, http_max_bytes=MAX_BYTES, http_timeout=min(settings.http_timeout, TIMEOUT)
    )
    pace = Pace()
    held: list[list[Observation]] = []
    reached = False
    with ThreadPoolExecutor(HOSTS_AT_ONCE) as pool:
        waiting = [pool.submit(_ask_host, gentle, pace, due, now) for due in hosts]
        for future in as_completed(waiting):
            found = future.result()
            reached = reached or any(one.status for one in found)
            held.append(found)
            if reached:
                yield from held
                held = []
    if held and len(hosts) >= DAYS:
        raise Offline("no host answered at all; is this machine cut off? Nothing was noted.")
    yield from held


def _ask_host(settings: Settings, pace: Pace, due: Sequence[_Due], now: Callable[[], str]) -> list[Observation]:
    """One host's addresses, one after the other; each address once, whatever the number of its entries."""
    answers: dict[str, tuple[int, str] | None] = {}
    found = []
    for one in due:
        if one.address not in answers:
            with Fetcher(settings, one.feed, pace=pace) as http:
                answers[one.address] = _ask(http, one.address)
        answer = answers[one.address]
        if answer is not None:
            found.append(Observation(one.feed.id, one.key, one.address, now(), *answer))
    return found


def _ask(http: Fetcher, address: str) -> tuple[int, str] | None:
    """(status, reason) of an address; None where nothing can be said of it."""
    try:
        return http.get(address, accept="text/html,*/*;q=0.5").status, ""
    except NetError as error:
        code = error.issue.code
        if error.status is not None:
            return error.status, ""
        if code in _THERE:
            return 200, ""
        return None if code in _OURS else (0, _REASONS.get(code, code.removeprefix("net-")))


def _conclude(house: House, feed: Feed, published: Mapping[str, str]) -> int:
    """Findings of the dead addresses in the place of the old ones; how many there are."""
    connection = house.connection
    found: list[Finding] = []
    gone: list[tuple[str, str]] = []
    for key, address, history in observations.history(connection, feed.id):
        if published.get(key) != address:
            gone.append((key, address))
        elif is_dead(history):
            found.append(_finding(house, feed, key, address, failing(history)))
    observations.forget(connection, feed.id, gone)
    with transaction(connection):
        findings.replace_stage(connection, feed.id, STAGE, found)
    return len(found)


def _finding(house: House, feed: Feed, key: str, address: str, failed: Sequence[Observation]) -> Finding:
    record = records.payload(house.connection, feed.id, key)
    place = crosswalk.where(record.format).get(SCHEMA + "url", "") if record is not None else ""
    newest = failed[0]
    params = {
        "said": f"HTTP {newest.status}" if newest.status else newest.reason, "times": str(len(failed)),
        "since": failed[-1].time[:10], "last": newest.time[:10],
    }  # fmt: skip
    issue = Issue("link-dead", place, address[:300], tuple(sorted(params.items())))
    return Finding(feed.id, key, house.messages[issue.code].severity, issue)
