"""Numbers of the ledger that are published with the figures: how lasting ids are, how far readers agree."""

from __future__ import annotations

import sqlite3

from registry.ledger import decisions, identity
from registry.review import agreement


def of_ledger(connection: sqlite3.Connection) -> dict[str, float]:
    """By name, as docs/api.md ("Figures") defines them; ``read_kappa`` only where it is defined."""
    ids = identity.stability(connection)
    read = agreement.report(decisions.history(connection)).overall
    found: dict[str, float] = {
        "ids": ids.in_use, "ids_ever": ids.ever, "ids_before": ids.before, "ids_new": ids.new, "ids_split": ids.split,
        "ids_merged": ids.merged, "ids_retired": ids.retired, "ids_changed": ids.changed,
        "read_twice": read.pairs, "read_alike": read.agreed,
    }  # fmt: skip
    return found if read.kappa is None else {**found, "read_kappa": round(read.kappa, 3)}
