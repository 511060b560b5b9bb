"""What a query worker is told of a store elsewhere: where it is and how it is spoken to, and nothing that writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

REFUSED = "The store behind this address cannot evaluate this query."
"""Said of a query that an engine does not manage although it is SPARQL 1.1."""


@dataclass(frozen=True, slots=True)
class Target:
    """One store. ``kind`` is its dialect, ``query`` the address for queries, ``base`` of all IRIs, ``hidden`` graphs
    that are not public, ``ca_file`` certificates to trust besides the system's."""

    kind: str
    query: str
    base: str
    hidden: tuple[str, ...] = ()
    ca_file: str = ""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.query)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Target:
        """From JSON."""
        return cls(**{**told, "hidden": tuple(told["hidden"])})
