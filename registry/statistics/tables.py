"""The answers of stored queries that group or list much, read from the figures of a release instead of its graph.

Each is one file ``queries/NAME.sql``, or rows that are kept up (``lists``); ``ontology/questions/NAME.ttl`` says the
same as SPARQL, and a test holds both equal. Cells of coverage keep what was not found apart from what is not known
(``ENOUGH``).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from registry.statistics import coverage, lists
from registry.statistics.reader import open_figures

ENOUGH = Decimal("0.5")
"""Of this share of resources a subject and a language must be known before a term without any says "none found"; below
it the answer is "not enough described"."""

Value = str | int | float | Decimal | bool | date | datetime | None
_PARTS = 10_000


class NoSuchTable(LookupError):
    """There is no such table, or it has no such parameter."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns in order, which of them are decimals, what it may be narrowed to."""

    columns: tuple[str, ...]
    decimals: frozenset[str] = frozenset()
    parameters: tuple[str, ...] = ()


def _table(columns: str, parameters: str = "", decimals: str = "") -> Table:
    return Table(tuple(columns.split()), frozenset(decimals.split()), tuple(parameters.split()))


def tables() -> dict[str, Table]:
    """All tables by name."""
    return {
        "alone": _table("academy language resources only_here share", "academy language", "share"),
        "courses-by-academy": _table("name descriptions parts"),
        "courses-by-language": _table("language courses academies", "language"),
        "courses-by-level": _table("type level courses", "type level"),
        "coverage": _table(" ".join(coverage.COLUMNS), "scheme language academy", "described"),
        "coverage-by-term": _table(
            "scheme term name found open academies no_subject not_harvested described state", "scheme", "described"
        ),
        "growth": _table("month academy added withdrawn", "academy"),
        "gsbpm-coverage": _table("step name courses academies", "step"),
        "lists-coverage": _table("list terms taught none known not_known", "list"),
        "matches-by-rule": _table("relation rule status confidence matches", "relation rule status", "confidence"),
        "only-one-academy": _table("scheme term name language academy resources", "scheme language academy"),
        "open-licences": _table(
            "academy resources open closed unrecognised unstated open_share", "academy", "open_share"
        ),
        "overlap": _table("academy other relation status pairs", "academy other relation status"),
        "overlap-share": _table("academy other shared resources share", "academy other", "share"),
        "quality-history": _table("academy list measure month value", "academy measure", "value"),
        "works-shared": _table("in_all course language academies forms", "language"),
        "reused-works": _table("original title academies translations editions adaptations", "least"),
        "adaptations": _table("academy title source of", "academy of"),
        "listed-twice": _table("title academy other", "academy other"),
        "copies-to-check": _table(
            "title academy other confidence feature similarity", "academy other", "confidence similarity"
        ),
        "new-or-changed": _table("academy id title", "academy since"),
        "open-source-gaps": _table("topic name"),
        "perhaps-adapted": _table(
            "academy title other similar rule confidence", "academy other rule", decimals="confidence"
        ),
        "same-course": _table("relation academy title status", "address by"),
        "translations": _table("translation language original from status", "language status"),
        "withdrawn": _table("academy id", "academy"),
        **{
            name: Table(columns, parameters=tuple(one for one in lists.NARROWED if one in columns))
            for name, columns in lists.COLUMNS.items()
        },
    }


def read(
    figures: Path, name: str, parameters: Mapping[str, Value] | None = None
) -> tuple[tuple[str, ...], list[tuple[Value, ...]]]:
    """The columns and all rows of a table; ``figures`` is the folder of the figures of a release.

    ``parameters`` {name: value} narrow it. Shares are decimals of four digits, what pairs say of themselves are
    floats; None stands for what a row does not have. Raises NoSuchTable.
    """
    table = tables().get(name)
    if table is None:
        raise NoSuchTable(f"there is no table {name!r}")
    if odd := set(parameters or {}) - set(table.parameters):
        raise NoSuchTable(f"the table {name!r} has no parameter {min(odd)!r}")
    given = {key: _as_kept((parameters or {}).get(key)) for key in table.parameters}
    given["enough"] = float(ENOUGH)
    places = [place for place, column in enumerate(table.columns) if column in table.decimals]
    with open_figures(figures) as connection:
        connection.row_factory = None
        _functions(connection)
        if name in lists.COLUMNS:
            rows = lists.rows(connection, name, given)
        else:
            rows = coverage.rows(connection, given) if name == "coverage" else _asked(connection, name, given)
    if places:
        rows = [_with_decimals(row, places) for row in rows]
    return table.columns, rows


def _as_kept(value: Value) -> Value:
    """A time as the figures have it."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _asked(connection: sqlite3.Connection, name: str, given: Mapping[str, Value]) -> list[tuple[Value, ...]]:
    sql = files("registry.statistics").joinpath(f"queries/{name}.sql").read_text("utf-8")
    return connection.execute(sql, given).fetchall()


def ten_thousandths(part: int, whole: int) -> int | None:
    """The ratio in ten-thousandths, halves rounded up as SPARQL's ROUND does; None of nothing."""
    return (2 * part * _PARTS + whole) // (2 * whole) if whole else None


@lru_cache(maxsize=4096)
def _decimal(number: int) -> Decimal:
    return Decimal(number) / _PARTS


def _with_decimals(row: tuple[Value, ...], places: list[int]) -> tuple[Value, ...]:
    changed = list(row)
    for place in places:
        number = changed[place]
        changed[place] = _decimal(number) if isinstance(number, int) else number
    return tuple(changed)


def _functions(connection: sqlite3.Connection) -> None:
    @lru_cache(maxsize=1024)
    def english(text: str) -> str | None:
        found: str | None = json.loads(text).get("en")
        return found

    connection.create_function("ratio", 2, ten_thousandths)
    connection.create_function("english", 1, english)
    connection.create_function("in_process", 1, coverage.in_process)
    connection.create_function("notation", 1, lambda iri: iri.rsplit("/", 1)[-1])
