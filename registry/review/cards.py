"""The card of a record, from its graph: what a reviewer needs to see, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from registry.iris import FOAF, SCHEMA
from registry.review.model import Card
from registry.terms import Literal, by_subject

_UND = "und"
MAX_TITLE = 500
MAX_TEXT = 4000


def card(graph: str, record: str, place: str, academy: str, academy_names: Mapping[str, str]) -> Card | None:
    """The card of a published record (``graph``: its stated N-Triples); None where it describes nothing."""
    described = by_subject(graph)
    topics = described.get(record, {}).get(FOAF + "primaryTopic", [])
    if not topics:
        return None
    resource = str(topics[0])
    said = described.get(resource, {})
    titles = _by_language(said.get(SCHEMA + "name", []), MAX_TITLE)
    stated = [value.value for value in said.get(SCHEMA + "inLanguage", []) if isinstance(value, Literal)]
    tags = stated or [tag for tag in titles if tag != _UND]
    return Card(
        resource, place, academy, academy_names, titles, _by_language(said.get(SCHEMA + "description", []), MAX_TEXT),
        tuple(sorted({tag.partition("-")[0].lower() for tag in tags})),
        str(next(iter(said.get(SCHEMA + "url", [])), "")),
    )  # fmt: skip


def _by_language(values: Iterable[object], limit: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        if isinstance(value, Literal):
            found.setdefault(value.language or _UND, value.value[:limit])
    return found


def best(texts: Mapping[str, str], languages: tuple[str, ...]) -> str:
    """The text of a language map that a reader of these languages is shown; else English, else the first."""
    for wanted in (*languages, "en"):
        for tag in sorted(texts):
            if tag.partition("-")[0] == wanted:
                return texts[tag]
    return next((texts[tag] for tag in sorted(texts)), "")
