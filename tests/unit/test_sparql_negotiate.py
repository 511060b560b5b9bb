"""Content negotiation."""

from __future__ import annotations

import pytest

from registry.web.negotiate import choose

OFFERS = ["application/sparql-results+json", "application/sparql-results+xml", "text/csv"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, OFFERS[0]),
        ("", OFFERS[0]),
        ("*/*", OFFERS[0]),
        ("application/*", OFFERS[0]),
        ("text/*", "text/csv"),
        ("text/*;q=0.5, */*;q=0.1", "text/csv"),
        ("text/csv, */*", "text/csv"),
        ("application/sparql-results+xml, application/rdf+xml", OFFERS[1]),
        ("application/sparql-results+json;q=0.2, text/csv;q=0.9", "text/csv"),
        ("application/sparql-results+json;q=0, */*", OFFERS[1]),
        ("TEXT/CSV; charset=utf-8 ; Q=0.3", "text/csv"),
        ('text/csv;profile="a";q=0.4', "text/csv"),
        ("text/html, image/*", None),
        ("*/*;q=0", None),
        ("text/csv;q=nonsense", None),
        (",;,/,", None),
    ],
)
def test_the_best_offer_wins(accept: str | None, expected: str | None) -> None:
    assert choose(accept, OFFERS) == expected


def test_nothing_on_offer_is_nothing() -> None:
    assert choose("*/*", []) is None and choose(None, []) is None
