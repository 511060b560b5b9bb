"""Where the result of a shape stands in the academy's own payload.

A value stands where the crosswalk read it. What is missing stands where it would stand: the format's table says so
(``registry/crosswalk/tables/<format>.tsv``, column ``where``), for a part of the entry (a dated session, say) under
the place of that part.
"""

from __future__ import annotations

from collections.abc import Mapping

from registry.iris import RDF_TYPE
from registry.prepare.judge import Result
from registry.prepare.screen import Shape
from registry.terms import Iri, Triple


def place_of(
    places: Mapping[Triple, str], shape: Shape, focus: Iri, result: Result, where: Mapping[str, str], resource: str
) -> str | None:
    """The place of a result; None where the format cannot carry what is missing.

    ``places`` are those of the entry's triples, ``where`` those of the format by property.
    """
    predicates = _predicates(shape)
    if result.value is not None:
        for predicate in predicates:
            place = places.get((focus, Iri(predicate), result.value))
            if place:
                return place
    for predicate in predicates:
        for (s, p, _), place in places.items():
            if (result.value is not None or shape.path is None) and s == focus and p == predicate and place:
                return place
    made = _made(places, focus)
    named = next((where[predicate] for predicate in predicates if predicate in where), None)
    if shape.path is None or shape.path.inverse or named is not None:
        found = named if named is not None and focus == resource else _under(made, named)
        return found or (where.get(RDF_TYPE) if focus == resource else found)
    # What holds an entry back stands somewhere all the same: at what makes it an event, say.
    return (made or where.get(RDF_TYPE)) if result.severity == "violation" else None


def _predicates(shape: Shape) -> tuple[str, ...]:
    if shape.path is None:
        return shape.inner
    return () if shape.path.inverse else shape.path.predicates


def _made(places: Mapping[Triple, str], focus: Iri) -> str:
    """The place that made this node."""
    return next((place for (s, p, _), place in places.items() if s == focus and p == RDF_TYPE), "")


def _under(made: str, named: str | None) -> str:
    """The place of a property under the place of its part: a step of a path, else the format's own words for it."""
    if named is None:
        return made
    if made.startswith("/") and named.startswith("/"):
        return f"{made.rstrip('/')}/{named.rpartition('/')[2]}"
    if made.startswith("<") and ">" in made and not named.startswith(("<", "/")):
        return f"{made[: made.index('>') + 1]} {named}"
    return named
