"""What an engine would not give back as it was given, and the forms in which it is kept there instead.

Virtuoso 7 refuses or rewrites durations, integers beyond 64 bits, decimals beyond 15 digits, years before 0
or beyond 9999, and geometries; it writes doubles with six digits, and breaks down over one that is no number.
Such a literal is stored with the datatype ``urn:x-meta-academy:kept:`` and its own datatype, which no engine
knows; answers are read back, so that a caller meets the datatype of the profile everywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from registry.iris import RDF
from registry.terms import XSD

KEPT = "urn:x-meta-academy:kept:"
ALWAYS_KEPT = frozenset(
    [*(XSD + name for name in ("duration", "dayTimeDuration", "yearMonthDuration")), RDF + "XMLLiteral"]
    + ["http://www.opengis.net/ont/geosparql#wktLiteral", "http://www.opengis.net/ont/geosparql#gmlLiteral"]
)
_INTEGERS = frozenset(
    XSD + name
    for name in (
        *("integer", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
        *("long", "int", "short", "byte", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
)
_MOMENTS = frozenset(XSD + name for name in ("date", "dateTime", "dateTimeStamp", "gYear", "gYearMonth"))
_USUAL_MOMENT = re.compile(r"\d{4}(?!\d)[^.]*(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?")
_MOST = 2**63 - 1
_DIGITS = 15

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


def _is_lost(value: str, datatype: str) -> bool:
    """Whether Virtuoso 7 would give back another value."""
    if datatype in ALWAYS_KEPT:
        return True
    try:
        if datatype in _INTEGERS:
            return abs(int(value)) > _MOST
        if datatype == XSD + "decimal":
            return len(value.strip("+-").replace(".", "").strip("0")) > _DIGITS or abs(float(value)) > _MOST
        if datatype in (XSD + "double", XSD + "float"):
            number = float(value.replace("INF", "inf"))
            return not math.isfinite(number) or float(f"{number:.6g}") != number
    except (ValueError, OverflowError):
        return True  # not of its datatype: Virtuoso would refuse it
    return datatype in _MOMENTS and not _USUAL_MOMENT.fullmatch(value)


def keep(term: Term) -> Term:
    """A term as Virtuoso can hold it."""
    if isinstance(term, ox.Literal) and not term.language and _is_lost(term.value, term.datatype.value):
        return ox.Literal(term.value, datatype=ox.NamedNode(KEPT + term.datatype.value))
    return term


def give_back(term: Term) -> Term:
    """A term of Virtuoso's answer as it was meant: what was kept, and booleans, which it may write as 0 and 1."""
    if isinstance(term, ox.NamedNode):
        return ox.NamedNode(term.value.removeprefix(KEPT)) if term.value.startswith(KEPT) else term
    if isinstance(term, ox.Literal) and not term.language:
        datatype = term.datatype.value
        if datatype.startswith(KEPT):
            return ox.Literal(term.value, datatype=ox.NamedNode(datatype.removeprefix(KEPT)))
        if datatype == XSD + "boolean" and term.value in ("0", "1"):
            return ox.Literal("true" if term.value == "1" else "false", datatype=term.datatype)
    return term


def unchanged(term: Term) -> Term:
    """For engines that give back what they are given."""
    return term


def values(quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """Quads with their literals in the value space, as the embedded store holds them: ``"01"`` is ``"1"``.

    In the order in which a store gives them; the same quad twice comes once.
    """
    store = ox.Store()
    store.extend(quads)
    yield from store
