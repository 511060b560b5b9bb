"""Harvests the courses of a Moodle: by web services where there is a token, else its public list of courses.

The address is that of the site, or of one of its categories (``/course/index.php?categoryid=3``). Options of the
feed: ``category`` (a number or a list: only these and what is under them), ``contacts`` (true: names of teachers),
``detail`` (without a token: how many courses at most are asked for their own page), ``max_pages``, ``search`` (a
word, where only the search may be called), ``ajax`` (false: do not try what can be called without a login).
Payload: {"course", "categories"}, and "language" of a page; of a hidden course only {"course": {"id"}, "hidden"}.
The token is sent in the body of requests to the site and stands nowhere else. Sources: Moodle, course/externallib.php
(3.2 to 5.x), lib/ajax/service-nologin.php, course/renderer.php.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit, urlunsplit

from harvesters import moodle_pages, moodle_ws
from harvesters.base import FeedFailed, Visit
from harvesters.json_safe import canonical, digest, word
from harvesters.moodle_parts import Category, Listing, Options, number, path_of
from registry.model import Document, Done, Feed, FeedIssue, HarvestEvent, Issue, RawRecord, Unchanged

MARK = "+moodle1"  # another one reads an unchanged list anew
MAX_STRING = 200_000
SITE_COURSE = 1  # the front page is a course too
_PAGES = re.compile(
    r"/(?:course|login|my|mod|local|user|webservice|blocks|theme|admin|lib|enrol|pluginfile\.php|index\.php)(?:/.*)?$"
)
# How the page of a course looks and works, what belongs to the one who asks, how many learners there are.
_TECHNICAL = frozenset(
    ["sortorder", "categorysortorder", "format", "numsections", "newsitems", "showgrades", "showreports", "maxbytes",
     "marker", "groupmode", "groupmodeforce", "defaultgroupingid", "theme", "calendartype", "legacyfiles", "requested",
     "cacherev", "filters", "courseformatoptions", "completionnotify", "enablecompletion", "completionenabled",
     "showactivitydates", "showcompletionconditions", "hiddensections", "coursedisplay", "downloadcontent",
     "originalcourseid", "relativedatesmode", "pdfexportfont", "visibleold", "trust", "forcetheme", "hassummary",
     "enrolledusercount", "progress", "hasprogress", "isfavourite", "hidden", "lastaccess", "completed",
     "completionhascriteria", "completionusertracked", "showshortname", "fullnamedisplay", "viewurl", "contextid",
     "communicationroomname", "courseformat", "coursecategory", "timeaccess", "isfavorite", "contacts"]
)  # fmt: skip


def harvest(visit: Visit) -> Iterator[HarvestEvent]:
    """All courses that the site shows. Raises FeedFailed."""
    feed = visit.feed
    options, site = read_options(feed), site_address(feed.address)
    if visit.token.strip():
        listing: Listing | None = moodle_ws.listing(visit, site, options)
    else:
        listing = None
        if options.ajax and visit.bookmark.get("way") != "pages":
            listing = moodle_ws.public_listing(visit, site, options)
        way = "ajax" if listing else "pages"
        listing = listing or moodle_pages.listing(visit, site, options)
    assert listing is not None
    records, notes = _records(listing, options, visit.token.strip())
    if not records:
        raise FeedFailed(Issue("moodle-no-courses", listing.address[:300]))
    told = [[one.issue.code, one.issue.place, one.issue.value] for one in notes]
    content = digest(canonical([[[one.key, digest(one.payload)] for one in records], told])) + MARK
    known = visit.document(listing.address)
    if (known is not None and known.digest == content) or visit.seen(content):
        yield Unchanged(listing.address, content)
    else:
        yield Document(listing.address, content)
        yield from records
        yield from notes
    yield from listing.notes
    bookmark = {} if visit.token.strip() or not listing.whole else {"way": way}
    yield Done(listing.whole, "proved" if listing.every else "unknown", bookmark)


def read_options(feed: Feed) -> Options:
    """The feed's options. Raises FeedFailed."""
    said = feed.options
    wanted = said.get("category", [])
    wanted = [wanted] if isinstance(wanted, int) and not isinstance(wanted, bool) else wanted
    detail, pages, search = said.get("detail", True), said.get("max_pages", 1000), said.get("search", "")
    flags = {name: said.get(name, name == "ajax") for name in ("contacts", "ajax")}
    good = (
        isinstance(wanted, list | tuple) and all(isinstance(one, int) for one in wanted)
        and isinstance(detail, bool | int) and detail >= 0 and isinstance(pages, int) and pages > 0
        and isinstance(search, str) and all(isinstance(one, bool) for one in flags.values())
    )  # fmt: skip
    if not good:
        shown = ", ".join(f"{name}={value!r}" for name, value in sorted(said.items()))
        raise FeedFailed(Issue("moodle-bad-option", "options", shown[:300]))
    try:
        asked = parse_qs(urlsplit(feed.address).query).get("categoryid", [""])[0]
    except ValueError as error:
        raise FeedFailed(Issue("moodle-bad-option", "address", feed.address[:300])) from error
    own = (int(asked),) if asked.isdecimal() and asked.isascii() and 0 < len(asked) < 10 and int(asked) else ()
    most = moodle_pages.MAX_DETAILS if detail is True else min(int(detail), moodle_pages.MAX_DETAILS)
    return Options(tuple(wanted) or own, flags["contacts"], flags["ajax"], most, pages, search)


def site_address(address: str) -> str:
    """The address of a Moodle, without a slash, from that of one of its pages."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, _PAGES.sub("", parts.path).rstrip("/"), "", ""))


def _records(listing: Listing, options: Options, token: str) -> tuple[list[RawRecord], list[FeedIssue]]:
    """The courses by their numbers, each once, and what is wrong with entries."""
    found: dict[int, RawRecord] = {}
    notes: list[FeedIssue] = []
    for place, course in enumerate(listing.courses):
        locator = f"course {place + 1}"
        identifier = number(course.get("id"))
        if identifier is None:
            listing.whole = False
            shown = word(course.get("fullname")) or ", ".join(course)
            notes.append(FeedIssue(Issue("moodle-no-id", locator, shown[:300]), lasting=True))
            continue
        path = path_of(listing, course)
        inside = not options.categories or any(one.id in options.categories for one in path)
        inside = inside or number(course.get("categoryid")) in options.categories
        if identifier != SITE_COURSE and course.get("format") != "site" and identifier not in found and inside:
            found[identifier] = _record(identifier, course, path, listing, locator, options, token)
    return [found[key] for key in sorted(found)], notes


def _record(
    key: int,
    course: Mapping[str, Any],
    path: list[Category],
    listing: Listing,
    locator: str,
    options: Options,
    token: str,
) -> RawRecord:
    """One course; of a hidden one, or of one in a hidden category, nothing but its number."""
    payload: dict[str, Any]
    if number(course.get("visible")) == 0 or course.get("visible") is False or not all(one.visible for one in path):
        payload = {"course": {"id": key}, "hidden": True}
    else:
        kept = {name: value for name, value in course.items() if name not in _TECHNICAL}
        if options.contacts:
            kept["contacts"] = [
                {"fullname": word(one.get("fullname"))}
                for one in course.get("contacts") or []
                if isinstance(one, dict) and word(one.get("fullname"))
            ]
        if word(kept.get("courseimage")).startswith("data:"):
            del kept["courseimage"]  # a pattern that Moodle draws
        names = [{"id": one.id, "name": one.name, "idnumber": one.idnumber} for one in path]
        payload = {"course": kept, "categories": [{k: v for k, v in one.items() if v} for one in names]}
        if listing.language:
            payload["language"] = listing.language
    stamp = number(course.get("timemodified"))
    return RawRecord(
        key=str(key),
        payload=canonical(_steady(payload, token)),
        media_type="application/json",
        format="moodle",
        source=f"{listing.site}/course/view.php?id={key}",
        locator=locator,
        datestamp=str(stamp) if stamp else None,
    )


def _steady(value: Any, token: str) -> Any:
    """A value whose addresses of files name no token; the token itself, should it stand anywhere, goes too."""
    if isinstance(value, list):
        return [_steady(one, token) for one in value]
    if isinstance(value, dict):
        return {key: _steady(inner, token) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    value = _public(value[:MAX_STRING])
    for secret in (token, quote(token, safe="")):
        value = value.replace(secret, "") if secret else value
    return value


_FILE = re.compile(r"/(?:webservice/)?(?:tokenpluginfile\.php/[0-9a-zA-Z]{1,128}|pluginfile\.php)(?=/)")
_IN_QUERY = re.compile(r"([?&](?:amp;)?)(?:token|wstoken|privatetoken|sesskey)=[0-9A-Za-z%_-]{0,300}(?:&amp;|&)?")


def _public(text: str) -> str:
    """A text whose links to files are those that everybody gets."""
    if "pluginfile.php" in text:
        text = _FILE.sub("/pluginfile.php", text)
    if "token=" in text or "sesskey=" in text:
        text = re.sub(r"[?&](?:amp;)?(?=[\s\"'<>]|$)", "", _IN_QUERY.sub(r"\1", text))
    if not text.startswith(("http://", "https://")) or "?" not in text or len(text) > 4000 or " " in text:
        return text
    parts = urlsplit(text)
    pairs = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in ("rev", "forcedownload")
    ]
    return urlunsplit(parts._replace(query=urlencode(pairs)))
