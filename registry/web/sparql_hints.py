"""Why a query may have found nothing: it names a namespace almost as the graph does (https://schema.org/)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from registry.graph.serialise import finds_nothing
from registry.iris import PREFIXES, SPDX

HEADER = "Query-Hint"
SHORT = 4096
"""Answers that are longer have found something."""
_IRI = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]*://[^<>\"{}|^`\\\x00-\x20]{1,300})>")
_BARE = re.compile(r"^https?://(?:www\.)?", re.IGNORECASE)


def _bare(iri: str) -> str:
    """What two spellings of one namespace have in common."""
    return _BARE.sub("", iri).rstrip("/#").lower()


@cache
def _namespaces() -> Mapping[str, str]:
    return {_bare(namespace): namespace for namespace in (*PREFIXES.values(), SPDX)}


def variant(query: str) -> tuple[str, str] | None:
    """(namespace in the query, the same as the graph has it) where these differ; the first one, None for none."""
    known = _namespaces()
    for iri in _IRI.findall(query):
        for named in (iri, re.sub(r"[^/#]*$", "", iri)):
            ours = known.get(_bare(named))
            if ours is None or named == ours:
                continue
            # "…/schema.org/name" without its last part is the namespace itself.
            if named == iri and iri.startswith(ours):
                break
            return named, ours
    return None


def hint_for(query: str) -> str:
    """One sentence in ASCII about a namespace that the graph spells otherwise, "" for none."""
    found = variant(query)
    if found is None:
        return ""
    theirs, ours = (name.encode("ascii", "backslashreplace").decode() for name in found)
    return f"The graph uses <{ours}>, this query names <{theirs}>."


def hint_of_answer(query: str, media_type: str, parts: Sequence[bytes]) -> str:
    """The hint for an answer that has found nothing (no row, false, all counts 0, no triple), else ""."""
    if sum(map(len, parts)) > SHORT:
        return ""
    hint = hint_for(query)
    return hint if hint and finds_nothing(b"".join(parts), media_type) else ""
