"""What is measured of a list at the end of a visit: how complete, how comparable, how fresh, how faulty.

It is computed from what stands published and kept beside it (``registry.ledger.measurements``), never in a graph.
Of long lists a sample from all over it is looked at.
"""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from statistics import median

from registry.iris import FOAF, RDF_TYPE, SCHEMA
from registry.ledger import findings, log, measurements, observations, records
from registry.model import Change, Feed
from registry.pipeline.links import is_dead
from registry.prepare.screen import Data, Screen, Shape, compile_screen
from registry.prepare.setup import shapes_graph
from registry.report.model import Series
from registry.report.score import series
from registry.terms import Iri, Literal, Term, by_subject

SAMPLE = 1000
CONTROLLED = (
    "inLanguage", "license", "about", "learningResourceType", "educationalLevel", "audience", "courseMode",
    "conditionsOfAccess", "eventAttendanceMode",
)  # fmt: skip
_DATES = ("dateModified", "datePublished", "dateCreated")
# What the registry itself fills in says nothing of the academy.
_OWN = {RDF_TYPE, SCHEMA + "provider"}
_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_FOCUS = Iri("urn:score:focus")


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The shapes as measures: by class the fields that should be filled, by property what a value must be."""

    recommended: Mapping[str, tuple[tuple[str, ...], ...]]
    values: Mapping[str, tuple[Shape, ...]]


@cache
def yardstick(root: Path, base: str) -> Yardstick:
    """The yardstick of a registry: what the shapes ask for."""
    screen = compile_screen(shapes_graph(root / "shapes", base))
    wanted = {kind: _recommended(screen, kind) for kind in screen.by_class}
    values: dict[str, dict[str, Shape]] = defaultdict(dict)
    for shapes in screen.by_class.values():
        for shape in shapes:
            if shape.path is not None and not shape.path.inverse and shape.local:
                for predicate in shape.path.predicates:
                    values[predicate][shape.iri] = shape
    return Yardstick(wanted, {name: tuple(shapes.values()) for name, shapes in values.items()})


def _recommended(screen: Screen, kind: str) -> tuple[tuple[str, ...], ...]:
    """The paths that a shape finds missing in an empty description; each once."""
    empty = Data(())
    paths = [
        shape.path.predicates
        for shape in screen.by_class[kind]
        if shape.path is not None and not shape.path.inverse and shape.conforms(empty, _FOCUS) is not True
    ]
    return tuple(dict.fromkeys(path for path in paths if not _OWN & set(path)))


def measure(connection: sqlite3.Connection, feed: str, known: Yardstick, today: date) -> dict[str, float]:
    """The measures of a list now, by notation; none of a list of which nothing is known."""
    found: dict[str, float] = {}
    entries = [described for change in log.sample(connection, feed, SAMPLE, spread=True) for described in _of(change)]
    filled = [share for described in entries if (share := _filled(described, known)) is not None]
    if filled:
        found["completeness"] = sum(filled) / len(filled)
    good, total = _controlled(entries, known)
    if total:
        found["controlled-value-share"] = good / total
    ages = [age for described in entries if (age := _age(described, today)) is not None]
    if ages:
        found |= {"freshness-days": float(median(ages)), "newest-days": float(min(ages))}
    histories = [history for _, _, history in observations.history(connection, feed)]
    if histories:
        found["link-alive"] = sum(not is_dead(history) for history in histories) / len(histories)
    statuses = records.statuses(connection, feed)
    count = statuses.get("active", 0) + statuses.get("held", 0)
    if count:
        told = findings.counts(connection, feed)
        found["violation-count"] = told.get("violation", 0) / count
        found["warning-count"] = told.get("warning", 0) / count
    return found


def keep(connection: sqlite3.Connection, root: Path, base: str, feed: str, run: str, time: str) -> None:
    """Measure a list at the end of a run, and keep it."""
    values = measure(connection, feed, yardstick(root, base), date.fromisoformat(time[:10]))
    measurements.keep(connection, feed, run, values, time)


Described = Mapping[str, Sequence[Term]]


def _of(change: Change) -> list[Described]:
    described = by_subject(change.stated)
    topics = described.get(change.subject, {}).get(FOAF + "primaryTopic", [])
    return [described.get(str(topic), {}) for topic in topics[:1]]


def _filled(described: Described, known: Yardstick) -> float | None:
    """The share of the recommended fields that an entry fills; None for a kind without any."""
    kinds = [str(kind) for kind in described.get(RDF_TYPE, ())]
    paths = list(dict.fromkeys(path for kind in kinds for path in known.recommended.get(kind, ())))
    if not paths:
        return None
    return sum(any(described.get(name) for name in path) for path in paths) / len(paths)


def _controlled(entries: Iterable[Described], known: Yardstick) -> tuple[int, int]:
    """(values that are of the lists, all values) of the fields that have lists."""
    good = total = 0
    verdicts: dict[tuple[str, Term], bool] = {}
    for described in entries:
        for name in CONTROLLED:
            for value in described.get(SCHEMA + name, ()):
                one = (SCHEMA + name, value)
                if one not in verdicts:
                    verdicts[one] = _known(known, *one)
                good += verdicts[one]
                total += 1
    return good, total


def _known(known: Yardstick, predicate: str, value: Term) -> bool:
    if isinstance(value, Literal) and predicate != SCHEMA + "inLanguage":
        return False
    data = Data([(_FOCUS, Iri(predicate), value)])
    return all(shape.conforms(data, _FOCUS) is not False for shape in known.values.get(predicate, ()))


def _age(described: Described, today: date) -> int | None:
    """Days since the last date that an entry gives of itself; a month or year counts from its middle."""
    days = []
    for name in _DATES:
        for value in described.get(SCHEMA + name, ()):
            read = _DAY.match(value.value) if isinstance(value, Literal) else None
            if read is not None:
                days.append(_day(read))
    newest = max((day for day in days if day is not None), default=None)
    return None if newest is None else max((today - newest).days, 0)


def _day(read: re.Match[str]) -> date | None:
    year, month, day = int(read[1]), int(read[2] or 7), int(read[3] or (15 if read[2] else 1))
    try:
        return date(year, month, day)
    except ValueError:
        return None


def of_feeds(connection: sqlite3.Connection, feeds: Sequence[Feed]) -> tuple[Series, ...]:
    """The score of some lists with its history."""
    return series(measurements.listed(connection, [feed.id for feed in feeds])) if feeds else ()
