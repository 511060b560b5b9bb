"""How much a client may ask in a while: token buckets for each client and kind, in this process's memory.

A kind is a word of the caller's ("seconds", "errors", "requests") with a rate::

    budgets = Budgets({"errors": Rate(per_minute=30, burst=60)})
    if seconds := budgets.wait(client, "errors"):
        ...  # answer 429 with ``Retry-After: seconds``
    budgets.spend(client, "errors", 1)

``wait`` looks and takes nothing; ``spend`` takes and may go below zero, for what is known only afterwards (how long
a query ran). What a client is, the caller decides: ``client_of`` makes one from address and user agent, a token's id
is another. Nothing is written down, and neither addresses nor user agents are kept as such.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

MOST = 20_000
"""Buckets kept; of more, those that were not used for longest are forgotten, that is full again."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What flows in, and the most that gathers. ``per_minute`` 0: no limit."""

    per_minute: float
    burst: float


@dataclass(slots=True)
class _Bucket:
    level: float
    seen: float


@dataclass(slots=True)
class Budgets:
    """The buckets of one process. May be used from several threads."""

    rates: Mapping[str, Rate]
    clock: Callable[[], float] = time.monotonic
    most: int = MOST
    _buckets: OrderedDict[tuple[str, str], _Bucket] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, client: str, kind: str, amount: float = 0.0) -> int:
        """Whole seconds until that much is there (0: now). More than the burst never is: then until it is full.

        ``amount`` 0 asks whether anything is left. Raises KeyError for a kind without a rate.
        """
        rate = self.rates[kind]
        if rate.per_minute <= 0:
            return 0
        with self._lock:
            bucket = self._buckets.get((client, kind))
            level = rate.burst if bucket is None else self._level(bucket, rate)
        if level > 0 and level >= min(amount, rate.burst):
            return 0
        lacking = min(amount, rate.burst) - level
        return max(1, math.ceil(lacking * 60 / rate.per_minute))

    def spend(self, client: str, kind: str, amount: float = 1.0) -> None:
        """Take that much, also more than is there. Raises KeyError for a kind without a rate."""
        rate = self.rates[kind]
        if rate.per_minute <= 0 or amount <= 0:
            return
        with self._lock:
            bucket = self._buckets.get((client, kind))
            if bucket is None:
                bucket = self._buckets[client, kind] = _Bucket(rate.burst, self.clock())
                if len(self._buckets) > self.most:
                    self._buckets.popitem(last=False)
            else:
                self._buckets.move_to_end((client, kind))
            bucket.level = self._level(bucket, rate) - amount
            bucket.seen = self.clock()

    def _level(self, bucket: _Bucket, rate: Rate) -> float:
        return min(rate.burst, bucket.level + (self.clock() - bucket.seen) * rate.per_minute / 60)


@dataclass(frozen=True, slots=True)
class Clients:
    """Names clients by what a request shows, in a form that tells nothing of them outside this process."""

    _key: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def client_of(self, scope: MutableMapping[str, Any]) -> str:
        """Address and user agent of an ASGI scope."""
        agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
        return self._named(self._address(scope), agent)

    def address_of(self, scope: MutableMapping[str, Any]) -> str:
        """The address alone: who changes the user agent stays the same."""
        return self._named(self._address(scope), b"")

    def _named(self, address: str, agent: bytes) -> str:
        told = hashlib.blake2b(address.encode() + b"\n" + agent, key=self._key, digest_size=12)
        return told.hexdigest()

    @staticmethod
    def _address(scope: MutableMapping[str, Any]) -> str:
        host = scope["client"][0] if scope.get("client") else ""
        if ":" not in host:
            return str(host)
        try:
            found = ipaddress.IPv6Address(host.partition("%")[0])
        except ValueError:
            return str(host)
        # Whoever has one IPv6 address has the 2**64 beside it.
        return str(found.ipv4_mapped or ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))
