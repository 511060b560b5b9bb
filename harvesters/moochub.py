"""Harvests a MOOChub list of courses: JSON:API with ``links.next``, version 3 asked for, 2.x read too.

Payload: {"attributes", "id", "type"} of one course as canonical JSON, without the signatures that some
platforms put into the addresses of their films. Option of the feed: ``version`` (the major version to ask
for, 3 unless said). Sources: MOOChub 3.0.1 and 2.1, https://github.com/MOOChub/schema (also its versioning);
JSON:API 1.1; RFC 8594 (Sunset).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from harvesters.base import FeedFailed, Visit
from harvesters.json_pages import Page, Walk, next_link, told
from harvesters.json_safe import at, canonical, digest, unsigned, word
from registry.model import Done, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import NetError

MARK = "+moochub1"  # another one reads unchanged pages anew
MAX_RECORDS = 500_000
KNOWN = ("3", "2")
_PLAIN = ("application/vnd.api+json", "application/json, */*;q=0.1")
_REFUSED = frozenset({400, 406, 415})
_VERSION = re.compile(r"moochub-version\s*=\s*\"?(\d{1,4}(?:\.\d{1,4}){0,2})")


@dataclass(slots=True)
class _Seen:
    """What this visit has met: payload digests by key, and what was told of headers."""

    keys: dict[str, str] = field(default_factory=dict)


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All courses of the list. Raises FeedFailed."""
    feed = visit.feed
    asked = str(feed.options.get("version", KNOWN[0]))
    if not re.fullmatch(r"\d{1,2}", asked):
        raise FeedFailed(Issue("moochub-bad-option", "options.version", asked[:300]))
    walk, page = _first(visit, asked)
    if isinstance(page, Unchanged):
        yield page
        yield Done(complete=True, bookmark={"pages": "1"})
        return
    if _courses(page.read.value) is None:
        raise FeedFailed(_no_data(page))
    seen, current = _Seen(), page
    while True:
        courses = _courses(current.read.value)
        if courses is None:
            issue = _no_data(current)
            walk.stop(issue.code, issue.place, issue.value)
            break
        yield from _split(visit, walk, current, courses, seen)
        if walk.listed >= MAX_RECORDS:
            walk.stop("moochub-many", current.address, str(walk.listed))
            break
        address = walk.after(current, next_link(current))
        following = walk.then(address) if address else None
        if following is None:
            break
        current = following
    complete = walk.end(feed.address)
    yield from walk.notes
    yield Done(complete, bookmark={"pages": "1"} if complete and walk.number == 1 else {})


def _first(visit: Visit, asked: str) -> tuple[Walk, Page | Unchanged]:
    """The first page: by version, else (a server that refuses that) as any JSON:API."""
    accepts = (f"application/vnd.api+json; moochub-version={asked}", *_PLAIN)
    for number, accept in enumerate(accepts):
        walk = Walk(visit, accept, MARK)
        try:
            return walk, walk.first(visit.feed.address)
        except FeedFailed as failed:
            cause = failed.__cause__
            status = cause.status if isinstance(cause, NetError) else None
            if status not in _REFUSED or number == len(accepts) - 1:
                raise
    raise AssertionError  # the last try returns or raises


def _courses(value: Any) -> list[Any] | None:
    """The ``data`` of a page; None where there is none. One course may stand alone."""
    if isinstance(value, list):
        return value
    data = at(value, "data")
    if isinstance(data, dict):
        return [data]
    return data if isinstance(data, list) else None


def _no_data(page: Page) -> Issue:
    error = at(page.read.value, "errors", 0)
    said = word(at(error, "detail")) or word(at(error, "title"))
    names = ", ".join(page.read.value) if isinstance(page.read.value, dict) else type(page.read.value).__name__
    return Issue("moochub-no-data", page.address[:300], (said or names)[:300])


def _split(visit: Visit, walk: Walk, page: Page, courses: list[Any], seen: _Seen) -> Iterator[HarvestEvent]:
    """The records of one page."""
    notes = [FeedIssue(issue, lasting=True) for issue in (*page.read.issues, *_headers(page))]
    records: list[RawRecord] = []
    for number, course in enumerate(courses):
        locator = f"page {page.number}, /data/{number}"
        made = _record(course, locator, visit.feed.address)
        if made is None:
            walk.whole = False
            notes.append(FeedIssue(Issue("moochub-no-object", locator, word(course)[:300]), lasting=True))
            continue
        content = digest(made.payload)
        before = seen.keys.setdefault(made.key, "")
        if not before:
            seen.keys[made.key] = content
            records.append(made)
        elif before != content:
            notes.append(FeedIssue(Issue("moochub-same-id", locator, made.key[:300]), lasting=True))
    walk.count(len(courses), len(records), page.read.value)
    yield from told(visit, page, records, notes, MARK)


def _headers(page: Page) -> Iterator[Issue]:
    """What the first page's headers say of the version: its last day, or that it is one not known here."""
    if page.number > 1:
        return
    version = _VERSION.search(page.headers.get("content-type", "")[:500])
    said = version[1] if version else "–"
    if sunset := page.headers.get("sunset", "").strip():
        yield Issue("moochub-sunset", page.address[:300], sunset[:100], (("version", said),))
    if version and version[1].split(".")[0] not in KNOWN:
        yield Issue("moochub-version", page.address[:300], version[1], (("known", ", ".join(KNOWN)),))


def _record(course: Any, locator: str, source: str) -> RawRecord | None:
    """One course, by its id; None where it is no object."""
    if not isinstance(course, dict):
        return None
    inner = course.get("attributes")
    attributes = inner if isinstance(inner, dict) else {k: v for k, v in course.items() if k not in ("id", "type")}
    data = {"attributes": _steady(attributes), "id": course.get("id"), "type": course.get("type")}
    payload = canonical(data)
    key, issues = word(course.get("id")), list[Issue]()
    if not key:
        issues.append(Issue("moochub-no-id", "/id"))
        key = word(attributes.get("courseCode")) or word(attributes.get("url")) or "unnamed-" + digest(payload)[7:23]
    modified = word(attributes.get("dateModified")) or None
    return RawRecord(
        key=key[:2000],
        payload=payload,
        media_type="application/vnd.api+json",
        format="moochub",
        source=source,
        locator=locator,
        datestamp=modified,
        issues=tuple(issues),
    )


def _steady(value: Any) -> Any:
    """A value whose media addresses have lost their signatures, which are other ones at each visit."""
    if isinstance(value, list):
        return [_steady(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: unsigned(inner) if key in ("contentUrl", "url", "logo") and isinstance(inner, str) else _steady(inner)
        for key, inner in value.items()
    }
