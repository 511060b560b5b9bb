"""Lists for dashboards: which resources stand in each answer of a stored query that lists, in the order of the answer.

What a document says decides whether it is in a list; whether its pairs hide it there is settled when they have been
written. Both are done for what changed alone. ``ontology/questions/NAME.ttl`` says the same as SPARQL.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from registry.iris import SPDX, Iris
from registry.statistics.forms import WHOLE

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "basic-for-managers": ("academy", "title", "audience", "language"),
    "events": ("start", "academy", "title", "place"),
    "git-courses": ("academy", "title", "language"),
    "may-be-adapted": ("language", "academy", "title", "licence"),
    "only-here": ("academy", "title"),
    "without-licence": ("academy", "title"),
}
"""The columns of each list, by which it is sorted too."""
NARROWED = ("academy", "language", "licence")
"""Columns by which a list may be narrowed."""
ADAPTABLE = (
    "CC0-1.0", "CC-BY-4.0", "CC-BY-3.0", "CC-BY-SA-4.0", "CC-BY-SA-3.0", "MIT", "Apache-2.0", "BSD-3-Clause",
    "GPL-3.0-only", "GPL-3.0-or-later", "EUPL-1.2", "etalab-2.0", "OGL-UK-3.0",
)  # fmt: skip
_WHOLE_ONLY = ("git-courses", "may-be-adapted", "only-here")
_GIT = re.compile(r"(^|[^a-z])(git|version control)([^a-z]|$)", re.IGNORECASE | re.ASCII)
_KINDS = ("learningResourceType", "educationalLevel", "license")
_PLACES = ("a", "b", "c", "d")
Row = tuple[str, ...]


def write(connection: sqlite3.Connection, resource: Mapping[str, Any], iris: Iris) -> None:
    """Write the rows of one resource in place of those that it had."""
    iri = resource["iri"]
    connection.execute("DELETE FROM listed WHERE iri=?", (iri,))
    seen: Counter[tuple[str, Row]] = Counter()
    for name, row in _rows(resource, iris):
        seen[name, row] += 1
        cells = (*row, *[""] * (len(_PLACES) - len(row)))
        connection.execute("INSERT INTO listed VALUES (?,?,?,?,?,?,?,0)", (name, *cells, iri, seen[name, row]))


def _rows(resource: Mapping[str, Any], iris: Iris) -> Iterator[tuple[str, Row]]:
    """(list, row) of a resource; "" stands for nothing."""
    academy, titles, languages = resource["academy"], list(resource["name"].values()), resource["inLanguage"]
    has = {key: {one["id"] for one in resource[key]} for key in _KINDS}
    part = bool(resource["isPartOf"])
    for title in titles:
        if not resource["license"]:
            yield "without-licence", (academy, title)
        if not part and has["learningResourceType"] & {iris.concept("resource-type", name) for name in WHOLE}:
            yield "only-here", (academy, title)
        yield from (("events", (start, academy, title, place)) for start, place in _held(resource))
    told = any(_GIT.search(word) for word in (*titles, *resource["keywords"]))
    if told and not part and iris.concept("resource-type", "module") not in has["learningResourceType"]:
        found = {(academy, title, language) for title in titles for language in languages or [""]}
        yield from (("git-courses", row) for row in sorted(found))
    if not part:
        named = [name for name in ADAPTABLE if SPDX + name in has["license"]]
        spoken = [language for language in languages if language.lower().split("-")[0] in ("fr", "es")]
        rows = ((language, academy, title, name) for language in spoken for title in titles for name in named)
        yield from (("may-be-adapted", row) for row in rows)
    if iris.concept("level", "basic") in has["educationalLevel"]:
        own = iris.concept("audience", "")
        audiences = [one["id"].removeprefix(own) for one in resource["audience"] if (one["id"] or "").startswith(own)]
        managers = [name for name in audiences if "manager" in name]
        rows = ((academy, title, name, language) for title in titles for name in managers for language in languages)
        yield from (("basic-for-managers", row) for row in rows)


def _held(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(begin, place) of the resource itself and of its sessions."""
    for one in (resource, *resource["hasCourseInstance"]):
        if one.get("startDate"):
            towns = [place["locality"] for place in one.get("location", ()) if place["locality"]]
            yield from ((one["startDate"], town) for town in towns or [""])


def settle(connection: sqlite3.Connection, *, carried: bool) -> None:
    """Hide and show rows by the pairs of their resources: of those of ``temp.concerned``, or of all."""
    part = " OR ".join(
        f"EXISTS (SELECT 1 FROM match WHERE {here} AND relation = 'part' AND status = 'accepted')"
        for here in (
            "left_iri = listed.iri AND source <> left_iri",
            "right_iri = listed.iri AND source = left_iri",
        )
    )
    elsewhere = " OR ".join(
        f"EXISTS (SELECT 1 FROM match WHERE {side}_iri = listed.iri AND within = 0)" for side in ("left", "right")
    )
    whole = ",".join(f"'{name}'" for name in _WHOLE_ONLY)
    scope = "WHERE iri IN (SELECT iri FROM concerned)" if carried else ""
    connection.execute(
        f"UPDATE listed SET hidden = (name IN ({whole}) AND ({part})) OR (name = 'only-here' AND ({elsewhere}))"
        f" {scope}"
    )


def rows(connection: sqlite3.Connection, name: str, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a list, narrowed by the columns that ``given`` has values for."""
    columns = dict(zip(COLUMNS[name], _PLACES, strict=False))
    told = ", ".join(f"nullif({place}, '')" for place in columns.values())
    wanted = {column: value for column, value in given.items() if column in columns and value is not None}
    where = "".join(f" AND {columns[column]} = ?" for column in wanted)
    once = "DISTINCT" if name == "git-courses" else ""
    order = ", ".join(columns.values())
    return connection.execute(
        f"SELECT {once} {told} FROM listed WHERE name = ? AND hidden = 0{where} ORDER BY {order}",
        (name, *wanted.values()),
    ).fetchall()
