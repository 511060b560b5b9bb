"""The runs and offers of a MOOChub course, as schema.org's reader takes them.

``startDate`` and ``endDate`` are lists whose items belong together by their position (version 2: one each);
what has no partner is told, and the course stays. Source: MOOChub 3.0.1, DateTimeSeries, Location, Schedule.
"""

from __future__ import annotations

import re
from typing import Any

from registry.crosswalk import clean
from registry.crosswalk.json_node import items
from registry.crosswalk.schemaorg_read import Object, Reader, scalar
from registry.terms import XSD, Literal

MAX_RUNS = 300
_ONLINE = re.compile(r"\b(?:online|on-line|virtuell|virtual|virtuel|en ligne|en l[ií]nea|zoom|teams|webex)\b", re.I)
_DATES = frozenset([XSD + "date", XSD + "dateTime"])


def course_runs(read: Reader, node: Object, workload: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """A CourseInstance for each pair of dates, with what the course says of place, people and times."""
    shared: dict[str, Any] = {}
    if node.get("courseMode"):
        shared["courseMode"] = node["courseMode"]
    if node.get("instructor"):
        shared["instructor"] = node["instructor"]
    place = _location(node.get("contentLocation"))
    if place is not None:
        shared["location"] = place
    if schedule := [_schedule(one) for one in items(node.get("repeatFrequency")) if isinstance(one, dict)]:
        shared["courseSchedule"] = schedule
    if workload:
        shared["courseWorkload"] = {"@value": workload[0][0], "@place": workload[0][1]}
    pairs = _pairs(read, node)
    if not pairs and (place is not None or schedule):
        pairs = [(None, None)]  # it takes place, although nobody says when
    return [_run(shared, *pair) for pair in pairs[:MAX_RUNS]]


Moment = tuple[Literal, str]


def _run(shared: dict[str, Any], start: Moment | None, end: Moment | None) -> dict[str, Any]:
    # What a run lacks stands beside the other attributes of the course.
    found: dict[str, Any] = {"@place": "/attributes", "@type": ["CourseInstance"], **shared}
    for key, moment in (("startDate", start), ("endDate", end)):
        if moment is not None:
            found[key] = {"@value": moment[0].value, "@place": moment[1]}
    return found


def _pairs(read: Reader, node: Object) -> list[tuple[Moment | None, Moment | None]]:
    """Beginnings and ends by position. Where there are ends, a beginning without one has lost its partner."""
    starts, ends = items(node.get("startDate")), items(node.get("endDate"))
    found: list[tuple[Moment | None, Moment | None]] = []
    for number in range(min(max(len(starts), len(ends)), MAX_RUNS + 1)):
        has_start, has_end = number < len(starts), number < len(ends)
        if not has_start or (ends and not has_end):
            key, lost = ("startDate", starts) if has_start else ("endDate", ends)
            value = scalar(lost[number])
            if value:
                counts = {"starts": str(len(starts)), "ends": str(len(ends))}
                read.build.issue("moochub-pair", _place(node, key, number), value, **counts)
            continue
        start = _moment(read, node, "startDate", number, starts[number])
        end = _moment(read, node, "endDate", number, ends[number]) if has_end else None
        if start and end and start[0].datatype == end[0].datatype and end[0].value[:10] < start[0].value[:10]:
            read.build.issue("moochub-order", end[1], f"{start[0].value} / {end[0].value}")
            end = None
        if start or end:
            found.append((start, end))
    return found


def _place(node: Object, key: str, number: int) -> str:
    return f"/attributes/{key}/{number}" if isinstance(node.get(key), list) else f"/attributes/{key}"


def _moment(read: Reader, node: Object, key: str, number: int, value: Any) -> Moment | None:
    """A day or time; null says that there is none."""
    word, place = scalar(value), _place(node, key, number)
    if not word:
        return None
    found = clean.date(word)
    if found is None or found.datatype not in _DATES:
        read.build.issue("moochub-date", place, word, field=key)
        return None
    return found, place


def _location(value: Any) -> dict[str, Any] | None:
    """Where: a place with its address, or a room on the web."""
    if not isinstance(value, dict):
        return None
    place, name, address = value["@place"], scalar(value.get("name")), value.get("address")
    link = clean.url(scalar(value.get("url")))
    found: dict[str, Any] = {"@place": place, "@type": ["Place"]}
    postal: dict[str, Any] = {}
    if isinstance(address, dict):
        where = address["@place"]
        for key, source in (
            ("addressCountry", "addressCountry"), ("addressLocality", "city"), ("addressLocality", "addressLocality"),
            ("postalCode", "postalCode"), ("streetAddress", "streetAddress"),
        ):  # fmt: skip
            if scalar(address.get(source)) and key not in postal:
                postal[key] = {"@value": scalar(address[source]), "@place": f"{where}/{source}"}
        if postal:
            found["address"] = {"@place": where, "@type": ["PostalAddress"], **postal}
    if not postal and (link or _ONLINE.search(name)):
        found["@type"] = ["VirtualLocation"]
    if name:
        found["name"] = {"@value": name, "@place": f"{place}/name"}
    if link:
        found["url"] = {"@id": link, "@place": f"{place}/url"}
    return found if postal or name or link else None


def _schedule(value: Object) -> dict[str, Any]:
    """One weekly time; the day by schema.org's http address."""
    found: dict[str, Any] = dict(value)
    day = scalar(value.get("byDay"))
    if day:
        name = re.sub(r"^https?://schema\.org/", "", day)
        found["byDay"] = {"@value": f"http://schema.org/{name}", "@place": f"{value['@place']}/byDay"}
    return found


def offers(node: Object) -> dict[str, Any]:
    """The offers, with the time in which one can enrol; that alone is an offer too."""
    window: dict[str, Any] = {}
    for key, source in (("validFrom", "applicationStartDate"), ("validThrough", "applicationDeadline")):
        for one in items(node.get(source))[:1]:
            if scalar(one):
                window[key] = {"@value": scalar(one), "@place": f"/attributes/{source}"}
    stated = [one for one in items(node.get("offer")) if isinstance(one, dict)]
    made = [{**one, **window} for one in stated]
    if not made and window:
        made = [{"@place": next(iter(window.values()))["@place"], **window}]
    return {"@place": "/attributes", "offers": made}
