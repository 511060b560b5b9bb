"""What of a finding anybody may read: it quotes nothing that is not published itself.

Findings on entries are made so before they are kept (``prepare``); those on a list as a whole quote rows and columns
that are not read, which may be an office's own notes.
"""

from __future__ import annotations

from dataclasses import replace

from registry.crosswalk import clean
from registry.model import Issue

LEFT_OUT = frozenset({
    "table-unknown-heading", "table-unnamed-column", "table-note", "table-no-title-cell", "table-not-joined",
    "table-repeated-row", "git-hidden",
})  # fmt: skip
"""Findings on what is not read: their samples stay with the academy."""


def public(issue: Issue) -> Issue:
    """The finding without samples of what is not read, e-mail addresses and addresses of a house's own network."""
    value, params = issue.value, dict(issue.params)
    if issue.code in LEFT_OUT:
        value = params.get("heading", "")
        if "samples" in params:
            params["samples"] = "…"
    said = tuple((name, _told(text)) for name, text in params.items())
    return replace(issue, place=_told(issue.place), value=_told(value), params=said)


def _told(text: str) -> str:
    return clean.drop_private(clean.drop_emails(text)[0])[0] if "@" in text or ":" in text or "\\" in text else text
