"""The gate: may this run change the log? If not, yesterday's data stay and the reason is said.

Weighed are a complete listing's length and what the run would take away, against the feed's expectations. It
does not matter how the source said that something goes: by leaving it out, by naming it, or after a grace period.
"""

from __future__ import annotations

from registry.model import Expect, Issue


def weigh(expect: Expect, *, published: int, listed: int, gone: int, complete: bool) -> Issue | None:
    """None if the run may pass, else the issue that refuses it.

    ``published``: records of the feed that stand now; ``listed``: records that this run saw; ``gone``: records
    that it would withdraw. Counts are records. An incremental run may list nothing at all.
    """
    if complete and published and listed < max(expect.min_records, 1):
        expected = str(max(expect.min_records, 1))
        return Issue("gate-refused-few", params=(("expected", expected), ("records", str(listed))))
    # A fifth of four is none: one entry may go from any list that it does not empty, unless none ever may.
    one = 1 if expect.max_drop and published > 1 else 0
    if published and gone > max(expect.max_drop * published, one):
        return Issue("gate-refused-drop", params=(("gone", str(gone)), ("published", str(published))))
    return None
