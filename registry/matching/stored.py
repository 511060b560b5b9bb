"""What the working file keeps as text, and which of several decisions counts."""

from __future__ import annotations

import json
from collections.abc import Iterable

from registry.model import Decision, Evidence, Match


def match_from_json(body: str) -> Match:
    """Read a match as the working file keeps it."""
    values = json.loads(body)
    return Match(**{**values, "evidence": tuple(Evidence(**line) for line in values["evidence"])})


def newest(decisions: Iterable[Decision]) -> list[Decision]:
    """The newest decision of each pair, pairs in code-point order. The ledger hands over only those; for any
    other list the time decides, and at one time the other fields, so that the order of input never does."""
    found: dict[tuple[str, str], Decision] = {}
    for given in decisions:
        a, b = sorted((given.left, given.right))
        key = (given.time, given.verdict, given.relation, given.reviewer, given.note)
        kept = found.get((a, b))
        if kept is None or key > (kept.time, kept.verdict, kept.relation, kept.reviewer, kept.note):
            found[a, b] = given
    return [found[pair] for pair in sorted(found)]
