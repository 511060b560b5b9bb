"""What a caller gives for the parameters of a stored query, checked by type and made into terms.

A value never becomes part of a text: it is bound as a term by the query workers, or compared by the figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from registry.terms import XSD, is_iri
from registry.web.stored import Datatype, Parameter, StoredQuery

Value = str | int | Decimal | bool | date | datetime
MAX_TEXT = 300
MAX_IRI = 2000
_SHAPES: Mapping[Datatype, tuple[re.Pattern[str], str]] = {
    "integer": (re.compile(r"-?[0-9]{1,18}"), "a whole number"),
    "decimal": (re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?"), "a number such as 0.5"),
    "boolean": (re.compile(r"true|false"), "true or false"),
    "date": (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "a day such as 2026-09-30"),
    "dateTime": (
        re.compile(
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?"
        ),
        "a day such as 2026-09-30, or a time such as 2026-09-30T12:00:00Z",
    ),
}


class BadValues(ValueError):
    """Values that cannot be used; ``errors`` is a list of (parameter, message)."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in errors))
        self.errors = list(errors)


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a query's parameters, in the order of the file; those that stay free are left out.

    ``given`` are the lexical forms of those that the caller chose, for addresses.
    """

    values: Mapping[str, Value]
    bindings: tuple[tuple[str, str, str], ...]
    given: tuple[tuple[str, str], ...]


def _read(parameter: Parameter, text: str) -> Value:
    """The value of one lexical form. Raises ValueError whose message says what it must be."""
    kind = parameter.datatype
    if parameter.choices and text not in parameter.choices:
        raise ValueError(f"must be one of {', '.join(parameter.choices)}")
    if kind == "string":
        if len(text) > MAX_TEXT:
            raise ValueError(f"must have at most {MAX_TEXT} characters")
        return text
    if kind == "anyURI":
        if len(text) > MAX_IRI or not is_iri(text):
            raise ValueError("must be a whole address such as https://example.org/course")
        return text
    shape, words = _SHAPES[kind]
    if not shape.fullmatch(text):
        raise ValueError(f"must be {words}")
    try:
        return _converted(kind, text)
    except (ValueError, OverflowError):
        raise ValueError(f"must be {words}") from None


def _converted(kind: Datatype, text: str) -> Value:
    if kind == "integer":
        return int(text)
    if kind == "decimal":
        return Decimal(text)
    if kind == "boolean":
        return text == "true"
    if kind == "date":
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _term(parameter: Parameter, value: Value) -> tuple[str, str, str]:
    if parameter.datatype == "anyURI":
        return parameter.name, str(value), ""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, date):
        text = value.isoformat().replace("+00:00", "Z")
    else:
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return parameter.name, text, XSD + parameter.datatype


def read_values(query: StoredQuery, pairs: Sequence[tuple[str, str]]) -> Values:
    """The values of (name, text) pairs as an address has them; an empty string is one not given.

    Raises BadValues for names that the query does not have, names that stand twice, and texts of another type.
    """
    known = {parameter.name: parameter for parameter in query.parameters}
    given: dict[str, str] = {}
    errors: list[tuple[str, str]] = []
    for name, text in pairs:
        if name not in known:
            errors.append((name[:60], "there is no such parameter"))
        elif name in given:
            errors.append((name, "must stand once"))
        elif text or known[name].datatype != "string" or known[name].choices:
            given[name] = text
    values: dict[str, Value] = {}
    for parameter in query.parameters:
        chosen = given.get(parameter.name, parameter.default)
        if chosen is None:
            if parameter.required:
                errors.append((parameter.name, "must be given"))
            continue
        try:
            values[parameter.name] = _read(parameter, chosen)
        except ValueError as error:
            errors.append((parameter.name, str(error)))
    if errors:
        raise BadValues(errors)
    bindings = tuple(_term(known[name], value) for name, value in values.items())
    return Values(values, bindings, tuple((name, given[name]) for name in values if name in given))
