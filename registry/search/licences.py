"""What a licence permits: one small table, so that a filter and a sentence can say it.

Source: the deeds and texts of the licences named by their SPDX identifiers; ``open`` as in the Open
Definition 2.1. A licence that is not in the table is not known, which is neither open nor closed.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Terms:
    """What one licence lets a reader do."""

    id: str
    open: bool
    adapt: bool
    sell: bool
    share_alike: bool
    credit: bool


def load() -> Mapping[str, Terms]:
    """All known licences by the last segment of their IRI."""
    lines = files("registry.search").joinpath("licences.tsv").read_text("utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t")
    names = ("open", "adapt", "sell", "share_alike", "credit")
    return {row["id"]: Terms(row["id"], *(row[name] == "yes" for name in names)) for row in rows}


def short_name(iri: str) -> str:
    """The last segment of a licence's IRI: "CC-BY-4.0" of the SPDX IRI, "statcan-open" of a local one."""
    return iri.rstrip("/").rsplit("/", 1)[-1]


def spelt(name: str) -> str:
    """A licence as it is written in the table: identifiers of SPDX are the same in any case (SPDX 2.3, annex D.2)."""
    return _spelling().get(name.lower(), name)


@lru_cache(maxsize=1)
def _spelling() -> Mapping[str, str]:
    return {name.lower(): name for name in load()}
