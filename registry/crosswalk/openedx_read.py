"""A course of Open edX as an object to ask: a field of the course, else of its last run, with its place.

Source: course-discovery, api serializers; edx-platform, course_api serializers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin

from registry.crosswalk import clean
from registry.crosswalk.json_node import items

MAX_RUNS = 300
NO_DATE = "2030-01-01"  # what a new course has as its start until somebody sets one
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """One payload. ``runs`` are (position, run); ``lead`` is the run that begins last, None without runs."""

    own: Object
    runs: tuple[tuple[int, Object], ...]
    site: str
    lead: tuple[int, Object] | None

    @property
    def number(self) -> str:
        """The course's number of its key "ORG+NUMBER"; "" where the key has another form."""
        return label(self.own.get("key")).partition("+")[2]

    def each(self, *names: str) -> Iterator[tuple[Any, str]]:
        """(value, place) of fields of the course, then of its runs; lists one by one, each value once."""
        seen: list[Any] = []
        objects = [(self.own, "/course"), *((run, f"/runs/{number}") for number, run in self.runs)]
        for one, base in objects:
            for name in names:
                content = one.get(name)
                for number, value in enumerate(items(content)[:300]):
                    if value in (None, "", {}, []) or value in seen:
                        continue
                    if len(seen) < 300:
                        seen.append(value)
                    yield value, f"{base}/{name}/{number}" if isinstance(content, list) else f"{base}/{name}"

    def absolute(self, address: str) -> str | None:
        """A web address, a relative one against the server."""
        if not address.strip():
            return None
        if "://" not in address and not address.startswith(("/", ".")) and "/" not in address:
            return clean.url(address)
        try:
            return clean.url(urljoin(self.site + "/", address.strip()))
        except ValueError:
            return None

    def page(self, number: int) -> tuple[str, str] | None:
        """(address, place) of the page of a run: as stated, else the page "about" that the LMS has of each."""
        run = dict(self.runs).get(number, {})
        for name in ("marketing_url", "courseware_url", "about_url"):
            if target := self.absolute(label(run.get(name))):
                return target, f"/runs/{number}/{name}"
        key = label(run.get("id")) or label(run.get("course_id"))
        if not self.site or ("+" not in key and key.count("/") != 2):
            return None
        target = clean.url(f"{self.site}/courses/{quote(key, safe=':+/@')}/about")
        return (target, f"/runs/{number}/id") if target else None


def read(data: Object, source: str) -> Course | None:
    """The course of a payload; None where it says nothing. ``source`` is the list that it was read from."""
    own, runs = data.get("course"), data.get("runs")
    own = own if isinstance(own, dict) else {}
    found = tuple((n, run) for n, run in enumerate(items(runs)[:MAX_RUNS]) if isinstance(run, dict))
    if not found and not set(own) - {"key"}:
        return None
    lead = max(found, key=lambda one: (day(one[1], "start", "start_date"), label(one[1].get("key"))), default=None)
    return Course(own, found, source.partition("/api/")[0].rstrip("/"), lead)


def day(run: Object, *names: str) -> str:
    """A date as it is written; "" where there is none, or the one that stands for none."""
    said = next((label(run.get(name)) for name in names if label(run.get(name))), "")
    return "" if said.startswith(NO_DATE) or label(run.get("start_type")) == "empty" and "start" in names else said


def first(course: Course, *paths: str) -> tuple[str, str]:
    """(text, place) of the first field that holds something: of the course, else of its last run; ("", "")."""
    objects = [(course.own, "/course")]
    if course.lead is not None:
        objects.append((course.lead[1], f"/runs/{course.lead[0]}"))
    for one, base in objects:
        for path in paths:
            value: Any = one
            for step in path.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            if text := label(value):
                return text, f"{base}/{path.replace('.', '/')}"
    return "", ""


def label(value: Any) -> str:
    """A string, number, or what an object is called; "" for anything else."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        for name in ("name", "title", "key"):
            if isinstance(value.get(name), str) and value[name].strip():
                return str(value[name]).strip()
    return ""
