"""The public list of courses of a Moodle, as its pages show it to everybody: categories, pages, course boxes.

A course whose box shows no summary is asked for its own page (``/course/info.php``). What a page shows is put into
the words of the web services. Source: Moodle, course/renderer.php (coursebox, 2.5 to 5.x) and the markup that themes
made of it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import lxml.etree
import lxml.html

from harvesters.base import FeedFailed, Visit
from harvesters.moodle_boxes import Box, Element, boxes, category_in, has_class, inner, joined, number_in, words
from harvesters.moodle_parts import Category, Listing, Options
from registry.model import Issue
from registry.net import Fetched, NetError

ACCEPT = "text/html,application/xhtml+xml;q=0.9"
INDEX = "/course/index.php"
INFO = "/course/info.php?id="
MAX_DETAILS = 500
MAX_COURSES = 20_000
MAX_BYTES = 8 << 20
MAX_FAILURES = 3
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


@dataclass(slots=True)
class _Crawl:
    """One walk over the list: what waits, what was read, the courses by their numbers."""

    visit: Visit
    site: str
    found: Listing
    waiting: deque[str] = field(default_factory=deque)
    asked: set[tuple[int, int]] = field(default_factory=set)
    courses: dict[int, dict[str, Any]] = field(default_factory=dict)
    brief: dict[int, None] = field(default_factory=dict)
    paths: dict[int, list[str]] = field(default_factory=dict)


def listing(visit: Visit, site: str, options: Options) -> Listing:
    """All courses of the list. Raises FeedFailed."""
    found = Listing(site + INDEX, site)
    crawl = _Crawl(visit, site, found)
    for category in options.categories or (0,):
        _wait(crawl, f"{site}{INDEX}" + (f"?categoryid={category}" if category else ""))
    read = 0
    while crawl.waiting:
        address = crawl.waiting.popleft()
        if read >= options.pages or len(crawl.courses) >= MAX_COURSES:
            found.stop("moodle-many", address, str(read))
            break
        page = _page(crawl, address, first=read == 0)
        read += 1
        if page is not None:
            _read(crawl, address, page)
    _details(crawl, options.detail)
    by_path = {tuple(names): category for category, names in crawl.paths.items()}
    for category, names in crawl.paths.items():
        known = found.categories.get(category)
        if names and (known is None or not known.parent):
            name, parent = known.name if known else names[-1], by_path.get(tuple(names[:-1]), 0)
            found.categories[category] = Category(category, name, parent)
    found.courses = list(crawl.courses.values())
    return found


def _wait(crawl: _Crawl, address: str) -> None:
    """Put a page of the list into the queue, each once."""
    query = parse_qs(urlsplit(address).query)
    key = (number_in(query.get("categoryid", [""])[0]) or 0, number_in(query.get("page", [""])[0]) or 0)
    if key not in crawl.asked:
        crawl.asked.add(key)
        plain = "&".join(f"{name}={query[name][0]}" for name in ("categoryid", "browse", "perpage", "page")
                         if name in query and re.fullmatch(r"\w{1,20}", query[name][0]))  # fmt: skip
        crawl.waiting.append(crawl.site + INDEX + (f"?{plain}" if plain else ""))


def _page(crawl: _Crawl, address: str, first: bool) -> Element | None:
    """A page of the list as a tree; None, with a note, where it cannot be read."""
    try:
        fetched = crawl.visit.http.get(address, accept=ACCEPT)
    except NetError as error:
        if first:
            raise FeedFailed(error.issue) from error
        crawl.found.stop("moodle-page-lost", address, error.issue.value or error.issue.code)
        return None
    if _asks_login(fetched.url):
        if first:
            raise FeedFailed(Issue("moodle-login", address[:300]))
        crawl.found.stop("moodle-page-lost", address, "login")
        return None
    if first:
        _moved(crawl, address, fetched.url)
    page = tree(fetched)
    if page is None:
        if first:
            raise FeedFailed(Issue("moodle-no-page", address[:300]))
        crawl.found.stop("moodle-page-lost", address, "HTML")
    return page


def _moved(crawl: _Crawl, asked: str, came: str) -> None:
    """Go on where the list is now: by https:, or on another host. Raises FeedFailed where it is none."""
    parts = urlsplit(came)
    if not parts.path.endswith(INDEX):
        raise FeedFailed(Issue("moodle-login", asked[:300], came[:300]))
    crawl.site = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(INDEX)}"
    crawl.found.site = crawl.site


def _asks_login(address: str) -> bool:
    return re.search(r"/login/|/auth/(?:saml2|oidc|shibboleth|cas)\b", urlsplit(address).path) is not None


def tree(fetched: Fetched) -> Element | None:
    """The document of an answer; None for what is no HTML."""
    said = _CHARSET.search(fetched.headers.get("content-type", ""))
    try:
        parser = lxml.html.HTMLParser(
            encoding=said[1] if said else "utf-8" if _is_utf8(fetched.body) else None,
            remove_comments=True,
            remove_pis=True,
            no_network=True,
        )
        root = lxml.html.document_fromstring(fetched.body[:MAX_BYTES], parser=parser)
    except (lxml.etree.LxmlError, ValueError, LookupError):
        return None
    return root


def _is_utf8(body: bytes) -> bool:
    """Whether a page is in the encoding that all of Moodle is in."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _read(crawl: _Crawl, address: str, page: Element) -> None:
    """Courses, categories and further pages that one page shows."""
    found = crawl.found
    found.language = found.language or str(page.get("lang") or "")[:20]
    here = category_in(address) or 0
    _breadcrumbs(crawl, page)
    main = _main(page)
    for box in boxes(main, crawl.site):
        _add(crawl, box, here)
    for link in main.iter("a"):
        target = joined(address, str(link.get("href") or ""))
        if not target or not _is_index(target, crawl.site) or _in_box(link):
            continue
        category, name = category_in(target), inner(link)
        if category or "page=" in target:
            _wait(crawl, target)
        known = category in found.categories or "page=" in target or _is_paging(link)
        if category and name and category != here and not known:
            found.categories[category] = Category(category, name, _category_around(link, category) or here)
    for option in page.iter("option"):
        category = category_in(str(option.get("value") or ""))
        if category:
            names = [part.strip() for part in words(option).split(" / ")]
            crawl.paths.setdefault(category, [name for name in names if name])
    _heading(crawl, page, here)


def _heading(crawl: _Crawl, page: Element, here: int) -> None:
    """The name of the category of a page that nothing above it named."""
    if here and here not in crawl.found.categories:
        names = crawl.paths.get(here) or [words(one) for one in list(page.iter("h1"))[:1]]
        if names and names[-1]:
            crawl.found.categories[here] = Category(here, names[-1][:300])


def _main(page: Element) -> Element:
    """The part of a page that is not navigation."""
    for one in page.iter("div", "section", "main"):
        if one.get("role") == "main" or one.get("id") in ("region-main", "maincontent-region"):
            return one
    body = page.find("body")
    return page if body is None else body


def _is_index(address: str, site: str) -> bool:
    parts, own = urlsplit(address), urlsplit(site + INDEX)
    return (parts.netloc.lower(), parts.path) == (own.netloc.lower(), own.path)


def _ancestors(element: Element) -> Iterator[Element]:
    parent = element.getparent()
    while parent is not None:
        yield parent
        parent = parent.getparent()


def _in_box(link: Element) -> bool:
    return any(has_class(one, "coursebox") or one.get("data-courseid") for one in _ancestors(link))


def _is_paging(link: Element) -> bool:
    return any(has_class(one, "paging", "pagination", "paging-morelink", "paging-showall") for one in _ancestors(link))


def _category_around(element: Element, own: int) -> int:
    """The category in whose box something stands."""
    for one in _ancestors(element):
        category = number_in(str(one.get("data-categoryid") or ""))
        if category and category != own:
            return category
    return 0


def _breadcrumbs(crawl: _Crawl, page: Element) -> None:
    """Categories above a page, from the top."""
    above = 0
    for link in page.iter("a"):
        if not any(has_class(one, "breadcrumb") for one in _ancestors(link)):
            continue
        target = str(link.get("href") or "")
        category = category_in(target) if INDEX in target else None
        if category and (name := inner(link)):
            known = crawl.found.categories.get(category)
            if known is None or (not known.parent and above):
                crawl.found.categories[category] = Category(category, name, above)
            above = category


def _add(crawl: _Crawl, box: Box, here: int) -> None:
    """One course; what a second box says adds to the first."""
    course = box.course
    category = course.pop("categoryid", None) or _category_around(box.element, 0) or here
    if category:
        course["categoryid"] = category
    known = crawl.courses.setdefault(course["id"], course)
    for name, value in course.items():
        if not known.get(name):
            known[name] = value
    if box.brief and not known.get("summary"):
        crawl.brief[course["id"]] = None
    elif known.get("summary"):
        crawl.brief.pop(course["id"], None)


def _details(crawl: _Crawl, most: int) -> None:
    """The pages of courses whose boxes show no summary; given up where the site does not show them."""
    failures = 0
    waiting = list(crawl.brief)
    for course in waiting[:most]:
        address = f"{crawl.site}{INFO}{course}"
        try:
            fetched = crawl.visit.http.get(address, accept=ACCEPT)
            page = None if _asks_login(fetched.url) else tree(fetched)
        except NetError:
            page = None
        if page is None:
            failures += 1
            if failures >= MAX_FAILURES:
                crawl.found.note("moodle-info", address, str(len(waiting)))
                return
            continue
        failures = 0
        for box in boxes(_main(page), crawl.site, course):
            if box.course["id"] == course:
                known = crawl.courses[course]
                known.update({name: value for name, value in box.course.items() if value and not known.get(name)})
    if most and len(waiting) > most:
        crawl.found.note("moodle-details-many", crawl.site, str(len(waiting) - most), limit=str(most))
