"""Which of the media types on offer a caller wants most. Source: RFC 9110, section 12.5.1."""

from __future__ import annotations

import re
from collections.abc import Sequence

_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


def _ranges(accept: str) -> list[tuple[str, str, float]]:
    ranges = []
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        kind, slash, subtype = name.partition("/")
        quality = "1"
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                quality = value.strip()
                break
        if slash and _QUALITY.fullmatch(quality):
            ranges.append((kind, subtype, float(quality)))
    return ranges


def choose(accept: str | None, offers: Sequence[str]) -> str | None:
    """The offer that fits an Accept header best, None if none does. No header, or an empty one, takes the first.

    Of equal quality, what was named beats what a ``*`` let in, then the order of the offers decides.
    Parameters other than ``q`` (charset, profile) do not narrow a range.
    """
    if accept is None or not accept.strip():
        return offers[0] if offers else None
    ranges = _ranges(accept)
    best: tuple[float, int, int] | None = None
    chosen = None
    for place, offer in enumerate(offers):
        kind, _, subtype = offer.lower().partition("/")
        fitting = [
            (2 if part == subtype else 1 if part == "*" and group == kind else 0, quality)
            for group, part, quality in ranges
            if (group, part) == (kind, subtype) or (group == kind and part == "*") or (group, part) == ("*", "*")
        ]
        if not fitting:
            continue
        # The most specific range decides about an offer, even if it says no (q=0).
        specific, quality = max(fitting)
        rank = (quality, specific, -place)
        if quality > 0 and (best is None or rank > best):
            best, chosen = rank, offer
    return chosen
