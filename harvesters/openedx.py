"""Harvests the courses of an Open edX: the course list of its LMS, or the Discovery service; one record a course.

The address may be that of the LMS, or of a list: ``/api/courses/v1/courses/`` (LMS), ``/api/v1/courses/``,
``/api/v1/course_runs/``, ``/api/v1/search/all/`` (Discovery). Options of the feed: ``org`` (LMS: only courses of
this organisation), ``detail`` (LMS: ask for the text of each course; true, or how many at most). A token goes
into ``Authorization`` ("JWT …" unless it names another scheme). Payload: {"course", "runs"}; of a course that
is hidden only {"course": {"key"}, "hidden"}. Sources: edx-platform, course_api serializers; course-discovery,
api serializers; opaque keys ("course-v1:ORG+NUMBER+RUN", before "ORG/NUMBER/RUN").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from harvesters.base import FeedFailed, Visit
from harvesters.json_pages import Page, Walk, next_link
from harvesters.json_safe import BadJson, at, canonical, digest, parse, word
from registry.model import Document, Done, Feed, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged
from registry.net import NetError

MARK = "+openedx2"  # another one reads an unchanged list anew
ACCEPT = "application/json"
LMS = "/api/courses/v1/courses/"
MAX_COURSES = 100_000
MAX_RUNS = 300  # of one course
MAX_DETAILS = 2_000
_RUN_KEY = re.compile(
    r"course-v\d:([^+/\s]{1,200})\+([^+/\s]{1,200})\+([^+/\s]{1,200})"
    r"|([^+/\s:]{1,200})/([^+/\s]{1,200})/([^+/\s]{1,200})"
)
# The course of Open edX about itself, which each new platform has.
_DEMO = re.compile(r"(?:open)?edx\+(?:open_)?demox(?:\.\d{1,3})?", re.IGNORECASE)
_NOT_PUBLIC = frozenset(
    ["unpublished", "review_by_legal", "review_by_internal", "legal_review", "internal_review", "reviewed"]
)
_RUNS = ("course_runs", "courseruns")
# Counts, what follows from the clock, who edits: it moves with each visit or is nobody's business.
_MOVING = frozenset(
    ["enrollment_count", "recent_enrollment_count", "availability", "availability_level", "is_enrollable",
     "is_current", "is_enrolled", "is_upgradable", "is_marketable", "can_enroll", "has_enrollable_seats",
     "has_enrollable_paid_seats", "course_run_statuses", "first_enrollable_paid_seat_price",
     "first_enrollable_paid_seat_sku", "seconds_until_start", "blocks_url", "editors", "draft", "next_run_id",
     "advertised_course_run_uuid", "data_modified_timestamp", "product_source", "score", "course_editors",
     "paid_seat_enrollment_end", "watchers", "watchers_list", "in_year_value", "percent_complete",
     "estimated_completion"]
)  # fmt: skip
_PEOPLE = ("staff", "instructors")
_NAMED = ("given_name", "family_name", "name", "uuid", "salutation")


@dataclass(slots=True)
class _Course:
    """All that was listed of one course."""

    locator: str
    own: dict[str, Any] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    closed: bool = False  # it is hidden itself
    hidden: set[str] = field(default_factory=set)  # its runs that are


@dataclass(slots=True)
class _Found:
    """What a visit has met over all pages."""

    courses: dict[str, _Course] = field(default_factory=dict)
    notes: list[FeedIssue] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All courses of the list. Raises FeedFailed."""
    feed, found = visit.feed, _Found()
    address, most = request_address(feed), _details(feed)
    token = visit.token.strip()
    headers = {"authorization": token if " " in token else f"JWT {token}"} if token else {}
    walk = Walk(visit, ACCEPT, MARK, headers=headers)
    page = walk.first(address)
    if isinstance(page, Unchanged):
        yield page
        yield Done(complete=True, bookmark={"pages": "1"})
        return
    _walk(walk, page, found)
    complete = walk.end(address)
    if most and LMS in urlsplit(address).path:
        _texts(visit, found, address, headers, most)
    records = [_record(key, course, address) for key, course in found.courses.items()]
    for kind, count in found.others.items():
        issue = Issue("openedx-other", address[:300], str(count), (("kind", kind),))
        found.notes.append(FeedIssue(issue, lasting=True))
    told = [[one.issue.code, one.issue.place, one.issue.value] for one in found.notes]
    content = digest(canonical([[[one.key, digest(one.payload)] for one in records], told])) + MARK
    known = visit.document(address)
    # A text that another request brings is not covered by the validators of the list.
    single = walk.number == 1 and not most
    if (known is not None and known.digest == content) or visit.seen(content):
        yield Unchanged(address, content)
    else:
        etag, stamp = (page.headers.get(name) if single else None for name in ("etag", "last-modified"))
        yield Document(address, content, etag, stamp)
        yield from records
        yield from found.notes
    yield from walk.notes
    yield Done(complete, bookmark={"pages": "1"} if complete and single else {})


def request_address(feed: Feed) -> str:
    """The first request: the list that the address names, else the course list of the LMS. Raises FeedFailed."""
    try:
        parts = urlsplit(feed.address)
    except ValueError as error:
        raise FeedFailed(Issue("openedx-bad-option", "address", feed.address[:300])) from error
    path, query = parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))
    if path.endswith(".json"):
        pass  # a saved answer
    elif "/api/" not in path + "/":
        path = re.sub(r"/(?:courses|dashboard|login|register|explore)?/?$", "", path) + LMS
        query = {}
    elif path.rstrip("/").endswith("/api"):
        path = path.rstrip("/").removesuffix("/api") + LMS
    org = feed.options.get("org", "")
    if not isinstance(org, str):
        raise FeedFailed(Issue("openedx-bad-option", "options", f"org={org!r}"[:300]))
    if path.rstrip("/").endswith(LMS.rstrip("/")):
        path = path.rstrip("/") + "/"
        query = {**({"org": org} if org else {}), "page_size": "100", **query}
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))


def _details(feed: Feed) -> int:
    """How many courses to ask for their text."""
    said = feed.options.get("detail", False)
    if isinstance(said, bool):
        return MAX_DETAILS if said else 0
    if not isinstance(said, int) or said < 0:
        raise FeedFailed(Issue("openedx-bad-option", "options", f"detail={said!r}"[:300]))
    return min(said, MAX_DETAILS)


def _walk(walk: Walk, page: Page, found: _Found) -> None:
    """All pages of the list into ``found``."""
    current: Page | None = page
    while current is not None:
        items = _items(current.read.value)
        if items is None:
            if current.number == 1:
                raise FeedFailed(_no_list(current))
            walk.stop("openedx-no-list", current.address, _no_list(current).value)
            return
        found.notes += [FeedIssue(issue, lasting=True) for issue in current.read.issues]
        before = _size(found)
        for number, item in enumerate(items):
            _add(walk, found, item, f"page {current.number}, /results/{number}")
        walk.count(len(items), _size(found) - before, current.read.value)
        if current.number == 1 and items and not found.courses and not found.others:
            raise FeedFailed(_no_list(current))
        if len(found.courses) >= MAX_COURSES:
            walk.stop("openedx-many", current.address, str(len(found.courses)))
            return
        address = walk.after(current, next_link(current))
        current = walk.then(address) if address else None


def _size(found: _Found) -> int:
    """How much was met: a page without anything new is one that was read before."""
    return sum(1 + len(one.runs) + len(one.hidden) for one in found.courses.values()) + sum(found.others.values())


def _items(value: Any) -> list[Any] | None:
    """The entries of a page; one course may stand alone."""
    if isinstance(value, list):
        return value
    results = at(value, "results")
    if isinstance(results, list):
        return results
    return [value] if isinstance(value, dict) and _key(value) else None


def _no_list(page: Page) -> Issue:
    value = page.read.value
    said = word(at(value, "detail")) or word(at(value, "developer_message"))
    some = at(value, "results", 0) or at(value, 0) or value
    names = ", ".join(some) if isinstance(some, dict) else type(some).__name__
    return Issue("openedx-no-list", page.address[:300], (said or names)[:300])


def _key(item: Mapping[str, Any]) -> str:
    """The course that an entry is of: "ORG+NUMBER", whichever run it is; "" for none."""
    for name in ("course", "course_key"):  # of a run in Discovery
        if isinstance(item.get(name), str) and word(item[name]):
            return word(item[name])
    for name in ("key", "course_id", "courseware_id", "readable_id", "id"):
        said = word(item.get(name)) if isinstance(item.get(name), str) else ""
        run = _RUN_KEY.fullmatch(said)
        if run is not None:
            return f"{run[1]}+{run[2]}" if run[1] else f"{run[4]}+{run[5]}"
        short = said.removeprefix("course-v1:")
        if re.fullmatch(r"[^+/\s]{1,200}\+[^+/\s]{1,200}", short):
            return short
        if name == "key" and said and any(isinstance(item.get(one), list) for one in _RUNS):
            return said
    return ""


def _kind(item: Mapping[str, Any]) -> str:
    """ "course", "run", or what else a search lists ("program", "person" …)."""
    names = (word(item.get(name)) for name in ("key", "readable_id", "id") if isinstance(item.get(name), str))
    if any(name.startswith("program-v") for name in names):
        return "program"
    said = word(item.get("content_type")).lower() or word(item.get("aggregation_key")).partition(":")[0].lower()
    if said in ("courserun", "course_run"):
        return "run"
    if said and said != "course":
        return said[:50]
    if said == "course" or any(isinstance(item.get(name), list) for name in _RUNS):
        return "course"
    if isinstance(item.get("courses"), list) and not _key(item):
        return "program"
    return "run" if _run_id(item) else "course" if _key(item) else ""


def _run_id(item: Mapping[str, Any]) -> str:
    """The key of a run, "" for what is none."""
    for name in ("key", "course_id", "courseware_id", "id"):
        said = word(item.get(name)) if isinstance(item.get(name), str) else ""
        if _RUN_KEY.fullmatch(said):
            return said
    return ""


def _add(walk: Walk, found: _Found, item: Any, locator: str) -> None:
    """One entry: a course with its runs, a run, or something else."""
    kind = _kind(item) if isinstance(item, dict) else ""
    if kind == "program" and isinstance(item.get("courses"), list):
        for number, one in enumerate(item["courses"]):
            if isinstance(one, dict) and _key(one):
                _add(walk, found, one, f"{locator}/courses/{number}")
    if kind not in ("course", "run", ""):
        found.others[kind] = found.others.get(kind, 0) + 1
        return
    key = _key(item) if kind else ""
    if not key:
        walk.whole = False
        shown = word(item) or (", ".join(item) if isinstance(item, dict) else "")
        found.notes.append(FeedIssue(Issue("openedx-no-course", locator, shown[:300]), lasting=True))
        return
    if _DEMO.fullmatch(key):
        found.others["DemoX"] = found.others.get("DemoX", 0) + 1
        return
    course = found.courses.setdefault(key[:2000], _Course(locator))
    if kind == "run":
        _add_run(course, item)
        return
    own = {name: value for name, value in item.items() if name not in _RUNS}
    course.own = course.own or _steady(own)
    course.closed = course.closed or _is_closed(item)
    for name in _RUNS:
        listed = item.get(name)
        for run in listed if isinstance(listed, list) else ():
            if isinstance(run, dict):
                _add_run(course, run)


def _add_run(course: _Course, run: Mapping[str, Any]) -> None:
    """One run; one that is hidden or no longer public is left out. What several entries say of it is joined."""
    key = _run_id(run) or word(run.get("key")) or word(run.get("id")) or str(len(course.runs))
    if _is_closed(run):
        course.hidden.add(key)
    elif key in course.runs:
        known = course.runs[key]
        known.update({name: value for name, value in _steady(run).items() if known.get(name) in (None, "", [])})
    elif len(course.runs) < MAX_RUNS:
        course.runs[key] = _steady(run)


def _is_closed(item: Mapping[str, Any]) -> bool:
    """Whether the site itself does not list a course or run."""
    status, listed = word(item.get("status")).lower(), word(item.get("catalog_visibility")).lower()
    return (
        item.get("hidden") is True
        or item.get("published") is False
        or item.get("live") is False
        or listed in ("none", "about")
        or status in _NOT_PUBLIC
    )


def _steady(value: Any) -> Any:
    """A description without what moves with a visit, and of people only their names."""
    if isinstance(value, list):
        return [_steady(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        if name in _MOVING or "email" in name.lower():
            continue
        if name in _PEOPLE and isinstance(inner, list):
            kept[name] = [_person(one) for one in inner]
        else:
            kept[name] = _steady(inner)
    return kept


def _person(value: Any) -> Any:
    """Who somebody is, without portrait, biography and accounts."""
    if not isinstance(value, dict):
        return value
    found = {name: value[name] for name in _NAMED if value.get(name)}
    office = word(at(value, "position", "organization_name"))
    return {**found, "position": {"organization_name": office}} if office else found


def _texts(visit: Visit, found: _Found, address: str, headers: Mapping[str, str], most: int) -> None:
    """Ask the LMS for the whole description of each course, by its last run."""
    base = urlunsplit(urlsplit(address)._replace(query=""))
    for course in [one for one in found.courses.values() if one.runs][:most]:
        key = max(course.runs, key=lambda name: (word(course.runs[name].get("start")), name))
        where = base + quote(key, safe=":+/@") + "/"
        try:
            fetched = visit.http.get(where, accept=ACCEPT, headers=headers or None)
            value = parse(fetched.body, fetched.headers.get("content-type", ""), where).value
        except NetError as error:
            found.notes.append(FeedIssue(Issue("openedx-detail", where[:300], error.issue.value)))
            continue
        except BadJson as error:
            found.notes.append(FeedIssue(error.issue))
            continue
        for name in ("overview", "effort"):
            if word(at(value, name)):
                course.runs[key][name] = value[name]
    left = sum(bool(one.runs) for one in found.courses.values()) - most
    if left > 0:
        found.notes.append(FeedIssue(Issue("openedx-details-many", base[:300], str(left), (("limit", str(most)),))))


def _record(key: str, course: _Course, address: str) -> RawRecord:
    """A course with its runs, by their keys; of a hidden one nothing but its key."""
    payload: dict[str, Any]
    runs = [{"key": name, **run} for name, run in sorted(course.runs.items()) if name not in course.hidden]
    if course.closed or (course.hidden and not runs):
        payload = {"course": {"key": key}, "hidden": True}
    else:
        payload = {"course": {"key": key, **course.own}, "runs": runs}
    stamps = [word(one.get("modified")) for one in (course.own, *course.runs.values())]
    return RawRecord(
        key=key,
        payload=canonical(payload),
        media_type="application/json",
        format="openedx",
        source=address,
        locator=course.locator,
        datestamp=max(filter(None, stamps), default=None),
    )
