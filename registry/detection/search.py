"""Finds what an address offers: asks it, what it names, and well-known places of its site; few requests, politely.

At most ``MAX_PROBES`` requests, none that the site's robots.txt forbids, none twice. What comes is judged by its
content alone (``sniff``): a site that answers every address with a web page fools nobody. Sources: RFC 9309
(robots.txt); RFC 8288 (Link); ``wellknown.tsv``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from itertools import islice
from urllib.parse import urljoin, urlsplit, urlunsplit

from lxml import etree
from protego import Protego

from harvesters import git_hosts, links, oai_repository, web_sitemap
from registry import net_body
from registry.detection import about, sniff_html
from registry.detection.found import LIKELY, SURE, Candidate, Detection, Tried, best_first, is_itself
from registry.detection.sniff import nature, sniff
from registry.detection.sniff_html import Hint
from registry.model import Issue
from registry.net import Fetched, Fetcher, NetError

MAX_PROBES = 30
MAX_ABROAD = 6  # requests to other hosts, which a page of this one names
MAX_SILENT = 3  # a server that does not answer so many times in a row is left in peace
MAX_SAMPLES = 3  # pages of a sitemap that are looked at
AGENT = "MetaAcademyRegistry"
ACCEPT = (
    "text/turtle;q=0.6, application/ld+json;q=0.6, application/rdf+xml;q=0.5, text/html;q=0.9, "
    "application/xhtml+xml;q=0.9, application/xml;q=0.8, application/json;q=0.7, text/calendar;q=0.7, */*;q=0.5"
)
_EXPECTED: Mapping[str, str] = {
    "rdf": "text/turtle, application/ld+json, application/rdf+xml;q=0.9, application/n-triples;q=0.9, */*;q=0.1",
    "ldes": "text/turtle, application/trig, application/ld+json;q=0.9, */*;q=0.1",
    "moochub": "application/vnd.api+json; moochub-version=3, application/vnd.api+json;q=0.9, application/json;q=0.8",
    "openedx": "application/json",
    "zenodo": "application/json",
    "sparql": "application/sparql-results+json, application/sparql-results+xml;q=0.9, */*;q=0.1",
}  # fmt: skip
_COURSES = re.compile(r"cours|train|learn|lesson|class|workshop|webinar|event|formation|cap?citac|lecci|kurs|mooc",
                      re.IGNORECASE)  # fmt: skip
_SERVICES = (
    ("sparql", re.compile(r"/(?:sparql|query|endpoint|repositories/[^/]+)/?$", re.IGNORECASE)),
    ("oai_pmh", re.compile(r"oai|pmh", re.IGNORECASE)),
)
_BLOB = re.compile(r"/(?:-/)?(?:blob|raw)/")


@dataclass(slots=True)
class _Search:
    """One search: what was asked, what was found."""

    http: Fetcher
    given: str
    tried: list[Tried] = field(default_factory=list)
    found: list[Candidate] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    site: dict[str, str] = field(default_factory=dict)
    rules: dict[str, Protego | None] = field(default_factory=dict)
    abroad: int = 0
    silent: int = 0

    @property
    def over(self) -> bool:
        """Whether enough was asked."""
        return len(self.asked) >= MAX_PROBES or self.silent >= MAX_SILENT

    def note(self, address: str, why: Issue, came: Issue) -> None:
        self.tried.append(Tried(address, why, came))

    def ask(self, hint: Hint) -> Fetched | None:
        """An answer, or None where there is none worth reading; told in ``tried`` either way."""
        address = hint.address.partition("#")[0]
        if address in self.asked or self.over:
            return None
        if _host(address) != _host(self.given):
            if self.abroad >= MAX_ABROAD:
                return None
            self.abroad += 1
        if not self._allowed(address):
            self.asked.add(address)
            self.note(address, hint.why, Issue("detect-came-forbidden", address))
            return None
        self.asked.add(address)
        try:
            answer = self.http.get(address, accept=_EXPECTED.get(hint.expects, ACCEPT))
        except NetError as error:
            self.silent = self.silent + 1 if error.status is None else 0
            said = str(error.status) if error.status is not None else error.issue.code
            self.note(address, hint.why, Issue("detect-came-failed", address, said))
            # Some services answer a request without arguments with an error that says what they are.
            return Fetched(error.status, address, {}, error.body) if error.status and error.body else None
        self.silent = 0
        return answer

    def _allowed(self, address: str) -> bool:
        """Whether robots.txt lets us; the given address itself is what a person asked us to read."""
        if address == self.given:
            return True
        rules = self.robots(address)
        return rules is None or bool(rules.can_fetch(address, AGENT))

    def robots(self, address: str) -> Protego | None:
        """A host's robots.txt, asked for once."""
        root = urljoin(address, "/")
        if root not in self.rules:
            self.rules[root] = None
            if self.over:
                return None
            place = urljoin(root, "robots.txt")
            why = Issue("detect-by-known-place", place, "robots.txt")
            self.asked.add(place)
            try:
                body = self.http.get(place).body[:500_000]
            except NetError as error:
                self.silent = self.silent + 1 if error.status is None else 0
                said = str(error.status) if error.status is not None else error.issue.code
                self.note(place, why, Issue("detect-came-failed", place, said))
                return None
            rules = Protego.parse(body.decode("utf-8-sig", "replace"))
            if (delay := rules.crawl_delay(AGENT)) is not None:
                self.http.crawl_delay(urlsplit(address).hostname or "", float(delay))
            self.rules[root] = rules
            self.note(place, why, Issue("detect-came-robots", place, str(len(list(rules.sitemaps)))))
        return self.rules[root]

    def judge(self, hint: Hint, answer: Fetched) -> list[Candidate]:
        """What an answer may be read as; kept, and told in ``tried``."""
        kind = answer.headers.get("content-type", "")
        address = hint.address.partition("#")[0]
        found = [_settled(one, hint) for one in sniff(answer.body, kind, address)]
        page = nature(answer.body, kind) == "HTML"
        if page and hint.expects == "moodle":
            found = [one for one in found if one.protocol == "moodle"]
        elif page and hint.expects:
            found = []
        elif page and address != self.given:
            found = [one for one in found if one.why.code != "detect-page-plain"]
        found = [one for one in found if not one.lone or address == self.given]
        if answer.status not in (200, 203):
            found = [one for one in found if one.protocol in ("oai_pmh", "moodle", "sparql")]
            if not found:
                return []  # told already, as a failure
            self.tried.pop()
        if found:
            self.note(address, hint.why, Issue("detect-came-found", address, ", ".join(one.protocol for one in found)))
            self.found += found
            for key, value in about.of_list(answer.body, kind, found[0].protocol).items():
                self.site.setdefault(key, value)
        else:
            self.note(address, hint.why, Issue("detect-came-other", address, nature(answer.body, kind)))
        return found

    def probe(self, hint: Hint) -> list[Candidate]:
        """Ask one address and judge what comes."""
        answer = self.ask(hint)
        return self.judge(hint, answer) if answer is not None else []


def detect(http: Fetcher, address: str) -> Detection:
    """What an address offers. Raises NetError where the address itself cannot be read and nothing else is there."""
    given = re.sub(r"^webcal(s?):", r"http\1:", address.strip(), flags=re.IGNORECASE).partition("#")[0]
    search = _Search(http, given)
    if (repository := _repository(given)) is not None:
        search.found += repository
        search.site["name"] = _owner(given)
        return _done(search, address)
    failure: NetError | None = None
    try:
        answer = http.get(given, accept=ACCEPT)
        search.asked.add(given)
    except NetError as error:
        failure = error
        search.asked.add(given)
        by_given = Issue("detect-by-given", given)
        search.note(given, by_given, Issue("detect-came-failed", given, str(error.status or error.issue.code)))
        if error.status is None:
            raise
        answer = Fetched(error.status, given, {}, error.body)
    _given(search, answer)
    if any(is_itself(one) for one in search.found):
        return _done(search, address)
    _beside(search, answer)
    if failure is not None and not search.found:
        raise failure
    return _done(search, address)


def _given(search: _Search, answer: Fetched) -> None:
    """The address itself."""
    hint = Hint(search.given, "", Issue("detect-by-given", search.given))
    found = search.judge(hint, answer)
    search.found = [replace(one, source=None) if one in found else one for one in search.found]
    if nature(answer.body, answer.headers.get("content-type", "")) == "HTML":
        for key, value in sniff_html.about(answer.body, answer.headers.get("content-type", "")).items():
            search.site.setdefault(key, value)


def _beside(search: _Search, answer: Fetched) -> None:
    """What the page names, the site's sitemap, and places where such lists usually are."""
    kind, here = answer.headers.get("content-type", ""), answer.url
    page = nature(answer.body, kind) == "HTML"
    for expects, looks in _SERVICES:
        if looks.search(urlsplit(search.given).path):  # a service that says nothing to who asks nothing
            _follow(search, Hint(search.given, expects, Issue("detect-by-given", search.given)))
    named = sniff_html.header_hints(answer.headers, here)
    named += sniff_html.hints(answer.body, kind, here) if page else []
    per_kind: dict[str, int] = {}
    for hint in named:
        per_kind[hint.expects] = per_kind.get(hint.expects, 0) + 1
        if per_kind[hint.expects] <= 3:  # more of a kind are pages of the same
            _follow(search, hint)
    root = urljoin(here, "/")
    rules = search.robots(root)
    for sitemap in list(rules.sitemaps)[:3] if rules is not None else []:
        _sitemap(search, Hint(urljoin(root, sitemap), "web_pages", Issue("detect-by-robots", sitemap)))
    folder = sniff_html.moodle_site(here)
    for path, expects in places():
        base = folder if expects == "moodle" and page else root
        place = urljoin(base, path.lstrip("/") if expects == "moodle" else path)
        if _has(search, expects, place):
            continue
        hint = Hint(place, expects, Issue("detect-by-known-place", place, path))
        if expects == "web_pages":
            if not any(one.protocol == "web_pages" and one.source is not None for one in search.found):
                _sitemap(search, hint)
        else:
            search.probe(hint)


def _has(search: _Search, expects: str, place: str) -> bool:
    """Whether a list of this protocol was found on the place's host, so that looking for one makes no sense."""
    return any(
        one.protocol == expects and one.confidence >= LIKELY and _host(one.address) == _host(place)
        for one in search.found
    )


def _follow(search: _Search, hint: Hint) -> None:
    """An address that a page names; a repository needs no request."""
    if hint.expects == "git":
        if (repository := _repository(hint.address)) is not None:
            search.found += [replace(one, source=hint.why, confidence=one.confidence / 2) for one in repository]
        return
    if hint.expects == "web_pages":
        _sitemap(search, hint)
        return
    address = hint.address
    if hint.expects == "oai_pmh":
        base = oai_repository.base_address(address)
        address = f"{base}{'&' if '?' in base else '?'}verb=Identify"
    elif hint.expects == "sparql" and "query=" not in address:
        address += f"{'&' if '?' in address else '?'}query=ASK%7B%3Fs%20%3Fp%20%3Fo%7D"
    elif hint.expects == "zenodo":
        address = re.sub(r"/communities/([^/?#]+)/?$", r"/api/communities/\1/records", address)
    search.probe(Hint(address, hint.expects, hint.why))


def _sitemap(search: _Search, hint: Hint) -> None:
    """A sitemap; whether its pages describe courses is seen in a few of them."""
    listing = search.ask(hint)
    kinds = search.judge(hint, listing) if listing is not None else []
    found = [one for one in kinds if one.why.code == "detect-sitemap"]
    if not found or listing is None:
        return
    pages = _pages(search, listing.body, hint.address)
    likely = sorted(pages, key=lambda page: _COURSES.search(urlsplit(page).path) is None)[:MAX_SAMPLES]
    described = 0
    for page in likely:
        why = Issue("detect-by-sitemap", page, hint.address)
        answer = search.ask(Hint(page, "", why))
        if answer is None or answer.status != 200:
            continue
        kinds = sniff(answer.body, answer.headers.get("content-type", ""), page)
        described += sum(one.protocol == "web_pages" and one.confidence >= LIKELY for one in kinds)
        search.note(page, why, Issue("detect-came-found" if described else "detect-came-other", page,
                                     "web_pages" if described else "HTML"))  # fmt: skip
    sure = SURE if described else 0.2
    code = "detect-sitemap-courses" if described else "detect-sitemap"
    search.found = [
        replace(one, confidence=sure, why=Issue(code, one.address, str(len(pages)))) if one in found else one
        for one in search.found
    ]


def _pages(search: _Search, body: bytes, sitemap: str) -> list[str]:
    """Pages that a sitemap lists; of an index those of its part that seems to name courses."""
    for _ in range(2):
        try:
            body = web_sitemap.unpack(body, search.http.limit)
        except (net_body.TooLarge, net_body.Undecodable):
            return []
        if web_sitemap.kind(body) == "text":
            return list(web_sitemap.pages_of(body))[:5000]
        listed = _listed(body)
        inner = sorted((page for inner, page in listed if inner), key=lambda one: _COURSES.search(one) is None)
        if not inner:
            return [page for _, page in listed]
        why = Issue("detect-by-sitemap", inner[0], sitemap)
        answer = search.ask(Hint(inner[0], "web_pages", why))
        if answer is None or answer.status != 200:
            return []
        search.note(inner[0], why, Issue("detect-came-found", inner[0], "web_pages"))
        body = answer.body
    return []


def _listed(body: bytes) -> list[tuple[bool, str]]:
    """(is a sitemap, address) of the first entries, as far as the sitemap can be read."""
    found = []
    try:
        for entry in islice(web_sitemap.locations(body), 5000):
            found.append(entry)
    except etree.XMLSyntaxError:
        pass  # the harvester tells it
    return found


def _settled(one: Candidate, hint: Hint) -> Candidate:
    """With the address that its harvester wants, and how it was come by."""
    address = one.address
    parts = urlsplit(address)
    if one.protocol == "oai_pmh" and not one.lone:
        address = oai_repository.base_address(address)
    elif one.protocol == "sparql":
        address = urlunsplit((*parts[:3], "", ""))
    elif one.protocol == "moodle" and one.why.code == "detect-moodle":
        address = sniff_html.moodle_site(address)
    why = Issue(one.why.code, address, one.why.value, one.why.params)
    return replace(one, address=address, why=why, source=hint.why)


def _repository(address: str) -> list[Candidate] | None:
    """An address of a known host of repositories, or that of a repository; None for any other."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    known = git_hosts.kind_of(address) or ("github" if host == "api.github.com" else "")
    bare = parts.path.rstrip("/").endswith(".git") or parts.path.endswith("/info/refs")
    if not (known or bare):
        return None
    if _BLOB.search(parts.path):
        if parts.path.lower().endswith((".md", ".markdown")):
            return [Candidate("links", "links", address, Issue("detect-links", address, parts.path), 0.6)]
        return None
    if not bare and not parts.path.strip("/"):
        return None
    address = re.sub(r"/info/refs$", "", urlunsplit((*parts[:3], "", "")))
    place = git_hosts.place_of(address)
    if place.what == "api":
        return [Candidate("git", "git", urlunsplit((*parts[:4], "")), Issue("detect-git-list", address, host), LIKELY)]
    code = "detect-git-list" if place.what == "list" else "detect-git"
    sure = LIKELY if place.what == "list" else SURE
    found = [Candidate("git", "git", address, Issue(code, address, host), sure)]
    if place.what != "list" and "awesome" in parts.path.lower() and links.addresses(address) != [address]:
        found.append(Candidate("links", "links", address, Issue("detect-links", address, "README.md"), SURE))
        found.reverse()
    return found


def _owner(address: str) -> str:
    steps = [step for step in urlsplit(address).path.split("/") if step]
    return steps[0] if steps else ""


def _done(search: _Search, address: str) -> Detection:
    ranked = best_first(search.found, search.given)
    first_lists = [one for one in ranked if one.protocol == "links" and "awesome" in one.address.lower()]
    if first_lists and ranked[0].protocol == "git":  # a list of links in a repository is no lesson
        ranked = (*first_lists, *(one for one in ranked if one not in first_lists))
    return Detection(address, ranked, tuple(search.tried), search.site)


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower().removeprefix("www.")
    except ValueError:
        return ""


@cache
def places() -> tuple[tuple[str, str], ...]:
    """(path, protocol expected there), in the order of asking."""
    rows = files(__package__).joinpath("wellknown.tsv").read_text("utf-8").splitlines()
    return tuple((row["path"], row["expects"]) for row in csv.DictReader(rows, delimiter="\t"))
