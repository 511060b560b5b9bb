"""From a site's first page to its list: what pages name, well-known places, robots.txt, bounds; invented sites."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from harvesters.base import names
from registry import messages
from registry.detection import Detection, detect, told
from registry.detection.search import MAX_PROBES, places
from registry.model import Feed
from registry.net import Fetcher, NetError
from registry.settings import Settings
from tests.support import sites
from tests.support.sites import SITES, Site, home, served

TEXTS = messages.load()


def found(root: str, path: str = "/", **settings: object) -> Detection:
    hosts = (urlsplit(root).netloc,)
    with Fetcher(
        Settings(http_retries=0, http_delay=0.0, **settings), Feed("f", "a", "", root + path, allow_hosts=hosts)
    ) as http:
        return detect(http, root + path)


@pytest.mark.parametrize("kind", sorted(SITES))
def test_a_site_is_read_from_its_first_page(kind: str) -> None:
    site, protocol, place = SITES[kind]
    site.asked.clear()
    with served(site) as root:
        start = "/" if "/" in site.pages else "/oai?verb=ListRecords&metadataPrefix=oai_dc"
        detection = found(root, start)
        first = detection.candidates[0]
        assert (first.protocol, first.address) == (protocol, place if "://" in place else root + place)
        assert len(site.asked) <= MAX_PROBES
        assert len(site.asked) == len(set(site.asked))
        # Every request is told, with a reason and a result that are in the three languages.
        assert {urlsplit(one.address)._replace(scheme="", netloc="").geturl() for one in detection.tried} >= set(
            site.asked
        )
        for language in messages.LANGUAGES:
            assert len(told.tried(detection, TEXTS, language)) == len(detection.tried)
        for lines in told.found(detection, first, TEXTS):
            assert set(lines) == set(messages.LANGUAGES) and all("detect-" not in text for text in lines.values())


def test_every_protocol_is_found_somewhere() -> None:
    by_sites = {protocol for _, protocol, _ in SITES.values()}
    assert set(names()) - by_sites == {"links"}  # of a file or a repository, below
    assert {expects for _, expects in places()} <= set(names())


def test_all_lists_of_a_site_are_told_the_best_first() -> None:
    head = '<link rel="alternate" type="application/rss+xml" href="/news.xml">'
    body = '<a href="/dates.ics">Agenda</a> <a href="/list.csv">Cours</a>'
    pages = {
        "/": home(body, head), "/news.xml": ("text/xml", sites.RSS), "/dates.ics": ("text/calendar", sites.CALENDAR),
        "/list.csv": ("text/csv", sites.TABLE), **sites.oai_pages(),
    }  # fmt: skip
    with served(Site(pages)) as root:
        detection = found(root)
    assert [one.protocol for one in detection.candidates[:4]] == ["oai_pmh", "table", "calendar", "feed"]
    assert detection.best == detection.candidates[0]
    assert detection.site == {"name": "Office statistique inventé", "language": "fr"}


def test_a_list_that_is_given_is_taken_without_asking_further() -> None:
    with served(Site({"/news.xml": ("text/xml", sites.RSS), **sites.oai_pages()})) as root:
        detection = found(root, "/news.xml")
        assert [one.protocol for one in detection.candidates] == ["feed"] and len(detection.tried) == 1
    assert detection.site["name"] == "Invented news"


def test_a_site_that_answers_everything_with_a_page_fools_nobody() -> None:
    with served(Site({"/": home()}, otherwise=home("<p>Page introuvable</p>"))) as root:
        detection = found(root)
    assert [one.why.code for one in detection.candidates] == ["detect-page-plain"]


def test_robots_txt_is_obeyed() -> None:
    robots = ("text/plain", "User-agent: *\nDisallow: /oai\nDisallow: /moochub\n")
    site = Site({"/": home(), "/robots.txt": robots, **sites.oai_pages(), "/moochub": ("x/y", sites.MOOCHUB)})
    with served(site) as root:
        detection = found(root)
    assert not [path for path in site.asked if path.startswith(("/oai", "/moochub"))]
    assert "detect-came-forbidden" in {one.came.code for one in detection.tried}
    assert {one.protocol for one in detection.candidates} == {"web_pages"}


def test_a_server_that_ends_connections_is_left_in_peace() -> None:
    with served(Site({"/": home()})) as root:
        address = root
    with pytest.raises(NetError):
        found(address)


def test_an_address_that_is_not_there_says_so_and_still_finds_the_site() -> None:
    with served(Site({"/old": 404, **sites.oai_pages()})) as root:
        assert found(root, "/old").candidates[0].protocol == "oai_pmh"
    with served(Site({})) as root, pytest.raises(NetError) as error:
        found(root, "/old")
    assert error.value.status == 404


def test_a_page_with_thousands_of_links_costs_few_requests() -> None:
    many = "".join(f'<a href="/f{n}.csv">x</a><a href="/g{n}/feed">y</a>' for n in range(3000))
    site = Site({"/": home(many)})
    with served(site) as root:
        detection = found(root)
    assert len(site.asked) <= MAX_PROBES and len(detection.tried) <= MAX_PROBES + 1


def test_other_hosts_on_private_networks_are_not_asked() -> None:
    inner = Site({"/oai": ("text/xml", sites.IDENTIFY)})
    with served(inner) as hidden, served(Site({"/": home(f'<a href="{hidden}/oai?verb=Identify">x</a>')})) as root:
        detection = found(root)
    assert inner.asked == []
    assert any(one.came.value == "net-private-address" for one in detection.tried)


@pytest.mark.parametrize(
    ("address", "protocol", "code"),
    [
        ("https://github.com/example/lessons", "git", "detect-git"),
        ("https://github.com/example", "git", "detect-git-list"),
        ("https://api.github.com/users/example/repos?per_page=100", "git", "detect-git-list"),
        ("https://gitlab.com/example/group/lessons.git", "git", "detect-git"),
        ("https://git.office.example.org/r/lessons.git", "git", "detect-git"),
        ("https://git.office.example.org/r/lessons.git/info/refs?service=git-upload-pack", "git", "detect-git"),
        ("https://github.com/example/awesome-official-statistics", "links", "detect-links"),
        ("https://github.com/example/list/blob/main/README.md", "links", "detect-links"),
    ],
)
def test_repositories_are_known_by_their_address(address: str, protocol: str, code: str) -> None:
    with Fetcher(Settings(), Feed("f", "a", "", address)) as http:
        detection = detect(http, address)
    assert (detection.candidates[0].protocol, detection.candidates[0].why.code) == (protocol, code)
    assert not detection.candidates[0].address.endswith("info/refs")


def test_a_moodle_is_known_by_any_of_its_pages_and_a_category_is_a_list_of_its_own() -> None:
    pages = {"/moodle/": (sites.HTML, sites.MOODLE_PAGE), "/moodle/course/index.php": (sites.HTML, sites.MOODLE_PAGE)}
    with served(Site(pages)) as root:
        assert found(root, "/moodle/course/index.php").candidates[0].address == f"{root}/moodle/"
        category = "/moodle/course/index.php?categoryid=3"
        assert found(root, category).candidates[0].address == root + category


def test_a_service_that_is_given_bare_is_asked_what_it_is() -> None:
    asked = "/api/query?query=ASK%7B%3Fs%20%3Fp%20%3Fo%7D"
    form = (sites.HTML, "<html><form><textarea name='query'></textarea></form></html>")
    with served(Site({"/api/query": form, asked: ("application/sparql-results+json", sites.ASK)})) as root:
        first = found(root, "/api/query").candidates[0]
        assert (first.protocol, first.address) == ("sparql", root + "/api/query")
    silent = {"/x/oai.php": 400, "/x/oai.php?verb=Identify": ("text/xml", sites.IDENTIFY)}
    with served(Site(silent)) as root:
        detection = found(root, "/x/oai.php")
        assert (detection.candidates[0].protocol, detection.candidates[0].address) == ("oai_pmh", root + "/x/oai.php")
        assert detection.site["name"] == "Invented Repository"
