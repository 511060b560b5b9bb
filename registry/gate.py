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
    if published and gone > _few(expect, published):
        return Issue("gate-refused-drop", params=(("gone", str(gone)), ("published", str(published))))
    return None


def weigh_recipe(
    expect: Expect, feed: str, *, published: int, altered: int, withdrawn: int, held: int
) -> Issue | None:
    """None if what our own recipe changes may pass, else the issue that says why it waits until it is accepted.

    ``altered``, ``withdrawn`` and ``held`` count published records whose payload is the same as before. A recipe
    alone never holds a published record back unseen, nor changes more of a list than a visit may take away.
    """
    if published and (held or altered + withdrawn > _few(expect, published)):
        counts = {"altered": altered, "held": held, "published": published, "withdrawn": withdrawn}
        params = {"feed": feed, **{name: str(count) for name, count in counts.items()}}
        return Issue("gate-held-changes", params=tuple(sorted(params.items())))
    return None


def _few(expect: Expect, published: int) -> float:
    """How many may go. A fifth of four is none: one may go from any list that it does not empty, unless none may."""
    return max(expect.max_drop * published, 1 if expect.max_drop and published > 1 else 0)
