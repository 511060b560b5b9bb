"""The box in which a Moodle's page shows a course, read into the words of the web services.

Themes change the markup; what stays are the link to ``course/view.php?id=`` and most class names. Source: Moodle,
course/renderer.php (2.5 to 5.x), enrol plugins' icons.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import lxml.etree

Element = lxml.etree._Element

MAX_TEXT = 100_000
MAX_NAME = 2_000
MAX_BOXES = 5_000
_SUMMARY = ("summary", "coursesummary", "course-summary", "course-description", "card-text")
_VIEW = re.compile(r"/course/(?:view|info)\.php$")
# The icons of ways to enrol: the plugin in the picture's address, or the sign that Font Awesome draws.
_PLUGIN = re.compile(r"/enrol_([a-z0-9]{1,40})[/_]")
_SIGNS = {
    "fa-sign-in": "self", "fa-sign-in-alt": "self", "fa-right-to-bracket": "self", "fa-key": "self",
    "fa-unlock-alt": "guest", "fa-unlock": "guest", "fa-lock-open": "guest", "fa-lock": "guest",
    "fa-user-circle": "guest", "fa-credit-card": "fee", "fa-money": "fee", "fa-money-bill": "fee",
    "fa-paypal": "paypal", "fa-cc-paypal": "paypal",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Box:
    """A course as one box shows it; ``brief``: the box says less than the course's own page."""

    course: dict[str, Any]
    element: Element
    brief: bool


def boxes(main: Element, site: str, only: int = 0) -> Iterator[Box]:
    """The courses that a part of a page shows; plain links to courses where there are no boxes."""
    found, seen = 0, set[int]()
    for element in main.iter("div", "li", "article", "section", "tr"):
        if not (has_class(element, "coursebox") or element.get("data-courseid") or element.get("data-course-id")):
            continue
        box = _box(element, site)
        if box is not None and found < MAX_BOXES:
            found += 1
            seen.add(box.course["id"])
            yield box
    if only and only not in seen:  # the course's own page, in a theme of its own
        name = next((words(one) for one in main.iter("h1", "h2", "h3") if words(one)), "")
        course = {"id": only, "fullname": name, **_parts(main, site)}
        yield Box({key: value for key, value in course.items() if value}, main, False)
    if not found and not only:
        for link in main.iter("a"):
            identifier = _course_of(link, site)
            if identifier and identifier not in seen and words(link) and len(seen) < MAX_BOXES:
                seen.add(identifier)
                yield Box({"id": identifier, "fullname": inner(link)}, link, True)


def _box(element: Element, site: str) -> Box | None:
    """One course; None for a box without a link to a course."""
    links = [link for link in element.iter("a") if _course_of(link, site)]
    named = [link for link in links if words(link)]
    for link in named:
        parents = [one for one in (link.getparent(), link) if one is not None]
        if any(has_class(one, "coursename", "course-name", "name", "card-title", "aalink") for one in parents):
            named = [link]
            break
    identifier = number_in(str(element.get("data-courseid") or element.get("data-course-id") or ""))
    if identifier is None and links:
        identifier = _course_of(links[0], site)
    if not identifier:
        return None
    course: dict[str, Any] = {"id": identifier, "fullname": inner(named[0]) if named else "", **_parts(element, site)}
    if any(has_class(link, "dimmed") for link in links):
        course["visible"] = 0
    brief = has_class(element, "collapsed") or any("/course/info.php" in str(link.get("href") or "") for link in links)
    return Box({key: value for key, value in course.items() if value not in ("", [])}, element, brief)


def _parts(element: Element, site: str) -> dict[str, Any]:
    """Summary, category, fields of the site's own, teachers, ways to enrol, picture."""
    found: dict[str, Any] = {"customfields": [], "enrollmentmethods": [], "contacts": []}
    for one in element.iter():
        if not isinstance(one.tag, str) or not one.get("class"):
            continue
        if has_class(one, *_SUMMARY) and "summary" not in found and words(one):
            found["summary"], found["summaryformat"] = inner(one, MAX_TEXT), 1
        elif has_class(one, "coursecat"):
            link = next(one.iter("a"), None)
            category = category_in(str(link.get("href") or "")) if link is not None else None
            if link is not None and category:
                found["categoryid"], found["categoryname"] = category, inner(link)
        elif has_class(one, "customfield"):
            made = _custom(one)
            found["customfields"] += [made] if made else []
        elif has_class(one, "teachers"):
            found["contacts"] += [{"fullname": words(link)} for link in one.iter("a") if words(link)]
        elif has_class(one, "enrolmenticons"):
            found["enrollmentmethods"] = sorted(set(_methods(one)))
        elif has_class(one, "courseimage") and "courseimage" not in found:
            image = next(one.iter("img"), None)
            address = joined(site + "/", str(image.get("src") or "")) if image is not None else ""
            if address.startswith(("http://", "https://")):
                found["courseimage"] = address
    return found


def _custom(element: Element) -> dict[str, str] | None:
    """A field of the site's own: its short name stands in the classes."""
    label = next((words(one) for one in element.iter() if has_class(one, "customfieldname")), "")
    value = next((inner(one, MAX_TEXT) for one in element.iter() if has_class(one, "customfieldvalue")), "")
    names = [
        one.removeprefix("customfield_") for one in str(element.get("class")).split() if one.startswith("customfield_")
    ]
    if not value or not (names or label):
        return None
    kinds = ("text", "textarea", "select", "checkbox", "date", "number")
    kind = next((one for one in names if one in kinds), "text")
    short = next((one for one in names if one not in kinds), "") or label
    return {"name": label or short, "shortname": short, "type": kind, "value": value}


def _methods(element: Element) -> Iterator[str]:
    for one in element.iter():
        if not isinstance(one.tag, str):
            continue
        plugin = _PLUGIN.search(str(one.get("src") or "")[:2000])
        if plugin is not None:
            yield plugin[1]
            continue
        for sign in str(one.get("class") or "").split():
            if sign in _SIGNS:
                yield _SIGNS[sign]


def _course_of(link: Element, site: str) -> int | None:
    """The number of the course that a link leads to, on this site."""
    address = joined(site + "/", str(link.get("href") or ""))
    if not address:
        return None
    parts = urlsplit(address)
    if parts.netloc.lower() != urlsplit(site).netloc.lower() or not _VIEW.search(parts.path):
        return None
    return number_in(parse_qs(parts.query).get("id", [""])[0])


def joined(base: str, address: str) -> str:
    """An address against that of its page; "" for what is none."""
    try:
        whole = urljoin(base, address.strip()[:2000])
        return whole if urlsplit(whole).netloc else ""
    except ValueError:
        return ""


def category_in(address: str) -> int | None:
    """The category that an address names."""
    found = re.search(r"[?&]categoryid=(\d{1,11})(?:[&#]|$)", address[:2000], re.ASCII)
    return number_in(found[1]) if found else None


def has_class(element: Element, *names: str) -> bool:
    """Whether an element has one of some classes."""
    return isinstance(element.tag, str) and not set(names).isdisjoint(str(element.get("class") or "").split())


def number_in(text: str) -> int | None:
    """A whole number above nothing."""
    return int(text) if text.isdecimal() and text.isascii() and 0 < len(text) < 12 and int(text) else None


def words(element: Element) -> str:
    """The text of an element on one line, without what only screen readers get."""
    parts: list[str] = []
    hidden: Element | None = None
    for event, node in lxml.etree.iterwalk(element, events=("start", "end")):
        quiet = node.tag in ("script", "style") or has_class(node, "accesshide", "sr-only", "visually-hidden")
        if event == "start":
            hidden = node if hidden is None and quiet and node is not element else hidden
            parts += [node.text or ""] if hidden is None else []
        else:
            hidden = None if node is hidden else hidden
            parts += [node.tail or ""] if hidden is None and node is not element else []
    return " ".join("".join(parts).split())[:MAX_NAME]


def inner(element: Element, most: int = 0) -> str:
    """What an element holds: text, or HTML where it says languages (or ``most`` characters are asked for)."""
    if not most and not any(has_class(one, "multilang") for one in element.iter()):
        return words(element)
    parts = [html.escape(element.text or "", quote=False)]
    parts += [lxml.etree.tostring(one, encoding="unicode", method="html") for one in element]
    return "".join(parts).strip()[: most or MAX_NAME]
