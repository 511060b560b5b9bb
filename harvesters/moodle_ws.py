"""Moodle's web services: the functions that list courses and categories, with a token or, where allowed, without.

Everything is asked by POST; the token stands in the body alone. A refusal is one sentence that says what to
change. Sources: Moodle docs, "Creating a web service client" (REST), "External functions"; course/externallib.php;
lib/ajax/service-nologin.php.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from harvesters.base import FeedFailed, Visit
from harvesters.json_safe import BadJson, at, parse, word
from harvesters.moodle_parts import Category, Listing, Options, number
from registry.model import Issue
from registry.net import NetError

REST = "/webservice/rest/server.php"
AJAX = "/lib/ajax/service-nologin.php"
ACCEPT = "application/json"
BY_FIELD, ALL, SEARCH = "core_course_get_courses_by_field", "core_course_get_courses", "core_course_search_courses"
CATEGORIES, SITE = "core_course_get_categories", "core_webservice_get_site_info"
PER_PAGE = 100
MAX_PAGES = 1000
MAX_COURSES = 100_000
# What Moodle's error codes mean for the one who set the service up.
_MEANING = {
    **dict.fromkeys(["invalidtoken", "invalidtimedtoken", "missingtoken", "tokenexpired"], "moodle-token"),
    **dict.fromkeys(
        ["accessexception", "servicenotavailable", "nopermissions", "requiredcapability", "cannotusefunction",
         "notingroup", "errorcoursecontextnotvalid", "invalidiptoken", "ipsubnetnotallowed", "wsfunctionnotallowed",
         "invalidrecord", "dml_missing_record_exception", "invalidfunction"], "moodle-access"
    ),
    **dict.fromkeys(["enablewsdescription", "wsdisabled", "servicedisabled", "restdisabled"], "moodle-off"),
    **dict.fromkeys(
        ["requireloginerror", "usernotfullysetup", "sitepolicynotagreed", "forcepasswordchangenotice",
         "passwordisexpired", "restoredaccountresetpassword", "wsaccessuserdeleted", "wsaccessuserunconfirmed",
         "wsaccessusersuspended", "wsaccessuserexpired", "wsaccessusernologin", "servicerequireslogin"], "moodle-user"
    ),
    **dict.fromkeys(["sitemaintenance", "upgraderunning", "cliupgraderunning", "maintenance"], "moodle-maintenance"),
}  # fmt: skip
_CANNOT = frozenset(["moodle-access", "moodle-exception"])


class Refused(Exception):
    """A call was refused. ``issue`` says why, in a sentence; ``error`` is Moodle's own code."""

    def __init__(self, issue: Issue, error: str = "") -> None:
        super().__init__(f"{issue.code} {issue.value}")
        self.issue, self.error = issue, error


def listing(visit: Visit, site: str, options: Options) -> Listing:
    """All courses that the owner of the token may see. Raises FeedFailed."""
    found = Listing(site + REST, site)
    functions: set[str] = set()
    try:
        about = call(visit, site, SITE, {})
        functions = {word(at(one, "name")) for one in at(about, "functions") or [] if isinstance(one, dict)}
        own = word(at(about, "siteurl")).rstrip("/")
        if own.startswith(("http://", "https://")) and "@" not in own and len(own) < 500:
            found.site = own
    except Refused as refused:
        if refused.issue.code not in _CANNOT:
            raise FeedFailed(refused.issue) from refused
    last: Refused | None = None
    for function in (BY_FIELD, ALL, SEARCH):
        if functions and function not in functions:
            continue
        try:
            found.courses = _courses(visit, site, function, found, options)
            break
        except Refused as refused:
            if refused.issue.code not in _CANNOT:
                raise FeedFailed(refused.issue) from refused
            last = last or refused
    else:
        raise FeedFailed(last.issue if last else _uncalled(site)) from last
    try:
        _categories(call(visit, site, CATEGORIES, {}), found)
    except Refused as refused:
        found.note("moodle-no-categories", site + REST, refused.error or refused.issue.value)
    return found


def _uncalled(site: str) -> Issue:
    """That the token may call none of the functions that list courses."""
    return Issue("moodle-access", site + REST, "", (("function", BY_FIELD),))


def public_listing(visit: Visit, site: str, options: Options) -> Listing | None:
    """All courses by the functions that need no login; None where the site has none of these."""
    found = Listing(site + AJAX, site)
    for function in (BY_FIELD, SEARCH):
        try:
            found.courses = _courses(visit, site, function, found, options, public=True)
        except Refused as refused:
            if not refused.error:  # no answer of Moodle's
                return None
            continue
        if found.courses:
            break
    else:
        return None
    with contextlib.suppress(Refused):  # the names of the categories stand in the courses
        _categories(call(visit, site, CATEGORIES, {}, public=True), found)
    return found


def _courses(
    visit: Visit, site: str, function: str, found: Listing, options: Options, public: bool = False
) -> list[Mapping[str, Any]]:
    """The answer of one of the functions. Raises Refused."""
    if function != SEARCH:
        value = call(visit, site, function, {}, public)
        listed = value if isinstance(value, list) else at(value, "courses")
        if not isinstance(listed, list):
            raise Refused(Issue("moodle-exception", site[:300], _shown(value), (("function", function),)))
        _warnings(value, found)
        return _objects(listed, found)
    courses: list[Mapping[str, Any]] = []
    found.every = False  # a search lists what it finds
    for page in range(MAX_PAGES):
        asked = {"criterianame": "search", "criteriavalue": options.search, "page": page, "perpage": PER_PAGE}
        value = call(visit, site, function, asked, public)
        listed = at(value, "courses")
        if not isinstance(listed, list):
            raise Refused(Issue("moodle-exception", site[:300], _shown(value), (("function", function),)))
        before = {number(one.get("id")) for one in courses}
        fresh = [one for one in _objects(listed, found) if number(one.get("id")) not in before]
        courses += fresh
        total = number(at(value, "total"))
        if len(listed) < PER_PAGE or not fresh or (total is not None and len(courses) >= total):
            if total is not None and len(courses) < total:
                found.stop("moodle-short", site, f"{len(courses)} / {total}")
            return courses
    found.stop("moodle-many", site, str(len(courses)))
    return courses


def _objects(listed: list[Any], found: Listing) -> list[Mapping[str, Any]]:
    """The courses among the entries, no more than are read."""
    objects: list[Mapping[str, Any]] = [one for one in listed if isinstance(one, dict)]
    if len(objects) < len(listed):
        found.stop("moodle-no-id", found.address, str(len(listed) - len(objects)))
    if len(objects) > MAX_COURSES:
        found.stop("moodle-many", found.address, str(len(objects)))
    return objects[:MAX_COURSES]


def _warnings(value: Any, found: Listing) -> None:
    """What Moodle left out of an answer, told once."""
    warnings = at(value, "warnings")
    if isinstance(warnings, list) and warnings:
        said = word(at(warnings, 0, "message")) or word(at(warnings, 0, "warningcode"))
        found.stop("moodle-warnings", found.address, said, number=str(len(warnings)))


def _categories(value: Any, found: Listing) -> None:
    """The tree of categories of an answer."""
    for one in value if isinstance(value, list) else []:
        identifier = number(at(one, "id"))
        if identifier:
            visible = at(one, "visible") is not False and number(at(one, "visible")) != 0
            found.categories[identifier] = Category(
                identifier,
                word(at(one, "name"))[:2000],
                number(at(one, "parent")) or 0,
                visible,
                word(at(one, "idnumber"))[:200],
            )


def call(visit: Visit, site: str, function: str, arguments: Mapping[str, Any], public: bool = False) -> Any:
    """The answer of one function. Raises Refused; FeedFailed where the site itself cannot be reached.

    Texts are asked for as they were written (all languages, Markdown); a site where this fails gives them as
    it shows them.
    """
    if public:
        return _ajax(visit, site, function, arguments)
    try:
        return _rest(visit, site, function, {"moodlewssettingraw": "1", "moodlewssettingfilter": "0", **arguments})
    except Refused as refused:
        if refused.error not in ("invalidresponse", "invalidparameter"):
            raise
    return _rest(visit, site, function, {"moodlewssettingfilter": "0", **arguments})


def _rest(visit: Visit, site: str, function: str, arguments: Mapping[str, Any]) -> Any:
    token = visit.token.strip()
    asked = {"wstoken": token, "wsfunction": function, "moodlewsrestformat": "json", **arguments}
    try:
        fetched = visit.http.post(
            site + REST, urlencode(asked).encode(), content_type="application/x-www-form-urlencoded", accept=ACCEPT
        )
    except NetError as error:
        if error.status == 403:
            raise FeedFailed(Issue("moodle-off", (site + REST)[:300], "403")) from error
        raise FeedFailed(error.issue) from error
    value = _value(fetched.body, fetched.headers.get("content-type", ""), site + REST)
    if isinstance(value, dict) and ("exception" in value or "errorcode" in value):
        raise _refused(value, site + REST, function, token)
    return value


def _ajax(visit: Visit, site: str, function: str, arguments: Mapping[str, Any]) -> Any:
    address = f"{site}{AJAX}"
    body = json.dumps([{"index": 0, "methodname": function, "args": dict(arguments)}]).encode()
    try:
        fetched = visit.http.post(f"{address}?info={function}", body, content_type=ACCEPT, accept=ACCEPT)
        value = parse(fetched.body, fetched.headers.get("content-type", ""), address).value
    except (NetError, BadJson) as error:
        raise Refused(error.issue) from error
    answer = at(value, 0)
    if at(answer, "error") is not False:
        said = at(answer, "exception") or value
        raise _refused(said if isinstance(said, dict) else {}, address, function, "")
    return at(answer, "data")


def _value(body: bytes, content_type: str, address: str) -> Any:
    try:
        return parse(body, content_type, address).value
    except BadJson as error:
        raise FeedFailed(error.issue) from error


def _refused(value: Mapping[str, Any], address: str, function: str, token: str) -> Refused:
    """Why Moodle refused, without what it repeats of the token."""
    error = word(value.get("errorcode")).lower()
    said = _shown(value)
    for secret in (token, quote(token, safe="")):
        said, error = (text.replace(secret, "…") if secret else text for text in (said, error))
    code = _MEANING.get(error, "moodle-exception")
    return Refused(Issue(code, address[:300], said[:300], (("function", function),)), error)


def _shown(value: Any) -> str:
    """What an answer says of itself."""
    parts = [word(at(value, name)) for name in ("errorcode", "message")]
    names = ", ".join(value) if isinstance(value, dict) else type(value).__name__
    return (": ".join(part for part in parts if part) or names)[:300]
